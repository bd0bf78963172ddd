"""One valid call of every public function, class and method of the package, for the fuzz

`calls(module)` gives for each name what is called, and a function that makes its arguments anew."""
import importlib, io, pkgutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import sgd_course
from sgd_course import (backprop, bookkeeping, checks, checkup, climb, clinic, data, examinations, expect, figures,
    files, full_mnist, fused, glossary, graphs, learner, learning_rate, many_machines, mini_batches, nonlinearity,
    optimizers, patients, pictures, pixel_weights, plots, progress, quadratic_loss, questionnaire, recording, review,
    rungs, safe_training, saving, seal, seeds, sigmoid, sure, tricks, warps, workers)
from sgd_course.practice import exercises, mistakes, sandbox, verdicts, words

def T(*numbers): return torch.tensor(numbers)
def G(): return torch.Generator().manual_seed(1)
def rng(): return np.random.default_rng(1)
def random(*shape): return torch.rand(*shape, generator=G())
def square(w): return (w**2).sum()
def bowl(w): return (torch.tensor([1., 3.], dtype=w.dtype)*w**2).sum()
def param(*numbers, grad=True):
    p = T(*numbers).requires_grad_()
    if grad: p.grad = T(*(2*n for n in numbers))
    return p
def net(*sizes): return nonlinearity.mlp(sizes or (4, 3, 2), generator=G())
X, Y = random(8, 4), torch.arange(8)%2
def loader(): return mini_batches.DataLoader(X.clone(), Y.clone(), 4)
def learn(**more): return learner.Learner(net(), loader(), loader(), F.cross_entropy, device='cpu', **more)
def quick(): return fused.FusedLearner(net(), loader(), None, device='cpu')
def weights_of(model): return [p.detach().clone() for p in model.parameters()]
def sheet():
    "White paper with a bar on it"
    paper = torch.full((40, 40), 255, dtype=torch.uint8)
    paper[10:30, 18:22] = 0
    return paper
def claim():
    return {'runs': 21, 'held': 20, 'kind': 'chance', 'section': 'A', 'sentence': 'B', 'source': 'assert x > 0'}
def image(): return torch.arange(28*28).view(28, 28).remainder(251).to(torch.uint8)
def node(value=2.): return backprop.Node(value)
def used_node():
    p = node()
    (p*p).backward()
    return p
def layers(): return backprop.random_layers([2, 3, 2], rng=rng())
def exercise(): return exercises.find_exercise('quadratic_loss.valley')
def twos(): return np.array([[0.5, 1.], [1.5, 2.]])
def path_of_weights(): return [(random(784)*k, torch.tensor(0.1)*k) for k in range(3)]
def run():
    return figures.record_run('run', path_of_weights(), lambda w, b: 1.)
def measured(name='a'):
    return figures.record_losses(name, 2, lambda: None, lambda: 1., [1, 2], iter(range(99)).__next__)
TEXT = 'abc'

def moved(cls, **settings):
    "Weights after two steps of an optimiser"
    def call(params, **given):
        params = list(params) if not isinstance(params, (torch.Tensor, dict)) else params
        opt = cls(params, **given)
        opt.step()
        opt.step()
        return [p.detach() for p in opt.param_groups[0]['params']]
    return call, lambda: dict(params=[param(1., 2.), param(3.)], lr=0.1) | settings

def stepped(make):
    "A step of an optimiser with a closure"
    def call(closure):
        p = param(1., 2.)
        loss = make([p]).step(closure)
        return p.detach(), loss
    return call, lambda: dict(closure=lambda: torch.tensor(1.))

def loaded(make, key):
    "An optimiser that takes over a state of one like it, in which one setting is replaced"
    def call(value):
        opt = make([param(1., 2.)])
        opt.step()
        state = opt.state_dict()
        state['param_groups'][0][key] = value
        opt.load_state_dict(state)
        opt.step()
        return [p.detach() for p in opt.param_groups[0]['params']]
    return call, lambda: dict(value=make([param(1.)]).state_dict()['param_groups'][0][key])

def added(make):
    "An optimiser gets one more group"
    def call(params, lr):
        opt = make([param(1., 2.)])
        opt.add_param_group({'params': params, 'lr': lr})
        opt.step()
        return [p.detach() for group in opt.param_groups for p in group['params']]
    return call, lambda: dict(params=[param(3.)], lr=0.1)

