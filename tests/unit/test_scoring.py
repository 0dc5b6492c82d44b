"""How well a score tells won from lost leads, by counting pairs; and the smallest change between two, by trying all."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.scoring import (
    Proposal,
    ScoreCell,
    approach,
    area_interval,
    bands_of,
    bounds_of,
    lift_at,
    roc_of,
)
from alignment.what_if import Outcomes


def cell(points, won, lost, others=0):
    return ScoreCell(points, Outcomes(won + lost + others, won, lost, others))


cells = st.dictionaries(
    st.integers(-3, 9), st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6
).map(lambda found: [cell(float(points), *of) for points, of in found.items()])


@settings(max_examples=60, deadline=None)
@given(cells)
def test_the_area_is_how_often_a_won_lead_has_more_points(found):
    won = [one.points for one in found for _ in range(one.outcomes.won)]
    lost = [one.points for one in found for _ in range(one.outcomes.lost)]
    roc = roc_of(found)
    if not won or not lost:
        assert roc is None
        return
    pairs = [(one > other) + (one == other) / 2 for one in won for other in lost]
    assert roc.area == pytest.approx(sum(pairs) / len(pairs))
    assert 0 <= roc.interval.low <= roc.interval.high <= 1
    assert roc.curve[0] == (0, 0)
    assert roc.curve[-1] == pytest.approx((1, 1))
    under = sum(
        (right - left) * (low + high) / 2
        for (left, low), (right, high) in zip(roc.curve, roc.curve[1:], strict=False)
    )
    assert under == pytest.approx(roc.area)


def test_an_interval_holds_what_a_score_tells_and_narrows_with_more_leads():
    few, many = ([cell(1, 3 * n, 5 * n), cell(2, 5 * n, 3 * n)] for n in (5, 100))
    wide, narrow = roc_of(few), roc_of(many)
    assert wide.area == narrow.area
    assert wide.interval.low < wide.area < wide.interval.high
    assert narrow.interval.high - narrow.interval.low < (wide.interval.high - wide.interval.low) / 2
    assert not roc_of([cell(1, 29, 100)]).tells
    assert roc_of([cell(1, 30, 100)]).tells


@pytest.mark.parametrize("apart", [0.0, 1.0, 2.6, 3.3, 4.4])
def test_the_interval_holds_the_area_as_often_as_it_says_however_well_a_score_tells(apart):
    random = np.random.default_rng(1)

    def areas(won, lost, samples):
        one = np.round(random.normal(apart, 1, (samples, won)) * 3)[:, :, None]
        other = np.round(random.normal(0, 1, (samples, lost)) * 3)[:, None, :]
        return ((one > other) + (one == other) / 2).mean(axis=(1, 2))

    truth = areas(2_000, 2_000, 1)[0]
    for won, lost in ((30, 30), (30, 200)):
        found = [area_interval(area, won, lost) for area in areas(won, lost, 300)]
        assert sum(one.low <= truth <= one.high for one in found) >= 0.92 * len(found)


def test_a_score_that_tells_all_leads_apart_is_not_sure_to_tell_the_next_ones():
    roc = roc_of([cell(2, 30, 0), cell(1, 0, 30)])
    assert roc.area == roc.interval.high == 1 and 0.9 < roc.interval.low < 0.95
    other = roc_of([cell(1, 30, 0), cell(2, 0, 30)])
    assert other.area == other.interval.low == 0
    assert other.interval.high == pytest.approx(1 - roc.interval.low)
    assert area_interval(0.7, 1, 1).low < 0.2


def test_lift_takes_a_share_of_those_with_the_same_points():
    found = [cell(10, 8, 2), cell(5, 10, 30), cell(0, 2, 48)]
    assert lift_at(found, 10).rate == 0.8
    assert lift_at(found, 10).base == 0.2
    assert lift_at(found, 10).lift == pytest.approx(4)
    edge = lift_at(found, 30)  # the ten first and half of the next forty
    assert edge.won == pytest.approx(8 + 5)
    assert edge.rate == pytest.approx(13 / 30)
    assert lift_at(found, 1_000).lift == pytest.approx(1)
    assert lift_at(found, 1_000).taken == 100
    assert lift_at(found, 0) is None
    assert lift_at([cell(1, 0, 5)], 3) is None


def test_bands_hold_every_lead_once():
    found = [cell(points, 1, 2, 3) for points in (-5.0, 0.0, 24.9, 25.0, 49.0, 50.0, 80.0)]
    bands = bands_of(found, bounds_of(50))
    assert [band.label for band in bands] == [
        "75 points or more",
        "50 to under 75 points",
        "25 to under 50 points",
        "under 25 points",
    ]
    assert [band.outcomes.won for band in bands] == [1, 1, 2, 3]
    assert bounds_of(0) == (0,)


def by_trying(first, second, profiles):
    """The least that has to be moved, by trying all whole numbers between both proposals."""
    names = sorted({*first.points, *second.points})
    now = [[*(of.points.get(name, 0) for name in names), of.threshold] for of in (first, second)]
    between = [range(int(min(pair)), int(max(pair)) + 1) for pair in zip(*now, strict=True)]
    choices = list(product(*between))
    moved = [[sum(abs(a - b) for a, b in zip(choice, of, strict=True)) for choice in choices] for of in now]
    bands = [
        tuple(Proposal(dict(zip(names, choice, strict=False)), choice[-1]).band(kind) for kind in profiles)
        for choice in choices
    ]
    cheapest = [{}, {}]
    for side in (0, 1):
        for cost, order in zip(moved[side], bands, strict=True):
            cheapest[side][order] = min(cost, cheapest[side].get(order, cost))
    return min(cheapest[0][order] + cheapest[1][order] for order in cheapest[0] if order in cheapest[1])


small = st.integers(0, 4)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(small, small, small),
    st.tuples(small, small, small),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sets(st.frozensets(st.sampled_from("abc")), min_size=1, max_size=6),
)
def test_no_smaller_change_brings_both_to_one_order_of_bands(first, second, one, other, kinds):
    mine, theirs = (
        Proposal(dict(zip("abc", points, strict=True)), threshold)
        for points, threshold in ((first, one), (second, other))
    )
    found = approach(mine, theirs, {kind: 1 + len(kind) for kind in kinds})
    assert found.proven
    assert found.moved == by_trying(mine, theirs, kinds)
    for kind in kinds:
        assert found.first.band(kind) == found.second.band(kind)
    assert (found.apart == 0) == all(mine.band(kind) == theirs.band(kind) for kind in kinds)
    assert (found.moved == 0) == (found.apart == 0)


def test_points_in_halves_stay_so_and_nothing_is_found_without_leads_or_threshold():
    mine, theirs = Proposal({"a": 1.5, "b": 3}, 3), Proposal({"a": 3, "b": 1}, 3)
    found = approach(mine, theirs, {frozenset("a"): 5, frozenset("b"): 5, frozenset("ab"): 2})
    assert found.first.band(frozenset("a")) == found.second.band(frozenset("a"))
    assert all((worth * 2) == round(worth * 2) for worth in found.first.points.values())
    assert approach(mine, theirs, {}) is None
    assert approach(Proposal({"a": 1}, 0), theirs, {frozenset("a"): 1}) is None
