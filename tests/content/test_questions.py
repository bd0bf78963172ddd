"The questions: their data, and the forms in a real browser, used by mouse, keyboard and screen reader"
import re
from collections import Counter

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

# What can be guessed

def is_right(option): return bool(option.get('right'))

def one_right():
    "The options of each question of the course that has one right option"
    options = [q['options'] for chapter in CHAPTERS for q in load_questions(chapter) if 'options' in q]
    return [o for o in options if sum(map(is_right, o))==1]

def score_of(choose):
    "The share of questions that a reader gets right who knows nothing, but chooses by the length of the options"
    def score(options):
        length = choose(len(o['text']) for o in options)
        chosen = [o for o in options if len(o['text'])==length]
        return sum(map(is_right, chosen))/len(chosen)
    scores = [*map(score, one_right())]
    return sum(scores)/len(scores)

@pytest.mark.parametrize('choose', [min, max])
def test_length_gives_nothing_away(choose):
    assert score_of(choose)<=0.4

HEDGES = re.compile(r'\b(about|almost|as a rule|can|far|hardly|if|in general|in the long run|may|mostly|might|nearly|'
    r'often|only|perhaps|typically|unless|usually|where)\b', re.IGNORECASE)

def test_hedges_give_nothing_away():
    def share(options): return sum(bool(HEDGES.search(o['text'])) for o in options)/len(options)
    options = [o for question in one_right() for o in question]
    right, wrong = [o for o in options if is_right(o)], [o for o in options if not is_right(o)]
    assert abs(share(right) - share(wrong)) < 0.1

@pytest.mark.parametrize('n', [3, 4])
def test_place_gives_nothing_away(n):
    "Without JavaScript, options stand as in the file"
    places = Counter([*map(is_right, options)].index(True) for options in one_right() if len(options)==n)
    total = places.total()
    assert max(places.values()) <= 1.25*total/n + 1 and min(places[k] for k in range(n)) >= 0.75*total/n - 1

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

def opened_at(page, moment):
    "The browser believes that it opens its next pages at this moment, from which the order of the options follows"
    page.add_init_script(f"Object.defineProperty(performance, 'timeOrigin', {{value: {moment}, configurable: true}})")

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
    assert total(form)=='0 of 1 right at the first try, 1 more at a later one. 2 to go.'

def total(form): return form.locator('.total').inner_text()

def test_the_first_try_counts(form):
    assert total(form)=='3 questions. The first answer counts.'
    press(form, 1)
    form.get_by_role('textbox').fill('half')
    press(form, 3)
    assert total(form)=='3 questions. The first answer counts.', 'nothing was answered'
    form.get_by_role('textbox').fill('0.5')
    press(form, 3)
    assert total(form)=='1 of 1 right at the first try. 2 to go.'
    form.get_by_role('textbox').fill('2')
    press(form, 3)
    form.get_by_role('radio', name='the first').check()
    press(form, 1)
    form.get_by_role('checkbox', name='a', exact=True).check()
    press(form, 2)
    assert total(form)=='1 of 3 right at the first try.'

def test_tries_are_added_up(js):
    tallies = {'1 question. The first answer counts.': [[]], '1 of 1 right at the first try.': [[True]],
        '0 of 1 right at the first try. 2 to go.': [[], [False, False], []],
        '1 of 3 right at the first try, 1 more at a later one. 1 to go.': [[True, False], [], [False, True], [False]],
        '0 of 2 right at the first try, 2 more at a later one.': [[False, True, True], [False, False, True]]}
    assert {js('questionnaire', 'tally', tries): tries for tries in tallies.values()}==tallies

# Order

def order(form): return form.locator('input:not([type=text])').evaluate_all('els => els.map(e => e.value)')

MANY = [dict(ask=f'Question {n}', options=[dict(text=f'option {k}', why=f'reason {k}', right=k==0) for k in range(3)])
    for n in range(300)]

def test_options_change_places_with_each_opening(page, tmp_path):
    "Each place holds the right one as often as the others; the page without JavaScript keeps the order of the file"
    def at(moment):
        opened_at(page, moment)
        open_page(page, tmp_path, Questionnaire(MANY, 'Many')._repr_html_())
        return order(page)
    early, late = at(1_700_000_000_000.1), at(1_700_000_000_007.3)
    assert early!=late and at(1_700_000_000_000.1)==early
    for values in (early, late):
        assert [sorted(values[i:i+3]) for i in range(0, 900, 3)]==[['0', '1', '2']]*300
        places = Counter(i%3 for i, value in enumerate(values) if value=='0')
        assert all(80 < places[k] < 120 for k in range(3))

def test_order_stays_while_the_page_is_open(form, page):
    "As when a cell is run again, or a notebook draws its output again"
    assert order(form)==order(page.locator('.sgd-questions').nth(1))
    before = order(form)
    press(form, 1)
    form.get_by_role('radio', name='the first').check()
    press(form, 1)
    assert order(form)==before

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
    def right(text): return None if text=='Choose an answer first.' else text=='Right.'
    assert said=={key: {'right': right(text), 'text': text} for key, text in marks.items()}


def test_keyboard_alone(form, page):
    seen = []
    page.on('framenavigated', lambda f: seen.append(f))
    page.evaluate('addEventListener("keydown", e => { window.leaked = (window.leaked || "") + e.key })')
    page.keyboard.press('Tab')
    page.keyboard.press('Space')        # The first radio button of the first question
    second_on_top = form.locator('input[type=radio]').first.get_attribute('value')=='1'
    for _ in range(2 if second_on_top else 1): page.keyboard.press('ArrowDown')     # Down from the last is the first
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
    assert total(other)=='3 questions. The first answer counts.' and other.locator('input:checked').count()==0

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
            if o.get('right'): group.locator(f'input[value="{i}"]').check()
        press(form, n)
    assert total(form)==f'{len(questions)} of {len(questions)} right at the first try.'
    assert form.get_by_role('status').filter(has_text='Right.').count()==len(questions)
