"Laws of `sgd_course.nonlinearity` that hold for every size, score and input"
import json, math, re

import numpy as np
import pytest, torch
from hypothesis import strategies as st
from torch import nn, tensor

from laws import law, one_thread
from repository import PACKAGE
from subtests import each
from experiments import nonlinearity as runs
from sgd_course.nonlinearity import (Scaler, count_parameters, dead_units, he_std, init_weights, layer_outputs, mlp,
                                     relu, simple_net, tanh, train_net, xavier_std)

def seeded(k): return torch.Generator().manual_seed(k)

scores = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=9).map(lambda v: tensor(v, dtype=torch.float64))
sizes = st.lists(st.integers(1, 9), min_size=2, max_size=5)
seeds = st.integers(0, 2**31)

def value_and_slopes(f, x):
    x = x.clone().requires_grad_()
    y = f(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]

@pytest.mark.parametrize('ours, theirs', [(relu, torch.relu), (tanh, torch.tanh)])
@law(x=scores, examples=50)
def test_activation_is_torchs_in_value_and_slope(ours, theirs, x):
    for a, b in zip(value_and_slopes(ours, x), value_and_slopes(theirs, x)):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=1e-9)

@law(scores, st.floats(0, 100), examples=50)
def test_relu_passes_positive_factors_through(x, c):
    torch.testing.assert_close(relu(c*x), c*relu(x), atol=1e-9, rtol=1e-9)

@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_tanh_keeps_what_is_small_and_stays_finite_far_out(dtype):
    x = tensor([1e-30, -1e-8, 1e-6, 1e-3, 19.9, -20.1, 1e4, -1e30], dtype=dtype)
    torch.testing.assert_close(tanh(x), torch.tanh(x), atol=0, rtol=4e-7 if dtype==torch.float32 else 1e-15)
    for _, slopes in (value_and_slopes(tanh, x), value_and_slopes(torch.tanh, x)): assert slopes.isfinite().all()

@pytest.mark.parametrize('f', [relu, tanh])
def test_activations_refuse_what_is_no_score(f):
    for bad, said in (([1., math.nan], 'NaN or infinity'), (3, '3. instead of 3'), ([], 'at least one')):
        with pytest.raises(ValueError, match=re.escape(said)): f(bad)
    assert f(tensor([[0.5]], dtype=torch.float64)).dtype==torch.float64

# Networks

@each('sizes, more, said', [
    ([3], {}, 'at least two sizes, got [3]'), ([3, 1], dict(generator=None), 'torch.Generator, got None'),
    *(([3, bad], {}, 'sizes to be a whole number') for bad in (0, 2.5, True, '2', None)),
    *(([3, 1], dict(std=bad), 'std to be a finite number') for bad in (math.nan, -1., 'wide'))])
def test_bad_networks_are_refused(sizes, more, said):
    with pytest.raises(ValueError, match=re.escape(said)): mlp(sizes, **dict(generator=seeded(0)) | more)

def test_a_start_needs_layers_and_whole_sizes():
    with pytest.raises(ValueError, match='a linear layer, got none'): init_weights(nn.ReLU(), generator=seeded(0))
    with pytest.raises(ValueError, match='n_in to be a whole number'): he_std(0)
    with pytest.raises(ValueError, match='n_out to be a whole number'): xavier_std(3, 0)

@law(sizes, seeds, examples=50)
def test_layers_without_bend_are_one(sizes, seed):
    model = mlp(sizes, nn.Identity, generator=seeded(seed)).double()
    layers = [o for o in model if isinstance(o, nn.Linear)]
    for o in layers: nn.init.normal_(o.bias, generator=seeded(seed))
    x = torch.randn(4, sizes[0], generator=seeded(1), dtype=torch.float64)
    w, b = layers[0].weight, layers[0].bias
    for o in layers[1:]: w, b = o.weight@w, o.weight@b + o.bias
    torch.testing.assert_close(x@w.T + b, model(x), atol=1e-9, rtol=1e-7)
    assert torch.linalg.matrix_rank(w) <= min(sizes)

