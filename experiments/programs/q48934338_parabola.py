"A noisy parabola up to 125 and a rate of 0.1: the prediction is a level line"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'learning rate'}

def data(generator, repaired):
    x = torch.arange(0, 5, 0.1)[:, None]
    return x, 5*x**2 + torch.randn(50, 1, generator=generator)**3

def program(repaired):
    model = nn.Sequential(nn.Linear(1, 50), nn.ReLU(), nn.Linear(50, 30), nn.ReLU(), nn.Linear(30, 1))
    return model, F.mse_loss, lambda params: torch.optim.SGD(params, lr=1e-4 if repaired else 0.1), 32, 1000
