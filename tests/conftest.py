"Fixtures for all tests"
import hashlib, shutil, subprocess, sys, threading
from contextlib import contextmanager
from importlib.metadata import distributions
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from repository import PACKAGE, ROOT

from website.serve import make_server

def pytest_collection_modifyitems(items):
    "Long tests first, so that in the end no process waits for another one's"
    items.sort(key=lambda item: item.get_closest_marker('long') is None)

def fingerprint():
    "Differs whenever something that the site is made of differs: a file of the course, or the version of any package"
    files = [ROOT/name for name in ('_quarto.yml', 'settings.ini', 'pyproject.toml')]
    for folder in (ROOT/'nbs', PACKAGE, ROOT/'website'): files += (p for p in folder.rglob('*') if p.is_file() and not {'__pycache__', '.ipynb_checkpoints'} & {*p.parts})
    digest = hashlib.sha256(repr(sorted((d.name, d.version) for d in distributions())).encode())
    for p in sorted(files): digest.update(f'{p.relative_to(ROOT)} {hashlib.sha256(p.read_bytes()).hexdigest()}'.encode())
    return digest.hexdigest()

@pytest.fixture(scope='session')
def site(request):
    "The folder of the built site: the first test process to ask builds it, unless the same site is there from an earlier run"
    base = request.config.cache.mkdir('site')
    with FileLock(base/'lock'):
        place = base/fingerprint()
        if not place.exists():
            for old in base.iterdir():
                if old.is_dir(): shutil.rmtree(old)
            done = subprocess.run([sys.executable, '-m', 'website', str(place)], cwd=ROOT, capture_output=True, text=True)
            assert done.returncode==0, done.stdout + done.stderr
            assert not done.stderr, done.stderr
    return place

PATIENCE = 60_000   # Milliseconds; what is waited for comes at once, but on a busy machine
ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

@pytest.fixture(scope='module')
def browser():
    from playwright.sync_api import expect, sync_playwright
    expect.set_options(timeout=PATIENCE)
    path = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if not path: pytest.fail('these tests need the Chromium browser on the PATH; on Debian: apt install chromium')
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()

@contextmanager
def served(folder):
    "The address under which this machine serves `folder`"
    with make_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try: yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
            thread.join()

@pytest.fixture(scope='module')
def address(site):
    with served(site) as url: yield url

@contextmanager
def guarded_page(browser, **options):
    "A page that may reach this machine only; what it complains about, and what else it asks for, fails the test"
    troubles = []
    page = browser.new_page(**{'viewport': {'width': 1280, 'height': 900}, 'color_scheme': 'light', 'reduced_motion': 'reduce', **options})
    page.set_default_timeout(PATIENCE)
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

@pytest.fixture
def page(browser):
    with guarded_page(browser) as page: yield page

def stop_clock(page):
    "The time of what is opened in `page` stands still, but for `page.clock.run_for`"
    page.clock.install(time=0)
    page.clock.pause_at(1000)

@pytest.fixture
def moving_page(browser):
    "A page whose reader has nothing against motion, and whose clock a test moves on"
    with guarded_page(browser, reduced_motion='no-preference') as page:
        stop_clock(page)
        yield page

@pytest.fixture(scope='module')
def js(browser):
    "Call `js(module, function, *args)`: what the function of that figure's very file returns in the browser"
    with served(PACKAGE/'content'/'js') as url, guarded_page(browser) as page:
        page.route(f'{url}/', lambda route: route.fulfill(body='', content_type='text/html'))
        page.goto(f'{url}/')
        call = 'async ([module, name, args]) => (await import(`/${module}.js`))[name](...args)'
        yield lambda module, name, *args: page.evaluate(call, [module, name, list(args)])
