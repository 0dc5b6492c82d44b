"""Rules as engine expressions, for millions of leads: the same meaning as `alignment.rules.evaluate`.

Kleene's three values are the engine's own: a boolean that may be null, with its `and`, `or` and `not`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

import ibis

from alignment.rules import (
    AllOf,
    AnyOf,
    Condition,
    Decay,
    Fading,
    Node,
    Not,
    Operator,
    Points,
    Rule,
)
from alignment.rules.evaluation import (
    FALSE_WORDS,
    INSTANT_PATTERN,
    MOST_HALF_LIVES,
    NUMBER_PATTERN,
    TRUE_WORDS,
    as_day,
)
from leads.model import column_of
from leads.schema import known


@dataclass(frozen=True)
class Verdict:
    """What a rule says of each row: `outcome` is true, false, or null where a missing field leaves it open."""

    outcome: ibis.Value

    @property
    def passes(self) -> ibis.Value:
        """Whether the lead passes; never null."""
        return self.outcome.fill_null(False)

    @property
    def fails(self) -> ibis.Value:
        """Whether the lead fails; never null."""
        return (~self.outcome).fill_null(False)

    @property
    def unknown(self) -> ibis.Value:
        """Whether it is left open; never null."""
        return _is_open(self.outcome)


def compile_rule(
    rule: Rule,
    lead: ibis.Table,
    decided_at: ibis.Value | None = None,
    column: Callable[[str], str] = column_of,
    *,
    raw: bool = False,
) -> Verdict:
    """The rule over a table with the columns of `leads.schema.lead`; fields it does not have are missing.

    `decided_at` is the instant of the decision (UTC, without a zone), which `within_days` needs. `column` tells in which
    column a field stands, for a table with columns of other names. What is missing is null in the facts; `raw` says that it may
    as well be an empty text or a number that is infinite or none. The engine compares a column as it stands a third faster
    than what is made of it.
    """
    compiler = _Compiler(lead, decided_at, column, raw)
    if isinstance(rule.root, Points):
        return Verdict(compiler.points(rule.root))
    return Verdict(compiler.node(rule.root))


def compile_score(
    points: Points, lead: ibis.Table, decided_at: ibis.Value | None = None
) -> tuple[ibis.Value, ibis.Value]:
    """The least and the most points, in hundredths, that each row's fields allow: `score_of` in the engine; never null."""
    return _Compiler(lead, decided_at).score(points)


def as_number(lead: ibis.Table, field: str) -> ibis.Value:
    """A field of the lead table as the number that a rule compares with; null where it is missing or is none."""
    return _as_kind_of(0.0, _Compiler(lead, None).value(field))


def as_utc_day(lead: ibis.Table, field: str) -> ibis.Value:
    """A field of the lead table as the UTC day that a rule compares with; null where it is missing or is none."""
    return _as_kind_of(date.min, _Compiler(lead, None).value(field))


