"Answers that nobody was prepared for: how many of them are judged rightly, and told what is wrong"
import os
from collections import Counter
from functools import cache

import pytest

from sgd_course.practice.exercises import exercise_texts, exercises_of
from tools.blind import FOLDER, answers_in, files_of, judged, main

OTHERS = 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh'
SETS = {'first': FOLDER} | {name: FOLDER/name for name in OTHERS}
LEAST = dict.fromkeys(SETS, 3) | {'first': 4, 'third': 2, 'sixth': 2}   # Wrong answers of an exercise
FILES = {(name, path.stem): path for name, folder in SETS.items() for path in sorted(folder.glob('*.md'))
         if path.stem in exercise_texts()}
BLIND = {key: list(answers_in(file)) for key, file in FILES.items()}

def test_blind_answers_belong_to_exercises():
    for key, answers in BLIND.items():
        known = {e.name for e in exercises_of(key[1])}
        wrong = Counter(b.exercise for b in answers if not b.right)
        right = Counter(b.exercise for b in answers if b.right)
        assert right.keys()<=wrong.keys()<=known and min(wrong.values())>=LEAST[key[0]], key
        assert len({(b.exercise, b.code) for b in answers})==len(answers), key

def test_sets_are_only_ever_extended():
    counts = Counter(key[0] for key in BLIND for b in BLIND[key] if not b.right)
    assert counts['first']>=403 and min(counts[name] for name in SETS)>=213, counts
    assert set(files_of([]))==set(FILES.values())
    assert {chapter for name, chapter in FILES if name==OTHERS[-1]}==exercise_texts().keys()

TRIED = ('first', OTHERS[-1]) if os.environ.get('CI') else tuple(SETS)   # CI has half an hour

@cache
def outcomes(key):
    "What becomes of each blind answer of a file: exercise, what it is, outcome, what is said"
    return [(b.exercise, b.told, *judged(b)) for b in BLIND[key]]

@pytest.mark.slow
@pytest.mark.parametrize('chapter', exercise_texts())
def test_nothing_is_judged_falsely(chapter):
    "Right answers pass, wrong ones do not, and none is told another mistake than its own"
    bad = 'right rejected', 'wrong passed', 'wrong misnamed', 'crash'
    keys = [key for key in BLIND if key[0] in TRIED and key[1]==chapter]
    assert keys and [o for key in keys for o in outcomes(key) if o[2] in bad]==[]

@pytest.mark.slow
@pytest.mark.parametrize('name', TRIED)
def test_nine_of_ten_mistakes_are_named(name):
    counts = Counter(o[2] for key in BLIND if key[0]==name for o in outcomes(key))
    wrong = sum(n for outcome, n in counts.items() if outcome.startswith('wrong'))
    assert counts['wrong named']/wrong>=0.88, counts

NEW = '''## quadratic_loss.three_walks
### Right: computed
```python
prediction = 2, 3*4
```
### Wrong: only one walk
Says: overw
```python
prediction = 2, 4
```
'''

def test_new_answers_are_judged_by_one_command(tmp_path, capsys):
    "A file of any name, or a folder of such files, whose headings name chapter and exercise"
    (tmp_path/'new.md').write_text(NEW, encoding='utf-8')
    for place in (tmp_path, tmp_path/'new.md'):
        main(str(place), '--read')
        said = capsys.readouterr().out
        assert '100.0%' in said and 'wrong named: quadratic_loss.three_walks: only one walk' in said
        assert 'prediction = 2, 4' in said and 'as if each call of `backward()` overwrote' in said

@pytest.mark.parametrize('old, new', [('Says: overw\n', ''), ('### Right', '### Good'), ('```python', '')])
def test_file_of_another_form_is_told(tmp_path, old, new):
    (tmp_path/'new.md').write_text(NEW.replace(old, new), encoding='utf-8')
    with pytest.raises(ValueError, match='in new.md'): list(answers_in(tmp_path/'new.md'))
