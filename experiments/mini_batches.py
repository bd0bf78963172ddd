"""What chapter 5 says of many seeds and rates: `python -m experiments.mini_batches [PART ...]`

Rates are chosen on validation digits with some seeds, and the results are those of fresh seeds. They are written to
sgd_course/content/results/mini_batches.json, which chapter 5 shows; with names of parts only these are made again. It
takes some minutes. `--check` makes a short version and writes nothing."""
import math, sys
from functools import cache
from pathlib import Path
from statistics import mean

import torch
import torch.nn.functional as F

from sgd_course.data import threes_and_sevens, to_vectors, train_valid_split
from sgd_course.mini_batches import SGD, DataLoader, train_epoch
from sgd_course.seeds import seeded

from .parts import run_parts

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/mini_batches.json'
BCE = F.binary_cross_entropy_with_logits

def kept(v): return round(v, 4) if math.isfinite(v) else None # JSON knows no NaN
def powers(lo, n): return [round(lo*2**k, 5) for k in range(n)]

@cache
def digits():
    "Inputs and targets that train, and those that validate"
    images, y = threes_and_sevens('train')
    x, (part, valid) = to_vectors(images), train_valid_split(y.long(), 2000)
    return x[part], y[part], x[valid], y[valid]

def start():
    w, b = torch.zeros(784, requires_grad=True), torch.zeros((), requires_grad=True)
    return (lambda x: x@w + b), [w, b]

@torch.no_grad()
def losses(model):
    "Mean loss on the digits that train, and on those that validate"
    x, y, x_valid, y_valid = digits()
    return kept(BCE(model(x), y).item()), kept(BCE(model(x_valid), y_valid).item())

def run(B, schedule, seed, epochs=1, warm=0):
    """Losses after `epochs` with `schedule(epoch)` for the rate, and with a batch `B` for each epoch if it is a list;
    the rate climbs during the first share `warm` of the first epoch"""
    x, y, *_ = digits()
    model, params = start()
    g, opt = seeded(seed), SGD(params, 0.)
    for epoch in range(epochs):
        loader = DataLoader(x, y, B[epoch] if isinstance(B, list) else B, True, generator=g)
        climb = max(1, round(warm*len(loader)))
        for k, batch in enumerate(loader):
            opt.param_groups[0]['lr'] = schedule(epoch)*(min(1, (k + 1)/climb) if epoch==0 else 1)
            train_epoch(model, [batch], BCE, opt)
    return losses(model)

def fixed(lr): return lambda epoch: lr
def halved(lr): return lambda epoch: lr/2**epoch

def over(seeds, f):
    "Mean of the validation losses"
    return mean(f(s)[1] for s in seeds)

def rules(quick):
    "One epoch, for each batch size and rate: the validation loss; then the rules, from the best rate of batch 16"
    sizes = [16, 256] if quick else [4**k for k in range(2, 7)]
    choose, fresh = (range(1), range(1, 2)) if quick else (range(5), range(5, 15))
    grid = [0.4, 0.8] if quick else powers(0.05, 12)
    table = {B: {lr: kept(over(choose, lambda s: run(B, fixed(lr), s))) for lr in grid} for B in sizes}
    def best(B): return min(table[B], key=table[B].get)
    base, rows = best(16), []
    for B in sizes:
        k = B/16
        names = {'same': base, 'square root': base*k**0.5, 'linear': base*k, 'best of a grid': best(B)}
        for rule, lr in names.items():
            rows.append(dict(batch=B, rule=rule, lr=lr, runs=[run(B, fixed(lr), s) for s in fresh]))
        warmed = [run(B, fixed(base*k), s, warm=0.5) for s in fresh]
        rows.append(dict(batch=B, rule='linear, warm-up', lr=base*k, runs=warmed))
    timid = [dict(batch=B, lr=0.1*B/16, runs=[run(B, fixed(0.1*B/16), s) for s in fresh]) for B in sizes]
    return dict(grid=table, rows=rows, timid=timid)

def settle(quick):
    "Four epochs with batch 16: a constant rate, one halved after each epoch, and a batch doubled after each epoch"
    choose, fresh = (range(1), range(1, 2)) if quick else (range(5), range(5, 15))
    grid, epochs = ([0.5] if quick else powers(0.03125, 8)), 2 if quick else 4
    recipes = {'constant': lambda lr, s: run(16, fixed(lr), s, epochs),
               'halved': lambda lr, s: run(16, halved(lr), s, epochs),
               'batch doubled': lambda lr, s: run([16*2**e for e in range(epochs)], fixed(lr), s, epochs)}
    rows = []
    for name, f in recipes.items():
        table = {lr: kept(over(choose, lambda s: f(lr, s))) for lr in grid}
        lr = min(table, key=table.get)
        rows.append(dict(recipe=name, grid=table, lr=lr, runs=[f(lr, s) for s in fresh]))
        rows.append(dict(recipe=name, lr=1., runs=[f(1., s) for s in fresh]))
    return rows

def shuffling(quick):
    "Losses after six epochs of batches of 64: shuffled once, or anew in each epoch"
    x, y, *_ = digits()
    def once(seed):
        model, params = start()
        batches, opt = list(DataLoader(x, y, 64, True, generator=seeded(seed))), SGD(params, 0.5)
        for _ in range(1 if quick else 6): train_epoch(model, batches, BCE, opt)
        return losses(model)
    seeds = range(1 if quick else 10)
    return dict(once=[once(s) for s in seeds], anew=[run(64, fixed(0.5), s, 1 if quick else 6) for s in seeds])

def order(quick):
    "Accuracy on the test digits after 1 and 20 epochs, sorted and shuffled, with the recipe of the book chapter"
    images, y = threes_and_sevens('train')
    images_test, y_test = threes_and_sevens('test')
    pile = y.argsort(descending=True, stable=True)
    x, y, x_test = to_vectors(images)[pile], y[pile], to_vectors(images_test)
    def small_random(shape, g): return ((2*torch.rand(shape, generator=g) - 1)/28).requires_grad_()
    def absolute(scores, y): return F.l1_loss(torch.sigmoid(scores), y)
    def final(shuffle, epochs, seed):
        g = seeded(seed)
        w, b = small_random(784, g), small_random((), g)
        loader, opt = DataLoader(x, y, 256, shuffle, generator=g), SGD([w, b], 1.)
        for _ in range(epochs): train_epoch(lambda x: x@w + b, loader, absolute, opt)
        return kept((((x_test@w + b) > 0) == (y_test > 0.5)).double().mean().item())
    rows = {}
    for epochs in (1, 2 if quick else 20):
        for name, shuffle in (('sorted', False), ('shuffled', True)):
            key = f'{name}, {epochs} epoch' + 's'*(epochs > 1)
            rows[key] = [final(shuffle, epochs, s) for s in range(1 if quick else 5)]
    return rows

PARTS = dict(rules=rules, settle=settle, shuffling=shuffling, order=order)

def main(args): return run_parts(PARTS, OUT, args)

if __name__ == '__main__': main(sys.argv[1:])
