"Laws of `sgd_course.backprop`, on graphs and networks drawn by hypothesis, with torch's autograd as the oracle"
import math, sys

import numpy as np, pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from laws import law, one_thread
from sgd_course import mini_batches, optimizers
from sgd_course.backprop import (ACTIVATIONS, FusedAdam, HandDescent, HandGradient, Node, backpropagate, by_hand, check_number, draw_graph, loss_layer, net_forward, net_gradient, node_loss,
                                 node_scores, node_step, nudged_gradient, pack, place_nodes, random_layers, topological_order, unpack)
from sgd_course.full_mnist import Checkpoint, Learner, Recorder, Schedule, autograd, copied, opt_state, resume, triangle
from sgd_course.nonlinearity import mlp
from sgd_course.sigmoid import softmax_cross_entropy

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
    assert [o.grad for o in ours]==pytest.approx([0. if t.grad is None else t.grad.item() for t in theirs], rel=tol, abs=tol)

@pytest.mark.parametrize('f', [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a*b, lambda a, b: a/(b*b + 0.5), lambda a, b: -a, lambda a, b: 2 + a*3, lambda a, b: 2 - a,
    lambda a, b: 2/(a*a + 1), lambda a, b: a/4, lambda a, b: a - 4, lambda a, b: a*a + a*b + b*b, lambda a, b: a**3, lambda a, b: a**0,
    lambda a, b: (a*a + 1)**-1.5, lambda a, b: a.exp()*b, lambda a, b: (a*a + 0.1).log(), lambda a, b: (a*b).tanh(), lambda a, b: a.relu()*b])
@law(values=st.tuples(numbers, numbers))
def test_each_operation_has_torchs_value_and_slopes(f, values): agree(f, values)

MOVES = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a*b, lambda a, b: a/(b*b + 1), lambda a, b: a**3, lambda a, b: (b*b + 1).log(),
         lambda a, b: a.exp(), lambda a, b: b.relu(), lambda a, b: a.tanh()]
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
    columns = place_nodes(order)
    assert len({*columns.values()})==len(order), 'no two nodes in one place'
    assert all(columns[p][0] < columns[n][0] for n in order for p in n.parents)

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

@pytest.mark.parametrize('bad', ['1', None, [1.], 1j, True, np.True_, np.ones(2), torch.tensor(1.), {}], ids=repr)
def test_wrong_types_are_named(bad):
    w = Node(1.)
    for f in (lambda: Node(bad), lambda: w + bad, lambda: bad + w, lambda: w*bad, lambda: bad*w, lambda: w - bad, lambda: bad - w, lambda: w/bad, lambda: bad/w):
        with pytest.raises(TypeError, match='expected a number or a Node, got'): f()
    with pytest.raises(TypeError, match='expected a number or a Node, got'): w**bad

@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf, 10**400, np.float32('inf')], ids=repr)
def test_numbers_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match='finite'): check_number(bad)
    with pytest.raises(ValueError, match='finite'): Node(1.)*bad

@pytest.mark.parametrize('good', [1, 1.5, np.float32(0.5), np.float64(2), np.int64(3)], ids=repr)
def test_every_kind_of_real_number_is_welcome_on_both_sides(good):
    w = Node(2.)
    for n in (w + good, good + w, w*good, good*w, w - good, good - w, w/good, good/w, w**good): assert type(n) is Node and type(n.value) is float
    assert (good - w).value==good - 2 and (good/w).value==good/2

@pytest.mark.parametrize('f', [lambda w: w.log(), lambda w: w**0.5, lambda w: (w + 2)**-1, lambda w: (w + 2)**0.5, lambda w: 1/(w + 2), lambda w: (w*-1e3).exp(),
                               lambda w: w*1e308*10, lambda w: (w + 2).log(), lambda w: w**999999])
def test_values_and_slopes_that_are_not_finite_are_refused(f):
    with pytest.raises(ValueError, match='finite value and slope'): f(Node(-2.))

