"Laws of `sgd_course.backprop`, on graphs and networks drawn by hypothesis, with torch's autograd as the oracle"
import math, sys

import numpy as np, pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from laws import law
from subtests import each
from sgd_course.backprop import (ACTIVATIONS, Node, loss_layer, net_forward, net_gradient, node_loss, node_scores,
                                 node_step, nudged_gradient, pack, random_layers, topological_order, unpack)

numbers = st.floats(-3, 3)
seeds = st.integers(0, 2**32 - 1)

# Numbers that remember

def tensors(values): return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]

def agree(f, values, tol=1e-9):
    "`f` of nodes has torch's value and torch's gradients"
    ours, theirs = [Node(v) for v in values], tensors(values)
    a, b = f(*ours), f(*theirs)
    a.backward()
    b.backward()
    assert a.value==pytest.approx(b.item(), rel=tol, abs=tol)
    grads = [0. if t.grad is None else t.grad.item() for t in theirs]
    assert [o.grad for o in ours]==pytest.approx(grads, rel=tol, abs=tol)

@pytest.mark.parametrize('f', [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a*b, lambda a, b: a/(b*b + 0.5), lambda a, b: -a,
    lambda a, b: 2 + a*3, lambda a, b: 2 - a, lambda a, b: 2/(a*a + 1), lambda a, b: a/4, lambda a, b: a - 4,
    lambda a, b: a*a + a*b + b*b, lambda a, b: a**3, lambda a, b: a**0, lambda a, b: (a*a + 1)**-1.5,
    lambda a, b: a.exp()*b, lambda a, b: (a*a + 0.1).log(), lambda a, b: (a*b).tanh(), lambda a, b: a.relu()*b])
@law(values=st.tuples(numbers, numbers))
def test_each_operation_has_torchs_value_and_slopes(f, values): agree(f, values)

MOVES = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a*b, lambda a, b: a/(b*b + 1), lambda a, b: a**3,
    lambda a, b: (b*b + 1).log(), lambda a, b: a.exp(), lambda a, b: b.relu(), lambda a, b: a.tanh()]
moves = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25)

@law(st.tuples(numbers, numbers, numbers), moves)
def test_any_graph_has_torchs_gradients(values, moves):
    def build(*leaves):
        made = list(leaves)
        for f, i, j in moves: made.append(f(made[i%len(made)], made[j%len(made)]).tanh())
        return sum(made)
    agree(build, values)

@law(st.floats(-20, 20), st.integers(-3, 4))
def test_whole_powers_take_any_base(a, n):
    if abs(a) < 1e-3: a = 1e-3
    agree(lambda x: x**n, [a])

def test_kinks_and_corners_are_torchs():
    agree(lambda a: a.relu(), [0.])
    agree(lambda a: a**0, [0.])
    agree(lambda a: a**1, [0.])
    agree(lambda a: a**2, [0.])

@law(moves)
def test_order_holds_every_node_once_and_parents_first(moves):
    made = [Node(0.3), Node(0.4)]
    for f, i, j in moves: made.append(f(made[i%len(made)], made[j%len(made)]).tanh())
    order = topological_order(made[-1])
    place = {n: i for i, n in enumerate(order)}
    assert len(place)==len(order) and order[-1] is made[-1]
    assert all(place[p] < place[n] for n in order for p in n.parents)

def test_leaves_add_up_over_graphs_and_a_leaf_is_its_own_slope():
    w = Node(3.)
    for k in range(1, 4):
        (w*w).backward()
        assert w.grad==6*k
    w.backward()
    assert w.grad==19

def test_a_graph_serves_once():
    w = Node(2.)
    inner = w*w
    loss = inner + 1
    loss.backward()
    for again in (loss, inner, inner*3, loss + w):
        with pytest.raises(RuntimeError, match='compute the loss anew'): again.backward()
    assert (w.grad, inner.grad, loss.grad)==(4., 1., 1.), 'a refused walk changes nothing'

@pytest.mark.parametrize('length', [1, 2, 5])
def test_cycles_are_named_and_nothing_is_changed(length):
    first = node = Node(1.)
    for _ in range(length): node = node*2
    first.parents, first.slopes = (node,), (1.,)
    with pytest.raises(ValueError, match='without cycles'): (node + 1).backward()
    assert first.grad==node.grad==0

def test_depth_does_not_matter():
    node = w = Node(1.)
    for _ in range(20*sys.getrecursionlimit()): node = node + 0.5
    node.backward()
    assert w.grad==1
    del node

