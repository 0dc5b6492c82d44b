"""Lead cards: real leads that both teams judge blind, drawn by those who prepare a questionnaire.

Which lead a card is never leaves these actions, and nothing here tells who judged what.
"""

from actions.permissions import authorise, may
from alignment.errors import NotFound
from alignment.lead_cards import LeadCard, shuffled
from alignment.people import Actor, Person
from alignment.questionnaires import QuestionType
from alignment.surveys import Survey, SurveyStatus
from db.queries import invitees, lead_cards, surveys
from db.store import Connection, store

_UNKNOWN = "There is no such questionnaire. Go back to the list and choose one."


def cards_to_judge(actor: Actor, survey_id: str, question_key: str) -> tuple[LeadCard, ...]:
    """The cards of a question as this person sees them; empty while a draft has none.

    Those who are asked get them shuffled, the same way each time; those who prepare questionnaires see them by number, of
    a draft as well; and so does everybody once the questionnaire is closed. Raises NotFound where there is no such
    question of lead cards, or none for this person.
    """
    person = authorise(actor, "survey:answer")
    connection = store().read()
    survey = _visible(connection, person, survey_id)
    _cards_question(survey, question_key)
    found = lead_cards.cards(connection, survey.id, question_key)
    asked = person.team is not None and invitees.is_asked(connection, survey, person.id)
    return shuffled(found, person.id, survey.id) if survey.status is SurveyStatus.OPEN and asked else found


def _visible(connection: Connection, person: Person, survey_id: str) -> Survey:
    survey = surveys.find(connection, survey_id) if isinstance(survey_id, str) else None
    if survey is None:
        raise NotFound(_UNKNOWN)
    if survey.status is SurveyStatus.CLOSED or may(person, "survey:prepare"):
        return survey
    asked = person.team is not None and invitees.is_asked(connection, survey, person.id)
    if survey.status is SurveyStatus.DRAFT or not asked:
        raise NotFound(_UNKNOWN)
    return survey


def _cards_question(survey: Survey, question_key: str) -> None:
    for question in survey.questionnaire.questions:
        if question.key == question_key and question.type is QuestionType.LEAD_CARDS:
            return
    raise NotFound("There is no such question with lead cards in this questionnaire.")
