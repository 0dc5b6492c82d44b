"""What people may do with the terms of promises: draft, propose, sign, send back, drop, let off."""

import re
from datetime import date, timedelta

from actions import calendars, clock
from actions.journal import journal
from actions.permissions import authorise
from actions.promises import known
from alignment import instants
from alignment import promises as domain
from alignment.calendars import hours_on, versions_of
from alignment.definitions import DefinitionState, start_of_force
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import Actor, Team
from alignment.promises import Promise, PromiseKind, PromiseVersion, Terms
from alignment.texts import optional_text, required_text
from db.keys import new_id
from db.queries import promises
from db.queries.promises import Waiver
from db.store import Connection, store

LONGEST_NOTE = 2000
MOST_PROMISES = 50
_LATEST_START = timedelta(days=366)


def add_promise(actor: Actor, name: str) -> str:
    """Add a promise of sales to answer leads, beside the built-in ones; returns its key.

    Raises InvalidInput when the name is taken, or there are too many.
    """
    person = authorise(actor, "promise:draft")
    name = required_text(name, "The name of the promise", 60)
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
        promises.add_promise(connection, Promise(key, name, PromiseKind.RESPONSE))
        journal(connection, person, "promise:add", "promise", key, after={"name": name})

    store().write(transaction)
    return key


def draft(actor: Actor, key: str, terms: Terms, note: str = "", effective_from: date | None = None) -> str:
    """Start the next version of a promise; returns its id.

    Raises WrongState while another version is open, NotFound for an unknown promise, and InvalidInput for terms that the
    business hours can never keep.
    """
    person = authorise(actor, "promise:draft")

    def transaction(connection: Connection) -> str:
        promise = known(connection, key)
        if promises.open_version(connection, key) is not None:
            raise WrongState(
                f"A new version of {promise.name} is already being prepared. Edit that one, or drop it first."
            )
        checked, words, start, content_hash = _check_content(connection, promise, terms, note, effective_from)
        version_id = promises.add(
            connection,
            key=key,
            terms=checked,
            note=words,
            effective_from=start,
            content_hash=content_hash,
            author_id=person.id,
            at=clock.now_text(),
        )
        after = {"promise": key, **domain.to_document(checked), "note": words, "effective_from": start}
        journal(connection, person, "promise:draft", "promise_version", version_id, after=after)
        return version_id

    return store().write(transaction)


def edit(
    actor: Actor, version_id: str, revision: int, terms: Terms, note: str, effective_from: date | None
) -> bool:
    """Change an open version that was seen at `revision`; voids its signatures and makes it a draft again.

    Returns whether anything changed. Raises StaleVersion when someone changed it meanwhile, WrongState when it has been
    agreed.
    """
    person = authorise(actor, "promise:draft")

    def transaction(connection: Connection) -> bool:
        found = _open_version(connection, version_id)
        checked, words, start, content_hash = _check_content(
            connection, found.promise, terms, note, effective_from
        )
        if found.revision != revision:
            raise StaleVersion(
                f"Someone changed {found.label} while you were editing. What you typed is still here: compare and save again."
            )
        if found.content_hash == content_hash:
            return False
        promises.rewrite(
            connection,
            version_id,
            terms=checked,
            note=words,
            effective_from=start,
            content_hash=content_hash,
            at=clock.now_text(),
        )
        journal(
            connection,
            person,
            "promise:edit",
            "promise_version",
            version_id,
            before={
                **domain.to_document(found.terms),
                "note": found.note,
                "signatures": len(found.signatures),
            },
            after={**domain.to_document(checked), "note": words, "effective_from": start},
        )
        return True

    return store().write(transaction)


def propose(actor: Actor, version_id: str) -> None:
    """Put a draft before both team leads for signature."""
    person = authorise(actor, "promise:draft")

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, version_id)
        if found.state is DefinitionState.PROPOSED:
            return
        promises.set_state(connection, version_id, DefinitionState.PROPOSED)
        journal(connection, person, "promise:propose", "promise_version", version_id)

    store().write(transaction)


