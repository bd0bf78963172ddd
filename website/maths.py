"Formulas as MathML, made while the site is built: browsers draw them themselves, no script runs"
import re
import xml.etree.ElementTree as ET
from html.entities import html5

from docutils import nodes
from math_core import LatexError, LatexToMathML

CONVERTER = LatexToMathML(fancy_error=False)
PRIME = re.compile('<msup>(<mi>[^<]*</mi>)<mo>([′″])</mo></msup>')   # The sign is a raised one without <msup>, too
LONG = 12      # Signs; a formula in the text that has more may be broken into two lines

def mathml(latex, display=False):
    "The formula `latex` as MathML, on a line of its own if `display`"
    if display and r'\\' in latex and r'\begin' not in latex: latex = rf'\begin{{aligned}}{latex}\end{{aligned}}'
    try: made = CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError as e: raise ValueError(f'expected a formula, got {latex!r}: {e}') from e
    made = PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', made)
    return re.sub(r'&(?!lt;|gt;|amp;)(\w+;)', lambda entity: html5[entity[1]], made)   # XML knows these three alone

def is_break(element):
    "May a line end behind this part of a formula? Behind a relation it may, as in TeX"
    return element.tag=='mo' and element.text in {*'=<>≤≥≈≠→←↦'}

def pieces(formula):
    "The MathML `formula`, cut where a line may end, since browsers break none"
    whole, cut = ET.fromstring(formula), [[]]
    for part in whole:
        cut[-1].append(part)
        if is_break(part): cut.append([])
    if len(''.join(whole.itertext()))<=LONG or len(cut)==1: return [formula]
    for parts in cut[:-1]: parts[-1].set('form', 'infix')   # The last sign of a piece still stands between two
    made = [ET.Element('math', whole.attrib) for parts in cut if parts]
    for math, parts in zip(made, cut): math.extend(parts)
    return [ET.tostring(math, encoding='unicode') for math in made]

JOIN = '\N{WORD JOINER}'      # No line begins with the comma behind a formula, and none ends with the bracket before

def beside(node, step):
    "The text next to the formula `node`, before it (-1) or behind it (1)"
    i = node.parent.index(node) + step
    return node.parent[i].astext() if 0<=i<len(node.parent) else ''

def visit_inline(self, node):
    before, behind = beside(node, -1)[-1:], beside(node, 1)[:1]
    opening = JOIN if before and before in '([“"' else ''
    closing = JOIN if behind and behind in ',.;:!?)]”"' else ''
    self.body.append(opening + '<wbr>'.join(pieces(mathml(node.astext()))) + closing)
    raise nodes.SkipNode

def visit_block(self, node):
    self.body.append(f'<div class="math">{mathml(node.astext(), display=True)}</div>\n')
    raise nodes.SkipNode

def setup(app):
    app.add_html_math_renderer('mathml', (visit_inline, None), (visit_block, None))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
