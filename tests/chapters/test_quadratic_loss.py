"Laws of `sgd_course.quadratic_loss`, on inputs drawn by hypothesis, with algebra and torch's own tools as oracles"
import pytest
import torch
from hypothesis import strategies as st
from torch.testing import assert_close

from laws import law, one_thread
from subtests import each
from sgd_course.quadratic_loss import descend, gradient, numerical_gradient, quadratic, quartic, slope

numbers = st.floats(-10, 10)
vectors = st.lists(numbers, min_size=1, max_size=6).map(lambda v: torch.tensor(v, dtype=torch.float64))
rates = st.floats(0, 0.9)

def total(w): return (w**2).sum()
def mixed(w): return (w.sin()*w.roll(1)).sum() + (w**3).mean()

# slope

@law(numbers)
def test_slope_equals_the_derivative_worked_out_by_hand(x):
    assert slope(quadratic, x)==pytest.approx(2*x, abs=1e-5)
    assert slope(quartic, x)==pytest.approx(4*x**3 - 9*x**2, rel=1e-6, abs=1e-4)

@law(numbers, numbers, numbers)
def test_slope_of_a_line_is_the_same_everywhere(a, b, x):
    assert slope(lambda z: a*z + b, x)==pytest.approx(a, abs=1e-4)

@law(st.floats(-3, 3), st.floats(1e-3, 1e-1))
def test_central_difference_of_a_cube_is_off_by_h_squared(x, h):
    assert slope(lambda z: z**3, x, h) - 3*x**2==pytest.approx(h**2, abs=1e-9)

def test_slope_refuses_an_h_that_does_not_move_x():
    with pytest.raises(ValueError, match='expected 2h to be .*above 0'): slope(quadratic, 1e12, 1e-5)
    with pytest.raises(ValueError, match='expected 2h to be .*above 0'):
        slope(quadratic, torch.tensor(1e12), torch.tensor(1e-5))

@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_shape_and_dtype_are_kept(dtype):
    w = torch.ones(2, 3, dtype=dtype)
    for res in (gradient(total, w), numerical_gradient(total, w), descend(total, w, 0.1, 0)[0]):
        assert (res.shape, res.dtype)==(w.shape, dtype)

# gradient

@law(vectors)
def test_gradient_equals_algebra_and_torch(w):
    assert_close(gradient(total, w), 2*w)
    assert_close(gradient(mixed, w), torch.func.grad(mixed)(w))

@law(vectors, numbers, numbers)
def test_gradient_is_linear_in_the_loss(w, a, b):
    both = gradient(lambda v: a*total(v) + b*mixed(v), w)
    assert_close(both, a*gradient(total, w) + b*gradient(mixed, w), rtol=1e-9, atol=1e-9)

@law(vectors)
def test_gradient_leaves_nothing_behind(w):
    before, marked = w.clone(), w.clone().requires_grad_()
    once, again = gradient(mixed, marked), gradient(mixed, marked)
    assert torch.equal(once, again)
    assert marked.grad is None and torch.equal(marked, before)
    assert not once.requires_grad

def test_gradient_does_not_touch_other_marked_tensors():
    other = torch.tensor(2.).requires_grad_()
    assert gradient(lambda w: other*w, 3.)==2
    assert other.grad is None

def test_gradient_works_where_recording_is_switched_off():
    with torch.no_grad(): assert gradient(quadratic, 3.)==6

def test_a_weight_that_the_loss_ignores_has_gradient_zero():
    assert torch.equal(gradient(lambda w: w[0]**2, [3., 5.]), torch.tensor([6., 0.]))

@pytest.mark.parametrize('find', [gradient, numerical_gradient])
def test_a_loss_must_be_one_number(find):
    with pytest.raises(ValueError, match=r'loss \(2,\)'): find(quadratic, [1., 2.])
    with pytest.raises(ValueError, match=r'loss \(1,\)'): find(quadratic, [1.])

@pytest.mark.parametrize('loss', [lambda w: w.item()**2, lambda w: w.detach()**2, lambda w: torch.tensor(1.)])
def test_a_loss_cut_off_from_the_weights_is_refused(loss):
    with pytest.raises(ValueError, match='computed from w'): gradient(loss, 3.)

