"""What the search looks through: one entry for each section of each page, without its code and its formulas

static/search.js does the searching, with MiniSearch. The entries are a script, not data that a script fetches: browsers
fetch nothing for a page that was opened from a folder."""
import json, re

from docutils import nodes

from sgd_course.glossary import all_terms, names

LEFT_OUT = nodes.section, nodes.title, nodes.literal_block, nodes.raw, nodes.math_block, nodes.comment, nodes.image

def texts(node):
    "The pieces of text in `node`, without those of its sections"
    for child in node.children:
        if isinstance(child, nodes.Text): yield child.astext()
        elif isinstance(child, nodes.math): yield '…'
        elif not isinstance(child, LEFT_OUT): yield from texts(child)
    if isinstance(node, (nodes.paragraph, nodes.entry, nodes.list_item)): yield ' '

def anchors(section):
    "The names whose code stands in `section`"
    raw = [o.astext() for o in section.children if isinstance(o, nodes.raw)]
    return re.findall(r'<span id="api-[\w.]+">([\w.]+)', ' '.join(raw))

def entries(page, doctree, also):
    "One entry for each section of a page; `also` has the other words for a term, by its anchor"
    title = ''
    for section in doctree.findall(nodes.section):
        heading = section.next_node(nodes.title).astext()
        title = title or heading
        others = also.get(section['ids'][0], []) if page=='glossary' else []
        text = re.sub(r'\s+', ' ', ''.join(texts(section))).strip()
        if text or others or anchors(section) or heading==title:
            yield {'page': page, 'at': '' if heading==title else section['ids'][0], 'title': title,
                'heading': heading, 'words': ' '.join([*others, *anchors(section)]), 'text': text}

def other_words():
    "What others call a term, and the term, in pairs"
    return [(word.lower(), term.term) for term in all_terms() for word in names(term) if word!=term.term]

def write(app, exception):
    "Write the entries of all pages among the scripts of the site"
    if exception: return
    also = {term.anchor: names(term)[1:] for term in all_terms()}
    pages = [page for _, pages in app.config.html_context['parts'] for page in pages]
    found = [e for page in pages for e in entries(page, app.env.get_doctree(page), also)]
    text = json.dumps({'sections': found, 'others': other_words()}, ensure_ascii=False, separators=(',', ':'))
    (app.outdir/'_static'/'search-entries.js').write_text(f'const ENTRIES = {text};\n', encoding='utf-8')

def without_sphinx(app):
    "Sphinx has a search of its own, which finds pages, not sections, and whatever stands in code"
    app.builder.search = False

def page(app): return [('search', {'title': 'Search'}, 'search-page.html')]

def setup(app):
    app.connect('builder-inited', without_sphinx)
    app.connect('html-collect-pages', page)
    app.connect('build-finished', write)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
