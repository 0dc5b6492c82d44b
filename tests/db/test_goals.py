"""Shared goals in the store: proposed, agreed by both sides before the period, counted from the leads."""

from datetime import UTC, date, datetime, timedelta

import pytest
from histories import add_history
from people import make_actor

from actions import clock, goals
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.goals import GoalState, Verdict
from alignment.people import MACHINE, Team

BEFORE = datetime(2026, 3, 20, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 23)
SUNDAY = date(2026, 4, 19)


def leads_of_both():
    return make_actor("team_lead", "sales"), make_actor("team_lead", "marketing")


def propose(actor, **changes):
    asked = {
        "title": "Spring",
        "outcome": ("won", 4),
        "marketing": ("qualified", 100),
        "sales": ("accepted", 50),
        "first_day": MONDAY,
        "last_day": SUNDAY,
    }
    return goals.propose(actor, **asked | changes)


def registered(**changes):
    with clock.at(BEFORE):
        sales, marketing = leads_of_both()
        goal_id = propose(sales, **changes)
        assert goals.agree(marketing, goal_id)
    return goal_id


def test_a_goal_counts_once_both_sides_have_agreed():
    with clock.at(BEFORE):
        sales, marketing = leads_of_both()
        goal_id = propose(sales)
        [seen] = goals.list_goals(marketing)
        assert seen.state is GoalState.PROPOSED
        assert seen.goal.agreed_by(Team.SALES) and not seen.goal.agreed_by(Team.MARKETING)
        assert goals.agree(sales, goal_id) is False
        assert goals.agree(marketing, goal_id) is True
        [seen] = goals.list_goals(marketing)
        assert seen.state is GoalState.REGISTERED


def test_a_facilitators_goal_needs_the_yes_of_both_team_leads():
    with clock.at(BEFORE):
        sales, marketing = leads_of_both()
        goal_id = propose(make_actor("facilitator", None))
        assert goals.agree(sales, goal_id) is False
        assert goals.agree(marketing, goal_id) is True


def test_nobody_agrees_once_the_period_has_begun():
    with clock.at(BEFORE):
        sales, marketing = leads_of_both()
        goal_id = propose(sales)
    with clock.at(datetime(2026, 3, 23, 0, 0, 1, tzinfo=UTC)):
        with pytest.raises(WrongState, match="has begun"):
            goals.agree(marketing, goal_id)
        [seen] = goals.list_goals(marketing)
        assert seen.state is GoalState.LAPSED
        with pytest.raises(InvalidInput, match="before its period"):
            propose(sales)


def test_a_goal_is_taken_back_before_its_period_and_stays_after():
    goal_id = registered()
    lead = make_actor("team_lead", "sales")
    with clock.at(datetime(2026, 3, 24, tzinfo=UTC)), pytest.raises(WrongState, match="stays"):
        goals.withdraw(lead, goal_id, "we shall miss it")
    with clock.at(BEFORE):
        goals.withdraw(lead, goal_id, "another plan")
        with pytest.raises(WrongState, match="taken back"):
            goals.withdraw(lead, goal_id, "again")
        with pytest.raises(WrongState, match="taken back"):
            goals.agree(make_actor("team_lead", "marketing"), goal_id)
        [seen] = goals.list_goals(lead)
    assert seen.state is GoalState.WITHDRAWN
    assert seen.goal.withdrawn_because == "another plan"


def test_what_is_no_goal_is_refused():
    with pytest.raises(NotFound):
        goals.agree(make_actor("team_lead", "sales"), "01NOTHING")
    with pytest.raises(InvalidInput, match="neither"):
        goals.agree(MACHINE, "01NOTHING")
    with clock.at(BEFORE):
        with pytest.raises(InvalidInput, match="measure and an amount"):
            propose(MACHINE, outcome="won")
        with pytest.raises(InvalidInput, match="called"):
            propose(MACHINE, title=" ")


def test_both_contributions_are_counted_in_the_period_alone():
    goal_id = registered()
    # ten a day from Monday the 16th: one week before the period, one in it
    start = datetime(2026, 3, 16, 9, tzinfo=UTC)
    with clock.at(datetime(2026, 4, 3, 18, tzinfo=UTC)):
        add_history(140, start=start, accepted=0.5, won=0.5)
        [seen] = goals.list_goals(MACHINE)
    assert seen.goal.id == goal_id
    assert seen.state is GoalState.RUNNING
    marketing, sales = seen.contributions[Team.MARKETING], seen.contributions[Team.SALES]
    assert marketing.actual == 70  # the 23rd to the 29th, and none of the 70 before
    assert marketing.elapsed.days == 10
    assert marketing.expected == 50
    assert marketing.verdict is Verdict.AHEAD
    assert 30 <= sales.actual <= 40  # accepted the day after: from the 22nd's to the 28th's
    assert seen.outcome is not None
    assert seen.outcome.target.amount == 4


def test_leads_that_came_after_the_end_do_not_reach_it_any_more():
    registered(marketing=("qualified", 71))
    with clock.at(datetime(2026, 5, 1, tzinfo=UTC)):
        add_history(70, start=datetime(2026, 3, 23, 9, tzinfo=UTC))
        add_history(70, start=datetime(2026, 4, 20, 9, tzinfo=UTC), prefix="late")
        [seen] = goals.list_goals(MACHINE)
    assert seen.state is GoalState.OVER
    assert seen.contributions[Team.MARKETING].verdict is Verdict.MISSED
    assert seen.contributions[Team.MARKETING].actual == 70


def test_values_are_added_and_several_currencies_are_told():
    import pyarrow as pa

    from actions import imports

    registered(outcome=("revenue", 1_000))
    at = datetime(2026, 3, 25, 9, tzinfo=UTC)
    rows = [
        {"lead_id": "a", "source": "x", "value": 300.0, "currency": "EUR"},
        {"lead_id": "b", "source": "x", "value": 400.0, "currency": "USD"},
        {"lead_id": "c", "source": "x", "value": 500.0, "currency": "EUR"},
        {"lead_id": "d", "source": "x", "value": None, "currency": None},
    ]
    won = {"a": at, "b": at, "c": at + timedelta(days=60), "d": at}
    events = [
        {"lead_id": key, "type": "entered_stage", "stage": "won", "at": when} for key, when in won.items()
    ]
    with clock.at(datetime(2026, 4, 3, 18, tzinfo=UTC)):
        imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))
        [seen] = goals.list_goals(MACHINE)
    assert seen.outcome is not None
    assert seen.outcome.actual == 700
    assert seen.currencies == ("EUR", "USD")


def test_the_definition_of_the_registration_is_kept():
    goal_id = registered()
    with clock.at(BEFORE):
        [seen] = goals.list_goals(MACHINE)
    assert (seen.goal.id, seen.goal.definition, seen.redefined) == (goal_id, "", False)
    assert seen.outcome is None  # there are no leads
