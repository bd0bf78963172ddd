// A bowl of two weights, narrow in one direction and long in the other: what one learning rate does to both
import {BLUE, GREEN, PINK, RED, make, num} from './_base.js';
import {clamp} from './_math.js';
import {Panel, Player, Slider} from './_panel.js';
import {Plot, dots, handle, line, parts, place, strip} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// The bowl is ½(u² + condition·v²), with u and v turned by 30 degrees against the weights
const C = Math.cos(Math.PI/6);

const S = Math.sin(Math.PI/6);

// Places, told in eigen-directions: first the shallow one, then the steep one
export function along([a, b]) { return [C*a + S*b, C*b - S*a] }

export function gradient([a, b], condition) {
  const [xx, xy, yy] = [C*C + condition*S*S, (1 - condition)*C*S, S*S + condition*C*C];
  return [xx*a + xy*b, xy*a + yy*b];
}

// Gradient descent from `start`: the path, start included
export function descend(start, condition, lr, steps) {
  const path = [start];
  for (let t = 0; t < steps; t++) {
    const [a, b] = path[t], [ga, gb] = gradient(path[t], condition);
    path.push([a - lr*ga, b - lr*gb]);
  }
  return path;
}

// What one step multiplies the distance by, along the shallow and the steep direction
export function rates(condition, lr) { return [1 - lr, 1 - lr*condition] }

export function bestRate(condition) { return 2/(1 + condition) }

const STYLE = `
  .stage { display: flex; flex-wrap: wrap; gap: 12px } .stage div { flex: 1.5 1 300px; min-width: 0 }
  .stage div + div { flex: 1 1 220px }
  .levels { fill: currentColor; fill-opacity: .045; stroke: currentColor; stroke-opacity: .3 }`;

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'A stretched bowl', STYLE), start: data.start, path: null};
  fig.map = mapOf(fig);
  fig.fall = fallOf(fig);
  controls(fig, data);
  renew(fig);
}

// The bowl from above
function mapOf(fig) {
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => Math.min(320, w*0.78);
  const plot = new Plot(box, {label: '', role: 'group', height, draw: () => scene(fig)});
  const drawn = parts(plot.svg, `<g class="axes"></g><svg class="inner"><g class="levels"></g>
    <g stroke-width="2" stroke-dasharray="2 5" stroke-linecap="round"><path class="shallow" stroke="${GREEN}"/>
    <path class="steep" stroke="${PINK}"/></g><path class="trail" fill="none" stroke="${RED}" stroke-width="1.5"/>
    <g class="dots" fill="${RED}"></g><circle class="ball" r="8" fill="${RED}"/></svg>`);
  const moveStart = handle(plot, {label: 'Start', set: (...at) => {
    fig.start = at.map((v, i) => Math.round(clamp(v, ...LIMITS.bowl.start[i])*20)/20);
    renew(fig);
  }});
  return {plot, moveStart, ...drawn};
}

// The distance in both directions
function fallOf(fig) {
  const label = 'Distance along both directions after each step, on a logarithmic axis';
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => w < 310 ? Math.min(320, w*1.1) : 240;
  const plot = new Plot(box, {label, height, draw: () => scene(fig)});
  const {axes, shallow, steep, shallowHead, steepHead} = parts(plot.svg, `<g class="axes"></g>
    <g fill="none" stroke-width="2.5"><path class="shallow" stroke="${GREEN}"/>
    <path class="steep" stroke="${PINK}"/></g>
    <g><circle class="shallowHead" r="5" fill="${GREEN}"/><circle class="steepHead" r="5" fill="${PINK}"/></g>`);
  return {plot, axes, curves: [shallow, steep], heads: [shallowHead, steepHead]};
}

function controls(fig, data) {
  const {ui} = fig, on = () => renew(fig), {condition, lr} = LIMITS.bowl;
  fig.condition = new Slider(ui.knobs, {label: 'Condition number', min: condition[0], max: condition[1], step: 0.02,
    log: true, value: data.condition, on});
  fig.lr = new Slider(ui.knobs, {label: 'Learning rate', min: lr[0], max: lr[1], step: 0.005, log: true,
    value: data.lr, on});
  fig.regions = strip(fig.lr, {smooth: GREEN, 'zig-zags': BLUE, diverges: RED});
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => fig.path.length - 1, rate: () => fig.speed.value});
  ui.button('Best rate', () => {
    fig.lr.value = bestRate(fig.condition.value);
    renew(fig);
  });
  fig.speed = new Slider(ui.tools, {label: 'Steps per second', min: 1, max: 60, step: 0.05, log: true, value: 3,
    show: v => num(v, 2)});
}

// A new path from the knobs: it ends at the bottom or far outside
function renew(fig) {
  const k = fig.condition.value, [lo, hi] = LIMITS.bowl.lr, path = descend(fig.start, k, fig.lr.value, 400);
  const end = path.findIndex(w => !(Math.hypot(...w) > 0.002 && Math.hypot(...w) < 1e4));
  fig.path = end >= 0 ? path.slice(0, end + 1) : path;
  fig.regions([['smooth', lo, 1/k], ['zig-zags', 1/k, 2/k], ['diverges', 2/k, hi]]);
  fig.film.halt();
  scene(fig);
  fig.film.set(0);
}

