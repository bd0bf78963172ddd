"Laws of `sgd_course.full_mnist`: training, stopping, going on, and files that cannot be trusted"
import importlib.util, io, json, os, pickle, subprocess, sys, zipfile

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn, tensor

from laws import law, one_thread
from repository import PACKAGE, ROOT
from sgd_course.full_mnist import (Checkpoint, EarlyStopping, Learner, Loop, ProgressBar, Recorder, Schedule, architecture,
                                   confusion_matrix, default_device, digit_accuracy, digit_loaders, done, evaluate, find_hooks, load_model, opt_lr,
                                   predict, read_state, resume, save_model, triangle, write_state)
from sgd_course.mini_batches import SGD, DataLoader
from sgd_course.nonlinearity import mlp

def seeded(n): return torch.Generator().manual_seed(n)

G = seeded(0)
X, Y = torch.randn(100, 6, generator=G), torch.randint(3, (100,), generator=G)

def learner(callbacks=(), opt_func=SGD, seed=1, layers=(), **kw):
    "A small training whose last batch is small: 70 examples by 16"
    g = seeded(seed)
    model = nn.Sequential(*layers, *mlp([6, 5, 3], generator=g))
    return Learner(model, DataLoader(X[:70], Y[:70], 16, shuffle=True, generator=g), DataLoader(X[70:], Y[70:], 20), F.cross_entropy,
                   opt_func, callbacks=callbacks, **{'lr': 0.1, 'device': 'cpu'} | kw)

def weights(learn): return torch.cat([p.detach().flatten() for p in learn.model.parameters()])

class Interrupt:
    "Ctrl-C at one step of one epoch"
    def __init__(self, epoch, batch): self.at = epoch, batch
    def after_batch(self, learn):
        if (learn.epoch, learn.batch)==self.at: raise KeyboardInterrupt

def momentum(params, lr): return torch.optim.SGD(params, lr, momentum=0.9)
def nesterov(params, lr): return torch.optim.SGD(params, lr, momentum=0.9, nesterov=True, weight_decay=1e-3)

class Heavy:
    "Momentum as a course optimiser may keep it: one tensor for each parameter, in a list"
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr
        self.memory = [torch.zeros_like(p) for p in self.params]
    @torch.no_grad()
    def step(self):
        for m, p in zip(self.memory, self.params): p -= self.lr*m.mul_(0.9).add_(p.grad)
    def zero_grad(self):
        for p in self.params: p.grad = None

OPTIMISERS = SGD, momentum, nesterov, torch.optim.Adam, torch.optim.Adagrad, Heavy

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
    torch.testing.assert_close(weights(learn), torch.cat([p.flatten() for p in model.parameters()]), atol=1e-6, rtol=1e-5)

@pytest.mark.parametrize('opt_func', OPTIMISERS)
def test_callbacks_that_only_watch_change_no_bit(opt_func, tmp_path, capsys):
    bare, watched = learner(opt_func=opt_func), learner([Recorder(), ProgressBar(every=0.), Checkpoint(tmp_path/'c')], opt_func)
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

@pytest.mark.parametrize('epochs', [-1, 1.5, '3', True])
def test_bad_number_of_epochs(epochs):
    with pytest.raises(ValueError, match='whole number of epochs'): learner().fit(epochs)

def test_nothing_to_finish():
    with pytest.raises(ValueError, match='got None: nothing was interrupted that could be finished'): learner().fit()

@pytest.mark.parametrize('lr', [-0.1, float('nan'), float('inf')])
def test_bad_lr(lr):
    with pytest.raises(ValueError, match='finite lr'): learner(lr=lr)

@pytest.mark.parametrize('device', ['gpu', 'nonsense', 'cuda:99', 'meta', 1.5])
def test_a_device_that_this_machine_lacks(device):
    with pytest.raises(ValueError, match=f"expected a device of this machine, such as 'cpu', got '{device}'"): learner(device=device)

@pytest.mark.parametrize('device', ['cpu', torch.device('cpu')])
def test_a_device_that_is_here(device): assert learner(device=device).device==torch.device('cpu')

def test_no_batches():
    with pytest.raises(ValueError, match='at least one training batch'): Learner(mlp([6, 3], generator=G), [], None, F.cross_entropy)

def test_without_validation():
    g, rec = seeded(0), Recorder()
    Learner(mlp([6, 3], generator=g), [(X, Y)], None, F.cross_entropy, callbacks=[rec], device='cpu').fit(2)
    assert [list(o) for o in rec.epochs]==[['epoch', 'train_loss']]*2

