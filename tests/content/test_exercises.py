"The exercises: right answers pass, wrong ones are told their mistake, and no mutant of a right answer passes"
import ast, re, zlib

import pytest, torch

from equivalent import EQUIVALENT
from mutants import mutants
from repository import NOTEBOOKS
import sgd_course
from sgd_course.practice.exercises import answer_name, beliefs, exercise_texts, exercises_of, split_check, starter
from sgd_course.practice.sandbox import namespace, quiet, results_of, run_experiments, within, workplace
from sgd_course.practice.verdicts import examine, same
from sgd_course.practice.words import plain_maths

CHAPTERS = {chapter: exercises_of(chapter) for chapter in exercise_texts()}
EXERCISES = [e for exercises in CHAPTERS.values() for e in exercises]

# Mutants may be odd Python
pytestmark = pytest.mark.filterwarnings('ignore')

def by_exercise(exercises, marks=lambda e: ()):
    params = [pytest.param(e, id=e.name, marks=marks(e)) for e in exercises]
    return pytest.mark.parametrize('exercise', params)

by_chapter = pytest.mark.parametrize('chapter', CHAPTERS)

def answer(exercise, code):
    "The object that a learner would hand in who wrote `code`"
    return namespace(code, **workplace(exercise))[answer_name(exercise.solution)]

def rights(exercise):
    "The right answers of an exercise, by name"
    return {'solution': exercise.solution} | {f'other {i}': code for i, code in enumerate(exercise.others, 1)}

# The collection

@by_chapter
def test_chapter_has_exercises_of_every_kind_and_level(chapter):
    mine = CHAPTERS[chapter]
    assert 4 <= len(mine) <= 7
    assert {e.kind for e in mine}=={'write', 'repair', 'predict'}
    assert {e.level for e in mine}=={'easy', 'medium', 'hard'}
    order = [('easy', 'medium', 'hard').index(e.level) for e in mine]
    assert order==sorted(order), 'easy to hard'

def test_every_chapter_with_exercises_has_a_notebook():
    numbers = {re.sub(r'^\d+_', '', p.stem): int(p.name[:2]) for p in NOTEBOOKS if p.name[:2].isdigit()}
    assert {c: int(re.match(r'# (\d+) ', t)[1]) for c, t in exercise_texts().items()}.items() <= numbers.items()

FORMULA = re.compile(r'[\\${}]|\w\^|_\{|(?<![A-Za-z0-9_])\w_\w(?![A-Za-z0-9])')

def shows_latex(text):
    "Does `text` have a formula that a terminal cannot show?"
    return FORMULA.search(re.sub('`[^`]*`', '', plain_maths(text)))

# Calculus, counting and arithmetic on which nobody is misled
NO_BELIEF = {'backprop.sigmoid_rule', 'full_mnist.luck', 'full_mnist.per_digit', 'learner.shorten', 'sigmoid.shares'}

def lacks(e):
    "What is missing in an exercise; `exercises_of` has looked for the rest"
    messages, shown = [w.message for w in e.wrong], {w.belief for w in e.wrong if w.belief}
    if len(e.others)<1: yield 'another right answer'
    if len(e.wrong)<4: yield 'four wrong answers'
    if len(e.hints)!=3: yield 'three hints'
    if not e.beliefs and e.name not in NO_BELIEF: yield 'misconceptions'
    if shown!=set(e.beliefs): yield f'wrong answers for its misconceptions and no others: {shown} {e.beliefs}'
    if not shown<=beliefs().keys(): yield f'misconceptions that are in the list: {shown}'
    if len(set(messages))<len(messages): yield 'messages that differ'
    if len(e.reason)<=20: yield 'a reason'
    if bool(e.proof)!=(e.kind=='predict'): yield 'a proof if it is a prediction, and none else'
    for m in messages:
        if not 20<len(m)<330: yield f'a message of a fitting length: {m}'
    for text in (*messages, e.reason):
        if shows_latex(text): yield f'formulas that a terminal can show: {text}'

@by_chapter
def test_exercises_are_complete(chapter): assert [(e.name, o) for e in CHAPTERS[chapter] for o in lacks(e)]==[]

def test_every_misconception_is_met():
    assert {w.belief for e in EXERCISES for w in e.wrong if w.belief}==beliefs().keys()

# Right answers

@by_exercise(EXERCISES)
def test_right_answers_pass(exercise):
    verdicts = {key: examine(exercise, answer(exercise, code), limit=60) for key, code in rights(exercise).items()}
    reason = plain_maths(exercise.reason)
    assert {key: v for key, v in verdicts.items() if not v or reason not in repr(v)}=={}

@by_exercise([e for e in EXERCISES if e.proof])
def test_experiment_shows_what_was_to_be_predicted(exercise):
    for code in rights(exercise).values(): namespace(f'{code}\n{exercise.proof}')

# Wrong answers

def rewritten(code):
    "The same code, but not the one handed out"
    tree = ast.parse(code)
    for o in tree.body:
        if isinstance(o, ast.FunctionDef): o.body.insert(0, ast.parse('rewritten = 1').body[0])
    return ast.unparse(tree)

