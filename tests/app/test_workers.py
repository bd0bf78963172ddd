"Several processes train one network: the same result as one, whatever the loader, and nothing lost when one is killed"
import os, signal, socket, subprocess, sys, time

import pytest
import torch

from repository import ROOT
from sgd_course.app.launching import launch
from sgd_course.app.train import run_file, train_digits
from sgd_course.saving import load_model
from sgd_course.workers import Workers

ENV = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
POSIX = pytest.mark.skipif(os.name=='nt', reason='Windows has no SIGINT and no SIGKILL for one process')

def same(a, b): return a.keys()==b.keys() and all(torch.equal(a[k], b[k]) for k in a)

def weights(path): return load_model(path).state_dict()

# The same as one

SCENARIOS = '''
import sys, torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader as TorchLoader, TensorDataset
from sgd_course.learner import EarlyStopping, Learner, Recorder
from sgd_course.mini_batches import DataLoader, SGD
from sgd_course.nonlinearity import mlp
from sgd_course.optimizers import Adam
from sgd_course.workers import Workers

def g(n): return torch.Generator().manual_seed(n)
x, y = torch.randn(41, 6, generator=g(0), dtype=torch.float64), torch.arange(41)%3

def loaders(seed):   # In batches of 8, with a last one of 1
    yield 'ours', DataLoader(x, y, 8, shuffle=True, generator=g(seed))
    yield 'torch', TorchLoader(TensorDataset(x, y), 8, shuffle=True, generator=g(seed))
    yield 'world', TorchLoader(TensorDataset(x, y), 8, shuffle=True)
    yield 'list', [(x[:8], y[:8]), (x[8:], y[8:])]

def train(workers, name, loader, seed):
    torch.manual_seed(seed)
    model = mlp([6, 5, 3], generator=g(seed)).double()
    recorder, early = Recorder(), EarlyStopping(2)
    learn = Learner(model, loader, DataLoader(x, y, 30), cross_entropy, Adam if name=='ours' else SGD, 0.1,
        [workers, recorder, early], device='cpu')
    learn.fit(3)
    learn.fit(2)
    return {'model': model.state_dict(), 'epochs': recorder.epochs, 'losses': recorder.losses,
        'best': early.best, 'same': learn.train is loader and learn.model is model}

def wild(workers):
    "What is said where the loss is NaN in one worker's share of the last batch"
    bad = x.clone()
    bad[40] = torch.nan
    loader = [(x[:20], y[:20]), (bad[20:], y[20:])]
    model = mlp([6, 3], generator=g(0)).double()
    learn = Learner(model, loader, None, cross_entropy, callbacks=[workers], device='cpu')
    try: learn.fit(2)
    except ValueError as e: return str(e)

def chance(workers):
    "Masks of dropout and running means, which differ between workers in an epoch, and generators behind it"
    model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(), nn.Linear(5, 3)).double()
    class Watch:
        def after_pred(self, learn): masks.append(torch.rand(3).tolist())
    masks = []
    learn = Learner(model, [(x, y)]*2, None, cross_entropy, callbacks=[workers, Watch()], device='cpu')
    learn.fit(2)
    return {'masks': masks, 'buffers': dict(model.named_buffers()), 'after': torch.rand(3).tolist()}

def total(workers):
    learn = Learner(mlp([6, 3], generator=g(0)).double(), [(x, y)], None, nn.CrossEntropyLoss(reduction='sum'),
        callbacks=[workers], device='cpu')
    try: learn.fit(1)
    except ValueError as e: return str(e)

def everything(workers):
    seed = workers.rank + 5 if workers.size>1 else 5   # The others take over what the first has
    found = {name: train(workers, name, loader, seed) for name, loader in loaders(seed)}
    found |= {'wild': wild(workers), 'chance': chance(workers)}
    return found | ({'total': total(workers)} if workers.size>1 else {})

if __name__=='__main__':
    with Workers() as workers: torch.save(everything(workers), f'{sys.argv[1]}.{workers.rank}')
'''

def close(a, b):
    if isinstance(a, dict): return a.keys()==b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list): return len(a)==len(b) and all(map(close, a, b))
    return torch.allclose(a, b, atol=1e-10) if torch.is_tensor(a) else a==pytest.approx(b, abs=1e-10)

def test_two_workers_train_as_one(tmp_path):
    program = tmp_path/'program.py'
    program.write_text(SCENARIOS)
    outcome = launch([sys.executable, str(program), str(tmp_path/'found')], 2)
    assert outcome.codes==(0, 0) and not outcome.interrupted
    found = [torch.load(tmp_path/f'found.{rank}', weights_only=True) for rank in range(2)]
    names = {}
    exec(SCENARIOS.replace("__name__=='__main__'", 'False'), names)
    with torch.random.fork_rng([]): alone = names['everything'](Workers())
    for name in ('ours', 'torch', 'world', 'list'):
        assert close(found[0][name], alone[name]), name
        assert same(found[0][name]['model'], found[1][name]['model']) and found[0][name]['same']
    first, second = (o['chance'] for o in found)
    assert same(first['buffers'], second['buffers']) and first['after']==second['after']
    assert not {*map(tuple, first['masks'])} & {*map(tuple, second['masks'])}
    assert first['masks'][0]!=first['masks'][2]
    assert {o['wild'] for o in found}=={alone['wild']} and 'nan in epoch 1, batch 1' in alone['wild']
    said = 'expected a loss that is the mean over the examples of a batch, got another one'
    assert {o['total'] for o in found}=={said}

