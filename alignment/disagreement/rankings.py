"""Rankings of two teams: each team's order, how far it agrees within itself, and how far the orders are apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus
from alignment.disagreement import chance, effects, positions
from alignment.disagreement.agreement import kendalls_tau, kendalls_w, places
from alignment.disagreement.answers import TeamAnswers, labels_of
from alignment.disagreement.description import Measured, distribution_of
from alignment.disagreement.differences import SIGNIFICANCE, Difference, between_share_of, headline_of, leans
from alignment.disagreement.means import largest_mean_difference
from alignment.disagreement.positions import Position
from alignment.disagreement.results import Effect, QuestionComparison
from alignment.people import Team
from alignment.statistics import Interval

Array = NDArray[Any]

SETTLED_FROM = 0.5
"""From this Kendall's W on a team counts as agreed on an order (Schmidt 1997: 0.5 is moderate agreement)."""

FIRM_FROM = 0.7
"""From here on it is strong agreement."""

TOGETHER_FROM = 0.6
"""From this τ on the teams' orders count as the same: of five options two pairs may be the other way round."""

MEDIUM_APART = 0.3
"""From here on the distance of the orders above chance, as a share of what is left above chance, is called medium."""

_BOOTSTRAP_FROM = 5


def measure_ranking(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rng: np.random.Generator,
    repetitions: int,
) -> Measured:
    """Two differences: the distance of the teams' orders (τ), and the option whose mean place differs most."""
    labels = labels_of(shown.question)
    said = {team: len(answers[team].said) for team in Team}
    differences: list[Difference] = []
    described = _withheld(shown, answers)
    if min(said.values()) >= least:
        orders, people = _orders(answers)
        ranks = np.array([places(order, len(labels)) for order in orders])
        first = np.array(
            [[order[0] == option for option in range(len(labels))] for order in orders], dtype=float
        )
        described = _describe(shown, answers, labels, ranks, first, people)
        if chance.smallest_p(*said.values()) < SIGNIFICANCE:
            differences.append(_of_orders(ranks, first, people, rng, repetitions))
            place = largest_mean_difference(ranks, people, rng, repetitions)
            if place is not None:
                delta = _delta_of_places(ranks[:, place.item], people)
                differences.append(
                    replace(
                        differences[0],
                        effect=Effect(
                            "largest_place_difference", place.value, _within(place.interval, len(labels))
                        ),
                        strength=abs(delta),
                        medium=abs(delta) >= effects.MEDIUM_DELTA,
                        leans=leans(place.interval) and place.p <= SIGNIFICANCE,
                        p=place.p,
                    )
                )
    headline, smaller = headline_of(differences, answers, rng, repetitions)
    return replace(
        described,
        headline=headline,
        untestable=headline is None,
        shown=replace(
            described.shown,
            effect=headline.effect if headline else None,
            other_effects=(*smaller, *described.shown.other_effects),
            between_share=headline.between_share if headline else None,
            strength=headline.strength if headline else 0.0,
        ),
    )


def _orders(answers: Mapping[Team, TeamAnswers]) -> tuple[list[tuple[int, ...]], dict[Team, Array]]:
    """The different orders, and how many of each team gave each."""
    orders = sorted({order for team in Team for order in answers[team].said})
    counted = {team: Counter(answers[team].said) for team in Team}
    return orders, {team: np.array([counted[team][order] for order in orders]) for team in Team}


def _withheld(shown: QuestionComparison, answers: Mapping[Team, TeamAnswers]) -> Measured:
    """Orders of so few would be single people's answers: only how many can't say is told."""
    nothing = np.zeros(0, dtype=np.int64)
    return Measured(
        shown=replace(shown, distributions={t: distribution_of((), nothing, answers[t]) for t in Team}),
        standing=dict.fromkeys(Team, positions.DIVIDED),
    )


