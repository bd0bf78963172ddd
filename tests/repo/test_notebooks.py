"The notebooks run, offline, and put out what they store; the package is what they export; what they store is clean"
import ast, json, os, re, subprocess, sys
from collections import Counter
from configparser import ConfigParser

import pytest

from execution import apart, run_cells, run_twice
from repository import BIN, NOTEBOOKS, ROOT, copy_repository, imports, name
from tools import notebooks, outputs

# Running

@pytest.mark.long
@pytest.mark.parametrize('path', NOTEBOOKS, ids=name)
def test_notebook_runs_and_puts_out_what_it_stores(path, tmp_path):
    fresh = apart(run_cells, path, tmp_path)
    assert fresh
    stale = [*outputs.differences(notebooks.read(path), fresh, numbers=outputs.made_here())]
    assert not stale, '\n\n'.join([f'{len(stale)} outputs of {path.name} are other ones now: `make outputs`', *stale])

CHAPTERS = [path for path in NOTEBOOKS if path.name[0].isdigit()]

TRAIN_LONG = ('03_pixel_weights.ipynb', '04_sigmoid.ipynb', '05_mini_batches.ipynb', '06_nonlinearity.ipynb',
    '12_climb.ipynb', '13_many_machines.ipynb')

@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize('path', CHAPTERS, ids=name)
def test_cells_of_a_chapter_run_twice_and_elsewhere(path, tmp_path):
    if os.environ.get('CI') and path.name in TRAIN_LONG: pytest.skip('CI has half an hour; `make test-all` runs it')
    assert apart(run_twice, path, tmp_path)

def test_cell_that_works_once_only_is_found(tmp_path):
    path = write_notebook(tmp_path/'once.ipynb', 'n = 1', 'n = 1/n - 1')
    assert apart(run_cells, path, tmp_path)
    with pytest.raises(AssertionError, match='ZeroDivisionError'): apart(run_twice, path, tmp_path)

