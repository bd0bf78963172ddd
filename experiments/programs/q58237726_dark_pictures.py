"""Pictures whose pixels are divided by 255 twice, and a small rate

Made from the published causes alone; the question was not at hand."""
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'learning rate', 'wrong preprocessing'}
SOURCE = 'causes'

def data(generator, repaired):
    y = torch.randint(4, (800,), generator=generator)
    patterns = torch.rand(4, 1, 12, 12, generator=generator)
    x = 0.5*patterns[y] + 0.5*torch.rand(800, 1, 12, 12, generator=generator)
    return (x - x.mean())/x.std() if repaired else x/255, y

def program(repaired):
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(200, 4))
    lr = 0.003 if repaired else 0.00001
    return model, F.cross_entropy, lambda params: torch.optim.Adam(params, lr=lr), 32, 10
