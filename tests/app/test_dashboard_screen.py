"""The dashboard as people use it: its sentence, its choices in the link, passports and leads behind figures, goals."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from histories import add_history, morning

from actions import clock, dashboard, goals, imports, promise_signing, promises
from actions.shared_runs import SharedRuns
from alignment.people import MACHINE, Actor
from alignment.promises import Answer, ResponseTerms
from components.dashboard_words import promised_time
from components.text import ink
from leads import figures_process

PAGE = "pages/leads/metrics.py"
GOALS = "pages/cycle/goals.py"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing kept by another test, and no rest after it."""
    monkeypatch.setattr(dashboard, "_figures", SharedRuns(8))
    monkeypatch.setattr(dashboard, "_pulse", dashboard._Pulse())


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.info)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


def figure(app, title):
    return {metric.label: metric.value for metric in app.metric}[title]


def promise_feedback(leads):
    """Let both team leads have promised, before any lead came, to decide within a business day; returns them as actors."""
    signed_in = clock.now_text()
    with clock.at(morning(80) - timedelta(days=30)):
        actors = [Actor(person.id, signed_in) for person in leads]
        version = promise_signing.draft(actors[0], "feedback", ResponseTerms(480, Answer.DECISION))
        promise_signing.propose(actors[0], version)
        for actor in actors:
            entries = {entry.promise.key: entry for entry in promises.read_promises(actor)}
            promise_signing.sign(actor, version, entries["feedback"].open.content_hash)
    return actors


def test_the_figures_are_kept_to_what_is_chosen(open_page, make_person):
    add_history(200, start=morning(80))
    member = make_person()
    app = open_page(PAGE, member, only="source:webinar")
    assert figure(app, "Qualified leads") == "100"
    app.segmented_control(key="period").set_value("all").run()
    assert "100 qualified leads so far" in texts(app)
    app.segmented_control(key="period").set_value("dates").run()
    app.date_input(key="from").set_value(morning(80).date())
    app.date_input(key="to").set_value(morning(80).date()).run()
    assert figure(app, "Qualified leads") == "5"
    app.date_input(key="from").set_value(datetime.now(UTC).date()).run()
    assert "The first day has to be before the last." in texts(app)


def test_what_was_worked_out_ahead_is_what_it_shows_first(open_page, make_person, monkeypatch):
    monkeypatch.setattr(dashboard, "_ahead", dashboard._Ahead())
    monkeypatch.setattr(figures_process, "serves", lambda: True)
    promise_feedback([make_person("team_lead", "sales"), make_person("team_lead", "marketing")])
    add_history(20, start=morning(80))
    assert dashboard.look_ahead(MACHINE)
    asked, run = [], figures_process.run
    monkeypatch.setattr(
        figures_process, "run", lambda of, *more, **on: asked.append(of) or run(of, *more, **on)
    )
    app = open_page(PAGE, make_person())
    assert not app.exception
    assert {of.__name__ for of in asked} <= {"count_due"}  # which is told by the minute
    assert figure(app, "Qualified leads") == "20"
    assert "Feedback" in texts(app)


def test_a_part_of_which_no_lead_came_in_the_period_is_in_the_table_by_what_was_closed_in_it(
    open_page, make_person
):
    import pyarrow as pa

    add_history(20, start=morning(80))
    came, closed = morning(80) - timedelta(days=30), morning(80) + timedelta(days=30)
    ends = dict(zip((f"fair-{number}" for number in range(4)), ("won", "won", "lost", "lost"), strict=True))
    rows = [{"lead_id": lead, "source": "fair", "created_at": came} for lead in ends]
    events = [
        {"lead_id": lead, "type": "entered_stage", "stage": stage, "at": at}
        for lead, end in ends.items()
        for stage, at in (("mql", came), (end, closed))
    ]
    imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))
    app = open_page(PAGE, make_person())
    assert not app.exception
    [table] = [frame.value for frame in app.dataframe if "MQLs won in time" in frame.value.columns]
    told = {row["Source"]: row for row in table.to_dict("records")}
    assert told["referral"]["MQLs"] == 10
    assert (told["fair"]["MQLs"], told["fair"]["Win rate of what was closed"]) == (0, "50% of 4")


def test_a_link_with_nonsense_shows_what_is_usual(open_page, make_person):
    add_history(20, start=morning(80))
    app = open_page(PAGE, make_person(), only="nothing:here", period="nonsense", split="; DROP TABLE lead")
    assert not app.exception
    assert figure(app, "Qualified leads") == "20"


def test_leads_that_wait_are_in_the_sentence_and_behind_their_figure(open_page, make_person):
    add_history(200, start=morning(80), undecided=0.3)
    app = open_page(PAGE, make_person("team_lead", "sales"))
    waiting = int(re.search(r"(\d+) of these leads wait for a decision", texts(app))[1])
    late = int(re.search(r"(\d+) of them overdue", texts(app))[1])
    assert 0 < late <= waiting
    app.button(key="metrics_silent_rejections:mql_passport").click().run()
    assert not app.exception
    assert ink(f"Hits ({late})") in app.segmented_control(key="metrics_behind_part").options
    [table] = [frame.value for frame in app.dataframe if list(frame.value.columns)[:1] == ["Lead"]]
    assert list(table.columns) == ["Lead", "Company", "Source", "Stands at", "Since"]
    assert len(table) == 50