class _Compiler:
    def __init__(
        self,
        lead: ibis.Table,
        decided_at: ibis.Value | None,
        column: Callable[[str], str] = column_of,
        raw: bool = False,
    ) -> None:
        self._lead = lead
        self._raw = raw
        self._decided_at = decided_at
        self._column = column

    def points(self, points: Points) -> ibis.Value:
        lowest, highest = self.score(points)
        return ibis.cases(
            (lowest >= points.threshold_hundredths, True),
            (highest < points.threshold_hundredths, False),
            else_=_nothing("boolean"),
        )

    def score(self, points: Points) -> tuple[ibis.Value, ibis.Value]:
        lowest, highest = [], []
        for entry in points.entries:
            outcome, add = self.node(entry.node), entry.add_hundredths
            if entry.decay is None:
                certain, possible = (
                    outcome.fill_null(False).ifelse(add, 0),
                    outcome.fill_null(True).ifelse(add, 0),
                )
            else:
                left = self._left(add, entry.decay)
                certain = outcome.fill_null(False).ifelse(left.fill_null(0), 0)
                possible = outcome.fill_null(True).ifelse(left.fill_null(add), 0)
            lowest.append(certain if add > 0 else possible)
            highest.append(possible if add > 0 else certain)
        return _sum(lowest), _sum(highest)

    def _left(self, add: int, decay: Decay) -> Any:
        """What the decay has left of `add` hundredths; null where it cannot be told."""
        if self._decided_at is None:
            return _nothing("int64")
        since = _as_instant(self.value(decay.since))
        age = self._decided_at.date().delta(since.date(), unit="day").cast("int64")
        points, days = abs(add), decay.days
        if decay.fading is Fading.LINEAR:
            ahead = ibis.greatest(days - age, ibis.literal(0, "int64"))
            # whole numbers below 2^53: the quotient of two doubles is never rounded up to the next whole number
            left = ((2 * points * ahead + days).cast("float64") / ibis.literal(2.0 * days, "float64")).floor()
        else:
            spent = ibis.least(age, ibis.literal(MOST_HALF_LIVES * days, "int64")).cast("float64")
            share = ibis.literal(0.5, "float64") ** (spent / ibis.literal(float(days), "float64"))
            left = (share * ibis.literal(float(points), "float64") + ibis.literal(0.5, "float64")).floor()
        signed = left.cast("int64") * (1 if add > 0 else -1)
        return ibis.cases((since > self._decided_at, 0), (since.notnull(), signed), else_=_nothing("int64"))

    def node(self, node: Node) -> ibis.Value:
        match node:
            case Condition():
                return self._condition(node)
            case Not(part):
                return ~self.node(part)
            case AllOf(parts):
                return ibis.and_(*(self.node(part) for part in parts))
            case AnyOf(parts):
                return ibis.or_(*(self.node(part) for part in parts))
        raise TypeError(f"not part of a rule: {node!r}")

    def _condition(self, condition: Condition) -> ibis.Value:
        value, operator, wanted = self.value(condition.field), condition.operator, condition.value
        if operator is Operator.IS_KNOWN:
            return value.notnull()
        if operator is Operator.IS_UNKNOWN:
            return value.isnull()
        if operator is Operator.WITHIN_DAYS:
            if self._decided_at is None:
                return _nothing("boolean")
            instant = _as_instant(value)
            return (instant >= self._decided_at - ibis.interval(days=int(str(wanted)))) & (
                instant <= self._decided_at
            )
        several: tuple[Any, ...] = wanted if isinstance(wanted, tuple) else (wanted,)
        if value.type().is_timestamp() and operator is not Operator.CONTAINS:
            several = tuple(as_day(item) for item in several)
            wanted = several[0] if not isinstance(wanted, tuple) else several
            if None in several:
                return _nothing("boolean")
        found = _as_kind_of(several[0], value)
        match operator:
            case Operator.EQUAL:
                return found == wanted
            case Operator.NOT_EQUAL:
                return found != wanted
            case Operator.IN:
                return found.isin(several)
            case Operator.NOT_IN:
                return found.notin(several)
            case Operator.CONTAINS:
                return found.contains(str(wanted))
            case Operator.GREATER:
                return found > wanted
            case Operator.AT_LEAST:
                return found >= wanted
            case Operator.LESS:
                return found < wanted
            case Operator.AT_MOST:
                return found <= wanted
            case Operator.BETWEEN:
                return (found >= several[0]) & (found <= several[1])
        raise TypeError(f"not an operator: {operator!r}")

    def value(self, field: str) -> ibis.Value:
        """The field's value, null where it is missing."""
        column = self._column(field)
        if column not in self._lead.columns:
            return _nothing("string")
        value = self._lead[column]
        return known(value) if self._raw else value


def _sum(parts: list[Any]) -> Any:
    """The sum, in pairs of pairs: one long chain is written and read in a time that grows with its square."""
    while len(parts) > 1:
        parts = [left + right for left, right in zip_longest(parts[::2], parts[1::2], fillvalue=0)]
    return parts[0].cast("int64")


def _as_kind_of(wanted: Any, value: ibis.Value) -> ibis.Value:
    kind = value.type()
    if isinstance(wanted, bool):
        if kind.is_boolean():
            return value
        if not kind.is_string():
            return _nothing("boolean")
        return ibis.cases(
            (value.isin(TRUE_WORDS), True), (value.isin(FALSE_WORDS), False), else_=_nothing("boolean")
        )
    if isinstance(wanted, int | float):
        if kind.is_numeric() and not kind.is_boolean():
            return value.cast("float64")
        return _read(value, NUMBER_PATTERN, "float64") if kind.is_string() else _nothing("float64")
    if isinstance(wanted, date):
        return _as_instant(value).date()
    return value if kind.is_string() else _nothing("string")


def _as_instant(value: ibis.Value) -> ibis.Value:
    if value.type().is_timestamp():
        return value
    return (
        _read(value, INSTANT_PATTERN, "timestamp(6)")
        if value.type().is_string()
        else _nothing("timestamp(6)")
    )


def _read(text: ibis.Value, pattern: str, kind: str) -> ibis.Value:
    return text.re_search(pattern).ifelse(text, _nothing("string")).cast(kind)


def _is_open(outcome: ibis.Value) -> ibis.Value:
    # cast first: Ibis 12 writes `(~x).isnull()` as NOT x IS NULL, which the engine reads as NOT (x IS NULL)
    return outcome.cast("int32").isnull()


def _nothing(kind: str) -> ibis.Value:
    return ibis.null().cast(kind)
