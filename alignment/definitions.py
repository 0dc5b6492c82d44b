"""Terms and the versions of their definitions: drafted, proposed, signed by both sides, in force, superseded.

A version in force never changes. Signatures bind to a hash of everything that is agreed (term, text, rule and
date), so an edit voids them; the version in force stays in force until both sides have signed the next.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from alignment import instants
from alignment.people import Team


@dataclass(frozen=True)
class Term:
    """A word both teams use. `meaning` says what it stands for in general, before the teams agree their own."""

    key: str
    name: str
    meaning: str


class DefinitionState(StrEnum):
    """Where a version stands on its way. 'In force' and 'superseded' follow from dates, see `timeline`."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    AGREED = "agreed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Signature:
    """One side's signature under one exact content."""

    team: Team
    person_id: str
    content_hash: str
    signed_at: str


@dataclass(frozen=True)
class DefinitionVersion:
    """One version of a term's definition.

    `rule` is a rule document (see `alignment.rules`) or None. `effective_from` is the day it is meant to start.
    `in_force_from` and `in_force_until` are instants in the store's form, set once it is agreed; `until` is None
    while nothing supersedes it.
    """

    id: str
    term_key: str
    term_name: str
    version: int
    text: str
    rule: Mapping[str, Any] | None
    effective_from: date
    content_hash: str
    state: DefinitionState
    author_id: str
    created_at: str
    agreed_at: str | None = None
    in_force_from: str | None = None
    in_force_until: str | None = None
    returned_because: str = ""
    revision: int = 1
    signatures: tuple[Signature, ...] = ()

    @property
    def label(self) -> str:
        """Short name of the version, such as `MQL v2`."""
        return f"{self.term_name} v{self.version}"

    def signed_by(self, team: Team) -> Signature | None:
        """The valid signature of a side under the content as it is now, if there is one."""
        for signature in self.signatures:
            if signature.team is team and signature.content_hash == self.content_hash:
                return signature
        return None

    @property
    def fully_signed(self) -> bool:
        """Whether both sides have signed exactly this content."""
        return all(self.signed_by(team) for team in Team)


def hash_content(term_key: str, text: str, rule: Mapping[str, Any] | None, effective_from: date) -> str:
    """SHA-256 (hex) of what is signed. Rules that mean the same in another order hash the same."""
    from alignment.rules import canonical_hash, parse

    content = {
        "term": term_key,
        "text": text,
        "rule": canonical_hash(parse(rule)) if rule is not None else None,
        "effective_from": effective_from.isoformat(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def start_of_force(effective_from: date, agreed_at: str, zone: str) -> str:
    """When an agreed version starts: the start of its day in the company's zone, never before it was agreed."""
    return max(instants.day_start(effective_from, zone), agreed_at)


def timeline(versions: Iterable[DefinitionVersion]) -> list[DefinitionVersion]:
    """The agreed versions of one term that were, are or will be in force, oldest first, with `in_force_until` set.

    A later version supersedes every earlier one from the moment it is in force; an agreed version that a later one
    overtakes before its first day is left out.
    """
    agreed = sorted((v for v in versions if v.in_force_from is not None), key=lambda v: v.version)
    result: list[DefinitionVersion] = []
    for index, version in enumerate(agreed):
        until = min(
            (later.in_force_from for later in agreed[index + 1 :] if later.in_force_from), default=None
        )
        if until is None or (version.in_force_from or "") < until:
            result.append(replace(version, in_force_until=until))
    return result


def in_force(history: Sequence[DefinitionVersion], at: str) -> DefinitionVersion | None:
    """The version of a `timeline` that is in force at an instant (store's form)."""
    for version in history:
        if (version.in_force_from or "") <= at and (
            version.in_force_until is None or at < version.in_force_until
        ):
            return version
    return None


@dataclass(frozen=True)
class Change:
    """What a version changed against an earlier one, for people: words taken out and put in, and the rules."""

    words: tuple[tuple[str, str], ...]
    rule_before: str | None
    rule_after: str | None

    @property
    def rule_changed(self) -> bool:
        """Whether the rule reads differently."""
        return self.rule_before != self.rule_after


def describe_change(before: DefinitionVersion | None, after: DefinitionVersion) -> Change:
    """Compare two versions word by word. `words` has (kind, text) with kind 'same', 'out' or 'in'."""
    from difflib import SequenceMatcher

    from alignment.rules import parse, sentence

    old = before.text.split() if before else []
    new = after.text.split()
    words: list[tuple[str, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            words.append(("same", " ".join(new[j1:j2])))
            continue
        if i2 > i1:
            words.append(("out", " ".join(old[i1:i2])))
        if j2 > j1:
            words.append(("in", " ".join(new[j1:j2])))
    return Change(
        words=tuple(words),
        rule_before=sentence(parse(before.rule)) if before and before.rule is not None else None,
        rule_after=sentence(parse(after.rule)) if after.rule is not None else None,
    )
