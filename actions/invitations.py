"""Who is asked to answer a survey, and how they get to it: invitations, reminders, and personal links.

A personal link signs a member in, as often as it is needed until the survey closes, and sixty days at most. It signs in
nobody else: whoever may do more than answer is asked for the password. Only a hash of it is kept. A link travels in a
mail that is sent to the person alone; or it is made here, to be copied, by someone who could then use it too. So that
is written into the audit log and told to the person. While the person is asked by an open survey that is not named, such
a link signs in only somebody who cannot have answered it: who has no password, and has not come in by any link since it
could be answered. So it works once, whether or not that person has begun; and the session that comes of it ends as soon
as the person comes in in any other way.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from actions import answers, clock, messages, sign_in
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment import messages as wordings
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.messages import MailState, MessageKind
from alignment.people import Actor, Person, Role
from alignment.people_files import PeopleFile, read_people
from alignment.questionnaires import Mode
from alignment.surveys import Audience, Survey, SurveyStatus
from db.queries import audit, invitees, people, sign_ins, survey_links, surveys
from db.queries import messages as queue
from db.store import Connection, store

LINK_LIFETIME = timedelta(days=60)
ONE_DAY = timedelta(days=1)
ANSWER_PAGE, RUNNING_PAGE = "answer", "questionnaires"
TOKEN_MARKS = _MAILED, _COPIED = (
    "m.",
    "c.",
)  # how a token begins, by how it reaches the person; its hash covers it
_ONCE = (
    "This link was handed to you by somebody. So that nobody else can see what you answer, such a link works once, and only "
    "as long as you have no password and have not come in otherwise. Go on in the browser in which you are signed in, use "
    "the link in your mail, or sign in. No password yet? Your administrator gives you a link to choose one."
)
_VOID = (
    "This link does not work any more: the questionnaire has closed, or the link was replaced or has run out. If you have "
    "a password, sign in; what is open for you stands under Answer."
)


@dataclass(frozen=True)
class Asked:
    """Who is asked to answer a survey, of all who could be; by name."""

    survey: Survey
    could_be: tuple[Person, ...]
    asked: frozenset[str]


@dataclass(frozen=True)
class Outlook:
    """What reminding would do. `unfinished` counts who has not submitted, as the response rates tell anyhow.

    `recipients`, in a named survey, is whom a reminder would reach now; None where nobody is to learn that. `last_at` is
    when somebody last reminded by hand, or ''. `mails`: it goes out by mail as well.
    """

    unfinished: int
    recipients: tuple[Person, ...] | None
    names: tuple[Person, ...] | None
    last_at: str
    mails: bool


@dataclass(frozen=True)
class Delivery:
    """What became of a survey's mails: invitations and dates; reminders only in a named survey."""

    mails: bool
    sent: int
    waiting: int
    failed: int


@dataclass(frozen=True)
class PersonalLink:
    """A link to copy: for whom, and its token, which is shown once and kept nowhere."""

    person: Person
    token: str


@dataclass(frozen=True)
class Followed:
    """Where a personal link leads: to which survey, whose it is, and whether it signs in. `why_not` says why not."""

    survey_id: str
    title: str
    person: Person
    signs_in: bool
    why_not: str = ""


# who is asked


def read_asked(actor: Actor, survey_id: str) -> Asked:
    """Who is asked, and who could be: everybody with access who belongs to a team."""
    authorise(actor, "survey:invite")
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    could_be = tuple(_answering(connection))
    ids = frozenset(person.id for person in asked(connection, survey))
    return Asked(survey, could_be, ids)


def ask_both_teams(actor: Actor, survey_id: str, *, revision: int) -> Survey:
    """Ask everybody in both teams, those who join later too. Raises StaleVersion, and WrongState once it is closed."""
    person = authorise(actor, "survey:invite")

    def transaction(connection: Connection) -> Survey:
        survey = _changeable(connection, survey_id, revision)
        if survey.audience is Audience.TEAMS:
            return survey
        surveys.set_audience(connection, survey.id, Audience.TEAMS)
        journal(connection, person, "survey:invite", "survey", survey.id, after={"audience": "teams"})
        return _told(connection, survey.id)

    return store().write(transaction)


