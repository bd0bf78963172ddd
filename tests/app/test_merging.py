"A newer chapter reaches a learner who has written in the older one, and not a word of the learner's is lost"
import json

import pytest
from hypothesis import given, settings, strategies as st

from sgd_course.app import cli
from sgd_course.app.lab import RECORD, lay_out
from sgd_course.app.merging import cell_prints, merge
from tools import notebooks

def cell(id, source, **more):
    empty = {'outputs': [], 'execution_count': None} if more.get('cell_type', 'code')=='code' else {}
    return {'cell_type': 'code', 'id': id, 'metadata': {}, 'source': source.splitlines(True)} | empty | more

def notebook(*cells): return json.dumps({'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5})

def sources(path): return [notebooks.text(c) for c in notebooks.read(path)['cells']]

TITLE = cell('t', '# Descent', cell_type='markdown')
TEXT = cell('p', 'Go down , step by step.', cell_type='markdown')
ANSWER = cell('e', 'def step(w): ...\n\ncheck(step)')
SOLVED = cell('e', 'def step(w): return w - 0.1\n\ncheck(step)', execution_count=4, outputs=['Right.'])
COMMA = cell('p', 'Go down, step by step.', cell_type='markdown')

@pytest.fixture
def course(tmp_path):
    (tmp_path/'course').mkdir()
    (tmp_path/'course/a.ipynb').write_text(notebook(TITLE, TEXT, ANSWER))
    return tmp_path/'course'

@pytest.fixture
def mine(course, tmp_path):
    "The folder of a learner who has answered, run a cell, and written a thought down"
    folder = tmp_path/'mine'
    lay_out(folder, course)
    (folder/'a.ipynb').write_text(notebook(TITLE, TEXT, SOLVED, cell('own', 'my thought')))
    return folder

def test_a_comma_reaches_a_learner_who_has_typed_answers(course, mine):
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, ANSWER))
    done = lay_out(mine, course)
    assert done=={'merged': ['a.ipynb']} and [p.name for p in mine.iterdir() if p.name!=RECORD]==['a.ipynb']
    title, text, answer, own = notebooks.read(mine/'a.ipynb')['cells']
    assert (title, answer, own)==(TITLE, SOLVED, cell('own', 'my thought'))
    assert notebooks.text(text)==notebooks.text(COMMA)
    assert cli.tell(done)==['A newer version, and all that you have written, are both in a.ipynb.']
    assert lay_out(mine, course)=={'yours': ['a.ipynb']}

def test_a_cell_that_both_changed_is_there_twice_and_the_learners_has_the_last_word(course, mine):
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, cell('e', 'def step(w, lr): ...\n\ncheck(step)')))
    done = lay_out(mine, course)
    title, text, newer, answer, own = notebooks.read(mine/'a.ipynb')['cells']
    assert done=={'both': ['a.ipynb']} and 'it stands above yours' in cli.tell(done)[0]
    assert (answer, own)==(SOLVED, cell('own', 'my thought')) and notebooks.text(text)==notebooks.text(COMMA)
    assert newer['cell_type']=='markdown' and 'def step(w, lr): ...' in notebooks.text(newer)
    assert lay_out(mine, course)=={'yours': ['a.ipynb']}

def test_a_later_version_is_merged_again(course, mine):
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, ANSWER))
    lay_out(mine, course)
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, cell('new', 'w = 0'), ANSWER))
    assert lay_out(mine, course)=={'merged': ['a.ipynb']}
    now = [notebooks.text(o) for o in (TITLE, COMMA, cell('new', 'w = 0'), SOLVED)]
    assert sources(mine/'a.ipynb')==[*now, 'my thought']

NO_IDS = [[{k: v for k, v in SOLVED.items() if k!='id'}], [SOLVED, SOLVED], []]

