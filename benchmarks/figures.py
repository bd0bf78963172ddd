"How smoothly the figures move, from the browser's own trace: `python benchmarks/figures.py` writes sgd_course/content/results/figures.md"
import argparse, json, shutil, statistics, sys, tempfile
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from startup import ROOT, machine

sys.path.insert(0, str(ROOT))
from sgd_course.data import load_mnist
from sgd_course.figures import batch_figure, bend_figure, bowl_figure, descent_figure, draw_figure, graph_figure, growing_figure, losses_figure, race_figure, record_run

def growing():
    "Two runs as long as those of chapter 5, with weights that are drawn at random: how they came about makes no difference here"
    steps = torch.randn(100, 784, generator=torch.Generator().manual_seed(0))
    run = record_run('a run', [(w, torch.zeros(())) for w in steps.cumsum(0)], lambda w, b: 1., shares=[0.5]*100)
    return growing_figure([run, run], load_mnist('test').images[:10], [0, 1]*5)

def batch():
    "Gradients and runs of the usual sizes, drawn at random"
    gradients = torch.randn(1024, 20, generator=torch.Generator().manual_seed(0)) + 0.3
    moments = [1, 10, 100, 1000]
    runs = [{'name': f'batch {b}', 'size': b, 'steps': moments, 'digits': [b*m for m in moments], 'seconds': [0.001*m for m in moments], 'loss': [1., 0.5, 0.3, 0.2]} for b in (1, 16, 256, 1024)]
    return batch_figure({'a': gradients, 'b': gradients}, runs)

# What is measured: the figure, and what the reader does
CASES = {
    'descent, playing with noise': (lambda: descent_figure('quartic', lr=0.01, noise=1), 'play'),
    'descent, start dragged': (descent_figure, 'drag'),
    'bowl, playing': (lambda: bowl_figure(condition=30, lr=0.02), 'play'),
    'losses, score dragged': (losses_figure, 'drag'),
    'race, playing': (lambda: race_figure('valley'), 'play'),
    'race, start dragged': (race_figure, 'handle'),
    'bend, learning': (bend_figure, 'play'),
    'draw, drawing': (draw_figure, 'draw'),
    'growing, playing': (growing, 'play'),
    'batch, playing': (batch, 'play'),
    'graph, playing': (graph_figure, 'play'),
}

MOVE = '''(target, [box, time]) => new Promise(done => { const start = performance.now(); let k = 0;
    const move = now => { k++;
        const clientX = box.x + box.width*(0.5 + 0.35*Math.sin(k/25)), clientY = box.y + box.height*(0.5 + 0.2*Math.cos(k/17));
        target.dispatchEvent(new PointerEvent('pointermove', {pointerId: 1, clientX, clientY, buttons: 1, bubbles: true}));
        if (now < start + time) requestAnimationFrame(move); else done() };
    requestAnimationFrame(move) })'''

def act(page, figure, how, seconds):
    "Do for `seconds` what a reader would do"
    if how=='play':
        figure.get_by_role('button', name='Play').click()
        return page.wait_for_timeout(1000*seconds)
    target = {'drag': figure.locator('.stage svg').first, 'handle': figure.get_by_role('slider', name='Start'), 'draw': figure.get_by_role('application')}[how]
    box = (figure.locator('.stage svg').first if how=='handle' else target).bounding_box()
    at = target.bounding_box()
    page.mouse.move(at['x'] + at['width']/2, at['y'] + at['height']/2)
    page.mouse.down()
    # The mouse is held for real; it moves from within the page, one place for every frame, since no test tool is that quick
    target.evaluate(MOVE, [box, 1000*seconds])
    page.mouse.up()

def measure(browser, make, how, seconds):
    "Frames per second by the median gap and by time, milliseconds of work in a frame, and the 99th percentile of a single task"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)/'figure.html'
        path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{make().html}', encoding='utf-8')
        page = browser.new_page(viewport={'width': 900, 'height': 900}, reduced_motion='no-preference')
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        browser.start_tracing(page=page, categories=['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'devtools.timeline.frame', 'toplevel'])
        act(page, page.locator('.sgd-figure'), how, seconds)
        events = json.loads(browser.stop_tracing())['traceEvents']
        page.close()
    drawn = sorted(e['ts'] for e in events if e['name']=='DrawFrame')
    gaps = [(b - a)/1000 for a, b in zip(drawn, drawn[1:])]
    work = sorted(e['dur']/1000 for e in events if e['name'] in ('FireAnimationFrame', 'EventDispatch', 'UpdateLayoutTree', 'Layout', 'Paint', 'PrePaint') and e.get('dur'))
    busy = sum(work)/max(1, len(drawn))
    return 1000/statistics.median(gaps), len(drawn)/((drawn[-1] - drawn[0])/1e6), busy, work[int(0.99*len(work))]

PAGE = """# How smoothly the figures move

Made by `python benchmarks/figures.py` on {where}, in Chromium {browser} without a screen, which draws 60 frames a second at most. Each figure moved for {seconds:g} seconds. The table gives the frames per second, as 1 over the median time between two frames and as frames over time; then the milliseconds of work in a frame (scripts, layout, paint), and how long the longest tasks took (99th percentile). Growing and batch change at whole steps only, 6 and 12 times a second.

| figure | frames/s, median | frames/s, mean | work in a frame, ms | longest tasks, ms |
|---|---|---|---|---|
{rows}
"""

def main(args=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=4., help='how long each figure moves')
    parser.add_argument('--out', type=Path, default=ROOT/'sgd_course'/'content'/'results'/'figures.md', help='the page to write')
    o = parser.parse_args(args)
    rows = []
    with sync_playwright() as p:
        path = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))))
        browser = p.chromium.launch(executable_path=path, args=['--no-sandbox'])
        for name, (make, how) in CASES.items():
            rows.append(f"| {name} | {' | '.join(f'{v:.1f}' for v in measure(browser, make, how, o.seconds))} |")
            print(rows[-1], flush=True)
        version = browser.version
        browser.close()
    o.out.write_text(PAGE.format(where=machine(), browser=version, seconds=o.seconds, rows='\n'.join(rows)), encoding='utf-8')

if __name__ == '__main__': main()
