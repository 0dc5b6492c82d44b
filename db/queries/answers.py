"""Answers as the store holds them. `respondent` is a person's id, or in an anonymous survey a keyed token."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alignment.people import Team
from alignment.questionnaires import Response
from alignment.surveys import OUTSIDER, Survey
from db.store import Connection

_written = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps would make one for each answer


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


def started_at(connection: Connection, survey_id: str, respondent: str) -> str | None:
    """When a respondent gave their first answer (instant); None when there is none."""
    row = connection.execute(
        "SELECT started_at FROM respondent WHERE survey_id = ? AND id = ?", (survey_id, respondent)
    ).fetchone()
    return row["started_at"] if row else None


def submitted_at(connection: Connection, survey_id: str, respondent: str) -> str | None:
    """When someone has submitted; None for who has not."""
    row = connection.execute(
        "SELECT submitted_at FROM respondent WHERE survey_id = ? AND id = ?", (survey_id, respondent)
    ).fetchone()
    return row["submitted_at"] if row else None


def put(
    connection: Connection,
    survey_id: str,
    respondent: str,
    question: str,
    value: Any,
    at: str,
    origin: str = "portal",
) -> int:
    """Keep an answer in the place of the one before; returns its revision, 1 for the first that there ever was.

    `origin` is 'portal', or 'both' where a part of what a file had brought is left as it was.
    """
    row = connection.execute(
        "INSERT INTO answer (survey_id, respondent, question, value, origin, saved_at, revision) VALUES (?, ?, ?, ?, ?, ?,"
        " 1 + coalesce((SELECT revision FROM answer_taken_back WHERE survey_id = ? AND respondent = ? AND question = ?),"
        " 0)) ON CONFLICT (survey_id, respondent, question) DO UPDATE SET value = excluded.value,"
        " origin = excluded.origin, revision = answer.revision + 1, saved_at = excluded.saved_at"
        " RETURNING revision",
        (survey_id, respondent, question, _written(value), origin, at, survey_id, respondent, question),
    ).fetchone()
    return row["revision"]


def put_draft(
    connection: Connection,
    survey: Survey,
    respondent: str,
    question: str,
    value: Any,
    at: str,
    now: str,
    seen: int | None,
) -> int | None:
    """Keep an answer of someone who has begun in the portal and not submitted, while the survey takes answers.

    Returns its revision, or None when nothing was kept: any of this does not hold, or there is another answer by now
    than the one of revision `seen` (None: whichever there is) and it says something else. One statement, because this is
    what happens at every click.
    """
    row = connection.execute(
        _PUT_DRAFT,
        (question, _written(value), at, question, survey.id, respondent, survey.mode.value, now, seen, seen),
    ).fetchone()
    return row["revision"] if row else None


_PUT_DRAFT = """
INSERT INTO answer (survey_id, respondent, question, value, saved_at, revision)
SELECT survey.id, respondent.id, ?, ?, ?, 1 + coalesce((
    SELECT revision FROM answer_taken_back AS back
    WHERE back.survey_id = survey.id AND back.respondent = respondent.id AND back.question = ?
  ), 0)
FROM survey JOIN respondent ON respondent.survey_id = survey.id
WHERE survey.id = ? AND respondent.id = ? AND respondent.origin = 'portal' AND respondent.submitted_at IS NULL
  AND survey.status = 'open' AND survey.mode = ? AND (survey.closes_at IS NULL OR survey.closes_at > ?)
ON CONFLICT (survey_id, respondent, question) DO UPDATE SET
  value = excluded.value, origin = 'portal', revision = answer.revision + 1, saved_at = excluded.saved_at
WHERE ? IS NULL OR answer.revision = ? OR answer.value = excluded.value
RETURNING revision
"""


def take_over(connection: Connection, survey_id: str, respondent: str) -> None:
    """The person has come to the portal: no file brings answers for them any more. Each answer keeps its own origin."""
    connection.execute(
        "UPDATE respondent SET origin = 'portal' WHERE survey_id = ? AND id = ? AND origin = 'file'",
        (survey_id, respondent),
    )


def is_from_file(connection: Connection, survey_id: str, respondent: str) -> bool | None:
    """Whether a file brought the respondent's answers; None for someone who has not begun."""
    row = connection.execute(
        "SELECT origin FROM respondent WHERE survey_id = ? AND id = ?", (survey_id, respondent)
    ).fetchone()
    return None if row is None else row["origin"] == "file"


