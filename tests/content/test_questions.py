"The questions: their data, and the forms in a real browser, used by mouse, keyboard and screen reader"
import re

import pytest

from repository import HELPERS, PACKAGE
from sgd_course.practice.exercises import exercise_texts
from sgd_course.practice.sandbox import namespace
from sgd_course.questionnaire import Questionnaire, load_questions, questionnaire

CHAPTERS = [p.stem for p in sorted((PACKAGE/'content'/'questions').glob('*.toml'))]
AXE = HELPERS/'vendor/axe.min.js'

# Data

def texts(question):
    yield from (question[k] for k in ('ask', 'why', 'otherwise') if k in question)
    for o in question.get('options', []): yield from (o['text'], o['why'])
    for o in question.get('others', []): yield o['why']

def test_every_chapter_with_exercises_has_questions(): assert set(CHAPTERS)==set(exercise_texts())

def faults(question):
    "What is wrong with a question; `load_questions` has looked for the rest"
    q, reasons = question, [o['why'] for o in question.get('options', question.get('others'))]
    if len(set(reasons))<len(reasons): yield 'each option needs a reason of its own'
    for o in q.get('others', []):
        if abs(o['number'] - q['number'])<=2*q['tolerance']: yield f'{o["number"]} is as good as right'
    for text in texts(q):
        if text!=text.strip() or len(text)>=300: yield f'too long, or with blanks around: {text}'
        if re.search(r'\\|[{}]', text): yield f'only simple formulas are shown: {text}'

@pytest.mark.parametrize('chapter', CHAPTERS)
def test_questions(chapter):
    questions = load_questions(chapter)
    assert 8 <= len(questions) <= 12
    assert any('number' in q for q in questions) and sum('options' in q for q in questions)>=6
    assert [(q['ask'], fault) for q in questions for fault in faults(q)]==[]
    places = [i for q in questions for i, o in enumerate(q.get('options', [])) if o.get('right')]
    assert max(places.count(i) for i in places) < 0.7*len(places), 'right options stand in different places'

@pytest.mark.parametrize('chapter', CHAPTERS)
def test_numbers_are_true(chapter):
    for q in (q for q in load_questions(chapter) if 'number' in q):
        *before, last = q['proof'].split('; ')
        value = float(eval(last, namespace('\n'.join(before))))
        assert value==pytest.approx(q['number'], abs=max(q['tolerance'], 1e-6)), q['ask']

# Browser

QUESTIONS = [
    dict(ask='Which one?', options=[
        dict(text='the `first`', why='No, the second.'),
        dict(text='the second', right=True, why='Yes, this one.')]),
    dict(ask='Which two?', code='x = 1 < 2', options=[
        dict(text='a', right=True, why='a is in.'),
        dict(text='b', why='b is out.'),
        dict(text='c', right=True, why='c is in.')]),
    dict(ask='How many?', number=0.5, tolerance=0.01, unit='metres', why='Half of one.',
        others=[dict(number=2, why='The other way round.')], otherwise='Halve it.')]

def open_page(page, tmp_path, html):
    (tmp_path/'q.html').write_text(f'<!doctype html><html lang="en"><title>q</title>{html}</html>', encoding='utf-8')
    page.goto((tmp_path/'q.html').as_uri())

@pytest.fixture
def form(page, tmp_path):
    "A page with the three questions, twice the same, as a notebook run twice would have them"
    html = Questionnaire(QUESTIONS, 'Three "questions"')._repr_html_()
    open_page(page, tmp_path, f'<style>* {{ color: inherit }}</style><main><h1>q</h1>{html}{html}</main>')
    return page.locator('.sgd-questions').first

def press(form, n): form.get_by_role('button', name=f'Check answer {n}', exact=True).click()

def field(form, n): return form.get_by_role('group', name=re.compile(f'^{n}\\.'))

def test_wrong_choice_gets_its_reason_and_another_try(form):
    press(form, 1)
    assert 'Choose an answer first.' in field(form, 1).inner_text()
    form.get_by_role('radio', name='the first').check()
    press(form, 1)
    said = field(form, 1).inner_text()
    assert 'Not right.' in said and 'No, the second.' in said and 'Yes, this one.' not in said
    form.get_by_role('radio', name='the second', exact=True).check()
    press(form, 1)
    said = field(form, 1).inner_text()
    assert 'Right.' in said and 'Yes, this one.' in said and 'No, the second.' in said
    assert '1 of 3 right' in form.locator('.all').inner_text()

def test_several_right_ones(form):
    said = field(form, 2).inner_text()
    assert 'choose all that apply' in said and 'x = 1 < 2' in said
    form.get_by_role('checkbox', name='a', exact=True).check()
    press(form, 2)
    assert '1 more is to be found' in field(form, 2).inner_text()
    form.locator('input[value="1"][type=checkbox]').check()
    press(form, 2)
    said = field(form, 2).inner_text()
    assert 'Not all that you chose is right.' in said and 'b is out.' in said
    form.locator('input[value="1"][type=checkbox]').uncheck()
    form.locator('input[value="2"][type=checkbox]').check()
    press(form, 2)
    assert 'Right.' in field(form, 2).inner_text()

def test_number_that_is_typed_gets_its_reason(form):
    answers = {'0.5': 'Right. Half of one.', '2': 'Not right. The other way round.', 'half': 'Type a number'}
    for typed, said in answers.items():
        form.get_by_role('textbox', name='Answer in metres').fill(typed)
        press(form, 3)
        assert said in field(form, 3).inner_text()

