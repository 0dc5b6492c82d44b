"""How a numeric field of past leads is spread over what became of them, beside what each team asks for."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from alignment.people import Team
from alignment.texts import number_text

MOST_CLASSES = 12
_SKEWED = 10.0
_TINY = 1e-6


@dataclass(frozen=True)
class FieldSpread:
    """Past leads by their value of a numeric field.

    `edges` are the bounds of the classes, one more than there are classes: a class holds what is at least its lower bound
    and less than its upper one; the first and the last class also hold what lies beyond. `labels` are the classes in words.
    `won`, `lost` and `open` count leads by class, `unknown` those of which the field is not known. `thresholds` are what
    each team asks for (None where it asks for nothing), `quartiles` how far its people lie apart, for teams large enough.
    `downwards` is whether they ask for that value or less, instead of that or more. `logarithmic` is whether the classes
    grow, so that a chart needs a logarithmic axis; all edges are then above 0, though leads of 0 may be in the first class. The leads came from `first_day` to `last_day`; None where all count.
    """

    field: str
    label: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]
    won: tuple[int, ...]
    lost: tuple[int, ...]
    open: tuple[int, ...]
    unknown: int
    thresholds: Mapping[Team, float | None]
    quartiles: Mapping[Team, tuple[float, float]] = dataclasses.field(default_factory=dict)
    downwards: bool = False
    logarithmic: bool = False
    unit: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def leads(self) -> int:
        """How many leads the field is known of."""
        return sum(self.won) + sum(self.lost) + sum(self.open)

    def as_dict(self) -> dict[str, Any]:
        """The spread, ready for `json.dumps`."""
        return {
            "field": self.field,
            "classes": [
                {"from": low, "to": high, "label": label, "won": won, "lost": lost, "open": open_}
                for (low, high), label, won, lost, open_ in zip(
                    pairwise(self.edges), self.labels, self.won, self.lost, self.open, strict=True
                )
            ],
            "unknown": self.unknown,
            "thresholds": {team.value: self.thresholds.get(team) for team in Team},
            "first_day": None if self.first_day is None else self.first_day.isoformat(),
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
        }


@dataclass(frozen=True)
class Classes:
    """Round classes of a number: `edges` and `labels` as in `FieldSpread`."""

    edges: tuple[float, ...]
    labels: tuple[str, ...]
    logarithmic: bool


def round_classes(
    low: float,
    high: float,
    middle: float,
    usual: tuple[float, float],
    whole: bool,
    marks: Sequence[float] = (),
) -> Classes:
    """At most twelve round classes for numbers from `low` to `high` with the median `middle`.

    Most of the numbers lie within `usual` (say, all but a hundredth on either side): classes are made for these and for the
    `marks` that are to be seen among them; the first and the last one hold what lies beyond. Even steps of 1, 2 or 5 times a
    power of ten; where the numbers spread over more than a power of ten above their middle, the series 1, 2, 5, 10 … itself.
    """
    inside = [mark for mark in marks if low <= mark <= high]
    first, last = min([usual[0], *inside]), max([usual[1], *inside])
    logarithmic = low >= 0 and middle > 0 and last > _SKEWED * middle
    bounds = _growing(first, last, middle, whole) if logarithmic else _even(first, last, whole)
    below, above = low < bounds[0], high >= bounds[-1]
    if below:
        bounds = [bounds[0] / 2 if logarithmic else 2 * bounds[0] - bounds[1], *bounds]
    if above:
        bounds = [*bounds, bounds[-1] * 2 if logarithmic else 2 * bounds[-1] - bounds[-2]]
    return Classes(tuple(bounds), _labels(bounds, below, above, whole), logarithmic)


def _even(first: float, last: float, whole: bool) -> list[float]:
    span = last - first
    # the same, or no further apart than can be read
    alike = span <= max(_TINY, 1e-9 * max(abs(first), abs(last)))
    step = max(abs(first), _TINY) if alike else _round_up(span / (MOST_CLASSES - 3))
    if whole:
        step = 1.0 if alike else max(1.0, step)
    start = math.floor(first / step)
    return [round(position * step, 12) for position in range(start, math.floor(last / step) + 2)]


def _growing(first: float, last: float, middle: float, whole: bool) -> list[float]:
    series = [_round_up(max(first, 1.0 if whole else middle / 50))]
    while series[-1] <= last:
        series.append(_round_up(series[-1] * 1.5))
    thinner = math.ceil((len(series) - 1) / (MOST_CLASSES - 2))
    return series[::-thinner][::-1] if thinner > 1 else series


def _labels(bounds: Sequence[float], below: bool, above: bool, whole: bool) -> tuple[str, ...]:
    pairs = list(pairwise(bounds))
    found = []
    for number, (low, high) in enumerate(pairs):
        if below and number == 0 and whole and high == 1 and low > 0:
            found.append("0")
        elif below and number == 0:
            found.append(f"under {number_text(high)}")
        elif above and number == len(pairs) - 1:
            found.append(f"{number_text(low)} or more")
        elif whole:
            found.append(
                number_text(low) if high - low <= 1 else f"{number_text(low)}–{number_text(high - 1)}"
            )
        else:
            found.append(f"{number_text(low)} to under {number_text(high)}")
    return tuple(found)


def _round_up(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `value` (> 0)."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value * (1 - 1e-9)))
