"""Odoo: leads and opportunities by what it tells of them, from the first pull on."""

from datetime import date

import pytest
from crm_server import Reply, running
from odoo_server import OdooServer

from leads.connectors import odoo
from leads.connectors.odoo import FIELDS, Odoo
from leads.connectors.source import Plan, SourceRefused, SourceUnavailable

NOW = "2026-06-01T12:00:00.000000Z"


@pytest.fixture
def crm():
    with running(OdooServer()) as server:
        yield server


def source(crm, now=NOW, waited=None, **plan):
    keys = plan.pop("credentials", {"key": "key-1"})
    plan.setdefault("fields", FIELDS)
    waits = [] if waited is None else waited
    return Odoo(Plan(crm.address, keys, **plan), waits.append, now)


def pulled(crm, cursor=(), **plan):
    """All leads by id, all events by id, the last cursor and the source."""
    found = source(crm, **plan)
    leads, events, at = {}, {}, dict(cursor)
    last = False
    for page in found.pages(at):
        leads |= {lead["lead_id"]: lead for lead in page.leads}
        events |= {event["id"]: event for event in page.events}
        at, last = page.cursor, page.last
    assert last
    found.close()
    return leads, events, at, found


def told(events, lead_id):
    return sorted(
        (event["at"][:16], event.get("stage") or event["type"], event.get("reason") or event.get("owner"))
        for event in events.values()
        if event["lead_id"] == str(lead_id)
    )


def surprises(found):
    return {one.code: one for one in found.surprises.take()}


def test_an_opportunity_is_told_from_its_creation_to_its_outcome(crm):
    crm.lead(
        1,
        "2026-05-20 10:00:00",
        type="opportunity",
        partner_name="Kabelwerk",
        source_id=[3, "Newsletter"],
        user_id=[7, "Sam Seller"],
        expected_revenue=9000.0,
        date_open="2026-05-02 10:00:00",
        date_conversion="2026-05-03 10:00:00",
        date_last_stage_update="2026-05-20 10:00:00",
        date_closed="2026-05-20 09:59:00",
        stage_id=[4, "Won"],
        probability=100.0,
    )
    leads, events, _, found = pulled(crm)
    assert leads["1"] == {
        "lead_id": "1",
        "created_at": "2026-05-01T09:00:00.000000Z",
        "source": "Newsletter",
        "company": "Kabelwerk",
        "owner": "Sam Seller",
        "value": 9000.0,
    }
    assert told(events, 1) == [
        ("2026-05-01T09:00", "lead", None),
        ("2026-05-02T10:00", "assigned", "Sam Seller"),
        ("2026-05-03T10:00", "opportunity", None),
        ("2026-05-20T09:59", "won", None),
    ]
    assert surprises(found) == {}


def test_lost_is_archived_with_no_chance_left(crm):
    closed = {"active": False, "probability": 0.0, "date_closed": "2026-05-09 08:00:00"}
    crm.lead(1, "2026-05-09 08:00:00", lost_reason_id=[1, "Too expensive"], **closed)
    crm.lead(2, "2026-05-09 08:00:00", type="opportunity", **closed)
    crm.lead(3, "2026-05-09 08:00:00", active=False, probability=40.0)
    _, events, _, _ = pulled(crm)
    assert ("2026-05-09T08:00", "rejected", "no_budget") in told(events, 1)
    assert ("2026-05-09T08:00", "lost", None) in told(events, 2)
    assert [what for _, what, _ in told(events, 3)] == ["lead"]


def test_stages_are_followed_from_the_first_pull_on(crm):
    crm.lead(1, "2026-05-02 09:00:00")
    _, events, cursor, _ = pulled(crm)
    crm.lead(
        1, "2026-06-01 13:00:00", stage_id=[2, "Qualified"], date_last_stage_update="2026-06-01 13:00:00"
    )
    _, more, cursor, _ = pulled(crm, cursor, now="2026-06-01T14:00:00.000000Z")
    assert [what for _, what, _ in told(events | more, 1)] == ["lead", "sql"]
    assert pulled(crm, cursor, now="2026-06-01T15:00:00.000000Z")[:2] == ({}, {})


