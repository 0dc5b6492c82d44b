"""Numbers in round classes that both teams share, so that a chart shows how a team answers and nobody's own number."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.texts import number_text

Array = NDArray[Any]


def number_classes(values: Array, at_most: int = 7) -> tuple[Array, tuple[str, ...]]:
    """Round lower edges of common classes for numbers, and their labels; no edge is anybody's own number but by chance.

    Even steps of 1, 2 or 5 times a power of ten where the numbers allow it; for numbers spread over more than a
    power of ten the series 1, 2, 5, 10, 20 … itself, its first and last class open.
    """
    low, high = float(values.min()), float(values.max())
    whole = bool(np.all(values == np.round(values))) and high < 1e15
    if (high - low) / at_most < 1e-300:  # the same, or no further apart than numbers can be told apart
        return np.array([low]), (number_text(low),)
    middle = float(np.median(values))
    if low >= 0 and middle > 0 and high > 10 * middle:
        return _open_classes(values, at_most)
    step = _round_up_to_series((high - low) / at_most)
    if whole:
        step = max(1.0, step)
    first = np.floor(low / step)
    edges = (first + np.arange(int(np.floor(high / step) - first) + 1)) * step
    if whole and step == 1:
        return edges, tuple(number_text(edge) for edge in edges)
    last = step - 1 if whole else step
    return edges, tuple(f"{number_text(edge)}–{number_text(edge + last)}" for edge in edges)


def _open_classes(values: Array, at_most: int) -> tuple[Array, tuple[str, ...]]:
    low, high = (float(one) for one in np.quantile(values, [0.1, 0.9]))
    edges = [_round_up_to_series(max(low, high / 1e6))]
    while edges[-1] < high and len(edges) < 24:
        edges.append(_round_up_to_series(edges[-1] * 1.5))
    while len(edges) > max(2, at_most - 1):
        edges = edges[::2] if len(edges) > 3 else edges[:2]
    texts = [number_text(edge) for edge in edges]
    labels = [f"under {texts[0]}"]
    labels += [f"{a} to under {b}" for a, b in pairwise(texts)]
    labels.append(f"{texts[-1]} or more")
    return np.array([-np.inf, *edges]), tuple(labels)


def _round_up_to_series(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `value` (> 0)."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value * (1 - 1e-9)))


def class_of(labels: Sequence[str], value: float) -> int:
    """Which of the classes `labels`, as `number_classes` wrote them, holds `value`: the last that begins at it or below.

    Below all of them it is the first.
    """
    found = 0
    for index, label in enumerate(labels):
        edge = _lower_edge(label)
        if edge is not None and edge <= value + 1e-12 * abs(value):
            found = index
    return found


def _lower_edge(label: str) -> float | None:
    """The number a class begins with; None for `under …`, which has no beginning."""
    first = re.match(r"-?[\d,.]+(e[+-]?\d+)?", label)
    return float(first.group().replace(",", "")) if first else None
