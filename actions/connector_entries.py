"""What a person enters of a system to pull from: checked, and tried by asking the system what it offers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from actions import clock
from alignment.errors import InvalidInput
from alignment.texts import optional_text, required_text

if TYPE_CHECKING:
    from leads.connectors.kinds import Kind
    from leads.connectors.source import Description, Plan

EVERY_MINUTES = (5, 15, 60, 360, 1440)
_LONGEST_KEY = 4_000
_PATIENCE = 5.0  # seconds of waiting for a busy system while somebody waits before a screen


@dataclass(frozen=True)
class Entry:
    """What a person enters of a system. An empty value of `credentials` keeps the one there is."""

    name: str
    address: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    since: date | None = None
    every_minutes: int = 15


def check(entry: Entry, kind: "Kind") -> Entry:
    """The entry as it is kept. Raises InvalidInput for what cannot be."""
    from leads.connectors.calling import check_address

    name = required_text(entry.name, "The source's name", 60)
    address = check_address(entry.address if str(entry.address or "").strip() else kind.address)
    prefix = optional_text(entry.prefix, "The prefix", 20)
    if any(character.isspace() for character in prefix):
        raise InvalidInput("The prefix has a space in it. Use letters, digits and signs such as - or :.")
    if entry.every_minutes not in EVERY_MINUTES:
        raise InvalidInput(f"Leads are pulled every {', '.join(str(one) for one in EVERY_MINUTES)} minutes.")
    credentials = {}
    for key, text in entry.credentials.items():
        if key not in kind.credentials:
            raise InvalidInput(f"{kind.name} has no key “{key}”.")
        credentials[key] = optional_text(text, kind.credentials[key], _LONGEST_KEY)
    return Entry(name, address, credentials, prefix, entry.since, entry.every_minutes)


def make_plan(address: str, keys: Mapping[str, str], kept: Mapping[str, Any]) -> "Plan":
    """How to read a system, from what is kept of it."""
    from leads.connectors.source import Plan

    return Plan(
        address,
        keys,
        fields=kept.get("fields", {}),
        attributes=kept.get("attributes", {}),
        dates=kept.get("dates", {}),
        meanings=kept.get("meanings", {}),
        prefix=kept.get("prefix", ""),
        since=date.fromisoformat(kept["since"]) if kept.get("since") else None,
    )


def describe(kind: "Kind", plan: "Plan") -> dict[str, Any]:
    """Call the system and return what it says of itself as it is kept: `account`, `fields` (name and label) and `tracked`.

    Somebody waits for it, so it is not tried for long. Raises SourceRefused and SourceUnavailable.
    """
    from leads.connectors.source import PullStopped, SourceUnavailable

    waited = 0.0

    def wait(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        if waited > _PATIENCE:
            raise PullStopped
        time.sleep(seconds)

    source = kind.open(plan, wait, clock.now_text())
    try:
        return _document(source.describe())
    except PullStopped as stopped:
        why = str(stopped.__context__ or "is busy")  # what the caller was about to try again after
        raise SourceUnavailable(
            f"{kind.name} {why}. Check the address, or try again in a minute."
        ) from stopped
    finally:
        source.close()


def _document(found: "Description") -> dict[str, Any]:
    return {
        "account": found.account,
        "fields": [[one.name, one.label] for one in found.fields],
        "tracked": [
            {
                "field": tracked.field,
                "label": tracked.label,
                "values": [[one.value, one.label, one.suggested] for one in tracked.values],
            }
            for tracked in found.tracked
        ],
    }
