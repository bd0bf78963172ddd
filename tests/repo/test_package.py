"The package on its own: what its two archives hold, and that it works with no repository around"
import ast, email, json, os, re, subprocess, sys, tarfile, tomllib, zipfile
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement

from repository import NOTEBOOKS, PACKAGE, ROOT, copy_repository, repository_files
from sgd_course.app.lab import course_copies

pytestmark = pytest.mark.slow

NAMES = {p.relative_to(ROOT/'nbs').as_posix() for p in NOTEBOOKS}

def run(*cmd, **kwargs):
    res = subprocess.run([str(c) for c in cmd], capture_output=True, text=True, timeout=300, **kwargs)
    assert res.returncode==0, res.stdout + res.stderr
    return res

@pytest.fixture(scope='module')
def built(tmp_path_factory):
    "Build the sdist from the repository's files, and the wheel from the sdist, without the network"
    repo, out = copy_repository(tmp_path_factory.mktemp('repo')), tmp_path_factory.mktemp('dist')
    res = run(sys.executable, '-m', 'build', '--no-isolation', '--outdir', out, repo)
    return next(out.glob('*.tar.gz')), next(out.glob('*.whl')), res.stdout + res.stderr

@pytest.fixture(scope='module')
def installed(built, tmp_path_factory):
    "A folder that holds the installed wheel and nothing else"
    place = tmp_path_factory.mktemp('installed')
    run(sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index', '--target', place, built[1])
    return place

def wheel_files(built):
    with zipfile.ZipFile(built[1]) as z: return {i.filename: i.file_size for i in z.infolist()}

def metadata(built):
    with zipfile.ZipFile(built[1]) as z:
        name = next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))
        return email.message_from_bytes(z.read(name))

def test_docstring_of_the_package_is_its_map():
    "It names the chapters in their order, and everything else that lies in the package"
    text = ast.get_docstring(ast.parse((PACKAGE/'__init__.py').read_text()))
    assert re.findall(r'^- `(\w+)`', text, re.M)==[p.stem[3:] for p in NOTEBOOKS if re.match(r'\d\d_', p.name)]
    there = {p.stem for p in PACKAGE.iterdir() if p.name[0] not in '_.' and (p.suffix=='.py' or p.is_dir())}
    assert there=={*re.findall(r'`(\w+)`', text)} - {'sgd'}

def test_build_has_no_warning(built):
    _, _, log = built
    assert [l for l in log.splitlines() if 'warning' in l.lower() and 'byte-compiling is disabled' not in l] == []

def test_wheel_holds_package_chapters_and_data(built):
    names = wheel_files(built).keys()
    expected = {n for n in repository_files() if n.startswith('sgd_course/')}
    chapters = {p.relative_to(ROOT).as_posix() for p in NOTEBOOKS}
    shipped = {n for n in repository_files() if n.startswith('nbs/images/') or n in chapters}
    expected |= {n.replace('nbs/', 'sgd_course/notebooks/', 1) for n in shipped}
    assert expected - names == set()
    assert {n for n in names if '.dist-info/' not in n} - expected == set()
    for licence in ('LICENSE', 'LICENSE-CC-BY-4.0'):
        assert any(n.endswith(f'.dist-info/licenses/{licence}') for n in names)

def test_sdist_holds_the_repository(built):
    with tarfile.open(built[0]) as t: names = {m.name.split('/', 1)[-1] for m in t.getmembers()}
    assert set(repository_files()) - names == set()

@pytest.mark.long
def test_tests_of_the_sdist_run(built, tmp_path):
    "All of them are found, and some are run; there is no git around"
    with tarfile.open(built[0]) as t: t.extractall(tmp_path, filter='data')
    [repo] = tmp_path.iterdir()
    env = {k: v for k, v in os.environ.items() if k!='PYTHONPATH'} | {'PATH': str(tmp_path)}
    pytest_here = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', '-p', 'no:xdist']
    found = run(*pytest_here, '--collect-only', cwd=repo, env=env).stdout
    assert 'tests/content/test_glossary.py' in found and not re.search(r'^ERROR|\d errors?\b', found, re.M)
    some = 'tests/repo/test_readme.py', 'tests/content/test_glossary.py'
    assert ' passed' in run(*pytest_here, '-m', 'not slow', *some, cwd=repo, env=env).stdout

def test_metadata(built):
    meta, project = metadata(built), tomllib.loads((ROOT/'pyproject.toml').read_text())['project']
    found = [meta[k] for k in ('Name', 'Author', 'License-Expression')]
    assert found==['sgd_course', 'The sgd_course authors', 'Apache-2.0 AND CC-BY-4.0']
    assert meta['Requires-Python']==project['requires-python']=='>=3.11'
    minor = range(int(meta['Requires-Python'].split('.')[1]), 15)
    languages = {f'Programming Language :: Python :: 3.{n}' for n in minor}
    assert languages <= {*meta.get_all('Classifier')}
    assert set(meta.get_all('Provides-Extra')) == {'lab', 'anki', 'site', 'dev'}
    assert meta.get_all('Project-URL', [])==[f'{name}, {url}' for name, url in project.get('urls', {}).items()]
    assert meta['Summary'] and meta['Description-Content-Type'].startswith('text/markdown')

