"""Long computations that several people may wait for, and that end when nobody does any more."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from contextvars import copy_context
from time import perf_counter
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

_POLL_SECONDS = 0.1
_BETWEEN_INTERRUPTS = 0.05


class Abandoned(Exception):
    """Nobody waits for the result any more."""


class Stopping:
    """How a computation learns that nobody waits for it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None
        self._ended = threading.Event()
        self._abandoned = False

    def interrupt_by(self, interrupt: Callable[[], None]) -> None:
        """Tell how the work that follows can be cut short from another thread. Raises Abandoned when it is too late."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._interrupt = interrupt

    def no_more(self) -> None:
        """What `interrupt_by` named is not there any more."""
        with self._lock:
            self._interrupt = None

    def abandon(self) -> None:
        """Cut the work short: again and again, since an interrupt between two queries reaches neither."""
        with self._lock:
            self._abandoned = True
        threading.Thread(target=self._keep_interrupting, name="interrupting", daemon=True).start()

    def end(self) -> None:
        """The computation is over."""
        self._ended.set()

    def _keep_interrupting(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                if self._interrupt is not None:
                    with suppress(Exception):  # it may be closing at this very moment
                        self._interrupt()
            self._ended.wait(_BETWEEN_INTERRUPTS)


class _Run(Generic[Result]):
    def __init__(self) -> None:
        self.waiting = 0
        self.stopping = Stopping()
        self.done = threading.Event()
        self.result: list[Result] = []
        self.error: BaseException | None = None


class SharedRuns(Generic[Result]):
    """The `most` latest results by key. Who asks for one that is being computed waits for it with the others.

    A computation runs in a thread of its own. When the last one who waits has left, it is cut short.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Result] = OrderedDict()
        self._running: dict[Hashable, _Run[Result]] = {}
        self.seconds = 0.0
        """What all computations so far have taken."""
        self.last_ended = 0.0
        """When the last one ended, by the clock of `perf_counter`."""

    def get(
        self,
        key: Hashable,
        compute: Callable[[Stopping], Result],
        waiting: Callable[[], None] | None = None,
    ) -> Result:
        """The result kept under `key`, or what `compute` returns; when it raises, nothing is kept.

        `waiting` is called ten times a second while the result is not there; what it raises ends the waiting, and is raised.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            run = self._running.get(key)
            if run is None:
                run = self._running[key] = _Run()
                context = copy_context()  # a replayed clock holds in there, too
                threading.Thread(
                    target=context.run, args=(self._compute, key, run, compute), name="figures", daemon=True
                ).start()
            run.waiting += 1
        try:
            while not run.done.wait(_POLL_SECONDS if waiting is not None else None):
                if waiting is not None:
                    waiting()
        finally:
            self._leave(key, run)
        if run.error is not None:
            raise run.error
        return run.result[0]

    def _leave(self, key: Hashable, run: _Run[Result]) -> None:
        with self._lock:
            run.waiting -= 1
            if run.waiting or run.done.is_set():
                return
            if self._running.get(key) is run:
                del self._running[key]
        run.stopping.abandon()

    def _compute(self, key: Hashable, run: _Run[Result], compute: Callable[[Stopping], Any]) -> None:
        began = perf_counter()
        try:
            result = compute(run.stopping)
        except BaseException as error:
            run.error = error
        else:
            run.result.append(result)
        with self._lock:
            self.last_ended = perf_counter()
            self.seconds += self.last_ended - began
            if run.error is None:
                self._kept[key] = run.result[0]
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            if self._running.get(key) is run:
                del self._running[key]
            run.done.set()
        run.stopping.end()
