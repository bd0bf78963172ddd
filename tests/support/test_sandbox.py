"What running a learner's code must not do: change something of the learner's, or hang"
import functools, random, threading

import pytest, torch

from sgd_course.checks import check
from sgd_course.practice.exercises import answer_name, clean_solution, exercise_texts, exercises_of, find_exercise
from sgd_course.practice.sandbox import namespace, twin
from sgd_course.practice.verdicts import examine

DESCENT = 'quadratic_loss.descent'

@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path): monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))

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
    assert check(DESCENT, notebook['descent'])
    assert set(notebook)==names
    assert (notebook['calls'], notebook['log'], notebook['seen'], notebook['lr'])==(0, [], {'a': [1]}, 0.1)
    w = notebook['w']
    assert w.tolist()==[1, 2] and w.grad.tolist()==[2, 4] and w.requires_grad
    assert notebook['descent'].__defaults__==([],)
    assert torch.equal(torch.get_rng_state(), state[0]) and random.getstate()==state[1]

def test_closure_stays():
    box = [0]
    def descent(slope, w, lr, steps):
        box[0] += 1
        return [w]*(steps + 1)
    assert not check(DESCENT, descent) and box==[0]

# A global that the answer changes: how it is made, how it is changed, and how to see that it has changed
CHANGES = {
    'torch generator': ('thing = torch.Generator().manual_seed(3)', 'torch.rand(2, generator=thing)',
        'thing.get_state().tolist()'),
    'module': ('thing = torch.nn.Linear(2, 1)',
        'thing(torch.ones(2)).sum().backward()\n    thing.eval()\n    torch.nn.init.zeros_(thing.weight)',
        'thing.weight.tolist(), thing.weight.grad, thing.training'),
    'gradient of a module': ('thing = torch.nn.Linear(2, 1)\nthing(torch.ones(2)).sum().backward()',
        'thing(torch.ones(2)).sum().backward()', '[p.grad.tolist() for p in thing.parameters()]'),
    'buffer': ('thing = torch.nn.BatchNorm1d(2)', 'thing(torch.rand(5, 2))',
        '{k: v.tolist() for k, v in thing.state_dict().items()}'),
    'optimiser': ('w = torch.ones(2, requires_grad=True)\nthing = torch.optim.Adam([w])',
        '(w**2).sum().backward()\n    thing.step()\n    thing.param_groups[0]["lr"] = 3',
        'str(thing.state_dict()), w.tolist(), w.grad'),
    'view of a tensor': ('whole = torch.zeros(3)\nthing = whole[:2]', 'thing.data = thing + 1\n    whole.add_(1)',
        'whole.tolist(), thing.tolist(), thing.data_ptr()==whole.data_ptr()'),
    'numpy array': ('import numpy as np\nthing = np.zeros(3)', 'thing[1] = 5', 'thing.tolist()'),
    'numpy generator': ('import numpy as np\nthing = np.random.default_rng(1)', 'thing.random(3)',
        'str(thing.bit_generator.state)'),
    'numpy without a generator': ('import numpy as np', 'np.random.rand(3)', 'str(np.random.get_state())'),
    'old numpy generator': ('import numpy as np\nthing = np.random.RandomState(1)', 'thing.rand(3)',
        'str(thing.get_state())'),
    'random.Random': ('import random\nthing = random.Random(1)', 'thing.random()', 'thing.getstate()'),
    'attribute': ('class Box: pass\nthing = Box()\nthing.n, thing.path = 0, []',
        'thing.n += 1\n    thing.path.append(1)\n    thing.new = 2', 'dict(vars(thing))'),
    'slot': ('class Box:\n    __slots__ = ("n",)\nthing = Box()\nthing.n = 0', 'thing.n += 1', 'thing.n'),
    'deque': ('from collections import deque\nthing = deque([1, 2], maxlen=2)', 'thing.append(3)', 'list(thing)'),
    'Counter': ('from collections import Counter\nthing = Counter("aab")', 'thing["a"] += 5\n    thing["c"] += 1',
        'dict(thing)'),
    'defaultdict': ('from collections import defaultdict\nthing = defaultdict(list)\nthing["a"].append(1)',
        'thing["a"].append(2)\n    thing["b"].append(1)', 'dict(thing)'),
    'list in a tuple': ('thing = (1, [2, (3, [4])])', 'thing[1].append(5)\n    thing[1][1][1].clear()', 'repr(thing)'),
    'loop of lists': ('thing = []\nthing.append(thing)', 'thing.append(1)', 'len(thing)'),
    'order of a dictionary': ('thing = dict(a=1, b=2)', 'thing["a"] = thing.pop("a")', 'list(thing)'),
    'attribute of the function': ('', 'descent.calls = getattr(descent, "calls", 0) + 1', 'dict(vars(descent))'),
    'function in a list': ('n = 0\ndef inner():\n    global n\n    n += 1\nthing = [inner]', 'thing[0]()', 'n'),
    'iterator': ('thing = iter([1, 2, 3])', 'next(thing, 0)', 'thing.__length_hint__()'),
    'beside a lock': ('import threading\nlock, thing = threading.Lock(), []', 'with lock: thing.append(1)',
        'len(thing)'),
    'beside a generator': ('half_done, thing = (n for n in "ab"), []', 'thing.append(next(half_done, 0))',
        'len(thing)'),
}

