"""What is wrong with the lead data is counted, listed and exported; the agreed minimum is one both teams see."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, lead_quality
from alignment.errors import InvalidInput, NotPermitted, StaleVersion
from alignment.people import MACHINE
from tests.lead_histories import History

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOW):
        yield


@pytest.fixture
def faulty():
    """One lead for each fault, each with nothing else wrong but what follows from it."""
    history = History()
    start = NOW - 60 * DAY
    for lead_id in ("fine", "skipped", "reversed", "early", "late", "future", "same day", "gap"):
        history.lead(lead_id, "ads", company=f"Firm {lead_id}", employees=50.0)
    for lead_id in ("fine", "reversed", "early", "late", "future", "same day", "gap"):
        history.enter(lead_id, "mql", start)
    for stage, days in (("sal", 1), ("sql", 2), ("opportunity", 3), ("won", 9)):
        history.enter("fine", stage, start + days * DAY)
    history.enter("skipped", "sql", start + 2 * DAY)
    history.enter("reversed", "sal", start + 3 * DAY).enter("reversed", "sql", start + 2 * DAY)
    history.event("early", "rejected", start - DAY, reason="no_need")
    history.enter("late", "lost", start + 5 * DAY).event("late", "contact_attempted", start + 6 * DAY)
    history.enter("future", "sal", NOW + DAY)
    history.enter("same day", "sal", start + 4 * DAY).enter(
        "same day", "sql", start + 4 * DAY - timedelta(hours=9), True
    )
    history.lead("twin 1", company="  ACME", employees=None).lead("twin 2", company="acme ", employees=7.0)
    history.lead("blank 1", company=None).lead("blank 2", company="")
    history.lead("=cmd|x", company="=1+1").enter("=cmd|x", "mql", start)
    return history.load()


def listed(fault):
    return {lead.lead_id: lead.detail for lead in lead_quality.list_faulty(MACHINE, fault)}


def test_each_fault_is_found_and_told(faulty):
    assert listed("skipped_stage") == {"skipped": "without MQL, SAL"}
    assert listed("reversed_stages") == {"reversed": "SQL before SAL"}
    assert listed("early_decision") == {"early": "rejected before it became an MQL"}
    assert listed("late_contact") == {"late": "first tried after it was lost"}
    assert listed("in_the_future") == {"future": "sal on 2026-03-05"}
    assert listed("duplicate") == listed("missing_information") == listed("undated") == {}
    quality = lead_quality.read_quality(MACHINE)
    assert {fault: n for fault, n in quality.faults.items() if n} == {
        "skipped_stage": 1, "reversed_stages": 1, "early_decision": 1, "late_contact": 1, "in_the_future": 1,
    }  # fmt: skip
    assert (quality.leads, quality.handed_over) == (13, 8)


def test_minimum_information_and_the_same_prospect_are_what_both_teams_set(faulty):
    lead = make_actor("team_lead", "marketing", "Mia Lead")
    minimum = lead_quality.change_minimum(lead, ["company", "employees", "country"], ["company"], 0)
    assert (minimum.fields, minimum.changed_by) == (("company", "employees", "country"), "Mia Lead")
    assert lead_quality.read_minimum(make_actor("member", "sales")) == minimum
    assert listed("missing_information")["fine"] == "Country"
    assert listed("missing_information")["=cmd|x"] == "Employees, Country"
    assert listed("duplicate") == {"twin 1": "2 leads with acme", "twin 2": "2 leads with acme"}
    assert lead_quality.read_quality(MACHINE).faults["missing_information"] == 8
    with pytest.raises(StaleVersion):
        lead_quality.change_minimum(lead, [], [], 0)
    with pytest.raises(InvalidInput, match="no field"):
        lead_quality.change_minimum(lead, ["shoe_size"], [], 1)
    with pytest.raises(NotPermitted):
        lead_quality.change_minimum(make_actor("member", "sales"), [], [], 1)


def test_the_export_has_all_of_them_and_no_formula(faulty):
    lead_quality.change_minimum(make_actor("team_lead", "sales"), ["country"], [], 0)
    rows = list(
        csv.reader(
            io.StringIO(lead_quality.export_faulty(MACHINE, "missing_information").decode("utf-8-sig"))
        )
    )
    assert len(rows) == 1 + 8
    assert rows[0][:2] == ["lead_id", "what"]
    [formula] = [row for row in rows if "cmd" in row[0]]
    assert (formula[0], formula[4]) == ("'=cmd|x", "'=1+1")


def test_what_is_no_kind_is_refused_and_an_empty_portal_has_none():
    for ask in (lead_quality.list_faulty, lead_quality.export_faulty):
        with pytest.raises(InvalidInput):
            ask(MACHINE, "ugliness")
    assert lead_quality.read_quality(MACHINE) is None
