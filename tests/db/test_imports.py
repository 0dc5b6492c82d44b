"""Imports as people start them: in a process of their own, to be followed and cancelled, listed exactly when in force."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from people import make_actor

from actions import imports, leads
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.people import MACHINE
from db.store import store
from leads.imports import notes
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


def test_an_import_in_a_process_of_its_own_is_followed_and_listed(tmp_path):
    lea = make_actor("team_lead", "marketing")
    path = write(tmp_path / "leads.csv", 300)
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
