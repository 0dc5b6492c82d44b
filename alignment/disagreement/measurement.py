"""A question measured: how each team answered, where it stands, and how far the teams are apart. No verdict yet."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignment.consensus import Consensus, ConsensusRule
from alignment.disagreement import chance, effects, positions, sentences
from alignment.disagreement.answers import CANT_SAY, TeamAnswers, labels_of
from alignment.disagreement.cards import measure_cards
from alignment.disagreement.description import Measured, distribution_of, option_difference, yes_and_no
from alignment.disagreement.differences import (
    SIGNIFICANCE,
    Difference,
    between_share_of,
    difference_in_order,
    difference_of_tables,
    headline_of,
    leans,
)
from alignment.disagreement.number_classes import number_classes
from alignment.disagreement.positions import Position
from alignment.disagreement.rankings import measure_ranking
from alignment.disagreement.results import Distribution, Effect, Evidence, QuestionComparison, Verdict
from alignment.disagreement.rule_conditions import measure_rules
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.statistics import benjamini_hochberg, newcombe

Array = NDArray[Any]

LARGE_ENOUGH_FOR_QUARTILES = 8
"""Below this many numbers in a team quartiles would be single people's answers."""

UNIT_SLIP = 20.0
"""A number that is so many times the median, or a fraction of it, is flagged: minutes for hours, for example."""


