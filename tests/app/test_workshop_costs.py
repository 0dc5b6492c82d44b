"""The workshop says what a topic costs in the leads that are there now, not in those of the day it was put on the table."""

from datetime import UTC, datetime, timedelta

from actions import answers, clock, surveys, workshops
from alignment.people import MACHINE, Actor
from tests.lead_histories import History

NOW = datetime(2026, 7, 2, tzinfo=UTC)
TOML = """
title = "Size"
mode = "confidential"
min_group = 3
[[questions]]
key = "size"
topic = "fit"
type = "number"
field = "employees"
text = "From how many employees on?"
"""


def leads(count):
    """So many leads of May, of which every second has a size that only marketing would call qualified."""
    history = History()
    for number in range(count):
        came = NOW - timedelta(days=50)
        history.lead(f"L{number}", created_at=came, employees=30.0 if number % 2 else 200.0)
        history.enter(f"L{number}", "mql", came)
    history.load()


def badges(app):
    return [one.value for one in app.markdown if "treated differently" in one.value]


def test_the_cost_on_a_topic_follows_the_leads_even_while_the_page_stays_open(open_page, make_person):
    with clock.at(NOW):
        survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
        for team, size in (("sales", 100.0), ("marketing", 10.0)):
            for _ in range(4):
                who = Actor(make_person("member", team).id, clock.now_text())
                answers.save_answer(who, survey.id, "size", size)
                answers.submit_answers(who, survey.id)
        surveys.close_survey(MACHINE, survey.id)
        leads(200)
        kept = "The two typical rules treat 9 of 10 past leads differently."
        workshops.add_topic(
            MACHINE, None, title="Size", reason=kept, survey_id=survey.id, question_key="size"
        )
        app = open_page("pages/workshop/workshop.py", make_person("facilitator", None))
        assert "100 of 200 leads of April to June 2026 treated differently" in "".join(badges(app))
        leads(260)
        app.run()
        assert "130 of 260 leads" in "".join(badges(app))
