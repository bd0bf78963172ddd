"What a check must not do: change something of the learner's, hang, or show a traceback; and that the chapters hold the derived cells"
import functools, json, random, re, threading, time

import pytest, torch
from hypothesis import given, settings, strategies as st

from repository import NOTEBOOKS, ROOT
from tools import exercise_cells
from sgd_course import checks
from sgd_course.checks import check, examine, find_exercise, hint, namespace, solution, ways_back, within
from sgd_course.progress import exercise_texts


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

# A global that the answer changes, how it does so, and how to see that it has
CHANGES = {
    'torch generator': ('thing = torch.Generator().manual_seed(3)', 'torch.rand(2, generator=thing)', 'thing.get_state().tolist()'),
    'module': ('thing = torch.nn.Linear(2, 1)', 'thing(torch.ones(2)).sum().backward()\n    thing.eval()\n    torch.nn.init.zeros_(thing.weight)', 'thing.weight.tolist(), thing.weight.grad, thing.training'),
    'gradient of a module': ('thing = torch.nn.Linear(2, 1)\nthing(torch.ones(2)).sum().backward()', 'thing(torch.ones(2)).sum().backward()', '[p.grad.tolist() for p in thing.parameters()]'),
    'buffer': ('thing = torch.nn.BatchNorm1d(2)', 'thing(torch.rand(5, 2))', '{k: v.tolist() for k, v in thing.state_dict().items()}'),
    'optimiser': ('w = torch.ones(2, requires_grad=True)\nthing = torch.optim.Adam([w])', '(w**2).sum().backward()\n    thing.step()\n    thing.param_groups[0]["lr"] = 3', 'str(thing.state_dict()), w.tolist(), w.grad'),
    'view of a tensor': ('whole = torch.zeros(3)\nthing = whole[:2]', 'thing.data = thing + 1\n    whole.add_(1)', 'whole.tolist(), thing.tolist(), thing.data_ptr()==whole.data_ptr()'),
    'numpy array': ('import numpy as np\nthing = np.zeros(3)', 'thing[1] = 5', 'thing.tolist()'),
    'numpy generator': ('import numpy as np\nthing = np.random.default_rng(1)', 'thing.random(3)', 'str(thing.bit_generator.state)'),
    'numpy without a generator': ('import numpy as np', 'np.random.rand(3)', 'str(np.random.get_state())'),
    'old numpy generator': ('import numpy as np\nthing = np.random.RandomState(1)', 'thing.rand(3)', 'str(thing.get_state())'),
    'random.Random': ('import random\nthing = random.Random(1)', 'thing.random()', 'thing.getstate()'),
    'attribute': ('class Box: pass\nthing = Box()\nthing.n, thing.path = 0, []', 'thing.n += 1\n    thing.path.append(1)\n    thing.new = 2', 'dict(vars(thing))'),
    'deque': ('from collections import deque\nthing = deque([1, 2], maxlen=2)', 'thing.append(3)', 'list(thing)'),
    'Counter': ('from collections import Counter\nthing = Counter("aab")', 'thing["a"] += 5\n    thing["c"] += 1', 'dict(thing)'),
    'defaultdict': ('from collections import defaultdict\nthing = defaultdict(list)\nthing["a"].append(1)', 'thing["a"].append(2)\n    thing["b"].append(1)', 'dict(thing)'),
    'list in a tuple': ('thing = (1, [2, (3, [4])])', 'thing[1].append(5)\n    thing[1][1][1].clear()', 'repr(thing)'),
    'loop of lists': ('thing = []\nthing.append(thing)', 'thing.append(1)', 'len(thing)'),
    'order of a dictionary': ('thing = dict(a=1, b=2)', 'thing["a"] = thing.pop("a")', 'list(thing)'),
    'attribute of the function': ('', 'descent.calls = getattr(descent, "calls", 0) + 1', 'dict(vars(descent))'),
    'function in a list': ('n = 0\ndef inner():\n    global n\n    n += 1\nthing = [inner]', 'thing[0]()', 'n'),
}

@pytest.mark.parametrize('made, changed, seen', CHANGES.values(), ids=CHANGES)
def test_what_the_answer_changes_is_put_back(notebook, made, changed, seen):
    run(notebook, f'{made}\ndef descent(slope, w0, lr, steps):\n    {changed}\n    return w0')
    before = eval(seen, notebook)
    notebook['descent'](None, 3., 0.1, 1)
    assert eval(seen, notebook)!=before, 'the answer changes it'
    notebook.clear()
    notebook |= {'__name__': '__main__', 'torch': torch}
    torch.manual_seed(0)
    run(notebook, f'{made}\ndef descent(slope, w0, lr, steps):\n    {changed}\n    return w0')
    before, names = eval(seen, notebook), set(notebook)
    verdict = check('quadratic_loss.descent', notebook['descent'])
    assert not verdict and 'stopped' not in repr(verdict), verdict
    assert eval(seen, notebook)==before and set(notebook)==names

