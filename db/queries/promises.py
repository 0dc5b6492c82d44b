"""Promises, their versions and signatures, and what was waived, as the store holds them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from alignment.definitions import DefinitionState, Signature
from alignment.people import Team
from alignment.promises import (
    FROM_THE_BEGINNING,
    Promise,
    PromiseKind,
    PromiseVersion,
    Terms,
    from_document,
    timeline,
    to_document,
)
from db.keys import new_id
from db.store import Connection, Row

_SELECT = """
    SELECT promise_version.*, promise.name, promise.kind
    FROM promise_version JOIN promise ON promise.key = promise_version.promise_key
"""


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
    """One version with its valid signatures."""
    row = connection.execute(f"{_SELECT} WHERE promise_version.id = ?", (version_id,)).fetchone()
    return _versions(connection, [row])[0] if row else None


def versions(connection: Connection, key: str | None = None) -> list[PromiseVersion]:
    """Versions of one promise, or of all, by promise and number; dropped ones included."""
    where = "" if key is None else "WHERE promise_version.promise_key = ?"
    rows = connection.execute(
        f"{_SELECT} {where} ORDER BY promise.position, promise_version.version", () if key is None else (key,)
    ).fetchall()
    return _versions(connection, rows)


def history(connection: Connection, key: str) -> list[PromiseVersion]:
    """The promise's versions that were, are or will be in force, oldest first, with from and until."""
    return timeline(versions(connection, key))


def limits(connection: Connection, at: str) -> dict[str, int]:
    """The time limits in force at an instant, in minutes, of the promises to answer by business time: key → minutes."""
    rows = connection.execute(
        """
        SELECT promise_key, terms FROM promise_version
        WHERE in_force_from <= ? ORDER BY promise_key, version
        """,
        (at,),
    ).fetchall()
    terms = {row["promise_key"]: json.loads(row["terms"]) for row in rows}  # the latest version holds
    return {key: found["limit_minutes"] for key, found in terms.items() if found.get("clock") == "business"}


def open_version(connection: Connection, key: str) -> PromiseVersion | None:
    """The promise's one draft or proposed version."""
    row = connection.execute(
        f"{_SELECT} WHERE promise_version.promise_key = ? AND promise_version.state IN ('draft', 'proposed')",
        (key,),
    ).fetchone()
    return _versions(connection, [row])[0] if row else None


def add(
    connection: Connection,
    *,
    key: str,
    terms: Terms,
    note: str,
    effective_from: date,
    content_hash: str,
    author_id: str,
    at: str,
) -> str:
    """Insert a draft with the promise's next number; returns its id."""
    version_id = new_id()
    connection.execute(
        """
        INSERT INTO promise_version
            (id, promise_key, version, terms, note, effective_from, content_hash, state, author_id, created_at)
        SELECT ?, ?, coalesce(max(version), 0) + 1, ?, ?, ?, ?, 'draft', ?, ?
        FROM promise_version WHERE promise_key = ?
        """,
        (
            version_id,
            key,
            _text(terms),
            note,
            effective_from.isoformat(),
            content_hash,
            author_id,
            at,
            key,
        ),
    )
    return version_id


def take_over(connection: Connection, key: str, terms: Terms, author_id: str, at: str) -> None:
    """Keep what the settings say as the first version, in force from the beginning and signed by nobody."""
    connection.execute(
        """
        INSERT INTO promise_version
            (id, promise_key, version, terms, note, effective_from, content_hash, state, author_id, created_at,
             agreed_at, in_force_from)
        VALUES (?, ?, 1, ?, '', '0001-01-01', '', 'agreed', ?, ?, ?, ?)
        ON CONFLICT (promise_key, version) DO UPDATE
        SET terms = excluded.terms, author_id = excluded.author_id, revision = promise_version.revision + 1
        """,
        (new_id(), key, _text(terms), author_id, at, at, FROM_THE_BEGINNING),
    )


def rewrite(
    connection: Connection,
    version_id: str,
    *,
    terms: Terms,
    note: str,
    effective_from: date,
    content_hash: str,
    at: str,
) -> None:
    """Give an open version new content: it is a draft again and its signatures are void."""
    connection.execute(
        """
        UPDATE promise_version SET terms = ?, note = ?, effective_from = ?, content_hash = ?, state = 'draft',
            returned_because = '', revision = revision + 1
        WHERE id = ?
        """,
        (_text(terms), note, effective_from.isoformat(), content_hash, version_id),
    )
    void_signatures(connection, version_id, at)


def set_state(
    connection: Connection, version_id: str, state: DefinitionState, *, returned_because: str = ""
) -> None:
    """Move a version to another state."""
    connection.execute(
        "UPDATE promise_version SET state = ?, returned_because = ?, revision = revision + 1 WHERE id = ?",
        (state.value, returned_because, version_id),
    )


def agree(connection: Connection, version_id: str, *, agreed_at: str, in_force_from: str) -> None:
    """Make a version agreed: from here on it never changes."""
    connection.execute(
        """
        UPDATE promise_version SET state = 'agreed', agreed_at = ?, in_force_from = ?, revision = revision + 1
        WHERE id = ?
        """,
        (agreed_at, in_force_from, version_id),
    )


def sign(
    connection: Connection, version_id: str, *, person_id: str, team: Team, content_hash: str, at: str
) -> None:
    """Add a side's signature."""
    connection.execute(
        """
        INSERT INTO promise_signature (id, promise_version_id, person_id, team, content_hash, signed_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (new_id(), version_id, person_id, team.value, content_hash, at),
    )
    connection.execute("UPDATE promise_version SET revision = revision + 1 WHERE id = ?", (version_id,))


def void_signatures(connection: Connection, version_id: str, at: str) -> None:
    """Void every signature of a version; they stay on record."""
    connection.execute(
        "UPDATE promise_signature SET voided_at = ? WHERE promise_version_id = ? AND voided_at IS NULL",
        (at, version_id),
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


def _text(terms: Terms) -> str:
    return json.dumps(to_document(terms), sort_keys=True)


def _promise(row: Row) -> Promise:
    return Promise(row["key"], row["name"], PromiseKind(row["kind"]))


def _versions(connection: Connection, rows: Iterable[Row]) -> list[PromiseVersion]:
    rows = list(rows)
    signatures: dict[str, list[Signature]] = {row["id"]: [] for row in rows}
    if rows:
        marks = ", ".join("?" for _ in rows)
        for row in connection.execute(
            f"""
            SELECT promise_version_id, team, person_id, content_hash, signed_at FROM promise_signature
            WHERE voided_at IS NULL AND promise_version_id IN ({marks}) ORDER BY signed_at
            """,
            tuple(signatures),
        ):
            signatures[row["promise_version_id"]].append(
                Signature(Team(row["team"]), row["person_id"], row["content_hash"], row["signed_at"])
            )
    found = []
    for row in rows:
        kind = PromiseKind(row["kind"])
        found.append(
            PromiseVersion(
                id=row["id"],
                promise=Promise(row["promise_key"], row["name"], kind),
                version=row["version"],
                terms=from_document(kind, json.loads(row["terms"])),
                note=row["note"],
                effective_from=date.fromisoformat(row["effective_from"]),
                content_hash=row["content_hash"],
                state=DefinitionState(row["state"]),
                author_id=row["author_id"],
                created_at=row["created_at"],
                agreed_at=row["agreed_at"],
                in_force_from=row["in_force_from"],
                returned_because=row["returned_because"],
                revision=row["revision"],
                signatures=tuple(signatures[row["id"]]),
            )
        )
    return found
