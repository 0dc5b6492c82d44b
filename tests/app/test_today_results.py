"""The start page leads to the answers of a questionnaire that has closed, for those whom they concern."""

from datetime import timedelta

import pytest
from test_running_screens import INBOX, TODAY, acting, words

from actions import answers, clock, messages, people, surveys, today
from alignment.messages import MessageKind, Wording
from alignment.people import MACHINE, Role, Team
from db.store import store

TOML = """
title = "What counts"
mode = "{mode}"
min_group = 3
[[questions]]
key = "agreed"
topic = "leads"
type = "yes_no"
text = "A reason for each?"
"""
IN = "The answers to ‘What counts’ are in. See where"


def closed(mode="confidential", of_each=3):
    """(the closed survey, the people who answered), `of_each` of each team."""
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode)).id)
    answered = []
    for team in Team:
        for number in range(of_each):
            address = f"{team}{number}@example.com"
            one = people.add_person(MACHINE, f"P{number}", address, team, Role.MEMBER).person
            answers.save_answer(acting(one), survey.id, "agreed", team is Team.SALES)
            answers.submit_answers(acting(one), survey.id)
            answered.append(one)
    return surveys.close_survey(MACHINE, survey.id), answered


def told(person):
    return [one.sentence for one in today.read_today(acting(person)).results]


def test_who_answered_is_led_to_the_comparison(open_page, make_person):
    survey, answered = closed()
    app = open_page(TODAY, answered[0])
    assert f"{IN} you stand." in words(app) and "Nothing waits" not in words(app)
    found = today.read_today(acting(answered[0])).results
    assert [(one.page, one.survey_id) for one in found] == [("comparison", survey.id)]


def test_results_stand_below_what_there_is_to_do(open_page, make_person):
    closed()
    app = open_page(TODAY, make_person("facilitator", None))
    said = [one.value for one in app.markdown]
    heading = said.index("**Results of questionnaires**")
    assert said.index("No cycle is running.") < heading and said[heading + 1].startswith("The answers to")
    assert said[heading - 1].startswith("There are no leads yet")


def test_who_runs_questionnaires_is_led_there_and_who_did_not_answer_is_not(make_person):
    closed()
    assert told(make_person("facilitator", None)) == [f"{IN} the teams stand."]
    assert told(make_person("member", "sales")) == []


def test_an_anonymous_questionnaire_concerns_everybody_who_was_asked(make_person):
    """Who answered it cannot be told any more."""
    _, answered = closed("anonymous")
    assert told(answered[0]) and told(make_person("member", "sales"))


def test_too_few_answers_are_nothing_to_be_led_to():
    _, answered = closed(of_each=2)
    assert told(answered[0]) == []


@pytest.mark.parametrize(("days", "shown"), [(29, True), (31, False)])
def test_after_thirty_days_nothing_is_said_of_it(days, shown):
    _, answered = closed()
    with clock.at(clock.now() + timedelta(days=days)):
        assert bool(told(answered[0])) is shown


def test_a_message_about_a_closed_questionnaire_is_over(open_page):
    survey, answered = closed()
    wording = Wording(f"Your view is asked: {survey.title}", "Please.")
    store().write(
        lambda connection: messages.tell(
            connection, answered[:1], survey, MessageKind.INVITATION, wording, "answer"
        )
    )
    app = open_page(INBOX, answered[0])
    assert [one.label for one in app.expander] == ["Over: Your view is asked: What counts"]
    assert not [one for one in app.button if one.key.startswith("inbox_go")]
