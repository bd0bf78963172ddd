"The figures: their arithmetic in JavaScript against the course's Python, their HTML, and what notebooks store of them"
import json, math

import pytest
import torch
from torch import tensor

from repository import NOTEBOOKS, PACKAGE
from subtests import each
from sgd_course import figures
from sgd_course.backprop import Node, topological_order
from sgd_course.figures import race_figure
from sgd_course.learning_rate import best_lr, lr_limit, walk
from sgd_course.many_machines import best_machines, step_time
from sgd_course.patients import DIAGNOSES, diagnose, for_page, patient, records
from sgd_course.quadratic_loss import descend, gradient, quadratic, quartic
from sgd_course.sigmoid import absolute_error, cross_entropy, cross_entropy_from_scores, sigmoid, squared_error
from sgd_course.warps import affine_moves, bells, bilinear, shift_moves

MODULES = [p.stem for p in (PACKAGE/'content'/'js').glob('[!_]*.js')]
EPS = 1e-6   # JavaScript computes in float64, as Python does here; only the order of the operations differs
CURVES = {'square': quadratic, 'quartic': quartic}

def double(x): return torch.as_tensor(x, dtype=torch.float64)

def close(got, want, eps=EPS):
    "Every number within `eps` of the other, or of its size if that is above 1; infinite and NaN together"
    torch.testing.assert_close(double(got), double(want), rtol=eps, atol=eps, equal_nan=True)

# Descent on a curve

@pytest.mark.parametrize('curve, start, lr', [('square', 3., 0.1), ('square', -2.5, 0.5), ('square', 4., 0.9),
    ('square', 1., 1.2), ('quartic', -1.5, 0.001), ('quartic', -1.5, 0.05), ('quartic', -1.5, 0.09),
    ('quartic', 3.5, 0.03)])
def test_walk_is_the_courses(js, curve, start, lr):
    f = CURVES[curve]
    close(js('descent', 'walk', curve, start, lr, 60), descend(f, double(start), lr, 60))
    close(js('descent', 'loss', curve, start), f(start))

def test_walk_that_diverges_overflows_like_pythons(js):
    want = walk(lambda w: 4*w**3 - 9*w**2, -1.5, 0.15, 20)
    assert not want.isfinite().all()
    close(js('descent', 'walk', 'quartic', -1.5, 0.15, 20), want)

def test_noisy_walk_is_the_courses(js):
    g = torch.Generator().manual_seed(3)
    pushes = [torch.randn((), generator=g, dtype=torch.float64).item() for _ in range(300)]
    want = walk(lambda w: 4*w**3 - 9*w**2, -1.5, 0.01, 300, noise=1., generator=torch.Generator().manual_seed(3))
    close(js('descent', 'walk', 'quartic', -1.5, 0.01, 300, pushes), want)

def test_noise_is_normal_and_repeats(js):
    z = double(js('descent', 'normals', 7, 20_000))
    assert js('descent', 'normals', 7, 50)==z[:50].tolist() and js('descent', 'normals', 8, 50)!=z[:50].tolist()
    # The numbers are always the same, so these bounds, about 4 standard errors, hold or do not
    assert abs(z.mean()) < 0.03 and abs(z.std() - 1) < 0.02 and abs((z[1:]*z[:-1]).mean()) < 0.03
    assert abs((z.abs() < 1).double().mean() - 0.6827) < 0.014

@each('curve, start, lr, word', [
    ('square', 3, 0.1, 'smooth'), ('square', 3, 0.5, 'lands'), ('square', 3, 0.8, 'zig-zags'),
    ('square', 3, 0.99, 'zig-zags'), ('square', 3, 1, 'bounces'), ('square', 3, 1.01, 'diverges'),
    ('square', 0, 0.3, 'rests'), ('quartic', -1.5, 0.001, 'stalls'), ('quartic', -1.5, 0.044, 'stalls'),
    ('quartic', -1.5, 0.046, 'smooth'), ('quartic', -1.5, 0.08, 'zig-zags'), ('quartic', -1.5, 0.12, 'bounces'),
    ('quartic', -1.5, 0.15, 'diverges'), ('quartic', 0, 0.1, 'rests')])
