"Traffic signs and a deep convolutional network whose first layer has three filters of one pixel and a ReLU"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'activation function'}

def data(generator, repaired):
    y = torch.randint(12, (1200,), generator=generator)
    patterns = torch.rand(12, 3, 20, 20, generator=generator)
    x = 0.5*patterns[y] + 0.5*torch.rand(1200, 3, 20, 20, generator=generator)
    return 255*x, y

class Scale(nn.Module):
    "From 0 to 255 to -0.5 to 0.5, as a part of the model"
    def forward(self, x): return x/255 - 0.5

def program(repaired):
    first = [] if repaired else [nn.ReLU()]
    layers = [Scale(), nn.Conv2d(3, 3, 1), *first, nn.Conv2d(3, 8, 5, stride=2), nn.ReLU(),
              nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
              nn.Linear(144, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 12)]
    return nn.Sequential(*layers), F.cross_entropy, torch.optim.Adam, 32 if repaired else 512, 20 if repaired else 10
