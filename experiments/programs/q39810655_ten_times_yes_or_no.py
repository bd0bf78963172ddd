"""Ten kinds of digits, each as a yes or no of its own with a squared error

Made from the published cause alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

CAUSES = {'loss function'}
SOURCE = 'causes'

def data(generator, repaired):
    digits = load_digits()
    x, y = torch.tensor(digits.data, dtype=torch.float32)/16, torch.tensor(digits.target)
    return x, y if repaired else F.one_hot(y).float()

def program(repaired):
    layers = [nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)]
    def plain(params): return torch.optim.SGD(params, lr=0.1)
    if repaired: return nn.Sequential(*layers), F.cross_entropy, plain, 32, 8
    return nn.Sequential(*layers, nn.Sigmoid()), F.mse_loss, plain, 32, 8
