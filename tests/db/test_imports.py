"""Imports as people start them: in a process of their own, to be followed and cancelled, listed exactly when in force."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from people import make_actor

from actions import imports, lead_mappings, leads
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.people import MACHINE
from db.store import store
from leads.imports import worker
from leads.imports.importing import import_files
from leads.imports.mapping import read_mapping
from leads.imports.progress import Progress, Step
from leads.pointer import locked
from leads.store import warehouse

ROOT = Path(__file__).resolve().parents[2]
MAPPING = 'lead_id = "id"\nsource = "origin"\n[stages]\nmql = "mql"\nwon = "won"\n'
# runs an import to the end, but for the journal
KILLED_BEFORE_THE_JOURNAL = """
import os, signal, sys
from pathlib import Path
from actions import imports
from alignment.people import MACHINE
imports._list = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
imports.import_leads(MACHINE, [("killed.csv", Path(sys.argv[1]))], sys.argv[2])
"""


def write(path, count, prefix="lead", extra=""):
    rows = "".join(f"{prefix}-{n},ads,2026-{n % 12 + 1:02}-{n % 28 + 1:02},\n" for n in range(count))
    path.write_text("id,origin,mql,won\n" + rows + extra, encoding="utf-8")
    return path


def ended(import_id, actor=MACHINE):
    for _ in range(1200):
        run = imports.read_import(actor, import_id)
        if not run.running:
            return run
        time.sleep(0.05)
    raise AssertionError(f"still running: {run}")


def journal_rows():
    return [
        row["noun_id"]
        for row in store().read().execute("SELECT noun_id FROM audit WHERE action = 'leads:import'")
    ]


def test_an_import_in_a_process_of_its_own_is_followed_and_listed_but_not_its_dry_run(tmp_path):
    lea = make_actor("team_lead", "marketing")
    path = write(tmp_path / "leads.csv", 300)
    tried = ended(imports.begin_import(lea, [("leads.csv", path)], MAPPING, dry_run=True), lea)
    assert (tried.state, tried.report.new, tried.report.dry_run) == ("done", 300, True)
    assert warehouse().revision() == "" and imports.list_imports(lea) == [] and journal_rows() == []
    import_id = imports.begin_import(lea, [("leads.csv", path)], MAPPING)
    path.unlink()  # the files are taken over
    assert [run.id for run in imports.list_running(lea)] == [import_id]
    run = ended(import_id, lea)
    assert (run.state, run.report.new, run.rows, run.share) == ("done", 300, 300, 1.0)
    assert imports.list_running(lea) == []
    [past] = imports.list_imports(lea)
    assert (past.id, past.files, past.report["new"]) == (import_id, ("leads.csv",), 300)
    assert journal_rows() == [import_id]
    assert list((warehouse().folder / "work").iterdir()) == []
    assert list((warehouse().folder / "notes").iterdir()) == []
    with pytest.raises(WrongState, match="ended"):
        imports.cancel_import(lea, import_id)


def test_what_cannot_be_used_is_said_with_the_rows_and_nothing_is_kept(tmp_path):
    path = write(tmp_path / "leads.csv", 3, extra="x,ads,2026-02-30,\n")
    run = ended(imports.begin_import(MACHINE, [("leads.csv", path)], MAPPING))
    assert run.state == "refused" and "row 5" in run.problem
    assert [(refusal.row, refusal.value) for refusal in run.report.refusals] == [(5, "2026-02-30")]
    with pytest.raises(InvalidInput, match="TOML"):
        imports.begin_import(MACHINE, [("leads.csv", path)], "lead_id = ")
    with pytest.raises(NotFound):
        imports.read_import(MACHINE, "01NOTHING")
    assert warehouse().revision() == "" and imports.list_imports(MACHINE) == []
    good = ended(imports.begin_import(MACHINE, [("leads.csv", path)], MAPPING, keep_good_rows=True))
    assert (good.state, good.report.new, good.report.refused) == ("done", 3, 1)


@pytest.fixture
def child_runs(monkeypatch):
    """child_runs(code) -> the process of an import runs this instead; `worker` is the module, its folder the argument."""
    spawn = subprocess.Popen
    begin = "import os, sys, duckdb\nfrom pathlib import Path\nimport leads.imports.worker as worker\n"

    def runs(code):
        monkeypatch.setattr(
            worker.subprocess,
            "Popen",
            lambda command, **options: spawn([sys.executable, "-c", begin + code, command[-1]], **options),
        )

    return runs


def test_a_child_that_runs_out_of_memory_dies_alone(tmp_path, child_runs):
    child_runs(f"worker.MOST_MEMORY = {90 * 2**20}\nworker._main()")
    path = write(tmp_path / "leads.csv", 5)
    run = ended(imports.begin_import(MACHINE, [("leads.csv", path)], MAPPING))
    assert run.state == "failed" and "nothing was kept" in run.problem and "more memory" in run.problem


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "RuntimeError('boom')",
            "a fault of the portal, not of the files. Tell your administrator this number: ",
        ),
        ("MemoryError()", "more memory than an import is allowed"),
        ("duckdb.OutOfMemoryException('Out of Memory Error')", "more memory than an import is allowed"),
        ("duckdb.IOException('Could not write: No space left on device')", "The disk is full."),
        ("OSError(28, 'No space left on device')", "The disk is full."),
        ("os.kill(os.getpid(), 9)", "It was ended from outside"),
    ],
)
def test_why_an_import_broke_off_is_said(tmp_path, child_runs, fault, said):
    child_runs(f"def fails(*_):\n    raise {fault}\nworker._import = fails\nworker.work(Path(sys.argv[1]))")
    import_id = imports.begin_import(MACHINE, [("leads.csv", write(tmp_path / "leads.csv", 5))], MAPPING)
    run = ended(import_id)
    assert run.state == "failed"
    assert run.problem.startswith("The import broke off and nothing was kept. ") and said in run.problem
    assert (import_id in run.problem) == ("fault" in run.problem)
    assert imports.list_imports(MACHINE) == []


def test_cancelling_leaves_the_facts_as_they_were_and_the_next_import_works(tmp_path):
    few, many = write(tmp_path / "few.csv", 10), write(tmp_path / "many.csv", 60_000, "big")
    imports.import_leads(MACHINE, [("few.csv", few)], MAPPING)
    revision = warehouse().revision()
    running = imports.begin_import(MACHINE, [("many.csv", many)], MAPPING)
    waiting = imports.begin_import(MACHINE, [("few.csv", few)], MAPPING)
    while not imports.read_import(MACHINE, running).rows:
        assert imports.read_import(MACHINE, running).running
        time.sleep(0.01)
    imports.cancel_import(MACHINE, running)
    run = ended(running)
    assert (run.state, run.report) == ("cancelled", None)
    assert ended(waiting).report.unchanged == 10
    assert warehouse().revision() == revision
    assert [past.files for past in imports.list_imports(MACHINE)] == [("few.csv",), ("few.csv",)]
    cancelled = store().read().execute("SELECT noun_id FROM audit WHERE action = 'leads:cancel_import'")
    assert [row["noun_id"] for row in cancelled] == [running]


def test_two_imports_at_once_both_arrive_while_others_read(tmp_path):
    files = [write(tmp_path / f"{name}.csv", 400, name) for name in ("one", "two")]
    imports.import_leads(MACHINE, [("first.csv", write(tmp_path / "first.csv", 5))], MAPPING)
    begun = [imports.begin_import(MACHINE, [(path.name, path)], MAPPING) for path in files]
    command = subprocess.Popen(
        import_command(write(tmp_path / "third.csv", 300, "three"), tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    seen = set()
    while any(imports.read_import(MACHINE, one).running for one in begun):
        seen.add(leads.read_overview(MACHINE).leads)
        time.sleep(0.02)
    assert command.wait(60) == 0
    command.stdout.close()
    assert {ended(one).report.new for one in begun} == {400}
    assert leads.read_overview(MACHINE).leads == 1105
    assert seen <= {5, 305, 405, 705, 805, 1105}
    assert len(imports.list_imports(MACHINE)) == len(set(journal_rows())) == 4


def test_only_who_waits_for_another_import_is_told_to_wait(tmp_path):
    path = write(tmp_path / "one.csv", 5)
    with imports._one_at_a_time:
        begun = imports.begin_import(MACHINE, [("one.csv", path)], MAPPING)
        while imports.read_import(MACHINE, begun).step == Step.STARTING.label:
            time.sleep(0.01)
        assert imports.read_import(MACHINE, begun).step == "Waiting for another import"
    assert ended(begun).report.new == 5


def test_an_import_says_that_it_waits_only_while_another_process_writes(tmp_path):
    class Watched(Progress):
        def __init__(self):
            super().__init__()
            self.steps = []

        def at(self, step):
            self.steps.append(step)
            super().at(step)

    path, mapping = write(tmp_path / "one.csv", 5), read_mapping(MAPPING)
    alone = Watched()
    import_files([path], mapping, progress=alone)
    assert Step.WAITING not in alone.steps
    beside = Watched()
    begun = threading.Thread(target=import_files, args=([path], mapping), kwargs={"progress": beside})
    with locked(warehouse().folder / "writer.lock", 1.0, "busy"):
        begun.start()
        while Step.WAITING not in beside.steps:
            time.sleep(0.01)
    begun.join()
    assert beside.steps[-1] is Step.REPORTING


def import_command(path, folder):
    mapping = folder / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return [sys.executable, "manage.py", "import-leads", str(path), "--mapping", str(mapping), "--json"]


def test_an_import_that_is_killed_before_it_stands_in_the_journal_is_found_and_listed_once(tmp_path):
    path = write(tmp_path / "killed.csv", 40)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_JOURNAL, str(path), MAPPING], cwd=ROOT, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert leads.read_overview(MACHINE).leads == 40
    assert journal_rows() == []
    # others come in between, and still it is known to be in force
    imports.import_leads(MACHINE, [("next.csv", write(tmp_path / "next.csv", 7, "next"))], MAPPING)
    for _ in range(2):
        past = imports.list_imports(MACHINE)
        assert {one.files: one.report["new"] for one in past} == {("next.csv",): 7, ("killed.csv",): 40}
    assert sorted(journal_rows()) == sorted(one.id for one in past)
    assert list((warehouse().folder / "notes").iterdir()) == []


def test_an_import_that_is_killed_at_any_moment_is_in_force_and_listed_or_neither(tmp_path):
    imports.import_leads(MACHINE, [("first.csv", write(tmp_path / "first.csv", 5))], MAPPING)
    many = write(tmp_path / "many.csv", 3_000, "big")
    for share in (0.1, 0.5, 0.9):
        before = leads.read_overview(MACHINE).leads
        begun = imports.begin_import(MACHINE, [("many.csv", many)], MAPPING)
        while (run := imports.read_import(MACHINE, begun)).running:
            child = imports._runs[begun]._child
            if (
                child is not None
                and run.share >= share
                and run.step not in (Step.STARTING.label, Step.WAITING.label)
            ):
                os.kill(child.pid, signal.SIGKILL)
                break
            time.sleep(0.002)
        state = ended(begun).state
        listed = begun in {past.id for past in imports.list_imports(MACHINE)}
        arrived = leads.read_overview(MACHINE).leads > before or before == 3_005
        assert (state == "done") == listed, share
        assert state in ("done", "failed") and (arrived or not listed)
    imports.import_leads(MACHINE, [("many.csv", many)], MAPPING)
    assert leads.read_overview(MACHINE).leads == 3_005
    assert list(warehouse().folder.glob("*.building*")) == []


def test_a_child_ends_with_the_one_who_started_it(tmp_path):
    path = write(tmp_path / "many.csv", 200_000)
    folder = tmp_path / "work"
    folder.mkdir()
    work = worker.Work(
        "01IMPORT", [("many.csv", path)], MAPPING, False, True, datetime(2026, 6, 1, tzinfo=UTC), {}
    )
    child = worker.Child(folder, work, warehouse().folder.parent)
    child._process.stdin.close()
    assert child._process.wait(30) == 1
    child._process.stdout.close()
    child._process.stderr.close()
    assert warehouse().revision() == ""


def test_a_file_over_the_limit_is_refused_whatever_the_screen_let_pass(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.truncate(imports.LARGEST_FILE + 1)  # which takes no room on the disk
    named = [("large.csv", path)]
    for asked in (
        lambda: imports.begin_import(MACHINE, named, MAPPING),
        lambda: imports.import_leads(MACHINE, named, MAPPING),
        lambda: lead_mappings.look_at_files(MACHINE, named),
    ):
        with pytest.raises(InvalidInput, match=r"large\.csv is larger than 200 MB"):
            asked()
    small = write(tmp_path / "small.csv", 1)
    with pytest.raises(InvalidInput, match="11 files at once are too many"):
        imports.begin_import(MACHINE, [("small.csv", small)] * 11, MAPPING)
    assert imports.list_running(MACHINE) == [] and warehouse().revision() == ""


def test_too_many_imports_at_once_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "MOST_RUNNING", 1)
    path = write(tmp_path / "leads.csv", 5)
    held = threading.Lock()
    monkeypatch.setattr(imports, "_one_at_a_time", held)
    with held:
        first = imports.begin_import(MACHINE, [("leads.csv", path)], MAPPING)
        with pytest.raises(WrongState, match="waiting"):
            imports.begin_import(MACHINE, [("leads.csv", path)], MAPPING)
        imports.cancel_import(MACHINE, first)
    assert ended(first).state == "cancelled"
    assert imports.list_imports(MACHINE) == []


def test_progress_never_goes_back():
    progress, seen = Progress(), []
    for step in (Step.READING, Step.CHECKING, Step.READING, Step.CHECKING, Step.WRITING):
        progress.at(step)
        seen.append(progress.standing().share)
    assert seen == sorted(seen)
    progress.count(5)
    progress.count(7)
    assert progress.standing().rows == 12
