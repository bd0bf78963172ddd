"""Below a *Predict* box, what answers it is folded until the reader asks, in <details>, which need no script

What answers it: the paragraph below the box, if it stands in the same cell; the outputs of the code that follows, but
for figures to play with; and the paragraph behind that code. A heading ends it, and so does another box."""
import re
from collections import deque

from .convert import new_cell

BOX = re.compile(r'(?s)(?P<asked>.*?:::\{admonition\} Predict\n.*?\n:::)(?P<below>.*)')
NO_ANSWER = re.compile(r'#|:::|<')   # A heading, a note, or what folds itself

def folded(cells, label='Show the answer'):
    "The `cells` behind a line that unfolds them"
    first = cells[0]['id']
    summary = new_cell(f'{first}-open', f'<details class="answer">\n<summary>{label}</summary>')
    return [summary, *cells, new_cell(f'{first}-close', '</details>')]

def is_answer(text):
    "Does `text` begin with a paragraph that may be folded?"
    if not text or NO_ANSWER.match(text) or '<details' in text: return False
    box = BOX.match(text)
    return not box or '\n\n' in box['asked'].partition(':::{admonition}')[0].strip()   # It introduces the next question

def paragraph(text):
    "The first paragraph of `text`, with the formula or the table that belongs to it; and the rest"
    blocks, n = text.split('\n\n'), 1
    while n<len(blocks) and (blocks[n-1].endswith(':') or blocks[n].startswith(('$$', '|'))): n += 1
    return '\n\n'.join(blocks[:n]), '\n\n'.join(blocks[n:])

def cut(cells, cell_id, text):
    "The first paragraph of `text` as a cell; the rest of it goes in front of `cells`"
    first, rest = paragraph(text)
    if rest: cells.appendleft(new_cell(f'{cell_id}-rest', rest))
    return new_cell(f'{cell_id}-answer', first)

def without(cell, what, cell_id):
    "The code `cell` without its 'input' or 'output'"
    metadata = cell['metadata'] | {'tags': [*cell['metadata']['tags'], f'remove-{what}']}
    return cell | {'id': cell_id, 'metadata': metadata}

def is_code(cell):
    "Is this code, or the line above it that says where it lives?"
    return cell['cell_type']=='code' or cell['source'].startswith('<p class="exported">')

def take_code(cells):
    "Take the code in front of `cells`: what is shown at once, and what is folded"
    shown, hidden = [], []
    while cells and is_code(cells[0]):
        cell = cells.popleft()
        if cell.get('outputs') and 'sgd-figure' not in str(cell['outputs']):
            hidden.append(without(cell, 'input', f'{cell["id"]}-output'))
            cell = without(cell, 'output', cell['id'])
        shown.append(cell)
    return shown, hidden

def take_answer(cells, label='Show the answer'):
    "Take what follows a box from the front of `cells`; returns the cells to show for it"
    code, hidden = take_code(cells)
    if code and cells and is_answer(cells[0]['source']):
        cell = cells.popleft()
        hidden.append(cut(cells, cell['id'], cell['source']))
    return code + (folded(hidden, label) if hidden else [])

def below(cells, cell_id, text):
    "The cells to show for the `text` below a box in its cell, and for what follows in `cells`"
    if not text: return take_answer(cells)
    answer, rest = [], text
    if is_answer(text):
        first, rest = paragraph(text)
        answer = folded([new_cell(f'{cell_id}-answer', first)])
    if BOX.match(rest):
        cells.appendleft(new_cell(f'{cell_id}-rest', rest))
        return answer
    shown = answer + ([new_cell(f'{cell_id}-rest', rest)] if rest else [])
    return shown + take_answer(cells, 'Show what comes out') if answer else shown

def hide_answers(cells):
    "The converted `cells` of a page, with the answers of its *Predict* boxes folded"
    new, cells = [], deque(cells)
    while cells:
        cell = cells.popleft()
        box = BOX.match(cell['source']) if cell['cell_type']=='markdown' else None
        if box: new += [new_cell(cell['id'], box['asked']), *below(cells, cell['id'], box['below'].strip())]
        else: new.append(cell)
    return new
