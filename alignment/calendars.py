"""Business hours over time: versions, each from a day on, and what a calendar can and cannot keep.

A figure about last March uses the hours of last March. Whoever gets a `Calendar` may use it as the `BusinessHours` of
today; the business clock reads its versions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from alignment.company import BusinessHours, ClosedDays
from alignment.errors import InvalidInput
from alignment.texts import required_text

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_CLOSED_DAYS = 200
LONGEST_CLOSURE = timedelta(days=366)
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True)
class HoursFrom:
    """The hours from a day on, as a day of their own zone; None is from the beginning."""

    from_day: date | None
    hours: BusinessHours


@dataclass(frozen=True)
class Calendar(BusinessHours):
    """The hours that hold today, and with them every version: oldest first, the first from the beginning."""

    versions: tuple[HoursFrom, ...] = ()


def calendar_of(versions: Sequence[HoursFrom], today: date) -> BusinessHours:
    """What holds today, with its versions; plain hours where there has only been one version.

    Raises ValueError unless the versions are in order and the first is from the beginning.
    """
    if not versions or versions[0].from_day is not None or any(v.from_day is None for v in versions[1:]):
        raise ValueError("the first version has to be from the beginning, and only that")
    days = [version.from_day for version in versions[1:] if version.from_day is not None]
    if any(earlier >= later for earlier, later in pairwise(days)):
        raise ValueError("versions have to be in order, one a day")
    if len(versions) == 1:
        return versions[0].hours
    now = hours_on(versions, today)
    values = {field.name: getattr(now, field.name) for field in fields(BusinessHours)}
    return Calendar(**values, versions=tuple(versions))


def versions_of(hours: BusinessHours) -> tuple[HoursFrom, ...]:
    """The versions of a calendar; of plain hours the one that always held."""
    return hours.versions if isinstance(hours, Calendar) else (HoursFrom(None, hours),)


def hours_on(versions: Sequence[HoursFrom], day: date) -> BusinessHours:
    """The hours of the version that holds on a day."""
    holding = [found for found in versions if found.from_day is None or found.from_day <= day]
    return holding[-1].hours


def minutes_a_week(hours: BusinessHours) -> int:
    """Open minutes of a week without holidays."""
    return sum(closes - opens for day in hours.shifts for opens, closes in day)


def longest_closure(hours: BusinessHours) -> int:
    """Minutes of the longest time that nobody works in a week without holidays; a whole week where nobody ever does."""
    spans = [
        (number * _DAY + opens, number * _DAY + closes)
        for number, day in enumerate(hours.shifts)
        for opens, closes in day
    ]
    if not spans:
        return _WEEK
    around = [*spans, (spans[0][0] + _WEEK, 0)]
    return max(later[0] - earlier[1] for earlier, later in pairwise(around))


def spoken_minutes(minutes: int | float) -> str:
    """A length of time as people say it, from minutes: '45 min', '1 h 30 min', '64 h'."""
    whole = round(minutes)
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours:,} h" + (f" {rest} min" if rest else "")


def check_hours(hours: BusinessHours) -> BusinessHours:
    """The hours with their closed days in order. Raises InvalidInput, naming the field, for what cannot be."""
    if hours.timezone not in available_timezones():
        raise InvalidInput(
            f"The time zone '{hours.timezone}' is not known. Choose one such as Europe/Berlin."
        )
    if len(hours.shifts) != 7:
        raise InvalidInput("Business hours need one entry for each of the seven weekdays.")
    for day, shifts in zip(DAYS, hours.shifts, strict=True):
        last = -1
        for opens, closes in shifts:
            if not last < opens < closes <= _DAY:
                raise InvalidInput(
                    f"The hours on {day} do not fit: each has to open before it closes, after the one before."
                )
            last = closes
    if not any(hours.shifts):
        raise InvalidInput("There are no business hours at all. Open at least one weekday.")
    _check_country(hours.country)
    return BusinessHours(hours.timezone, hours.shifts, hours.country, _check_closed(hours.closed_days))


def _check_country(country: str) -> None:
    if not country:
        return
    from holidays import list_supported_countries

    code, _, region = country.partition("-")
    regions = list_supported_countries().get(code)
    if regions is None:
        raise InvalidInput(
            f"The holidays of '{country}' are not known. Choose a country code such as DE, or none."
        )
    if region and region not in regions:
        raise InvalidInput(
            f"The holidays of the region '{region}' are not known for {code}. Choose one of: {', '.join(regions) or 'none'}."
        )


def _check_closed(closed_days: Sequence[ClosedDays]) -> tuple[ClosedDays, ...]:
    if len(closed_days) > MOST_CLOSED_DAYS:
        raise InvalidInput(
            f"There are more than {MOST_CLOSED_DAYS} closed days. Remove those that are long past."
        )
    for closed in closed_days:
        if not isinstance(closed.first, date) or not isinstance(closed.last, date):
            raise InvalidInput(
                "A closed day has no date. Choose its first and its last day, or remove the row."
            )
        if closed.last < closed.first:
            raise InvalidInput(
                f"The closed days from {closed.first} end before they begin. Swap the two dates."
            )
        if closed.last - closed.first > LONGEST_CLOSURE:
            raise InvalidInput(
                f"The closed days from {closed.first} last longer than a year. Choose an earlier last day."
            )
    return tuple(
        ClosedDays(
            closed.first, closed.last, required_text(closed.name or "Closed", "The name of closed days", 60)
        )
        for closed in sorted(closed_days, key=lambda closed: (closed.first, closed.last, closed.name))
    )


def to_document(hours: BusinessHours) -> dict[str, Any]:
    """The hours of one version as plain values."""
    return {
        "timezone": hours.timezone,
        "shifts": [[list(shift) for shift in day] for day in hours.shifts],
        "country": hours.country,
        "closed_days": [
            {"first": closed.first.isoformat(), "last": closed.last.isoformat(), "name": closed.name}
            for closed in hours.closed_days
        ],
    }


def from_document(document: Mapping[str, Any]) -> BusinessHours:
    """The hours that `to_document` wrote."""
    return BusinessHours(
        timezone=document["timezone"],
        shifts=tuple(tuple((opens, closes) for opens, closes in day) for day in document["shifts"]),
        country=document["country"],
        closed_days=tuple(
            ClosedDays(
                date.fromisoformat(closed["first"]), date.fromisoformat(closed["last"]), closed["name"]
            )
            for closed in document.get("closed_days", ())
        ),
    )
