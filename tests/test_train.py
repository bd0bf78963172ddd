"`sgd-course train`, `predict` and `doctor` as a learner calls them"
import os, signal, subprocess, sys, time

import pytest
import torch
from click.testing import CliRunner

from repo import ROOT
from sgd_course.cli import main
from sgd_course.data import load_mnist
from sgd_course.full_mnist import load_model

def call(*args): return CliRunner().invoke(main, [str(a) for a in args])

@pytest.fixture(scope='module')
def network(tmp_path_factory):
    "A small network, trained by the command, and what the command said"
    path = tmp_path_factory.mktemp('train')/'network.pt'
    return path, call('train', '--epochs', 1, '--hidden', 0, '--batch-size', 256, '--device', 'cpu', '--out', path)

def test_train_writes_a_network_and_says_how_good_it_is(network):
    path, res = network
    assert res.exit_code==0 and 'of the 10,000 validation digits are right' in res.output and 'test digits' not in res.output
    assert [tuple(p.shape) for p in load_model(path).parameters()]==[(10, 784), (10,)]
    assert [p.name for p in path.parent.iterdir()]==['network.pt']

def test_train_repeats_itself(network, tmp_path):
    call('train', '--epochs', 1, '--hidden', 0, '--batch-size', 256, '--device', 'cpu', '--out', tmp_path/'again.pt')
    for a, b in zip(load_model(network[0]).parameters(), load_model(tmp_path/'again.pt').parameters()): assert torch.equal(a, b)

def test_train_replaces_nothing_unasked(network):
    before = network[0].read_bytes()
    res = call('train', '--epochs', 1, '--out', network[0])
    assert res.exit_code==1 and '--force' in res.output and network[0].read_bytes()==before

@pytest.mark.skipif(os.name=='nt', reason='Windows has no SIGINT for one process')
def test_ctrl_c_keeps_the_last_epoch(tmp_path):
    code = 'from sgd_course.cli import main; main()'
    args = ['train', '--epochs', '1000', '--hidden', '0', '--batch-size', '1000', '--device', 'cpu']
    p = subprocess.Popen([sys.executable, '-c', code, *args], cwd=tmp_path, env=os.environ | {'PYTHONPATH': str(ROOT)}, stderr=subprocess.PIPE, text=True)
    while p.poll() is None and not (tmp_path/'network.pt.run').exists(): time.sleep(0.05)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=120)[1]
    assert p.returncode==130 and 'sgd-course train --resume' in err and 'Traceback' not in err, err
    assert len(list(load_model(tmp_path/'network.pt').parameters()))==2
    assert sorted(o.name for o in tmp_path.iterdir())==['network.pt', 'network.pt.run']

def test_predict_names_the_digit_of_each_picture(network, tmp_path):
    from PIL import Image
    Image.fromarray(load_mnist('test').images[0].numpy()).save(tmp_path/'seven.png')
    (tmp_path/'text.png').write_text('no picture')
    res = call('predict', '--model', network[0], tmp_path/'seven.png', tmp_path/'text.png')
    assert res.exit_code==1 and f"{tmp_path/'seven.png'}: 7 (" in res.output and 'cannot read an image' in res.output

def test_doctor_finds_nothing_here():
    res = call('doctor')
    assert res.exit_code==0 and res.output.endswith('All is well.\n') and '!!' not in res.output
