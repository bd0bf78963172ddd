"The site builder on small notebooks"
import json, re
from html import unescape
from types import SimpleNamespace

import pytest
import yaml
from nbdev.config import get_config

from repository import ROOT
from sgd_course.plots import BLUE, GREY, contrast
from website import build, convert, links, pictures
from website.__main__ import main
from website.convert import markdown, split_options
from website.maths import mathml, pieces
from website.predict import hide_answers

pytestmark = pytest.mark.filterwarnings("ignore:'myst_parser")

def md_cell(text): return {'cell_type': 'markdown', 'id': 'x', 'metadata': {}, 'source': text}
def code_cell(text, *outputs, **other):
    cell = {'cell_type': 'code', 'id': 'x', 'metadata': {}, 'execution_count': 1, 'source': text,
        'outputs': list(outputs)}
    return cell | other
def shown(mime, text): return {'output_type': 'display_data', 'metadata': {}, 'data': {mime: text}}
def converted(*cells, **kwargs): return convert.convert({'cells': list(cells)}, **kwargs)['cells']
def show_doc(name):
    link = '[source](https://host/f.py#L3){target="_blank" style="x"}'
    text = f'---\n\n{link}\n\n### {name}\n\n```python\ndef {name}():\n```\n\n*Doc of {name}*'
    return code_cell(f'#| echo: false\n#| output: asis\nshow_doc({name})', shown('text/markdown', text), has_sd=True)

# Markdown

def test_quotes_with_a_known_first_word_become_notes():
    assert markdown('> **Note:** one\n> two') == ':::{admonition} Note\n:class: note\n\none\ntwo\n:::'
    assert markdown('a\n\n> **Predict:** what?\n\nb') == 'a\n\n:::{admonition} Predict\n:class: tip\n\nwhat?\n:::\n\nb'

OTHER = '> **Samuel:** a quotation', '> plain', '```md\n> **Note:** code\n[a](01_b.ipynb)\n```', '**Note:** no quote'

@pytest.mark.parametrize('text', OTHER)
def test_other_text_stays(text): assert markdown(text) == text

def test_links_to_notebooks_follow_the_files():
    text = '[a](01_quadratic_loss.ipynb#slope) [b](./02b_x.ipynb)'
    assert markdown(text) == '[a](quadratic_loss.ipynb#slope) [b](x.ipynb)'

def test_symbol_links_become_local():
    want = '<a href="plots.html#api-use_style"><code>use_style</code></a>'
    assert markdown('[`use_style`](/plots.html#use_style)') == want
    assert markdown('[`use_style`](https://h.org/c/plots.html#use_style)', 'https://h.org/c/') == want
    assert markdown('[`use_style`](/making/plots.html#use_style)') == want, 'all pages lie in one folder'
    other = '[`L`](https://fastcore.fast.ai/foundation.html#l)'
    assert markdown(other) == other

def test_a_lone_image_is_a_figure():
    assert markdown('![A fall](images/a.svg)') == ':::{figure} images/a.svg\n:alt: A fall\n\nA fall\n:::'
    assert markdown('see ![A fall](images/a.svg)') == 'see ![A fall](images/a.svg)'

# Cells

def test_options_are_split_from_code():
    options, code = {'echo': False, 'slow': True}, 'x = 1\n#| no: option'
    assert split_options('#| echo: false\n#| slow\n\n' + code) == (options, code)
    with pytest.raises(ValueError, match='quote the text'): split_options('#| fig-alt: one: two')

def test_options_become_tags_and_alternative_text():
    cell, = converted(code_cell('#| code-fold: true\n#| code-summary: Solution\n#| fig-alt: A line\nf()'))
    assert cell['source'] == 'f()'
    assert cell['metadata']['tags'] == ['hide-input']
    prompts = {'code_prompt_show': 'Solution', 'code_prompt_hide': 'Solution'}
    assert cell['metadata']['mystnb'] == prompts | {'image': {'alt': 'A line'}}

