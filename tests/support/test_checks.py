"`check`, `hint` and `solution`, as a learner calls them"
import re

import pytest

from sgd_course.checks import check, hint, solution
from sgd_course.practice.exercises import exercise_texts, exercises_of
from sgd_course.practice.words import plain_maths

NAMES = [e.name for chapter in exercise_texts() for e in exercises_of(chapter)]

@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path): monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))

def test_call_that_lacks_something_is_told_how_to_do_it():
    assert "`check('quadratic_loss.descent', descent)`" in repr(check('quadratic_loss.descent'))
    assert "Write `check('chapter.name', answer)`" in repr(check(lambda w: w)) and check(3, 4).kind=='open'

def shows_latex(said):
    "Does a terminal show something of LaTeX beside the code?"
    words = re.sub(r'(?ms)^```.*?^```|`[^`]*`', '', repr(said))
    return re.search(r'[\\${}]|(?<![A-Za-z0-9_])\w_\w(?![A-Za-z0-9])', words)

def test_roots_are_shown_in_plain_letters():
    assert plain_maths(r'$1/(2\sqrt s)$ or $\sqrt{2x}$')=='1/(2√s) or √(2x)'

def test_hint_and_solution_of_every_exercise():
    for name in NAMES:
        hints, code = [hint(name) for _ in range(4)], solution(name)
        assert [h.count('**Hint') for h in hints]==[1, 2, 3, 3]
        assert '# solution' not in code and '# starter' not in code and '```python' in code
        assert [said for said in (*hints, code) if shows_latex(said)]==[]
