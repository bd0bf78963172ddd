"The command on consoles that lack letters or are not there, with numbers that make no sense, and without libraries"
import io, os, subprocess, sys

import pytest
import torch
from click.testing import CliRunner

from repository import ROOT
from subtests import each
from sgd_course import files
from sgd_course.app import cli, doctor
from sgd_course.app.train import Settings, check_settings, run_file, train_digits
from sgd_course.data import load_mnist
from sgd_course.learner import load_model, save_model
from sgd_course.nonlinearity import mlp

def call(*args): return CliRunner().invoke(cli.main, [str(a) for a in args])

def run(monkeypatch, out, *args):
    "Exit code of the command with `out` as its standard output"
    monkeypatch.setattr(sys, 'stdout', out)
    with pytest.raises(SystemExit) as e: cli.main([str(a) for a in args])
    return e.value.code or 0

# Consoles

@pytest.fixture
def pictures(tmp_path, monkeypatch):
    "A folder with a network, and a digit under names in several scripts"
    from PIL import Image
    monkeypatch.chdir(tmp_path)
    save_model('network.pt', mlp([784, 10], generator=torch.Generator().manual_seed(0)))
    for name in ('数字.png', 'цифра.png', 'ünï.png', '7️⃣.png'):
        Image.fromarray(load_mnist('test').images[0].numpy()).save(name)
    return sorted(p.name for p in tmp_path.glob('*.png'))

