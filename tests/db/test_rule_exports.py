"""Rules for other systems: they choose there the leads that pass here, and what cannot be said is refused."""

import json
import re
from datetime import date, datetime, timedelta

import duckdb
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.rule_exports import TARGETS, export_rule
from alignment.errors import InvalidInput
from alignment.people import MACHINE
from alignment.rules import (
    AllOf,
    AnyOf,
    Condition,
    FieldType,
    InvalidRule,
    Not,
    Operator,
    Rule,
    evaluate,
    parse,
)
from alignment.rules.crm_filters import MOST_GROUPS, NotExpressible, to_hubspot, to_soql
from leads.rule_exports import DIALECTS, to_sql
from tests.rule_strategies import rules

FIELDS = {
    "employees": FieldType.NUMBER,
    "source": FieldType.TEXT,
    "flag": FieldType.BOOLEAN,
    "created_at": FieldType.DATE,
}
SIZE = {"field": "employees", "op": ">=", "value": 50}
SOURCE = {"field": "source", "op": "in", "value": ["referral", "o'hara 50%_\\"]}
SCORE = {"version": 1, "points": [{"if": SIZE, "add": 5}], "threshold": 5}


def of(**body):
    return parse({"version": 1, **body})


# SQL --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=15, deadline=None)
@given(rule=rules)
def test_every_rule_becomes_sql_that_its_dialect_reads(dialect, rule):
    written = to_sql(rule, dialect, FIELDS)
    sqlglot.parse_one(written.text, dialect=dialect)
    assert any("lead_id" in note for note in written.notes)


def test_the_sql_says_of_each_lead_what_the_rule_says():
    rule = of(all=[SIZE, {"any": [SOURCE, {"field": "flag", "op": "=", "value": True}]}])
    rows = [
        {"employees": 60.0, "source": "referral", "flag": None},
        {"employees": 60.0, "source": "x", "flag": True},
        {"employees": 60.0, "source": "x", "flag": None},
        {"employees": 5.0, "source": None, "flag": None},
        {"employees": None, "source": "o'hara 50%_\\", "flag": False},
    ]
    with duckdb.connect() as engine:
        engine.execute("create table leads (lead_id text, employees double, source text, flag boolean)")
        engine.executemany(
            "insert into leads values (?, ?, ?, ?)", [[str(n), *row.values()] for n, row in enumerate(rows)]
        )
        found = dict(engine.execute(to_sql(rule, "duckdb", FIELDS).text.rstrip(";\n")).fetchall())
    assert [found[str(n)] for n in range(5)] == [evaluate(rule, row) for row in rows]


def test_looking_back_needs_the_decision_and_says_so():
    looking = to_sql(of(field="created_at", op="within_days", value=7), "bigquery", FIELDS)
    assert "decided_at" in looking.text and "DATETIME_SUB" in looking.text
    assert any("decided_at" in note for note in looking.notes)
    assert "decided_at" not in to_sql(of(**SIZE), "bigquery", FIELDS).text


# a CRM's filters --------------------------------------------------------------------------------------------------


@st.composite
def sayable(draw):
    """Conditions that both CRMs have words for."""
    field = draw(st.sampled_from(["employees", "source", "flag", "created_at"]))
    if draw(st.integers(0, 5)) == 0:
        return Condition(field, draw(st.sampled_from([Operator.IS_KNOWN, Operator.IS_UNKNOWN])))
    if field == "employees":
        numbers = [Operator.EQUAL, Operator.NOT_EQUAL, Operator.GREATER, Operator.AT_LEAST, Operator.LESS]
        operator = draw(st.sampled_from([*numbers, Operator.AT_MOST, Operator.BETWEEN]))
        value = draw(st.integers(0, 5))
        return Condition(field, operator, (value, value + 2) if operator is Operator.BETWEEN else value)
    if field == "flag":
        return Condition(
            field, draw(st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL])), draw(st.booleans())
        )
    if field == "created_at":
        ordered = [Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST]
        operator = draw(st.sampled_from([*ordered, Operator.BETWEEN]))
        day = draw(st.dates(date(2026, 1, 1), date(2026, 1, 6)))
        return Condition(
            field, operator, (day, day + timedelta(days=1)) if operator is Operator.BETWEEN else day
        )
    operator = draw(st.sampled_from([Operator.IN, Operator.NOT_IN, Operator.EQUAL, Operator.CONTAINS]))
    text = draw(st.sampled_from(["a", "b'c", "a%", "_"]))
    return Condition(field, operator, (text, "b") if operator in (Operator.IN, Operator.NOT_IN) else text)


crm_nodes = st.recursive(
    sayable(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)
crm_leads = st.fixed_dictionaries(
    {
        "employees": st.one_of(st.none(), st.integers(0, 6).map(float)),
        "source": st.sampled_from([None, "a", "b", "b'c", "ab'cd", "a%", "x_"]),
        "flag": st.booleans(),  # a checkbox always has a value there
        "created_at": st.one_of(
            st.none(),
            st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 7)).map(
                lambda at: at.replace(microsecond=0)
            ),
        ),
    }
)


