// Many machines that train one network: what a step costs, and beyond which number more of them are slower
import {BLUE, GREEN, GREY, PINK, RED, make, num} from './_base.js';
import {spread, times} from './_math.js';
import {Panel, Slider} from './_panel.js';
import {Plot, line, parts, place} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// Seconds for the gradient of a batch on one machine: two operations for each weight and example on the way there,
// four on the way back
export function computeTime({weights, batch, speed}) { return 6*weights*batch/speed }

// Seconds of a step on `p` machines in a ring: computing, bytes on the wire, waiting for messages
export function stepParts(p, setting) {
  const {weights, bandwidth, latency} = setting;
  return [computeTime(setting)/p, 2*(p - 1)/p*4*weights/bandwidth, 2*(p - 1)*latency];
}

export function stepTime(p, setting) { return stepParts(p, setting).reduce((a, b) => a + b) }

// The number of machines with the shortest step
export function bestMachines(setting) {
  const {weights, bandwidth, latency} = setting, gain = computeTime(setting) - 8*weights/bandwidth;
  if (gain <= 0) return 1;
  const below = Math.max(1, Math.floor(Math.sqrt(gain/(2*latency))));
  return stepTime(below + 1, setting) < stepTime(below, setting) ? below + 1 : below;
}

const NAMES = ['computing', 'bytes', 'waiting'];

const COLORS = [BLUE, RED, PINK];

const MOST = 12; // Bars for 1, 2, 4 ... 4096 machines

const STYLE = `
  .stage { display: flex; flex-wrap: wrap; gap: 12px } .stage div { flex: 1 1 260px; min-width: 0 }`;

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'Many machines', STYLE)};
  fig.bars = barsOf(fig);
  fig.gain = gainOf(fig);
  controls(fig, data);
  scene(fig);
}

function barsOf(fig) {
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => Math.min(250, w*0.8);
  const plot = new Plot(box, {label: '', height, draw: () => scene(fig)});
  return {plot, ...parts(plot.svg, '<g class="axes"></g><g class="bars"></g>')};
}

function gainOf(fig) {
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => Math.min(250, w*0.8);
  const plot = new Plot(box, {label: '', height, draw: () => scene(fig)});
  return {plot, ...parts(plot.svg, `<g class="axes"></g><svg class="inner"><path class="ideal" fill="none"
    stroke="${GREY}" stroke-dasharray="3 4"/><path class="real" fill="none" stroke="${GREEN}" stroke-width="2.5"/>
    <circle class="best" r="6" fill="none" stroke="${GREEN}" stroke-width="2"/>
    <circle class="here" r="6" fill="${RED}"/></svg>`)};
}

// Each knob moves through powers of ten; those of whole things stop at whole numbers
const KNOBS = [
  ['p', 'Machines', v => num(v)], ['batch', 'Batch size', v => num(v)], ['weights', 'Weights', v => num(v)],
  ['bandwidth', 'Bandwidth', v => rate(v, 'B/s')], ['latency', 'Latency', v => short(v)],
  ['speed', 'Speed of a machine', v => rate(v, 'flop/s')],
];

function controls(fig, data) {
  for (const [name, label, show] of KNOBS) {
    const [min, max] = LIMITS.machines[name], step = name == 'p' ? 0.01 : 0.05;
    fig[name] = new Slider(fig.ui.knobs, {label, min, max, step, log: true, value: data[name], show,
      on: () => scene(fig)});
  }
  fig.p.show = v => num(Math.round(v));
  fig.batch.show = v => num(Math.round(v), 4);
  for (const knob of [fig.p, fig.batch]) knob.value = knob.exact;
}

// Seconds and rates in the unit that suits them
export function short(v) {
  const [size, unit] = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs']].find(([s]) => v >= s*0.9995) ?? [1e-9, 'ns'];
  return `${num(v/size)} ${unit}`;
}

export function rate(v, unit) {
  const [size, letter] = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M']].find(([s]) => v >= s*0.9995) ?? [1e3, 'k'];
  return `${num(v/size)} ${letter}${unit}`;
}

function settingOf(fig) {
  const {weights, bandwidth, latency, speed} = fig;
  return {weights: weights.value, batch: Math.round(fig.batch.value), bandwidth: bandwidth.value,
    latency: latency.value, speed: speed.value};
}

