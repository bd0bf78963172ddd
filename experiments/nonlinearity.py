"""What chapter 6 says of many seeds: `python -m experiments.nonlinearity [PART ...]`

Every part is a comparison over several seeds, and where recipes are compared, each at the best of a grid of learning
rates. The results are written to sgd_course/content/results/nonlinearity.json, which chapter 6 shows; with names of
parts only these are made again. It takes a quarter of an hour. `--check` makes a short version and writes nothing."""
import json, math, subprocess, sys, time
from functools import cache
from pathlib import Path
from statistics import mean, median

import torch
import torch.nn.functional as F
from torch import nn

from sgd_course.data import load_mnist, threes_and_sevens, to_vectors, train_valid_split
from sgd_course.figures import FOLDER, toy_points
from sgd_course.files import write_whole
from sgd_course.nonlinearity import (Scaler, dead_units, he_std, mlp, simple_net, spread_kinks, train_net,
                                     xavier_std)
from sgd_course.seeds import seeded

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/nonlinearity.json'
BCE = F.binary_cross_entropy_with_logits

def kept(v): return round(v, 4) if math.isfinite(v) else None # JSON knows no NaN
def falling(lr, epochs): return lambda epoch: lr*(1 - epoch/epochs)
def powers(lo, n): return [lo*2**k for k in range(n)]

@cache
def pair():
    "Vectors and targets of the training 3s and 7s, and the rows that train and that validate"
    images, y = threes_and_sevens('train')
    return to_vectors(images), y, *train_valid_split(y.long(), 2000)

def fit(model, lr, epochs, seed, x=None, batch_size=64):
    own, y, part, _ = pair()
    x = own if x is None else x
    try: train_net(model, x[part], y[part][:, None], lr, epochs, batch_size, loss_func=BCE, generator=seeded(seed))
    except ValueError: pass # The loss became NaN or infinite, and the training stopped
    return model

@torch.no_grad()
def mistakes(model, x=None):
    own, y, _, valid = pair()
    scores = model((own if x is None else x)[valid])[:, 0]
    return ((scores > 0) != (y[valid] > 0.5)).sum().item() # NaN counts as "not a 3"

def flat(quick):
    "Linear models trained to the end, with several weight decays: mistakes in training, accuracy on the test digits"
    x, y, *_ = pair()
    images, y_test = threes_and_sevens('test')
    x, x_test, rows = x.double(), to_vectors(images).double(), []
    for decay in [0, 1e-2] if quick else [0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]:
        w = torch.zeros(785, dtype=torch.float64, requires_grad=True)
        def score(x): return x@w[:-1] + w[-1]
        opt = torch.optim.LBFGS([w], max_iter=20 if quick else 600, history_size=20,
            tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn='strong_wolfe')
        def closure():
            opt.zero_grad()
            loss = BCE(score(x), y.double()) + decay/2*w[:-1].square().sum()
            loss.backward()
            return loss
        opt.step(closure)
        with torch.no_grad(): wrong, right = ((score(x) > 0) != (y > 0.5)), ((score(x_test) > 0) == (y_test > 0.5))
        rows.append(dict(decay=decay, wrong=wrong.sum().item(), test=kept(right.double().mean().item())))
    return rows

def bender(quick):
    "How many times lower than the best line's the loss of six ReLUs on a wave is, for each seed"
    xs = torch.linspace(-1, 1, 81)[:, None]
    wave = torch.sin(math.pi*xs)
    line = F.mse_loss((xs*wave).sum()/(xs*xs).sum()*xs, wave).item()
    def factor(seed):
        model = spread_kinks(mlp([1, 6, 1], generator=seeded(seed)), seeded(100 + seed))
        train_net(model, xs, wave, 0.1, 20 if quick else 2000, 81, loss_func=F.mse_loss, generator=seeded(0))
        return round(line/F.mse_loss(model(xs), wave).item(), 1)
    return [factor(seed) for seed in range(2 if quick else 20)]

