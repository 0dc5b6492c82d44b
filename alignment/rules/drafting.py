"""A rule while it is put together: parts that may not be complete yet, and what people do to them.

A draft never changes: each step gives a new one, so that undoing is going back to an earlier one. Parts keep their
number through all steps. `not` is a mark on a part: two of them cancel each other out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from alignment.rules.tree import Fading, Operator

ROOT = -1
MOST_STEPS = 200

_INCOMPLETE = "A condition is not complete yet: choose its field and its value."
_EMPTY = "A group is empty: add a condition to it, or take it out."
_NO_POINTS = "Say of each part how many points it adds."
_NO_THRESHOLD = "Say from how many points a lead qualifies."
_NO_DECAY = "Say from which day points fade, and over how many days."


class Kind(StrEnum):
    """What a part is: a condition, or a group of which all or any parts have to hold."""

    CONDITION = "condition"
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True)
class Part:
    """A condition or group. `value` is as in a document, None while there is none.

    Within points, `add` is what it adds, and `decay` how that fades, as in a document, with None for what was not said.
    """

    number: int
    kind: Kind = Kind.CONDITION
    negated: bool = False
    field: str | None = None
    operator: Operator | None = None
    value: Any = None
    parts: tuple["Part", ...] = ()
    add: float | None = None
    decay: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Draft:
    """A rule in the making: a group of parts, or (`scored`) parts that add points, with a threshold."""

    root: Part
    scored: bool = False
    threshold: float | None = None
    free: int = 0
    """The number that the next new part gets."""


def begin(document: Mapping[str, Any] | None) -> Draft:
    """The draft of a valid document; of None, one condition to fill in."""
    numbers = iter(range(10_000))
    if document is None:
        parts: tuple[Part, ...] = (Part(next(numbers)),)
        return Draft(Part(ROOT, Kind.ALL, parts=parts), free=1)
    if "points" in document:
        entries = tuple(
            replace(_read(entry["if"], numbers), add=entry["add"], decay=entry.get("decay"))
            for entry in document["points"]
        )
        return Draft(Part(ROOT, Kind.ALL, parts=entries), True, document["threshold"], next(numbers))
    body = {key: value for key, value in document.items() if key != "version"}
    whole = _read(body, numbers, ROOT)
    if whole.kind is Kind.CONDITION:
        whole = Part(ROOT, Kind.ALL, parts=(replace(whole, number=next(numbers)),))
    return Draft(whole, free=next(numbers))


def _read(document: Mapping[str, Any], numbers: Iterator[int], number: int | None = None) -> Part:
    negated = False
    while "not" in document:
        document, negated = document["not"], not negated
    own = next(numbers) if number is None else number
    for kind in (Kind.ALL, Kind.ANY):
        if kind.value in document:
            return Part(
                own, kind, negated, parts=tuple(_read(part, numbers) for part in document[kind.value])
            )
    return Part(
        own,
        Kind.CONDITION,
        negated,
        document["field"],
        Operator(document["op"]),
        document.get("value"),
    )


def is_blank(draft: Draft) -> bool:
    """Whether no condition has a field yet."""
    return all(part.field is None for part in parts_of(draft.root) if part.kind is Kind.CONDITION)


def finish(draft: Draft) -> dict[str, Any] | str:
    """The document, or a sentence on what is missing. Whether its values are allowed is for `parse` to say."""
    missing: list[str] = []
    if draft.scored:
        entries = []
        for part in draft.root.parts:
            entry: dict[str, Any] = {"if": _written(part, missing), "add": part.add}
            if part.add is None:
                missing.append(_NO_POINTS)
            if part.decay is not None:
                if None in part.decay.values():
                    missing.append(_NO_DECAY)
                entry["decay"] = dict(part.decay)
            entries.append(entry)
        if draft.threshold is None:
            missing.append(_NO_THRESHOLD)
        document: dict[str, Any] = {"version": 1, "points": entries, "threshold": draft.threshold}
    else:
        document = {"version": 1, **_written(draft.root, missing)}
    if not draft.root.parts:
        return "Add at least one condition."
    return missing[0] if missing else document


def _written(part: Part, missing: list[str]) -> dict[str, Any]:
    document: dict[str, Any]
    if part.kind is Kind.CONDITION:
        document = {"field": part.field, "op": part.operator.value if part.operator else None}
        if part.operator not in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
            document["value"] = part.value
            if part.field is None or part.operator is None or not is_complete(part.value):
                missing.append(_INCOMPLETE)
    else:
        if not part.parts and part.number != ROOT:
            missing.append(_EMPTY)
        document = {part.kind.value: [_written(inner, missing) for inner in part.parts]}
    return {"not": document} if part.negated else document


def is_complete(value: Any) -> bool:
    """Whether something is there to compare with."""
    if isinstance(value, list):
        return bool(value) and None not in value
    return value not in (None, "")


def parts_of(part: Part) -> Iterator[Part]:
    """A part and all within it, from left to right."""
    yield part
    for inner in part.parts:
        yield from parts_of(inner)


def find(draft: Draft, number: int) -> Part:
    """The part with that number. Raises KeyError when it is not there."""
    for part in parts_of(draft.root):
        if part.number == number:
            return part
    raise KeyError(number)


# ── steps: each gives a new draft; a part that is not there (any more) leaves it as it is ────────────────────────────


def change(draft: Draft, number: int, **values: Any) -> Draft:
    """Give a part other values."""
    return _each(draft, lambda part: (replace(part, **values),) if part.number == number else (part,))


def add(draft: Draft, into: int, *, group: bool = False) -> Draft:
    """Add an empty condition to a group (`ROOT` for the whole rule), or a group with one.

    A group in an `all` is an `any`, and the other way round: the same again would say nothing new.
    """

    def extend(part: Part) -> tuple[Part, ...]:
        if part.number != into or part.kind is Kind.CONDITION:
            return (part,)
        new = Part(draft.free)
        if group:
            other = Kind.ALL if part.kind is Kind.ANY or draft.scored else Kind.ANY
            new = Part(draft.free, other, parts=(Part(draft.free + 1),))
        if draft.scored and into == ROOT:
            new = replace(new, add=10)
        return (replace(part, parts=(*part.parts, new)),)

    return replace(_each(draft, extend), free=draft.free + (2 if group else 1))


def remove(draft: Draft, number: int) -> Draft:
    """Take a part out, with all within it, and any group that is empty then."""

    def drop(part: Part) -> tuple[Part, ...]:
        if part.number == number != ROOT:
            return ()
        emptied = part.kind is not Kind.CONDITION and not part.parts and part.number != ROOT
        return () if emptied else (part,)

    return _each(draft, drop)


def shift(draft: Draft, number: int, by: int) -> Draft:
    """Move a part up (-1) or down (1) within its group; nothing changes at the end of it."""

    def turn(part: Part) -> tuple[Part, ...]:
        places = [inner.number for inner in part.parts]
        if number not in places:
            return (part,)
        here = places.index(number)
        there = here + by
        if not 0 <= there < len(places):
            return (part,)
        parts = list(part.parts)
        parts[here], parts[there] = parts[there], parts[here]
        return (replace(part, parts=tuple(parts)),)

    return _each(draft, turn)


def wrap(draft: Draft, number: int) -> Draft:
    """Put a part into a group of its own, to which others can be added; points stay where they were."""
    inside = {inner.number: part for part in parts_of(draft.root) for inner in part.parts}

    def enclose(part: Part) -> tuple[Part, ...]:
        if part.number != number or number not in inside:
            return (part,)
        kind = Kind.ALL if inside[number].kind is Kind.ANY or draft.scored else Kind.ANY
        group = Part(draft.free, kind, parts=(replace(part, add=None, decay=None),))
        return (replace(group, add=part.add, decay=part.decay),)

    return replace(_each(draft, enclose), free=draft.free + 1)


def unwrap(draft: Draft, number: int) -> Draft:
    """Put what is in a group in its place; each part adds the group's points then."""

    def open_up(part: Part) -> tuple[Part, ...]:
        if part.number != number or part.kind is Kind.CONDITION or number == ROOT:
            return (part,)
        return tuple(replace(inner, add=part.add, decay=part.decay) for inner in part.parts)

    return _each(draft, open_up)


