"Where others start the course: a container of an editor, and Binder, as far as that can be seen without them"
import json, os, re, subprocess, sys, tomllib

import pytest
from packaging.specifiers import SpecifierSet

from repository import ROOT

PYTHON = SpecifierSet(tomllib.loads((ROOT/'pyproject.toml').read_text(encoding='utf-8'))['project']['requires-python'])

def test_the_container_is_set_up_by_a_command_of_make():
    container = json.loads((ROOT/'.devcontainer'/'devcontainer.json').read_text(encoding='utf-8'))
    command, target = container['postCreateCommand'].split()
    needs = re.search(rf'(?m)^{target}:(.*)##', (ROOT/'Makefile').read_text())[1]
    assert command=='make' and '$(STAMP)' in needs, 'it installs all'
    assert container['image'].rpartition(':')[2] in PYTHON
    python = container['customizations']['vscode']['settings']['python.defaultInterpreterPath']
    assert python=='${containerWorkspaceFolder}/.venv/bin/python'

def test_binder_installs_what_a_learner_needs():
    lines = (ROOT/'.binder'/'requirements.txt').read_text().splitlines()
    name, extra = re.fullmatch(r'-e (\.)\[(\w+)\]', lines[-1]).groups()
    assert (ROOT/name/'setup.py').is_file() and f'{extra}_requirements' in (ROOT/'settings.ini').read_text()
    assert (ROOT/'.binder'/'runtime.txt').read_text().strip().removeprefix('python-') in PYTHON

@pytest.mark.skipif(os.name=='nt', reason='Binder runs Linux')
def test_binder_lays_out_a_copy_that_is_trusted(tmp_path):
    from nbformat import read
    from nbformat.sign import NotebookNotary
    home = {'JUPYTER_DATA_DIR': str(tmp_path/'data'), 'PYTHONPATH': str(ROOT)}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ['PATH']])
    subprocess.run([ROOT/'.binder'/'postBuild'], cwd=tmp_path, env=os.environ | home | {'PATH': path}, check=True)
    notary = NotebookNotary(data_dir=str(tmp_path/'data'))
    assert notary.check_signature(read(tmp_path/'my_course'/'index.ipynb', 4))
