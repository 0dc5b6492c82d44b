"""HubSpot: every contact and deal comes once, at its own times, whatever mood the service is in."""

from datetime import date

import pytest
from crm_server import Reply, running
from hubspot_server import HubSpotServer, too_many

from alignment.errors import InvalidInput
from leads.connectors.hubspot import FIELDS, HubSpot
from leads.connectors.source import Plan, PullStopped, SourceRefused, SourceUnavailable

NOW = "2026-06-01T12:00:00.000000Z"


@pytest.fixture
def crm():
    with running(HubSpotServer()) as server:
        yield server


class Waiting:
    """Lets no time pass, and knows how much was asked for."""

    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


def source(crm, wait=None, now=NOW, **plan):
    keys = plan.pop("credentials", {"token": "pat-1"})
    plan.setdefault("fields", FIELDS)
    return HubSpot(Plan(crm.address, keys, **plan), wait or Waiting(), now)


def pulled(crm, cursor=(), **plan):
    """All leads by id, all events by id, the last cursor and the source."""
    found = source(crm, **plan)
    leads, events, at = {}, {}, dict(cursor)
    last = False
    for page in found.pages(at):
        for lead in page.leads:
            known = leads.setdefault(lead["lead_id"], {})
            leads[lead["lead_id"]] = known | lead
        events |= {event["id"]: event for event in page.events}
        at, last = page.cursor, page.last
    assert last
    found.close()
    return leads, events, at, found


def told(events, lead_id):
    """What happened to a lead: (what, when), in the order of time."""
    return sorted(
        (event["at"], event.get("stage") or event["type"], event.get("reason") or event.get("owner"))
        for event in events.values()
        if event["lead_id"] == lead_id
    )


def day(number, hour=9):
    return f"2026-05-{number:02}T{hour:02}:00:00.000Z"


def whole_story(crm):
    crm.contact(
        1,
        day(9),
        {
            "lifecyclestage": [
                ("lead", day(1)),
                ("marketingqualifiedlead", day(2)),
                ("", day(3)),
                ("lead", day(3, 10)),
                ("marketingqualifiedlead", day(4)),
            ],
            "hs_lead_status": [("NEW", day(4)), ("ATTEMPTED_TO_CONTACT", day(5)), ("UNQUALIFIED", day(6))],
            "hubspot_owner_id": [("7", day(4)), ("8", day(5))],
        },
        createdate=day(1),
        company="Kabelwerk GmbH",
        hs_analytics_source="PAID_SEARCH",
        hubspot_owner_id="8",
        country="Germany",
    )


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contact_becomes_a_lead_with_everything_that_happened_at_its_own_time(crm):
    whole_story(crm)
    leads, events, _, found = pulled(crm)
    assert leads["1"] == {
        "lead_id": "1",
        "created_at": "2026-05-01T09:00:00.000000Z",
        "company": "Kabelwerk GmbH",
        "source": "PAID_SEARCH",
        "owner": "kim@example.com",
        "country": "Germany",
    }
    assert [(at[:10], what, more) for at, what, more in told(events, "1")] == [
        ("2026-05-01", "lead", None),
        ("2026-05-01", "lead", None),
        ("2026-05-02", "mql", None),
        ("2026-05-03", "lead", None),
        ("2026-05-04", "assigned", "Sam Seller"),
        ("2026-05-04", "mql", None),
        ("2026-05-05", "assigned", "kim@example.com"),
        ("2026-05-05", "contact_attempted", None),
        ("2026-05-06", "rejected", "not_a_fit"),
    ]
    assert found.surprises.take() == ()


def test_a_won_deal_is_an_event_of_all_its_contacts_and_its_value_of_one(crm):
    for number in (1, 2):
        crm.contact(number, day(1), {"lifecyclestage": [("lead", day(1))]}, createdate=day(1))
    crm.deal(
        9,
        day(8),
        [("appointmentscheduled", day(5)), ("closedwon", day(8))],
        [2, 1],
        createdate=day(5),
        amount="12500.5",
        deal_currency_code="EUR",
    )
    leads, events, _, _ = pulled(crm)
    for lead_id in ("1", "2"):
        assert [what for _, what, _ in told(events, lead_id)][-2:] == ["opportunity", "won"]
    assert (leads["1"]["value"], leads["1"]["currency"]) == (12500.5, "EUR")
    assert "value" not in leads["2"]


