"What a check must not do: change something of the learner's, hang, or show a traceback; and that the chapters hold the derived cells"
import importlib.util, json, random, re, threading, time

import pytest, torch
from hypothesis import given, settings, strategies as st

from repo import NOTEBOOKS, ROOT
from sgd_course import checks
from sgd_course.checks import check, examine, find_exercise, hint, namespace, solution, within
from sgd_course.progress import exercise_texts

spec = importlib.util.spec_from_file_location('exercise_cells', ROOT/'tools/exercise_cells.py')
exercise_cells = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exercise_cells)

@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))
    return tmp_path

@pytest.fixture
def notebook(): return {'__name__': '__main__', 'torch': torch}

def run(space, code): exec(compile(code, '<cell>', 'exec'), space)

# Nothing is changed

def test_globals_of_the_learner_stay(notebook):
    run(notebook, '''
calls, log, seen, lr = 0, [], {'a': [1]}, 0.1
w = torch.tensor([1., 2.], requires_grad=True)
(w**2).sum().backward()
def helper(x):
    log.append(x)
    seen['a'].append(x)
    return 2*x
def descent(slope, start, rate, steps, memory=[]):
    global calls, lr, fresh
    calls, lr, fresh = calls + 1, 0.9, 1
    memory.append(1)
    (w**2).sum().backward()
    with torch.no_grad(): w.add_(1)
    torch.manual_seed(0)
    helper(start)
    path = [start]
    for _ in range(steps): path.append(path[-1] - rate*slope(path[-1]))
    return path
''')
    names, state = set(notebook), (torch.get_rng_state(), random.getstate())
    assert check('quadratic_loss.descent', notebook['descent'])
    assert set(notebook)==names
    assert (notebook['calls'], notebook['log'], notebook['seen'], notebook['lr'])==(0, [], {'a': [1]}, 0.1)
    assert notebook['w'].tolist()==[1, 2] and notebook['w'].grad.tolist()==[2, 4] and notebook['w'].requires_grad
    assert notebook['descent'].__defaults__==([],)
    assert torch.equal(torch.get_rng_state(), state[0]) and random.getstate()==state[1]

def test_closure_and_class_stay():
    def make():
        box = [0]
        def descent(slope, w, lr, steps):
            box[0] += 1
            return [w]*(steps + 1)
        return descent, box
    descent, box = make()
    assert not check('quadratic_loss.descent', descent) and box==[0]

def test_grad_mode_of_the_notebook_does_not_matter():
    exercise = find_exercise('quadratic_loss.training_loop')
    right = namespace(exercise.solution)['train']
    with torch.no_grad(): assert examine(exercise, right)
    assert torch.is_grad_enabled()

def test_answer_that_is_a_value_stays():
    prediction = torch.tensor([2., 12.], requires_grad=True)
    assert check('quadratic_loss.three_walks', prediction) and prediction.requires_grad and prediction.tolist()==[2, 12]

def test_prints_and_warnings_are_not_shown(capfd, recwarn):
    def descent(slope, w, lr, steps):
        import warnings
        print('noise')
        warnings.warn('noise')
        return [w]
    check('quadratic_loss.descent', descent)
    assert capfd.readouterr()==('', '') and not list(recwarn)

# Nothing hangs

ENDLESS = {'while': 'while True: pass', 'growing': 'path = [w]\n    while len(path) > steps: path = path + [w]\n    while True: steps += 1', 'for': 'for _ in iter(int, 1): pass',
    'caught': 'while True:\n        try: slope(w)\n        except Exception: pass', 'stubborn': 'n = 0\n    while n < 3:\n        try:\n            while True: pass\n        except BaseException: n += 1',
    'sleeping': 'import time\n    while True: time.sleep(0.01)', 'torch': 'while True: torch.ones(3).sum()'}

@pytest.mark.parametrize('body', ENDLESS.values(), ids=ENDLESS)
def test_endless_code_is_stopped(notebook, body):
    run(notebook, f'def descent(slope, w, lr, steps):\n    {body}')
    before = threading.active_count()
    verdict = check('quadratic_loss.descent', notebook['descent'], limit=0.3)
    assert not verdict and 'never ends' in repr(verdict) and 'Restart' not in repr(verdict)
    assert threading.active_count()==before, 'the thread has ended'

def test_code_that_cannot_be_stopped_is_told():
    release = threading.Event()
    def descent(slope, w, lr, steps): release.wait()
    verdict = check('quadratic_loss.descent', descent, limit=0.1)
    release.set()
    assert 'Restart Kernel' in repr(verdict)

