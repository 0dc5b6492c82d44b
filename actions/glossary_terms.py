"""What people may do with a term of the glossary beside its definition: say who answers for it, what each team used to
call it and which terms belong to it, and pick real leads that show what it means."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actions import clock, definitions
from actions.journal import journal
from actions.kept_results import KeptResults
from actions.lead_cards import facts_with_profile
from actions.permissions import authorise, may
from alignment import glossary as domain
from alignment import rules
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.glossary import Entry, Example, Hit, TeamWords, TermDetails
from alignment.people import Actor, Person, Team
from alignment.rules import Rule
from alignment.texts import optional_text
from db.queries import definitions as versions
from db.queries import glossary, people
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.cards import Profile
    from leads.store import Facts

MOST_RELATED = 10
SUGGESTED = 3
"""How many leads that pass, and how many that do not, are put forward at a time."""
_LOOKED_THROUGH = 40
_MOST_FACTS = 8


@dataclass(frozen=True)
class Judged:
    """What a rule says of a lead now: True, False, or None where a missing field leaves it open. `missed` are the parts of
    the rule that it does not meet, `open` those that its missing fields leave open, in words."""

    outcome: bool | None
    missed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownExample:
    """An example as a person sees it. `judged` is None where there is no rule, or the lead is not there any more."""

    example: Example
    judged: Judged | None

    @property
    def contradicts(self) -> bool:
        """Whether the rule says the opposite of what the example is there to show."""
        return self.judged is not None and self.judged.outcome is (not self.example.qualifies)


@dataclass(frozen=True)
class Suggestion:
    """A real lead that could become an example: what may be shown of it, and what the rule says of it."""

    lead_id: str
    facts: tuple[tuple[str, str], ...]
    judged: Judged


def read_details(actor: Actor) -> dict[str, TermDetails]:
    """What the glossary holds of each term beside its versions, by key; untouched terms included."""
    person = authorise(actor, "agreement:read")
    connection = store().read()
    known = glossary.details(connection)
    return {
        term.key: _as_seen_by(person, known.get(term.key, TermDetails(term.key)))
        for term in versions.terms(connection)
    }


def search_terms(actor: Actor, query: str) -> list[Hit]:
    """The terms that a search finds, in the order to show them; all of them for an empty one."""
    authorise(actor, "agreement:read")
    details = read_details(actor)
    return domain.search(
        [
            Entry(
                entry.term.key,
                entry.term.name,
                details[entry.term.key].words,
                entry.in_force.text if entry.in_force else entry.term.meaning,
            )
            for entry in definitions.read_glossary(actor)
        ],
        optional_text(query, "What you look for", 100),
    )


def starting_text(actor: Actor, term_key: str) -> str:
    """Text to begin the first draft of a term from, '' for a term of the company's own."""
    authorise(actor, "agreement:draft")
    return domain.STARTING_TEXTS.get(term_key, "")


def possible_owners(actor: Actor) -> dict[Team, dict[str, str]]:
    """Who may answer for a term, by team: id → name, by name."""
    authorise(actor, "term:describe")
    found: dict[Team, dict[str, str]] = {team: {} for team in Team}
    for someone in sorted(people.everyone(store().read()), key=lambda someone: someone.name.casefold()):
        if someone.active and someone.team:
            found[someone.team][someone.id] = someone.name
    return found


def describe_term(
    actor: Actor,
    term_key: str,
    revision: int,
    *,
    owners: Mapping[Team, str | None],
    words: Mapping[Team, tuple[Iterable[str], str]],
    related: Sequence[str],
) -> None:
    """Say who answers for a term on each side, what each team (`called`, `meant`) said, and which terms belong to it.

    `revision` is that of the details that were seen. Raises StaleVersion when somebody changed them meanwhile, InvalidInput
    for an owner who is not of that team, a term that is not there, or too much text.
    """
    person = authorise(actor, "term:describe")
    said = {team: domain.check_words(team, *words.get(team, ((), ""))) for team in Team}
    chosen = {team: owner for team, owner in owners.items() if owner}

    def transaction(connection: Connection) -> None:
        _term(connection, term_key)
        before = glossary.details(connection, term_key)[term_key]
        if before.revision != revision:
            raise StaleVersion(
                "Someone changed this while you were editing. What you typed is still here: compare and save again."
            )
        kept = dict(before.owners)
        for team, owner in chosen.items():
            found = people.find(connection, owner)
            if kept.get(team) != owner and (found is None or not found.active or found.team is not team):
                raise InvalidInput(f"Who answers for it in {team.label} has to be somebody of {team.label}.")
        keys = {term.key for term in versions.terms(connection)}
        others = tuple(dict.fromkeys(key for key in related if key != term_key))
        if not set(others) <= keys:
            raise InvalidInput("A related term has to be in the glossary. Add it there first.")
        if len(others) > MOST_RELATED:
            raise InvalidInput(f"At most {MOST_RELATED} terms belong to one. Leave the least related out.")
        told = {team: words for team, words in said.items() if words.told}
        if (chosen, told, set(others)) == (dict(before.owners), dict(before.words), set(before.related)):
            return
        glossary.put_details(connection, term_key, owners=chosen, words=said)
        glossary.put_related(connection, term_key, others)
        journal(
            connection,
            person,
            "term:describe",
            "term",
            term_key,
            before=_record(before.owners, before.words, before.related),
            after=_record(chosen, told, others),
        )

    store().write(transaction)


