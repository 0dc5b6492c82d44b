"""Figures worked out in a process of their own, so that nobody who clicks meanwhile waits for it.

Putting a query into words holds Python's one lock for tenths of a second, and the engine takes every core it may: beside the
screens, both would keep everybody waiting. `run` calls a function of `leads` in the child where one serves, in a thread of its own, and
gives back what it returns or raises; where none does (commands, tests), it calls it on the spot.

Messages are pickles over a socket that only the two hold. The child ends with whoever started it, also when that is killed.
"""

import gc
import logging
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from alignment.errors import Refusal
from leads.stopping import Abandoned, Stopping, interruptible, under

MOST_MEMORY = 3 * 2**30
"""Bytes of memory that the child may ask for, address space of libraries not counted; its engine keeps to 1 GB."""
_NICER = 10
"""How far it stands back: of a processor that the screens want as well, it gets a tenth."""
_FIRST_TO_GO = "500"
"""Where memory runs out, the system ends the child before the server."""
_NO_MEMORY = 3
"""The code with which a child ends that has no memory left: the next one begins with all of it."""
_STEADY = 60.0
_ROOT = Path(__file__).resolve().parent.parent

Result = TypeVar("Result")

_log = logging.getLogger("concord")


class FiguresUnavailable(Refusal):
    """The process that works figures out cannot."""


class _Died(Exception):
    """The child ended before it answered."""


@dataclass
class _Asked:
    """What waits for an answer; `held` is called when the child says so."""

    answer: "Future[Any]" = field(default_factory=Future)
    held: Callable[[], None] | None = None


class _Child:
    """One child process and what it was asked."""

    def __init__(self, data: Path, died: Callable[["_Child"], None]) -> None:
        """Start it over a data folder. `died` is called when it has ended without being told to."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "leads.figures_process", str(theirs.fileno())],
                cwd=_ROOT,
                env={**os.environ, "CONCORD_DATA": str(data)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.since = time.monotonic()
        self._connection = Connection(ours.detach())
        self._died = died
        self._lock = threading.Lock()
        self._asked: dict[int, _Asked] = {}
        self._numbers = count()
        self._told_to_end = False
        self.ended = threading.Event()
        threading.Thread(target=self._listen, name="answers", daemon=True).start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, work: bytes, held: Callable[[], None] | None) -> Any:
        """What the pickled work returns or raises. Raises _Died when the child ends before."""
        asked = _Asked(held=held)
        with self._lock:
            if self.ended.is_set():
                raise _Died
            number = next(self._numbers)
            self._asked[number] = asked
        self._send(("ask", number, work))
        with interruptible(lambda: self._send(("stop", number, b""))):
            return asked.answer.result()

    @property
    def questions(self) -> int:
        """How many questions it has not answered yet."""
        return len(self._asked)

    def end(self) -> None:
        """Let it end; it does so at once, whatever it is at."""
        self._told_to_end = True
        self._process.kill()
        self.ended.wait(10)

    def _send(self, message: tuple[str, int, bytes]) -> None:
        with self._lock, suppress(OSError):  # who listens says that it has ended
            self._connection.send(message)

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._take(*self._connection.recv())
        self._process.kill()
        code = self._process.wait()
        with self._lock:
            self.ended.set()
            left = list(self._asked.values())
            self._asked.clear()
            self._connection.close()
        if not self._told_to_end:
            _log.error("the process of the figures has ended: code %s, %d questions open", code, len(left))
            self._died(self)
        for asked in left:
            asked.answer.set_exception(_Died())

    def _take(self, kind: str, number: int, content: bytes) -> None:
        if kind == "held":
            hook = self._asked[number].held
            if hook is not None:
                hook()
            return
        answer = self._asked.pop(number).answer
        try:
            found = pickle.loads(content)
        except Exception as error:
            answer.set_exception(error)
            return
        if kind == "found":
            answer.set_result(found)
        else:
            answer.set_exception(found)


class _Figures:
    """A child over one data folder, and a new one where it has died."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._over = False

    def child(self) -> _Child:
        """The child, which is started where there is none. Raises FiguresUnavailable when it cannot be."""
        with self._lock:
            if self._child is None or self._child.ended.is_set():
                if self._over:
                    raise FiguresUnavailable("The portal is stopping. Look again when it is back.")
                try:
                    self._child = _Child(self._data, self._died)
                except OSError as error:
                    raise FiguresUnavailable(
                        f"The figures cannot be worked out now: {error}. Try again in a minute; if it stays so, the machine has too "
                        "little memory left."
                    ) from error
            return self._child

    def run(
        self, function: Callable[..., Any], args: tuple[Any, ...], held: Callable[[], None] | None
    ) -> Any:
        """What the function returns or raises in the child: in a new one if that dies, and refused if that dies as well."""
        work = pickle.dumps((function, args, held is not None))
        for _ in range(2):
            with suppress(_Died):
                return self.child().ask(work, held)
        raise FiguresUnavailable(
            "The figures could not be worked out: what does it ended twice, perhaps for want of memory. Choose a shorter period, or "
            "ask whoever runs the portal to look into its log."
        )

    def end(self) -> None:
        """Let the child end, and start none any more."""
        with self._lock:
            self._over = True
            child = self._child
        if child is not None:
            child.end()

    def _died(self, child: _Child) -> None:
        """Start the next one while nobody waits for it; one that died soon would do so again, and waits to be asked."""
        if time.monotonic() - child.since > _STEADY:
            with suppress(FiguresUnavailable):
                self.child()


