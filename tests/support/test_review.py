"A review: what is asked, how it is marked and noted, in a terminal, in a notebook, and in Anki"
import json, os, re, sqlite3, subprocess, sys, zipfile
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from lab import wait_for
from repository import ROOT
from sgd_course import progress, review as module
from sgd_course.app import cli
from sgd_course.practice.exercises import Exercise, exercise_texts
from sgd_course.progress import ProgressError, load_progress, note_hint, note_solved
from sgd_course.questionnaire import load_questions
from sgd_course.review import cards_of, export_anki, review

CHAPTERS = [*exercise_texts()]

@pytest.fixture
def path(tmp_path, monkeypatch):
    "The file of progress of this test"
    monkeypatch.setenv('SGD_COURSE_HOME', str(tmp_path))
    return tmp_path/'progress.json'

def notes(path): return load_progress(path)[0]['review']

def right_answer(card):
    "What to type to be right"
    if isinstance(card, module.Choice): return ''.join(sorted(card.right))
    if isinstance(card, module.Number): return str(card.question['number'])
    scope = {}
    exec(card.exercise.solution, scope)
    return ', '.join(map(str, scope['prediction']))

class Learner:
    "Reads each question and types the right answer, or what `wrong` names"
    def __init__(self, monkeypatch, wrong=None):
        self.cards, self.wrong = [], wrong
        def kept(content, rng):
            self.cards.append(make_card(content, rng))
            return self.cards[-1]
        make_card = module.make_card
        monkeypatch.setattr(module, 'make_card', kept)

    def __call__(self, prompt):
        card = self.cards[-1]
        assert prompt==card.prompt
        return right_answer(card) if self.wrong is None else self.wrong

# Marking

@pytest.mark.parametrize('chapter', CHAPTERS)
def test_every_right_answer_is_marked_right(chapter, path):
    cards = [module.make_card(content, Random(1)) for content in cards_of(chapter).values()]
    assert len(cards)>=len(load_questions(chapter))
    assert [card.front for card in cards if card.mark(right_answer(card))[0] is not True]==[]
    assert [card.front for card in cards if card.mark(' ?')[0] is not None]==[], 'that is no answer'

def test_page_and_review_mark_alike(js):
    "The script of the page is JavaScript, and the review is Python"
    for question in load_questions('optimizers') + load_questions('sigmoid'):
        card = module.make_card(question, Random(0))
        if 'number' in question:
            typed = ['0', '1', '0,5', '2 000', '1e3', 'x', str(question['number'])]
            typed += [str(o['number']) for o in question['others']]
            said = [js('questionnaire', 'markNumber', question, text) for text in typed]
            assert [card.mark(text)[0] for text in typed]==[o['right'] for o in said]
            continue
        for letter, option in card.options.items():
            said = js('questionnaire', 'markChoice', question, [question['options'].index(option)])
            assert card.mark(letter)[0]==said['right']

# Spacing

def set_today(monkeypatch, day):
    class Today(date):
        @classmethod
        def today(cls): return day
    monkeypatch.setattr(module, 'date', Today)

def test_pauses_grow_until_an_answer_is_wrong(path, monkeypatch):
    "One card, answered whenever it is due: rightly for half a year, then once wrongly"
    start, asked = date(2026, 1, 1), []
    for k in range(200):
        set_today(monkeypatch, today := start + timedelta(k))
        note = notes(path).get('a.b') or module.new_note(today)
        if note['due']<=today.isoformat():
            module.note_answer('a.b', k!=152, path)
            asked.append(k)
    assert asked==[0, 3, 10, 26, 61, 151] and notes(path)['a.b']['asked']==6
    set_today(monkeypatch, start + timedelta(250))
    module.note_answer('a.b', False, path)
    assert notes(path)['a.b']=={'box': 0, 'due': '2026-09-09', 'asked': 7}

def test_what_was_wrong_comes_first(path, monkeypatch):
    monday, tuesday = date(2026, 11, 2), date(2026, 11, 3)
    names = [*cards_of('sigmoid')]
    set_today(monkeypatch, monday)
    for k, name in enumerate(names[:6]): module.note_answer(name, k!=4, path)
    set_today(monkeypatch, tuesday)
    learner = Learner(monkeypatch)
    said = review('sigmoid', most=1, path=path, read=learner)
    assert notes(path)[names[4]]=={'box': 1, 'due': '2026-11-06', 'asked': 2}
    assert said==f'1 of 1 right. Still waiting: {len(names) - 6}.'