@each('bad', ['1', None, [1.], 1j, True, np.True_, np.ones(2), torch.ones(2), {}])
def test_what_is_no_number_is_refused(bad):
    w = Node(1.)
    for f in (lambda: Node(bad), lambda: w + bad, lambda: bad + w, lambda: w*bad, lambda: bad*w, lambda: w - bad,
              lambda: bad - w, lambda: w/bad, lambda: bad/w):
        with pytest.raises(ValueError, match='expected value to be a finite number, got'): f()
    with pytest.raises(ValueError, match='expected exponent to be a finite number, got'): w**bad

@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf, 10**400, np.float32('inf')], ids=repr)
def test_numbers_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match='finite'): Node(1.)*bad

@pytest.mark.parametrize('good', [1, 1.5, np.float32(0.5), np.float64(2), np.int64(3), torch.tensor(1.)], ids=repr)
def test_every_kind_of_real_number_is_welcome_on_both_sides(good):
    w = Node(2.)
    for n in (w + good, good + w, w*good, good*w, w - good, good - w, w/good, good/w, w**good):
        assert type(n) is Node and type(n.value) is float
    assert (good - w).value==good - 2 and (good/w).value==good/2

@pytest.mark.parametrize('f', [
    lambda w: w.log(), lambda w: w**0.5, lambda w: (w + 2)**-1, lambda w: (w + 2)**0.5, lambda w: 1/(w + 2),
    lambda w: (w*-1e3).exp(), lambda w: w*1e308*10, lambda w: (w + 2).log(), lambda w: w**999999])
def test_values_and_slopes_that_are_not_finite_are_refused(f):
    with pytest.raises(ValueError, match='finite value and slope'): f(Node(-2.))

@each('f', [
    math.exp, abs, float, int, round, lambda w: w < 1, lambda w: w >= w, lambda w: w%2, lambda w: w//2,
    lambda w: w@w, lambda w: 2**w])
def test_operations_without_a_rule_are_refused(f):
    with pytest.raises(TypeError, match='Node'): f(Node(1.))

def test_a_node_is_neither_true_nor_false():
    with pytest.raises(ValueError, match='about the .value'): bool(Node(1.))

OPERATIONS = ['__add__', '__radd__', '__sub__', '__rsub__', '__mul__', '__rmul__', '__truediv__', '__rtruediv__',
              '__neg__', '__pow__', '__bool__', 'exp', 'log', 'tanh', 'relu', 'backward']

def test_operations_bear_their_names():
    for name in OPERATIONS:
        f = getattr(Node, name)
        assert (f.__name__, f.__qualname__)==(name, f'Node.{name}') and f.__doc__

def test_equal_means_the_same_node():
    "Nodes are keys of dictionaries, so == is no comparison of values"
    w = Node(1.)
    assert w==w and w!=Node(1.) and {w: 'kept'}[w]=='kept'

def test_unknown_functions_and_exponents():
    with pytest.raises(AttributeError, match='sin'): Node(1.).sin()
    with pytest.raises(TypeError): np.exp(Node(1.))
    with pytest.raises(ValueError, match='expected exponent'): Node(2.)**Node(3.)

def test_backward_changes_no_value_and_the_step_does():
    w, b = Node(0.5), Node(-1.)
    loss = (w*b - 2)**2
    loss.backward()
    assert (w.value, b.value)==(0.5, -1.)
    grads = w.grad, b.grad
    node_step([w, b], 0.1)
    assert (w.value, b.value)==pytest.approx((0.5 - 0.1*grads[0], -1 - 0.1*grads[1])) and (w.grad, b.grad)==(0, 0)

def test_step_refuses_bad_gradients_and_moves_nothing():
    w, v = Node(1.), Node(1.)
    v.grad, w.grad = math.nan, 1.
    with pytest.raises(ValueError, match='expected grad to be a finite number'): node_step([w, v], 0.1)
    assert w.value==1

# Whole layers

nets = st.lists(st.integers(1, 6), min_size=2, max_size=5)

def draw_net(sizes, n, seed):
    rng = np.random.default_rng(seed)
    return random_layers(sizes, rng=rng), rng.normal(size=(n, sizes[0])), rng.integers(sizes[-1], size=n)

def torch_gradient(layers, x, y, activation):
    params = [torch.tensor(o, requires_grad=True) for pair in layers for o in pair]
    a = torch.tensor(x)
    for i, (W, b) in enumerate(zip(params[::2], params[1::2])):
        a = a@W + b
        if 2*(i+1) < len(params): a = getattr(torch, activation)(a)
    loss = F.cross_entropy(a, torch.tensor(y))
    return loss.item(), np.concatenate([g.numpy().ravel() for g in torch.autograd.grad(loss, params)])

