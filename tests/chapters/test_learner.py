"Laws of `sgd_course.learner`: training, stopping, going on, and files that cannot be trusted"
import io, os, pickle, subprocess, sys, zipfile
from functools import partial

import numpy as np
import pandas as pd
import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from laws import law, one_thread
from repository import ROOT
from subtests import each
from sgd_course.full_mnist import digit_accuracy, evaluate, predict
from sgd_course.learner import Checkpoint, EarlyStopping, Learner, ProgressBar, Recorder, Schedule, resume, triangle
from sgd_course.mini_batches import SGD, DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.safe_training import default_device
from sgd_course.saving import architecture, load_model, save_model, write_state

def seeded(n): return torch.Generator().manual_seed(n)

G = seeded(0)
X, Y = torch.randn(100, 6, generator=G), torch.randint(3, (100,), generator=G)

def learner(callbacks=(), opt_func=SGD, seed=1, layers=(), **kw):
    "A small training whose last batch is small: 70 examples by 16"
    g = seeded(seed)
    model = nn.Sequential(*layers, *mlp([6, 5, 3], generator=g))
    train, valid = DataLoader(X[:70], Y[:70], 16, shuffle=True, generator=g), DataLoader(X[70:], Y[70:], 20)
    settings = {'lr': 0.1, 'device': 'cpu'} | kw
    return Learner(model, train, valid, F.cross_entropy, opt_func, callbacks=callbacks, **settings)

def weights(learn): return torch.cat([p.detach().flatten() for p in learn.model.parameters()])

class Interrupt:
    "Ctrl-C at one step of one epoch"
    def __init__(self, epoch, batch): self.at = epoch, batch
    def after_batch(self, learn):
        if (learn.epoch, learn.batch)==self.at: raise KeyboardInterrupt

def momentum(params, lr): return torch.optim.SGD(params, lr, momentum=0.9)
def nesterov(params, lr): return torch.optim.SGD(params, lr, momentum=0.9, nesterov=True, weight_decay=1e-3)

OPTIMISERS = SGD, momentum, nesterov, torch.optim.Adam, torch.optim.Adagrad

# Training

def test_fit_is_the_loop_written_out():
    learn, g = learner(), seeded(1)
    model = mlp([6, 5, 3], generator=g)
    for _ in range(3):
        order = torch.randperm(70, generator=g)
        for rows in order.split(16):
            F.cross_entropy(model(X[rows]), Y[rows]).backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 0.1*p.grad
                    p.grad = None
    learn.fit(3)
    written_out = torch.cat([p.flatten() for p in model.parameters()])
    torch.testing.assert_close(weights(learn), written_out, atol=1e-6, rtol=1e-5)

@pytest.mark.parametrize('opt_func', OPTIMISERS)
def test_callbacks_that_only_watch_change_no_bit(opt_func, tmp_path, capsys):
    watchers = [Recorder(), ProgressBar(every=0.), Checkpoint(tmp_path/'c')]
    bare, watched = learner(opt_func=opt_func), learner(watchers, opt_func)
    for learn in (bare, watched): learn.fit(3)
    assert torch.equal(weights(bare), weights(watched))

def test_two_short_trainings_are_one_long_one():
    a, b = learner(opt_func=momentum), learner(opt_func=momentum)
    a.fit(4)
    b.fit(1)
    b.fit(3)
    assert torch.equal(weights(a), weights(b)) and a.epoch==b.epoch==4

def test_zero_epochs_change_nothing():
    learn = learner()
    before = weights(learn)
    learn.fit(0)
    assert torch.equal(before, weights(learn)) and learn.epoch==0

@pytest.mark.parametrize('device', ['gpu', 'nonsense', 'cuda:99', 'meta', 1.5])
def test_a_device_that_this_machine_lacks(device):
    with pytest.raises(ValueError, match=f"expected a device of this machine, such as 'cpu', got '{device}'"):
        learner(device=device)

@pytest.mark.parametrize('device', ['cpu', torch.device('cpu')])
def test_a_device_that_is_here(device): assert learner(device=device).device==torch.device('cpu')

def test_without_validation():
    g, rec = seeded(0), Recorder()
    Learner(mlp([6, 3], generator=g), [(X, Y)], None, F.cross_entropy, callbacks=[rec], device='cpu').fit(2)
    assert [list(o) for o in rec.epochs]==[['epoch', 'train_loss']]*2

def test_torchs_loader_will_do(tmp_path):
    def torchs(seed, callbacks=()):
        g = seeded(seed)
        data = torch.utils.data.TensorDataset(X[:70], Y[:70])
        loader = torch.utils.data.DataLoader(data, 16, shuffle=True, generator=g)
        return Learner(mlp([6, 5, 3], generator=g), loader, None, F.cross_entropy, callbacks=callbacks, device='cpu')
    whole, cut = torchs(3), torchs(3, [Interrupt(2, 1)])
    whole.fit(4)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    cut.callbacks.clear()
    cut.fit()
    assert torch.equal(weights(whole), weights(cut))