# numerical_gradient

@law(vectors)
def test_numbers_agree_with_autograd(w):
    assert_close(numerical_gradient(mixed, w), gradient(mixed, w), rtol=1e-6, atol=1e-6)

@law(vectors)
def test_numbers_agree_with_autograd_in_any_shape(w):
    square = torch.outer(w, w.flip(0) + 1)
    assert_close(numerical_gradient(total, square), gradient(total, square), rtol=1e-6, atol=1e-5)

@pytest.mark.parametrize('w', [1e-6, 1., 1e3, 1e6, 1e12])
@each('dtype', [torch.float32, torch.float64])
def test_default_h_suits_small_and_large_weights(w, dtype):
    w = torch.tensor(w, dtype=dtype)
    rtol = 10*torch.finfo(dtype).eps**(2/3)
    assert_close(numerical_gradient(quadratic, w), 2*w, rtol=rtol, atol=rtol)

def test_numerical_gradient_refuses_an_h_that_does_not_move_a_weight():
    with pytest.raises(ValueError, match='expected 2h to be .*above 0'): numerical_gradient(total, [1., 1e6], h=1e-3)

@law(vectors)
def test_a_loss_that_is_a_number_of_pythons_keeps_its_sixteen_digits(w):
    assert_close(numerical_gradient(lambda v: total(v).item(), w), numerical_gradient(total, w), rtol=0, atol=0)

def test_numerical_gradient_leaves_the_weights_alone():
    w = torch.tensor([1., 2.])
    numerical_gradient(total, w)
    assert torch.equal(w, torch.tensor([1., 2.]))

# descend

@law(vectors, rates, st.integers(0, 20))
def test_descent_on_the_square_follows_its_closed_form(w, lr, steps):
    k = torch.arange(steps+1, dtype=torch.float64)
    assert_close(descend(total, w, lr, steps), (1 - 2*lr)**k[:, None]*w)

@law(vectors, rates, st.integers(0, 6), st.integers(0, 6))
def test_two_walks_in_a_row_are_one_long_walk(w, lr, first, second):
    path = descend(total, w, lr, first)
    in_two = torch.cat([path, descend(total, path[-1], lr, second)[1:]])
    assert_close(in_two, descend(total, w, lr, first+second))

@law(st.floats(-1.5, 3), st.floats(1e-4, 0.01))
def test_short_steps_never_raise_the_loss(w, lr):
    # On [-1.5, 3] the curvature 12w²-18w is at most 54, so any lr below 2/54 is short enough
    losses = quartic(descend(quartic, torch.tensor(w, dtype=torch.float64), lr, 30))
    assert (losses[1:] <= losses[:-1] + 1e-12).all()

@law(vectors, rates)
def test_descent_agrees_with_torch_sgd(w, lr):
    theirs = w.clone().requires_grad_()
    opt = torch.optim.SGD([theirs], lr=lr)
    for _ in range(5):
        opt.zero_grad()
        total(theirs).backward()
        opt.step()
    assert_close(descend(total, w, lr, 5)[-1], theirs.detach())

@law(vectors)
def test_no_rate_or_no_steps_means_no_move(w):
    assert torch.equal(descend(total, w, 0., 3), w.expand(4, -1))
    assert torch.equal(descend(total, w, 0.1, 0), w[None])

def test_the_path_does_not_share_memory_with_the_start():
    w = torch.tensor([1., 2.])
    descend(total, w, 0.1, 2)[0] = 7
    assert torch.equal(w, torch.tensor([1., 2.]))

def test_a_path_that_runs_off_to_infinity_is_stopped():
    with pytest.raises(ValueError, match='finite values in the path.*try a smaller lr'):
        descend(quadratic, 3., 100., 1000)

# The trap

def test_the_quartic_has_its_minimum_at_nine_quarters():
    w = torch.linspace(-3, 4, 7001, dtype=torch.float64)
    assert (quartic(w) >= quartic(9/4)).all()
