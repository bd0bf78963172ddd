"Laws of `sgd_course.fused`, with torch's autograd and its optimisers as the oracle"
import gc, math, weakref

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from laws import law
from sgd_course import mini_batches, optimizers
from sgd_course.fused import FusedAdam, FusedLearner, FusedNet
from sgd_course.learner import Checkpoint, Learner, Recorder, Schedule, resume, triangle
from sgd_course.nonlinearity import mlp
from sgd_course.sigmoid import softmax_cross_entropy

nets = st.lists(st.integers(1, 6), min_size=2, max_size=5)
sizes_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=4)

def network(sizes, dtype=torch.float64, seed=0):
    g = torch.Generator().manual_seed(seed)
    model = mlp(sizes, generator=g).to(dtype)
    with torch.no_grad():
        for o in model[::2]: o.bias.copy_(0.1*torch.randn(o.bias.shape, generator=g))
    return model

def batch(sizes, n, dtype=torch.float64, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, sizes[0], generator=g).to(dtype), torch.randint(sizes[-1], (n,), generator=g)

def weights(model): return torch.cat([p.detach().flatten() for p in model.parameters()])

def largest_gap(model, x, y):
    loss = F.cross_entropy(model(x), y)
    theirs = torch.autograd.grad(loss, list(model.parameters()))
    return loss.item(), max((p.grad - g).abs().max().item() for p, g in zip(model.parameters(), theirs))

@pytest.mark.parametrize('dtype,tol', [(torch.float32, 1e-6), (torch.float64, 1e-13)], ids=str)
@law(nets, sizes_of_batches, st.integers(0, 999))
def test_loss_and_gradient_are_autograds_for_any_sizes_of_batch(dtype, tol, sizes, ns, seed):
    model = network(sizes, dtype, seed)
    fused, before = FusedNet(model), weights(model)
    for n in [*ns, ns[0]]:
        x, y = batch(sizes, n, dtype, seed + n)
        loss = fused.gradient(x, y)
        theirs, gap = largest_gap(model, x, y)
        assert not loss.requires_grad and loss.shape==() and loss.item()==pytest.approx(theirs, abs=10*tol)
        assert gap < tol
        assert (fused.scores - model(x)).abs().max() < 10*tol
    assert torch.equal(weights(model), before), 'the gradient changes no weight'

def test_gradients_are_replaced_and_memory_is_used_again():
    model = network([5, 4, 3])
    fused, (x, y) = FusedNet(model), batch([5, 4, 3], 6)
    fused.gradient(x, y)
    first = [p.grad.clone() for p in model.parameters()]
    places = [p.grad.data_ptr() for p in model.parameters()]
    model.zero_grad()
    fused.gradient(x, y)
    fused.gradient(x, y)
    assert all((p.grad==g).all() for p, g in zip(model.parameters(), first))
    assert [p.grad.data_ptr() for p in model.parameters()]==places
    for n in range(1, 20): fused.gradient(*batch([5, 4, 3], n))
    assert len(fused.buffers) <= 4, 'memory does not grow with the number of sizes'

def test_memory_goes_with_the_last_name():
    fused = FusedNet(network([5, 4, 3]))
    fused.gradient(*batch([5, 4, 3], 6))
    gc.disable()
    try:
        ref = weakref.ref(fused)
        del fused
        assert ref() is None, 'nothing in it holds it'
    finally: gc.enable()

def test_memory_is_shared_with_the_model():
    model = network([5, 4, 3])
    x, y = batch([5, 4, 3], 6)
    scores = model(x).detach()
    fused = FusedNet(model)
    assert torch.equal(model(x), scores), 'the move changes no weight'
    fused.gradient(x, y)
    vector = fused.vector
    assert vector.is_leaf and vector.requires_grad
    assert torch.equal(vector, weights(model))
    assert torch.equal(vector.grad, torch.cat([p.grad.flatten() for p in model.parameters()]))
    with torch.no_grad(): vector.zero_()
    assert all((p==0).all() for p in model.parameters())

def test_a_model_that_is_loaded_is_followed_and_one_that_was_cast_is_refused():
    model, (x, y) = network([5, 4, 3]), batch([5, 4, 3], 6)
    fused = FusedNet(model)
    model.load_state_dict(network([5, 4, 3], seed=5).state_dict())
    fused.gradient(x, y)
    assert largest_gap(model, x, y)[1] < 1e-13
    with pytest.raises(ValueError, match='float64, as the weights, got torch.float32'): fused.gradient(x.float(), y)
    model.float()
    with pytest.raises(ValueError, match='moved, cast or rebuilt'): fused.gradient(x.float(), y)
    fused = FusedNet(model)
    fused.gradient(x.float(), y)
    assert largest_gap(model, x.float(), y)[1] < 1e-6