def test_divergence_is_told_and_the_last_complete_epoch_kept():
    learn = learner()
    learn.fit(1)
    good = weights(learn)
    learn.opt.param_groups[0]['lr'] = 1e30
    with pytest.raises(ValueError, match='finite loss.*smaller lr'): learn.fit(3)
    assert torch.equal(weights(learn), good) and learn.epoch==1

@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
@pytest.mark.parametrize('at', [0, 2, 4])
def test_a_loss_that_is_wild_in_any_batch_is_noticed(bad, at):
    "Also where the weights do not suffer from it"
    class Wild:
        def after_gradient(self, learn):
            if (learn.epoch, learn.batch)==(1, at): learn.loss = learn.loss + bad
    learn, one = learner([Wild()]), learner()
    one.fit(1)
    message = f'finite loss, got {bad} in epoch 2, batch {at}: .*last complete epoch'
    with pytest.raises(ValueError, match=message): learn.fit(3)
    assert torch.equal(weights(learn), weights(one)) and learn.results==one.results

# Stopping and going on

@pytest.mark.parametrize('opt_func', OPTIMISERS)
@pytest.mark.parametrize('at', [(0, 0), (2, 3), (3, 4)])
def test_interrupted_and_continued_gives_the_same_bits(opt_func, at):
    def schedule(): return Schedule(lr=lambda done: triangle(done, 0.2))
    whole = learner([schedule(), Recorder()], opt_func)
    cut = learner([schedule(), Recorder(), Interrupt(*at)], opt_func)
    whole.fit(4)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    assert cut.epoch==at[0]
    half = learner([Schedule(lr=lambda done: triangle(done*at[0]/4, 0.2))], opt_func)
    half.fit(at[0])
    # The last complete epoch; the rule rounds differently
    torch.testing.assert_close(weights(cut), weights(half), atol=1e-6, rtol=1e-5)
    cut.callbacks.pop()
    cut.fit()
    assert torch.equal(weights(whole), weights(cut))
    assert whole.callbacks[1].losses==cut.callbacks[1].losses and whole.callbacks[1].epochs==cut.callbacks[1].epochs

@pytest.mark.parametrize('opt_func', OPTIMISERS)
@pytest.mark.parametrize('layers', [(), (nn.Dropout(0.2),)], ids=['plain', 'dropout'])
def test_resumed_from_a_file_gives_the_same_bits(opt_func, layers, tmp_path):
    def callbacks(*more): return [Schedule(lr=lambda done: triangle(done, 0.1)), Recorder(), EarlyStopping(2), *more]
    random = torch.get_rng_state()
    whole = learner(callbacks(), opt_func, layers=layers)
    whole.fit(6)
    torch.set_rng_state(random) # Dropout draws from PyTorch's own generator
    cut = learner(callbacks(Checkpoint(tmp_path/'run'), Interrupt(3, 2)), opt_func, layers=layers)
    with pytest.raises(KeyboardInterrupt): cut.fit(6)
    torch.rand(7) # Other work in between
    again = learner(callbacks(), opt_func, seed=99, layers=layers)
    resume(again, tmp_path/'run').fit()
    assert torch.equal(weights(whole), weights(again))
    assert again.epoch==whole.epoch and again.callbacks[1].epochs==whole.callbacks[1].epochs

KILLED = '''
import os, sys, torch
sys.path[:0] = ['tests/helpers', 'tests/chapters']
from test_learner import *
torch.set_num_threads(1)
class Kill:
    def after_batch(self, learn):
        if (learn.epoch, learn.batch)==(2, 3): os._exit(9)
learner([Checkpoint(sys.argv[1]), Kill()], momentum).fit(5)
'''

def test_a_killed_process_loses_only_the_epoch_it_was_in(tmp_path):
    command = [sys.executable, '-c', KILLED, tmp_path/'run']
    res = subprocess.run(command, cwd=ROOT, env=os.environ | {'PYTHONPATH': str(ROOT)}, timeout=300)
    assert res.returncode==9 and [p.name for p in tmp_path.iterdir()]==['run']
    whole, again = learner(opt_func=momentum), learner(opt_func=momentum, seed=5)
    whole.fit(5)
    assert resume(again, tmp_path/'run').epoch==2
    again.fit()
    assert torch.equal(weights(whole), weights(again))

def test_state_of_another_training_is_refused(tmp_path):
    learn = learner([Checkpoint(tmp_path/'run')])
    learn.fit(1)
    other = Learner(mlp([6, 4, 3], generator=seeded(0)), learn.train, None, F.cross_entropy, device='cpu')
    before = weights(other)
    with pytest.raises(ValueError, match=r'expected model 0.weight \(4, 6\) of torch.float32, got \(5, 6\)'):
        resume(other, tmp_path/'run')
    assert torch.equal(weights(other), before) and other.epoch==0
    batches = learner()
    batches.train = DataLoader(X[:70], Y[:70], 32)
    with pytest.raises(ValueError, match='expected 3 batches in an epoch, got 5'): resume(batches, tmp_path/'run')
    with pytest.raises(FileNotFoundError, match='none'): resume(learn, tmp_path/'none')

