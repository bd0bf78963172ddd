"Turn a notebook, as nbdev has processed it for the docs, into one that MyST-NB can render"
import ast, re
from html import escape
from pathlib import Path

import yaml

from .pictures import in_two_themes

# Bold first words of a block quote that make it a note, and the look of that note
NOTES = {'Note': 'note', 'Why': 'note', 'Tip': 'tip', 'Predict': 'tip', 'Try': 'tip', 'Exercise': 'important',
    'Important': 'important', 'Warning': 'warning', 'Caution': 'caution'}
# Quarto's cell options that hide something, and MyST-NB's tags for the same
TAGS = {'echo': 'remove-input', 'output': 'remove-output', 'include': 'remove-cell'}

FENCED = re.compile(r'^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[`~]*[ \t]*$', re.M | re.S)
QUOTE = re.compile(r'^> \*\*(?P<title>(?P<kind>[A-Z]\w*)[^*\n]*?)[:.]\*\*(?P<body>.*(?:\n>.*)*)', re.M)
LONE_IMAGE = re.compile(r'(?<=\n\n)!\[(?P<alt>[^\]\n]+)\]\((?P<src>[^)\s]+)\)(?=\n\n)')
NOTEBOOK_LINK = re.compile(r'\]\((?:\.{0,2}/?[\w-]+/|\.{1,2}/)*(?P<name>[\w.-]+\.ipynb)(?P<anchor>#[^)\s]*)?\)')
SYMBOL_LINK = re.compile(r'\[`(?P<text>[^`]+)`\]'
    r'\((?P<url>[^)\s]*?)(?:making/)?(?P<page>[\w.-]+)\.html#(?P<symbol>[\w.]+)\)')
SOURCE_LINK = re.compile(r'\[source\]\((?P<url>[^)\s]+)\)\{[^}]*\}')
SHOW_DOC = re.compile(r'^show_doc\((?P<symbol>[\w.]+)', re.M)

def page_name(notebook):
    "Name of the page made from the file `notebook`: folders and the number in front are dropped"
    return re.sub(r'^\d+[a-zA-Z]?_', '', Path(notebook).name).removesuffix('.ipynb')

# Markdown

def outside_fences(text, change):
    "`text` with `change` applied to all of it but fenced code"
    parts, end = [], 0
    for block in FENCED.finditer(text):
        parts += [change(text[end:block.start()]), block[0]]
        end = block.end()
    return ''.join(parts) + change(text[end:])

def note(match):
    "The admonition for one block quote `> **Kind:** text`; a kind we do not know stays a quote"
    if match['kind'] not in NOTES: return match[0]
    body = re.sub(r'^> ?', '', match['body'], flags=re.M).strip()
    return f':::{{admonition}} {match["title"]}\n:class: {NOTES[match["kind"]]}\n\n{body}\n:::'

def notes(text):
    "Block quotes that begin with `**Note:**`, `**Predict:**` and the like become admonitions"
    return QUOTE.sub(note, text)

def figures(text):
    "An image that is a paragraph of its own becomes a figure; its text is both caption and alternative"
    def figure(match): return f':::{{figure}} {match["src"]}\n:alt: {match["alt"]}\n\n{match["alt"]}\n:::'
    return LONE_IMAGE.sub(figure, f'\n\n{text}\n\n')[2:-2]

def notebook_links(text):
    "Links to notebooks point to the files that the converted notebooks are written to"
    def link(match): return f']({page_name(match["name"])}.ipynb{match["anchor"] or ""})'
    return NOTEBOOK_LINK.sub(link, text)

def symbol_id(symbol):
    "The id, on its page, of the place where `symbol` is defined, in small letters as nbdev writes it"
    return f'api-{symbol.lower()}'   # the prefix keeps it apart from headings

def symbol_links(text, doc_base):
    "nbdev's links from backticked names of the package, made local; `doc_base` is where nbdev thinks the site is"
    def link(match):
        if match['url'] != doc_base: return match[0]
        anchor = symbol_id(match['symbol'].split('.')[0])
        return f'<a href="{match["page"]}.html#{anchor}"><code>{escape(match["text"])}</code></a>'
    return SYMBOL_LINK.sub(link, text)

def markdown(text, doc_base='/'):
    "Markdown as JupyterLab, nbdev and Quarto read it -> MyST"
    def change(part): return notes(figures(notebook_links(symbol_links(part, doc_base))))
    return outside_fences(text, change)

# Code cells

