"""Salesforce: leads with their history and what became of them, across pages, sessions and odd organisations."""

from datetime import date

import pytest
from crm_server import Reply, running
from salesforce_server import SalesforceServer, deal_id, lead_id

from leads.connectors.salesforce import FIELDS, Salesforce
from leads.connectors.source import Plan, SourceRefused, SourceUnavailable

NOW = "2026-06-01T12:00:00.000000Z"
LATER = "2026-06-01T14:00:00.000000Z"


@pytest.fixture
def crm():
    with running(SalesforceServer()) as server:
        yield server


def source(crm, now=NOW, waited=None, **plan):
    keys = plan.pop("credentials", {"client_id": "ck-1", "client_secret": "cs-1"})
    plan.setdefault("fields", FIELDS)
    waits = [] if waited is None else waited
    return Salesforce(Plan(crm.address, keys, **plan), waits.append, now)


def pulled(crm, cursor=(), **plan):
    """All leads by id, all events by id, the last cursor and the source."""
    found = source(crm, **plan)
    leads, events, at = {}, {}, dict(cursor)
    last = False
    for page in found.pages(at):
        for lead in page.leads:
            leads[lead["lead_id"]] = leads.get(lead["lead_id"], {}) | lead
        events |= {event["id"]: event for event in page.events}
        at, last = page.cursor, page.last
    assert last
    found.close()
    return leads, events, at, found


def told(events, number):
    return sorted(
        (event["at"], event.get("stage") or event["type"], event.get("reason") or event.get("owner"))
        for event in events.values()
        if event["lead_id"] == lead_id(number)
    )


def day(number, hour=9):
    return f"2026-05-{number:02}T{hour:02}:00:00.000+0000"


def surprises(found):
    return {one.code: one for one in found.surprises.take()}


def test_a_lead_is_told_from_its_creation_to_its_outcome(crm):
    converted = {"IsConverted": True, "ConvertedDate": "2026-05-06", "ConvertedOpportunityId": deal_id(9)}
    crm.lead(
        1, day(20), Company="Kabelwerk", LeadSource="Web", NumberOfEmployees=50, Status="MQL", **converted
    )
    crm.history(1, day(3), "Status", "Open - Not Contacted", "MQL")
    crm.history(1, day(4), "Owner", "00G000000000000001", "005000000000000001")
    crm.history(1, day(4), "Owner", "Inbound queue", "Sam Seller")
    crm.history(1, day(5), "Status", "MQL", "Working - Contacted")
    crm.history(1, day(6), "leadConverted", None, None)
    crm.opportunity(9, day(20), IsWon=True, IsClosed=True, CloseDate="2026-05-20", Amount=9000.0)
    leads, events, _, found = pulled(crm)
    assert leads[lead_id(1)] == {
        "lead_id": lead_id(1),
        "created_at": "2026-05-01T09:00:00.000000Z",
        "source": "Web",
        "company": "Kabelwerk",
        "employees": 50.0,
        "owner": "Sam Seller",
        "value": 9000.0,
        "currency": "EUR",
    }
    assert [(at[:10], what, more) for at, what, more in told(events, 1)] == [
        ("2026-05-01", "lead", None),
        ("2026-05-03", "mql", None),
        ("2026-05-04", "assigned", "Sam Seller"),
        ("2026-05-05", "contacted", None),
        ("2026-05-05", "opportunity", None),
        ("2026-05-06", "opportunity", None),
        ("2026-05-20", "won", None),
    ]
    assert ("2026-05-20", "won", None) in told(events, 1)  # of the outcome only the day is known
    assert surprises(found) == {}


def test_what_stood_at_creation_is_known_of_leads_younger_than_the_history_only(crm):
    crm.lead(1, day(20), Status="MQL")
    crm.lead(2, day(20), Status="MQL", CreatedDate="2023-01-01T09:00:00.000+0000")
    crm.lead(3, day(20), Status="Closed - Not Converted", OwnerId="00G000000000000001")
    crm.history(3, day(4), "Status", "MQL", "Closed - Not Converted")
    _, events, _, _ = pulled(crm)
    assert [what for _, what, _ in told(events, 1)] == ["assigned", "lead", "mql"]
    assert [what for _, what, _ in told(events, 2)] == ["lead"]
    assert [(what, more) for _, what, more in told(events, 3)] == [
        ("lead", None),
        ("mql", None),
        ("rejected", "other"),
    ]