def test_method_partial_and_wrapped_function_stay(notebook):
    run(notebook, '''
import functools
class Walker:
    def __init__(self): self.calls, self.places = 0, []
    def descent(self, slope, w, lr, steps):
        self.calls += 1
        self.places.append(w)
        return [w]
walker, log, calls = Walker(), [], 0
def noted(log, slope, w, lr, steps): log.append(w)
def counted(f):
    n = 0
    @functools.wraps(f)
    def wrapper(*args):
        nonlocal n
        n += 1
        wrapper.calls = n
        return f(*args), n
    return wrapper
@counted
def descent(slope, w, lr, steps):
    global calls
    calls += 1
''')
    for answer in (notebook['walker'].descent, functools.partial(notebook['noted'], notebook['log']), notebook['descent']): assert not check('quadratic_loss.descent', answer)
    assert (notebook['walker'].calls, notebook['walker'].places, notebook['log'], notebook['calls'])==(0, [], [], 0)
    assert not hasattr(notebook['descent'], 'calls') and notebook['descent'](0, 0, 0, 0)==(None, 1)

def test_objects_that_hide_are_left_alone(notebook):
    run(notebook, '''
class Slots:
    __slots__ = ('n',)
class Stubborn(dict):
    def __getattribute__(self, name): raise RuntimeError(name)
    def __iter__(self): raise RuntimeError
thing, other = Slots(), Stubborn(a=1)
def descent(slope, w, lr, steps):
    thing, other
    return [w]
''')
    assert 'our mistake' not in repr(check('quadratic_loss.descent', notebook['descent']))

def test_walk_through_what_is_held_stays_small():
    "A function of a library is followed as well: it must not lead into all of the library"
    assert len(ways_back(torch.nn.functional.cross_entropy)) < 1000 and len(ways_back(checks.examine)) < 1000

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

def test_call_that_lacks_something_is_told_how_to_do_it():
    assert "`check('quadratic_loss.descent', descent)`" in repr(check('quadratic_loss.descent'))
    assert "Write `check('chapter.name', answer)`" in repr(check(lambda w: w)) and check(3, 4).kind=='open'

def test_prediction_may_be_an_array():
    import numpy as np
    assert check('quadratic_loss.three_walks', np.array([2., 12.])) and not check('quadratic_loss.three_walks', np.array([2., 4.]))

@pytest.mark.parametrize('name, value', [('sigmoid.staircase', (1, None, 0)), ('learning_rate.two_runs', (None, 0.5))])
def test_place_left_empty_in_a_prediction_is_told(name, value):
    said = repr(check(name, value))
    assert 'is not filled in: it is `None`.' in said and 'return' not in said

def test_error_outside_the_answer_is_not_called_the_answers():
    said = repr(check('full_mnist.keep', lambda run: {'w': run['w'].clone()}))
    assert 'With your answer, ' in said and 'Your code' not in said, said

def test_numbers_are_shown_short_and_without_a_sign_on_zero():
    assert checks.show({'SGD': (0.10500000000000001, -0.)})=="{'SGD': (0.105, 0)}" and checks.show(torch.tensor([-0., -0.]))=='tensor([0, 0])'

def test_hint_and_solution_in_a_terminal_have_no_latex():
    for chapter, text in exercise_texts().items():
        for name in re.findall(r'(?m)^## (\w+):', text):
            for said in (solution(f'{chapter}.{name}'), *[hint(f'{chapter}.{name}') for _ in range(3)]):
                words = re.sub(r'(?ms)^```.*?^```|`[^`]*`', '', repr(said))
                assert re.search(r'[\\${}]|(?<![A-Za-z0-9_])\w_\w(?![A-Za-z0-9])', words) is None, words

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
    assert exercise_cells.updated(text, chapter)==text, 'run `python -m tools.exercise_cells`'

def test_changed_exercise_is_noticed(tmp_path):
    chapter = next(iter(exercise_texts()))
    nb = json.loads(exercise_cells.notebook_of(chapter).read_text(encoding='utf-8'))
    task = next(c for c in nb['cells'] if ''.join(c['source']).startswith('### ') and 'predict' in ''.join(c['source']))
    task['source'] = ['### Something else']
    fixed = json.loads(exercise_cells.updated(json.dumps(nb), chapter))
    assert all(c['source']!=['### Something else'] for c in fixed['cells']) and len(fixed['cells'])==len(nb['cells'])
