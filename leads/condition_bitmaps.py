"""The leads of a window, held by column in little memory, so that a rule is tried again within milliseconds.

Each field is kept as a code a lead and the list of its values, in order; each condition becomes two bitmaps, of the leads for
which it is true and of those for which it is false. What remains is open. A condition is worked out on the values, not on the
leads, and what `alignment.rules.evaluate` says of a value is what counts: a property test holds the two together. Joining
conditions is arithmetic on bits, eight leads a byte; leads of one week stand together, so that weeks are counted as well.

What takes too much memory is not held, and a rule that looks at it is left to the engine (`leads.backtest.count_verdicts`).
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from alignment.rules import (
    AllOf,
    AnyOf,
    Condition,
    Node,
    Not,
    Operator,
    Points,
    Rule,
    conditions_of,
    evaluate,
)
from alignment.rules.evaluation import NUMBER_PATTERN, as_day
from alignment.what_if import Outcomes, RuleChange, Verdicts, Window, change_from
from leads.backtest import of_window, week_of
from leads.facts import Facts
from leads.model import column_of
from leads.store import warehouse

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 160_000_000
"""So much the columns of one window may take; a window of ten million leads holds six fields."""

MOST_BYTES_OF_BITMAPS = 48_000_000
"""So much the bitmaps of conditions may take; those that nobody has asked for longest give way."""

MOST_VALUES = 65_535
_BATCH = 250_000
_CHUNK = 1 << 20
_DAY = 86_400_000_000
_NEVER = np.iinfo(np.int64).min  # no instant
_NUMBER_TEXT = re.compile(NUMBER_PATTERN)
_TEXT, _NUMBER, _INSTANT = "text", "number", "instant"
_UPWARDS = {Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST}


class _Codes:
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
            if self.kind == _NUMBER:
                found = np.asarray(self.values, dtype=np.float64)
                self._numbers = np.where(np.isfinite(found), found, np.nan)
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


class HeldLeads:
    """The leads of a window with what became of them, and some of their fields."""

    def __init__(
        self,
        window: Window,
        counts: Sequence[int],
        outcomes: "dict[str, NDArray[np.uint64]]",
        columns: "dict[str, _Codes | NDArray[np.int64]]",
        came_at: "NDArray[np.int64] | None",
    ) -> None:
        """What `hold` read: rows in the order of weeks, each filled up to whole words of 64 leads (`counts`, the last of
        those of no whole week)."""
        self.window = window
        self._starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) // 64
        self._rows = int(sum(counts))
        self._outcomes = outcomes
        self._columns = columns
        self._came_at = came_at
        self._guard = threading.Lock()
        self._bitmaps: OrderedDict[str, Any] = OrderedDict()

    @property
    def bytes(self) -> int:
        """How much memory the columns take."""
        arrays: list[Any] = [
            column.codes if isinstance(column, _Codes) else column for column in self._columns.values()
        ]
        arrays += [*self._outcomes.values(), *([] if self._came_at is None else [self._came_at])]
        return sum(array.nbytes for array in arrays)

    def judges(self, rule: Rule) -> bool:
        """Whether everything the rule looks at is held."""
        if isinstance(rule.root, Points) and any(entry.decay is not None for entry in rule.root.entries):
            return False
        return all(self._holds(condition) for condition in conditions_of(rule))

    def verdicts(self, rule: Rule) -> Verdicts:
        """What the rule says of the leads: the counts of `leads.backtest.count_verdicts`."""
        true, false = self._rule(rule)
        passed, failed = self._count(true), self._count(false)
        weeks: tuple[int, ...] = ()
        if self.window.weeks:
            inside = np.bitwise_count(true & self._outcomes["leads"])
            weeks = tuple(np.add.reduceat(inside, self._starts, dtype=np.int64)[:-1].tolist())
        return Verdicts(passed, failed, self._everyone() - passed - failed, weeks)

    def change(self, before: Rule, after: Rule) -> RuleChange:
        """Who changes side: the counts of `leads.backtest.count_change`."""
        first, second = self._rule(before), self._rule(after)
        cells: dict[tuple[bool | None, bool | None], Outcomes] = {
            (one, other): self._count(first[not one] & second[not other])
            for one in (True, False)
            for other in (True, False)
        }
        cells[None, None] = self._everyone() - sum(cells.values(), Outcomes())
        return change_from(self.window, cells)

    def values_between(self, field: str, low: float, high: float, most: int) -> tuple[float, ...]:
        """At most so many numbers that leads have in a field, between two others, spread evenly over the values."""
        column = self._columns.get(field)
        if not isinstance(column, _Codes):
            return ()
        found = np.unique(column.numbers[(column.numbers > low) & (column.numbers < high)])
        if len(found) > most:
            found = found[np.linspace(0, len(found) - 1, most + 2).round().astype(int)[1:-1]]
        return tuple(found.tolist())

    def passing(self, node: Node) -> "NDArray[np.uint64]":
        """The leads for which part of a rule is true, as a bitmap; for those who join many of them."""
        return self._node(node)[0] & self._outcomes["leads"]

    def count(self, leads: "NDArray[np.uint64]") -> Outcomes:
        """What became of the leads of a bitmap."""
        return self._count(leads)

    def _everyone(self) -> Outcomes:
        return self._count(self._outcomes["leads"])

    def _count(self, leads: "NDArray[np.uint64]") -> Outcomes:
        return Outcomes(
            *(int(np.bitwise_count(leads & of).sum(dtype=np.int64)) for of in self._outcomes.values())
        )

    def _holds(self, condition: Condition) -> bool:
        column = self._columns.get(condition.field)
        if column is None:
            return False
        if condition.operator is not Operator.WITHIN_DAYS:
            return True
        return not isinstance(column, _Codes) and self._came_at is not None

    def _rule(self, rule: Rule) -> Any:
        return self._points(rule.root) if isinstance(rule.root, Points) else self._node(rule.root)

    def _node(self, node: Node) -> Any:
        match node:
            case Condition():
                return self._condition(node)
            case Not(part):
                true, false = self._node(part)
                return false, true
            case AllOf(parts):
                found = [self._node(part) for part in parts]
                return _joined(np.bitwise_and, found, 0), _joined(np.bitwise_or, found, 1)
            case AnyOf(parts):
                found = [self._node(part) for part in parts]
                return _joined(np.bitwise_or, found, 0), _joined(np.bitwise_and, found, 1)
        raise TypeError(f"not part of a rule: {node!r}")

    def _points(self, points: Points) -> Any:
        entries = [(entry.add_hundredths, *self._node(entry.node)) for entry in points.entries]
        true, false = np.zeros(self._rows // 64, np.uint64), np.zeros(self._rows // 64, np.uint64)
        for start in range(0, self._rows, _CHUNK):
            words = slice(start // 64, min(start + _CHUNK, self._rows) // 64)
            size = (words.stop - words.start) * 64
            lowest, highest = np.zeros(size, np.int64), np.zeros(size, np.int64)
            for add, holds, fails in entries:
                sure = _unpacked(holds[words]) * np.int64(add)
                maybe = _unpacked(~(holds[words] | fails[words])) * np.int64(add)
                lowest += sure + (maybe if add < 0 else 0)
                highest += sure + (maybe if add > 0 else 0)
            true[words] = _packed(lowest >= points.threshold_hundredths)
            false[words] = _packed(highest < points.threshold_hundredths)
        return true, false

    def _condition(self, condition: Condition) -> Any:
        key = repr(
            condition
        )  # conditions that ask for True and for 1 are equal in Python, and mean something else
        with self._guard:
            found = self._bitmaps.get(key)
            if found is not None:
                self._bitmaps.move_to_end(key)
                return found
        found = self._worked_out(condition)
        with self._guard:
            self._bitmaps[key] = found
            most = max(4, MOST_BYTES_OF_BITMAPS // max(1, 2 * self._rows // 8))
            while len(self._bitmaps) > most:
                self._bitmaps.popitem(last=False)
        return found

    def _worked_out(self, condition: Condition) -> Any:
        column = self._columns[condition.field]
        if not isinstance(column, _Codes):
            return _instants(condition, column, self._came_at)
        true, false = column.outcomes(condition)
        return _looked_up(column.codes, true), _looked_up(column.codes, false)


_held: "OrderedDict[Hashable, tuple[frozenset[str], HeldLeads | None]]" = OrderedDict()
_holding = threading.Lock()
MOST_WINDOWS = 2


def held_leads(window: Window, timezone: str, fields: Iterable[str], leads: int) -> HeldLeads | None:
    """The leads of a window with at least these fields, read once for all who ask; None where that takes too much memory.

    Two windows are held. A field that is asked for later is read together with those that are there already, as far as they fit.
    """
    facts = warehouse()
    key = (facts.folder, window, timezone)
    wanted = frozenset(fields)
    with _holding:
        known, held = _held.get(key, (frozenset(), None))
        if not wanted <= known or not known:
            with facts.read() as read:
                for tried in (known | wanted, wanted):
                    held = hold(read, window, timezone, sorted(tried), leads)
                    if held is not None:
                        wanted = tried
                        break
            _held[key] = wanted, held
        _held.move_to_end(key)
        while len(_held) > MOST_WINDOWS:
            _held.popitem(last=False)
        return held


def hold(
    facts: Facts,
    window: Window,
    timezone: str,
    fields: Iterable[str],
    leads: int,
    most_bytes: int = MOST_BYTES,
) -> HeldLeads | None:
    """Read the `leads` leads of a window and these fields of theirs, in one query; None where they take too much memory.

    A field that the leads do not have is missing of all of them; one of too many different texts is not held.
    """
    population = of_window(facts, window, timezone)
    kinds = {name: _kind_of(population, name) for name in dict.fromkeys(fields)}
    wanted = {name: kind for name, kind in kinds.items() if kind is not None}
    with_time = _INSTANT in wanted.values()
    a_lead = 1 + sum(8 if kind == _INSTANT else 2 for kind in wanted.values()) + 8 * with_time
    if leads * a_lead > most_bytes:
        return None
    expression = population.select(
        "won",
        "lost",
        "worked",
        week=week_of(population, window, timezone),
        came="came_at",
        **{f"field_{place}": population[column_of(name)] for place, name in enumerate(wanted)},
    )
    if not with_time:
        expression = expression.drop("came")
    read = _Reading(list(wanted.values()), with_time)
    for batch in facts.batches(expression, _BATCH):
        read.take(batch)
    return read.finish(window, list(wanted), [name for name, kind in kinds.items() if kind is None])


class _Reading:
    """Batches of leads, gathered into columns and then put into the order of weeks."""

    def __init__(self, kinds: Sequence[str], with_time: bool) -> None:
        self._weeks: list[Any] = []
        self._flags: list[Any] = []
        self._came: list[Any] | None = [] if with_time else None
        self._columns: list[_Gathered | list[Any]] = [
            [] if kind == _INSTANT else _Gathered(kind) for kind in kinds
        ]

    def take(self, batch: Any) -> None:
        week = batch.column("week").fill_null(-1).to_numpy(zero_copy_only=False)
        self._weeks.append(week.astype(np.int32))
        won, lost, worked = (
            batch.column(name).to_numpy(zero_copy_only=False).astype(np.uint8)
            for name in ("won", "lost", "worked")
        )
        self._flags.append(1 + 2 * won + 4 * lost + 8 * (1 - worked))
        if self._came is not None:
            self._came.append(_microseconds(batch.column("came")))
        for place, column in enumerate(self._columns):
            found = batch.column(f"field_{place}")
            if isinstance(column, _Gathered):
                column.take(found)
            else:
                column.append(_microseconds(found))

    def finish(self, window: Window, names: Sequence[str], missing: Sequence[str]) -> HeldLeads:
        weeks = window.weeks
        week = np.concatenate(self._weeks) if self._weeks else np.zeros(0, np.int32)
        week = np.where((week < 0) | (week >= weeks), weeks, week)
        each = np.bincount(week, minlength=weeks + 1)
        counts = np.maximum(1, -(-each // 64)) * 64  # whole words, and none without one
        begin = np.concatenate([[0], np.cumsum(counts)[:-1]])
        # in the order of weeks, the n-th lead stands n places on, and as many as are filled up before it
        filled = (begin - (np.cumsum(each) - each)).astype(np.int32)
        places = np.empty(len(week), np.int32)
        places[np.argsort(week, kind="stable")] = np.arange(len(week), dtype=np.int32) + np.repeat(
            filled, each
        )
        rows = int(counts.sum())

        def laid(parts: Sequence[Any], fill: Any, kind: Any) -> Any:
            column = np.full(rows, fill, kind)
            if parts:
                column[places] = np.concatenate(parts)
            return column

        flags = laid(self._flags, 0, np.uint8)
        outcomes = {
            name: _packed(flags & bit != 0)
            for name, bit in (("leads", 1), ("won", 2), ("lost", 4), ("unworked", 8))
        }
        columns: dict[str, Any] = {}
        for name, column in zip(names, self._columns, strict=True):
            if not isinstance(column, _Gathered):
                columns[name] = laid(column, _NEVER, np.int64)
            elif not column.too_many:
                parts, values = column.sorted()
                columns[name] = _Codes(column.kind, laid(parts, 0, np.uint16), values)
        for name in missing:
            columns[name] = _Codes(_TEXT, np.zeros(rows, np.uint16), ())
        came = None if self._came is None else laid(self._came, _NEVER, np.int64)
        return HeldLeads(window, counts.tolist(), outcomes, columns, came)


class _Gathered:
    """A field as it is read: codes in the order in which its values first occur."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.too_many = False
        self._known: dict[Any, int] = {}
        self._parts: list[NDArray[np.uint16]] = []

    def take(self, found: Any) -> None:
        if self.too_many:
            return
        encoded = found.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        table = np.zeros(len(values) + 1, np.uint16)
        for place, value in enumerate(values):
            if len(self._known) >= MOST_VALUES and value not in self._known:
                self.too_many, self._parts, self._known = True, [], {}
                return
            table[place] = self._known.setdefault(value, len(self._known) + 1)
        codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        self._parts.append(table[codes])

    def sorted(self) -> "tuple[list[NDArray[np.uint16]], tuple[Any, ...]]":
        """The codes and the values in order, so that a range of values is a range of codes; NaN comes last."""
        values = sorted(self._known, key=lambda value: (value != value, value))
        table = np.zeros(len(values) + 1, np.uint16)
        for place, value in enumerate(values):
            table[self._known[value]] = place + 1
        return [table[part] for part in self._parts], tuple(values)


