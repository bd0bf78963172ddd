"Laws of `sgd_course.optimizers`: equal to torch.optim, and usable wherever one of PyTorch's is expected"
import copy, inspect, math, pickle, subprocess, sys, warnings
from functools import partial

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn, tensor
from torch.optim import lr_scheduler

from laws import law, one_thread
from repository import ROOT
from sgd_course.bookkeeping import Optimiser
from sgd_course.learner import Learner, Schedule
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.optimizers import (Adam, AdamW, Momentum, Nesterov, RMSprop, best_momentum, combine, cosine, line,
                                   one_cycle, optimiser_path, remembered, running_mean, warm_up_cosine)

def seeded(n): return torch.Generator().manual_seed(n)

# PyTorch's, with the defaults of ours
THEIRS = {Momentum: partial(torch.optim.SGD, momentum=0.9),
          Nesterov: partial(torch.optim.SGD, momentum=0.9, nesterov=True),
          RMSprop: torch.optim.RMSprop, Adam: torch.optim.Adam, AdamW: torch.optim.AdamW}
KINDS = list(THEIRS)

fractions = st.floats(0.01, 0.99)
decays = st.sampled_from([0., 0.01, 0.3])
eps = st.sampled_from([1e-8, 1e-3])
momenta = st.sampled_from([0., 0.5, 0.9])
# Rates at which the random problem below is stable, so that rounding errors are not blown up
SETTINGS = {Momentum: {'lr': st.floats(1e-5, 0.0005), 'momentum': fractions},
            Nesterov: {'lr': st.floats(1e-5, 0.0005), 'momentum': fractions},
            RMSprop: {'lr': st.floats(1e-4, 0.005), 'alpha': fractions, 'eps': eps, 'momentum': momenta},
            Adam: {'lr': st.floats(1e-4, 0.05), 'betas': st.tuples(fractions, fractions), 'eps': eps},
            AdamW: {'lr': st.floats(1e-4, 0.05), 'betas': st.tuples(fractions, fractions), 'eps': eps}}

@st.composite
def setups(draw, kinds=KINDS):
    "A class, its settings, and those of one or two groups"
    kind = draw(st.sampled_from(kinds))
    def some(): return {'weight_decay': draw(decays)} | {name: draw(o) for name, o in SETTINGS[kind].items()}
    return kind, some(), [some() for _ in range(draw(st.integers(1, 2)))]

shapes = st.lists(st.lists(st.integers(1, 4), max_size=3).map(tuple), min_size=1, max_size=5)
seeds = st.integers(0, 2**31)

def start(shapes, seed, dtype=torch.float64):
    g = seeded(seed)
    return [torch.randn(s, generator=g, dtype=dtype).requires_grad_() for s in shapes]

def grouped(make, common, groups, params):
    "An optimiser, parameters dealt out to the groups in turn"
    parts = [params[i::len(groups)] for i in range(len(groups))]
    return make([{'params': ps} | own for ps, own in zip(parts, groups) if ps], **common)

def loss_of(params, targets):
    return sum(((1 + i)*(p - y)**2/2 + (p + y).sin()).sum() for i, (p, y) in enumerate(zip(params, targets)))

def train(params, opt, seed, steps=40, skip=False, at=lambda k: None):
    "Steps on a loss with new targets each time; if `skip`, a random half of the parameters has no gradient"
    g = seeded(seed)
    for k in range(steps):
        targets = [torch.randn(p.shape, generator=g, dtype=torch.float64).to(p.dtype) for p in params]
        out = torch.rand(len(params), generator=g) < 0.5
        opt.zero_grad()
        loss_of(params, targets).backward()
        if skip:
            for p, o in zip(params, out): p.grad = None if o else p.grad
        opt.step()
        opt = at(k) or opt
    return opt

def same(a, b, tol=1e-6):
    for p, q in zip(a, b, strict=True): torch.testing.assert_close(p.detach(), q.detach(), atol=tol, rtol=tol)

