"Laws of `sgd_course.optimizers`: equal to torch.optim on random problems, and usable wherever one of PyTorch's is expected"
import copy, math, subprocess, sys, warnings
from functools import partial

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn, tensor
from torch.optim import lr_scheduler

from laws import law, one_thread
from repository import ROOT
from sgd_course.backprop import by_hand
from sgd_course.full_mnist import Learner, Schedule, autograd, opt_lr
from sgd_course.mini_batches import SGD as ChapterFive
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.optimizers import (SGD, Adam, AdamW, Bunch, Momentum, Nesterov, RMSprop, Schedules, best_momentum, combine, cosine, for_each, line, one_cycle,
                                   optimiser_path, remembered, running_mean, takes, warm_up_cosine)

def seeded(n): return torch.Generator().manual_seed(n)

# Ours, PyTorch's, and what it calls the settings of ours
PAIRS = {SGD: (torch.optim.SGD, {}), Momentum: (torch.optim.SGD, {}), Nesterov: (torch.optim.SGD, {'nesterov': True}),
         RMSprop: (torch.optim.RMSprop, {}), Adam: (torch.optim.Adam, {}), AdamW: (torch.optim.AdamW, {})}
KINDS = list(PAIRS)

fractions = st.floats(0.01, 0.99)
decays = st.sampled_from([0., 0.01, 0.3])
SETTINGS = {SGD: {}, Momentum: {'momentum': fractions}, Nesterov: {'momentum': fractions}, RMSprop: {'alpha': fractions, 'eps': st.sampled_from([1e-8, 1e-3])},
            Adam: {'betas': st.tuples(fractions, fractions), 'eps': st.sampled_from([1e-8, 1e-3])}, AdamW: {'betas': st.tuples(fractions, fractions)}}
# Rates at which the random problem below is stable, so that rounding errors are not blown up
RATES = {SGD: (1e-4, 0.05), Momentum: (1e-5, 0.0005), Nesterov: (1e-5, 0.0005)} | {o: (1e-4, 0.05) for o in (RMSprop, Adam, AdamW)}

@st.composite
def setups(draw, kinds=KINDS):
    "A class, its settings, and those of one or two groups"
    kind = draw(st.sampled_from(kinds))
    def some(): return {'lr': draw(st.floats(*RATES[kind])), 'weight_decay': draw(decays), **{k: draw(v) for k, v in SETTINGS[kind].items()}}
    return kind, some(), [some() for _ in range(draw(st.integers(1, 2)))]

shapes = st.lists(st.lists(st.integers(1, 4), max_size=3).map(tuple), min_size=1, max_size=5)
seeds = st.integers(0, 2**31)

def start(shapes, seed, dtype=torch.float64):
    g = seeded(seed)
    return [torch.randn(s, generator=g, dtype=dtype).requires_grad_() for s in shapes]

def grouped(kind, common, groups, params):
    "Our optimiser, parameters dealt out to the groups in turn"
    parts = [params[i::len(groups)] for i in range(len(groups))]
    return kind([{'params': ps} | own for ps, own in zip(parts, groups) if ps], **common)

def theirs(kind):
    other, more = PAIRS[kind]
    return partial(other, **more)

def loss_of(params, targets): return sum(((1 + i)*(p - t)**2/2 + (p + t).sin()).sum() for i, (p, t) in enumerate(zip(params, targets)))

def train(params, opt, seed, steps=100, skip=False, at=lambda k: None):
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

@law(setups(), shapes, seeds, st.booleans(), examples=60)
def test_same_weights_as_torch_after_100_steps(setup, shapes, seed, skip):
    ours, other = (start(shapes, seed) for _ in range(2))
    train(ours, grouped(*setup, ours), seed, skip=skip)
    train(other, grouped(theirs(setup[0]), *setup[1:], other), seed, skip=skip)
    same(ours, other)
    assert all(p.isfinite().all() for p in ours)

@law(setups(), shapes, seeds, examples=40)
def test_each_of_100_steps_in_short_numbers_is_torchs(setup, shapes, seed):
    "Each from the same place: where a gradient is nearly 0, rounding decides its sign, and Adam makes a whole step of that"
    ours, other = (start(shapes, seed, torch.float32) for _ in range(2))
    pairs, g = [(ours, grouped(*setup, ours)), (other, grouped(theirs(setup[0]), *setup[1:], other))], seeded(seed)
    for _ in range(100):
        targets = [torch.randn(p.shape, generator=g) for p in ours]
        for params, opt in pairs:
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
    ours, other = (start([(3, 4), (2,), ()], 1, dtype) for _ in range(2))
    for params, make in ((ours, kind), (other, theirs(kind))):
        kw = {'momentum': 0.9} if kind in (Momentum, Nesterov) else {}
        train(params, make(params, lr=0.01, weight_decay=0.01, **kw), 2)
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