def alike(a, b):
    "Whether two states are the same to the last bit"
    if torch.is_tensor(a): return torch.equal(a, b)
    if isinstance(a, dict): return a.keys()==b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)): return len(a)==len(b) and all(map(alike, a, b))
    return a==b

def damaged(state, where, value):
    "A copy of `state` with `value` at the place `where`, a path of keys"
    if not where: return value
    kind = dict if isinstance(state, dict) else list
    copy = kind(state)
    copy[where[0]] = damaged(state[where[0]], where[1:], value)
    return copy

NAN = torch.full((5, 6), float('nan'))
W, GROUP, MEMORY = ('model', '0.weight'), ('opt', 'param_groups', 0), ('opt', 'state', 0, 'momentum_buffer')
DAMAGE = [
    ((), None), ((), 3), ((), {}), (('model',), {}), (('model',), 3),
    (W, NAN), (W, None), (W, torch.zeros(5, 6).double()), (W, torch.zeros(1).expand(5, 6)),
    (('opt',), None), (('opt',), {}), (('opt', 'param_groups'), []), (GROUP, {'lr': 0.1}),
    ((*GROUP, 'lr'), -1.), ((*GROUP, 'lr'), float('nan')), ((*GROUP, 'lr'), 'fast'), ((*GROUP, 'params'), [0]),
    ((*GROUP, 'params'), 7), (MEMORY, NAN), (MEMORY, torch.zeros(2, 2)), (('opt', 'state'), 5),
    (('kind',), 'torch.optim.adam.Adam'), (('chance',), {}), (('chance',), 'luck'), (('chance', 'cpu'), 3),
    (('chance', 'loader'), torch.zeros(4)), (('callbacks',), 3), (('callbacks', 'Recorder'), 3),
    (('callbacks', 'Recorder'), {}), (('epoch',), -5), (('epoch',), 1.5), (('end',), None), (('begin',), 'x'),
    (('batches',), 9), (('results',), 3)]

@each('where, value', DAMAGE)
def test_a_damaged_state_is_refused_and_nothing_changed(where, value, tmp_path):
    learn, other = learner([Recorder()], momentum), learner([Recorder()], momentum, seed=2)
    learn.fit(2)
    other.fit(1)
    write_state(tmp_path/'run', 'checkpoint', damaged(learn.state(), where, value))
    before, kept = other.state(), other.kept
    with pytest.raises(ValueError, match='expected '): resume(other, tmp_path/'run')
    assert alike(other.state(), before) and other.kept is kept

PAIRS = (SGD, momentum), (momentum, SGD), (torch.optim.Adam, torch.optim.AdamW), (torch.optim.Adam, momentum)

@pytest.mark.parametrize('first, second', PAIRS)
def test_a_state_of_another_optimiser_is_refused(first, second):
    a, b = learner(opt_func=first), learner(opt_func=second)
    a.fit(1)
    before = b.state()
    with pytest.raises(ValueError, match='expected a state of '): b.load_state(a.state())
    assert alike(b.state(), before)

def test_early_stopping_goes_back_to_the_best():
    class Planned:
        "Sets the validation loss that early stopping shall see"
        losses = [5., 3., 4., 2., 2., 2.5, 9., 1.]
        seen = []
        def after_epoch(self, learn):
            learn.results['valid_loss'] = self.losses[learn.epoch - 1]
            self.seen.append(weights(learn))
    learn = learner([Planned(), stop := EarlyStopping(3)])
    learn.fit(8)
    assert learn.epoch==7 and stop.best_epoch==4 and stop.best==2
    assert torch.equal(weights(learn), Planned.seen[3]) and not torch.equal(weights(learn), Planned.seen[-1])

def test_early_stopping_can_watch_what_should_grow():
    learn = learner([stop := EarlyStopping(2, 'digit_accuracy', larger=True), rec := Recorder()])
    learn.fit(30)
    accuracies = [o['digit_accuracy'] for o in rec.epochs]
    assert stop.best_epoch==accuracies.index(max(accuracies)) + 1
    assert evaluate(learn.model, learn.valid, {'a': digit_accuracy})['a']==max(accuracies)

def test_early_stopping_names_what_it_misses():
    learn = learner([EarlyStopping(2, 'valid_los')])
    with pytest.raises(ValueError, match="expected valid_los among the results, got .*'valid_loss'"): learn.fit(2)

# Callbacks

def test_moments_come_in_order():
    class Diary:
        def __init__(self): self.lines = []
        def after_pred(self, learn): self.lines.append(f'after_pred {tuple(learn.pred.shape)}')
        def after_loss(self, learn): self.lines.append(f'after_loss {self.gradients(learn)}')
        def after_gradient(self, learn): self.lines.append(f'after_gradient {self.gradients(learn)}')
        def gradients(self, learn): return sum(p.grad is not None for p in learn.model.parameters())
        def before_fit(self, learn): self.lines.append('before_fit')
        def before_batch(self, learn): self.lines.append(f'before_batch {learn.epoch}.{learn.batch}')
        def after_batch(self, learn): self.lines.append('after_batch')
        def after_epoch(self, learn): self.lines.append(f'after_epoch {learn.epoch}')
        def after_keep(self, learn): self.lines.append(f"after_keep {learn.kept['epoch']}")
        def after_fit(self, learn): self.lines.append('after_fit')
    diary = Diary()
    learn = learner([diary])
    learn.train = [(X[:16], Y[:16]), (X[16:32], Y[16:32])]
    learn.fit(2)
    def batch(e, b):
        return [f'before_batch {e}.{b}', 'after_pred (16, 3)', 'after_loss 0', 'after_gradient 4', 'after_batch']
    def epoch(e): return [*batch(e, 0), *batch(e, 1), f'after_epoch {e+1}', f'after_keep {e+1}']
    assert diary.lines==['before_fit', *epoch(0), *epoch(1), 'after_fit']

