"""What people may do with terms and definitions: draft, propose, sign, send back, acknowledge."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from actions.settings import company_of
from alignment import definitions as domain
from alignment import instants
from alignment.definitions import DefinitionState, DefinitionVersion, Term
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import Actor, Team
from alignment.rules import parse, to_document
from alignment.texts import required_text
from alignment.workshops import ProposalState
from db.queries import definitions, people, workshops
from db.store import Connection, store

LONGEST_TEXT = 4000
_LATEST_START = timedelta(days=366)


@dataclass(frozen=True)
class GlossaryEntry:
    """A term as the glossary shows it: what is in force, what is open, and everything there was."""

    term: Term
    in_force: DefinitionVersion | None
    upcoming: DefinitionVersion | None
    open: DefinitionVersion | None
    versions: tuple[DefinitionVersion, ...]
    names: Mapping[str, str]
    acknowledged: bool
    acknowledged_count: int
    members: int


def read_glossary(actor: Actor) -> list[GlossaryEntry]:
    """Every term with its versions, for the person who asks. Drafts are shown to those who may draft or sign."""
    person = authorise(actor, "definition:read")
    connection = store().read()
    now = clock.now_text()
    everyone = people.everyone(connection)
    names = {someone.id: someone.name for someone in everyone}
    members = {someone.id for someone in everyone if someone.active and someone.team}
    sees_drafts = person.role.value != "member"
    by_term: dict[str, list[DefinitionVersion]] = {}
    for version in definitions.versions(connection):
        by_term.setdefault(version.term_key, []).append(version)
    entries = []
    for term in definitions.terms(connection):
        versions = by_term.get(term.key, [])
        history = domain.timeline(versions)
        current = domain.in_force(history, now)
        acknowledged = definitions.acknowledged_by(connection, current.id) if current else set()
        opened = next(
            (v for v in versions if v.state in (DefinitionState.DRAFT, DefinitionState.PROPOSED)), None
        )
        if opened and opened.state is DefinitionState.DRAFT and not sees_drafts:
            opened = None
        entries.append(
            GlossaryEntry(
                term=term,
                in_force=current,
                upcoming=next((v for v in history if (v.in_force_from or "") > now), None),
                open=opened,
                versions=tuple(history),
                names=names,
                acknowledged=person.id in acknowledged,
                acknowledged_count=len(acknowledged & members),
                members=len(members),
            )
        )
    return entries


def add_term(actor: Actor, name: str, meaning: str) -> str:
    """Add a term of the company's own; returns its key. Raises InvalidInput when the name is taken."""
    person = authorise(actor, "definition:draft")
    name = required_text(name, "The term", 60)
    meaning = required_text(meaning, "What it stands for", 400)
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60]
    if not key:
        raise InvalidInput("The term needs at least one letter or digit from a to z or 0 to 9.")

    def transaction(connection: Connection) -> None:
        taken = {term.key for term in definitions.terms(connection)}
        shown = {term.name.casefold() for term in definitions.terms(connection)}
        if key in taken or name.casefold() in shown:
            raise InvalidInput(f"The glossary already has “{name}”. Open it there.")
        definitions.add_term(connection, Term(key, name, meaning))
        journal(connection, person, "term:add", "term", key, after={"name": name, "meaning": meaning})

    store().write(transaction)
    return key


