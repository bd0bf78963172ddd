"The fourth power of numbers from -100 to 100 is to be learned, inputs and targets as they are"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'input not scaled'}

def data(generator, repaired):
    x = torch.arange(-100, 100, 0.5)[:, None]
    return (x/58, (x/100)**4*4 - 0.8) if repaired else (x, x**4)

def program(repaired):
    model = nn.Sequential(nn.Linear(1, 50), nn.Sigmoid(), nn.Linear(50, 50), nn.ELU(), nn.Linear(50, 1))
    if repaired: return model, F.mse_loss, lambda params: torch.optim.Adam(params, lr=0.01), 50, 100
    return model, F.mse_loss, torch.optim.Adam, 400, 1000