def test_finished_chapters_are_reviewed_and_no_others(path, monkeypatch):
    assert review(path=path).startswith('No chapter is finished yet') and not path.exists()
    titles = [f'sigmoid.{name}' for name in module.exercise_titles(exercise_texts()['sigmoid'])]
    for name in titles[:(len(titles) + 1)//2]: note_solved(name, path)
    note_hint('backprop.shares', 3, path)
    said = review(path=path, most=1000, read=Learner(monkeypatch))
    n = len(cards_of('sigmoid'))
    assert said.startswith(f'{n} of {n} right. The next: {n} on ') and {*notes(path)}=={*cards_of('sigmoid')}
    assert review(path=path, read=None).startswith('Nothing is due today. The next: ')

def test_options_change_places_from_time_to_time(path, monkeypatch):
    orders = set()
    for k in range(5):
        set_today(monkeypatch, date(2026, 11, 2 + k))
        learner = Learner(monkeypatch, wrong='a')
        question = {'x.y': load_questions('quadratic_loss')[0]}
        module.ask_all(question, notes(path), path, lambda prompt: 'a')
        orders.add(learner.cards[0].front)
        monkeypatch.undo()
    assert len(orders)>1

# The file

WRITER = '''
import sys
from sgd_course.review import note_answer
who, path, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
print('ready', flush=True)
sys.stdin.readline()
for k in range(n):
    note_answer(f'{who}.{k}', True, path)
    note_answer('both.same', False, path)
'''

def test_two_reviews_at_once_lose_nothing(path):
    note_solved('sigmoid.pull', path)
    n = 15
    cmd = [sys.executable, '-c', WRITER]
    pipes = dict(cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    writers = [subprocess.Popen([*cmd, who, path, str(n)], **pipes) for who in 'ab']
    for w in writers: assert w.stdout.readline()=='ready\n'
    for w in writers:
        w.stdin.write('go\n')
        w.stdin.flush()
    assert [w.wait(timeout=300) for w in writers]==[0, 0]
    for w in writers: w.communicate()
    assert {f'{who}.{k}' for who in 'ab' for k in range(n)} <= notes(path).keys()
    assert notes(path)['both.same']['asked']==2*n, 'no answer was lost'
    assert load_progress(path)[0]['exercises']['sigmoid.pull']['solved']

def test_an_answer_in_two_windows_moves_a_card_once(path):
    for _ in range(3): module.note_answer('a.b', True, path)
    assert notes(path)['a.b']['box']==1

def test_what_was_answered_stays_when_the_learner_stops(path, monkeypatch):
    learner, left = Learner(monkeypatch), iter([True, True])
    said = review('backprop', path=path, read=lambda prompt: learner(prompt) if next(left, None) else '')
    assert said.startswith('2 of 2 right. ') and len(notes(path))==2

def test_a_disk_that_refuses_is_told(path, monkeypatch):
    learner = Learner(monkeypatch)
    def refuse(*args, **kwargs): raise OSError(28, 'No space left on device')
    monkeypatch.setattr(progress, 'write_whole', refuse)
    said = review('backprop', path=path, read=learner)
    assert said.startswith('1 of 1 right. ') and 'No space left on device' in said and len(learner.cards)==1

def test_a_damaged_file_is_set_aside_and_a_newer_one_left_alone(path, monkeypatch, capsys):
    path.write_text('{"format": 2, "exercises": {}, "review": {"a.b": {"box": "x"}}}')
    review('backprop', path=path, read=lambda prompt: '')
    assert 'was damaged' in capsys.readouterr().out and path.with_name('progress (damaged 1).json').exists()
    path.write_text('{"format": 3}')
    with pytest.raises(ProgressError, match='newer version'): review('backprop', path=path)
    assert path.read_text()=='{"format": 3}'

# The command

def command(*args, **kwargs): return CliRunner().invoke(cli.main, ['review', *map(str, args)], **kwargs)

def test_review_in_a_terminal(path, monkeypatch):
    "The learner answers both questions rightly, the first after a slip of the finger"
    monkeypatch.delattr('builtins.display', raising=False)   # IPython's, if another test has started a shell
    learner, slips = Learner(monkeypatch), iter(['?'])
    monkeypatch.setattr('builtins.input', lambda prompt: next(slips, None) or learner(prompt))
    res = command('mini_batches', '--most', 2)
    assert res.exit_code==0 and '1 of 2: ' in res.output and '2 of 2: ' in res.output
    assert 'Type ' in res.output and res.output.splitlines()[-1].startswith('2 of 2 right. ')
    assert max(map(len, res.output.splitlines()))<=110 and '**' not in res.output

def test_the_command_itself(path):
    "As a program, without a console, and with one line typed"
    cmd = [sys.executable, '-m', 'sgd_course', 'review', 'sigmoid', '--most', '1']
    for typed, said in (('', 'Nothing was answered.'), ('\n', 'Nothing was answered.')):
        res = subprocess.run(cmd, cwd=ROOT, env=os.environ | {'PYTHONUTF8': '1'}, input=typed, capture_output=True,
            encoding='utf-8', timeout=300)
        assert res.returncode==0 and said in res.stdout and not res.stderr

@pytest.mark.parametrize('args, said', [(['cooking'], 'Expected one of the chapters'), (['--most', '0'], '--most'),
    (['--anki', ''], 'the name is empty'), (['sigmoid', '--anki', 'x.csv'], 'ends in .apkg'),
    (['--anki', 'x.apkg'], 'No chapter is finished yet')])
def test_what_cannot_be_done_is_one_sentence(args, said, path):
    res = command(*args)
    assert res.exit_code in (1, 2) and said in res.output.splitlines()[-1] and 'Traceback' not in res.output

# Anki

def collection(file, folder):
    "What a file for Anki holds: guid and fields of each note, and the names of the decks"
    with zipfile.ZipFile(file) as z: z.extract('collection.anki2', folder)
    with sqlite3.connect(folder/'collection.anki2') as db:
        found = dict(db.execute('select guid, flds from notes'))
        [[decks]] = db.execute('select decks from col')
    db.close()
    return found, {o['name'] for o in json.loads(decks).values()}

def test_cards_for_anki(path, tmp_path):
    pytest.importorskip('genanki')
    n = export_anki(tmp_path/'a.apkg', *CHAPTERS, path=path)
    assert n==sum(len(cards_of(chapter)) for chapter in CHAPTERS)
    found, decks = collection(tmp_path/'a.apkg', tmp_path)
    assert len(found)==n and {'SGD from scratch::01 Quadratic loss'} <= decks and len(decks)>=len(CHAPTERS)
    assert all(front and back for front, back in (fields.split('\x1f') for fields in found.values()))
    assert command('sigmoid', '--anki', tmp_path/'b.apkg').output.endswith(f'{len(cards_of("sigmoid"))} cards\n')
    again, _ = collection(tmp_path/'b.apkg', tmp_path)
    assert again.items() <= found.items(), 'a card has one name, whichever file it is in'
    res = command('sigmoid', '--anki', tmp_path/'b.apkg')
    assert res.exit_code==1 and 'exists already' in res.output

# JupyterLab

@pytest.mark.long
def test_review_in_jupyterlab(lab, browser):
    "A field below the cell asks; the keyboard alone will do"
    from playwright.sync_api import expect
    name = 'try_review.ipynb'
    source = "from sgd_course.review import review\nreview('quadratic_loss', most=2)"
    cell = {'cell_type': 'code', 'id': 'ask', 'metadata': {}, 'execution_count': None, 'outputs': [], 'source': source}
    kernel = {'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'}}
    text = json.dumps({'cells': [cell], 'metadata': kernel, 'nbformat': 4, 'nbformat_minor': 5})
    Path(lab.folder, name).write_text(text, encoding='utf-8')
    page = browser.new_page()
    page.set_default_timeout(120_000)
    try:
        page.goto(f'http://127.0.0.1:{lab.port}/lab/workspaces/review/tree/{name}?token={lab.token}')
        wait_for(lambda: lab.sessions(name), 'kernel')
        page.get_by_text('Python 3 (ipykernel) | Idle').or_(page.locator('[title*="Idle"]')).first.wait_for()
        page.locator('.jp-CodeCell .cm-content').first.click()
        page.keyboard.press('Shift+Enter')
        for k in (1, 2):
            field = page.locator('input.jp-Stdin-input')
            page.locator('.jp-OutputArea').get_by_text(f'{k} of 2: ').first.wait_for()
            expect(field).to_have_count(1)   # That of the question before has gone
            prompt = page.locator('.jp-Stdin-prompt').last.inner_text()
            many = re.match(r'(\d) answers', prompt)
            answer = ', '.join(['1']*int(many[1])) if many else 'a' if 'etter' in prompt else '1'
            page.keyboard.type(answer)   # The field has the focus
            page.keyboard.press('Enter')
        page.get_by_text(re.compile(r'[012] of 2 right\.')).first.wait_for()
        assert page.locator('.jp-RenderedHTMLCommon').filter(has_text='2 of 2: ').count()>=1
    finally:
        page.close()
        for session in lab.sessions(name): lab.ask(f"sessions/{session['id']}", 'DELETE')
