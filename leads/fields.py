"""The fields a lead has here, with the values that occur, for people who put a rule together."""

from typing import Any

import ibis

from alignment.fields import FieldChoice
from alignment.rules import FieldType
from leads.model import LeadField, column_of
from leads.rule_expressions import as_number, as_utc_day
from leads.store import Facts

MOST_VALUES = 60
_MOST_DIFFERENT = 0.5
_FEW = 1_000


def list_choices(facts: Facts) -> tuple[FieldChoice, ...]:
    """Every field, in the order of the model, with at most `MOST_VALUES` values each.

    One look at all columns, and one at each whose values repeat.
    """
    fields = facts.fields()
    [found] = facts.rows(facts.lead.aggregate(leads=facts.lead.count(), **_looks(facts.lead, fields)))
    leads = int(found["leads"])
    choices = []
    for number, field in enumerate(fields):
        seen = {
            name: found.get(f"{name}_{number}")
            for name in ("known", "different", "lowest", "middle", "highest", "whole", "first", "last")
        }
        listed = _values(facts, field.name) if _repeats(seen) else ()
        choices.append(
            FieldChoice(
                field.name,
                field.label,
                field.type,
                tuple(value for value, _ in listed),
                tuple(n for _, n in listed),
                known=int(seen["known"] or 0),
                leads=leads,
                lowest=seen["lowest"],
                middle=_median(seen),
                highest=seen["highest"],
                first=seen["first"],
                last=seen["last"],
            )
        )
    return tuple(choices)


def _looks(lead: ibis.Table, fields: tuple[LeadField, ...]) -> dict[str, ibis.Value]:
    looks: dict[str, ibis.Value] = {}
    for number, field in enumerate(fields):
        column = lead[column_of(field.name)]
        known = column.notnull() & (column != "") if column.type().is_string() else column.notnull()
        looks[f"known_{number}"] = known.sum()
        if field.type is FieldType.NUMBER:
            value = as_number(lead, field.name)
            looks[f"lowest_{number}"] = value.min()
            looks[f"middle_{number}"] = value.approx_median()
            looks[f"highest_{number}"] = value.max()
            looks[f"whole_{number}"] = (value % 1 == 0).all()
        elif field.type is FieldType.DATE:
            day = as_utc_day(lead, field.name)
            looks[f"first_{number}"] = day.min()
            looks[f"last_{number}"] = day.max()
        else:
            looks[f"different_{number}"] = column.approx_nunique()
    return looks


def _median(seen: dict[str, Any]) -> float | None:
    """The median as the engine estimates it, without decimals where the field has none."""
    middle: float | None = seen["middle"]
    return float(round(middle)) if middle is not None and seen["whole"] else middle


def _repeats(seen: dict[str, Any]) -> bool:
    """Whether a field's values are a list to choose from. A company's name, that hardly repeats, is none."""
    known, different = int(seen["known"] or 0), seen["different"]
    return different is not None and known > 0 and (known <= _FEW or different <= _MOST_DIFFERENT * known)


def _values(facts: Facts, name: str) -> tuple[tuple[str, int], ...]:
    column = facts.lead[column_of(name)]
    known = facts.lead.select(value=column).filter(column.notnull() & (column != ""))
    counted = known.group_by("value").aggregate(n=known.count())
    rows = facts.rows(counted.order_by(counted.n.desc(), counted.value).limit(MOST_VALUES))
    return tuple((row["value"], row["n"]) for row in rows) if rows and rows[0]["n"] > 1 else ()
