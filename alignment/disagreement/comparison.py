"""Two teams, question by question: measure, correct over the survey, judge, rank.

The verdict of a question, in this order:

1. *too few* when a team is below the minimum group (everything is withheld), or when not even complete separation
   could reach p < 0.05 at these sizes (3 against 4 people, say; the answers are shown, a difference is not claimed);
2. *unsure* when more than half of **each** team can't say;
3. *aligned* when both teams stand firmly in the same place (see `positions`);
4. *split between* when the effect is at least medium, its evidence clear or likely, and some of the disagreement
   lies between the teams beyond what chance gives;
5. *aligned* when both stand in the same place, though less firmly; *split between* (with no evidence: it could be
   chance) when both are settled, each in another place;
6. *unsure* when the answers of both teams are spread about evenly over three or more options or points;
7. *split within* the team or teams that stand nowhere.

'Can't say' is an answer of its own. For closed options it is one more category. For scales and numbers the answers
of those who said something are compared, and, where it could matter at all, the share who can't say is compared as
well; the two p-values are then doubled (Bonferroni) and the smaller one counts.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from alignment.disagreement import chance, effects, positions, sentences
from alignment.disagreement.answers import CANT_SAY, TeamAnswers, gather, labels_of
from alignment.disagreement.positions import Consensus, ConsensusRule, Position
from alignment.disagreement.results import (
    Comparison,
    Distribution,
    Effect,
    Evidence,
    OptionDifference,
    QuestionComparison,
    Verdict,
)
from alignment.people import Team
from alignment.questionnaires import Question, Questionnaire, QuestionType, Response
from alignment.statistics import Interval, benjamini_hochberg, newcombe

SEED = 20_260
"""The seed of every comparison, unless a caller asks for another."""

FALSE_DISCOVERY_RATE = 0.10
SIGNIFICANCE = 0.05

LARGE_ENOUGH_FOR_QUARTILES = 8
"""Below this many numbers in a team quartiles would be single people's answers."""

LEVELS_AT_MOST = 64
"""Numbers of hundreds of people are put into so many classes of equal size for the draws; δ itself uses them as they are."""

UNIT_SLIP = 20.0
"""A number that is so many times the median, or a fraction of it, is flagged: minutes for hours, for example."""

_BOOTSTRAP_FROM = 5


@dataclass(frozen=True)
class _Difference:
    """One way in which the teams differ, and what chance has to say about it."""

    effect: Effect
    strength: float
    medium: bool
    leans: bool
    p: float
    between_share: float


@dataclass(frozen=True)
class _Measured:
    """A question measured, before the correction over the survey. `p` is None when nothing could be tested."""

    shown: QuestionComparison
    headline: _Difference | None = None
    standing: Mapping[Team, Position] = field(default_factory=dict)
    spread_evenly: bool = False
    mostly_cant_say: bool = False
    untestable: bool = False


def compare(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    seed: int = SEED,
    permutations: int = 2000,
    rule: ConsensusRule | None = None,
) -> Comparison:
    """Compare the two teams on every question but those in free text; the most serious disagreement first.

    `responses` hold one entry a person (the last one, where a person answered twice); a missing key is a skipped
    question, None is 'can't say'. The same answers give the same result, in whatever order they come.
    """
    rng = np.random.default_rng(seed)
    rule = rule or ConsensusRule()
    least = max(questionnaire.min_group, 1)
    compared = [question for question in questionnaire.questions if question.type is not QuestionType.TEXT]
    measured = [
        _measure(question, gather(question, responses), least, rule, rng, permutations)
        for question in compared
    ]
    tested = [index for index, one in enumerate(measured) if one.headline is not None]
    p_values = [one.headline.p for one in measured if one.headline is not None]
    q_values: dict[int, float] = dict(zip(tested, benjamini_hochberg(p_values), strict=True))
    judged = [_judge(one, q_values.get(index), len(tested), least) for index, one in enumerate(measured)]
    return Comparison(
        questions=tuple(sorted(judged, key=_place_on_agenda)),
        not_compared=tuple(q for q in questionnaire.questions if q.type is QuestionType.TEXT),
        min_group=least,
    )


