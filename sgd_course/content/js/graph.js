// The way back: a small computation graph, and back-propagation walking through it, one node at a time
import {panel, player, plot, num, BLUE, RED, GREEN} from './_base.js';

// The graph of (w·tanh(w·x + b) − t)², parents first: name, how it is made, place (column, row), parents, value and local slopes of their values
const NODES = [
  ['w', '', [0, 0], []], ['x', '', [0, 2], []], ['b', '', [1, 2], []], ['t', '', [4, 2], []],
  ['p', 'w·x', [1, 1], [0, 1], (w, x) => w*x, (w, x) => [x, w]],
  ['s', 'p + b', [2, 1], [4, 2], (p, b) => p + b, () => [1, 1]],
  ['h', 'tanh s', [3, 1], [5], Math.tanh, s => [1 - Math.tanh(s)**2]],
  ['y', 'w·h', [4, 1], [0, 6], (w, h) => w*h, (w, h) => [h, w]],
  ['d', 'y − t', [5, 1], [7, 3], (y, t) => y - t, () => [1, -1]],
  ['L', 'd²', [6, 1], [8], d => d*d, d => [2*d]],
];
const LEAVES = 4, LAST = NODES.length - 1, STEPS = NODES.length - LEAVES + 1;

// Values, local slopes, and the gradients after `steps` of the walk back: the first gives the loss its 1, each further one lets a node pass its
// gradient to its parents, from the loss on. `got` counts what each node has received
export function walk(w, x, b, t, steps = STEPS) {
  const values = [w, x, b, t], slopes = NODES.map(() => []), grads = NODES.map(() => 0), got = NODES.map(() => []);
  NODES.forEach(([, , , parents, value, slope], n) => {
    if (n < LEAVES) return;
    const inputs = parents.map(p => values[p]);
    values[n] = value(...inputs);
    slopes[n] = slope(...inputs);
  });
  for (let k = 0; k < steps; k++) {
    const n = LAST + 1 - k, shares = k ? NODES[n][3].map((p, i) => [p, slopes[n][i]*grads[n]]) : [[LAST, 1]];
    for (const [p, share] of shares) { grads[p] += share; got[p].push(share) }
  }
  return {names: NODES.map(n => n[0]), values, slopes, grads, got};
}

const round = v => num(+v.toFixed(3));

// What the step has done, in words
function words({values, slopes, grads, got}, step) {
  if (!step) return `The way there is done: from the leaves to the loss, which is ${round(values[LAST])}. Now the way back. With which gradient does it begin?`;
  if (step == 1) return 'The slope of the loss by itself is 1. The walk back begins.';
  const n = LAST + 2 - step, [name, , , parents] = NODES[n], g = round(grads[n]), [first, second] = slopes[n].map(round), given = parents.map(p => round(got[p].at(-1)));
  const met = got[0].length == 2 && step == STEPS ? ` At w two paths meet, and their shares add up: ${round(got[0][0])} + ${got[0][1] < 0 ? `(${round(got[0][1])})` : round(got[0][1])} = ${round(grads[0])}.` : '';
  return {
    L: `The square has the slope 2d = ${first}. It passes ${g} · ${first} = ${given[0]} to d.`,
    d: `The difference passes its gradient on: to y as it is, ${given[0]}, and to t with the other sign, ${given[1]}.`,
    y: `A product gives each factor the gradient times the other factor: w gets ${g} · ${first} = ${given[0]}, and h gets ${g} · ${second} = ${given[1]}. For w that is not all yet: another path leads to it.`,
    h: `tanh has the slope 1 − h² = ${first}, so s gets ${g} · ${first} = ${given[0]}.${slopes[n][0] < 0.1 ? ' Here tanh is flat, and hardly anything gets through.' : ''}`,
    s: `The sum passes its gradient on unchanged: p and b both get ${given[0]}.`,
    p: `A product again: x gets ${g} · ${second} = ${given[1]}, and w gets ${g} · ${first} = ${given[0]}.${met}`,
  }[name];
}