# Interrupted

FEW = ['--hidden', '0', '--batch-size', '1000', '--device', 'cpu']

def begin(folder, *args, workers=2):
    "The command `sgd-course train` in `folder`, under way"
    cmd = [sys.executable, '-m', 'sgd_course', 'train', *FEW, '--workers', str(workers), *args]
    def hear(): signal.signal(signal.SIGINT, signal.SIG_DFL)   # Else it is deaf, as all that a shell runs behind
    more = {} if os.name=='nt' else {'preexec_fn': hear}
    return subprocess.Popen(cmd, cwd=folder, env=ENV, stderr=subprocess.PIPE, text=True, **more)

def first_epoch(p, folder):
    while p.poll() is None and not (folder/'network.pt.run').exists(): time.sleep(0.05)
    assert p.poll() is None, p.communicate()[1]

@POSIX
def test_ctrl_c_ends_all_workers_and_keeps_the_last_epoch(tmp_path):
    p = begin(tmp_path, '--epochs', '9000')
    first_epoch(p, tmp_path)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=300)[1]   # Ends when the workers have closed it, too
    assert p.returncode==130 and 'sgd-course train --resume --out network.pt --workers 2' in err, err
    assert 'Traceback' not in err and len(weights(tmp_path/'network.pt'))==2
    assert sorted(o.name for o in tmp_path.iterdir())==['network.pt', 'network.pt.run']

def children(pid):
    "Worker processes in the order of their start"
    found = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(pid)], capture_output=True, text=True).stdout
    return sorted(map(int, found.split()))

LINUX = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='ps of Linux')

@pytest.mark.slow
@LINUX
@pytest.mark.parametrize('rank', [0, 1])
def test_a_killed_worker_is_named(rank, tmp_path):
    p = begin(tmp_path, '--epochs', '9000')
    first_epoch(p, tmp_path)
    os.kill(children(p.pid)[rank], signal.SIGKILL)
    err = p.communicate(timeout=300)[1]
    assert p.returncode==1 and f'Worker {rank + 1} of 2 was ended by SIGKILL. The last whole epoch is' in err, err
    assert '--resume --out network.pt --workers 2' in err and 'Traceback' not in err
    assert run_file(tmp_path/'network.pt').exists()

@pytest.mark.slow
@LINUX
def test_workers_end_when_nobody_waits_for_them(tmp_path):
    p = begin(tmp_path, '--epochs', '9000')
    first_epoch(p, tmp_path)
    p.kill()
    err = p.communicate(timeout=300)[1]
    assert 'Interrupted. The last whole epoch is in network.pt' in err, err

def test_a_file_that_is_there_is_told_once(tmp_path):
    (tmp_path/'network.pt').touch()
    err = begin(tmp_path, '--epochs', '1').communicate(timeout=300)[1]
    assert err.count('is there already')==1 and 'Traceback' not in err, err

# Killed and restarted

FATAL = '''
import sys
from sgd_course.app.train import Settings, train_digits
from sgd_course.workers import DieOnce, Workers

out, *die = sys.argv[1:]
with Workers() as workers:
    killer = [DieOnce(f'{out}.killed', epoch=1, batch=20)] if die and not workers.first else []
    settings = Settings(epochs=3, hidden=(20,), batch_size=1000, device='cpu')
    train_digits(out, settings, callbacks=killer, workers=workers)
'''

@pytest.mark.slow
@POSIX
def test_a_killed_worker_is_started_again_and_the_result_is_the_same(tmp_path):
    "Bit for bit that of a training that nobody disturbed, and that of another one interrupted and resumed"
    program = tmp_path/'program.py'
    program.write_text(FATAL)
    def run(out, *die): return [str(program), str(tmp_path/out), *die]
    assert launch([sys.executable, *run('whole.pt')], 2).codes==(0, 0)
    torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', '--max-restarts', '1']
    done = subprocess.run([sys.executable, *torchrun, *run('again.pt', 'die')], env=ENV, capture_output=True, text=True)
    assert done.returncode==0, done.stderr
    assert (tmp_path/'again.pt.killed').exists()
    whole = weights(tmp_path/'whole.pt')
    assert same(whole, weights(tmp_path/'again.pt')) and not run_file(tmp_path/'again.pt').exists()
    outcome = launch([sys.executable, *run('cut.pt', 'die')], 2)
    assert outcome.lost==1 and outcome.tell()=='Worker 2 of 2 was ended by SIGKILL.'
    one = train_digits(tmp_path/'cut.pt', resume=True)
    assert all(torch.allclose(whole[k], w, atol=1e-4) for k, w in one.model.state_dict().items()), 'alone, to the end'

# Another number of workers