def test_fates(js, curve, start, lr, word): assert js('descent', 'fate', curve, start, lr)[0]==word

def test_smooth_descent_is_counted(js):
    want = next(k for k, w in enumerate(descend(quadratic, double(3.), 0.1, 60)) if abs(w) < 0.01)
    assert js('descent', 'fate', 'square', 3, 0.1)==['smooth', want]

def test_borders_of_the_learning_rate(js):
    square = js('descent', 'bands', 'square', 3, 0.01, 1.25)
    # So close to its limit, a rate neither settles nor flies off in 500 steps
    assert [b[0] for b in square]==['smooth', 'zig-zags', 'bounces', 'diverges']
    close([b[1] for b in square], [0.01, 0.5, *2*[lr_limit(quadratic, 3.)]], 4e-3)
    found = js('descent', 'bands', 'quartic', -1.5, 0.001, 0.18)
    assert found[0][0]=='stalls' and found[-1][0]=='diverges'
    bounces = next(lo for name, lo, hi in found if name=='bounces')
    close([found[0][2], bounces, found[-1][1]], [1.5/33.75, lr_limit(quartic, 9/4), 0.1368], 1e-4)

# Bowl

def turned(condition):
    c, s = math.cos(math.pi/6), math.sin(math.pi/6)
    turn = double([[c, -s], [s, c]])
    H = turn @ double([[1., 0.], [0., condition]]) @ turn.T
    return turn, lambda w: 0.5*w@H@w

@pytest.mark.parametrize('condition, lr', [(1, 0.4), (10, 0.15), (10, 0.2), (10, 0.215), (73.5, 0.01)])
def test_bowl(js, condition, lr):
    turn, bowl = turned(float(condition))
    start = double([3., 1.])
    close(js('bowl', 'gradient', [3, 1], condition), gradient(bowl, start))
    path = js('bowl', 'descend', [3, 1], condition, lr, 40)
    close(path, descend(bowl, start, lr, 40))
    told = double([js('bowl', 'along', w) for w in path])
    close(told, double(path) @ turn)
    close(told[1:], told[:-1]*double(js('bowl', 'rates', condition, lr)))
    close(js('bowl', 'bestRate', condition), best_lr(bowl, start))

# Many machines

@pytest.mark.parametrize('setting', [{}, {'batch': 64}, {'batch': 4096, 'weights': 669_706},
    {'batch': 4_000_000, 'weights': 10**9, 'bandwidth': 5e10, 'latency': 1e-5, 'speed': 4e14},
    {'latency': 0.1, 'batch': 10**6}, {'speed': 1e15, 'batch': 1}])
def test_machines_are_the_courses(js, setting):
    usual = dict(batch=1024, weights=79_510, bandwidth=125e6, latency=50e-6, speed=20e9) | setting
    compute, nbytes = 6*usual['weights']*usual['batch']/usual['speed'], 4*usual['weights']
    wires = dict(bandwidth=usual['bandwidth'], latency=usual['latency'])
    close(js('machines', 'computeTime', usual), compute)
    for p in (1, 2, 7, 64, 4096):
        close(js('machines', 'stepTime', p, usual)/compute, step_time(p, compute, nbytes, **wires)/compute)
        close(sum(js('machines', 'stepParts', p, usual)), js('machines', 'stepTime', p, usual))
    assert js('machines', 'bestMachines', usual)==best_machines(compute, nbytes, **wires)

@pytest.mark.parametrize('seconds, said', [(90, '90 s'), (0.25, '250 ms'), (5e-5, '50 µs'), (2e-9, '2 ns')])
def test_seconds_have_a_unit_that_suits(js, seconds, said): assert js('machines', 'short', seconds)==said

@pytest.mark.parametrize('amount, said', [(5e10, '50 GB/s'), (4e14, '400 TB/s'), (2e5, '200 kB/s')])
def test_rates_have_a_unit_that_suits(js, amount, said): assert js('machines', 'rate', amount, 'B/s')==said

# The climb

