"""The recap says how far the teams agree over the cycles, beside the figures; a sentence where there is nothing to compare."""

import pytest
from hostile import HOSTILE, LIVE
from test_figures import texts
from test_hostile_text import rendered

from actions import answers, clock, cycles, surveys
from alignment.people import MACHINE, Actor, Team

PAGE = "pages/cycle/recap.py"
TOML = """
title = "What is qualified?"
mode = "named"
min_group = 3

[[questions]]
key = "webinar"
topic = "signs"
type = "yes_no"
text = "Is a webinar enough?"

[[questions]]
key = "size"
topic = "signs"
type = "number"
text = "From how many employees on?"
"""


@pytest.fixture
def teams(make_person):
    return {team: [make_person("member", team.value) for _ in range(5)] for team in Team}


def asked(teams, apart, close=True, **choices):
    """A survey on which the teams are apart, or agree."""
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, **({"toml": TOML} | choices)).id)
    for team, people in teams.items():
        for person in people:
            actor = Actor(person.id, clock.now_text())
            answers.save_answer(actor, survey.id, "webinar", not apart or team is Team.SALES)
            answers.save_answer(actor, survey.id, "size", 100.0 if apart and team is Team.SALES else 10.0)
            answers.submit_answers(actor, survey.id)
    return surveys.close_survey(MACHINE, survey.id) if close else survey


@pytest.fixture
def facilitator(make_person):
    return make_person("facilitator", None)


def test_without_a_closed_questionnaire_the_recap_says_when_agreement_can_be_told(
    open_page, facilitator, teams
):
    cycles.start_cycle(MACHINE, "Spring")
    asked(teams, apart=True, close=False)
    app = open_page(PAGE, facilitator)
    assert not app.exception
    assert "No closed questionnaire shows a result yet" in texts(app)


def test_after_one_questionnaire_there_is_one_sentence_and_no_chart(open_page, facilitator, teams):
    cycles.start_cycle(MACHINE, "Spring")
    asked(teams, apart=True)
    app = open_page(PAGE, facilitator)
    assert "You agreed on 0 of 2 topics in the first cycle. Whether you come closer shows once" in texts(app)
    assert not app.get("plotly_chart") and not app.dataframe


def test_after_two_the_recap_says_both_with_the_interval_of_the_change_and_shows_a_table(
    open_page, make_person, teams
):
    cycles.start_cycle(MACHINE, "Spring")
    asked(teams, apart=True)
    asked(teams, apart=False)
    app = open_page(PAGE, make_person("member", "sales"))
    assert not app.exception
    said = texts(app)
    assert "You agreed on 0 of 2 topics" in said and "and on 2 of 2" in said
    assert "change +100 points, 95% interval" in said
    [table] = app.dataframe
    assert list(table.value["Agreed"]) == ["0 of 2", "2 of 2"]


def test_a_title_from_people_stays_text(open_page, facilitator, teams):
    cycles.start_cycle(MACHINE, "Spring")
    for apart in (True, False):
        asked(teams, apart, title=HOSTILE[:190])
    app = open_page(PAGE, facilitator)
    assert not app.exception
    assert not LIVE.search("\n".join(rendered(app)))
