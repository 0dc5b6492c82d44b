"""Documents into rules: everything is checked, and each fault names its place and what to change.

A document is `{"version": 1, <body>}`. A body is a condition `{"field", "op", "value"}`, a group `{"all": [...]}`,
`{"any": [...]}` or `{"not": {...}}`, or `{"points": [{"if": <group or condition>, "add": 20}], "threshold": 50}`.
Points may fade: `"decay": {"since": <date field>, "linear_days": 90}` beside `"add"` takes them evenly to nothing over
so many days, `"half_life_days": 30` instead halves them with each; `evaluation` tells exactly how.
"""

import difflib
import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn, cast

from alignment.errors import InvalidInput
from alignment.rules.evaluation import as_day
from alignment.rules.tree import (
    VERSION,
    AllOf,
    AnyOf,
    Condition,
    Decay,
    Fading,
    FieldType,
    Node,
    Not,
    Operator,
    Points,
    PointsEntry,
    Rule,
    Scalar,
)
from alignment.texts import is_one_line

MOST_CHARACTERS = 500_000
MOST_CONDITIONS = 500
MOST_VALUES = 1_000
DEEPEST = 20
LONGEST_TEXT = 500
LARGEST_NUMBER = 1e15
MOST_DAYS = 36_500

_ORDERED = (Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST, Operator.BETWEEN)
_KINDS = {str: "text", bool: "yes or no", int: "a number", float: "a number", date: "a day"}
_TYPES = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "yes or no",
    FieldType.DATE: "a day",
}
_EXAMPLES = {
    FieldType.TEXT: 'text in quotes, such as "referral"',
    FieldType.NUMBER: "a number without quotes, such as 50",
    FieldType.BOOLEAN: "true or false, without quotes",
    FieldType.DATE: 'a day such as "2026-01-31"',
}


