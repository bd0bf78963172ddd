"""The rungs of the climb on validation digits, over several seeds: `python -m experiments.climb [RUNG ...]`

A rung is a recipe, as `sgd-course train --recipes` lists them. For each, networks are trained with several seeds; kept
are the accuracy on the 10,000 validation digits and the minutes that the training took. The test digits are looked at
only with `--sealed`, once per rung, by the network of the first seed, and that look is written down (nbs/making/seal),
in the folder `seal` beside the record.
The results are written to sgd_course/content/results/climb.json. It takes hours. What is in the file already is left
out, unless the recipe has changed or `--again` is given, and a run that was interrupted goes on where it stopped.
With each network goes a list of the validation digits that it reads wrong; that of a rung's first seed is also tried on
spoilt digits, and its probabilities are compared with how often it is right. None of this trains anything: it is made
up for networks that were trained before, as long as they lie in the folder `--kept`.
`--ablation RUNG` takes one thing after the other away from a rung, and trains the rest like a rung of its own.
`--check` trains each rung for an instant and writes nothing."""
import argparse, json, sys, tempfile, time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, stdev

import torch
from torch.nn.functional import cross_entropy

from sgd_course.app.train import run_file, train_digits, recipes
from sgd_course.climb import SPOILS, best_temperature, sureness, spoil
from sgd_course.data import cache_folder
from sgd_course.files import write_whole
from sgd_course.full_mnist import digit_accuracy, digit_loaders
from sgd_course.safe_training import ProgressBar
from sgd_course.saving import load_model
from sgd_course.seal import sealed_test
from sgd_course.sigmoid import calibration_error

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/climb.json'
KEPT = cache_folder()/'climb'

@dataclass
class Clock:
    "A callback that counts the seconds of a training and, through its state, those before an interruption"
    before:float = 0.
    def before_fit(self, learn): self.start = time.perf_counter()
    @property
    def seconds(self): return self.before + time.perf_counter() - self.start
    def state(self): return {'seconds': self.seconds if hasattr(self, 'start') else self.before}
    def load_state(self, state): self.before = state['seconds']

def as_json(settings): return settings._asdict() | {'hidden': list(settings.hidden)}

def train(settings, path, bar=()):
    "Validation accuracy and minutes of one training, which goes on if it was interrupted"
    clock, start = Clock(), time.perf_counter()
    begun = run_file(path).exists()
    learn = train_digits(path, settings, resume=begun, force=not begun, callbacks=[clock, *bar])
    # A committee is several trainings, so there the time of this call counts
    seconds = time.perf_counter() - start if settings.members>1 else clock.seconds
    return round(learn.results['digit_accuracy'], 5), round(seconds/60, 3)

def quick(settings):
    "The same recipe in a hundredth of the time"
    hidden = tuple(30 for _ in settings.hidden)
    return settings._replace(epochs=1, digits=3000, hidden=hidden, members=min(settings.members, 2))

def fits(found, settings): return found.get('settings')==as_json(settings)

