"Sixteen measurements and two classes; the accuracy stays where it began"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'layers', 'size of a layer', 'activation function', 'loss function'}

def data(generator, repaired):
    x = torch.rand(600, 16, generator=generator)
    c = (x[:, :8].sum(1) > x[:, 8:].sum(1)).long()
    return x, c if repaired else F.one_hot(c).float()

def program(repaired):
    def momentum(params): return torch.optim.SGD(params, lr=0.1, momentum=0.9, nesterov=True)
    if repaired: return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 2)), F.cross_entropy, momentum, 16, 20
    layers = [nn.Linear(16, 64), nn.Tanh(), nn.Dropout(0.5), nn.Linear(64, 64), nn.Tanh(), nn.Dropout(0.5),
              nn.Linear(64, 2), nn.Softmax(1)]
    return nn.Sequential(*layers), F.mse_loss, momentum, 16, 20
