// Questions that mark themselves. `data.questions` is what `read` makes of the page; see nbs/making/questionnaire.ipynb
import {BLUE, CONTROL, GREEN, LOOK, RED, isRun, make} from './_base.js';
import {random} from './_math.js';

const STYLE = `
  .all { font-size: 16px; line-height: 1.5 }
  fieldset { margin: 0 0 14px; padding: 14px 18px; border: 1px solid var(--line); border-radius: 12px; min-width: 0 }
  legend { float: left; width: 100%; padding: 0; margin-bottom: 6px; font-weight: 650 }
  legend + * { clear: both }
  code { font: 500 .88em ui-monospace, Menlo, Consolas, monospace; padding: 1px 4px; border-radius: 4px;
    background: var(--soft) }
  pre { margin: 6px 0; padding: 8px 12px; overflow-x: auto; border-radius: 8px; background: var(--soft) }
  pre code { padding: 0; background: none }
  pre:focus-visible { outline-offset: 0 }
  .option { display: flex; gap: 12px; align-items: start; min-height: 44px; padding: 9px 10px; border-radius: 9px;
    cursor: pointer }
  .option:hover { background: var(--soft) }
  input[type=radio], input[type=checkbox] { flex: none; width: 20px; height: 20px; margin: 3px 0 0;
    accent-color: ${BLUE} }
  .number { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; min-height: 44px }
  .number input { width: 9em; padding: 0 12px; ${CONTROL} }
  .why { display: block; margin-top: 3px; padding-left: 10px; border-left: 4px solid var(--mood) }
  .said { margin: 8px 0 0; padding-left: 10px; border-left: 4px solid var(--mood, transparent) }
  .why:empty, .said:empty { display: none }
  .good { --mood: ${GREEN} }
  .bad { --mood: ${RED} }
  button { margin-top: 8px }
  .total { font-weight: 650 }
`;

const THOUSANDS = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

// The number in a text, with a decimal point or comma, and perhaps commas or blanks between thousands; NaN if it holds
// none
export function toNumber(text) {
  const minus = text.trim().replace(/[\u2212\u2013]/g, '-');
  const dense = minus.replace(/(\d)[ \u00a0\u202f](?=\d{3}(?!\d))/g, '$1');
  const clean = THOUSANDS.test(dense) ? dense.replace(/,/g, '') : dense.replace(',', '.');
  return NUMBER.test(clean) ? Number(clean) : NaN;
}

// Is `got` the number `want`, within a tolerance?
export function isNear(want, got, tolerance) { return Math.abs(got - want) <= tolerance + 1e-9*Math.abs(want) }

// What to say about a choice: `chosen` holds the numbers of the options that were ticked; `right` is null if it is none
export function markChoice(question, chosen) {
  const right = question.options.map((o, i) => o.right ? i : -1).filter(i => i >= 0);
  const missed = right.filter(i => !chosen.includes(i)).length, extra = chosen.filter(i => !right.includes(i)).length;
  const partly = right.length > 1 && chosen.length > extra;
  if (!chosen.length) return {right: null, text: 'Choose an answer first.'};
  if (!missed && !extra) return {right: true, text: 'Right.'};
  if (!extra) return {right: false, text: `Right so far, but ${missed} more ${missed > 1 ? 'are' : 'is'} to be found.`};
  return {right: false, text: partly ? 'Not all that you chose is right.' : 'Not right. Read why, and try again.'};
}

// What to say about a number that was typed; `right` is null if it is none
export function markNumber(question, text) {
  const got = toNumber(text);
  if (Number.isNaN(got)) return {right: null, text: 'Type a number, such as 0.5 or -3.'};
  if (isNear(question.number, got, question.tolerance)) return {right: true, text: 'Right.', why: question.why};
  const known = question.others.find(o => isNear(o.number, got, question.tolerance));
  return {right: false, text: 'Not right.', why: known ? known.why : question.otherwise};
}

// What the answers come to: for each question, `tries` holds whether each of its answers was right, the first one first
export function tally(tries) {
  const n = tries.length, answered = tries.filter(t => t.length);
  if (!answered.length) return `${n} question${n > 1 ? 's' : ''}. The first answer counts.`;
  const first = answered.filter(t => t[0]).length, later = answered.filter(t => t.includes(true)).length - first;
  const more = later ? `, ${later} more at a later one` : '', open = n - answered.length;
  return `${first} of ${answered.length} right at the first try${more}.${open ? ` ${open} to go.` : ''}`;
}