class Noted:
    "Notes each moment of the callbacks in one list"
    def __init__(self, name, lines, fails=None): self.name, self.lines, self.fails = name, lines, fails
    def note(self, moment):
        self.lines.append(f'{self.name} {moment}')
        if moment==self.fails: raise OSError(self.name)
    def before_fit(self, learn): self.note('begins')
    def after_epoch(self, learn): self.note('epoch')
    def after_fit(self, learn): self.note('ends')

@pytest.mark.parametrize('fails, lines', [('begins', ['a begins', 'b begins', 'a ends']),
    ('epoch', ['a begins', 'b begins', 'c begins', 'a epoch', 'b epoch', 'c ends', 'b ends', 'a ends']),
    ('ends', ['a begins', 'b begins', 'c begins', 'a epoch', 'b epoch', 'c epoch', 'c ends', 'b ends', 'a ends'])])
def test_whoever_has_begun_ends_and_the_learner_is_as_before(fails, lines):
    found = []
    learn = learner([Noted('a', found), Noted('b', found, fails), Noted('c', found)], momentum)
    before, kept = learn.state(), learn.kept
    with pytest.raises(OSError, match='b'): learn.fit(1)
    assert found==lines
    if fails!='ends': assert torch.equal(weights(learn), weights(learner(opt_func=momentum))) and learn.epoch==0
    if fails=='begins': assert alike(learn.state(), before) and learn.kept is kept

def test_a_failing_start_leaves_an_interrupted_training_as_it_was():
    whole, learn = learner(opt_func=momentum), learner([Interrupt(1, 2)], momentum)
    whole.fit(3)
    with pytest.raises(KeyboardInterrupt): learn.fit(3)
    before = learn.state()
    learn.callbacks[:] = [Noted('a', [], 'begins')]
    for epochs in (5, None):
        with pytest.raises(OSError): learn.fit(epochs)
        assert alike(learn.state(), before)
    learn.callbacks.clear()
    learn.fit()
    assert torch.equal(weights(whole), weights(learn))

def test_callbacks_come_from_any_iterable():
    for callbacks in (lambda o: (cb for cb in o), lambda o: map(lambda cb: cb, o), tuple, iter):
        rec = Recorder()
        learn = learner(callbacks([rec, Schedule(lr=lambda done: 0.)]))
        before = weights(learn)
        learn.fit(1)
        assert torch.equal(before, weights(learn)) and len(rec.losses)==len(learn.train)

def test_two_of_one_kind_keep_their_own_state(tmp_path):
    def pair(): return [EarlyStopping(1), EarlyStopping(2, 'digit_accuracy', larger=True)]
    learn, again = learner([*pair(), Checkpoint(tmp_path/'run')]), learner(pair())
    learn.fit(2)
    resume(again, tmp_path/'run')
    assert [cb.best for cb in again.callbacks]==[cb.best for cb in learn.callbacks[:2]]

def changed(callback):
    "A learner after one epoch with `callback`"
    learn = learner([callback])
    learn.fit(1)
    return learn

def test_callbacks_change_batch_prediction_loss_and_gradient():
    "Each does what the same change outside the loop does"
    class Batch:
        def before_batch(self, learn): learn.xb, learn.yb = 2*learn.xb, (learn.yb + 1)%3
    class Prediction:
        def after_pred(self, learn): learn.pred = learn.pred/3
    class Loss:
        def after_loss(self, learn): learn.loss = 2*learn.loss
    class Gradient:
        def after_gradient(self, learn):
            for p in learn.model.parameters(): p.grad *= 2
    def outside(lr=0.1, change=lambda x, y: (x, y), loss_func=F.cross_entropy):
        g = seeded(1)
        model = mlp([6, 5, 3], generator=g)
        x, y = change(X[:70], Y[:70])
        learn = Learner(model, DataLoader(x, y, 16, shuffle=True, generator=g), None, loss_func, lr=lr, device='cpu')
        learn.fit(1)
        return weights(learn)
    assert torch.equal(weights(changed(Batch())), outside(change=lambda x, y: (2*x, (y + 1)%3)))
    def third(scores, y): return F.cross_entropy(scores/3, y)
    assert torch.equal(weights(changed(Prediction())), outside(loss_func=third))
    for callback in (Loss(), Gradient()): torch.testing.assert_close(weights(changed(callback)), outside(lr=0.2))

