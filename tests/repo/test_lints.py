"How the files are written: one case for each rule, with a list of offences"
import ast, builtins, re

from repository import NOTEBOOKS, ROOT, repository_files
from tools import notebooks

def cells(path): return [notebooks.text(c) for c in notebooks.code_cells(notebooks.read(path))]

# Lines that fit

CELL, LINE = 92, 120   # Columns: a code cell as the site shows it, everything else
CODE = {'.py', '.js', '.css', '.scss', '.yml', '.yaml', '.ini', ''}   # Not prose, which has a paragraph in a line
# Not ours, or a table of texts
OTHERS = re.compile(r'website/(?:fonts/|static/minisearch)|content/pages/reveal/|vendor/|LICENSE|\.git|equivalent\.py')
MADE = re.compile(r'sgd_course/.*\.py$')   # From the notebooks, whose cells are measured

def written():
    "The files of code that people write, beside notebooks"
    for name in repository_files():
        path = ROOT/name
        if path.suffix in CODE and path.is_file() and not OTHERS.search(name) and not MADE.match(name): yield path

def wide(text, limit):
    "Lines of `text` that have more than `limit` columns; options of a cell, which no page shows, may be longer"
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if not line.startswith('#| ')]
    return [f'line {i}, {len(line)} columns: {line.strip()[:60]}' for i, line in lines if len(line)>limit]

def test_lines_fit():
    found = [f'{p.relative_to(ROOT)}, {line}' for p in written() for line in wide(p.read_text(encoding='utf-8'), LINE)]
    assert not found, '\n'.join(found)

def test_code_cells_fit():
    found = [f'{p.name}, {line}' for p in NOTEBOOKS for text in cells(p) for line in wide(text, CELL)]
    assert not found, '\n'.join(found)

def test_wide_line_is_found():
    assert wide('#| fig-alt: ' + 'a'*93 + '\n' + 'b'*93, 92)==['line 2, 93 columns: ' + 'b'*60]

# Claims that can fail

TESTS = 'test_eq', 'test_ne', 'test_close', 'test_is', 'test', 'all_equal'

def claims(tree):
    "The expressions that a piece of Python asserts"
    for n in ast.walk(tree):
        if isinstance(n, ast.Assert): yield n.test
        if isinstance(n, ast.Call) and getattr(n.func, 'id', '') in TESTS: yield n

def names(tree): return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - {*dir(builtins), *TESTS}

def empty_claims(text):
    "Claims of which no run can change the outcome, since they hold no name but those that Python itself has"
    try: tree = ast.parse(re.sub(r'(?m)^([ \t]*)[!%].*', r'\1pass', text))
    except SyntaxError: return []   # A cell for another program
    return [ast.unparse(c) for c in claims(tree) if not names(c)]

def test_every_claim_can_fail():
    texts = {p.name: [p.read_text(encoding='utf-8')] for p in (ROOT/'tests').rglob('*.py')}
    texts |= {p.name: cells(p) for p in NOTEBOOKS}
    found = [f'{name}: {claim}' for name, parts in texts.items() for text in parts for claim in empty_claims(text)]
    assert not found, '\n'.join(found)

def test_empty_claim_is_found():
    text = 'x = 1\nassert x\ntest_eq(28*28, 784)\nassert len("ab")==2\ntest_eq(f(), 1)\n!ls'
    assert sorted(empty_claims(text))==["len('ab') == 2", 'test_eq(28 * 28, 784)']
