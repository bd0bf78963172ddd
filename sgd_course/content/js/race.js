// Five optimisers race from one start to the lowest place of a surface
import {BLUE, GREEN, GREY, PINK, RED, make, num} from './_base.js';
import {clamp, contour, spread, times} from './_math.js';
import {Choice, Panel, Player, Slider} from './_panel.js';
import {Plot, handle, line, parts} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// Each surface: height, gradient, lowest height, and what shows much: a start, and learning rates for the five
const SURFACES = {
  bowl: {f: (a, b) => (a*a + 20*b*b)/2, grad: (a, b) => [a, 20*b], lowest: 0, start: [-4, 1.6],
    lrs: [0.09, 0.02, 0.02, 0.05, 0.2]},
  valley: {f: (a, b) => (1 - a)**2 + 5*(b - a*a)**2, grad: (a, b) => [2*(a - 1) - 20*a*(b - a*a), 10*(b - a*a)],
    lowest: 0, start: [-1.6, 0.4], lrs: [0.02, 0.005, 0.005, 0.02, 0.1]},
  saddle: {f: (a, b) => a*a/2 - b*b/2 + b**4/8, grad: (a, b) => [a, b**3/2 - b], lowest: -0.5, start: [-3, 0.002],
    lrs: [0.2, 0.05, 0.05, 0.02, 0.1]},
};

// One step of each optimiser, as torch.optim takes it: `s` is its memory, `g` the gradient, `t` counts from 1
const RULES = {
  SGD: (s, g) => g,
  momentum: velocity,
  Nesterov: (s, g, t) => velocity(s, g, t).map((v, i) => g[i] + 0.9*v),
  RMSprop: (s, g) => {
    s.q = g.map((x, i) => 0.99*(s.q?.[i] ?? 0) + 0.01*x*x);
    return g.map((x, i) => x/(Math.sqrt(s.q[i]) + 1e-8));
  },
  Adam: (s, g, t) => {
    s.v = g.map((x, i) => 0.9*(s.v?.[i] ?? 0) + 0.1*x);
    s.q = g.map((x, i) => 0.999*(s.q?.[i] ?? 0) + 0.001*x*x);
    return s.v.map((v, i) => v/(1 - 0.9**t)/(Math.sqrt(s.q[i]/(1 - 0.999**t)) + 1e-8));
  },
};

function velocity(s, g, t) {
  s.v = t == 1 ? g : g.map((x, i) => 0.9*s.v[i] + x);
  return s.v;
}

// The path of one optimiser, start included
export function run(surface, name, start, lr, steps) {
  const {grad} = SURFACES[surface], memory = {}, path = [start];
  for (let t = 1; t <= steps; t++) {
    const w = path[t - 1], step = RULES[name](memory, grad(...w), t);
    path.push(w.map((x, i) => x - lr*step[i]));
  }
  return path;
}

// Height above the lowest place
export function height(surface, w) { return SURFACES[surface].f(...w) - SURFACES[surface].lowest }

const NAMES = Object.keys(RULES);

const COLORS = [GREY, BLUE, GREEN, PINK, RED];

const SHAPES = [
  'M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0', 'M-6.5 -6.5H6.5V6.5H-6.5Z', 'M0 -8L7.5 6H-7.5Z', 'M0 -9L8 0L0 9L-8 0Z',
  'M0 8L7.5 -6H-7.5Z',
];

const STEPS = 200;

const STYLE = `
  .stage { display: flex; flex-wrap: wrap; gap: 12px }
  .stage > div { position: relative; flex: 1.5 1 300px; min-width: 0 }
  .stage > div + div { flex: 1 1 220px } .stage svg { position: relative }
  .land { position: absolute; background: currentColor }
  svg.mark { display: inline; width: 15px; height: 15px; vertical-align: -2px; opacity: 1; margin-right: 5px }
  .knobs .slider { flex-basis: 110px } .knobs p { margin: 0 0 -6px } .choice, .knobs p { flex-basis: 100% }`;

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'Race of the optimisers', STYLE), start: null, paths: null};
  fig.map = mapOf(fig);
  fig.fall = fallOf(fig);
  controls(fig, data);
  change(fig, data.start, data.lrs);
}

