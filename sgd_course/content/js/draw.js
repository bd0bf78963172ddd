// Draw a digit: a pad, the preparation of MNIST's digits, a network, and its reasons
import {BLUE, RED, make} from './_base.js';
import {an, bytes, clamp, floats, times} from './_math.js';
import {Panel} from './_panel.js';
import {RGB} from './_pixels.js';

// A digit, 784 times 0 paper to 255 ink, from a grey picture (0 black to 255 white), in whole numbers as
// sgd_course.data.digit_from_image; null if blank
export function digitFromImage(grey, h, w) {
  const ink = inkOf(grey, h, w);
  if (!ink) return null;
  const {values, sides} = shrink(crop(ink, h, w)), [H, W] = sides;
  const rows = times(H, r => sum(values.slice(r*W, r*W + W)));
  const cols = times(W, c => sum(values.filter((_, k) => k % W == c)));
  const y = start(rows), x = start(cols), res = Array(784).fill(0);
  values.forEach((v, k) => { res[(y + Math.floor(k/W))*28 + x + k % W] = v });
  return res;
}

function sum(values) { return values.reduce((a, b) => a + b, 0) }

// How far each pixel is from the paper, the middle one of the frame's pixels; null if nothing is
function inkOf(grey, h, w) {
  const frame = [];
  for (let c = 0; c < w; c++) frame.push(grey[c], grey[(h - 1)*w + c]);
  for (let r = 0; r < h; r++) frame.push(grey[r*w], grey[r*w + w - 1]);
  frame.sort((a, b) => a - b);
  const paper = frame[Math.floor(frame.length/2)];
  const lo = grey.reduce((a, b) => Math.min(a, b)), hi = grey.reduce((a, b) => Math.max(a, b));
  const dark = paper - lo >= hi - paper, range = dark ? paper - lo : hi - paper;
  if (range < 32) return null;
  return grey.map(v => {
    const ink = dark ? paper - v : v - paper;
    return ink*8 < range ? 0 : ink;
  });
}

// The smallest box with all the ink in it
function crop(ink, h, w) {
  let top = h, left = w, bottom = 0, right = 0;
  ink.forEach((v, k) => {
    if (!v) return;
    const r = Math.floor(k/w), c = k % w;
    top = Math.min(top, r);
    bottom = Math.max(bottom, r);
    left = Math.min(left, c);
    right = Math.max(right, c);
  });
  const tall = bottom - top + 1, wide = right - left + 1;
  return {tall, wide, at: (r, c) => ink[(top + r)*w + left + c]};
}

// Shrink a box so that its longer side is 20: each coarse pixel adds up what lies in it; the strongest becomes 255
function shrink({tall, wide, at}) {
  const side = Math.max(tall, wide), [H, W] = [tall, wide].map(n => Math.max(1, Math.floor((40*n + side)/(2*side))));
  const rows = overlaps(tall, H), cols = overlaps(wide, W), box = Array(H*W).fill(0);
  for (let r = 0; r < tall; r++) {
    for (let c = 0; c < wide; c++) {
      const v = at(r, c);
      if (v) pour(box, W, v, rows[r], cols[c]);
    }
  }
  const most = Math.max(...box);
  return {values: box.map(v => Math.floor((510*v + most)/(2*most))), sides: [H, W]};
}

// Of `fine` pixels in a row that are put into `coarse` ones, where each goes: a list of [coarse pixel, share], with
// shares in whole numbers
function overlaps(fine, coarse) {
  return times(fine, i => {
    const first = Math.floor(i*coarse/fine), last = Math.ceil((i + 1)*coarse/fine) - 1;
    return times(last - first + 1, k => [first + k, shared(i, fine, first + k, coarse)]);
  });
}

// How much of the fine pixel i lies in the coarse pixel I
function shared(i, fine, I, coarse) { return Math.min((i + 1)*coarse, (I + 1)*fine) - Math.max(i*coarse, I*fine) }

// Add the ink v of one pixel to a box of rows of W
function pour(box, W, v, rows, cols) {
  for (const [r, tall] of rows) {
    for (const [c, wide] of cols) box[r*W + c] += v*tall*wide;
  }
}

// Where to begin among 28, so that the middle of the mass comes to the middle
function start(sums) {
  const mass = sum(sums), moment = sum(sums.map((v, i) => v*i));
  return clamp(Math.floor((29*mass - 2*moment)/(2*mass)), 0, 28 - sums.length);
}

// The layers that sgd_course.figures.pack_network has packed: int8 with a scale for each row, or float32
export function unpack(layers) {
  return layers.map(({shape: [rows, cols], int8, scale, float32, bias}) => {
    const b = floats(bias);
    if (float32) return {rows, cols, w: floats(float32), b};
    const scales = floats(scale), whole = new Int8Array(bytes(int8).buffer);
    return {rows, cols, w: Float64Array.from(whole, (q, k) => q*scales[Math.floor(k/cols)]), b};
  });
}