def test_title_cell():
    front = '---\ntitle: Slope\ndescription: Down\n---\n'
    cell, = converted({'cell_type': 'raw', 'id': 'x', 'metadata': {}, 'source': front})
    assert cell['source'] == '# Slope\n\n{.summary}\nDown'

def test_exported_source_is_shown_once_with_its_place():
    cells = converted(show_doc('f'), code_cell('#| code-fold: show\n#| exports: true\ndef f(): pass'), module='pkg.m')
    place = '<p class="exported"><span class="module">pkg.m</span><span id="api-f">f</span></p>'
    assert [c['source'] for c in cells] == [place, 'def f(): pass']
    assert cells[1]['metadata']['tags'] == []

def test_a_name_without_its_source_shows_signature_and_summary():
    cell, = converted(show_doc('f'), module='pkg.m')
    assert 'id="api-f"' in cell['source'] and 'def f():' in cell['source'] and '*Doc of f*' in cell['source']
    assert 'host' not in cell['source'] and '###' not in cell['source']

def test_source_links_appear_once_the_repository_is_named():
    cells = [show_doc('f'), code_cell('#| exports: true\ndef f(): pass')]
    assert '<a href="https://host/f.py#L3">source</a>' in converted(*cells, show_sources=True)[0]['source']

def test_names_in_markdown_that_a_cell_puts_out_are_linked():
    data = {'text/markdown': ['[`f`](/m.html#f)'], 'text/plain': ['x']}
    cell, = converted(code_cell('show()', {'output_type': 'display_data', 'metadata': {}, 'data': data}))
    assert cell['outputs'][0]['data']=={'text/markdown': '<a href="m.html#api-f"><code>f</code></a>'}

def test_patched_methods_get_an_anchor():
    cells = converted(show_doc('C.f'), code_cell('#| exports: true\n@patch\ndef f(self:C): pass'))
    assert len(cells)==2 and 'id="api-c.f"' in cells[0]['source']

def test_interactive_output_passes_unchanged():
    code = 'for (const a of [1]) if (a<2) { console.log("[`x`](/a.html#x)") }'
    html = f'<!--| x --><div id="w"></div>\n<script type="module">\n{code}\n</script>'
    cell, = converted(code_cell('w', shown('text/html', html)))
    assert cell['outputs'] == [shown('text/html', html)]

def test_imports_are_folded():
    for code in ('import math\nfrom a import b', 'import math\n\nuse_style()'):
        cell, = converted(code_cell(code))
        assert cell['metadata']['tags']==['hide-input'] and cell['metadata']['mystnb']['code_prompt_show']=='Imports'
    for code in ('import math\nmath.pi', 'x = 1', '%pip list'):
        assert converted(code_cell(code))[0]['metadata']['tags']==[]

# What answers a Predict box

ASKED = ':::{admonition} Predict\n:class: tip\n\nwhat?\n:::'

def page_of(*cells):
    "What `hide_answers` makes of Markdown and code, in short: (summary: what is folded), the rest as it is"
    numbered = [{'id': f'c{i}', 'metadata': {'tags': []}} | c for i, c in enumerate(cells)]
    new = hide_answers(numbered)
    assert len({c['id'] for c in new})==len(new)
    return [short(c) for c in new]

def short(cell):
    if cell['cell_type']=='code':
        tags = cell['metadata']['tags']
        return 'output' if 'remove-input' in tags else 'input' if 'remove-output' in tags else 'code'
    label = re.search('<summary>(.*)</summary>', cell['source'])
    return f'({label[1]}' if label else cell['source'].replace(ASKED, 'PREDICT').replace('</details>', ')')

def md(text): return {'cell_type': 'markdown', 'source': text}
def code(*outputs): return {'cell_type': 'code', 'source': 'f()', 'outputs': list(outputs)}
RESULT, FIGURE = shown('text/plain', '12'), shown('text/html', '<div class="sgd-figure"></div>')
ANSWER = '(Show the answer'