# Equal to PyTorch's

@law(setups(), shapes, seeds, st.booleans(), examples=25)
def test_same_weights_as_torch_after_100_steps(setup, shapes, seed, skip):
    kind, common, groups = setup
    ours, other = start(shapes, seed), start(shapes, seed)
    train(ours, grouped(kind, common, groups, ours), seed, steps=100, skip=skip)
    train(other, grouped(THEIRS[kind], common, groups, other), seed, steps=100, skip=skip)
    same(ours, other)
    assert all(p.isfinite().all() for p in ours)

@law(setups(), shapes, seeds, examples=25)
def test_each_of_40_steps_in_short_numbers_is_torchs(setup, shapes, seed):
    "Each from the same place: near a gradient of 0, rounding decides its sign, and Adam makes a whole step of that"
    kind, common, groups = setup
    ours, other = start(shapes, seed, torch.float32), start(shapes, seed, torch.float32)
    opts, g = [grouped(kind, common, groups, ours), grouped(THEIRS[kind], common, groups, other)], seeded(seed)
    for _ in range(40):
        targets = [torch.randn(p.shape, generator=g) for p in ours]
        for params, opt in zip((ours, other), opts):
            opt.zero_grad()
            loss_of(params, targets).backward()
            opt.step()
        same(ours, other)
        assert all(p.dtype==torch.float32 for p in ours)
        with torch.no_grad():
            for p, q in zip(ours, other): p.copy_(q)

# bfloat16 has 8 bits; a hundred steps that are rounded at different places may differ by some of the last of them
@pytest.mark.parametrize('dtype, tol', [(torch.float32, 1e-6), (torch.bfloat16, 0.1)], ids=str)
@pytest.mark.parametrize('kind', KINDS)
def test_same_weights_as_torch_in_short_numbers(kind, dtype, tol):
    ours, other = start([(3, 4), (2,), ()], 1, dtype), start([(3, 4), (2,), ()], 1, dtype)
    for params, make in ((ours, kind), (other, THEIRS[kind])):
        train(params, make(params, lr=0.01, weight_decay=0.01), 2)
    same(ours, other, tol)
    assert all(p.dtype==dtype for p in ours)

@pytest.mark.parametrize('kind', KINDS)
def test_kinds_of_numbers_may_be_mixed(kind):
    "Parameters of several dtypes move as each does alone"
    def mixed(): return [o for d in (torch.float64, torch.float32, torch.bfloat16) for o in start([(2, 3), (3,)], 5, d)]
    together, alone = mixed(), mixed()
    train(together, kind(together, lr=0.01), 3, steps=20)
    opts = [kind([p], lr=0.01) for p in alone]
    class All:
        def step(self): [o.step() for o in opts]
        def zero_grad(self): [o.zero_grad() for o in opts]
    train(alone, All(), 3, steps=20)
    for p, q in zip(together, alone): assert torch.equal(p, q)

@pytest.mark.parametrize('kind', KINDS)
def test_signature_names_every_setting_with_torchs_default(kind):
    w = torch.zeros(1, requires_grad=True)
    first, lr, *others = inspect.signature(kind).parameters.values()
    assert (first.name, lr.name, lr.default)==('params', 'lr', inspect.Parameter.empty)
    torchs = THEIRS[kind]([w], lr=0.1).defaults
    ours = kind([w], lr=0.1).defaults
    assert ours=={name: torchs[name] for name in ours}
    settings = ours.keys() - {'lr'} - kind.variant.keys()
    assert {o.name: o.default for o in others}=={name: ours[name] for name in settings}

# Options of PyTorch's optimisers that ours do not have: some that change the method, and ways to compute the same
NOT_OURS = {'maximize', 'amsgrad', 'dampening', 'centered', 'foreach', 'fused', 'capturable', 'differentiable'}

