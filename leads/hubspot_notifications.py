"""What HubSpot notifies of as it happens (webhooks), as leads and events for the feed.

Only what an app is told of a contact is used: its stage, status and owner as events at the time of the change, the fields
that every lead has, its creation, that it was deleted or put back, and merges. Everything else is passed over and counted.

Where the account is pulled from as well, its plan says what fields and values mean, so that both say the same. What only a pull
knows as it is, the name of an owner and the day in a date, is left to the next one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from alignment.lifecycle import EventType, Stage
from alignment.rules import FieldType
from leads.connectors.hubspot_events import LIFECYCLE, OWNER, STATUS, suggested
from leads.connectors.meanings import DELETED, NOTHING, event, instant_of, lead, meaning_of, merged
from leads.connectors.source import Plan, Surprises
from leads.model import CANONICAL_FIELDS

_SYSTEM = "hubspot"
_CONTACT_TYPE = "0-1"
_FIELDS = {
    "hs_analytics_source": "source",
    "company": "company",
    "jobtitle": "job_title",
    "country": "country",
    "industry": "industry",
}
_EMPLOYEES = "numberofemployees"
_DELETIONS = {"deletion": "true", "privacyDeletion": "true", "restore": "false"}
_DATES = tuple(known.name for known in CANONICAL_FIELDS if known.type is FieldType.DATE)


@dataclass(frozen=True)
class Notified:
    """What a delivery says; `passed_over` counts what is not used."""

    leads: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    passed_over: int


def translate(notifications: Iterable[object], prefix: str, plan: Plan | None = None) -> Notified:
    """Leads and events of a delivery, each lead's id with `prefix` before HubSpot's; read by `plan` where the account is pulled from."""
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    passed_over = 0
    for notification in notifications:
        told = _told(notification, prefix, plan) if isinstance(notification, Mapping) else None
        if told is None:
            passed_over += 1
        else:
            leads += told[0]
            events += told[1]
    return Notified(tuple(leads), tuple(events), passed_over)


_Told = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def _told(notification: Mapping[str, Any], prefix: str, plan: Plan | None) -> _Told | None:
    """What one notification says; None when it is none that is used."""
    subject, _, kind = str(notification.get("subscriptionType", "")).partition(".")
    if subject == "object" and notification.get("objectTypeId") == _CONTACT_TYPE:
        subject = "contact"
    at = instant_of(notification.get("occurredAt"), Surprises(), "occurredAt", "")
    if subject != "contact" or at is None:
        return None
    if kind == "merge":
        return _merge(notification, prefix)
    number = _id(notification.get("objectId"))
    if number is None:
        return None
    lead_id = prefix + number
    if kind == "creation":
        if plan is not None and plan.since is not None and at[:10] < plan.since.isoformat():
            return None
        found = event(_SYSTEM, lead_id, Stage.LEAD.value, at, mark="created")
        return [{"lead_id": lead_id, "created_at": at}], [found] if found else []
    if kind in _DELETIONS:
        return [{"lead_id": lead_id, "attributes": {DELETED: _DELETIONS[kind]}}], []
    if kind == "propertyChange":
        name, text = notification.get("propertyName"), _text(notification.get("propertyValue"))
        if not isinstance(name, str) or text is None:
            return None
        return _change(lead_id, name, text, at) if plan is None else _planned(plan, lead_id, name, text, at)
    return None


def _merge(notification: Mapping[str, Any], prefix: str) -> _Told | None:
    into = _id(notification.get("newObjectId") or notification.get("primaryObjectId"))
    gone = notification.get("mergedObjectIds")
    numbers = [_id(number) for number in gone] if isinstance(gone, list) else []
    pairs = [number for number in (*numbers, _id(notification.get("primaryObjectId"))) if number != into]
    if into is None or not numbers or None in pairs:
        return None
    return [merged(prefix + str(number), prefix + into) for number in pairs], []


def _text(value: object) -> str | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    return str(value).strip() or None


def _planned(plan: Plan, lead_id: str, name: str, text: str, at: str) -> _Told | None:
    """What a change says by the plan of the account's source."""
    if name == OWNER:
        return None
    surprises = Surprises()
    fields = {ours: theirs for ours, theirs in plan.fields.items() if ours not in _DATES}
    row = lead(replace(plan, fields=fields), surprises, lead_id, {name: text}, None)
    leads = [row] if len(row) > 1 else []
    found = None
    if name in (LIFECYCLE, STATUS):
        found = event(
            _SYSTEM, lead_id, meaning_of(plan, surprises, name, text, suggested(name, text), lead_id), at
        )
    return (leads, [found] if found else []) if leads or found else None


def _change(lead_id: str, name: str, text: str, at: str) -> _Told | None:
    found = None
    if name in (LIFECYCLE, STATUS):
        found = event(_SYSTEM, lead_id, suggested(name, text) or NOTHING, at)
    elif name == OWNER:
        found = event(_SYSTEM, lead_id, EventType.ASSIGNED.value, at, mark=text, owner=text[:200])
    elif name == _EMPLOYEES:
        try:
            return [{"lead_id": lead_id, "employees": float(text)}], []
        except ValueError:
            return None
    elif name in _FIELDS:
        return [{"lead_id": lead_id, _FIELDS[name]: text[:2_000]}], []
    return None if found is None else ([], [found])


def _id(number: object) -> str | None:
    """An id of HubSpot's, which is a number; None for anything else."""
    text = str(number) if isinstance(number, int | str) and not isinstance(number, bool) else ""
    return text if text.isdecimal() and text.isascii() and len(text) <= 30 else None
