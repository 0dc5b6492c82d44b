"""Answers dealt anew to two teams of the same sizes: what differences arise by chance alone."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment.disagreement.effects import Floats
from alignment.people import Team

Counts = NDArray[np.int64]

_CELLS_AT_ONCE = 4_000_000
"""Tables of draws are worked on in blocks of at most so many cells, so that 10,000 people need no gigabyte."""

_CELLS_KEPT = 64_000_000
"""So many cells of draws are kept for further questions, in two bytes each (four beyond 32,767 people)."""

_WORTH_DEALING = 25
"""With so many people to one answer, drawing the counts takes about as long as dealing people one by one."""


class Draws:
    """The draws of one comparison, `repetitions` of each kind, from one generator. Tables come as (repetitions, k).

    People are dealt to the teams once for all questions that equally many people of each team answered: whoever sits at
    the i-th place when a question's answers are laid in order gets the i-th label. For each question on its own every way
    to deal its people is equally likely, so that its permutation distribution is exact; only the luck of the draw is the
    same for several questions, which ties their p-values together the same way (positively), and so leaves the correction
    of Benjamini and Hochberg valid (Benjamini & Yekutieli 2001). The same holds for the bootstraps of each team.
    """

    def __init__(self, rng: np.random.Generator, repetitions: int) -> None:
        self.repetitions = repetitions
        self._rng = rng
        self._kept: dict[tuple[str, int, int], NDArray[np.integer]] = {}
        self._asked_for: set[tuple[int, int]] = set()
        self._middles: dict[tuple[int, Team], tuple[Floats, Floats]] = {}
        self._last: tuple[tuple[int, bytes], Counts] | None = None

    def deal(self, totals: ArrayLike, size: int) -> Counts:
        """Counts of the first team's answers when `size` of all people are picked at random.

        `totals` are the pooled counts of each answer, of shape (k,); the second team has `totals` minus the result. The
        multivariate hypergeometric distribution, drawn answer by answer or from people dealt one by one: what is faster.
        """
        pooled = np.asarray(totals, dtype=np.int64)
        counts = self._drawn_counts(pooled, size)
        if counts is not None:
            return counts
        return np.diff(self._dealt(int(pooled.sum()), size)[_bounds(pooled)], axis=0).T.astype(np.int64)

    def deal_sums(self, totals: ArrayLike, values: ArrayLike, size: int) -> Floats:
        """Sums over `size` of all people picked at random: `values` is what each answer counts for, (k, columns)."""
        pooled, table = np.asarray(totals, dtype=np.int64), np.asarray(values, dtype=np.float64)
        counts = self._drawn_counts(pooled, size)
        if counts is not None:
            return _product(table, counts.T).T
        return _sums(self._dealt(int(pooled.sum()), size), pooled, table)

    def resample_sums(self, counts: ArrayLike, values: ArrayLike, team: Team) -> Floats:
        """Sums over as many people of a team drawn from it with replacement (the bootstrap), as `deal_sums`."""
        people = np.asarray(counts, dtype=np.int64)
        return _sums(self._resampled(int(people.sum()), team), people, np.asarray(values, dtype=np.float64))

    def resample_medians(self, values: ArrayLike, team: Team) -> Floats:
        """Medians of as many values of a team drawn from it with replacement, of shape (repetitions,); n ≥ 1 values.

        Nobody is drawn: the middle order statistics of n uniform draws follow Beta distributions, and an order statistic
        of a resample is the value at the rank it falls on. Exact, and as fast for 10,000 as for 10.
        """
        ordered = np.sort(np.asarray(values, dtype=np.float64))
        n = ordered.size
        if (n, team) not in self._middles:
            lower = (n + 1) // 2
            first = self._rng.beta(lower, n - lower + 1, self.repetitions)
            second = first if n % 2 else first + (1 - first) * self._rng.beta(1, n - lower, self.repetitions)
            self._middles[n, team] = first, second
        first, second = (
            ordered[np.minimum((place * n).astype(np.int64), n - 1)] for place in self._middles[n, team]
        )
        return (first + second) / 2

    def _drawn_counts(self, pooled: Counts, size: int) -> Counts | None:
        """`deal` where counts are best drawn: of few answers among many people, unless so many people are dealt anyway.

        The same answers are drawn but once, for all that is asked of one question.
        """
        answers, people = (size, pooled.tobytes()), int(pooled.sum())
        if self._last is not None and self._last[0] == answers:
            return self._last[1]
        again = (people, size) in self._asked_for
        self._asked_for.add((people, size))
        if again or pooled.size * _WORTH_DEALING > people:
            return None
        counts = self._rng.multivariate_hypergeometric(
            pooled, size, size=self.repetitions, method="marginals"
        )
        self._last = answers, counts
        return counts

    def _dealt(self, people: int, size: int) -> NDArray[np.integer]:
        """How many of the first i people are in the first team, of shape (people + 1, repetitions)."""
        key = ("dealt", people, size)
        if key not in self._kept:
            self._keep(key, (_labels(people, size, self._rng, n) for n in self._blocks(people)))
        return self._kept[key]

    def _resampled(self, people: int, team: Team) -> NDArray[np.integer]:
        """How often the first i people are drawn, of shape (people + 1, repetitions); each team has draws of its own."""
        key = (team.value, people, people)
        if key not in self._kept:
            self._keep(key, (_times_drawn(people, self._rng, n) for n in self._blocks(people)))
        return self._kept[key]

    def _blocks(self, people: int) -> Iterator[int]:
        at_once = max(1, _CELLS_AT_ONCE // max(people, 1))
        for start in range(0, self.repetitions, at_once):
            yield min(at_once, self.repetitions - start)

    def _keep(self, key: tuple[str, int, int], blocks: Iterator[NDArray[Any]]) -> None:
        people = key[1]
        kind = np.int16 if people <= np.iinfo(np.int16).max else np.int32
        below = np.zeros((people + 1, self.repetitions), dtype=kind)
        start = 0
        for block in blocks:
            part = below[:, start : start + block.shape[1]]
            for place, drawn in enumerate(block):  # several times faster than numpy's cumsum down the rows
                np.add(part[place], drawn, out=part[place + 1])
            start += block.shape[1]
        while self._kept and below.size + sum(one.size for one in self._kept.values()) > _CELLS_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = below


def _labels(people: int, size: int, rng: np.random.Generator, repetitions: int) -> NDArray[Any]:
    """Who is in the first team, of shape (people, repetitions): every team of `size` people is equally likely.

    Each label is drawn on its own, and then people drawn at random change sides until the size is right: of the teams of
    one size none is ever favoured. An order of magnitude faster than shuffling.
    """
    if size > people - size:
        return ~_labels(people, people - size, rng, repetitions)
    # Somewhat too few at first: there are always enough people to add, while those to take away may be hard to hit.
    expected = size - 2 * math.sqrt(size * (people - size) / max(people, 1))
    bar = max(0, round(65_536 * expected / max(people, 1)))
    labels = rng.integers(0, 65_536, (people, repetitions), dtype=np.uint16) < bar
    missing = size - np.count_nonzero(labels, axis=0)
    while (wrong := np.flatnonzero(missing)).size:
        at = rng.integers(0, people, wrong.size)
        fits = labels[at, wrong] == (missing[wrong] < 0)
        at, wrong = at[fits], wrong[fits]
        labels[at, wrong] ^= True
        missing[wrong] -= np.sign(missing[wrong])
    return labels


def _times_drawn(people: int, rng: np.random.Generator, repetitions: int) -> NDArray[np.integer]:
    """How often each of `people` is drawn in as many draws with replacement, of shape (people, repetitions)."""
    cells = rng.integers(0, people, (people, repetitions)) * repetitions + np.arange(repetitions)
    times = np.bincount(cells.ravel(), minlength=people * repetitions)
    return times.reshape(people, repetitions).astype(np.int16)


def _bounds(counts: Counts) -> Counts:
    """Where each answer begins and ends when people are laid in the order of their answers, of shape (k + 1,)."""
    return np.concatenate(([0], np.cumsum(counts)))


def _sums(below: NDArray[np.integer], counts: Counts, values: Floats) -> Floats:
    given = counts > 0
    bounds, table = _bounds(counts[given]), values[given]
    total = np.zeros((values.shape[1], below.shape[1]))
    at_once = max(1, _CELLS_AT_ONCE // below.shape[1])
    for start in range(0, len(table), at_once):
        block = slice(start, start + at_once)
        picked = np.diff(below[bounds[start : start + at_once + 1]], axis=0).astype(np.float64)
        total += _product(table[block], picked)
    return total.T


def _product(values: Floats, counts: NDArray[Any]) -> Floats:
    """Columns of `values`, (k, columns), summed over `counts`, (k, repetitions); shape (columns, repetitions).

    Not `@`, whose threads wait for each other where the cores are busy with other sessions: fifty times slower then.
    """
    return np.asarray(np.einsum("kc,kr->cr", values, counts, dtype=np.float64))


def upper_quantile(draws: Floats, share: float) -> float:
    """The smallest of the draws that at least `share` of them do not exceed; infinite ones are the largest."""
    place = math.ceil((draws.size - 1) * share)
    return float(np.partition(draws, place)[place])


def share_as_large(permuted: ArrayLike, observed: float) -> float:
    """The permutation p-value: how often chance alone gives a statistic as large, with the error of drawing against us.

    (b + 1 + √b) / (B + 1), where b of B draws reach the observed value. The 1 is the observed answers themselves
    (Phipson & Smyth 2010); √b is one standard error of counting b draws, so that a difference is not called clear by
    the luck of one seed. A statistic that differs only by rounding counts as equal.
    """
    draws = np.asarray(permuted, dtype=np.float64)
    bar = observed if math.isinf(observed) else observed - 1e-9 * max(1.0, abs(observed))
    reached = int(np.count_nonzero(draws >= bar))
    return min(1.0, (reached + 1 + math.sqrt(reached)) / (draws.size + 1))


def all_on_one_side(n_a: int, n_b: int) -> float:
    """How often everybody of the smaller team falls on the same of two sides by chance alone, 2 · ½ⁿ.

    A team that is spread wider than the other around the same middle does so, whatever permutations say: no p-value of a
    scale, a number, a ranking or lead cards lies below.
    """
    return min(1.0, 2.0 ** (1 - min(n_a, n_b)))


def smallest_p(n_a: int, n_b: int) -> float:
    """The two-sided p-value of complete separation: 2 of all the ways to divide the people into such teams."""
    return min(1.0, 2 * math.exp(-_log_ways(n_a + n_b, n_a))) if n_a and n_b else 1.0


def smallest_p_of_share(n_a: int, n_b: int, chosen: int) -> float:
    """The p-value when the `chosen` people who gave one answer sit in one team as far as they fit, whichever is rarer.

    The teams are of `n_a` and `n_b`; 1 where nobody or everybody gave that answer.
    """
    n = n_a + n_b
    if not 0 < chosen < n:
        return 1.0

    def chance(size: int) -> float:
        inside = min(chosen, size)
        return math.exp(_log_ways(size, inside) + _log_ways(n - size, chosen - inside) - _log_ways(n, chosen))

    return min(chance(n_a), chance(n_b))


def _log_ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
