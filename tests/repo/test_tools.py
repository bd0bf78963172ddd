"The scripts in tools/: one way to read and write notebooks, outputs that say the same, and a browser that is found"
import base64, json, os, struct, subprocess, sys

import pytest

from repository import BIN, NOTEBOOKS, ROOT
from tools import browser, notebooks, outputs

# Notebooks

def test_notebooks_are_read_and_written_to_the_byte(tmp_path):
    path, old = tmp_path/'a.ipynb', NOTEBOOKS[0].read_bytes()
    nb = notebooks.read(NOTEBOOKS[0])
    assert notebooks.write(path, nb) and path.read_bytes()==old
    assert not notebooks.write(path, nb), 'nothing to change'
    assert notebooks.title(nb)==notebooks.titles()[NOTEBOOKS[0].stem]

# Outputs that say the same

SAME = [('a 0.123', 'a 0.124'), ('1.00 0.5', '1.004 0.5'), ('took 0.53 s', 'took 12.1 s'),
    ('<f at 0x7f00>', '<f at 0x8e11>'),
    ('3e-09', '-4e-08'), ('[ 1.5, -0.2]', '[  1.5,   -0.2]'), ('it 12 ms', 'it 3 µs'), ('w'*80, 'v'*80)]
OTHER = [('a 0.12', 'b 0.12'), ('0.12', '0.15'), ('7 of 10', '8 of 10'),
    ('-1.5', '1.5'), ('1, 2', '1, 2, 3'), ('1e-3', '1e3')]

@pytest.mark.parametrize('same, pairs', [(True, SAME), (False, OTHER)])
def test_texts(same, pairs): assert [(a, b) for a, b in pairs if outputs.same_text(a, b) is not same] == []

def test_elsewhere_only_words_count():
    assert outputs.same('text/plain', 'right: 12', 'right: 14', numbers=False)
    assert not outputs.same('text/plain', 'right: 12', 'wrong: 12', numbers=False)
    biases = [base64.b64encode(struct.pack('10f', *[b]*10)).decode() for b in (0.1, 0.2)]
    assert outputs.same('text/html', *(f'{{"bias": "{b}"}}' for b in biases), numbers=False)

def test_arithmetic_is_the_machines(): assert outputs.arithmetic()==outputs.arithmetic()

def svg(*paths, label='loss'):
    drawn = ''.join(f'<path d="{path}"/>' for path in paths or ['M0 0L100 50'])
    return f'<svg xmlns="http://www.w3.org/2000/svg">{drawn}<text x="9" y="9">{label}</text></svg>'

def test_pictures():
    drawn = outputs.small_svg(svg())
    for path in ('M0 0L100 50', 'M 0.1 0 L 50 25 L 99.5 50.2'):
        assert outputs.same('image/svg+xml', drawn, svg(path))
    others = svg('M0 0L100 60'), svg(label='error'), svg('M0 0L100 50', 'M0 0L100 50')
    assert not any(outputs.same('image/svg+xml', drawn, o) for o in others)

def test_extent_of_a_path():
    assert outputs.extent('M1 2 3 4h5v-6z')==(1, 8, -2, 4, 8, -2)
    assert outputs.extent('m1 2l.5-1e1c9 9 9 9 1 1')==(1, 2.5, -8, 2, 2.5, -7)

def cell(*found): return {'cell_type': 'code', 'id': 'x', 'source': 'f()', 'outputs': list(found)}
def printed(text, name='stdout'): return {'output_type': 'stream', 'name': name, 'text': text}
def shown(text, kind='display_data'): return {'output_type': kind, 'data': {'text/plain': [text]}}

def test_order_and_pieces_of_outputs_do_not_count():
    stored = cell(shown('2', 'execute_result'), printed('a'), shown('1'), printed('b'), printed('50%\r', 'stderr'))
    fresh = {'x': [printed('ab'), shown('1'), shown('2', 'execute_result')]}
    assert [*outputs.differences({'cells': [stored]}, fresh)] == []

@pytest.mark.parametrize('stored', [[], [shown('5')], [shown('4'), printed('late')]])
def test_stale_output_is_told(stored):
    found, = outputs.differences({'cells': [cell(*stored)]}, {'x': [shown('4')]})
    assert found.startswith('f()\n--- stored') and '--- now' in found

def test_cell_that_did_not_run_is_not_compared(): assert [*outputs.differences({'cells': [cell(shown('4'))]}, {})] == []

# Outputs that are left as they are

def noise(source, stored, fresh): return outputs.is_noise(cell(fresh) | {'source': source}, [stored])

def test_only_what_no_run_can_repeat_is_noise():
    assert noise('f', shown('<f at 0x7f00>'), shown('<f at 0x8e11>'))
    assert not noise('f()', shown('0.123'), shown('0.124')), 'what a run computes is stored to the last digit'
    assert noise('#| timing\nf()', shown('5.6 and 110.9'), shown('20.3 and 63.3'))
    assert not noise('#| timing\nf()', shown('ours 5.6'), shown('theirs 5.6'))
    assert not noise('#| timing\nf()', shown('5.6'), printed('5.6'))

CLOCK = """#| timing
import time
time.perf_counter()"""

