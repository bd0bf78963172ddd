// The climb: the error of each rung against the minutes of its training, and beside it what others have reported
import {BLUE, GREEN, GREY, PINK, RED, esc, make, num} from './_base.js';
import {Panel, Slider} from './_panel.js';
import {Plot, parts, put} from './_plot.js';

// Pixels at the right for what others have reported: nobody knows their minutes on this processor
const SIDE = 64;

// All stops of the slider: the rungs, then the results of others
export function stops({rungs, history}) {
  return [...rungs.map(o => ({...o, ours: true})), ...history.map(o => ({...o, name: String(o.year), ours: false}))];
}

// Ends of an axis in powers of ten, with room for all `values` above 0
export function ends(values, room = 0.12) {
  const logs = values.filter(v => v > 0).map(Math.log10);
  if (!logs.length) return [-1, 1];
  return [Math.min(...logs) - room, Math.max(...logs) + room];
}

// The numbers 1, 2 and 5 times a power of ten within an axis, as powers of ten
export function marks([lo, hi]) {
  const found = [];
  for (let k = Math.floor(lo); k <= Math.ceil(hi); k++) found.push(...[1, 2, 5].map(m => Math.log10(m) + k));
  return found.filter(v => v >= lo && v <= hi);
}

// What is known of a stop, in a sentence or two
export function tellStop(o) {
  if (!o.ours) return `${o.year}, ${o.who}: ${o.network}. Error on the test digits ${num(o.error)} %, as reported.`;
  const spread = o.seeds > 1 ? ` ± ${num(o.spread, 2)}` : '', seeds = o.seeds > 1 ? `${o.seeds} seeds` : 'one seed';
  const test = o.test == null ? '' : ` Test digits, looked at once: ${num(o.test)} %.`;
  return `${o.name}: ${o.adds}. Validation error ${num(o.error)}${spread} %, ${seeds}, ${num(o.minutes, 2)} minutes`
    + ` each.${test}`;
}

export function render({el, data}) {
  const fig = {ui: new Panel(el, 'The climb'), stops: stops(data), at: 0};
  const box = fig.ui.stage.appendChild(make('<div></div>')), height = w => Math.min(400, Math.max(260, w*0.6));
  fig.plot = new Plot(box, {label: '', height, draw: () => scene(fig), role: 'group'});
  Object.assign(fig, parts(fig.plot.svg, '<g class="axes"></g><g class="marks"></g>'));
  fig.marks.addEventListener('click', e => {
    const at = e.target.closest('[data-at]')?.dataset.at;
    if (at != null) choose(fig, +at);
  });
  const most = fig.stops.length - 1, show = v => fig.stops[v].name;
  fig.knob = new Slider(fig.ui.knobs, {label: 'Rung', min: 0, max: most, step: 1, value: 0, show,
    on: v => choose(fig, v)});
  choose(fig, 0);
}

function choose(fig, at) {
  fig.at = at;
  fig.knob.value = at;
  const chosen = fig.stops[at];
  fig.ui.says(tellStop(chosen), chosen.ours ? BLUE : GREY);
  if (fig.plot.w) scene(fig);
}

function scene(fig) {
  const {plot, stops: all} = fig, ours = all.filter(o => o.ours);
  const x = ends(ours.map(o => o.minutes)), y = ends(all.map(o => o.error), 0.08);
  const power = v => num(10**v, 2), percent = v => `${num(10**v, 2)} %`;
  fig.axes.innerHTML = plot.axes({x, y, xlabel: 'minutes of training', ylabel: 'error', left: 52, right: SIDE,
    xticks: marks(x), yticks: marks(y), show: power, yshow: percent});
  fig.marks.innerHTML = all.map((o, i) => mark(plot, o, i, i == fig.at)).join('');
  put(plot.svg, {'aria-label': `Error against minutes of training: ${ours.length} rungs, and`
    + ` ${all.length - ours.length} results of others. ${tellStop(all[fig.at])}`});
}

// One stop: a point with its spread, or a diamond with its year. A larger circle, clear, is there for fingers
function mark(plot, o, i, chosen) {
  const log = Math.log10, y = plot.Y(log(o.error));
  const px = o.ours ? plot.X(log(o.minutes)) : plot.right + 12, color = chosen ? RED : o.ours ? BLUE : GREY;
  const finger = `<circle cx="${px}" cy="${y}" r="13" fill="transparent"/>`;
  const open = `<g data-at="${i}" style="cursor: pointer"><title>${esc(o.name)}</title>${finger}`;
  if (!o.ours) {
    const year = `<text x="${px + 9}" y="${y + 4}"${chosen ? ' font-weight="700"' : ''}>${o.year}</text>`;
    return `${open}<path d="M${px} ${y - 6}l6 6l-6 6l-6 -6z" fill="${color}"/>${year}</g>`;
  }
  const reach = v => plot.Y(log(Math.max(v, o.error/3)));
  const bar = `<path d="M${px} ${reach(o.error - o.spread)}V${reach(o.error + o.spread)}" stroke="${color}"
    stroke-width="2"/>`;
  const test = o.test == null ? '' : `<circle cx="${px}" cy="${plot.Y(log(o.test))}" r="3.5" fill="none"
    stroke="${chosen ? PINK : GREEN}" stroke-width="2"/>`;
  const above = `<text x="${px}" y="${y - 14}" text-anchor="middle" font-weight="700">${esc(o.name)}</text>`;
  const name = chosen ? above : '';
  return `${open}${bar}<circle cx="${px}" cy="${y}" r="${chosen ? 7 : 5}" fill="${color}"/>${test}${name}</g>`;
}
