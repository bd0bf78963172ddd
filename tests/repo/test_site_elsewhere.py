"The built site away from the screen: on paper, and in links from the documentation of others"
import ast, zlib

from repository import MODULES
from test_modules import public

TOO_WIDE = '''() => [...document.querySelectorAll('article pre, article div.output, article div.math')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).length'''
SKIP = 'getComputedStyle(document.querySelector(".skip-to-content")).display'

def test_prints_without_loss(page, address):
    "A sheet is about 700 pixels wide"
    page.set_viewport_size({'width': 700, 'height': 1000})
    page.goto(f'{address}/full_mnist.html')
    assert page.evaluate(TOO_WIDE) and page.evaluate(SKIP)!='none'
    page.emulate_media(media='print')
    assert (page.evaluate(TOO_WIDE), page.evaluate(SKIP)) == (0, 'none')

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
