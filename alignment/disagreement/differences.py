"""One way in which two teams differ on a question: its size, its interval, and how often chance does as much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.disagreement import chance, effects
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.results import Effect
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.statistics import Interval, confidence_of, critical_value, newcombe

Array = NDArray[Any]

SIGNIFICANCE = 0.05

LEVELS_AT_MOST = 64
"""Numbers of hundreds of people are put into so many classes of equal size for the draws; δ itself uses them as they are."""

_BOOTSTRAP_FROM = 5


@dataclass(frozen=True)
class Difference:
    """One way in which the teams differ, and what chance has to say about it."""

    effect: Effect
    strength: float
    medium: bool
    leans: bool
    p: float
    between_share: float


def difference_of_tables(a: Array, b: Array, rng: np.random.Generator, repetitions: int) -> Difference:
    """Exclusive answers: total variation, its interval, a permuted χ², and Bergsma's V for strength."""
    given = (a + b) > 0
    a, b = a[given], b[given]
    n_a, n_b = int(a.sum()), int(b.sum())
    dealt = chance.deal(a + b, n_a, rng, repetitions)
    largest_by_chance = np.abs(effects.shares(dealt) - effects.shares(a + b - dealt)).max(axis=-1)
    interval = _total_variation_interval(a, b, largest_by_chance)
    strength = effects.bergsma_v(a, b)
    return Difference(
        effect=Effect("total_variation", float(effects.total_variation(a, b)), interval),
        strength=strength,
        medium=strength >= effects.MEDIUM_ASSOCIATION,
        leans=leans(interval),
        p=chance.share_as_large(effects.chi_square(dealt, a + b - dealt), float(effects.chi_square(a, b)))
        if n_a and n_b
        else 1.0,
        between_share=between_share_of(a, b, dealt, a + b - dealt),
    )


def difference_in_order(
    question: Question, answers: Mapping[Team, TeamAnswers], rng: np.random.Generator, repetitions: int
) -> tuple[Difference, list[Effect]]:
    """Cliff's δ with a permuted Brunner–Munzel test, among those who said something; and further effects of numbers."""
    sales = np.asarray(answers[Team.SALES].said, dtype=np.float64)
    marketing = np.asarray(answers[Team.MARKETING].said, dtype=np.float64)
    levels, where = np.unique(np.concatenate([sales, marketing]), return_inverse=True)
    a = np.bincount(where[: sales.size], minlength=levels.size)
    b = np.bincount(where[sales.size :], minlength=levels.size)
    exact = float(effects.cliffs_delta(a, b))
    if levels.size > LEVELS_AT_MOST and sales.size + marketing.size > 400:
        coarse_a, coarse_b = _merge_levels(a, b, LEVELS_AT_MOST)
    else:
        coarse_a, coarse_b = a, b
    dealt = chance.deal(coarse_a + coarse_b, sales.size, rng, repetitions)
    rest = coarse_a + coarse_b - dealt
    by_chance = np.abs(effects.brunner_munzel(dealt, rest))
    observed = abs(float(effects.brunner_munzel(coarse_a, coarse_b)))
    critical = float(np.quantile(by_chance, 1 - SIGNIFICANCE, method="higher"))
    interval = effects.delta_interval(a, b, critical)
    if question.type is QuestionType.SCALE:
        bins = [coarse_a, coarse_b, dealt, rest]
    else:
        starts = _equal_parts(coarse_a + coarse_b, 5)
        bins = _in_parts(starts, coarse_a, coarse_b, dealt, rest)
    others = []
    if question.type is QuestionType.NUMBER:
        enough = min(sales.size, marketing.size) >= _BOOTSTRAP_FROM
        others.append(
            Effect(
                "difference_of_medians",
                float(np.median(sales) - np.median(marketing)),
                effects.bootstrap_median_difference(sales, marketing, rng, repetitions) if enough else None,
            )
        )
    difference = Difference(
        effect=Effect("cliffs_delta", exact, interval),
        strength=abs(exact),
        medium=abs(exact) >= effects.MEDIUM_DELTA,
        # For numbers the difference of medians is an effect of its own, with an interval of its own.
        leans=leans(interval)
        or any(leans(other.interval) and abs(exact) >= effects.MEDIUM_DELTA for other in others),
        p=chance.share_as_large(by_chance, observed),
        between_share=between_share_of(*bins),
    )
    return difference, others


def difference_in_silence(
    answers: Mapping[Team, TeamAnswers], rng: np.random.Generator, repetitions: int
) -> Difference:
    """How many more people can't say in one team than in the other: Newcombe interval and permutation test."""
    a, b = (np.array([answers[team].cant_say, len(answers[team].said)]) for team in Team)
    difference = difference_of_tables(a, b, rng, repetitions)
    n_a, n_b = int(a.sum()), int(b.sum())
    interval = newcombe(int(a[0]), n_a, int(b[0]), n_b)
    value = float(a[0] / n_a - b[0] / n_b)
    return replace(difference, effect=Effect("difference_cant_say", value, interval), leans=leans(interval))