def split_options(source):
    "The leading `#| key: value` lines of a code cell as a dict, and the code without them"
    lines = source.splitlines()
    n = next((i for i, line in enumerate(lines) if not line.startswith('#|')), len(lines))
    options = {}
    for line in lines[:n]:
        key, _, value = line[2:].strip().partition(':')
        try: options[key.strip()] = yaml.safe_load(value) if value.strip() else True
        except yaml.YAMLError: options[key.strip()] = {}
        if isinstance(options[key.strip()], dict):
            raise ValueError(f'expected one value (quote the text if it has a colon), got {line!r}')
    return options, '\n'.join(lines[n:]).strip('\n')

def render_metadata(options):
    "What MyST-NB must know to show a cell as its Quarto `options` ask"
    tags = [tag for option, tag in TAGS.items() if options.get(option) is False]
    # Folded unless it is the source of an exported function, which nbdev marks `show`
    if options.get('code-fold') is True: tags.append('hide-input')
    render = {}
    if 'code-summary' in options:
        render |= {f'code_prompt_{state}': options['code-summary'] for state in ('show', 'hide')}
    if 'fig-alt' in options: render['image'] = {'alt': options['fig-alt']}
    if 'fig-cap' in options:
        render['figure'] = {'caption': options['fig-cap']}
        if 'label' in options: render['figure']['name'] = options['label']
    return {'tags': tags, 'mystnb': render}

