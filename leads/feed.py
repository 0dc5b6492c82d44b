"""A lead or an event as it comes piece by piece: checked, and brought into the one form in which it is kept.

An event: `id` (unique where it comes from), `lead_id`, `type` (a value of `alignment.lifecycle.EventType`), `stage` (for
`entered_stage`), `at` (an instant with its offset, or a day `YYYY-MM-DD` where no more is known); optional `day`
(the calendar day as the source tells it, where it is not that of `at` in UTC), `reason`, `owner`, `automatic`.
A lead: `lead_id`, any canonical field, and `attributes` by name.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alignment import instants
from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, Stage
from alignment.rules import FieldType
from leads.facts import OWN_ATTRIBUTES
from leads.metrics.question import BLANK
from leads.model import CANONICAL_FIELDS, MOST_ATTRIBUTES, is_attribute_name

LONGEST_ID = 200
LONGEST_TEXT = 10_000
FIRST_YEAR, LAST_YEAR = 1900, 2199
EVENT_FIELDS = ("id", "lead_id", "type", "stage", "at", "day", "reason", "owner", "automatic")
LARGEST_NUMBER = 1e15
_SHOWN = 80
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_event(event: object) -> dict[str, Any]:
    """The event in the form it is kept in, `at` in the store's form, without what it does not have.

    Raises InvalidInput with the field and what it has to be.
    """
    if not isinstance(event, Mapping):
        raise InvalidInput("An event has to be an object with id, lead_id, type and at.")
    _no_other_fields(event, EVENT_FIELDS, "an event")
    kind = _one_of(event, "type", tuple(EventType))
    read: dict[str, Any] = {
        "id": _required(event, "id"),
        "lead_id": _required(event, "lead_id"),
        "type": kind,
    }
    if kind == EventType.ENTERED_STAGE:
        read["stage"] = _one_of(event, "stage", tuple(Stage))
    elif event.get("stage") is not None:
        raise InvalidInput(f"“stage” goes with the type entered_stage only, not with {kind}. Leave it out.")
    read |= _read_times(event)
    for name in ("reason", "owner"):
        text = _text(event, name, LONGEST_ID)
        if text is not None:
            read[name] = text.lower() if name == "reason" else text
    automatic = event.get("automatic")
    if automatic is not None and not isinstance(automatic, bool):
        raise InvalidInput(f"“automatic” is {_short(automatic)}. It has to be true or false.")
    if automatic:
        read["automatic"] = True
    return read


def read_lead(lead: object) -> dict[str, Any]:
    """The lead in the form it is kept in: `lead_id`, the canonical fields it has, and `attributes` as text.

    What is empty is left out, for a missing value changes nothing. Raises InvalidInput with the field and what it has to be.
    """
    if not isinstance(lead, Mapping):
        raise InvalidInput("A lead has to be an object with a lead_id.")
    _no_other_fields(
        lead,
        ("lead_id", *(field.name for field in CANONICAL_FIELDS), "attributes"),
        "a lead; give fields of your own under “attributes”",
    )
    read: dict[str, Any] = {"lead_id": _required(lead, "lead_id")}
    for field in CANONICAL_FIELDS:
        value = lead.get(field.name)
        if value is None:
            continue
        if field.type is FieldType.NUMBER:
            read[field.name] = _number(field.name, value)
        elif field.type is FieldType.DATE:
            read[field.name] = instants.to_text(_instant(field.name, value)[0])
        else:
            text = _text(lead, field.name, LONGEST_TEXT)
            if text is not None:
                read[field.name] = text
    attributes = _read_attributes(lead.get("attributes"))
    if attributes:
        read["attributes"] = attributes
    return read


def _read_attributes(attributes: object) -> dict[str, str]:
    if attributes is None:
        return {}
    if not isinstance(attributes, Mapping):
        raise InvalidInput("“attributes” has to be an object of names and values.")
    count = sum(name not in OWN_ATTRIBUTES for name in attributes)
    if count > MOST_ATTRIBUTES:
        raise InvalidInput(f"A lead has {count:,} attributes; at most {MOST_ATTRIBUTES} are kept.")
    read: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for name, value in attributes.items():
        if not isinstance(name, str) or not is_attribute_name(name):
            raise InvalidInput(
                f"{_short(name)} cannot be the name of an attribute. Use a letter, then letters, digits and underscores, "
                "up to 60, and no name of a field that every lead has."
            )
        other = spelt.setdefault(name.lower(), name)
        if other != name:
            raise InvalidInput(
                f"“{other}” and “{name}” are one attribute, for small and capital letters do not tell names apart. "
                "Leave one of them out."
            )
        if isinstance(value, bool):
            read[name] = "true" if value else "false"
        elif isinstance(value, int | float):
            number = _number(name, value)
            read[name] = str(int(number)) if number == int(number) else repr(number)
        else:
            text = _text(attributes, name, LONGEST_TEXT)
            if text is not None:
                read[name] = text
    return read


def _read_times(event: Mapping[str, Any]) -> dict[str, Any]:
    if event.get("at") is None:
        raise InvalidInput("“at” is missing. Give the instant it happened, such as 2026-01-31T09:30:00Z.")
    at, day_only = _instant("at", event["at"])
    read: dict[str, Any] = {"at": instants.to_text(at)}
    if event.get("day") is not None:
        day = _day("day", event["day"])
        if abs(day - at.date()) > timedelta(days=1):
            raise InvalidInput(
                f"“day” is {_short(event['day'])}, and at that instant it is another day everywhere. Give the day on which “at” falls "
                "where it happened, or leave it out."
            )
        read["day"] = day.isoformat()
    if day_only:
        read["day_only"] = True
    return read


def _instant(name: str, value: object) -> tuple[datetime, bool]:
    """An instant, and whether only its day is told (then the day's start in UTC)."""
    if isinstance(value, datetime):
        at, day_only = value, False
    elif isinstance(value, str) and len(value.strip()) == 10:
        day = _day(name, value)
        return datetime(day.year, day.month, day.day, tzinfo=UTC), True
    else:
        try:
            if not isinstance(value, str) or len(value) > 40:
                raise ValueError
            at, day_only = datetime.fromisoformat(value.strip()), False
        except ValueError:
            raise _no_instant(name, value) from None
    if at.tzinfo is None:
        raise InvalidInput(
            f"“{name}” is {_short(value)}, without an offset: which instant that is cannot be known. End it with Z for UTC."
        )
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise _no_instant(name, value) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise _no_instant(name, value)
    return at, day_only


def _day(name: str, value: object) -> date:
    try:
        if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
            raise ValueError
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise _no_instant(name, value) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _no_instant(name, value)
    return day


def _no_instant(name: str, value: object) -> InvalidInput:
    return InvalidInput(
        f"“{name}” is {_short(value)}. It has to be a time between {FIRST_YEAR} and {LAST_YEAR} such as "
        "2026-01-31T09:30:00Z, or a day such as 2026-01-31."
    )


def _required(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if value is None or value == "":
        raise InvalidInput(f"“{name}” is missing.")
    text = _clean(name, value, LONGEST_ID)
    if text is None:
        raise InvalidInput(f"“{name}” is missing.")
    return text


def _text(item: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = item.get(name)
    return None if value is None else _clean(name, value, longest)


def _clean(name: str, value: object, longest: int) -> str | None:
    if not isinstance(value, str):
        raise InvalidInput(f"“{name}” is {_short(value)}. It has to be text.")
    text = value.strip()
    if len(text) > longest:
        raise InvalidInput(f"“{name}” has {len(text):,} characters; at most {longest:,} are kept.")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(f"“{name}” holds characters that are no text. Send it in UTF-8, without NUL.")
    return None if text in ("", BLANK) else text  # which our own tables write for nothing


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"“{name}” is {_short(value)}. It has to be a number, such as 12 or 0.5.")
    if abs(value) > LARGEST_NUMBER or not math.isfinite(value):
        raise InvalidInput(f"“{name}” is {_short(value)}. Numbers beyond {LARGEST_NUMBER:,.0f} are not kept.")
    return float(value)


def _one_of(item: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = item.get(name)
    if not isinstance(value, str) or value not in choices:
        said = f"“{name}” is missing" if value is None else f"“{name}” is {_short(value)}"
        raise InvalidInput(f"{said}. Use one of: {', '.join(choices)}.")
    return str(value)


def _no_other_fields(item: Mapping[str, Any], known: tuple[str, ...], of: str) -> None:
    unknown = [name for name in item if name not in known]
    if unknown:
        raise InvalidInput(
            f"{_short(unknown[0])} is no field of {of}. Known are: {', '.join(known)}."
            if of == "an event"
            else f"{_short(unknown[0])} is no field of {of}."
        )


def _short(value: object) -> str:
    """A value as it is shown in a sentence; of what is long, its beginning."""
    try:
        text = (
            str(value)[: _SHOWN + 1] if isinstance(value, str | int | float | bool) else type(value).__name__
        )
    except ValueError:  # an integer with more digits than Python writes
        text = "a very long number"
    text = "".join(character if character.isprintable() else "·" for character in text)
    return f"“{text[:_SHOWN]}…”" if len(text) > _SHOWN else f"“{text}”"
