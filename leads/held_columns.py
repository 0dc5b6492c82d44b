"""A field of many leads, held by column: a code a lead and the list of its values, and what a condition says of them.

A condition is worked out on the values, not on the leads, and becomes two bitmaps, of the leads for which it is true and of
those for which it is false; what `alignment.rules.evaluate` says of a value is what counts. Bits stand in words of 64 leads.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from alignment.rules import Condition, Operator, Rule, evaluate
from alignment.rules.evaluation import NUMBER_PATTERN, as_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_VALUES = 65_535
"""So many different values a field may have; one of more is not held."""

TEXT, NUMBER, INSTANT = "text", "number", "instant"
NEVER = np.iinfo(np.int64).min
"""No instant."""

CHUNK = 1 << 20
"""So many leads are worked on at a time, which is what fits into a processor's cache."""

_DAY = 86_400_000_000
_NUMBER_TEXT = re.compile(NUMBER_PATTERN)
_UPWARDS = {Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST}


class Codes:
    """A field of few values: `codes` a lead, 0 where it is missing, else the place in `values` plus one."""

    def __init__(self, kind: str, codes: "NDArray[np.uint16]", values: Sequence[Any]) -> None:
        self.kind = kind
        self.codes = codes
        self.values = values
        self._numbers: NDArray[np.float64] | None = None

    @property
    def numbers(self) -> "NDArray[np.float64]":
        """The values as the numbers that a rule compares with; NaN where one is none."""
        if self._numbers is None:
            if self.kind == NUMBER:
                self._numbers = np.asarray(self.values, dtype=np.float64)
            else:
                read = (float(value) if _NUMBER_TEXT.fullmatch(value) else np.nan for value in self.values)
                self._numbers = np.fromiter(read, np.float64, len(self.values))
        return self._numbers

    def outcomes(self, condition: Condition) -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
        """For which codes a condition is true, and for which it is false."""
        wanted = condition.value[0] if isinstance(condition.value, tuple) else condition.value
        said: NDArray[np.int8]
        if isinstance(wanted, int | float) and not isinstance(wanted, bool) and _compares(condition.operator):
            known = ~np.isnan(self.numbers)
            said = np.where(known, _compare(condition, self.numbers), -1).astype(np.int8)
        else:
            rule = Rule(condition)
            found = (evaluate(rule, {condition.field: value}) for value in self.values)
            said = np.array([-1 if one is None else int(one) for one in found], dtype=np.int8)
        missing = evaluate(Rule(condition), {})
        table = np.concatenate([[-1 if missing is None else int(missing)], said])
        return table == 1, table == 0


def _compares(operator: Operator) -> bool:
    return operator in _UPWARDS or operator in (
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.IN,
        Operator.NOT_IN,
        Operator.BETWEEN,
    )


def _compare(condition: Condition, found: Any) -> Any:
    """A comparison of known values with numbers or days, one by one."""
    wanted: Any = condition.value
    match condition.operator:
        case Operator.EQUAL:
            return found == wanted
        case Operator.NOT_EQUAL:
            return found != wanted
        case Operator.IN:
            return np.isin(found, np.asarray(wanted, dtype=found.dtype))
        case Operator.NOT_IN:
            return ~np.isin(found, np.asarray(wanted, dtype=found.dtype))
        case Operator.GREATER:
            return found > wanted
        case Operator.AT_LEAST:
            return found >= wanted
        case Operator.LESS:
            return found < wanted
        case Operator.AT_MOST:
            return found <= wanted
        case Operator.BETWEEN:
            return (found >= wanted[0]) & (found <= wanted[1])
    raise TypeError(f"not a comparison: {condition.operator!r}")


def outcomes_of_instants(condition: Condition, column: Any, came_at: Any) -> Any:
    """The bitmaps of a condition on a field of instants."""
    known = column != NEVER
    nothing = np.zeros(len(column) // 64, np.uint64)
    operator, wanted = condition.operator, condition.value
    if operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        bits = packed(known), packed(~known)
        return bits if operator is Operator.IS_KNOWN else bits[::-1]
    if operator is Operator.WITHIN_DAYS:
        told = known & (came_at != NEVER)
        inside = (column >= came_at - int(str(wanted)) * _DAY) & (column <= came_at)
        return packed(told & inside), packed(told & ~inside)
    several = tuple(as_day(one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
    if not _compares(operator) or not all(isinstance(one, date) for one in several):
        return nothing, nothing
    epoch = date(1970, 1, 1).toordinal()
    days = tuple(one.toordinal() - epoch for one in several if isinstance(one, date))
    compared = Condition(condition.field, operator, days if isinstance(wanted, tuple) else days[0])
    holds = _compare(compared, column // _DAY)
    return packed(known & holds), packed(known & ~holds)


def looked_up(codes: "NDArray[np.uint16]", table: "NDArray[np.bool_]") -> "NDArray[np.uint64]":
    """The bitmap of the leads whose code is true in a table."""
    true = np.flatnonzero(table)
    bits = np.zeros(len(codes) // 8, np.uint8)
    if not len(true):
        return bits.view(np.uint64)
    first, span = np.uint16(true[0]), np.uint16(true[-1] - true[0])
    in_a_row = len(true) == int(span) + 1
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        # numbers below the first wrap around to large ones, so that one comparison is enough
        inside = part - first <= span if in_a_row else table[part]
        bits[start // 8 : (start + len(part)) // 8] = np.packbits(inside)
    return bits.view(np.uint64)


def packed(flags: Any) -> "NDArray[np.uint64]":
    """Flags as a bitmap: whole words of 64."""
    return np.packbits(flags).view(np.uint64)


def unpacked(bits: Any) -> "NDArray[np.uint8]":
    """A bitmap as flags, 0 or 1 each."""
    return np.unpackbits(np.ascontiguousarray(bits).view(np.uint8))


def joined(join: Any, found: Sequence[Any], side: int) -> Any:
    """One side of several pairs of bitmaps, joined."""
    result = found[0][side]
    for other in found[1:]:
        result = join(result, other[side])
    return result
