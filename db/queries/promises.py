"""Promises and what was waived, as the store holds them; their versions are `db.queries.agreements`'."""

import json
from dataclasses import dataclass

from alignment.agreements import AgreementKind, timeline
from alignment.promises import (
    FROM_THE_BEGINNING,
    Promise,
    PromiseKind,
    PromiseVersion,
    Terms,
    content_of,
)
from db.queries import agreements
from db.store import Connection, Row


@dataclass(frozen=True)
class Waiver:
    """What is let off, and why: one lead, or every clock that started from `first_at` to before `until_at`."""

    id: str
    promise_key: str
    lead_id: str | None
    first_at: str | None
    until_at: str | None
    reason: str
    person_id: str
    at: str


def promises(connection: Connection) -> list[Promise]:
    """All promises in their order."""
    rows = connection.execute("SELECT key, name, kind FROM promise ORDER BY position, name").fetchall()
    return [_promise(row) for row in rows]


def find_promise(connection: Connection, key: str) -> Promise | None:
    """The promise with this key."""
    row = connection.execute("SELECT key, name, kind FROM promise WHERE key = ?", (key,)).fetchone()
    return _promise(row) if row else None


def add_promise(connection: Connection, promise: Promise) -> None:
    """Append a promise to the list."""
    connection.execute(
        """
        INSERT INTO promise (key, name, kind, position)
        SELECT ?, ?, ?, coalesce(max(position), 0) + 1 FROM promise
        """,
        (promise.key, promise.name, promise.kind.value),
    )


def find(connection: Connection, version_id: str) -> PromiseVersion | None:
    """One version with its signatures."""
    found = agreements.find(connection, version_id)
    return found if isinstance(found, PromiseVersion) else None


def versions(connection: Connection, key: str | None = None) -> list[PromiseVersion]:
    """Versions of one promise, or of all, by promise and number; dropped ones included."""
    return agreements.versions(connection, PromiseVersion, key)


def history(connection: Connection, key: str) -> list[PromiseVersion]:
    """The promise's versions that were, are or will be in force, oldest first, with from and until."""
    return timeline(versions(connection, key))


def limits(connection: Connection, at: str) -> dict[str, int]:
    """The time limits in force at an instant, in minutes, of the promises to answer by business time: key → minutes."""
    rows = connection.execute(
        """
        SELECT subject, content FROM agreement
        WHERE kind = 'promise' AND in_force_from <= ? ORDER BY subject, version
        """,
        (at,),
    ).fetchall()
    terms = {row["subject"]: json.loads(row["content"])["terms"] for row in rows}  # the latest version holds
    return {key: found["limit_minutes"] for key, found in terms.items() if found.get("clock") == "business"}


def take_over(connection: Connection, key: str, terms: Terms, author_id: str, at: str) -> None:
    """Keep what the settings say as the first version, in force from the beginning and signed by nobody."""
    agreements.take_over(
        connection,
        AgreementKind.PROMISE,
        key,
        content_of(terms, ""),
        author_id=author_id,
        at=at,
        in_force_from=FROM_THE_BEGINNING,
    )


def waivers(connection: Connection, key: str) -> list[Waiver]:
    """What is let off of a promise now, the latest first."""
    rows = connection.execute(
        """
        SELECT id, promise_key, lead_id, first_at, until_at, reason, person_id, at FROM promise_waiver
        WHERE promise_key = ? AND withdrawn_at IS NULL ORDER BY at DESC, id DESC
        """,
        (key,),
    ).fetchall()
    return [Waiver(**dict(row)) for row in rows]


def find_waiver(connection: Connection, waiver_id: str) -> Waiver | None:
    """A waiver that has not been withdrawn."""
    row = connection.execute(
        """
        SELECT id, promise_key, lead_id, first_at, until_at, reason, person_id, at FROM promise_waiver
        WHERE id = ? AND withdrawn_at IS NULL
        """,
        (waiver_id,),
    ).fetchone()
    return Waiver(**dict(row)) if row else None


def add_waiver(connection: Connection, waiver: Waiver) -> None:
    """Keep a waiver."""
    connection.execute(
        """
        INSERT INTO promise_waiver (id, promise_key, lead_id, first_at, until_at, reason, person_id, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            waiver.id,
            waiver.promise_key,
            waiver.lead_id,
            waiver.first_at,
            waiver.until_at,
            waiver.reason,
            waiver.person_id,
            waiver.at,
        ),
    )


def withdraw_waiver(connection: Connection, waiver_id: str, at: str) -> None:
    """Let a waiver count no more; it stays on record."""
    connection.execute("UPDATE promise_waiver SET withdrawn_at = ? WHERE id = ?", (at, waiver_id))


def _promise(row: Row) -> Promise:
    return Promise(row["key"], row["name"], PromiseKind(row["kind"]))
