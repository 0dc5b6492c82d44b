"""Long computations that several people may wait for, and that end when nobody does any more."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextvars import copy_context
from time import perf_counter
from typing import Any, Generic, TypeVar

from leads.stopping import Stopping, under

Result = TypeVar("Result")

_POLL_SECONDS = 0.1


class _Run(Generic[Result]):
    def __init__(self) -> None:
        self.waiting = 0
        self.stopping = Stopping()
        self.done = threading.Event()
        self.result: list[Result] = []
        self.error: BaseException | None = None


class SharedRuns(Generic[Result]):
    """The `most` latest results by key. Who asks for one that is being computed waits for it with the others.

    A computation runs in a thread of its own, `under` a stopping. When the last one who waits has left, it is cut short.
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
        compute: Callable[[], Result],
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

    def _compute(self, key: Hashable, run: _Run[Result], compute: Callable[[], Any]) -> None:
        began = perf_counter()
        try:
            with under(run.stopping):
                result = compute()
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