def new_bias(model): model[2].bias = nn.Parameter(torch.zeros(3, dtype=torch.float64))
def new_data(model): model[2].weight.data = model[2].weight.data.clone()
def new_layer(model): model[2] = nn.Linear(4, 3).double()

@pytest.mark.parametrize('rebuild', [new_bias, new_data, new_layer])
def test_a_network_of_which_a_part_has_left_the_vector_is_refused(rebuild):
    model, (x, y) = network([5, 4, 3]), batch([5, 4, 3], 6)
    fused = FusedNet(model)
    rebuild(model)
    for way in (lambda: fused.gradient(x, y), lambda: fused.descend(x, y, 0.1)):
        with pytest.raises(ValueError, match='rebuilt'): way()

def test_far_scores_have_a_finite_loss():
    model = network([2, 2])
    with torch.no_grad(): model[0].weight.mul_(1e6)
    x, y = batch([2, 2], 8)
    assert FusedNet(model).gradient(x, y).isfinite()
    assert largest_gap(model, x, y)[1] < 1e-12

@pytest.mark.parametrize('opt_func', [torch.optim.SGD, torch.optim.Adam, mini_batches.SGD])
@pytest.mark.parametrize('one_vector', [True, False])
def test_training_by_hand_ends_with_autograds_weights(opt_func, one_vector):
    ends = []
    for by_hand in (True, False):
        model = network([6, 5, 4])
        fused = FusedNet(model)
        opt = opt_func([fused.vector] if by_hand and one_vector else model.parameters(), lr=0.01)
        for i in range(50):
            x, y = batch([6, 5, 4], 7 if i%4 else 3, seed=i)
            if by_hand: fused.gradient(x, y)
            else: F.cross_entropy(model(x), y).backward()
            opt.step()
            opt.zero_grad()
        ends.append(weights(model))
    assert (ends[0] - ends[1]).abs().max() < 1e-10

@law(nets, sizes_of_batches, st.integers(0, 999))
def test_steps_inside_the_product_are_those_of_sgd(sizes, ns, seed):
    ours, theirs = network(sizes, seed=seed), network(sizes, seed=seed)
    fused, opt = FusedNet(ours), torch.optim.SGD(theirs.parameters(), 0.1)
    for n in ns*3:
        x, y = batch(sizes, n, seed=seed + n)
        loss = F.cross_entropy(theirs(x), y)
        loss.backward()
        opt.step()
        opt.zero_grad()
        assert fused.descend(x, y, 0.1).item()==pytest.approx(loss.item(), rel=1e-9)
    assert (weights(ours) - weights(theirs)).abs().max() < 1e-9

def test_a_bad_batch_moves_nothing():
    model = network([5, 4, 3])
    fused, before = FusedNet(model), weights(model)
    x, y = batch([5, 4, 3], 2)
    for bad, error in [((x[:, :4], y), ValueError), ((x.float(), y), ValueError), ((x, y + 3), RuntimeError)]:
        with pytest.raises(error): fused.descend(*bad, 0.1)
    assert torch.equal(weights(model), before)

# Adam in one pass

