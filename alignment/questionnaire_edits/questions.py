"""Edits of questions: added, changed, renamed, moved, deleted."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_edits.assembly import (
    fitting,
    question_of,
    section_of,
    with_order,
    with_questions,
    with_section,
    without,
)
from alignment.questionnaire_edits.beginnings import NEW_OPTIONS, new_question
from alignment.questionnaire_edits.conditions import can_decide
from alignment.questionnaire_edits.keys import free_key
from alignment.questionnaires import SETTINGS_OF, WITH_OPTIONS, Question, Questionnaire, QuestionType

_TEXTS = ("wording", "title", "help")
_CHANGEABLE = frozenset(
    {*_TEXTS, "required", "guess", "ask_if", *(name for names in SETTINGS_OF.values() for name in names)}
)


def add_question(
    questionnaire: Questionnaire, kind: QuestionType, topic: str, *, after: str | None = None
) -> tuple[Questionnaire, str]:
    """The questionnaire with a new question in section `topic`, at its end or after the one named; and its key."""
    section = section_of(questionnaire, topic)
    key = free_key(questionnaire, f"question_{len(questionnaire.questions) + 1}")
    names = [question.key for question in section.questions]
    place = names.index(after) + 1 if after in names else len(names)
    added = list(section.questions)
    added.insert(place, new_question(key, topic, kind))
    return with_section(questionnaire, topic, added), key


def change_question(questionnaire: Questionnaire, key: str, **changes: Any) -> Questionnaire:
    """The questionnaire with another wording, title, help, options, bounds, condition and so on of one question.

    An answer that was only renamed keeps its translations and the conditions that name it; one that a condition names
    cannot be taken out before that. For the type see `change_type`, for the key `rename_question`, for the section
    `move_question`. Raises InvalidInput for what cannot be, and TypeError for what is not there to change.
    """
    unknown = set(changes) - _CHANGEABLE
    if unknown:
        raise TypeError(f"no such change: {', '.join(sorted(unknown))}")
    question = question_of(questionnaire, key)
    changed = replace(question, **changes)
    if "wording" in changes:
        _check_wording(changed)
    if "options" in changes and changed.type in WITH_OPTIONS:
        return _with_options(questionnaire, question, changed)
    return with_questions(questionnaire, {key: changed})


def change_type(questionnaire: Questionnaire, key: str, kind: QuestionType) -> Questionnaire:
    """The questionnaire with the question answered in another way; settings that the new type lacks are gone.

    Answers to choose from stay, where the new type has some, too. Raises InvalidInput when a condition needs the old type.
    """
    question = question_of(questionnaire, key)
    if kind is question.type:
        return questionnaire
    changed = fitting(replace(question, type=kind))
    if kind in WITH_OPTIONS and not changed.options:
        changed = replace(changed, options=NEW_OPTIONS)
    for other in questionnaire.depending_on(key):
        if other.ask_if is not None and not can_decide(changed, other.ask_if):
            raise InvalidInput(
                f"‘{other.name}’ is asked depending on the answer to this question. Change its condition first."
            )
    return with_questions(questionnaire, {key: changed})


def rename_question(questionnaire: Questionnaire, key: str, new_key: str) -> Questionnaire:
    """The questionnaire with another key of the question; conditions follow it."""
    question = question_of(questionnaire, key)
    if new_key == key:
        return questionnaire
    if any(other.key == new_key for other in questionnaire.questions):
        raise InvalidInput(f"Another question already has the name ‘{new_key}’. Give this one its own.")
    changed = {key: replace(question, key=new_key)}
    for other in questionnaire.depending_on(key):
        if other.ask_if is not None:
            changed[other.key] = replace(other, ask_if=replace(other.ask_if, question=new_key))
    return with_questions(questionnaire, changed)


def duplicate_question(questionnaire: Questionnaire, key: str) -> tuple[Questionnaire, str]:
    """The questionnaire with the question once more, right after itself; and the copy's key."""
    question = question_of(questionnaire, key)
    copy_key = free_key(questionnaire, key)
    section = section_of(questionnaire, question.topic)
    added = list(section.questions)
    added.insert(added.index(question) + 1, replace(question, key=copy_key))
    return with_section(questionnaire, question.topic, added), copy_key


