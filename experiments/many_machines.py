"""What chapter 13 says of many seeds and rates: `python -m experiments.many_machines [PART ...]`

A network 196-100-10 reads digits of 14 by 14 pixels, so that all parts together take about ten minutes on one core.
Rates are chosen with some seeds, from a grid with a factor of 2, and the results are those of fresh seeds. They
are written to sgd_course/content/results/many_machines.json, which chapter 13 shows; with names of parts only these
are made again. `--check` makes a short version and writes nothing."""
import math, sys
from functools import cache
from pathlib import Path
from statistics import mean

import torch
import torch.nn.functional as F

from sgd_course.full_mnist import digit_loaders
from sgd_course.fused import FusedNet
from sgd_course.many_machines import eight_bits, largest, noise_scale
from sgd_course.nonlinearity import mlp
from sgd_course.seeds import seeded

from .parts import run_parts

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/many_machines.json'
WORKERS, SHARE = 4, 64   # In the parts on talking less: processes, and digits of each in a step
WANTED = 0.97            # Validation accuracy

def kept(v): return round(v, 5) if v is not None and math.isfinite(v) else None # JSON knows no NaN

def halved(x): return F.avg_pool2d(x.view(-1, 28, 28), 2).flatten(1)

@cache
def digits(quick):
    "Inputs and targets that train, and those that validate"
    train, valid = digit_loaders(64, generator=seeded(0))
    m, n = (4000, 1000) if quick else (50_000, 10_000)
    return halved(train.x[:m]), train.y[:m], halved(valid.x[:n]), valid.y[:n]

def new_net(seed): return FusedNet(mlp([196, 100, 10], generator=seeded(seed)))

@torch.no_grad()
def judged(net, quick):
    "Loss and accuracy on the validation digits"
    *_, x, y = digits(quick)
    scores = net.model(x)
    return F.cross_entropy(scores, y).item(), (scores.argmax(1)==y).double().mean().item()

class Orders:
    "Rows of digits without end: a new order for each pass"
    def __init__(self, rows, generator):
        self.rows, self.generator, self.left = rows, generator, rows[:0]

    def take(self, n):
        while len(self.left) < n:
            order = torch.randperm(len(self.rows), generator=self.generator)
            self.left = torch.cat([self.left, self.rows[order]])
        taken, self.left = self.left[:n], self.left[n:]
        return taken

# Large batches

def steps_to(B, lr, seed, cap, quick, warm=0):
    """Steps until the validation accuracy is `WANTED`, looked at after every 3 % more steps; `None` if it is not
    reached within `cap` steps; the rate climbs during the first `warm` steps"""
    x, y, *_ = digits(quick)
    net, orders, look = new_net(seed), Orders(torch.arange(len(x)), seeded(seed)), 10
    wanted = 0.8 if quick else WANTED
    for step in range(1, cap + 1):
        rows = orders.take(B)
        loss = net.descend(x[rows], y[rows], lr*min(1, step/warm) if warm else lr)
        if not loss.isfinite(): return None
        if step>=look:
            if judged(net, quick)[1]>=wanted: return step
            look = max(step + 1, math.ceil(1.03*step))
    return None

def best_of(B, rates, seeds, cap, quick):
    "The rate with the fewest steps on average, where all seeds arrive; a rate that is worse is given up early"
    found, limit = {}, cap
    for lr in rates:
        counts = []
        for seed in seeds:
            counts.append(steps_to(B, lr, seed, limit, quick))
            if counts[-1] is None: break
        found[lr] = None if None in counts else mean(counts)
        if found[lr]: limit = min(limit, math.ceil(1.5*found[lr]))
    return min((lr for lr in found if found[lr]), key=found.get), found

