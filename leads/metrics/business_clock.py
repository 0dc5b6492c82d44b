"""Business minutes in the engine: the calendar as a table of cumulative open minutes, looked up at both ends."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta

import ibis
import pyarrow as pa

from alignment.business_hours import open_intervals, to_minutes
from leads.metrics.population import Population

_EARLIEST = date(1990, 1, 1)


def elapsed_columns(
    population: Population, table: ibis.Table, columns: Mapping[str, tuple[str, str | None]]
) -> ibis.Table:
    """Add business minutes between two instants of a table: name → (start column, end column, or None for as-of).

    Whole minutes, never negative; null where either instant is missing.
    """
    as_of = population.question.as_of
    earliest = population.profile.earliest
    first = max(_EARLIEST, earliest.date() - timedelta(days=3)) if earliest else as_of.date()
    hours = population.question.hours
    intervals = open_intervals(hours, first, as_of.astimezone(UTC).date() + timedelta(days=3))
    calendar = ibis.memtable(
        pa.table(
            {
                "opens": pa.array(intervals.opens, pa.int64()),
                "closes": pa.array(intervals.closes, pa.int64()),
                "before": pa.array(intervals.before, pa.int64()),
            }
        )
    )
    names = sorted({name for pair in columns.values() for name in pair if name is not None})
    for name in names:
        table = _with_elapsed(table, name, calendar)
    until_now = int(intervals.elapsed(to_minutes(as_of)))
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


def _with_elapsed(table: ibis.Table, name: str, calendar: ibis.Table) -> ibis.Table:
    """Add `elapsed_<name>`: open minutes from the start of the calendar up to the instant in column `name`."""
    minutes = table.mutate(minute=table[name].epoch_seconds().cast("int64") // 60)
    joined = minutes.asof_join(calendar, on=minutes.minute >= calendar.opens)
    passed = joined.before + ibis.least(joined.minute, joined.closes) - joined.opens
    elapsed = joined.minute.isnull().ifelse(ibis.null().cast("int64"), passed.coalesce(0))
    return joined.mutate(**{f"elapsed_{name}": elapsed}).drop("minute", "opens", "closes", "before")
