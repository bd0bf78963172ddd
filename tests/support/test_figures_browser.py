"The figures in a browser: on the built site, and on pages of their own"
import json, math, re, shutil

import pytest
from playwright.sync_api import expect

from repository import ROOT
from sgd_course import figures
from sgd_course.figures import (bend_figure, bowl_figure, climb_figure, clinic_figure, descent_figure, draw_figure,
    graph_figure, losses_figure, machines_figure, race_figure, warp_figure)
from sgd_course.questionnaire import Questionnaire
from conftest import stop_clock
from test_figures_lab import draw, play_and_pause, turn_by_keyboard

RUNGS = [dict(name='low', adds='a first try', error=8.04, spread=0.11, seeds=5, minutes=0.25, test=8.3),
    dict(name='high', adds='patience', error=1.1, spread=0.03, seeds=5, minutes=9., test=None)]
OTHERS = [dict(year=1998, who='A & B', network='linear', error=12.),
    dict(year=2010, who='C', network='deep', error=0.35)]

def ladder(): return climb_figure(RUNGS, OTHERS)

ALL = {'descent': descent_figure, 'bowl': bowl_figure, 'losses': losses_figure, 'race': race_figure,
    'graph': graph_figure, 'machines': machines_figure, 'climb': ladder, 'warp': warp_figure}

def show(page, tmp_path, *html, head=''):
    "Open a page that holds the figures, from a file"
    path = tmp_path/'page.html'
    start = '<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>'
    path.write_text(start + head + ''.join(html), encoding='utf-8')
    page.goto(path.as_uri())
    return page.locator('.sgd-figure')

def says(figure): return figure.locator('.says')

def press(page, knob, key, times=1):
    knob.focus()
    for _ in range(times): page.keyboard.press(key)

# On the site

@pytest.fixture
def figures_page(page, address, site):
    "The page of the site with most figures"
    page.goto(f"{address}/{next(site.rglob('figures.html')).relative_to(site).as_posix()}")
    return page

def named(page, label): return page.get_by_role('group', name=label, exact=True).first

def test_on_the_site_by_keyboard(figures_page):
    "Arrow keys move a slider and turn no page; the figure plays, pauses, also after a reload; and it turns dark"
    page, figure = figures_page, named(figures_page, 'Descent on a curve')
    figure.get_by_role('radio', name='square').check()
    knob, before = figure.get_by_role('slider', name='Learning rate'), page.url
    press(page, knob, 'Home')
    press(page, knob, 'ArrowRight', 9)
    assert knob.get_attribute('aria-valuetext')=='0.1'
    expect(says(figure)).to_contain_text('rolls smoothly down, and is there after 26 steps')
    press(page, knob, 'End')
    expect(says(figure)).to_contain_text('diverges')
    press(page, figure.get_by_role('button', name='Step'), 'ArrowRight')
    assert page.url==before, 'the arrow keys turn the pages of the site, but not from within a figure'
    for _ in range(2):
        figure.get_by_role('radio', name='square').check()
        turn_by_keyboard(page, figure)
        play_and_pause(page, figure)
        page.reload()
    light = inks(figure)
    page.emulate_media(color_scheme='dark')
    dark = inks(figure)
    assert len(set(light))==len(set(dark))==1 and light!=dark

def inks(figure):
    "The colours of the page's text around a figure, of its words, and of the text in its drawing"
    return figure.evaluate('''el => { const ink = (e, what) => getComputedStyle(e)[what], root = el.shadowRoot;
        const [words, text] = ['.says', 'text'].map(s => root.querySelector(s));
        return [ink(el, 'color'), ink(words, 'color'), ink(text, 'fill')] }''')

def test_figures_work_from_a_folder(page, site):
    page.goto(next(site.rglob('figures.html')).as_uri())
    figure = named(page, 'A stretched bowl')
    figure.get_by_role('button', name='Best rate').click()
    assert figure.get_by_role('slider', name='Learning rate').get_attribute('aria-valuetext')=='0.182'
    expect(says(figure)).to_contain_text('−0.82')

def test_a_digit_is_drawn_by_mouse_and_by_keys_also_after_reload(page, address):
    page.goto(f'{address}/index.html')
    for _ in range(2):
        draw(page, page.get_by_role('group', name='Draw a digit', exact=True))
        page.reload()

