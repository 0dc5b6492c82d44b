"""What is odd in the data of an import: kept as it is, counted, and said."""

from collections.abc import Iterator
from datetime import datetime

import ibis

from alignment.lifecycle import ORDERED_STAGES, Stage
from leads.imports.mapping import LeadMapping
from leads.imports.merging import Merged
from leads.imports.report import ImportWarning
from leads.store import Draft
from leads.truncation import first_recorded

WORDS_FOR_UNKNOWN = ("unknown", "(unknown)", "n/a")


def find(
    draft: Draft, merged: Merged, mapping: LeadMapping, now: datetime, *, once: bool = False
) -> Iterator[ImportWarning]:
    """The oddities of what was just merged into `draft`, over the leads this import speaks of.

    `once` says that each lead stood on one row only.
    """
    if mapping.long is None and not once:  # of a long file every change is a row
        yield from _duplicates(draft)
    yield from _sources(draft, merged, mapping)
    yield from _times(draft, merged, now)


def _duplicates(draft: Draft) -> Iterator[ImportWarning]:
    rows = draft.backend.table("staged_row")
    several = rows.group_by("lead_id", "file").aggregate(different=rows.content_hash.nunique())
    count = draft.old.value(several.filter(several.different > 1).lead_id.nunique())
    if count:
        yield ImportWarning(
            "duplicate_ids",
            count,
            f"{'1 id stands' if count == 1 else f'{count:,} ids stand'} on several rows of a file with different values; the "
            "last value of each field was kept, but the first source.",
        )


def _sources(draft: Draft, merged: Merged, mapping: LeadMapping) -> Iterator[ImportWarning]:
    if merged.source_kept:
        yield ImportWarning(
            "source_kept",
            merged.source_kept,
            f"{_leads(merged.source_kept, 'comes', 'come')} with another source than before; the first source was kept.",
        )
    if "source" not in mapping.fields:
        return
    lead = merged.of_import(merged.lead)
    words = lead.source.lower().isin(WORDS_FOR_UNKNOWN)
    counts = draft.old.rows(
        lead.aggregate(blank=lead.count(where=lead.source.isnull()), words=lead.count(where=words))
    )[0]
    if counts["blank"]:
        beside = (
            f" {counts['words']:,} {'other says' if counts['words'] == 1 else 'others say'} 'unknown' or the like, "
            "which is a value of its own."
            if counts["words"]
            else ""
        )
        yield ImportWarning(
            "blank_source",
            counts["blank"],
            f"{_leads(counts['blank'], 'has', 'have')} no source, which is shown as “None given”.{beside}",
        )


def _times(draft: Draft, merged: Merged, now: datetime) -> Iterator[ImportWarning]:
    episode = merged.of_import(merged.episode)
    earlier = [episode[f"{stage}_at"] for stage in ORDERED_STAGES if stage is not Stage.WON]
    earlier += [episode.attempted_at, episode.contacted_at]
    begun = ibis.least(*earlier)
    ended = ibis.least(episode.won_at, episode.lost_at)
    moment = ibis.literal(now).cast("timestamp('UTC')").cast("timestamp(6)")
    event = merged.of_import(merged.event)
    counts = draft.old.rows(
        episode.aggregate(
            before=episode.count(where=ended < begun),
            recycled=episode.count(where=episode.number == 2),
        )
    )[0]
    if counts["before"]:
        yield ImportWarning(
            "outcome_before_contact",
            counts["before"],
            f"{_leads(counts['before'], 'has', 'have')} an outcome before the first contact; the dates were kept as they are.",
        )
    if counts["recycled"]:
        yield ImportWarning(
            "several_entries",
            counts["recycled"],
            f"{_leads(counts['recycled'], 'entered', 'entered')} MQL more than once; each entry starts a new episode.",
        )
    at = event["at"]
    dates = draft.old.rows(
        event.aggregate(ahead=event.count(where=at > moment), undated=event.count(where=at.isnull()))
    )[0]
    ahead, undated = dates["ahead"], dates["undated"]
    if ahead:
        yield ImportWarning(
            "future_dates", ahead, f"{_some(ahead, 'date')} {'lies' if ahead == 1 else 'lie'} in the future."
        )
    if undated:
        yield ImportWarning(
            "undated_outcomes",
            undated,
            f"{_some(undated, 'outcome')} {'has' if undated == 1 else 'have'} no date: rules can be tested all the same, but measures "
            "that need time leave such outcomes out.",
        )
    truncated = first_recorded(draft.old, merged.episode, Stage.MQL, Stage.WON)
    if truncated is not None:
        yield ImportWarning(
            "left_truncation",
            truncated.leads_before,
            f"Wins are recorded only from {truncated.first:%Y-%m-%d} on, MQLs from {truncated.since:%Y-%m-%d}: "
            f"{_leads(truncated.leads_before, 'looks as if it', 'look as if they', 'earlier ')} had not converted.",
        )


def _leads(count: int, one: str, several: str, which: str = "") -> str:
    """How many leads do something: 1 lead has, 2 leads have."""
    return f"{_some(count, f'{which}lead')} {one if count == 1 else several}"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
