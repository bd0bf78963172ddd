"README.md and the first page say the same, and point only to what exists"
import json, re, tomllib

import pytest

from repository import ROOT
from tools import readme as make_readme

INDEX = json.loads((ROOT/'nbs/index.ipynb').read_text(encoding='utf-8'))
README = (ROOT/'README.md').read_text(encoding='utf-8')

def test_readme_is_made_from_the_first_page():
    assert README == make_readme.readme(INDEX, make_readme.repository()), 'run `make readme`'

def test_links_are_whole_once_there_is_an_address():
    "Those to other hosts and within the page stay; a package index has no other files"
    text = '![a](images/a.svg), [`b`](CONTRIBUTING.md#c), [d](https://example.org), [e](#e)'
    cell, home = dict(cell_type='markdown', source=[text]), 'https://example.org/me/course'
    whole = make_readme.readme(dict(cells=[cell]), home).splitlines()[-1]
    assert whole==(f'![a]({home}/raw/main/nbs/images/a.svg), [`b`]({home}/blob/main/CONTRIBUTING.md#c), '
        '[d](https://example.org), [e](#e)')
    links = re.findall(r'\]\((.*?)\)', make_readme.readme(INDEX, home))
    assert len(links)>5 and [o for o in links if not o.startswith(('https:', '#'))]==[]

def test_hidden_cells_and_pictures_stay_out():
    hidden = dict(cell_type='code', source=['#| hide\n', 'secret = 1'], outputs=[])
    picture = dict(data={'image/svg+xml': '<svg/>', 'text/plain': 'figure'})
    drawn = dict(cell_type='code', source=['draw()'], outputs=[picture])
    shown = dict(cell_type='code', source=['1 + 1'], outputs=[dict(data={'text/plain': ['2']})])
    text = make_readme.readme(dict(cells=[hidden, drawn, shown]))
    assert 'secret' not in text and 'draw' not in text
    assert '```python\n1 + 1\n```\n\n```\n2\n```' in text

def test_interactive_figures_stay_out_with_their_introduction():
    text = dict(cell_type='markdown', source=['Draw a digit.'])
    load = dict(cell_type='code', source=['from figures import draw'], outputs=[])
    figure = dict(cell_type='code', source=['draw()'], outputs=[dict(data={'text/html': '<script></script>'})])
    after = dict(cell_type='markdown', source=['## Next'])
    assert make_readme.readme(dict(cells=[text, load, figure, after])).endswith('-->\n\n## Next\n')

def test_description_opens_the_first_page():
    description = tomllib.loads((ROOT/'pyproject.toml').read_text())['project']['description']
    assert ''.join(INDEX['cells'][0]['source']).splitlines()[1] == f'> {description}'

def test_site_title_is_the_title_of_the_first_page():
    title = ''.join(INDEX['cells'][0]['source']).splitlines()[0].removeprefix('# ')
    assert f'title: "{title}"' in (ROOT/'_quarto.yml').read_text()

@pytest.mark.parametrize('page', ['README.md', 'CONTRIBUTING.md'])
def test_links_point_to_files_that_exist(page):
    text = (ROOT/page).read_text(encoding='utf-8')
    if page=='README.md': text = make_readme.readme(INDEX)   # As if the repository had no address
    links = re.findall(r'\]\((?!https?:)([^)#\s]+)', text)
    assert links
    assert [l for l in links if not (ROOT/l).exists()] == []
