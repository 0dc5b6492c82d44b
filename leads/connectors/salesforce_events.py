"""What Salesforce's leads, their history and their opportunities say, as leads and events.

The history keeps one and a half to two years. Of a lead that is younger its first status and owner are known from what
the first change replaced; of an older one only the changes that are still kept. Outcomes have a day, no time.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from alignment.lifecycle import EventType, Stage
from leads.connectors.meanings import (
    DELETED,
    NOTHING,
    REJECTED,
    dated,
    day_of,
    earlier,
    event,
    instant_of,
    lead,
    meaning_of,
    merged,
    text_of,
)
from leads.connectors.source import Plan, Surprises

STATUS = "Status"
_SYSTEM = "salesforce"
_KEPT_FOR = 540 * 86_400.0  # seconds of history
_QUEUE, _USER = "00G", "005"
_SUGGESTED = {
    "open - not contacted": NOTHING,
    "open": NOTHING,
    "new": NOTHING,
    "nurturing": NOTHING,
    "nurture": NOTHING,
    "working": Stage.SAL.value,
    "working - contacted": EventType.CONTACTED.value,
    "contacted": EventType.CONTACTED.value,
    "attempted": EventType.CONTACT_ATTEMPTED.value,
    "attempted contact": EventType.CONTACT_ATTEMPTED.value,
    "mql": Stage.MQL.value,
    "marketing qualified": Stage.MQL.value,
    "sal": Stage.SAL.value,
    "sales accepted": Stage.SAL.value,
    "sql": Stage.SQL.value,
    "qualified": Stage.SQL.value,
    "sales qualified": Stage.SQL.value,
    "unqualified": f"{REJECTED}:not_a_fit",
    "closed - not converted": f"{REJECTED}:other",
    "closed - converted": NOTHING,
    "converted": NOTHING,
}

Converted = tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]


def suggested(status: str) -> str:
    """What a status usually means; '' where nobody can tell."""
    return _SUGGESTED.get(status.strip().lower(), "")


def from_leads(
    records: Iterable[Mapping[str, Any]],
    history: Iterable[Mapping[str, Any]],
    plan: Plan,
    surprises: Surprises,
    now: str,
    has_history: bool,
) -> Converted:
    """Leads, and what happened to them by their history, which `has_history` says whether there is any to see."""
    changes: dict[str, list[Mapping[str, Any]]] = {}
    for change in history:
        changes.setdefault(str(change.get("LeadId")), []).append(change)
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any] | None] = []
    for record in records:
        lead_id = plan.prefix + str(record["Id"])
        created = instant_of(record.get("CreatedDate"), surprises, "CreatedDate", lead_id)
        owner = record.get("Owner")
        name = owner.get("Name") if isinstance(owner, dict) else None
        row = lead(plan, surprises, lead_id, {**record, "OwnerId": name or record.get("OwnerId")}, created)
        if record.get("MasterRecordId"):
            into = merged(lead_id, plan.prefix + str(record["MasterRecordId"]))
            row = {**row, **into, "attributes": {**row.get("attributes", {}), **into.get("attributes", {})}}
        elif record.get("IsDeleted") is True:
            row = {**row, "attributes": {**row.get("attributes", {}), DELETED: "true"}}
        leads.append(row)
        if created is not None:
            events.append(event(_SYSTEM, lead_id, Stage.LEAD.value, created, mark="created"))
        events += dated(_SYSTEM, plan, surprises, lead_id, record)
        own = changes.get(str(record["Id"]), [])
        whole = has_history and created is not None and created > earlier(now, _KEPT_FOR)
        first = created if whole else None
        events += _statuses(record, own, first, plan, surprises, lead_id)
        events += _owners(record, own, first, name, surprises, lead_id)
        events.append(_conversion(record, own, surprises, lead_id))
    return tuple(leads), _each_once(events)


def from_opportunities(
    records: Iterable[Mapping[str, Any]],
    leads_of: Mapping[str, Mapping[str, Any]],
    plan: Plan,
    surprises: Surprises,
) -> Converted:
    """How the opportunities of leads (opportunity's id → lead) went; those that came from no lead are left out."""
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any] | None] = []
    valued = Plan("", fields={"value": "Amount", "currency": "CurrencyIsoCode"})
    for record in records:
        origin = leads_of.get(str(record["Id"]))
        if origin is None:
            continue
        lead_id = plan.prefix + str(origin["Id"])
        mark = f"opportunity {record['Id']}"
        created = instant_of(record.get("CreatedDate"), surprises, "CreatedDate", lead_id)
        if created is not None:
            events.append(event(_SYSTEM, lead_id, Stage.OPPORTUNITY.value, created, mark=mark))
        if record.get("IsClosed") is True:
            won = record.get("IsWon") is True
            day = day_of(record.get("CloseDate"), surprises, "CloseDate", lead_id)
            meaning = Stage.WON.value if won else Stage.LOST.value
            if day is not None:
                events.append(event(_SYSTEM, lead_id, meaning, day.isoformat(), mark=mark))
            if won and record.get("Amount") is not None:
                leads.append(lead(valued, surprises, lead_id, record, None))
    return tuple(leads), _each_once(events)


