"""The fonts as style sheets that hold them: a page is drawn once, in its own fonts, and no line moves later

A font in a file of its own comes when the text has been drawn in another one. templates/page.html has these read
before there is any text. Where scripts are off, text is first drawn in fonts of the device, made as wide as ours."""
from base64 import b64encode
from pathlib import Path

FONTS = Path(__file__).parent/'fonts'
TEXT = [('Source Sans 3', 'source-sans-3-latin-wght-normal', 'font-weight: 200 900'),
    ('Source Sans 3', 'source-sans-3-latin-wght-italic', 'font-weight: 200 900; font-style: italic'),
    ('JetBrains Mono', 'jetbrains-mono-subset', 'font-weight: 100 800')]
LIKE = '''
@font-face { font-family: "Like Source Sans"; src: local("Arial"), local("Liberation Sans"), local("Helvetica");
    size-adjust: 93.4%; ascent-override: 109.6%; descent-override: 42.8% }
@font-face { font-family: "Like Source Sans, too"; src: local("DejaVu Sans");
    size-adjust: 81.5%; ascent-override: 125.6%; descent-override: 49.1% }
'''   # Mean width, height and depth of Source Sans, divided by those of the other
MATHS = [('STIX Two Math', 'stix-two-math-subset', 'font-weight: 400')]

def face(family, name, more):
    "The rule for one font"
    data = b64encode((FONTS/f'{name}.woff2').read_bytes()).decode()
    src = f'url(data:font/woff2;base64,{data}) format("woff2")'
    return f'@font-face {{ font-family: "{family}"; {more}; src: {src} }}\n'

def write(app):
    "Write the style sheets among those of the site; that of the formulas is for pages that have some"
    folder = app.outdir/'_static'
    folder.mkdir(parents=True, exist_ok=True)
    for name, faces in (('text', TEXT), ('maths', MATHS)):
        css = ''.join(face(*o) for o in faces) + (LIKE if name=='text' else '')
        (folder/f'fonts-{name}.css').write_text(css, encoding='utf-8')
    app.add_css_file('fonts-text.css')

def add_maths(app, pagename, templatename, context, doctree):
    if context.get('has_maths_elements'): app.builder.add_css_file('fonts-maths.css')

def setup(app):
    app.connect('builder-inited', write)
    app.connect('html-page-context', add_maths)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
