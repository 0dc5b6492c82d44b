"""Drift as shares over weeks: what counts, and when a limit is really exceeded."""

from datetime import date

import numpy as np
import pytest

from alignment.drift import (
    DriftKind,
    DriftShare,
    DriftWeek,
    check_limits,
    drift_in_words,
    judged_weeks,
    reasons_of,
    share_of,
)
from alignment.errors import InvalidInput

MONDAYS = [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19), date(2026, 1, 26), date(2026, 2, 2)]


def test_unknown_leads_and_undecided_ones_count_in_no_share():
    weeks = [
        DriftWeek(MONDAYS[0], passed=30, failed=10, unknown=50, decided=20, rejected={"no_budget": 4}),
        DriftWeek(
            MONDAYS[1], passed=50, failed=10, unknown=9, decided=30, rejected={"no_budget": 1, "no_need": 5}
        ),
    ]
    assert share_of(DriftKind.BREAKS, weeks) == DriftShare(20, 100)
    assert share_of(DriftKind.UNCOVERED, weeks) == DriftShare(10, 50)
    assert list(reasons_of(weeks).items()) == [("no_budget", 5), ("no_need", 5)]


def test_only_the_last_complete_weeks_are_judged():
    weeks = [DriftWeek(monday) for monday in MONDAYS]
    assert [week.monday for week in judged_weeks(weeks, date(2026, 2, 8))] == MONDAYS[:4]
    assert [week.monday for week in judged_weeks(weeks, date(2026, 2, 9))] == MONDAYS[1:]
    assert judged_weeks(weeks, date(2026, 6, 1)) == []


@pytest.mark.parametrize(
    ("share", "over", "said"),
    [
        (DriftShare(40, 100), True, "more than chance explains"),
        (DriftShare(13, 100), False, "chance could explain"),
        (DriftShare(5, 100), False, "within the limit"),
        (DriftShare(19, 19), False, "Too few leads to say: 19 of at least 20"),
        (DriftShare(0, 0), False, "Too few"),
    ],
)
def test_a_limit_is_exceeded_only_beyond_chance(share, over, said):
    assert share.is_over(0.1) is over
    assert said in drift_in_words(DriftKind.BREAKS, share, 0.1)


@pytest.mark.parametrize("limits", [(0, 0.4), (0.1, 1), (True, 0.4), ("a", 0.4), (float("nan"), 0.4)])
def test_a_limit_that_is_none_is_refused(limits):
    with pytest.raises(InvalidInput, match="between 0% and 100%"):
        check_limits(*limits)


@pytest.mark.parametrize(("limit", "a_week"), [(0.1, 25), (0.1, 100), (0.4, 25), (0.4, 100)])
def test_in_a_year_of_looking_every_week_a_share_at_its_limit_is_seldom_called_above_it(limit, a_week):
    random = np.random.default_rng(7)
    false_alarms = 0
    for _ in range(200):
        hits = random.binomial(a_week, limit, 55)
        looks = (DriftShare(int(hits[week : week + 4].sum()), 4 * a_week) for week in range(52))
        false_alarms += any(share.is_over(limit) for share in looks)
    assert false_alarms <= 24  # 12 %; with a 95 % interval it is more than half


def test_a_share_that_has_really_doubled_is_called_above_its_limit():
    assert DriftShare(17, 100).is_over(0.1) is False
    assert DriftShare(40, 200).is_over(0.1) is True
