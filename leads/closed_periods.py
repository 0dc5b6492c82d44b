"""Which leads of the past a question is put to: those of the last quarter or year that is over, or all of them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis

from alignment import instants
from leads.store import Facts


@dataclass(frozen=True)
class Period:
    """Leads that came from `first_day` to `last_day` in the company's zone, both included; all leads where both are None."""

    first_day: date | None = None
    last_day: date | None = None


EVERYTHING = Period()


def last_quarter(day: date) -> Period:
    """The calendar quarter in which `day` lies."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(first, _months_later(first, 3) - timedelta(days=1))


def last_twelve_months(day: date) -> Period:
    """Twelve calendar months, of which the last is that in which `day` lies."""
    after = _months_later(day.replace(day=1), 1)
    return Period(date(after.year - 1, after.month, 1), after - timedelta(days=1))


def closed_periods(facts: Facts, lead: ibis.Table, as_of: datetime, timezone: str) -> tuple[Period, ...]:
    """The periods to look at one after the other until one has leads enough: a quarter, twelve months, all.

    The quarter is the last one in which leads came (by the column `came_at` of `lead`) among those that were over
    at `as_of` (aware); so is the last month of the twelve. Without any lead then, all leads are what is left.
    """
    today = as_of.astimezone(ZoneInfo(timezone)).date()
    quarter, month = last_quarter(today).first_day, today.replace(day=1)
    assert quarter is not None
    latest = facts.rows(
        lead.aggregate(
            quarter=lead.came_at.max(where=lead.came_at < start_of(quarter, timezone)),
            month=lead.came_at.max(where=lead.came_at < start_of(month, timezone)),
        )
    )[0]

    def day_of(instant: datetime) -> date:
        return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone)).date()

    found = []
    if latest["quarter"] is not None:
        found.append(last_quarter(day_of(latest["quarter"])))
    if latest["month"] is not None:
        found.append(last_twelve_months(day_of(latest["month"])))
    return (*found, EVERYTHING)


def start_of(day: date, timezone: str) -> ibis.Value:
    """The instant a calendar day begins in an IANA zone, as the engine compares it: UTC, without a zone."""
    instant = instants.from_text(instants.day_start(day, timezone))
    return ibis.literal(instant.replace(tzinfo=None)).cast("timestamp(6)")


def within(came_at: ibis.Value, period: Period, timezone: str) -> ibis.Value:
    """Whether an instant lies in the period; where it is open on both sides, also for leads that came nobody knows when."""
    parts: list[ibis.Value] = [ibis.literal(True)]
    if period.first_day is not None:
        parts.append(came_at >= start_of(period.first_day, timezone))
    if period.last_day is not None:
        parts.append(came_at < start_of(period.last_day + timedelta(days=1), timezone))
    return ibis.and_(*parts)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month; its last one where it is shorter."""
    first = _months_later(day.replace(day=1), -months)
    return min(first + timedelta(days=day.day - 1), _months_later(first, 1) - timedelta(days=1))


def _months_later(first: date, months: int) -> date:
    ahead = first.month - 1 + months
    return date(first.year + ahead // 12, ahead % 12 + 1, 1)
