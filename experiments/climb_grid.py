"""How the settings of the climb's recipes were chosen: `python -m experiments.climb_grid RUNG SETTING VALUE [...]`

The recipe RUNG is trained with each value of one setting, such as `lr 0.05 0.1 0.2`, over several seeds, and scored on
the 10,000 validation digits; the test digits are not looked at. `--with SETTING=VALUE` changes another setting for all
of them. Each training is one line of sgd_course/content/results/climb_grid.json, and what is there already is not
trained again. A choice is good if it lies inside of what was tried, not at its edge."""
import argparse, json, tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

import torch

from experiments.climb import as_json, quick, train
from sgd_course.app.train import Settings, recipes
from sgd_course.files import write_whole

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/climb_grid.json'

def as_setting(name, text):
    "The value of a setting that `text` says, such as '0.1', or '800,500' for hidden layers"
    kind = type(getattr(Settings(), name))
    return tuple(map(int, text.split(','))) if kind is tuple else kind(text)

def score(settings):
    "Validation accuracy and minutes of one training in a process of its own"
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder: return train(settings, Path(folder, 'net.pt'))

def read(out): return json.loads(out.read_text(encoding='utf-8')) if out.exists() else []

def write(out, rows):
    "One line for each training"
    lines = ',\n'.join(json.dumps(row) for row in rows)
    write_whole(out, f'[\n{lines}\n]\n'.encode())

def try_all(rung, todo, out, jobs):
    "Train all of `todo`, which are `Settings`, and write a line for each"
    rows = read(out)
    known = [row['settings'] for row in rows]
    todo = [o for o in todo if as_json(o) not in known]
    with ProcessPoolExecutor(jobs, get_context('spawn')) as pool:
        waiting = {pool.submit(score, settings): settings for settings in todo}
        for done in as_completed(waiting):
            accuracy, minutes = done.result()
            found = {'settings': as_json(waiting[done]), 'validation': accuracy, 'minutes': minutes}
            rows = [*read(out), {'rung': rung} | found]
            write(out, rows)
            print(f'{len(rows)} trainings known', end='\r', flush=True)
    return rows

def table(rows, wanted, setting):
    "A line for each value of `setting`: mean over the seeds, and each of them"
    for value in dict.fromkeys(as_json(o)[setting] for o in wanted):
        settings = [as_json(o) for o in wanted if as_json(o)[setting]==value]
        found = [row for row in rows if row['settings'] in settings]
        scores = [row['validation'] for row in found]
        minutes = mean(row['minutes'] for row in found)
        each = ' '.join(f'{o:.4f}' for o in scores)
        yield f'{setting} {value!s:>8}  {mean(scores):.4f}  ({each})  {minutes:.1f} min'

def options(args):
    "What the command line says"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('rung', choices=[*recipes()], help='the recipe to start from')
    add('setting', choices=Settings._fields, help='what to change')
    add('values', nargs='+', help='its values')
    add('--with', nargs='*', default=[], dest='more', metavar='SETTING=VALUE', help='changed for all of them')
    add('--seeds', type=int, default=2, help='how many trainings for each value')
    add('--jobs', type=int, default=2, help='how many trainings side by side, with one thread each')
    add('--check', action='store_true', help='train for an instant each and write nothing')
    return parser.parse_args(args)

def main(args=None):
    o = options(args)
    pairs = [pair.split('=') for pair in o.more]
    settings = recipes()[o.rung].settings._replace(**{name: as_setting(name, text) for name, text in pairs})
    if o.check: settings = quick(settings)
    values = [as_setting(o.setting, text) for text in o.values]
    todo = [settings._replace(**{o.setting: value}, seed=seed) for value in values for seed in range(o.seeds)]
    with tempfile.TemporaryDirectory() as folder:
        rows = try_all(o.rung, todo, Path(folder, 'grid.json') if o.check else OUT, o.jobs)
    print(*table(rows, todo, o.setting), sep='\n', flush=True)

if __name__ == '__main__': main()