def test_output_and_first_paragraph_behind_a_box_are_folded():
    want = ['a\n\nPREDICT', 'input', ANSWER, 'output', 'Twelve.', ')', 'Why?']
    assert page_of(md(f'a\n\n{ASKED}'), code(RESULT), md('Twelve.\n\nWhy?'))==want

def test_code_in_between_is_shown():
    tab = md('<p class="exported">f</p>')
    want = ['PREDICT', '<p class="exported">f</p>', 'code', 'input', ANSWER, 'output', 'Never.', ')']
    assert page_of(md(ASKED), tab, code(), code(RESULT), md('Never.'))==want

def test_a_figure_to_play_with_is_shown_and_what_is_said_of_it_folded():
    assert page_of(md(ASKED), code(FIGURE), md('Twice.'))==['PREDICT', 'code', ANSWER, 'Twice.', ')']

def test_a_formula_or_a_table_goes_with_its_paragraph():
    for more in ('So:\n\n$$x$$', 'So:\n\nx', 'So.\n\n| a |\n|---|'):
        assert page_of(md(ASKED), code(RESULT), md(f'{more}\n\nb'))[-3:]==[more, ')', 'b']

def test_an_answer_in_the_cell_of_the_box():
    assert page_of(md(f'{ASKED}\n\nNo.\n\nb'))==['PREDICT', ANSWER, 'No.', ')', 'b']
    want = ['PREDICT', ANSWER, 'No.', ')', 'input', '(Show what comes out', 'output', ')']
    assert page_of(md(f'{ASKED}\n\nNo.'), code(RESULT))==want

FOLD = '<details>x</details>'

@pytest.mark.parametrize('text', ['## Next', FOLD, f'a\n\n{FOLD}', f'a\n\n{ASKED}', ASKED])
def test_what_asks_folds_itself_or_heads_a_section_is_no_answer(text):
    made = page_of(md(ASKED), code(FIGURE), md(text))
    assert made[:2]==['PREDICT', 'code'] and ANSWER not in made

def test_a_text_that_answers_and_asks_again():
    want = ['PREDICT', 'input', ANSWER, 'output', 'No.', ')', 'More.\n\nPREDICT', 'input', ANSWER, 'output', ')']
    assert page_of(md(ASKED), code(RESULT), md(f'No.\n\nMore.\n\n{ASKED}'), code(RESULT))==want

def test_two_boxes_in_one_cell():
    want = ['PREDICT', ANSWER, 'Six.', ')', 'Try it.\n\nPREDICT', 'code', ANSWER, 'Twice.', ')']
    assert page_of(md(f'{ASKED}\n\nSix.\n\nTry it.\n\n{ASKED}'), code(FIGURE), md('Twice.'))==want

def test_nothing_is_folded_without_a_box():
    assert page_of(md('a'), code(RESULT), md('b'))==['a', 'code', 'b']

# Formulas

def test_formulas_become_mathml():
    assert mathml('x^2')=='<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    assert mathml('x', display=True)=='<math display="block"><mi>x</mi></math>'
    assert mathml(r'a&=b\\c&=d', display=True).count('<mtr>')==2
    assert '&' not in mathml(r'\log x').replace('&lt;', '')
    with pytest.raises(ValueError, match=r'expected a formula, got .*nonsense'): mathml(r'\nonsense{x}')

def test_a_long_formula_may_be_broken_behind_a_relation():
    long = pieces(mathml(r'w-lr\cdot 2w=(1-2lr)w<2'))
    assert [re.sub('<.*?>', '', o)[-1] for o in long[:-1]]==['=', ';'] and all('form="infix"' in o for o in long[:-1])
    assert len(pieces(mathml('x=3')))==len(pieces(mathml(r'\sum_{abcdefg=1}^{hijklmnop}')))==1

# Tables