_figures: _Figures | None = None


def serve(*, now: bool) -> None:
    """From here on, `run` asks a process over the current data folder: started `now`, or when it is first asked."""
    global _figures
    end()
    configured = os.environ.get("CONCORD_DATA")
    _figures = _Figures(Path(configured).resolve() if configured else _ROOT / "data")
    if now:
        _figures.child()


def end() -> None:
    """End the process, if there is one; `run` works on the spot again."""
    global _figures
    if _figures is not None:
        _figures.end()
        _figures = None


def serves() -> bool:
    """Whether `run` asks a process, not the one that calls it."""
    return _figures is not None


def process_id() -> int | None:
    """The number of the process that answers, None where none has been started."""
    child = _running()
    return child.pid if child is not None else None


def open_questions() -> int:
    """How many questions the process has not answered yet."""
    child = _running()
    return child.questions if child is not None else 0


def _running() -> _Child | None:
    child = _figures._child if _figures is not None else None
    return child if child is not None and not child.ended.is_set() else None


def run(function: Callable[..., Result], *args: Any, held: Callable[[], None] | None = None) -> Result:
    """What a function of `leads` returns for these arguments, which can be pickled; what it raises is raised.

    `held` is handed on as `held`, and called, at least once, as the function calls it. In the process, what runs under a
    `leads.stopping.Stopping` ends with it. Raises FiguresUnavailable when the process has died twice over it.
    """
    if _figures is not None:
        answered: Result = _figures.run(function, args, held)
        return answered
    return function(*args) if held is None else function(*args, held=held)


class _Worker:
    """The child's side: a thread for each question."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._running: dict[int, Stopping] = {}

    def serve(self) -> None:
        """Take questions until the other side is gone."""
        while True:
            try:
                kind, number, work = self._connection.recv()
            except (EOFError, OSError):
                return
            if kind == "ask":
                stopping = self._running[number] = Stopping()
                threading.Thread(target=self._work, args=(number, work, stopping), daemon=True).start()
            elif (running := self._running.get(number)) is not None:
                running.abandon()

    def _work(self, number: int, work: bytes, stopping: Stopping) -> None:
        kind, content = "found", b""
        try:
            function, args, tells = pickle.loads(work)
            with under(stopping):
                if tells:
                    found = function(*args, held=lambda: self._answer("held", number, b""))
                else:
                    found = function(*args)
            content = pickle.dumps(found)
        except BaseException as error:
            if _tells_of_no_memory(error):
                # large work, such as making the leads anew after an update, may leave no room for what comes later
                os._exit(_NO_MEMORY)
            kind, content = "raised", _pickled(error)
        finally:
            stopping.end()
            self._running.pop(number, None)
        self._answer(kind, number, content)

    def _answer(self, kind: str, number: int, content: bytes) -> None:
        with self._lock, suppress(OSError):  # nobody is there to be told
            self._connection.send((kind, number, content))


def _tells_of_no_memory(error: BaseException) -> bool:
    import duckdb

    return isinstance(error, MemoryError | duckdb.OutOfMemoryException)


def _pickled(error: BaseException) -> bytes:
    """An error for the other side. A fault takes along where it happened; one that cannot travel goes as its words."""
    if not isinstance(error, Refusal | Abandoned):
        error.add_note("In the process of the figures:\n" + "".join(traceback.format_exception(error)))
    try:
        content = pickle.dumps(error)
        pickle.loads(content)
    except Exception:
        told = Refusal(str(error)) if isinstance(error, Refusal) else RuntimeError(repr(error))
        told.__notes__ = list(getattr(error, "__notes__", ()))
        return pickle.dumps(told)
    return content


def _load() -> None:
    """Load what figures are worked out with, while nobody asks yet."""
    import leads.dashboard
    import leads.metrics.measuring
    import leads.metrics.promises  # noqa: F401
    from leads.facts import load_engine

    load_engine()
    gc.collect()
    gc.freeze()


def _main() -> None:
    for ends in (signal.SIGINT, signal.SIGTERM):  # meant for the server, with which this ends
        signal.signal(ends, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICER)
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worker = _Worker(Connection(int(sys.argv[1])))
    threading.Thread(target=_load, daemon=True).start()
    worker.serve()
    os._exit(0)  # whatever is being worked out, nobody waits for it


if __name__ == "__main__":
    _main()
