"The benchmarks run on a few digits; how fast they are, is no test"
import json, os, re, subprocess, sys

import pytest

from repository import ROOT

pytestmark = pytest.mark.slow

def test_speed_page_with_a_missing_peer(tmp_path):
    "A peer that cannot be imported is named and left out; the page holds a figure for every other row and every column"
    (tmp_path/'sklearn.py').write_text('raise ImportError("not installed")')
    page = tmp_path/'speed.md'
    few = ['--only', 'bound', 'hand', 'sklearn', '--rows', '300', '--rounds', '1', '--threads', '1', '--out', page]
    env = os.environ | {'PYTHONPATH': str(tmp_path)}
    cmd = [sys.executable, '-m', 'benchmarks.speed', *few]
    done = subprocess.run(cmd, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode==0, done.stdout + done.stderr
    assert "Skipped: scikit-learn's `MLPClassifier`, because there is no sklearn here" in done.stdout
    text = page.read_text()
    assert "- Skipped: scikit-learn's `MLPClassifier`, because there is no sklearn here." in text
    rows = [[o.strip() for o in line.strip('|').split('|')] for line in text.splitlines() if line.startswith('|')]
    assert [o[1:] for o in rows if o[0].startswith('The matrix products')][0]==['1.00']*8
    ours = [o[1:] for o in rows if o[0].startswith('**this package**')]
    assert [len(o) for o in ours]==[8]*2 and all(re.fullmatch(r'\d+\.\d\d', c) for o in ours for c in o)
    assert str(ROOT) not in text and str(tmp_path) not in text
    assert '300 digits instead of 60,000' in text

def test_workers_are_measured_beside_their_peers(tmp_path):
    "Few steps of each contender that is installed"
    out = tmp_path/'workers.json'
    few = ['--rounds', '1', '--rows', '512', '--batches', '256', '--out', out]
    done = subprocess.run([sys.executable, '-m', 'benchmarks.workers', *few], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert found['restart seconds'] > 0 and found['messages']['GB/s']['79510'] > 0
    here = ['one process, one thread', 'two processes, one thread each', 'two processes, plain DDP script']
    for network in ('784-100-10', '784-512-512-10'):
        row = found['steps'][network]['256']
        assert {*here} <= row.keys() and all(o['ms'] > 0 for o in row.values())

def test_simulated_machines_are_measured_or_skipped_with_a_reason(tmp_path):
    out = tmp_path/'machines.json'
    few = ['--machines', '2', '--megabits', '1000', '--delays', '0', '--batches', '64', '--rounds', '1',
        '--rows', '1024', '--out', out]
    cmd = [sys.executable, '-m', 'benchmarks.simulated_machines', *few]
    done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True)
    if done.returncode: assert done.stderr.startswith('Skipped: no machines can be simulated here, because ')
    else: assert len(json.loads(out.read_text())['rows'])==2

def test_race_trains_every_pair_and_writes_nothing():
    "Each optimiser, with each schedule, learns something in twenty steps"
    before = (ROOT/'sgd_course'/'content'/'results'/'optimizers.json').read_bytes()
    env = os.environ | {'OMP_NUM_THREADS': '1'}
    cmd = [sys.executable, '-m', 'experiments.race', '--check']
    done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True, env=env)
    assert done.returncode==0, done.stdout + done.stderr
    rows = dict(line.split(' validation ') for line in done.stdout.splitlines())
    assert {*rows}=={*json.loads(before)['runs']} and min(map(float, rows.values())) > 0.5
    assert (ROOT/'sgd_course'/'content'/'results'/'optimizers.json').read_bytes()==before

def test_decay_learns_something_in_two_epochs_and_writes_nothing():
    page = ROOT/'sgd_course'/'content'/'results'/'decay.json'
    before, env = page.read_bytes(), os.environ | {'OMP_NUM_THREADS': '1'}
    cmd = [sys.executable, '-m', 'experiments.decay', '--check']
    done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True, env=env)
    assert done.returncode==0, done.stdout + done.stderr
    assert float(done.stdout) > 0.3 and page.read_bytes()==before

def test_watched_trainings_are_timed(tmp_path):
    "Each model with each optimiser, in two short turns"
    page = tmp_path/'checkup.md'
    cmd = [sys.executable, '-m', 'benchmarks.checkup', '--steps', '20', '--turns', '2', '--out', page]
    done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stdout + done.stderr
    rows = [line.split(' | ') for line in page.read_text().splitlines() if re.match(r'\| (784|conv)', line)]
    assert len(rows)==6 and all(len(row)==6 for row in rows)
