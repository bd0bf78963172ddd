"""How much longer a training takes when a check-up watches it: `python -m benchmarks.checkup`

It writes sgd_course/content/results/checkup.md."""
import argparse, platform, statistics, time
from contextlib import nullcontext
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from sgd_course.checkup import Checkup
from sgd_course.files import write_whole
from sgd_course.nonlinearity import mlp
from sgd_course.seeds import seeded

def conv():
    "A small convolutional network for digits"
    return nn.Sequential(nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 10))

MODELS = {'784-100-10': lambda: mlp([784, 100, 10], generator=seeded(0)),
          '784-512-512-10': lambda: mlp([784, 512, 512, 10], generator=seeded(0)), 'convolutions': conv}
OPTIMISERS = {'SGD': torch.optim.SGD, 'Adam': torch.optim.Adam}

OUT = Path(__file__).resolve().parents[1]/'sgd_course'/'content'/'results'/'checkup.md'
PAGE = """# What watching costs

Made by `python -m benchmarks.checkup` with PyTorch {torch} on {where}, one thread, float32, batches of 64 and a \
`Checkup` at its default sampling. Watched and unwatched trainings of {steps} steps took {turns} turns. Times are \
those of the processor, which other programs disturb less than the clock on the wall. An entry is the median over the \
turns of "watched / unwatched in the same turn", with the lowest and the highest.

| model | optimiser | ms a step, unwatched | watched / unwatched | lowest | highest |
|---|---|---|---|---|---|
{rows}
"""

def seconds(make, opt_func, steps, watched):
    "Processor time of a training"
    torch.manual_seed(0)
    model, g = make(), seeded(1)
    x, y = torch.rand(64, 784, generator=g), torch.randint(10, (64,), generator=g)
    opt = opt_func(model.parameters(), lr=1e-3)
    with Checkup(model, opt) if watched else nullcontext():
        start = time.process_time()
        for _ in range(steps):
            F.cross_entropy(model(x), y).backward()
            opt.step()
            opt.zero_grad()
        return time.process_time() - start

def row(model, opt, steps, turns):
    "A line of the table"
    make, opt_func = MODELS[model], OPTIMISERS[opt]
    seconds(make, opt_func, steps//10 + 1, True) # Warms up
    pairs = []
    for turn in range(turns): # Now the one goes first, now the other
        took = {watched: seconds(make, opt_func, steps, watched) for watched in (turn%2==0, turn%2==1)}
        pairs.append((took[False], took[True]))
    ratios = sorted(watched/plain for plain, watched in pairs)
    each = 1000*statistics.median(plain for plain, _ in pairs)/steps
    numbers = ' | '.join(f'{r:.3f}' for r in (statistics.median(ratios), ratios[0], ratios[-1]))
    return f'| {model} | {opt} | {each:.2f} | {numbers} |'

def main(args=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--steps', type=int, default=1000, help='of each training')
    parser.add_argument('--turns', type=int, default=15, help='how many trainings of each kind')
    parser.add_argument('--out', type=Path, default=OUT, help='the page to write')
    o = parser.parse_args(args)
    torch.set_num_threads(1)
    rows = []
    for model in MODELS:
        for opt in OPTIMISERS:
            rows.append(row(model, opt, o.steps, o.turns))
            print(rows[-1], flush=True)
    where = f'{platform.machine()}, {platform.system()}'
    page = PAGE.format(torch=torch.__version__, where=where, steps=o.steps, turns=o.turns, rows='\n'.join(rows))
    write_whole(o.out, page.encode())

if __name__=='__main__': main()
