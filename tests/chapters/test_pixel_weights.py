"The laws behind the pixel weights, and what they refuse"
import math

import pytest, torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import tensor

from laws import law, one_thread
from sgd_course.pixel_weights import (accuracy, all_finite, check_pair, check_scores, check_values, class_accuracy, class_means, contributions, fit_linear, init_linear, l1_distance, l2_distance,
    one_vs_rest, score, similarity_weights, squared_error_gradient, sum_squared_error, to_vectors, trial_and_error, worst_mistakes)

PIXELS = 6
def rows(n): return arrays('float64', (n, PIXELS), elements=st.floats(-10, 10, width=32)).map(torch.from_numpy)
def goals(n): return arrays('float64', n, elements=st.sampled_from([-1., 1.])).map(torch.from_numpy)
close = torch.testing.assert_close

# Laws

@law(arrays('float32', st.integers(0, 40), elements=st.floats(width=32)), examples=200)
def test_one_look_finds_every_nan_and_infinity(a):
    a = torch.from_numpy(a)
    assert all_finite(a)==a.isfinite().all().item()==all_finite(a.double().requires_grad_())

@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('place', [0, 1, 5000, 99_999])
def test_nan_and_infinity_are_found_in_every_place_of_a_large_tensor(bad, place):
    a = torch.rand(100_000, generator=torch.Generator().manual_seed(0))
    assert all_finite(a)
    a[place] = bad
    assert not all_finite(a)

@law(rows(3), st.floats(-3, 3), st.floats(-3, 3), examples=60)
def test_score_is_linear_but_for_the_bias(v, k, b):
    x, z, w = v
    close(score(x + k*z, w, b) - b, score(x, w, b) - b + k*(score(z, w, b) - b))

@law(rows(5), rows(2), examples=60)
def test_scores_at_once_equal_scores_one_by_one(x, ws):
    at_once = score(x, ws.T, tensor([0.5, -1.], dtype=torch.float64))
    close(at_once, torch.stack([torch.stack([r@ws[0] + 0.5, r@ws[1] - 1]) for r in x]))

@law(rows(3), examples=60)
def test_distances_are_distances(v):
    a, b, c = v
    for d in (l1_distance, l2_distance):
        assert d(a, a)==0 and d(a, b)==d(b, a)>=0
        assert d(a, c) <= d(a, b) + d(b, c) + 1e-9
    assert l1_distance(a, b) <= l2_distance(a, b) + 1e-9

@law(rows(4), rows(2), examples=60)
def test_similarity_is_a_linear_score(x, means):
    w, b = similarity_weights(*means)
    close(score(x, w, b), l2_distance(x, means[1])**2 - l2_distance(x, means[0])**2, atol=1e-8, rtol=1e-6)

@law(rows(4), rows(1), examples=60)
def test_contributions_sum_to_the_score(x, w):
    close(contributions(x, w[0]).sum(1) + 0.7, score(x, w[0], 0.7))

@law(rows(5), rows(1), st.floats(-3, 3), goals(5), examples=60)
def test_gradient_equals_autograd(x, w, b, y):
    w, b = w[0].clone().requires_grad_(), tensor(b, dtype=torch.float64, requires_grad=True)
    (sum_squared_error(score(x, w, b), y)/len(x)).backward()
    for ours, grad in zip(squared_error_gradient(x, w.detach(), b.detach(), y), (w.grad, b.grad)): close(ours, grad)

@law(rows(5), rows(3), examples=60)
def test_gradient_of_several_scores_equals_autograd(x, w):
    w, b, y = w.T.clone().requires_grad_(), torch.zeros(3, dtype=torch.float64, requires_grad=True), one_vs_rest(torch.arange(5)%3, 3).double()
    (sum_squared_error(score(x, w, b), y)/len(x)).backward()
    for ours, grad in zip(squared_error_gradient(x, w.detach(), b.detach(), y), (w.grad, b.grad)): close(ours, grad)

@law(rows(5), goals(5), st.integers(1, 20), examples=60)
def test_loss_falls_below_the_limit(x, y, steps):
    ones = torch.cat([x, torch.ones(5, 1)], 1)
    lr = 1/torch.linalg.eigvalsh(2*ones.T@ones/5)[-1].item()
    ws, bs = fit_linear(x, y, torch.zeros(PIXELS).double(), 0., lr, steps)
    losses = [sum_squared_error(score(x, w, b), y).item() for w, b in zip(ws, bs)]
    assert len(losses)==steps+1 and all(new <= old + 1e-9 for old, new in zip(losses, losses[1:]))