START = torch.randn(7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
SETTINGS = dict(betas=(0.8, 0.99), eps=1e-3)

def adam(**settings):
    vector = START.clone().requires_grad_()
    return vector, FusedAdam([vector], 0.1, **settings)

def test_adam_in_one_pass_is_torchs_and_goes_on_from_a_kept_state():
    pushes = torch.randn(9, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    theirs, (whole, opt) = START.clone().requires_grad_(), adam(**SETTINGS)
    torchs = torch.optim.Adam([theirs], 0.1, **SETTINGS)
    for i, push in enumerate(pushes):
        whole.grad, theirs.grad = push.clone(), push.clone()
        opt.step()
        torchs.step()
        if i==4:
            other, again = adam(**SETTINGS)
            again.load_state_dict(opt.state_dict())
            with torch.no_grad(): other.copy_(whole)
            state = {k: v.clone() for k, v in opt.state[whole].items()}
            again.state[other].update(state)
    assert (whole - theirs).abs().max() < 1e-12
    assert {*opt.state[whole]}=={*torchs.state[theirs]}
    for push in pushes[5:]:
        other.grad = push.clone()
        again.step()
    assert torch.equal(other, whole)

def test_adam_in_one_pass_refuses_what_it_cannot_do():
    w = torch.zeros(2, requires_grad=True)
    with pytest.raises(ValueError, match='one vector, got 2'): FusedAdam([w, torch.zeros(2, requires_grad=True)], 0.1)
    for betas in ((1., 0.9), (0.9, math.nan)):
        with pytest.raises(ValueError, match='betas'): FusedAdam([w], 0.1, betas=betas)

def test_adam_in_one_pass_takes_back_only_its_own_state():
    vector, opt = adam()
    before = opt.state_dict()
    adam_of_torch = torch.optim.Adam([vector], 0.1)
    vector.grad = torch.ones_like(vector)
    adam_of_torch.step()
    shorter = FusedAdam([torch.zeros(3, requires_grad=True)], 0.1).state_dict()
    wild = opt.state_dict()
    wild['param_groups'][0]['lr'] = math.nan
    for state in ({}, torch.optim.SGD([vector], 0.1).state_dict(), adam_of_torch.state_dict(), shorter, wild):
        with pytest.raises(ValueError, match='expected'): opt.load_state_dict(state)
    assert opt.state_dict()['param_groups'][0]['lr']==0.1 and opt.state_dict()['state'].keys()==before['state'].keys()

def test_without_a_gradient_adam_stands_still():
    vector, opt = adam()
    opt.step()
    assert torch.equal(vector, START) and opt.state[vector]['step']==0

def test_schedulers_of_torch_move_its_rate():
    vector, opt = adam()
    torch.optim.lr_scheduler.LambdaLR(opt, lambda t: 0.5)
    assert opt.param_groups[0]['lr']==0.05

# The learner

def learner(kind, callbacks=(), opt_func=mini_batches.SGD):
    x, y = batch([6, 5, 4], 50)
    train = mini_batches.DataLoader(x, y, 8, shuffle=True, generator=torch.Generator().manual_seed(0))
    return kind(network([6, 5, 4]), train, [(x, y)], F.cross_entropy, opt_func, 0.1, callbacks, device='cpu')

@pytest.mark.parametrize('opt_func', [mini_batches.SGD, optimizers.Adam])
def test_learner_with_schedule_and_resume_ends_with_autograds_weights(tmp_path, opt_func):
    path = tmp_path/'run'
    def usual(): return [Recorder(), Schedule(lr=lambda done: triangle(done, 0.2))]
    theirs = learner(Learner, usual(), opt_func)
    theirs.fit(3)
    class Stop:
        def after_keep(self, learn):
            if learn.epoch==2: raise KeyboardInterrupt
    ours = learner(FusedLearner, [*usual(), Checkpoint(path), Stop()], opt_func)
    with pytest.raises(KeyboardInterrupt): ours.fit(3)
    again = resume(learner(FusedLearner, usual(), opt_func), path)
    again.fit()
    assert (weights(again.model) - weights(theirs.model)).abs().max() < 1e-9
    assert again.callbacks[0].losses==pytest.approx(theirs.callbacks[0].losses, rel=1e-7)

def test_learner_goes_back_when_the_loss_runs_off():
    learn = learner(FusedLearner)
    learn.fit(1)
    kept = weights(learn.model)
    learn.opt.param_groups[0]['lr'] = 1e300
    with pytest.raises(ValueError, match='finite loss'): learn.fit(2)
    assert torch.equal(weights(learn.model), kept)

def test_learner_shows_the_batch_its_scores_and_its_loss():
    seen = []
    class Look:
        def before_batch(self, learn): seen.append([learn.model(learn.xb).detach()])
        def after_batch(self, learn):
            seen[-1].append(learn.pred.clone())
            assert learn.loss.item()==pytest.approx(F.cross_entropy(learn.pred, learn.yb).item())
    learner(FusedLearner, [Look()]).fit(1)
    assert len(seen)==7 and all(torch.allclose(a, b) for a, b in seen)

@pytest.mark.parametrize('moment', ['after_pred', 'after_loss', 'after_gradient'])
def test_learner_refuses_callbacks_between_prediction_and_step(moment):
    callback = type('Listener', (), {moment: lambda self, learn: None})()
    with pytest.raises(ValueError, match=f'{moment}.*got Listener'): learner(FusedLearner, [callback])
    learn = learner(FusedLearner)
    learn.callbacks.append(callback)
    with pytest.raises(ValueError, match=moment): learn.fit(1)

def test_learner_knows_two_names_of_one_loss():
    ends = []
    for loss_func in (F.cross_entropy, softmax_cross_entropy):
        learn = learner(FusedLearner)
        learn.loss_func = loss_func
        learn.fit(1)
        ends.append(weights(learn.model))
    assert torch.equal(*ends)
    for loss_func in (F.nll_loss, nn.CrossEntropyLoss(), None):
        learn.loss_func = loss_func
        with pytest.raises(ValueError, match='F.cross_entropy as the loss'): learn.fit(1)

tied = nn.Linear(2, 2)

def frozen():
    model = network([3, 2])
    model[0].weight.requires_grad_(False)
    return model

@pytest.mark.parametrize('model', [
    nn.Sequential(nn.ReLU()), nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 2)),
    nn.Sequential(nn.Flatten(), nn.Linear(2, 2)), nn.Sequential(tied, nn.ReLU(), tied), frozen()], ids=str)
def test_other_networks_are_refused(model):
    with pytest.raises(ValueError, match='expected'): FusedNet(model)
