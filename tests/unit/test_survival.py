"""Shares that get there where others are gone, against counting, against weighting by censoring, and published figures."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.shrinkage import shrink
from alignment.statistics import wilson
from alignment.survival import cumulative_incidence

PEOPLE = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["event", "other", "waiting"])), min_size=1, max_size=60
)


def counted(people):
    times = sorted({time for time, _ in people})
    kinds = [[people.count((time, kind)) for time in times] for kind in ("event", "other", "waiting")]
    return cumulative_incidence(times, *kinds)


@given(PEOPLE)
@settings(max_examples=60)
def test_incidence_weights_each_event_by_the_chance_of_still_being_followed(people):
    """The same estimate in another way: each event stands for 1 / G people, G the share not censored before it."""
    curve = counted(people)
    still, last = 1.0, 0
    followed = {}
    for time in range(13):
        followed[time] = still
        # those whose time ends here by an event or otherwise are gone before anybody is censored here
        at_risk = sum(t > time or (t == time and kind == "waiting") for t, kind in people)
        censored = people.count((time, "waiting"))
        if at_risk:
            still *= 1 - censored / at_risk
    for time in range(13):
        last = sum(1 / followed[t] for t, kind in people if kind == "event" and t <= time) / len(people)
        share = curve.at(time)
        assert share is None or math.isclose(share, last, abs_tol=1e-9)
    ends = [kind for t, kind in people if t == max(t for t, _ in people)]
    assert (curve.at(13) is None) == ("waiting" in ends)


@given(PEOPLE)
@settings(max_examples=60)
def test_where_everybody_was_followed_it_is_the_share_with_wilsons_interval(people):
    followed = [(time if kind != "waiting" else 12, kind) for time, kind in people]
    curve = counted(followed)
    for time in range(12):
        events = sum(kind == "event" and t <= time for t, kind in followed)
        n = len(followed)
        assert math.isclose(curve.at(time), events / n, abs_tol=1e-12)
        assert math.isclose(curve.variance_at(time), events * (n - events) / n**3, abs_tol=1e-12)
        if 0 < events < n:
            interval, expected = curve.interval_at(time), wilson(events, n)
            assert math.isclose(interval.low, expected.low, abs_tol=1e-9)
            assert math.isclose(interval.high, expected.high, abs_tol=1e-9)


def test_taking_competing_events_for_waiting_would_overstate():
    curve = cumulative_incidence([1, 5], [0, 10], [30, 0], [0, 0])
    mistaken = cumulative_incidence([1, 5], [0, 10], [0, 0], [30, 0])
    assert (curve.at(5), mistaken.at(5)) == (0.25, 1.0)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    draw = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        times, follow = draw.integers(1, 61, 150), draw.integers(10, 90, 150)
        kind = draw.random(150)
        ends = np.where(kind < 0.7, times, 1_000)
        seen = np.minimum(ends, follow)
        happened, other = (ends <= follow) & (kind < 0.3), (ends <= follow) & (kind >= 0.3)
        curve = cumulative_incidence(seen, happened, other, ~(happened | other))
        interval = curve.interval_at(30)
        held += interval.low <= 0.15 <= interval.high
    assert 0.925 <= held / 400 <= 0.98


def test_the_time_of_half_the_wins_counts_those_that_have_not_come_yet():
    # a hundred wins, evenly over a hundred days; half of the leads were followed for fifty days only
    times = np.arange(1, 101)
    events = np.where(times <= 50, 2, 1)
    censored = np.where(times == 50, 50, 0)
    curve = cumulative_incidence(times, events, np.zeros(100), censored)
    assert curve.time_of(0.5) == 50
    interval = curve.time_interval(0.5)
    assert 35 < interval.low < 50 < interval.high < 65
    assert cumulative_incidence([3], [0], [0], [4]).time_of(0.5) is None


@pytest.mark.parametrize(
    "counts",
    [([1.0], [-1], [0], [0]), ([math.nan], [1], [0], [0]), ([1, 2], [1], [0], [0]), ([-1], [1], [0], [0])],
)
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError):
        cumulative_incidence(*counts)


# rates of many groups ----------------------------------------------------------------------------------------------

RATS = """0/20 0/20 0/20 0/20 0/20 0/20 0/20 0/19 0/19 0/19 0/19 0/18 0/18 0/17 1/20 1/20 1/20 1/20 1/19 1/19 1/18 1/18
2/25 2/24 2/23 2/20 2/20 2/20 2/20 2/20 2/20 1/10 5/49 2/19 5/46 3/27 2/17 7/49 7/47 3/20 3/20 2/13 9/48 10/50 4/20 4/20
4/20 4/20 4/20 4/20 4/20 10/48 4/19 4/19 4/19 5/22 11/46 12/49 5/20 5/20 6/23 5/19 6/22 6/20 6/20 6/20 16/52 15/46 15/47
9/24 4/14"""


def test_rates_are_those_of_the_published_example():
    """Gelman et al., Bayesian Data Analysis, 5.3: tumours in 71 groups of rats; α about 2.4 and β about 14.3."""
    pairs = [tuple(int(part) for part in pair.split("/")) for pair in RATS.split()]
    found = shrink([hit for hit, _ in pairs], [n for _, n in pairs])
    assert math.isclose(found.overall, 2.4 / 16.7, abs_tol=0.004)
    assert 13 < found.concentration < 20
    assert 0.06 < found.rates[0].mean < 0.07  # 0 of 20
    assert math.isclose(found.rates[-1].mean, (2.4 + 4) / (16.7 + 14), abs_tol=0.01)  # 4 of 14


@given(
    st.lists(
        st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=25)
def test_each_rate_lies_in_its_interval_and_between_its_own_and_the_rest(pairs):
    found = shrink([hit for hit, _ in pairs], [n for _, n in pairs])
    for (hit, n), rate in zip(pairs, found.rates, strict=True):
        assert 0 <= rate.interval.low <= rate.mean <= rate.interval.high <= 1
        if n:
            low, high = sorted((hit / n, found.overall))
            assert low - 0.05 <= rate.mean <= high + 0.05


def test_many_leads_speak_for_themselves_and_few_for_hardly_anything():
    found = shrink([30, 5, 300, 290, 310], [100, 5, 1000, 1000, 1000])
    assert math.isclose(found.rates[2].mean, 0.3, abs_tol=0.01)
    assert found.rates[1].mean < 0.6
    assert found.rates[1].interval.high - found.rates[1].interval.low > 3 * (
        found.rates[2].interval.high - found.rates[2].interval.low
    )
    with pytest.raises(ValueError):
        shrink([2], [1])
    with pytest.raises(ValueError):
        shrink([], [])
