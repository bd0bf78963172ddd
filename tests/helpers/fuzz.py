"""Every argument of every public function is replaced, one at a time, and a rule says whether what came is right

A call may raise an error. If it returns, then
- a value of another type gives what the same value in its plain type gives,
- NaN and infinity do not vanish, nor do the imaginary parts of complex numbers,
- finite numbers give finite numbers, unless they are huge, in which case they may overflow,
- None, text and objects are not taken for numbers,
- nothing that the caller owns is changed, but for what is to be trained, and
- it comes within ten seconds.
All else is silently wrong."""
import contextlib, copy, inspect, io, math, signal, sys, tempfile, warnings
from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from calls import CHANGES, calls
from sgd_course.backprop import Node

LIMIT = 10   # Seconds

class TooSlow(BaseException): "A call ran into the limit"

class Swap(NamedTuple):
    "What stands in for an argument"
    kind:str
    value:Any
    plain:Any = None   # The same in the plain type, for `kind` 'same'

# What stands in for an argument

def is_array(value): return isinstance(value, (torch.Tensor, np.ndarray))
def is_number(value): return isinstance(value, (int, float)) and not isinstance(value, bool)
JUNK = [None, 'three', {'a': 1}, object()]

def for_number(v):
    for bad in (math.nan, math.inf, -math.inf, np.float32('nan'), torch.tensor(math.inf)): yield Swap('nan', bad)
    for junk in (*JUNK, (), {}, 1j, [v], '3', torch.tensor([v, v]), np.array([v, v])): yield Swap('junk', junk)
    for other in (-v, 0*v, v/3, v + 0.5, -0.): yield Swap('other', other)
    for huge in (1e30, 10**30, 1e300, -1e30, 1e-300): yield Swap('huge', huge)
    kinds = [np.float64, np.float32, torch.tensor, lambda v: torch.tensor(v, dtype=torch.float64), float,
        lambda v: np.array(v), lambda v: torch.tensor(float(v), requires_grad=True)]
    if v==int(v): kinds += [int, np.int64, np.int32, lambda v: torch.tensor(int(v)),
        lambda v: torch.tensor(int(v), dtype=torch.int32)]
    if v==int(v) and 0<=v<256: kinds += [np.uint8, lambda v: torch.tensor(int(v), dtype=torch.uint8)]
    for kind in kinds: yield Swap('same', kind(v), v)
    yield Swap('same', True, 1)
    yield Swap('same', np.True_, 1)

def with_first(t, value):
    "A copy of a tensor with another first number"
    t = t.detach().clone()
    t.view(-1)[0] = value
    return t

def for_tensor(v):
    is_float = v.is_floating_point()
    floats = v if is_float else v.float()
    for bad in (math.nan, math.inf, -math.inf):
        yield Swap('nan', with_first(floats, bad))
        yield Swap('nan', torch.full_like(floats, bad))
        yield Swap('nan', with_first(floats, bad).numpy())
    for junk in (*JUNK, (), {}, nn.Linear(2, 2)): yield Swap('junk', junk)
    for value in (1j, v.detach() + 2j): yield Swap('complex', value)
    for other in (v.detach()[:0] if v.ndim else v, torch.zeros(0), torch.tensor(0.5), v.detach()[None],
            -v.detach().float(), 0*v.detach(), [], np.zeros(0), v.detach().bfloat16(),
            iter(v.tolist()) if v.ndim else [], v.detach().double()/3):
        yield Swap('other', other)
    for huge in (1e30, -1e30): yield Swap('huge', with_first(floats, huge))
    kinds = [torch.Tensor.tolist, lambda t: tuple(t.tolist()), torch.Tensor.numpy, torch.Tensor.double,
        lambda t: t.double().numpy(), lambda t: t.repeat_interleave(2, -1)[..., ::2] if t.ndim else t,
        torch.Tensor.half]
    if is_float: kinds.append(lambda t: t.requires_grad_())
    else: kinds += [torch.Tensor.int, torch.Tensor.short, torch.Tensor.float]
    for kind in kinds: yield Swap('same', kind(v.detach().clone()), v)
    small = (floats.detach().abs()*40 + 1).floor().clamp(0, 255)
    for dtype in (torch.uint8, torch.int8, torch.int32, torch.int64):
        bounded = small.clamp(0, 120)
        yield Swap('same', bounded.to(dtype), bounded if is_float else bounded.long())
    yield Swap('same', small.numpy().astype(np.uint8), small if is_float else small.long())
    yield Swap('same', floats.detach()>0.6, (floats.detach()>0.6).to(v.dtype))
    if v.ndim and v.layout==torch.strided: yield Swap('same', v.detach().clone().to_sparse(), v)

