"""Leads that were handed over to sales: which of them wait for a decision, and everything known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis

from alignment import instants
from alignment.lead_decisions import HandedOver
from alignment.lifecycle import EventType, Stage
from leads.metrics.question import BLANK
from leads.model import column_of
from leads.store import Facts
from leads.withdrawn import without_withdrawn

LARGEST_PAGE = 200
MOST_AT_ONCE = 1_000
NOBODY = "(nobody)"
_MOST_EVENTS = 500
_AFTER_A_DECISION = (Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON, Stage.LOST)


@dataclass(frozen=True)
class Moment:
    """What the facts may not show yet: now (aware), hand-overs decided and reopened a moment ago."""

    now: datetime
    decided: Sequence[HandedOver] = ()
    reopened: Sequence[HandedOver] = ()


@dataclass(frozen=True)
class Wanted:
    """Which of the waiting leads: of which `owners` (lower case; `(nobody)` for none), from which source, waiting since
    `overdue_before` (aware) or not; None for all."""

    owners: Sequence[str] | None = None
    source: str | None = None
    overdue: bool | None = None
    overdue_before: datetime | None = None
    longest_first: bool = False


@dataclass(frozen=True)
class WaitingLead:
    """A lead that waits: when it was handed over and assigned, first tried and first spoken to (naive UTC), with its fields
    by name."""

    lead_id: str
    handed_over_at: datetime
    assigned_at: datetime | None
    attempted_at: datetime | None
    contacted_at: datetime | None
    fields: Mapping[str, Any]

    @property
    def handed_over(self) -> HandedOver:
        """The hand-over as decisions name it."""
        return _handed_over({**self.fields, "lead_id": self.lead_id, "mql_at": self.handed_over_at})


@dataclass(frozen=True)
class WaitingCounts:
    """How many leads wait: all of them, since before the limit, of the given owners, of nobody; by source; and when the
    latest of them was handed over (naive UTC)."""

    total: int
    overdue: int
    own: int
    nobodys: int
    sources: Mapping[str, int]
    latest_at: datetime | None = None


@dataclass(frozen=True)
class LeadRecord:
    """Everything known of a lead: its fields by name, its events in order of time (undated ones last) less the
    decisions that were taken back, and its latest
    hand-over, None if it was never handed over; `waiting` is whether that is undecided."""

    lead_id: str
    fields: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]
    handed_over: HandedOver | None
    waiting: bool


def count_waiting(
    facts: Facts, moment: Moment, overdue_before: datetime, owners: Sequence[str]
) -> WaitingCounts:
    """Count the leads that wait at a moment; `owners` are the names by which leads are the asking person's own."""
    table = _with_owner(_waiting(facts, moment))
    late = table.mql_at <= _naive(overdue_before)
    own = table.owner_key.isin(list(owners)) if owners else ibis.literal(False)
    rows = facts.rows(
        table.group_by(source=table.source.coalesce(BLANK)).aggregate(
            n=table.count(),
            overdue=late.sum().coalesce(0),
            own=own.sum().coalesce(0),
            nobodys=(table.owner_key == NOBODY).sum().coalesce(0),
            latest=table.mql_at.max(),
        )
    )
    by_source = sorted(((row["source"], row["n"]) for row in rows), key=lambda item: (-item[1], item[0]))
    return WaitingCounts(
        total=sum(row["n"] for row in rows),
        overdue=sum(row["overdue"] for row in rows),
        own=sum(row["own"] for row in rows),
        nobodys=sum(row["nobodys"] for row in rows),
        sources=dict(by_source),
        latest_at=max((row["latest"] for row in rows), default=None),
    )


def find_waiting(
    facts: Facts, moment: Moment, wanted: Wanted, *, page: int = 1, size: int = 25
) -> tuple[list[WaitingLead], int]:
    """One page of the leads that wait, and how many there are in all; a page beyond the last is empty."""
    table = _chosen(facts, moment, wanted)
    total = facts.value(table.count())
    size = min(max(1, size), LARGEST_PAGE)
    order = table.mql_at.asc() if wanted.longest_first else table.mql_at.desc()
    chosen = table.order_by(order, "lead_id").limit(size, offset=(max(1, page) - 1) * size)
    lead = facts.lead
    columns = ["lead_id", "mql_at", "assigned_at", "attempted_at", "contacted_at"]
    joined = chosen.select(*columns).inner_join(lead, "lead_id")
    again = joined.mql_at.asc() if wanted.longest_first else joined.mql_at.desc()
    names = [field.name for field in facts.fields()]
    return [
        WaitingLead(
            lead_id=row["lead_id"],
            handed_over_at=row["mql_at"],
            assigned_at=row["assigned_at"],
            attempted_at=row["attempted_at"],
            contacted_at=row["contacted_at"],
            fields={name: row.get(column_of(name)) for name in names},
        )
        for row in facts.rows(joined.order_by(again, "lead_id"))
    ], total


def waiting_ids(facts: Facts, moment: Moment, wanted: Wanted) -> list[str]:
    """Ids of the leads that wait, at most `MOST_AT_ONCE`, in the order of `find_waiting`."""
    table = _chosen(facts, moment, wanted)
    order = table.mql_at.asc() if wanted.longest_first else table.mql_at.desc()
    rows = facts.rows(table.order_by(order, "lead_id").select("lead_id").limit(MOST_AT_ONCE))
    return [row["lead_id"] for row in rows]


