"""The patients of the clinic, twelve with a number and more to draw from: `python -m experiments.patients`

Each is trained once, in a few seconds, with the fault and the healthy training that the lists below name; a record of
all its tests is written to sgd_course/content/patients.json. `python -m experiments.patients --check` records the
first only and writes nothing."""
import json, sys
from pathlib import Path

from sgd_course.files import write_whole
from sgd_course.patients import record
from sgd_course.seeds import seeded

OUT = Path(__file__).resolve().parents[1]/'sgd_course/content/patients.json'
CHOSEN = [('learning rate too small', 'digits'), ('inputs not scaled', 'rings'), ('data in order', 'digits'),
    ('learning rate too large', 'wave'),
    ('labels shuffled', 'rings'), ('softmax twice', 'digits'), ('dead units', 'rings'),
    ('gradients not cleared', 'wave'),
    ('layer left out of the optimiser', 'wave'), ('nothing', 'digits'), ('column against row', 'wave'),
    ('validation prepared otherwise', 'rings')]
MORE = [('learning rate too large', 'rings'), ('learning rate too small', 'wave'), ('inputs not scaled', 'digits'),
    ('targets not scaled', 'wave'), ('data in order', 'rings'), ('learning rate too small', 'rings'),
    ('softmax twice', 'rings'), ('gradients not cleared', 'digits'), ('gradients not cleared', 'rings'),
    ('dead units', 'digits'), ('labels shuffled', 'digits'), ('vanishing gradient', 'rings'),
    ('equal weights', 'rings'), ('overfitting', 'digits'), ('validation prepared otherwise', 'digits'),
    ('layer left out of the optimiser', 'rings'), ('column against row', 'wave'), ('nothing', 'wave')]

def main(check=False):
    chosen = CHOSEN[:1] if check else CHOSEN + MORE
    found = [record(*one, seeded(100 + i)) for i, one in enumerate(chosen)]
    if check: print(found[0]['checkup'])
    else: write_whole(OUT, (json.dumps(found, separators=(',', ':'), allow_nan=False) + '\n').encode())

if __name__=='__main__':
    if not set(sys.argv[1:]) <= {'--check'}: sys.exit(__doc__)
    main('--check' in sys.argv)
