"""What is told of a question whatever its type: how a team answered, and one option's share in both teams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import ConsensusRule
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.differences import Difference
from alignment.disagreement.positions import Position
from alignment.disagreement.results import Distribution, OptionDifference, QuestionComparison
from alignment.people import Team
from alignment.statistics import newcombe

Array = NDArray[Any]


@dataclass(frozen=True)
class Measured:
    """A question before the correction over the survey and the verdict.

    `shown` holds all that is known so far. `headline` is None when nothing could be tested, and `untestable` then
    says that the teams are too small for any verdict.
    """

    shown: QuestionComparison
    headline: Difference | None = None
    standing: Mapping[Team, Position] = field(default_factory=dict)
    spread_evenly: bool = False
    mostly_cant_say: bool = False
    untestable: bool = False


def distribution_of(labels: tuple[str, ...], counts: Array, answers: TeamAnswers) -> Distribution:
    """How a team answered: `counts` of each label, of shape (labels,), and their shares of everybody who answered."""
    people = max(answers.answered, 1)
    return Distribution(
        labels=labels,
        counts=tuple(int(count) for count in counts),
        shares=tuple(float(count) / people for count in counts),
        answered=answers.answered,
        cant_say=answers.cant_say,
    )


def option_difference(
    label: str, x: int, n_a: int, y: int, n_b: int, rule: ConsensusRule
) -> OptionDifference:
    """An option that `x` of `n_a` people in sales and `y` of `n_b` in marketing gave, with Newcombe's interval."""
    of_sales, of_marketing = float(x / n_a), float(y / n_b)
    return OptionDifference(
        label=label,
        shares={Team.SALES: of_sales, Team.MARKETING: of_marketing},
        difference=of_sales - of_marketing,
        interval=newcombe(int(x), n_a, int(y), n_b),
        q=None,
        consensus=rule.of([of_sales, of_marketing], []),
    )


def yes_and_no(ticks: Array, people: Array | int) -> Array:
    """How many gave each answer and how many did not, on a new last axis."""
    return np.stack([ticks, people - ticks], axis=-1)
