"A class of ten made-up students, three of whom cheat: what `sgd-course grade` finds, and what it does not believe"
import csv, json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

from repository import ROOT
from sgd_course.app import grading
from sgd_course.app.cli import main
from sgd_course.app.grading import Row, exercises_to_grade, grade, read_line, row_for, without_solution
from sgd_course.practice.exercises import answer_name, clean_solution, exercises_of, find_exercise, starter
from tools import notebooks

CHAPTERS = 'quadratic_loss', 'mini_batches'
NAMES = [e.name for c in CHAPTERS for e in exercises_of(c)]
SAID_RIGHT = [{'output_type': 'stream', 'name': 'stdout', 'text': ['Right.']}]

def cell(text, outputs=(), id='x'):
    return {'cell_type': 'code', 'id': id, 'metadata': {}, 'execution_count': 1, 'source': text, 'outputs': [*outputs]}

def notebook(*cells):
    cells = [o if isinstance(o, dict) else cell(o, id=f'c{n}') for n, o in enumerate(cells)]
    return json.dumps({'cells': cells, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5})

def checked(code, name): return f"{code}\n\ncheck('{name}', {answer_name(code)})"

def solved(name): return checked(clean_solution(find_exercise(name)), name)

def untouched(name): return checked(starter(find_exercise(name)), name)

def real_notebook(answers):
    "The course's own notebook of chapter 1, in which some exercises are answered"
    nb = notebooks.read(ROOT/'nbs/01_quadratic_loss.ipynb')
    for c in notebooks.code_cells(nb):
        for name, text in answers.items():
            if f"check('{name}'" in notebooks.text(c): notebooks.set_text(c, text)
    return notebooks.dumps(nb)

DESCENT, LEVEL, LOOP = (f'quadratic_loss.{o}' for o in ('descent', 'level_ground', 'training_loop'))
STEPS, WALKS, OFF = (f'quadratic_loss.{o}' for o in ('step_lengths', 'three_walks', 'off_course'))
ORDER, HALF = 'mini_batches.same_order', 'mini_batches.half_noise'

HELPED = '''
from functools import cache
sizes = []
sizes.append(1)
def shift(w, g, lr): return w - sizes[0]*lr*g
'''
WITH_HELP = '''
def descent(slope, w, lr, steps):
    path = [w]
    for _ in range(steps): path.append(shift(path[-1], slope(path[-1]), lr))
    return path
'''
ENDLESS = '''
def descent(slope, w, lr, steps):
    while True: pass
'''
FAKED_CHECK = '''
import sgd_course.checks, sgd_course.practice.verdicts as verdicts, sgd_course.app.grading as grading
from sgd_course.progress import note_solved
for name in ('descent', 'level_ground'): note_solved(f'quadratic_loss.{name}')
def check(name, answer): return print('Right.')
verdicts.examine = verdicts.compare = sgd_course.checks.check = check
grading.grade = lambda *args: 'all solved'
'''
ALWAYS = '''
class Always:
    def __eq__(self, other): return True
    def __bool__(self): return True
def level(f, x, h=0.01): return Always()
'''
READS = '''
def level(f, x, h=0.01):
    from sgd_course.practice.exercises import find_exercise
    space = {}
    exec(find_exercise('quadratic_loss.level_ground').solution, space)
    return space['level'](f, x, h)
'''
READS_FILE = '''
def descent(slope, w, lr, steps):
    try: text = open(PLACE + '/sgd_course/content/exercises/quadratic_loss.md').read()
    except Exception as e: return [w]
    space = {}
    exec(text.split('```python')[1].split('```')[0], space)
    return space['descent'](slope, w, lr, steps)
'''
REPLACES = '''
import builtins, torch
def fake(*args): return True
def train(loss, w, lr, steps):
    torch.allclose = torch.equal = builtins.all = fake
    return w
'''
STOPS = '''
import sys
sys.exit(0)
def descent(slope, w, lr, steps): sys.exit(0)
'''
DIES = '''
import os
def level(f, x, h=0.01): os._exit(0)
'''
BOMB = '''
import os, subprocess, multiprocessing
def train(loss, w, lr, steps):
    tries = [os.fork, lambda: subprocess.run(['touch', 'x']), lambda: multiprocessing.Process(target=print).start(),
        lambda: os.system('touch x')]
    for attempt in tries:
        try:
            while True: attempt()
        except Exception: pass
    return w
'''
GREEDY = '''
import torch
def off_course(f, place, minimum): return torch.ones(10**11)
'''
REACHES = '''
import urllib.request
def same_order(*args, **more):
    try: return urllib.request.urlopen('http://127.0.0.1:9/right').read()
    except Exception: return None
'''

