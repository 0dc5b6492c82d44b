"""Everything that is agreed and in force, put together for a document: for those who are signed in, and for the public page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from actions import clock, definitions, glossary_terms, promises, scores
from actions.journal import journal
from actions.permissions import MACHINE_PERSON, authorise
from actions.settings import company_of
from alignment import agreements as domain
from alignment import instants, rules
from alignment.agreements import AgreementKind, AgreementVersion
from alignment.definitions import RuledVersion
from alignment.errors import InvalidInput
from alignment.glossary import TermDetails, evidence_sentences
from alignment.people import MACHINE, Actor, Person, Team
from alignment.promises import PromiseVersion, frozen_in_words
from alignment.rules import Condition
from db.queries import agreements as stored
from db.queries import settings
from db.store import Connection, store

FORMS = ("html", "md", "json")
_KEY = "agreement_page"


@dataclass(frozen=True)
class SignedFor:
    """One side's signature: who (None where names are left out) and on which day."""

    team: Team
    name: str | None
    day: date


@dataclass(frozen=True)
class AgreedVersion:
    """A version as a document tells it. `until` is None while nothing supersedes it; a version that was taken over from the
    settings has neither signatures nor a first day (`since` None). `content_hash` is '' where a name was left out of the rule."""

    number: int
    text: str
    note: str
    rule: str | None
    rule_document: Mapping[str, Any] | None
    since: date | None
    until: date | None
    signatures: tuple[SignedFor, ...]
    content_hash: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agreed:
    """One thing that is agreed: the version in force, every version before it, and what the glossary says of a term (neither
    on the public page)."""

    kind: AgreementKind
    key: str
    name: str
    in_force: AgreedVersion
    earlier: tuple[AgreedVersion, ...]
    details: TermDetails | None = None


@dataclass(frozen=True)
class Agreement:
    """All that is in force at one instant. `people` are names by id and `terms` names by key, for what the details refer to."""

    company: str
    read_on: date
    agreed: tuple[Agreed, ...]
    people: Mapping[str, str]
    terms: Mapping[str, str]

    def of(self, kind: AgreementKind) -> tuple[Agreed, ...]:
        """What is in force of one kind."""
        return tuple(one for one in self.agreed if one.kind is kind)

    @property
    def sentence(self) -> str:
        """What is in force, in one sentence."""
        counts = [
            (len(self.of(AgreementKind.DEFINITION)), "definition", "definitions"),
            (len(self.of(AgreementKind.PROMISE)), "promise", "promises"),
            (len(self.of(AgreementKind.SCORE)), "lead score", "lead scores"),
        ]
        told = [f"{count} {one if count == 1 else several}" for count, one, several in counts if count]
        if not told:
            return "Nothing is agreed yet."
        listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        return f"{listed} {'are' if sum(count for count, *_ in counts) > 1 else 'is'} in force."

    def as_dict(self) -> dict[str, Any]:
        """The agreement as plain values: what `manage.py export-agreement` writes as JSON."""
        return {
            "company": self.company,
            "read_on": self.read_on.isoformat(),
            "agreed": [self._as_dict(one) for one in self.agreed],
        }

    def _as_dict(self, one: Agreed) -> dict[str, Any]:
        document = {
            "kind": one.kind.value,
            "key": one.key,
            "name": one.name,
            "in_force": _version_document(one.in_force),
            "earlier": [_version_document(version) for version in one.earlier],
        }
        if one.details is None:
            return document
        return document | {
            "owners": {team.value: self.people.get(who) for team, who in one.details.owners.items()},
            "used_to_say": {
                team.value: {"called": list(said.called), "meant": said.meant}
                for team, said in one.details.words.items()
            },
            "related": list(one.details.related),
            "examples": [
                {"qualifies": shown.qualifies, "note": shown.note, "facts": dict(shown.facts)}
                for shown in one.details.examples
            ],
        }


def read_agreement(actor: Actor) -> Agreement:
    """Everything in force, with who signed it, what past leads said then, and what the glossary says beside it."""
    person = authorise(actor, "agreement:read")
    return _agreement(actor, person)


def export_agreement(actor: Actor, form: str) -> Agreement:
    """The same, to take away in one of `FORMS`; that it was is in the audit log. Raises InvalidInput for another form."""
    person = authorise(actor, "agreement:export")
    if form not in FORMS:
        raise InvalidInput(f"The agreement can be taken away as {', '.join(FORMS)}.")
    found = _agreement(actor, person)

    def transaction(connection: Connection) -> None:
        journal(connection, person, "agreement:export", "agreement", form)

    store().write(transaction)
    return found


def is_published(actor: Actor) -> bool:
    """Whether everybody who knows the address may read what is agreed, without signing in."""
    authorise(actor, "agreement:read")
    return _published(store().read())