def test_an_opportunity_that_closes_later_is_seen_though_its_lead_does_not_change(crm):
    crm.lead(1, day(6), IsConverted=True, ConvertedDate="2026-05-06", ConvertedOpportunityId=deal_id(9))
    crm.opportunity(9, day(6))
    crm.opportunity(10, day(6))  # of no lead
    _, events, cursor, _ = pulled(crm)
    assert "won" not in {what for _, what, _ in told(events, 1)}
    crm.opportunity(9, "2026-06-01T13:00:00.000+0000", IsClosed=True, IsWon=False, CloseDate="2026-06-01")
    leads, events, cursor, _ = pulled(crm, cursor, now=LATER)
    assert leads == {} and ("2026-06-01", "lost", None) in told(events, 1)
    assert pulled(crm, cursor, now="2026-06-01T15:00:00.000000Z")[1] == {}


def test_merged_and_deleted_leads_say_so(crm):
    crm.lead(1, day(2), IsDeleted=True, MasterRecordId=lead_id(2))
    crm.lead(2, day(2))
    crm.lead(3, day(2), IsDeleted=True)
    leads, _, _, _ = pulled(crm)
    one = leads[lead_id(1)]
    assert one.get("merged_into", one.get("attributes", {}).get("merged_into")) == lead_id(2)
    assert leads[lead_id(3)]["attributes"] == {"deleted_in_source": "true"}
    assert "attributes" not in leads[lead_id(2)]


def test_pages_are_followed_to_the_end_and_only_changes_come_after_that(crm):
    crm.page = 40
    for number in range(1, 131):
        crm.lead(number, day(1 + number % 3))
    leads, _, cursor, _ = pulled(crm)
    assert len(leads) == 130
    crm.lead(50, "2026-06-01T13:00:00.000+0000")
    leads, _, cursor, _ = pulled(crm, cursor, now=LATER)
    assert set(leads) == {lead_id(50)}
    assert pulled(crm, cursor, now="2026-06-01T15:00:00.000000Z")[0] == {}


def test_what_changed_just_now_is_looked_for_again(crm):
    """A long transaction shows its changes late, under the time at which it made them."""
    crm.lead(1, "2026-06-01T11:59:30.000+0000")
    _, _, cursor, _ = pulled(crm)
    crm.lead(2, "2026-06-01T11:58:00.000+0000")
    assert lead_id(2) in pulled(crm, cursor, now=LATER)[0]


def test_a_list_whose_place_ran_out_is_asked_for_anew_from_where_it_was(crm):
    crm.page = 40
    for number in range(1, 131):
        crm.lead(number, day(1))
    forgotten = []

    def forget(call):
        if "/query/" in call.path and not forgotten:
            forgotten.append(call.path)
            crm.places.clear()

    crm.before = forget
    leads, _, _, _ = pulled(crm)
    assert forgotten and len(leads) == 130


def test_a_pull_that_was_cut_off_goes_on_where_it_was(crm):
    crm.page = 40
    for number in range(1, 131):
        crm.lead(number, day(1))
        crm.history(number, day(2), "Status", "Open - Not Contacted", "MQL")
    whole = pulled(crm)
    leads, events, cursor = {}, {}, {}
    for _ in range(20):  # one page each time
        page = next(source(crm).pages(cursor))
        if not page.read:
            break
        leads |= {lead["lead_id"]: lead for lead in page.leads}
        events |= {event["id"]: event for event in page.events}
        cursor = page.cursor
    assert (leads, events) == whole[:2]


def test_a_session_that_ends_is_begun_anew(crm):
    crm.page = 20
    crm.calls_per_session = 3
    for number in range(1, 101):
        crm.lead(number, day(1))
    assert len(pulled(crm)[0]) == 100 and crm.sessions > 3