@law(arrays('float64', 8, elements=st.floats(-5, 5)).map(torch.from_numpy), st.lists(st.sampled_from([0., 1.]), min_size=8, max_size=8).map(tensor), examples=60)
def test_accuracy_and_mistakes_agree(s, t):
    wrong = worst_mistakes(s, t)
    assert accuracy(s, t)==pytest.approx(1 - len(wrong)/8)
    assert ((s[wrong]>0) != (t[wrong]==1)).all()
    depth = s[wrong].abs()
    assert (depth.diff() <= 0).all()

def test_mistakes_do_not_depend_on_the_type_of_the_targets():
    s, t = tensor([1., -3., -1., 2.]), tensor([1, 1, 1, 0])
    for dtype in (torch.uint8, torch.bool, torch.int64, torch.float64): assert worst_mistakes(s, t.to(dtype)).tolist()==[1, 3, 2]

def test_lists_will_do():
    close(score([[1., 2.], [3., 4.]], [1., -1.], 0.5), tensor([-0.5, -0.5]))
    close(class_means(M, [0, 1]), M)
    close(one_vs_rest([1, 0], 2), tensor([[-1., 1.], [1., -1.]]))

def test_accuracy_by_class():
    s, t = tensor([2., -1., 0.1, 0.]), tensor([1., 0., 0., 1.])
    assert class_accuracy(s, t)==(0.5, 0.5) and accuracy(s, t)==0.5
    assert worst_mistakes(s, t).tolist()==[2, 3]

def test_search_never_gets_worse_and_repeats():
    def bowl(w): return ((w - 1)**2).sum()
    runs = [trial_and_error(bowl, torch.zeros(4), 0.3, 50, torch.Generator().manual_seed(1)) for _ in range(2)]
    (w, best), (w2, best2) = runs
    assert torch.equal(w, w2) and best==best2 and len(best)==51 and best[0]==4
    assert all(new <= old for old, new in zip(best, best[1:])) and best[-1]==pytest.approx(bowl(w).item()) and best[-1] < 4

def test_start_follows_its_generator():
    w, b = init_linear(1000, torch.Generator().manual_seed(0), scale=0.1)
    assert torch.equal(w, init_linear(1000, torch.Generator().manual_seed(0), scale=0.1)[0]) and not torch.equal(w, init_linear(1000, torch.Generator().manual_seed(1), scale=0.1)[0])
    assert b==0 and b.shape==() and 0.09 < w.std() < 0.11

def test_vectors_run_row_by_row():
    x = to_vectors(torch.arange(784).remainder(256).to(torch.uint8).view(1, 28, 28))
    assert x.shape==(1, 784) and x[0, 28*2+5]==pytest.approx(61/255)

# Refusals

V, M, T = torch.ones(3), torch.ones(2, 3), tensor([1., 0.])
NAN = tensor([1., math.nan, 1.])
def fit(lr=0.1, steps=1, y=T, x=M): return fit_linear(x, y, V, 0., lr, steps)
def gen(): return torch.Generator().manual_seed(0)

