// Batch size: what a handful of digits says about the gradient of all, and what that costs in steps and in time
import {BLUE, GREEN, PINK, RED, esc, make, num} from './_base.js';
import {floats, random, times} from './_math.js';
import {Choice, Panel, Player, Slider} from './_panel.js';
import {Plot, line, parts} from './_plot.js';

// `size` different numbers from 0 to n-1
export function sample(n, size, seed) {
  const next = random(seed), all = times(n, i => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(next()*(n - i));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, size);
}

// Mean of the gradients in `rows`; `points` is a flat list x, y, x, y, ...
export function estimate(points, rows) {
  let x = 0, y = 0;
  for (const i of rows) {
    x += points[2*i];
    y += points[2*i + 1];
  }
  return [x/rows.length, y/rows.length];
}

// How far the mean of a batch lies from the mean of all, root mean square: σ/√B, and a little less because no digit is
// drawn twice
export function expectedMiss(points, size) {
  const n = points.length/2, [x, y] = estimate(points, times(n, i => i));
  let total = 0;
  for (let i = 0; i < n; i++) total += (points[2*i] - x) ** 2 + (points[2*i + 1] - y) ** 2;
  return Math.sqrt(total/n/size*(n - size)/(n - 1));
}

// The loss of a run at `x` on the axis 'steps', 'digits' or 'seconds': the last one recorded up to there
export function lossAt(run, axis, x) {
  const last = run[axis].findLastIndex(v => v <= x);
  return run.loss[Math.max(0, last)];
}

const COLORS = [PINK, BLUE, GREEN, RED];

// How many batches are seen at once
const SHOWN = 40;

const STYLE = `
  .two { display: grid; gap: 8px 26px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)) }
  .two p { margin: 0 0 2px; font-size: 14px; font-weight: 650 } .arrows, .curves { margin-bottom: 6px }
  .two .key { display: flex; flex-wrap: wrap; gap: 0 14px; font-weight: 400; font-size: 13px }
  .key i { display: inline-block; width: 18px; height: 4px; margin: 0 6px 3px 0; border-radius: 2px }`;

export function render({el, data}) {
  const sets = data.gradients.map(([name, text]) => ({name, points: floats(text)})), n = sets[0].points.length/2;
  const ui = new Panel(el, 'Batch size', STYLE);
  const fig = {ui, sets, n, sizes: sizesUpTo(n), runs: data.runs, arrows: [], last: -1};
  stage(fig);
  controls(fig, data);
  fig.film.set(0);
}

// Powers of 2, and n
function sizesUpTo(n) {
  const sizes = [];
  for (let size = 1; size < n; size *= 2) sizes.push(size);
  return [...sizes, n];
}

function stage(fig) {
  const {runs, ui} = fig, height = w => Math.min(w*0.82, 300);
  const label = `Loss of ${runs.length} runs with different batch sizes`;
  const key = runs.map((run, r) => `<span><i style="background: ${COLORS[r]}"></i>${esc(run.name)}</span>`).join('');
  const {arrows, curves} = parts(ui.stage, `<div class="two">
    <div class="arrows"><p>Gradients of batches, and of all digits</p></div>
    <div class="curves"><p>${runs.length} runs, measured</p><p class="key">${key}</p></div></div>`);
  fig.left = new Plot(arrows, {label: 'Gradients of batches as arrows', height, draw: () => drawGround(fig)});
  fig.left.svg.style.overflow = 'hidden';
  fig.right = new Plot(curves, {label, height, draw: () => drawCurves(fig)});
}

function controls(fig, data) {
  const {ui, sizes, sets, n} = fig, {knobs} = ui, on = () => refresh(fig);
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => 2000, rate: () => 12});
  fig.slider = new Slider(knobs, {label: 'Batch size', min: 0, max: sizes.length - 1, step: 1,
    value: sizes.indexOf(data.size), show: k => sizes[k] == n ? `all ${n}` : sizes[k], on});
  fig.axis = new Choice(knobs, {label: 'Compare the runs by', value: data.axis, on,
    options: {steps: 'steps', digits: 'digits', seconds: 'time'}});
  if (sets.length < 2) return;
  const names = Object.fromEntries(sets.map(({name}, k) => [k, name]));
  fig.set = new Choice(knobs, {label: 'Gradients', options: names, value: 0, on});
}

// What the knobs say
function pointsOf({sets, set}) { return sets[set ? +set.value : 0].points }

function sizeOf({sizes, slider}) { return sizes[slider.value] }

function refresh(fig) {
  fig.last = -1;
  show(fig, fig.film.t);
  if (fig.left.w) drawGround(fig);
  if (fig.right.w) drawCurves(fig);
}