def _describe(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    labels: Sequence[str],
    ranks: Array,
    first: Array,
    people: Mapping[Team, Array],
) -> Measured:
    means = {team: people[team] @ ranks / people[team].sum() for team in Team}
    concordance = {team: kendalls_w(ranks, people[team]) for team in Team}
    firsts = {team: (people[team] @ first).astype(np.int64) for team in Team}
    # Those who can't say agree with nobody: W of the others counts for their share only.
    agreed = {
        team: (concordance[team] or 0.0) * len(answers[team].said) / max(answers[team].answered, 1)
        for team in Team
    }
    tau = float(kendalls_tau(*means.values()))
    together = tau >= TOGETHER_FROM
    standing = {
        team: Position(True, "together" if together else team.value, firm=agreed[team] >= FIRM_FROM)
        if agreed[team] >= SETTLED_FROM
        else positions.DIVIDED
        for team in Team
    }
    settled = together and all(one.settled for one in standing.values())
    return Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN if settled else Consensus.NONE,
            other_effects=tuple(
                Effect(f"kendall_w_{team.value}", value)
                for team in Team
                if (value := concordance[team]) is not None
            ),
            distributions={
                team: replace(
                    distribution_of(tuple(labels), firsts[team], answers[team]),
                    mean_places=tuple(float(mean) for mean in means[team]),
                    concordance=concordance[team],
                )
                for team in Team
            },
        ),
        standing=standing,
        spread_evenly=all(positions.is_near_uniform(firsts[team].tolist()) for team in Team),
    )


def _of_orders(
    ranks: Array, first: Array, people: Mapping[Team, Array], rng: np.random.Generator, repetitions: int
) -> Difference:
    """Kendall's τ between the teams' mean places; people are dealt anew to see what distance chance gives.

    The interval of τ is a percentile bootstrap over the people of each team. Drawing people makes orders less alike, so
    it lies low; whether the difference leans is therefore judged by the dealt teams: chance alone has to make a
    distance as large in at most 5 % of the draws.
    """
    k = ranks.shape[1]
    # Doubled mid-ranks are whole numbers, and so are their sums, which order the options as the mean places do: ties
    # between options stay ties.
    columns = np.concatenate([2 * ranks, first], axis=1)
    a, b = people[Team.SALES], people[Team.MARKETING]
    totals, own = (a + b) @ columns, a @ columns
    dealt = chance.deal_sums(a + b, columns, int(a.sum()), rng, repetitions)
    tau = float(kendalls_tau(own[:k], totals[:k] - own[:k]))
    distances = (1 - kendalls_tau(dealt[:, :k], totals[:k] - dealt[:, :k])) / 2
    distance, expected = (1 - tau) / 2, float(distances.mean())
    p = chance.share_as_large(distances, distance)
    strength = max(0.0, (distance - expected) / (1 - expected)) if expected < 1 else 0.0
    interval = None
    if min(a.sum(), b.sum()) >= _BOOTSTRAP_FROM:
        drawn = kendalls_tau(*(chance.resample_sums(c, 2 * ranks, rng, repetitions) for c in (a, b)))
        low, high = (float(end) for end in np.quantile(drawn, [SIGNIFICANCE / 2, 1 - SIGNIFICANCE / 2]))
        interval = Interval(min(low, tau), max(high, tau))
    return Difference(
        effect=Effect("kendall_tau", tau, interval),
        strength=strength,
        medium=strength >= MEDIUM_APART,
        leans=p <= SIGNIFICANCE,
        p=p,
        between_share=between_share_of(
            own[k:], totals[k:] - own[k:], dealt[:, k:], totals[k:] - dealt[:, k:]
        ),
    )


def _delta_of_places(of_option: Array, people: Mapping[Team, Array]) -> float:
    levels, where = np.unique(of_option, return_inverse=True)
    sides = [np.bincount(where, weights=people[team], minlength=levels.size) for team in Team]
    return float(effects.cliffs_delta(*sides))


def _within(interval: Interval, options: int) -> Interval:
    return Interval(max(interval.low, 1.0 - options), min(interval.high, options - 1.0))
