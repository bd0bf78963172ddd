"""How `check` judges answers that its authors had not seen: those in tests/content/blind

Run `python -m tools.blind` for a table, with names of chapters for those alone, or with files and folders of answers in
the same format; `--all` also prints what is said to each wrong answer that is not named, `--read` what is said to
each wrong answer, with its code, so that it can be judged by a reader."""
import ast, re, sys
from collections import Counter
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

from sgd_course.app.classroom import handed_in
from sgd_course.practice.exercises import code_and_words, exercise_texts, find_exercise, split_headings
from sgd_course.practice.verdicts import examine
from tools.notebooks import NBS, ROOT, code_cells, read, text

FOLDER = ROOT/'tests'/'content'/'blind'
OUTCOMES = ('right passed', 'right rejected', 'wrong passed', 'wrong named', 'wrong shown', 'wrong misnamed', 'crash')

class Blind(NamedTuple):
    "An answer that nobody was prepared for"
    exercise:str   # 'chapter.name'
    right:bool
    told:str   # What is unusual about it, or the mistake
    says:str   # What a message that names the mistake contains, a regular expression
    code:str

def answers_in(file):
    "All answers of a file; a heading without a chapter belongs to the one that the file is named after"
    for exercise in split_headings(file.read_text(encoding='utf-8'), '## '):
        name = exercise.head if '.' in exercise.head else f'{file.stem}.{exercise.head}'
        for part in split_headings(exercise.text, '### '):
            kind, _, told = part.head.partition(': ')
            blocks, words = code_and_words(part.text)
            wanted = kind in ('Right', 'Wrong') and len(blocks)==1 and (kind=='Wrong')==words.startswith('Says: ')
            if not wanted:
                raise ValueError('expected Right, or Wrong with a line Says, and one block of code, '
                                 f'got {part.head!r} of {name} in {file.name}')
            yield Blind(name, kind=='Right', told, words.removeprefix('Says: '), blocks[0])

def files_of(arguments):
    "Files of answers: those named, those in the folders named, those of the chapters named; else all in tests"
    chapters = [a for a in arguments if a in exercise_texts()]
    paths = [Path(a) for a in arguments if a not in chapters] or [FOLDER]
    files = sorted(p for path in paths for p in ([path] if path.is_file() else path.rglob('*.md')))
    return [p for p in files if p.name!='README.md' and (not chapters or p.stem in chapters)]

@cache
def imported(chapter):
    "What a cell at the end of a chapter finds: its imports, those that are usual, and what its module exports"
    space = {}
    exec('import torch, math, numpy as np\nimport torch.nn.functional as F\nfrom torch import nn, tensor\n'
         f'from sgd_course.{chapter} import *', space)
    path, = NBS.glob(f'[0-9][0-9]_{chapter}.ipynb')
    cells = [text(cell) for cell in code_cells(read(path)) if '#| code-summary: Imports' in text(cell)]
    lines = [o for cell in cells for o in ast.parse(cell).body if isinstance(o, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(lines, []), path.name, 'exec'), space)
    return space

def judged(blind):
    "The outcome for a blind answer, and what is said to it"
    exercise = find_exercise(blind.exercise)
    names = imported(blind.exercise.split('.')[0])
    try: verdict = examine(exercise, handed_in(exercise, blind.code, **names), limit=60)
    except SyntaxError as e: return 'wrong shown', f'Python itself refuses line {e.lineno}: {e.msg}'
    except Exception as e: return 'crash', repr(e)
    said = ' '.join(verdict.sentences)
    if blind.right: return ('right passed' if verdict else 'right rejected'), said
    if verdict: return 'wrong passed', said
    if not verdict.named: return 'wrong shown', said
    fits = re.search(blind.says, said, re.I)
    return ('wrong named' if fits else 'wrong misnamed'), said

def row(name, counts):
    "A line of the table"
    wrong = sum(n for outcome, n in counts.items() if outcome.startswith('wrong'))
    share = f'{counts["wrong named"]/wrong:.1%}' if wrong else '-'
    return f'{name:<24}' + ''.join(f'{counts[o]:>16}' for o in OUTCOMES) + f'{share:>9}'

def shown(blind, outcome, said, options):
    "What is printed of one answer; '' if there is nothing to see"
    surprising = outcome not in ('right passed', 'wrong named', 'wrong shown')
    asked = '--read' in options and not blind.right or '--all' in options and outcome=='wrong shown'
    if not surprising and not asked: return ''
    code = indent(blind.code, 8*' ') + '\n' if '--read' in options else ''
    return f'    {outcome}: {blind.exercise}: {blind.told}\n{code}        {said}'

def main(*arguments):
    options = [a for a in arguments if a.startswith('--')]
    files = files_of([a for a in arguments if a not in options])
    print(f'{"":<24}' + ''.join(f'{o:>16}' for o in OUTCOMES) + f'{"named":>9}')
    total = Counter()
    for file in files:
        found = [(blind, *judged(blind)) for blind in answers_in(file)]
        counts = Counter(outcome for _, outcome, _ in found)
        total += counts
        name = file.stem if file.parent==FOLDER else f'{file.parent.name}/{file.stem}'
        print(row(name, counts), flush=True)
        for lines in filter(None, (shown(*o, options) for o in found)): print(lines)
    if len(files)>1: print(row('all', total))

if __name__=='__main__': main(*sys.argv[1:])