PHONE = """() => {
    const hosts = [...document.querySelectorAll('.sgd-figure')];
    const within = (host, what) => [...host.shadowRoot.querySelectorAll(what)];
    const small = hosts.flatMap(host => within(host, 'button, input, canvas[tabindex], [role=slider]')).filter(e => {
        const r = e.getBoundingClientRect();
        return r.width && (r.height < 43.5 || r.width < 43.5) });
    const wide = hosts.filter(host => { const edge = within(host, '.figure')[0].getBoundingClientRect().right + 1;
        return within(host, '.figure *').some(e => !e.closest('svg') && e.getBoundingClientRect().right > edge) });
    const tiny = hosts.flatMap(host => within(host, 'text, p, th, td, span, button'))
        .filter(e => e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 12);
    return [small, wide, tiny].map(found => found.map(e => e.outerHTML.slice(0, 200))) }"""

def test_on_a_phone_everything_fits_and_can_be_touched(figures_page):
    page = figures_page
    page.set_viewport_size({'width': 390, 'height': 844})
    page.wait_for_function('document.querySelectorAll(".sgd-figure[data-on]").length >= 8')
    assert page.evaluate(PHONE)==[[], [], []]
    assert page.evaluate('document.documentElement.scrollWidth') <= 390

# Time. The clock of `moving_page` stands still until a test lets it run: what is seen hangs on no machine's speed

def test_play_pause_and_reset(moving_page, tmp_path):
    figure = show(moving_page, tmp_path, descent_figure(lr=0.1).html)
    text, place = says(figure), lambda: figure.locator('.stage circle').last.get_attribute('cx')
    start = place()
    moving_page.clock.run_for(3000)
    expect(text).to_contain_text('Step 0:')
    assert place()==start, 'nothing moves before the reader asks'
    figure.get_by_role('button', name='Play').press('Enter')
    moving_page.clock.run_for(1000)
    expect(text).to_contain_text(re.compile(r'Step [2-9]:'))
    figure.get_by_role('button', name='Pause').press('Space')
    held, words = place(), text.inner_text()
    moving_page.clock.run_for(3000)
    assert place()==held!=start and text.inner_text()==words
    figure.get_by_role('button', name='Play').click()
    moving_page.clock.run_for(1000)
    expect(text).not_to_have_text(words)
    figure.get_by_role('button', name='Reset').click()
    expect(text).to_contain_text('Step 0:')
    assert place()==start and figure.get_by_role('button', name='Play').count()==1

def test_the_ball_glides_unless_motion_is_reduced(moving_page, page, tmp_path):
    def places(page):
        figure, seen = show(page, tmp_path, descent_figure(lr=0.1).html), set()
        figure.get_by_role('button', name='Play').click()
        for _ in range(60):
            seen.add(figure.locator('.stage circle').last.get_attribute('cx'))
            if 'Step 2:' in says(figure).inner_text(): return seen
            page.clock.run_for(50)
    stop_clock(page)
    assert len(places(page))==3 and len(places(moving_page))>8   # The start and two steps; and places between them

HEARD = '''host => { const heard = host.shadowRoot.querySelector('.heard'), log = host.log = [];
    if (heard.ariaLive != 'polite') throw 'nobody listens';
    const observer = new MutationObserver(() => log.push(heard.textContent));
    observer.observe(heard, {childList: true, characterData: true, subtree: true}) }'''

KNOBS = {'descent': 'Learning rate', 'bowl': 'Learning rate', 'losses': 'Score', 'race': 'Start',
    'graph': 'x, the input', 'machines': 'Machines', 'climb': 'Rung', 'warp': 'Turn'}

def test_a_knob_is_heard(page, tmp_path):
    "The text is written into a live region, which is there from the start: only then do screen readers read it"
    for figure, knob in zip(show(page, tmp_path, *(ALL[name]().html for name in KNOBS)).all(), KNOBS.values()):
        figure.evaluate(HEARD)
        before = says(figure).inner_text()
        press(page, figure.get_by_role('slider', name=knob), 'ArrowRight', 5)
        expect(says(figure)).not_to_have_text(before)
        assert figure.evaluate('host => host.log.at(-1)')==says(figure).text_content(), knob

def test_where_motion_ends_is_heard_and_not_its_way(moving_page, tmp_path):
    made = [make().html for name, make in ALL.items() if name not in ('losses', 'machines', 'climb', 'warp')]
    for figure in show(moving_page, tmp_path, *made).all():
        figure.evaluate(HEARD)
        figure.get_by_role('button', name='Step').click()
        moving_page.clock.run_for(3000)
        expect(figure.get_by_role('button', name='Play')).to_be_visible()
        assert figure.evaluate('host => host.log')==[says(figure).text_content()]
        before = says(figure).inner_text()
        figure.get_by_role('button', name='Play').click()
        moving_page.clock.run_for(3000)
        expect(says(figure)).not_to_have_text(before)
        assert len(figure.evaluate('host => host.log'))==1
        figure.get_by_role('button', name='Pause').click()
        assert figure.evaluate('host => host.log')[1:]==[says(figure).text_content()]

