"The figures in a real JupyterLab: before the notebook is trusted, after a run, and after reload with no kernel"
import json, re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sgd_course.figures import descent_figure, draw_figure
from conftest import PATIENCE
from lab import wait_for

def notebook():
    "Two figures, with the outputs that somebody stored"
    def cell(name, figure):
        data = {'text/html': figure._repr_html_()}
        output = {'output_type': 'execute_result', 'execution_count': None, 'metadata': {}, 'data': data}
        code = f'from sgd_course.figures import {name}\n{name}()'
        return {'cell_type': 'code', 'id': name, 'metadata': {}, 'execution_count': None, 'source': code,
            'outputs': [output]}
    cells = [cell('descent_figure', descent_figure()), cell('draw_figure', draw_figure())]
    kernel = {'display_name': 'Python 3 (ipykernel)', 'language': 'python', 'name': 'python3'}
    return json.dumps({'cells': cells, 'metadata': {'kernelspec': kernel}, 'nbformat': 4, 'nbformat_minor': 5})

def turn_by_keyboard(page, descent):
    knob = descent.get_by_role('slider', name='Learning rate')
    knob.focus()
    for key in ('Home', 'ArrowRight', 'ArrowUp'): page.keyboard.press(key)
    expect(knob).to_have_attribute('aria-valuetext', '0.03')
    expect(descent.locator('.says')).to_contain_text('rolls smoothly down')

def play_and_pause(page, descent):
    words = descent.locator('.says')
    descent.get_by_role('button', name='Play').click()
    expect(words).to_contain_text(re.compile(r'Step [1-9]\d*:'))
    descent.get_by_role('button', name='Pause').click()
    held = words.inner_text()
    page.wait_for_timeout(300)
    assert words.inner_text()==held

def draw(page, figure):
    "A one, by mouse and then by keys"
    words, pad = figure.locator('.says'), figure.get_by_role('application')
    figure.get_by_role('button', name='Clear').click()
    expect(words).to_contain_text('Nothing drawn yet')
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box['x'] + box['width']/2, box['y'] + 0.2*box['height'])
    page.mouse.down()
    page.mouse.move(box['x'] + box['width']/2, box['y'] + 0.8*box['height'], steps=12)
    page.mouse.up()
    expect(words).to_contain_text('reads a 1')
    figure.get_by_role('button', name='Clear').click()
    pad.focus()
    for key in ['Space'] + 12*['ArrowDown'] + ['Space']: page.keyboard.press(key)
    expect(words).to_contain_text('The network reads a')

@pytest.mark.long
def test_figures_in_jupyterlab(browser, lab):
    path, errors = Path(lab.folder)/'try.ipynb', []
    path.write_text(notebook(), encoding='utf-8')
    def open_it():
        page = browser.new_page(viewport={'width': 1400, 'height': 1000}, reduced_motion='no-preference')
        page.set_default_timeout(PATIENCE)
        page.on('pageerror', lambda e: errors.append(str(e)))
        page.goto(f'http://127.0.0.1:{lab.port}/lab/workspaces/try/tree/try.ipynb?token={lab.token}')
        page.get_by_role('tab', name='try.ipynb').wait_for()
        labels = 'Descent on a curve', 'Draw a digit'
        return page, *(page.locator(f'.sgd-figure[aria-label="{label}"]') for label in labels)

    # A notebook from elsewhere is not trusted: its scripts do not run, and a sentence says what to do
    page, descent, drawing = open_it()
    for label in ('Descent on a curve', 'Draw a digit'):
        expect(page.get_by_text(f'{label}: an interactive figure.')).to_be_visible()
    assert page.locator('.sgd-figure[data-on]').count()==0

    page.get_by_role('button', name='Python 3 (ipykernel) | Idle').wait_for()   # Before, a run would ask for the kernel
    page.get_by_role('menuitem', name='Run', exact=True).click()
    page.get_by_role('menuitem', name='Run All Cells', exact=True).click()
    expect(page.locator('.sgd-figure[data-on]')).to_have_count(2)
    turn_by_keyboard(page, descent)
    play_and_pause(page, descent)
    draw(page, drawing)

    page.evaluate('document.activeElement.blur()')
    def saved():
        page.keyboard.press('Control+s')
        try: return all(c['execution_count'] for c in json.loads(path.read_text(encoding='utf-8'))['cells'])
        except json.JSONDecodeError: return False   # JupyterLab is writing it just now
    wait_for(saved, 'saved notebook with all cells run')
    page.close()

    # Opened again, with no kernel
    page, descent, drawing = open_it()
    expect(page.locator('.sgd-figure[data-on]')).to_have_count(2)
    # A kernel that goes before JupyterLab has met it would be started anew
    page.get_by_role('button', name='Python 3 (ipykernel) | Idle').wait_for()
    for session in wait_for(lambda: lab.sessions('try.ipynb'), 'kernel'): lab.ask(f"sessions/{session['id']}", 'DELETE')
    turn_by_keyboard(page, descent)
    play_and_pause(page, descent)
    draw(page, drawing)
    assert lab.sessions('try.ipynb')==[]
    # JupyterLab's own words, had it asked the kernel that was taken away
    assert {*errors} <= {'Kernel is dead'}, errors
    page.close()
