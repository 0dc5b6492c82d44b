"""A company's own warehouse, read in place: the same figures as if it had been brought in, and nothing is written there."""

import hashlib
import os
import threading
from datetime import UTC, datetime

import duckdb
import pytest
from people import make_actor

from actions import clock, health, imports, lead_decisions, lead_feed, lead_inbox, leads, metrics
from alignment.people import MACHINE
from alignment.rules import Condition, Operator, Rule
from alignment.what_if import Window
from benchmarks.lead_factory import make_facts
from db.queries import lead_inflow
from db.store import store
from leads import in_place
from leads.backtest import backtest
from leads.held_leads import hold
from leads.model import CANONICAL_NAMES
from leads.pointer import WarehouseUnavailable
from leads.store import warehouse

EVENT = ("lead_id", "type", "stage", "at", "reason", "owner", "automatic", "day_only")


@pytest.fixture(autouse=True)
def let_go():
    yield
    in_place.close_all()


@pytest.fixture
def made(tmp_path, monkeypatch, data_folder):
    """What facts of the portal's own hold, as tables of a warehouse and in the order of all their columns."""
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "own"))
    make_facts(1_500)
    with warehouse().read() as facts:
        tables = {name: facts._backend.to_pyarrow(getattr(facts, name)) for name in ("lead", "event")}
    held = held_now()
    warehouse().close()
    monkeypatch.setenv("CONCORD_DATA", str(data_folder))
    return held, tables


def held_now():
    """Every lead, event and episode, the names of the fields there are, and what a rule says."""
    with warehouse().read() as facts:
        rows = {
            name: sorted(repr(sorted(row.items())) for row in facts.rows(getattr(facts, name)))
            for name in ("followed", "event", "episode")
        }
        tried = hold(facts, ["employees"]).window(Window(None, None, facts.revision), "UTC")
        fifty = tried.verdicts(Rule(Condition("employees", Operator.AT_LEAST, 50)))
        return {**rows, "fields": [one.name for one in facts.fields()], "a rule": fifty}


def settings(data_folder, path, lead="lead", event="event", more=""):
    """A settings file for tables that are called and look as ours do."""
    data_folder.mkdir(parents=True, exist_ok=True)
    fields = "\n".join(f'{name} = "{name}"' for name in ("lead_id", *CANONICAL_NAMES))
    events = "\n".join(f'{name} = "{name}"' for name in EVENT)
    text = f'[warehouse]\npath = "{path}"\n[lead]\ntable = "{lead}"\n{fields}\n{more}\n'
    text += f'[lead_event]\ntable = "{event}"\n{events}\n'
    (data_folder / in_place.SETTINGS).write_text(text, encoding="utf-8")


def attributes_of(table):
    own = [name.removeprefix("attribute_") for name in table.column_names if name.startswith("attribute_")]
    return "[lead.attributes]\n" + "\n".join(f'{name} = "attribute_{name}"' for name in own)


def as_file(path, tables):
    with duckdb.connect(str(path)) as engine:
        for name, table in tables.items():
            engine.register("given", table)
            engine.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_duckdb_file_holds_what_an_import_would_and_stays_as_it_is(made, data_folder, tmp_path):
    held, tables = made
    path = as_file(tmp_path / "house.duckdb", tables)
    before = digest(path)
    settings(data_folder, path, more=attributes_of(tables["lead"]))
    assert held_now() == held
    assert leads.read_overview(MACHINE).leads == 1_500
    assert metrics.known_until() == datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert health.check().leads == "ok"
    in_place.close_all()
    assert digest(path) == before and not list(tmp_path.glob("house.duckdb?*"))
    assert not list((data_folder / "leads").glob("*.duckdb"))


def test_a_folder_of_parquet_files_holds_it_too(made, data_folder, tmp_path):
    import pyarrow.parquet as pq

    held, tables = made
    (tmp_path / "event").mkdir()
    pq.write_table(tables["lead"], tmp_path / "lead.parquet")
    half = tables["event"].num_rows // 2
    pq.write_table(tables["event"].slice(0, half), tmp_path / "event" / "1.parquet")
    pq.write_table(tables["event"].slice(half), tmp_path / "event" / "2.parquet")
    settings(data_folder, tmp_path, "lead.parquet", "event/*.parquet", attributes_of(tables["lead"]))
    assert held_now() == held


