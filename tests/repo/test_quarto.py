"What Quarto gets from nbdev: no link that leads nowhere, nothing from another host, no function twice"
import json, re, shutil, subprocess
from urllib.parse import unquote, urlsplit

import pytest

from execution import apart, process_for_docs
from repository import BIN, NOTEBOOKS, copy_repository
from sgd_course._quarto import defined
from website.links import Page

pytestmark = pytest.mark.slow

def texts(nb):
    "Every Markdown of a processed notebook, that of outputs too"
    for c in nb['cells']:
        if c['cell_type']=='markdown': yield ''.join(c['source'])
        yield from (''.join(o.get('data', {}).get('text/markdown', '')) for o in c.get('outputs', ()))

def slug(heading):
    "The id that Quarto gives to a heading"
    return re.sub(r'\s+', '-', re.sub(r'[^\w\s.-]', '', re.sub(r'\{.*\}', '', heading)).strip().lower())

def ids(nb):
    "The ids of the page made of a processed notebook"
    for text in texts(nb):
        yield from map(slug, re.findall(r'^#+ +(.+)$', text, re.M))
        yield from re.findall(r'\{#([\w.-]+)', text)

def page(path): return re.sub(r'^\d+_', '', path.stem)

def faults(nb, found, pages):
    "What is wrong with a processed notebook, given nbdev's warnings and the ids of all pages"
    yield from (f'warning: {text}' for text in found)
    kinds = {kind for c in nb['cells'] for o in c.get('outputs', ()) for kind in o.get('data', {})}
    yield from (f'makes Quarto load libraries: {kind}' for kind in kinds & {'text/html', 'application/javascript'})
    if 'widgets' in nb['metadata']: yield 'makes Quarto load libraries: widgets'
    for text in texts(nb):
        if '[source](' in text: yield 'links to a source without a repository'
        for name, anchor in re.findall(r'\]\([^)\s]*?(?:\d+_)?(\w+)\.(?:html|ipynb)#([^)\s]+)\)', text):
            if name in pages and anchor not in pages[name]: yield f'link to {name}#{anchor}'
    code = [''.join(c['source']) for c in nb['cells'] if c['cell_type']=='code']
    documented = {name for source in code for name in re.findall(r'^show_doc\(([\w.]+)', source, re.M)}
    shown = {name for source in code if not source.startswith(('%', '!')) for name in defined(source)}
    yield from (f'shown twice: {name}' for name in shown & documented)

@pytest.mark.long
def test_what_quarto_gets(tmp_path):
    "Every notebook, as nbdev hands it on; the repository has no address, so there are no links to sources"
    got = {page(path): apart(process_for_docs, path, tmp_path) for path in NOTEBOOKS}
    nbs = {name: json.loads(text) for name, (text, _) in got.items()}
    pages = {name: {*ids(nb)} for name, nb in nbs.items()}
    found = {name: [*faults(nb, got[name][1], pages)] for name, nb in nbs.items()}
    assert {name: said for name, said in found.items() if said} == {}

def test_faults_are_found():
    def md(text): return {'cell_type': 'markdown', 'source': text}
    def code(text, **data): return {'cell_type': 'code', 'source': text, 'outputs': [{'data': data}]}
    cells = [md('[`f`](/a.html#f), [g](01_a.ipynb#g)'), code('def f(): pass'), code('show_doc(f)'),
        code('x', **{'text/html': 'x', 'text/markdown': '[source](./blob/a.py)'})]
    nb = {'cells': cells, 'metadata': {'widgets': {}}}
    assert len([*faults(nb, ['imports'], {'a': {'g'}})])==6

def outside(page): return [url for url in page.loads if urlsplit(url).netloc]

def broken(site, pages, name, url):
    "Does a link on the page `name` lead nowhere? One that begins with / is seen from the top of the site"
    parts = urlsplit(url)
    if parts.scheme or parts.netloc: return False
    top = site if parts.path.startswith('/') else (site/name).parent
    path = (top/(parts.path.lstrip('/') or (site/name).name)).resolve()
    if path.is_dir(): path = path/'index.html'
    if not path.exists(): return True
    there = pages.get(path.relative_to(site).as_posix())
    return bool(there and parts.fragment) and unquote(parts.fragment) not in there.ids

@pytest.mark.skipif(not shutil.which('quarto'), reason='the program quarto is not installed: https://quarto.org has it')
def test_quarto_renders_the_pages(tmp_path):
    repo = copy_repository(tmp_path)
    subprocess.run([BIN/'nbdev-docs', '--n_workers', '1'], cwd=repo, check=True, timeout=900)
    site = (repo/'_docs').resolve()
    pages = {p.relative_to(site).as_posix(): Page(p.read_text(encoding='utf-8')) for p in site.rglob('*.html')}
    assert {page(path) for path in NOTEBOOKS} <= {name.split('/')[-1].removesuffix('.html') for name in pages}
    assert {name: outside(found) for name, found in pages.items() if outside(found)} == {}
    assert [(name, url) for name, o in pages.items() for url in o.links if broken(site, pages, name, url)] == []
