"""Leads and events over HTTP: who may send, what is taken, what is said of the rest."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import pytest
from fastapi.testclient import TestClient
from people import make_actor

from actions import api_tokens, hubspot_webhooks, lead_feed
from actions.api_tokens import Scope
from actions.connector_entries import make_plan
from alignment.errors import InvalidInput, NotFound
from alignment.people import MACHINE
from api import feed
from api.bodies import FewStrangers
from api.portal import application
from db.queries import connectors
from db.store import store
from leads.connectors.hubspot_events import Known, from_contacts
from leads.connectors.source import Surprises
from leads.store import warehouse

EVENT = {
    "id": "e1",
    "lead_id": "a",
    "type": "entered_stage",
    "stage": "mql",
    "at": "2026-01-31T09:30:00+01:00",
}


@pytest.fixture
def client():
    with TestClient(application(), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def secret():
    return api_tokens.create_token(MACHINE, "CRM", list(Scope)).secret


def post(client, secret, path="lead-events", body=None, **more):
    headers = {"authorization": f"Bearer {secret}", **more.pop("headers", {})}
    sent = {"json": body} if body is not None else {}
    return client.post(f"/v1/{path}", headers=headers, **sent, **more)


def kept():
    return [
        (item.kind, json.loads(item.content)) for item in lead_feed.lead_inflow.after(store().read(), 0, 99)
    ]


def test_what_is_acknowledged_is_kept_and_in_the_figures(client, secret):
    answer = post(
        client, secret, "leads", [{"lead_id": "a", "source": "ads", "campaign": "(blank)", "employees": 12}]
    )
    assert answer.status_code == 200 and answer.json()["items"] == [
        {"index": 0, "status": 201, "outcome": "taken"}
    ]
    assert post(client, secret, body=[EVENT]).status_code == 200
    assert len(kept()) == 2
    assert lead_feed.apply_waiting(MACHINE) == 2
    with warehouse().read() as facts:
        row = facts.rows(facts.lead)[0]
        assert (row["lead_id"], row["source"], row["employees"]) == ("a", "ads", 12.0)
        assert row["campaign"] is None  # as our own tables write for it
        assert facts.rows(facts.episode)[0]["mql_at"].isoformat() == "2026-01-31T08:30:00"


def test_an_event_that_is_sent_again_does_nothing_and_another_under_its_id_is_a_conflict(client, secret):
    other = api_tokens.create_token(MACHINE, "another", [Scope.EVENTS]).secret
    assert post(client, secret, body=[EVENT, EVENT]).json()["known"] == 1
    again = post(client, other, body=[EVENT])
    assert again.status_code == 200 and again.json()["items"][0] == {
        "index": 0,
        "status": 200,
        "outcome": "known",
    }
    answer = post(client, secret, body=[{**EVENT, "stage": "sql"}])
    assert answer.status_code == 409 and "id of its own" in answer.json()["items"][0]["reason"]
    mixed = post(client, secret, body=[{**EVENT, "stage": "sql"}, {**EVENT, "id": "e2"}, {"id": 3}])
    assert mixed.status_code == 207
    assert [line["status"] for line in mixed.json()["items"]] == [409, 201, 422]
    assert len(kept()) == 2


def test_lines_are_as_good_as_an_array(client, secret):
    lines = "\n".join(json.dumps({**EVENT, "id": name}) for name in ("1", "2")) + "\n\n"
    answer = post(client, secret, content=lines, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200 and answer.json()["taken"] == 2
    broken = post(
        client, secret, content=lines + "{", headers={"content-type": "application/x-ndjson; charset=utf-8"}
    )
    assert broken.status_code == 400 and "Line 4" in broken.json()["error"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "word"),
    [
        (b"{", "application/json", 400, "no JSON"),
        (b"[NaN]", "application/json", 400, "NaN"),
        (b"[" + b"9" * 5000 + b"]", "application/json", 400, "digits"),
        (b"[" * 200_000, "application/json", 400, "deep"),
        (b'["\xff"]', "application/json", 400, "UTF-8"),
        (b"{}", "application/json", 422, "array"),
        (b"[]", "text/csv", 415, "application/json"),
        (b"[]", "", 415, "application/json"),
        (b"[" + b"1," * 1000 + b"1]", "application/json", 422, "1,000"),
        (b"[" + b" " * (4 * 2**20) + b"]", "application/json", 413, "4 MB"),
    ],
)
def test_a_body_that_cannot_be_used_is_said_in_a_sentence(client, secret, content, kind, status, word):
    answer = post(client, secret, content=content, headers={"content-type": kind} if kind else {})
    assert answer.status_code == status and word in answer.json()["error"]
    assert kept() == []


def test_a_body_without_a_length_is_read_no_further_than_allowed(client, secret):
    read = 0

    def parts():
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 2**20

    answer = post(client, secret, content=parts(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    packed = post(client, secret, content=b"", headers={"content-encoding": "gzip"})
    assert packed.status_code == 415 and "compressed" in packed.json()["error"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "danced"}, "entered_stage, assigned"),
        ({"stage": None}, "stage"),
        ({"type": "contacted"}, "entered_stage only"),
        ({"at": "2026-01-31 09:30"}, "offset"),
        ({"at": "31.01.2026"}, "no time|has to be a time"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "1900"),
        ({"at": "2026-W05-1"}, "has to be a time"),
        ({"at": 5}, "has to be a time"),
        ({"day": "2026-02-02"}, "another day everywhere"),
        ({"lead_id": " "}, "missing"),
        ({"lead_id": "x" * 201}, "201"),
        ({"lead_id": 5}, "text"),
        ({"lead_id": "a\x00b"}, "NUL"),
        ({"lead_id": "\ud800"}, "UTF-8"),
        ({"id": None}, "missing"),
        ({"automatic": "yes"}, "true or false"),
        ({"raeson": "x"}, "raeson"),
        ({"\ud800": "x"}, "no field"),
    ],
)
def test_an_event_that_cannot_be_used_is_told_why(client, secret, change, word):
    content = json.dumps([{**EVENT, **change}])
    answer = post(client, secret, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    import re

    assert re.search(word, answer.json()["items"][0]["reason"])
    assert kept() == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"employees": "many"}, "number"),
        ({"employees": True}, "number"),
        ({"value": 1e300}, "not kept"),
        ({"created_at": "yesterday"}, "has to be a time"),
        ({"company": ["x"]}, "text"),
        ({"company": "x" * 10_001}, "10,001"),
        ({"attributes": {"1x": 1}}, "letter"),
        ({"attributes": {"source": "x"}}, "every lead has"),
        ({"attributes": [1]}, "object"),
        ({"attributes": {"a": {"b": 1}}}, "text"),
        ({"vip": True}, "attributes"),
    ],
)
def test_a_lead_that_cannot_be_used_is_told_why(client, secret, change, word):
    answer = post(client, secret, "leads", [{"lead_id": "a", **change}])
    assert answer.status_code == 422 and word in answer.json()["items"][0]["reason"]


def test_no_more_attributes_than_a_lead_can_have(client, secret):
    many = [{"lead_id": "a", "attributes": {f"f{n}": n for n in range(k, k + 100)}} for k in (0, 100, 200)]
    answer = post(client, secret, "leads", many)
    assert [line["status"] for line in answer.json()["items"]] == [201, 201, 409]
    assert post(client, secret, "leads", [{"lead_id": "b", "attributes": {"f5": True}}]).status_code == 200


def test_without_a_good_token_nothing_is_read_or_taken(client, secret):
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer concord_wrong"}):
        answer = client.post("/v1/lead-events", json=[EVENT], headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    only_leads = api_tokens.create_token(MACHINE, "leads only", [Scope.LEADS])
    assert post(client, only_leads.secret, body=[EVENT]).status_code == 403
    token = next(found for found in api_tokens.list_tokens(MACHINE) if found.name == "CRM")
    assert token.last_used_at is None
    assert post(client, secret, body=[EVENT]).status_code == 200
    assert api_tokens.list_tokens(MACHINE)[-1].last_used_at is not None
    api_tokens.revoke_token(MACHINE, token.id)
    api_tokens.revoke_token(MACHINE, token.id)
    assert post(client, secret, body=[{**EVENT, "id": "e2"}]).status_code == 401
    assert len(kept()) == 1


def test_tokens_are_kept_as_hashes_and_have_names_of_their_own(secret):
    assert secret.startswith("concord_") and len(secret) > 40
    rows = store().read().execute("SELECT * FROM api_token").fetchall()
    assert not [value for row in rows for value in row if value and secret in str(value)]
    audit = store().read().execute("SELECT * FROM audit WHERE noun = 'api_token'").fetchall()
    assert len(audit) == 1 and not [value for value in audit[0] if value and secret in str(value)]
    for name, scopes in (("CRM", [Scope.LEADS]), (" ", [Scope.LEADS]), ("x", []), ("x", ["everything"])):
        with pytest.raises(InvalidInput):
            api_tokens.create_token(MACHINE, name, scopes)
    with pytest.raises(NotFound):
        api_tokens.revoke_token(MACHINE, "nobody")


def test_the_description_is_for_those_who_hold_a_token(client, secret):
    assert client.get("/v1/openapi.json").status_code == 401
    document = client.get("/v1/openapi.json", headers={"authorization": f"Bearer {secret}"}).json()
    assert set(document["paths"]) >= {"/v1/leads", "/v1/lead-events", "/v1/hubspot/notifications"}
    assert client.get("/openapi.json").status_code == 404 and client.get("/docs").status_code == 404
    assert client.delete("/v1/leads").status_code == 405


def test_a_disk_that_is_full_is_no_acknowledgement(client, secret, monkeypatch):
    from db.store import StoreUnavailable

    def full(*_):
        raise StoreUnavailable("Not saved: the disk is full.")

    monkeypatch.setattr(store(), "write_soon", full)
    answer = post(client, secret, body=[EVENT])
    assert (
        answer.status_code == 503 and answer.headers["retry-after"] and "Not saved" in answer.json()["error"]
    )


# HubSpot ------------------------------------------------------------------------------------------------------------

APP_SECRET = "f3b1c2d4-1111-2222-3333-444455556666"


def notification(**more):
    return {
        "eventId": 1,
        "subscriptionType": "contact.propertyChange",
        "objectId": 501,
        "propertyName": "lifecyclestage",
        "propertyValue": "marketingqualifiedlead",
        "occurredAt": 1769846400000,
        **more,
    }


def deliver(
    client,
    notifications,
    *,
    secret=APP_SECRET,
    age=0,
    uri="https://portal.example/api/v1/hubspot/notifications",
):
    body = notifications if isinstance(notifications, bytes) else json.dumps(notifications).encode()
    stamp = str(int((time.time() - age) * 1000))
    digest = hmac.new(
        secret.encode(), b"POST" + uri.encode() + body + stamp.encode(), hashlib.sha256
    ).digest()
    return client.post(
        "/api/v1/hubspot/notifications",
        content=body,
        headers={
            "x-hubspot-signature-v3": base64.b64encode(digest).decode(),
            "x-hubspot-request-timestamp": stamp,
            "content-type": "application/json",
        },
    )


@pytest.fixture
def portal(monkeypatch):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    monkeypatch.setenv("CONCORD_URL", "https://portal.example")
    with TestClient(Starlette(routes=[Mount("/api", app=application())])) as opened:
        yield opened


def test_only_what_hubspot_signed_within_five_minutes_is_taken(portal):
    assert deliver(portal, [notification()]).status_code == 401, "not set up"
    hubspot_webhooks.allow_webhooks(MACHINE, APP_SECRET)
    assert deliver(portal, [notification()], secret="another").status_code == 401
    assert deliver(portal, [notification()], age=301).status_code == 401
    assert deliver(portal, [notification()], age=-301).status_code == 401
    assert deliver(portal, [notification()], uri="https://portal.example/api/v1/leads").status_code == 401
    assert portal.post("/api/v1/hubspot/notifications", json=[]).status_code == 401
    assert kept() == []
    assert deliver(portal, [notification()]).status_code == 204
    assert deliver(portal, [notification()]).status_code == 204, "sent again"
    assert [item["stage"] for _, item in kept()] == ["mql"]
    assert deliver(portal, b"{}").status_code == 400
    hubspot_webhooks.forbid_webhooks(MACHINE)
    assert deliver(portal, [notification(eventId=2)]).status_code == 401
    assert not hubspot_webhooks.read_webhooks(MACHINE).configured


def raw_delivery(parts, *, stamp=None, length=None):
    """Deliver parts of a body by hand; the status, and how many parts were asked for."""
    sent, answers, asked = iter(parts), [], [0]

    async def receive():
        asked[0] += 1
        part = next(sent)
        if isinstance(part, float):
            await asyncio.sleep(part)
            part = b""
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message):
        answers.append(message)

    stamp = str(int(time.time() * 1000)) if stamp is None else stamp
    headers = {"x-hubspot-signature-v3": "x", "x-hubspot-request-timestamp": stamp, "host": "portal.example"}
    headers |= {"content-length": str(length)} if length else {}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/hubspot/notifications",
        "raw_path": b"/v1/hubspot/notifications",
        "root_path": "",
        "scheme": "https",
        "http_version": "1.1",
        "query_string": b"",
        "server": ("portal.example", 443),
        "client": ("192.0.2.1", 5000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def deliver_it():
        await application()(scope, receive, send)
        return answers[0]["status"], asked[0]

    return deliver_it()


def test_of_a_delivery_that_nobody_has_signed_little_is_read_and_not_for_long(monkeypatch):
    large = [b"x" * 2**18] * 100
    assert asyncio.run(raw_delivery(large)) == (401, 0), "not set up"
    hubspot_webhooks.allow_webhooks(MACHINE, APP_SECRET)
    assert asyncio.run(raw_delivery(large, stamp="")) == (401, 0)
    assert asyncio.run(raw_delivery(large, stamp="1000")) == (401, 0), "long ago"
    assert asyncio.run(raw_delivery(large, length=2**20 + 1)) == (413, 0)
    status, asked = asyncio.run(raw_delivery(large))
    assert status == 413 and asked <= 6
    monkeypatch.setattr(feed, "_strangers", FewStrangers(most=3, seconds=0.2))

    async def many():
        return await asyncio.gather(*(raw_delivery([b"[", 60.0]) for _ in range(5)))

    assert sorted(status for status, _ in asyncio.run(many())) == [408, 408, 408, 503, 503]
    assert asyncio.run(raw_delivery(large))[0] == 413, "there is room again"


def test_what_hubspot_notifies_of_is_read_as_its_exports_are(portal):
    hubspot_webhooks.allow_webhooks(MACHINE, APP_SECRET, "hs-")
    row = store().read().execute("SELECT value FROM setting WHERE key = 'hubspot_webhooks'").fetchone()
    assert APP_SECRET not in row["value"]
    sent = [
        notification(subscriptionType="contact.creation", propertyName=None),
        notification(),
        notification(propertyName="hs_lead_status", propertyValue="UNQUALIFIED", occurredAt=1769850000000),
        notification(propertyName="hubspot_owner_id", propertyValue="77"),
        notification(propertyName="numberofemployees", propertyValue="250"),
        notification(propertyName="numberofemployees", propertyValue="many"),
        notification(propertyName="company", propertyValue="Acme"),
        notification(propertyName="favourite_colour", propertyValue="red"),
        notification(subscriptionType="contact.merge", primaryObjectId=501, mergedObjectIds=[502, 503]),
        notification(subscriptionType="contact.deletion", objectId=504, propertyName=None),
        notification(subscriptionType="object.restore", objectTypeId="0-1", objectId=504),
        notification(subscriptionType="object.deletion", objectTypeId="0-3", objectId=504),
        notification(subscriptionType="object.propertyChange", objectTypeId="0-3"),
        notification(objectId="../etc"),
        notification(occurredAt="soon"),
        "rubbish",
        None,
    ]
    assert deliver(portal, sent).status_code == 204
    found = kept()
    assert [item for kind, item in found if kind == "lead"] == [
        {"lead_id": "hs-501", "created_at": "2026-01-31T08:00:00.000000Z"},
        {"lead_id": "hs-501", "employees": 250.0},
        {"lead_id": "hs-501", "company": "Acme"},
        {"lead_id": "hs-502", "attributes": {"merged_into": "hs-501"}},
        {"lead_id": "hs-503", "attributes": {"merged_into": "hs-501"}},
        {"lead_id": "hs-504", "attributes": {"deleted_in_source": "true"}},
        {"lead_id": "hs-504", "attributes": {"deleted_in_source": "false"}},
    ]
    assert [
        (item["type"], item.get("stage") or item.get("reason") or item.get("owner"))
        for kind, item in found
        if kind == "event"
    ] == [("entered_stage", "lead"), ("entered_stage", "mql"), ("rejected", "not_a_fit"), ("assigned", "77")]


def test_where_the_account_is_pulled_from_as_well_notifications_say_what_a_pull_says(portal):
    hubspot_webhooks.allow_webhooks(MACHINE, APP_SECRET, "hs-")
    plan = {
        "prefix": "hs-",
        "since": "2026-01-01",
        "fields": {"source": "first_seen_by", "owner": "hubspot_owner_id", "created_at": "createdate"},
        "attributes": {"tier": "tier__c"},
        "meanings": {"lifecyclestage": {"salesqualifiedlead": "sal", "marketingqualifiedlead": "nothing"}},
    }
    at = "2026-01-31T08:00:00.000000Z"

    def connect(connection):
        for prefix, meaning in (("other-", "won"), ("hs-", None)):
            kept = {**plan, "prefix": prefix}
            if meaning:
                kept["meanings"] = {"lifecyclestage": {"salesqualifiedlead": meaning}}
            connectors.add(
                connection,
                name=prefix,
                kind="hubspot",
                address="https://hubspot.example",
                sealed="",
                plan=kept,
                description={},
                every_minutes=15,
                at=at,
            )

    store().write(connect)
    sent = [
        notification(),
        notification(propertyValue="salesqualifiedlead"),
        notification(propertyValue="opportunity"),
        notification(propertyName="hubspot_owner_id", propertyValue="55"),
        notification(propertyName="hs_analytics_source", propertyValue="PAID"),
        notification(propertyName="first_seen_by", propertyValue="Fair"),
        notification(propertyName="createdate", propertyValue="1769846400000"),
        notification(propertyName="tier__c", propertyValue="gold"),
        notification(subscriptionType="contact.creation", occurredAt=1700000000000),
    ]
    assert deliver(portal, sent).status_code == 204
    found = kept()
    assert [item for kind, item in found if kind == "lead"] == [
        {"lead_id": "hs-501", "source": "Fair"},
        {"lead_id": "hs-501", "attributes": {"tier": "gold"}},
    ]
    contact = {
        "id": "501",
        "properties": {},
        "propertiesWithHistory": {
            "lifecyclestage": [{"value": item["propertyValue"], "timestamp": at} for item in sent[:3]]
        },
    }
    pulled = from_contacts([contact], Known({}, {}, {}), make_plan("", {}, plan), Surprises())[1]
    assert [item for kind, item in found if kind == "event"] == [
        {name: value for name, value in one.items() if name != "id"} for one in pulled
    ]
    assert [item["stage"] for item in pulled] == ["sal", "opportunity"]


def test_a_secret_that_can_be_none_is_refused():
    for secret, prefix in (("", ""), ("short", ""), (APP_SECRET, "x" * 41), (APP_SECRET, "a\nb")):
        with pytest.raises(InvalidInput):
            hubspot_webhooks.allow_webhooks(MACHINE, secret, prefix)


def test_the_feed_tells_the_administrator_how_it_stands(secret, client):
    assert lead_feed.read_feed(make_actor("admin", None)).origins == ()
    post(client, secret, body=[EVENT])
    state = lead_feed.read_feed(MACHINE)
    assert state.waiting == 1 and state.waiting_since and state.origins[0].items == 1
    lead_feed.apply_waiting(MACHINE)
    state = lead_feed.read_feed(MACHINE)
    assert (state.waiting, state.waiting_since, state.leads_in_overlay) == (0, None, 1)
    assert state.last_applied_at


def test_where_the_figures_are_read_in_place_nothing_is_taken(client, secret, monkeypatch):
    monkeypatch.setattr(type(warehouse()), "takes_in", False)
    answer = post(client, secret, body=[EVENT])
    assert answer.status_code == 503 and "own warehouse" in answer.json()["error"]
    lead_feed.lead_inflow.add(
        store().connect(),
        [("event", {"lead_id": "a"})],
        origin="x",
        at="2026-01-01T00:00:00.000000Z",
        least=1,
    )
    assert lead_feed.apply_waiting(MACHINE) == 0 and not lead_feed.fold_due(MACHINE)
