"""Intervals and estimates that several rooms share. Counts or arrays in, frozen values out; no I/O, no clock.

numpy is imported inside the functions that need it, so that importing this module costs nothing at start.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Interval:
    """A closed interval, usually the 95 % confidence interval of an estimate.

    An end that the data do not reach is `math.inf`; nothing else about it is special.
    """

    low: float
    high: float


def critical_value(confidence: float) -> float:
    """The two-sided normal quantile: 1.96 for a confidence of 0.95. Raises ValueError outside 0 < confidence < 1."""
    if not 0 < confidence < 1:
        raise ValueError("a confidence lies between 0 and 1")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def confidence_of(critical: float) -> float:
    """The inverse of `critical_value`: 0.95 for 1.96. Kept just below 1 however far out `critical` lies."""
    return min(2 * NormalDist().cdf(critical) - 1, 1 - 1e-12)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of a proportion (Wilson 1927, without continuity correction); None when `n` is 0.

    Holds 0 ≤ low ≤ successes/n ≤ high ≤ 1. Raises ValueError unless 0 ≤ successes ≤ n.
    """
    _check_counts(successes, n)
    if n == 0:
        return None
    z = critical_value(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(
        low=0.0 if successes == 0 else max(0.0, min(centre - half, share)),
        high=1.0 if successes == n else min(1.0, max(centre + half, share)),
    )


def newcombe(
    successes_a: int, n_a: int, successes_b: int, n_b: int, confidence: float = 0.95
) -> Interval | None:
    """Interval of the difference a − b of two independent proportions; None when either group is empty.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): the Wilson limits of both
    proportions, combined by squaring and adding.
    """
    a, b = wilson(successes_a, n_a, confidence), wilson(successes_b, n_b, confidence)
    if a is None or b is None:
        return None
    share_a, share_b = successes_a / n_a, successes_b / n_b
    difference = share_a - share_b
    return Interval(
        low=max(-1.0, difference - math.hypot(share_a - a.low, b.high - share_b)),
        high=min(1.0, difference + math.hypot(a.high - share_a, share_b - b.low)),
    )


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """q-values in the order of `p_values` (Benjamini & Hochberg 1995): the false-discovery rate at which each is found.

    Monotone in p, never below p, at most 1. Raises ValueError for a p outside 0 to 1 (NaN included).
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("p-values lie between 0 and 1")
    m = len(p_values)
    q_values = [0.0] * m
    smallest = 1.0
    descending = sorted(range(m), key=lambda index: p_values[index], reverse=True)
    for position, index in enumerate(descending):
        smallest = min(smallest, p_values[index] * m / (m - position))
        q_values[index] = smallest
    return q_values


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """A Kaplan–Meier curve: the share still waiting after each time at which something happened.

    `times` are the distinct event times in rising order; `survival`, `at_risk`, `events` and `greenwood` (the sum
    in Greenwood's formula, infinite once nobody waits any more) have the same length. `n` counts everyone, the
    censored too.
    """

    times: "NDArray[np.float64]"
    survival: "NDArray[np.float64]"
    at_risk: "NDArray[np.int64]"
    events: "NDArray[np.int64]"
    greenwood: "NDArray[np.float64]"
    n: int

    def quantile(self, q: float) -> float | None:
        """The first time at which at least the share `q` is through: min{t : S(t) ≤ 1 − q}; None when not reached."""
        return _first_time_at(self.times, self.survival, 1 - _checked_quantile(q))

    @property
    def median(self) -> float | None:
        """The time at which half are through; None when fewer than half were seen to get there."""
        return self.quantile(0.5)

    def quantile_interval(self, q: float, confidence: float = 0.95) -> Interval | None:
        """Interval of the quantile (Brookmeyer & Crowley 1982, on the log(−log) scale).

        The times at which the lower and the upper confidence band of S cross 1 − q. `high` is `math.inf` where the
        data do not reach far enough to bound the quantile from above; None when they do not even bound it from below.
        """
        import numpy as np

        level = 1 - _checked_quantile(q)
        z = critical_value(confidence)
        # At S = 0 the band is not defined: the lower limit is 0 there, the upper one stays what it was before.
        inside = (self.survival > 0) & (self.survival < 1)
        safe = np.where(inside, self.survival, 0.5)
        theta = np.log(-np.log(safe))
        spread = z * np.sqrt(np.where(inside, self.greenwood, 0.0)) / np.abs(np.log(safe))
        lower = np.where(inside, np.exp(-np.exp(np.minimum(theta + spread, 700.0))), self.survival)
        upper = np.where(inside, np.exp(-np.exp(theta - spread)), 1.0)
        low = _first_time_at(self.times, lower, level)
        if low is None:
            return None
        high = _first_time_at(self.times, upper, level)
        return Interval(low, math.inf if high is None else high)

    def median_interval(self, confidence: float = 0.95) -> Interval | None:
        """`quantile_interval` of the median."""
        return self.quantile_interval(0.5, confidence)


def kaplan_meier(durations: "ArrayLike", observed: "ArrayLike") -> SurvivalCurve:
    """The product-limit estimate (Kaplan & Meier 1958) from one duration and one flag a unit.

    `durations`: floats ≥ 0 of shape (n,); `observed`: bools of shape (n,), False = right-censored, still waiting
    when last seen. Someone censored at t counts as at risk at t. Raises ValueError for negative or missing durations.
    """
    import numpy as np

    times = np.asarray(durations, dtype=np.float64)
    seen = np.asarray(observed, dtype=bool)
    if times.shape != seen.shape or times.ndim != 1:
        raise ValueError("durations and observed are two lists of the same length")
    return kaplan_meier_counts(times, seen.astype(np.int64), (~seen).astype(np.int64))


def kaplan_meier_counts(times: "ArrayLike", events: "ArrayLike", censored: "ArrayLike") -> SurvivalCurve:
    """`kaplan_meier` from counts: at each of `times`, how many were through and how many were censored.

    Three arrays of one length, in any order; a time may occur more than once. For data that an engine has already
    grouped. Raises ValueError for negative or missing times and for negative counts.
    """
    import numpy as np

    moments = np.asarray(times, dtype=np.float64)
    through = np.asarray(events, dtype=np.int64)
    left = np.asarray(censored, dtype=np.int64)
    if not (moments.shape == through.shape == left.shape) or moments.ndim != 1:
        raise ValueError("times, events and censored are three lists of the same length")
    if not np.all(np.isfinite(moments)) or np.any(moments < 0):
        raise ValueError("durations are numbers, 0 or more")
    if np.any(through < 0) or np.any(left < 0):
        raise ValueError("counts are 0 or more")

    distinct, position = np.unique(moments, return_inverse=True)
    deaths = np.zeros(distinct.size, dtype=np.int64)
    exits = np.zeros(distinct.size, dtype=np.int64)
    np.add.at(deaths, position, through)
    np.add.at(exits, position, through + left)
    at_risk = exits[::-1].cumsum()[::-1]

    happened = deaths > 0
    deaths, at_risk = deaths[happened], at_risk[happened]
    remaining = at_risk - deaths
    with np.errstate(divide="ignore"):
        terms = deaths / (at_risk * remaining.astype(np.float64))
    return SurvivalCurve(
        times=distinct[happened],
        survival=np.cumprod(remaining / at_risk),
        at_risk=at_risk,
        events=deaths,
        greenwood=np.cumsum(terms),
        n=int(exits.sum()),
    )


def _first_time_at(
    times: "NDArray[np.float64]", heights: "NDArray[np.float64]", level: float
) -> float | None:
    # A product of fractions misses a round level by some 1e-16; without the tolerance 0.5 would not count as reached.
    reached = (heights <= level + 1e-12).nonzero()[0]
    return float(times[reached[0]]) if reached.size else None


def _checked_quantile(q: float) -> float:
    if not 0 < q <= 1:
        raise ValueError("a quantile lies above 0 and at most at 1")
    return q


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError("successes lie between 0 and n")
