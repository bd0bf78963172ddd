"What all tests share: their order and number, the built site, one browser and one JupyterLab"
import hashlib, os, shutil, subprocess, sys, threading
from contextlib import contextmanager
from importlib.metadata import distributions
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from hypothesis import settings

from lab import shared_lab
from repository import PACKAGE, ROOT
from tools import browser as browsers
from website.serve import make_server

settings.register_profile('quick', max_examples=25)
settings.register_profile('thorough', max_examples=100)   # `make test-all`
settings.load_profile('quick')

# Order and number

@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    "One process more than there are processors: tests in a browser often wait for it"
    return len(os.sched_getaffinity(0) if hasattr(os, 'sched_getaffinity') else range(os.cpu_count() or 1)) + 1

def spread(items, workers):
    "`items` in an order in which each of `workers` processes with equal shares begins with its part of the long tests"
    long = [o for o in items if o.get_closest_marker('long')]
    short = [o for o in items if not o.get_closest_marker('long')]
    res = []
    for k in range(workers):
        share = long[k::workers]
        rest = max(0, (len(items) - len(res))//(workers - k) - len(share))
        res += share + short[:rest]
        short = short[rest:]
    return res + short

@pytest.hookimpl(trylast=True)   # When it is known which tests run
def pytest_collection_modifyitems(items):
    "Long tests first, so that in the end no process waits for another one's"
    items[:] = spread(items, int(os.environ.get('PYTEST_XDIST_WORKER_COUNT', 1)))

NO_BROWSER = 'there is no Chromium or Chrome'

@pytest.hookimpl(trylast=True)   # Just above pytest's own last line
def pytest_terminal_summary(terminalreporter):
    "One line on the tests that could not run for want of a browser"
    reports = terminalreporter.stats.get('skipped', [])
    n = sum(NO_BROWSER in str(o.longrepr) for o in reports)
    said = f'{n} tests were skipped, since {NO_BROWSER}; `python -m tools.browser` tries to install one'
    if n: terminalreporter.write_line(said)

# The site

def fingerprint():
    "Differs whenever something that the site is made of differs: a file of the course, or the version of any package"
    files = [ROOT/name for name in ('_quarto.yml', 'settings.ini', 'pyproject.toml')]
    for folder in (ROOT/'nbs', PACKAGE, ROOT/'website'):
        made = {'__pycache__', '.ipynb_checkpoints', '.last_checked'}
        files += (p for p in folder.rglob('*') if p.is_file() and not made & {*p.parts})
    digest = hashlib.sha256(repr(sorted((d.name, d.version) for d in distributions())).encode())
    for p in sorted(files): digest.update(str(p.relative_to(ROOT)).encode() + hashlib.sha256(p.read_bytes()).digest())
    return digest.hexdigest()

@pytest.fixture(scope='session')
def run_folder(tmp_path_factory):
    "A folder that all test processes of this run share, and no other run"
    base = tmp_path_factory.getbasetemp()
    return base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base

@pytest.fixture(scope='session')
def site(request, run_folder):
    "The folder of the built site: the first test process to ask builds it, unless it is there from an earlier run"
    base, chosen = request.config.cache.mkdir('site'), run_folder/'site'
    with FileLock(base/'lock'):
        # Taken once, since a test may have a file of its own in nbs/ when another process asks
        if not chosen.exists(): chosen.write_text(fingerprint())
        place = base/chosen.read_text()
        if not place.exists():
            for old in base.iterdir():
                if old.is_dir(): shutil.rmtree(old)
            cmd = [sys.executable, '-m', 'website', str(place)]
            done = subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode==0, done.stdout + done.stderr
            assert not done.stderr, done.stderr
    return place

# Pages

PATIENCE = 60_000   # Milliseconds; what is waited for comes at once, but on a busy machine
ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync']

@pytest.fixture(scope='session')
def browser():
    "One browser for each test process"
    if not (path := browsers.find()): pytest.skip(NO_BROWSER)
    from playwright.sync_api import expect, sync_playwright
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()

@pytest.fixture(scope='session')
def lab(browser, run_folder):
    "A running JupyterLab, the same for all test processes"
    with shared_lab(run_folder/'lab') as lab: yield lab

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

@pytest.fixture(scope='session')
def address(site):
    with served(site) as url: yield url

@contextmanager
def guarded_page(browser, **options):
    "A page that may reach this machine only; what it complains about, and what else it asks for, fails the test"
    troubles = []
    usual = {'viewport': {'width': 1280, 'height': 900}, 'color_scheme': 'light', 'reduced_motion': 'reduce'}
    page = browser.new_page(**(usual | options))
    page.set_default_timeout(PATIENCE)
    page.on('console', lambda m: troubles.append(m.text) if m.type in ('error', 'warning') else None)
    page.on('pageerror', lambda e: troubles.append(str(e)))
    def failed(request):   # What the next page no longer needs is no trouble
        if request.failure!='net::ERR_ABORTED': troubles.append(f'failed: {request.url}, {request.failure}')
    page.on('requestfailed', failed)
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

@pytest.fixture(scope='session')
def js(browser):
    "Call `js(module, function, *args)`: what the function of that figure's very file returns in the browser"
    with served(PACKAGE/'content'/'js') as url, guarded_page(browser) as page:
        page.route(f'{url}/', lambda route: route.fulfill(body='', content_type='text/html'))
        page.goto(f'{url}/')
        call = 'async ([module, name, args]) => (await import(`/${module}.js`))[name](...args)'
        yield lambda module, name, *args: page.evaluate(call, [module, name, list(args)])
