"""Columns from a table as they are, up to 1,000, a squared error for yes or no, and plain descent

Made from the published causes alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'optimiser', 'learning rate', 'loss function', 'input not scaled'}
SOURCE = 'causes'

def data(generator, repaired):
    x = torch.randn(800, 8, generator=generator)
    y = (x[:, :1] + x[:, 1:2] > 0).float()
    return (x if repaired else 200*x + 500), y

def program(repaired):
    layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)]
    if repaired:
        return (nn.Sequential(*layers), F.binary_cross_entropy_with_logits,
                lambda params: torch.optim.Adam(params, 0.01), 32, 12)
    return nn.Sequential(*layers, nn.Sigmoid()), F.mse_loss, lambda params: torch.optim.SGD(params, lr=0.01), 32, 12
