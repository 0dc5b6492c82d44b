"""What comes in piece by piece is in the figures as if it had been in a file; nothing is lost or doubled on the way."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pytest

from actions import clock, lead_feed
from actions.lead_feed import Outcome, take
from alignment.errors import InvalidInput
from alignment.people import MACHINE
from alignment.rules import Condition, Operator, Rule
from db.queries import lead_inflow
from db.store import store
from jobs.feeding import Feeding
from jobs.rounds import run_round
from leads import live, schema
from leads.backtest import backtest
from leads.imports.direct import load_events
from leads.imports.importing import import_files
from leads.imports.mapping import read_mapping
from leads.pointer import FORMAT
from leads.store import WarehouseUnavailable, warehouse
from tests.histories import make_facts_old
from tests.lead_histories import History, random_history

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 1, 5, 10, tzinfo=UTC)


def event(number, lead_id="a", type_="entered_stage", stage="mql", at=AT, **more):
    told = {"id": f"e{number}", "lead_id": lead_id, "type": type_, "at": at.isoformat(), **more}
    return told | ({"stage": stage} if stage else {})


def send(leads=(), events=(), origin="test", **how):
    return store().write(lambda connection: take(connection, origin, leads, events, **how))


def apply():
    return lead_feed.apply_waiting(MACHINE)


def everything():
    """All facts as plain rows, in an order of their own."""
    with warehouse().read() as facts:
        tables = [facts.rows(table) for table in (facts.followed, facts.event, facts.episode)]
    return [sorted(json.dumps(row, default=str, sort_keys=True) for row in rows) for rows in tables]


def items_of(history):
    """A history of the tests as it would be sent."""
    leads = [
        {
            name: value.isoformat() if name == "created_at" else value
            for name, value in lead.items()
            if value is not None
        }
        for lead in history.leads
    ]
    events = [
        {
            name: value.isoformat() if name in ("at", "day") else value
            for name, value in told.items()
            if value is not None and name != "day_only"
        }
        | {"id": str(number)}
        for number, told in enumerate(history.events)
        if not told["day_only"]
    ]
    return leads, events


def without_days(history):
    history.events = [told for told in history.events if not told["day_only"]]
    return history


@pytest.mark.parametrize("seed", [1])
def test_bit_by_bit_is_the_same_as_all_at_once(seed, tmp_path, monkeypatch):
    draw = Random(seed)
    history = without_days(random_history(seed, leads=24))
    for lead in draw.sample(history.leads, 9):
        lead["merged_into"] = draw.choice([f"lead-{draw.randrange(24):04d}", "nobody"])
    for lead in draw.sample(history.leads, 6):
        lead["plan"] = draw.choice(["pro", "5", "true"])
    leads, events = items_of(history)
    for lead in leads:
        own = {name: lead.pop(name) for name in ("merged_into", "plan") if name in lead}
        lead.update({"attributes": own} if own else {})
    sent = [*(("lead", lead) for lead in leads), *(("event", told) for told in events)]
    draw.shuffle(sent)
    half = len(sent) // 3
    from_file = History()
    for kind, item in sent[:half]:
        if kind == "lead":
            from_file.leads.append(next(lead for lead in history.leads if lead["lead_id"] == item["lead_id"]))
        else:
            from_file.events.append(history.events[int(item["id"])])
    from_file.leads += [
        {"lead_id": lead_id, "source": None}
        for lead_id in sorted(
            {told["lead_id"] for told in from_file.events} - {lead["lead_id"] for lead in from_file.leads}
        )
    ]
    from_file.load()
    rest = sent[half:]
    while rest:
        size = draw.choice([2, 30, 50])
        now, rest = rest[:size], rest[size:]
        send([item for kind, item in now if kind == "lead"], [item for kind, item in now if kind == "event"])
        if draw.random() < 0.6:
            apply()
        if draw.random() < 0.15:
            live.fold()
    apply()
    assert warehouse().pointer().live is not None
    with_overlay = everything()
    assert live.fold() and warehouse().pointer().live is None
    assert everything() == with_overlay
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "at once"))
    history.load()
    assert everything() == with_overlay


def test_a_reader_keeps_its_version_while_more_comes_in():
    History().lead("a").enter("a", "mql", AT).load()
    with warehouse().read() as before:
        assert before.value(before.event.count()) == 1
        for number in range(3):
            send(events=[event(number, at=AT + timedelta(days=number + 1))])
            assert apply() == 1
            with warehouse().read() as now:
                assert now.value(now.event.count()) == number + 2
        assert before.value(before.event.count()) == 1
    assert len(list(warehouse().folder.glob("*.live"))) <= 2 + 1, "old overlays are swept away"


def numbers():
    """Each event of lead `a` by the second it happened at: a lost one is missing, a doubled one stands twice."""
    with warehouse().read() as facts:
        return sorted((row["at"] - AT.replace(tzinfo=None)).seconds for row in facts.rows(facts.event))


def second(number):
    return event(number, type_="contacted", stage=None, at=AT + timedelta(seconds=number))


def test_several_that_apply_and_fold_and_import_at_once_lose_and_double_nothing():
    History().lead("a").load()
    faults, done = [], threading.Event()

    def over_and_over(work):
        while not done.is_set():
            try:
                work()
            except WarehouseUnavailable:
                pass  # somebody else imports
            except Exception as fault:
                faults.append(fault)
                done.set()

    def bring_in():
        History().lead(f"file {time.monotonic_ns()}").load()

    threads = [
        threading.Thread(target=over_and_over, args=(work,))
        for work in (apply, apply, live.fold, bring_in, numbers)
    ]
    for thread in threads:
        thread.start()
    for number in range(40):
        send(events=[second(number)])
        time.sleep(0.02)
    done.set()
    for thread in threads:
        thread.join()
    apply()
    assert not faults
    assert numbers() == list(range(40))


def test_what_comes_in_while_a_base_is_built_is_laid_over_it():
    History().lead("a").load()
    send([{"lead_id": "a", "owner": "Ann"}], [second(1)])
    apply()
    with warehouse().write() as draft:
        for name, table in (("lead", draft.old.lead), ("lead_event", draft.old.event)):
            draft.backend.create_table(name, table)
        draft.backend.create_table("episode", draft.old.episode)
        for name in ("custom_field", "known_column"):
            draft.backend.create_table(name, draft.backend.table(name, database=("old", "main")))
        send([{"lead_id": "b"}], [second(2)])
        assert apply() == 2
        assert numbers() == [1, 2]
        draft.publish(AT)
    pointer = warehouse().pointer()
    assert numbers() == [1, 2] and pointer.live.items == 2 and pointer.base_upto < pointer.upto
    assert apply() == 0, "nothing is applied a second time"
    assert live.fold() and numbers() == [1, 2]
    assert warehouse().pointer().base_upto == pointer.upto


KILLED = """
import os
from actions import lead_feed
from alignment.people import MACHINE
from leads import pointer, store
{when}
lead_feed.apply_waiting(MACHINE)
"""
BEFORE_THE_POINTER = "pointer.write = lambda *_: os.kill(os.getpid(), 9)"
AFTER_THE_POINTER = """
write = pointer.write
def write_and_die(*arguments):
    write(*arguments)
    os.kill(os.getpid(), 9)
