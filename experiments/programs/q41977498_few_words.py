"""Which of 200 words a text holds says what it is about; plain descent with its default, for three epochs

Made from the published causes alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'optimiser', 'learning rate', 'too few epochs'}
SOURCE = 'causes'

def data(generator, repaired):
    y = torch.randint(5, (1500,), generator=generator)
    often = 0.02 + 0.1*torch.rand(5, 200, generator=generator)**3
    return (torch.rand(1500, 200, generator=generator) < often[y]).float(), y

def program(repaired):
    model = nn.Sequential(nn.Linear(200, 64), nn.ReLU(), nn.Linear(64, 5))
    if repaired: return model, F.cross_entropy, lambda params: torch.optim.Adam(params, lr=0.003), 32, 6
    return model, F.cross_entropy, lambda params: torch.optim.SGD(params, lr=0.001), 32, 3
