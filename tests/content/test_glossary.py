"The glossary is whole, the chapters agree with it, and none uses a term before it is introduced"
import json, re, shutil

import pytest

from repository import NOTEBOOKS, ROOT
from tools import glossary_links as tool
from sgd_course.checks import beliefs, parse_exercise, split_headings
from sgd_course.glossary import all_terms, definition, entry, look_up, names, terms_table
from sgd_course.progress import exercise_texts
from sgd_course.questionnaire import load_questions


def markdown(path):
    "The Markdown cells of a notebook"
    return [''.join(c['source']) for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if c['cell_type']=='markdown']

PAGES = {p.stem: markdown(p) for p in NOTEBOOKS}
CHAPTERS = [name for name in PAGES if re.match(r'\d\d_', name)]
COURSE = tool.unlink('\n'.join(cell for name in CHAPTERS for cell in PAGES[name]))
TERMS = {t.anchor: t for t in all_terms()}

def by_term(test): return pytest.mark.parametrize('term', all_terms(), ids=lambda t: t.anchor)(test)

# Terms that a chapter explains in other words than its own name for them: the section must exist, but need not print the term
IN_OTHER_WORDS = {
    'tensor': 'in the remarks before the first section',
    'mean-squared-error': 'explained as the mean of the squares of the errors',
    'forward-pass': 'chapter 10 calls it the way there',
    'backward-pass': 'chapter 10 calls it the way back',
    'loss-layer': 'chapter 7 speaks of the loss as one more layer',
    'gradient-noise': 'chapter 5 speaks of the noise of a batch',
    'hidden-layer': 'chapter 6 prints it as one of "two hidden layers"',
}

def anchor(heading):
    "The anchor of a heading, where Sphinx and Quarto make the same one"
    text = re.sub(r'[`*]', '', heading).lower()
    return re.sub(r'[^\w -]', '', text).replace(' ', '-')

def headings(cells): return re.findall(r'(?m)^(#{1,4}) (.+)$', re.sub(r'(?ms)^```.*?^```', '', '\n'.join(cells)))

def section(cells, at):
    "The heading with the anchor `at` and all below it up to the next one of its level"
    text = '\n'.join(cells)
    for mark, heading in headings(cells):
        if anchor(heading)==at:
            found = text[text.index(f'{mark} {heading}\n'):]
            return re.split(rf'(?m)^#{{1,{len(mark)}}} ', found[len(mark)+1:])[0]

# The entries

@pytest.mark.parametrize('word', ['ReLU', 'mini-batch', 'forward pass', 'loss', 'gradient', 'backward pass', 'gradient descent', 'learning rate'])
def test_the_terms_of_the_sources_are_there(word): assert look_up(word).term==word

@pytest.mark.parametrize('word', 'initialise predict loss gradient step repeat stop'.split())
def test_the_seven_steps_are_there(word):
    assert look_up(word).term==word
    assert word in look_up('seven steps').means

@by_term
def test_definition_is_one_sentence_or_two(term):
    assert not re.search(r'[.!?](\s|$)', term.means) and (not term.more or re.fullmatch(r'[A-Z][^.!?]*\.', term.more))
    assert 2 <= len(definition(term).split()) <= 45
    assert len(term.means) <= 130, 'too long for the table of a chapter'

def test_no_term_and_no_meaning_is_there_twice():
    assert len(TERMS)==len(all_terms())==len({t.means for t in all_terms()})
    assert len({t.formula for t in all_terms() if t.formula})==sum(bool(t.formula) for t in all_terms())

@by_term
def test_other_names_are_other_names(term):
    assert len(set(term.also))==len(term.also) and term.term not in (*term.also, *term.forms)
    assert not any(re.fullmatch(tool.pattern(term.term), n, re.I) for n in term.also), 'a plural is no other name'

@by_term
def test_a_term_is_either_looked_for_or_plain(term): assert not (term.plain and (term.forms or term.other))

# The page