// What goes into each layer, the ten scores, and their softmax
export function forward(net, x) {
  const inputs = [x];
  let scores = weigh(net[0], x);
  for (const layer of net.slice(1)) {
    inputs.push(scores.map(v => Math.max(v, 0)));
    scores = weigh(layer, inputs.at(-1));
  }
  const most = Math.max(...scores), e = scores.map(v => Math.exp(v - most)), total = sum(e);
  return {inputs, scores, p: e.map(v => v/total)};
}

function weigh({cols, w, b}, x) {
  return Float64Array.from(b, (bias, r) => {
    let z = bias;
    for (let c = 0; c < cols; c++) z += w[r*cols + c]*x[c];
    return z;
  });
}

// Gradient, for each pixel, of score a minus score b
export function gradient(net, x, a, b) {
  const {inputs} = forward(net, x);
  let up = Float64Array.from({length: 10}, (_, k) => (k == a) - (k == b));
  for (let l = net.length - 1; l >= 0; l--) {
    const down = back(net[l], up);
    up = l ? down.map((v, c) => inputs[l][c] > 0 ? v : 0) : down;
  }
  return up;
}

// From the gradients of a layer's sums those of its inputs
function back({rows, cols, w}, up) {
  const down = new Float64Array(cols);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) down[c] += up[r]*w[r*cols + c];
  }
  return down;
}

function best(p) { return p.indexOf(Math.max(...p)) }

// Straight against the gradient g, ink within 0 and 1: where the verdict is no longer a; null if nowhere
export function changeOfMind(net, x, g, a) {
  const norm = Math.hypot(...g);
  const move = t => Float64Array.from(x, (v, k) => clamp(v - t*g[k]/norm, 0, 1));
  const turned = t => best(forward(net, move(t)).scores) != a;
  let hi = 0;
  while (!turned(hi)) {
    hi += 0.25;
    if (hi > 16) return null;
  }
  let lo = Math.max(hi - 0.25, 0);
  for (let k = 0; k < 12; k++) {
    const mid = (lo + hi)/2;
    if (turned(mid)) hi = mid;
    else lo = mid;
  }
  return move(hi);
}

const STYLE = `
  .board, .maps { display: grid; gap: 12px 28px; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr));
    align-items: center;
    transition: color 1ms }
  .pad + button { margin-top: 8px }
  .maps { gap: 12px; grid-template-columns: repeat(3, minmax(0, 1fr)); align-items: start }
  canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 9px; background: var(--soft);
    image-rendering: pixelated }
  .pad { position: relative; max-width: 300px }
  .pad canvas { touch-action: none; cursor: crosshair; image-rendering: auto }
  .pen { display: none; position: absolute; inset: 0; width: 26px; height: 26px; margin: -13px;
    border: 2px solid ${RED};
    border-radius: 50%; pointer-events: none }
  :focus-visible + .pen { display: block } .down { background: ${RED}99 }
  ul { display: grid; gap: 4px; margin: 0; padding: 0; font-variant-numeric: tabular-nums }
  li { display: grid; grid-template-columns: 1em 1fr 4.4em; gap: 6px; align-items: center }
  li > :last-child { text-align: right }
  .bar { height: 18px; border-radius: 5px; background: var(--soft) }
  i { display: block; height: 100%; border-radius: 5px }
  .digits { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 } .digits button { padding: 0 }
  .digits canvas { width: 40px; background: none }
  .maps p { margin: 0; font-size: 13px; line-height: 1.35 } .maps b { display: block; margin-top: 4px; font-size: 14px }
  option { color: #000 } button:disabled { opacity: .45 }`;

const PAD = 280; // Pixels of the drawing pad in each direction

const STROKE = 24; // Width of the pen

export function render({el, data}) {
  const examples = data.examples.map(text => Float64Array.from(bytes(text), v => v/255));
  const fig = {ui: new Panel(el, 'Draw a digit', STYLE), net: unpack(data.layers), examples, x: examples[data.start]};
  Object.assign(fig, {at: [PAD/2, PAD/2], down: false, drawing: false}); // The pen
  fig.sample = true; // What is shown at first goes with the first stroke
  stage(fig);
  listen(fig);
  controls(fig);
  dress(fig);
  show(fig);
}

