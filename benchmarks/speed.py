"How fast the package trains, beside its peers: `python -m benchmarks.speed` writes sgd_course/content/results/speed.md"
import argparse, contextlib, io, multiprocessing, os, statistics, sys, time, warnings
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from experiments import recipes
from sgd_course.files import write_whole

from .machine import machine

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT/'sgd_course'/'content'/'results'/'speed.md'

LR = {'SGD': 0.1, 'Adam': 0.001}
SMALL, LARGE = (784, 100, 10), (784, 512, 512, 10)
JOBS = [(sizes, batch, opt) for sizes in (SMALL, LARGE) for batch in (64, 256) for opt in LR]
MORE = 3 # Times as many rounds for the small network: its steps are short, and what else the machine does shows more

class Peer(NamedTuple):
    "A row of the table"
    label:str # What the table calls it
    modules:tuple # Names of the modules it needs
    make:object # From a `Job` to a function that takes a turn and returns how many digits it has trained on

class Job(NamedTuple):
    "What all peers have to do in one turn: an epoch over the digits in a new order"
    sizes:tuple # Units of each layer, inputs first
    batch:int # Digits in a mini-batch
    opt:str # 'SGD' or 'Adam'
    threads:int # For everyone
    x:object # Tensor (n, 784), float32, 0 to 1
    y:object # Tensor (n,), int64

def title(sizes, batch, opt): return f'{"-".join(map(str, sizes))}, {batch}, {opt}'

def torch_model(sizes):
    "Linear layers with ReLU between them"
    from torch import nn
    layers = []
    for n_in, n_out in pairwise(sizes): layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])

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

def multiplier(sizes):
    "Function for the matrix products of a forward and a backward pass, into memory that is there already"
    import torch
    weights = [torch.randn(n_out, n_in)/n_in**0.5 for n_in, n_out in pairwise(sizes)]
    grads = [torch.empty_like(w) for w in weights]
    def multiply(x, acts, errors):
        acts[0] = x
        for i, w in enumerate(weights): torch.mm(acts[i], w.t(), out=acts[i+1])
        for i in reversed(range(len(weights))):
            torch.mm(errors[i+1].t(), acts[i], out=grads[i])
            if i: torch.mm(errors[i+1], weights[i], out=errors[i])
    return multiply

def adam_alone(sizes):
    "Adam with a gradient that stays the same, for all weights and biases in one vector"
    import torch
    from sgd_course.fused import FusedAdam
    vector = torch.rand(sum((n_in + 1)*n_out for n_in, n_out in pairwise(sizes)), requires_grad=True)
    vector.grad = torch.rand_like(vector)
    return FusedAdam([vector], LR['Adam'])

def products(job, shuffled=False):
    """The matrix products of an epoch

    `shuffled` also fetches the digits in a new order, and takes Adam's pass through its memory (plain SGD can step
    inside a product)."""
    import torch
    from sgd_course.mini_batches import DataLoader
    multiply = multiplier(job.sizes)
    adam = adam_alone(job.sizes)
    loader = DataLoader(job.x, job.y, job.batch, shuffle=True, generator=torch.Generator().manual_seed(0))
    def layers(n): return [torch.randn(n, units) for units in job.sizes]
    last = len(job.x)%job.batch or job.batch
    memory = {n: (layers(n), layers(n)) for n in {job.batch, last}} # Activations and errors, for a batch of n digits
    def turn():
        inputs = (x for x, _ in loader) if shuffled else job.x.split(job.batch)
        for x in inputs:
            acts, errors = memory[len(x)]
            multiply(x, acts, errors)
            if shuffled and job.opt=='Adam': adam.move()
        return len(job.x)
    return turn

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
    kind = FusedLearner if by_hand else Learner
    callbacks = [Recorder(), ProgressBar()] if watched else []
    learn = kind(model, train, None, F.cross_entropy, opt_func, LR[job.opt], callbacks, device='cpu')
    def turn():
        learn.fit(1)
        return len(job.x)
    return turn

