"Three columns of very different size are to say yes or no; the accuracy is that of the larger class"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'activation function', 'learning rate', 'input not scaled'}

def data(generator, repaired):
    x = torch.randn(400, 3, generator=generator)
    y = ((x[:, :1]*x[:, 1:2] + x[:, 2:]) > 0).float()
    return (x if repaired else x*torch.tensor([20., 300., 4000.]) + torch.tensor([50., 900., 20_000.])), y

def program(repaired):
    if repaired:
        model = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 3), nn.Tanh(), nn.Linear(3, 1))
        return model, F.binary_cross_entropy_with_logits, lambda params: torch.optim.Adam(params, lr=0.01), 8, 20
    model = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
    for m in model:
        if isinstance(m, nn.Linear): nn.init.uniform_(m.weight, -0.05, 0.05)
    return model, F.binary_cross_entropy, lambda params: torch.optim.Adam(params, lr=0.001), 1, 150