def for_array(v):
    for swap in for_tensor(torch.from_numpy(v)):
        plain = swap.plain.numpy() if isinstance(swap.plain, torch.Tensor) else swap.plain
        yield swap._replace(plain=plain)

def for_list(v):
    for junk in JUNK: yield Swap('junk', junk)
    yield Swap('junk', 0.5)
    for other in ([], (), {}, v[:1], [*v, *v], *([o]*len(v) for o in (None, math.nan, 1e30, -1, 'a'))):
        yield Swap('other', other)
    for kind in (tuple, list, lambda v: iter([*v]), lambda v: (o for o in [*v]), lambda v: map(lambda o: o, v)):
        yield Swap('same', kind(v), list(v))
    if all(map(is_number, v)):
        for kind in (np.array, torch.tensor): yield Swap('same', kind(v), v)
        yield Swap('same', list(map(np.float64, v)), v)
        yield Swap('nan', [math.nan, *v[1:]])
        yield Swap('nan', [*v[:-1], math.inf])

class Poison:
    "A function whose results are no numbers any more"
    def __init__(self, f, value): self.f, self.value, self.bitten = f, value, False
    def __call__(self, *args, **kwargs):
        result = self.f(*args, **kwargs)
        if not (is_array(result) or is_number(result)): return result
        self.bitten = True
        return result*self.value

def for_function(f):
    for junk in (*JUNK, 0.5): yield Swap('junk', junk)
    def then(change): return lambda *a, **k: change(f(*a, **k))
    for bad in (math.nan, math.inf): yield Swap('nan', Poison(f, bad))
    for wrong in ('text', None, 1j, [], torch.zeros(0), torch.zeros(3, 3)):
        yield Swap('result', then(lambda o, wrong=wrong: wrong))
    for change in (lambda o: o.item() if is_array(o) and o.ndim==0 else o, lambda o: o.detach() if is_array(o) else o,
            lambda o: o.double() if isinstance(o, torch.Tensor) and o.is_floating_point() else o,
            lambda o: o[None] if isinstance(o, torch.Tensor) and not o.ndim else o,
            lambda o: o.detach().numpy() if isinstance(o, torch.Tensor) else o):
        yield Swap('same', then(change), f)

def for_flag(v):
    for junk in ('three', {}, 0.5, 2, object()): yield Swap('flag', junk)
    for kind in (int, np.bool_, torch.tensor): yield Swap('same', kind(v), v)

def for_model(v):
    for junk in (*JUNK, 0.5, []): yield Swap('junk', junk)
    yield Swap('same', copy.deepcopy(v).double(), v)
    broken = copy.deepcopy(v)
    with torch.no_grad(): next(broken.parameters()).view(-1)[0] = math.nan
    yield Swap('nan', broken)

def for_text(v):
    for junk in (None, 3, 0.5, {}, [], object(), math.nan): yield Swap('text', junk)
    for other in ('', 'a'*300, '\0', '日本 <b>'): yield Swap('text', other)

def for_path(v):
    for junk in (None, {'a': 1}, object(), 3, 0.5): yield Swap('junk', junk)
    for other in ('', 'no file', '.', '\0', '日本'): yield Swap('other', other)

def for_rest(v):
    for junk in (*JUNK, 0.5, math.nan): yield Swap('junk', junk)
    for other in ((), {}, []): yield Swap('other', other)

def swaps(v):
    "All that stands in for an argument `v`"
    if isinstance(v, bool): return for_flag(v)
    if is_number(v): return for_number(v)
    if isinstance(v, torch.Tensor): return for_tensor(v)
    if isinstance(v, np.ndarray): return for_array(v)
    if isinstance(v, (list, tuple)): return for_list(v)
    if isinstance(v, nn.Module): return for_model(v)
    if isinstance(v, str): return for_text(v)
    if isinstance(v, Path): return for_path(v)
    return for_function(v) if callable(v) else for_rest(v)

# What came

def parts(o, depth=0):
    "All numbers in a result, as tensors, and all else as text"
    if isinstance(o, torch.Tensor): yield o.detach().to_dense() if o.is_sparse else o.detach()
    elif isinstance(o, (np.ndarray, np.generic)) and o.dtype.kind in 'biufc': yield torch.as_tensor(np.array(o))
    elif isinstance(o, (bool, int, float, complex)): yield torch.tensor(o) if abs(o)<2**62 else torch.tensor(float(o))
    elif isinstance(o, Node): yield torch.tensor([o.value, o.grad])
    elif isinstance(o, nn.Module): yield from (p.detach() for p in o.parameters())
    elif isinstance(o, torch.optim.Optimizer): yield from parts(o.state_dict(), depth + 1)
    elif isinstance(o, dict) and depth<6:
        for k, v in o.items():
            yield str(k)
            yield from parts(v, depth + 1)
    elif isinstance(o, (list, tuple)) and depth<6:
        for v in o: yield from parts(v, depth + 1)
    elif isinstance(o, str): yield o
    elif hasattr(o, '_repr_html_'): yield o._repr_html_()

