"""What a rule would have done with past leads: counts in, shares with their intervals and sentences out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Any

from alignment.rules import AllOf, AnyOf, Condition, Node, Not, Operator, Points, Rule, conditions_of
from alignment.statistics import Interval, newcombe, wilson

LEAST_WINS = 30
"""With fewer wins nothing is concluded about which rule finds the better leads."""

DAYS_OF_A_WEEK = 7

_BOUNDS = (Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST)


@dataclass(frozen=True)
class Outcomes:
    """Some leads and what became of them.

    `won` are those that ever were won, `lost` those that were lost and never won. `unworked` are those of the others with
    which nothing happened after they had come: they had no chance to be won, and count neither as won nor as lost.
    """

    leads: int = 0
    won: int = 0
    lost: int = 0
    unworked: int = 0

    def __add__(self, other: "Outcomes") -> "Outcomes":
        """Both together, for leads that are not in both."""
        return Outcomes(
            self.leads + other.leads,
            self.won + other.won,
            self.lost + other.lost,
            self.unworked + other.unworked,
        )

    def __sub__(self, other: "Outcomes") -> "Outcomes":
        """These without the others, which are among them."""
        return Outcomes(
            self.leads - other.leads,
            self.won - other.won,
            self.lost - other.lost,
            self.unworked - other.unworked,
        )

    @property
    def ended(self) -> int:
        """How many were won or lost."""
        return self.won + self.lost

    @property
    def open(self) -> int:
        """How many somebody worked and that have not ended."""
        return self.leads - self.ended - self.unworked

    @property
    def win_rate(self) -> float | None:
        """won / (won + lost); None where none has ended."""
        return self.won / self.ended if self.ended else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the win rate, by Wilson; None where none has ended."""
        return wilson(self.won, self.ended)

    def to_document(self) -> dict[str, Any]:
        """The counts, the win rate and its interval as plain values."""
        interval = self.interval
        return {
            "leads": self.leads,
            "won": self.won,
            "lost": self.lost,
            "open": self.open,
            "unworked": self.unworked,
            "win_rate": self.win_rate,
            "interval": None if interval is None else [interval.low, interval.high],
        }


@dataclass(frozen=True)
class Verdicts:
    """What a rule says of the leads of a window.

    `weeks` is how many leads passed in each of the window's weeks (seven days each, from its first day on), the unfinished
    last one left out; empty where it is not known when leads came.
    """

    passed: Outcomes
    failed: Outcomes
    unknown: Outcomes
    weeks: tuple[int, ...] = ()

    @property
    def leads(self) -> Outcomes:
        """All leads of the window."""
        return self.passed + self.failed + self.unknown

    @property
    def precision(self) -> float | None:
        """Wins among those who pass / those who pass, whether these have ended or not; None where nobody passes."""
        return self.passed.won / self.passed.leads if self.passed.leads else None

    @property
    def recall(self) -> float | None:
        """Wins among those who pass / all wins; None without a win."""
        won = self.leads.won
        return self.passed.won / won if won else None

    @property
    def a_week(self) -> float | None:
        """How many pass in the week in the middle; None where the window has no whole week."""
        return float(median(self.weeks)) if self.weeks else None

    @property
    def better(self) -> Interval | None:
        """By how much the win rate of those that pass is above that of those that fail, by Newcombe; None without both."""
        return newcombe(self.passed.won, self.passed.ended, self.failed.won, self.failed.ended)

    @property
    def sentence(self) -> str:
        """The answer: how many pass, and whether they are the better leads."""
        everyone, passed = self.leads, self.passed
        if not passed.leads:
            return "None of these leads would qualify."
        said = f"{passed.leads:,} of {everyone.leads:,} leads would qualify"
        if everyone.won < LEAST_WINS or not everyone.lost or self.better is None:
            return f"{said}; too little is known of how they ended to say whether these are the better ones."
        if self.better.low > 0:
            return f"{said}, and they were won more often than the others."
        if self.better.high < 0:
            return f"{said}, but they were won less often than the others."
        return f"{said}; nothing shows that they are won more often than the others."

    def weeks_beyond(self, capacity: int) -> int:
        """In how many weeks more passed than sales can work."""
        return sum(week > capacity for week in self.weeks)

    def to_document(self) -> dict[str, Any]:
        """The counts and shares as plain values."""
        return {
            "passed": self.passed.to_document(),
            "failed": self.failed.to_document(),
            "unknown": self.unknown.to_document(),
            "precision": self.precision,
            "recall": self.recall,
            "a_week": self.a_week,
        }