def test_a_deal_that_was_brought_in_closed_did_so_on_its_close_date(crm):
    crm.contact(1, day(1), {}, createdate=day(1))
    crm.deal(
        9,
        day(20),
        [("closedlost", day(20), "IMPORT")],
        [1],
        createdate="2024-01-01T00:00:00Z",
        closedate="2024-03-05T10:00:00Z",
    )
    _, events, _, _ = pulled(crm)
    assert ("2024-03-05T10:00:00.000000Z", "lost", None) in told(events, "1")


def test_a_merged_contact_says_into_which(crm):
    crm.contact(5, day(1), {}, createdate=day(1), hs_merged_object_ids="3;4")
    leads, _, _, _ = pulled(crm)
    assert {leads[one].get("merged_into") or leads[one]["attributes"]["merged_into"] for one in "34"} == {"5"}


def test_ids_get_their_prefix_and_leads_from_before_the_day_are_left_out(crm):
    crm.contact(1, day(1), {}, createdate="2025-12-31T23:59:59Z")
    crm.contact(2, day(1), {}, createdate=day(1))
    leads, events, _, _ = pulled(crm, prefix="hs-", since=date(2026, 1, 1))
    assert set(leads) == {"hs-2"} and {event["lead_id"] for event in events.values()} == {"hs-2"}


# ── paging ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_time_everything_is_listed_fifty_a_page(crm):
    for number in range(1, 121):
        crm.contact(number, day(1), {"lifecyclestage": [("lead", day(1))]}, createdate=day(1))
    leads, _, cursor, _ = pulled(crm)
    assert len(leads) == 120
    assert crm.count("objects/contacts") == 3
    assert cursor["phase"] == "changes"


def test_only_what_changed_is_read_after_that_with_its_history(crm):
    for number in range(1, 61):
        crm.contact(number, day(1), {}, createdate=day(1))
    _, _, cursor, _ = pulled(crm)
    crm.contact(
        7,
        "2026-06-01T12:30:00.000Z",
        {"lifecyclestage": [("marketingqualifiedlead", "2026-06-01T12:30:00Z")]},
    )
    crm.calls.clear()
    leads, events, again, _ = pulled(crm, cursor, now="2026-06-01T13:00:00.000000Z")
    assert set(leads) == {"7"}
    assert [what for _, what, _ in told(events, "7")] == ["lead", "mql"]
    assert not [call for call in crm.calls if call.method == "GET" and "objects" in call.path]
    assert pulled(crm, again, now="2026-06-01T13:15:00.000000Z")[0] == {}


def test_deleted_contacts_stay_and_are_marked_once_they_are_in_the_bin(crm):
    for number in range(1, 301):
        crm.contact(number, day(1), {}, createdate=day(1), company=f"Company {number}")
    crm.delete(300, day(2))
    leads, _, cursor, _ = pulled(crm)
    assert len(leads) == 299
    for number in range(1, 251):
        crm.delete(number, "2026-06-01T12:30:00.000Z")
    soon = pulled(crm, cursor, now="2026-06-01T12:40:00.000000Z")
    assert soon[0] == {}, "the bin is not looked through every time"
    crm.calls.clear()
    leads, events, after, found = pulled(crm, soon[2], now="2026-06-01T14:00:00.000000Z")
    assert set(leads) == {str(number) for number in range(1, 251)}, "not what was deleted before"
    assert leads["7"]["attributes"] == {"deleted_in_source": "true"}
    assert leads["7"]["company"] == "Company 7"
    assert [what for _, what, _ in told(events, "7")] == ["lead"]
    assert found.surprises.take() == ()
    listed = [call for call in crm.calls if call.query.get("archived") == "true" and "contacts" in call.path]
    assert len(listed) == 3
    assert pulled(crm, after, now="2026-06-01T15:30:00.000000Z")[0] == {}


