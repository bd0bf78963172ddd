// The sigmoid and three losses: slide the score, and see the probability, the losses and their gradients move
import {BLUE, GREEN, PINK, RED, make, num} from './_base.js';
import {clamp, spread} from './_math.js';
import {Choice, Panel, Slider} from './_panel.js';
import {Plot, drag, line, parts} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// For any score, without overflow
export function sigmoid(x) {
  const up = Math.exp(Math.min(x, 0));
  return up/(up + Math.exp(-Math.max(x, 0)));
}

// Absolute error, squared error and cross-entropy of sigmoid(x) for the target t (0 or 1):
// a list of [loss, gradient for the score]
export function losses(x, t) {
  const p = sigmoid(x), rest = sigmoid(-x), slope = p*rest, off = t ? -rest : p;
  return [
    [Math.abs(off), Math.sign(off)*slope],
    [off*off, 2*off*slope],
    [Math.max(x, 0) - x*t + Math.log1p(Math.exp(-Math.abs(x))), off],
  ];
}

// The same as the formulas are printed, in float32 and step by step, as autograd does it
export function printed(x, t) {
  const f = Math.fround, e = f(Math.exp(-f(x))), p = f(1/f(1 + e)), off = f(p - t), q = f(1 - p);
  const back = slope => -f(f(-f(slope)*f(p*p))*e);
  const happened = t ? p : q;
  return [
    [Math.abs(off), back(Math.sign(off))],
    [f(off*off), back(2*off)],
    [f(-Math.log(happened)), back(f(f(-t/p) + f((1 - t)/q)))],
  ];
}

const NAMES = ['absolute error', 'squared error', 'cross-entropy'];

const COLORS = [RED, GREEN, BLUE];

// Scores at which float32 gives up: 1 + e^-x is 1, and e^-x is infinite
const ONE_FROM = 24*Math.log(2);

const INFINITE_BELOW = -Math.log(3.4028234663852886e38);

const STYLE = `
  .stage { display: flex; flex-wrap: wrap; gap: 10px 14px } .stage div { flex: 1 1 150px; min-width: 0 }
  .stage svg { cursor: ew-resize } .stage p { margin: 0; font-size: 13.5px } .lost { fill: currentColor; opacity: .1 }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 4px 0 10px;
    font-size: 14px }
  caption { text-align: left; font-size: 13.5px }
  th, td { padding: 5px 4px; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400 }
  th:first-child { text-align: left; position: relative } tbody th:first-child { padding-left: 21px }
  thead th { font-size: 13px }
  i { position: absolute; left: 3px; top: 10px; width: 11px; height: 11px; border-radius: 50% }
  .bad { font-weight: 700; text-decoration: underline wavy ${RED} 1.5px }`;

// What the three plots show at a score, for the target t: their heights, and the slopes there.
// Only the last shows gradients, which have no tangents
const PLOTS = [
  {what: 'probability', colors: [PINK], range: () => [0, 1], yticks: [0, 0.5, 1],
    heights: x => [sigmoid(x)], slopes: x => [sigmoid(x)*sigmoid(-x)],
    told: (x, [p]) => `The sigmoid, marked at score ${num(x)}: probability ${num(p)}`},
  {what: 'loss', colors: COLORS, range: reach => [0, Math.max(reach, 3)],
    heights: (x, t) => losses(x, t).map(([loss]) => loss), slopes: (x, t) => losses(x, t).map(([, slope]) => slope),
    told: (x, heights) => `Losses ${against(x, heights)}`},
  {what: 'gradient for the score', colors: COLORS, range: () => [-1, 1], yticks: [-1, 0, 1],
    heights: (x, t) => losses(x, t).map(([, slope]) => slope), slopes: () => [],
    told: (x, heights) => `Gradients ${against(x, heights)}`},
];

function against(x, heights) {
  return `against the score, marked at ${num(x)}: ${heights.map((y, i) => `${NAMES[i]} ${num(y)}`).join(', ')}`;
}

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'Sigmoid and losses', STYLE)};
  fig.views = PLOTS.map(kind => view(fig, kind));
  fig.table = table();
  fig.ui.tools.replaceWith(fig.table);
  controls(fig, data);
  stretch(fig);
}

// One of the three plots, which all move the score
function view(fig, kind) {
  const box = fig.ui.stage.appendChild(make(`<div><p>${kind.what}</p></div>`)), height = w => Math.min(230, w*0.8);
  const plot = new Plot(box, {label: '', height, draw: () => scene(fig)});
  drag(plot.svg, x => {
    const r = reach(fig), score = ((x - plot.left)/(plot.right - plot.left)*2 - 1)*r;
    fig.score.value = clamp(Math.round(score*10)/10, -r, r);
    show(fig);
  });
  return {kind, plot, ...parts(plot.svg, '<g class="axes"></g><g class="curves"></g><g class="marks"></g>')};
}

function table() {
  const row = (name, i) => `<tr><th scope="row"><i style="background:${COLORS[i]}"></i>${name}</th>
    ${'<td></td>'.repeat(4)}</tr>`;
  const heads = ['loss', 'value', 'gradient', 'float32 value', 'float32 gradient'];
  return make(`<table><caption>The exact values, and what the printed formula gives in float32</caption>
    <thead><tr>${heads.map(text => `<th scope="col">${text}</th>`).join('')}</tr></thead>
    <tbody>${NAMES.map(row).join('')}</tbody></table>`);
}