def inputs_of_torch():
    "PyTorch's own inputs for the tests of its optimisers: class, description, settings"
    from torch.testing._internal.common_optimizers import optim_db # It needs expecttest
    for info in optim_db:
        if info.optim_cls not in (torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adam, torch.optim.AdamW): continue
        for given in info.optim_inputs_func(device='cpu', dtype=torch.float64):
            if not NOT_OURS & given.kwargs.keys(): yield info.optim_cls, given.desc, given.kwargs

def of_ours(other, settings):
    "Our class and settings for PyTorch's"
    if other is not torch.optim.SGD: return {o.__name__: o for o in KINDS}[other.__name__], settings
    settings = {'momentum': 0.} | settings
    return (Nesterov if settings.pop('nesterov', False) else Momentum), settings

@pytest.mark.slow
def test_torchs_own_inputs_give_the_same_weights():
    seen = []
    for other, desc, settings in inputs_of_torch():
        ours, theirs = start([(4, 3), (5,), ()], 1), start([(4, 3), (5,), ()], 1)
        peer = other(theirs, **settings)
        kind, settings = of_ours(other, {'lr': peer.defaults['lr']} | settings)
        train(ours, kind(ours, **settings), 2, steps=20)
        train(theirs, peer, 2, steps=20)
        for p, q in zip(ours, theirs):
            torch.testing.assert_close(p, q, atol=1e-12, rtol=1e-12, msg=lambda m: f'{other.__name__}, {desc}: {m}')
        seen.append(kind)
    assert set(seen)==set(KINDS) and len(seen) > 15

@law(setups(), seeds, examples=25)
def test_no_gradient_no_move(setup, seed):
    params = start([(2,), (3,)], seed)
    opt, before = grouped(*setup, params), [p.detach().clone() for p in params]
    opt.step()
    params[1].grad = torch.ones(3, dtype=torch.float64)
    opt.step()
    assert torch.equal(params[0], before[0]) and not torch.equal(params[1], before[1]) and params[0] not in opt.state

@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('to_none', [True, False])
def test_gradients_are_cleared_as_torchs(kind, to_none):
    w = start([(3,)], 0)[0]
    opt = kind([w], lr=0.01)
    w.grad = torch.ones_like(w)
    opt.zero_grad(set_to_none=to_none)
    assert w.grad is None if to_none else torch.equal(w.grad, torch.zeros_like(w))

# State, closure, schedulers

@law(setups(), shapes, seeds, st.integers(0, 38), st.booleans(), examples=25)
def test_state_dict_round_trip_in_the_middle(setup, shapes, seed, when, skip):
    "A new optimiser with the state of the old one goes on as the old one would, to the last bit"
    whole, cut = start(shapes, seed), start(shapes, seed)
    first = grouped(*setup, cut)
    def change(k):
        if k!=when: return None
        state = copy.deepcopy(first.state_dict())
        new = grouped(setup[0], setup[1], [{'lr': 99.}]*len(setup[2]), cut)
        new.load_state_dict(state)
        return new
    train(whole, grouped(*setup, whole), seed, skip=skip)
    train(cut, first, seed, skip=skip, at=change)
    for p, q in zip(whole, cut): assert torch.equal(p, q)

@law(setups(), shapes, seeds, st.integers(0, 30), st.booleans(), st.booleans(), examples=25)
def test_ours_and_torchs_go_on_from_each_others_state(setup, shapes, seed, when, skip, back):
    "After some steps the other takes over its state; the end is that of PyTorch's alone"
    kind, common, groups = setup
    first, second = (THEIRS[kind], kind) if back else (kind, THEIRS[kind])
    whole, cut = start(shapes, seed), start(shapes, seed)
    opt = grouped(first, common, groups, cut)
    def change(k):
        if k!=when: return None
        new = grouped(second, {'lr': 99.}, [{}]*len(groups), cut)
        new.load_state_dict(copy.deepcopy(opt.state_dict()))
        return new
    train(whole, grouped(THEIRS[kind], common, groups, whole), seed, skip=skip)
    train(cut, opt, seed, skip=skip, at=change)
    same(whole, cut)