def test_the_calls_of_a_day_that_are_used_up_are_waited_for(crm):
    used_up = Reply(
        [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403
    )
    crm.moods = [None, used_up]
    with pytest.raises(SourceUnavailable, match="used up") as refused:
        pulled(crm)
    assert refused.value.wait == 3600


def test_it_is_tried_again_when_the_server_stumbles(crm):
    crm.lead(1, day(1))
    waited = []
    crm.moods = [Reply({"error": "unknown_error"}, 503), None, Reply([], 500)]
    assert len(pulled(crm, waited=waited)[0]) == 1 and len(waited) == 2


def test_a_wrong_key_and_a_wrong_address_are_said_in_words(crm):
    with pytest.raises(SourceRefused, match="invalid client credentials") as refused:
        pulled(crm, credentials={"client_id": "ck-1", "client_secret": "WRONG"})
    assert "WRONG" not in str(refused.value)
    with pytest.raises(SourceRefused, match="missing"):
        source(crm, credentials={"client_id": "x"})
    crm.moods = [None, Reply([{"errorCode": "NOT_FOUND", "message": "no"}], 404)]
    with pytest.raises(SourceRefused, match="no Salesforce at this address"):
        pulled(crm)


def test_what_an_organisation_has_not_got_is_told_and_the_rest_is_read(crm):
    crm.lead(1, day(6), IsConverted=True, ConvertedDate="2026-05-06", Company="Kabelwerk")
    crm.hidden = {"LeadHistory", "Opportunity"}
    crm.lead_fields.remove("Industry")
    leads, events, _, found = pulled(crm)
    assert leads[lead_id(1)]["company"] == "Kabelwerk"
    assert [what for _, what, _ in told(events, 1)] == ["lead", "sql"]
    assert set(surprises(found)) == {"missing_field", "no_history", "no_opportunities"}


def test_a_status_nobody_has_matched_and_odd_records_are_told(crm):
    crm.lead(1, day(6), Status="Warming up", CreatedDate="yesterday")
    crm.history(1, day(2), "Status", "MQL", "Warming up")
    crm.history(1, "soon", "Status", "MQL", "Warming up")
    crm.objects["Lead"].append({**crm.objects["Lead"][0], "Id": "x' OR Id != '"})
    leads, events, _, found = pulled(crm)
    assert set(leads) == {lead_id(1)} and told(events, 1) == []
    assert set(surprises(found)) == {"unmatched_value", "unreadable_time", "odd_record"}


def test_a_next_page_elsewhere_is_not_followed(crm):
    crm.lead(1, day(1))
    page = {"done": False, "records": [], "nextRecordsUrl": "http://169.254.169.254/x"}
    crm.moods = [None, None, None, Reply(page)]
    with pytest.raises(SourceUnavailable, match="next page"):
        pulled(crm)


def test_prefix_day_own_fields_and_dates_of_ones_own(crm):
    crm.lead_fields += ["MQL_Date__c", "Demo__c"]
    crm.lead(1, day(6), MQL_Date__c="2026-05-03", Demo__c=True)
    crm.lead(2, day(6), CreatedDate="2025-12-31T09:00:00.000+0000")
    leads, events, _, _ = pulled(
        crm,
        prefix="sf-",
        since=date(2026, 1, 1),
        attributes={"demo": "Demo__c"},
        dates={"mql": "MQL_Date__c"},
    )
    assert set(leads) == {f"sf-{lead_id(1)}"}
    assert leads[f"sf-{lead_id(1)}"]["attributes"] == {"demo": "true"}
    assert ("2026-05-03", "mql") in {(e["at"], e.get("stage")) for e in events.values()}


def test_what_the_organisation_offers_is_described_without_reading_a_lead(crm):
    described = source(crm).describe()
    assert described.account == "Kabelwerk" and "LeadSource" in {one.name for one in described.fields}
    (status,) = described.tracked
    assert {one.value: one.suggested for one in status.values} == {
        "Open - Not Contacted": "nothing",
        "MQL": "mql",
        "Working - Contacted": "contacted",
        "Closed - Not Converted": "rejected:other",
        "Warming up": "",
    }
