"""Times by a company's clocks: what exists comes back as it was, what does not is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment import instants
from alignment.errors import InvalidInput

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1))


@given(moments, st.sampled_from(ZONES))
def test_an_instant_shown_by_local_clocks_and_read_back_is_the_same_or_the_other_of_two(moment, zone):
    instant = moment.replace(tzinfo=UTC)
    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    both = {instants.from_local(shown, zone), instants.from_local(shown, zone, later=True)}
    assert instants.to_text(instant) in both


@given(moments, st.sampled_from(ZONES))
def test_what_was_read_is_shown_again_or_refused_because_it_does_not_exist(shown, zone):
    try:
        first, second = instants.from_local(shown, zone), instants.from_local(shown, zone, later=True)
    except InvalidInput as refusal:
        assert "does not exist" in str(refusal)
        return
    assert first <= second
    for instant in (first, second):
        assert instants.from_text(instant).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown


def test_an_hour_that_the_clocks_skip_is_refused_and_one_that_they_repeat_has_a_first_and_a_second_time():
    with pytest.raises(InvalidInput, match=r"29 March 2026 .* Europe/Berlin .* 02:30 does not exist"):
        instants.from_local(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
    twice = datetime(2026, 10, 25, 2, 30)
    first = instants.from_text(instants.from_local(twice, "Europe/Berlin"))
    second = instants.from_text(instants.from_local(twice, "Europe/Berlin", later=True))
    assert second - first == timedelta(hours=1)


def test_a_time_that_already_has_a_zone_is_no_local_time():
    with pytest.raises(ValueError, match="zone"):
        instants.from_local(datetime(2026, 1, 1, tzinfo=UTC), "UTC")
