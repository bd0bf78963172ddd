"""Make README.md from nbs/index.ipynb, and nbs/_quarto.yml from _quarto.yml: `python -m tools.readme`

`nbdev-readme` makes README.md, too, but needs Quarto; and that looks for its settings beside the notebooks."""
import re, tomllib

from sgd_course.files import write_whole
from tools.notebooks import NBS, ROOT, read, text as source

def has_image(output): return any(kind.startswith('image/') for kind in output.get('data', {}))

def text_of(output):
    "The text that a cell's `output` shows, or an empty string"
    return ''.join(output.get('text') or output.get('data', {}).get('text/plain', ''))

def code_cell(cell):
    "A code cell with its text output as fenced Markdown; nothing for a hidden cell, or for one that draws a picture"
    if re.search(r'(?m)^#\| *hide', source(cell)) or any(map(has_image, cell['outputs'])): return ''
    code = re.sub(r'(?m)^#\|.*\n', '', source(cell))
    out = ''.join(map(text_of, cell['outputs'])).rstrip()
    shown = f'```python\n{code}\n```'
    return f'{shown}\n\n```\n{out}\n```' if out else shown

def shows_figure(cell): return any('text/html' in o.get('data', {}) for o in cell.get('outputs', []))

def without_figures(cells):
    "The cells, without interactive figures and without the import and the text that lead to one"
    figures = {i for i, c in enumerate(cells) if shows_figure(c)}
    return [c for i, c in enumerate(cells) if not {i, i + 1, i + 2} & figures]

def local_links(text):
    "Links and pictures as seen from the top folder"
    return re.sub(r'\]\((?=[\w/]+\.(?:ipynb|svg|png)\))', '](nbs/', text)

def repository():
    "The address of the repository, or '' while pyproject.toml names none"
    project = tomllib.loads((ROOT/'pyproject.toml').read_text(encoding='utf-8'))['project']
    return project.get('urls', {}).get('Repository', '').rstrip('/')

def whole_links(text, address):
    "Links to files of the repository as they are needed elsewhere, such as on a package index; none without `address`"
    def whole(match):
        place = 'raw' if match[1]=='!' else 'blob'
        return f'{match[1]}[{match[2]}]({address}/{place}/main/{match[3]})'
    link = r'(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)'
    return re.sub(link, whole, text) if address else text

def readme(notebook, address=''):
    "The text of README.md for the dictionary `notebook` in the repository at `address`"
    cells = without_figures(notebook['cells'])
    parts = [local_links(source(c)) if c['cell_type']=='markdown' else code_cell(c) for c in cells]
    note = '<!-- Made from nbs/index.ipynb by `make readme`: edit there. -->'
    return whole_links('\n\n'.join([note] + [p for p in parts if p]) + '\n', address)

if __name__ == '__main__':
    write_whole(ROOT/'README.md', readme(read(NBS/'index.ipynb'), repository()).encode())
    write_whole(NBS/'_quarto.yml', (ROOT/'_quarto.yml').read_bytes())