@pytest.mark.parametrize('call, message', [
    (lambda: to_vectors(torch.zeros(0, 28, 28, dtype=torch.uint8)), 'at least one picture'),
    (lambda: to_vectors(torch.zeros(2, 784, dtype=torch.uint8)), '28, 28'),
    (lambda: to_vectors(torch.zeros(28, 28)), 'uint8'),
    (lambda: check_values('x', [1.]), 'got list'), (lambda: check_values('x', torch.arange(3)), 'int64'),
    (lambda: check_values('x', torch.ones(0)), 'at least one'), (lambda: check_values('x', NAN), 'NaN'), (lambda: check_values('x', V/0), 'infinity'),
    (lambda: class_means(M, [1., math.nan]), 'got NaN'), (lambda: check_pair(M, torch.ones(2)), r'\(2, 3\) and \(2,\)'), (lambda: check_scores(T, 2*T - 1), '0 or 1'),
    (lambda: accuracy([1., 0.], T), 'tensor, got list'), (lambda: accuracy(T, [1., 0.]), 'tensor, got list'), (lambda: sum_squared_error(T, [1., 0.]), 'tensor, got list'),
    (lambda: class_means(V, T), r'\(n, pixels\)'), (lambda: class_means(M, V), r'\(2, 3\) and \(3,\)'), (lambda: class_means(M[:0], T[:0]), 'at least one'),
    (lambda: l1_distance(V, torch.ones(4)), r'\(3,\) and \(4,\)'), (lambda: l2_distance(M, torch.ones(5, 3)), r'\(2, 3\) and \(5, 3\)'),
    (lambda: l1_distance(tensor(1.), tensor(1.)), r'\(\) and \(\)'), (lambda: l2_distance(V, NAN), 'NaN'),
    (lambda: similarity_weights(V, torch.ones(4)), r'\(3,\) and \(4,\)'),
    (lambda: accuracy(T[:, None], T), r'\(2, 1\) and \(2,\)'), (lambda: accuracy(T[:0], T[:0]), 'at least one'),
    (lambda: accuracy(NAN, V), 'NaN'), (lambda: accuracy(T, 3*T), '0 or 1'), (lambda: accuracy(V, NAN), '0 or 1'),
    (lambda: class_accuracy(V, V), 'both classes'), (lambda: worst_mistakes(T[:, None], T), r'\(2, 1\)'),
    (lambda: score(M, torch.ones(4), 0.), r'\(2, 3\) and \(4,\)'), (lambda: score(M, V, torch.ones(1)), r'bias of shape \(\)'),
    (lambda: score(M, torch.ones(3, 2), 0.), r'bias of shape \(2,\)'), (lambda: score(M, NAN, 0.), 'finite scores'),
    (lambda: sum_squared_error(T[:, None], T), r'\(2, 1\) and \(2,\)'), (lambda: sum_squared_error(T[:0], T[:0]), 'at least one'), (lambda: sum_squared_error(V, NAN), 'goals'),
    (lambda: squared_error_gradient(M, V, 0., T[:, None]), r'goals of shape \(2,\)'), (lambda: squared_error_gradient(M[:0], V, 0., T[:0]), 'at least 1'),
    (lambda: squared_error_gradient(M, V, 0., tensor([1., math.nan])), 'goals'),
    (lambda: init_linear(784, None), 'Generator'), (lambda: init_linear(0, gen()), 'pixel'), (lambda: init_linear(2.5, gen()), 'pixel'),
    (lambda: init_linear(3, gen(), scale=-1.), 'scale'), (lambda: init_linear(3, gen(), scale=math.nan), 'scale'),
    (lambda: fit(lr=-0.1), 'lr'), (lambda: fit(lr=math.nan), 'lr'), (lambda: fit(lr=math.inf), 'lr'),
    (lambda: fit(steps=-1), 'steps'), (lambda: fit(steps=1.5), 'steps'), (lambda: fit(lr=10., steps=100), 'finite scores'), (lambda: fit(y=V), r'goals of shape \(2,\)'),
    (lambda: contributions(V, M), r'\(pixels,\)'), (lambda: contributions(V, NAN), 'NaN'),
    (lambda: trial_and_error(torch.sum, V, 0., 1, gen()), 'size'), (lambda: trial_and_error(torch.sum, V, math.nan, 1, gen()), 'size'),
    (lambda: trial_and_error(torch.sum, V, 1., -1, gen()), 'trials'), (lambda: trial_and_error(torch.sum, NAN, 1., 1, gen()), 'NaN'),
    (lambda: trial_and_error(torch.sum, V, 1., 1, None), 'torch.Generator, got None'), (lambda: trial_and_error(lambda w: math.nan, V, 1., 0, gen()), 'got nan'),
    (lambda: trial_and_error(lambda w: 1. if w is V else math.nan, V, 1., 3, gen()), 'got nan'),
    (lambda: fit(steps=0, y=V), r'goals of shape \(2,\)'), (lambda: fit_linear(M, T, torch.ones(4), 0., 0.1, 0), r'\(2, 3\) and \(4,\)'),
    (lambda: one_vs_rest([0., 1.]), 'whole numbers'), (lambda: one_vs_rest(tensor([0., 1.])), 'whole numbers'), (lambda: one_vs_rest(tensor([], dtype=torch.long)), 'at least 1'), (lambda: one_vs_rest(tensor([10])), 'from 0 to 9'), (lambda: one_vs_rest(tensor([-1])), 'from 0 to 9'),
])
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message): call()