def is_told(exercise, wrong):
    "Does a wrong answer get its own message, and the belief behind it if there is one?"
    verdict = examine(exercise, answer(exercise, rewritten(wrong.code)), limit=60)
    said, *more = verdict.sentences
    return not verdict and said==plain_maths(wrong.message) and len(more)==bool(wrong.belief)

@by_exercise(EXERCISES)
def test_wrong_answers_are_told_their_mistakes(exercise):
    assert [w.message for w in exercise.wrong if not is_told(exercise, w)]==[]

@by_chapter
def test_starters_are_not_answered_yet(chapter):
    verdicts = {e.name: examine(e, answer(e, starter(e))) for e in CHAPTERS[chapter]}
    assert {n: v for n, v in verdicts.items() if v.kind!='open' or 'Not filled in yet.' not in repr(v)}=={}

# What the reasons say

def test_more_hidden_units_have_more_ways_down():
    "A local minimum of one hidden unit is a saddle of two and of three, as the reason says"
    exercise = next(e for e in EXERCISES if e.name=='backprop.curvatures')
    space = workplace(exercise)
    for weights in (space['alone'], space['shared'](3)): assert space['network'](weights).abs().max() < 1e-9
    space['curvatures'] = answer(exercise, exercise.solution)
    found = {label: eval(code, space).tolist() for code, label in split_check(exercise.check)[1]}
    labels = [f'the answer for {units}' for units in ('one hidden unit', 'two hidden units that share the work',
        'three hidden units that share the work')]
    assert [sum(c < -1e-3 for c in found[label]) for label in labels]==[0, 1, 2] and min(found[labels[0]]) > 0.1

# Answers of the wrong kind

def none(*args, **kwargs): return None
def identity(*args, **kwargs): return args[0] if args else 0
def fails(*args, **kwargs): return 1/0

ODD = [None, 'abc', 12345.678, [], {1: 2}, int, none, identity, fails, object(), sgd_course]

def is_sentence(verdict):
    html = verdict._repr_html_()
    return (verdict.kind in ('wrong', 'open') and len(verdict.sentences[0])>20 and 'Traceback' not in repr(verdict)
        and html.count('<div')==html.count('</div'))

@by_exercise(EXERCISES)
def test_odd_answers_get_a_sentence(exercise):
    verdicts = [(odd, examine(exercise, odd, limit=60)) for odd in ODD]
    assert [(odd, verdict) for odd, verdict in verdicts if not is_sentence(verdict)]==[]

# Mutants

def passes(exercise, code):
    "Would the check call `code` right? Ends at the first result that is wrong"
    try: mine = answer(exercise, code)
    except Exception: return False
    if exercise.kind=='predict': return bool(examine(exercise, mine, limit=20))
    wants, space, found = results_of(exercise, exercise.solution), workplace(exercise), []
    tolerance = space.get('tolerance', 1e-4)
    def task():
        results = run_experiments(exercise, space, mine)
        found.append(callable(mine) and all(same(got, want, tolerance) for got, want in zip(results, wants)))
    with quiet(): within(60, task)
    return found==[True]

def is_slow(e):
    "A quarter of the exercises stays in `make test`, always the same ones; the rest is for `make test-all`"
    return () if zlib.crc32(e.name.encode())%4==0 else pytest.mark.slow

@by_exercise(EXERCISES, marks=is_slow)
def test_no_mutant_survives(exercise):
    "Those that pass are exactly those of which we know why they are right as well"
    torch.manual_seed(0)    # A mutant may have lost its generator
    found = {(key, change) for key, code in rights(exercise).items() for change, mutant in mutants(code)
        if passes(exercise, mutant)}
    known = EQUIVALENT.get(exercise.name, {})
    assert found=={(key, change) for key, changes in known.items() for change in changes}

def test_no_equivalent_mutant_belongs_to_an_exercise_that_is_gone():
    assert EQUIVALENT.keys() <= {e.name for e in EXERCISES}

def test_mutants_cover_the_slips():
    code = 'def f(x, y):\n    a = g(x, y)\n    return -(x - y + 1)/x.sum(0)'
    found = {line.strip() for _, text in mutants(code) for line in text.splitlines()}
    slips = ['-(x + y + 1) / x.sum(0)', '(x - y + 1) / x.sum(0)', '-(x - y + 2) / x.sum(0)', '-(x - y + 1) / x.sum(1)',
        '-(x - y + 1)', '-(x - y + 1) / x.sum()', '-(y - x + 1) / x.sum(0)', '-(x - y + 1) / x.mean(0)',
        'x.sum(0) / -(x - y + 1)']
    assert {f'return {o}' for o in slips} | {'a = g(y, x)', 'a = g(x)', 'a = -g(x, y)', 'pass'} <= found

def test_names_of_mutants_are_unique_and_outlive_renaming():
    code = 'def f(x, y): return (x - y)*(y - x) + g(x, y)'
    names = [name for name, _ in mutants(code)]
    assert len(set(names))==len(names) and 'sides of - swapped, place 2' in names
    assert names==[name for name, _ in mutants(re.sub(r'\bx\b', 'first', code))]
