"""Messages to people: their inbox, and the queue of the mail."""

from collections.abc import Iterable

from alignment.messages import MailState, Message, MessageKind
from db.store import Connection, Row

_COLUMNS = "id, person_id, survey_id, kind, subject, body, page, created_at, read_at, mail, attempts, next_try_at, mail_error"
_LONGEST_INBOX = 200
_NOT_OVER = (
    "NOT EXISTS (SELECT 1 FROM survey WHERE survey.id = message.survey_id AND survey.status = 'closed')"
)


def insert(connection: Connection, message: Message) -> None:
    """Keep a message. One whose mail waits is due at once."""
    waiting = message.mail is MailState.WAITING
    connection.execute(
        "INSERT INTO message (id, person_id, survey_id, kind, subject, body, page, created_at, mail, next_try_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message.id,
            message.person_id,
            message.survey_id,
            message.kind.value,
            message.subject,
            message.body,
            message.page,
            message.created_at,
            message.mail.value,
            message.created_at if waiting else None,
        ),
    )


def find(connection: Connection, message_id: str) -> Message | None:
    """The message with this id."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM message WHERE id = ?", (message_id,)).fetchone()
    return _message(row) if row else None


def of_person(connection: Connection, person_id: str) -> list[Message]:
    """The person's latest messages, the newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM message WHERE person_id = ? ORDER BY created_at DESC, id DESC LIMIT {_LONGEST_INBOX}",
        (person_id,),
    ).fetchall()
    return [_message(row) for row in rows]


def unread(connection: Connection, person_id: str) -> list[Message]:
    """What the person has not read and can still do something about: not of surveys that have closed since."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM message WHERE person_id = ? AND read_at IS NULL AND {_NOT_OVER}"
        f" ORDER BY created_at DESC, id DESC LIMIT {_LONGEST_INBOX}",
        (person_id,),
    ).fetchall()
    return [_message(row) for row in rows]


def mark_read(connection: Connection, person_id: str, newest: str, at: str) -> int:
    """Note that the person has read everything up to the message `newest`; returns how many were unread."""
    return connection.execute(
        "UPDATE message SET read_at = ? WHERE person_id = ? AND read_at IS NULL AND id <= ?",
        (at, person_id, newest),
    ).rowcount


def latest(connection: Connection, survey_id: str, kinds: Iterable[MessageKind]) -> dict[str, str]:
    """When each person last got a message of these kinds about the survey: person → instant."""
    wanted = [kind.value for kind in kinds]
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(
        f"SELECT person_id, max(created_at) AS at FROM message WHERE survey_id = ? AND kind IN ({marks})"
        " GROUP BY person_id",
        (survey_id, *wanted),
    ).fetchall()
    return {row["person_id"]: row["at"] for row in rows}


def delete_of_survey(connection: Connection, survey_id: str) -> None:
    """Remove every message about a survey: who was reminded when tells who had not finished then."""
    connection.execute("DELETE FROM message WHERE survey_id = ?", (survey_id,))


def delete_of_kind(
    connection: Connection, survey_id: str, kind: MessageKind, person_id: str | None = None
) -> None:
    """Remove the messages of one kind about a survey, to everybody or to one person: newer ones take their place."""
    connection.execute(
        "DELETE FROM message WHERE survey_id = ? AND kind = ? AND person_id = coalesce(?, person_id)",
        (survey_id, kind.value, person_id),
    )


def due(connection: Connection, now: str, most: int) -> list[Message]:
    """Messages whose mail is to be sent now, those that wait longest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM message WHERE mail = 'waiting' AND next_try_at <= ?"
        " ORDER BY next_try_at, id LIMIT ?",
        (now, most),
    ).fetchall()
    return [_message(row) for row in rows]


def claim(connection: Connection, message: Message, until: str, mark: str) -> bool:
    """Take the mail of a message as it was seen; False when somebody else was faster. `mark` stands until it is sent."""
    return bool(
        connection.execute(
            "UPDATE message SET attempts = attempts + 1, next_try_at = ?, mail_error = ?"
            " WHERE id = ? AND mail = 'waiting' AND attempts = ? AND next_try_at = ?",
            (until, mark, message.id, message.attempts, message.next_try_at),
        ).rowcount
    )


def set_mail(
    connection: Connection, message_id: str, state: MailState, *, next_try_at: str = "", error: str = ""
) -> None:
    """Write what became of a mail: sent, failed, not to be sent, or to be tried again at `next_try_at`."""
    connection.execute(
        "UPDATE message SET mail = ?, next_try_at = ?, mail_error = ? WHERE id = ?",
        (state.value, next_try_at or None, error, message_id),
    )


def give_back(connection: Connection, message_id: str, now: str) -> None:
    """Undo a claim of which nothing was sent."""
    connection.execute(
        "UPDATE message SET attempts = attempts - 1, next_try_at = ?, mail_error = '' WHERE id = ? AND mail = 'waiting'",
        (now, message_id),
    )


def stop_waiting(connection: Connection) -> None:
    """No mail waits any more: the messages are for the inbox alone."""
    connection.execute("UPDATE message SET mail = 'none', next_try_at = NULL WHERE mail = 'waiting'")


def count_mails(connection: Connection, survey_id: str, kinds: Iterable[MessageKind]) -> dict[MailState, int]:
    """How many messages of these kinds about a survey are in which state as mails."""
    wanted = [kind.value for kind in kinds]
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(
        f"SELECT mail, count(*) AS messages FROM message WHERE survey_id = ? AND kind IN ({marks}) GROUP BY mail",
        (survey_id, *wanted),
    ).fetchall()
    found = {row["mail"]: row["messages"] for row in rows}
    return {state: found.get(state.value, 0) for state in MailState}


def latest_error(connection: Connection) -> str:
    """What went wrong with the last mail that waits or failed because of an error; '' when none did."""
    row = connection.execute(
        "SELECT mail_error FROM message WHERE mail = 'failed' AND mail_error <> '' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return row["mail_error"] if row else ""


def without_reminders(connection: Connection) -> set[str]:
    """The ids of people who want no reminders."""
    return {row["id"] for row in connection.execute("SELECT id FROM person WHERE reminders = 0").fetchall()}


def wants_reminders(connection: Connection, person_id: str) -> bool:
    """Whether the person wants reminders."""
    row = connection.execute("SELECT reminders FROM person WHERE id = ?", (person_id,)).fetchone()
    return bool(row and row["reminders"])


def set_reminders(connection: Connection, person_id: str, wanted: bool) -> None:
    """Note whether the person wants reminders."""
    connection.execute("UPDATE person SET reminders = ? WHERE id = ?", (int(wanted), person_id))


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        person_id=row["person_id"],
        survey_id=row["survey_id"],
        kind=MessageKind(row["kind"]),
        subject=row["subject"],
        body=row["body"],
        page=row["page"],
        created_at=row["created_at"],
        mail=MailState(row["mail"]),
        read_at=row["read_at"] or "",
        attempts=row["attempts"],
        next_try_at=row["next_try_at"] or "",
        mail_error=row["mail_error"],
    )