def test_quick_steps_all_count(moving_page, tmp_path):
    figure = show(moving_page, tmp_path, descent_figure(lr=0.1).html)
    for _ in range(4): figure.get_by_role('button', name='Step').click()
    moving_page.clock.run_for(10_000)
    expect(figure.get_by_role('button', name='Play')).to_be_visible()
    expect(says(figure)).to_contain_text('Step 4:')
    figure.get_by_role('button', name='Reset').click()
    figure.get_by_role('slider', name='Learning rate').fill('0.5')   # Two steps in all, and no more
    for _ in range(4): figure.get_by_role('button', name='Step').click()
    moving_page.clock.run_for(10_000)
    expect(figure.get_by_role('button', name='Play')).to_be_visible()
    expect(says(figure)).to_contain_text('Step 2:')

    # Step stops what plays, at the next step
    figure.get_by_role('slider', name='Learning rate').fill('0.1')
    figure.get_by_role('button', name='Play').click()
    for _ in range(60):
        if 'Step 1:' in says(figure).inner_text(): break
        moving_page.clock.run_for(50)
    figure.get_by_role('button', name='Step').click()
    moving_page.clock.run_for(10_000)
    expect(figure.get_by_role('button', name='Play')).to_be_visible()
    expect(says(figure)).to_contain_text('Step 2:')

def test_play_after_pause_runs_once_per_frame(moving_page, tmp_path):
    figure = show(moving_page, tmp_path, descent_figure(lr=0.1).html)
    figure.evaluate('''host => { const play = host.shadowRoot.querySelector('button'), ask = requestAnimationFrame;
        window.requestAnimationFrame = f => { host.asked++; return ask(f) };
        for (let k = 0; k < 7; k++) play.click();   // Play, pause, play, ...
        host.asked = 0 }''')
    moving_page.clock.run_for(160)   # Ten frames of 16 ms
    assert 8 <= figure.evaluate('host => host.asked') <= 10

def test_step_goes_one_step(page, tmp_path):
    figure = show(page, tmp_path, race_figure().html)
    for k in (1, 2):
        figure.get_by_role('button', name='Step').click()
        expect(says(figure)).to_contain_text(f'Step {k}.')

def test_a_finished_run_plays_again(page, tmp_path):
    figure = show(page, tmp_path, descent_figure(lr=0.5).html)
    for _ in range(2):
        figure.get_by_role('button', name='Play').click()
        expect(says(figure)).to_contain_text('Step 2:')
        expect(figure.get_by_role('button', name='Play')).to_be_visible()
    expect(says(figure)).to_contain_text('lands on the minimum in a single step')

def test_way_back_is_walked_by_keys(page, tmp_path):
    figure = show(page, tmp_path, graph_figure().html)
    step, graph = figure.get_by_role('button', name='Step'), figure.get_by_role('img')
    expect(says(figure)).to_contain_text('Now the way back')
    expect(graph).to_have_attribute('aria-label', re.compile('w 0.8; .*L 0.22$'))
    for text in ('by itself is 1', 'The square', 'with the other sign', 'another path leads to it',
        'tanh has the slope', 'unchanged', 'At w two paths meet'):
        step.press('Enter')
        expect(says(figure)).to_contain_text(text)
    w, x, b, t = 0.8, 1.5, -0.4, 1.
    h = math.tanh(w*x + b)
    shares = [2*(w*h - t)*h, 2*(w*h - t)*w*(1 - h*h)*x]
    expect(says(figure)).to_contain_text(f'{shares[0]:.3f} + ({shares[1]:.3f}) = {sum(shares):.2f}'.replace('-', '−'))
    press(page, figure.get_by_role('slider', name='t, the target'), 'End')
    # The walk stays where it is, and its numbers follow
    expect(graph).to_have_attribute('aria-label', re.compile('t 2, gradient '))
    figure.get_by_role('button', name='Reset').press('Enter')
    expect(graph).not_to_have_attribute('aria-label', re.compile('gradient'))

