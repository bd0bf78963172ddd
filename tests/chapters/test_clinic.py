"The check-up: every examination finds its fault in a small training, and is silent in a healthy one"
import json, math
from copy import deepcopy

import pytest, torch
import torch.nn.functional as F
from torch import nn

from experiments import clinic as experiment
from experiments.programs import PROGRAMS
from sgd_course.checkup import Checkup, Report, checkup
from sgd_course.examinations import EXAMINATIONS, QUESTIONS, examine_case, ranked_causes
from sgd_course.learner import Learner
from sgd_course.mini_batches import DataLoader
from sgd_course.recording import Case, Watch, head_nodes, loss_kind, operation, output_activations, targets_of

from subtests import each

SEEDS = 0, 1

def seeded(n): return torch.Generator().manual_seed(n)

def fixed(make, seed):
    "A model whose weights depend on the seed alone"
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return make()

# Data

def circle(seed, n=320):
    x = torch.randn(n, 2, generator=seeded(seed))
    return x, (x.norm(dim=1)>1.2).long()

def wave(seed, n=320):
    x = 4*torch.rand(n, 1, generator=seeded(seed)) - 2
    return x, torch.sin(2*x) + 0.05*torch.randn(n, 1, generator=seeded(seed))

def yes_or_no(seed):
    x, y = circle(seed)
    return x, y.float()[:, None]

def net(*end, n_in=2, n_out=2, act=nn.ReLU):
    return nn.Sequential(nn.Linear(n_in, 24), act(), nn.Linear(24, n_out), *end)
def curve_net(*end): return net(*end, n_in=1, n_out=1)
def sgd(params, lr=0.2): return torch.optim.SGD(params, lr)
def halves(data, size=32): return [*zip(data[0].split(size), data[1].split(size))]

# Small trainings

def step(model, opt, loss_func, x, y):
    loss_func(model(x), y).backward()
    opt.step()
    opt.zero_grad()

def watched(seed, make=net, data=circle, loss_func=F.cross_entropy, lr=0.2, epochs=6, size=32, change=None, opt=None,
        body=step, valid=None, spoil=None, opt_func=sgd):
    "A loop of one's own with a check-up around it"
    model, (x, y) = fixed(make, seed), data(seed)
    if spoil: spoil(model)
    if change: x, y = change(x, y)
    opt = opt_func((opt or model).parameters(), lr)
    with Checkup(model, opt, valid) as c:
        for _ in range(epochs):
            for xb, yb in halves((x, y), size): body(model, opt, loss_func, xb, yb)
    return c.report()

def whole(seed, make=net, data=circle, loss_func=F.cross_entropy, lr=0.2, **more):
    return checkup(fixed(make, seed), halves(data(seed)), loss_func, sgd, lr, **{'steps': 60} | more)

def inputs(f): return lambda x, y: (f(x), y)
def targets(f): return lambda x, y: (x, f(y))
def first(x, value):
    x = x.clone()
    x.view(-1)[0] = value
    return x
def in_order(x, y):
    order = y.flatten().argsort()
    return x[order], y[order]
def one_feature(x): return torch.cat([9000 + 500*x[:, :1], x[:, 1:]], 1)
def squares(make=curve_net, data=wave, lr=0.1, **more):
    return dict(make=make, data=data, loss_func=F.mse_loss, lr=lr, **more)
def hot(y): return F.one_hot(y).float()

def uncleared(model, opt, loss_func, x, y):
    loss_func(model(x), y).backward()
    opt.step()
def too_early(model, opt, loss_func, x, y):
    loss_func(model(x), y).backward()
    opt.zero_grad()
    opt.step()
def stepless(model, opt, loss_func, x, y): loss_func(model(x), y).backward()
def clipping(model, opt, loss_func, x, y):
    loss_func(model(x), y).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1e-5)
    opt.step()
    opt.zero_grad()
def in_training_mode(model, opt, loss_func, x, y):
    step(model, opt, loss_func, x, y)
    with torch.no_grad(): model(x)
def dropping(): return net(nn.Dropout(0.1))