def test_new_leads_appear_without_a_reload_but_close_no_dialog(open_page, make_person):
    with clock.at(datetime.now(UTC) - timedelta(minutes=5)):
        add_history(20, start=morning(80))
    app = open_page(PAGE, make_person())
    assert figure(app, "Qualified leads") == "20"
    app.button(key="metrics_volume:mql_passport").click().run()
    assert app.session_state["metrics_dialog"] == "open"
    add_history(5, start=morning(80), prefix="more")
    app.run()
    assert figure(app, "Qualified leads") == "25"


def test_a_broken_promise_shows_its_leads_when_asked(open_page, make_person):
    leads = make_person("team_lead", "sales"), make_person("team_lead", "marketing")
    actors = promise_feedback(leads)
    add_history(60, start=morning(80), undecided=0.3)
    app = open_page(PAGE, leads[0])
    assert "Feedback" in texts(app)
    app.session_state["metrics_broken_feedback"] = True
    app.run()
    assert not app.exception
    [table] = [frame.value for frame in app.dataframe if "Was due" in frame.value.columns]
    broken, total = promises.list_breaches(actors[0], "feedback")
    assert total and list(table["Lead"]) == [lead.lead_id for lead in broken]


def test_a_goal_is_proposed_agreed_and_seen_on_the_dashboard(open_page, make_person):
    lead, other = make_person("team_lead", "sales"), make_person("team_lead", "marketing")
    began, signed_in = morning(80) - timedelta(days=30), clock.now_text()
    with clock.at(began):
        goal_id = goals.propose(
            Actor(lead.id, signed_in),
            "Autumn <b>",
            ("won", 40),
            ("qualified", 300),
            ("accepted", 150),
            (morning(80) - timedelta(days=1)).date(),
            (morning(80) + timedelta(days=120)).date(),
        )
        goals.agree(Actor(other.id, signed_in), goal_id)
    add_history(200, start=morning(80))
    app = open_page(PAGE, other)
    since = f"{morning(80) - timedelta(days=1):%-d %B}"
    assert (
        f"Marketing delivered 200 of 300 qualified leads for “Autumn <b>” since {since}; in the last 90 days sales followed up "
        "100% within the hour; none of the qualified leads of these days waits for a decision."
    ) in texts(app)
    app.segmented_control(key="period").set_value("all").run()
    assert app.query_params["period"] == "All"
    app = open_page(PAGE, other, period="All")
    assert "so far sales followed up 100% within the hour; none of the qualified leads waits" in texts(app)
    app = open_page(GOALS, make_person())
    assert not app.exception
    assert "is running" in texts(app)
    keys = [button.key for button in app.button if button.key and button.key.startswith("goals_")]
    assert [key for key in keys if not key.endswith("_leads")] == [], "a member looks, and changes nothing"
    app.button(key=keys[0]).click().run()
    assert not app.exception
    lists = app.segmented_control(key="metrics_behind_part").options
    assert ink("Qualified leads (200)") in lists
    [table] = [frame.value for frame in app.dataframe if list(frame.value.columns)[:1] == ["Lead"]]
    assert len(table) > 0


def test_a_row_of_where_leads_stand_and_of_a_week_opens_its_leads(open_page, make_person):
    add_history(30, start=morning(80))
    app = open_page(PAGE, make_person())
    for key, row in (("metrics_standing_table", 1), ("metrics_weeks_table", 0)):
        app.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    opened = [button for button in app.button if button.key and button.key.startswith("metrics_open_")]
    assert len(opened) == 2
    for button in opened:
        count = int(re.search(r": (\d+) leads?$", button.label)[1])
        app.button(key=button.key).click().run()
        assert not app.exception
        [table] = [frame.value for frame in app.dataframe if list(frame.value.columns)[:1] == ["Lead"]]
        assert len(table) == count > 0


def test_a_team_lead_agrees_by_a_button_and_a_member_has_none(open_page, make_person):
    lead = make_person("team_lead", "marketing")
    first = datetime.now(UTC).date() + timedelta(days=10)
    goal_id = goals.propose(
        MACHINE, "Soon", ("won", 4), ("qualified", 30), ("won", 4), first, first + timedelta(days=60)
    )
    assert f"goals_agree_{goal_id}" not in [button.key for button in open_page(GOALS, make_person()).button]
    app = open_page(GOALS, lead)
    assert "“Soon” waits for your yes." in texts(app)
    app.button(key=f"goals_agree_{goal_id}").click().run()
    assert not app.exception
    [found] = goals.list_goals(MACHINE)
    assert [agreed.person_id for agreed in found.goal.agreements] == [lead.id]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(60, "within the hour"), (240, "within 4 business hours"), (30, "within 30 business minutes")],
)
def test_the_promised_time_in_words(minutes, words):
    assert promised_time(minutes) == words


def test_a_new_goal_begins_from_the_numbers_of_the_last_one(open_page, make_person):
    lead = make_person("team_lead", "sales")
    day = datetime.now(UTC).date()
    goals.propose(
        Actor(lead.id, clock.now_text()),
        "Spring *quarter*",
        ("opportunities", 33),
        ("opportunities", 210),
        ("won", 140),
        day + timedelta(days=5),
        day + timedelta(days=30),
    )
    app = open_page(GOALS, lead)
    app.button(key="goals_new").click().run()
    assert not app.exception
    started = [
        app.number_input(key=f"goals_{part}_amount").value for part in ("outcome", "marketing", "sales")
    ]
    assert started == [33, 210, 140]
    assert app.selectbox(key="goals_outcome_measure").value == "opportunities"
