"""Leads, metrics and recap as each role meets them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from histories import add_history, morning

from actions import clock, cycles
from alignment.people import Actor, Role

PAGES = ("pages/leads/leads.py", "pages/leads/metrics.py", "pages/cycle/recap.py")


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.info)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", PAGES)
def test_every_role_opens_every_page_of_an_empty_portal(open_page, make_person, path, role):
    app = open_page(path, make_person(role.value, "sales"))
    assert not app.exception
    assert "yet" in texts(app)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_them_without_signing_in(open_page, path, make_person):
    make_person()
    assert not open_page(path, None).title


def test_only_who_may_import_is_offered_to(open_page, make_person):
    for role in Role:
        app = open_page("pages/leads/leads.py", make_person(role.value, "sales"))
        assert ("bring them in, or let" in texts(app)) is (role is not Role.MEMBER)


def test_the_leads_page_counts_what_there_is(open_page, make_person):
    add_history(200, start=morning(80))
    app = open_page("pages/leads/leads.py", make_person(), part="all")
    assert "200 leads, 200 of them became MQLs and 20 were won." in texts(app)
    assert [metric.value for metric in app.metric] == ["200", "0", "0", "0", "20", "0"]


def test_the_metrics_page_says_it_in_a_sentence_and_then_in_figures(open_page, make_person):
    add_history(200, start=morning(80))
    app = open_page("pages/leads/metrics.py", make_person("team_lead", "sales"))
    assert not app.exception
    assert (
        "Marketing delivered 200 qualified leads in the last 90 days, sales followed up 100% within the hour; none of these "
        "leads waits for a decision."
    ) in texts(app)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Qualified leads"] == "200"
    assert figures["Accepted by sales"] == "60%"
    app.button(key="metrics_acceptance_rate:mql:sal_passport").click().run()
    assert "Formula: accepted / (accepted + rejected)" in texts(app)
    assert "Counts: 120 of 200 leads." in texts(app)


def test_a_window_that_nobody_is_old_enough_for_shows_no_invented_conversion(open_page, make_person):
    add_history(40, start=datetime.now(UTC) - timedelta(days=3))
    app = open_page("pages/leads/metrics.py", make_person())
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["MQLs won in time"] == "–"


def test_another_period_asks_anew(open_page, make_person):
    add_history(200, start=morning(80))
    app = open_page("pages/leads/metrics.py", make_person())
    app.segmented_control(key="period").set_value("30").run()
    assert {metric.label: metric.value for metric in app.metric}["Qualified leads"] == "0"


def test_the_recap_page_of_a_cycle_without_a_baseline_says_when_there_will_be_one(open_page, make_person):
    fay = make_person("facilitator", None)
    cycles.start_cycle(Actor(fay.id, clock.now_text()), "Spring")
    app = open_page("pages/cycle/recap.py", fay)
    assert "“Spring” is in Identify: there is no recap yet." in texts(app)
    assert "frozen when the cycle leaves Identify" in texts(app)


def test_a_cycle_that_is_not_there_falls_back_to_one_that_is(open_page, make_person):
    fay = make_person("facilitator", None)
    cycles.start_cycle(Actor(fay.id, clock.now_text()), "Spring")
    app = open_page("pages/cycle/recap.py", fay, cycle="01NOWHERE")
    assert not app.exception
    assert "Spring" in texts(app)
