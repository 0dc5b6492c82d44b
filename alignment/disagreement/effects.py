"""Effect sizes from counts. `a` and `b` are counts of sales and of marketing, of shape (…, k): the last axis is the
answer, any axes before it are repetitions, so that one call serves two teams as well as thousands of permutations.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment.statistics import Interval, critical_value

Floats = NDArray[np.float64]

MEDIUM_ASSOCIATION = 0.3
"""From here on a bias-corrected V, or a difference of two shares, is called medium (Cohen 1988, w)."""

MEDIUM_DELTA = 0.33
"""From here on Cliff's δ is called medium (Romano, Kromrey, Coraggio & Skowronek 2006)."""

STUDENTISED_UP_TO = 0.875
"""P(X > Y) + ½ P(X = Y) up to which the studentised interval is trusted: |δ| = 0.75."""

_OUTSIDE_FROM = 0.75
"""With so many of its people outside the other team's middle half, a team may be two camps around it."""


def shares(counts: ArrayLike) -> Floats:
    """Counts of shape (…, k) as shares of their sum; all zero where the sum is zero."""
    values = np.asarray(counts, dtype=np.float64)
    return values / np.maximum(values.sum(axis=-1, keepdims=True), 1.0)


def entropy(probabilities: ArrayLike) -> Floats:
    """Shannon's entropy in bits over the last axis, with 0·log 0 = 0."""
    p = np.asarray(probabilities, dtype=np.float64)
    return -np.sum(p * np.log2(np.where(p > 0, p, 1.0)), axis=-1)


def divergence(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    """Jensen–Shannon divergence and pooled entropy in bits, both teams weighted equally.

    H(pooled) = JSD + mean(H_a, H_b). Badly biased upwards in small groups: never show it without taking off the
    mean of its permutation distribution.
    """
    p, q = shares(a), shares(b)
    pooled = entropy((p + q) / 2)
    return np.maximum(pooled - (entropy(p) + entropy(q)) / 2, 0.0), pooled


def expected_divergence(totals: ArrayLike, people: int, size: int) -> float:
    """The mean of `divergence` over all ways to deal `people` to a first team of `size` and a second of the others.

    `totals` are the pooled counts of each answer; answers of several tables (yes and no of each option, say) may follow
    each other, and their divergences are added up. Not drawn but exact: the divergence is a sum over the answers, and how
    many of those who gave one answer are in the first team follows a hypergeometric distribution.
    """
    counts = np.ravel(np.asarray(totals, dtype=np.int64))
    counts = counts[counts > 0]
    others = people - size
    if not (counts.size and size and others):
        return 0.0
    mean = size * (counts / people)
    # Beyond twelve standard deviations there is less than what a float can hold beside 1.
    reach = 12 * np.sqrt(mean * (others / people)) + 12
    low = np.maximum(np.maximum(0, counts - others), np.floor(mean - reach)).astype(np.int64)
    high = np.minimum(np.minimum(counts, size), np.ceil(mean + reach)).astype(np.int64)
    lengths = high - low + 1
    starts = np.cumsum(lengths) - lengths
    in_first = np.arange(int(lengths.sum())) + np.repeat(low - starts, lengths)
    in_second = np.repeat(counts, lengths) - in_first
    ways = _log_factorials(people)
    chances = np.exp(
        np.repeat(ways[counts] + ways[people - counts] - ways[people] + ways[size] + ways[others], lengths)
        - ways[in_first]
        - ways[in_second]
        - ways[size - in_first]
        - ways[others - in_second]
    )
    p, q = in_first / size, in_second / others
    parts = _surprise((p + q) / 2) - (_surprise(p) + _surprise(q)) / 2
    return float(chances @ parts)


def _surprise(p: Floats) -> Floats:
    return -p * np.log2(np.where(p > 0, p, 1.0))


@lru_cache(maxsize=8)
def _log_factorials(most: int) -> Floats:
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, most + 1)))))


def total_variation(a: ArrayLike, b: ArrayLike) -> Floats:
    """½ Σ|p − q|: the share of one team that would have to answer differently for the teams to look alike."""
    return np.abs(shares(a) - shares(b)).sum(axis=-1) / 2


