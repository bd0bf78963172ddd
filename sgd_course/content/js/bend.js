// Bend the line: a small network with one, two or three hidden layers learns to part two kinds of points
import {BLUE, GREEN, RED, num} from './_base.js';
import {contour, normal, random, times} from './_math.js';
import {Choice, Panel, Player, Slider} from './_panel.js';
import {paint} from './_pixels.js';
import {Plot, line, parts} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// Activations: the function, and its derivative in terms of the function's value
const ACTIVATIONS = {
  relu: {f: z => z > 0 ? z : 0, slope: a => a > 0 ? 1 : 0},
  tanh: {f: Math.tanh, slope: a => 1 - a*a},
  sigmoid: {f: z => 1/(1 + Math.exp(-z)), slope: a => a*(1 - a)},
  linear: {f: z => z, slope: () => 1},
};

// A network of `sizes` units per layer, inputs and output included; weights normal, with variance 2/n for ReLU and
// 1/n else
export function initialise(sizes, activation, seed) {
  const next = random(seed);
  const layers = sizes.slice(1).map((rows, l) => {
    const cols = sizes[l], last = l == sizes.length - 2, gain = activation == 'relu' && !last ? 2 : 1;
    const size = Math.sqrt(gain/cols), w = times(rows*cols, () => size*normal(next));
    return {rows, cols, w, b: times(rows, () => last ? 0 : 0.3*normal(next))};
  });
  return {activation, layers};
}

// What each layer gives for `points`, a flat list x, y, x, y, ...: values row by row, one row for each point; the last
// are the scores
export function forward({activation, layers}, points) {
  const outs = [], {f} = ACTIVATIONS[activation];
  layers.forEach((layer, l) => {
    const sums = weigh(layer, l ? outs[l - 1] : points);
    outs.push(l == layers.length - 1 ? sums : sums.map(f));
  });
  return outs;
}

// Weighted sums of the rows of `x`
function weigh({rows, cols, w, b}, x) {
  const n = x.length/cols, sums = new Float64Array(n*rows);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < rows; r++) {
      let z = b[r];
      for (let c = 0; c < cols; c++) z += w[r*cols + c]*x[i*cols + c];
      sums[i*rows + r] = z;
    }
  }
  return sums;
}

// Mean cross-entropy of the scores, and its gradient for every weight and bias, by back-propagation
export function gradient(net, points, targets) {
  const {layers} = net, {slope} = ACTIVATIONS[net.activation], outs = forward(net, points), scores = outs.at(-1);
  const n = targets.length, grads = [];
  const loss = scores.reduce((sum, z, i) => sum + crossEntropy(z, targets[i])/n, 0);
  let up = scores.map((z, i) => (1/(1 + Math.exp(-z)) - targets[i])/n);
  for (let l = layers.length - 1; l >= 0; l--) {
    const x = l ? outs[l - 1] : points, {w, b, down} = back(layers[l], x, up);
    grads[l] = {w, b};
    up = l ? down.map((v, k) => v*slope(x[k])) : down;
  }
  return {loss, grads};
}

function crossEntropy(z, target) { return Math.max(z, 0) - z*target + Math.log1p(Math.exp(-Math.abs(z))) }

// From the gradients `up` of a layer's sums: those of its weights, biases and inputs `x`
function back({rows, cols, w}, x, up) {
  const n = x.length/cols, down = new Float64Array(n*cols);
  const grad = {w: Array(rows*cols).fill(0), b: Array(rows).fill(0)};
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < rows; r++) {
      const u = up[i*rows + r];
      grad.b[r] += u;
      for (let c = 0; c < cols; c++) {
        grad.w[r*cols + c] += u*x[i*cols + c];
        down[i*cols + c] += u*w[r*cols + c];
      }
    }
  }
  return {...grad, down};
}

// One step against the gradient
export function descend({layers}, grads, lr) {
  layers.forEach((layer, l) => {
    for (let k = 0; k < layer.w.length; k++) layer.w[k] -= lr*grads[l].w[k];
    for (let k = 0; k < layer.b.length; k++) layer.b[k] -= lr*grads[l].b[k];
  });
}

// Share of the points whose score is on the right side of 0
export function accuracy(net, points, targets) {
  const right = forward(net, points).at(-1).filter((z, i) => (z > 0) == (targets[i] == 1));
  return right.length/targets.length;
}

