"""What time it is for the actions: the real time, unless a script replays the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from alignment import instants

_replayed: ContextVar[datetime | None] = ContextVar("replayed", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _replayed.get() or datetime.now(UTC)


def now_text() -> str:
    """The current instant in the store's form."""
    return instants.to_text(now())


def day_text() -> str:
    """The beginning of the current day in UTC, in the store's form: what anonymous surveys keep of a time."""
    return now_text()[:10] + "T00:00:00.000000Z"


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Within the block, actions of this thread happen at `instant` (aware). For the sample company and tests."""
    token = _replayed.set(instant)
    try:
        yield
    finally:
        _replayed.reset(token)