@pytest.fixture
def small(data_folder, tmp_path):
    """A warehouse in words of its own, with outcomes apart."""
    path = tmp_path / "house.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE SCHEMA crm")
        engine.execute(
            "CREATE TABLE crm.contacts AS SELECT * FROM (VALUES"
            " (1, 'web', 'many', TIMESTAMP '2026-01-01 09:00:00', true),"
            " (2, ' ', '12', TIMESTAMP '2026-01-02 09:00:00', false),"
            " (2, 'fair', NULL, NULL, NULL),"
            " (NULL, 'web', '7', NULL, NULL)) t(id, src, size, born, demo)"
        )
        engine.execute(
            "CREATE TABLE crm.history AS SELECT * FROM (VALUES"
            " (1, 'moved', 'Marketing Qualified ', TIMESTAMPTZ '2026-01-03 10:00:00+01', NULL),"
            " (1, 'refused', NULL, TIMESTAMPTZ '2026-01-04 09:00:00+00', 'No_Budget'),"
            " (2, 'moved', 'Marketing qualified', TIMESTAMPTZ '2026-01-03 09:00:00+00', NULL),"
            " (2, 'moved', 'limbo', TIMESTAMPTZ '2026-01-05 09:00:00+00', NULL),"
            " (2, 'danced', NULL, TIMESTAMPTZ '2026-01-05 09:00:00+00', NULL),"
            " (2, 'moved', 'sal', NULL, NULL)) t(who, kind, stage, \"at\", why)"
        )
        engine.execute(
            "CREATE TABLE crm.deals AS SELECT * FROM (VALUES"
            " (2, 'Closed won', DATE '2026-02-01'), (1, 'open', NULL)) t(who, status, day)"
        )
    data_folder.mkdir(parents=True)
    (data_folder / in_place.SETTINGS).write_text(
        f"""
[warehouse]
path = "{os.path.relpath(path, data_folder)}"
[lead]
table = "crm.contacts"
lead_id = "id"
source = "src"
employees = "size"
created_at = "born"
[lead.attributes]
demo = "demo"
[lead_event]
table = "crm.history"
lead_id = "who"
type = "kind"
stage = "stage"
at = "at"
reason = "why"
[lead_event.types]
moved = "entered_stage"
Refused = "rejected"
[lead_event.stages]
"marketing qualified" = "mql"
[lead_outcome]
table = "crm.deals"
lead_id = "who"
outcome = "status"
at = "day"
[lead_outcome.outcomes]
"closed won" = "won"
""",
        encoding="utf-8",
    )
    return path


def test_their_words_mean_what_the_settings_say_and_what_is_no_event_is_left_out(small):
    with warehouse().read() as facts:
        found = {row["lead_id"]: row for row in facts.rows(facts.lead)}
        assert set(found) == {"1", "2"}
        assert (found["1"]["source"], found["1"]["employees"]) == ("web", None)
        assert (found["2"]["source"], found["2"]["employees"]) == ("fair", 12.0)
        assert found["1"]["attribute_demo"] == "true"
        happened = sorted(
            (
                row["lead_id"],
                row["stage"] or row["type"],
                row["reason"] or "",
                str(row["at"]),
                row["day_only"],
            )
            for row in facts.rows(facts.event)
        )
        assert happened == [
            ("1", "mql", "", "2026-01-03 09:00:00", False),
            ("1", "rejected", "no_budget", "2026-01-04 09:00:00", False),
            ("2", "mql", "", "2026-01-03 09:00:00", False),
            ("2", "won", "", "2026-02-01 00:00:00", True),
        ]
        assert {one.name: one.type.value for one in facts.fields() if one.custom} == {"demo": "boolean"}


def test_what_is_no_number_and_no_text_there_is_missing(small):
    with duckdb.connect(str(small)) as engine:
        engine.execute(
            "INSERT INTO crm.contacts VALUES (3, '', 'NaN', NULL, NULL), (4, ' ', '-Infinity', NULL, NULL)"
        )
    with warehouse().read() as facts:
        found = {row["lead_id"]: (row["source"], row["employees"]) for row in facts.rows(facts.lead)}
        assert found["3"] == found["4"] == (None, None)
    told = backtest(Rule(Condition("employees", Operator.AT_LEAST, 1)))
    assert (told.passed, told.failed, told.unknown) == (1, 0, 3)


def test_what_changes_there_is_in_the_figures(small, monkeypatch):
    monkeypatch.setattr(in_place, "_LOOKED_FOR", 0.0)
    before = warehouse().revision()
    assert leads.read_overview(MACHINE).leads == 2
    assert warehouse().revision() == before
    fresh = small.with_name("fresh.duckdb")
    fresh.write_bytes(small.read_bytes())
    with duckdb.connect(str(fresh)) as engine:
        engine.execute("INSERT INTO crm.contacts VALUES (3, 'web', '1', NULL, NULL)")
    with warehouse().read() as reading:  # one who reads keeps what they began with
        os.replace(fresh, small)
        assert leads.read_overview(MACHINE).leads == 3
        assert reading.value(reading.lead.count()) == 2
    assert warehouse().revision() != before


# ── read only ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_brought_in_beside_it(small, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text("id\n9\n", encoding="utf-8")
    with pytest.raises(WarehouseUnavailable, match="read in your own warehouse"):
        imports.import_leads(MACHINE, [("more.csv", file)], "lead_id = 'id'")
    assert leads.read_overview(MACHINE).leads == 2


