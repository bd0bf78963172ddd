"What a learner gets of each chapter: no answer before its question, no plumbing in sight, a way on"
import json, platform, re
from html import escape

import pytest

from repository import NOTEBOOKS, ROOT, name
from sgd_course.app.copies import FOLDED, is_figure, learners_copy, only_imports, text_of, titles_of
from sgd_course.app.lab import course_copies, fingerprint, shown_in
from sgd_course.glossary import all_terms

NBS = ROOT/'nbs'
TITLES = titles_of(NBS)
CHAPTERS = [p for p in NOTEBOOKS if re.match(r'\d\d_', p.name)]
by_chapter = pytest.mark.parametrize('path', CHAPTERS, ids=name)

def copy_of(path):
    file = path.relative_to(NBS).as_posix()
    return json.loads(learners_copy(path.read_bytes(), file, TITLES))

def cells(path): return copy_of(path)['cells']
def is_hidden(cell): return cell['metadata'].get('jupyter', {}).get('source_hidden', False)

@by_chapter
def test_nothing_is_told_between_a_prediction_and_the_next_heading(path):
    asked, boxes = False, 0
    for cell in cells(path):
        if cell['cell_type']=='code':
            assert not asked or all(map(is_figure, cell['outputs'])), text_of(cell)
            continue
        heading = re.search(r'^#+ ', text_of(cell), re.M)
        boxes += '> **Predict' in text_of(cell)
        asked = '> **Predict' in text_of(cell) or asked and not heading
    assert boxes
    shown = [o for c in cells(path) if c['cell_type']=='code' for o in c['outputs']]
    assert len(shown)>20, 'other outputs are there before anything has run'

# The sentences that follow a prediction in its own cell, where they do not answer it
NO_ANSWER = ('The first step can be made by hand', 'The square is too kind', 'A curve fitted', '### Step 5',
    '`view` brings', 'The mean charge is', 'One epoch for each', 'We compute in', 'That is all', '`train_epoch`',
    '[AdamW]', 'Each batch size has')

def after_questions(path):
    "What follows each Predict box in its own cell"
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
        for question in re.split(r'(?m)^(?=> \*\*Predict)', text_of(cell))[1:]:
            yield re.sub(r'(?s)<details>.*?</details>', '', question.partition('\n')[2]).strip()

def test_no_answer_stands_in_the_cell_of_its_question():
    rests = [(path.name, rest) for path in CHAPTERS for rest in after_questions(path) if rest]
    assert [(name, rest[:80]) for name, rest in rests if not rest.startswith(NO_ANSWER)]==[]

@by_chapter
def test_first_screen_has_the_question_and_a_figure_and_no_plumbing(path):
    found = cells(path)
    number, title = re.match(r'# (\d+) (.+)', text_of(found[0])).groups()
    assert int(number)==int(path.name[:2]) and f'[{number} {title}]({path.name})' in (NBS/'index.ipynb').read_text()
    opening = next(i for i, c in enumerate(found) if text_of(c).startswith('**What you will learn**'))
    first = found[:opening]
    visible = [text_of(c) for c in first if not is_hidden(c)]
    assert not [t for t in visible if '#|' in t or t.startswith(('import', 'from'))]
    assert any(t.startswith('## ') for t in visible), 'the question'
    kinds = {kind for c in first for o in c.get('outputs', []) for kind in o.get('data', {})}
    assert kinds & {'image/svg+xml', 'text/html'} or any('![' in t for t in visible), 'the figure'
    assert sum(map(is_hidden, first)) <= 3

def unlike(cell, source):
    "What is wrong with the learner's copy of a cell that was `source`"
    plumbing, text = bool(FOLDED.search(source) or only_imports(source)), text_of(cell)
    if is_hidden(cell)!=plumbing: yield 'is collapsed' if is_hidden(cell) else 'is not collapsed'
    if re.search(r'^#\|(?! *(?:exports|fig-alt))', text, re.M): yield 'has a directive'
    if plumbing and not text.startswith('# '): yield 'does not say what it is'
    bare = [re.sub(r'(?m)^#.*\n?', '', o) for o in (text, source)]
    if bare[0]!=bare[1]: yield 'has other code'

def test_plumbing_is_collapsed_and_says_what_it_is():
    for path in NOTEBOOKS:
        original = {c['id']: text_of(c) for c in json.loads(path.read_text(encoding='utf-8'))['cells']}
        mine = [c for c in cells(path) if c['cell_type']=='code']
        assert [(path.name, o, original[c['id']]) for c in mine for o in unlike(c, original[c['id']])]==[]

def test_stored_drawings_carry_their_words():
    found = [(c, o.get('data', {})) for p in CHAPTERS for c in cells(p) for o in c.get('outputs', [])]
    drawn = [(cell, data) for cell, data in found if 'image/svg+xml' in data]
    assert len(drawn)>50
    for cell, data in drawn:
        words = re.search(r'(?m)^#\| fig-alt: (.*)', text_of(cell))[1]
        assert f'alt="{escape(words)}"' in ''.join(data['text/html'])

def test_each_chapter_leads_to_the_next():
    names = [p.name for p in CHAPTERS] + ['your_own_data.ipynb']
    for path, later in zip(CHAPTERS, names[1:]):
        first, last = text_of(cells(path)[0]), text_of(cells(path)[-1])
        assert '[Course](index.ipynb)' in first and f']({later})' in first
        assert last==f'**Next:** [{TITLES[later]}]({later}) · [Course](index.ipynb)'
    assert '[Course](../index.ipynb)' in text_of(cells(NBS/'making'/'lab.ipynb')[0])

def test_links_to_terms_say_what_they_mean_and_lead_to_a_heading():
    copies = course_copies(NBS)
    page = copies['glossary.md'].decode()
    headings = {h.replace(' ', '-') for h in re.findall(r'(?m)^### (.*)', page)}
    assert headings=={t.term.replace(' ', '-') for t in all_terms()}
    for file, data in copies.items():
        if not file.endswith('.ipynb'): continue
        text = '\n'.join(text_of(c) for c in json.loads(data)['cells'] if c['cell_type']=='markdown')
        links = re.findall(r'\((?:\.\./)?glossary\.md#([^ )]*)([^)]*)', text)
        assert {place for place, _ in links} <= headings
        assert all(re.match(r' ".+', title) for _, title in links)
        assert 'glossary.ipynb#' not in text
    assert set(re.findall(r'\]\(#([^)]*)\)', page)) <= headings

def test_the_copy_says_what_jupyterlab_will_say():
    for path in CHAPTERS:
        found = copy_of(path)['metadata']
        assert found['language_info']['version']==platform.python_version()
        assert found['kernelspec']=={'display_name': 'Python 3 (ipykernel)', 'language': 'python', 'name': 'python3'}

def test_python_notes_are_those_of_a_kernel():
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelspec import get_kernel_dict
    from sgd_course.app.copies import python_notes
    notes = python_notes()
    assert notes['language_info']==IPythonKernel.language_info
    assert notes['kernelspec']['display_name']==get_kernel_dict()['display_name']

@by_chapter
def test_a_copy_that_was_run_counts_as_untouched(path):
    nb = copy_of(path)
    before = fingerprint(json.dumps(nb).encode())
    for cell in nb['cells']:
        if cell['cell_type']=='code': cell |= {'outputs': [], 'execution_count': 7, 'metadata': {}}
    ran = json.dumps(nb).encode()
    assert fingerprint(ran)==before and shown_in(ran)!=shown_in(json.dumps(copy_of(path)).encode())