def test_contacts_that_are_put_back_are_not_called_deleted_any_more(crm):
    for number in range(1, 131):
        crm.contact(number, day(1), {"lifecyclestage": [("lead", day(1))]}, createdate=day(1))
    _, _, cursor, _ = pulled(crm)
    for number in range(1, 121):
        crm.delete(number, "2026-06-01T12:30:00.000Z")
    leads, _, cursor, _ = pulled(crm, cursor, now="2026-06-01T14:00:00.000000Z")
    assert len(leads) == 120
    for number in range(1, 61):
        crm.restore(number)
    del crm.objects["contacts"][61]  # gone for good
    leads, events, cursor, found = pulled(crm, cursor, now="2026-06-01T15:30:00.000000Z")
    assert {one: lead["attributes"] for one, lead in leads.items()} == {
        str(number): {"deleted_in_source": "false"} for number in range(1, 61)
    }
    assert [what for _, what, _ in told(events, "7")] == ["lead", "lead"]
    assert found.surprises.take() == ()
    # told once; and one that is deleted again is told again
    crm.delete(7, "2026-06-01T15:40:00.000Z")
    leads, _, cursor, _ = pulled(crm, cursor, now="2026-06-01T17:00:00.000000Z")
    assert {one: lead["attributes"]["deleted_in_source"] for one, lead in leads.items()} == {"7": "true"}
    crm.restore(7)
    assert set(pulled(crm, cursor, now="2026-06-01T18:30:00.000000Z")[0]) == {"7"}


def test_a_look_at_the_bin_that_was_cut_off_goes_on_where_it_was(crm):
    for number in range(1, 251):
        crm.contact(number, day(1), {}, createdate=day(1))
    _, _, cursor, _ = pulled(crm)
    for number in range(1, 251):
        crm.delete(number, "2026-06-01T12:30:00.000Z" if number % 2 else None)
    found, kept = source(crm, now="2026-06-01T14:00:00.000000Z"), {}
    for page in found.pages(cursor):
        kept |= {lead["lead_id"]: lead for lead in page.leads}
        cursor = page.cursor
        if kept:
            break
    found.close()
    assert len(kept) == 100
    later, _, _, _ = pulled(crm, cursor, now="2026-06-01T14:01:00.000000Z")
    assert len(later) == 150 and not {*later} & {*kept}


def test_more_changes_than_a_search_reaches_are_all_read(crm):
    """More changed than a search goes through, and more than that at the very same instant."""
    crm.reach = 300
    crm.contact(1, day(1), {}, createdate=day(1))
    _, _, cursor, _ = pulled(crm)
    for number in range(1, 701):
        minute = 0 if number <= 120 else 5 if number <= 590 else 9
        crm.contact(number, f"2026-06-01T12:0{minute}:00.000Z", {}, createdate=day(1))
    leads, _, _, _ = pulled(crm, cursor, now="2026-06-01T14:00:00.000000Z", fields={})
    assert len(leads) == 700


def test_what_changes_while_it_is_read_comes_at_the_latest_next_time(crm):
    crm.contact(1, day(1), {}, createdate=day(1))
    _, _, cursor, _ = pulled(crm)
    for number in range(1, 251):
        crm.contact(number, f"2026-06-01T12:{number % 50:02}:00.000Z", {}, createdate=day(1))
    moved = iter(range(1, 40))

    def meddle(call):
        if call.path.endswith("batch/read") and "contacts" in call.path:
            number = next(moved, None)
            if number:
                crm.contact(
                    number, f"2026-06-01T13:{number:02}:00.000Z", {"lifecyclestage": [("lead", day(2))]}
                )

    crm.before = meddle
    leads, events, cursor, _ = pulled(crm, cursor, now="2026-06-01T13:00:00.000000Z")
    crm.before = lambda call: None
    more, later, _, _ = pulled(crm, cursor, now="2026-06-01T15:00:00.000000Z")
    assert len(leads | more) == 250
    changed = {e["lead_id"] for e in (events | later).values() if e["at"].startswith("2026-05-02")}
    assert changed >= {str(number) for number in range(1, 6)}


