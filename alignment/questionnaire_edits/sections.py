"""Edits of sections: added, given another heading, moved, deleted."""

from dataclasses import replace

from alignment.questionnaire_edits.assembly import checked, section_of, with_order, without
from alignment.questionnaire_edits.beginnings import new_question
from alignment.questionnaire_edits.keys import free, free_key, slug
from alignment.questionnaires import Questionnaire, QuestionType


def add_section(
    questionnaire: Questionnaire,
    title: str,
    kind: QuestionType = QuestionType.CHOICE,
    *,
    after: str | None = None,
) -> tuple[Questionnaire, str]:
    """The questionnaire with a new section, last or after the one named, and the key of the new question in it."""
    taken = [section.key for section in questionnaire.sections]
    topic = free(slug(title, "section"), taken)
    key = free_key(questionnaire, f"question_{len(questionnaire.questions) + 1}")
    sections = [(section.key, list(section.questions)) for section in questionnaire.sections]
    at = taken.index(after) + 1 if after in taken else len(sections)
    sections.insert(at, (topic, [new_question(key, topic, kind)]))
    headed = replace(questionnaire, topics={**questionnaire.topics, topic: title})
    return with_order(headed, sections), key


def rename_section(questionnaire: Questionnaire, topic: str, title: str) -> Questionnaire:
    """The questionnaire with another heading of the section. Raises InvalidInput for an empty one."""
    section_of(questionnaire, topic)
    return checked(replace(questionnaire, topics={**questionnaire.topics, topic: title}))


def shift_section(questionnaire: Questionnaire, topic: str, by: int) -> Questionnaire:
    """The questionnaire with the section one place earlier (`by` -1) or later (1); at the edge nothing changes."""
    section = section_of(questionnaire, topic)
    sections = [(s.key, list(s.questions)) for s in questionnaire.sections]
    at = questionnaire.sections.index(section)
    if not 0 <= at + by < len(sections):
        return questionnaire
    sections.insert(at + by, sections.pop(at))
    return with_order(questionnaire, sections)


def delete_section(
    questionnaire: Questionnaire, topic: str, *, drop_conditions: bool = False
) -> Questionnaire:
    """The questionnaire without the section and its questions; raises InvalidInput like `delete_question`."""
    section = section_of(questionnaire, topic)
    return without(questionnaire, {question.key for question in section.questions}, drop_conditions)