OURS = dict(name='low', adds='a first try', error=8.04, spread=0.11, seeds=5, minutes=0.25, test=8.3, ours=True)
THEIRS = dict(year=1998, who='A & B', network='linear', error=12., name='1998', ours=False)

def test_rungs_come_before_the_results_of_others(js):
    rung, other = ({k: v for k, v in o.items() if k!='ours'} for o in (OURS, THEIRS))
    found = js('climb', 'stops', {'rungs': [rung], 'history': [other]})
    assert found==[rung | {'ours': True}, other | {'name': '1998', 'ours': False}]

@pytest.mark.parametrize('stop, said', [
    (OURS, 'low: a first try. Validation error 8.04 ± 0.11 %, 5 seeds, 0.25 minutes each. '
        'Test digits, looked at once: 8.3 %.'),
    (OURS | dict(seeds=1, test=None), 'low: a first try. Validation error 8.04 %, one seed, 0.25 minutes each.'),
    (THEIRS, '1998, A & B: linear. Error on the test digits 12 %, as reported.')])
def test_a_stop_is_told_in_words(js, stop, said): assert js('climb', 'tellStop', stop)==said

def test_axes_of_the_climb_have_room_and_round_numbers(js):
    close(js('climb', 'ends', [0.1, 10, 0]), [-1.12, 1.12])
    close(js('climb', 'ends', []), [-1, 1])
    close(js('climb', 'marks', [-0.5, 1.1]), [math.log10(v) for v in (0.5, 1, 2, 5, 10)])

# Warps

IMAGE = torch.rand(28, 28, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

@pytest.mark.parametrize('setting', [{}, {'right': 2.5, 'down': -1}, {'turn': 20}, {'zoom': 0.8, 'lean': 15},
    {'right': -3, 'turn': -40, 'zoom': 1.3, 'lean': -10}])
def test_affine_warps_are_the_courses(js, setting):
    one = {'right': 0, 'down': 0, 'turn': 0, 'zoom': 1, 'lean': 0} | setting
    right, down, turn, zoom, lean = (double([v]) for v in one.values())
    want = affine_moves(turn, zoom, lean) + shift_moves(right, down)
    moves = js('warp', 'affineMoves', setting)
    close(moves, want[0])
    close(js('warp', 'warp', IMAGE.tolist(), moves), bilinear(IMAGE[None], want)[0])

def test_rubber_is_the_courses(js):
    bell = bells().double()
    close(js('warp', 'bells'), bell)
    pulls = double(js('warp', 'pullsOf', 3))
    assert pulls.shape==(2, 13, 13) and abs(pulls.mean()) < 0.2 and abs(pulls.std() - 1) < 0.2
    want = 1.5*(bell@pulls@bell.T)
    moves = js('warp', 'elasticMoves', pulls.tolist(), 1.5)
    close(moves, want, 1e-5)   # The course's bells are float32
    affine = js('warp', 'affineMoves', {'turn': 10})
    close(js('warp', 'added', moves, affine), double(moves) + double(affine))
    close(js('warp', 'warp', IMAGE.tolist(), moves), bilinear(IMAGE[None], double(moves)[None])[0])

# Sigmoid and losses

SCORES = [-120., -95, -88.73, -88.72, -60, -20, -3, -0.1, 0, 0.5, 4, 16, 17, 40, 120]

@pytest.mark.parametrize('t', [0, 1])
def test_losses(js, t):
    target = double(t)
    ways = [lambda s: absolute_error(sigmoid(s), target), lambda s: squared_error(sigmoid(s), target),
        lambda s: cross_entropy_from_scores(s, target)]
    for x in SCORES:
        score = double(x)
        close(js('losses', 'sigmoid', x), sigmoid(score))
        close(js('losses', 'losses', x, t), [[f(score).item(), gradient(f, score).item()] for f in ways])

@pytest.mark.parametrize('t', [0, 1])
def test_losses_as_printed_fail_where_float32_fails(js, t):
    def printed(loss): return lambda s: loss(1/(1 + torch.exp(-s)), torch.full_like(s, t))
    def surprise(p, y): return -torch.xlogy(y, p) - torch.xlogy(1 - y, 1 - p)   # `cross_entropy` heals the gradient
    def value_and_slope(f, x):
        s = tensor(float(x)).requires_grad_()
        f(s).backward()
        return [f(s).item(), s.grad.item()]
    ways = [*map(printed, (absolute_error, squared_error, surprise))]
    for x in SCORES: close(js('losses', 'printed', x, t), [value_and_slope(f, x) for f in ways])

# Race

SURFACES = {'bowl': ([-4., 1.6], lambda a, b: (a*a + 20*b*b)/2),
    'valley': ([-1.6, 0.4], lambda a, b: (1 - a)**2 + 5*(b - a*a)**2),
    'saddle': ([-3., 0.002], lambda a, b: a*a/2 - b*b/2 + b**4/8)}

OPTIMISERS = {'SGD': (torch.optim.SGD, {}), 'momentum': (torch.optim.SGD, {'momentum': 0.9}),
    'Nesterov': (torch.optim.SGD, {'momentum': 0.9, 'nesterov': True}), 'RMSprop': (torch.optim.RMSprop, {}),
    'Adam': (torch.optim.Adam, {})}

@pytest.mark.parametrize('name', OPTIMISERS)
@pytest.mark.parametrize('surface', SURFACES)
def test_race_is_run_as_torch_runs_it(js, surface, name):
    (start, f), (kind, options) = SURFACES[surface], OPTIMISERS[name]
    w = double(start).requires_grad_()
    opt, want = kind([w], lr=0.01, **options), [start]
    for _ in range(200):
        opt.zero_grad()
        f(*w).backward()
        opt.step()
        want.append(w.tolist())
    close(js('race', 'run', surface, name, start, 0.01, 200), want)

LOWEST = {'bowl': (0., 0.), 'valley': (1., 1.), 'saddle': (0., 2**0.5)}

@pytest.mark.parametrize('surface', SURFACES)
def test_height_above_the_lowest_place(js, surface):
    _, f = SURFACES[surface]
    spots = (3*torch.randn(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))).tolist()
    lowest = LOWEST[surface]
    close([js('race', 'height', surface, spot) for spot in spots], [f(*spot) - f(*lowest) for spot in spots])
    assert gradient(lambda w: f(*w), double(lowest)).abs().max() < 1e-12
    close(js('race', 'height', surface, lowest), 0, 1e-12)