@pytest.mark.parametrize('f', [math.exp, abs, bool, float, int, round, lambda w: w < 1, lambda w: w >= w, lambda w: w%2, lambda w: w//2, lambda w: w@w, lambda w: 2**w])
def test_operations_without_a_rule_are_refused(f):
    with pytest.raises(TypeError, match='take its .value'): f(Node(1.))

def test_equal_means_the_same_node():
    "Nodes are keys of dictionaries, so == is no comparison of values"
    w = Node(1.)
    assert w==w and w!=Node(1.) and {w: 'kept'}[w]=='kept'

def test_unknown_functions_and_exponents():
    with pytest.raises(AttributeError, match='sin'): Node(1.).sin()
    with pytest.raises(TypeError): np.exp(Node(1.))
    with pytest.raises(TypeError, match='as exponent'): Node(2.)**Node(3.)

def test_backward_changes_no_value_and_the_step_does():
    w, b = Node(0.5), Node(-1.)
    loss = (w*b - 2)**2
    backpropagate(loss)
    assert (w.value, b.value)==(0.5, -1.)
    grads = w.grad, b.grad
    node_step([w, b], 0.1)
    assert (w.value, b.value)==pytest.approx((0.5 - 0.1*grads[0], -1 - 0.1*grads[1])) and (w.grad, b.grad)==(0, 0)

@pytest.mark.parametrize('lr', [-1., math.nan, math.inf])
def test_step_refuses_a_bad_lr_and_bad_gradients(lr):
    w, v = Node(1.), Node(1.)
    with pytest.raises(ValueError, match='lr'): node_step([w], lr)
    v.grad, w.grad = math.nan, 1.
    with pytest.raises(ValueError, match='diverged'): node_step([w, v], 0.1)
    assert w.value==1

# Drawing

def test_drawing_shows_every_name_value_and_gradient():
    w = Node(3., 'w')
    loss = w*w + w*Node(5., 'five')
    loss.backward()
    fig = draw_graph(loss)
    texts = [t.get_text() for t in fig.axes[0].texts]
    assert {'w', 'five', '×', '+', '3', '5', '9', '15', '24', '11', '3 + 3'} <= {*texts}
    values_only = [t.get_text() for t in draw_graph(loss, gradients=False).axes[0].texts]
    assert '11' not in values_only and '24' in values_only
    with pytest.raises(ValueError, match='at most 40'): draw_graph(sum(Node(1.) for _ in range(30)))

# Whole layers

nets = st.lists(st.integers(1, 6), min_size=2, max_size=5)

def draw_net(sizes, n, seed):
    rng = np.random.default_rng(seed)
    return random_layers(sizes, rng), rng.normal(size=(n, sizes[0])), rng.integers(sizes[-1], size=n)

def torch_gradient(layers, x, labels, activation):
    params = [torch.tensor(o, requires_grad=True) for pair in layers for o in pair]
    a = torch.tensor(x)
    for i, (W, b) in enumerate(zip(params[::2], params[1::2])):
        a = a@W + b
        if 2*(i+1) < len(params): a = getattr(torch, activation)(a)
    loss = F.cross_entropy(a, torch.tensor(labels))
    return loss.item(), np.concatenate([g.numpy().ravel() for g in torch.autograd.grad(loss, params)])

@pytest.mark.parametrize('activation', list(ACTIVATIONS))
@law(nets, st.integers(1, 9), seeds)
def test_gradient_by_hand_is_torchs(activation, sizes, n, seed):
    layers, x, labels = draw_net(sizes, n, seed)
    before = pack(layers).copy()
    loss, grads = net_gradient(layers, x, labels, activation)
    their_loss, theirs = torch_gradient(layers, x, labels, activation)
    assert loss==pytest.approx(their_loss, abs=1e-12)
    assert_allclose(pack(grads), theirs, atol=1e-12)
    assert [g.shape for pair in grads for g in pair]==[o.shape for pair in layers for o in pair]
    assert (pack(layers)==before).all(), 'the gradient changes no weight'

@law(st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 3), seeds)
def test_differences_nodes_and_layers_agree(sizes, n, seed):
    layers, x, labels = draw_net(sizes, n, seed)
    by_hand = pack(net_gradient(layers, x, labels)[1])
    assert_allclose(pack(nudged_gradient(layers, x, labels)), by_hand, atol=1e-7)
    nodes = [([[Node(w) for w in row] for row in W], [Node(v) for v in b]) for W, b in layers]
    (sum(node_loss(node_scores(nodes, xi.tolist()), int(k)) for xi, k in zip(x, labels))/n).backward()
    assert_allclose([o.grad for W, b in nodes for row in [*W, b] for o in row], by_hand, atol=1e-12)

def test_numbers_that_do_not_fit_the_nodes_are_refused():
    w, b = [[Node(0.1), Node(0.2)], [Node(0.3), Node(0.4)]], [Node(0.), Node(0.)]
    for layers, x in (([(w, b)], [1., 2., 3.]), ([(w[:1], b)], [1., 2.]), ([([w[0], w[1][:1]], b)], [1., 2.]), ([(w, b[:1])], [1., 2.]), ([(w, b), (w[:1], b)], [1., 2.])):
        with pytest.raises(ValueError, match='one weight for each bias'): node_scores(layers, x)
    for label in (1., 2, -1, '1', None, math.nan):
        with pytest.raises(ValueError, match='whole label from 0 to 1'): node_loss(b, label)
    assert node_loss(b, np.int64(1)).value==pytest.approx(math.log(2))

@pytest.mark.parametrize('h', [0, -1e-5, math.nan, math.inf, None])
def test_a_nudge_must_be_positive(h):
    layers, x, labels = draw_net([3, 2], 4, 0)
    with pytest.raises(ValueError, match='positive, finite h'): nudged_gradient(layers, x, labels, h=h)

def test_inputs_may_be_lists():
    layers, x, labels = draw_net([3, 4, 2], 4, 0)
    for a, b in zip(net_forward(layers, x.tolist()), net_forward(layers, x), strict=True): assert_allclose(a, b, atol=1e-15)
    with pytest.raises(ValueError, match='x of shape'): net_forward(layers, x[0].tolist())

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
    layers = [(W.astype(np.float32), b.astype(np.float32)) for W, b in random_layers([4, 3, 2], np.random.default_rng(0))]
    for activation in ACTIVATIONS:
        _, grads = net_gradient(layers, np.ones((5, 4), np.float32), np.array([0, 1, 0, 1, 1]), activation)
        assert {g.dtype for pair in grads for g in pair}=={np.dtype('float32')}

@law(nets, seeds)
def test_pack_and_unpack_are_inverse(sizes, seed):
    layers = random_layers(sizes, np.random.default_rng(seed))
    for a, b in zip(unpack(pack(layers), layers), layers):
        for o, p in zip(a, b): assert (o==p).all() and o.shape==p.shape

def test_layers_with_wrong_shapes_are_refused():
    (W1, b1), last = random_layers([4, 3, 2], np.random.default_rng(0))
    x, labels = np.ones((2, 4)), np.array([0, 1])
    for bad in ([(W1.T, b1), last], [(W1, b1[:2]), last], [(W1, b1), (W1, b1)], [(W1[0], b1), last]):
        with pytest.raises(ValueError, match='for [34] inputs'): net_gradient(bad, x, labels)
    with pytest.raises(ValueError, match='shape'): net_gradient([(W1, b1), last], x[0], labels)
    with pytest.raises(ValueError, match='labels'): net_gradient([(W1, b1), last], x, labels[:1])
    with pytest.raises(ValueError, match='expected one of'): net_forward([(W1, b1)], x, 'sin')
    for sizes in ([], [3], [3, 0], [3, 2.5], [3, True]):
        with pytest.raises(ValueError, match='sizes'): random_layers(sizes, np.random.default_rng(0))

# The step without waste

def network(sizes, dtype=torch.float64, seed=0):
    g = torch.Generator().manual_seed(seed)
    model = mlp(sizes, generator=g).to(dtype)
    with torch.no_grad():
        for o in model[::2]: o.bias.copy_(0.1*torch.randn(o.bias.shape, generator=g))
    return model

def batch(sizes, n, dtype=torch.float64, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, sizes[0], generator=g).to(dtype), torch.randint(sizes[-1], (n,), generator=g)

def largest_gap(model, x, y):
    loss = F.cross_entropy(model(x), y)
    theirs = torch.autograd.grad(loss, list(model.parameters()))
    return loss.item(), max((p.grad - g).abs().max().item() for p, g in zip(model.parameters(), theirs))

@pytest.mark.parametrize('dtype,tol', [(torch.float32, 1e-6), (torch.float64, 1e-13)], ids=str)
@law(nets, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 999))
def test_engine_has_autograds_loss_and_gradient_for_any_sizes_of_batch(dtype, tol, sizes, ns, seed):
    model = network(sizes, dtype, seed)
    engine, before = HandGradient(model), [p.detach().clone() for p in model.parameters()]
    for n in [*ns, ns[0]]:
        x, y = batch(sizes, n, dtype, seed + n)
        loss = engine(model, F.cross_entropy, x, y)
        theirs, gap = largest_gap(model, x, y)
        assert not loss.requires_grad and loss.shape==() and loss.item()==pytest.approx(theirs, abs=10*tol)
        assert gap < tol
    assert all((p==b).all() for p, b in zip(model.parameters(), before)), 'the gradient changes no weight'

