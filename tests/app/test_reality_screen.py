"""The reality check as people use it: drift in a sentence, objections recorded, seen and taken back."""

import re
from datetime import timedelta

import pytest
from histories import add_history, monday

from actions import clock, definitions, objections
from alignment.objections import ObjectionState
from alignment.people import MACHINE, Actor

PAGE = "pages/definitions/reality.py"
LARGE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


def acting(person):
    return Actor(person.id, clock.now_text())


@pytest.fixture
def team_leads(make_person):
    """Both team leads, who signed a rule for an MQL before the leads of the last four weeks came."""
    sales, marketing = make_person("team_lead", "sales"), make_person("team_lead", "marketing")
    with clock.at(monday(4) - timedelta(days=7)):
        definition_id = definitions.draft(MACHINE, "mql", "A large company.", LARGE)
        definitions.propose(MACHINE, definition_id)
    with clock.at(monday(4) - timedelta(days=6)):
        for lead in (sales, marketing):
            actor = Actor(lead.id, "9999-01-01T00:00:00.000000Z")
            [entry] = [one for one in definitions.read_glossary(actor) if one.term.key == "mql"]
            definitions.sign(actor, definition_id, entry.open.content_hash)
    return sales, marketing


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead", "admin"])
def test_an_empty_portal_says_what_will_be_here(open_page, make_person, role):
    app = open_page(PAGE, make_person(role))
    assert not app.exception
    assert "No definition with a rule has judged any lead" in texts(app)
    assert "nothing agreed yet that one could object to" in texts(app)
    assert not [one for one in app.expander if one.label == "Record an objection"]


def test_leads_that_fit_are_said_to_fit(open_page, team_leads):
    add_history(280, start=monday(4), big=0.98, accepted=0.9)
    app = open_page(PAGE, team_leads[0])
    assert "MQL v1 still fits the leads that are handed over." in texts(app)
    assert "within the limit of 10%" in texts(app)


def test_too_few_leads_are_no_verdict(open_page, team_leads):
    add_history(12, start=monday(4))
    app = open_page(PAGE, team_leads[0])
    assert "Too few leads were handed over" in texts(app)


def test_leads_that_break_the_rule_are_said_and_lead_to_the_next_version(open_page, team_leads, make_person):
    add_history(280, start=monday(4), big=0.5)
    app = open_page(PAGE, team_leads[0])
    assert "MQL v1 and the leads drift apart: too many leads break it" in texts(app)
    assert "50% of the leads handed over break the signed rule (140 of 280" in texts(app)
    assert "No budget" in texts(app)
    member = open_page(PAGE, make_person())
    assert not [button for button in member.button if button.key == "reality_limits_save"]


def test_a_version_that_came_since_is_named_beside_the_one_that_judged(open_page, team_leads):
    add_history(280, start=monday(4), big=0.5)
    version = definitions.draft(
        MACHINE, "mql", "Any company.", {**LARGE, "all": [{**LARGE["all"][0], "value": 1}]}
    )
    definitions.propose(MACHINE, version)
    for lead in team_leads:
        [entry] = [one for one in definitions.read_glossary(acting(lead)) if one.term.key == "mql"]
        definitions.sign(acting(lead), version, entry.open.content_hash)
    app = open_page(PAGE, team_leads[0])
    assert "too many leads break it (replaced by MQL v2 since; too early to tell)." in texts(app)


def test_a_limit_is_set_and_changes_the_verdict(open_page, team_leads):
    add_history(280, start=monday(4), big=0.5, accepted=0.9)
    app = open_page(PAGE, team_leads[1])
    app.number_input(key="reality_limit_breaks").set_value(60).run()
    app.button(key="reality_limits_save").click().run()
    assert "still fits" in texts(app) and "within the limit of 60%" in texts(app)


def test_an_objection_is_recorded_and_taken_back(open_page, team_leads, make_person):
    add_history(40, start=monday(4))
    member = make_person(name="Jo")
    app = open_page(PAGE, member, term="mql")
    app.session_state["reality_recording"] = True
    app.run()
    app.text_area(key="reality_reason").set_value("Small *companies* never buy <b>anything</b>.")
    assert re.search(r"Now: \d+(\.\d)?% \(\d+ of 20; .*\), over the last 90 days\.", texts(app))
    app.selectbox(key="reality_measure").set_value("win_rate:won").run()
    assert "Now: no figure: no lead counts" in texts(app)
    app.number_input(key="reality_value_share").set_value(15.0).run()
    app.button(key="reality_record").click().run()
    [found] = objections.list_objections(MACHINE)
    assert (found.claim.measure, found.claim.value, found.term_key) == ("win_rate:won", 0.15, "mql")
    app.run()
    shown = texts(app)
    assert "the win rate of closed leads is below 15%" in shown
    assert "Jo: Small *companies* never buy <b>anything</b>." in shown
    assert "One objection waits" in shown
    stranger = open_page(PAGE, make_person())
    stranger.session_state[f"reality_withdraw_{found.id}"] = True
    stranger.run()
    assert not stranger.text_area
    app.session_state[f"reality_withdraw_{found.id}"] = True
    app.run()
    app.text_area(key=f"reality_because_{found.id}").set_value("I was wrong.")
    app.button(key=f"reality_withdraw_sure_{found.id}").click().run()
    assert objections.list_objections(MACHINE)[0].state is ObjectionState.WITHDRAWN


def test_a_claim_that_cannot_be_is_refused_in_the_dialog(open_page, team_leads, make_person):
    add_history(40, start=monday(4))
    app = open_page(PAGE, make_person())
    app.session_state["reality_recording"] = True
    app.run()
    app.button(key="reality_record").click().run()
    assert "“What is wrong with it?” is empty" in texts(app)
    app.text_area(key="reality_reason").set_value("Small companies never buy.")
    app.button(key="reality_record").click().run()
    assert "The number is missing" in texts(app)
    assert not objections.list_objections(MACHINE)


def test_one_that_came_true_stands_first_with_its_figure(open_page, team_leads, make_person):
    add_history(280, start=monday(4), accepted=0.2)
    author = make_person()
    with clock.at(monday(4) - timedelta(days=2)):
        objections.raise_objection(
            Actor(author.id, "9999-01-01T00:00:00.000000Z"),
            "mql",
            "Sales will not take them.",
            "acceptance_rate:mql:sal",
            "below",
            0.5,
            monday(4).date(),
            monday(4).date() + timedelta(days=20),
        )
    assert objections.decide_due(MACHINE) == 1
    shown = texts(open_page(PAGE, make_person()))
    assert "One objection came true." in shown
    assert re.search(r"The figure was \d+(\.\d)?% \(\d+ of \d+; .* by more than chance explains", shown)
