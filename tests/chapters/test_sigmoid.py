"Laws of `sgd_course.sigmoid` that hold for every score, probability and target"
import math

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import tensor

from laws import law, one_thread
from sgd_course.sigmoid import (absolute_error, calibration_error, check_probabilities, cross_entropy, cross_entropy_from_scores,
                                expected_loss, finite_scores, reliability, sigmoid, softmax, softmax_cross_entropy, squared_error, train_linear)

FAR = 1e4

def doubles(values):
    "Two correct losses may differ by rounding alone: far scores cancel. So compare in the more exact type"
    return tensor(values, dtype=torch.float64)

scores = st.floats(-FAR, FAR, width=32)
mild = st.floats(-30, 30, width=32)
shares = st.floats(0, 1, width=32)
rates = st.floats(1/64, 63/64, width=32)
rows = st.integers(1, 8).flatmap(lambda c: st.lists(st.lists(scores, min_size=c, max_size=c), min_size=1, max_size=6)).map(doubles)
LOSSES = [absolute_error, squared_error, cross_entropy]

def slopes(f, x):
    "Value of `f` at `x`, and its gradient"
    x = x.clone().requires_grad_()
    y = f(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]

def close(a, b, atol=1e-6, rtol=1e-5): torch.testing.assert_close(a, b, atol=atol, rtol=rtol, check_dtype=False)

# The sigmoid

@law(scores)
def test_sigmoid_is_symmetric(x): close(sigmoid(-x), 1 - sigmoid(x))

@law(scores, scores)
def test_sigmoid_rises(a, b):
    lo, hi = sorted([a, b])
    assert 0 <= sigmoid(lo) <= sigmoid(hi) <= 1

@law(st.lists(scores, min_size=1, max_size=20).map(tensor))
def test_sigmoid_is_torchs_in_value_and_gradient(x):
    for ours, theirs in zip(slopes(sigmoid, x), slopes(torch.sigmoid, x)): close(ours, theirs)

@law(scores)
def test_gradient_is_finite_and_s_times_one_minus_s(x):
    s, grad = slopes(sigmoid, tensor(x))
    assert grad.isfinite() and -1e-6 <= grad <= 0.25 + 1e-6
    close(grad, s*(1 - s))

@law(st.floats(-10, 10))
def test_one_more_point_of_score_multiplies_the_odds_by_e(x):
    p, q = sigmoid(tensor([x, x + 1], dtype=torch.float64))
    close((q/(1 - q))/(p/(1 - p)), tensor(math.e))

def naive(x): return 1/(1 + torch.exp(-x))

ONE_FROM, ZERO_BELOW = 24*math.log(2), -math.log(torch.finfo(torch.float32).max)

@law(st.floats(ONE_FROM + 1e-3, FAR))
def test_naive_value_is_exactly_one(x): assert naive(tensor(x))==1

@law(st.floats(0, ONE_FROM - 1e-3))
def test_naive_value_is_below_one(x): assert naive(tensor(x))<1

@law(st.floats(-FAR, ZERO_BELOW - 1e-3))
def test_naive_gradient_is_nan_below_the_border(x):
    value, grad = slopes(naive, tensor(x))
    assert value==0 and grad.isnan()
    assert slopes(sigmoid, tensor(x))[1].isfinite()

@law(st.floats(ZERO_BELOW + 1e-3, 0))
def test_naive_gradient_is_finite_above_the_border(x):
    value, grad = slopes(naive, tensor(x))
    assert value>0 and grad.isfinite()

# Losses

@pytest.mark.parametrize('loss, theirs', [(absolute_error, F.l1_loss), (squared_error, F.mse_loss), (cross_entropy, F.binary_cross_entropy)])
@law(pairs=st.lists(st.tuples(rates, shares), min_size=1, max_size=20))
def test_loss_is_torchs(loss, theirs, pairs):
    p, t = tensor(pairs).T
    close(loss(p, t), theirs(p, t))

@pytest.mark.parametrize('loss', LOSSES)
@law(t=st.lists(st.sampled_from([0., 1.]), min_size=1, max_size=9).map(tensor))
def test_perfect_prediction_costs_nothing(loss, t): assert loss(t, t)==0

