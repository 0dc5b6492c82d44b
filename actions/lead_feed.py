"""What comes in about leads piece by piece: taken durably at once, in the figures about a second later."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from actions import api_tokens, clock
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, WrongState
from alignment.lifecycle import EventType
from alignment.people import Actor
from db.queries import lead_inflow
from db.queries.lead_inflow import InflowItem, OriginCount
from db.store import Connection, store
from leads.facts import Spellings
from leads.feed import LARGEST_NUMBER, LONGEST_ID, LONGEST_TEXT, read_event, read_lead
from leads.model import CANONICAL_FIELDS, MOST_ATTRIBUTES

__all__ = ["LARGEST_NUMBER", "LONGEST_ID", "LONGEST_TEXT", "MOST_ATTRIBUTES"]

EVENT_TYPES = tuple(kind.value for kind in EventType)
FIELD_KINDS = {field.name: field.type.value for field in CANONICAL_FIELDS}
ATTRIBUTE_NAME = "[A-Za-z][A-Za-z0-9_]{0,59}"

MOST_RECEIVED = 1_000
MOST_AT_ONCE = 5_000
LARGEST_OVERLAY = 20_000
OLDEST_OVERLAY = timedelta(hours=1)
KEPT_AFTER_FOLDING = timedelta(days=1)
_FORGOTTEN_AT_ONCE = 2_000
# Seconds between two rounds of letting items in, in which a backup or an import that waits to hold the facts gets its turn: they
# look every 0.02. Without it a feed that never rests kept a backup waiting for up to a minute.
_TURN_OF_OTHERS = 0.03
_LONGEST_REASON = 2_000

log = structlog.get_logger("concord")


class Outcome(StrEnum):
    """What became of an item. A lead is `taken` each time, since later values replace earlier ones."""

    TAKEN = "taken"
    KNOWN = "known"  # this event has come before
    CONFLICT = "conflict"  # does not go with what has come before, such as another event under this id
    REFUSED = "refused"


@dataclass(frozen=True)
class TakenItem:
    """What became of one item, and why where it was not taken. `left_out` are attributes of it that were one too many."""

    outcome: Outcome
    reason: str = ""
    left_out: tuple[str, ...] = ()


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
    leave_out: bool = False,
    ids_of: str | None = None,
) -> Taken:
    """Take leads and events (their form: `leads.feed`) within a write transaction of an action that has authorised.

    With the commit they are kept for good, and in the figures about a second later. `origin` says where they come
    from, such as `inbox` or `hubspot:3`: an event whose id has come from there before is `known` and does nothing. A lead's
    fields replace those it had, and never by a missing value. Several origins that share their event ids name them together
    in `ids_of`. Raises InvalidInput at the first item that cannot be used;
    unless the caller does not insist on the `whole`: then each item's outcome says so. With `leave_out`, a lead is taken without
    the attributes that are one too many, which its outcome names.
    """
    refusing = _raise if whole else _refuse
    kept: list[tuple[str, Mapping[str, Any]]] = []
    known_names = lead_inflow.attributes(connection) if leads else set()
    spellings = Spellings(sorted(known_names))
    looked_up = False
    fresh_names: set[str] = set()

    def take_lead(item: Mapping[str, Any]) -> TakenItem:
        lead = read_lead(item)
        nonlocal spellings, looked_up
        attributes = lead.get("attributes", {})
        if not looked_up and any(name not in spellings for name in attributes):
            spellings, looked_up = Spellings((*_in_the_facts(), *sorted(known_names))), True
        more = sorted(name for name in attributes if name not in spellings)
        room = max(0, MOST_ATTRIBUTES - len(spellings))
        left_out = tuple(more[room:])
        if left_out and not leave_out:
            raise _Conflict(
                f"“{more[room]}” would be one attribute too many: {MOST_ATTRIBUTES} different names are kept, "
                "those of imported files counted. Leave it out."
            )
        fresh_names.update(more[:room])
        if attributes:
            lead["attributes"] = {
                spellings.of(name): value for name, value in attributes.items() if name not in left_out
            }
        kept.append(("lead", lead))
        return TakenItem(Outcome.TAKEN, left_out=left_out)

    def take_event(item: Mapping[str, Any]) -> TakenItem:
        event = read_event(item)
        event_id = event.pop("id")
        before = lead_inflow.remember_event(
            connection, _digest(f"{ids_of or origin}\0{event_id}"), _digest(_text(event))
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
        lead_inflow.remember_attributes(connection, fresh_names)
        # By the clock, so that numbers go on growing after an older copy of the store was restored.
        lead_inflow.add(connection, kept, origin=origin, at=clock.now_text(), least=time.time_ns() // 1_000)
    return taken


def _in_the_facts() -> tuple[str, ...]:
    """The names of the attributes that the facts have, whichever way they came; none while the facts cannot be read."""
    from leads.store import WarehouseUnavailable, warehouse

    try:
        file = warehouse().pointer().file if warehouse().takes_in else None
        return () if file is None else _in_the_base(warehouse().folder / file)
    except WarehouseUnavailable:
        return ()


@lru_cache(maxsize=4)
def _in_the_base(file: Path) -> tuple[str, ...]:
    """The same while `file` is the base. What is laid over it came through the inflow, which keeps its names."""
    from leads.store import attributes_of, warehouse

    with warehouse().read() as facts:
        return attributes_of(facts.lead)


@dataclass(frozen=True)
class FeedState:
    """How the feed stands: items that wait for the figures, since when (None), what the overlay holds, where all came from.

    `set_aside` is how many items the engine could not take into the figures.
    """

    waiting: int
    waiting_since: str | None
    leads_in_overlay: int
    last_applied_at: str | None
    origins: tuple[OriginCount, ...]
    set_aside: int


def receive(secret: str, kind: str, items: Sequence[Any]) -> Taken:
    """Take what a program sends with a token: `kind` is leads or events. Each item's outcome says what became of it.

    Who sent what and when stands with each item, so there is no audit row besides. Raises UnknownToken or NotPermitted for
    the token, and InvalidInput for more than `MOST_RECEIVED` items.
    """
    return store().write(_receiving(secret, kind, items))


def receive_soon(
    secret: str,
    kind: str,
    items: Sequence[Any],
    done: Callable[[Taken | None, BaseException | None], None],
) -> None:
    """Like `receive`, for those who must not wait: `done(taken, error)` is called from another thread once it is on disk."""
    store().write_soon(_receiving(secret, kind, items), done)


def _receiving(secret: str, kind: str, items: Sequence[Any]) -> Callable[[Connection], Taken]:
    from leads.store import warehouse

    token = api_tokens.holder_of(secret)
    if not warehouse().takes_in:
        raise WrongState("The figures are read in the company's own warehouse. Send what is new there.")
    scope = api_tokens.Scope.LEADS if kind == "leads" else api_tokens.Scope.EVENTS
    if len(items) > MOST_RECEIVED:
        raise InvalidInput(f"{len(items):,} items at once are too many. Send at most {MOST_RECEIVED:,}.")

    def transaction(connection: Connection) -> Taken:
        api_tokens.check_still_good(connection, token, scope)
        leads, events = (items, ()) if kind == "leads" else ((), items)
        return take(connection, f"api:{token.id}", leads, events, whole=False, ids_of="api")

    return transaction


def apply_waiting(actor: Actor, *, may_go_on: Callable[[], bool] = lambda: True) -> int:
    """Let what was taken come into the figures; returns how many items that were.

    It can be repeated and cut off at any point, by several processes at once: the facts say up to which item they hold.
    Raises WarehouseUnavailable when they cannot be written; then everything waits on.
    """
    authorise(actor, "timer:run")
    from leads.store import warehouse

    applied = 0
    while may_go_on() and warehouse().takes_in:
        items = lead_inflow.after(store().read(), warehouse().pointer().upto, MOST_AT_ONCE)
        if not items:
            break
        if applied:
            time.sleep(_TURN_OF_OTHERS)
        applied += _apply(items)
    return applied


def _apply(items: Sequence[InflowItem]) -> int:
    """Let items come into the figures; how many did. One that the engine cannot take is set aside, so that it holds up no other.

    What no item is to blame for, it raises.
    """
    from leads.live import apply, pass_over
    from leads.store import WarehouseUnavailable

    try:
        return apply([(item.number, item.kind, item.content) for item in items], clock.now()).items
    except (WarehouseUnavailable, MemoryError):
        raise
    except Exception as error:
        if len(items) > 1:
            half = len(items) // 2
            return _apply(items[:half]) + _apply(items[half:])
        (item,) = items
        reason, at = f"{type(error).__name__}: {error}"[:_LONGEST_REASON], clock.now_text()
        store().write(lambda connection: lead_inflow.set_aside(connection, item.number, reason, at))
        try:
            pass_over(item.number, clock.now())
        except Exception:
            store().write(lambda connection: lead_inflow.put_back(connection, item.number))
            raise
        log.error(
            "an item of the feed was set aside", number=item.number, kind=type(error).__name__, exc_info=error
        )
        return 0


def get_ready(actor: Actor) -> None:
    """Load the lead engine, which takes a second, so that `apply_waiting` need not."""
    authorise(actor, "timer:run")
    import leads.live  # noqa: F401


def has_begun(actor: Actor) -> bool:
    """Whether anything has ever come in by the feed."""
    authorise(actor, "timer:run")
    return lead_inflow.last_number(store().read()) > 0


def fold_due(actor: Actor) -> bool:
    """Whether the overlay has become so large or so old that it should be folded into the base."""
    authorise(actor, "timer:run")
    from leads.store import warehouse

    overlay = warehouse().pointer().live if warehouse().takes_in else None
    if overlay is None:
        return False
    return (
        max(overlay.leads, overlay.items) >= LARGEST_OVERLAY
        or clock.now() - instants.from_text(overlay.since) >= OLDEST_OVERLAY
    )


def fold(actor: Actor) -> bool:
    """Fold the overlay into the base; whether there was one. For a process of its own: with many leads it takes long.

    Raises WarehouseUnavailable while an import is running, which does the same, or when disk or memory do not suffice.
    """
    authorise(actor, "timer:run")
    from leads.live import fold

    return fold()


def forget_folded(actor: Actor) -> int:
    """Delete what has been in the base for a day, some of it at a time; how much was deleted.

    It is kept that long so that a copy of the facts that is a little older than a copy of the store lacks nothing.
    """
    authorise(actor, "timer:run")
    from leads.store import warehouse

    upto = warehouse().pointer().base_upto
    if not upto:
        return 0
    before = instants.to_text(clock.now() - KEPT_AFTER_FOLDING)
    return store().write(lambda connection: lead_inflow.forget(connection, upto, before, _FORGOTTEN_AT_ONCE))


def read_feed(actor: Actor) -> FeedState:
    """How the feed stands."""
    authorise(actor, "feed:manage")
    from leads.store import warehouse

    pointer = warehouse().pointer()
    waiting, since = lead_inflow.waiting(store().read(), pointer.upto)
    return FeedState(
        waiting,
        since,
        pointer.live.leads if pointer.live else 0,
        pointer.imported_at if pointer.upto else None,
        tuple(lead_inflow.by_origin(store().read(), pointer.upto)),
        lead_inflow.count_set_aside(store().read()),
    )


class _Conflict(InvalidInput):
    """An item is right in itself, and does not go with what has come before."""


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
