"""How far people agree: Kendall's W and τ for rankings, Krippendorff's α and Cohen's κ for judgements.

Arrays in, numbers out. Where a coefficient is not defined the answer is None, never NaN.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def places(order: Sequence[int], options: int, depth: int | None = None) -> Floats:
    """The place of each option, 1 first, of shape (options,), from the options in order, as far as `depth` places.

    Options that were left out, or stand further down, share the places behind: three of six leave 5 for each of the others.
    """
    placed = order[:depth]
    found = np.full(options, (len(placed) + 1 + options) / 2)
    found[list(placed)] = np.arange(1, len(placed) + 1)
    return found


def kendalls_w(ranks: ArrayLike, people: ArrayLike | None = None) -> float | None:
    """Kendall's coefficient of concordance, 0 to 1, corrected for ties (Kendall & Gibbons 1990, chapter 6).

    `ranks` has shape (orders, options), mid-ranks where places are shared; `people` how many gave each order (one where
    left out). W = 12 S / (m²(k³ − k) − m ΣT) with S the sum of squared deviations of the options' rank sums and
    T = Σ(t³ − t) over the ties of one person. None without anybody, or where nobody tells any two options apart.
    """
    table = np.asarray(ranks, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        return None
    counts = np.ones(len(table)) if people is None else np.asarray(people, dtype=np.float64)
    m, k = float(counts.sum()), table.shape[1]
    # How many options share each option's place: t of them count t (t² − 1) = t³ − t together.
    sharing = np.count_nonzero(table[:, :, None] == table[:, None, :], axis=-1)
    ties = counts @ np.sum(sharing**2 - 1, axis=-1)
    largest = m * m * (k**3 - k) - m * float(ties)
    if largest <= 0:
        return None
    sums = counts @ table
    return min(1.0, float(12 * np.sum((sums - sums.mean()) ** 2) / largest))


def kendalls_tau(a: ArrayLike, b: ArrayLike) -> Floats:
    """Kendall's τ-b between two lists of the same options, over the last axis; axes before it are repetitions.

    (concordant − discordant) / √((pairs − tied in a)(pairs − tied in b)) (Kendall 1945). Where one list tells nothing
    apart there is no order to agree with: 0; where neither does, both say the same: 1.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    one, other = np.triu_indices(first.shape[-1], k=1)
    in_a = np.sign(first[..., one] - first[..., other])
    in_b = np.sign(second[..., one] - second[..., other])
    told_a, told_b = np.abs(in_a).sum(axis=-1), np.abs(in_b).sum(axis=-1)
    scale = np.sqrt(told_a * told_b)
    agreed = np.sum(in_a * in_b, axis=-1) / np.where(scale > 0, scale, 1.0)
    nothing_to_say = (told_a == 0) & (told_b == 0)
    return np.where(nothing_to_say, 1.0, np.where(scale > 0, agreed, 0.0))


def krippendorffs_alpha(counts: ArrayLike) -> float | None:
    """Krippendorff's α for nominal judgements (Krippendorff 2011), from counts of shape (units, categories).

    α = 1 − D_o / D_e; a unit that fewer than two people judged does not count. 1 is perfect agreement, 0 what chance
    gives, below 0 systematic disagreement. None where no two people judged the same unit, and where everybody gave the
    same answer throughout: D_e is 0 then, and the right word is 'all agree' (see `all_the_same`).
    """
    table = np.asarray(counts, dtype=np.float64)
    judged = table.sum(axis=-1)
    table, judged = table[judged >= 2], judged[judged >= 2]
    n = float(judged.sum())
    if n == 0:
        return None
    totals = table.sum(axis=0)
    expected = (n * n - float(np.sum(totals**2))) / (n - 1)
    if expected <= 0:
        return None
    observed = float(np.sum((judged**2 - np.sum(table**2, axis=-1)) / (judged - 1)))
    return 1 - observed / expected


def all_the_same(counts: ArrayLike) -> bool:
    """Whether everybody gave one and the same answer to every unit that at least two people judged."""
    table = np.asarray(counts, dtype=np.float64)
    table = table[table.sum(axis=-1) >= 2]
    return bool(table.size) and int(np.count_nonzero(table.sum(axis=0))) == 1


def cohens_kappa(table: ArrayLike) -> float | None:
    """Cohen's κ (1960) of a square table: rows what the one says, columns what the other says, of the same units.

    κ = (p_o − p_e) / (1 − p_e). None for an empty table, and where both say one and the same throughout (p_e = 1).
    """
    counts: NDArray[Any] = np.asarray(table, dtype=np.float64)
    n = float(counts.sum())
    if n == 0:
        return None
    observed = float(np.trace(counts)) / n
    expected = float(counts.sum(axis=1) @ counts.sum(axis=0)) / (n * n)
    return None if expected >= 1 else (observed - expected) / (1 - expected)
