"""Why a rule says what it says of one lead: each of its parts in words, what it comes to, and what the lead has there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from alignment.rules.evaluation import evaluate, points_left
from alignment.rules.tree import AllOf, AnyOf, Node, Points, PointsEntry, Rule, fields_of
from alignment.rules.wording import entry_sentence, sentence
from alignment.texts import number_text


@dataclass(frozen=True)
class Finding:
    """One part of a rule, looked at with one lead.

    `outcome` is True, False, or None where a missing field leaves it open. `found` has the lead's own values, label and
    text, '' for a missing one. `points` is what the part adds if it is true (where it fades and the lead's age is known: what
    is left of it); None outside of a points rule.
    """

    sentence: str
    outcome: bool | None
    found: tuple[tuple[str, str], ...]
    points: float | None = None


@dataclass(frozen=True)
class Explanation:
    """What a rule says of one lead, and why. `needs` is how the parts come together, such as `all of these`."""

    outcome: bool | None
    needs: str
    findings: tuple[Finding, ...]


def explain(
    rule: Rule,
    lead: Mapping[str, Any],
    decided_at: datetime | None = None,
    labels: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain `evaluate(rule, lead, decided_at)`; `labels` says what the fields that were looked at are called on screen."""
    names = labels or {}

    def look(node: Node) -> Finding:
        part = Rule(node)
        return Finding(sentence(part), evaluate(part, lead, decided_at), shown(fields_of(part)))

    def look_at_entry(entry: PointsEntry) -> Finding:
        left = points_left(entry, lead, decided_at)
        return replace(
            look(entry.node),
            sentence=entry_sentence(entry),
            found=shown(fields_of(Rule(Points((entry,), 0)))),
            points=(entry.add_hundredths if left is None else left) / 100,
        )

    def shown(fields: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple(
            (names.get(field) or field.replace("_", " "), value_text(lead.get(field))) for field in fields
        )

    outcome = evaluate(rule, lead, decided_at)
    match rule.root:
        case Points(entries, threshold):
            found = tuple(look_at_entry(entry) for entry in entries)
            return Explanation(outcome, f"at least {number_text(threshold / 100)} points", found)
        case AllOf(parts) if len(parts) > 1:
            return Explanation(outcome, "all of these", tuple(look(part) for part in parts))
        case AnyOf(parts) if len(parts) > 1:
            return Explanation(outcome, "at least one of these", tuple(look(part) for part in parts))
        case node:
            return Explanation(outcome, "this", (look(node),))


def value_text(value: Any) -> str:
    """A value of a lead's field as people read it; '' for a missing one."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number_text(float(value))
    if isinstance(value, datetime | date):
        return f"{value.day} {value:%B %Y}"
    return {"true": "yes", "false": "no"}.get(str(value), str(value))