def test_torchs_loader_will_do(tmp_path):
    def torchs(seed, callbacks=()):
        g = seeded(seed)
        data = torch.utils.data.TensorDataset(X[:70], Y[:70])
        return Learner(mlp([6, 5, 3], generator=g), torch.utils.data.DataLoader(data, 16, shuffle=True, generator=g), None, F.cross_entropy, callbacks=callbacks, device='cpu')
    whole, cut = torchs(3), torchs(3, [Interrupt(2, 1)])
    whole.fit(4)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    cut.hooks['after_batch'].clear()
    cut.fit()
    assert torch.equal(weights(whole), weights(cut))

def test_divergence_is_told_and_the_last_complete_epoch_kept():
    learn = learner()
    learn.fit(1)
    good = weights(learn)
    learn.opt.param_groups[0]['lr'] = 1e30
    with pytest.raises(ValueError, match='finite loss.*smaller lr'): learn.fit(3)
    assert torch.equal(weights(learn), good) and learn.epoch==1

# Stopping and going on

@pytest.mark.parametrize('opt_func', OPTIMISERS)
@pytest.mark.parametrize('at', [(0, 0), (2, 3), (3, 4)])
def test_interrupted_and_continued_gives_the_same_bits(opt_func, at):
    rule = lambda f: triangle(f, 0.2)
    whole, cut = learner([Schedule(rule), Recorder()], opt_func), learner([Schedule(rule), Recorder(), Interrupt(*at)], opt_func)
    whole.fit(4)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    assert cut.epoch==at[0]
    half = learner([Schedule(lambda f: triangle(f*at[0]/4, 0.2))], opt_func)
    half.fit(at[0])
    torch.testing.assert_close(weights(cut), weights(half), atol=1e-6, rtol=1e-5) # The last complete epoch; the rule rounds differently
    cut.hooks['after_batch'].pop()
    cut.fit()
    assert torch.equal(weights(whole), weights(cut))
    assert whole.callbacks[1].losses==cut.callbacks[1].losses and whole.callbacks[1].epochs==cut.callbacks[1].epochs

@pytest.mark.parametrize('opt_func', OPTIMISERS)
@pytest.mark.parametrize('layers', [(), (nn.Dropout(0.2),)], ids=['plain', 'dropout'])
def test_resumed_from_a_file_gives_the_same_bits(opt_func, layers, tmp_path):
    def callbacks(*more): return [Schedule(lambda f: triangle(f, 0.1)), Recorder(), EarlyStopping(2), *more]
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
sys.path.insert(0, 'tests/helpers')
from test_full_mnist import *
torch.set_num_threads(1)
class Kill:
    def after_batch(self, learn):
        if (learn.epoch, learn.batch)==(2, 3): os._exit(9)
