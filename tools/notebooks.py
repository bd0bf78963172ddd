"""One way to read and write the notebooks of the course, for everything in tools/"""
import json, re
from pathlib import Path

from sgd_course.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
NBS = ROOT/'nbs'

def paths(folder=NBS):
    "All notebooks in `folder`: those of the course first, then those on how it is made"
    return [p for place in ('.', 'making') for p in sorted((folder/place).glob('[!_.]*.ipynb'))]

def read(path):
    "The notebook at `path` as a dictionary"
    return json.loads(Path(path).read_text(encoding='utf-8'))

def dumps(nb):
    "The text of the notebook `nb`, as nbdev writes it"
    return json.dumps(nb, indent=1, ensure_ascii=False) + '\n'

def write(path, nb):
    "Write the notebook `nb` to `path`, all of it or nothing; returns whether there was anything to change"
    new, path = dumps(nb).encode(), Path(path)
    if path.exists() and path.read_bytes()==new: return False
    return write_whole(path, new)

def text(cell):
    "The source of `cell`"
    return ''.join(cell['source'])

def set_text(cell, text):
    "Make `text` the source of `cell`"
    cell['source'] = text.splitlines(keepends=True)

def code_cells(nb):
    "The code cells of the notebook `nb`"
    return [c for c in nb['cells'] if c['cell_type']=='code']

def title(nb):
    "The title of the notebook `nb`: the first heading"
    headings = (re.match('# (.*)', text(c)) for c in nb['cells'] if c['cell_type']=='markdown')
    return next(m[1] for m in headings if m)

def titles(folder=NBS):
    "The title of each numbered chapter in `folder`, by its name without `.ipynb`"
    return {p.stem: title(read(p)) for p in sorted(folder.glob('[0-9][0-9]_*.ipynb'))}
