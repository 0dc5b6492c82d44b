"""The business clock: additive, monotone, and equal to counting minutes one by one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.business_hours import business_minutes, from_minutes, open_intervals, to_minutes
from alignment.company import BusinessHours
from alignment.errors import InvalidInput

NINE_TO_FIVE = BusinessHours("Europe/Berlin")
SPLIT = (((480, 720), (780, 1080)),) * 5 + ((), ())
NIGHTS = (((0, 200), (600, 1440)),) * 7
CALENDARS = [
    NINE_TO_FIVE,
    BusinessHours("Europe/Berlin", SPLIT, "DE"),
    BusinessHours("Europe/Berlin", NIGHTS),
    BusinessHours("America/Sao_Paulo", SPLIT, "BR"),
    BusinessHours("America/New_York", NIGHTS, "US"),
    BusinessHours("Australia/Lord_Howe", NIGHTS),
    BusinessHours("Asia/Kathmandu", SPLIT),
    BusinessHours("Africa/Cairo", NIGHTS),
    BusinessHours("UTC", ((),) * 7),
]
# nights on which some zone moved its clock, and ordinary days
STARTS = [
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2018, 11, 3, 20, tzinfo=UTC),
    datetime(2018, 2, 17, 20, tzinfo=UTC),
    datetime(2026, 3, 8, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 10, tzinfo=UTC),
    datetime(2026, 4, 23, 20, tzinfo=UTC),
    datetime(2026, 12, 31, 12, tzinfo=UTC),
    datetime(2026, 5, 6, 5, tzinfo=UTC),
]


def minutes(year, month, day, hour=0, minute=0, zone="Europe/Berlin"):
    return to_minutes(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)))


def counted_one_by_one(hours, start, end):
    zone = ZoneInfo(hours.timezone)
    days_off = holidays.country_holidays(hours.country) if hours.country else ()
    total = 0
    for minute in range(start, end):
        local = from_minutes(minute).astimezone(zone)
        wall = local.hour * 60 + local.minute
        if local.date() not in days_off:
            total += any(opens <= wall < closes for opens, closes in hours.shifts[local.weekday()])
    return total


def test_an_afternoon_and_a_morning_make_a_working_day():
    friday, monday = minutes(2026, 1, 30, 16, 30), minutes(2026, 2, 2, 9, 45)
    assert business_minutes(NINE_TO_FIVE, friday, monday) == 30 + 45


def test_nothing_passes_on_a_public_holiday():
    german = BusinessHours("Europe/Berlin", country="DE")
    assert business_minutes(german, minutes(2026, 5, 1), minutes(2026, 5, 2)) == 0
    assert business_minutes(NINE_TO_FIVE, minutes(2026, 5, 1), minutes(2026, 5, 2)) == 480


def test_a_region_has_its_own_holidays():
    bavarian = BusinessHours("Europe/Berlin", country="DE-BY")
    assert business_minutes(bavarian, minutes(2026, 1, 6), minutes(2026, 1, 7)) == 0


def test_the_night_the_clock_goes_forward_is_an_hour_shorter():
    always = BusinessHours("Europe/Berlin", (((0, 1440),),) * 7)
    assert business_minutes(always, minutes(2026, 3, 29), minutes(2026, 3, 30)) == 23 * 60
    assert business_minutes(always, minutes(2026, 10, 25), minutes(2026, 10, 26)) == 25 * 60


def test_many_intervals_at_once_keep_their_shape():
    starts = np.full((3, 2), minutes(2026, 2, 2, 9))
    ends = starts + np.arange(6).reshape(3, 2)
    assert business_minutes(NINE_TO_FIVE, starts, ends).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert business_minutes(NINE_TO_FIVE, [], []).shape == (0,)


def test_a_promise_is_due_after_that_many_open_minutes():
    intervals = open_intervals(NINE_TO_FIVE, date(2026, 1, 26), date(2026, 2, 8))
    assert intervals.due(minutes(2026, 1, 30, 16, 30), 60) == minutes(2026, 2, 2, 9, 30)
    assert intervals.due(minutes(2026, 1, 31), 1) == minutes(2026, 2, 2, 9, 1)
    assert intervals.due(minutes(2026, 2, 6, 16, 59), 100) is None
    assert intervals.due(minutes(2026, 1, 31), 0) == minutes(2026, 1, 31)


@pytest.mark.parametrize("hours", [BusinessHours("Europe/Atlantis"), BusinessHours(country="XX")])
def test_an_unknown_zone_or_country_is_refused(hours):
    with pytest.raises(InvalidInput):
        open_intervals(hours, date(2026, 1, 1), date(2026, 1, 2))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(STARTS),
    st.integers(0, 1500),
    st.integers(0, 1500),
)
def test_it_equals_counting_minutes_one_by_one(hours, base, offset, length):
    start = to_minutes(base + timedelta(minutes=offset))
    assert business_minutes(hours, start, start + length) == counted_one_by_one(hours, start, start + length)


@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(STARTS),
    st.lists(st.integers(-9000, 9000), min_size=3, max_size=3),
)
def test_it_is_additive_and_never_runs_backwards(hours, base, offsets):
    first, second, third = sorted(to_minutes(base) + offset for offset in offsets)
    parts = business_minutes(hours, [first, second], [second, third])
    assert parts.sum() == business_minutes(hours, first, third)
    assert (parts >= 0).all()
    assert parts[0] <= second - first
    assert business_minutes(hours, second, first) == -parts[0]


@given(st.sampled_from(CALENDARS[:-1]), st.sampled_from(STARTS), st.integers(1, 3000))
def test_at_the_due_instant_exactly_the_promised_minutes_have_passed(hours, base, promised):
    start = to_minutes(base)
    intervals = open_intervals(hours, base.date() - timedelta(days=2), base.date() + timedelta(days=40))
    due = intervals.due(start, promised)
    assert intervals.business_minutes(start, due) == promised
    assert intervals.business_minutes(start, due - 1) == promised - 1