def test_contour_lies_at_its_level(js):
    n, level = 30, 40.
    grid = [[(x - 11)**2 + 0.5*(y - 14)**2 for x in range(n)] for y in range(n)]
    cuts = js('_math', 'contour', grid, level)
    points = double(cuts).reshape(-1, 2)
    # Between two corners the height is taken as linear, which is off by at most a quarter of a cell's curvature
    heights = (points[:, 0] - 11)**2 + 0.5*(points[:, 1] - 14)**2
    assert len(cuts) > 30 and (heights - level).abs().max() < 0.3

# The way back

LEAVES = [(0.8, 1.5, -0.4, 1.), (-1.3, 0.7, 2., -2.), (0., 1., 0.5, 0.3), (2., 2., 2., -2.), (1., -1., 1., 0.)]

def small_graph(w, x, b, t):
    "The graph of the figure in the course's own nodes, parents first, by name"
    leaves = {name: Node(v, name) for name, v in zip('wxbt', (w, x, b, t))}
    p = leaves['w']*leaves['x']
    s = p + leaves['b']
    h = s.tanh()
    y = leaves['w']*h
    d = y - leaves['t']
    return leaves | {'p': p, 's': s, 'h': h, 'y': y, 'd': d, 'L': d**2}

@pytest.mark.parametrize('leaves', LEAVES, ids=str)
def test_way_back_is_that_of_nodes(js, leaves):
    nodes = small_graph(*leaves)
    nodes['L'].backward()
    got = js('graph', 'walk', *leaves)
    assert got['names']==list(nodes)
    close(got['values'], [n.value for n in nodes.values()])
    close(got['grads'], [n.grad for n in nodes.values()])
    for slopes, n in zip(got['slopes'], nodes.values()): close(slopes, n.slopes)
    assert [len(o) for o in got['got']]==[2] + 9*[1]

