"""Terms and their definitions, which are agreements: drafted, signed and read as `actions.agreements` says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from actions import agreements, clock
from actions.agreements import LONGEST_TEXT, acknowledge, drop, propose, send_back, sign
from actions.journal import journal
from actions.permissions import authorise
from alignment import definitions as domain
from alignment.agreements import AgreementKind
from alignment.definitions import DefinitionVersion, Term
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.people import Actor
from alignment.texts import required_text
from alignment.workshops import ProposalState
from db.queries import definitions, people, workshops
from db.store import Connection, store

__all__ = [
    "LONGEST_TEXT",
    "GlossaryEntry",
    "acknowledge",
    "add_term",
    "draft",
    "draft_from_proposal",
    "drop",
    "edit",
    "in_force_now",
    "propose",
    "read_glossary",
    "send_back",
    "sign",
]


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
    everyone = people.everyone(connection)
    names = {someone.id: someone.name for someone in everyone}
    members = {someone.id for someone in everyone if someone.active and someone.team}
    by_term: dict[str, list[DefinitionVersion]] = {}
    for version in definitions.versions(connection):
        by_term.setdefault(version.term_key, []).append(version)
    entries = []
    for term in definitions.terms(connection):
        found = agreements.stand(person, by_term.get(term.key, []))
        current = found.in_force
        acknowledged = definitions.acknowledged_by(connection, current.id) if current else set()
        entries.append(
            GlossaryEntry(
                term=term,
                in_force=current,
                upcoming=found.upcoming,
                open=found.open,
                versions=found.versions,
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
    """Start the next version of a term's definition; returns its id. Raises as `agreements.draft` does."""
    return agreements.draft(
        actor,
        AgreementKind.DEFINITION,
        term_key,
        {"text": text, "rule": rule},
        effective_from,
        proposal_id=proposal_id,
    )


def draft_from_proposal(actor: Actor, proposal_id: str, effective_from: date | None = None) -> str:
    """Start a version with the words and the rule that a workshop carried; returns its id."""
    authorise(actor, "agreement:draft")
    proposal = workshops.find_proposal(store().read(), proposal_id) if isinstance(proposal_id, str) else None
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
    """Change an open version that was seen at `revision`; whether anything changed. Raises as `agreements.edit` does."""
    return agreements.edit(actor, definition_id, revision, {"text": text, "rule": rule}, effective_from)


def in_force_now(actor: Actor, term_key: str = "mql") -> DefinitionVersion | None:
    """The version of a term that is in force at this moment."""
    authorise(actor, "definition:read")
    return domain.in_force(definitions.in_force_history(store().read(), term_key), clock.now_text())