export function render({model, el}) {
  const ui = panel(el, 'The way back', `.edge { fill: none; stroke: currentColor; stroke-width: 1.5; opacity: .45 } .gone { stroke: ${RED}; opacity: 1; stroke-width: 2.5 }
    .node { fill: none; stroke: currentColor; stroke-opacity: .45; stroke-width: 1.5 } .leaf { stroke: ${BLUE}; stroke-opacity: 1; stroke-width: 2.5 } .grad { fill: ${RED}; opacity: .22 }
    .big { font-weight: 650 } .key { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 6px; font-size: 13px }
    .key i { display: inline-block; width: 14px; height: 12px; margin-right: 6px; border-radius: 3px; vertical-align: -1px }`);
  ui.stage.innerHTML = `<p class="key"><span><i style="border: 2.5px solid ${BLUE}"></i>leaf, with its value</span><span><i style="background: ${RED}55"></i>gradient</span>
    <span>beside a line: local slope</span></p>`;
  const leaves = () => knobs.map(k => k.value);
  // In wide places the graph runs from left to right, in narrow ones downwards
  const p = plot(ui.stage, {label: '', height: w => w < 690 ? 7*82 : 3*86, draw: () => show(film.t)});
  const film = player(ui, {show, end: () => STEPS, rate: () => 0.8});
  const knobs = ['w, a weight used twice', 'x, the input', 'b, the bias', 't, the target'].map((label, n) => ui.slider({label, min: -2, max: 2, step: 0.1, value: model.get('start')[n], show: round, on: () => film.halt()}));

  function show(t) {
    const step = Math.floor(t), now = walk(...leaves(), step), down = p.w < 690, half = down ? [38, 28] : [33, 29];
    ui.says(words(now, step), step ? RED : BLUE);
    const told = now.values.map((v, n) => `${now.names[n]} ${round(v)}${now.got[n].length ? `, gradient ${round(now.grads[n])}` : ''}`).join('; ');
    p.svg.setAttribute('aria-label', `Computation graph of the loss, (w · tanh(w · x + b) − t)². ${told}`);
    if (!p.w) return;
    const place = ([col, row]) => (down ? [(row + 0.5)*p.w/3, (col + 0.5)*p.h/7] : [(col + 0.5)*p.w/7, (row + 0.5)*p.h/3]);
    let lines = '', boxes = '', dots = '';
    NODES.forEach(([name, how, at, parents], n) => {
      const [x, y] = place(at), [a, b] = half, known = now.got[n].length, passed = n > LAST + 1 - step && n >= LEAVES, box = `x="${x - a}" y="${y - b}" width="${2*a}" height="${2*b}" rx="8"`;
      parents.forEach((parent, i) => {
        const [u, v] = place(NODES[parent][2]), [col, row] = NODES[parent][2], far = col < at[0] - 1, level = row == at[1], mx = (u + x)/2, my = (v + y)/2;
        const end = down ? x + (u < x ? -a/2 : a/2) : y + (v < y ? -b/2 : b/2);
        const d = down ? (far ? `M${u} ${v + b}V${y - 30}Q${u} ${y} ${u + 30} ${y}H${x - a}` : level ? `M${x} ${v + b}V${y - b}` : `M${u} ${v + b}C${u} ${y - b} ${end} ${v + b} ${end} ${y - b}`)
          : far ? `M${u + a} ${v}H${x - 30}Q${x} ${v} ${x} ${v + 30}V${y - b}` : level ? `M${u + a} ${y}H${x - a}` : `M${u + a} ${v}C${x - a} ${v} ${u + a} ${end} ${x - a} ${end}`;
        const [lx, ly, anchor] = down ? (far ? [u - 6, my, 'end'] : level ? [x + 6, my + 4, 'start'] : [mx, my - 5, 'middle'])
          : far ? [mx, v - 7, 'middle'] : level ? [mx, y - 6, 'middle'] : [mx + 6, my + 4, 'start'];
        lines += `<path class="edge${passed ? ' gone' : ''}" d="${d}" data-edge="${n}"/><text x="${lx}" y="${ly}" text-anchor="${anchor}" font-size="12">${num(+now.slopes[n][i].toFixed(3), 2)}</text>`;
      });
      boxes += `${known ? `<rect class="grad" ${box}/>` : ''}<rect class="node${n < LEAVES ? ' leaf' : ''}" ${box}/>
        <text x="${x}" y="${y - 13}" text-anchor="middle" font-size="12">${how ? `${name} = ${how}` : name}</text><text class="big" x="${x}" y="${y + 4}" text-anchor="middle">${round(now.values[n])}</text>
        <text x="${x}" y="${y + 21}" text-anchor="middle">${known ? round(now.grads[n]) : ''}</text>`;
    });
    p.svg.innerHTML = lines + boxes;
    // On the way: what the next node passes on
    if (t > step) for (const path of p.svg.querySelectorAll(`[data-edge="${LAST + 1 - step}"]`)) {
      const { x, y } = path.getPointAtLength((1 - t + step)*path.getTotalLength());
      dots += `<circle r="6" cx="${x}" cy="${y}" fill="${RED}"/>`;
    }
    p.svg.insertAdjacentHTML('beforeend', dots);
  }
  film.set(0);
}
