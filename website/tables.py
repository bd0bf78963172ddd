"Tables whose columns come in groups get two rows of headers: what the group has in common, and the rest"
from itertools import groupby

from docutils import nodes

def cell(text, **more):
    "A header cell"
    return nodes.entry('', nodes.paragraph(text, text), **more)

def split_header(row):
    "Two rows in the place of `row`, whose names are like `group, rest` behind that of the first column; or nothing"
    names = [entry.astext() for entry in row.children[1:]]
    groups = [(name, len([*same])) for name, same in groupby(names, lambda o: o.partition(', ')[0])]
    if not all(', ' in name for name in names) or len(groups)==len(names): return
    first = row.children[0].deepcopy()
    first['morerows'] = 1
    row.replace_self([nodes.row('', first, *(cell(name, morecols=n-1) for name, n in groups)),
        nodes.row('', *(cell(name.partition(', ')[2]) for name in names))])

def split_headers(app, doctree):
    for head in doctree.findall(nodes.thead):
        if len(head.children)==1: split_header(head.children[0])

def setup(app):
    app.connect('doctree-read', split_headers)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
