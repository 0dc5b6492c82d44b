"""Business minutes in the engine: the calendar as a table of stretches, looked up at both ends of an interval.

A stretch of some hundred minutes has the open minutes before it and the few spans of it that are open, which most calendars
have one of at most; the open minutes up to an instant are those before its stretch plus what has passed of each span. Looking a
stretch up is a join with a small table on a whole number, and its number and the minute within it are bits of the minute: ten
million intervals take about half a second.
"""

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from functools import lru_cache

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa

from alignment.business_hours import OpenIntervals, open_intervals, to_minutes
from alignment.company import BusinessHours
from leads.episodes import microseconds
from leads.metrics.population import Population, told_number
from leads.metrics.question import StartOfClock

OPEN_UNTIL_NOW = "open_until_now"
"""The name under which a run of a lasting population is told `open_until_now`."""
_EARLIEST = date(1990, 1, 1)
_LOOKED_AHEAD = timedelta(days=366)
_A_MINUTE = 60_000_000  # microseconds
_BITS = (10, 9, 8, 7)
"""Bits of the minute that tell where in a stretch it lies: the more, the fewer stretches, and the more spans in each."""


def elapsed_columns(
    population: Population,
    table: ibis.Table,
    columns: Mapping[str, tuple[str, str | None]],
    *,
    inside: bool = False,
) -> ibis.Table:
    """Add business minutes between two instants of a table: name → (start column, end column, or None for as-of).

    Whole minutes, never negative; null where either instant is missing. `inside` says that none lies outside the `span`.
    """
    first, last = span(population)
    names = sorted({name for pair in columns.values() for name in pair if name is not None})
    table = with_elapsed(table, names, population.question.hours, first, last, inside=inside)
    until_now = (
        told_number(OPEN_UNTIL_NOW) if population.lasting else ibis.literal(open_until_now(population))
    )
    return table.mutate(
        **{
            result: ibis.greatest(
                (table[f"elapsed_{end}"] if end is not None else until_now) - table[f"elapsed_{start}"],
                0,
            )
            for result, (start, end) in columns.items()
        }
    )


def open_until_now(population: Population) -> int:
    """The open minutes from the start of the calendar of a question to the as-of time."""
    intervals = open_intervals(population.question.hours, *span(population))
    return int(intervals.elapsed(to_minutes(population.question.as_of)))


def span(population: Population) -> tuple[date, date]:
    """The days that the calendar of a question has to cover: from before the first record to after the as-of time."""
    as_of = population.question.as_of.astimezone(UTC).date()
    earliest = population.profile.earliest
    first = max(_EARLIEST, earliest.date() - timedelta(days=3)) if earliest else as_of
    return min(first, as_of), as_of + timedelta(days=3)


@ibis.udf.scalar.builtin(name="divide")
def divided(number: dt.int64, by: dt.int64) -> dt.int64:
    """The engine's own: whole division, towards zero."""


def is_inside(population: Population) -> bool:
    """Whether whatever starts and ends the clock of a question lies in its `span`: when leads were created may be later."""
    earliest = population.profile.earliest
    return (
        population.question.start is not StartOfClock.CREATED
        and not population.something_came_later
        and (earliest is None or earliest.date() >= _EARLIEST)
    )


def with_elapsed(
    table: ibis.Table,
    names: list[str],
    hours: BusinessHours,
    first_day: date,
    last_day: date,
    *,
    inside: bool = False,
) -> ibis.Table:
    """Add `elapsed_<name>` for each instant column: open minutes since the start of `first_day`.

    Instants outside the span count as its ends, which takes the engine a while to see to: `inside` says that there are none. Null
    stays null.
    """
    bits, stretches = _stretches(hours, first_day, last_day)
    first, last = _minute(first_day), _minute(last_day + timedelta(days=1))
    spans = sum(name.startswith("opens_") for name in stretches.column_names)
    calendar = ibis.memtable(stretches)
    for name in names:
        at = table[name]
        minute = divided(microseconds(at), _A_MINUTE)
        if not inside:
            minute = ibis.greatest(ibis.least(minute, last), first)
        minute = minute.cast("int32")
        numbered = table.mutate(clock_minute=minute, clock_stretch=minute >> bits)
        joined = numbered.left_join(calendar, numbered.clock_stretch == calendar.stretch)
        within = joined.clock_minute & ((1 << bits) - 1)
        # what has passed of a span from a to b at w is (|w − a| − |w − b| + b − a) / 2, which takes no comparison
        twice = joined.twice_before
        for number in range(spans):
            opens, closes = joined[f"opens_{number}"], joined[f"closes_{number}"]
            twice = twice + (within - opens).abs() - (within - closes).abs()
        passed = twice >> 1
        if not inside:
            # least and greatest pass over nulls, so that a missing instant would be the end of the span
            passed = joined[name].notnull().ifelse(passed, ibis.null())
        table = joined.select(*table.columns, **{f"elapsed_{name}": passed.cast("int64")})
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
def _stretches(hours: BusinessHours, first_day: date, last_day: date) -> tuple[int, pa.Table]:
    """The bits of a minute within a stretch, and each stretch from the start of `first_day` to the end of `last_day`: its number
    since 1970, for each open span of it the minute it `opens` and `closes`, and twice the open minutes before it with the lengths
    of its spans. Of all lengths of a stretch, the longest with the fewest spans."""
    intervals = open_intervals(hours, first_day, last_day)
    bits = min(_BITS, key=lambda bits: _most_spans(intervals, bits))
    spans = _spans_of(intervals, bits, first_day, last_day)
    numbers = np.arange(len(spans), dtype=np.int64) + (_minute(first_day) >> bits)
    lengths = np.array([sum(length for _, length in inside) for inside in spans], dtype=np.int64)
    columns = {
        "stretch": pa.array(numbers.astype(np.int32)),
        "twice_before": pa.array((2 * intervals.elapsed(numbers << bits) + lengths).astype(np.int32)),
    }
    for number in range(max(map(len, spans), default=0)):
        found = [inside[number] if number < len(inside) else (0, 0) for inside in spans]
        columns[f"opens_{number}"] = pa.array([opens for opens, _ in found], pa.int32())
        columns[f"closes_{number}"] = pa.array([opens + length for opens, length in found], pa.int32())
    return bits, pa.table(columns)


def _most_spans(intervals: OpenIntervals, bits: int) -> int:
    """How many open spans a stretch of so many bits has at most."""
    first, last = intervals.opens >> bits, (intervals.closes - 1) >> bits
    return int((np.arange(len(first)) - np.searchsorted(last, first) + 1).max(initial=0))


def _spans_of(
    intervals: OpenIntervals, bits: int, first_day: date, last_day: date
) -> list[list[tuple[int, int]]]:
    """The open spans of each stretch of so many bits: the minute of the stretch each opens, and how many minutes it is long."""
    first, last = _minute(first_day) >> bits, _minute(last_day + timedelta(days=1)) >> bits
    spans: list[list[tuple[int, int]]] = [[] for _ in range(last - first + 1)]
    for opens, closes in zip(intervals.opens.tolist(), intervals.closes.tolist(), strict=True):
        while opens < closes:
            number = opens >> bits
            until = min(closes, (number + 1) << bits)
            if 0 <= number - first < len(spans):
                spans[number - first].append((opens & ((1 << bits) - 1), until - opens))
            opens = until
    return spans


def _minute(day: date) -> int:
    """Minutes since 1970 at the start of a day of UTC."""
    return (day - date(1970, 1, 1)).days * 24 * 60