def test_defaults_are_torchs():
    for kind, (other, more) in PAIRS.items():
        w = torch.zeros(1, requires_grad=True)
        ours, default = kind([w], lr=0.1).defaults, other([w], lr=0.1, **({'momentum': 0.9} | more if kind in (Momentum, Nesterov) else more)).defaults
        assert ours=={k: default[k] for k in ours}

@pytest.mark.parametrize('kind', KINDS)
def test_chapter_fives_descent_is_the_first_of_the_family(kind):
    "Same constructor, same calls; plain SGD gives the same weights"
    a, b = (start([(2, 3), ()], 7) for _ in range(2))
    train(a, kind(a, 0.01), 8)
    train(b, ChapterFive(b, 0.01), 8)
    if kind is SGD: same(a, b, 1e-12)
    else: assert not torch.equal(a[0], b[0])

@law(setups(), seeds, examples=25)
def test_no_gradient_no_move(setup, seed):
    params = start([(2,), (3,)], seed)
    opt, before = grouped(*setup, params), [p.detach().clone() for p in params]
    opt.step()
    params[1].grad = torch.ones(3, dtype=torch.float64)
    opt.step()
    assert torch.equal(params[0], before[0]) and not torch.equal(params[1], before[1]) and params[0] not in opt.state

# State, closure, schedulers

@law(setups(), shapes, seeds, st.integers(0, 98), st.booleans(), examples=25)
def test_state_dict_round_trip_in_the_middle(setup, shapes, seed, when, skip):
    "A new optimiser with the state of the old one goes on as the old one would, to the last bit"
    whole, cut = (start(shapes, seed) for _ in range(2))
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

def test_counts_steps_where_a_rule_asks_for_them():
    class Fading(SGD):
        def update(self, p, g, *, lr, t): p.sub_(g, alpha=lr/t)
    w = torch.zeros(1, requires_grad=True)
    opt = Fading([w], lr=1.)
    for k in range(1, 4):
        w.grad = torch.ones(1)
        opt.step()
        assert abs(w.item() + sum(1/i for i in range(1, k + 1))) < 1e-6
    plain = SGD([w], lr=1.)
    plain.step()
    assert not plain.state

@pytest.mark.parametrize('kind', KINDS[1:])
def test_state_survives_a_file_of_weights_only(kind, tmp_path):
    params = start([(2, 2)], 0)
    opt = kind(params, lr=0.01)
    train(params, opt, 1, steps=3)
    torch.save(opt.state_dict(), tmp_path/'state.pt')
    state, now = torch.load(tmp_path/'state.pt', weights_only=True), opt.state_dict()
    assert state['param_groups']==now['param_groups'] and state['state'][0].keys()==now['state'][0].keys()
    assert all(torch.equal(torch.as_tensor(v), torch.as_tensor(now['state'][0][k])) for k, v in state['state'][0].items())

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

SCHEDULERS = {'step': lambda o: lr_scheduler.StepLR(o, 7), 'cosine': lambda o: lr_scheduler.CosineAnnealingLR(o, 50), 'cycle': lambda o: lr_scheduler.OneCycleLR(o, 0.01, total_steps=101),
              'warm-up': lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o, 0.1, total_iters=10), lr_scheduler.ExponentialLR(o, 0.95)], [10])}

@pytest.mark.parametrize('name', SCHEDULERS)
@pytest.mark.parametrize('kind', KINDS)
def test_torchs_schedulers_drive_ours_as_torchs(kind, name):
    if name=='cycle' and kind in (SGD, RMSprop): pytest.skip('OneCycleLR wants a momentum to cycle')
    ours, other, weights = start([(3,), (2, 2)], 4), start([(3,), (2, 2)], 4), []
    for params, make in ((ours, kind), (other, theirs(kind))):
        opt = make(params, lr=0.002, **({'momentum': 0.9} if kind in (Momentum, Nesterov) else {}))
        with warnings.catch_warnings():
            warnings.simplefilter('ignore') # SequentialLR warns of its own way to call its parts
            scheduler = SCHEDULERS[name](opt)
            train(params, opt, 5, at=lambda k: scheduler.step())
    same(ours, other)

