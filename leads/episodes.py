"""Lead episodes: the event log, folded into one row per run of a lead through the stages.

A lead that enters MQL again starts a new episode; what happened before its first entry belongs to the first. Times
are as recorded: nothing is imputed or swapped. What most figures ask of them, when a lead was handed over and what was decided
then, stands beside them (`tell`).

A lead whose field `merged_into` names another one was found to be the same prospect. It has no episodes of its own: its
events are the other's. The n-th episode of the two begins with the earlier of their n-th entries, so that a prospect who
stood in the file twice is handed over once. A lead that is merged into one that is not there, or in a circle, stays
what it is.
"""

from enum import IntEnum

import ibis
import ibis.expr.datatypes as dt

from alignment.lifecycle import EventType, Stage
from leads.model import column_of
from leads.withdrawn import without_withdrawn

MERGED_INTO = "merged_into"
"""The custom field that names the lead into which one was merged."""

FIRST_TOUCH = ("source", "campaign", "content")
"""Fields of which the first known one holds, in the order in which merged leads were created."""

LATEST_KNOWN = ("owner", "value", "currency")
"""Fields of which that of the lead holds into which others were merged, or else theirs."""

TOLD = ("handed_at", "handed_day", "handed_day_only", "decision", "decided_at")
"""The columns that the others tell."""

EVENTS_AT_ONCE = 5_000_000
_JUMPS = 5
_AFTER_MQL = (Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON)
_OF_A_STAGE = ("at", "day", "day_only")


@ibis.udf.scalar.builtin(name="epoch_us")
def microseconds(at: dt.timestamp) -> dt.int64:
    """The engine's own: microseconds since 1970 of an instant."""


class Decision(IntEnum):
    """What sales decided first about a lead that it was handed."""

    NONE = 0
    ACCEPTED = 1
    REJECTED = 2
    IMPLIED = 3
    """Neither recorded, but the lead went on: it was accepted in fact."""


@ibis.udf.scalar.builtin(name="hash")
def _hash(text: str) -> dt.uint64:
    """The engine's own: a number that spreads texts evenly."""


def build(lead: ibis.Table, event: ibis.Table) -> ibis.Table:
    """One row per lead episode, from a lead table and an event log with the columns of `leads.schema`.

    Columns: `lead_id`; `number` (1, 2, …); `until_at`, when the next begins, and `last`, whether there is none; `created_at`,
    `source`, `campaign`, `content`, `owner`, `value` and `currency` of the lead; for each stage `<stage>_at`, its first
    entry in the episode, `<stage>_day`, the day the source tells for it, and `<stage>_day_only`, whether that is all it tells;
    `assigned_at` and `assigned_to` (of the first assignment), `attempted_at` (first attempt or contact that was not
    automatic), `contacted_at`, `accepted_at` (accepted, or entered SAL), `rejected_at` and `reason` (of the first
    rejection), and those of `tell`. Undated events are left out, and so are decisions
    that were withdrawn.
    """
    dated = without_withdrawn(event.filter(event["at"].notnull()))
    prospects = lead.select("lead_id", "created_at", *FIRST_TOUCH, *LATEST_KNOWN)
    kept = survivors(lead)
    if kept is None:
        dated = dated.mutate(record=dated.lead_id)
    else:
        merged = kept.view()
        found = dated.left_join(merged, dated.lead_id == merged.lead_id)
        dated = found.select(
            *(name for name in dated.columns if name != "lead_id"),
            lead_id=found.survivor.coalesce(found.lead_id),
            record=found.lead_id,
        ).view()
        prospects = _together(prospects, kept)
    numbered = _numbered(dated)
    # sources in several zones tell several days for one instant: then it is the earliest, in whatever order they came
    by_day = microseconds(numbered["at"]).cast("decimal(38, 0)") * 10**10 + numbered.day.epoch_days()
    columns = {}
    for stage in Stage:
        here = (numbered.type == EventType.ENTERED_STAGE.value) & (numbered.stage == stage.value)
        columns[f"{stage.value}_at"] = numbered["at"].min(where=here)
        columns[f"{stage.value}_day"] = numbered.day.argmin(by_day, where=here)
        columns[f"{stage.value}_day_only"] = numbered.day_only.argmin(numbered["at"], where=here)
    kind = numbered.type
    reaching = kind.isin([EventType.CONTACT_ATTEMPTED.value, EventType.CONTACTED.value])
    by_a_person = ~numbered.automatic.fill_null(False)
    assigning = kind == EventType.ASSIGNED.value
    accepting = (kind == EventType.ACCEPTED.value) | (
        (kind == EventType.ENTERED_STAGE.value) & (numbered.stage == Stage.SAL.value)
    )
    rejecting = kind == EventType.REJECTED.value
    at = numbered["at"]
    columns |= {
        "assigned_at": at.min(where=assigning),
        "assigned_to": _first_told(at, numbered.owner, assigning),
        "attempted_at": at.min(where=reaching & by_a_person),
        "contacted_at": at.min(where=(kind == EventType.CONTACTED.value) & by_a_person),
        "accepted_at": at.min(where=accepting),
        "rejected_at": at.min(where=rejecting),
        "reason": _first_told(at, numbered.reason, rejecting),
    }
    folded = numbered.group_by("lead_id", "number").aggregate(**columns)
    episodes = prospects.left_join(folded, "lead_id")
    episodes = episodes.drop("lead_id_right")
    episodes = episodes.mutate(number=episodes.number.coalesce(1))
    per_lead = ibis.window(group_by="lead_id", order_by="number")
    episodes = episodes.mutate(until_at=episodes.mql_at.lead().over(per_lead))
    return tell(episodes.mutate(last=episodes.until_at.isnull()))