@dataclass(frozen=True)
class Window:
    """Which leads are looked at: those that came from `first_day` to `last_day`, both included; all where both are None.

    `revision` names the version of the lead facts, so that it can be told later from which data a figure comes. `earliest`
    and `latest` are the days between which weeks are counted: those of the window, or else of its first and last lead.
    """

    first_day: date | None
    last_day: date | None
    revision: str
    earliest: date | None = None
    latest: date | None = None

    @property
    def days(self) -> int:
        """How many days lie in the window."""
        if self.earliest is None or self.latest is None:
            return 0
        return (self.latest - self.earliest).days + 1

    @property
    def weeks(self) -> int:
        """How many whole weeks, of seven days each, lie in the window."""
        return self.days // DAYS_OF_A_WEEK

    @property
    def words(self) -> str:
        """The window as it stands in a sentence: `from 1 April to 30 June 2026`, or `of all time`."""
        if self.first_day is None or self.last_day is None:
            return "of all time"
        same = self.first_day.year == self.last_day.year
        first = f"{self.first_day.day} {self.first_day:%B}" + ("" if same else f" {self.first_day.year}")
        return f"from {first} to {self.last_day.day} {self.last_day:%B %Y}"

    @property
    def came(self) -> str:
        """The window after a noun: `that came from 1 April to 30 June 2026`, or `of all time`."""
        return self.words if self.first_day is None else f"that came {self.words}"

    def to_document(self) -> dict[str, Any]:
        """The window as plain values."""
        return {
            "first_day": None if self.first_day is None else self.first_day.isoformat(),
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            "data": self.revision,
        }


@dataclass(frozen=True)
class RuleChange:
    """What happens to past leads when one rule takes the place of another: who changes side.

    `gained` pass by the later rule only, `given_up` by the earlier one only; `both` and `neither` keep their side. Leads
    that either rule leaves open are in `unknown`, and counted on no side.
    """

    window: Window
    both: Outcomes
    gained: Outcomes
    given_up: Outcomes
    neither: Outcomes
    unknown: Outcomes

    @property
    def changed(self) -> int:
        """How many leads change side."""
        return self.gained.leads + self.given_up.leads

    @property
    def won_changed(self) -> int:
        """How many of those that change side were won."""
        return self.gained.won + self.given_up.won

    @property
    def judged(self) -> int:
        """How many leads both rules judge."""
        return self.changed + self.both.leads + self.neither.leads

    @property
    def jaccard(self) -> float | None:
        """Leads that pass both / leads that pass either; None where none does."""
        either = self.changed + self.both.leads
        return self.both.leads / either if either else None

    @property
    def kappa(self) -> float | None:
        """Cohen's κ of the two verdicts, (p_o − p_e) / (1 − p_e); None where both say the same of everyone."""
        if not self.judged:
            return None
        observed = 1 - self.changed / self.judged
        before = (self.both.leads + self.given_up.leads) / self.judged
        after = (self.both.leads + self.gained.leads) / self.judged
        expected = before * after + (1 - before) * (1 - after)
        return None if expected == 1 else (observed - expected) / (1 - expected)

    @property
    def sentence(self) -> str:
        """The change in one sentence: `412 of 5,000 leads would change side; 38 of them were won.`"""
        if not self.judged:
            return f"No lead {self.window.words} can be judged by both rules."
        if not self.changed:
            return f"None of the {self.judged:,} leads {self.window.words} would change side."
        of_these = {0: "none of them was won", 1: "1 of them was won"}.get(
            self.won_changed, f"{self.won_changed:,} of them were won"
        )
        leads = "1 lead" if self.changed == 1 else f"{self.changed:,} leads"
        return f"{leads} of {self.judged:,} {self.window.words} would change side; {of_these}."

    def to_document(self) -> dict[str, Any]:
        """The change as plain values, with its sentence."""
        return {
            "window": self.window.to_document(),
            "sentence": self.sentence,
            "changed": self.changed,
            "won_changed": self.won_changed,
            "judged": self.judged,
            "both": self.both.to_document(),
            "gained": self.gained.to_document(),
            "given_up": self.given_up.to_document(),
            "neither": self.neither.to_document(),
            "unknown": self.unknown.to_document(),
            "kappa": self.kappa,
            "jaccard": self.jaccard,
        }


