"""What was staged joins what is known: fields fill in or change, events add up, and the next version is written.

A field changes where a value arrives, and never back to missing. The first source of a lead never changes: campaigns
are judged by it. Events are a union; one that is known already changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis

from alignment.lifecycle import EventType
from alignment.rules import FieldType
from alignment.rules.evaluation import FALSE_WORDS, INSTANT_PATTERN, NUMBER_PATTERN, TRUE_WORDS
from leads import episodes, schema
from leads.imports.progress import Progress, Step
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_NAMES
from leads.store import Draft, Facts, attributes_of

FIRST_STAYS = ("source",)


@dataclass(frozen=True)
class Merged:
    """What merging did. `status` has `lead_id`, `is_new`, `is_changed` for each staged lead."""

    status: ibis.Table
    new_leads: int
    changed_leads: int
    new_events: int
    source_kept: int

    @property
    def changed_anything(self) -> bool:
        """Whether the next version differs from the one in force."""
        return bool(self.new_leads or self.changed_leads or self.new_events)


def merge(
    draft: Draft,
    lead: ibis.Table,
    event: ibis.Table,
    columns: Iterable[str],
    progress: Progress | None = None,
) -> Merged:
    """Write the next version into `draft` from the version in force and what was staged.

    `lead` has one row per lead with columns of `leads.schema.lead`, any of which may be absent but `lead_id`; `event`
    has the columns of `leads.schema.EVENT`. `columns` are the file columns seen, remembered for later mappings.
    """
    backend, old = draft.backend, draft.old
    some_undated = old.value(event["at"].isnull().any().coalesce(False))
    told = _without_undated_doubles(event, old) if some_undated else event
    told = told.select(*schema.EVENT.names)
    nothing_known = not old.value(old.event.count())
    fresh = backend.create_table(
        "fresh_event", told.distinct() if nothing_known else told.difference(old.event), temp=True
    )
    attributes = sorted({*attributes_of(old.lead), *attributes_of(lead)})
    fields = [*CANONICAL_NAMES, *(ATTRIBUTE_PREFIX + name for name in attributes)]
    staged = _staged_leads(lead, fresh)
    joined = backend.create_table("joined_lead", _joined(staged, old.lead, fields), temp=True)
    status = backend.create_table("lead_status", _status(joined, fresh, fields), temp=True)
    result = backend.create_table(
        "lead",
        joined.select("lead_id", **{name: _resolved(joined, name) for name in fields}),
        schema=schema.lead(attributes),
    )
    log = backend.create_table("lead_event", old.event.union(fresh), schema=schema.EVENT)
    if progress is not None:
        progress.at(Step.FOLDING)
    backend.create_table("episode", episodes.build(result, log))
    backend.create_table(
        "custom_field",
        ibis.memtable(_types_of_custom_fields(draft, result, attributes), schema=schema.CUSTOM_FIELD),
    )
    known = sorted({*old.known_columns, *columns})
    backend.create_table(
        "known_column", ibis.memtable([{"name": name} for name in known], schema=schema.KNOWN_COLUMN)
    )
    counts = old.rows(
        status.aggregate(
            new=status.is_new.sum().coalesce(0),
            changed=status.is_changed.sum().coalesce(0),
            kept=status.source_kept.sum().coalesce(0),
        )
    )[0]
    new_events = old.value(fresh.count())
    for name in ("fresh_event", "joined_lead"):
        backend.drop_table(name)
    return Merged(status, counts["new"], counts["changed"], new_events, counts["kept"])


def _without_undated_doubles(event: ibis.Table, old: Facts) -> ibis.Table:
    """An undated 'has been won' says nothing beside a dated one."""
    dated = event.union(old.event)
    dated = dated.filter(dated["at"].notnull(), dated.type == EventType.ENTERED_STAGE.value)
    dated = dated.select("lead_id", "stage").distinct()
    undated = event.filter(event["at"].isnull()).anti_join(dated, ["lead_id", "stage"])
    return event.filter(event["at"].notnull()).union(undated)


def _staged_leads(lead: ibis.Table, fresh: ibis.Table) -> ibis.Table:
    """The staged leads, and those that only events speak of."""
    ids = lead.select("lead_id").union(fresh.select("lead_id")).distinct()
    return ids.left_join(lead, "lead_id").drop("lead_id_right")


def _joined(staged: ibis.Table, old: ibis.Table, fields: Sequence[str]) -> ibis.Table:
    both = staged.outer_join(old, staged.lead_id == old.lead_id, lname="new_{name}", rname="old_{name}")
    types = schema.lead(attributes_of(staged) + attributes_of(old))
    columns = {"lead_id": both.new_lead_id.coalesce(both.old_lead_id)}
    columns["is_staged"] = both.new_lead_id.notnull()
    columns["is_known"] = both.old_lead_id.notnull()
    for name in fields:
        for side, table in (("new", staged), ("old", old)):
            renamed = f"{side}_{name}" if name in staged.columns and name in old.columns else name
            found = both[renamed] if name in table.columns else ibis.null()
            columns[f"{side}_{name}"] = found.cast(types[name])
    return both.select(**columns)


def _resolved(joined: ibis.Table, name: str) -> ibis.Value:
    new, old = joined["new_" + name], joined["old_" + name]
    return old.coalesce(new) if name in FIRST_STAYS else new.coalesce(old)


def _status(joined: ibis.Table, fresh: ibis.Table, fields: Sequence[str]) -> ibis.Table:
    differs = ibis.literal(False)
    for name in fields:
        new, old = joined["new_" + name], joined["old_" + name]
        here = old.isnull() if name in FIRST_STAYS else (old.isnull() | (new != old))
        differs = differs | (new.notnull() & here)
    kept = (
        joined.new_source.notnull() & joined.old_source.notnull() & (joined.new_source != joined.old_source)
    )
    marked = joined.filter(joined.is_staged).select(
        "lead_id",
        is_new=~joined.is_known,
        differs=differs.fill_null(False),
        source_kept=kept.fill_null(False),
    )
    active = fresh.select("lead_id").distinct()
    with_events = marked.left_join(active, "lead_id")
    return with_events.select(
        "lead_id",
        "is_new",
        "source_kept",
        is_changed=~with_events.is_new & (with_events.differs | with_events.lead_id_right.notnull()),
    )


def _types_of_custom_fields(
    draft: Draft, lead: ibis.Table, attributes: Sequence[str]
) -> list[dict[str, str]]:
    if not attributes:
        return []
    counted = {}
    for name in attributes:
        column = lead[ATTRIBUTE_PREFIX + name]
        counted[f"{name}:known"] = column.count()
        counted[f"{name}:{FieldType.BOOLEAN}"] = column.isin([*TRUE_WORDS, *FALSE_WORDS]).sum()
        counted[f"{name}:{FieldType.NUMBER}"] = column.re_search(NUMBER_PATTERN).sum()
        counted[f"{name}:{FieldType.DATE}"] = column.re_search(INSTANT_PATTERN).sum()
    counts = draft.old.rows(lead.aggregate(**counted))[0]

    def type_of(name: str) -> FieldType:
        known = counts[f"{name}:known"]
        for candidate in (FieldType.BOOLEAN, FieldType.NUMBER, FieldType.DATE):
            if known and counts[f"{name}:{candidate}"] == known:
                return candidate
        return FieldType.TEXT

    return [{"name": name, "type": type_of(name).value} for name in attributes]
