"""Messages: everybody's own inbox, and whether they want reminders. Nobody sees another's."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from actions import clock, settings
from actions.journal import journal
from actions.permissions import FACILITATORS, authorise
from alignment import instants
from alignment.messages import MailState, Message, MessageKind, Wording
from alignment.people import Actor, Person
from alignment.surveys import Survey
from db.keys import new_id
from db.queries import messages, people
from db.queries import settings as setting_rows
from db.store import Connection, store

MAIL_SETTING = "mail"


def my_messages(actor: Actor) -> list[Message]:
    """The person's own messages, the newest first."""
    person = authorise(actor, "message:read")
    return messages.of_person(store().read(), person.id)


def unread_messages(actor: Actor) -> list[Message]:
    """The person's own messages that are new, without those about surveys that have closed since."""
    person = authorise(actor, "message:read")
    return messages.unread(store().read(), person.id)


def mark_read(actor: Actor, message_id: str) -> int:
    """Note that the person has read their messages up to this one; returns how many were new. 0 for another's message."""
    person = authorise(actor, "message:read")
    newest = messages.find(store().read(), message_id) if isinstance(message_id, str) else None
    if newest is None or newest.person_id != person.id:
        return 0

    def transaction(connection: Connection) -> int:
        count = messages.mark_read(connection, person.id, newest.id, clock.now_text())
        if count:
            journal(connection, person, "read messages", "person", person.id)
        return count

    return store().write(transaction)


def wants_reminders(actor: Actor) -> bool:
    """Whether the person is reminded of surveys that they have not finished."""
    person = authorise(actor, "account:read")
    return messages.wants_reminders(store().read(), person.id)


def choose_reminders(actor: Actor, wanted: bool) -> None:
    """Turn one's own reminders on or off."""
    person = authorise(actor, "account:change")

    def transaction(connection: Connection) -> None:
        before = messages.wants_reminders(connection, person.id)
        messages.set_reminders(connection, person.id, bool(wanted))
        journal(
            connection,
            person,
            "choose reminders",
            "person",
            person.id,
            before={"reminders": before},
            after={"reminders": bool(wanted)},
        )

    store().write(transaction)


def tell(
    connection: Connection,
    recipients: Iterable[Person],
    survey: Survey,
    kind: MessageKind,
    wording: Wording,
    page: str,
    *,
    mail: bool = True,
) -> int:
    """Put a message about a survey into each recipient's inbox, and into the queue of the mail where mail is set up; how many.

    For actions, within their transaction. Nothing is sent here.
    """
    return _put(connection, recipients, survey.id, kind, wording, page, mail)


def notify(
    connection: Connection, recipients: Iterable[Person], kind: MessageKind, wording: Wording, page: str
) -> int:
    """Like `tell`, of something that is not about a survey."""
    return _put(connection, recipients, None, kind, wording, page, mail=True)


def _put(
    connection: Connection,
    recipients: Iterable[Person],
    survey_id: str | None,
    kind: MessageKind,
    wording: Wording,
    page: str,
    mail: bool,
) -> int:
    state = MailState.WAITING if mail and mail_is_set(connection) else MailState.NONE
    now, count = clock.now_text(), 0
    for person in recipients:
        message = Message(
            id=new_id(),
            person_id=person.id,
            survey_id=survey_id,
            kind=kind,
            subject=wording.subject,
            body=wording.body,
            page=page,
            created_at=now,
            mail=state,
        )
        messages.insert(connection, message)
        count += 1
    return count


def mail_is_set(connection: Connection) -> bool:
    """Whether messages go out by mail as well, for actions that have authorised already."""
    return setting_rows.get(connection, MAIL_SETTING)[0] is not None


def local_closing(connection: Connection, survey: Survey) -> datetime | None:
    """The survey's closing time as the company's clocks show it (aware); None when it closes by hand."""
    if survey.closes_at is None:
        return None
    zone = settings.company_of(connection).hours.timezone
    return instants.from_text(survey.closes_at).astimezone(ZoneInfo(zone))


def facilitators(connection: Connection) -> list[Person]:
    """Those who run surveys, for messages about what did not work by itself."""
    return [person for person in people.everyone(connection) if person.active and person.role in FACILITATORS]