learner([Checkpoint(sys.argv[1]), Kill()], momentum).fit(5)
'''

def test_a_killed_process_loses_only_the_epoch_it_was_in(tmp_path):
    res = subprocess.run([sys.executable, '-c', KILLED, tmp_path/'run'], cwd=ROOT, env=os.environ | {'PYTHONPATH': str(ROOT)}, timeout=300)
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
    with pytest.raises(ValueError, match='expected weights of shapes'): resume(other, tmp_path/'run')
    assert torch.equal(weights(other), before) and other.epoch==0
    batches = learner()
    batches.train = DataLoader(X[:70], Y[:70], 32)
    with pytest.raises(ValueError, match='expected 3 batches in an epoch, got a state with 5'): resume(batches, tmp_path/'run')
    with pytest.raises(FileNotFoundError, match='no file'): resume(learn, tmp_path/'none')

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
    epoch = lambda e: [f'before_batch {e}.0', 'after_batch', f'before_batch {e}.1', 'after_batch', f'after_epoch {e+1}', f'after_keep {e+1}']
    assert diary.lines==['before_fit', *epoch(0), *epoch(1), 'after_fit']

@pytest.mark.parametrize('callbacks, said', [([object()], 'method named in'), ([Recorder], 'method named in'), ([Recorder(), Recorder()], 'different kinds')])
def test_useless_callbacks_are_refused(callbacks, said):
    with pytest.raises(ValueError, match=said): learner(callbacks)

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
    with torch.no_grad(): each = F.cross_entropy(model(torch.cat([b[0] for b in batches])), torch.cat([b[1] for b in batches]), reduction='none')
    assert rec.epochs[0]['train_loss']==pytest.approx(each.mean().item(), rel=1e-9)

@law(st.floats(0, 1), st.floats(0.05, 0.95), st.floats(0, 10))
def test_triangle(fraction, rise, peak):
    assert 0 <= triangle(fraction, peak, rise) <= peak*(1 + 1e-12)
    assert triangle(rise, peak, rise)==pytest.approx(peak) and triangle(0, peak, rise)==triangle(1, peak, rise)==0

@pytest.mark.parametrize('done, rise', [(-0.1, 0.5), (1.1, 0.5), (0.5, 0), (0.5, 1), (float('nan'), 0.5)])
def test_triangle_refuses(done, rise):
    with pytest.raises(ValueError, match='expected done from 0 to 1'): triangle(done, 1., rise)

@pytest.mark.parametrize('opt_func', [SGD, momentum])
def test_schedule_sets_the_rate_of_every_step(opt_func):
    learn = learner([Schedule(lambda f: 1 + f), rec := Recorder()], opt_func, lr=0.)
    learn.fit(2)
    assert rec.rates==pytest.approx([1 + k/10 for k in range(10)])

@pytest.mark.parametrize('rate', [-1., float('nan'), float('inf')])
def test_schedule_refuses(rate):
    with pytest.raises(ValueError, match='finite lr'): learner([Schedule(lambda f: rate)]).fit(1)

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

# What was recorded

def test_recorded_accuracies_belong_to_the_recipes():
    recorded = json.loads((PACKAGE/'results/full_mnist.json').read_text())
    spec = importlib.util.spec_from_file_location('seeds', ROOT/'experiments/seeds.py')
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert {name: {k: r[k] for k in script.RECIPES[name]} for name, r in recorded.items()}==script.RECIPES
    for r in recorded.values():
        assert [float(lr) for lr in r['validation']]==r['rates'] and r['lr']==float(max(r['validation'], key=r['validation'].get))
        assert len(r['test'])==len(script.SEEDS)>=5 and all(0.9 < a < 1 for a in r['test'])

# Metrics

@law(st.lists(st.integers(0, 9), min_size=1, max_size=50), st.integers(0, 1000))
def test_confusion_matrix_counts(labels, seed):
    labels = tensor(labels)
    said = torch.randint(10, labels.shape, generator=seeded(seed))
    m = confusion_matrix(labels, said)
    assert m.sum()==len(labels) and torch.equal(m.sum(1), torch.bincount(labels, minlength=10)) and torch.equal(m.sum(0), torch.bincount(said, minlength=10))
    assert m.trace()==(labels==said).sum() and torch.equal(confusion_matrix(said, labels), m.T)

@pytest.mark.parametrize('labels, said, message', [(tensor([1]), tensor([1, 2]), 'shapes'), (tensor([10]), tensor([0]), '0 to 9'), (tensor([0]), tensor([-1]), '0 to 9'), (tensor([0.]), tensor([0]), 'int64')])
def test_confusion_matrix_refuses(labels, said, message):
    with pytest.raises(ValueError, match=message): confusion_matrix(labels, said)

@law(st.integers(1, 40), st.integers(1, 60))
def test_evaluate_is_the_mean_whatever_the_batches(n, size):
    model = mlp([6, 3], generator=seeded(0)).double()
    found = evaluate(model, DataLoader(X[:n].double(), Y[:n], size), {'a': F.cross_entropy, 'b': digit_accuracy})
    with torch.no_grad(): scores = model(X[:n].double())
    assert found['a']==pytest.approx(F.cross_entropy(scores, Y[:n]).item()) and found['b']==pytest.approx((scores.argmax(1)==Y[:n]).double().mean().item(), abs=1e-6)

def test_evaluate_needs_something_to_count():
    with pytest.raises(ValueError, match='at least one function'): evaluate(mlp([6, 3], generator=seeded(0)), [(X, Y)], {})
    with pytest.raises(ValueError, match='at least one example'): evaluate(mlp([6, 3], generator=seeded(0)), [], {'a': digit_accuracy})

def test_loaders_are_the_course_split():
    train, valid = digit_loaders(64, seeded(0))
    assert (len(train.x), len(valid.x), len(train), train.x.shape[1])==(50_000, 10_000, 782, 784)
    everything, none = digit_loaders(64, seeded(0), valid=0)
    assert len(everything.x)==60_000 and none is None

# Files

NETS = {'mlp': lambda: mlp([784, 20, 15, 10], generator=seeded(3)), 'tanh': lambda: mlp([784, 20, 10], nn.Tanh, generator=seeded(3)), 'softmax': lambda: mlp([784, 10], generator=seeded(3))}

@pytest.mark.parametrize('net', NETS)
def test_model_comes_back(net, tmp_path):
    model = NETS[net]()
    save_model(tmp_path/'m', model)
    again = load_model(tmp_path/'m')
    x = torch.rand(5, 784, generator=seeded(0))
    assert torch.equal(model(x), again(x)) and architecture(again)==architecture(model) and not again.training
    assert [p.name for p in tmp_path.iterdir()]==['m']

@pytest.mark.parametrize('model', [nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2)), nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Sequential(),
    nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)), nn.Linear(2, 2, bias=False), nn.ReLU()])
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
    else: assert torch.equal(found(x), mlp([30, 20, 10], generator=seeded(3))(x)) # The damage hit nothing that counts, such as a date

class Boom:
    def __reduce__(self): return os.system, ('touch SHOULD_NOT_EXIST',)

def foreign():
    zipped, boom, tensors, module = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, 'w') as z: z.writestr('a', 'b')
    torch.save({'sgd_course': 'model', 'state': Boom()}, boom)
    torch.save({'weight': torch.zeros(2)}, tensors)
    torch.save(nn.Linear(2, 2), module)
    return {'empty': b'', 'text': b'hello', 'zip': zipped.getvalue(), 'pickle': pickle.dumps(Boom()), 'boom': boom.getvalue(), 'tensors': tensors.getvalue(), 'module': module.getvalue()}

@pytest.mark.parametrize('kind', ['empty', 'text', 'zip', 'pickle', 'boom', 'tensors', 'module'])
def test_foreign_files_are_refused_and_not_run(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path/'m').write_bytes(foreign()[kind])
    with pytest.raises(ValueError, match='expected a model of this course'): load_model(tmp_path/'m')
    assert [p.name for p in tmp_path.iterdir()]==['m']

def test_a_checkpoint_is_no_model(tmp_path):
    learner([Checkpoint(tmp_path/'run')]).fit(1)
    with pytest.raises(ValueError, match='expected a model in .*, got a checkpoint'): load_model(tmp_path/'run')
    with pytest.raises(FileNotFoundError, match='there is no file'): load_model(tmp_path/'none')

W3 = {'0.weight': torch.zeros(3, 2), '0.bias': torch.zeros(3)}

@pytest.mark.parametrize('state', [{}, {'sizes': [2, 3], 'activation': 'ReLU'}, {'sizes': [2, 3], 'activation': 'eval', 'weights': W3}, {'sizes': [10**9, 10**9], 'activation': 'ReLU', 'weights': W3},
    {'sizes': [3, 2], 'activation': 'ReLU', 'weights': W3}, {'sizes': [2, 3], 'activation': 'ReLU', 'weights': {'a': torch.zeros(3, 2), 'b': torch.zeros(3)}}, {'sizes': 5, 'activation': 'ReLU', 'weights': W3},
    {'sizes': [2, 3], 'activation': 'ReLU', 'weights': W3 | {'0.bias': torch.full((3,), float('nan'))}}, {'sizes': [2, 3], 'activation': 'ReLU', 'weights': {k: v.long() for k, v in W3.items()}}, None, 3])
def test_models_that_make_no_sense(state, tmp_path):
    write_state(tmp_path/'m', 'model', state)
    with pytest.raises(ValueError, match='expected a model in'): load_model(tmp_path/'m')

def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    save_model(tmp_path/'m', NETS['softmax']())
    before = (tmp_path/'m').read_bytes()
    def full(*args): raise OSError(28, 'No space left on device')
    monkeypatch.setattr('sgd_course.data.os.replace', full)
    with pytest.raises(OSError, match='No space'): save_model(tmp_path/'m', NETS['tanh']())
    assert (tmp_path/'m').read_bytes()==before and len(list(tmp_path.iterdir()))==1

# Predicting

def test_predict_takes_a_file_an_array_and_gives_probabilities(tmp_path):
    from PIL import Image
    picture = torch.full((60, 50), 255, dtype=torch.uint8)
    picture[10:50, 22:28] = 0
    Image.fromarray(picture.numpy()).save(tmp_path/'one.png')
    model = NETS['mlp']()
    p = predict(model, tmp_path/'one.png')
    assert p.shape==(10,) and p.sum().item()==pytest.approx(1, abs=1e-5) and not p.requires_grad
    assert torch.equal(p, predict(model, picture)) and torch.equal(p, predict(model, 255 - picture))
    with pytest.raises(ValueError, match='no digit'): predict(model, torch.zeros(28, 28))
    with pytest.raises(ValueError, match='no image file'): predict(model, tmp_path/'two.png')

@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_gpu_is_used_and_resumes(tmp_path):
    assert default_device().type=='cuda'
    dropout = (nn.Dropout(0.2),)
    random = torch.cuda.get_rng_state()
    whole, cut = [learner(more, momentum, device=None, layers=dropout) for more in ((), [Checkpoint(tmp_path/'run'), Interrupt(2, 1)])]
    whole.fit(4)
    torch.cuda.set_rng_state(random)
    with pytest.raises(KeyboardInterrupt): cut.fit(4)
    again = learner((), momentum, seed=9, device=None, layers=dropout)
    resume(again, tmp_path/'run').fit()
    assert weights(again).is_cuda and torch.equal(weights(whole), weights(again))
