"Whatever a learner hands in, a sentence comes out, never a traceback"
from collections import deque
from decimal import Decimal
from fractions import Fraction

import pytest, torch
from hypothesis import given, settings, strategies as st

from sgd_course.app.classroom import handed_in
from sgd_course.checks import check
from sgd_course.practice.exercises import answer_name, exercise_texts, exercises_of, find_exercise
from sgd_course.practice.sandbox import namespace, workplace
from sgd_course.practice.verdicts import examine, quotes_code, show

from subtests import each

@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path): monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))

BODIES = {
    'syntax': 'return eval("1 +")', 'import': 'import no_such_module', 'key': 'return {}[slope]',
    'assert': 'assert False', 'index': 'return [w][5]', 'type': 'return w + "a"',
    'raise': 'raise ValueError("a `b` <b>c</b> $d$")', 'exit': 'raise SystemExit(3)',
    'interrupt': 'raise KeyboardInterrupt', 'stop': 'raise StopIteration', 'generator': 'yield w',
    'deep': 'return descent(slope, w, lr, steps)',
    'odd': 'class E(Exception):\n        def __str__(self): raise RuntimeError\n    raise E'}

@each('body', BODIES)
def test_exception_ends_in_a_sentence(body):
    space = {'__name__': '__main__', 'torch': torch}
    exec(compile(f'def descent(slope, w, lr, steps):\n    {body}', '<cell>', 'exec'), space)
    verdict = check('quadratic_loss.descent', space['descent'])
    assert verdict.kind=='wrong' and len(verdict.sentences[0])>20 and 'Traceback' not in repr(verdict)
    html = verdict._repr_html_()
    assert '<b>c' not in html and html.count('<')==html.count('>')

class Awkward:
    "Nothing that is done to it works"
    def __getattr__(self, name): raise RuntimeError(name)
    def __eq__(self, other): raise RuntimeError('eq')
    def __repr__(self): raise RuntimeError('repr')
    def __bool__(self): raise RuntimeError('bool')
    def __len__(self): raise RuntimeError('len')
    __hash__ = None

VALUES = [Awkward(), [Awkward()], float('nan'), torch.zeros(0), torch.ones(2, 2), 1j, b'x', range(3), {1}, lambda: 1,
    type, NotImplemented]

@each('value', VALUES)
def test_awkward_values_end_in_a_sentence(value):
    for name in ('quadratic_loss.three_walks', 'quadratic_loss.descent', 'quadratic_loss.step_lengths'):
        verdict = check(name, value)
        assert not verdict and 'our mistake' not in repr(verdict), repr(verdict)
    verdict = check('quadratic_loss.descent', lambda slope, w, lr, steps: value)
    assert not verdict and 'our mistake' not in repr(verdict), repr(verdict)

def nested(values): return st.lists(values) | st.dictionaries(st.text(), values) | st.tuples(values, values)

THREE_WALKS = find_exercise('quadratic_loss.three_walks')
simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text()

@given(st.recursive(simple, nested, max_leaves=6))
@settings(deadline=None, max_examples=150)
def test_any_value_gets_a_verdict(value):
    verdict = examine(THREE_WALKS, value)
    right = isinstance(value, list | tuple) and len(value)==2 and tuple(value)==(2, 12)
    assert bool(verdict)==right and repr(verdict) and verdict._repr_html_()

def test_prediction_may_be_an_array():
    import numpy as np
    name = 'quadratic_loss.three_walks'
    assert check(name, np.array([2., 12.])) and not check(name, np.array([2., 4.]))

@pytest.mark.parametrize('name, value', [('sigmoid.staircase', (1, None, 0)), ('learning_rate.two_runs', (None, 0.5))])
def test_place_left_empty_in_a_prediction_is_told(name, value):
    said = repr(check(name, value))
    assert 'is not filled in: it is `None`.' in said and 'return' not in said

def test_error_outside_the_answer_is_not_called_the_answers():
    said = repr(check('learner.keep', lambda run: {'w': run['w'].clone()}))
    assert 'With your answer, ' in said and 'Your code' not in said, said

def test_numbers_are_shown_short_and_without_a_sign_on_zero():
    assert show({'SGD': (0.10500000000000001, -0.)})=="{'SGD': (0.105, 0)}"
    assert show(torch.tensor([-0., -0.]))=='tensor([0, 0])'

# Numbers and lists of every kind

WALKS = 'quadratic_loss.three_walks'

VALUES_IN_ORDER = [(Fraction(2), Decimal(12)), deque([2, 12]), {'a': 2, 'b': 12}.values(), range(2, 13, 10)]

@pytest.mark.parametrize('value', VALUES_IN_ORDER, ids=lambda v: type(v).__name__)
def test_numbers_and_lists_of_any_type_count(value):
    assert check(WALKS, value), repr(check(WALKS, value))

