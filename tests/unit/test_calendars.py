"""Business hours over time, and what promises amount to by them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.business_hours import business_minutes, from_minutes, open_days, open_intervals, to_minutes
from alignment.calendars import (
    Calendar,
    HoursFrom,
    calendar_of,
    from_document,
    longest_closure,
    spoken_minutes,
    to_document,
)
from alignment.company import BusinessHours, ClosedDays
from alignment.promises import Verdict, judge_delivery, months, target

SPLIT = (((480, 720), (780, 1080)),) * 5 + ((), ())
NIGHTS = (((0, 200), (600, 1440)),) * 7
BERLIN = BusinessHours(
    "Europe/Berlin", SPLIT, "DE-BY", (ClosedDays(date(2026, 3, 26), date(2026, 3, 27), "Move"),)
)
VERSIONS = (
    HoursFrom(None, BERLIN),
    HoursFrom(date(2026, 3, 29), BusinessHours("America/New_York", NIGHTS, "US")),
    HoursFrom(date(2026, 3, 31), BusinessHours("Asia/Kathmandu", SPLIT)),
    HoursFrom(date(2026, 4, 3), BusinessHours("Pacific/Kiritimati", NIGHTS)),
    HoursFrom(date(2026, 4, 5), BusinessHours("Pacific/Pago_Pago", NIGHTS)),
)
MOVED = calendar_of(VERSIONS, date(2026, 3, 30))
START = to_minutes(datetime(2026, 3, 25, tzinfo=UTC))


def is_open(minute):
    """Whether a minute is open: by the last version whose first day has begun in its own zone."""
    holding = [
        version.hours
        for version in VERSIONS
        if version.from_day is None
        or minute
        >= to_minutes(
            datetime.combine(version.from_day, datetime.min.time(), ZoneInfo(version.hours.timezone))
        )
    ][-1]
    local = from_minutes(minute).astimezone(ZoneInfo(holding.timezone))
    code, _, region = holding.country.partition("-")
    if code and local.date() in holidays.country_holidays(code, subdiv=region or None):
        return False
    if any(closed.first <= local.date() <= closed.last for closed in holding.closed_days):
        return False
    wall = local.hour * 60 + local.minute
    return any(opens <= wall < closes for opens, closes in holding.shifts[local.weekday()])


@pytest.fixture(scope="module")
def counted():
    """Open minutes up to each minute of two weeks, counted one by one."""
    return np.concatenate([[0], np.cumsum([is_open(START + minute) for minute in range(14 * 1440)])])


def test_every_minute_goes_by_the_version_of_its_day(counted):
    minutes = np.arange(START, START + 14 * 1440 + 1)
    assert (business_minutes(MOVED, START, minutes) == counted).all()


@settings(max_examples=30)
@given(st.integers(0, 9 * 1440), st.integers(1, 900))
def test_due_is_the_first_instant_by_which_the_minutes_have_passed(offset, promised):
    intervals = open_intervals(MOVED, date(2026, 3, 23), date(2026, 4, 20))
    due = intervals.due(START + offset, promised)
    assert intervals.business_minutes(START + offset, due) == promised
    assert intervals.business_minutes(START + offset, due - 1) == promised - 1
    many = intervals.due_many([START + offset] * 2, [promised, 0])
    assert many.tolist() == [due, START + offset]


def test_what_holds_today_can_be_used_as_plain_hours():
    assert isinstance(MOVED, Calendar) and MOVED.timezone == "America/New_York" and MOVED.shifts == NIGHTS
    assert calendar_of(VERSIONS[:1], date(2026, 3, 30)) is BERLIN
    for wrong in ((), VERSIONS[1:], (VERSIONS[0], VERSIONS[2], VERSIONS[1]), (VERSIONS[0], VERSIONS[0])):
        with pytest.raises(ValueError):
            calendar_of(wrong, date(2026, 3, 30))


def test_hours_that_are_written_down_are_read_back():
    assert from_document(to_document(BERLIN)) == BERLIN
    assert from_document({"timezone": "UTC", "shifts": [[]] * 7, "country": ""}).closed_days == ()


def test_open_days_leave_out_weekends_holidays_and_closed_days():
    assert open_days(BERLIN, date(2026, 3, 23), date(2026, 3, 31)) == [
        date(2026, 3, day) for day in (23, 24, 25, 30, 31)
    ]
    assert open_days(BERLIN, date(2026, 4, 3), date(2026, 4, 6)) == []  # Good Friday to Easter Monday
    assert open_days(MOVED, date(2026, 3, 29), date(2026, 3, 30)) == [date(2026, 3, 29), date(2026, 3, 30)]
    assert open_days(BERLIN, date(2026, 3, 2), date(2026, 3, 1)) == []


@pytest.mark.parametrize(
    ("shifts", "minutes"),
    [
        ((((540, 1020),),) * 5 + ((), ()), 64 * 60),
        ((((0, 1440),),) * 7, 0),
        (((),) * 7, 7 * 1440),
        (((), (), ((600, 660),), (), (), (), ()), 7 * 1440 - 60),
        ((((0, 720), (780, 1440)),) * 7, 60),
    ],
)
def test_the_longest_time_that_nobody_works(shifts, minutes):
    assert longest_closure(BusinessHours("UTC", shifts)) == minutes


def test_a_monthly_number_is_pro_rated_by_business_days():
    hours = BusinessHours("Europe/Berlin", country="DE")
    assert target(22, hours, date(2026, 3, 1), date(2026, 3, 31)) == pytest.approx(22)
    assert target(22, hours, date(2026, 3, 2), date(2026, 3, 6)) == pytest.approx(5)
    whole = target(30, hours, date(2026, 2, 10), date(2026, 4, 20))
    parts = [
        (date(2026, 2, 10), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 4, 2)),
        (date(2026, 4, 3), date(2026, 4, 20)),
    ]
    assert whole == pytest.approx(sum(target(30, hours, *part) for part in parts))
    closed = BusinessHours("UTC", closed_days=(ClosedDays(date(2026, 3, 1), date(2026, 3, 31)),))
    assert target(30, closed, date(2026, 3, 1), date(2026, 3, 31)) == 0
    assert months(date(2026, 12, 31), date(2027, 1, 1)) == [
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 31)),
    ]


@pytest.mark.parametrize(
    ("delivered", "accepted", "decided", "over", "verdict"),
    [
        (90, 54, 90, True, Verdict.KEPT),
        (89, 89, 89, True, Verdict.BROKEN),
        (200, 100, 200, True, Verdict.BROKEN),  # volume alone is no way
        (90, 0, 0, True, Verdict.CANNOT_TELL),
        (10, 0, 0, True, Verdict.BROKEN),
        (90, 54, 90, False, Verdict.ON_COURSE),
        (10, 10, 10, False, Verdict.BEHIND),
    ],
)
def test_a_delivery_is_kept_by_enough_leads_of_which_enough_are_accepted(
    delivered, accepted, decided, over, verdict
):
    assert judge_delivery(delivered, 90, accepted, decided, 0.6, over=over) is verdict


def test_lengths_of_time_are_said_as_people_do():
    assert [spoken_minutes(m) for m in (0, 45, 60, 90, 3840)] == [
        "0 min",
        "45 min",
        "1 h",
        "1 h 30 min",
        "64 h",
    ]
