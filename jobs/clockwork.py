"""The clockwork of a running portal: one thread that looks every few seconds at what is due."""

import threading

import structlog

from actions import mail
from jobs.rounds import run_round

EVERY = 20.0  # seconds
_LONGEST_STOP = 20.0

log = structlog.get_logger("concord")


class Clockwork:
    """Start it once the store can be trusted, and stop it before the store is closed."""

    def __init__(self, *, every: float = EVERY) -> None:
        """A clockwork that stands still; `every` is the time between two rounds, in seconds."""
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        """Begin with a first round, in a thread of its own."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not come to rest."""
        return self._thread.is_alive()

    def stop(self) -> bool:
        """Finish what is under way, at most one mail, and come to rest. Whether it has, in the time that a stop may take."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_STOP)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            done = run_round(route=mail.SIGN_IN_ROUTE, may_go_on=lambda: not self._stopping.is_set())
            if done.did_something:
                log.info(
                    "timed work done",
                    opened=done.opened,
                    closed=done.closed,
                    invited=done.invited,
                    alerted=done.alerted,
                    mails_sent=done.mails_sent,
                    mails_failed=done.mails_failed,
                )
            self._stopping.wait(self._every)
