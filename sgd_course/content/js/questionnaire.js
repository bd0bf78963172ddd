// Questions that mark themselves. `model.get('questions')` is what `read` makes of the page; see nbs/questionnaire.ipynb.

const CSS = `
  * { box-sizing: border-box }
  .all { max-width: 760px; margin: 6px 2px; font-size: 16px; line-height: 1.5; --line: color-mix(in srgb, currentColor 22%, transparent);
    --soft: color-mix(in srgb, currentColor 7%, transparent) }
  fieldset { margin: 0 0 14px; padding: 14px 18px; border: 1px solid var(--line); border-radius: 12px; min-width: 0 }
  legend { float: left; width: 100%; padding: 0; margin-bottom: 6px; font-weight: 650 }
  legend + * { clear: both }
  code { font: 500 .88em ui-monospace, Menlo, Consolas, monospace; padding: 1px 4px; border-radius: 4px; background: var(--soft) }
  pre { margin: 6px 0; padding: 8px 12px; overflow-x: auto; border-radius: 8px; background: var(--soft) }
  pre code { padding: 0; background: none }
  .option { display: flex; gap: 12px; align-items: start; min-height: 44px; padding: 9px 10px; border-radius: 9px; cursor: pointer }
  .option:hover { background: var(--soft) }
  input[type=radio], input[type=checkbox] { flex: none; width: 20px; height: 20px; margin: 3px 0 0; accent-color: #0072B2 }
  .number { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; min-height: 44px }
  .number input { width: 9em; min-height: 44px; padding: 0 12px; font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 9px }
  .why { display: block; margin-top: 3px; padding-left: 10px; border-left: 4px solid var(--mood) }
  .why:empty { display: none }
  .said { margin: 8px 0 0; padding-left: 10px; border-left: 4px solid var(--mood, transparent) }
  .said:empty { display: none }
  .good { --mood: #009E73 }
  .bad { --mood: #D55E00 }
  button { margin-top: 8px; min-height: 44px; padding: 0 18px; font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 9px; cursor: pointer }
  button:hover { background: color-mix(in srgb, currentColor 13%, transparent) }
  :focus-visible { outline: 3px solid #D55E00; outline-offset: 2px }
  .total { font-weight: 650 }
  .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  pre:focus-visible { outline-offset: 0 }
`;

export function make(html) {
  const box = document.createElement('template');
  box.innerHTML = html.trim();
  return box.content.firstElementChild;
}

// The number in a text, with a decimal point or comma, and perhaps commas or blanks between thousands; NaN if it holds none
export function toNumber(text) {
  let clean = text.trim().replace(/[\u2212\u2013]/g, '-').replace(/(\d)[ \u00a0\u202f](?=\d{3}(?!\d))/g, '$1');
  clean = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(clean) ? clean.replace(/,/g, '') : clean.replace(',', '.');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean) ? Number(clean) : NaN;
}

// Is `got` the number `want`, within a tolerance?
export function isNear(want, got, tolerance) { return Math.abs(got - want) <= tolerance + 1e-9*Math.abs(want) }

// What to say about a choice: `chosen` holds the numbers of the options that were ticked
export function markChoice(question, chosen) {
  const right = question.options.map((o, i) => o.right ? i : -1).filter(i => i >= 0);
  const missed = right.filter(i => !chosen.includes(i)), extra = chosen.filter(i => !right.includes(i));
  if (!chosen.length) return {right: false, text: 'Choose an answer first.'};
  if (!missed.length && !extra.length) return {right: true, text: 'Right.'};
  if (extra.length) return {right: false, text: right.length > 1 && chosen.length > extra.length ? 'Not all that you chose is right.' : 'Not right. Read why, and try again.'};
  return {right: false, text: `Right so far, but ${missed.length} more ${missed.length > 1 ? 'are' : 'is'} to be found.`};
}