// The surface from above
function mapOf(fig) {
  const box = fig.ui.stage.appendChild(make('<div><div class="land"></div></div>'));
  const plot = new Plot(box, {label: '', role: 'group', height: w => Math.min(340, w*0.72), draw: () => scene(fig)});
  const drawn = racers(plot);
  const moveStart = handle(plot, {label: 'Start', color: 'currentColor', set: (...at) => {
    const limits = LIMITS.race.start[fig.surface.value];
    fig.start = at.map((v, i) => Math.round(clamp(v, ...limits[i])*50)/50);
    renew(fig);
  }});
  return {plot, moveStart, land: box.querySelector('.land'), ...drawn};
}

// The height after each step
function fallOf(fig) {
  const label = 'Height above the lowest place after each step, on a logarithmic axis';
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => w < 310 ? Math.min(340, w*1.1) : 220;
  const plot = new Plot(box, {label, height, draw: () => scene(fig)});
  return {plot, ...racers(plot)};
}

// What both plots hold: axes, contour lines, and a trail and a head for each optimiser
function racers(plot) {
  const trails = COLORS.map(c => `<path stroke="${c}" fill="none" stroke-width="2" stroke-linejoin="round"/>`).join('');
  const heads = COLORS.map((c, i) => `<path d="${SHAPES[i]}" fill="${c}"/>`).join('');
  const drawn = parts(plot.svg, `<g class="axes"></g><svg class="inner">
    <g class="levels" stroke="currentColor" fill="none" opacity=".3"></g><g class="trails">${trails}</g>
    <g class="heads">${heads}</g></svg>`);
  return {...drawn, trails: [...drawn.trails.children], heads: [...drawn.heads.children]};
}

function controls(fig, data) {
  const {ui} = fig, surfaces = {bowl: 'stretched bowl', valley: 'curved valley', saddle: 'saddle'};
  fig.surface = new Choice(ui.knobs, {label: 'Surface', options: surfaces, value: data.surface, on: () => change(fig)});
  ui.knobs.append(make('<p>Learning rates</p>'));
  fig.lrs = NAMES.map((name, i) => rateKnob(fig, name, i));
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => STEPS, rate: () => fig.speed.value});
  fig.speed = new Slider(ui.tools, {label: 'Steps per second', min: 1, max: 100, step: 0.05, log: true, value: 15,
    show: v => num(v, 2)});
}

// The learning rate of one optimiser, with its mark beside its name
function rateKnob(fig, name, i) {
  const [min, max] = LIMITS.race.lr;
  const knob = new Slider(fig.ui.knobs, {label: name, name: `${name} learning rate`, min, max, step: 0.02, log: true,
    value: 0.1, on: () => renew(fig)});
  knob.root.querySelector('span span').prepend(make(`<svg class="mark" viewBox="-10 -10 20 20" aria-hidden="true">
    <path d="${SHAPES[i]}" fill="${COLORS[i]}"/></svg>`));
  return knob;
}

// Show another surface; what is not given is what shows much on it
function change(fig, start, lrs) {
  const usual = SURFACES[fig.surface.value];
  fig.start = start ?? usual.start;
  fig.lrs.forEach((knob, i) => { knob.value = (lrs ?? usual.lrs)[i] });
  renew(fig);
  scene(fig);
}

// New paths from the knobs
function renew(fig) {
  const surface = fig.surface.value;
  fig.paths = NAMES.map((name, i) => run(surface, name, fig.start, fig.lrs[i].value, STEPS));
  fig.arrived = fig.paths.map(path => 1 + path.findLastIndex(w => !(height(surface, w) < 0.01)));
  fig.film.halt();
  fig.film.set(0);
}

// What stands still
function scene(fig) {
  const {map, fall, paths} = fig;
  if (!map.plot.w || !fall.plot.w || !paths) return;
  const surface = fig.surface.value, [x, y] = LIMITS.race.start[surface], yticks = [-4, -3, -2, -1, 0, 1, 2];
  map.axes.innerHTML = map.plot.axes({x, y, xlabel: 'weight a', ylabel: 'weight b'});
  fall.axes.innerHTML = fall.plot.axes({x: [0, STEPS], y: [-4, 2], xlabel: 'step', ylabel: 'height', left: 54, yticks,
    yshow: v => num(10**v)});
  map.plot.frame(map.inner);
  fall.plot.frame(fall.inner);
  drawLand(map, heights(surface, spread(...x, 101), spread(...y, 65)));
  show(fig, fig.film.t);
}

