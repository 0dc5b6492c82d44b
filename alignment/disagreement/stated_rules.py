"""What a team asks of a lead by its answer to one question about a lead field, as a rule that past leads can be put to.

Such an answer is part of a definition: 'from 50 employees on' asks the same of a lead as a rule with that one condition.
Then a difference between the teams can be counted in leads, like that between two whole rules.
"""

from collections.abc import Mapping

from alignment.disagreement.results import Distribution
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.rules import Condition, Operator, Rule


def stated_rules(
    question: Question, distributions: Mapping[Team, Distribution] | None
) -> Mapping[Team, Rule | None]:
    """The rule of each team that its answers make of the question's field; None where most of a team say nothing together.

    A number asks for that number or more: the team's median. A choice, and several choices, ask for one of the options that
    more than half of the team gave, in the order of the question; yes or no for yes, where more than half say so. Shares are
    of everybody who answered, those who can't say included. Empty for a question without a field, for a scale (which says
    how much a field matters, not what it has to be), and where `distributions` are withheld or too few said a number.
    """
    if not question.field or distributions is None:
        return {}
    match question.type:
        case QuestionType.NUMBER:
            if any(distributions[team].median is None for team in Team):
                return {}
            return {team: _from_median_on(question.field, distributions[team]) for team in Team}
        case QuestionType.CHOICE | QuestionType.CHOICES:
            return {team: _one_of_most(question.field, distributions[team]) for team in Team}
        case QuestionType.YES_NO:
            return {team: _yes_of_most(question.field, distributions[team]) for team in Team}
    return {}


def _from_median_on(field: str, of: Distribution) -> Rule | None:
    if of.median is None or 2 * of.cant_say >= of.answered:
        return None
    whole = of.median.is_integer()
    return Rule(Condition(field, Operator.AT_LEAST, int(of.median) if whole else of.median))


def _one_of_most(field: str, of: Distribution) -> Rule | None:
    given = tuple(label for label, count in zip(of.labels, of.counts, strict=True) if 2 * count > of.answered)
    if len(given) > 1:
        return Rule(Condition(field, Operator.IN, given))
    return Rule(Condition(field, Operator.EQUAL, given[0])) if given else None


def _yes_of_most(field: str, of: Distribution) -> Rule | None:
    yes = dict(zip(of.labels, of.counts, strict=True)).get("yes", 0)
    return Rule(Condition(field, Operator.EQUAL, True)) if 2 * yes > of.answered else None