pointer.write = write_and_die
"""


@pytest.mark.parametrize(("when", "after"), [(BEFORE_THE_POINTER, []), (AFTER_THE_POINTER, [1, 2])])
def test_killed_at_any_moment_it_is_all_or_nothing_and_never_twice(when, after):
    History().lead("a").load()
    send(events=[second(1), second(2)])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(when=when)], cwd=ROOT, env=os.environ, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert numbers() == after
    apply()
    assert numbers() == [1, 2]
    assert not list(warehouse().folder.glob("*.laying*"))


def wait_until(happened):
    """Wait for what the process beside the server does, a minute at most."""
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_process_beside_the_server_lets_in_what_waits_also_after_it_was_killed():
    feeding = Feeding()
    feeding.start()
    try:
        for number in (1, 2):
            send(events=[second(number)])
            wait_until(lambda expected=number: len(numbers()) == expected)
            if number == 1:
                os.kill(feeding.process_id, signal.SIGKILL)
    finally:
        feeding.stop()
    assert feeding.process_id is None


def test_the_process_beside_the_server_makes_the_leads_of_an_earlier_version_anew_and_mail_does_not_wait():
    History().lead("a").load()
    send(events=[second(1)])
    apply()
    make_facts_old()
    assert not run_round().faults
    assert warehouse().pointer().format < FORMAT, (
        "whoever looks after what is due asks nothing of them meanwhile"
    )
    feeding = Feeding()
    feeding.start()
    try:
        wait_until(lambda: warehouse().pointer().format == FORMAT)
    finally:
        feeding.stop()
    assert numbers() == [1] and not run_round().faults


def test_what_changes_nothing_leaves_everything_as_it_is():
    lead = {"lead_id": "a", "source": "ads", "owner": "Ann"}
    send([lead], [second(1)])
    apply()
    before = warehouse().revision()
    send([lead, {"lead_id": "a", "source": "another"}], [{**second(1), "id": "the same again"}])
    assert apply() == 3
    assert warehouse().revision() == before, "whoever keeps figures by the revision need not count again"


def test_only_what_is_in_the_base_for_a_day_is_forgotten():
    send(events=[second(1), second(2)])
    apply()
    with clock.at(datetime.now(UTC) + timedelta(days=2)):
        assert lead_feed.forget_folded(MACHINE) == 0
        assert lead_feed.fold_due(MACHINE) and lead_feed.fold(MACHINE)
        assert not lead_feed.fold_due(MACHINE) and not lead_feed.fold(MACHINE)
        assert lead_feed.forget_folded(MACHINE) == 1, "the last one stays, so that numbers go on from it"
    send(events=[second(3)])
    apply()
    assert numbers() == [1, 2, 3]
    assert send(events=[second(1)]).events[0].outcome is Outcome.KNOWN


def test_a_store_from_an_older_copy_takes_and_applies_on():
    History().lead("a").load()
    send(events=[second(1)])
    apply()
    store().write(lambda connection: connection.execute("DELETE FROM lead_inflow"))
    send(events=[second(2)])
    assert apply() == 1 and numbers() == [1, 2]


def test_nothing_of_an_action_that_fails_is_taken():
    def transaction(connection):
        take(connection, "test", events=[second(1)])
        raise RuntimeError("later in the action")

    with pytest.raises(RuntimeError):
        store().write(transaction)
    with pytest.raises(InvalidInput, match="lead_id"):
        send([{"lead_id": "a"}, {"lead_id": ""}])
    assert apply() == 0 and send(events=[second(1)]).count(Outcome.TAKEN) == 1


def test_fields_fill_in_and_change_and_the_first_source_stays():
    History().lead("a", source="ads", attribute="x").load()
    send([{"lead_id": "a", "source": "fair", "owner": "Ann", "attributes": {"plan": "5"}}])
    apply()
    send([{"lead_id": "a", "owner": "", "country": None, "attributes": {"plan": "pro", "vip": True}}])
    apply()
    with warehouse().read() as facts:
        row = facts.rows(facts.lead)[0]
        assert (row["source"], row["owner"], row["attribute_plan"], row["attribute_vip"]) == (
            "ads",
            "Ann",
            "pro",
            "true",
        )
        kinds = {field.name: field.type.value for field in facts.fields() if field.custom}
        assert kinds == {"attribute": "text", "plan": "text", "vip": "boolean"}
    assert live.fold()
    with warehouse().read() as facts:
        assert {field.name: field.type.value for field in facts.fields() if field.custom} == kinds


def test_columns_of_which_a_file_says_nothing_are_not_written_and_whoever_reads_finds_them(tmp_path):
    def import_text(name, text, mapping):
        (tmp_path / name).write_text(text)
        import_files([tmp_path / name], read_mapping(mapping))

    def stored():
        """The columns of the tables as they are on disk."""
        facts = warehouse()
        path = facts.folder / facts.pointer().file
        with duckdb.connect(path, read_only=True) as connection:
            return {
                table: {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
                for table in ("lead", "lead_event", "episode")
            }

    def episodes_of_a():
        with warehouse().read() as facts:
            assert facts.episode.schema() == schema.EPISODE
            assert {*facts.event.columns} == {*schema.EVENT}
            assert {*schema.lead(["plan"])} <= {*facts.lead.columns}
            return facts.rows(
                facts.episode.filter(facts.episode.lead_id == "a").select(
                    "mql_at", "reason", "owner", "won_at"
                )
            )

    told = 'lead_id = "id"\nsource = "origin"\n[stages]\nmql = "mql"\n[attributes]\nplan = "plan"\n'
    import_text("one.csv", "id,origin,mql,plan\na,ads,2026-01-05,\nb,fair,,\n", told)
    assert stored()["lead"] == {"lead_id", "source", "attribute_plan", *schema.OUTCOME}
    assert stored()["episode"].isdisjoint({"reason", "owner", "won_at", "lost_at"})
    assert stored()["lead_event"].isdisjoint({"reason", "owner"})
    mql = datetime(2026, 1, 5)
    assert episodes_of_a() == [{"mql_at": mql, "reason": None, "owner": None, "won_at": None}]
    send([{"lead_id": "a", "owner": "Ann"}], [event(1, type_="rejected", stage=None, reason="budget")])
    apply()
    known = {"mql_at": mql, "reason": "budget", "owner": "Ann", "won_at": None}
    assert episodes_of_a() == [known]
    with_overlay = everything()
    assert live.fold()
    assert everything() == with_overlay
    import_text("two.csv", "id,won\na,2026-02-01\nc,\n", 'lead_id = "id"\n[stages]\nwon = "won"\n')
    assert episodes_of_a() == [{**known, "won_at": datetime(2026, 2, 1)}]


# ── names of attributes ──────────────────────────────────────────────────────────────────────────────────────────────


def attributes():
    """Each lead's attributes by the columns they are kept in."""
    with warehouse().read() as facts:
        names = [name for name in facts.lead.columns if name.startswith("attribute_")]
        rows = facts.rows(facts.lead.select("lead_id", *names))
    return {
        row.pop("lead_id"): {name: value for name, value in row.items() if value is not None} for row in rows
    }