ELASTIC = '''
import os, sys, time, torch
from pathlib import Path
from torch import nn
from torch.nn.functional import cross_entropy
from sgd_course.learner import Checkpoint, Learner, Recorder, resume
from sgd_course.mini_batches import DataLoader
from sgd_course.workers import DieOnce, Workers

out, kind, *die = sys.argv[1:]
waiting = Path(f'{out}.waiting')
class Wait:
    "In the middle of the third epoch, say so and wait to be killed"
    def after_batch(self, learn):
        if learn.epoch!=2 or learn.batch!=1: return
        waiting.touch()
        time.sleep(600)

with Workers() as workers:
    if die==['wait'] and workers.size==1 and not waiting.exists(): time.sleep(600)   # Until the other agent is there
    g = torch.Generator().manual_seed(0)
    x = torch.randn(90, 6, generator=g, dtype=torch.float64)
    torch.manual_seed(1)
    drop = nn.Dropout(0.5 if kind=='dropout' else 0.)
    model = nn.Sequential(nn.Linear(6, 8), drop, nn.Linear(8, 3)).double()
    size = 12*workers.size if kind=='own batch' else 24
    loader, recorder = DataLoader(x, torch.arange(90)%3, size, shuffle=True, generator=g), Recorder()
    callbacks = [workers, recorder, *workers.only_first(Checkpoint(f'{out}.run'))]
    if die==['die'] and workers.rank==1: callbacks.append(DieOnce(f'{out}.died', epoch=2, batch=1))
    if 'VICTIM' in os.environ: callbacks.append(Wait())
    learn = Learner(model, loader, None, cross_entropy, lr=0.3, callbacks=callbacks, device='cpu')
    again = os.path.exists(f'{out}.run')
    if again: resume(learn, f'{out}.run')
    learn.fit(None if again else 6)
    if workers.first: torch.save([model.state_dict(), len(recorder.losses), workers.size], out)
'''

@pytest.fixture
def elastic(tmp_path):
    "A function from a name and more arguments to the command of the program `ELASTIC`"
    program = tmp_path/'program.py'
    program.write_text(ELASTIC)
    return lambda name, *args: [str(program), str(tmp_path/name), *args]

def farthest(a, b): return max((a[k] - b[k]).abs().max().item() for k in a)

@pytest.mark.slow
@POSIX
@pytest.mark.parametrize('kind', ['plain', 'dropout', 'own batch'])
def test_what_stays_equal_when_three_go_on_for_two(kind, elastic, tmp_path):
    "Weights, unless each worker draws for itself; who has a batch of his own has other batches, which is refused"
    assert launch([sys.executable, *elastic('cut', kind, 'die')], 2).lost==1
    if kind=='own batch':
        assert launch([sys.executable, *elastic('cut', kind)], 3).codes==(1, 1, 1)
        return
    assert launch([sys.executable, *elastic('whole', kind)], 2).codes==(0, 0)
    assert launch([sys.executable, *elastic('cut', kind)], 3).codes==(0, 0, 0)
    (whole, *said), (cut, *said_too) = (torch.load(tmp_path/name, weights_only=True) for name in ('whole', 'cut'))
    assert (said, said_too)==([24, 2], [24, 3])
    far = farthest(whole, cut)
    assert far < 1e-10 if kind=='plain' else far > 1e-3

def kill(agent):
    "An agent of torchrun and its workers, if it is still there"
    if agent.poll() is None:
        for pid in (agent.pid, *children(agent.pid)): os.kill(pid, signal.SIGKILL)

@pytest.mark.slow
@LINUX
def test_one_agent_goes_on_when_the_other_is_gone(elastic, tmp_path):
    "`torchrun --nnodes 1:2`, twice on this machine; the second and its worker are killed in the middle of an epoch"
    with socket.create_server(('127.0.0.1', 0)) as free: port = free.getsockname()[1]
    conf = 'last_call_timeout=5,keep_alive_interval=1,is_host='
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--nnodes', '1:2', '--nproc-per-node', '1',
        '--max-restarts', '5', '--rdzv-backend', 'c10d', '--rdzv-endpoint', f'127.0.0.1:{port}', '--rdzv-id', 'x',
        '--local-addr', '127.0.0.1']
    def agent(host, **more):
        command = [*torchrun, '--rdzv-conf', conf + host, *elastic('found', 'plain', 'wait')]
        own = {'TORCH_DISABLE_SHARE_RDZV_TCP_STORE': '1'}   # Else an agent that comes late waits in vain
        env = ENV | {'GLOO_SOCKET_IFNAME': 'lo'} | own | more
        return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    with agent('true') as first, agent('false', VICTIM='yes') as second:
        try:
            while not (tmp_path/'found.waiting').exists():
                assert first.poll() is None, first.communicate()[1]
                time.sleep(0.1)
            kill(second)
            assert first.wait(timeout=600)==0
        finally:
            for p in (first, second): kill(p)
    assert launch([sys.executable, *elastic('whole', 'plain')], 2).codes==(0, 0)
    (whole, *_), (found, steps, size) = (torch.load(tmp_path/o, weights_only=True) for o in ('whole', 'found'))
    assert (steps, size)==(24, 1) and farthest(whole, found) < 1e-10
