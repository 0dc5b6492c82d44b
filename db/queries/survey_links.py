"""Personal links to a survey. Only a hash of each is kept: the link itself is in the mail, or was shown once."""

from dataclasses import dataclass

from db.store import Connection


@dataclass(frozen=True)
class SurveyLink:
    """A link that was made: for whom, to which survey, and until when it can work."""

    survey_id: str
    person_id: str
    created_at: str
    expires_at: str


def add(
    connection: Connection, token_hash: str, survey_id: str, person_id: str, at: str, expires_at: str
) -> None:
    """Keep a link under the hash of its token."""
    connection.execute(
        "INSERT INTO survey_link (token_hash, survey_id, person_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (token_hash, survey_id, person_id, at, expires_at),
    )


def find(connection: Connection, token_hash: str) -> SurveyLink | None:
    """The link with this token's hash, whether or not it still works."""
    row = connection.execute(
        "SELECT survey_id, person_id, created_at, expires_at FROM survey_link WHERE token_hash = ?",
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    return SurveyLink(row["survey_id"], row["person_id"], row["created_at"], row["expires_at"])


def delete(connection: Connection, token_hash: str) -> None:
    """Forget one link, of which nobody has got the token."""
    connection.execute("DELETE FROM survey_link WHERE token_hash = ?", (token_hash,))


def delete_of(connection: Connection, survey_id: str, person_id: str) -> None:
    """Void every link of one person to one survey."""
    connection.execute(
        "DELETE FROM survey_link WHERE survey_id = ? AND person_id = ?", (survey_id, person_id)
    )


def delete_of_person(connection: Connection, person_id: str) -> None:
    """Void every link of a person."""
    connection.execute("DELETE FROM survey_link WHERE person_id = ?", (person_id,))


def delete_of_survey(connection: Connection, survey_id: str) -> None:
    """Void every link to a survey; whom one was made for, and when, tells who was reminded."""
    connection.execute("DELETE FROM survey_link WHERE survey_id = ?", (survey_id,))


def any_expired(connection: Connection, now: str) -> bool:
    """Whether there are links that have run out."""
    row = connection.execute("SELECT 1 FROM survey_link WHERE expires_at <= ? LIMIT 1", (now,)).fetchone()
    return row is not None


def delete_expired(connection: Connection, now: str) -> None:
    """Forget the links that have run out."""
    connection.execute("DELETE FROM survey_link WHERE expires_at <= ?", (now,))