def test_engine_replaces_gradients_and_memory_is_used_again():
    model = network([5, 4, 3])
    engine, (x, y) = HandGradient(model), batch([5, 4, 3], 6)
    engine(model, F.cross_entropy, x, y)
    first, places = [p.grad.clone() for p in model.parameters()], [p.grad.data_ptr() for p in model.parameters()]
    model.zero_grad()
    engine(model, F.cross_entropy, x, y)
    engine(model, F.cross_entropy, x, y)
    assert all((p.grad==g).all() for p, g in zip(model.parameters(), first))
    assert [p.grad.data_ptr() for p in model.parameters()]==places
    for n in range(1, 20): engine(model, F.cross_entropy, *batch([5, 4, 3], n))
    assert engine.buffers.cache_info().currsize <= 4, 'memory does not grow with the number of sizes'

def test_engine_shares_its_memory_with_the_model():
    model = network([5, 4, 3])
    scores = model(batch([5, 4, 3], 2)[0]).detach()
    engine = HandGradient(model)
    assert torch.equal(model(batch([5, 4, 3], 2)[0]), scores), 'the move changes no weight'
    engine(model, F.cross_entropy, *batch([5, 4, 3], 6))
    [vector] = engine.params
    assert vector.is_leaf and vector.requires_grad
    assert torch.equal(vector, torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(vector.grad, torch.cat([p.grad.flatten() for p in model.parameters()]))
    with torch.no_grad(): vector.zero_()
    assert all((p==0).all() for p in model.parameters())

def test_engine_follows_a_model_that_is_loaded_and_refuses_one_that_was_cast():
    model, (x, y) = network([5, 4, 3]), batch([5, 4, 3], 6)
    engine = HandGradient(model)
    model.load_state_dict(network([5, 4, 3], seed=5).state_dict())
    engine(model, F.cross_entropy, x, y)
    assert largest_gap(model, x, y)[1] < 1e-13
    with pytest.raises(ValueError, match='float64, as the weights, got torch.float32'): engine(model, F.cross_entropy, x.float(), y)
    model.float()
    with pytest.raises(ValueError, match='moved, cast or rebuilt'): engine(model, F.cross_entropy, x.float(), y)
    engine = HandGradient(model)
    engine(model, F.cross_entropy, x.float(), y)
    assert largest_gap(model, x.float(), y)[1] < 1e-6

def new_bias(model): model[2].bias = nn.Parameter(torch.zeros(3, dtype=torch.float64))
def new_data(model): model[2].weight.data = model[2].weight.data.clone()
def new_layer(model): model[2] = nn.Linear(4, 3).double()

@pytest.mark.parametrize('rebuild', [new_bias, new_data, new_layer])
def test_engine_refuses_a_network_of_which_a_part_has_left_the_vector(rebuild):
    model, (x, y) = network([5, 4, 3]), batch([5, 4, 3], 6)
    engine = HandGradient(model)
    rebuild(model)
    with pytest.raises(ValueError, match='rebuilt'): engine(model, F.cross_entropy, x, y)

def test_engine_is_finite_for_far_scores():
    model = network([2, 2])
    with torch.no_grad(): model[0].weight.mul_(1e6)
    x, y = batch([2, 2], 8)
    assert HandGradient(model)(model, F.cross_entropy, x, y).isfinite()
    assert largest_gap(model, x, y)[1] < 1e-12

@pytest.mark.parametrize('opt_func', [torch.optim.SGD, torch.optim.Adam, mini_batches.SGD])
@pytest.mark.parametrize('one_vector', [True, False])
def test_training_by_hand_ends_with_autograds_weights(opt_func, one_vector):
    ends = []
    for by_hand in (True, False):
        model = network([6, 5, 4])
        engine = HandGradient(model)
        opt = opt_func(engine.params if by_hand and one_vector else model.parameters(), lr=0.01)
        for i in range(50):
            x, y = batch([6, 5, 4], 7 if i%4 else 3, seed=i)
            if by_hand: engine(model, F.cross_entropy, x, y)
            else: F.cross_entropy(model(x), y).backward()
            opt.step()
            opt.zero_grad()
        ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert (ends[0] - ends[1]).abs().max() < 1e-10

@pytest.mark.parametrize('opt_func', [mini_batches.SGD, optimizers.Adam, torch.optim.SGD])
@law(nets, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 999))
def test_steps_by_hand_are_autograds(opt_func, sizes, ns, seed):
    models = [network(sizes, seed=seed) for _ in range(2)]
    trainings = [(model, *engine(model, opt_func, 0.1)) for model, engine in zip(models, (by_hand, autograd))]
    for n in ns*3:
        x, y = batch(sizes, n, seed=seed + n)
        losses = []
        for model, gradients, opt in trainings:
            losses.append(gradients(model, F.cross_entropy, x, y).item())
            opt.step()
            opt.zero_grad()
        assert losses[0]==pytest.approx(losses[1], rel=1e-9)
    assert max((p - q).abs().max().item() for p, q in zip(models[0].parameters(), models[1].parameters())) < 1e-9

