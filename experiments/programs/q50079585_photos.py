"Photos of two kinds and a small convolutional network: the accuracy moves up and down around one half"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'too few epochs', 'learning rate', 'activation function', 'loss function', 'size of a layer'}

def data(generator, repaired):
    y = torch.randint(2, (320,), generator=generator)
    wave = torch.sin(torch.arange(24)*0.8)
    x = torch.rand(320, 3, 24, 24, generator=generator)
    for i in range(320): x[i] += 0.15*(wave[:, None] if y[i] else wave[None, :])
    return (x if not repaired else (x - x.mean())/x.std()), y if repaired else y.float()[:, None]

def program(repaired):
    layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.MaxPool2d(2),
              nn.Flatten()]
    if repaired:
        return (nn.Sequential(*layers, nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 2)), F.cross_entropy,
                lambda params: torch.optim.Adam(params, lr=0.003), 16, 30)
    model = nn.Sequential(*layers, nn.Linear(128, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1), nn.Sigmoid())
    return model, F.binary_cross_entropy, lambda params: torch.optim.RMSprop(params, lr=1e-4), 16, 10
