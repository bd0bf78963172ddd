"The patients of the clinic: every one shows the sign of his fault, old and new, and the answers say why"
import json, re

import pytest, torch

from experiments import patients as experiment
from sgd_course import patients
from sgd_course.patients import (DIAGNOSES, FAULTS, SIGNS, TESTS, Patient, answer_of, diagnose, new_patient, patient,
    records)
from subtests import each

NUMBERS = range(1, 31)
def seeded(n): return torch.Generator().manual_seed(n)

@pytest.fixture(scope='module')
def drawn():
    "A new record for every fault"
    return {name: patients.record(name, FAULTS[name][1][-1], seeded(i)) for i, name in enumerate(FAULTS)}

def test_records_are_those_of_the_program():
    chosen = experiment.CHOSEN + experiment.MORE
    assert [(r['name'], r['level']) for r in records()]==[(name, FAULTS[name][0]) for name, _ in chosen]
    assert len({name for name, _ in experiment.CHOSEN})==12
    assert len({json.dumps(r) for r in records()})==len(records()) # Those of a kind have other random numbers
    levels = [FAULTS[name][0] for name, _ in experiment.MORE]
    assert [levels.count(level) for level in (1, 2, 3)]==[6, 6, 6]
    assert experiment.OUT.stat().st_size < 200_000

@pytest.mark.long
def test_a_record_is_of_todays_code():
    "The first is made anew; a digit may differ on another machine"
    made, kept = patients.record(*experiment.CHOSEN[0], seeded(100)), records()[0]
    assert made.keys()==kept.keys() and made['story']==kept['story'] and made['batch']==kept['batch']
    for key in ('curve', 'rates', 'valid'): assert made[key]==pytest.approx(kept[key], rel=0.03), key

@each('number', NUMBERS)
def test_recorded_patient_shows_the_sign_of_his_fault(number):
    r = records()[number - 1]
    right = [name for name in DIAGNOSES if answer_of(r, name)[0]]
    assert right==[r['name']] and SIGNS[r['name']][1](r)[0]

@each('name', [*FAULTS])
def test_new_patient_shows_the_sign_of_his_fault(name, drawn):
    fits, text = SIGNS[name][1](drawn[name])
    assert fits, text
    assert json.loads(json.dumps(drawn[name], allow_nan=False))==drawn[name]

@each('name', [*DIAGNOSES])
def test_answers_are_sentences_with_numbers_of_this_patient(name, drawn):
    for r in drawn.values():
        right, reason = answer_of(r, name)
        assert right==(name==r['name']) and reason.endswith('.') and 'None' not in reason, reason
        trace = not right and SIGNS[name][1](r)[0]
        assert ('a trace, not the cause' in reason)==trace, reason
        if trace: assert SIGNS[r['name']][0] in reason

def test_story_does_not_tell_the_fault(drawn):
    words = {w for name in DIAGNOSES for w in name.split()} - {'of', 'the', 'not', 'to', 'and', 'too', 'in'}
    for r in drawn.values(): assert not words & {*re.findall(r'\w+', r['story'])}, r['story']

@each('test', [*TESTS])
def test_every_test_shows_a_table_of_every_patient(test, drawn, monkeypatch):
    monkeypatch.setattr(patients, 'draw_lines', lambda lines: None)
    for r in [*drawn.values(), *records()]:
        p = Patient(r)
        seen = getattr(p, test)()
        assert p.tests==[test] and len({len(row) for row in seen.rows})==1 and len(seen.rows)>1
        assert 'None' not in repr(seen) and seen._repr_html_().count('<tr>')==len(seen.rows)

def test_pictures_have_labels(drawn):
    plt = pytest.importorskip('matplotlib.pyplot')
    with plt.rc_context({'backend': 'agg'}):
        Patient(drawn['overfitting']).validation()
        ax = plt.gca()
        assert ax.get_xlabel()=='step' and ax.get_ylabel()=='loss' and len(ax.lines)==2
        plt.close('all')

def test_tests_are_counted_once_and_nothing_is_kept_between_patients():
    p = patient(9)
    for _ in range(2): p.start(), p.weights()
    assert p.tests==['start', 'weights'] and patient(9).tests==[]
    answer = diagnose(p, 'layer left out of the optimiser')
    assert answer.right and answer.tests==2 and repr(answer).startswith('Right, after 2 tests. ')
    assert p.record['checkup'] in repr(answer)

def test_wrong_diagnosis_costs_the_test_that_its_answer_tells():
    p = patient(9)
    answer = diagnose(p, 'overfitting')
    assert not answer.right and p.tests==['validation'] and answer.tests==1
    assert repr(answer).startswith('No, after 1 test. ') and answer.checkup==''

def test_slip_is_told_from_a_wrong_diagnosis():
    slips = ('overfiting', 'overfitting'), ('Dead Units', 'dead units'), ('label shuffled', 'labels shuffled')
    for typed, meant in slips:
        with pytest.raises(ValueError, match=f"did you mean '{meant}'"): diagnose(patient(1), typed)
    with pytest.raises(ValueError, match='softmax twice, gradients not cleared'): diagnose(patient(1), 'measles')

@each('level', [1, 2, 3])
def test_new_patients_are_drawn_by_their_generator(level):
    a, b = (new_patient(level, generator=seeded(4)) for _ in range(2))
    assert a.record==b.record and a.record['level']==level and a.number is None
    assert diagnose(a, a.record['name']).right

@each('call, said', [(lambda: patient(0), 'number to be'), (lambda: patient('a'), 'number to be'),
    (lambda: new_patient(4, generator=seeded(1)), 'level to be one of 1, 2, 3'),
    (lambda: new_patient(1, generator=3), 'generator'), (lambda: diagnose(99, 'nothing'), 'number to be')])
def test_bad_input_is_refused(call, said):
    with pytest.raises(ValueError, match=said): call()

def test_program_records_in_short_and_writes_nothing(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, 'OUT', tmp_path/'patients.json')
    experiment.main(check=True)
    assert capsys.readouterr().out.startswith('Sick after 400 steps.') and not experiment.OUT.exists()
