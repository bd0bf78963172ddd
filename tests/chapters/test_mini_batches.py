"Laws of `sgd_course.mini_batches` that hold for every number of examples, batch size and seed"
import inspect, json, math
from itertools import combinations

import numpy as np
import pytest, torch
import torch.nn.functional as F
import torch.utils.data as torch_data
from hypothesis import assume, strategies as st
from torch import tensor

from laws import law, one_thread
from experiments import mini_batches as experiment
from sgd_course.mini_batches import SGD, DataLoader, epoch_mean, noise_law, train_epoch

def seeded(k): return torch.Generator().manual_seed(k)

numbers = st.integers(1, 60)
seeds = st.integers(0, 2**31)

def squared(w, x, y): return ((x@w - y)**2).mean()

def problem(m, seed, n=3):
    "Inputs, targets and weights of a linear model, in the more exact type"
    g = seeded(seed)
    w, x, y = (torch.randn(*shape, generator=g, dtype=torch.float64) for shape in ((n,), (m, n), (m,)))
    return x, y, w

# Batches

@law(numbers, numbers)
def test_number_of_batches_is_rounded_up_or_down(m, B):
    rows = torch.arange(m)
    assert len(DataLoader(rows, rows, B))==math.ceil(m/B)
    if m//B: assert len(DataLoader(rows, rows, B, drop_last=True))==m//B
    else:
        with pytest.raises(ValueError, match=f'from 1 to {m}, got {B}'): DataLoader(rows, rows, B, drop_last=True)

@pytest.mark.parametrize('kind', [int, np.int64, np.uint8, tensor])
def test_sizes_may_be_of_any_whole_kind(kind):
    loader = DataLoader(torch.arange(10.), torch.arange(10), kind(4))
    assert len(loader)==3 and [len(xb) for xb, _ in loader]==[4, 4, 2]

@pytest.mark.parametrize('said, args, settings', [
    ('a generator to shuffle with, got None', (10, 10, 4), dict(shuffle=True)),
    ('generator to be a torch.Generator, got 42', (10, 10, 4), dict(shuffle=True, generator=42)),
    ('batch_size to be a whole number', (10, 10, 0), {}), ('from 1 to 7, got 8', (7, 7, 8), dict(drop_last=True)),
    ('x (3,), y (2,)', (3, 2, 4), {}), ('number of examples to be a whole number, 1 or more, got 0', (0, 0, 4), {})])
def test_loader_refuses(said, args, settings):
    m, n, B = args
    with pytest.raises(ValueError) as e: DataLoader(torch.zeros(m), torch.zeros(n), B, **settings)
    assert said in str(e.value)

@law(numbers, numbers, st.booleans(), st.booleans(), seeds, examples=60)
def test_loader_yields_what_torchs_does(m, B, drop_last, shuffle, seed):
    assume(not drop_last or m>=B)
    x, y, g = torch.randn(m, 2, 3, generator=seeded(seed)), torch.arange(m), seeded(seed)
    ours = DataLoader(x, y, B, shuffle, drop_last, generator=seeded(seed))
    for _ in range(2): # The second pass has another order
        order = torch.randperm(m, generator=g) if shuffle else torch.arange(m)
        data = torch_data.TensorDataset(x, y)
        theirs = torch_data.DataLoader(data, B, sampler=order.tolist(), drop_last=drop_last)
        assert len(ours)==len(theirs)
        for a, b in zip(ours, theirs, strict=True): assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])

@law(numbers, numbers, seeds, examples=50)
def test_a_pass_deals_every_example_once(m, B, seed):
    loader = DataLoader(torch.zeros(m), torch.arange(m), B, True, generator=seeded(seed))
    dealt = torch.cat([yb for _, yb in loader])
    assert torch.equal(dealt.sort().values, torch.arange(m))

# Gradients

def batch_gradient(x, y, w, rows=slice(None)):
    w = w.clone().requires_grad_()
    return torch.autograd.grad(squared(w, x[rows], y[rows]), w)[0]

def singles(x, y, w): return torch.stack([batch_gradient(x, y, w, [k]) for k in range(len(x))])

@law(st.integers(1, 8), seeds, examples=25)
def test_noise_law_is_exact_over_all_batches(m, seed):
    each = singles(*problem(m, seed))
    far = each - each.mean(0)
    sigma = (far**2).sum(1).mean().sqrt().item()
    for B in range(1, m + 1):
        every = torch.stack([far[list(rows)].mean(0) for rows in combinations(range(m), B)])
        assert (every**2).sum(1).mean().sqrt().item()==pytest.approx(noise_law(sigma, B, m), rel=1e-9, abs=1e-12)