@pytest.mark.parametrize('cells', NO_IDS, ids=['none', 'twice', 'no record'])
def test_what_cannot_be_merged_is_laid_beside(cells, course, mine):
    if cells: (mine/'a.ipynb').write_text(notebook(*cells))
    else: (mine/RECORD).unlink()
    before = (mine/'a.ipynb').read_text()
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, ANSWER))
    assert lay_out(mine, course, version='2')=={'beside': ['a (version 2).ipynb']}
    assert (mine/'a.ipynb').read_text()==before

def test_a_learner_who_saves_meanwhile_is_merged_anew(course, mine, monkeypatch):
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, ANSWER))
    saves = iter([None, notebook(TITLE, TEXT, SOLVED, cell('own', 'saved just now'))])   # The first draft is for room
    def fsync(fd):
        if saved := next(saves, None): (mine/'a.ipynb').write_text(saved)
    monkeypatch.setattr('os.fsync', fsync)
    assert lay_out(mine, course)=={'merged': ['a.ipynb']}
    now = [notebooks.text(o) for o in (TITLE, COMMA, SOLVED)]
    assert sources(mine/'a.ipynb')==[*now, 'saved just now']

def test_a_full_disk_keeps_the_learners(course, mine, monkeypatch):
    before = (mine/'a.ipynb').read_bytes()
    (course/'a.ipynb').write_text(notebook(TITLE, COMMA, ANSWER))
    def fsync(fd): raise OSError(28, 'No space left on device')
    monkeypatch.setattr('os.fsync', fsync)
    with pytest.raises(Exception, match='Nothing of yours was changed'): lay_out(mine, course)
    assert (mine/'a.ipynb').read_bytes()==before

# Whatever happens on both sides

IDS = st.sampled_from('abcdefgh')
EDITS = st.lists(st.tuples(st.sampled_from(['write', 'add', 'delete', 'move']), IDS, st.integers(0, 5)), max_size=6)

def edited(cells, edits, who):
    "`cells` after edits by `who`, whose every line says so"
    cells = [*cells]
    for n, (what, id, place) in enumerate(edits):
        at = next((i for i, c in enumerate(cells) if c['id']==id), None)
        if what=='add': cells.insert(place, cell(f'{who}{n}', f'{who} {n}'))
        elif at is None: continue
        elif what=='write': cells[at] = cell(id, f'{who} {n}')
        elif what=='delete': cells.pop(at)
        else: cells.insert(place, cells.pop(at))
    return cells

@settings(max_examples=300, deadline=None)
@given(EDITS, EDITS)
def test_no_pair_of_changes_loses_a_word(ours, theirs):
    given = [cell(id, f'given {id}') for id in 'abcdef']
    mine, shipped = edited(given, theirs, 'learner'), edited(given, ours, 'course')
    prints = cell_prints(notebook(*given).encode())
    merged, conflicts = merge(notebook(*mine).encode(), prints, notebook(*shipped).encode())
    cells = json.loads(merged)['cells']
    assert len({c['id'] for c in cells})==len(cells)
    written = [c for c in mine if notebooks.text(c).startswith('learner')]
    assert [c for c in written if c not in cells]==[]
    kept = [c['id'] for c in mine if c['id'] in prints]
    still = [c['id'] for c in cells if c['id'] in kept]
    if kept!=[c['id'] for c in given if c['id'] in kept]: # The learner moved cells: so they stay
        assert still==[id for id in kept if id in still]
    text = '\n'.join(''.join(c['source']) for c in cells)
    deleted = prints.keys() - {c['id'] for c in mine}
    news = [notebooks.text(c) for c in shipped if c['id'] not in deleted]
    news = [text for text in news if text.startswith('course')]
    assert [line for line in news if line not in text]==[]
    assert [id for id in conflicts if id not in prints]==[]
    again, _ = merge(merged, cell_prints(notebook(*shipped).encode()), notebook(*shipped).encode())
    assert json.loads(again)['cells']==cells

def test_every_chapter_can_be_merged():
    "Each cell of the course has an id of its own"
    missing = [p.name for p in notebooks.paths() if not cell_prints(p.read_bytes())]
    assert missing==[]
