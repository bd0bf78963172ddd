// A bowl of two weights, narrow in one direction and long in the other: what one learning rate does to both
import {panel, player, plot, strip, handle, line, make, num, BLUE, RED, GREEN, PINK} from './_base.js';

// The bowl is ½(u² + condition·v²), with u and v turned by 30 degrees against the weights
const C = Math.cos(Math.PI/6), S = Math.sin(Math.PI/6);

// Places, told in eigen-directions: first the shallow one, then the steep one
export function along([a, b]) { return [C*a + S*b, C*b - S*a] }

export function gradient([a, b], condition) {
  const [xx, xy, yy] = [C*C + condition*S*S, (1 - condition)*C*S, S*S + condition*C*C];
  return [xx*a + xy*b, xy*a + yy*b];
}

// Gradient descent from `start`: the path, start included
export function descend(start, condition, lr, steps) {
  const path = [start];
  for (let t = 0; t < steps; t++) {
    const [a, b] = path[t], [ga, gb] = gradient(path[t], condition);
    path.push([a - lr*ga, b - lr*gb]);
  }
  return path;
}

// What one step multiplies the distance by, along the shallow and the steep direction
export function rates(condition, lr) { return [1 - lr, 1 - lr*condition] }

export function bestRate(condition) { return 2/(1 + condition) }

