"""One way in which two teams differ on a question: its size, its interval, and how often chance does as much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.disagreement import chance, effects
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.chance import Draws
from alignment.disagreement.results import Effect
from alignment.people import Team
from alignment.statistics import Interval, benjamini_hochberg, confidence_of, critical_value, newcombe

Array = NDArray[Any]

SIGNIFICANCE = 0.05

LEVELS_AT_MOST = 64
"""Numbers of hundreds of people are put into so many classes of equal size for the draws; δ itself uses them as they are."""


@dataclass(frozen=True)
class Difference:
    """One way in which the teams differ, and what chance has to say about it."""

    effect: Effect
    strength: float
    medium: bool
    leans: bool
    p: float
    between_share: float


def difference_of_tables(a: Array, b: Array, draws: Draws) -> Difference:
    """Exclusive answers: total variation, its interval, a permuted χ², and Bergsma's V for strength."""
    given = (a + b) > 0
    a, b = a[given], b[given]
    n_a, n_b = int(a.sum()), int(b.sum())
    dealt = draws.deal(a + b, n_a)
    # |p − q| of every answer is its deviation from what is expected, times one number.
    deviation = np.abs(dealt - n_a * (a + b) / max(n_a + n_b, 1))
    largest_by_chance = deviation.max(axis=-1, initial=0.0) * ((n_a + n_b) / max(n_a * n_b, 1))
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
        between_share=between_share_of(a, b),
    )


@dataclass(frozen=True)
class ItemsApart:
    """How many of each team gave each of several items (options, conditions), and how far that lies apart.

    `difference` is the largest difference of the shares; `q` the false-discovery rate of each item, 1 where everybody or
    nobody gave it; `shares_apart` are sales − marketing.
    """

    difference: Difference
    counts: Mapping[Team, Array]
    shares_apart: Array
    q: tuple[float, ...]


def difference_of_items(given: Array, people: Mapping[Team, Array], draws: Draws) -> ItemsApart:
    """The item whose share differs most, by permutation of people: items of one person hang together (max-T).

    `given` has shape (answers, items), 1 where the answer has the item; `people` is how many of each team gave each
    answer, those who gave none included.
    """
    a, b = people[Team.SALES], people[Team.MARKETING]
    n_a, n_b = int(a.sum()), int(b.sum())
    counts = {team: (people[team] @ given).astype(np.int64) for team in Team}
    of_a, of_b = counts[Team.SALES], counts[Team.MARKETING]
    totals = of_a + of_b
    dealt = draws.deal_sums(a + b, given, n_a)
    by_chance = np.abs(dealt / n_a - (totals - dealt) / n_b)
    largest_by_chance = by_chance.max(axis=-1)
    apart = of_a / n_a - of_b / n_b
    largest = int(np.argmax(np.abs(apart)))
    varied = np.flatnonzero((totals > 0) & (totals < n_a + n_b))
    # Bonferroni over the items: the one that differs most was picked among so many.
    interval = newcombe(
        int(of_a[largest]), n_a, int(of_b[largest]), n_b, confidence=1 - SIGNIFICANCE / max(1, varied.size)
    )
    value = float(apart[largest])
    difference = Difference(
        effect=Effect("largest_difference", value, interval),
        strength=above_chance(abs(value), float(largest_by_chance.mean())),
        medium=abs(value) >= effects.MEDIUM_ASSOCIATION,
        leans=leans(interval),
        p=chance.share_as_large(largest_by_chance, abs(value)),
        between_share=between_share_of(yes_and_no(of_a, n_a), yes_and_no(of_b, n_b)),
    )
    q = np.ones(totals.size)
    q[varied] = benjamini_hochberg(
        [chance.share_as_large(by_chance[:, i], abs(float(apart[i]))) for i in varied]
    )
    return ItemsApart(difference, counts, apart, tuple(float(one) for one in q))


