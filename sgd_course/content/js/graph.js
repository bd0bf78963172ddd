// The way back: a small computation graph, and back-propagation walking through it, one node at a time
import {BLUE, RED, num} from './_base.js';
import {Panel, Player, Slider} from './_panel.js';
import {Plot} from './_plot.js';
import LIMITS from './limits.json' with {type: 'json'};

// The graph of (w·tanh(w·x + b) − t)², parents first: how each node is made, its place (column, row), its parents,
// and its value and local slopes as functions of their values
const NODES = [
  {name: 'w', at: [0, 0], parents: []},
  {name: 'x', at: [0, 2], parents: []},
  {name: 'b', at: [1, 2], parents: []},
  {name: 't', at: [4, 2], parents: []},
  {name: 'p', how: 'w·x', at: [1, 1], parents: [0, 1], value: (w, x) => w*x, slopes: (w, x) => [x, w]},
  {name: 's', how: 'p + b', at: [2, 1], parents: [4, 2], value: (p, b) => p + b, slopes: () => [1, 1]},
  {name: 'h', how: 'tanh s', at: [3, 1], parents: [5], value: Math.tanh, slopes: s => [1 - Math.tanh(s)**2]},
  {name: 'y', how: 'w·h', at: [4, 1], parents: [0, 6], value: (w, h) => w*h, slopes: (w, h) => [h, w]},
  {name: 'd', how: 'y − t', at: [5, 1], parents: [7, 3], value: (y, t) => y - t, slopes: () => [1, -1]},
  {name: 'L', how: 'd²', at: [6, 1], parents: [8], value: d => d*d, slopes: d => [2*d]},
];

const LEAVES = 4;

const LAST = NODES.length - 1;

const STEPS = NODES.length - LEAVES + 1;

// Values, local slopes, and the gradients after `steps` of the walk back: the first gives the loss its 1, each further
// one lets a node pass its gradient to its parents, from the loss on. `got` lists what each node has received
export function walk(w, x, b, t, steps = STEPS) {
  const values = [w, x, b, t], slopes = NODES.map(() => []), grads = NODES.map(() => 0), got = NODES.map(() => []);
  for (let n = LEAVES; n <= LAST; n++) {
    const inputs = NODES[n].parents.map(p => values[p]);
    values[n] = NODES[n].value(...inputs);
    slopes[n] = NODES[n].slopes(...inputs);
  }
  const give = (node, share) => {
    grads[node] += share;
    got[node].push(share);
  };
  if (steps > 0) give(LAST, 1);
  for (let k = 1; k < steps; k++) {
    const n = passing(k);
    NODES[n].parents.forEach((p, i) => give(p, slopes[n][i]*grads[n]));
  }
  return {names: NODES.map(n => n.name), values, slopes, grads, got};
}

// The node that passes its gradient on after `step` steps
function passing(step) { return LAST + 1 - step }

function round(v) { return num(+v.toFixed(3)) }

// What the last step has done, in words
function words(now, step) {
  if (step == 0) return `The way there is done: from the leaves to the loss, which is ${round(now.values[LAST])}.`
    + ' Now the way back. With which gradient does it begin?';
  if (step == 1) return 'The slope of the loss by itself is 1. The walk back begins.';
  const n = passing(step - 1), {name, parents} = NODES[n];
  const gradient = round(now.grads[n]), slopes = now.slopes[n], given = parents.map(p => round(now.got[p].at(-1)));
  const text = PASSED[name](gradient, slopes.map(round), given, slopes[0]);
  return step == STEPS ? text + meeting(now.got[0], now.grads[0]) : text;
}