PAGE = '''import {initialise, gradient, descend, accuracy} from '%s/bend.js';
import {random} from '%s/_math.js';
const {data, jobs, steps, lr, resets} = JSON.parse(process.argv[1]);
function shuffled(n, next) {
  const order = Array.from({length: n}, (_, i) => i);
  for (let i = n - 1; i > 0; i--) { const j = Math.floor(next()*(i + 1)); [order[i], order[j]] = [order[j], order[i]] }
  return order;
}
function bent([kind, sizes], seed) {
  const {points, targets} = data[kind], net = initialise(sizes, 'relu', seed);
  let order = [];
  for (let done = 0; done < steps; done++) {
    if (!order.length) order = shuffled(targets.length, random(seed*7919 + done));
    const rows = order.splice(0, 20), batch = rows.flatMap(i => [points[2*i], points[2*i + 1]]);
    descend(net, gradient(net, batch, rows.map(i => targets[i])).grads, lr);
    if (done %% 100 == 99 && accuracy(net, points, targets) == 1) return 1;
  }
  return 0;
}
const count = job => Array.from({length: resets}, (_, k) => bent(job, k)).reduce((a, b) => a + b);
console.log(JSON.stringify(jobs.map(count)));'''

def page(quick):
    "In how many of 20 resets the network of the page's own figure gets around all points"
    jobs = {'moons, 2 units': ['moons', [2, 2, 1]], 'moons, 3 units': ['moons', [2, 3, 1]],
            'moons, 8 units': ['moons', [2, 8, 1]], 'spiral, 8 units': ['spiral', [2, 8, 1]],
            'spiral, 8 and 8 units': ['spiral', [2, 8, 8, 1]]}
    points = {}
    for kind in ('moons', 'spiral'): # As `bend_figure` makes them
        xy, y = toy_points(kind, 200, seeded(0))
        points[kind] = dict(points=[round(v, 3) for v in xy.flatten().tolist()], targets=y.int().tolist())
    todo = dict(data=points, jobs=list(jobs.values()), steps=200 if quick else 6000, lr=0.3, resets=2 if quick else 20)
    code = PAGE % (FOLDER.as_uri(), FOLDER.as_uri())
    command = ['node', '--no-warnings', '--input-type=module', '-e', code, json.dumps(todo)]
    return dict(zip(jobs, json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)))

def rivals(quick):
    "Mistakes among 2000 validation digits after six epochs of a falling rate: for each model and rate, seven seeds"
    models = {'one linear layer': lambda g: mlp([784, 1], generator=g),
              'two linear layers': lambda g: mlp([784, 30, 1], nn.Identity, generator=g),
              'ReLU between': lambda g: simple_net(generator=g)}
    def runs(make, lr):
        return [mistakes(fit(make(seeded(s)), falling(lr, 6), 6, 100 + s)) for s in range(1, 2 if quick else 8)]
    return {name: {lr: runs(make, lr) for lr in ([0.5] if quick else powers(0.25, 5))} for name, make in models.items()}

@torch.no_grad()
def valid_loss(model):
    x, y, _, valid = pair()
    return BCE(model(x[valid]), y[valid][:, None]).item()

def rates(quick):
    "Validation loss of the small network, mean of the last five of twelve epochs, for each rate and three seeds"
    def late(lr, seed):
        x, y, part, _ = pair()
        log = train_net(simple_net(generator=seeded(seed)), x[part], y[part][:, None], lr, 2 if quick else 12,
                        loss_func=BCE, report=valid_loss, generator=seeded(100 + seed))
        return kept(mean(log[-5:]))
    return {lr: [late(lr, s) for s in range(1 if quick else 3)] for lr in ([0.5] if quick else powers(0.125, 5))}

def small_net(quick):
    "Accuracy on the test digits of five small networks"
    x, y, *_ = pair()
    images, y_test = threes_and_sevens('test')
    x_test, found = to_vectors(images), []
    for seed in range(1 if quick else 5):
        model = simple_net(generator=seeded(seed))
        train_net(model, x, y[:, None], 0.5, 1 if quick else 20, loss_func=BCE, generator=seeded(100 + seed))
        with torch.no_grad(): found.append(kept(((model(x_test)[:, 0] > 0) == (y_test > 0.5)).double().mean().item()))
    return found