@pytest.mark.parametrize('steps', range(8))
def test_way_back_goes_node_by_node(js, steps):
    "After each step as after so many rounds of the loop in `Node.backward`"
    nodes = small_graph(*LEAVES[1])
    last = nodes['L']
    if steps: last.grad = 1.
    for n in [n for n in reversed(topological_order(last)) if n.parents][:max(steps - 1, 0)]:
        for parent, slope in zip(n.parents, n.slopes): parent.grad += slope*n.grad
    close(js('graph', 'walk', *LEAVES[1], steps)['grads'], [n.grad for n in nodes.values()])

# Twelve patients

@pytest.mark.parametrize('number', range(1, 13))
def test_answers_of_the_figure_are_those_of_diagnose(js, number):
    page = for_page(number)
    for name in DIAGNOSES:
        who = patient(number)
        who.start(), who.ten()
        want = diagnose(who, name)
        got = js('clinic', 'diagnosed', page, ['start', 'ten'], name)
        assert got=={'right': want.right, 'text': repr(want), 'tests': who.tests}

def test_each_test_counts_once(js):
    assert js('clinic', 'asked', ['ten'], 'curve')==['ten', 'curve'] and js('clinic', 'asked', ['ten'], 'ten')==['ten']

def test_what_flies_off_is_cut(js):
    assert js('clinic', 'top', {'loss': [[0, 2], [1, 1]], 'constant': [[0, 1.5], [1, 1.5]]})==2
    assert js('clinic', 'top', {'loss': [[0, 2], [1, 1e30], [2, None]], 'constant': [[0, 1], [2, 1]]})==6
    assert js('clinic', 'top', {'loss': [[0, None], [1, None]]})==1

def test_solved_patients_are_counted_with_their_tests(js):
    case = {'tests': ['curve'], 'solved': False}
    assert js('clinic', 'tally', [case]*3)==''
    solved = [case | {'solved': True}, case, {'tests': ['ten', 'start'], 'solved': True}]
    assert js('clinic', 'tally', solved)==' 2 patients of 3 so far, 3 tests.'

def test_each_seed_draws_a_patient_of_its_level_and_each_comes_before_one_comes_again(js):
    more = [{'level': n%3 + 1, 'name': n, 'tests': {'batch': {'rows': [], 'lines': {}}}} for n in range(12)]
    for level in (1, 2, 3):
        those = [p['name'] for p in more if p['level']==level]
        for start in (1, 5):
            assert sorted(js('clinic', 'drawn', more, level, start + i)['name'] for i in range(4))==those
    assert js('clinic', 'drawn', more, 2, 7)==js('clinic', 'drawn', more, 2, 7)

def test_a_seed_mixes_the_examples_of_a_batch_and_nothing_else(js):
    more = [for_page(n) for n in range(13, len(records()) + 1)]
    got = js('clinic', 'drawn', more, 3, 2)
    want = next(p for p in more if p['answers']==got['answers'])
    assert {k: v for k, v in got['tests'].items() if k!='batch'}=={k: v for k, v in want['tests'].items() if k!='batch'}
    rows, kept = got['tests']['batch']['rows'], want['tests']['batch']['rows']
    assert [row[0] for row in rows]==[row[0] for row in kept] and rows!=kept
    assert sorted(row[1:] for row in rows)==sorted(row[1:] for row in kept)

# Modules and HTML

def test_learning_rates_may_be_a_tensor():
    rates = tensor([0.1, 0.5, 1., 1.5, 2.], dtype=torch.float64)
    assert race_figure(lrs=rates).html==race_figure(lrs=rates.tolist()).html

def stored_html(path):
    "The HTML of each output in a notebook"
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
        for output in cell.get('outputs', []): yield ''.join(output.get('data', {}).get('text/html', ''))

def test_stored_figures_and_questions_hold_the_present_code():
    code = [figures.script(name) for name in MODULES]
    live = [(path.name, html) for path in NOTEBOOKS for html in stored_html(path) if '<div class="sgd-' in html]
    old = {name for name, html in live if not any(text in html for text in code)}
    assert len(live) > 20 and not old, f'run `make outputs`: {old}'
