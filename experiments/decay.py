"""Does weight decay help where targets are wrong? `python -m experiments.decay`

Chapter 8's thousand digits with wrong targets: 784-100-10, batches of 50, 60 epochs, plain descent with an L2 penalty,
which for it is the same as weight decay. Each seed takes another thousand digits, other wrong targets, another network.
For each strength of the decay the learning rate is the best of a grid of factors of about two, and so is the strength:
three seeds choose on 10,000 validation digits. Then ten other seeds train with the best rate without decay, and with
the best pair, and each network is tested once on the 10,000 test digits. The results are written to
sgd_course/content/results/decay.json, which chapter 9 shows; what is there already is left out.
`python -m experiments.decay --check` trains one network for two epochs and writes nothing."""
import json, sys
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F

from sgd_course.data import load_mnist, to_vectors
from sgd_course.files import write_whole
from sgd_course.full_mnist import digit_accuracy, digit_loaders
from sgd_course.mini_batches import DataLoader, train_epoch
from sgd_course.nonlinearity import mlp
from sgd_course.seeds import seeded

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/results/decay.json'
RECIPE = dict(sizes=[784, 100, 10], digits=1000, replaced=0.4, batch_size=50, epochs=60)
RATES = [0.003, 0.006, 0.0125, 0.025, 0.05, 0.1, 0.2]
DECAYS = [0., 0.0075, 0.015, 0.03, 0.06]
CHOICE_SEEDS, SEEDS = range(3), range(10, 20)

def train(x, y, lr, decay, seed, epochs):
    "A network trained on a thousand of the digits, 40 % of whose targets are drawn anew"
    g = seeded(seed)
    n = RECIPE['digits']
    x, y = x[seed*n:(seed + 1)*n], y[seed*n:(seed + 1)*n]
    drawn = torch.rand(n, generator=g) < RECIPE['replaced']
    y = torch.where(drawn, torch.randint(10, (n,), generator=g), y)
    model = mlp(RECIPE['sizes'], generator=g)
    opt = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=decay)
    loader = DataLoader(x, y, RECIPE['batch_size'], shuffle=True, generator=g)
    for _ in range(epochs): train_epoch(model, loader, F.cross_entropy, opt)
    return model

@torch.no_grad()
def accuracy(model, x, y): return round(digit_accuracy(model(x), y).item(), 4)

def main(check=False):
    part, valid = digit_loaders(128, generator=seeded(0))
    if check: return print(accuracy(train(part.x, part.y, 0.2, 0.03, 0, 2), valid.x, valid.y))
    found = dict(recipe=RECIPE, validation={}, runs={})
    if OUT.exists(): found = json.loads(OUT.read_text(encoding='utf-8'))
    def keep(*told):
        write_whole(OUT, (json.dumps(found, indent=1) + '\n').encode())
        print(*told, flush=True)
    tried = found['validation']
    for decay, lr in product(DECAYS, RATES):
        of_decay = tried.setdefault(str(decay), {})
        if str(lr) in of_decay: continue
        models = [train(part.x, part.y, lr, decay, seed, RECIPE['epochs']) for seed in CHOICE_SEEDS]
        of_decay[str(lr)] = [accuracy(m, valid.x, valid.y) for m in models]
        keep(decay, lr, of_decay[str(lr)])
    digits = load_mnist('test')
    test_x = to_vectors(digits.images)
    for name, decays in (('without', DECAYS[:1]), ('with', DECAYS[1:])):
        if name in found['runs']: continue
        _, decay, lr = max((sum(tried[str(d)][str(r)]), d, r) for d, r in product(decays, RATES))
        models = [train(part.x, part.y, lr, decay, seed, RECIPE['epochs']) for seed in SEEDS]
        found['runs'][name] = dict(lr=lr, decay=decay, test=[accuracy(m, test_x, digits.labels) for m in models])
        keep(name, found['runs'][name])

if __name__ == '__main__':
    if not set(sys.argv[1:]) <= {'--check'}: sys.exit(__doc__)
    main('--check' in sys.argv)