def test_adam_in_one_pass_goes_on_from_a_kept_state():
    start, g = torch.randn(7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), torch.Generator().manual_seed(1)
    pushes = torch.randn(9, 7, dtype=torch.float64, generator=g)
    def made(settings={}):
        vector = start.clone().requires_grad_()
        return vector, FusedAdam([vector], 0.1, **settings)
    theirs, settings = start.clone().requires_grad_(), dict(betas=(0.8, 0.99), eps=1e-3)
    whole, opt = made(settings)
    torchs = torch.optim.Adam([theirs], 0.1, **settings)
    for i, push in enumerate(pushes):
        whole.grad, theirs.grad = push.clone(), push.clone()
        opt.step()
        torchs.step()
        if i==4: kept, place = copied(opt_state(opt)), whole.detach().clone()
    assert (whole - theirs).abs().max() < 1e-12
    again, opt = made(settings)
    with torch.no_grad(): again.copy_(place)
    opt_state(opt, kept)
    for push in pushes[5:]:
        again.grad = push.clone()
        opt.step()
    assert torch.equal(again, whole)

def test_adam_in_one_pass_refuses_two_tensors_and_a_bad_lr():
    w = torch.zeros(2, requires_grad=True)
    with pytest.raises(ValueError, match='one vector, got 2'): FusedAdam([w, w], 0.1)
    with pytest.raises(ValueError, match='lr'): FusedAdam([w], math.nan)

