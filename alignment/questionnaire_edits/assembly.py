"""How a changed questionnaire is put together again, so that it is a valid one, in the order in which it is asked."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from alignment.errors import InvalidInput
from alignment.questionnaire_files import InvalidQuestionnaire, from_document, to_document
from alignment.questionnaires import (
    GUESSABLE,
    SETTINGS_OF,
    Question,
    Questionnaire,
    QuestionTranslation,
    QuestionType,
    Section,
)

_LABELS = {
    "title": "The title",
    "introduction": "The introduction",
    "topics": "The heading",
    "min_group": "The smallest group",
    "language": "The language",
    "translations": "The translation",
    "importance": "The importance of a section",
    "key": "The name in files",
    "wording": "The question",
    "text": "The question",
    "help": "The help text",
    "options": "The answers",
    "points": "The points of the scale",
    "ends": "The ends of the scale",
    "unit": "The unit",
    "minimum": "The smallest number",
    "maximum": "The largest number",
    "top": "The number of places",
    "count": "The number of lead cards",
    "fields": "The fields on the lead cards",
    "field": "The lead field",
    "consensus": "What counts as agreement",
    "ask_if": "The condition",
}


def in_order(questionnaire: Questionnaire) -> tuple[Question, ...]:
    """The questions in the order in which they are asked, section by section."""
    return tuple(question for section in questionnaire.sections for question in section.questions)


def question_of(questionnaire: Questionnaire, key: str) -> Question:
    """The question with this key. Raises InvalidInput where somebody has deleted it meanwhile."""
    for question in questionnaire.questions:
        if question.key == key:
            return question
    raise InvalidInput(f"There is no question ‘{key}’ any more. Look at the questionnaire again.")


def section_of(questionnaire: Questionnaire, topic: str) -> Section:
    """The section with this key. Raises InvalidInput where somebody has deleted it meanwhile."""
    for section in questionnaire.sections:
        if section.key == topic:
            return section
    raise InvalidInput("There is no such section any more. Look at the questionnaire again.")


def fitting(question: Question) -> Question:
    """The question with every setting that its type does not have at its default."""
    own = SETTINGS_OF[question.type]
    defaults = {field.name: field.default for field in fields(Question)}
    foreign = {name for names in SETTINGS_OF.values() for name in names} - set(own)
    changed: dict[str, Any] = {name: defaults[name] for name in foreign}
    if question.type not in GUESSABLE:
        changed["guess"] = False
    if question.type is QuestionType.RANKING and question.top is not None:
        changed["top"] = max(1, min(question.top, len(question.options)))
    translations = {
        language: replace(
            texts,
            options=texts.options if "options" in own else (),
            ends=texts.ends if "ends" in own else None,
            unit=texts.unit if "unit" in own else "",
        )
        for language, texts in question.translations.items()
    }
    changed["translations"] = {k: v for k, v in translations.items() if v != QuestionTranslation()}
    return replace(question, **changed)


def with_questions(questionnaire: Questionnaire, changed: Mapping[str, Question]) -> Questionnaire:
    """The questionnaire with these questions, by their former key, in the place of the former ones."""
    questions = tuple(fitting(changed.get(q.key, q)) for q in questionnaire.questions)
    return checked(replace(questionnaire, questions=questions))


def with_section(questionnaire: Questionnaire, topic: str, questions: list[Question]) -> Questionnaire:
    """The questionnaire with these questions in one of its sections."""
    sections = [(s.key, questions if s.key == topic else list(s.questions)) for s in questionnaire.sections]
    return with_order(questionnaire, sections)


def with_order(questionnaire: Questionnaire, sections: list[tuple[str, list[Question]]]) -> Questionnaire:
    """The questionnaire with these sections; those without a question are gone, with their heading and importance."""
    kept = {topic for topic, questions in sections if questions}
    return checked(
        replace(
            questionnaire,
            questions=tuple(question for _, questions in sections for question in questions),
            topics={topic: title for topic, title in questionnaire.topics.items() if topic in kept},
            importance=tuple(topic for topic in questionnaire.importance if topic in kept),
            translations={
                language: replace(own, topics={t: text for t, text in own.topics.items() if t in kept})
                for language, own in questionnaire.translations.items()
            },
        )
    )


def without(questionnaire: Questionnaire, keys: set[str], drop_conditions: bool) -> Questionnaire:
    """The questionnaire without these questions. Raises InvalidInput where nothing is left, or a condition would have nothing
    to look at and is not to be dropped."""
    left = [question for question in questionnaire.questions if question.key not in keys]
    if not left:
        raise InvalidInput("A questionnaire needs at least one question. Write another one first.")
    bereft = {q.key for q in left if q.ask_if is not None and q.ask_if.question in keys}
    if bereft and not drop_conditions:
        names = ", ".join(f"‘{q.name}’" for q in left if q.key in bereft)
        raise InvalidInput(f"{names} is asked depending on it. Take that condition away first.")
    sections = [
        (
            section.key,
            [
                replace(question, ask_if=None) if question.key in bereft else question
                for question in section.questions
                if question.key not in keys
            ],
        )
        for section in questionnaire.sections
    ]
    return with_order(questionnaire, sections)


def checked(questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire as it is kept, texts trimmed. Raises InvalidInput, in the words of those who make it."""
    _check_order(questionnaire)
    try:
        return from_document(to_document(questionnaire))
    except InvalidQuestionnaire as error:
        problem = error.problems[0]
        parts = [_LABELS[part] for part in problem.key.split(".") if part in _LABELS]
        raise InvalidInput(f"{parts[-1]}: {problem.remedy}" if parts else problem.remedy) from error


def _check_order(questionnaire: Questionnaire) -> None:
    """Every condition names a question that is asked earlier."""
    asked: dict[str, Question] = {}
    every = {question.key: question for question in questionnaire.questions}
    for section in questionnaire.sections:
        for question in section.questions:
            condition = question.ask_if
            if condition is not None and condition.question not in asked and condition.question in every:
                raise InvalidInput(
                    f"‘{question.name}’ is asked depending on the answer to ‘{every[condition.question].name}’, so it "
                    "has to come after it. Move the other one too, or change the condition."
                )
            asked[question.key] = question