def measure(
    question: Question,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> Measured:
    """Measure one question with `repetitions` draws; `least` is the minimum group, below which all is withheld."""
    n = {team: answers[team].answered for team in Team}
    shown = QuestionComparison(
        question=question,
        n=n,
        verdict=Verdict.TOO_FEW,
        evidence=Evidence.TOO_FEW,
        sentence="",
        reason=sentences.remarks(
            sum(one.unreadable for one in answers.values()), _unit_slips(question, answers, least)
        ),
    )
    if min(n.values()) < least:
        return Measured(replace(shown, n=dict.fromkeys(Team), reason="", hidden=True), untestable=True)
    match question.type:
        case QuestionType.CHOICE | QuestionType.YES_NO:
            measured = _measure_options(shown, answers, rule, rng, repetitions)
        case QuestionType.CHOICES:
            measured = _measure_choices(shown, answers, rule, rng, repetitions)
        case QuestionType.RANKING:
            measured = measure_ranking(shown, answers, least, rng, repetitions)
        case QuestionType.LEAD_CARDS:
            measured = measure_cards(shown, answers, least, rule, rng, repetitions)
        case QuestionType.RULE:
            measured = measure_rules(shown, answers, least, rule, rng, repetitions)
        case _:
            measured = _measure_ordered(shown, answers, least, rule, rng, repetitions)
    if chance.smallest_p(n[Team.SALES], n[Team.MARKETING]) >= SIGNIFICANCE:
        return replace(measured, headline=None, untestable=True)
    silent = all(answers[team].cant_say * 2 > n[team] for team in Team)
    return replace(measured, mostly_cant_say=silent or measured.mostly_cant_say)


def _measure_options(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> Measured:
    labels = labels_of(shown.question)
    counts = {team: _tally(answers[team].said, len(labels)) for team in Team}
    n = {team: answers[team].answered for team in Team}
    table = {team: np.append(counts[team], answers[team].cant_say) for team in Team}
    headline = difference_of_tables(table[Team.SALES], table[Team.MARKETING], rng, repetitions)
    standing = {team: positions.on_option(counts[team].tolist(), n[team], rule) for team in Team}
    together = standing[Team.SALES].settled and standing[Team.SALES] == standing[Team.MARKETING]
    given = labels if not any(answers[team].cant_say for team in Team) else (*labels, CANT_SAY)
    return Measured(
        shown=replace(
            shown,
            effect=headline.effect,
            other_effects=(Effect("bergsma_v", headline.strength),),
            between_share=headline.between_share,
            strength=headline.strength,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={team: distribution_of(labels, counts[team], answers[team]) for team in Team},
            differences=tuple(
                option_difference(
                    label,
                    table[Team.SALES][i],
                    n[Team.SALES],
                    table[Team.MARKETING][i],
                    n[Team.MARKETING],
                    rule,
                )
                for i, label in enumerate(given)
            ),
        ),
        headline=headline,
        standing=standing,
        spread_evenly=all(positions.is_near_uniform(counts[team].tolist()) for team in Team),
    )


def _measure_choices(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> Measured:
    labels = labels_of(shown.question)
    n = {team: answers[team].answered for team in Team}
    n_a, n_b = n[Team.SALES], n[Team.MARKETING]
    # A person's answer stays whole: people are dealt to teams, not single ticks, since ticks of one person hang together.
    patterns = sorted(set(answers[Team.SALES].said) | set(answers[Team.MARKETING].said))
    chosen = np.zeros((len(patterns) + 1, len(labels) + 1))
    for row, pattern in enumerate(patterns):
        chosen[row, list(pattern)] = 1
    chosen[-1, -1] = 1  # those who can't say
    people = {
        team: np.append(_tally_patterns(answers[team].said, patterns), answers[team].cant_say)
        for team in Team
    }
    counts = {team: (people[team] @ chosen).astype(np.int64) for team in Team}
    totals = counts[Team.SALES] + counts[Team.MARKETING]

    dealt = chance.deal(people[Team.SALES] + people[Team.MARKETING], n_a, rng, repetitions) @ chosen
    by_chance = np.abs(dealt / n_a - (totals - dealt) / n_b)
    apart = counts[Team.SALES] / n_a - counts[Team.MARKETING] / n_b
    largest = int(np.argmax(np.abs(apart)))
    varied = (totals > 0) & (totals < n_a + n_b)
    # Bonferroni over the options: the one that differs most was picked among so many.
    interval = newcombe(
        int(counts[Team.SALES][largest]),
        n_a,
        int(counts[Team.MARKETING][largest]),
        n_b,
        confidence=1 - SIGNIFICANCE / max(1, int(varied.sum())),
    )
    expected = float(by_chance.max(axis=1).mean())
    value = float(apart[largest])
    headline = Difference(
        effect=Effect("largest_difference", value, interval),
        strength=max(0.0, (abs(value) - expected) / (1 - expected)) if expected < 1 else 0.0,
        medium=abs(value) >= effects.MEDIUM_ASSOCIATION,
        leans=leans(interval),
        p=chance.share_as_large(by_chance.max(axis=1), abs(value)),
        between_share=between_share_of(
            yes_and_no(counts[Team.SALES], n_a),
            yes_and_no(counts[Team.MARKETING], n_b),
            yes_and_no(dealt, n_a),
            yes_and_no(totals - dealt, n_b),
        ),
    )
    p_of_option = [chance.share_as_large(by_chance[:, i], abs(float(apart[i]))) for i in range(len(totals))]
    tested = [i for i in range(len(totals)) if varied[i]]
    q_of_option = dict(zip(tested, benjamini_hochberg([p_of_option[i] for i in tested]), strict=True))
    nothing = {team: int(sum(1 for one in answers[team].said if not one)) for team in Team}
    ticks = {team: counts[team][:-1].tolist() for team in Team}
    standing = {team: positions.on_options(ticks[team], nothing[team], n[team], rule) for team in Team}
    differences = tuple(
        replace(
            option_difference(label, counts[Team.SALES][i], n_a, counts[Team.MARKETING][i], n_b, rule),
            q=q_of_option.get(i, 1.0),
        )
        for i, label in enumerate((*labels, CANT_SAY) if totals[-1] else labels)
    )
    found = {one.consensus for one in differences}
    return Measured(
        shown=replace(
            shown,
            effect=headline.effect,
            other_effects=(Effect("mean_difference", float(np.abs(apart[: len(labels)]).mean())),)
            if labels
            else (),
            between_share=headline.between_share,
            strength=headline.strength,
            consensus=Consensus.IN
            if Consensus.IN in found
            else Consensus.OUT
            if found == {Consensus.OUT}
            else Consensus.NONE,
            distributions={
                team: replace(
                    distribution_of(labels, counts[team][:-1], answers[team]), chose_nothing=nothing[team]
                )
                for team in Team
            },
            differences=differences,
        ),
        headline=headline,
        standing=standing,
        spread_evenly=all(positions.is_near_uniform(ticks[team]) for team in Team),
    )


def _measure_ordered(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> Measured:
    """Scales and numbers: those who said something by their order, then those who can't say."""
    said = {team: len(answers[team].said) for team in Team}
    differences: list[Difference] = []
    others: list[Effect] = []
    testable = chance.smallest_p(said[Team.SALES], said[Team.MARKETING]) < SIGNIFICANCE
    if min(said.values()) >= least and testable:
        ordered, others = difference_in_order(shown.question, answers, rng, repetitions)
        differences.append(ordered)
    headline, smaller = headline_of(differences, answers, rng, repetitions)
    is_scale = shown.question.type is QuestionType.SCALE
    described = (
        _describe_scale(shown, answers, rule) if is_scale else _describe_number(shown, answers, least, rule)
    )
    return replace(
        described,
        headline=headline,
        untestable=headline is None,
        shown=replace(
            described.shown,
            effect=headline.effect if headline else None,
            other_effects=(*others, *smaller),
            between_share=headline.between_share if headline else None,
            strength=headline.strength if headline else 0.0,
        ),
    )


def _describe_scale(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], rule: ConsensusRule
) -> Measured:
    labels = labels_of(shown.question)
    counts = {team: _tally(answers[team].said, len(labels)) for team in Team}
    n = {team: answers[team].answered for team in Team}
    in_bands = [positions.scale_bands(counts[team].tolist(), n[team]) for team in Team]
    return Measured(
        shown=replace(
            shown,
            consensus=rule.of([top for top, _ in in_bands], [bottom for _, bottom in in_bands]),
            distributions={
                team: _with_middle(
                    distribution_of(labels, counts[team], answers[team]),
                    [one + 1 for one in answers[team].said],
                )
                for team in Team
            },
        ),
        standing={team: positions.on_scale(counts[team].tolist(), n[team], rule) for team in Team},
        spread_evenly=all(positions.is_near_uniform(counts[team].tolist()) for team in Team),
    )


def _describe_number(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], least: int, rule: ConsensusRule
) -> Measured:
    said = {team: np.asarray(answers[team].said, dtype=np.float64) for team in Team}
    n = {team: answers[team].answered for team in Team}
    if min(one.size for one in said.values()) < least:
        # Numbers of so few would be single people's answers: only how many can't say is told.
        nothing = np.zeros(0, dtype=np.int64)
        return Measured(
            shown=replace(
                shown, distributions={team: distribution_of((), nothing, answers[team]) for team in Team}
            ),
            standing=dict.fromkeys(Team, positions.DIVIDED),
        )
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
                team: _with_middle(distribution_of(labels, counts[team], answers[team]), answers[team].said)
                for team in Team
            },
        ),
        standing=standing,
    )


