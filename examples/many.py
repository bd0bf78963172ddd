"""Your own model and your own loader, trained by several processes, or by one:

    python examples/many.py network.pt
    torchrun --standalone --nproc-per-node 2 --max-restarts 3 examples/many.py network.pt

After each epoch a checkpoint is written. If a process dies, torchrun starts all of them again, and they go on from it.
"""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sgd_course.learner import Checkpoint, Learner, ProgressBar, Recorder, resume
from sgd_course.workers import Workers

def main(out, epochs=10):
    run = Path(f'{out}.run')
    with Workers() as workers:
        generator = torch.Generator().manual_seed(0)
        x, y = (torch.from_numpy(a) for a in load_digits(return_X_y=True))
        data = TensorDataset(x.float()/16, y)
        train = DataLoader(data, 64, shuffle=True, generator=generator) # The whole batch: it is shared out
        torch.manual_seed(0)
        image, conv, score = nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3), nn.Linear(576, 10)
        model = nn.Sequential(image, conv, nn.ReLU(), nn.Flatten(), score)
        callbacks = [workers, Recorder(), *workers.only_first(ProgressBar(), Checkpoint(run))]
        valid = DataLoader(data, 600)
        learn = Learner(model, train, valid, F.cross_entropy, torch.optim.Adam, 0.003, callbacks, device='cpu')
        if run.exists(): resume(learn, run).fit()
        else: learn.fit(epochs)
        if workers.first:
            torch.save(model.state_dict(), out)
            run.unlink()

if __name__=='__main__': main(sys.argv[1])
