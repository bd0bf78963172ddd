"""Put the glossary into the notebooks: its page, the tables "Terms introduced", and links at the first uses of terms

`python -m tools.glossary_links` changes the notebooks in nbs/ that need it, with `glossary` behind it only that one.
All comes from sgd_course/content/glossary.toml. The first page has no links, as README.md is made from it."""
import re, sys
from functools import cache

from sgd_course.glossary import all_terms, by_chapter, by_letter, terms_table
from tools.notebooks import NBS, read, set_text, text as text_of, titles, write

# Text in which no term is looked for: code, maths, pictures, addresses, tags, headings, tables
HIDDEN = re.compile(r'''(?mx) (?P<f>```+|~~~+)[\s\S]*?(?P=f) | (?P<c>`+).+?(?P=c) | \$\$[\s\S]*?\$\$ | \$[^$\n]+\$
    | !\[[^\]]*\]\([^)\s]*\) | (?<=\])\([^)\s]*\) | https?://[^\s)]+
    | <(?P<t>code|summary)>.*?</(?P=t)> | <[^>\n]+> | ^\#.*$ | ^\|.*$''')
LINK = re.compile(r'\[(?P<text>(?:[^\[\]\n]|\[[^\]\n]*\])*)\]\((?P<url>[^)\s]*)\)')
ENTRY = re.compile(r'glossary\.ipynb#(?P<anchor>[\w-]+)')
TABLE = re.compile(r'(?<=^## Terms introduced\n\n)(?:\|.*\n?)+', re.M)
# The list in front of each chapter may name what is known; the lists at its end are no prose
OPENING = re.compile(r'^\*\*What you will learn\*\*', re.M)
CLOSING = re.compile(r'^## (?:Terms introduced|Further reading)', re.M)

def blank(match): return re.sub(r'[^\n]', '\0', match[0])

def prose(text):
    "`text` with all that is no prose blanked out, every letter in its place"
    return HIDDEN.sub(blank, text)

def pattern(form):
    "Finds `form`, also as a plural, with a hyphen for a blank, or with a capital letter"
    return r'[\s-]'.join(re.escape(word) for word in re.split('[ -]', form)) + '(?:e?s)?'

@cache
def finder():
    "Finds the longest form of any term that is not plain English, and the term for each group of it"
    forms = [(form, t) for t in all_terms() if not t.plain for form in (t.term, *t.forms)]
    forms.sort(key=lambda f: (-len(f[0]), f[0]))
    groups = '|'.join(f'({pattern(form)})' for form, _ in forms)
    return re.compile(rf'(?<![\w-])(?:{groups})(?![\w])(?!-\w)', re.I), [t for _, t in forms]

def uses(text):
    "A match and its term for each use of a term in `text`, in order"
    found, terms = finder()
    for sentence in (s for t in all_terms() for s in t.other): text = text.replace(sentence, '\0'*len(sentence))
    for match in found.finditer(prose(text)): yield match, terms[match.lastindex-1]

def introduced(term, text):
    "The first place where `text` prints `term` in bold or italics, as a match whose group is the word with its stars"
    forms = '|'.join(map(pattern, sorted((*term.bold, term.term, *term.forms), key=len, reverse=True)))
    for match in re.finditer(rf'(?<![\w*])(?P<word>(?P<star>\*\*?)(?:{forms})(?P=star))(?![\w*])', text, re.I):
        if '\0' not in prose(text)[slice(*match.span())]: return match

def linked(text):
    "Anchors of the entries that `text` links to"
    return {m['anchor'] for m in ENTRY.finditer(text)}

def unlink(text):
    "`text` without the links that `link_chapter` makes; links on other words stay"
    terms = {t.anchor: t for t in all_terms()}
    def word(link):
        entry = ENTRY.fullmatch(link['url'])
        term = terms.get(entry['anchor']) if entry else None
        if not term: return link[0]
        forms = '|'.join(map(pattern, (*term.bold, term.term, *term.forms)))
        return link['text'] if re.fullmatch(rf'(\*\*?)?(?:{forms})(?(1)\1)', link['text'], re.I) else link[0]
    return LINK.sub(word, text)

def first_uses(cells, chapter):
    "For each term, the cell, begin and end of the text in which `chapter` links it"
    places = {}
    for i, text in enumerate(cells):
        links = [link.span() for link in LINK.finditer(text)]
        for match, term in uses(text):
            inside = any(a <= match.start() < b for a, b in links)
            if inside or term.chapter <= chapter and OPENING.search(text): continue
            places.setdefault(term, (i, *match.span()))
    for term in (t for t in all_terms() if t.chapter==chapter):
        matches = ((i, introduced(term, text)) for i, text in enumerate(cells))
        for i, match in ((i, match) for i, match in matches if match):
            places[term] = (i, *match.span('word'))
            break
    return places

def split(cells):
    "The Markdown `cells` of a chapter, and the lists at its end"
    end = next((i for i, text in enumerate(cells) if CLOSING.match(text)), len(cells))
    return cells[:end], cells[end:]

def link_chapter(cells, chapter):
    "The Markdown `cells` of a chapter, but for its title, with a link at the first use of each term; twice is as once"
    body, end = split(cells)
    body = [unlink(text) for text in body]
    done = set().union(*map(linked, body))
    places = [(*place, term.anchor) for term, place in first_uses(body, chapter).items() if term.anchor not in done]
    for i, begin, stop, anchor in sorted(places, reverse=True):
        body[i] = f'{body[i][:begin]}[{body[i][begin:stop]}](glossary.ipynb#{anchor}){body[i][stop:]}'
    if any(t.chapter==chapter for t in all_terms()):
        table = terms_table(chapter)
        end = [TABLE.sub(lambda m: f'{table}\n' if m[0].endswith('\n') else table, text) for text in end]
    return body + end

# Notebooks

def link_notebook(nb, chapter):
    "Link the terms in the notebook `nb`"
    cells = [c for c in nb['cells'] if c['cell_type']=='markdown' and not text_of(c).startswith('# ')]
    for cell, text in zip(cells, link_chapter([text_of(c) for c in cells], chapter)): set_text(cell, text)

def fill_page(nb, titles):
    "Put the list by chapters and all entries into the notebook `nb`, the page of the glossary"
    generated = re.compile(r'## (By chapter|\w)$', re.M)
    places = [i for i, c in enumerate(nb['cells']) if generated.match(text_of(c))]
    texts = {'by-chapter': f'## By chapter\n\n{by_chapter(titles)}'}
    texts |= {f'letter-{letter.lower()}': text for letter, text in by_letter().items()}
    nb['cells'][places[0]:places[-1]+1] = [
        dict(cell_type='markdown', id=name, metadata={}, source=text.splitlines(keepends=True))
        for name, text in texts.items()]

def update(folder, names=()):
    "Bring the glossary and the chapters in `folder`, or those in `names`, up to date; yields the names of what changes"
    chapters = titles(folder)
    for name in names or ['glossary', *chapters]:
        path = folder/f'{name}.ipynb'
        nb = read(path)
        if name=='glossary': fill_page(nb, chapters)
        else: link_notebook(nb, name)
        if write(path, nb): yield name

if __name__ == '__main__':
    for name in update(NBS, sys.argv[1:]): print(f'{name}: changed')