def publish(actor: Actor, published: bool) -> None:
    """Open the public page, or close it."""
    person = authorise(actor, "agreement:publish")
    if not isinstance(published, bool):
        raise InvalidInput("The public page is open or closed.")

    def transaction(connection: Connection) -> None:
        before = _published(connection)
        if before == published:
            return
        settings.put(connection, _KEY, {"open": published})
        journal(
            connection,
            person,
            "agreement:publish",
            "setting",
            _KEY,
            before={"open": before},
            after={"open": published},
        )

    store().write(transaction)


def page_is_open() -> bool:
    """Whether the public page is open, for the page itself, without anybody signed in."""
    return _published(store().read())


def public_agreement() -> Agreement | None:
    """What the public page shows, without anybody signed in: text, rule and days of what is in force, and nothing else. Who
    signed is not named, nor the owners of leads that a rule asks for; no lead is shown, and nothing of what past leads said.
    None while the page is closed."""
    if not _published(store().read()):
        return None
    return _agreement(MACHINE, MACHINE_PERSON, public=True)


def _published(connection: Connection) -> bool:
    document = settings.get(connection, _KEY)[0]
    return bool(document and document["open"])


def _agreement(actor: Actor, person: Person, *, public: bool = False) -> Agreement:
    connection = store().read()
    company = company_of(connection)
    zone = company.hours.timezone
    now = clock.now_text()
    entries = definitions.read_glossary(actor)
    names = dict(entries[0].names) if entries and not public else {}
    details = {} if public else glossary_terms.read_details(actor)

    def one_of(versions: Iterable[AgreementVersion], of: TermDetails | None = None) -> Agreed | None:
        history = list(versions)
        current = domain.in_force(history, now)
        if current is None:
            return None
        told = [_told(connection, version, names, zone, public) for version in history]
        place = history.index(current)
        earlier = () if public else tuple(reversed(told[:place]))
        return Agreed(current.kind, current.key, current.name, told[place], earlier, of)

    found = [one_of(entry.versions, details.get(entry.term.key)) for entry in entries]
    found += [one_of(entry.versions) for entry in promises.read_promises(actor)]
    found.append(one_of(scores.read_score(actor).versions))
    return Agreement(
        company.name,
        instants.local_day(now, zone),
        tuple(one for one in found if one is not None),
        names,
        {entry.term.key: entry.term.name for entry in entries},
    )


def _told(
    connection: Connection, version: AgreementVersion, names: Mapping[str, str], zone: str, public: bool
) -> AgreedVersion:
    taken_over = isinstance(version, PromiseVersion) and version.taken_over
    kept = () if public else stored.evidence(connection, version.id)
    told = [
        sentence
        for one in kept
        if one.content_hash == version.content_hash
        for sentence in _in_words(version, one.document)
    ]
    rule = (
        rules.parse(version.rule) if isinstance(version, RuledVersion) and version.rule is not None else None
    )
    content_hash = version.content_hash
    if rule is not None and public:
        shown = rules.with_conditions(rule, _without_owners)
        if shown != rule:  # by the hash of all that was signed, guesses at what is left out could be tried
            rule, content_hash = shown, ""
    return AgreedVersion(
        number=version.version,
        text=version.sentence if isinstance(version, PromiseVersion) else _text(version),
        note=version.note if isinstance(version, PromiseVersion) else "",
        rule=None if rule is None else rules.sentence(rule),
        rule_document=None if rule is None else rules.to_document(rule),
        since=None if taken_over or version.in_force_from is None else _day(version.in_force_from, zone),
        until=None if version.in_force_until is None else _day(version.in_force_until, zone),
        signatures=tuple(
            SignedFor(
                team,
                None if public else names.get(signature.person_id, "someone who has left"),
                _day(signature.signed_at, zone),
            )
            for team in Team
            if (signature := version.signed_by(team)) is not None
        ),
        content_hash=content_hash,
        evidence=tuple(dict.fromkeys(told)),
    )


def _without_owners(condition: Condition) -> Condition:
    """Who has a lead is the name of a person."""
    if condition.field != "owner":
        return condition
    someone = "a certain owner"
    if isinstance(condition.value, tuple) and any(isinstance(one, str) for one in condition.value):
        return replace(condition, value=(someone,))
    return replace(condition, value=someone) if isinstance(condition.value, str) else condition


def _in_words(version: AgreementVersion, evidence: Mapping[str, Any]) -> tuple[str, ...]:
    if isinstance(version, PromiseVersion):
        return tuple(filter(None, (frozen_in_words(evidence),)))
    return evidence_sentences(evidence)


def _text(version: AgreementVersion) -> str:
    return version.text if isinstance(version, RuledVersion) else ""


def _day(instant: str, zone: str) -> date:
    return instants.local_day(instant, zone)


def _version_document(version: AgreedVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "text": version.text,
        "note": version.note,
        "rule": version.rule_document,
        "rule_in_words": version.rule,
        "since": version.since.isoformat() if version.since else None,
        "until": version.until.isoformat() if version.until else None,
        "signatures": [
            {"team": one.team.value, "name": one.name, "day": one.day.isoformat()}
            for one in version.signatures
        ],
        "content_hash": version.content_hash,
        "evidence": list(version.evidence),
    }