def test_number_without_end_and_list_in_itself_get_a_sentence():
    loop = []
    loop.append(loop)
    deep = []
    for _ in range(20_000): deep = [deep]
    for value in (10**400, (10**400, 2), 3j, loop, (2, loop), deep):
        said = repr(check(WALKS, value)) + repr(check('quadratic_loss.descent', lambda slope, w, lr, steps: value))
        assert 'our mistake' not in said and 'calls itself' not in said, said

def test_huge_result_is_not_copied():
    said = repr(check('quadratic_loss.descent', lambda slope, w, lr, steps: torch.zeros(1).expand(10**9)))
    assert '1000000000' in said and 'loop' not in said, said

def test_generator_and_async_function_are_told():
    def walk(slope, w, lr, steps): yield w
    async def later(slope, w, lr, steps): return [w]
    assert '`yield`' in repr(check('quadratic_loss.descent', walk))
    assert '`async`' in repr(check('quadratic_loss.descent', later))

# Predictions

def test_misspelt_word_is_told_from_a_wrong_one():
    said = repr(check('learning_rate.two_runs', (0.5, 'ranodm')))
    assert "none of the words" in said and "Did you mean `'random'`?" in said
    assert 'none of the words' not in repr(check('learning_rate.two_runs', (0.5, 'random')))

def test_wrong_prediction_gets_the_first_step():
    hint = find_exercise(WALKS).hints[0]
    verdict = check(WALKS, (7.5, 3.25))
    assert verdict.sentences[-1].startswith('To begin with: ') and hint[:12] in repr(verdict)

def test_nan_in_a_prediction_is_no_overflow():
    assert 'too large' not in repr(check(WALKS, (2, float('nan'))))

# What the code shows

def says(name, code): return repr(examine(find_exercise(name), handed_in(find_exercise(name), code), limit=60))

DESCENT = """def descent(slope, w, lr, steps):
    path = [w]
    for _ in range(steps):
        w = w - lr*slope(w)
        path.append(w)
    return path
"""

@pytest.mark.parametrize('old, new, line, sentence', [
    ('w - lr', 'w + lr', 4, 'A sign is turned.'),
    ('range(steps)', 'range(steps + 1)', 3, '`steps + 1` is 1 too much.'),
    ('lr*slope', '2*lr*slope', 4, 'one too many')])
def test_slip_is_named_with_its_line(old, new, line, sentence, monkeypatch):
    monkeypatch.setattr('sgd_course.practice.verdicts.typical', lambda *args: (None, False))
    said = says('quadratic_loss.descent', DESCENT.replace(old, new))
    assert f'Look at line {line}, ' in said and sentence in said and 'Mend that, and all results are right.' in said

def test_first_difference_is_shown():
    said = says('quadratic_loss.descent', DESCENT.replace('lr*slope(w)', 'lr*slope(w)**3 + 0.3'))
    assert 'The first difference comes with `steps` = 1: right is [' in said and 'and yours is [' in said

def test_message_quotes_no_code_that_is_not_there():
    cleared = 'def step(w, lr):\n    w.grad.zero_()\n    with torch.no_grad(): w -= lr*w.grad'
    said = says('learning_rate.step', cleared)
    assert 'new tensor' not in said and 'before the step has used it' in said, said

def test_without_the_code_a_message_about_code_asks():
    found = [(e, w) for chapter in exercise_texts() for e in exercises_of(chapter) for w in e.wrong
        if e.kind!='predict' and quotes_code(e, w)]
    assert found
    for exercise, wrong in found[:3]:
        unseen = namespace(wrong.code, **workplace(exercise))[answer_name(exercise.solution)]
        assert 'See whether it is yours.' in repr(examine(exercise, unseen, limit=60)), wrong
        assert 'See whether it is yours.' not in says(exercise.name, wrong.code)

IN_PLACE = """def standardise(train, new):
    mean, std = train.mean(0), train.std(0)
    std[std==0] = 1
    new -= mean
    new /= std
    return new
"""

def test_argument_that_is_changed_is_named():
    said = says('nonlinearity.standardise', IN_PLACE)
    assert 'Your function changes `new`, which belongs to the caller.' in said
    assert says('nonlinearity.standardise', IN_PLACE.replace('new -=', 'new = new -').replace('new /=', 'new = new /')
        ).startswith('Right.')

def test_answer_that_is_nearly_a_typical_one_gets_its_message():
    once = """def train(loss, w, lr, steps):
    w = tensor(float(w)).requires_grad_()
    for _ in range(steps):
        loss(w).backward()
        with torch.no_grad(): w -= lr*w.grad
    w.grad.zero_()
    return w.item()
"""
    said = says('quadratic_loss.training_loop', once)
    assert 'NoneType' not in said and ('loop' in said or 'add' in said), said

def test_slow_answer_is_offered_more_time():
    def slow(slope, w, lr, steps):
        while True: pass
    said = repr(check('quadratic_loss.descent', slow, limit=0.2))
    assert "`check('quadratic_loss.descent', descent, limit=60)`" in said
