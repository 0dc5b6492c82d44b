"""The overlay of what has come in piece by piece: the leads it is about, whole, laid over the base.

An overlay is a small file of its own. It holds each lead that changed since the base was made with all its fields, events and
episodes (as an import would have made them), which rows of the base it replaces, and the items themselves, so that they can
be laid over another base that was being built meanwhile. The pointer says up to which number of the inflow the facts
hold; so an item that is applied a second time does nothing, and none is lost.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from alignment import instants
from alignment.rules import FieldType
from leads import episodes, outcomes, schema
from leads.episodes import MERGED_INTO, families
from leads.facts import BASE, LIVE, Facts, Spellings, aligned, attributes_of, replaced_rows
from leads.imports.merging import FIRST_STAYS, merge
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, column_of
from leads.store import Draft, LiveDraft, warehouse

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

Item = tuple[int, str, str]  # number, lead or event, content as JSON
_ITEM = ibis.schema({"number": "int64", "kind": "string", "content": "string"})
_REPLACED = ibis.schema({"base_row": "int64"})
_TABLES = ("lead", "lead_event", "episode")
_HARMLESS = json.dumps(
    {"lead_id": "\N{WHITE SQUARE}", "type": "contacted", "at": "2000-01-01T00:00:00.000000Z"}
)


@dataclass(frozen=True)
class Applied:
    """What applying did: up to which number the facts hold now, how many items that took, and of what size the overlay is."""

    upto: int
    items: int
    leads_in_overlay: int


def apply(items: Sequence[Item], at: datetime) -> Applied:
    """Let items of the inflow come into force, in the order of their numbers; those that are in force already do nothing.

    `at` is the instant from which on the facts hold them. Raises WarehouseUnavailable when disk or memory do not suffice.
    """
    with warehouse().write_live() as draft:
        fresh = sorted(item for item in items if item[0] > draft.pointer.upto)
        if fresh:
            lay(draft, fresh, at)
        pointer = draft.next or draft.pointer
    return Applied(pointer.upto, len(fresh), pointer.live.leads if pointer.live else 0)


def pass_over(number: int, at: datetime) -> None:
    """Let the item of this number, which is the next, never come into force.

    Whatever keeps any item from coming into force raises here too, and then nothing is passed over.
    """
    with warehouse().write_live() as draft:
        if number <= draft.pointer.upto:
            return
        lay(draft, [(number, "event", _HARMLESS)], at)
        draft.published = False
        draft.pass_over(upto=number)


def lay(draft: LiveDraft, items: Sequence[Item], at: datetime) -> None:
    """Write the overlay of `draft` anew with some more items, or pass over them where they change nothing."""
    backend = draft.backend
    upto = items[-1][0]
    leads, events = _staged(items, attributes_of(draft.base.lead), draft.live)
    lead = backend.create_table("staged_lead", leads, temp=True)
    event = backend.create_table("staged_event", events, schema=schema.EVENT, temp=True)
    touched = backend.create_table("touched", _touched(draft, lead, event), temp=True)
    from_base = {name: _from_base(backend, name, touched) for name in _TABLES}
    before = _Before(backend, draft, from_base)
    merged = merge(Draft(backend, before), lead, event, ())
    if not merged.changed_anything:
        draft.pass_over(upto=upto)
        return
    for name in _TABLES:
        rows = from_base[name].select("base_row")
        if draft.live is not None:
            rows = rows.union(backend.table(replaced_rows(name), database=LIVE))
        backend.create_table(replaced_rows(name), rows, schema=_REPLACED)
    fresh = schema.few([dict(zip(_ITEM.names, item, strict=True)) for item in items], _ITEM)
    told = fresh if draft.live is None else fresh.union(backend.table("item", database=LIVE))
    kept = backend.create_table("item", told, schema=_ITEM)
    draft.publish(
        upto=upto,
        leads=before.value(backend.table("lead").count()),
        items=before.value(kept.count()),
        at=at,
    )


def fold(wait_seconds: float = 0.0) -> bool:
    """Make base and overlay one new base, without the overlay; whether there was one.

    What comes in meanwhile is laid over the new base. Raises WarehouseUnavailable when an import is running for longer than
    `wait_seconds`, which does the same, or when disk or memory do not suffice.
    """
    if warehouse().pointer().live is None:
        return False
    with warehouse().write(wait_seconds) as draft:
        _copy(draft, draft.old.followed)
        schema.create(draft.backend, "episode", draft.old.episode)
        draft.publish(instants.from_text(warehouse().imported_at() or ""))
    return True


def renew(draft: Draft, imported_at: str) -> None:
    """Make facts that an earlier version of the program wrote anew: the same leads and events, and what is made of them now."""
    lead, event = _copy(draft, outcomes.build(schema.known_of(draft.old.lead), draft.old.event))
    events = draft.old.value(event.count())
    schema.create(draft.backend, "episode", episodes.build_all(lead, event, events))
    draft.publish(instants.from_text(imported_at))


def _copy(draft: Draft, followed: ibis.Table) -> tuple[ibis.Table, ibis.Table]:
    """Write everything but the episodes from what is in force, and these leads; the leads and the events."""
    backend, old = draft.backend, draft.old
    others = {name for name in backend.list_tables(database=BASE) if not schema.is_view(name)}
    others -= {*_TABLES, "custom_field"}
    lead = schema.create(backend, "lead", aligned(followed, dict(schema.followed(attributes_of(followed)))))
    event = schema.create(backend, "lead_event", aligned(old.event, dict(schema.EVENT)))
    custom = [{"name": found.name, "type": found.type.value} for found in old.fields() if found.custom]
    backend.create_table("custom_field", schema.few(custom, schema.CUSTOM_FIELD))
    for name in sorted(others):
        backend.create_table(name, backend.table(name, database=BASE))
    return lead, event


@contextmanager
def opened(path: Path) -> "Iterator[Backend]":
    """An overlay for reading."""
    backend = ibis.duckdb.connect(path, read_only=True)
    try:
        yield backend
    finally:
        backend.disconnect()


def items_after(backend: "Backend", number: int) -> list[Item]:
    """The items of an overlay beyond a number, in their order."""
    item = backend.table("item")
    found = backend.to_pyarrow(item.filter(item.number > number).order_by("number")).to_pylist()
    return [(row["number"], row["kind"], row["content"]) for row in found]


class _Before(Facts):
    """What was known of the leads that an overlay is about."""

    def __init__(self, backend: "Backend", draft: LiveDraft, from_base: Mapping[str, ibis.Table]) -> None:
        super().__init__(backend, draft.pointer.revision)
        for name in ("lead", "lead_event"):
            rows = from_base[name].drop("base_row")
            columns = {**schema.always(name), **rows.schema()}
            if draft.live is None:
                rows = aligned(rows, columns)
            else:
                before = backend.table(name, database=LIVE)
                columns = {**columns, **before.schema()}
                rows = aligned(rows, columns).union(aligned(before, columns))
            self._tables[name] = backend.create_table(f"before_{name}", rows, temp=True)

    @property
    def known_columns(self) -> frozenset[str]:
        """None: those of files stand in the base."""
        return frozenset()


def _touched(draft: LiveDraft, lead: ibis.Table, event: ibis.Table) -> ibis.Table:
    """`lead_id` of the leads that items speak of, and of those that are the same prospect, which are not in the overlay yet."""
    spoken_of = lead.select("lead_id").union(event.select("lead_id")).distinct()
    column = column_of(MERGED_INTO)
    known = draft.whole.lead
    if column in known.columns or column in lead.columns:
        if column in lead.columns:
            spoken_of = spoken_of.union(lead.filter(lead[column].notnull()).select(lead_id=column)).distinct()
        spoken_of = draft.backend.create_table("spoken_of", spoken_of, temp=True)
        spoken_of = _with_family(known, spoken_of)
    if draft.live is None:
        return spoken_of
    return spoken_of.anti_join(draft.live.lead, "lead_id")


def _with_family(known: ibis.Table, spoken_of: ibis.Table) -> ibis.Table:
    """With these leads, all that were merged with one of them so far, or will be by its coming."""
    column = column_of(MERGED_INTO)
    if column not in known.columns:
        return spoken_of
    new = spoken_of.anti_join(known, "lead_id").mutate(**{column: ibis.null().cast("string")})
    members = families(known.select("lead_id", column).union(new))
    if members is None:
        return spoken_of
    touched = members.semi_join(spoken_of, "lead_id").select("family").distinct()
    return spoken_of.union(members.semi_join(touched, "family").select("lead_id")).distinct()


def _from_base(backend: "Backend", name: str, touched: ibis.Table) -> ibis.Table:
    """The rows that the base has of these leads, with where they stand in it."""
    table = backend.table(name, database=BASE)
    rows = table.mutate(base_row=table.rowid()).semi_join(touched, "lead_id")
    return backend.create_table(f"from_base_{name}", rows, temp=True)


def _staged(items: Sequence[Item], known: Sequence[str], live: Facts | None) -> tuple[ibis.Table, ibis.Table]:
    """The items as tables of leads, one row each, and of events."""
    names = Spellings((*known, *(attributes_of(live.lead) if live is not None else ())))
    leads: dict[str, dict[str, Any]] = {}
    events = []
    for _, kind, content in items:
        found = json.loads(content)
        if kind == "lead":
            _add_lead(leads.setdefault(found["lead_id"], {"lead_id": found["lead_id"]}), found, names)
        else:
            events.append(_event(found))
    columns = {column for lead in leads.values() for column in lead}
    attributes = [
        column.removeprefix(ATTRIBUTE_PREFIX) for column in columns if column.startswith(ATTRIBUTE_PREFIX)
    ]
    types = schema.lead(attributes)
    return schema.few(leads.values(), types), schema.few(events, schema.EVENT)


def _add_lead(lead: dict[str, Any], told: Mapping[str, Any], names: Spellings) -> None:
    """Lay what was told of a lead over what was told before. How many attributes there can be was seen to when it was taken."""
    for field in CANONICAL_FIELDS:
        if field.name in told and not (field.name in FIRST_STAYS and field.name in lead):
            value = told[field.name]
            lead[field.name] = _naive(value) if field.type is FieldType.DATE else value
    for name, value in told.get("attributes", {}).items():
        lead[column_of(names.of(name))] = value


def _event(told: Mapping[str, Any]) -> dict[str, Any]:
    at = _naive(told["at"])
    return {
        "lead_id": told["lead_id"],
        "type": told["type"],
        "stage": told.get("stage"),
        "at": at,
        "day": date.fromisoformat(told["day"]) if "day" in told else at.date(),
        "day_only": told.get("day_only", False),
        "reason": told.get("reason"),
        "owner": told.get("owner"),
        "automatic": told.get("automatic", False),
    }


def _naive(text: str) -> datetime:
    return instants.from_text(text).replace(tzinfo=None)
