"What a class gets: chapters, solutions, own exercises, and a correction in the middle of the term"
import json
from contextlib import chdir

import pytest
from click.testing import CliRunner

from repository import ROOT
from sgd_course.app.classroom import make_class
from sgd_course.app.cli import main
from sgd_course.app.lab import course_files
from sgd_course.checks import check
from sgd_course.practice.exercises import exercise_texts
from tools import notebooks

OWN = '''# 21 Term 1

## twice: Twice as much
*easy, write*

Return twice the number.

### Solution
```python
def twice(x):
    "Twice the number `x`"
    # solution
    return 2*x
```
Two times.

### Also right
```python
def twice(x): return x + x
```

### Hints
- What is two times three?
- Multiply.
- `return 2*x`

### Check
```python
twice(3) # twice 3
twice(-1) # twice -1
```

### Wrong
That is the square.
```python
def twice(x): return x**2
```
'''

@pytest.fixture
def own(tmp_path):
    (tmp_path/'mine').mkdir()
    (tmp_path/'mine/term_1.md').write_text(OWN)
    return tmp_path/'mine'

def call(*args): return CliRunner().invoke(main, [str(a) for a in args])

def text_of(folder):
    found = [notebooks.text(c) for p in folder.rglob('*.ipynb') for c in notebooks.read(p)['cells']]
    return '\n'.join(found)

def chapters_in(folder): return [p.name for p in sorted(folder.glob('[0-9]*.ipynb'))]

def test_chapters_of_ones_choice(tmp_path):
    res = call('class', tmp_path/'class', '--chapter', 'sigmoid', '--chapter', 'learning_rate')
    assert res.exit_code==0 and 'Copied' in res.output
    assert chapters_in(tmp_path/'class')==['02_learning_rate.ipynb', '04_sigmoid.ipynb']
    assert (tmp_path/'class/index.ipynb').exists() and (tmp_path/'class/images/seven_steps.svg').exists()
    assert '01_quadratic_loss.ipynb)' not in text_of(tmp_path/'class')

@pytest.mark.parametrize('flags, there', [([], False), (['--solutions'], True)])
def test_solutions_of_all_chapters(flags, there, tmp_path):
    assert call('class', tmp_path/'class', *flags).exit_code==0
    text = text_of(tmp_path/'class')
    assert ('<summary>Solution</summary>' in text)==there and '<summary>Hint 1</summary>' in text
    assert text.count('check(')>=text_of(ROOT/'nbs').count('check(')
    texts = [notebooks.text(c) for c in notebooks.read(tmp_path/'class/01_quadratic_loss.ipynb')['cells']]
    section = next(text for text in texts if text.startswith('## Exercises'))
    assert ('solution' in section)==there

def test_own_exercises_are_handed_out_and_checked(own, tmp_path):
    res = call('class', tmp_path/'class', '--chapter', 'sigmoid', '--exercises', own)
    assert res.exit_code==0, res.output
    nb = notebooks.read(tmp_path/'class/own_term_1.ipynb')
    assert any("check('term_1.twice', twice)" in notebooks.text(c) for c in nb['cells'])
    assert 'return 2*x\n```' not in text_of(tmp_path/'class')
    with chdir(tmp_path/'class'):
        assert check('term_1.twice', lambda x: 2*x)
        assert 'That is the square.' in repr(check('term_1.twice', lambda x: x**2))
        assert list(exercise_texts())[-1]=='term_1'
    assert 'There is no exercise' in repr(check('term_1.twice', lambda x: 2*x))

BROKEN = [('return x + x', 'return x', 'number 1 is called wrong'), ('return x**2', 'return x + x', 'is called right'),
    ('# 21 Term', '# Term', 'a first line'), ('### Check', '### Checks', 'Check'),
    ('return 2*x\n', 'return y\n', 'NameError')]

@pytest.mark.parametrize('old, new, said', BROKEN)
def test_a_broken_exercise_is_not_handed_out(old, new, said, own, tmp_path):
    assert old in OWN
    (own/'term_1.md').write_text(OWN.replace(old, new))
    res = call('class', tmp_path/'class', '--exercises', own)
    assert res.exit_code==1 and said in res.output and not (tmp_path/'class').exists()

@pytest.mark.parametrize('name', ['sigmoid.md', 'term 1.md'])
def test_own_names_are_ones_own(name, own, tmp_path):
    (own/'term_1.md').rename(own/name)
    res = call('class', tmp_path/'class', '--exercises', own)
    assert res.exit_code==1 and name in res.output and not (tmp_path/'class').exists()

def test_a_folder_for_each_student(tmp_path):
    (tmp_path/'names.txt').write_text('anna\nBen Müller\n\n')
    res = call('class', tmp_path/'home', '--chapter', 'sigmoid', '--students', tmp_path/'names.txt')
    assert res.exit_code==0, res.output
    assert {p.name for p in (tmp_path/'home').iterdir()}=={'anna', 'Ben Müller'}
    assert [chapters_in(p) for p in (tmp_path/'home').iterdir()]==[['04_sigmoid.ipynb']]*2

def test_what_was_written_in_the_copies_is_kept(tmp_path, monkeypatch):
    "A correction arrives by the same command"
    source, target = tmp_path/'course', tmp_path/'class'
    for name in course_files(ROOT/'nbs'):
        if 'making' in name or name[0]=='0' and '01' not in name: continue
        (source/name).parent.mkdir(parents=True, exist_ok=True)
        (source/name).write_bytes((ROOT/'nbs'/name).read_bytes())
    monkeypatch.setattr('sgd_course.app.classroom.course_notebooks', lambda: source)
    make_class(target)
    path = target/'01_quadratic_loss.ipynb'
    nb = notebooks.read(path)
    nb['cells'].append({'cell_type': 'markdown', 'id': 'mine', 'metadata': {}, 'source': ['my thought']})
    path.write_text(json.dumps(nb))
    old = '## On a foggy hillside'
    chapter = source/'01_quadratic_loss.ipynb'
    chapter.write_text(chapter.read_text().replace(old, f'{old}, corrected'))
    done = make_class(target)
    assert done[str(target)]['merged']==['01_quadratic_loss.ipynb']
    assert 'my thought' in text_of(target) and f'{old}, corrected' in text_of(target)

def test_lab_takes_the_chapters_that_were_handed_out(own, tmp_path, monkeypatch):
    monkeypatch.setenv('JUPYTER_DATA_DIR', str(tmp_path/'jupyter'))
    monkeypatch.setattr('sgd_course.app.cli.run_lab', lambda cmd: 0)
    make_class(tmp_path/'class', ['sigmoid'], own=own)
    res = call('lab', tmp_path/'student', '--course', tmp_path/'class', '--no-browser')
    assert res.exit_code==0, res.output
    assert chapters_in(tmp_path/'student')==['04_sigmoid.ipynb']
    assert (tmp_path/'student/own_exercises/term_1.md').exists()
    pair = [(tmp_path/o/'04_sigmoid.ipynb').read_bytes() for o in ('class', 'student')]
    assert pair[0]==pair[1], 'A copy of a copy is the copy'
    res = call('lab', tmp_path/'other', '--course', own, '--no-browser')
    assert res.exit_code==1 and 'sgd-course class' in res.output and not (tmp_path/'other').exists()
