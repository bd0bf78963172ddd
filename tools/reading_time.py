"""How long is a chapter? `python -m tools.reading_time` counts, and writes it into the opening of each chapter

    **Time:** 15 minutes for the text, 35 with its code, 5 for "Going deeper", 30 for the exercises; ...

A reader of 200 words a minute who spends 6 seconds on a line of code that the page shows; 3, 6 or 10 minutes for an
easy, medium or hard exercise. What follows "exercises" stays as it is. `--table` shows what was counted."""
import re, sys

from sgd_course.app.copies import only_imports
from sgd_course.practice.exercises import exercises_of
from tools import notebooks
from tools.numbers import NO_PROSE

WORDS_A_MINUTE, SECONDS_A_LINE = 200, 6
MINUTES = {'easy': 3, 'medium': 6, 'hard': 10}
PARTS = {'## Going deeper': 'deeper', '## Exercises': 'end', '## What you learned': 'end'}
NOT_SHOWN = re.compile(r'^#\| *(?:hide|export|default_exp.*|code-fold: true|echo: false) *$', re.M)
TIME = re.compile(r'(?<=\*\*Time:\*\* )[^;\n]*(?=;)')

def words(markdown):
    "How many words `markdown` has, without code, formulas and headings"
    return len(re.findall(r"[^\W\d_][\w'’-]*", NO_PROSE.sub(' ', markdown)))

def shown_lines(code):
    "How many lines of `code` the page shows, but for imports"
    if NOT_SHOWN.search(code) or only_imports(code): return 0
    return sum(bool(line.strip()) and not line.startswith('#|') for line in code.splitlines())

def sizes(nb):
    "Cells, words and lines of code of each part of the notebook `nb`: core, deeper, end"
    res, part = {o: {'cells': 0, 'words': 0, 'lines': 0} for o in ('core', 'deeper', 'end')}, 'core'
    for cell in nb['cells']:
        text = notebooks.text(cell)
        if cell['cell_type']=='markdown': part = PARTS.get(text.partition('\n')[0], part)
        res[part]['cells'] += 1
        if cell['cell_type']=='markdown': res[part]['words'] += words(text)
        else: res[part]['lines'] += shown_lines(text)
    return res

def minutes(size, code=True):
    "Whole minutes for a part of that `size`, with its `code` or without"
    return round(size['words']/WORDS_A_MINUTE + code*size['lines']*SECONDS_A_LINE/60)

def spoken(nb, chapter):
    "The times of the notebook `nb` of a `chapter`, in words"
    found = sizes(nb)
    times = [f'{minutes(found["core"], code=False)} minutes for the text', f'{minutes(found["core"])} with its code']
    if found['deeper']['words']: times.append(f'{minutes(found["deeper"])} for "Going deeper"')
    return ', '.join([*times, f'{sum(MINUTES[e.level] for e in exercises_of(chapter))} for the exercises'])

def timed(nb, chapter):
    "Put the times into the opening of the notebook `nb`"
    times = spoken(nb, chapter)
    for cell in nb['cells']: notebooks.set_text(cell, TIME.sub(lambda _: times, notebooks.text(cell)))
    return nb

def main(args):
    for stem in notebooks.titles():
        path = notebooks.NBS/f'{stem}.ipynb'
        nb = notebooks.read(path)
        if args==['--table']: print(stem, *(f'{part} {size}' for part, size in sizes(nb).items()))
        elif notebooks.write(path, timed(nb, stem[3:])): print(f'{path.name}: {spoken(nb, stem[3:])}')

if __name__ == '__main__': main(sys.argv[1:])