def draft(
    actor: Actor,
    term_key: str,
    text: str,
    rule: Mapping[str, Any] | None = None,
    effective_from: date | None = None,
    *,
    proposal_id: str | None = None,
) -> str:
    """Start the next version of a term's definition; returns its id.

    Raises WrongState while another version of the term is open, NotFound for an unknown term.
    """
    person = authorise(actor, "definition:draft")
    text, rule, effective_from, content_hash = _check_content(term_key, text, rule, effective_from)

    def transaction(connection: Connection) -> str:
        term = definitions.find_term(connection, term_key)
        if term is None:
            raise NotFound("This term is not in the glossary. Add it first.")
        if definitions.open_version(connection, term_key) is not None:
            raise WrongState(
                f"A new version of {term.name} is already being prepared. Edit that one, or drop it first."
            )
        definition_id = definitions.add(
            connection,
            term_key=term_key,
            text=text,
            rule=rule,
            effective_from=effective_from,
            content_hash=content_hash,
            author_id=person.id,
            at=clock.now_text(),
            proposal_id=proposal_id,
        )
        if proposal_id is not None:
            workshops.touch_of_proposal(connection, proposal_id)  # its screens say that this is drafted
        after = {"term": term_key, "text": text, "rule": rule, "effective_from": effective_from}
        journal(connection, person, "definition:draft", "definition", definition_id, after=after)
        return definition_id

    return store().write(transaction)


def draft_from_proposal(actor: Actor, proposal_id: str, effective_from: date | None = None) -> str:
    """Start a version with the words and the rule that a workshop carried; returns its id."""
    authorise(actor, "definition:draft")
    proposal = workshops.find_proposal(store().read(), proposal_id)
    if proposal is None:
        raise NotFound("This proposal does not exist.")
    if proposal.state is not ProposalState.CARRIED:
        raise WrongState("Only a proposal that both teams carried becomes a definition.")
    return draft(
        actor, proposal.term_key, proposal.text, proposal.rule, effective_from, proposal_id=proposal_id
    )


def edit(
    actor: Actor,
    definition_id: str,
    revision: int,
    text: str,
    rule: Mapping[str, Any] | None,
    effective_from: date | None,
) -> bool:
    """Change an open version that was seen at `revision`; voids its signatures and makes it a draft again.

    Returns whether anything changed: saving the same content again leaves signatures alone. Raises StaleVersion
    when someone changed it meanwhile, WrongState when it has been agreed.
    """
    person = authorise(actor, "definition:draft")

    def transaction(connection: Connection) -> bool:
        found = _open_version(connection, definition_id)
        checked_text, checked_rule, checked_date, content_hash = _check_content(
            found.term_key, text, rule, effective_from
        )
        if found.revision != revision:
            raise StaleVersion(
                f"Someone changed {found.label} while you were editing. Your text is still here: compare and save again."
            )
        if found.content_hash == content_hash and found.text == checked_text:
            return False
        definitions.rewrite(
            connection,
            definition_id,
            text=checked_text,
            rule=checked_rule,
            effective_from=checked_date,
            content_hash=content_hash,
            at=clock.now_text(),
        )
        journal(
            connection,
            person,
            "definition:edit",
            "definition",
            definition_id,
            before={"text": found.text, "rule": found.rule, "signatures": len(found.signatures)},
            after={"text": checked_text, "rule": checked_rule, "effective_from": checked_date},
        )
        return True

    return store().write(transaction)


def propose(actor: Actor, definition_id: str) -> None:
    """Put a draft before both team leads for signature."""
    person = authorise(actor, "definition:draft")

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, definition_id)
        if found.state is DefinitionState.PROPOSED:
            return
        definitions.set_state(connection, definition_id, DefinitionState.PROPOSED)
        journal(connection, person, "definition:propose", "definition", definition_id)

    store().write(transaction)


def sign(actor: Actor, definition_id: str, content_hash: str) -> bool:
    """Sign a proposed version for one's own side, as the content was seen; returns whether both have now signed.

    With the second signature the version is agreed, and in force from its date or from now, whichever is later.
    Raises StaleVersion when the content is no longer the one that was seen, NotPermitted for people of no team.
    """
    person = authorise(actor, "definition:sign")
    if person.team is None:
        raise NotPermitted("Only the team leads of sales and of marketing sign.")
    team: Team = person.team

    def transaction(connection: Connection) -> bool:
        found = _open_version(connection, definition_id)
        if found.state is not DefinitionState.PROPOSED:
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
        now = clock.now_text()
        definitions.sign(
            connection, definition_id, person_id=person.id, team=team, content_hash=content_hash, at=now
        )
        journal(
            connection,
            person,
            "definition:sign",
            "definition",
            definition_id,
            after={"team": team.value, "content_hash": content_hash},
        )
        definitions.acknowledge(connection, definition_id, person.id, now)  # who signs has read it
        signed = _open_version(connection, definition_id)
        if not signed.fully_signed:
            return False
        in_force_from = domain.start_of_force(
            signed.effective_from, now, company_of(connection).hours.timezone
        )
        definitions.agree(connection, definition_id, agreed_at=now, in_force_from=in_force_from)
        journal(
            connection,
            person,
            "definition:agree",
            "definition",
            definition_id,
            after={"in_force_from": in_force_from},
        )
        return True

    return store().write(transaction)


