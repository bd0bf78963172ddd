"The exercises: right answers pass, wrong ones are told their mistake, and no mutant of a right answer passes"
import ast, re

import pytest

from equivalent import EQUIVALENT
from mutants import mutants
from repository import NOTEBOOKS
from sgd_course import checks
from sgd_course.checks import answer_name, beliefs, examine, namespace, parse_exercise, split_check, split_headings, starter
from sgd_course.progress import exercise_texts

EXERCISES = [parse_exercise(chapter, head, part) for chapter, text in exercise_texts().items() for head, part in split_headings(text, '## ')]
CHAPTERS = list(exercise_texts())
# The misconceptions that each chapter touches
TOUCHED = {'quadratic_loss': 'M1 M2 M3 M4 M7 M14', 'learning_rate': 'M5 M6 M7 M9 M10 M14 M21', 'pixel_weights': 'M15 M20 M22 M23', 'sigmoid': 'M3 M14 M15 M16 M17',
    'mini_batches': 'M8 M9 M10 M11 M12 M13 M15', 'nonlinearity': 'M4 M18 M19 M20 M21', 'full_mnist': 'M1 M15 M23 M26', 'learner': 'M1 M12 M13 M22',
    'optimizers': 'M3 M14 M15 M20 M21 M22 M24',
    'backprop': 'M1 M4 M14 M15 M19 M25'}

# Mutants may be odd Python
pytestmark = pytest.mark.filterwarnings('ignore')

def name(o): return o.name if hasattr(o, 'name') else None

def answer(exercise, code):
    "The object that a learner would hand in who wrote `code`"
    return namespace(code, **namespace(split_check(exercise.check)[0]))[answer_name(exercise.solution)]

def rights(exercise): return [exercise.solution, *exercise.others]

RIGHT = [pytest.param(e, code, id=f'{e.name}-{i}') for e in EXERCISES for i, code in enumerate(rights(e))]
WRONG = [pytest.param(e, w, id=f'{e.name}-{i}') for e in EXERCISES for i, w in enumerate(e.wrong)]

# The collection

@pytest.mark.parametrize('chapter', CHAPTERS)
def test_chapter_has_exercises_of_every_kind_and_level(chapter):
    mine = [e for e in EXERCISES if e.name.startswith(f'{chapter}.')]
    assert 4 <= len(mine) <= 6
    assert {e.kind for e in mine} == {'write', 'repair', 'predict'} and {e.level for e in mine} == {'easy', 'medium', 'hard'}
    order = [('easy', 'medium', 'hard').index(e.level) for e in mine]
    assert order==sorted(order), 'easy to hard'
    assert set(TOUCHED[chapter].split()) <= {b for e in mine for b in e.beliefs}

def test_every_chapter_with_exercises_has_a_notebook():
    numbers = {re.sub(r'^\d+_', '', p.stem): int(p.name[:2]) for p in NOTEBOOKS if p.name[:2].isdigit()}
    assert {c: int(re.match(r'# (\d+) ', t)[1]) for c, t in exercise_texts().items()}.items() <= numbers.items()

@pytest.mark.parametrize('exercise', EXERCISES, ids=name)
def test_exercise_is_complete(exercise):
    e = exercise
    assert len(e.others)>=1 and len(e.wrong)>=4 and len(e.hints)==3
    assert e.beliefs and {*e.beliefs, *(w.belief for w in e.wrong if w.belief)} <= beliefs().keys()
    assert {w.belief for w in e.wrong if w.belief}=={*e.beliefs}, 'wrong answers show the misconceptions that it is about, and no others'
    messages = [w.message for w in e.wrong]
    assert len(set(messages))==len(messages) and all(20 < len(m) < 330 for m in messages) and len(e.reason) > 20
    assert bool(e.proof)==(e.kind=='predict')
    assert all(re.search(r'[\\${}]|\w\^|_\{|(?<![A-Za-z0-9_])\w_\w(?![A-Za-z0-9])', re.sub('`[^`]*`', '', checks.plain_maths(m))) is None for m in [*messages, e.reason]), 'a formula that a terminal cannot show'

def test_every_misconception_is_met(): assert {w.belief for e in EXERCISES for w in e.wrong if w.belief}==beliefs().keys()

# Right answers

@pytest.mark.parametrize('exercise, code', RIGHT)
def test_right_answer_passes(exercise, code):
    verdict = examine(exercise, answer(exercise, code), limit=60)
    assert verdict and checks.plain_maths(exercise.reason) in repr(verdict), verdict

