"Run notebooks from top to bottom and store their outputs, which are what the site shows: `python tools/refresh_outputs.py nbs/*.ipynb`"
import os, re, sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbdev.clean import nbdev_clean

def compact(svg):
    "The same picture in half the bytes: no metadata, no line breaks, places to a hundredth of a point"
    svg = re.sub(r'(?s)<\?xml.*?(?=<svg)|<metadata>.*?</metadata>', '', svg)
    svg = re.sub(r'\s*\n\s*', ' ', svg)
    return re.sub(r' (?:d|x|y|width|height)="[^"]*"', lambda place: re.sub(r'(\.\d\d)\d+', r'\1', place[0]), svg)

def refresh(path):
    "Execute the notebook at `path` in its own folder and write it back through a temporary file"
    nb = nbformat.read(path, as_version=4)
    NotebookClient(nb, timeout=600, kernel_name='python3', resources={'metadata': {'path': str(path.parent)}}).execute()
    for output in (o for c in nb.cells if c.cell_type=='code' for o in c.outputs):
        data = output.get('data', {})
        if 'image/svg+xml' in data: data['image/svg+xml'] = compact(data['image/svg+xml'])
    tmp = path.with_suffix('.tmp')
    nbformat.write(nb, tmp)
    os.replace(tmp, path)
    nbdev_clean(path)

if __name__ == '__main__':
    for name in sys.argv[1:]:
        print(name, flush=True)
        refresh(Path(name))
