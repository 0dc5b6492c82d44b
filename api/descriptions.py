"""The API's description of leads, events and reports, as JSON schemas. What they allow is taken, and nothing else is."""

from typing import Any

from actions.lead_feed import (
    ATTRIBUTE_NAME,
    EVENT_TYPES,
    FIELD_KINDS,
    LARGEST_NUMBER,
    LONGEST_ID,
    LONGEST_TEXT,
    MOST_ATTRIBUTES,
    MOST_RECEIVED,
    Outcome,
)
from alignment.lifecycle import EventType, Stage

_PRINTED = r"^[^\x00]*[^\s\x00][^\x00]*$"
_YEAR = r"(19(0[1-9]|[1-9]\d)|20\d\d|21([0-8]\d|9[0-8]))"
_LEAP_YEAR = (
    r"(19(0[48]|[2468][048]|[13579][26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))"
)
_MONTH_AND_DAY = (
    r"((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
)
_DAY = rf"({_YEAR}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_AT: dict[str, Any] = {
    "description": "An instant with its offset, such as 2026-01-31T09:30:00Z, between the years 1901 and 2198. Where only the "
    "day is known, the day: 2026-01-31.",
    "type": "string",
    "pattern": rf"^{_DAY}(T{_CLOCK}:[0-5]\d(\.\d{{1,6}})?(Z|[+-]{_CLOCK}))?$",
}


def _optional(longest: int) -> dict[str, Any]:
    return {"type": ["string", "null"], "maxLength": longest, "pattern": r"^[^\x00]*$"}


_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": _PRINTED}
_NUMBER: dict[str, Any] = {
    "type": ["number", "null"],
    "minimum": -LARGEST_NUMBER,
    "maximum": LARGEST_NUMBER,
}
_BY_KIND = {
    "text": _optional(LONGEST_TEXT),
    "number": _NUMBER,
    "date": {**_AT, "type": ["string", "null"]},
}
_WORD = {"type": ["string", "null"], "maxLength": LONGEST_ID, "pattern": r"^[^\x00]*$"}

LEAD: dict[str, Any] = {
    "title": "Lead",
    "description": "A lead's fields. They replace those it had; what is missing, null or empty changes nothing, and the "
    "first source stays.",
    "type": "object",
    "required": ["lead_id"],
    "properties": {
        "lead_id": _ID,
        **{name: _BY_KIND[kind] for name, kind in FIELD_KINDS.items()},
        "attributes": {
            "description": f"Fields of your own. {MOST_ATTRIBUTES} different names are kept in all.",
            "type": ["object", "null"],
            "propertyNames": {
                "pattern": f"^{ATTRIBUTE_NAME}$",
                "not": {"enum": ["lead_id", *FIELD_KINDS]},
            },
            "additionalProperties": {
                "type": ["string", "number", "boolean", "null"],
                "maxLength": LONGEST_TEXT,
                "pattern": r"^[^\x00]*$",
                "minimum": -LARGEST_NUMBER,
                "maximum": LARGEST_NUMBER,
            },
            "maxProperties": MOST_ATTRIBUTES,
        },
    },
    "additionalProperties": False,
}


def _event(title: str, kinds: list[str], stage: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "required": ["id", "lead_id", "type", "at", *required],
        "properties": {
            "id": {
                **_ID,
                "description": "Unique where you send from: the same event sent again does nothing.",
            },
            "lead_id": _ID,
            "type": {"enum": kinds},
            "stage": stage,
            "at": _AT,
            "day": {
                "description": "The calendar day where it happened, if it is not that of `at` in UTC.",
                "type": ["string", "null"],
                "pattern": f"^{_DAY}$",
            },
            "reason": {**_WORD, "description": "Why a lead was rejected, as a code."},
            "owner": {**_WORD, "description": "Who was assigned, or who acted."},
            "automatic": {
                "type": ["boolean", "null"],
                "description": "An automatic reply, which is no contact.",
            },
        },
        "additionalProperties": False,
    }


EVENT: dict[str, Any] = {
    "description": "Something that happened to a lead. What has been told stays; a correction is an event of its own.",
    "anyOf": [
        _event(
            "Entered a stage",
            [EventType.ENTERED_STAGE.value],
            {"enum": [stage.value for stage in Stage]},
            ["stage"],
        ),
        _event(
            "Anything else",
            [kind for kind in EVENT_TYPES if kind != EventType.ENTERED_STAGE.value],
            {"type": "null"},
            [],
        ),
    ],
}

REPORT: dict[str, Any] = {
    "title": "Report",
    "description": "What became of each item, in the order they were sent.",
    "type": "object",
    "required": [*(outcome.value for outcome in Outcome), "items"],
    "properties": {
        **{outcome.value: {"type": "integer", "minimum": 0} for outcome in Outcome},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "status", "outcome"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "status": {"type": "integer", "enum": [200, 201, 409, 422]},
                    "outcome": {"enum": [outcome.value for outcome in Outcome]},
                    "reason": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def body_of(item: dict[str, Any]) -> dict[str, Any]:
    """How items are sent, as OpenAPI has it."""
    listed = {"type": "array", "items": item, "maxItems": MOST_RECEIVED}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": listed},
            "application/x-ndjson": {
                "schema": {**listed, "description": "One item a line, without the array."}
            },
        },
    }
