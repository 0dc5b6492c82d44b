"""Instants in the one fixed-width UTC form that the stores use, so that text order is time order."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def to_text(instant: datetime) -> str:
    """Write an aware datetime as `2026-01-31T09:30:00.000000Z`.

    Raises ValueError for a naive datetime: which instant it means is not known.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime(_FORM)


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote; aware, in UTC. Raises ValueError for anything else."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)


def local_day(text: str, zone: str) -> date:
    """The calendar day of a stored instant in an IANA zone."""
    return from_text(text).astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> str:
    """The instant a calendar day begins in an IANA zone, in the store's form."""
    return to_text(datetime.combine(day, time(), ZoneInfo(zone)))