def test_columns_in_groups_get_two_rows_of_headers(small):
    table = '| way | net, 64 | net, 256 | big, 64 | big, 256 |\n|---|---|---|---|---|\n| a | 1 | 2 | 3 | 4 |'
    other = '| way | p, q | r, s |\n|---|---|---|\n| a | 1 | 2 |'
    page = (small(md_cell(table), md_cell(other))/'next.html').read_text()
    grouped, plain = re.findall(r'<thead>.*?</thead>', page, re.S)
    text = [re.sub('<.*?>', ' ', row).split() for row in grouped.split('</tr>')[:-1]]
    assert text==[['way', 'net', 'big'], ['64', '256', '64', '256']]
    assert grouped.count('colspan="2"')==2 and grouped.count('rowspan="2"')==1
    assert plain.count('<tr')==1

# Pictures

def test_writing_in_pictures_can_be_read_on_both_pages():
    pages = 'white', '#131416'
    assert {GREY.lower(), BLUE.lower()} <= pictures.WRITING.keys()
    for shades in pictures.WRITING.values():
        for shade, page in zip(shades, pages, strict=True): assert contrast(shade, page) >= 4.5

def written():
    "All colours of the writing in stored pictures"
    texts = [o for path in ROOT.glob('nbs/**/*.ipynb') for o in re.findall(r'<text [^>]*?>', path.read_text())]
    return {color for o in texts for color in re.findall(r'fill=\\"(#\w+)', o)}

def test_no_other_colour_is_written_with():
    assert written() - pictures.WRITING.keys() <= {'#ffffff'} # On a coloured ground

# Whole sites

def write(path, *cells):
    numbered = [c | {'id': f'c{i}'} for i, c in enumerate(cells)]
    path.write_text(json.dumps({'cells': numbered, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}))

@pytest.fixture
def small(tmp_path):
    "A function that builds a site of three pages; the cells given are in the second"
    nbs, quarto, out = tmp_path/'nbs', tmp_path/'_quarto.yml', tmp_path/'out'
    nbs.mkdir()
    sidebar = {'contents': ['index.ipynb', {'section': 'Part', 'contents': ['01_next.ipynb', '02_last.ipynb']}]}
    quarto.write_text(yaml.safe_dump({'website': {'title': 'Small', 'sidebar': sidebar}}))
    def run(*cells):
        write(nbs/'index.ipynb', md_cell('# Start\n> Here'), md_cell('[on](01_next.ipynb#more)'))
        write(nbs/'01_next.ipynb', md_cell('# Next\n> There'), md_cell('## More'), *cells)
        write(nbs/'02_last.ipynb', md_cell('# Last\n> At the end'))
        build.build(out, nbs, quarto, tmp_path/'work')
        return out
    return run

def test_a_small_site(small):
    script = '<script type="module">if (1 < 2) console.log("ok")</script>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    folded = '<details><summary>Answer</summary>\n\n*Yes*\n\n</details>'
    out = small(md_cell(f'$x^2$\n\n> **Warning:** mind the $y$\n\n{folded}'),
        code_cell('#| fig-alt: Nothing drawn\n1', shown('image/svg+xml', svg)),
        code_cell('2', shown('text/html', script)), code_cell('raise_if_run'), code_cell('#| hide\nsecret'))
    page, start = (out/'next.html').read_text(), (out/'index.html').read_text()
    assert 'href="next.html#more"' in start and 'Part' in start
    assert script in page and 'alt="Nothing drawn"' in page and 'warning admonition' in page and '<em>Yes</em>' in page
    assert 'secret' not in page and 'raise_if_run' in page
    assert '<math><msup><mi>x</mi><mn>2</mn></msup></math>' in page and 'fonts-maths.css' in page
    assert 'fonts-text.css' in start and 'fonts-maths.css' not in start
    assert not list(out.parent.glob('.site-*'))

def test_inner_code_is_shown(small):
    page = (small(code_cell('#| exporti\ndef inner(): return 3'))/'next.html').read_text()
    assert page.count('inner')==3 and 'id="api-inner"' in page   # As anchor, in the line above, and in the code

