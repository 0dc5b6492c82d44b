"""The lead facts: one version in force at a time, whoever reads, writes or is killed meanwhile."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import ibis
import pytest

import leads.store
from alignment.errors import InvalidInput, Refusal
from leads import live, schema
from leads.imports.importing import import_files
from leads.imports.mapping import read_mapping
from leads.pointer import FORMAT
from leads.stopping import Stopping, under
from leads.store import WarehouseUnavailable, warehouse
from tests.lead_histories import History

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 1, 5, 10, tzinfo=UTC)


def some_leads(*ids):
    history = History()
    for lead_id in ids:
        history.lead(lead_id).enter(lead_id, "mql", AT)
    return history


def ids():
    with warehouse().read() as facts:
        return sorted(row["lead_id"] for row in facts.rows(facts.lead.select("lead_id")))


def test_an_empty_warehouse_works():
    facts = warehouse()
    assert facts.revision() == "" and facts.imported_at() is None and facts.answers()
    assert ids() == []
    assert not facts.folder.exists(), "reading makes no files"


def test_answers_have_the_types_that_the_question_says():
    """The engine sums whole numbers into larger ones, gives nulls without a type as numbers, and instants in its own zone."""
    some_leads("a", "b").load()
    with warehouse().read() as facts:
        lead = facts.lead
        asked = lead.aggregate(
            total=lead.lead_id.length().sum(),
            nothing=ibis.null(),
            at=ibis.literal(AT).cast("timestamp('UTC')"),
            ids=lead.lead_id.collect().length(),
        )
        assert facts.rows(asked) == [{"total": 2, "nothing": None, "at": AT, "ids": 2}]
        assert facts.columns(asked).schema == asked.schema().to_pyarrow()
        assert facts.value(ibis.null()) is None and facts.value(lead.count()) == 2
        assert facts.rows(lead.select("lead_id", nothing=ibis.null()).limit(1))[0]["nothing"] is None


def test_an_import_is_seen_at_once_and_moves_the_revision():
    some_leads("a").load()
    first = warehouse().revision()
    assert ids() == ["a"]
    some_leads("b").load()
    assert ids() == ["a", "b"]
    assert warehouse().revision() > first
    assert warehouse().imported_at() == "2026-07-01T00:00:00.000000Z"


def test_an_import_that_was_begun_earlier_does_not_turn_back_until_when_things_are_known():
    later = "2026-07-01T09:00:00.000000Z"
    live.apply([(1, "lead", '{"lead_id": "z"}')], datetime(2026, 7, 1, 9, tzinfo=UTC))
    assert warehouse().imported_at() == later
    some_leads("a").load()  # as of midnight
    assert warehouse().imported_at() == later, "with an overlay that the new base has in it"
    some_leads("b").load()
    assert warehouse().imported_at() == later, "without an overlay"


def test_a_reader_keeps_its_version_while_a_new_one_comes_into_force():
    some_leads("a").load()
    with warehouse().read() as facts:
        some_leads("b").load()
        some_leads("c").load()
        some_leads("d").load()
        assert facts.value(facts.lead.count()) == 1
    assert len(ids()) == 4
    assert len(list(warehouse().folder.glob("*.duckdb"))) <= 2, "old versions are swept away"


def test_many_readers_and_writers_at_once():
    some_leads("start").load()
    counts, faults = [], []

    def read():
        try:
            for _ in range(10):
                counts.append(len(ids()))
        except Exception as fault:
            faults.append(fault)

    def write(name):
        try:
            some_leads(f"{name}-1").load()
            some_leads(f"{name}-2").load()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read) for _ in range(3)]
    threads += [threading.Thread(target=write, args=(name,)) for name in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert ids() == ["start", "x-1", "x-2", "y-1", "y-2"]
    assert set(counts) <= {1, 2, 3, 4, 5}


def test_what_goes_wrong_while_writing_leaves_the_version_in_force():
    some_leads("a").load()
    revision = warehouse().revision()
    with pytest.raises(RuntimeError), warehouse().write() as draft:
        draft.backend.create_table("lead", draft.old.lead)
        draft.publish(AT)
        raise RuntimeError("in the middle")
    assert warehouse().revision() == revision
    assert sorted(path.suffix for path in warehouse().folder.iterdir()) == [".duckdb", ".json", ".lock"]
    some_leads("b").load()
    assert ids() == ["a", "b"]


KILLED = """
import os, sys
from datetime import datetime, UTC
from leads.store import warehouse
with warehouse().write() as draft:
    draft.backend.create_table("lead", draft.old.lead)
    draft.publish(datetime.now(UTC))
    os.kill(os.getpid(), 9)
