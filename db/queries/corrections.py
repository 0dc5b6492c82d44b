"""Corrections of open surveys as the store holds them."""

import json
from collections.abc import Sequence

from alignment.questionnaire_edits import Change
from alignment.surveys import Correction
from db.store import Connection


def insert(
    connection: Connection,
    correction_id: str,
    survey_id: str,
    at: str,
    person_id: str,
    note: str,
    changes: Sequence[Change],
) -> None:
    """Keep a correction: its note, and each text before and after."""
    before, after = (
        json.dumps([[change.name, text] for change, text in pairs], ensure_ascii=False)
        for pairs in (
            [(change, change.before) for change in changes],
            [(change, change.after) for change in changes],
        )
    )
    connection.execute(
        "INSERT INTO correction (id, survey_id, at, person_id, note, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (correction_id, survey_id, at, person_id, note, before, after),
    )


def listed(connection: Connection, survey_id: str) -> list[Correction]:
    """The corrections of a survey, the newest first."""
    rows = connection.execute(
        "SELECT at, note FROM correction WHERE survey_id = ? ORDER BY id DESC", (survey_id,)
    ).fetchall()
    return [Correction(row["at"], row["note"]) for row in rows]