COLAB = re.compile(r'<a [^>]*href="(https://colab[^"]*)"[^>]*>([^<]+)</a>')

def colab_links(out): return [COLAB.findall((out/page).read_text()) for page in ('index.html', 'next.html')]

def test_colab_appears_once_the_repository_is_named(small, monkeypatch):
    assert colab_links(small())==[[], []]
    known = {o: getattr(get_config(), o) for o in ('lib_path', 'nbs_path', 'doc_host', 'doc_baseurl', 'branch')}
    cfg = SimpleNamespace(**known, git_url='https://github.com/one/course', user='one', repo='course')
    monkeypatch.setattr('nbdev.config.get_config', lambda: cfg)
    out, blob = small(), 'https://colab.research.google.com/github/one/course/blob/main/nbs'
    assert colab_links(out)==[[(f'{blob}/index.ipynb', 'Open in Colab')], [(f'{blob}/01_next.ipynb', 'Open in Colab')]]
    assert '!pip install git+https://github.com/one/course</code>' in (out/'next.html').read_text()
    cfg.git_url = 'https://codeberg.org/one/course'
    assert colab_links(small())==[[], []], 'Colab opens notebooks from GitHub only'

@pytest.mark.parametrize('host, edit, report', [
    ('github.com', '/edit/main/nbs/{}', '/issues/new?title=Page%20{}%3A%20'),
    ('gitlab.com', '/-/edit/main/nbs/{}', '/-/issues/new?issue[title]=Page%20{}%3A%20'),
    ('codeberg.org', '/_edit/main/nbs/{}', '/issues/new?title=Page%20{}%3A%20')])
def test_pages_can_be_mended_once_the_repository_is_named(small, monkeypatch, host, edit, report):
    assert 'Edit this page' not in (small()/'next.html').read_text()
    known = {o: getattr(get_config(), o) for o in ('lib_path', 'nbs_path', 'doc_host', 'doc_baseurl', 'branch')}
    cfg = SimpleNamespace(**known, git_url=f'https://{host}/one/course', user='one', repo='course')
    monkeypatch.setattr('nbdev.config.get_config', lambda: cfg)
    page = (small()/'next.html').read_text()
    links = {text: unescape(url) for url, text in re.findall(r'<a href="([^"]*)">((?:Edit|Report)[^<]*)</a>', page)}
    assert links=={'Edit this page': f'https://{host}/one/course' + edit.format('01_next.ipynb'),
        'Report an error': f'https://{host}/one/course' + report.format('next')}

def made(out):
    "When the page of each notebook was made"
    return {name: (out.parent/'work'/'html'/name).stat().st_mtime_ns for name in ('next.html', 'last.html')}

def test_only_what_changed_is_made_anew(small, monkeypatch):
    first = made(small(md_cell('one')))
    process, processed = build.process, []
    monkeypatch.setattr(build, 'process', lambda nb: processed.append(nb) or process(nb))
    assert made(small(md_cell('one')))==first and not processed
    out = small(md_cell('two'))
    assert made(out)['last.html']==first['last.html'] and made(out)['next.html']!=first['next.html']
    assert len(processed)==1 and 'two' in (out/'next.html').read_text()

def test_a_new_title_reaches_the_other_pages(small, tmp_path):
    out = small()
    assert 'Next' in (out/'index.html').read_text()
    text = (tmp_path/'nbs/01_next.ipynb').read_text().replace('# Next', '# Later')
    (tmp_path/'nbs/01_next.ipynb').write_text(text)
    build.build(out, tmp_path/'nbs', tmp_path/'_quarto.yml', tmp_path/'work')
    page = (out/'index.html').read_text()
    assert '<div class="title">Later</div>' in page and '<div class="title">Next</div>' not in page

def test_a_fault_is_found_again(small):
    for _ in range(2):
        with pytest.raises(build.SiteError, match='Sphinx warned'): small(md_cell('[x](nowhere.ipynb)'))
    small(md_cell('mended'))

