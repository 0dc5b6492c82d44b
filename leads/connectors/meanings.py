"""What the words of another system mean here: a status of theirs as an event of ours, a time of theirs as an instant."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alignment import instants
from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, RejectionReason, Stage
from leads.connectors.source import Plan, Surprises, shorten
from leads.feed import FIRST_YEAR, LAST_YEAR
from leads.model import CANONICAL_NAMES

NOTHING = "nothing"
DELETED = "deleted_in_source"
"""The attribute of a lead that was deleted in the other system: "true", and "false" where it was put back."""

REJECTED = "rejected"
MEANINGS: dict[str, str] = {
    NOTHING: "Nothing we count",
    **{stage.value: f"Becomes {stage.label}" for stage in Stage if stage not in (Stage.SAL, Stage.LOST)},
    Stage.SAL.value: "Accepted by sales (SAL)",
    Stage.LOST.value: "Lost",
    EventType.CONTACT_ATTEMPTED.value: "Sales tried to reach them",
    EventType.CONTACTED.value: "Sales reached them",
    **{
        f"{REJECTED}:{reason.value}": f"Rejected by sales: {reason.label.lower()}"
        for reason in RejectionReason
    },
}
_LONGEST_TEXT = 2_000
_NUMBERS = ("employees", "value")


def check_meaning(meaning: object, where: str) -> str:
    """`meaning` as it is kept. Raises InvalidInput, naming `where`, for one that is none."""
    if meaning not in MEANINGS:
        raise InvalidInput(f"“{shorten(meaning)}” is no meaning for {where}. Choose one of the list.")
    return str(meaning)


def meaning_of(
    plan: Plan, surprises: Surprises, tracked: str, value: str, suggested: str, lead_id: str, label: str = ""
) -> str:
    """What a value means by the plan, else as `suggested`; NOTHING, and a surprise, where neither says anything."""
    known = plan.meanings.get(tracked, {}).get(value) or suggested
    if known:
        return known
    surprises.add(
        "unmatched_value",
        f"“{shorten(label or value)}” of {tracked} has no meaning here yet. Choose one for it, then read everything again.",
        lead_id,
    )
    return NOTHING


def event(
    system: str,
    lead_id: str,
    meaning: str,
    at: str,
    *,
    mark: str = "",
    owner: str | None = None,
) -> dict[str, Any] | None:
    """The event that a meaning stands for, at an instant or, where no more is known, on a day; None for NOTHING.

    Its id is made of what it says, and of `mark` where two alike have to be told apart: the same thing read again is the
    same event.
    """
    if meaning == NOTHING:
        return None
    kind, reason, stage = meaning, None, None
    if meaning in list(Stage):
        kind, stage = EventType.ENTERED_STAGE.value, meaning
    elif meaning.startswith(REJECTED):
        kind, reason = EventType.REJECTED.value, meaning.partition(":")[2] or RejectionReason.OTHER.value
    found: dict[str, Any] = {
        "id": ":".join(part for part in (system, lead_id, meaning, at, mark) if part),
        "lead_id": lead_id,
        "type": kind,
        "at": at,
    }
    optional = {"stage": stage, "reason": reason, "owner": owner}
    return found | {name: value for name, value in optional.items() if value is not None}


def lead(
    plan: Plan, surprises: Surprises, lead_id: str, record: Mapping[str, Any], created_at: str | None
) -> dict[str, Any]:
    """A lead with the fields that the plan asks for, from a record of theirs whose values are text, numbers or None."""
    row: dict[str, Any] = {"lead_id": lead_id}
    if created_at is not None:
        row["created_at"] = created_at
    for name, theirs in plan.fields.items():
        value = _value(record.get(theirs), surprises, theirs, lead_id)
        if value is None or (name == "created_at" and created_at is not None):
            continue
        if name not in _NUMBERS:
            row[name] = value
        elif (number := _number(value)) is not None:
            row[name] = number
        else:
            surprises.add(
                "unreadable_number", f"{theirs} holds “{shorten(value)}”, which is no number.", lead_id
            )
    attributes = {
        name: text
        for name, theirs in plan.attributes.items()
        if (text := _value(record.get(theirs), surprises, theirs, lead_id)) is not None
    }
    if attributes:
        row["attributes"] = attributes
    return row


def dated(
    system: str, plan: Plan, surprises: Surprises, lead_id: str, record: Mapping[str, Any]
) -> list[dict[str, Any] | None]:
    """What happened when by those of their fields that hold a date: with its time, or the day where that is all they hold."""
    found = []
    for meaning, theirs in plan.dates.items():
        value = record.get(theirs)
        if isinstance(value, str) and len(value.strip()) == 10:
            day = day_of(value, surprises, theirs, lead_id)
            at = day.isoformat() if day else None
        else:
            at = instant_of(value, surprises, theirs, lead_id)
        if at is not None:
            found.append(event(system, lead_id, meaning, at, mark=theirs))
    return found


def merged(lead_id: str, into: str) -> dict[str, Any]:
    """A lead that has become part of another."""
    if "merged_into" in CANONICAL_NAMES:
        return {"lead_id": lead_id, "merged_into": into}
    return {"lead_id": lead_id, "attributes": {"merged_into": into}}


def instant_of(value: object, surprises: Surprises, what: str, lead_id: str) -> str | None:
    """Their instant in the store's form: ISO 8601 with or without a zone (then UTC), or milliseconds since 1970.

    None for nothing, and, with a surprise, for what is no time that can be kept.
    """
    if value in (None, "", False):
        return None
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{10,16}", value)):
            found = datetime.fromtimestamp(float(value) / 1000, UTC)
        else:
            found = datetime.fromisoformat(str(value).strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError("no year of ours")
    except (ValueError, OverflowError, OSError):
        surprises.add("unreadable_time", f"{what} holds “{shorten(value)}”, which is no time.", lead_id)
        return None
    return instants.to_text(found)


def day_of(value: object, surprises: Surprises, what: str, lead_id: str) -> date | None:
    """Their day; None for nothing and, with a surprise, for what is none."""
    if value in (None, "", False):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        surprises.add("unreadable_time", f"{what} holds “{shorten(value)}”, which is no day.", lead_id)
        return None


def earlier(instant: str, seconds: float) -> str:
    """An instant so many seconds before another, both in the store's form."""
    return instants.to_text(instants.from_text(instant) - timedelta(seconds=seconds))


def text_of(value: object, surprises: Surprises, what: str, lead_id: str) -> str | None:
    """A value of theirs as text, None for nothing; what is no single value is told and left out."""
    found = _value(value, surprises, what, lead_id)
    return None if found is None else str(found)


def _value(value: object, surprises: Surprises, what: str, lead_id: str) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return None
    if isinstance(value, int | float):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    if not isinstance(value, str):
        surprises.add("not_a_value", f"{what} holds a list or an object where a value was expected.", lead_id)
        return None
    text = value.encode("utf-8", "ignore").decode().replace("\0", "").strip()
    if len(text) > _LONGEST_TEXT:
        surprises.add("long_value", f"{what} holds more than {_LONGEST_TEXT:,} characters.", lead_id)
        return None
    return text or None


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < 1e18 else None