def chi_square(a: ArrayLike, b: ArrayLike) -> Floats:
    """Pearson's χ² of the 2 × k table; answers that nobody gave do not count."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    totals = first + second
    n_a, n_b = first.sum(axis=-1, keepdims=True), second.sum(axis=-1, keepdims=True)
    n = np.maximum(n_a + n_b, 1.0)
    deviation = first - n_a * totals / n
    scale = np.maximum(n_a * n_b, 1.0) * np.where(totals > 0, totals, 1.0)
    return np.sum(deviation**2 * n**2 / scale, axis=-1)


def bergsma_v(a: ArrayLike, b: ArrayLike) -> float:
    """Cramér's V corrected for its bias (Bergsma 2013), of two teams' counts of shape (k,); 0 where it is undefined.

    φ̃² = max(0, φ² − (r−1)(c−1)/(n−1)), r̃ = r − (r−1)²/(n−1), c̃ likewise, Ṽ = √(φ̃² / min(r̃−1, c̃−1)).
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    n = float(first.sum() + second.sum())
    rows = int(first.sum() > 0) + int(second.sum() > 0)
    columns = int(np.count_nonzero(first + second))
    if rows < 2 or columns < 2 or n < 3:
        return 0.0
    phi_square = float(chi_square(first, second)) / n
    corrected = max(0.0, phi_square - (rows - 1) * (columns - 1) / (n - 1))
    smaller = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return min(1.0, float(np.sqrt(corrected / smaller))) if smaller > 0 else 0.0


def cliffs_delta(a: ArrayLike, b: ArrayLike) -> Floats:
    """Cliff's δ = P(X > Y) − P(X < Y) (Cliff 1993), from counts on ordered levels, the lowest first."""
    return 2 * relative_effect(a, b)[0] - 1