def of_node(method, *given):
    "A method of a `Node`"
    def call(value, **others):
        n = backprop.Node(value)
        return getattr(n, method)(*given, *others.values())
    return call

def with_callback(make):
    "Two epochs with a callback"
    def call(**settings):
        learn_with = learn(callbacks=[make(**settings)])
        learn_with.fit(2)
        return weights_of(learn_with.model)
    return call

def schedule(**rules): return learner.Schedule(**rules)
def trained(learn_with, epochs):
    learn_with.fit(epochs)
    return weights_of(learn_with.model)
def made(cls):
    "A learner, and what one epoch makes of its weights"
    def call(**given):
        it = cls(**given, device='cpu')
        it.fit(1)
        return [*weights_of(it.model), *it.results.values()]
    return call
def resumed(path):
    learner.resume(learn(), path)
def state_with(key):
    "A learner gets a state in which one part is replaced"
    def call(value):
        it, other = learn(), learn(lr=0.2)
        other.fit(1)
        it.load_state(other.state() | {key: value})
        it.fit(1)
        return weights_of(it.model)
    return call, lambda: dict(value=learn().state()[key])

CALLS = {
    quadratic_loss: {
        'quadratic': lambda: dict(x=T(1., 2.)),
        'quartic': lambda: dict(w=T(1., 2.)),
        'slope': lambda: dict(f=lambda x: x**2, x=3., h=1e-3),
        'loss_at': lambda: dict(f=square, w=T(1., 2.)),
        'gradient': lambda: dict(f=square, w=T(1., 2.)),
        'numerical_gradient': lambda: dict(f=square, w=T(1., 2.), h=0.5),
        'descend': lambda: dict(f=square, w=T(1., 2.), lr=0.25, steps=3)},
    learning_rate: {
        'sgd_step': lambda: dict(params=[param(1., 2.), param(3.)], lr=0.1),
        'hessian': lambda: dict(f=bowl, w=T(1., 2.)),
        'lr_limit': lambda: dict(f=bowl, w=T(1., 2.)),
        'best_lr': lambda: dict(f=bowl, w=T(1., 2.)),
        'walk': lambda: dict(slope=lambda w: 2*w, w=T(1., 2.), lr=0.1, steps=3, noise=0.5, generator=G()),
        'step_halving': lambda: dict(t=3., lr0=0.5, every=2),
        'exponential_decay': lambda: dict(t=3., lr0=0.5, k=0.1),
        'inverse_time_decay': lambda: dict(t=3., lr0=0.5, k=0.1)},
    pixel_weights: {
        'class_means': lambda: dict(x=random(4, 3), y=torch.tensor([0, 1, 1, 0])),
        'l1_distance': lambda: dict(a=random(2, 3), b=T(1., 2., 3.)),
        'l2_distance': lambda: dict(a=random(2, 3), b=T(1., 2., 3.)),
        'accuracy': lambda: dict(scores=T(1., -2., 3.), y=T(1., 0., 0.)),
        'similarity_weights': lambda: dict(mean1=T(1., 2.), mean0=T(3., 5.)),
        'score': lambda: dict(x=T(1., 2.)[None], w=T(3., 4.), b=0.5),
        'fit_linear': lambda: dict(x=random(3, 2), y=T(1., -1., 1.), w=T(3., 4.), b=0.5, lr=0.1, steps=2),
        'one_vs_rest': lambda: dict(y=torch.tensor([0, 2, 1]), classes=3)},
    sigmoid: {
        'sigmoid': lambda: dict(z=T(-1., 2.)),
        'absolute_error': lambda: dict(p=T(0.5, 1.), y=T(0., 1.)),
        'squared_error': lambda: dict(p=T(0.5, 1.), y=T(0., 1.)),
        'cross_entropy': lambda: dict(p=T(0.5, 1.), y=T(0., 1.)),
        'cross_entropy_from_scores': lambda: dict(z=T(-1., 2.), y=T(0., 1.)),
        'train_linear': lambda: dict(x=random(6, 3), y=T(0., 1., 0., 1., 0., 1.), lr=0.5, epochs=2, batch_size=2,
            loss_func=sigmoid.cross_entropy_from_scores, report=lambda w, b: float(b), generator=G()),
        'fit_to_the_end': lambda: dict(x=random(6, 3), y=T(0., 1., 0., 1., 0., 1.)),
        'reliability': lambda: dict(p=T(0.5, 0.25, 1.), y=T(0., 1., 1.), bins=4),
        'calibration_error': lambda: dict(p=T(0.5, 0.25, 1.), y=T(0., 1., 1.), bins=4),
        'softmax': lambda: dict(z=T(1., 2.)),
        'softmax_cross_entropy': lambda: dict(z=random(3, 2), y=torch.tensor([0, 1, 1]))},
    mini_batches: {
        'DataLoader': (lambda **k: list(mini_batches.DataLoader(**k)), lambda: dict(x=random(5, 2), y=torch.arange(5),
            batch_size=2, shuffle=True, drop_last=False, generator=G())),
        'SGD': moved(mini_batches.SGD),
        'SGD.step': stepped(lambda params: mini_batches.SGD(params, 0.1)),
        'SGD.add_param_group': added(lambda params: mini_batches.SGD(params, 0.1)),
        'SGD.load_state_dict': loaded(lambda params: mini_batches.SGD(params, 0.1), 'lr'),
        'train_epoch': lambda: dict(model=(m := net()), loader=loader(), loss_func=F.cross_entropy,
            opt=mini_batches.SGD(m.parameters(), 0.1)),
        'epoch_mean': lambda: dict(means=T(1., 2.), sizes=[3, 2])},
    nonlinearity: {
        'relu': lambda: dict(x=T(-1., 2.)),
        'tanh': lambda: dict(x=T(-1., 2.)),
        'he_std': lambda: dict(n_in=8, n_out=2),
        'xavier_std': lambda: dict(n_in=8, n_out=2),
        'init_weights': (lambda **k: weights_of(nonlinearity.init_weights(**k)),
            lambda: dict(model=net(), std=0.5, generator=G())),
        'mlp': (lambda **k: weights_of(nonlinearity.mlp(**k)),
            lambda: dict(sizes=[3, 2, 1], activation=nn.ReLU, std=0.5, generator=G())),
        'count_parameters': lambda: dict(model=net()),
        'train_net': lambda: dict(model=net(), x=X.clone(), y=Y.clone(), lr=0.1, epochs=2, batch_size=4,
            loss_func=F.cross_entropy, report=count_loss, generator=G()),
        'simple_net': (lambda **k: weights_of(nonlinearity.simple_net(**k)),
            lambda: dict(n_in=4, n_hidden=3, n_out=2, generator=G())),
        'layer_outputs': lambda: dict(model=net(), x=X.clone()),
        'dead_units': lambda: dict(model=net(), x=X.clone()),
        'Scaler': (lambda x, z: (s := nonlinearity.Scaler(x))(z) + s.invert(s(z)),
            lambda: dict(x=random(5, 2), z=random(3, 2))),
        'to_scale': lambda: dict(x=random(3, 2), mean=T(1., 2.), std=T(3., 4.)),
        'from_scale': lambda: dict(z=random(3, 2), mean=T(1., 2.), std=T(3., 4.))},
    full_mnist: {
        'digit_loaders': (lambda **k: len(full_mnist.digit_loaders(**k)[0]),
            lambda: dict(batch_size=1000, valid=0, generator=G())),
        'digit_accuracy': lambda: dict(scores=random(4, 3), y=torch.tensor([0, 1, 2, 0])),
        'evaluate': lambda: dict(model=net(), loader=loader(), functions={'loss': F.cross_entropy}, device='cpu'),
        'confusion_matrix': lambda: dict(y=torch.tensor([0, 1, 2]), said=torch.tensor([0, 2, 2]), classes=3),
        'predict': lambda: dict(model=net(784, 10), source=image())},
    learner: {
        'Learner': (made(learner.Learner), lambda: dict(model=net(), train=loader(), valid=loader(),
            loss_func=F.cross_entropy, opt_func=mini_batches.SGD, lr=0.1, callbacks=[learner.Recorder()],
            metrics=[full_mnist.digit_accuracy])),
        'Learner.fit': (lambda epochs: trained(learn(), epochs), lambda: dict(epochs=1)),
        **{f'Learner.load_state.{key}': state_with(key) for key in learn().state()},
        'Recorder': (with_callback(learner.Recorder), dict),
        'triangle': lambda: dict(done=0.5, peak=0.5, rise=0.25),
        'Schedule': (with_callback(schedule), lambda: dict(lr=lambda done: 0.1)),
        'EarlyStopping': (with_callback(learner.EarlyStopping),
            lambda: dict(patience=1, watch='valid_loss', larger=False)),
        'Checkpoint': (with_callback(learner.Checkpoint), lambda: dict(path=Path('checkpoint.pt'))),
        'resume': (resumed, lambda: dict(path=written()))},
    safe_training: {'ProgressBar': (with_callback(learner.ProgressBar), lambda: dict(every=0.5, out=io.StringIO()))},
    workers: {
        'Workers': (lambda timeout: workers.Workers(timeout).size, lambda: dict(timeout=60.)),
        'DieOnce': (lambda **given: workers.DieOnce(**given).epoch, lambda: dict(path=Path('died'), epoch=3, batch=2)),
        'ReadLater': (lambda **given: [*workers.ReadLater(**given)],
            lambda: dict(numbers=mini_batches.DataLoader(Y, Y, 4), read=lambda rows: (rows*2., rows)))},
    saving: {
        'save_model': lambda: dict(path=Path('model.pt'), model=net()),
        'load_model': (lambda path: weights_of(learner.load_model(path)), lambda: dict(path=written('model')))},
    bookkeeping: {
        'Optimiser': moved(bookkeeping.Optimiser, weight_decay=0.25),
        'two_shares': lambda: dict(name='betas', value=(0.5, 0.75)),
        'settings_of': lambda: dict(cls=optimizers.Adam)},
    optimizers: {
        'running_mean': lambda: dict(values=T(1., 2., 3.), beta=0.5, corrected=True),
        'best_momentum': lambda: dict(f=bowl, w=T(1., 2.)),
        'Momentum': moved(optimizers.Momentum, momentum=0.5, weight_decay=0.25),
        'Nesterov': moved(optimizers.Nesterov, momentum=0.5, weight_decay=0.25),
        'RMSprop': moved(optimizers.RMSprop, alpha=0.5, eps=0.25, weight_decay=0.25, momentum=0.5),
        'Adam': moved(optimizers.Adam, betas=(0.5, 0.75), eps=0.25, weight_decay=0.25),
        'AdamW': moved(optimizers.AdamW, betas=(0.5, 0.75), eps=0.25, weight_decay=0.25),
        'Adam.step': stepped(lambda params: optimizers.Adam(params, 0.1)),
        'Adam.add_param_group': added(lambda params: optimizers.Adam(params, 0.1)),
        **{f'Adam.load_state_dict.{key}': loaded(lambda params: optimizers.Adam(params, 0.1), key)
            for key in ('lr', 'betas', 'eps', 'weight_decay')},
        'optimiser_path': lambda: dict(f=lambda a, b: a**2 + b**2, start=T(1., 2.), opt_func=mini_batches.SGD, lr=0.25,
            steps=3),
        'line': lambda: dict(done=0.5, start=1., end=3.),
        'cosine': lambda: dict(done=0.5, start=1., end=3.),
        'combine': (lambda first, second, f, g, done: optimizers.combine((first, f), (second, g))(done),
            lambda: dict(first=0.5, second=0.5, f=lambda d: d, g=lambda d: 1 - d, done=0.75)),
        'warm_up_cosine': lambda: dict(done=0.5, peak=2., rise=0.25),
        'one_cycle': lambda: dict(done=0.5, peak=2., rise=0.25, start=0.5, end=0.25),
        'valley': lambda: dict(a=T(1., 2.), b=T(2., 3.)),
        'saddle': lambda: dict(a=T(1., 2.), b=T(2., 3.)),
        'remembered': lambda: dict(opt=mini_batches.SGD([param(1.)], 0.1))},
    rungs: {'climb_history': lambda: dict()},
    climb: {
        'flattery': lambda: dict(right=random(3, 8) > 0.5, rounds=2, generator=G()),
        'sureness': lambda: dict(scores=random(8, 3), y=Y),
        'best_temperature': lambda: dict(scores=random(8, 3), y=Y),
        'spoil': lambda: dict(images=random(2, 28, 28), kind='noisy', generator=G())},
    many_machines: {
        'ring_all_reduce': lambda: dict(values=T(1., 2.), rank=0, p=1, exchange=print),
        'step_time': lambda: dict(p=4, compute=0.5, nbytes=1000., bandwidth=1e6, latency=0.001),
        'best_machines': lambda: dict(compute=0.5, nbytes=1000., bandwidth=1e6, latency=0.001),
        'noise_scale': lambda: dict(small=T([1., 2.], [2., 1.]), big=T(1.5, 1.25), b=2, B=8),
        'largest': lambda: dict(values=T(1., -3., 2.), share=0.5),
        'eight_bits': lambda: dict(values=T(1., -3., 2.)),
        'stale_limit': lambda: dict(delay=2)},
    backprop: {
        'Node': (lambda value, name: backprop.Node(value, name), lambda: dict(value=2., name='w')),
        **{f'Node.{name}': (of_node(f'__{name}__'), lambda: dict(value=2., other=3.))
            for name in ('add', 'mul', 'radd', 'rmul', 'sub', 'truediv', 'rsub', 'rtruediv', 'pow')},
        **{f'Node.{name}': (of_node(name), lambda: dict(value=2.)) for name in ('exp', 'log', 'tanh', 'relu')},
        'record': (lambda op, rule, a: backprop.record(op, rule, a),
            lambda: dict(op='twice', rule=lambda a: (2*a, (2.,)), a=3.)),
        'topological_order': lambda: dict(last=node()*3),
        'node_step': lambda: dict(params=[used_node(), used_node()], lr=0.125),
        'shrink': lambda: dict(images=image()[None]),
        'random_layers': lambda: dict(sizes=[2, 3, 2], gain=0.5, rng=rng()),
        'loss_layer': lambda: dict(scores=twos(), y=np.array([0, 1])),
        'pack': lambda: dict(layers=layers()),
        'unpack': lambda: dict(vector=backprop.pack(layers()), like=layers()),
        'net_forward': lambda: dict(layers=layers(), x=twos(), activation='tanh'),
        'net_gradient': lambda: dict(layers=layers(), x=twos(), y=np.array([0, 1]), activation='tanh'),
        'nudged_gradient': lambda: dict(layers=layers(), x=twos(), y=np.array([0, 1]), activation='tanh', h=1e-4),
        'node_scores': lambda: dict(layers=[([[node(1.), node(2.)]], [node(3.), node(4.)])], x=[0.5]),
        'node_loss': lambda: dict(scores=[node(1.), node(2.)], y=1)},
    fused: {
        'FusedNet': (lambda model: fused.FusedNet(model).vector, lambda: dict(model=net())),
        'FusedNet.gradient': (lambda x, y: fused.FusedNet(net()).gradient(x, y),
            lambda: dict(x=X.clone(), y=Y.clone())),
        'FusedNet.descend': (lambda x, y, lr: (n := fused.FusedNet(net())).descend(x, y, lr) + n.vector.detach().sum(),
            lambda: dict(x=X.clone(), y=Y.clone(), lr=0.1)),
        'FusedAdam': (moved(fused.FusedAdam)[0],
            lambda: dict(params=[param(1., 2.)], lr=0.125, betas=(0.5, 0.75), eps=0.25)),
        'FusedLearner': (made(fused.FusedLearner), lambda: dict(model=net(), train=loader(), valid=loader(),
            loss_func=F.cross_entropy, opt_func=mini_batches.SGD, lr=0.1, callbacks=[learner.Recorder()])),
        'FusedLearner.fit': (lambda epochs: trained(quick(), epochs), lambda: dict(epochs=1))},
    data: {
        'md5_sum': lambda: dict(data=b'abc'),
        'idx_bytes': lambda: dict(array=np.arange(6, dtype=np.uint8)),
        'load_mnist': lambda: dict(split='test'),
        'to_float': lambda: dict(images=image()),
        'to_vectors': lambda: dict(images=image()),
        'class_quotas': lambda: dict(counts=torch.tensor([4, 6]), total=5),
        'train_valid_split': lambda: dict(labels=torch.tensor([0, 1, 0, 1, 1]), valid=2, generator=G()),
        'threes_and_sevens': lambda: dict(split='test'),
        'cache_folder': dict,
        'torchvision_folder': (lambda folder: None, lambda: dict(folder='digits')),
        'digit_from_image': lambda: dict(source=image())},
    graphs: {'draw_graph': lambda: dict(last=node()*3, gradients=True, size=(1.3, 0.8))},
    plots: {
        'use_style': dict,
        'luminance': lambda: dict(color='red'),
        'contrast': lambda: dict(a='red', b='white'),
        'show_images': lambda: dict(images=[image(), image()], titles=['a', 'b'], cols=2, size=1., cmap='gray', vmin=0.,
            vmax=255.)},
    figures: {
        'Figure': lambda: dict(name='graph', label=TEXT),
        'descent_figure': lambda: dict(curve='square', start=1., lr=0.25, noise=0.5, label=TEXT),
        'bowl_figure': lambda: dict(condition=10., lr=0.125, start=(3., 1.), label=TEXT),
        'losses_figure': lambda: dict(score=-3., target=1, reach=8, label=TEXT),
        'race_figure': lambda: dict(surface='bowl', lrs=[0.125]*5, start=(1., 1.), label=TEXT),
        'draw_figure': lambda: dict(model=net(784, 10), start=3, label=TEXT),
        'toy_points': lambda: dict(kind='moons', n=4, generator=G()),
        'bend_figure': lambda: dict(points='moons', activation='relu', width=2, depth=1, lr=0.25, seed=0, label=TEXT),
        'record_run': lambda: dict(name='run', path=path_of_weights(), loss=lambda w, b: 1., moments=[0, 1, 3],
            shares=[0.5, 0.25, 1.]),
        'growing_figure': lambda: dict(runs=[run()], digits=image().expand(10, 28, 28).clone(), y=[0, 1]*5,
            names=('7', '3'), unit='step', label=TEXT),
        'gradient_plane': lambda: dict(gradients=random(4, 3)),
        'record_losses': lambda: dict(name='a', batch_size=2, step=lambda: None, loss=lambda: 1., moments=[1, 2],
            clock=iter(range(99)).__next__),
        'climb_figure': lambda: dict(history=rungs.climb_history(), label=TEXT,
            rungs=[dict(name='a', adds='b', error=2., spread=0.5, seeds=5, minutes=1., test=None)]),
        'warp_figure': lambda: dict(right=1., down=-1., turn=5., zoom=0.75, lean=5., elastic=0.5, label=TEXT),
        'machines_figure': lambda: dict(p=8, batch=64, weights=100_000, bandwidth=1e8, latency=1e-4, speed=1e8,
            label=TEXT),
        'batch_figure': lambda: dict(gradients={'a': random(4, 3)}, runs=[measured('a'), measured('b')], batch_size=2,
            axis='steps', label=TEXT),
        'graph_figure': lambda: dict(w=0.5, x=1.5, b=-0.5, t=1., label=TEXT),
        'clinic_figure': lambda: dict(number=3, label=TEXT)},
    glossary: {
        'Term': lambda: dict(term='loss', chapter='01_quadratic_loss', means='a number'),
        'all_terms': dict, 'by_letter': dict,
        'look_up': lambda: dict(word='loss'),
        'terms_table': lambda: dict(chapter='01_quadratic_loss'),
        'by_chapter': lambda: dict(titles={'01_quadratic_loss': 'A loss'})},
    questionnaire: {
        'check_question': lambda: dict(question=questionnaire.load_questions('sigmoid')[0]),
        'load_questions': lambda: dict(chapter='sigmoid'),
        'Questionnaire': (lambda **k: questionnaire.Questionnaire(**k)._repr_html_(),
            lambda: dict(questions=questionnaire.load_questions('sigmoid')[:1], label=TEXT)),
        'questionnaire': (lambda **k: questionnaire.questionnaire(**k)._repr_html_(), lambda: dict(chapter='sigmoid'))},
    sure: {
        'replication': dict, 'verdict': lambda: dict(claim=claim()),
        'verdict_table': lambda: dict(record={'01_quadratic_loss': [claim()]}),
        'sure_figure': lambda: dict(record={'01_quadratic_loss': [claim()]}), 'not_held': dict,
        'not_held_table': lambda: dict(claims=[{'chapter': '01_a', 'said': 'b', 'held': 1, 'runs': 21, 'now': 'c'}])},
    clinic: {
        'neighbour_share': lambda: dict(x=X.clone(), y=Y.clone()), 'chance_loss': lambda: dict(y=Y.clone()),
        'learn_by_heart': lambda: dict(model=net(), x=X.clone(), y=Y.clone(), loss_func=F.cross_entropy, steps=3),
        'gradient_sizes': lambda: dict(model=net(), x=X.clone(), y=Y.clone(), loss_func=F.cross_entropy),
        'step_ratios': lambda: dict(model=net(), x=X.clone(), y=Y.clone(), loss_func=F.cross_entropy,
            opt_func=torch.optim.SGD, lr=0.1),
        'rate_test': lambda: dict(model=net(), loader=loader(), loss_func=F.cross_entropy, opt_func=torch.optim.SGD,
            rates=[0.1, 1.]),
        'both_losses': lambda: dict(model=net(), train=loader(), valid=loader(), loss_func=F.cross_entropy)},
    progress: {
        'progress_file': dict, 'progress': dict, 'ProgressError': dict,
        'load_progress': lambda: dict(path=Path(fresh('.json'))),
        'note_solved': lambda: dict(name='sigmoid.a', path=Path(fresh('.json'))),
        'note_hint': lambda: dict(name='sigmoid.a', most=3, path=Path(fresh('.json'))),
        'Progress': (lambda **k: repr(progress.Progress(**k)),
            lambda: dict(record={'exercises': {'sigmoid.a': {'solved': None, 'hints': 1}}, 'review': {}}, said=TEXT)),
        'export_progress': lambda: dict(to=fresh('.csv'), path=Path(fresh('.json'))),
        'reset_progress': lambda: dict(chapter='sigmoid', path=Path(fresh('.json')))},
    review: {
        'cards_of': (lambda chapter: list(review.cards_of(chapter)), lambda: dict(chapter='sigmoid')),
        'review': (lambda chapter, most, path=None, read=None: review.review(chapter, most=most, path=path, read=read),
            lambda: dict(chapter='sigmoid', most=3, path=Path(fresh('.json')), read=lambda prompt: '')),
        'export_anki': (lambda to, chapter, path=None: review.export_anki(to, chapter, path=path),
            lambda: dict(to=fresh('.apkg'), chapter='sigmoid', path=Path(fresh('.json'))))},
    checks: {
        'check': (lambda **k: repr(checks.check(**k)), lambda: dict(name='sigmoid.nothing', answer=TEXT, limit=1.)),
        'hint': lambda: dict(name='quadratic_loss.nothing'),
        'solution': lambda: dict(name='quadratic_loss.nothing')},
    files: {
        'write_whole': lambda: dict(path=Path('whole.txt'), data=b'abc', ready=lambda: True),
        'read_whole': lambda: dict(path=Path(written())), 'write_trouble': lambda: dict(folder='.')},
    warps: {
        'bilinear': lambda: dict(images=random(2, 4, 4), moves=random(2, 2, 4, 4)),
        'warp': lambda: dict(images=random(2, 4, 4), moves=random(2, 2, 4, 4)),
        'shift_moves': lambda: dict(right=T(1., 2.), down=T(0.5, -1.), size=4),
        'affine_moves': lambda: dict(angle=T(10., 20.), zoom=T(1.5, 0.5), lean=T(0.5, -5.), size=4),
        'bells': lambda: dict(size=5, smooth=3., apart=2),
        'elastic_moves': lambda: dict(n=2, strength=1.5, smooth=2., size=4, generator=G()),
        'random_warp': lambda: dict(images=random(2, 4, 4), warps=warps.Warps(shift=0.5, elastic=0.25, smooth=1.5),
            share=0.5, generator=G()),
        'WarpedLoader': (lambda **k: list(warps.WarpedLoader(**k)), lambda: dict(warps=warps.Warps(turn=5.), share=0.5,
            loader=mini_batches.DataLoader(X.clone(), Y.clone(), 4, generator=G()))),
        'Ahead': (lambda **k: list(warps.Ahead(**k)), lambda: dict(loader=loader(), ready=2))},
    seal: {
        'sealed_test': (lambda **k: seal.sealed_test(**k).accuracy,
            lambda: dict(model=net(784, 10), name='a', recipe='b', again=True, home=fresh('sealed'))),
        'sealed_log': lambda: dict(home='sealed'), 'course_log': lambda: dict()},
    tricks: {
        'Dropout': (lambda share, generator: tricks.Dropout(share, generator=generator)(X), lambda: dict(share=0.5,
            generator=G())),
        'smoothed_cross_entropy': lambda: dict(scores=random(3, 4), y=torch.tensor([0, 1, 3]), smoothing=0.5),
        'AverageWeights': (with_callback(tricks.AverageWeights), lambda: dict(keep=0.5)),
        'Fade': (lambda loader, last: trained(learn(callbacks=[tricks.Fade(loader, last)]), 1),
            lambda: dict(loader=loader(), last=0.5)),
        'fold': (lambda models: weights_of(tricks.fold(models)), lambda: dict(models=[net(), net()])),
        'looking_aside': (lambda **k: weights_of(tricks.looking_aside(**k)),
            lambda: dict(model=net(784, 3), right=1, down=2)),
        'look_around': (lambda **k: weights_of(tricks.look_around(**k)), lambda: dict(model=net(784, 3), pixels=1))},
    patients: {'patient': (lambda number: str(patients.patient(number)), lambda: dict(number=1)),
        'new_patient': (lambda level, generator: patients.new_patient(level, generator=generator).record,
            lambda: dict(level=1, generator=G())),
        'diagnose': (lambda who, name: str(patients.diagnose(who, name)), lambda: dict(who=1, name='nothing'))},
    seeds: {'seeded': (lambda n: seeds.seeded(n).initial_seed(), lambda: dict(n=3)), 'shifted': lambda: dict(n=3)},
    pictures: {
        'cut_out': lambda: dict(ink=sheet().numpy().astype(int) - 255), 'find_ink': lambda: dict(source=sheet())},
    words: {
        'plain_maths': lambda: dict(text='$x$'), 'inline': lambda: dict(text='$x$'),
        'Words': (lambda text: words.Words(text)._repr_markdown_(), lambda: dict(text='$x$'))},
    verdicts: {
        'show': lambda: dict(value=T(1., 2.)),
        'Verdict': (lambda kind, title, sentence: verdicts.Verdict(kind, title, sentence)._repr_html_(),
            lambda: dict(kind='right', title='Right.', sentence='Yes.'))},
}
def count_loss(model): return model(X).sum().item()