// The pad beside the probabilities, below them the examples and three pictures that explain
function stage(fig) {
  const digits = fig.examples.map((_, k) => k), picture = '<canvas width="28" height="28"></canvas>';
  const row = k => `<li><b>${k}</b><span class="bar"><i></i></span><span class="chance"></span></li>`;
  const map = title => `<div>${picture}<p><b>${title}</b><span class="told"></span></p></div>`;
  const button = k => `<button type="button" aria-label="Example ${k}">${picture}</button>`;
  const maps = ['What it sees', 'How the ink votes', 'What would change its mind'];
  const box = make(`<div><div class="board"><div class="side"><div class="pad">
    <canvas width="${PAD}" height="${PAD}" tabindex="0" role="application"
      aria-label="Drawing pad. The arrow keys move the pen, the space bar lowers and lifts it."></canvas>
    <i class="pen"></i></div></div><ul aria-label="Probabilities">${digits.map(row).join('')}</ul></div>
    <div class="digits">${digits.map(button).join('')}</div><div class="maps">${maps.map(map).join('')}</div></div>`);
  fig.ui.stage.append(box);
  const all = query => [...box.querySelectorAll(query)];
  [fig.board, fig.side, fig.pad, fig.pen] = all('.board, .side, .pad canvas, .pen');
  Object.assign(fig, {bars: all('.bar i'), chances: all('.chance'), buttons: all('.digits button'),
    thumbs: all('.digits canvas'), maps: all('.maps canvas'), told: all('.told')});
  fig.brush = brushOf(fig.pad);
}

// All canvases are read from
function brushOf(canvas) { return canvas.getContext('2d', {willReadFrequently: true}) }

function listen(fig) {
  const {pad, board} = fig, where = e => [e.offsetX, e.offsetY].map(v => v/pad.clientWidth*PAD);
  pad.addEventListener('pointerdown', e => {
    pad.setPointerCapture(e.pointerId);
    fig.drawing = true;
    fig.at = where(e);
    stroke(fig, fig.at);
  });
  pad.addEventListener('pointermove', e => {
    if (fig.drawing) stroke(fig, where(e));
  });
  pad.addEventListener('lostpointercapture', () => {
    fig.drawing = false;
    later(fig);
  });
  pad.addEventListener('keydown', e => press(fig, e));
  pad.addEventListener('focus', () => lower(fig, false));
  // The page turns dark or light: the site lets the colour glide, JupyterLab marks the page when its theme is there
  board.addEventListener('transitionend', () => dress(fig));
  const marks = {attributes: true, attributeFilter: ['data-jp-theme-light', 'data-theme']};
  new MutationObserver(() => requestAnimationFrame(() => dress(fig))).observe(document.body, marks);
}

function controls(fig) {
  const {ui, buttons, examples} = fig;
  fig.side.append(ui.button('Clear', () => choose(fig, new Float64Array(784))));
  fig.change = ui.button('Make this change', () => choose(fig, fig.next));
  const options = examples.map((_, k) => `<option>${k}</option>`).join('');
  fig.rival = make(`<select><option value="-1">the runner-up</option>${options}</select>`);
  fig.rival.addEventListener('change', () => show(fig));
  const label = ui.tools.appendChild(make('<label>Compare with </label>'));
  label.append(' ', fig.rival);
  buttons.forEach((button, k) => button.addEventListener('click', () => choose(fig, examples[k])));
}

// Put on the pad what the reader wants there: strokes go on from it
function choose(fig, digit) {
  fig.sample = false;
  set(fig, digit);
}

const MOVES = {ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10], ' ': [0, 0]};

// A key on the pad
function press(fig, e) {
  const move = MOVES[e.key];
  if (!move) return;
  e.preventDefault();
  const down = e.key == ' ' && !e.repeat ? !fig.down : fig.down;
  const to = fig.at.map((v, i) => clamp(v + move[i], 10, PAD - 10));
  if (down) stroke(fig, to);
  fig.at = to;
  lower(fig, down);
}

// Show the pen where it is, lifted or lowered
function lower(fig, down) {
  fig.down = down;
  fig.pen.classList.toggle('down', down);
  fig.pen.style.translate = fig.at.map(v => v/PAD*fig.pad.clientWidth + 'px').join(' ');
}

// Draw from where the pen is
function stroke(fig, to) {
  const {brush, at, color} = fig;
  if (fig.sample) brush.clearRect(0, 0, PAD, PAD);
  fig.sample = false;
  Object.assign(brush, {lineWidth: STROKE, lineCap: 'round', strokeStyle: color});
  brush.beginPath();
  brush.moveTo(...at);
  brush.lineTo(...to);
  brush.stroke();
  fig.at = to;
  fig.x = null;
  later(fig);
}

// Put a digit, prepared already, onto the pad
function set(fig, digit) {
  const {brush, maps} = fig;
  fig.x = digit;
  inkOver(fig, maps[0], digit);
  brush.clearRect(0, 0, PAD, PAD);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(maps[0], 0, 0, PAD, PAD);
  later(fig);
}

