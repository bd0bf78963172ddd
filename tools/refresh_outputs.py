"Run notebooks from top to bottom and store their outputs, which are what the site shows: `python tools/refresh_outputs.py nbs/*.ipynb`"
import os, sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbdev.clean import nbdev_clean

def refresh(path):
    "Execute the notebook at `path` in its own folder and write it back through a temporary file"
    nb = nbformat.read(path, as_version=4)
    NotebookClient(nb, timeout=600, kernel_name='python3', resources={'metadata': {'path': str(path.parent)}}).execute()
    tmp = path.with_suffix('.tmp')
    nbformat.write(nb, tmp)
    os.replace(tmp, path)
    nbdev_clean(path)

if __name__ == '__main__':
    for name in sys.argv[1:]:
        print(name, flush=True)
        refresh(Path(name))
