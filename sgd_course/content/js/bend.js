// Bend the line: a small network with one, two or three hidden layers learns to part two kinds of points, before your eyes
import {panel, player, plot, line, make, num, BLUE, RED, GREEN} from './_base.js';
import {random, contour} from './_math.js';

// Activations: the function, and its derivative in terms of the function's value
const ACTIVATIONS = {
  relu: [z => z > 0 ? z : 0, a => a > 0 ? 1 : 0],
  tanh: [Math.tanh, a => 1 - a*a],
  sigmoid: [z => 1/(1 + Math.exp(-z)), a => a*(1 - a)],
  linear: [z => z, () => 1],
};

// A network of `sizes` units per layer, inputs and output included; weights normal, with variance 2/n for ReLU and 1/n else
export function initialise(sizes, activation, seed) {
  const next = random(seed), normal = () => Math.sqrt(-2*Math.log(1 - next()))*Math.cos(2*Math.PI*next());
  const layers = sizes.slice(1).map((rows, l) => {
    const cols = sizes[l], last = l == sizes.length - 2, size = Math.sqrt((activation == 'relu' && !last ? 2 : 1)/cols);
    return {rows, cols, w: Array.from({length: rows*cols}, () => size*normal()), b: Array.from({length: rows}, () => last ? 0 : 0.3*normal())};
  });
  return {activation, layers};
}

// What each layer gives for `points`, a flat list x, y, x, y, ...: values row by row, one row for each point; the last are the scores
export function forward({activation, layers}, points) {
  const [f] = ACTIVATIONS[activation], n = points.length/2;
  let x = points;
  return layers.map(({rows, cols, w, b}, l) => {
    const out = new Float64Array(n*rows), last = l == layers.length - 1;
    for (let i = 0; i < n; i++) for (let r = 0; r < rows; r++) {
      let z = b[r];
      for (let c = 0; c < cols; c++) z += w[r*cols + c]*x[i*cols + c];
      out[i*rows + r] = last ? z : f(z);
    }
    return x = out;
  });
}

// Mean cross-entropy of the scores, and its gradient for every weight and bias, by back-propagation
export function gradient(net, points, targets) {
  const {activation, layers} = net, [, slope] = ACTIVATIONS[activation], outs = forward(net, points), scores = outs.at(-1), n = targets.length;
  let loss = 0, up = scores.map((z, i) => {
    loss += (Math.max(z, 0) - z*targets[i] + Math.log1p(Math.exp(-Math.abs(z))))/n;
    return (1/(1 + Math.exp(-z)) - targets[i])/n;
  });
  const grads = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const {rows, cols, w} = layers[l], x = l ? outs[l - 1] : points, down = new Float64Array(n*cols);
    const g = grads[l] = {w: Array(rows*cols).fill(0), b: Array(rows).fill(0)};
    for (let i = 0; i < n; i++) for (let r = 0; r < rows; r++) {
      const u = up[i*rows + r];
      g.b[r] += u;
      for (let c = 0; c < cols; c++) {
        g.w[r*cols + c] += u*x[i*cols + c];
        down[i*cols + c] += u*w[r*cols + c];
      }
    }
    up = l ? down.map((v, k) => v*slope(x[k])) : down;
  }
  return {loss, grads};
}

// One step against the gradient
export function descend({layers}, grads, lr) {
  layers.forEach((o, l) => {
    for (let k = 0; k < o.w.length; k++) o.w[k] -= lr*grads[l].w[k];
    for (let k = 0; k < o.b.length; k++) o.b[k] -= lr*grads[l].b[k];
  });
}

// Share of the points whose score is on the right side of 0
export function accuracy(net, points, targets) {
  return forward(net, points).at(-1).reduce((n, z, i) => n + ((z > 0) == (targets[i] == 1)), 0)/targets.length;
}

const N = 49, EDGE = 1.25, BATCH = 20;
const GRID = Array.from({length: N*N}, (_, k) => [(k % N)/(N - 1)*2*EDGE - EDGE, EDGE - Math.floor(k/N)/(N - 1)*2*EDGE]).flat();

