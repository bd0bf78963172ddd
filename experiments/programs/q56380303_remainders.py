"The remainder by seven of a number in binary digits, in binary digits again: every answer stays about one half"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'optimiser', 'learning rate'}

def data(generator, repaired):
    x = torch.randint(2, (4000, 8), generator=generator)
    rest = (x*2**torch.arange(8)).sum(1)%7
    return x.float(), (rest[:, None]//2**torch.arange(3)%2).float()

def program(repaired):
    model = nn.Sequential(nn.Linear(8, 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 3))
    def quick(params): return torch.optim.Adam(params, lr=0.003)
    def plain(params): return torch.optim.SGD(params, lr=0.01)
    return model, F.binary_cross_entropy_with_logits, quick if repaired else plain, 32, 12 if repaired else 5
