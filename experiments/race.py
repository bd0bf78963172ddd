"""The race of the optimisers of chapter 9 on all digits, over several seeds: `python -m experiments.race`

Six optimisers, each with a constant learning rate and with warm-up and cosine. For each pair, first its learning rate
is chosen on 10,000 validation digits: the best of six, a factor of three apart, and then of its two neighbours on a
grid of 1, 2, 3, 5, 10. Then five networks are trained on all 60,000 digits, and each is tested once on
the 10,000 test digits. The results are written to sgd_course/content/results/optimizers.json, which the chapter shows.
It takes minutes; what is in the file already is left out, unless `--again` is given.
`python -m experiments.race --check` trains each pair once for a fraction of an epoch and writes nothing."""
import json, sys, time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

from sgd_course.data import load_mnist, to_vectors
from sgd_course.files import write_whole
from sgd_course.full_mnist import digit_accuracy, digit_loaders, evaluate
from sgd_course.learner import Learner, Schedule
from sgd_course.mini_batches import SGD, DataLoader
from sgd_course.nonlinearity import mlp
from sgd_course.optimizers import Adam, AdamW, Momentum, Nesterov, RMSprop, warm_up_cosine

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/optimizers.json'
RECIPE = dict(sizes=[784, 100, 10], batch_size=128, epochs=4)
CHOICE_SEED, SEEDS = 100, range(5)
PLAIN = [0.01, 0.03, 0.1, 0.3, 1., 3.]
ROLLING = [0.003, 0.01, 0.03, 0.1, 0.3, 1.]
SCALED = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
RATES = {SGD: PLAIN, Momentum: ROLLING, Nesterov: ROLLING, RMSprop: SCALED, Adam: SCALED, AdamW: SCALED}
SCHEDULES = {'constant': None, 'warm-up and cosine': warm_up_cosine}

FINE = [float(f'{digit}e{power}') for power in range(-4, 1) for digit in (1, 2, 3, 5)]   # Factors of 2 or less

def train(loader, opt_func, lr, rule, seed, epochs):
    "A network trained on the digits of `loader`; the same for the same arguments on one machine"
    g = torch.Generator().manual_seed(seed)
    model = mlp(RECIPE['sizes'], generator=g)
    loader.generator = g
    callbacks = [Schedule(lr=lambda done: rule(done, lr))] if rule else []
    Learner(model, loader, None, F.cross_entropy, opt_func, lr, callbacks, device='cpu').fit(epochs)
    return model

def accuracy(model, loader):
    "Share of the digits of `loader` that the model gets right"
    return round(evaluate(model, loader, {'accuracy': digit_accuracy})['accuracy'], 5)

def choose(tried, measure, rates):
    "The best of `rates` and of its neighbours in `FINE`, of equals the larger; `measure` fills in what `tried` lacks"
    def look(lr):
        if str(lr) not in tried: tried[str(lr)] = measure(lr)
    def best(): return max((found, float(lr)) for lr, found in tried.items())[1]
    for lr in rates: look(lr)
    middle = best()
    for lr in FINE:
        if 0.4*middle < lr < 2.1*middle: look(lr)
    return best()

def race(opt_func, rule, known, part, valid, everything, test):
    "Validation accuracy for each rate, the best rate, and test accuracies with it; `known` are those of an earlier run"
    epochs = RECIPE['epochs']
    def measure(lr):
        try: return accuracy(train(part, opt_func, lr, rule, CHOICE_SEED, epochs), valid)
        except ValueError: return 0. # Diverged
    tried = dict(known.get('validation', {}))
    lr = choose(tried, measure, RATES[opt_func])
    if lr==known.get('lr'): tests = known['test']
    else: tests = [accuracy(train(everything, opt_func, lr, rule, seed, epochs), test) for seed in SEEDS]
    return dict(validation={o: tried[o] for o in sorted(tried, key=float)}, lr=lr, test=tests)

def main(check=False, again=False):
    part, valid = digit_loaders(RECIPE['batch_size'], generator=torch.Generator())
    pairs = [(f'{o.__name__}, {name}', o, rule) for name, rule in SCHEDULES.items() for o in RATES]
    if check:
        few = DataLoader(part.x[:2560], part.y[:2560], RECIPE['batch_size'], True,
                         generator=torch.Generator())
        for name, o, rule in pairs:
            print(name, 'validation', accuracy(train(few, o, RATES[o][2], rule, 0, 1), valid), flush=True)
        return
    everything = digit_loaders(RECIPE['batch_size'], valid=0, generator=torch.Generator())[0]
    digits = load_mnist('test')
    test = DataLoader(to_vectors(digits.images), digits.labels, 2000)
    found = {'recipe': RECIPE, 'runs': {}}
    if OUT.exists() and not again: found = json.loads(OUT.read_text(encoding='utf-8'))
    for name, o, rule in pairs:
        start = time.perf_counter()
        found['runs'][name] = race(o, rule, found['runs'].get(name, {}), part, valid, everything, test)
        write_whole(OUT, (json.dumps(found, indent=1) + '\n').encode())
        print(name, found['runs'][name], f'{time.perf_counter() - start:.0f} s', flush=True)

if __name__ == '__main__':
    if not set(sys.argv[1:]) <= {'--check', '--again'}: sys.exit(__doc__)
    main('--check' in sys.argv, '--again' in sys.argv)
