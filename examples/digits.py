"scikit-learn's digits: arrays in, a checkpoint in every epoch, and a file with all that a prediction needs out"
import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from sgd_course.data import train_valid_split
from sgd_course.learner import Checkpoint, EarlyStopping, Learner, ProgressBar, Recorder, resume
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import Scaler, mlp
from sgd_course.optimizers import AdamW

SIZES = [64, 50, 10]

def learner(run, generator):
    "The training, and the scale of its pixels, which new pixels need too"
    x, y = (torch.from_numpy(a) for a in load_digits(return_X_y=True))
    x = x.float()
    rows, valid_rows = train_valid_split(y, 360, generator)
    scale = Scaler(x[rows])
    train = DataLoader(scale(x[rows]), y[rows], 64, shuffle=True, generator=generator)
    valid = DataLoader(scale(x[valid_rows]), y[valid_rows], 360)
    callbacks = [Recorder(), ProgressBar(), EarlyStopping(5), Checkpoint(run)]
    return Learner(mlp(SIZES, generator=generator), train, valid, F.cross_entropy, AdamW, 0.01, callbacks), scale

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', type=Path, help='file to write; the checkpoint lies beside it, and is gone on with')
    parser.add_argument('--epochs', type=int, default=30)
    args = parser.parse_args()
    run = Path(f'{args.out}.run')
    learn, scale = learner(run, torch.Generator().manual_seed(0))
    if run.exists(): resume(learn, run).fit()
    else: learn.fit(args.epochs)
    kept = {'sizes': SIZES, 'weights': learn.model.state_dict(), 'mean': scale.mean, 'std': scale.std}
    torch.save(kept, args.out)
    run.unlink()

if __name__=='__main__': main()