@law(sizes, examples=50)
def test_parameters_are_lines_and_circles(sizes):
    found = count_parameters(mlp(sizes, generator=seeded(0)))
    assert found == sum((a + 1)*b for a, b in zip(sizes, sizes[1:]))

@pytest.mark.parametrize('kind', [np.int64, tensor])
def test_sizes_may_be_of_any_whole_kind(kind):
    model = mlp([kind(3), kind(2)], generator=seeded(0))
    assert model[0].weight.shape==(2, 3) and type(model[0].in_features) is int

@law(sizes, seeds, examples=50)
def test_weights_come_from_the_generator_alone(sizes, seed):
    before = torch.get_rng_state()
    a, b = (mlp(sizes, generator=seeded(seed)) for _ in range(2))
    assert all((p==q).all() for p, q in zip(a.parameters(), b.parameters()))
    assert (torch.get_rng_state()==before).all()

def test_simple_net_is_the_small_mlp():
    ours, other = simple_net(20, 5, 3, generator=seeded(4)), mlp([20, 5, 3], generator=seeded(4))
    assert [type(o) for o in ours]==[nn.Linear, nn.ReLU, nn.Linear]
    assert all((p==q).all() for p, q in zip(ours.parameters(), other.parameters()))

@pytest.mark.parametrize('std, n_in, n_out, expected', [
    (0., 300, 200, 0), (0.01, 300, 200, 0.01), (10., 300, 200, 10), (he_std, 300, 200, math.sqrt(2/300)),
    (xavier_std, 300, 200, math.sqrt(2/500))])
def test_weights_have_the_spread_asked_for(std, n_in, n_out, expected):
    w = init_weights(nn.Linear(n_in, n_out), std, generator=seeded(0)).weight.detach()
    # The spread of n normal numbers is known to 1/sqrt(2n), here 0.3 %; five times that is left for chance.
    assert abs(w.std() - expected) <= 0.015*expected and abs(w.mean()) <= 5*expected/math.sqrt(n_in*n_out)

def test_dead_units_are_those_that_no_input_wakes():
    model = mlp([2, 3, 1], generator=seeded(0))
    with torch.no_grad():
        model[0].weight.copy_(tensor([[1., 1.], [1., 1.], [-1., -1.]]))
        model[0].bias.copy_(tensor([0., -9., 0.]))
    x = torch.rand(50, 2, generator=seeded(1))
    assert dead_units(model, x)[0].tolist() == [False, True, True]
    nn.functional.mse_loss(model(x), torch.ones(50, 1)).backward()
    assert (model[0].weight.grad[1:]==0).all() and (model[0].weight.grad[0]!=0).all()

@law(sizes, seeds, examples=50)
def test_last_output_is_the_models(sizes, seed):
    model, x = mlp(sizes, generator=seeded(seed)), torch.ones(3, sizes[0])
    outputs = layer_outputs(model, x)
    assert len(outputs)==len(model) and (outputs[-1]==model(x)).all() and not outputs[-1].requires_grad

# Parts that change what they are given, or behave otherwise in training

@pytest.mark.parametrize('layers', [
    lambda: (nn.Linear(5, 4), nn.ReLU(inplace=True)), lambda: (nn.ReLU(inplace=True), nn.Linear(5, 4)),
    lambda: (nn.Dropout(), nn.Linear(5, 4)), lambda: (nn.BatchNorm1d(5), nn.Linear(5, 4), nn.Tanh())])
def test_looking_changes_nothing_and_sees_what_evaluation_computes(layers):
    model, x = nn.Sequential(*layers()), torch.randn(6, 5, generator=seeded(0))
    inputs, before = x.clone(), {name: v.clone() for name, v in model.state_dict().items()}
    outputs = layer_outputs(model, x)
    assert torch.equal(x, inputs) and model.training and all(part.training for part in model)
    for name, v in model.state_dict().items(): assert torch.equal(v, before[name]), name
    model.eval()
    for k, found in enumerate(outputs): assert torch.equal(found, model[:k + 1](x.clone()))

@pytest.mark.parametrize('look', [layer_outputs, dead_units])
def test_one_example_is_no_batch(look):
    with pytest.raises(ValueError, match=r'x \(n, inputs, \*more\), got x \(5,\)'):
        look(mlp([5, 4], generator=seeded(0)), torch.ones(5))