def numbers(o): return [p for p in o if isinstance(p, torch.Tensor)]

def alike(a, b):
    "Whether two results hold the same numbers and texts, up to rounding in half precision"
    x, y = numbers(a), numbers(b)
    if [p.numel() for p in x]!=[p.numel() for p in y]: return False
    def plain(p): return p.flatten().to(torch.complex128)
    return all(torch.allclose(plain(p), plain(q), 0.02, 0.02, equal_nan=True) for p, q in zip(x, y))

def kept(o):
    "What can be compared later, to see whether an argument was changed"
    if isinstance(o, (list, tuple)) or is_array(o) or isinstance(o, (dict, Node, nn.Module)):
        return [p.clone() if isinstance(p, torch.Tensor) else p for p in parts(o)]
    return []

def unchanged(before, o):
    now = kept(o)
    return len(now)==len(before) and all(
        p.shape==q.shape and p.dtype==q.dtype and torch.equal(p.nan_to_num() if p.dtype!=torch.bool else p,
            q.nan_to_num() if q.dtype!=torch.bool else q) if isinstance(p, torch.Tensor) else p==q
        for p, q in zip(before, now))

@contextlib.contextmanager
def limited():
    "For `with`: `TooSlow` after ten seconds of this process's own time, nothing is shown, and figures are closed"
    def late(*_): raise TooSlow
    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    unread = io.StringIO()
    try:
        with contextlib.redirect_stdout(unread), contextlib.redirect_stderr(unread):
            with warnings.catch_warnings(action='ignore'): yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        plt.close('all')

class Outcome(NamedTuple):
    "What a call came to"
    said:str        # 'returned', 'house', 'raw' or 'hang'
    parts:list      # Of the result, and of the arguments that are meant to be changed
    changed:list    # Names of the arguments that are not meant to be changed, and were
    error:str = ''

def attempt(name, function, arguments, instead=None):
    "What a call comes to; an iterator that it goes through is looked at in the list of its items, `instead`"
    torch.manual_seed(0)
    meant = CHANGES.get(name, set())
    before = {k: kept(v) for k, v in arguments.items() if k not in meant}
    try:
        with limited(): result = function(**arguments)
        seen = arguments | (instead or {})
        with limited(): found = [*parts(result), *parts([seen[k] for k in sorted(meant) if k in seen])]
        said, error = 'returned', ''
    except TooSlow: return Outcome('hang', [], [])
    except ValueError as e: said, found, error = 'house' if 'expected' in str(e) else 'raw', [], f'ValueError: {e}'
    except Exception as e:
        own = type(e).__module__.startswith('sgd_course')
        said, found, error = 'house' if own else 'raw', [], f'{type(e).__name__}: {e}'
    return Outcome(said, found, [k for k, v in before.items() if not unchanged(v, arguments[k])], error)

ALLOWED = { # Name of the call, argument, kind of the swap: why the rule does not hold there
    ('write_whole', 'ready', 'nan'): 'NaN counts as true, as in Python',
    ('init_weights', 'model', 'nan'): 'its weights are overwritten',
    ('count_parameters', 'model', 'nan'): 'the weights do not matter',
    ('cross_entropy', 'p', 'other'): 'a probability of 0 for what happened costs infinity',
    ('cross_entropy', 'y', 'other'): 'a probability of 0 for what happened costs infinity',
    ('loss_at', 'w', 'same'): 'the weights go to the function as they are',
    ('walk', 'lr', 'junk'): 'a tensor has a rate for each run',
    ('SGD.step', 'closure', 'junk'): 'None is the default',
    ('Adam.step', 'closure', 'junk'): 'None is the default',
    ('Learner', 'valid', 'junk'): 'None says that there are no digits to validate with',
    ('FusedLearner', 'valid', 'junk'): 'None says that there are no digits to validate with',
    ('to_scale', 'std', 'other'): 'a Scaler holds no standard deviation of 0',
    ('Learner.load_state.results', 'value', 'junk'): 'results are only shown',
    ('Learner.load_state.callbacks', 'value', 'junk'): 'states of callbacks that are not there',
    ('ProgressBar', 'out', 'junk'): 'None is the default',
    ('show', 'value', 'nan'): 'they are there as text',
    ('show', 'value', 'complex'): 'they are there as text',
    ('show', 'value', 'same'): 'a type may be named in the text',
    ('show', 'value', 'junk'): 'it shows anything',
    ('Progress', 'notes', 'junk'): 'unknown exercises are left out',
    ('by_chapter', 'titles', 'junk'): 'a chapter without terms has none to show',
}

