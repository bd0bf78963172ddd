"Recipes as a learner trains them, and the experiment that compares them, in small"
import json

import pytest, torch
from click.testing import CliRunner

from experiments import climb
from laws import one_thread
from sgd_course.app.cli import main
from sgd_course.app.train import Settings, make_learner, member_files, recipes, run_file, train_digits
from sgd_course.safe_training import ProgressBar
from sgd_course.saving import load_model
from sgd_course.seal import sealed_log
from sgd_course.warps import Ahead

RUNGS = ['linear', 'hidden', 'momentum', 'dropout', 'label_smoothing', 'weight_decay', 'wider', 'two_layers', 'shifts',
    'affine', 'elastic', 'fading', 'minute', 'averaged', 'test_time_shifts', 'longer', 'committee']
SMALL = dict(epochs=1, digits=2000, batch_size=200, hidden=(10,), device='cpu')

def call(*args): return CliRunner().invoke(main, [str(a) for a in args])
def same(a, b): return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))

def test_every_rung_of_the_climb_is_a_recipe():
    assert [*recipes()]==RUNGS and all(recipe.adds for recipe in recipes().values())

def test_each_rung_differs_from_the_others():
    settings = [recipe.settings for recipe in recipes().values()]
    assert len({*settings})==len(settings)

def test_recipes_are_listed():
    res = call('train', '--recipes')
    assert res.exit_code==0 and [line.split()[0] for line in res.output.splitlines()]==RUNGS

def test_the_command_trains_a_recipe_and_single_settings_change_it(tmp_path, monkeypatch):
    seen = []
    def note(out, settings, *others):
        seen.append(settings)
        return train_digits(out, Settings(**SMALL))
    monkeypatch.setattr('sgd_course.app.train.train_digits', note)
    res = call('train', '--recipe', 'elastic', '--epochs', 3, '--device', 'cpu', '--out', tmp_path/'network.pt')
    assert res.exit_code==0, res.output
    assert seen==[recipes()['elastic'].settings._replace(epochs=3, device='cpu')]

def test_the_first_rung_trains_from_the_command_line(tmp_path):
    res = call('train', '--recipe', 'linear', '--epochs', 1, '--device', 'cpu', '--out', tmp_path/'network.pt')
    assert res.exit_code==0 and 'of the 10,000 validation digits are right' in res.output
    assert [tuple(p.shape) for p in load_model(tmp_path/'network.pt').parameters()]==[(10, 784), (10,)]

@pytest.mark.parametrize('args, says', [(('--recipe', 'magic'), 'one of those that --recipes lists, got magic'),
    (('--recipe', 'linear', '--resume'), 'leave --recipe out')])
def test_unknown_recipes_and_those_of_a_training_that_goes_on_are_refused(args, says, tmp_path):
    res = call('train', *args, '--out', tmp_path/'network.pt')
    assert res.exit_code==2 and says in ' '.join(res.output.split()) and not any(tmp_path.iterdir())

def test_plain_settings_train_as_they_always_did():
    "No momentum, no warps: plain SGD with the triangle, without a second thread"
    learn = make_learner(Settings(**SMALL))
    assert type(learn.opt).__name__=='SGD' and not isinstance(learn.train, Ahead) and len(learn.callbacks)==2

def losses(**more):
    learn = make_learner(Settings(**SMALL | dict(epochs=4, lr=0.1, momentum=0.9) | more))
    learn.fit(4)
    recorder = learn.callbacks[0]
    return [epoch['train_loss'] for epoch in recorder.epochs]

@pytest.mark.parametrize('more', [dict(dropout=0.2), dict(smoothing=0.1), dict(decay=1e-3), dict(shift=1.),
    dict(turn=10., scale=0.1, lean=10.), dict(elastic=1.)])
def test_the_loss_falls_with_each_piece(more):
    found = losses(**more)
    assert found[-1] < found[0] - 0.2

def test_warps_fade_to_a_quarter_in_the_last_of_four_epochs():
    shares = []
    class Note:
        def before_batch(self, learn): shares.append(learn.train.loader.share)
    learn = make_learner(Settings(**SMALL | dict(epochs=4, shift=1., fade=1., lr=0.1)), Note())
    learn.fit(4)
    assert shares==[share for share in (1., 0.75, 0.5, 0.25) for _ in range(10)]

def test_what_is_saved_is_the_mean_of_the_weights(tmp_path):
    plain, mean = [train_digits(tmp_path/f'{keep}.pt', Settings(**SMALL, average=keep)) for keep in (0., 0.5)]
    assert not same(plain.model, mean.model) and same(mean.model, load_model(tmp_path/'0.5.pt'))
    assert mean.results['digit_accuracy']==mean.validate()['digit_accuracy']

