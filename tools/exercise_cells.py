"""Make the sections Exercises and Questions of the chapters

From the files in sgd_course/content/exercises and sgd_course/content/questions:

    python -m tools.exercise_cells            writes them into the notebooks
    python -m tools.exercise_cells --check    changes nothing, and ends with 1 if a notebook is out of date
"""
import json, re, sys

from sgd_course.app.classroom import exercise_cells, new_cell
from sgd_course.files import write_whole
from sgd_course.practice.exercises import exercise_texts, exercises_of
from tools.notebooks import NBS, dumps, text as source

EXERCISES = """## Exercises

Fill in a cell and run it. `check` says whether the answer is right, and if it is not, why. \
`hint('...')` with the name of the exercise gives up to three hints, one more at each call. \
They are folded below each exercise too, and so is the solution. \
What you have solved is kept on your machine: see [your progress](progress.ipynb)."""

QUESTIONS = """## Questions

Answer first, then press Check: you get the reason for what you chose. The first try counts. \
Nothing is sent or stored. [Review](review.ipynb) asks the same questions again, later."""

IMPORTS = """from sgd_course.checks import check, hint, solution
from sgd_course.questionnaire import questionnaire"""

def notebook_of(chapter, folder=NBS):
    "The notebook of a chapter: the one whose name is the chapter's behind its number"
    return next(p for p in folder.glob('[0-9][0-9]_*.ipynb') if p.stem[3:]==chapter)

def section_exercises(chapter):
    "All cells of the section Exercises"
    cells = [('markdown', EXERCISES), ('code', IMPORTS)]
    for exercise in exercises_of(chapter): cells += exercise_cells(exercise)
    return cells

def section_questions(chapter):
    "All cells of the section Questions"
    return [('markdown', QUESTIONS), ('code', f'#| echo: false\nquestionnaire({chapter!r})')]

def unlinked(cell):
    "The source without the links that glossary_links.py has put in"
    return re.sub(r'\[([^\[\]]+)\]\(glossary\.ipynb#[\w-]+\)', r'\1', source(cell))

def replaced(cells, section):
    "`cells` with `section` in place of the one with its heading; cells that stay keep their outputs and ids"
    heading = section[0][1].splitlines()[0]
    starts = [i for i, c in enumerate(cells) if c['cell_type']=='markdown' and source(c).startswith('## ')]
    start = next((i for i in starts if source(cells[i]).splitlines()[0]==heading), None)
    if start is None: raise SystemExit(f'expected a cell that begins with {heading!r}')
    end = next((i for i in starts if i>start), len(cells))
    old = {(c['cell_type'], unlinked(c)): c for c in cells[start:end]}
    return cells[:start] + [old.get(o) or new_cell(*o) for o in section] + cells[end:]

def updated(text, chapter):
    "The text of a chapter's notebook with both sections up to date"
    nb = json.loads(text)
    for section in (section_exercises(chapter), section_questions(chapter)):
        nb['cells'] = replaced(nb['cells'], section)
    return dumps(nb)

def main(check=False):
    "Bring all chapters up to date, or only say which are not"
    stale = []
    for chapter in exercise_texts():
        path = notebook_of(chapter)
        old = path.read_text(encoding='utf-8')
        if (new := updated(old, chapter))==old: continue
        stale.append(path.name)
        if not check: write_whole(path, new.encode())
    if stale: print(f'{"out of date" if check else "written"}: {", ".join(stale)}')
    return bool(check and stale)

if __name__ == '__main__': sys.exit(main(check='--check' in sys.argv[1:]))
