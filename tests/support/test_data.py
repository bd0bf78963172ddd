"What can go wrong with the digits: damaged files, a full disk, folders that cannot be written, two processes at once"
import errno, io, os, runpy, subprocess, sys, zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sgd_course import data, files
from sgd_course.data import (IDX_FILES, MNIST_FILE, cache_folder, idx_bytes, is_intact, load_mnist,
    read_arrays, to_float, to_vectors, torchvision_folder)
from sgd_course.files import write_whole

from repository import ROOT
from subtests import each
from tools import pack_mnist

@pytest.fixture(scope='module')
def arrays():
    "All of the file, read-only"
    res = read_arrays(*IDX_FILES)
    for a in res.values(): a.flags.writeable = False
    return res

@pytest.fixture
def home(tmp_path, monkeypatch):
    "A cache folder of this test's own"
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path/'home'))
    return tmp_path/'home'

@pytest.fixture
def fresh_memory(monkeypatch): monkeypatch.setattr(data, '_memory', {})

def raw_files(root): return {p.name: p for p in (root/'MNIST'/'raw').iterdir()}

def check_folder(root):
    "Exactly the four files, all intact"
    found = raw_files(root)
    assert set(found) == {name for name, _ in IDX_FILES.values()}
    for name, md5 in IDX_FILES.values(): assert is_intact(found[name], md5)

def python(code, **kwargs):
    "Start a process of its own that runs `code`, in another folder than the project's"
    env = os.environ | {'PYTHONPATH': str(ROOT)}
    return subprocess.Popen([sys.executable, '-c', code], cwd=Path(sys.executable).parent, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)

# --- the packed file

def test_packed_file_is_small_enough(): assert MNIST_FILE.stat().st_size <= 11_600_000

