"The glossary is whole, the chapters agree with it, and none uses a term before it is introduced"
import json, re, shutil

import pytest

from repository import NOTEBOOKS, ROOT
from tools import glossary_links as tool
from sgd_course.glossary import all_terms, definition, look_up, names, terms_table
from sgd_course.practice.exercises import beliefs, exercises_of
from sgd_course.questionnaire import load_questions


def markdown(path):
    "The Markdown cells of a notebook"
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [''.join(c['source']) for c in cells if c['cell_type']=='markdown']

PAGES = {p.stem: markdown(p) for p in NOTEBOOKS}
CHAPTERS = [name for name in PAGES if re.match(r'\d\d_', name)]
COURSE = tool.unlink('\n'.join(cell for name in CHAPTERS for cell in PAGES[name]))
TERMS = {t.anchor: t for t in all_terms()}

CLAIMS = []

def by_term(claim):
    "A function that yields what is wrong with a term; `test_every_term` calls it for all of them"
    CLAIMS.append(claim)
    return claim

# Terms that a chapter explains in other words: the section must exist, but need not print the term
IN_OTHER_WORDS = {
    'tensor': 'in the remarks before the first section',
    'mean-squared-error': 'explained as the mean of the squares of the errors',
    'forward-pass': 'chapter 10 calls it the way there',
    'backward-pass': 'chapter 10 calls it the way back',
    'stability-limit': 'chapter 2 calls it the limit',
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

SOURCES = ['ReLU', 'mini-batch', 'forward pass', 'loss', 'gradient', 'backward pass', 'gradient descent',
    'learning rate']
STEPS = 'initialise predict loss gradient step repeat stop'.split()

def test_the_terms_of_the_sources_are_there(): assert [look_up(word).term for word in SOURCES]==SOURCES

def test_the_seven_steps_are_there():
    assert [look_up(word).term for word in STEPS]==STEPS
    assert [word for word in STEPS if word not in look_up('seven steps').means]==[]

@by_term
def definition_is_one_sentence_or_two(term):
    if re.search(r'[.!?](\s|$)', term.means): yield 'its meaning should be a phrase'
    if term.more and not re.fullmatch(r'[A-Z][^.!?]*\.', term.more): yield 'what follows should be one sentence'
    if not 2 <= len(definition(term).split()) <= 45: yield 'its definition should have 2 to 45 words'
    if len(term.means) > 130: yield 'its meaning is too long for the table of a chapter'

def test_no_term_and_no_meaning_is_there_twice():
    assert len(TERMS)==len(all_terms())==len({t.means for t in all_terms()})
    assert len({t.formula for t in all_terms() if t.formula})==sum(bool(t.formula) for t in all_terms())

@by_term
def other_names_are_other_names(term):
    if len(set(term.also))<len(term.also) or term.term in (*term.also, *term.forms): yield 'a name is there twice'
    if any(re.fullmatch(tool.pattern(term.term), n, re.I) for n in term.also): yield 'a plural is no other name'

@by_term
def a_term_is_either_looked_for_or_plain(term):
    if term.plain and (term.forms or term.other): yield 'a plain word needs no other forms'

# The page

def test_page_has_one_anchor_for_each_entry():
    found = [anchor(h) for _, h in headings(PAGES['glossary'])]
    assert len(set(found))==len(found), sorted(a for a in found if found.count(a) > 1)
    assert TERMS.keys() <= set(found)
    assert all(re.fullmatch(r'[a-z]\w*(-\w+)*', a) for a in TERMS), 'Quarto and Sphinx agree on simple anchors only'

@by_term
def entry_leads_to_where_the_term_is_explained(term):
    if term.chapter not in PAGES: return (yield f'there is no {term.chapter}')
    text = '\n'.join(tool.split(PAGES[term.chapter])[0])
    if term.at: text = section(PAGES[term.chapter], term.at)
    if text is None: return (yield f'{term.chapter} has no heading #{term.at}')
    if re.search(r'--|^\d', term.at): yield f'Quarto and Sphinx would make different anchors of {term.at}'
    forms = '|'.join(map(tool.pattern, (*term.bold, term.term, *term.forms)))
    said = re.search(forms, text, re.I) or term.anchor in IN_OTHER_WORDS
    if not said: yield f'#{term.at} does not say "{term.term}"'

@by_term
def what_an_entry_says_about_the_chapters_is_true(term):
    body = '\n'.join(PAGES[term.chapter])
    for words in term.bold:
        if not re.search(rf'\*{re.escape(words)}\*', body): yield f'{term.chapter} does not print "{words}" in bold'
    for sentence in term.other:
        if sentence not in COURSE: yield f'no chapter says "{sentence}"'

@pytest.mark.parametrize('claim', CLAIMS, ids=lambda c: c.__name__)
def test_every_term(claim): assert [(t.term, offence) for t in all_terms() for offence in claim(t)]==[]

def test_links_lead_to_entries():
    texts = {name: '\n'.join(page) for name, page in PAGES.items() if name!='glossary'}
    assert {(name, o) for name, text in texts.items() for o in tool.linked(text) - TERMS.keys()}==set()
    others = {n: tool.LINK.sub(lambda m: m[0] if m['url']!='glossary.ipynb' else '', t) for n, t in texts.items()}
    assert [name for name, text in others.items() if 'glossary.ipynb)' in text]==[]

# The chapters

def table(cells):
    "Term and meaning of each row of the table of terms"
    text = next((c for c in cells if c.startswith('## Terms introduced')), '')
    rows = [[part.strip() for part in line.strip('|').split('|')] for line in text.splitlines() if line.startswith('|')]
    return [(re.sub(r'\[(.*?)\]\(.*?\)', r'\1', term), meaning) for term, meaning in rows[2:]]

def test_tables_of_terms_agree_with_the_glossary():
    "`python -m tools.glossary_links` makes them"
    terms = {name: sorted((t.term, t.means) for t in all_terms() if t.chapter==name) for name in CHAPTERS}
    assert [name for name in CHAPTERS if sorted(table(PAGES[name]))!=terms[name]]==[]

def test_notebooks_are_up_to_date(tmp_path):
    for path in NOTEBOOKS: shutil.copy(path, tmp_path)
    assert list(tool.update(tmp_path))==[], 'run `python -m tools.glossary_links`'

SENTENCES = re.compile(r'(?<=[.?!:])\s+|\n\n|\n- ')

def sentence_at(text, place):
    "The sentence of `text` around `place`"
    ends = [m.end() for m in SENTENCES.finditer(text)]
    start = max((e for e in ends if e <= place), default=0)
    return text[start:min((e for e in ends if e > place), default=len(text))].strip()

def names_a_later(sentence, chapter):
    "Does `sentence` name a chapter that comes after `chapter`, by its number or by a link to it?"
    numbers = re.findall(r'[Cc]hapters? (\d+)', sentence) + re.findall(r'\((\d\d)_\w+\.ipynb', sentence)
    return any(int(n) > int(chapter[:2]) for n in numbers)

def too_early(cells, chapter):
    """Terms that `cells` use before they are introduced, each with its sentence. A term of a later chapter may stand in
    a sentence that names a later chapter; one of this chapter in headings and in the list of what will be learned."""
    body = [c for c in tool.split(cells)[0] if not re.match('# ', c)]
    text = '\n\n'.join(c for c in body if not tool.OPENING.match(c))
    titles = {heading for _, heading in headings([text])}
    text = re.sub(r'(?m)^#+ |\||</?summary>', ' ', text)
    for match, term in tool.uses(text):
        sentence = sentence_at(text, match.start())
        if term.chapter > chapter:
            if not names_a_later(sentence, chapter): yield term.term, sentence
        elif term.chapter==chapter and sentence not in titles:
            first = tool.introduced(term, text)
            if first and match.start() < first.start('word'): yield term.term, sentence

@pytest.mark.parametrize('name', CHAPTERS)
def test_no_term_is_used_before_it_is_introduced(name): assert [*too_early(PAGES[name], name)]==[]

def answers(chapter):
    "What a check, a hint and the questions of a chapter may say: texts that are not in its Markdown cells"
    for e in exercises_of(chapter):
        yield from (e.reason, *e.hints)
        for w in e.wrong: yield from (w.message, beliefs()[w.belief] if w.belief else '')
    for q in load_questions(chapter):
        yield from (q['ask'], q.get('why', ''), q.get('otherwise', ''))
        for o in q.get('options', q.get('others')): yield f'{o.get("text", "")}\n{o["why"]}'

@pytest.mark.parametrize('name', CHAPTERS)
def test_no_answer_uses_a_term_that_its_chapter_neither_introduces_nor_links(name):
    known = tool.linked('\n'.join(PAGES[name]))
    uses = [(term, text) for text in answers(name[3:]) for _, term in tool.uses(text)]
    assert [(t.term, text) for t, text in uses if t.chapter > name and t.anchor not in known]==[]

EARLY = {
    'We use momentum.': ['momentum'], '# Momentum': [], '## Momentum': ['momentum'], '| a | Adam |': ['Adam'],
    'Two mini-batches, two batches.': ['mini-batch', 'mini-batch'],
    'The *mini-batch* and hidden layers': ['mini-batch', 'hidden layer'],
    'Vanishing gradients': ['vanishing gradient'],
    '[momentum](glossary.ipynb#momentum), then momentum': ['momentum', 'momentum'],
    'Chapter 9 calls it momentum. So momentum it is.': ['momentum'],
    'It is the [momentum](glossary.ipynb#momentum) of [the last](09_optimizers.ipynb).': [],
    'As in chapter 1, momentum': ['momentum'],
    'No loss yet. The **loss** is a loss.': ['loss'], '## The loss\n\nThe **loss** is a loss.': [],
    '`momentum`, $momentum$, [here](momentum.html)': [],
    'A step, an error, a goal; the batched ranking of Adamson': [], 'The loss, a gradient': []}

def test_early_uses_are_found():
    assert {text: [t for t, _ in too_early([text], '01_quadratic_loss')] for text in EARLY}==EARLY

def test_words_of_another_sense_are_passed_over():
    assert [t.term for _, t in tool.uses('What is the weight today? The weight of a pixel.')]==['weight']

# The tool that makes the links

def link(*cells, chapter='05_mini_batches'): return tool.link_chapter(list(cells), chapter)

def test_first_use_of_a_known_term_becomes_a_link_in_its_own_words():
    assert link('Some Gradients.', 'A gradient, a gradient check.') == [
        'Some [Gradients](glossary.ipynb#gradient).',
        'A gradient, a [gradient check](glossary.ipynb#gradient-check).']

def test_where_it_is_introduced_a_term_is_linked_in_bold_only():
    assert link('An iteration.', 'This is an **iteration**. An iteration') == [
        'An iteration.', 'This is an [**iteration**](glossary.ipynb#iteration). An iteration']
    opening = '**What you will learn**\n\n- iteration'
    assert link(opening, 'An iteration.')[1] == 'An [iteration](glossary.ipynb#iteration).'

def test_opening_list_links_only_what_comes_later():
    opening = '**What you will learn**\n\n- gradient, '
    assert link(f'{opening}momentum')[0] == f'{opening}[momentum](glossary.ipynb#momentum)'

OTHER = ['## The gradient', '`gradient`', '```\ngradient\n```', '$gradient$', '$$\ngradient\n$$',
    '[the gradient](01_quadratic_loss.ipynb)', '| gradient | x |', '<summary>A gradient?</summary>',
    '<code>gradient</code>', '![gradient](images/gradient.svg)', 'https://x.org/gradient', 'gradient-free',
    '## Further reading\n\n- The gradient', 'a step']

def test_other_text_stays(): assert [text for text in OTHER if link(text)!=[text]]==[]

def test_linking_twice_is_linking_once():
    cells = ['A gradient and a **mini-batch**', 'gradient, loss curve']
    assert link(*link(*cells))==link(*cells)!=cells

def test_links_follow_the_first_use():
    later, other = '[gradient](glossary.ipynb#gradient)', '[steepness](glossary.ipynb#gradient)'
    assert link('A gradient', later) == [f'A {later}', 'gradient']
    assert link(other, 'A gradient') == [other, 'A gradient']

def test_table_of_terms_is_filled():
    old = '## Terms introduced\n\n| term | meaning |\n|---|---|\n| x | y |\n'
    assert link('a', old)[1] == f"## Terms introduced\n\n{terms_table('05_mini_batches')}\n"
