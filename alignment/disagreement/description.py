"""What is told of a question whatever its type: how a team answered, and one option's share in both teams."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import ConsensusRule
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.differences import Difference
from alignment.disagreement.positions import DIVIDED, Position
from alignment.disagreement.results import Distribution, Effect, OptionDifference, QuestionComparison
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
    label: str, x: int, n_a: int, y: int, n_b: int, rule: ConsensusRule, q: float | None = None
) -> OptionDifference:
    """An option that `x` of `n_a` people in sales and `y` of `n_b` in marketing gave, with Newcombe's interval."""
    of_sales, of_marketing = float(x / n_a), float(y / n_b)
    return OptionDifference(
        label=label,
        shares={Team.SALES: of_sales, Team.MARKETING: of_marketing},
        difference=of_sales - of_marketing,
        interval=newcombe(int(x), int(n_a), int(y), int(n_b)),
        q=q,
        consensus=rule.of([of_sales, of_marketing], []),
    )


def withheld(shown: QuestionComparison, answers: Mapping[Team, TeamAnswers]) -> Measured:
    """What so few said would be single people's answers: only how many can't say is told."""
    nothing = np.zeros(0, dtype=np.int64)
    return Measured(
        shown=replace(shown, distributions={t: distribution_of((), nothing, answers[t]) for t in Team}),
        standing=dict.fromkeys(Team, DIVIDED),
    )


def judged_by(described: Measured, headline: Difference | None, others: Iterable[Effect]) -> Measured:
    """The question with the difference that it is judged by, and the other effects."""
    shown = replace(described.shown, other_effects=tuple(others))
    if headline is None:
        return replace(described, shown=shown, untestable=True)
    return replace(
        described,
        headline=headline,
        shown=replace(
            shown,
            effect=headline.effect,
            between_share=headline.between_share,
            strength=headline.strength,
        ),
    )
