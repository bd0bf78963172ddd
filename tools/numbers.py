"""Which cell holds each number in the prose? `python -m tools.numbers [NOTEBOOK ...]`

For each number that a sentence states: `asserted` if an assertion of the notebook has it, `printed` if only a stored
output shows it, `set` if it is a setting in the code, else `nowhere`. Numbers in code, formulas, links, names (chapter
5), years, and the times that another tool writes are no statements. `--nowhere` lists only those that no cell holds."""
import ast, re, sys
from pathlib import Path

from experiments.claims import claims
from tools import notebooks
from tools.outputs import NUMBER, comparable, shown

NO_PROSE = re.compile(r'''(?xsm) ```.*?``` | `[^`]*` | \$\$.*?\$\$ | \$[^$]*\$ | \]\([^)]*\) | <[^>]*> | ^\#.*?$
    | ^\s*\d+\.[ ] | ^\*\*Time:.*?;''')
NAMES = re.compile(r'''(?x) \b(?:[Cc]hapters? | [Ss]teps? | [Ee]xercises? | [Ss]ection | float | int | seeds?)
    [ -]? \d+ (?:[ ](?:to|and)[ ]\d+)?''')
YEAR = re.compile(r'(?<=\bin )(?:1[6-9]|20)\d\d\b|\b(?:1[6-9]|20)\d\d(?=[):;]|\.\s|, | \()')
STATED = re.compile(r'(?<![\w.,^])-?\d+(?:,\d{3})*(?:\.\d+)?(?: ?%)?(?![\w^])')
SENTENCE = re.compile(r'[^.!?\n|]*(?:[.!?](?=\d)[^.!?\n|]*)*[.!?\n|]?')

def stated(markdown):
    "Pairs of a sentence and a number that it states, as text"
    prose = YEAR.sub('', NAMES.sub('', NO_PROSE.sub(' ', markdown)))
    for sentence in SENTENCE.findall(prose):
        for number in STATED.findall(sentence): yield sentence.strip(), number

def fits(text, value):
    "Is `value` the number `text` of a sentence, rounded as it is there, or as a share of 1 if it is a percentage?"
    number = text.rstrip(' %').replace(',', '')
    digits, wanted = len(number.partition('.')[2]), abs(float(number))
    sizes = [abs(value), 100*abs(value)] if '%' in text else [abs(value)]
    return any(abs(o - wanted) <= 0.5001*10**-digits for o in sizes)

def values(text): return [float(o) for o in NUMBER.findall(re.sub(r'(?<=\d)[_,](?=\d{3})', '', text))]

def literals(code):
    "The numbers that `code` itself writes down"
    code = '\n'.join(line for line in code.splitlines() if not line.lstrip().startswith(('#', '!', '%')))
    return [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and type(n.value) in (int, float)]

def held(nb):
    "The numbers of the notebook `nb` as pairs of a cell's id and values: of its assertions, its outputs, its settings"
    asserted = [(c.cell, values(c.source)) for c in claims(nb)]
    printed = [(c['id'], values(' '.join(comparable(t) for kind, t in shown(c['outputs']) if kind!='image/svg+xml')))
               for c in notebooks.code_cells(nb)]
    written = [(c['id'], literals(notebooks.text(c))) for c in notebooks.code_cells(nb)]
    return {'asserted': asserted, 'printed': printed, 'set': written}

def where(number, held):
    "How and in which cell the number `number` of a sentence is held"
    for how, cells in held.items():
        for cell, found in cells:
            if any(fits(number, v) for v in found): return how, cell
    return 'nowhere', ''

def table(path):
    "A row for each number that the notebook at `path` states: how, cell, number, sentence"
    nb = notebooks.read(path)
    found = held(nb)
    for cell in nb['cells']:
        if cell['cell_type']!='markdown': continue
        for sentence, number in stated(notebooks.text(cell)): yield *where(number, found), number, sentence

def main(args):
    nowhere = '--nowhere' in args
    paths = [Path(o) for o in args if o!='--nowhere'] or sorted(notebooks.NBS.glob('[0-9]*.ipynb'))
    for path in paths:
        rows = [*table(path)]
        print(f'{path.name}: {len(rows)} numbers, {sum(r[0]=="nowhere" for r in rows)} in no cell')
        for how, cell, number, sentence in rows:
            if not nowhere or how=='nowhere': print(f'  {how:8} {cell:8} {number:>8}  {sentence[:110]}')

if __name__=='__main__': main(sys.argv[1:])
