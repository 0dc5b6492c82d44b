"""What every connector gives and takes: a plan, pages with a cursor, surprises, and what can go wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from alignment.errors import Refusal

Cursor = Mapping[str, Any]

_MOST_SURPRISES = 50
_LONGEST_EXAMPLE = 60


class SourceRefused(Refusal):
    """The system does not let us in, or not at what we need: somebody has to change a key or a right."""


class SourceUnavailable(Refusal):
    """The system is busy, out of calls or not reachable. `wait` is in how many seconds to try again, None if it did not say."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        """A sentence for people, and when to come back."""
        super().__init__(text)
        self.wait = wait


class PullStopped(Exception):
    """The one who waits for the pages wants no more of them now."""


@dataclass(frozen=True)
class Plan:
    """How to read a system. `credentials` by name as in the module's `CREDENTIALS`; never shown, logged or kept here.

    `fields` (canonical field → their field) and `attributes` (own name → their field) say what is read of a lead; `dates` which
    of their fields tells when something happened (meaning → their field); `meanings` what a value of a tracked field means (their field → value → see `meanings`); `prefix` stands before every
    lead's id; `since` leaves out leads created before that day (UTC).
    """

    address: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prefix: str = ""
    since: date | None = None

    def wanted(self) -> tuple[str, ...]:
        """Their fields that are read for a lead, each once."""
        return tuple(dict.fromkeys((*self.fields.values(), *self.attributes.values(), *self.dates.values())))


@dataclass(frozen=True)
class Page:
    """Some of what changed: `leads` and `events` as `actions.lead_feed.take` wants them.

    `cursor` is where to go on once these are kept; after the `last` page it is where the next pull begins. `read` counts
    the system's records looked at.
    """

    leads: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    cursor: Cursor
    read: int
    last: bool = False


@dataclass(frozen=True)
class TheirField:
    """A field that the system offers: its name there, and what people there call it."""

    name: str
    label: str


@dataclass(frozen=True)
class TheirValue:
    """A value of a tracked field, with what it is taken to mean unless the plan says otherwise ('' if nobody can tell)."""

    value: str
    label: str
    suggested: str


@dataclass(frozen=True)
class Tracked:
    """A field whose values tell how far a lead is."""

    field: str
    label: str
    values: tuple[TheirValue, ...]


@dataclass(frozen=True)
class Description:
    """What the system says of itself: whose account it is, the fields of its leads, and the values that need a meaning."""

    account: str
    fields: tuple[TheirField, ...]
    tracked: tuple[Tracked, ...]


@dataclass(frozen=True)
class Surprise:
    """Something in the answers that nobody expected; it was left out and the pull went on."""

    code: str
    text: str
    count: int
    example: str = ""

    def to_document(self) -> dict[str, Any]:
        """For the store and for `--json`."""
        return {"code": self.code, "text": self.text, "count": self.count, "example": self.example}


class Surprises:
    """Surprises of a pull, each kind told once with how often it came and the id of the first record."""

    def __init__(self) -> None:
        """None so far."""
        self._found: dict[tuple[str, str], list[Any]] = {}

    def add(self, code: str, text: str, example: object = "", count: int = 1) -> None:
        """Note one. `text` is our sentence; what the system sent stands in it only in quotes and short."""
        key = (code, text)
        if key in self._found:
            self._found[key][0] += count
        elif len(self._found) < _MOST_SURPRISES:
            self._found[key] = [count, shorten(example)]
        else:
            last = ("more", "There were more kinds of surprises than can be listed.")
            self._found.setdefault(last, [0, ""])[0] += count

    def take(self) -> tuple[Surprise, ...]:
        """Those noted since this was last asked."""
        found = tuple(
            Surprise(code, text, count, example) for (code, text), (count, example) in self._found.items()
        )
        self._found.clear()
        return found


def shorten(value: object) -> str:
    """A value of theirs as part of a sentence: one line, at most 60 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_EXAMPLE else text[:_LONGEST_EXAMPLE] + "…"


class Source(Protocol):
    """A system to pull from."""

    surprises: Surprises

    def describe(self) -> Description:
        """Sign in and look, reading no lead. Raises SourceRefused or SourceUnavailable."""
        ...

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """Everything new since `cursor` (empty: everything there is), page by page; the last one says so.

        Reading a page again, after a crash or from an older cursor, gives the same leads and events with the same ids.
        Raises SourceRefused, SourceUnavailable, and PullStopped.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...
