"""A team's typical rule: what most of its members ask of a lead, put together from the rules they gave.

The answers of a team are never shown one by one; what it says as a team is (design: comparing two teams, answer type
‘rule’). A condition belongs to the typical rule when more than half of those who gave a rule ask for it: the same field,
looked at in the same direction (`≥` and `>` are one, `=` and `in` are one). Its threshold is the median of theirs; its
values are those that at least half of those who ask for it chose. Nothing belongs to it that fewer people ask for than may
be shown, however many of them the team has: not a condition, not a group, not a value. Conditions are joined by all or any as most join theirs.
Groups within the rule count as one part each and belong together when they look at the same fields in the same
directions.

A rule in points cannot be put together with conditions, and two schemes of points not with each other: where most rules
are points there is no typical rule, else the rules in points are left out and counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from alignment.rules import (
    AllOf,
    AnyOf,
    Condition,
    InvalidRule,
    Node,
    Not,
    Operator,
    Points,
    Rule,
    canonical_hash,
    parse,
    to_document,
    to_json,
)
from alignment.rules.reading import MOST_CONDITIONS, MOST_VALUES

_OPPOSITES = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.IN: Operator.NOT_IN,
    Operator.GREATER: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.IS_KNOWN: Operator.IS_UNKNOWN,
}
_OPPOSITES |= {opposite: operator for operator, opposite in _OPPOSITES.items()}
_DIRECTIONS = {
    Operator.GREATER: "up",
    Operator.AT_LEAST: "up",
    Operator.LESS: "down",
    Operator.AT_MOST: "down",
    Operator.EQUAL: "one of",
    Operator.IN: "one of",
    Operator.NOT_EQUAL: "none of",
    Operator.NOT_IN: "none of",
}
_KINDS = {bool: "yes or no", int: "number", float: "number", date: "day", str: "text"}

_Signature = tuple[Any, ...]
_Counted = tuple[Node, int]
"""A part of a rule, and how many people ask for it."""


@dataclass(frozen=True)
class AskedFor:
    """A part of the typical rule, and how many people ask for it."""

    part: Node
    people: int


@dataclass(frozen=True)
class TypicalRule:
    """What most of a team ask of a lead.

    `people` is how many rules it was put together from; `parts` are its conditions and groups with how many of them ask
    for each, those asked for most first. `left_out` is how many other conditions and groups were asked for, but not by
    most; `points_left_out` how many people gave a rule in points.
    """

    rule: Rule
    people: int
    parts: tuple[AskedFor, ...]
    left_out: int
    points_left_out: int


def typical_rule(rules: Sequence[Rule], least: int) -> TypicalRule | None:
    """The typical rule of the people who gave `rules`, one each; their order does not matter.

    None when fewer than `least` people gave a rule that can be put together (what so few ask for would give them away),
    when most rules are in points, or when most agree on nothing. Rules that say the same are their own typical rule.
    """
    return typical_rule_of(rules, [1] * len(rules), least)


def typical_rule_of(rules: Sequence[Rule], people: Sequence[int], least: int) -> TypicalRule | None:
    """`typical_rule` where `people[i]` people gave `rules[i]`; nobody may have."""
    plain: list[_Counted] = []
    different = set()
    for rule, n in zip(rules, people, strict=True):
        if n and not isinstance(rule.root, Points):
            plain.append((_normal(rule.root, negated=False), n))
            different.add(rule)
    merged = _people(plain)
    points = sum(people) - merged
    if merged < max(1, least) or points > merged:
        return None
    parts, left_out = _parts_of_most(plain, least)
    hashes = map(canonical_hash, different)
    first = next(hashes)
    if all(other == first for other in hashes):
        return TypicalRule(min(different, key=to_json), merged, tuple(parts), left_out, points)
    form = _usual_form(plain)
    possible = _without_contradictions(parts) if form is AllOf else parts
    if not possible:
        return None
    rule = Rule(_joined(form, [asked.part for asked in possible]))
    try:
        parse(to_document(rule))
    except (
        InvalidRule
    ):  # a rule at the limits of what can be written, and beyond them once its groups are spelled out
        return None
    return TypicalRule(rule, merged, tuple(possible), left_out + len(parts) - len(possible), points)


# ── one rule in a form in which it can be compared ───────────────────────────────────────────────────────────────────


def _normal(node: Node, *, negated: bool) -> Node:
    """The same meaning, with `not` only where no operator says it, groups of one form not within each other, and
    nothing twice."""
    match node:
        case Not(part):
            return _normal(part, negated=not negated)
        case Condition():
            return _normal_condition(node, negated)
        case AllOf(parts) | AnyOf(parts):
            form = AllOf if isinstance(node, AllOf) is not negated else AnyOf
            flat: list[Node] = []
            for part in parts:
                inner = _normal(part, negated=negated)
                flat += inner.parts if isinstance(inner, form) else [inner]
            # by what they look like in writing, for 1 and True are equal
            return _joined(form, list({repr(part): part for part in flat}.values()))
    raise TypeError(f"not part of a rule: {node!r}")


def _normal_condition(condition: Condition, negated: bool) -> Node:
    field, operator, value = condition.field, condition.operator, condition.value
    if operator is Operator.BETWEEN and isinstance(value, tuple):
        low, high = value
        if negated:
            return AnyOf((Condition(field, Operator.LESS, low), Condition(field, Operator.GREATER, high)))
        return AllOf((Condition(field, Operator.AT_LEAST, low), Condition(field, Operator.AT_MOST, high)))
    if not negated:
        return condition
    if operator in _OPPOSITES:
        return Condition(field, _OPPOSITES[operator], value)
    return Not(condition)


def _joined(form: type[AllOf] | type[AnyOf], parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else form(tuple(parts))


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, AllOf | AnyOf) else (node,)


def _usual_form(nodes: Sequence[_Counted]) -> type[AllOf] | type[AnyOf]:
    """How most join their conditions; all where it is even, or where nobody has two."""
    any_of = sum(n for node, n in nodes if isinstance(node, AnyOf))
    return AnyOf if any_of > sum(n for node, n in nodes if isinstance(node, AllOf)) else AllOf


# ── what most ask for ────────────────────────────────────────────────────────────────────────────────────────────────


def _parts_of_most(nodes: Sequence[_Counted], least: int) -> tuple[list[AskedFor], int]:
    """The parts that more than half ask for, and no fewer than `least`, those asked for most first; and how many others."""
    asked: dict[_Signature, list[_Counted]] = {}
    for node, n in nodes:
        for signature, part in _numbered(_parts(node)):
            asked.setdefault(signature, []).append((part, n))
    everybody = _people(nodes)
    found: list[AskedFor] = []
    left_out = 0
    for signature, parts in sorted(asked.items(), key=_rank):
        merged = (
            _merged(signature, parts, least)
            if 2 * _people(parts) > everybody and _people(parts) >= least
            else None
        )
        if merged is None or len(found) >= MOST_CONDITIONS:
            left_out += 1
        else:
            found.append(AskedFor(merged, _people(parts)))
    return found, left_out


def _people(parts: Iterable[_Counted]) -> int:
    return sum(n for _, n in parts)


def _rank(item: tuple[_Signature, list[_Counted]]) -> Any:
    """What most ask for first, conditions before groups, else by what they look at."""
    signature, parts = item
    return (-_people(parts), signature[0] in ("all", "any"), repr(signature))


def _numbered(parts: Iterable[Node]) -> list[tuple[_Signature, Node]]:
    """The parts with what makes two people's parts the same one; parts of one rule that look alike by their order."""
    seen: Counter[_Signature] = Counter()
    numbered = []
    signed = [(_signature(part), part) for part in parts]
    signed.sort(key=lambda pair: repr(pair[0]))
    if len({signature for signature, _ in signed}) < len(signed):
        signed.sort(key=lambda pair: (repr(pair[0]), _order(pair[1])))
    for signature, part in signed:
        seen[signature] += 1
        numbered.append(((*signature, seen[signature]), part))
    return numbered


