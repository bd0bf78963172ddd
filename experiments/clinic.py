"""How often the check-up is right: `python -m experiments.clinic [programs | broken | healthy ...]`

Healthy trainings, which must not be called sick, and trainings with one fault or two, which must be, with the fault
named among the first two causes. All of them are small: scikit-learn's data sets, points and curves. The results are
written to sgd_course/content/results/clinic.json; with a name only that part is made again. It takes a quarter of an
hour on a quiet machine, less with `--jobs=4`, which spreads the runs over processes. `--check` makes a short version
and writes nothing; `--show NAME` prints the report of each run of one fault."""
import inspect, json, math, sys, time, warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import nn

from experiments.programs import PROGRAMS, examined
from sgd_course.checkup import Checkup, checkup
from sgd_course.examinations import EXAMINATIONS, examine_case
from sgd_course.files import write_whole
from sgd_course.recording import Watch
from sgd_course.seeds import seeded

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/clinic.json'

# Data: inputs, targets, and how many outputs a model needs. All inputs are standardised, targets of regressions too

def standard(x): return (x - x.mean(0))/x.std(0).clamp(min=1e-6)

@cache
def table(name):
    "One of scikit-learn's small sets as tensors"
    data = getattr(datasets, f'load_{name}')()
    x, y = torch.tensor(data.data, dtype=torch.float32), torch.tensor(data.target)
    if name=='diabetes': y = standard(y.float()[:, None])
    if name=='breast_cancer': y = y.float()[:, None]
    return (x/16 if name=='digits' else standard(x)), y

def circle(generator):
    x = torch.randn(800, 2, generator=generator)
    return x, (x.norm(dim=1)>1.2).long()

def wave(generator):
    x = 4*torch.rand(600, 1, generator=generator) - 2
    return x, torch.sin(2*x) + 0.1*torch.randn(600, 1, generator=generator)

DATA = {'digits': 10, 'iris': 3, 'wine': 3, 'breast_cancer': 1, 'diabetes': 1, 'circle': 2, 'wave': 1}
LOSSES = {'breast_cancer': F.binary_cross_entropy_with_logits, 'diabetes': F.mse_loss, 'wave': F.mse_loss}

def examples(name, generator):
    "Training and validation examples in an order of their own"
    x, y = {'circle': circle, 'wave': wave}[name](generator) if name in ('circle', 'wave') else table(name)
    order = torch.randperm(len(x), generator=generator)
    x, y, cut = x[order], y[order], len(x)*4//5
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])

# Models and optimisers

def net(n_in, n_out, hidden=(32,), act=nn.ReLU, norm=None, drop=0.):
    "A plain network"
    layers, sizes = [], [n_in, *hidden]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b)] + ([norm(b)] if norm else []) + [act()] + ([nn.Dropout(drop)] if drop else [])
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out))

def conv(n_in, n_out):
    "A small convolutional network for the digits; a plain one for everything else"
    if n_in!=64: return net(n_in, n_out, (24, 24))
    return nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, n_out))

def he(model):
    "He's spread, without which a deep network hardly begins"
    for m in model:
        if isinstance(m, nn.Linear): nn.init.kaiming_normal_(m.weight, nonlinearity='relu')
    return model

MODELS = {'one layer': lambda i, o: net(i, o), 'two layers': lambda i, o: net(i, o, (32, 32)),
    'tanh': lambda i, o: net(i, o, act=nn.Tanh), 'sigmoid': lambda i, o: net(i, o, act=nn.Sigmoid),
    'batch norm': lambda i, o: net(i, o, (32, 32), norm=nn.BatchNorm1d),
    'dropout': lambda i, o: net(i, o, (64,), drop=0.3),
    'five layers': lambda i, o: he(net(i, o, (32,)*5)), 'conv': conv}

def sgd(params, lr): return torch.optim.SGD(params, lr)
def momentum(params, lr): return torch.optim.SGD(params, lr, momentum=0.9)
OPTIMISERS = {'SGD': (sgd, 0.1), 'momentum': (momentum, 0.03), 'Adam': (torch.optim.Adam, 0.003)}

@dataclass
class Setup:
    "A training, ready to run; a fault changes a part of it"
    train:tuple
    valid:tuple
    model:nn.Module
    loss:object
    opt:object
    lr:float
    batch_size:int = 32
    shuffle:bool = True
    steps:int = 250
    loop:object = None # Own loop, from model, optimiser, loader and loss; `checkup`'s if `None`
    foreign:bool = False # Is the optimiser made for another model?

