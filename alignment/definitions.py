"""Terms and the versions of their definitions, which are agreements: see `alignment.agreements`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from alignment.agreements import (
    AgreementKind,
    AgreementState,
    AgreementVersion,
    Signature,
    Subject,
    changed_words,
    in_force,
    spoken_day,
    start_of_force,
    timeline,
)

__all__ = [
    "Change",
    "DefinitionState",
    "DefinitionVersion",
    "RuledVersion",
    "Signature",
    "Term",
    "describe_change",
    "in_force",
    "start_of_force",
    "timeline",
]

DefinitionState = AgreementState


@dataclass(frozen=True)
class Term:
    """A word both teams use. `meaning` says what it stands for in general, before the teams agree their own."""

    key: str
    name: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class RuledVersion(AgreementVersion):
    """A version that says something in words and, where it can be, as a rule.

    `rule` is a rule document (see `alignment.rules`) or None.
    """

    text: str
    rule: Mapping[str, Any] | None

    @property
    def content(self) -> dict[str, Any]:
        """Text and rule."""
        return {"text": self.text, "rule": self.rule}

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """Text, rule as a sentence, and the day."""
        return (
            ("Text", self.text),
            ("Rule", self.sentence or "No rule"),
            ("Takes effect on", spoken_day(self.effective_from)),
        )

    @property
    def sentence(self) -> str | None:
        """The rule as people read it, None where there is none."""
        from alignment.rules import parse, sentence

        return None if self.rule is None else sentence(parse(self.rule))


@dataclass(frozen=True, kw_only=True)
class DefinitionVersion(RuledVersion):
    """One version of a term's definition."""

    kind = AgreementKind.DEFINITION

    term_key: str
    term_name: str

    @classmethod
    def of(cls, subject: Subject, content: Mapping[str, Any], **common: Any) -> Self:
        """The version of a term."""
        return cls(
            term_key=subject.key,
            term_name=subject.name,
            text=content["text"],
            rule=content["rule"],
            **common,
        )

    @property
    def subject(self) -> Subject:
        """The term."""
        return Subject(self.kind, self.term_key, self.term_name)


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


def describe_change(before: RuledVersion | None, after: RuledVersion) -> Change:
    """Compare two versions word by word. `words` has (kind, text) with kind 'same', 'out' or 'in'."""
    return Change(
        words=changed_words(before.text if before else "", after.text),
        rule_before=before.sentence if before else None,
        rule_after=after.sentence,
    )
