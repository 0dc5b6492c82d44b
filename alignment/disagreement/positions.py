"""Where a team stands on a question, and whether both stand in the same place: the consensus rule, written down.

The rule is the two-group rule used for core outcome sets (COMET handbook): an item is *in* when at least 70 % of each
group chose the top band and fewer than 15 % of each the bottom band, *out* when at most 50 % of each chose the top
band, and otherwise there is none. It is read for the types of answer as follows; shares are of everybody who
answered, 'can't say' included.

- **scale**: the bands are the upper and the lower third of the points, rounded (4–5 and 1–2 of five; 7–9 and 1–3 of
  nine). A team is *high* by the rule for 'in', and *low* by the same rule upside down. It is *not high* with at most
  50 % in the top band, provided that one end of the scale holds under 15 % (without that, random answers at five
  people a team would count as agreement nearly half of the time) and that at least 70 % said something.
- **choice, yes or no**: a team stands on the option that at least 70 % of it chose.
- **several choices**: each option is an item. A team stands on the set of options that at least 70 % of it chose,
  and on none when over 50 % and under 70 % chose some option. The empty set counts where 70 % chose nothing.
- **number**: both teams stand together when at least 70 % of each lie within a quarter of the middle between the two
  medians; a team stands somewhere when 70 % of it lie within a quarter of its own median.

A team that stands nowhere is *divided*.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alignment.consensus import ConsensusRule
from alignment.disagreement.effects import entropy, shares

NUMBER_TOLERANCE = 0.25
"""Numbers within this share of the middle count as the same answer."""

NEAR_UNIFORM = 0.9
"""A team's answers are spread over everything from this share of the largest possible entropy on."""


@dataclass(frozen=True)
class Position:
    """What one team stands on. `settled` is False for a divided team, and `place` then means nothing.

    Two settled teams stand together when their places are equal. `firm` places hold even against a statistically
    clear difference in degree (all 5 against all 4 of five is agreement in the top band); the others do not.
    """

    settled: bool
    place: str = ""
    firm: bool = False


DIVIDED = Position(settled=False)


def bands(points: int) -> tuple[slice, slice]:
    """The top and the bottom band of a scale of so many points, as slices of its counts from the lowest point up."""
    size = max(1, round(points / 3))
    return slice(points - size, points), slice(0, min(size, points - size))


def scale_bands(counts: Sequence[int], answered: int) -> tuple[float, float]:
    """The share of a team in the top and in the bottom band; `answered` includes those who can't say."""
    top, bottom = bands(len(counts))
    people = max(answered, 1)
    return sum(counts[top]) / people, sum(counts[bottom]) / people


def on_scale(counts: Sequence[int], answered: int, rule: ConsensusRule) -> Position:
    """Where a team stands on a scale; `counts` from the lowest point to the highest."""
    top, bottom = scale_bands(counts, answered)
    if top >= rule.agree and bottom < rule.oppose:
        return Position(True, "high", firm=True)
    if bottom >= rule.agree and top < rule.oppose:
        return Position(True, "not high", firm=True)
    mostly_said = sum(counts) >= rule.agree * max(answered, 1) - 1e-9
    if mostly_said and top <= rule.out and min(top, bottom) < rule.oppose:
        return Position(True, "not high")
    return DIVIDED


def on_option(counts: Sequence[int], answered: int, rule: ConsensusRule) -> Position:
    """Where a team stands among exclusive options."""
    largest = max(range(len(counts)), key=lambda index: counts[index], default=None)
    if largest is None or counts[largest] < rule.agree * max(answered, 1) - 1e-9:
        return DIVIDED
    return Position(True, str(largest), firm=True)


def on_options(counts: Sequence[int], chose_nothing: int, answered: int, rule: ConsensusRule) -> Position:
    """Where a team stands among options of which several could be chosen."""
    of_team = [count / max(answered, 1) for count in counts]
    chosen = [index for index, share in enumerate(of_team) if share >= rule.agree - 1e-9]
    open_options = any(rule.out < share < rule.agree - 1e-9 for share in of_team)
    if open_options or (not chosen and chose_nothing < rule.agree * max(answered, 1) - 1e-9):
        return DIVIDED
    # The mirror of 70 %: an option that 30 to 70 % chose is not firmly out.
    firm = not any(1 - rule.agree < share < rule.agree - 1e-9 for share in of_team)
    return Position(True, ",".join(map(str, chosen)), firm=firm)


def on_number(values: ArrayLike, answered: int, centre: float, rule: ConsensusRule) -> bool:
    """Whether enough of a team lie within NUMBER_TOLERANCE of `centre` to say that it stands there."""
    near = np.abs(np.asarray(values, dtype=np.float64) - centre) <= NUMBER_TOLERANCE * abs(centre) + 1e-12
    return bool(np.count_nonzero(near) >= rule.agree * max(answered, 1) - 1e-9)


def is_near_uniform(counts: Sequence[int]) -> bool:
    """Whether answers are spread over three or more options about as evenly as so few people can spread them.

    With two options an even spread means two camps, not that nobody knows.
    """
    total = sum(counts)
    most = min(len(counts), total)
    if most < 3:
        return False
    return float(entropy(shares(np.asarray(counts)))) >= NEAR_UNIFORM * float(np.log2(most))
