"One of our optimisers in a loop of your own, driven by a schedule of PyTorch: how far have 442 people's diabetes gone?"
import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import load_diabetes

from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import Scaler, mlp
from sgd_course.optimizers import Adam

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--epochs', type=int, default=20)
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.from_numpy(a).float() for a in load_diabetes(return_X_y=True))
    order = torch.randperm(len(x), generator=generator)
    rows, test = order[92:], order[:92]
    scale_x, scale_y = Scaler(x[rows]), Scaler(y[rows, None])
    loader = DataLoader(scale_x(x[rows]), scale_y(y[rows, None]), 32, shuffle=True, generator=generator)

    model = mlp([10, 20, 1], generator=generator)
    opt = Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs*len(loader))
    for epoch in range(args.epochs):
        for xb, yb in loader:
            F.smooth_l1_loss(model(xb), yb).backward()
            opt.step()
            schedule.step()
            opt.zero_grad()
    with torch.no_grad(): said = scale_y.invert(model(scale_x(x[test])))
    print(f'{(said - y[test, None]).abs().mean():.1f} points off on average, '
          f'{(y[rows].median() - y[test]).abs().mean():.1f} by always saying the median')

if __name__=='__main__': main()
