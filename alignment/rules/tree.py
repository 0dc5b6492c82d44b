"""The shape of a rule: conditions joined by all, any and not, or points with a threshold."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
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


class Fading(StrEnum):
    """How points fade: evenly to nothing over a number of days, or by half with each such number of days."""

    LINEAR = "linear_days"
    HALF_LIFE = "half_life_days"


@dataclass(frozen=True)
class Decay:
    """Points that fade with age, counted in whole days in UTC from the day in the field `since` to that of the decision."""

    since: str
    fading: Fading
    days: int


@dataclass(frozen=True)
class PointsEntry:
    """`add` points, in hundredths so that sums are exact, if `node` is true; of them, what `decay` has left."""

    node: Node
    add_hundredths: int
    decay: Decay | None = None


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
    faded = (
        {entry.decay.since for entry in rule.root.entries if entry.decay is not None}
        if isinstance(rule.root, Points)
        else set()
    )
    return tuple(sorted({condition.field for condition in conditions_of(rule)} | faded))


def with_conditions(rule: Rule, change: Callable[[Condition], Condition]) -> Rule:
    """The rule with each condition as `change` gives it back."""

    def changed(node: Node) -> Node:
        match node:
            case Condition():
                return change(node)
            case Not(part):
                return Not(changed(part))
        return replace(node, parts=tuple(map(changed, node.parts)))

    root = rule.root
    if isinstance(root, Points):
        entries = tuple(replace(entry, node=changed(entry.node)) for entry in root.entries)
        return replace(rule, root=replace(root, entries=entries))
    return replace(rule, root=changed(root))


def identity_of(node: Node) -> Hashable:
    """What tells a part of a rule from others. Parts alone do not: to Python `True` is the number 1, which no lead's yes is."""
    match node:
        case Condition():
            values = node.value if isinstance(node.value, tuple) else (node.value,)
            told = tuple((isinstance(value, bool), value) for value in values)
            return (node.field, node.operator, isinstance(node.value, tuple), told)
        case Not(part):
            return (Not, identity_of(part))
    return (type(node), tuple(map(identity_of, node.parts)))


def distinct(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Each part once, in the order in which they first come."""
    found: dict[Hashable, Node] = {}
    for node in nodes:
        found.setdefault(identity_of(node), node)
    return tuple(found.values())


def _conditions(node: Node) -> Iterator[Condition]:
    match node:
        case Condition():
            yield node
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _conditions(part)
        case Not(part):
            yield from _conditions(part)
