"Thirty coordinates of points in a face from its pixels, with Adam at a rate of 0.1"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'optimiser', 'too few epochs'}

def data(generator, repaired):
    places = torch.randn(500, 6, generator=generator)
    x = (0.5 + 0.2*places@torch.randn(6, 576, generator=generator)/2.5).clamp(0, 1)
    y = 0.3*places@torch.randn(6, 30, generator=generator)/2.5
    return x, y + 0.02*torch.randn(500, 30, generator=generator)

def program(repaired):
    model = nn.Sequential(nn.Linear(576, 50), nn.ReLU(), nn.Linear(50, 30)) if repaired else \
        nn.Sequential(nn.Linear(576, 50), nn.Linear(50, 100), nn.Linear(100, 30))
    def gentle(params): return torch.optim.SGD(params, lr=0.03, momentum=0.9, nesterov=True)
    def wild(params): return torch.optim.Adam(params, lr=0.1)
    return model, F.mse_loss, gentle if repaired else wild, 32, 60 if repaired else 30
