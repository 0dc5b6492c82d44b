"""Mail: its setting, and sending what waits. Nothing is sent within a click but a test to oneself.

The setting is an apprise address with a password in it: kept encrypted, under a key in a file beside the store, and
never shown again. A mail is claimed in one transaction, sent outside of any, and recorded in another. One whose sending
was cut off is not sent again, since it may have arrived: it counts as not delivered.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from actions import clock, invitations, mail_services, messages
from actions.journal import journal
from actions.mail_services import Letter, Post
from actions.permissions import authorise
from actions.sign_in import kept_key
from alignment import instants
from alignment.errors import InvalidInput, Refusal, WrongState
from alignment.messages import MailState, Message, MessageKind, mail_body
from alignment.people import Actor, Person, Role
from db.queries import messages as queue
from db.queries import people, settings, survey_links, surveys
from db.store import Connection, data_folder, store

KEY_FILE = "mail.key"
SIGN_IN_ROUTE, WELCOME_ROUTE = "sign-in/", "welcome?token="
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
AT_ONCE = 20
_CLAIMED_FOR = timedelta(minutes=15)
_IN_FLIGHT = "being sent"
_CUT_OFF = "The portal was stopped while it sent this mail. It may have arrived, so it is not sent again."


class MailFailed(Refusal):
    """The mail service did not take a mail."""


@dataclass(frozen=True)
class MailSetting:
    """What is told of the setting: never the address. `fault` says why nothing can be sent, or is ''.

    `service`, `host` and `sender` are '' without a setting. `last_error` is of the last mail that failed for good.
    """

    is_set: bool
    service: str
    host: str
    sender: str
    portal_url: str
    revision: int
    fault: str
    last_error: str


@dataclass(frozen=True)
class Sent:
    """What a round of sending did. `more`: there is more to send now."""

    sent: int = 0
    again: int = 0
    failed: int = 0
    more: bool = False


@dataclass(frozen=True)
class _Claimed:
    """A mail on its way: its message as it was before, and the hash of the link in it, or ''."""

    message: Message
    letter: Letter
    token_hash: str


def read_mail(actor: Actor) -> MailSetting:
    """The setting, without the address."""
    authorise(actor, "mail:change")
    connection = store().read()
    kept, revision = settings.get(connection, messages.MAIL_SETTING)
    kept = kept or {}
    return MailSetting(
        is_set=bool(kept),
        service=kept.get("service", ""),
        host=kept.get("host", ""),
        sender=kept.get("sender", ""),
        portal_url=kept.get("portal_url", ""),
        revision=revision,
        fault=_fault(kept),
        last_error=queue.latest_error(connection),
    )


def set_mail(actor: Actor, address: str, portal_url: str, *, revision: int) -> None:
    """Send messages by mail through the service of this apprise address; '' keeps the one there is.

    `portal_url` is where people reach the portal, for the links. Raises InvalidInput, and StaleVersion when somebody else
    has changed the setting.
    """
    person = authorise(actor, "mail:change")
    url = _checked_url(portal_url)
    address = address.replace(
        "\u2060", ""
    ).strip()  # copied from a screen, an address may bring what has no width
    service = mail_services.check_address(address) if address else None
    sealed = _seal(address) if address else ""

    def transaction(connection: Connection) -> None:
        before, _ = settings.get(connection, messages.MAIL_SETTING)
        if service is None and not before:
            raise InvalidInput(f"Enter the mail address. It should look like {mail_services.EXAMPLE}.")
        after: dict[str, Any] = {**(before or {}), "portal_url": url}
        if service is not None:
            after |= {
                "sealed": sealed,
                "service": service.name,
                "host": service.host,
                "sender": service.sender,
            }
        settings.put(connection, messages.MAIL_SETTING, after, seen=revision)
        journal(
            connection, person, "set mail", "setting", messages.MAIL_SETTING,
            before=_tellable(before), after={**_tellable(after), "new address": service is not None},
        )  # fmt: skip

    store().write(transaction)


def remove_mail(actor: Actor) -> None:
    """Send no mail any more. What waits stays in the inboxes only."""
    person = authorise(actor, "mail:change")

    def transaction(connection: Connection) -> None:
        before, _ = settings.get(connection, messages.MAIL_SETTING)
        if before is None:
            raise WrongState("Mail is not set up.")
        settings.delete(connection, messages.MAIL_SETTING)
        queue.stop_waiting(connection)
        journal(connection, person, "remove mail", "setting", messages.MAIL_SETTING, before=_tellable(before))

    store().write(transaction)


def send_test(actor: Actor) -> str:
    """Send a mail to oneself now; returns one's address. Raises MailFailed with what the service said."""
    person = authorise(actor, "mail:change")
    kept, _ = settings.get(store().read(), messages.MAIL_SETTING)
    if kept is None:
        raise WrongState("Mail is not set up yet. Enter the address first.")
    if not person.email:
        raise InvalidInput("A test goes to the person who asks for it; the machine has no e-mail.")
    body = f"This is a test. Mail from Concord reaches you.\n\n{kept['portal_url']}\n"
    with Post(_unseal(kept)) as post:
        error = post.send(Letter(person.name, person.email, "Test of Concord's mail", body))
    if error:
        raise MailFailed(error)
    return person.email


