// The claims of the chapters, worst first: choose a chapter, search for a word, and see in how many runs each held
import {CONTROL, LOOK, RED, esc, num} from './_base.js';

const STYLE = `
  .doors { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 10px }
  select, input { padding: 0 12px; min-width: 0; ${CONTROL} }
  input { flex: 1 1 180px }
  ol { list-style: none; margin: 0; padding: 0; max-height: 540px; overflow-y: auto; border: 1px solid var(--line);
    border-radius: 9px }
  li { padding: 10px 12px; border-bottom: 1px solid var(--line) }
  li:last-child { border-bottom: 0 }
  p { margin: 4px 0; line-height: 1.45 }
  code { font: 500 13px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
  b.few { text-decoration: underline wavy ${RED} 1.5px }
  .small { font-size: 13.5px }
`;

const LONGEST = 60;

// The claims that a chapter ('' for all) and a word leave over, those that held least often first
export function chosen(claims, chapter, word) {
  const low = word.trim().toLowerCase();
  const fits = c => (!chapter || c.chapter === chapter) && (!low || textOf(c).toLowerCase().includes(low));
  return claims.filter(fits).sort((a, b) => share(a) - share(b));
}

function textOf(claim) { return `${claim.section} ${claim.sentence} ${claim.source}`; }

// In which share of the runs a claim held; what was not run comes last
export function share(claim) { return claim.runs ? claim.held/claim.runs : 2; }

// How far a printed number lay apart, in words
export function spreadText([low, middle, high]) { return `${num(low)} to ${num(high)}, middle ${num(middle)}`; }

function row(claim) {
  const few = claim.runs - claim.held > 1 ? ' class="few"' : '';
  const told = claim.runs ? `held in ${claim.held} of ${claim.runs} runs` : 'not run';
  const numbers = (claim.numbers ?? []).slice(0, 4).map(spreadText).join('; ');
  return `<li><p><b${few}>${told}</b> · ${esc(claim.name)} · ${esc(claim.section)}</p>
    ${claim.sentence ? `<p>${esc(claim.sentence)}</p>` : ''}<p><code>${esc(claim.source)}</code></p>
    ${numbers ? `<p class="small">Printed numbers: ${numbers}</p>` : ''}</li>`;
}

function controls(names) {
  const options = Object.entries(names).map(([key, name]) => `<option value="${key}">${esc(name)}</option>`);
  return `<div class="doors"><select aria-label="Chapter"><option value="">All chapters</option>${options.join('')}
    </select><input type="search" placeholder="A word" aria-label="A word in the claim">
    <span role="status"></span></div><ol tabindex="0" aria-label="Claims"></ol>`;
}

export function render({el, data}) {
  el.innerHTML = `<style>${LOOK}${STYLE}</style><div class="sheet">${controls(data.names)}</div>`;
  const [menu, word, status, list] = ['select', 'input', '[role=status]', 'ol'].map(o => el.querySelector(o));
  function show() {
    const found = chosen(data.claims, menu.value, word.value), shown = found.slice(0, LONGEST);
    list.innerHTML = shown.map(row).join('');
    const rest = found.length > shown.length ? `, the first ${shown.length} are shown` : '';
    status.textContent = `${found.length} claim${found.length === 1 ? '' : 's'}${rest}`;
  }
  menu.addEventListener('change', show);
  word.addEventListener('input', show);
  show();
}
