"""Searching rules that both teams can live with: built from the conditions of both, within limits that are set before.

A team's support of a rule is how much of what the team wants, and of what the rule takes, is the same: leads that pass both /
leads that pass either (Jaccard). The search looks for rules that convince the less convinced team most. It is made of counting
bits and draws nothing by lot: the same leads and rules always give the same list.

The best of many rules is partly the luckiest on the leads it was chosen by. So rules are chosen by one half of the leads, and what
is told of them is counted on the other half, which had no part in the choice (Cox, 1975, Biometrika 62: data splitting).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, prod
from typing import TYPE_CHECKING, Any

from alignment.people import Team
from alignment.rules import AllOf, AnyOf, Condition, Node, Operator, Points, Rule, distinct, identity_of
from alignment.what_if import Outcomes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bits = NDArray[np.uint64]

MOST_WORDS = 400_000_000
"""So many words of 64 leads are looked at in all, which is a few seconds."""

MOST_ON_FRONT = 200
SHORT_LIST = 6
_BOUNDS = (Operator.AT_LEAST, Operator.GREATER, Operator.AT_MOST, Operator.LESS)


@dataclass(frozen=True)
class Limits:
    """What a rule has to keep to: leads a week at least and at most, and a win rate at least. None: no limit."""

    least_a_week: float | None = None
    most_a_week: float | None = None
    least_win_rate: float | None = None

    def kept(self, a_week: float, win_rate: float | None) -> bool:
        """Whether so many leads a week and such a win rate, from 0 to 1, keep to them; no win rate meets no limit to it."""
        if self.least_a_week is not None and a_week < self.least_a_week:
            return False
        if self.most_a_week is not None and a_week > self.most_a_week:
            return False
        return self.least_win_rate is None or (win_rate is not None and win_rate >= self.least_win_rate)


@dataclass(frozen=True)
class Price:
    """What a rule means for one team: `support` from 0 to 1, the leads it gives up, and those it takes without wanting them."""

    support: float
    gives_up: Outcomes
    takes: Outcomes


@dataclass(frozen=True)
class Bridge:
    """A rule between the two teams' own, with the leads that pass and what it means for each team.

    All counts are of the half of the leads that had no part in the choice; `a_week` is for all leads, scaled from those.
    """

    rule: Rule
    passed: Outcomes
    a_week: float
    prices: Mapping[Team, Price]

    @property
    def support(self) -> float:
        """The support of the less convinced team."""
        return min(price.support for price in self.prices.values())


@dataclass(frozen=True)
class Search:
    """What a search found: the best bridges, that of the most support in the half that was searched first; how many rules it
    tried, of how many; and how many leads it chose by (`searched`) and told figures of (`told`)."""

    bridges: tuple[Bridge, ...]
    tried: int
    possible: int
    searched: int
    told: int

    @property
    def complete(self) -> bool:
        """Whether every rule that can be built was tried."""
        return self.tried >= self.possible


@dataclass(frozen=True)
class Slot:
    """Something that a rule may ask for: the forms that it can take. `shared` is whether both teams ask for it."""

    forms: tuple[Node, ...]
    shared: bool = False


Numbers = Callable[[str, float, float], Sequence[float]]
"""A few numbers that leads have in a field, above a low and below a high one, in rising order."""


def slots_of(rules: Mapping[Team, Rule], numbers: Numbers) -> tuple[Slot, ...]:
    """What a rule can be built from: for each thing that a team asks for, the forms it may take; each may be left out.

    Bounds of one field that both teams set become one slot, with `numbers` of leads in between; so do lists of values of one
    field, with what both list and what either lists. A condition of one field that both ask for otherwise may take either
    form. A bound that only one team sets, or both alike, may be a step stricter or looser, and of what a team takes any of,
    each may be left out, so that limits can be met. Raises TypeError for points, of which no rule is built.
    """
    slots: list[Slot] = []
    first, second = (list(_parts(rules[team])) for team in Team)
    for node in first:
        other = next((one for one in second if _alike(node, one)), None)
        if other is not None:
            second = [one for one in second if one is not other]
        if other is None or identity_of(other) == identity_of(node):
            forms = _own_forms(node, numbers)
        else:
            forms = _forms(node, other, numbers)
        slots.append(Slot(distinct(forms), other is not None))
    slots += [Slot(distinct(_own_forms(node, numbers))) for node in second]
    return tuple(slots)


def search(
    slots: Sequence[Slot],
    rules: Mapping[Team, Rule],
    passing: Callable[[Node], "Bits"],
    count: Callable[["Bits"], Outcomes],
    weeks: float,
    limits: Limits,
    progress: Callable[[float], None] = lambda _: None,
    most_words: int = MOST_WORDS,
) -> Search:
    """Find the rules on the Pareto front of both teams' support and the win rate, within the limits, on one half of the leads,
    and tell of at most six what they are on the other half.

    `passing` gives the leads for which part of a rule is true, as a bitmap, `count` what became of those of a bitmap;
    `weeks` is how long the window is. Of what is chosen from the slots, all has to hold; or all that both teams speak of, and
    at least one of the others. All such rules are tried where they are few enough; else the search climbs from several
    beginnings, changing one slot at a time. `progress` is told the share that is done; what it raises ends the search.
    """
    words = len(passing(_as_node(rules[Team.SALES])))
    half = _Half(one_half(words), count, weeks)
    other = _Half(~half.leads, count, weeks)
    ground = _Ground(slots, rules, lambda node: passing(node) & half.leads)
    most = max(1_000, most_words // (4 * max(1, words)))
    if ground.possible <= most:
        for number, choice in enumerate(ground.every()):
            if number % 500 == 0:
                progress(0.8 * number / ground.possible)
            ground.look(choice)
    else:
        ground.climb(most, lambda share: progress(0.8 * share))
    ground.look(EITHER)
    chosen = _front(ground, half, limits, lambda share: progress(0.8 + 0.2 * share))
    wanted = {team: passing(_as_node(rules[team])) for team in Team}
    bridges = tuple(_told(node, passing(node), wanted, other) for node in chosen)
    progress(1.0)
    tried = len(ground.seen)
    return Search(bridges, tried, max(ground.possible + 1, tried), half.size, other.size)


class _Half:
    """One half of the leads, and what is counted in it."""

    def __init__(self, leads: "Bits", count: Callable[["Bits"], Outcomes], weeks: float) -> None:
        self.leads = leads
        self.size = count(leads).leads
        self._count = count
        both = self.size + count(~leads).leads
        # as if all leads were like these
        self._weeks = weeks * self.size / both if both else 0.0

    def count(self, bits: "Bits") -> Outcomes:
        """What became of those leads of a bitmap that are in this half."""
        return self._count(bits & self.leads)

    def a_week(self, passed: Outcomes) -> float:
        """How many leads a week that is, for all leads."""
        return passed.leads / self._weeks if self._weeks else 0.0


def one_half(words: int) -> "Bits":
    """About half of so many words of 64 leads, always the same ones, and none more likely for when it came or stands.

    The bits are those of SplitMix64 (Steele, Lea, Flood 2014) for the number of the word.
    """
    import numpy as np

    mixed = np.arange(1, words + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _told(node: Node, passing: "Bits", wanted: Mapping[Team, "Bits"], half: _Half) -> Bridge:
    """What a rule that was chosen on other leads is on these."""
    passed = half.count(passing)
    prices = {
        team: Price(
            _in_common(passing & half.leads, theirs & half.leads),
            half.count(theirs & ~passing),
            half.count(passing & ~theirs),
        )
        for team, theirs in wanted.items()
    }
    return Bridge(Rule(node), passed, half.a_week(passed), prices)


def _in_common(one: "Bits", other: "Bits") -> float:
    either = _size(one | other)
    return _size(one & other) / either if either else 0.0


Choice = tuple[int, ...]
"""0 for all, 1 for at least one of the slots that one team alone speaks of; then for each slot which form, 0 for none."""

EITHER: Choice = ()
"""What meets either team's whole rule."""


