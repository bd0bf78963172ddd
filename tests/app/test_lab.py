"`sgd-course lab`: the learner's work is never written over, whatever goes wrong; test_lab_opens.py has the real thing"
import json, os, select, shutil, signal, subprocess, sys

import nbformat, nbformat.sign
import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

from repository import ROOT
from sgd_course.app import cli, lab
from sgd_course.app.cli import main
from sgd_course.app.lab import RECORD, LabError, lay_out

# The rules of the copy

@pytest.fixture
def course(tmp_path):
    "A course of two chapters and a picture"
    folder = tmp_path/'course'
    (folder/'images').mkdir(parents=True)
    for name in ('a.ipynb', 'b.ipynb', 'images/p.svg'): (folder/name).write_text(f'{name} 1')
    return folder

@pytest.fixture
def mine(tmp_path): return tmp_path/'mine'

def texts(folder):
    "What the learner sees: every file but the record"
    paths = [p for p in folder.rglob('*') if p.is_file() and p.name!=RECORD]
    return {p.relative_to(folder).as_posix(): p.read_text() for p in paths}

def renew(course, text, *names):
    for name in names: (course/name).write_text(text)

def test_first_start_copies_everything(course, mine):
    assert lay_out(mine/'deep'/'down', course) == {'new': ['a.ipynb', 'b.ipynb', 'images/p.svg']}
    assert texts(mine/'deep'/'down') == texts(course)

def test_second_start_writes_nothing(course, mine):
    lay_out(mine, course)
    before = {p: p.stat().st_mtime_ns for p in [mine, *mine.rglob('*')]}
    assert set(lay_out(mine, course)) == {'same'}
    assert {p: p.stat().st_mtime_ns for p in [mine, *mine.rglob('*')]} == before

def test_untouched_chapter_is_renewed(course, mine):
    lay_out(mine, course)
    renew(course, 'a 2', 'a.ipynb')
    assert lay_out(mine, course)['update'] == ['a.ipynb']
    assert texts(mine) == texts(course)

def test_own_work_stays_while_the_course_stands_still(course, mine):
    lay_out(mine, course)
    (mine/'a.ipynb').write_text('own work')
    assert lay_out(mine, course)['yours'] == ['a.ipynb']
    assert texts(mine) == texts(course) | {'a.ipynb': 'own work'}

def test_newer_version_is_laid_beside_own_work_once(course, mine):
    lay_out(mine, course)
    (mine/'a.ipynb').write_text('own work')
    renew(course, 'a 2', 'a.ipynb')
    assert lay_out(mine, course, version='0.0.2')['beside'] == ['a (version 0.0.2).ipynb']
    (mine/'a (version 0.0.2).ipynb').unlink()
    done = lay_out(mine, course, version='0.0.2')
    assert done['yours'] == ['a.ipynb'], 'taken note of and thrown away: not laid again'
    assert texts(mine) == texts(course) | {'a.ipynb': 'own work'}

def test_own_work_in_the_version_laid_beside_stays_too(course, mine):
    lay_out(mine, course)
    (mine/'a.ipynb').write_text('own work')
    renew(course, 'a 2', 'a.ipynb')
    lay_out(mine, course, version='0.0.2')
    (mine/'a (version 0.0.2).ipynb').write_text('more own work')
    renew(course, 'a 3', 'a.ipynb')
    assert lay_out(mine, course, version='0.0.2')['beside'] == ['a (version 0.0.2, 2).ipynb']
    assert texts(mine) == texts(course) | {
        'a.ipynb': 'own work',
        'a (version 0.0.2).ipynb': 'more own work',
        'a (version 0.0.2, 2).ipynb': 'a 3',
    }

def test_deleted_chapter_comes_back_and_the_learner_is_told(course, mine):
    lay_out(mine, course)
    (mine/'a.ipynb').unlink()
    done = lay_out(mine, course)
    assert done['again'] == ['a.ipynb'] and texts(mine) == texts(course)
    assert cli.tell(done) == ['Copied again, since it was gone: a.ipynb.']

def test_files_of_the_learner_stay(course, mine):
    mine.mkdir()
    (mine/'notes.ipynb').write_text('notes')
    (mine/'a.ipynb').write_text('was here before the course')
    assert lay_out(mine, course, version='0.0.1')['beside'] == ['a (version 0.0.1).ipynb']
    assert texts(mine).items() >= {'notes.ipynb': 'notes', 'a.ipynb': 'was here before the course'}.items()

