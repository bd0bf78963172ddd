// What all that moves on a page shares: colours, the look, texts, and the way into the page.
// sgd_course/figures.py puts what a module uses of the shared files in front of the module's own text, in one script.

export const BLUE = '#0072B2';

export const RED = '#D55E00';

export const GREEN = '#009E73';

export const PINK = '#CC79A7';

export const GREY = '#7A7A7A';

// The look of whatever can be pressed or filled in
export const CONTROL = `min-height: 44px; font: inherit; color: inherit; background: var(--soft);
    border: 1px solid var(--line); border-radius: 9px`;

export const LOOK = `
  * { box-sizing: border-box }
  .sheet { max-width: 760px; margin: 6px 2px; --line: color-mix(in srgb, currentColor 22%, transparent);
    --soft: color-mix(in srgb, currentColor 7%, transparent) }
  button { padding: 0 18px; cursor: pointer; ${CONTROL} }
  button:hover { background: color-mix(in srgb, currentColor 13%, transparent) }
  :focus-visible { outline: 3px solid ${RED}; outline-offset: 2px }
  .heard { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%) }
`;

// An element made of HTML text
export function make(html) {
  const box = document.createElement('template');
  box.innerHTML = html.trim();
  return box.content.firstElementChild;
}

// Text, safe within HTML
export function esc(text) {
  return String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
}

// A number for people: 3 digits, a real minus sign, powers of ten when it is far from 1
export function num(v, digits = 3) {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '∞' : '−∞';
  const size = Math.abs(v), far = size > 0 && (size < 1e-4 || size >= 1e6);
  if (!far) return String(+v.toPrecision(digits)).replace('-', '−');
  const [digit, power] = v.toExponential(1).split('e');
  return `${digit.replace('-', '−')} × 10${raised(power.replace('+', ''))}`;
}

// A whole number in small digits above the line
function raised(text) {
  return [...text].map(c => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]).join('');
}

// Is a key meant for the page around a figure, such as Ctrl+S? JupyterLab runs a cell with Shift+Enter and leaves it
// with Escape. What edits a text stays in its field.
export function isForPage(e) {
  const command = e.ctrlKey || e.metaKey, field = e.composedPath()[0].matches('input[type=text]');
  if (e.key == 'Escape' || isRun(e)) return true;
  return command && !(field && 'acvxyz'.includes(e.key.toLowerCase()));
}

export function isRun(e) { return e.key == 'Enter' && (e.shiftKey || e.ctrlKey || e.metaKey) }

// Put what `render` makes of `data` into `host` on the page, behind a shadow root, so that nothing leaks in or out
export function mount(host, render, data) {
  host.dataset.on = 1;
  const el = host.attachShadow({mode: 'open'}).appendChild(document.createElement('div'));
  // Arrow keys turn pages on the site, and do other things in JupyterLab
  host.addEventListener('keydown', e => {
    if (!isForPage(e)) e.stopPropagation();
    if (e.key == 'Escape') host.closest('.jp-Cell')?.focus();
  });
  render({el, data});
}