def ask_people(actor: Actor, survey_id: str, person_ids: Sequence[str], *, revision: int) -> Survey:
    """Ask these people and nobody else. Once it is open, more can be asked, but nobody can be left out any more.

    Raises InvalidInput for people who cannot answer, StaleVersion, and WrongState once it is closed.
    """
    person = authorise(actor, "survey:invite")
    wanted = _ids(person_ids)

    def transaction(connection: Connection) -> Survey:
        survey = _changeable(connection, survey_id, revision)
        could_be = {one.id for one in _answering(connection)}
        if not wanted:
            raise InvalidInput("Nobody is chosen. Choose at least one person, or ask both teams.")
        if wanted - could_be - invitees.chosen(connection, survey.id):
            raise InvalidInput(
                "Somebody you chose cannot answer: they have no access, or no team. Look at the list again."
            )
        before = {one.id for one in asked(connection, survey)}
        if survey.status is SurveyStatus.OPEN and (survey.audience is Audience.TEAMS or before - wanted):
            raise WrongState(
                "The questionnaire is open: more people can be asked, but nobody can be left out any more."
            )
        surveys.set_audience(connection, survey.id, Audience.PEOPLE)
        if survey.status is SurveyStatus.OPEN:
            # nobody is left out: whose access has ended for a while is not among `before`, yet asked again when it is back
            invitees.add(connection, survey.id, wanted, clock.now_text())
        else:
            invitees.replace_all(connection, survey.id, wanted, clock.now_text())
        journal(
            connection,
            person,
            "survey:invite",
            "survey",
            survey.id,
            before={"audience": survey.audience, "people": len(before)},
            after={"audience": "people", "people": len(wanted), "ids": sorted(wanted)},
        )
        return _told(connection, survey.id)

    return store().write(transaction)


def read_people_file(actor: Actor, content: bytes) -> PeopleFile:
    """Who is in a CSV file, and which rows cannot be used and why. Changes nothing; pass the people to `ask_people`.

    Raises InvalidInput when the file as a whole cannot be read.
    """
    authorise(actor, "survey:invite")
    return read_people(content, people.everyone(store().read()))


def asked(connection: Connection, survey: Survey) -> list[Person]:
    """Those who are asked now, by name, for actions that have authorised already."""
    could_be = _answering(connection)
    if survey.audience is Audience.TEAMS:
        return could_be
    chosen = invitees.chosen(connection, survey.id)
    return [person for person in could_be if person.id in chosen]


# invitations and reminders


def forget_old_links(actor: Actor) -> None:
    """Remove the links that have run out: for the timer."""
    authorise(actor, "timer:run")
    now = clock.now_text()
    if survey_links.any_expired(store().read(), now):
        store().write(lambda connection: survey_links.delete_expired(connection, now))


def announce(connection: Connection, survey: Survey) -> int:
    """Invite everybody who is asked by an open survey and was not invited yet; how many. For actions that open one.

    Raises WrongState when nobody is asked at all, or when the survey would be over at once.
    """
    recipients = asked(connection, survey)
    if not recipients and survey.audience is Audience.PEOPLE:
        raise WrongState("Nobody is asked yet. Choose who is to answer, then open it.")
    if survey.closes_at is not None and survey.closes_at <= clock.now_text():
        raise WrongState("Its closing time has passed. Set a later one, then open it.")
    return _invite(connection, survey)


def invite_newcomers(actor: Actor) -> int:
    """Invite those who have come to be asked since a survey opened: for the timer. Returns how many."""
    authorise(actor, "timer:run")
    connection = store().read()
    if not any(_uninvited(connection, survey) for survey in _open(connection)):
        return 0

    def transaction(connection: Connection) -> int:
        return sum(_invite(connection, survey) for survey in _open(connection))

    return store().write(transaction)