@pytest.mark.parametrize('made, changed, seen', CHANGES.values(), ids=CHANGES)
def test_what_the_answer_changes_is_as_before(notebook, made, changed, seen):
    code = f'{made}\ndef descent(slope, w0, lr, steps):\n    {changed}\n    return w0'
    run(notebook, code)
    before = eval(seen, notebook)
    notebook['descent'](None, 3., 0.1, 1)
    assert eval(seen, notebook)!=before, 'the answer changes it'
    notebook.clear()
    notebook |= {'__name__': '__main__', 'torch': torch}
    torch.manual_seed(0)
    run(notebook, code)
    before, names = eval(seen, notebook), set(notebook)
    verdict = check(DESCENT, notebook['descent'])
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
    method = notebook['Walker'].descent
    partial = functools.partial(notebook['noted'], notebook['log'])
    answers = notebook['walker'].descent, partial, notebook['descent']
    for answer in answers: assert not check(DESCENT, answer)
    seen = notebook['walker'].calls, notebook['walker'].places, notebook['log'], notebook['calls']
    assert seen==(0, [], [], 0)
    assert not hasattr(notebook['descent'], 'calls') and notebook['descent'](0, 0, 0, 0)==(None, 1)
    assert notebook['Walker'].descent is method, 'a class of the learner keeps its methods'

def test_copy_of_an_object_is_of_the_learners_class(notebook):
    run(notebook, '''
total = 0
class Box:
    def grow(self):
        global total
        total += 1
thing = Box()
def same(): return type(thing) is Box and isinstance(thing, Box)
''')
    assert twin(notebook['same'])()
    notebook['thing'].grow()
    assert notebook['total']==1, 'methods still work on the names of the notebook'

def test_gradient_and_shared_memory_are_there_in_the_copy(notebook):
    run(notebook, '''
w = torch.ones(3, requires_grad=True)
(w**2).sum().backward()
view = w.detach()[:2]
layer = torch.nn.Linear(1, 1)
layer(torch.ones(1)).backward()
def seen():
    view.add_(1)
    return w.tolist(), w.grad.tolist(), layer.weight.grad.tolist()
''')
    assert twin(notebook['seen'])()==([2, 2, 1], [2, 2, 2], [[1]]) and notebook['w'].tolist()==[1, 1, 1]

def test_answer_that_cannot_be_copied_is_used_as_it_is(notebook):
    run(notebook, '''
class Secretive:
    def __reduce_ex__(self, protocol): return 1, 2, 3
thing = Secretive()
def descent(slope, w, lr, steps):
    path, hidden = [w], thing
    for _ in range(steps): path.append(path[-1] - lr*slope(path[-1]))
    return path
''')
    assert twin(notebook['descent']) is notebook['descent'] and check(DESCENT, notebook['descent'])

def test_objects_that_hide_are_left_alone(notebook):
    run(notebook, '''
class Stubborn(dict):
    def __getattribute__(self, name): raise RuntimeError(name)
    def __iter__(self): raise RuntimeError
thing = Stubborn(a=1)
def descent(slope, w, lr, steps):
    thing
    return [w]
''')
    assert 'our mistake' not in repr(check(DESCENT, notebook['descent']))

def test_grad_mode_of_the_notebook_does_not_matter():
    exercise = find_exercise('quadratic_loss.training_loop')
    right = namespace(exercise.solution)['train']
    with torch.no_grad(): assert examine(exercise, right)
    assert torch.is_grad_enabled()

def test_answer_that_is_a_value_stays():
    prediction = torch.tensor([2., 12.], requires_grad=True)
    assert check('quadratic_loss.three_walks', prediction)
    assert prediction.requires_grad and prediction.tolist()==[2, 12]

def test_prints_and_warnings_are_not_shown(capfd, recwarn):
    def descent(slope, w, lr, steps):
        import warnings
        print('noise')
        warnings.warn('noise')
        return [w]
    check(DESCENT, descent)
    assert capfd.readouterr()==('', '') and not list(recwarn)

# Nothing hangs

ENDLESS = {
    'while': 'while True: pass',
    'growing': 'path = [w]\n    while len(path) > steps: path = path + [w]\n    while True: steps += 1',
    'for': 'for _ in iter(int, 1): pass',
    'caught': 'while True:\n        try: slope(w)\n        except Exception: pass',
    'stubborn':
        'n = 0\n    while n < 3:\n        try:\n            while True: pass\n        except BaseException: n += 1',
    'sleeping': 'import time\n    while True: time.sleep(0.01)',
    'torch': 'while True: torch.ones(3).sum()'}

@pytest.mark.parametrize('body', ENDLESS.values(), ids=ENDLESS)
def test_endless_code_is_stopped(notebook, body):
    run(notebook, f'def descent(slope, w, lr, steps):\n    {body}')
    before = threading.active_count()
    verdict = check(DESCENT, notebook['descent'], limit=0.3)
    assert not verdict and 'never ends' in repr(verdict) and 'Restart' not in repr(verdict)
    assert threading.active_count()==before, 'the thread has ended'

def test_code_that_cannot_be_stopped_is_told(notebook):
    notebook['release'] = threading.Event()
    run(notebook, 'def descent(slope, w, lr, steps): release.wait()')
    verdict = check(DESCENT, notebook['descent'], limit=0.1)
    notebook['release'].set()
    assert 'Restart Kernel' in repr(verdict)

def test_checks_work_on_a_thread_that_is_not_the_main_one():
    found = []
    right = namespace(find_exercise(DESCENT).solution)['descent']
    thread = threading.Thread(target=lambda: found.append(check(DESCENT, right)))
    thread.start()
    thread.join(60)
    assert found[0]

@pytest.mark.parametrize('chapter', exercise_texts())
def test_check_works_where_only_the_cell_of_an_exercise_was_run(chapter):
    "As in a new kernel, at the exercises: no cell has imported torch"
    for e in exercises_of(chapter):
        space = {'__name__': '__main__'}
        exec(compile(clean_solution(e), '<cell>', 'exec'), space)
        assert examine(e, space[answer_name(e.solution)], 60), e.name
        assert 'torch' not in space
