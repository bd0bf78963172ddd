"A convolutional network for digits with a ReLU at its end, and a logarithm of that in the loss"
import torch
import torch.nn.functional as F
from torch import nn

from sgd_course.data import load_mnist

CAUSES = {'activation function', 'too few epochs'}

def data(generator, repaired):
    images, y = load_mnist('train')
    rows = torch.randperm(len(y), generator=generator)[:1500]
    x = F.avg_pool2d(images[rows][:, None].float()/255, 2)
    return x, y[rows] if repaired else F.one_hot(y[rows]).float()

def shares(pred, y):
    "Cross-entropy of outputs that are taken for probabilities once they are divided by their sum"
    p = (pred/pred.sum(1, keepdim=True).clamp(min=1e-7)).clamp(1e-7, 1 - 1e-7)
    return -(y*p.log()).sum(1).mean()

def program(repaired):
    layers = [nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(),
              nn.MaxPool2d(2), nn.Flatten(), nn.Linear(144, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)]
    if repaired: return nn.Sequential(*layers), F.cross_entropy, torch.optim.Adam, 50, 10
    return nn.Sequential(*layers, nn.ReLU()), shares, torch.optim.Adam, 50, 5
