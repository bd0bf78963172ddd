// The sigmoid and three losses: slide the score, and see the probability, the losses and their gradients move
import {panel, plot, line, drag, make, num, BLUE, RED, GREEN, PINK} from './_base.js';

// For any score, without overflow
export function sigmoid(x) {
  const up = Math.exp(Math.min(x, 0));
  return up/(up + Math.exp(-Math.max(x, 0)));
}

// Absolute error, squared error and cross-entropy of sigmoid(x) for the target t (0 or 1): a list of [loss, gradient for the score]
export function losses(x, t) {
  const p = sigmoid(x), rest = sigmoid(-x), slope = p*rest, off = t ? -rest : p;
  return [
    [Math.abs(off), Math.sign(off)*slope],
    [off*off, 2*off*slope],
    [Math.max(x, 0) - x*t + Math.log1p(Math.exp(-Math.abs(x))), off],
  ];
}

// The same as the formulas are printed, in float32 and step by step, as autograd does it
export function printed(x, t) {
  const f = Math.fround, e = f(Math.exp(-f(x))), p = f(1/f(1 + e)), off = f(p - t), q = f(1 - p);
  const back = slope => -f(f(-f(slope)*f(p*p))*e);
  const happened = t ? p : q;
  return [
    [Math.abs(off), back(Math.sign(off))],
    [f(off*off), back(2*off)],
    [f(-Math.log(happened)), back(f(f(-t/p) + f((1 - t)/q)))],
  ];
}

const NAMES = ['absolute error', 'squared error', 'cross-entropy'], COLORS = [RED, GREEN, BLUE];
// Scores at which float32 gives up: 1 + e^-x is 1, and e^-x is infinite
export const ONE_FROM = 24*Math.log(2), INFINITE_BELOW = -Math.log(3.4028234663852886e38);

