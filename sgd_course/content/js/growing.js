// Weights growing: go back and forth through a real training run, one mini-batch at a time; two runs can stand side by side
import {panel, player, plot, line, make, esc, num, BLUE, RED, GREEN, PINK} from './_base.js';
import {bytes, an} from './_math.js';

// The weights at each moment, and the change that led to it, from the steps that sgd_course.figures.record_run has stored:
// whole numbers for the pixels in `pixels`, one scale for each moment, all steps added up
export function unpackRun({pixels, steps, scales}) {
  const q = new Int8Array(bytes(steps).buffer), n = pixels.length, now = new Float64Array(784), weights = [], changes = [];
  scales.forEach((scale, t) => {
    const change = new Float64Array(784);
    pixels.forEach((p, k) => { change[p] = q[t*n + k]*scale; now[p] += change[p] });
    changes.push(change);
    weights.push(now.slice());
  });
  return {weights, changes};
}

// Score of one digit, 784 bytes of ink: above 0 says the first class
export function score(weights, bias, digit) {
  return weights.reduce((sum, w, k) => sum + w*digit[k]/255, bias);
}

const STYLE = `
  .stage { transition: color 1ms }
  .runs { display: grid; gap: 6px 28px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)) }
  .run b, .verdicts b { font-weight: 650 } .run p { display: flex; justify-content: space-between; flex-wrap: wrap; margin: 0 0 4px }
  .dot { display: inline-block; width: 11px; height: 11px; margin-right: 7px; border-radius: 50% }
  .pair { max-width: 480px; display: grid; gap: 10px; grid-template-columns: 1fr 1fr; font-size: 13px; text-align: center }
  canvas { display: block; width: 100%; aspect-ratio: 1; border-radius: 9px; background: var(--soft); image-rendering: pixelated }
  [hidden] { display: none !important }
  .batch { display: flex; height: 8px; margin: 4px 0 8px; border-radius: 4px; overflow: hidden; background: ${RED} } .batch i { background: ${BLUE} }
  .verdicts { display: grid; gap: 5px; margin: 10px 0; grid-template-columns: repeat(10, minmax(0, 1fr)); align-items: center }
  .verdicts > p { grid-column: 1 / -1; margin: 0; font-size: 13px } .verdicts canvas { background: none }
  .verdicts span { display: grid; place-content: center; min-height: 28px; border-radius: 7px; font-weight: 650; border: 2px solid transparent }
  .verdicts .wrong { border-color: currentColor } .wrong::after { content: '✗'; font-size: .85em } .verdicts span { grid-auto-flow: column; gap: 2px }`;

