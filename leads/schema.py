"""The tables of a version of the lead facts, as Ibis schemas."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot.expressions as sge

from alignment.lifecycle import Stage
from alignment.rules import FieldType
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

# the engine puts nested queries together by itself; doing it beforehand, for people to read, is half of the work of writing one
ibis.options.sql.fuse_selects = False

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
        "handed_at": "timestamp(6)",
        "handed_day": "date",
        "handed_day_only": "boolean",
        "decision": "int8",
        "decided_at": "timestamp(6)",
    }
)
# what `leads.outcomes.build` adds to the fields of a lead
OUTCOME = ibis.schema(
    {
        **dict.fromkeys(("came_at", "closed_at"), "timestamp(6)"),
        **dict.fromkeys(("won", "lost", "worked"), "boolean"),
    }
)
_WHOLE = "_whole"
CUSTOM_FIELD = ibis.schema({"name": "string", "type": "string"})
KNOWN_COLUMN = ibis.schema({"name": "string"})


def known(value: ibis.Value) -> ibis.Value:
    """A value as facts hold it: null where it is an empty text, or a number that is infinite or none."""
    if value.type().is_string():
        return value.nullif("")
    if value.type().is_floating():
        return (value.isnan() | value.isinf()).ifelse(ibis.null().cast(value.type()), value)
    return value


def known_of(table: ibis.Table) -> ibis.Table:
    """A table with its values as facts hold them."""
    return table.select(**{name: known(table[name]) for name in table.columns})


def lead(attributes: Iterable[str]) -> ibis.Schema:
    """The fields of leads, with these custom ones."""
    columns = {"lead_id": "string"}
    columns |= {field.name: _COLUMN_TYPES[field.type] for field in CANONICAL_FIELDS}
    columns |= {ATTRIBUTE_PREFIX + name: "string" for name in sorted(attributes)}
    return ibis.schema(columns)


def followed(attributes: Iterable[str]) -> ibis.Schema:
    """The lead table with these custom fields: what leads are, and what became of them."""
    return ibis.schema({**lead(attributes), **OUTCOME})


def few(rows: Iterable[Mapping[str, Any]], types: ibis.Schema) -> ibis.Table:
    """Some rows that Python holds as a table of these types; what a row does not name is null. Instants are naive UTC.

    They are told in the question itself, as JSON, for Arrow cannot make a column of a list without loading pandas.
    """
    told = json.dumps(
        [{name: row.get(name) for name in types} for row in rows], default=lambda value: value.isoformat()
    )
    listed = ibis.literal(told).cast("json").cast(dt.Array(dt.Struct(types.fields)))
    return listed.unnest().name("row").as_table().unpack("row")


def create(
    backend: "Backend",
    name: str,
    rows: ibis.Table | Sequence[ibis.Table],
    types: ibis.Schema | None = None,
    *,
    narrow: bool = False,
) -> ibis.Table:
    """Make a table of a version from rows, with these columns or those that they have; of several one after the other.

    Ids stand in it as they are: there are as many as rows, so that packing them takes long and saves little, and they are
    what tables are joined by. A `narrow` one leaves out columns of which the rows say that they hold nothing, for an empty
    column takes as long to write as one of numbers; beside it stands a view with all of them, which `whole` finds.
    """
    parts = [rows] if isinstance(rows, ibis.Table) else rows
    types = types or parts[0].schema()
    empty: Collection[str] = ()
    if narrow:
        empty = {
            name
            for name in types
            if _may_be_absent(name) and all(_is_empty(part.op(), name) for part in parts)
        }
    kept = ibis.schema({column: kind for column, kind in types.items() if column not in empty})
    columns = kept.to_sqlglot_column_defs("duckdb")
    for column in columns:
        if column.name == "lead_id":
            column.append(
                "constraints", sge.ColumnConstraint(kind=sge.Var(this="USING COMPRESSION uncompressed"))
            )
    place = sge.to_identifier(name, quoted=True)
    backend.raw_sql(sge.Create(kind="TABLE", this=sge.Schema(this=place, expressions=columns)))
    # Ibis' own way asks for the types of the table before and after, column by column
    into = sge.Schema(this=sge.Table(this=place), expressions=[column.this for column in columns])
    for part in parts:
        told = backend.compiler.to_sqlglot(part.select(*kept.names))
        backend.raw_sql(sge.Insert(this=into, expression=told))
    made = _made(backend, name, kept)
    if not empty:
        return made
    filled = {
        column: made[column] if column in kept else ibis.null().cast(kind) for column, kind in types.items()
    }
    view = sge.to_identifier(name + _WHOLE, quoted=True)
    shown = backend.compiler.to_sqlglot(made.select(**filled))
    backend.raw_sql(sge.Create(kind="VIEW", this=view, expression=shown))
    return _made(backend, name + _WHOLE, types)


def declare(backend: "Backend", name: str, types: ibis.Schema, place: tuple[str, str] | None) -> None:
    """Make a table of these columns that holds nothing."""
    where = sge.Table(this=sge.to_identifier(name, quoted=True))
    if place is not None:
        where.set("catalog", sge.to_identifier(place[0], quoted=True))
        where.set("db", sge.to_identifier(place[1], quoted=True))
    columns = types.to_sqlglot_column_defs("duckdb")
    backend.raw_sql(sge.Create(kind="TABLE", this=sge.Schema(this=where, expressions=columns)))


def whole(backend: "Backend", name: str, place: tuple[str, str] | None) -> ibis.Table:
    """A table of a version with all its columns, also with those that were left out because they hold nothing."""
    table = backend.table(name, database=place)
    may_be_absent = {column for column in always(name) if _may_be_absent(column)}
    return table if may_be_absent <= {*table.columns} else backend.table(name + _WHOLE, database=place)


def always(name: str) -> ibis.Schema:
    """The columns that a table of a version has, whatever is known of leads."""
    return {"lead": followed(()), "lead_event": EVENT, "episode": EPISODE}[name]


def is_view(name: str) -> bool:
    """Whether this is the view beside a table of a version that left columns out."""
    return name.endswith(_WHOLE)


def _made(backend: "Backend", name: str, types: ibis.Schema) -> ibis.Table:
    """A table that was just made here with these columns, which need not be asked for."""
    return ops.DatabaseTable(name=name, schema=types, source=backend, namespace=ops.Namespace()).to_expr()


def _is_empty(relation: Any, column: str) -> bool:
    """Whether the expression itself tells that a column holds nothing."""
    if isinstance(relation, ops.Union):
        return _is_empty(relation.left, column) and _is_empty(relation.right, column)
    if isinstance(relation, (ops.Filter, ops.DropColumns)):
        return _is_empty(relation.parent, column)
    if not isinstance(relation, ops.Project):
        return False
    value = relation.values[column]
    while isinstance(value, ops.Cast):
        value = value.arg
    if isinstance(value, ops.Field):
        return _is_empty(value.rel, value.name)
    return isinstance(value, ops.Literal) and value.value is None


def _may_be_absent(column: str) -> bool:
    return column not in ("lead_id", *OUTCOME) and not column.startswith(ATTRIBUTE_PREFIX)
