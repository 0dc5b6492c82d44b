"""Objections as claims: what can be claimed, and what a figure says of one."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from alignment.errors import InvalidInput
from alignment.objections import (
    Claim,
    Comparison,
    Evidence,
    ObjectionState,
    amount_in_words,
    caution_of,
    check_claim,
    claim_in_words,
    evidence_in_words,
    judge,
    outcome_in_words,
)
from alignment.statistics import Interval, wilson

TODAY = date(2026, 3, 2)
CLAIM = Claim("win_rate:won", Comparison.BELOW, 0.2, TODAY, date(2026, 6, 30))


def share(numerator, denominator):
    value = numerator / denominator if denominator else None
    interval = wilson(numerator, denominator) if denominator else None
    return Evidence(value, numerator, denominator, interval, "2026-07-01T00:00:00.000000Z", "v1")


def count(number):
    return Evidence(float(number), number, number, None, "2026-07-01T00:00:00.000000Z", "v1")


@pytest.mark.parametrize(
    ("numerator", "denominator", "state"),
    [
        (5, 100, ObjectionState.CONFIRMED),
        (19, 100, ObjectionState.UNDECIDED),  # below, but the interval reaches over 20 %
        (20, 100, ObjectionState.NOT_CONFIRMED),  # exactly at the value is not below it
        (40, 100, ObjectionState.NOT_CONFIRMED),
        (0, 9, ObjectionState.UNDECIDED),  # too few
        (0, 0, ObjectionState.UNDECIDED),
    ],
)
def test_a_share_confirms_a_claim_only_beyond_chance(numerator, denominator, state):
    assert judge(CLAIM, share(numerator, denominator)) is state


@pytest.mark.parametrize(
    ("numerator", "state"),
    [
        (60, ObjectionState.CONFIRMED),
        (23, ObjectionState.UNDECIDED),
        (5, ObjectionState.NOT_CONFIRMED),
    ],
)
def test_a_claim_above_mirrors_one_below(numerator, state):
    assert judge(replace(CLAIM, comparison=Comparison.ABOVE), share(numerator, 100)) is state


def test_a_share_without_an_interval_decides_nothing():
    assert judge(CLAIM, replace(share(5, 100), interval=None)) is ObjectionState.UNDECIDED


def test_a_count_speaks_for_itself():
    claim = replace(CLAIM, measure="volume:mql", value=90)
    assert judge(claim, count(89)) is ObjectionState.CONFIRMED
    assert judge(claim, count(90)) is ObjectionState.NOT_CONFIRMED
    assert judge(claim, count(0)) is ObjectionState.CONFIRMED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measure": "mood"}, "Choose the figure"),
        ({"measure": None}, "Choose the figure"),
        ({"comparison": "near"}, "below or above"),
        ({"value": "a lot"}, "has to be a number"),
        ({"value": True}, "has to be a number"),
        ({"value": float("nan")}, "has to be a number"),
        ({"value": 20}, "at most 100%"),
        ({"value": 0}, "never below 0%"),
        ({"comparison": "above", "value": 1}, "never above 100%"),
        ({"measure": "volume:mql", "value": -1}, "from 0 to"),
        ({"first_day": "soon"}, "first and its last day"),
        ({"first_day": date(2026, 8, 1), "last_day": date(2026, 7, 1)}, "Swap the days"),
        ({"first_day": date(2026, 1, 1), "last_day": date(2026, 3, 1)}, "what is known already"),
        ({"first_day": date(2026, 1, 1)}, "what is known already"),
        ({"first_day": datetime(2026, 4, 1)}, "first and its last day"),
        ({"last_day": TODAY + timedelta(days=800)}, "two years"),
        ({"field": "source"}, "both a field and its value"),
        ({"field_value": "webinar"}, "both a field and its value"),
        ({"field": "source", "field_value": "x" * 501}, "characters"),
    ],
)
def test_what_cannot_be_claimed_is_refused_with_what_to_change(changes, said):
    asked = {
        "measure": "win_rate:won",
        "comparison": "below",
        "value": 0.2,
        "first_day": TODAY,
        "last_day": date(2026, 6, 30),
    } | changes
    with pytest.raises(InvalidInput, match=said):
        check_claim(**asked, today=TODAY)


def test_a_claim_reads_as_a_sentence():
    claim = check_claim(
        "conversion_of_all:mql:won",
        "below",
        0.055,
        TODAY,
        date(2026, 6, 30),
        TODAY,
        field="source",
        field_value="webinar",
    )
    assert claim_in_words(claim) == (
        "From 2 March 2026 to 30 June 2026 the conversion from MQL to won (leads whose source is “webinar”) is below 5.5%"
    )
    assert claim.only == ("source", "webinar")
    assert claim.decided_on == date(2026, 7, 1)


def test_what_was_found_is_said_with_its_interval_and_never_more_than_it_carries():
    assert evidence_in_words(CLAIM, share(7, 31)) == "22.6% (7 of 31; 11.4% to 39.8%)"
    assert evidence_in_words(CLAIM, share(1, 9)) == "1 of 9: too few leads for a share"
    assert evidence_in_words(CLAIM, share(0, 0)) == "no figure: no lead counts"
    assert amount_in_words(replace(CLAIM, measure="volume:mql"), 1234) == "1,234"
    assert "more than chance" in outcome_in_words(CLAIM, share(5, 100), ObjectionState.CONFIRMED)
    assert "chance could explain" in outcome_in_words(CLAIM, share(19, 100), ObjectionState.UNDECIDED)
    volume = replace(CLAIM, measure="volume:mql", value=1000)
    assert outcome_in_words(volume, count(999), ObjectionState.CONFIRMED) == (
        "The figure was 999. That is below 1,000."
    )
    assert "Too few" in outcome_in_words(CLAIM, share(1, 9), ObjectionState.UNDECIDED)
    assert "not below 20%" in outcome_in_words(CLAIM, share(30, 100), ObjectionState.NOT_CONFIRMED)


def test_an_interval_that_touches_the_value_proves_nothing():
    touching = replace(share(10, 100), interval=Interval(0.05, 0.2))
    assert judge(CLAIM, touching) is ObjectionState.UNDECIDED


def test_a_claim_too_short_for_its_figure_is_told_before_it_is_recorded():
    first = date(2026, 1, 1)
    assert caution_of(first, first, None) == "", "nothing is followed"
    short = caution_of(first, date(2026, 1, 30), 30)
    assert "over 30 days ends before any of them was" in short and "1 March 2026" in short
    assert "over 1 day ends" in caution_of(first, first, 30)
    some = caution_of(first, date(2026, 2, 10), 30)
    assert "its first 11 days" in some and "1 March 2026" in some
    assert caution_of(first, date(2026, 3, 1), 30) == "", "half of its leads are followed to the end"
    assert caution_of(date(2026, 2, 2), first, 30) == "", "the wrong way round is refused elsewhere"


def test_leads_that_nobody_could_follow_for_long_enough_are_not_too_few():
    young = Evidence(None, 40, 400, None, "2026-06-11T00:00:00.000000Z", "v1")
    claim = Claim("conversion_of_all:mql:won", Comparison.BELOW, 0.2, date(2026, 6, 1), date(2026, 6, 10))
    said = outcome_in_words(claim, young, judge(claim, young))
    assert "none of 400 leads could be followed for long enough" in said and "too few days" in said