// `items` in an order that the source `next` of random numbers from 0 to 1 decides (Fisher and Yates)
export function shuffled(items, next) {
  const res = [...items];
  for (let i = res.length - 1; i > 0; i--) {
    const k = Math.floor(next()*(i + 1));
    [res[i], res[k]] = [res[k], res[i]];
  }
  return res;
}

// The form of a choice: its rows, which `next` puts in order, and a function that marks it
function choice(question, n, next) {
  const many = question.options.filter(o => o.right).length > 1, kind = many ? 'checkbox' : 'radio';
  const rows = question.options.map((o, i) => make(`<label class="option">
    <input type="${kind}" name="q${n}" value="${i}"> <span>${o.text}<span class="why"></span></span></label>`));
  const inputs = rows.map(row => row.querySelector('input'));
  const mark = () => {
    const chosen = inputs.map((box, i) => box.checked ? i : -1).filter(i => i >= 0);
    const result = markChoice(question, chosen);
    // A right answer shows all reasons, a wrong one those of what was chosen
    question.options.forEach((option, i) => showReason(rows[i], option, result.right || chosen.includes(i)));
    return {...result, heard: result.right ? '' : chosen.map(i => question.options[i].why).join(' ')};
  };
  return {rows: shuffled(rows, next), mark, hint: many ? ' (choose all that apply)' : ''};
}

function showReason(row, {right, why}, shown) {
  const place = row.querySelector('.why');
  place.innerHTML = shown ? `<strong>${right ? 'Right' : 'Wrong'}.</strong> ${why}` : '';
  place.className = 'why ' + (right ? 'good' : 'bad');
}

// The form of a number
function number(question) {
  const row = make(`<label class="number"><span>${question.unit ? `Answer in ${question.unit}` : 'Answer'}</span>
    <input type="text" inputmode="decimal" autocomplete="off"></label>`);
  return {rows: [row], mark: () => markNumber(question, row.querySelector('input').value), hint: ''};
}

// The questions, from the plain HTML that stands in the page for readers without JavaScript
export function read(root) { return [...root.querySelectorAll('section')].map(readQuestion) }

function readQuestion(section) {
  const html = (node, what) => node.querySelector(what)?.innerHTML, {number} = section.dataset;
  const option = o => ({text: html(o, '.text'), why: html(o, '.reason'), right: 'right' in o.dataset});
  return {
    ask: html(section, '.ask'), code: html(section, 'pre code'), why: html(section, '.answer'),
    ...JSON.parse(number || '{}'),
    options: number ? null : [...section.querySelectorAll('li')].map(option),
  };
}

// The options stand in another order each time the page is opened, and in the same one as long as it stays open
export function render({el, data: {questions, seed = performance.timeOrigin}}) {
  const next = random(seed), tries = questions.map(() => []);
  const box = make(`<div class="sheet all"><style>${LOOK}${STYLE}</style><div class="list"></div>
    <p class="total" aria-live="polite"></p></div>`);
  const list = box.querySelector('.list'), total = box.querySelector('.total');
  const tell = () => { total.textContent = tally(tries) };
  questions.forEach((question, n) => list.append(form(question, n, next, right => {
    tries[n].push(right);
    tell();
  })));
  tell();
  el.replaceChildren(box);
}

// One question, to be answered by button or Enter; `on` is told each time whether the answer is right
function form(question, n, next, on) {
  const part = question.options ? choice(question, n, next) : number(question);
  const field = make(`<fieldset><legend>${n + 1}. ${question.ask}${part.hint}</legend></fieldset>`);
  const said = make('<p class="said" role="status"></p>');
  const button = make(`<button type="button" aria-label="Check answer ${n + 1}">Check</button>`);
  const check = () => {
    const {right, text, why = '', heard = ''} = part.mark();
    said.className = 'said ' + (right === null ? '' : right ? 'good' : 'bad');
    said.innerHTML = `<strong>${text}</strong> ${why}<span class="heard">${heard}</span>`;
    if (right !== null) on(right);
  };
  button.addEventListener('click', check);
  field.addEventListener('keydown', e => {
    if (e.key != 'Enter' || isRun(e) || e.target.tagName != 'INPUT') return;
    e.preventDefault();
    check();
  });
  if (question.code) field.append(make(`<pre tabindex="0"><code>${question.code}</code></pre>`));
  field.append(...part.rows, button, said);
  return field;
}