def test_a_patient_is_examined_and_diagnosed_by_keys(page, tmp_path):
    "Tests count once, a wrong diagnosis costs the one that it tells, and who comes back has kept his"
    figure = show(page, tmp_path, clinic_figure(number=6).html)
    results, story = figure.locator('.result'), figure.locator('.story')
    expect(story).to_contain_text('Patient 6, level 2. A network 49-32-10')
    for _ in range(2): figure.get_by_role('button', name='curve').press('Enter')
    expect(says(figure)).to_contain_text('1 test so far')
    expect(results).to_have_count(1)
    expect(figure.get_by_role('img', name='Picture of curve')).to_be_visible()
    select, diagnose = figure.get_by_label('Diagnosis'), figure.get_by_role('button', name='Diagnose')
    select.select_option('dead units')
    diagnose.press('Space')
    expect(says(figure)).to_contain_text('No, after 2 tests. What speaks against it is in activations')
    expect(results.first).to_contain_text('activations')
    select.select_option('softmax twice')
    diagnose.press('Enter')
    expect(says(figure)).to_contain_text('Right, after 2 tests.')
    expect(says(figure)).to_contain_text('1 patient of 12 so far, 2 tests.')
    figure.get_by_role('radio', name='6', exact=True).press('ArrowRight')
    expect(story).to_contain_text('Patient 7, level 2.')
    expect(results).to_have_count(0)
    page.keyboard.press('ArrowLeft')
    expect(results).to_have_count(2)

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_a_new_patient_is_drawn_by_level_and_seed(page, tmp_path, scheme):
    "By keys; the next press brings the next one, the same seed the same one, and all of them count"
    page.emulate_media(color_scheme=scheme)
    figure = show(page, tmp_path, clinic_figure().html)
    story, seed = figure.locator('.story'), figure.get_by_label('Seed')
    draw, level = figure.get_by_role('button', name='New patient'), figure.get_by_label('Level')
    level.select_option('2, harder')
    for n in (1, 2):
        draw.press('Enter')
        expect(story).to_contain_text(f'New patient, seed {n}, level 2. A network')
    assert figure.get_by_role('radio', checked=True).count()==0
    figure.get_by_role('button', name='batch').press('Enter')
    expect(says(figure)).to_contain_text('1 test so far')
    seed.fill('1')
    draw.press('Space')
    expect(figure.locator('.result')).to_have_count(0)
    draw.press('Space')
    expect(story).to_contain_text('seed 2, level 2')
    expect(figure.locator('.result')).to_have_count(1)
    seed.fill('')
    draw.press('Enter')
    expect(story).to_contain_text('seed 1, level 2')
    press(page, figure.get_by_role('radio', name='1', exact=True), 'Space')
    expect(story).to_contain_text('Patient 1, level 1.')
    ink, paper = (draw.evaluate(f'el => getComputedStyle({o}).{key}') for o, key in
        (('el', 'color'), ("el.getRootNode().querySelector('.sheet')", 'backgroundColor')))
    assert ink!=paper

def test_a_dot_travels_the_way_back(moving_page, tmp_path):
    figure = show(moving_page, tmp_path, graph_figure().html)
    for _ in range(2): figure.get_by_role('button', name='Step').click()
    moving_page.clock.run_for(1800)   # Of 1250 for each step
    expect(figure.locator('.stage circle')).to_have_count(1)
    moving_page.clock.run_for(10_000)
    expect(says(figure)).to_contain_text('The square')
    expect(figure.locator('.stage circle')).to_have_count(0)

def test_sgd_is_the_first_to_arrive_on_the_bowl(page, tmp_path):
    "With the rates shown first, as nbs/making/figures.ipynb says"
    figure = show(page, tmp_path, race_figure().html)
    press(page, figure.get_by_role('slider', name='Steps per second'), 'End')
    figure.get_by_role('button', name='Play').click()
    expect(says(figure)).to_have_text('Step 200. SGD arrived at step 36; Nesterov arrived at step 53;'
        ' RMSprop arrived at step 55; Adam arrived at step 70; momentum arrived at step 77.')

# Hands

def test_start_is_dragged(page, tmp_path):
    figure = show(page, tmp_path, descent_figure().html)
    box = figure.locator('.stage svg').first.bounding_box()
    page.mouse.move(box['x'] + 0.5*box['width'], box['y'] + 50)
    page.mouse.down()
    page.mouse.move(box['x'] + 0.3*box['width'], box['y'] + 60, steps=4)
    start = figure.get_by_role('slider', name='Start')
    dragged = start.get_attribute('aria-valuetext')
    page.mouse.up()
    page.mouse.move(box['x'] + 0.8*box['width'], box['y'] + 60)
    assert dragged.startswith('−2') and start.get_attribute('aria-valuetext')==dragged

