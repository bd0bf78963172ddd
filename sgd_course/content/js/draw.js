// Draw a digit: a pad, the preparation of MNIST's digits, a network, and its reasons
import {panel, make, BLUE, RED} from './_base.js';
import {bytes, an} from './_math.js';

// A digit, 784 times 0 paper to 255 ink, from a grey picture (0 black to 255 white), in whole numbers as sgd_course.data.digit_from_image; null if blank
export function digitFromImage(grey, h, w) {
  const frame = [];
  for (let c = 0; c < w; c++) frame.push(grey[c], grey[(h - 1)*w + c]);
  for (let r = 0; r < h; r++) frame.push(grey[r*w], grey[r*w + w - 1]);
  const paper = frame.sort((a, b) => a - b)[frame.length >> 1];
  let lo = 255, hi = 0, top = h, left = w, bottom = 0, right = 0;
  for (const v of grey) { if (v < lo) lo = v; if (v > hi) hi = v }
  const dark = paper - lo >= hi - paper, range = dark ? paper - lo : hi - paper;
  if (range < 32) return null;
  const ink = grey.map(v => (v = dark ? paper - v : v - paper)*8 < range ? 0 : v);
  for (let r = 0; r < h; r++) for (let c = 0; c < w; c++) if (ink[r*w + c]) {
    top = Math.min(top, r); bottom = r; left = Math.min(left, c); right = Math.max(right, c);
  }
  const tall = bottom - top + 1, wide = right - left + 1, side = Math.max(tall, wide);
  const [H, W] = [tall, wide].map(n => Math.max(1, Math.floor((40*n + side)/(2*side)))), box = Array(H*W).fill(0), rows = Array(H).fill(0), cols = Array(W).fill(0);
  // How much of the fine pixel i lies in the coarse pixel I
  const shared = (i, fine, I, coarse) => Math.min((i + 1)*coarse, (I + 1)*fine) - Math.max(i*coarse, I*fine);
  for (let i = 0; i < tall; i++) for (let j = 0; j < wide; j++) {
    const v = ink[(top + i)*w + left + j];
    if (v) for (let I = Math.floor(i*H/tall); I*tall < (i + 1)*H; I++)
      for (let J = Math.floor(j*W/wide); J*wide < (j + 1)*W; J++) box[I*W + J] += v*shared(i, tall, I, H)*shared(j, wide, J, W);
  }
  const most = Math.max(...box), res = Array(784).fill(0);
  box.forEach((v, k) => { rows[Math.floor(k/W)] += box[k] = Math.floor((510*v + most)/(2*most)); cols[k % W] += box[k] });
  const [y, x] = [rows, cols].map(sums => {
    const mass = sums.reduce((a, b) => a + b), moment = sums.reduce((a, v, i) => a + v*i, 0);
    return Math.min(Math.max(Math.floor((29*mass - 2*moment)/(2*mass)), 0), 28 - sums.length);
  });
  box.forEach((v, k) => { res[(y + Math.floor(k/W))*28 + x + k % W] = v });
  return res;
}

// The layers that sgd_course.figures.pack_network has packed: int8 with a scale for each row, or float32
export function unpack(layers) {
  return layers.map(({shape: [rows, cols], int8, scale, float32, bias}) => {
    const floats = text => new Float32Array(bytes(text).buffer), b = floats(bias);
    if (float32) return {rows, cols, w: floats(float32), b};
    const s = floats(scale);
    return {rows, cols, w: Float64Array.from(new Int8Array(bytes(int8).buffer), (q, k) => q*s[Math.floor(k/cols)]), b};
  });
}

// What goes into each layer, the ten scores, and their softmax
export function forward(net, x) {
  const inputs = [];
  net.forEach(({cols, w, b}, l) => {
    inputs.push(l ? x = x.map(v => Math.max(v, 0)) : x);
    x = Float64Array.from(b, (sum, r) => { for (let c = 0; c < cols; c++) sum += w[r*cols + c]*x[c]; return sum });
  });
  const most = Math.max(...x), e = x.map(v => Math.exp(v - most)), total = e.reduce((a, b) => a + b);
  return {inputs, scores: x, p: e.map(v => v/total)};
}

// Gradient, for each pixel, of score a minus score b
export function gradient(net, x, a, b) {
  const {inputs} = forward(net, x);
  let up = Float64Array.from({length: 10}, (_, k) => (k == a) - (k == b));
  for (let l = net.length - 1; l >= 0; l--) {
    const {rows, cols, w} = net[l], down = new Float64Array(cols);
    for (let r = 0; r < rows; r++) if (up[r]) for (let c = 0; c < cols; c++) down[c] += up[r]*w[r*cols + c];
    up = l ? down.map((v, c) => inputs[l][c] > 0 ? v : 0) : down;
  }
  return up;
}

