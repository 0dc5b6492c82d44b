"""Lead episodes: the event log, folded into one row per run of a lead through the stages.

A lead that enters MQL again starts a new episode; what happened before its first entry belongs to the first. Times
are as recorded: nothing is imputed or swapped here.
"""

import ibis

from alignment.lifecycle import EventType, Stage


def build(lead: ibis.Table, event: ibis.Table) -> ibis.Table:
    """One row per lead episode, from a lead table and an event log with the columns of `leads.schema`.

    Columns: `lead_id`; `number` (1, 2, …); `until_at`, when the next begins, and `last`, whether there is none; `source` and
    `created_at` of the lead; for each stage `<stage>_at`, its first entry in the episode, `<stage>_day`, the day the source
    tells for it, and `<stage>_day_only`, whether that is all it tells;
    `assigned_at`, `attempted_at` (first attempt or contact that was not automatic), `contacted_at`, `accepted_at`
    (accepted, or entered SAL), `rejected_at` and `reason` (of the first rejection). Undated events are left out.
    """
    numbered = _numbered(event.filter(event["at"].notnull()))
    columns = {}
    for stage in Stage:
        here = (numbered.type == EventType.ENTERED_STAGE.value) & (numbered.stage == stage.value)
        columns[f"{stage.value}_at"] = numbered["at"].min(where=here)
        columns[f"{stage.value}_day"] = numbered.day.argmin(numbered["at"], where=here)
        columns[f"{stage.value}_day_only"] = numbered.day_only.argmin(numbered["at"], where=here)
    kind = numbered.type
    reaching = kind.isin([EventType.CONTACT_ATTEMPTED.value, EventType.CONTACTED.value])
    by_a_person = ~numbered.automatic.fill_null(False)
    accepting = (kind == EventType.ACCEPTED.value) | (
        (kind == EventType.ENTERED_STAGE.value) & (numbered.stage == Stage.SAL.value)
    )
    rejecting = kind == EventType.REJECTED.value
    at = numbered["at"]
    columns |= {
        "assigned_at": at.min(where=kind == EventType.ASSIGNED.value),
        "attempted_at": at.min(where=reaching & by_a_person),
        "contacted_at": at.min(where=(kind == EventType.CONTACTED.value) & by_a_person),
        "accepted_at": at.min(where=accepting),
        "rejected_at": at.min(where=rejecting),
        "reason": numbered.reason.argmin(at, where=rejecting & numbered.reason.notnull()),
    }
    folded = numbered.group_by("lead_id", "number").aggregate(**columns)
    episodes = lead.select("lead_id", "source", "created_at").left_join(folded, "lead_id")
    episodes = episodes.drop("lead_id_right")
    episodes = episodes.mutate(number=episodes.number.coalesce(1))
    per_lead = ibis.window(group_by="lead_id", order_by="number")
    episodes = episodes.mutate(until_at=episodes.mql_at.lead().over(per_lead))
    return episodes.mutate(last=episodes.until_at.isnull())


def _numbered(dated: ibis.Table) -> ibis.Table:
    """The events with the `number` of the episode they belong to.

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
    entries = told.filter(told.type == EventType.ENTERED_STAGE.value, told.stage == Stage.MQL.value)
    entries = entries.select("lead_id", entered="at").distinct()
    order = ibis.window(group_by="lead_id", order_by="entered")
    entries = entries.mutate(number=ibis.row_number().over(order) + 1)
    matched = told.asof_join(
        entries, on=told["at"] >= entries.entered, predicates=told.lead_id == entries.lead_id
    )
    number = matched.number.coalesce(1).cast("int64")
    return plain.union(matched.select(*dated.columns, number=number))


def _told_once(dated: ibis.Table) -> ibis.Table:
    """Leave out a day without a time where the same thing is also recorded with a time on that day."""
    same = ibis.window(group_by=["lead_id", "type", "stage"], order_by=["at", "day_only"])
    following = dated["at"].lead().over(same)
    marked = dated.mutate(twice=dated.day_only & (following < dated["at"] + ibis.interval(hours=24)))
    return marked.filter(~marked.twice.fill_null(False)).drop("twice")