"""
CHILD = """
from tests.lead_histories import History
from datetime import datetime, UTC
History().lead("from elsewhere").enter("from elsewhere", "mql", datetime(2026, 1, 6, tzinfo=UTC)).load()
"""


def in_another_process(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )


def test_a_full_disk_is_said_in_a_sentence_and_leaves_the_version_in_force():
    import duckdb

    History().lead("a").load()
    before = warehouse().revision()
    full = pytest.raises(WarehouseUnavailable, match=r"Nothing was imported: .*room on the disk")
    with full, warehouse().write():
        raise duckdb.IOException("Could not write all bytes to file: No space left on device")
    assert warehouse().revision() == before


def test_an_import_lays_aside_no_more_than_it_may_and_leaves_some_of_the_disk_free(monkeypatch):
    much = "CREATE TEMP TABLE much AS SELECT hash(i)::VARCHAR AS c, hash(i + 1) AS d FROM range(1000000) t(i)"
    refused = pytest.raises(
        WarehouseUnavailable, match=r"more than the memory .*smaller files, or .*room on the disk"
    )
    for limit, amount in (("_MOST_LAID_ASIDE", 2_000_000), ("_LEFT_FREE", 10**18)):
        with monkeypatch.context() as patched:
            patched.setattr(leads.store, limit, amount)
            with refused, warehouse().write() as draft:
                draft.backend.con.execute("SET memory_limit = '16MB'")
                draft.backend.con.execute(much)
    with warehouse().write() as draft:
        draft.backend.con.execute("SET memory_limit = '16MB'")
        draft.backend.con.execute(much)


def test_a_writer_that_is_killed_leaves_the_version_in_force_and_no_lock():
    some_leads("a").load()
    revision = warehouse().revision()
    assert in_another_process(KILLED).returncode == -9
    assert warehouse().revision() == revision and ids() == ["a"]
    some_leads("b").load()
    assert ids() == ["a", "b"]
    assert not list(warehouse().folder.glob("*.building*"))


SPILLING = """
import os, sys
from leads.store import warehouse
with warehouse().write() as draft:
    draft.backend.con.execute("SET memory_limit = '40MB'")
    draft.backend.con.execute("CREATE TEMP TABLE much AS SELECT hash(i)::VARCHAR AS c, hash(i + 1) AS d FROM range(3000000) t(i)")
    spilled = [path for path in warehouse().folder.rglob("*") if path.is_file() and "duckdb_temp" in path.name]
    assert spilled
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), 9)
    raise KeyboardInterrupt
