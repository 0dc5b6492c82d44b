"""Questionnaires put to the teams: prepared, opened and closed by facilitators. Closing is final."""

import secrets
from dataclasses import replace

from actions import clock, invitations, lead_cards
from actions.journal import journal
from actions.permissions import authorise, may
from alignment import templates
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.people import Actor, Person, Team
from alignment.questionnaire_edits import what_to_write
from alignment.questionnaire_files import read_toml, write_toml
from alignment.questionnaires import Mode, Questionnaire
from alignment.surveys import ResponseRate, Survey, SurveyStatus
from alignment.texts import required_text
from db.keys import new_id
from db.queries import answers, cycles, messages, survey_links, surveys
from db.store import Connection, mark_to_be_forgotten, store

_LARGEST_GROUP = 1000


def prepare_survey(
    actor: Actor,
    *,
    template: str = "",
    toml: str = "",
    copy_of: str = "",
    cycle_id: str | None = None,
    title: str = "",
    mode: Mode | str | None = None,
    min_group: int | None = None,
) -> Survey:
    """A draft made from a built-in `template`, from TOML text, or as a copy of the survey `copy_of`; `mode` and `min_group`
    may only be stricter than its own.

    Without `cycle_id` it belongs to the running cycle, where there is one.

    Raises InvalidInput, with line, key and remedy, when the questionnaire cannot be used, NotFound where there is nothing
    to copy.
    """
    person = authorise(actor, "survey:prepare")
    if [bool(template), bool(toml), bool(copy_of)].count(True) != 1:
        raise InvalidInput("Choose either a built-in questionnaire or a file of your own.")
    if copy_of:
        original = surveys.known(store().read(), copy_of)
        template, questionnaire = original.template, original.questionnaire
    else:
        questionnaire = templates.template(template) if template else read_toml(toml)
    if title:
        questionnaire = replace(questionnaire, title=required_text(title, "The title"))
    questionnaire = _stricter(questionnaire, mode, min_group)
    connection = store().read()
    cycle = cycles.find(connection, cycle_id) if cycle_id else cycles.current(connection)
    if cycle_id and cycle is None:
        raise NotFound("This cycle does not exist.")
    survey = Survey(
        id=new_id(),
        cycle_id=cycle.id if cycle else None,
        template=template,
        questionnaire=questionnaire,
        status=SurveyStatus.DRAFT,
        created_at=clock.now_text(),
        opened_at=None,
        closed_at=None,
        revision=1,
    )

    def transaction(connection: Connection) -> None:
        surveys.insert(connection, survey, person.id)
        journal(
            connection,
            person,
            "survey:prepare",
            "survey",
            survey.id,
            after={
                "title": survey.title,
                "template": template,
                "mode": survey.mode,
                "min_group": survey.min_group,
            },
        )

    store().write(transaction)
    return survey


def tighten_survey(
    actor: Actor,
    survey_id: str,
    *,
    mode: Mode | str | None = None,
    min_group: int | None = None,
    revision: int,
) -> Survey:
    """Make the privacy stricter, never looser, and only before the first answer. `revision` is the one that was seen."""
    person = authorise(actor, "survey:prepare")

    def transaction(connection: Connection) -> Survey:
        survey = _seen(connection, survey_id, revision)
        if survey.status is SurveyStatus.CLOSED or answers.started(connection, survey_id):
            raise WrongState(
                "People have already answered under the privacy that was announced. It stays as it is."
            )
        tightened = _stricter(survey.questionnaire, mode, min_group)
        surveys.set_privacy(connection, survey_id, tightened.mode, tightened.min_group)
        if (
            survey.status is SurveyStatus.OPEN
            and tightened.mode is Mode.ANONYMOUS
            and survey.mode is not Mode.ANONYMOUS
        ):
            answers.keep_secret(connection, survey_id, secrets.token_hex(32))
        journal(
            connection,
            person,
            "survey:prepare",
            "survey",
            survey_id,
            before={"mode": survey.mode, "min_group": survey.min_group},
            after={"mode": tightened.mode, "min_group": tightened.min_group},
        )
        return surveys.known(connection, survey_id)

    return store().write(transaction)


def open_survey(actor: Actor, survey_id: str, *, revision: int | None = None) -> Survey:
    """Put a draft to both teams. Lead cards that nobody drew yet are drawn now.

    Raises WrongState for anything but a draft, and where there are no leads to draw cards from; InvalidInput, naming them,
    where questions still have the words that were put in to be written over.
    """
    person = authorise(actor, "survey:run")
    at = clock.now_text()
    drawn = lead_cards.draw_missing(store().read(), survey_id)

    def transaction(connection: Connection) -> Survey:
        survey = _seen(connection, survey_id, revision)
        if survey.status is not SurveyStatus.DRAFT:
            raise WrongState(f"‘{survey.title}’ is already {survey.status.value}.")
        unwritten = what_to_write(survey.questionnaire)
        if unwritten:
            raise InvalidInput(unwritten)
        lead_cards.put_missing(connection, person, survey, drawn)
        surveys.set_open(connection, survey_id, at)
        if survey.mode is Mode.ANONYMOUS:
            answers.keep_secret(connection, survey_id, secrets.token_hex(32))
        invitations.announce(connection, surveys.known(connection, survey_id))
        journal(
            connection,
            person,
            "survey:open",
            "survey",
            survey_id,
            after={"mode": survey.mode, "min_group": survey.min_group},
        )
        return surveys.known(connection, survey_id)

    return store().write(transaction)


