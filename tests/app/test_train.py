"`sgd-course train`, `predict` and `doctor` as a learner calls them"
import os, signal, subprocess, sys, time

import pytest
import torch
from click.testing import CliRunner

from repository import ROOT
from sgd_course.app.cli import main
from sgd_course.data import load_mnist
from sgd_course.saving import load_model, save_model, write_state
from sgd_course.nonlinearity import mlp
from sgd_course.app.train import Settings, run_file, train_digits

def call(*args): return CliRunner().invoke(main, [str(a) for a in args])

@pytest.fixture(scope='module')
def network(tmp_path_factory):
    "A small network, trained by the command, and what the command said"
    path = tmp_path_factory.mktemp('train')/'network.pt'
    return path, call('train', '--epochs', 1, '--hidden', 0, '--batch-size', 256, '--device', 'cpu', '--out', path)

def test_train_writes_a_network_and_says_how_good_it_is(network):
    path, res = network
    assert res.exit_code==0 and 'of the 10,000 validation digits are right' in res.output
    assert 'test digits' not in res.output
    assert [tuple(p.shape) for p in load_model(path).parameters()]==[(10, 784), (10,)]
    assert [p.name for p in path.parent.iterdir()]==['network.pt']

def test_train_repeats_itself(network, tmp_path):
    call('train', '--epochs', 1, '--hidden', 0, '--batch-size', 256, '--device', 'cpu', '--out', tmp_path/'again.pt')
    first, again = load_model(network[0]), load_model(tmp_path/'again.pt')
    for a, b in zip(first.parameters(), again.parameters()): assert torch.equal(a, b)

def test_train_replaces_nothing_unasked(network):
    before = network[0].read_bytes()
    res = call('train', '--epochs', 1, '--out', network[0])
    assert res.exit_code==1 and '--force' in res.output and network[0].read_bytes()==before

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')

@pytest.mark.parametrize('device', ['nonsense', pytest.param('cuda', marks=NO_GPU)])
def test_train_says_that_there_is_no_such_device(device, tmp_path):
    res = call('train', '--epochs', 1, '--device', device, '--out', tmp_path/'network.pt')
    assert res.exit_code==1 and 'Traceback' not in res.output
    assert f"expected a device of this machine, such as 'cpu', got '{device}'" in res.output
    assert not any(tmp_path.iterdir())

def test_train_looks_for_a_place_before_it_begins(tmp_path):
    (tmp_path/'file').touch()
    res = call('train', '--epochs', 1, '--device', 'cpu', '--out', tmp_path/'file/network.pt')
    assert res.exit_code==1 and 'where files can be written' in res.output and 'epoch ' not in res.output

class CtrlC:
    def __init__(self, epoch): self.epoch = epoch
    def after_batch(self, learn):
        if learn.epoch==self.epoch: raise KeyboardInterrupt

def test_force_leaves_no_older_run_behind(tmp_path):
    out, settings = tmp_path/'network.pt', Settings(epochs=2, hidden=(), batch_size=2000, device='cpu')
    with pytest.raises(KeyboardInterrupt): train_digits(out, settings, callbacks=[CtrlC(1)])
    assert run_file(out).exists()
    with pytest.raises(ValueError, match='expected epochs'): train_digits(out, settings._replace(epochs=0), force=True)
    assert run_file(out).exists(), 'settings that make no sense destroy nothing'
    with pytest.raises(KeyboardInterrupt): train_digits(out, settings, force=True, callbacks=[CtrlC(0)])
    assert not run_file(out).exists()

def test_two_trainings_to_one_file_are_told_apart(tmp_path):
    "The second is refused, and the first goes on as if nothing had happened"
    out, settings = tmp_path/'network.pt', Settings(epochs=1, hidden=(), batch_size=2000, device='cpu')
    class Second:
        def after_epoch(self, learn):
            for kwargs in (dict(force=True), dict(resume=True), {}):
                with pytest.raises(ValueError, match='another training to .* is under way'):
                    train_digits(out, settings._replace(seed=1), **kwargs)
            self.listing = sorted(o.name for o in tmp_path.iterdir())
    learn = train_digits(out, settings, callbacks=[second := Second()])
    assert second.listing==['network.pt.lock'] and [o.name for o in tmp_path.iterdir()]==['network.pt']
    for a, b in zip(load_model(out).parameters(), learn.model.parameters()): assert torch.equal(a, b)

def test_a_training_whose_file_does_not_fit_is_told_without_a_traceback(tmp_path):
    "As after an update of the course, which gave the settings one name more"
    out = tmp_path/'network.pt'
    settings = Settings()._asdict()
    for run in ({'settings': settings | {'velocity': 0.9}, 'state': {}}, {'settings': settings}, {}, 3):
        write_state(run_file(out), 'run', run)
        res = call('train', '--resume', '--out', out)
        assert res.exit_code==1 and 'expected a' in res.output and 'Traceback' not in res.output, res.output
    assert run_file(out).exists() and not out.exists()

@pytest.mark.skipif(os.name=='nt', reason='Windows has no SIGINT for one process')
def test_ctrl_c_keeps_the_last_epoch(tmp_path):
    code = 'from sgd_course.app.cli import main; main()'
    args = ['train', '--epochs', '1000', '--hidden', '0', '--batch-size', '1000', '--device', 'cpu']
    def hear(): signal.signal(signal.SIGINT, signal.SIG_DFL)   # Else it is deaf, as all that a shell runs behind
    env = os.environ | {'PYTHONPATH': str(ROOT)}
    p = subprocess.Popen([sys.executable, '-c', code, *args], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear)
    while p.poll() is None and not (tmp_path/'network.pt.run').exists(): time.sleep(0.05)
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=300)[1]
    assert p.returncode==130 and 'sgd-course train --resume' in err and 'Traceback' not in err, err
    assert len(list(load_model(tmp_path/'network.pt').parameters()))==2
    assert sorted(o.name for o in tmp_path.iterdir())==['network.pt', 'network.pt.run']

def test_predict_names_the_digit_of_each_picture(network, tmp_path):
    from PIL import Image
    Image.fromarray(load_mnist('test').images[0].numpy()).save(tmp_path/'seven.png')
    (tmp_path/'text.png').write_text('no picture')
    res = call('predict', '--model', network[0], tmp_path/'seven.png', tmp_path/'text.png')
    assert res.exit_code==1 and f"{tmp_path/'seven.png'}: 7 (" in res.output and 'cannot read an image' in res.output

@pytest.mark.parametrize('sizes', [[30, 10], [784, 2]])
def test_predict_refuses_a_network_of_other_sizes(sizes, tmp_path):
    from PIL import Image
    Image.fromarray(load_mnist('test').images[0].numpy()).save(tmp_path/'seven.png')
    save_model(tmp_path/'m.pt', mlp(sizes, generator=torch.Generator().manual_seed(0)))
    res = call('predict', '--model', tmp_path/'m.pt', tmp_path/'seven.png')
    assert res.exit_code==1
    assert f'expected a network from 784 pixels to 10 scores, got one from {sizes[0]} to {sizes[1]}' in res.output

def test_doctor_finds_nothing_here():
    res = call('doctor')
    assert res.exit_code==0 and res.output.endswith('All is well.\n') and '!!' not in res.output
