"`finite` of `sgd_course.expect` finds every NaN and infinity, in tensors of any size"
import math

import pytest, torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from laws import law, one_thread
from sgd_course.expect import finite

def is_finite(a):
    try: return finite('a', a) is a
    except ValueError: return False

@law(arrays('float32', st.integers(0, 40), elements=st.floats(width=32)), examples=200)
def test_one_look_finds_every_nan_and_infinity(a):
    a = torch.from_numpy(a)
    assert is_finite(a)==a.isfinite().all().item()==is_finite(a.double().requires_grad_())

@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_found_in_every_place_of_a_large_tensor(bad):
    for place in (0, 1, 5000, 99_999):
        a = torch.rand(100_000, generator=torch.Generator().manual_seed(0))
        assert is_finite(a)
        a[place] = bad
        assert not is_finite(a)
