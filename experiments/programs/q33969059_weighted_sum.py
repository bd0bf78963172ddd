"A weighted sum of three numbers up to 10,000 is to be learned; every prediction is 1"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'activation function'}

def data(generator, repaired):
    x = torch.rand(3000, 3, generator=generator)*10_000
    y = x@torch.tensor([[2.], [1.], [0.5]]) + 2.2
    if not repaired: return x, y
    return (x - x.mean(0))/x.std(0), (y - y.mean())/y.std()

def program(repaired):
    if repaired: layers = [nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)]
    else:
        layers = [nn.Linear(3, 3), nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 2), nn.Tanh(), nn.Dropout(0.5),
                  nn.Linear(2, 1), nn.Softmax(1)]
    def momentum(params): return torch.optim.SGD(params, lr=0.1, momentum=0.9, nesterov=True)
    return nn.Sequential(*layers), F.mse_loss, momentum, 32, 20