def test_descent_takes_back_only_its_own_state():
    descent = HandDescent(network([3, 2]), 0.1)
    for bad in ({}, {'lr': 0.1, 'more': 1}):
        with pytest.raises(ValueError, match='lr'): descent.load_state_dict(bad)

def learner(engine, callbacks=(), opt_func=mini_batches.SGD):
    x, y = batch([6, 5, 4], 50)
    train = mini_batches.DataLoader(x, y, 8, shuffle=True, generator=torch.Generator().manual_seed(0))
    return Learner(network([6, 5, 4]), train, [(x, y)], F.cross_entropy, opt_func, 0.1, callbacks, 'cpu', engine=engine)

def weights(learn): return torch.cat([p.detach().flatten() for p in learn.model.parameters()])

@pytest.mark.parametrize('opt_func', [mini_batches.SGD, optimizers.Adam])
def test_learner_by_hand_with_schedule_and_resume_ends_with_autograds_weights(tmp_path, opt_func):
    path, schedule = tmp_path/'run', lambda: Schedule(lambda done: triangle(done, 0.2))
    theirs = learner(autograd, [Recorder(), schedule()], opt_func)
    theirs.fit(3)
    class Stop:
        def after_keep(self, learn):
            if learn.epoch==2: raise KeyboardInterrupt
    ours = learner(by_hand, [Recorder(), schedule(), Checkpoint(path), Stop()], opt_func)
    with pytest.raises(KeyboardInterrupt): ours.fit(3)
    again = resume(learner(by_hand, [Recorder(), schedule()], opt_func), path)
    again.fit()
    assert (weights(again) - weights(theirs)).abs().max() < 1e-9
    assert again.callbacks[0].losses==pytest.approx(theirs.callbacks[0].losses, rel=1e-7)

