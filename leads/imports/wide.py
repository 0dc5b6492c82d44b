"""Straight from rows that hold a lead each: what `leads.episodes` and `leads.outcomes` find in the events, without looking for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis

from alignment.lifecycle import EventType, Stage
from leads import episodes, outcomes
from leads.facts import aligned
from leads.model import CANONICAL_NAMES
from leads.schema import EPISODE, OUTCOME

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

    `told` has each kind of event at most once. Its dates are null where a row does not tell of it. `undated` are outcomes of
    which a row tells no date, and which are not in `told`.
    """

    table: ibis.Table
    lead: Mapping[str, ibis.Value]
    told: Sequence[Told]
    undated: Sequence[Told] = ()
    sound: ibis.Value | None = None

    def select(self, columns: Mapping[str, ibis.Value]) -> ibis.Table:
        """Columns of the sound rows."""
        return (self.table if self.sound is None else self.table.filter(self.sound)).select(**columns)


def followed(rows: Rows, columns: Mapping[str, str]) -> ibis.Table:
    """The leads of these rows with what `outcomes.build` adds to them; `columns` are those of theirs, by the names they get."""
    lead = {name: rows.lead[own] for name, own in columns.items()}
    every = [*rows.told, *rows.undated]

    def happened(asked: Callable[[Told], bool]) -> ibis.Value:
        return ibis.or_(ibis.literal(False), *(told.where for told in every if asked(told)))

    def entered(stage: Stage) -> Callable[[Told], bool]:
        return lambda told: (told.kind, told.stage) == (EventType.ENTERED_STAGE, stage)

    def entered_at(stage: Stage) -> ibis.Value:
        dates = [told.columns["at"] for told in rows.told if entered(stage)(told)]
        return (dates[0] if dates else ibis.null()).cast(OUTCOME["closed_at"])

    won = happened(entered(Stage.WON))
    created = rows.lead.get("created_at", ibis.null()).cast(OUTCOME["came_at"])
    became = {
        "came_at": entered_at(Stage.MQL).coalesce(created),
        "closed_at": won.ifelse(entered_at(Stage.WON), entered_at(Stage.LOST)),
        "won": won,
        "lost": happened(entered(Stage.LOST)) & ~won,
        "worked": happened(lambda told: outcomes.shows_work(told.kind, told.stage)),
    }
    return rows.select({**lead, **became})


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
    recorded = {name: kind for name, kind in EPISODE.items() if name not in episodes.TOLD}
    return episodes.tell(aligned(rows.select(present), recorded))


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


def _earlier(*instants: ibis.Value) -> ibis.Value:
    # a column of which the expression itself tells that it holds nothing is not written
    told = [value.cast("timestamp(6)") for value in instants if not value.type().is_null()]
    return ibis.least(*told) if told else ibis.null()