# Names that are left out: engines behind `check`, which take nothing but exercises, and rules, which are tried by use
LEFT_OUT = {exercises: 'all', mistakes: 'all', sandbox: 'all', expect: 'all', verdicts: {'examine'}, data: {'Digits'},
    warps: {'Warps'}, seal: {'SealedLog'}, patients: {'DIAGNOSES', 'Seen', 'Patient', 'Answer'},
    checkup: 'all', examinations: 'all', recording: 'all', # NaN and junk are what a check-up looks for
    rungs: {'Rung', 'read_climb'}, climb: {'step_of'}, # They read the course's own record
    many_machines: {'average_gradients', 'train_share', 'in_processes'}} # They need a group of processes
# Arguments that a call is meant to change
CHANGES = {'sgd_step': {'params'}, 'node_step': {'params'}, 'SGD': {'params'}, 'Momentum': {'params'},
    'Nesterov': {'params'}, 'RMSprop': {'params'}, 'Adam': {'params'}, 'AdamW': {'params'}, 'FusedAdam': {'params'},
    'Optimiser': {'params'},
    'SGD.add_param_group': {'params'}, 'Adam.add_param_group': {'params'}, 'train_epoch': {'model', 'opt'},
    'init_weights': {'model'}, 'ring_all_reduce': {'values'}, 'train_net': {'model'},
    'Learner': {'model'}, 'FusedLearner': {'model'}}

def fresh(ending):
    "A name of a file that is not there"
    return f'{len(list(Path(".").iterdir()))}{ending}'

def written(kind='checkpoint'):
    "A file with a state or a model"
    path = Path(f'{kind}.written')
    if not path.exists():
        if kind=='model': learner.save_model(path, net())
        else: learn(callbacks=[learner.Checkpoint(path)]).fit(1)
    return path

def modules():
    "All modules of the package but the command line, whose arguments click checks"
    for found in pkgutil.walk_packages(sgd_course.__path__, 'sgd_course.'):
        if '.app.' not in found.name and '.content' not in found.name: yield importlib.import_module(found.name)

def public(module):
    "Names of the functions and classes that a module makes public"
    own = [(name, getattr(module, name)) for name in getattr(module, '__all__', ())]
    return [name for name, o in own if callable(o) and getattr(o, '__module__', None)==module.__name__]

def calls():
    "Name of the module, name of the call, what is called, and what makes its arguments anew, for all of the table"
    for module, table in CALLS.items():
        for name, o in table.items():
            function, make = o if isinstance(o, tuple) else (getattr(module, name), o)
            yield module.__name__.removeprefix('sgd_course.'), name, function, make
