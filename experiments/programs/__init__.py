"""Programs that did not learn, from public questions, each written anew in PyTorch: faulty and repaired

The questions are those of the public half of the benchmark of DeepFD (Cao and others, ICSE 2022), which names the true
causes. Each module here holds one program: what was asked, `CAUSES` in the words of the check-up, its examples from
`data(generator, repaired)`, and `program(repaired)`, which returns the model, the loss, the optimiser, the examples in
a batch and the epochs. The data are made by rule or come from a package; no code is taken from the questions. Six of
the twenty-six questions were not at hand: those programs are made from the published causes alone, and say so by
`SOURCE`."""
import importlib, pkgutil, warnings

import torch

from sgd_course.checkup import checkup
from sgd_course.seeds import seeded

PROGRAMS = {m.name: importlib.import_module(f'{__name__}.{m.name}') for m in pkgutil.iter_modules(__path__)}
LIMIT = 2000 # Steps

def batches(x, y, size, generator):
    "Batches in an order that is drawn once"
    order = torch.randperm(len(x), generator=generator)
    return [(x[rows], y[rows]) for rows in order.split(size)]

def examined(program, repaired, seed=0):
    "The report on one program, which trains for as many epochs as it did, up to a limit"
    g = seeded(seed)
    x, y = program.data(g, repaired)
    with torch.random.fork_rng([]), warnings.catch_warnings(action='ignore'):
        torch.manual_seed(seed)
        model, loss_func, opt_func, batch_size, epochs = program.program(repaired)
        loader = batches(x, y, batch_size, g)
        return checkup(model, loader, loss_func, opt_func, steps=min(epochs*len(loader), LIMIT))