def copies(x, y): return x.repeat(1, 4)[:8].repeat(40, 1), y[:8].repeat(40)
def signs(seed):
    x, _ = circle(seed)
    return x, (x>0).float()
def bad_log(p, y): return ((p - 9).log() - y.log()).square().mean()

COLOURS = torch.tensor([0.2, 0.5, 0.8])[:, None, None]
def pictures(seed, n=320):
    y = torch.randint(2, (n,), generator=seeded(seed))
    return 0.1*torch.randn(n, 3, 4, 4, generator=seeded(seed)) + COLOURS + 0.2*y[:, None, None, None], y
def conv(): return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2))
def mirrored(seed): return pictures(seed)[0].flip(1), pictures(seed)[1]

class Shrink(nn.Module):
    def forward(self, x): return x/255

class Cut(nn.Module):
    def forward(self, x): return x.detach()
class Centre(nn.Module):
    def forward(self, x): return x - x.mean(0)
class Drop(nn.Module):
    def forward(self, x): return F.dropout(x, 0.3)

def weights(f):
    def spoil(model):
        with torch.no_grad():
            for m in model.modules():
                if isinstance(m, nn.Linear): f(m)
    return spoil
def silent(model):
    with torch.no_grad(): model[0].bias.fill_(-100.)
def freeze(model): model.requires_grad_(False)
def deep():
    layers = [nn.Linear(2, 12), nn.Sigmoid()]
    for _ in range(8): layers += [nn.Linear(12, 12), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(12, 2))

def squeezed(): return nn.Sequential(nn.Linear(2, 80), nn.ReLU(), nn.Linear(80, 2), nn.Softmax(1), nn.Softmax(1))

def three_layers():
    return nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))

def told(train, valid, **more):
    "A training that reported these losses, and perhaps a metric, after its epochs"
    case = Case(model=net(), losses=[torch.tensor(1.)]*20, sizes=[8]*20)
    case.epochs = [dict(train_loss=t, valid_loss=v) for t, v in zip(train, valid)]
    for name, values in more.items(): case.epochs = [e | {name: v} for e, v in zip(case.epochs, values)]
    return Report(case)