# ── leads that show what a term means ────────────────────────────────────────────────────────────────────────────────


def read_examples(
    actor: Actor, term_key: str, rule: Mapping[str, Any] | None = None
) -> tuple[ShownExample, ...]:
    """The examples of a term, those that qualify first, with what a rule says of each now: `rule`, a document, else the
    term's in force. Whoever may not see leads gets no ids of them. Raises NotFound for an unknown term, InvalidRule."""
    person = authorise(actor, "agreement:read")
    _term(store().read(), term_key)
    found = glossary.details(store().read(), term_key)[term_key].examples
    if rule is None:
        in_force = definitions.in_force_now(actor, term_key)
        rule = in_force.rule if in_force else None
    judged = _judge(rules.parse(rule), [one.lead_id for one in found]) if rule is not None and found else {}
    seen = _as_seen_by(person, TermDetails(term_key, examples=found)).examples
    return tuple(
        ShownExample(shown, judged.get(kept.lead_id)) for kept, shown in zip(found, seen, strict=True)
    )


def suggest_examples(
    actor: Actor, term_key: str, *, rule: Mapping[str, Any] | None = None, seed: int | None = None
) -> tuple[Suggestion, ...]:
    """Real leads that differ from each other, up to three that meet the rule and three that do not, those that miss
    only one part of it first; the same for the same `seed` and facts. `rule` as for `read_examples`.

    Raises WrongState while the term has no rule or there are no leads.
    """
    authorise(actor, "term:describe")
    from leads.cards import draw

    connection = store().read()
    term = _term(connection, term_key)
    if rule is None:
        in_force = definitions.in_force_now(actor, term_key)
        rule = in_force.rule if in_force else None
    if rule is None:
        raise WrongState(
            f"{term.name} has no rule yet, so no lead can be picked by it. Give a version a rule first."
        )
    parsed = rules.parse(rule)
    there = [one.lead_id for one in glossary.details(connection, term_key)[term_key].examples]
    with facts_with_profile(connection) as (facts, profile):
        if not profile.leads:
            raise WrongState("There are no leads to pick examples from. Bring in leads first.")
        found = draw(
            facts,
            profile,
            _shown_fields(profile, parsed),
            _LOOKED_THROUGH,
            secrets.randbelow(2**31) if seed is None else seed,
            clock.now(),
            None,
            (),
            there,
        )
        labels = {field.name: field.label for field in profile.fields}
        judged = _judged_by(facts, parsed, [lead.lead_id for lead in found])
    draws = [
        Suggestion(
            lead.lead_id, tuple((labels[name], text) for name, text in lead.facts), judged[lead.lead_id]
        )
        for lead in found
    ]
    passing = [one for one in draws if one.judged.outcome is True]
    failing = sorted(
        (one for one in draws if one.judged.outcome is False), key=lambda one: len(one.judged.missed)
    )
    return tuple(passing[:SUGGESTED] + failing[:SUGGESTED])