const top = p => p.indexOf(Math.max(...p));

// Straight against the gradient g, ink within 0 and 1: where the verdict is no longer a; null if nowhere
export function changeOfMind(net, x, g, a) {
  const norm = Math.hypot(...g);
  const move = t => Float64Array.from(x, (v, k) => Math.min(Math.max(v - t*g[k]/norm, 0), 1));
  const turned = t => top(forward(net, move(t)).scores) != a;
  let hi = 0;
  while (!turned(hi)) if ((hi += 0.25) > 16) return null;
  let lo = Math.max(hi - 0.25, 0);
  for (let k = 0; k < 12; k++) { const mid = (lo + hi)/2; turned(mid) ? hi = mid : lo = mid }
  return move(hi);
}

const STYLE = `
  .board, .maps { display: grid; gap: 12px 28px; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); align-items: center; transition: color 1ms }
  .maps { gap: 12px; grid-template-columns: repeat(3, minmax(0, 1fr)); align-items: start }
  canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 9px; background: var(--soft); image-rendering: pixelated }
  .pad { position: relative; max-width: 300px } .pad canvas { touch-action: none; cursor: crosshair; image-rendering: auto }
  .pen { display: none; position: absolute; inset: 0; width: 26px; height: 26px; margin: -13px; border: 2px solid ${RED}; border-radius: 50%; pointer-events: none }
  :focus-visible + .pen { display: block } .down { background: ${RED}99 }
  ul { display: grid; gap: 4px; margin: 0; padding: 0; font-variant-numeric: tabular-nums }
  li { display: grid; grid-template-columns: 1em 1fr 4.4em; gap: 6px; align-items: center } li > :last-child { text-align: right }
  .bar { height: 18px; border-radius: 5px; background: var(--soft) } i { display: block; height: 100%; border-radius: 5px }
  .digits { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 } .digits button { padding: 0 } .digits canvas { width: 40px; background: none }
  .maps p { margin: 0; font-size: 13px; line-height: 1.35 } .maps b { display: block; margin-top: 4px; font-size: 14px }
  option { color: #000 } button:disabled { opacity: .45 }`;

