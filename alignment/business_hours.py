"""The business clock: open minutes between two instants, by a calendar of shifts, holidays and one time zone.

Open minutes are counted once, cumulatively; the time between any two instants is then a look-up at both ends, so
ten million intervals take about a second. A minute is open when the wall clock of the zone shows a time within a
shift of that weekday and the day is no public holiday. So a clock that is put forward closes a shift an hour
earlier in real time, and an hour that the clock shows twice counts twice.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment.company import BusinessHours
from alignment.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES_A_DAY = 1440

Minutes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OpenIntervals:
    """The open intervals of a span of days, ascending and apart; all three arrays have one shape (n,).

    `opens` and `closes` are minutes since 1970 in UTC, `before` the open minutes of the span before each interval.
    """

    opens: Minutes
    closes: Minutes
    before: Minutes

    def elapsed(self, minutes: ArrayLike) -> Minutes:
        """Open minutes from the start of the span up to each instant, given in minutes since 1970 in UTC."""
        at = np.asarray(minutes, dtype=np.int64)
        if not len(self.opens):
            return np.zeros(at.shape, dtype=np.int64)
        index = np.searchsorted(self.opens, at, side="right") - 1
        known = np.maximum(index, 0)
        passed = self.before[known] + np.minimum(at, self.closes[known]) - self.opens[known]
        return np.where(index < 0, 0, passed)

    def business_minutes(self, start: ArrayLike, end: ArrayLike) -> Minutes:
        """Open minutes between instants, in minutes since 1970 in UTC; negative where the end is before the start.

        Both ends have to lie in the span; outside it no minute is open.
        """
        return self.elapsed(end) - self.elapsed(start)

    def due(self, start: int, minutes: int) -> int | None:
        """The first instant by which `minutes` open minutes have passed since `start`; None if not in the span."""
        wanted = int(self.elapsed(start)) + minutes
        if minutes <= 0:
            return start
        reached = self.before + (self.closes - self.opens) >= wanted
        if not reached.any():
            return None
        index = int(np.argmax(reached))
        return int(self.opens[index] + wanted - self.before[index])


def to_minutes(instant: datetime) -> int:
    """Whole minutes since 1970 in UTC of an aware datetime."""
    return int((instant - _EPOCH) // timedelta(minutes=1))


def from_minutes(minutes: int) -> datetime:
    """The aware UTC datetime of minutes since 1970."""
    return _EPOCH + timedelta(minutes=minutes)


@lru_cache(maxsize=32)
def open_intervals(hours: BusinessHours, first_day: date, last_day: date) -> OpenIntervals:
    """All open intervals from the start of `first_day` to the end of `last_day`, as days of the calendar's zone.

    Raises InvalidInput for a zone or country that is not known.
    """
    zone = _zone(hours.timezone)
    days_off = _holidays(hours.country, first_day.year, last_day.year)
    intervals: list[tuple[int, int]] = []
    day = first_day
    start = to_minutes(datetime.combine(day, time(), zone))
    while day <= last_day:
        following = day + timedelta(days=1)
        end = to_minutes(datetime.combine(following, time(), zone))
        shifts = hours.shifts[day.weekday()]
        if shifts and day not in days_off:
            if end - start == _MINUTES_A_DAY:
                intervals.extend((start + opens, start + closes) for opens, closes in shifts)
            else:
                intervals.extend(_on_a_day_the_clock_is_moved(zone, day, start, end, shifts))
        day, start = following, end
    opens = np.array([opens for opens, _ in intervals], dtype=np.int64)
    closes = np.array([closes for _, closes in intervals], dtype=np.int64)
    lengths = closes - opens
    before = np.cumsum(lengths) - lengths
    for array in (opens, closes, before):
        array.setflags(write=False)
    return OpenIntervals(opens, closes, before)


def business_minutes(hours: BusinessHours, start: ArrayLike, end: ArrayLike) -> Minutes:
    """Open minutes between instants, given in minutes since 1970 in UTC, of any shape that broadcasts."""
    starts = np.asarray(start, dtype=np.int64)
    ends = np.asarray(end, dtype=np.int64)
    if not starts.size or not ends.size:
        return np.zeros(np.broadcast_shapes(starts.shape, ends.shape), dtype=np.int64)
    first = from_minutes(int(min(starts.min(), ends.min()))).date() - timedelta(days=2)
    last = from_minutes(int(max(starts.max(), ends.max()))).date() + timedelta(days=2)
    return open_intervals(hours, first, last).business_minutes(starts, ends)


def _on_a_day_the_clock_is_moved(
    zone: ZoneInfo, day: date, start: int, end: int, shifts: tuple[tuple[int, int], ...]
) -> list[tuple[int, int]]:
    intervals: list[tuple[int, int]] = []
    for minute in range(start, end):
        local = from_minutes(minute).astimezone(zone)
        wall = local.hour * 60 + local.minute
        if local.date() == day and any(opens <= wall < closes for opens, closes in shifts):
            if intervals and intervals[-1][1] == minute:
                intervals[-1] = (intervals[-1][0], minute + 1)
            else:
                intervals.append((minute, minute + 1))
    return intervals


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"The time zone “{name}” is not known. Use an IANA name such as Europe/Berlin."
        ) from None


def _holidays(country: str, first_year: int, last_year: int) -> Any:
    if not country:
        return frozenset()
    import holidays

    code, _, region = country.partition("-")
    try:
        return holidays.country_holidays(code, subdiv=region or None, years=range(first_year, last_year + 1))
    except NotImplementedError:
        raise InvalidInput(
            f"No public holidays are known for “{country}”. Use a country code such as DE, or leave it empty."
        ) from None