def close_survey(actor: Actor, survey_id: str, *, if_due: bool = False) -> Survey:
    """Close an open survey for good: from now on its results can be read and no answer changes. `if_due`: only if its
    closing time has come, for the timer, which may have looked before somebody moved it.

    Personal links to it end. In an anonymous survey this also destroys the key, gives every respondent a key drawn at
    random, leaves of every time only the day of closing, deletes the messages about the survey (they would tell who
    finished when), and empties the store's log, so that nobody can link the answers again, not even with the file in
    hand. Where somebody who reads keeps the log from being emptied, that is made up for (see `forget_closed`).
    """
    person = authorise(actor, "survey:run")
    at = clock.now_text()

    def transaction(connection: Connection) -> Survey:
        survey = surveys.known(connection, survey_id)
        if survey.status is not SurveyStatus.OPEN:
            raise WrongState(
                f"‘{survey.title}’ is {survey.status.value}; only an open questionnaire can be closed."
            )
        if if_due and (survey.closes_at is None or survey.closes_at > at):
            raise WrongState(f"The closing time of ‘{survey.title}’ has been moved; it stays open.")
        rates = surveys.rates(connection, survey_id)
        surveys.set_closed(connection, survey_id, at, {team: rate.invited for team, rate in rates.items()})
        survey_links.delete_of_survey(connection, survey_id)
        if survey.mode is Mode.ANONYMOUS:
            answers.destroy_secret(connection, survey_id)
            fresh = [secrets.token_hex(16) for _ in range(answers.started(connection, survey_id))]
            answers.unlink(connection, survey_id, clock.day_text(), fresh)
            messages.delete_of_survey(connection, survey_id)
            mark_to_be_forgotten(connection)
        journal(
            connection,
            person,
            "survey:close",
            "survey",
            survey_id,
            after={
                team.value: {"invited": rate.invited, "submitted": rate.submitted}
                for team, rate in rates.items()
            },
        )
        return surveys.known(connection, survey_id)

    closed = store().write(transaction)
    if closed.mode is Mode.ANONYMOUS:
        store().forget_deleted()
    return closed


def forget_closed(actor: Actor, *, patience: float = 0.0) -> bool:
    """Empty the store's log where closing an anonymous survey could not, trying for `patience` seconds.

    Whether nothing is left there. Somebody who reads the store for long, as a backup does, keeps it from being emptied.
    """
    authorise(actor, "timer:run")
    return store().forget_deleted(patience)


def discard_survey(actor: Actor, survey_id: str) -> None:
    """Remove a draft that nobody has seen. Raises WrongState once it has been open."""
    person = authorise(actor, "survey:prepare")

    def transaction(connection: Connection) -> None:
        survey = surveys.known(connection, survey_id)
        if survey.status is not SurveyStatus.DRAFT:
            raise WrongState(f"‘{survey.title}’ has been open; it stays with its answers.")
        surveys.delete_draft(connection, survey_id)
        journal(connection, person, "survey:discard", "survey", survey_id, before={"title": survey.title})

    store().write(transaction)


def list_surveys(actor: Actor) -> list[Survey]:
    """The surveys that the person may know of, the newest first: drafts only for those who prepare them."""
    person = authorise(actor, "survey:list")
    return [survey for survey in surveys.listed(store().read()) if _visible(person, survey)]


def read_survey(actor: Actor, survey_id: str) -> Survey:
    """One survey with its questions. Raises NotFound where there is none, or none for this person."""
    person = authorise(actor, "survey:list")
    survey = surveys.known(store().read(), survey_id)
    if not _visible(person, survey):
        raise NotFound(surveys.UNKNOWN)
    return survey


def survey_toml(actor: Actor, survey_id: str) -> str:
    """The questionnaire as TOML, to edit and put in again."""
    return write_toml(read_survey(actor, survey_id).questionnaire)


def response_rates(actor: Actor, survey_id: str) -> dict[Team, ResponseRate]:
    """How many people of each team were asked, have begun, have submitted: counts, never who."""
    survey = read_survey(actor, survey_id)
    return surveys.rates(store().read(), survey.id)


def _visible(person: Person, survey: Survey) -> bool:
    return survey.status is not SurveyStatus.DRAFT or may(person, "survey:prepare")


def _seen(connection: Connection, survey_id: str, revision: int | None) -> Survey:
    survey = surveys.known(connection, survey_id)
    if revision is not None and survey.revision != revision:
        raise StaleVersion(
            f"‘{survey.title}’ was changed in the meantime. Look at it again before you go on."
        )
    return survey


def _stricter(questionnaire: Questionnaire, mode: Mode | str | None, min_group: int | None) -> Questionnaire:
    """The questionnaire with a privacy that is at least as strict. Raises InvalidInput for a looser one."""
    wanted = questionnaire.mode
    if mode is not None:
        try:
            wanted = Mode(mode)
        except ValueError as error:
            raise InvalidInput("The privacy mode has to be named, confidential or anonymous.") from error
    if wanted.strictness < questionnaire.mode.strictness:
        raise InvalidInput(f"The privacy can only become stricter; it is {questionnaire.mode.value} already.")
    group = questionnaire.min_group if min_group is None else min_group
    if (
        isinstance(group, bool)
        or not isinstance(group, int)
        or not questionnaire.min_group <= group <= _LARGEST_GROUP
    ):
        raise InvalidInput(
            f"The smallest group has to be a whole number from {questionnaire.min_group} to {_LARGEST_GROUP:,}: "
            "it can only be raised."
        )
    return replace(questionnaire, mode=wanted, min_group=group)