SICK = { # For each examination: a training in which it must find something
    'NaN in the data': lambda s: watched(s, change=inputs(lambda x: first(x, math.nan)), epochs=1),
    'inputs not scaled': lambda s: watched(s, change=inputs(one_feature), lr=1e-4),
    'constant inputs': lambda s: watched(s, change=inputs(torch.ones_like)),
    'one class only': lambda s: watched(s, change=targets(torch.zeros_like)),
    'classes that never come': lambda s: watched(s, make=lambda: net(n_out=3), change=targets(lambda y: y + 1)),
    'sorted batches': lambda s: watched(s, change=in_order),
    'targets not scaled': lambda s: watched(s, **squares(lr=1e-6), change=targets(lambda y: 1000*y)),
    'labels do not follow the inputs': lambda s: watched(s, data=lambda s: (circle(s)[0], circle(s + 9)[1]), lr=0.01),
    'leakage': lambda s: watched(s, valid=tuple(part[:50] for part in circle(s))),
    'another transform in validation': lambda s: watched(s, valid=(255*circle(s + 9)[0], circle(s + 9)[1])),
    'stopped by an error': lambda s: whole(s, data=lambda s: (circle(s)[0], circle(s)[1] + 5)),
    'loss too large at the start': lambda s: watched(s, spoil=weights(lambda m: m.weight.mul_(30)), epochs=1),
    'activation after the last layer': lambda s: watched(s, make=lambda: net(nn.Softmax(1))),
    'loss wants probabilities': lambda s: watched(s, loss_func=F.nll_loss),
    'one output for classes': lambda s: watched(s, make=lambda: net(nn.Softmax(1), n_out=1), data=yes_or_no,
        loss_func=F.binary_cross_entropy),
    'softmax over the wrong dimension': lambda s: watched(s, make=lambda: net(nn.Softmax(0)), change=targets(hot),
        loss_func=F.binary_cross_entropy),
    'targets out of reach': lambda s: watched(s, **squares(make=lambda: curve_net(nn.ReLU()))),
    'class numbers as measurements': lambda s: watched(s, **squares(make=lambda: net(n_out=1), data=circle, lr=1e-4),
        change=lambda x, y: (x, (y + (x[:, 0]>0)).float()[:, None])),
    'squares for classes': lambda s: watched(s,
        **squares(make=lambda: net(nn.Sigmoid(), n_out=1), data=yes_or_no, lr=1e-3)),
    'yes or no for each class': lambda s: watched(s, change=targets(hot), lr=1e-3,
        loss_func=F.binary_cross_entropy_with_logits),
    'everyone compared with everyone': lambda s: watched(s, **squares(), change=targets(lambda y: y[:, 0])),
    'summed loss': lambda s: watched(s, loss_func=lambda p, y: F.cross_entropy(p, y, reduction='sum'), lr=5.),
    'cannot learn ten examples': lambda s: whole(s, make=squeezed),
    'examples mix': lambda s: whole(s, make=lambda: nn.Sequential(Centre(), *net())),
    'parameters without gradient': lambda s: watched(s,
        make=lambda: nn.Sequential(*net()[:2], Cut(), nn.Linear(24, 2))),
    'gradients cleared too early': lambda s: watched(s, body=too_early),
    'gradients never cleared': lambda s: watched(s, body=uncleared),
    'gradients clipped away': lambda s: watched(s, body=clipping),
    'optimiser without these parameters': lambda s: watched(s, opt=net()),
    'no step is taken': lambda s: watched(s, body=stepless),
    'zero gradient': lambda s: watched(s, spoil=silent),
    'vanishing gradient': lambda s: watched(s, make=deep),
    'exploding gradient': lambda s: watched(s, **squares(lr=1e-9), change=targets(lambda y: 1e6*y)),
    'units without a slope': lambda s: watched(s, spoil=silent, lr=1e-3),
    'equal units': lambda s: watched(s, spoil=weights(lambda m: m.weight.fill_(0.1))),
    'spread of the weights': lambda s: watched(s, make=three_layers, spoil=weights(lambda m: m.weight.mul_(0.005))),
    'layers without an activation': lambda s: watched(s,
        make=lambda: nn.Sequential(nn.Linear(2, 24), nn.Linear(24, 2))),
    'frozen parameters': lambda s: whole(s, make=lambda: net().requires_grad_(False)),
    'loss is NaN or infinite': lambda s: watched(s, **squares(lr=1e6), epochs=12),
    'loss grows': lambda s: watched(s, **squares(lr=3.), epochs=1),
    'rate is not the best': lambda s: whole(s, lr=2e-3),
    'tiny steps': lambda s: watched(s, lr=1e-6),
    'giant steps': lambda s: watched(s, **squares(lr=3.), opt_func=torch.optim.Adam, epochs=1),
    'learns nothing': lambda s: watched(s, lr=0.),
    'same answer for everyone': lambda s: watched(s, spoil=silent),
    'still falling': lambda s: watched(s, lr=0.05, size=320, epochs=30),
    'few steps': lambda s: watched(s, lr=0.01, epochs=1),
    'batch size': lambda s: watched(s, make=lambda: nn.Sequential(nn.BatchNorm1d(2), *net()), size=2, epochs=1),
    'wrong mode': lambda s: watched(s, make=dropping, body=in_training_mode),
    'answers differ': lambda s: whole(s, make=lambda: net(Drop())),
    'validation gets worse': lambda s: told([.5, .4, .3, .2, .1, .1], [.6, .5, .7, 1., 1.2, 1.5]),
    'large gap': lambda s: told([.5, .1, .05], [.6, .7, .9]),
    'metric and loss disagree': lambda s: told([.9, .5, .2], [.9, .6, .3], accuracy=[.31, .31, .31]),
    'repeated examples': lambda s: checkup(fixed(lambda: net(n_in=8), s), halves(copies(*circle(s))), F.cross_entropy,
        sgd, 0.2, steps=60),
    'another order of channels': lambda s: watched(s, make=conv, data=pictures, valid=mirrored(s + 9)),
    'several classes at once': lambda s: watched(s, make=lambda: net(nn.Softmax(1)), data=signs,
        loss_func=F.binary_cross_entropy),
    'NaN made by the loss': lambda s: watched(s, make=curve_net, loss_func=bad_log, epochs=1,
        data=lambda s: (wave(s)[0], wave(s)[1] + 3)),
    'narrow layer': lambda s: watched(s, make=lambda: nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 1),
        nn.Tanh(), nn.Linear(1, 2)), lr=0.001),
    'softmax between layers': lambda s: watched(s, lr=0.001,
        make=lambda: nn.Sequential(nn.Linear(2, 24), nn.Softmax(1), nn.Linear(24, 2))),
}
WATCHED = {'large gap', 'yes or no for each class', 'metric and loss disagree', 'repeated examples'} # Never sick alone