@pytest.mark.parametrize('make', [bowl_figure, race_figure])
def test_a_start_in_the_plane_is_moved_by_mouse_and_keys(page, tmp_path, make):
    figure = show(page, tmp_path, make(start=(1., 1.)).html)
    start = figure.get_by_role('slider', name='Start')
    assert start.get_attribute('aria-valuetext')=='1, 1'
    press(page, start, 'ArrowLeft', 2)
    press(page, start, 'ArrowUp')
    assert start.get_attribute('aria-valuetext')=='0.8, 1.1'
    box = start.bounding_box()
    page.mouse.move(box['x'] + box['width']/2, box['y'] + box['height']/2)
    page.mouse.down()
    page.mouse.move(box['x'] - 40, box['y'] + box['height']/2, steps=4)
    page.mouse.up()
    x, y = start.get_attribute('aria-valuetext').replace('−', '-').split(', ')
    assert float(x) < 0.5 and abs(float(y) - 1.1) <= 0.05

def test_losses_break_down_in_float32(page, tmp_path):
    figure = show(page, tmp_path, losses_figure().html)
    assert figure.locator('td.bad').count()==0
    figure.get_by_role('radio', name='±120').check()
    press(page, figure.get_by_role('slider', name='Score'), 'Home')
    expect(says(figure)).to_contain_text('Confidently wrong')
    assert figure.locator('td.bad').all_inner_texts()==['NaN', 'NaN', '∞', 'NaN']
    press(page, figure.get_by_role('radio', name='1, it is a 3'), 'ArrowLeft')
    expect(says(figure)).to_contain_text('Confidently right')

def test_choices_switch_curve_and_surface(page, tmp_path):
    one, two = show(page, tmp_path, descent_figure().html, race_figure().html).all()
    press(page, one.get_by_role('radio', name='square'), 'ArrowRight')
    expect(says(one)).to_contain_text('stalls on the flat spot')
    press(page, two.get_by_role('radio', name='stretched bowl'), 'ArrowRight', 2)
    assert two.get_by_role('slider', name='Start').get_attribute('aria-valuetext')=='−3, 0.002'

FOCUS = """() => {
    const e = document.activeElement.shadowRoot?.activeElement;
    if (!e) return null;
    const looks = getComputedStyle(e.matches('[type=radio]') ? e.nextElementSibling : e);
    return [e.ariaLabel ?? e.textContent ?? e.value, looks.outlineStyle, parseFloat(looks.outlineWidth)] }"""

def test_focus_is_seen_on_every_stop(page, tmp_path):
    figures = show(page, tmp_path, *(make().html for make in ALL.values()))
    stops = figures.locator('button, input[type=range], :checked, [tabindex="0"]').count()
    page.locator('body').press('Tab')
    seen = []
    for _ in range(stops):
        seen.append(page.evaluate(FOCUS))
        page.keyboard.press('Tab')
    assert stops > 30 and all(s and s[1]=='solid' and s[2]>=2 for s in seen), seen
    assert page.evaluate(FOCUS) is None, 'the last stop is left by Tab'

# Several figures, and a hostile page

def test_nothing_leaks_between_figures_or_to_the_page(page, tmp_path):
    style = '<style>* { color: rgb(1, 2, 3) !important } button, p, svg { display: none !important }</style>'
    before = '''() => [Object.keys(window).length, document.styleSheets.length,
        getComputedStyle(document.querySelector('#mine')).minHeight]'''
    mine = '<div class="says" id="mine">mine</div><span class="title">mine</span>'
    show(page, tmp_path, mine, head=style)
    alone = page.evaluate(before)
    one, two = show(page, tmp_path, mine, descent_figure().html, descent_figure(lr=0.9).html, head=style).all()
    assert page.evaluate(before)==alone and page.locator('#mine').inner_text()=='mine'
    expect(one.get_by_role('button', name='Play')).to_be_visible()
    words = says(two).inner_text()
    one.get_by_role('slider', name='Learning rate').fill('1.2')
    expect(says(one)).to_contain_text('diverges')
    one.get_by_role('radio', name='quartic').check()
    assert says(two).inner_text()==words and 'zig-zags' in words

def test_equal_figures_on_one_page_both_live(page, tmp_path):
    one, two = show(page, tmp_path, descent_figure().html, descent_figure().html).all()
    one.get_by_role('slider', name='Learning rate').fill('1.2')
    expect(says(one)).to_contain_text('diverges')
    expect(says(two)).to_contain_text('rolls smoothly')