def default_start(model, generator):
    "The start of `nn.Linear`: even between -1/sqrt(n_in) and 1/sqrt(n_in), weights and biases"
    with torch.no_grad():
        for o in (o for o in model if isinstance(o, nn.Linear)):
            for p in (o.weight, o.bias):
                p.copy_((2*torch.rand(p.shape, generator=generator) - 1)/math.sqrt(o.in_features))
    return model

STARTS = {'1': 1., 'He': he_std, 'Xavier': xavier_std, '0.01': 0.01, 'nn.Linear': None, '0': 0.}

def started(name, hidden, seed):
    g = seeded(seed)
    if STARTS[name] is None: return default_start(mlp([784] + [50]*hidden + [1], generator=seeded(0)), g)
    return mlp([784] + [50]*hidden + [1], std=STARTS[name], generator=g)

def starts(quick):
    "Validation accuracy after two epochs for each start, at each rate, with one hidden layer and with ten; four seeds"
    def runs(name, hidden, lr):
        seeds = range(3, 4 if quick else 7)
        return [kept(1 - mistakes(fit(started(name, hidden, s), lr, 2, s, batch_size=128))/2000) for s in seeds]
    grid = [0.1] if quick else powers(0.05, 4)
    return {hidden: {name: {lr: runs(name, hidden, lr) for lr in grid} for name in STARTS} for hidden in (1, 10)}

def dead(quick):
    "Dead units of 30 and mistakes after two epochs, for each rate and 20 seeds"
    def run(lr, seed):
        model = fit(simple_net(generator=seeded(seed)), lr, 2, seed)
        x, _, part, _ = pair()
        try: return [dead_units(model, x[part])[0].sum().item(), mistakes(model)]
        except ValueError: return [None, None]
    return {lr: [run(lr, s) for s in range(1 if quick else 20)] for lr in (0.5, 1.5, 5.)}

def scales(quick):
    "Validation accuracy after two epochs for each kind of pixels, at each rate; three seeds"
    x, _, part, _ = pair()
    half = torch.ones(28, 28)
    half[:, :14] = 255
    uneven, n = x*half.flatten(), 1 if quick else 3
    one = (x - x[part].mean())/x[part].std()
    kinds = { # The pixels, the model, and the power of 2 of the first of the rates
        '0 to 1': (x, simple_net, -5), '0 to 255': (255*x, simple_net, -17), 'one mean and std': (one, simple_net, -7),
        'each pixel': (Scaler(x[part])(x), simple_net, -8), 'linear, 0 to 1': (x, None, -5),
        'linear, left half 255': (uneven, None, -18), 'linear, standardised': (Scaler(uneven[part])(uneven), None, -9)}
    def run(z, make, lr, seed):
        model = make(generator=seeded(seed)) if make else mlp([784, 1], std=0., generator=seeded(0))
        return kept(1 - mistakes(fit(model, lr, 2, seed, z), z)/2000)
    def grid(first): return powers(2.**first, 1 if quick else 9)
    return {name: {lr: [run(z, make, lr, s) for s in range(n)] for lr in grid(first)}
            for name, (z, make, first) in kinds.items()}

def zigzag(kind, x):
    "A curve of eight straight pieces of equal width: `folded`, or with heights drawn at random and the same variance"
    def fold(x): return 1 - (2*x - 1).abs()
    folded = 2*fold(fold(fold((x + 1)/2))) - 1
    if kind == 'folded': return folded
    g = seeded(1000 + int(kind.split()[1]))
    ends = torch.rand(9, generator=g)*torch.tensor([1., -1.]).repeat(5)[:9]
    at = ((x + 1)*4).clamp(max=7.999)
    k = at.long()
    y = ends[k] + (at - k)*(ends[k + 1] - ends[k])
    y = y - y.mean()
    return y*folded.std()/y.std()

