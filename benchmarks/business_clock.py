"""The business clock in the engine: open minutes of many intervals, beside the plain difference of the same two columns.

python -m benchmarks.business_clock --intervals 10000000
"""

import resource
import time
from datetime import date
from typing import Any

import click
import numpy as np

from alignment.business_hours import open_intervals
from alignment.calendars import HoursFrom, calendar_of
from alignment.company import BusinessHours

FIRST, LAST = date(2019, 12, 30), date(2026, 3, 1)
SPLIT = (((540, 720), (780, 1080)),) * 5 + (((600, 840),), ())
HOURS = calendar_of(
    (
        HoursFrom(None, BusinessHours("Europe/Berlin", SPLIT, "DE")),
        HoursFrom(
            date(2023, 1, 1), BusinessHours("Europe/Berlin", (((480, 1020),),) * 5 + ((), ()), "DE-BY")
        ),
    ),
    date(2026, 1, 1),
)
_ALLOWED = 2.0
_BESIDES = 1.0  # seconds


@click.command()
@click.option("--intervals", default=10_000_000, show_default=True)
@click.option("--threads", default=2, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(intervals: int, threads: int, rounds: int) -> None:
    """Time both and say whether the clock takes at most twice the plain difference and one second."""
    import ibis

    from leads.metrics.business_clock import with_elapsed

    backend = ibis.duckdb.connect(threads=threads)
    backend.raw_sql(
        "CREATE TABLE one AS SELECT TIMESTAMP '2020-01-01' + to_seconds((random() * 6 * 365 * 86400)::BIGINT) AS start_at "
        f"FROM range({int(intervals)})"
    )
    backend.raw_sql(
        "CREATE TABLE two AS SELECT start_at, start_at + to_seconds((random() * 20 * 86400)::BIGINT) AS end_at FROM one"
    )
    table = backend.table("two")
    plain = (table.end_at.epoch_seconds() - table.start_at.epoch_seconds()).sum()
    clocked = with_elapsed(table, ["start_at", "end_at"], HOURS, FIRST, LAST)
    business = (clocked.elapsed_end_at - clocked.elapsed_start_at).sum()
    times: dict[str, list[float]] = {"plain difference": [], "business clock": []}
    for _ in range(rounds):
        for name, expression in (("plain difference", plain), ("business clock", business)):
            times[name].append(_seconds(backend, expression))
    sample = backend.to_pyarrow(clocked.limit(100_000))
    calendar = open_intervals(HOURS, FIRST, LAST)
    ends = [
        np.asarray(sample[name].to_numpy().astype("datetime64[m]").astype(np.int64))
        for name in ("start_at", "end_at")
    ]
    expected = calendar.business_minutes(*ends)
    found = sample["elapsed_end_at"].to_numpy() - sample["elapsed_start_at"].to_numpy()
    click.echo(f"{intervals:,} intervals, {threads} threads, median of {rounds}")
    for name, seconds in times.items():
        click.echo(f"{name:18} {np.median(seconds):7.3f} s")
    limit = _ALLOWED * float(np.median(times["plain difference"])) + _BESIDES
    taken = float(np.median(times["business clock"]))
    click.echo(f"allowed            {limit:7.3f} s: {'kept' if taken <= limit else 'BROKEN'}")
    click.echo(f"equal to the calendar in Python on {len(found):,}: {bool((found == expected).all())}")
    click.echo(f"peak memory        {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _seconds(backend: Any, expression: Any) -> float:
    began = time.perf_counter()
    backend.to_pyarrow(expression)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
