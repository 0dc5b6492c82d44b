"""Conditions: what they can depend on, what they begin with, and how they are said in words."""

from alignment.questionnaire_edits.assembly import in_order, question_of
from alignment.questionnaires import GUESSABLE, Condition, Question, Questionnaire, QuestionType
from alignment.texts import number_text


def can_depend_on(questionnaire: Questionnaire, key: str) -> tuple[Question, ...]:
    """The questions that a condition of this one can name: earlier ones whose answers can be compared."""
    ordered = in_order(questionnaire)
    earlier = ordered[: ordered.index(question_of(questionnaire, key))]
    return tuple(q for q in earlier if q.type in GUESSABLE)


def first_condition(question: Question) -> Condition:
    """A condition on this question to begin with: its first answer, yes, or the upper half."""
    match question.type:
        case QuestionType.YES_NO:
            return Condition(question.key, (True,))
        case QuestionType.SCALE:
            return Condition(question.key, at_least=float(question.points // 2 + 1))
        case QuestionType.NUMBER:
            return Condition(question.key, at_least=question.minimum or 0.0)
        case _:
            return Condition(question.key, question.options[:1])


def condition_in_words(questionnaire: Questionnaire, question: Question) -> str:
    """'only if ‘Budget’ is ‘yes’'; '' where everybody is asked."""
    condition = question.ask_if
    if condition is None:
        return ""
    named = questionnaire.question(condition.question)
    if condition.any_of:
        said = [
            ("yes" if item else "no") if isinstance(item, bool) else str(item) for item in condition.any_of
        ]
        return f"only if ‘{named.name}’ is {' or '.join(f'‘{item}’' for item in said)}"
    bounds = []
    if condition.at_least is not None:
        bounds.append(f"at least {number_text(condition.at_least)}")
    if condition.at_most is not None:
        bounds.append(f"at most {number_text(condition.at_most)}")
    return f"only if ‘{named.name}’ is {' and '.join(bounds)}"


def can_decide(question: Question, condition: Condition) -> bool:
    """Whether the condition can be decided by answers to this question."""
    match question.type:
        case QuestionType.SCALE | QuestionType.NUMBER:
            return not condition.any_of
        case QuestionType.YES_NO:
            return bool(condition.any_of) and all(isinstance(item, bool) for item in condition.any_of)
        case QuestionType.CHOICE | QuestionType.CHOICES:
            return bool(condition.any_of) and all(item in question.options for item in condition.any_of)
        case _:
            return False
