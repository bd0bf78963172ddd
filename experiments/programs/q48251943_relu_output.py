"Two columns are to predict a third one, with ReLU at the output too: all predictions are 0"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'activation function'}

def data(generator, repaired):
    x = torch.randn(300, 2, generator=generator)
    return x, 0.8*x[:, :1] - 0.6*x[:, 1:] - 0.5 + 0.1*torch.randn(300, 1, generator=generator)

def program(repaired):
    layers = [nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)] + ([] if repaired else [nn.ReLU()])
    def sgd(params): return torch.optim.SGD(params, lr=0.05 if repaired else 0.01)
    return nn.Sequential(*layers), F.mse_loss, sgd, 10, 50