# Each finds its fault

def names(report): return {f.name for f in report.findings}

def test_every_examination_has_a_patient(): assert SICK.keys()=={row.name for row in EXAMINATIONS}

@each('name', list(SICK))
def test_fault_is_found(name):
    for report in map(SICK[name], SEEDS):
        assert name in names(report), str(report)
        assert report.sick or name in WATCHED, str(report)

HEALTHY = {
    'classes': lambda s: watched(s, epochs=10, lr=0.5),
    'three layers': lambda s: watched(s, make=three_layers, epochs=10),
    'tanh': lambda s: watched(s, make=lambda: net(act=nn.Tanh), epochs=10, lr=0.5),
    'numbers': lambda s: watched(s, **squares(), epochs=10),
    'yes or no': lambda s: watched(s, make=lambda: net(n_out=1), data=yes_or_no, epochs=10, lr=0.5,
        loss_func=F.binary_cross_entropy_with_logits),
    'Adam': lambda s: watched(s, opt_func=torch.optim.Adam, lr=0.01, epochs=10),
    'validation': lambda s: whole(s, lr=0.5, steps=100, valid=circle(s + 9)),
    'by hand': lambda s: watched(s, **squares() | dict(loss_func=lambda p, y: ((p - y)**2).mean()), epochs=10)}

@pytest.mark.parametrize('kind', HEALTHY)
def test_healthy_training_is_not_called_sick(kind):
    for report in map(HEALTHY[kind], SEEDS): assert not report.sick, str(report)

def test_all_is_looked_at_in_a_whole_examination():
    report = HEALTHY['validation'](0)
    assert report.skipped==[] and len(report.looked)==len(EXAMINATIONS)

def test_model_that_scales_its_inputs_is_not_called_unscaled():
    def wide(s): return 255*circle(s)[0], circle(s)[1]
    for s in SEEDS:
        inside = watched(s, make=lambda: nn.Sequential(Shrink(), *net()), data=wide, epochs=10, lr=0.5)
        assert not inside.sick, str(inside)
        assert 'inputs not scaled' in names(watched(s, data=wide, lr=1e-4))
        assert 'inputs not scaled' in names(watched(s, make=lambda: nn.Sequential(Drop(), *net()), data=wide, lr=1e-4))

def test_squares_after_a_softmax_are_a_fault_even_if_they_fall():
    for s in SEEDS:
        training = squares(make=lambda: net(nn.Softmax(1)), data=circle, lr=1.)
        report = watched(s, **training, change=targets(hot), epochs=20)
        found = {f.name: f.severity for f in report.findings}
        assert found['squares for classes']=='sick' and report.causes[0]=='loss function', str(report)

def test_unknown_targets_are_not_guessed():
    "A difference of logarithms says nothing about them"
    x, y = wave(0)
    pred = curve_net()(x)
    logs = ((pred + 9).log() - (y + 9).log()).square().mean()
    assert targets_of(head_nodes(logs), pred) is None

