"""People see leads a page at a time, and only by what the actions allow."""

from datetime import UTC, datetime, timedelta

import pytest

from actions import backtests, leads, metrics
from alignment.errors import InvalidInput, NotPermitted
from alignment.lifecycle import Stage
from alignment.people import MACHINE
from alignment.rules import InvalidRule, parse
from leads.listing import find_leads
from leads.store import warehouse
from tests.lead_histories import History, random_history

AT = datetime(2026, 1, 5, 10, tzinfo=UTC)
BIG = parse({"version": 1, "field": "employees", "op": ">=", "value": 50})


@pytest.fixture
def four_leads():
    history = History()
    history.lead("won", "ads", employees=80.0).enter("won", "mql", AT).enter(
        "won", "won", AT + timedelta(days=9)
    )
    history.lead("lost", None, employees=5.0).enter("lost", "mql", AT)
    history.enter("lost", "lost", AT + timedelta(days=3))
    history.lead("back", "unknown", employees=None).enter("back", "mql", AT).enter(
        "back", "lost", AT + timedelta(days=1)
    )
    history.enter("back", "mql", AT + timedelta(days=30))
    history.lead("new", "ads", employees=50.0)
    return history.load()


def ids(**asked):
    with warehouse().read() as facts:
        return [row.lead_id for row in find_leads(facts, **asked).rows]


def test_leads_are_listed_latest_first_with_where_they_stand(four_leads):
    with warehouse().read() as facts:
        page = find_leads(facts, rule=BIG)
    assert [(row.lead_id, row.stage, row.meets) for row in page.rows] == [
        ("back", Stage.MQL, None),
        ("won", Stage.WON, True),
        ("lost", Stage.LOST, False),
        ("new", None, True),
    ]
    assert page.total == 4


def test_leads_are_found_by_stage_source_and_definition(four_leads):
    assert ids(stage=Stage.LOST) == ["lost"]
    assert ids(source="(blank)") == ["lost"]
    assert ids(source="unknown") == ["back"]
    assert ids(rule=BIG, meets="yes") == ["won", "new"]
    assert ids(rule=BIG, meets="no") == ["lost"]
    assert ids(rule=BIG, meets="unknown") == ["back"]
    assert ids(ids=["won", "nobody"]) == ["won"]
    assert ids(source="'; DROP TABLE lead") == []


def test_pages_follow_each_other_and_end():
    random_history(3, leads=120).load()
    with warehouse().read() as facts:
        pages = [find_leads(facts, page=number, size=50) for number in (1, 2, 3, 4)]
    assert [len(page.rows) for page in pages] == [50, 50, 20, 0]
    assert len({row.lead_id for page in pages for row in page.rows}) == 120


def test_the_action_refuses_what_is_no_choice(four_leads):
    assert leads.find_leads(MACHINE, stage="won").total == 1
    for wrong in ({"stage": "mpl"}, {"meets": "maybe"}, {"ids": ["x"] * 1_001}):
        with pytest.raises(InvalidInput):
            leads.find_leads(MACHINE, **wrong)
    with pytest.raises(NotPermitted):
        leads.find_leads(None)


def test_figures_and_rules_through_the_actions(four_leads):
    [volume] = [m for m in metrics.read_metrics(MACHINE) if m.key == "volume:mql"]
    assert volume.value == 4
    assert metrics.list_leads_behind(MACHINE, "volume:mql") == ["back", "lost", "won"]
    assert len(metrics.read_weekly_volume(MACHINE)) == 2
    assert metrics.list_definitions(MACHINE) == []
    for wrong in ({"by": "colour"}, {"start": "birth"}, {"window_days": 0}):
        with pytest.raises(InvalidInput):
            metrics.read_metrics(MACHINE, **wrong)
    assert backtests.try_rule(MACHINE, {"version": 1, "field": "employees", "op": "is_known"}).passed == 3
    with pytest.raises(InvalidRule, match="employees"):
        backtests.try_rule(MACHINE, {"version": 1, "field": "employes", "op": "is_known"})


def test_figures_are_fresh_after_an_import(four_leads):
    before = {m.key: m.value for m in metrics.read_metrics(MACHINE)}["volume:mql"]
    History().lead("one more").enter("one more", "mql", AT).load()
    after = {m.key: m.value for m in metrics.read_metrics(MACHINE)}["volume:mql"]
    assert after == before + 1
