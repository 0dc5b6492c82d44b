"""Rules on leads that are held by column, so that a rule is tried again within milliseconds.

Each condition becomes two bitmaps, of the leads for which it is true and of those for which it is false; what remains is open.
Joining conditions is arithmetic on bits, eight leads a byte. Leads stand in the order in which they came, so that a window, and
each of its weeks, is a stretch of them. A property test holds this together with `alignment.rules.evaluate`, lead by lead.

What is not held (`leads.held_leads`) is left to the engine (`leads.backtest`, `leads.score_lift`), with the same counts.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from alignment import instants
from alignment.field_spread import round_classes
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
    fields_of,
)
from alignment.scoring import ScoreCell
from alignment.what_if import DAYS_OF_A_WEEK, Outcomes, RuleChange, Verdicts, Window, change_from
from leads.backtest import BacktestWarning, fields_that_mislead
from leads.closed_periods import EVERYTHING, last_quarter, last_twelve_months
from leads.field_spread import CountedSpread
from leads.held_columns import CHUNK, Codes, joined, looked_up, outcomes_of_instants, packed, unpacked
from leads.score_lift import MOST_KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bits = NDArray[np.uint64]

MOST_BYTES_OF_BITMAPS = 48_000_000
"""So much the bitmaps of conditions may take; those that nobody has asked for longest give way."""

QUARTER_HOUR = 900
"""Seconds: days of all zones begin on one, so that what came within the same need not be told apart."""

_WEEK = timedelta(days=DAYS_OF_A_WEEK)
_FIRST = np.packbits(np.tri(65, 64, -1, dtype=bool), axis=1).view(np.uint64).ravel()
"""By number, the word in which so many leads come first."""


@dataclass(frozen=True)
class Places:
    """Where the leads of some rows stand among those that are held: by the row in the base, and in what is laid over it."""

    base: "NDArray[np.int32]"
    laid: "NDArray[np.int32]"

    def of(self, rows: Any) -> Any:
        """The places of rows as `Facts.followed_rows` numbers them."""
        found = np.empty(len(rows), np.int32)
        base = rows >= 0
        found[base] = self.base[rows[base]]
        found[~base] = self.laid[-1 - rows[~base]]
        return found


class HeldLeads:
    """All leads of a version with what became of them, and some of their fields, in the order in which they came."""

    def __init__(
        self,
        revision: str,
        leads: int,
        quarters: "NDArray[np.int32]",
        outcomes: "Mapping[str, Bits]",
        came_at: "NDArray[np.int64] | None",
        places: "Places",
    ) -> None:
        """What `leads.held_leads` read: `quarters` are the quarter-hours since 1970 in which those leads came of which that is
        known, in rising order, and the others stand behind them; `outcomes` are bitmaps of the fields of `Outcomes`."""
        self.revision = revision
        self.leads = leads
        self.columns: dict[str, Codes | NDArray[np.int64] | None] = {}
        """By field; None for one of too many different texts."""
        self._outcomes = outcomes
        self.came_at = came_at
        self.places = places
        self.dated = len(quarters)
        self._quarters, starts = np.unique(quarters, return_index=True)
        self._starts = np.append(starts, self.dated)
        self._guard = threading.Lock()
        self._bitmaps: OrderedDict[str, Any] = OrderedDict()

    @property
    def words(self) -> int:
        """How many words of 64 leads a bitmap has."""
        return len(self._outcomes["leads"])

    @property
    def bytes(self) -> int:
        """How much memory is taken, but for the bitmaps of conditions."""
        arrays: list[Any] = [
            column.codes if isinstance(column, Codes) else column
            for column in self.columns.values()
            if column is not None
        ]
        arrays += [*self._outcomes.values(), self._quarters, self._starts, self.places.base, self.places.laid]
        arrays += [] if self.came_at is None else [self.came_at]
        return sum(array.nbytes for array in arrays)

    def knows(self, fields: Iterable[str]) -> bool:
        """Whether it was tried to hold these fields."""
        return self.columns.keys() >= set(fields)

    def judges(self, rule: Rule) -> bool:
        """Whether everything the rule looks at is held."""
        if isinstance(rule.root, Points) and any(entry.decay is not None for entry in rule.root.entries):
            return False
        return all(self._holds(condition) for condition in conditions_of(rule))

    def windows(self, as_of: datetime, timezone: str) -> tuple[tuple[Window, Outcomes], ...]:
        """The windows that a rule can be tried on, with what became of their leads, as `leads.backtest.count_windows` tells
        them."""
        zone = ZoneInfo(timezone)
        today = as_of.astimezone(zone).date()
        ends = [self._day_of(place, zone) for place in (0, self.dated - 1)]
        quarter = last_quarter(today).first_day
        assert quarter is not None
        periods = [
            period_of(latest)
            for begins, period_of in ((quarter, last_quarter), (today.replace(day=1), last_twelve_months))
            if (latest := self._day_of(self.place_of(_start(begins, timezone)) - 1, zone)) is not None
        ]
        found = []
        for period in (*periods, EVERYTHING):
            window = Window(
                period.first_day,
                period.last_day,
                self.revision,
                period.first_day or ends[0],
                period.last_day or ends[1],
            )
            found.append((window, self.window(window, timezone).everyone))
        return tuple(found)

    def window(self, window: Window, timezone: str) -> "HeldWindow":
        """The leads of a window."""
        return HeldWindow(self, window, timezone)

    def place_of(self, instant: datetime) -> int:
        """How many leads came before an instant, which is the beginning of a quarter-hour."""
        after = int(np.searchsorted(self._quarters, -(-int(instant.timestamp()) // QUARTER_HOUR)))
        return int(self._starts[after])

    def _day_of(self, place: int, zone: ZoneInfo) -> date | None:
        if not 0 <= place < self.dated:
            return None
        quarter = self._quarters[np.searchsorted(self._starts, place, "right") - 1]
        since = timedelta(seconds=int(quarter) * QUARTER_HOUR)
        return (datetime(1970, 1, 1, tzinfo=UTC) + since).astimezone(zone).date()

    def outcomes(self, stretch: slice) -> "Mapping[str, Bits]":
        """What became of the leads of some words."""
        return {name: bits[stretch] for name, bits in self._outcomes.items()}

    def rule(self, rule: Rule, stretch: slice) -> "tuple[Bits, Bits]":
        """The leads of some words for which a rule is true, and for which it is false."""
        return (
            self._points(rule.root, stretch)
            if isinstance(rule.root, Points)
            else self.node(rule.root, stretch)
        )

    def node(self, node: Node, stretch: slice) -> Any:
        """The leads of some words for which part of a rule is true, and for which it is false."""
        match node:
            case Condition():
                true, false = self._condition(node)
                return true[stretch], false[stretch]
            case Not(part):
                true, false = self.node(part, stretch)
                return false, true
            case AllOf(parts):
                found = [self.node(part, stretch) for part in parts]
                return joined(np.bitwise_and, found, 0), joined(np.bitwise_or, found, 1)
            case AnyOf(parts):
                found = [self.node(part, stretch) for part in parts]
                return joined(np.bitwise_or, found, 0), joined(np.bitwise_and, found, 1)
        raise TypeError(f"not part of a rule: {node!r}")

    def _points(self, points: Points, stretch: slice) -> Any:
        entries = [(entry.add_hundredths, *self.node(entry.node, stretch)) for entry in points.entries]
        words = len(self._outcomes["leads"][stretch])
        true, false = np.zeros(words, np.uint64), np.zeros(words, np.uint64)
        for start in range(0, words, CHUNK // 64):
            part = slice(start, min(start + CHUNK // 64, words))
            size = (part.stop - part.start) * 64
            lowest, highest = np.zeros(size, np.int64), np.zeros(size, np.int64)
            for add, holds, fails in entries:
                sure = unpacked(holds[part]) * np.int64(add)
                maybe = unpacked(~(holds[part] | fails[part])) * np.int64(add)
                lowest += sure + (maybe if add < 0 else 0)
                highest += sure + (maybe if add > 0 else 0)
            true[part] = packed(lowest >= points.threshold_hundredths)
            false[part] = packed(highest < points.threshold_hundredths)
        return true, false

    def _holds(self, condition: Condition) -> bool:
        column = self.columns.get(condition.field)
        if column is None:
            return False
        if condition.operator is not Operator.WITHIN_DAYS:
            return True
        return not isinstance(column, Codes) and self.came_at is not None

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
            most = max(4, MOST_BYTES_OF_BITMAPS // max(1, 2 * self.words * 8))
            while len(self._bitmaps) > most:
                self._bitmaps.popitem(last=False)
        return found

    def _worked_out(self, condition: Condition) -> Any:
        column = self.columns[condition.field]
        if column is None:
            raise KeyError(condition.field)
        if not isinstance(column, Codes):
            return outcomes_of_instants(condition, column, self.came_at)
        true, false = column.outcomes(condition)
        return looked_up(column.codes, true), looked_up(column.codes, false)


class HeldWindow:
    """The leads of a window among those that are held."""

    def __init__(self, held: HeldLeads, window: Window, timezone: str) -> None:
        """The leads that came on the window's days, which begin in the zone; all leads where it is open."""
        self.held = held
        self.window = window
        self._zone = timezone
        first, last = 0, held.leads
        if window.first_day is not None and window.last_day is not None:
            first = held.place_of(_start(window.first_day, timezone))
            last = held.place_of(_start(window.last_day + timedelta(days=1), timezone))
        self._offset = first // 64 * 64
        self._stretch = slice(first // 64, max(first // 64, -(-last // 64)))
        outcomes = held.outcomes(self._stretch)
        words = self._stretch.stop - self._stretch.start
        self._inside = (
            outcomes["leads"] & _up_to(last - self._offset, words) & ~_up_to(first - self._offset, words)
        )
        self._outcomes = outcomes

    def judges(self, rule: Rule) -> bool:
        """Whether everything the rule looks at is held."""
        return self.held.judges(rule)

    @cached_property
    def everyone(self) -> Outcomes:
        """What became of all leads of the window."""
        return self.count(self._inside)

    def count(self, leads: "Bits") -> Outcomes:
        """What became of the leads of a bitmap."""
        leads = leads & self._inside
        return Outcomes(
            *(int(np.bitwise_count(leads & of).sum(dtype=np.int64)) for of in self._outcomes.values())
        )

    def passing(self, node: Node) -> "Bits":
        """The leads for which part of a rule is true, as a bitmap; for those who join many of them."""
        found: Bits = self.held.node(node, self._stretch)[0] & self._inside
        return found

    def verdicts(self, rule: Rule) -> Verdicts:
        """What the rule says of the leads: the counts of `leads.backtest.count_verdicts`."""
        true, false = self.held.rule(rule, self._stretch)
        passed, failed = self.count(true), self.count(false)
        weeks: tuple[int, ...] = ()
        if self.window.weeks:
            weeks = tuple(self._between_edges(true & self._inside).tolist())
        return Verdicts(passed, failed, self.everyone - passed - failed, weeks)

    def change(self, before: Rule, after: Rule) -> RuleChange:
        """Who changes side: the counts of `leads.backtest.count_change`."""
        first, second = (self.held.rule(rule, self._stretch) for rule in (before, after))
        cells: dict[tuple[bool | None, bool | None], Outcomes] = {
            (one, other): self.count(first[not one] & second[not other])
            for one in (True, False)
            for other in (True, False)
        }
        cells[None, None] = self.everyone - sum(cells.values(), Outcomes())
        return change_from(self.window, cells)

    def codes(self, field: str) -> bool:
        """Whether a field is held with all its values, of which there are few."""
        return isinstance(self.held.columns.get(field), Codes)

    def warnings(self, rule: Rule) -> tuple[BacktestWarning, ...]:
        """What makes a look at the window less than it seems, as `leads.backtest.warn_of_fields` tells it."""
        names = sorted(fields_of(rule))
        everyone = self.everyone
        known = [self.count(self.passing(Condition(name, Operator.IS_KNOWN))) for name in names]
        return fields_that_mislead(
            names,
            [
                {
                    "won": True,
                    "n": everyone.won,
                    **{f"known_{place}": of.won for place, of in enumerate(known)},
                },
                {
                    "won": False,
                    "n": everyone.leads - everyone.won,
                    **{f"known_{place}": of.leads - of.won for place, of in enumerate(known)},
                },
            ],
        )

    def values_between(self, field: str, low: float, high: float, most: int) -> tuple[float, ...]:
        """At most so many numbers that leads have in a field, between two others, spread evenly over the values."""
        column = self.held.columns.get(field)
        if not isinstance(column, Codes):
            return ()
        among = np.flatnonzero((column.numbers > low) & (column.numbers < high))
        there = self._by_code(column, self._inside)[among + 1] > 0
        found = np.unique(column.numbers[among[there]])
        if len(found) > most:
            found = found[np.linspace(0, len(found) - 1, most + 2).round().astype(int)[1:-1]]
        return tuple(found.tolist())

    def spread(self, field: str, marks: Sequence[float] = ()) -> CountedSpread | None:
        """The leads by classes of a field: the counts of `leads.field_spread.spread_of`. Raises KeyError for a field that is
        not held as a code."""
        column = self.held.columns[field]
        if not isinstance(column, Codes):
            raise KeyError(field)
        n, won, lost = (
            self._by_code(column, self._inside & self._outcomes[name]) for name in ("leads", "won", "lost")
        )
        known = np.flatnonzero(~np.isnan(column.numbers) & (n[1:] > 0))
        if not len(known):
            return None
        known = known[np.argsort(column.numbers[known], kind="stable")]
        values, counts = column.numbers[known], n[known + 1]
        classes = round_classes(
            float(values[0]),
            float(values[-1]),
            _quantile(values, counts, 0.5),
            (_quantile(values, counts, 0.01), _quantile(values, counts, 0.99)),
            bool((values == np.floor(values)).all()),
            marks,
        )
        places = np.searchsorted(np.asarray(classes.edges[1:-1]), values, "right")

        def in_classes(of: Any) -> Any:
            return np.bincount(places, of[known + 1], len(classes.labels)).astype(np.int64)

        all_, of_won, of_lost = in_classes(n), in_classes(won), in_classes(lost)
        return CountedSpread(
            classes,
            won=tuple(of_won.tolist()),
            lost=tuple(of_lost.tolist()),
            open=tuple((all_ - of_won - of_lost).tolist()),
            unknown=int(n.sum() - counts.sum()),
        )

    def scores(self, points: Points) -> tuple[tuple[ScoreCell, ...], tuple[ScoreCell, ...]]:
        """The leads by points, of the earlier and of the later half: the counts of `leads.score_lift.count_scores`."""
        parts = []
        for entry in points.entries:
            true, false = self.held.node(entry.node, self._stretch)
            parts.append(true if entry.add_hundredths > 0 else ~false)  # the least that is known of it
        late = np.zeros(len(self._inside), np.uint64)
        window = self.window
        if window.earliest is not None and window.latest is not None:
            middle = window.earliest + timedelta(days=((window.latest - window.earliest).days + 1) // 2)
            late = self._dated_from(middle)
        became = [self._outcomes[name] for name in ("won", "lost", "unworked")]
        halves: dict[bool, dict[int, Outcomes]] = {False: {}, True: {}}
        counted = self._kinds([*parts, *became, late])
        for kind in np.flatnonzero(counted).tolist():
            n = int(counted[kind])
            score = sum(
                entry.add_hundredths for place, entry in enumerate(points.entries) if kind >> place & 1
            )
            won, lost, unworked, later = (
                bool(kind >> place & 1) for place in range(len(parts), len(parts) + 4)
            )
            half = halves[later]
            half[score] = half.get(score, Outcomes()) + Outcomes(n, n * won, n * lost, n * unworked)
        earlier, newer = (
            tuple(ScoreCell(score / 100, half[score]) for score in sorted(half)) for half in halves.values()
        )
        return earlier, newer

    def kinds(self, traits: Mapping[str, Node]) -> dict[frozenset[str], int]:
        """How many leads have which of the traits: the counts of `leads.score_lift.count_kinds`."""
        names = list(traits)
        found = self._kinds([self.passing(node) for node in traits.values()])
        kinds = [
            (int(found[kind]), tuple(bool(kind >> place & 1) for place in range(len(names))))
            for kind in np.flatnonzero(found).tolist()
        ]
        kinds.sort(key=lambda one: (-one[0], one[1]))
        return {
            frozenset(name for name, there in zip(names, has, strict=True) if there): n
            for n, has in kinds[:MOST_KINDS]
        }

    def _kinds(self, parts: "Sequence[Bits]") -> Any:
        """How many leads of the window have which of the parts, by the number that these are the bits of."""
        found = np.zeros(1 << len(parts), np.int64)
        for start in range(0, len(self._inside), CHUNK // 64):
            words = slice(start, start + CHUNK // 64)
            among = unpacked(self._inside[words]).view(bool)
            kind = np.zeros(int(among.sum()), np.int32)
            for place, bits in enumerate(parts):
                kind |= unpacked(bits[words])[among].astype(np.int32) << place
            found += np.bincount(kind, minlength=len(found))
        return found

    def _by_code(self, column: Codes, leads: "Bits") -> Any:
        """How many of some leads have each code of a column."""
        codes = column.codes[self._offset : self._offset + 64 * len(leads)]
        return np.bincount(codes[unpacked(leads).view(bool)], minlength=len(column.values) + 1)

    def _dated_from(self, day: date) -> "Bits":
        """The leads that came on a day or later; those that came nobody knows when are not among them."""
        first = self.held.place_of(_start(day, self._zone)) - self._offset
        last = self.held.dated - self._offset
        return _up_to(last, len(self._inside)) & ~_up_to(first, len(self._inside))

    def _between_edges(self, leads: "Bits") -> Any:
        """How many of some leads came in each of the window's weeks."""
        assert self.window.earliest is not None
        begin = _start(self.window.earliest, self._zone)
        places = [
            self.held.place_of(begin + number * _WEEK) - self._offset
            for number in range(self.window.weeks + 1)
        ]
        words, bits = np.divmod(np.clip(places, 0, 64 * len(leads)), 64)
        before = np.concatenate([[0], np.cumsum(np.bitwise_count(leads), dtype=np.int64)])
        padded = np.append(leads, np.uint64(0))
        return np.diff(before[words] + np.bitwise_count(padded[words] & _FIRST[bits]))


def _up_to(place: int, words: int) -> "Bits":
    """A bitmap of so many words in which the leads before a place are."""
    found = np.zeros(words, np.uint64)
    word, bit = divmod(min(max(place, 0), 64 * words), 64)
    found[:word] = ~np.uint64(0)
    if bit:
        found[word] = _FIRST[bit]
    return found


def _start(day: date, timezone: str) -> datetime:
    return instants.from_text(instants.day_start(day, timezone))


def _quantile(values: Any, counts: Any, share: float) -> float:
    """The quantile of values that occur so many times each, between two of them where it falls there."""
    ends = np.cumsum(counts)
    at = (int(ends[-1]) - 1) * share
    low = int(np.floor(at))
    first, second = (
        float(values[np.searchsorted(ends, place, "right")])
        for place in (low, min(low + 1, int(ends[-1]) - 1))
    )
    return first + (second - first) * (at - low)
