"A network with four hidden sigmoids is to learn XOR; after many steps it still says about one half"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'loss function', 'too few epochs', 'learning rate', 'optimiser'}

def data(generator, repaired):
    x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    return x, (x.sum(1, keepdim=True)==1).float()

def program(repaired):
    model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
    def slow(params): return torch.optim.SGD(params, lr=0.05, momentum=0.11, nesterov=True)
    def quick(params): return torch.optim.Adam(params, lr=0.05)
    return (model, F.mse_loss, quick, 4, 2000) if repaired else (model, F.l1_loss, slow, 4, 1000)
