// What the figures share: the look, the controls, a player, and a plot that fits its place.
// sgd_course/figures.py puts this text in front of a figure's own, in one script.

export const BLUE = '#0072B2', RED = '#D55E00', GREEN = '#009E73', PINK = '#CC79A7', GREY = '#7A7A7A';

const CSS = `
  * { box-sizing: border-box }
  .figure { max-width: 760px; margin: 6px 2px; padding: 14px 16px 10px; border-radius: 12px; border: 1px solid var(--line);
    font-size: 15px; line-height: 1.45; --line: color-mix(in srgb, currentColor 22%, transparent); --soft: color-mix(in srgb, currentColor 7%, transparent) }
  .title { margin: 0 0 8px; font-weight: 650; font-size: 16px }
  .says { margin: 8px 0; padding: 2px 0 2px 12px; min-height: 3.1em; border-left: 4px solid var(--mood, var(--line)) }
  .heard { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%) }
  .tools, .knobs, .choice div { display: flex; flex-wrap: wrap; gap: 10px; align-items: end }
  .knobs { gap: 8px 28px; margin-top: 12px; align-items: start }
  .slider, .choice { flex: 1 1 230px; min-width: 0; margin: 0; padding: 0; border: 0 }
  .slider > span { display: flex; justify-content: space-between; gap: 8px; white-space: nowrap }
  .slider b { font-variant-numeric: tabular-nums; font-weight: 600 }
  input[type=range] { display: block; width: 100%; height: 44px; margin: 0; appearance: none; background: none; cursor: pointer }
  ::-webkit-slider-runnable-track { height: 6px; border-radius: 3px; background: var(--line) }
  ::-moz-range-track { height: 6px; border-radius: 3px; background: var(--line) }
  ::-webkit-slider-thumb { appearance: none; width: 20px; height: 20px; margin-top: -7px; border-radius: 50%; background: ${BLUE} }
  ::-moz-range-thumb { width: 20px; height: 20px; border: 0; border-radius: 50%; background: ${BLUE} }
  .strip { padding: 0 10px; margin-top: -8px }
  legend { padding: 0; margin-bottom: 2px }
  .choice label { position: relative; display: inline-flex; cursor: pointer }
  .choice input { position: absolute; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
  .choice b, button, select { display: inline-flex; align-items: center; justify-content: center; min-height: 44px; min-width: 44px; padding: 0 14px;
    font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 9px; cursor: pointer }
  .choice :checked + b { border-color: ${BLUE}; box-shadow: inset 0 -3px ${BLUE}; font-weight: 650 }
  button:hover, .choice label:hover b { background: color-mix(in srgb, currentColor 13%, transparent) }
  button.main { min-width: 86px; color: #fff; background: ${BLUE}; border-color: ${BLUE} }
  :focus-visible, .choice :focus-visible + b { outline: 3px solid ${RED}; outline-offset: 2px }
  input[type=range]:focus-visible { outline-offset: -7px; border-radius: 9px }
  div > svg { display: block; width: 100%; overflow: visible; touch-action: pan-y; user-select: none; font-size: 12.5px; fill: currentColor }
  svg .grid { stroke: currentColor; opacity: .14 }
  svg .area { opacity: .06 }
  svg .mark { opacity: .5 }
  svg .handle { cursor: move; touch-action: none }
  svg .curve { fill: none; stroke: currentColor; opacity: .6; stroke-width: 2 }
`;

// An element made of HTML text
export function make(html) {
  const box = document.createElement('template');
  box.innerHTML = html.trim();
  return box.content.firstElementChild;
}

