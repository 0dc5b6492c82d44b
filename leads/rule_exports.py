"""Rules as SQL for other engines, to be run where a company's leads stand. Nothing here runs it."""

from collections.abc import Iterable

import ibis

from alignment.rules import FieldType, Operator, Points, Rule, conditions_of, fields_of
from alignment.rules.crm_filters import NotExpressible, Written
from leads.rule_expressions import compile_rule

DIALECTS = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "bigquery": "BigQuery", "snowflake": "Snowflake"}
_COLUMNS = {
    FieldType.TEXT: "string",
    FieldType.NUMBER: "float64",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "timestamp(6)",
    FieldType.ANY: "string",
}
_NOT_IN_BIGQUERY = set('!"$()*,./;?@[\\]^`{}~')
"""Source: BigQuery, GoogleSQL lexical structure, column names. Ibis would take them out, and two fields could become one."""
_KINDS = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "numbers",
    FieldType.BOOLEAN: "booleans",
    FieldType.DATE: "timestamps in UTC, without a zone",
    FieldType.ANY: "text",
}


def to_sql(rule: Rule, dialect: str, fields: dict[str, FieldType]) -> Written:
    """A query on a table `leads` that says of each `lead_id` whether it `qualifies`: true, false, or null where left open.

    `dialect` is one of `DIALECTS`; `fields` has the types of the leads' fields, which are columns by their own names. Looking
    back, and points that fade, need a column `decided_at`. Raises KeyError for another dialect, NotExpressible for fields that
    cannot be columns by their own names.
    """
    import sqlglot
    from ibis.backends.sql import compilers

    compiler = {
        "duckdb": compilers.DuckDBCompiler,
        "postgres": compilers.PostgresCompiler,
        "bigquery": compilers.BigQueryCompiler,
        "snowflake": compilers.SnowflakeCompiler,
    }[dialect]()
    columns = {name: fields.get(name, FieldType.ANY) for name in fields_of(rule)}
    _check_names(columns, dialect, needs_decision(rule))
    table = ibis.table(
        {
            "lead_id": "string",
            **{name: _COLUMNS[kind] for name, kind in columns.items()},
            **({"decided_at": "timestamp(6)"} if needs_decision(rule) else {}),
        },
        name="leads",
    )
    decided_at = table["decided_at"] if needs_decision(rule) else None
    outcome = compile_rule(rule, table, decided_at, str, raw=True).outcome
    tree = compiler.to_sqlglot(table.select("lead_id", qualifies=outcome))
    for cast in list(tree.find_all(sqlglot.exp.Cast)):
        # text that looks like a value and is none for that engine leaves the lead open, as text that does not look like one
        if dialect in ("bigquery", "snowflake") and cast.find(sqlglot.exp.RegexpLike):
            cast.replace(sqlglot.exp.TryCast(this=cast.this, to=cast.to, requires_string=True))
    for call in tree.find_all(sqlglot.exp.Anonymous):
        if (
            call.name.upper() == "TIMESTAMP_SUB"
        ):  # BigQuery keeps times without a zone apart from those with one
            call.set("this", "DATETIME_SUB")
    text = tree.sql(compiler.dialect, pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE)
    return Written(f"{text};\n", tuple(_notes(rule, columns)))


def needs_decision(rule: Rule) -> bool:
    """Whether the rule counts back from the day on which a lead was decided on."""
    fading = isinstance(rule.root, Points) and any(entry.decay for entry in rule.root.entries)
    return fading or any(condition.operator is Operator.WITHIN_DAYS for condition in conditions_of(rule))


def _check_names(names: Iterable[str], dialect: str, looks_back: bool) -> None:
    for name in sorted(names):
        if name == "lead_id" or (name == "decided_at" and looks_back):
            what = "the leads' ids" if name == "lead_id" else "when a lead was decided on"
            raise NotExpressible(
                f"The query needs the column “{name}” for {what}, so it cannot ask for a field of that name as well. Give the "
                "field another name in the lead data, or take the rule as JSON."
            )
        odd = sorted(_NOT_IN_BIGQUERY & set(name))
        if dialect == "bigquery" and (odd or name != name.strip()):
            which = f"with {' '.join(odd)} in their names" if odd else "whose names begin or end with a space"
            raise NotExpressible(
                f"BigQuery has no columns {which}, as “{name}” would be. Give the field another name in the lead data, or take "
                "the SQL of another engine."
            )


def _notes(rule: Rule, columns: dict[str, FieldType]) -> list[str]:
    by_kind: dict[str, list[str]] = {}
    for name, kind in columns.items():
        by_kind.setdefault(_KINDS[kind], []).append(name)
    listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in sorted(by_kind.items()))
    notes = [
        f"The query reads a table “leads” with a column “lead_id” and one for each field. {listed}.",
        "“qualifies” is null where a missing field leaves the lead open.",
    ]
    if needs_decision(rule):
        notes.append("It counts back from “decided_at”, a timestamp in UTC: when the lead was decided on.")
    return notes
