"""Long computations: shared by those who wait, and ended when nobody does."""

import threading

import pytest

from actions.shared_runs import SharedRuns
from leads.stopping import Abandoned, interruptible


class Gone(BaseException):
    """As a script ends when its viewer leaves."""


def leaves():
    raise Gone


def join_all():
    """Wait for the computations to come to their end."""
    for thread in threading.enumerate():
        if thread.name == "figures":
            thread.join(10)


def test_who_asks_at_the_same_time_gets_the_one_result():
    runs, go, started, computed = SharedRuns(4), threading.Event(), threading.Semaphore(0), []

    def compute():
        started.release()
        computed.append(1)
        assert go.wait(10)
        return "result"

    found = []
    threads = [threading.Thread(target=lambda: found.append(runs.get("key", compute))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert started.acquire(timeout=10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == ["result"] * 4
    assert runs.get("key", compute) == "result"
    assert len(computed) == 1


def test_when_the_only_one_who_waits_leaves_the_work_is_interrupted():
    runs, interrupted, ended = SharedRuns(4), threading.Event(), []

    def compute():
        with interruptible(interrupted.set):
            ended.append(interrupted.wait(10))
            raise RuntimeError("interrupted")

    with pytest.raises(Gone):
        runs.get("key", compute, leaves)
    assert interrupted.wait(10)
    # and whoever asks then gets a run of their own
    assert runs.get("key", lambda: "anew") == "anew"
    join_all()
    assert ended == [True]


def test_one_who_leaves_takes_nothing_from_the_others():
    runs, go, interrupted = SharedRuns(4), threading.Event(), threading.Event()
    waiting = threading.Event()

    def compute():
        with interruptible(interrupted.set):
            assert go.wait(10)
            return "result"

    found = []
    other = threading.Thread(target=lambda: found.append(runs.get("key", compute, waiting.set)))
    other.start()
    assert waiting.wait(10)
    with pytest.raises(Gone):
        runs.get("key", compute, leaves)
    go.set()
    other.join(10)
    assert found == ["result"]
    assert not interrupted.is_set()


def test_work_that_was_abandoned_before_it_began_does_not_begin():
    runs, told = SharedRuns(4), []
    abandoned = threading.Event()

    def compute():
        assert abandoned.wait(10)
        try:
            with interruptible(lambda: None):
                told.append(False)
        except Abandoned:
            told.append(True)
            raise

    with pytest.raises(Gone):
        runs.get("key", compute, leaves)
    abandoned.set()
    join_all()
    assert told == [True]


def test_an_error_reaches_who_waits_and_is_not_kept():
    runs = SharedRuns(4)

    def fails():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        runs.get("key", fails)
    assert runs.get("key", lambda: 1) == 1


def test_only_the_latest_results_are_kept():
    runs = SharedRuns(2)
    for key in "abc":
        runs.get(key, lambda key=key: key)
    assert runs.get("c", lambda: "new") == "c"
    assert runs.get("a", lambda: "new") == "new"