@pytest.mark.parametrize('exercise', [e for e in EXERCISES if e.proof], ids=name)
def test_experiment_shows_what_was_to_be_predicted(exercise):
    for code in rights(exercise): namespace(f'{code}\n{exercise.proof}')

# Wrong answers

def rewritten(code):
    "The same code, but not the one handed out"
    tree = ast.parse(code)
    for o in tree.body:
        if isinstance(o, ast.FunctionDef): o.body.insert(0, ast.parse('rewritten = 1').body[0])
    return ast.unparse(tree)

@pytest.mark.parametrize('exercise, wrong', WRONG)
def test_wrong_answer_is_told_its_mistake(exercise, wrong):
    verdict = examine(exercise, answer(exercise, rewritten(wrong.code)), limit=60)
    assert not verdict and verdict.sentences[0]==checks.plain_maths(wrong.message)
    assert (len(verdict.sentences)==2)==bool(wrong.belief)

@pytest.mark.parametrize('exercise', EXERCISES, ids=name)
def test_starter_is_not_answered_yet(exercise):
    verdict = examine(exercise, answer(exercise, starter(exercise)))
    assert verdict.kind=='open' and 'Not filled in yet.' in repr(verdict)

# What the reasons say

def test_more_hidden_units_have_more_ways_down():
    "A local minimum of one hidden unit is a saddle of two and of three, as the reason says"
    exercise = next(e for e in EXERCISES if e.name=='backprop.curvatures')
    setup, experiments = split_check(exercise.check)
    space = namespace(setup)
    assert space['network'](space['alone']).abs().max() < 1e-9 and space['network'](space['shared'](3)).abs().max() < 1e-9
    space['curvatures'] = answer(exercise, exercise.solution)
    found = {label: eval(code, space).tolist() for code, label in experiments}
    ways = [sum(c < -1e-3 for c in found[f'the answer for {units}']) for units in ('one hidden unit', 'two hidden units that share the work', 'three hidden units that share the work')]
    assert ways==[0, 1, 2] and min(found['the answer for one hidden unit']) > 0.1

# Answers of the wrong kind

ODD = {'None': None, 'text': 'abc', 'number': 12345.678, 'list': [], 'dict': {1: 2}, 'class': int, 'function': lambda *a, **k: None, 'identity': lambda *a, **k: a[0] if a else 0,
    'error': lambda *a, **k: 1/0, 'object': object(), 'module': checks}

@pytest.mark.parametrize('odd', ODD.values(), ids=ODD)
@pytest.mark.parametrize('exercise', EXERCISES, ids=name)
def test_odd_answer_gets_a_sentence(exercise, odd):
    verdict = examine(exercise, odd, limit=60)
    assert verdict.kind in ('wrong', 'open') and len(verdict.sentences[0]) > 20
    assert 'Traceback' not in repr(verdict) and verdict._repr_html_().count('<div')==verdict._repr_html_().count('</div')

# Mutants

@pytest.mark.parametrize('exercise', EXERCISES, ids=name)
def test_no_mutant_survives(exercise):
    "Those that pass are exactly those of which we know why they are right as well"
    found = {change for code in rights(exercise) for change, mutant in mutants(code) if examine(exercise, answer_or_error(exercise, mutant), limit=20)}
    assert found == EQUIVALENT.get(exercise.name, {}).keys()

def test_no_equivalent_mutant_belongs_to_an_exercise_that_is_gone(): assert EQUIVALENT.keys() <= {e.name for e in EXERCISES}

def answer_or_error(exercise, code):
    "A value whose code fails is no answer at all"
    try: return answer(exercise, code)
    except Exception: return None

def test_mutants_cover_the_slips():
    code = 'def f(x, y):\n    a = g(x, y)\n    return -(x - y + 1)/x.sum(0)'
    found = {line.strip() for _, text in mutants(code) for line in text.splitlines()}
    slips = ['-(x + y + 1) / x.sum(0)', '(x - y + 1) / x.sum(0)', '-(x - y + 2) / x.sum(0)', '-(x - y + 1) / x.sum(1)', '-(x - y + 1)', '-(x - y + 1) / x.sum()',
        '-(y - x + 1) / x.sum(0)', '-(x - y + 1) / x.mean(0)', 'x.sum(0) / -(x - y + 1)']
    assert {f'return {o}' for o in slips} | {'a = g(y, x)', 'a = g(x)', 'a = -g(x, y)', 'pass'} <= found
