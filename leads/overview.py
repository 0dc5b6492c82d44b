"""What lead facts there are, at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alignment.errors import InvalidInput
from alignment.lifecycle import Stage
from alignment.rules import FieldType
from leads.metrics.question import BLANK
from leads.model import LeadField, column_of
from leads.store import Facts, warehouse

MOST_VALUES = 50


@dataclass(frozen=True)
class Overview:
    """`reached` has, for each stage, how many leads ever entered it; `first` and `last` are the ends of the event log.

    Instants are naive UTC, None where no event has a date.
    """

    leads: int
    events: int
    reached: Mapping[Stage, int]
    first: datetime | None
    last: datetime | None


def summarise(facts: Facts) -> Overview:
    """Count the facts of one version in the engine."""
    lead, event = facts.lead, facts.event
    [ends] = facts.rows(event.aggregate(n=event.count(), first=event["at"].min(), last=event["at"].max()))
    entered = event.filter(event.stage.notnull())
    counted = entered.group_by("stage").aggregate(n=entered.lead_id.nunique())
    found = {row["stage"]: row["n"] for row in facts.rows(counted)}
    return Overview(
        leads=facts.value(lead.count()),
        events=ends["n"],
        reached={stage: found.get(stage.value, 0) for stage in Stage},
        first=ends["first"],
        last=ends["last"],
    )


def text_fields() -> tuple[LeadField, ...]:
    """The fields of the leads in force that hold texts, canonical ones first."""
    with warehouse().read() as facts:
        return tuple(found for found in facts.fields() if found.type is FieldType.TEXT)


def frequent_values(field: str) -> tuple[str, ...]:
    """The most frequent values of a field of the leads in force as texts, the most frequent first; blank is one of them.

    Raises InvalidInput where leads have no such field.
    """
    column = column_of(field)
    with warehouse().read() as facts:
        lead = facts.lead
        if field == "lead_id" or column not in lead.columns:
            raise InvalidInput(f"Leads have no field “{field[:80]}”. Choose another.")
        values = lead.select(value=lead[column].cast("string").coalesce(BLANK))
        counted = values.group_by("value").aggregate(n=values.count())
        rows = facts.rows(counted.order_by(counted.n.desc(), "value").limit(MOST_VALUES))
        return tuple(row["value"] for row in rows)
