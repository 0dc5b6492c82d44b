"""What is wrong with the lead data: which leads, what exactly, and how many. Nothing is corrected in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import ibis

from alignment.lifecycle import ORDERED_STAGES, Stage
from leads.model import column_of
from leads.store import Facts

LARGEST_PAGE = 200
MOST_EXPORTED = 100_000
_ON_THE_WAY = ORDERED_STAGES[1:]  # from the hand-over on


class Fault(StrEnum):
    """A kind of thing that can be wrong with a lead's data."""

    MISSING_INFORMATION = "missing_information"
    DUPLICATE = "duplicate"
    SKIPPED_STAGE = "skipped_stage"
    REVERSED_STAGES = "reversed_stages"
    EARLY_DECISION = "early_decision"
    LATE_CONTACT = "late_contact"
    IN_THE_FUTURE = "in_the_future"
    UNDATED = "undated"


@dataclass(frozen=True)
class Rules:
    """What is checked against: now (aware), the fields that a lead handed over has to have, and the fields of which leads
    that are equal in all of them count as the same prospect."""

    now: datetime
    required: Sequence[str] = ()
    same: Sequence[str] = ()


@dataclass(frozen=True)
class FaultyLead:
    """A lead of a list: `detail` says in a few words what is wrong, `at` when it was handed over (naive UTC)."""

    lead_id: str
    detail: str
    at: datetime | None
    source: str | None
    company: str | None
    owner: str | None


def count_faults(facts: Facts, rules: Rules) -> dict[Fault, int]:
    """How many leads have each kind of fault."""
    return {fault: facts.value(_faulty(facts, rules, fault).lead_id.nunique()) for fault in Fault}


def count_handed_over(facts: Facts, rules: Rules) -> int:
    """How many leads were handed over: those of which information can be missing."""
    return facts.value(_handed_over(facts, rules).count())


def list_faulty(
    facts: Facts, rules: Rules, fault: Fault, *, page: int = 1, size: int = 25
) -> list[FaultyLead]:
    """One page of the leads with a fault, those handed over last first, likely duplicates beside each other."""
    size = min(max(1, size), LARGEST_PAGE)
    return _read(facts, rules, fault, size, (max(1, page) - 1) * size)


def export_faulty(facts: Facts, rules: Rules, fault: Fault) -> list[FaultyLead]:
    """All leads with a fault, at most `MOST_EXPORTED`, in the order of `list_faulty`."""
    return _read(facts, rules, fault, MOST_EXPORTED, 0)


def _read(facts: Facts, rules: Rules, fault: Fault, limit: int, offset: int) -> list[FaultyLead]:
    found = _faulty(facts, rules, fault)
    per_lead = found.group_by("lead_id").aggregate(
        at=found["at"].max(),
        detail=found.detail.argmax(found["at"].coalesce(ibis.literal(datetime(1970, 1, 1)))),
        beside=found.beside.max(),
    )
    chosen = per_lead.order_by("beside", per_lead["at"].desc(nulls_first=False), "lead_id").limit(
        limit, offset=offset
    )
    lead = facts.lead.select("lead_id", "source", "company", "owner")
    rows = chosen.inner_join(lead, "lead_id")
    rows = rows.order_by("beside", rows["at"].desc(nulls_first=False), "lead_id")
    return [FaultyLead(**row) for row in facts.rows(rows.select(*FaultyLead.__dataclass_fields__))]


def _faulty(facts: Facts, rules: Rules, fault: Fault) -> ibis.Table:
    """`lead_id`, `detail`, `at`, and `beside`, a text by which those that belong together come together."""
    find = {
        Fault.MISSING_INFORMATION: _missing,
        Fault.DUPLICATE: _duplicates,
        Fault.SKIPPED_STAGE: _skipped,
        Fault.REVERSED_STAGES: _reversed,
        Fault.EARLY_DECISION: _decided_early,
        Fault.LATE_CONTACT: _contacted_late,
        Fault.IN_THE_FUTURE: _in_the_future,
        Fault.UNDATED: _undated,
    }[fault]
    return find(facts, rules)


def _handed_over(facts: Facts, rules: Rules) -> ibis.Table:
    episode = facts.episode
    return episode.filter(episode["last"] & episode.mql_at.notnull() & (episode.mql_at <= _naive(rules.now)))


def _missing(facts: Facts, rules: Rules) -> ibis.Table:
    lead = facts.lead
    handed_over = _handed_over(facts, rules).select("lead_id", at="mql_at")
    table = handed_over.inner_join(lead, "lead_id")
    labels = {field.name: field.label for field in facts.fields()}
    gaps = []
    for name in rules.required:
        column = column_of(name)
        gap = ibis.literal(True)
        if column in lead.columns:
            value = table[column]
            gap = value.isnull()
            if value.type().is_string():
                gap = gap | (value.strip() == "")
        gaps.append((gap, labels.get(name) or name.replace("_", " ")))
    return _told(table, gaps, table["at"])