def outlook(actor: Actor, survey_id: str) -> Outlook:
    """What reminding now would do. Raises WrongState when the survey is not open."""
    authorise(actor, "survey:invite")
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    _must_be_open(survey)
    rates = surveys.rates(connection, survey.id)
    named = survey.mode is Mode.NAMED
    return Outlook(
        unfinished=sum(max(0, rate.invited - rate.submitted) for rate in rates.values()),
        recipients=tuple(_to_remind(connection, survey)) if named else None,
        names=tuple(_unfinished(connection, survey)) if named else None,
        last_at=audit.latest(connection, "survey:remind", "survey", survey.id),
        mails=messages.mail_is_set(connection),
    )


def remind(actor: Actor, survey_id: str) -> int | None:
    """Remind those who have not finished, want reminders, and got none within a day; how many, in a named survey.

    In any other survey nobody learns how many that were, since together with what is known of somebody's reminders it
    could tell who has finished: None. Raises WrongState when the survey is not open or everybody has finished.
    """
    person = authorise(actor, "survey:invite")

    def transaction(connection: Connection) -> int | None:
        survey = surveys.known(connection, survey_id)
        _must_be_open(survey)
        named = survey.mode is Mode.NAMED
        if not _unfinished(connection, survey):
            raise WrongState("Everybody who is asked has submitted. There is nobody to remind.")
        recipients = _to_remind(connection, survey)
        if named and not recipients:
            raise WrongState(
                "Nobody can be reminded now: those who have not finished were reminded within the last day, or want no "
                "reminders."
            )
        _remind(connection, survey, recipients)
        count = len(recipients) if named else None
        journal(connection, person, "survey:remind", "survey", survey.id, after={"people": count})
        return count

    return store().write(transaction)


def remind_due(actor: Actor) -> int:
    """Remind where a survey closes within the days that were chosen for it: for the timer. Everybody at most once.

    Returns to how many surveys that applied.
    """
    person = authorise(actor, "timer:run")
    if not any(_due_for_reminder(store().read(), survey) for survey in _open(store().read())):
        return 0

    def transaction(connection: Connection) -> int:
        count = 0
        for survey in _open(connection):
            recipients = _due_for_reminder(connection, survey)
            if recipients:
                _remind(connection, survey, recipients)
                named = len(recipients) if survey.mode is Mode.NAMED else None
                journal(
                    connection,
                    person,
                    "survey:remind by itself",
                    "survey",
                    survey.id,
                    after={"people": named},
                )
                count += 1
        return count

    return store().write(transaction)


def delivery(actor: Actor, survey_id: str) -> Delivery:
    """What became of the mails about a survey."""
    authorise(actor, "mail:read")
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    kinds = [MessageKind.INVITATION, MessageKind.DATES]
    if survey.mode is Mode.NAMED:
        kinds.append(MessageKind.REMINDER)
    counts = queue.count_mails(connection, survey.id, kinds)
    return Delivery(
        messages.mail_is_set(connection),
        counts[MailState.SENT],
        counts[MailState.WAITING],
        counts[MailState.FAILED],
    )


def still_wanted(connection: Connection, survey: Survey, person: Person, kind: MessageKind) -> bool:
    """Whether a message about a survey is still worth sending to the person, for the action that sends mails."""
    if kind is MessageKind.TROUBLE:
        return person.active
    if not answers.accepts(survey) or not _is_asked(connection, survey, person):
        return False
    if kind is not MessageKind.REMINDER:
        return True
    return queue.wants_reminders(connection, person.id) and not answers.stage(connection, survey, person)[1]


# personal links


