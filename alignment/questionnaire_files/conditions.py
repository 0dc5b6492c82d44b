"""Whether a question's condition can be asked for among the other questions."""

from collections.abc import Sequence
from typing import Any

from alignment.questionnaire_files.problems import nearest
from alignment.questionnaires import Question, QuestionType


def condition_problem(questions: Sequence[Question], question: Question) -> str:
    """What is wrong with the question's condition among these, in the order of answering; '' when nothing is."""
    condition = question.ask_if
    if condition is None:
        return ""
    # questions are asked topic by topic, topics in the order in which they first come up
    topics = list(dict.fromkeys(q.topic for q in questions))
    ordered = sorted(questions, key=lambda q: topics.index(q.topic))
    earlier = {q.key: q for q in ordered[: ordered.index(question)]}
    named = earlier.get(condition.question)
    if named is None:
        there = any(q.key == condition.question for q in questions)
        return (
            f"‘{condition.question}’ is not asked before this question. Name an earlier one, or move it."
            if there
            else f"There is no question ‘{condition.question}’{nearest(condition.question, tuple(earlier))}."
        )
    if named.type in (QuestionType.SCALE, QuestionType.NUMBER):
        return "" if not condition.any_of else f"‘{named.key}’ has numbers: give at_least or at_most."
    offered: tuple[Any, ...] = (True, False) if named.type is QuestionType.YES_NO else named.options
    if named.type not in (QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO):
        return f"A condition cannot depend on a question of type {named.type.value}."
    if not condition.any_of:
        return f"‘{named.key}’ has no numbers: give any_of with its answers."
    wrong = [
        item
        for item in condition.any_of
        if not any(item is o or (item == o and type(item) is type(o)) for o in offered)
    ]
    if wrong:
        return f"‘{named.key}’ does not offer {wrong[0]!r}. It offers: {', '.join(map(_shown, offered))}."
    return ""


def _shown(option: Any) -> str:
    return str(option).lower() if isinstance(option, bool) else f"‘{option}’"
