"""The business clock in the engine: equal to the calendar in Python, minute by minute, and at the ends of what it covers."""

from datetime import UTC, date, datetime

import ibis
import numpy as np
import pyarrow as pa
import pytest

from alignment.business_hours import open_intervals, to_minutes
from alignment.calendars import HoursFrom, calendar_of
from alignment.company import BusinessHours, ClosedDays
from leads.metrics.business_clock import with_elapsed

SPLIT = (((480, 720), (725, 730), (780, 1080), (1100, 1101)),) * 5 + ((), ())
NIGHTS = (((0, 200), (600, 1440)),) * 7
CALENDARS = [
    BusinessHours("Europe/Berlin", SPLIT, "DE", (ClosedDays(date(2026, 4, 1), date(2026, 4, 2)),)),
    BusinessHours("UTC", (((0, 1440),),) * 7),
    BusinessHours("UTC", ((),) * 7),
    calendar_of(
        (
            HoursFrom(None, BusinessHours("Australia/Lord_Howe", NIGHTS)),
            HoursFrom(date(2026, 4, 6), BusinessHours("Pacific/Pago_Pago", SPLIT)),
        ),
        date(2026, 4, 4),
    ),
]
FIRST, LAST = date(2026, 3, 20), date(2026, 4, 20)


@pytest.mark.parametrize("hours", CALENDARS, ids=["shifts", "always", "never", "moved"])
def test_the_engine_counts_as_the_calendar_does(hours):
    draw = np.random.default_rng(5)
    begin = to_minutes(datetime(2026, 3, 20, tzinfo=UTC))
    starts = np.arange(begin, begin + 32 * 1440)
    ends = starts + draw.integers(-3000, 20_000, len(starts))
    columns = {
        name: pa.array(of * 60_000_000 + draw.integers(0, 60_000_000, len(of)), pa.timestamp("us"))
        for name, of in (("start", starts), ("end", ends))
    }
    table = ibis.memtable(pa.table({**columns, "place": np.arange(len(starts))}))
    found = with_elapsed(table, ["start", "end"], hours, FIRST, LAST).order_by("place").to_pyarrow()
    calendar = open_intervals(hours, FIRST, LAST)
    floor, ceiling = begin, begin + 32 * 1440
    for name, of in (("start", starts), ("end", ends)):
        expected = calendar.elapsed(np.clip(of, floor, ceiling))
        assert (found[f"elapsed_{name}"].to_numpy() == expected).all()


def test_a_missing_instant_has_no_time():
    table = ibis.memtable({"at": [datetime(2026, 4, 1, 12), None]}, schema={"at": "timestamp(6)"})
    found = with_elapsed(table, ["at"], CALENDARS[1], FIRST, LAST).order_by("at").to_pyarrow()
    assert found["elapsed_at"].to_pylist() == [12 * 1440 + 720, None]