// What stands still
function scene(fig) {
  if (!fig.map.plot.w || !fig.fall.plot.w || !fig.path) return;
  drawMap(fig.map, fig.condition.value);
  drawFall(fig.fall, fig.path, rates(fig.condition.value, fig.lr.value));
  show(fig, fig.film.t);
}

function drawMap({plot, axes, inner, levels, shallow, steep}, condition) {
  const wide = 3.9, high = wide*(plot.h - 46)/(plot.w - 50);
  axes.innerHTML = plot.axes({x: [-wide, wide], y: [-high, high], xlabel: 'weight a', ylabel: 'weight b'});
  plot.frame(inner);
  const [x, y] = plot.pixel([0, 0]), unit = plot.X(1) - x;
  levels.innerHTML = [6, 5, 4, 3, 2, 1, 0.5].map(r => `<ellipse rx="${r*unit}" ry="${r*unit/Math.sqrt(condition)}"
    transform="translate(${x} ${y}) rotate(-30)"/>`).join('');
  shallow.setAttribute('d', line([[x - 9*C*unit, y + 9*S*unit], [x + 9*C*unit, y - 9*S*unit]]));
  steep.setAttribute('d', line([[x - 9*S*unit, y - 9*C*unit], [x + 9*S*unit, y + 9*C*unit]]));
}

function drawFall({plot, axes}, path, factors) {
  const last = clamp(path.length - 1, 10, 400), yticks = [-3, -2, -1, 0, 1];
  const drawn = plot.axes({x: [0, last], y: [-3, 1.5], xlabel: 'step', ylabel: 'distance', left: 52, yticks,
    yshow: v => num(10**v)});
  const row = (name, color, i) => `<circle r="5" cx="${plot.right - 118}" cy="${24 + 20*i}" fill="${color}"/>
    <text x="${plot.right - 108}" y="${28 + 20*i}">${name}, × ${num(factors[i], 2)}</text>`;
  axes.innerHTML = `${drawn}<rect x="${plot.right - 128}" y="10" width="128" height="46" rx="6" class="area"/>
    ${row('shallow', GREEN, 0)}${row('steep', PINK, 1)}`;
}

function show(fig, t) {
  const {map, fall, path} = fig, k = Math.min(Math.floor(t), path.length - 1);
  if (map.plot.w && fall.plot.w) {
    moveBall(map, path, k, t - k);
    map.moveStart(...fig.start);
    moveHeads(fall, path.slice(0, k + 1).map(along));
  }
  tell(fig, k);
}

// The ball has left step `k` behind; to the next one it has made the part `f` of the way
function moveBall({plot, trail, dots: group, ball}, path, k, f) {
  const next = path[Math.min(k + 1, path.length - 1)], ease = f*f*(3 - 2*f);
  const near = pixel => pixel.every(v => Math.abs(v) < 1e4);
  const here = plot.pixel(path[k].map((v, i) => v + (next[i] - v)*ease));
  const seen = path.slice(0, k + 1).map(w => plot.pixel(w)).filter(near).slice(-120);
  trail.setAttribute('d', line(near(here) ? [...seen, here] : seen));
  dots(group, seen, 3);
  place(ball, plot.within(here, 8));
}

// `told`: the places so far in both directions
function moveHeads({plot, curves, heads}, told) {
  const height = v => clamp(plot.Y(Math.log10(Math.abs(v) + 1e-9)), plot.top, plot.bottom);
  for (const i of [0, 1]) {
    const points = told.map((uv, t) => [plot.X(t), height(uv[i])]);
    curves[i].setAttribute('d', line(points));
    place(heads[i], points.at(-1));
  }
}

function tell(fig, k) {
  const factors = rates(fig.condition.value, fig.lr.value), [shallow, steep] = factors;
  const worst = Math.max(...factors.map(Math.abs)), away = num(Math.hypot(...fig.path[k]));
  fig.ui.says(`${fate(worst)} One step multiplies the distance along the steep direction by ${num(steep, 2)},`
    + ` so ${across(steep)}, and along the shallow one by ${num(shallow, 2)}.`
    + ` Step ${k}: ${away} from the minimum.`, mood(worst, steep));
  fig.map.plot.svg.setAttribute('aria-label', `Contour lines of the bowl seen from above, with ${k} steps of descent`);
}

// By the factor of the slower direction
function fate(worst) {
  if (worst > 1.0001) return 'The walk diverges.';
  if (worst > 0.9999) return 'The walk never comes nearer.';
  if (worst > 0.95) return 'The walk creeps.';
  return worst > 0.5 ? 'The walk arrives.' : 'The walk arrives quickly.';
}

function across(steep) {
  if (steep < -1) return 'each step leads farther out';
  return steep < 0 ? 'it changes sides at every step' : 'it stays on one side';
}

function mood(worst, steep) {
  if (worst > 1.0001) return RED;
  return steep < 0 ? BLUE : GREEN;
}