def test_clipping_limits_the_step():
    class Clip:
        def after_gradient(self, learn): nn.utils.clip_grad_norm_(learn.model.parameters(), 1e-3)
    class Steps:
        def __init__(self): self.lengths = []
        def before_batch(self, learn): self.before = weights(learn)
        def after_batch(self, learn): self.lengths.append((weights(learn) - self.before).norm().item())
    for callbacks, low, high in (([], 1e-3, 1.), ([Clip()], 0., 1.01e-4)):
        learner([*callbacks, steps := Steps()]).fit(2)
        assert all(low < length < high for length in steps.lengths)

def test_metrics_may_have_any_names():
    def valid_loss(scores, y): return scores.sum()*0 + 7
    class Metric:
        def __call__(self, scores, y): return 1.
    metrics = (valid_loss, partial(digit_accuracy), digit_accuracy, lambda s, y: 2, lambda s, y: 3, Metric(),
        partial(Metric()), nn.CrossEntropyLoss())
    learn = learner([rec := Recorder()], metrics=iter(metrics))
    learn.fit(1)
    names = ['train_loss', 'valid_loss', 'valid_loss_2', 'digit_accuracy', 'digit_accuracy_2', 'lambda', 'lambda_2',
        'Metric', 'Metric_2', 'CrossEntropyLoss']
    assert list(learn.results)==names and list(rec.epochs[0])==['epoch', *names]
    assert [learn.results[k] for k in ('valid_loss_2', 'lambda', 'lambda_2', 'Metric', 'Metric_2')]==[7, 2, 3, 1, 1]
    assert learn.results['CrossEntropyLoss']==learn.results['valid_loss']
    assert learn.results['digit_accuracy']==learn.results['digit_accuracy_2']

# Data, networks and functions of the reader's own

A, C = X.numpy(), Y.numpy() # Arrays of NumPy

@pytest.mark.parametrize('x, y', [(A.astype('float64'), C.astype('int8')), (A.astype('>f4'), C.astype('uint16')),
    (A.tolist(), C.tolist()), (pd.DataFrame(A), pd.Series(C, dtype='uint32')), (X, Y.int()),
    (np.ascontiguousarray(A[::-1])[::-1], C.astype('uint8')), (np.broadcast_to(A, A.shape), Y.to(torch.uint8))])
def test_arrays_tables_and_lists_are_taken_as_they_come(x, y):
    loader = DataLoader(x, y, np.int32(16))
    assert loader.x.dtype==torch.float32 and torch.equal(loader.x, X) and torch.equal(loader.y, Y)
    learn = learner()
    learn.train = learn.valid = loader
    learn.fit(np.int64(1))
    assert torch.equal(learn.predict(x), learn.predict(X)) and learn.predict(x).shape==(100, 3)

@pytest.mark.parametrize('y, dtype', [(C/2, torch.float32), (C > 1, torch.bool), (Y.double(), torch.float64)])
def test_targets_that_are_no_classes_stay_what_they_are(y, dtype): assert DataLoader(A, y, 16).y.dtype==dtype

WORDS = pd.DataFrame({'a': ['b']*100})

@pytest.mark.parametrize('x', [A.astype(str), A.astype(object), np.full((100, 6), 1e300), WORDS])
def test_what_are_no_numbers_is_refused(x):
    with pytest.raises(ValueError, match='expected (x to be numbers|finite values in x)'): DataLoader(x, C, 16)

def test_arrays_follow_the_default_type():
    torch.set_default_dtype(torch.float64)
    try:
        learn = learner()
        learn.train = learn.valid = DataLoader(A, C, 16)
        learn.fit(1)
        assert learn.predict(A).dtype==torch.float64
    finally: torch.set_default_dtype(torch.float32)

class Stream(torch.utils.data.IterableDataset):
    def __iter__(self): return iter(zip(X, Y))

class Counted(Stream):
    def __len__(self): return 100

def square(pred, y): return ((pred - y)**2).mean()
def one_score(): return mlp([6, 1], generator=seeded(0))

