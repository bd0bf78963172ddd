// Weights growing: go back and forth through a real training run, or two, one mini-batch at a time
import {BLUE, GREEN, PINK, RED, esc, make, num} from './_base.js';
import {an, bytes} from './_math.js';
import {Panel, Player, Slider} from './_panel.js';
import {paint} from './_pixels.js';
import {Plot, line, parts, place} from './_plot.js';

// The weights at each moment, and the change that led to it, from the steps that sgd_course.figures.record_run has
// stored: whole numbers for the pixels in `pixels`, one scale for each moment, all steps added up
export function unpackRun({pixels, steps, scales}) {
  const q = new Int8Array(bytes(steps).buffer), n = pixels.length, now = new Float64Array(784);
  const weights = [], changes = [];
  scales.forEach((scale, t) => {
    const change = new Float64Array(784);
    pixels.forEach((p, k) => {
      change[p] = q[t*n + k]*scale;
      now[p] += change[p];
    });
    changes.push(change);
    weights.push(now.slice());
  });
  return {weights, changes};
}

// Score of one digit, 784 bytes of ink: above 0 says the first class
export function score(weights, bias, digit) {
  return weights.reduce((sum, w, k) => sum + w*digit[k]/255, bias);
}

const COLORS = [GREEN, PINK];

const STYLE = `
  .stage { transition: color 1ms }
  .runs { display: grid; gap: 6px 28px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)) }
  .run b, .verdicts b { font-weight: 650 }
  .run p { display: flex; justify-content: space-between; flex-wrap: wrap; margin: 0 0 4px }
  .dot { display: inline-block; width: 11px; height: 11px; margin-right: 7px; border-radius: 50% }
  .pair { max-width: 480px; display: grid; gap: 10px; grid-template-columns: 1fr 1fr; font-size: 13px;
    text-align: center }
  canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 9px; background: var(--soft);
    image-rendering: pixelated }
  [hidden] { display: none !important }
  .batch { display: flex; height: 8px; margin: 4px 0 8px; border-radius: 4px; overflow: hidden; background: ${RED} }
  .batch i { background: ${BLUE} }
  .verdicts { display: grid; gap: 5px; margin: 10px 0; grid-template-columns: repeat(10, minmax(0, 1fr));
    align-items: center }
  .verdicts > p { grid-column: 1 / -1; margin: 0; font-size: 13px } .verdicts canvas { background: none }
  .verdicts span { display: grid; place-content: center; min-height: 28px; border-radius: 7px; font-weight: 650;
    border: 2px solid transparent; grid-auto-flow: column; gap: 2px }
  .verdicts .wrong { border-color: currentColor } .wrong::after { content: '✗'; font-size: .85em }`;

export function render({el, data}) {
  const {targets, names, unit} = data, digits = data.digits.map(bytes);
  const fig = {ui: new Panel(el, 'Weights growing', STYLE), digits, targets, names, unit, at: -1};
  fig.runs = data.runs.map(run => unpacked(run, digits));
  fig.last = fig.runs[0].moments.length - 1;
  stage(fig);
  controls(fig);
  ink(fig);
  fig.film.set(0);
}

// A run with all that is shown of it, the largest weight and change at each moment included, which get the full colour
function unpacked(run, digits) {
  const {weights, changes} = unpackRun(run);
  const most = list => list.map(values => values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-12));
  const scores = weights.map((w, t) => digits.map(digit => score(w, run.biases[t], digit)));
  return {...run, weights, changes, scores, most: most(weights), strongest: most(changes)};
}

function stage(fig) {
  const {ui, runs, unit} = fig;
  const {runs: boxes, verdicts, curves} = parts(ui.stage,
    '<div class="runs"></div><div class="verdicts"></div><div class="curves"></div>');
  runs.forEach((run, r) => { run.view = viewOf(boxes, run, COLORS[r]) });
  verdicts.innerHTML = verdictRows(fig);
  fig.pictures = [...verdicts.querySelectorAll('canvas')];
  const chips = [...verdicts.querySelectorAll('span')], n = fig.digits.length;
  runs.forEach((run, r) => { run.chips = chips.slice(n*r, n*r + n) });
  const label = `Loss of each run, ${unit} by ${unit}`;
  fig.chart = new Plot(curves, {label, height: () => 170, draw: () => drawLosses(fig)});
  ui.stage.addEventListener('transitionend', () => ink(fig));
}

// The place of one run, and what in it changes
function viewOf(parent, {name}, color) {
  const picture = '<canvas width="28" height="28" role="img"></canvas>';
  const root = parent.appendChild(make(`<div class="run">
    <p><b><i class="dot" style="background: ${color}"></i>${esc(name)}</b> <span></span></p>
    <div class="batch"><i></i></div><div class="pair"><div>${picture}weights</div>
    <div>${picture}last change</div></div></div>`));
  const [weights, change] = root.querySelectorAll('canvas');
  return {weights, change, words: root.querySelector('span'), batch: root.querySelector('.batch'),
    share: root.querySelector('.batch i')};
}

