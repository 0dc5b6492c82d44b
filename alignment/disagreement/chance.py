"""Answers dealt anew to two teams of the same sizes: what differences arise by chance alone."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 4_000_000
"""Label matrices are made in blocks of at most so many cells, so that 10,000 people need no gigabyte."""


def deal(totals: ArrayLike, size: int, rng: np.random.Generator, repetitions: int) -> Counts:
    """Counts of the first team's answers when `size` of all people are picked at random; shape (repetitions, k).

    `totals` are the pooled counts of each answer, of shape (k,). The second team has `totals` minus the result. Both
    ways draw from the same distribution, the multivariate hypergeometric one; the faster is taken.
    """
    pooled = np.asarray(totals, dtype=np.int64)
    people = int(pooled.sum())
    if pooled.size * 6 <= people:
        return rng.multivariate_hypergeometric(pooled, size, size=repetitions, method="marginals")
    rows_at_once = max(1, _CELLS_AT_ONCE // max(people, 1))
    blocks = [
        _deal_labels(pooled, size, rng, min(rows_at_once, repetitions - start))
        for start in range(0, repetitions, rows_at_once)
    ]
    return np.concatenate(blocks)


def deal_sums(
    totals: ArrayLike, values: ArrayLike, size: int, rng: np.random.Generator, repetitions: int
) -> Floats:
    """Sums over `size` of all people picked at random, of shape (repetitions, columns), without keeping who was picked.

    `totals` are the pooled counts of each answer, of shape (k,), `values` what each answer counts for, (k, columns).
    """
    pooled, table = np.asarray(totals, dtype=np.int64), np.asarray(values, dtype=np.float64)
    at_once = max(1, _CELLS_AT_ONCE // max(int(pooled.sum()), 1))
    blocks = [
        deal(pooled, size, rng, min(at_once, repetitions - start)) @ table
        for start in range(0, repetitions, at_once)
    ]
    return np.concatenate(blocks)


def resample_sums(counts: ArrayLike, values: ArrayLike, rng: np.random.Generator, repetitions: int) -> Floats:
    """Sums over as many people drawn from them with replacement (the bootstrap), of shape (repetitions, columns)."""
    people, table = np.asarray(counts, dtype=np.int64), np.asarray(values, dtype=np.float64)
    n = int(people.sum())
    given = people > 0
    people, table = people[given], table[given]
    at_once = max(1, _CELLS_AT_ONCE // max(people.size, 1))
    blocks = [
        rng.multinomial(n, people / n, size=min(at_once, repetitions - start)) @ table
        for start in range(0, repetitions, at_once)
    ]
    return np.concatenate(blocks)


def _deal_labels(pooled: Counts, size: int, rng: np.random.Generator, repetitions: int) -> Counts:
    labels = np.zeros((repetitions, int(pooled.sum())), dtype=np.int64)
    labels[:, :size] = 1
    rng.permuted(labels, axis=1, out=labels)
    given = pooled > 0
    counts = np.zeros((repetitions, pooled.size), dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(pooled[given])[:-1]))
    counts[:, given] = np.add.reduceat(labels, starts, axis=1)
    return counts


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