// Text, safe within HTML
export function esc(text) { return String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`) }

// A number for people: 3 digits, a real minus sign, powers of ten when it is far from 1
export function num(v, digits = 3) {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'NaN' : v > 0 ? '∞' : '−∞';
  const size = Math.abs(v);
  const text = size && (size < 1e-4 || size >= 1e6) ? v.toExponential(1).replace(/e\+?(.*)/, ' × 10^$1') : String(+v.toPrecision(digits));
  return text.replace(/\^(-?\d+)/, (_, n) => n.replace(/./g, c => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)])).replace(/-/g, '−');
}

// The frame of a figure in `el`: a place to draw (stage), a text that says what is seen, buttons (tools), sliders and choices (knobs).
// What the text says is also heard from screen readers; not while all moves (quiet), but how it ends
export function panel(el, title, css = '') {
  el.replaceChildren(make(`<div class="figure"><style>${CSS}${css}</style><p class="title">${esc(title)}</p><div class="stage"></div>
    <p class="says"></p><p class="heard" aria-live="polite"></p><div class="tools"></div><div class="knobs"></div></div>`));
  const find = name => el.querySelector('.' + name);
  const says = find('says'), heard = find('heard'), ui = {box: find('figure'), stage: find('stage'), tools: find('tools'), knobs: find('knobs')};
  ui.says = (text, color = '') => {
    if (says.textContent != text) says.textContent = text;
    ui.quiet(quiet);
    says.style.setProperty('--mood', color || 'var(--line)');
  };
  let quiet = false;
  ui.quiet = on => { quiet = on; if (!on && heard.textContent != says.textContent) heard.textContent = says.textContent };
  ui.button = (text, on, kind = '') => {
    const button = ui.tools.appendChild(make(`<button type="button" class="${kind}">${text}</button>`));
    button.addEventListener('click', on);
    return button;
  };
  // With `log`, `step` is in powers of ten. The thing returned has a `value` to read and to set, exactly, also between two steps.
  ui.slider = ({label, name = label, min, max, step, value, log, show = num, on, into = ui.knobs}) => {
    const to = log ? Math.log10 : v => v, from = log ? v => +(10 ** v).toPrecision(3) : v => v;
    const root = into.appendChild(make(`<label class="slider"><span><span>${esc(label)}</span> <b></b></span>
      <input type="range" min="${to(min)}" max="${to(max)}" step="${step}"></label>`));
    const input = root.querySelector('input'), out = root.querySelector('b');
    const tell = v => { exact = v; out.textContent = show(v); input.setAttribute('aria-valuetext', out.textContent) };
    let exact;
    const knob = {root, input, to, get value() { return exact }, set value(v) { input.value = to(v); tell(v) }};
    input.setAttribute('aria-label', name);
    input.addEventListener('input', () => { tell(from(+input.value)); on?.(exact) });
    knob.value = value;
    return knob;
  };
  // One of several: `options` maps values to the words shown
  ui.choice = ({label, options, value, on, into = ui.knobs}) => {
    const items = Object.entries(options).map(([v, text]) => `<label><input type="radio" name="${esc(label)}" value="${esc(v)}"><b>${esc(text)}</b></label>`);
    const root = into.appendChild(make(`<fieldset class="choice"><legend>${esc(label)}</legend><div>${items.join('')}</div></fieldset>`));
    const inputs = [...root.querySelectorAll('input')];
    const knob = {root, get value() { return inputs.find(i => i.checked).value }, set value(v) { for (const i of inputs) i.checked = i.value == v }};
    root.addEventListener('change', () => on?.(knob.value));
    knob.value = value;
    return knob;
  };
  return ui;
}

// Play, Step and Reset for something that happens in steps. `show(t)` draws the time t, a number of steps that may lie between two;
// `end()` is the last step, `rate()` steps per second. With reduced motion time jumps from step to step.
export function player(ui, {show, end, rate, reset}) {
  let t = 0, goal = 0, running = false, stepping = false, before = 0, call;
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const set = v => show(t = v);
  function halt() {
    running = stepping = false;
    cancelAnimationFrame(call);
    play.textContent = 'Play';
    ui.quiet(false);
    show(t);
  }
  function frame(now) {
    if (!running) return;
    if (!ui.box.isConnected) return halt();
    before ||= now;
    const dt = Math.min(0.1, (now - before)/1000)*rate();
    if (!still.matches) { before = now; set(Math.min(goal, t + dt)) }
    else if ((now - before)*Math.min(rate(), 2) >= 1000) { before = now; set(Math.min(goal, Math.floor(t) + Math.max(1, Math.floor(rate()/2)))) }
    if (t >= goal) return halt();
    if (running) call = requestAnimationFrame(frame);
  }
  function go(to) {
    goal = to;
    if (goal <= t || running) return;
    running = true;
    play.textContent = 'Pause';
    ui.quiet(true);
    before = 0;
    call = requestAnimationFrame(frame);
  }
  const play = ui.button('Play', () => { if (running) return halt(); if (t >= end()) set(0); go(end()) }, 'main');
  ui.button('Step', () => { // Pressed again on the way, one step more
    const to = Math.min(end(), (stepping ? goal : Math.floor(t)) + 1);
    if (still.matches) { halt(); set(to) } else { go(to); stepping = running }
  });
  ui.button('Reset', () => { halt(); reset?.(); set(0) });
  return {get t() { return t }, get running() { return running }, set, halt, play: () => go(end())};
}

// Round numbers between lo and hi, about n of them
export function ticks(lo, hi, n = 6) {
  const rough = (hi - lo)/n, power = 10 ** Math.floor(Math.log10(rough));
  const gap = [1, 2, 5, 10].map(k => k*power).find(g => g >= rough*0.999), first = Math.ceil(lo/gap - 1e-9);
  return Array.from({length: Math.floor(hi/gap + 1e-9) - first + 1}, (_, i) => +((first + i)*gap).toPrecision(12));
}

// An SVG as wide as its place, so that text keeps its size. `draw(p)` is called at the start and when the width p.w changes.
// `height` maps the width to the height p.h; p.axes sets the scales p.X and p.Y and returns the axes as markup.
export function plot(parent, {label, height, draw, role = 'img'}) {
  const svg = parent.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'));
  svg.setAttribute('role', role);
  svg.setAttribute('aria-label', label);
  const p = {svg, w: 0, h: 0, axes({x, y, xlabel = '', ylabel = '', xticks = ticks(...x, p.w/90), yticks = ticks(...y, p.h/60), left = 40, bottom = 36, top = 10, right = 10, show = num, yshow = show}) {
    const scale = ([lo, hi], a, b) => v => a + (v - lo)/(hi - lo)*(b - a);
    const r = p.w - right, b = p.h - bottom;
    Object.assign(p, {left, top, right: r, bottom: b, X: scale(x, left, r), Y: scale(y, b, top)});
    return xticks.map(v => `<path class="grid" d="M${p.X(v)} ${top}V${b}"/><text x="${p.X(v)}" y="${b + 16}" text-anchor="middle">${show(v)}</text>`).join('')
      + yticks.map(v => `<path class="grid" d="M${left} ${p.Y(v)}H${r}"/><text x="${left - 6}" y="${p.Y(v) + 4}" text-anchor="end">${yshow(v)}</text>`).join('')
      + `<text x="${(left + r)/2}" y="${p.h - 3}" text-anchor="middle">${xlabel}</text>`
      + `<text transform="translate(11 ${(top + b)/2}) rotate(-90)" text-anchor="middle">${ylabel}</text>`;
  }};
  new ResizeObserver(([entry]) => {
    const w = Math.round(entry.contentRect.width);
    if (!w || w == p.w) return;
    p.w = w;
    p.h = Math.round(height(w));
    svg.setAttribute('viewBox', `0 0 ${w} ${p.h}`);
    svg.style.height = p.h + 'px';
    draw(p);
  }).observe(parent);
  return p;
}

// Points as the `d` of a path
export function line(points) { return points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('') }

// Under a slider: what happens for each of its values. `found` lists [word, from, to], and `colors` maps words to colours
export function strip(knob, colors) {
  let found = [];
  const p = plot(knob.root.appendChild(make('<div class="strip"></div>')), {label: '', height: () => 36, draw});
  function draw() {
    const [lo, hi] = [+knob.input.min, +knob.input.max], X = v => (knob.to(v) - lo)/(hi - lo)*p.w, used = [];
    let marks = '';
    for (const [word, from, to] of found) {
      const a = Math.max(0, X(from)), b = Math.min(p.w, X(to));
      marks += `<rect x="${a}" width="${Math.max(0, b - a)}" height="6" fill="${colors[word]}"/>`;
      if (b - a > 7*word.length) marks += `<text x="${(a + b)/2}" y="21" text-anchor="middle">${word}</text>`;
    }
    // The border to what diverges has the first right to a number
    for (const [, from] of [...found.slice(1)].sort((a, b) => (b[0] == 'diverges') - (a[0] == 'diverges'))) {
      const a = X(from);
      if (a < 0 || a > p.w || used.some(u => Math.abs(u - a) < 38)) continue;
      used.push(a);
      marks += `<path class="grid mark" d="M${a} 0V24"/><text x="${a}" y="35" text-anchor="middle">${num(from)}</text>`;
    }
    p.svg.innerHTML = marks;
    p.svg.setAttribute('aria-label', `${knob.input.ariaLabel}: ${found.map(([word, from, to]) => `${num(from)} to ${num(to)} ${word}`).join(', ')}`);
  }
  return list => { found = list; if (p.w) draw() };
}

// A point on the plot `p` to be moved by mouse, finger and arrow keys; set(x, y) in the plot's units
export function handle(p, {label, set, gap = 0.1, color = RED}) {
  const g = document.createElementNS(p.svg.namespaceURI, 'g'), at = [0, 0];
  g.innerHTML = `<circle r="22" fill="transparent"/><circle r="8" fill="none" stroke="${color}" stroke-width="2.5"/>`;
  for (const [k, v] of Object.entries({class: 'handle', tabindex: 0, role: 'slider', 'aria-label': label, 'aria-valuemin': -9, 'aria-valuemax': 9})) g.setAttribute(k, v);
  p.svg.append(g);
  const invert = (scale, v) => (v - scale(0))/(scale(1) - scale(0));
  drag(g, (x, y) => set(invert(p.X, x), invert(p.Y, y)), p.svg);
  g.addEventListener('keydown', e => {
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[e.key];
    if (!move) return;
    e.preventDefault();
    set(at[0] + gap*move[0], at[1] + gap*move[1]);
  });
  return (x, y) => {
    at.splice(0, 2, x, y);
    g.setAttribute('transform', `translate(${p.X(x)} ${p.Y(y)})`);
    g.setAttribute('aria-valuenow', x.toFixed(2));
    g.setAttribute('aria-valuetext', `${num(x)}, ${num(y)}`);
  };
}

// Follow a mouse, pen or finger that goes down on `target`: on(x, y) in pixels from the corner of `frame`
export function drag(target, on, frame = target) {
  const move = e => { const r = frame.getBoundingClientRect(); on(e.clientX - r.left, e.clientY - r.top) };
  target.addEventListener('pointerdown', e => { target.setPointerCapture(e.pointerId); move(e) });
  target.addEventListener('pointermove', e => { if (target.hasPointerCapture(e.pointerId)) move(e) });
}

// Put a figure into `host` on the page, behind a shadow root, so that nothing leaks in or out
export function mount(host, render, data) {
  host.dataset.on = 1;
  const el = host.attachShadow({mode: 'open'}).appendChild(document.createElement('div'));
  // Arrow keys turn pages on the site, and do other things in JupyterLab
  host.addEventListener('keydown', e => e.stopPropagation());
  render({el, model: {get: k => data[k], set: (k, v) => { data[k] = v }, save_changes() {}, on() {}, off() {}}});
}
