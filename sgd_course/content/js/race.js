// Four optimisers race from one start to the lowest place of a surface
import {panel, player, plot, handle, line, make, num, BLUE, RED, GREEN, PINK} from './_base.js';
import {contour} from './_math.js';

// Each surface: height, gradient, lowest height, what is shown, a start, and good learning rates for the four
export const SURFACES = {
  bowl: {f: (a, b) => (a*a + 20*b*b)/2, grad: (a, b) => [a, 20*b], lowest: 0, a: [-4.4, 4.4], b: [-2.2, 2.2], start: [-4, 1.6], lrs: [0.09, 0.02, 0.05, 0.2]},
  valley: {f: (a, b) => (1 - a)**2 + 5*(b - a*a)**2, grad: (a, b) => [2*(a - 1) - 20*a*(b - a*a), 10*(b - a*a)], lowest: 0,
    a: [-2.2, 2.2], b: [-0.9, 3.1], start: [-1.6, 0.4], lrs: [0.02, 0.005, 0.02, 0.1]},
  saddle: {f: (a, b) => a*a/2 - b*b/2 + b**4/8, grad: (a, b) => [a, b**3/2 - b], lowest: -0.5, a: [-3.6, 3.6], b: [-2.1, 2.1], start: [-3, 0.002], lrs: [0.2, 0.05, 0.02, 0.1]},
};

