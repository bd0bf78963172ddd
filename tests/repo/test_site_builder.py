"The site builder on small notebooks"
import json, re
from types import SimpleNamespace

import pytest
import yaml
from nbdev.config import get_config

from repository import ROOT
from website import build, convert, links
from website.__main__ import main
from website.convert import markdown, split_options

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

# Whole sites

def write(path, *cells):
    numbered = [c | {'id': f'c{i}'} for i, c in enumerate(cells)]
    path.write_text(json.dumps({'cells': numbered, 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}))

@pytest.fixture
def small(tmp_path):
    "A function that builds a site of two pages"
    nbs, quarto, out = tmp_path/'nbs', tmp_path/'_quarto.yml', tmp_path/'out'
    nbs.mkdir()
    sidebar = {'contents': ['index.ipynb', {'section': 'Part', 'contents': ['01_next.ipynb']}]}
    quarto.write_text(yaml.safe_dump({'website': {'title': 'Small', 'sidebar': sidebar}}))
    def run(*cells):
        write(nbs/'index.ipynb', md_cell('# Start\n> Here'), md_cell('[on](01_next.ipynb#more)'))
        write(nbs/'01_next.ipynb', md_cell('# Next\n> There'), md_cell('## More'), *cells)
        build.build(out, nbs, quarto)
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
    assert 'katex.min.js' in page and 'katex' not in start
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
    assert '>git+https://github.com/one/course<' in (out/'next.html').read_text()
    cfg.git_url = 'https://codeberg.org/one/course'
    assert colab_links(small())==[[], []], 'Colab opens notebooks from GitHub only'

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