def test_a_pull_that_was_cut_off_goes_on_where_it_was_and_loses_nothing(crm):
    for number in range(1, 171):
        crm.contact(number, day(1), {"lifecyclestage": [("lead", day(1))]}, createdate=day(1))
    crm.deal(9, day(8), [("closedwon", day(8))], [1], createdate=day(5))
    whole_leads, whole_events, end, _ = pulled(crm)
    leads, events, cursor = {}, {}, {}
    crm.calls.clear()
    for _ in range(10):  # one page each time, then everything in memory is gone
        page = next(source(crm).pages(cursor))
        leads |= {lead["lead_id"]: lead for lead in page.leads}
        events |= {event["id"]: event for event in page.events}
        cursor = page.cursor
        if page.last:
            break
    assert (leads, events, cursor) == (whole_leads, whole_events, end)
    assert crm.count("objects/contacts") == 4


def test_more_properties_than_an_address_holds_are_read_all_the_same(crm):
    names = [f"a_rather_long_name_of_a_property_{number:03}" for number in range(190)]
    crm.properties += names
    crm.contact(1, day(1), {}, createdate=day(1), **{name: name[-3:] for name in names})
    leads, _, _, found = pulled(crm, fields={}, attributes={f"x{i}": name for i, name in enumerate(names)})
    assert len(leads["1"]["attributes"]) == 190 and leads["1"]["attributes"]["x189"] == "189"
    assert found.surprises.take() == ()


# ── moods ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_waits_as_long_as_it_is_asked_to_and_goes_on(crm):
    whole_story(crm)
    wait = Waiting()
    crm.moods = [too_many("3"), None, Reply({"message": "oops"}, 502), None, Reply(raw=b"<html>", status=503)]
    leads, _, _, _ = pulled(crm, wait=wait)
    assert set(leads) == {"1"} and wait.seconds[0] == 3
    assert len(wait.seconds) == 3 and all(0 < seconds <= 3 for seconds in wait.seconds)


def test_it_takes_a_breath_before_the_calls_of_an_interval_are_used_up(crm):
    whole_story(crm)
    wait = Waiting()
    headers = {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    crm.moods = [Reply({"results": []}, headers=headers)]
    pulled(crm, wait=wait)
    assert wait.seconds == [10.0]


def test_it_gives_up_for_now_when_the_day_is_used_up(crm):
    crm.moods = [too_many("7200", "DAILY")]
    with pytest.raises(SourceUnavailable, match="no more calls for now") as refused:
        pulled(crm)
    assert refused.value.wait == 7200


def test_it_gives_up_for_now_when_it_stays_busy(crm):
    crm.moods = [Reply({"message": "down"}, 503)] * 20
    with pytest.raises(SourceUnavailable, match="answered 503 6 times"):
        pulled(crm)
    assert len(crm.calls) == 6


def test_an_answer_that_is_no_json_is_asked_for_again(crm):
    whole_story(crm)
    crm.moods = [Reply(raw=b'{"results": [')]
    assert set(pulled(crm)[0]) == {"1"}


def test_the_one_who_waits_can_stop_it(crm):
    def stop(seconds):
        raise PullStopped

    crm.moods = [too_many()]
    with pytest.raises(PullStopped):
        pulled(crm, wait=stop)


def test_nobody_there_is_said_in_words():
    with pytest.raises(SourceUnavailable, match="HubSpot cannot be reached"):
        next(HubSpot(Plan("http://127.0.0.1:9", {"token": "x"}), Waiting(), NOW).pages({}))


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_that_expires_is_renewed_in_the_middle(crm):
    for number in range(1, 301):
        crm.contact(number, day(1), {}, createdate=day(1))
    crm.calls_per_token = 4
    keys = {"client_id": "id-1", "client_secret": "secret-1", "refresh_token": "refresh-1"}
    leads, _, _, _ = pulled(crm, credentials=keys)
    assert len(leads) == 300 and crm.tokens_given >= 3


def test_a_wrong_key_is_said_in_words_without_the_key(crm):
    for keys in (
        {"token": "pat-WRONG"},
        {"client_id": "i", "client_secret": "s-WRONG", "refresh_token": "r"},
    ):
        with pytest.raises(SourceRefused) as refused:
            pulled(crm, credentials=keys)
        assert "WRONG" not in str(refused.value) and "HubSpot" in str(refused.value)
    with pytest.raises(SourceRefused, match="missing"):
        source(crm, credentials={})


def test_a_missing_right_is_said_in_words(crm):
    crm.moods = [Reply({"status": "error", "message": "hasn't been granted all required scopes"}, 403)]
    with pytest.raises(SourceRefused, match=r"crm\.objects\.contacts\.read"):
        pulled(crm)


def test_an_answer_that_leads_elsewhere_is_not_followed(crm):
    crm.moods = [Reply(None, 302, {"Location": "http://169.254.169.254/latest"})]
    with pytest.raises(SourceRefused, match="sends us elsewhere"):
        pulled(crm)
    assert len(crm.calls) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://api.hubapi.com",
        "ftp://x",
        "https://u:p@x.example",
        "https://x.example/?a=1",
        "javascript:1",
        "https://",
    ],
)
def test_an_address_over_which_a_key_could_be_read_is_refused(address):
    with pytest.raises(InvalidInput):
        HubSpot(Plan(address, {"token": "x"}), Waiting(), NOW)


