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
well; the two p-values are then doubled (Bonferroni) and the smaller one counts. Rankings, lead cards and rules have two
differences in what people say, and are corrected in the same way (see `rankings`, `cards`, `rule_conditions`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from alignment.consensus import ConsensusRule
from alignment.disagreement import sentences
from alignment.disagreement.answers import gather_each
from alignment.disagreement.chance import Draws
from alignment.disagreement.costs import LeadsApart
from alignment.disagreement.measurement import Measured, measure
from alignment.disagreement.perspectives import topic_importance, with_perspectives
from alignment.disagreement.results import Comparison, Evidence, QuestionComparison, Verdict
from alignment.disagreement.stated_rules import stated_rules
from alignment.people import Team
from alignment.questionnaires import Questionnaire, QuestionType, Response
from alignment.statistics import benjamini_hochberg

SEED = 20_260
"""The seed of every comparison, unless a caller asks for another."""

COMPARED = frozenset(
    {
        QuestionType.CHOICE,
        QuestionType.CHOICES,
        QuestionType.YES_NO,
        QuestionType.SCALE,
        QuestionType.NUMBER,
        QuestionType.RANKING,
        QuestionType.LEAD_CARDS,
        QuestionType.RULE,
    }
)
"""The types of answer that are compared."""

MIDDLING_IMPORTANCE = 3.0
"""A topic of which nobody was asked how much it matters ranks like one that matters so much, on the scale from 1 to 5."""

FALSE_DISCOVERY_RATE = 0.10
"""Among the differences that are called clear, about so many may be false."""


def compare(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    seed: int = SEED,
    permutations: int = 2000,
    rule: ConsensusRule | None = None,
) -> Comparison:
    """Compare the two teams on every question but those in free text; the most serious disagreement first.

    `responses` hold one entry a person; a missing key is a skipped question, None is 'can't say'. `permutations` is
    the number of draws for each question, `rule` what counts as agreement (None: what the survey was opened with). The same answers give the same result, in whatever order people come.
    """
    draws = Draws(np.random.default_rng(seed), permutations)
    rule = rule or questionnaire.consensus
    least = max(questionnaire.min_group, 1)
    compared = [question for question in questionnaire.questions if question.type in COMPARED]
    measured = [
        measure(question, answers, least, rule, draws)
        for question, answers in zip(compared, gather_each(compared, responses), strict=True)
    ]
    tested = [index for index, one in enumerate(measured) if one.headline is not None]
    p_values = [one.headline.p for one in measured if one.headline is not None]
    q_values: dict[int, float] = dict(zip(tested, benjamini_hochberg(p_values), strict=True))
    importance = topic_importance(questionnaire, responses, least)
    judged = [
        with_perspectives(
            _weighed(_judge(one, q_values.get(index), len(tested), least), importance),
            questionnaire,
            responses,
            least,
        )
        for index, one in enumerate(measured)
    ]
    return Comparison(
        questions=tuple(sorted(judged, key=_place_on_agenda)),
        not_compared=tuple(q for q in questionnaire.questions if q.type not in COMPARED),
        min_group=least,
    )


def fingerprint(
    questionnaire: Questionnaire,
    responses: Sequence[Response],
    *,
    seed: int = SEED,
    permutations: int = 2000,
    rule: ConsensusRule | None = None,
) -> str:
    """A hash of everything `compare` depends on, for a cache: equal answers, in any order of people, have equal ones.

    No respondent's label goes in. Few answers could be guessed from it: keep it where the answers are kept.
    """
    answers = sorted(
        json.dumps([response.team, dict(response.answers)], sort_keys=True, default=str)
        for response in responses
    )
    settings = [
        questionnaire.min_group,
        questionnaire.importance,
        seed,
        permutations,
        repr(rule or questionnaire.consensus),
        # Whole, since the comparison that is kept under the hash brings its questions along.
        repr(questionnaire.questions),
    ]
    return hashlib.sha256(json.dumps([settings, answers]).encode()).hexdigest()


def _weighed(
    judged: QuestionComparison, importance: Mapping[str, Mapping[Team, float]]
) -> QuestionComparison:
    """With how much its topic matters, both teams weighted equally; hidden questions tell nothing of their people."""
    by_team = None if judged.hidden else importance.get(judged.question.topic)
    if by_team is None:
        return judged
    return replace(judged, importance=sum(by_team.values()) / len(by_team), importance_by_team=by_team)


def _judge(measured: Measured, q: float | None, tested: int, least: int) -> QuestionComparison:
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
            typical_rules=shown.typical_rules or stated_rules(shown.question, shown.distributions),
            verdict=verdict,
            evidence=evidence,
            divided_teams=divided if verdict is Verdict.SPLIT_WITHIN else (),
            p=None if headline is None else headline.p,
            q=q,
        ),
        tested,
        least,
    )


def _verdict(measured: Measured, evidence: Evidence) -> Verdict:
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


def with_costs(comparison: Comparison, costs: Mapping[str, LeadsApart]) -> Comparison:
    """The comparison with what its disagreements cost in leads, by question key, in the order of the agenda.

    Questions that are hidden, those that `costs` does not name, and those of which it tells too few leads, have none.
    """

    def told(one: QuestionComparison) -> QuestionComparison:
        found = None if one.hidden else costs.get(one.question.key)
        if found is None or found.enough:
            return replace(one, cost=found, untold_cost=None)
        return replace(one, cost=None, untold_cost=found)

    return replace(comparison, questions=tuple(sorted(map(told, comparison.questions), key=_place_on_agenda)))


_TO_SETTLE = (Verdict.SPLIT_BETWEEN, Verdict.SPLIT_WITHIN, Verdict.UNSURE)
_SERIOUSNESS = {verdict: rank for rank, verdict in enumerate((*_TO_SETTLE, Verdict.ALIGNED, Verdict.TOO_FEW))}
_CERTAINTY = {evidence: rank for rank, evidence in enumerate(Evidence)}


def _place_on_agenda(compared: QuestionComparison) -> tuple[int, int, int, float, int]:
    importance = 1.0 if compared.importance is None else compared.importance / MIDDLING_IMPORTANCE
    # Rounded: effects that differ in the third decimal are a tie, for the evidence to break.
    return (
        max(0, _SERIOUSNESS[compared.verdict] - len(_TO_SETTLE) + 1),
        0 if compared.cost is None else -compared.cost.differently,
        _SERIOUSNESS[compared.verdict],
        -round(compared.strength * importance, 2),
        _CERTAINTY[compared.evidence],
    )