def test_pictures_are_a_batch_of_any_number_of_dimensions():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2), nn.ReLU())
    assert [o.shape for o in layer_outputs(model, torch.ones(3, 1, 4, 3))]==[(3, 12), (3, 2), (3, 2)]

# Scaling

row = st.lists(st.floats(-1e3, 1e3, width=32), min_size=3, max_size=3)
columns = st.integers(2, 20).flatmap(lambda n: st.lists(row, min_size=n, max_size=n))

@law(columns.map(lambda v: tensor(v, dtype=torch.float64)), examples=50)
def test_scaler_can_be_undone(x):
    scale = Scaler(x)
    torch.testing.assert_close(scale.invert(scale(x)), x, atol=1e-9, rtol=1e-9)

@law(seeds, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3), examples=50)
def test_scaled_columns_do_not_depend_on_units(seed, c, shift):
    x = torch.randn(30, 4, generator=seeded(seed), dtype=torch.float64)
    z = Scaler(x)(x)
    torch.testing.assert_close(Scaler(c*x + shift)(c*x + shift), z, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(z.std(0), torch.ones(4, dtype=torch.float64))

def test_constant_column_is_only_shifted():
    x = tensor([[3., 1.], [3., 2.]])
    assert Scaler(x)(x)[:, 0].tolist()==[0, 0] and Scaler(x)(tensor([[5., 0.]]))[0, 0]==2

@law(st.floats(-1e3, 1e3, width=32), st.integers(2, 3000), examples=50)
def test_rounding_does_not_make_a_constant_column_vary(value, n):
    "The mean of equal float32 numbers need not equal them, nor their computed standard deviation be 0"
    x = torch.full((n, 1), value)
    assert (Scaler(x)(x)==0).all() and torch.equal(Scaler(x)(x + 0.5), x + 0.5 - value)

def test_a_constant_that_is_no_binary_fraction_is_only_shifted():
    scale = Scaler(torch.full((100, 1), 0.1))
    assert torch.full((100, 1), 0.1).std(0)>0, 'no rounding here: choose another constant'
    assert scale(tensor([[0.11]])).item()==pytest.approx(0.01, rel=1e-5)

@pytest.mark.parametrize('call, said', [
    (lambda: Scaler(torch.ones(1, 2)), 'at least two examples, got 1'),
    (lambda: Scaler(tensor([[1.], [math.nan]])), 'NaN'),
    (lambda: Scaler(torch.rand(3, 4))(torch.rand(3, 2)), 'mean (4,)'),
    (lambda: Scaler(torch.rand(3, 4)).invert(torch.rand(3, 1)), 'mean (4,)')])
def test_scaler_refuses_what_does_not_fit(call, said):
    with pytest.raises(ValueError, match=re.escape(said)): call()

# Training

def tiny(lr=0.1, y=None, **more):
    x = torch.linspace(-1, 1, 81)[:, None]
    settings = dict(loss_func=nn.functional.mse_loss, generator=seeded(4)) | more
    return train_net(mlp([1, 4, 1], generator=seeded(3)), x, torch.sin(x) if y is None else y, lr, **settings)

@each('more, said', [
    *((dict(lr=lr), 'lr to be a finite number') for lr in (-1., math.nan, math.inf, lambda epoch: 0.1 - epoch)),
    (dict(epochs=0), 'epochs to be a whole number'), (dict(batch_size=0), 'batch_size to be a whole number'),
    (dict(generator=None), 'torch.Generator, got None'), (dict(y=torch.ones(5, 1)), 'x (81, 1), y (5, 1)'),
    (dict(lr=1e20), 'finite values in the losses')])
def test_training_refuses_what_does_not_fit(more, said):
    with pytest.raises(ValueError, match=re.escape(said)): tiny(**more)

def test_training_is_the_loop_written_out():
    x, y = torch.randn(10, 3, generator=seeded(0)), torch.randn(10, 1, generator=seeded(1))
    ours, by_hand = (mlp([3, 4, 1], generator=seeded(2)) for _ in range(2))
    loss_func = nn.functional.mse_loss
    train_net(ours, x, y, lambda epoch: 0.1/(epoch + 1), 3, 4, loss_func=loss_func, generator=seeded(3))
    opt, g = torch.optim.SGD(by_hand.parameters(), lr=0.1), seeded(3)
    for epoch in range(3):
        opt.param_groups[0]['lr'] = 0.1/(epoch + 1)
        for rows in torch.randperm(10, generator=g).split(4):
            opt.zero_grad()
            loss_func(by_hand(x[rows]), y[rows]).backward()
            opt.step()
    for p, q in zip(ours.parameters(), by_hand.parameters()): torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5)

