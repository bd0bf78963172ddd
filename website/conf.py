"Settings of Sphinx; the title of the site comes from _quarto.yml through build.py"
import re
from pathlib import Path

from docutils import nodes

from sgd_course.glossary import all_terms

author = copyright = ''
extensions = ['myst_nb', 'sphinx_copybutton', 'website.fonts', 'website.maths', 'website.search', 'website.tables']
html_math_renderer = 'mathml'
language = 'en'

# Notebooks: nothing is run, the outputs are the stored ones
nb_execution_mode = 'off'
nb_merge_streams = True
nb_code_prompt_show, nb_code_prompt_hide = 'Show the code', 'Hide the code'
nb_render_markdown_format = 'myst'
nb_ipywidgets_js = {}
myst_enable_extensions = ['amsmath', 'attrs_block', 'colon_fence', 'dollarmath']
myst_heading_anchors = 4
myst_update_mathjax = False
copybutton_selector = 'div.cell_input pre, div.highlight-python pre, div.highlight-bash pre, div.highlight-sh pre'

# Look
html_theme = 'furo'
html_static_path = [str(Path(__file__).parent/'static')]
templates_path = ['templates']
html_favicon = str(Path(__file__).parent/'static/favicon.svg')
html_css_files = ['course.css']
html_js_files = [('course.js', {'defer': 'defer'})]
html_show_sphinx = html_show_copyright = html_show_sourcelink = html_copy_source = html_use_index = False
html_permalinks_icon = '#'
html_last_updated_fmt = None
fonts = {
    'font-stack': '"Source Sans 3", "Like Source Sans", "Like Source Sans, too", system-ui, sans-serif',
    'font-stack--headings': '"Source Sans 3", "Like Source Sans", "Like Source Sans, too", system-ui, sans-serif',
    'font-stack--monospace': '"JetBrains Mono", ui-monospace, Menlo, Consolas, monospace',
}
light = {'color-brand-primary': '#00598c', 'color-brand-content': '#00598c', 'color-brand-visited': '#6b4a86'}
dark = {'color-brand-primary': '#6cb8e6', 'color-brand-content': '#6cb8e6', 'color-brand-visited': '#c3a6dd'}
html_theme_options = {
    'navigation_with_keys': True,
    'top_of_page_buttons': [],
    'footer_icons': [{'name': 'Text and figures: CC BY 4.0', 'html': 'Text and figures: CC BY 4.0', 'class': '',
        'url': 'https://creativecommons.org/licenses/by/4.0/'}],
    'light_css_variables': fonts | light,
    'dark_css_variables': dark,
}

def kind(name):
    "What Sphinx calls the thing of this name"
    if '.' in name: return 'method'
    return 'class' if name[0].isupper() else 'function'

def note_names(app, doctree):
    "Note every name above its code, so that it gets into the search and into objects.inv, which other sites link with"
    for line in doctree.findall(nodes.raw):
        module = re.search(r'<span class="module">([\w.]+)', line.astext())
        if not module: continue
        for anchor, name in re.findall(r'<span id="(api-[\w.]+)">([\w.]+)', line.astext()):
            app.env.get_domain('py').note_object(f'{module[1]}.{name}', kind(name), anchor)

MEANINGS = {f'glossary.html#{term.anchor}': term.means for term in all_terms()}

def say_meanings(app, doctree, page):
    "A link to the glossary says what the word means while the pointer is on it"
    for link in doctree.findall(nodes.reference):
        meaning = MEANINGS.get(link.get('refuri'))
        if meaning and page!='glossary': link.setdefault('reftitle', meaning)

# Names, brackets and blanks have the colour of the text around them
PLAIN = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')

LITERAL = re.compile(r'<code class="docutils literal notranslate">(.*?)</code>', re.S)

def lighten(app, page, template, context, doctree):
    "Leave out half of the elements of a page: they colour code, or keep words in it together, that need neither"
    if 'body' not in context: return
    body = PLAIN.sub(r'\1', context['body'])
    def without_spans(code): return f'<code class="literal">{re.sub("</?span[^>]*>", "", code[1])}</code>'
    context['body'] = LITERAL.sub(without_spans, body)

def drop_scripts(app, page, template, context, doctree):
    "Sphinx marks the words of a search in the page that one comes to; the search of this site does not use it"
    context['script_files'] = [o for o in context['script_files'] if 'sphinx_highlight' not in str(o.filename)]

def add_page_links(app, page, template, context, doctree):
    "What leads from a page to its source, once the repository has an address"
    context['page_links'] = context['links_of'].get(page, [])

def setup(app):
    app.connect('doctree-read', note_names)
    app.connect('doctree-resolved', say_meanings)
    for handler in (lighten, drop_scripts, add_page_links): app.connect('html-page-context', handler)
