"A file of the course is written whole or not at all, and nothing that is no file is ever replaced or read"
import os, stat

import pytest

from sgd_course.files import DAY, drafts_of, read_whole, write_whole

POSIX = pytest.mark.skipif(os.name=='nt', reason='Windows has other links, pipes and permissions')

def full(fd): raise OSError(28, 'No space left on device')

def test_full_disk_leaves_the_old_file_or_none(tmp_path, monkeypatch):
    write_whole(tmp_path/'old', b'old')
    monkeypatch.setattr(os, 'fsync', full)
    for name in ('old', 'new'):
        with pytest.raises(OSError, match=f'No space left on device.*{name}'): write_whole(tmp_path/name, b'more')
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()]==[('old', b'old')]

def make_pipe(path): os.mkfifo(path)
def make_device(path):
    try: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError: pytest.skip('only root can make a device')
def make_folder(path): path.mkdir()
def make_loop(path): path.symlink_to(path)

@POSIX
@pytest.mark.parametrize('make', [make_pipe, make_device, make_folder, make_loop])
@pytest.mark.parametrize('linked', [False, True])
def test_what_is_no_file_is_neither_replaced_nor_read(make, linked, tmp_path):
    place = path = tmp_path/'place'
    make(place)
    if linked: (path := tmp_path/'link').symlink_to(place)
    before = place.lstat()
    with pytest.raises(OSError, match=path.name): write_whole(path, b'new')
    with pytest.raises(OSError, match=path.name): read_whole(path)
    assert place.lstat().st_ino==before.st_ino and len(list(tmp_path.iterdir()))==1 + linked

@POSIX
@pytest.mark.parametrize('there', [True, False])
def test_a_link_is_written_through(there, tmp_path):
    target, link = tmp_path/'synchronised'/'target', tmp_path/'link'
    link.symlink_to(target)
    if there: write_whole(target, b'old')
    assert write_whole(link, b'new') and link.is_symlink() and target.read_bytes()==b'new'
    assert [p.name for p in target.parent.iterdir()]==['target']

@POSIX
def test_permissions_stay(tmp_path):
    (tmp_path/'mine').touch(mode=0o640)
    (tmp_path/'mine').chmod(0o640)
    write_whole(tmp_path/'mine', b'new')
    assert stat.S_IMODE((tmp_path/'mine').stat().st_mode)==0o640

def test_write_protected_file_stays(tmp_path, monkeypatch):
    (tmp_path/'kept').write_bytes(b'old')
    monkeypatch.setattr(os, 'access', lambda path, mode: False)   # As for everybody but root
    with pytest.raises(PermissionError, match='kept'): write_whole(tmp_path/'kept', b'new')
    assert (tmp_path/'kept').read_bytes()==b'old'

@pytest.mark.parametrize('name', ['数'*80, 'a'*255, 'a b', '-n', '[x]*'])
def test_every_name_will_do(name, tmp_path):
    if os.name=='nt' and '*' in name: pytest.skip('no name on Windows')
    for data in (b'1', b'2'): assert write_whole(tmp_path/name, data)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()]==[(name, b'2')]

def test_old_drafts_of_the_same_file_are_swept(tmp_path):
    files = {name: tmp_path/(drafts_of(tmp_path/of) + name) for name, of in
        (('old', 'mine'), ('young', 'mine'), ('other', 'yours'))}
    for path in files.values(): path.touch()
    for name in ('old', 'other'): os.utime(files[name], (files[name].stat().st_mtime - DAY - 9,)*2)
    write_whole(tmp_path/'mine', b'')
    assert {p.name for p in tmp_path.iterdir()}=={files['young'].name, files['other'].name, 'mine'}
