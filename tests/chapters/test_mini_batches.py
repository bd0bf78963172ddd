"Laws of `sgd_course.mini_batches` that hold for every number of examples, batch size and seed"
import math
from itertools import combinations

import numpy as np
import pytest, torch
import torch.nn.functional as F
import torch.utils.data as torch_data
from hypothesis import assume, strategies as st
from torch import tensor

from laws import law, one_thread
from sgd_course.mini_batches import SGD, DataLoader, batch_count, batch_gradient, check_examples, epoch_mean, gradient_noise, noise_law, train_epoch, whole

def seeded(k): return torch.Generator().manual_seed(k)

numbers = st.integers(1, 60)
seeds = st.integers(0, 2**31)

def squared(w, x, y): return ((x@w - y)**2).mean()

def problem(m, seed, n=3):
    "Weights, inputs and targets of a linear model, in the more exact type"
    g = seeded(seed)
    return [torch.randn(*shape, generator=g, dtype=torch.float64) for shape in ((n,), (m, n), (m,))]

# Batches

@law(numbers, numbers)
def test_batch_count_rounds_up_or_down(m, B):
    assert batch_count(m, B)==math.ceil(m/B)
    if m//B: assert batch_count(m, B, drop_last=True)==m//B
    else:
        with pytest.raises(ValueError, match=f'full batch of {B}, got {m} examples'): batch_count(m, B, drop_last=True)

@pytest.mark.parametrize('kind', [int, np.int64, np.uint8, tensor])
def test_sizes_may_be_of_any_whole_kind(kind):
    assert whole(kind(4))==4 and type(whole(kind(4))) is int and type(batch_count(kind(10), kind(4))) is int
    loader = DataLoader(torch.arange(10.), torch.arange(10), kind(4))
    assert len(loader)==3 and [len(xb) for xb, _ in loader]==[4, 4, 2]

@pytest.mark.parametrize('bad', [0, -1, 2.5, 4., True, '4', None, math.nan, np.float64(4), tensor(2.5)])
def test_sizes_that_are_no_whole_numbers(bad):
    assert whole(bad)==0
    for args in ((bad, 4), (4, bad)):
        with pytest.raises(ValueError, match='whole number, at least 1, got'): batch_count(*args)
    with pytest.raises(ValueError, match='expected batch_size to be a whole number'): DataLoader(torch.zeros(4, 2), torch.zeros(4), bad)

@law(numbers, numbers, st.booleans(), st.booleans(), seeds, examples=60)
def test_loader_yields_what_torchs_does(m, B, drop_last, shuffle, seed):
    assume(not drop_last or m>=B)
    x, y, g = torch.randn(m, 2, 3, generator=seeded(seed)), torch.arange(m), seeded(seed)
    ours = DataLoader(x, y, B, shuffle, seeded(seed), drop_last)
    for _ in range(2): # The second pass has another order
        order = torch.randperm(m, generator=g) if shuffle else torch.arange(m)
        theirs = torch_data.DataLoader(torch_data.TensorDataset(x, y), B, sampler=order.tolist(), drop_last=drop_last)
        assert len(ours)==len(theirs)
        for (xa, ya), (xb, yb) in zip(ours, theirs, strict=True): assert torch.equal(xa, xb) and torch.equal(ya, yb)

@law(numbers, numbers, seeds, examples=50)
def test_a_pass_deals_every_example_once(m, B, seed):
    dealt = torch.cat([yb for _, yb in DataLoader(torch.zeros(m), torch.arange(m), B, True, seeded(seed))])
    assert torch.equal(dealt.sort().values, torch.arange(m))

@pytest.mark.parametrize('x, y, said', [(torch.zeros(3, 2), torch.zeros(2), 'as many inputs as targets, at least 1, got 3 and 2'), (tensor([1., math.inf]), torch.zeros(2), 'finite'),
    (torch.zeros(2), tensor([1., math.nan]), 'finite'), ([1.], torch.zeros(1), 'got list'), (tensor(1.), torch.zeros(1), r'got \(\)')])
def test_examples_that_do_not_fit(x, y, said):
    with pytest.raises(ValueError, match=said): check_examples(x, y)
    with pytest.raises(ValueError, match=said): DataLoader(x, y, 1)

def test_shuffling_needs_a_generator():
    with pytest.raises(ValueError, match='expected a generator'): DataLoader(torch.zeros(3), torch.zeros(3), 2, shuffle=True)

# Gradients

@law(st.integers(2, 12), seeds, st.data(), examples=50)
def test_gradient_of_a_batch_is_the_mean_of_its_examples(m, seed, data):
    w, x, y = problem(m, seed)
    rows = data.draw(st.lists(st.integers(0, m - 1), min_size=1, max_size=m))
    each = torch.stack([batch_gradient(squared, w, x, y, [k]) for k in rows])
    torch.testing.assert_close(batch_gradient(squared, w, x, y, rows), each.mean(0), atol=1e-10, rtol=1e-9)
    torch.testing.assert_close(each[0], 2*x[rows[0]]*(x[rows[0]]@w - y[rows[0]]), atol=1e-10, rtol=1e-9)

