"""How well the networks of chapter 7 read, over several seeds: `python -m experiments.seeds`

For each recipe, first its learning rate is chosen on 10,000 validation digits. Then five networks are trained on all
60,000 digits, and each is tested once on the 10,000 test digits. The results are written to
sgd_course/content/results/full_mnist.json, which chapters 7 and 8 show. It takes minutes.
`python -m experiments.seeds --check` trains one network by each recipe for a tenth of the epochs and writes nothing."""
import json, sys, time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

from sgd_course.data import load_mnist, to_vectors
from sgd_course.files import write_whole
from sgd_course.full_mnist import digit_accuracy, digit_loaders, evaluate
from sgd_course.learner import Learner, Schedule, triangle
from sgd_course.mini_batches import SGD, DataLoader
from sgd_course.nonlinearity import mlp

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/full_mnist.json'
CHOICE_SEEDS, SEEDS = [100], range(5)

RECIPES = { # `rates` are tried on the validation digits; a peak of a triangle if `schedule`
    'softmax regression': dict(
        sizes=[784, 10], rates=[0.2, 0.5, 1.0], momentum=0, schedule=True, batch_size=64, epochs=20),
    'one hidden layer, plain SGD': dict(
        sizes=[784, 100, 10], rates=[0.1, 0.2, 0.4, 0.8], momentum=0, schedule=False, batch_size=64, epochs=20),
    'one hidden layer, momentum and schedule': dict(
        sizes=[784, 100, 10], rates=[0.1, 0.2, 0.4], momentum=0.9, schedule=True, batch_size=128, epochs=20),
}

def train(recipe, lr, seed, valid, epochs=None):
    "A network trained by `recipe` on all digits but `valid` of them; the same for the same arguments on one machine"
    g = torch.Generator().manual_seed(seed)
    model = mlp(recipe['sizes'], generator=g)
    loader, _ = digit_loaders(recipe['batch_size'], valid, generator=g)
    opt_func = partial(torch.optim.SGD, momentum=recipe['momentum']) if recipe['momentum'] else SGD
    callbacks = [Schedule(lr=lambda done: triangle(done, lr))] if recipe['schedule'] else []
    learn = Learner(model, loader, None, F.cross_entropy, opt_func, lr, callbacks, device='cpu')
    learn.fit(epochs or recipe['epochs'])
    return learn.model

def accuracy_of(model, loader): return round(evaluate(model, loader, {'accuracy': digit_accuracy})['accuracy'], 5)

def choose(recipe, valid):
    "Mean accuracy on the validation digits for each learning rate"
    found = {}
    for lr in recipe['rates']:
        runs = [accuracy_of(train(recipe, lr, seed, len(valid.x)), valid) for seed in CHOICE_SEEDS]
        found[str(lr)] = round(sum(runs)/len(runs), 5)
        print(f'    lr {lr}: validation {found[str(lr)]}', flush=True)
    return found

def main(check=False):
    valid = digit_loaders(64, generator=torch.Generator())[1]
    test = DataLoader(to_vectors(load_mnist('test').images), load_mnist('test').labels, 2000)
    results = {}
    for name, recipe in RECIPES.items():
        start = time.perf_counter()
        print(name, flush=True)
        if check:
            model = train(recipe, recipe['rates'][1], 0, len(valid.x), recipe['epochs']//10)
            print('    validation', accuracy_of(model, valid))
            continue
        tried = choose(recipe, valid)
        lr = float(max(tried, key=tried.get))
        scores = [accuracy_of(train(recipe, lr, seed, 0), test) for seed in SEEDS]
        results[name] = recipe | dict(validation=tried, lr=lr, test=scores)
        print(f'    lr {lr}: test {scores}, {time.perf_counter() - start:.0f} s', flush=True)
    if not check: write_whole(OUT, (json.dumps(results, indent=1) + '\n').encode())

if __name__ == '__main__':
    if sys.argv[1:] not in ([], ['--check']): sys.exit(__doc__)
    main(check='--check' in sys.argv)
