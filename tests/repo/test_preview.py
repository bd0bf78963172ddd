"`make preview`: a change in a notebook builds the site again, and open pages show it"
import threading, urllib.request

from playwright.sync_api import expect
import pytest

from website import serve

@pytest.fixture
def preview(tmp_path):
    "A site of one page that is made from one notebook: their paths, and the address"
    notebook, page = tmp_path/'nbs'/'a.ipynb', tmp_path/'out'/'index.html'
    for path in (notebook, page): path.parent.mkdir()
    def rebuild():
        if 'broken' in notebook.read_text(): return False
        page.write_text(f'<!doctype html><html lang="en"><title>x</title><p>{notebook.read_text()}')
        return True
    notebook.write_text('first')
    rebuild()
    with serve.make_server(page.parent, handler=serve.LiveHandler) as server:
        server.built, stop = 0, threading.Event()
        watching = server, rebuild, [notebook.parent], serve.state([notebook.parent]), stop
        threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=serve.watch, args=watching)]
        for t in threads: t.start()
        yield notebook, page, f'http://127.0.0.1:{server.server_port}'
        stop.set()
        server.shutdown()
        for t in threads: t.join()

def test_an_open_page_shows_what_was_written(preview, page):
    notebook, made, url = preview
    page.goto(url)
    expect(page.locator('p')).to_have_text('first')
    notebook.write_text('second')
    expect(page.locator('p')).to_have_text('second')
    notebook.write_text('broken')
    page.wait_for_timeout(2500)
    expect(page.locator('p')).to_have_text('second')
    notebook.write_text('third')
    expect(page.locator('p')).to_have_text('third')
    assert b'script' not in made.read_bytes(), 'only the preview adds to a page'

def test_other_files_are_served_as_they_are(preview):
    _, made, url = preview
    (made.parent/'a.css').write_text('p {}')
    assert urllib.request.urlopen(f'{url}/a.css').read()==b'p {}'
    assert urllib.request.urlopen(f'{url}/built').read()==b'0'

def test_what_is_written_made_or_deleted_is_a_change(tmp_path):
    states = [serve.state([tmp_path])]
    def note(): states.append(serve.state([tmp_path]))
    (tmp_path/'a.ipynb').write_text('1')
    note()
    (tmp_path/'.ipynb_checkpoints').mkdir()
    (tmp_path/'.ipynb_checkpoints'/'a.ipynb').write_text('1')
    note()
    (tmp_path/'a.ipynb').unlink()
    note()
    assert states[0]!=states[1] and states[1]==states[2] and states[3]==states[0]
