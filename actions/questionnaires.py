"""What a survey asks: written while it is a draft, put right while it is open, copied when it is more than that."""

import json

from actions import clock, surveys
from actions.journal import journal
from actions.permissions import authorise
from alignment import templates
from alignment.errors import InvalidInput, StaleVersion, WrongState
from alignment.people import Actor
from alignment.questionnaire_edits import (
    Changes,
    DeletionCost,
    blank_questionnaire,
    corrections,
    cost_of_deleting,
)
from alignment.questionnaire_files import LONGEST_FILE, from_document, to_document, write_toml
from alignment.questionnaires import Questionnaire, QuestionType
from alignment.surveys import Correction, Survey, SurveyStatus
from alignment.texts import required_text
from db.keys import new_id
from db.queries import corrections as kept_corrections
from db.queries import lead_cards
from db.queries import surveys as kept_surveys
from db.store import Connection, store

_LONGEST = LONGEST_FILE * 4 // 5  # a file of it has to be readable again
_NAMES = 20


def prepare_blank(actor: Actor, title: str) -> Survey:
    """A draft with one question to write over. Raises InvalidInput without a title."""
    authorise(actor, "survey:prepare")
    return surveys.prepare_survey(
        actor, toml=write_toml(blank_questionnaire(required_text(title, "The title")))
    )


def copy_survey(actor: Actor, survey_id: str, title: str = "") -> Survey:
    """A draft with the questions of another survey, whatever its state; '' keeps its title. Answers are not copied."""
    authorise(actor, "survey:prepare")
    return surveys.prepare_survey(
        actor, copy_of=kept_surveys.known(store().read(), survey_id).id, title=title
    )


def change_questionnaire(
    actor: Actor, survey_id: str, questionnaire: Questionnaire, *, revision: int
) -> Survey:
    """Put another questionnaire in the place of a draft's. `revision` is the one that was seen.

    Nobody has seen a draft, so that any privacy may be chosen; only one that came from a built-in questionnaire keeps at
    least that one's. Lead cards are thrown away where their question changed, and drawn again later. Raises WrongState
    unless it is a draft, InvalidInput where the questionnaire cannot be used, StaleVersion where somebody else changed it.
    """
    person = authorise(actor, "survey:prepare")
    checked = _valid(questionnaire)

    def transaction(connection: Connection) -> Survey:
        survey = _seen(connection, survey_id, revision)
        if survey.status is SurveyStatus.OPEN:
            raise WrongState(
                f"‘{survey.title}’ is open, so that only its texts can be corrected. For more, close it and make a copy."
            )
        if survey.status is SurveyStatus.CLOSED:
            raise WrongState(
                f"‘{survey.title}’ is closed and stays as it was answered. Make a copy to go on."
            )
        if checked == survey.questionnaire:
            return survey
        _keep_privacy_of_template(survey, checked)
        kept_surveys.set_content(connection, survey_id, checked)
        _throw_changed_cards_away(connection, survey, checked)
        changed = corrections(survey.questionnaire, checked)
        journal(
            connection,
            person,
            "survey:change",
            "survey",
            survey_id,
            before={"title": survey.title, "mode": survey.mode, "min_group": survey.min_group},
            after={
                "title": checked.title,
                "mode": checked.mode,
                "min_group": checked.min_group,
                "changed": _names(changed),
            },
        )
        return kept_surveys.known(connection, survey_id)

    return store().write(transaction)