def find_handed_over(
    facts: Facts, moment: Moment, lead_ids: Sequence[str]
) -> dict[str, tuple[HandedOver, bool]]:
    """The latest hand-over of each of these leads that was handed over at all, and whether it waits for a decision."""
    latest = _latest(facts, moment).semi_join(_ids(lead_ids), "lead_id")
    table = latest.select("lead_id", "mql_at", silent=_silent(latest)).inner_join(
        facts.lead.select("lead_id", "source", "campaign", "content"), "lead_id"
    )
    decided, reopened = (
        {(one.lead_id, one.at) for one in pairs} for pairs in (moment.decided, moment.reopened)
    )
    found = {}
    for row in facts.rows(table.select("lead_id", "mql_at", "silent", "source", "campaign", "content")):
        lead = _handed_over(row)
        pair = (lead.lead_id, lead.at)
        found[lead.lead_id] = (lead, pair not in decided and (row["silent"] or pair in reopened))
    return found


def read_record(facts: Facts, moment: Moment, lead_id: str) -> LeadRecord | None:
    """Everything known of one lead; None if there is no such lead."""
    asked = _ids([lead_id])
    rows = facts.rows(facts.lead.semi_join(asked, "lead_id").limit(1))
    if not rows:
        return None
    events = without_withdrawn(facts.event.semi_join(asked, "lead_id"))
    events = events.filter(events.type != EventType.DECISION_WITHDRAWN.value)
    found = find_handed_over(facts, moment, [lead_id]).get(lead_id)
    return LeadRecord(
        lead_id=lead_id,
        fields={field.name: rows[0].get(column_of(field.name)) for field in facts.fields()},
        events=facts.rows(
            events.order_by(events["at"].asc(nulls_first=False), "type", "stage")
            .select("type", "stage", "at", "day", "day_only", "reason", "owner", "automatic")
            .limit(_MOST_EVENTS)
        ),
        handed_over=found[0] if found else None,
        waiting=bool(found and found[1]),
    )


def _latest(facts: Facts, moment: Moment) -> ibis.Table:
    """The latest episode of each lead that was handed over by now."""
    episode = facts.episode
    handed_over = episode.mql_at.notnull() & (episode.mql_at <= _naive(moment.now))
    return episode.filter(episode["last"] & handed_over)


def _waiting(facts: Facts, moment: Moment) -> ibis.Table:
    """Of those, the ones nobody has decided on: neither accepted nor rejected, and not gone on nor lost without."""
    latest = _latest(facts, moment)
    silent = _silent(latest)
    waiting = latest.filter(silent)
    if moment.reopened:
        again = latest.filter(~silent).semi_join(_pairs(moment.reopened), ["lead_id", "mql_at"])
        waiting = waiting.union(again)
    if moment.decided:
        waiting = waiting.anti_join(_pairs(moment.decided), ["lead_id", "mql_at"])
    return waiting


def _silent(latest: ibis.Table) -> ibis.Value:
    times = [latest[f"{stage}_at"] for stage in _AFTER_A_DECISION]
    return ibis.and_(*(at.isnull() for at in (latest.accepted_at, latest.rejected_at, *times)))


def _with_owner(table: ibis.Table) -> ibis.Table:
    """With `owner_key`: the owner in lower case, `(nobody)` where there is none."""
    return table.mutate(owner_key=table.owner.strip().lower().nullif("").coalesce(NOBODY))


def _chosen(facts: Facts, moment: Moment, wanted: Wanted) -> ibis.Table:
    table = _with_owner(_waiting(facts, moment))
    if wanted.owners is not None:
        table = table.filter(table.owner_key.isin(list(wanted.owners)))
    if wanted.source is not None:
        table = table.filter(table.source.coalesce(BLANK) == wanted.source)
    if wanted.overdue is not None and wanted.overdue_before is not None:
        late = table.mql_at <= _naive(wanted.overdue_before)
        table = table.filter(late if wanted.overdue else ~late)
    return table


def _ids(lead_ids: Sequence[str]) -> ibis.Table:
    import pyarrow as pa

    return ibis.memtable(pa.table({"lead_id": pa.array(list(lead_ids), pa.string())}))


def _pairs(hand_overs: Sequence[HandedOver]) -> ibis.Table:
    import pyarrow as pa

    return ibis.memtable(
        pa.table(
            {
                "lead_id": pa.array([one.lead_id for one in hand_overs], pa.string()),
                "mql_at": pa.array(
                    [instants.from_text(one.at).replace(tzinfo=None) for one in hand_overs],
                    pa.timestamp("us"),
                ),
            }
        )
    )


def _handed_over(row: Mapping[str, Any]) -> HandedOver:
    at = instants.to_text(row["mql_at"].replace(tzinfo=UTC))
    return HandedOver(row["lead_id"], at, row.get("source"), row.get("campaign"), row.get("content"))


def _naive(moment: datetime) -> ibis.Value:
    """An aware instant as the engine has it: UTC without a zone."""
    return ibis.literal(moment.astimezone(UTC).replace(tzinfo=None)).cast("timestamp(6)")
