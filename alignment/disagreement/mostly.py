"""What a team mostly answered, in a few words, from what a comparison may show of it."""

from alignment.disagreement.results import QuestionComparison
from alignment.disagreement.words import join_words, with_unit
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.rules import sentence
from alignment.texts import number_text

_MOST_NAMED = 3


def mostly_answered(compared: QuestionComparison, team: Team) -> str:
    """The median of a number or a scale, the options that more than half chose, what most put first, or what most ask of a
    lead; '' where a team gives no such answer, or nothing of it may be shown."""
    question = compared.question
    if question.type is QuestionType.RULE:
        rule = compared.typical_rules.get(team)
        return "" if rule is None or compared.hidden else sentence(rule)
    of = (compared.distributions or {}).get(team)
    if of is None or compared.hidden or not of.answered:
        return ""
    match question.type:
        case QuestionType.NUMBER:
            return "" if of.median is None else f"typically {with_unit(of.median, question.unit)}"
        case QuestionType.SCALE:
            return "" if of.median is None else f"typically {number_text(of.median)} of {question.points}"
        case QuestionType.RANKING:
            first = min(of.labels, key=lambda label: of.mean_places[of.labels.index(label)], default="")
            return f"“{first}” first" if first else ""
        case QuestionType.CHOICE | QuestionType.CHOICES | QuestionType.YES_NO:
            chosen = [
                (share, label) for label, share in zip(of.labels, of.shares, strict=True) if share > 0.5
            ]
            named = [f"“{label}”" for _, label in sorted(chosen, key=lambda one: -one[0])[:_MOST_NAMED]]
            return join_words(named) if named else ""
    return ""
