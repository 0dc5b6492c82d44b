"""Pulling leads from other systems, in a thread of its own: a long pull keeps no mail waiting."""

import threading

import structlog

from actions import pulls
from alignment.people import MACHINE

EVERY = 2.0  # seconds
_REST_AFTER_FAULT = 30.0
_LONGEST_STOP = 20.0

log = structlog.get_logger("concord")


class Pulling:
    """Start it once the store can be trusted, and stop it before the store is closed."""

    def __init__(self, *, every: float = EVERY) -> None:
        """Nothing is pulled yet; `every` is the time between two looks at what is due, in seconds."""
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulling", daemon=True)

    def start(self) -> None:
        """Pull from now on what is due."""
        self._thread.start()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> bool:
        """Stop after the page under way, and come to rest. Whether it has, in the time that a stop may take."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_STOP)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            rest = self._every
            try:
                done = pulls.pull_due(MACHINE, may_go_on=lambda: not self._stopping.is_set())
                if done:
                    log.info("pulled", sources=done)
            except Exception as error:
                log.error("timed work failed", work="pull leads", kind=type(error).__name__, exc_info=error)
                rest = max(rest, _REST_AFTER_FAULT)
            self._stopping.wait(rest)
