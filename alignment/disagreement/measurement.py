"""A question measured: how each team answered, where it stands, and how far the teams are apart. No verdict yet."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alignment.consensus import ConsensusRule
from alignment.disagreement import chance, sentences
from alignment.disagreement.answers import TeamAnswers
from alignment.disagreement.cards import measure_cards
from alignment.disagreement.chance import Draws
from alignment.disagreement.description import Measured
from alignment.disagreement.differences import SIGNIFICANCE
from alignment.disagreement.levels import measure_levels
from alignment.disagreement.options import measure_choices, measure_options
from alignment.disagreement.rankings import measure_ranking
from alignment.disagreement.results import Evidence, QuestionComparison, Verdict
from alignment.disagreement.rule_conditions import measure_rules
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType

UNIT_SLIP = 20.0
"""A number that is so many times the median, or a fraction of it, is flagged: minutes for hours, for example."""


def measure(
    question: Question, answers: Mapping[Team, TeamAnswers], least: int, rule: ConsensusRule, draws: Draws
) -> Measured:
    """Measure one question; `least` is the minimum group, below which all is withheld."""
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
            measured = measure_options(shown, answers, rule, draws)
        case QuestionType.CHOICES:
            measured = measure_choices(shown, answers, rule, draws)
        case QuestionType.RANKING:
            measured = measure_ranking(shown, answers, least, draws)
        case QuestionType.LEAD_CARDS:
            measured = measure_cards(shown, answers, least, rule, draws)
        case QuestionType.RULE:
            measured = measure_rules(shown, answers, least, rule, draws)
        case _:
            measured = measure_levels(shown, answers, least, rule, draws)
    if chance.smallest_p(n[Team.SALES], n[Team.MARKETING]) >= SIGNIFICANCE:
        return replace(measured, headline=None, untestable=True)
    silent = all(answers[team].cant_say * 2 > n[team] for team in Team)
    return replace(measured, mostly_cant_say=silent or measured.mostly_cant_say)


def _unit_slips(question: Question, answers: Mapping[Team, TeamAnswers], least: int) -> int:
    """How many numbers are so far from the middle that another unit may have been meant."""
    if question.type is not QuestionType.NUMBER or min(answers[team].spoke for team in Team) < least:
        return 0
    values = np.asarray(answers[Team.SALES].values, dtype=np.float64)
    people = answers[Team.SALES].people + answers[Team.MARKETING].people
    middle = float(np.median(np.repeat(values, people))) if values.size else 0.0
    if middle <= 0:
        return 0
    far = (values >= middle * UNIT_SLIP) | ((values > 0) & (values <= middle / UNIT_SLIP))
    return int(people[far].sum())