def send_back(actor: Actor, definition_id: str, reason: str) -> None:
    """Return a proposed version to draft with a reason; the version in force stays, signatures are void."""
    person = authorise(actor, "definition:sign")
    reason = required_text(reason, "The reason", 1000)

    def transaction(connection: Connection) -> None:
        found = _open_version(connection, definition_id)
        if found.state is not DefinitionState.PROPOSED:
            raise WrongState(f"{found.label} is not waiting for signatures.")
        definitions.set_state(connection, definition_id, DefinitionState.DRAFT, returned_because=reason)
        definitions.void_signatures(connection, definition_id, clock.now_text())
        journal(
            connection, person, "definition:send_back", "definition", definition_id, after={"reason": reason}
        )

    store().write(transaction)


def drop(actor: Actor, definition_id: str) -> None:
    """Give up an open version; it stays on record."""
    person = authorise(actor, "definition:draft")

    def transaction(connection: Connection) -> None:
        _open_version(connection, definition_id)
        definitions.set_state(connection, definition_id, DefinitionState.DROPPED)
        definitions.void_signatures(connection, definition_id, clock.now_text())
        journal(connection, person, "definition:drop", "definition", definition_id)

    store().write(transaction)


def acknowledge(actor: Actor, definition_id: str) -> None:
    """Note that the person has read the version in force."""
    person = authorise(actor, "definition:acknowledge")

    def transaction(connection: Connection) -> None:
        found = definitions.find(connection, definition_id)
        history = definitions.in_force_history(connection, found.term_key) if found else []
        current = domain.in_force(history, clock.now_text())
        if found is None or current is None or current.id != found.id:
            raise NotFound("This definition is not in force. Open the glossary for the one that is.")
        definitions.acknowledge(connection, definition_id, person.id, clock.now_text())
        journal(connection, person, "definition:acknowledge", "definition", definition_id)

    store().write(transaction)


def _check_content(
    term_key: str, text: str, rule: Mapping[str, Any] | None, effective_from: date | None
) -> tuple[str, Mapping[str, Any] | None, date, str]:
    text = required_text(text, "The definition", LONGEST_TEXT)
    checked = None if rule is None else to_document(parse(rule))
    today = instants.local_day(clock.now_text(), company_of(store().read()).hours.timezone)
    start = effective_from or today
    if not isinstance(start, date) or start > today + _LATEST_START:
        raise InvalidInput("The day it takes effect is more than a year ahead. Choose an earlier day.")
    return text, checked, start, domain.hash_content(term_key, text, checked, start)


def _open_version(connection: Connection, definition_id: str) -> DefinitionVersion:
    found = definitions.find(connection, definition_id)
    if found is None:
        raise NotFound("This definition does not exist.")
    if found.state is DefinitionState.AGREED:
        raise WrongState(f"{found.label} has been signed and never changes. Start a new version instead.")
    if found.state is DefinitionState.DROPPED:
        raise WrongState(f"{found.label} was dropped. Start a new version instead.")
    return found


def in_force_now(actor: Actor, term_key: str = "mql") -> DefinitionVersion | None:
    """The version of a term that is in force at this moment."""
    authorise(actor, "definition:read")
    return domain.in_force(definitions.in_force_history(store().read(), term_key), clock.now_text())
