"""What sales may say of a lead, when a decision is overdue, and why a rule says what it says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.business_hours import business_minutes, to_minutes
from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.lead_decisions import Aspect, ContentVerdict, overdue_before, read_feedback, read_reason
from alignment.rules import evaluate, parse
from alignment.rules.explaining import explain, value_text

BERLIN = BusinessHours(timezone="Europe/Berlin", country="DE")
MINUTE = timedelta(minutes=1)


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
    limit=st.integers(1, 60 * 60),
)
def test_who_has_waited_since_then_has_waited_just_long_enough(now, limit):
    now = now.replace(tzinfo=UTC)
    since = overdue_before(BERLIN, limit, now)

    def waited(start):
        return int(business_minutes(BERLIN, to_minutes(start), to_minutes(now)))

    assert waited(since) >= limit > waited(since + MINUTE)


def test_a_calendar_that_is_hardly_open_has_nobody_overdue_within_ten_years():
    hours = BusinessHours(shifts=(((0, 1),), (), (), (), (), (), ()))
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert now - overdue_before(hours, 60_000, now) == timedelta(days=3_660)


def test_feedback_is_read_in_the_order_of_the_lists_once_each():
    found = read_feedback(
        worked=["timing", "real_need", "timing"], content=" Guide ", content_verdict="helped", note=" Good. "
    )
    assert found.worked == (Aspect.REAL_NEED, Aspect.TIMING)
    assert (found.content, found.content_verdict, found.note) == ("Guide", ContentVerdict.HELPED, "Good.")
    assert not found.empty
    assert read_feedback(content="Guide").empty and read_feedback(content="Guide").content == ""


@pytest.mark.parametrize(
    "said",
    [
        {"worked": ["magic"]},
        {"worked": ["timing"], "failed": ["timing"]},
        {"objections": ["because"]},
        {"content_verdict": "helped"},
        {"content": "x", "content_verdict": "loved"},
        {"content": "x" * 201},
        {"note": "x" * 1_001},
        {"note": 3},
    ],
)
def test_what_cannot_be_said_is_refused(said):
    with pytest.raises(InvalidInput):
        read_feedback(**said)


def test_a_rejection_needs_a_known_reason():
    assert read_reason("no_need").label == "No need"
    for wrong in ("", "NO_NEED", "<b>"):
        with pytest.raises(InvalidInput):
            read_reason(wrong)


ALL = {
    "version": 1,
    "all": [
        {"field": "employees", "op": ">=", "value": 50},
        {
            "any": [
                {"field": "source", "op": "=", "value": "fair"},
                {"field": "demo", "op": "=", "value": True},
            ]
        },
    ],
}
POINTS = {
    "version": 1,
    "points": [{"if": {"field": "demo", "op": "=", "value": True}, "add": 20}],
    "threshold": 20,
}


@pytest.mark.parametrize(
    ("rule", "lead", "outcomes", "needs"),
    [
        (ALL, {"employees": 80.0, "source": None, "demo": "true"}, [True, True], "all of these"),
        (ALL, {"employees": None, "source": "ads", "demo": "false"}, [None, False], "all of these"),
        (POINTS, {"demo": "yes"}, [True], "at least 20 points"),
        ({"version": 1, "field": "source", "op": "is_known"}, {}, [False], "this"),
    ],
)
def test_each_part_of_a_rule_says_what_it_comes_to(rule, lead, outcomes, needs):
    parsed = parse(rule)
    found = explain(parsed, lead, labels={"employees": "Employees"})
    assert found.outcome == evaluate(parsed, lead)
    assert [part.outcome for part in found.findings] == outcomes
    assert found.needs == needs
    assert found.findings[0].points == (20 if rule is POINTS else None)


def test_an_explanation_shows_the_leads_own_values():
    [size, signs] = explain(
        parse(ALL), {"employees": 12.0, "demo": "false"}, labels={"employees": "Employees"}
    ).findings
    assert (size.sentence, size.found) == ("employees is at least 50", (("Employees", "12"),))
    assert signs.found == (("demo", "no"), ("source", ""))
    assert value_text(float("nan")) == "" and value_text(datetime(2026, 3, 4)) == "4 March 2026"
