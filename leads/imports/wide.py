"""Episodes straight from rows that hold a lead each: what `leads.episodes` finds in the events, without looking for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis

from alignment.lifecycle import EventType, Stage
from leads import episodes
from leads.facts import aligned
from leads.model import CANONICAL_NAMES
from leads.schema import EPISODE

_OF_A_DATE = ("at", "day", "day_only")


@dataclass(frozen=True)
class Told:
    """A kind of event, which rows tell of it, and the columns of the event log over them."""

    kind: EventType
    stage: Stage | None
    where: ibis.Value
    columns: Mapping[str, ibis.Value]


@dataclass(frozen=True)
class Rows:
    """Rows of which each that is `sound` (all, if that is None) holds another lead, whose columns are `lead`.

    `told` has each kind of event at most once. Its dates are null where a row does not tell of it.
    """

    table: ibis.Table
    lead: Mapping[str, ibis.Value]
    told: Sequence[Told]
    sound: ibis.Value | None = None


def episodes_of(rows: Rows, lead: ibis.Table) -> ibis.Table | None:
    """What `episodes.build` gives for the leads and events of these rows, which are in `lead`; None where it has to be asked.

    A row tells of each kind of event at most once, so a lead has one episode, with what the row says.
    """
    if episodes.survivors(lead) is not None:
        return None
    if any(told.kind is EventType.DECISION_WITHDRAWN for told in rows.told):
        return None
    columns: dict[str, ibis.Value] = {
        name: value for name, value in rows.lead.items() if name in ("lead_id", *CANONICAL_NAMES)
    }
    columns |= {"number": ibis.literal(1), "until_at": ibis.null(), "last": ibis.literal(True)}
    columns |= _times(rows)
    present = {name: value for name, value in columns.items() if name in EPISODE.names}
    table = rows.table if rows.sound is None else rows.table.filter(rows.sound)
    return aligned(table.select(**present), dict(EPISODE.items()))


def _times(rows: Rows) -> dict[str, ibis.Value]:
    found = {(told.kind, told.stage): told for told in rows.told}

    def first(kind: EventType, stage: Stage | None, what: str = "at") -> ibis.Value:
        told = found.get((kind, stage))
        if told is None:
            return ibis.null()
        value = told.columns[what]
        # the day stands with the date, but who and why may stand without it
        return value if what in _OF_A_DATE else told.where.ifelse(value, ibis.null().cast(value.type()))

    columns: dict[str, ibis.Value] = {}
    for stage in Stage:
        for what in _OF_A_DATE:
            columns[f"{stage.value}_{what}"] = first(EventType.ENTERED_STAGE, stage, what)
    contacted = first(EventType.CONTACTED, None)
    return columns | {
        "assigned_at": first(EventType.ASSIGNED, None),
        "assigned_to": first(EventType.ASSIGNED, None, "owner"),
        "attempted_at": _earlier(first(EventType.CONTACT_ATTEMPTED, None), contacted),
        "contacted_at": contacted,
        "accepted_at": _earlier(first(EventType.ACCEPTED, None), first(EventType.ENTERED_STAGE, Stage.SAL)),
        "rejected_at": first(EventType.REJECTED, None),
        "reason": first(EventType.REJECTED, None, "reason"),
    }


def _earlier(one: ibis.Value, other: ibis.Value) -> ibis.Value:
    instants = [value.cast("timestamp(6)") for value in (one, other)]
    return ibis.least(*instants)
