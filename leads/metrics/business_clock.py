"""Business minutes in the engine: the calendar as a table of days, looked up at both ends of an interval.

A day of UTC has the open minutes before it and the few spans of it that are open; the open minutes up to an instant are
those before its day plus what has passed of each span. Looking up a day is a join with a small table on a whole number,
which the engine does for ten million intervals in well under a second.
"""

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from functools import lru_cache

import ibis
import numpy as np
import pyarrow as pa

from alignment.business_hours import open_intervals, to_minutes
from alignment.company import BusinessHours
from leads.metrics.population import Population

_EARLIEST = date(1990, 1, 1)
_LOOKED_AHEAD = timedelta(days=366)
_MINUTES_A_DAY = 1440


def elapsed_columns(
    population: Population, table: ibis.Table, columns: Mapping[str, tuple[str, str | None]]
) -> ibis.Table:
    """Add business minutes between two instants of a table: name → (start column, end column, or None for as-of).

    Whole minutes, never negative; null where either instant is missing.
    """
    as_of = population.question.as_of
    first, last = span(population)
    hours = population.question.hours
    names = sorted({name for pair in columns.values() for name in pair if name is not None})
    table = with_elapsed(table, names, hours, first, last)
    until_now = int(open_intervals(hours, first, last).elapsed(to_minutes(as_of)))
    return table.mutate(
        **{
            result: ibis.greatest(
                (table[f"elapsed_{end}"] if end is not None else ibis.literal(until_now))
                - table[f"elapsed_{start}"],
                0,
            )
            for result, (start, end) in columns.items()
        }
    )


def span(population: Population) -> tuple[date, date]:
    """The days that the calendar of a question has to cover: from before the first record to after the as-of time."""
    as_of = population.question.as_of.astimezone(UTC).date()
    earliest = population.profile.earliest
    first = max(_EARLIEST, earliest.date() - timedelta(days=3)) if earliest else as_of
    return min(first, as_of), as_of + timedelta(days=3)


def with_elapsed(
    table: ibis.Table, names: list[str], hours: BusinessHours, first_day: date, last_day: date
) -> ibis.Table:
    """Add `elapsed_<name>` for each instant column: open minutes since the start of `first_day`.

    Instants outside the span count as its ends; null stays null.
    """
    days = _days(hours, first_day, last_day)
    first = int((first_day - date(1970, 1, 1)).days)
    last = first + len(days) - 1
    spans = sum(name.startswith("opens_") for name in days.column_names)
    calendar = ibis.memtable(days)
    for name in names:
        minute = (table[name].epoch_seconds().cast("int64") // 60).clip(
            first * _MINUTES_A_DAY, last * _MINUTES_A_DAY + _MINUTES_A_DAY - 1
        )
        looked_up = table.mutate(clock_minute=minute, clock_day=(minute // _MINUTES_A_DAY).cast("int32"))
        joined = looked_up.left_join(calendar, looked_up.clock_day == calendar.day)
        of_day = joined.clock_minute % _MINUTES_A_DAY
        elapsed = joined.before
        for number in range(spans):
            passed = of_day - joined[f"opens_{number}"]
            elapsed = elapsed + ibis.greatest(ibis.least(passed, joined[f"open_{number}"]), 0)
        table = joined.select(*table.columns, **{f"elapsed_{name}": elapsed})
    return table


def due_column(population: Population, table: ibis.Table, elapsed: str, minutes: str) -> ibis.Table:
    """Add `due_at`: the instant by which `minutes` more open minutes have passed than the column `elapsed` says.

    `elapsed` is what `elapsed_columns` adds for the same question. The calendar is looked at for a year beyond the as-of
    time; null where it is not due by then, and where either is null.
    """
    first, last = span(population)
    intervals = open_intervals(population.question.hours, first, last + _LOOKED_AHEAD)
    calendar = ibis.memtable(
        pa.table(
            {
                "opens": pa.array(intervals.opens, pa.int64()),
                "before": pa.array(intervals.before, pa.int64()),
                "until": pa.array(intervals.before + intervals.closes - intervals.opens, pa.int64()),
            }
        )
    )
    wanted = table.mutate(wanted=table[elapsed] + table[minutes])
    joined = wanted.asof_join(calendar, on=wanted.wanted > calendar.before)
    minute = joined.opens + joined.wanted - joined.before
    in_reach = joined.wanted <= joined.until
    due_at = in_reach.ifelse(
        (minute * 60).as_timestamp("s").cast("timestamp(6)"), ibis.null().cast("timestamp(6)")
    )
    return joined.select(*table.columns, due_at=due_at)


@lru_cache(maxsize=16)
def _days(hours: BusinessHours, first_day: date, last_day: date) -> pa.Table:
    """Each day of UTC from `first_day` to `last_day`: its number since 1970, the open minutes `before` it, and for each
    span of it the minute it `opens` and how long it is `open`."""
    intervals = open_intervals(hours, first_day, last_day)
    first = (first_day - date(1970, 1, 1)).days
    count = (last_day - first_day).days + 1
    pieces: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for opens, closes in zip(intervals.opens.tolist(), intervals.closes.tolist(), strict=True):
        while opens < closes:
            day = opens // _MINUTES_A_DAY
            until = min(closes, (day + 1) * _MINUTES_A_DAY)
            if 0 <= day - first < count:
                pieces[day - first].append((opens % _MINUTES_A_DAY, until - opens))
            opens = until
    starts = (np.arange(count, dtype=np.int64) + first) * _MINUTES_A_DAY
    columns = {
        "day": pa.array(np.arange(count, dtype=np.int32) + first),
        "before": pa.array(intervals.elapsed(starts)),
    }
    for number in range(max((len(of_day) for of_day in pieces), default=0)):
        found = [of_day[number] if number < len(of_day) else (0, 0) for of_day in pieces]
        columns[f"opens_{number}"] = pa.array([opens for opens, _ in found], pa.int64())
        columns[f"open_{number}"] = pa.array([length for _, length in found], pa.int64())
    return pa.table(columns)
