"""Scales and numbers: answers that have an order, and how far apart in it two teams stand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement import chance, positions
from alignment.disagreement.answers import TeamAnswers, labels_of
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured, distribution_of, judged_by, withheld
from alignment.disagreement.differences import SIGNIFICANCE, difference_in_order, headline_of, leans
from alignment.disagreement.number_classes import number_classes
from alignment.disagreement.positions import Position
from alignment.disagreement.results import Distribution, Effect, QuestionComparison
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.statistics import Interval

Array = NDArray[Any]

LARGE_ENOUGH_FOR_QUARTILES = 8
"""Below this many numbers in a team quartiles would be single people's answers."""

_BOOTSTRAP_FROM = 5


def measure_levels(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    draws: Draws,
) -> Measured:
    """Those who said something by their order, then those who can't say; of numbers also the difference of medians."""
    is_number = shown.question.type is QuestionType.NUMBER
    spoke = [answers[team].spoke for team in Team]
    enough = min(spoke) >= least
    # One entry a person, in order: what is told of the middle of a team is told of its people.
    said = {team: np.repeat(_values(answers[team]), answers[team].people) for team in Team}
    differences = []
    others: list[Effect] = []
    if enough and chance.smallest_p(*spoke) < SIGNIFICANCE:
        difference = difference_in_order(answers, draws, parts=5 if is_number else 0)
        if is_number:
            medians = _difference_of_medians(said, draws)
            others.append(medians)
            # It is an effect of its own, with an interval of its own.
            leaning = difference.leans or (leans(medians.interval) and difference.medium)
            difference = replace(difference, leans=leaning)
        differences.append(difference)
    headline, smaller = headline_of(differences, answers, draws)
    if not is_number:
        described = _describe_scale(shown, answers, said, rule)
    elif enough:
        described = _describe_number(shown, answers, said, rule)
    else:
        described = withheld(shown, answers)
    return judged_by(described, headline, (*others, *smaller))


def _values(answers: TeamAnswers) -> Array:
    return np.asarray(answers.values, dtype=np.float64)


def _difference_of_medians(said: Mapping[Team, Array], draws: Draws) -> Effect:
    """The difference of the medians with its percentile bootstrap interval, where both teams are large enough for one."""
    sales, marketing = (said[team] for team in Team)
    interval = None
    if min(sales.size, marketing.size) >= _BOOTSTRAP_FROM:
        # Each team's own draws: two teams of one size must not move together.
        drawn = draws.resample_medians(sales, Team.SALES) - draws.resample_medians(marketing, Team.MARKETING)
        low, high = np.quantile(drawn, [SIGNIFICANCE / 2, 1 - SIGNIFICANCE / 2], method="inverted_cdf")
        interval = Interval(float(low), float(high))
    return Effect("difference_of_medians", float(np.median(sales) - np.median(marketing)), interval)


def _describe_scale(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    said: Mapping[Team, Array],
    rule: ConsensusRule,
) -> Measured:
    labels = labels_of(shown.question)
    counts = {team: answers[team].tally(len(labels)) for team in Team}
    listed = {team: counts[team].tolist() for team in Team}
    n = {team: answers[team].answered for team in Team}
    in_bands = [positions.scale_bands(listed[team], n[team]) for team in Team]
    return Measured(
        shown=replace(
            shown,
            consensus=rule.of([top for top, _ in in_bands], [bottom for _, bottom in in_bands]),
            distributions={
                team: _with_middle(distribution_of(labels, counts[team], answers[team]), said[team] + 1)
                for team in Team
            },
        ),
        standing={team: positions.on_scale(listed[team], n[team], rule) for team in Team},
        spread_evenly=all(positions.is_near_uniform(listed[team]) for team in Team),
    )


def _describe_number(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    said: Mapping[Team, Array],
    rule: ConsensusRule,
) -> Measured:
    n = {team: answers[team].answered for team in Team}
    medians = {team: float(np.median(said[team])) for team in Team}
    centre = sum(medians.values()) / len(medians)
    together = all(positions.on_number(said[team], n[team], centre, rule) for team in Team)
    standing = {
        team: Position(True, "together" if together else team.value)
        if together or positions.on_number(said[team], n[team], medians[team], rule)
        else positions.DIVIDED
        for team in Team
    }
    edges, labels = number_classes(
        np.concatenate([said[team] for team in Team]),
        at_most=3 if min(one.size for one in said.values()) < LARGE_ENOUGH_FOR_QUARTILES else 7,
    )
    counts = {
        team: np.bincount(
            np.clip(np.searchsorted(edges, said[team], side="right") - 1, 0, len(labels) - 1),
            minlength=len(labels),
        )
        for team in Team
    }
    return Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={
                team: _with_middle(distribution_of(labels, counts[team], answers[team]), said[team])
                for team in Team
            },
        ),
        standing=standing,
    )


def _with_middle(distribution: Distribution, values: Array) -> Distribution:
    if not values.size:
        return distribution
    quartiles = None
    if values.size >= LARGE_ENOUGH_FOR_QUARTILES:
        low, high = np.quantile(values, [0.25, 0.75])
        quartiles = (float(low), float(high))
    return replace(distribution, median=float(np.median(values)), quartiles=quartiles)