def jax_loss(params, x, y):
    "Cross-entropy of linear layers with ReLU between them"
    import jax
    import jax.numpy as jnp
    *hidden, (w_last, b_last) = params
    for w, b in hidden: x = jax.nn.relu(x@w + b)
    logs = jax.nn.log_softmax(x@w_last + b_last)
    return -jnp.take_along_axis(logs, y[:, None], 1).mean()

def jax_sgd(state, grads):
    "A step of plain SGD"
    import jax
    params, mean, square, t = state
    params = jax.tree_util.tree_map(lambda p, g: p - LR['SGD']*g, params, grads)
    return params, mean, square, t

def jax_adam(state, grads):
    "A step of Adam"
    import jax
    import jax.numpy as jnp
    tree_map = jax.tree_util.tree_map
    params, mean, square, t = state
    t = t + 1
    mean = tree_map(lambda m, g: 0.9*m + 0.1*g, mean, grads)
    square = tree_map(lambda v, g: 0.999*v + 0.001*g*g, square, grads)
    def move(p, m, v):
        m = m/(1 - 0.9**t)
        v = v/(1 - 0.999**t)
        return p - LR['Adam']*m/(jnp.sqrt(v) + 1e-8)
    return tree_map(move, params, mean, square), mean, square, t

def jax_epoch(opt):
    "Function that takes a step for each row of `orders`, compiled as a whole"
    import jax
    move = {'SGD': jax_sgd, 'Adam': jax_adam}[opt]
    @partial(jax.jit, donate_argnums=0)
    def epoch(state, orders, x, y):
        def step(state, rows):
            loss, grads = jax.value_and_grad(jax_loss)(state[0], x[rows], y[rows])
            return move(state, grads), loss
        return jax.lax.scan(step, state, orders)
    return epoch

def jax_state(sizes, keys):
    "Weights and biases, zeros for Adam's two averages, and its count of steps"
    import jax
    import jax.numpy as jnp
    params = []
    for key, (n_in, n_out) in zip(keys, pairwise(sizes)):
        params.append((jax.random.normal(key, (n_in, n_out))*(2/n_in)**0.5, jnp.zeros(n_out)))
    def zeros(): return jax.tree_util.tree_map(jnp.zeros_like, params)
    return params, zeros(), zeros(), jnp.zeros(())

def with_jax(job):
    "A `lax.scan` over the batches of an epoch, in JAX"
    import jax
    import jax.numpy as jnp
    x = jnp.asarray(job.x.numpy())
    y = jnp.asarray(job.y.numpy(), dtype=jnp.int32)
    steps = len(x)//job.batch
    key, *keys = jax.random.split(jax.random.key(0), len(job.sizes))
    state = jax_state(job.sizes, keys)
    epoch = jax_epoch(job.opt)
    def turn():
        nonlocal state, key
        key, now = jax.random.split(key)
        orders = jax.random.permutation(now, len(x))[:steps*job.batch].reshape(steps, job.batch)
        state, losses = epoch(state, orders, x, y)
        losses.block_until_ready()
        return steps*job.batch # Without the last small batch
    return turn

def with_sklearn(job):
    "scikit-learn's ready-made network"
    from sklearn.neural_network import MLPClassifier
    model = MLPClassifier(job.sizes[1:-1], solver=job.opt.lower(), batch_size=job.batch,
                          learning_rate_init=LR[job.opt], momentum=0, alpha=0)
    x, y = job.x.numpy(), job.y.numpy()
    def turn():
        model.partial_fit(x, y, classes=range(10)) # One epoch
        return len(x)
    return turn

def with_tensors(job):
    "The digits as one tensor in memory, taken apart and put together by PyTorch"
    from torch.utils.data import DataLoader, TensorDataset
    loader = DataLoader(TensorDataset(job.x, job.y), job.batch, shuffle=True)
    return torch_loop(job, loader, torch_model(job.sizes))