def build_all(lead: ibis.Table, event: ibis.Table, events: int) -> list[ibis.Table]:
    """What `build` gives, in parts to be written one after the other: more events than fit into memory are folded some leads at a
    time. `events` is how many there are. Leads that have to do with one another are in one part.
    """
    count = -(-events // EVENTS_AT_ONCE)
    if count <= 1:
        return [build(lead, event)]
    count |= 1  # the engine tells rows apart by the last bits of the same number
    together = families(lead)

    def part_of(table: ibis.Table, number: int) -> ibis.Table:
        if together is None:
            return table.filter(_hash(table.lead_id) % count == number)
        found = table.left_join(together.view(), "lead_id")
        chosen = found.filter(_hash(found.family.coalesce(found.lead_id)) % count == number)
        return chosen.select(*table.columns)

    return [build(part_of(lead, number), part_of(event, number)) for number in range(count)]


def _first_told(at: ibis.Value, text: ibis.Value, where: ibis.Value) -> ibis.Value:
    """The text that some events of a group tell first; of several at one instant the first by the alphabet, in whatever order they came."""
    return text.argmin(ibis.struct({"at": at, "text": text}), where=where & text.notnull())


def tell(episode: ibis.Table) -> ibis.Table:
    """Episodes with what their times tell, worked out anew where it is there.

    `handed_at`, `handed_day` and `handed_day_only` are those of MQL, or of the next stage that was entered where MQL was skipped;
    `decision` is a number of `Decision`, and `decided_at` when that was.
    """
    stages = (Stage.MQL, *_AFTER_MQL)
    entered = [episode[f"{stage}_at"].notnull() for stage in stages]
    handed = {}
    for what in _OF_A_STAGE:
        values = [episode[f"{stage}_{what}"] for stage in stages]
        known = list(zip(entered[:-1], values[:-1], strict=True))
        handed[f"handed_{what}"] = (
            ibis.coalesce(*values) if what == "at" else ibis.cases(*known, else_=values[-1])
        )
    accepted_at, rejected_at = episode.accepted_at, episode.rejected_at
    later = [episode[f"{stage}_at"] for stage in _AFTER_MQL]
    went_on = ibis.coalesce(*later).notnull()
    accepted = accepted_at.notnull() & (rejected_at.isnull() | (accepted_at <= rejected_at))
    implied = accepted_at.isnull() & rejected_at.isnull() & went_on
    decision = ibis.cases(
        (accepted, int(Decision.ACCEPTED)),
        (rejected_at.notnull(), int(Decision.REJECTED)),
        (went_on, int(Decision.IMPLIED)),
        else_=int(Decision.NONE),
    )
    decided_at = implied.ifelse(ibis.least(*later), ibis.least(accepted_at, rejected_at))
    return episode.mutate(**handed, decision=decision.cast("int8"), decided_at=decided_at)


def survivors(lead: ibis.Table) -> ibis.Table | None:
    """`lead_id` and `survivor` of the leads that were merged into another, however many steps; None without such a field."""
    pairs = _led_on(lead)
    return None if pairs is None else pairs.anti_join(_going_on(pairs), "survivor")


def families(lead: ibis.Table) -> ibis.Table | None:
    """`lead_id` and `family` of all leads that have to do with a merge: what is told of one may change the episodes of its family.

    Those that became one prospect are a family, and so are all that lead into a circle, which a further merge may break up.
    """
    pairs = _led_on(lead)
    if pairs is None:
        return None
    kept = pairs.anti_join(_going_on(pairs), "survivor")
    circling = pairs.semi_join(_going_on(pairs), "survivor").select("lead_id", survivor=ibis.literal(""))
    return _members(kept).union(circling).rename(family="survivor")


def _led_on(lead: ibis.Table) -> ibis.Table | None:
    """`lead_id` of each lead that was merged into a known one, and the `survivor` to which that leads."""
    column = column_of(MERGED_INTO)
    if column not in lead.columns:
        return None
    pairs = lead.filter(lead[column].notnull(), lead[column] != lead.lead_id)
    pairs = pairs.select("lead_id", survivor=column)
    known = lead.select(survivor="lead_id")
    pairs = pairs.semi_join(known, "survivor").select("lead_id", "survivor")
    for _ in range(_JUMPS):
        ahead = pairs.select(merged="lead_id", next="survivor").view()
        both = pairs.left_join(ahead, [("survivor", "merged")]).select("lead_id", "survivor", "next")
        pairs = both.select("lead_id", survivor=both.next.coalesce(both.survivor))
    return pairs


def _going_on(pairs: ibis.Table) -> ibis.Table:
    """The leads that were merged themselves: what leads to one of them after all steps goes round in a circle."""
    return pairs.select(survivor="lead_id").view()


def _members(kept: ibis.Table) -> ibis.Table:
    """`lead_id` and `survivor` of all leads that were merged, those into which the others were included."""
    return kept.union(kept.select(lead_id="survivor", survivor="survivor")).distinct().view()


def _together(prospects: ibis.Table, kept: ibis.Table) -> ibis.Table:
    """The leads, with those that were merged as one row."""
    members = _members(kept)
    alone = prospects.anti_join(members, "lead_id")
    rows = prospects.inner_join(members, "lead_id")
    by_age = [rows.created_at, rows.lead_id]
    own_first = [rows.lead_id != rows.survivor, *by_age]
    merged = rows.group_by("survivor").aggregate(
        created_at=rows.created_at.min(),
        **{name: rows[name].first(where=rows[name].notnull(), order_by=by_age) for name in FIRST_TOUCH},
        **{name: rows[name].first(where=rows[name].notnull(), order_by=own_first) for name in LATEST_KNOWN},
    )
    return alone.union(merged.rename(lead_id="survivor").select(*alone.columns))


def _numbered(dated: ibis.Table) -> ibis.Table:
    """The events with the `number` of the episode they belong to. `record` is the lead that they were recorded of.

    Most leads enter MQL once and have times for everything: theirs are all in the first episode. Only the others
    are sorted, which is what takes long.
    """
    entry = (dated.type == EventType.ENTERED_STAGE.value) & (dated.stage == Stage.MQL.value)
    at = dated["at"]
    leads = dated.group_by("lead_id").aggregate(
        days=dated.day_only.any(), first=at.min(where=entry), last=at.max(where=entry)
    )
    leads = leads.filter(leads.days | (leads.first < leads.last).fill_null(False)).select("lead_id")
    plain = dated.anti_join(leads, "lead_id").mutate(number=ibis.literal(1, "int64"))
    told = _told_once(dated.semi_join(leads, "lead_id"))
    entries = _entries(told)
    counted = told.filter(~told.twice)
    matched = counted.asof_join(
        entries, on=counted["at"] >= entries.entered, predicates=counted.lead_id == entries.lead_id
    )
    number = matched.number.coalesce(1).cast("int64")
    return plain.union(matched.select(*dated.columns, number=number))


def _entries(told: ibis.Table) -> ibis.Table:
    """When each episode begins: the n-th entry to MQL of a lead; of merged ones, the earliest of their n-th entries.

    A day that one record tells is the entry that another one tells with a time on that day.
    """
    entries = told.filter(told.type == EventType.ENTERED_STAGE.value, told.stage == Stage.MQL.value)
    entries = entries.select("lead_id", "record", entered="told_at").distinct()
    order = ibis.window(group_by=["lead_id", "record"], order_by="entered")
    entries = entries.mutate(number=ibis.row_number().over(order) + 1)
    return entries.group_by("lead_id", "number").aggregate(entered=entries.entered.min())


def _told_once(dated: ibis.Table) -> ibis.Table:
    """Mark as `twice` a day without a time where the same thing is also recorded with a time on that day, or says more.

    `told_at` is when that is, and the event's own time where it is not told twice.
    """
    least_first = [
        dated.day_only.desc(),
        dated.automatic.desc(),
        *(dated[name].desc(nulls_first=True) for name in ("reason", "owner")),
        dated.day.desc(),
    ]
    same = ibis.window(group_by=["lead_id", "type", "stage"], order_by=["at", *least_first])
    following = dated["at"].lead().over(same)
    twice = dated.day_only & (following < dated["at"] + ibis.interval(hours=24))
    marked = dated.mutate(twice=twice.fill_null(False)).view()
    later = ibis.range_window(group_by=["lead_id", "type", "stage"], order_by="at", preceding=0)
    told_at = marked.twice.ifelse(ibis.null(), marked["at"]).min().over(later)
    return marked.mutate(told_at=told_at)
