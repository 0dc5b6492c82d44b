"""Rules into documents, and into a hash that does not depend on the order in which equal things are listed."""

import hashlib
import json
from datetime import date
from typing import Any

from alignment.rules.tree import (
    AllOf,
    AnyOf,
    Condition,
    Node,
    Not,
    Operator,
    Points,
    PointsEntry,
    Rule,
    Scalar,
)


def to_document(rule: Rule) -> dict[str, Any]:
    """The rule as plain dicts, lists and scalars; `parse` reads it back to an equal rule."""
    return {"version": rule.version, **_root(rule.root)}


def to_json(rule: Rule) -> str:
    """The rule as JSON text, indented for people."""
    return json.dumps(to_document(rule), indent=2, ensure_ascii=False)


def canonical_hash(rule: Rule) -> str:
    """SHA-256 (hex) of the rule, equal for rules that differ only in the order of parts, entries or listed values."""
    text = json.dumps(_canonical(to_document(rule)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _root(root: Node | Points) -> dict[str, Any]:
    if isinstance(root, Points):
        return {
            "points": [_entry(entry) for entry in root.entries],
            "threshold": _whole(root.threshold_hundredths / 100),
        }
    return _node(root)


def _entry(entry: PointsEntry) -> dict[str, Any]:
    document: dict[str, Any] = {"if": _node(entry.node), "add": _whole(entry.add_hundredths / 100)}
    if entry.decay is not None:
        document["decay"] = {"since": entry.decay.since, entry.decay.fading.value: entry.decay.days}
    return document


def _node(node: Node) -> dict[str, Any]:
    match node:
        case Condition(field, operator, value):
            document: dict[str, Any] = {"field": field, "op": operator.value}
            if operator not in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
                document["value"] = (
                    [_scalar(item) for item in value] if isinstance(value, tuple) else _scalar(value)
                )
            return document
        case AllOf(parts):
            return {"all": [_node(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [_node(part) for part in parts]}
        case Not(part):
            return {"not": _node(part)}
    raise TypeError(f"not part of a rule: {node!r}")


def _scalar(value: Scalar | tuple[Scalar, ...] | None) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _canonical(document: Any) -> Any:
    if isinstance(document, dict):
        ordered = {key: _canonical(value) for key, value in document.items()}
        for key in ("all", "any", "points"):
            if key in ordered:
                ordered[key] = _sorted(ordered[key])
        if document.get("op") in (Operator.IN.value, Operator.NOT_IN.value):
            ordered["value"] = _sorted(ordered["value"])
        return ordered
    if isinstance(document, list):
        return [_canonical(item) for item in document]
    if isinstance(document, float):
        return _whole(document)
    return document


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, ensure_ascii=False))
