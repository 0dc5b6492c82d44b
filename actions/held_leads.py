"""The leads that rules are tried on, held in memory once for everybody, for actions that have authorised."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from actions.shared_runs import SharedRuns

if TYPE_CHECKING:
    from leads.condition_bitmaps import HeldLeads

_REST = 20.0
"""While leads keep coming, those that are held are read anew only after so many times as long as it took to read them."""
_SOON = 0.5
"""Seconds; where reading takes no longer, every version is read at once."""


class KeptLeads:
    """The leads of one version of the facts at a time, as far as they fit into memory.

    Who asks for what is held waits for nobody. Who asks for more waits for one reading, with all others who do; when the last of
    them has left, it is cut short.
    """

    def __init__(self) -> None:
        """With nothing held."""
        self._guard = threading.Lock()
        self._reading = threading.Lock()
        self._folder: Path | None = None
        self._held: HeldLeads | None = None
        self._since = self._took = 0.0
        self._runs: SharedRuns[HeldLeads | None] = SharedRuns(0)

    def revision(self) -> str:
        """The version of the facts that rules are tried on: the newest, or for a while the one that is held."""
        from leads.store import warehouse

        facts = warehouse()
        newest = facts.revision()
        with self._guard:
            if self._held is not None and self._holds(facts.folder, newest):
                return self._held.revision
            return newest

    def get(self, fields: Iterable[str], waiting: Callable[[], None] | None = None) -> "HeldLeads | None":
        """The leads with these fields; None where the engine has to be asked.

        `waiting` is called ten times a second while leads are read; what it raises ends the waiting.
        """
        from leads.store import warehouse

        facts = warehouse()
        if not facts.takes_in:
            return None
        wanted = frozenset(fields)
        newest = facts.revision()
        with self._guard:
            if self._held is not None and self._holds(facts.folder, newest) and self._held.knows(wanted):
                return self._held
        return self._runs.get((facts.folder, newest, wanted), lambda: self._read(wanted), waiting)

    def _holds(self, folder: Path, newest: str) -> bool:
        if self._held is None or self._folder != folder or not newest:
            return False
        rests = self._took > _SOON and perf_counter() - self._since < _REST * self._took
        return self._held.revision == newest or rests

    def _read(self, wanted: frozenset[str]) -> "HeldLeads | None":
        from leads.held_leads import fits, hold, take
        from leads.store import warehouse

        facts = warehouse()
        with self._reading, facts.read() as read:
            with self._guard:
                held = self._held if self._holds(facts.folder, read.revision) else None
            if held is not None and held.knows(wanted):
                return held  # somebody else has read them meanwhile
            known = frozenset() if held is None else frozenset(held.columns)
            fields = next((one for one in (known | wanted, wanted) if fits(read, one)), None)
            if fields is None:
                return None
            if (
                held is not None
                and held.revision == read.revision
                and fields > known
                and take(held, read, wanted)
            ):
                return held
            del held
            with self._guard:
                self._held = None  # two versions at once would be too much
            began = perf_counter()
            found = hold(read, sorted(fields))
            with self._guard:
                self._folder, self._held = facts.folder, found
                self._since = perf_counter()
                self._took = self._since - began
            return found


KEPT = KeptLeads()