@settings(max_examples=60, deadline=None)
@given(crm_nodes, st.lists(crm_leads, min_size=5, max_size=12))
@example(
    Not(Condition("source", Operator.CONTAINS, "b'c")),
    [
        {"employees": None, "source": text, "flag": False, "created_at": None}
        for text in (None, "a", "b'c", "ab'cd", "a%")
    ],
)
def test_soql_chooses_the_leads_that_pass(node, leads):
    """In SQLite's words, with null as SOQL has it: equal to nothing, unequal to everything."""
    import sqlite3

    where = to_soql(Rule(node), FIELDS).text
    where = re.sub(r"(\w+) != ([^n(][^ )]*)", r"(\1 IS NULL OR \1 != \2)", where)
    where = where.replace("!= null", "IS NOT NULL").replace("= null", "IS NULL")
    where = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lambda found: f"'{found[0]}'", where)
    where = where.replace("\\'", "''")
    where = re.sub(r"LIKE ('(?:[^'\\]|\\.|'')*')", lambda found: f"LIKE {found[1]} ESCAPE '\\'", where)
    rows = [
        (*(lead[name] for name in ("employees", "source", "flag")), moment(lead["created_at"]))
        for lead in leads
    ]
    with sqlite3.connect(":memory:") as engine:
        engine.execute("create table lead (NumberOfEmployees, LeadSource, flag__c, CreatedDate)")
        engine.executemany("insert into lead values (?, ?, ?, ?)", rows)
        found = engine.execute(f"select rowid from lead where {where} order by rowid").fetchall()
    passing = [number for number, lead in enumerate(leads, start=1) if evaluate(Rule(node), lead) is True]
    assert [number for (number,) in found] == passing


def moment(at):
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


@settings(max_examples=60, deadline=None)
@given(crm_nodes, st.lists(crm_leads, min_size=5, max_size=12))
def test_hubspots_filters_choose_the_leads_that_pass(node, leads):
    filters = json.loads(to_hubspot(Rule(node), FIELDS, {"flag": "flag"}).text)
    assert filters["filterBranchType"] == "OR" and len(filters["filterBranches"]) <= MOST_GROUPS
    names = {
        "numberofemployees": "employees",
        "hs_analytics_source": "source",
        "flag": "flag",
        "createdate": "created_at",
    }

    def passes(lead):
        return any(
            all(holds(one["operation"], lead[names[one["property"]]]) for one in branch["filters"])
            for branch in filters["filterBranches"]
        )

    assert [passes(lead) for lead in leads] == [evaluate(Rule(node), lead) is True for lead in leads]


def holds(operation, value):
    """What HubSpot documents of the operations that are used."""
    name = operation["operator"]
    if operation["operationType"] == "ALL_PROPERTY":
        return (value is not None) is (name == "IS_KNOWN")
    assert operation["includeObjectsWithNoValueSet"] is False
    if value is None:
        return False
    if operation["operationType"] == "TIME_POINT":
        wanted = date(*(operation["timePoint"][part] for part in ("year", "month", "day")))
        same = value.date() == wanted and operation["endpointBehavior"] == "INCLUSIVE"
        return same or (value.date() > wanted if name == "IS_AFTER" else value.date() < wanted)
    compared = {
        "IS_EQUAL_TO": lambda: value in operation.get("values", [operation.get("value")]),
        "IS_NOT_EQUAL_TO": lambda: value not in operation.get("values", [operation.get("value")]),
        "IS_ANY_OF": lambda: value in operation["values"],
        "IS_NONE_OF": lambda: value not in operation["values"],
        "CONTAINS": lambda: operation["values"][0] in value,
        "DOES_NOT_CONTAIN": lambda: operation["values"][0] not in value,
        "IS_GREATER_THAN": lambda: value > operation["value"],
        "IS_GREATER_THAN_OR_EQUAL_TO": lambda: value >= operation["value"],
        "IS_LESS_THAN": lambda: value < operation["value"],
        "IS_LESS_THAN_OR_EQUAL_TO": lambda: value <= operation["value"],
    }
    return compared[name]()


def test_what_differs_there_is_said():
    text = of(field="job_title", op="contains", value="vp")
    assert any("Capitals" in note for note in to_soql(text, FIELDS).notes)
    looking = of(field="created_at", op="within_days", value=7)
    assert any("from today" in note for note in to_soql(looking, FIELDS).notes)
    assert "CreatedDate >= LAST_N_DAYS:7" in to_soql(looking, FIELDS).text
    assert any("from today" in note for note in to_hubspot(looking, FIELDS).notes)
    own = of(field="landing_page", op="=", value="x")
    assert "landing_page__c" in to_soql(own, FIELDS).text
    assert any("landing_page" in note for note in to_hubspot(own, FIELDS).notes)
    assert to_soql(own, FIELDS, {"landing_page": "Page__c"}) == to_soql(
        own, FIELDS, {"landing_page": "Page__c"}
    )
    assert to_soql(own, FIELDS, {"landing_page": "Page__c"}).text == "Page__c = 'x'"