def test_checks_work_on_a_thread_that_is_not_the_main_one():
    found = []
    right = namespace(find_exercise('quadratic_loss.descent').solution)['descent']
    thread = threading.Thread(target=lambda: found.append(check('quadratic_loss.descent', right)))
    thread.start()
    thread.join(60)
    assert found[0]

# No traceback

BODIES = {'syntax': 'return eval("1 +")', 'import': 'import no_such_module', 'key': 'return {}[slope]', 'assert': 'assert False', 'index': 'return [w][5]', 'type': 'return w + "a"', 'raise': 'raise ValueError("a `b` <b>c</b> $d$")',
    'exit': 'raise SystemExit(3)', 'interrupt': 'raise KeyboardInterrupt', 'stop': 'raise StopIteration', 'generator': 'yield w', 'deep': 'return descent(slope, w, lr, steps)', 'odd': 'class E(Exception):\n        def __str__(self): raise RuntimeError\n    raise E'}

@pytest.mark.parametrize('body', BODIES.values(), ids=BODIES)
def test_exception_ends_in_a_sentence(notebook, body):
    run(notebook, f'def descent(slope, w, lr, steps):\n    {body}')
    verdict = check('quadratic_loss.descent', notebook['descent'])
    assert verdict.kind=='wrong' and len(verdict.sentences[0])>20 and 'Traceback' not in repr(verdict)
    assert '<b>c' not in verdict._repr_html_() and verdict._repr_html_().count('<')==verdict._repr_html_().count('>')

class Awkward:
    "Nothing that is done to it works"
    def __getattr__(self, name): raise RuntimeError(name)
    def __eq__(self, other): raise RuntimeError('eq')
    def __repr__(self): raise RuntimeError('repr')
    def __bool__(self): raise RuntimeError('bool')
    def __len__(self): raise RuntimeError('len')
    __hash__ = None

@pytest.mark.parametrize('value', [Awkward(), [Awkward()], float('nan'), torch.zeros(0), torch.ones(2, 2), 1j, b'x', range(3), {1}, lambda: 1, type, NotImplemented], ids=lambda v: type(v).__name__)
def test_awkward_values_end_in_a_sentence(value):
    for name in ('quadratic_loss.three_walks', 'quadratic_loss.descent', 'quadratic_loss.step_lengths'):
        verdict = check(name, value)
        assert not verdict and 'our mistake' not in repr(verdict), repr(verdict)
    verdict = check('quadratic_loss.descent', lambda slope, w, lr, steps: value)
    assert not verdict and 'our mistake' not in repr(verdict), repr(verdict)

@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda o: st.lists(o) | st.dictionaries(st.text(), o) | st.tuples(o, o), max_leaves=6))
@settings(deadline=None, max_examples=150)
def test_any_value_gets_a_verdict(value):
    verdict = examine(find_exercise('quadratic_loss.three_walks'), value)
    assert bool(verdict)==(isinstance(value, list | tuple) and len(value)==2 and tuple(value)==(2, 12)) and repr(verdict) and verdict._repr_html_()

def test_hint_and_solution_of_every_exercise():
    for chapter, text in exercise_texts().items():
        for name in re.findall(r'(?m)^## (\w+):', text):
            full = f'{chapter}.{name}'
            assert [hint(full).count('**Hint') for _ in range(4)]==[1, 2, 3, 3]
            assert '# solution' not in solution(full) and '# starter' not in solution(full) and '```python' in solution(full)

# The cells in the chapters

@pytest.mark.parametrize('chapter', exercise_texts())
def test_chapter_holds_the_derived_cells(chapter):
    path = exercise_cells.notebook_of(chapter)
    text = path.read_text(encoding='utf-8')
    assert exercise_cells.updated(text, chapter)==text, 'run `python tools/exercise_cells.py`'

def test_changed_exercise_is_noticed(tmp_path):
    chapter = next(iter(exercise_texts()))
    nb = json.loads(exercise_cells.notebook_of(chapter).read_text(encoding='utf-8'))
    task = next(c for c in nb['cells'] if ''.join(c['source']).startswith('### ') and 'predict' in ''.join(c['source']))
    task['source'] = ['### Something else']
    fixed = json.loads(exercise_cells.updated(json.dumps(nb), chapter))
    assert all(c['source']!=['### Something else'] for c in fixed['cells']) and len(fixed['cells'])==len(nb['cells'])
