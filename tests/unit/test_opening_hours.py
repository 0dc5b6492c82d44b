"""Business hours as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.errors import InvalidInput
from alignment.opening_hours import read_shifts, write_shifts


@given(st.lists(st.integers(0, 1440), unique=True, max_size=8).map(sorted))
def test_hours_that_are_written_are_read_back(minutes):
    shifts = tuple(zip(minutes[::2], minutes[1::2], strict=False))
    assert read_shifts(write_shifts(shifts), "Monday") == shifts


@pytest.mark.parametrize(
    ("text", "shifts"),
    [
        ("9-17", ((540, 1020),)),
        ("09:00 – 12:30; 13.30 to 17:00", ((540, 750), (810, 1020))),
        ("0-24", ((0, 1440),)),
        ("", ()),
        (" closed ", ()),
    ],
)
def test_the_usual_ways_of_writing_are_understood(text, shifts):
    assert read_shifts(text, "Monday") == shifts


def test_hours_of_a_clock_of_twelve_are_answered_with_what_was_meant():
    with pytest.raises(InvalidInput) as refused:
        read_shifts("9 to 5", "Monday")
    assert str(refused.value) == "Monday 09:00–05:00 ends before it begins. Write 09:00-17:00."


@pytest.mark.parametrize("text", ["x", "17-9", "9-9", "9-25", "9-12,11-13", "9:60-10", "9", "9-12,"])
def test_other_text_is_refused_with_the_day(text):
    with pytest.raises(InvalidInput, match="Monday"):
        read_shifts(text, "Monday")
