"""The fields a lead has here, with the values that occur, for people who put a rule together."""

from alignment.fields import FieldChoice
from alignment.rules import FieldType
from leads.model import column_of
from leads.store import Facts

MOST_VALUES = 60


def list_choices(facts: Facts) -> tuple[FieldChoice, ...]:
    """Every field, in the order of the model, with at most `MOST_VALUES` values each."""
    return tuple(
        FieldChoice(
            field.name,
            field.label,
            field.type,
            _values(facts, field.name) if field.type in (FieldType.TEXT, FieldType.ANY) else (),
        )
        for field in facts.fields()
    )


def _values(facts: Facts, name: str) -> tuple[str, ...]:
    column = facts.lead[column_of(name)]
    known = facts.lead.select(value=column).filter(column.notnull() & (column != ""))
    counted = known.group_by("value").aggregate(n=known.count())
    rows = facts.rows(counted.order_by(counted.n.desc(), counted.value).limit(MOST_VALUES))
    # a field that hardly repeats, such as a company's name, is no list to choose from
    return tuple(row["value"] for row in rows) if rows and rows[0]["n"] > 1 else ()
