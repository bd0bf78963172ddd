"""A ring around a spot: three layers with nothing between them find no better border than a line

Made from the published cause alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'activation function'}
SOURCE = 'causes'

def data(generator, repaired):
    x = torch.randn(800, 2, generator=generator)
    return x, (x.norm(dim=1) > 1.2).long()

def program(repaired):
    between = [nn.ReLU()] if repaired else []
    layers = [nn.Linear(2, 24), *between, nn.Linear(24, 24), *between, nn.Linear(24, 2)]
    return nn.Sequential(*layers), F.cross_entropy, lambda params: torch.optim.Adam(params, lr=0.01), 32, 15
