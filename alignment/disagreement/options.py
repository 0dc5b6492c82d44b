"""Choices between options, one or several: which each team chose, and how far apart that lies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement import positions
from alignment.disagreement.answers import CANT_SAY, TeamAnswers, labels_of
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured, distribution_of, judged_by, option_difference
from alignment.disagreement.differences import difference_of_items, difference_of_tables
from alignment.disagreement.results import Effect, OptionDifference, QuestionComparison
from alignment.people import Team

Array = NDArray[Any]


def measure_options(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], rule: ConsensusRule, draws: Draws
) -> Measured:
    """Options that exclude each other, 'can't say' being one more: total variation, with Bergsma's V for strength."""
    labels = labels_of(shown.question)
    counts = {team: answers[team].tally(len(labels)) for team in Team}
    n = {team: answers[team].answered for team in Team}
    table = {team: np.append(counts[team], answers[team].cant_say) for team in Team}
    headline = difference_of_tables(table[Team.SALES], table[Team.MARKETING], draws)
    standing = {team: positions.on_option(counts[team].tolist(), n[team], rule) for team in Team}
    together = standing[Team.SALES].settled and standing[Team.SALES] == standing[Team.MARKETING]
    described = Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={team: distribution_of(labels, counts[team], answers[team]) for team in Team},
            differences=option_differences(_given(labels, answers), table, n, rule),
        ),
        standing=standing,
        spread_evenly=all(positions.is_near_uniform(counts[team].tolist()) for team in Team),
    )
    return judged_by(described, headline, (Effect("bergsma_v", headline.strength),))


def measure_choices(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], rule: ConsensusRule, draws: Draws
) -> Measured:
    """Options of which several may be chosen: the one whose share differs most, with each option's own q."""
    labels = labels_of(shown.question)
    n = {team: answers[team].answered for team in Team}
    patterns = answers[Team.SALES].values
    chosen = np.zeros((len(patterns) + 1, len(labels) + 1))
    for row, pattern in enumerate(patterns):
        chosen[row, list(pattern)] = 1
    chosen[-1, -1] = 1  # those who can't say
    found = difference_of_items(
        chosen, {team: np.append(answers[team].people, answers[team].cant_say) for team in Team}, draws
    )
    nothing = {
        team: sum(int(people) for one, people in zip(patterns, answers[team].people, strict=True) if not one)
        for team in Team
    }
    ticks = {team: found.counts[team][:-1].tolist() for team in Team}
    differences = option_differences(_given(labels, answers), found.counts, n, rule, found.q)
    reached = {one.consensus for one in differences}
    described = Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN
            if Consensus.IN in reached
            else Consensus.OUT
            if reached == {Consensus.OUT}
            else Consensus.NONE,
            distributions={
                team: replace(
                    distribution_of(labels, found.counts[team][:-1], answers[team]),
                    chose_nothing=nothing[team],
                )
                for team in Team
            },
            differences=differences,
        ),
        standing={team: positions.on_options(ticks[team], nothing[team], n[team], rule) for team in Team},
        spread_evenly=all(positions.is_near_uniform(ticks[team]) for team in Team),
    )
    mean = float(np.abs(found.shares_apart[: len(labels)]).mean()) if labels else 0.0
    return judged_by(described, found.difference, (Effect("mean_difference", mean),) if labels else ())


def option_differences(
    labels: Sequence[str],
    counts: Mapping[Team, Array],
    n: Mapping[Team, int] | Mapping[Team, Array],
    rule: ConsensusRule,
    q: Sequence[float] | None = None,
) -> tuple[OptionDifference, ...]:
    """A row for each label: how many of the `n` people of each team (one number, or one each) gave it, and its `q`."""
    (x, n_a), (y, n_b) = ((counts[team], np.broadcast_to(n[team], len(labels))) for team in Team)
    return tuple(
        option_difference(label, x[i], n_a[i], y[i], n_b[i], rule, None if q is None else q[i])
        for i, label in enumerate(labels)
    )


def _given(labels: tuple[str, ...], answers: Mapping[Team, TeamAnswers]) -> tuple[str, ...]:
    return (*labels, CANT_SAY) if any(answers[team].cant_say for team in Team) else labels