def _duplicates(facts: Facts, rules: Rules) -> ibis.Table:
    lead = facts.lead
    columns = [column_of(name) for name in rules.same]
    nothing = lead.filter(ibis.literal(False)).select(
        "lead_id", detail="lead_id", at="created_at", beside="lead_id"
    )
    if not columns or not set(columns) <= set(lead.columns):
        return nothing
    parts = [lead[column].cast("string").strip().lower().nullif("") for column in columns]
    known = ibis.and_(*(part.notnull() for part in parts))
    # leads found to be the same already are one: they have no episodes of their own
    alone = lead.filter(known).semi_join(facts.episode.filter(facts.episode["last"]), "lead_id")
    parts = [alone[column].cast("string").strip().lower() for column in columns]
    keyed = alone.select("lead_id", at="created_at", key=_joined(parts, " · "))
    counted = keyed.mutate(n=keyed.lead_id.count().over(ibis.window(group_by="key")))
    found = counted.filter(counted.n > 1)
    return found.select(
        "lead_id",
        detail=found.n.cast("string") + ibis.literal(" leads with ") + found.key,
        at="at",
        beside="key",
    )


def _skipped(facts: Facts, rules: Rules) -> ibis.Table:
    """Stages without an entry before one that was reached. A stage that no lead ever entered is not used here."""
    episode = facts.episode
    [counts] = facts.rows(
        episode.aggregate(**{stage.value: episode[f"{stage}_at"].count() for stage in _ON_THE_WAY})
    )
    used = [stage for stage in _ON_THE_WAY if counts[stage.value]]
    gaps = []
    for place, stage in enumerate(used[:-1]):
        later = [episode[f"{after}_at"].notnull() for after in used[place + 1 :]]
        gaps.append((episode[f"{stage}_at"].isnull() & ibis.or_(*later), stage.label))
    return _told(episode, gaps, episode.mql_at, "without ")


def _reversed(facts: Facts, rules: Rules) -> ibis.Table:
    episode = facts.episode
    gaps = []
    for place, earlier in enumerate(_ON_THE_WAY):
        for later in _ON_THE_WAY[place + 1 :]:
            gaps.append((_after(episode, earlier, later), f"{later.label} before {earlier.label}"))
    return _told(episode, gaps, episode.mql_at)


def _after(episode: ibis.Table, earlier: Stage, later: Stage) -> ibis.Value:
    """Whether what belongs earlier came after what belongs later; by the day where one of both has no time."""
    days = episode[f"{earlier}_day_only"].fill_null(False) | episode[f"{later}_day_only"].fill_null(False)
    return days.ifelse(
        episode[f"{earlier}_day"] > episode[f"{later}_day"], episode[f"{earlier}_at"] > episode[f"{later}_at"]
    ).fill_null(False)


def _decided_early(facts: Facts, rules: Rules) -> ibis.Table:
    episode = facts.episode
    exact = ~episode.mql_day_only.fill_null(False)
    gaps = [
        (exact & (episode.accepted_at < episode.mql_at), "accepted before it became an MQL"),
        (exact & (episode.rejected_at < episode.mql_at), "rejected before it became an MQL"),
    ]
    return _told(episode, gaps, episode.mql_at)


def _contacted_late(facts: Facts, rules: Rules) -> ibis.Table:
    episode = facts.episode
    first = episode.attempted_at
    gaps = [
        (
            ~episode[f"{end}_day_only"].fill_null(False) & (first > episode[f"{end}_at"]),
            f"first tried after it was {end}",
        )
        for end in (Stage.WON, Stage.LOST)
    ]
    return _told(episode, gaps, episode.mql_at)


def _in_the_future(facts: Facts, rules: Rules) -> ibis.Table:
    event = facts.event
    later = event.filter(event["at"] > _naive(rules.now))
    what = later.stage.coalesce(later.type).replace("_", " ")
    return later.select(
        "lead_id",
        detail=what + ibis.literal(" on ") + later["at"].strftime("%Y-%m-%d"),
        at=later["at"],
        beside=ibis.literal(""),
    )


def _undated(facts: Facts, rules: Rules) -> ibis.Table:
    event = facts.event
    without = event.filter(event["at"].isnull())
    return without.select(
        "lead_id",
        detail=without.stage.coalesce(without.type).replace("_", " ") + ibis.literal(" without a date"),
        at=ibis.null().cast("timestamp(6)"),
        beside=ibis.literal(""),
    )


def _told(
    table: ibis.Table, gaps: Sequence[tuple[ibis.Value, str]], at: ibis.Value, before: str = ""
) -> ibis.Table:
    """The rows in which something is wrong, with all of it in words."""
    if not gaps:
        return table.filter(ibis.literal(False)).select(
            "lead_id", detail="lead_id", at=at, beside=ibis.literal("")
        )
    words = [gap.fill_null(False).ifelse(f"{text}, ", "") for gap, text in gaps]
    found = table.select("lead_id", at=at, said=_joined(words, ""))
    found = found.filter(found.said != "")
    return found.select(
        "lead_id",
        detail=ibis.literal(before) + found.said.substr(0, found.said.length() - 2),
        at="at",
        beside=ibis.literal(""),
    )


def _joined(parts: Sequence[ibis.Value], between: str) -> ibis.Value:
    text = parts[0]
    for part in parts[1:]:
        text = text + ibis.literal(between) + part if between else text + part
    return text


def _naive(moment: datetime) -> ibis.Value:
    return ibis.literal(moment.astimezone(UTC).replace(tzinfo=None)).cast("timestamp(6)")
