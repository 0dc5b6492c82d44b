"""Lead cards judged by two teams: who calls which lead qualified, and how far people agree."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement import chance, effects, positions
from alignment.disagreement.agreement import cohens_kappa, krippendorffs_alpha
from alignment.disagreement.answers import CARD_CODES, NOT_JUDGED, TeamAnswers, labels_of
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured, distribution_of, judged_by, withheld
from alignment.disagreement.differences import (
    SIGNIFICANCE,
    Difference,
    above_chance,
    between_share_of,
    headline_of,
    leans,
    yes_and_no,
)
from alignment.disagreement.options import option_differences
from alignment.disagreement.positions import Position
from alignment.disagreement.results import Effect, OptionDifference, QuestionComparison
from alignment.people import Team
from alignment.questionnaires import CardVerdict
from alignment.statistics import benjamini_hochberg, newcombe

Array = NDArray[Any]

_QUALIFIED, _NOT, _CANT_TELL = (CARD_CODES[verdict] for verdict in CardVerdict)


def measure_cards(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    draws: Draws,
) -> Measured:
    """The card on which the teams differ most, and how far they differ over all cards.

    A card that fewer than `least` people of a team judged is left out for both.
    """
    every = labels_of(shown.question)
    people = {team: answers[team].people for team in Team}
    sheets = answers[Team.SALES].values
    codes = np.array(sheets, dtype=np.int64).reshape(len(sheets), len(every))
    counts = {
        team: np.stack([people[team] @ (codes == code) for code in range(NOT_JUDGED)], axis=-1)
        for team in Team
    }
    judged = {team: counts[team].sum(axis=-1) for team in Team}
    kept = np.flatnonzero(np.minimum(judged[Team.SALES], judged[Team.MARKETING]) >= least)
    if not kept.size:
        headline, _ = headline_of([], answers, draws)
        return judged_by(withheld(shown, answers), headline, ())
    labels = tuple(every[index] for index in kept)
    counts = {team: counts[team][kept] for team in Team}
    judged = {team: judged[team][kept] for team in Team}
    differences = []
    q_of_card = [1.0] * len(labels)
    if chance.smallest_p(*(answers[team].spoke for team in Team)) < SIGNIFICANCE:
        of_cards, q_of_card = _of_cards(codes[:, kept], people, draws)
        differences.append(of_cards)
    headline, smaller = headline_of(differences, answers, draws)
    standing = _standing(counts, judged, rule)
    together = standing[Team.SALES].settled and standing[Team.SALES].place == standing[Team.MARKETING].place
    missing = len(every) - len(labels)
    remark = (
        f"{missing} {'card was' if missing == 1 else 'cards were'} judged by too few and left out."
        if missing
        else ""
    )
    described = Measured(
        standing=standing,
        mostly_cant_say=all(counts[team][:, _CANT_TELL].sum() * 2 > judged[team].sum() for team in Team),
        shown=replace(
            shown,
            reason=" ".join(part for part in (shown.reason, remark) if part),
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={
                team: replace(
                    distribution_of(labels, counts[team][:, _QUALIFIED], answers[team]),
                    shares=tuple(
                        float(x / n) for x, n in zip(counts[team][:, _QUALIFIED], judged[team], strict=True)
                    ),
                    judged=tuple(int(n) for n in judged[team]),
                    not_qualified=tuple(int(x) for x in counts[team][:, _NOT]),
                    concordance=krippendorffs_alpha(counts[team][:, :_CANT_TELL]),
                )
                for team in Team
            },
            differences=_cards(labels, counts, judged, q_of_card, rule),
        ),
    )
    known = None if headline is None else headline.effect.name
    others = [one for one in _other_effects(counts, judged) if one.name != known]
    return judged_by(described, headline, (*smaller, *others))


def _of_cards(codes: Array, people: Mapping[Team, Array], draws: Draws) -> tuple[Difference, list[float]]:
    """The difference, and the false-discovery rate of each card; a person's judgements stay together in the draws.

    Two statistics, the largest and the mean difference over the cards; the one that chance makes more rarely is the
    effect, and its p counts, doubled (Bonferroni). Each card's difference is divided by √(1/n₁ + 1/n₂), with those who
    judged it in the two teams, observed or dealt: where one team judges fewer cards, dealing evens out how many of each
    team judged a card, and so makes smaller differences than chance does.
    """
    cards = codes.shape[1]
    columns = np.concatenate([codes == _QUALIFIED, codes < NOT_JUDGED], axis=1).astype(np.float64)
    a, b = people[Team.SALES], people[Team.MARKETING]
    dealt = draws.deal_sums(a + b, columns, int(a.sum()))
    of_a, of_b = a @ columns, b @ columns
    totals = of_a + of_b
    x, y, n_a, n_b = of_a[:cards], of_b[:cards], of_a[cards:], of_b[cards:]
    apart = x / n_a - y / n_b
    scale = np.sqrt(1 / n_a + 1 / n_b)
    scaled = np.abs(apart) / scale
    by_chance = _scaled_apart(dealt, totals - dealt)
    largest_by_chance = by_chance.max(axis=-1)
    largest = int(np.argmax(scaled))
    value, mean = float(apart[largest]), float(np.abs(apart).mean())
    p_mean = chance.share_as_large(by_chance.mean(axis=-1), float(scaled.mean()))
    p_largest = chance.share_as_large(largest_by_chance, float(scaled[largest]))
    p_of_card = [chance.share_as_large(by_chance[:, i], float(scaled[i])) for i in range(cards)]
    varied = int(np.count_nonzero((x + y > 0) & (x + y < n_a + n_b)))
    interval = newcombe(
        int(x[largest]),
        int(n_a[largest]),
        int(y[largest]),
        int(n_b[largest]),
        confidence=1 - SIGNIFICANCE / max(1, varied),
    )
    # How many of a team judged a card differs by card, and so does what chance puts between the teams.
    expected = sum(
        effects.expected_divergence([yes, judged - yes], int(judged), int(of_sales))
        for yes, judged, of_sales in zip(x + y, n_a + n_b, n_a, strict=True)
    )
    difference = Difference(
        effect=Effect("largest_difference", value, interval)
        if p_largest <= p_mean
        else Effect("mean_difference", mean),
        strength=above_chance(abs(value), float(largest_by_chance.mean() * scale[largest])),
        medium=abs(value) >= effects.MEDIUM_ASSOCIATION,
        leans=leans(interval) or p_largest <= SIGNIFICANCE or p_mean <= SIGNIFICANCE / 2,
        p=max(min(1.0, 2 * min(p_largest, p_mean)), chance.all_on_one_side(int(a.sum()), int(b.sum()))),
        between_share=between_share_of(yes_and_no(x, n_a), yes_and_no(y, n_b), expected),
    )
    return difference, benjamini_hochberg(p_of_card)


def _scaled_apart(sums: Array, others: Array) -> Array:
    """|difference of the shares| / √(1/n₁ + 1/n₂) of every card; sums of (qualified, judged) over the last axis.

    0 where one side judged nothing.
    """
    x, n_a = np.split(sums, 2, axis=-1)
    y, n_b = np.split(others, 2, axis=-1)
    safe_a, safe_b = np.maximum(n_a, 1.0), np.maximum(n_b, 1.0)
    found = np.abs(x / safe_a - y / safe_b) / np.sqrt(1 / safe_a + 1 / safe_b)
    return np.where((n_a > 0) & (n_b > 0), found, 0.0)


def _cards(
    labels: tuple[str, ...],
    counts: Mapping[Team, Array],
    judged: Mapping[Team, Array],
    q_of_card: list[float],
    rule: ConsensusRule,
) -> tuple[OptionDifference, ...]:
    qualified = {team: counts[team][:, _QUALIFIED] for team in Team}
    found = []
    for index, one in enumerate(option_differences(labels, qualified, judged, rule, q_of_card)):
        against = [float(counts[team][index, _NOT] / judged[team][index]) for team in Team]
        consensus = rule.of(list(one.shares.values()), against)
        if consensus is not Consensus.IN:
            # A lead is out where both teams call it not qualified, not where they cannot tell.
            out = rule.of(against, list(one.shares.values())) is Consensus.IN
            consensus = Consensus.OUT if out else Consensus.NONE
        found.append(replace(one, consensus=consensus))
    return tuple(found)


def _standing(
    counts: Mapping[Team, Array], judged: Mapping[Team, Array], rule: ConsensusRule
) -> dict[Team, Position]:
    """A team is settled when at least 70 % of it judge at least 70 % of the cards alike.

    Both stand together when they judge alike every card on which both are settled, and those are at least 70 %.
    """
    of_card = {
        team: np.where(
            (counts[team] >= rule.agree * judged[team][:, None] - 1e-9).any(axis=-1),
            counts[team].argmax(axis=-1),
            -1,
        )
        for team in Team
    }
    sales, marketing = of_card[Team.SALES], of_card[Team.MARKETING]
    both = (sales >= 0) & (marketing >= 0)
    alike = bool(np.all(sales[both] == marketing[both])) and both.mean() >= rule.agree - 1e-9
    return {
        team: Position(True, "together" if alike else team.value)
        if (of_card[team] >= 0).mean() >= rule.agree - 1e-9
        else positions.DIVIDED
        for team in Team
    }


def _other_effects(counts: Mapping[Team, Array], judged: Mapping[Team, Array]) -> tuple[Effect, ...]:
    shares = {team: counts[team][:, _QUALIFIED] / judged[team] for team in Team}
    apart = shares[Team.SALES] - shares[Team.MARKETING]
    found = [
        Effect("largest_difference", float(apart[np.argmax(np.abs(apart))])),
        Effect("mean_difference", float(np.abs(apart).mean())),
    ]
    kappa = cohens_kappa(majority_table(counts))
    if kappa is not None:
        found.append(Effect("cohens_kappa", kappa))
    for team in Team:
        alpha = krippendorffs_alpha(counts[team][:, :_CANT_TELL])
        if alpha is not None:
            found.append(Effect(f"krippendorff_alpha_{team.value}", alpha))
    return tuple(found)


def majority_table(counts: Mapping[Team, Array]) -> Array:
    """How often the majorities of sales (rows) and marketing (columns) call a card qualified or not; ties left out.

    `counts` has, for each team, who calls each card qualified and who does not in its first two columns.
    """
    table = np.zeros((2, 2), dtype=np.int64)
    sides = [np.sign(counts[team][:, _QUALIFIED] - counts[team][:, _NOT]) for team in Team]
    for sales, marketing in zip(*sides, strict=True):
        if sales and marketing:
            table[int(sales < 0), int(marketing < 0)] += 1
    return table
