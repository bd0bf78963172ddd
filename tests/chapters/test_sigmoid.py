"Laws of `sgd_course.sigmoid` that hold for every score, probability and target"
import math

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import tensor

from laws import law, one_thread
from subtests import each
from sgd_course.sigmoid import (absolute_error, calibration_error, cross_entropy, cross_entropy_from_scores,
                                fit_to_the_end, reliability, sigmoid, softmax, softmax_cross_entropy, squared_error,
                                train_linear)

FAR = 1e4

def doubles(values):
    "Two correct losses may differ by rounding alone: far scores cancel. So compare in the more exact type"
    return tensor(values, dtype=torch.float64)

scores = st.floats(-FAR, FAR, width=32)
mild = st.floats(-30, 30, width=32)
shares = st.floats(0, 1, width=32)
rates = st.floats(1/64, 63/64, width=32)
tables = st.integers(1, 8).flatmap(lambda c: st.lists(st.lists(scores, min_size=c, max_size=c), min_size=1, max_size=6))
rows = tables.map(doubles)
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

@pytest.mark.parametrize('ours, theirs', [
    (absolute_error, F.l1_loss), (squared_error, F.mse_loss), (cross_entropy, F.binary_cross_entropy)])
@law(pairs=st.lists(st.tuples(rates, shares), min_size=1, max_size=20))
def test_loss_is_torchs(ours, theirs, pairs):
    p, y = tensor(pairs).T
    close(ours(p, y), theirs(p, y))

@pytest.mark.parametrize('loss_func', LOSSES)
@law(y=st.lists(st.sampled_from([0., 1.]), min_size=1, max_size=9).map(tensor))
def test_perfect_prediction_costs_nothing(loss_func, y): assert loss_func(y, y)==0

def expected_loss(p, rate, loss_func): return rate*loss_func(p, 1.) + (1 - rate)*loss_func(p, 0.)

@pytest.mark.parametrize('loss_func', [squared_error, cross_entropy])
@law(rate=rates, p=shares)
def test_proper_scores_are_cheapest_at_the_true_rate(loss_func, rate, p):
    rate, p = (tensor(v, dtype=torch.float64) for v in (rate, p))
    gap = expected_loss(p, rate, loss_func) - expected_loss(rate, rate, loss_func)
    assert gap >= -1e-12
    if abs(p - rate) > 1e-3: assert gap > 0

@law(st.floats(0.51, 1), st.floats(0, 0.99))
def test_absolute_error_rewards_exaggeration(rate, p):
    assert expected_loss(1., rate, absolute_error) < expected_loss(p, rate, absolute_error)

@law(st.lists(st.tuples(scores, shares), min_size=1, max_size=20))
def test_cross_entropy_from_scores_is_torchs_in_value_and_gradient(pairs):
    x, y = doubles(pairs).T
    ours = slopes(lambda x: cross_entropy_from_scores(x, y), x)
    theirs = slopes(lambda x: F.binary_cross_entropy_with_logits(x, y), x)
    for a, b in zip(ours, theirs): close(a, b)
    assert ours[0].isfinite() and ours[1].isfinite().all()
    close(ours[1], (torch.sigmoid(x) - y)/len(x))

@law(mild, shares)
def test_scores_and_probabilities_give_the_same_cross_entropy(x, y):
    x = tensor(x, dtype=torch.float64)
    close(cross_entropy_from_scores(x, y), cross_entropy(sigmoid(x), y), rtol=1e-3)

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
    y = tensor(data.draw(st.lists(st.integers(0, classes-1), min_size=n, max_size=n)))
    ours, theirs = (slopes(lambda x: f(x, y), x) for f in (softmax_cross_entropy, F.cross_entropy))
    for a, b in zip(ours, theirs): close(a, b, rtol=1e-4)
    assert ours[0].isfinite() and ours[1].isfinite().all()
    close(ours[1], (torch.softmax(x, -1) - F.one_hot(y, classes))/n)

@law(st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=9))
def test_two_classes_of_which_one_scores_zero_are_the_binary_case(pairs):
    x, y = doubles([x for x, _ in pairs]), doubles([y for _, y in pairs])
    both = torch.stack([torch.zeros_like(x), x], dim=1)
    close(softmax_cross_entropy(both, y.long()), cross_entropy_from_scores(x, y), rtol=1e-4)

# Calibration

@law(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60), st.integers(1, 15))
def test_reliability_counts_each_case_once(pairs, bins):
    p, y = tensor([p for p, _ in pairs]), tensor([float(y) for _, y in pairs])
    said, happened, n = reliability(p, y, bins)
    assert n.sum()==len(p) and len(n)<=bins and (n>0).all()
    close((said*n).sum(), p.double().sum(), atol=1e-4)
    close((happened*n).sum(), y.double().sum(), atol=1e-4)
    error = calibration_error(p, y, bins)
    assert -1e-6 <= error <= 1 + 1e-6
    close(tensor(calibration_error(p, y, 1)), (p.mean() - y.mean()).abs(), atol=1e-5)
    assert error >= calibration_error(p, y, 1) - 1e-5

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
    x, y = line()
    def report(w, b): return cross_entropy_from_scores(x@w + b, y).item()
    def run(): return train_linear(x, y, 1., 30, report=report, generator=torch.Generator().manual_seed(1))
    (w, b, losses), again = run(), run()
    assert (((x@w + b > 0) == (y > 0.5)).float().mean() > 0.95) and losses[-1] < losses[0] < math.log(2)
    assert len(losses)==30 and torch.equal(w, again[0]) and losses==again[2]
    assert not w.requires_grad and not b.requires_grad