def fixed(make, seed):
    "A model whose weights depend on the seed alone"
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return make()

GRID, TRIAL = (1, 0.3, 0.1, 0.03), 50 # Factors for the usual rate, and a seed that is used for nothing else

@torch.no_grad()
def validated(s):
    "Validation loss of a trained model; infinity instead of NaN"
    loss = s.loss(s.model.eval()(s.valid[0]), s.valid[1]).item()
    s.model.train()
    return loss if math.isfinite(loss) else math.inf

def trained(s, seed):
    "A training that nobody watches; its validation loss"
    loader = batches(s, seeded(seed))
    opt = s.opt(s.model.parameters(), s.lr)
    for i in range(s.steps): healthy_body(s.model, opt, s.loss, *loader[i%len(loader)], None)
    return validated(s)

RATES = {} # Found before the runs; each process has all of them

def best_rate(case):
    "The usual rate, or of three smaller ones that with the lowest validation loss"
    data, model, opt = case
    usual = OPTIMISERS[opt][1]
    if model=='sigmoid': usual *= 10 if opt!='Adam' else 5 # A quarter of the slope of tanh, at each layer
    with torch.random.fork_rng([]):
        torch.manual_seed(TRIAL)
        return min((usual*f for f in GRID), key=lambda lr: trained(untuned(data, model, opt, TRIAL, lr), TRIAL))

def rate_for(case):
    if case not in RATES: RATES[case] = best_rate(case)
    return RATES[case]

def untuned(data, model, opt, seed, lr):
    "A training with a given rate"
    train, valid = examples(data, seeded(seed))
    made = fixed(lambda: MODELS[model](train[0].shape[1], DATA[data]), seed)
    return Setup(train, valid, made, LOSSES.get(data, F.cross_entropy), OPTIMISERS[opt][0], lr)

def setup(data, model, opt, seed):
    "A healthy training: its rate was chosen with other random numbers"
    return untuned(data, model, opt, seed, rate_for((data, model, opt)))

def constant(s):
    "The loss of the best constant answer on the validation examples"
    y = s.valid[1]
    if s.loss is F.mse_loss: return y.var(unbiased=False).item()
    share = y.flatten().long().bincount()/len(y)
    return torch.special.entr(share).sum().item()

def batches(s, generator):
    "Full batches, in an order that is drawn once"
    n = len(s.train[0])
    order = torch.randperm(n, generator=generator) if s.shuffle else torch.arange(n)
    size = min(s.batch_size, n)
    return [tuple(part[rows] for part in s.train) for rows in order.split(size) if len(rows)==size]