def defined_names(source):
    "Functions and classes that a cell defines, methods added by `@patch` as `Class.method`"
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef): names.append(node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            patched = any(getattr(d, 'id', '')=='patch' for d in node.decorator_list)
            owner = f'{ast.unparse(node.args.args[0].annotation)}.' if patched else ''
            names.append(owner+node.name)
    return [name for name in names if not name.startswith('_')]

def only_imports(source):
    "Is this code that only makes names known, and sets the style of plots?"
    nodes = ast.parse('' if source.startswith(('%', '!')) else source).body
    def plain(node): return isinstance(node, (ast.Import, ast.ImportFrom)) or ast.unparse(node)=='use_style()'
    return bool(nodes) and all(map(plain, nodes))

def doc_text(cell):
    "The Markdown that a `show_doc` cell put out"
    return ''.join(''.join(o.get('data', {}).get('text/markdown', '')) for o in cell['outputs'])

def source_link(cell):
    "The address of the source that a `show_doc` cell names, or `None`"
    match = SOURCE_LINK.search(doc_text(cell))
    return match['url'] if match else None

def tab(module, names, links):
    "The line above an exported cell: where its code lives in the package, and the anchor that links to it point to"
    # A constant has no documentation of its own, so the line then names the module alone
    label = ''.join(f'<span id="{symbol_id(name)}">{escape(name)}</span>' for name in names)
    where = f'<span class="module">{escape(module)}</span>' if module else ''
    urls = [links[name] for name in names if links.get(name)]
    link = f'<a href="{escape(urls[0])}">source</a>' if urls else ''
    return f'<p class="exported">{where}{label}{link}</p>'

def new_cell(cell_id, text): return {'cell_type': 'markdown', 'id': cell_id, 'metadata': {}, 'source': text}

# Whole notebooks

def title(nb):
    "The title of a notebook as it is written: its first heading, or ''"
    texts = [''.join(cell['source']) for cell in nb['cells'] if cell['cell_type']=='markdown']
    found = re.search('^# (.+)', '\n'.join(texts), re.M)
    return found[1] if found else ''

def title_cell(source, below=''):
    "Title and summary of a page, from the front matter that nbdev makes of the first cell, and the line `below` them"
    meta = yaml.safe_load(source.strip().strip('-'))
    parts = [f'# {meta["title"]}']
    if meta.get('description'): parts.append(f'{{.summary}}\n{meta["description"]}')
    if below: parts.append(below)
    return '\n\n'.join(parts)

class Converter:
    "Converts the cells of one notebook; `module` is where its exported code goes, `below_title` a line under its title"
    def __init__(self, nb, module='', doc_base='/', show_sources=False, below_title=''):
        self.cells, self.module, self.doc_base, self.below_title = nb['cells'], module, doc_base, below_title
        for cell in self.cells: cell['source'] = ''.join(cell['source'])
        docs = {SHOW_DOC.search(c['source'])['symbol']: c for c in self.cells if self.is_doc(c)}
        self.links = {name: source_link(c) if show_sources else None for name, c in docs.items()}
        self.shown = {name for c in self.cells if self.is_exported(c) for name in defined_names(c['source'])}

    def is_doc(self, cell): return cell['cell_type']=='code' and bool(SHOW_DOC.search(cell['source']))

    def is_exported(self, cell):
        "Is this the source of something exported, to be shown?"
        return cell['cell_type']=='code' and 'exports' in split_options(cell['source'])[0]

    def convert(self):
        "All cells of the page"
        return [new for i, cell in enumerate(self.cells) for new in self.cell(cell, f'c{i}')]

    def cell(self, cell, cell_id):
        "The cells that stand for `cell` on the page: none, one or two"
        source = cell['source']
        if cell['cell_type']=='raw' and source.startswith('---'):
            return [new_cell(cell_id, title_cell(source, self.below_title))]
        if cell['cell_type']=='markdown':
            if source.startswith('<!-- WARNING: THIS FILE WAS AUTOGENERATED'): return []
            return [new_cell(cell_id, markdown(source, self.doc_base))]
        if cell['cell_type']!='code': return []
        if self.is_doc(cell): return self.doc(cell, cell_id)
        return self.code(cell, cell_id)

    def doc(self, cell, cell_id):
        "Signature and summary of a name whose source is not shown; nothing for the others, whose source says it all"
        symbol = SHOW_DOC.search(cell['source'])['symbol']
        if cell.get('has_sd') and symbol in self.shown: return []
        text = SOURCE_LINK.sub('', doc_text(cell)).removeprefix('---').strip()
        text = re.sub(r'^#+ .*\n+', '', text, count=1)
        head = '' if symbol in self.shown else tab(self.module, [symbol], self.links) + '\n\n'
        return [new_cell(cell_id, head + markdown(text, self.doc_base))]

    def output(self, output):
        "An output as it is stored, but for Markdown, in which nbdev has linked names, and for pictures"
        changes = {'text/markdown': lambda text: markdown(text, self.doc_base), 'image/svg+xml': in_two_themes}
        for kind, change in changes.items():
            if kind in output.get('data', {}): return output | {'data': {kind: change(''.join(output['data'][kind]))}}
        return output

    def code(self, cell, cell_id):
        "A code cell with its stored outputs"
        options, source = split_options(cell['source'])
        if not cell['outputs'] and only_imports(source):
            options = {'code-fold': True, 'code-summary': 'Imports'} | options
        new = {'cell_type': 'code', 'id': cell_id, 'metadata': render_metadata(options), 'source': source,
            'execution_count': None, 'outputs': [self.output(o) for o in cell['outputs']]}
        if not {'exports', 'inner'} & options.keys(): return [new]
        names = defined_names(source)
        return [new_cell(f'{cell_id}-name', tab(self.module, names, self.links)), new]

def module_name(cells, package):
    "The module that a notebook with these `cells` exports to, or ''"
    for cell in cells:
        if cell['cell_type']!='code': continue
        found = re.search(r'^#\| *default_exp +(\S+)', ''.join(cell['source']), re.M)
        if found: return f'{package}.{found[1]}'
    return ''

def convert(nb, module='', doc_base='/', show_sources=False, below_title=''):
    "A notebook as nbdev processed it -> one for MyST-NB"
    cells = Converter(nb, module, doc_base, show_sources, below_title).convert()
    metadata = {'kernelspec': {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'},
        'language_info': {'name': 'python', 'pygments_lexer': 'ipython3'}}
    return {'cells': cells, 'metadata': metadata, 'nbformat': 4, 'nbformat_minor': 5}

# The table of contents

def sections(contents):
    "Quarto's sidebar `contents` as pairs of a section's title ('' for none) and its notebooks"
    found = []
    for item in contents:
        if isinstance(item, str): found.append(('', [item]))
        elif set(item)=={'section', 'contents'} and all(isinstance(o, str) for o in item['contents']):
            found.append((item['section'], item['contents']))
        else:
            raise ValueError(f'expected a notebook or a section of notebooks in the sidebar of _quarto.yml, got {item}')
    return found

def toctree(contents):
    "Quarto's sidebar `contents` as Sphinx toctrees; index.ipynb is where they stand, so it is not in them"
    trees = []
    for title, notebooks in sections(contents):
        pages = [page_name(name) for name in notebooks if name!='index.ipynb']
        if pages: trees.append('\n'.join(['```{toctree}', ':hidden:', f':caption: {title}', '', *pages, '```']))
    return '\n\n'.join(trees)