def one_step(make):
    w = torch.ones(2, 2, requires_grad=True)
    opt = make([w])
    w.grad = torch.ones(2, 2)
    opt.step()
    return opt.state_dict()

# A state of every method of PyTorch that moves dense matrices on its own, and those with options that ours do not have
def is_method(o): return inspect.isclass(o) and issubclass(o, torch.optim.Optimizer)

STATES = {name: o for name, o in vars(torch.optim).items() if is_method(o)}
for name in ('Optimizer', 'SparseAdam', 'LBFGS'): del STATES[name]
STATES |= {'SGD with Nesterov': partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
           'SGD upwards': partial(torch.optim.SGD, lr=0.1, momentum=0.9, maximize=True),
           'SGD, dampened': partial(torch.optim.SGD, lr=0.1, momentum=0.9, dampening=0.5),
           'RMSprop, centred': partial(torch.optim.RMSprop, centered=True),
           'Adam with AMSGrad': partial(torch.optim.Adam, amsgrad=True)}
UNDERSTOOD = {'SGD': Momentum, 'SGD with Nesterov': Nesterov, 'RMSprop': RMSprop, 'Adam': Adam, 'AdamW': AdamW}

@pytest.mark.parametrize('kind', KINDS)
def test_the_state_of_another_method_is_refused(kind):
    states = {name: one_step(make) for name, make in STATES.items()}
    states |= {o: one_step(partial(o, lr=0.1)) for o in KINDS}
    for name, state in states.items():
        opt = kind([torch.ones(2, 2, requires_grad=True)], lr=0.5)
        if kind is UNDERSTOOD.get(name, name): opt.load_state_dict(state)
        else:
            with pytest.raises(ValueError, match='expected'): opt.load_state_dict(state)
            assert opt.param_groups[0]['lr']==0.5 and not opt.state

def test_a_bad_setting_in_a_state_is_refused():
    w = torch.ones(2, requires_grad=True)
    state = torch.optim.SGD([w], lr=0.1, momentum=1.5).state_dict()
    with pytest.raises(ValueError, match='momentum'): Momentum([w], lr=0.1).load_state_dict(state)

def test_each_parameter_has_its_own_count_of_steps():
    class Fading(Optimiser):
        def update(self, p, g, lr): p.sub_(g, alpha=lr/self.state[p]['step'])
    w, late = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    opt = Fading([w, late], lr=1.)
    for k in range(1, 4):
        w.grad = torch.ones(1)
        if k==3: late.grad = torch.ones(1)
        opt.step()
        assert math.isclose(w.item(), -sum(1/i for i in range(1, k + 1)), abs_tol=1e-6)
    assert late.item()==-1

@pytest.mark.parametrize('kind', KINDS)
def test_state_survives_a_file_of_weights_only(kind, tmp_path):
    params = start([(2, 2)], 0)
    opt = kind(params, lr=0.01)
    train(params, opt, 1, steps=3)
    torch.save(opt.state_dict(), tmp_path/'state.pt')
    state, now = torch.load(tmp_path/'state.pt', weights_only=True), opt.state_dict()
    assert state['param_groups']==now['param_groups'] and state['state'][0].keys()==now['state'][0].keys()
    for name, value in state['state'][0].items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(now['state'][0][name]))

@pytest.mark.parametrize('kind', KINDS)
def test_closure_is_called_once_with_gradients_on(kind):
    w, calls = tensor([3.], requires_grad=True), []
    opt = kind([w], lr=0.01)
    def closure():
        opt.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        calls.append(torch.is_grad_enabled())
        return loss
    assert opt.step(closure).item()==9 and calls==[True] and w.item() < 3
    assert opt.step() is None

