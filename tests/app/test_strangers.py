"Model files from strangers ask for no more memory than they are long, and the answer to anything is a sentence"
import os, sys, zipfile

import pytest
import torch

from sgd_course.saving import load_model, save_model, write_state
from sgd_course.nonlinearity import mlp

def write(path, sizes, weights): write_state(path, 'model', {'sizes': sizes, 'activation': 'ReLU', 'weights': weights})

def layers(sizes, make):
    "Weights and biases of a network with `sizes`, each as `make` has it from its shape"
    pairs = [(f'{2*i}.weight', (b, a)) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))]
    return {name: make(shape) for key, shape in pairs for name, shape in ((key, shape), (key[:-6] + 'bias', shape[:1]))}

def stretched(path):
    k = 10**5
    write(path, [k, k], layers([k, k], torch.zeros(1).expand))

def shared(path):
    k, n = 1000, 90
    one = torch.zeros(k*k)
    write(path, [k]*n, layers([k]*n, lambda shape: one[:shape[0]*(shape + (1,))[1]].view(shape)))

def many_layers(path): write(path, [1]*101, layers([1]*101, torch.zeros))
def wide(path): write(path, [10**18, 10], layers([1, 10], torch.zeros))
def sparse(path): write(path, [2, 3], layers([2, 3], lambda shape: torch.zeros(shape).to_sparse()))
def nested(path):
    tensor = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    write(path, [2, 3], {'0.weight': tensor, '0.bias': tensor})

def repack(path, method, times=1):
    "The network at `path` with a large part of zeros, which is packed, or stands in the archive many times"
    save_model(path, mlp([3, 2], generator=torch.Generator()))
    with zipfile.ZipFile(path) as z: parts = {o.filename: z.read(o) for o in z.infolist()}
    with zipfile.ZipFile(path, 'w', method) as z:
        for name, data in parts.items(): z.writestr(name, data)
        z.writestr('zeros', bytes(10**7 if method else 10**5))
        first = z.infolist()[-1]
        for i in range(times - 1):
            z.infolist().append(other := zipfile.ZipInfo(f'zeros{i}'))
            for key in ('header_offset', 'file_size', 'compress_size', 'CRC'): setattr(other, key, getattr(first, key))

def packed(path): repack(path, zipfile.ZIP_DEFLATED)
def overlapping(path): repack(path, zipfile.ZIP_STORED, 2000)
def with_a_hole(path):
    with open(path, 'wb') as f: f.truncate(10**12)   # Takes no room

resource = pytest.importorskip('resource')

def peak():
    "The most memory that this process has taken so far, in bytes"
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss*(1 if sys.platform=='darwin' else 1024)

STRANGE = stretched, shared, many_layers, wide, sparse, nested, packed, overlapping, with_a_hole

@pytest.mark.filterwarnings('ignore:The PyTorch API of nested tensors', 'ignore:Validating sparse')
@pytest.mark.parametrize('make', STRANGE)
def test_a_file_that_would_swell_up_is_refused(make, tmp_path):
    try: make(tmp_path/'m')
    except OSError: pytest.skip('this disk has no files with holes')
    before = peak()
    with pytest.raises(ValueError, match='expected a model') as e: load_model(tmp_path/'m')
    assert peak() - before < 2e8 and len(str(e.value)) < 500

def test_a_folder_or_a_device_is_no_model(tmp_path):
    for place in [tmp_path] + [p for p in ('/dev/zero',) if os.path.exists(p)]:
        with pytest.raises(ValueError, match='expected a model of this course in .*, got no file'): load_model(place)
