"Names and layers: arrows between modules point one way, as CONTRIBUTING says"
import ast, builtins, re, subprocess, sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import pytest

from repository import MODULES, NOTEBOOKS, ROOT, imports

# Names

def bound(tree):
    "Names that `tree` binds anywhere"
    for n in ast.walk(tree):
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)): yield n.name
        elif isinstance(n, ast.arg): yield n.arg
        elif isinstance(n, ast.ExceptHandler) and n.name: yield n.name
        elif isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name: yield n.name
        elif isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store): yield n.id
        elif isinstance(n, (ast.Import, ast.ImportFrom)): yield from (a.asname or a.name.split('.')[0] for a in n.names)

def unbound(text):
    "Names that a module uses and never binds"
    tree = ast.parse(text)
    known = {*bound(tree), *dir(builtins), '__file__', '__name__'}
    return sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - known)

def read(path): return path.read_text(encoding='utf-8')

def test_modules_bind_the_names_they_use():
    assert {m: unbound(read(p)) for m, p in MODULES.items() if unbound(read(p))} == {}
    assert [m for m, p in MODULES.items() if 'import *' in read(p)] == [], 'a star import hides where a name comes from'

def test_name_check_finds_a_missing_import(): assert unbound('def f(x): return np.sum(x) + y') == ['np', 'y']

# Layers

def package_of(module): return module if MODULES[module].name=='__init__.py' else module.rpartition('.')[0]

def arrows():
    "For each module of the package, the names of all modules that it imports, inside functions too"
    return {m: {*imports(read(path), package_of(m))} for m, path in MODULES.items()}

def chapters():
    "The modules that the numbered notebooks export to, in order"
    for path in NOTEBOOKS:
        found = re.search(r'#\| default_exp ([\w.]+)', read(path))
        if found and re.match(r'\d\d_', path.name): yield f'sgd_course.{found[1]}'

OUTSIDE = {'website', 'tests', 'tools', 'benchmarks', 'experiments', 'examples', 'nbdev'}

def against_the_stream(arrows, order):
    "Imports that point the wrong way, as pairs of modules"
    for module, found in arrows.items():
        room = module.split('.')[1] if module.count('.')>1 else ''
        above = room in ('app', 'practice') or module in ('sgd_course.fused', 'sgd_course.workers')
        later = order[order.index(module):] if module in order else [] if above else order
        for other in found:
            if other in later or other.split('.')[0] in OUTSIDE: yield module, other
            door = room=='app' or module=='sgd_course.__main__'
            if not door and other.startswith('sgd_course.app'): yield module, other

def test_imports_point_one_way():
    "A chapter imports earlier chapters only, what lies below them imports none, and nothing imports the app"
    assert sorted(against_the_stream(arrows(), [*chapters()])) == []

def test_wrong_arrows_are_found():
    order = ['sgd_course.a', 'sgd_course.b']
    wrong = {'sgd_course.a': {'sgd_course.b'}, 'sgd_course.plots': {'sgd_course.a'},
        'sgd_course.b': {'sgd_course.app.cli', 'tools.readme'}}
    right = {'sgd_course.b': {'sgd_course.a', 'torch'}, 'sgd_course.practice.x': {'sgd_course.a'},
        'sgd_course.app.cli': {'sgd_course.b', 'sgd_course.app.lab'}}
    assert sorted(against_the_stream(wrong, order)) == sorted((m, o) for m, found in wrong.items() for o in found)
    assert [*against_the_stream(right, order)] == []

def test_imports_are_read():
    lines = {'import sgd_course.data, torch.nn': ['sgd_course.data', 'torch.nn'],
        'from .plots import a': ['sgd_course.plots'],
        'from sgd_course.app.cli import b': ['sgd_course.app.cli'], 'from sgd_course import data': ['sgd_course.data'],
        'from . import quadratic_loss': ['sgd_course.quadratic_loss'], 'from os import path': ['os']}
    assert {line: [*imports(line, 'sgd_course')] for line in lines} == lines
    lines = {'from ..files import a': ['sgd_course.files'],
        'from .. import data, __version__': ['sgd_course.data', 'sgd_course'],
        'from .cli import b': ['sgd_course.app.cli']}
    assert {line: [*imports(line, 'sgd_course.app')] for line in lines} == lines

def circle(arrows):
    "A circle of imports, as a list that ends with what it begins with; empty if there is none"
    try: [*TopologicalSorter(arrows).static_order()]
    except CycleError as e: return e.args[1]
    return []

def test_no_circle_of_imports():
    "Not even through imports inside functions"
    inside = {m: {o for o in found if o in MODULES and o not in (m, 'sgd_course')} for m, found in arrows().items()}
    assert circle(inside) == []

def test_circle_is_found(): assert {*circle({'a': {'b'}, 'b': {'c'}, 'c': {'a'}, 'd': {'a'}})}=={'a', 'b', 'c'}

# Public names

def public(text):
    "What a module lists in `__all__`"
    for n in ast.parse(text).body:
        if isinstance(n, ast.Assign) and getattr(n.targets[0], 'id', '')=='__all__': return ast.literal_eval(n.value)
    return []

def test_public_names_are_those_of_one_module():
    "A star import of two chapters changes the meaning of no name"
    owners = Counter(name for path in MODULES.values() for name in public(read(path)))
    assert [name for name, n in owners.items() if n>1]==[]

def test_no_folder_has_the_name_of_a_module():
    assert [m for m, path in MODULES.items() if path.with_suffix('').is_dir()]==[]

# What an import loads

HEAVY = 'torch', 'fastai', 'torchvision', 'matplotlib', 'IPython', 'jupyterlab'
LIGHT = [('sgd_course', ''), ('sgd_course.app.cli', ''), ('sgd_course.figures', ''),
    ('sgd_course.data', 'torch'), ('sgd_course.backprop', 'torch')]

@pytest.mark.parametrize('module, allowed', LIGHT)
def test_import_stays_light(module, allowed):
    code = f'import {module}, sys; print(*sorted(set({HEAVY}) & sys.modules.keys()))'
    res = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert res.returncode==0, res.stderr
    assert set(res.stdout.split()) <= {allowed}