def warm_up(opt):
    parts = [lr_scheduler.LinearLR(opt, 0.1, total_iters=10), lr_scheduler.ExponentialLR(opt, 0.95)]
    return lr_scheduler.SequentialLR(opt, parts, [10])

SCHEDULERS = {'LambdaLR': lambda o: lr_scheduler.LambdaLR(o, lambda k: 1/(1 + k)),
              'MultiplicativeLR': lambda o: lr_scheduler.MultiplicativeLR(o, lambda k: 0.95),
              'StepLR': lambda o: lr_scheduler.StepLR(o, 7),
              'MultiStepLR': lambda o: lr_scheduler.MultiStepLR(o, [5, 20]),
              'ConstantLR': lambda o: lr_scheduler.ConstantLR(o, 0.5, 10),
              'LinearLR': lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=20),
              'ExponentialLR': lambda o: lr_scheduler.ExponentialLR(o, 0.95),
              'SequentialLR': warm_up,
              'ChainedScheduler': lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(o, 7), warm_up(o)]),
              'CosineAnnealingLR': lambda o: lr_scheduler.CosineAnnealingLR(o, 50),
              'CosineAnnealingWarmRestarts': lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 13),
              'PolynomialLR': lambda o: lr_scheduler.PolynomialLR(o, 50),
              'ReduceLROnPlateau': lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=3),
              'CyclicLR': lambda o: lr_scheduler.CyclicLR(o, 0.001, 0.005, 10),
              'OneCycleLR': lambda o: lr_scheduler.OneCycleLR(o, 0.01, total_steps=101)}

def test_every_scheduler_of_torch_is_tried(): assert SCHEDULERS.keys()=={*lr_scheduler.__all__} - {'LRScheduler'}

@pytest.mark.parametrize('kind', KINDS)
def test_torchs_schedulers_drive_ours_as_torchs(kind):
    for name, make_scheduler in SCHEDULERS.items():
        ours, other = start([(3,), (2, 2)], 4), start([(3,), (2, 2)], 4)
        for params, make in ((ours, kind), (other, THEIRS[kind])):
            opt, rates = make(params, lr=0.002), set()
            with warnings.catch_warnings():
                warnings.simplefilter('ignore') # SequentialLR warns of its own way to call its parts
                scheduler = make_scheduler(opt)
                loss = (1.,) if name=='ReduceLROnPlateau' else () # One that never gets better
                def schedule(k):
                    scheduler.step(*loss)
                    rates.add(opt.param_groups[0]['lr'])
                train(params, opt, 5, steps=30, at=schedule)
            assert len(rates) > 1
        same(ours, other)

def test_hooks_groups_and_copies_are_torchs():
    params, calls = start([(2,), (2,), (2,)], 0), []
    opt = Adam(params[:1], lr=0.01)
    opt.add_param_group({'params': params[1:], 'lr': 0.1, 'betas': (0.5, 0.9)})
    before = opt.register_step_pre_hook(lambda *a: calls.append('before'))
    after = opt.register_step_post_hook(lambda *a: calls.append('after'))
    train(params, opt, 1, steps=1)
    assert calls==['before', 'after'] and isinstance(opt, torch.optim.Optimizer)
    assert [len(o['params']) for o in opt.param_groups]==[1, 2]
    for hook in (before, after): hook.remove()   # They cannot be pickled
    for again in (copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))):
        assert again.state_dict().keys()==opt.state_dict().keys() and again.param_groups[1]['betas']==(0.5, 0.9)
        again.step()

# Bad input

@pytest.mark.parametrize('kind', KINDS)
def test_settings_are_checked_at_every_door(kind):
    w, u = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    for name in inspect.signature(kind).parameters.keys() - {'params'}:
        bad = {'lr': 0.1} | {name: math.nan}
        with pytest.raises(ValueError, match=f'expected (two )?{name}'): kind([w], **bad)
        with pytest.raises(ValueError, match=f'expected (two )?{name}'): kind([{'params': [w]} | bad], lr=0.1)
        opt = kind([w], lr=0.1)
        with pytest.raises(ValueError, match=f'expected (two )?{name}'): opt.add_param_group({'params': [u]} | bad)
        assert len(opt.param_groups)==1
        opt.add_param_group({'params': [u]})