// What each node says when it passes its gradient `g` on: with the slopes for its parents, and what these are given
const PASSED = {
  L: (g, [slope], [d]) => `The square has the slope 2d = ${slope}. It passes ${g} · ${slope} = ${d} to d.`,
  d: (g, slopes, [y, t]) => `The difference passes its gradient on: to y as it is, ${y},`
    + ` and to t with the other sign, ${t}.`,
  y: (g, [h, w], [forW, forH]) => `A product gives each factor the gradient times the other factor:`
    + ` w gets ${g} · ${h} = ${forW}, and h gets ${g} · ${w} = ${forH}.`
    + ' For w that is not all yet: another path leads to it.',
  h: (g, [slope], [s], exact) => `tanh has the slope 1 − h² = ${slope}, so s gets ${g} · ${slope} = ${s}.`
    + (exact < 0.1 ? ' Here tanh is flat, and hardly anything gets through.' : ''),
  s: (g, slopes, [p]) => `The sum passes its gradient on unchanged: p and b both get ${p}.`,
  p: (g, [x, w], [forW, forX]) => `A product again: x gets ${g} · ${w} = ${forX}, and w gets ${g} · ${x} = ${forW}.`,
};

function meeting([first, second], sum) {
  const added = second < 0 ? `(${round(second)})` : round(second);
  return ` At w two paths meet, and their shares add up: ${round(first)} + ${added} = ${round(sum)}.`;
}

const STYLE = `
  .edge { fill: none; stroke: currentColor; stroke-width: 1.5; opacity: .45 }
  .gone { stroke: ${RED}; opacity: 1; stroke-width: 2.5 }
  .node { fill: none; stroke: currentColor; stroke-opacity: .45; stroke-width: 1.5 }
  .grad { fill: ${RED}; opacity: .22 }
  .leaf { stroke: ${BLUE}; stroke-opacity: 1; stroke-width: 2.5 } .big { font-weight: 650 }
  .key { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 6px; font-size: 13px }
  .key i { display: inline-block; width: 14px; height: 12px; margin-right: 6px; border-radius: 3px;
    vertical-align: -1px }`;

const NARROW = 690; // Below this width the graph runs downwards, else from left to right

export function render({el, data}) {
  const ui = new Panel(el, 'The way back', STYLE), [min, max] = LIMITS.graph.value;
  ui.stage.innerHTML = `<p class="key"><span><i style="border: 2.5px solid ${BLUE}"></i>leaf, with its value</span>
    <span><i style="background: ${RED}55"></i>gradient</span><span>beside a line: local slope</span></p>`;
  const fig = {ui};
  fig.plot = new Plot(ui.stage, {label: '', height: w => w < NARROW ? 7*82 : 3*86, draw: () => show(fig, fig.film.t)});
  fig.film = new Player(ui, {show: t => show(fig, t), end: () => STEPS, rate: () => 0.8});
  fig.leaves = ['w, a weight used twice', 'x, the input', 'b, the bias', 't, the target'].map((label, n) =>
    new Slider(ui.knobs, {label, min, max, step: 0.1, value: data.start[n], show: round, on: () => fig.film.halt()}));
  fig.film.set(0);
}

function show(fig, t) {
  const {ui, plot} = fig, step = Math.floor(t), now = walk(...fig.leaves.map(knob => knob.value), step);
  ui.says(words(now, step), step ? RED : BLUE);
  plot.svg.setAttribute('aria-label', `Computation graph of the loss, (w · tanh(w · x + b) − t)². ${told(now)}`);
  if (!plot.w) return;
  const way = layout(plot), edges = NODES.map((_, n) => drawEdges(way, now, n, n >= LEAVES && n > passing(step)));
  plot.svg.innerHTML = edges.join('') + NODES.map((_, n) => drawNode(way, now, n)).join('');
  if (t > step) drawDots(plot.svg, passing(step), t - step);
}

// All numbers in words
function told({names, values, grads, got}) {
  const gradient = n => got[n].length ? `, gradient ${round(grads[n])}` : '';
  return names.map((name, n) => `${name} ${round(values[n])}${gradient(n)}`).join('; ');
}

