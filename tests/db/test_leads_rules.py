"""A rule says the same of a lead in Python and in the engine."""

from datetime import UTC, date, datetime

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment.rules import evaluate, parse
from leads import schema
from leads.rule_expressions import compile_rule
from tests.rule_strategies import days, rules

DECIDED = datetime(2026, 1, 15, 12, tzinfo=UTC)

texts = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "a", "b", "bes", "50", "-3", "1.5", "007", "yes", "False", "2026-01-05", "2026-02-30"]
    ),
    st.sampled_from(
        ["2026-01-10T23:59:59Z", "2026-01-10 00:00", "2026-01-15T12:00:00.000001Z", "1 000", "é"]
    ),
)
numbers = st.one_of(
    st.none(), st.integers(-3, 60).map(float), st.sampled_from([1.5, float("nan"), float("inf")])
)
moments = st.one_of(
    st.none(),
    days.map(lambda day: datetime(day.year, day.month, day.day)),
    st.sampled_from([datetime(2026, 1, 15, 12), datetime(2026, 1, 15, 12, 0, 1), datetime(2026, 1, 5, 12)]),
)
leads = st.fixed_dictionaries(
    {"employees": numbers, "source": texts, "flag": texts, "created_at": moments, "country": texts}
)


@pytest.fixture(scope="module")
def engine():
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


def in_the_engine(engine, rule, rows, decided_at):
    table = ibis.memtable(
        [
            {
                **dict.fromkeys(schema.lead(("flag",)).names),
                "lead_id": str(number),
                "employees": row["employees"],
                "source": row["source"],
                "attribute_flag": row["flag"],
                "created_at": row["created_at"],
                "country": row["country"],
            }
            for number, row in enumerate(rows)
        ],
        schema=schema.lead(("flag",)),
    )
    decided = (
        None if decided_at is None else ibis.literal(decided_at.replace(tzinfo=None)).cast("timestamp(6)")
    )
    verdict = compile_rule(rule, table, decided)
    found = engine.to_pyarrow(
        table.select(
            "lead_id",
            outcome=verdict.outcome,
            passes=verdict.passes,
            fails=verdict.fails,
            unknown=verdict.unknown,
        )
    ).to_pylist()
    for row in found:
        assert [row["passes"], row["fails"], row["unknown"]].count(True) == 1
    return [row["outcome"] for row in sorted(found, key=lambda row: int(row["lead_id"]))]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules, st.lists(leads, min_size=8, max_size=25), st.sampled_from([DECIDED, None]))
def test_engine_and_python_agree_on_random_rules_and_leads_with_gaps(engine, rule, rows, decided_at):
    assert in_the_engine(engine, rule, rows, decided_at) == [evaluate(rule, row, decided_at) for row in rows]


def test_a_field_the_leads_do_not_have_leaves_them_open(engine):
    rule = parse({"version": 1, "field": "never_heard_of", "op": "=", "value": 1})
    row = {"employees": 1.0, "source": "a", "flag": None, "created_at": None, "country": None}
    assert in_the_engine(engine, rule, [row], None) == [None]


def test_text_in_a_rule_is_a_value_and_never_code(engine):
    attack = "x'); DROP TABLE lead; --"
    rule = parse(
        {
            "version": 1,
            "any": [
                {"field": "source", "op": "in", "value": [attack, "%"]},
                {"field": "source", "op": "contains", "value": "%"},
            ],
        }
    )
    rows = [
        {"employees": None, "source": source, "flag": None, "created_at": None, "country": None}
        for source in (attack, "plain", "50%")
    ]
    assert in_the_engine(engine, rule, rows, None) == [True, False, True]


def test_days_are_days_in_utc(engine):
    rule = parse({"version": 1, "field": "created_at", "op": "=", "value": "2026-01-05"})
    rows = [
        {"employees": None, "source": None, "flag": None, "country": None, "created_at": moment}
        for moment in (datetime(2026, 1, 5, 23, 59, 59), datetime(2026, 1, 6))
    ]
    assert in_the_engine(engine, rule, rows, None) == [True, False]
    assert evaluate(rule, {"created_at": date(2026, 1, 5)}) is True
