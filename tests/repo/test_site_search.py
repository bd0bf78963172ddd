"The search of the built site: sections, no code, other words for the same thing, typing errors"
import json

import pytest
from playwright.sync_api import expect

def entries(site):
    "What the search looks through"
    text = (site/'_static/search-entries.js').read_text(encoding='utf-8')
    return json.loads(text.removeprefix('const ENTRIES = ').removesuffix(';\n'))

def ask(page, where, words):
    "Search for `words`, and return the addresses of the first three results"
    page.goto(f'{where}/search.html?q={words.replace(" ", "+")}')
    page.locator('#search-count:not(:empty)').wait_for()
    return page.locator('#search-results a').evaluate_all('links => links.slice(0, 3).map(a => a.getAttribute("href"))')

# What is asked, and what has to be among the first three results
ASKED = {
    'batch size': 'glossary.html#batch-size',
    'bach size': 'glossary.html#batch-size',               # A typing error
    'Adam': 'glossary.html#adam',
    'learnig rate': 'learning_rate.html',
    'minibatch': 'glossary.html#mini-batch',               # One word, two words
    'mini batch': 'glossary.html#mini-batch',
    'backpropagation': 'backprop.html',
    'cost': 'glossary.html#loss',                          # What others call it
    'Kaiming initialisation': 'glossary.html#he-initialisation',
    'two moons': 'nonlinearity.html#bend-it-yourself',     # A section of a chapter
    'sgd_step': 'learning_rate.html#the-rule',             # A name of the package
}

def test_the_best_results(page, address):
    found = {words: ask(page, address, words) for words in ASKED}
    assert {words: urls for words, urls in found.items() if not any(u.startswith(ASKED[words]) for u in urls)} == {}

def test_from_a_folder_and_from_any_page(page, site):
    page.goto((site/'seeds.html').as_uri())
    page.get_by_placeholder('Search').fill('bach size')
    page.keyboard.press('Enter')
    page.locator('#search-results a').first.click()
    page.wait_for_url('**/glossary.html#batch-size')

def test_nothing_is_found_for_nonsense_and_nothing_for_nothing(page, address):
    assert ask(page, address, 'qqqqxyz')==[]
    expect(page.locator('#search-count')).to_have_text('Nothing was found for “qqqqxyz”.')
    page.goto(f'{address}/search.html')
    assert page.locator('#search-count').inner_text()==''
    assert ask(page, address, '<b>gradient</b> (*')   # Signs that mean something elsewhere

def test_entries_are_sections_without_code_and_formulas(site):
    found = entries(site)['sections']
    assert len(found)>400 and len({(o['page'], o['at']) for o in found})==len(found)
    text = ' '.join(o['text'] for o in found)
    for code in ('plt.subplots(', 'figsize=', '.legend(', r'\frac'): assert code not in text, code
    for entry in found:
        page = (site/f'{entry["page"]}.html').read_text(encoding='utf-8')
        if entry['at']: assert f'id="{entry["at"]}"' in page, entry

def test_every_chapter_is_in_the_index_with_its_names(site):
    found = entries(site)['sections']
    assert {o['page'] for o in found}=={p.stem for p in site.glob('*.html')} - {'search', 'genindex'}
    named = {name for o in found for name in o['words'].split()}
    assert {'descend', 'sgd_step', 'Learner', 'Adam'} <= named
