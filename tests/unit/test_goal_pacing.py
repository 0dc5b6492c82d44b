"""Shared goals: what can be one, when it counts, and what its pace says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.goals import (
    Agreement,
    Counted,
    Elapsed,
    Goal,
    GoalMeasure,
    GoalState,
    Target,
    Verdict,
    business_days,
    can_still_be_agreed,
    chance_interval,
    checked_period,
    checked_target,
    elapsed,
    pace,
)
from alignment.people import Team
from components.charts.dashboard import GoalBar, pace_in_words

BERLIN = BusinessHours(timezone="Europe/Berlin", country="DE")
TARGET = Target(GoalMeasure.QUALIFIED, 90)


def goal(**changes):
    given = {
        "id": "1",
        "title": "Spring",
        "outcome": Target(GoalMeasure.WON, 10),
        "contributions": {Team.MARKETING: TARGET, Team.SALES: Target(GoalMeasure.WON, 10)},
        "first_day": date(2026, 4, 1),
        "last_day": date(2026, 6, 30),
        "author_id": "p",
        "created_at": "2026-03-01T00:00:00.000000Z",
    }
    return Goal(**given | changes)


def test_a_goal_that_both_sides_have_not_agreed_to_before_its_period_has_lapsed():
    proposed = goal()
    assert proposed.state(date(2026, 3, 31)) is GoalState.PROPOSED
    assert proposed.state(date(2026, 4, 1)) is GoalState.LAPSED
    registered = goal(registered_at="2026-03-02T00:00:00.000000Z")
    assert registered.state(date(2026, 3, 31)) is GoalState.REGISTERED
    assert registered.state(date(2026, 6, 30)) is GoalState.RUNNING
    assert registered.state(date(2026, 7, 1)) is GoalState.OVER
    assert goal(withdrawn_at="x").state(date(2026, 3, 1)) is GoalState.WITHDRAWN


def test_the_period_begins_at_midnight_of_the_company_and_not_of_utc():
    assert can_still_be_agreed(goal(), "2026-03-31T21:59:59.000000Z", "Europe/Berlin")
    assert not can_still_be_agreed(goal(), "2026-03-31T22:00:00.000000Z", "Europe/Berlin")


def test_each_side_is_asked_for_its_own_agreement():
    agreed = goal(agreements=(Agreement(Team.SALES, "s", "2026-03-02T00:00:00.000000Z"),))
    assert agreed.agreed_by(Team.SALES) is not None
    assert agreed.agreed_by(Team.MARKETING) is None


def test_business_days_leave_out_weekends_and_holidays():
    days = business_days(BERLIN, date(2026, 4, 1), date(2026, 4, 8))
    # Good Friday and Easter Monday are holidays
    assert days == (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 7), date(2026, 4, 8))


def test_the_present_day_counts_by_its_business_minutes():
    noon = datetime(2026, 4, 7, 11, tzinfo=UTC)  # 13:00 in Berlin, half of 9 to 17
    assert elapsed(BERLIN, date(2026, 4, 1), date(2026, 4, 8), noon) == Elapsed(2.5, 4)
    before = datetime(2026, 3, 1, tzinfo=UTC)
    assert elapsed(BERLIN, date(2026, 4, 1), date(2026, 4, 8), before).share == 0
    after = datetime(2026, 5, 1, tzinfo=UTC)
    assert elapsed(BERLIN, date(2026, 4, 1), date(2026, 4, 8), after).share == 1


def judged(count, days, of=60, **changes):
    asked = {"begun": True, "over": False} | changes
    return pace(TARGET, Counted.leads(count), Elapsed(days, of), **asked).verdict


def test_behind_or_ahead_is_said_only_where_chance_does_not_explain_it():
    assert judged(40, 30) is Verdict.ON_COURSE  # 45 expected, 28.6 to 54.5 by chance
    assert judged(28, 30) is Verdict.BEHIND
    assert judged(65, 30) is Verdict.AHEAD
    assert judged(90, 30) is Verdict.REACHED
    assert judged(0, 3) is Verdict.TOO_EARLY
    assert judged(0, 0, begun=False) is Verdict.NOT_BEGUN
    assert judged(89, 60, over=True) is Verdict.MISSED


@pytest.mark.parametrize(
    ("actual", "said"),
    [
        (645, "36 behind an even pace (681 by now), which chance can explain; 37 business days left"),
        (681, "at an even pace (681 by now); 37 business days left"),
        (700, "19 ahead of an even pace (681 by now), which chance can explain; 37 business days left"),
        (900, "219 ahead of an even pace (681 by now), more than chance explains; 37 business days left"),
        (500, "181 behind an even pace (681 by now), more than chance explains; 37 business days left"),
    ],
)
def test_how_far_ahead_or_behind_is_said_in_numbers(actual, said):
    target = Target(GoalMeasure.QUALIFIED, 1080)
    found = pace(target, Counted.leads(actual), Elapsed(63, 100), begun=True, over=False)
    found = replace(found, expected=681.0)
    assert (
        pace_in_words([GoalBar(Team.MARKETING, found)])
        == f"Marketing: {actual} of 1,080 qualified leads, {said}."
    )


def test_the_expected_is_the_target_by_the_share_of_business_days():
    found = pace(TARGET, Counted.leads(40), Elapsed(20, 60), begun=True, over=False)
    assert (found.expected, found.missing) == (30, 50)
    assert pace(TARGET, Counted.leads(40), Elapsed(60, 60), begun=True, over=True).expected == 90


def test_without_a_sale_it_is_too_early_at_first_and_behind_later():
    money = Target(GoalMeasure.REVENUE, 100_000)
    for days, verdict in ((20, Verdict.TOO_EARLY), (40, Verdict.BEHIND)):
        assert pace(money, Counted(0, 0), Elapsed(days, 60), begun=True, over=False).verdict is verdict


@pytest.mark.parametrize(
    # exact limits of a Poisson mean, Ulm (1990), table 1
    ("count", "low", "high"),
    [(0, 0.0, 3.69), (1, 0.025, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39), (100, 81.36, 121.63)],
)
def test_the_interval_of_a_count_is_close_to_the_exact_one(count, low, high):
    found = chance_interval(Counted.leads(count))
    assert found.low == pytest.approx(low, abs=0.05)
    assert found.high == pytest.approx(high, abs=0.05)


def test_few_large_sales_are_less_sure_than_many_small_ones():
    few = chance_interval(Counted(100.0, 4 * 25.0**2), of_values=True)
    many = chance_interval(Counted(100.0, 100.0), of_values=True)
    assert few.low < many.low < 100 < many.high < few.high
    assert chance_interval(Counted(0, 0), of_values=True).high == inf


@given(st.integers(0, 10_000), st.floats(0.01, 1e6))
def test_the_interval_holds_the_amount_and_does_not_depend_on_the_currency(count, unit):
    plain = chance_interval(Counted.leads(count))
    assert plain.low <= count <= plain.high
    if count:
        scaled = chance_interval(Counted(count * unit, count * unit * unit), of_values=True)
        assert scaled.low == pytest.approx(plain.low * unit)
        assert scaled.high == pytest.approx(plain.high * unit)


@pytest.mark.parametrize(
    ("team", "measure", "amount", "says"),
    [
        (Team.MARKETING, "won", 5, "what marketing puts in"),
        (Team.SALES, "qualified", 5, "what sales puts in"),
        (None, "sunshine", 5, "the goal itself"),
        (None, "won", 0, "above 0"),
        (None, "won", float("nan"), "above 0"),
        (None, "won", True, "above 0"),
        (None, "won", "5", "above 0"),
        (None, "won", 1.5, "whole number"),
        (None, "revenue", 1e13, "at most"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_a_sentence(team, measure, amount, says):
    with pytest.raises(InvalidInput, match=says):
        checked_target(team, measure, amount)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (date(2026, 4, 1), date(2026, 4, 30), "before its period"),
        (date(2026, 5, 1), date(2026, 4, 30), "Swap the days"),
        (date(2026, 5, 1), date(2029, 4, 30), "two years"),
        (date(2026, 5, 2), date(2026, 5, 3), "no business day"),
        (None, date(2026, 5, 3), "first and its last day"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_a_sentence(first, last, says):
    with pytest.raises(InvalidInput, match=says):
        checked_period(BERLIN, first, last, date(2026, 4, 1))
