"""Answering: each person their own team's questionnaire. An answer is on disk before the action returns.

What someone answered is returned to that person only. The audit log says that someone answered, never what; and in an
anonymous survey not even that, for the row's place in the log, between the sign-ins, would tell whose answer it is.
"""

from collections.abc import Mapping
from typing import Any

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import pace
from alignment.answers import check_answer, missing_questions
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import Actor, Person, Team
from alignment.questionnaires import Mode, Question, QuestionType
from alignment.surveys import Progress, Survey, SurveyStatus, token
from db.queries import answering_pace, answers, invitees, surveys
from db.store import Connection, store


def my_surveys(actor: Actor) -> list[Progress]:
    """The open surveys that the person is asked to answer, the newest first, with their own progress.

    Empty for people without a team.
    """
    person = authorise(actor, "survey:answer")
    if person.team is None:
        return []
    connection = store().read()
    return [
        _progress(connection, person, survey)
        for survey in surveys.listed(connection)
        if accepts(survey) and invitees.is_asked(connection, survey, person.id)
    ]


def my_progress(actor: Actor, survey_id: str) -> Progress:
    """The person's own answers to an open survey. Raises WrongState when it is not open, NotPermitted without a team."""
    person = authorise(actor, "survey:answer")
    connection = store().read()
    return _progress(connection, person, _answerable(connection, person, survey_id))


class AnswerConflict(StaleVersion):
    """The person has answered the question elsewhere since this answer was begun.

    `kept` is what they answered there, `revision` its revision: whoever has been shown it may replace it.
    """

    def __init__(self, question: Question, kept: Any, revision: int) -> None:
        """Say which question."""
        super().__init__(
            f"You have answered ‘{question.name}’ differently in another window in the meantime."
        )
        self.kept = kept
        self.revision = revision


def save_answer(
    actor: Actor,
    survey_id: str,
    question_key: str,
    value: Any,
    *,
    seen: int | None = None,
    seconds: float | None = None,
) -> Any:
    """Keep the person's answer; None means 'can't say'. Returns the answer as it is kept, once it is on disk.

    `seen` is the revision of the answer that this one replaces, 0 for none; None replaces whatever there is. Raises
    AnswerConflict when there is another one by now that says something else, InvalidInput when the question does not
    offer the answer, WrongState when the survey is not open. `seconds` is how long answering took, as far as it is known;
    it is added to what is known of all answers of this type.
    """
    person = authorise(actor, "survey:answer")
    survey = _answerable(store().read(), person, survey_id)
    question = _question(survey, question_key)
    checked = check_answer(
        question, value
    )  # not in the writer's turn: a large rule would keep everybody waiting
    timed = seconds is not None and pace.counts(seconds)
    cards = question.type is QuestionType.LEAD_CARDS

    def transaction(connection: Connection) -> None:
        now = clock.now_text()
        at = clock.day_text() if survey.mode is Mode.ANONYMOUS else now
        respondent = _respondent(connection, person, survey)
        found = answers.kept(connection, survey.id, respondent, question.key) if timed and cards else None
        # one statement that looks and writes; whatever it does not allow is looked into by the statements below
        revision = answers.put_draft(connection, survey, respondent, question.key, checked, at, now, seen)
        if revision is None:
            _take_part(connection, person, survey, respondent, "survey:answer")
            found = answers.kept(connection, survey.id, respondent, question.key)
            if seen is not None and found is not None and found[1] != seen and found[0] != checked:
                raise AnswerConflict(question, found[0], found[1])
            origin = "both" if cards and found and _partly_from_file(found, checked) else "portal"
            revision = answers.put(connection, survey.id, respondent, question.key, checked, at, origin)
        if timed and seconds is not None:
            added = pace.newly_answered(question, found[0] if found else None, checked, first=revision == 1)
            if added or question.type in pace.GROWING:
                answering_pace.add(connection, question.type, added, seconds)

    store().write(transaction)
    return checked


def _partly_from_file(found: tuple[Any, int, str], now: Any) -> bool:
    """Whether lead cards that a file had brought are left as they were; every click saves all cards, also untouched ones."""
    before, _, origin = found
    both = isinstance(before, Mapping) and isinstance(now, Mapping)
    return origin != "portal" and both and any(before[card] == now.get(card) for card in before)


def time_left(actor: Actor, progress: Progress) -> float:
    """How many seconds the rest of the questionnaire takes, as measured from everybody's answers so far."""
    authorise(actor, "survey:answer")
    return pace.seconds_left(progress.asked, progress.answers, answering_pace.measured(store().read()))


def clear_answer(actor: Actor, survey_id: str, question_key: str, *, seen: int | None = None) -> None:
    """Take the person's answer back: the question is then not answered.

    `seen` is the revision of the answer that is taken back; None takes back whatever there is. Raises AnswerConflict when
    there is another one by now, InvalidInput for a required question after submitting.
    """
    person = authorise(actor, "survey:answer")
    survey = _answerable(store().read(), person, survey_id)
    question = _question(survey, question_key)

    def transaction(connection: Connection) -> None:
        respondent = _respondent(connection, person, survey)
        submitted = _take_part(connection, person, survey, respondent, "survey:answer")
        if question.required and submitted:
            raise InvalidInput(
                f"‘{question.name}’ needs an answer, since you have submitted. Choose another one, or say that you can't say."
            )
        found = answers.kept(connection, survey.id, respondent, question.key)
        if seen is not None and found is not None and found[1] != seen:
            raise AnswerConflict(question, found[0], found[1])
        answers.remove(connection, survey.id, respondent, question.key)

    store().write(transaction)


