"Pictures through PyTorch's loader: a small convolutional network, gradient clipping and a schedule as callbacks"
import argparse
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

from sgd_course.data import load_mnist, to_float
from sgd_course.learner import Learner, ProgressBar, Recorder, Schedule
from sgd_course.optimizers import AdamW, one_cycle

class Pictures(Dataset):
    "Digits of shape (1, 28, 28), 0 to 1; a dataset of files would open file number `i` here"
    def __init__(self, images, y): self.images, self.y = images, y
    def __len__(self): return len(self.y)
    def __getitem__(self, i): return to_float(self.images[i])[None], self.y[i]

class Clip:
    "Shortens a gradient that is longer than `length`"
    def __init__(self, length): self.length = length
    def after_gradient(self, learn): nn.utils.clip_grad_norm_(learn.model.parameters(), self.length)

def network():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Flatten(), nn.Linear(32*7*7, 10))

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--digits', type=int, default=60_000, help='how many to train with')
    args = parser.parse_args()
    torch.manual_seed(0)
    train, test = load_mnist('train'), load_mnist('test')
    pictures = Pictures(*(part[:args.digits] for part in train))
    loader = DataLoader(pictures, 64, shuffle=True, drop_last=True)
    test_loader = DataLoader(Pictures(*test), 1000)
    callbacks = [Schedule(lr=partial(one_cycle, peak=0.01)), Clip(1.), Recorder(), ProgressBar()]
    Learner(network(), loader, test_loader, F.cross_entropy, AdamW, callbacks=callbacks).fit(args.epochs)

if __name__=='__main__': main()
