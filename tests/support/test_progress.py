"The file of progress: two notebooks at once, damage, a disk that refuses"
import csv, json, os, subprocess, sys
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from repository import ROOT
from sgd_course import progress as module
from sgd_course.progress import (ProgressError, export_progress, load_progress, note_hint, note_solved, parse_progress,
    progress, progress_file, reset_progress)

@pytest.fixture
def path(tmp_path): return tmp_path/'deep'/'progress.json'

WRITER = '''
import sys
from sgd_course.progress import note_hint, note_solved
who, path, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
print('ready', flush=True)
sys.stdin.readline()
for k in range(n):
    note_solved(f'{who}.{k}', path)
    note_hint('both.same', 10_000, path)
'''

def names(path): return load_progress(path)[0]['exercises'].keys()

def test_two_notebooks_write_at_once(path):
    n = 25
    def start(who):
        cmd = [sys.executable, '-c', WRITER, who, path, str(n)]
        return subprocess.Popen(cmd, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    writers = [start(who) for who in 'ab']
    for w in writers: assert w.stdout.readline()=='ready\n'
    for w in writers:   # All have started, now they run together
        w.stdin.write('go\n')
        w.stdin.flush()
    assert [w.wait(timeout=300) for w in writers]==[0, 0]
    for w in writers: w.communicate()
    notes = parse_progress(path.read_text())['exercises']
    assert {f'{who}.{k}' for who in 'ab' for k in range(n)} <= notes.keys()
    assert notes['both.same']['hints']==2*n, 'no note was lost'

def test_lock_of_a_dead_process_does_not_stay(path):
    note_solved('a.b', path)
    code = f'import os; from filelock import FileLock; FileLock({str(path)!r} + ".lock").acquire(); os._exit(9)'
    subprocess.run([sys.executable, '-c', code], timeout=300)
    note_solved('a.c', path)
    assert names(path)=={'a.b', 'a.c'}

def test_death_while_writing_leaves_the_old_file(path):
    note_solved('a.b', path)
    code = f'''
import os
from sgd_course import files, progress
files.os.fsync = lambda f: os._exit(9)
progress.note_solved('a.c', {str(path)!r})'''
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT, timeout=300).returncode==9
    assert names(path)=={'a.b'}
    note_solved('a.d', path)
    assert names(path)=={'a.b', 'a.d'}

@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_set_aside_or_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('p')/'progress.json'
    path.write_bytes(data)
    notes, said = load_progress(path)
    assert notes=={'exercises': {}, 'review': {}} and 'damaged' in said
    assert (path.parent/'progress (damaged 1).json').read_bytes()==data
    note_solved('a.b', path)
    assert names(path)=={'a.b'}

def test_damaged_file_is_told_in_the_table(path):
    note_solved('a.b', path)
    path.write_text(path.read_text()[:-9])
    assert 'damaged' in repr(progress(path)) and 'damaged' not in repr(progress(path))

IN_A_NOTE = '{"format": 1, "exercises": {"a.b": {"solved": null, "hints": 0, "more": %s}}}'

@pytest.mark.parametrize('depth', [100_000, sys.getrecursionlimit() - 60, 900, 300])
@pytest.mark.parametrize('text', [IN_A_NOTE, '%s'])
def test_brackets_in_brackets_end_nothing(text, depth, path):
    "However deep they are: some depths can be read and not written again"
    path.parent.mkdir()
    path.write_text(text % ('['*depth + ']'*depth))
    note_solved('a.c', path)
    assert 'a.c' in names(path)

def test_mark_of_an_editor_is_no_damage(path):
    note_solved('a.b', path)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert progress(path).record['exercises'].keys()=={'a.b'} and not progress(path).said

def test_a_linked_file_is_written_through_and_set_aside_where_it_lies(tmp_path):
    link, target = tmp_path/'here'/'progress.json', tmp_path/'cloud'/'mine.json'
    link.parent.mkdir()
    link.symlink_to(target)
    note_solved('a.b', link)
    assert link.is_symlink() and names(target)=={'a.b'}
    target.write_text('damaged')
    note_solved('a.c', link)
    assert link.is_symlink() and names(target)=={'a.c'}
    assert (tmp_path/'cloud'/'mine (damaged 1).json').read_text()=='damaged'

def refuse(*args, **kwargs): raise PermissionError(13, 'Permission denied')

def test_what_cannot_be_written_is_shown(path, monkeypatch):
    "As from a folder that is read-only, where there can be no lock"
    note_solved('quadratic_loss.descent', path)
    monkeypatch.setattr(module, 'FileLock', refuse)
    shown = repr(progress(path))
    assert '[x] quadratic_loss.descent' in shown and 'SGD_COURSE_HOME' in shown
    for act, *args in [(note_solved, 'a.c', path), (note_hint, 'a.c', 3, path), (reset_progress, None, path)]:
        with pytest.raises(ProgressError, match='Permission denied.*SGD_COURSE_HOME'): act(*args)
    assert export_progress(path.with_name('copy.csv'), path).exists()
    path.write_text('damaged')
    with pytest.raises(ProgressError, match='Permission denied'): progress(path)