def test_measured_noise_obeys_the_law_and_falls_as_one_over_the_root():
    x, y, w = problem(2000, 0)
    sizes, each, full, found = [2**k for k in range(8)], singles(x, y, w), batch_gradient(x, y, w), []
    sigma = ((each - full)**2).sum(1).mean().sqrt().item()
    for B in sizes:
        g = seeded(B)
        off = torch.stack([each[torch.randperm(len(x), generator=g)[:B]].mean(0) for _ in range(400)]) - full
        found.append((off**2).sum(1).mean().sqrt().item())
    # A width from 400 draws of three numbers each is known to a few per cent
    for B, noise in zip(sizes, found): assert noise==pytest.approx(noise_law(sigma, B, len(x)), rel=0.15)
    slope = np.polyfit(np.log(sizes), np.log(found), 1)[0]
    assert slope==pytest.approx(-0.5, abs=0.03)

@pytest.mark.parametrize('said, args', [('from 1 to 5, got 6', (1., 6, 5)), ('1 or more, got 0', (1., 0)),
    ('sigma to be a finite number', (-1., 1)), ('m to be a whole number', (2., 3, math.inf))])
def test_noise_law_refuses(said, args):
    with pytest.raises(ValueError, match=said): noise_law(*args)

def test_the_full_batch_has_no_noise():
    for m in (1, 2, 7): assert noise_law(3., m, m)==0

# The mean of an epoch

@law(st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=7), min_size=1, max_size=7))
def test_epoch_mean_is_the_mean_over_examples(batches):
    means = tensor([sum(b)/len(b) for b in batches], dtype=torch.float64)
    found = epoch_mean(means, [len(b) for b in batches])
    assert found.item()==pytest.approx(sum(map(sum, batches))/sum(map(len, batches)), rel=1e-9, abs=1e-9)

# Steps

@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@law(st.lists(st.lists(st.integers(0, 4), max_size=3), min_size=1, max_size=4), st.floats(0, 2), seeds, examples=25)
def test_sgd_is_torchs(dtype, shapes, lr, seed):
    g = seeded(seed)
    starts = [torch.randn(shape, generator=g).to(dtype) for shape in shapes]
    ours, theirs = ([p.clone().requires_grad_() for p in starts] for _ in range(2))
    a, b = SGD(iter(ours), lr), torch.optim.SGD(theirs, lr=lr)
    for step in range(3):
        for p, q in zip(ours, theirs):
            p.grad = torch.randn(p.shape, generator=g).to(dtype)
            q.grad = p.grad.clone()
        a.step()
        b.step()
        a.zero_grad()
        b.zero_grad()
        assert all(p.grad is None for p in ours)
    for p, q in zip(ours, theirs): assert p.dtype==dtype and torch.equal(p, q)

@law(st.integers(1, 30), st.integers(1, 30), seeds, examples=40)
def test_an_epoch_is_the_loop_written_out(m, B, seed):
    x, y, start = problem(m, seed)
    w, by_hand, expected = start.clone().requires_grad_(), start.clone(), []
    loader = DataLoader(x, y, B, True, generator=seeded(seed))
    losses = train_epoch(lambda x: x@w, loader, F.mse_loss, SGD([w], 0.05))
    for rows in torch.randperm(m, generator=seeded(seed)).split(B):
        error = x[rows]@by_hand - y[rows]
        expected.append((error**2).mean()) # Before the step
        by_hand = by_hand - 0.05*2*x[rows].T@error/len(rows)
    assert not losses.requires_grad and w.grad is None
    torch.testing.assert_close(losses, torch.stack(expected), atol=1e-9, rtol=1e-8)
    torch.testing.assert_close(w.detach(), by_hand, atol=1e-9, rtol=1e-8)

def test_a_parameter_without_a_gradient_is_skipped():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    a.grad = torch.ones(2)
    SGD([a, b], 0.25).step()
    assert a.tolist()==[0.75, 0.75] and b.tolist()==[1, 1]

def test_groups_have_rates_of_their_own_and_a_closure_is_called():
    a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    opt = SGD([dict(params=[a], lr=0.5), dict(params=[b])], 0.25)
    def closure():
        opt.zero_grad()
        loss = (2*a + 2*b).sum()
        loss.backward()
        return loss
    assert opt.step(closure)==4 and (a.item(), b.item())==(0, 0.5)

# PyTorch's protocol

def one_weight(): return [torch.ones(1, requires_grad=True)]

SETTINGS = dict(ChainedScheduler=None, SequentialLR=None, # Made of others
    ConstantLR=dict(total_iters=3), CosineAnnealingLR=dict(T_max=5), CosineAnnealingWarmRestarts=dict(T_0=3),
    CyclicLR=dict(base_lr=0.1, max_lr=0.5, step_size_up=3, cycle_momentum=False), ExponentialLR=dict(gamma=0.9),
    LambdaLR=dict(lr_lambda=lambda step: 1/(step + 1)), LinearLR=dict(total_iters=4),
    MultiStepLR=dict(milestones=[2, 4]), SWALR=dict(swa_lr=0.01),
    MultiplicativeLR=dict(lr_lambda=lambda step: 0.9), OneCycleLR=dict(max_lr=0.5, total_steps=9, cycle_momentum=False),
    PolynomialLR=dict(total_iters=4), ReduceLROnPlateau=dict(patience=1), StepLR=dict(step_size=2))