def with_keras(job):
    "A model that is compiled and fitted"
    import keras, tensorflow
    with contextlib.suppress(RuntimeError): # Can be set only once
        tensorflow.config.threading.set_intra_op_parallelism_threads(job.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(job.threads)
    layers = [keras.layers.Dense(n, activation='relu') for n in job.sizes[1:-1]]
    model = keras.Sequential([keras.Input(job.sizes[:1]), *layers, keras.layers.Dense(job.sizes[-1])])
    opt = getattr(keras.optimizers, job.opt)(LR[job.opt])
    model.compile(opt, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = job.x.numpy(), job.y.numpy()
    def turn():
        model.fit(x, y, batch_size=job.batch, epochs=1, verbose=0)
        return len(x)
    return turn

def with_fastai(job):
    "The digits as a list of pairs, as in the book"
    import fastai.callback.progress # Its progress bar, as `from fastai.vision.all import *` brings it
    from fastai.basics import Adam, DataLoader, DataLoaders, Learner, SGD
    from torch.nn import functional as F
    examples = list(zip(job.x, job.y))
    train = DataLoader(examples, job.batch, shuffle=True)
    valid = DataLoader(examples[:job.batch], job.batch)
    opt_func = {'SGD': SGD, 'Adam': Adam}[job.opt]
    loaders = DataLoaders(train, valid, device='cpu')
    learn = Learner(loaders, torch_model(job.sizes), F.cross_entropy, opt_func, LR[job.opt], wd=0.)
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
    transform = ToTensor()
    if normalize: transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
    digits = MNIST(torchvision_folder(), train=True, transform=transform)
    part = Subset(digits, range(max(len(job.x)//10, job.batch))) # So slow that a tenth must do
    loader = DataLoader(part, job.batch, shuffle=True)
    return torch_loop(job, loader, nn.Sequential(nn.Flatten(), torch_model(job.sizes)))

OURS = '**this package**: `Learner`'
BY_HAND = OURS + ' with the gradient by hand, '
OVER_TORCHVISION = "PyTorch's `DataLoader` over torchvision's `MNIST`, "
FLOOR = "The products, the fetching of shuffled digits and Adam's pass, and nothing else: the floor"

PEERS = { # In the order of the table
    'bound': Peer('The matrix products alone: the bound', (), products),
    'floor': Peer(FLOOR, (), partial(products, shuffled=True)),
    'learner': Peer(OURS + ', with progress bar and recording', ('sgd_course.learner',), our_learner),
    'bare': Peer(OURS + ' without them', ('sgd_course.learner',), partial(our_learner, watched=False)),
    'hand': Peer(BY_HAND + 'with progress bar and recording', ('sgd_course.fused',),
                 partial(our_learner, by_hand=True)),
    'barehand': Peer(BY_HAND + 'without them', ('sgd_course.fused',),
                     partial(our_learner, watched=False, by_hand=True)),
    'jax': Peer('JAX, the whole epoch in one `lax.scan`', ('jax',), with_jax),
    'sklearn': Peer("scikit-learn's `MLPClassifier`", ('sklearn',), with_sklearn),
    'tensors': Peer("PyTorch's `DataLoader` over a `TensorDataset`", ('torch',), with_tensors),
    'keras': Peer('Keras on TensorFlow', ('keras', 'tensorflow'), with_keras),
    'fastai': Peer("fastai's `Learner`, as in its book", ('fastai',), with_fastai),
    'torchvision': Peer(OVER_TORCHVISION + 'with `ToTensor` alone', ('torchvision',), with_torchvision),
    'example': Peer(OVER_TORCHVISION + "as in PyTorch's own example", ('torchvision',),
                    partial(with_torchvision, normalize=True)),
}

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
    """What a process does for the peers in it

    It makes one of them ready for a job that comes with its name, and lets it take its turn."""
    settle(threads)
    pipe.send(missing(PEERS[keys[0]].modules))
    from sgd_course.data import load_mnist, to_vectors
    images, labels = load_mnist('train')
    x, y = to_vectors(images[:rows]), labels[:rows]
    turns = {}
    with contextlib.suppress(EOFError): # Until the other end is gone
        while True:
            key, job = pipe.recv()
            if job: turns[key] = PEERS[key].make(Job(*job, threads, x, y))
            pipe.send(timed(turns[key]))

# Compared to a hundredth, so they share a process, and the places of the digits in memory
TOGETHER = ('bound', 'floor'), ('learner', 'bare'), ('hand', 'barehand')

def together(keys):
    "`keys` in tuples, one for each process"
    pairs = [tuple(k for k in pair if k in keys) for pair in TOGETHER]
    paired = {k for pair in TOGETHER for k in pair}
    alone = [(k,) for k in keys if k not in paired]
    return [pair for pair in pairs if pair] + alone

class Worker:
    """A process for one peer, or for a few that are the same library

    It sleeps while the others work; so no library is in another's way."""
    def __init__(self, keys, rows, threads):
        context = multiprocessing.get_context('spawn')
        self.keys = keys
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=work, args=(keys, rows, threads, far), daemon=True)
        self.process.start()
        far.close() # So that the end of the process is noticed
        self.gap = self.answer() # Module that is not there, or `None`

    def answer(self):
        "What the process sends next"
        try: return self.pipe.recv()
        except EOFError:
            names = ' and '.join(self.keys)
            sys.exit(f'The process that measures {names} has ended. Leave it out with --only.')

    def turn(self, key, job=None):
        "Seconds that a peer needs; with a `job`, it is made ready for it first"
        self.pipe.send((key, job))
        return self.answer()

def start(keys, rows, threads):
    "A worker for each process, and a line for each peer that must be left out"
    workers, skipped = [], []
    for group in together(keys):
        worker = Worker(group, rows, threads)
        if not worker.gap: workers.append(worker)
        else: skipped += [f'{PEERS[key].label}, because there is no {worker.gap} here' for key in group]
    return workers, skipped

def measure(job, workers, rounds):
    """Seconds per epoch in every round

    Each peer takes its turn in each round, after a first turn that does not count."""
    turns = [(w, key) for w in workers for key in w.keys]
    for w, key in turns: w.turn(key, job)
    times = {key: [] for _, key in turns}
    for _ in range(rounds):
        for w, key in turns: times[key].append(w.turn(key))
    return times

def measure_all(workers, rounds):
    "What `measure` returns for each job, by its title; prints medians as it goes"
    results = {}
    for job in JOBS:
        times = measure(job, workers, rounds*MORE if job[0]==SMALL else rounds)
        results[title(*job)] = times
        medians = [f'{key} {statistics.median(o):.2f} s' for key, o in times.items()]
        print(f'{title(*job)}: ' + ', '.join(medians), flush=True)
    for w in workers: w.process.terminate() # Nothing to lose
    return results

def ratio(times, key, base):
    "How many times longer `key` took than `base`, median over the rounds; `None` if one was not measured"
    if key in times and base in times: return statistics.median(a/b for a, b in zip(times[key], times[base]))

PACKAGES = 'torch numpy fastai torchvision scikit-learn keras tensorflow tensorflow-cpu jax'.split()

def versions():
    "Versions of the libraries that are there, in one line"
    found = []
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            number = version(package).split('+')[0]
            found.append(f'{package} {number}')
    return ', '.join(found)

def cells(*row): return '| ' + ' | '.join(row) + ' |'

def grid(results, keys, cell):
    "Markdown table with a row for each peer, a column for each job, and `cell(times, key)` in it"
    head = [cells('way to train', *map(str, results)), '|---'*(len(results) + 1) + '|']
    rows = [cells(PEERS[key].label, *[cell(times, key) for times in results.values()]) for key in keys]
    return '\n'.join(head + rows)

def cost(columns, key, base):
    "What is above 1 in the median of the ratios of all `columns`; `None` if one of them was not measured"
    ratios = [ratio(times, key, base) for times in columns]
    if not ratios or None in ratios: return None
    return statistics.median(ratios) - 1

def largest(columns, key, base):
    "The largest of the ratios that were measured; `None` if there are none"
    ratios = [ratio(times, key, base) for times in columns]
    return max((r for r in ratios if r is not None), default=None)

class Promise(NamedTuple):
    "What the package is meant to reach, beside what it has reached here"
    what:str
    goal:str
    here:object # Number, or `None` if it was not measured
    form:str # How the number is written

def learner_promises(results):
    "What was promised of the `Learner`"
    small = results.get(title(SMALL, 64, 'SGD'), {})
    large = results.get(title(LARGE, 256, 'SGD'), {})
    fastai = ratio(small, 'fastai', 'learner')
    example = ratio(small, 'example', 'learner')
    plain = ratio(small, 'torchvision', 'learner')
    bound = ratio(large, 'learner', 'bound')
    return [
        Promise('how many times as fast as fastai at 784-100-10, 64, SGD', 'at least 3', fastai, '.1f'),
        Promise("how many times as fast as PyTorch's own example with torchvision, there", 'at least 10',
                example, '.1f'),
        Promise('how many times as fast as torchvision with `ToTensor` alone, there', 'at least 10', plain, '.1f'),
        Promise('multiple of the bound at 784-512-512-10, 256, SGD', 'at most 1.8', bound, '.2f'),
    ]

def watching_promises(results):
    "What was promised of progress bar and recording"
    columns = results.values()
    learner = cost(columns, 'learner', 'bare')
    by_hand = cost(columns, 'hand', 'barehand')
    return [
        Promise('cost of progress bar and recording, median of all columns', 'under 3 %', learner, '.1%'),
        Promise('the same with the gradient by hand', 'under 3 %', by_hand, '.1%'),
    ]

def hand_promises(results):
    "What was promised of the gradient by hand"
    found = []
    for opt in LR:
        columns = [times for name, times in results.items() if name.endswith(opt)]
        what = f'multiple of the bound with the gradient by hand, the largest in the columns with {opt}'
        found.append(Promise(what, 'at most 1.2', largest(columns, 'hand', 'bound'), '.2f'))
    for key, words in ('hand', 'with progress bar and recording'), ('barehand', 'without them'):
        what = f"time with the gradient by hand, {words}, as a multiple of JAX's, the largest of all columns"
        found.append(Promise(what, 'under 1', largest(results.values(), key, 'jax'), '.2f'))
    return found

def promises(results):
    "Markdown table of the promises that were measured; empty if none was"
    made = learner_promises(results) + watching_promises(results) + hand_promises(results)
    rows = [cells(o.what, o.goal, format(o.here, o.form)) for o in made if o.here is not None]
    if not rows: return ''
    return '\n'.join(['| promise | goal | here |', '|---|---|---|', *rows])

# A backslash at the end of a line joins it to the next, so that a paragraph of the page is one line
PAGE = """# How fast it trains

One epoch over the 60,000 digits of MNIST as float32, shuffled, with cross-entropy, on {machine}. \
Everyone has the same threads and learning rate and takes the same number of steps; \
fastai's and the package's own `Learner` draw their progress bars. \
In each of {rounds} rounds ({more} for the small network), all took their turns one after the other{part}.

## Multiples of the bound

The bound is the time of the matrix products alone, forward and backward, \
over the digits in the order of the file and into memory that is set aside beforehand. \
No way of training can do without these products; \
whatever it takes longer is shuffling, small operations and bookkeeping. \
The floor adds what a way of training has to do besides: \
fetch the digits in a new order and, with Adam, go once through weights, gradients and both averages. \
Each entry is a median over the rounds of "time of this row / time of the bound in the same round". \
These multiples can be compared between machines, seconds cannot.

{ratios}

{promises}

## Seconds for one epoch

Medians over the rounds.

{seconds}

{notes}
"""
NOTES = {
    'hand': 'With the gradient by hand, plain SGD takes its step inside the product, '
            'and Adam goes once through the one vector of weights (nbs/fused.ipynb).',
    'jax': 'JAX compiles the epoch before the first round, gives back the loss of every step, draws nothing, '
           'and leaves out the last small batch.',
    'sklearn': '`MLPClassifier` is called once per epoch (`partial_fit`), without momentum and penalty.',
    'fastai': "fastai's data are a list of pairs of tensors, as in chapter 4 of its book, "
              'and it validates on one mini-batch.',
    'example': "PyTorch's own MNIST example standardises each picture (`ToTensor`, `Normalize`), "
               'has batches of 64 and no worker processes. '
               "Both loops over torchvision's data set were timed on a tenth of an epoch.",
}

def multiple(times, key):
    "Entry of the first table"
    if 'bound' not in times: return '–'
    return f'{ratio(times, key, "bound"):.2f}'

def seconds(times, key):
    "Entry of the second table"
    return f'{statistics.median(times[key]):.2f}'

def page(results, skipped, threads, rounds, part):
    "The whole page in Markdown"
    keys = [k for k in PEERS if any(k in times for times in results.values())]
    notes = [f'- {NOTES[k]}' for k in keys if k in NOTES]
    notes += [f'- Skipped: {o}.' for o in skipped]
    return PAGE.format(machine=f'{machine(threads)}, {versions()}', rounds=rounds, more=MORE*rounds, part=part,
                       ratios=grid(results, keys, multiple), promises=promises(results),
                       seconds=grid(results, keys, seconds), notes='\n'.join(notes))

def settle(threads):
    "Give this process `threads` cores, and every library as many threads; to be called before they are imported"
    for o in ('OMP', 'MKL', 'OPENBLAS', 'NUMEXPR'): os.environ[f'{o}_NUM_THREADS'] = str(threads)
    os.environ |= {'TF_CPP_MIN_LOG_LEVEL': '3', 'KERAS_BACKEND': 'tensorflow'}
    os.environ |= {'JAX_PLATFORMS': 'cpu', 'CUDA_VISIBLE_DEVICES': ''}
    if hasattr(os, 'sched_setaffinity'):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:threads])

def options(args):
    "What the command line says"
    rows = [*PEERS, 'accuracy']
    parser = argparse.ArgumentParser(description=__doc__, epilog=f'Rows for --only: {", ".join(rows)}.')
    add = parser.add_argument
    add('--only', nargs='+', metavar='ROW', choices=rows, default=rows, help='measure these rows only')
    add('--quick', action='store_true', help='a tenth of an epoch, two rounds, two seeds: for a first look')
    add('--rounds', type=int, default=5, help='how many turns everyone has; three times as many with the small network')
    add('--rows', type=int, default=60_000, help='digits in a turn')
    add('--threads', type=int, default=2, help='threads for everyone')
    add('--out', type=Path, default=OUT, help='the page to write')
    o = parser.parse_args(args)
    if o.rows<256 or o.rounds<1 or o.threads<1: parser.error('expected at least 256 rows, 1 round and 1 thread')
    return o

def main(args=None):
    o = options(args)
    rows, rounds, seeds = (6_000, 2, 2) if o.quick else (o.rows, o.rounds, 5)
    settle(o.threads)
    o.out.parent.mkdir(parents=True, exist_ok=True)
    workers, skipped = start([key for key in PEERS if key in o.only], rows, o.threads)
    for line in skipped: print(f'Skipped: {line}')
    results = measure_all(workers, rounds) if workers else {}
    part = '' if rows==60_000 else f', with {rows:,} digits instead of 60,000: a quick look, not a measurement'
    text = page(results, skipped, o.threads, rounds, part)
    if 'accuracy' in o.only: text += recipes.section(range(seeds))
    write_whole(o.out, text.encode())
    print(f'Written to {o.out}')

if __name__ == '__main__': main()