// What to say about a number that was typed
export function markNumber(question, text) {
  const got = toNumber(text);
  if (Number.isNaN(got)) return {right: false, text: 'Type a number, such as 0.5 or -3.'};
  if (isNear(question.number, got, question.tolerance)) return {right: true, text: 'Right.', why: question.why};
  const known = question.others.find(o => isNear(o.number, got, question.tolerance));
  return {right: false, text: 'Not right.', why: known ? known.why : question.otherwise};
}

function choice(question, n) {
  const many = question.options.filter(o => o.right).length > 1;
  const rows = question.options.map((o, i) => make(`<label class="option"><input type="${many ? 'checkbox' : 'radio'}" name="q${n}" value="${i}">
    <span>${o.text}<span class="why"></span></span></label>`));
  const whys = rows.map(r => r.querySelector('.why')), inputs = rows.map(r => r.querySelector('input'));
  const chosen = () => inputs.map((box, i) => box.checked ? i : -1).filter(i => i >= 0);
  // A right answer shows all reasons, a wrong one those of what was chosen
  function mark() {
    const result = markChoice(question, chosen());
    question.options.forEach((o, i) => {
      const shown = result.right || inputs[i].checked;
      whys[i].innerHTML = shown ? `<strong>${o.right ? 'Right' : 'Wrong'}.</strong> ${o.why}` : '';
      whys[i].className = 'why ' + (o.right ? 'good' : 'bad');
    });
    return {...result, spoken: result.right ? '' : chosen().map(i => question.options[i].why).join(' ')};
  }
  return {rows, mark, hint: many ? ' (choose all that apply)' : ''};
}

function number(question) {
  const row = make(`<label class="number"><span>${question.unit ? `Answer in ${question.unit}` : 'Answer'}</span> <input type="text" inputmode="decimal" autocomplete="off"></label>`);
  return {rows: [row], mark: () => markNumber(question, row.querySelector('input').value), hint: ''};
}

// The questions, from the plain HTML that stands in the page for readers without JavaScript
export function read(root) {
  const html = (node, what) => node.querySelector(what)?.innerHTML;
  return [...root.querySelectorAll('section')].map(part => ({
    ask: html(part, '.ask'), code: html(part, 'pre code'), ...JSON.parse(part.dataset.number || '{}'), why: html(part, '.answer'),
    options: part.dataset.number ? null : [...part.querySelectorAll('li')].map(o => ({text: html(o, '.text'), why: html(o, '.reason'), right: 'right' in o.dataset})),
  }));
}

export function render({model, el}) {
  const questions = model.get('questions'), solved = questions.map(() => false);
  const box = make(`<div class="all"><style>${CSS}</style><div class="list"></div><p class="total" aria-live="polite"></p></div>`);
  const total = box.querySelector('.total');
  const tell = () => { total.textContent = `${solved.filter(Boolean).length} of ${questions.length} right` };
  questions.forEach((question, n) => {
    const part = question.options ? choice(question, n) : number(question);
    const field = make(`<fieldset><legend>${n + 1}. ${question.ask}${part.hint}</legend></fieldset>`);
    const said = make('<p class="said" role="status"></p>'), button = make(`<button type="button">Check</button>`);
    button.setAttribute('aria-label', `Check answer ${n + 1}`);
    function check() {
      const result = part.mark();
      solved[n] = solved[n] || result.right;
      said.className = 'said ' + (result.right ? 'good' : 'bad');
      said.innerHTML = `<strong>${result.text}</strong> ${result.why || ''}<span class="spoken">${result.spoken || ''}</span>`;
      tell();
    }
    button.addEventListener('click', check);
    field.addEventListener('keydown', e => { if (e.key == 'Enter' && e.target.tagName == 'INPUT') { e.preventDefault(); check() } });
    if (question.code) field.append(make(`<pre tabindex="0"><code>${question.code}</code></pre>`));
    field.append(...part.rows, button, said);
    box.querySelector('.list').append(field);
  });
  tell();
  el.replaceChildren(box);
}
