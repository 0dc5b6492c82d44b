"""What both teams agree, whatever it is about: drafted, proposed, signed by both sides, in force, superseded.

Definitions, promises and the lead score are agreements. A version in force never changes. Signatures bind to a hash of
everything that is agreed, so an edit voids them; the version in force stays in force until both sides have signed the next.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from alignment import instants
from alignment.errors import StaleVersion
from alignment.people import Team


class AgreementKind(StrEnum):
    """What an agreement is about."""

    DEFINITION = "definition"
    PROMISE = "promise"
    SCORE = "score"

    @property
    def hashed_as(self) -> str:
        """The name under which the key of its subject goes into the hash that is signed."""
        return {"definition": "term", "promise": "promise", "score": "score"}[self.value]

    @property
    def noun(self) -> str:
        """What the audit log calls a version of it."""
        return {"definition": "definition", "promise": "promise_version", "score": "score"}[self.value]


class AgreementState(StrEnum):
    """Where a version stands on its way. 'In force' and 'superseded' follow from dates, see `timeline`."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    AGREED = "agreed"
    DROPPED = "dropped"

    @property
    def is_open(self) -> bool:
        """Whether the version may still be changed."""
        return self in (AgreementState.DRAFT, AgreementState.PROPOSED)


@dataclass(frozen=True)
class Subject:
    """What versions are versions of: a term, a promise, the score. `detail` is what a kind needs besides, else ''."""

    kind: AgreementKind
    key: str
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Signature:
    """One side's signature under one exact content. `voided_at` is when an edit, or sending it back, made it void."""

    team: Team
    person_id: str
    content_hash: str
    signed_at: str
    voided_at: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What past leads said of a content when it was proposed or signed; kept as it was, whatever comes in later.

    `facts` is the revision of the lead facts it was taken from, '' where there were none; `document` the result.
    """

    version_id: str
    content_hash: str
    moment: str
    facts: str
    document: Mapping[str, Any]
    person_id: str
    at: str


@dataclass(frozen=True, kw_only=True)
class AgreementVersion(ABC):
    """One version of an agreement; each kind adds its content as fields of its own.

    `effective_from` is the day it is meant to start. `in_force_from` and `in_force_until` are instants in the store's form,
    set once it is agreed; `until` is None while nothing supersedes it. `signatures` are valid, `voided` are not any more.
    """

    kind: ClassVar[AgreementKind]

    id: str
    version: int
    effective_from: date
    content_hash: str
    state: AgreementState
    author_id: str
    created_at: str
    agreed_at: str | None = None
    in_force_from: str | None = None
    in_force_until: str | None = None
    returned_because: str = ""
    revision: int = 1
    signatures: tuple[Signature, ...] = ()
    voided: tuple[Signature, ...] = ()

    @classmethod
    @abstractmethod
    def of(cls, subject: Subject, content: Mapping[str, Any], **common: Any) -> Self:
        """The version of a subject with this content; `common` are the fields that every kind has."""

    @property
    @abstractmethod
    def subject(self) -> Subject:
        """What it is a version of."""

    @property
    @abstractmethod
    def content(self) -> dict[str, Any]:
        """All that is agreed but the day it takes effect, as plain values: what is kept and hashed."""

    @property
    @abstractmethod
    def parts(self) -> tuple[tuple[str, str], ...]:
        """What is agreed as people read it: (what it is, text), the same ones for every version of a kind."""

    @property
    def key(self) -> str:
        """The key of its subject."""
        return self.subject.key

    @property
    def name(self) -> str:
        """What its subject is called."""
        return self.subject.name

    def with_content(self, content: Mapping[str, Any], effective_from: date) -> Self:
        """The same version, saying something else."""
        common = {field.name: getattr(self, field.name) for field in fields(AgreementVersion)}
        common["effective_from"] = effective_from
        common["content_hash"] = hash_content(self.kind, self.key, content, effective_from)
        return type(self).of(self.subject, content, **common)

    @property
    def label(self) -> str:
        """Short name of the version, such as `MQL v2`."""
        return f"{self.name} v{self.version}"

    def signed_by(self, team: Team) -> Signature | None:
        """The valid signature of a side under the content as it is now, if there is one."""
        for signature in self.signatures:
            if signature.team is team and signature.content_hash == self.content_hash:
                return signature
        return None

    @property
    def fully_signed(self) -> bool:
        """Whether both sides have signed exactly this content, each by a person of its own."""
        signed = [self.signed_by(team) for team in Team]
        people = {signature.person_id for signature in signed if signature is not None}
        return all(signed) and len(people) == len(Team)


V = TypeVar("V", bound=AgreementVersion)


def hash_content(kind: AgreementKind, key: str, content: Mapping[str, Any], effective_from: date) -> str:
    """SHA-256 (hex) of what is signed: subject, content and day. Rules that mean the same in another order hash the same."""
    from alignment.rules import canonical_hash, parse

    signed = {
        **content,
        kind.hashed_as: key,
        "effective_from": effective_from.isoformat(),
    }
    if signed.get("rule") is not None:
        signed["rule"] = canonical_hash(parse(signed["rule"]))
    return hashlib.sha256(json.dumps(signed, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def start_of_force(effective_from: date, agreed_at: str, zone: str) -> str:
    """When an agreed version starts: the start of its day in the company's zone, never before it was agreed."""
    if effective_from <= instants.local_day(agreed_at, zone):
        return agreed_at
    return max(instants.day_start(effective_from, zone), agreed_at)