const STYLE = `
  .two { display: grid; gap: 14px 26px; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr) }
  @media (max-width: 560px) { .two { grid-template-columns: minmax(0, 1fr) } }
  .map { position: relative; aspect-ratio: 1 } .map > * { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: 9px }
  .map canvas, .unit { background: var(--soft) } .map svg { overflow: hidden } .points { will-change: transform }
  .units { display: grid; gap: 5px; grid-template-columns: repeat(8, minmax(0, 1fr)); margin-bottom: 8px }
  .units p { grid-column: 1 / -1; margin: 2px 0 0; font-size: 13px } .unit { width: 100%; border-radius: 5px }`;

export function render({model, el}) {
  const ui = panel(el, 'Bend the line', STYLE), sets = model.get('data');
  ui.stage.append(make(`<div class="two"><div class="map"><canvas aria-hidden="true" width="${N}" height="${N}"></canvas>
    <svg role="img" viewBox="0 0 ${N - 1} ${N - 1}"><g class="folds" stroke="currentColor" stroke-width=".15" stroke-dasharray=".7 .7" opacity=".6"></g>
    <path class="edge" fill="none" stroke="currentColor" stroke-width=".55" stroke-linecap="round"></path></svg><svg class="points" viewBox="0 0 ${N - 1} ${N - 1}" aria-hidden="true"></svg></div>
    <div><div class="units"></div><div class="losses"></div></div></div>`));
  const find = s => el.querySelector(s), heat = find('.map canvas'), folds = find('.folds'), svg = find('.map svg');
  let net, done, order, seed = model.get('seed'), tiles, losses, every, chart;

  // Values as a picture: above 0 blue, below 0 orange, 0 clear
  function paint(canvas, size, value, strength) {
    const c = canvas.getContext('2d'), im = c.createImageData(size, size), pixels = new Uint32Array(im.data.buffer);
    for (let k = 0; k < size*size; k++) { // Alpha, blue, green, red
      const v = value(k);
      pixels[k] = Math.round(255*strength*Math.min(Math.abs(v), 1))*2 ** 24 + (v > 0 ? 0xB27200 : 0x005ED5);
    }
    c.putImageData(im, 0, 0);
  }
  function restart() {
    const {points, targets} = sets[data.value], hidden = Array(depth.value).fill(width.value);
    net = initialise([2, ...hidden, 1], activation.value, seed);
    [done, order, losses, every] = [0, [], [], 1];
    find('.points').innerHTML = targets.map((t, i) => `<circle cx="${(points[2*i] + EDGE)/(2*EDGE)*(N - 1)}" cy="${(EDGE - points[2*i + 1])/(2*EDGE)*(N - 1)}" r=".62"
      fill="${t ? BLUE : RED}" stroke="#fff" stroke-width=".16"/>`).join('');
    find('.units').innerHTML = hidden.map((n, l) => `<p>${hidden.length > 1 ? `Hidden layer ${l + 1}` : 'Hidden units'}</p>`
      + Array(n).fill('<canvas class="unit" aria-hidden="true" width="25" height="25"></canvas>').join('')).join('');
    tiles = [...el.querySelectorAll('.unit')];
    folds.innerHTML = '<path/>'.repeat(width.value);
  }
  function train() {
    const {points, targets} = sets[data.value], next = random(seed*7919 + done);
    if (!order.length) {
      order = targets.map((_, i) => i);
      for (let i = order.length - 1; i > 0; i--) { const j = Math.floor(next()*(i + 1)); [order[i], order[j]] = [order[j], order[i]] }
    }
    const rows = order.splice(0, BATCH);
    const {grads} = gradient(net, rows.flatMap(i => [points[2*i], points[2*i + 1]]), rows.map(i => targets[i]));
    descend(net, grads, lr.value);
    done++;
  }
  function note() { // Keeps the curve short: when it is long, every other point goes
    const {points, targets} = sets[data.value], {loss} = gradient(net, points, targets);
    if (Number.isFinite(loss) && (!losses.length || done - losses.at(-1)[0] >= every)) losses.push([done, loss]);
    if (losses.length > 300) { losses = losses.filter((_, k) => k % 2 == 0); every *= 2 }
    return loss;
  }
  function curve(p) {
    const most = Math.max(100, 2 ** Math.ceil(Math.log2(done + 1)));
    if (p != chart || p.most != most || p.wide != p.w) p.svg.innerHTML = p.axes({x: [0, most], y: [0, 0.8], xlabel: 'step', ylabel: 'loss', left: 44, right: 18})
      + `<path fill="none" stroke="${GREEN}" stroke-width="2.2"/>`;
    chart = Object.assign(p, {most, wide: p.w});
    p.svg.lastChild.setAttribute('d', line(losses.map(([t, v]) => [p.X(t), p.Y(Math.min(v, 0.8))])));
  }
  function draw(outs) {
    const scores = outs.at(-1);
    paint(heat, N, k => 2/(1 + Math.exp(-scores[k])) - 1, 0.55);
    find('.edge').setAttribute('d', contour(Array.from({length: N}, (_, r) => scores.subarray(r*N, r*N + N)), 0).map(([a, b, c, d]) => `M${a.toFixed(2)} ${b.toFixed(2)}L${c.toFixed(2)} ${d.toFixed(2)}`).join(''));
    const middle = activation.value == 'sigmoid' ? 0.5 : 0;
    tiles.forEach((tile, k) => {
      const n = width.value, values = outs[Math.floor(k/n)], at = i => values[(Math.floor(i/25)*2*N + i % 25*2)*n + k % n] - middle;
      let most = 1e-9;
      for (let i = 0; i < 625; i++) most = Math.max(most, Math.abs(at(i)));
      paint(tile, 25, i => at(i)/most, 0.9);
    });
    const {w, b} = net.layers[0], half = (N - 1)/2;
    [...folds.children].forEach((path, r) => { // Where a unit of the first layer is 0: w·x + b = 0
      const [u, v] = [w[2*r], w[2*r + 1]], s = Math.hypot(u, v) || 1, [px, py] = [-b[r]*u/s/s, -b[r]*v/s/s];
      path.setAttribute('d', line([[px - 4*v/s, py + 4*u/s], [px + 4*v/s, py - 4*u/s]].map(([x, y]) => [half + x/EDGE*half, half - y/EDGE*half])));
    });
  }
  function show(t) {
    if (t < done) restart();
    while (done < Math.floor(t)) train();
    const loss = note(), {points, targets} = sets[data.value], right = accuracy(net, points, targets);
    if (Number.isFinite(loss)) draw(forward(net, GRID));
    else if (run.running) run.halt();
    if (chart) curve(chart);
    const percent = (100*right).toFixed(0), start = `Step ${done}: loss ${num(loss)}, ${percent} % of the points on their side. `;
    const linear = activation.value == 'linear', straight = linear || width.value == 1, told = !Number.isFinite(loss) ? 'The numbers have run off to infinity: the learning rate is too high.'
      : linear ? `The border is a straight line${depth.value > 1 ? `: ${depth.value} linear layers are no more than one` : ', as it must be'}.`
      : straight ? 'With one unit in a layer the border is a straight line, whatever the activation.'
      : right == 1 ? 'The border has bent around all of them.' : done ? 'The border bends.' : 'Nothing is learned yet. Play starts the training.';
    ui.says(start + told, right == 1 ? GREEN : straight ? RED : '');
    svg.setAttribute('aria-label', `Two kinds of points in the plane, and the border that the network draws between them. ${start}`);
  }
  const again = () => { restart(); run.set(0) };
  const run = player(ui, {show, end: () => 20000, rate: () => 240, reset: () => { seed++; done = Infinity }});
  const data = ui.choice({label: 'Points', options: {moons: 'Moons', rings: 'Rings', spiral: 'Spiral'}, value: model.get('points'), on: again});
  const activation = ui.choice({label: 'Activation', options: {relu: 'ReLU', tanh: 'tanh', sigmoid: 'sigmoid', linear: 'linear'}, value: model.get('activation'), on: again});
  const width = ui.slider({label: 'Units in a layer', min: 1, max: 8, step: 1, value: model.get('width'), on: again});
  const depth = ui.slider({label: 'Hidden layers', min: 1, max: 3, step: 1, value: model.get('depth'), on: again});
  const lr = ui.slider({label: 'Learning rate', min: 0.01, max: 3, step: 0.05, log: true, value: model.get('lr')});
  restart();
  plot(find('.losses'), {label: 'Loss at each step', height: () => 150, draw: curve});
  run.set(0);
}
