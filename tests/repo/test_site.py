"The built site in a real browser"
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from repository import HELPERS, ROOT
from website.build import read_site
from website.convert import page_name, sections
from website.pictures import WRITING, in_two_themes

PAGES = [page_name(name) for _, names in sections(read_site(ROOT/'_quarto.yml')[1]) for name in names]
AXE = HELPERS/'vendor/axe.min.js'
def violations(page, skip, **options):
    "What axe-core finds serious or critical outside the elements that the selectors `skip` name"
    run = '([context, options]) => axe.run(context, {resultTypes: ["violations"], ...options})'
    found = page.evaluate(run, [{'include': ['html'], 'exclude': skip}, options])['violations']
    return [(v['id'], [n['html'] for n in v['nodes']][:3]) for v in found if v['impact'] in ('serious', 'critical')]

FRAMES = '''() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))'''

# Code looks the same on all pages and has thousands of coloured words: one page is enough.
# Formulas have the text's colour.
def skipped(name): return [] if name=='plots' else ['pre', 'math']

def open_page(page, address, name):
    "Open the page `name` with all that is folded on it, and axe"
    assert page.goto(f'{address}/{name}.html').ok
    page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
    page.add_script_tag(path=AXE)

CUT = '''() => [...document.querySelectorAll('article div.cell_input pre, article div.highlight-python pre')]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 80))'''

@pytest.mark.parametrize('name', PAGES)
def test_page(page, address, name):
    "Loads without trouble, leads to the next page, is accessible, fits a phone, and no code on it is cut off"
    open_page(page, address, name)
    assert page.locator('h1').count()==1
    following = [f'{p}.html' for p in PAGES[PAGES.index(name)+1:]][:1]
    assert page.locator('a.next-page').evaluate_all('els => els.map(e => e.getAttribute("href"))')==following
    assert page.locator('article img').evaluate_all('els => els.every(e => e.alt)')
    assert not page.locator('merror').count()
    assert not violations(page, skipped(name))
    assert page.evaluate(CUT)==[]
    page.set_viewport_size({'width': 390, 'height': 844})
    page.evaluate(FRAMES) # What became too wide is made focusable then
    assert page.evaluate('document.documentElement.scrollWidth') <= 390
    assert page.evaluate(CUT)==[]
    assert not violations(page, [], runOnly=['scrollable-region-focusable'])

# One page of each kind: the others are slow
KINDS = 'index', 'quadratic_loss', 'glossary', 'speed', 'figures', 'plots'

@pytest.mark.parametrize('name', [pytest.param(o, marks=[] if o in KINDS else pytest.mark.slow) for o in PAGES])
def test_page_in_the_dark(page, address, name):
    open_page(page, address, name)
    page.emulate_media(color_scheme='dark')
    page.evaluate(FRAMES) # The colours of a figure change within a millisecond, not at once
    assert not violations(page, skipped(name), runOnly=['color-contrast'])

def test_dark_mode_switches(page, address):
    page.goto(f'{address}/index.html')
    def ground(): return page.evaluate('getComputedStyle(document.body).backgroundColor')
    grounds = {ground()}
    for _ in range(3):
        page.locator('.theme-toggle:visible').click()
        grounds.add(ground())
    assert len(grounds)==2

BLOCK = '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">' \
    '<text y="80" font-size="99" fill="#7a7a7a">\u2588</text></svg>'
SHOW = '''([theme, svg]) => {
    document.body.dataset.theme = theme
    document.querySelector('article').innerHTML = `<img src="data:image/svg+xml,${encodeURIComponent(svg)}">`
}'''

@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_writing_in_pictures_follows_the_theme_of_the_page(page, address, theme):
    "Whatever the system prefers"
    page.emulate_media(color_scheme='light' if theme=='dark' else 'dark')
    page.goto(f'{address}/plots.html')
    page.evaluate(SHOW, [theme, in_two_themes(BLOCK)])
    with Image.open(BytesIO(page.locator('article img').screenshot())) as shot:
        assert '#%02x%02x%02x' % shot.convert('RGB').getpixel((20, 50)) == WRITING['#7a7a7a'][theme=='dark']

def test_opens_from_a_folder(page, site):
    page.goto((site/'quadratic_loss.html').as_uri())
    page.locator('math').first.wait_for()
    page.locator('.sidebar-tree a', has_text='Plots').click()
    page.wait_for_url('**/plots.html')