def deliver(
    actor: Actor, *, route: str = WELCOME_ROUTE, may_go_on: Callable[[], bool] = lambda: True
) -> Sent:
    """Send mails that are due, a few at a time: for the timer.

    `route` is where a personal link leads on this portal, SIGN_IN_ROUTE or WELCOME_ROUTE; a member's link is made here and
    kept as a hash only. What fails is tried again after a minute, ten minutes and an hour. `may_go_on` is asked before
    each mail; those that are not sent then wait on.
    """
    authorise(actor, "timer:run")
    now = clock.now_text()
    if not queue.due(store().read(), now, 1):
        return Sent()
    kept, _ = settings.get(store().read(), messages.MAIL_SETTING)
    if kept is None or _fault(kept):
        return Sent()
    claimed = store().write(lambda connection: _claim(connection, kept["portal_url"], route))
    sent = again = failed = 0
    reachable, error = True, ""
    with Post(_unseal(kept)) as post:
        for one in claimed:
            if not may_go_on():
                _give_back(one)
                continue
            if reachable:  # else the same is true of the others: they are not worth a connection each
                error = post.send(one.letter)
            outcome = store().write(partial(_record, one=one, error=error))
            sent += outcome is MailState.SENT
            again += outcome is MailState.WAITING
            failed += outcome is MailState.FAILED
            reachable = post.reachable
    more = reachable and may_go_on() and bool(queue.due(store().read(), clock.now_text(), 1))
    return Sent(sent, again, failed, more)


def _claim(connection: Connection, portal_url: str, route: str) -> list[_Claimed]:
    """Take what is due, so that no other server takes it; drop what nobody needs any more."""
    now = clock.now()
    text, until = instants.to_text(now), instants.to_text(now + _CLAIMED_FOR)
    claimed = []
    for message in queue.due(connection, text, AT_ONCE):
        if message.mail_error == _IN_FLIGHT:
            queue.set_mail(connection, message.id, MailState.FAILED, error=_CUT_OFF)
            continue
        person = people.find(connection, message.person_id)
        if person is None or not _is_wanted(connection, message, person):
            queue.set_mail(connection, message.id, MailState.NONE)
        elif queue.claim(connection, message, until, _IN_FLIGHT):
            claimed.append(_written(connection, message, person, portal_url, route))
    return claimed


def _is_wanted(connection: Connection, message: Message, person: Person) -> bool:
    if not person.active or not person.email:
        return False
    survey = surveys.find(connection, message.survey_id) if message.survey_id else None
    return survey is None or invitations.still_wanted(connection, survey, person, message.kind)


def _written(
    connection: Connection, message: Message, person: Person, portal_url: str, route: str
) -> _Claimed:
    """The mail with its links; a member's own link is made now."""
    link, account, token = f"{portal_url}/{message.page}" if message.page else "", f"{portal_url}/account", ""
    if message.survey_id and message.kind is not MessageKind.TROUBLE:
        if person.role is Role.MEMBER:
            token = invitations.new_token(connection, message.survey_id, person.id)
            link = f"{portal_url}/{route}{token}"
            account = f"{link}{'&' if '?' in route else '?'}go=account"
        else:
            link = f"{portal_url}/{invitations.ANSWER_PAGE}?survey={message.survey_id}"
    letter = Letter(
        person.name, person.email, message.subject, mail_body(message, person.role, link, account)
    )
    return _Claimed(message, letter, invitations.hash_of(token) if token else "")


def _record(connection: Connection, one: _Claimed, error: str) -> MailState:
    """Write what became of a mail."""
    message = one.message
    if queue.find(connection, message.id) is None:  # its survey has closed meanwhile and took it along
        return MailState.NONE
    if not error:
        queue.set_mail(connection, message.id, MailState.SENT)
        return MailState.SENT
    if one.token_hash:
        survey_links.delete(connection, one.token_hash)
    if message.attempts < len(RETRIES):
        next_try = instants.to_text(clock.now() + RETRIES[message.attempts])
        queue.set_mail(connection, message.id, MailState.WAITING, next_try_at=next_try, error=error)
        return MailState.WAITING
    queue.set_mail(connection, message.id, MailState.FAILED, error=error)
    return MailState.FAILED


def _give_back(one: _Claimed) -> None:
    def transaction(connection: Connection) -> None:
        queue.give_back(connection, one.message.id, clock.now_text())
        if one.token_hash:
            survey_links.delete(connection, one.token_hash)

    store().write(transaction)


def _checked_url(url: object) -> str:
    """Raises InvalidInput for what is no plain address of a portal."""
    text = url.strip().rstrip("/") if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        plain = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not (parts.username or parts.password or parts.query or parts.fragment)
            and (parts.port is None or 0 < parts.port < 65_536)
            and len(text) < 500
            and not any(character.isspace() or ord(character) < 33 for character in text)
        )
    except ValueError:
        plain = False
    if not plain:
        raise InvalidInput("The portal's address has to look like https://concord.company.com.")
    return text


def _fault(kept: dict[str, Any]) -> str:
    if not kept:
        return ""
    try:
        _unseal(kept)
    except InvalidInput as refusal:
        return str(refusal)
    return ""


def _seal(address: str) -> str:
    return _cipher().encrypt(address.encode()).decode("ascii")


def _unseal(kept: dict[str, Any]) -> str:
    """The address. Raises InvalidInput when the key has changed."""
    from cryptography.fernet import InvalidToken

    try:
        return _cipher().decrypt(kept["sealed"].encode("ascii")).decode()
    except (InvalidToken, KeyError, ValueError) as error:
        raise InvalidInput(
            f"The mail address cannot be read any more, since {KEY_FILE} in the data folder is another one. Enter it anew."
        ) from error


def _cipher() -> Any:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(kept_key(data_folder() / KEY_FILE))))


def _tellable(kept: dict[str, Any] | None) -> dict[str, Any]:
    """What of the setting may stand in the audit log."""
    return {name: value for name, value in (kept or {}).items() if name != "sealed"}