class _Ground:
    """The rules that can be built, the leads that pass each, and both teams' support."""

    def __init__(
        self,
        slots: Sequence[Slot],
        rules: Mapping[Team, Rule],
        passing: Callable[[Node], "Bits"],
    ) -> None:
        wanted = {team: _as_node(rules[team]) for team in Team}
        self.options = [((None, None), *((node, passing(node)) for node in slot.forms)) for slot in slots]
        self.wanted = {team: passing(node) for team, node in wanted.items()}
        self.seen: dict[Choice, tuple[float, float]] = {}
        self._either = AnyOf(tuple(wanted.values()))
        self._sizes = {team: _size(bits) for team, bits in self.wanted.items()}
        self._alone = [not slot.shared for slot in slots]
        self._sides = 2 if sum(self._alone) > 1 else 1
        self.possible = self._sides * prod(len(option) for option in self.options)

    def every(self) -> Iterator[Choice]:
        return product(range(self._sides), *(range(len(option)) for option in self.options))

    def look(self, choice: Choice) -> tuple[float, float]:
        """Both teams' support of a choice, kept."""
        found = self.seen.get(choice)
        if found is None:
            bits = self.bits(choice)
            found = self.seen[choice] = (0.0, 0.0) if bits is None else self._support(bits)
        return found

    def bits(self, choice: Choice) -> "Bits | None":
        """The leads that pass; None where nothing is asked for, and where the choice says the same as another."""
        if choice == EITHER:
            first, second = self.wanted.values()
            return first | second
        together: Bits | None = None
        some: Bits | None = None
        several = 0
        for alone, option, chosen in zip(self._alone, self.options, choice[1:], strict=True):
            picked = option[chosen][1]
            if picked is None:
                continue
            if alone and choice[0]:
                some, several = picked if some is None else some | picked, several + 1
            else:
                together = picked if together is None else together & picked
        if choice[0] and several < 2:
            return None
        if together is None or some is None:
            return some if together is None else together
        return together & some

    def node(self, choice: Choice) -> Node:
        """The same as a rule."""
        if choice == EITHER:
            return self._either
        picked = [
            (alone, option[chosen][0])
            for alone, option, chosen in zip(self._alone, self.options, choice[1:], strict=True)
        ]
        some = [node for alone, node in picked if node is not None and alone and choice[0]]
        parts = [node for alone, node in picked if node is not None and not (alone and choice[0])]
        if some:
            parts.append(AnyOf(tuple(some)))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def climb(self, most: int, progress: Callable[[float], None]) -> None:
        """Better one slot after the other from several beginnings, until nothing helps or so many were looked at."""
        sizes = [self._sides, *(len(option) for option in self.options)]
        full = tuple(size - 1 for size in sizes[1:])
        beginnings = [(0, *(min(1, one) for one in full)), (0, *full), (self._sides - 1, *full)]
        for place in range(len(full)):
            beginnings.append((0, *(one if place == at else 0 for at, one in enumerate(full))))
        for number, beginning in enumerate(beginnings):
            here: Choice = beginning
            better = True
            while better and len(self.seen) < most:
                progress(max(number / len(beginnings), len(self.seen) / most))
                better = False
                for place, size in enumerate(sizes):
                    ways = [(*here[:place], form, *here[place + 1 :]) for form in range(size)]
                    best = max(ways, key=lambda way: (*_worth(self.look(way)), way == here))
                    better = better or _worth(self.look(best)) > _worth(self.look(here))
                    here = best

    def _support(self, bits: "Bits") -> tuple[float, float]:
        passed = _size(bits)
        found = []
        for team in Team:
            both = _size(bits & self.wanted[team])
            either = passed + self._sizes[team] - both
            found.append(both / either if either else 0.0)
        return found[0], found[1]