// The heights on a grid: a row for each of `ys`
function heights(surface, xs, ys) {
  return ys.map(y => xs.map(x => height(surface, [x, y])));
}

// Contour lines, and between them the land: low ground is dark
function drawLand({plot, levels, land}, grid) {
  const most = Math.max(...grid.flat()), {left, top, right, bottom} = plot, n = grid[0].length - 1, m = grid.length - 1;
  const pixel = (i, j) => [left + (right - left)*i/n, bottom - (bottom - top)*j/m];
  levels.innerHTML = times(11, k => {
    const pieces = contour(grid, most*((k + 0.6)/12)**3);
    return `<path d="${pieces.map(([a, b, c, d]) => line([pixel(a, b), pixel(c, d)])).join('')}"/>`;
  }).join('');
  // The page's own ink behind a mask, so that it fits a light and a dark page
  land.style.cssText = `left: ${left}px; top: ${top}px; width: ${right - left}px; height: ${bottom - top}px;
    mask: url(${mask(grid, most)}) 0 0/100% 100%`;
}

// A picture of the grid, the lowest ground the most opaque, as an address
function mask(grid, most) {
  const width = grid[0].length, height = grid.length;
  const canvas = Object.assign(document.createElement('canvas'), {width, height}), brush = canvas.getContext('2d');
  const picture = brush.createImageData(width, height);
  [...grid].reverse().flat().forEach((h, k) => {
    picture.data[4*k + 3] = 70*(1 - (Math.max(0, h)/most)**(1/3));
  });
  brush.putImageData(picture, 0, 0);
  return canvas.toDataURL();
}

function show(fig, t) {
  const {map, fall, paths} = fig, k = Math.min(STEPS, Math.floor(t));
  if (map.plot.w && fall.plot.w) paths.forEach((path, i) => move(fig, i, walked(path, k, t - k), t));
  if (map.plot.w) map.moveStart(...fig.start);
  tell(fig, k);
}

// The places of a path up to step `k` and the part `f` of the next one, as far as they can be drawn
function walked(path, k, f) {
  const next = path[k + 1] ?? path[k], now = path[k].map((v, d) => v + f*(next[d] - v));
  return [...path.slice(0, k + 1), now].filter(w => w.every(v => Math.abs(v) < 1e3));
}

// The trail and the head of optimiser `i` at the time `t`, on both plots
function move({map, fall, surface}, i, seen, t) {
  const level = w => clamp(Math.log10(height(surface.value, w) + 1e-9), -4, 2);
  const trail = seen.map(w => map.plot.pixel(w)), [x, y] = map.plot.within(trail.at(-1), 8);
  const drop = (w, step) => fall.plot.pixel([step, level(w)]);
  map.trails[i].setAttribute('d', line(trail));
  map.heads[i].setAttribute('transform', `translate(${x} ${y})`);
  fall.trails[i].setAttribute('d', line(seen.map((w, j) => drop(w, Math.min(j, t)))));
  fall.heads[i].setAttribute('transform', `translate(${drop(seen.at(-1), t)}) scale(.8)`);
}

function tell(fig, k) {
  const surface = fig.surface.value, order = NAMES.map((_, i) => state(fig, i, k)).sort((a, b) => a.rank - b.rank);
  const text = order.map(({name, what}) => `${name} ${what}`).join('; '), above = num(height(surface, fig.start), 2);
  if (k) fig.ui.says(`Step ${k}. ${text}.`, order[0].color);
  else fig.ui.says(`At the start all are ${above} above the lowest place. Who will be there first?`);
  fig.map.plot.svg.setAttribute('aria-label',
    `Contour lines of the ${surface} from above, with four trails of ${k} steps`);
}

// How optimiser `i` stands after step `k`: those that have arrived rank first, then by height
function state({paths, arrived, surface}, i, k) {
  const w = paths[i][k], h = height(surface.value, w), told = {name: NAMES[i], color: COLORS[i]};
  if (!(Math.hypot(...w) < 50)) return {...told, rank: Infinity, what: 'has flown off'};
  if (arrived[i] <= k) return {...told, rank: arrived[i] - 1e9, what: `arrived at step ${arrived[i]}`};
  return {...told, rank: h, what: `is ${num(h, 2)} above the lowest place`};
}
