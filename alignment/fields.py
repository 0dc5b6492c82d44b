"""A lead's fields as people meet them when they put a rule together."""

from dataclasses import dataclass

from alignment.rules import FieldType


@dataclass(frozen=True)
class FieldChoice:
    """A field to build a condition on. `values` are the most frequent ones, for text that repeats; '' is left out."""

    name: str
    label: str
    type: FieldType
    values: tuple[str, ...] = ()