STREAM = torch.utils.data.DataLoader(Stream(), 20)
ROW, VALUES = Y.float(), torch.randn(100, 3, generator=G)
FITS = dict(train=[(X, Y)], valid=[(X, Y)], loss_func=F.cross_entropy, model=lambda: mlp([6, 3], generator=seeded(0)))
MISFITS = {
    'float64': (dict(valid=[(X.double(), Y)]), r'try x.to\(torch.float32\)'),
    'int16': (dict(valid=[(X, Y.short())]), r'Try y.long\(\) for classes'),
    'no validation': (dict(train=[(X.double(), Y)], valid=None), r'try x.to\(torch.float32\)'),
    'arrays': (dict(valid=[(A, C)]), "'ndarray'] instead of tensors"),
    'no pair': (dict(valid=[{'x': X}]), "'dict'] instead of tensors"),
    'too many classes': (dict(valid=[(X, Y + 1)]), 'model and loss_func can take.*out of bounds'),
    'measurements': (dict(valid=[(X, VALUES)], loss_func=F.mse_loss), 'the model and digit_accuracy can take'),
    'row': (dict(valid=[(X, ROW)], loss_func=F.mse_loss, model=one_score, metrics=[]), 'target size'),
    'own loss': (dict(valid=[(X, ROW)], loss_func=square, model=one_score, metrics=[]), 'compared with each'),
    'metric as loss': (dict(loss_func=digit_accuracy), 'a loss that has a gradient'),
    'unreduced': (dict(loss_func=nn.CrossEntropyLoss(reduction='none')), r'one number from loss_func, got shape .100,'),
    'class of losses': (dict(loss_func=nn.CrossEntropyLoss), r'CrossEntropyLoss\(\)'),
    'metric without number': (dict(metrics=[lambda s, y: None]), 'one number from lambda'),
    'metric of no list': (dict(metrics=digit_accuracy), 'metrics in a list'),
    'name of a metric': (dict(metrics=['accuracy']), 'can take'),
    'callback of no list': (dict(callbacks=Recorder()), 'callbacks in a list'),
    'name of an optimiser': (dict(opt_func='adam'), 'opt_func to be a function'),
    'all frozen': (dict(model=lambda: one_score().requires_grad_(False)), 'a parameter that requires a gradient'),
    'stream': (dict(train=STREAM), 'train with a length'),
    'generator': (dict(train=(o for o in [(X, Y)])), 'train with a length'),
    'one pass': (dict(valid=iter([(X, Y)])), 'valid for more than one pass'),
    'no batch': (dict(valid=[]), 'at least one batch')}

@each('case', list(MISFITS))
def test_what_does_not_fit_is_told_before_the_first_step(case):
    change, why = MISFITS[case]
    settings = FITS | change
    model = settings.pop('model')()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(ValueError, match=why): Learner(model, device='cpu', **settings).fit(1)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))

def test_trying_out_draws_no_number():
    data = torch.utils.data.TensorDataset(X, Y)
    learn = learner()
    learn.valid = torch.utils.data.DataLoader(data, 10, shuffle=True)
    before = learn.state()
    learn.try_out()
    assert alike(learn.state(), before)

@pytest.mark.parametrize('loss_func, y', [(lambda p, y: F.mse_loss(p[:, 0], y), ROW), (square, ROW[:, None])])
def test_a_column_of_predictions_may_be_right(loss_func, y):
    Learner(one_score(), [(X, y)], None, loss_func, device='cpu').fit(1)

def test_a_stream_with_a_length_trains():
    learn = learner()
    learn.train = torch.utils.data.DataLoader(Counted(), 20)
    learn.fit(2)
    assert learn.epoch==2 and learn.done==1

def test_an_epoch_without_a_batch_is_no_epoch():
    class Empty:
        def __len__(self): return 3
        def __iter__(self): return iter(())
    learn = learner()
    learn.train = Empty()
    with pytest.raises(ValueError, match='a batch in every epoch'): learn.fit(1)

def test_a_last_batch_of_one_is_named():
    norm = nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3))
    learn = Learner(norm, DataLoader(X[:33], Y[:33], 16), None, F.cross_entropy, device='cpu')
    with pytest.raises(ValueError, match='more than 1 value per channel') as e: learn.fit(1)
    assert 'batch 2, (1, 6) torch.float32' in e.value.__notes__[0] and 'drop_last=True' in e.value.__notes__[0]

class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head, self.unused = mlp([6, 5], generator=G), mlp([5, 3], generator=G), nn.Linear(5, 3)
        self.body.requires_grad_(False)
    def forward(self, x): return self.head(self.body(x).relu())

@pytest.mark.parametrize('opt_func', OPTIMISERS)
def test_only_what_has_a_gradient_moves(opt_func):
    learn = Learner(TwoHeads(), [(X, Y)], None, F.cross_entropy, opt_func, device='cpu')
    before = {name: p.clone() for name, p in learn.model.named_parameters()}
    learn.fit(2)
    moved = {name.split('.')[0] for name, p in learn.model.named_parameters() if not torch.equal(p, before[name])}
    assert moved=={'head'}

def test_predict_takes_what_the_model_takes():
    conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout(), nn.Flatten(), nn.Linear(32, 3))
    learn = Learner(conv, [(torch.rand(4, 1, 6, 6), Y[:4])], None, F.cross_entropy, device='cpu')
    x = torch.rand(7, 1, 6, 6)
    assert torch.equal(learn.predict(x), learn.predict(x.double())) and not learn.predict(x).requires_grad
    assert torch.equal(learn.predict(x.numpy()), conv.eval()(x).detach())
    with pytest.raises(ValueError, match='expected shapes x'): learn.predict(3.)

def test_other_networks_are_told_another_way(tmp_path):
    digit = torch.zeros(28, 28)
    digit[5:20, 14] = 1
    for model in (nn.Sequential(nn.Conv2d(1, 2, 3)), mlp([64, 10], generator=G), mlp([784, 1], generator=G)):
        with pytest.raises(ValueError, match='784 pixels .Learner.predict takes others'): predict(model, digit)
    assert predict(mlp([784, 10], generator=G).double(), digit).dtype==torch.float64
    with pytest.raises(ValueError, match=r'torch.save\(model.state_dict'): save_model(tmp_path/'m', nn.Conv2d(1, 2, 3))
    for activation in (nn.ReLU(), F.relu, 'relu', None):
        with pytest.raises(ValueError, match='activation that makes a layer'): mlp([4, 3, 2], activation, generator=G)
    with pytest.raises(ValueError, match='optimizers.Momentum'): SGD([torch.zeros(1)], 0.1, momentum=0.9)