BAD_RECORDS = [None, b'', b'{"given": {"a.ipy', b'[]', b'{"given": 7}', b'{"given": {"a.ipynb": 7}}', b'\xff\xfe']

@pytest.mark.parametrize('record', BAD_RECORDS)
def test_without_a_record_everything_that_differs_is_the_learners(record, course, mine):
    lay_out(mine, course)
    (mine/'a.ipynb').write_text('own work')
    renew(course, 'b 2', 'b.ipynb')
    if record is None: (mine/RECORD).unlink()
    else: (mine/RECORD).write_bytes(record)
    done = lay_out(mine, course, version='0.0.2')
    assert done == {'beside': ['a (version 0.0.2).ipynb', 'b (version 0.0.2).ipynb'], 'same': ['images/p.svg']}
    kept = {'a.ipynb': 'own work', 'b.ipynb': 'b.ipynb 1', 'b (version 0.0.2).ipynb': 'b 2'}
    assert texts(mine).items() >= kept.items()
    assert set(lay_out(mine, course, version='0.0.2')) == {'yours', 'same'}, 'the record is whole again'

ACTS = st.tuples(st.sampled_from(['learner', 'course', 'start', 'lose record', 'delete']), st.integers(0, 3))

@settings(max_examples=50, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_no_story_loses_a_word_of_the_learner(tmp_path_factory, story):
    folder = tmp_path_factory.mktemp('story')
    course, mine, work = folder/'course', folder/'mine', set()
    course.mkdir()
    renew(course, 'course 0', 'a.ipynb')
    lay_out(mine, course)
    for act, n in story:
        path = sorted(mine.glob('*.ipynb'))[-1:] if n%2 else [mine/'a.ipynb']
        if act=='learner':
            for p in path:
                work -= {p.read_text()} if p.exists() else set() # The learner's own doing
                p.write_text(f'own {n}')
                work.add(f'own {n}')
        elif act=='course': renew(course, f'course {n}', 'a.ipynb')
        elif act=='lose record': (mine/RECORD).unlink(missing_ok=True)
        elif act=='delete' and (mine/'a.ipynb').exists():
            work -= {(mine/'a.ipynb').read_text()} - {p.read_text() for p in mine.glob('*.ipynb') if p.name!='a.ipynb'}
            (mine/'a.ipynb').unlink()
        else:
            before = texts(mine)
            lay_out(mine, course)
            after = texts(mine)
            assert {n: t for n, t in before.items() if t.startswith('own') and after.get(n)!=t} == {}
            assert (course/'a.ipynb').read_text() in after.values() or any(t.startswith('own') for t in after.values())
    shutil.rmtree(folder)

def notebook(source, **more):
    return json.dumps({'cells': [{'cell_type': 'code', 'source': [source], 'outputs': [], **more}], 'metadata': {}})

def test_a_chapter_that_was_only_run_counts_as_untouched(course, mine):
    renew(course, notebook('w = 1'), 'a.ipynb')
    lay_out(mine, course)
    ran = notebook('w = 1', execution_count=3, outputs=[{'output_type': 'stream', 'name': 'stdout', 'text': ['1']}])
    renew(mine, ran, 'a.ipynb')
    assert set(lay_out(mine, course))=={'same'} and texts(mine)['a.ipynb']==ran
    renew(course, notebook('w = 2'), 'a.ipynb')
    assert lay_out(mine, course)['update']==['a.ipynb'] and texts(mine)==texts(course)

@pytest.mark.parametrize('source, more', [
    ('w = 1 # mine', {}),
    ('w = 1', {'cell_type': 'markdown'}),
    ('w = 1', {'attachments': {'me.png': {'image/png': 'AA'}}})])
def test_a_chapter_that_was_written_in_is_the_learners(source, more, course, mine):
    renew(course, notebook('w = 1'), 'a.ipynb')
    lay_out(mine, course)
    own = notebook(source, **more)
    renew(mine, own, 'a.ipynb')
    renew(course, notebook('w = 2'), 'a.ipynb')
    assert lay_out(mine, course, version='0.0.2')['beside']==['a (version 0.0.2).ipynb'] and texts(mine)['a.ipynb']==own

# Faults

@pytest.fixture
def full_disk(monkeypatch):
    "Call it with how many more files fit on the disk"
    def fill(fits):
        left = iter(range(fits))
        def fsync(fd):
            if next(left, None) is None: raise OSError(28, 'No space left on device')
        monkeypatch.setattr(os, 'fsync', fsync)
    return fill

@pytest.mark.parametrize('fits', [0, 1, 2, 3])
def test_full_disk_leaves_no_half_course(fits, course, mine, full_disk):
    "What is left is nothing, whether there is no room to begin with or it goes while files are laid out"
    full_disk(fits)
    said = r'\(0.0 MB\) in .*No space left on device. Nothing of yours was changed'
    with pytest.raises(LabError, match=said): lay_out(mine, course)
    assert list(mine.iterdir())==[]
    full_disk(99)
    assert lay_out(mine, course) == {'new': ['a.ipynb', 'b.ipynb', 'images/p.svg']}
    assert texts(mine) == texts(course)

def test_full_disk_keeps_own_work(course, mine, full_disk):
    lay_out(mine, course)
    (mine/'a.ipynb').write_text('own work')
    (mine/'b.ipynb').unlink()
    renew(course, 'a 2', 'a.ipynb')
    for fits in (0, 1, 2):
        full_disk(fits)
        with pytest.raises(LabError, match='No space'): lay_out(mine, course)
        assert texts(mine)['a.ipynb']=='own work' and 'images/p.svg' in texts(mine)

def test_read_only_folder(course, mine, monkeypatch):
    lay_out(mine, course)
    def refuse(*args, **kwargs): raise PermissionError(13, 'Permission denied')
    monkeypatch.setattr(os, 'replace', refuse)
    lay_out(mine, course)
    renew(course, 'a 2', 'a.ipynb')
    with pytest.raises(LabError, match='Permission denied'): lay_out(mine, course)
    assert texts(mine)['a.ipynb']=='a.ipynb 1' and not list(mine.rglob('.sgd_course-*'))

@pytest.mark.parametrize('place', ['taken', 'taken/below'])
def test_file_in_place_of_the_folder(place, course, tmp_path):
    (tmp_path/'taken').write_text('something else')
    with pytest.raises(LabError): lay_out(tmp_path/place, course)
    assert (tmp_path/'taken').read_text()=='something else'

CUT = notebook('w = 1')[:40], '', '{}', '[1, 2]', '['*100_000

@pytest.mark.parametrize('text', CUT, ids=range(len(CUT)))
def test_damaged_chapter_is_kept_and_named(text, course, mine):
    renew(course, notebook('w = 1'), 'a.ipynb', 'b.ipynb')
    lay_out(mine, course)
    renew(mine, text, 'a.ipynb')
    for _ in range(2):
        done = lay_out(mine, course)
        assert done['damaged']==['a.ipynb'] and texts(mine)['a.ipynb']==text
        assert 'cannot open it: a.ipynb' in cli.tell(done)[-1]
    (mine/'a.ipynb').rename(mine/'mine.ipynb')
    assert 'damaged' not in lay_out(mine, course) and texts(mine)['a.ipynb']==texts(course)['a.ipynb']

@pytest.mark.skipif(os.name=='nt', reason='Windows has no such pipes')
def test_a_pipe_in_place_of_a_chapter_is_not_waited_for(course, mine):
    mine.mkdir()
    os.mkfifo(mine/'a.ipynb')
    with pytest.raises(LabError, match='got something else'): lay_out(mine, course)

def test_folder_in_place_of_a_chapter(course, mine):
    (mine/'a.ipynb').mkdir(parents=True)
    with pytest.raises(LabError, match='cannot lay out'): lay_out(mine, course)

def test_the_courses_own_folder_is_refused(course):
    with pytest.raises(LabError, match='the course itself'): lay_out(course/'..'/'course', course)

def test_learner_saves_while_a_chapter_is_renewed(course, mine, monkeypatch):
    lay_out(mine, course)
    renew(course, 'a 2', 'a.ipynb')
    def fsync(fd): (mine/'a.ipynb').write_text('saved just now')
    monkeypatch.setattr(os, 'fsync', fsync)
    assert lay_out(mine, course, version='0.0.2')['beside'] == ['a (version 0.0.2).ipynb']
    assert texts(mine) == texts(course) | {'a.ipynb': 'saved just now', 'a (version 0.0.2).ipynb': 'a 2'}

def refuse(*args, **kwargs): raise PermissionError(13, 'Permission denied')

START = '''
import sys
from sgd_course.app.lab import lay_out
print('ready', flush=True)
sys.stdin.readline()
lay_out(*sys.argv[1:])
'''

def test_two_starts_at_once(course, mine):
    env = os.environ | {'PYTHONPATH': str(ROOT)}
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    starts = [subprocess.Popen([sys.executable, '-c', START, mine, course], env=env, **pipes) for _ in range(4)]
    assert [p.stdout.readline() for p in starts] == ['ready\n']*4
    for p in starts:
        p.stdin.write('go\n')
        p.stdin.flush()
    assert [(p.communicate(timeout=300)[1], p.returncode) for p in starts] == [('', 0)]*4
    assert texts(mine) == texts(course) and set(lay_out(mine, course)) == {'same'}

# The command line

def call(*args): return CliRunner().invoke(main, [str(a) for a in args])

def test_errors_are_one_sentence(tmp_path):
    (tmp_path/'taken').touch()
    res = call('lab', tmp_path/'taken')
    assert res.exit_code==1
    assert res.output==f"Error: expected a folder, got the file {tmp_path/'taken'}: choose another name\n"

@pytest.mark.parametrize('args', [['lab', ''], ['train', '--out', ''], ['predict', '--model', '', 'a.png'],
    ['progress', '--export', '']])
def test_an_empty_name_is_refused(args, tmp_path, monkeypatch):
    "As from a variable that is not set"
    monkeypatch.chdir(tmp_path)
    res = call(*args)
    assert res.exit_code==2 and 'the name is empty' in res.output and not any(tmp_path.iterdir())

def test_missing_jupyterlab(tmp_path, monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    res = call('lab', tmp_path/'mine')
    assert res.exit_code==1 and 'pip install "sgd_course[lab]"' in res.output
    assert not (tmp_path/'mine').exists()

def test_jupyters_own_folder_is_out_of_reach(course, tmp_path, monkeypatch):
    renew(course, nbformat.writes(nbformat.v4.new_notebook()), 'a.ipynb', 'b.ipynb')
    monkeypatch.setattr(lab, 'course_notebooks', lambda: course)
    (tmp_path/'taken').touch()
    monkeypatch.setenv('JUPYTER_DATA_DIR', str(tmp_path/'taken'/'below'))
    monkeypatch.setattr(cli, 'run_lab', lambda cmd: 0)
    for said in ("Jupyter's own folder cannot be written", 'could not be signed'):
        res = call('lab', tmp_path/'mine', '--no-browser')
        assert res.exit_code==0 and said in res.output and 'Traceback' not in res.output
        if said.startswith('Jupyter'): assert 'JUPYTER_DATA_DIR' in res.output
        monkeypatch.setattr(cli, 'is_signed', lambda folder: False)
        monkeypatch.setattr(lab, 'write_record', refuse)
    assert os.environ['JUPYTER_DATA_DIR']==str(tmp_path/'mine'/'.jupyter')

def test_chapters_are_signed_once_and_again_when_it_is_needed(course, mine, tmp_path, monkeypatch):
    "Later starts need not load the library that signs"
    monkeypatch.setenv('JUPYTER_DATA_DIR', str(tmp_path/'jupyter'))
    monkeypatch.setattr(lab, 'course_notebooks', lambda: course)
    monkeypatch.setattr(cli, 'run_lab', lambda cmd: 0)
    signed, sign = [], cli.trust
    monkeypatch.setattr(cli, 'trust', lambda folder, source: signed.append(sign(folder, source)))
    def signed_at_start():
        signed.clear()
        assert call('lab', mine, '--no-browser').exit_code==0
        return signed
    renew(course, nbformat.writes(nbformat.v4.new_notebook()), 'a.ipynb', 'b.ipynb')
    assert signed_at_start()==[['a.ipynb', 'b.ipynb']]
    assert signed_at_start()==[]
    renew(course, nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('w = 2')])), 'b.ipynb')
    assert signed_at_start()==[['a.ipynb', 'b.ipynb']]
    trusted = nbformat.read(mine/'b.ipynb', 4)
    assert nbformat.sign.NotebookNotary().check_signature(trusted)
    (tmp_path/'jupyter'/'nbsignatures.db').unlink()
    assert signed_at_start()==[['a.ipynb', 'b.ipynb']]