def outsiders(connection: Connection, survey_id: str) -> list[str]:
    """The keys of those of whom only a file knows, who have answers in the survey."""
    rows = connection.execute(
        "SELECT id FROM respondent WHERE survey_id = ? AND substr(id, 1, ?) = ?",
        (survey_id, len(OUTSIDER), OUTSIDER),
    ).fetchall()
    return [row["id"] for row in rows]


def bring_in(
    connection: Connection, survey_id: str, respondent: str, team: Team, given: Mapping[str, Any], at: str
) -> None:
    """Keep the answers that a file brings, submitted, in the place of those that an earlier row brought."""
    connection.execute(
        "INSERT INTO respondent (survey_id, id, team, started_at, submitted_at, origin) VALUES (?, ?, ?, ?, ?, 'file')"
        " ON CONFLICT (survey_id, id) DO UPDATE SET team = excluded.team, submitted_at = excluded.submitted_at",
        (survey_id, respondent, team.value, at, at),
    )
    before = revisions(connection, survey_id, respondent)
    connection.execute("DELETE FROM answer WHERE survey_id = ? AND respondent = ?", (survey_id, respondent))
    connection.executemany(
        "INSERT INTO answer (survey_id, respondent, question, value, revision, saved_at, origin)"
        " VALUES (?, ?, ?, ?, ?, ?, 'file')",
        [
            (survey_id, respondent, question, _written(value), before.pop(question, 0) + 1, at)
            for question, value in given.items()
        ],
    )
    for question, revision in before.items():
        _remember_revision(connection, survey_id, respondent, question, revision)


def remove(connection: Connection, survey_id: str, respondent: str, question: str) -> None:
    """Take an answer back. What is left of it is its revision, from which the next one goes on."""
    row = connection.execute(
        "DELETE FROM answer WHERE survey_id = ? AND respondent = ? AND question = ? RETURNING revision",
        (survey_id, respondent, question),
    ).fetchone()
    if row is not None:
        _remember_revision(connection, survey_id, respondent, question, row["revision"] + 1)


def _remember_revision(
    connection: Connection, survey_id: str, respondent: str, question: str, revision: int
) -> None:
    connection.execute(
        "INSERT INTO answer_taken_back (survey_id, respondent, question, revision) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (survey_id, respondent, question) DO UPDATE SET revision = excluded.revision",
        (survey_id, respondent, question, revision),
    )


def given(connection: Connection, survey_id: str, respondent: str) -> dict[str, Any]:
    """One respondent's own answers: question key → value."""
    rows = connection.execute(
        "SELECT question, value FROM answer WHERE survey_id = ? AND respondent = ?", (survey_id, respondent)
    ).fetchall()
    return {row["question"]: json.loads(row["value"]) for row in rows}


def kept(
    connection: Connection, survey_id: str, respondent: str, question: str
) -> tuple[Any, int, str] | None:
    """(value, revision, origin) of one answer; None where there is none."""
    row = connection.execute(
        "SELECT value, revision, origin FROM answer WHERE survey_id = ? AND respondent = ? AND question = ?",
        (survey_id, respondent, question),
    ).fetchone()
    return (json.loads(row["value"]), row["revision"], row["origin"]) if row else None