def test_page_has_one_anchor_for_each_entry():
    found = [anchor(h) for _, h in headings(PAGES['glossary'])]
    assert len(set(found))==len(found), sorted(a for a in found if found.count(a) > 1)
    assert TERMS.keys() <= set(found)
    assert all(re.fullmatch(r'[a-z]\w*(-\w+)*', a) for a in TERMS), 'Quarto and Sphinx agree on simple anchors only'

@by_term
def test_page_shows_the_entry(term): assert any(entry(term) in cell for cell in PAGES['glossary'])

@by_term
def test_entry_leads_to_where_the_term_is_explained(term):
    assert term.chapter in PAGES
    forms = '|'.join(map(tool.pattern, (*term.bold, term.term, *term.forms)))
    text = section(PAGES[term.chapter], term.at) if term.at else '\n'.join(tool.split(PAGES[term.chapter])[0])
    assert text is not None, f'{term.chapter} has no heading #{term.at}'
    assert '--' not in term.at and not term.at.startswith(tuple('0123456789')), 'Quarto and Sphinx would make different anchors'
    assert re.search(forms, text, re.I) or term.anchor in IN_OTHER_WORDS, f'#{term.at} does not say "{term.term}"'

@by_term
def test_what_an_entry_says_about_the_chapters_is_true(term):
    body = '\n'.join(PAGES[term.chapter])
    for words in term.bold: assert re.search(rf'\*{re.escape(words)}\*', body), f'{term.chapter} does not print "{words}" in bold'
    for sentence in term.other: assert sentence in COURSE, f'no chapter says "{sentence}"'

@pytest.mark.parametrize('name', [n for n in PAGES if n!='glossary'])
def test_links_lead_to_entries(name):
    found = tool.linked('\n'.join(PAGES[name]))
    assert found <= TERMS.keys(), sorted(found - TERMS.keys())
    assert not re.search(r'glossary\.ipynb\)', tool.LINK.sub(lambda m: m[0] if m['url']!='glossary.ipynb' else '', '\n'.join(PAGES[name])))

# The chapters

def table(cells):
    "Term and meaning of each row of the table of terms"
    text, = [c for c in cells if c.startswith('## Terms introduced')] or ['']
    rows = [[part.strip() for part in line.strip('|').split('|')] for line in text.splitlines() if line.startswith('|')]
    return [(re.sub(r'\[(.*?)\]\(.*?\)', r'\1', term), meaning) for term, meaning in rows[2:]]

@pytest.mark.parametrize('name', CHAPTERS)
def test_table_of_terms_agrees_with_the_glossary(name):
    rows = table(PAGES[name])
    assert [(t, m) for t, m in rows if not any(t==g.term and m==g.means and g.chapter==name for g in all_terms())] == []
    assert len(rows)==sum(g.chapter==name for g in all_terms()), 'run `python -m tools.glossary_links`'

def test_notebooks_are_up_to_date(tmp_path):
    for path in NOTEBOOKS: shutil.copy(path, tmp_path)
    assert list(tool.update(tmp_path))==[], 'run `python -m tools.glossary_links`'

def too_early(cells, chapter):
    "Terms of later chapters that `cells` use before they link to them: in prose, headings and tables, but not in code and formulas"
    text = re.sub(r'(?m)^#+ |\||</?summary>', ' ', '\n\n'.join(c for c in cells if not tool.CLOSING.match(c)))
    links = [(m.start('text'), m.end('text'), m['url']) for m in tool.LINK.finditer(text)]
    met, found = set(), []
    for match, term in tool.uses(text):
        if term.chapter <= chapter or term in met: continue
        met.add(term)
        if not any(a <= match.start() and match.end() <= b and url==f'glossary.ipynb#{term.anchor}' for a, b, url in links):
            found.append((term.term, text[max(0, match.start()-40):match.end()+20].strip()))
    return found

@pytest.mark.parametrize('name', CHAPTERS)
def test_no_term_is_used_before_its_chapter(name): assert too_early(PAGES[name], name)==[]