@pytest.mark.parametrize('said, cause', [
    ('Trying to backward through the graph a second time', 'graph carried along'),
    ('modified by an inplace operation', 'graph carried along'),
    ('expected input[8, 32, 32, 3] to have 3 channels, but got 32 channels instead', 'wrong preprocessing')])
def test_message_of_an_error_hints_at_its_cause(said, cause):
    assert Report(Case(model=net(), error=f'RuntimeError: {said}')).causes[0]==cause

# Every kind of loop

def trained_by_learner(checkup_too):
    model, g = fixed(lambda: net(), 0), seeded(0)
    callbacks = [checkup_too] if checkup_too else []
    learn = Learner(model, DataLoader(*circle(0), 32, shuffle=True, generator=g), DataLoader(*circle(5), 50),
        F.cross_entropy, lr=0.5, callbacks=callbacks, device='cpu')
    learn.fit(3)
    return model

def same(a, b): return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))

def test_learner_is_watched_and_not_changed():
    c = Checkup()
    assert same(trained_by_learner(c), trained_by_learner(None))
    assert len(c.case.losses)==30 and len(c.case.epochs)==3
    assert 'valid_loss' in c.case.epochs[0] and not c.report().sick

def test_fastai_is_watched():
    pytest.importorskip('fastai')
    import fastai.callback.progress # Gives the learner `no_bar`
    from fastai import learner as fast
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader as FastLoader
    from torch.utils.data import TensorDataset
    data = [FastLoader(TensorDataset(*circle(s)), bs=32, num_workers=0) for s in (0, 1)]
    c = Checkup()
    learn = fast.Learner(DataLoaders(*data), fixed(net, 0), loss_func=nn.CrossEntropyLoss(), cbs=c.fastai(), lr=0.01)
    with learn.no_bar(), learn.no_logging(): learn.fit(2)
    assert len(c.case.losses)==20
    assert any(s.moves for s in c.case.steps)
    assert not {'no step is taken', 'gradients never cleared'} & names(c.report())

def test_loop_is_not_changed_by_being_watched():
    def trained(watch):
        model, (x, y) = fixed(net, 1), circle(1)
        opt = sgd(model.parameters())
        watch = Watch(model, opt).on() if watch else None
        for xb, yb in halves((x, y)): step(model, opt, F.cross_entropy, xb, yb)
        if watch: watch.off()
        return model
    assert same(trained(True), trained(False))

def test_model_may_be_copied_and_saved_while_it_is_watched(tmp_path):
    model, (x, y) = fixed(net, 1), circle(1)
    opt = sgd(model.parameters())
    with Checkup(model, opt) as c:
        for xb, yb in halves((x, y)):
            step(model, opt, F.cross_entropy, xb, yb)
            best = deepcopy(model)
            best(xb)
        torch.save(model, tmp_path/'model.pt')
    torch.load(tmp_path/'model.pt', weights_only=False)(x)
    assert same(best, model) and len(c.case.losses)==len(c.case.batches)==10
    assert torch.equal(c.case.last[0], x[9*32:])

def test_steps_that_are_not_looked_at_keep_the_mode_and_the_size():
    model, (x, y) = nn.Sequential(nn.Dropout(0.1), *fixed(net, 1)), circle(1)
    opt = sgd(model.parameters())
    with Checkup(model, opt, every=10**6) as c:
        for i in range(100): step(model, opt, F.cross_entropy, x[:7 if i==90 else 8], y[:7 if i==90 else 8])
        with torch.no_grad(): model(x) # After step 100, which is none of those that are looked at
        for _ in range(5): step(model, opt, F.cross_entropy, x[:8], y[:8])
    assert c.case.sizes[90]==7 and len(c.case.sizes)==len(c.case.losses)==105
    assert [s.number for s in c.case.steps]==[0, 1, 2, 4, 8, 16, 32, 64]
    assert 'wrong mode' in names(c.report())

