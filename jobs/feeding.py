"""Letting what comes in about leads into the figures: a process of its own beside the server, so that nobody waits for it.

`Feeding` is the server's part: it starts the process once something waits, and again when it has died. The process makes the
leads anew where an update wants it, looks several times a second, lets in what waits, folds the overlay when it is due, and ends with the server. What was taken is
in the store already and the facts say how far they are, so it can be killed at any moment.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from actions import lead_feed, leads, logs
from alignment.errors import Refusal
from alignment.people import MACHINE

LOOK_EVERY = 0.25  # seconds
_LOOK_AFTER_CHILD = 0.5
_REST_AFTER_FAULT = 5.0
_FORGET_EVERY = 600.0
_LONGEST_STOP = 15.0
_LONGEST_BACK_OFF = 60.0
_STEADY = 60.0

log = structlog.get_logger("concord")


class Feeding:
    """The process and the thread that looks after it. Start it once the store can be trusted."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="feeding", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Look from now on whether something waits."""
        self._thread.start()

    def stop(self) -> None:
        """Let the process finish what it is at, and end it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_STOP + 5)

    def _look_after(self) -> None:
        back_off, began = 1.0, 0.0
        while not self._stopping.is_set():
            try:
                if self._process is None and self._is_needed():
                    self._process, began = _start(), time.monotonic()
            except Exception as error:
                log.error("the feed could not be looked at", kind=type(error).__name__, exc_info=error)
                self._stopping.wait(_REST_AFTER_FAULT)
            if self._process is not None and self._process.poll() is not None:
                log.error("the feed's process has ended", code=self._process.returncode, again_in=back_off)
                self._process = None
                back_off = 1.0 if time.monotonic() - began > _STEADY else back_off
                self._stopping.wait(back_off)
                back_off = min(back_off * 2, _LONGEST_BACK_OFF)
            self._stopping.wait(_LOOK_AFTER_CHILD)
        if self._process is not None:
            _end(self._process)

    def _is_needed(self) -> bool:
        return lead_feed.has_begun(MACHINE) or not leads.are_ready(MACHINE)


def _start() -> "subprocess.Popen[bytes]":
    """The process. It ends when its standard input does, so also when the server is killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.feeding"],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, **_absolute_data_folder()},
        stdin=subprocess.PIPE,
    )


def _absolute_data_folder() -> dict[str, str]:
    configured = os.environ.get("CONCORD_DATA")
    return {"CONCORD_DATA": str(Path(configured).resolve())} if configured else {}


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_LONGEST_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def work(stopping: threading.Event) -> None:
    """Let in what waits until told to stop. What goes wrong is logged and tried again."""
    folding: threading.Thread | None = None
    forgotten_at = time.monotonic()
    lead_feed.get_ready(MACHINE)
    while not stopping.is_set():
        began = time.monotonic()
        rest = LOOK_EVERY
        try:
            _make_ready()
            if lead_feed.apply_waiting(MACHINE, may_go_on=lambda: not stopping.is_set()):
                # of two cores, the feed takes no more than what a large base makes unavoidable
                rest = max(3 * rest, 1.5 * (time.monotonic() - began))
            if (folding is None or not folding.is_alive()) and lead_feed.fold_due(MACHINE):
                folding = threading.Thread(target=_fold, name="folding", daemon=True)
                folding.start()
            if time.monotonic() - forgotten_at > _FORGET_EVERY and not lead_feed.forget_folded(MACHINE):
                forgotten_at = time.monotonic()
        except Exception as error:
            log.error("what came in could not be let in", kind=type(error).__name__, exc_info=error)
            rest = _REST_AFTER_FAULT
        stopping.wait(rest)
    if folding is not None:
        folding.join(timeout=_LONGEST_STOP / 2)


def _make_ready() -> None:
    """Make the leads anew where an earlier version of the program wrote them, so that this is done by the time somebody looks."""
    if leads.are_ready(MACHINE):
        return
    began = time.monotonic()
    leads.make_ready(MACHINE)
    log.info("the leads were made anew for this version", seconds=round(time.monotonic() - began, 1))


def _fold() -> None:
    try:
        began = time.monotonic()
        if lead_feed.fold(MACHINE):
            log.info("what came in was folded", seconds=round(time.monotonic() - began, 1))
    except Refusal as refusal:
        log.info("folding waits", reason=str(refusal))
        time.sleep(_REST_AFTER_FAULT)
    except Exception as error:
        log.error("what came in could not be folded", kind=type(error).__name__, exc_info=error)
        time.sleep(_REST_AFTER_FAULT)


def main() -> None:
    """Work until standard input ends, a little behind everything else on the machine."""
    logs.configure()
    with suppress(OSError, AttributeError):
        os.nice(5)
    stopping = threading.Event()

    def wait_for_end() -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        stopping.set()

    threading.Thread(target=wait_for_end, name="server-gone", daemon=True).start()
    work(stopping)


if __name__ == "__main__":
    main()
