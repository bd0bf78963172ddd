// Descent on a curve: choose the start, the learning rate and the noise, and watch the weight go
import {panel, player, plot, strip, line, drag, make, num, BLUE, RED, GREEN, PINK, GREY} from './_base.js';
import {random} from './_math.js';

export const CURVES = {
  square: {loss: w => w*w, slope: w => 2*w, minimum: 0, x: [-5.5, 5.5], y: [-1, 30], lr: [0.01, 1.25, 0.01], noise: 6},
  quartic: {loss: w => w*w*w*(w - 3) + 2, slope: w => 4*w*w*w - 9*w*w, minimum: 9/4, x: [-1.7, 3.7], y: [-9, 32], lr: [0.001, 0.18, 0.001], noise: 3},
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
  let w = start, last = 0, flips = 0, early = 0, late = 0, before = 0, near = 0;
  if (slope(w) == 0) return ['rests', 0];
  for (let t = 1; t <= steps; t++) {
    const step = -lr*slope(w);
    if (step*last < 0) flips++;
    w += step;
    last = step;
    if (!(Math.abs(w) < 100)) return ['diverges', t];
    if (t == 1 && w == minimum) return ['lands', 1];
    const apart = Math.abs(w - minimum), part = t/steps;
    if (apart > 0.01) near = 0; else near ||= t;
    if (part > 0.4 && part < 0.5) early = Math.max(early, apart);
    if (part > 0.75) late = Math.max(late, apart);
    if (part == 0.5) before = Math.abs(slope(w));
    if (Math.abs(step) < 1e-8) break;
  }
  // It has arrived, or is still coming nearer, or is leaving a flat spot where the slope grows
  const steep = Math.abs(slope(w));
  if (Math.abs(w - minimum) < 0.01 || (flips > 1 ? late < 0.75*early : steep > before)) return [flips > 1 ? 'zig-zags' : 'smooth', near];
  return [flips > 1 && steep > 0.05 ? 'bounces' : 'stalls', 0];
}

// The learning rates from lo to hi, cut where the fate changes: a list of [fate, from, to]
export function bands(curve, start, lo, hi, n = 180) {
  const of = lr => { const [word] = fate(curve, start, lr, 500); return word == 'lands' ? 'smooth' : word };
  const found = [[of(lo), lo, hi]];
  for (let i = 1; i <= n; i++) {
    let a = lo + (hi - lo)*(i - 1)/n, b = lo + (hi - lo)*i/n;
    const word = of(b), old = found.at(-1);
    if (word == old[0]) continue;
    for (let k = 0; k < 12; k++) { const m = (a + b)/2; if (of(m) == old[0]) a = m; else b = m }
    old[2] = b;
    found.push([word, b, hi]);
  }
  return found;
}

// `n` random numbers with mean 0 and standard deviation 1, the same for the same seed
export function normals(seed, n) {
  const uniform = random(seed);
  return Array.from({length: n}, () => Math.sqrt(-2*Math.log(1 - uniform()))*Math.cos(2*Math.PI*uniform()));
}

const COLORS = {smooth: GREEN, lands: GREEN, 'zig-zags': BLUE, bounces: PINK, diverges: RED, stalls: GREY, rests: GREY};
const WORDS = {
  smooth: n => n == 0 ? 'gets away from the flat spot, very slowly' : n > 100 ? `creeps down smoothly and needs ${n} steps` : `rolls smoothly down, and is there after ${n} steps`,
  lands: () => 'lands on the minimum in a single step',
  'zig-zags': n => `zig-zags from side to side, and settles${n ? ` after ${n} steps` : ' very slowly'}`,
  bounces: () => 'bounces from side to side and never settles',
  diverges: n => `diverges: it flies off, beyond 100 after ${n} steps`,
  stalls: () => 'stalls on the flat spot at 0, which is no minimum',
  rests: () => 'stays where it is, since the slope is zero',
};

