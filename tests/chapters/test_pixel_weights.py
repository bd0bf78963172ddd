"The laws behind the pixel weights, and what they refuse"
import math

import pytest, torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import tensor

from laws import law
from subtests import each
from sgd_course.pixel_weights import (accuracy, class_means, fit_linear, l1_distance, l2_distance, one_vs_rest, score,
    similarity_weights)

PIXELS = 6
def rows(n): return arrays('float64', (n, PIXELS), elements=st.floats(-10, 10, width=32)).map(torch.from_numpy)
def signs(n): return arrays('float64', n, elements=st.sampled_from([-1., 1.])).map(torch.from_numpy)
close = torch.testing.assert_close

# Laws

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

def gradient(x, y, w, b):
    "What one step of `fit_linear` with a rate of 1 takes away"
    ws, bs = fit_linear(x, y, w, b, 1., 1)
    return ws[0] - ws[1], bs[0] - bs[1]

@law(rows(5), rows(1), st.floats(-3, 3), signs(5), examples=60)
def test_a_step_follows_the_gradient_of_autograd(x, w, b, y):
    w, b = w[0].clone().requires_grad_(), tensor(b, dtype=torch.float64, requires_grad=True)
    ((score(x, w, b) - y)**2).mean().backward()
    for o, grad in zip(gradient(x, y, w.detach(), b.detach()), (w.grad, b.grad)): close(o, grad)

@law(rows(5), rows(3), examples=60)
def test_several_scores_are_trained_at_once(x, w):
    w, b = w.T.clone().requires_grad_(), torch.zeros(3, dtype=torch.float64, requires_grad=True)
    y = one_vs_rest(torch.arange(5)%3, 3).double()
    (((score(x, w, b) - y)**2).sum()/len(x)).backward()
    for o, grad in zip(gradient(x, y, w.detach(), b.detach()), (w.grad, b.grad)): close(o, grad)

@law(rows(5), signs(5), st.integers(1, 20), examples=60)
def test_loss_falls_below_the_limit(x, y, steps):
    ones = torch.cat([x, torch.ones(5, 1)], 1)
    lr = 1/torch.linalg.eigvalsh(2*ones.T@ones/5)[-1].item()
    ws, bs = fit_linear(x, y, torch.zeros(PIXELS).double(), 0., lr, steps)
    losses = [((score(x, w, b) - y)**2).sum().item() for w, b in zip(ws, bs)]
    assert len(losses)==steps+1 and all(new <= old + 1e-9 for old, new in zip(losses, losses[1:]))

def test_lists_will_do():
    close(score([[1., 2.], [3., 4.]], [1., -1.], 0.5), tensor([-0.5, -0.5]))
    close(class_means([[1., 2.], [3., 4.]], tensor([0, 1])), tensor([[1., 2.], [3., 4.]]))
    close(one_vs_rest([1, 0], 2), tensor([[-1., 1.], [1., -1.]]))

def test_a_score_of_zero_says_class_0():
    assert accuracy(tensor([2., -1., 0.1, 0.]), tensor([1., 0., 0., 1.]))==0.5
    for dtype in (torch.uint8, torch.bool, torch.int64, torch.float64):
        assert accuracy(tensor([1., -3., 0.]), tensor([1, 1, 0]).to(dtype))==pytest.approx(2/3)

@law(rows(2), st.integers(-9, 9))
def test_a_bias_keeps_its_fraction_and_its_sixteen_digits(v, b):
    x, w = v
    close(score(x, w, b + 0.1), x@w + (b + 0.1), rtol=0, atol=0)
    close(score(x, w, b), x@w + b, rtol=0, atol=0)

# Refusals of what no notebook cell shows

V, M, T = torch.ones(3), torch.ones(2, 3), tensor([1., 0.])
def fit(lr=0.1, steps=1, y=T, w=V): return fit_linear(M, y, w, 0., lr, steps)

@each('call, message', [
    (lambda: class_means(V, T), r'x \(3,\)'), (lambda: class_means(M, V), r'x \(2, 3\), y \(3,\)'),
    (lambda: l1_distance(V, torch.ones(4)), r'a \(3,\), b \(4,\)'), (lambda: l2_distance(M, M), r'b \(2, 3\)'),
    (lambda: l1_distance(tensor(1.), tensor(1.)), r'a \(\), b \(\)'),
    (lambda: similarity_weights(V, torch.ones(4)), r'mean0 \(4,\)'),
    (lambda: accuracy(T[:, None], T), r'\(2, 1\)'), (lambda: accuracy(T[:0], T[:0]), 'at least one value in scores'),
    (lambda: score(M, torch.ones(4), 0.), r'x \(2, 3\), w \(4,\)'), (lambda: score(M, V, torch.ones(1)), r'b \(1,\)'),
    (lambda: score(M, torch.ones(3, 2), 0.), r'w \(3, 2\), b \(\)'),
    (lambda: score(M*math.nan, V, 0.), 'finite values in x'),
    (lambda: score(M, V, math.inf), 'finite values in the scores'),
    (lambda: fit(y=T[:, None]), r'y \(2, 1\)'), (lambda: fit(w=V.double()), 'dtype'),
    (lambda: fit(lr=10., steps=100), 'finite values'), (lambda: fit(y=V), r'y \(3,\)'),
    (lambda: fit(steps=0, y=V), r'y \(3,\)'),
    (lambda: fit(steps=0, w=torch.ones(4)), r'w \(4,\)'),
    (lambda: one_vs_rest(tensor([0., 1.])), 'whole numbers'), (lambda: one_vs_rest(tensor([10])), 'from 0 to 9'),
    (lambda: one_vs_rest(tensor([-1])), 'from 0'),
])
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message): call()
