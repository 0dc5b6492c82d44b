"""What lead facts there are, at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alignment.lifecycle import Stage
from leads.store import Facts


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
