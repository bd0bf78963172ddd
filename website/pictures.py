"Pictures whose writing has enough contrast on a light and on a dark page"

# A stored picture has one colour for both pages, which is enough for lines. On the site there are two for writing:
# what the plots are drawn with -> what is read on white, and on the dark page
WRITING = {'#7a7a7a': ('#666666', '#a3a3a3'), '#0072b2': ('#0072b2', '#3b9fdc'), '#d55e00': ('#b85000', '#d55e00'),
    '#009e73': ('#007d5b', '#009e73')}

def rules(side):
    "CSS for the colours of writing on the light (0) or on the dark (1) page"
    return ''.join(f'text[fill="{color}"]{{fill:{shades[side]}}}' for color, shades in WRITING.items())

STYLE = f'<style>{rules(0)}@media screen and (prefers-color-scheme:dark){{{rules(1)}}}</style>'

def in_two_themes(svg):
    "The SVG with a style for either page; course.css tells each picture on which one it stands"
    start = svg.find('>', svg.find('<svg')) + 1
    return svg[:start] + STYLE + svg[start:]