def test_a_figure_in_a_closed_fold_is_drawn_when_it_opens(page, tmp_path):
    figure = show(page, tmp_path, '<details><summary>more</summary>', descent_figure().html, '</details>')
    page.get_by_text('more').click()
    expect(figure.locator('.stage .curve')).to_have_attribute('d', re.compile('^M'))

def test_without_javascript_a_sentence_is_read(browser, tmp_path):
    page = browser.new_page(java_script_enabled=False)
    for figure in show(page, tmp_path, *(make().html for make in ALL.values())).all():
        expect(figure).to_contain_text('an interactive figure. It needs JavaScript.')
    page.close()

# Limits

def accepts(make, **settings):
    "Whether Python makes a figure with these settings"
    try: make(**settings)
    except ValueError: return False
    return True

def ends_hold(make, name, limits, within=lambda v: v, **others):
    "Python takes both ends of a range, and nothing beyond"
    lo, hi = limits
    inside = all(accepts(make, **others, **{name: within(v)}) for v in limits)
    return inside and not any(accepts(make, **others, **{name: within(v)}) for v in (lo - 1e-3*hi, hi + 1e-3*hi))

def ends_of(figure, label):
    "Where a slider ends"
    knob = figure.get_by_role('slider', name=label, exact=True)
    return [float(knob.get_attribute('min')), float(knob.get_attribute('max'))]

def logs(limits): return pytest.approx([math.log10(v) for v in limits])

def test_limits_of_python_and_javascript_are_those_of_the_file(page, tmp_path):
    limits = figures.LIMITS
    made = (descent_figure(), descent_figure('quartic'), bowl_figure(), race_figure(), bend_figure(), graph_figure(),
        machines_figure(), warp_figure())
    square, quartic, bowl, race, bend, graph, machines, warp = show(page, tmp_path, *(o.html for o in made)).all()
    for curve, figure in (('square', square), ('quartic', quartic)):
        for name, label in {'start': 'Start', 'lr': 'Learning rate', 'noise': 'Gradient noise'}.items():
            assert ends_of(figure, label)==limits['descent'][curve][name]
            assert ends_hold(descent_figure, name, limits['descent'][curve][name], curve=curve)
    for name, label in {'condition': 'Condition number', 'lr': 'Learning rate'}.items():
        assert ends_of(bowl, label)==logs(limits['bowl'][name]) and ends_hold(bowl_figure, name, limits['bowl'][name])
    assert ends_of(race, 'Adam learning rate')==logs(limits['race']['lr'])
    assert ends_hold(race_figure, 'lrs', limits['race']['lr'], lambda v: [0.1, 0.1, 0.1, 0.1, v])
    for name, label in {'width': 'Units in a layer', 'depth': 'Hidden layers'}.items():
        assert ends_of(bend, label)==limits['bend'][name]
        assert not accepts(bend_figure, **{name: limits['bend'][name][0] - 1})
        assert not accepts(bend_figure, **{name: limits['bend'][name][1] + 1})
    assert ends_of(bend, 'Learning rate')==logs(limits['bend']['lr'])
    assert ends_hold(bend_figure, 'lr', limits['bend']['lr'])
    assert ends_of(graph, 'x, the input')==limits['graph']['value']
    assert ends_hold(graph_figure, 'x', limits['graph']['value'])
    labels = dict(p='Machines', batch='Batch size', weights='Weights', bandwidth='Bandwidth', latency='Latency',
        speed='Speed of a machine')
    for name, label in labels.items(): assert ends_of(machines, label)==logs(limits['machines'][name])
    for name in ('bandwidth', 'latency', 'speed'): assert ends_hold(machines_figure, name, limits['machines'][name])
    labels = dict(right='To the right', down='Down', turn='Turn', zoom='Size', lean='Lean', elastic='Rubber')
    for name, label in labels.items():
        assert ends_of(warp, label)==limits['warp'][name] and ends_hold(warp_figure, name, limits['warp'][name])

def test_machines_say_when_more_of_them_are_slower(page, tmp_path):
    figure = show(page, tmp_path, machines_figure().html)
    expect(says(figure)).to_contain_text('More than 14 are slower again')
    figure.get_by_role('slider', name='Batch size').fill(str(math.log10(4096)))
    expect(says(figure)).to_contain_text('More than 30 are slower again')
    figure.get_by_role('slider', name='Batch size').fill('2')
    expect(says(figure)).to_contain_text('No number of machines is faster than one.')

@pytest.mark.parametrize('make, corners', [(bowl_figure, figures.LIMITS['bowl']['start']),
    (race_figure, figures.LIMITS['race']['start']['bowl'])])