@pytest.mark.parametrize('kind', KINDS)
def test_sparse_gradients_are_refused(kind):
    table = nn.Embedding(5, 2, sparse=True)
    opt = kind(table.parameters(), lr=0.1)
    table(tensor([1])).sum().backward()
    with pytest.raises(ValueError, match='dense gradients'): opt.step()

def test_a_group_of_complex_numbers_is_not_kept():
    w, u = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    z = torch.zeros(2, dtype=torch.complex64, requires_grad=True)
    opt = Adam([w], 0.1)
    with pytest.raises(ValueError, match='real numbers'): opt.add_param_group({'params': [u, z]})
    assert len(opt.param_groups)==1
    opt.add_param_group({'params': [u]})
    assert len(opt.param_groups)==2

# A class of one's own

class Lion(Optimiser):
    "Chen and others 2023, from its formula: a sign, a memory and a setting of its own"
    rules = Optimiser.rules | {'strength': Optimiser.rules['lr']}

    def update(self, p, g, lr, betas=(0.9, 0.99), strength=1.):
        mean = self.memory(p, 'mean')
        p.sub_(mean.mul(betas[0]).add_(g, alpha=1 - betas[0]).sign_(), alpha=lr*strength)
        mean.lerp_(g, 1 - betas[1])

def test_a_new_optimiser_needs_one_method():
    a, b = start([(2, 3), ()], 1), start([(2, 3), ()], 1)
    train(a, Lion(a, lr=0.005, strength=2.), 2, steps=30)
    g, means = seeded(2), [torch.zeros_like(p) for p in b]
    for _ in range(30):
        targets = [torch.randn(p.shape, generator=g, dtype=torch.float64) for p in b]
        torch.rand(len(b), generator=g)
        grads = torch.autograd.grad(loss_of(b, targets), b)
        with torch.no_grad():
            for p, m, d in zip(b, means, grads):
                p -= 0.01*(0.9*m + 0.1*d).sign()
                m.copy_(0.99*m + 0.01*d)
    same(a, b, 1e-12)
    with pytest.raises(ValueError, match='strength'): Lion(a, lr=0.1, strength=-1.)
    with pytest.raises(ValueError, match='a state of Lion'): Lion(a, 0.1).load_state_dict(Adam(a, 0.1).state_dict())

# Where optimisers are used

def class_of_sum(n, dtype=torch.float32):
    "Inputs (n, 6), and the place of the largest of the first three"
    x = torch.randn(n, 6, generator=seeded(0), dtype=dtype)
    return x, x[:, :3].argmax(1)

@pytest.mark.parametrize('kind', KINDS)
def test_learner_trains_alike_with_ours_and_torchs(kind):
    x, y = class_of_sum(64, torch.float64)
    models = []
    for make in (kind, THEIRS[kind]):
        model = mlp([6, 5, 3], generator=seeded(1)).double()
        loader = DataLoader(x, y, 16, shuffle=True, generator=seeded(2))
        schedule = Schedule(lr=lambda done: warm_up_cosine(done, 0.01))
        learn = Learner(model, loader, None, F.cross_entropy, make, 0.01, [schedule], device='cpu')
        learn.fit(5)
        assert 0 < learn.opt.param_groups[0]['lr'] < 0.001
        models.append(model)
    same(models[0].parameters(), models[1].parameters())