def test_requirements_have_lower_bounds_only(built):
    needs = metadata(built).get_all('Requires-Dist')
    base = {r.split('>=')[0] for r in needs if 'extra ==' not in r}
    learner = {r.split('>=')[0] for r in needs if 'extra == "lab"' in r}
    assert {'torch', 'numpy'} <= base and {'torchvision', 'fastai', 'matplotlib', 'jupyterlab'} <= learner - base
    assert [r for r in needs if '>=' not in r or ('<' in r and not r.startswith('sphinx'))] == []

def test_console_script(built):
    with zipfile.ZipFile(built[1]) as z:
        name = next(n for n in z.namelist() if n.endswith('entry_points.txt'))
        assert 'sgd-course = sgd_course.app.cli:main' in z.read(name).decode()

def test_size(built):
    assert wheel_files(built)['sgd_course/content/mnist/mnist.npz'] <= 11_600_000
    assert max(p.stat().st_size for p in built[:2]) < 20_000_000

def alone(installed, tmp_path, code):
    "Run `code` from a folder outside the repository, with the installed wheel first on the path"
    code = f'import sgd_course; assert sgd_course.__file__.startswith({str(installed)!r}); {code}'
    env = os.environ | {'PYTHONPATH': str(installed), 'SGD_COURSE_HOME': str(tmp_path)}
    return run(sys.executable, '-c', code, cwd=tmp_path, env=env).stdout

def test_data_loads_from_the_wheel(installed, tmp_path):
    out = alone(installed, tmp_path, 'from sgd_course.data import load_mnist; print(*load_mnist().images.shape)')
    assert out=='60000 28 28\n'

def test_figures_come_from_the_wheel(installed, tmp_path):
    code = 'from sgd_course.figures import descent_figure; print(descent_figure().html.count("function walk"))'
    out = alone(installed, tmp_path, code)
    assert out=='1\n', 'the figures are in the wheel'

def closure(names):
    "The installed packages of these names, and all that they need on this machine"
    found, todo = {}, list(names)
    while todo:
        name = todo.pop().lower().replace('_', '-')
        if name in found: continue
        found[name] = distribution(name)
        needs = map(Requirement, found[name].requires or ())
        todo += [o.name for o in needs if o.marker is None or o.marker.evaluate({'extra': ''})]
    return found.values()

@pytest.fixture(scope='module')
def base(installed, tmp_path_factory):
    "The environment of a Python that has the wheel and what it asks for without extras, and nothing else"
    place = tmp_path_factory.mktemp('base')
    [info] = installed.glob('*.dist-info/METADATA')
    needs = map(Requirement, email.message_from_bytes(info.read_bytes()).get_all('Requires-Dist'))
    for dist in closure(o.name for o in needs if o.marker is None):
        for top in {file.parts[0] for file in dist.files or () if file.parts[0] not in ('..', '__pycache__')}:
            if not (place/top).exists(): (place/top).symlink_to(dist.locate_file(top))
    return os.environ | {'PYTHONPATH': os.pathsep.join([str(installed), str(place)])}

EVERYTHING = ', '.join('.'.join(p.relative_to(ROOT).with_suffix('').parts) for p in PACKAGE.rglob('[!_]*.py'))
DRAW = """
from sgd_course import plots
try: plots.show_images([[[0., 1.]]])
except ImportError as e: print(e)"""

def test_every_module_imports_without_the_extras(base, installed, tmp_path):
    "-S keeps out what else is installed beside this Python"
    code = f'import {EVERYTHING}, sys; print(*{{"matplotlib", "IPython", "fastai"}} & sys.modules.keys()){DRAW}'
    out = run(sys.executable, '-S', '-c', code, cwd=tmp_path, env=base).stdout
    assert out.startswith('\nfigures need Matplotlib') and 'sgd_course[lab]' in out

def test_commands_name_the_extra_that_is_missing(base, installed, tmp_path):
    lab = [sys.executable, '-S', installed/'bin/sgd-course', 'lab']
    res = subprocess.run(lab, cwd=tmp_path, env=base, capture_output=True, text=True)
    assert res.returncode==1 and res.stderr.count('\n')==1 and 'sgd_course[lab]' in res.stderr

def test_lab_lays_out_from_the_wheel(installed, tmp_path):
    code = "import json; from sgd_course.app.lab import lay_out; print(json.dumps(lay_out('my_course')))"
    out = alone(installed, tmp_path, code)
    assert set(json.loads(out)['new']) >= NAMES
    copies = course_copies(installed/'sgd_course/notebooks')
    for name in NAMES: assert (tmp_path/'my_course'/name).read_bytes()==copies[name]

def test_installed_command(installed, tmp_path):
    env = os.environ | {'PYTHONPATH': str(installed)}
    assert 'version' in run(installed/'bin/sgd-course', '--version', cwd=tmp_path, env=env).stdout