def _with_middle(distribution: Distribution, values: Sequence[float]) -> Distribution:
    if not values:
        return distribution
    quartiles = None
    if len(values) >= LARGE_ENOUGH_FOR_QUARTILES:
        low, high = np.quantile(values, [0.25, 0.75])
        quartiles = (float(low), float(high))
    return replace(distribution, median=float(np.median(values)), quartiles=quartiles)


def _unit_slips(question: Question, answers: Mapping[Team, TeamAnswers], least: int) -> int:
    """How many numbers are so far from the middle that another unit may have been meant."""
    if question.type is not QuestionType.NUMBER or min(len(answers[team].said) for team in Team) < least:
        return 0
    values = np.asarray([value for team in Team for value in answers[team].said], dtype=np.float64)
    middle = float(np.median(values)) if values.size else 0.0
    if middle <= 0:
        return 0
    far = (values >= middle * UNIT_SLIP) | ((values > 0) & (values <= middle / UNIT_SLIP))
    return int(np.count_nonzero(far))


def _tally(indices: Sequence[int], size: int) -> Array:
    return np.bincount(np.asarray(indices, dtype=np.int64), minlength=size)


def _tally_patterns(said: Sequence[tuple[int, ...]], patterns: list[tuple[int, ...]]) -> Array:
    counted = Counter(said)
    return np.array([counted[pattern] for pattern in patterns], dtype=np.int64)