def revisions(connection: Connection, survey_id: str, respondent: str) -> dict[str, int]:
    """Question key → revision, which only grows: of one respondent's answers, and of those that were taken back."""
    rows = connection.execute(
        "SELECT question, revision FROM answer_taken_back WHERE survey_id = ? AND respondent = ?"
        " UNION ALL SELECT question, revision FROM answer WHERE survey_id = ? AND respondent = ? ORDER BY revision",
        (survey_id, respondent, survey_id, respondent),
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


def unlink(connection: Connection, survey_id: str, day: str, fresh: Sequence[str]) -> None:
    """Keep all respondents and answers anew, under keys of `fresh`, one for each, that go by no order but their own.

    What is left of the time is `day`, the same for everybody, and of how often an answer was changed nothing. The rows
    are taken out and put in again in the order of the new keys: changed in place they would stay where they lay in the
    file, in the order in which people came.
    """
    people = connection.execute(
        "SELECT id, team, submitted_at IS NOT NULL AS submitted, origin FROM respondent WHERE survey_id = ?",
        (survey_id,),
    ).fetchall()
    renamed = dict(zip((row["id"] for row in people), fresh, strict=True))
    values = connection.execute(
        "SELECT respondent, question, value, origin FROM answer WHERE survey_id = ?", (survey_id,)
    ).fetchall()
    connection.execute("DELETE FROM answer_taken_back WHERE survey_id = ?", (survey_id,))
    connection.execute("DELETE FROM answer WHERE survey_id = ?", (survey_id,))
    connection.execute("DELETE FROM respondent WHERE survey_id = ?", (survey_id,))
    connection.executemany(
        "INSERT INTO respondent (survey_id, id, team, started_at, submitted_at, origin) VALUES (?, ?, ?, ?, ?, ?)",
        sorted(
            (
                survey_id,
                renamed[row["id"]],
                row["team"],
                day,
                day if row["submitted"] else None,
                row["origin"],
            )
            for row in people
        ),
    )
    connection.executemany(
        "INSERT INTO answer (survey_id, respondent, question, value, revision, saved_at, origin)"
        " VALUES (?, ?, ?, ?, 1, ?, ?)",
        sorted(
            (survey_id, renamed[row["respondent"]], row["question"], row["value"], day, row["origin"])
            for row in values
        ),
    )


def submitted_by_origin(connection: Connection, survey_id: str) -> tuple[dict[Team, int], int]:
    """Of those who submitted: by team how many have an answer of their own in the portal; how many one from a file."""
    in_portal, from_files = dict.fromkeys(Team, 0), 0
    for row in connection.execute(
        "SELECT team, sum(own) AS own, sum(brought) AS brought FROM (SELECT respondent.team AS team,"
        " max(CASE WHEN answer.origin = 'file' THEN 0 ELSE 1 END) AS own,"
        " max(CASE WHEN answer.origin = 'portal' THEN 0 ELSE 1 END) AS brought"
        " FROM respondent JOIN answer ON answer.survey_id = respondent.survey_id AND answer.respondent = respondent.id"
        " WHERE respondent.survey_id = ? AND respondent.submitted_at IS NOT NULL"
        " GROUP BY respondent.id, respondent.team) AS people GROUP BY team",
        (survey_id,),
    ):
        in_portal[Team(row["team"])] = row["own"]
        from_files += row["brought"]
    return in_portal, from_files


def submitted_responses(connection: Connection, survey_id: str) -> list[Response]:
    """What everyone who submitted answered. Only for results of whole teams; the labels are mere numbers."""
    people: dict[str, tuple[Team, dict[str, Any], dict[str, set[str]]]] = {}
    for row in connection.execute(
        "SELECT id, team FROM respondent WHERE survey_id = ? AND submitted_at IS NOT NULL ORDER BY id",
        (survey_id,),
    ):
        people[row["id"]] = (Team(row["team"]), {}, {"portal": set(), "file": set(), "both": set()})
    for row in connection.execute(
        "SELECT respondent, question, value, origin FROM answer WHERE survey_id = ?", (survey_id,)
    ):
        if row["respondent"] in people:
            _, answers, origins = people[row["respondent"]]
            answers[row["question"]] = json.loads(row["value"])
            origins[row["origin"]].add(row["question"])
    return [
        Response(str(number), team, answers, frozenset(origins["file"]), frozenset(origins["both"]))
        for number, (team, answers, origins) in enumerate(people.values(), 1)
    ]


def named_responses(connection: Connection, survey_id: str) -> list[Response]:
    """What everyone who submitted a named survey answered, by e-mail; by label, where a file brought a stranger's.

    Which answers a file brought is not told: where rows are shown with names there is nothing to guard.
    """
    rows = connection.execute(
        "SELECT respondent.id, coalesce(email, respondent.id) AS label, respondent.team FROM respondent"
        " LEFT JOIN person ON person.id = respondent.id WHERE survey_id = ? AND submitted_at IS NOT NULL"
        " ORDER BY respondent.team DESC, label",
        (survey_id,),
    ).fetchall()
    return [
        Response(
            row["label"].removeprefix(OUTSIDER), Team(row["team"]), given(connection, survey_id, row["id"])
        )
        for row in rows
    ]
