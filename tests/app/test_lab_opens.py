"`sgd-course lab` for real: JupyterLab opens, runs a chapter and keeps the work"
import json, os, re, signal, socket, sys, time, uuid
from contextlib import suppress
from pathlib import Path

import pytest, websocket

from conftest import PATIENCE
from lab import new_lab, start_lab, status, wait_for
from repository import NOTEBOOKS, ROOT
from sgd_course.app.cli import lay_out
from sgd_course.app.lab import course_copies

CHAPTERS = [p.name for p in NOTEBOOKS if re.match(r'\d\d_', p.name)]
# In JupyterLab; CI, which has half an hour and runs every notebook without it, takes those with most of the page's own
OTHERS = [o for o in CHAPTERS[1:] if not os.environ.get('CI') or o[:2] in ('04', '08', '11', '13')]

def test_link_and_token(lab):
    assert re.fullmatch(rf'http://127\.0\.0\.1:{lab.port}/lab/tree/index\.ipynb\?token=[0-9a-f]{{48}}', lab.link)
    contents = f'http://127.0.0.1:{lab.port}/api/contents'
    tries = '', '?token=wrong', f'?token={lab.token}'
    assert [status(contents + o) for o in tries]==[403, 403, 200]

@pytest.mark.skipif(sys.platform!='linux', reason='only Linux answers on all of 127.*')
def test_server_listens_on_one_address(lab):
    with pytest.raises(ConnectionRefusedError): socket.create_connection(('127.0.0.2', lab.port), timeout=5)

def as_bytes(frame): return frame if isinstance(frame, bytes) else frame.encode()

class LabPage:
    "A page in which JupyterLab shows the notebook `chapter`, to which it came by the link on the first page"
    def __init__(self, lab, browser, chapter, own_tabs=True):
        self.lab, self.chapter, self.path = lab, chapter, Path(lab.folder)/chapter
        self.page = browser.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.introduced = []   # Websockets of kernels that have said who they are: what is run before is lost
        self.page.on('websocket', lambda o: o.on('framereceived', lambda frame: self.listen(o.url, frame)))
        place = f'workspaces/{self.path.stem}/' if own_tabs else ''
        self.page.goto(lab.link.replace('/lab/tree', f'/lab/{place}tree'))
        self.current('index.ipynb')
        self.into_sight(self.page.locator(f'.jp-RenderedMarkdown a[href*="{chapter}"]:visible').first).click()
        self.current(chapter)

    def into_sight(self, link):
        "Scroll until `link` is there: JupyterLab 4.4 makes only the cells that are seen"
        self.page.mouse.move(640, 400)   # Over the notebook
        until = time.monotonic() + PATIENCE/1000
        while not link.count() and time.monotonic() < until:
            self.page.mouse.wheel(0, 400)
            self.page.wait_for_timeout(200)
        return link

    def listen(self, url, frame):
        if b'kernel_info_reply' in as_bytes(frame): self.introduced.append(url)

    def current(self, name): self.page.locator('.jp-mod-current', has_text=name).wait_for()

    def has_kernel(self):
        self.page.wait_for_timeout(100)   # So that the browser can say what it has heard
        return any(o['kernel']['id'] in url for o in self.lab.sessions(self.chapter) for url in self.introduced)

    def run_all(self):
        self.page.get_by_role('menuitem', name='Run', exact=True).click()
        self.page.get_by_role('menuitem', name='Run All Cells', exact=True).click()
        self.patience = time.monotonic() + 45   # Until when to wait for the first cell

    def saved(self):
        "The code cells of the saved notebook, once all of them have run or one has failed"
        self.page.keyboard.press('Control+s')
        self.page.wait_for_timeout(500)
        assert self.page.locator('.jp-Dialog').all_inner_texts()==[]
        assert self.page.locator('.Toastify__toast').count()==0, 'no question about news from the internet'
        try: cells = [c for c in json.loads(self.path.read_text(encoding='utf-8'))['cells'] if c['cell_type']=='code']
        except json.JSONDecodeError: return None   # JupyterLab is writing it just now
        if any(o['output_type']=='error' for c in cells for o in c['outputs']): return cells   # The others will not run
        started = any(c['execution_count'] for c in cells)
        if not started and time.monotonic() > self.patience: self.run_all()   # A kernel that was not ready has lost it
        return all(c['execution_count'] for c in cells) and cells

def run_in_lab(shown):
    "Run all cells and save; returns the outputs, and gives the kernel back whatever happens"
    try:
        wait_for(shown.has_kernel, 'kernel')
        shown.run_all()
        cells = wait_for(shown.saved, f'{shown.chapter} saved with all cells run', 1200)
        return [o for c in cells for o in c['outputs']]
    finally:
        shown.page.close()
        for session in shown.lab.sessions(shown.chapter): shown.lab.ask(f"sessions/{session['id']}", 'DELETE')

@pytest.mark.long
def test_chapter_runs_and_is_kept(lab, browser):
    shown = LabPage(lab, browser, CHAPTERS[0])
    stored = shown.page.locator('.jp-NotebookPanel:visible .jp-RenderedHTML img[alt]')
    stored.first.wait_for()   # The chapter is trusted before it has run
    if shot := os.environ.get('LAB_SCREENSHOT'): shown.page.screenshot(path=shot)
    outputs = run_in_lab(shown)
    assert [o for o in outputs if o['output_type']=='error'] == [] and len(outputs)>20
    assert list((Path(lab.folder)/'.workspaces').iterdir()), 'the open tabs are remembered here'
    before = shown.path.read_bytes()
    assert before!=(ROOT/'nbs'/CHAPTERS[0]).read_bytes(), 'the outputs were saved'
    assert CHAPTERS[0] in lay_out(lab.folder)['same'] and shown.path.read_bytes()==before