def test_no_window_on_a_machine_without_one(tmp_path, monkeypatch):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY', 'BROWSER'): monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('JUPYTER_DATA_DIR', str(tmp_path/'jupyter'))
    monkeypatch.setattr(sys, 'platform', 'linux')
    started = []
    monkeypatch.setattr(cli, 'run_lab', lambda cmd: started.append(cmd) or 0)
    res = call('lab', tmp_path/'mine')
    assert res.exit_code==0 and '--no-browser' in started[0]
    assert str(tmp_path/'mine') in res.output and 'Copied' in res.output

# Ctrl-C

SERVER = '''
import json, os, time
note = {'url': 'http://127.0.0.1:1/', 'token': 'x', 'pid': os.getpid()}
with open(os.environ['JUPYTER_RUNTIME_DIR'] + '/jpserver-1.json', 'w') as f: json.dump(note, f)
time.sleep(600)
'''

RUN = '''
import sys
from sgd_course.app.lab import run_lab
sys.exit(run_lab([sys.executable, '-c', sys.argv[1], '--LabApp.default_url=/lab']))
'''

@pytest.fixture
def terminal(tmp_path):
    "A program in a terminal of its own that runs a server: what types, what waits for words, what waits for the end"
    pty = pytest.importorskip('pty', reason='Windows has no such terminals')
    pid, fd = pty.fork()
    if not pid:
        os.environ |= {'PYTHONPATH': str(ROOT), 'JUPYTER_RUNTIME_DIR': str(tmp_path)}
        signal.signal(signal.SIGINT, signal.SIG_DFL)   # What was started in the background ignores Ctrl-C
        os.execv(sys.executable, [sys.executable, '-c', RUN, SERVER])
    printed = b''
    def said(text):
        nonlocal printed
        while text.encode() not in printed:
            assert select.select([fd], [], [], 120)[0], f'no {text!r} after 120 s: {printed.decode()}'
            try: printed += os.read(fd, 1000)
            except OSError: raise AssertionError(f'ended without {text!r}: {printed.decode()}') from None
        printed = b''
    yield lambda keys: os.write(fd, keys.encode()), said, lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)