export function render({model, el}) {
  const ui = panel(el, 'Descent on a curve', '.stage svg { cursor: ew-resize }');
  let curve = model.get('curve'), seed = 1, path, word, count;

  const p = plot(ui.stage, {label: '', height: w => Math.max(230, Math.min(330, w*0.5)), draw: scene});
  const view = make(`<div><svg xmlns="http://www.w3.org/2000/svg"><g></g><svg><path class="area"/><path class="curve"/><path stroke="${GREY}" stroke-width="2" stroke-dasharray="6 4"/>
    <path fill="none" stroke="${RED}" stroke-width="1.5" opacity=".8"/><g fill="${RED}"></g><circle r="7" fill="none" stroke="${RED}" stroke-width="2"/><circle r="9" fill="${RED}"/></svg></svg></div>`).firstChild;
  const [axes, inner] = [...view.childNodes].filter(n => n.nodeType == 1), [area, ground, tangent, trail, dots, ring, ball] = inner.children;
  p.svg.append(axes, inner);

  const shape = ui.choice({label: 'Loss', options: {square: 'square, w²', quartic: 'quartic, w⁴ − 3w³ + 2'}, value: curve, on: change});
  const start = ui.slider({label: 'Start', min: -5.5, max: 5.5, step: 0.05, value: 0, on: renew});
  const lr = ui.slider({label: 'Learning rate', min: 0, max: 1, step: 0.001, value: 0, on: renew});
  const noise = ui.slider({label: 'Gradient noise', min: 0, max: 6, step: 0.1, value: model.get('noise'), on: renew});
  const fates = strip(lr, COLORS);
  const film = player(ui, {show, end: () => path.length - 1, rate: () => speed.value, reset: () => { seed++; plan() }});
  const speed = ui.slider({label: 'Steps per second', min: 1, max: 100, step: 0.05, log: true, value: 3, show: v => num(v, 2), into: ui.tools});
  drag(p.svg, x => { start.value = clamp((x - p.left)/(p.right - p.left)*(range()[1] - range()[0]) + range()[0]); renew() });

  function range() { return CURVES[curve].x }
  function clamp(w) { const [lo, hi] = range(); return Math.min(hi, Math.max(lo, Math.round(w*20)/20)) }
  function limit(knob, [min, max, step], value) { Object.assign(knob.input, {min, max, step}); knob.value = value }

  function change(chosen, at, rate) {
    curve = chosen;
    const c = CURVES[curve], quartic = curve == 'quartic';
    limit(start, [Math.ceil(c.x[0]*20)/20, Math.floor(c.x[1]*20)/20, 0.05], at ?? (quartic ? -1.5 : 3));
    limit(lr, c.lr, rate ?? (quartic ? 0.02 : 0.1));
    limit(noise, [0, c.noise, 0.1], Math.min(noise.value, c.noise));
    scene();
    renew();
  }
  // A new path from the knobs: it ends when nothing moves any more, or far outside
  function plan() {
    [word, count] = fate(curve, start.value, lr.value);
    const noisy = noise.value > 0, steps = noisy ? 3000 : 1000;
    path = walk(curve, start.value, lr.value, steps, noisy ? normals(seed, steps).map(z => z*noise.value) : []);
    const out = path.findIndex((w, t) => !(Math.abs(w) < 60) || (!noisy && t && Math.abs(w - path[t - 1]) < 1e-5));
    if (out > 0) path.length = out + 1;
  }
  function renew() {
    plan();
    film?.halt();
    fates(bands(curve, start.value, +lr.input.min, +lr.input.max));
    film?.set(0);
  }
  function scene() {
    if (!p.w) return;
    const c = CURVES[curve];
    axes.innerHTML = p.axes({x: c.x, y: c.y, xlabel: 'weight w', ylabel: 'loss'});
    for (const [k, v] of Object.entries({x: p.left, y: p.top, width: p.right - p.left, height: p.bottom - p.top, viewBox: `${p.left} ${p.top} ${p.right - p.left} ${p.bottom - p.top}`})) inner.setAttribute(k, v);
    const hill = line(Array.from({length: 161}, (_, i) => c.x[0] + (c.x[1] - c.x[0])*i/160).map(w => [p.X(w), p.Y(c.loss(w))]));
    ground.setAttribute('d', hill);
    area.setAttribute('d', `${hill}V${p.bottom + 99}H${p.left}Z`);
    if (path) show(film.t);
  }
  function show(t) {
    const c = CURVES[curve], k = Math.min(Math.floor(t), path.length - 1), next = path[Math.min(k + 1, path.length - 1)], f = t - k, ease = f*f*(3 - 2*f);
    const w = path[k], at = i => [p.X(path[i]), p.Y(c.loss(path[i]))];
    if (p.w) {
      const from = [p.X(w), p.Y(c.loss(w))], to = [p.X(next), p.Y(c.loss(next))], x = from[0] + (to[0] - from[0])*ease, y = from[1] + (to[1] - from[1])*ease;
      const first = Math.max(0, k - 40), seen = Array.from({length: k - first + 1}, (_, i) => at(first + i)).filter(q => q.every(v => Math.abs(v) < 1e5));
      trail.setAttribute('d', line(f && Math.abs(x) + Math.abs(y) < 1e5 ? [...seen, [x, y]] : seen));
      while (dots.childElementCount < seen.length) dots.append(document.createElementNS(p.svg.namespaceURI, 'circle'));
      [...dots.children].forEach((dot, i) => { const q = seen[i]; dot.setAttribute('r', q ? 3.2 : 0); if (q) { dot.setAttribute('cx', q[0]); dot.setAttribute('cy', q[1]) } });
      place(ring, ...at(0));
      place(ball, Math.max(p.left + 9, Math.min(p.right - 9, x)), Math.max(p.top + 9, Math.min(p.bottom - 9, y)));
      const s = c.slope(w)*(p.Y(1) - p.Y(0))/(p.X(1) - p.X(0)), d = 70/Math.hypot(1, s);
      tangent.setAttribute('d', Math.abs(from[1]) < 1e4 ? line([[from[0] - d, from[1] - s*d], [from[0] + d, from[1] + s*d]]) : '');
    }
    const [before, plus] = noise.value > 0 ? [' before noise', ' plus noise'] : ['', ''], fortune = noise.value > 0 ? noisy(path.slice(0, k + 1)) : [WORDS[word](count), COLORS[word]];
    ui.says(`The weight ${fortune[0]}. Step ${k}: w = ${num(w)}, loss ${num(c.loss(w))}, slope ${num(c.slope(w))}${before}, so the next step is ${num(-lr.value*c.slope(w))}${plus}.`, fortune[1]);
    p.svg.setAttribute('aria-label', `The ${curve} with the weight at ${num(w)}, its tangent, and the steps so far`);
  }
  function place(dot, x, y) { dot.setAttribute('cx', x); dot.setAttribute('cy', y) }
  // What noise has done so far
  function noisy(past) {
    const w = past.at(-1), {minimum} = CURVES[curve];
    if (!(Math.abs(w) < 60)) return ['diverges: it flies off', RED];
    const late = past.slice(-50), far = Math.max(...late.map(v => Math.abs(v - minimum)));
    if (past.length > 50 && far < 1.2) return [`trembles around the minimum, and strayed ${num(far, 2)} from it in the last 50 steps`, BLUE];
    if (past.length > 50 && late.every(v => Math.abs(v) < 0.8)) return ['wanders on the flat spot, where noise is stronger than the slope', GREY];
    return ['staggers along: each slope has a random error', PINK];
  }
  change(curve, model.get('start'), model.get('lr'));
}
