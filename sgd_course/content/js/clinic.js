// Twelve patients, and more that a seed draws: recorded trainings. The reader asks for tests and names the fault;
// Python has written all answers
import {BLUE, CONTROL, GREEN, GREY, RED, esc, make, num} from './_base.js';
import {random} from './_math.js';
import {Choice, Panel} from './_panel.js';
import {Plot, line} from './_plot.js';

const STYLE = `
  .story { margin: 0 0 8px }
  .result { margin: 10px 0 0; padding-top: 8px; border-top: 1px solid var(--line) }
  .result p { margin: 0 0 4px; font-weight: 650 }
  .result i { display: inline-block; width: 16px; height: 4px; margin: 0 6px 3px 12px }
  table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
  th, td { padding: 2px 8px 2px 0; text-align: left; font-size: 13px; font-weight: 400; overflow-wrap: anywhere;
    border-bottom: 1px solid var(--line) }
  th { font-weight: 650 }
  .naming { display: flex; flex-wrap: wrap; gap: 10px; align-items: end; flex: 1 1 100% }
  .naming label { flex: 1 1 260px; min-width: 0 }
  .naming label.short { flex-basis: 110px }
  .naming select, .naming input { display: block; width: 100%; padding: 0 14px; ${CONTROL} }
  .naming option { color: CanvasText; background: Canvas }
`;

const COLORS = [BLUE, RED, GREEN, GREY];

function several(n, word) { return `${n} ${word}${n == 1 ? '' : 's'}` }

// The tests made so far and one more; each counts once
export function asked(tests, test) { return tests.includes(test) ? tests : [...tests, test] }

// What comes back on a diagnosis, and the tests made then: a wrong one costs the test that its answer tells
export function diagnosed(patient, tests, name) {
  const [right, reason, test] = patient.answers[name], made = right ? tests : asked(tests, test);
  const more = right ? ` The check-up: ${patient.checkup}` : '';
  const begin = `${right ? 'Right' : 'No'}, after ${several(made.length, 'test')}.`;
  return {right, tests: made, text: `${begin} ${reason}${more}`};
}

// How far the axis of a picture goes: what flies off is cut
export function top(lines) {
  const values = Object.values(lines).flat().map(([, v]) => v).filter(v => v != null);
  const first = Math.max(...Object.values(lines).map(points => points[0][1] ?? 0));
  return Math.min(Math.max(0, ...values), 3*first) || 1;
}

// How all patients have gone so far
export function tally(cases) {
  const solved = cases.filter(c => c.solved), tests = solved.reduce((sum, c) => sum + c.tests.length, 0);
  if (!solved.length) return '';
  return ` ${several(solved.length, 'patient')} of ${cases.length} so far, ${several(tests, 'test')}.`;
}

// A list in another order
export function shuffled(list, next) {
  const left = [...list];
  return list.map(() => left.splice(Math.floor(next()*left.length), 1)[0]);
}

// Rows of a table with the examples among them in another order, numbered as before
export function mixed(rows, next) {
  const own = row => row[0].startsWith('example'), others = shuffled(rows.filter(own), next);
  return rows.map(row => own(row) ? [row[0], ...others.shift().slice(1)] : row);
}

// The patient that a seed draws among the recorded ones of a level: each comes once before one comes again
export function drawn(more, level, seed) {
  const those = more.filter(patient => patient.level == level), n = those.length;
  const turn = shuffled(those, random(3*Math.floor((seed - 1)/n) + level)), patient = turn[(seed - 1)%n];
  const {rows, lines} = patient.tests.batch;
  return {...patient, tests: {...patient.tests, batch: {rows: mixed(rows, random(seed)), lines}}};
}

export function render({el, data}) {
  const ui = new Panel(el, 'Twelve patients, and more', STYLE);
  const fig = {ui, data, cases: data.patients.map((patient, i) => newCase(patient, `Patient ${i + 1}`))};
  fig.story = ui.stage.appendChild(make('<p class="story"></p>'));
  for (const test of Object.keys(data.tests)) ui.button(test, () => ask(fig, test));
  const numbers = Object.fromEntries(data.patients.map((_, i) => [i + 1, String(i + 1)]));
  fig.choice = new Choice(ui.knobs, {label: 'Patient: 1 to 4 easy, 5 to 8 harder, 9 to 12 hard', options: numbers,
    value: data.number, on: value => open(fig, fig.cases[value - 1])});
  naming(fig);
  drawing(fig);
  fig.results = ui.box.appendChild(make('<div></div>'));
  open(fig, fig.cases[data.number - 1]);
}