@law(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_recorder_weighs_batches_by_their_size(sizes):
    batches, i = [], 0
    x, y = X.double(), Y
    for n in sizes:
        rows = torch.arange(i, i + n) % 100
        batches.append((x[rows], y[rows]))
        i += n
    model = mlp([6, 3], generator=seeded(0)).double()
    Learner(model, batches, None, F.cross_entropy, callbacks=[rec := Recorder()], lr=0., device='cpu').fit(1)
    x, y = (torch.cat(parts) for parts in zip(*batches))
    with torch.no_grad(): each = F.cross_entropy(model(x), y, reduction='none')
    assert rec.epochs[0]['train_loss']==pytest.approx(each.mean().item(), rel=1e-9)

@law(st.floats(0, 1), st.floats(0.05, 0.95), st.floats(0, 10))
def test_triangle(fraction, rise, peak):
    assert 0 <= triangle(fraction, peak, rise) <= peak*(1 + 1e-12)
    assert triangle(rise, peak, rise)==pytest.approx(peak) and triangle(0, peak, rise)==triangle(1, peak, rise)==0

@law(st.floats(-2, 2).filter(lambda d: not 0<d<1), st.floats(0.05, 0.95), st.floats(0, 10))
def test_triangle_is_flat_outside(fraction, rise, peak): assert triangle(fraction, peak, rise)==0

@pytest.mark.parametrize('opt_func', [SGD, momentum])
def test_schedule_sets_the_rate_of_every_step(opt_func):
    learn = learner([Schedule(lr=lambda done: 1 + done), rec := Recorder()], opt_func, lr=0.)
    learn.fit(2)
    assert rec.rates==pytest.approx([1.05 + k/10 for k in range(10)]) and learn.done==1   # In the middle of each step

def test_no_schedule_loses_the_only_step():
    learn = learner([Schedule(lr=lambda done: triangle(done, 0.1))])
    learn.train = [next(iter(learn.train))]
    before = [p.detach().clone() for p in learn.model.parameters()]
    learn.fit(1)
    assert not any(torch.equal(p, q) for p, q in zip(before, learn.model.parameters()))

def test_schedule_sets_several_settings_in_all_groups():
    def two_groups(params, lr):
        params = list(params)
        return torch.optim.Adam([{'params': params[:2]}, {'params': params[2:], 'lr': 0.5}], lr)
    learn = learner([Schedule(lr=lambda done: 0.1*(1 - done), betas=lambda done: (0.5 + done/10, 0.9))], two_groups)
    learn.fit(2)
    for group in learn.opt.param_groups: assert (group['lr'], *group['betas'])==pytest.approx((0.005, 0.595, 0.9))

def test_a_rule_that_goes_wrong_later_is_told_and_the_last_epoch_kept():
    learn, one = learner([Schedule(lr=lambda done: 0.1 if done < 0.7 else None)]), learner()
    one.fit(1)
    with pytest.raises(ValueError, match='expected lr to be a finite number, 0 or more, got None'): learn.fit(2)
    assert torch.equal(weights(learn), weights(one)) and learn.epoch==1

class Out(io.StringIO):
    def __init__(self, tty): super().__init__(); self.tty = tty
    def isatty(self): return self.tty

def test_bar_in_a_file_is_one_line_for_each_epoch(capsys):
    learner([Recorder(), ProgressBar(every=0.)]).fit(2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()==['epoch', 'train_loss', 'valid_loss', 'digit_accuracy']
    assert [line.split()[0] for line in lines[1:]]==['1', '2'] and len({len(line) for line in lines})==1

def test_bar_in_a_terminal_writes_over_itself():
    out = Out(True)
    learn = learner([Recorder(), ProgressBar(every=0., out=out)])
    learn.fit(2)
    text = out.getvalue()
    assert f'/{2*len(learn.train)} [' in text and '100%' in text
    seen = [line.split('\r')[-1].split()[:1] for line in text.split('\n')]
    assert seen[:3]==[['epoch'], ['1'], ['2']] and not text.split('\r')[-1].strip()

# Files

NETS = {'mlp': lambda: mlp([784, 20, 15, 10], generator=seeded(3)),
    'tanh': lambda: mlp([784, 20, 10], nn.Tanh, generator=seeded(3)),
    'softmax': lambda: mlp([784, 10], generator=seeded(3)),
    'double': lambda: mlp([784, 10, 10], generator=seeded(3)).double()}

@pytest.mark.parametrize('net', NETS)
def test_model_comes_back(net, tmp_path):
    model = NETS[net]()
    save_model(tmp_path/'m', model)
    again = load_model(tmp_path/'m')
    x = torch.rand(5, 784, generator=seeded(0), dtype=model[0].weight.dtype)
    assert torch.equal(model(x), again(x)) and architecture(again)==architecture(model) and not again.training
    assert [p.name for p in tmp_path.iterdir()]==['m']

@pytest.mark.parametrize('model', [nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2)),
    nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Sequential(), nn.Linear(2, 2, bias=False), nn.ReLU(),
    nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))])