function controls(fig, data) {
  const {ui} = fig, under = make('<div></div>'), targets = {1: '1, it is a 3', 0: '0, it is a 7'};
  const reaches = Object.fromEntries(LIMITS.losses.reach.map(r => [r, `±${r}`]));
  ui.stage.after(under);
  fig.score = new Slider(under, {label: 'Score', min: -data.reach, max: data.reach, step: 0.1, value: data.score,
    on: () => show(fig)});
  fig.target = new Choice(ui.knobs, {label: 'Target', options: targets, value: data.target, on: () => scene(fig)});
  fig.zoom = new Choice(ui.knobs, {label: 'Scores shown', options: reaches, value: data.reach, on: () => stretch(fig)});
}

function reach(fig) { return +fig.zoom.value }

function stretch(fig) {
  const r = reach(fig);
  fig.score.limit(-r, r, r > 30 ? 0.5 : 0.1);
  fig.score.value = clamp(fig.score.value, -r, r);
  scene(fig);
}

// The axes and curves, and on them the score
function scene(fig) {
  for (const view of fig.views) if (view.plot.w) drawCurves(view, reach(fig), +fig.target.value);
  show(fig);
}

function drawCurves({kind, plot, axes, curves}, r, t) {
  const scores = spread(-r, r, 201), heights = scores.map(x => kind.heights(x, t));
  const frame = plot.axes({x: [-r, r], y: kind.range(r), xlabel: 'score', left: 30, right: 12,
    xticks: [-r, -r/2, 0, r/2, r], yticks: kind.yticks});
  axes.innerHTML = frame + shade(plot, -r, INFINITE_BELOW) + shade(plot, ONE_FROM, r);
  curves.innerHTML = kind.colors.map((color, i) => `<path fill="none" stroke-width="2.5" stroke="${color}"
    d="${line(scores.map((x, j) => plot.pixel([x, heights[j][i]])))}"/>`).join('');
}

// Where float32 gives up
function shade(plot, a, b) {
  if (b <= a) return '';
  const width = plot.X(b) - plot.X(a), height = plot.bottom - plot.top;
  return `<rect class="lost" x="${plot.X(a)}" y="${plot.top}" width="${width}" height="${height}"/>`;
}

function show(fig) {
  const x = fig.score.value, t = +fig.target.value, exact = losses(x, t), float = printed(x, t);
  for (const view of fig.views) if (view.plot.w) mark(view, x, t);
  NAMES.forEach((_, i) => fillRow(fig.table.tBodies[0].rows[i], exact[i], float[i]));
  tell(fig.ui, x, t, exact);
}

// The score on a plot: a line, and on each curve a dot and its tangent
function mark({kind, plot, marks}, x, t) {
  const heights = kind.heights(x, t), unit = (plot.Y(1) - plot.Y(0))/(plot.X(1) - plot.X(0));
  const tangents = kind.slopes(x, t).map((slope, i) => tangent(plot.pixel([x, heights[i]]), slope*unit));
  const at = plot.X(x);
  const dots = kind.colors.map((color, i) => `<circle r="6" cx="${at}" cy="${plot.Y(heights[i])}" fill="${color}"/>`);
  marks.innerHTML = `<path class="grid mark" stroke-dasharray="3 3" d="M${at} ${plot.top}V${plot.bottom}"/>
    <path d="${tangents.join('')}" class="curve" stroke-dasharray="5 3"/>${dots.join('')}`;
  plot.svg.setAttribute('aria-label', kind.told(x, heights));
}

function tangent([x, y], slope) {
  const d = 32/Math.hypot(1, slope);
  return line([[x - d, y - slope*d], [x + d, y + slope*d]]);
}

// The values and gradients of one loss; what float32 gets wrong is marked
function fillRow(row, exact, float) {
  [...exact, ...float].forEach((v, k) => {
    const cell = row.cells[k + 1], right = k < 2 || Math.abs(v - exact[k - 2]) < 1e-3;
    cell.textContent = num(v);
    cell.className = right ? '' : 'bad';
  });
}

function tell(ui, x, t, exact) {
  const p = sigmoid(x), pulls = exact.map(([, slope], i) => `${NAMES[i]} ${num(Math.abs(slope), 2)}`).join(', ');
  const chance = p > 0.9995 ? `1 − ${num(sigmoid(-x), 2)}` : num(p), failure = trouble(x);
  ui.says(`${verdict(t ? x : -x)}: score ${num(x)} gives the probability ${chance} that it is a 3,`
    + ` and the target is ${t}. Size of the gradients: ${pulls}.${failure}`, failure ? RED : BLUE);
}

// By how far the score lies on the right side of 0
function verdict(lead) {
  if (lead < -2) return 'Confidently wrong';
  return lead > 2 ? 'Confidently right' : 'Undecided';
}

function trouble(x) {
  if (x < INFINITE_BELOW) return ' In float32, e to the power of minus the score is infinite, and times 0 it is NaN.';
  return x >= ONE_FROM ? ' In float32, the probability is exactly 1.' : '';
}
