// Drawing in SVG: a plot that fits its place, and what can be laid on it
import {RED, make, num} from './_base.js';

// Round numbers between lo and hi, about n of them
export function ticks(lo, hi, n = 6) {
  const rough = (hi - lo)/n, power = 10 ** Math.floor(Math.log10(rough));
  const gap = [1, 2, 5, 10].map(k => k*power).find(g => g >= rough*0.999), first = Math.ceil(lo/gap - 1e-9);
  const count = Math.floor(hi/gap + 1e-9) - first + 1;
  return Array.from({length: count}, (_, i) => +((first + i)*gap).toPrecision(12));
}

// Set attributes of an element
export function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

// Add `markup` to an element of SVG. What has a class comes back, under the name of its first class
export function parts(parent, markup) {
  parent.insertAdjacentHTML('beforeend', markup);
  return Object.fromEntries([...parent.querySelectorAll('[class]')].map(e => [e.classList[0], e]));
}

// A map of the numbers from `lo` to `hi` to the pixels from `a` to `b`
function scale([lo, hi], a, b) {
  return v => a + (v - lo)/(hi - lo)*(b - a);
}

// An SVG as wide as its place, so that text keeps its size. `draw(p)` is called at the start and when the width p.w
// changes. `height` maps the width to the height p.h; `axes` sets the scales p.X and p.Y and returns markup.
export class Plot {
  constructor(parent, {label, height, draw, role = 'img'}) {
    this.svg = parent.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'));
    put(this.svg, {role, 'aria-label': label});
    this.w = 0;
    this.h = 0;
    new ResizeObserver(([entry]) => {
      const w = Math.round(entry.contentRect.width);
      if (!w || w == this.w) return;
      this.w = w;
      this.h = Math.round(height(w));
      this.svg.setAttribute('viewBox', `0 0 ${w} ${this.h}`);
      this.svg.style.height = this.h + 'px';
      draw(this);
    }).observe(parent);
  }

  // The field of a plot lies within margins; `show` and `yshow` write the numbers beside the ticks
  axes({x, y, xlabel = '', ylabel = '', xticks = ticks(...x, this.w/90), yticks = ticks(...y, this.h/60),
      left = 40, bottom = 36, top = 10, right = 10, show = num, yshow = show}) {
    const r = this.w - right, b = this.h - bottom;
    Object.assign(this, {left, top, right: r, bottom: b, X: scale(x, left, r), Y: scale(y, b, top)});
    const column = v => `<path class="grid" d="M${this.X(v)} ${top}V${b}"/>
      <text x="${this.X(v)}" y="${b + 16}" text-anchor="middle">${show(v)}</text>`;
    const row = v => `<path class="grid" d="M${left} ${this.Y(v)}H${r}"/>
      <text x="${left - 6}" y="${this.Y(v) + 4}" text-anchor="end">${yshow(v)}</text>`;
    return xticks.map(column).join('') + yticks.map(row).join('')
      + `<text x="${(left + r)/2}" y="${this.h - 3}" text-anchor="middle">${xlabel}</text>
      <text transform="translate(11 ${(top + b)/2}) rotate(-90)" text-anchor="middle">${ylabel}</text>`;
  }

  // Lay the SVG `inner` over the field, in the plot's own pixels: what lies outside the field is cut off
  frame(inner) {
    const {left: x, top: y} = this, width = this.right - x, height = this.bottom - y;
    put(inner, {x, y, width, height, viewBox: `${x} ${y} ${width} ${height}`});
  }

  // The pixel of a place, and the nearest one that is `gap` within the field
  pixel([x, y]) { return [this.X(x), this.Y(y)] }

  within([x, y], gap) {
    return [Math.max(this.left + gap, Math.min(this.right - gap, x)),
      Math.max(this.top + gap, Math.min(this.bottom - gap, y))];
  }
}

// Points as the `d` of a path
export function line(points) {
  return points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}

// Move a circle
export function place(circle, [cx, cy]) { put(circle, {cx, cy}) }

