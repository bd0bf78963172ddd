"""What the cells of a chapter claim: which statements assert something, and how to watch them while a cell runs"""
import ast, copy, hashlib, re
from typing import NamedTuple

from tools import notebooks

SOURCES = {'seeded', 'shifted'}   # Where all random numbers of the chapters come from: `sgd_course.seeds`

class Claim(NamedTuple):
    "One assertion of a cell"
    cell: str      # Id
    number: int    # 0 for the first of the cell
    source: str    # The statement
    draws: bool    # Whether it calls a function that draws random numbers
    section: str   # Heading above the cell
    sentence: str  # What the page says next to it

def fingerprint(cell):
    "Changes with the text of `cell`"
    return hashlib.sha256(notebooks.text(cell).encode()).hexdigest()[:12]

def runs(cell):
    "Is `cell` code that the tests run?"
    return cell['cell_type']=='code' and not re.search(r'^#\| *eval: *false|^[%!]', notebooks.text(cell), re.M)

def is_claim(node):
    "Is this statement an assertion? That a call fails is none."
    if isinstance(node, ast.Assert): return True
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call): return False
    return getattr(node.value.func, 'id', '').startswith('test_')

def wrapped(call, *nodes):
    "The expression `call(*nodes)`"
    return ast.Call(ast.Name(call, ast.Load()), [*nodes], [])

class Watched(ast.NodeTransformer):
    """Puts each assertion of the cell `cell` into `with _claim_(cell, number):`, and each value that it compares
    into `_seen_(value)`"""
    def __init__(self, cell): self.cell, self.found = cell, []

    def wrap(self, node):
        if not is_claim(node): return self.generic_visit(node)
        self.found.append(node)
        text = f'with _claim_({self.cell!r}, {len(self.found) - 1}): pass'
        res = ast.copy_location(ast.parse(text).body[0], node)
        res.body = [show_values(copy.deepcopy(node))]
        return res
    visit_Assert = visit_Expr = wrap

def show_values(node):
    "The assertion `node` with its values in `_seen_(...)`"
    if isinstance(node, ast.Assert): node.test = show_operands(node.test)
    else: node.value.args = [o if isinstance(o, ast.Starred) else wrapped('_seen_', o) for o in node.value.args]
    return node

def show_operands(node):
    "The condition `node` with what it compares in `_seen_(...)`"
    if isinstance(node, ast.BoolOp): node.values = [*map(show_operands, node.values)]
    elif isinstance(node, ast.Compare):
        node.left = wrapped('_seen_', node.left)
        node.comparators = [wrapped('_seen_', o) for o in node.comparators]
    else: return wrapped('_seen_', node)
    return node

def watched(cell):
    "The code of `cell` with each assertion watched, and the assertions as they stand"
    text, watcher = notebooks.text(cell), Watched(cell['id'])
    tree = ast.fix_missing_locations(watcher.visit(ast.parse(text)))
    return ast.unparse(tree), [ast.get_source_segment(text, o) for o in watcher.found]

# Chance

def reads(node): return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}

def functions(tree):
    "Names of the functions that `tree` defines, and what each reads"
    for n in ast.walk(tree):
        if isinstance(n, ast.FunctionDef): yield n.name, reads(n)
        if isinstance(n, ast.Assign) and any(isinstance(o, ast.Lambda) for o in ast.walk(n.value)):
            yield getattr(n.targets[0], 'id', ''), reads(n.value)

def draw_numbers(cells):
    "Names of the functions of these code cells that draw random numbers, `seeded` among them"
    found = {*SOURCES}
    for cell in cells:
        for name, used in functions(ast.parse(notebooks.text(cell))):
            if used & found: found.add(name)
    return found

# Words

def plain(markdown):
    "`markdown` without links and emphasis"
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', markdown)
    return re.sub(r'\s+', ' ', re.sub(r'[*_]{2}|^>\s*', '', text, flags=re.M)).strip()

# What says nothing that could hold or not: headings, tables, formulas, code, and questions to the reader
NO_PROSE = re.compile(r'#|\||<|\$\$|```|> \*\*Predict|\*\*Time:')

def paragraph(cells, last=False):
    "The first or last paragraph of prose in `cells`"
    paragraphs = [p for c in cells for p in notebooks.text(c).split('\n\n') if not NO_PROSE.match(p)]
    return plain(paragraphs[-1 if last else 0])[:400] if paragraphs else ''

def beside(cells, i):
    "What the page says next to the cell number `i`: below it, or above it if the cell is hidden or nothing is below"
    after, before = [], []
    for c in cells[i+1:]:
        if c['cell_type']!='markdown': break
        after.append(c)
    for c in reversed(cells[:i]):
        if c['cell_type']=='markdown': before.insert(0, c)
        elif before: break
    hidden = notebooks.text(cells[i]).startswith('#| hide')
    return (not hidden and paragraph(after)) or paragraph(before, last=True) or paragraph(after)

def heading(cells, i):
    "The last heading above the cell number `i`"
    texts = '\n'.join(notebooks.text(c) for c in cells[:i] if c['cell_type']=='markdown')
    return (re.findall(r'^#+ (.*)', texts, re.M) or [''])[-1]

def claims(nb):
    "All claims of the notebook `nb`, in order"
    cells = nb['cells']
    drawing = draw_numbers([c for c in cells if runs(c)])
    for i, cell in enumerate(cells):
        if not runs(cell): continue
        for number, source in enumerate(watched(cell)[1]):
            draws = bool(reads(ast.parse(source)) & drawing)
            yield Claim(cell['id'], number, source, draws, heading(cells, i), beside(cells, i))