@pytest.mark.parametrize(
    ("write", "rule", "word"),
    [
        (to_hubspot, parse(SCORE), "add up points"),
        (to_soql, parse(SCORE), "add up points"),
        (
            to_soql,
            parse({**SCORE, "points": [{**SCORE["points"][0], "decay": {"since": "a", "linear_days": 3}}]}),
            "such that fade",
        ),
        (
            to_hubspot,
            of(**{"not": {"field": "created_at", "op": "within_days", "value": 7}}),
            "does not hold",
        ),
        (to_hubspot, of(field="employees", op="in", value=[1, 2]), "one other"),
        (to_hubspot, of(field="created_at", op="!=", value="2026-01-01"), "days"),
        (to_hubspot, of(field="flag", op="in", value=[True, False]), "yes or for no"),
        (to_hubspot, of(all=[{"any": [SIZE, SOURCE]}] * 9), "groups of filters"),
        (to_hubspot, of(all=[{"any": [SIZE, SOURCE]}] * 200), "groups of filters"),
        (to_soql, of(field="größe !", op="=", value=5), "no field that is called"),
    ],
)
def test_what_a_crm_has_no_words_for_is_refused_and_never_left_out(write, rule, word):
    with pytest.raises(NotExpressible, match=word):
        write(rule, FIELDS)


@pytest.mark.parametrize(
    ("dialect", "names", "word"),
    [
        ("duckdb", ["decided_at"], "decided_at"),
        ("snowflake", ["lead_id"], "lead_id"),
        ("bigquery", ["plan (a)", "plan [a]"], "plan"),
        ("bigquery", ["plan "], "space"),
    ],
)
def test_a_field_that_cannot_be_a_column_by_its_name_is_refused(dialect, names, word):
    conditions = [{"field": name, "op": "=", "value": "x"} for name in names]
    looking = {"field": "created_at", "op": "within_days", "value": 7}
    with pytest.raises(NotExpressible, match=word):
        to_sql(of(all=[*conditions, looking]), dialect, FIELDS)
    if names == ["decided_at"]:
        assert "decided_at" in to_sql(of(all=conditions), dialect, FIELDS).text
    if dialect == "bigquery":
        assert names[0] in to_sql(of(all=conditions), "postgres", FIELDS).text


def test_text_that_is_no_number_leaves_the_lead_open_in_snowflake_too():
    number = of(field="source", op=">", value=5)
    assert "TRY_CAST" in to_sql(number, "snowflake", FIELDS).text
    assert "SAFE_CAST" in to_sql(number, "bigquery", FIELDS).text


def test_yes_and_the_number_one_are_two_filters_of_hubspot():
    both = of(all=[{"field": "x", "op": "=", "value": value} for value in (1, True)])
    [branch] = json.loads(to_hubspot(both, {}).text)["filterBranches"]
    assert [one["operation"]["operationType"] for one in branch["filters"]] == ["NUMBER", "BOOL"]


# the action and the command ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_a_rule_is_exported_for_every_target(target):
    found = export_rule(MACHINE, {"version": 1, "all": [SIZE, SOURCE]}, target)
    assert found.target == target and "50" in found.text
    assert found.to_document()["notes"] == list(found.notes)


def test_other_targets_and_wrong_rules_are_refused():
    with pytest.raises(InvalidInput, match="Choose one of"):
        export_rule(MACHINE, {"version": 1, **SIZE}, "cobol")
    with pytest.raises(InvalidRule, match="empty"):
        export_rule(MACHINE, '{"version": 1, "all": []}', "json")


def test_the_command_prints_the_rule_and_says_what_differs_beside_it(tmp_path, data_folder):
    from click.testing import CliRunner

    from manage import manage

    file = tmp_path / "rule.json"
    file.write_text(json.dumps({"version": 1, "field": "job_title", "op": "contains", "value": "vp"}))
    run = CliRunner().invoke(manage, ["export-rule", str(file), "--to", "soql", "--name", "job_title=Job__c"])
    assert (run.exit_code, run.stdout) == (0, "Job__c LIKE '%vp%'\n") and "Capitals" in run.stderr
    run = CliRunner().invoke(manage, ["export-rule", str(file), "--to", "hubspot", "--json"])
    assert json.loads(run.stdout)["target"] == "hubspot"
    run = CliRunner().invoke(manage, ["export-rule", str(file), "--to", "soql", "--name", "x"])
    assert run.exit_code == 1 and "FIELD=NAME" in run.stderr


def test_ten_megabytes_a_million_values_and_endless_depth_are_refused_with_a_sentence():
    for text, word in (
        ('{"version": 1, "all": [' + " " * 10_000_000 + "]}", "characters"),
        ('{"version": 1, "field": "a", "op": "in", "value": [' + "1," * 240_000 + "1]}", "values"),
        ('{"version": 1, ' + '"not": {' * 200 + '"field": "a", "op": "is_known"' + "}" * 201, "deep"),
    ):
        with pytest.raises(InvalidRule, match=word):
            export_rule(MACHINE, text, "json")
    with pytest.raises(InvalidRule, match="1,000,000 values"):
        export_rule(MACHINE, {"version": 1, "field": "a", "op": "in", "value": [1] * 1_000_000}, "json")
