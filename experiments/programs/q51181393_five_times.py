"Five times a number from 1 to 2, with one weight and one bias: after the training the answers are far too small"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'learning rate'}

def data(generator, repaired):
    x = torch.linspace(1, 2, 100)[:, None]
    return x, 5*x

def program(repaired):
    lr = 0.1 if repaired else 0.0001
    return nn.Linear(1, 1), F.mse_loss, lambda params: torch.optim.SGD(params, lr=lr), 32, 100