def difference_in_order(answers: Mapping[Team, TeamAnswers], draws: Draws, *, parts: int) -> Difference:
    """Cliff's δ with a permuted Brunner–Munzel test, among those who said something.

    What lies between the teams is told by `parts` parts of equally many people; by every level where `parts` is 0.
    """
    a, b = (answers[team].people for team in Team)
    exact = float(effects.cliffs_delta(a, b))
    coarse_a, coarse_b = a, b
    if a.size > LEVELS_AT_MOST and a.sum() + b.sum() > 400:
        coarse_a, coarse_b = in_parts(a, b, LEVELS_AT_MOST)
    dealt = draws.deal(coarse_a + coarse_b, int(a.sum()))
    by_chance = np.abs(effects.brunner_munzel(dealt, coarse_a + coarse_b - dealt))
    observed = abs(float(effects.brunner_munzel(coarse_a, coarse_b)))
    interval = effects.delta_interval(a, b, chance.upper_quantile(by_chance, 1 - SIGNIFICANCE))
    return Difference(
        effect=Effect("cliffs_delta", exact, interval),
        strength=abs(exact),
        medium=abs(exact) >= effects.MEDIUM_DELTA,
        leans=leans(interval),
        p=max(
            chance.share_as_large(by_chance, observed),
            effects.cautious_p(a, b),
            chance.all_on_one_side(int(a.sum()), int(b.sum())),
        ),
        between_share=between_share_of(*(in_parts(coarse_a, coarse_b, parts) if parts else (a, b))),
    )


def difference_in_silence(answers: Mapping[Team, TeamAnswers], draws: Draws) -> Difference:
    """How many more people can't say in one team than in the other: Newcombe interval and permutation test."""
    a, b = (np.array([answers[team].cant_say, answers[team].spoke]) for team in Team)
    difference = difference_of_tables(a, b, draws)
    n_a, n_b = int(a.sum()), int(b.sum())
    interval = newcombe(int(a[0]), n_a, int(b[0]), n_b)
    value = float(a[0] / n_a - b[0] / n_b)
    return replace(difference, effect=Effect("difference_cant_say", value, interval), leans=leans(interval))


def headline_of(
    found: Sequence[Difference], answers: Mapping[Team, TeamAnswers], draws: Draws
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
        differences.append(difference_in_silence(answers, draws))
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
    bar = chance.upper_quantile(largest_by_chance, 1 - SIGNIFICANCE)
    single, bonferroni = critical_value(1 - SIGNIFICANCE), critical_value(1 - SIGNIFICANCE / len(a))
    largest = float(np.abs(a / n_a - b / n_b).max())
    usual = chance.share_as_large(largest_by_chance, largest) > SIGNIFICANCE
    intervals = []
    for x, y, error in zip(a, b, spread, strict=True):
        z = min(bonferroni, max(single, bar / error)) if error > 0 else bonferroni
        interval = newcombe(int(x), n_a, int(y), n_b, confidence=confidence_of(z)) or Interval(-1.0, 1.0)
        intervals.append(Interval(min(interval.low, 0.0), max(interval.high, 0.0)) if usual else interval)
    return intervals


def between_share_of(a: Array, b: Array, expected: float | None = None) -> float:
    """JSD above its mean by chance, as a share of the pooled entropy; tables beyond the last axis are added up.

    `expected` is that mean; None where `a` and `b` count everybody in every table, so that it can be worked out.
    """
    observed, pooled = (float(np.sum(part)) for part in effects.divergence(a, b))
    if pooled <= 0:
        return 0.0
    if expected is None:
        n_a, n_b = (int(np.sum(side.reshape(-1, side.shape[-1])[0])) for side in (a, b))
        expected = effects.expected_divergence(a + b, n_a + n_b, n_a)
    return min(1.0, max(0.0, (observed - expected) / pooled))


def above_chance(value: float, expected: float) -> float:
    """An effect above its mean by chance, as a share of what is left above it: 0 to 1."""
    return max(0.0, (value - expected) / (1 - expected)) if expected < 1 else 0.0


def yes_and_no(ticks: Array, people: Array | int) -> Array:
    """How many gave each answer and how many did not, on a new last axis."""
    return np.stack([ticks, people - ticks], axis=-1)


def leans(interval: Interval | None) -> bool:
    """Whether an interval of a difference leaves out 0."""
    return interval is not None and (interval.low > 0 or interval.high < 0)


def in_parts(a: Array, b: Array, parts: int) -> tuple[Array, Array]:
    """Counts on ordered levels, with neighbouring levels put together into at most `parts` of about equally many people."""
    starts = _equal_parts(a + b, parts)
    return np.add.reduceat(a, starts), np.add.reduceat(b, starts)


def _equal_parts(totals: Array, parts: int) -> Array:
    """Where to begin each part. Depends on the pooled counts only, so that permutations stay exact."""
    before = np.cumsum(totals) - totals
    group = np.minimum(parts - 1, before * parts // int(totals.sum()))
    return np.flatnonzero(np.diff(group, prepend=-1))