// The numbers from 0 to n-1 in random order
function shuffled(n, next) {
  const order = times(n, i => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next()*(i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// The picture has N by N pixels, and shows the plane from -EDGE to EDGE; a unit's picture has TILE by TILE
const N = 49;

const EDGE = 1.25;

const TILE = 25;

const BATCH = 20;

// From the plane to the picture, and the places of all its pixels, row by row
function pixel([x, y]) { return [(x/EDGE + 1)*(N - 1)/2, (1 - y/EDGE)*(N - 1)/2] }

function place(k) { return [(k % N)/(N - 1)*2*EDGE - EDGE, EDGE - Math.floor(k/N)/(N - 1)*2*EDGE] }

const GRID = times(N*N, place).flat();

const STYLE = `
  .two { display: grid; gap: 14px 26px; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr) }
  @media (max-width: 560px) { .two { grid-template-columns: minmax(0, 1fr) } }
  .map { position: relative; aspect-ratio: 1 }
  .map > * { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: 9px }
  .map canvas, .unit { background: var(--soft) } .map svg { overflow: hidden } .points { will-change: transform }
  .units { display: grid; gap: 5px; grid-template-columns: repeat(8, minmax(0, 1fr)); margin-bottom: 8px }
  .units p { grid-column: 1 / -1; margin: 2px 0 0; font-size: 13px } .unit { width: 100%; border-radius: 5px }`;

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'Bend the line', STYLE), sets: data.data, seed: data.seed};
  fig.parts = stage(fig.ui);
  controls(fig, data);
  restart(fig);
  fig.chart = new Plot(fig.parts.losses, {label: 'Loss at each step', height: () => 150, draw: () => drawLosses(fig)});
  fig.film.set(0);
}

function stage(ui) {
  const box = `viewBox="0 0 ${N - 1} ${N - 1}"`;
  return parts(ui.stage, `<div class="two"><div class="map">
    <canvas class="heat" aria-hidden="true" width="${N}" height="${N}"></canvas><svg class="plane" role="img" ${box}>
      <g class="folds" stroke="currentColor" stroke-width=".15" stroke-dasharray=".7 .7" opacity=".6"></g>
      <path class="edge" fill="none" stroke="currentColor" stroke-width=".55" stroke-linecap="round"></path></svg>
    <svg class="points" ${box} aria-hidden="true"></svg></div>
    <div><div class="units"></div><div class="losses"></div></div></div>`);
}

function controls(fig, data) {
  const {knobs} = fig.ui, on = () => again(fig), {points, activation, width, depth, lr} = LIMITS.bend;
  const named = (words, names) => Object.fromEntries(words.map((word, k) => [word, names[k]]));
  fig.film = new Player(fig.ui, {show: t => show(fig, t), end: () => 20000, rate: () => 240, reset: () => {
    fig.seed++;
    restart(fig);
  }});
  fig.data = new Choice(knobs, {label: 'Points', value: data.points, on,
    options: named(points, ['Moons', 'Rings', 'Spiral'])});
  fig.activation = new Choice(knobs, {label: 'Activation', value: data.activation, on,
    options: named(activation, ['ReLU', 'tanh', 'sigmoid', 'linear'])});
  fig.width = new Slider(knobs, {label: 'Units in a layer', min: width[0], max: width[1], step: 1,
    value: data.width, on});
  fig.depth = new Slider(knobs, {label: 'Hidden layers', min: depth[0], max: depth[1], step: 1, value: data.depth, on});
  fig.lr = new Slider(knobs, {label: 'Learning rate', min: lr[0], max: lr[1], step: 0.05, log: true, value: data.lr});
}

function again(fig) {
  restart(fig);
  fig.film.set(0);
}

// A new network, and the places for what it will be seen by. Of the losses every so manieth step is kept
function restart(fig) {
  const {points, targets} = fig.sets[fig.data.value], width = fig.width.value;
  const hidden = Array(fig.depth.value).fill(width);
  const net = initialise([2, ...hidden, 1], fig.activation.value, fig.seed);
  Object.assign(fig, {net, done: 0, order: [], losses: [], every: 1});
  fig.parts.points.innerHTML = targets.map((t, i) => {
    const [x, y] = pixel(points.slice(2*i, 2*i + 2));
    return `<circle cx="${x}" cy="${y}" r=".62" fill="${t ? BLUE : RED}" stroke="#fff" stroke-width=".16"/>`;
  }).join('');
  const tile = `<canvas class="unit" aria-hidden="true" width="${TILE}" height="${TILE}"></canvas>`;
  const title = l => hidden.length > 1 ? `Hidden layer ${l + 1}` : 'Hidden units';
  fig.parts.units.innerHTML = hidden.map((n, l) => `<p>${title(l)}</p>${tile.repeat(n)}`).join('');
  fig.tiles = [...fig.parts.units.querySelectorAll('canvas')];
  fig.parts.folds.innerHTML = '<path/>'.repeat(width);
}

// One step with the next batch
function train(fig) {
  const {points, targets} = fig.sets[fig.data.value];
  if (!fig.order.length) fig.order = shuffled(targets.length, random(fig.seed*7919 + fig.done));
  const rows = fig.order.splice(0, BATCH), batch = rows.flatMap(i => [points[2*i], points[2*i + 1]]);
  const {grads} = gradient(fig.net, batch, rows.map(i => targets[i]));
  descend(fig.net, grads, fig.lr.value);
  fig.done++;
}

