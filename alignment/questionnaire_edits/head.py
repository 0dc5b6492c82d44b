"""Edits of what stands above the questions, and of the languages."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from alignment.consensus import ConsensusRule
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_edits.assembly import checked, question_of, with_questions
from alignment.questionnaires import (
    Mode,
    Pace,
    Questionnaire,
    QuestionTranslation,
    QuestionType,
    Translation,
)


def change_head(
    questionnaire: Questionnaire,
    *,
    title: str | None = None,
    introduction: str | None = None,
    mode: Mode | None = None,
    min_group: int | None = None,
    pace: Pace | None = None,
    importance: Iterable[str] | None = None,
    consensus: ConsensusRule | None = None,
) -> Questionnaire:
    """The questionnaire with another title and so on; None leaves a setting as it is."""
    changed: dict[str, Any] = {
        "title": title,
        "introduction": introduction,
        "mode": mode,
        "min_group": min_group,
        "pace": pace,
        "importance": None if importance is None else tuple(importance),
        "consensus": consensus,
    }
    return checked(
        replace(questionnaire, **{name: value for name, value in changed.items() if value is not None})
    )


def change_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire whose own texts are said to be in `language`. Raises InvalidInput where it is translated into it."""
    if language != questionnaire.language and language in questionnaire.languages:
        raise InvalidInput("There are translations into this language. Remove them first.")
    return checked(replace(questionnaire, language=language))


def add_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire with another language to translate into. Raises InvalidInput for one that there is already."""
    if language in questionnaire.languages:
        raise InvalidInput("This language is there already.")
    return checked(
        replace(questionnaire, translations={**questionnaire.translations, language: Translation()})
    )


def remove_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire without its texts in a language other than its own."""
    if language not in questionnaire.languages[1:]:
        raise InvalidInput("There are no translations into this language.")
    return checked(
        replace(
            questionnaire,
            translations={k: v for k, v in questionnaire.translations.items() if k != language},
            questions=tuple(
                replace(q, translations={k: v for k, v in q.translations.items() if k != language})
                for q in questionnaire.questions
            ),
        )
    )


def translate_head(
    questionnaire: Questionnaire,
    language: str,
    *,
    title: str | None = None,
    introduction: str | None = None,
    topics: Mapping[str, str] | None = None,
) -> Questionnaire:
    """The questionnaire with texts of its head in another language; None leaves a text as it is, '' takes it away.

    `topics` has the headings that change, by topic.
    """
    found = questionnaire.translations.get(language, Translation())
    headings = {**found.topics, **(topics or {})}
    changed = Translation(
        found.title if title is None else title.strip(),
        found.introduction if introduction is None else introduction.strip(),
        {topic: text for topic, text in headings.items() if text.strip()},
    )
    check_language(questionnaire, language)
    return checked(replace(questionnaire, translations={**questionnaire.translations, language: changed}))


def translate_question(questionnaire: Questionnaire, key: str, language: str, **texts: Any) -> Questionnaire:
    """The questionnaire with texts of one question in another language: wording, title, help, options, ends, unit.

    What is empty falls back on the questionnaire's own language. Raises InvalidInput where answers or ends are only
    partly translated.
    """
    question = question_of(questionnaire, key)
    check_language(questionnaire, language)
    changed = replace(question.translations.get(language, QuestionTranslation()), **texts)
    given = {team: text.strip() for team, text in changed.wording.items() if text.strip()}
    if given and len(given) < len(Team):
        raise InvalidInput("Translate the question for both teams, or for neither.")
    options = tuple(option.strip() for option in changed.options if option.strip())
    if options and len(options) != len(question.options):
        raise InvalidInput(
            f"There are {len(question.options)} answers: translate each, in the same order, or none. "
            f"Now there are {len(options)}."
        )
    ends = None if changed.ends is None else (changed.ends[0].strip(), changed.ends[1].strip())
    if ends is not None and any(ends) and not all(ends):
        raise InvalidInput("Translate both ends of the scale, or neither.")
    changed = replace(
        changed,
        wording=given,
        title=changed.title.strip(),
        help=changed.help.strip(),
        options=options,
        ends=ends if ends and all(ends) else None,
        unit=changed.unit.strip(),
    )
    others = {k: v for k, v in question.translations.items() if k != language}
    kept = others if changed == QuestionTranslation() else {**others, language: changed}
    head = {**questionnaire.translations}
    head.setdefault(language, Translation())  # the language stays, even when its last text is taken away
    return with_questions(
        replace(questionnaire, translations=head), {key: replace(question, translations=kept)}
    )


def check_language(questionnaire: Questionnaire, language: str) -> None:
    """Raises InvalidInput for a language into which nothing is translated."""
    if language not in questionnaire.languages[1:]:
        raise InvalidInput("Add the language to the questionnaire first.")


def untranslated(questionnaire: Questionnaire) -> dict[str, int]:
    """By language that it is translated into, how many of the questionnaire's texts have no translation."""
    return {
        language: sum(bool(own) and not other for own, other in _texts(questionnaire, language))
        for language in questionnaire.languages[1:]
    }


def _texts(questionnaire: Questionnaire, language: str) -> list[tuple[str, str]]:
    """Each text in the questionnaire's own language with that in `language`, '' where there is none."""
    head = questionnaire.translations.get(language, Translation())
    found = [(questionnaire.title, head.title), (questionnaire.introduction, head.introduction)]
    found += [(section.title, head.topics.get(section.key, "")) for section in questionnaire.sections]
    for question in questionnaire.questions:
        texts = question.translations.get(language, QuestionTranslation())
        # one text where both teams are asked in the same words
        wordings = {own: texts.wording.get(team, "") for team, own in question.wording.items()}
        found += [
            *wordings.items(),
            (question.title, texts.title),
            (question.help, texts.help),
            (question.unit, texts.unit),
            *zip_longest(
                question.options, texts.options, fillvalue=""
            ),  # all of them are translated, or none
        ]
        if question.type is QuestionType.SCALE:
            found += zip(question.ends, texts.ends or ("", ""), strict=True)
    return found