def test_names_that_differ_in_capital_letters_only_are_one_attribute():
    send([{"lead_id": "a", "attributes": {"Plan": "pro", "Merged_Into": "z"}}])
    send([{"lead_id": "b", "attributes": {"plan": "free"}}])
    assert apply() == 2
    send([{"lead_id": "c", "attributes": {"PLAN": "trial"}}])
    assert apply() == 1
    assert attributes() == {
        "a": {"attribute_Plan": "pro", "attribute_merged_into": "z"},
        "b": {"attribute_Plan": "free"},
        "c": {"attribute_Plan": "trial"},
    }
    assert store().read().execute("SELECT count(*) AS n FROM lead_inflow_attribute").fetchone()["n"] == 1
    with pytest.raises(InvalidInput, match="“Plan” and “plan” are one attribute"):
        send([{"lead_id": "d", "attributes": {"Plan": "pro", "plan": "free"}}])


def test_what_was_taken_in_two_spellings_before_comes_into_one(tmp_path):
    file = tmp_path / "leads.csv"
    file.write_text("id,plan\na,pro\n", encoding="utf-8")
    import_files([file], read_mapping("lead_id = 'id'\n[attributes]\npLAN = 'plan'"))
    contents = [
        ("lead", {"lead_id": "b", "attributes": {"Plan": "free", "plan": "trial"}}),
        ("lead", {"lead_id": "c", "attributes": {"PLAN": "pro"}}),
    ]
    store().write(
        lambda connection: lead_inflow.add(connection, contents, origin="test", at=clock.now_text(), least=1)
    )
    assert apply() == 2
    assert live.fold()
    assert attributes() == {
        "a": {"attribute_pLAN": "pro"},
        "b": {"attribute_pLAN": "trial"},
        "c": {"attribute_pLAN": "pro"},
    }