def headline_of(
    found: Sequence[Difference],
    answers: Mapping[Team, TeamAnswers],
    rng: np.random.Generator,
    repetitions: int,
) -> tuple[Difference | None, tuple[Effect, ...]]:
    """The difference that a question is judged by, and the effects of the others; None where nothing could be tested.

    To the differences in what people say comes the one in who can't say, where that could matter at all. The p-values
    are multiplied by their number (Bonferroni). The headline is a difference in what people say, unless only the other
    is of any size.
    """
    differences = list(found)
    silent = sum(answers[team].cant_say for team in Team)
    n_a, n_b = (answers[team].answered for team in Team)
    if chance.smallest_p_of_share(n_a, n_b, silent) < SIGNIFICANCE:
        differences.append(difference_in_silence(answers, rng, repetitions))
    differences = [replace(one, p=min(1.0, one.p * len(differences))) for one in differences]
    sizeable = [one for one in differences if one.medium] or differences[:1]
    headline = min(sizeable, key=lambda one: one.p, default=None)
    return headline, tuple(one.effect for one in differences if one is not headline)


def _total_variation_interval(a: Array, b: Array, largest_by_chance: Array) -> Interval:
    """Bounds of ½Σ|p − q|; with two answers, the Newcombe interval of their difference, folded at nought.

    With more, from below: intervals of every answer's difference that hold at the same time; all that is surely
    positive, or surely negative, adds up to the bound. From above: total variation is the difference in the share of
    those answers that the first team gives more often, and so is its upper end.
    """
    n_a, n_b = int(a.sum()), int(b.sum())
    value = float(effects.total_variation(a, b))
    more = a * n_b > b * n_a
    whole = newcombe(int(a[more].sum()), n_a, int(b[more].sum()), n_b)
    if whole is None:
        return Interval(0.0, 1.0)
    if len(a) <= 2:
        return Interval(max(0.0, min(whole.low, value)), max(whole.high, value))
    each = _exclusive_intervals(a, n_a, b, n_b, largest_by_chance)
    surely = max(sum(max(i.low, 0.0) for i in each), sum(max(-i.high, 0.0) for i in each))
    return Interval(min(surely, value), max(whole.high, value))


def _exclusive_intervals(a: Array, n_a: int, b: Array, n_b: int, largest_by_chance: Array) -> list[Interval]:
    """A Newcombe interval of each option's difference, for options that exclude each other; all hold at the same time.

    The critical value is taken from the permutations of the largest difference (max-T), over each option's standard
    error without a difference; Bonferroni's where that is smaller, which alone would waste much on rare options.
    Where the permutations say that even the largest difference is nothing unusual (p > 0.05), every interval is drawn
    out to 0: in small groups Newcombe's would lean too readily. `a`, `b`: how many chose each option.
    """
    pooled = (a + b) / (n_a + n_b)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    bar = float(np.quantile(largest_by_chance, 1 - SIGNIFICANCE, method="higher"))
    single, bonferroni = critical_value(1 - SIGNIFICANCE), critical_value(1 - SIGNIFICANCE / len(a))
    largest = float(np.abs(a / n_a - b / n_b).max())
    usual = chance.share_as_large(largest_by_chance, largest) > SIGNIFICANCE
    intervals = []
    for x, y, error in zip(a, b, spread, strict=True):
        z = min(bonferroni, max(single, bar / error)) if error > 0 else bonferroni
        interval = newcombe(int(x), n_a, int(y), n_b, confidence=confidence_of(z)) or Interval(-1.0, 1.0)
        intervals.append(Interval(min(interval.low, 0.0), max(interval.high, 0.0)) if usual else interval)
    return intervals


def between_share_of(a: Array, b: Array, dealt_a: Array, dealt_b: Array) -> float:
    """JSD above its mean by chance, as a share of the pooled entropy; tables beyond the last axis are added up."""
    observed, pooled = (float(np.sum(part)) for part in effects.divergence(a, b))
    if pooled <= 0:
        return 0.0
    by_chance = effects.divergence(dealt_a, dealt_b)[0]
    expected = float(by_chance.mean() if by_chance.ndim == 1 else by_chance.sum(axis=-1).mean())
    return min(1.0, max(0.0, (observed - expected) / pooled))


def leans(interval: Interval | None) -> bool:
    """Whether an interval of a difference leaves out 0."""
    return interval is not None and (interval.low > 0 or interval.high < 0)


def _merge_levels(a: Array, b: Array, parts: int) -> tuple[Array, Array]:
    starts = _equal_parts(a + b, parts)
    return np.add.reduceat(a, starts), np.add.reduceat(b, starts)


def _in_parts(starts: Array, *tables: Array) -> list[Array]:
    return [np.add.reduceat(table, starts, axis=-1) for table in tables]


def _equal_parts(totals: Array, parts: int) -> Array:
    """Where to begin each of at most `parts` neighbouring groups of levels with about equally many people.

    Depends on the pooled counts only, so that permutations stay exact.
    """
    before = np.cumsum(totals) - totals
    group = np.minimum(parts - 1, before * parts // int(totals.sum()))
    return np.flatnonzero(np.diff(group, prepend=-1))
