"""Questionnaires as documents and as TOML."""

from collections.abc import Mapping
from typing import Any

from alignment.people import Team
from alignment.questionnaires import Question, Questionnaire, QuestionTranslation, QuestionType

HEAD = ("title", "mode", "min_group", "pace", "language", "introduction", "importance", "consensus")
"""The settings of a questionnaire that stand in one line each, in the order in which they are written."""


def write_toml(questionnaire: Questionnaire) -> str:
    """The questionnaire as TOML that `read_toml` reads back to the same questionnaire."""
    document = to_document(questionnaire)
    lines = [f"{key} = {_value(document[key])}" for key in HEAD if key in document]
    if "topics" in document:
        lines += ["", "[topics]", *_lines(document["topics"])]
    for language, texts in document.get("translations", {}).items():
        lines += ["", f"[translations.{language}]", *_lines(texts)]
    for question in document["questions"]:
        translations = question.pop("translations", {})
        lines += ["", "[[questions]]", *_lines(question)]
        for language, texts in translations.items():
            lines += [f"[questions.translations.{language}]", *_lines(texts)]
    return "\n".join(lines) + "\n"


def to_document(questionnaire: Questionnaire) -> dict[str, Any]:
    """The questionnaire as plain tables, lists and texts; what is at its default is left out.

    Not so what counts as agreement: it is kept with every survey, so that a later default cannot change an old verdict.
    """
    document: dict[str, Any] = {
        "title": questionnaire.title,
        "mode": questionnaire.mode.value,
        "min_group": questionnaire.min_group,
    }
    if questionnaire.pace is not Questionnaire.pace:
        document["pace"] = questionnaire.pace.value
    if questionnaire.language != Questionnaire.language:
        document["language"] = questionnaire.language
    if questionnaire.introduction:
        document["introduction"] = questionnaire.introduction
    if questionnaire.importance:
        document["importance"] = list(questionnaire.importance)
    document["consensus"] = vars(questionnaire.consensus).copy()
    if questionnaire.topics:
        document["topics"] = dict(questionnaire.topics)
    if questionnaire.translations:
        document["translations"] = {
            language: _present(
                {"title": own.title, "introduction": own.introduction, "topics": dict(own.topics)}
            )
            for language, own in questionnaire.translations.items()
        }
    document["questions"] = [_question_document(question) for question in questionnaire.questions]
    return document


def _question_document(question: Question) -> dict[str, Any]:
    document: dict[str, Any] = {"key": question.key, "topic": question.topic, "type": question.type.value}
    if question.title:
        document["title"] = question.title
    if len(set(question.wording.values())) == 1:
        document["text"] = question.wording[Team.SALES]
    else:
        document["wording"] = {team.value: question.wording[team] for team in Team}
    if question.help:
        document["help"] = question.help
    if question.options:
        document["options"] = list(question.options)
    if question.type is QuestionType.SCALE:
        document |= {"points": question.points, "ends": list(question.ends)}
    if question.unit:
        document["unit"] = question.unit
    if question.minimum is not None:
        document["minimum"] = question.minimum
    if question.maximum is not None:
        document["maximum"] = question.maximum
    if question.top is not None:
        document["top"] = question.top
    if question.type is QuestionType.LEAD_CARDS:
        document["count"] = question.count
    if question.field:
        document["field"] = question.field
    if question.fields:
        document["fields"] = list(question.fields)
    if not question.required:
        document["required"] = False
    if question.guess:
        document["guess"] = True
    if question.ask_if is not None:
        condition = question.ask_if
        document["ask_if"] = {"question": condition.question} | _present(
            {"any_of": list(condition.any_of), "at_least": condition.at_least, "at_most": condition.at_most}
        )
    if question.translations:
        document["translations"] = {
            language: _translation_document(texts) for language, texts in question.translations.items()
        }
    return document


def _translation_document(texts: QuestionTranslation) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if len(set(texts.wording.values())) == 1:
        document["text"] = texts.wording[Team.SALES]
    elif texts.wording:
        document["wording"] = {team.value: texts.wording[team] for team in Team}
    return document | _present(
        {
            "title": texts.title,
            "help": texts.help,
            "options": list(texts.options),
            "ends": None if texts.ends is None else list(texts.ends),
            "unit": texts.unit,
        }
    )


def _present(table: Mapping[str, Any]) -> dict[str, Any]:
    """What has a value: neither None nor empty. 0 is a value."""
    return {key: value for key, value in table.items() if value is not None and value not in ("", [], {})}


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
        case _:
            return repr(value)


def _string(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\x7f": "\\u007f"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'
