"Laws of `sgd_course.warps`, with torchvision and Kornia as the oracles"
import math

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st

from laws import law
from sgd_course.data import load_mnist, to_float, to_vectors
from sgd_course.learner import Learner
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.warps import (Ahead, WarpedLoader, Warps, affine_moves, bells, bilinear, elastic_moves, random_warp,
                              shift_moves, warp)

def gen(seed): return torch.Generator().manual_seed(seed)
def few(n=20): return to_float(load_mnist('test').images[:n])
def all_of(n, *numbers): return [torch.full((n,), float(o)) for o in numbers]
seeds = st.integers(0, 2**32 - 1)

@law(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.floats(0, 30), seeds)
def test_both_interpolations_agree(n, height, width, far, seed):
    images = torch.rand(n, height, width, generator=gen(seed), dtype=torch.float64)
    moves = far*torch.randn(n, 2, height, width, generator=gen(seed + 1), dtype=torch.float64)
    torch.testing.assert_close(warp(images, moves), bilinear(images, moves), atol=1e-6, rtol=0)

@law(st.integers(-30, 30), st.integers(-30, 30))
def test_whole_shifts_lose_nothing_but_what_leaves_the_picture(right, down):
    images = few(3)
    margin = F.pad(images, (30, 30, 30, 30))
    expected = margin[:, 30 - down:58 - down, 30 - right:58 - right]
    torch.testing.assert_close(bilinear(images, shift_moves(*all_of(3, right, down))), expected, atol=1e-6, rtol=0)

@law(st.floats(-170, 170), st.floats(0.5, 2), st.floats(-40, 40))
def test_affine_is_that_of_torchvision(angle, scale, lean):
    functional = pytest.importorskip('torchvision.transforms.v2.functional')
    ours = warp(few(), affine_moves(*all_of(20, angle, scale, lean)))
    theirs = functional.affine(few(), angle, [0, 0], scale, [lean, 0.],
                               interpolation=functional.InterpolationMode.BILINEAR)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)

@law(st.integers(-5, 5), st.integers(-5, 5))
def test_shift_is_that_of_torchvision(right, down):
    functional = pytest.importorskip('torchvision.transforms.v2.functional')
    ours = warp(few(), shift_moves(*all_of(20, right, down)))
    torch.testing.assert_close(ours, functional.affine(few(), 0., [right, down], 1., [0.]), atol=1e-4, rtol=0)

@law(st.floats(0, 5), seeds)
def test_elastic_is_that_of_torchvision(strength, seed):
    functional = pytest.importorskip('torchvision.transforms.v2.functional')
    moves = elastic_moves(1, strength, generator=gen(seed))
    theirs = functional.elastic(few(), moves.permute(0, 2, 3, 1)*2/28)
    torch.testing.assert_close(warp(few(), moves.expand(20, -1, -1, -1)), theirs, atol=1e-4, rtol=0)

@law(st.floats(-5, 5), st.floats(-5, 5), seeds)
def test_affine_and_elastic_are_those_of_kornia(right, down, seed):
    geometry = pytest.importorskip('kornia.geometry.transform', reason='Kornia is not installed')
    matrix = torch.tensor([[1., 0., right], [0., 1., down]])
    theirs = geometry.warp_affine(few()[:, None], matrix.expand(20, -1, -1), (28, 28), align_corners=True)[:, 0]
    torch.testing.assert_close(warp(few(), shift_moves(*all_of(20, right, down))), theirs, atol=1e-4, rtol=0)
    moves = elastic_moves(20, 1.4, generator=gen(seed))
    y, x = torch.meshgrid(torch.arange(28.), torch.arange(28.), indexing='ij')
    theirs = geometry.remap(few()[:, None], x + moves[:, 0], y + moves[:, 1], align_corners=True)[:, 0]
    torch.testing.assert_close(warp(few(), moves), theirs, atol=1e-4, rtol=0)

@law(st.floats(1, 12), st.integers(1, 12), st.integers(1, 40))
def test_pins_pull_every_pixel_equally(smooth, apart, size):
    if apart>smooth:
        with pytest.raises(ValueError, match='pins at most'): bells(size, smooth, apart)
        return
    pulls = bells(size, smooth, apart)
    torch.testing.assert_close(pulls.norm(dim=1), torch.ones(size))
    dense = bells(size, smooth, 1)
    torch.testing.assert_close(pulls@pulls.T, dense@dense.T, atol=0.02, rtol=0)

def test_neighbours_on_rubber_move_alike_and_those_afar_do_not():
    moves = elastic_moves(4000, 1., generator=gen(0))[:, 0, 14]
    together = torch.corrcoef(moves.T)[4]
    expected = torch.exp(-(torch.arange(28.) - 4)**2/(4*4.**2))
    torch.testing.assert_close(together, expected, atol=0.08, rtol=0)

def test_warps_stay_within_their_strength():
    dot = torch.zeros(500, 29, 29)
    dot[:, 14, 14] = 1
    moved = random_warp(dot, Warps(shift=2), generator=gen(0))
    places = torch.arange(29.) - 14
    right = (moved.sum(1)*places).sum(1)
    assert right.abs().max() <= 2 + 1e-4 and right.abs().max() > 1.8 and right.mean().abs() < 0.25
    ink = random_warp(dot.new_ones(500, 28, 28), Warps(scale=0.2), generator=gen(0)).sum((1, 2))
    assert ink.min() >= 0.79**2*28**2 and ink.max() <= 28**2 + 1e-2

def learn(wrap, seed=0, callbacks=()):
    g = gen(seed)
    images, labels = load_mnist('test')
    loader = DataLoader(to_vectors(images[:512]), labels[:512], 64, True, generator=g)
    train = wrap(WarpedLoader(loader, Warps(1, 10, 0.1, 10, 1.)))
    return Learner(mlp([784, 10], generator=g), train, None, F.cross_entropy, lr=0.1, callbacks=callbacks,
                   device='cpu')

def weights(it): return [p.detach().clone() for p in it.model.parameters()]

def test_a_second_thread_changes_no_weight():
    one, two = learn(lambda o: o), learn(Ahead)
    for o in (one, two): o.fit(3)
    for a, b in zip(weights(one), weights(two)): assert torch.equal(a, b)

class CtrlC:
    def after_batch(self, learn):
        if learn.epoch==1 and learn.batch==3: raise KeyboardInterrupt

def test_an_interrupted_training_goes_on_with_the_warps_it_would_have_seen():
    through, cut = learn(Ahead), learn(Ahead, callbacks=[CtrlC()])
    through.fit(3)
    with pytest.raises(KeyboardInterrupt): cut.fit(3)
    cut.callbacks = []
    cut.fit()
    for a, b in zip(weights(through), weights(cut)): assert torch.equal(a, b)

def test_dtype_is_kept_and_no_picture_is_changed():
    images = few().double()
    before = images.clone()
    warped = random_warp(images, Warps(1, 10, 0.1, 10, 1.), generator=gen(0))
    assert warped.dtype==torch.float64 and torch.equal(images, before)
    assert math.isclose(warped.sum(), images.sum(), rel_tol=0.2)
