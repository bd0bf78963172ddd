// Descent on a curve: choose the start, the learning rate and the noise, and watch the weight go
import {BLUE, GREEN, GREY, PINK, RED, num} from './_base.js';
import {clamp, normal, random, spread, times} from './_math.js';
import {Choice, Panel, Player, Slider} from './_panel.js';
import {Plot, dots, drag, line, parts, place, strip} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

const CURVES = {
  square: {loss: w => w*w, slope: w => 2*w, minimum: 0, heights: [-1, 30], lrStep: 0.01},
  quartic: {loss: w => w*w*w*(w - 3) + 2, slope: w => 4*w*w*w - 9*w*w, minimum: 9/4, heights: [-9, 32], lrStep: 0.001},
};

export function loss(curve, w) { return CURVES[curve].loss(w) }

// The path of noisy descent: pushes[t] is added to the slope at step t
export function walk(curve, start, lr, steps, pushes = []) {
  const {slope} = CURVES[curve], path = [start];
  for (let t = 0; t < steps; t++) path.push(path[t] - lr*(slope(path[t]) + (pushes[t] ?? 0)));
  return path;
}

// What becomes of descent without noise, in one word, and after how many steps it is within 0.01 of the minimum
export function fate(curve, start, lr, steps = 2000) {
  const {slope, minimum} = CURVES[curve];
  if (slope(start) == 0) return ['rests', 0];
  let w = start, last = 0, flips = 0, early = 0, late = 0, before = 0, near = 0;
  for (let t = 1; t <= steps; t++) {
    const step = -lr*slope(w);
    if (step*last < 0) flips++;
    w += step;
    last = step;
    if (!(Math.abs(w) < 100)) return ['diverges', t];
    if (t == 1 && w == minimum) return ['lands', 1];
    const apart = Math.abs(w - minimum), part = t/steps;
    if (apart > 0.01) near = 0;
    else near ||= t;
    if (part > 0.4 && part < 0.5) early = Math.max(early, apart);
    if (part > 0.75) late = Math.max(late, apart);
    if (part == 0.5) before = Math.abs(slope(w));
    if (Math.abs(step) < 1e-8) break;
  }
  // It has arrived, or is still coming nearer, or is leaving a flat spot where the slope grows
  const zigzags = flips > 1, steep = Math.abs(slope(w)), comes = zigzags ? late < 0.75*early : steep > before;
  if (Math.abs(w - minimum) < 0.01 || comes) return [zigzags ? 'zig-zags' : 'smooth', near];
  return [zigzags && steep > 0.05 ? 'bounces' : 'stalls', 0];
}

// The learning rates from lo to hi, cut where the fate changes: a list of [fate, from, to]
export function bands(curve, start, lo, hi, n = 180) {
  const of = lr => {
    const [word] = fate(curve, start, lr, 500);
    return word == 'lands' ? 'smooth' : word;
  };
  const found = [[of(lo), lo, hi]];
  for (let i = 1; i <= n; i++) {
    const a = lo + (hi - lo)*(i - 1)/n, b = lo + (hi - lo)*i/n, old = found.at(-1), word = of(b);
    if (word == old[0]) continue;
    const border = lastOf(lr => of(lr) == old[0], a, b);
    old[2] = border;
    found.push([word, border, hi]);
  }
  return found;
}

// Halve the interval from a to b twelve times, so that `holds` at its lower end: the upper end
function lastOf(holds, a, b) {
  for (let k = 0; k < 12; k++) {
    const m = (a + b)/2;
    if (holds(m)) a = m;
    else b = m;
  }
  return b;
}

// `n` random numbers with mean 0 and standard deviation 1, the same for the same seed
export function normals(seed, n) {
  const next = random(seed);
  return times(n, () => normal(next));
}

const COLORS = {
  smooth: GREEN, lands: GREEN, 'zig-zags': BLUE, bounces: PINK, diverges: RED, stalls: GREY, rests: GREY,
};

const WORDS = {
  smooth: smoothly,
  lands: () => 'lands on the minimum in a single step',
  'zig-zags': n => `zig-zags from side to side, and settles${n ? ` after ${n} steps` : ' very slowly'}`,
  bounces: () => 'bounces from side to side and never settles',
  diverges: n => `diverges: it flies off, beyond 100 after ${n} steps`,
  stalls: () => 'stalls on the flat spot at 0, which is no minimum',
  rests: () => 'stays where it is, since the slope is zero',
};

