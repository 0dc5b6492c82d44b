"""How a questionnaire is cut into steps, and how long what is left takes."""

import pytest
from all_kinds import GIVEN, TOML

from alignment.pace import Measured, counts, newly_answered, seconds_each, seconds_left
from alignment.questionnaire_files import read_toml
from alignment.questionnaires import QuestionType
from components.answering.steps import step_with, steps_of
from components.answering.words import minutes_left

QUESTION = read_toml(TOML)
SECTION = read_toml(TOML.replace('pace = "question"', 'pace = "section"'))


def test_one_question_at_a_time_keeps_a_guess_with_its_question_and_importance_with_the_last_of_its_topic():
    steps = [tuple(question.key for question in step.questions) for step in steps_of(QUESTION, {})]
    assert steps[:3] == [("kind", "guess:kind"), ("budget", "importance:first"), ("private",)]
    assert all(len(step) == 1 for step in steps[2:])


def test_a_section_at_a_time_is_a_step_per_topic():
    assert [step.title for step in steps_of(SECTION, {})] == ["What a lead is", "What rules it out"]


@pytest.mark.parametrize("questionnaire", [QUESTION, SECTION])
@pytest.mark.parametrize("given", [{}, GIVEN])
def test_the_steps_have_exactly_what_is_asked_in_order_and_each_is_found_again(questionnaire, given):
    steps = steps_of(questionnaire, given)
    asked = [question.key for step in steps for question in step.questions]
    assert asked == [question.key for question in questionnaire.asked(given)]
    for key in asked:
        assert key in [question.key for question in steps[step_with(steps, key)].questions]
    assert step_with(steps, "none such") is None


def test_nothing_is_left_once_everything_is_answered_and_each_card_counts():
    assert seconds_left(QUESTION.asked(GIVEN), GIVEN, {}) == 0
    two = {**GIVEN, "cards": {"1": {"verdict": "qualified"}}}
    each = seconds_each(QuestionType.LEAD_CARDS, {})
    assert seconds_left(QUESTION.asked(two), two, {}) == pytest.approx(2 * each)
    assert seconds_left(QUESTION.asked(two), {**two, "cards": None}, {}) == 0


def test_the_more_was_measured_the_less_the_first_guess_weighs():
    guess = seconds_each(QuestionType.TEXT, {})
    some = seconds_each(QuestionType.TEXT, {QuestionType.TEXT: Measured(20, 20 * 100.0)})
    many = seconds_each(QuestionType.TEXT, {QuestionType.TEXT: Measured(20_000, 20_000 * 100.0)})
    assert some == pytest.approx((guess + 100) / 2) and many == pytest.approx(100, rel=0.01)


def test_slips_and_breaks_say_nothing_and_a_change_is_no_further_answer():
    assert [counts(seconds) for seconds in (None, 0.5, 1, 300, 301)] == [False, False, True, True, False]
    budget, cards = QUESTION.question("budget"), QUESTION.question("cards")
    assert newly_answered(budget, None, 3, first=True) == 1
    assert newly_answered(budget, 3, 4, first=False) == 0
    assert newly_answered(cards, {"1": {}}, {"1": {}, "2": {}}, first=False) == 1
    assert newly_answered(cards, None, None, first=True) == 0


def test_the_time_left_is_said_in_minutes():
    assert [minutes_left(seconds) for seconds in (0, 20, 60, 200)] == [
        "",
        "less than a minute left",
        "about 1 minute left",
        "about 3 minutes left",
    ]
