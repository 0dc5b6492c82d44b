"""Rules of two teams: who asks for which condition, and from which threshold on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment import rules
from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement import chance, effects, positions
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured, distribution_of, judged_by, withheld
from alignment.disagreement.differences import (
    SIGNIFICANCE,
    Difference,
    difference_of_items,
    headline_of,
    leans,
)
from alignment.disagreement.means import largest_mean_difference
from alignment.disagreement.options import option_differences
from alignment.disagreement.positions import Position
from alignment.disagreement.results import Effect, QuestionComparison
from alignment.people import Team
from alignment.rules import AllOf, AnyOf, Condition, Node, Not, Operator, Points, Rule
from alignment.typical_rules import typical_rule_of

Array = NDArray[Any]

MOST_CONDITIONS = 60
"""So many conditions are looked at, those that most people ask for."""

_OPPOSITES = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.IN: Operator.NOT_IN,
    Operator.GREATER: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.IS_KNOWN: Operator.IS_UNKNOWN,
}
_OPPOSITES |= {opposite: operator for operator, opposite in _OPPOSITES.items()}
_FROM = (Operator.GREATER, Operator.AT_LEAST)
_UP_TO = (Operator.LESS, Operator.AT_MOST)


@dataclass(frozen=True, order=True)
class Asked:
    """What a condition asks of a field, whatever its threshold: `words` as in 'at least …' or 'is “referral”'."""

    field: str
    words: str

    @property
    def label(self) -> str:
        """The condition in words, with … for its threshold: `employees at least …`."""
        return f"{self.field.replace('_', ' ')} {self.words}"


def asked_by(rule: Rule) -> dict[Asked, float]:
    """What a rule asks for, each once, with its threshold (NaN where it has none; the lowest of several).

    `not` turns a condition round, and so do points below 0. How conditions are joined is not looked at here. A condition
    that lists values asks for each of them.
    """
    found: dict[Asked, float] = {}
    for condition, negated in _conditions_of(rule):
        for asked, threshold in _taken_apart(condition, negated):
            found[asked] = min(threshold, found.get(asked, threshold))
    return found


def _conditions_of(rule: Rule) -> Iterator[tuple[Condition, bool]]:
    if isinstance(rule.root, Points):
        for entry in rule.root.entries:
            yield from _walk(entry.node, entry.add_hundredths < 0)
    else:
        yield from _walk(rule.root, False)


def _walk(node: Node, negated: bool) -> Iterator[tuple[Condition, bool]]:
    match node:
        case Condition():
            yield node, negated
        case Not(part):
            yield from _walk(part, not negated)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _walk(part, negated)


def _taken_apart(condition: Condition, negated: bool) -> Iterator[tuple[Asked, float]]:
    field, operator, value = condition.field, condition.operator, condition.value
    if operator is Operator.BETWEEN and isinstance(value, tuple):
        bounds = ("at most", "at least") if negated else ("at least", "at most")
        for words, bound in zip(bounds, value, strict=True):
            yield _bound(field, words, bound)
        return
    if negated and operator in _OPPOSITES:
        operator, negated = _OPPOSITES[operator], False
    if operator in _FROM or operator in _UP_TO:
        yield _bound(field, "at least" if operator in _FROM else "at most", value)
    elif operator is Operator.WITHIN_DAYS and isinstance(value, int):
        yield Asked(field, "not within … days" if negated else "within … days"), float(value)
    elif operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        yield Asked(field, "is known" if operator is Operator.IS_KNOWN else "is unknown"), np.nan
    elif operator is Operator.CONTAINS:
        yield Asked(field, f"{'does not contain' if negated else 'contains'} “{value}”"), np.nan
    else:
        is_ = "is" if operator in (Operator.EQUAL, Operator.IN) else "is not"
        for one in value if isinstance(value, tuple) else (value,):
            yield Asked(field, f"{is_} {_shown(one)}"), np.nan


def _bound(field: str, words: str, value: Any) -> tuple[Asked, float]:
    """A bound; days have no threshold that could be averaged, each is a condition of its own."""
    if isinstance(value, date):
        return Asked(field, f"{words} {value.day} {value:%B %Y}"), np.nan
    return Asked(field, f"{words} …"), float(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if isinstance(value, str) else str(value)


def measure_rules(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    draws: Draws,
) -> Measured:
    """Two differences: the condition that one team asks for most more often, and the thresholds that lie furthest apart.

    What fewer than `least` people ask for is left out: it would be their own words. Also the teams' typical rules.
    """
    spoke = [answers[team].spoke for team in Team]
    if min(spoke) < least:
        headline, _ = headline_of([], answers, draws)
        return judged_by(withheld(shown, answers), headline, ())
    people = {team: answers[team].people for team in Team}
    parsed = [_parsed(document) for document in answers[Team.SALES].values]
    conditions, asks, thresholds = _table(parsed, people, least)
    differences = []
    q_of_condition: Sequence[float] = [1.0] * len(conditions)
    if conditions and chance.smallest_p(*spoke) < SIGNIFICANCE:
        # As for several choices; those who can't say ask for nothing.
        everybody = {team: np.append(people[team], answers[team].cant_say) for team in Team}
        asking = difference_of_items(np.vstack([asks, np.zeros(len(conditions))]), everybody, draws)
        first = asking.difference
        q_of_condition = asking.q
        differences.append(replace(first, leans=first.leans or first.p <= SIGNIFICANCE))
        further = _of_thresholds(thresholds, people, first.between_share, draws)
        if further is not None:
            differences.append(further)
    headline, smaller = headline_of(differences, answers, draws)
    described = _describe(shown, answers, conditions, asks, thresholds, q_of_condition, least, rule)
    typical = {team: typical_rule_of(parsed, people[team].tolist(), least) for team in Team}
    rules_of_teams = {team: None if of is None else of.rule for team, of in typical.items()}
    described = replace(described, shown=replace(described.shown, typical_rules=rules_of_teams))
    return judged_by(described, headline, smaller)


@lru_cache(maxsize=4096)
def _parsed(document: str) -> Rule:
    return rules.parse_json(document)


def _table(parsed: list[Rule], people: Mapping[Team, Array], least: int) -> tuple[list[Asked], Array, Array]:
    """The conditions that enough people ask for, most asked first; who asks, and from which threshold on.

    Both tables have shape (rules, conditions); thresholds are NaN where there is none.
    """
    taken = [asked_by(rule) for rule in parsed]
    everybody = people[Team.SALES] + people[Team.MARKETING]
    count: Counter[Asked] = Counter()
    for asked, n in zip(taken, everybody, strict=True):
        for one in asked:
            count[one] += int(n)
    kept = sorted((one for one in count if count[one] >= least), key=lambda one: (-count[one], one))
    kept = kept[:MOST_CONDITIONS]
    shape = (len(parsed), len(kept))
    thresholds = np.array([[asked.get(one, np.nan) for one in kept] for asked in taken]).reshape(shape)
    asks = np.array([[one in asked for one in kept] for asked in taken], dtype=np.float64)
    return kept, asks.reshape(shape), thresholds


def _of_thresholds(
    thresholds: Array, people: Mapping[Team, Array], between: float, draws: Draws
) -> Difference | None:
    """The condition whose thresholds differ most between those of each team who ask for it, by their ranks."""
    everybody = people[Team.SALES] + people[Team.MARKETING]
    ranks = (
        np.stack([_mid_ranks(column, everybody) for column in thresholds.T], axis=1)
        if thresholds.shape[1]
        else thresholds
    )
    found = largest_mean_difference(ranks, people, draws)
    if found is None:
        return None
    sides = _levels(thresholds[:, found.item], people)
    with_threshold = int(np.count_nonzero(~np.isnan(thresholds).all(axis=0)))
    delta = float(effects.cliffs_delta(*sides))
    return Difference(
        effect=Effect("cliffs_delta", delta),
        strength=abs(delta),
        medium=abs(delta) >= effects.MEDIUM_DELTA,
        leans=leans(found.interval) and found.p <= SIGNIFICANCE,
        # Any of the conditions might have been the one that differs most (Bonferroni).
        p=max(
            found.p,
            min(1.0, with_threshold * effects.cautious_p(*sides)),
            chance.all_on_one_side(*(int(side.sum()) for side in sides)),
        ),
        between_share=between,
    )


def _levels(values: Array, people: Mapping[Team, Array]) -> tuple[Array, Array]:
    """Counts of both teams on the ordered different values; who has none is left out."""
    given = ~np.isnan(values)
    levels, where = np.unique(values[given], return_inverse=True)
    of_sales, of_marketing = (
        np.bincount(where, weights=people[team][given], minlength=levels.size) for team in Team
    )
    return of_sales, of_marketing


def _mid_ranks(values: Array, people: Array) -> Array:
    """The rank of each value among everybody who gave one, ties counted half; NaN stays NaN."""
    given = ~np.isnan(values)
    levels, where = np.unique(values[given], return_inverse=True)
    counts = np.bincount(where, weights=people[given], minlength=levels.size)
    ranks = np.full(values.shape, np.nan)
    ranks[given] = (np.cumsum(counts) - counts / 2)[where]
    return ranks


def _describe(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    conditions: list[Asked],
    asks: Array,
    thresholds: Array,
    q_of_condition: Sequence[float],
    least: int,
    rule: ConsensusRule,
) -> Measured:
    people = {team: answers[team].people for team in Team}
    n = {team: answers[team].answered for team in Team}
    counts = {team: (people[team] @ asks).astype(np.int64) for team in Team}
    medians = {team: _medians(thresholds, people[team], least) for team in Team}
    labels = tuple(one.label for one in conditions)
    standing = {team: positions.on_options(counts[team].tolist(), 0, n[team], rule) for team in Team}
    settled = all(standing[team].settled for team in Team)
    if settled and standing[Team.SALES].place == standing[Team.MARKETING].place:
        # The same conditions from far apart thresholds are two different rules.
        firm = [
            index for index in range(len(labels)) if counts[Team.SALES][index] >= rule.agree * n[Team.SALES]
        ]
        if not all(_near(medians[Team.SALES][i], medians[Team.MARKETING][i]) for i in firm):
            standing = {team: Position(True, team.value) for team in Team}
    together = settled and standing[Team.SALES].place == standing[Team.MARKETING].place
    return Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={
                team: replace(distribution_of(labels, counts[team], answers[team]), thresholds=medians[team])
                for team in Team
            },
            differences=option_differences(labels, counts, n, rule, q_of_condition),
        ),
        standing=standing,
    )


def _medians(thresholds: Array, people: Array, least: int) -> tuple[float | None, ...]:
    """The median threshold of each condition among those who ask for it; None with fewer than `least` of them."""
    found: list[float | None] = []
    for column in thresholds.T:
        values = np.repeat(column, people)
        values = values[~np.isnan(values)]
        found.append(float(np.median(values)) if values.size >= least else None)
    return tuple(found)


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return True
    middle = (one + other) / 2
    return abs(one - middle) <= positions.NUMBER_TOLERANCE * abs(middle) + 1e-12
