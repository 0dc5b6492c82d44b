"""What became of each lead, folded from its events once, when they come in.

Every question about past leads begins with it: when a lead came, whether it was won or lost, whether anybody worked it. It stands
beside the fields of the lead, so that nobody has to look at all events for it.
"""

import ibis

from alignment.lifecycle import EventType, Stage
from leads.withdrawn import without_withdrawn

_WORKED = (Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON, Stage.LOST)
"""Stages that nobody enters without sales."""
_NO_WORK = (EventType.ENTERED_STAGE, EventType.ASSIGNED, EventType.DECISION_WITHDRAWN)
"""Events that are no work on a lead; of stages, those of sales are."""


def shows_work(kind: EventType, stage: Stage | None) -> bool:
    """Whether such an event, where a person did it and it was not taken back, tells that somebody worked the lead."""
    return stage in _WORKED if kind is EventType.ENTERED_STAGE else kind not in _NO_WORK


def build(lead: ibis.Table, event: ibis.Table) -> ibis.Table:
    """The leads with the columns of `leads.schema.OUTCOME`, from a lead table and an event log with the columns of `leads.schema`.

    `came_at` (naive UTC) is when it first entered MQL, else when it was created; `closed_at` when it was first won, else first lost;
    `won`, `lost` (and never won) and `worked` are never null. Undated events count, but give no time. Neither automatic replies
    nor decisions that were withdrawn are work.
    """
    event = without_withdrawn(event)
    entered = event.type == EventType.ENTERED_STAGE.value
    here = {stage: entered & (event.stage == stage.value) for stage in (Stage.MQL, Stage.WON, Stage.LOST)}
    sales = entered & event.stage.isin([stage.value for stage in _WORKED])
    by_a_person = ~event.automatic.fill_null(False)
    happened = event.group_by("lead_id").aggregate(
        qualified_at=event["at"].min(where=here[Stage.MQL]),
        won=here[Stage.WON].any(),
        lost=here[Stage.LOST].any(),
        won_at=event["at"].min(where=here[Stage.WON]),
        lost_at=event["at"].min(where=here[Stage.LOST]),
        worked=(sales | (by_a_person & event.type.notin([kind.value for kind in _NO_WORK]))).any(),
    )
    joined = lead.left_join(happened, "lead_id")
    won = joined.won.fill_null(False)
    return joined.select(
        *lead.columns,
        came_at=joined.qualified_at.coalesce(joined.created_at),
        closed_at=won.ifelse(joined.won_at, joined.lost_at),
        won=won,
        lost=joined.lost.fill_null(False) & ~won,
        worked=joined.worked.fill_null(False),
    )