def _signature(node: Node) -> _Signature:
    match node:
        case Condition(field, operator, value):
            kind = _kind(value)
            if operator is Operator.CONTAINS:
                return ("condition", field, operator.value, value)
            return ("condition", field, _DIRECTIONS.get(operator, operator.value), kind)
        case Not(part):
            return ("not", *_signature(part))
        case AllOf(parts) | AnyOf(parts):
            form = "all" if isinstance(node, AllOf) else "any"
            return (form, tuple(signature for signature, _ in _numbered(parts)))
    raise TypeError(f"not part of a rule: {node!r}")


def _order(node: Node) -> Any:
    """Parts that look alike, by threshold; groups by what they say."""
    if isinstance(node, Condition) and isinstance(node.value, int | float | date):
        value = node.value
        return (value.toordinal() if isinstance(value, date) else float(value), repr(node))
    return (0.0, repr(node))


def _kind(value: Any) -> str:
    first = value[0] if isinstance(value, tuple) else value
    return "" if first is None else _KINDS[type(first)]


def _merged(signature: _Signature, parts: Sequence[_Counted], least: int) -> Node | None:
    """One part out of those of several people; None where they have nothing in common but the field.

    Nothing stays in it, of a group or of a list of values, that fewer than `least` people ask for.
    """
    if _people(parts) < least:
        return None
    first = parts[0][0]
    if isinstance(first, Not):
        merged = _merged(signature[1:], [(part.part, n) for part, n in parts if isinstance(part, Not)], least)
        return None if merged is None else Not(merged)
    if isinstance(first, AllOf | AnyOf):
        children: dict[_Signature, list[_Counted]] = {}
        for part, n in parts:
            for child_signature, child in _numbered(_parts(part)):
                children.setdefault(child_signature, []).append((child, n))
        found = [_merged(key, children[key], least) for key in sorted(children, key=repr)]
        kept = [child for child in found if child is not None]
        return _joined(type(first), kept) if kept else None
    conditions = [(part, n) for part, n in parts if isinstance(part, Condition)]
    one = conditions[0][0]
    direction = _DIRECTIONS.get(one.operator, one.operator.value)
    if direction in ("one of", "none of"):
        return _merged_values(conditions, direction, least)
    values = [part.value for part, n in conditions for _ in range(n)]
    if direction == Operator.WITHIN_DAYS.value:
        days = int(median(value for value in values if isinstance(value, int)))
        return Condition(one.field, Operator.WITHIN_DAYS, days)
    if direction in ("up", "down"):
        operators: Counter[Operator] = Counter()
        for part, n in conditions:
            operators[part.operator] += n
        inclusive = (Operator.AT_LEAST, Operator.AT_MOST)
        operator = max(operators, key=lambda operator: (operators[operator], operator in inclusive))
        return Condition(one.field, operator, _middle(values))
    return one


