"""How smoothly the figures move, from the browser's own trace: `python -m benchmarks.figures`

It writes sgd_course/content/results/figures.md."""
import argparse, json, shutil, statistics, tempfile
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from sgd_course.data import load_mnist
from sgd_course.figures import (batch_figure, bend_figure, bowl_figure, descent_figure, draw_figure, graph_figure,
    growing_figure, losses_figure, race_figure, record_run)
from sgd_course.files import write_whole

from .machine import machine

OUT = Path(__file__).resolve().parents[1]/'sgd_course'/'content'/'results'/'figures.md'

def growing():
    "Two runs as long as those of chapter 5; their weights are random, which makes no difference here"
    steps = torch.randn(100, 784, generator=torch.Generator().manual_seed(0))
    run = record_run('a run', [(w, torch.zeros(())) for w in steps.cumsum(0)], lambda w, b: 1., shares=[0.5]*100)
    return growing_figure([run, run], load_mnist('test').images[:10], [0, 1]*5)

def batch_run(size):
    "A run of mini-batches of `size` that was looked at four times"
    steps = [1, 10, 100, 1000]
    return {
        'name': f'batch {size}',
        'size': size,
        'steps': steps,
        'digits': [size*step for step in steps],
        'seconds': [0.001*step for step in steps],
        'loss': [1., 0.5, 0.3, 0.2],
    }

def batch():
    "Gradients and runs of the usual sizes, drawn at random"
    gradients = torch.randn(1024, 20, generator=torch.Generator().manual_seed(0)) + 0.3
    return batch_figure({'a': gradients, 'b': gradients}, [batch_run(size) for size in (1, 16, 256, 1024)])

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

MOVE = '''(target, [box, time]) => new Promise(done => {
    const start = performance.now()
    let k = 0
    function move(now) {
        k++
        const clientX = box.x + box.width*(0.5 + 0.35*Math.sin(k/25))
        const clientY = box.y + box.height*(0.5 + 0.2*Math.cos(k/17))
        const place = {pointerId: 1, clientX, clientY, buttons: 1, bubbles: true}
        target.dispatchEvent(new PointerEvent('pointermove', place))
        if (now < start + time) requestAnimationFrame(move)
        else done()
    }
    requestAnimationFrame(move)
})'''

def act(page, figure, how, seconds):
    "Do for `seconds` what a reader would do"
    if how=='play':
        figure.get_by_role('button', name='Play').click()
        return page.wait_for_timeout(1000*seconds)
    stage = figure.locator('.stage svg').first
    if how=='drag': target = stage
    elif how=='handle': target = figure.get_by_role('slider', name='Start')
    else: target = figure.get_by_role('application')
    at = target.bounding_box()
    box = stage.bounding_box() if how=='handle' else at
    page.mouse.move(at['x'] + at['width']/2, at['y'] + at['height']/2)
    page.mouse.down()
    # The mouse is held for real; it moves from within the page, a place for every frame: no test tool is that quick
    target.evaluate(MOVE, [box, 1000*seconds])
    page.mouse.up()

TRACED = ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'devtools.timeline.frame', 'toplevel']
WORK = {'FireAnimationFrame', 'EventDispatch', 'UpdateLayoutTree', 'Layout', 'Paint', 'PrePaint'}

def trace(browser, make, how, seconds):
    "What the browser noted down while a reader used the figure"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)/'figure.html'
        path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{make().html}', encoding='utf-8')
        page = browser.new_page(viewport={'width': 900, 'height': 900}, reduced_motion='no-preference')
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        browser.start_tracing(page=page, categories=TRACED)
        act(page, page.locator('.sgd-figure'), how, seconds)
        events = json.loads(browser.stop_tracing())['traceEvents']
        page.close()
    return events

def measure(events):
    "Frames per second by the median gap and by time, ms of work in a frame, and the 99th percentile of a task"
    drawn = sorted(e['ts'] for e in events if e['name']=='DrawFrame')
    gaps = [(b - a)/1000 for a, b in zip(drawn, drawn[1:])]
    work = sorted(e['dur']/1000 for e in events if e['name'] in WORK and e.get('dur'))
    by_gap = 1000/statistics.median(gaps)
    by_time = len(drawn)/((drawn[-1] - drawn[0])/1e6)
    busy = sum(work)/max(1, len(drawn))
    return by_gap, by_time, busy, work[int(0.99*len(work))]

PAGE = """# How smoothly the figures move

Made by `python -m benchmarks.figures` on {where}, in Chromium {browser} without a screen, which draws 60 frames a \
second at most. Each figure moved for {seconds:g} seconds. The table gives the frames per second, as 1 over the \
median time between two frames and as frames over time; then the milliseconds of work in a frame (scripts, layout, \
paint), and how long the longest tasks took (99th percentile). Growing and batch change at whole steps only, 6 and 12 \
times a second.

| figure | frames/s, median | frames/s, mean | work in a frame, ms | longest tasks, ms |
|---|---|---|---|---|
{rows}
"""

def main(args=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=4., help='how long each figure moves')
    parser.add_argument('--out', type=Path, default=OUT, help='the page to write')
    o = parser.parse_args(args)
    rows = []
    with sync_playwright() as p:
        path = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))))
        browser = p.chromium.launch(executable_path=path, args=['--no-sandbox'])
        for name, (make, how) in CASES.items():
            found = measure(trace(browser, make, how, o.seconds))
            rows.append(f"| {name} | {' | '.join(f'{v:.1f}' for v in found)} |")
            print(rows[-1], flush=True)
        version = browser.version
        browser.close()
    page = PAGE.format(where=machine(), browser=version, seconds=o.seconds, rows='\n'.join(rows))
    write_whole(o.out, page.encode())

if __name__ == '__main__': main()