@pytest.mark.long
@pytest.mark.slow
def test_the_other_chapters_run(lab, browser):
    "One after the other, since each takes all processors that it gets, and pages side by side save over each other"
    for chapter in OTHERS:
        outputs = run_in_lab(LabPage(lab, browser, chapter))
        assert [o for o in outputs if o['output_type']=='error'] == [] and len(outputs)>20, chapter

def test_taken_port_is_told(tmp_path):
    with socket.create_server(('127.0.0.1', 0)) as s:
        process, log = start_lab(tmp_path/'my_course', s.getsockname()[1])
        assert process.wait(300)!=0
    wait_for(lambda: 'not available' in log.read_text(), 'message')

@pytest.mark.long
def test_chapter_as_a_learner_uses_it(tmp_path, browser):
    "Nothing is changed by looking; a term is explained and found at once; keys lead out of a figure; Ctrl+S saves"
    lab = new_lab(tmp_path)   # Of its own, since the chapter is changed
    try: use_chapter(lab, browser)
    finally: stop(lab)

def use_chapter(lab, browser):
    from playwright.sync_api import expect
    shown = LabPage(lab, browser, CHAPTERS[1])
    page, path = shown.page, shown.path
    wait_for(shown.has_kernel, 'kernel')
    page.get_by_role('button', name='Python 3 (ipykernel) | Idle').wait_for()
    assert page.locator('.jp-mod-dirty').count()==0, 'opening a chapter leaves nothing to save'
    panel = page.locator('.jp-NotebookPanel:visible')
    figure = panel.locator('.sgd-figure[data-on]').first
    figure.get_by_role('button', name='Step').click()
    says, active = figure.locator('.says'), panel.locator('.jp-Cell.jp-mod-active')
    expect(says).to_contain_text('Step 1')
    expect(active).to_contain_text('descent_figure')
    page.keyboard.press('Escape')
    page.keyboard.press('ArrowUp')
    expect(active).to_contain_text('From too small to too large')
    page.keyboard.press('b')   # A new cell
    expect(page.locator('.jp-mod-dirty')).not_to_have_count(0)
    figure.get_by_role('slider', name='Learning rate').focus()
    page.keyboard.press('ArrowRight')
    page.keyboard.press('Control+s')
    wait_for(lambda: cells(path.read_bytes())==cells(course_copies(ROOT/'nbs')[path.name]) + 1, 'saved notebook')
    panel.locator('a[title^="All partial derivatives"]').first.click()   # Shown when the mouse rests on "gradient"
    entry = page.locator('.jp-MarkdownViewer h3', has_text=re.compile('^gradient\\W*$'))
    expect(entry).to_be_in_viewport()
    page.close()

def cells(data):
    "How many cells the notebook `data` has; -1 while JupyterLab is writing it"
    try: return len(json.loads(data)['cells'])
    except json.JSONDecodeError: return -1

def leave_while_it_prints(lab, kernel):
    "Run a cell that prints much, as a page does, and be gone before it ends"
    place = f'127.0.0.1:{lab.port}/api/kernels/{kernel}/channels?token={lab.token}'
    page = websocket.create_connection(f'ws://{place}', timeout=PATIENCE/1000)
    header = {'msg_id': uuid.uuid4().hex, 'session': uuid.uuid4().hex, 'username': '',
        'msg_type': 'execute_request', 'version': '5.3'}
    content = {'code': "for _ in range(1000): print('x'*1000, flush=True)", 'silent': False}
    message = {'header': header, 'parent_header': {}, 'metadata': {}, 'channel': 'shell', 'content': content}
    page.send(json.dumps(message))
    while 'xxx' not in str(page.recv()): pass
    page.shutdown()

@pytest.mark.long
def test_the_terminal_says_nothing_alarming_and_the_next_start_opens_the_chapter(tmp_path, browser):
    first = new_lab(tmp_path)
    try:
        shown = LabPage(first, browser, CHAPTERS[0], own_tabs=False)
        wait_for(shown.has_kernel, 'kernel')
        tabs = Path(first.folder)/'.workspaces'
        def kept(): return [p for p in tabs.glob('default-*') if CHAPTERS[0] in p.read_text()]
        wait_for(kept, 'list of open tabs')
        shown.page.close()
        kernel, *_ = first.ask('kernels')
        for _ in range(3): leave_while_it_prints(first, kernel['id'])
        def at_rest(o): return not o['connections'] and o['execution_state']=='idle'
        wait_for(lambda: all(at_rest(o) for o in first.ask('kernels')), 'end of the connections')
    finally: stop(first)
    log = (tmp_path/'lab.log').read_text()
    assert not re.search(r'WARNING|\[W|eavesdropping|\bping\b|Traceback', log), log
    again = new_lab(tmp_path)
    try:
        assert '/lab?token=' in again.link
        page = browser.new_page()
        page.goto(again.link)
        page.locator('.jp-mod-current', has_text=CHAPTERS[0]).wait_for()
        page.close()
    finally: stop(again)

def stop(lab):
    os.kill(lab.pid, signal.SIGTERM)
    with suppress(ChildProcessError): os.waitpid(lab.pid, 0)
