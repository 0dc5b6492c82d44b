"""How far an import has come: which step, over how many rows, and what share of the whole."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class Step(Enum):
    """A step of an import: what it is called, and from which to which share of the whole it usually goes."""

    STARTING = ("Starting", 0.0, 0.0)
    WAITING = ("Waiting for another import", 0.0, 0.0)
    READING = ("Reading the file", 0.0, 0.15)
    CHECKING = ("Checking every row", 0.15, 0.35)
    JOINING = ("Comparing with what is known", 0.35, 0.6)
    FOLDING = ("Working out what became of each lead", 0.6, 0.85)
    REPORTING = ("Looking for oddities", 0.85, 0.95)
    WRITING = ("Writing to disk", 0.95, 1.0)

    @property
    def label(self) -> str:
        """What people read."""
        return self.value[0]


@dataclass(frozen=True)
class Standing:
    """Where an import stands. `rows` is how many rows the files have, as far as that is known; `share` is from 0 to 1."""

    step: Step = Step.STARTING
    rows: int = 0
    share: float = 0.0


class Progress:
    """Follows one import; this one keeps what it is told and lets others ask. It never goes back."""

    def __init__(self) -> None:
        """Nothing has been done."""
        self._standing = Standing()
        self._engine: duckdb.DuckDBPyConnection | None = None

    def watch(self, engine: "duckdb.DuckDBPyConnection | None") -> None:
        """Ask this connection of the engine how far its statement is; None when there is none any more."""
        self._engine = engine

    def at(self, step: Step) -> None:
        """A step begins."""
        self._standing = Standing(step, self._standing.rows, max(self._standing.share, step.value[1]))

    def count(self, rows: int) -> None:
        """So many more rows are known of."""
        before = self._standing
        self._standing = Standing(before.step, before.rows + rows, before.share)

    def standing(self) -> Standing:
        """Where the import stands now; to be asked from another thread."""
        before, engine = self._standing, self._engine
        if engine is None:
            return before
        try:
            done = engine.query_progress()
        except Exception:  # the connection was closed between two statements
            return before
        _, first, last = before.step.value
        share = max(before.share, first + (last - first) * min(max(done, 0.0), 100.0) / 100)
        return Standing(before.step, before.rows, share)