def test_hooks_groups_and_copies_are_torchs():
    params, calls = start([(2,), (2,), (2,)], 0), []
    opt = Adam(params[:1], lr=0.01)
    opt.add_param_group({'params': params[1:], 'lr': 0.1, 'betas': (0.5, 0.9)})
    opt.register_step_pre_hook(lambda *a: calls.append('before'))
    opt.register_step_post_hook(lambda *a: calls.append('after'))
    train(params, opt, 1, steps=1)
    assert calls==['before', 'after'] and isinstance(opt, torch.optim.Optimizer) and [len(o['params']) for o in opt.param_groups]==[1, 2]
    again = copy.deepcopy(opt)
    assert again.state_dict().keys()==opt.state_dict().keys() and again.param_groups[1]['betas']==(0.5, 0.9)

# Bad input

class Scaled(SGD):
    def update(self, p, g, *, lr, strength): p.sub_(g, alpha=lr*strength)

def test_a_setting_without_default_may_come_with_the_groups():
    w = torch.ones(2, requires_grad=True)
    for opt in (Scaled([w], 0.1, strength=3.), Scaled([{'params': [w], 'strength': 3.}], 0.1)):
        w.grad = torch.ones(2)
        opt.step()
    torch.testing.assert_close(w.detach(), torch.full((2,), 0.4))

@pytest.mark.parametrize('make, error, message', [
    (lambda w: SGD([], 0.1), ValueError, 'empty parameter list'),
    (lambda w: SGD([w], -0.1), ValueError, 'finite lr'),
    (lambda w: SGD([w], math.nan), ValueError, 'finite lr'),
    (lambda w: SGD([{'params': [w], 'lr': -1.}], 0.1), ValueError, 'finite lr'),
    (lambda w: Momentum([w], 0.1, momentum=1.), ValueError, 'momentum from 0 to below 1'),
    (lambda w: Momentum([w], 0.1, momentum=-0.1), ValueError, 'momentum from 0 to below 1'),
    (lambda w: Momentum([w], 0.1, mu=0.9), TypeError, "got \\['mu'\\]"),
    (lambda w: SGD([w], 0.1, momentum=0.9), TypeError, "got \\['momentum'\\]"),
    (lambda w: RMSprop([w], 0.1, alpha=1.), ValueError, 'alpha from 0 to below 1'),
    (lambda w: RMSprop([w], 0.1, eps=-1.), ValueError, 'finite eps'),
    (lambda w: Adam([w], 0.1, betas=(0.9,)), ValueError, '2 numbers for betas'),
    (lambda w: Adam([w], 0.1, betas=0.9), ValueError, '2 numbers for betas, got 0.9'),
    (lambda w: Scaled([w], 0.1), ValueError, 'a value for strength, which has no default'),
    (lambda w: Adam([w], 0.1, betas=(0.9, 1.)), ValueError, 'betas from 0 to below 1'),
    (lambda w: AdamW([w], 0.1, weight_decay=math.inf), ValueError, 'finite weight_decay'),
    (lambda w: SGD([w.detach().to(torch.complex64).requires_grad_()], 0.1), ValueError, 'real numbers')])
def test_bad_settings_are_told(make, error, message):
    with pytest.raises(error, match=message): make(torch.zeros(2, requires_grad=True))

@pytest.mark.parametrize('kind', KINDS)
def test_sparse_gradients_are_refused(kind):
    table = nn.Embedding(5, 2, sparse=True)
    opt = kind(table.parameters(), lr=0.1)
    table(tensor([1])).sum().backward()
    with pytest.raises(ValueError, match='dense gradients'): opt.step()

def test_a_group_that_is_refused_is_not_kept():
    w, u = (torch.zeros(2, requires_grad=True) for _ in range(2))
    opt = Adam([w], 0.1)
    with pytest.raises(ValueError, match='finite lr'): opt.add_param_group({'params': [u], 'lr': -1.})
    with pytest.raises(ValueError, match='real numbers, got torch.complex64'): opt.add_param_group({'params': [u, torch.zeros(2, dtype=torch.complex64, requires_grad=True)]})
    assert len(opt.param_groups)==1
    opt.add_param_group({'params': [u]})
    assert len(opt.param_groups)==2

# A class of one's own