"""


@pytest.mark.parametrize("ending", ["killed", "given up"])
def test_what_an_import_laid_aside_goes_with_it(ending):
    some_leads("a").load()
    folder = warehouse().folder
    done = in_another_process(SPILLING, ending)
    assert ("KeyboardInterrupt" in done.stderr.decode()) is (ending == "given up"), done.stderr.decode()
    (folder / "spill").mkdir()
    (folder / "spill" / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"of an earlier version")
    if ending == "killed":
        assert list(folder.glob("*.spill/*"))
    else:
        assert not list(folder.glob("*.spill"))
    some_leads("b").load()
    assert sorted(path.suffix for path in folder.iterdir()) == [".duckdb", ".duckdb", ".json", ".lock"]


def test_another_process_imports_while_this_one_reads():
    some_leads("a").load()
    with warehouse().read() as facts:
        done = in_another_process(CHILD)
        assert done.returncode == 0, done.stderr.decode()
        assert facts.value(facts.lead.count()) == 1
    assert ids() == ["a", "from elsewhere"]


def test_a_second_writer_is_told_when_the_first_takes_too_long():
    some_leads("a").load()
    refused = []

    def second():
        try:
            with warehouse().write(wait_seconds=0.1):
                pass
        except WarehouseUnavailable as refusal:
            refused.append(refusal)

    with warehouse().write():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "Another import" in str(refused[0])


def test_readers_can_neither_write_nor_reach_other_files(tmp_path):
    some_leads("a").load()
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with warehouse().read() as facts:
        backend = facts._backend
        for attempt in (
            lambda: backend.read_csv(secret),
            lambda: backend.create_table("mine", facts.lead),
            lambda: backend.attach(tmp_path / "other.duckdb"),
            lambda: backend.con.execute("SET memory_limit = '100GB'"),
            lambda: backend.con.execute("SET enable_external_access = true"),
        ):
            with pytest.raises(Exception, match=r"Permission|read-only|Cannot"):
                attempt()


def test_a_damaged_pointer_or_file_is_said_in_a_sentence():
    some_leads("a").load()
    facts = warehouse()
    facts.close()
    current = next(facts.folder.glob("*.duckdb"))
    content = current.read_bytes()
    current.write_bytes(b"not a database at all")
    assert not facts.answers()
    with pytest.raises(Refusal, match="last backup"):
        ids()
    current.write_bytes(content)
    assert ids() == ["a"]
    facts.close()
    (facts.folder / "current.json").write_text("{")
    with pytest.raises(Refusal, match="last backup"):
        facts.revision()
    (facts.folder / "current.json").write_text('{"revision": "1-x", "file": "x.duckdb", "format": 99}')
    with pytest.raises(Refusal, match="newer"):
        facts.revision()


def test_files_are_for_their_owner_only():
    some_leads("a").load()
    for path in warehouse().folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_events_add_up_and_repeat_without_effect():
    history = some_leads("a")
    merged_again = history.load() and history
    merged_again.enter("a", "won", AT + timedelta(days=3)).load()
    with warehouse().read() as facts:
        assert facts.value(facts.event.count()) == 2
        assert facts.rows(facts.episode.select("number", "mql_at", "won_at")) == [
            {"number": 1, "mql_at": datetime(2026, 1, 5, 10), "won_at": datetime(2026, 1, 8, 10)}
        ]


def test_a_day_and_a_time_on_that_day_are_one_entry(tmp_path):
    mapping = read_mapping('lead_id = "id"\n[stages]\nmql = "m"\n')
    for name, value in (("days.csv", "2026-01-05"), ("times.csv", "2026-01-05 09:30")):
        path = tmp_path / name
        path.write_text(f"id,m\na,{value}\n")
        import_files([path], mapping, now=AT)
    with warehouse().read() as facts:
        assert facts.rows(facts.episode.select("number", "mql_at", "mql_day_only")) == [
            {"number": 1, "mql_at": datetime(2026, 1, 5, 9, 30), "mql_day_only": False}
        ]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda history: history.event("a", "danced", AT), "danced"),
        (lambda history: history.enter("a", "mpl", AT), "mpl"),
        (lambda history: history.lead("a"), "twice"),
        (lambda history: history.lead("b", **{"bad name": "x"}), "bad name"),
    ],
)
def test_tables_with_faults_are_refused(change, word):
    history = some_leads("a")
    change(history)
    with pytest.raises(InvalidInput, match=word):
        history.load()
    assert warehouse().revision() == ""


def make_old(folder, format):
    """Turn the facts of a folder into what an earlier version wrote: fewer columns, fewer tables, a shorter pointer."""
    pointer = json.loads((folder / "current.json").read_text())
    stores = duckdb.connect(folder / pointer["file"])
    for column in schema.OUTCOME:
        stores.execute(f"ALTER TABLE lead DROP COLUMN {column}")
    if format == 1:
        for column in ("campaign", "content", "owner", "assigned_to", "value", "currency"):
            stores.execute(f"ALTER TABLE episode DROP COLUMN {column}")
        stores.execute("DROP TABLE IF EXISTS import_id")
    stores.close()
    kept = {name: pointer[name] for name in ("file", "revision", "imported_at")}
    (folder / "current.json").write_text(json.dumps({**kept, "format": format}))


@pytest.mark.parametrize("format", [1, 2])
@pytest.mark.parametrize("first", ["read", "import", "event"])
def test_facts_of_an_earlier_version_are_made_anew_once_whatever_comes_first(first, format):
    some_leads("a", "b").load()
    facts = warehouse()
    facts.close()
    make_old(facts.folder, format)
    if first == "import":
        some_leads("c").load()
    elif first == "event":
        event = {"id": "1", "lead_id": "c", "type": "contacted", "at": "2026-01-06T10:00:00.000000Z"}
        live.apply([(1, "event", json.dumps(event))], AT)
    with facts.read() as found:
        assert found.value(found.episode.campaign.count()) == 0
        assert found.value(found.episode.mql_at.count()) == (3 if first == "import" else 2)
    assert ids() == (["a", "b"] if first == "read" else ["a", "b", "c"])
    revision = facts.revision()
    with facts.read():
        assert facts.revision() == revision, "once"
    if first == "read":
        assert facts.imported_at() == "2026-07-01T00:00:00.000000Z", "nothing new has come in"


def test_facts_of_an_earlier_version_are_made_anew_though_nobody_waits_for_it_any_more():
    some_leads("a").load()
    facts = warehouse()
    facts.close()
    make_old(facts.folder, 2)
    left = Stopping()
    left.abandon()
    with under(left), facts.read():
        left.end()
    assert facts.pointer().format == FORMAT and ids() == ["a"]


def test_threads_that_read_facts_of_an_earlier_version_at_once_make_them_anew_once():
    some_leads("a").load()
    facts = warehouse()
    facts.close()
    make_old(facts.folder, 1)
    before = facts.pointer().number
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: ids(), range(4))) == [["a"]] * 4
    assert facts.pointer().number == before + 1


def test_what_does_not_fit_into_memory_is_laid_aside_by_each_engine_in_a_place_of_its_own(
    tmp_path, monkeypatch
):
    """Two that laid it aside in the same place would write into each other's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(leads.store._READER, "memory_limit", "60MB")
    some_leads("a").load()
    folder = warehouse().folder
    engines = [leads.store._open_reader(folder, warehouse().pointer()) for _ in range(2)]
    many = "SELECT hash(n) AS h, 'a text of some length ' || n AS t FROM range(1_500_000) made(n) ORDER BY h"
    results = [engine.execute(many) for engine in engines]
    spills = list(folder.glob("reading-*.spill"))
    assert len(spills) == 2 and all(any(spill.iterdir()) for spill in spills)
    engines[0].close()
    assert len(results[1].fetchall()) == 1_500_000
    engines[1].close()
    assert list(folder.glob("*.spill")) == [] and not (tmp_path / ".tmp").exists()


def test_what_a_killed_reader_has_laid_aside_is_cleared_away():
    some_leads("a").load()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, used = (warehouse().folder / f"reading-{pid}-0.spill" for pid in (ended.pid, os.getpid()))
    for spill in (left, used):
        spill.mkdir()
        (spill / "part").touch()
    some_leads("b").load()
    assert not left.exists() and used.exists()