// Show `points` as the circles in a group; circles that are too many shrink to nothing
export function dots(group, points, r) {
  while (group.childElementCount < points.length) group.insertAdjacentHTML('beforeend', '<circle/>');
  [...group.children].forEach((dot, i) => {
    const point = points[i];
    dot.setAttribute('r', point ? r : 0);
    if (point) place(dot, point);
  });
}

// Under a slider: what happens for each of its values. The function returned takes a list of [word, from, to],
// and `colors` maps words to colours
export function strip(knob, colors) {
  let found = [];
  const draw = () => { p.svg.innerHTML = bands(p, knob, found, colors) + borders(p, knob, found) };
  const box = knob.root.appendChild(make('<div class="under"></div>'));
  const p = new Plot(box, {label: '', height: () => 36, draw});
  return list => {
    found = list;
    const told = list.map(([word, from, to]) => `${num(from)} to ${num(to)} ${word}`);
    p.svg.setAttribute('aria-label', `${knob.input.ariaLabel}: ${told.join(', ')}`);
    if (p.w) draw();
  };
}

// Where a value of the slider lies on the strip, in pixels
function along(p, knob, value) {
  const lo = +knob.input.min, hi = +knob.input.max;
  return (knob.place(value) - lo)/(hi - lo)*p.w;
}

function bands(p, knob, found, colors) {
  return found.map(([word, from, to]) => {
    const a = Math.max(0, along(p, knob, from)), b = Math.min(p.w, along(p, knob, to));
    const band = `<rect x="${a}" width="${Math.max(0, b - a)}" height="6" fill="${colors[word]}"/>`;
    if (b - a <= 7*word.length) return band;
    return `${band}<text x="${(a + b)/2}" y="21" text-anchor="middle">${word}</text>`;
  }).join('');
}

// The border to what diverges has the first right to a number
function borders(p, knob, found) {
  const used = [], first = ([word]) => word == 'diverges';
  const order = found.slice(1).sort((a, b) => first(b) - first(a));
  return order.map(([, from]) => {
    const x = along(p, knob, from);
    if (x < 0 || x > p.w || used.some(u => Math.abs(u - x) < 38)) return '';
    used.push(x);
    return `<path class="grid mark" d="M${x} 0V24"/><text x="${x}" y="35" text-anchor="middle">${num(from)}</text>`;
  }).join('');
}

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};

// A point on the plot `p` to be moved by mouse, finger and arrow keys, which calls set(x, y) in the plot's units.
// The function returned moves the point
export function handle(p, {label, set, gap = 0.1, color = RED}) {
  const {grip: g} = parts(p.svg, `<g class="grip"><circle r="22" fill="transparent"/>
    <circle r="8" fill="none" stroke="${color}" stroke-width="2.5"/></g>`);
  put(g, {tabindex: 0, role: 'slider', 'aria-label': label, 'aria-valuemin': -9, 'aria-valuemax': 9});
  let at = [0, 0];
  const invert = (scale, pixel) => (pixel - scale(0))/(scale(1) - scale(0));
  drag(g, (x, y) => set(invert(p.X, x), invert(p.Y, y)), p.svg);
  g.addEventListener('keydown', e => {
    const move = ARROWS[e.key];
    if (!move) return;
    e.preventDefault();
    set(at[0] + gap*move[0], at[1] + gap*move[1]);
  });
  return (x, y) => {
    at = [x, y];
    put(g, {transform: `translate(${p.X(x)} ${p.Y(y)})`, 'aria-valuenow': x.toFixed(2),
      'aria-valuetext': `${num(x)}, ${num(y)}`});
  };
}

// Follow a mouse, pen or finger that goes down on `target`: on(x, y) in pixels from the corner of `frame`
export function drag(target, on, frame = target) {
  const move = e => {
    const corner = frame.getBoundingClientRect();
    on(e.clientX - corner.left, e.clientY - corner.top);
  };
  target.addEventListener('pointerdown', e => {
    target.setPointerCapture(e.pointerId);
    move(e);
  });
  target.addEventListener('pointermove', e => {
    if (target.hasPointerCapture(e.pointerId)) move(e);
  });
}