STUDENTS = 'anna ben cem dora eli fay gus hal ivy jon'.split()

@pytest.fixture
def handed_in(tmp_path):
    "What ten students hand in"
    folder = tmp_path/'handed in'
    names = {o: folder/o for o in STUDENTS}
    for place in names.values(): place.mkdir(parents=True)
    def write(name, text, file='chapter.ipynb'): (names[name]/file).write_text(text)
    write('anna', real_notebook({name: solved(name) for name in NAMES}))
    write('anna', notebook(*map(solved, NAMES[6:])), 'another name.ipynb')
    write('anna', 'exercise,solved,hints\nquadratic_loss.descent,,2\n', 'progress.csv')
    wrong = find_exercise(DESCENT).wrong[1].code
    write('ben', notebook(checked(wrong, DESCENT), solved(LEVEL), '%matplotlib inline\n!ls', 'def broken(:'))
    write('cem', real_notebook({}))
    write('dora', real_notebook({})[:5000])
    without_check = real_notebook({DESCENT: clean_solution(find_exercise(DESCENT))})
    write('eli', without_check)
    write('fay', notebook(HELPED, 'print(sizes[0])\n1/0', checked(WITH_HELP, DESCENT), untouched(DESCENT)))
    write('gus', notebook(checked(ENDLESS, DESCENT), solved(LEVEL), 'while True: pass', solved(LOOP)))
    # Those who cheat
    faked = cell(checked('def descent(*args): return None', DESCENT), SAID_RIGHT)
    write('hal', notebook(FAKED_CHECK, faked, cell(checked(ALWAYS, LEVEL), SAID_RIGHT)))
    all_solved = {name: {'solved': '2026-01-01T10:00:00+00:00', 'hints': 0} for name in NAMES}
    write('hal', json.dumps({'format': 1, 'exercises': all_solved}), 'progress.json')
    place = repr(str(ROOT))
    write('ivy', notebook(checked(READS, LEVEL), checked(READS_FILE.replace('PLACE', place), DESCENT),
        checked(REPLACES, LOOP), solved(STEPS)))
    write('jon', notebook(checked(STOPS, DESCENT), checked(DIES, LEVEL), checked(BOMB, LOOP), checked(GREEDY, OFF),
        checked(REACHES, ORDER), solved(HALF)))
    return folder

HONEST = {'anna': {*NAMES}, 'ben': {LEVEL}, 'cem': set(), 'dora': set(), 'eli': {DESCENT}, 'fay': {DESCENT},
    'gus': {LEVEL, LOOP}}
CHEATS = {'hal': set(), 'ivy': {STEPS}, 'jon': {HALF}}

@pytest.mark.long
def test_ten_students_get_what_they_have_solved_and_no_more(handed_in):
    "One test, so that the class is graded once"
    rows = {(o.student, o.exercise): o for o in grade(handed_in, CHAPTERS, seconds=5, memory=2)}
    right = {student: {name for (who, name), o in rows.items() if who==student and o.solved} for student in STUDENTS}
    assert right==HONEST | CHEATS
    assert len(rows)==10*len(NAMES) + 1
    said = {key: o.message for key, o in rows.items()}
    assert find_exercise(DESCENT).wrong[1].message in said['ben', DESCENT]
    assert said['cem', DESCENT].startswith('Not filled in yet.') and said['anna', DESCENT]==''
    assert 'damaged' in said['dora', ''] and said['dora', DESCENT].startswith('Not handed in')
    assert 'still ran after 5 s' in said['gus', DESCENT]
    assert rows['anna', DESCENT].hints==2 and rows['anna', LEVEL].hints is None
    # What the three have tried is told
    assert 'torch.allclose' in said['ivy', LOOP] and said['ivy', LOOP].startswith('Not judged')
    assert 'os.fork' in said['jon', LOOP] and 'subprocess.Popen' in said['jon', LOOP]
    assert 'ended Python' in said['jon', LEVEL] and 'SystemExit' in said['jon', DESCENT]
    assert 'allocate memory' in said['jon', OFF] and 'socket' in said['jon', ORDER]
    assert not [*handed_in.rglob('x')] and {p.name for p in handed_in.iterdir()}=={*STUDENTS}

