"Signal or background from thirty measurements, with 600 units, dropout and a softmax: accuracy of the larger class"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'optimiser', 'loss function', 'size of a layer', 'layers'}

def data(generator, repaired):
    x = torch.randn(2000, 30, generator=generator)
    y = (x[:, 0]*x[:, 1] + x[:, 2] + 0.3*torch.randn(2000, generator=generator) > 0.5).float()[:, None]
    return x, y

def program(repaired):
    if repaired:
        model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1))
        return model, F.binary_cross_entropy_with_logits, lambda params: torch.optim.Adam(params, lr=0.003), 64, 10
    model = nn.Sequential(nn.Linear(30, 600), nn.ReLU(), nn.Dropout(0.5),
                          nn.Linear(600, 400), nn.ReLU(), nn.Dropout(0.5), nn.Linear(400, 1), nn.Softmax(1))
    return model, F.binary_cross_entropy, lambda params: torch.optim.RMSprop(params), 64, 10