@pytest.mark.parametrize('loss', [squared_error, cross_entropy])
@law(rate=rates, p=shares)
def test_proper_scores_are_cheapest_at_the_true_rate(loss, rate, p):
    rate, p = (tensor(v, dtype=torch.float64) for v in (rate, p))
    gap = expected_loss(loss, p, rate) - expected_loss(loss, rate, rate)
    assert gap >= -1e-12
    if abs(p - rate) > 1e-3: assert gap > 0

@law(st.floats(0.51, 1), st.floats(0, 0.99))
def test_absolute_error_rewards_exaggeration(rate, p):
    assert expected_loss(absolute_error, 1., rate) < expected_loss(absolute_error, p, rate)

@law(st.lists(st.tuples(scores, shares), min_size=1, max_size=20))
def test_cross_entropy_from_scores_is_torchs_in_value_and_gradient(pairs):
    x, t = doubles(pairs).T
    ours, theirs = (slopes(lambda x: f(x, t), x) for f in (cross_entropy_from_scores, F.binary_cross_entropy_with_logits))
    for a, b in zip(ours, theirs): close(a, b)
    assert ours[0].isfinite() and ours[1].isfinite().all()
    close(ours[1], (torch.sigmoid(x) - t)/len(x))

@law(mild, shares)
def test_scores_and_probabilities_give_the_same_cross_entropy(x, t):
    x = tensor(x, dtype=torch.float64)
    close(cross_entropy_from_scores(x, t), cross_entropy(sigmoid(x), t), rtol=1e-3)

# Several classes

@law(rows)
def test_softmax_sums_to_one_and_is_torchs(x):
    p = softmax(x)
    assert ((p>=0) & (p<=1)).all()
    close(p.sum(-1), torch.ones(len(x)))
    close(p, torch.softmax(x, -1))

@law(rows, st.integers(-1000, 1000))
def test_softmax_does_not_notice_a_shift(x, shift):
    x = x.double()
    close(softmax(x + shift), softmax(x))

@law(scores, scores)
def test_softmax_of_two_is_the_sigmoid_of_the_difference(a, b):
    x = tensor([a, b], dtype=torch.float64)
    close(softmax(x)[0], sigmoid(x[0] - x[1]))

@law(rows, st.data())
def test_softmax_cross_entropy_is_torchs_in_value_and_gradient(x, data):
    n, classes = x.shape
    target = tensor(data.draw(st.lists(st.integers(0, classes-1), min_size=n, max_size=n)))
    ours, theirs = (slopes(lambda x: f(x, target), x) for f in (softmax_cross_entropy, F.cross_entropy))
    for a, b in zip(ours, theirs): close(a, b, rtol=1e-4)
    assert ours[0].isfinite() and ours[1].isfinite().all()
    close(ours[1], (torch.softmax(x, -1) - F.one_hot(target, classes))/n)

@law(st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=9))
def test_two_classes_of_which_one_scores_zero_are_the_binary_case(pairs):
    x, t = doubles([x for x, _ in pairs]), doubles([t for _, t in pairs])
    both = torch.stack([torch.zeros_like(x), x], dim=1)
    close(softmax_cross_entropy(both, t.long()), cross_entropy_from_scores(x, t), rtol=1e-4)

# Calibration

@law(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60), st.integers(1, 15))
def test_reliability_counts_each_case_once(pairs, bins):
    p, t = tensor([p for p, _ in pairs]), tensor([float(t) for _, t in pairs])
    said, happened, n = reliability(p, t, bins)
    assert n.sum()==len(p) and len(n)<=bins and (n>0).all()
    close((said*n).sum(), p.double().sum(), atol=1e-4)
    close((happened*n).sum(), t.double().sum(), atol=1e-4)
    error = calibration_error(p, t, bins)
    assert -1e-6 <= error <= 1 + 1e-6
    close(tensor(calibration_error(p, t, 1)), (p.mean() - t.mean()).abs(), atol=1e-5)
    assert error >= calibration_error(p, t, 1) - 1e-5

def test_calibration_error_of_a_forecaster_who_is_right_and_one_who_exaggerates():
    rain = tensor([1.]*7 + [0.]*3)
    assert calibration_error(torch.full((10,), 0.7), rain) == pytest.approx(0, abs=1e-6)
    assert calibration_error(torch.full((10,), 0.95), rain) == pytest.approx(0.25, abs=1e-6)

# Training

def line(n=200):
    g = torch.Generator().manual_seed(0)
    x = torch.rand(n, 3, generator=g)
    return x, (x[:, 0] > x[:, 1]).float()