def schedulers():
    "Every scheduler that this PyTorch has"
    found = vars(torch.optim.lr_scheduler) | {'SWALR': torch.optim.swa_utils.SWALR}
    base = torch.optim.lr_scheduler.LRScheduler
    return {name: o for name, o in found.items()
            if inspect.isclass(o) and issubclass(o, base) and o is not base and not name.startswith('_')}

def rates(opt, scheduler, steps=8):
    "The learning rate at each step"
    for _ in range(steps):
        yield opt.param_groups[0]['lr']
        opt.step()
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau): scheduler.step(1.)
        else: scheduler.step()

def test_every_scheduler_of_torch_drives_it():
    assert schedulers().keys() <= SETTINGS.keys(), 'a scheduler that this test does not know'
    for name, kind in schedulers().items():
        if SETTINGS[name] is None: continue
        ours, theirs = SGD(one_weight(), 0.5), torch.optim.SGD(one_weight(), 0.5)
        expected = list(rates(theirs, kind(theirs, **SETTINGS[name])))
        assert list(rates(ours, kind(ours, **SETTINGS[name])))==expected and len(set(expected))>1, name
        SGD(one_weight(), 0.5).load_state_dict(ours.state_dict()) # What the scheduler noted does no harm

@pytest.mark.parametrize('combine', [
    lambda opt, a, b: torch.optim.lr_scheduler.ChainedScheduler([a, b], opt),
    lambda opt, a, b: torch.optim.lr_scheduler.SequentialLR(opt, [a, b], milestones=[3])])
def test_schedulers_made_of_others_drive_it(combine):
    L, found = torch.optim.lr_scheduler, []
    for opt in (SGD(one_weight(), 0.5), torch.optim.SGD(one_weight(), 0.5)):
        found.append(list(rates(opt, combine(opt, L.LinearLR(opt, total_iters=3), L.ExponentialLR(opt, 0.9)))))
    assert found[0]==found[1] and len(set(found[0]))>1

def test_its_state_can_be_saved_and_loaded():
    opt, other = SGD(one_weight(), 0.5), SGD(one_weight(), 0.1)
    other.load_state_dict(opt.state_dict())
    assert other.param_groups[0]['lr']==0.5

@pytest.mark.parametrize('kind', [torch.optim.Adam, torch.optim.Adagrad, torch.optim.SGD, torch.optim.Rprop])
@pytest.mark.parametrize('steps', [0, 1])
def test_the_state_of_another_optimiser_is_refused(kind, steps):
    [w] = one_weight()
    theirs, ours = kind([w], lr=0.5), SGD([w], 0.1)
    w.grad = torch.ones(1)
    for _ in range(steps): theirs.step()
    with pytest.raises(ValueError, match='the state of an SGD'): ours.load_state_dict(theirs.state_dict())
    assert ours.param_groups[0]['lr']==0.1

@pytest.mark.parametrize('lr', [-1., math.nan, None])
def test_a_state_with_a_bad_rate_is_refused(lr):
    opt = SGD(one_weight(), 0.1)
    state = opt.state_dict()
    state['param_groups'][0]['lr'] = lr
    with pytest.raises(ValueError, match='lr to be a finite number'): opt.load_state_dict(state)
    assert opt.param_groups[0]['lr']==0.1

# The long runs

def test_experiment_makes_every_part_and_writes_nothing():
    before = experiment.OUT.read_bytes()
    found = experiment.main(['--check'])
    assert found.keys()==json.loads(before).keys()==experiment.PARTS.keys()
    rules = {(o['batch'], o['rule']): o['runs'][0] for o in found['rules']['rows']}
    assert all(0 < loss < 0.2 for loss in rules[16, 'same'])
    assert experiment.OUT.read_bytes()==before

def test_rules_of_the_record_begin_at_the_best_rate_of_the_base_batch():
    recorded = json.loads(experiment.OUT.read_text())['rules']
    best = {int(B): float(min(rates, key=rates.get)) for B, rates in recorded['grid'].items()}
    factor = {'same': lambda k: 1, 'square root': math.sqrt, 'linear': lambda k: k}
    for o in recorded['rows']:
        if o['rule'] in factor: assert o['lr']==pytest.approx(best[16]*factor[o['rule']](o['batch']/16))
        if o['rule']=='best of a grid': assert o['lr']==best[o['batch']]
        assert len(o['runs'])==10