def defaults_of(function):
    "Default of each argument that has one"
    try: return {k: p.default for k, p in inspect.signature(function).parameters.items() if p.default is not p.empty}
    except ValueError: return {}

def fault(name, argument, swap, outcome, plain, defaults):
    "What is silently wrong, in a few words; nothing if all is well"
    if outcome.said=='hang': return 'hangs'
    if outcome.changed: return f'changes {", ".join(outcome.changed)}'
    if outcome.said!='returned' or (name, argument, swap.kind) in ALLOWED: return ''
    found = numbers(outcome.parts)
    finite = all(p.isfinite().all() for p in found)
    if swap.kind=='nan' and finite and getattr(swap.value, 'bitten', True): return 'NaN or infinity vanishes'
    if swap.kind=='complex' and not any(p.is_complex() for p in found): return 'imaginary part vanishes'
    if swap.kind=='junk' and swap.value is not defaults.get(argument, ...): return 'is taken'
    comparable = swap.kind=='same' and plain and plain.said=='returned'
    if comparable and not alike(plain.parts, outcome.parts): return 'differs'
    if swap.kind in ('same', 'other', 'result') and not finite: return 'gives NaN or infinity'
    return ''

class Case(NamedTuple):
    "A call with one argument replaced"
    module:str
    name:str
    argument:str
    swap:Swap
    outcome:Outcome
    fault:str

    def __str__(self):
        value = self.swap.value
        shown = f'{type(value).__name__} {str(getattr(value, "dtype", ""))} {str(value)[:60]!r}'
        said = self.fault or self.outcome.error[:90]
        return f'{self.module}.{self.name}({self.argument}={self.swap.kind}: {shown}): {said}'

def stands_still(value):
    "Whether a call leaves `value` as it was, so that it can be tried again"
    return isinstance(value, (int, float, str)) or is_array(value) and not getattr(value, 'requires_grad', False)

def swaps_anew(make, argument):
    "For each swap of an argument: all arguments, made anew, and the swap"
    found = [*swaps(make()[argument])]
    for i, swap in enumerate(found):
        arguments = make()
        if not stands_still(arguments[argument]): swap = next(islice(swaps(arguments[argument]), i, None))
        yield arguments | {argument: swap.value}, swap

def plain_outcome(name, function, make, argument, swap, usual):
    "What the same value in its plain type gives"
    if is_number(swap.plain) and swap.plain==make()[argument] or not stands_still(swap.plain): return usual
    return attempt(name, function, make() | {argument: swap.plain})

def cases(share=1, only=''):
    "All cases of the calls whose name holds `only`, or every `share`-th one; they run in a folder of their own"
    matplotlib.use('agg')
    numbered = count()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for module, name, function, make in calls():
            if only not in f'{module}.{name}': continue
            usual, defaults = attempt(name, function, make()), defaults_of(function)
            for argument in make():
                for arguments, swap in swaps_anew(make, argument):
                    if next(numbered)%share: continue
                    items = {argument: swap.plain} if hasattr(swap.value, '__next__') else None
                    outcome, plain = attempt(name, function, arguments, items), None
                    if swap.kind=='same' and outcome.said=='returned':
                        plain = plain_outcome(name, function, make, argument, swap, usual)
                    wrong = fault(name, argument, swap, outcome, plain, defaults)
                    yield Case(module, name, argument, swap, outcome, wrong)

def table(found):
    "Counts for each module, as text"
    counts = {}
    for case in found:
        row = counts.setdefault(case.module, Counter())
        row['calls'] += 1
        row[case.outcome.said] += 1
        row['wrong'] += bool(case.fault)
    total = Counter()
    for row in counts.values(): total.update(row)
    columns = 'calls', 'returned', 'house', 'raw', 'hang', 'wrong'
    lines = [f'{"":16}' + ''.join(f'{c:>10}' for c in columns)]
    for module, row in (counts | {'all': total}).items():
        lines.append(f'{module:16}' + ''.join(f'{row[c]:>10}' for c in columns))
    return '\n'.join(lines)

if __name__=='__main__':
    found = []
    for case in cases(only=''.join(sys.argv[1:2])):
        found.append(case)
        if case.fault: print(case, flush=True)
        elif case.outcome.said=='raw' and '--raw' in sys.argv: print('raw', case, flush=True)
    print(table(found))