def _front(
    ground: _Ground, half: _Half, limits: Limits, progress: Callable[[float], None]
) -> tuple[Node, ...]:
    """The best of what was looked at that keep to the limits, none worse than another in everything."""
    found: list[tuple[tuple[float, float, float], Choice]] = []
    told: set[tuple[float, ...]] = set()
    # of equals the one that asks for least, and then the first
    order = sorted(
        ground.seen,
        key=lambda choice: (*(-one for one in _worth(ground.seen[choice])), _asked(choice), choice),
    )
    for number, choice in enumerate(order):
        if number % 500 == 0:
            progress(number / len(order))
        support = ground.seen[choice]
        if not min(support) or len(found) >= MOST_ON_FRONT:
            break
        bits = ground.bits(choice)
        passed = half.count(bits) if bits is not None else Outcomes()
        rate = round(passed.win_rate or 0.0, 2)  # less than a hundredth is no reason to prefer a rule
        worth = (*support, rate)
        if worth in told or not limits.kept(half.a_week(passed), passed.win_rate):
            continue
        told.add(worth)
        if not any(
            all(one >= other for one, other in zip(better, worth, strict=True)) for better, *_ in found
        ):
            found.append((worth, choice))
    return tuple(ground.node(choice) for _, choice in _spread(found))


