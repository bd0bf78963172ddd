"Laws of `sgd_course.learning_rate`: closed forms, limits, schedules"
import math

import pytest
import torch
from hypothesis import assume, strategies as st
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, StepLR

from laws import law, one_thread
from sgd_course.learning_rate import (best_lr, border, check_lr, curve, exponential_decay, fit_curve, hessian, inverse_time_decay, lr_find, lr_limit,
                                      mean_squared_error, pick_lr, rolling_ball, sgd_step, step_halving, walk)
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

@law(curvature, examples=25)
def test_border_found_by_bisection_is_two_over_curvature(c):
    grows = lambda lr: abs(walk(lambda w: c*w, 1., lr, 1)[-1]).item() > 1
    assert border(grows, 0.5/c, 5/c) == pytest.approx(2/c, rel=1e-6)

@pytest.mark.parametrize('lr,oscillates', [(0.098, False), (0.0995, True)])
def test_quartic_oscillates_above_the_limit_at_its_minimum(lr, oscillates):
    assert lr_limit(quartic, double(9/4)[0]) == pytest.approx(8/81)
    assert (0.098 < 8/81 < 0.0995) and (walk(lambda w: 4*w**3 - 9*w**2, -1.5, lr, 4000)[-2:].diff().abs().item() > 0.01) == oscillates

@law(st.lists(weight, min_size=1, max_size=4), examples=25)
def test_hessian_equals_torch(w):
    f = lambda w: (w.sin()*w.roll(1)).sum() + (w**3).sum()
    assert torch.allclose(hessian(f, double(*w)), torch.autograd.functional.hessian(f, double(*w)), atol=1e-9)

@law(st.floats(1e-3, 10), st.integers(1, 9), st.floats(0, 2), examples=25)
def test_schedules_equal_torch(lr0, every, k):
    ours = [lambda t: step_halving(t, lr0, every), lambda t: exponential_decay(t, lr0, k), lambda t: inverse_time_decay(t, lr0, k)]
    theirs = [lambda o: StepLR(o, every, gamma=0.5), lambda o: ExponentialLR(o, math.exp(-k)), lambda o: LambdaLR(o, lambda t: 1/(1 + k*t))]
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
    end = walk(lambda w: 2*w, torch.zeros(4000), lr, 80, 1., g)[-1]
    assert end.pow(2).mean().item() == pytest.approx(lr/(4*(1 - lr)), rel=0.2)   # more than 8 standard errors

@pytest.mark.parametrize('bad', [-0.1, math.nan, math.inf, [], '0.1', None])
def test_bad_rates_are_refused(bad):
    w = torch.ones(1, requires_grad=True)
    (w**2).sum().backward()
    x, y = rolling_ball(5, 0.)
    calls = [lambda: check_lr(bad), lambda: sgd_step([w], bad), lambda: walk(lambda w: w, 1., bad, 1), lambda: walk(lambda w: w, 1., lambda t: bad, 1),
             lambda: step_halving(0, bad, 1), lambda: exponential_decay(0, bad, 1), lambda: inverse_time_decay(0, bad, 1),
             lambda: lr_find(quadratic, 3., bad, 1.), lambda: fit_curve(x, y, bad, 1, torch.Generator())]
    for call in calls:
        with pytest.raises(ValueError, match='lr'): call()
    assert w.item() == 1

def test_bad_data_are_refused():
    x, y, g = *rolling_ball(5, 0.), torch.Generator()
    for a, b in ((x[:0], y[:0]), (x*math.nan, y), (x, y*math.nan), (x, y[:4]), (x, y[:,None])):
        with pytest.raises(ValueError, match='expected'): fit_curve(a, b, 0.1, 2, g)
    with pytest.raises(ValueError, match='equal shapes'): mean_squared_error(y, y[:,None])
    with pytest.raises(ValueError, match='finite loss'): pick_lr([0.1], [math.inf])

def test_a_run_that_diverges_says_so():
    t, speed = rolling_ball(generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match='diverged'): fit_curve(t, speed, 0.4, 100, torch.Generator().manual_seed(0))

@pytest.mark.parametrize('call, message', [
    (lambda: sgd_step(torch.ones(2, requires_grad=True), 0.1), r'write \[w\]'),
    (lambda: fit_curve(*rolling_ball(5, 0.), 0.1, 1, None), 'torch.Generator, got None'),
    (lambda: hessian(lambda w: (w - 1).sqrt()*w, 0.5), 'finite second derivatives'), (lambda: lr_limit(lambda w: w.abs()**1.5, 0.), 'finite second derivatives'),
    (lambda: best_lr(lambda w: w.abs()**1.5, 0.), 'finite second derivatives'),
    (lambda: walk(lambda w: w[:, None], [1., 2.], 0.1, 1), r'slope of shape \(2,\), got \(2, 1\)'), (lambda: walk(lambda w: w[:1], [1., 2.], 0.1, 1), 'slope of shape'),
    (lambda: curve([], [1., 2., 3.]), 'at least one'), (lambda: curve([1., math.nan], [1., 2., 3.]), 'finite inputs'), (lambda: curve([1.], [1., 2.]), r'shape \(3,\)'),
    (lambda: mean_squared_error([1., 2.], [1.]), 'equal shapes'),
])
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message): call()

def test_lists_will_do():
    assert curve([0., 2.], [1., 2., 3.]).tolist()==[3., 11.] and mean_squared_error([1., 2.], [1., 4.]).item()==2
