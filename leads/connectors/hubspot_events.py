"""What HubSpot's contacts and deals say, as leads and events.

A contact's lifecycle stage, lead status and owner are read from their history, each change at its own time. A deal's
stages are events of all contacts that it belongs to, as HubSpot counts them; its amount is that of the first of them, by
id, so that it is not counted twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alignment.lifecycle import EventType, Stage
from leads.connectors.meanings import (
    DELETED,
    NOTHING,
    REJECTED,
    dated,
    event,
    instant_of,
    lead,
    meaning_of,
    merged,
    text_of,
)
from leads.connectors.source import Plan, Surprises

LIFECYCLE, STATUS, OWNER, DEAL_STAGE = "lifecyclestage", "hs_lead_status", "hubspot_owner_id", "dealstage"
CREATED = "createdate"
HISTORY = (LIFECYCLE, STATUS, OWNER)
RESTORED = "restored"  # of a record here: it was told as deleted, and is there again
MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")
_SYSTEM = "hubspot"
_SUGGESTED = {
    LIFECYCLE: {
        "subscriber": NOTHING,
        "lead": Stage.LEAD.value,
        "marketingqualifiedlead": Stage.MQL.value,
        "salesqualifiedlead": Stage.SQL.value,
        "opportunity": Stage.OPPORTUNITY.value,
        "customer": Stage.WON.value,
        "evangelist": NOTHING,
        "other": NOTHING,
    },
    STATUS: {
        "NEW": NOTHING,
        "OPEN": NOTHING,
        "IN_PROGRESS": Stage.SAL.value,
        "OPEN_DEAL": Stage.OPPORTUNITY.value,
        "UNQUALIFIED": f"{REJECTED}:not_a_fit",
        "ATTEMPTED_TO_CONTACT": EventType.CONTACT_ATTEMPTED.value,
        "CONNECTED": EventType.CONTACTED.value,
        "BAD_TIMING": f"{REJECTED}:bad_timing",
    },
}


@dataclass(frozen=True)
class DealStage:
    """A stage of a pipeline of deals."""

    id: str
    label: str
    pipeline: str
    suggested: str


@dataclass(frozen=True)
class Known:
    """What the account calls things: properties of contacts by name, stages of deals by id, names of owners by id."""

    properties: Mapping[str, Mapping[str, Any]]
    stages: Mapping[str, DealStage]
    owners: Mapping[str, str]

    def owner(self, number: str) -> str:
        """The owner's name, or the number where it is not known."""
        return self.owners.get(number, number)[:200]


def suggested(tracked: str, value: str) -> str:
    """What a value usually means; '' where nobody can tell."""
    return _SUGGESTED.get(tracked, {}).get(value, "")


def deal_stage(pipeline: Mapping[str, Any], stage: Mapping[str, Any]) -> DealStage:
    """A stage of a pipeline, as HubSpot describes both."""
    details = stage.get("metadata")
    details = details if isinstance(details, dict) else {}
    meaning = Stage.OPPORTUNITY.value
    if str(details.get("isClosed", "")).lower() == "true":
        try:
            sure = float(details.get("probability") or 0)
        except (TypeError, ValueError):
            sure = 0.0
        meaning = Stage.WON.value if sure >= 1 else Stage.LOST.value
    return DealStage(
        str(stage["id"]),
        str(stage.get("label") or stage["id"]),
        str(pipeline.get("label") or "Deals"),
        meaning,
    )


Converted = tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]


def from_contacts(
    contacts: Iterable[Mapping[str, Any]], known: Known, plan: Plan, surprises: Surprises
) -> Converted:
    """Leads and events of contacts, each with its properties and their history."""
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any] | None] = []
    for contact in contacts:
        lead_id = plan.prefix + str(contact["id"])
        properties = _object(contact.get("properties"), surprises, "properties", lead_id)
        created = instant_of(properties.get(CREATED), surprises, CREATED, lead_id) or instant_of(
            contact.get("createdAt"), surprises, "createdAt", lead_id
        )
        if plan.since is not None and created is not None and created[:10] < plan.since.isoformat():
            continue
        owner = properties.get(OWNER)
        shown = {**properties, OWNER: known.owner(str(owner)) if owner else None}
        row = lead(plan, surprises, lead_id, shown, created)
        if contact.get("archived") is True or contact.get(RESTORED) is True:
            deleted = "true" if contact.get("archived") is True else "false"
            row = {**row, "attributes": {**row.get("attributes", {}), DELETED: deleted}}
        leads.append(row)
        leads += [merged(plan.prefix + loser, lead_id) for loser in _merged_ids(properties, contact["id"])]
        if created is not None:
            events.append(event(_SYSTEM, lead_id, Stage.LEAD.value, created, mark="created"))
        events += dated(_SYSTEM, plan, surprises, lead_id, properties)
        history = _object(contact.get("propertiesWithHistory"), surprises, "history", lead_id)
        for tracked in (LIFECYCLE, STATUS):
            options = known.properties.get(tracked, {}).get("options") or []
            labels = {o.get("value"): str(o.get("label") or "") for o in options if isinstance(o, dict)}
            for value, at in _changes(history.get(tracked), surprises, tracked, lead_id):
                meaning = meaning_of(
                    plan,
                    surprises,
                    tracked,
                    value,
                    suggested(tracked, value),
                    lead_id,
                    labels.get(value) or value,
                )
                events.append(event(_SYSTEM, lead_id, meaning, at))
        for value, at in _changes(history.get(OWNER), surprises, OWNER, lead_id):
            events.append(
                event(
                    _SYSTEM,
                    lead_id,
                    EventType.ASSIGNED.value,
                    at,
                    mark=value,
                    owner=known.owner(value),
                )
            )
    return tuple(leads), _each_once(events)


