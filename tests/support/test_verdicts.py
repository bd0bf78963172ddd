"Whatever a learner hands in, a sentence comes out, never a traceback"
import pytest, torch
from hypothesis import given, settings, strategies as st

from sgd_course.checks import check
from sgd_course.practice.exercises import find_exercise
from sgd_course.practice.verdicts import examine, show

@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path): monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))

BODIES = {
    'syntax': 'return eval("1 +")', 'import': 'import no_such_module', 'key': 'return {}[slope]',
    'assert': 'assert False', 'index': 'return [w][5]', 'type': 'return w + "a"',
    'raise': 'raise ValueError("a `b` <b>c</b> $d$")', 'exit': 'raise SystemExit(3)',
    'interrupt': 'raise KeyboardInterrupt', 'stop': 'raise StopIteration', 'generator': 'yield w',
    'deep': 'return descent(slope, w, lr, steps)',
    'odd': 'class E(Exception):\n        def __str__(self): raise RuntimeError\n    raise E'}

@pytest.mark.parametrize('body', BODIES.values(), ids=BODIES)
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

@pytest.mark.parametrize('value', VALUES, ids=lambda v: type(v).__name__)
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