def test_packed_file_holds_only_plain_arrays():
    with zipfile.ZipFile(MNIST_FILE) as z:
        assert z.namelist() == [f'{o}.npy' for o in IDX_FILES]
        assert {o.date_time for o in z.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with np.load(MNIST_FILE, allow_pickle=False) as npz: assert all(npz[o].dtype == np.uint8 for o in npz.files)

def test_licence_beside_the_data():
    text = (MNIST_FILE.parent/'README.md').read_text(encoding='utf-8')
    for word in ('CC BY-SA 3.0', 'Yann LeCun', 'Corinna Cortes'): assert word in text

def test_unknown_array_is_no_damage():
    with pytest.raises(ValueError, match="expected name to be one of 'train_images', .*, got 'train_image'") as e:
        read_arrays('train_labels', 'train_image')
    assert 'damaged' not in str(e.value)

def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.*Install the package again'):
        read_arrays('test_labels', path=tmp_path/'none.npz')

@pytest.mark.parametrize('spoil', [
    lambda b: b'',
    lambda b: b'version https://git-lfs.github.com/spec/v1',
    lambda b: b[:len(b)//2],
    lambda b: b[:-1000],
    lambda b: bytes(64) + b[64:],
    lambda b: b[:5_000_000] + bytes([b[5_000_000] ^ 1]) + b[5_000_001:],
    lambda b: b[:200] + bytes(200) + b[400:],
], ids=['empty', 'pointer', 'half', 'no end', 'no start', 'one bit', 'gap'])
def test_damaged_file(tmp_path, spoil):
    path = tmp_path/'mnist.npz'
    path.write_bytes(spoil(MNIST_FILE.read_bytes()))
    with pytest.raises(ValueError, match='damaged.*Install the package again'): read_arrays(*IDX_FILES, path=path)

def test_sound_file_with_other_numbers(tmp_path, arrays):
    np.savez(tmp_path/'mnist.npz', test_images=arrays['test_images'], test_labels=np.roll(arrays['test_labels'], 1))
    with pytest.raises(ValueError, match='wrong checksum for test_labels'):
        read_arrays('test_images', 'test_labels', path=tmp_path/'mnist.npz')
    assert len(read_arrays('test_images', path=tmp_path/'mnist.npz')['test_images']) == 10_000

@pytest.mark.parametrize('array', [
    np.zeros((10_000,), np.float32),
    np.zeros((10_000, 1), np.uint8),
], ids=['dtype', 'shape'])
def test_sound_file_of_another_kind(tmp_path, array):
    np.savez(tmp_path/'mnist.npz', test_labels=array)
    with pytest.raises(ValueError, match='damaged'): read_arrays('test_labels', path=tmp_path/'mnist.npz')

def test_file_with_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path/'mnist.npz', test_labels=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match='damaged'): read_arrays('test_labels', path=tmp_path/'mnist.npz')

def test_load_mnist_on_a_damaged_file(tmp_path, monkeypatch, fresh_memory):
    "The error comes each time, and the digits come as soon as the file is whole again"
    path = tmp_path/'mnist.npz'
    path.write_bytes(MNIST_FILE.read_bytes()[:1000])
    monkeypatch.setattr(data.read_arrays, '__kwdefaults__', {'path': path})
    for _ in range(2):
        with pytest.raises(ValueError, match='damaged'): load_mnist('test')
    path.write_bytes(MNIST_FILE.read_bytes())
    assert len(load_mnist('test').labels) == 10_000

# --- packing

def small_table(folder, monkeypatch):
    "Four small IDX files and a table of their sums in place of the real ones"
    table = {}
    for i, (key, (name, _)) in enumerate(IDX_FILES.items()):
        file = idx_bytes(np.arange(5 + i, dtype=np.uint8))
        (folder/name).write_bytes(file)
        table[key] = name, data.md5_sum(file)
    monkeypatch.setattr(pack_mnist, 'IDX_FILES', table)
    return table

def test_pack_twice_gives_the_same_bytes(tmp_path, monkeypatch):
    small_table(tmp_path, monkeypatch)
    for name in ('a.npz', 'b.npz'): pack_mnist.main(tmp_path, tmp_path/name)
    assert (tmp_path/'a.npz').read_bytes() == (tmp_path/'b.npz').read_bytes()
    with np.load(tmp_path/'a.npz') as npz: assert npz['test_labels'].tolist() == list(range(8))

def test_pack_refuses_other_files(tmp_path, monkeypatch):
    table = small_table(tmp_path, monkeypatch)
    name, md5 = table['test_images']
    (tmp_path/name).write_bytes(b'something else')
    with pytest.raises(ValueError, match=f'{name}.*{md5}'): pack_mnist.main(tmp_path, tmp_path/'new.npz')
    assert not (tmp_path/'new.npz').exists()

def test_pack_as_a_command(tmp_path, monkeypatch):
    before = MNIST_FILE.stat()
    monkeypatch.setattr(sys, 'argv', ['pack_mnist.py', str(tmp_path)])
    with pytest.raises(SystemExit, match='nothing written.*train-images-idx3-ubyte'):
        runpy.run_path(pack_mnist.__file__, run_name='__main__')
    assert (before.st_mtime_ns, before.st_size) == (MNIST_FILE.stat().st_mtime_ns, MNIST_FILE.stat().st_size)

def test_idx_there_and_back():
    a = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(pack_mnist.parse_idx(idx_bytes(a)), a)

# --- memory

def test_same_memory_each_time():
    for split in ('train', 'test'):
        a, b = load_mnist(split), load_mnist(split)
        assert [o.data_ptr() for o in a] == [o.data_ptr() for o in b]

def through_numpy(d): d.images.numpy()[17, 3, 3] ^= 1
def through_view(d): d.images.view(-1)[-1:].add_(1)
def through_swap(d): d.images[[0, 1]] = d.images[[1, 0]]
def through_labels(d): d.labels.add_(256) # Equal in the last byte
def through_shape(d): d.images.squeeze_().transpose_(0, 1), d.labels.unsqueeze_(0)
def through_resize(d): d.images.resize_(3, 28, 28).zero_()
def through_storage(d): d.labels.untyped_storage().fill_(0)

@pytest.mark.parametrize('spoil', [
    through_numpy, through_view, through_swap, through_labels, through_shape, through_resize, through_storage])
def test_writing_does_not_poison(spoil, arrays):
    mine = load_mnist('test')
    spoil(mine)
    kept = [o.clone() for o in mine]
    clean = load_mnist('test')
    assert np.array_equal(clean.images, arrays['test_images'])
    assert np.array_equal(clean.labels, arrays['test_labels'])
    assert all(torch.equal(a, b) for a, b in zip(mine, kept)), 'what the learner wrote is the learner\'s'

def test_subset_is_a_copy():
    first = data.threes_and_sevens('test')
    first.images.zero_()
    assert data.threes_and_sevens('test').images.any()

@pytest.mark.parametrize('split', ['valid', '', 3, None])
def test_unknown_split(split):
    with pytest.raises(ValueError, match="'train', 'test', got"): load_mnist(split)

# --- floats and splits

def test_float_range():
    levels = torch.arange(784).remainder(256).to(torch.uint8).view(28, 28)
    x = data.to_float(levels)
    assert x.dtype == torch.float32 and x.min() == 0 and x.max() == 1
    assert torch.equal((x*255).round().to(torch.uint8), levels)
    assert torch.equal(data.to_float(levels[None])[0], x)

@pytest.mark.parametrize('bad,message', [
    (torch.zeros(28, 28), 'torch.float32'),
    (np.zeros((28, 28), np.uint8), 'uint8'),
    ([1, 2], 'list'),
    (torch.zeros(28, 14, dtype=torch.uint8), r'\(28, 14\)'),
    (torch.zeros(28, dtype=torch.uint8), r'\(28,\)'),
    (torch.zeros(1, 1, 28, 28, dtype=torch.uint8), r'\(1, 1, 28, 28\)'),
])
def test_no_float(bad, message):
    with pytest.raises(ValueError, match=f'expected.*{message}'): data.to_float(bad)

@pytest.mark.parametrize('valid', [1, 7, 10_000, 59_999])
def test_split_is_stratified_and_whole(valid):
    labels = load_mnist().labels
    a, b = data.train_valid_split(labels, valid)
    assert len(b) == valid and torch.equal(torch.cat([a, b]).sort().values, torch.arange(60_000))
    assert torch.equal(b, b.sort().values)
    assert (labels[b].bincount(minlength=10) - labels.bincount()*valid/60_000).abs().max() < 1

def test_split_follows_the_generator_only():
    labels = load_mnist().labels
    def draw(seed): return data.train_valid_split(labels, generator=torch.Generator().manual_seed(seed))[1]
    fixed, state = data.train_valid_split(labels)[1], torch.get_rng_state()
    assert torch.equal(data.train_valid_split(labels)[1], fixed)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))