def submit_answers(actor: Actor, survey_id: str) -> Progress:
    """Hand the answers in: only submitted ones count. They can be changed until the survey closes.

    Raises InvalidInput that names the required questions without an answer.
    """
    person = authorise(actor, "survey:answer")
    survey = _answerable(store().read(), person, survey_id)

    def transaction(connection: Connection) -> None:
        respondent = _respondent(connection, person, survey)
        _take_part(connection, person, survey, respondent, "survey:submit")
        missing = missing_questions(survey.questionnaire, answers.given(connection, survey.id, respondent))
        if missing:
            named = ", ".join(f"‘{question.name}’" for question in missing[:5])
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise InvalidInput(f"Not submitted yet. Still without an answer: {named}{more}.")
        answers.submit(connection, survey.id, respondent, _instant(survey.mode))

    store().write(transaction)
    return _progress(store().read(), person, survey)


def accepts(survey: Survey) -> bool:
    """Whether the survey takes answers now: it is open, and its closing time has not come."""
    in_time = survey.closes_at is None or clock.now_text() < survey.closes_at
    return survey.status is SurveyStatus.OPEN and in_time


def stage(connection: Connection, survey: Survey, person: Person) -> tuple[bool, bool]:
    """(begun, submitted) of one person in an open survey: for reminding them and judging their link, never to be shown."""
    found = answers.participation(connection, survey.id, _respondent(connection, person, survey))
    return found is not None, found is not None and found[1]


def _answerable(connection: Connection, person: Person, survey_id: str) -> Survey:
    """The open survey. A draft does not exist for those who answer."""
    if person.team is None:
        raise NotPermitted(
            "Only people of the sales or the marketing team answer. Ask an administrator for a team."
        )
    survey = surveys.known(connection, survey_id)
    if survey.status is SurveyStatus.DRAFT or not invitees.is_asked(connection, survey, person.id):
        raise NotFound(surveys.UNKNOWN)
    if not accepts(survey):
        raise WrongState(
            f"‘{survey.title}’ has been closed. What you had submitted counts; nothing can be changed now."
        )
    return survey


def _question(survey: Survey, question_key: str) -> Question:
    try:
        return survey.questionnaire.question(question_key)
    except KeyError:
        raise NotFound("There is no such question in this questionnaire.") from None


def _take_part(connection: Connection, person: Person, survey: Survey, respondent: str, action: str) -> bool:
    """Look again, in this transaction, whether the survey is open; note and journal who begins. Whether they have submitted.

    The team is the one that the person had at the first answer. No file replaces the person's answers from now on.
    Journalled are beginning, submitting, and changes after that; until then the answers themselves
    have who, when and how often.
    """
    state = surveys.state(connection, survey.id)
    over = state is not None and state[2] is not None and clock.now_text() >= state[2]
    if state is None or over or state[0] is not SurveyStatus.OPEN or state[1] is not survey.mode:
        raise WrongState(f"‘{survey.title}’ was closed or changed just now. Not saved. Load the page again.")
    if person.team is None:
        raise NotPermitted("Only people of the sales or the marketing team answer.")
    taking_part = answers.participation(connection, survey.id, respondent)
    if taking_part is None:
        answers.start(connection, survey.id, respondent, person.team, _instant(survey.mode))
    else:
        answers.take_over(connection, survey.id, respondent)
    submitted = taking_part is not None and taking_part[1]
    told = taking_part is None or submitted or action == "survey:submit"
    if told and survey.mode is not Mode.ANONYMOUS:
        journal(connection, person, action, "survey", survey.id)
    return submitted


def _respondent(connection: Connection, person: Person, survey: Survey) -> str:
    """The key under which the person's answers are kept: their id, or a token that only the survey's key can make."""
    if survey.mode is not Mode.ANONYMOUS:
        return person.id
    secret = answers.secret(connection, survey.id)
    if secret is None:
        raise WrongState(f"‘{survey.title}’ was closed just now. Not saved.")
    return token(secret, survey.id, person.id)


def _instant(mode: Mode) -> str:
    """Now; in an anonymous survey only the day."""
    return clock.day_text() if mode is Mode.ANONYMOUS else clock.now_text()


def _progress(connection: Connection, person: Person, survey: Survey) -> Progress:
    respondent = _respondent(connection, person, survey)
    taking_part = answers.participation(connection, survey.id, respondent)
    team, submitted = taking_part if taking_part else (person.team or Team.SALES, False)
    return Progress(
        survey,
        team,
        answers.given(connection, survey.id, respondent),
        submitted,
        answers.revisions(connection, survey.id, respondent),
    )