export function render({model, el}) {
  const ui = panel(el, 'Weights growing', STYLE), digits = model.get('digits').map(bytes), targets = model.get('targets'), [no, yes] = model.get('names'), unit = model.get('unit');
  const runs = model.get('runs').map(run => ({...run, ...unpackRun(run)})), last = runs[0].moments.length - 1;
  const colors = [GREEN, PINK];
  runs.forEach((run, r) => {
    const top = list => list.reduce((m, o) => o.reduce((m, v) => Math.max(m, Math.abs(v)), m), 1e-12);
    Object.assign(run, {most: run.weights.map(w => top([w])), strongest: run.changes.map(w => top([w])),
      scores: run.weights.map((w, t) => digits.map(d => score(w, run.biases[t], d)))});
    const root = make(`<div class="run"><p><b><i class="dot" style="background: ${colors[r]}"></i>${esc(run.name)}</b> <span></span></p><div class="batch"><i></i></div><div class="pair">
      <div><canvas width="28" height="28" role="img"></canvas>weights</div><div><canvas width="28" height="28" role="img"></canvas>last change</div></div></div>`);
    Object.assign(run, {canvases: root.querySelectorAll('canvas'), share: root.querySelector('span'), mix: root.querySelector('.batch'), root});
  });
  ui.stage.append(make('<div class="runs"></div>'), make(`<div class="verdicts"><p>Ten digits that took no part in the training, and what the weights make of them</p>
    ${digits.map((_, k) => `<canvas width="28" height="28" role="img" aria-label="${esc(an(targets[k] ? yes : no))}"></canvas>`).join('')}
    ${runs.map(run => `${runs.length > 1 ? `<p><b>${esc(run.name)}</b></p>` : ''}${'<span></span>'.repeat(10)}`).join('')}</div>`), make('<div class="curves"></div>'));
  el.querySelector('.runs').append(...runs.map(run => run.root));
  const chips = [...el.querySelectorAll('.verdicts span')];

  function paint(canvas, value) { // value(k): -1 orange, 0 clear, 1 blue
    const c = canvas.getContext('2d'), im = c.createImageData(28, 28);
    for (let k = 0; k < 784; k++) {
      const v = value(k);
      im.data.set(v > 0 ? [0, 114, 178] : [213, 94, 0], 4*k);
      im.data[4*k + 3] = 255*Math.abs(v) ** 0.8;
    }
    c.putImageData(im, 0, 0);
  }
  function ink() { // The digits in the colour of the text
    el.querySelectorAll('.verdicts canvas').forEach((canvas, k) => {
      const c = canvas.getContext('2d');
      c.globalCompositeOperation = 'source-over';
      paint(canvas, i => digits[k][i]/255);
      Object.assign(c, {globalCompositeOperation: 'source-in', fillStyle: getComputedStyle(canvas).color});
      c.fillRect(0, 0, 28, 28);
    });
  }
  let cursor = null;
  const chart = plot(el.querySelector('.curves'), {label: `Loss of each run, ${unit} by ${unit}`, height: () => 170, draw(p) {
    const losses = runs.flatMap(run => run.loss), most = Math.min(Math.max(...losses), 4*Math.max(...runs.map(run => run.loss[0])));
    p.svg.innerHTML = p.axes({x: [0, runs[0].moments[last]], y: [0, most], xlabel: esc(unit), ylabel: 'loss', left: 46, right: 16})
      + runs.map((run, r) => `<path fill="none" stroke="${colors[r]}" stroke-width="2.2" d="${line(run.loss.map((v, t) => [p.X(run.moments[t]), p.Y(Math.min(v, most))]))}"/>`).join('')
      + `<path class="curve cursor"/>${runs.map((_, r) => `<circle r="5" fill="${colors[r]}"/>`).join('')}`;
    cursor = p.svg.querySelector('.cursor');
    point();
  }});
  let at = -1;
  function point() {
    if (!cursor || at < 0) return;
    const p = chart, x = p.X(runs[0].moments[at]);
    cursor.setAttribute('d', `M${x} ${p.top}V${p.bottom}`);
    p.svg.querySelectorAll('circle').forEach((dot, r) => { dot.setAttribute('cx', x); dot.setAttribute('cy', Math.max(p.top, p.Y(runs[r].loss[at]))) });
  }
  function show(t) {
    if (at == Math.min(last, Math.floor(t))) return;
    at = Math.min(last, Math.floor(t));
    knob.value = at;
    const told = runs.map((run, r) => {
      const w = run.weights[at], change = run.changes[at], first = at == 0, mixed = run.shares ? run.shares[at] : null;
      paint(run.canvases[0], k => w[k]/run.most[at]);
      paint(run.canvases[1], k => first ? 0 : change[k]/run.strongest[at]);
      run.canvases[0].ariaLabel = `${run.name}: the weights after ${unit} ${run.moments[at]}`;
      run.canvases[1].ariaLabel = `${run.name}: their last change`;
      run.mix.style.visibility = first ? 'hidden' : '';
      run.mix.hidden = mixed == null;
      run.mix.firstChild.style.width = 100*mixed + '%';
      run.share.textContent = first || mixed == null ? '' : `${Math.round(100*mixed)} % of the batch are ${yes}s`;
      const says = run.scores[at].map(s => s > 0), right = says.filter((v, k) => v == (targets[k] == 1)).length, ones = says.filter(v => v).length;
      says.forEach((v, k) => {
        const chip = chips[10*r + k], strength = 12 + 43*Math.min(1, Math.abs(run.scores[at][k]));
        chip.textContent = v ? yes : no;
        chip.className = v == (targets[k] == 1) ? '' : 'wrong';
        chip.style.background = `color-mix(in srgb, ${v ? BLUE : RED} ${strength.toFixed(0)}%, transparent)`;
      });
      const all = ones == 10 ? ` (it calls all of them ${yes})` : ones == 0 ? ` (it calls all of them ${no})` : '';
      return `${runs.length > 1 ? run.name + ': loss' : 'Loss'} ${num(run.loss[at])}, ${right == 10 ? 'all' : right + ' of'} ten right${all}.`;
    });
    point();
    ui.says(`${at ? `After ${unit} ${runs[0].moments[at]} of ${runs[0].moments[last]}` : 'Before the training'}. ${told.join(' ')}`);
  }
  const knob = ui.slider({label: unit[0].toUpperCase() + unit.slice(1), min: 0, max: last, step: 1, value: 0, show: k => runs[0].moments[k], on: v => { run.halt(); run.set(v) }});
  const run = player(ui, {show, end: () => last, rate: () => 6});
  el.querySelector('.stage').addEventListener('transitionend', ink);
  ink();
  run.set(0);
}