def make_links(
    actor: Actor, survey_id: str, person_ids: Sequence[str] | None = None, *, replacing: bool = False
) -> list[PersonalLink]:
    """A link to copy for each of these members who are asked, or for all; `replacing` voids their earlier ones.

    Whoever has a link can act as its person, so each is in the audit log and told to the person. Raises InvalidInput for
    somebody who is not asked or may do more than answer, and WrongState when the survey is not open.
    """
    acting = authorise(actor, "survey:invite")
    wanted = None if person_ids is None else _ids(person_ids)

    def transaction(connection: Connection) -> list[PersonalLink]:
        survey = surveys.known(connection, survey_id)
        _must_be_open(survey)
        members = [person for person in asked(connection, survey) if person.role is Role.MEMBER]
        if wanted is not None:
            if wanted - {person.id for person in members}:
                raise InvalidInput(
                    "Personal links are made for members who are asked. Everybody else signs in with their password."
                )
            members = [person for person in members if person.id in wanted]
        if not members:
            raise InvalidInput("Nobody who is asked is a member, so there are no links to make.")
        made = []
        for person in members:
            if replacing:
                survey_links.delete_of(connection, survey.id, person.id)
            made.append(PersonalLink(person, new_token(connection, survey.id, person.id, copied=True)))
            journal(
                connection,
                acting,
                "make link",
                "person",
                person.id,
                after={"survey": survey.id, "replaces": bool(replacing)},
            )
        for person in members:
            queue.delete_of_kind(connection, survey.id, MessageKind.LINK, person.id)
        messages.tell(
            connection,
            [person for person in members if person.id != acting.id],
            survey,
            MessageKind.LINK,
            wordings.link_made(survey, acting.name),
            ANSWER_PAGE,
            mail=False,
        )
        return made

    return store().write(transaction)


def new_token(connection: Connection, survey_id: str, person_id: str, *, copied: bool = False) -> str:
    """A fresh token, of which only the hash is kept, for actions that hand it to the person in this transaction."""
    token, now = (_COPIED if copied else _MAILED) + secrets.token_urlsafe(32), clock.now()
    survey_links.add(
        connection,
        hash_of(token),
        survey_id,
        person_id,
        instants.to_text(now),
        instants.to_text(now + LINK_LIFETIME),
    )
    return token


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def followed_link(token: str) -> Followed:
    """Where a personal link leads. Looking changes nothing. Raises NotFound when it does not work any more."""
    return _followed(store().read(), token)


def sign_in_by_link(token: str) -> tuple[sign_in.Session, str]:
    """Sign the person in whose link this is; the sign-in, and the survey's id.

    A link that was copied ends the person's other sessions: should somebody else have used it before, they are out. Any
    other link ends the session of a copied one. Raises NotFound when the link does not work any more, and WrongState when
    it asks for the password, which says nothing about whether its person has begun.
    """

    def transaction(connection: Connection) -> tuple[sign_in.Session | None, Followed]:
        followed = _followed(connection, token)
        now, person = clock.now_text(), followed.person
        if not followed.signs_in:
            return None, followed
        copied = token.startswith(_COPIED)
        if copied and _may_show_answers(connection, person):
            return None, replace(followed, why_not=_ONCE)
        if copied:
            sign_ins.end_sessions(connection, person.id, now)
            sign_ins.mark_copied(connection, person.id)
        else:
            sign_ins.end_copied(connection, person.id, now)
        journal(connection, person, "sign in by link", "person", person.id)
        return sign_in.Session(person.id, now), followed

    session, followed = store().write(transaction)
    if session is None:
        raise WrongState(followed.why_not)
    return session, followed.survey_id


def _followed(connection: Connection, token: str) -> Followed:
    if not isinstance(token, str) or not 0 < len(token) < 200:
        raise NotFound(_VOID)
    found = survey_links.find(connection, hash_of(token))
    if found is None or found.expires_at <= clock.now_text():
        raise NotFound(_VOID)
    person, survey = people.find(connection, found.person_id), surveys.find(connection, found.survey_id)
    if person is None or survey is None or not person.active:
        raise NotFound(_VOID)
    if not answers.accepts(survey) or not _is_asked(connection, survey, person):
        raise NotFound(_VOID)
    why_not = ""
    if person.role is not Role.MEMBER:
        why_not = f"As {person.role.label} you sign in with your password; then you are at the questionnaire."
    return Followed(survey.id, survey.title, person, not why_not, why_not)


def _may_show_answers(connection: Connection, person: Person) -> bool:
    """Whether coming in as this person could show answers that nobody else is to see, of any survey that is open.

    It looks at how the person can have come in, never at whether there are answers. A session that was begun before a
    survey opened may have answered it as well.
    """
    opened = [
        survey.opened_at or ""
        for survey in _open(connection)
        if survey.mode is not Mode.NAMED and _is_asked(connection, survey, person)
    ]
    if not opened:
        return False
    found = sign_ins.credential(connection, person.email)
    if found is None or found.password_hash:
        return True
    latest = audit.latest(connection, "sign in by link", "person", person.id)
    return bool(latest) and instants.from_text(latest) + sign_in.LIFETIME > instants.from_text(min(opened))


