"""Sources: kept with their keys sealed, pulled from on a plan, and never losing or doubling a lead, however a pull ends."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from crm_server import Reply, running
from hubspot_server import HubSpotServer, too_many
from people import make_actor

from actions import clock, connectors, lead_feed, leads, messages, pulls
from actions.connector_entries import Entry
from alignment import instants
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.lifecycle import Stage
from alignment.people import MACHINE
from db.queries import connectors as rows
from db.store import store
from jobs.pulling import Pulling
from leads.connectors import hubspot_events
from leads.connectors.source import SourceRefused
from leads.store import warehouse
from manage import manage

ROOT = Path(__file__).resolve().parents[2]
SECRET = "pat-na1-SECRET"


@pytest.fixture
def crm():
    with running(HubSpotServer(SECRET)) as server:
        yield server


@pytest.fixture
def admin():
    return make_actor("admin", None, "Ada Admin")


@pytest.fixture
def no_waiting(monkeypatch):
    """Time passes at once for a pull that waits."""
    monkeypatch.setattr(pulls, "_GLANCE", 0.0)
    asked = []
    monkeypatch.setattr(pulls.time, "sleep", lambda seconds: asked.append(seconds))
    real = time.monotonic
    monkeypatch.setattr(pulls.time, "monotonic", lambda: real() * 1_000)
    return asked


def fill(crm, contacts=120):
    for number in range(1, contacts + 1):
        crm.contact(
            number,
            "2026-05-01T09:00:00.000Z",
            {"lifecyclestage": [("marketingqualifiedlead", "2026-05-02T09:00:00Z")]},
            createdate="2026-05-01T09:00:00Z",
        )


def added(crm, actor=MACHINE, name="HubSpot", **entry):
    return connectors.add_connector(actor, "hubspot", Entry(name, crm.address, {"token": SECRET}, **entry))


def only():
    (found,) = connectors.list_connectors(MACHINE)
    return found


def inflow():
    """What has been taken: how many different leads and events, and how many events in all."""
    items = store().read().execute("SELECT kind, content FROM lead_inflow").fetchall()
    events = [json.loads(row["content"]) for row in items if row["kind"] == "event"]
    leads = {json.loads(row["content"])["lead_id"] for row in items if row["kind"] == "lead"}
    return len(leads), len({json.dumps(event, sort_keys=True) for event in events}), len(events)


def later(**delta):
    return clock.at(clock.now() + timedelta(**delta))


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_is_kept_with_its_keys_sealed_and_they_stand_nowhere(crm, admin, data_folder):
    added(crm, admin)
    told = only()
    assert (told.name, told.kind_name, told.description["account"]) == ("HubSpot", "HubSpot", "account 4711")
    assert not told.enabled and told.next_run_at is None and told.fault == ""
    assert SECRET not in repr(told)
    audit = store().read().execute("SELECT * FROM audit").fetchall()
    assert SECRET not in repr([tuple(row) for row in audit])
    for path in data_folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path.name
    assert stat.S_IMODE((data_folder / "connectors.key").stat().st_mode) == 0o600


def test_with_another_key_file_the_keys_are_entered_anew(crm, admin, data_folder):
    source = added(crm, admin)
    (data_folder / "connectors.key").unlink()
    assert "connectors.key" in only().fault
    run = pulls.pull(MACHINE, source)
    assert run.state == "failed" and "Enter them anew" in run.sentence
    connectors.change_connector(
        admin, source, Entry("HubSpot", crm.address, {"token": SECRET}), revision=only().revision
    )
    assert only().fault == "" and pulls.pull(MACHINE, source).state == "done"


def test_a_key_that_is_not_taken_is_not_kept(crm, admin):
    with pytest.raises(SourceRefused, match="refused the key"):
        connectors.add_connector(admin, "hubspot", Entry("HubSpot", crm.address, {"token": "wrong"}))
    assert connectors.list_connectors(admin) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Entry(""), "name is empty"),
        (Entry("x", "http://api.example.com"), "https"),
        (Entry("x", prefix="a b"), "space"),
        (Entry("x", every_minutes=1), "every 5, 15"),
        (Entry("x", credentials={"password": "x"}), "no key"),
        (Entry("x" * 61), "61 characters"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_called(admin, entry, reason):
    with pytest.raises(InvalidInput, match=reason):
        connectors.add_connector(admin, "hubspot", entry)
    with pytest.raises(InvalidInput, match="HubSpot"):
        connectors.add_connector(admin, "notes", entry)


def test_a_second_source_needs_a_name_and_a_prefix_of_its_own(crm, admin):
    added(crm, admin)
    with pytest.raises(InvalidInput, match="called HubSpot already"):
        added(crm, admin, "hubspot", prefix="b-")
    with pytest.raises(InvalidInput, match="prefix of their own"):
        added(crm, admin, "Second")
    added(crm, admin, "Second", prefix="b-")
    assert [one.name for one in connectors.list_connectors(admin)] == ["HubSpot", "Second"]


def test_the_later_of_two_who_change_a_source_is_told(crm, admin):
    source = added(crm, admin)
    seen = only().revision
    connectors.start_pulling(admin, source)  # takes nothing away from somebody who is at the fields
    reading = {"fields": {"company": "company"}, "attributes": {}, "dates": {}, "meanings": {}}
    connectors.set_reading(admin, source, **reading, revision=seen)
    with pytest.raises(StaleVersion):
        connectors.set_reading(admin, source, **reading, revision=seen)
    with pytest.raises(StaleVersion):
        connectors.change_connector(admin, source, Entry("Other", crm.address), revision=seen)


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        ({"fields": {"secret": "x"}}, "no field of a lead"),
        ({"attributes": {"company": "x"}}, "cannot be a field's name"),
        ({"meanings": {"lifecyclestage": {"lead": "sold"}}}, "no meaning"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(crm, admin, reading, reason):
    source = added(crm, admin)
    whole = {"fields": {}, "attributes": {}, "dates": {}, "meanings": {}} | reading
    with pytest.raises(InvalidInput, match=reason):
        connectors.set_reading(admin, source, **whole, revision=only().revision)


def test_where_leads_were_pulled_under_their_ids_these_stay(crm, admin):
    fill(crm, 1)
    source = added(crm, admin)
    pulls.pull(MACHINE, source)
    with pytest.raises(WrongState, match="source of its own"):
        connectors.change_connector(
            admin, source, Entry("HubSpot", crm.address, prefix="hs-"), revision=only().revision
        )


def test_address_and_prefix_stay_while_the_first_leads_are_being_pulled(crm, admin):
    fill(crm, 3)
    source = added(crm, admin)
    refused = []

    def meddle(call):
        if not refused and "objects/contacts" in call.path:
            refused.append(True)
            assert not only().begun
            entries = (
                Entry("HubSpot", crm.address, prefix="hs-"),
                Entry("HubSpot", crm.address.replace("127.0.0.1", "localhost"), {"token": SECRET}),
            )
            for entry in entries:
                with pytest.raises(WrongState, match=r"right now.*Wait until it is done, or stop it"):
                    connectors.change_connector(admin, source, entry, revision=only().revision)
            connectors.change_connector(
                admin, source, Entry("Other name", crm.address), revision=only().revision
            )

    crm.before = meddle
    pulls.pull(MACHINE, source)
    assert refused and only().name == "Other name" and inflow()[0] == 3


def test_a_source_that_is_removed_is_forgotten_with_its_keys_and_its_leads_stay(crm, admin):
    fill(crm, 3)
    source = added(crm, admin)
    pulls.pull(MACHINE, source)
    connectors.remove_connector(admin, source)
    assert connectors.list_connectors(admin) == [] and inflow()[0] == 3
    assert store().read().execute("SELECT count(*) AS n FROM connector_run").fetchone()["n"] == 0
    with pytest.raises(NotFound):
        connectors.start_pulling(admin, source)


# ── pulling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_started_it_pulls_at_once_and_then_by_its_plan(crm, admin):
    fill(crm)
    source = added(crm, admin)
    assert pulls.pull_due(MACHINE) == 0
    connectors.start_pulling(admin, source)
    assert pulls.pull_due(MACHINE) == 1
    run = only().last
    assert (run.state, run.read, run.leads, run.events, run.refused) == ("done", 120, 120, 240, 0)
    assert run.surprises == () and only().begun and not only().running
    assert pulls.pull_due(MACHINE) == 0
    with later(minutes=16):
        assert pulls.pull_due(MACHINE) == 1
        assert only().last.state == "done" and only().last.leads == 0
    assert inflow() == (120, 240, 240)


def test_what_a_run_brought_is_in_the_audit_log(crm, admin):
    fill(crm, 2)
    source = added(crm, admin)
    pulls.pull(admin, source)
    row = store().read().execute("SELECT * FROM audit WHERE action = 'pull'").fetchone()
    assert row["actor"] == admin.person_id and json.loads(row["after"])["leads"] == 2


def test_a_pull_that_was_cut_off_goes_on_and_nothing_is_lost_or_doubled(crm, admin):
    fill(crm)
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    looks = iter([True, True, False])
    pulls.pull_due(MACHINE, may_go_on=lambda: next(looks, False))
    assert only().last.state == "cut_off" and 0 < inflow()[0] < 120
    assert pulls.pull_due(MACHINE) == 1
    assert only().last.state == "done" and inflow() == (120, 240, 240)


def test_killed_in_the_middle_it_goes_on_where_the_last_page_was_kept(crm, admin, data_folder):
    fill(crm, 400)
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    crm.before = lambda call: time.sleep(0.05) if "objects/contacts" in call.path else None
    program = "from actions import pulls; from alignment.people import MACHINE; pulls.pull_due(MACHINE)"
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env={**os.environ})
    until = time.monotonic() + 30
    while inflow()[0] < 100 and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    crm.before = lambda call: None
    before = inflow()[0]
    assert 100 <= before < 400
    assert pulls.pull_due(MACHINE) == 0  # somebody seems to be at it
    with later(minutes=11):
        assert pulls.pull_due(MACHINE) == 1
        states = [run.state for run in connectors.list_runs(MACHINE, source)]
    assert states == ["done", "cut_off"] and inflow() == (400, 800, 800)


def test_what_cannot_be_reached_is_tried_again_after_longer_and_longer(crm, admin, no_waiting):
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    pauses = []
    moment = clock.now()
    for _ in range(4):
        crm.moods = [Reply({"message": "down"}, 503)] * 6
        with clock.at(moment):
            assert pulls.pull_due(MACHINE) == 1
            assert only().last.state == "later"
            planned = instants.from_text(only().next_run_at)
        pauses.append(round((planned - moment).total_seconds() / 60))
        moment = planned
    assert pauses == [1, 5, 15, 60]
    assert [one.subject for one in messages.my_messages(admin)] == ["No leads come from HubSpot"]
    with clock.at(moment):
        pulls.pull_due(MACHINE)
        assert only().last.state == "done"


def test_a_day_that_is_used_up_is_waited_for(crm, admin):
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    crm.moods = [too_many("7200", "DAILY")]
    now = clock.now()
    with clock.at(now):
        pulls.pull_due(MACHINE)
    assert (instants.from_text(only().next_run_at) - now).total_seconds() == 7200


def test_a_key_that_was_withdrawn_is_told_to_the_administrators_once(crm, admin):
    member = make_actor()
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    crm.token = "another"
    for hours in (0, 2, 4):
        with later(hours=hours):
            pulls.pull_due(MACHINE)
    assert only().last.state == "failed" and "refused the key" in only().last.sentence
    told = messages.my_messages(admin)
    assert len(told) == 1 and SECRET not in told[0].body and told[0].page == "sources"
    assert messages.my_messages(member) == []


def test_what_nobody_has_foreseen_is_noted_and_raised(crm, admin, monkeypatch):
    fill(crm, 1)
    source = added(crm, admin)

    def broken(*_, **__):
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(lead_feed, "take", broken)
    with pytest.raises(ZeroDivisionError):
        pulls.pull(MACHINE, source)
    run = only().last
    assert run.state == "failed" and "ZeroDivisionError" in run.sentence and SECRET not in run.sentence
    assert not only().running and not only().begun


def test_two_servers_do_not_pull_from_a_system_at_once(crm, admin):
    fill(crm)
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    refused = []

    def meddle(call):
        if not refused and "objects/contacts" in call.path:
            refused.append(True)
            assert pulls.pull_due(MACHINE) == 0
            with pytest.raises(WrongState, match="right now"):
                pulls.pull(MACHINE, source)
            with pytest.raises(WrongState, match="right now"):
                connectors.run_now(admin, source)

    crm.before = meddle
    pulls.pull_due(MACHINE)
    assert refused and only().last.state == "done"


@pytest.mark.parametrize("ending", ["stop_run", "pause_pulling", "start_over", "remove_connector"])
def test_a_person_can_end_a_pull_and_what_was_read_stays(crm, admin, ending):
    fill(crm)
    source = added(crm, admin)
    connectors.start_pulling(admin, source)
    ended = []

    def meddle(call):
        if not ended and call.query.get("after"):
            ended.append(True)
            getattr(connectors, ending)(admin, source)

    crm.before = meddle
    pulls.pull_due(MACHINE)
    assert ended and inflow()[0] == 50
    if ending == "remove_connector":
        assert connectors.list_connectors(MACHINE) == []
        return
    assert only().last.state == "stopped" and only().enabled is (ending != "pause_pulling")
    assert pulls.pull_due(MACHINE) == (1 if ending == "start_over" else 0)
    connectors.start_pulling(admin, source)
    pulls.pull_due(MACHINE)
    assert inflow() == (120, 240, 240)


def test_reading_everything_again_counts_nothing_twice(crm, admin):
    fill(crm)
    source = added(crm, admin)
    pulls.pull(MACHINE, source)
    connectors.start_over(admin, source)
    run = pulls.pull(MACHINE, source)
    assert (run.read, run.events) == (120, 0) and inflow() == (120, 240, 240)


def test_surprises_are_counted_over_all_pages_and_refused_items_told(crm, admin, monkeypatch):
    fill(crm, 70)
    for number in range(1, 71):
        crm.objects["contacts"][number]["propertiesWithHistory"]["lifecyclestage"].append(
            {"value": "48213377", "timestamp": "2026-05-03T09:00:00Z", "sourceType": "CRM_UI"}
        )
    source = added(crm, admin)
    real = hubspot_events.event

    def odd(*arguments, **more):
        found = real(*arguments, **more)
        return {**found, "reason": 7} if found and found["lead_id"] == "70" else found

    monkeypatch.setattr(hubspot_events, "event", odd)
    run = pulls.pull(MACHINE, source)
    told = {one["code"]: one for one in run.surprises}
    assert run.state == "done" and told["unmatched_value"]["count"] == 70
    assert run.refused == 2 and "“reason” is “7”" in told["refused"]["text"]


def test_a_lead_with_an_attribute_too_many_is_taken_without_it_and_that_is_told(crm, admin):
    for number in (1, 2):
        crm.contact(
            number,
            "2026-05-01T09:00:00.000Z",
            {"lifecyclestage": [("marketingqualifiedlead", "2026-05-02T09:00:00Z")]},
            createdate="2026-05-01T09:00:00Z",
            company="Acme",
            jobtitle="Buyer",
        )
    many = {"lead_id": "x", "attributes": {f"f{n}": "1" for n in range(lead_feed.MOST_ATTRIBUTES - 1)}}
    store().write(lambda connection: lead_feed.take(connection, "test", [many]))
    source = added(crm, admin)
    attributes = {"home": "company", "role": "jobtitle"}
    connectors.set_reading(
        admin, source, fields={}, attributes=attributes, dates={}, meanings={}, revision=only().revision
    )
    run = pulls.pull(MACHINE, source)
    (told,) = [one for one in run.surprises if one["code"] == "surplus_attribute"]
    assert (run.state, run.leads, run.refused) == ("done", 2, 0)
    assert told["count"] == 2 and "“role” is left out of leads" in told["text"]
    kept = store().read().execute("SELECT content FROM lead_inflow WHERE origin <> 'test' AND kind = 'lead'")
    assert [json.loads(row["content"])["attributes"] for row in kept] == [{"home": "Acme"}] * 2


def test_another_meaning_holds_from_the_next_pull_on(crm, admin):
    fill(crm, 1)
    source = added(crm, admin)
    meanings = {"lifecyclestage": {"marketingqualifiedlead": "sql", "lead": ""}}
    connectors.set_reading(
        admin, source, fields={}, attributes={}, dates={}, meanings=meanings, revision=only().revision
    )
    pulls.pull(MACHINE, source)
    kept = store().read().execute("SELECT content FROM lead_inflow WHERE kind = 'event'").fetchall()
    assert {json.loads(row["content"]).get("stage") for row in kept} == {"lead", "sql"}


def test_a_large_pull_lets_what_was_taken_into_the_figures_first(crm, admin, monkeypatch):
    fill(crm, 200)
    source = added(crm, admin)
    monkeypatch.setattr(pulls, "MOST_WAITING", 60)
    monkeypatch.setattr(pulls, "_GLANCE", 0.001)
    let_in, at_calls = [0], []

    def waiting():
        """What was taken and not let in; at each look some more of it is."""
        taken = store().read().execute("SELECT count(*) AS n FROM lead_inflow").fetchone()["n"]
        let_in[0] = min(taken, let_in[0] + 20)
        return taken - let_in[0]

    def look(call):
        if call.query.get("after"):
            at_calls.append(store().read().execute("SELECT count(*) AS n FROM lead_inflow").fetchone()["n"])
            assert at_calls[-1] - let_in[0] <= 60

    monkeypatch.setattr(pulls, "_waiting", waiting)
    crm.before = look
    assert pulls.pull(MACHINE, source).state == "done" and at_calls == [150, 300, 450]


def test_where_nothing_lets_it_into_the_figures_a_pull_goes_on(crm, admin, monkeypatch):
    fill(crm, 200)
    monkeypatch.setattr(pulls, "MOST_WAITING", 60)
    monkeypatch.setattr(pulls, "_GLANCE", 0.01)
    monkeypatch.setattr(pulls, "_NOTHING_MOVES", 0.03)
    assert pulls.pull(MACHINE, added(crm, admin)).state == "done"


def test_only_so_many_runs_are_kept(crm, admin, monkeypatch):
    monkeypatch.setattr(rows, "_KEPT_RUNS", 3)
    source = added(crm, admin)
    for _ in range(5):
        pulls.pull(MACHINE, source)
    assert len(connectors.list_runs(MACHINE, source)) == 3


# ── by itself ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_portal_pulls_by_itself_and_stops_after_a_page(crm, admin):
    fill(crm)
    source = added(crm, admin)
    began, go_on = threading.Event(), threading.Event()

    def hold(call):
        if call.query.get("after") == "51":
            began.set()
            go_on.wait(20)

    crm.before = hold
    pulling = Pulling(every=0.01)
    pulling.start()
    connectors.start_pulling(admin, source)
    assert began.wait(20)
    stopper = threading.Thread(target=pulling.stop)
    stopper.start()
    while pulling.may_go_on():
        time.sleep(0.005)
    go_on.set()
    stopper.join(20)
    assert only().last.state == "cut_off" and inflow()[0] == 100
    again = Pulling(every=0.01)
    again.start()
    until = time.monotonic() + 20
    while only().last.state != "done" and time.monotonic() < until:
        time.sleep(0.01)
    assert again.stop() and inflow() == (120, 240, 240)


def test_a_source_that_is_broken_keeps_the_others_from_nothing(crm, admin, monkeypatch):
    fill(crm, 2)
    broken = added(crm, admin, "A broken one", prefix="b-")
    sound = added(crm, admin, "Sound")
    for one in (broken, sound):
        connectors.start_pulling(admin, one)
    store().write(lambda connection: rows.set_cursor(connection, broken, {"phase": "changes"}))
    pulling = Pulling(every=0.01)
    monkeypatch.setattr("jobs.pulling._REST_AFTER_FAULT", 0.01)
    pulling.start()
    wanted, states = {"A broken one": "failed", "Sound": "done"}, {}
    until = time.monotonic() + 20
    while states != wanted and time.monotonic() < until:
        time.sleep(0.01)
        states = {one.name: one.last.state for one in connectors.list_connectors(MACHINE) if one.last}
    assert pulling.stop() and states == wanted and inflow()[0] == 2


def test_from_the_command_line_what_is_due_or_what_is_named_is_pulled(crm, admin):
    fill(crm, 2)
    source = added(crm, admin)
    run = CliRunner().invoke

    def pull(*arguments):
        done = run(manage, ["pull", *arguments, "--json"])
        return done.exit_code, json.loads(done.stdout)

    assert pull() == (0, {"pulls": []})
    connectors.start_pulling(admin, source)
    code, document = pull()
    (told,) = document["pulls"]
    assert code == 0 and (told["source"], told["state"], told["leads"]) == ("HubSpot", "done", 2)
    assert pull("Nobody")[0] == 1
    crm.token = "another"
    code, document = pull("HubSpot")
    assert code == 1 and "refused the key" in document["pulls"][0]["sentence"]
    assert "HubSpot: failed; 0 records read" in run(manage, ["pull", "HubSpot"]).output


def test_what_is_pulled_is_in_the_figures(crm, admin):
    fill(crm, 4)
    crm.deal(
        9,
        "2026-05-08T09:00:00.000Z",
        [("closedwon", "2026-05-08T09:00:00Z")],
        [1],
        createdate="2026-05-05T09:00:00Z",
        amount="100",
    )
    crm.contact(
        5, "2026-05-01T09:00:00.000Z", {}, createdate="2026-05-01T09:00:00Z", hs_merged_object_ids="4"
    )
    pulls.pull(MACHINE, added(crm, admin))
    lead_feed.apply_waiting(MACHINE)
    overview = leads.read_overview(MACHINE)
    assert overview.leads == 5 and overview.reached[Stage.MQL] == 4 and overview.reached[Stage.WON] == 1
    with warehouse().read() as facts:
        episodes = {row["lead_id"]: row for row in facts.rows(facts.episode)}
        assert set(episodes) == {"1", "2", "3", "5"} and episodes["5"]["mql_at"] is not None
        assert episodes["1"]["value"] == 100
    before = warehouse().revision()
    with later(minutes=1):
        pulls.pull(MACHINE, only().id)
        lead_feed.apply_waiting(MACHINE)
    assert warehouse().revision() == before