def from_deals(
    deals: Iterable[Mapping[str, Any]],
    contacts_of: Mapping[str, list[str]],
    known: Known,
    plan: Plan,
    surprises: Surprises,
) -> Converted:
    """What deals say of the contacts they belong to: entered stages, and the value of won ones."""
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any] | None] = []
    for deal in deals:
        deal_id = str(deal["id"])
        lead_ids = [plan.prefix + contact for contact in contacts_of.get(deal_id, [])]
        if not lead_ids:
            surprises.add("deal_without_contact", "A deal belongs to no contact, so to no lead.", deal_id)
            continue
        properties = _object(deal.get("properties"), surprises, "properties", deal_id)
        history = _object(deal.get("propertiesWithHistory"), surprises, "history", deal_id)
        won = False
        for meaning, at in _stages_of(properties, history, known, plan, surprises, deal_id):
            won = won or meaning == Stage.WON.value
            events += [event(_SYSTEM, lead_id, meaning, at, mark=f"deal {deal_id}") for lead_id in lead_ids]
        amount = text_of(properties.get("amount"), surprises, "amount", deal_id)
        if won and amount is not None:
            valued = Plan("", fields={"value": "amount", "currency": "deal_currency_code"})
            leads.append(lead(valued, surprises, lead_ids[0], properties, None))
    return tuple(leads), _each_once(events)


def _stages_of(
    properties: Mapping[str, Any],
    history: Mapping[str, Any],
    known: Known,
    plan: Plan,
    surprises: Surprises,
    deal_id: str,
) -> list[tuple[str, str]]:
    """Meanings with their instants. A deal that was brought in as closed did so on the close date that came with it."""
    entries = history.get(DEAL_STAGE)
    sources = {
        str(entry.get("timestamp")): str(entry.get("sourceType") or "")
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    }
    closed = instant_of(properties.get("closedate"), surprises, "closedate", deal_id)
    found = []
    for value, at, raw in _told_changes(entries, surprises, DEAL_STAGE, deal_id):
        stage = known.stages.get(value)
        meaning = meaning_of(
            plan,
            surprises,
            DEAL_STAGE,
            value,
            stage.suggested if stage else "",
            deal_id,
            stage.label if stage else value,
        )
        ended = meaning in (Stage.WON.value, Stage.LOST.value)
        brought_in = sources.get(raw) in ("IMPORT", "MIGRATION")
        found.append((meaning, closed if ended and brought_in and closed is not None else at))
    created = instant_of(properties.get("createdate"), surprises, "createdate", deal_id)
    stage = known.stages.get(str(properties.get("dealstage")))
    counts = any(meaning != NOTHING for meaning, _ in found) or (not found and stage is not None)
    if created is not None and counts:
        found.append((Stage.OPPORTUNITY.value, created))
    return found


def _changes(entries: Any, surprises: Surprises, tracked: str, record: str) -> list[tuple[str, str]]:
    return [(value, at) for value, at, _ in _told_changes(entries, surprises, tracked, record)]


def _told_changes(
    entries: Any, surprises: Surprises, tracked: str, record: str
) -> list[tuple[str, str, str]]:
    """Values with the instants they were set at, oldest first, and the time as it was told.

    Being emptied, which is how a stage is turned back, is no value; one that was set again while it stood is the same.
    """
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        surprises.add("odd_history", f"The history of {tracked} is no list of changes.", record)
        return []
    dated = []
    for entry in entries:
        at = instant_of(entry.get("timestamp"), surprises, f"the history of {tracked}", record)
        if at is not None:
            value = text_of(entry.get("value"), surprises, tracked, record) or ""
            dated.append((at, value, str(entry.get("timestamp"))))
    dated.sort(key=lambda one: one[0])
    changes = []
    before = ""
    for at, value, raw in dated:
        if value and value != before:
            changes.append((value, at, raw))
        before = value
    return changes


def _merged_ids(properties: Mapping[str, Any], own: object) -> list[str]:
    """Ids of the contacts that became part of this one: `1;2`, or `1:time;2:time` in older accounts."""
    found: dict[str, None] = {}
    for name in MERGED:
        for part in str(properties.get(name) or "").split(";"):
            number = part.partition(":")[0].strip()
            if number.isdigit() and number != str(own):
                found[number] = None
    return list(found)


def _object(value: Any, surprises: Surprises, what: str, record: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    if value is not None:
        surprises.add("odd_record", f"A record's {what} are no object.", record)
    return {}


def _each_once(events: Iterable[dict[str, Any] | None]) -> tuple[dict[str, Any], ...]:
    return tuple({found["id"]: found for found in events if found is not None}.values())
