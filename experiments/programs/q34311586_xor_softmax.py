"XOR with a softmax over the only output: every prediction is 1"
import torch
import torch.nn.functional as F
from torch import nn

CAUSES = {'learning rate', 'activation function', 'initialisation', 'too few epochs', 'batch size'}

def data(generator, repaired):
    x = torch.tensor([[1., 1.], [0., 0.], [1., 0.], [0., 1.], [1., 1.], [0., 0.]])
    return x, (x.sum(1, keepdim=True)==1).float()

def even(model):
    "Weights between -0.05 and 0.05"
    for m in model:
        if isinstance(m, nn.Linear): nn.init.uniform_(m.weight, -0.05, 0.05)
    return model

def program(repaired):
    if repaired:
        model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3), nn.Tanh(), nn.Linear(3, 1))
        return model, F.binary_cross_entropy_with_logits, lambda params: torch.optim.SGD(params, lr=0.3), 2, 300
    model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Softmax(1))
    def momentum(params): return torch.optim.SGD(params, lr=0.001, momentum=0.9, nesterov=True)
    return even(model), F.mse_loss, momentum, 32, 20
