"""When a survey opens and closes by itself. The timer does it by the same actions as a person."""

from datetime import datetime, timedelta

import structlog

from actions import clock, invitations, messages, settings, surveys
from actions.journal import journal
from actions.permissions import MACHINE_PERSON, authorise
from alignment import instants
from alignment import messages as wordings
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.messages import MessageKind
from alignment.people import Actor
from alignment.surveys import Survey, SurveyStatus
from db.queries import messages as queue
from db.queries import surveys as kept
from db.store import Connection, store

LONGEST = timedelta(days=2 * 366)
MOST_REMIND_DAYS = 30

log = structlog.get_logger("concord")


def set_dates(
    actor: Actor,
    survey_id: str,
    *,
    opens: datetime | None = None,
    closes: datetime | None = None,
    remind_days: int | None = None,
    revision: int,
) -> Survey:
    """Say when a survey opens and closes by itself, None: by hand, and how many days before closing it reminds.

    `opens` and `closes` are what the company's clocks show (naive). Where they show it twice, a survey opens the first and
    closes the second time. While it is open, only the closing time and the reminder can change; a new closing time is told
    to those who answer. Raises InvalidInput for a time that does not exist, has passed or is out of order, StaleVersion,
    and WrongState once it is closed.
    """
    person = authorise(actor, "survey:run")
    for moment in (opens, closes):
        if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is not None):
            raise InvalidInput("Choose a day and a time.")

    def transaction(connection: Connection) -> Survey:
        survey = _changeable(connection, survey_id, revision)
        zone = settings.company_of(connection).hours.timezone
        opens_at = instants.from_local(opens, zone) if opens is not None else None
        closes_at = instants.from_local(closes, zone, later=True) if closes is not None else None
        if survey.status is SurveyStatus.OPEN:
            opens_at = survey.opens_at
        _check(survey, opens_at, closes_at, remind_days)
        kept.set_schedule(connection, survey.id, opens_at, closes_at, remind_days)
        journal(
            connection, person, "survey:schedule", "survey", survey.id,
            before={"opens": survey.opens_at, "closes": survey.closes_at, "remind_days": survey.remind_days},
            after={"opens": opens_at, "closes": closes_at, "remind_days": remind_days},
        )  # fmt: skip
        changed = kept.find(connection, survey.id)
        assert changed is not None
        if survey.status is SurveyStatus.OPEN and closes_at != survey.closes_at:
            _tell_new_dates(connection, changed)
        return changed

    return store().write(transaction)


def open_and_close_due(actor: Actor) -> tuple[int, int]:
    """Open and close what is due: for the timer. Returns (opened, closed).

    What cannot be opened as it is loses its opening time, and the facilitators are told why; any other trouble is logged,
    keeps no other survey waiting, and is tried again in the next round. Two servers do not do it twice: opening and closing
    look at the state within their transaction.
    """
    authorise(actor, "timer:run")
    opened = closed = 0
    now = clock.now_text()
    for survey in kept.listed(store().read()):
        try:
            if survey.status is SurveyStatus.DRAFT and survey.opens_at is not None and survey.opens_at <= now:
                opened += _open_by_itself(actor, survey)
            elif (
                survey.status is SurveyStatus.OPEN
                and survey.closes_at is not None
                and survey.closes_at <= now
            ):
                closed += _close_by_itself(actor, survey)
        except Exception as error:
            # trouble of this survey, or of the store for now: the others are looked at, and it is tried again
            log.error("survey not run", survey=survey.id, kind=type(error).__name__, exc_info=error)
    return opened, closed


def _open_by_itself(actor: Actor, survey: Survey) -> bool:
    try:
        surveys.open_survey(actor, survey.id, revision=survey.revision)
    except (StaleVersion, NotFound):
        return False  # somebody has changed it just now; the next round looks again
    except (WrongState, InvalidInput) as refusal:
        reason = str(refusal)
    else:
        return True

    def transaction(connection: Connection) -> None:
        found = kept.find(connection, survey.id)
        if found is None or found.status is not SurveyStatus.DRAFT or found.revision != survey.revision:
            return
        kept.set_schedule(connection, survey.id, None, found.closes_at, found.remind_days)
        journal(
            connection,
            MACHINE_PERSON,
            "survey:schedule",
            "survey",
            survey.id,
            before={"opens": found.opens_at},
            after={"opens": None},
        )
        wording = wordings.trouble(found, "It did not open by itself", reason)
        recipients = messages.facilitators(connection)
        messages.tell(connection, recipients, found, MessageKind.TROUBLE, wording, invitations.RUNNING_PAGE)

    store().write(transaction)
    return False


def _close_by_itself(actor: Actor, survey: Survey) -> bool:
    try:
        surveys.close_survey(actor, survey.id, if_due=True)
    except (WrongState, NotFound):
        return False  # somebody was faster: has closed it, or moved its closing time
    return True


def _check(survey: Survey, opens_at: str | None, closes_at: str | None, remind_days: int | None) -> None:
    """Raises InvalidInput, saying what to change."""
    now = clock.now()
    text, latest = instants.to_text(now), instants.to_text(now + LONGEST)
    draft = survey.status is SurveyStatus.DRAFT
    if draft and opens_at is not None and not text < opens_at <= latest:
        raise InvalidInput("The opening time has to lie ahead, within two years. To open it now, press Open.")
    if closes_at is not None and closes_at != survey.closes_at and not text < closes_at <= latest:
        raise InvalidInput(
            "The closing time has to lie ahead, within two years."
            + ("" if draft else " To close it now, press Close.")
        )
    if draft and opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise InvalidInput("It would close before it opens. Choose a later closing time.")
    if remind_days is None:
        return
    if (
        isinstance(remind_days, bool)
        or not isinstance(remind_days, int)
        or not 1 <= remind_days <= MOST_REMIND_DAYS
    ):
        raise InvalidInput(f"The reminder can go out from 1 to {MOST_REMIND_DAYS} days before closing.")
    if closes_at is None:
        raise InvalidInput(
            "A reminder before closing needs a closing time. Choose one, or leave the reminder out."
        )


def _tell_new_dates(connection: Connection, survey: Survey) -> None:
    """Tell everybody who is asked, in the place of what they were told before about its dates."""
    queue.delete_of_kind(connection, survey.id, MessageKind.DATES)
    wording = wordings.new_dates(survey, messages.local_closing(connection, survey))
    recipients = invitations.asked(connection, survey)
    messages.tell(connection, recipients, survey, MessageKind.DATES, wording, invitations.ANSWER_PAGE)


def _changeable(connection: Connection, survey_id: str, revision: int) -> Survey:
    survey = kept.known(connection, survey_id)
    if survey.revision != revision:
        raise StaleVersion(
            f"‘{survey.title}’ was changed in the meantime. Look at it again before you go on."
        )
    if survey.status is SurveyStatus.CLOSED:
        raise WrongState(f"‘{survey.title}’ is closed. Its dates stay as they were.")
    if (
        survey.status is SurveyStatus.OPEN
        and survey.closes_at is not None
        and survey.closes_at <= clock.now_text()
    ):
        raise WrongState(f"The closing time of ‘{survey.title}’ has passed; it is being closed.")
    return survey