def test_a_file_spells_attributes_as_they_are_known(tmp_path):
    send([{"lead_id": "a", "attributes": {"Plan": "pro"}}])
    apply()
    file = tmp_path / "leads.csv"
    file.write_text("id,plan\na,free\nb,trial\n", encoding="utf-8")
    import_files([file], read_mapping("lead_id = 'id'\n[attributes]\nplan = 'plan'"))
    assert attributes() == {"a": {"attribute_Plan": "free"}, "b": {"attribute_Plan": "trial"}}
    no_events = pa.table({"lead_id": pa.array([], pa.string()), "type": [], "at": []})
    no_events = no_events.cast(
        pa.schema({"lead_id": pa.string(), "type": pa.string(), "at": pa.timestamp("us")})
    )
    load_events(pa.table({"lead_id": ["c"], "PLAN": ["pro"]}), no_events)
    assert attributes()["c"] == {"attribute_Plan": "pro"}
    with pytest.raises(InvalidInput, match="“plan” and “PLAN” are one field"):
        load_events(pa.table({"lead_id": ["c"], "plan": ["pro"], "PLAN": ["pro"]}), no_events)
    with pytest.raises(InvalidInput, match="“plan” and “Plan” under"):
        read_mapping("lead_id = 'id'\n[attributes]\nplan = 'plan'\nPlan = 'other'")


