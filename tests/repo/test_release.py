"What a release needs: versions that agree, a changelog, oldest versions; and set-ups that differ from ours"
import os, shutil, subprocess, sys

import pytest

from repository import BIN, ROOT, copy_repository, files_without_git, repository_files
from tools import oldest, release

# Versions

def test_changes_get_the_version():
    text = '# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.0.1\n\n- First.\n'
    new = release.released(text, '0.0.2')
    assert new=='# Changelog\n\n## Unreleased\n\n## 0.0.2\n\n- New.\n\n## 0.0.1\n\n- First.\n'
    for text, version, why in [(new, '0.0.2', 'already'), (new, '0.0.3', 'found none'), ('# Changelog\n', '1', 'none')]:
        with pytest.raises(ValueError, match=why): release.released(text, version)

@pytest.mark.slow
def test_bumped_version_stands_in_one_place(tmp_path):
    "What `nbdev-bump-version` writes is all there is to write"
    repo = copy_repository(tmp_path)
    before = {n: (repo/n).read_bytes() for n in repository_files()}
    subprocess.run([BIN/'nbdev-bump-version'], cwd=repo, check=True, capture_output=True, timeout=300)
    changed = [n for n, old in before.items() if (repo/n).read_bytes()!=old]
    assert changed==['sgd_course/__init__.py']

def test_every_requirement_has_an_oldest_version(tmp_path):
    assert {'fastai', 'fastcore', 'filelock', 'build', 'jupyterlab'} <= {o.split('==')[0] for o in oldest.constraints()}
    settings = tmp_path/'settings.ini'
    for lines, why in [('a', 'got a'), ('a<2', 'got a<2'), ('a>=1\n    a>=2', 'two of a')]:
        settings.write_text(f'[DEFAULT]\nlab_requirements =\n    {lines}\n')
        with pytest.raises(ValueError, match=why): oldest.constraints(settings)
    assert oldest.constraint('sphinx>=9.0,<10')=='sphinx==9.0'

# Other machines

def test_no_symbolic_link_and_one_end_of_line():
    "Windows has no links for everyone; its git would change the ends of lines"
    assert [n for n in repository_files() if (ROOT/n).is_symlink()]==[]
    assert '* text=auto eol=lf' in (ROOT/'.gitattributes').read_text()
    text = [n for n in repository_files() if not n.endswith(('.npz', '.woff2'))]
    assert [n for n in text if b'\r\n' in (ROOT/n).read_bytes()]==[]

@pytest.mark.skipif(not shutil.which('git') or not (ROOT/'.git').exists(), reason='git is not here to compare with')
def test_files_are_found_without_git(): assert set(repository_files()) <= set(files_without_git())

def make(folder, *args, path=''):
    "What `make` says when the environment is to be in `folder`; `path` comes first on the PATH"
    env = {k: v for k, v in os.environ.items() if not k.startswith('MAKE')}   # The tests may run under make
    env['PATH'] = os.pathsep.join([str(path), os.environ['PATH']])
    cmd = ['make', f'VENV={folder}', f'PYTHON={sys.executable}', *args]
    return subprocess.run(cmd, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300).stdout

@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('make'), reason='make is not installed')
def test_set_up_with_uv_installs_what_is_needed(tmp_path):
    "A stand-in for uv says what it is asked for"
    uv, folder = tmp_path/'bin/uv', tmp_path/'.venv'
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho uv "$@"\n[ $1 != venv ] || {sys.executable} -m venv --without-pip {folder}\n')
    uv.chmod(0o755)
    said = make(folder, f'{folder}/.installed-lab', path=uv.parent)
    assert 'uv venv' in said and 'about 6 GB' in said and said.endswith('--editable .[lab]\n')
    assert 'up to date' in make(folder, f'{folder}/.installed-lab', path=uv.parent)
    assert make(folder, f'{folder}/.installed', path=uv.parent).endswith('--editable .[lab,site,dev]\n')

@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('make') or shutil.which('uv'), reason='make is not installed, or uv is')
def test_environment_without_pip_gets_one(tmp_path):
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', tmp_path], check=True)
    said = make(tmp_path, 'BOUNDS=--help', f'{tmp_path}/.installed-lab')   # pip shows its help and installs nothing
    assert 'pip install [options]' in said and (tmp_path/'.installed-lab').exists()
