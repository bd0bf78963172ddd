"The exercises: right answers pass, wrong ones are told their mistake, and no mutant of a right answer passes"
import ast, re, zlib

import pytest, torch

from equivalent import EQUIVALENT
from mutants import mutants
from repository import NOTEBOOKS
import sgd_course
from sgd_course.app.classroom import handed_in
from sgd_course.practice.exercises import (answer_name, beliefs, exercise_texts, exercises_of, find_exercise,
    split_check, starter)
from sgd_course.practice.mistakes import may_say
from sgd_course.practice.sandbox import namespace, quiet, results_of, run_experiment, within, workplace
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

KINDS = {'clinic': {'repair'}} # Its exercises are sick cells, and all are to be cured

@by_chapter
def test_chapter_has_exercises_of_every_kind_and_level(chapter):
    mine = CHAPTERS[chapter]
    assert 4 <= len(mine) <= 8
    assert {e.kind for e in mine}==KINDS.get(chapter, {'write', 'repair', 'predict'})
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
NO_BELIEF = {'backprop.length_rule', 'backprop.sigmoid_rule', 'climb.chain', 'climb.look', 'climb.votes',
    'clinic.best_of', 'clinic.fresh_head', 'clinic.loss_of', 'clinic.share_right', 'full_mnist.luck',
    'full_mnist.mixed_up', 'full_mnist.per_digit', 'learner.shorten', 'learner.thaw', 'many_machines.butterfly',
    'many_machines.feedback', 'many_machines.wires', 'nonlinearity.spread', 'nonlinearity.without_dead',
    'optimizers.only_signs', 'optimizers.spared', 'optimizers.whose_path', 'pixel_weights.first_time',
    'sigmoid.shares'}

def lacks(e):
    "What is missing in an exercise; `exercises_of` has looked for the rest"
    messages, shown = [w.message for w in e.wrong], {w.belief for w in e.wrong if w.belief}
    if len(e.others)<1: yield 'another right answer'
    if len(e.wrong)<8: yield 'eight wrong answers'
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

def pieces(code):
    "The statements, calls, calculations and comparisons in `code`"
    kinds = ast.stmt | ast.Call | ast.BinOp | ast.Compare
    return {ast.unparse(o) for o in ast.walk(ast.parse(code)) if isinstance(o, kinds)}

def given_away(e):
    "What the first hint quotes of the solution that the learner has not been given"
    quotes = re.findall('`([^`]+)`', e.hints[0])
    return [q for q in quotes if is_code(q) and pieces(q) & (pieces(e.solution) - pieces(starter(e)))]

def is_code(text):
    try: return bool(ast.parse(text))
    except SyntaxError: return False

@by_chapter
def test_hints_go_from_a_question_to_the_step(chapter):
    "The first hint asks and holds nothing of the solution, the last one tells"
    ungraded = [e.name for e in CHAPTERS[chapter] if '?' not in e.hints[0] or e.hints[-1].endswith('?')]
    assert ungraded==[] and {e.name: given_away(e) for e in CHAPTERS[chapter] if given_away(e)}=={}

def test_a_hint_that_holds_the_solution_is_noticed():
    e = find_exercise('quadratic_loss.descent')
    for hint in ('Why not `path.append(path[-1] - lr*slope(path[-1]))`?', 'What is `lr*slope(path[-1])`?'):
        assert given_away(e._replace(hints=(hint, '', '')))
    assert not given_away(e._replace(hints=('What is `path[-1]`? And `-=`?', '', '')))

def test_every_misconception_is_met():
    assert {w.belief for e in EXERCISES for w in e.wrong if w.belief}==beliefs().keys()

# Right answers

@by_chapter
def test_right_answers_pass(chapter):
    for e in CHAPTERS[chapter]:
        verdicts = {key: examine(e, answer(e, code), limit=60) for key, code in rights(e).items()}
        reason = plain_maths(e.reason)
        assert (e.name, {key: v for key, v in verdicts.items() if not v or reason not in repr(v)})==(e.name, {})

@by_chapter
def test_experiment_shows_what_was_to_be_predicted(chapter):
    for e in CHAPTERS[chapter]:
        for code in rights(e).values(): namespace(f'{code}\n{e.proof or ""}')

# Wrong answers

def rewritten(code):
    "The same code, but not the one handed out"
    tree = ast.parse(code)
    for o in tree.body:
        if isinstance(o, ast.FunctionDef): o.body.insert(0, ast.parse('rewritten = 1').body[0])
    return ast.unparse(tree)

def is_told(exercise, wrong):
    "Does a wrong answer get its own message, and the belief behind it if there is one?"
    verdict = examine(exercise, handed_in(exercise, rewritten(wrong.code)), limit=60)
    said = [o for o in verdict.sentences if not o.startswith('Your results are those of a common mistake.')]
    return not verdict and said[0]==plain_maths(wrong.message) and len(said)==1 + bool(wrong.belief)

@by_exercise(EXERCISES)
def test_wrong_answers_are_told_their_mistakes(exercise):
    assert [w.message for w in exercise.wrong if not is_told(exercise, w)]==[]

def test_what_a_message_says_about_code_is_true_of_its_own():
    "It quotes what is there, and the words of a belief are in the list"
    wrong = [(e, w) for e in EXERCISES for w in e.wrong]
    assert [(e.name, w.message) for e, w in wrong if not may_say(w, e.solution, ast.parse(w.code))]==[]
    assert [(e.name, w.half) for e, w in wrong if w.half and w.half not in beliefs()[w.belief]]==[]

LABEL = re.compile(r'`|(the|its|both|all|how|what|where|whether|which|when) ')

def is_subject(label):
    "Can it stand before 'should be 2; you get 3' and before 'is not right'?"
    return bool(LABEL.match(label)) and not label.endswith('.')

@by_chapter
def test_labels_make_a_sentence(chapter):
    labels = [(e.name, label) for e in CHAPTERS[chapter] for _, label in split_check(e.check)[1]]
    assert [o for o in labels if not is_subject(o[1])]==[]

def test_label_that_names_no_result_is_noticed():
    bad = 'a plain', 'three weights', 'four scores of shape (4,)', 'no step at all', 'a pile with many 3s'
    assert not any(map(is_subject, bad)) and is_subject('the weights after one step')

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

@by_chapter
def test_odd_answers_get_a_sentence(chapter):
    verdicts = [(e.name, odd, examine(e, odd, limit=60)) for e in CHAPTERS[chapter] for odd in ODD]
    assert [(*what, verdict) for *what, verdict in verdicts if not is_sentence(verdict)]==[]

# Mutants

def passes(exercise, code):
    "Would the check call `code` right? Ends at the first result that is wrong"
    try: mine = answer(exercise, code)
    except Exception: return False
    if exercise.kind=='predict': return bool(examine(exercise, mine, limit=20))
    wants, found = results_of(exercise, exercise.solution), []
    tolerance = workplace(exercise).get('tolerance', 1e-4)
    def task():
        results = (run_experiment(exercise, mine, n) for n in range(len(wants)))
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