KINDS, WIDTHS = ['folded', 'irregular 0', 'irregular 1', 'irregular 2'], {1: 333, 3: 21} # About 1000 parameters each

def teeth(quick):
    "Squared error on zigzags, one hidden layer against three, each at the best of a grid, on seven fresh seeds"
    x = torch.linspace(-1, 1, 65)[:, None]
    def error(kind, depth, lr, seed):
        model = spread_kinks(mlp([1] + [WIDTHS[depth]]*depth + [1], generator=seeded(seed)), seeded(seed + 50))
        y = zigzag(kind, x)
        try: train_net(model, x, y, lr, 25 if quick else 2500, 65, loss_func=F.mse_loss, generator=seeded(seed))
        except ValueError: return math.inf
        with torch.no_grad(): return F.mse_loss(model(x), y).item()
    rows = []
    for kind in KINDS[:2] if quick else KINDS:
        for depth, grid in ((1, powers(0.0025, 5)), (3, powers(0.0125, 5))):
            chosen = {lr: median(error(kind, depth, lr, s) for s in range(3)) for lr in (grid[2:3] if quick else grid)}
            lr = min(chosen, key=chosen.get)
            found = sorted(error(kind, depth, lr, s) for s in range(3, 4 if quick else 10))
            rows.append(dict(kind=kind, depth=depth, grid={k: kept(v) for k, v in chosen.items()}, lr=lr,
                             errors=[kept(e) for e in found]))
    return rows

DEPTHS = {1: 101, 2: 90, 3: 83} # Units in each hidden layer: about 80,000 parameters

def digits(quick):
    "Depth on all ten digits at 80,000 parameters: a rate for each depth on validation digits, then five test runs"
    images, labels = load_mnist('train')
    x, tests = to_vectors(images), load_mnist('test')
    learn, held = train_valid_split(labels)
    if quick: learn = learn[:2000]
    def net(depth, lr, seed):
        g, epochs = seeded(seed), 1 if quick else 10
        model = mlp([784] + [DEPTHS[depth]]*depth + [10], generator=g)
        train_net(model, x[learn], labels[learn], falling(lr, epochs), epochs, 128, loss_func=F.cross_entropy,
                  generator=g)
        return model
    def loss(depth, lr):
        try: model = net(depth, lr, 0)
        except ValueError: return math.inf # The loss diverged
        with torch.no_grad(): return F.cross_entropy(model(x[held]), labels[held]).item()
    x_test, rows = to_vectors(tests.images), []
    for depth in DEPTHS:
        found = {lr: loss(depth, lr) for lr in ([0.3] if quick else powers(0.15, 4))}
        lr = min(found, key=found.get)
        nets = [net(depth, lr, s) for s in range(1, 2 if quick else 6)]
        with torch.no_grad(): accs = [(o(x_test).argmax(1) == tests.labels).double().mean().item() for o in nets]
        rows.append(dict(depth=depth, grid={k: kept(v) for k, v in found.items()}, lr=lr,
                         mean=kept(mean(accs)), lowest=kept(min(accs)), highest=kept(max(accs))))
    return rows

PARTS = dict(flat=flat, bender=bender, page=page, rivals=rivals, rates=rates, simple_net=small_net, starts=starts,
             dead=dead, scales=scales, teeth=teeth, digits=digits)

def main(names, check=False):
    for name in names or PARTS:
        start = time.perf_counter()
        found = PARTS[name](check)
        print(f'{name}: {time.perf_counter() - start:.0f} s', json.dumps(found)[:3000], flush=True)
        if check: continue
        recorded = json.loads(OUT.read_text()) if OUT.exists() else {}
        recorded = {k: v for k, v in (recorded | {name: found}).items() if k in PARTS}
        write_whole(OUT, (json.dumps(recorded, indent=1, allow_nan=False) + '\n').encode())

if __name__ == '__main__':
    names = [o for o in sys.argv[1:] if o != '--check']
    if not set(names) <= set(PARTS): sys.exit(__doc__)
    main(names, check='--check' in sys.argv)