def correct_survey(
    actor: Actor, survey_id: str, questionnaire: Questionnaire, note: str, *, revision: int
) -> Survey:
    """Put texts of an open survey right. Those who answer see `note`; each text is kept as it was before.

    Raises InvalidInput where anything else was changed, or nothing was; WrongState unless it is open; StaleVersion where
    somebody else changed it.
    """
    person = authorise(actor, "survey:prepare")
    said = required_text(note, "The note", 500)
    checked = _valid(questionnaire)
    at = clock.now_text()

    def transaction(connection: Connection) -> Survey:
        survey = _seen(connection, survey_id, revision)
        if survey.status is not SurveyStatus.OPEN:
            raise WrongState(
                f"‘{survey.title}’ is a draft: change it as you like."
                if survey.status is SurveyStatus.DRAFT
                else f"‘{survey.title}’ is closed and stays as it was answered. Make a copy to go on."
            )
        changed = corrections(survey.questionnaire, checked)
        if changed.incomparable:
            names = ", ".join(dict.fromkeys(change.name for change in changed.incomparable[:3]))
            raise InvalidInput(
                f"Answers from before and after would not be comparable ({names}). While it is open only texts can be "
                "corrected. Close it, make a copy, and change that."
            )
        if not changed.corrections:
            raise InvalidInput("Nothing was changed, so there is nothing to correct.")
        kept_surveys.set_content(connection, survey_id, checked)
        kept_corrections.insert(connection, new_id(), survey_id, at, person.id, said, changed.corrections)
        journal(
            connection,
            person,
            "survey:correct",
            "survey",
            survey_id,
            after={"note": said, "changed": _names(changed)},
        )
        return kept_surveys.known(connection, survey_id)

    return store().write(transaction)


def list_corrections(actor: Actor, survey_id: str) -> list[Correction]:
    """What was put right since the survey opened, the newest first: for those who answer it, too."""
    authorise(actor, "survey:list")
    survey = surveys.read_survey(actor, survey_id)
    return kept_corrections.listed(store().read(), survey.id)


def deletion_cost(actor: Actor, survey_id: str, key: str) -> DeletionCost:
    """What would be lost if this question were deleted, comparability with earlier surveys that asked it included."""
    authorise(actor, "survey:prepare")
    connection = store().read()
    survey = kept_surveys.known(connection, survey_id)
    earlier = [
        other.title
        for other in kept_surveys.listed(connection)
        if other.id != survey.id
        and other.status is not SurveyStatus.DRAFT
        and any(question.key == key for question in other.questionnaire.questions)
    ]
    cards = lead_cards.drawn_questions(connection, survey.id).get(key, 0)
    return cost_of_deleting(survey.questionnaire, key, earlier=earlier, cards=cards)


def _valid(questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire as it is kept. Raises InvalidInput where it is none, cannot be used, or is too long."""
    if not isinstance(questionnaire, Questionnaire):
        raise InvalidInput("This is no questionnaire.")
    checked = from_document(to_document(questionnaire))
    if len(json.dumps(to_document(checked), ensure_ascii=False)) > _LONGEST:
        raise InvalidInput(f"The questionnaire has over {_LONGEST:,} characters. Shorten some of its texts.")
    return checked


def _keep_privacy_of_template(survey: Survey, wanted: Questionnaire) -> None:
    if survey.template not in templates.NAMES:
        return
    least = templates.template(survey.template)
    if wanted.mode.strictness < least.mode.strictness:
        raise InvalidInput(
            f"It came from ‘{least.title}’, which is {least.mode.value}: the privacy can only become stricter."
        )
    if wanted.min_group < least.min_group:
        raise InvalidInput(
            f"It came from ‘{least.title}’, which shows results from {least.min_group} people on: that can only be raised."
        )


def _throw_changed_cards_away(connection: Connection, survey: Survey, becomes: Questionnaire) -> None:
    """Cards stay only as long as their question asks for the same ones."""
    asked = {q.key: (q.count, q.fields) for q in becomes.questions if q.type is QuestionType.LEAD_CARDS}
    for question in survey.questionnaire.questions:
        if question.type is QuestionType.LEAD_CARDS:
            same = asked.get(question.key) == (question.count, question.fields)
            if not same:
                lead_cards.remove(connection, survey.id, question.key)


def _names(changes: Changes) -> list[str]:
    """What was changed, for the audit log: a few names, no texts."""
    names = dict.fromkeys(change.name for change in (*changes.incomparable, *changes.corrections))
    return list(names)[:_NAMES]


def _seen(connection: Connection, survey_id: str, revision: int) -> Survey:
    survey = kept_surveys.known(connection, survey_id)
    if survey.revision != revision:
        raise StaleVersion(f"Somebody else changed ‘{survey.title}’ in the meantime. This was not saved.")
    return survey