function newCase(patient, name) { return {patient, name, tests: [], solved: false} }

// Where the reader draws another patient. The seed goes on by one, so that the next press brings the next one
function drawing(fig) {
  const levels = ['1, easy', '2, harder', '3, hard'].map((text, i) => `<option value="${i + 1}">${text}</option>`);
  const box = make(`<div class="naming"><label class="short">Level <select>${levels.join('')}</select></label>
    <label class="short">Seed <input type="number" min="1" max="9999" step="1" value="1"></label>
    <button type="button">New patient</button></div>`);
  const level = box.querySelector('select'), input = box.querySelector('input');
  box.querySelector('button').addEventListener('click', () => {
    const seed = Math.min(9999, Math.max(1, Math.floor(+input.value) || 1));
    input.value = seed + 1;
    const name = `New patient, seed ${seed}`, old = c => c.name == name && c.patient.level == level.value;
    if (!fig.cases.some(old)) fig.cases.push(newCase(drawn(fig.data.more, +level.value, seed), name));
    fig.choice.value = '';
    open(fig, fig.cases.find(old));
  });
  fig.ui.knobs.append(box);
}

// Where the reader names the fault
function naming(fig) {
  const options = Object.keys(fig.data.patients[0].answers).map(name => `<option>${esc(name)}</option>`);
  const box = make(`<div class="naming"><label>Diagnosis <select>${options.join('')}</select></label>
    <button type="button" class="main">Diagnose</button></div>`);
  box.querySelector('button').addEventListener('click', () => name(fig, box.querySelector('select').value));
  fig.ui.knobs.append(box);
}

// Another patient comes in, or comes back
function open(fig, own) {
  const {patient, name, tests} = fig.own = own;
  fig.story.textContent = `${name}, level ${patient.level}. ${patient.story}`;
  fig.results.replaceChildren();
  tests.forEach(test => add(fig, test));
  fig.ui.says(`${name}: ${several(tests.length, 'test')} so far.${tally(fig.cases)}`, BLUE);
}

function ask(fig, test) {
  const {own} = fig, old = own.tests.includes(test);
  own.tests = asked(own.tests, test);
  if (!old) add(fig, test);
  fig.ui.says(`${test}: ${fig.data.tests[test]}. ${several(own.tests.length, 'test')} so far.`, BLUE);
}

function name(fig, diagnosis) {
  const {own} = fig, {right, tests, text} = diagnosed(own.patient, own.tests, diagnosis);
  tests.filter(test => !own.tests.includes(test)).forEach(test => add(fig, test));
  own.tests = tests;
  own.solved ||= right;
  fig.ui.says(text + (right ? tally(fig.cases) : ''), right ? GREEN : RED);
}

// What a test shows, above what was there
function add(fig, test) {
  const {rows, lines} = fig.own.patient.tests[test], names = Object.keys(lines);
  const key = names.map((n, i) => `<i style="background: ${COLORS[i]}"></i>${esc(n)}`).join('');
  const box = make(`<div class="result"><p>${esc(test)}: ${esc(fig.data.tests[test])}${key}</p></div>`);
  if (names.length) draw(box, test, lines);
  box.append(make(table(rows)));
  fig.results.prepend(box);
}

function table([head, ...rows]) {
  const cells = (row, kind) => row.map(text => `<${kind}>${esc(text)}</${kind}>`).join('');
  const body = rows.map(row => `<tr>${cells(row, 'td')}</tr>`).join('');
  return `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body}</tbody></table>`;
}

// Lines over the steps
function draw(box, test, lines) {
  const place = box.appendChild(make('<div></div>')), high = top(lines);
  const last = Math.max(...Object.values(lines).flat().map(([x]) => x));
  const label = `Picture of ${test}: ${Object.keys(lines).join(' and ')} over ${last} steps`;
  new Plot(place, {label, height: () => 190, draw: p => {
    const axes = p.axes({x: [0, last], y: [0, high], xlabel: 'step', ylabel: 'loss', left: 62, show: v => num(v)});
    p.svg.innerHTML = axes + Object.values(lines).map((points, i) => path(p, points, high, COLORS[i])).join('');
  }});
}

function path(p, points, high, color) {
  const seen = points.filter(([, v]) => v != null).map(([x, v]) => p.pixel([x, Math.min(v, high)]));
  const dot = seen.length == 1 ? `<circle cx="${seen[0][0]}" cy="${seen[0][1]}" r="3" fill="${color}"/>` : '';
  return `<path d="${line(seen)}" fill="none" stroke="${color}" stroke-width="2"/>${dot}`;
}
