"""Prices are to be predicted, and the loss is the one for yes or no

Made from the published cause alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'loss function'}
SOURCE = 'causes'

def data(generator, repaired):
    x = torch.randn(800, 6, generator=generator)
    y = x[:, :1] + 0.5*x[:, 1:2]*x[:, 2:3] + 0.1*torch.randn(800, 1, generator=generator)
    return x, (y - y.mean())/y.std()

def program(repaired):
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    loss = F.mse_loss if repaired else F.binary_cross_entropy_with_logits
    return model, loss, lambda params: torch.optim.Adam(params, lr=0.01), 32, 15
