"""What a new questionnaire and a new question stand for until somebody has written over it."""

from alignment.people import Team
from alignment.questionnaire_edits.assembly import checked, in_order
from alignment.questionnaires import (
    CARDS,
    SMALLEST_GROUP,
    WITH_OPTIONS,
    Mode,
    Question,
    Questionnaire,
    QuestionType,
)

NEW_WORDING = "New question"
NEW_OPTIONS = ("First answer", "Second answer")
NEW_SECTION = "Questions"
_NAMED = 5
_FIRST_WORDING = {
    QuestionType.RULE: "When is a lead qualified? Put it as a rule.",
    QuestionType.LEAD_CARDS: "Would you call this lead qualified?",
}


def blank_questionnaire(title: str) -> Questionnaire:
    """A questionnaire with one section and one question, to be written over. Raises InvalidInput without a title."""
    return checked(
        Questionnaire(
            title,
            Mode.CONFIDENTIAL,
            SMALLEST_GROUP,
            (new_question("question_1", "questions", QuestionType.CHOICE),),
            topics={"questions": NEW_SECTION},
        )
    )


def is_unwritten(question: Question) -> bool:
    """Whether the question or its answers still stand as they were put in, for someone to write over."""
    return NEW_WORDING in question.wording.values() or bool(set(NEW_OPTIONS) & set(question.options))


def unwritten(questionnaire: Questionnaire) -> tuple[Question, ...]:
    """The questions that nobody has written yet."""
    return tuple(question for question in questionnaire.questions if is_unwritten(question))


def what_to_write(questionnaire: Questionnaire) -> str:
    """A sentence that names the questions that nobody has written yet, by their numbers; '' where all are written."""
    numbers = {question.key: number for number, question in enumerate(in_order(questionnaire), 1)}
    names = [f"{numbers[q.key]} (‘{q.name}’)" for q in in_order(questionnaire) if is_unwritten(q)]
    if not names:
        return ""
    if len(names) > _NAMED:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return (
        f"Write question{'s' if len(names) > 1 else ''} {listed} first: what is asked or its answers are still the words "
        "that were put in to be written over, and answers cannot be changed once it is open."
    )


def new_question(key: str, topic: str, kind: QuestionType) -> Question:
    """A question of this type for someone to write over."""
    wording = dict.fromkeys(Team, _FIRST_WORDING.get(kind, NEW_WORDING))
    return Question(
        key, topic, kind, wording, options=NEW_OPTIONS if kind in WITH_OPTIONS else (), count=CARDS
    )
