"""A lead's fields as people meet them when they put a rule together."""

from dataclasses import dataclass
from datetime import date

from alignment.rules import FieldType


@dataclass(frozen=True)
class FieldChoice:
    """A field to build a condition on, and what the leads have there.

    `values` are the most frequent ones, for text that repeats and for yes or no ('' is left out), and `counts` says how
    many leads have each. `known` of `leads` have anything in it. `lowest`, `middle` (the median) and `highest` are those of
    a number, `first` and `last` the days of a date; None where there is nothing.
    """

    name: str
    label: str
    type: FieldType
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    known: int = 0
    leads: int = 0
    lowest: float | None = None
    middle: float | None = None
    highest: float | None = None
    first: date | None = None
    last: date | None = None
