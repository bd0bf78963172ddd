"Slides and handout: marked with care, readable, whole without the network"
import re
from html.parser import HTMLParser

import pytest

from repository import ROOT
from sgd_course.app.slides import formulas_of, handout_sheet, maths, slides_of, text_of, write_slides
from tools import notebooks

CHAPTERS = sorted((ROOT/'nbs').glob('[0-9][0-9]_*.ipynb'))
def name(path): return path.stem

@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp('slides')
    write_slides(out)
    return out

# The marks

@pytest.mark.parametrize('path', CHAPTERS, ids=name)
def test_marks(path):
    "15 to 25 slides, the title first and the learnings last; a slide has few words and little code"
    slides = slides_of(notebooks.read(path))
    assert 15<=len(slides)<=25
    assert text_of(slides[0][1][0]).startswith('# ') and slides[-1][0]=='What you learned'
    for title, cells in slides[1:-1]:
        code = [c for c in cells if c['cell_type']=='code' and '#| code-fold: true' not in text_of(c)]
        words = [len(text_of(c).split()) for c in cells if c['cell_type']=='markdown']
        lines = [len(text_of(c).splitlines()) for c in code]
        assert len(cells)<=4 and sum(words)<=140 and sum(lines)<=19, (title, words, lines)

def test_every_formula_of_the_course_becomes_mathml():
    found = [tex for path in CHAPTERS for _, tex in formulas_of(notebooks.read(path))]
    assert len(found)>30
    assert [tex for tex in found if '\\' in re.sub(r'alttext="[^"]*"', '', maths(tex, True))]==[]

def test_each_chapter_has_two_pictures_on_the_handout():
    counts = {p.name: handout_sheet(notebooks.read(p), 'Why?').count('<img ') for p in CHAPTERS}
    assert {*counts.values()}=={2}

# The pages

class Loads(HTMLParser):
    "What a page loads"
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
    def handle_starttag(self, tag, attrs):
        urls = [v for k, v in attrs if k in ('src', 'srcset', 'data') or k=='href' and tag!='a']
        self.found += [u for u in urls if not u.startswith('data:')]

def test_pages_load_nothing(folder):
    pages = sorted(folder.glob('*.html'))
    assert [p.stem for p in pages]==[*map(name, CHAPTERS), 'handout']
    assert {p.name: Loads(p.read_text()).found for p in pages if Loads(p.read_text()).found}=={}
    assert max(p.stat().st_size for p in pages) < 700_000

SHOWN = '''() => Reveal.getSlides().map((slide, i) => {
    Reveal.slide(i, 0, 99);
    const fit = slide.querySelector('.fit'), box = fit.getBoundingClientRect();
    return {title: slide.querySelector('h2').textContent, zoom: +(fit.style.zoom || 1), bottom: Math.round(box.bottom),
        right: Math.round(box.right), wide: fit.scrollWidth > fit.clientWidth + 1,
        alt: [...slide.querySelectorAll('img')].every(o => o.alt)};
})'''

OTHERS = [pytest.param(path, marks=pytest.mark.slow) for path in CHAPTERS[1:]]

@pytest.mark.parametrize('path', [CHAPTERS[0], *OTHERS], ids=name)
def test_slides_fit(path, folder, page):
    "From a file, without the network; nothing is cut, and nothing becomes smaller than two thirds"
    page.set_viewport_size({'width': 1280, 'height': 720})
    page.goto((folder/f'{path.stem}.html').as_uri())
    page.wait_for_function('Reveal.isReady()')
    shown = page.evaluate(SHOWN)
    assert len(shown)==len(slides_of(notebooks.read(path)))
    bad = [o for o in shown if o['zoom']<0.66 or o['bottom']>720 or o['right']>1280 or o['wide'] or not o['alt']]
    assert bad==[]

def test_a_drawing_in_the_text_is_in_the_page(folder):
    show = (folder/'08_learner.html').read_text(encoding='utf-8')
    assert re.search(r'<img src="data:image/svg\+xml;base64,[^"]{500,}" alt="The seven steps', show)
    assert '<p>!' not in show

def test_keys_show_one_slide_after_the_other(folder, page):
    page.goto((folder/'01_quadratic_loss.html').as_uri())
    page.wait_for_function('Reveal.isReady()')
    page.keyboard.press('ArrowRight')
    assert page.evaluate('Reveal.getIndices().h')==1
    figure = page.evaluate('Reveal.getSlides().findIndex(o => o.querySelector(".sgd-figure"))')
    page.evaluate('i => Reveal.slide(i)', figure)
    page.locator('.present .sgd-figure button', has_text='Step').first.click()
    page.keyboard.press('ArrowRight')
    assert page.evaluate('Reveal.getIndices().h')==figure, 'A key that a figure may use turned the page'

def test_handout_prints_on_two_pages_a_chapter(folder, page):
    page.goto((folder/'handout.html').as_uri())
    pdf = page.pdf(format='A4', prefer_css_page_size=True)
    pages = len(re.findall(rb'/Type\s*/Page\b', pdf))
    assert len(CHAPTERS)<=pages<=2*len(CHAPTERS)
    assert page.locator('section').count()==len(CHAPTERS)==page.locator('.question:not(:empty)').count()
