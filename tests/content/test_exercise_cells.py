"The chapters hold the cells that are made from the files of exercises and questions"
import json

import pytest

from tools import exercise_cells
from sgd_course.practice.exercises import exercise_texts

@pytest.mark.parametrize('chapter', exercise_texts())
def test_chapter_holds_the_derived_cells(chapter):
    text = exercise_cells.notebook_of(chapter).read_text(encoding='utf-8')
    assert exercise_cells.updated(text, chapter)==text, 'run `python -m tools.exercise_cells`'

def test_changed_exercise_is_noticed():
    def text(cell): return ''.join(cell['source'])
    chapter = next(iter(exercise_texts()))
    nb = json.loads(exercise_cells.notebook_of(chapter).read_text(encoding='utf-8'))
    task = next(c for c in nb['cells'] if text(c).startswith('### ') and 'predict' in text(c))
    task['source'] = ['### Something else']
    fixed = json.loads(exercise_cells.updated(json.dumps(nb), chapter))
    assert task['source'] not in [c['source'] for c in fixed['cells']] and len(fixed['cells'])==len(nb['cells'])