def _kind_of(population: ibis.Table, field: str) -> str | None:
    column = column_of(field)
    if column not in population.columns:
        return None
    kind = population[column].type()
    return _INSTANT if kind.is_timestamp() else _NUMBER if kind.is_numeric() else _TEXT


def _microseconds(column: Any) -> Any:
    import pyarrow

    whole = column.cast(pyarrow.timestamp("us")).cast(pyarrow.int64())
    return whole.fill_null(_NEVER).to_numpy(zero_copy_only=False)


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


def _instants(condition: Condition, column: Any, came_at: Any) -> Any:
    """The bitmaps of a condition on a field of instants."""
    known = column != _NEVER
    nothing = np.zeros(len(column) // 64, np.uint64)
    operator, wanted = condition.operator, condition.value
    if operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        bits = _packed(known), _packed(~known)
        return bits if operator is Operator.IS_KNOWN else bits[::-1]
    if operator is Operator.WITHIN_DAYS:
        told = known & (came_at != _NEVER)
        inside = (column >= came_at - int(str(wanted)) * _DAY) & (column <= came_at)
        return _packed(told & inside), _packed(told & ~inside)
    several = tuple(as_day(one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))
    if not _compares(operator) or not all(isinstance(one, date) for one in several):
        return nothing, nothing
    epoch = date(1970, 1, 1).toordinal()
    days = tuple(one.toordinal() - epoch for one in several if isinstance(one, date))
    compared = Condition(condition.field, operator, days if isinstance(wanted, tuple) else days[0])
    holds = _compare(compared, column // _DAY)
    return _packed(known & holds), _packed(known & ~holds)


def _looked_up(codes: "NDArray[np.uint16]", table: "NDArray[np.bool_]") -> "NDArray[np.uint64]":
    """The bitmap of the leads whose code is true in a table."""
    true = np.flatnonzero(table)
    bits = np.zeros(len(codes) // 8, np.uint8)
    if not len(true):
        return bits.view(np.uint64)
    first, span = np.uint16(true[0]), np.uint16(true[-1] - true[0])
    in_a_row = len(true) == int(span) + 1
    for start in range(0, len(codes), _CHUNK):
        part = codes[start : start + _CHUNK]
        # numbers below the first wrap around to large ones, so that one comparison is enough
        inside = part - first <= span if in_a_row else table[part]
        bits[start // 8 : (start + len(part)) // 8] = np.packbits(inside)
    return bits.view(np.uint64)


def _packed(flags: Any) -> "NDArray[np.uint64]":
    return np.packbits(flags).view(np.uint64)


def _unpacked(bits: Any) -> "NDArray[np.uint8]":
    return np.unpackbits(np.ascontiguousarray(bits).view(np.uint8))


def _joined(join: Any, found: Sequence[Any], side: int) -> Any:
    result = found[0][side]
    for other in found[1:]:
        result = join(result, other[side])
    return result