@pytest.mark.parametrize('kind', KINDS)
def test_fastai_trains_alike_with_ours_and_torchs(kind):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        import fastai.callback.schedule
        from fastai.data.core import DataLoaders
        from fastai.data.load import DataLoader as FastLoader
        from fastai.learner import Learner as FastLearner
        from fastai.optimizer import OptimWrapper
    x, y = class_of_sum(48)
    models = []
    for make in (kind, THEIRS[kind]):
        loader = FastLoader(list(zip(x, y)), bs=16)
        model = mlp([6, 5, 3], generator=seeded(1))
        learn = FastLearner(DataLoaders(loader, loader, device='cpu'), model, loss_func=F.cross_entropy,
                            opt_func=partial(OptimWrapper, opt=make), wd=0.01)
        with learn.no_logging(), learn.no_bar():
            if kind is RMSprop: learn.fit(4, 0.01) # fastai cannot cycle its momentum
            else: learn.fit_one_cycle(4, 0.05)
        models.append(learn.model)
    same(models[0].parameters(), models[1].parameters(), 1e-4) # float32

def test_memory_is_counted():
    for kind, n in zip(KINDS, (1, 1, 1, 2, 2), strict=True):
        for make in (kind, THEIRS[kind]):
            params = start([(3, 4), (5,), ()], 0) # Of a scalar, too, the counter of steps is no memory
            opt = make(params, lr=0.01)
            train(params, opt, 1, steps=2)
            assert remembered(opt)==n

def test_path_is_the_optimisers():
    path = optimiser_path(lambda a, b: a**2 + b, [1., 2.], partial(Momentum, momentum=0.), 0.1, 3)
    expected = tensor([[1., 2.], [0.8, 1.9], [0.64, 1.8], [0.512, 1.7]], dtype=torch.float64)
    torch.testing.assert_close(path, expected)

# Averages and schedules

values = st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=30).map(lambda v: tensor(v, dtype=torch.float64))

@law(values, st.floats(0, 0.999), examples=25)
def test_corrected_average_is_the_weighted_mean(values, beta):
    means = running_mean(values, beta)
    for t in range(1, len(values) + 1):
        shares = torch.tensor([beta**(t - 1 - i) for i in range(t)], dtype=torch.float64)
        torch.testing.assert_close(means[t - 1], (shares*values[:t]).sum()/shares.sum(), atol=1e-6, rtol=1e-6)
    assert (means >= values.min() - 1e-6).all() and (means <= values.max() + 1e-6).all()

@law(st.floats(0.1, 10), st.floats(1, 300), st.floats(0, math.pi), examples=25)
def test_best_momentum_reaches_its_rate_however_the_bowl_is_turned(low, ratio, angle):
    c, s = math.cos(angle), math.sin(angle)
    turn = tensor([[c, -s], [s, c]], dtype=torch.float64)
    H = turn@torch.diag(tensor([low, low*ratio], dtype=torch.float64))@turn.T
    lr, mu = best_momentum(lambda w: 0.5*w@H@w, torch.ones(2, dtype=torch.float64))
    assert math.isclose(lr, 4/(math.sqrt(low) + math.sqrt(low*ratio))**2, rel_tol=1e-6)
    step = torch.zeros(4, 4, dtype=torch.float64) # One step of place and velocity is linear
    eye = torch.eye(2, dtype=torch.float64)
    step[2:, 2:], step[2:, :2] = mu*eye, H
    step[:2, :2], step[:2, 2:] = eye - lr*H, -lr*mu*eye
    # A double eigenvalue is known only to the root of the rounding error
    assert abs(torch.linalg.eigvals(step).abs().max().item() - math.sqrt(mu)) < 1e-4

@law(st.floats(0, 1), st.floats(-5, 5), st.floats(-5, 5), examples=25)
def test_pieces_stay_between_their_ends(d, a, b):
    for rule in (line, cosine):
        assert min(a, b) - 1e-9 <= rule(d, a, b) <= max(a, b) + 1e-9
        assert math.isclose(rule(0, a, b), a, abs_tol=1e-9) and math.isclose(rule(1, a, b), b, abs_tol=1e-9)