// One step of each optimiser, as torch.optim takes it: `s` is its memory, `g` the gradient, `t` counts from 1
export const RULES = {
  SGD: (s, g) => g,
  momentum: (s, g, t) => s.v = t == 1 ? g : g.map((x, i) => 0.9*s.v[i] + x),
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
const NAMES = Object.keys(RULES), COLORS = [BLUE, RED, GREEN, PINK];

// The path of one optimiser, start included
export function run(surface, name, start, lr, steps) {
  const {grad} = SURFACES[surface], memory = {}, path = [start];
  for (let t = 1; t <= steps; t++) {
    const w = path[t - 1], d = RULES[name](memory, grad(...w), t);
    path.push(w.map((x, i) => x - lr*d[i]));
  }
  return path;
}

// Height above the lowest place
export function height(surface, w) { return SURFACES[surface].f(...w) - SURFACES[surface].lowest }

const SHAPES = ['M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0', 'M-6.5 -6.5H6.5V6.5H-6.5Z', 'M0 -8L7.5 6H-7.5Z', 'M0 -9L8 0L0 9L-8 0Z'];
const mark = i => `<svg class="mark" viewBox="-10 -10 20 20" aria-hidden="true"><path d="${SHAPES[i]}" fill="${COLORS[i]}"/></svg>`;
const STEPS = 200;

export function render({model, el}) {
  const ui = panel(el, 'Race of the optimisers', `.stage { display: flex; flex-wrap: wrap; gap: 12px } .stage > div { position: relative; flex: 1.5 1 300px; min-width: 0 } .stage > div + div { flex: 1 1 220px }
    .stage svg { position: relative } .land { position: absolute; background: currentColor } svg.mark { display: inline; width: 15px; height: 15px; vertical-align: -2px; opacity: 1; margin-right: 5px }
    .knobs .slider { flex-basis: 140px } .knobs p { margin: 0 0 -6px } .choice, .knobs p { flex-basis: 100% }`);
  let start = model.get('start'), paths, arrived;
  const [mapBox, fallBox] = [0, 1].map(() => ui.stage.appendChild(make('<div></div>'))), land = mapBox.appendChild(make('<div class="land"></div>'));
  const map = plot(mapBox, {label: '', role: 'group', height: w => Math.min(340, w*0.72), draw: scene});
  const fall = plot(fallBox, {label: 'Height above the lowest place after each step, on a logarithmic axis', height: w => w < 310 ? Math.min(340, w*1.1) : 220, draw: scene});
  const trails = COLORS.map(c => `<path fill="none" stroke="${c}" stroke-width="2" stroke-linejoin="round"/>`).join(''), heads = COLORS.map((c, i) => `<path d="${SHAPES[i]}" fill="${c}"/>`).join('');
  for (const p of [map, fall]) p.svg.innerHTML = `<g></g><svg><g stroke="currentColor" fill="none" opacity=".3"></g><g>${trails}</g><g>${heads}</g></svg>`;
  const moveHandle = handle(map, {label: 'Start', color: 'currentColor', set: (a, b) => { const s = SURFACES[surface.value]; start = [clip(a, s.a), clip(b, s.b)]; renew() }});

  const surface = ui.choice({label: 'Surface', options: {bowl: 'stretched bowl', valley: 'curved valley', saddle: 'saddle'}, value: model.get('surface'), on: () => change()});
  ui.knobs.append(make('<p>Learning rates</p>'));
  const lrs = NAMES.map((name, i) => ui.slider({label: name, name: `${name} learning rate`, min: 0.0005, max: 2, step: 0.02, log: true, value: 0.1, on: renew}));
  lrs.forEach((knob, i) => knob.root.querySelector('span span').prepend(make(mark(i))));
  const film = player(ui, {show, end: () => STEPS, rate: () => speed.value});
  const speed = ui.slider({label: 'Steps per second', min: 1, max: 100, step: 0.05, log: true, value: 15, show: v => num(v, 2), into: ui.tools});

  function clip(v, [lo, hi]) { return Math.round(Math.max(lo, Math.min(hi, v))*50)/50 }
  const above = w => height(surface.value, w);
  function change(at, rates) {
    const s = SURFACES[surface.value];
    start = at ?? s.start;
    lrs.forEach((knob, i) => knob.value = (rates ?? s.lrs)[i]);
    renew();
    scene();
  }
  function renew() {
    paths = NAMES.map((name, i) => run(surface.value, name, start, lrs[i].value, STEPS));
    arrived = paths.map(path => 1 + path.findLastIndex(w => !(above(w) < 0.01)));
    film.halt();
    film.set(0);
  }
  function scene() {
    if (!map.w || !fall.w || !paths) return;
    const s = SURFACES[surface.value], n = 100, m = 64, at = (i, [lo, hi], k) => lo + (hi - lo)*i/k;
    map.svg.children[0].innerHTML = map.axes({x: s.a, y: s.b, xlabel: 'weight a', ylabel: 'weight b'});
    fall.svg.children[0].innerHTML = fall.axes({x: [0, STEPS], y: [-4, 2], xlabel: 'step', ylabel: 'height', left: 54, yticks: [-4, -3, -2, -1, 0, 1, 2], yshow: v => num(10**v)});
    for (const p of [map, fall]) {
      const box = [p.left, p.top, p.right - p.left, p.bottom - p.top];
      ['x', 'y', 'width', 'height'].forEach((name, i) => p.svg.children[1].setAttribute(name, box[i]));
      p.svg.children[1].setAttribute('viewBox', box.join(' '));
    }
    const z = Array.from({length: m + 1}, (_, j) => Array.from({length: n + 1}, (_, i) => s.f(at(i, s.a, n), at(j, s.b, m)) - s.lowest)), top = Math.max(...z.flat());
    const X = i => map.left + (map.right - map.left)*i/n, Y = j => map.bottom - (map.bottom - map.top)*j/m;
    map.svg.children[1].children[0].innerHTML = Array.from({length: 11}, (_, k) => `<path d="${contour(z, top*((k + 0.6)/12)**3).map(([a, b, c, d]) => line([[X(a), Y(b)], [X(c), Y(d)]])).join('')}"/>`).join('');
    // Low ground is dark: the page's own ink behind a mask, so that it fits a light and a dark page
    const canvas = Object.assign(document.createElement('canvas'), {width: n + 1, height: m + 1}), brush = canvas.getContext('2d'), pixels = brush.createImageData(n + 1, m + 1);
    z.forEach((row, j) => row.forEach((h, i) => { pixels.data[((m - j)*(n + 1) + i)*4 + 3] = 70*(1 - (Math.max(0, h)/top)**(1/3)) }));
    brush.putImageData(pixels, 0, 0);
    land.style.cssText = `left: ${map.left}px; top: ${map.top}px; width: ${map.right - map.left}px; height: ${map.bottom - map.top}px; mask: url(${canvas.toDataURL()}) 0 0/100% 100%`;
    show(film.t);
  }
  function show(t) {
    const k = Math.min(STEPS, Math.floor(t)), f = t - k;
    if (map.w && fall.w && paths) paths.forEach((path, i) => {
      const now = path[k].map((v, d) => v + f*((path[k + 1] ?? path[k])[d] - v)), seen = [...path.slice(0, k + 1), now].filter(w => w.every(v => Math.abs(v) < 1e3));
      const pixel = ([a, b]) => [map.X(a), map.Y(b)], drop = (w, j) => [fall.X(Math.min(j, t)), fall.Y(Math.max(-4, Math.min(2, Math.log10(above(w) + 1e-9))))];
      const [here, below] = [pixel(seen.at(-1)), drop(seen.at(-1), t)];
      map.svg.children[1].children[1].children[i].setAttribute('d', line(seen.map(pixel)));
      map.svg.children[1].children[2].children[i].setAttribute('transform', `translate(${Math.max(map.left + 8, Math.min(map.right - 8, here[0]))} ${Math.max(map.top + 8, Math.min(map.bottom - 8, here[1]))})`);
      fall.svg.children[1].children[1].children[i].setAttribute('d', line(seen.map(drop)));
      fall.svg.children[1].children[2].children[i].setAttribute('transform', `translate(${below}) scale(.8)`);
    });
    if (map.w && paths) moveHandle(...start);
    tell(k);
  }
  function tell(k) {
    const words = NAMES.map((name, i) => {
      const w = paths[i][k], h = above(w);
      if (!(Math.hypot(...w) < 50)) return [name, Infinity, 'has flown off'];
      return arrived[i] <= k ? [name, arrived[i] - 1e9, `arrived at step ${arrived[i]}`] : [name, h, `is ${num(h, 2)} above the lowest place`];
    }).sort((a, b) => a[1] - b[1]);
    const text = words.map(([name, , what]) => `${name} ${what}`).join('; ');
    ui.says(k ? `Step ${k}. ${text}.` : `At the start all are ${num(above(start), 2)} above the lowest place. Who will be there first?`, k ? COLORS[NAMES.indexOf(words[0][0])] : '');
    map.svg.setAttribute('aria-label', `Contour lines of the ${surface.value} from above, with four trails of ${k} steps`);
  }
  change(model.get('start'), model.get('lrs'));
}