def _merged_values(
    conditions: Sequence[tuple[Condition, int]], direction: str, least: int
) -> Condition | None:
    first = conditions[0][0]
    chosen = [
        (set(condition.value) if isinstance(condition.value, tuple) else {condition.value}, n)
        for condition, n in conditions
    ]
    people = sum(n for _, n in chosen)
    counts: Counter[Any] = Counter()
    for values, n in chosen:
        for value in values:
            counts[value] += n
    kept = [value for value, n in counts.items() if 2 * n >= people and n >= least]
    if not kept:
        return None
    if {True, False} <= {value for value in kept if isinstance(value, bool)} and all(
        len(values) == 1 for values, _ in chosen
    ):
        return None  # half of them say yes and half no: nothing that most ask for
    kept = sorted(kept, key=lambda value: (-counts[value], str(value)))[:MOST_VALUES]
    single = Operator.EQUAL if direction == "one of" else Operator.NOT_EQUAL
    several = Operator.IN if direction == "one of" else Operator.NOT_IN
    if len(kept) == 1:
        listed = sum(n for condition, n in conditions if isinstance(condition.value, tuple))
        if 2 * listed <= people:
            return Condition(first.field, single, kept[0])
    return Condition(first.field, several, tuple(sorted(kept, key=str)))


def _middle(values: Sequence[Any]) -> Any:
    """The median; between two days the earlier one, where there is no day in the middle."""
    if isinstance(values[0], date):
        return date.fromordinal(int(median(value.toordinal() for value in values)))
    middle = median(values)
    return int(middle) if middle == int(middle) else float(middle)


def _without_contradictions(found: Sequence[AskedFor]) -> list[AskedFor]:
    """Without a bound that no lead could keep together with the opposite one; the one that more people ask for stays.

    Two medians can cross where different people ask for either bound.
    """
    kept: list[AskedFor] = []
    for asked in found:  # those asked for most first
        if not any(_contradict(asked.part, other.part) for other in kept):
            kept.append(asked)
    return kept


def _contradict(one: Node, other: Node) -> bool:
    if not (isinstance(one, Condition) and isinstance(other, Condition)) or one.field != other.field:
        return False
    low, high = sorted((one, other), key=lambda condition: _DIRECTIONS.get(condition.operator, "") != "up")
    if _DIRECTIONS.get(low.operator) != "up" or _DIRECTIONS.get(high.operator) != "down":
        return False
    if _kind(low.value) != _kind(high.value):
        return False
    return bool(low.value > high.value)  # type: ignore[operator]
