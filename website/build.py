"""Notebooks -> staged MyST notebooks -> HTML, which replaces the old site only when all went well

What was made is kept in build/site, so that the next build makes only the pages anew whose notebooks have changed."""
import hashlib, json, os, re, shutil, sys, tempfile
from contextlib import chdir
from copy import deepcopy
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from filelock import FileLock

from . import convert, links
from .predict import hide_answers

HERE = Path(__file__).parent
ROOT = HERE.parent
KEPT = ROOT/'build'/'site'

GLOSSARY = ROOT/'sgd_course'/'content'/'glossary.toml'

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
    new = convert.convert(process(nb), module, doc_base, show_sources=bool(cfg.git_url), below_title=colab)
    return new | {'cells': hide_answers(new['cells'])}

# What is kept from one build to the next

def digest(paths, more=''):
    "A fingerprint of the contents of the files `paths` and the text `more`"
    found = hashlib.sha256(more.encode())
    for path in sorted(paths): found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()

def common(contents, folder, quarto):
    "A fingerprint of what all pages hang on: the builder, settings, meanings, packages, and the titles in the sidebar"
    from nbdev.config import get_config
    files = [p for p in HERE.rglob('*') if p.is_file() and p.suffix!='.pyc']
    files += [quarto, ROOT/'settings.ini', ROOT/'pyproject.toml', GLOSSARY]
    names = [name for _, notebooks in convert.sections(contents) for name in notebooks]
    titles = [convert.title(json.loads((folder/name).read_text(encoding='utf-8'))) for name in names]
    versions = sorted((d.name, d.version) for d in distributions())
    return digest(files, repr((titles, versions, get_config().git_url)))

def write_changed(path, text):
    "Write `text` to `path` unless that is what it holds: Sphinx looks at the time when a page was written"
    if not path.exists() or path.read_text(encoding='utf-8')!=text: path.write_text(text, encoding='utf-8')

def stage(folder, work, contents):
    "Write the converted notebooks of `folder`, and the images they use, to `work/staged`; those that changed only"
    staged, noted = work/'staged', work/'notebooks.json'
    staged.mkdir(exist_ok=True)
    before = json.loads(noted.read_text()) if noted.exists() else {}
    code = digest((ROOT/'sgd_course').rglob('*.py'))
    now = {name: digest([folder/name], code) for name in check_notebooks(contents, folder)}
    for name in now:
        if now[name]==before.get(name): continue
        try: nb = page(folder/name)
        except Exception as e: raise SiteError(f'{name}: {e}') from e
        if name=='index.ipynb': nb['cells'].append(convert.new_cell('toctree', convert.toctree(contents)))
        write_changed(staged/f'{convert.page_name(name)}.ipynb', json.dumps(nb))
    if (folder/'images').exists(): shutil.copytree(folder/'images', staged/'images', dirs_exist_ok=True)
    noted.write_text(json.dumps(now))

def page_links(cfg, name):
    "Texts and addresses that lead from the page of the notebook `name` to its source, if the repository is known"
    host, url = urlsplit(cfg.git_url).hostname or '', cfg.git_url.removesuffix('.git').rstrip('/')
    if not host: return []
    path = f'{cfg.branch}/{cfg.nbs_path.name}/{name}'
    subject = quote(f'Page {convert.page_name(name)}: ')
    if host=='github.com': edit, report = f'{url}/edit/{path}', f'{url}/issues/new?title={subject}'
    elif 'gitlab' in host: edit, report = f'{url}/-/edit/{path}', f'{url}/-/issues/new?issue[title]={subject}'
    else: edit, report = f'{url}/_edit/{path}', f'{url}/issues/new?title={subject}'   # Forgejo and Gitea
    return [('Edit this page', edit), ('Report an error', report)]

def html_context(contents):
    "What the templates and the search know of the site: its parts, and the links at the end of each page"
    from nbdev.config import get_config
    cfg, parts = get_config(), convert.sections(contents)
    pages = [(title, [convert.page_name(name) for name in names]) for title, names in parts]
    names = [name for _, names in parts for name in names]
    return {'parts': pages, 'links_of': {convert.page_name(name): page_links(cfg, name) for name in names}}

def render(work, title, contents):
    "Run Sphinx on `work/staged`; a warning is an error"
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils
    with patch_docutils(HERE), docutils_namespace():
        app = Sphinx(work/'staged', HERE, work/'html', work/'doctrees', 'html', status=None, warning=sys.stderr,
            confoverrides={'project': title, 'html_title': title, 'html_context': html_context(contents)},
            warningiserror=True)
        app.build()
    if app.statuscode: raise SiteError('Sphinx warned, see above')

def make(work, folder, quarto):
    "Make the pages in `work/html`, from what is there of an earlier build and what has changed since"
    title, contents = read_site(quarto)
    check_notebooks(contents, folder)
    key, kept = common(contents, folder, quarto), work/'common.txt'
    if not kept.exists() or kept.read_text()!=key: shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True, exist_ok=True)
        stage(folder, work, contents)
        render(work, title, contents)
        broken = links.broken_links(work/'html')
        if broken: raise SiteError('links that lead nowhere:\n' + '\n'.join(broken))
        kept.write_text(key)
    except BaseException:   # A page with a fault would not be looked at again
        shutil.rmtree(work, ignore_errors=True)
        raise

# The site

TERMINAL = re.compile(r'div\.highlight \.-Color[^{]*\{[^}]*\}\s*')

def trim_styles(site):
    "Drop MyST-NB's five hundred rules for the colours of terminals, which no output here has"
    for path in (site/'_static').glob('mystnb.*.css'):
        path.write_text(TERMINAL.sub('', path.read_text(encoding='utf-8')), encoding='utf-8')

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

def build(out, folder=ROOT/'nbs', quarto=ROOT/'_quarto.yml', work=KEPT):
    """Build the site of the notebooks in `folder`, and return its pages; a `SiteError` leaves `out` as it was.
    `work` is a folder of the builder's own, in which it keeps what it has made"""
    out = Path(out).resolve()
    check_out(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work.parent.mkdir(parents=True, exist_ok=True)
    with chdir(ROOT), FileLock(f'{work}.lock'), tempfile.TemporaryDirectory(prefix='.site-', dir=out.parent) as tmp:
        make(work, folder, quarto)
        new = Path(tmp)/'html'
        shutil.copytree(work/'html', new, ignore=shutil.ignore_patterns('.buildinfo', '.doctrees'))
        trim_styles(new)
        (new/MARK).write_text(MADE, encoding='utf-8')
        check_out(out)   # again, since building takes a while
        replace_folder(new, out)
    return sorted(p.name for p in out.glob('*.html'))
