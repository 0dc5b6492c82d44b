"""Classes of a number that people can read: round, few, and wide enough for all numbers."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alignment.field_spread import MOST_CLASSES, round_classes

numbers = st.one_of(
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: float(f"{value:.6g}")),
    st.integers(0, 100_000).map(float),
    st.just(0.0),
)


@given(st.lists(numbers, min_size=5, max_size=5), st.lists(numbers, max_size=3), st.booleans())
def test_classes_are_few_rising_and_named_and_hold_every_number(values, marks, whole):
    if whole:
        values = [float(round(value)) for value in values]
    low, first, middle, last, high = sorted(values)
    found = round_classes(low, high, middle, (first, last), whole, marks)
    assert 1 <= len(found.labels) <= MOST_CLASSES
    assert len(found.edges) == len(found.labels) + 1
    assert all(math.isfinite(edge) for edge in found.edges)
    assert all(one < other for one, other in pairwise(found.edges))
    assert len(set(found.labels)) == len(found.labels)
    if found.logarithmic:
        assert found.edges[0] > 0
    if low < found.edges[0]:
        assert found.labels[0].startswith("under") or found.labels[0] == "0"
    if high >= found.edges[-1]:
        assert found.labels[-1].endswith("or more")
    for mark in marks:
        if low <= mark <= high and not found.logarithmic:
            assert found.edges[0] <= mark < found.edges[-1]


def test_skewed_numbers_grow_and_others_go_in_even_steps():
    skewed = round_classes(1, 60_000, 60, (2, 2000), True)
    assert skewed.logarithmic
    assert skewed.labels[0] == "under 2" and skewed.labels[-1].endswith("or more")
    assert "50–99" in skewed.labels
    even = round_classes(0, 40, 20, (0, 39), True)
    assert not even.logarithmic
    assert even.edges[:3] == (0, 5, 10) and even.labels[:2] == ("0–4", "5–9")


def test_one_number_has_one_class_and_nought_is_named():
    assert round_classes(7, 7, 7, (7, 7), True).labels == ("7",)
    assert round_classes(0, 0, 0, (0, 0), True).labels == ("0",)
    assert round_classes(0, 90, 1, (0, 30), True).labels[:2] == ("0", "1")
