"Small pictures of two kinds of sound, plain descent with a small rate: the accuracy does not change"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'too few epochs'}

def data(generator, repaired):
    x = 0.3*torch.rand(400, 1, 16, 16, generator=generator)
    y = torch.randint(2, (400,), generator=generator)
    rows = torch.randint(2, 14, (400,), generator=generator)
    for i in range(400):
        if y[i]: x[i, 0, rows[i]] += 0.5
        else: x[i, 0, :, rows[i]] += 0.5
    return x, y

def program(repaired):
    layers = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
              nn.Linear(392, 16), nn.ReLU(), nn.Linear(16, 2)]
    def momentum(params): return torch.optim.SGD(params, lr=0.005, momentum=0.9)
    return nn.Sequential(*layers), F.cross_entropy, momentum, 32, 100 if repaired else 3