function scene(fig) {
  if (!fig.speed) return;
  const setting = settingOf(fig), p = Math.round(fig.p.value);
  if (fig.bars.plot.w) drawBars(fig.bars, setting, p);
  if (fig.gain.plot.w) drawGain(fig.gain, setting, p);
  tell(fig.ui, setting, p);
}

// Bars of the time of a step, in shares of that of one machine
function drawBars({plot, axes, bars}, setting, p) {
  const alone = stepTime(1, setting), top = 1.6, powers = times(MOST + 1, k => 2**k);
  const frame = plot.axes({x: [-0.7, MOST + 0.7], y: [0, top], xlabel: 'machines', ylabel: 'time of a step',
    xticks: [0, 2, 4, 6, 8, 10, 12], yticks: [0, 0.5, 1, 1.5], top: 26, show: k => 2**k, yshow: v => num(v)});
  const name = (word, i) => `<rect x="${plot.left + 84*i}" y="4" width="12" height="12" fill="${COLORS[i]}"/>
    <text x="${plot.left + 17 + 84*i}" y="15">${word}</text>`;
  axes.innerHTML = frame + NAMES.map(name).join('');
  bars.innerHTML = powers.map((q, k) => bar(plot, k, stepParts(q, setting).map(v => v/alone), top)).join('');
  plot.svg.setAttribute('aria-label', `Time of a step for 1 to ${2**MOST} machines, in shares of that of one: with ${p}`
    + ` of them ${num(stepTime(p, setting)/alone, 2)}`);
}

// One bar, its parts upon each other; what is higher than the plot is cut off
function bar(plot, k, shares, top) {
  let from = 0;
  return shares.map((share, i) => {
    const to = Math.min(top, from + share), y = plot.Y(to), height = Math.max(0, plot.Y(from) - y);
    from = to;
    return `<rect x="${plot.X(k - 0.36)}" width="${plot.X(0.72) - plot.X(0)}" y="${y}" height="${height}"
      fill="${COLORS[i]}"/>`;
  }).join('');
}

// How many times as fast as one machine, on logarithmic axes
function drawGain({plot, axes, inner, ideal, real, best, here}, setting, p) {
  const alone = stepTime(1, setting), gain = q => alone/stepTime(q, setting), log = Math.log10, end = log(2**MOST);
  axes.innerHTML = plot.axes({x: [-0.1, end + 0.1], y: [-1, end], xlabel: 'machines', ylabel: 'times as fast',
    left: 52, top: 26, xticks: [0, 1, 2, 3], yticks: [-1, 0, 1, 2, 3], show: k => num(10**k)});
  plot.frame(inner);
  const at = q => plot.pixel([log(q), Math.max(-2, log(gain(q)))]);
  ideal.setAttribute('d', line([plot.pixel([0, 0]), plot.pixel([end, end])]));
  real.setAttribute('d', line(spread(0, end, 120).map(k => at(10**k))));
  const top = bestMachines(setting);
  place(best, at(Math.min(top, 2**MOST)));
  place(here, at(p));
  plot.svg.setAttribute('aria-label', `Speed-up against the number of machines: ${num(gain(p), 2)} with ${p},`
    + ` at most ${num(gain(top), 2)} with ${num(top)}`);
}

function tell(ui, setting, p) {
  const top = bestMachines(setting), [compute, bytes, waiting] = stepParts(p, setting), alone = stepTime(1, setting);
  const gain = alone/stepTime(p, setting), most = alone/stepTime(top, setting);
  const told = `One machine needs ${short(alone)} for a step, ${num(p)} need ${short(stepTime(p, setting))}:`
    + ` ${short(compute)} for computing, ${short(bytes)} for the bytes, ${short(waiting)} of waiting.`;
  const times = `That is ${num(gain, 2)} times as fast.`;
  const turn = top == 1 ? 'No number of machines is faster than one.'
    : `More than ${num(top)} are slower again; these are ${num(most, 2)} times as fast as one.`;
  ui.says(`${told} ${times} ${turn}`, gain <= 1 && p > 1 ? RED : p > top ? PINK : GREEN);
}
