"""The tables of a version of the lead facts, as Ibis schemas."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import sqlglot.expressions as sge

from alignment.lifecycle import Stage
from alignment.rules import FieldType
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_COLUMN_TYPES = {
    FieldType.TEXT: "string",
    FieldType.NUMBER: "float64",
    FieldType.DATE: "timestamp(6)",
}

# `at` is in UTC; `day` is the calendar day as the source tells it, in its own zone
EVENT = ibis.schema(
    {
        "lead_id": "string",
        "type": "string",
        "stage": "string",
        "at": "timestamp(6)",
        "day": "date",
        "day_only": "boolean",
        "reason": "string",
        "owner": "string",
        "automatic": "boolean",
    }
)
# what `leads.episodes.build` gives
EPISODE = ibis.schema(
    {
        "lead_id": "string",
        "created_at": "timestamp(6)",
        **dict.fromkeys(("source", "campaign", "content", "owner"), "string"),
        "value": "float64",
        "currency": "string",
        "number": "int64",
        **{
            f"{stage.value}_{what}": kind
            for stage in Stage
            for what, kind in (("at", "timestamp(6)"), ("day", "date"), ("day_only", "boolean"))
        },
        "assigned_at": "timestamp(6)",
        "assigned_to": "string",
        **dict.fromkeys(("attempted_at", "contacted_at", "accepted_at", "rejected_at"), "timestamp(6)"),
        "reason": "string",
        "until_at": "timestamp(6)",
        "last": "boolean",
    }
)
CUSTOM_FIELD = ibis.schema({"name": "string", "type": "string"})
KNOWN_COLUMN = ibis.schema({"name": "string"})


def lead(attributes: Iterable[str]) -> ibis.Schema:
    """The lead table with these custom fields."""
    columns = {"lead_id": "string"}
    columns |= {field.name: _COLUMN_TYPES[field.type] for field in CANONICAL_FIELDS}
    columns |= {ATTRIBUTE_PREFIX + name: "string" for name in sorted(attributes)}
    return ibis.schema(columns)


def few(rows: Iterable[Mapping[str, Any]], types: ibis.Schema) -> ibis.Table:
    """A few rows that Python holds as a table of these types.

    They are told in the question itself, for Arrow cannot make a column of a list without loading pandas.
    """
    told = ibis.literal([dict(row) for row in rows], dt.Array(dt.Struct(types.fields)))
    return told.unnest().name("row").as_table().unpack("row")


def create(backend: "Backend", name: str, rows: ibis.Table, types: ibis.Schema | None = None) -> ibis.Table:
    """Make a table of a version from rows, with these columns or those that they have.

    Ids stand in it as they are: there are as many as rows, so that packing them takes long and saves little, and they are
    what tables are joined by.
    """
    types = types or rows.schema()
    columns = types.to_sqlglot_column_defs("duckdb")
    for column in columns:
        if column.name == "lead_id":
            column.append(
                "constraints", sge.ColumnConstraint(kind=sge.Var(this="USING COMPRESSION uncompressed"))
            )
    table = sge.Schema(this=sge.to_identifier(name, quoted=True), expressions=columns)
    backend.raw_sql(sge.Create(kind="TABLE", this=table))
    backend.insert(name, rows.select(*types.names))
    return backend.table(name)
