"How fast the package trains, beside its peers: `python -m benchmarks.speed` writes sgd_course/content/results/speed.md"
import argparse, contextlib, io, multiprocessing, os, statistics, sys, time, warnings
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from experiments import recipes

from .machine import machine

ROOT = Path(__file__).resolve().parents[1]

SMALL, LARGE = (784, 100, 10), (784, 512, 512, 10)
LR = {'SGD': 0.1, 'Adam': 0.001}
MORE = 3 # Times as many rounds for the small network: its steps are short, and what else the machine does shows more
PEERS = {} # Short name: what the table calls it, modules it needs, and the function that makes it ready

class Job(NamedTuple):
    "What all peers have to do in one turn: an epoch over the digits in a new order"
    sizes:tuple # Units of each layer, inputs first
    batch:int # Digits in a mini-batch
    opt:str # 'SGD' or 'Adam'
    threads:int # For everyone
    x:object # Tensor (n, 784), float32, 0 to 1
    y:object # Tensor (n,), int64

def title(sizes, batch, opt): return f'{"-".join(map(str, sizes))}, {batch}, {opt}'

def peer(key, label, *modules):
    "Enter a function from a `Job` to a function that takes a turn and returns how many digits it has trained on"
    def enter(make):
        PEERS[key] = label, modules, make
        return make
    return enter

def torch_model(sizes):
    "Linear layers with ReLU between them"
    from torch import nn
    return nn.Sequential(*[o for a, b in pairwise(sizes) for o in (nn.Linear(a, b), nn.ReLU())][:-1])

def torch_loop(job, loader, model):
    "The loop that everybody writes in PyTorch"
    import torch
    from torch.nn import functional as F
    opt = getattr(torch.optim, job.opt)(model.parameters(), lr=LR[job.opt])
    def turn():
        for xb, yb in loader:
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            opt.zero_grad()
        return len(loader.dataset)
    return turn

def products(job, shuffled=False):
    "The matrix products of an epoch; `shuffled` also fetches the digits in a new order, and takes Adam's pass through its memory (plain SGD can step inside a product)"
    import torch
    from sgd_course.fused import FusedAdam
    from sgd_course.mini_batches import DataLoader
    weights = [torch.randn(b, a)/a**0.5 for a, b in pairwise(job.sizes)]
    grads = [torch.empty_like(w) for w in weights]
    vector = torch.rand(sum((a + 1)*b for a, b in pairwise(job.sizes)), requires_grad=True)
    vector.grad, adam = torch.rand_like(vector), FusedAdam([vector], 0.001)
    loader = DataLoader(job.x, job.y, job.batch, shuffle=True, generator=torch.Generator().manual_seed(0))
    def turn():
        for x in (x for x, _ in loader) if shuffled else job.x.split(job.batch):
            acts, errors = memory[len(x)]
            acts[0] = x
            for i, w in enumerate(weights): torch.mm(acts[i], w.t(), out=acts[i+1])
            for i in reversed(range(len(weights))):
                torch.mm(errors[i+1].t(), acts[i], out=grads[i])
                if i: torch.mm(errors[i+1], weights[i], out=errors[i])
            if shuffled and job.opt=='Adam': adam.move()
        return len(job.x)
    memory = {n: [[torch.randn(n, k) for k in job.sizes] for _ in range(2)] for n in {job.batch, len(job.x)%job.batch or job.batch}}
    return turn

peer('bound', 'The matrix products alone: the bound')(products)
peer('floor', "The products, the fetching of shuffled digits and Adam's pass, and nothing else: the floor")(partial(products, shuffled=True))

def our_learner(job, watched=True, by_hand=False):
    "`Learner` or `FusedLearner` with its own optimiser; `watched` by progress bar and recorder"
    import torch
    from torch.nn import functional as F
    from sgd_course.fused import FusedLearner
    from sgd_course.learner import Learner, ProgressBar, Recorder
    from sgd_course.mini_batches import SGD, DataLoader
    from sgd_course.nonlinearity import mlp
    from sgd_course.optimizers import Adam
    train = DataLoader(job.x, job.y, job.batch, shuffle=True, generator=torch.Generator().manual_seed(0))
    opt_func = {'SGD': SGD, 'Adam': Adam}[job.opt]
    model = mlp(job.sizes, generator=torch.Generator().manual_seed(0))
    kind, callbacks = FusedLearner if by_hand else Learner, [Recorder(), ProgressBar()] if watched else []
    learn = kind(model, train, None, F.cross_entropy, opt_func, LR[job.opt], callbacks, device='cpu')
    def turn():
        learn.fit(1)
        return len(job.x)
    return turn

