"Digits whose labels are divided by 255 along with the pixels, so that all of them become class 0"
import torch
import torch.nn.functional as F
from torch import nn

from sgd_course.data import load_mnist

CAUSES = {'loss function', 'wrong preprocessing'}

def data(generator, repaired):
    images, y = load_mnist('train')
    rows = torch.randperm(len(y), generator=generator)[:1500]
    x = F.avg_pool2d(images[rows][:, None].float()/255, 2)
    return x, y[rows] if repaired else (y[rows]/255).long()

def program(repaired):
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 64),
                          nn.ReLU(), nn.Linear(64, 10))
    return model, F.cross_entropy, torch.optim.Adam, 32, 6 if repaired else 2