@law(st.integers(1, 8), seeds, examples=25)
def test_noise_law_is_exact_over_all_batches(m, seed):
    w, x, y = problem(m, seed)
    each = torch.stack([batch_gradient(squared, w, x, y, [k]) for k in range(m)])
    far = each - each.mean(0)
    sigma = (far**2).sum(1).mean().sqrt().item()
    for B in range(1, m + 1):
        every = torch.stack([far[list(rows)].mean(0) for rows in combinations(range(m), B)])
        assert (every**2).sum(1).mean().sqrt().item()==pytest.approx(noise_law(sigma, B, m), rel=1e-9, abs=1e-12)

def test_measured_noise_obeys_the_law_and_falls_as_one_over_the_root():
    w, x, y = problem(2000, 0)
    sizes = [2**k for k in range(8)]
    each = torch.stack([batch_gradient(squared, w, x, y, [k]) for k in range(len(x))])
    sigma = ((each - each.mean(0))**2).sum(1).mean().sqrt().item()
    found = [gradient_noise(squared, w, x, y, B, 400, seeded(B)) for B in sizes]
    # A width from 400 draws of three numbers each is known to a few per cent
    for B, noise in zip(sizes, found): assert noise==pytest.approx(noise_law(sigma, B, len(x)), rel=0.15)
    slope = np.polyfit(np.log(sizes), np.log(found), 1)[0]
    assert slope==pytest.approx(-0.5, abs=0.03)

@law(st.integers(1, 30), seeds, examples=25)
def test_the_full_batch_has_no_noise(m, seed):
    assert gradient_noise(squared, *problem(m, seed), m, 2, seeded(seed)) < 1e-12
    assert noise_law(3., m, m)==0

@pytest.mark.parametrize('size', [0, -1, 6, 2.5, '2', None])
def test_noise_of_impossible_batches(size):
    with pytest.raises(ValueError, match='whole batch_size from 1 to 5, got'): gradient_noise(squared, *problem(5, 0), size, 1, seeded(0))

def test_gradients_of_nothing():
    w, x, y = problem(5, 0)
    with pytest.raises(ValueError, match='at least one row, got none'): batch_gradient(squared, w, x, y, [])
    with pytest.raises(ValueError, match='as many inputs as targets, got 5 and 4'): batch_gradient(squared, w, x, y[:4])
    with pytest.raises(ValueError, match='at least 1 draw, got 0'): gradient_noise(squared, w, x, y, 1, 0, seeded(0))
    with pytest.raises(ValueError, match='batch_size from 1 to 5, got 6'): noise_law(1., 6, 5)
    with pytest.raises(ValueError, match='batch_size from 1 to any number, got 0'): noise_law(1., 0)

# The mean of an epoch

@law(st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=7), min_size=1, max_size=7))
def test_epoch_mean_is_the_mean_over_examples(batches):
    means = tensor([sum(b)/len(b) for b in batches], dtype=torch.float64)
    found = epoch_mean(means, [len(b) for b in batches])
    assert found.item()==pytest.approx(sum(map(sum, batches))/sum(map(len, batches)), rel=1e-9, abs=1e-9)

@pytest.mark.parametrize('means, sizes, said', [([1., 2.], [1], 'equal shapes'), ([], [], 'equal shapes'), ([[1.]], [[1]], 'equal shapes'), ([1., 2.], [1, 0], 'at least 1, got 0')])
def test_epoch_mean_refuses(means, sizes, said):
    with pytest.raises(ValueError, match=said): epoch_mean(means, sizes)

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

@pytest.mark.parametrize('params, said', [([], 'at least one parameter'), ([torch.zeros(2)], 'require a gradient'), (torch.zeros(3, requires_grad=True), 'single tensor: put it in brackets')])
def test_sgd_refuses_parameters(params, said):
    with pytest.raises(ValueError, match=said): SGD(params, 0.1)

@pytest.mark.parametrize('lr', [-0.1, math.nan, math.inf])
def test_sgd_refuses_rates(lr):
    with pytest.raises(ValueError, match='finite lr'): SGD([torch.zeros(2, requires_grad=True)], lr)

def test_a_step_needs_every_gradient():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    a.grad = torch.ones(2)
    with pytest.raises(ValueError, match=r'call backward\(\) first'): SGD([a, b], 0.1).step()
    assert torch.equal(a, torch.ones(2)), 'nothing moves if not all can'

@law(st.integers(1, 30), st.integers(1, 30), seeds, examples=40)
def test_an_epoch_is_the_loop_written_out(m, B, seed):
    start, x, y = problem(m, seed)
    w, by_hand, expected = start.clone().requires_grad_(), start.clone(), []
    losses = train_epoch(lambda x: x@w, DataLoader(x, y, B, True, seeded(seed)), F.mse_loss, SGD([w], 0.05))
    for rows in torch.randperm(m, generator=seeded(seed)).split(B):
        error = x[rows]@by_hand - y[rows]
        expected.append((error**2).mean()) # Before the step
        by_hand = by_hand - 0.05*2*x[rows].T@error/len(rows)
    assert not losses.requires_grad and w.grad is None
    torch.testing.assert_close(losses, torch.stack(expected), atol=1e-9, rtol=1e-8)
    torch.testing.assert_close(w.detach(), by_hand, atol=1e-9, rtol=1e-8)

def test_an_epoch_needs_a_batch():
    w = torch.zeros(3, requires_grad=True)
    with pytest.raises(ValueError, match='at least one batch, got none'): train_epoch(lambda x: x@w, [], F.mse_loss, SGD([w], 0.1))