// What the network sees of the pad, whose ink is the opacity
function read({brush}) {
  const {data} = brush.getImageData(0, 0, PAD, PAD), grey = new Uint8Array(PAD*PAD);
  for (let k = 0; k < PAD*PAD; k++) grey[k] = 255 - data[4*k + 3];
  const digit = digitFromImage(grey, PAD, PAD) ?? Array(784).fill(0);
  return Float64Array.from(digit, v => v/255);
}

// In the colour of the page, dark or light
function dress(fig) {
  const {ui, brush, thumbs, examples} = fig;
  fig.x ??= read(fig);
  brush.clearRect(0, 0, 28, 28);
  brush.fillStyle = getComputedStyle(ui.box).color;
  brush.fillRect(0, 0, 28, 28);
  fig.plain = brush.getImageData(0, 0, 28, 28).data;
  // Opaque, or a line would be darker where two pieces of it overlap
  fig.color = `rgb(${fig.plain.slice(0, 3)})`;
  thumbs.forEach((canvas, k) => inkOver(fig, canvas, examples[k]));
  set(fig, fig.x);
}

// Ink in the colour of the text, over it values, scaled by the largest, in two colours
function inkOver({plain}, canvas, ink, strength = 1, values = new Float64Array(784), colors = []) {
  const data = plain.slice(), most = Math.max(...values.map(Math.abs)) || 1;
  ink.forEach((v, k) => {
    const opacity = Math.abs(values[k]/most) ** 0.75;
    if (opacity > strength*v) data.set(values[k] < 0 ? colors[1] : colors[0], 4*k);
    data[4*k + 3] = 255*Math.max(opacity, strength*v);
  });
  brushOf(canvas).putImageData(new ImageData(data, 28), 0, 0);
}

// Show all once more before the next frame
function later(fig) { fig.waiting ??= requestAnimationFrame(() => show(fig)) }

function show(fig) {
  fig.waiting = null;
  fig.x ??= read(fig);
  const {net, x} = fig, blank = !x.some(v => v), {p} = forward(net, x), a = best(p), b = rivalOf(fig, p, a);
  const slopes = gradient(net, x, a, b);
  fig.next = blank || fig.drawing ? null : changeOfMind(net, x, slopes, a);
  fig.change.disabled = !fig.next;
  showChances(fig, blank, p, a, b);
  showReasons(fig, blank, slopes, a, b);
  if (blank) fig.ui.says('Nothing drawn yet. Draw a digit, or choose one.');
  else fig.ui.says(`The network reads ${an(a)}: ${percent(p[a])}. For ${an(b)} it has ${percent(p[b])}.`, BLUE);
}

// The digit to compare with: the one chosen, or the second best
function rivalOf({rival}, p, a) {
  const chosen = +rival.value;
  return chosen >= 0 && chosen != a ? chosen : best(p.map((v, k) => k == a ? -1 : v));
}

function percent(p) { return (100*p).toFixed(1) + ' %' }

function showChances({bars, chances}, blank, p, a, b) {
  bars.forEach((bar, k) => {
    bar.style.width = blank ? 0 : percent(p[k]).replace(' ', '');
    bar.style.background = {[a]: BLUE, [b]: RED}[k] ?? 'var(--line)';
    write(chances[k], blank ? '' : percent(p[k]));
  });
}

// Writing what is there already would cost time
function write(element, text) {
  if (element.textContent != text) element.textContent = text;
}

// What it sees, how the ink votes, and what would change its mind
function showReasons(fig, blank, slopes, a, b) {
  const {x, next, maps, told} = fig, change = x.map((v, k) => next ? next[k] - v : 0);
  inkOver(fig, maps[0], x);
  inkOver(fig, maps[1], x, 0.15, x.map((v, k) => v*slopes[k]), [RGB.blue, RGB.red]);
  inkOver(fig, maps[2], x, 0.3, change, [RGB.green, RGB.pink]);
  const votes = `Ink × gradient: blue for ${an(a)}, orange for ${an(b)}.`;
  const words = ['20 pixels high or wide, its mass in the middle.', votes, changeInWords(fig, change)];
  maps.forEach((canvas, k) => {
    canvas.role = 'img';
    canvas.ariaLabel = blank ? 'Blank.' : words[k];
    write(told[k], canvas.ariaLabel);
  });
}

function changeInWords({net, next, drawing}, change) {
  if (!next) return drawing ? '…' : 'No step against this gradient.';
  const worth = sum(change.map(Math.abs)).toFixed(1), other = best(forward(net, next).p);
  return `Green ink added, pink ink removed, worth ${worth} full pixels: ${an(other)}.`;
}
