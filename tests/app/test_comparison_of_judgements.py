"""What everybody sees of judged leads, rules, guesses and importance once a questionnaire is closed."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from actions import answers, clock, lead_cards, surveys
from alignment.people import MACHINE, Actor, Role, Team
from tests.lead_histories import History

COMPARE = "pages/surveys/comparison.py"
QUESTION = "pages/surveys/compared.py"
TOML = """
title = "Judge these"
mode = "confidential"
min_group = 3
importance = ["leads"]
[[questions]]
key = "cards"
topic = "leads"
type = "lead_cards"
title = "Leads that both judged"
count = 4
text = "Would you call these leads qualified?"
[[questions]]
key = "hours"
topic = "leads"
type = "number"
title = "Time to call"
unit = "hours"
guess = true
text = "Within how many hours?"
[[questions]]
key = "own_rule"
topic = "leads"
type = "rule"
title = "As a rule"
required = false
text = "Which leads?"
"""


def import_leads():
    draw = random.Random(2)
    history = History()
    for number in range(60):
        came = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=number)
        lead = f"SECRET-{number}"
        history.lead(
            lead, ("ads", "fair")[number % 2], employees=float(draw.randrange(500)), owner="Anna Berg"
        )
        history.enter(lead, "mql", came)
        history.enter(lead, ("won", "lost")[number // 2 % 2], came + timedelta(days=9))
    history.load()


def closed(make_person, each, reason=""):
    """Sales takes no lead and calls within a day; marketing hands every lead over, and thinks sales calls at once."""
    import_leads()
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
    for team, verdict, hours, guess, size in (
        (Team.SALES, "not_qualified", 24.0, 1.0, 200),
        (Team.MARKETING, "qualified", 1.0, 1.0, 10),
    ):
        for _ in range(each):
            actor = Actor(make_person("member", team.value).id, clock.now_text())
            given = {
                "cards": {
                    str(number): {
                        "verdict": verdict,
                        **({"reason": reason} if reason and number == 2 else {}),
                    }
                    for number in range(1, 5)
                },
                "hours": hours,
                "guess:hours": guess,
                "importance:leads": 5 if team is Team.SALES else 4,
                "own_rule": {"version": 1, "all": [{"field": "employees", "op": ">=", "value": size}]},
            }
            for key, value in given.items():
                answers.save_answer(actor, survey.id, key, value)
            answers.submit_answers(actor, survey.id)
    return surveys.close_survey(MACHINE, survey.id)


def said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


def opened_up(open_page, person, survey, title: str) -> AppTest:
    """The screen of the question of this title."""
    keys = {"Leads that both judged": "cards", "Time to call": "hours", "As a rule": "own_rule"}
    app = open_page(QUESTION, person, survey=survey.id, question=keys[title])
    assert not app.exception
    return app


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_how_the_leads_were_judged_and_what_stood_on_the_cards(open_page, make_person, role):
    survey = closed(make_person, 5)
    team = "sales" if role in (Role.MEMBER, Role.TEAM_LEAD) else None
    app = opened_up(open_page, make_person(role.value, team), survey, "Leads that both judged")
    assert app.title[0].value == "Leads that both judged"
    assert "all agree" in said(app)
    cards = lead_cards.cards_to_judge(MACHINE, survey.id, "cards")
    tables = [frame.value for frame in app.dataframe]
    leads = next(table for table in tables if "Card" in table.columns)
    assert list(leads["Card"]) == [f"Card {card.number}" for card in cards] and len(leads) == 4
    assert set(leads["Sales"]) == {"0%"} and set(leads["Marketing"]) == {"100%"}
    assert set(dict(cards[0].facts)) <= set(leads.columns)
    assert set(leads["What became of it"]) <= {"won", "lost", "still open"}
    everything = said(app) + "".join(table.to_json() for table in tables)
    assert "SECRET" not in everything and "Anna Berg" not in everything


def test_reasons_stand_beside_the_judgements_as_they_were_typed(open_page, make_person):
    survey = closed(make_person, 5, "**Too** <b>small</b>")
    app = opened_up(open_page, make_person("member", "sales"), survey, "Leads that both judged")
    words = said(app)
    assert "Their reasons" in words and words.count("> **Too** <b>small") == 10
    assert not any("**Too**" in element.value for element in app.markdown), "it is no markdown"


def test_reasons_of_too_few_are_not_shown_and_that_is_said(open_page, make_person):
    survey = closed(make_person, 4, "Too small")
    app = opened_up(open_page, make_person("member", "sales"), survey, "Leads that both judged")
    words = said(app)
    assert "Too small" not in words and "at least 5 people of each team" in words


def test_guesses_and_importance_stand_with_the_question(open_page, make_person):
    survey = closed(make_person, 5)
    words = said(opened_up(open_page, make_person("member", "sales"), survey, "Time to call"))
    assert "Imagined agreement" in words
    assert "Marketing thinks that sales agrees: it expects 1 hour, but sales says 24 hours." in words
    assert "Sales knows how marketing sees it" in words
    assert "Importance of the topic 4.5 of 5 (sales 5.0, marketing 4.0)" in words
    overview = said(open_page(COMPARE, make_person("member", "sales")))
    assert "An agreement that is only imagined" in overview


def test_both_typical_rules_stand_as_sentences(open_page, make_person):
    survey = closed(make_person, 5)
    words = said(opened_up(open_page, make_person("member", "sales"), survey, "As a rule"))
    assert "**Sales** typically asks that employees is at least 200." in words
    assert "**Marketing** typically asks that employees is at least 10." in words
    assert "differently" in words and "only marketing would call qualified" in words


def test_a_small_group_sees_none_of_it(open_page, make_person):
    closed(make_person, 2)
    app = open_page(COMPARE, make_person("member", "sales"))
    words = said(app)
    assert "Results show only when at least 3" in words and not app.dataframe
    for told in ("typically", "Imagined", "Importance", "200", "all agree"):
        assert told not in words
