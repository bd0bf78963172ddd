"A network from a book: weights of spread 1, a squared error, a rate of 3, and the sigmoids forgotten"
import torch
import torch.nn.functional as F
from torch import nn

from sgd_course.data import load_mnist, to_vectors

CAUSES = {'activation function', 'loss function', 'learning rate'}

def data(generator, repaired):
    images, y = load_mnist('train')
    rows = torch.randperm(len(y), generator=generator)[:2000]
    return to_vectors(images[rows]), y[rows] if repaired else F.one_hot(y[rows]).float()

def program(repaired):
    if repaired:
        model = nn.Sequential(nn.Linear(784, 30), nn.Sigmoid(), nn.Linear(30, 10))
        return model, F.cross_entropy, lambda params: torch.optim.SGD(params, lr=0.5), 10, 5
    model = nn.Sequential(nn.Linear(784, 30), nn.Linear(30, 10))
    for p in model.parameters(): nn.init.normal_(p)
    return model, F.mse_loss, lambda params: torch.optim.SGD(params, lr=3.), 10, 30