def delete_question(
    questionnaire: Questionnaire, key: str, *, drop_conditions: bool = False
) -> Questionnaire:
    """The questionnaire without the question; a section without questions goes with it.

    Raises InvalidInput for the last question, and where conditions depend on this one, unless they are to be dropped.
    """
    question_of(questionnaire, key)
    return without(questionnaire, {key}, drop_conditions)


def move_question(
    questionnaire: Questionnaire, key: str, *, topic: str | None = None, place: int | None = None
) -> Questionnaire:
    """The questionnaire with the question in section `topic` (None: its own) before the one at `place` (None: last).

    A section that loses its last question is gone. Raises InvalidInput where a condition needs the old order.
    """
    question = question_of(questionnaire, key)
    target = section_of(questionnaire, question.topic if topic is None else topic).key
    sections = [
        (section.key, [q for q in section.questions if q.key != key]) for section in questionnaire.sections
    ]
    for name, found in sections:
        if name == target:
            at = len(found) if place is None else max(0, min(place, len(found)))
            found.insert(at, replace(question, topic=target))
    return with_order(questionnaire, sections)


def shift_question(questionnaire: Questionnaire, key: str, by: int) -> Questionnaire:
    """The questionnaire with the question one place earlier (`by` -1) or later (1), into the next section at an edge.

    At the very beginning or end nothing changes.
    """
    question = question_of(questionnaire, key)
    sections = questionnaire.sections
    at = next(number for number, section in enumerate(sections) if section.key == question.topic)
    place = sections[at].questions.index(question) + by
    if 0 <= place < len(sections[at].questions):
        return move_question(questionnaire, key, place=place)
    if not 0 <= at + by < len(sections):
        return questionnaire
    neighbour = sections[at + by]
    return move_question(questionnaire, key, topic=neighbour.key, place=0 if by > 0 else None)


def _check_wording(question: Question) -> None:
    same = len(set(question.wording.values())) == 1
    for team in Team:
        if not question.wording[team].strip():
            whom = "" if same else f" for {team.label}"
            raise InvalidInput(f"The question{whom} is empty. Write what you want to know.")


def _with_options(questionnaire: Questionnaire, before: Question, changed: Question) -> Questionnaire:
    """The questionnaire with other answers of a question, which the conditions and the translations follow."""
    options = tuple(option.strip() for option in changed.options if option.strip())
    if len(options) < 2:
        raise InvalidInput("Give at least two answers.")
    becomes = _renamed(before.options, options)
    questions = {}
    for other in questionnaire.depending_on(before.key):
        condition = other.ask_if
        if condition is None:
            continue
        lost = [option for option in condition.any_of if option not in becomes]
        if lost:
            raise InvalidInput(
                f"‘{lost[0]}’ decides whether ‘{other.name}’ is asked. Change that condition first."
            )
        any_of = tuple(becomes[option] for option in condition.any_of)
        questions[other.key] = replace(other, ask_if=replace(condition, any_of=any_of))
    came_from = {new: old for old, new in becomes.items()}
    translations = {}
    for language, texts in before.translations.items():
        if texts.options:
            labels = dict(zip(before.options, texts.options, strict=True))
            now = tuple(labels[came_from[o]] if o in came_from else o for o in options)
            if len(set(now)) < len(now):
                raise InvalidInput(
                    f"Two answers would be called the same in {language}. Change that translation first."
                )
            texts = replace(texts, options=now)
        translations[language] = texts
    questions[before.key] = replace(changed, options=options, translations=translations)
    return with_questions(questionnaire, questions)


def _renamed(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """Old answer → what it is called now; those that are gone are left out. What stands in the place of another one that
    is gone was renamed."""
    becomes = {option: option for option in before if option in after}
    for kind, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "replace" and i_end - i == j_end - j:
            for old, new in zip(before[i:i_end], after[j:j_end], strict=True):
                if old not in becomes and new not in before:
                    becomes[old] = new
    return becomes
