// Warp a digit: each pixel of the new picture looks somewhere in the old one, and mixes four pixels
import {GREEN, PINK, RED, make, num} from './_base.js';
import {bytes, clamp, normal, random, times} from './_math.js';
import {Panel, Slider} from './_panel.js';
import LIMITS from './limits.json' with {type: 'json'};

const SIZE = 28, MIDDLE = (SIZE - 1)/2, APART = 4, SMOOTH = 4;

const REACH = APART*Math.ceil(3*SMOOTH/APART), PINS = Math.ceil((SIZE + 2*REACH)/APART);

// For each pixel of a line, how strongly it follows each pin; the squares in each row sum to 1
export function bells() {
  return times(SIZE, i => {
    const row = times(PINS, k => Math.exp(-((i - (APART*k - REACH)) ** 2)/(2*SMOOTH*SMOOTH)));
    const length = Math.hypot(...row);
    return row.map(v => v/length);
  });
}

// Moves as on rubber, from a pull for each pin: two grids of pulls in, two grids of distances out
export function elasticMoves(pulls, strength) {
  const bell = bells();
  const product = (row, grid) => times(grid[0].length, k => row.reduce((sum, v, j) => sum + v*grid[j][k], 0));
  return pulls.map(grid => bell.map(row => {
    const half = product(row, grid);
    return bell.map(column => strength*column.reduce((sum, v, k) => sum + v*half[k], 0));
  }));
}

// Where each pixel looks: shifted, leaning, turned, scaled; degrees clockwise
export function affineMoves({right = 0, down = 0, turn = 0, zoom = 1, lean = 0}) {
  const angle = turn*Math.PI/180, cos = Math.cos(angle), sin = Math.sin(angle), slope = Math.tan(lean*Math.PI/180);
  const [[a, b], [c, d]] = [[cos - slope*sin, sin + slope*cos], [-sin, cos]].map(row => row.map(v => v/zoom));
  const grid = f => times(SIZE, i => times(SIZE, j => f(j - MIDDLE, i - MIDDLE)));
  return [grid((x, y) => (a - 1)*x + b*y - right), grid((x, y) => c*x + (d - 1)*y - down)];
}

export function added(one, other) {
  return one.map((grid, k) => grid.map((row, i) => row.map((v, j) => v + other[k][i][j])));
}

// Ink at a place, mixed from four pixels; outside there is paper
export function lookUp(image, x, y) {
  const left = Math.floor(x), top = Math.floor(y), across = x - left, down = y - top;
  const ink = (i, j) => image[i]?.[j] ?? 0;
  const upper = ink(top, left)*(1 - across) + ink(top, left + 1)*across;
  const lower = ink(top + 1, left)*(1 - across) + ink(top + 1, left + 1)*across;
  return upper*(1 - down) + lower*down;
}

export function warp(image, [right, down]) {
  return times(SIZE, i => times(SIZE, j => lookUp(image, j + right[i][j], i + down[i][j])));
}

export function pullsOf(seed) {
  const next = random(seed);
  return times(2, () => times(PINS, () => times(PINS, () => normal(next))));
}

const STYLE = `
  .stage { display: flex; flex-wrap: wrap; gap: 18px; justify-content: center }
  .stage figure { margin: 0; text-align: center; font-size: 13px }
  canvas { width: min(210px, 40vw); image-rendering: pixelated; background: #fff; border: 1px solid var(--line);
    border-radius: 6px }`;

const KNOBS = [['right', 'To the right', 0.5, v => `${num(v)} pixels`], ['down', 'Down', 0.5, v => `${num(v)} pixels`],
  ['turn', 'Turn', 1, v => `${num(v)}°`], ['zoom', 'Size', 0.02, v => `${num(v)} times`],
  ['lean', 'Lean', 1, v => `${num(v)}°`], ['elastic', 'Rubber', 0.1, v => `${num(v)} pixels`]];

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'Warp a digit', STYLE), which: 7, seed: 1};
  fig.digits = data.digits.map(text => [...bytes(text)]);
  fig.old = canvasOf(fig, 'the old picture');
  fig.made = canvasOf(fig, 'the new one');
  fig.ui.button('Another digit', () => { fig.which = (fig.which + 1) % fig.digits.length; scene(fig) });
  fig.ui.button('Other rubber', () => { fig.seed += 1; scene(fig) });
  fig.ui.button('As it was', () => {
    for (const [name] of KNOBS) fig[name].value = name == 'zoom' ? 1 : 0;
    scene(fig);
  });
  for (const [name, label, step, show] of KNOBS) {
    const [min, max] = LIMITS.warp[name];
    fig[name] = new Slider(fig.ui.knobs, {label, min, max, step, value: data[name], show, on: () => scene(fig)});
  }
  scene(fig);
}

function canvasOf(fig, caption) {
  const box = fig.ui.stage.appendChild(make(`<figure><canvas width="${SIZE}" height="${SIZE}" role="img"></canvas>
    <figcaption>${caption}</figcaption></figure>`));
  return box.querySelector('canvas');
}

function draw(canvas, image, label) {
  const brush = canvas.getContext('2d'), picture = brush.createImageData(SIZE, SIZE);
  image.flat().forEach((v, k) => picture.data.set([0, 0, 0, Math.round(255*clamp(v, 0, 1))], 4*k));
  brush.putImageData(picture, 0, 0);
  canvas.setAttribute('aria-label', label);
}

function scene(fig) {
  if (!fig.elastic) return;
  const pixels = fig.digits[fig.which], digit = fig.which;
  const image = times(SIZE, i => pixels.slice(SIZE*i, SIZE*(i + 1)).map(v => v/255));
  const setting = Object.fromEntries(KNOBS.map(([name]) => [name, fig[name].value]));
  const rubber = elasticMoves(pullsOf(fig.seed), setting.elastic);
  const moves = added(affineMoves(setting), rubber), made = warp(image, moves);
  draw(fig.old, image, `A handwritten ${digit}`);
  draw(fig.made, made, `The ${digit}, warped`);
  const sum = rows => rows.flat().reduce((a, b) => a + b), kept = sum(made)/sum(image)/setting.zoom ** 2;
  const far = Math.max(...moves[0].flat().map((v, k) => Math.hypot(v, moves[1].flat()[k])));
  const lost = kept < 0.9 ? ' Ink has left the picture: is it still to be read?' : '';
  fig.ui.says(`Each pixel of the new picture looks up to ${num(far, 2)} pixels away in the old one.${lost}`,
    lost ? RED : far > 6 ? PINK : GREEN);
}
