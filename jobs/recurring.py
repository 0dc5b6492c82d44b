"""Work that a running portal does again and again, in a thread of its own."""

import threading

_LONGEST_STOP = 20.0  # seconds


class Recurring:
    """Start it once the store can be trusted, and stop it before the store is closed. Kinds of work are subclasses."""

    def __init__(self, name: str, every: float) -> None:
        """Work that rests; `every` is the time between two turns, in seconds."""
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin with a first turn at once."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not come to rest."""
        return self._thread.is_alive()

    def may_go_on(self) -> bool:
        """Whether nobody has told it to stop: what takes long asks between its steps."""
        return not self._stopping.is_set()

    def stop(self) -> bool:
        """Finish the step under way and come to rest. Whether it has, in the time that a stop may take."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_STOP)
        return not self._thread.is_alive()

    def work(self) -> float:
        """One turn. Returns how long to rest beyond the usual, in seconds."""
        raise NotImplementedError

    def _run(self) -> None:
        while self.may_go_on():
            self._stopping.wait(self._every + self.work())