def test_door_of_a_model_is_closed_where_nothing_can_be_missed():
    def doors(loss_func, *layers):
        model, (x, y) = nn.Sequential(*layers, *fixed(net, 1)), circle(1)
        opt = sgd(model.parameters())
        with Checkup(model, opt):
            for _ in range(60): step(model, opt, loss_func, x[:8], y[:8])
            return len(model._forward_hooks)
    assert doors(F.cross_entropy)==0
    assert doors(F.cross_entropy, nn.Dropout(0.1))==1
    assert doors(lambda p, y: F.cross_entropy(p, y, reduction='sum'))==1
    assert doors(lambda p, y: F.cross_entropy(p, y, reduction='none').sum())==1

def test_own_steps_without_an_optimiser():
    model, (x, y) = fixed(net, 1), circle(1)
    with Checkup(model) as c:
        for xb, yb in halves((x, y)):
            F.cross_entropy(model(xb), yb).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 0.5*p.grad
                    p.grad = None
    assert len(c.case.losses)==10 and c.case.steps[1].moves
    assert 'optimiser without these parameters' in c.report().skipped

def test_error_goes_on_and_is_in_the_report():
    model = net()
    before = torch.autograd.backward
    with pytest.raises(RuntimeError), Checkup(model) as c: torch.zeros(3).sum().backward()
    assert torch.autograd.backward is before
    assert 'stopped by an error' in names(c.report())

def test_checkup_leaves_model_and_chance_alone():
    model = fixed(dropping, 0)
    before, chance = {k: v.clone() for k, v in model.state_dict().items()}, torch.get_rng_state()
    model.eval()
    checkup(model, halves(circle(0)), F.cross_entropy, torch.optim.Adam, 0.01, steps=20)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance) and not model.training
    assert not any(m._forward_hooks for m in model.modules())

# What the graph says

@pytest.mark.parametrize('loss_func, kind', [(F.mse_loss, 'squares'), (F.l1_loss, 'distances'),
    (F.smooth_l1_loss, 'distances'), (lambda p, y: (y - p).abs().sum(), 'distances'),
    (lambda p, y: ((p - y)**2).mean(), 'squares'), (F.binary_cross_entropy_with_logits, 'binary scores')])
def test_kind_and_targets_are_read_from_the_graph(loss_func, kind):
    x, y = yes_or_no(0)
    pred = net(n_out=1)(x)
    head = head_nodes(loss_func(pred, y))
    assert loss_kind([operation(fn) for fn in head])==kind
    torch.testing.assert_close(targets_of(head, pred), y, atol=1e-6, rtol=0)

@pytest.mark.parametrize('end, found', [((), []), ((nn.Softmax(1),), ['Softmax']), ((nn.Sigmoid(),), ['Sigmoid']),
    ((nn.ReLU(), nn.Flatten()), ['Relu'])])
def test_activations_at_the_output_are_read_from_the_graph(end, found):
    x, y = circle(0)
    head = head_nodes(F.cross_entropy(net(*end)(x), y))
    assert output_activations([operation(fn) for fn in head])==found

# The report

def test_report_in_three_forms():
    report = SICK['activation after the last layer'](0)
    data, text, html = json.loads(report.json()), str(report), report._repr_html_()
    for f in report.findings:
        assert f.name in text and f.name in html
        assert f.evidence in text
    assert data['causes'][0]=='activation function'
    assert [f['name'] for f in data['findings']]==[f.name for f in report.findings]
    assert '<table>' in html and 'Looked at, nothing found' in text

def test_summary_says_how_bad_it_is():
    assert SICK['learns nothing'](0).summary().startswith('Sick after 60 steps. To look at first: ')
    assert SICK['large gap'](0).summary()=='Nothing sick in 20 steps. To watch: large gap.'
    assert Report(Case(model=net())).summary().startswith('Nothing found in 0 steps; ')

def test_report_escapes_what_a_program_says():
    case = Case(model=net(), error='ValueError: <script>')
    assert '<script>' not in Report(case)._repr_html_()

def test_rows_of_the_table_are_complete():
    for row in EXAMINATIONS:
        assert 1<=row.question<=len(QUESTIONS) and row.looks and row.causes and row.test, row.name
        assert row.weight>0 and row.chapter[:2].isdigit(), row.name