def test_other_networks_are_not_saved(model, tmp_path):
    with pytest.raises(ValueError, match='expected linear layers'): save_model(tmp_path/'m', model)
    assert not any(tmp_path.iterdir())

@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp('saved')/'m'
    save_model(path, mlp([30, 20, 10], generator=seeded(3)))
    return path.read_bytes()

@law(st.data())
def test_no_damage_goes_unnoticed(saved, tmp_path_factory, data):
    i = data.draw(st.integers(0, len(saved) - 1))
    kind = data.draw(st.sampled_from(['cut', 'flip']))
    bad = saved[:i] if kind=='cut' else saved[:i] + bytes([saved[i] ^ data.draw(st.integers(1, 255))]) + saved[i+1:]
    path = tmp_path_factory.mktemp('bad')/'m'
    path.write_bytes(bad)
    x = torch.rand(4, 30, generator=seeded(0))
    try: found = load_model(path)
    except ValueError as e: assert 'weights_only' not in str(e) and 'pickle' not in str(e)
    else: # The damage hit nothing that counts, such as a date
        assert torch.equal(found(x), mlp([30, 20, 10], generator=seeded(3))(x))

class Boom:
    def __reduce__(self): return os.system, ('touch SHOULD_NOT_EXIST',)

def foreign():
    zipped, boom, tensors, module = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, 'w') as z: z.writestr('a', 'b')
    torch.save({'sgd_course': 'model', 'state': Boom()}, boom)
    torch.save({'weight': torch.zeros(2)}, tensors)
    torch.save(nn.Linear(2, 2), module)
    return {'empty': b'', 'text': b'hello', 'zip': zipped.getvalue(), 'pickle': pickle.dumps(Boom()),
        'boom': boom.getvalue(), 'tensors': tensors.getvalue(), 'module': module.getvalue()}

@pytest.mark.parametrize('kind', ['empty', 'text', 'zip', 'pickle', 'boom', 'tensors', 'module'])
def test_foreign_files_are_refused_and_not_run(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path/'m').write_bytes(foreign()[kind])
    with pytest.raises(ValueError, match='expected a model of this course'): load_model(tmp_path/'m')
    assert [p.name for p in tmp_path.iterdir()]==['m']

def test_a_checkpoint_is_no_model(tmp_path):
    learner([Checkpoint(tmp_path/'run')]).fit(1)
    with pytest.raises(ValueError, match='expected a model of this course in .*, got a checkpoint'):
        load_model(tmp_path/'run')
    with pytest.raises(FileNotFoundError, match='none'): load_model(tmp_path/'none')

W3 = {'0.weight': torch.zeros(3, 2), '0.bias': torch.zeros(3)}

GOOD = {'sizes': [2, 3], 'activation': 'ReLU', 'weights': W3}

@each('change', [
    None, 3, {'weights': None}, {'activation': 'eval'}, {'activation': ['ReLU']}, {'sizes': [10**9, 10**9]},
    {'sizes': [3, 2]}, {'sizes': 5}, {'sizes': [2]}, {'sizes': [2, 0, 3]}, {'sizes': [2., 3.]},
    {'weights': {'a': torch.zeros(3, 2), 'b': torch.zeros(3)}}, {'weights': {k: v.long() for k, v in W3.items()}},
    {'weights': W3 | {'0.bias': torch.zeros(3).double()}},
    {'weights': W3 | {'0.bias': torch.full((3,), float('nan'))}}])
def test_models_that_make_no_sense(change, tmp_path):
    write_state(tmp_path/'m', 'model', GOOD)
    assert architecture(load_model(tmp_path/'m'))=={'sizes': [2, 3], 'activation': 'ReLU'}
    write_state(tmp_path/'m', 'model', GOOD | change if isinstance(change, dict) else change)
    with pytest.raises(ValueError, match='expected a model in'): load_model(tmp_path/'m')

def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    save_model(tmp_path/'m', NETS['softmax']())
    before = (tmp_path/'m').read_bytes()
    def full(*args): raise OSError(28, 'No space left on device')
    monkeypatch.setattr('sgd_course.files.os.replace', full)
    with pytest.raises(OSError, match='No space'): save_model(tmp_path/'m', NETS['tanh']())
    assert (tmp_path/'m').read_bytes()==before and len(list(tmp_path.iterdir()))==1

@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_gpu_is_used_and_resumes(tmp_path):
    assert default_device().type=='cuda'
    dropout = (nn.Dropout(0.2),)
    random = torch.cuda.get_rng_state()
    callbacks = [Checkpoint(tmp_path/'run'), Interrupt(2, 1)]
    whole, cut = [learner(more, momentum, device=None, layers=dropout) for more in ((), callbacks)]
    whole.fit(4)
    torch.cuda.set_rng_state(random)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    again = learner((), momentum, seed=9, device=None, layers=dropout)
    resume(again, tmp_path/'run').fit()
    assert weights(again).is_cuda and torch.equal(weights(whole), weights(again))