def pick_window(counted: Sequence[tuple[Window, Outcomes]], least_leads: int = 100) -> int:
    """The place of the first window that tells something: at least `least_leads` leads, and 30 wins.

    Without one, that with the most wins, the first of equals. `counted` is not empty.
    """
    for place, (_, outcomes) in enumerate(counted):
        if outcomes.leads >= least_leads and outcomes.won >= LEAST_WINS:
            return place
    most = max(outcomes.won for _, outcomes in counted)
    return next(place for place, (_, outcomes) in enumerate(counted) if outcomes.won == most)


def change_from(window: Window, cells: Mapping[tuple[bool | None, bool | None], Outcomes]) -> RuleChange:
    """The change by what the earlier and the later rule say of leads: True, False, or None for left open."""
    unknown = sum((found for said, found in cells.items() if None in said), Outcomes())
    return RuleChange(
        window,
        both=cells.get((True, True), Outcomes()),
        gained=cells.get((False, True), Outcomes()),
        given_up=cells.get((True, False), Outcomes()),
        neither=cells.get((False, False), Outcomes()),
        unknown=unknown,
    )


def thresholds_of(rule: Rule) -> dict[int, Condition]:
    """The conditions that set a bound to a number, by their place among all conditions of the rule, from left to right."""
    return {
        place: condition
        for place, condition in enumerate(conditions_of(rule))
        if condition.operator in _BOUNDS
        and isinstance(condition.value, int | float)
        and not isinstance(condition.value, bool)
    }


def with_threshold(rule: Rule, place: int, value: int | float) -> Rule:
    """The rule with another number in the condition at a place of `thresholds_of`. Raises KeyError for any other place."""
    moved = thresholds_of(rule)[place]
    changed = _each_condition(rule, {place: Condition(moved.field, moved.operator, value)})
    assert changed is not None
    return changed


def without_each(rule: Rule) -> tuple[tuple[Condition, Rule | None], ...]:
    """Each condition of the rule, from left to right, and the rule without it; None where nothing would be left."""
    return tuple(
        (condition, _each_condition(rule, {place: None}))
        for place, condition in enumerate(conditions_of(rule))
    )


def _each_condition(rule: Rule, instead: Mapping[int, Condition | None]) -> Rule | None:
    """The rule with other conditions at some places, or none there; groups that become empty go, too."""
    place = -1

    def changed(node: Node) -> Node | None:
        nonlocal place
        match node:
            case Condition():
                place += 1
                return instead.get(place, node)
            case Not(part):
                kept = changed(part)
                return None if kept is None else Not(kept)
            case AllOf(parts) | AnyOf(parts):
                left = tuple(kept for part in parts if (kept := changed(part)) is not None)
                return type(node)(left) if left else None
        raise TypeError(f"not part of a rule: {node!r}")

    if isinstance(rule.root, Points):
        entries = [(entry, changed(entry.node)) for entry in rule.root.entries]
        kept = tuple(replace(entry, node=node) for entry, node in entries if node is not None)
        return replace(rule, root=replace(rule.root, entries=kept)) if kept else None
    root = changed(rule.root)
    return None if root is None else replace(rule, root=root)
