"""Rules as English sentences, for people who never see the document."""

from datetime import date
from typing import Any

from alignment.rules.tree import (
    AllOf,
    AnyOf,
    Condition,
    Decay,
    Fading,
    Node,
    Not,
    Operator,
    Points,
    PointsEntry,
    Rule,
)
from alignment.texts import number_text, quoted


def sentence(rule: Rule) -> str:
    """The rule in words, such as `employees is at least 50, and source is “referral” or “partner”`.

    In names of fields, underscores become spaces. Nothing is left out or rounded, since people sign what they read: rules that
    read alike ask for the same.
    """
    words = _Words()
    if isinstance(rule.root, Points):
        entries = "; ".join(f"{signed_points(entry)} if {words.entry(entry)}" for entry in rule.root.entries)
        return f"at least {number_text(rule.root.threshold_hundredths / 100)} points: {entries}"
    return words.node(rule.root, nested=False)


def entry_sentence(entry: PointsEntry) -> str:
    """What an entry of a points rule asks for, and how its points fade, in words as `sentence` has them."""
    return _Words().entry(entry)


def signed_points(entry: PointsEntry) -> str:
    """What an entry adds, with its sign: `+20`."""
    sign = "+" if entry.add_hundredths >= 0 else ""
    return f"{sign}{number_text(entry.add_hundredths / 100)}"


class _Words:
    def node(self, node: Node, nested: bool) -> str:
        match node:
            case Condition():
                return self._condition(node, negated=False)
            case Not(Condition() as condition):
                return self._condition(condition, negated=True)
            case Not(part):
                return f"it is not the case that ({self.node(part, nested=False)})"
            case AllOf(parts):
                text = ", and ".join(self.node(part, nested=True) for part in parts)
            case AnyOf(parts):
                text = ", or ".join(self.node(part, nested=True) for part in parts)
            case _:
                raise TypeError(f"not part of a rule: {node!r}")
        return f"({text})" if nested and len(parts) > 1 else text

    def entry(self, entry: PointsEntry) -> str:
        asked = self.node(entry.node, nested=False)
        return asked if entry.decay is None else f"{asked} ({self._decay(entry.decay)})"

    def _decay(self, decay: Decay) -> str:
        one = "day" if decay.fading is Fading.HALF_LIFE else "1 day"
        days = one if decay.days == 1 else f"{decay.days:,} days"
        how = (
            f"halving every {days}"
            if decay.fading is Fading.HALF_LIFE
            else f"fading to nothing within {days}"
        )
        return f"{how} from {self._field(decay.since)}"

    def _field(self, field: str) -> str:
        return field.replace("_", " ")

    def _condition(self, condition: Condition, negated: bool) -> str:
        return f"{self._field(condition.field)} {_predicate(condition.operator, condition.value, negated)}"


_OF_DAYS = {
    Operator.GREATER: "after",
    Operator.AT_LEAST: "on or after",
    Operator.LESS: "before",
    Operator.AT_MOST: "on or before",
}


def _predicate(operator: Operator, value: Any, negated: bool) -> str:
    is_ = "is not" if negated else "is"
    if operator in _OF_DAYS and isinstance(value, date):
        return f"{is_} {_OF_DAYS[operator]} {_value(value)}"
    match operator:
        case Operator.EQUAL:
            return f"{is_} {_value(value)}"
        case Operator.NOT_EQUAL:
            return f"{'is' if negated else 'is not'} {_value(value)}"
        case Operator.IN:
            return f"{is_} {_listed(value, 'nor' if negated else 'or')}"
        case Operator.NOT_IN:
            return f"{'is' if negated else 'is not'} {_listed(value, 'or' if negated else 'nor')}"
        case Operator.GREATER:
            return f"{is_} more than {_value(value)}"
        case Operator.AT_LEAST:
            return f"{is_} at least {_value(value)}"
        case Operator.LESS:
            return f"{is_} less than {_value(value)}"
        case Operator.AT_MOST:
            return f"{is_} at most {_value(value)}"
        case Operator.BETWEEN:
            return f"{is_} between {_value(value[0])} and {_value(value[1])}"
        case Operator.CONTAINS:
            return f"{'does not contain' if negated else 'contains'} {_value(value)}"
        case Operator.IS_KNOWN:
            return f"{is_} known"
        case Operator.IS_UNKNOWN:
            return "is known" if negated else "is unknown"
        case Operator.WITHIN_DAYS:
            days = "1 day" if value == 1 else f"{value:,} days"
            return f"{is_} within the {days} before the decision"


def _listed(values: tuple[Any, ...], joint: str) -> str:
    words = [_value(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        text = number_text(value) if abs(value) >= 10_000 else f"{value:.10g}"
        return text if float(text.replace(",", "")) == value else repr(value)
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return quoted(str(value))
