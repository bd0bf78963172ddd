"""How long a step of the optimisers of chapter 9 takes beside PyTorch's: `python -m benchmarks.optimizers`

It writes sgd_course/content/results/optimizers.md."""
import argparse, platform, random, statistics, time
from functools import partial
from pathlib import Path

import torch

from sgd_course.files import write_whole
from sgd_course.mini_batches import SGD
from sgd_course.nonlinearity import count_parameters, mlp
from sgd_course.optimizers import Adam, AdamW, Momentum, Nesterov, RMSprop

PEERS = {SGD: (torch.optim.SGD, {}),
         Momentum: (torch.optim.SGD, {'momentum': 0.9}),
         Nesterov: (torch.optim.SGD, {'momentum': 0.9, 'nesterov': True}),
         RMSprop: (torch.optim.RMSprop, {}),
         Adam: (torch.optim.Adam, {}),
         AdamW: (torch.optim.AdamW, {})}
WAYS = {'foreach': {'foreach': True}, 'loop': {'foreach': False}, 'fused': {'fused': True}}

OUT = Path(__file__).resolve().parents[1]/'sgd_course'/'content'/'results'/'optimizers.md'
PAGE = """# A step of the optimiser, beside PyTorch's

Made by `python -m benchmarks.optimizers` with PyTorch {torch} on {where}, float32, for the {params:,} parameters \
of the network {sizes}. Gradients stand still; only `step()` is timed. In each of {rounds} rounds, ours and all ways \
of PyTorch's took a step one after the other, in a random order. They were built anew {builds} times, in a random \
order as well, since the place of its memory alone can make an optimiser some hundredths slower than its own twin. An \
entry is the median over the rounds of "time of ours / time of PyTorch's in the same round": below 1, ours was faster. \
PyTorch's `foreach` handles all tensors in one call, its `loop` one after the other (which it chooses by itself on a \
CPU, and which ours do), and `fused`, where there is one, does all of it in one pass.

| optimiser | threads | ms, ours | ours / foreach | ours / loop | ours / fused |
|---|---|---|---|---|---|
{rows}
"""

def ready(make, sizes, device):
    "A function that takes one step, and waits for it"
    g = torch.Generator().manual_seed(0)
    model = mlp(sizes, generator=g).to(device)
    for p in model.parameters(): p.grad = torch.randn(p.shape, generator=g).to(device)
    opt = make(model.parameters(), lr=1e-6)
    def step():
        opt.step()
        if device!='cpu': torch.cuda.synchronize()
    return step

def contenders(ours, sizes, device, order):
    "Ours and all ways of PyTorch's that there are, built in a random order and warmed up"
    other, more = PEERS[ours]
    makes = {'ours': ours}
    for name, way in WAYS.items():
        if name=='fused' and other is torch.optim.RMSprop: continue # There is none
        makes[name] = partial(other, **more, **way)
    steps = {name: ready(makes[name], sizes, device) for name in order.sample(list(makes), len(makes))}
    for step in steps.values():
        for _ in range(3): step()
    return steps

def measure(ours, sizes, device, rounds, builds):
    "Seconds of each in every round"
    times, order = {}, random.Random(0)
    for k in range(builds):
        steps = contenders(ours, sizes, device, order)
        for _ in range(rounds*k//builds, rounds*(k + 1)//builds):
            for name in order.sample(list(steps), len(steps)):
                start = time.perf_counter()
                steps[name]()
                times.setdefault(name, []).append(time.perf_counter() - start)
    return times

def ratio(times, way):
    "Median of our time over that of a way of PyTorch's in the same round"
    if way not in times: return '–'
    return f"{statistics.median(ours/theirs for ours, theirs in zip(times['ours'], times[way])):.2f}"

def row(name, threads, times):
    "A line of the table"
    ratios = [ratio(times, way) for way in WAYS]
    return f"| {name} | {threads} | {1000*statistics.median(times['ours']):.2f} | {' | '.join(ratios)} |"

def main(args=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sizes', type=int, nargs='+', default=[784, 512, 512, 10], help='layers of the network')
    parser.add_argument('--rounds', type=int, default=400, help='how many turns everyone has')
    parser.add_argument('--builds', type=int, default=8, help='how often everyone is built anew')
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2], help='threads for everyone, one row for each')
    parser.add_argument('--device', default='cpu', help='where to compute')
    parser.add_argument('--out', type=Path, default=OUT, help='the page to write')
    o = parser.parse_args(args)
    rows = []
    for kind in PEERS:
        for threads in o.threads:
            torch.set_num_threads(threads)
            rows.append(row(kind.__name__, threads, measure(kind, o.sizes, o.device, o.rounds, o.builds)))
            print(rows[-1], flush=True)
    where = f'{platform.machine()}, {platform.system()}'
    if o.device.startswith('cuda'): where = torch.cuda.get_device_name()
    params = count_parameters(mlp(o.sizes, generator=torch.Generator()))
    page = PAGE.format(torch=torch.__version__, where=where, builds=o.builds, params=params,
                       sizes='-'.join(map(str, o.sizes)), rounds=o.rounds, rows='\n'.join(rows))
    write_whole(o.out, page.encode())

if __name__=='__main__': main()
