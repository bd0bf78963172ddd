"No look at the test digits goes unwritten, and no line of the log can be changed or taken out without a trace"
import json, os
from unittest import mock

import pytest, torch
from hypothesis import strategies as st
from torch import nn

from laws import law
from sgd_course.nonlinearity import mlp
from sgd_course.progress import ProgressError, load_progress, note_solved, reset_progress
from sgd_course.seal import chain_faults, hash_of, log_faults, log_file, sealed_log, sealed_test, START

def net(seed=0): return mlp([784, 10], generator=torch.Generator().manual_seed(seed))
def names(home): return [entry['name'] for entry in sealed_log(home).entries]

def chain(n):
    "A log with `n` lines"
    lines = []
    for i in range(n):
        entry = dict(before=hash_of(lines[-1]) if lines else START, name=f'net {i}', when='2026-11-02T10:00:00',
                     look=1, recipe={'epochs': i}, weights=f'{i}', right=9000 + i, of=10_000, notes=[])
        lines.append(json.dumps(entry))
    return lines

@law(st.integers(1, 6), st.data())
def test_whatever_is_done_to_a_line_is_noticed(n, data):
    lines, where = chain(n), data.draw(st.integers(0, n - 1))
    newest = hash_of(lines[-1])
    assert log_faults(lines, newest)==[]
    doing = data.draw(st.sampled_from(['take out', 'change', 'repeat', 'cut here', 'put before', 'tear']))
    other = lines.copy()
    if doing=='take out': del other[where]
    if doing=='change': other[where] = lines[where].replace('"right": 9', '"right": 99')
    if doing=='repeat': other.insert(where, lines[where])
    if doing=='cut here': del other[where:]
    if doing=='put before': other.insert(where, chain(8)[7])
    if doing=='tear': other[where] = lines[where][:-5]
    assert log_faults(other, newest), doing

def test_what_nobody_can_notice_is_not_reported():
    "Both files written anew by one who knows how, as the page says"
    forged = chain(3)
    assert log_faults(forged, hash_of(forged[-1]))==[] and log_faults([], '')==[]

def test_a_log_that_was_copied_without_its_progress_is_noticed():
    assert chain_faults(chain(2))==[] and 'does not know this log' in log_faults(chain(2), '')[0]

def test_each_look_is_written_once_and_shown(tmp_path):
    first = sealed_test(net(0), 'one', {'epochs': 3}, home=tmp_path)
    log = sealed_test(net(1), ' two ', home=tmp_path)
    assert names(tmp_path)==['one', 'two'] and log.faults==[] and log.entries[0]==first.entries[0]
    assert log.entries[0]['recipe']=={'epochs': 3} and log.accuracy==log.entries[1]['right']/10_000
    assert f'{first.accuracy:.4f} one {{"epochs": 3}}' in repr(log) and f'{log.accuracy:.4f} two' in repr(log)
    lines = log_file(tmp_path).read_text().splitlines()
    assert json.loads(lines[1])['before']==hash_of(lines[0])
    assert load_progress(tmp_path/'progress.json')[0]['seal']=={'newest': hash_of(lines[1])}
    assert sorted(o.name for o in tmp_path.iterdir() if o.suffix!='.lock')==['progress.json', 'sealed_tests.jsonl']

def test_a_second_look_is_refused_with_the_first_result_and_allowed_when_asked_for(tmp_path):
    first = sealed_test(net(), 'one', home=tmp_path)
    before = log_file(tmp_path).read_bytes()
    with pytest.raises(ValueError, match=f'"one" was tested on .*{first.accuracy:.4f}.*again=True'):
        sealed_test(net(1), 'one', home=tmp_path)
    assert log_file(tmp_path).read_bytes()==before
    log = sealed_test(net(1), 'one', again=True, home=tmp_path)
    assert [o['look'] for o in log.entries]==[1, 2] and repr(log).count('look number 2 under this name')==1

def test_the_same_weights_under_another_name_are_told(tmp_path):
    sealed_test(net(), 'one', home=tmp_path)
    log = sealed_test(net(), 'two', home=tmp_path)
    assert log.entries[1]['notes']==['the weights are those of "one"'] and 'the weights are those of "one"' in repr(log)