def _statuses(
    record: Mapping[str, Any],
    changes: Iterable[Mapping[str, Any]],
    first: str | None,
    plan: Plan,
    surprises: Surprises,
    lead_id: str,
) -> list[dict[str, Any] | None]:
    told = _changes(changes, STATUS, surprises, lead_id)
    if first is not None:
        began = told[0][0] if told else text_of(record.get(STATUS), surprises, STATUS, lead_id)
        if began:
            told.insert(0, ("", began, first))
    found = []
    for _, value, at in told:
        meaning = meaning_of(plan, surprises, STATUS, value, suggested(value), lead_id)
        found.append(event(_SYSTEM, lead_id, meaning, at))
    return found


def _owners(
    record: Mapping[str, Any],
    changes: Iterable[Mapping[str, Any]],
    first: str | None,
    name: Any,
    surprises: Surprises,
    lead_id: str,
) -> list[dict[str, Any] | None]:
    """Assignments to people. Each change is told twice, by ids and by names; one to a queue assigns nobody."""
    told = _changes(changes, "Owner", surprises, lead_id)
    ids = {at: (old, new) for old, new, at in told if _is_owner_id(new)}
    names = [(old, new, at) for old, new, at in told if not _is_owner_id(new)]
    found = []
    if first is not None:
        began, by = (
            (names[0][0], ids.get(names[0][2], ("", ""))[0])
            if names
            else (str(name or ""), str(record.get("OwnerId") or ""))
        )
        if by.startswith(_USER) and began:
            found.append((began, first))
    found += [(new, at) for _, new, at in names if not ids.get(at, ("", ""))[1].startswith(_QUEUE)]
    return [
        event(_SYSTEM, lead_id, EventType.ASSIGNED.value, at, mark=owner[:60], owner=owner[:200])
        for owner, at in found
        if owner
    ]


def _conversion(
    record: Mapping[str, Any], changes: Iterable[Mapping[str, Any]], surprises: Surprises, lead_id: str
) -> dict[str, Any] | None:
    """The conversion with its time from the history, else with the day that the lead tells."""
    if record.get("IsConverted") is not True:
        return None
    meaning = Stage.OPPORTUNITY.value if record.get("ConvertedOpportunityId") else Stage.SQL.value
    for change in changes:
        if change.get("Field") == "leadConverted":
            at = instant_of(change.get("CreatedDate"), surprises, "LeadHistory", lead_id)
            if at is not None:
                return event(_SYSTEM, lead_id, meaning, at, mark="converted")
    day = day_of(record.get("ConvertedDate"), surprises, "ConvertedDate", lead_id)
    return event(_SYSTEM, lead_id, meaning, day.isoformat(), mark="converted") if day else None


def _changes(
    changes: Iterable[Mapping[str, Any]], field: str, surprises: Surprises, lead_id: str
) -> list[tuple[str, str, str]]:
    """(old value, new value, instant) of the changes of one field, oldest first."""
    found = []
    for change in changes:
        if change.get("Field") == field:
            at = instant_of(change.get("CreatedDate"), surprises, "LeadHistory", lead_id)
            old = text_of(change.get("OldValue"), surprises, field, lead_id) or ""
            new = text_of(change.get("NewValue"), surprises, field, lead_id) or ""
            if at is not None and new:
                found.append((old, new, at))
    return sorted(found, key=lambda one: one[2])


def _is_owner_id(value: str) -> bool:
    return value[:3] in (_QUEUE, _USER) and len(value) in (15, 18) and value.isalnum()


def _each_once(events: Iterable[dict[str, Any] | None]) -> tuple[dict[str, Any], ...]:
    return tuple({found["id"]: found for found in events if found is not None}.values())