export function render({model, el}) {
  const ui = panel(el, 'Sigmoid and losses', `
    .stage { display: flex; flex-wrap: wrap; gap: 10px 14px } .stage div { flex: 1 1 150px; min-width: 0 } .stage svg { cursor: ew-resize }
    .stage p { margin: 0; font-size: 13.5px } .lost { fill: currentColor; opacity: .1 }
    table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 4px 0 10px; font-size: 14px } caption { text-align: left; font-size: 13.5px }
    th, td { padding: 5px 4px; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400 } th:first-child { text-align: left; position: relative } tbody th:first-child { padding-left: 21px } thead th { font-size: 13px }
    i { position: absolute; left: 3px; top: 10px; width: 11px; height: 11px; border-radius: 50% } .bad { font-weight: 700; text-decoration: underline wavy ${RED} 1.5px }`);
  const spots = ['probability', 'loss', 'gradient for the score'].map(what => {
    const box = ui.stage.appendChild(make(`<div><p>${what}</p></div>`));
    const p = plot(box, {label: '', height: w => Math.min(230, w*0.8), draw: scene});
    p.svg.innerHTML = `<g></g><g></g><g></g>`;
    drag(p.svg, x => { score.value = Math.max(-reach(), Math.min(reach(), Math.round(((x - p.left)/(p.right - p.left)*2 - 1)*reach()*10)/10)); update() });
    return p;
  });
  const table = make(`<table><caption>The exact values, and what the printed formula gives in float32</caption><thead><tr><th scope="col">loss</th><th scope="col">value</th><th scope="col">gradient</th>
    <th scope="col">float32 value</th><th scope="col">float32 gradient</th></tr></thead><tbody>${NAMES.map((name, i) => `<tr><th scope="row"><i style="background:${COLORS[i]}"></i>${name}</th>${'<td></td>'.repeat(4)}</tr>`).join('')}</tbody></table>`);
  ui.tools.replaceWith(table);
  const under = make('<div></div>');
  ui.stage.after(under);
  const score = ui.slider({label: 'Score', min: -120, max: 120, step: 0.1, value: model.get('score'), on: update, into: under});
  const target = ui.choice({label: 'Target', options: {1: '1, it is a 3', 0: '0, it is a 7'}, value: model.get('target'), on: scene});
  const zoom = ui.choice({label: 'Scores shown', options: {8: '±8', 30: '±30', 120: '±120'}, value: model.get('reach'), on: stretch});

  function reach() { return +zoom.value }
  function stretch() {
    Object.assign(score.input, {min: -reach(), max: reach(), step: reach() > 30 ? 0.5 : 0.1});
    score.value = Math.max(-reach(), Math.min(reach(), score.value));
    scene();
  }
  function scene() {
    const r = reach(), t = +target.value, xs = Array.from({length: 201}, (_, i) => (i/100 - 1)*r);
    const heights = [[0, 1], [0, Math.max(r, 3)], [-1, 1]], curves = [[xs.map(sigmoid)], ...[0, 1].map(k => [0, 1, 2].map(i => xs.map(x => losses(x, t)[i][k])))];
    spots.forEach((p, n) => {
      if (!p.w) return;
      const [axes, drawn] = p.svg.children;
      const frame = p.axes({x: [-r, r], y: heights[n], xlabel: 'score', left: 30, right: 12, xticks: [-r, -r/2, 0, r/2, r], yticks: n == 1 ? undefined : n ? [-1, 0, 1] : [0, 0.5, 1]});
      const shade = (a, b) => b > a ? `<rect class="lost" x="${p.X(a)}" y="${p.top}" width="${p.X(b) - p.X(a)}" height="${p.bottom - p.top}"/>` : '';
      axes.innerHTML = frame + shade(-r, INFINITE_BELOW) + shade(ONE_FROM, r);
      drawn.innerHTML = curves[n].map((ys, i) => `<path fill="none" stroke-width="2.5" stroke="${n ? COLORS[i] : PINK}" d="${line(ys.map((y, j) => [p.X(xs[j]), p.Y(y)]))}"/>`).join('');
    });
    update();
  }
  function update() {
    const x = score.value, t = +target.value, p = sigmoid(x), exact = losses(x, t), float = printed(x, t);
    const heights = [[p], exact.map(e => e[0]), exact.map(e => e[1])];
    spots.forEach((q, n) => {
      if (!q.w) return;
      const tangents = n == 2 ? [] : heights[n].map((y, i) => {
        const slope = n ? exact[i][1] : p*sigmoid(-x), s = slope*(q.Y(1) - q.Y(0))/(q.X(1) - q.X(0)), d = 32/Math.hypot(1, s);
        return line([[q.X(x) - d, q.Y(y) - s*d], [q.X(x) + d, q.Y(y) + s*d]]);
      });
      q.svg.children[2].innerHTML = `<path class="grid mark" stroke-dasharray="3 3" d="M${q.X(x)} ${q.top}V${q.bottom}"/><path d="${tangents.join('')}" class="curve" stroke-dasharray="5 3"/>`
        + heights[n].map((y, i) => `<circle r="6" cx="${q.X(x)}" cy="${q.Y(y)}" fill="${n ? COLORS[i] : PINK}"/>`).join('');
      q.svg.setAttribute('aria-label', n ? `${['', 'Losses', 'Gradients'][n]} against the score, marked at ${num(x)}: ${heights[n].map((y, i) => `${NAMES[i]} ${num(y)}`).join(', ')}` : `The sigmoid, marked at score ${num(x)}: probability ${num(p)}`);
    });
    [...table.tBodies[0].rows].forEach((row, i) => [...exact[i], ...float[i]].forEach((v, k) => {
      const cell = row.cells[k + 1], wrong = k > 1 && !(Math.abs(v - exact[i][k - 2]) < 1e-3);
      cell.textContent = num(v);
      cell.className = wrong ? 'bad' : '';
    }));
    const sure = (t ? -x : x) > 2 ? 'Confidently wrong: ' : (t ? x : -x) > 2 ? 'Confidently right: ' : 'Undecided: ';
    const pulls = exact.map((e, i) => `${NAMES[i]} ${num(Math.abs(e[1]), 2)}`).join(', ');
    const trouble = x < INFINITE_BELOW ? ' In float32, e to the power of minus the score is infinite, and times 0 it is NaN.' : x >= ONE_FROM ? ' In float32, the probability is exactly 1.' : '';
    ui.says(`${sure}score ${num(x)} gives the probability ${p > 0.9995 ? `1 − ${num(sigmoid(-x), 2)}` : num(p)} that it is a 3, and the target is ${t}. Size of the gradients: ${pulls}.${trouble}`, trouble ? RED : BLUE);
  }
  stretch();
}