def add_example(actor: Actor, term_key: str, lead_id: str, qualifies: bool, note: str = "") -> str:
    """Keep a lead as an example of a term (`qualifies`) or as a counter-example; returns its id.

    What is shown of it is frozen now, without anything that tells whose lead it is. Raises NotFound where there is no such
    term or lead, InvalidInput when there are twelve already.
    """
    person = authorise(actor, "term:describe")
    note = optional_text(note, "What it shows", domain.LONGEST_NOTE)
    _term(store().read(), term_key)
    if not isinstance(qualifies, bool):
        raise InvalidInput("Say whether the lead is an example or a counter-example.")
    facts = _facts_of(actor, term_key, lead_id)

    def transaction(connection: Connection) -> str:
        there = glossary.details(connection, term_key)[term_key].examples
        if len(there) >= domain.MOST_EXAMPLES and lead_id not in {one.lead_id for one in there}:
            raise InvalidInput(
                f"A term has at most {domain.MOST_EXAMPLES} examples. Take one out that shows less."
            )
        example_id = glossary.add_example(
            connection,
            Example("", term_key, lead_id, qualifies, note, facts, person.id, clock.now_text()),
        )
        after = {"lead": lead_id, "qualifies": qualifies, "note": note}
        journal(connection, person, "term:add_example", "term", term_key, after=after)
        return example_id

    return store().write(transaction)


def take_out_example(actor: Actor, example_id: str) -> None:
    """Take an example out of the glossary. One that is gone already is left alone."""
    person = authorise(actor, "term:describe")

    def transaction(connection: Connection) -> None:
        found = glossary.find_example(connection, example_id)
        if found is None:
            return
        glossary.remove_example(connection, example_id)
        before = {"lead": found.lead_id, "qualifies": found.qualifies, "note": found.note}
        journal(connection, person, "term:take_out_example", "term", found.term_key, before=before)

    store().write(transaction)


def _facts_of(actor: Actor, term_key: str, lead_id: str) -> tuple[tuple[str, str], ...]:
    from leads.cards import facts_of

    in_force = definitions.in_force_now(actor, term_key)
    rule = rules.parse(in_force.rule) if in_force and in_force.rule is not None else None
    with facts_with_profile(store().read()) as (facts, profile):
        names = _shown_fields(profile, rule)
        found = facts_of(facts, profile, [lead_id], names, clock.now()) if isinstance(lead_id, str) else {}
        if lead_id not in found:
            raise NotFound("This lead is not among the leads any more. Choose another one.")
        labels = {field.name: field.label for field in profile.fields}
        return tuple((labels[name], text) for name, text in found[lead_id])


def _shown_fields(profile: "Profile", rule: Rule | None) -> list[str]:
    """What is shown of a lead: first what the rule asks for, then what cards usually show; nothing that tells whose it is."""
    from alignment.lead_cards import FieldUse

    asked = rules.fields_of(rule) if rule is not None else ()
    fit = {field.name for field in profile.fields if field.use is FieldUse.AVAILABLE}
    return [name for name in dict.fromkeys((*sorted(asked), *profile.usual)) if name in fit][:_MOST_FACTS]


_JUDGED: "KeptResults[dict[str, Judged]]" = KeptResults(32)


def _judge(rule: Rule, lead_ids: Sequence[str]) -> dict[str, Judged]:
    """Kept by the version of the facts, since a screen asks at each of its runs."""
    from leads.store import warehouse

    facts = warehouse()
    key = (facts.folder, facts.revision(), rules.canonical_hash(rule), tuple(lead_ids))

    def compute() -> dict[str, Judged]:
        with warehouse().read() as opened:
            return _judged_by(opened, rule, lead_ids)

    return _JUDGED.get(key, compute) if facts.revision() else {}


def _judged_by(facts: "Facts", rule: Rule, lead_ids: Sequence[str]) -> dict[str, Judged]:
    from leads.cards import verdicts_of

    parts = domain.parts_of(rule)
    words = [rules.sentence(part) for part in parts]
    return {
        lead_id: Judged(
            outcome,
            tuple(word for word, says in zip(words, each, strict=True) if says is False),
            tuple(word for word, says in zip(words, each, strict=True) if says is None),
        )
        for lead_id, (outcome, *each) in verdicts_of(facts, lead_ids, (rule, *parts)).items()
    }


def _as_seen_by(person: Person, details: TermDetails) -> TermDetails:
    if may(person, "leads:read"):
        return details
    return replace(details, examples=tuple(replace(one, lead_id="") for one in details.examples))


def _term(connection: Connection, term_key: str) -> Any:
    found = versions.find_term(connection, term_key) if isinstance(term_key, str) else None
    if found is None:
        raise NotFound("This term is not in the glossary. Add it first.")
    return found


def _record(
    owners: Mapping[Team, str], words: Mapping[Team, TeamWords], related: Iterable[str]
) -> dict[str, Any]:
    return {
        "owners": {team.value: owner for team, owner in owners.items()},
        "words": {team.value: {"called": said.called, "meant": said.meant} for team, said in words.items()},
        "related": list(related),
    }
