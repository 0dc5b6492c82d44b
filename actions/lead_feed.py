"""What comes in about leads piece by piece: taken durably at once, in the figures about a second later."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from actions import clock
from alignment.errors import InvalidInput
from db.queries import lead_inflow
from db.store import Connection
from leads.feed import read_event, read_lead
from leads.model import MOST_ATTRIBUTES


class Outcome(StrEnum):
    """What became of an item. A lead is `taken` each time, since later values replace earlier ones."""

    TAKEN = "taken"
    KNOWN = "known"  # this event has come before
    CONFLICT = "conflict"  # another event has come under this id
    REFUSED = "refused"


@dataclass(frozen=True)
class TakenItem:
    """What became of one item, and why where it was not taken."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Taken:
    """What became of each item, in the order given."""

    leads: tuple[TakenItem, ...]
    events: tuple[TakenItem, ...]

    def count(self, outcome: Outcome) -> int:
        """How many items had this outcome."""
        return sum(item.outcome is outcome for item in (*self.leads, *self.events))


def take(
    connection: Connection,
    origin: str,
    leads: Sequence[Mapping[str, Any]] = (),
    events: Sequence[Mapping[str, Any]] = (),
    *,
    whole: bool = True,
) -> Taken:
    """Take leads and events (their form: `leads.feed`) within a write transaction of an action that has authorised.

    With the commit they are kept for good, and in the figures about a second later. `origin` says where they come
    from, such as `inbox` or `hubspot:3`: an event whose id has come from there before is `known` and does nothing. A lead's
    fields replace those it had, and never by a missing value. Raises InvalidInput at the first item that cannot be used;
    unless the caller does not insist on the `whole`: then each item's outcome says so.
    """
    refusing = _raise if whole else _refuse
    kept: list[tuple[str, Mapping[str, Any]]] = []
    known_names = lead_inflow.attributes(connection) if leads else set()
    names = set(known_names)

    def take_lead(item: Mapping[str, Any]) -> TakenItem:
        lead = read_lead(item)
        more = names | lead.get("attributes", {}).keys()
        if len(more) > MOST_ATTRIBUTES:
            surplus = sorted(more - names)[0]
            raise InvalidInput(
                f"“{surplus}” would be one attribute too many: {MOST_ATTRIBUTES} different names are kept. Leave it out."
            )
        names.update(more)
        kept.append(("lead", lead))
        return TakenItem(Outcome.TAKEN)

    def take_event(item: Mapping[str, Any]) -> TakenItem:
        event = read_event(item)
        event_id = event.pop("id")
        before = lead_inflow.remember_event(
            connection, _digest(f"{origin}\0{event_id}"), _digest(_text(event))
        )
        if before is None:
            kept.append(("event", event))
            return TakenItem(Outcome.TAKEN)
        if before == _digest(_text(event)):
            return TakenItem(Outcome.KNOWN)
        raise _Conflict(
            f"Another event has come under the id “{event_id}” before. What has happened stays as it was told; "
            "give what is new an id of its own."
        )

    taken = Taken(
        tuple(refusing(take_lead, item) for item in leads),
        tuple(refusing(take_event, item) for item in events),
    )
    if kept:
        lead_inflow.remember_attributes(connection, names - known_names)
        # By the clock, so that numbers go on growing after an older copy of the store was restored.
        first = max(lead_inflow.last_number(connection) + 1, time.time_ns() // 1_000)
        lead_inflow.add(connection, kept, origin=origin, at=clock.now_text(), first_number=first)
    return taken


class _Conflict(InvalidInput):
    """An event id stands for something else already."""


def _raise(take_one: Callable[[Mapping[str, Any]], TakenItem], item: Mapping[str, Any]) -> TakenItem:
    return take_one(item)


def _refuse(take_one: Callable[[Mapping[str, Any]], TakenItem], item: Mapping[str, Any]) -> TakenItem:
    try:
        return take_one(item)
    except _Conflict as refusal:
        return TakenItem(Outcome.CONFLICT, str(refusal))
    except InvalidInput as refusal:
        return TakenItem(Outcome.REFUSED, str(refusal))


def _text(event: Mapping[str, Any]) -> str:
    return json.dumps(event, sort_keys=True)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
