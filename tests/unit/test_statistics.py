"""Estimates against scipy where it has them, against published or hand-worked examples where it has not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alignment.statistics import (
    Interval,
    benjamini_hochberg,
    confidence_of,
    critical_value,
    kaplan_meier,
    kaplan_meier_counts,
    newcombe,
    wilson,
)

counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
p_lists = st.lists(st.floats(0, 1), max_size=40)
durations = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40)

# Remission times of Freireich's 6-MP group, the textbook example of censored data; False = still in remission.
REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [True] * 9 + [False] * 12


@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_scipy(sample, confidence):
    successes, n = sample
    if n == 0:
        assert wilson(successes, n, confidence) is None
        return
    ours = wilson(successes, n, confidence)
    theirs = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)


@given(counts)
def test_wilson_holds_the_share_and_stays_within_0_and_1(sample):
    successes, n = sample
    if n:
        interval = wilson(successes, n)
        assert 0 <= interval.low <= successes / n <= interval.high <= 1


def test_impossible_counts_are_refused():
    for successes, n in [(3, 2), (-1, 2), (0, -1)]:
        with pytest.raises(ValueError):
            wilson(successes, n)


@pytest.mark.parametrize(
    ("a", "n_a", "b", "n_b", "low", "high"),
    # Newcombe 1998, table II, method 10.
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
        (5, 56, 0, 29, -0.0381, 0.1926),
    ],
)
def test_newcombe_gives_the_published_intervals(a, n_a, b, n_b, low, high):
    interval = newcombe(a, n_a, b, n_b)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(counts, counts)
def test_newcombe_mirrors_when_the_groups_are_swapped(first, second):
    one, other = newcombe(*first, *second), newcombe(*second, *first)
    if first[1] == 0 or second[1] == 0:
        assert one is None and other is None
    else:
        assert one.low == pytest.approx(-other.high, abs=1e-12)
        assert one.low <= first[0] / first[1] - second[0] / second[1] <= one.high


def test_critical_value_and_confidence_are_inverse():
    assert critical_value(0.95) == pytest.approx(stats.norm.ppf(0.975), abs=1e-9)
    assert confidence_of(critical_value(0.95)) == pytest.approx(0.95, abs=1e-12)
    with pytest.raises(ValueError):
        critical_value(1.0)


@given(p_lists)
def test_benjamini_hochberg_equals_scipy(p_values):
    expected = stats.false_discovery_control(p_values) if p_values else []
    assert benjamini_hochberg(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_benjamini_hochberg_refuses_what_is_no_p_value():
    for wrong in (float("nan"), -0.1, 1.1):
        with pytest.raises(ValueError):
            benjamini_hochberg([0.5, wrong])


def test_kaplan_meier_gives_the_textbook_curve():
    curve = kaplan_meier(REMISSION, RELAPSED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival == pytest.approx(
        [0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815, 0.448179], abs=1e-6
    )
    assert curve.median == 23
    assert curve.quantile(0.25) == 13
    assert curve.quantile(0.9) is None
    # What R's survfit(conf.type = "log-log") prints: 13 and NA.
    assert curve.median_interval() == Interval(13, math.inf)


@given(durations)
def test_kaplan_meier_equals_scipy(observations):
    times, seen = (np.array(column) for column in zip(*observations, strict=True))
    curve = kaplan_meier(times, seen)
    theirs = stats.ecdf(stats.CensoredData(uncensored=times[seen], right=times[~seen])).sf
    reached = np.isin(theirs.quantiles, curve.times)
    assert curve.times.tolist() == theirs.quantiles[reached].tolist()
    assert curve.survival == pytest.approx(theirs.probabilities[reached], abs=1e-12)


@given(durations)
def test_counts_give_the_same_curve_as_single_observations(observations):
    times = sorted({time for time, _ in observations}, reverse=True)
    events = [sum(t == time and seen for t, seen in observations) for time in times]
    censored = [sum(t == time and not seen for t, seen in observations) for time in times]
    grouped = kaplan_meier_counts(times, events, censored)
    single = kaplan_meier(*zip(*observations, strict=True))
    assert grouped.n == single.n == len(observations)
    assert grouped.survival.tolist() == single.survival.tolist()
    assert grouped.greenwood.tolist() == single.greenwood.tolist()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_without_censoring_the_median_is_the_lower_middle_value(values):
    curve = kaplan_meier(values, [True] * len(values))
    assert curve.median == sorted(values)[math.ceil(len(values) / 2) - 1]


@given(durations, st.sampled_from([0.25, 0.5, 0.9]))
def test_the_interval_of_a_quantile_holds_the_quantile(observations, q):
    curve = kaplan_meier(*zip(*observations, strict=True))
    interval, estimate = curve.quantile_interval(q), curve.quantile(q)
    if interval is None:
        assert estimate is None
    elif estimate is not None:
        assert interval.low <= estimate <= interval.high


def test_nobody_and_only_censored_people_have_no_median():
    for curve in (kaplan_meier([], []), kaplan_meier([5, 9], [False, False])):
        assert curve.median is None
        assert curve.median_interval() is None


def test_unanswered_leads_move_the_median_up():
    answered = [1.0, 2.0, 3.0, 4.0]
    assert kaplan_meier(answered, [True] * 4).median == 2
    assert kaplan_meier([*answered, 9.0, 9.0, 9.0], [True] * 4 + [False] * 3).median == 4


def test_durations_that_are_none_are_refused():
    for wrong in ([-1.0], [float("nan")], [float("inf")]):
        with pytest.raises(ValueError):
            kaplan_meier(wrong, [True])
    with pytest.raises(ValueError):
        kaplan_meier([1.0, 2.0], [True])
    with pytest.raises(ValueError):
        kaplan_meier_counts([1.0], [-1], [0])
    with pytest.raises(ValueError):
        kaplan_meier([1.0], [True]).quantile(0)
