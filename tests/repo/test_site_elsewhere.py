"The built site away from the screen: on paper, and in links from the documentation of others"
import ast, io, re, zlib

from pypdf import PdfReader

from repository import MODULES
from test_modules import public

TOO_WIDE = '''() => [...document.querySelectorAll('article pre, article div.output, article div.math')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).length'''
SKIP = 'getComputedStyle(document.querySelector(".skip-to-content")).display'

def test_prints_without_loss(page, address):
    "A sheet is about 700 pixels wide, a little less than the screen here"
    page.set_viewport_size({'width': 760, 'height': 1000})
    page.goto(f'{address}/optimizers.html')
    assert page.evaluate(TOO_WIDE) and page.evaluate(SKIP)!='none'
    page.emulate_media(media='print')
    assert (page.evaluate(TOO_WIDE), page.evaluate(SKIP)) == (0, 'none')

def close(text): return re.sub(r'\s+', '', text)

LINES = 'all => all.filter(e => e.checkVisibility()).flatMap(e => e.innerText.split("\\n"))'
AROUND = 'Skip to content', 'Back to top', 'On this page', 'To look things up', 'Show the answer'

def test_a_chapter_as_pdf(page, address):
    "What one would hand out: all the text, the code to its last letter, the answers; nothing of the site around it"
    page.goto(f'{address}/quadratic_loss.html')
    code = page.locator('div.cell_input pre').evaluate_all(LINES)
    heads = page.locator('article :is(h2, h3)').evaluate_all('all => all.map(e => e.firstChild.textContent)')
    sheets = [close(o.extract_text()) for o in PdfReader(io.BytesIO(page.pdf(format='A4'))).pages]
    whole = ''.join(sheets)
    assert close('1 Quadratic loss') in sheets[0] and len(sheets) < 45 and len(heads) > 20
    assert [line for line in code if close(line) not in whole]==[]
    assert 'Twelve.' in whole, 'the answer to a question'
    assert [text for text in AROUND if close(text) in whole]==[]
    assert [o for o in heads for sheet in sheets if sheet.endswith(close(o))]==[], 'headings parted from their text'

TORN = "all => all.filter(e => getComputedStyle(e).breakInside !== 'avoid').map(e => e.outerHTML.slice(0, 80))"

def test_nothing_is_torn_apart_on_paper(page, address):
    page.goto(f'{address}/quadratic_loss.html')
    page.emulate_media(media='print')
    assert page.locator('article :is(img, .admonition, .sgd-figure, div.math, div.cell_input)').evaluate_all(TORN)==[]

def inventory(path):
    "The names in an objects.inv and where they lead to"
    lines = zlib.decompress(path.read_bytes().split(b'\n', 4)[4]).decode().splitlines()
    return {line.split()[0]: line.split()[3] for line in lines}

def test_inventory_has_every_public_name(site):
    there, kinds = inventory(site/'objects.inv'), (ast.FunctionDef, ast.ClassDef)
    missing, bad = [], []
    for module, path in MODULES.items():
        text = path.read_text(encoding='utf-8')
        made = {n.name for n in ast.parse(text).body if isinstance(n, kinds)}
        missing += [f'{module}.{o}' for o in public(text) if o in made and f'{module}.{o}' not in there]
    for name, place in there.items():
        if name.startswith('sgd_course.'):
            page, anchor = place.split('#')
            if f'id="{anchor}"' not in (site/page).read_text(encoding='utf-8'): bad.append((name, place))
    assert (missing, bad) == ([], [])