peer('learner', '**this package**: `Learner`, with progress bar and recording', 'sgd_course.learner')(our_learner)
peer('bare', '**this package**: `Learner` without them', 'sgd_course.learner')(partial(our_learner, watched=False))
HAND = '**this package**: `Learner` with the gradient by hand, '
peer('hand', HAND + 'with progress bar and recording', 'sgd_course.fused')(partial(our_learner, by_hand=True))
peer('barehand', HAND + 'without them', 'sgd_course.fused')(partial(our_learner, watched=False, by_hand=True))

@peer('jax', 'JAX, the whole epoch in one `lax.scan`', 'jax')
def with_jax(job):
    import jax
    import jax.numpy as jnp
    x, y, tree_map = jnp.asarray(job.x.numpy()), jnp.asarray(job.y.numpy(), dtype=jnp.int32), jax.tree_util.tree_map
    def loss(params, xb, yb):
        for w, b in params[:-1]: xb = jax.nn.relu(xb@w + b)
        logs = jax.nn.log_softmax(xb@params[-1][0] + params[-1][1])
        return -jnp.take_along_axis(logs, yb[:, None], 1).mean()
    def adam(p, m, v, right1, right2): return p - LR['Adam']*(m/right1)/(jnp.sqrt(v/right2) + 1e-8)
    def step(state, rows, x, y):
        params, mean, square, t = state
        value, g = jax.value_and_grad(loss)(params, x[rows], y[rows])
        if job.opt=='SGD': params = tree_map(lambda p, g: p - LR['SGD']*g, params, g)
        else:
            mean, square, t = tree_map(lambda m, g: 0.9*m + 0.1*g, mean, g), tree_map(lambda v, g: 0.999*v + 0.001*g*g, square, g), t + 1
            params = tree_map(lambda p, m, v: adam(p, m, v, 1 - 0.9**t, 1 - 0.999**t), params, mean, square)
        return (params, mean, square, t), value
    @partial(jax.jit, donate_argnums=0)
    def epoch(state, orders, x, y): return jax.lax.scan(lambda state, rows: step(state, rows, x, y), state, orders)
    key, *keys = jax.random.split(jax.random.key(0), len(job.sizes))
    params = [(jax.random.normal(k, (a, b))*(2/a)**0.5, jnp.zeros(b)) for k, (a, b) in zip(keys, pairwise(job.sizes))]
    state, steps = (params, tree_map(jnp.zeros_like, params), tree_map(jnp.zeros_like, params), jnp.zeros(())), len(x)//job.batch
    def turn():
        nonlocal state, key
        key, now = jax.random.split(key)
        orders = jax.random.permutation(now, len(x))[:steps*job.batch].reshape(steps, job.batch)
        state, losses = epoch(state, orders, x, y)
        losses.block_until_ready()
        return steps*job.batch # Without the last small batch
    return turn

@peer('sklearn', "scikit-learn's `MLPClassifier`", 'sklearn')
def with_sklearn(job):
    from sklearn.neural_network import MLPClassifier
    model = MLPClassifier(job.sizes[1:-1], solver=job.opt.lower(), batch_size=job.batch, learning_rate_init=LR[job.opt], momentum=0, alpha=0)
    x, y = job.x.numpy(), job.y.numpy()
    def turn():
        model.partial_fit(x, y, classes=range(10)) # One epoch
        return len(x)
    return turn

@peer('tensors', "PyTorch's `DataLoader` over a `TensorDataset`", 'torch')
def with_tensors(job):
    from torch.utils.data import DataLoader, TensorDataset
    return torch_loop(job, DataLoader(TensorDataset(job.x, job.y), job.batch, shuffle=True), torch_model(job.sizes))