# the steps of the above


def _invite(connection: Connection, survey: Survey) -> int:
    recipients = _uninvited(connection, survey)
    wording = wordings.invitation(survey, messages.local_closing(connection, survey))
    return messages.tell(connection, recipients, survey, MessageKind.INVITATION, wording, ANSWER_PAGE)


def _uninvited(connection: Connection, survey: Survey) -> list[Person]:
    invited = set(queue.latest(connection, survey.id, [MessageKind.INVITATION]))
    invited |= invitees.asked_before(connection, survey.id)
    return [person for person in asked(connection, survey) if person.id not in invited]


def _remind(connection: Connection, survey: Survey, recipients: Sequence[Person]) -> None:
    wording = wordings.reminder(survey, messages.local_closing(connection, survey))
    messages.tell(connection, recipients, survey, MessageKind.REMINDER, wording, ANSWER_PAGE)


def _unfinished(connection: Connection, survey: Survey) -> list[Person]:
    return [
        person for person in asked(connection, survey) if not answers.stage(connection, survey, person)[1]
    ]


def _to_remind(connection: Connection, survey: Survey) -> list[Person]:
    """Who has not finished, wants reminders, and got none within a day."""
    since = instants.to_text(clock.now() - ONE_DAY)
    reminded = queue.latest(connection, survey.id, [MessageKind.REMINDER])
    silent = queue.without_reminders(connection)
    return [
        person
        for person in _unfinished(connection, survey)
        if person.id not in silent and reminded.get(person.id, "") <= since
    ]


def _due_for_reminder(connection: Connection, survey: Survey) -> list[Person]:
    """Whom the timer reminds now: not those who were invited within a day, nor reminded since the time for it came."""
    if survey.closes_at is None or survey.remind_days is None or not answers.accepts(survey):
        return []
    due = instants.from_text(survey.closes_at) - timedelta(days=survey.remind_days)
    if clock.now() < due:
        return []
    since, from_then_on = instants.to_text(clock.now() - ONE_DAY), instants.to_text(due)
    invited = queue.latest(connection, survey.id, [MessageKind.INVITATION])
    reminded = queue.latest(connection, survey.id, [MessageKind.REMINDER])
    return [
        person
        for person in _to_remind(connection, survey)
        if invited.get(person.id, "") <= since and reminded.get(person.id, "") < from_then_on
    ]


def _told(connection: Connection, survey_id: str) -> Survey:
    """The survey as it is now, once those who are newly asked by an open one have been invited."""
    survey = surveys.known(connection, survey_id)
    if answers.accepts(survey):
        _invite(connection, survey)
    return survey


def _answering(connection: Connection) -> list[Person]:
    """Everybody who could answer, by name."""
    return [person for person in people.everyone(connection) if person.active and person.team is not None]


def _is_asked(connection: Connection, survey: Survey, person: Person) -> bool:
    return person.active and person.team is not None and invitees.is_asked(connection, survey, person.id)


def _open(connection: Connection) -> list[Survey]:
    return [survey for survey in surveys.listed(connection) if answers.accepts(survey)]


def _changeable(connection: Connection, survey_id: str, revision: int) -> Survey:
    survey = surveys.known(connection, survey_id)
    if survey.revision != revision:
        raise StaleVersion(
            f"‘{survey.title}’ was changed in the meantime. Look at it again before you go on."
        )
    if survey.status is SurveyStatus.CLOSED:
        raise WrongState(f"‘{survey.title}’ is closed. Nobody can be asked any more.")
    return survey


def _must_be_open(survey: Survey) -> None:
    if not answers.accepts(survey):
        raise WrongState(f"‘{survey.title}’ is not open, so nobody can answer it.")


def _ids(person_ids: Sequence[str]) -> set[str]:
    if isinstance(person_ids, str) or not all(isinstance(one, str) for one in person_ids or ()):
        raise InvalidInput("Choose people from the list.")
    return set(person_ids or ())