def test_a_new_optimiser_needs_one_method():
    "Lion (Chen and others 2023), from its formula; `sign` and a memory of its own"
    class Lion(SGD):
        def update(self, p, g, mean, *, lr, betas=(0.9, 0.99)):
            p.sub_(mean.mul(betas[0]).add_(g, alpha=1 - betas[0]).sign_(), alpha=lr)
            mean.lerp_(g, 1 - betas[1])
    assert takes(Lion.update)==(['mean'], {'lr': takes(SGD.update)[1]['lr'], 'betas': (0.9, 0.99)})
    a, b = start([(2, 3), ()], 1), start([(2, 3), ()], 1)
    train(a, Lion(a, lr=0.01, weight_decay=0.), 2, steps=30)
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

@law(shapes, seeds, examples=25)
def test_one_update_does_for_a_tensor_and_for_a_bunch(shapes, seed):
    for kind in (Momentum, Nesterov, RMSprop, Adam):
        memory, wants = takes(kind.update)
        g = seeded(seed)
        lists = [[torch.rand(s, generator=g, dtype=torch.float64) for s in shapes] for _ in range(2 + len(memory))]
        known = {'lr': 0.1, 't': 3}
        kw = {k: known.get(k, v) for k, v in wants.items()}
        alone = [[o.clone() for o in tensors] for tensors in lists]
        for tensors in zip(*alone): kind.update(None, *tensors, **kw)
        kind.update(None, *map(Bunch, lists), **kw)
        for a, b in zip(alone, lists): same(a, b, 1e-12)

def test_bunch_does_without_the_private_functions(monkeypatch):
    "If a release of PyTorch no longer has them, the loop gives the same weights"
    def run():
        params = start([(2, 3), (4,)], 3)
        train(params, AdamW(params, lr=0.01), 4, steps=10)
        return params
    with_them = run()
    for name in [o for o in dir(torch) if o.startswith('_foreach_')]: monkeypatch.delattr(torch, name)
    for_each.cache_clear()
    without = run()
    for_each.cache_clear() # The next test shall find them again
    same(with_them, without, 1e-12)

# Where optimisers are used

@pytest.mark.parametrize('kind', KINDS)
def test_learner_trains_alike_with_ours_and_torchs(kind):
    g = seeded(0)
    x = torch.randn(64, 6, generator=g, dtype=torch.float64)
    models = []
    for make in (kind, theirs(kind)):
        kw = {'momentum': 0.9} if kind in (Momentum, Nesterov) else {}
        model = mlp([6, 5, 3], generator=seeded(1)).double()
        learn = Learner(model, DataLoader(x, x[:, :3].argmax(1), 16, True, generator=seeded(2)), None, F.cross_entropy, partial(make, **kw),
                        0.01, [Schedule(lambda part: warm_up_cosine(part, 0.01))], 'cpu')
        learn.fit(5)
        assert 0 < opt_lr(learn.opt) < 0.001
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
    x, models = torch.randn(48, 6, generator=seeded(0)), []
    for make in (kind, theirs(kind)):
        kw = {'momentum': 0.9} if kind in (Momentum, Nesterov) else {}
        loader = FastLoader(list(zip(x, x[:, :3].argmax(1))), bs=16)
        learn = FastLearner(DataLoaders(loader, loader, device='cpu'), mlp([6, 5, 3], generator=seeded(1)), loss_func=F.cross_entropy, opt_func=partial(OptimWrapper, opt=make, **kw), wd=0.01)
        with learn.no_logging(), learn.no_bar():
            if kind in (SGD, RMSprop): learn.fit(4, 0.01) # One cycle wants a momentum
            else: learn.fit_one_cycle(4, 0.05)
        models.append(learn.model)
    same(models[0].parameters(), models[1].parameters(), 1e-4) # float32

def test_memory_is_counted():
    for kind, n in zip(KINDS, (0, 1, 1, 1, 2, 2)):
        for make in (kind, theirs(kind)):
            params = start([(3, 4), (5,), ()], 0) # Of a scalar, too, the counter of steps is no memory
            opt = make(params, lr=0.01, **({'momentum': 0.9} if kind in (Momentum, Nesterov) else {}))
            train(params, opt, 1, steps=2)
            assert remembered(opt)==n

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
    assert rule(0)==0 and math.isclose(rule(1), len(shares))