def examine_setup(s, seed):
    "The report on a training"
    loader = batches(s, seeded(seed))
    if not s.loop: return checkup(s.model, loader, s.loss, s.opt, s.lr, s.valid, s.steps)
    opt = s.opt((fixed(lambda: net(3, 3), 0) if s.foreign else s.model).parameters(), s.lr)
    with Checkup(s.model, opt, s.valid) as c:
        s.loop(s.model, opt, loader*(s.steps//len(loader) + 1), s.loss, s.valid[0])
    return c.report()

# Faults: each changes a healthy training. With the causes that are right, and the data and models it is tried on

CLASSES, NUMBERS, ALL = ('digits', 'wine', 'circle'), ('diabetes', 'wave'), ('digits', 'wine', 'wave', 'circle')
FAULTS = {}

def fault(causes, data=ALL, models=('one layer', 'two layers', 'tanh'), opts=('SGD', 'Adam', 'momentum')):
    "Put the function below into the table of faults"
    def decorate(f):
        FAULTS[f.__name__] = (f, {c.strip() for c in causes.split(',')}, data, models, opts)
        return f
    return decorate

def inputs(s, change): # Of training and validation alike
    return replace(s, train=(change(s.train[0]), s.train[1]), valid=(change(s.valid[0]), s.valid[1]))
def targets(s, change):
    return replace(s, train=(s.train[0], change(s.train[1])), valid=(s.valid[0], change(s.valid[1])))
def ended(s, *layers): return replace(s, model=nn.Sequential(*s.model, *layers))
def weights(s, change):
    with torch.no_grad():
        for m in s.model.modules():
            if isinstance(m, nn.Linear): change(m)
    return s
def slower(s, by): return replace(s, lr=s.lr*by)
def hot(y, n): return F.one_hot(y, n).float()

@fault('input not scaled', ('digits', 'wine'), opts=('SGD', 'momentum'))
def inputs_times_255(s): return inputs(s, lambda x: 255*x)
@fault('input not scaled', ('digits', 'wine', 'wave'))
def inputs_times_1000(s): return inputs(s, lambda x: 1000*x)
@fault('input not scaled, wrong preprocessing', ('digits', 'wine'), opts=('SGD',))
def inputs_divided_by_255_twice(s): return inputs(s, lambda x: x/255/16)
@fault('input not scaled', ('wine', 'diabetes'))
def one_feature_in_thousands(s):
    return inputs(s, lambda x: torch.cat([x[:, :1]*5000 + 9000, x[:, 1:]], 1))
@fault('input not scaled, wrong preprocessing', ('wine', 'diabetes'))
def large_offset(s): return inputs(s, lambda x: x + 300)
@fault('missing values, wrong preprocessing')
def nan_in_inputs(s):
    def spoil(x):
        x = x.clone()
        x[7, 0] = math.nan
        return x
    return inputs(s, spoil)
@fault('missing values, wrong preprocessing', NUMBERS)
def nan_in_targets(s):
    def spoil(y):
        y = y.clone()
        y[5] = math.nan
        return y
    return targets(s, spoil)
@fault('wrong preprocessing, layers')
def inputs_all_the_same(s): return inputs(s, lambda x: x[:1].expand_as(x).clone())
@fault('labels, wrong preprocessing', CLASSES)
def one_class_only(s): return targets(s, torch.zeros_like)
@fault('labels, layers', ('digits', 'wine'))
def labels_from_one(s):
    n = int(s.train[1].max()) + 1
    s.model[-1] = fixed(lambda: nn.Linear(s.model[-1].in_features, n + 1), 0)
    return targets(s, lambda y: y + 1)
@fault('labels, layers', ('digits', 'wine'))
def too_few_outputs(s):
    s.model[-1] = fixed(lambda: nn.Linear(s.model[-1].in_features, 2), 0)
    return s
@fault('order of the data', ('digits', 'wine', 'circle'))
def sorted_by_class(s):
    order = s.train[1].argsort()
    return replace(s, train=(s.train[0][order], s.train[1][order]), shuffle=False)
@fault('order of the data', NUMBERS)
def sorted_by_target(s):
    order = s.train[1][:, 0].argsort()
    return replace(s, train=(s.train[0][order], s.train[1][order]), shuffle=False)
@fault('labels, order of the data', ('digits', 'circle', 'wave'))
def labels_shuffled(s):
    return replace(s, train=(s.train[0], s.train[1][torch.randperm(len(s.train[1]), generator=seeded(5))]))
@fault('labels, order of the data', ('digits', 'circle', 'wave'))
def labels_one_row_late(s): return replace(s, train=(s.train[0], s.train[1].roll(1, 0)))
@fault('targets not scaled, wrong preprocessing, learning rate', NUMBERS)
def targets_times_1000(s): return targets(s, lambda y: 1000*y)
@fault('targets not scaled, wrong preprocessing', NUMBERS, opts=('Adam',))
def targets_far_from_zero(s): return targets(s, lambda y: y + 500)
@fault('leakage, order of the data', ('digits', 'wave'))
def validation_from_training(s): return replace(s, valid=(s.train[0][:100], s.train[1][:100]))
@fault('wrong preprocessing', ('digits', 'wine', 'diabetes'))
def validation_not_scaled(s): return replace(s, valid=(40*s.valid[0] + 100, s.valid[1]))

@fault('activation function, loss function', CLASSES)
def softmax_twice(s): return ended(s, nn.Softmax(1))
@fault('activation function, loss function', CLASSES)
def sigmoid_before_cross_entropy(s): return ended(s, nn.Sigmoid())
@fault('activation function, loss function', CLASSES)
def relu_before_cross_entropy(s): return ended(s, nn.ReLU())
@fault('activation function, loss function', CLASSES)
def tanh_before_cross_entropy(s): return ended(s, nn.Tanh())
@fault('activation function, loss function', ('breast_cancer',))
def sigmoid_twice(s): return ended(s, nn.Sigmoid())
@fault('activation function, loss function', ('breast_cancer',))
def relu_before_yes_or_no(s): return ended(s, nn.ReLU())
@fault('activation function, targets not scaled', NUMBERS)
def relu_at_the_output(s): return ended(s, nn.ReLU())
@fault('activation function, targets not scaled', NUMBERS)
def sigmoid_at_the_output(s): return ended(s, nn.Sigmoid())
@fault('activation function, targets not scaled', NUMBERS)
def tanh_at_the_output(s): return ended(targets(s, lambda y: 3*y), nn.Tanh())
@fault('layers, loss function, activation function', ('breast_cancer',))
def softmax_over_one_number(s): return replace(ended(s, nn.Softmax(1)), loss=F.binary_cross_entropy)
@fault('layers, loss function, activation function', ('breast_cancer',))
def cross_entropy_with_one_output(s):
    return replace(targets(s, lambda y: y[:, 0].long()*0), loss=F.cross_entropy)
@fault('activation function', CLASSES)
def softmax_over_the_batch(s):
    n = s.model[-1].out_features
    return replace(ended(targets(s, lambda y: hot(y, n)), nn.Softmax(0)), loss=F.binary_cross_entropy)
@fault('loss function, activation function', CLASSES)
def scores_as_log_probabilities(s): return replace(s, loss=F.nll_loss)
@fault('loss function, activation function', CLASSES)
def probabilities_as_log_probabilities(s): return replace(ended(s, nn.Softmax(1)), loss=F.nll_loss)
@fault('loss function, activation function, labels', ('digits',), opts=('SGD',))
def class_numbers_by_squares(s):
    s.model[-1] = fixed(lambda: nn.Linear(s.model[-1].in_features, 1), 0)
    return replace(slower(targets(s, lambda y: y.float()[:, None]), 0.02), loss=F.mse_loss)
@fault('loss function, activation function', ('digits', 'wine'), opts=('SGD',))
def squares_after_softmax(s):
    n = s.model[-1].out_features
    return slower(replace(ended(targets(s, lambda y: hot(y, n)), nn.Softmax(1)), loss=F.mse_loss), 0.1)
@fault('loss function, learning rate', ('digits', 'wine', 'circle', 'wave'), opts=('SGD', 'momentum'))
def summed_loss(s):
    own = s.loss
    return slower(replace(s, loss=lambda p, y: own(p, y, reduction='sum')), 5)
@fault('broadcasting, labels', NUMBERS)
def column_against_row(s): return targets(s, lambda y: y[:, 0])
@fault('broadcasting, labels', NUMBERS)
def column_against_row_by_hand(s):
    return replace(targets(s, lambda y: y[:, 0]), loss=lambda p, y: ((p - y)**2).mean())

class Mix(nn.Module):
    "Takes the wrong dimension for that of the features"
    def forward(self, x): return x - x.mean(0)
@fault('batch mixing, layers')
def mean_over_the_batch(s): return replace(s, model=nn.Sequential(Mix(), *s.model))
class Scramble(nn.Module):
    "A reshape where a transpose was meant"
    def forward(self, x): return x.t().reshape(x.shape)
@fault('batch mixing, layers', ('digits', 'wine', 'diabetes'))
def reshaped_instead_of_transposed(s): return replace(s, model=nn.Sequential(Scramble(), *s.model))

class Cut(nn.Module):
    "Lets no gradient through"
    def forward(self, x): return x.detach()
@fault('gradient cut off, layers')
def detached_in_the_middle(s): return replace(s, model=nn.Sequential(*s.model[:-1], Cut(), s.model[-1]))
class Numpy(nn.Module):
    "A detour through NumPy"
    def forward(self, x): return torch.from_numpy(x.detach().numpy()) if x.requires_grad else x
@fault('gradient cut off, layers')
def through_numpy(s): return ended(s, Numpy())
@fault('gradient cut off, optimiser')
def all_frozen(s):
    s.model.requires_grad_(False)
    return s

def looped(body):
    "A loop of one's own"
    def loop(model, opt, batches, loss_func, valid):
        for x, y in batches: body(model, opt, loss_func, x, y, valid)
    return loop
def healthy_body(model, opt, loss_func, x, y, valid):
    loss_func(model(x), y).backward()
    opt.step()
    opt.zero_grad()
def uncleared(model, opt, loss_func, x, y, valid):
    loss_func(model(x), y).backward()
    opt.step()
def too_early(model, opt, loss_func, x, y, valid):
    loss_func(model(x), y).backward()
    opt.zero_grad()
    opt.step()
def stepless(model, opt, loss_func, x, y, valid):
    opt.zero_grad()
    loss_func(model(x), y).backward()
def clipping(model, opt, loss_func, x, y, valid):
    loss_func(model(x), y).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1e-4)
    opt.step()
    opt.zero_grad()
def training_mode(model, opt, loss_func, x, y, valid):
    healthy_body(model, opt, loss_func, x, y, valid)
    with torch.no_grad(): model(valid)
def evaluation_mode(model, opt, loss_func, x, y, valid):
    model.eval()
    healthy_body(model, opt, loss_func, x, y, valid)

@fault('gradients not cleared')
def never_cleared(s): return replace(s, loop=looped(uncleared))
@fault('gradients cleared too early')
def cleared_before_the_step(s): return replace(s, loop=looped(too_early))
@fault('optimiser, gradient cut off')
def no_step(s): return replace(s, loop=looped(stepless))
@fault('optimiser')
def optimiser_of_another_model(s): return replace(s, loop=looped(healthy_body), foreign=True)
@fault('optimiser')
def last_layer_not_in_the_optimiser(s):
    own = s.opt
    return replace(s, opt=lambda params, lr: own([*params][:-2], lr))
@fault('clipping, learning rate', opts=('SGD',))
def clipped_to_nothing(s): return replace(s, loop=looped(clipping))
@fault('train and eval mode', models=('batch norm', 'dropout'))
def validated_in_training_mode(s): return replace(s, loop=looped(training_mode))
@fault('train and eval mode', models=('batch norm', 'dropout'))
def trained_in_evaluation_mode(s): return replace(s, loop=looped(evaluation_mode))
class AlwaysDrop(nn.Module):
    "Dropout in evaluation mode, too"
    def forward(self, x): return F.dropout(x, 0.3)
@fault('train and eval mode')
def dropout_always_on(s): return replace(s, model=nn.Sequential(*s.model[:-1], AlwaysDrop(), s.model[-1]))

@fault('learning rate', opts=('SGD', 'Adam'))
def rate_thousand_times_too_small(s): return slower(s, 1e-3)
@fault('learning rate', opts=('SGD',))
def rate_hundred_times_too_small(s): return slower(s, 1e-2)
@fault('learning rate', ('digits', 'wave', 'circle'), opts=('SGD', 'momentum'))
def rate_hundred_times_too_large(s): return slower(s, 100)
@fault('learning rate', opts=('SGD', 'momentum'))
def rate_thousand_times_too_large(s): return slower(s, 1000)
@fault('learning rate', opts=('Adam',))
def adam_with_a_rate_of_1(s): return replace(s, lr=1.)
@fault('learning rate, too few epochs', ('digits', 'circle'), opts=('SGD',))
def rate_of_zero(s): return slower(s, 0)
@fault('initialisation', models=('one layer', 'two layers'))
def all_weights_equal(s): return weights(s, lambda m: m.weight.fill_(0.1))
@fault('initialisation, dead units', models=('one layer', 'two layers'))
def all_weights_zero(s): return weights(s, lambda m: (m.weight.zero_(), m.bias.zero_()))
@fault('initialisation', models=('two layers', 'tanh'))
def weights_from_a_normal(s):
    g = seeded(3)
    return weights(s, lambda m: m.weight.copy_(3*torch.randn(m.weight.shape, generator=g)))
@fault('initialisation', models=('two layers',), opts=('SGD',))
def tiny_weights(s): return weights(s, lambda m: m.weight.mul_(0.005))
@fault('dead units, initialisation')
def dead_layer(s):
    first = next(m for m in s.model if isinstance(m, nn.Linear))
    s.model[1] = nn.ReLU()
    with torch.no_grad(): first.bias.fill_(-100.)
    return s
@fault('activation function, initialisation, layers', ('digits', 'wine', 'circle'), opts=('SGD',))
def ten_sigmoid_layers(s):
    made = fixed(lambda: net(s.train[0].shape[1], s.model[-1].out_features, (20,)*10, nn.Sigmoid), 1)
    return replace(s, model=made)
@fault('activation function, layers', ('circle', 'wave'))
def no_activation(s): return replace(s, model=nn.Sequential(*(m for m in s.model if isinstance(m, nn.Linear))))
@fault('batch size', ('digits', 'wine'), models=('batch norm',))
def batch_norm_with_two(s): return replace(s, batch_size=2)
@fault('too few epochs, batch size, learning rate', ('digits',), opts=('SGD',))
def ten_steps(s): return replace(slower(s, 0.3), steps=10)
@fault('batch size, too few epochs, learning rate', ('digits', 'circle'), opts=('SGD',))
def one_batch_is_the_epoch(s): return replace(slower(s, 0.3), batch_size=640, steps=20)
@fault('overfitting', ('wine', 'diabetes'), models=('two layers',), opts=('Adam',))
def forty_examples_for_ever(s):
    y = s.train[1][:40]
    y = y[torch.randperm(40, generator=seeded(1))]
    return replace(s, train=(s.train[0][:40], y), lr=0.01, steps=800)

PAIRS = [('inputs_times_1000', 'rate_hundred_times_too_large'), ('softmax_twice', 'rate_hundred_times_too_small'),
    ('all_weights_equal', 'never_cleared'), ('sorted_by_class', 'softmax_twice'),
    ('relu_at_the_output', 'never_cleared'),
    ('labels_shuffled', 'validation_not_scaled')]

def drawn(name, seed):
    "The training of one fault and one seed"
    change, _, data, models, opts = FAULTS[name]
    return setup(data[seed%len(data)], models[seed%len(models)], opts[seed%len(opts)], 100 + seed)

def report_on(name, seed):
    "The report on one fault, or what it stopped with"
    first, *second = name.split(' + ')
    s = FAULTS[first][0](drawn(first, seed))
    if second: s = FAULTS[second[0]][0](s)
    with torch.random.fork_rng([]), warnings.catch_warnings(action='ignore'):
        torch.manual_seed(seed)
        try: return examine_setup(s, seed)
        except (RuntimeError, ValueError, IndexError) as e: return f'{type(e).__name__}: {e}'

def broken_run(case):
    "Whether a fault is noticed, and whether it is named"
    report, right = report_on(*case), set.union(*(FAULTS[name][1] for name in case[0].split(' + ')))
    if isinstance(report, str): return dict(sick=False, named=False, found=[report])
    named = report.sick and bool(right & {*report.causes[:2]})
    return dict(sick=report.sick, named=named, found=report.causes[:3])

def healthy_run(case):
    """What a healthy training is called, or nothing if it is none

    Healthy is what reaches a validation loss of at most 0.8 times that of the best constant answer. That rule knows
    nothing of the check-up; what does not reach it is counted, and left out."""
    *what, seed = case
    with torch.random.fork_rng([]), warnings.catch_warnings(action='ignore'):
        torch.manual_seed(seed)
        s = setup(*what, seed)
        if trained(replace(s, model=deepcopy(s.model)), seed)>0.8*constant(s): return None
        report = examine_setup(s, seed)
    return dict(sick=report.sick, found={f.name: f.severity for f in report.findings})

def program_run(name):
    "What is found in a public program, faulty and repaired"
    program = PROGRAMS[name]
    faulty, repaired = examined(program, False), examined(program, True)
    return dict(causes=sorted(program.CAUSES), source=getattr(program, 'SOURCE', 'question'), detected=faulty.sick,
        named=faulty.sick and bool(program.CAUSES & {*faulty.causes[:2]}), found=faulty.causes[:3], alarm=repaired.sick,
        alarms=[f.name for f in repaired.findings if f.severity=='sick'])

# Parts of the record. Each gets a function like `map`, which may spread the runs over processes

def broken(each, quick):
    "For each fault, in how many runs it was noticed and named"
    names, seeds, rows = [*FAULTS, *map(' + '.join, PAIRS)], range(1 if quick else 5), {}
    cases = [(name, seed) for name in (names[::12] if quick else names) for seed in seeds]
    for (name, seed), run in zip(cases, each(broken_run, cases)):
        row = rows.setdefault(name, dict(runs=0, sick=0, named=0))
        for key, value in dict(runs=1, sick=run['sick'], named=run['named']).items(): row[key] += value
        if not (run['sick'] and run['named']): print(name, seed, run, flush=True)
    return rows

def healthy(each, quick):
    "False alarms on healthy trainings, by examination"
    alarms, watched, runs, which, poor = Counter(), Counter(), 0, [], []
    cases = [(d, m, o, s) for d in DATA for m in MODELS for o in OPTIMISERS for s in range(2)]
    cases = cases[::80] if quick else cases
    for case, run in zip(cases, each(healthy_run, cases)):
        name = ', '.join(map(str, case))
        if run is None: poor.append(name)
        else:
            runs += 1
            if run['sick']: which.append(name)
            for found, severity in run['found'].items(): (alarms if severity=='sick' else watched)[found] += 1
            if run['sick']: print(name, run, flush=True)
    return dict(runs=runs, sick=len(which), which=which, poor=poor, alarms=alarms, watched=watched,
        examinations=len(EXAMINATIONS))

def programs(each, quick):
    "The public programs, faulty and repaired"
    names = list(PROGRAMS)[:2] if quick else list(PROGRAMS)
    return dict(zip(names, each(program_run, names)))

PARTS = dict(programs=programs, broken=broken, healthy=healthy)

def summary(name, found):
    "One line for the terminal"
    if name=='healthy':
        return (f'{found["sick"]} of {found["runs"]} called sick {dict(found["alarms"])} {found["which"]}; '
            f'not healthy: {found["poor"]}')
    if name=='programs':
        said = {key: sum(r[key] for r in found.values()) for key in ('detected', 'named', 'alarm')}
        return f'{len(found)} programs: {said}'
    runs, noticed, named = (sum(r[key] for r in found.values()) for key in ('runs', 'sick', 'named'))
    weak = {k: (r['sick'], r['named']) for k, r in found.items() if min(r['sick'], r['named'])<r['runs']}
    return f'{len(found)} faults, {noticed}/{runs} noticed, {named}/{runs} named; not all: {weak}'

def bare(text):
    "Code without its comments, imports and blanks"
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(('#', 'import ', 'from '))]
    return ''.join(''.join(lines).split())