def fingerprint(
    questionnaire: Questionnaire, responses: Sequence[Response], *, seed: int = SEED, permutations: int = 2000
) -> str:
    """A hash of everything `compare` depends on, for a cache: equal answers, in any order, have equal fingerprints.

    It holds no respondent's name, and is itself no secret: do not show it where answers are anonymous.
    """
    keys = [
        (q.key, q.type, list(q.options), q.points, q.unit, q.minimum, q.maximum)
        for q in questionnaire.questions
    ]
    answers = sorted(
        json.dumps([response.team, dict(response.answers)], sort_keys=True, default=str)
        for response in responses
    )
    content = json.dumps([questionnaire.min_group, seed, permutations, keys, answers], default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _measure(
    question: Question,
    answers: Mapping[Team, TeamAnswers],
    least: int,
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> _Measured:
    n = {team: answers[team].answered for team in Team}
    shown = QuestionComparison(
        question=question,
        n=n,
        verdict=Verdict.TOO_FEW,
        evidence=Evidence.TOO_FEW,
        sentence="",
        reason=sentences.remarks(
            sum(one.unreadable for one in answers.values()), _unit_slips(question, answers)
        ),
    )
    if min(n.values()) < least:
        return _Measured(replace(shown, n=dict.fromkeys(Team), reason="", hidden=True), untestable=True)
    match question.type:
        case QuestionType.CHOICE | QuestionType.YES_NO:
            measured = _measure_options(shown, answers, rule, rng, repetitions)
        case QuestionType.CHOICES:
            measured = _measure_choices(shown, answers, rule, rng, repetitions)
        case _:
            measured = _measure_ordered(shown, answers, least, rule, rng, repetitions)
    if chance.smallest_p(n[Team.SALES], n[Team.MARKETING]) >= SIGNIFICANCE:
        return replace(measured, headline=None, untestable=True)
    return replace(measured, mostly_cant_say=all(answers[t].cant_say * 2 > n[t] for t in Team))


def _measure_options(
    shown: QuestionComparison,
    answers: Mapping[Team, TeamAnswers],
    rule: ConsensusRule,
    rng: np.random.Generator,
    repetitions: int,
) -> _Measured:
    labels = labels_of(shown.question)
    counts = {team: _tally(answers[team].said, len(labels)) for team in Team}
    n = {team: answers[team].answered for team in Team}
    table = {team: np.append(counts[team], answers[team].cant_say) for team in Team}
    headline = _difference_of_tables(table[Team.SALES], table[Team.MARKETING], rng, repetitions)
    standing = {team: positions.on_option(counts[team].tolist(), n[team], rule) for team in Team}
    together = standing[Team.SALES].settled and standing[Team.SALES] == standing[Team.MARKETING]
    given = labels if not any(answers[team].cant_say for team in Team) else (*labels, CANT_SAY)
    return _Measured(
        shown=replace(
            shown,
            effect=headline.effect,
            other_effects=(Effect("bergsma_v", headline.strength),),
            between_share=headline.between_share,
            strength=headline.strength,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={team: _distribution(labels, counts[team], answers[team]) for team in Team},
            differences=tuple(
                _option(
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
) -> _Measured:
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
    interval = newcombe(
        int(counts[Team.SALES][largest]),
        n_a,
        int(counts[Team.MARKETING][largest]),
        n_b,
        confidence=1 - SIGNIFICANCE / max(1, int(varied.sum())),
    )
    expected = float(by_chance.max(axis=1).mean())
    value = float(apart[largest])
    headline = _Difference(
        effect=Effect("largest_difference", value, interval),
        strength=max(0.0, (abs(value) - expected) / (1 - expected)) if expected < 1 else 0.0,
        medium=abs(value) >= effects.MEDIUM_ASSOCIATION,
        leans=_leans(interval),
        p=chance.share_as_large(by_chance.max(axis=1), abs(value)),
        between_share=_between_share(
            _yes_and_no(counts[Team.SALES], n_a),
            _yes_and_no(counts[Team.MARKETING], n_b),
            _yes_and_no(dealt, n_a),
            _yes_and_no(totals - dealt, n_b),
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
            _option(label, counts[Team.SALES][i], n_a, counts[Team.MARKETING][i], n_b, rule),
            q=q_of_option.get(i, 1.0),
        )
        for i, label in enumerate((*labels, CANT_SAY) if totals[-1] else labels)
    )
    found = {one.consensus for one in differences}
    return _Measured(
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
                    _distribution(labels, counts[team][:-1], answers[team]), chose_nothing=nothing[team]
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
) -> _Measured:
    """Scales and numbers: those who said something by their order, then those who can't say."""
    said = {team: len(answers[team].said) for team in Team}
    n = {team: answers[team].answered for team in Team}
    differences: list[_Difference] = []
    others: list[Effect] = []
    testable = chance.smallest_p(said[Team.SALES], said[Team.MARKETING]) < SIGNIFICANCE
    if min(said.values()) >= least and testable:
        ordered, others = _difference_in_order(shown.question, answers, rng, repetitions)
        differences.append(ordered)
    silent = sum(answers[team].cant_say for team in Team)
    if chance.smallest_p_of_share(n[Team.SALES], n[Team.MARKETING], silent) < SIGNIFICANCE:
        differences.append(_difference_in_silence(answers, rng, repetitions))
    differences = [replace(one, p=min(1.0, one.p * len(differences))) for one in differences]
    # The headline is the difference in what people say, unless only the other one is of any size.
    sizeable = [one for one in differences if one.medium] or differences[:1]
    headline = min(sizeable, key=lambda one: one.p, default=None)
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
            other_effects=tuple(others)
            + tuple(one.effect for one in differences if headline is not None and one is not headline),
            between_share=headline.between_share if headline else None,
            strength=headline.strength if headline else 0.0,
        ),
    )


def _describe_scale(
    shown: QuestionComparison, answers: Mapping[Team, TeamAnswers], rule: ConsensusRule
) -> _Measured:
    labels = labels_of(shown.question)
    counts = {team: _tally(answers[team].said, len(labels)) for team in Team}
    n = {team: answers[team].answered for team in Team}
    in_bands = [positions.scale_bands(counts[team].tolist(), n[team]) for team in Team]
    return _Measured(
        shown=replace(
            shown,
            consensus=rule.of([top for top, _ in in_bands], [bottom for _, bottom in in_bands]),
            distributions={
                team: _with_middle(
                    _distribution(labels, counts[team], answers[team]),
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
) -> _Measured:
    said = {team: np.asarray(answers[team].said, dtype=np.float64) for team in Team}
    n = {team: answers[team].answered for team in Team}
    if min(one.size for one in said.values()) < least:
        # Numbers of so few would be single people's answers: only how many can't say is told.
        nothing = np.zeros(0, dtype=np.int64)
        return _Measured(
            shown=replace(
                shown, distributions={team: _distribution((), nothing, answers[team]) for team in Team}
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
    return _Measured(
        shown=replace(
            shown,
            consensus=Consensus.IN if together else Consensus.NONE,
            distributions={
                team: _with_middle(_distribution(labels, counts[team], answers[team]), answers[team].said)
                for team in Team
            },
        ),
        standing=standing,
    )


def _difference_of_tables(
    a: np.ndarray, b: np.ndarray, rng: np.random.Generator, repetitions: int
) -> _Difference:
    """Exclusive answers: total variation, its interval, a permuted χ², and Bergsma's V for strength."""
    given = (a + b) > 0
    a, b = a[given], b[given]
    n_a, n_b = int(a.sum()), int(b.sum())
    dealt = chance.deal(a + b, n_a, rng, repetitions)
    interval = _total_variation_interval(a, b)
    strength = effects.bergsma_v(a, b)
    return _Difference(
        effect=Effect("total_variation", float(effects.total_variation(a, b)), interval),
        strength=strength,
        medium=strength >= effects.MEDIUM_ASSOCIATION,
        leans=_leans(interval),
        p=chance.share_as_large(effects.chi_square(dealt, a + b - dealt), float(effects.chi_square(a, b)))
        if n_a and n_b
        else 1.0,
        between_share=_between_share(a, b, dealt, a + b - dealt),
    )


def _total_variation_interval(a: np.ndarray, b: np.ndarray) -> Interval:
    """Bounds of ½Σ|p − q|; with two answers, the Newcombe interval of their difference, folded at nought.

    With more, from below: Newcombe intervals of every answer's difference that hold at the same time (Bonferroni);
    all that is surely positive, or surely negative, adds up to the bound. From above: total variation is the
    difference in the share of those answers that the first team gives more often, and so is its upper end.
    """
    n_a, n_b = int(a.sum()), int(b.sum())
    value = float(effects.total_variation(a, b))
    more = a * n_b > b * n_a
    whole = newcombe(int(a[more].sum()), n_a, int(b[more].sum()), n_b)
    if whole is None:
        return Interval(0.0, 1.0)
    if len(a) <= 2:
        return Interval(max(0.0, min(whole.low, value)), max(whole.high, value))
    each = [
        newcombe(int(x), n_a, int(y), n_b, confidence=1 - SIGNIFICANCE / len(a))
        for x, y in zip(a, b, strict=True)
    ]
    known = [interval for interval in each if interval is not None]
    surely = max(sum(max(i.low, 0.0) for i in known), sum(max(-i.high, 0.0) for i in known))
    return Interval(min(surely, value), max(whole.high, value))


def _difference_in_order(
    question: Question, answers: Mapping[Team, TeamAnswers], rng: np.random.Generator, repetitions: int
) -> tuple[_Difference, list[Effect]]:
    sales = np.asarray(answers[Team.SALES].said, dtype=np.float64)
    marketing = np.asarray(answers[Team.MARKETING].said, dtype=np.float64)
    levels, where = np.unique(np.concatenate([sales, marketing]), return_inverse=True)
    a = np.bincount(where[: sales.size], minlength=levels.size)
    b = np.bincount(where[sales.size :], minlength=levels.size)
    exact = float(effects.cliffs_delta(a, b))
    if levels.size > LEVELS_AT_MOST and sales.size + marketing.size > 400:
        coarse_a, coarse_b = _merge_levels(a, b, LEVELS_AT_MOST)
    else:
        coarse_a, coarse_b = a, b
    dealt = chance.deal(coarse_a + coarse_b, sales.size, rng, repetitions)
    rest = coarse_a + coarse_b - dealt
    by_chance = np.abs(effects.brunner_munzel(dealt, rest))
    observed = abs(float(effects.brunner_munzel(coarse_a, coarse_b)))
    critical = float(np.quantile(by_chance, 1 - SIGNIFICANCE, method="higher"))
    interval = effects.delta_interval(a, b, critical)
    if question.type is QuestionType.SCALE:
        bins = [coarse_a, coarse_b, dealt, rest]
    else:
        starts = _equal_parts(coarse_a + coarse_b, 5)
        bins = _in_parts(starts, coarse_a, coarse_b, dealt, rest)
    others = []
    if question.type is QuestionType.NUMBER:
        enough = min(sales.size, marketing.size) >= _BOOTSTRAP_FROM
        others.append(
            Effect(
                "difference_of_medians",
                float(np.median(sales) - np.median(marketing)),
                effects.bootstrap_median_difference(sales, marketing, rng, repetitions) if enough else None,
            )
        )
    difference = _Difference(
        effect=Effect("cliffs_delta", exact, interval),
        strength=abs(exact),
        medium=abs(exact) >= effects.MEDIUM_DELTA,
        leans=_leans(interval),
        p=chance.share_as_large(by_chance, observed),
        between_share=_between_share(*bins),
    )
    return difference, others


def _difference_in_silence(
    answers: Mapping[Team, TeamAnswers], rng: np.random.Generator, repetitions: int
) -> _Difference:
    a, b = (np.array([answers[team].cant_say, len(answers[team].said)]) for team in Team)
    difference = _difference_of_tables(a, b, rng, repetitions)
    n_a, n_b = int(a.sum()), int(b.sum())
    interval = newcombe(int(a[0]), n_a, int(b[0]), n_b)
    value = float(a[0] / n_a - b[0] / n_b)
    return replace(difference, effect=Effect("difference_cant_say", value, interval), leans=_leans(interval))


def _judge(measured: _Measured, q: float | None, tested: int, least: int) -> QuestionComparison:
    shown, headline = measured.shown, measured.headline
    if shown.hidden:
        return sentences.put_into_words(shown, tested, least)
    evidence = Evidence.TOO_FEW
    if headline is not None and q is not None:
        if q < FALSE_DISCOVERY_RATE and headline.medium:
            evidence = Evidence.CLEAR
        else:
            evidence = Evidence.LIKELY if headline.leans else Evidence.NONE
    verdict = _verdict(measured, evidence)
    divided = tuple(team for team in Team if not measured.standing[team].settled)
    return sentences.put_into_words(
        replace(
            shown,
            verdict=verdict,
            evidence=evidence,
            divided_teams=divided if verdict is Verdict.SPLIT_WITHIN else (),
            p=None if headline is None else headline.p,
            q=q,
        ),
        tested,
        least,
    )


def _verdict(measured: _Measured, evidence: Evidence) -> Verdict:
    headline = measured.headline
    if measured.mostly_cant_say:
        return Verdict.UNSURE
    if measured.untestable or headline is None:
        return Verdict.TOO_FEW
    sales, marketing = measured.standing[Team.SALES], measured.standing[Team.MARKETING]
    settled = sales.settled and marketing.settled
    together = settled and sales.place == marketing.place
    if together and sales.firm and marketing.firm:
        return Verdict.ALIGNED
    evident = evidence in (Evidence.CLEAR, Evidence.LIKELY)
    if evident and headline.medium and headline.between_share > 0:
        return Verdict.SPLIT_BETWEEN
    if settled:
        return Verdict.ALIGNED if together else Verdict.SPLIT_BETWEEN
    return Verdict.UNSURE if measured.spread_evenly else Verdict.SPLIT_WITHIN


_SERIOUSNESS = {
    verdict: rank
    for rank, verdict in enumerate(
        (Verdict.SPLIT_BETWEEN, Verdict.SPLIT_WITHIN, Verdict.UNSURE, Verdict.ALIGNED, Verdict.TOO_FEW)
    )
}
_CERTAINTY = {evidence: rank for rank, evidence in enumerate(Evidence)}


def _place_on_agenda(compared: QuestionComparison) -> tuple[int, float, int]:
    importance = 1.0 if compared.importance is None else compared.importance
    # Rounded: effects that differ in the third decimal are a tie, for the evidence to break.
    return (
        _SERIOUSNESS[compared.verdict],
        -round(compared.strength * importance, 2),
        _CERTAINTY[compared.evidence],
    )


def _between_share(a: Any, b: Any, dealt_a: Any, dealt_b: Any) -> float:
    """JSD above its mean by chance, as a share of the pooled entropy; tables beyond the last axis are added up."""
    observed, pooled = (float(np.sum(part)) for part in effects.divergence(a, b))
    if pooled <= 0:
        return 0.0
    by_chance = effects.divergence(dealt_a, dealt_b)[0]
    expected = float(by_chance.mean() if by_chance.ndim == 1 else by_chance.sum(axis=-1).mean())
    return min(1.0, max(0.0, (observed - expected) / pooled))


def _yes_and_no(ticks: np.ndarray, people: int) -> np.ndarray:
    return np.stack([ticks, people - ticks], axis=-1)


def _leans(interval: Interval | None) -> bool:
    return interval is not None and (interval.low > 0 or interval.high < 0)


def _tally(indices: Sequence[int], size: int) -> np.ndarray:
    return np.bincount(np.asarray(indices, dtype=np.int64), minlength=size)


def _tally_patterns(said: Sequence[tuple[int, ...]], patterns: list[tuple[int, ...]]) -> np.ndarray:
    counted = Counter(said)
    return np.array([counted[pattern] for pattern in patterns], dtype=np.int64)


def _merge_levels(a: np.ndarray, b: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    starts = _equal_parts(a + b, parts)
    return np.add.reduceat(a, starts), np.add.reduceat(b, starts)


def _in_parts(starts: np.ndarray, *tables: np.ndarray) -> list[np.ndarray]:
    return [np.add.reduceat(table, starts, axis=-1) for table in tables]


def _equal_parts(totals: np.ndarray, parts: int) -> np.ndarray:
    """Where to begin each of at most `parts` neighbouring groups of levels with about equally many people.

    Depends on the pooled counts only, so that permutations stay exact.
    """
    before = np.cumsum(totals) - totals
    group = np.minimum(parts - 1, before * parts // int(totals.sum()))
    return np.flatnonzero(np.diff(group, prepend=-1))


def _distribution(labels: tuple[str, ...], counts: np.ndarray, answers: TeamAnswers) -> Distribution:
    people = max(answers.answered, 1)
    return Distribution(
        labels=labels,
        counts=tuple(int(count) for count in counts),
        shares=tuple(float(count) / people for count in counts),
        answered=answers.answered,
        cant_say=answers.cant_say,
    )


def _with_middle(distribution: Distribution, values: Sequence[float]) -> Distribution:
    if not values:
        return distribution
    quartiles = None
    if len(values) >= LARGE_ENOUGH_FOR_QUARTILES:
        low, high = np.quantile(values, [0.25, 0.75])
        quartiles = (float(low), float(high))
    return replace(distribution, median=float(np.median(values)), quartiles=quartiles)


def _option(label: str, x: int, n_a: int, y: int, n_b: int, rule: ConsensusRule) -> OptionDifference:
    of_sales, of_marketing = float(x / n_a), float(y / n_b)
    return OptionDifference(
        label=label,
        shares={Team.SALES: of_sales, Team.MARKETING: of_marketing},
        difference=of_sales - of_marketing,
        interval=newcombe(int(x), n_a, int(y), n_b),
        q=None,
        consensus=rule.of([of_sales, of_marketing], []),
    )


def _unit_slips(question: Question, answers: Mapping[Team, TeamAnswers]) -> int:
    """How many numbers are so far from the middle that another unit may have been meant."""
    if question.type is not QuestionType.NUMBER:
        return 0
    values = np.asarray([value for team in Team for value in answers[team].said], dtype=np.float64)
    middle = float(np.median(values)) if values.size else 0.0
    if middle <= 0:
        return 0
    far = (values >= middle * UNIT_SLIP) | ((values > 0) & (values <= middle / UNIT_SLIP))
    return int(np.count_nonzero(far))


def number_classes(values: np.ndarray, at_most: int = 7) -> tuple[np.ndarray, tuple[str, ...]]:
    """Round lower edges of common classes for numbers, and their labels; no edge is anybody's own number but by chance.

    Even steps of 1, 2 or 5 times a power of ten where the numbers allow it; for numbers spread over more than a
    power of ten the series 1, 2, 5, 10, 20 … itself, its first and last class open.
    """
    low, high = float(values.min()), float(values.max())
    whole = bool(np.all(values == np.round(values))) and high < 1e15
    if low == high:
        return np.array([low]), (_number_text(low),)
    middle = float(np.median(values))
    if low >= 0 and middle > 0 and high > 10 * middle:
        return _open_classes(values, at_most)
    step = _round_up_to_series((high - low) / at_most)
    if whole:
        step = max(1.0, step)
    first = np.floor(low / step)
    edges = (first + np.arange(int(np.floor(high / step) - first) + 1)) * step
    if whole and step == 1:
        return edges, tuple(_number_text(edge) for edge in edges)
    last = step - 1 if whole else step
    return edges, tuple(f"{_number_text(edge)}–{_number_text(edge + last)}" for edge in edges)


def _open_classes(values: np.ndarray, at_most: int) -> tuple[np.ndarray, tuple[str, ...]]:
    low, high = (float(one) for one in np.quantile(values, [0.1, 0.9]))
    edges = [_round_up_to_series(max(low, high / 1e6))]
    while edges[-1] < high and len(edges) < 24:
        edges.append(_round_up_to_series(edges[-1] * 1.5))
    while len(edges) > max(2, at_most - 1):
        edges = edges[::2] if len(edges) > 3 else edges[:2]
    texts = [_number_text(edge) for edge in edges]
    labels = [f"under {texts[0]}"]
    labels += [f"{a} to under {b}" for a, b in pairwise(texts)]
    labels.append(f"{texts[-1]} or more")
    return np.array([-np.inf, *edges]), tuple(labels)


def _round_up_to_series(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is at least `value` (> 0)."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value * (1 - 1e-9)))


def _number_text(value: float) -> str:
    return sentences.number_text(value)
