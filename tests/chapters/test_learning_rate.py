"Laws of `sgd_course.learning_rate`: closed forms, limits, schedules"
import math

import pytest
import torch
from hypothesis import assume, strategies as st
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, StepLR

from laws import law, one_thread
from subtests import each
from sgd_course.learning_rate import (best_lr, exponential_decay, hessian, inverse_time_decay, lr_limit, sgd_step,
                                      step_halving, walk)
from sgd_course.quadratic_loss import descend, quadratic, quartic

curvature, rate, weight = st.floats(0.01, 100), st.floats(0, 1.5), st.floats(-10, 10)

def double(*values): return torch.tensor(values, dtype=torch.float64)

def bowl(lo, hi, angle):
    "A bowl with curvatures `lo` and `hi`, turned by `angle`; and its eigen-directions as columns"
    c, s = math.cos(angle), math.sin(angle)
    turn = double([c, -s], [s, c])
    h = turn @ torch.diag(double(lo, hi)) @ turn.T
    return (lambda w: 0.5*w@h@w), turn

@law(curvature, curvature, st.floats(0, 3), st.floats(0, 1.2), weight, weight, examples=25)
def test_each_direction_shrinks_by_its_own_factor(a, b, angle, share, x, y):
    f, turn = bowl(a, b, angle)
    lr, k = share*2/max(a, b), 12
    along = descend(f, double(x, y), lr, k) @ turn
    expected = along[0]*(1 - lr*double(a, b))**k
    assert torch.allclose(along[-1], expected, rtol=1e-6, atol=1e-9)

@law(curvature, curvature, st.floats(0, 3), examples=25)
def test_limit_and_best_rate_of_a_bowl(a, b, angle):
    f, _ = bowl(a, b, angle)
    assert lr_limit(f, double(1., 2.)) == pytest.approx(2/max(a, b), rel=1e-6)
    assert best_lr(f, double(1., 2.)) == pytest.approx(2/(a + b), rel=1e-6)

@law(rate, st.floats(0.1, 10), examples=25)
def test_regimes_of_the_square(lr, start):
    assume(min(abs(lr - edge) for edge in (0, 0.5, 1)) > 1e-3)
    path = descend(quadratic, double(start)[0], lr, 8)
    assert bool((path[1:]*path[:-1] > 0).all()) == (lr < 0.5)             # stays on one side
    assert bool((path.abs().diff() < 0).all()) == (lr < 1)                # comes nearer at every step

def test_borders_of_the_square():
    start = double(3.)[0]
    assert descend(quadratic, start, 0.5, 1)[-1] == 0
    assert descend(quadratic, start, 1., 7).tolist() == [3., -3.]*4

@law(curvature, st.floats(0.5, 1.5), examples=25)
def test_distance_grows_above_two_over_curvature(c, share):
    assume(abs(share - 1) > 1e-6)
    grows = abs(walk(lambda w: c*w, 1., share*2/c, 1)[-1]).item() > 1
    assert grows == (share > 1)

@pytest.mark.parametrize('lr,oscillates', [(0.098, False), (0.0995, True)])
def test_quartic_oscillates_above_the_limit_at_its_minimum(lr, oscillates):
    assert lr_limit(quartic, double(9/4)[0]) == pytest.approx(8/81)
    last_step = walk(lambda w: 4*w**3 - 9*w**2, -1.5, lr, 4000)[-2:].diff().abs().item()
    assert (last_step > 0.01) == oscillates == (lr > 8/81)

@law(st.lists(weight, min_size=1, max_size=4), examples=25)
def test_hessian_equals_torch(w):
    f = lambda w: (w.sin()*w.roll(1)).sum() + (w**3).sum()
    assert torch.allclose(hessian(f, double(*w)), torch.func.hessian(f)(double(*w)), atol=1e-9)

@law(st.floats(1e-3, 10), st.integers(1, 9), st.floats(0, 2), examples=25)
def test_schedules_equal_torch(lr0, every, k):
    ours = [lambda t: step_halving(t, lr0, every), lambda t: exponential_decay(t, lr0, k),
            lambda t: inverse_time_decay(t, lr0, k)]
    theirs = [lambda o: StepLR(o, every, gamma=0.5), lambda o: ExponentialLR(o, math.exp(-k)),
              lambda o: LambdaLR(o, lambda t: 1/(1 + k*t))]
    for rule, make in zip(ours, theirs):
        opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr0)
        scheduler = make(opt)
        for t in range(12):
            assert rule(t) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9)
            opt.step()
            scheduler.step()

@law(st.lists(weight, min_size=1, max_size=5), st.floats(0, 2), examples=25)
def test_sgd_step_equals_torch(w, lr):
    ours, theirs = [torch.tensor(w).requires_grad_() for _ in range(2)]
    for p in (ours, theirs): (p**2).sum().backward()
    sgd_step([ours], lr)
    torch.optim.SGD([theirs], lr=lr).step()
    assert torch.allclose(ours, theirs, atol=1e-6) and ours.grad is None and ours.is_leaf

