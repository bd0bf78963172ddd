"""How fast digits are warped, beside torchvision, and what it adds to an epoch: `python -m benchmarks.warps`

It writes sgd_course/content/results/warps.md."""
import argparse, statistics, time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torchvision.transforms import v2

from benchmarks.machine import machine
from sgd_course.data import load_mnist, to_float, to_vectors
from sgd_course.files import write_whole
from sgd_course.learner import Learner
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.optimizers import Momentum
from sgd_course.warps import Ahead, WarpedLoader, Warps, random_warp

OUT = Path(__file__).resolve().parents[1]/'sgd_course'/'content'/'results'/'warps.md'
AFFINE = Warps(shift=1, turn=12, scale=0.12, lean=10)
ELASTIC = Warps(elastic=1.4)
BOTH = AFFINE._replace(elastic=1.2)
LIBRARY = {'affine': (AFFINE, v2.RandomAffine(12, (1/28, 1/28), (0.88, 1.12), 10,
                                              interpolation=v2.InterpolationMode.BILINEAR)),
           'elastic': (ELASTIC, v2.ElasticTransform(alpha=34., sigma=4.))}
PAGE = """# How fast digits are warped

Made by `python -m benchmarks.warps` with PyTorch {torch} on {where}. In each of {rounds} rounds, all took their turns \
one after the other; times are medians over the rounds, ratios medians of the ratios in a round. The first table \
counts the time that the processor worked, with one thread. Ours draws a warp for each of {n} digits, 128 at a time. \
torchvision draws one in a call: "each" calls it once for every digit, so that each has a warp of its own, and "one \
for all" applies a single warp to the whole batch.

| warp | µs a digit, ours | each | one for all | each / ours (goal: at least 20) | one for all / ours |
|---|---|---|---|---|---|
{warps}

Microseconds add up. Here is one epoch over {digits:,} digits with batches of {batch}, momentum, and affine and \
elastic warps together, beside the same epoch without. The training has {threads}. "Ahead" makes the batches in one \
more.

| network | seconds, plain | warped / plain | warped ahead / plain (goal: at most 1.3) |
|---|---|---|---|
{epochs}
"""

def seconds(job, clock):
    "How long a job takes"
    start = clock()
    job()
    return clock() - start

def rounds_of(jobs, rounds, clock=time.perf_counter):
    "Seconds of each job in every round; the first round is thrown away"
    times = [[seconds(job, clock) for job in jobs] for _ in range(rounds + 1)]
    return list(zip(*times[1:]))

def ratio(times, base):
    "Median of the ratios in a round"
    return statistics.median(a/b for a, b in zip(times, base))

def warp_row(name, images, few, rounds):
    "A line of the first table"
    warps, transform = LIBRARY[name]
    g = torch.Generator().manual_seed(0)
    batch = images[:, None]
    def ours():
        for o in images.split(128): random_warp(o, warps, generator=g)
    def each():
        for o in batch[:few]: transform(o)
    def one(): transform(batch)
    own, single, whole = rounds_of([ours, each, one], rounds, time.thread_time)
    n = len(images)
    own, whole = [t/n for t in own], [t/n for t in whole]
    single = [t/few for t in single]
    per_digit = [f'{1e6*statistics.median(o):.1f}' for o in (own, single, whole)]
    ratios = [f'{ratio(single, own):.0f}', f'{ratio(whole, own):.1f}']
    return f'| {name} | {" | ".join(per_digit + ratios)} |'

def epoch(sizes, x, y, batch, kind):
    "A function that trains for one epoch"
    g = torch.Generator().manual_seed(0)
    loader = DataLoader(x, y, batch, True, generator=g)
    if kind!='plain': loader = WarpedLoader(loader, BOTH)
    if kind=='ahead': loader = Ahead(loader)
    learn = Learner(mlp(sizes, generator=g), loader, None, F.cross_entropy, Momentum, 0.01, device='cpu')
    return partial(learn.fit, 1)

def epoch_row(sizes, x, y, batch, rounds):
    "A line of the second table"
    jobs = [epoch(sizes, x, y, batch, kind) for kind in ('plain', 'warped', 'ahead')]
    plain, warped, ahead = rounds_of(jobs, rounds)
    name = '-'.join(map(str, sizes))
    return f'| {name} | {statistics.median(plain):.2f} | {ratio(warped, plain):.2f} | {ratio(ahead, plain):.2f} |'

def main(args=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5, help='how many turns everyone has')
    parser.add_argument('--rows', type=int, default=60_000, help='digits in an epoch')
    parser.add_argument('--few', type=int, default=100, help='digits for which torchvision is called one by one')
    parser.add_argument('--batch', type=int, default=128, help='digits in a batch of the training')
    parser.add_argument('--threads', type=int, default=1, help='threads of the training')
    parser.add_argument('--sizes', type=int, nargs='+', action='append', help='layers of a network; may be repeated')
    parser.add_argument('--out', type=Path, default=OUT, help='the page to write')
    o = parser.parse_args(args)
    digits = load_mnist('train')
    torch.set_num_threads(1)
    images = to_float(digits.images[:1024])
    warps = [warp_row(name, images, o.few, o.rounds) for name in LIBRARY]
    print(*warps, sep='\n', flush=True)
    torch.set_num_threads(o.threads)
    x, y = to_vectors(digits.images[:o.rows]), digits.labels[:o.rows]
    networks = o.sizes or [[784, 100, 10], [784, 800, 10], [784, 1000, 500, 10]]
    epochs = [epoch_row(sizes, x, y, o.batch, o.rounds) for sizes in networks]
    print(*epochs, sep='\n', flush=True)
    threads = '1 thread' if o.threads==1 else f'{o.threads} threads'
    page = PAGE.format(torch=torch.__version__, where=machine(), rounds=o.rounds, n=len(images), batch=o.batch,
                       warps='\n'.join(warps), digits=o.rows, threads=threads, epochs='\n'.join(epochs))
    write_whole(o.out, page.encode())

if __name__=='__main__': main()
