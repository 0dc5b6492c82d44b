"""Drift in the store: counted by week from the leads, told once to both team leads."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from histories import START, add_history
from people import make_actor

from actions import clock, definitions, drift, imports, messages
from alignment.drift import DriftKind, DriftShare
from alignment.errors import InvalidInput, NotPermitted, StaleVersion
from alignment.people import MACHINE
from jobs.rounds import run_round

BEFORE = START - timedelta(days=3)
AFTER = datetime(2026, 2, 3, 9, tzinfo=UTC)  # a Tuesday, four complete weeks later
LARGE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}


def sign(leads, text, rule, day):
    """Both team leads sign a definition of an MQL, in force from a day on."""
    definition_id = definitions.draft(leads[0], "mql", text, rule, day)
    definitions.propose(leads[0], definition_id)
    for lead in leads:
        [entry] = [one for one in definitions.read_glossary(lead) if one.term.key == "mql"]
        definitions.sign(lead, definition_id, entry.open.content_hash)


def both_leads():
    return make_actor("team_lead", "sales"), make_actor("team_lead", "marketing")


@pytest.fixture
def team_leads():
    """A rule for an MQL, signed by both and in force before the first lead."""
    with clock.at(BEFORE):
        leads = both_leads()
        sign(leads, "A large company.", LARGE, BEFORE.date())
    return leads


def read_at(instant):
    with clock.at(instant):
        return drift.read_drift(MACHINE)


def alert_at(instant):
    with clock.at(instant):
        return drift.alert_drift(MACHINE)


def as_of(monkeypatch, instant):
    monkeypatch.setattr(drift.metrics, "known_until", lambda: instant)


def test_leads_that_break_the_rule_and_rejections_it_does_not_cover_are_counted_by_week(team_leads):
    add_history(280, big=0.5, accepted=0.6)
    found = read_at(AFTER)
    assert [week.monday for week in found.judged] == [
        date(2026, 1, 5) + timedelta(weeks=number) for number in range(4)
    ]
    assert found.labels == ("MQL v1",)
    breaks = found.share(DriftKind.BREAKS)
    assert breaks == DriftShare(140, 280)
    uncovered = found.share(DriftKind.UNCOVERED)
    assert (
        uncovered.n == 135 and 0 < uncovered.hits < 135
    )  # those of the last day are decided on after these weeks
    # the same, counted lead by lead: who is large passes, who is rejected stands with the reason
    rejected_in_all = sum(sum(week.rejected.values()) for week in found.weeks)
    assert rejected_in_all == uncovered.hits
    assert {reason for week in found.weeks for reason in week.rejected} == {"no_budget"}


def test_a_lead_is_judged_by_the_rule_in_force_when_it_came(team_leads):
    with clock.at(datetime(2026, 1, 12, tzinfo=UTC)):
        everyone = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 1}]}
        sign(team_leads, "Any company.", everyone, date(2026, 1, 19))
    add_history(280, big=0.5)
    weeks = read_at(AFTER).weeks
    assert [week.failed for week in weeks] == [35, 35, 0, 0]
    # the leads of the last day under v1 are decided on in the first week of v2
    assert [week.labels for week in weeks] == [
        ("MQL v1",),
        ("MQL v1",),
        ("MQL v1", "MQL v2"),
        ("MQL v2",),
    ]


def test_leads_turned_down_sooner_than_taken_on_look_no_worse_for_it(team_leads):
    add_slow_history(days=56, per_day=10, accepted_after=10)
    with clock.at(START + timedelta(days=50)):
        uncovered = drift.read_drift(MACHINE).share(DriftKind.UNCOVERED)
    assert uncovered == DriftShare(140, 280)


def add_slow_history(days, per_day, accepted_after):
    """Large companies, half of which are turned down on the day and half taken on so many days later."""
    rows, events = [], []
    for number in range(days * per_day):
        lead, at = f"slow-{number}", START + timedelta(days=number // per_day)
        rows.append({"lead_id": lead, "source": "web", "employees": 100.0, "created_at": at})
        events.append({"lead_id": lead, "type": "entered_stage", "stage": "mql", "at": at})
        kind, after = (
            ("accepted", timedelta(days=accepted_after)) if number % 2 else ("rejected", timedelta(hours=1))
        )
        events.append({"lead_id": lead, "type": kind, "stage": None, "at": at + after})
    imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))


def test_without_a_rule_or_leads_there_is_no_drift(team_leads):
    assert read_at(AFTER).weeks == ()
    assert alert_at(AFTER) == 0


def test_a_definition_in_words_only_judges_nobody():
    with clock.at(BEFORE):
        sign(both_leads(), "Anybody.", None, BEFORE.date())
    add_history(100)
    assert read_at(AFTER).weeks == ()


def test_both_team_leads_are_told_once_and_not_again_before_the_weeks_are_other_ones(team_leads, monkeypatch):
    add_history(280, big=0.5, accepted=0.9)
    as_of(monkeypatch, AFTER)
    assert alert_at(AFTER) == 1  # too many break the rule; what is rejected stays within its limit
    assert alert_at(AFTER + timedelta(hours=1)) == 0
    for lead in team_leads:
        [told] = messages.my_messages(lead)
        assert told.subject == "Leads and MQL v1 drift apart" and told.page == "reality"
        assert "50% of the leads handed over break the signed rule (140 of 280" in told.body
    later = AFTER + timedelta(weeks=2)
    as_of(monkeypatch, later)
    assert alert_at(later) == 0


@pytest.mark.parametrize(
    ("rule", "since"), [(LARGE, "too early to tell"), (None, "it has no rule to judge leads by")]
)
def test_an_alert_names_the_version_that_came_since(team_leads, monkeypatch, rule, since):
    add_history(280, big=0.5, accepted=0.9)
    as_of(monkeypatch, AFTER)
    with clock.at(AFTER - timedelta(hours=1)):
        sign(team_leads, "Another.", rule, (AFTER - timedelta(days=1)).date())
    assert alert_at(AFTER) == 1
    [told] = [one for one in messages.my_messages(team_leads[0]) if one.page == "reality"]
    assert f"MQL v1: replaced by MQL v2 since; {since}." in told.body


def test_after_the_quiet_time_it_is_told_again_if_it_is_still_so(team_leads, monkeypatch):
    add_history(700, big=0.5, accepted=0.9)
    as_of(monkeypatch, AFTER)
    assert alert_at(AFTER) == 1
    later = AFTER + timedelta(weeks=5)
    as_of(monkeypatch, later)
    assert alert_at(later) == 1
    assert len(messages.my_messages(team_leads[0])) == 2


def test_rejections_that_the_rule_does_not_cover_are_told_with_their_reasons(team_leads, monkeypatch):
    add_history(280, big=1.0, accepted=0.2)
    as_of(monkeypatch, AFTER)
    assert alert_at(AFTER) == 1
    [told] = messages.my_messages(team_leads[1])
    assert "were rejected all the same" in told.body and "No budget: " in told.body


def test_nothing_is_told_while_the_facts_are_old(team_leads, monkeypatch):
    add_history(280, big=0.5)
    as_of(monkeypatch, AFTER - timedelta(days=2))
    assert alert_at(AFTER) == 0


def test_limits_are_set_by_those_who_lead_and_kept(team_leads):
    sales, _ = team_leads
    with pytest.raises(NotPermitted):
        drift.set_limits(make_actor(), 0.2, 0.5)
    with pytest.raises(InvalidInput):
        drift.set_limits(sales, 2, 0.5)
    drift.set_limits(sales, 0.2, 0.5, seen=0)
    found = drift.read_drift(sales)
    assert (found.limits.breaks, found.limits.uncovered) == (0.2, 0.5)
    with pytest.raises(StaleVersion):
        drift.set_limits(sales, 0.3, 0.5, seen=0)


def test_a_round_of_the_timer_looks_at_objections_and_drift(team_leads, monkeypatch):
    add_history(280, big=0.5, accepted=0.9)
    as_of(monkeypatch, AFTER)
    with clock.at(AFTER):
        done = run_round()
    assert done.drifts_told == 1 and done.objections_decided == 0 and not done.faults
