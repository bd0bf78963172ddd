"How the built site stands: nothing moves, nothing is cut off, nothing is hidden from the keyboard or without scripts"
import re
from html import unescape

import pytest

from conftest import guarded_page
from repository import ROOT
from subtests import each
from test_site import FRAMES, PAGES
from website.links import Page

CHAPTERS = PAGES[1:14]
DESK, PHONE = {'width': 1280, 'height': 900}, {'width': 390, 'height': 844}

UNSEEN = '\u2060\u2061\ufe00'   # They join, apply a function, and choose a form

# Nothing moves

SHIFTS = '''window.shift = 0;
new PerformanceObserver(list => { for (const o of list.getEntries()) if (!o.hadRecentInput) window.shift += o.value })
    .observe({type: 'layout-shift', buffered: true})'''

def faces(css):
    "The rules of a style sheet of fonts that hold a font, and the others"
    rules = [rule for rule in css.split('@font-face') if rule.strip()]
    held = [rule for rule in rules if 'data:' in rule]
    return [''.join(f'@font-face{rule}' for rule in part) for part in (held, [o for o in rules if o not in held])]

KINDS = 'index', 'quadratic_loss', 'backprop', 'speed', 'glossary', 'figures'

@pytest.mark.parametrize('name', [pytest.param(o, marks=[] if o in KINDS else pytest.mark.slow) for o in PAGES])
def test_nothing_moves_while_a_page_loads(browser, address, name):
    "Below 0.1 a shift of layout counts as good"
    for size in (DESK, PHONE):
        with guarded_page(browser, viewport=size) as page:
            page.add_init_script(SHIFTS)
            page.goto(f'{address}/{name}.html')
            page.evaluate(FRAMES)
            assert page.evaluate('document.documentElement.checkVisibility({visibilityProperty: true})')
            assert page.evaluate('window.shift') < 0.1, size

@pytest.mark.parametrize('size', [DESK, PHONE], ids=['desk', 'phone'])
@pytest.mark.parametrize('name', KINDS)
def test_little_moves_where_the_fonts_come_late(browser, address, site, name, size):
    "The worst case: the page is drawn without its fonts, then it has them. From 0.25 on a shift counts as poor"
    sheets = {path.name: faces(path.read_text()) for path in (site/'_static').glob('fonts-*.css')}
    with guarded_page(browser, viewport=size) as page:
        def without(route):
            css = sheets[route.request.url.split('/')[-1].partition('?')[0]][1]
            route.fulfill(body=css, content_type='text/css')
        page.route('**/fonts-*.css*', without)
        page.add_init_script(SHIFTS)
        page.goto(f'{address}/{name}.html')
        page.evaluate(FRAMES)
        page.add_style_tag(content=''.join(held for held, _ in sheets.values()))
        page.evaluate('document.fonts.ready')
        page.evaluate(FRAMES)
        assert page.evaluate('window.shift') < 0.25

def test_fonts_are_read_before_there_is_text(site):
    for path in site.glob('*.html'):
        head, _, body = path.read_text(encoding='utf-8').partition('<body>')
        assert 'fonts-text.css' in head and head.index('face.load')>head.rindex('stylesheet'), path.name
        assert ('fonts-maths.css' in head) or '<math' not in body, path.name
        assert not [url for url in Page(head).loads if 'woff' in url]

# A page weighs little

LOADED = re.compile(r'<link rel="stylesheet"[^>]* href="([^"]+)"|<(?:script|img)\b[^>]* src="([^":]+)"')
DRAWN = re.compile(r'<script type="module">.*?</script>', re.S)   # The data and the code of the figures

def weight(site, name):
    "Bytes of a page and of all it loads, before compression, and how much of that is figures and pictures"
    text = (site/f'{name}.html').read_text(encoding='utf-8')
    loads = {(a or b).partition('?')[0] for a, b in LOADED.findall(text)}
    sizes = {url: (site/url).stat().st_size for url in loads}
    figures = sum(len(o.encode()) for o in DRAWN.findall(text)) + sum(sizes[o] for o in sizes if '_images/' in o)
    return len(text.encode()) + sum(sizes.values()), figures

def test_weight(site):
    weights = {name: weight(site, name) for name in PAGES}
    assert {name: o for name, o in weights.items() if o[0] - o[1] >= 600_000 or o[0] >= 800_000}=={}

# The keyboard