@pytest.mark.parametrize('form', [torch.Tensor.numpy, torch.Tensor.tolist], ids=['array', 'list'])
def test_split_takes_labels_in_any_form(form):
    labels = torch.arange(100)//10
    for a, b in zip(data.train_valid_split(form(labels), np.int64(20)), data.train_valid_split(labels, 20)):
        assert torch.equal(a, b)

@each('valid', [0, 10, -1, 0.5, 5.0, True, np.int64(10), '5', None])
def test_wrong_size_of_validation(valid):
    with pytest.raises(ValueError, match='from 1 to 9'): data.train_valid_split(torch.arange(10), valid)

@pytest.mark.parametrize('labels', [
    torch.zeros(10),
    torch.zeros(10, 1, dtype=torch.int64),
    torch.zeros((), dtype=torch.int64),
    torch.zeros(0, dtype=torch.int64)])
def test_wrong_labels(labels):
    with pytest.raises(ValueError, match='expected'): data.train_valid_split(labels, 1)

def test_threes_and_sevens():
    for split, threes, sevens in [('train', 6131, 6265), ('test', 1010, 1028)]:
        images, is_three = data.threes_and_sevens(split)
        assert images.shape == (threes + sevens, 28, 28) and is_three.dtype == torch.float32
        assert is_three.sum() == threes and (is_three == 0).sum() == sevens

# --- torchvision's folder

def test_cache_folder(home, monkeypatch):
    assert cache_folder() == home
    monkeypatch.setenv('SGD_COURSE_HOME', '~/digits')
    assert cache_folder() == Path.home()/'digits'
    monkeypatch.setenv('SGD_COURSE_HOME', '')
    assert cache_folder().is_absolute() and 'sgd_course' in str(cache_folder())

def test_folder_is_written_once(home):
    assert torchvision_folder() == home
    check_folder(home)
    before = {name: p.stat().st_mtime_ns for name, p in raw_files(home).items()}
    torchvision_folder()
    assert before == {name: p.stat().st_mtime_ns for name, p in raw_files(home).items()}

@pytest.mark.parametrize('spoil', [
    lambda p: p.unlink(),
    lambda p: p.write_bytes(b''),
    lambda p: p.write_bytes(p.read_bytes()[:-1]),
    lambda p: p.write_bytes(p.read_bytes()[:-1] + b'\xff'),
], ids=['missing', 'empty', 'short', 'one byte'])
def test_damaged_folder_is_repaired(home, spoil):
    torchvision_folder()
    before = {name: p.stat().st_mtime_ns for name, p in raw_files(home).items()}
    spoil(raw_files(home)['t10k-labels-idx1-ubyte'])
    torchvision_folder()
    check_folder(home)
    after = {name: p.stat().st_mtime_ns for name, p in raw_files(home).items()}
    assert [name for name in after if after[name] != before[name]] == ['t10k-labels-idx1-ubyte']

class FullDisk(io.FileIO):
    "Stands in for a file on a disk with room for 1,000,000 bytes"
    def write(self, content):
        super().write(content[:1_000_000])
        if len(content) > 1_000_000: raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