def batches(quick):
    "Steps to the wanted accuracy for each batch size: at its best rate, and by the rules from the best rate of 64"
    sizes = [64, 1024] if quick else [16, 64, 256, 1024, 4096, 16_384]
    choose, fresh = range(1), range(1, 2) if quick else range(2, 5)
    centre = {16: 0.2, 64: 0.4, 256: 0.8, 1024: 0.8, 4096: 1.6, 16_384: 1.6}
    rows = []
    for B in sizes:
        rates = [centre[B]*2**k for k in ([0, -1] if quick else [0, -1, 1] if B>1024 else [0, -1, 1, -2, 2])]
        cap = 400 if quick else 12_000 if B<=64 else 3000
        lr, grid = best_of(B, rates, choose, cap, quick)
        cap = 3*math.ceil(grid[lr])
        rows.append(dict(batch=B, rule='best', lr=lr, grid=grid, steps=[steps_to(B, lr, s, cap, quick) for s in fresh]))
        print(rows[-1], flush=True)
        if B<=64: base = lr
        if B in (256, 1024) and not quick:
            for rule, by, warm in (('root', (B/64)**0.5, 0), ('linear', B/64, 0), ('linear, warm-up', B/64, 100)):
                steps = [steps_to(B, base*by, s, cap, quick, warm) for s in fresh]
                rows.append(dict(batch=B, rule=rule, lr=base*by, steps=steps))
                print(rows[-1], flush=True)
    return rows

def noise(quick):
    "The gradient noise scale on the way of batch 64, at rate 0.4: step, validation accuracy, noise scale"
    x, y, *_ = digits(quick)
    rows = []
    for seed in range(1 if quick else 3):
        net, orders = new_net(seed), Orders(torch.arange(len(x)), seeded(seed))
        for step in range(101 if quick else 3001):
            if step in (0, 10, 30, 100, 300, 1000, 3000):
                net.gradient(x, y)
                full, small = net.vector.grad.clone(), []
                g = seeded(1000 + seed)
                for _ in range(20 if quick else 200):
                    some = torch.randint(len(x), (64,), generator=g)
                    net.gradient(x[some], y[some])
                    small.append(net.vector.grad.clone())
                scale = noise_scale(torch.stack(small), full, 64, len(x))
                rows.append(dict(seed=seed, step=step, accuracy=kept(judged(net, quick)[1]), scale=round(scale, 1)))
            some = orders.take(64)
            net.descend(x[some], y[some], 0.4)
    return rows

# Talking less: every run sees as many digits

def passes(quick): return 1 if quick else 8

def boxes(sort, quick, seed):
    "Each worker's rows: dealt at random, or sorted by digit"
    x, y, *_ = digits(quick)
    order = y.argsort(stable=True) if sort else torch.randperm(len(x), generator=seeded(100 + seed))
    return order.chunk(WORKERS)