def as_points(draft: Draft) -> Draft:
    """Each part of the rule adds ten points; from how many points a lead qualifies is left open."""
    if draft.scored:
        return draft
    parts, free = draft.root.parts, draft.free
    if draft.root.negated:
        parts, free = (replace(draft.root, number=free),), free + 1
    root = Part(ROOT, Kind.ALL, parts=tuple(replace(part, add=10) for part in parts))
    return Draft(root, True, None, free)


def as_conditions(draft: Draft) -> Draft:
    """The parts without their points, of which all have to hold."""
    if not draft.scored:
        return draft
    parts = tuple(replace(part, add=None, decay=None) for part in draft.root.parts)
    return Draft(Part(ROOT, Kind.ALL, parts=parts), free=draft.free)


def change_decay(draft: Draft, number: int, *, since: str | None, fading: Fading | None, days: int) -> Draft:
    """Let the points of a part fade, or (`fading` None) stay."""
    decay = None if fading is None else {"since": since, fading.value: days}
    return change(draft, number, decay=decay)


def _each(draft: Draft, step: Callable[[Part], tuple[Part, ...]]) -> Draft:
    def within(part: Part) -> tuple[Part, ...]:
        if part.parts:
            part = replace(part, parts=tuple(new for inner in part.parts for new in within(inner)))
        return step(part)

    (root,) = within(draft.root)
    return replace(draft, root=root)


# ── going back and forth ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class History:
    """The draft as it is now, those before it, and those that were undone; at most `MOST_STEPS` are kept."""

    now: Draft
    past: tuple[Draft, ...] = ()
    undone: tuple[Draft, ...] = ()

    def step(self, draft: Draft) -> "History":
        """Go on with another draft; the same again is no step."""
        if draft == self.now:
            return self
        return History(draft, (*self.past, self.now)[-MOST_STEPS:])

    def undo(self) -> "History":
        """The draft before this one."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.now, *self.undone))

    def redo(self) -> "History":
        """The draft that was undone last."""
        if not self.undone:
            return self
        return History(self.undone[0], (*self.past, self.now), self.undone[1:])