def test_training_separates_what_can_be_separated_and_is_reproducible():
    x, t = line()
    runs = [train_linear(x, t, torch.Generator().manual_seed(1), lr=1., epochs=30, report=lambda w, b: cross_entropy_from_scores(x@w + b, t).item()) for _ in range(2)]
    (w, b, losses), again = runs
    assert (((x@w + b > 0) == (t > 0.5)).float().mean() > 0.95) and losses[-1] < losses[0] < math.log(2)
    assert len(losses)==30 and torch.equal(w, again[0]) and losses==again[2]
    assert not w.requires_grad and not b.requires_grad

def test_one_full_batch_step_is_the_step_by_hand():
    x, t = line(20)
    w, b, _ = train_linear(x, t, torch.Generator().manual_seed(0), lr=0.7, batch_size=20, epochs=1)
    close(w, -0.7*((0.5 - t)@x/20))
    close(b, -0.7*(0.5 - t).mean())

def test_training_leaves_the_data_as_they_were():
    x, t = line(20)
    before = x.clone(), t.clone()
    train_linear(x, t, torch.Generator().manual_seed(0), epochs=2)
    assert torch.equal(x, before[0]) and torch.equal(t, before[1])

# Bad input

BAD = [[], [math.nan], [math.inf], [1., -math.inf]]

@pytest.mark.parametrize('f', [finite_scores, sigmoid, softmax, lambda x: cross_entropy_from_scores(x, torch.zeros(len(x))), lambda x: softmax_cross_entropy(tensor([x]), [0])])
@pytest.mark.parametrize('x', BAD)
def test_bad_scores(f, x):
    with pytest.raises(ValueError, match='expected'): f(x)

@pytest.mark.parametrize('loss', LOSSES + [reliability, calibration_error])
@pytest.mark.parametrize('p, t', [([], []), ([0.5], [1., 0.]), ([1.5], [1.]), ([-0.1], [1.]), ([math.nan], [1.]), ([0.5], [math.nan]), ([0.5], [3.]), ([[0.5]], [0.])])
def test_bad_probabilities_or_targets(loss, p, t):
    with pytest.raises(ValueError, match='expected'): loss(p, t)

@pytest.mark.parametrize('change', [
    dict(lr=-1.), dict(lr=math.nan), dict(lr=math.inf), dict(batch_size=0), dict(epochs=0), dict(batch_size=1.5), dict(epochs=1.5), dict(generator=None), dict(x=torch.zeros(0, 3), t=torch.zeros(0)),
    dict(x=torch.full((4, 3), math.nan)), dict(x=torch.zeros(4)), dict(x=torch.zeros(4, 3, dtype=torch.uint8)), dict(t=torch.zeros(3)),
    dict(t=torch.full((4,), 7.)), dict(t=torch.zeros(4, 1)), dict(t=torch.full((4,), math.nan))], ids=str)
def test_training_refuses(change):
    args = dict(x=torch.ones(4, 3), t=torch.ones(4), generator=torch.Generator(), epochs=1) | change
    with pytest.raises(ValueError, match='expected'): train_linear(**args)

def test_a_run_that_flies_off_says_so():
    x, t = line(8)
    with pytest.raises(ValueError, match='finite'): train_linear(1e20*x, t, torch.Generator().manual_seed(0), lr=1e30, epochs=3)

@pytest.mark.parametrize('target', [[0], [0, 3], [0, -1], [0., 1.]])
def test_bad_classes(target):
    with pytest.raises(ValueError, match='expected targets'): softmax_cross_entropy(torch.zeros(2, 3), target)

def test_messages_say_what_was_expected_and_what_came():
    with pytest.raises(ValueError, match=r'expected targets of shape \(4, 1\), got \(4,\)'): check_probabilities(torch.zeros(4), (4, 1), 'targets')
    with pytest.raises(ValueError, match=r'expected at least 1 bin, got 0'): reliability([0.5], [1.], 0)

@pytest.mark.parametrize('f', [reliability, calibration_error])
def test_calibration_needs_what_happened_and_whole_bins(f):
    with pytest.raises(ValueError, match='0 or 1'): f([0.5, 0.5], [0.3, 0.7])
    with pytest.raises(ValueError, match='at least 1 bin, got 2.5'): f([0.5, 0.5], [0., 1.], 2.5)