def test_one_full_batch_step_is_the_step_by_hand():
    x, y = line(20)
    w, b, _ = train_linear(x, y, lr=0.7, epochs=1, batch_size=20, generator=torch.Generator().manual_seed(0))
    close(w, -0.7*((0.5 - y)@x/20))
    close(b, -0.7*(0.5 - y).mean())

def test_training_leaves_the_data_as_they_were():
    x, y = line(20)
    before = x.clone(), y.clone()
    train_linear(x, y, epochs=2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(x, before[0]) and torch.equal(y, before[1])

def test_a_run_that_flies_off_says_so():
    x, y = line(8)
    with pytest.raises(ValueError, match='finite'):
        train_linear(1e20*x, y, lr=1e30, epochs=3, generator=torch.Generator().manual_seed(0))

def test_to_the_end_a_model_that_can_part_the_classes_is_never_wrong_and_sure_of_it():
    x, y = line()
    w, b = fit_to_the_end(x, y)
    z = x@w + b
    assert torch.equal(z > 0, y > 0.5) and cross_entropy_from_scores(z, y) < 1e-3

# Bad input

X, Y = line(6)
TWO = torch.ones(2, 3)
REFUSED = {
    'shapes of p and y': (absolute_error, 'p (4, 1), y (4,)', dict(p=torch.zeros(4, 1), y=torch.zeros(4))),
    'targets above 1': (squared_error, 'y from 0 to 1, got 0.0 to 7.0', dict(p=[0., 1.], y=[0., 7.])),
    'probabilities above 1': (cross_entropy, 'p from 0 to 1', dict(p=[0.1, 1.2], y=[0., 1.])),
    'NaN': (cross_entropy, 'NaN', dict(p=[0.1, math.nan], y=[0., 1.])),
    'nothing': (cross_entropy, 'at least one value in p', dict(p=[], y=[])),
    'infinite score': (sigmoid, 'NaN or infinity', dict(z=math.inf)),
    'whole score': (sigmoid, '3. instead of 3', dict(z=3)),
    'no score': (sigmoid, 'at least one value in z', dict(z=[])),
    'shapes of z and y': (cross_entropy_from_scores, 'z (2,), y (1,)', dict(z=[1., 2.], y=[1.])),
    'target 7': (cross_entropy_from_scores, 'y from 0 to 1', dict(z=[1.], y=[7.])),
    'score NaN': (cross_entropy_from_scores, 'NaN or infinity', dict(z=[math.nan], y=[1.])),
    'no classes': (softmax, 'got z ()', dict(z=tensor(1.))),
    'scores of one digit': (softmax_cross_entropy, 'z (3,), y (1,)', dict(z=torch.ones(3), y=tensor([0]))),
    'too few classes': (softmax_cross_entropy, 'y (1,)', dict(z=TWO, y=tensor([0]))),
    'classes as fractions': (softmax_cross_entropy, 'whole numbers', dict(z=TWO, y=tensor([0., 1.]))),
    'class 3 of 0 to 2': (softmax_cross_entropy, 'y from 0 to 2', dict(z=TWO, y=tensor([0, 3]))),
    'class -1': (softmax_cross_entropy, 'y from 0', dict(z=TWO, y=tensor([0, -1]))),
    'no bins': (reliability, 'bins to be a whole', dict(p=[0.5], y=[1.], bins=0)),
    'targets of 0.3': (calibration_error, 'y to be 0 or 1 each', dict(p=[0.5, 0.5], y=[0.3, 0.7]))}

@each('f, said, arguments', REFUSED)
def test_bad_input_is_refused_with_its_name(f, said, arguments):
    with pytest.raises(ValueError) as e: f(**arguments)
    assert said in str(e.value)

@each('said, changed', [
    ('lr to be a finite number, 0 or more', dict(lr=-1.)), ('epochs to be a whole number, 1 or more', dict(epochs=0)),
    ('batch_size to be a whole number, 1 or more, got 1.5', dict(batch_size=1.5)),
    ('torch.Generator, got None', dict(generator=None)), ('x (6,), y (6,)', dict(x=X[:, 0])),
    ('x (6, 3), y (5,)', dict(y=Y[:5])), ('at least one value in x', dict(x=X[:0], y=Y[:0])),
    ('floating-point numbers', dict(x=X.long())), ('NaN or infinity', dict(x=X*math.nan)),
    ('y from 0 to 1', dict(y=Y + 1))])
def test_training_refuses(said, changed):
    good = dict(x=X, y=Y, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError) as e: train_linear(**good | changed)
    assert said in str(e.value)

@pytest.mark.parametrize('score', [-FAR, -88.73, 0., FAR])
def test_gradients_of_far_scores_are_finite(score):
    x = tensor([score])
    for f in (sigmoid, lambda z: cross_entropy_from_scores(z, torch.ones_like(z))):
        assert slopes(f, x)[1].isfinite().all()