@peer('keras', 'Keras on TensorFlow', 'keras', 'tensorflow')
def with_keras(job):
    import keras, tensorflow
    with contextlib.suppress(RuntimeError): # Can be set only once
        tensorflow.config.threading.set_intra_op_parallelism_threads(job.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(job.threads)
    layers = [keras.layers.Dense(n, activation='relu') for n in job.sizes[1:-1]]
    model = keras.Sequential([keras.Input(job.sizes[:1]), *layers, keras.layers.Dense(job.sizes[-1])])
    model.compile(getattr(keras.optimizers, job.opt)(LR[job.opt]), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = job.x.numpy(), job.y.numpy()
    def turn():
        model.fit(x, y, batch_size=job.batch, epochs=1, verbose=0)
        return len(x)
    return turn

@peer('fastai', "fastai's `Learner`, as in its book", 'fastai')
def with_fastai(job):
    import fastai.callback.progress # Its progress bar, as `from fastai.vision.all import *` brings it
    from fastai.basics import Adam, DataLoader, DataLoaders, Learner, SGD
    from torch.nn import functional as F
    examples = list(zip(job.x, job.y))
    loaders = DataLoaders(DataLoader(examples, job.batch, shuffle=True), DataLoader(examples[:job.batch], job.batch), device='cpu')
    learn = Learner(loaders, torch_model(job.sizes), F.cross_entropy, {'SGD': SGD, 'Adam': Adam}[job.opt], LR[job.opt], wd=0.)
    def turn():
        learn.fit(1)
        return len(job.x)
    return turn

def with_torchvision(job, normalize=False):
    "The digits as torchvision hands them out, made tensors one by one, and standardised if `normalize`"
    from sgd_course.data import torchvision_folder
    from torch import nn
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import MNIST
    from torchvision.transforms import Compose, Normalize, ToTensor
    transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]) if normalize else ToTensor()
    digits = MNIST(torchvision_folder(), train=True, transform=transform)
    part = Subset(digits, range(max(len(job.x)//10, job.batch))) # So slow that a tenth must do
    return torch_loop(job, DataLoader(part, job.batch, shuffle=True), nn.Sequential(nn.Flatten(), torch_model(job.sizes)))

peer('torchvision', "PyTorch's `DataLoader` over torchvision's `MNIST`, with `ToTensor` alone", 'torchvision')(with_torchvision)
peer('example', "PyTorch's `DataLoader` over torchvision's `MNIST`, as in PyTorch's own example", 'torchvision')(partial(with_torchvision, normalize=True))

class Screen(io.StringIO):
    "Takes all that is shown, and says that it is a terminal, so that progress bars are drawn"
    def isatty(self): return True

def timed(turn):
    "Seconds for an epoch of 60,000, from one turn; what it shows goes nowhere"
    with contextlib.redirect_stdout(Screen()), contextlib.redirect_stderr(Screen()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        start = time.perf_counter()
        n = turn()
        return 60_000*(time.perf_counter() - start)/n

def missing(modules):
    "The first of `modules` that cannot be imported; `None` if all can"
    for module in modules:
        try: import_module(module)
        except ImportError: return module

def work(keys, rows, threads, pipe):
    "What a process does for the peers in it: make one of them ready for a job that comes with its name, and let it take its turn"
    settle(threads)
    pipe.send(missing(PEERS[keys[0]][1]))
    from sgd_course.data import load_mnist, to_vectors
    images, labels = load_mnist('train')
    x, y = to_vectors(images[:rows]), labels[:rows]
    turns = {}
    with contextlib.suppress(EOFError): # Until the other end is gone
        while True:
            key, job = pipe.recv()
            if job: turns[key] = PEERS[key][2](Job(*job, threads, x, y))
            pipe.send(timed(turns[key]))

# Compared to a hundredth, so they share a process, and the places of the digits in memory
TOGETHER = ('bound', 'floor'), ('learner', 'bare'), ('hand', 'barehand')

def together(keys):
    "`keys` in tuples, one for each process"
    pairs = [tuple(k for k in pair if k in keys) for pair in TOGETHER]
    return [*filter(None, pairs), *((k,) for k in keys if not any(k in pair for pair in pairs))]

class Worker:
    "A process for one peer, or for a few that are the same library, which sleeps while the others work; so no library is in another's way"
    def __init__(self, keys, rows, threads):
        context = multiprocessing.get_context('spawn')
        self.keys, (self.pipe, far) = keys, context.Pipe()
        self.process = context.Process(target=work, args=(keys, rows, threads, far), daemon=True)
        self.process.start()
        far.close() # So that the end of the process is noticed
        self.gap = self.answer()

    def answer(self):
        try: return self.pipe.recv()
        except EOFError: sys.exit(f'The process that measures {" and ".join(self.keys)} has ended. Leave it out with --only.')

    def turn(self, key, job=None):
        self.pipe.send((key, job))
        return self.answer()

def measure(job, workers, rounds):
    "Seconds per epoch in every round: each peer takes its turn in each round, after a first turn that does not count"
    turns = [(w, key) for w in workers for key in w.keys]
    for w, key in turns: w.turn(key, job)
    table = [[w.turn(key) for w, key in turns] for _ in range(rounds)]
    return dict(zip([key for _, key in turns], zip(*table)))

def ratio(times, key, base):
    "How many times longer `key` took than `base`, median over the rounds; `None` if one was not measured"
    if key in times and base in times: return statistics.median(a/b for a, b in zip(times[key], times[base]))

def versions():
    "Versions of the libraries that are there, in one line"
    found = []
    for package in ('torch', 'numpy', 'fastai', 'torchvision', 'scikit-learn', 'keras', 'tensorflow', 'tensorflow-cpu', 'jax'):
        with contextlib.suppress(PackageNotFoundError): found.append(f'{package} {version(package).split("+")[0]}')
    return ', '.join(found)

def cells(*row): return '| ' + ' | '.join(row) + ' |'

def grid(results, keys, cell):
    "Markdown table with a row for each peer, a column for each job, and `cell(times, key)` in it"
    head = [cells('way to train', *map(str, results)), '|---'*(len(results) + 1) + '|']
    rows = [[cell(times, key) for times in results.values()] for key in keys]
    return '\n'.join(head + [cells(PEERS[key][0], *row) for key, row in zip(keys, rows)])

def middle(ratios):
    "What is above 1 in the median of `ratios`; `None` if one of them was not measured"
    found = list(ratios)
    return statistics.median(found) - 1 if found and all(found) else None

def promises(results):
    "What the package is meant to reach, beside what it has reached here"
    small, large = results.get(title(SMALL, 64, 'SGD'), {}), results.get(title(LARGE, 256, 'SGD'), {})
    rows = [('how many times as fast as fastai at 784-100-10, 64, SGD', 'at least 3', ratio(small, 'fastai', 'learner'), '.1f'),
        ("how many times as fast as PyTorch's own example with torchvision, there", 'at least 10', ratio(small, 'example', 'learner'), '.1f'),
        ('how many times as fast as torchvision with `ToTensor` alone, there', 'at least 10', ratio(small, 'torchvision', 'learner'), '.1f'),
        ('multiple of the bound at 784-512-512-10, 256, SGD', 'at most 1.8', ratio(large, 'learner', 'bound'), '.2f'),
        ('cost of progress bar and recording, median of all columns', 'under 3 %', middle(ratio(o, 'learner', 'bare') for o in results.values()), '.1%'),
        ('the same with the gradient by hand', 'under 3 %', middle(ratio(o, 'hand', 'barehand') for o in results.values()), '.1%')]
    for opt in LR:
        worst = max((r for o in results if o.endswith(opt) and (r := ratio(results[o], 'hand', 'bound'))), default=None)
        rows.append((f'multiple of the bound with the gradient by hand, the largest in the columns with {opt}', 'at most 1.2', worst, '.2f'))
    for key, words in ('hand', 'with progress bar and recording'), ('barehand', 'without them'):
        worst = max((r for o in results.values() if (r := ratio(o, key, 'jax'))), default=None)
        rows.append((f"time with the gradient by hand, {words}, as a multiple of JAX's, the largest of all columns", 'under 1', worst, '.2f'))
    return [cells(what, goal, format(value, form)) for what, goal, value, form in rows if value is not None]

PAGE = """# How fast it trains

One epoch over the 60,000 digits of MNIST as float32, shuffled, with cross-entropy, on {machine}. Everyone has the same threads and learning rate and takes the same number of steps; fastai's and the package's own `Learner` draw their progress bars. In each of {rounds} rounds ({more} for the small network), all took their turns one after the other{part}.

## Multiples of the bound

The bound is the time of the matrix products alone, forward and backward, over the digits in the order of the file and into memory that is set aside beforehand. No way of training can do without these products; whatever it takes longer is shuffling, small operations and bookkeeping. The floor adds what a way of training has to do besides: fetch the digits in a new order and, with Adam, go once through weights, gradients and both averages. Each entry is a median over the rounds of "time of this row / time of the bound in the same round". These multiples can be compared between machines, seconds cannot.

{ratios}

{promises}

## Seconds for one epoch

Medians over the rounds.

{seconds}

{notes}
"""
NOTES = {
    'hand': 'With the gradient by hand, plain SGD takes its step inside the product, and Adam goes once through the one vector of weights (nbs/fused.ipynb).',
    'jax': 'JAX compiles the epoch before the first round, gives back the loss of every step, draws nothing, and leaves out the last small batch.',
    'sklearn': '`MLPClassifier` is called once per epoch (`partial_fit`), without momentum and penalty.',
    'fastai': "fastai's data are a list of pairs of tensors, as in chapter 4 of its book, and it validates on one mini-batch.",
    'example': "PyTorch's own MNIST example standardises each picture (`ToTensor`, `Normalize`), has batches of 64 and no worker processes. Both loops over torchvision's data set were timed on a tenth of an epoch.",
}

def page(results, skipped, threads, rounds, part):
    "The whole page in Markdown"
    keys = [k for k in PEERS if any(k in o for o in results.values())]
    multiple = lambda times, key: f'{ratio(times, key, "bound"):.2f}' if 'bound' in times else '–'
    kept = promises(results)
    if kept: kept = ['| promise | goal | here |', '|---|---|---|', *kept]
    notes = [f'- {NOTES[k]}' for k in keys if k in NOTES] + [f'- Skipped: {o}.' for o in skipped]
    return PAGE.format(machine=f'{machine(threads)}, {versions()}', rounds=rounds, more=MORE*rounds, part=part, ratios=grid(results, keys, multiple), promises='\n'.join(kept),
        seconds=grid(results, keys, lambda times, key: f'{statistics.median(times[key]):.2f}'), notes='\n'.join(notes))

def settle(threads):
    "Give this process `threads` cores, and every library as many threads; to be called before they are imported"
    for o in ('OMP', 'MKL', 'OPENBLAS', 'NUMEXPR'): os.environ[f'{o}_NUM_THREADS'] = str(threads)
    os.environ |= {'TF_CPP_MIN_LOG_LEVEL': '3', 'KERAS_BACKEND': 'tensorflow', 'JAX_PLATFORMS': 'cpu', 'CUDA_VISIBLE_DEVICES': ''}
    if hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

def options(args):
    parser = argparse.ArgumentParser(description=__doc__, epilog=f'Rows for --only: {", ".join(PEERS)}, accuracy.')
    parser.add_argument('--only', nargs='+', metavar='ROW', choices=[*PEERS, 'accuracy'], help='measure these rows only')
    parser.add_argument('--quick', action='store_true', help='a tenth of an epoch, two rounds, two seeds: for a first look')
    parser.add_argument('--rounds', type=int, default=5, help='how many turns everyone has; three times as many with the small network')
    parser.add_argument('--rows', type=int, default=60_000, help='digits in a turn')
    parser.add_argument('--threads', type=int, default=2, help='threads for everyone')
    parser.add_argument('--out', type=Path, default=ROOT/'sgd_course'/'content'/'results'/'speed.md', help='the page to write')
    o = parser.parse_args(args)
    if o.rows<256 or o.rounds<1 or o.threads<1: parser.error('expected at least 256 rows, 1 round and 1 thread')
    return o

def main(args=None):
    o = options(args)
    rows, rounds, seeds = (6_000, 2, 2) if o.quick else (o.rows, o.rounds, 5)
    settle(o.threads)
    o.out.parent.mkdir(parents=True, exist_ok=True)
    wanted, results = o.only or [*PEERS, 'accuracy'], {}
    workers = [Worker(keys, rows, o.threads) for keys in together([key for key in PEERS if key in wanted])]
    skipped = [f'{PEERS[key][0]}, because there is no {w.gap} here' for w in workers if w.gap for key in w.keys]
    for line in skipped: print(f'Skipped: {line}')
    workers = [w for w in workers if not w.gap]
    for job in [(sizes, batch, opt) for sizes in (SMALL, LARGE) for batch in (64, 256) for opt in LR] if workers else []:
        results[title(*job)] = measure(job, workers, rounds*(MORE if job[0]==SMALL else 1))
        print(f'{title(*job)}: ' + ', '.join(f'{k} {statistics.median(t):.2f} s' for k, t in results[title(*job)].items()), flush=True)
    for w in workers: w.process.terminate() # Nothing to lose
    part = '' if rows==60_000 else f', with {rows:,} digits instead of 60,000: a quick look, not a measurement'
    text = page(results, skipped, o.threads, rounds, part)
    if 'accuracy' in wanted: text += recipes.section(range(seeds))
    o.out.write_text(text)
    print(f'Written to {o.out}')

if __name__ == '__main__': main()
