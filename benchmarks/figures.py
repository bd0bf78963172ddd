"How smoothly the figures move, from the browser's own trace, as a Markdown table: `python benchmarks/figures.py`"
import json, shutil, statistics, sys, tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from startup import ROOT, machine

sys.path.insert(0, str(ROOT))
from sgd_course.figures import bend_figure, bowl_figure, descent_figure, draw_figure, losses_figure, race_figure

SECONDS = 4
# What is measured: the figure, and what the reader does; each takes about SECONDS
CASES = {
    'descent, playing with noise': (lambda: descent_figure('quartic', lr=0.01, noise=1), 'play'),
    'descent, start dragged': (descent_figure, 'drag'),
    'bowl, playing': (lambda: bowl_figure(condition=30, lr=0.02), 'play'),
    'losses, score dragged': (losses_figure, 'drag'),
    'race, playing': (lambda: race_figure('valley'), 'play'),
    'race, start dragged': (race_figure, 'handle'),
    'bend, learning': (bend_figure, 'play'),
    'draw, drawing': (draw_figure, 'draw'),
}

MOVE = '''(target, [box, time]) => new Promise(done => { const start = performance.now(); let k = 0;
    const move = now => { k++;
        const clientX = box.x + box.width*(0.5 + 0.35*Math.sin(k/25)), clientY = box.y + box.height*(0.5 + 0.2*Math.cos(k/17));
        target.dispatchEvent(new PointerEvent('pointermove', {pointerId: 1, clientX, clientY, buttons: 1, bubbles: true}));
        if (now < start + time) requestAnimationFrame(move); else done() };
    requestAnimationFrame(move) })'''

def act(page, figure, how):
    "Do for some seconds what a reader would do"
    if how=='play':
        figure.get_by_role('button', name='Play').click()
        return page.wait_for_timeout(1000*SECONDS)
    target = {'drag': figure.locator('.stage svg').first, 'handle': figure.get_by_role('slider', name='Start'), 'draw': figure.get_by_role('application')}[how]
    box = (figure.locator('.stage svg').first if how=='handle' else target).bounding_box()
    at = target.bounding_box()
    page.mouse.move(at['x'] + at['width']/2, at['y'] + at['height']/2)
    page.mouse.down()
    # The mouse is held for real; it moves from within the page, one place for every frame, since no test tool is that quick
    target.evaluate(MOVE, [box, 1000*SECONDS])
    page.mouse.up()

def measure(browser, make, how):
    "Frames per second, and milliseconds of script and layout in each: median and 95th percentile"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)/'figure.html'
        path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{make().html}', encoding='utf-8')
        page = browser.new_page(viewport={'width': 900, 'height': 900}, reduced_motion='no-preference')
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        browser.start_tracing(page=page, categories=['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'devtools.timeline.frame', 'toplevel'])
        act(page, page.locator('.sgd-figure'), how)
        events = json.loads(browser.stop_tracing())['traceEvents']
        page.close()
    drawn = sorted(e['ts'] for e in events if e['name']=='DrawFrame')
    gaps = [(b - a)/1000 for a, b in zip(drawn, drawn[1:])]
    work = sorted(e['dur']/1000 for e in events if e['name'] in ('FireAnimationFrame', 'EventDispatch', 'UpdateLayoutTree', 'Layout', 'Paint', 'PrePaint') and e.get('dur'))
    busy = sum(work)/max(1, len(drawn))
    return 1000/statistics.median(gaps), len(drawn)/((drawn[-1] - drawn[0])/1e6), busy, work[int(0.99*len(work))]

def main():
    print(f'Measured on {machine()}. Frames per second: 1 over the median time between two frames, and frames by time; then milliseconds of work per frame, '
        'and the 99th percentile of a single task.\n\n| figure | frames/s, median | frames/s, mean | work per frame, ms | longest tasks, ms |\n|---|---|---|---|---|')
    with sync_playwright() as p:
        path = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))))
        browser = p.chromium.launch(executable_path=path, args=['--no-sandbox'])
        for name, (make, how) in CASES.items(): print(f'| {name} |', ' | '.join(f'{v:.1f}' for v in measure(browser, make, how)), '|', flush=True)
        browser.close()

if __name__ == '__main__': main()
