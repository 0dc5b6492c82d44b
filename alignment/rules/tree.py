"""The shape of a rule: conditions joined by all, any and not, or points with a threshold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

VERSION = 1


class FieldType(StrEnum):
    """What a field of a lead holds. ANY is a custom field: kept as text, read as what the condition compares with."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    ANY = "any"


class Operator(StrEnum):
    """How a condition looks at its field."""

    EQUAL = "="
    NOT_EQUAL = "!="
    IN = "in"
    NOT_IN = "not_in"
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    BETWEEN = "between"
    CONTAINS = "contains"
    IS_KNOWN = "is_known"
    IS_UNKNOWN = "is_unknown"
    WITHIN_DAYS = "within_days"


Scalar = str | bool | int | float | date


@dataclass(frozen=True)
class Condition:
    """One look at one field.

    `value` is a scalar; for `in` and `not_in` a tuple of scalars of one kind; for `between` a (low, high) pair of
    numbers or days, both ends included; for `within_days` a number of days; for `is_known` and `is_unknown` None.
    """

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...] | None = None


@dataclass(frozen=True)
class AllOf:
    """True if every part is."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """True if at least one part is."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """True if the part is false."""

    part: "Node"


Node = Condition | AllOf | AnyOf | Not


@dataclass(frozen=True)
class PointsEntry:
    """`add` points, in hundredths so that sums are exact, if `node` is true."""

    node: Node
    add_hundredths: int


@dataclass(frozen=True)
class Points:
    """True if the points of the entries that are true reach the threshold (in hundredths)."""

    entries: tuple[PointsEntry, ...]
    threshold_hundredths: int


@dataclass(frozen=True)
class Rule:
    """A whole rule."""

    root: Node | Points
    version: int = VERSION


def conditions_of(rule: Rule) -> Iterator[Condition]:
    """Every condition of the rule, from left to right."""
    if isinstance(rule.root, Points):
        for entry in rule.root.entries:
            yield from _conditions(entry.node)
    else:
        yield from _conditions(rule.root)


def fields_of(rule: Rule) -> tuple[str, ...]:
    """The names of the fields the rule looks at, each once, sorted."""
    return tuple(sorted({condition.field for condition in conditions_of(rule)}))


def _conditions(node: Node) -> Iterator[Condition]:
    match node:
        case Condition():
            yield node
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _conditions(part)
        case Not(part):
            yield from _conditions(part)
