"Laws of `sgd_course.climb`: what choosing flatters, how sure an answer is, spoilt digits, and the record it reads"
import json

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st

from experiments import climb as experiment
from laws import law, one_thread
from sgd_course.app.train import recipes
from sgd_course.climb import SPOILS, best_temperature, flattery, spoil, step_of, sureness
from sgd_course.nonlinearity import mlp
from sgd_course.rungs import Rung, climb_history, read_climb

seeds = st.integers(0, 2**32 - 1)
def gen(seed): return torch.Generator().manual_seed(seed)

def rung(*validation, name='a'): return Rung(name, 'more', '', {}, list(validation), [1.], [], None, {})

# The winner

@law(st.integers(1, 6), st.integers(1, 30), seeds)
def test_one_network_alone_is_not_flattered_and_none_beyond_its_digits(n, half, seed):
    right = torch.rand(n, 2*half, generator=gen(seed)) < 0.7
    won, elsewhere = flattery(right, 20, generator=gen(seed))
    assert 0 <= elsewhere <= 1 and 0 <= won <= 1
    total = right[:1].double().mean().item()
    won, elsewhere = flattery(right[:1], 20, generator=gen(seed))
    assert abs(won + elsewhere - 2*total) < 1e-9     # Both halves together are all digits

@law(st.integers(2, 6), seeds)
def test_a_network_that_is_always_better_always_wins(n, seed):
    right = torch.zeros(n, 40, dtype=torch.bool)
    right[seed%n] = True
    assert flattery(right, 10, generator=gen(seed))==(1., 1.)

def test_luck_is_measured_as_luck():
    marks = [flattery(torch.rand(20, 4000, generator=gen(k)) < 0.9, 1, generator=gen(k)) for k in range(60)]
    won, elsewhere = torch.tensor(marks).mean(0)
    assert won - 0.9 > 0.009 and abs(elsewhere - 0.9) < 0.004

# Temperature

@law(st.integers(2, 6), st.floats(0.3, 3), seeds)
def test_a_temperature_changes_no_answer_and_scales_with_the_scores(classes, factor, seed):
    scores = 2*torch.randn(60, classes, generator=gen(seed), dtype=torch.float64)
    y = torch.multinomial(scores.softmax(1), 1, generator=gen(seed))[:, 0]
    t = best_temperature(scores, y)
    loss = F.cross_entropy(scores/t, y)
    for other in (0.1, 0.5, 1., 2., 10.): assert loss <= F.cross_entropy(scores/other, y) + 1e-3
    sure, right = sureness(scores, y)
    calmer, still = sureness(scores/factor, y)
    assert torch.equal(right, still) and ((calmer <= sure + 1e-12)==(factor >= 1)).all() or factor==1

def test_surety_is_the_largest_probability():
    sure, right = sureness(torch.tensor([[0., 3.], [1., 0.]]), torch.tensor([1, 1]))
    torch.testing.assert_close(sure, torch.tensor([3., 1.]).sigmoid())
    assert right.tolist()==[True, False]

# Spoilt digits

@pytest.mark.parametrize('kind', SPOILS)
def test_spoilt_digits_are_digits(kind):
    images = torch.rand(20, 28, 28, generator=gen(0))
    one, same, other = (spoil(images, kind, generator=gen(k)) for k in (1, 1, 2))
    assert torch.equal(one, same) and one.shape==images.shape and 0 <= one.min() and one.max() <= 1
    assert not torch.equal(one, images) and (kind=='thicker' or not torch.equal(one, other))

# The record

def test_steps_are_told_from_chance():
    low = rung(0.980, 0.981, 0.979)
    assert step_of(rung(0.990, 0.9901, 0.9899), low)=='50 %' and step_of(rung(0.9805, 0.979, 0.9811), low)=='~ 1 %'
    assert step_of(rung(0.970, 0.9701, 0.9699), low, 1)=='-50.0 %' and step_of(rung(0.99), low).startswith('~ ')
    assert low.spread==pytest.approx(0.001) and rung(0.9).spread==0 and low.error==pytest.approx(0.02)

def test_no_record_is_an_empty_ladder(tmp_path): assert read_climb(tmp_path/'none.json')=={}

def test_what_the_package_holds_can_be_read():
    for name, o in read_climb().items():
        assert o.name==name and o.validation and len(o.validation)==len(o.minutes) and len(o.wrong) <= len(o.minutes)
        assert (name in recipes())==bool(o.adds)
    years = [o['year'] for o in climb_history()]
    assert years==sorted(years) and all(0 < o['error'] <= 12 for o in climb_history())

def short(tmp_path, *names, ablation=(), **more):
    return experiment.climb(names, 1, tmp_path/'climb.json', tmp_path/'kept', short=True, home=tmp_path,
        ablation=ablation, **more)

def test_the_record_keeps_what_each_network_reads_wrong(tmp_path):
    record = short(tmp_path, 'linear')
    found, = read_climb(tmp_path/'climb.json').values()
    assert (found.name, found.base, found.adds)==('linear', '', recipes()['linear'].adds)
    assert len(found.wrong[0])==round(10_000*found.error) and found.closer.keys()=={'spoilt', 'mistakes', 'temperature',
        'loss', 'gap'}
    assert found.closer['spoilt'].keys()==SPOILS.keys() and found.closer['loss'][1] <= found.closer['loss'][0] + 1e-3
    rows = {row for row, _, _ in found.closer['mistakes']}
    assert rows <= {*found.wrong[0]} and len(rows)==60
    for run in record['linear']['runs'].values(): del run['wrong']
    (tmp_path/'climb.json').write_text(json.dumps(record))
    assert read_climb(tmp_path/'climb.json')['linear'].wrong==[]
    short(tmp_path, 'linear')                       # Made up for, without training
    assert len(read_climb(tmp_path/'climb.json')['linear'].wrong)==1

def test_a_network_of_another_record_is_not_taken_for_ours(tmp_path):
    record = short(tmp_path, 'linear')
    record['linear']['runs']['0'] = {'validation': 0.5, 'minutes': 1.}
    del record['linear']['closer']
    (tmp_path/'climb.json').write_text(json.dumps(record))
    again = short(tmp_path, 'linear')
    assert 'wrong' not in again['linear']['runs']['0'] and 'closer' not in again['linear']

def test_one_thing_is_taken_away_at_a_time():
    for name in recipes():
        whole = recipes()[name].settings
        for key, rest in experiment.without(name):
            changed = {k for k in whole._fields if getattr(whole, k)!=getattr(rest, k)}
            assert key.startswith(f'{name} without ') and changed
            assert len(changed)==1 or changed in ({'momentum', 'lr'}, {'turn', 'scale', 'lean'}), (key, changed)
    assert [key for key, _ in experiment.without('hidden')]==['hidden without half of the units',
        'hidden without half of the epochs']

def test_an_ablation_is_no_rung(tmp_path):
    short(tmp_path, 'hidden', ablation=['hidden'], sealed=True)
    found = read_climb(tmp_path/'climb.json')
    assert [*found]==['hidden', *(key for key, _ in experiment.without('hidden'))]
    assert [bool(o.adds) for o in found.values()]==[True, False, False]
    assert [o.test is None for o in found.values()]==[False, True, True]

def test_mistakes_are_the_surest_first():
    model = mlp([784, 10], generator=gen(0))
    found = experiment.mistakes(model, 12)
    assert len(found)==12 and [o[2] for o in found]==sorted((o[2] for o in found), reverse=True)
    y = experiment.validation_digits().y
    assert all(y[row]!=said for row, said, _ in found)
