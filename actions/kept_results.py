"""Results that take a while, computed once and kept for whoever asks next."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass
class _Place(Generic[Result]):
    lock: Lock = field(default_factory=Lock)
    results: list[Result] = field(default_factory=list)


class KeptResults(Generic[Result]):
    """The `most` latest results by key. Whoever asks for one that is just being computed waits for it, nobody else does."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._places: OrderedDict[Hashable, _Place[Result]] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result kept under `key`, or what `compute` returns; when it raises, nothing is kept."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > self._most:
                self._places.popitem(last=False)
        with place.lock:
            if not place.results:
                place.results.append(compute())
            return place.results[0]