@law(st.floats(0.05, 0.7), st.integers(0, 10**6), examples=25)
def test_noise_ball_has_the_size_of_the_formula(lr, seed):
    g = torch.Generator().manual_seed(seed)
    end = walk(lambda w: 2*w, torch.zeros(4000), lr, 80, 1., generator=g)[-1]
    assert end.pow(2).mean().item() == pytest.approx(lr/(4*(1 - lr)), rel=0.2)   # more than 8 standard errors

@pytest.mark.parametrize('bad', ['0.1', True, [0.1], [], torch.tensor([0.1, math.nan]), torch.tensor([1, 2])])
def test_walk_takes_only_rates(bad):
    with pytest.raises(ValueError, match='lr'): walk(lambda w: w, 1., bad, 1)

@pytest.mark.parametrize('bad', ['0.1', True, None, math.nan, -0.1])
def test_walk_looks_at_every_rate_of_a_schedule(bad):
    with pytest.raises(ValueError, match='lr'): walk(lambda w: w, 1., lambda t: 0.1 if t<2 else bad, 3)

def test_one_missing_gradient_and_no_weight_moves():
    w, v = (torch.ones(1, requires_grad=True) for _ in range(2))
    (w**2).sum().backward()
    with pytest.raises(ValueError, match='gradient'): sgd_step([w, v], 0.1)
    assert w.item() == 1 and w.grad is not None

def test_parameters_may_come_one_by_one():
    w = torch.ones(1, requires_grad=True)
    (w**2).sum().backward()
    sgd_step((p for p in [w]), 0.1)
    assert w.item() == pytest.approx(0.8) and w.grad is None

def quartic_slope(w): return 4*w**3 - 9*w**2
def refused(words): return pytest.raises(ValueError, match=words)

@each('words,args,kwargs', [
    ('generator', (quartic_slope, 0., 0.1, 5), dict(noise=1.)),
    ('0 or more', (quartic_slope, 0., -0.1, 5), {}),
    ('0 or more', (quartic_slope, 0., torch.tensor([0.1, -0.1]), 5), {}),
    ('at least one value in lr', (quartic_slope, 0., torch.ones(0), 5), {}),
    ('whole number', (quartic_slope, 0., 0.1, -5), {}),
    ('noise to be', (quartic_slope, 0., 0.1, 5), dict(noise=-1.)),
    ('finite values in w', (quartic_slope, math.nan, 0.1, 5), {}),
    (r'slope \(2, 1\)', (lambda w: w[:, None], [1., 2.], 0.1, 5), {}),
    (r'slope \(1,\)', (lambda w: w[:1], [1., 2.], 0.1, 5), {}),
    (r'slope \(\)', (lambda w: 1., [1., 2.], 0.1, 5), {})])
def test_walk_refuses(words, args, kwargs):
    with refused(words): walk(*args, **kwargs)

def test_walk_counts_in_float64_and_keeps_the_start():
    assert walk(quartic_slope, [1., 2.], 0.1, 0).equal(double([1., 2.]))
    assert walk(quartic_slope, 1., torch.tensor([0.1, 0.2]), 3).shape==(4, 2)
    assert walk(quartic_slope, 0.3, 0.1, 1)[0].item()==0.3
    start = double(-1.5)[0]
    assert torch.allclose(walk(quartic_slope, start, 0.08, 100), descend(quartic, start, 0.08, 100))

def test_sgd_step_refuses():
    w = torch.tensor([3., -1.]).requires_grad_()
    with refused(r'after backward\(\) to be'): sgd_step([w], lr=0.1)
    for bad in ([], w):
        with refused(r'such as \[w\]'): sgd_step(bad, lr=0.1)
    w.grad = torch.tensor([1., math.nan])
    with refused('finite values in'): sgd_step([w], lr=0.1)
    with refused('0 or more, got inf'): sgd_step([w], lr=math.inf)

def test_hessian_of_what_is_flat_and_of_what_is_no_loss():
    assert lr_limit(lambda w: -w**2, 3.)==math.inf
    assert hessian(lambda w: (2*w).sum(), [1., 2.]).equal(torch.zeros(2, 2))
    assert hessian(lambda w: (w**2).sum(), torch.ones(2, 2)).equal(2*torch.eye(4))
    with refused(r'loss \(2,\)'): hessian(lambda w: w, [1., 2.])
    with refused('computed from w'): hessian(lambda w: 3., 1.)
    with refused('finite values in w'): lr_limit(quadratic, math.nan)
    with refused('finite values in the slopes'): lr_limit(lambda w: (w - 1).sqrt()*w, 0.5)
    with refused('finite values in the second derivatives'): lr_limit(lambda w: w.abs()**1.5, 0.)
    with refused('the smallest curvature'): best_lr(quartic, 1.)

@pytest.mark.parametrize('rule', [step_halving, exponential_decay, inverse_time_decay])
def test_schedules_refuse(rule):
    with refused('t to be a finite number'): rule(-1, 0.4, 1)
    with refused('lr0 to be a finite number'): rule(0, math.nan, 1)
    with refused('(k|every) to be'): rule(0, 0.4, -1)
