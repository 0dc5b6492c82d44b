"""What people may do with agreements of every kind: draft, propose, sign, send back, drop, acknowledge.

Terms, promises and the lead score say here only what is theirs: how their content is checked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from actions import agreement_evidence, calendars, clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import agreements as domain
from alignment import instants, promises
from alignment.agreements import (
    AgreementKind,
    AgreementState,
    AgreementVersion,
    Conflict,
    DraftConflict,
    Evidence,
    Standing,
    Subject,
)
from alignment.calendars import hours_on, versions_of
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import Actor, Person, Role, Team
from alignment.promises import PromiseKind, from_document
from alignment.rules import parse, to_document
from alignment.scores import check_points
from alignment.texts import optional_text, required_text
from alignment.workshops import ProposalState
from db.queries import agreements, people, workshops
from db.store import Connection, store

LONGEST_TEXT = 4000
LONGEST_NOTE = 2000
LATEST_START = timedelta(days=366)

V = TypeVar("V", bound=AgreementVersion)


@dataclass(frozen=True)
class Reading:
    """How many of the people of both teams have acknowledged a version, and whether the person who asks has."""

    count: int
    members: int
    mine: bool


@dataclass(frozen=True)
class Readers:
    """Who has acknowledged a version in force (person, instant), the earliest first, and who has not, by name."""

    read: tuple[tuple[Person, str], ...]
    not_yet: tuple[Person, ...]


# what each kind asks of its content


def _check_definition(connection: Connection, subject: Subject, content: Any, day: date) -> dict[str, Any]:
    _only(content, "text", "rule")
    rule = content["rule"]
    return {
        "text": required_text(content["text"], "The definition", LONGEST_TEXT),
        "rule": None if rule is None else to_document(parse(rule)),
    }


def _check_score(connection: Connection, subject: Subject, content: Any, day: date) -> dict[str, Any]:
    _only(content, "text", "rule")
    return {
        "text": optional_text(content["text"], "What is said about the score", LONGEST_TEXT),
        "rule": check_points(content["rule"]),
    }


def _check_promise(connection: Connection, subject: Subject, content: Any, day: date) -> dict[str, Any]:
    _only(content, "terms", "note")
    kind = PromiseKind(subject.detail)
    terms = content["terms"]
    if isinstance(terms, Mapping):
        try:
            terms = from_document(kind, terms)
        except (KeyError, TypeError, ValueError):
            raise InvalidInput("These are no terms of this promise. Fill in every field again.") from None
    if subject.key in promises.FOR_ALL_LEADS and getattr(terms, "only", None) is not None:
        raise InvalidInput(
            f"Figures of all leads are judged by ‘{subject.name}’, so it is for all of them. Add a promise of its own for some."
        )
    hours = calendars.hours_of(connection)
    return promises.content_of(
        promises.check_terms(kind, terms, hours, day),
        optional_text(content["note"], "The note", LONGEST_NOTE),
    )


_CHECKS: dict[AgreementKind, Callable[[Connection, Subject, Any, date], dict[str, Any]]] = {
    AgreementKind.DEFINITION: _check_definition,
    AgreementKind.PROMISE: _check_promise,
    AgreementKind.SCORE: _check_score,
}
_NO_SUBJECT = {
    AgreementKind.DEFINITION: "This term is not in the glossary. Add it first.",
    AgreementKind.PROMISE: "There is no such promise. Open the promises for those there are.",
    AgreementKind.SCORE: "There is one lead score only. Open it where the score is agreed.",
}


def _only(content: Any, *keys: str) -> None:
    if not isinstance(content, Mapping) or set(content) != set(keys):
        raise InvalidInput(f"This is not what is agreed here. It takes {' and '.join(keys)}.")


# what people do


def draft(
    actor: Actor,
    kind: AgreementKind,
    key: str,
    content: Mapping[str, Any],
    effective_from: date | None = None,
    *,
    proposal_id: str | None = None,
) -> str:
    """Start the next version of what is agreed about a subject; returns its id.

    `content` is text and rule, or terms and note; `proposal_id` that of the carried proposal that it comes from. Raises
    WrongState while another version is open, NotFound for an unknown subject or no such proposal, InvalidInput for content
    that cannot be agreed.
    """
    person = authorise(actor, "agreement:draft")

    def transaction(connection: Connection) -> str:
        known = agreements.find_subject(connection, kind, key) if isinstance(key, str) else None
        if known is None:
            raise NotFound(_NO_SUBJECT.get(kind, "There is nothing of this kind to agree."))
        if proposal_id is not None:
            proposal = (
                workshops.find_proposal(connection, proposal_id) if isinstance(proposal_id, str) else None
            )
            fits = proposal is not None and (kind, key) == (AgreementKind.DEFINITION, proposal.term_key)
            if proposal is None or not fits or proposal.state is not ProposalState.CARRIED:
                raise NotFound("No workshop has carried such a proposal for this. Draft it without one.")
        if agreements.open_version(connection, kind, key) is not None:
            raise WrongState(
                f"A new version of {known.name} is already being prepared. Edit that one, or drop it first."
            )
        checked, start = _check(connection, known, content, effective_from)
        version_id = agreements.add(
            connection,
            kind=kind,
            key=key,
            content=checked,
            effective_from=start,
            content_hash=domain.hash_content(kind, key, checked, start),
            author_id=person.id,
            at=clock.now_text(),
            proposal_id=proposal_id,
        )
        if proposal_id is not None:
            workshops.touch_of_proposal(connection, proposal_id)  # its screens say that this is drafted
        after = {kind.hashed_as: key, **checked, "effective_from": start}
        journal(connection, person, f"{kind}:draft", kind.noun, version_id, after=after)
        return version_id

    return store().write(transaction)


def edit(
    actor: Actor,
    version_id: str,
    revision: int,
    content: Mapping[str, Any],
    effective_from: date | None,
) -> bool:
    """Change an open version that was seen at `revision`; voids its signatures and makes it a draft again.

    Returns whether anything changed: saving the same content again leaves signatures alone. Raises DraftConflict, with both
    contents, when someone changed it meanwhile, WrongState when it has been agreed.
    """
    person = authorise(actor, "agreement:draft")

    def transaction(connection: Connection) -> bool:
        found = _open_version(connection, version_id)
        checked, start = _check(connection, found.subject, content, effective_from)
        mine = found.with_content(checked, start)
        if found.revision != revision:
            raise _conflict(connection, found, mine, revision)
        if mine.content_hash == found.content_hash and checked.get("text") == found.content.get("text"):
            return False
        agreements.rewrite(
            connection,
            version_id,
            content=checked,
            effective_from=start,
            content_hash=mine.content_hash,
            person_id=person.id,
            at=clock.now_text(),
        )
        journal(
            connection,
            person,
            f"{found.kind}:edit",
            found.kind.noun,
            version_id,
            before={
                **found.content,
                "effective_from": found.effective_from,
                "signatures": len(found.signatures),
            },
            after={**checked, "effective_from": start},
        )
        return True

    return store().write(transaction)


def propose(actor: Actor, version_id: str) -> None:
    """Put a draft before both team leads for signature, with what past leads say of it."""
    person = authorise(actor, "agreement:draft")
    gathered = agreement_evidence.gather(actor, version_id)

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, version_id)
        if found.state is AgreementState.PROPOSED:
            return
        agreements.set_state(connection, version_id, AgreementState.PROPOSED)
        freeze_evidence(connection, person, found, "proposed", gathered)
        journal(connection, person, f"{found.kind}:propose", found.kind.noun, version_id)

    store().write(transaction)


def sign(actor: Actor, version_id: str, content_hash: str) -> bool:
    """Sign a proposed version for one's own side, as the content was seen; returns whether both have now signed.

    With the second signature the version is agreed, and in force from its day or from now, whichever is later. Raises
    StaleVersion when the content is no longer the one that was seen, NotPermitted for people of no team and for whoever
    signed for the other side, WrongState when who signed for the other side no longer leads it, InvalidInput when it cannot
    be kept any more, as after a change of the business hours.
    """
    person = authorise(actor, "agreement:sign")
    if person.team is None:
        raise NotPermitted("Only the team leads of sales and of marketing sign.")
    team: Team = person.team
    gathered = agreement_evidence.gather(actor, version_id)

    def transaction(connection: Connection) -> bool:
        now_is = people.find(connection, person.id)
        if now_is is None or (now_is.team, now_is.role, now_is.active) != (team, person.role, True):
            raise NotPermitted("What you may do has changed meanwhile. Open the page anew.")
        found = _open_version(connection, version_id)
        if found.state is not AgreementState.PROPOSED:
            raise WrongState(f"{found.label} is still a draft. It can be signed once it is proposed.")
        if found.content_hash != content_hash:
            raise StaleVersion(
                f"{found.label} was changed after you opened it. Read the new text, then sign."
            )
        if found.signed_by(team) is not None:
            return False
        if any(signature.person_id == person.id for signature in found.signatures):
            raise NotPermitted(
                f"You have signed {found.label} for the other side already. Somebody else has to sign for {team.label}."
            )
        _check_signers(connection, found)
        _check(connection, found.subject, found.content, found.effective_from)
        now = clock.now_text()
        agreements.sign(
            connection, version_id, person_id=person.id, team=team, content_hash=content_hash, at=now
        )
        freeze_evidence(connection, person, found, "signed", gathered)
        after = {"team": team.value, "content_hash": content_hash}
        journal(connection, person, f"{found.kind}:sign", found.kind.noun, version_id, after=after)
        agreements.acknowledge(connection, version_id, person.id, now)  # who signs has read it
        signed = _open_version(connection, version_id)
        if not signed.fully_signed:
            return False
        zone = hours_on(versions_of(calendars.hours_of(connection)), signed.effective_from).timezone
        in_force_from = domain.start_of_force(signed.effective_from, now, zone)
        agreements.agree(connection, version_id, agreed_at=now, in_force_from=in_force_from)
        after = {"in_force_from": in_force_from}
        journal(connection, person, f"{found.kind}:agree", found.kind.noun, version_id, after=after)
        return True

    return store().write(transaction)


def send_back(actor: Actor, version_id: str, reason: str) -> None:
    """Return a proposed version to draft with a reason; the version in force stays, signatures are void."""
    person = authorise(actor, "agreement:sign")
    reason = required_text(reason, "The reason", 1000)

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, version_id)
        if found.state is not AgreementState.PROPOSED:
            raise WrongState(f"{found.label} is not waiting for signatures.")
        agreements.set_state(connection, version_id, AgreementState.DRAFT, returned_because=reason)
        agreements.void_signatures(connection, version_id, clock.now_text())
        after = {"reason": reason}
        journal(connection, person, f"{found.kind}:send_back", found.kind.noun, version_id, after=after)

    store().write(transaction)


def drop(actor: Actor, version_id: str) -> None:
    """Give up an open version; it stays on record."""
    person = authorise(actor, "agreement:draft")

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, version_id)
        agreements.set_state(connection, version_id, AgreementState.DROPPED)
        agreements.void_signatures(connection, version_id, clock.now_text())
        journal(connection, person, f"{found.kind}:drop", found.kind.noun, version_id)

    store().write(transaction)


def acknowledge(actor: Actor, version_id: str) -> None:
    """Note that the person has read the version in force."""
    person = authorise(actor, "agreement:acknowledge")
    if actor.machine:
        raise NotPermitted("Only people read agreements. Sign in as one of them.")

    def transaction(connection: Connection) -> None:
        found = _in_force(connection, version_id)
        agreements.acknowledge(connection, version_id, person.id, clock.now_text())
        journal(connection, person, f"{found.kind}:acknowledge", found.kind.noun, version_id)

    store().write(transaction)


# what people see


def read_version(actor: Actor, version_id: str) -> AgreementVersion:
    """One version of whatever kind, with from and until where it was agreed. Raises NotFound, for hidden drafts as well."""
    person = authorise(actor, "agreement:read")
    connection = store().read()
    found = agreements.find(connection, version_id) if isinstance(version_id, str) else None
    hidden = found is not None and found.state in (AgreementState.DRAFT, AgreementState.DROPPED)
    if found is None or (hidden and not sees_drafts(person)):
        raise NotFound("This version does not exist. Open the list for those there are.")
    history = domain.timeline(agreements.versions(connection, type(found), found.key))
    return next((version for version in history if version.id == found.id), found)


def read_reading(actor: Actor, version_id: str) -> Reading:
    """How many of both teams have acknowledged the version in force. Raises NotFound when it is not in force."""
    person = authorise(actor, "agreement:read")
    connection = store().read()
    read = agreements.acknowledged_by(connection, _in_force(connection, version_id).id)
    members = {one.id for one in people.everyone(connection) if one.active and one.team}
    return Reading(len(read & members), len(members), person.id in read)


def read_readers(actor: Actor, version_id: str) -> Readers:
    """Who of both teams has acknowledged the version in force, and who has not. Raises NotFound when it is not in force."""
    authorise(actor, "agreement:follow")
    connection = store().read()
    found = _in_force(connection, version_id)
    read = agreements.readings(connection, found.id)
    members = {person.id: person for person in people.everyone(connection) if person.active and person.team}
    return Readers(
        tuple((members[who], at) for who, at in read.items() if who in members),
        tuple(
            sorted(
                (person for who, person in members.items() if who not in read),
                key=lambda person: (person.name.casefold(), person.id),
            )
        ),
    )


def read_evidence(actor: Actor, version_id: str) -> tuple[Evidence, ...]:
    """What past leads said of a version when it was proposed and signed, the earliest first."""
    found = read_version(actor, version_id)
    return tuple(agreements.evidence(store().read(), found.id))


def waiting_for(connection: Connection, person: Person) -> list[AgreementVersion]:
    """The versions that wait for a person's signature, for actions that have authorised."""
    if person.role is not Role.TEAM_LEAD or person.team is None:
        return []
    team = person.team
    return [version for version in agreements.proposed(connection) if version.signed_by(team) is None]