class CtrlC:
    "Raises what Ctrl-C raises, in the training with a certain number"
    def __init__(self, training): self.training, self.seen = training, 0
    def before_fit(self, learn): self.seen += 1
    def after_batch(self, learn):
        if self.seen==self.training and learn.epoch==1: raise KeyboardInterrupt

def test_a_committee_that_was_interrupted_trains_only_what_is_missing(tmp_path):
    settings = Settings(**SMALL | dict(epochs=2, members=3, dropout=0.1, shift=1., lr=0.1))
    through = train_digits(tmp_path/'through.pt', settings)
    out = tmp_path/'cut.pt'
    with pytest.raises(KeyboardInterrupt): train_digits(out, settings, callbacks=[CtrlC(2)])
    first, second, third = member_files(out, settings)
    assert first.exists() and run_file(second).exists() and not third.exists() and not out.exists()
    count = CtrlC(99)
    resumed = train_digits(out, resume=True, callbacks=[count])
    assert count.seen==2 and same(through.model, resumed.model) and same(load_model(out), resumed.model)
    assert sorted(o.name for o in tmp_path.iterdir())==['cut.pt', 'through.pt']

def test_force_begins_a_committee_anew(tmp_path):
    settings = Settings(**SMALL | dict(epochs=2, members=2))
    out = tmp_path/'cut.pt'
    with pytest.raises(KeyboardInterrupt): train_digits(out, settings._replace(seed=7), callbacks=[CtrlC(2)])
    anew = train_digits(out, settings, force=True)
    assert same(anew.model, train_digits(tmp_path/'other.pt', settings).model)

# The experiment

def run(tmp_path, names=('linear', 'affine'), seeds=2, **more):
    return climb.climb(names, seeds, tmp_path/'climb.json', tmp_path/'kept', short=True, home=tmp_path, **more)

def test_a_climb_is_written_and_not_made_twice(tmp_path, monkeypatch, capsys):
    record = run(tmp_path, bar=[ProgressBar()])
    assert record==json.loads((tmp_path/'climb.json').read_text()) and [*record]==['linear', 'affine']
    runs = record['affine']['runs']
    assert [*runs]==['0', '1'] and all(0.5 < o['validation'] <= 1 and o['minutes'] >= 0 for o in runs.values())
    assert 'validation' in capsys.readouterr().out and 'test' not in record['linear']
    monkeypatch.setattr(climb, 'train', lambda *args: pytest.fail('trained again'))
    assert run(tmp_path)==record

def test_a_rung_whose_recipe_changed_is_trained_again(tmp_path):
    record = run(tmp_path, ['linear'], 1)
    record['linear']['settings']['lr'] = 0.25
    record['linear']['runs']['0']['validation'] = 2.
    (tmp_path/'climb.json').write_text(json.dumps(record))
    assert run(tmp_path, ['linear'], 1)['linear']['runs']['0']['validation'] <= 1

def test_each_rung_looks_once_at_the_test_digits_and_only_when_asked(tmp_path):
    run(tmp_path, ['linear'], 1)
    assert sealed_log(tmp_path).entries==[]
    record = run(tmp_path, ['linear'], 1, sealed=True)
    run(tmp_path, ['linear'], 1, sealed=True)
    entry, = sealed_log(tmp_path).entries
    assert (entry['name'], entry['recipe'])==('climb: linear', record['linear']['settings'])
    assert record['linear']['test']==entry['right']/10_000

def test_an_interrupted_climb_goes_on_and_its_minutes_add_up(tmp_path):
    settings = Settings(**SMALL | dict(epochs=3))
    class Cut(CtrlC):
        def after_epoch(self, learn): pass
    with pytest.raises(KeyboardInterrupt): climb.train(settings, tmp_path/'net.pt', [Cut(1)])
    accuracy, minutes = climb.train(settings, tmp_path/'net.pt', [Cut(9)])
    assert accuracy==round(train_digits(tmp_path/'through.pt', settings).results['digit_accuracy'], 5)
    clock = climb.Clock()
    clock.load_state({'seconds': 60.})
    clock.before_fit(None)
    assert 60 <= clock.seconds < 120 and minutes >= 0

@pytest.mark.parametrize('args, says', [(['magic'], 'expected rungs among'), (['--seeds', '0'], 'at least 1 seed'),
    (['--check', '--sealed'], 'looks at no test digits')])
def test_senseless_command_lines_are_refused(args, says, capsys):
    with pytest.raises(SystemExit): climb.options(args)
    assert says in capsys.readouterr().err
