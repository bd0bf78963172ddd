// Batch size: what a handful of digits says about the gradient of all, and what that costs in steps and in time
import {panel, player, plot, line, make, esc, num, BLUE, RED, GREEN, PINK} from './_base.js';
import {bytes, random} from './_math.js';

// `size` different numbers from 0 to n-1
export function sample(n, size, seed) {
  const next = random(seed), all = Array.from({length: n}, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(next()*(n - i));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, size);
}

// Mean of the gradients in `rows`; `points` is a flat list x, y, x, y, ...
export function estimate(points, rows) {
  let x = 0, y = 0;
  for (const i of rows) { x += points[2*i]; y += points[2*i + 1] }
  return [x/rows.length, y/rows.length];
}

// How far the mean of a batch lies from the mean of all, root mean square: σ/√B, and a little less because no digit is drawn twice
export function expectedMiss(points, size) {
  const n = points.length/2, [mx, my] = estimate(points, Array.from({length: n}, (_, i) => i));
  let total = 0;
  for (let i = 0; i < n; i++) total += (points[2*i] - mx) ** 2 + (points[2*i + 1] - my) ** 2;
  return Math.sqrt(total/n/size*(n - size)/(n - 1));
}

// The loss of a run at `x` on the axis 'steps', 'digits' or 'seconds': the last one recorded up to there
export function lossAt(run, axis, x) {
  let found = run.loss[0];
  run[axis].forEach((v, k) => { if (v <= x) found = run.loss[k] });
  return found;
}

const COLORS = [PINK, BLUE, GREEN, RED];

const STYLE = `
  .two { display: grid; gap: 8px 26px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)) }
  .two p { margin: 0 0 2px; font-size: 14px; font-weight: 650 } .arrows, .curves { margin-bottom: 6px }
  .two .key { display: flex; flex-wrap: wrap; gap: 0 14px; font-weight: 400; font-size: 13px } .key i { display: inline-block; width: 18px; height: 4px; margin: 0 6px 3px 0; border-radius: 2px }`;