def write_notebook(path, *sources):
    "A notebook with a code cell for each of `sources`, with the ids c0, c1, ..."
    empty = {'cell_type': 'code', 'metadata': {}, 'outputs': [], 'execution_count': None}
    cells = [{**empty, 'id': f'c{i}', 'source': text} for i, text in enumerate(sources)]
    path.write_text(json.dumps({'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}))
    return path

def result(path):
    "What the last cell of the notebook at `path` comes to, as text"
    *_, last = apart(run_cells, path, path.parent).values()
    return ''.join(last[-1]['data']['text/plain'])

def test_failing_cell_is_named_with_its_traceback(tmp_path):
    path = write_notebook(tmp_path/'fails.ipynb', 'x = 1', 'def f(y): return y/0', 'f(x)')
    with pytest.raises(AssertionError) as e: apart(run_cells, path, tmp_path)
    assert all(text in str(e.value) for text in ('fails.ipynb', 'Cell #3', 'f(x)', 'return y/0', 'ZeroDivisionError'))

def test_notebook_has_a_home_and_a_folder_of_its_own(tmp_path):
    code = "import os\nos.getcwd(), os.environ['SGD_COURSE_HOME'], 'MPLBACKEND' in os.environ"
    found = ast.literal_eval(result(write_notebook(tmp_path/'a.ipynb', code)))
    assert found==(str(tmp_path), str(tmp_path/'home'), False)

REACH_OUT = """
import socket, subprocess, sys, urllib.request
attempts = [lambda: socket.getaddrinfo('example.org', 80), lambda: urllib.request.urlopen('https://example.org'),
    lambda: socket.create_connection(('192.0.2.1', 80), timeout=1), lambda: socket.socket().connect(('192.0.2.1', 80)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))]
def refused(attempt):
    try: attempt()
    except OSError as e: return 'the course must not use the network' in str(e)
code = 'import socket; socket.getaddrinfo("example.org", 80)'
child = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname())   # The machine may talk to itself
[*map(refused, attempts), 'the course must not use the network' in child.stderr]"""

def test_network_is_cut(tmp_path):
    assert result(write_notebook(tmp_path/'out.ipynb', REACH_OUT))==str([True]*6)

@pytest.mark.slow
def test_contributors_command():
    cmd = [BIN/'nbdev-test', ROOT/'nbs/making/files.ipynb']
    res = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (res.returncode, res.stdout.split()[-1:]) == (0, ['Success.']), res.stdout + res.stderr

# Exporting and cleaning

def contents(folder):
    files = (p for p in sorted(folder.rglob('*')) if p.is_file() and '__pycache__' not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}

@pytest.mark.parametrize('command', ['nbdev-export', 'nbdev-clean'])
def test_command_changes_nothing(command, tmp_path):
    repo = copy_repository(tmp_path)
    before = contents(repo)
    subprocess.run([BIN/command], cwd=repo, check=True, capture_output=True, timeout=300)
    after = contents(repo)
    assert [n for n in before.keys() | after.keys() if before.get(n)!=after.get(n)] == [], f'run {command}'

# What is stored

PLACE = re.compile(r'(?<![\w.])/(?:home|root|tmp|Users|work|opt|private)/[^"\s]*')   # on somebody's machine
LOADS = re.compile(r'''(?x) (?:\bsrc | <link[^>]*\bhref | \bxlink:href)\s*=\s*["'](?:https?:)?// | @import
    | url\(["']?(?:https?:)?// | \bfrom\s*["']https?:''')

def data_of(cell):
    "The data of the outputs of `cell`, as pairs of a MIME type and a text"
    for o in cell['outputs']:
        yield from ((kind, ''.join(text)) for kind, text in o.get('data', {}).items() if not isinstance(text, dict))

def faults(cell):
    "What is wrong with what `cell` stores"
    if cell['execution_count'] is not None: yield 'has a number: run nbdev-clean'
    if any(o['output_type']=='error' for o in cell['outputs']): yield 'failed'
    if found := PLACE.search(json.dumps(cell['outputs'])): yield f'names a place on one machine: {found[0]}'
    if any(LOADS.search(text) for _, text in data_of(cell)): yield 'has an output that loads something from elsewhere'
    drawn = any(kind.startswith('image/') for kind, _ in data_of(cell))
    described = re.search(r'^#\| fig-alt: *\S', notebooks.text(cell), re.M)
    if drawn and not described: yield 'draws what no fig-alt describes'

def faults_of(path):
    "What is wrong with the notebook stored at `path`"
    nb = notebooks.read(path)
    if path.stat().st_size >= 520_000: yield 'is too large'
    # And nothing else, such as the version of Python
    if nb['metadata'].get('language_info')!=outputs.PYTHON: yield 'does not name its language: `make outputs`'
    yield from (f'has two cells {i}' for i, n in Counter(c['id'] for c in nb['cells']).items() if n>1)
    yield from ((fault, notebooks.text(cell)) for cell in notebooks.code_cells(nb) for fault in faults(cell))

def test_stored_notebooks_are_clean(): assert [(path.name, o) for path in NOTEBOOKS for o in faults_of(path)]==[]

def test_faults_are_found():
    svg = '<image xlink:href="https://example.org/x.png"/>'
    outputs = [{'output_type': 'display_data', 'data': {'image/svg+xml': [svg]}},
        {'output_type': 'error', 'traceback': ['/home/me/x.py']}]
    assert len(list(faults({'execution_count': 1, 'source': '#| fig-alt:\nplot()', 'outputs': outputs})))==5

# What a learner needs

IMPORTED_AS = {'pillow': 'PIL', 'matplotlib-inline': 'matplotlib_inline', 'math-core': 'math_core'}
# By fastai, jupyterlab and matplotlib
BROUGHT = {'IPython', 'PIL', 'jupyter_client', 'jupyter_core', 'nbconvert', 'nbformat', 'pandas', 'pygments', 'sklearn'}

def requirements(*keys):
    "Names under which the packages required in settings.ini are imported"
    ini = ConfigParser(delimiters=['='])
    ini.read(ROOT/'settings.ini', encoding='utf-8')
    for key in keys: yield from (IMPORTED_AS.get(n, n) for n in re.findall(r'^[\w-]+', ini['DEFAULT'][key], re.M))

def needed(path):
    "Names of the packages that the cells of the notebook at `path` import"
    for cell in notebooks.code_cells(notebooks.read(path)):
        text = notebooks.text(cell)
        if not re.search(r'^[!%]', text, re.M): yield from (m.split('.')[0] for m in imports(text))

def test_notebooks_need_only_what_learners_install():
    extras = 'requirements', 'lab_requirements', 'anki_requirements'   # The page on reviews runs without the last
    known = {'sgd_course', *BROUGHT, *requirements(*extras), *sys.stdlib_module_names}
    assert {(path.name, found) for path in NOTEBOOKS for found in needed(path) if found not in known} == set()