def test_causes_add_up():
    found, *_ = examine_case(Case(model=net(), error='RuntimeError: x'))
    assert ranked_causes(found)==['labels', 'layers']

# Bad input

@pytest.mark.parametrize('call, said', [
    (lambda: Checkup(3), 'to be an nn.Module'), (lambda: Checkup(net(), every=0), 'every to be a whole number'),
    (lambda: Checkup().__enter__(), 'a model to watch'), (lambda: Checkup(net(), valid=3), 'pair of tensors'),
    (lambda: checkup(3, [1], F.mse_loss, sgd), 'to be an nn.Module'),
    (lambda: checkup(net(), [], F.mse_loss, sgd), 'at least one training batch'),
    (lambda: checkup(net(), iter([1]), F.mse_loss, sgd), 'with a length'),
    (lambda: checkup(net(), [1], nn.MSELoss, sgd), 'with brackets'),
    (lambda: checkup(net(), [1], F.mse_loss, 3), 'function'),
    (lambda: checkup(net(), [1], F.mse_loss, sgd, -1.), 'lr to be a finite number'),
    (lambda: checkup(net(), [1], F.mse_loss, sgd, steps=0), 'steps to be a whole number')])
def test_bad_input_is_refused(call, said):
    with pytest.raises(ValueError, match=said): call()

# The experiment and the public programs

@pytest.mark.long
@pytest.mark.parametrize('part', experiment.PARTS)
def test_experiment_runs_in_short_and_writes_nothing(part, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, 'OUT', tmp_path/'clinic.json')
    experiment.main([part], check=True)
    assert f'{part}, ' in capsys.readouterr().out and not experiment.OUT.exists()

def recorded(part): return json.loads(experiment.OUT.read_text(encoding='utf-8'))[part]

def test_record_belongs_to_todays_code():
    assert recorded('code')==experiment.code_key(), 'run `python -m experiments.clinic`'

def test_code_key_looks_at_code_alone():
    texts = 'import a\n\n# b\nx = (1,\n    2)', 'from c import d\nx = (1, 2)'
    assert {*map(experiment.bare, texts)}=={'x=(1,2)'}

def test_healthy_trainings_are_seldom_called_sick():
    found = recorded('healthy')
    assert found['runs']>=300 and found['sick']==len(found['which'])<=0.02*found['runs']
    assert found['runs'] + len(found['poor'])==2*len(experiment.DATA)*len(experiment.MODELS)*len(experiment.OPTIMISERS)

def test_faults_are_noticed_and_named():
    rows = recorded('broken')
    assert [*rows]==[*experiment.FAULTS, *map(' + '.join, experiment.PAIRS)] and len(rows)>=60
    runs, sick, named = (sum(row[key] for row in rows.values()) for key in ('runs', 'sick', 'named'))
    assert runs==5*len(rows) and sick>=0.95*runs and named>=0.85*runs

def test_public_programs_are_noticed_and_named():
    rows = recorded('programs')
    assert rows.keys()==PROGRAMS.keys() and len(rows)==26
    assert all(row['causes']==sorted(PROGRAMS[name].CAUSES) for name, row in rows.items())
    assert sum(row['detected'] for row in rows.values())>=25 and sum(row['named'] for row in rows.values())>=0.7*26
    assert sum(row['alarm'] for row in rows.values())<=1

@each('name', list(PROGRAMS))
def test_public_program_takes_a_step(name):
    "Its data fit its model and its loss, and a gradient comes back"
    for repaired in (False, True):
        x, y = PROGRAMS[name].data(seeded(0), repaired)
        model, loss_func, opt_func, batch_size, epochs = fixed(lambda: PROGRAMS[name].program(repaired), 0)
        opt = opt_func(model.parameters())
        step(model, opt, loss_func, x[:8], y[:8])
        assert len(x)==len(y) and batch_size>=1 and epochs>=1

def test_causes_of_the_programs_are_words_of_the_check_up():
    words = {cause for row in EXAMINATIONS for cause in row.causes}
    assert {cause for program in PROGRAMS.values() for cause in program.CAUSES} <= words