STOPS = '''() => {
    const can = 'a[href], button, input, select, textarea, summary, [tabindex="0"]', bad = [];
    for (const el of document.querySelectorAll(can)) {
        el.focus();
        if (document.activeElement !== el) continue;
        const box = el.getBoundingClientRect(), style = getComputedStyle(el);
        const seen = el.checkVisibility({opacityProperty: true, visibilityProperty: true}) && box.width && box.height;
        const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        if (!seen || !marked) bad.push(el.outerHTML.slice(0, 120));
    }
    return bad }'''

def test_every_stop_of_the_keyboard_is_seen(page, address):
    page.goto(f'{address}/quadratic_loss.html')
    page.keyboard.press('Tab')   # From now on, what has the focus is to be seen
    assert page.evaluate(STOPS)==[]

def test_nothing_glides_for_those_who_want_no_motion(browser, page, address):
    page.goto(f'{address}/quadratic_loss.html')
    assert page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')=='auto'
    with guarded_page(browser, reduced_motion='no-preference') as other:
        other.goto(f'{address}/quadratic_loss.html')
        assert other.evaluate('getComputedStyle(document.documentElement).scrollBehavior')=='smooth'

# Without scripts

def test_formulas_and_answers_stand_without_scripts(browser, address):
    with guarded_page(browser, java_script_enabled=False) as page:
        page.goto(f'{address}/quadratic_loss.html')
        fraction = page.locator('math[display=block] mfrac').first.bounding_box()
        assert fraction['height']>30 and fraction['width']>30
        answer = page.locator('details.answer').first
        said = answer.locator('p').first
        assert not said.is_visible()
        answer.locator('summary').click()
        assert said.is_visible()
        page.goto(f'{address}/search.html')
        assert page.locator('noscript p').is_visible()

# Made of the signs of MathML for variables, which browsers draw as italics
ITALICS = {**{chr(ord('A') + i): 0x1D434 + i for i in range(26)}, **{chr(ord('a') + i): 0x1D44E + i for i in range(26)}}

def test_the_font_of_formulas_has_all_their_signs(site):
    "The list of its signs, from the command that made it, against what the pages have"
    readme = (ROOT/'website/README.md').read_text(encoding='utf-8')
    ranges = re.search(r'stix-two-math-latin.*?--unicodes=([\w,\s\\-]+?)\n    pyft', readme, re.S)[1]
    spans = [part.split('-') for part in re.sub(r'[\s\\]', '', ranges).split(',')]
    there = {code for span in spans for code in range(int(span[0], 16), int(span[-1], 16) + 1)}
    used = {o for p in site.glob('*.html') for f in re.findall('<math.*?</math>', p.read_text(encoding='utf-8'), re.S)
        for o in unescape(re.sub('<[^>]*>', '', f))}
    assert len(used)>80
    assert {o for o in used if ord(o) not in there and not o.isspace() and o not in UNSEEN}==set()
    assert {0x210E, *(ITALICS[o] for o in used & ITALICS.keys())} <= there   # The first is the italic h

# What answers a Predict box

@each('name', CHAPTERS)
def test_no_answer_is_seen_before_it_is_asked_for(page, address, name):
    page.goto(f'{address}/{name}.html')
    answers = page.locator('article details:not(.code)')
    seen = answers.evaluate_all(
        'all => all.filter(d => d.open || [...d.children].slice(1).some(e => e.checkVisibility())).length')
    assert page.locator('.admonition-title', has_text='Predict').count()>=2
    assert answers.count()>=2 and seen==0

# Words and tables

def test_a_link_to_the_glossary_says_what_the_word_means(page, address):
    page.goto(f'{address}/quadratic_loss.html')
    links = page.locator('article a[href^="glossary.html#"]')
    assert links.count()>20 and links.evaluate_all('all => all.filter(a => !a.title).map(a => a.outerHTML)')==[]
    assert links.and_(page.locator('[href="glossary.html#loss"]')).first.get_attribute('title').startswith('one number')

def test_the_table_of_times_on_a_phone(page, address):
    "Two rows of headers; the names of the rows stay while the columns are pushed aside"
    page.set_viewport_size(PHONE)
    page.goto(f'{address}/speed.html')
    table = page.locator('table').first
    assert table.locator('thead tr').count()==2
    heads = table.locator('thead tr').first.locator('th').all_inner_texts()
    assert heads==['way to train', '784-100-10', '784-512-512-10']
    name = table.locator('tbody td').first
    before = name.bounding_box()
    page.locator('.table-wrapper').first.evaluate('e => { e.scrollLeft = 200 }')
    assert abs(name.bounding_box()['x'] - before['x']) < 25 and before['width'] < 200
    assert page.locator('.cell_input').count()==0, 'how the table is read from its file is of no interest'