def sign(actor: Actor, version_id: str, content_hash: str) -> bool:
    """Sign a proposed version for one's own side, as the content was seen; returns whether both have now signed.

    With the second signature the version is agreed, and in force from its day or from now, whichever is later. Raises
    StaleVersion when the content is no longer the one that was seen, NotPermitted for people of no team, and InvalidInput
    when the business hours have changed so that it cannot be kept any more.
    """
    person = authorise(actor, "promise:sign")
    if person.team is None:
        raise NotPermitted("Only the team leads of sales and of marketing sign.")
    team: Team = person.team

    def transaction(connection: Connection) -> bool:
        found = _open_version(connection, version_id)
        if found.state is not DefinitionState.PROPOSED:
            raise WrongState(f"{found.label} is still a draft. It can be signed once it is proposed.")
        if found.content_hash != content_hash:
            raise StaleVersion(f"{found.label} was changed after you opened it. Read it again, then sign.")
        if found.signed_by(team) is not None:
            return False
        if any(signature.person_id == person.id for signature in found.signatures):
            raise NotPermitted(
                f"You have signed {found.label} for the other side already. Somebody else has to sign for {team.label}."
            )
        now = clock.now_text()
        hours = calendars.hours_of(connection)
        today = instants.local_day(now, hours.timezone)
        domain.check_terms(found.promise.kind, found.terms, hours, max(today, found.effective_from))
        promises.sign(
            connection, version_id, person_id=person.id, team=team, content_hash=content_hash, at=now
        )
        journal(
            connection,
            person,
            "promise:sign",
            "promise_version",
            version_id,
            after={"team": team.value, "content_hash": content_hash},
        )
        signed = _open_version(connection, version_id)
        if not signed.fully_signed:
            return False
        zone = hours_on(versions_of(hours), signed.effective_from).timezone
        in_force_from = start_of_force(signed.effective_from, now, zone)
        promises.agree(connection, version_id, agreed_at=now, in_force_from=in_force_from)
        journal(
            connection,
            person,
            "promise:agree",
            "promise_version",
            version_id,
            after={"in_force_from": in_force_from},
        )
        return True

    return store().write(transaction)


def send_back(actor: Actor, version_id: str, reason: str) -> None:
    """Return a proposed version to draft with a reason; the version in force stays, signatures are void."""
    person = authorise(actor, "promise:sign")
    reason = required_text(reason, "The reason", 1000)

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, version_id)
        if found.state is not DefinitionState.PROPOSED:
            raise WrongState(f"{found.label} is not waiting for signatures.")
        promises.set_state(connection, version_id, DefinitionState.DRAFT, returned_because=reason)
        promises.void_signatures(connection, version_id, clock.now_text())
        journal(
            connection, person, "promise:send_back", "promise_version", version_id, after={"reason": reason}
        )

    store().write(transaction)


def drop(actor: Actor, version_id: str) -> None:
    """Give up an open version; it stays on record."""
    person = authorise(actor, "promise:draft")

    def transaction(connection: Connection) -> None:
        _open_version(connection, version_id)
        promises.set_state(connection, version_id, DefinitionState.DROPPED)
        promises.void_signatures(connection, version_id, clock.now_text())
        journal(connection, person, "promise:drop", "promise_version", version_id)

    store().write(transaction)


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
            if last_day - first_day > _LATEST_START:
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


def _must_be_promised_to(promise: Promise, team: Team | None) -> None:
    if team is not promise.side.other:
        raise NotPermitted(
            f"This was promised to {promise.side.other.label}: only their team lead may let {promise.side.label} off."
        )


def _check_content(
    connection: Connection, promise: Promise, terms: Terms, note: str, effective_from: date | None
) -> tuple[Terms, str, date, str]:
    words = optional_text(note, "The note", LONGEST_NOTE)
    hours = calendars.hours_of(connection)
    today = instants.local_day(clock.now_text(), hours.timezone)
    start = effective_from or today
    if not isinstance(start, date) or start > today + _LATEST_START:
        raise InvalidInput("The day it takes effect is more than a year ahead. Choose an earlier day.")
    checked = domain.check_terms(promise.kind, terms, hours, max(start, today))
    return checked, words, start, domain.hash_content(promise.key, checked, words, start)


def _open_version(connection: Connection, version_id: str) -> PromiseVersion:
    found = promises.find(connection, version_id) if isinstance(version_id, str) else None
    if found is None:
        raise NotFound("This version does not exist.")
    if found.state is DefinitionState.AGREED:
        raise WrongState(f"{found.label} has been signed and never changes. Start a new version instead.")
    if found.state is DefinitionState.DROPPED:
        raise WrongState(f"{found.label} was dropped. Start a new version instead.")
    return found