def test_training_that_diverges_says_so():
    x, y = torch.rand(40, 5, generator=seeded(0)), torch.ones(40, 1)
    model = mlp([5, 8, 1], generator=seeded(1))
    with pytest.raises(ValueError, match='finite values in the losses, got NaN or infinity: a smaller lr may help'):
        train_net(model, x, y, 1e20, 20, 8, loss_func=nn.functional.mse_loss, generator=seeded(2))

# What was recorded

RECORD = PACKAGE/'content/results/nonlinearity.json'

def numbers(found):
    "All the numbers of a record, keys not counted"
    if isinstance(found, dict): found = list(found.values())
    return sum(map(numbers, found), []) if isinstance(found, list) else [found]

def test_results_are_plain_json_and_complete():
    def refuse(name): raise AssertionError(f'{name} is no JSON')
    recorded = json.loads(RECORD.read_text(), parse_constant=refuse)
    assert set(recorded)==set(runs.PARTS)
    found = [v for v in numbers(recorded) if isinstance(v, (int, float))]
    assert all(math.isfinite(v) for v in found) and len(found) > 500
    assert [len(recorded[name]) for name in ('bender', 'page', 'simple_net')]==[20, 5, 5]
    assert {len(v) for v in recorded['dead'].values()}=={20}
    assert {len(v) for grid in recorded['rivals'].values() for v in grid.values()}=={7}
    pairs = {(kind, depth) for kind in runs.KINDS for depth in (1, 3)}
    assert {(r['kind'], r['depth']) for r in recorded['teeth']}==pairs
    for r in recorded['teeth']: assert len(r['errors'])==7 and str(r['lr']) in r['grid']

def test_widths_come_nearest_to_the_same_number_of_parameters():
    def off(width, depth, ends, wanted): return abs(count(ends, width, depth) - wanted)
    def count(ends, width, depth):
        return count_parameters(mlp([ends[0]] + [width]*depth + [ends[1]], generator=seeded(0)))
    for widths, ends, wanted in ((runs.DEPTHS, (784, 10), 80_000), (runs.WIDTHS, (1, 1), 1000)):
        for depth, h in widths.items():
            assert off(h, depth, ends, wanted) <= min(off(h + 1, depth, ends, wanted), off(h - 1, depth, ends, wanted))

@pytest.mark.parametrize('kind', runs.KINDS)
def test_zigzags_have_eight_straight_pieces_and_one_variance(kind):
    x = torch.linspace(-1, 1, 65, dtype=torch.float64)[:, None]
    y = runs.zigzag(kind, x)
    bends = (y.diff(dim=0).diff(dim=0).abs() > 0.01).sum()
    assert bends==7 and y.std()==pytest.approx(runs.zigzag('folded', x).std().item(), rel=1e-6)

def test_default_start_is_that_of_nn_linear():
    model = runs.default_start(mlp([400, 300, 1], generator=seeded(0)), seeded(1))
    own = nn.Linear(400, 300)
    for ours, theirs in ((model[0].weight.detach(), own.weight), (model[0].bias.detach(), own.bias)):
        assert ours.abs().max()==pytest.approx(1/20, rel=0.05) and ours.abs().max() <= 1/20
        assert ours.std().item()==pytest.approx(theirs.std().item(), rel=0.2)

@pytest.mark.parametrize('name', ['bender', 'rates', 'dead', 'teeth'])
def test_short_run_of_the_program(name):
    found = runs.PARTS[name](True)
    assert found and all(v is None or math.isfinite(v) for v in numbers(found) if not isinstance(v, str))
