// Finds sections. ENTRIES, from search-entries.js, has their texts, and pairs: what others say, and the course's word.
const SHOWN = 30, AROUND = 90;
const parts = text => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
// "mini-batch" is found as "mini", as "batch" and as "minibatch"
const withWhole = text => [...parts(text),
  ...(text.toLowerCase().match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)+/gu) || []).map(word => word.replaceAll('-', ''))];

const index = new MiniSearch({
  fields: ['heading', 'title', 'words', 'text'], tokenize: withWhole,
  searchOptions: {
    tokenize: parts, combineWith: 'AND', prefix: word => word.length > 2,
    boost: {heading: 4, words: 3, title: 2},
  },
});
index.addAll(ENTRIES.sections.map((entry, id) => ({id, ...entry})));

const exact = text => ` ${parts(text).join(' ')} `;

// What was asked, and what it would be in the words of the course
function wordings(asked) {
  const found = [asked];
  for (const [other, term] of ENTRIES.others) {
    if (exact(asked).includes(exact(other))) found.push(exact(asked).replace(exact(other), ` ${term} `));
  }
  return found;
}

// All words at first; then with a slip in each; then any of them
function find(asked) {
  for (const how of [{}, {fuzzy: 0.25}, {fuzzy: 0.25, combineWith: 'OR'}]) {
    const queries = wordings(asked).map(wording => ({queries: [wording], combineWith: 'AND', ...how}));
    const found = index.search({combineWith: 'OR', queries});
    if (found.length) return found;
  }
  return [];
}

// The text around the first of the words that were found, with all of them marked
function excerpt(text, words) {
  const known = new RegExp(words.join('|'), 'giu');   // Letters, digits and _ alone, see `parts`
  const first = Math.max(text.search(known), 0), p = document.createElement('p');
  const from = first < AROUND ? 0 : text.indexOf(' ', first - AROUND) + 1;
  const piece = (from ? '… ' : '') + text.slice(from, first + 2*AROUND) + (text.length > first + 2*AROUND ? ' …' : '');
  let end = 0;
  for (const match of words.length ? piece.matchAll(known) : []) {
    const mark = document.createElement('mark');
    mark.textContent = match[0];
    p.append(piece.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  p.append(piece.slice(end));
  return p;
}

function item(entry, words) {
  const li = document.createElement('li'), link = document.createElement('a'), where = document.createElement('span');
  link.href = `${entry.page}.html${entry.at ? '#' + entry.at : ''}`;
  link.textContent = entry.heading;
  where.textContent = entry.at ? entry.title : '';
  li.append(link, where, excerpt(entry.text, words));
  return li;
}

function counted(n, asked) {
  if (!n) return `Nothing was found for “${asked}”.`;
  if (n > SHOWN) return `The best ${SHOWN} of ${n} sections`;
  return n === 1 ? '1 section' : `${n} sections`;
}

function show(asked) {
  const found = asked ? find(asked) : [], list = document.getElementById('search-results');
  list.replaceChildren(...found.slice(0, SHOWN).map(hit => item(ENTRIES.sections[hit.id], hit.terms)));
  document.getElementById('search-count').textContent = asked ? counted(found.length, asked) : '';
}

const field = document.querySelector('.search-form [name=q]');
field.value = new URLSearchParams(location.search).get('q') ?? '';
show(field.value.trim());