def answers(chapter):
    "What a check, a hint and the questions of a chapter may say: texts that are not in its Markdown cells"
    for head, part in split_headings(exercise_texts()[chapter], '## '):
        e = parse_exercise(chapter, head, part)
        yield from (e.reason, *e.hints, *(w.message for w in e.wrong), *(beliefs()[w.belief] for w in e.wrong if w.belief))
    for q in load_questions(chapter):
        yield from (q['ask'], q.get('why', ''), q.get('otherwise', ''), *(o.get('text', '') + '\n' + o['why'] for o in q.get('options', q.get('others'))))

@pytest.mark.parametrize('name', CHAPTERS)
def test_no_answer_uses_a_term_that_its_chapter_neither_introduces_nor_links(name):
    known = tool.linked('\n'.join(PAGES[name]))
    found = [(term.term, text) for text in answers(name[3:]) for _, term in tool.uses(text) if term.chapter > name and term.anchor not in known]
    assert found==[]

@pytest.mark.parametrize('text, found', [
    ('We use momentum.', ['momentum']), ('# Momentum', ['momentum']), ('| a | Adam |', ['Adam']), ('Two mini-batches, two batches.', ['mini-batch']),
    ('The *mini-batch* and hidden layers', ['mini-batch', 'hidden layer']), ('Vanishing gradients', ['vanishing gradient']),
    ('[momentum](glossary.ipynb#momentum), then momentum', []), ('[momentum](glossary.ipynb#adam)', ['momentum']),
    ('momentum, then [momentum](glossary.ipynb#momentum)', ['momentum']), ('`momentum`, $momentum$, [here](momentum.html)', []),
    ('A step, an error, a goal; the batched ranking of Adamson', []), ('The loss, a gradient', [])])
def test_early_uses_are_found(text, found): assert [t for t, _ in too_early([text], '01_quadratic_loss')]==found

def test_words_of_another_sense_are_passed_over():
    assert [t.term for _, t in tool.uses('What is the weight today? The weight of a pixel.')]==['weight']

# The tool that makes the links

def link(*cells, chapter='05_mini_batches'): return tool.link_chapter(list(cells), chapter)

def test_first_use_of_a_known_term_becomes_a_link_in_its_own_words():
    assert link('Some Gradients.', 'A gradient, a gradient check.') == ['Some [Gradients](glossary.ipynb#gradient).', 'A gradient, a [gradient check](glossary.ipynb#gradient-check).']

def test_where_it_is_introduced_a_term_is_linked_in_bold_only():
    assert link('An iteration.', 'This is an **iteration**. An iteration') == ['An iteration.', 'This is an [**iteration**](glossary.ipynb#iteration). An iteration']
    assert link('**What you will learn**\n\n- iteration', 'An iteration.')[1] == 'An [iteration](glossary.ipynb#iteration).'

def test_opening_list_links_only_what_comes_later():
    assert link('**What you will learn**\n\n- gradient, momentum')[0] == '**What you will learn**\n\n- gradient, [momentum](glossary.ipynb#momentum)'

@pytest.mark.parametrize('text', ['## The gradient', '`gradient`', '```\ngradient\n```', '$gradient$', '$$\ngradient\n$$', '[the gradient](01_quadratic_loss.ipynb)',
    '| gradient | x |', '<summary>A gradient?</summary>', '<code>gradient</code>', '![gradient](images/gradient.svg)', 'https://x.org/gradient',
    'gradient-free', '## Further reading\n\n- The gradient', 'a step'])
def test_other_text_stays(text): assert link(text)==[text]

def test_linking_twice_is_linking_once():
    cells = ['A gradient and a **mini-batch**', 'gradient, loss curve']
    assert link(*link(*cells))==link(*cells)!=cells

def test_links_follow_the_first_use():
    assert link('A gradient', '[gradient](glossary.ipynb#gradient)') == ['A [gradient](glossary.ipynb#gradient)', 'gradient']
    assert link('[steepness](glossary.ipynb#gradient)', 'A gradient') == ['[steepness](glossary.ipynb#gradient)', 'A gradient']

def test_table_of_terms_is_filled():
    old = '## Terms introduced\n\n| term | meaning |\n|---|---|\n| x | y |\n'
    assert link('a', old)[1] == f"## Terms introduced\n\n{terms_table('05_mini_batches')}\n"
