"The notebooks run, offline; the package is what they export; what they store is clean"
import ast, builtins, json, os, re, subprocess, sys
from configparser import ConfigParser

import pytest

from repository import BIN, HELPERS, NOTEBOOKS, PACKAGE, ROOT, copy_repository

MODULES = sorted(p for p in PACKAGE.rglob('*.py') if 'content' not in p.parts)
GUARD = str(HELPERS/'no_network')

def name(path): return path.name

def python(code, **env):
    return subprocess.run([sys.executable, '-c', code], cwd=ROOT, env=os.environ|env, capture_output=True, text=True, timeout=300)

# Running

@pytest.mark.long
@pytest.mark.parametrize('path', NOTEBOOKS, ids=name)
def test_notebook_runs(path, tmp_path):
    env = {k: v for k, v in os.environ.items() if k!='MPLBACKEND'} | {'PYTHONPATH': GUARD, 'OMP_NUM_THREADS': '1', 'SGD_COURSE_HOME': str(tmp_path)}
    cmd = [BIN/'nbdev-test', path, '--n-workers', '0']
    res = subprocess.run(cmd, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    # nbdev-test ends with 0 when it finds no notebook, so its word counts and not its exit code alone.
    assert (res.returncode, res.stdout.split()[-1:]) == (0, ['Success.']), res.stdout + res.stderr

@pytest.mark.parametrize('code', [
    "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "socket.getaddrinfo('example.org', 80)",
    "socket.socket().connect(('192.0.2.1', 80))",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    "urllib.request.urlopen('https://example.org')",
    "subprocess.run([sys.executable, '-c', 'import socket; socket.getaddrinfo(\"example.org\", 80)'], check=True)"])
def test_guard_cuts_the_network(code):
    res = python(f'import socket, subprocess, sys, urllib.request; {code}', PYTHONPATH=GUARD)
    assert res.returncode==1 and 'the course must not use the network' in res.stderr

def test_guard_lets_the_machine_talk_to_itself():
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('connected')"
    res = python(code, PYTHONPATH=GUARD)
    assert res.stdout=='connected\n', res.stderr

# Exporting and cleaning

def contents(folder): return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob('*')) if p.is_file() and '__pycache__' not in p.parts}

@pytest.mark.parametrize('command', ['nbdev-export', 'nbdev-clean'])
def test_command_changes_nothing(command, tmp_path):
    repo = copy_repository(tmp_path)
    before = contents(repo)
    subprocess.run([BIN/command], cwd=repo, check=True, capture_output=True, timeout=300)
    after = contents(repo)
    assert [n for n in before.keys() | after.keys() if before.get(n)!=after.get(n)] == [], f'run {command}'

# What is stored

@pytest.mark.parametrize('path', NOTEBOOKS, ids=name)
def test_stored_notebook_is_clean(path):
    assert path.stat().st_size < 400_000
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    assert len({c['id'] for c in cells})==len(cells), 'cell ids must differ'
    for cell in (c for c in cells if c['cell_type']=='code'):
        assert cell['execution_count'] is None
        assert [o for o in cell['outputs'] if o['output_type']=='error'] == []
        found = re.findall(r'(?<![\w.])/(?:home|root|tmp|Users|work|opt|private)/[^"\s]*', json.dumps(cell['outputs']))
        assert found==[], 'an output names a place on the machine that made it'

# Names and layers

def bound(tree):
    "Names that `tree` binds anywhere"
    for n in ast.walk(tree):
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)): yield n.name
        elif isinstance(n, ast.arg): yield n.arg
        elif isinstance(n, ast.ExceptHandler) and n.name: yield n.name
        elif isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store): yield n.id
        elif isinstance(n, (ast.Import, ast.ImportFrom)): yield from (a.asname or a.name.split('.')[0] for a in n.names)

def unbound(text):
    "Names that a module uses and never binds"
    tree = ast.parse(text)
    known = {*bound(tree), *dir(builtins), '__file__', '__name__'}
    return sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - known)

