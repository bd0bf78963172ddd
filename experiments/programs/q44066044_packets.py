"Eleven numbers for a network packet, from a few units to millions, are to say whether it is an attack"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'input not scaled'}

def data(generator, repaired):
    x = torch.randn(800, 11, generator=generator)
    y = ((x[:, :4].sum(1, keepdim=True) + x[:, 5:6]*x[:, 6:7]) > 0).float()
    if repaired: return x, y
    return (x + 3).abs()*10.**torch.tensor([6, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]), y

def program(repaired):
    model = nn.Sequential(nn.Linear(11, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 1))
    def quick(params): return torch.optim.Adam(params, lr=0.005)
    if repaired: return model, F.binary_cross_entropy_with_logits, quick, 16, 20
    def clipped(pred, y): return F.binary_cross_entropy(pred.clamp(1e-7, 1 - 1e-7), y)
    return nn.Sequential(*model, nn.ReLU()), clipped, torch.optim.Adam, 5, 100