def relative_effect(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    """P(X > Y) + ½ P(X = Y) and its variance (Brunner & Munzel 2000), from counts on ordered levels.

    The variance is exactly 0 where the teams are completely apart and where everybody answers the same.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    n_a, n_b = first.sum(axis=-1), second.sum(axis=-1)
    # Where an answer of one team stands among the other's: how many are below it, ties counted half.
    among_a = np.cumsum(first, axis=-1)
    among_a -= first / 2
    among_b = np.cumsum(second, axis=-1)
    among_b -= second / 2
    # Sums of halves and quarters: exact, so that subtracting the squared mean loses nothing.
    above = first * among_b
    wins = above.sum(axis=-1)
    above *= among_b
    squares_a = above.sum(axis=-1)
    np.multiply(second, among_a, out=above)
    above *= among_a
    squares_b = above.sum(axis=-1)
    safe_a, safe_b = np.maximum(n_a, 1.0), np.maximum(n_b, 1.0)
    losses = n_a * n_b - wins
    spread_a = (squares_a - wins * wins / safe_a) / safe_b**2 / np.maximum(n_a - 1, 1.0)
    spread_b = (squares_b - losses * losses / safe_b) / safe_a**2 / np.maximum(n_b - 1, 1.0)
    variance = spread_a / safe_a + spread_b / safe_b
    return wins / (safe_a * safe_b), np.where(variance < 1e-15, 0.0, variance)


def brunner_munzel(a: ArrayLike, b: ArrayLike) -> Floats:
    """Brunner & Munzel's statistic from counts on ordered levels; positive where `a` is higher.

    Complete separation gives ±inf, the strongest disagreement there is (scipy gives NaN); no difference at all 0.
    """
    effect, variance = relative_effect(a, b)
    apart = effect - 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = apart / np.sqrt(variance)
    return np.where(np.abs(apart) < 1e-12, 0.0, statistic)


def cautious_p(a: ArrayLike, b: ArrayLike, *, more: int = 2) -> float:
    """The two-sided p-value of counts on ordered levels of shape (k,), for small teams that may differ in spread.

    Permutations ask whether both teams answer from one distribution. Where one team is spread wider around the same middle,
    that is no gap, and yet all of five people may happen to fall on one side of it: their own spread then seems to be
    nothing. So each team's variance in Brunner & Munzel's statistic (2000, with their degrees of freedom) is taken as if
    `more` people more stood at either end, as Agresti & Coull (1998) do for a share. Eight people in two
    camps who all happen to be of one against any number in the middle get 0.008, as by counting (2 · ½⁸). Complete
    separation of 5 against 5 gives 0.11, of 8 against 8 0.02, of 12 against 12 0.002.

    Where three quarters of a team or more stand outside the other's middle half, it is never below the two-sided sign test
    of how many are above it and how many below: camps on both sides of the others split like coins, in large teams too.
    """
    from scipy.special import bdtr, stdtr

    sides = [np.asarray(side, dtype=np.float64) for side in (a, b)]
    parts, freedom, split = [], [], 0.0
    for own, other in (sides, sides[::-1]):
        n, m = float(own.sum()), float(other.sum())
        if n == 0 or m == 0:
            return 1.0
        first, third = np.searchsorted(np.cumsum(other), [m / 4, 3 * m / 4])
        below, above = int(own[:first].sum()), int(own[third + 1 :].sum())
        if below + above >= _OUTSIDE_FROM * n:
            split = max(split, 2 * float(bdtr(min(below, above), below + above, 0.5)))
        among = (np.cumsum(other) - other / 2) / m
        mean = float(own @ among + more) / (n + 2 * more)
        squares = float(own @ (among - mean) ** 2) + more * ((1 - mean) ** 2 + mean**2)
        parts.append(squares / (n + 2 * more - 1) / n)
        freedom.append(max(n - 1, 1.0))
    variance = sum(parts)
    degrees = variance**2 / sum(part**2 / free for part, free in zip(parts, freedom, strict=True))
    apart = abs(float(relative_effect(a, b)[0]) - 0.5)
    return float(min(1.0, max(split, 2 * stdtr(degrees, -apart / np.sqrt(variance)))))


def delta_interval(a: ArrayLike, b: ArrayLike, critical: float, confidence: float = 0.95) -> Interval:
    """Interval of Cliff's δ from counts of shape (k,), by two methods that fail in different places.

    The studentised one, δ ± critical · 2·SE with `critical` from the permutation distribution of |Brunner–Munzel|
    (Pauly, Asendorf & Konietschke 2016), stays right with unequal spread but shrinks to a point on complete
    separation. Newcombe's score-type interval (2006, method 5, with the usual correction for ties) does not shrink,
    but assumes equal spread. The end away from 0 is the wider one; the end towards 0, which decides whether the
    interval leans, is the studentised one up to |δ| = 0.75 and the wider one beyond. `critical` may be inf.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    effect, variance = relative_effect(first, second)
    theta = float(effect)
    reach = critical * float(np.sqrt(variance)) if variance > 0 else 0.0
    score = _score_interval(first, second, theta, critical_value(confidence))
    low, high = min(theta - reach, score.low), max(theta + reach, score.high)
    if 0.5 < theta <= STUDENTISED_UP_TO:
        low = theta - reach
    elif 1 - STUDENTISED_UP_TO <= theta < 0.5:
        high = theta + reach
    return Interval(max(-1.0, 2 * low - 1), min(1.0, 2 * high - 1))


def _score_interval(a: Floats, b: Floats, theta: float, z: float) -> Interval:
    n_a, n_b = float(a.sum()), float(b.sum())
    n = n_a + n_b
    # When nearly everybody says the same, the correction would claim a certainty that so few people cannot give.
    ties = max(0.25, 1 - float(np.sum((a + b) ** 3 - (a + b))) / (n**3 - n))
    extra = n / 2 - 1

    def excess(t: float) -> float:
        spread = t * (1 - t) * (1 + extra * ((1 - t) / (2 - t) + t / (1 + t))) / (n_a * n_b)
        return (theta - t) ** 2 - z * z * spread * ties

    return Interval(_root(excess, 0.0, theta), _root(excess, 1.0, theta))


def _root(function: Any, outside: float, inside: float) -> float:
    # `function` is ≥ 0 at `outside` and ≤ 0 at `inside`; 60 halvings reach the precision of a float.
    if function(outside) <= 0:
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        if function(middle) > 0:
            outside = middle
        else:
            inside = middle
    return inside