// Where a node has its middle, and half its width and height
function layout({w, h}) {
  const down = w < NARROW;
  const across = ({at: [col, row]}) => [(col + 0.5)*w/7, (row + 0.5)*h/3];
  const downwards = ({at: [col, row]}) => [(row + 0.5)*w/3, (col + 0.5)*h/7];
  return {down, place: down ? downwards : across, half: down ? [38, 28] : [33, 29]};
}

function drawNode({place, half: [a, b]}, {values, grads, got}, n) {
  const {name, how} = NODES[n], [x, y] = place(NODES[n]), known = got[n].length > 0;
  const box = `x="${x - a}" y="${y - b}" width="${2*a}" height="${2*b}" rx="8"`;
  return `${known ? `<rect class="grad" ${box}/>` : ''}<rect class="node${n < LEAVES ? ' leaf' : ''}" ${box}/>
    <text x="${x}" y="${y - 13}" text-anchor="middle" font-size="12">${how ? `${name} = ${how}` : name}</text>
    <text class="big" x="${x}" y="${y + 4}" text-anchor="middle">${round(values[n])}</text>
    <text x="${x}" y="${y + 21}" text-anchor="middle">${known ? round(grads[n]) : ''}</text>`;
}

// The lines from its parents to node `n`, each with its slope
function drawEdges(way, now, n, passed) {
  return NODES[n].parents.map((p, i) => {
    const from = NODES[p], to = NODES[n], [x, y, anchor] = label(way, from, to);
    return `<path class="edge${passed ? ' gone' : ''}" d="${path(way, from, to)}" data-edge="${n}"/>
      <text x="${x}" y="${y}" text-anchor="${anchor}" font-size="12">${num(+now.slopes[n][i].toFixed(3), 2)}</text>`;
  }).join('');
}

// A far edge passes other nodes by, a level one stays in its row, and a bent one changes it
function kind(from, to) {
  if (from.at[0] < to.at[0] - 1) return 'far';
  return from.at[1] == to.at[1] ? 'level' : 'bent';
}

// An edge is described as from left to right. Where the graph runs downwards, x and y change their roles
function path({down, place, half}, from, to) {
  const turn = ([x, y]) => down ? [y, x] : [x, y], spot = (x, y) => turn([x, y]).join(' ');
  const [u, v] = turn(place(from)), [x, y] = turn(place(to)), [a, b] = turn(half), end = y + (v < y ? -b/2 : b/2);
  return {
    far: `M${spot(u + a, v)}L${spot(x - 30, v)}Q${spot(x, v)} ${spot(x, v + 30)}L${spot(x, y - b)}`,
    level: `M${spot(u + a, y)}L${spot(x - a, y)}`,
    bent: `M${spot(u + a, v)}C${spot(x - a, v)} ${spot(u + a, end)} ${spot(x - a, end)}`,
  }[kind(from, to)];
}

// Where the slope of an edge is written: x, y, and which end of the text is there
function label({down, place}, from, to) {
  const [u, v] = place(from), [x, y] = place(to), middle = [(u + x)/2, (v + y)/2];
  const downwards = {
    far: [u - 6, middle[1], 'end'],
    level: [x + 6, middle[1] + 4, 'start'],
    bent: [middle[0], middle[1] - 5, 'middle'],
  };
  const across = {
    far: [middle[0], v - 7, 'middle'],
    level: [middle[0], y - 6, 'middle'],
    bent: [middle[0] + 6, middle[1] + 4, 'start'],
  };
  return (down ? downwards : across)[kind(from, to)];
}

// On the way: what node `n` passes on, the part `f` of the way back to its parents
function drawDots(svg, n, f) {
  const dots = [...svg.querySelectorAll(`[data-edge="${n}"]`)].map(edge => {
    const {x, y} = edge.getPointAtLength((1 - f)*edge.getTotalLength());
    return `<circle r="6" cx="${x}" cy="${y}" fill="${RED}"/>`;
  });
  svg.insertAdjacentHTML('beforeend', dots.join(''));
}
