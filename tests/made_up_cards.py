"""Lead cards for surveys whose tests are not about leads."""

from alignment.questionnaires import QuestionType
from alignment.surveys import Survey
from db.queries import lead_cards
from db.store import store


def put_cards(survey: Survey) -> Survey:
    """Give each question of lead cards as many cards as it asks for, of leads that nobody imported."""

    def transaction(connection) -> None:
        for question in survey.questionnaire.questions:
            if question.type is QuestionType.LEAD_CARDS:
                drawn = [(f"L{number}", {"Employees": str(number)}) for number in range(question.count)]
                lead_cards.replace_all(connection, survey.id, question.key, drawn)

    store().write(transaction)
    return survey
