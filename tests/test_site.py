"The built site in a real browser"
import shutil, threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from repo import ROOT
from website.build import read_site
from website.convert import page_name, sections
from website.serve import make_server

PAGES = [page_name(name) for _, names in sections(read_site(ROOT/'_quarto.yml')[1]) for name in names]
AXE = Path(__file__).parent/'vendor/axe.min.js'
ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

@pytest.fixture(scope='module')
def browser():
    from playwright.sync_api import sync_playwright
    path = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if not path: pytest.fail('these tests need the Chromium browser on the PATH; on Debian: apt install chromium')
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()

@pytest.fixture(scope='module')
def address(site):
    with make_server(site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()

@pytest.fixture
def page(browser):
    "A page that may reach this machine only; what it complains about, and what else it asks for, fails the test"
    troubles = []
    page = browser.new_page(viewport={'width': 1280, 'height': 900}, color_scheme='light', reduced_motion='reduce')
    page.on('console', lambda m: troubles.append(m.text) if m.type in ('error', 'warning') else None)
    page.on('pageerror', lambda e: troubles.append(str(e)))
    page.on('requestfailed', lambda r: troubles.append(f'failed: {r.url}'))
    def guard(route):
        url = urlsplit(route.request.url)
        if url.scheme in ('file', 'data', 'blob') or url.hostname=='127.0.0.1': return route.continue_()
        troubles.append(f'outside: {route.request.url}')
        route.abort()
    page.route('**/*', guard)
    yield page
    page.close()
    assert not troubles

def violations(page, skip, **options):
    "What axe-core finds serious or critical outside the elements that the selectors `skip` name"
    run = '([context, options]) => axe.run(context, {resultTypes: ["violations"], ...options})'
    found = page.evaluate(run, [{'include': ['html'], 'exclude': skip}, options])['violations']
    return [(v['id'], [n['html'] for n in v['nodes']][:3]) for v in found if v['impact'] in ('serious', 'critical')]

@pytest.mark.parametrize('name', PAGES)
def test_page(page, address, name):
    "Loads without trouble, leads to the next page, is accessible in light and dark, and fits a phone"
    assert page.goto(f'{address}/{name}.html').ok
    page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
    assert page.locator('h1').count()==1
    following = [f'{p}.html' for p in PAGES[PAGES.index(name)+1:]][:1]
    assert page.locator('a.next-page').evaluate_all('els => els.map(e => e.getAttribute("href"))')==following
    assert page.locator('article img').evaluate_all('els => els.every(e => e.alt)')
    assert page.locator('.math').count()==page.locator('.math:has(.katex)').count() and not page.locator('.katex-error').count()
    page.add_script_tag(path=AXE)
    # Code looks the same on all pages and has thousands of coloured words: one page is enough; formulas have the text's colour
    skip = [] if name=='plots' else ['pre', '.katex']
    assert not violations(page, skip)
    page.emulate_media(color_scheme='dark')
    assert not violations(page, skip, runOnly=['color-contrast'])
    page.set_viewport_size({'width': 390, 'height': 844})
    assert page.evaluate('document.documentElement.scrollWidth') <= 390
    assert not violations(page, [], runOnly=['scrollable-region-focusable'])

def test_search_finds_a_word(page, address):
    page.goto(f'{address}/index.html')
    page.get_by_placeholder('Search').fill('luminance')
    page.keyboard.press('Enter')
    page.locator('#search-results a[href*="plots.html"]').first.wait_for()

def test_dark_mode_switches(page, address):
    page.goto(f'{address}/index.html')
    def ground(): return page.evaluate('getComputedStyle(document.body).backgroundColor')
    grounds = {ground()}
    for _ in range(3):
        page.locator('.theme-toggle:visible').click()
        grounds.add(ground())
    assert len(grounds)==2

def test_opens_from_a_folder(page, site):
    page.goto((site/'quadratic_loss.html').as_uri())
    page.locator('.katex').first.wait_for()
    page.locator('.sidebar-tree a', has_text='Plots').click()
    page.wait_for_url('**/plots.html')
