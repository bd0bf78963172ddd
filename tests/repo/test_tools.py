"The scripts in tools/: one way to read and write notebooks, outputs that say the same, and a browser that is found"
import os, subprocess, sys

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