def test_learner_by_hand_goes_back_when_the_loss_runs_off():
    learn = learner(by_hand)
    learn.fit(1)
    kept, learn.opt.lr = weights(learn), 1e300
    with pytest.raises(ValueError, match='finite loss'): learn.fit(2)
    assert torch.equal(weights(learn), kept)

@pytest.mark.parametrize('lr', [-0.1, math.nan, math.inf])
def test_descent_by_hand_refuses_a_bad_lr(lr):
    with pytest.raises(ValueError, match='lr'): by_hand(network([3, 2]), mini_batches.SGD, lr)

def test_descent_by_hand_moves_nothing_for_a_bad_batch():
    model = network([5, 4, 3])
    descent, before = HandDescent(model, 0.1), [p.detach().clone() for p in model.parameters()]
    x, y = batch([5, 4, 3], 2)
    for bad, error in [((x[:, :4], y), ValueError), ((x.float(), y), ValueError), ((x, y + 3), RuntimeError)]:
        with pytest.raises(error): descent(model, F.cross_entropy, *bad)
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before))

tied = nn.Linear(2, 2)

def frozen():
    model = network([3, 2])
    model[0].weight.requires_grad_(False)
    return model

@pytest.mark.parametrize('model', [
    nn.Sequential(), nn.Sequential(nn.ReLU()), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 2)),
    nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Sequential(nn.Flatten(), nn.Linear(2, 2)), nn.Sequential(nn.Linear(2, 2, bias=False)), nn.Sequential(tied, nn.ReLU(), tied), frozen()], ids=str)
def test_engine_refuses_other_networks(model):
    with pytest.raises(ValueError, match='expected'): HandGradient(model)

def test_engine_refuses_what_is_no_chain_of_layers():
    with pytest.raises(ValueError, match='nn.Sequential'): HandGradient(nn.Linear(2, 2))

@pytest.mark.parametrize('x,y,message', [
    ((3, 5), 4, 'labels'), ((0, 5), 0, 'at least 1'), ((5,), 5, r'\(n, 5\)'), ((3, 4), 3, r'\(n, 5\)'), ((3, 5, 1), 3, r'\(n, 5\)')])
def test_engine_refuses_batches_that_do_not_fit(x, y, message):
    model = network([5, 4, 3])
    engine = HandGradient(model)
    with pytest.raises(ValueError, match=message): engine(model, F.cross_entropy, torch.zeros(x, dtype=torch.float64), torch.zeros(y, dtype=torch.int64))

@pytest.mark.parametrize('label', [3, -1, -100])
def test_engine_refuses_a_label_that_is_no_class(label):
    model = network([5, 3])
    with pytest.raises(RuntimeError, match='bounds'): HandGradient(model)(model, F.cross_entropy, torch.zeros(1, 5, dtype=torch.float64), torch.tensor([label]))

def test_engine_serves_one_network_and_two_names_of_one_loss():
    model, (x, y) = network([5, 4, 3]), batch([5, 4, 3], 6)
    engine = HandGradient(model)
    assert engine(model, softmax_cross_entropy, x, y)==engine(model, F.cross_entropy, x, y)
    for loss_func in (F.mse_loss, F.nll_loss, nn.CrossEntropyLoss(), None):
        with pytest.raises(ValueError, match='F.cross_entropy as the loss'): engine(model, loss_func, x, y)
    with pytest.raises(ValueError, match='got another one'): engine(network([5, 4, 3]), F.cross_entropy, x, y)