def test_ctrl_c_asks_before_the_server_stops(terminal, tmp_path):
    type_in, said, ended = terminal
    said('Stop it with Ctrl-C')
    server = json.loads((tmp_path/'jpserver-1.json').read_text())['pid']
    type_in('\x03')
    said('Stop the course now?')
    type_in('n\n')
    said('The course goes on')
    type_in('\x03')
    said('Stop the course now?')
    os.kill(server, 0)   # It is still there
    type_in('\n')
    assert ended()==0
    with pytest.raises(ProcessLookupError): os.kill(server, 0)

def test_ctrl_c_while_the_course_answers_asks_again(monkeypatch):
    asked = []
    class Server:
        pid = 0
        def poll(self): return None
        def wait(self, timeout=None):
            if timeout is None: raise KeyboardInterrupt
        def terminate(self): asked.append('terminated')
    def answer():
        asked.append('asked')
        if asked==['asked']: raise KeyboardInterrupt
        return len(asked)==3
    monkeypatch.setattr(lab.subprocess, 'Popen', lambda *a, **k: Server())
    monkeypatch.setattr(lab.signal, 'signal', lambda *a: None)
    monkeypatch.setattr(lab, 'tell_link', lambda *a: None)
    monkeypatch.setattr(lab, 'wants_to_stop', answer)
    assert lab.run_lab(['--LabApp.default_url=/lab/tree/index.ipynb'])==0
    assert asked==['asked']*3+['terminated']

def test_where_nobody_can_be_asked_it_stops(monkeypatch):
    monkeypatch.setattr(sys.stdin, 'isatty', lambda: False, raising=False)
    assert lab.wants_to_stop()
