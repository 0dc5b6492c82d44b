"""A recap claims no more than the interval of the difference carries."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.recap import FEWEST_LEADS, Outcome, Share, from_document, judge, summarise


def verdict(before, after, readable_on=None):
    return judge("acceptance", "Acceptance", Share(*before), Share(*after), readable_on)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ((300, 500), (350, 500), Outcome.IMPROVED),
        ((350, 500), (300, 500), Outcome.WORSE),
        ((300, 500), (310, 500), Outcome.NO_DETECTABLE_CHANGE),
        ((18, 30), (24, 30), Outcome.NO_DETECTABLE_CHANGE),
        ((300, 500), (29, 29), Outcome.TOO_EARLY),
        ((300, 500), (0, 0), Outcome.TOO_EARLY),
        ((5, 10), (450, 500), Outcome.NO_DETECTABLE_CHANGE),
        ((0, 0), (450, 500), Outcome.NO_DETECTABLE_CHANGE),
        ((0, 100), (0, 100), Outcome.NO_DETECTABLE_CHANGE),
        ((100, 100), (100, 100), Outcome.NO_DETECTABLE_CHANGE),
    ],
)
def test_the_outcome_follows_from_the_interval_and_the_numbers(before, after, outcome):
    assert verdict(before, after).outcome is outcome


def test_the_sentence_has_both_shares_and_the_interval():
    # Newcombe's method 10 by hand: 350/500 and 300/500, Wilson limits (.6585, .7385) and (.5564, .6421)
    found = verdict((300, 500), (350, 500))
    assert found.sentence == "Acceptance rose from 60% to 70% (95% interval +4.1 to +15.8 points)."
    assert found.interval.low == pytest.approx(0.0408, abs=5e-4)
    assert found.interval.high == pytest.approx(0.1579, abs=5e-4)


def test_no_detectable_change_says_what_could_have_been_missed():
    assert "cannot be ruled out" in verdict((300, 500), (310, 500)).sentence


def test_too_early_says_when_it_can_be_read():
    found = verdict((300, 500), (3, 5, 12), date(2027, 3, 14))
    assert found.sentence == (
        "Acceptance: too early to tell; only 5 leads count so far, 12 leads more are still under way. "
        "Readable on about 14 March 2027."
    )
    assert found.readable_on == date(2027, 3, 14)


def test_the_summary_counts_in_words():
    verdicts = [
        verdict((300, 500), (350, 500)),
        verdict((300, 500), (350, 500)),
        verdict((300, 500), (0, 0)),
    ]
    assert summarise(verdicts) == "Of three measures, two improved and one cannot be read yet."
    assert summarise([]) == "There is nothing to compare yet."


def test_the_summary_names_the_measures_with_their_figures():
    verdicts = [
        verdict((300, 500), (350, 500)),
        judge("speed", "Follow-up", Share(300, 500), Share(310, 500), None),
        judge("conversion", "Conversion from MQL to won", Share(300, 500), Share(0, 0), None),
    ]
    names = {"acceptance": "Acceptance", "speed": "Follow-up", "conversion": "Conversion from MQL to won"}
    assert summarise(verdicts, names) == (
        "Of three measures, one improved (acceptance from 60% to 70%), one shows no detectable change (follow-up from 60% "
        "to 62%) and one cannot be read yet (conversion from MQL to won)."
    )


shares = st.integers(0, 2000).flatmap(
    lambda n: st.builds(Share, st.integers(0, n), st.just(n), st.integers(0, 50))
)


@given(shares, shares, st.none() | st.dates())
def test_any_two_sides_get_one_verdict_that_survives_being_kept(before, after, readable_on):
    found = judge("m", "Measure", before, after, readable_on)
    assert from_document(found.as_document()) == found
    if found.outcome in (Outcome.IMPROVED, Outcome.WORSE):
        assert min(before.n, after.n) >= FEWEST_LEADS
        assert (found.difference > 0) is (found.outcome is Outcome.IMPROVED)
    assert "nan" not in found.sentence.lower()


@given(shares, shares)
def test_turning_time_round_turns_the_verdict_round(before, after):
    there, back = judge("m", "M", before, after), judge("m", "M", after, before)
    if min(before.n, after.n) >= FEWEST_LEADS:
        turned = {Outcome.IMPROVED: Outcome.WORSE, Outcome.WORSE: Outcome.IMPROVED}
        assert back.outcome is turned.get(there.outcome, there.outcome)