// Note the loss for the curve. When the curve is long, every other point goes
function note(fig, loss) {
  const {losses, done, every} = fig;
  if (Number.isFinite(loss) && (!losses.length || done - losses.at(-1)[0] >= every)) losses.push([done, loss]);
  if (losses.length <= 300) return;
  fig.losses = losses.filter((_, k) => k % 2 == 0);
  fig.every = 2*every;
}

function show(fig, t) {
  if (t < fig.done) restart(fig);
  while (fig.done < Math.floor(t)) train(fig);
  const {points, targets} = fig.sets[fig.data.value], {loss} = gradient(fig.net, points, targets);
  note(fig, loss);
  if (Number.isFinite(loss)) drawNetwork(fig, forward(fig.net, GRID));
  else if (fig.film.running) fig.film.halt();
  if (fig.chart?.w) drawLosses(fig);
  tell(fig, loss, accuracy(fig.net, points, targets));
}

function drawNetwork(fig, outs) {
  const scores = outs.at(-1), rows = times(N, r => scores.subarray(r*N, r*N + N)), width = fig.width.value;
  paint(fig.parts.heat, k => 2/(1 + Math.exp(-scores[k])) - 1, size => 0.55*Math.min(size, 1));
  fig.parts.edge.setAttribute('d', contour(rows, 0).map(piece).join(''));
  const middle = fig.activation.value == 'sigmoid' ? 0.5 : 0;
  fig.tiles.forEach((tile, k) => drawUnit(tile, outs[Math.floor(k/width)], width, k % width, middle));
  [...fig.parts.folds.children].forEach((path, r) => path.setAttribute('d', fold(fig.net.layers[0], r)));
}

// One piece of the border; on a picture this small, tenths are too coarse
function piece([a, b, c, d]) { return `M${a.toFixed(2)} ${b.toFixed(2)}L${c.toFixed(2)} ${d.toFixed(2)}` }

// The values of unit `u` of a layer of `width`, against `middle`, at every other pixel
function drawUnit(tile, values, width, u, middle) {
  const at = i => values[(Math.floor(i/TILE)*2*N + i % TILE*2)*width + u] - middle;
  let most = 1e-9;
  for (let i = 0; i < TILE*TILE; i++) most = Math.max(most, Math.abs(at(i)));
  paint(tile, i => at(i)/most, size => 0.9*size);
}

// Where unit `r` of the first layer is 0: w·x + b = 0
function fold({w, b}, r) {
  const [u, v] = w.slice(2*r, 2*r + 2), size = Math.hypot(u, v) || 1, x = -b[r]*u/size/size, y = -b[r]*v/size/size;
  const ends = [[x - 4*v/size, y + 4*u/size], [x + 4*v/size, y - 4*u/size]];
  return line(ends.map(pixel));
}

// The axes are drawn anew only when they are too short
function drawLosses(fig) {
  const p = fig.chart, most = Math.max(100, 2 ** Math.ceil(Math.log2(fig.done + 1)));
  if (p.most != most || p.wide != p.w) {
    const axes = p.axes({x: [0, most], y: [0, 0.8], xlabel: 'step', ylabel: 'loss', left: 44, right: 18});
    p.svg.innerHTML = `${axes}<path class="losses" fill="none" stroke="${GREEN}" stroke-width="2.2"/>`;
    Object.assign(p, {most, wide: p.w});
  }
  const points = fig.losses.map(([t, loss]) => p.pixel([t, Math.min(loss, 0.8)]));
  p.svg.querySelector('.losses').setAttribute('d', line(points));
}

function tell(fig, loss, right) {
  const straight = fig.activation.value == 'linear' || fig.width.value == 1;
  const start = `Step ${fig.done}: loss ${num(loss)}, ${(100*right).toFixed(0)} % of the points on their side. `;
  const color = straight ? RED : '';
  fig.ui.says(start + verdict(fig, loss, right), right == 1 ? GREEN : color);
  fig.parts.plane.setAttribute('aria-label',
    `Two kinds of points in the plane, and the border that the network draws between them. ${start}`);
}

function verdict({activation, width, depth, done}, loss, right) {
  const layers = depth.value > 1 ? `: ${depth.value} linear layers are no more than one` : ', as it must be';
  if (!Number.isFinite(loss)) return 'The numbers have run off to infinity: the learning rate is too high.';
  if (activation.value == 'linear') return `The border is a straight line${layers}.`;
  if (width.value == 1) return 'With one unit in a layer the border is a straight line, whatever the activation.';
  if (right == 1) return 'The border has bent around all of them.';
  return done ? 'The border bends.' : 'Nothing is learned yet. Play starts the training.';
}