def test_full_disk(home, monkeypatch):
    with monkeypatch.context() as m:
        m.setattr(files, 'open', FullDisk, raising=False)
        with pytest.raises(OSError, match='No space left.*55 MB.*SGD_COURSE_HOME') as e: torchvision_folder()
    assert e.value.errno == errno.ENOSPC
    assert raw_files(home) == {}
    torchvision_folder() # Room again
    check_folder(home)

def test_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path/'seven'
    write_whole(path, b'old')
    monkeypatch.setattr(files, 'open', FullDisk, raising=False)
    with pytest.raises(OSError): write_whole(path, bytes(2_000_000))
    assert [p.name for p in tmp_path.iterdir()] == ['seven'] and path.read_bytes() == b'old'

def test_interrupted_while_writing(tmp_path, monkeypatch):
    def interrupt(*args): raise KeyboardInterrupt
    monkeypatch.setattr(os, 'replace', interrupt)
    with pytest.raises(KeyboardInterrupt): write_whole(tmp_path/'seven', b'new')
    assert list(tmp_path.iterdir()) == []

def test_read_only_home(home, monkeypatch):
    def refuse(self, *args, **kwargs): raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
    monkeypatch.setattr(Path, 'mkdir', refuse)
    with pytest.raises(PermissionError, match='Permission denied.*may write to.*SGD_COURSE_HOME'): torchvision_folder()
    assert not home.exists()

@pytest.mark.skipif(not hasattr(os, 'geteuid') or os.geteuid() == 0, reason='root and Windows may write anywhere')
def test_really_read_only_home(home):
    home.mkdir(mode=0o500)
    with pytest.raises(PermissionError, match='SGD_COURSE_HOME'): torchvision_folder()

def test_read_only_folder_that_is_whole_needs_no_writing(home, monkeypatch):
    torchvision_folder()
    def refuse(*args): raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    monkeypatch.setattr(data, 'write_whole', refuse)
    assert torchvision_folder() == home

def test_home_is_a_file(home):
    home.write_text('not a folder')
    with pytest.raises(OSError, match='SGD_COURSE_HOME'): torchvision_folder()
    assert home.read_text() == 'not a folder'

def test_folder_where_a_file_should_be(home):
    (home/'MNIST'/'raw'/'t10k-labels-idx1-ubyte').mkdir(parents=True)
    with pytest.raises(OSError, match='t10k-labels-idx1-ubyte.*SGD_COURSE_HOME'): torchvision_folder()
    assert all(not name.startswith('.') for name in raw_files(home))

def test_other_process_was_faster(home, monkeypatch, arrays):
    "Windows refuses to replace a file that the other process has open"
    def faster(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    monkeypatch.setattr(data, 'write_whole', faster)
    torchvision_folder()
    check_folder(home)

def test_two_processes_at_once(home):
    "The other process is held in the middle of each file, while this one looks, writes the same files and looks again"
    other = python('''
import io
from sgd_course import data, files
class Halves(io.FileIO):
    def write(self, content):
        super().write(content[:len(content)//2])
        print('half', flush=True)
        input()
        super().write(content[len(content)//2:])
files.open = Halves
data.torchvision_folder()
''', stdin=subprocess.PIPE)
    sums = dict(IDX_FILES.values())
    def all_whole():
        return all(is_intact(p, sums[name]) for name, p in raw_files(home).items() if not name.startswith('.'))
    for _ in IDX_FILES:
        assert other.stdout.readline() == 'half\n', other.stderr.read()
        assert all_whole()
        torchvision_folder()
        assert all_whole()
        print(file=other.stdin, flush=True)
    _, err = other.communicate(timeout=300)
    assert other.returncode == 0, err
    check_folder(home)

# --- pictures as vectors

def test_vectors_run_row_by_row():
    x = to_vectors(torch.arange(784).remainder(256).to(torch.uint8).view(1, 28, 28))
    assert x.shape==(1, 784) and x[0, 28*2+5]==pytest.approx(61/255)

def test_one_picture_gives_one_vector():
    images = load_mnist('test').images[:3]
    assert torch.equal(to_vectors(images[1]), to_vectors(images)[1])
    assert torch.equal(to_vectors(images).view(3, 28, 28), to_float(images))

@pytest.mark.parametrize('images, message', [
    (torch.zeros(0, 28, 28, dtype=torch.uint8), 'at least one picture'),
    (torch.zeros(2, 784, dtype=torch.uint8), '28, 28'), (torch.zeros(28, 28), 'uint8')])
def test_what_is_no_picture_makes_no_vector(images, message):
    with pytest.raises(ValueError, match=message): to_vectors(images)
