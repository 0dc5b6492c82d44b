"""Answers as the store holds them. `respondent` is a person's id, or in an anonymous survey a keyed token."""

import json
from typing import Any

from alignment.people import Team
from alignment.questionnaires import Response
from db.store import Connection


def secret(connection: Connection, survey_id: str) -> str | None:
    """The key of an anonymous survey, while it is there."""
    row = connection.execute("SELECT secret FROM survey_secret WHERE survey_id = ?", (survey_id,)).fetchone()
    return row["secret"] if row else None


def keep_secret(connection: Connection, survey_id: str, text: str) -> None:
    """Keep the key of an anonymous survey until it closes."""
    connection.execute("INSERT INTO survey_secret (survey_id, secret) VALUES (?, ?)", (survey_id, text))


def destroy_secret(connection: Connection, survey_id: str) -> None:
    """Delete the key; the store overwrites what it deletes."""
    connection.execute("DELETE FROM survey_secret WHERE survey_id = ?", (survey_id,))


def start(
    connection: Connection, survey_id: str, respondent: str, team: Team, at: str, origin: str = "portal"
) -> None:
    """Note that someone of `team` has begun, in the portal or in a 'file'; the first time counts."""
    connection.execute(
        "INSERT INTO respondent (survey_id, id, team, started_at, origin) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (survey_id, id) DO NOTHING",
        (survey_id, respondent, team.value, at, origin),
    )


def participation(connection: Connection, survey_id: str, respondent: str) -> tuple[Team, bool] | None:
    """(team at the first answer, whether submitted); None for someone who has not begun."""
    row = connection.execute(
        "SELECT team, submitted_at FROM respondent WHERE survey_id = ? AND id = ?", (survey_id, respondent)
    ).fetchone()
    return (Team(row["team"]), row["submitted_at"] is not None) if row else None


def put(connection: Connection, survey_id: str, respondent: str, question: str, value: Any, at: str) -> int:
    """Keep an answer in the place of the one before; returns its revision, 1 for the first."""
    row = connection.execute(
        "INSERT INTO answer (survey_id, respondent, question, value, revision, saved_at) VALUES (?, ?, ?, ?, 1, ?)"
        " ON CONFLICT (survey_id, respondent, question) DO UPDATE SET"
        " value = excluded.value, revision = answer.revision + 1, saved_at = excluded.saved_at"
        " RETURNING revision",
        (survey_id, respondent, question, json.dumps(value, ensure_ascii=False), at),
    ).fetchone()
    return row["revision"]


def remove(connection: Connection, survey_id: str, respondent: str, question: str) -> None:
    """Take an answer back."""
    connection.execute(
        "DELETE FROM answer WHERE survey_id = ? AND respondent = ? AND question = ?",
        (survey_id, respondent, question),
    )


def given(connection: Connection, survey_id: str, respondent: str) -> dict[str, Any]:
    """One respondent's own answers: question key → value."""
    rows = connection.execute(
        "SELECT question, value FROM answer WHERE survey_id = ? AND respondent = ?", (survey_id, respondent)
    ).fetchall()
    return {row["question"]: json.loads(row["value"]) for row in rows}


def kept(connection: Connection, survey_id: str, respondent: str, question: str) -> tuple[Any, int] | None:
    """(value, revision) of one answer; None where there is none."""
    row = connection.execute(
        "SELECT value, revision FROM answer WHERE survey_id = ? AND respondent = ? AND question = ?",
        (survey_id, respondent, question),
    ).fetchone()
    return (json.loads(row["value"]), row["revision"]) if row else None


def revisions(connection: Connection, survey_id: str, respondent: str) -> dict[str, int]:
    """How often each of one respondent's answers was kept: question key → revision."""
    rows = connection.execute(
        "SELECT question, revision FROM answer WHERE survey_id = ? AND respondent = ?",
        (survey_id, respondent),
    ).fetchall()
    return {row["question"]: row["revision"] for row in rows}


def submit(connection: Connection, survey_id: str, respondent: str, at: str) -> None:
    """Mark the answers as submitted; the first time stays."""
    connection.execute(
        "UPDATE respondent SET submitted_at = coalesce(submitted_at, ?) WHERE survey_id = ? AND id = ?",
        (at, survey_id, respondent),
    )


def started(connection: Connection, survey_id: str) -> int:
    """How many people have begun."""
    return connection.execute("SELECT count(*) FROM respondent WHERE survey_id = ?", (survey_id,)).fetchone()[
        0
    ]


def respondents(connection: Connection, survey_id: str) -> list[str]:
    """The keys of all who have begun."""
    rows = connection.execute("SELECT id FROM respondent WHERE survey_id = ?", (survey_id,)).fetchall()
    return [row["id"] for row in rows]


def rename(connection: Connection, survey_id: str, respondent: str, fresh: str) -> None:
    """Give a respondent another key; the answers follow."""
    connection.execute(
        "UPDATE respondent SET id = ? WHERE survey_id = ? AND id = ?", (fresh, survey_id, respondent)
    )


def submitted_responses(connection: Connection, survey_id: str) -> list[Response]:
    """What everyone who submitted answered. Only for results of whole teams; the labels are mere numbers."""
    people: dict[str, tuple[Team, dict[str, Any]]] = {}
    for row in connection.execute(
        "SELECT id, team FROM respondent WHERE survey_id = ? AND submitted_at IS NOT NULL ORDER BY id",
        (survey_id,),
    ):
        people[row["id"]] = (Team(row["team"]), {})
    for row in connection.execute(
        "SELECT respondent, question, value FROM answer WHERE survey_id = ?", (survey_id,)
    ):
        if row["respondent"] in people:
            people[row["respondent"]][1][row["question"]] = json.loads(row["value"])
    return [Response(str(number), team, answers) for number, (team, answers) in enumerate(people.values(), 1)]
