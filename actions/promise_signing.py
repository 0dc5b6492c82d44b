"""What people may do with promises: add one, draft and sign its terms as any agreement, let leads or days off."""

import re
from datetime import date, timedelta

from actions import agreements, calendars, clock, metrics
from actions.agreements import LATEST_START, LONGEST_NOTE, drop, propose, send_back, sign
from actions.journal import journal
from actions.permissions import authorise
from actions.promises import known
from alignment import instants
from alignment.agreements import AgreementKind
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.people import Actor, Team
from alignment.promises import Promise, PromiseKind, Terms
from alignment.texts import required_text
from db.keys import new_id
from db.queries import promises
from db.queries.promises import Waiver
from db.store import Connection, store

__all__ = [
    "LONGEST_NOTE",
    "MOST_PROMISES",
    "add_promise",
    "draft",
    "drop",
    "edit",
    "list_kinds",
    "propose",
    "send_back",
    "sign",
    "waive",
    "withdraw_waiver",
]

MOST_PROMISES = 50


def add_promise(actor: Actor, name: str, kind: PromiseKind = PromiseKind.RESPONSE) -> str:
    """Add a promise beside the built-in ones, of sales to answer leads or of marketing to deliver some; returns its key.

    Raises InvalidInput when the name is taken, or there are too many.
    """
    person = authorise(actor, "promise:draft")
    name = required_text(name, "The name of the promise", 60)
    if kind not in list(PromiseKind):
        raise InvalidInput(f"That is no kind of promise. Use one of: {', '.join(PromiseKind)}.")
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60]
    if not key:
        raise InvalidInput("The name needs at least one letter or digit from a to z or 0 to 9.")

    def transaction(connection: Connection) -> None:
        there = promises.promises(connection)
        if len(there) >= MOST_PROMISES:
            raise InvalidInput(f"There are {MOST_PROMISES} promises already. Use one of those.")
        if key in {promise.key for promise in there} or name.casefold() in {
            promise.name.casefold() for promise in there
        }:
            raise InvalidInput(f"There is a promise “{name}” already. Draft its next version.")
        promises.add_promise(connection, Promise(key, name, PromiseKind(kind)))
        journal(connection, person, "promise:add", "promise", key, after={"name": name, "kind": kind})

    store().write(transaction)
    return key


def draft(actor: Actor, key: str, terms: Terms, note: str = "", effective_from: date | None = None) -> str:
    """Start the next version of a promise; returns its id. Raises as `agreements.draft` does.

    Terms that the business hours can never keep are refused, and those for leads of a kind that leads do not have.
    """
    _check_kind_of_leads(actor, terms)
    return agreements.draft(actor, AgreementKind.PROMISE, key, {"terms": terms, "note": note}, effective_from)


def edit(
    actor: Actor, version_id: str, revision: int, terms: Terms, note: str, effective_from: date | None
) -> bool:
    """Change an open version that was seen at `revision`; whether anything changed. Raises as `draft` and `agreements.edit` do."""
    _check_kind_of_leads(actor, terms)
    return agreements.edit(actor, version_id, revision, {"terms": terms, "note": note}, effective_from)


def waive(
    actor: Actor,
    key: str,
    reason: str,
    *,
    lead_id: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> str:
    """Let the other side off: one lead, or every clock that starts from `first_day` to `last_day`; returns its id.

    Only the team lead of the side that was promised to may: nobody lets themselves off. Raises NotPermitted otherwise, and
    InvalidInput without a reason, or without exactly one of lead and days.
    """
    person = authorise(actor, "promise:waive")
    reason = required_text(reason, "The reason", 1000)

    def transaction(connection: Connection) -> str:
        promise = known(connection, key)
        _must_be_promised_to(promise, person.team)
        if promise.kind is not PromiseKind.RESPONSE:
            raise InvalidInput("Only promises to answer leads can be let off. Agree another version instead.")
        first_at = until_at = None
        if (lead_id is None) == (first_day is None or last_day is None):
            raise InvalidInput("Say either which lead, or from which day to which.")
        if lead_id is not None:
            lead = required_text(lead_id, "The lead", 500)
            if any(waiver.lead_id == lead for waiver in promises.waivers(connection, key)):
                raise WrongState("This lead has been let off already.")
        else:
            lead = None
            if not isinstance(first_day, date) or not isinstance(last_day, date) or last_day < first_day:
                raise InvalidInput("The last day is before the first. Swap them.")
            if last_day - first_day > LATEST_START:
                raise InvalidInput("That is more than a year. Choose fewer days, or agree another version.")
            zone = calendars.hours_of(connection).timezone
            first_at = instants.day_start(first_day, zone)
            until_at = instants.day_start(last_day + timedelta(days=1), zone)
        waiver = Waiver(new_id(), key, lead, first_at, until_at, reason, person.id, clock.now_text())
        promises.add_waiver(connection, waiver)
        after = {"lead": lead, "from": first_at, "until": until_at, "reason": reason}
        journal(connection, person, "promise:waive", "promise", key, after=after)
        return waiver.id

    return store().write(transaction)


def withdraw_waiver(actor: Actor, waiver_id: str) -> None:
    """Let a promise count again where it was let off."""
    person = authorise(actor, "promise:waive")

    def transaction(connection: Connection) -> None:
        found = promises.find_waiver(connection, waiver_id) if isinstance(waiver_id, str) else None
        if found is None:
            raise NotFound("This has been withdrawn already.")
        _must_be_promised_to(known(connection, found.promise_key), person.team)
        promises.withdraw_waiver(connection, waiver_id, clock.now_text())
        journal(
            connection,
            person,
            "promise:withdraw_waiver",
            "promise",
            found.promise_key,
            before={"lead": found.lead_id, "from": found.first_at, "until": found.until_at},
        )

    store().write(transaction)


def list_kinds(actor: Actor) -> dict[str, str]:
    """The fields of leads that a promise may be limited by, name → label; none where there are no leads."""
    authorise(actor, "promise:read")
    return {name: label for name, label in metrics.list_slices(actor).items() if name != "owner"}


def _check_kind_of_leads(actor: Actor, terms: Terms) -> None:
    only = getattr(terms, "only", None)
    if not isinstance(only, tuple) or not only or not isinstance(only[0], str):
        return  # what is wrong with it is said with the other terms
    if only[0] != "owner" and only[0] not in list_kinds(actor):
        raise InvalidInput(f"Leads have no field “{only[0][:80]}” to keep to. Choose another.")


def _must_be_promised_to(promise: Promise, team: Team | None) -> None:
    if team is not promise.side.other:
        raise NotPermitted(
            f"This was promised to {promise.side.other.label}: only their team lead may let {promise.side.label} off."
        )