def sees_drafts(person: Person) -> bool:
    """Whether drafts are shown to a person: to those who may draft or sign."""
    return person.role is not Role.MEMBER


def stand(person: Person, versions: list[V]) -> Standing[V]:
    """Where the subject of these versions stands now, as far as the person may see, for actions that have authorised."""
    return domain.standing(versions, clock.now_text(), sees_drafts=sees_drafts(person))


# within transactions


def freeze_evidence(
    connection: Connection,
    person: Person,
    version: AgreementVersion,
    moment: str,
    gathered: agreement_evidence.Gathered | None,
) -> None:
    """Keep with a version what past leads said of it at a moment, 'proposed' or 'signed'.

    What was gathered for another content than the one that is proposed or signed is left out, and what is kept already for the
    same content and the same leads is not kept again.
    """
    if gathered is None or gathered.content_hash != version.content_hash:
        return
    there = agreements.evidence(connection, version.id)
    if any(one.content_hash == gathered.content_hash and one.facts == gathered.facts for one in there):
        return
    agreements.add_evidence(
        connection,
        Evidence(
            version.id,
            version.content_hash,
            moment,
            gathered.facts,
            gathered.document,
            person.id,
            clock.now_text(),
        ),
    )


def _check(
    connection: Connection, subject: Subject, content: Mapping[str, Any], effective_from: date | None
) -> tuple[dict[str, Any], date]:
    today = instants.local_day(clock.now_text(), calendars.hours_of(connection).timezone)
    start = effective_from or today
    if type(start) is not date or start > today + LATEST_START:
        raise InvalidInput("The day it takes effect is more than a year ahead. Choose an earlier day.")
    return _CHECKS[subject.kind](connection, subject, content, max(start, today)), start