def timeline(versions: Iterable[V]) -> list[V]:
    """The agreed versions of one subject that were, are or will be in force, oldest first, with `in_force_until` set.

    A later version supersedes every earlier one from the moment it is in force; an agreed version that a later one
    overtakes before its first day is left out.
    """
    agreed = sorted((v for v in versions if v.in_force_from is not None), key=lambda v: v.version)
    result: list[V] = []
    for index, version in enumerate(agreed):
        until = min(
            (later.in_force_from for later in agreed[index + 1 :] if later.in_force_from), default=None
        )
        if until is None or (version.in_force_from or "") < until:
            result.append(replace(version, in_force_until=until))
    return result


def in_force(history: Sequence[V], at: str) -> V | None:
    """The version of a `timeline` that is in force at an instant (store's form)."""
    for version in history:
        if (version.in_force_from or "") <= at and (
            version.in_force_until is None or at < version.in_force_until
        ):
            return version
    return None


@dataclass(frozen=True)
class Standing(Generic[V]):
    """Where one subject stands: what is in force, what is agreed for later, what is open, and every version that counts.

    `dropped` are those that were given up, for the record.
    """

    in_force: V | None
    upcoming: V | None
    open: V | None
    versions: tuple[V, ...]
    dropped: tuple[V, ...] = ()


def standing(versions: Sequence[V], now: str, *, sees_drafts: bool) -> Standing[V]:
    """Where a subject with these versions stands at an instant; drafts only for those who may see them."""
    history = timeline(versions)
    opened = next((v for v in versions if v.state.is_open), None)
    if opened is not None and opened.state is AgreementState.DRAFT and not sees_drafts:
        opened = None
    return Standing(
        in_force=in_force(history, now),
        upcoming=next((v for v in history if (v.in_force_from or "") > now), None),
        open=opened,
        versions=tuple(history),
        dropped=tuple(v for v in versions if v.state is AgreementState.DROPPED) if sees_drafts else (),
    )


def changed_words(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Two texts word by word: (kind, words) with kind 'same', 'out' or 'in'."""
    from difflib import SequenceMatcher

    old, new = before.split(), after.split()
    words: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            words.append(("same", " ".join(new[j1:j2])))
            continue
        if i2 > i1:
            words.append(("out", " ".join(old[i1:i2])))
        if j2 > j1:
            words.append(("in", " ".join(new[j1:j2])))
    return tuple(words)


class Changed(StrEnum):
    """Who of two editors changed a part."""

    NOBODY = "nobody"
    MINE = "mine"
    THEIRS = "theirs"
    ALIKE = "alike"
    BOTH = "both"


@dataclass(frozen=True)
class Difference:
    """One part of a draft that two people edited: what both began from, what each made of it, and who changed it."""

    part: str
    base: str
    mine: str
    theirs: str

    @property
    def changed(self) -> Changed:
        """Who changed the part; ALIKE where both made the same of it."""
        if self.mine == self.theirs:
            return Changed.NOBODY if self.mine == self.base else Changed.ALIKE
        if self.mine == self.base:
            return Changed.THEIRS
        return Changed.MINE if self.theirs == self.base else Changed.BOTH


@dataclass(frozen=True)
class Conflict(Generic[V]):
    """Two people edited one draft: what both began from, what the later one wants, and what stands since the earlier one."""

    base: V
    mine: V
    theirs: V

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every part as the three have it."""
        return tuple(
            Difference(name, base, mine, theirs)
            for (name, base), (_, mine), (_, theirs) in zip(
                self.base.parts, self.mine.parts, self.theirs.parts, strict=True
            )
        )

    @property
    def only_moved_on(self) -> bool:
        """Whether nothing that is agreed was changed meanwhile: it was proposed, signed or sent back."""
        return _all(self.theirs) == _all(self.base)

    @property
    def merged(self) -> V | None:
        """Both changes together, None where they changed the same thing differently."""
        base, mine, theirs = _all(self.base), _all(self.mine), _all(self.theirs)
        found: dict[str, Any] = {}
        for key in mine:
            if mine[key] == base[key]:
                found[key] = theirs[key]
            elif theirs[key] in (base[key], mine[key]):
                found[key] = mine[key]
            else:
                return None
        day = found.pop(_DAY)
        return self.theirs.with_content(found, day)


class DraftConflict(StaleVersion):
    """Someone else changed the draft since it was opened; `conflict` has both contents, so that nothing is lost."""

    def __init__(self, sentence: str, conflict: Conflict[Any]) -> None:
        super().__init__(sentence)
        self.conflict = conflict


_DAY = "effective from"


def _all(version: AgreementVersion) -> dict[str, Any]:
    return {**version.content, _DAY: version.effective_from}


def spoken_day(day: date) -> str:
    """A day as it stands among the parts of an agreement."""
    return f"{day.day} {day:%B %Y}"