def test_a_start_in_the_plane_goes_as_far_as_the_file_says(page, tmp_path, make, corners):
    (left, right), (low, high) = corners
    for x, y, keys in ((left, low, ('ArrowLeft', 'ArrowDown')), (right, high, ('ArrowRight', 'ArrowUp'))):
        figure = show(page, tmp_path, make(start=(x, y)).html)
        start = figure.get_by_role('slider', name='Start')
        for key in keys: press(page, start, key, 2)
        assert start.get_attribute('aria-valuetext')==f'{x:g}, {y:g}'.replace('-', '−')
        assert not accepts(make, start=(1.01*x, y)) and not accepts(make, start=(x, 1.01*y))

def test_the_recipe_in_the_notebook_works(page, tmp_path, monkeypatch):
    cells = json.loads((ROOT/'nbs/making/figures.ipynb').read_text(encoding='utf-8'))['cells']
    text = '\n'.join(''.join(c['source']) for c in cells if c['cell_type']=='markdown')
    code, = re.findall(r'```js\n(.*?)```', text, re.S)
    for path in figures.FOLDER.glob('_*.js'): shutil.copy(path, tmp_path)
    (tmp_path/'slope.js').write_text(code)
    monkeypatch.setattr(figures, 'FOLDER', tmp_path)
    figure = show(page, tmp_path, figures.Figure('slope', 'Slope of the square', w=1.5).html)
    expect(says(figure)).to_have_text('At 1.5 the slope is 3.')
    figure.get_by_role('slider', name='Weight').press('ArrowRight')
    expect(says(figure)).to_have_text('At 1.6 the slope is 3.2.')

# Keys that the page needs

KEYS_HEARD = '''window.heard = []; document.addEventListener('keydown', e => {
    const held = ['ctrlKey', 'metaKey', 'shiftKey'].filter(name => e[name]).map(name => name[0].toUpperCase());
    if (!['Control', 'Meta', 'Shift'].includes(e.key)) heard.push([...held, e.key].join('+')); e.preventDefault() })'''

def heard(page, place, *keys):
    "Which of `keys`, pressed in `place`, reach the page around a figure"
    page.evaluate('heard.length = 0')
    for key in keys:
        place.focus()
        page.keyboard.press(key)
    return page.evaluate('[...heard]')

def test_a_figure_keeps_its_keys_and_leaves_the_others_to_the_page(page, tmp_path):
    figure = show(page, tmp_path, descent_figure().html)
    page.evaluate(KEYS_HEARD)
    step = figure.get_by_role('button', name='Step')
    for place in (figure.get_by_role('slider', name='Learning rate'), step):
        assert heard(page, place, 'ArrowRight', 'Space', 'b', 'Home')==[]
        assert heard(page, place, 'Control+s', 'Shift+Enter', 'Escape', 'Meta+k')==['C+s', 'S+Enter', 'Escape', 'M+k']
    says(figure).wait_for()
    before = says(figure).inner_text()
    heard(page, step, 'Shift+Enter')
    assert says(figure).inner_text()==before, 'Shift+Enter presses no button'

def test_questions_keep_what_edits_a_field(page, tmp_path):
    ask = {'ask': 'How many?', 'number': 2, 'tolerance': 0, 'others': [], 'unit': '', 'why': 'So.', 'otherwise': 'No.',
        'proof': 'x'}
    show(page, tmp_path, Questionnaire([ask], 'Q')._repr_html_())
    page.evaluate(KEYS_HEARD)
    field = page.get_by_role('textbox')
    field.fill('2')
    assert heard(page, field, '3', 'Backspace', 'Control+a', 'Control+z', 'x')==[]
    field.fill('2')
    assert heard(page, field, 'Control+s', 'Shift+Enter')==['C+s', 'S+Enter']
    expect(page.get_by_text('1 question. The first answer counts.')).to_be_visible()
    field.press('Enter')
    expect(page.get_by_text('1 of 1 right')).to_be_visible()

# The pad

def on_pad(page, figure, *points):
    "Draw through points in shares of the pad's width"
    pad = figure.get_by_role('application')
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    where = [(box['x'] + x*box['width'], box['y'] + y*box['height']) for x, y in points]
    page.mouse.move(*where[0])
    page.mouse.down()
    for place in where[1:]: page.mouse.move(*place, steps=8)
    page.mouse.up()

def ink(figure, x, y):
    "Red, green, blue and opacity of a pixel of the pad"
    return figure.get_by_role('application').evaluate(
        '(c, [x, y]) => [...c.getContext("2d").getImageData(x*c.width, y*c.height, 1, 1).data]', [x, y])

