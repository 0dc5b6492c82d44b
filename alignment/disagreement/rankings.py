"""Rankings of two teams: each team's order, how far it agrees within itself, and how far the orders are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus
from alignment.disagreement import chance, effects, positions
from alignment.disagreement.agreement import kendalls_tau, kendalls_w, places
from alignment.disagreement.answers import TeamAnswers, labels_of
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured, distribution_of, judged_by, withheld
from alignment.disagreement.differences import (
    SIGNIFICANCE,
    Difference,
    above_chance,
    between_share_of,
    headline_of,
    leans,
)
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

GOING_SO_DEEP = 0.75
"""Orders are compared as far as so many of each team went. How many places people fill is no opinion of the options, and
those who fill fewer than the others, at most a quarter of a team, cannot move δ of a place beyond 0.25: less than medium."""

_BOOTSTRAP_FROM = 5


def measure_ranking(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], least: int, draws: Draws
) -> Measured:
    """Two differences: the distance of the teams' orders (τ), and the option whose mean place differs most.

    Orders are cut to the places that enough of both teams filled; what lies behind shares the places for both.
    """
    labels = labels_of(shown.question)
    spoke = [answers[team].spoke for team in Team]
    differences: list[Difference] = []
    described = withheld(shown, answers)
    if min(spoke) >= least:
        orders = answers[Team.SALES].values
        people = {team: answers[team].people for team in Team}
        lengths = np.array([len(order) for order in orders])
        depth = min(_depth(lengths, people[team]) for team in Team)
        ranks = np.array([places(order, len(labels), depth) for order in orders])
        firsts = {
            team: np.bincount([order[0] for order in orders], weights=people[team], minlength=len(labels))
            for team in Team
        }
        # One place less than there are says all: the last one follows.
        if min(int(lengths.max()), len(labels) - 1) > depth:
            shown = replace(
                shown, reason=" ".join(part for part in (shown.reason, _told_depth(depth)) if part)
            )
        described = _describe(shown, answers, labels, ranks, firsts)
        if chance.smallest_p(*spoke) < SIGNIFICANCE:
            differences.append(_of_orders(ranks, firsts, people, draws))
            place = largest_mean_difference(ranks, people, draws)
            if place is not None:
                sides = _counts_of_places(ranks[:, place.item], people)
                delta = float(effects.cliffs_delta(*sides))
                differences.append(
                    replace(
                        differences[0],
                        effect=Effect(
                            "largest_place_difference", place.value, _within(place.interval, len(labels))
                        ),
                        strength=abs(delta),
                        medium=abs(delta) >= effects.MEDIUM_DELTA,
                        leans=leans(place.interval) and place.p <= SIGNIFICANCE,
                        p=max(
                            place.p,
                            # The number of options leaves room enough; with two imagined people at either end, teams of
                            # twelve with opposite orders would hardly seem apart.
                            min(1.0, len(labels) * effects.cautious_p(*sides, more=1)),
                            chance.all_on_one_side(*spoke),
                        ),
                    )
                )
    headline, smaller = headline_of(differences, answers, draws)
    return judged_by(described, headline, (*smaller, *described.shown.other_effects))


def _describe(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    labels: Sequence[str],
    ranks: Array,
    firsts: Mapping[Team, Array],
) -> Measured:
    people = {team: answers[team].people for team in Team}
    means = {team: people[team] @ ranks / people[team].sum() for team in Team}
    concordance = {team: kendalls_w(ranks, people[team]) for team in Team}
    # Those who can't say agree with nobody: W of the others counts for their share only.
    agreed = {
        team: (concordance[team] or 0.0) * answers[team].spoke / max(answers[team].answered, 1)
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
    ranks: Array, firsts: Mapping[Team, Array], people: Mapping[Team, Array], draws: Draws
) -> Difference:
    """Kendall's τ between the teams' mean places; people are dealt anew to see what distance chance gives.

    The interval of τ is a percentile bootstrap over the people of each team. Drawing people makes orders less alike, so
    it lies low; whether the difference leans is therefore judged by the dealt teams: chance alone has to make a
    distance as large in at most 5 % of the draws.
    """
    # Doubled mid-ranks are whole numbers, and so are their sums, which order the options as the mean places do: ties
    # between options stay ties.
    doubled = 2 * ranks
    a, b = people[Team.SALES], people[Team.MARKETING]
    totals, own = (a + b) @ doubled, a @ doubled
    dealt = draws.deal_sums(a + b, doubled, int(a.sum()))
    tau = float(kendalls_tau(own, totals - own))
    distances = (1 - kendalls_tau(dealt, totals - dealt)) / 2
    distance = (1 - tau) / 2
    p = max(chance.share_as_large(distances, distance), chance.all_on_one_side(int(a.sum()), int(b.sum())))
    strength = above_chance(distance, float(distances.mean()))
    interval = None
    if min(a.sum(), b.sum()) >= _BOOTSTRAP_FROM:
        drawn = kendalls_tau(*(draws.resample_sums(people[team], doubled, team) for team in Team))
        low, high = (float(end) for end in np.quantile(drawn, [SIGNIFICANCE / 2, 1 - SIGNIFICANCE / 2]))
        interval = Interval(min(low, tau), max(high, tau))
    return Difference(
        effect=Effect("kendall_tau", tau, interval),
        strength=strength,
        medium=strength >= MEDIUM_APART,
        leans=p <= SIGNIFICANCE,
        p=p,
        between_share=between_share_of(firsts[Team.SALES], firsts[Team.MARKETING]),
    )


def _depth(lengths: Array, people: Array) -> int:
    """As many places as at least `GOING_SO_DEEP` of a team filled."""
    filled = np.repeat(lengths, people)
    return max(n for n in range(1, int(lengths.max()) + 1) if n == 1 or np.mean(filled >= n) >= GOING_SO_DEEP)


def _told_depth(depth: int) -> str:
    what = "Only the first place is" if depth == 1 else f"Only the first {depth} places are"
    return f"{what} compared: in a team, fewer than three quarters filled more."


def _counts_of_places(of_option: Array, people: Mapping[Team, Array]) -> list[Array]:
    levels, where = np.unique(of_option, return_inverse=True)
    return [np.bincount(where, weights=people[team], minlength=levels.size) for team in Team]


def _within(interval: Interval, options: int) -> Interval:
    return Interval(max(interval.low, 1.0 - options), min(interval.high, options - 1.0))