def code_key():
    "Changes with all code that a verdict hangs on"
    tools = sys.modules[checkup.__module__]
    names = 'checkup', 'trial_run', 'validate', 'experiments', 'descend_on', 'ten_by_heart', 'loss_after', 'mixed_share'
    texts = [inspect.getsource(getattr(tools, name)) for name in names]
    paths = [Path(inspect.getfile(Watch)), Path(inspect.getfile(examine_case)), Path(__file__),
        *sorted((Path(__file__).parent/'programs').glob('*.py'))]
    texts += [path.read_text(encoding='utf-8') for path in paths]
    return sha256('\n'.join(map(bare, texts)).encode()).hexdigest()[:16]

def start(rates):
    "A process begins"
    torch.set_num_threads(1)
    RATES.update(rates)

def spread(jobs):
    "A function like `map` that spreads its work over processes"
    def each(function, cases):
        with ProcessPoolExecutor(jobs, get_context('spawn'), start, (RATES,)) as pool:
            yield from pool.map(function, cases)
    return each

def main(names, check=False, jobs=1):
    each = spread(jobs) if jobs>1 else map
    if not check and {*names} & {'healthy', 'broken'}:
        cases = [(d, m, o) for d in DATA for m in MODELS for o in OPTIMISERS]
        RATES.update(zip(cases, each(best_rate, cases)))
    for name in names:
        began = time.perf_counter()
        found = PARTS[name](each, check)
        print(f'{name}, {time.perf_counter() - began:.0f} s: {summary(name, found)}', flush=True)
        if check: continue
        recorded = json.loads(OUT.read_text()) if OUT.exists() else {}
        recorded |= {name: found, 'code': code_key()}
        write_whole(OUT, (json.dumps(recorded, indent=1, allow_nan=False) + '\n').encode())

if __name__=='__main__':
    options = [o for o in sys.argv[1:] if o.startswith('--')]
    names = [o for o in sys.argv[1:] if not o.startswith('--')]
    jobs = [int(o[7:]) for o in options if o.startswith('--jobs=')]
    if options==['--show']:
        for name in names:
            for seed in range(5): print(name, seed, report_on(name, seed), sep='\n', end='\n\n')
    elif not set(names) <= set(PARTS): sys.exit(__doc__)
    else: main(names or list(PARTS), '--check' in options, *jobs)
