"Colour pictures in batches of 500 and five epochs: the loss has hardly begun to fall when the training ends"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'too few epochs', 'batch size'}

def data(generator, repaired):
    y = torch.randint(10, (2000,), generator=generator)
    patterns = torch.randn(10, 3, 8, 8, generator=generator)
    x = 0.25*patterns[y] + torch.randn(2000, 3, 8, 8, generator=generator)
    return (x - x.mean())/x.std(), y

def program(repaired):
    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(144, 32), nn.ReLU(),
                          nn.Dropout(0.3), nn.Linear(32, 10))
    return model, F.cross_entropy, torch.optim.Adam, 50 if repaired else 500, 25 if repaired else 5
