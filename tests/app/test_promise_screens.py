"""The screens of promises and of business hours: for everybody, empty and filled, and what they refuse."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from actions import agreements, calendars, clock, promise_signing, promises, settings
from actions.promises import Compliance
from alignment.company import BusinessHours, ClosedDays
from alignment.people import MACHINE, Actor
from alignment.promises import Answer, Clock, DeliveryTerms, Promise, PromiseKind, ResponseTerms, Start
from alignment.statistics import wilson
from components.promise_cards import chance_explains, verdict_in_words
from tests import lead_histories
from tests.lead_histories import History
from tests.loaded_once import load_once

PROMISES, HOURS = "pages/definitions/promises.py", "pages/admin/hours.py"


def acting(person):
    return Actor(person.id, clock.now_text())


def shown(app):
    blocks = (app.markdown, app.caption, app.subheader, app.info, app.error, app.warning)
    return "\n".join(str(element.value) for block in blocks for element in block)


def button(app, label):
    return next(one for one in app.button if one.label == label)


@pytest.fixture
def people(make_person):
    return {
        "facilitator": make_person("facilitator", None),
        "sales": make_person("team_lead", "sales", name="Sven Sales"),
        "marketing": make_person("team_lead", "marketing", name="Mia Marketing"),
        "member": make_person("member", "sales"),
        "admin": make_person("admin", None),
    }


@pytest.fixture
def company():
    found, revision = settings.company_with_revision(MACHINE)
    settings.change_company(MACHINE, replace(found, hours=BusinessHours("Europe/Berlin")), revision)


@pytest.fixture
def leads(monkeypatch):
    """Forty leads of the last quarter; every second is called within the hour."""
    first, _ = promises.last_quarter(MACHINE)
    history = History()
    for number in range(40):
        at = datetime(first.year, first.month, first.day, 9, tzinfo=UTC) + timedelta(
            days=7 * (number // 5), minutes=number
        )
        history.lead(f"l{number}").enter(f"l{number}", "mql", at)
        history.event(f"l{number}", "contacted", at + timedelta(minutes=20 if number % 2 else 20_000))
    monkeypatch.setattr(lead_histories, "load_once", lambda *tables: load_once(*tables[:2], clock.now()))
    return history.load()


@pytest.mark.parametrize("who", ["sales", "member"])
def test_an_empty_portal_says_that_nothing_is_promised_and_offers_a_draft_to_those_who_may(
    open_page, people, who
):
    app = open_page(PROMISES, people[who])
    assert "Nothing has been promised yet" in app.subheader[0].value and not app.exception
    assert any(one.label == "Add a promise" for one in app.button) is (who != "member")
    for view in ("Due soon", "Broken"):
        app.segmented_control(key="promises_view").set_value(view).run()
        assert app.info and not app.exception


def test_a_new_promise_says_from_when_on_it_holds_and_not_that_there_are_no_leads(
    open_page, people, company, leads
):
    key = promise_signing.add_promise(MACHINE, "Second look", PromiseKind.RESPONSE)
    terms = ResponseTerms(480, Answer.ATTEMPT, Start.MQL, Clock.BUSINESS, 0.8)
    version_id = promise_signing.draft(MACHINE, key, terms)
    agreements.propose(MACHINE, version_id)
    for who in ("sales", "marketing"):
        actor = Actor(people[who].id, clock.now_text())
        [entry] = [one for one in promises.read_promises(actor) if one.promise.key == key]
        agreements.sign(actor, version_id, entry.open.content_hash)
    app = open_page(PROMISES, people["member"])
    today = settings.today(MACHINE)
    assert f"It holds since {today.day} {today:%B %Y}, and no lead that counts has come since then." in shown(
        app
    )
    assert "There are no leads" not in shown(app)


def test_a_promise_is_drafted_tried_proposed_and_signed_on_screen(open_page, people, company, leads):
    app = open_page(PROMISES, people["facilitator"])
    app.selectbox(key="promises_span").set_value("Last quarter").run()
    assert "‘First contact’ for 50% of 40 leads (promised: 100%)" in app.subheader[0].value
    assert "Not kept: promised for every lead" in shown(app)
    app.pills(key="promises_more_follow_up").set_value("next").run()
    app.number_input(key="promises_follow_up_new_limit").set_value(30)
    app.number_input(key="promises_follow_up_new_at_least").set_value(50.0).run()
    button(app, "Try it on these leads").click().run()
    assert "50% of the leads were answered within **20 min**" in shown(app)
    button(app, "Save the draft").click().run()
    assert "First contact v2" in shown(app) and not app.error
    button(app, "Propose for signature").click().run()
    for who in ("sales", "marketing"):
        app = open_page(PROMISES, people[who])
        assert "First contact v2 waits for your signature" in shown(app)
        button(app, f"Sign for {who}").click().run()
    assert "within 30 business minutes" in shown(app) and "waits for your signature" not in shown(app)
    assert settings.read_company(MACHINE).follow_up_minutes == 30


def test_a_promise_of_ones_own_is_limited_to_leads_of_one_kind_on_screen(open_page, people, company, leads):
    key = promise_signing.add_promise(MACHINE, "Leads of ads", PromiseKind.DELIVERY)
    app = open_page(PROMISES, people["facilitator"])
    app.selectbox(key="promises_span").set_value("Last quarter").run()
    assert "Nobody has said yet how many" in shown(app)
    app.pills(key="promises_more_follow_up").set_value("next").run()
    assert not [one for one in app.selectbox if one.label == "Only leads of one kind"]  # it is for all leads
    app.pills(key="promises_more_follow_up").set_value(None).run()
    app.pills(key=f"promises_more_{key}").set_value("next").run()
    app.selectbox(key=f"promises_{key}_new_field").set_value("source").run()
    button(app, "Save the draft").click().run()
    assert "choose both a field and its value" in shown(app)
    app.selectbox(key=f"promises_{key}_new_of_source").set_value("ads").run()
    button(app, "Save the draft").click().run()
    assert "50 qualified leads a month with source “ads”" in shown(app) and not app.error
    draft = next(one.open for one in promises.read_promises(MACHINE) if one.promise.key == key)
    assert draft.terms.only == ("source", "ads")
    # the field begins with what the draft says
    app = open_page(PROMISES, people["facilitator"])
    app.session_state[f"promises_edit_{draft.id}"] = True
    app.run()
    assert [one.value for one in app.selectbox if one.label in ("Only leads of one kind", "Source")] == [
        "source",
        "ads",
    ]


def test_terms_that_can_never_be_kept_are_refused_with_a_sentence_and_stay_on_screen(
    open_page, people, company
):
    app = open_page(PROMISES, people["facilitator"])
    app.pills(key="promises_more_follow_up").set_value("next").run()
    app.selectbox(key="promises_follow_up_new_clock").set_value(Clock.ROUND_THE_CLOCK).run()
    button(app, "Save the draft").click().run()
    assert "nobody works for 64 h each week" in shown(app)
    assert app.number_input(key="promises_follow_up_new_limit").value == 60
    assert promises.read_promises(MACHINE)[0].open is None


def test_broken_promises_stand_with_their_leads_and_marketing_lets_off(open_page, people, company, leads):
    app = open_page(PROMISES, people["sales"])
    app.selectbox(key="promises_span").set_value("Last quarter").run()
    app.segmented_control(key="promises_view").set_value("Broken").run()
    assert len(app.dataframe[0].value) == 20
    assert not any("off" in one.label for one in app.button)
    promise_signing.waive(acting(people["marketing"]), "follow_up", "<b>No</b> *lines*", lead_id="l0")
    app = open_page(PROMISES, people["marketing"])
    app.selectbox(key="promises_span").set_value("Last quarter").run()
    app.pills(key="promises_more_follow_up").set_value("let_off").run()
    assert r"\<b\>No\</b\> \*lines\*" in shown(app) and "1 let off" in shown(app)
    button(app, "Count it again").click().run()
    assert "Nothing has been let off" in shown(app)


@pytest.mark.parametrize(
    ("kept", "said", "by_chance"),
    [
        (20, "Not kept: 60% promised", False),
        (58, "Not kept: 60% promised", True),
        (62, "Kept: 60% promised", True),
        (90, "Kept: 60% promised", False),
    ],
)
def test_the_verdict_says_whether_chance_can_explain_it(kept, said, by_chance):
    found = Compliance(
        Promise("follow_up", "First contact", PromiseKind.RESPONSE),
        (SimpleNamespace(terms=ResponseTerms(60, at_least=0.6)),),
        (SimpleNamespace(value=kept / 100, interval=wilson(kept, 100)),),
    )
    assert (verdict_in_words(found), chance_explains(found)) == (said, by_chance)


def test_marketings_promise_stands_beside_what_sales_accepted(open_page, people, company, leads):
    first, _ = promises.last_quarter(MACHINE)
    signing = [acting(people[who]) for who in ("sales", "marketing")]
    with clock.at(datetime(first.year, first.month, 1, tzinfo=UTC) - timedelta(days=5)):
        version_id = promise_signing.draft(MACHINE, "delivery", DeliveryTerms(10, 0.5))
        promise_signing.propose(MACHINE, version_id)
        for lead in signing:
            entry = promises.read_promises(MACHINE)[2]
            promise_signing.sign(lead, version_id, entry.open.content_hash)
    app = open_page(PROMISES, people["member"])
    app.selectbox(key="promises_span").set_value("Last quarter").run()
    assert "Marketing delivered 40 qualified leads, 30 were promised" in app.subheader[0].value
    assert "cannot be told yet: no decision is due" in shown(app)


def test_alerts_are_turned_on_by_those_who_lead(open_page, people, company):
    app = open_page(PROMISES, people["sales"])
    app.pills(key="promises_more_feedback").set_value("alerts").run()
    app.toggle(key="promises_alerts_feedback_active").set_value(True)
    button(app, "Save").click().run()
    assert promises.read_promises(MACHINE)[1].alerts.active
    app = open_page(PROMISES, people["member"])
    app.pills(key="promises_more_feedback").set_value("alerts").run()
    assert "People are told 15 minutes before" in shown(app)


# business hours


def test_hours_are_saved_with_their_region_and_from_a_day_on(open_page, people):
    app = open_page(HOURS, people["admin"])
    app.text_input(key="hours_beginning_day_0").set_value("8-12, 13:00-16:30")
    app.selectbox(key="hours_beginning_zone").set_value("Europe/Berlin")
    app.selectbox(key="hours_beginning_country").set_value("DE").run()
    app.selectbox(key="hours_beginning_region_DE").set_value("BY")
    button(app, "Save").click().run()
    hours = settings.read_company(MACHINE).hours
    assert (hours.timezone, hours.country, hours.shifts[0]) == (
        "Europe/Berlin",
        "DE-BY",
        ((480, 720), (780, 990)),
    )
    assert "39.5 hours a week" in app.subheader[0].value
    app.segmented_control(key="hours_version").set_value("new").run()
    begins = settings.today(MACHINE) + timedelta(days=30)
    app.date_input(key="hours_new_from").set_value(begins)
    app.text_input(key="hours_new_day_4").set_value("")
    button(app, "Save").click().run()
    assert [found.from_day for found in calendars.read_calendar(MACHINE).versions] == [None, begins]
    assert "Other hours hold from" in app.subheader[0].value and not app.exception
    assert settings.read_company(MACHINE).hours.shifts[4] == ((540, 1020),)


def test_hours_that_do_not_fit_get_a_sentence_that_names_the_day(open_page, people):
    app = open_page(HOURS, people["admin"])
    for hours in ("25-26", "9:00-12:00, 11:00-13:00"):
        app.text_input(key="hours_beginning_day_1").set_value(hours)
        button(app, "Save").click().run()
        assert "Tuesday" in app.error[0].value and not app.exception
        assert app.text_input(key="hours_beginning_day_1").value == hours


def test_of_two_who_change_hours_the_second_is_told_and_keeps_what_they_typed(open_page, people):
    first, second = open_page(HOURS, people["admin"]), open_page(HOURS, people["admin"])
    for app, text in ((first, "8-16"), (second, "10-18")):
        app.text_input(key="hours_beginning_day_0").set_value(text)
        button(app, "Save").click().run()
    assert "someone else has changed" in second.error[0].value
    assert second.text_input(key="hours_beginning_day_0").value == "10-18"
    button(second, "Show what they are now").click().run()
    assert second.text_input(key="hours_beginning_day_0").value == "08:00-16:00"


def test_closed_days_of_ones_own_stand_on_the_screen(open_page, people):
    closed = ClosedDays(date(2026, 12, 24), date(2026, 12, 31), "Between the years")
    calendars.change_hours(MACHINE, BusinessHours(closed_days=(closed,)), None, "")
    app = open_page(HOURS, people["admin"])
    app.text_input(key="hours_beginning_day_0").set_value("8-16")
    button(app, "Save").click().run()
    assert settings.read_company(MACHINE).hours.closed_days == (closed,) and not app.error
