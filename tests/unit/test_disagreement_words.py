"""Numbers with what they count."""

import pytest

from alignment.disagreement.words import with_unit


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "hours", "1 hour"),
        (1, "working hours", "1 working hour"),
        (1, "times a week", "1 time a week"),
        (1, "people", "1 person"),
        (1, "of 100 leads", "1 of 100 leads"),
        (1, "Stunden", "1 Stunden"),
        (1.5, "hours", "1.5 hours"),
        (20, "employees", "20 employees"),
        (1, "", "1"),
    ],
)
def test_one_is_said_in_the_singular_where_the_word_is_known(value, unit, said):
    assert with_unit(value, unit) == said
