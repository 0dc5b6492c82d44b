"""Surveys as the store holds them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from alignment.errors import NotFound
from alignment.people import Team
from alignment.questionnaire_files import from_document, to_document
from alignment.questionnaires import Mode, Questionnaire
from alignment.surveys import Audience, ResponseRate, Survey, SurveyStatus
from db.store import Connection, Row

_HEAD = (
    "id, cycle_id, template, mode, min_group, status, created_at, opened_at, closed_at, revision, opens_at,"
    " closes_at, audience, remind_days"
)
_HEAD_NAMES = tuple(_HEAD.split(", "))
_COLUMNS = f"{_HEAD}, content"

UNKNOWN = "There is no such questionnaire. Go back to the list and choose one."
"""What is said of a survey that there is not, or not for this person: the same of both."""


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
    # everything but the content, which is long and seldom changes: whoever saves an answer asks for the survey
    row = connection.execute(f"SELECT {_HEAD} FROM survey WHERE id = ?", (survey_id,)).fetchone()
    if row is None:
        return None
    head = tuple(row)
    found = _read.get(head)
    if found is None:
        row = connection.execute(f"SELECT {_COLUMNS} FROM survey WHERE id = ?", (survey_id,)).fetchone()
        if row is None:
            return None
        found = _survey(row)
        # what is not on disk yet may never be, and its revision may become another one's
        if not connection.in_transaction:
            if len(_read) >= 256:
                _read.clear()
            _read[tuple(row[name] for name in _HEAD_NAMES)] = found
    return found


_read: dict[tuple[object, ...], Survey] = {}
"""Surveys by everything that is kept of them but the content; whatever changes the content counts the revision. Only
what was committed stands here."""


def known(connection: Connection, survey_id: str) -> Survey:
    """The survey with this id. Raises NotFound, in the words that people read, where there is none."""
    survey = find(connection, survey_id) if isinstance(survey_id, str) else None
    if survey is None:
        raise NotFound(UNKNOWN)
    return survey


def listed(connection: Connection) -> list[Survey]:
    """All surveys, the newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM survey ORDER BY id DESC").fetchall()
    return [_survey(row) for row in rows]


def state(connection: Connection, survey_id: str) -> tuple[SurveyStatus, Mode, str | None] | None:
    """(status, mode, closes_at) as they are now: the quick look that a transaction takes before it writes."""
    row = connection.execute(
        "SELECT status, mode, closes_at FROM survey WHERE id = ?", (survey_id,)
    ).fetchone()
    return (SurveyStatus(row["status"]), Mode(row["mode"]), row["closes_at"]) if row else None


def set_content(connection: Connection, survey_id: str, questionnaire: Questionnaire) -> None:
    """Put another questionnaire in the place of the survey's, its privacy included."""
    connection.execute(
        "UPDATE survey SET title = ?, mode = ?, min_group = ?, content = ?, revision = revision + 1 WHERE id = ?",
        (
            questionnaire.title,
            questionnaire.mode.value,
            questionnaire.min_group,
            json.dumps(to_document(questionnaire), ensure_ascii=False),
            survey_id,
        ),
    )


def set_schedule(
    connection: Connection,
    survey_id: str,
    opens_at: str | None,
    closes_at: str | None,
    remind_days: int | None,
) -> None:
    """When the survey is to open and close by itself, and when those who have not finished are reminded."""
    connection.execute(
        "UPDATE survey SET opens_at = ?, closes_at = ?, remind_days = ?, revision = revision + 1 WHERE id = ?",
        (opens_at, closes_at, remind_days, survey_id),
    )


def set_audience(connection: Connection, survey_id: str, audience: Audience) -> None:
    """Ask everybody of both teams, or only those who were chosen."""
    connection.execute(
        "UPDATE survey SET audience = ?, revision = revision + 1 WHERE id = ?", (audience.value, survey_id)
    )


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
    for table in ("survey_secret", "invitee", "lead_card", "correction", "message", "survey_link"):
        connection.execute(f"DELETE FROM {table} WHERE survey_id = ?", (survey_id,))
    connection.execute("DELETE FROM survey WHERE id = ? AND status = 'draft'", (survey_id,))


def team_sizes(connection: Connection) -> dict[Team, int]:
    """How many active people each team has now."""
    rows = connection.execute(
        "SELECT team, count(*) AS people FROM person WHERE active = 1 AND team IS NOT NULL GROUP BY team"
    ).fetchall()
    found = {row["team"]: row["people"] for row in rows}
    return {team: found.get(team.value, 0) for team in Team}


def rates(connection: Connection, survey_id: str) -> dict[Team, ResponseRate]:
    """Asked, begun and submitted by team. Those asked are counted at closing; before, they are those asked now.

    Answers that came in from a file count as begun and submitted; those of people the portal does not know as asked, too.
    """
    row = connection.execute("SELECT invited, audience FROM survey WHERE id = ?", (survey_id,)).fetchone()
    found = {
        row["team"]: row
        for row in connection.execute(
            "SELECT respondent.team, count(*) AS started, count(submitted_at) AS submitted,"
            " sum(CASE WHEN origin = 'file' AND person.id IS NULL THEN 1 ELSE 0 END) AS outsiders"
            " FROM respondent LEFT JOIN person ON person.id = respondent.id WHERE survey_id = ?"
            " GROUP BY respondent.team",
            (survey_id,),
        )
    }
    if row and row["invited"]:
        kept = json.loads(row["invited"])
        invited = {team: kept.get(team.value, 0) for team in Team}
    else:
        chosen = bool(row) and row["audience"] == Audience.PEOPLE.value
        asked = _invited(connection, survey_id) if chosen else team_sizes(connection)
        invited = {t: asked[t] + (found[t.value]["outsiders"] if t.value in found else 0) for t in Team}
    return {
        team: ResponseRate(
            invited[team],
            *(
                (found[team.value]["started"], found[team.value]["submitted"])
                if team.value in found
                else (0, 0)
            ),
        )
        for team in Team
    }


def _invited(connection: Connection, survey_id: str) -> dict[Team, int]:
    rows = connection.execute(
        "SELECT team, count(*) AS people FROM person JOIN invitee ON invitee.person_id = person.id"
        " WHERE invitee.survey_id = ? AND active = 1 AND team IS NOT NULL GROUP BY team",
        (survey_id,),
    ).fetchall()
    found = {row["team"]: row["people"] for row in rows}
    return {team: found.get(team.value, 0) for team in Team}


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
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        audience=Audience(row["audience"]),
        remind_days=row["remind_days"],
    )


@lru_cache(maxsize=64)
def _questionnaire(content: str) -> Questionnaire:
    """Read once per content, not once per saved answer."""
    return from_document(json.loads(content))