def test_two_runs_store_the_same(tmp_path):
    "Also of a cell that measures, until its output is cleared or its code changes"
    texts = {'time': CLOCK, 'place': 'object()', 'sum': '2 + 2'}
    cells = [{'cell_type': 'code', 'id': name, 'metadata': {}, 'execution_count': None, 'source': [text], 'outputs': []}
        for name, text in texts.items()]
    kernel = {'display_name': 'python3', 'language': 'python', 'name': 'python3'}
    path = tmp_path/'a.ipynb'
    def run(cells):
        notebooks.write(path, {'cells': cells, 'metadata': {'kernelspec': kernel}, 'nbformat': 4, 'nbformat_minor': 5})
        outputs.refresh(path)
        return path.read_bytes(), [c['outputs'][0]['data']['text/plain'] for c in notebooks.read(path)['cells']]
    first, shown = run(cells)
    again, _ = run(notebooks.read(path)['cells'])
    assert again==first and shown[2]==['4']
    cells = notebooks.read(path)['cells']
    cells[0]['outputs'], cells[2]['source'] = [], ['2 + 3']
    _, changed = run(cells)
    assert changed[0]!=shown[0] and changed[1]==shown[1] and changed[2]==['5']

# What has changed

def tree(**change):
    "A small course: a chapter that uses two modules, and a page that uses none"
    def nb(*code): return json.dumps({'cells': [{'cell_type': 'code', 'source': [o]} for o in code]})
    return {'nbs/01_a.ipynb': nb('#| default_exp a', 'from sgd_course.b import f'), 'nbs/index.ipynb': nb('1 + 1'),
        'sgd_course/b.py': 'from .c import (g,\n    h)', 'sgd_course/c.py': 'x = 1', 'sgd_course/d.py': 'y = 1',
        'sgd_course/content/glossary.toml': 'one'} | change

@pytest.mark.parametrize('name, new, runs', [('sgd_course/b.py', 'x', 1), ('sgd_course/c.py', 'x = 2', 1),
    ('sgd_course/d.py', 'y = 2', 0), ('sgd_course/content/glossary.toml', 'two', 2)])
def test_a_notebook_runs_again_when_something_that_it_uses_has_changed(name, new, runs):
    pages = 'nbs/01_a.ipynb', 'nbs/index.ipynb'
    assert sum(outputs.made_of(p, tree())!=outputs.made_of(p, tree(**{name: new})) for p in pages)==runs
    assert outputs.made_of('nbs/none.ipynb', tree()) is None

def test_what_is_committed_or_noted_counts_as_run(monkeypatch, tmp_path):
    monkeypatch.setattr(outputs, 'RECORD', tmp_path/'build'/'outputs.json')
    monkeypatch.setattr(notebooks, 'paths', lambda: [ROOT/'nbs'/'01_a.ipynb', ROOT/'nbs'/'index.ipynb'])
    now = tree()
    monkeypatch.setattr(outputs, 'files_now', lambda: now)
    monkeypatch.setattr(outputs, 'files_committed', tree)
    def due(): return [p.stem for p in outputs.changed()]
    assert due()==[]
    now['sgd_course/c.py'] = 'x = 2'
    assert due()==['01_a']
    outputs.note('nbs/01_a.ipynb')
    assert due()==[]
    monkeypatch.setattr(outputs, 'files_committed', dict)   # No git
    assert due()==['index']

def test_the_last_commit_is_read():
    if not (ROOT/'.git').exists(): pytest.skip('the repository came without its history')
    assert outputs.files_committed().keys() >= {'nbs/index.ipynb', 'sgd_course/content/glossary.toml'}

# The browser

def test_broken_program_is_no_browser(tmp_path):
    (tmp_path/'chromium').write_text('#!/bin/sh\nexit 1\n')
    assert not browser.starts(tmp_path/'chromium')
    (tmp_path/'chromium').chmod(0o755)
    assert not browser.starts(tmp_path/'chromium') and browser.starts(sys.executable)

def test_packages_are_for_root_on_debian(monkeypatch):
    def first(root, debian):
        monkeypatch.setattr(browser, 'is_root', lambda: root)
        monkeypatch.setattr(browser, 'is_debian', lambda: debian)
        return [cmd[0] for cmd in browser.ways()[0]]
    assert first(True, True)==['apt-get', 'apt-get']
    assert first(False, True)==first(True, False)==first(False, False)==[sys.executable]

@pytest.mark.skipif(sys.platform=='darwin', reason='an app cannot be hidden')
def test_without_a_browser_tests_are_skipped_and_one_line_says_so(tmp_path):
    env = os.environ | {'PATH': str(BIN), 'PLAYWRIGHT_BROWSERS_PATH': str(tmp_path)}
    cmd = [sys.executable, '-m', 'pytest', 'tests/repo/test_site.py', '-p', 'no:cacheprovider', '-k', 'switches']
    res = subprocess.run(cmd, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert res.returncode==0, res.stdout
    said = [line for line in res.stdout.splitlines() if 'no Chromium or Chrome' in line]
    assert any('tests were skipped' in line for line in said)
    assert 'skipped' in res.stdout.splitlines()[-1] and 'passed' not in res.stdout.splitlines()[-1]

# The commands

def test_make_lists_every_command():
    text = (ROOT/'Makefile').read_text(encoding='utf-8')
    wanted = text.partition('.PHONY: ')[2].splitlines()[0].split()
    done = subprocess.run(['make', '--no-print-directory'], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines]==wanted and max(map(len, lines)) <= 120

def test_make_names_a_python_that_is_too_old(tmp_path):
    (tmp_path/'old').write_text('#!/bin/sh\nexit 1\n')
    (tmp_path/'old').chmod(0o755)
    cmd = ['make', 'site', f'PYTHON={tmp_path}/old', f'VENV={tmp_path}/venv']
    done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and 'needs Python 3.11 or newer' in done.stdout and not (tmp_path/'venv').exists()
