"""Surveys as the store holds them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from alignment.people import Team
from alignment.questionnaire_files import from_document, to_document
from alignment.questionnaires import Mode, Questionnaire
from alignment.surveys import ResponseRate, Survey, SurveyStatus
from db.store import Connection, Row

_COLUMNS = (
    "id, cycle_id, template, mode, min_group, content, status, created_at, opened_at, closed_at, revision"
)


def insert(connection: Connection, survey: Survey, created_by: str) -> None:
    """Keep a new survey."""
    connection.execute(
        "INSERT INTO survey (id, cycle_id, title, template, mode, min_group, content, status, created_at, created_by,"
        " revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            survey.id,
            survey.cycle_id,
            survey.title,
            survey.template,
            survey.mode.value,
            survey.min_group,
            json.dumps(to_document(survey.questionnaire), ensure_ascii=False),
            survey.status.value,
            survey.created_at,
            created_by,
            survey.revision,
        ),
    )


def find(connection: Connection, survey_id: str) -> Survey | None:
    """The survey with this id."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM survey WHERE id = ?", (survey_id,)).fetchone()
    return _survey(row) if row else None


def listed(connection: Connection) -> list[Survey]:
    """All surveys, the newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM survey ORDER BY id DESC").fetchall()
    return [_survey(row) for row in rows]


def state(connection: Connection, survey_id: str) -> tuple[SurveyStatus, Mode, int] | None:
    """(status, mode, revision) as they are now: the quick look that a transaction takes before it writes."""
    row = connection.execute(
        "SELECT status, mode, revision FROM survey WHERE id = ?", (survey_id,)
    ).fetchone()
    return (SurveyStatus(row["status"]), Mode(row["mode"]), row["revision"]) if row else None


def set_privacy(connection: Connection, survey_id: str, mode: Mode, min_group: int) -> None:
    """Put another privacy mode and minimum group in force."""
    connection.execute(
        "UPDATE survey SET mode = ?, min_group = ?, revision = revision + 1 WHERE id = ?",
        (mode.value, min_group, survey_id),
    )


def set_open(connection: Connection, survey_id: str, at: str) -> None:
    """Mark the survey open since `at`."""
    connection.execute(
        "UPDATE survey SET status = 'open', opened_at = ?, revision = revision + 1 WHERE id = ?",
        (at, survey_id),
    )


def set_closed(connection: Connection, survey_id: str, at: str, invited: Mapping[Team, int]) -> None:
    """Mark the survey closed since `at`, with how many people of each team had been asked."""
    connection.execute(
        "UPDATE survey SET status = 'closed', closed_at = ?, invited = ?, revision = revision + 1 WHERE id = ?",
        (at, json.dumps({team.value: count for team, count in invited.items()}), survey_id),
    )


def delete_draft(connection: Connection, survey_id: str) -> None:
    """Remove a survey that has never been open."""
    connection.execute("DELETE FROM survey_secret WHERE survey_id = ?", (survey_id,))
    connection.execute("DELETE FROM survey WHERE id = ? AND status = 'draft'", (survey_id,))


def team_sizes(connection: Connection) -> dict[Team, int]:
    """How many active people each team has now."""
    rows = connection.execute(
        "SELECT team, count(*) AS people FROM person WHERE active = 1 AND team IS NOT NULL GROUP BY team"
    ).fetchall()
    found = {row["team"]: row["people"] for row in rows}
    return {team: found.get(team.value, 0) for team in Team}


def rates(connection: Connection, survey_id: str) -> dict[Team, ResponseRate]:
    """Asked, begun and submitted by team. Those asked are counted at closing; before, they are the team as it is."""
    row = connection.execute("SELECT invited FROM survey WHERE id = ?", (survey_id,)).fetchone()
    kept = json.loads(row["invited"]) if row and row["invited"] else None
    invited = {team: kept.get(team.value, 0) for team in Team} if kept else team_sizes(connection)
    rows = connection.execute(
        "SELECT team, count(*) AS started, count(submitted_at) AS submitted FROM respondent"
        " WHERE survey_id = ? GROUP BY team",
        (survey_id,),
    ).fetchall()
    counted = {row["team"]: (row["started"], row["submitted"]) for row in rows}
    return {team: ResponseRate(invited[team], *counted.get(team.value, (0, 0))) for team in Team}


def _survey(row: Row) -> Survey:
    questionnaire = _questionnaire(row["content"])
    return Survey(
        id=row["id"],
        cycle_id=row["cycle_id"],
        template=row["template"],
        questionnaire=replace(questionnaire, mode=Mode(row["mode"]), min_group=row["min_group"]),
        status=SurveyStatus(row["status"]),
        created_at=row["created_at"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        revision=row["revision"],
    )


@lru_cache(maxsize=64)
def _questionnaire(content: str) -> Questionnaire:
    """Read once per content, not once per saved answer."""
    return from_document(json.loads(content))
