"""The process that figures are worked out in: the same answers, ended with whoever waits, and with the server."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import asked_aside
import pytest
from histories import START, add_history

from actions import clock, dashboard, promises
from actions.shared_runs import SharedRuns
from alignment.errors import NotFound
from alignment.people import MACHINE
from leads import figures_process
from leads.figures_process import FiguresUnavailable
from leads.stopping import Abandoned, Stopping, under

TESTS = Path(__file__).resolve().parents[1]
AFTER = START + timedelta(days=40)


@pytest.fixture(autouse=True)
def findable(monkeypatch):
    """The process finds what tests have it do."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


@pytest.fixture
def aside(data_folder):
    """A process over the data folder of this test."""
    figures_process.serve(now=True)
    yield
    figures_process.end()


def comes_true(condition):
    """Whether something comes true before long."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def runs(pid):
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def ignored_by(pid):
    """The signals that a process takes no notice of."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.split("SigIgn:")[1].split()[0], 16)
    return {number for number in signal.valid_signals() if mask >> (number - 1) & 1}


def read_all(monkeypatch):
    """What the dashboard and the promises beside it say, worked out anew."""
    monkeypatch.setattr(dashboard, "_figures", SharedRuns(8))
    monkeypatch.setattr(promises, "_kept", promises.KeptResults(8))
    beside = threading.Event()
    found = dashboard.read_dashboard(MACHINE, by="source", beside=beside.set)
    assert beside.wait(10)
    days = {"first_day": START.date(), "last_day": AFTER.date()}
    behind = dashboard.list_leads_behind(MACHINE, "volume:mql", **days)
    return found, promises.read_compliance(MACHINE, **days), promises.read_due(MACHINE, most=0), behind


def test_it_tells_what_is_told_on_the_spot(monkeypatch, data_folder):
    with clock.at(AFTER):
        add_history(60)
        here = read_all(monkeypatch)
        figures_process.serve(now=False)
        try:
            assert figures_process.process_id() is None  # is started when it is needed
            there = read_all(monkeypatch)
            assert figures_process.process_id() not in (None, os.getpid())
            with pytest.raises(NotFound, match="no figure “nonsense”"):
                dashboard.list_leads_behind(MACHINE, "nonsense")
        finally:
            figures_process.end()
    assert here == there
    assert here[0].figures["volume:mql"].numerator == 60


def test_what_is_raised_there_is_raised_here(aside):
    told = []
    assert figures_process.run(asked_aside.tell, "this", held=lambda: told.append(True))[0] == "this"
    assert told == [True]
    with pytest.raises(NotFound, match="There is no such figure"):
        figures_process.run(asked_aside.refuse)
    with pytest.raises(KeyError) as fault:
        figures_process.run(asked_aside.fail)
    assert "asked_aside.py" in "".join(fault.value.__notes__)
    with pytest.raises(RuntimeError, match="this and that") as fault:
        figures_process.run(asked_aside.fail_unspeakably)
    assert "asked_aside.py" in "".join(fault.value.__notes__)


def test_a_long_question_keeps_nobody_waiting_and_ends_with_who_asked(aside, tmp_path):
    add_history(5)
    stopping, ends, begun, ended = Stopping(), [], tmp_path / "begun", tmp_path / "ended"

    def ask():
        with under(stopping):
            try:
                figures_process.run(asked_aside.look_forever, str(begun), str(ended))
            except Abandoned as error:
                ends.append(error)
            finally:
                stopping.end()

    long = threading.Thread(target=ask)
    long.start()
    assert comes_true(begun.exists)
    assert figures_process.run(asked_aside.tell, "another")[0] == "another"
    assert figures_process.open_questions() == 1
    assert not ended.exists()
    stopping.abandon()
    long.join(20)
    assert len(ends) == 1
    assert ended.exists()
    # and the process is the same for whoever comes next
    assert figures_process.run(asked_aside.tell, "next") == ("next", figures_process.process_id())


def test_a_process_that_dies_is_followed_by_another_and_then_by_a_refusal(aside, tmp_path, caplog):
    first = figures_process.process_id()
    with caplog.at_level(logging.ERROR, "concord"):
        second = figures_process.run(asked_aside.die_unless, str(tmp_path / "died"))
        assert second == figures_process.process_id() != first
        assert not runs(first)
        with pytest.raises(FiguresUnavailable, match="ended twice"):
            figures_process.run(asked_aside.die_unless, str(tmp_path / "nowhere" / "died"))
    assert [record.getMessage() for record in caplog.records] == [
        "the process of the figures has ended: code -9, 1 questions open"
    ] * 3
    assert figures_process.run(asked_aside.tell, "again")[0] == "again"


def test_a_process_without_memory_gives_way_to_a_fresh_one(aside, tmp_path):
    first = figures_process.process_id()
    second = figures_process.run(asked_aside.run_out_of_memory_unless, str(tmp_path / "ran out"))
    assert second == figures_process.process_id() != first


def test_it_ends_with_the_server_even_when_that_is_killed_in_the_middle_of_a_question(tmp_path, data_folder):
    add_history(5)
    server = (
        "import sys, threading; import asked_aside; from leads import figures_process as figures\n"
        "figures.serve(now=True); print(figures.process_id(), flush=True)\n"
        "figures.run(asked_aside.look_forever, sys.argv[1], sys.argv[2])"
    )
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    root = str(TESTS.parent)
    with subprocess.Popen(
        [sys.executable, "-c", server, str(begun), str(ended)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{root}"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        pid = int(process.stdout.readline())
        assert comes_true(begun.exists)
        assert {signal.SIGTERM, signal.SIGINT} <= ignored_by(pid)  # meant for the server, with which it ends
        process.kill()
    assert comes_true(lambda: not runs(pid))
