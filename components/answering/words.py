"""Answers in words, as the person who gave them reads them again."""

from typing import Any

from alignment.questionnaires import CardVerdict, Question, QuestionType
from alignment.rules import InvalidRule, parse, sentence
from alignment.texts import number_text
from components.answering.held import CANNOT_SAY


def answer_in_words(question: Question, value: Any) -> str:
    """One's own answer as plain text (not markdown); None is 'can't say'."""
    if value is None:
        return CANNOT_SAY
    match question.type:
        case QuestionType.CHOICE:
            return question.label_of(value)
        case QuestionType.CHOICES:
            return " · ".join(question.label_of(option) for option in value)
        case QuestionType.YES_NO:
            return "Yes" if value else "No"
        case QuestionType.SCALE:
            end = {1: question.ends[0], question.points: question.ends[1]}.get(value)
            return f"{value} of {question.points}" + (f" ({end})" if end else "")
        case QuestionType.NUMBER:
            return number_text(value) + (f" {question.unit}" if question.unit else "")
        case QuestionType.RANKING:
            return "\n".join(f"{place}. {question.label_of(option)}" for place, option in enumerate(value, 1))
        case QuestionType.RULE:
            try:
                return f"A lead qualifies if {sentence(parse(value))}."
            except InvalidRule:
                return "A rule that cannot be read any more"
        case QuestionType.LEAD_CARDS:
            return _judged(question, value)
        case _:
            return str(value)


def _judged(question: Question, value: dict[str, dict[str, str]]) -> str:
    verdicts = [judged["verdict"] for judged in value.values()]
    counted = " · ".join(
        f"{verdicts.count(verdict.value)} {verdict.label.lower()}"
        for verdict in CardVerdict
        if verdict.value in verdicts
    )
    return f"{len(value)} of {question.count} leads judged: {counted}"


def minutes_left(seconds: float) -> str:
    """'about 3 minutes left'; '' when nothing is left to do."""
    if seconds <= 0:
        return ""
    if seconds < 45:
        return "less than a minute left"
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} {'minute' if minutes == 1 else 'minutes'} left"
