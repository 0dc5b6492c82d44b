"""How work that takes a while learns that nobody waits for it any more.

Who starts it puts it `under` a `Stopping`; what can be cut short on the way, such as a query, says so by `interruptible`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

_BETWEEN_INTERRUPTS = 0.05


class Abandoned(Exception):
    """Nobody waits for the result any more."""


class Stopping:
    """Whether a piece of work goes on, and how what it is at can be cut short."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []
        self._ended = threading.Event()
        self._abandoned = False

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Within the block, `interrupt` cuts the work short from another thread. Raises Abandoned when it has, or comes too late."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._interrupts.append(interrupt)
        try:
            yield
        except Exception as error:
            if self._abandoned:
                raise Abandoned from error
            raise
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)

    def abandon(self) -> None:
        """Cut the work short: again and again, since an interrupt between two queries reaches neither."""
        with self._lock:
            if self._abandoned:
                return
            self._abandoned = True
        threading.Thread(target=self._keep_interrupting, name="interrupting", daemon=True).start()

    def end(self) -> None:
        """The work is over."""
        self._ended.set()

    def _keep_interrupting(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                for interrupt in self._interrupts:
                    with suppress(Exception):  # it may be closing at this very moment
                        interrupt()
            self._ended.wait(_BETWEEN_INTERRUPTS)


_current: ContextVar[Stopping | None] = ContextVar("stopping", default=None)


@contextmanager
def under(stopping: Stopping | None) -> Iterator[None]:
    """Within the block, and in threads that are begun in a copy of its context, work can be stopped by `stopping`; by nobody, if
    it is None: what serves all is not lost because the one who came upon it has left."""
    token = _current.set(stopping)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def interruptible(interrupt: Callable[[], None]) -> Iterator[None]:
    """Within the block, the work at hand is cut short by `interrupt`, where somebody may stop it. Raises Abandoned when that was so."""
    current = _current.get()
    if current is None:
        yield
        return
    with current.interruptible(interrupt):
        yield
