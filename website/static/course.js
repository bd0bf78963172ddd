// Whatever scrolls sideways must be reachable by keyboard.
function markScrollers() {
  for (const el of document.querySelectorAll('pre, .table-wrapper, div.math, div.output')) {
    if (el.scrollWidth > el.clientWidth) el.tabIndex = 0; else el.removeAttribute('tabindex');
  }
}
addEventListener('load', markScrollers);
addEventListener('resize', markScrollers);
addEventListener('toggle', markScrollers, true);
// The captions of the sidebar are headings without a level.
for (const el of document.querySelectorAll('.caption[role=heading]')) el.ariaLevel = '2';
// The theme names a folded cell by a label that differs from the words seen.
for (const el of document.querySelectorAll('details.hide > summary')) el.removeAttribute('aria-label');
// On paper every answer is unfolded; where the style sheet cannot do it, this does.
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('details.answer:not([open])')];
  for (const el of unfolded) el.open = true;
});
addEventListener('afterprint', () => { for (const el of unfolded) el.open = false; });