def _spread(found: list[Any]) -> list[Any]:
    """The first of a front, which convince most, and among those that follow the one of the best win rate."""
    if len(found) <= SHORT_LIST:
        return found
    best = max(found[SHORT_LIST - 1 :], key=lambda one: one[0][2])
    return [*found[: SHORT_LIST - 1], best]


def _worth(support: tuple[float, float]) -> tuple[float, float]:
    return min(support), sum(support)


def _asked(choice: Choice) -> int:
    return sum(form > 0 for form in choice) if choice else len(choice) + 99


def _size(bits: "Bits") -> int:
    import numpy as np

    return int(np.bitwise_count(bits).sum(dtype=np.int64))


def _as_node(rule: Rule) -> Node:
    if isinstance(rule.root, Points):
        raise TypeError("points are no part of another rule")
    return rule.root


def _parts(rule: Rule) -> tuple[Node, ...]:
    node = _as_node(rule)
    return node.parts if isinstance(node, AllOf) else (node,)


def _alike(one: Node, other: Node) -> bool:
    """Whether two parts ask about the same field."""
    return identity_of(one) == identity_of(other) or (
        isinstance(one, Condition) and isinstance(other, Condition) and one.field == other.field
    )


def _own_forms(node: Node, numbers: Numbers) -> Iterator[Node]:
    """A part that is not in dispute, a step looser and a step stricter, or without one of its choices."""
    yield node
    if isinstance(node, AnyOf) and len(node.parts) > 1:
        for place in range(len(node.parts)):
            left = (*node.parts[:place], *node.parts[place + 1 :])
            yield left[0] if len(left) == 1 else AnyOf(left)
    if isinstance(node, Condition) and node.operator in _BOUNDS and _is_number(node.value):
        value = float(node.value)  # type: ignore[arg-type]
        below, above = numbers(node.field, -inf, value), numbers(node.field, value, inf)
        # the nearest on either side, and one that is far enough to matter
        nearest = (*below[-1:], *above[:1])
        further = (*below[(len(below) - 1) // 2 :][:1], *above[len(above) // 2 :][:1])
        for step in dict.fromkeys((*nearest, *further)):
            yield Condition(node.field, node.operator, _whole(step))


def _forms(one: Node, other: Node, numbers: Numbers) -> Iterator[Node]:
    """The forms of something that both teams ask for, each otherwise."""
    yield one
    yield other
    if not isinstance(one, Condition) or not isinstance(other, Condition):
        return
    if one.operator is other.operator and one.operator in _BOUNDS:
        if _is_number(one.value) and _is_number(other.value):
            low, high = sorted((float(one.value), float(other.value)))  # type: ignore[arg-type]
            for value in numbers(one.field, low, high):
                yield Condition(one.field, one.operator, _whole(value))
        return
    first, second = _listed(one), _listed(other)
    if first and second and isinstance(first[0], bool) is isinstance(second[0], bool):
        either = tuple(dict.fromkeys((*first, *second)))
        both = tuple(value for value in first if value in second)
        for values in (either, both):
            if values and values not in (first, second):
                yield Condition(one.field, Operator.IN, values)
        return
    yield AnyOf((one, other))


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(condition: Condition) -> tuple[Any, ...]:
    """The values that a condition lists, () where it does something else."""
    if condition.operator is Operator.IN and isinstance(condition.value, tuple):
        return condition.value
    return (condition.value,) if condition.operator is Operator.EQUAL else ()
