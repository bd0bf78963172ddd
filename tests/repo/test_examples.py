"The examples run, and learn"
import os, runpy, subprocess, sys

import torch

from repository import ROOT

def run(monkeypatch, name, *args):
    "What the example `name` defines, after it has run with the arguments `args`"
    monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
    return runpy.run_path(str(ROOT/'examples'/f'{name}.py'), run_name='__main__')

def column(text, name):
    "The numbers below `name` in a table of results"
    head, *rows = [line.split() for line in text.splitlines()]
    return [float(row[head.index(name)]) for row in rows]

def test_digits_are_learned_and_gone_on_with(monkeypatch, tmp_path, capsys):
    out = tmp_path/'digits.pt'
    whole = run(monkeypatch, 'digits', out, '--epochs', 3)
    assert column(capsys.readouterr().out, 'digit_accuracy')[-1] > 0.9 and [*tmp_path.iterdir()]==[out]
    first = torch.load(out, weights_only=True)
    learn, _ = whole['learner'](tmp_path/'digits.pt.run', torch.Generator().manual_seed(0))
    class Interrupt:
        def before_batch(self, learn):
            if learn.epoch==2: raise KeyboardInterrupt
    learn.callbacks.append(Interrupt())
    try: learn.fit(3)
    except KeyboardInterrupt: out.unlink()
    run(monkeypatch, 'digits', out)
    again = torch.load(out, weights_only=True)
    assert all(torch.equal(w, again['weights'][name]) for name, w in first['weights'].items())

def test_pictures(monkeypatch, capsys):
    with torch.random.fork_rng([]): run(monkeypatch, 'pictures', '--epochs', 1, '--digits', 1500)
    assert column(capsys.readouterr().out, 'digit_accuracy')[0] > 0.7

def test_own_loop(monkeypatch, capsys):
    run(monkeypatch, 'own_loop')
    ours, median = [float(part.split()[0]) for part in capsys.readouterr().out.split(', ')]
    assert ours < 0.85*median

def test_two_processes_end_where_one_does(monkeypatch, tmp_path):
    "A program with a loader of PyTorch's and a convolutional network, alone and with torchrun"
    run(monkeypatch, 'many', tmp_path/'one.pt')
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
    env = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    cmd = [*torchrun, str(ROOT/'examples'/'many.py'), str(tmp_path/'two.pt')]
    done = subprocess.run(cmd, env=env, capture_output=True, text=True)
    assert done.returncode==0, done.stderr
    assert done.stdout.count('digit_accuracy')==1 and column(done.stdout, 'digit_accuracy')[-1] > 0.95
    one, two = (torch.load(tmp_path/f'{name}.pt', weights_only=True) for name in ('one', 'two'))
    assert max((one[k] - two[k]).abs().max().item() for k in one) < 1e-3
    assert sorted(o.name for o in tmp_path.iterdir())==['one.pt', 'two.pt']
