"What the tests of mathematical laws share"
import pytest
import torch
from hypothesis import given, settings

def law(*args, examples=100, **kwargs):
    "Like `given`, with the same examples in every run, at most as many as the profile allows, and no limit on time"
    most = min(examples, settings.default.max_examples)
    return lambda f: settings(deadline=None, derandomize=True, max_examples=most)(given(*args, **kwargs)(f))

@pytest.fixture(autouse=True, scope='module')
def one_thread():
    "Tiny tensors gain nothing from threads, and lose much when other tests run beside this one"
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
