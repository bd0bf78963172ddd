"""How long it takes to be right about 98 % and 98.5 % of the test digits: `python -m experiments.recipes`

`python -m experiments.recipes --choose` compares recipes on the validation digits."""
import argparse, json, statistics, subprocess, sys, time
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

class Recipe(NamedTuple):
    "SGD with a learning rate that rises in the first quarter of the training and then falls to 0"
    sizes:tuple # Units of each layer
    batch:int # Digits in a mini-batch
    epochs:int # How many
    peak:float # Largest learning rate
    smoothing:float=0. # Share of each target that is spread over all classes

    def __str__(self):
        sizes = '-'.join(map(str, self.sizes))
        text = f'{sizes}, mini-batches of {self.batch}, {self.epochs} epochs, lr up to {self.peak:g}'
        if self.smoothing: text += f', label smoothing {self.smoothing:g}'
        return text

GOALS = { # Test accuracy: seconds allowed, recipe that reaches it on validation with each of three seeds
    0.98: (5, Recipe((784, 256, 10), 64, 4, 0.8)),
    0.985: (20, Recipe((784, 512, 512, 10), 64, 8, 0.7)),
}
CHOICES = [Recipe(*o) for o in [
    ((784, 100, 10), 64, 5, 0.5),
    ((784, 256, 10), 64, 3, 0.5),
    ((784, 256, 10), 64, 4, 0.5),
    ((784, 256, 10), 64, 4, 0.8),
    ((784, 256, 10), 64, 4, 1.),
    ((784, 256, 10), 128, 4, 0.8),
    ((784, 256, 128, 10), 64, 3, 0.5),
    ((784, 256, 128, 10), 64, 3, 0.7),
    ((784, 512, 512, 10), 64, 2, 0.5),
    ((784, 512, 10), 64, 5, 0.5),
    ((784, 512, 512, 10), 64, 5, 0.4),
    ((784, 512, 512, 10), 64, 5, 0.5),
    ((784, 512, 512, 10), 64, 5, 0.7),
    ((784, 512, 512, 10), 64, 6, 0.5),
    ((784, 512, 512, 10), 128, 5, 0.6),
    ((784, 512, 512, 10), 64, 6, 0.7, 0.1),
    ((784, 512, 512, 10), 64, 8, 0.7),
    ((784, 512, 512, 10), 64, 8, 0.7, 0.1),
    ((784, 512, 512, 10), 128, 8, 1.2, 0.1),
    ((784, 800, 400, 10), 64, 6, 0.7, 0.1),
]]

def once(recipe, seed, valid):
    "Seconds from packed file to network, and accuracy on `valid` validation digits, or on the test digits if 0"
    import torch
    from torch.nn import functional as F
    from sgd_course.data import load_mnist, to_vectors
    from sgd_course.fused import FusedLearner
    from sgd_course.full_mnist import digit_accuracy, digit_loaders, evaluate
    from sgd_course.learner import Learner, Schedule, triangle
    from sgd_course.mini_batches import DataLoader
    from sgd_course.nonlinearity import mlp
    start, generator = time.perf_counter(), torch.Generator().manual_seed(seed)
    train, check = digit_loaders(recipe.batch, valid, generator=generator)
    kind, loss_func = FusedLearner, F.cross_entropy
    if recipe.smoothing: kind, loss_func = Learner, partial(F.cross_entropy, label_smoothing=recipe.smoothing)
    learn = kind(mlp(recipe.sizes, generator=generator), train, None, loss_func, lr=0., device='cpu',
        callbacks=[Schedule(lr=lambda done: triangle(done, recipe.peak))])
    learn.fit(recipe.epochs)
    seconds = time.perf_counter() - start
    if check is None:
        images, labels = load_mnist('test')
        check = DataLoader(to_vectors(images), labels, 2000)
    return seconds, evaluate(learn.model, check, {'accuracy': digit_accuracy})['accuracy']

def fresh(recipe, seed, valid=0):
    "The same in a process of its own, so that the digits are loaded anew"
    args = [sys.executable, '-m', 'experiments.recipes', '--once', json.dumps([recipe, seed, valid])]
    return json.loads(subprocess.run(args, cwd=ROOT, check=True, capture_output=True, text=True).stdout)

def spread(values, form):
    "Median of `values`, with the smallest and the largest"
    return f'{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})'

def section(seeds):
    "The part of the page on accuracy, in Markdown"
    lines = []
    for goal, (allowed, recipe) in GOALS.items():
        seconds, accuracies = zip(*(fresh(recipe, seed) for seed in seeds))
        percent, took = spread([100*a for a in accuracies], '.2f'), spread(seconds, '.1f')
        lines.append(f'| {100*goal:g} % | {recipe} | {percent} | {took} | at most {allowed} |')
        print(f'{goal:.1%}: {spread(accuracies, ".4f")} in {took} s', flush=True)
    return f"""
## Time to an accuracy

From the packed file to the trained network: reading the digits, turning them into numbers and training on all 60,000. \
Importing PyTorch is not counted. The recipe is plain SGD with the `FusedLearner`, the gradient by hand (chapter 10) \
and a learning rate that rises in the first quarter of the training and then falls to 0; its numbers were chosen on \
validation digits, and the test digits were looked at once for each seed, at the end. Median of {len(seeds)} seeds, \
each in a fresh process, with the smallest and the largest.

| goal | recipe | test accuracy in % | seconds | goal in seconds |
|---|---|---|---|---|
""" + '\n'.join(lines) + '\n'

def choose(seeds):
    "Print seconds and validation accuracy of every choice"
    for recipe in CHOICES:
        seconds, accuracies = zip(*(fresh(recipe, seed, 10_000) for seed in seeds))
        print(f'{recipe}: {spread(accuracies, ".4f")} in {spread(seconds, ".1f")} s', flush=True)

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    compare = 'compare recipes on the validation digits, three seeds each'
    parser.add_argument('--choose', action='store_true', help=compare)
    parser.add_argument('--once', type=json.loads, help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.once: print(json.dumps(once(Recipe(*o.once[0]), *o.once[1:])))
    elif o.choose: choose(range(3))
    else: print(section(range(5)))

if __name__ == '__main__': main()
