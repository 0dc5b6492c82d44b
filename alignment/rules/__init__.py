"""Executable rules: a typed tree of conditions, or points with a threshold, that a lead passes, fails, or leaves open.

The document form (JSON, `version` 1) is described in `reading`; what it means in `evaluation`. A rule is never
evaluated as code and never becomes SQL text.
"""

from alignment.rules.evaluation import Score, evaluate, score_of
from alignment.rules.reading import InvalidRule, parse, parse_json
from alignment.rules.tree import (
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
    conditions_of,
    distinct,
    fields_of,
    identity_of,
    with_conditions,
)
from alignment.rules.wording import sentence
from alignment.rules.writing import canonical_hash, to_document, to_json

__all__ = [
    "AllOf",
    "AnyOf",
    "Condition",
    "Decay",
    "Fading",
    "FieldType",
    "InvalidRule",
    "Node",
    "Not",
    "Operator",
    "Points",
    "PointsEntry",
    "Rule",
    "Score",
    "canonical_hash",
    "conditions_of",
    "distinct",
    "evaluate",
    "fields_of",
    "identity_of",
    "parse",
    "parse_json",
    "score_of",
    "sentence",
    "to_document",
    "to_json",
    "with_conditions",
]