@pytest.mark.parametrize('activation', list(ACTIVATIONS))
@law(nets, st.integers(1, 9), seeds)
def test_gradient_by_hand_is_torchs(activation, sizes, n, seed):
    layers, x, y = draw_net(sizes, n, seed)
    before = pack(layers).copy()
    loss, grads = net_gradient(layers, x, y, activation)
    their_loss, theirs = torch_gradient(layers, x, y, activation)
    assert loss==pytest.approx(their_loss, abs=1e-12)
    assert_allclose(pack(grads), theirs, atol=1e-12)
    assert [g.shape for pair in grads for g in pair]==[o.shape for pair in layers for o in pair]
    assert (pack(layers)==before).all(), 'the gradient changes no weight'

@law(st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 3), seeds)
def test_differences_nodes_and_layers_agree(sizes, n, seed):
    layers, x, y = draw_net(sizes, n, seed)
    by_hand = pack(net_gradient(layers, x, y)[1])
    assert_allclose(pack(nudged_gradient(layers, x, y)), by_hand, atol=1e-7)
    nodes = [([[Node(w) for w in row] for row in W], [Node(v) for v in b]) for W, b in layers]
    (sum(node_loss(node_scores(nodes, xi.tolist()), int(k)) for xi, k in zip(x, y))/n).backward()
    assert_allclose([o.grad for W, b in nodes for row in [*W, b] for o in row], by_hand, atol=1e-12)

def test_numbers_that_do_not_fit_the_nodes_are_refused():
    w, b = [[Node(0.1), Node(0.2)], [Node(0.3), Node(0.4)]], [Node(0.), Node(0.)]
    wrong = [([(w, b)], [1., 2., 3.]), ([(w[:1], b)], [1., 2.]), ([([w[0], w[1][:1]], b)], [1., 2.]),
             ([(w, b[:1])], [1., 2.]), ([(w, b), (w[:1], b)], [1., 2.])]
    for layers, x in wrong:
        with pytest.raises(ValueError, match='rows of [12] weights'): node_scores(layers, x)
    for y in (1., 2, -1, '1', None, math.nan):
        with pytest.raises(ValueError, match='expected y to be a whole number from 0 to 1'): node_loss(b, y)
    assert node_loss(b, np.int64(1)).value==pytest.approx(math.log(2))

def test_inputs_may_be_lists():
    layers, x, y = draw_net([3, 4, 2], 4, 0)
    for a, b in zip(net_forward(layers, x.tolist()), net_forward(layers, x), strict=True):
        assert_allclose(a, b, atol=1e-15)
    with pytest.raises(ValueError, match=r'expected shapes x \(n, inputs\)'): net_forward(layers, x[0].tolist())

@law(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=5), st.integers(0, 4))
def test_loss_layer_is_finite_and_torchs_for_far_scores(scores, label):
    scores, label = np.array([scores]), np.array([label%len(scores)])
    theirs = torch.tensor(scores, requires_grad=True)
    loss = F.cross_entropy(theirs, torch.tensor(label))
    loss.backward()
    ours, grad = loss_layer(scores, label)
    assert ours==pytest.approx(loss.item(), abs=1e-9)
    assert_allclose(grad, theirs.grad.numpy(), atol=1e-12)
    assert abs(grad.sum()) < 1e-12

def test_float32_stays_float32():
    doubles = random_layers([4, 3, 2], rng=np.random.default_rng(0))
    layers = [(W.astype(np.float32), b.astype(np.float32)) for W, b in doubles]
    for activation in ACTIVATIONS:
        _, grads = net_gradient(layers, np.ones((5, 4), np.float32), np.array([0, 1, 0, 1, 1]), activation)
        assert {g.dtype for pair in grads for g in pair}=={np.dtype('float32')}

@law(nets, seeds)
def test_pack_and_unpack_are_inverse(sizes, seed):
    layers = random_layers(sizes, rng=np.random.default_rng(seed))
    for a, b in zip(unpack(pack(layers), layers), layers):
        for o, p in zip(a, b): assert (o==p).all() and o.shape==p.shape

def test_layers_with_wrong_shapes_are_refused():
    (W1, b1), last = random_layers([4, 3, 2], rng=np.random.default_rng(0))
    x, y = np.ones((2, 4)), np.array([0, 1])
    for bad in ([(W1.T, b1), last], [(W1, b1[:2]), last], [(W1, b1), (W1, b1)], [(W1[0], b1), last]):
        with pytest.raises(ValueError, match='mismatch|broadcast'): net_gradient(bad, x, y)
    with pytest.raises(ValueError, match='expected shapes x'): net_gradient([(W1, b1), last], x[0], y)
    with pytest.raises(ValueError, match='expected shapes scores'): net_gradient([(W1, b1), last], x, y[:1])
    with pytest.raises(ValueError, match="got 'sin'"): net_forward([(W1, b1)], x, 'sin')
