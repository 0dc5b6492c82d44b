"""Decisions that were taken back: they stay in the event log, and count no more."""

import ibis

from alignment.lifecycle import EventType, Stage


def without_withdrawn(event: ibis.Table) -> ibis.Table:
    """The events of a log less the decisions that were withdrawn: those of the lead at the very instant a withdrawal names."""
    withdrawn = event.filter(event.type == EventType.DECISION_WITHDRAWN.value)
    gone = ibis.union(
        *(
            withdrawn.select("lead_id", "at", type=ibis.literal(kind.value), stage=ibis.literal(stage))
            for kind, stage in (
                (EventType.ACCEPTED, ""),
                (EventType.REJECTED, ""),
                (EventType.ENTERED_STAGE, Stage.SAL.value),
            )
        )
    )
    return event.anti_join(
        gone,
        [
            event.lead_id == gone.lead_id,
            event["at"] == gone["at"],
            event.type == gone.type,
            event.stage.coalesce("") == gone.stage,
        ],
    )
