"""Several means at once, of the same people: which differs most between the teams, and how often chance does as much."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.disagreement import chance
from alignment.disagreement.chance import Draws
from alignment.disagreement.differences import SIGNIFICANCE
from alignment.people import Team
from alignment.statistics import Interval

Array = NDArray[Any]


@dataclass(frozen=True)
class LargestMeanDifference:
    """The item whose means differ most for their spread: its index, sales − marketing, its interval, and the p-value."""

    item: int
    value: float
    interval: Interval
    p: float


def largest_mean_difference(
    values: Array, people: Mapping[Team, Array], draws: Draws
) -> LargestMeanDifference | None:
    """Compare the means of several items; an item counts with the people who have a value for it.

    `values` has shape (answers, items), NaN where an answer has no value; `people` how many of each team gave each
    answer. The statistic is the largest |Welch t| over the items, and people are dealt to the teams as a whole, so that
    items of one person stay together (max-T, Westfall & Young 1993). The interval holds for all items at the same time:
    its critical value is the 95 % quantile of the largest pooled t by chance. None where no item has two people of
    each team and any spread.
    """
    given = ~np.isnan(values)
    # Centred, so that sums of squares of large numbers keep their digits.
    centre = np.where(given.any(axis=0), np.nansum(values, axis=0) / np.maximum(given.sum(axis=0), 1), 0.0)
    filled = np.where(given, values - centre, 0.0)
    columns = np.concatenate([given.astype(np.float64), filled, filled**2], axis=1)
    a, b = people[Team.SALES], people[Team.MARKETING]
    totals = (a + b) @ columns
    observed = _apart(a @ columns, totals)
    if not np.any(observed.possible):
        return None
    by_chance = _apart(draws.deal_sums(a + b, columns, int(a.sum())), totals)
    welch = np.abs(observed.welch)
    item = int(
        np.argmax(np.where(np.isinf(welch), np.finfo(np.float64).max, welch) + np.abs(observed.pooled))
    )
    critical = chance.upper_quantile(np.abs(by_chance.pooled).max(axis=-1), 1 - SIGNIFICANCE)
    value, reach = float(observed.difference[item]), critical * float(observed.error[item])
    return LargestMeanDifference(
        item,
        value,
        Interval(value - reach, value + reach),
        chance.share_as_large(np.abs(by_chance.welch).max(axis=-1), float(welch.max())),
    )


@dataclass(frozen=True)
class _Apart:
    difference: Array
    error: Array
    pooled: Array
    welch: Array
    possible: Array


def _apart(sums: Array, totals: Array) -> _Apart:
    """Differences of means over the last axis from the sums (counts, values, squares) of one team and of both."""
    n_a, x_a, s_a = np.split(sums, 3, axis=-1)
    n_b, x_b, s_b = np.split(totals - sums, 3, axis=-1)
    possible = (n_a >= 2) & (n_b >= 2)
    safe_a, safe_b = np.maximum(n_a, 2.0), np.maximum(n_b, 2.0)
    difference = np.where(possible, x_a / safe_a - x_b / safe_b, 0.0)
    within_a, within_b = (
        np.maximum(s - x * x / n, 0.0) for s, x, n in ((s_a, x_a, safe_a), (s_b, x_b, safe_b))
    )
    n, x, s = np.split(totals, 3, axis=-1)
    around = np.maximum(s - x * x / np.maximum(n, 1.0), 0.0)
    # The spread of both teams together, which a complete separation does not bring to nought.
    error = np.sqrt(around / np.maximum(n - 1, 1.0) * (1 / safe_a + 1 / safe_b))
    spread = within_a / (safe_a - 1) / safe_a + within_b / (safe_b - 1) / safe_b
    tiny = 1e-12 * np.maximum(around, 1e-300)
    possible = possible & (around > 0)
    nothing = ~possible | (difference**2 <= tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = np.where(nothing, 0.0, difference / np.where(error > 0, error, 1.0))
        welch = np.where(
            nothing,
            0.0,
            np.where(spread <= tiny, np.copysign(np.inf, difference), difference / np.sqrt(spread)),
        )
    return _Apart(difference, error, pooled, welch, possible)