function smoothly(n) {
  if (n == 0) return 'gets away from the flat spot, very slowly';
  return n > 100 ? `creeps down smoothly and needs ${n} steps` : `rolls smoothly down, and is there after ${n} steps`;
}

const STEPS = {start: 0.05, noise: 0.1}; // Of the sliders

export function render({el, data}) {
  const ui = new Panel(el, 'Descent on a curve', '.stage svg { cursor: ew-resize }');
  const fig = {ui, curve: data.curve, seed: 1, path: null};
  stage(fig);
  controls(fig, data);
  change(fig, data.curve, data);
}

// The place of the drawing, and its parts from back to front
function stage(fig) {
  const height = w => clamp(w*0.5, 230, 330);
  fig.plot = new Plot(fig.ui.stage, {label: '', height, draw: () => scene(fig)});
  fig.parts = parts(fig.plot.svg, `<g class="axes"></g><svg class="inner"><path class="area"/><path class="curve"/>
    <path class="tangent" stroke="${GREY}" stroke-width="2" stroke-dasharray="6 4"/>
    <path class="trail" fill="none" stroke="${RED}" stroke-width="1.5" opacity=".8"/><g class="dots" fill="${RED}"></g>
    <circle class="ring" r="7" fill="none" stroke="${RED}" stroke-width="2"/>
    <circle class="ball" r="9" fill="${RED}"/></svg>`);
  drag(fig.plot.svg, x => {
    const {left, right} = fig.plot, [lo, hi] = LIMITS.descent[fig.curve].start;
    const w = (x - left)/(right - left)*(hi - lo) + lo;
    fig.start.value = clamp(Math.round(w*20)/20, lo, hi);
    renew(fig);
  });
}

function controls(fig, data) {
  const {ui} = fig, {knobs} = ui, on = () => renew(fig);
  fig.shape = new Choice(knobs, {label: 'Loss', options: {square: 'square, w²', quartic: 'quartic, w⁴ − 3w³ + 2'},
    value: data.curve, on: curve => change(fig, curve)});
  // Which values they may have hangs on the curve
  fig.start = new Slider(knobs, {label: 'Start', min: 0, max: 1, step: STEPS.start, value: 0, on});
  fig.lr = new Slider(knobs, {label: 'Learning rate', min: 0, max: 1, step: 0.001, value: 0, on});
  fig.noise = new Slider(knobs, {label: 'Gradient noise', min: 0, max: 1, step: STEPS.noise, value: 0, on});
  fig.fates = strip(fig.lr, COLORS);
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => fig.path.length - 1, rate: () => fig.speed.value,
    reset: () => again(fig)});
  fig.speed = new Slider(ui.tools, {label: 'Steps per second', min: 1, max: 100, step: 0.05, log: true, value: 3,
    show: v => num(v, 2)});
}

// Show another curve. Where the weight starts, and at which rate, is `given`, or what shows much on this curve
function change(fig, curve, given = LIMITS.descent[curve].usual) {
  const limits = LIMITS.descent[curve], noise = given.noise ?? Math.min(fig.noise.value, limits.noise[1]);
  fig.curve = curve;
  fig.start.limit(...limits.start, STEPS.start);
  fig.lr.limit(...limits.lr, CURVES[curve].lrStep);
  fig.noise.limit(...limits.noise, STEPS.noise);
  fig.start.value = given.start;
  fig.lr.value = given.lr;
  fig.noise.value = noise;
  scene(fig);
  renew(fig);
}

// A new path from the knobs
function renew(fig) {
  plan(fig);
  fig.film.halt();
  fig.fates(bands(fig.curve, fig.start.value, ...LIMITS.descent[fig.curve].lr));
  fig.film.set(0);
}

// The same from other random numbers
function again(fig) {
  fig.seed++;
  plan(fig);
}

