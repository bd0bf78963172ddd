"The figures in a browser: on the built site, and on pages of their own"
import json, math, re, shutil

import pytest
from playwright.sync_api import expect

from repository import ROOT
from sgd_course import figures
from sgd_course.figures import bend_figure, bowl_figure, descent_figure, graph_figure, losses_figure, race_figure
from conftest import stop_clock
from test_figures_lab import draw, play_and_pause, turn_by_keyboard

ALL = {'descent': descent_figure, 'bowl': bowl_figure, 'losses': losses_figure, 'race': race_figure,
    'graph': graph_figure}

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
    'graph': 'x, the input'}

def test_a_knob_is_heard(page, tmp_path):
    "The text is written into a live region, which is there from the start: only then do screen readers read it"
    for figure, knob in zip(show(page, tmp_path, *(ALL[name]().html for name in KNOBS)).all(), KNOBS.values()):
        figure.evaluate(HEARD)
        before = says(figure).inner_text()
        press(page, figure.get_by_role('slider', name=knob), 'ArrowRight', 5)
        expect(says(figure)).not_to_have_text(before)
        assert figure.evaluate('host => host.log.at(-1)')==says(figure).text_content(), knob

def test_where_motion_ends_is_heard_and_not_its_way(moving_page, tmp_path):
    made = [make().html for name, make in ALL.items() if name!='losses']
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
    made = (descent_figure(), descent_figure('quartic'), bowl_figure(), race_figure(), bend_figure(), graph_figure())
    square, quartic, bowl, race, bend, graph = show(page, tmp_path, *(o.html for o in made)).all()
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