def test_many_leads_written_at_once_are_all_read_and_a_cut_changes_nothing(crm, monkeypatch):
    monkeypatch.setattr(odoo, "PAGE", 20)
    for number in range(1, 91):
        crm.lead(number, "2026-05-02 09:00:00")
    whole = pulled(crm)
    assert len(whole[0]) == 90
    leads, events, cursor = {}, {}, {}
    for turn in range(9):
        page = next(source(crm, now=f"2026-06-01T12:0{turn}:00.000000Z").pages(cursor))
        leads |= {lead["lead_id"]: lead for lead in page.leads}
        events |= {event["id"]: event for event in page.events}
        cursor = page.cursor
        if page.last:
            break
    assert (leads, events, cursor) == whole[:3]


def test_what_is_written_while_it_is_read_comes_next_time(crm, monkeypatch):
    monkeypatch.setattr(odoo, "PAGE", 20)
    for number in range(1, 61):
        crm.lead(number, "2026-05-02 09:00:00")
    touched = []

    def meddle(call):
        is_second = call.path.endswith("crm.lead/search_read") and len(call.body["domain"]) > 1
        if is_second and not touched:
            touched.append(5)
            crm.lead(5, "2026-06-01 12:00:30", partner_name="Changed")

    crm.before = meddle
    leads, _, cursor, _ = pulled(crm)
    assert len(leads) == 60 and "company" not in leads["5"]
    assert pulled(crm, cursor, now="2026-06-01T12:15:00.000000Z")[0]["5"]["company"] == "Changed"


def test_false_is_nothing_but_where_it_is_an_answer(crm):
    crm.lead(1, "2026-05-02 09:00:00", tag_ids=[3, 4, 5])
    leads, _, _, found = pulled(crm, attributes={"demo": "x_demo", "tags": "tag_ids", "role": "function"})
    assert leads["1"]["attributes"] == {"demo": "false"}
    assert set(surprises(found)) == {"not_a_value"}


def test_the_database_is_named_where_there_are_several(crm):
    crm.database = "kabelwerk"
    crm.lead(1, "2026-05-02 09:00:00")
    with pytest.raises(SourceRefused, match="version 19"):
        pulled(crm)
    assert len(pulled(crm, credentials={"key": "key-1", "database": "kabelwerk"})[0]) == 1


def test_a_wrong_key_is_said_in_words(crm):
    with pytest.raises(SourceRefused, match="Invalid apikey") as refused:
        pulled(crm, credentials={"key": "WRONG"})
    assert "WRONG" not in str(refused.value)
    with pytest.raises(SourceRefused, match="missing"):
        source(crm, credentials={"database": "x"})


def test_it_waits_when_it_is_asked_to_and_stops_when_it_stays_down(crm):
    crm.lead(1, "2026-05-02 09:00:00")
    waited = []
    crm.moods = [Reply({"message": "slow down"}, 429, {"Retry-After": "7"}), Reply({}, 502)]
    assert len(pulled(crm, waited=waited)[0]) == 1 and waited[0] == 7 and len(waited) == 2
    crm.moods = [Reply({"message": "down"}, 500)] * 9
    with pytest.raises(SourceUnavailable, match="answered 500 6 times"):
        pulled(crm)


def test_surprises_are_told_and_the_rest_is_read(crm):
    crm.fields.pop("campaign_id")
    crm.lead(
        1,
        "2026-05-02 09:00:00",
        stage_id=[3, "Warming up"],
        create_date="once",
        partner_name="Kabelwerk",
        expected_revenue="much",
    )
    leads, events, _, found = pulled(crm)
    assert leads["1"] == {"lead_id": "1", "company": "Kabelwerk"} and events == {}
    assert set(surprises(found)) == {"missing_field", "unreadable_time", "unreadable_number"}
    crm.lead(1, "2026-05-02 09:00:00", stage_id=[3, "Warming up"])
    assert "“Warming up” of stage_id" in surprises(pulled(crm)[3])["unmatched_value"].text


def test_prefix_and_day(crm):
    crm.lead(1, "2026-05-02 09:00:00", create_date="2025-12-31 09:00:00")
    crm.lead(2, "2026-05-02 09:00:00")
    leads, events, _, _ = pulled(crm, prefix="odoo-", since=date(2026, 1, 1))
    assert set(leads) == {"odoo-2"} == {event["lead_id"] for event in events.values()}


def test_what_the_database_offers_is_described_without_reading_a_lead(crm):
    described = source(crm).describe()
    assert described.account == "Kabelwerk"
    stages, reasons = described.tracked
    assert [one.suggested for one in stages.values] == ["nothing", "sql", "", "won"]
    assert [one.suggested for one in reasons.values] == ["rejected:no_budget", "rejected:other"]
