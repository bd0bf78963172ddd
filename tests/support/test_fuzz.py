"No call of a public function is silently wrong, whatever stands in for one of its arguments"
import math

import pytest
import torch

from calls import CALLS, LEFT_OUT, modules, public
from fuzz import Swap, attempt, cases, fault

def test_every_public_function_has_a_call():
    left_out = {o: public(o) if names=='all' else names for o, names in LEFT_OUT.items()}
    forgotten = {f'{o.__name__}.{name}' for o in modules() for name in public(o)
        if name not in CALLS.get(o, {}) and name not in left_out.get(o, ())}
    assert forgotten==set()

def faults(share):
    "The cases that are silently wrong, of every `share`-th one, and how many cases there were"
    found = [*cases(share)]
    return [str(case) for case in found if case.fault], len(found)

@pytest.mark.long
def test_a_sample_of_calls_is_never_silently_wrong():
    wrong, n = faults(share=80)
    assert not wrong and n>150, '\n'.join(wrong)

@pytest.mark.slow
def test_no_call_is_silently_wrong():
    wrong, n = faults(share=1)
    assert not wrong and n>10_000, '\n'.join(wrong)

def endless(x):
    while True: pass

def doubled(x):
    x *= 2
    return x

BAD = torch.tensor([1., math.nan])
SMALL = torch.tensor([20], dtype=torch.uint8)

@pytest.mark.parametrize('function, swap, wrong', [
    (torch.nan_to_num, Swap('nan', BAD), 'NaN or infinity vanishes'),
    (lambda x: x.real, Swap('complex', BAD + 2j), 'imaginary part vanishes'),
    (lambda x: 0., Swap('junk', 'three'), 'is taken'),
    (lambda x: x*x, Swap('same', SMALL, SMALL.float()), 'differs'),
    (lambda x: 1/x, Swap('other', torch.zeros(1)), 'gives NaN or infinity'),
    (doubled, Swap('same', torch.ones(2), torch.ones(2)), 'changes x'),
    (endless, Swap('huge', 1e30), 'hangs')])
def test_what_is_silently_wrong_is_found(function, swap, wrong, monkeypatch):
    monkeypatch.setattr('fuzz.LIMIT', 0.1)
    plain = attempt('f', function, {'x': swap.plain}) if swap.kind=='same' else None
    value = swap.value.clone() if isinstance(swap.value, torch.Tensor) else swap.value
    assert fault('f', 'x', swap, attempt('f', function, {'x': value}), plain, {})==wrong
    assert fault('f', 'x', swap, attempt('f', lambda x: int('three'), {'x': value}), plain, {})==''