# What can be taken away from a rung: how its settings look without it
PIECES = {
    'momentum': lambda o: dict(momentum=0., lr=o.lr/(1 - o.momentum)),   # The same step on an even slope (chapter 9)
    'the second layer': lambda o: dict(hidden=o.hidden[:1]),
    'half of the units': lambda o: dict(hidden=tuple(n//2 for n in o.hidden)),
    'half of the epochs': lambda o: dict(epochs=o.epochs//2),
    'dropout': lambda o: dict(dropout=0.),
    'label smoothing': lambda o: dict(smoothing=0.),
    'weight decay': lambda o: dict(decay=0.),
    'shifts': lambda o: dict(shift=0.),
    'affine warps': lambda o: dict(turn=0., scale=0., lean=0.),
    'elastic warps': lambda o: dict(elastic=0.),
    'fading': lambda o: dict(fade=0.),
    'averaged weights': lambda o: dict(average=0.),
    'a look around': lambda o: dict(around=0),
    'the committee': lambda o: dict(members=1),
}

def without(name):
    "The settings of a rung with one thing taken away, for each thing that it has"
    settings = recipes()[name].settings
    for piece, change in PIECES.items():
        rest = settings._replace(**change(settings))
        if rest!=settings: yield f'{name} without {piece}', rest

@cache
def validation_digits(): return digit_loaders(64, generator=torch.Generator())[1]

@torch.no_grad()
def scores_of(model, x): return torch.cat([model(part) for part in x.split(2000)])

def wrong_rows(model):
    "The validation digits that a network reads wrong, as numbers in a text"
    valid = validation_digits()
    rows = (scores_of(model, valid.x).argmax(1)!=valid.y).nonzero()[:, 0]
    return ' '.join(map(str, rows.tolist()))

def spoilt(model):
    "The error of a network on validation digits that were spoilt, for each way to spoil them"
    valid = validation_digits()
    images, found = valid.x.view(-1, 28, 28), {}
    for kind in SPOILS:
        x = spoil(images, kind, generator=torch.Generator().manual_seed(0)).flatten(1)
        found[kind] = round(1 - digit_accuracy(scores_of(model, x), valid.y).item(), 4)
    return found

def honesty(model):
    "Temperature from every second validation digit; loss and calibration error of the others, without and with it"
    valid = validation_digits()
    scores, y = scores_of(model, valid.x), valid.y
    t = best_temperature(scores[::2], y[::2])
    found = {'temperature': round(t, 3), 'loss': [], 'gap': []}
    for divisor in (1., t):
        part, right = scores[1::2]/divisor, y[1::2]
        sure, correct = sureness(part, right)
        found['loss'].append(round(cross_entropy(part, right).item(), 5))
        found['gap'].append(round(calibration_error(sure.double(), correct.double()), 5))
    return found

def mistakes(model, most=60):
    "The validation digits that are read wrong: row, what was said, and how sure, the surest first"
    valid = validation_digits()
    scores = scores_of(model, valid.x)
    sure, said = scores.softmax(1).max(1)
    rows = (said!=valid.y).nonzero()[:, 0]
    rows = rows[sure[rows].argsort(descending=True)][:most]
    return [[i.item(), said[i].item(), round(sure[i].item(), 3)] for i in rows]

def look_closer(found, folder, name):
    "Add what can be said of the networks of a rung without training, where it is missing and they are there"
    for seed, run in found['runs'].items():
        path = folder/f'{name}_{seed}.pt'
        shown = seed=='0' and name in recipes()   # Of what an ablation leaves, the error is enough
        if not path.exists() or 'wrong' in run and (not shown or 'closer' in found): continue
        model = load_model(path).eval()
        wrong = wrong_rows(model)
        if round(1 - len(wrong.split())/len(validation_digits().y), 4)!=round(run['validation'], 4): continue  # Another
        run['wrong'] = wrong
        if shown:
            found['closer'] = {'spoilt': spoilt(model), 'mistakes': mistakes(model)} | honesty(model)

def add_seed(found, settings, seed, folder, name, bar):
    "Train with one more seed, unless it is there"
    if str(seed) in found['runs']: return
    folder.mkdir(parents=True, exist_ok=True)
    accuracy, minutes = train(settings._replace(seed=seed), folder/f'{name}_{seed}.pt', bar)
    found['runs'][str(seed)] = {'validation': accuracy, 'minutes': minutes}

def look(found, settings, folder, name, home):
    "The one look of a rung at the test digits"
    if 'test' in found: return
    log = sealed_test(load_model(folder/f'{name}_0.pt'), f'climb: {name}', as_json(settings), home=home)
    found['test'] = log.accuracy

def line(name, found):
    "What is known of a rung"
    scores = [o['validation'] for o in found['runs'].values()]
    minutes = min(o['minutes'] for o in found['runs'].values())   # What else the machine does only adds to them
    spread = f' ± {stdev(scores):.4f}' if len(scores)>1 else ''
    test = f', test {found["test"]:.4f}' if 'test' in found else ''
    return f'{name:17} validation {mean(scores):.4f}{spread} ({len(scores)} seeds), {minutes:.1f} min{test}'

def tasks(names, ablation):
    "Name and settings of all that is to be trained"
    for name in names: yield name, recipes()[name].settings
    for top in ablation: yield from without(top)

def in_order(record):
    "The rungs in the order of the recipes, then the rest"
    order = [*recipes()]
    return dict(sorted(record.items(), key=lambda o: order.index(o[0]) if o[0] in order else len(order)))

def climb(names, seeds, out, folder, again=False, sealed=False, short=False, bar=(), home=None, ablation=()):
    "Train what is missing of the rungs `names`, and write the record after each training"
    record = json.loads(out.read_text(encoding='utf-8')) if out.exists() else {}
    def write(): write_whole(out, (json.dumps(in_order(record), indent=1) + '\n').encode())
    for name, settings in tasks(names, ablation):
        if short: settings = quick(settings)
        found = record.get(name, {})
        if again or not fits(found, settings): found = {'settings': as_json(settings), 'runs': {}}
        record[name] = found
        for seed in range(seeds):
            add_seed(found, settings, seed, folder, name, bar)
            write()
        look_closer(found, folder, name)
        if sealed and name in recipes(): look(found, settings, folder, name, home or out.parent/'seal')
        write()
        print(line(name, found), flush=True)
    return in_order(record)

def options(args):
    "What the command line says"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('rungs', nargs='*', metavar='RUNG', help='recipes to train; all if none is named')
    add('--seeds', type=int, default=5, help='how many networks of each rung')
    add('--threads', type=int, default=2, help='threads of the training')
    add('--again', action='store_true', help='train what is there already, too')
    add('--sealed', action='store_true', help='look at the test digits, once per rung')
    add('--ablation', nargs='+', default=[], metavar='RUNG', help='rungs to take one thing after the other away from; '
        'none but these are trained, unless rungs are named as well')
    add('--check', action='store_true', help='train each rung for an instant and write nothing')
    add('--out', type=Path, default=OUT, help='the record to write')
    add('--kept', type=Path, default=KEPT, help='folder for networks and interrupted runs')
    o = parser.parse_args(args)
    unknown = {*o.rungs, *o.ablation} - {*recipes()}
    if unknown: parser.error(f'expected rungs among {[*recipes()]}, got {sorted(unknown)}')
    if o.seeds<1 or o.threads<1: parser.error('expected at least 1 seed and 1 thread')
    if o.check and o.sealed: parser.error('--check looks at no test digits')
    return o

def main(args=None):
    o = options(args)
    torch.set_num_threads(o.threads)
    names = o.rungs or ([] if o.ablation else [*recipes()])
    if o.check:
        with tempfile.TemporaryDirectory() as folder:
            climb(names, 1, Path(folder, 'climb.json'), Path(folder), short=True, ablation=o.ablation)
        return
    more = dict(bar=[ProgressBar()], ablation=o.ablation)
    try: climb(names, o.seeds, o.out, o.kept, o.again, o.sealed, **more)
    except KeyboardInterrupt: sys.exit('\nInterrupted. The same command goes on from here.')

if __name__ == '__main__': main()
