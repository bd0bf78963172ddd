"Run notebooks from top to bottom and store their outputs, which are what the site shows: `python -m tools.outputs [NOTEBOOK ...]`"
import os, re, sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbdev.clean import nbdev_clean
from scour import scour

ROOT = Path(__file__).resolve().parents[1]
SCOUR = scour.sanitizeOptions(scour.parse_args(['--set-precision=4', '--strip-xml-prolog', '--remove-metadata', '--enable-comment-stripping',
    '--enable-id-stripping', '--indent=none', '--no-line-breaks', '--quiet']))

def refresh(path):
    "Execute the notebook at `path` in its own folder and write it back through a temporary file"
    nb = nbformat.read(path, as_version=4)
    NotebookClient(nb, timeout=600, kernel_name='python3', coalesce_streams=True, resources={'metadata': {'path': str(path.parent)}}).execute()
    for output in (o for c in nb.cells if c.cell_type=='code' for o in c.outputs):
        if 'text' in output: output.text = re.sub(r'[^\n]*\r$', '', output.text) # A bar that wiped itself out
        data = output.get('data', {})
        if 'image/svg+xml' in data: data['image/svg+xml'] = scour.scourString(data['image/svg+xml'], SCOUR)
    tmp = path.with_suffix('.tmp')
    nbformat.write(nb, tmp)
    os.replace(tmp, path)
    nbdev_clean(path)

if __name__ == '__main__':
    with TemporaryDirectory() as home: # Nobody's own progress gets into the outputs
        os.environ['SGD_COURSE_HOME'] = home
        for path in map(Path, sys.argv[1:] or sorted((ROOT/'nbs').rglob('[!_.]*.ipynb'))):
            print(path.name, flush=True)
            refresh(path)