export function render({model, el}) {
  const ui = panel(el, 'A stretched bowl', `.stage { display: flex; flex-wrap: wrap; gap: 12px } .stage div { flex: 1.5 1 300px; min-width: 0 } .stage div + div { flex: 1 1 220px } .levels { fill: currentColor; fill-opacity: .045; stroke: currentColor; stroke-opacity: .3 }`);
  let start = model.get('start'), path;
  const map = plot(ui.stage.appendChild(make('<div></div>')), {label: '', role: 'group', height: w => Math.min(320, w*0.78), draw: scene});
  const fall = plot(ui.stage.appendChild(make('<div></div>')), {label: 'Distance along both directions after each step, on a logarithmic axis', height: w => w < 310 ? Math.min(320, w*1.1) : 240, draw: scene});
  const layers = make(`<div><svg xmlns="http://www.w3.org/2000/svg"><svg><g class="levels"></g><g stroke-width="2" stroke-dasharray="2 5" stroke-linecap="round"><path stroke="${GREEN}"/><path stroke="${PINK}"/></g>
    <path fill="none" stroke="${RED}" stroke-width="1.5"/><g fill="${RED}"></g><circle r="8" fill="${RED}"/></svg></svg></div>`).firstChild;
  const [frame, back] = ['g', 'g'].map(name => document.createElementNS(map.svg.namespaceURI, name)), inner = layers.firstChild;
  const [levels, axes, trail, dots, ball] = inner.children;
  map.svg.append(frame, inner);
  fall.svg.append(back, make(`<div><svg xmlns="http://www.w3.org/2000/svg"><g fill="none" stroke-width="2.5"><path stroke="${GREEN}"/><path stroke="${PINK}"/></g><g><circle r="5" fill="${GREEN}"/><circle r="5" fill="${PINK}"/></g></svg></div>`).firstChild);
  const [curves, heads] = fall.svg.lastChild.children;
  const moveHandle = handle(map, {label: 'Start', set: (a, b) => { start = [clip(a, 3.6), clip(b, 2.4)]; renew() }});

  const condition = ui.slider({label: 'Condition number', min: 1, max: 100, step: 0.02, log: true, value: model.get('condition'), on: renew});
  const lr = ui.slider({label: 'Learning rate', min: 0.005, max: 2.5, step: 0.005, log: true, value: model.get('lr'), on: renew});
  const regions = strip(lr, {smooth: GREEN, 'zig-zags': BLUE, diverges: RED});
  const film = player(ui, {show, end: () => path.length - 1, rate: () => speed.value});
  ui.button('Best rate', () => { lr.value = bestRate(condition.value); renew() });
  const speed = ui.slider({label: 'Steps per second', min: 1, max: 60, step: 0.05, log: true, value: 3, show: v => num(v, 2), into: ui.tools});

  function clip(v, most) { return Math.round(Math.max(-most, Math.min(most, v))*20)/20 }
  // A new path from the knobs: it ends at the bottom or far outside
  function renew() {
    path = descend(start, condition.value, lr.value, 400);
    const stop = path.findIndex(([a, b]) => !(Math.hypot(a, b) > 0.002 && Math.hypot(a, b) < 1e4));
    if (stop >= 0) path.length = stop + 1;
    const k = condition.value;
    regions([['smooth', 0.005, 1/k], ['zig-zags', 1/k, 2/k], ['diverges', 2/k, 2.5]]);
    film.halt();
    scene();
    film.set(0);
  }
  function scene() {
    if (!map.w || !fall.w || !path) return;
    const wide = 3.9, high = wide*(map.h - 46)/(map.w - 50), k = condition.value;
    frame.innerHTML = map.axes({x: [-wide, wide], y: [-high, high], xlabel: 'weight a', ylabel: 'weight b'});
    const {left, top, right, bottom} = map, unit = map.X(1) - map.X(0), [x, y] = [map.X(0), map.Y(0)], box = [left, top, right - left, bottom - top];
    ['x', 'y', 'width', 'height'].forEach((name, i) => inner.setAttribute(name, box[i]));
    inner.setAttribute('viewBox', box.join(' '));
    levels.innerHTML = [6, 5, 4, 3, 2, 1, 0.5].map(r => `<ellipse rx="${r*unit}" ry="${r*unit/Math.sqrt(k)}" transform="translate(${x} ${y}) rotate(-30)"/>`).join('');
    axes.children[0].setAttribute('d', line([[x - 9*C*unit, y + 9*S*unit], [x + 9*C*unit, y - 9*S*unit]]));
    axes.children[1].setAttribute('d', line([[x - 9*S*unit, y - 9*C*unit], [x + 9*S*unit, y + 9*C*unit]]));
    const last = Math.max(10, Math.min(path.length - 1, 400));
    const frames = fall.axes({x: [0, last], y: [-3, 1.5], xlabel: 'step', ylabel: 'distance', left: 52, yticks: [-3, -2, -1, 0, 1], yshow: v => num(10**v)});
    const named = rates(k, lr.value).map((rate, i) => `<circle r="5" cx="${fall.right - 118}" cy="${24 + 20*i}" fill="${[GREEN, PINK][i]}"/><text x="${fall.right - 108}" y="${28 + 20*i}">${['shallow', 'steep'][i]}, × ${num(rate, 2)}</text>`);
    back.innerHTML = frames + `<rect x="${fall.right - 128}" y="10" width="128" height="46" rx="6" class="area"/>${named.join('')}`;
    show(film.t);
  }
  function show(t) {
    const k = Math.min(Math.floor(t), path.length - 1), f = t - k, ease = f*f*(3 - 2*f), next = path[Math.min(k + 1, path.length - 1)];
    const here = path[k].map((v, i) => v + (next[i] - v)*ease), pixel = ([a, b]) => [map.X(a), map.Y(b)], near = q => q.every(v => Math.abs(v) < 1e4);
    if (map.w && fall.w) {
      const seen = path.slice(0, k + 1).map(pixel).filter(near).slice(-120), now = pixel(here);
      trail.setAttribute('d', line(near(now) ? [...seen, now] : seen));
      while (dots.childElementCount < seen.length) dots.append(document.createElementNS(map.svg.namespaceURI, 'circle'));
      [...dots.children].forEach((dot, i) => { const q = seen[i]; dot.setAttribute('r', q ? 3 : 0); if (q) { dot.setAttribute('cx', q[0]); dot.setAttribute('cy', q[1]) } });
      ball.setAttribute('cx', Math.max(map.left + 8, Math.min(map.right - 8, now[0])));
      ball.setAttribute('cy', Math.max(map.top + 8, Math.min(map.bottom - 8, now[1])));
      moveHandle(...start);
      const told = path.slice(0, k + 1).map(along), Y = v => Math.max(fall.top, Math.min(fall.bottom, fall.Y(Math.log10(Math.abs(v) + 1e-9))));
      for (const i of [0, 1]) {
        curves.children[i].setAttribute('d', line(told.map((uv, t) => [fall.X(t), Y(uv[i])])));
        heads.children[i].setAttribute('cx', fall.X(k));
        heads.children[i].setAttribute('cy', Y(told[k][i]));
      }
    }
    tell(k);
  }
  function tell(k) {
    const [shallow, steep] = rates(condition.value, lr.value), worst = Math.max(Math.abs(shallow), Math.abs(steep));
    const across = steep < -1 ? 'each step leads farther out' : steep < 0 ? 'it changes sides at every step' : 'it stays on one side';
    const fate = worst > 1.0001 ? 'The walk diverges.' : worst > 0.9999 ? 'The walk never comes nearer.' : worst > 0.95 ? 'The walk creeps.' : worst > 0.5 ? 'The walk arrives.' : 'The walk arrives quickly.';
    ui.says(`${fate} One step multiplies the distance along the steep direction by ${num(steep, 2)}, so ${across}, and along the shallow one by ${num(shallow, 2)}. Step ${k}: ${num(Math.hypot(...path[k]))} from the minimum.`,
      worst > 1.0001 ? RED : steep < 0 ? BLUE : GREEN);
    map.svg.setAttribute('aria-label', `Contour lines of the bowl seen from above, with ${k} steps of descent`);
  }
  renew();
}