@pytest.mark.parametrize('spoil, says', [
    (lambda lines: lines[:-1], 'changed or missing'),
    (lambda lines: [], 'changed or missing'),
    (lambda lines: [lines[0].replace('"look": 1', '"look": 7'), *lines[1:]], 'before line 2 was changed'),
    (lambda lines: [lines[0], 'x', *lines[2:]], 'line 2 cannot be read')])
def test_a_log_that_was_tampered_with_says_so_for_ever(spoil, says, tmp_path):
    for i in range(3): sealed_test(net(i), f'{i}', home=tmp_path)
    path = log_file(tmp_path)
    left = spoil(path.read_text().splitlines())
    path.write_text(''.join(f'{line}\n' for line in left))
    assert any(says in fault for fault in sealed_log(tmp_path).faults) and says in repr(sealed_log(tmp_path))
    sealed_test(net(7), 'after', home=tmp_path)
    log = sealed_test(net(8), 'later', home=tmp_path)
    assert any(says in note for note in log.entries[-2]['notes']) and says in repr(log)

def test_a_log_that_was_deleted_is_missed(tmp_path):
    sealed_test(net(), 'one', home=tmp_path)
    log_file(tmp_path).unlink()
    assert 'changed or missing' in repr(sealed_log(tmp_path))

def test_progress_and_log_live_together(tmp_path):
    path = tmp_path/'progress.json'
    note_solved('sigmoid.pull', path)
    sealed_test(net(), 'one', home=tmp_path)
    note_solved('sigmoid.other', path)
    assert {*load_progress(path)[0]['exercises']}=={'sigmoid.pull', 'sigmoid.other'}
    assert reset_progress(path=path)==2 and sealed_log(tmp_path).faults==[]
    path.unlink()
    assert 'does not know this log' in sealed_log(tmp_path).faults[0]

@pytest.mark.parametrize('note', [3, {}, {'newest': 4}, []])
def test_damaged_progress_is_set_aside(note, tmp_path):
    text = json.dumps({'format': 2, 'exercises': {}, 'review': {}, 'seal': note})
    (tmp_path/'progress.json').write_text(text)
    assert 'damaged' in load_progress(tmp_path/'progress.json')[1]

def test_nothing_is_shown_that_could_not_be_written(tmp_path):
    sealed_test(net(), 'one', home=tmp_path)
    before = log_file(tmp_path).read_bytes()
    full = mock.patch('os.fsync', side_effect=OSError(28, 'No space left on device'))
    with full, pytest.raises(ProgressError, match='sealed_tests.jsonl cannot be written: No space left'):
        sealed_test(net(1), 'two', home=tmp_path)
    assert log_file(tmp_path).read_bytes()==before and sealed_log(tmp_path).faults==[]

def test_a_power_cut_between_both_files_is_no_fault(tmp_path):
    sealed_test(net(), 'one', home=tmp_path)
    cut = mock.patch('sgd_course.progress.write_whole', side_effect=KeyboardInterrupt)
    with cut, pytest.raises(KeyboardInterrupt): sealed_test(net(1), 'two', home=tmp_path)
    assert names(tmp_path)==['one', 'two'] and sealed_log(tmp_path).faults==[]

def test_networks_are_scored_in_evaluation_mode_and_left_as_they_were(tmp_path):
    model = nn.Sequential(nn.Dropout(0.9), *net()).train()
    log = sealed_test(model, 'dropout', home=tmp_path)
    assert model.training and log.accuracy==sealed_test(net(), 'plain', home=tmp_path).accuracy

@pytest.mark.parametrize('model', [nn.Linear(784, 9), nn.Linear(784, 11)])
def test_another_kind_of_model_is_refused_and_costs_no_look(model, tmp_path):
    with pytest.raises(ValueError, match='scores of ten digits'): sealed_test(model, 'odd', home=tmp_path)
    assert names(tmp_path)==[]

def test_names_cannot_break_the_table(tmp_path):
    log = sealed_test(net(), '<b>ö', {'a': '<i>'}, home=tmp_path)
    page = log._repr_html_()
    assert '&lt;b&gt;ö' in page and '<b>' not in page and '<i>' not in page
    for bad in ('', ' ', 'a\nb', 3, None):
        with pytest.raises(ValueError, match='a line of text'): sealed_test(net(), bad, home=tmp_path)

def test_the_learners_folder_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, 'SGD_COURSE_HOME', str(tmp_path))
    sealed_test(net(), 'one')
    assert names(tmp_path)==['one'] and names(None)==['one']