@pytest.mark.parametrize('path', MODULES, ids=name)
def test_module_binds_the_names_it_uses(path):
    assert unbound(path.read_text(encoding='utf-8')) == []
    assert 'import *' not in path.read_text(encoding='utf-8'), 'a star import hides where a name comes from'

def test_name_check_finds_a_missing_import(): assert unbound('def f(x): return np.sum(x) + y') == ['np', 'y']

def imports(text):
    "Modules that a module of the package imports; those of the package begin with a dot"
    for n in ast.walk(ast.parse(text)):
        if isinstance(n, ast.Import): yield from (re.sub(r'^sgd_course(\.|$)', '.', a.name) for a in n.names)
        elif isinstance(n, ast.ImportFrom):
            module = '.'*n.level + (n.module or '') if n.level else re.sub(r'^sgd_course(\.|$)', '.', n.module)
            yield from ([f'.{a.name}' for a in n.names] if module=='.' else [module])

def test_imports_are_read():
    text = 'import sgd_course.data, torch.nn\nfrom .plots import a\nfrom sgd_course.app.cli import b\nfrom sgd_course import data\nfrom . import quadratic_loss'
    assert list(imports(text)) == ['.data', 'torch.nn', '.plots', '.cli', '.data', '.quadratic_loss']

def chapters():
    "Modules that the numbered notebooks export, in order"
    for path in NOTEBOOKS:
        found = re.search(r'#\| default_exp (\w+)', path.read_text(encoding='utf-8'))
        if found and re.match(r'\d\d_', path.name): yield found[1]

COMMANDS = 'cli', 'train', 'doctor' # They stand above all chapters, and nothing imports them

@pytest.mark.parametrize('path', MODULES, ids=name)
def test_module_imports_only_what_lies_below(path):
    found, order = set(imports(path.read_text(encoding='utf-8'))), list(chapters())
    later = [] if path.stem in COMMANDS else order[order.index(path.stem):] if path.stem in order else order
    assert found & {f'.{m}' for m in later} == set(), 'a chapter imports earlier chapters only, a support module imports none'
    assert path.stem in COMMANDS or found & {f'.{m}' for m in COMMANDS} == set()
    assert {m.split('.')[0] for m in found} & {'website', 'tests', 'tools', 'benchmarks', 'nbdev', 'fastcore'} == set()

def requirements(*keys):
    "Names under which the packages required in settings.ini are imported"
    ini = ConfigParser(delimiters=['='])
    ini.read(ROOT/'settings.ini', encoding='utf-8')
    for key in keys: yield from (IMPORTED_AS.get(n, n) for n in re.findall(r'^[\w-]+', ini['DEFAULT'][key], re.M))

IMPORTED_AS = {'pillow': 'PIL', 'matplotlib-inline': 'matplotlib_inline'}

@pytest.mark.parametrize('path', NOTEBOOKS, ids=name)
def test_notebook_needs_only_what_learners_install(path):
    cells = [c for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if c['cell_type']=='code']
    sources = [''.join(c['source']) for c in cells]
    found = {m.split('.')[0] for s in sources if not re.search(r'^[!%]', s, re.M) for m in imports(s)} - {''}
    brought = {'fastcore', 'IPython', 'PIL', 'jupyter_core', 'nbformat'} # By fastai, jupyterlab and matplotlib
    assert found - brought - {*requirements('requirements', 'lab_requirements'), *sys.stdlib_module_names} == set()

HEAVY = 'torch', 'fastai', 'torchvision', 'matplotlib', 'jupyterlab'

@pytest.mark.parametrize('module, allowed', [('sgd_course', ()), ('sgd_course.app.cli', ()), ('sgd_course.data', ('torch',)), ('sgd_course.figures', ())])
def test_import_stays_light(module, allowed):
    res = python(f'import {module}, sys; print(*sorted(set({HEAVY}) & sys.modules.keys()))')
    assert res.returncode==0, res.stderr
    assert set(res.stdout.split()) <= set(allowed)
