"""Instants in the one fixed-width UTC form that the stores use, so that text order is time order."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from alignment.errors import InvalidInput

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def to_text(instant: datetime) -> str:
    """Write an aware datetime as `2026-01-31T09:30:00.000000Z`.

    Raises ValueError for a naive datetime: which instant it means is not known.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote; aware, in UTC. Raises ValueError for anything else."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)


def local_day(text: str, zone: str) -> date:
    """The calendar day of a stored instant in an IANA zone."""
    return from_text(text).astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> str:
    """The instant a calendar day begins in an IANA zone, in the store's form."""
    return to_text(datetime.combine(day, time(), ZoneInfo(zone)))


def from_local(clock_time: datetime, zone: str, *, later: bool = False) -> str:
    """The instant at which the clocks of an IANA zone show `clock_time` (naive), in the store's form.

    Where they show it twice, because they are set back, the first time, or the second if `later`. Raises InvalidInput
    where they never show it, because they are set forward.
    """
    if clock_time.tzinfo is not None:
        raise ValueError("what the clocks of a zone show has no zone of its own")
    there = clock_time.replace(tzinfo=ZoneInfo(zone), fold=1 if later else 0)
    instant = there.astimezone(UTC)
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != clock_time.replace(fold=0):
        raise InvalidInput(
            f"On {clock_time.day} {clock_time:%B %Y} the clocks in {zone} are set forward; {clock_time:%H:%M} does not exist "
            "on that day. Choose another time."
        )
    return to_text(instant)
