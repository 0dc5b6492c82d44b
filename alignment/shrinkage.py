"""Rates of many groups of unequal size, each pulled towards the rest as far as its own numbers leave room for it.

Of forty sources with a handful of leads each, the best and the worst are those with the fewest. Counts in, frozen values
out; numpy and scipy are imported where they are needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.statistics import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MEANS = 61
_CONCENTRATIONS = 61
_LARGEST_CONCENTRATION = 1e5


@dataclass(frozen=True)
class ShrunkRate:
    """What is to be believed of one group: the mean of its rate, and the interval it lies in."""

    mean: float
    interval: Interval


@dataclass(frozen=True)
class ShrunkRates:
    """The rates of all groups, in their order, and `overall`, the mean of the rates that such groups have."""

    rates: tuple[ShrunkRate, ...]
    overall: float
    concentration: float
    """How alike the groups are: as many leads' worth of evidence as each borrows from the others."""


def shrink(successes: Sequence[int], trials: Sequence[int], confidence: float = 0.95) -> ShrunkRates:
    """The rates of groups with so many successes in so many trials, by a beta-binomial model.

    The rates of the groups come from one beta distribution, of which mean and concentration are not known: Gelman et al.,
    Bayesian Data Analysis (3rd ed., 5.3), with their prior (α + β)^(−5/2), summed over a grid. The interval of a group is that
    of the beta distribution with the mean and the variance of its posterior. Groups without trials get what is
    believed of a group of which nothing is known. Raises ValueError unless 0 ≤ successes ≤ trials, and for no groups.
    """
    import numpy as np
    from scipy.special import betaincinv

    hits, all_ = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if hits.shape != all_.shape or hits.ndim != 1 or not hits.size:
        raise ValueError("successes and trials are two lists of the same length, of one group or more")
    if np.any(hits < 0) or np.any(hits > all_):
        raise ValueError("successes lie between 0 and trials")
    alpha, beta, weight = _grid(hits, all_)
    means, variances = [], []
    for hit, n in zip(hits, all_, strict=True):
        total = alpha + beta + n
        mean = (alpha + hit) / total
        first = float((weight * mean).sum())
        second = float((weight * (mean * (1 - mean) / (total + 1) + mean**2)).sum())
        means.append(first)
        variances.append(max(second - first**2, 1e-18))
    tail = (1 - confidence) / 2
    rates = []
    for mean_, variance in zip(means, variances, strict=True):
        size = mean_ * (1 - mean_) / variance - 1
        low, high = (float(betaincinv(mean_ * size, (1 - mean_) * size, q)) for q in (tail, 1 - tail))
        rates.append(ShrunkRate(mean_, Interval(min(low, mean_), max(high, mean_))))
    return ShrunkRates(
        rates=tuple(rates),
        overall=float((weight * alpha / (alpha + beta)).sum()),
        concentration=math.exp(float((weight * np.log(alpha + beta)).sum())),
    )


def _grid(
    hits: "NDArray[np.float64]", trials: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """α, β and how likely they are, flat: over the logit of the mean and the logarithm of the concentration."""
    import numpy as np
    from scipy.special import betaln

    pooled = (hits.sum() + 0.5) / (trials.sum() + 1)
    centre = math.log(pooled / (1 - pooled))
    logits = centre + np.linspace(-4, 4, _MEANS)
    sizes = np.exp(np.linspace(0, math.log(_LARGEST_CONCENTRATION), _CONCENTRATIONS))
    mean, size = (part.ravel() for part in np.meshgrid(1 / (1 + np.exp(-logits)), sizes))
    alpha, beta = mean * size, (1 - mean) * size
    # α β (α + β)^(−5/2) is the prior as it is over the logit and the logarithm
    likely = np.log(alpha) + np.log(beta) - 2.5 * np.log(size)
    for hit, n in zip(hits, trials, strict=True):
        if n:
            likely = likely + betaln(alpha + hit, beta + n - hit) - betaln(alpha, beta)
    weight = np.exp(likely - likely.max())
    return alpha, beta, weight / weight.sum()
