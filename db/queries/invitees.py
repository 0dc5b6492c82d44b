"""Who is asked to answer a survey, where not everybody is."""

from collections.abc import Iterable

from alignment.surveys import Audience, Survey
from db.store import Connection


def replace_all(connection: Connection, survey_id: str, person_ids: Iterable[str], at: str) -> None:
    """Ask exactly these people; those who were asked before keep the instant at which they were."""
    wanted = set(person_ids)
    for known in chosen(connection, survey_id) - wanted:
        connection.execute("DELETE FROM invitee WHERE survey_id = ? AND person_id = ?", (survey_id, known))
    add(connection, survey_id, wanted, at)


def add(connection: Connection, survey_id: str, person_ids: Iterable[str], at: str) -> None:
    """Ask these people as well; those who were asked before keep the instant at which they were."""
    for person_id in sorted(set(person_ids)):
        connection.execute(
            "INSERT INTO invitee (survey_id, person_id, invited_at) VALUES (?, ?, ?)"
            " ON CONFLICT (survey_id, person_id) DO NOTHING",
            (survey_id, person_id, at),
        )


def chosen(connection: Connection, survey_id: str) -> set[str]:
    """The ids of the people who were chosen."""
    rows = connection.execute("SELECT person_id FROM invitee WHERE survey_id = ?", (survey_id,)).fetchall()
    return {row["person_id"] for row in rows}


def asked_before(connection: Connection, survey_id: str) -> set[str]:
    """The ids of the people who were asked by this survey when it opened in a version that invited nobody by itself."""
    rows = connection.execute(
        "SELECT person_id FROM asked_before WHERE survey_id = ?", (survey_id,)
    ).fetchall()
    return {row["person_id"] for row in rows}


def is_asked(connection: Connection, survey: Survey, person_id: str) -> bool:
    """Whether the person, who belongs to one of the teams, is asked to answer."""
    if survey.audience is Audience.TEAMS:
        return True
    row = connection.execute(
        "SELECT 1 FROM invitee WHERE survey_id = ? AND person_id = ?", (survey.id, person_id)
    ).fetchone()
    return row is not None