# ── surprises ────────────────────────────────────────────────────────────────────────────────────────────────────────


def surprises(found):
    return {one.code: one for one in found.surprises.take()}


def test_a_stage_nobody_has_matched_is_told_by_its_name_and_left_out(crm):
    crm.contact(1, day(1), {"lifecyclestage": [("48213377", day(2))]}, createdate=day(1))
    _, events, _, found = pulled(crm)
    assert [what for _, what, _ in told(events, "1")] == ["lead"]
    assert "“Nurture” of lifecyclestage has no meaning" in surprises(found)["unmatched_value"].text
    meanings = {"lifecyclestage": {"48213377": "mql"}}
    _, events, _, found = pulled(crm, meanings=meanings)
    assert [what for _, what, _ in told(events, "1")] == ["lead", "mql"] and not surprises(found)


def test_a_property_that_is_gone_is_told_and_the_rest_is_read(crm):
    whole_story(crm)
    crm.properties.remove("industry")
    leads, _, _, found = pulled(crm)
    assert leads["1"]["company"] == "Kabelwerk GmbH"
    assert "“industry”" in surprises(found)["missing_field"].text


def test_odd_records_are_told_and_left_out(crm):
    whole_story(crm)
    crm.objects["contacts"][1]["propertiesWithHistory"]["hs_lead_status"] = "NEW"
    crm.objects["contacts"][1]["propertiesWithHistory"]["hubspot_owner_id"][0]["timestamp"] = "soon"
    crm.contact(2, day(1), {}, createdate="31/12/2025", company={"a": 1}, country="x" * 9_000)
    crm.objects["contacts"][3] = {"id": "", "properties": None, "propertiesWithHistory": {}}
    leads, _, _, found = pulled(crm)
    assert set(leads) == {"1", "2"} and leads["2"] == {"lead_id": "2"}
    assert set(surprises(found)) == {
        "odd_history",
        "unreadable_time",
        "not_a_value",
        "long_value",
        "odd_record",
    }


def test_owners_stay_numbers_where_the_key_may_not_see_them(crm):
    whole_story(crm)
    crm.owners_allowed = False
    leads, _, _, found = pulled(crm)
    assert leads["1"]["owner"] == "8" and "no_owners" in surprises(found)


def test_what_the_account_offers_is_described_without_reading_a_contact(crm):
    whole_story(crm)
    described = source(crm).describe()
    assert described.account == "account 4711"
    assert "company" in {field.name for field in described.fields}
    suggested = {
        tracked.field: {value.value: value.suggested for value in tracked.values}
        for tracked in described.tracked
    }
    assert suggested["lifecyclestage"]["marketingqualifiedlead"] == "mql"
    assert suggested["lifecyclestage"]["48213377"] == ""
    assert suggested["dealstage"] == {
        "appointmentscheduled": "opportunity",
        "closedwon": "won",
        "closedlost": "lost",
    }
    assert not crm.count("objects")