export function render({model, el}) {
  const ui = panel(el, 'Draw a digit', STYLE), net = unpack(model.get('layers')), examples = model.get('examples').map(s => Float64Array.from(bytes(s), v => v/255));
  const each = f => examples.map((_, k) => f(k)).join(''), picture = '<canvas width="28" height="28"></canvas>';
  ui.stage.append(make(`<div><div class="board"><div class="pad"><canvas width="280" height="280" tabindex="0" role="application"
      aria-label="Drawing pad. The arrow keys move the pen, the space bar lowers and lifts it."></canvas><i class="pen"></i></div>
    <ul aria-label="Probabilities">${each(k => `<li><b>${k}</b><span class="bar"><i></i></span><span></span></li>`)}</ul></div>
    <div class="digits">${each(k => `<button type="button" aria-label="Example ${k}">${picture}</button>`)}</div>
    <div class="maps">${['What it sees', 'How the ink votes', 'What would change its mind'].map(t => `<div>${picture}<p><b>${t}</b><span></span></p></div>`).join('')}</div></div>`));
  const all = s => [...el.querySelectorAll(s)], [board] = all('.board'), [pen] = all('.pen'), [pad] = all('canvas'), maps = all('.maps canvas');
  const cx = pad.getContext('2d', {willReadFrequently: true}), write = (o, text) => { if (o.textContent != text) o.textContent = text };
  let x, next, waiting, drawing, color, plain, down = false, at = [140, 140];

  // Ink in the colour of the text, over it values, scaled by the largest, in two colours
  function paint(canvas, ink, strength = 1, values, colors) {
    const data = plain.slice(), most = values && Math.max(...values.map(Math.abs)) || 1;
    ink.forEach((v, k) => {
      const a = values ? Math.abs(values[k]/most) ** 0.75 : 0;
      if (a > strength*v) data.set(colors[+(values[k] < 0)], 4*k);
      data[4*k + 3] = 255*Math.max(a, strength*v);
    });
    canvas.getContext('2d', {willReadFrequently: true}).putImageData(new ImageData(data, 28), 0, 0);
  }
  function show() {
    waiting = null;
    x ??= read();
    const blank = !x.some(v => v), {p} = forward(net, x), a = top(p), chosen = +rival.value;
    const b = chosen >= 0 && chosen != a ? chosen : top(p.map((v, k) => k == a ? -1 : v)), percent = k => (100*p[k]).toFixed(1) + ' %';
    all('li').forEach((li, k) => {
      const bar = li.querySelector('i').style;
      bar.width = blank ? 0 : percent(k).replace(' ', '');
      bar.background = k == a ? BLUE : k == b ? RED : 'var(--line)';
      write(li.lastChild, blank ? '' : percent(k));
    });
    const g = gradient(net, x, a, b);
    next = blank || drawing ? null : changeOfMind(net, x, g, a);
    makeIt.disabled = !next;
    const change = x.map((v, k) => next ? next[k] - v : 0), worth = change.reduce((sum, v) => sum + Math.abs(v), 0);
    const told = ['20 pixels high or wide, its mass in the middle.', `Ink × gradient: blue for ${an(a)}, orange for ${an(b)}.`,
      next ? `Green ink added, pink ink removed, worth ${worth.toFixed(1)} full pixels: ${an(top(forward(net, next).p))}.` : drawing ? '…' : 'No step against this gradient.'];
    paint(maps[0], x);
    paint(maps[1], x, 0.15, x.map((v, k) => v*g[k]), [[0, 114, 178], [213, 94, 0]]);
    paint(maps[2], x, 0.3, change, [[0, 158, 115], [204, 121, 167]]);
    maps.forEach((o, k) => { o.role = 'img'; write(o.nextSibling.lastChild, o.ariaLabel = blank ? 'Blank.' : told[k]) });
    ui.says(blank ? 'Nothing drawn yet. Draw a digit, or choose one.' : `The network reads ${an(a)}: ${percent(a)}. For ${an(b)} it has ${percent(b)}.`, blank ? '' : BLUE);
  }
  const later = () => waiting ??= requestAnimationFrame(show);
  function set(digit) { // Prepared already
    paint(maps[0], x = digit);
    cx.clearRect(0, 0, 280, 280);
    cx.imageSmoothingEnabled = false;
    cx.drawImage(maps[0], 0, 0, 280, 280);
    later();
  }
  function stroke(to) {
    Object.assign(cx, {lineWidth: 24, lineCap: 'round', strokeStyle: color});
    cx.beginPath(); cx.moveTo(...at); cx.lineTo(...at = to); cx.stroke();
    x = null;
    later();
  }
  function read() {
    const rgba = new Uint32Array(cx.getImageData(0, 0, 280, 280).data.buffer), grey = new Uint8Array(78400);
    for (let k = 0; k < 78400; k++) grey[k] = ~rgba[k] >>> 24;   // 255 - alpha
    return Float64Array.from(digitFromImage(grey, 280, 280) || Array(784).fill(0), v => v/255);
  }
  const where = e => [e.offsetX, e.offsetY].map(v => v/pad.clientWidth*280), on = (name, f) => pad.addEventListener(name, f);
  on('pointerdown', e => { pad.setPointerCapture(e.pointerId); drawing = true; stroke(at = where(e)) });
  on('pointermove', e => { if (drawing) stroke(where(e)) });
  on('lostpointercapture', () => { drawing = false; later() });
  function lower(v) {
    pen.classList.toggle('down', down = v);
    pen.style.translate = at.map(v => v/280*pad.clientWidth + 'px').join(' ');
  }
  on('keydown', e => {
    const d = {ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10], ' ': [0, 0]}[e.key];
    if (!d) return;
    e.preventDefault();
    if (e.key == ' ' && !e.repeat) down = !down;
    const to = at.map((v, i) => Math.min(Math.max(v + d[i], 10), 270));
    if (down) stroke(to); else at = to;
    lower(down);
  });
  on('focus', () => lower(false));
  ui.button('Clear', () => set(new Float64Array(784)));
  const makeIt = ui.button('Make this change', () => set(next));
  const rival = ui.tools.appendChild(make(`<label>Compare with <select><option value="-1">the runner-up</option>${each(k => `<option>${k}</option>`)}</select></label>`)).lastChild;
  rival.addEventListener('change', show);
  all('.digits button').forEach((o, k) => o.addEventListener('click', () => set(examples[k])));
  function dress() { // In the colour of the page, dark or light
    x ??= read();
    cx.fillStyle = color = getComputedStyle(board).color;
    cx.fillRect(0, 0, 28, 28);
    plain = cx.getImageData(0, 0, 28, 28).data;
    all('.digits canvas').forEach((o, k) => paint(o, examples[k]));
    set(x);
  }
  board.addEventListener('transitionend', dress);
  x = examples[model.get('start')];
  dress();
  show();
}
