"The package on its own: what its two archives hold, and that it works with no repository around"
import ast, email, json, os, re, subprocess, sys, tarfile, tomllib, zipfile

import pytest
import yaml

from repository import NOTEBOOKS, PACKAGE, ROOT, copy_repository, repository_files

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
    assert any(n.endswith('.dist-info/licenses/LICENSE') for n in names)

def test_sdist_holds_what_a_build_needs(built):
    with tarfile.open(built[0]) as t: names = {m.name.split('/', 1)[-1] for m in t.getmembers()}
    needed = {'settings.ini', 'setup.py', 'pyproject.toml', 'README.md', 'LICENSE', 'nbs/index.ipynb'}
    assert needed | {'sgd_course/content/mnist/mnist.npz'} <= names

def test_metadata(built):
    meta, project = metadata(built), tomllib.loads((ROOT/'pyproject.toml').read_text())['project']
    found = [meta[k] for k in ('Name', 'Author', 'License-Expression')]
    assert found==['sgd_course', 'The sgd_course authors', 'Apache-2.0']
    assert meta['Requires-Python']==project['requires-python']=='>=3.11'
    assert meta['Version']==yaml.safe_load((ROOT/'CITATION.cff').read_text())['version']
    assert set(meta.get_all('Provides-Extra')) == {'lab', 'site', 'dev'}
    assert meta.get_all('Project-URL', [])==[f'{name}, {url}' for name, url in project.get('urls', {}).items()]
    assert meta['Summary'] and meta['Description-Content-Type'].startswith('text/markdown')

def test_requirements_have_lower_bounds_only(built):
    needs = [r for r in metadata(built).get_all('Requires-Dist') if 'extra ==' not in r]
    assert {'torch', 'torchvision', 'fastai', 'matplotlib', 'numpy'} <= {r.split('>=')[0] for r in needs}
    assert [r for r in needs if '>=' not in r or '<' in r or '==' in r] == []

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

def test_every_module_imports_from_the_wheel(installed, tmp_path):
    paths = [p.relative_to(ROOT).with_suffix('') for p in PACKAGE.rglob('[!_]*.py')]
    modules = ', '.join('.'.join(path.parts) for path in paths)
    alone(installed, tmp_path, f'import {modules}')

def test_lab_lays_out_from_the_wheel(installed, tmp_path):
    code = "import json; from sgd_course.app.lab import lay_out; print(json.dumps(lay_out('my_course')))"
    out = alone(installed, tmp_path, code)
    assert set(json.loads(out)['new']) >= NAMES
    for name in NAMES:
        assert (tmp_path/'my_course'/name).read_bytes() == (installed/'sgd_course/notebooks'/name).read_bytes()

def test_installed_command(installed, tmp_path):
    env = os.environ | {'PYTHONPATH': str(installed)}
    assert 'version' in run(installed/'bin/sgd-course', '--version', cwd=tmp_path, env=env).stdout