class InvalidRule(InvalidInput):
    """The document is no rule. `place` is a path such as `all[2].any[0]`, `remedy` what to change."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        """Say what is wrong at `place` and what to change."""
        self.place = place
        self.problem = problem
        self.remedy = remedy
        where = f"In the rule at {place}: " if place else "In the rule: "
        super().__init__(f"{where}{problem} {remedy}")


def parse_json(text: str | bytes, fields: Mapping[str, FieldType] | None = None) -> Rule:
    """Read a rule from JSON text; see `parse`. Raises InvalidRule, for text that is no JSON or too big as well."""
    if len(text) > MOST_CHARACTERS:
        _refuse("", f"it has {len(text):,} characters.", f"At most {MOST_CHARACTERS:,} are allowed.")
    try:
        document = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except RecursionError:
        _refuse("", "it is nested too deeply.", f"At most {DEEPEST} levels are allowed.")
    except UnicodeDecodeError:
        _refuse("", "it is not written as text.", "Save it as a text file in UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(
            f"line {error.lineno}, column {error.colno}",
            f"this is not JSON ({error.msg}).",
            "Check commas, quotes and brackets there.",
        )
    except ValueError:
        _refuse("", "a number in it has too many digits.", "Write a shorter number.")
    return parse(document, fields)


def parse(document: object, fields: Mapping[str, FieldType] | None = None) -> Rule:
    """Read a rule from a document of plain dicts, lists and scalars.

    With `fields`, names and value types are checked against it as well. Raises InvalidRule for an unknown key,
    operator or field, a value of the wrong type, an empty group, more than 20 levels, more than 500 conditions,
    a list of more than 1,000 values, more than 500,000 characters in all values, or a threshold that no lead can reach.
    """
    if not isinstance(document, Mapping):
        _refuse("", "it is no object.", 'Write it as {"version": 1, "all": [...]}.')
    version = document.get("version")
    if isinstance(version, bool) or version != VERSION:
        _refuse("version", f"the version is {_shown(version)}.", f'Write "version": {VERSION}.')
    body = {key: value for key, value in document.items() if key != "version"}
    reader = _Reader(fields)
    if "points" in body:
        return Rule(reader.points(body))
    return Rule(reader.node(body, "", 1))


class _Reader:
    def __init__(self, fields: Mapping[str, FieldType] | None) -> None:
        self._fields = fields
        self._conditions = 0
        self._characters = 0

    def points(self, body: dict[str, Any]) -> Points:
        self._only(body, {"points", "threshold"}, "")
        entries = body["points"]
        if not isinstance(entries, list) or not entries:
            _refuse("points", "there are no entries.", 'Add at least one {"if": ..., "add": ...}.')
        if len(entries) > MOST_CONDITIONS:
            _refuse(
                "points", f"there are {len(entries):,} entries.", f"At most {MOST_CONDITIONS} are allowed."
            )
        read = []
        for number, entry in enumerate(entries):
            place = f"points[{number}]"
            if not isinstance(entry, Mapping):
                _refuse(place, "this is no object.", 'Write {"if": ..., "add": ...}.')
            self._only(entry, {"if", "add", "decay"}, place)
            node = self.node(self._required(entry, "if", place), f"{place}.if", 2)
            add = _hundredths(self._required(entry, "add", place), f"{place}.add")
            decay = self._decay(entry["decay"], f"{place}.decay") if "decay" in entry else None
            read.append(PointsEntry(node, add, decay))
        threshold = _hundredths(self._required(body, "threshold", ""), "threshold")
        most = sum(max(entry.add_hundredths, 0) for entry in read)
        if threshold > most:
            _refuse(
                "threshold",
                f"no lead can reach {threshold / 100:g} points, for all of them together are {most / 100:g}.",
                "Lower the threshold or add points.",
            )
        return Points(tuple(read), threshold)

    def _decay(self, document: object, place: str) -> Decay:
        ways = [way.value for way in Fading]
        if not isinstance(document, Mapping):
            _refuse(place, "this is no object.", f'Write {{"since": ..., "{ways[0]}": 90}}.')
        self._only(document, {"since", *ways}, place)
        since = self._field(self._required(document, "since", place), _join(place, "since"))
        field_type = self._type(since, _join(place, "since"))
        if field_type not in (FieldType.DATE, FieldType.ANY):
            _refuse(
                _join(place, "since"),
                f"“{since}” holds {_TYPES[field_type]}, not a day.",
                "Let points fade from a date field.",
            )
        given = [way for way in Fading if way.value in document]
        if len(given) != 1:
            _refuse(place, "it has to be said in one way how points fade.", f"Write {' or '.join(ways)}.")
        days = document[given[0].value]
        at = _join(place, given[0].value)
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
            _refuse(
                at, f"{_shown(days)} is no number of days.", f"Write a whole number from 1 to {MOST_DAYS:,}."
            )
        return Decay(since, given[0], days)

    def node(self, document: object, place: str, depth: int) -> Node:
        if depth > DEEPEST:
            _refuse(
                place[:60] + ("…" if len(place) > 60 else ""),
                "it is nested too deeply.",
                f"At most {DEEPEST} levels are allowed.",
            )
        if not isinstance(document, Mapping):
            _refuse(
                place,
                f"{_shown(document)} is no condition.",
                'Write {"field": ..., "op": ..., "value": ...}, or a group with all, any or not.',
            )
        groups = [key for key in ("all", "any", "not") if key in document]
        if "points" in document:
            _refuse(
                place, "points stand inside a group.", "A points rule has to be the whole rule; move it up."
            )
        if not groups:
            return self._condition(document, place)
        self._only(document, {groups[0]}, place)
        at = f"{place}.{groups[0]}" if place else groups[0]
        if groups[0] == "not":
            return Not(self.node(document["not"], at, depth + 1))
        parts = document[groups[0]]
        if not isinstance(parts, list):
            _refuse(at, "this is no list.", f'Write "{groups[0]}": [ ... ].')
        if not parts:
            _refuse(at, "the group is empty.", "Add a condition, or take the group out.")
        if len(parts) > MOST_CONDITIONS:
            _refuse(at, f"there are {len(parts):,} parts.", f"At most {MOST_CONDITIONS} are allowed.")
        read = tuple(self.node(part, f"{at}[{number}]", depth + 1) for number, part in enumerate(parts))
        return AllOf(read) if groups[0] == "all" else AnyOf(read)

    def _condition(self, document: Mapping[Any, Any], place: str) -> Condition:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            _refuse(place, "there are too many conditions.", f"At most {MOST_CONDITIONS} are allowed.")
        self._only(document, {"field", "op", "value"}, place)
        field = self._field(self._required(document, "field", place), _join(place, "field"))
        operator = self._operator(self._required(document, "op", place), place)
        field_type = self._type(field, _join(place, "field"))
        if operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
            if document.get("value") is not None:
                _refuse(_join(place, "value"), f"{operator.value} takes no value.", "Take the value out.")
            return Condition(field, operator)
        value = self._required(document, "value", place)
        return Condition(field, operator, self._value(value, operator, field, field_type, place))

    def _operator(self, name: object, place: str) -> Operator:
        try:
            return Operator(name) if isinstance(name, str) else Operator("")
        except ValueError:
            _refuse(
                _join(place, "op"),
                f"the operator {_shown(name)} is not known.",
                f"Use one of: {' '.join(Operator)}.",
            )

    def _field(self, name: object, at: str) -> str:
        if not isinstance(name, str) or not name.strip() or len(name) > 100:
            _refuse(at, f"{_shown(name)} is no field name.", "Write its name in quotes.")
        if not is_one_line(name):
            _refuse(
                at,
                f"the field name {_shown(name)} has characters that cannot be shown in a line.",
                "Type it anew.",
            )
        return name

    def _type(self, field: str, at: str) -> FieldType:
        if self._fields is None:
            return FieldType.ANY
        found = self._fields.get(field)
        if found is None:
            close = difflib.get_close_matches(field, self._fields, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else "Choose one of the fields of your leads."
            listed = ", ".join(sorted(self._fields)[:30])
            _refuse(at, f"the field {_shown(field)} is not known.", f"{hint} Known: {listed}.")
        return found

    def _value(
        self, value: object, operator: Operator, field: str, field_type: FieldType, place: str
    ) -> Scalar | tuple[Scalar, ...]:
        at = _join(place, "value")
        if operator is Operator.WITHIN_DAYS:
            if field_type not in (FieldType.DATE, FieldType.ANY):
                _refuse(
                    _join(place, "op"),
                    f"“{field}” holds {_TYPES[field_type]}, not a day.",
                    "Use within_days with a date field.",
                )
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
                _refuse(
                    at,
                    f"{_shown(value)} is no number of days.",
                    f"Write a whole number from 0 to {MOST_DAYS:,}.",
                )
            return value
        if operator is Operator.CONTAINS:
            if field_type not in (FieldType.TEXT, FieldType.ANY):
                _refuse(
                    _join(place, "op"),
                    f"“{field}” holds {_TYPES[field_type]}, not text.",
                    "Use contains with a text field.",
                )
            if not isinstance(value, str) or not value:
                _refuse(at, f"{_shown(value)} is no text to look for.", "Write some text in quotes.")
            self._count(value, at)
            return _text(value, at)
        if operator in (Operator.IN, Operator.NOT_IN):
            if not isinstance(value, list) or not value:
                _refuse(at, "this is no list of values.", 'Write ["first", "second"].')
            if len(value) > MOST_VALUES:
                _refuse(at, f"the list has {len(value):,} values.", f"At most {MOST_VALUES:,} are allowed.")
            read = [
                self._scalar(item, operator, field, field_type, f"{at}[{number}]")
                for number, item in enumerate(value)
            ]
            self._one_kind(read, at)
            return tuple(read)
        if operator is Operator.BETWEEN:
            if not isinstance(value, list) or len(value) != 2:
                _refuse(at, "between takes two values.", "Write [lowest, highest].")
            low, high = (
                self._scalar(item, operator, field, field_type, f"{at}[{number}]")
                for number, item in enumerate(value)
            )
            self._one_kind([low, high], at)
            if low > high:  # type: ignore[operator]
                _refuse(at, "the first value is above the second.", "Write [lowest, highest].")
            return (low, high)
        return self._scalar(value, operator, field, field_type, at)

    def _scalar(
        self, value: object, operator: Operator, field: str, field_type: FieldType, at: str
    ) -> Scalar:
        read: Scalar
        if isinstance(value, bool):
            read = value
        elif isinstance(value, int | float):
            if _too_large(value, LARGEST_NUMBER):
                _refuse(at, "the number is too large.", f"Use one of at most {LARGEST_NUMBER:,.0f}.")
            read = value
        elif isinstance(value, str):
            read = _text(value, at)
            if field_type is FieldType.DATE or (operator in _ORDERED and field_type is FieldType.ANY):
                read = _day(read, at)
        else:
            _refuse(
                at,
                f"{_shown(value)} cannot be compared with.",
                'Write text in quotes, a number, true or false, or a day such as "2026-01-31".',
            )
        if operator in _ORDERED and isinstance(read, str | bool):
            _refuse(
                at,
                f"{operator.value} compares numbers or days, not {_shown(value)}.",
                "Write a number, or use = or in.",
            )
        expected = {
            FieldType.TEXT: isinstance(read, str),
            FieldType.NUMBER: isinstance(read, int | float) and not isinstance(read, bool),
            FieldType.BOOLEAN: isinstance(read, bool),
            FieldType.DATE: isinstance(read, date),
            FieldType.ANY: True,
        }[field_type]
        if not expected:
            _refuse(
                at,
                f"“{field}” holds {_TYPES[field_type]}, but {_shown(value)} is {_KINDS[type(read)]}.",
                f"Write {_EXAMPLES[field_type]}.",
            )
        self._count(read, at)
        return read

    def _count(self, value: object, at: str) -> None:
        """What is read out to whoever signs is bounded in all, in whatever way the document comes."""
        self._characters += len(str(value))
        if self._characters > MOST_CHARACTERS:
            _refuse(
                at,
                "its values are too long together.",
                f"At most {MOST_CHARACTERS:,} characters are allowed.",
            )

    def _one_kind(self, values: list[Scalar], at: str) -> None:
        kinds = {_KINDS[type(value)] for value in values}
        if len(kinds) > 1:
            _refuse(
                at,
                f"the values are of different kinds ({', '.join(sorted(kinds))}).",
                "Use one kind in a list.",
            )

    def _only(self, document: Mapping[Any, Any], allowed: set[str], place: str) -> None:
        for key in document:
            if key not in allowed:
                _refuse(
                    place,
                    f"the key {_shown(key)} is not known here.",
                    f"Allowed: {', '.join(sorted(allowed))}.",
                )

    def _required(self, document: Mapping[Any, Any], key: str, place: str) -> Any:
        if key not in document:
            hint = (
                "" if {"field", "op", "value"} & set(document) else " A rule needs all, any, not or points."
            )
            _refuse(place, f"“{key}” is missing.", f'Add "{key}".{hint}')
        return document[key]


def _refuse(place: str, problem: str, remedy: str) -> NoReturn:
    raise InvalidRule(place, problem, remedy)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that stands there twice the first value would get lost in silence."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _refuse("", f"the key {_shown(key)} stands twice in one place.", "Keep one of the two.")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    _refuse("", f"{name} is no number.", "Write a finite number.")


def _too_large(value: int | float, most: float) -> bool:
    return (isinstance(value, float) and not math.isfinite(value)) or abs(value) > most


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _shown(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return "a list" if not isinstance(value, Mapping) else "an object"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a very large number" if _too_large(value, LARGEST_NUMBER) else f"{value:.6g}"
    text = "".join(character if character.isprintable() else "·" for character in str(value))
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def _text(value: str, at: str) -> str:
    if len(value) > LONGEST_TEXT:
        _refuse(at, f"the text has {len(value):,} characters.", f"At most {LONGEST_TEXT} are allowed.")
    if not value:
        _refuse(at, "the text is empty.", "Write some text, or use is_known or is_unknown.")
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        _refuse(at, "the text has characters that cannot be shown.", "Type it anew.")
    return value


def _day(text: str, at: str) -> date:
    day = as_day(text)
    if day is None:
        _refuse(at, f"{_shown(text)} is no day.", 'Write a day as "2026-01-31".')
    return cast(date, day)


def _hundredths(value: object, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(at, f"{_shown(value)} is no number of points.", "Write a number such as 20.")
    if _too_large(value, 1_000_000):
        _refuse(at, "the number is too large.", "Use at most 1,000,000 points.")
    hundredths = round(value * 100)
    if abs(hundredths - value * 100) > 1e-6:
        _refuse(at, f"{_shown(value)} has too many decimals.", "Use at most two decimals.")
    return hundredths