@pytest.mark.parametrize('encoding', ['ascii', 'cp1252', 'cp932', 'utf-8'])
def test_the_answer_is_told_whatever_letters_the_console_lacks(encoding, pictures, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    assert run(monkeypatch, out, 'predict', *pictures)==0
    if encoding=='ascii': encoding = 'utf-8'   # click takes such a console to be misconfigured
    lines = out.buffer.getvalue().decode(encoding).splitlines()
    known = [name.encode(encoding, 'replace').decode(encoding) for name in pictures]
    assert [line.split(': ')[0] for line in lines]==known and all('%' in line for line in lines)

class Tee:
    "As programs make one, with nothing but `write`"
    def __init__(self): self.text = ''
    def write(self, text): self.text += text
    def flush(self): pass

SMALL = 'train', '--epochs', 1, '--hidden', 0, '--batch-size', 5000, '--device', 'cpu', '--out'

def test_training_needs_no_console(tmp_path, monkeypatch):
    assert run(monkeypatch, None, *SMALL, tmp_path/'a.pt')==0 and (tmp_path/'a.pt').exists()
    assert run(monkeypatch, tee := Tee(), *SMALL, tmp_path/'b.pt')==0 and 'Wrote' in tee.text

class Full(Tee):
    def write(self, text): raise OSError(28, 'No space left on device')

def test_a_full_disk_behind_the_output_loses_no_training(tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, Full(), *SMALL, tmp_path/'a.pt')==1 and load_model(tmp_path/'a.pt')
    assert 'The output cannot be written: No space left on device' in capsys.readouterr().err
    assert run(monkeypatch, Full(), 'progress')==1

# Numbers that make no sense

ABSURD = [('epochs', [0, 10**30]), ('hidden', [-1, 10**9, 10**19, '1e19']), 
    ('lr', [0, -1, 1e300, 1e-300, 'nan', 'inf']),
    ('batch_size', [0, 50_001, 10**12]), ('seed', [-1, 2**32, 0.5]), ('device', ['hpu', 'meta', 'cuda:99', 'nonsense'])]

@each('name, value', [(name, value) for name, values in ABSURD for value in values])
def test_absurd_numbers_are_refused_by_name(name, value, tmp_path):
    option, out = f'--{name.replace("_", "-")}', tmp_path/'new'/'network.pt'
    res = call('train', option, value, '--out', out)
    assert res.exit_code in (1, 2) and option in res.output.splitlines()[-1], res.output
    assert 'Traceback' not in res.output and not any(tmp_path.iterdir())
    if name=='device' or isinstance(value, str): return
    settings = Settings(**{name: (value,) if name=='hidden' else value})
    with pytest.raises(ValueError, match=f'expected {name}'): check_settings(settings)
    with pytest.raises(ValueError, match=f'expected {name}'): train_digits(out, settings, force=True)
    assert not any(tmp_path.iterdir())

def test_layers_that_are_too_much_together(tmp_path):
    res = call('train', '--hidden', 50_000, '--hidden', 50_000, '--out', tmp_path/'network.pt')
    assert res.exit_code==2 and "'--hidden': expected layers with at most" in res.output and not any(tmp_path.iterdir())

# Files

@pytest.mark.skipif(os.name=='nt', reason='Windows has other links')
def test_a_link_is_trained_to_and_told_apart_by_its_target(tmp_path):
    target, link = tmp_path/'cloud'/'best.pt', tmp_path/'best.pt'
    link.symlink_to(target)
    assert call(*SMALL, link).exit_code==0 and link.is_symlink() and load_model(target)
    assert [*target.parent.iterdir()]==[target] and {*tmp_path.iterdir()}=={link, target.parent}
    for again in (target, link, tmp_path/'new'/'..'/'best.pt'):
        res = call(*SMALL, again)
        assert res.exit_code==1 and 'is there already' in res.output, res.output
    run_file(link).touch()
    assert 'was interrupted' in call(*SMALL, target).output

def test_a_disk_that_fills_up_tells_what_is_kept_and_how_to_go_on(tmp_path, monkeypatch):
    out, sync = tmp_path/'my network.pt', os.fsync
    def fill(fits):
        left = iter(range(fits))
        def fsync(fd):
            if next(left, None) is None: raise OSError(28, 'No space left on device')
            sync(fd)
        monkeypatch.setattr(files.os, 'fsync', fsync)
    args = ['train', '--epochs', 3, '--hidden', 0, '--batch-size', 5000, '--device', 'cpu', '--out', out]
    fill(0)
    res = call(*args)
    assert res.exit_code==1 and 'choose another place with --out' in res.output and not any(tmp_path.iterdir())
    fill(4 + 2) # Four drafts to begin with, then two epochs
    res = call(*args)
    assert res.exit_code==1 and f'{out}: No space left on device' in res.output
    assert 'Make room' in res.output and f'--resume --out "{out}"' in res.output and run_file(out).exists()
    fill(99)
    assert call('train', '--resume', '--out', out).exit_code==0
    assert [p.name for p in tmp_path.iterdir()]==['my network.pt']

# Libraries

def python(*args, **kwargs):
    env = os.environ | {'PYTHONPATH': str(ROOT), 'PYTHONUTF8': '1'}
    return subprocess.run([sys.executable, *args], env=env, capture_output=True, text=True, timeout=300, **kwargs)

@pytest.mark.parametrize('module, package, args', [('torch', 'torch torchvision', ['train']),
    ('nbformat', 'nbformat', ['lab', 'x', '--no-browser'])])
def test_a_missing_library_is_named_with_its_cure(module, package, args, tmp_path):
    code = f'import sys; sys.modules[{module!r}] = None; from sgd_course.app.cli import main; main({args})'
    done = python('-c', code, cwd=tmp_path)
    assert done.returncode==1 and 'Traceback' not in done.stderr, done.stderr
    assert done.stderr.strip().endswith(f'pip install --force-reinstall {package}')

def test_the_module_is_the_command(tmp_path):
    "Even beside a file that hides a module of Python's own"
    (tmp_path/'random.py').write_text('raise SystemExit("this is not the random that you want")')
    done = python('-m', 'sgd_course', '--version', cwd=tmp_path)
    assert done.stdout.startswith('sgd-course, version'), done.stderr
    assert 'python -m sgd_course lab' in python('-m', 'sgd_course', 'lab', '-h', cwd=tmp_path).stdout

def test_doctor_finds_what_hides_a_library(tmp_path):
    for name in ('torch.py', 'random.py', 'PIL/__init__.py', 'mine.py', 'data.csv', 'json', '01_x.py', 'numpy.txt'):
        (tmp_path/name).parent.mkdir(exist_ok=True)
        (tmp_path/name).touch()
    found = doctor.look_at_names([tmp_path, tmp_path/'none'])
    names = [str(tmp_path/name) for name in ('PIL', 'random.py', 'torch.py')]
    assert found.cure and found.found.split(': ')[0]==', '.join(names)

DAMAGED = {'{"format": 1': 'is set aside', '{"format": 3}': 'update', '['*100_000: 'is set aside'}

@pytest.mark.parametrize('text', DAMAGED, ids=range(len(DAMAGED)))
def test_doctor_reads_the_progress(text, tmp_path, monkeypatch):
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))
    assert not doctor.look_at_progress().cure
    (tmp_path/'progress.json').write_text(text)
    assert DAMAGED[text] in doctor.look_at_progress().cure and [p.name for p in tmp_path.iterdir()]==['progress.json']

def test_doctor_looks_for_a_closed_folder_and_makes_none(tmp_path, monkeypatch):
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path/'new'/'home'))
    monkeypatch.setenv('JUPYTER_DATA_DIR', str(tmp_path/'new'/'jupyter'))
    looks = doctor.look_at_cache, doctor.look_at_progress, doctor.look_at_jupyter
    assert [look().cure for look in looks]==['']*3 and not any(tmp_path.iterdir())
    (tmp_path/'new').touch()
    for look, word in zip(looks, ('SGD_COURSE_HOME', 'SGD_COURSE_HOME', 'JUPYTER_DATA_DIR')):
        assert word in look().cure and 'ot a directory' in look().found
