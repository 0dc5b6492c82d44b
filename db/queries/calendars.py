"""Versions of the business hours, each from a day on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from alignment.calendars import HoursFrom, from_document, to_document
from alignment.company import BusinessHours
from db.store import Connection


@dataclass(frozen=True)
class KeptHours:
    """One version as the store holds it: from which day on (None: the beginning), and who wrote it when."""

    from_day: date | None
    hours: BusinessHours
    author_id: str
    changed_at: str


def versions(connection: Connection) -> list[KeptHours]:
    """Every version, oldest first; none before anybody has set hours."""
    rows = connection.execute(
        "SELECT from_day, hours, author_id, changed_at FROM calendar_version ORDER BY from_day"
    ).fetchall()
    return [
        KeptHours(
            date.fromisoformat(row["from_day"]) if row["from_day"] else None,
            from_document(json.loads(row["hours"])),
            row["author_id"],
            row["changed_at"],
        )
        for row in rows
    ]


def hours_of(kept: Sequence[KeptHours]) -> tuple[HoursFrom, ...]:
    """The versions without who wrote them."""
    return tuple(HoursFrom(found.from_day, found.hours) for found in kept)


def put(connection: Connection, from_day: date | None, hours: BusinessHours, author_id: str, at: str) -> None:
    """Keep the hours from a day on, in the place of those that began on the same day."""
    connection.execute(
        """
        INSERT INTO calendar_version (from_day, hours, author_id, changed_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (from_day) DO UPDATE
        SET hours = excluded.hours, author_id = excluded.author_id, changed_at = excluded.changed_at
        """,
        (
            from_day.isoformat() if from_day else "",
            json.dumps(to_document(hours), sort_keys=True, ensure_ascii=False),
            author_id,
            at,
        ),
    )


def remove(connection: Connection, from_day: date) -> None:
    """Take the version that begins on a day away; the one before it goes on."""
    connection.execute("DELETE FROM calendar_version WHERE from_day = ?", (from_day.isoformat(),))