@pytest.mark.parametrize('text', [None, '{"format": 1, "exercises": {}}', 'damaged', ''])
def test_a_copy_of_nothing_is_not_written(text, path):
    path.parent.mkdir()
    if text is not None: path.write_text(text)
    with pytest.raises(ProgressError, match='no progress to copy') as e:
        export_progress(path.with_name('copy.csv'), path)
    assert ('damaged' in str(e.value))==(text in ('damaged', '')) and not path.with_name('copy.csv').exists()

def test_a_copy_is_whole_or_not_there(path, monkeypatch):
    note_solved('a.b', path)
    note_solved('a "quoted", \ud800 name', path)
    copy = path.with_name('copy.csv')
    with monkeypatch.context() as m:
        m.setattr(os, 'fsync', refuse)
        with pytest.raises(ProgressError, match='copy.csv cannot be written'): export_progress(copy, path)
    assert not copy.exists() and export_progress(copy, path)==copy
    with open(copy, encoding='utf-8', newline='') as f: rows = [*csv.reader(f)]
    assert [row[0] for row in rows]==['exercise', 'a "quoted", ? name', 'a.b'] and {len(row) for row in rows}=={4}
    with pytest.raises(ProgressError, match='exists already'): export_progress(copy, path)

def test_newer_file_is_left_alone(path):
    note_solved('a.b', path)
    path.write_text('{"format": 3, "exercises": []}')
    actions = [(note_solved, 'a.c', path), (progress, path), (reset_progress, None, path),
        (export_progress, path.with_name('x.json'), path)]
    for act, *args in actions:
        with pytest.raises(ProgressError, match='newer version'): act(*args)
    assert path.read_text()=='{"format": 3, "exercises": []}'

def test_notes_of_unknown_exercises_are_kept(path):
    note_solved('future.exercise', path)
    note_hint('quadratic_loss.descent', 3, path)
    assert names(path)=={'future.exercise', 'quadratic_loss.descent'}
    assert 'future' not in repr(progress(path))

def test_notes_of_an_older_version_are_read(path):
    "It knew no reviews, and did not note when a hint was taken: such hints have faded"
    path.parent.mkdir()
    path.write_text('{"format": 1, "exercises": {"quadratic_loss.descent": {"solved": null, "hints": 3}}}')
    assert 'hint' not in repr(progress(path))
    assert note_hint('quadratic_loss.descent', 3, path)==1 and ', 1 hint' in repr(progress(path))

@pytest.mark.parametrize('days, left', [(0, 3), (6, 3), (7, 1), (8, 1)])
def test_hints_fade_after_a_week(days, left, path):
    for _ in range(2): note_hint('quadratic_loss.descent', 3, path)
    today, then = date.today(), date.today() - timedelta(days)
    path.write_text(path.read_text().replace(today.isoformat(), then.isoformat()))
    assert (', 2 hints' in repr(progress(path)))==(left==3)
    assert note_hint('quadratic_loss.descent', 3, path)==left

def test_solving_keeps_hints_and_hints_keep_the_solution(path):
    note_hint('a.b', 3, path)
    note_solved('a.b', path)
    note_hint('a.b', 3, path)
    note = load_progress(path)[0]['exercises']['a.b']
    assert note['hints']==2 and note['solved'] and note['hinted']

def test_folder_that_is_a_file(tmp_path):
    (tmp_path/'f').write_text('')
    with pytest.raises(ProgressError, match='cannot be kept'): note_solved('a.b', tmp_path/'f'/'progress.json')

def test_place(monkeypatch, tmp_path):
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))
    assert progress_file()==tmp_path/'progress.json'
    monkeypatch.delenv('SGD_COURSE_HOME')
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path/'data'))
    if sys.platform=='linux': assert progress_file()==tmp_path/'data'/'sgd_course'/'progress.json'

def test_looking_writes_nothing(path):
    assert '[ ]' in repr(progress(path)) and not path.parent.exists()

def test_needs_no_torch():
    code = """import sgd_course.progress, sgd_course.checks, sgd_course.questionnaire, sgd_course.glossary, sys
print(*{"torch", "numpy", "matplotlib"} & sys.modules.keys())"""
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True).stdout=='\n'

def test_stored_table_is_that_of_a_new_learner():
    cells = json.loads((ROOT/'nbs/progress.ipynb').read_text(encoding='utf-8'))['cells']
    shown = next(c for c in cells if ''.join(c['source'])=='progress()')['outputs'][0]['data']
    stored = ''.join(shown['text/plain'])
    new = module.Progress({'exercises': {}, 'review': {}})
    assert stored==repr(new), 'refresh the notebook with SGD_COURSE_HOME set to an empty folder'