def local(H, lr, seed, quick, sort=False, outer=1., momentum=0.):
    "Validation loss after each worker has made its steps, with an average every `H` of them"
    x, y, *_ = digits(quick)
    net = new_net(seed)
    w = net.vector.detach()
    shared, velocity = w.clone(), torch.zeros_like(w)
    orders = [Orders(rows, seeded(10*seed + k)) for k, rows in enumerate(boxes(sort, quick, seed))]
    for _ in range(passes(quick)*len(x)//(WORKERS*SHARE*H)):
        total = torch.zeros_like(w)
        for order in orders:
            w.copy_(shared)
            for _ in range(H):
                rows = order.take(SHARE)
                net.descend(x[rows], y[rows], lr)
            total += shared - w
        moved = total/WORKERS
        velocity.mul_(momentum).add_(moved)
        shared -= outer*(moved + momentum*velocity if momentum else moved)
    w.copy_(shared)
    return kept(judged(net, quick)[0])

def chosen(run, grid, quick, choosers=1):
    "The best setting of a grid by the mean of some seeds, all means, and the losses of fresh seeds at the best"
    choose, fresh = range(1 if quick else choosers), range(1, 2) if quick else range(2, 5)
    table = []
    for setting in grid:
        found = [run(*setting, seed) for seed in choose]
        table.append([setting, None if None in found else kept(mean(found))])
    best = min((o for o in table if o[1] is not None), key=lambda o: o[1])[0]
    return dict(best=best, grid=table, losses=[run(*best, seed) for seed in fresh])

def less_often(quick):
    "Validation loss against the number of steps between two averages"
    rows = []
    rates = [[0.4]] if quick else [[0.2], [0.4], [0.8], [1.6], [3.2]]
    for sort in (False, True):
        for H in ([1, 16] if quick else [1, 16, 256] if sort else [1, 4, 16, 64, 256]):
            lower = [[0.025], [0.05], [0.1]] if sort and H>1 and not quick else []
            found = chosen(lambda lr, s: local(H, lr, s, quick, sort), lower + rates, quick)
            rows.append(dict(H=H, boxes='sorted' if sort else 'dealt', outer='none', **found))
            print(rows[-1], flush=True)
    for H in ([16] if quick else [64, 256]):
        outers = [[0.5, 0.5]] if quick else [[0.5, 0.5], [1., 0.5], [0.25, 0.9], [0.5, 0.9]]
        grid = [[*lr, *outer] for lr in rates[2:4] or rates for outer in outers]
        found = chosen(lambda lr, outer, mu, s: local(H, lr, s, quick, outer=outer, momentum=mu), grid, quick)
        rows.append(dict(H=H, boxes='dealt', outer='momentum', **found))
        print(rows[-1], flush=True)
    return rows

def squeeze(name, values):
    "What is left of a gradient after it was made short, by name: the share of the numbers kept, or 'bits'"
    return eight_bits(values) if name=='bits' else values if name=='all' else largest(values, float(name))

def squeezed(name, feedback, lr, seed, quick):
    "Validation loss of a training whose workers send short gradients"
    x, y, *_ = digits(quick)
    net = new_net(seed)
    w, order = net.vector.detach(), Orders(torch.arange(len(x)), seeded(seed))
    owed = torch.zeros(WORKERS, len(w))
    for _ in range(max(1, passes(quick)//2)*len(x)//(WORKERS*SHARE)):
        total = torch.zeros_like(w)
        for k, rows in enumerate(order.take(WORKERS*SHARE).chunk(WORKERS)):
            net.gradient(x[rows], y[rows])
            wanted = net.vector.grad + owed[k]
            sent = squeeze(name, wanted)
            if feedback: owed[k] = wanted - sent
            total += sent
        w.sub_(total, alpha=lr/WORKERS)
    return kept(judged(net, quick)[0])

def shorter(quick):
    "Validation loss with short gradients, with and without a memory of what was left out"
    rows, rates = [], [[0.4]] if quick else [[0.4], [0.8], [1.6], [3.2]]
    kinds = [('all', False), ('bits', False), ('0.01', False), ('0.01', True), ('0.001', True)]
    for name, feedback in kinds[1:4] if quick else kinds:
        higher = [[6.4]] if name=='0.001' and not quick else []
        found = chosen(lambda lr, s: squeezed(name, feedback, lr, s, quick), rates + higher, quick)
        rows.append(dict(sends=name, feedback=feedback, **found))
        print(rows[-1], flush=True)
    return rows

def stale(delay, wild, lr, seed, quick):
    """Validation loss of a training with batch 64 whose gradients are `delay` steps old; if `wild`, each weight was
    read at a moment of its own, from 0 to 2·`delay` steps ago"""
    x, y, *_ = digits(quick)
    net, g = new_net(seed), seeded(50 + seed)
    w, order = net.vector.detach(), Orders(torch.arange(len(x)), seeded(seed))
    span = 2*delay + 1 if wild else delay + 1
    past, now = w.repeat(span, 1), w.clone()
    for step in range(len(x)//64):
        past[step%span] = now
        if wild:
            ago = torch.randint(span, (1, len(w)), generator=g)
            w.copy_(past.gather(0, (step - ago)%span)[0])
        else: w.copy_(past[(step - delay)%span])
        rows = order.take(64)
        net.gradient(x[rows], y[rows])
        now.sub_(net.vector.grad, alpha=lr)
    w.copy_(now)
    return kept(judged(net, quick)[0])

def late(quick):
    "Validation loss after one pass against the age of the gradients: at the best rate, and at that of fresh gradients"
    rows = []
    for wild in (False, True):
        for delay in ([0, 4] if quick else [1, 4, 16, 64] if wild else [0, 1, 4, 16, 64]):
            rates = [[0.4]] if quick else [[0.4/2**k] for k in range(-3, 7)]
            found = chosen(lambda lr, s: stale(delay, wild, lr, s, quick), rates, quick, choosers=2)
            if not delay: fresh = found['best']
            same = [stale(delay, wild, *fresh, s, quick) for s in (range(1, 2) if quick else range(2, 5))]
            rows.append(dict(delay=delay, wild=wild, same=same, **found))
            print(rows[-1], flush=True)
    return rows

PARTS = dict(batches=batches, noise=noise, less_often=less_often, shorter=shorter, late=late)

def main(args): return run_parts(PARTS, OUT, args)

if __name__ == '__main__': main(sys.argv[1:])