# The command

def test_command_writes_two_tables(tmp_path, monkeypatch):
    row = Row('=anna', DESCENT, True, None, '<b>')
    monkeypatch.setattr(grading, 'grade', lambda *args, **more: [row])
    (tmp_path/'in').mkdir()
    out = tmp_path/'term'
    call = ['grade', str(tmp_path/'in'), '--out', str(out)]
    res = CliRunner().invoke(main, call)
    assert res.exit_code==0, res.output
    lines = [*csv.DictReader((tmp_path/'term.csv').read_text(encoding='utf-8-sig').splitlines())]
    assert lines==[dict(student="'=anna", exercise=DESCENT, solved='yes', hints='', message='<b>')]
    assert '&lt;b&gt;' in (tmp_path/'term.html').read_text()
    res = CliRunner().invoke(main, call)
    assert res.exit_code==1 and '--force' in res.output
    assert CliRunner().invoke(main, [*call, '--force']).exit_code==0

@pytest.mark.parametrize('args, said', [(['nowhere'], 'does not exist'), (['.', '--chapter', 'algebra'], 'algebra'),
    (['.', '--seconds', '0'], '--seconds'), (['.', '--memory', 'nan'], '--memory')])
def test_command_refuses_in_a_sentence(args, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    res = CliRunner().invoke(main, ['grade', *args])
    assert res.exit_code and said in res.output and not any(tmp_path.iterdir())

# What a stranger may write

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.sampled_from('list tuple dict tensor shape dtype raised other kind value results ended error x'.split())
VALUES = st.recursive(ATOMS, lambda o: st.lists(o, max_size=3) | st.dictionaries(KEYS, o, max_size=3), max_leaves=8)
KINDS = st.sampled_from('function value error open none unread x'.split())
ANSWERS = st.fixed_dictionaries({'kind': KINDS},
    optional={'value': VALUES, 'results': VALUES, 'ended': VALUES, 'error': VALUES, 'why': VALUES})

@settings(deadline=None)
@given(st.lists(ANSWERS, max_size=3), st.sampled_from([DESCENT, WALKS]))
def test_no_line_of_a_stranger_is_right_or_stops_the_grader(answers, name):
    line = json.dumps({'name': name, 'answers': answers, 'refused': [], 'replaced': []})
    row = row_for('kim', find_exercise(name), read_line(line, name), None, 5)
    assert not row.solved and row.message

@pytest.mark.parametrize('line', ['', 'x', '[]', '{}', '[' * 100_000, '{"name": "x"}',
    '{"name": "x", "answers": [1], "refused": [], "replaced": []}'])
def test_what_is_no_line_is_left_out(line): assert read_line(line, 'x') is None

# Without the help of the system

def test_without_walls_python_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(grading, 'has_walls', lambda: False)
    (tmp_path/'in').mkdir()
    place = repr(str(ROOT))
    text = notebook(checked(READS_FILE.replace('PLACE', place), DESCENT), checked(REACHES, ORDER), solved(STEPS))
    (tmp_path/'in/kim.ipynb').write_text(text)
    rows = {o.exercise: o for o in grade(tmp_path/'in', CHAPTERS, seconds=5)}
    assert [name for name, o in rows.items() if o.solved]==[STEPS]
    assert 'read ' in rows[DESCENT].message and 'quadratic_loss.md' in rows[DESCENT].message
    assert 'socket' in rows[ORDER].message

# All exercises of the course

@pytest.mark.long
@pytest.mark.slow
def test_every_solution_is_found_right_and_every_beginning_not(tmp_path):
    exercises = exercises_to_grade()
    for make, wanted in ((solved, {e.name for e in exercises}), (untouched, set())):
        folder = tmp_path/make.__name__
        folder.mkdir()
        (folder/'kim.ipynb').write_text(notebook(*(make(e.name) for e in exercises)))
        assert {o.exercise for o in grade(folder, seconds=60) if o.solved}==wanted

def test_the_cage_is_told_no_solution():
    for name in NAMES:
        e = find_exercise(name)
        told = json.dumps(without_solution(e))
        assert not any(o.code in told for o in e.wrong[1:]) and e.reason not in told
        if e.kind=='write': assert clean_solution(e) not in json.loads(told)