@law(st.integers(4, 200), st.floats(1e-4, 1), st.floats(0.1, 0.9), examples=25)
def test_schedules_are_torchs(steps, peak, rise):
    def rates(make):
        opt, seen = SGD([torch.zeros(1, requires_grad=True)], peak), []
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            scheduler = make(opt)
            for _ in range(steps):
                seen.append(opt.param_groups[0]['lr'])
                opt.step()
                scheduler.step()
        return seen
    def near(a, b): torch.testing.assert_close(tensor(a, dtype=torch.float64), tensor(b, dtype=torch.float64), atol=1e-8, rtol=1e-6)
    near(rates(lambda o: lr_scheduler.CosineAnnealingLR(o, steps, eta_min=1e-5)), [cosine(k/steps, peak, 1e-5) for k in range(steps)])
    near(rates(lambda o: lr_scheduler.LinearLR(o, 0.1, 1., steps)), [line(k/steps, 0.1*peak, peak) for k in range(steps)])
    if rise*steps - 1 > 0.5: # OneCycleLR: its rise ends at step rise*steps-1, its fall at steps-1
        turn = (rise*steps - 1)/(steps - 1)
        near(rates(lambda o: lr_scheduler.OneCycleLR(o, peak, total_steps=steps + 1, pct_start=(turn*steps + 1)/(steps + 1), cycle_momentum=False)),
             [one_cycle(k/steps, peak, turn) for k in range(steps)])

def test_settings_follow_their_rules():
    g, seen = seeded(0), []
    x = torch.randn(40, 6, generator=g)
    class Watch:
        def before_batch(self, learn): seen.append((learn.opt.param_groups[0]['lr'], learn.opt.param_groups[0]['momentum']))
    rules = Schedules(lr=lambda d: line(d, 0., 0.1), momentum=lambda d: line(d, 0.9, 0.8))
    def learner(opt_func): return Learner(mlp([6, 3], generator=g), DataLoader(x, x[:, :3].argmax(1), 10), None, F.cross_entropy, opt_func, 0.1, [rules, Watch()], 'cpu')
    learner(Momentum).fit(2)
    assert [round(a, 6) for a, _ in seen]==[round(0.1*k/8, 6) for k in range(8)] and [round(b, 6) for _, b in seen]==[round(0.9 - 0.1*k/8, 6) for k in range(8)]
    for opt_func in (SGD, ChapterFive):
        with pytest.raises(ValueError, match="got \\['momentum'\\]"): learner(opt_func).fit(1)

@pytest.mark.parametrize('engine', [autograd, by_hand])
def test_settings_are_set_where_the_optimiser_has_no_groups(engine):
    "The descent of chapter 5, and the engine by hand of chapter 10, end where `Schedule` takes them"
    x, ends = torch.randn(40, 6, generator=seeded(0)), []
    for rules in (Schedules(lr=lambda d: line(d, 0.2, 0.)), Schedule(lambda d: line(d, 0.2, 0.))):
        model = mlp([6, 3], generator=seeded(1))
        Learner(model, DataLoader(x, x[:, :3].argmax(1), 10), None, F.cross_entropy, ChapterFive, 9., [rules], 'cpu', engine=engine).fit(2)
        ends.append(model)
    same(ends[0].parameters(), ends[1].parameters(), 0)

@pytest.mark.parametrize('rise', [0., 1., -0.1, 1.1, math.nan])
def test_a_bad_rise_is_named(rise):
    for rule in (warm_up_cosine, one_cycle):
        with pytest.raises(ValueError, match=f'rise between 0 and 1, got {rise}'): rule(0.5, 0.1, rise)

def test_path_is_the_optimisers():
    path = optimiser_path(lambda a, b: a**2 + b, [1., 2.], SGD, 0.1, 3)
    torch.testing.assert_close(path, tensor([[1., 2.], [0.8, 1.9], [0.64, 1.8], [0.512, 1.7]], dtype=torch.float64))

@pytest.mark.parametrize('bad', [3., [[1., 2.]], []])
def test_path_wants_one_number_for_each_coordinate(bad):
    with pytest.raises(ValueError, match='start'): optimiser_path(lambda *w: sum(w), bad, SGD, 0.1, 1)

# Programs

def test_benchmark_of_the_step_writes_its_table(tmp_path):
    "On a tiny network, for two rounds; how fast it is, is no test"
    page = tmp_path/'page.md'
    res = subprocess.run([sys.executable, ROOT/'benchmarks'/'optimizers.py', '--sizes', '8', '4', '3', '--rounds', '3', '--builds', '2', '--out', page], capture_output=True, text=True, timeout=300)
    assert res.returncode==0, res.stderr
    rows = [[o.strip() for o in line.split('|')[1:3]] for line in page.read_text(encoding='utf-8').splitlines() if line.startswith('| ')][1:]
    assert rows==[[o.__name__, threads] for o in KINDS for threads in ('1', '2')] and str(tmp_path) not in page.read_text(encoding='utf-8')
