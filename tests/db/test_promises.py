"""Promises as agreements: signed by both sides, judged by the version in force, let off with a reason, alerted once."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from people import make_actor
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from actions import (
    agreements,
    alerts,
    calendars,
    clock,
    dashboard,
    messages,
    people,
    promise_signing,
    promises,
    settings,
)
from alignment.agreements import AgreementKind
from alignment.company import BusinessHours, ClosedDays
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.messages import MessageKind
from alignment.people import MACHINE, Role, Team
from alignment.promises import Answer, Clock, DeliveryTerms, PromiseKind, ResponseTerms, Start, Verdict
from db.migrations import migrations
from db.queries import promises as stored
from db.store import store
from tests.lead_histories import History

BERLIN = BusinessHours("Europe/Berlin")
HOUR = ResponseTerms(60)
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # nine o'clock in Berlin


@pytest.fixture(autouse=True)
def some_time_later():
    """The leads of these tests are of the first half of 2026."""
    with clock.at(datetime(2026, 9, 9, 9, tzinfo=UTC)):
        yield


@pytest.fixture
def sales():
    return make_actor("team_lead", "sales", "Sales Lead")


@pytest.fixture
def marketing():
    return make_actor("team_lead", "marketing", "Marketing Lead")


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def company(hours=BERLIN, **more):
    found, revision = settings.company_with_revision(MACHINE)
    settings.change_company(MACHINE, replace(found, hours=hours, **more), revision)


def find(version_id):
    return stored.find(store().read(), version_id)


def agree(facilitator, *leads, key="follow_up", terms=HOUR, **more):
    version_id = promise_signing.draft(facilitator, key, terms, **more)
    promise_signing.propose(facilitator, version_id)
    for lead in leads:
        promise_signing.sign(lead, version_id, find(version_id).content_hash)
    return version_id


def entry(actor, key="follow_up"):
    return next(found for found in promises.read_promises(actor) if found.promise.key == key)


def standing(actor, key="follow_up", **more):
    return next(
        (found for found in promises.read_compliance(actor, **more) if found.promise.key == key), None
    )


# agreeing


def test_it_is_in_force_once_both_team_leads_have_signed_and_then_never_changes(
    facilitator, sales, marketing
):
    company()
    version_id = agree(facilitator, sales, terms=ResponseTerms(30, at_least=0.9), note="Every day.")
    assert entry(sales).in_force.taken_over and entry(sales).open.signed_by(Team.SALES)
    assert promise_signing.sign(marketing, version_id, find(version_id).content_hash) is True
    found = entry(sales)
    assert found.in_force.id == version_id and found.open is None
    assert found.in_force.sentence == (
        "Sales tries to reach each lead within 30 business minutes after it became an MQL. "
        "That holds for at least 90% of the leads."
    )
    assert settings.read_company(sales).follow_up_minutes == 30
    with pytest.raises(WrongState, match="never changes"):
        promise_signing.edit(facilitator, version_id, found.in_force.revision, HOUR, "", None)
    with pytest.raises(WrongState, match="Both teams have signed"):
        company(follow_up_minutes=45)


def test_a_signature_is_for_what_was_seen(facilitator, sales, marketing):
    version_id = agree(facilitator, sales)
    seen = find(version_id)
    assert promise_signing.edit(
        facilitator, version_id, seen.revision, replace(HOUR, limit_minutes=61), "", None
    )
    assert find(version_id).signed_by(Team.SALES) is None
    with pytest.raises(StaleVersion):
        promise_signing.edit(facilitator, version_id, seen.revision, HOUR, "", None)
    promise_signing.propose(facilitator, version_id)
    with pytest.raises(StaleVersion):
        promise_signing.sign(marketing, version_id, seen.content_hash)


def test_nobody_signs_for_both_sides_and_members_do_not_sign(facilitator, sales):
    version_id = agree(facilitator, sales)
    people.change_person(
        MACHINE, sales.person_id, name="Turncoat", team=Team.MARKETING, role=Role.TEAM_LEAD, revision=1
    )
    with pytest.raises(NotPermitted, match="other side already"):
        promise_signing.sign(sales, version_id, find(version_id).content_hash)
    with pytest.raises(NotPermitted):
        promise_signing.sign(make_actor("member", "marketing"), version_id, find(version_id).content_hash)


def test_sent_back_it_is_a_draft_again_and_dropped_it_is_gone(facilitator, sales, marketing):
    version_id = agree(facilitator, sales)
    promise_signing.send_back(marketing, version_id, "Too slow.")
    found = find(version_id)
    assert (found.returned_because, found.signatures) == ("Too slow.", ())
    assert entry(make_actor()).open is None  # members see no drafts
    with pytest.raises(WrongState, match="already being prepared"):
        promise_signing.draft(facilitator, "follow_up", HOUR)
    promise_signing.drop(facilitator, version_id)
    assert entry(sales).open is None and promise_signing.draft(facilitator, "follow_up", HOUR) != version_id


def test_a_promise_of_ones_own_stands_beside_the_built_in_ones(facilitator, sales, marketing):
    key = promise_signing.add_promise(facilitator, "First conversation")
    agree(facilitator, sales, marketing, key=key, terms=ResponseTerms(960, Answer.CONTACT))
    assert entry(sales, key).in_force.label == "First conversation v1"
    for taken in ("first CONVERSATION", "Feedback"):
        with pytest.raises(InvalidInput, match="already"):
            promise_signing.add_promise(facilitator, taken)
    with pytest.raises(NotFound):
        promise_signing.draft(facilitator, "no_such", HOUR)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (ResponseTerms(240, clock=Clock.ROUND_THE_CLOCK), "nobody works for 64 h each week"),
        (ResponseTerms(200_000), "would not come due within a year"),
        (ResponseTerms(0), "whole number"),
        (ResponseTerms(True), "whole number"),
        (ResponseTerms(60, at_least=0), "more than 0%"),
        (ResponseTerms(60, "shouting"), "Use one of"),
        (DeliveryTerms(10, 0.5), "time limit"),
        ("soon", "time limit"),
    ],
)
def test_what_can_never_be_kept_is_refused_when_it_is_typed(facilitator, terms, sentence):
    company()
    with pytest.raises(InvalidInput, match=sentence):
        promise_signing.draft(facilitator, "follow_up", terms)
    assert entry(facilitator).open is None


def test_hours_that_would_break_a_promise_in_force_are_refused(facilitator, sales, marketing):
    company(BusinessHours("UTC", (((0, 1440),),) * 7))
    agree(facilitator, sales, marketing, terms=ResponseTerms(45, clock=Clock.ROUND_THE_CLOCK))
    seen = calendars.read_calendar(MACHINE).seen
    with pytest.raises(InvalidInput, match="First contact v2 is in force and could not be kept"):
        calendars.change_hours(MACHINE, BERLIN, None, seen)
    assert calendars.read_calendar(MACHINE).today.timezone == "UTC"


def test_a_month_without_a_business_day_takes_no_number_of_leads(facilitator):
    today = settings.today(MACHINE)
    ahead = (today.replace(day=1) + timedelta(days=95)).replace(day=1)
    following = (ahead + timedelta(days=32)).replace(day=1)
    company(
        replace(BERLIN, closed_days=(ClosedDays(ahead, following - timedelta(days=1), "Works holidays"),))
    )
    with pytest.raises(InvalidInput, match="not one business day"):
        promise_signing.draft(facilitator, "delivery", DeliveryTerms(50, 0.6))


# business hours


def test_hours_hold_from_their_day_on_and_leave_the_past_alone(facilitator):
    company()
    view = calendars.read_calendar(MACHINE)
    later = view.day + timedelta(days=10)
    shorter = replace(BERLIN, shifts=(((540, 720),),) * 5 + ((), ()))
    calendars.change_hours(MACHINE, shorter, later, view.seen)
    with pytest.raises(StaleVersion):
        calendars.change_hours(MACHINE, shorter, later, view.seen)
    hours = settings.read_company(MACHINE).hours
    assert hours.shifts == BERLIN.shifts and [v.from_day for v in hours.versions] == [None, later]
    with clock.at(datetime.combine(later, datetime.min.time(), UTC) + timedelta(hours=12)):
        assert settings.read_company(MACHINE).hours.shifts == shorter.shifts
    with pytest.raises(WrongState, match="have versions"):
        company(shorter)
    renamed = replace(settings.read_company(MACHINE), name="Renamed")
    settings.change_company(MACHINE, renamed, settings.company_with_revision(MACHINE)[1])
    calendars.remove_hours(MACHINE, later, calendars.read_calendar(MACHINE).seen)
    assert settings.read_company(MACHINE).hours == BERLIN
    with pytest.raises(NotFound):
        calendars.remove_hours(MACHINE, later, calendars.read_calendar(MACHINE).seen)


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "DE-XX"},
        {"closed_days": (ClosedDays(date(2026, 5, 2), date(2026, 5, 1)),)},
        {"closed_days": (ClosedDays(date(2026, 1, 1), date(2028, 1, 1)),)},
        {"closed_days": (ClosedDays(None, None),)},
        {"closed_days": (ClosedDays(date(2026, 1, 1), date(2026, 1, 1), "x" * 61),)},
    ],
)
def test_hours_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidInput):
        calendars.change_hours(MACHINE, replace(BERLIN, **wrong), None, "")
    with pytest.raises(InvalidInput):
        calendars.change_hours(MACHINE, BERLIN, date(1990, 1, 1), "")
    assert calendars.read_calendar(MACHINE).versions == ()


def test_what_the_settings_said_becomes_the_first_versions(tmp_path):
    database = Database(sqlite3.connect(tmp_path / "old.db", isolation_level=None))
    before = [one.name for one in migrations._migrations if one.name < "0006"]
    migrations.apply(
        database, stop_before=next(o.name for o in migrations._migrations if o.name not in before)
    )
    kept = {
        "name": "Acme",
        "timezone": "Europe/Berlin",
        "shifts": [[[480, 720]]] * 5 + [[], []],
        "country": "DE-BY",
        "follow_up_minutes": 90,
        "feedback_hours": 24,
        "sample": False,
    }
    database.execute("INSERT INTO setting (key, value) VALUES ('company', ?)", (json.dumps(kept),))
    migrations.apply(database)
    found = {
        row[0]: json.loads(row[1])["terms"]
        for row in database.execute("SELECT subject, content FROM agreement WHERE kind = 'promise'")
    }
    assert found["follow_up"]["limit_minutes"] == 90 and found["feedback"]["limit_minutes"] == 24 * 60
    assert found["feedback"]["answer"] == "decision"
    (hours,) = database.execute("SELECT hours FROM calendar_version WHERE from_day = ''").fetchone()
    assert json.loads(hours)["country"] == "DE-BY" and json.loads(hours)["shifts"] == kept["shifts"]


# keeping


def leads(*minutes, owner="Ada", start=MONDAY, accepted=True, name="l", **fields):
    """One MQL each, called after so many minutes; None is never called."""
    history = History()
    for number, after in enumerate(minutes):
        at = start + timedelta(seconds=number)
        history.lead(f"{name}{number}", owner=owner, **fields).enter(f"{name}{number}", "mql", at)
        if after is not None:
            history.event(f"{name}{number}", "contacted", at + timedelta(minutes=after))
            history.event(
                f"{name}{number}", "accepted" if accepted else "rejected", at + timedelta(minutes=after)
            )
    return history.load()


def test_leads_are_judged_by_the_version_in_force_and_what_is_let_off_counts_no_more(
    facilitator, sales, marketing
):
    company()
    leads(30, 90, None, 20)
    with clock.at(MONDAY - timedelta(days=30)):
        agree(facilitator, sales, marketing)
    found = standing(sales, by="owner")
    assert (found.figures[0].numerator, found.figures[0].denominator) == (2, 4)
    assert [version.label for version in found.versions] == ["First contact v1", "First contact v2"]
    assert found.kept_enough is False
    broken, total = promises.list_breaches(sales, "follow_up")
    assert total == 2 and {lead.lead_id for lead in broken} == {"l1", "l2"}
    assert [lead.lead_id for lead in promises.list_breaches(sales, "follow_up", still_open=True)[0]] == ["l2"]
    with pytest.raises(NotPermitted, match="only their team lead may let sales off"):
        promise_signing.waive(sales, "follow_up", "We were ill.", lead_id="l1")
    waiver = promise_signing.waive(marketing, "follow_up", "The telephones were down.", lead_id="l1")
    with pytest.raises(WrongState):
        promise_signing.waive(marketing, "follow_up", "Again.", lead_id="l1")
    figure = standing(sales).figures[0]
    assert (figure.numerator, figure.denominator, figure.excluded["waived"]) == (2, 3, 1)
    promise_signing.waive(marketing, "follow_up", "Fair", first_day=MONDAY.date(), last_day=MONDAY.date())
    assert standing(sales).figures[0].denominator == 0
    promise_signing.withdraw_waiver(marketing, entry(sales).waivers[0].id)
    promise_signing.withdraw_waiver(marketing, waiver)
    assert standing(sales).figures[0].denominator == 4
    with pytest.raises(NotFound):
        promise_signing.withdraw_waiver(marketing, waiver)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "x"},
        {"reason": "x", "lead_id": "l1", "first_day": date(2026, 1, 1), "last_day": date(2026, 1, 2)},
        {"reason": "x", "first_day": date(2026, 1, 2), "last_day": date(2026, 1, 1)},
        {"reason": "x", "first_day": date(2024, 1, 2), "last_day": date(2026, 1, 1)},
        {"reason": "x", "lead_id": "l1", "key": "delivery"},
    ],
)
def test_letting_off_takes_a_reason_and_either_a_lead_or_days(marketing, wrong):
    with pytest.raises((InvalidInput, NotPermitted)):
        promise_signing.waive(marketing, **{"key": "follow_up", **wrong})


def test_marketing_keeps_its_promise_with_enough_leads_and_enough_of_them_accepted(
    facilitator, sales, marketing
):
    company()
    march = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 31)}
    leads(*[30] * 22)  # of 22 business days
    with clock.at(MONDAY - timedelta(days=30)):
        agree(facilitator, sales, marketing, key="delivery", terms=DeliveryTerms(22, 0.9))
    (one,) = standing(sales, "delivery", **march).deliveries
    assert (one.wanted, one.delivered.numerator, one.verdict) == (22, 22, Verdict.KEPT)
    (half,) = standing(sales, "delivery", **march | {"last_day": date(2026, 3, 16)}).deliveries
    assert half.wanted == 11 and half.business_days == (11, 11)
    running = standing(sales, "delivery", **march, as_of=date(2026, 3, 10)).deliveries[0]
    assert (running.wanted, running.wanted_in_all, running.business_days) == (6, 22, (6, 22))
    assert running.verdict is Verdict.ON_COURSE
    leads(*[30] * 3, accepted=False, name="turned-down-")
    found = standing(sales, "delivery", **march)
    assert (found.deliveries[0].delivered.numerator, found.deliveries[0].acceptance.value) == (25, 22 / 25)
    assert found.deliveries[0].verdict is Verdict.BROKEN and found.kept_enough is False


def test_each_day_of_delivery_goes_by_the_version_that_was_in_force_when_it_began(
    facilitator, sales, marketing
):
    company()
    leads(*[30] * 3)
    with clock.at(datetime(2026, 2, 1, tzinfo=UTC)):
        agree(facilitator, sales, marketing, key="delivery", terms=DeliveryTerms(22, 0.5))
    with clock.at(datetime(2026, 3, 16, 10, tzinfo=UTC)):
        agree(facilitator, sales, marketing, key="delivery", terms=DeliveryTerms(44, 0.5))
    found = standing(sales, "delivery", first_day=date(2026, 3, 1), last_day=date(2026, 3, 31))
    assert [
        (one.version.version, one.first_day.day, one.last_day.day, one.wanted) for one in found.deliveries
    ] == [
        (1, 1, 16, 11),
        (2, 17, 31, 22),
    ]


def test_a_promise_for_some_leads_counts_only_those_and_those_for_all_count_everybody(
    facilitator, sales, marketing
):
    company()
    march = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 31)}
    leads(*[30] * 6, source="webinar", name="w")
    leads(*[90] * 4, source="ads", name="a")
    leads(*[30] * 2, source=None, name="n")
    of_webinars = promise_signing.add_promise(facilitator, "Webinar leads", PromiseKind.DELIVERY)
    of_none = promise_signing.add_promise(facilitator, "Leads from nowhere")
    with clock.at(MONDAY - timedelta(days=30)):
        agree(facilitator, sales, marketing, key="delivery", terms=DeliveryTerms(22, 0.5))
        agree(facilitator, sales, marketing, key="follow_up", terms=HOUR)
        terms = DeliveryTerms(6, 0.5, ("source", "webinar"))
        agree(facilitator, sales, marketing, key=of_webinars, terms=terms)
        agree(facilitator, sales, marketing, key=of_none, terms=replace(HOUR, only=("source", "(blank)")))
    assert entry(sales, of_webinars).in_force.sentence == (
        "Marketing delivers 6 qualified leads a month with source “webinar”, of which sales accepts at least 50%."
    )
    found = {one.promise.key: one for one in promises.read_compliance(sales, **march)}
    assert found["delivery"].deliveries[0].delivered.numerator == 12
    of_some = found[of_webinars].deliveries[0]
    assert (of_some.delivered.numerator, of_some.acceptance.denominator) == (6, 6)
    assert (of_some.wanted, of_some.verdict) == (6, Verdict.KEPT)
    assert (found["follow_up"].figures[0].numerator, found["follow_up"].figures[0].denominator) == (8, 12)
    assert (found[of_none].figures[0].numerator, found[of_none].figures[0].denominator) == (2, 2)
    tried = promises.try_terms(
        marketing, of_webinars, replace(terms, only=("source", "ads")), *march.values()
    )
    assert tried.delivery.delivered.numerator == 4
    # what is judged over all leads is promised of all
    assert dashboard.read_dashboard(sales, **march).promised == 22


def test_a_promise_whose_field_is_gone_cannot_be_told_and_breaks_nothing(facilitator, sales, marketing):
    company()
    leads(30)
    only = ("segment", "big")  # a field of the company's own, which the leads of now do not have
    for terms in (replace(HOUR, only=only), DeliveryTerms(1, 0.5, only)):
        kind = PromiseKind.DELIVERY if isinstance(terms, DeliveryTerms) else PromiseKind.RESPONSE
        key = promise_signing.add_promise(facilitator, f"For the big ones {kind}", kind)
        with clock.at(MONDAY - timedelta(days=30)):
            content = {"terms": terms, "note": ""}
            version_id = agreements.draft(facilitator, AgreementKind.PROMISE, key, content)
            promise_signing.propose(facilitator, version_id)
            for lead in (sales, marketing):
                promise_signing.sign(lead, version_id, find(version_id).content_hash)
    march = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 31)}
    answered, delivered = promises.read_compliance(sales, **march)[-2:]
    assert answered.kept_enough is None and delivered.kept_enough is None
    figure = answered.figures[0]
    assert (figure.value, figure.notes[0]) == (None, "Leads have no field “segment” any more.")
    assert delivered.deliveries[0].verdict is Verdict.CANNOT_TELL
    assert promises.read_due(sales, most=0)[-1].count == 0


@pytest.mark.parametrize(
    ("only", "word"),
    [
        (("source", ""), "both a field and its value"),
        (("source",), "both a field and its value"),
        ("source", "both a field and its value"),
        (("owner", "Ada"), "not for one person's leads"),
        (("no_such", "x"), "no field “no_such”"),
        ((7, "x"), "has to be text"),
    ],
)
def test_a_promise_is_for_leads_of_a_kind_that_there_can_be(facilitator, only, word):
    leads(30)
    key = promise_signing.add_promise(facilitator, "For some")
    with pytest.raises(InvalidInput, match=word):
        promise_signing.draft(facilitator, key, replace(HOUR, only=only))
    with pytest.raises(InvalidInput, match="Add a promise of its own"):
        promise_signing.draft(facilitator, "feedback", replace(HOUR, only=("source", "ads")))


def test_terms_for_all_leads_are_kept_and_signed_as_before(facilitator):
    version = find(promise_signing.draft(facilitator, "follow_up", HOUR))
    assert "only" not in version.content["terms"]
    assert version.terms.only is None
    of_some = promise_signing.add_promise(facilitator, "For some")
    leads(30)
    draft = promise_signing.draft(facilitator, of_some, replace(HOUR, only=("source", "ads")))
    found = find(draft)
    assert found.terms.only == ("source", "ads")
    assert found.sentence == (
        "Sales tries to reach each lead with source “ads” within 1 business hour after it became an MQL."
    )
    same = replace(HOUR, only=("source", "ads"))
    assert promise_signing.edit(facilitator, draft, found.revision, same, "", None) is False
    assert promise_signing.edit(facilitator, draft, found.revision, HOUR, "", None) is True
    assert find(draft).content_hash != found.content_hash


def test_terms_are_tried_on_past_leads_before_anybody_signs(facilitator, sales, marketing):
    company()
    leads(30, 90, None, 20)
    days = (date(2026, 1, 1), date(2026, 3, 31))
    found = promises.try_terms(facilitator, "follow_up", ResponseTerms(120, at_least=0.5), *days)
    assert (found.tried.figure.numerator, found.tried.figure.denominator) == (3, 4)
    assert found.tried.reachable_minutes == 30
    assert found.now.figures[0].numerator == 2  # by the hour that the settings say
    delivery = promises.try_terms(
        facilitator, "delivery", DeliveryTerms(4, 0.5), date(2026, 3, 1), date(2026, 3, 31)
    )
    assert delivery.delivery.verdict is Verdict.KEPT and delivery.now is None
    with pytest.raises(InvalidInput):
        promises.try_terms(facilitator, "follow_up", HOUR, days[1], days[0])
    with pytest.raises(InvalidInput, match="cannot be split"):
        promises.read_compliance(facilitator, by="colour")


def test_what_is_due_is_told_as_of_now_while_the_facts_are_fresh(sales):
    company()
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)  # a Tuesday; the facts are of the first of July
    leads(None, 10, start=now - timedelta(minutes=40))
    with clock.at(now):
        (first, feedback) = promises.read_due(sales)
        assert (first.count, [lead.lead_id for lead in first.leads]) == (1, ["l0"]) and first.as_of == now
        assert first.leads[0].due_at == now + timedelta(minutes=20)
        assert [lead.lead_id for lead in feedback.leads] == ["l0"]
    with clock.at(now + timedelta(minutes=21)):
        assert promises.read_due(sales)[0].count == 0
    with clock.at(now + timedelta(days=30)):  # a month without news: nobody knows who was called since
        assert promises.read_due(sales)[0].as_of == datetime(2026, 7, 1, tzinfo=UTC)


# alerts


def told(actor):
    return [one.subject for one in reversed(messages.my_messages(actor)) if one.kind is MessageKind.ALERT]


def test_an_alert_goes_out_before_and_at_a_breach_once_each(sales, marketing):
    company()
    ben = make_actor("member", "sales", "Ben Alder")
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    leads(None, 10, owner="Ben Alder", start=now - timedelta(minutes=40))
    with clock.at(now - timedelta(hours=1)):
        assert alerts.alert_due(MACHINE) == 0
        alerts.set_alerts(marketing, "follow_up", True, 15)
    with clock.at(now):
        assert alerts.alert_due(MACHINE) == 0  # twenty minutes are left
    with clock.at(now + timedelta(minutes=5)):
        assert alerts.alert_due(MACHINE) == 1
        assert alerts.alert_due(MACHINE) == 0
    assert told(ben) == ["1 lead due soon: First contact"] and told(sales) == []
    with clock.at(now + timedelta(minutes=20)):
        assert alerts.alert_due(MACHINE) == 0  # an answer in this minute is in time
    with clock.at(now + timedelta(minutes=21)):
        assert alerts.alert_due(MACHINE) == 2
        assert alerts.alert_due(MACHINE) == 0
    assert told(ben)[1:] == told(sales) == ["1 lead overdue: First contact"] and told(marketing) == []
    assert "l0" in messages.my_messages(sales)[0].body and "Ben Alder" in messages.my_messages(sales)[0].body


def test_what_was_due_before_alerts_were_turned_on_is_not_told_of(sales, marketing):
    company()
    now = datetime(2026, 6, 30, 14, tzinfo=UTC)
    leads(None, None, start=now - timedelta(minutes=90))
    with clock.at(now):
        alerts.set_alerts(sales, "follow_up", True, 10)
        assert alerts.alert_due(MACHINE) == 0
        alerts.set_alerts(sales, "follow_up", False, 10)
    with pytest.raises(NotPermitted):
        alerts.set_alerts(make_actor("member", "sales"), "follow_up", True, 10)
    for minutes in (0, True, 1.5, 1_000_000):
        with pytest.raises(InvalidInput):
            alerts.set_alerts(sales, "follow_up", True, minutes)
    with pytest.raises(InvalidInput, match="whole months"):
        alerts.set_alerts(sales, "delivery", True, 10)


def test_nobody_is_alerted_from_facts_that_are_more_than_a_day_old(sales, marketing):
    company()
    now = datetime(2026, 7, 2, 10, tzinfo=UTC)  # the facts end with June
    leads(None, start=now - timedelta(minutes=30))
    with clock.at(now - timedelta(minutes=5)):
        alerts.set_alerts(sales, "follow_up", True, 50)
        assert alerts.alert_due(MACHINE) == 0


def test_a_clock_that_starts_with_the_assignment_waits_for_it(facilitator, sales, marketing):
    company()
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    history = History().lead("l0").enter("l0", "mql", now - timedelta(hours=3))
    history.lead("l1").enter("l1", "mql", now - timedelta(hours=3)).event(
        "l1", "assigned", now - timedelta(minutes=10)
    )
    history.load()
    with clock.at(now - timedelta(days=3)):
        agree(facilitator, sales, marketing, terms=ResponseTerms(60, start=Start.ASSIGNED))
    with clock.at(now):
        assert [lead.lead_id for lead in promises.read_due(sales)[0].leads] == ["l1"]
