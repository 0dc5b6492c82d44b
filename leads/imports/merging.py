"""What was staged joins what is known: fields fill in or change, events add up, and the next version is written.

A field changes where a value arrives, and never back to missing. The first source of a lead never changes: campaigns
are judged by it. Events are a union; one that is known already changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis

from alignment.lifecycle import EventType
from alignment.rules import FieldType
from alignment.rules.evaluation import FALSE_WORDS, INSTANT_PATTERN, NUMBER_PATTERN, TRUE_WORDS
from leads import episodes, outcomes, schema
from leads.facts import Spellings, aligned
from leads.imports.progress import Progress, Step
from leads.imports.wide import Rows, episodes_of, followed
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_NAMES, column_of
from leads.store import Draft, Facts, attributes_of

FIRST_STAYS = ("source",)
_KINDS = (FieldType.BOOLEAN, FieldType.NUMBER, FieldType.DATE)
_FIRST_LEADS = 1_000


@dataclass(frozen=True)
class Merged:
    """What merging did. `status` has `lead_id`, `is_new`, `is_changed` for each staged lead; None where all are new.

    `lead`, `event` and `episode` are the tables as they are after it, of all leads; `of_all` says that these are the staged ones.
    """

    status: ibis.Table | None
    leads: int
    new_leads: int
    changed_leads: int
    new_events: int
    source_kept: int
    lead: ibis.Table
    event: ibis.Table
    episode: ibis.Table
    of_all: bool

    @property
    def changed_anything(self) -> bool:
        """Whether the next version differs from the one in force."""
        return bool(self.new_leads or self.changed_leads or self.new_events)

    def of_import(self, table: ibis.Table) -> ibis.Table:
        """The rows of a table that are of staged leads."""
        return table if self.of_all or self.status is None else table.semi_join(self.status, "lead_id")


def merge(
    draft: Draft,
    lead: ibis.Table,
    event: ibis.Table,
    columns: Iterable[str],
    progress: Progress | None = None,
    *,
    wide: Rows | None = None,
    whole: bool = False,
) -> Merged:
    """Write the next version into `draft` from the version in force and what was staged.

    `lead` has one row per lead with columns of `leads.schema.lead`, any of which may be absent but `lead_id`; `event`
    has the columns of `leads.schema.EVENT`. `columns` are the file columns seen, remembered for later mappings. `wide`
    is what both were laid out from where each lead stood on one row, so that no event stands twice in `event`, an undated one beside none
    that is dated, and none is of a lead that is not in `lead`.
    `whole` says that the version in force has the episodes of all its leads, so that those of other leads can be kept.
    """
    progress = progress or Progress()
    old = draft.old
    spelled = _spelled(lead, old.lead)
    lead = lead.rename(spelled)
    if wide is not None and any(told.kind is EventType.DECISION_WITHDRAWN for told in wide.told):
        wide = None  # a row that takes back what it tells has to be folded
    straight = None if wide is None else _followed(wide, lead, spelled)
    if not old.value(old.lead.count()) and not old.value(old.event.count()):
        return _begin(draft, lead, event, columns, progress, wide, straight, whole)
    return _add(draft, lead, event, columns, progress, wide, straight, whole)


def _spelled(lead: ibis.Table, old: ibis.Table) -> dict[str, str]:
    """The attributes of staged leads that are known in another spelling: the column as it is known, and as it is staged."""
    spellings = Spellings(attributes_of(old))
    return {
        column_of(spellings.of(name)): column_of(name)
        for name in attributes_of(lead)
        if spellings.of(name) != name
    }


def _followed(wide: Rows, lead: ibis.Table, spelled: Mapping[str, str]) -> ibis.Table:
    """The staged leads with what became of them, as the rows that they were laid out from tell."""
    return followed(wide, {name: spelled.get(name, name) for name in lead.columns})


def _begin(
    draft: Draft,
    lead: ibis.Table,
    event: ibis.Table,
    columns: Iterable[str],
    progress: Progress,
    wide: Rows | None,
    straight: ibis.Table | None,
    whole: bool,
) -> Merged:
    """The first version: everything is new."""
    backend, old = draft.backend, draft.old
    if wide is None:
        event = backend.create_table("fresh_event", _told(event, old).distinct(), temp=True)
        lead = _staged_leads(lead, event)
    attributes = sorted(attributes_of(lead))
    types = schema.followed(attributes)
    rows = outcomes.build(aligned(lead, schema.lead(attributes)), event) if straight is None else straight
    result = schema.create(backend, "lead", aligned(rows, types), types, narrow=whole)
    log = schema.create(backend, "lead_event", event, schema.EVENT, narrow=whole)
    progress.at(Step.FOLDING)
    laid_out = None if wide is None else episodes_of(wide, result)
    events = old.value(log.count())
    folded = episodes.build_all(result, log, events) if laid_out is None else laid_out
    episode = schema.create(backend, "episode", folded, narrow=whole)
    _note_fields(draft, result, attributes, columns)
    if wide is None:
        backend.drop_table("fresh_event")
    leads = old.value(result.count())
    fields = result.drop(*schema.OUTCOME)
    return Merged(None, leads, leads, 0, events, 0, fields, log, episode, True)


def _add(
    draft: Draft,
    lead: ibis.Table,
    event: ibis.Table,
    columns: Iterable[str],
    progress: Progress,
    wide: Rows | None,
    straight: ibis.Table | None,
    whole: bool,
) -> Merged:
    """A later version: leads that were staged fill in and change, all others stay."""
    backend, old = draft.backend, draft.old
    told = _told(event, old)
    fresh = _unknown(told if wide is not None else told.distinct(), old.event)
    fresh = backend.create_table("fresh_event", fresh, temp=True)
    attributes = sorted({*attributes_of(old.lead), *attributes_of(lead)})
    fields = [*CANONICAL_NAMES, *(ATTRIBUTE_PREFIX + name for name in attributes)]
    staged = lead
    if wide is None:
        staged = backend.create_table("merged_lead", _staged_leads(lead, fresh), temp=True)
    status = _status(_joined(staged, old.lead, fields), fresh, fields)
    status = backend.create_table("lead_status", status, temp=True)
    counts = old.rows(
        status.aggregate(
            leads=status.count(),
            new=status.count(where=status.is_new),
            changed=status.count(where=status.is_changed),
            kept=status.count(where=status.source_kept),
        )
    )[0]
    done = (counts["leads"], counts["new"], counts["changed"], old.value(fresh.count()), counts["kept"])
    if not any(done[1:4]):
        episode = old.episode if whole else backend.create_table("episode", episodes.build(lead, fresh))
        everybody = counts["leads"] == old.value(old.lead.count())
        return Merged(status, *done, old.lead, old.event, episode, everybody)
    log = schema.create(backend, "lead_event", old.event.union(fresh), schema.EVENT)
    types = schema.followed(attributes)
    rows = [aligned(part, types) for part in _leads(old, staged, log, status, fields, done, straight)]
    result = schema.create(backend, "lead", ibis.union(*rows) if len(rows) > 1 else rows[0])
    progress.at(Step.FOLDING)
    laid_out = None if wide is None else episodes_of(wide, result)
    folded = _folded(old, result, log, status, done, laid_out) if whole else [episodes.build(result, log)]
    episode = schema.create(backend, "episode", folded)
    _note_fields(draft, result, attributes, columns)
    for name in ("fresh_event", "merged_lead"):
        backend.drop_table(name, force=True)
    everybody = counts["leads"] == old.value(result.count())
    return Merged(status, *done, result.drop(*schema.OUTCOME), log, episode, everybody)


def _leads(
    old: Facts,
    staged: ibis.Table,
    event: ibis.Table,
    status: ibis.Table,
    fields: Sequence[str],
    done: Sequence[int],
    straight: ibis.Table | None,
) -> Iterator[ibis.Table]:
    """The leads as they are now, and what became of them: those that stay as they are, new ones (`straight`, where they are told
    so), and changed ones. `event` are all events."""
    changed = status.filter(status.is_changed).select("lead_id")
    yield old.followed.anti_join(changed, "lead_id") if done[2] else old.followed
    if done[1]:
        new = status.filter(status.is_new).select("lead_id")
        if straight is not None:
            yield straight.semi_join(new, "lead_id")
        else:
            fresh = aligned(staged, schema.lead(attributes_of(staged)))
            yield outcomes.build(fresh.semi_join(new, "lead_id"), event.semi_join(new, "lead_id"))
    if done[2]:
        both = _joined(staged.semi_join(changed, "lead_id"), old.lead, fields)
        touched = both.select("lead_id", **{name: _resolved(both, name) for name in fields})
        yield outcomes.build(touched, event.semi_join(changed, "lead_id"))


def _folded(
    old: Facts,
    lead: ibis.Table,
    event: ibis.Table,
    status: ibis.Table,
    done: Sequence[int],
    straight: ibis.Table | None,
) -> list[ibis.Table]:
    """The episodes of all leads, as `leads.episodes` finds them, where that is sound and quicker without folding all events.

    Those of leads that nothing touched are taken over, and those of new ones are as their rows tell, if that is `straight`.
    """
    to_fold = done[2] + (done[1] if straight is None else 0)
    if (
        episodes.survivors(lead) is not None
        or old.episode.schema() != schema.EPISODE
        or to_fold * 4 >= old.value(old.lead.count())
    ):
        return episodes.build_all(lead, event, old.value(event.count()))
    changed = status.filter(status.is_changed).select("lead_id")
    new = status.filter(status.is_new).select("lead_id")
    kept = old.episode.anti_join(changed, "lead_id") if done[2] else old.episode
    if straight is not None and done[1]:
        kept = kept.union(straight.semi_join(new, "lead_id"))
    if to_fold:
        touched = changed if straight is not None else changed.union(new)
        fresh = episodes.build(lead.semi_join(touched, "lead_id"), event.semi_join(touched, "lead_id"))
        kept = kept.union(fresh)
    return [kept]


def _note_fields(draft: Draft, lead: ibis.Table, attributes: Sequence[str], columns: Iterable[str]) -> None:
    draft.backend.create_table(
        "custom_field",
        schema.few(_types_of_custom_fields(draft, lead, attributes), schema.CUSTOM_FIELD),
    )
    known = sorted({*draft.old.known_columns, *columns})
    draft.backend.create_table(
        "known_column", schema.few([{"name": name} for name in known], schema.KNOWN_COLUMN)
    )


def _unknown(told: ibis.Table, known: ibis.Table) -> ibis.Table:
    """The events of which none that is the same in everything is known."""
    names = schema.EVENT.names
    return told.select(*names).anti_join(known, [told[name].identical_to(known[name]) for name in names])


def _told(event: ibis.Table, old: Facts) -> ibis.Table:
    some_undated = old.value(event["at"].isnull().any().coalesce(False))
    told = _without_undated_doubles(event, old) if some_undated else event
    return told.select(*schema.EVENT.names)


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
    both = staged.left_join(old, staged.lead_id == old.lead_id, lname="new_{name}", rname="old_{name}")
    types = schema.lead(attributes_of(staged) + attributes_of(old))
    columns = {"lead_id": both.new_lead_id}
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
    marked = joined.select(
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
    # what the first values are no sign of, all values are not
    first = draft.old.rows(_fitting(lead.limit(_FIRST_LEADS), dict.fromkeys(attributes, _KINDS)))[0]
    possible = {
        name: [kind for kind in _KINDS if first[f"{name}:{kind}"] == first[f"{name}:known"]]
        for name in attributes
    }
    counts = draft.old.rows(_fitting(lead, possible))[0]

    def type_of(name: str) -> FieldType:
        known = counts[f"{name}:known"]
        for kind in possible[name]:
            if known and counts[f"{name}:{kind}"] == known:
                return kind
        return FieldType.TEXT

    return [{"name": name, "type": type_of(name).value} for name in attributes]


def _fitting(lead: ibis.Table, kinds: Mapping[str, Sequence[FieldType]]) -> ibis.Table:
    """How many values each custom field has, and how many of them look like each of these kinds."""
    counted = {}
    for name, possible in kinds.items():
        column = lead[ATTRIBUTE_PREFIX + name]
        counted[f"{name}:known"] = column.count()
        looks = {
            FieldType.BOOLEAN: column.isin([*TRUE_WORDS, *FALSE_WORDS]),
            FieldType.NUMBER: column.re_search(NUMBER_PATTERN),
            FieldType.DATE: column.re_search(INSTANT_PATTERN),
        }
        counted |= {f"{name}:{kind}": lead.count(where=looks[kind]) for kind in possible}
    return lead.aggregate(**counted)