function verdictRows({runs, digits, targets, names: [no, yes]}) {
  const label = k => esc(an(targets[k] ? yes : no));
  const picture = k => `<canvas width="28" height="28" role="img" aria-label="${label(k)}"></canvas>`;
  const row = run => (runs.length > 1 ? `<p><b>${esc(run.name)}</b></p>` : '') + '<span></span>'.repeat(digits.length);
  return `<p>Ten digits that took no part in the training, and what the weights make of them</p>
    ${digits.map((_, k) => picture(k)).join('')}${runs.map(row).join('')}`;
}

function controls(fig) {
  const {ui, unit, last} = fig, {moments} = fig.runs[0];
  const on = t => {
    fig.film.halt();
    fig.film.set(t);
  };
  fig.knob = new Slider(ui.knobs, {label: unit[0].toUpperCase() + unit.slice(1), min: 0, max: last, step: 1, value: 0,
    show: k => moments[k], on});
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => last, rate: () => 6});
}

// Small values are lifted a little
function opacity(size) { return size ** 0.8 }

// The digits in the colour of the text
function ink({pictures, digits}) {
  pictures.forEach((canvas, k) => {
    const brush = canvas.getContext('2d');
    brush.globalCompositeOperation = 'source-over';
    paint(canvas, i => digits[k][i]/255, opacity);
    brush.globalCompositeOperation = 'source-in';
    brush.fillStyle = getComputedStyle(canvas).color;
    brush.fillRect(0, 0, 28, 28);
  });
}

function drawLosses(fig) {
  const {chart: p, runs, last, unit} = fig, {moments} = runs[0], starts = runs.map(run => run.loss[0]);
  const most = Math.min(Math.max(...runs.flatMap(run => run.loss)), 4*Math.max(...starts));
  const curve = (run, r) => `<path fill="none" stroke="${COLORS[r]}" stroke-width="2.2"
    d="${line(run.loss.map((v, t) => p.pixel([run.moments[t], Math.min(v, most)])))}"/>`;
  const x = [0, moments[last]], y = [0, most];
  p.svg.innerHTML = p.axes({x, y, xlabel: esc(unit), ylabel: 'loss', left: 46, right: 16})
    + runs.map(curve).join('') + '<path class="curve cursor"/>'
    + runs.map((_, r) => `<circle r="5" fill="${COLORS[r]}"/>`).join('');
  drawCursor(fig);
}

// The moment that is shown, on the chart
function drawCursor({chart: p, runs, at}) {
  if (!p.w || at < 0) return;
  const x = p.X(runs[0].moments[at]);
  p.svg.querySelector('.cursor').setAttribute('d', `M${x} ${p.top}V${p.bottom}`);
  p.svg.querySelectorAll('circle').forEach((dot, r) => place(dot, [x, Math.max(p.top, p.Y(runs[r].loss[at]))]));
}

function show(fig, t) {
  const {ui, runs, unit, last} = fig, {moments} = runs[0], at = Math.min(last, Math.floor(t));
  if (at == fig.at) return;
  fig.at = at;
  fig.knob.value = at;
  for (const run of runs) {
    showWeights(run, at, unit);
    showShare(run, at, fig.names[1]);
    showVerdicts(run, at, fig);
  }
  drawCursor(fig);
  const when = at ? `After ${unit} ${moments[at]} of ${moments[last]}` : 'Before the training';
  ui.says(`${when}. ${runs.map(run => told(run, at, fig)).join(' ')}`);
}

function showWeights({name, view, weights, changes, most, strongest, moments}, at, unit) {
  paint(view.weights, k => weights[at][k]/most[at], opacity);
  paint(view.change, k => at ? changes[at][k]/strongest[at] : 0, opacity);
  view.weights.ariaLabel = `${name}: the weights after ${unit} ${moments[at]}`;
  view.change.ariaLabel = `${name}: their last change`;
}

// What the last batch was mixed of, if that is known
function showShare({view, shares}, at, yes) {
  const percent = shares ? 100*shares[at] : 0;
  view.batch.style.visibility = at ? '' : 'hidden';
  view.batch.hidden = !shares;
  view.share.style.width = percent + '%';
  view.words.textContent = at && shares ? `${Math.round(percent)} % of the batch are ${yes}s` : '';
}

function showVerdicts({scores, chips}, at, {targets, names: [no, yes]}) {
  scores[at].forEach((s, k) => {
    const says = s > 0, strength = 12 + 43*Math.min(1, Math.abs(s));
    chips[k].textContent = says ? yes : no;
    chips[k].className = says == (targets[k] == 1) ? '' : 'wrong';
    chips[k].style.background = `color-mix(in srgb, ${says ? BLUE : RED} ${strength.toFixed(0)}%, transparent)`;
  });
}

// The loss of a run, and how many digits it has right
function told({name, loss, scores}, at, {runs, targets, names}) {
  const says = scores[at].map(s => s > 0), right = says.filter((v, k) => v == (targets[k] == 1)).length;
  const alike = says.every(v => v == says[0]) ? ` (it calls all of them ${names[+says[0]]})` : '';
  const what = runs.length > 1 ? `${name}: loss` : 'Loss', count = right == 10 ? 'all' : `${right} of`;
  return `${what} ${num(loss[at])}, ${count} ten right${alike}.`;
}
