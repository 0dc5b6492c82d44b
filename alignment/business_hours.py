"""The business clock: open minutes between two instants, by a calendar of shifts, holidays, closed days and a time zone.

Open minutes are counted once, cumulatively; the time between any two instants is then a look-up at both ends, so
ten million intervals take about a second. A minute is open when the wall clock of the zone shows a time within a
shift of that weekday and the day is neither a public holiday nor closed. So a clock that is put forward closes a shift
an hour earlier in real time, and an hour that the clock shows twice counts twice. Where the hours have changed, each
version counts from the start of its first day in its own zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment.calendars import versions_of
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
        found = int(self.due_many([start], [minutes])[0])
        return None if found < 0 else found

    def due_many(self, start: ArrayLike, minutes: ArrayLike) -> Minutes:
        """`due` of many at once, of one shape; -1 where it is not in the span. `minutes` of 0 or less are due at once."""
        starts = np.asarray(start, dtype=np.int64)
        promised = np.asarray(minutes, dtype=np.int64)
        wanted = self.elapsed(starts) + promised
        closing = self.before + (self.closes - self.opens)
        index = np.searchsorted(closing, wanted, side="left")
        in_span = index < len(closing)
        known = np.where(in_span, index, 0)
        reached = np.full(np.broadcast_shapes(starts.shape, promised.shape), -1, dtype=np.int64)
        if len(closing):
            reached = np.where(in_span, self.opens[known] + wanted - self.before[known], -1)
        return np.where(promised <= 0, starts, reached)


def to_minutes(instant: datetime) -> int:
    """Whole minutes since 1970 in UTC of an aware datetime."""
    return int((instant - _EPOCH) // timedelta(minutes=1))


def from_minutes(minutes: int) -> datetime:
    """The aware UTC datetime of minutes since 1970."""
    return _EPOCH + timedelta(minutes=minutes)


@lru_cache(maxsize=32)
def open_intervals(hours: BusinessHours, first_day: date, last_day: date) -> OpenIntervals:
    """All open intervals from the start of `first_day` to the end of `last_day`, as days of the calendar's zone.

    A `Calendar` with several versions counts each from its day on. Raises InvalidInput for a zone or country that is not
    known.
    """
    intervals: list[tuple[int, int]] = []
    versions = versions_of(hours)
    for version, following in zip(versions, (*versions[1:], None), strict=True):
        first = first_day if version.from_day is None else max(first_day, version.from_day)
        last, end = last_day, None
        if following is not None and following.from_day is not None:
            # the zone of the next version may begin its first day while it is still the day before here, or the day after
            last = min(last_day, following.from_day + timedelta(days=1))
            end = _day_start(following.from_day, _zone(following.hours.timezone))
        begin = (
            None if version.from_day is None else _day_start(version.from_day, _zone(version.hours.timezone))
        )
        for opens, closes in _intervals(version.hours, first, last):
            clipped = (
                opens if begin is None else max(opens, begin),
                closes if end is None else min(closes, end),
            )
            if clipped[0] < clipped[1]:
                intervals.append(clipped)
    starts = np.array([opens for opens, _ in intervals], dtype=np.int64)
    ends = np.array([closes for _, closes in intervals], dtype=np.int64)
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    for array in (starts, ends, before):
        array.setflags(write=False)
    return OpenIntervals(starts, ends, before)


def open_days(hours: BusinessHours, first_day: date, last_day: date) -> list[date]:
    """The days, both ends included, on which anybody works at all, in order. Raises InvalidInput like `open_intervals`."""
    versions = versions_of(hours)
    found: list[date] = []
    for version, following in zip(versions, (*versions[1:], None), strict=True):
        day = first_day if version.from_day is None else max(first_day, version.from_day)
        last = last_day
        if following is not None and following.from_day is not None:
            last = min(last, following.from_day - timedelta(days=1))
        if day > last:
            continue
        days_off = _days_off(version.hours, day, last)
        while day <= last:
            if version.hours.shifts[day.weekday()] and day not in days_off:
                found.append(day)
            day += timedelta(days=1)
    return found


def business_minutes(hours: BusinessHours, start: ArrayLike, end: ArrayLike) -> Minutes:
    """Open minutes between instants, given in minutes since 1970 in UTC, of any shape that broadcasts."""
    starts = np.asarray(start, dtype=np.int64)
    ends = np.asarray(end, dtype=np.int64)
    if not starts.size or not ends.size:
        return np.zeros(np.broadcast_shapes(starts.shape, ends.shape), dtype=np.int64)
    first = from_minutes(int(min(starts.min(), ends.min()))).date() - timedelta(days=2)
    last = from_minutes(int(max(starts.max(), ends.max()))).date() + timedelta(days=2)
    return open_intervals(hours, first, last).business_minutes(starts, ends)


def _intervals(hours: BusinessHours, first_day: date, last_day: date) -> list[tuple[int, int]]:
    """(opens, closes) of one version of a calendar, ascending, in minutes since 1970 in UTC."""
    intervals: list[tuple[int, int]] = []
    if first_day > last_day:
        return intervals
    zone = _zone(hours.timezone)
    days_off = _days_off(hours, first_day, last_day)
    day = first_day
    start = _day_start(day, zone)
    while day <= last_day:
        following = day + timedelta(days=1)
        end = _day_start(following, zone)
        shifts = hours.shifts[day.weekday()]
        if shifts and day not in days_off:
            if end - start == _MINUTES_A_DAY:
                intervals.extend((start + opens, start + closes) for opens, closes in shifts)
            else:
                intervals.extend(_on_a_day_the_clock_is_moved(zone, day, start, end, shifts))
        day, start = following, end
    return intervals


def _day_start(day: date, zone: ZoneInfo) -> int:
    return to_minutes(datetime.combine(day, time(), zone))


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


def _days_off(hours: BusinessHours, first_day: date, last_day: date) -> frozenset[date]:
    """Public holidays and the company's own closed days from `first_day` to `last_day`."""
    found = set(_holidays(hours.country, first_day.year, last_day.year))
    for closed in hours.closed_days:
        day, last = max(closed.first, first_day), min(closed.last, last_day)
        while day <= last:
            found.add(day)
            day += timedelta(days=1)
    return frozenset(found)


@lru_cache(maxsize=32)
def _holidays(country: str, first_year: int, last_year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    import holidays

    code, _, region = country.partition("-")
    try:
        return frozenset(
            holidays.country_holidays(code, subdiv=region or None, years=range(first_year, last_year + 1))
        )
    except NotImplementedError:
        raise InvalidInput(
            f"No public holidays are known for “{country}”. Use a country code such as DE, or leave it empty."
        ) from None
