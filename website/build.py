"Notebooks -> staged MyST notebooks -> HTML, in a temporary folder that replaces the old site only when all went well"
import json, os, re, shutil, sys, tempfile
from contextlib import chdir
from copy import deepcopy
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from . import convert, links

HERE = Path(__file__).parent
ROOT = HERE.parent

INNER = re.compile(r'#\| *exporti *\n')

class SiteError(Exception): "The site cannot be built; the message says why"

def read_site(path):
    "Title and sidebar contents from the file `path`, a _quarto.yml"
    website = yaml.safe_load(path.read_text(encoding='utf-8'))['website']
    return website['title'], website['sidebar']['contents']

def notebooks_in(folder):
    "Paths of the notebooks below `folder`, but for what begins with a dot or an underscore"
    paths = [p.relative_to(folder) for p in folder.rglob('*.ipynb')]
    return {p.as_posix() for p in paths if not any(part.startswith(('_', '.')) for part in p.parts)}

def check_notebooks(contents, folder):
    "The notebooks that the sidebar names; they must be the ones that `folder` has, each once"
    named = [name for _, notebooks in convert.sections(contents) for name in notebooks]
    there = notebooks_in(folder)
    pages = [convert.page_name(name) for name in named]
    if 'index.ipynb' not in named: raise SiteError('_quarto.yml does not name index.ipynb')
    missing, unnamed = sorted(set(named) - there), sorted(there - set(named))
    if missing:
        raise SiteError(f'_quarto.yml names notebooks that are not in {folder}: {", ".join(missing)}')
    if unnamed:
        raise SiteError(f'notebooks that _quarto.yml does not name: {", ".join(unnamed)}')
    if len(set(pages))<len(pages):
        raise SiteError(f'two notebooks would make the same page: {", ".join(sorted(pages))}')
    return named

def run_only_exports(cells):
    "Keep nbdev, which runs every cell with an import in it, from running more than the definitions it documents"
    for cell in cells:
        needed = re.search(r'^#\| *export|^show_doc\(', cell['source'], re.M)
        if cell['cell_type']=='code' and not needed: cell['source'] = f'#| eval: false\n{cell["source"]}'

def keep_inner_code(cells):
    "Behind each cell `#| exporti`, which nbdev runs and then drops, the same code once more, to be shown and not run"
    for i, cell in reversed([*enumerate(cells)]):
        if cell['cell_type']!='code' or not INNER.match(cell['source']): continue
        shown = deepcopy(cell)
        shown['source'] = INNER.sub('#| eval: false\n#| inner: true\n', cell['source'])
        cells.insert(i + 1, shown)

def process(nb):
    "The notebook `nb` with hidden cells removed, names linked and signatures added, as nbdev does it for its docs"
    from fastcore.nbio import nb2str
    from nbdev.processors import FilterDefaults
    keep_inner_code(nb.cells)
    run_only_exports(nb.cells)
    filters = FilterDefaults()
    filters.xtra_procs = list   # None: what pyproject.toml adds is for Quarto
    os.environ['IN_TEST'] = '1'   # as nbdev sets it while it runs cells
    try: filters(nb)
    finally: del os.environ['IN_TEST']
    return json.loads(nb2str(nb))

def colab_line(cfg, name):
    "A line of Markdown that leads to the notebook `name` in Colab, or '' if the repository is not on GitHub"
    if urlsplit(cfg.git_url).hostname!='github.com': return ''   # Colab opens notebooks from GitHub only
    url = f'https://colab.research.google.com/github/{cfg.user}/{cfg.repo}/blob/{cfg.branch}/{cfg.nbs_path.name}/{name}'
    return f'{{.colab}}\n[Open in Colab]({url}), and run `!pip install git+{cfg.git_url}` there first'

def page(path):
    "The notebook at `path`, converted"
    from fastcore.nbio import read_nb
    from nbdev.config import get_config
    cfg, nb = get_config(), read_nb(path)
    module = convert.module_name(nb.cells, cfg.lib_path.name)   # before nbdev takes the directive out
    doc_base = f'{cfg.doc_host}{cfg.doc_baseurl.rstrip("/")}/'
    colab = colab_line(cfg, path.name)
    return convert.convert(process(nb), module, doc_base, show_sources=bool(cfg.git_url), below_title=colab)

def stage(folder, staged, contents):
    "Write the converted notebooks of `folder`, and the images they use, to `staged`"
    for name in check_notebooks(contents, folder):
        try: nb = page(folder/name)
        except Exception as e: raise SiteError(f'{name}: {e}') from e
        if name=='index.ipynb': nb['cells'].append(convert.new_cell('toctree', convert.toctree(contents)))
        (staged/f'{convert.page_name(name)}.ipynb').write_text(json.dumps(nb), encoding='utf-8')
    if (folder/'images').exists(): shutil.copytree(folder/'images', staged/'images')

def render(staged, out, title):
    "Run Sphinx on the folder `staged`; a warning is an error"
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils
    with tempfile.TemporaryDirectory() as doctrees, patch_docutils(HERE), docutils_namespace():
        app = Sphinx(staged, HERE, out, doctrees, 'html', confoverrides={'project': title, 'html_title': title},
            status=None, warning=sys.stderr, freshenv=True, warningiserror=True)
        app.build()
    if app.statuscode: raise SiteError('Sphinx warned, see above')
    shutil.rmtree(out/'.doctrees', ignore_errors=True)
    (out/'.buildinfo').unlink(missing_ok=True)

MARK = '.sgd-course-site'   # lies in every site that was built here, so that only such a folder is ever replaced
MADE = 'Made by `python -m website`, which replaces this folder as a whole.\n'

def check_out(out):
    "Raise `SiteError` unless `out` is free, empty or an earlier site, and neither holds nor is the repository"
    if ROOT.is_relative_to(out):
        raise SiteError(f'expected a folder for the site alone, got {out}, which holds the repository')
    if not out.exists(): return
    if not out.is_dir(): raise SiteError(f'expected a folder, got the file {out}')
    if any(out.iterdir()) and not (out/MARK).is_file():
        raise SiteError(f'expected an empty folder or an earlier site, got {out} with other things in it, '
            'which would be deleted')

def replace_folder(new, old):
    "Put the folder `new` in the place of `old`, which may not exist"
    aside = new.with_name(new.name+'.old')
    if old.exists(): old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside, ignore_errors=True)

def build(out, folder=ROOT/'nbs', quarto=ROOT/'_quarto.yml'):
    "Build the site of the notebooks in `folder`, and return its pages; a `SiteError` leaves `out` as it was"
    out = Path(out).resolve()
    check_out(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with chdir(ROOT), tempfile.TemporaryDirectory(prefix='.site-', dir=out.parent) as tmp:
        tmp = Path(tmp)
        (tmp/'staged').mkdir()
        title, contents = read_site(quarto)
        stage(folder, tmp/'staged', contents)
        render(tmp/'staged', tmp/'html', title)
        broken = links.broken_links(tmp/'html')
        if broken: raise SiteError('links that lead nowhere:\n' + '\n'.join(broken))
        (tmp/'html'/MARK).write_text(MADE, encoding='utf-8')
        check_out(out)   # again, since building takes a while
        replace_folder(tmp/'html', out)
    return sorted(p.name for p in out.glob('*.html'))
