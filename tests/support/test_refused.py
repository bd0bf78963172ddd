"What was silently wrong once is refused, or right"
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn, tensor

from sgd_course.backprop import Node, net_gradient, node_step, random_layers, unpack
from sgd_course.full_mnist import digit_accuracy
from sgd_course.fused import FusedAdam
from sgd_course.learner import Learner, save_model
from sgd_course.learning_rate import lr_limit, sgd_step, walk
from sgd_course.mini_batches import SGD, epoch_mean, noise_law, train_epoch
from sgd_course.nonlinearity import Scaler, dead_units, mlp, train_net
from sgd_course.optimizers import Adam, Momentum, combine
from sgd_course.pictures import find_ink
from sgd_course.pixel_weights import fit_linear, one_vs_rest, score
from sgd_course.quadratic_loss import numerical_gradient, quadratic
from sgd_course.sigmoid import cross_entropy, sigmoid, squared_error, train_linear

from subtests import each

def seeded(): return torch.Generator().manual_seed(1)
def weight():
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2)
    return w
def net(): return mlp([2, 3, 2], generator=seeded())
def nan_net():
    model = net()
    nn.init.constant_(model[0].weight, math.nan)
    return model
def twice(make):
    w = weight()
    return make([w, w])
X, Y = torch.rand(6, 2, generator=seeded()), tensor([0, 1]*3)
def trained(x=X, y=Y, loss_func=F.cross_entropy):
    return train_net(net(), x, y, 0.1, 1, 3, loss_func=loss_func, generator=seeded())
def one_batch(loss_func): return train_epoch(m := net(), [(X, Y)], loss_func, SGD(m.parameters(), 0.1))

REFUSED = {
    'log of a negative number': lambda: numerical_gradient(lambda w: w.log().sum(), tensor([1e-9, 2.])),
    'wide nudge': lambda: numerical_gradient(lambda w: (w*w).sum(), tensor([1., 2.]), h=1e30),
    'curvature NaN': lambda: lr_limit(lambda w: (w*math.nan).sum(), tensor([1.])),
    'complex probability': lambda: squared_error(tensor([1j]), tensor([1.])),
    'bytes that wrap round': lambda: quadratic(tensor([20], dtype=torch.uint8)),
    'whole weights': lambda: score([[1, 2]], [3, 4], 0.5),
    'diverged in the last step': lambda: fit_linear(100*X, X.sum(1), torch.zeros(2), 0.5, 1e38, 1),
    'half a class': lambda: one_vs_rest(Y, 3.5),
    'endless supply': lambda: noise_law(2., 3, math.inf),
    'negative noise': lambda: noise_law(-2., 3, 10),
    'size infinite': lambda: epoch_mean([1., 2.], [1, math.inf]),
    'a weight twice, by step': lambda: twice(lambda ws: sgd_step(ws, 0.1)),
    'a weight twice, by SGD': lambda: twice(lambda ws: SGD(ws, 0.1)),
    'a weight twice, by Adam': lambda: twice(lambda ws: Adam(ws, 0.1)),
    'a weight twice, in a group': lambda: twice(lambda ws: Momentum([weight()], 0.1).add_param_group({'params': ws})),
    'a node twice': lambda: node_step([n := Node(1.), n], 0.1),
    'one tensor for many': lambda: Adam(weight(), 0.1),
    'share NaN': lambda: combine((math.nan, float), (0.6, float)),
    'no rule': lambda: combine((0.5, float), (0.5, None)),
    'betas of 1': lambda: FusedAdam([weight()], 0.1, betas=(1., 0.999)),
    'negative eps': lambda: FusedAdam([weight()], 0.1, eps=-1.),
    'infinite input': lambda: net_gradient(random_layers([2, 2], rng=np.random.default_rng(1)), np.full((6, 2), np.inf),
        Y.numpy()),
    'gain NaN': lambda: random_layers([2, 2], math.nan, rng=np.random.default_rng(1)),
    'too few shapes': lambda: unpack(np.ones(3), (o for o in ())),
    'scores NaN': lambda: digit_accuracy(torch.full((4, 3), math.nan), tensor([0, 1, 2, 0])),
    'classes NaN': lambda: digit_accuracy(torch.rand(2, 3), tensor([0., math.nan])),
    'dead or NaN': lambda: dead_units(nan_net(), X),
    'weights NaN in a file': lambda: save_model('never.pt', nan_net()),
    'brightness beyond full': lambda: find_ink(torch.full((40, 40), 70_000.)),
    'negative brightness': lambda: find_ink(torch.full((40, 40), -0.5)),
    'loss as a float': lambda: one_batch(lambda p, y: F.cross_entropy(p, y).item()),
    'loss cut off': lambda: one_batch(lambda p, y: F.cross_entropy(p, y).detach()),
    'loss of shape (1,)': lambda: one_batch(lambda p, y: F.cross_entropy(p, y)[None]),
    'loss as a float, one layer': lambda: train_linear(X, Y.float(), loss_func=lambda s, y: 1., generator=seeded()),
    'report that is none': lambda: train_linear(X, Y.float(), report=(), generator=seeded()),
    'float64 for float32, one layer': lambda: fit_linear(X.double(), X.sum(1), torch.zeros(2), 0.5, 0.1, 1),
    'float64 for float32, network': lambda: trained(X.double()),
    'diverged network': lambda: train_net(net(), X, Y, 1e30, 20, 3, loss_func=F.cross_entropy, generator=seeded()),
    'rates in a list': lambda: Learner(net(), [(X, Y)], None, F.cross_entropy, lr=[0.1], device='cpu'),
    'a node asked for its value': lambda: Node(3.)==3.,
}

@each('call', REFUSED)
def test_refused(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError)) as e: call()
    assert e.type is TypeError or 'expected' in str(e.value)
    assert not list(tmp_path.iterdir())

def test_right():
    scores = tensor([2., 17., -120.], requires_grad=True)
    loss = cross_entropy(sigmoid(scores), tensor([1., 1., 0.]))
    loss.backward()
    assert scores.grad.isfinite().all() and scores.grad[0]==pytest.approx(-0.1192/3, rel=1e-3)
    assert Scaler(torch.full((100, 1), 0.1))(torch.full((1, 1), 0.11)).item()==pytest.approx(0.01, rel=1e-4)
    assert f'{Node(3.):.2f}'=='3.00' and Node(3.)!=Node(3.)
    params = [Node(1.), Node(2.)]
    for p in params: p.grad = 1.
    node_step((p for p in params), 0.5)
    assert [p.value for p in params]==[0.5, 1.5]
    path = walk(lambda w: 2*w, 1., 1e300, 9)
    assert path[-1].isinf() and not path.isnan().any()