@pytest.mark.parametrize('text, why', [('[x](nowhere.ipynb)', 'Sphinx warned'), ('<a href="#gone">x</a>', '#gone'),
    ('<img alt="x" src="https://example.org/x.png">', 'loads https')])
def test_a_failed_build_leaves_the_old_site(small, tmp_path, text, why):
    (tmp_path/'out').mkdir()
    (tmp_path/'out'/build.MARK).touch()
    (tmp_path/'out/old').touch()
    with pytest.raises(build.SiteError, match=why): small(md_cell(text))
    assert {p.name for p in (tmp_path/'out').iterdir()} == {'old', build.MARK}
    assert not list(tmp_path.glob('.site-*'))

def test_only_an_earlier_site_or_an_empty_folder_is_replaced(small, tmp_path):
    (tmp_path/'out').mkdir()
    small()                                         # into an empty folder
    (tmp_path/'out/left_over.html').touch()
    small()                                         # over an earlier site
    assert not (tmp_path/'out/left_over.html').exists()
    (tmp_path/'out'/build.MARK).unlink()
    before = {p.name for p in (tmp_path/'out').iterdir()}
    with pytest.raises(build.SiteError, match='would be deleted'): small()
    assert {p.name for p in (tmp_path/'out').iterdir()} == before

@pytest.mark.parametrize('out, why', [(ROOT, 'holds the repository'), (ROOT.parent, 'holds the repository'),
    (ROOT/'nbs', 'would be deleted'), (ROOT/'README.md', 'the file')])
def test_the_repository_is_never_replaced(out, why):
    with pytest.raises(build.SiteError, match=why): build.check_out(out)

@pytest.mark.parametrize('name', ['server', 'sreve', 'preview', '', '--help-me'])
def test_a_word_alone_is_no_folder(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([name])==2 and 'expected serve or a path' in capsys.readouterr().err
    assert not any(tmp_path.iterdir())

def test_sidebar_and_folder_must_agree(tmp_path):
    (tmp_path/'index.ipynb').touch()
    (tmp_path/'01_a.ipynb').touch()
    assert build.check_notebooks(['index.ipynb', '01_a.ipynb'], tmp_path)
    for contents, why in [(['index.ipynb'], 'does not name: 01_a'), (['01_a.ipynb'], 'does not name index'),
            (['index.ipynb', '01_a.ipynb', 'b.ipynb'], 'not in .*: b'),
            (['index.ipynb', '01_a.ipynb', '01_a.ipynb'], 'same page')]:
        with pytest.raises(build.SiteError, match=why): build.check_notebooks(contents, tmp_path)
    with pytest.raises(ValueError, match='expected a notebook'): convert.sections([{'href': 'x'}])

# The course

def test_both_renderers_read_one_table_of_contents():
    title, contents = build.read_site(ROOT/'_quarto.yml')
    assert title and build.check_notebooks(contents, ROOT/'nbs')
    assert (ROOT/'nbs/_quarto.yml').read_bytes()==(ROOT/'_quarto.yml').read_bytes(), 'run `make readme`'

def test_quarto_asks_no_other_host():
    html = yaml.safe_load((ROOT/'_quarto.yml').read_text())['format']['html']
    assert html['html-math-method'] == 'mathml'
    for themes in html['theme'].values(): assert '$web-font-path: false' in (ROOT/'nbs'/themes[-1]).read_text()

def test_broken_links_are_found(tmp_path):
    links_here = '<a href="b.html#y">1</a><a href="#x">2</a><a href="https://h.org">3</a>'
    (tmp_path/'a.html').write_text(f'<p id="x"></p>{links_here}<img src="data:,">')
    (tmp_path/'b.html').write_text('<a href="a.html#x">1</a><a href="c.html">2</a><script src="//h.org/x.js"></script>')
    assert links.broken_links(tmp_path) == ['a.html: b.html#y', 'b.html: c.html', 'b.html: loads //h.org/x.js']
