"Settings of Sphinx; the title of the site comes from _quarto.yml through build.py"
import re
from pathlib import Path

from docutils import nodes

author = copyright = ''
extensions = ['myst_nb', 'sphinx_copybutton']
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

# Maths: KaTeX from this site, on the pages that have maths
mathjax_path = 'katex/katex.min.js'
mathjax_options = {'defer': 'defer'}

# Look
html_theme = 'furo'
html_static_path = [str(Path(__file__).parent/'static')]
html_favicon = str(Path(__file__).parent/'static/favicon.svg')
html_css_files = ['course.css']
html_js_files = [('course.js', {'defer': 'defer'})]
html_show_sphinx = html_show_copyright = html_show_sourcelink = html_copy_source = html_use_index = False
html_permalinks_icon = '#'
html_last_updated_fmt = None
fonts = {
    'font-stack': '"Source Sans 3", system-ui, sans-serif',
    'font-stack--headings': '"Source Sans 3", system-ui, sans-serif',
    'font-stack--monospace': '"JetBrains Mono", ui-monospace, Menlo, Consolas, monospace',
}
light = {'color-brand-primary': '#00598c', 'color-brand-content': '#00598c', 'color-brand-visited': '#6b4a86'}
dark = {'color-brand-primary': '#6cb8e6', 'color-brand-content': '#6cb8e6', 'color-brand-visited': '#c3a6dd'}
html_theme_options = {
    'navigation_with_keys': True,
    'top_of_page_buttons': [],
    'light_css_variables': fonts | light,
    'dark_css_variables': dark,
}

def add_maths(app, pagename, templatename, context, doctree):
    "Load KaTeX's style and its renderer on pages with maths; Sphinx adds mathjax_path on the same condition"
    if not context.get('has_maths_elements'): return
    app.builder.add_css_file('katex/katex.min.css')
    app.builder.add_js_file('katex/auto-render.min.js', defer='defer')
    app.builder.add_js_file('maths.js', defer='defer')

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

def setup(app):
    app.connect('html-page-context', add_maths)
    app.connect('doctree-read', note_names)