def _conflict(
    connection: Connection, found: AgreementVersion, mine: AgreementVersion, revision: int
) -> DraftConflict:
    conflict = Conflict(agreements.as_it_was(connection, found, revision), mine, found)
    if conflict.only_moved_on:
        return DraftConflict(
            f"{found.label} was proposed, signed or sent back while you were editing. What you typed is still here: look at "
            "it again, then save.",
            conflict,
        )
    return DraftConflict(
        f"Someone changed {found.label} while you were editing. Your text is still here: compare both and choose what to keep.",
        conflict,
    )


def _open_version(connection: Connection, version_id: str) -> AgreementVersion:
    found = agreements.find(connection, version_id) if isinstance(version_id, str) else None
    if found is None:
        raise NotFound("This version does not exist.")
    if found.state is AgreementState.AGREED:
        raise WrongState(f"{found.label} has been signed and never changes. Start a new version instead.")
    if found.state is AgreementState.DROPPED:
        raise WrongState(f"{found.label} was dropped. Start a new version instead.")
    return found


def _check_signers(connection: Connection, found: AgreementVersion) -> None:
    """Those who have signed still speak for their teams."""
    for signature in found.signatures:
        signer = people.find(connection, signature.person_id)
        if signer is None or (signer.team, signer.role, signer.active) != (
            signature.team,
            Role.TEAM_LEAD,
            True,
        ):
            name = "Somebody who has left" if signer is None else signer.name
            raise WrongState(
                f"{name} signed {found.label} for {signature.team.label} and no longer leads that team. Send it back, so that "
                "those who lead the teams now sign it."
            )


def _in_force(connection: Connection, version_id: str) -> AgreementVersion:
    found = agreements.find(connection, version_id) if isinstance(version_id, str) else None
    history = agreements.versions(connection, type(found), found.key) if found else []
    current = domain.in_force(domain.timeline(history), clock.now_text())
    if found is None or current is None or current.id != found.id:
        raise NotFound("This version is not in force. Open the list for the one that is.")
    return found