def test_what_is_sent_waits_beside_it_and_counts_once_the_file_is_taken_away(small, data_folder):
    event = {"id": "1", "lead_id": "x", "type": "entered_stage", "stage": "mql", "at": "2026-01-01T00:00:00Z"}
    store().write(lambda connection: lead_feed.take(connection, "test", [], [event]))
    lead_feed.apply_waiting(MACHINE)
    assert leads.read_overview(MACHINE).leads == 2
    (data_folder / in_place.SETTINGS).unlink()
    lead_feed.apply_waiting(MACHINE)
    assert leads.read_overview(MACHINE).leads == 1


def test_what_was_decided_here_is_out_of_the_inbox_for_good(small):
    with duckdb.connect(str(small)) as engine:
        engine.execute(
            "INSERT INTO crm.contacts VALUES (7, 'web', '3', TIMESTAMP '2026-01-01 09:00:00', true)"
        )
        engine.execute(
            "INSERT INTO crm.history VALUES (7, 'moved', 'Marketing qualified', TIMESTAMPTZ '2026-01-03 09:00:00+00', NULL)"
        )
    sue = make_actor("member", "sales", "Sue Seller")
    with clock.at(datetime(2026, 1, 5, tzinfo=UTC)):
        assert lead_inbox.list_waiting(sue) == ["7"]
        done = lead_decisions.accept_leads(sue, ["7"])
        lead_feed.apply_waiting(MACHINE)
    with clock.at(datetime(2026, 3, 5, tzinfo=UTC)):
        assert lead_inbox.list_waiting(sue) == []
        lead_decisions.undo_decisions(sue, done.batch_id)
        assert lead_inbox.list_waiting(sue) == ["7"]
    assert warehouse().pointer().upto == 0 and lead_inflow.waiting(store().read(), 0)[0] == 3


def test_a_reader_can_neither_write_nor_reach_another_file(small, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with warehouse().read() as facts:
        engine = facts._backend.con
        for statement in (
            "DELETE FROM theirs.crm.contacts",
            f"SELECT * FROM read_csv('{secret}')",
            f"ATTACH '{small}' AS again",
            "SET enable_external_access = true",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        ):
            with pytest.raises(duckdb.Error):
                engine.execute(statement)
    assert not (tmp_path / "out.csv").exists()


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[warehouse]", "[warehouse", "cannot be read"),
        ("[warehouse]", "[house]", "“house” under the file, which is not known"),
        ('table = "crm.deals"', "", "no table under"),
        ('lead_id = "id"', "", "no lead_id under"),
        ('lead_id = "id"', "lead_id = 3", "that is no name"),
        ('source = "src"', 'sauce = "src"', "“sauce” under"),
        ('source = "src"', 'source = "srk"', "the column “srk”.*It has: born, demo"),
        ('table = "crm.contacts"', 'table = "crm.nobody"', "cannot be read by warehouse.toml"),
        ('moved = "entered_stage"', 'moved = "jumped"', "the meaning “jumped”.*entered_stage"),
        ('"closed won" = "won"', '"closed won" = "sql"', "Use one of: won, lost"),
        ('demo = "demo"', '"1x" = "demo"', "cannot be a field's name"),
        ("path =", 'kind = "abacus"\npath =', "Use one of: duckdb, parquet"),
        ("path =", 'kind = "postgres"\npath =', "where the postgres server is"),
        (
            "path =",
            'kind = "postgres"\naddress_from = "NO_SUCH_VARIABLE"\npath =',
            "variable NO_SUCH_VARIABLE",
        ),
        ("path =", "refresh_minutes = 0\npath =", "refresh_minutes"),
        ("house.duckdb", "gone.duckdb", "where there is no file"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_place_and_remedy(small, data_folder, old, new, reason):
    file = data_folder / in_place.SETTINGS
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(WarehouseUnavailable, match=reason), warehouse().read():
        pass
    assert health.check().leads != "ok"


def test_a_parquet_folder_is_not_left(data_folder, tmp_path):
    (tmp_path / "house").mkdir()
    settings(data_folder, tmp_path / "house", "../lead.parquet", "/etc/*")
    with pytest.raises(WarehouseUnavailable, match="leads out of the folder"), warehouse().read():
        pass


def test_a_file_that_is_no_warehouse_is_said_in_words(data_folder, tmp_path):
    path = tmp_path / "house.duckdb"
    path.write_bytes(b"no database" * 1_000)
    settings(data_folder, path)
    with pytest.raises(WarehouseUnavailable, match="cannot be read by"), warehouse().read():
        pass


def test_many_read_at_once(small):
    counted, faults = [], []

    def look():
        try:
            for _ in range(5):
                with warehouse().read() as facts:
                    counted.append(facts.value(facts.episode.count()))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and set(counted) == {2} and len(counted) == 30