// Behind and over the arrows: the true gradient points right and has length 1
function drawGround(fig) {
  const p = fig.left, reach = Math.max(1.6, 2.4*Math.sqrt(expectedMiss(pointsOf(fig), sizeOf(fig))));
  const unit = Math.min(p.h, p.w)/2/reach;
  p.X = v => p.w/2 + (v - 1)*unit;
  p.Y = v => p.h/2 - v*unit;
  const ring = r => `<circle class="curve" style="opacity:.14" cx="${p.X(1)}" cy="${p.Y(0)}" r="${r*unit}"/>`;
  p.svg.innerHTML = `${[0.5, 1, 2, 4].map(ring).join('')}
    <path class="grid" d="M0 ${p.Y(0)}H${p.w}M${p.X(0)} 0V${p.h}"/><g></g><path stroke="currentColor" stroke-width="4.5"
    stroke-linecap="round" stroke-linejoin="round" d="M${p.X(0)} ${p.Y(0)}H${p.X(1)}m-9 -6l9 6l-9 6" fill="none"/>
    <text x="4" y="${p.h - 6}">the wrong way</text>
    <text x="${p.w - 4}" y="${p.h - 6}" text-anchor="end">the right way</text>`;
  drawArrows(fig);
}

function drawArrows({left, arrows}) {
  if (!left.w) return;
  left.svg.querySelector('g').innerHTML = arrows.map(([x, y], k) => {
    const color = x > 0 ? BLUE : RED, [px, py] = left.pixel([x, y]).map(v => v.toFixed(1));
    const opacity = 0.25 + 0.65*(k + 1)/arrows.length; // The newest is the clearest
    return `<path stroke="${color}" stroke-width="1.8" opacity="${opacity.toFixed(2)}"
      d="M${left.X(0)} ${left.Y(0)}L${px} ${py}"/><circle r="3" fill="${color}" cx="${px}" cy="${py}"/>`;
  }).join('');
}

const XLABELS = {steps: 'steps', digits: 'digits looked at', seconds: 'seconds of this machine'};

function log(v) { return Math.log10(Math.max(v, 1e-12)) }

// The losses of the runs, on two logarithmic axes
function drawCurves(fig) {
  const {right: p, runs} = fig, by = fig.axis.value;
  const xs = runs.flatMap(run => run[by]).filter(v => v > 0), ys = runs.flatMap(run => run.loss).filter(v => v > 0);
  const from = log(Math.min(...xs)), x = [from, Math.max(from + 0.1, log(Math.max(...xs)))];
  const y = [log(Math.min(...ys)) - 0.05, log(Math.max(...ys)) + 0.05], first = Math.ceil(x[0]);
  const axes = p.axes({x, y, xlabel: XLABELS[by], ylabel: 'loss', left: 48, right: 14, show: v => num(10 ** v),
    xticks: times(Math.floor(x[1]) - first + 1, k => first + k),
    yticks: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].map(log).filter(v => v > y[0] && v < y[1])});
  p.svg.innerHTML = axes + runs.map((_, r) => curve(fig, r, by)).join('');
}

// One run, thick if it has the batch size chosen; a start at 0 has no place on the axis
function curve({right: p, runs, n, ...knobs}, r, by) {
  const run = runs[r], size = sizeOf(knobs), chosen = run.size == size || (size == n && r == runs.length - 1);
  const points = run[by].map((v, k) => p.pixel([log(v), log(run.loss[k])])).slice(run[by][0] > 0 ? 0 : 1);
  return `<path fill="none" stroke="${COLORS[r]}" stroke-width="${chosen ? 4 : 2}" stroke-linejoin="round"
    d="${line(points)}"/>`;
}

function show(fig, t) {
  const last = Math.floor(t) + SHOWN - 1, points = pointsOf(fig), size = sizeOf(fig);
  if (last == fig.last) return;
  const arrow = k => estimate(points, sample(fig.n, size, 1000*size + k));
  const follows = fig.last >= 0 && last == fig.last + 1;
  fig.arrows = follows ? [...fig.arrows.slice(1), arrow(last)] : times(SHOWN, k => arrow(last + 1 - SHOWN + k));
  fig.last = last;
  drawArrows(fig);
  tell(fig, points, size);
}

function tell(fig, points, size) {
  const {ui, arrows, n} = fig, wrong = arrows.filter(([x]) => x <= 0).length;
  const miss = Math.sqrt(arrows.reduce((sum, [x, y]) => sum + (x - 1) ** 2 + y*y, 0)/arrows.length);
  const expected = num(expectedMiss(points, size), 2), point = wrong > 1 ? 'point' : 'points';
  const batch = `Batches of ${size}: in this plane, ${arrows.length} estimates miss by ${num(miss, 2)} of the`
    + ` gradient's length (expected ${expected}), ${wrong || 'none'} ${point} the wrong way.`;
  if (size == n) ui.says(`All ${n} digits: every estimate is the gradient itself. ${race(fig)}`, BLUE);
  else ui.says(`${batch} ${race(fig)}`, wrong > arrows.length/4 ? RED : GREEN);
}

// Which run is ahead where the shortest ends
function race({runs, axis}) {
  const by = axis.value, end = Math.min(...runs.map(run => run[by].at(-1)));
  const best = runs.reduce((a, b) => lossAt(b, by, end) < lossAt(a, by, end) ? b : a);
  return `After ${num(end)} ${by}, the run with the lowest loss is “${best.name}”.`;
}