// The path ends when nothing moves any more, or far outside
function plan(fig) {
  const {curve, seed} = fig, start = fig.start.value, lr = fig.lr.value, noise = fig.noise.value;
  const steps = noise > 0 ? 3000 : 1000, pushes = noise > 0 ? normals(seed, steps).map(z => z*noise) : [];
  const path = walk(curve, start, lr, steps, pushes);
  const rests = t => noise == 0 && t > 0 && Math.abs(path[t] - path[t - 1]) < 1e-5;
  const end = path.findIndex((w, t) => !(Math.abs(w) < 60) || rests(t));
  fig.path = end > 0 ? path.slice(0, end + 1) : path;
  fig.fate = fate(curve, start, lr);
}

// What stands still: the axes and the curve
function scene(fig) {
  const {plot, curve} = fig, {axes, inner, area, curve: ground} = fig.parts, {loss, heights} = CURVES[curve];
  if (!plot.w) return;
  const [lo, hi] = LIMITS.descent[curve].start;
  axes.innerHTML = plot.axes({x: [lo, hi], y: heights, xlabel: 'weight w', ylabel: 'loss'});
  plot.frame(inner);
  const hill = line(spread(lo, hi, 161).map(w => plot.pixel([w, loss(w)])));
  ground.setAttribute('d', hill);
  area.setAttribute('d', `${hill}V${plot.bottom + 99}H${plot.left}Z`);
  if (fig.path) show(fig, fig.film.t);
}

function show(fig, t) {
  const k = Math.min(Math.floor(t), fig.path.length - 1);
  if (fig.plot.w) move(fig, k, t - k);
  tell(fig, k);
}

// The ball has left step `k` behind; to the next one it has made the part `f` of the way
function move({plot, curve, path, parts}, k, f) {
  const {loss, slope} = CURVES[curve], at = i => plot.pixel([path[i], loss(path[i])]);
  const [from, to] = [at(k), at(Math.min(k + 1, path.length - 1))], ease = f*f*(3 - 2*f);
  const here = from.map((v, i) => v + (to[i] - v)*ease);
  const first = Math.max(0, k - 40), seen = times(k - first + 1, i => at(first + i)).filter(isNear);
  parts.trail.setAttribute('d', line(f && isNear(here) ? [...seen, here] : seen));
  dots(parts.dots, seen, 3.2);
  place(parts.ring, at(0));
  place(parts.ball, plot.within(here, 9));
  const steep = slope(path[k])*(plot.Y(1) - plot.Y(0))/(plot.X(1) - plot.X(0));
  parts.tangent.setAttribute('d', Math.abs(from[1]) < 1e4 ? line(piece(from, steep, 70)) : '');
}

// A pixel that browsers can draw
function isNear(pixel) { return pixel.every(v => Math.abs(v) < 1e5) }

// The ends of a straight line of the given slope through the pixel [x, y]: `reach` to both sides
function piece([x, y], slope, reach) {
  const d = reach/Math.hypot(1, slope);
  return [[x - d, y - slope*d], [x + d, y + slope*d]];
}

function tell(fig, k) {
  const {curve, path} = fig, {loss, slope} = CURVES[curve], w = path[k], step = -fig.lr.value*slope(w);
  const noisy = fig.noise.value > 0, [word, count] = fig.fate;
  const [fortune, color] = noisy ? wandering(curve, path.slice(0, k + 1)) : [WORDS[word](count), COLORS[word]];
  fig.ui.says(`The weight ${fortune}. Step ${k}: w = ${num(w)}, loss ${num(loss(w))}, slope ${num(slope(w))}`
    + `${noisy ? ' before noise' : ''}, so the next step is ${num(step)}${noisy ? ' plus noise' : ''}.`, color);
  fig.plot.svg.setAttribute('aria-label',
    `The ${curve} with the weight at ${num(w)}, its tangent, and the steps so far`);
}

// What noise has done so far, and the colour of the news
function wandering(curve, past) {
  const {minimum} = CURVES[curve], late = past.slice(-50), far = Math.max(...late.map(w => Math.abs(w - minimum)));
  if (!(Math.abs(past.at(-1)) < 60)) return ['diverges: it flies off', RED];
  if (past.length > 50 && far < 1.2)
    return [`trembles around the minimum, and strayed ${num(far, 2)} from it in the last 50 steps`, BLUE];
  if (past.length > 50 && late.every(w => Math.abs(w) < 0.8))
    return ['wanders on the flat spot, where noise is stronger than the slope', GREY];
  return ['staggers along: each slope has a random error', PINK];
}
