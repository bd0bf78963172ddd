"A chapter says how long it takes, its core is short, and the code of its figures is folded"
import re

import pytest

from repository import NOTEBOOKS
from tools import notebooks, reading_time

CHAPTERS = [p for p in NOTEBOOKS if p.name[0].isdigit()]

def name(path): return path.stem
def prose(text): return {'cell_type': 'markdown', 'source': text}
def code(text): return {'cell_type': 'code', 'source': text}

def said_time(nb):
    "What the opening of a chapter says about its time"
    opening = '\n'.join(notebooks.text(c) for c in nb['cells'])
    said = re.search(r'\*\*Time:\*\* (.*?); runs in about (?:\d+ seconds|half a minute)\.', opening)
    return said and said[1]

def test_opening_says_how_long_it_takes():
    "`python -m tools.reading_time` writes it"
    found = {path.stem: notebooks.read(path) for path in CHAPTERS}
    assert {n: said_time(nb) for n, nb in found.items()}=={n: reading_time.spoken(nb, n[3:]) for n, nb in found.items()}

def test_core_is_short():
    cores = {path.stem: reading_time.sizes(notebooks.read(path))['core'] for path in CHAPTERS}
    most = {'cells': 120, 'words': 3000, 'lines': 200}
    assert [(name, kind, n) for name, core in cores.items() for kind, n in core.items() if n>most[kind]]==[]

@pytest.mark.parametrize('path', CHAPTERS, ids=name)
def test_code_of_figures_is_folded_on_the_site_and_in_jupyterlab(path):
    cells = {c['id']: c for c in notebooks.code_cells(notebooks.read(path))}
    figures = {i for i, c in cells.items() if re.search(r'^fig, .*= plt\.|^#\| fig-alt', notebooks.text(c), re.M)}
    folded = {i for i, c in cells.items() if '#| code-fold: true' in notebooks.text(c).splitlines()}
    collapsed = {i for i, c in cells.items() if c['metadata'].get('jupyter', {}).get('source_hidden')}
    assert figures <= folded
    assert folded==collapsed, 'run `python -m tools.outputs`, which collapses them'

def test_the_first_page_is_right_about_the_time_of_a_chapter():
    page = '\n'.join(notebooks.text(c) for c in notebooks.read(notebooks.NBS/'index.ipynb')['cells'])
    said = re.search(r'at most (\d+) minutes for the text, (\d+) with its code, and about (\d+) more', page)
    most, with_code, exercises = map(int, said.groups())
    for path in CHAPTERS:
        took = [int(n) for n in re.findall(r'\d+', reading_time.spoken(notebooks.read(path), path.stem[3:]))]
        assert took[0] <= most and took[1] <= with_code and abs(took[-1] - exercises) <= 15, (path.stem, took)

def test_sizes_of_the_parts():
    cells = [prose('# Title'), prose('One *two* [three](a.ipynb) `code` $x$.'), code('#| exports\na = 1\n\nb = 2'),
        code('#| hide\na'), code('import a\nfrom b import c\nuse_style()'),
        code('#| code-fold: true\na'), prose('## Going deeper\n\nmore'), code('c'),
        prose('## Exercises\n\nSolve')]
    found = reading_time.sizes({'cells': cells})
    assert found=={'core': {'cells': 6, 'words': 3, 'lines': 2}, 'deeper': {'cells': 2, 'words': 1, 'lines': 1},
        'end': {'cells': 1, 'words': 1, 'lines': 0}}

def test_times_are_put_into_the_opening(monkeypatch):
    monkeypatch.setattr(reading_time, 'exercises_of', lambda chapter: [])
    cells = [prose('**Time:** 1 minutes; runs in a moment. It uses chapter 1; and more.'),
        prose('word '*390), code('a\n'*50)]
    text = reading_time.timed({'cells': cells}, 'x')['cells'][0]['source']
    assert ''.join(text)==('**Time:** 2 minutes for the text, 7 with its code, 0 for the exercises; runs in a moment. '
        'It uses chapter 1; and more.')