def test_what_is_no_number_and_no_text_is_missing_in_the_facts():
    nothing = [float("nan"), float("inf"), None]
    table = pa.table(
        {"lead_id": ["a", "b", "c"], "employees": nothing, "weight": nothing, "source": ["", None, ""]}
    )
    no_events = pa.schema(
        {"lead_id": pa.string(), "type": pa.string(), "at": pa.timestamp("us")}
    ).empty_table()
    load_events(table, no_events)
    with warehouse().read() as facts:
        for lead in facts.rows(facts.lead):
            assert lead["employees"] is lead["source"] is lead["attribute_weight"] is None
    missing = Rule(Condition("employees", Operator.IS_UNKNOWN))
    assert (backtest(missing).passed, backtest(Rule(Condition("weight", Operator.IS_KNOWN))).passed) == (3, 0)


def test_where_the_facts_have_as_many_attributes_as_are_kept_another_is_refused_and_nothing_taken_is_lost():
    no_events = pa.schema(
        {"lead_id": pa.string(), "type": pa.string(), "at": pa.timestamp("us")}
    ).empty_table()
    names = [f"f{number}" for number in range(lead_feed.MOST_ATTRIBUTES)]
    send([{"lead_id": "early", "attributes": {"first": "1"}}])  # waits while the file is imported
    load_events(pa.table({"lead_id": ["a"], **{name: ["1"] for name in names}}), no_events)
    sent = [
        {"lead_id": "b", "attributes": {"another": "1"}},
        {"lead_id": "c", "attributes": {"F7": "1", "first": "2", "merged_into": "a"}},
        {"lead_id": "d", "attributes": {"deleted_in_source": "true"}},
    ]
    taken = send(sent, whole=False)
    assert [item.outcome for item in taken.leads] == [Outcome.CONFLICT, Outcome.TAKEN, Outcome.TAKEN]
    assert "“another” would be one attribute too many: 200" in taken.leads[0].reason
    apply()
    found = attributes()
    assert found["early"] == {"attribute_first": "1"}
    assert found["c"] == {"attribute_f7": "1", "attribute_first": "2", "attribute_merged_into": "a"}
    assert found["d"] == {"attribute_deleted_in_source": "true"} and "b" not in found


def test_what_sources_write_by_themselves_takes_no_place_of_an_attribute():
    send([{"lead_id": "a", "attributes": {"merged_into": "b", "deleted_in_source": "true"}}])
    names = [f"f{number}" for number in range(lead_feed.MOST_ATTRIBUTES)]
    send([{"lead_id": "b", "attributes": dict.fromkeys(names, "1")}])
    send([{"lead_id": "c", "attributes": dict.fromkeys([*names, "merged_into"], "1")}])
    with pytest.raises(InvalidInput, match="“more” would be one attribute too many"):
        send([{"lead_id": "d", "attributes": {"more": "1"}}])


def test_an_item_that_the_engine_cannot_take_is_set_aside_and_holds_up_no_other():
    send([{"lead_id": "first"}])
    apply()
    bad = {"lead_id": "bad", "value": "many"}
    contents = [("lead", {"lead_id": f"l{number}"}) for number in range(5)]
    contents.insert(3, ("lead", bad))
    store().write(
        lambda connection: lead_inflow.add(connection, contents, origin="test", at=clock.now_text(), least=1)
    )
    assert apply() == 5 and apply() == 0
    assert sorted(attributes()) == ["first", "l0", "l1", "l2", "l3", "l4"]
    (kept,) = store().read().execute("SELECT * FROM lead_inflow_set_aside").fetchall()
    assert json.loads(kept["content"]) == bad and kept["reason"]
    assert lead_feed.read_feed(MACHINE).set_aside == 1
    send([{"lead_id": "last"}])
    assert apply() == 1 and live.fold()
    assert lead_feed.read_feed(MACHINE).waiting == 0


def test_where_nothing_can_be_laid_nothing_is_set_aside(monkeypatch):
    send([{"lead_id": "a"}, {"lead_id": "b"}])

    def broken(*_, **__):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(live, "merge", broken)
        with pytest.raises(RuntimeError, match="broken"):
            apply()
    assert lead_feed.read_feed(MACHINE).set_aside == 0
    assert apply() == 2
