"""What became of the disagreement: a closed questionnaire beside the last one like it, and agreement over the cycles.

Only closed questionnaires that show a result are looked at, and of them only what their own comparisons show.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from actions import comparison, settings
from actions.permissions import authorise
from alignment import instants
from alignment.people import Actor
from alignment.questionnaires import Question, QuestionType
from alignment.surveys import Survey, SurveyStatus
from db.queries import cycles, lead_cards, surveys
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement.change import AlignmentThen, ChangesSince

ALIKE_FROM = 0.8
"""Two questionnaires are held against each other as a whole when they share so many of the questions of the longer one."""


def changes_since_last(actor: Actor, survey_id: str) -> "ChangesSince | None":
    """What became of the gaps of a closed questionnaire since the last earlier one with some of the same questions.

    One made from the same template, or of the same title, is preferred, the newest of them; else the one that shares most
    questions. None where there is none. Raises WrongState while the questionnaire is not closed.
    """
    authorise(actor, "comparison:read")
    now = comparison.compare_survey(actor, survey_id)
    from alignment.disagreement.change import ChangesSince, change_of

    connection = store().read()
    survey = surveys.known(connection, survey_id)
    earlier = _last_like(connection, survey)
    if earlier is None:
        return None
    then = comparison.compare_survey(actor, earlier.id)
    shared = _shared(connection, earlier, survey)
    return ChangesSince(
        survey_id=earlier.id,
        title=earlier.title,
        closed_on=instants.local_day(earlier.closed_at or "", settings.company_of(connection).hours.timezone),
        changes={
            one.question.key: change_of(then.question(one.question.key), one, same_cards=True)
            for one in now.questions
            if one.question.key in shared
        },
    )


def alignment_over_time(actor: Actor) -> "tuple[AlignmentThen, ...]":
    """How far the teams agreed in each closed questionnaire that shows a result, oldest first.

    Questionnaires that asked nearly the same, and called the same agreement, make a group; each counts only the questions
    that all of its group have.
    """
    authorise(actor, "comparison:read")
    from alignment.disagreement.change import AlignmentThen, alignment_of

    connection = store().read()
    zone = settings.company_of(connection).hours.timezone
    numbers = {cycle.id: cycle.number for cycle in cycles.everything(connection)}
    found = []
    for group, alike in enumerate(_groups(connection)):
        keys = _keys_of_all(alike)
        for survey in alike:
            measure = alignment_of(comparison.compare_survey(actor, survey.id), keys)
            found.append(
                (
                    survey.closed_at,
                    AlignmentThen(
                        survey_id=survey.id,
                        title=survey.title,
                        cycle=numbers.get(survey.cycle_id or ""),
                        closed_on=instants.local_day(survey.closed_at or "", zone),
                        measure=measure,
                        group=group,
                    ),
                )
            )
    return tuple(one for _, one in sorted(found, key=lambda entry: entry[0] or ""))


def _closed(connection: Connection) -> list[Survey]:
    """The closed questionnaires that show a result, the first closed first."""
    path = str(store().path)
    found = [
        survey
        for survey in surveys.listed(connection)
        if survey.status is SurveyStatus.CLOSED and _is_readable(path, survey.id, survey.revision)
    ]
    return sorted(found, key=lambda survey: survey.closed_at or "")


@lru_cache(maxsize=256)
def _is_readable(path: str, survey_id: str, revision: int) -> bool:
    """Looked at once: the answers of a closed questionnaire stay, and whatever changes them moves its revision."""
    connection = store().read()
    return comparison.is_readable(connection, surveys.known(connection, survey_id))


def _last_like(connection: Connection, survey: Survey) -> Survey | None:
    def liking(earlier: Survey) -> tuple[bool, int, str]:
        same = _of_one_line(earlier, survey)
        return same, 0 if same else len(_shared(connection, earlier, survey)), earlier.closed_at or ""

    before = [
        earlier
        for earlier in _closed(connection)
        if (earlier.closed_at or "") < (survey.closed_at or "") and _shared(connection, earlier, survey)
    ]
    return max(before, key=liking, default=None)


def _of_one_line(one: Survey, other: Survey) -> bool:
    """Whether both were made from the same template, or carry the same title."""
    return (bool(one.template) and one.template == other.template) or one.title == other.title


def _shared(connection: Connection, earlier: Survey, later: Survey) -> set[str]:
    """The keys of the questions that both asked in the same way, of lead cards those that showed the same leads."""
    return {
        key
        for key in _asked_alike(earlier, later)
        if later.questionnaire.question(key).type is not QuestionType.LEAD_CARDS
        or lead_cards.lead_ids(connection, earlier.id, key) == lead_cards.lead_ids(connection, later.id, key)
    }


def _asked_alike(one: Survey, other: Survey) -> set[str]:
    """The keys of the questions that can be held against each other.

    Within one line a wording may have been corrected; elsewhere a name in files is no sign of the same question, and the
    words have to be the same as well.
    """
    from alignment.disagreement.change import is_same_question

    line = _of_one_line(one, other)
    known: dict[str, Question] = {question.key: question for question in one.questionnaire.questions}
    return {
        question.key
        for question in other.questionnaire.questions
        if question.type is not QuestionType.TEXT
        and question.key in known
        and is_same_question(known[question.key], question)
        and (line or known[question.key].wording == question.wording)
    }


def _groups(connection: Connection) -> list[list[Survey]]:
    """The closed questionnaires, those together that asked nearly the same as the newest of them; oldest first in each."""
    groups: list[list[Survey]] = []
    for survey in reversed(_closed(connection)):
        for group in groups:
            if _are_alike(survey, group[-1]):
                group.insert(0, survey)
                break
        else:
            groups.append([survey])
    return groups


def _are_alike(one: Survey, other: Survey) -> bool:
    """Whether both asked nearly the same, and called the same agreement: a milder rule is no progress."""
    if one.questionnaire.consensus != other.questionnaire.consensus:
        return False
    longer = max(_compared_questions(one), _compared_questions(other))
    return longer > 0 and len(_asked_alike(one, other)) >= ALIKE_FROM * longer


def _compared_questions(survey: Survey) -> int:
    return sum(question.type is not QuestionType.TEXT for question in survey.questionnaire.questions)


def _keys_of_all(alike: list[Survey]) -> set[str]:
    newest = alike[-1]
    keys = _asked_alike(newest, newest)
    for survey in alike[:-1]:
        keys &= _asked_alike(survey, newest)
    return keys