def test_numbers_are_marked(js):
    "What each text that is typed as an answer to question 3 gets"
    right, reversed_, wrong = 'Right. Half of one.', 'Not right. The other way round.', 'Not right. Halve it.'
    advice = 'Type a number, such as 0.5 or -3.'
    said = {'0.5': right, '.505': right, ' 0,5 ': right, '5e-1': right, '2': reversed_, '0.52': wrong, '−0.5': wrong,
        'half': advice, '': advice, '0.5x': advice, '1.2.3': advice}
    marks = {typed: js('questionnaire', 'markNumber', QUESTIONS[2], typed) for typed in said}
    assert {typed: f'{m["text"]} {m.get("why", "")}'.strip() for typed, m in marks.items()}==said

def test_thousands_and_decimal_commas(js):
    numbers = {'2,000': 2000, '2 000': 2000, '2000': 2000, '+2,000.0': 2000, '10 000': 10000, '10,000': 10000,
        '10\u202f000': 10000, '1,000': 1000, '1,234,567.5': 1234567.5, '1 000 000': 1000000, '-0,025': -0.025,
        '−0,025': -0.025, '2,0': 2, '2,00': 2}
    assert {typed: js('questionnaire', 'toNumber', typed) for typed in numbers}==numbers

def test_choices_are_marked(js):
    "What each choice of answers to a question gets"
    marks = {(0, ()): 'Choose an answer first.', (0, (1,)): 'Right.', (0, (0,)): 'Not right. Read why, and try again.',
        (1, (1,)): 'Not right. Read why, and try again.', (1, (0, 2)): 'Right.',
        (1, (0,)): 'Right so far, but 1 more is to be found.', (1, (0, 1)): 'Not all that you chose is right.'}
    said = {(n, chosen): js('questionnaire', 'markChoice', QUESTIONS[n], [*chosen]) for n, chosen in marks}
    assert said=={key: {'right': text=='Right.', 'text': text} for key, text in marks.items()}


def test_keyboard_alone(form, page):
    seen = []
    page.on('framenavigated', lambda f: seen.append(f))
    page.evaluate('addEventListener("keydown", e => { window.leaked = (window.leaked || "") + e.key })')
    page.keyboard.press('Tab')
    page.keyboard.press('Space')        # The first radio button of the first question
    page.keyboard.press('ArrowDown')    # The second
    page.keyboard.press('Enter')
    assert 'Yes, this one.' in field(form, 1).inner_text()
    for _ in range(2): page.keyboard.press('Tab')   # Past the button and into question 2, whose code can be reached too
    page.keyboard.press('Tab')
    page.keyboard.press('Space')
    assert form.locator('input[type=checkbox]').first.is_checked()
    assert seen==[] and page.evaluate('window.leaked') in (None, 'Tab'), 'keys do not reach the page'

def test_screen_reader(form):
    "Each question is a group with a name, what is said is announced, and so are the reasons of what was chosen"
    form.get_by_role('radio', name='the first').check()
    press(form, 1)
    status = field(form, 1).get_by_role('status')
    assert 'Not right.' in status.text_content() and 'No, the second.' in status.text_content()
    assert form.get_attribute('aria-label')=='Three "questions"' and form.locator('.total[aria-live=polite]').count()==1

def test_two_copies_do_not_disturb_each_other(form, page):
    form.get_by_role('radio', name='the second', exact=True).check()
    press(form, 1)
    other = page.locator('.sgd-questions').nth(1)
    assert '0 of 3 right' in other.locator('.all').inner_text() and other.locator('input:checked').count()==0

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_accessible(form, page, scheme):
    page.emulate_media(color_scheme=scheme)
    ground, ink = ('#131416', '#cfd0d0') if scheme=='dark' else ('#fff', '#1b1d1f')
    page.add_style_tag(content=f'body {{ background: {ground}; color: {ink} }}')
    form.get_by_role('radio', name='the first').check()
    for n in (1, 2, 3): press(form, n)
    page.add_script_tag(path=AXE)
    found = page.evaluate('axe.run(document, {resultTypes: ["violations"]})')['violations']
    assert [(v['id'], [n['html'] for n in v['nodes']]) for v in found if v['impact'] in ('serious', 'critical')]==[]
    smaller_side = 'els => els.map(e => e.getBoundingClientRect()).map(r => Math.min(r.height, r.width))'
    assert min(form.locator('button, label').evaluate_all(smaller_side))>=44

def test_fits_a_phone(form, page):
    page.set_viewport_size({'width': 390, 'height': 844})
    assert page.evaluate('document.documentElement.scrollWidth') <= 390

def test_without_javascript_the_questions_can_be_read(browser, tmp_path):
    (tmp_path/'q.html').write_text(Questionnaire(QUESTIONS, 'Three')._repr_html_(), encoding='utf-8')
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path/'q.html').as_uri())
    assert 'Which two?' in page.inner_text('body') and 'c is in.' not in page.inner_text('body')
    page.locator('summary').nth(4).click()
    assert 'Right. c is in.' in page.inner_text('body')
    context.close()

@pytest.mark.parametrize('chapter', CHAPTERS)
def test_every_right_answer_of_a_chapter_is_marked_right(page, tmp_path, chapter):
    questions = load_questions(chapter)
    open_page(page, tmp_path, questionnaire(chapter)._repr_html_())
    form = page.locator('.sgd-questions')
    for n, q in enumerate(questions, 1):
        group = field(form, n)
        if 'number' in q: group.get_by_role('textbox').fill(str(q['number']))
        for i, o in enumerate(q.get('options', [])):
            if o.get('right'): group.locator('input').nth(i).check()
        press(form, n)
    assert f'{len(questions)} of {len(questions)} right' in form.locator('.all').inner_text()
    assert form.get_by_role('status').filter(has_text='Right.').count()==len(questions)