def test_the_first_stroke_clears_the_sample_and_no_digit_that_was_chosen(page, tmp_path):
    figure = show(page, tmp_path, draw_figure(start=0).html)
    seven = (0.3, 0.2), (0.7, 0.2), (0.45, 0.8)
    on_pad(page, figure, *seven)
    expect(says(figure)).to_contain_text('reads a 7')
    figure.get_by_role('button', name='Example 1').click()
    expect(says(figure)).to_contain_text('reads a 1')
    before = figure.get_by_role('application').evaluate(INKED)
    on_pad(page, figure, (0.1, 0.1), (0.15, 0.1))
    assert figure.get_by_role('application').evaluate(INKED) > before, 'a stroke on a chosen digit adds to it'
    clear, pad = figure.get_by_role('button', name='Clear'), figure.get_by_role('application')
    gap = clear.bounding_box()['y'] - pad.bounding_box()['y'] - pad.bounding_box()['height']
    assert 0 <= gap < 20, 'Clear is just below the pad'
    clear.click()
    assert pad.evaluate(INKED)==0

INKED = '''c => [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]
    .filter((v, k) => k%4==3 && v > 99).length'''

def test_a_line_is_even_whatever_the_colour_of_the_text(page, tmp_path):
    "As in JupyterLab, whose text lets a little of the page through"
    figure = show(page, tmp_path, draw_figure().html, head='<style>body { color: rgba(0, 0, 0, 0.87) }</style>')
    on_pad(page, figure, (0.2, 0.5), (0.4, 0.5), (0.6, 0.5), (0.8, 0.5))
    assert {tuple(ink(figure, x/100, 0.5)) for x in range(20, 81)}=={(0, 0, 0, 255)}

def test_the_pad_takes_on_a_theme_that_jupyterlab_marks(page, tmp_path):
    dark = '<style>body[data-jp-theme-light="false"] { background: #111; color: rgba(255, 255, 255, 0.87) }</style>'
    figure = show(page, tmp_path, draw_figure().html, head=dark)
    on_pad(page, figure, (0.3, 0.5), (0.7, 0.5))
    assert ink(figure, 0.5, 0.5)==[0, 0, 0, 255]
    for light, colour in (('false', 255), ('true', 0)):
        page.evaluate('light => { document.body.dataset.jpThemeLight = light }', light)
        page.wait_for_function('''colour => document.querySelector(".sgd-figure").shadowRoot
            .querySelector(".pad canvas").getContext("2d").getImageData(140, 140, 1, 1).data[0]==colour''', arg=colour)
        on_pad(page, figure, (0.3, 0.8), (0.7, 0.8))
        assert ink(figure, 0.5, 0.8)==[colour]*3 + [255]

def test_the_ladder_is_climbed_by_keyboard_and_by_tapping(page, tmp_path):
    figure = show(page, tmp_path, ladder().html)
    expect(says(figure)).to_contain_text('low: a first try. Validation error 8.04 ± 0.11 %')
    press(page, figure.get_by_role('slider', name='Rung'), 'ArrowRight')
    expect(says(figure)).to_contain_text('high: patience. Validation error 1.1 ± 0.03 %')
    figure.locator('svg [data-at="3"] path').click()
    expect(says(figure)).to_contain_text('2010, C: deep. Error on the test digits 0.35 %')
    assert figure.get_by_role('slider', name='Rung').get_attribute('aria-valuetext')=='2010'

def test_a_ladder_without_rungs_shows_the_others(page, tmp_path):
    figure = show(page, tmp_path, climb_figure([], OTHERS).html)
    expect(says(figure)).to_contain_text('1998, A & B: linear.')
    expect(figure.locator('svg [data-at]')).to_have_count(2)

def test_a_digit_is_warped_and_comes_back(page, tmp_path):
    figure = show(page, tmp_path, warp_figure().html)
    picture = "e => e.shadowRoot.querySelectorAll('canvas')[1].toDataURL()"
    before = figure.evaluate(picture)
    expect(says(figure)).to_contain_text('looks up to 0 pixels away')
    figure.get_by_role('slider', name='Rubber').fill('2')
    bent = figure.evaluate(picture)
    figure.get_by_role('button', name='Other rubber').click()
    other = figure.evaluate(picture)
    figure.get_by_role('slider', name='To the right').fill('8')
    expect(says(figure)).to_contain_text('Ink has left the picture')
    figure.get_by_role('button', name='As it was').click()
    assert figure.evaluate(picture)==before and len({before, bent, other})==3