@law(st.lists(st.floats(0.05, 1), min_size=1, max_size=5), st.floats(0, 1), examples=25)
def test_combined_parts_follow_each_other(shares, d):
    shares = [o/sum(shares) for o in shares]
    rule = combine(*((share, lambda part, i=i: i + part) for i, share in enumerate(shares)))
    i, begin = 0, 0.
    while i+1 < len(shares) and d > begin + shares[i]: begin, i = begin + shares[i], i + 1
    # At a border either part may answer; both say the same there
    assert math.isclose(rule(d), i + (d - begin)/shares[i], abs_tol=1e-6)
    assert math.isclose(rule(0), 0, abs_tol=1e-9) and math.isclose(rule(1), len(shares))

@law(st.integers(4, 200), st.floats(1e-4, 1), st.floats(0.1, 0.9), examples=25)
def test_schedules_are_torchs(steps, peak, rise):
    def rates(make):
        opt, seen = Momentum([torch.zeros(1, requires_grad=True)], peak), []
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            scheduler = make(opt)
            for _ in range(steps):
                seen.append(opt.param_groups[0]['lr'])
                opt.step()
                scheduler.step()
        return tensor(seen, dtype=torch.float64)
    def near(make, rule):
        expected = tensor([rule(k/steps) for k in range(steps)], dtype=torch.float64)
        torch.testing.assert_close(rates(make), expected, atol=1e-8, rtol=1e-6)
    near(lambda o: lr_scheduler.CosineAnnealingLR(o, steps, eta_min=1e-5), lambda done: cosine(done, peak, 1e-5))
    near(lambda o: lr_scheduler.LinearLR(o, 0.1, 1., steps), lambda done: line(done, 0.1*peak, peak))
    if rise*steps - 1 > 0.5: # OneCycleLR: its rise ends at step rise*steps-1, its fall at steps-1
        turn = (rise*steps - 1)/(steps - 1)
        share = (turn*steps + 1)/(steps + 1)
        near(lambda o: lr_scheduler.OneCycleLR(o, peak, total_steps=steps + 1, pct_start=share, cycle_momentum=False),
             lambda done: one_cycle(done, peak, turn))

def test_settings_follow_their_rules():
    "The rate and another setting, a pair as well, under the `Schedule` of chapter 8"
    x, y = class_of_sum(40)
    def falling(done): return line(done, 0.9, 0.8)
    for opt_func, name, rule in ((Momentum, 'momentum', falling), (Adam, 'betas', lambda done: (falling(done), 0.99))):
        seen = []
        class Watch:
            def before_batch(self, learn): seen.append({name: learn.opt.param_groups[0][name] for name in ('lr', name)})
        schedule = Schedule(lr=lambda done: line(done, 0., 0.1), **{name: rule})
        model = mlp([6, 3], generator=seeded(0))
        callbacks = [schedule, Watch()]
        Learner(model, DataLoader(x, y, 10), None, F.cross_entropy, opt_func, 0.1, callbacks, device='cpu').fit(2)
        assert [o['lr'] for o in seen]==pytest.approx([0.1*(k + 0.5)/8 for k in range(8)])
        assert [o[name] for o in seen]==[pytest.approx(rule((k + 0.5)/8)) for k in range(8)]

# Programs

@pytest.mark.slow
def test_benchmark_of_the_step_writes_its_table(tmp_path):
    "On a tiny network, for two rounds; how fast it is, is no test"
    page = tmp_path/'page.md'
    small = ['--sizes', '8', '4', '3', '--rounds', '3', '--builds', '2', '--out', page]
    cmd = [sys.executable, '-m', 'benchmarks.optimizers', *small]
    res = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert res.returncode==0, res.stderr
    text = page.read_text(encoding='utf-8')
    rows = [[o.strip() for o in row.split('|')[1:3]] for row in text.splitlines() if row.startswith('| ')][1:]
    names = 'SGD', *(o.__name__ for o in KINDS)
    assert rows==[[name, threads] for name in names for threads in ('1', '2')] and str(tmp_path) not in text