export function render({model, el}) {
  const ui = panel(el, 'Batch size', STYLE), sets = model.get('gradients').map(([name, text]) => [name, new Float32Array(bytes(text).buffer)]), runs = model.get('runs');
  ui.stage.append(make(`<div class="two"><div class="arrows"><p>Gradients of batches, and of all digits</p></div><div class="curves"><p>${runs.length} runs, measured</p><p class="key">${runs.map((run, r) => `<span><i style="background: ${COLORS[r]}"></i>${esc(run.name)}</span>`).join('')}</p></div></div>`));
  const SHOWN = 40, n = sets[0][1].length/2, sizes = [];
  for (let b = 1; b < n; b *= 2) sizes.push(b);
  sizes.push(n);
  let arrows = [], now = -1;
  const points = () => sets[set ? +set.value : 0][1], size = () => sizes[slider.value];

  // The arrows: the true gradient points right and has length 1
  const left = plot(el.querySelector('.arrows'), {label: 'Gradients of batches as arrows', height: w => Math.min(w*0.82, 300), draw: ground});
  function ground(p) {
    const reach = Math.max(1.6, 2.4*Math.sqrt(expectedMiss(points(), size()))), unit = Math.min(p.h, p.w)/2/reach;
    Object.assign(p, {X: v => p.w/2 + (v - 1)*unit, Y: v => p.h/2 - v*unit});
    p.svg.style.overflow = 'hidden';
    p.svg.innerHTML = [0.5, 1, 2, 4].map(r => `<circle class="curve" style="opacity:.14" cx="${p.X(1)}" cy="${p.Y(0)}" r="${r*unit}"/>`).join('')
      + `<path class="grid" d="M0 ${p.Y(0)}H${p.w}M${p.X(0)} 0V${p.h}"/><g></g>`
      + `<path stroke="currentColor" stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round" d="M${p.X(0)} ${p.Y(0)}H${p.X(1)}m-9 -6l9 6l-9 6" fill="none"/>`
      + `<text x="4" y="${p.h - 6}">the wrong way</text><text x="${p.w - 4}" y="${p.h - 6}" text-anchor="end">the right way</text>`;
    drawArrows();
  }
  function drawArrows() {
    if (!left.w) return;
    left.svg.querySelector('g').innerHTML = arrows.map(([x, y], k) => `<path stroke="${x > 0 ? BLUE : RED}" stroke-width="1.8" opacity="${(0.25 + 0.65*(k + 1)/arrows.length).toFixed(2)}"
      d="M${left.X(0)} ${left.Y(0)}L${left.X(x).toFixed(1)} ${left.Y(y).toFixed(1)}"/><circle r="3" fill="${x > 0 ? BLUE : RED}" cx="${left.X(x).toFixed(1)}" cy="${left.Y(y).toFixed(1)}"/>`).join('');
  }
  const right = plot(el.querySelector('.curves'), {label: `Loss of ${runs.length} runs with different batch sizes`, height: w => Math.min(w*0.82, 300), draw: curves});
  function curves(p) {
    const by = axis.value, log = v => Math.log10(Math.max(v, 1e-12)), xs = runs.flatMap(run => run[by].filter(v => v > 0)), ys = runs.flatMap(run => run.loss).filter(v => v > 0);
    const from = log(Math.min(...xs)), span = [from, Math.max(from + 0.1, log(Math.max(...xs)))], range = [log(Math.min(...ys)) - 0.05, log(Math.max(...ys)) + 0.05];
    const tens = ([a, b]) => Array.from({length: Math.floor(b) - Math.ceil(a) + 1}, (_, k) => Math.ceil(a) + k);
    const values = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].map(log).filter(v => v > range[0] && v < range[1]);
    p.svg.innerHTML = p.axes({x: span, y: range, xticks: tens(span), yticks: values, xlabel: {steps: 'steps', digits: 'digits looked at', seconds: 'seconds of this machine'}[by], ylabel: 'loss',
      left: 48, right: 14, show: v => num(10 ** v)})
      + runs.map((run, r) => `<path fill="none" stroke="${COLORS[r]}" stroke-width="${run.size == size() || (r == runs.length - 1 && size() == n) ? 4 : 2}" stroke-linejoin="round"
        d="${line(run[by].map((v, k) => [p.X(log(v)), p.Y(log(run.loss[k]))]).slice(run[by][0] > 0 ? 0 : 1))}"/>`).join('');
  }
  function show(t) {
    const last = Math.floor(t) + SHOWN - 1, all = points(), B = size(), one = k => estimate(all, sample(n, B, 1000*B + k));
    if (last == now) return;
    if (last == now + 1 && now >= 0) arrows = [...arrows, one(last)].slice(-SHOWN);
    else arrows = Array.from({length: SHOWN}, (_, k) => one(last + 1 - SHOWN + k));
    now = last;
    drawArrows();
    const miss = Math.sqrt(arrows.reduce((s, [x, y]) => s + (x - 1) ** 2 + y*y, 0)/arrows.length), wrong = arrows.filter(([x]) => x <= 0).length;
    const end = Math.min(...runs.map(run => run[axis.value].at(-1))), best = runs.reduce((a, b) => lossAt(b, axis.value, end) < lossAt(a, axis.value, end) ? b : a);
    const place = {steps: `${num(end)} steps`, digits: `${num(end)} digits`, seconds: `${num(end)} seconds`}[axis.value];
    const batch = B == n ? `All ${n} digits: every estimate is the gradient itself.` : `Batches of ${B}: in this plane, ${arrows.length} estimates miss by ${num(miss, 2)} of the gradient's length (expected ${num(expectedMiss(all, B), 2)}), ${wrong || 'none'} point${wrong > 1 ? '' : 's'} the wrong way.`;
    ui.says(`${batch} After ${place}, the run with the lowest loss is “${best.name}”.`, B == n ? BLUE : wrong > arrows.length/4 ? RED : GREEN);
  }
  const run = player(ui, {show, end: () => 2000, rate: () => 12});
  const slider = ui.slider({label: 'Batch size', min: 0, max: sizes.length - 1, step: 1, value: sizes.indexOf(model.get('size')), show: k => sizes[k] == n ? `all ${n}` : sizes[k], on: refresh});
  const axis = ui.choice({label: 'Compare the runs by', options: {steps: 'steps', digits: 'digits', seconds: 'time'}, value: model.get('axis'), on: refresh});
  const set = sets.length > 1 ? ui.choice({label: 'Gradients', options: Object.fromEntries(sets.map(([name], k) => [k, name])), value: 0, on: refresh}) : null;
  function refresh() {
    now = -1;
    show(run.t);
    if (left.w) ground(left);
    if (right.w) curves(right);
  }
  run.set(0);
}
