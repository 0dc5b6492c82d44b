"""Tables in the memory of an engine that all runs over one version of the facts share.

Whoever asks first has the rows worked out, the others read them. A table that no run uses is given up for a newer one when
there are too many rows.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

MOST_ROWS = 400_000
"""Rows that stay held while nobody uses them: half a kilobyte each, so about a fifth of the memory that the engine may use."""


@dataclass
class _Held:
    name: str
    rows: int
    users: int = 0


@dataclass
class SharedTables:
    """The tables of one engine, by what they are (`kind`) and from where on they reach (`since`)."""

    most_rows: int = MOST_ROWS
    _held: OrderedDict[tuple[Hashable, Any], _Held] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _making: "WeakValueDictionary[Hashable, threading.Lock]" = field(default_factory=WeakValueDictionary)
    """Of each kind that is asked for, so that nobody waits for a table of another one."""
    _made: int = 0

    def take(
        self, kind: Hashable, since: Any, make: Callable[[str], int], drop: Callable[[str], None]
    ) -> str:
        """The name of a table of this kind that reaches back to `since` or farther, in use until it is given back.

        `make` makes a table of a name and returns its rows, `drop` removes one. What `make` raises is raised, and nothing held.
        """
        found = self._find(kind, since)
        if found is not None:
            return found
        with self._guard:
            making = self._making.setdefault(kind, threading.Lock())
        with making:  # who comes meanwhile waits, and finds what was made
            found = self._find(kind, since)
            if found is not None:
                return found
            with self._guard:
                self._made += 1
                name = f"shared_{self._made}"
            held = _Held(name, make(name), users=1)
            with self._guard:
                self._held[kind, since] = held
            self._give_up(drop)
            return name

    def give_back(self, name: str) -> None:
        """A run that took the table has ended."""
        with self._guard:
            for held in self._held.values():
                if held.name == name:
                    held.users -= 1

    def _find(self, kind: Hashable, since: Any) -> str | None:
        with self._guard:
            reaching = [key for key in self._held if key[0] == kind and key[1] <= since]
            if not reaching:
                return None
            key = max(reaching, key=lambda one: one[1])
            self._held.move_to_end(key)
            self._held[key].users += 1
            return self._held[key].name

    def _give_up(self, drop: Callable[[str], None]) -> None:
        """Remove the tables that were not used for longest, until few enough rows are held."""
        while True:
            with self._guard:
                unused = [key for key, held in self._held.items() if not held.users]
                if not unused or sum(held.rows for held in self._held.values()) <= self.most_rows:
                    return
                held = self._held.pop(unused[0])
            drop(held.name)
