"""Terms, versions of definitions, signatures and acknowledgements as the store holds them."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from alignment.definitions import DefinitionState, DefinitionVersion, Signature, Term, timeline
from alignment.people import Team
from db.keys import new_id
from db.store import Connection, Row

_SELECT = """
    SELECT definition.*, term.name AS term_name
    FROM definition JOIN term ON term.key = definition.term_key
"""


def terms(connection: Connection) -> list[Term]:
    """All terms in the order of the glossary."""
    rows = connection.execute("SELECT key, name, meaning FROM term ORDER BY position, name").fetchall()
    return [Term(row["key"], row["name"], row["meaning"]) for row in rows]


def find_term(connection: Connection, key: str) -> Term | None:
    """The term with this key."""
    row = connection.execute("SELECT key, name, meaning FROM term WHERE key = ?", (key,)).fetchone()
    return Term(row["key"], row["name"], row["meaning"]) if row else None


def add_term(connection: Connection, term: Term) -> None:
    """Append a term to the glossary."""
    connection.execute(
        """
        INSERT INTO term (key, name, meaning, position)
        SELECT ?, ?, ?, coalesce(max(position), 0) + 1 FROM term
        """,
        (term.key, term.name, term.meaning),
    )


def find(connection: Connection, definition_id: str) -> DefinitionVersion | None:
    """One version with its valid signatures."""
    row = connection.execute(f"{_SELECT} WHERE definition.id = ?", (definition_id,)).fetchone()
    return _versions(connection, [row])[0] if row else None


def versions(connection: Connection, term_key: str | None = None) -> list[DefinitionVersion]:
    """Versions of one term, or of all, by term and number; dropped ones included."""
    where = "" if term_key is None else "WHERE definition.term_key = ?"
    rows = connection.execute(
        f"{_SELECT} {where} ORDER BY term.position, definition.version",
        () if term_key is None else (term_key,),
    ).fetchall()
    return _versions(connection, rows)


def in_force_history(connection: Connection, term_key: str = "mql") -> list[DefinitionVersion]:
    """The term's versions that were, are or will be in force, oldest first, with from and until."""
    return timeline(versions(connection, term_key))


def open_version(connection: Connection, term_key: str) -> DefinitionVersion | None:
    """The term's one draft or proposed version."""
    row = connection.execute(
        f"{_SELECT} WHERE definition.term_key = ? AND definition.state IN ('draft', 'proposed')", (term_key,)
    ).fetchone()
    return _versions(connection, [row])[0] if row else None


def agreed_since(connection: Connection, instant: str) -> int:
    """How many versions were agreed at or after an instant."""
    return connection.execute(
        "SELECT count(*) FROM definition WHERE state = 'agreed' AND agreed_at >= ?", (instant,)
    ).fetchone()[0]


def add(
    connection: Connection,
    *,
    term_key: str,
    text: str,
    rule: Mapping[str, Any] | None,
    effective_from: date,
    content_hash: str,
    author_id: str,
    at: str,
    proposal_id: str | None,
) -> str:
    """Insert a draft with the term's next number; returns its id."""
    definition_id = new_id()
    connection.execute(
        """
        INSERT INTO definition
            (id, term_key, version, text, rule, effective_from, content_hash, state, author_id, created_at, proposal_id)
        SELECT ?, ?, coalesce(max(version), 0) + 1, ?, ?, ?, ?, 'draft', ?, ?, ?
        FROM definition WHERE term_key = ?
        """,
        (
            definition_id,
            term_key,
            text,
            _rule_text(rule),
            effective_from.isoformat(),
            content_hash,
            author_id,
            at,
            proposal_id,
            term_key,
        ),
    )
    return definition_id


def rewrite(
    connection: Connection,
    definition_id: str,
    *,
    text: str,
    rule: Mapping[str, Any] | None,
    effective_from: date,
    content_hash: str,
    at: str,
) -> None:
    """Give an open version new content: it is a draft again and its signatures are void."""
    connection.execute(
        """
        UPDATE definition SET text = ?, rule = ?, effective_from = ?, content_hash = ?, state = 'draft',
            returned_because = '', revision = revision + 1
        WHERE id = ?
        """,
        (text, _rule_text(rule), effective_from.isoformat(), content_hash, definition_id),
    )
    void_signatures(connection, definition_id, at)


def set_state(
    connection: Connection, definition_id: str, state: DefinitionState, *, returned_because: str = ""
) -> None:
    """Move a version to another state."""
    connection.execute(
        "UPDATE definition SET state = ?, returned_because = ?, revision = revision + 1 WHERE id = ?",
        (state.value, returned_because, definition_id),
    )


def agree(connection: Connection, definition_id: str, *, agreed_at: str, in_force_from: str) -> None:
    """Make a version agreed: from here on it never changes."""
    connection.execute(
        """
        UPDATE definition SET state = 'agreed', agreed_at = ?, in_force_from = ?, revision = revision + 1
        WHERE id = ?
        """,
        (agreed_at, in_force_from, definition_id),
    )


def sign(
    connection: Connection, definition_id: str, *, person_id: str, team: Team, content_hash: str, at: str
) -> None:
    """Add a side's signature."""
    connection.execute(
        """
        INSERT INTO signature (id, definition_id, person_id, team, content_hash, signed_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (new_id(), definition_id, person_id, team.value, content_hash, at),
    )
    connection.execute("UPDATE definition SET revision = revision + 1 WHERE id = ?", (definition_id,))


def void_signatures(connection: Connection, definition_id: str, at: str) -> None:
    """Void every signature of a version; they stay on record."""
    connection.execute(
        "UPDATE signature SET voided_at = ? WHERE definition_id = ? AND voided_at IS NULL",
        (at, definition_id),
    )


def acknowledge(connection: Connection, definition_id: str, person_id: str, at: str) -> None:
    """Note that a person has read a version; once is enough."""
    connection.execute(
        """
        INSERT INTO acknowledgement (definition_id, person_id, at) VALUES (?, ?, ?)
        ON CONFLICT (definition_id, person_id) DO NOTHING
        """,
        (definition_id, person_id, at),
    )


def acknowledged_by(connection: Connection, definition_id: str) -> set[str]:
    """The ids of the people who have acknowledged a version."""
    rows = connection.execute(
        "SELECT person_id FROM acknowledgement WHERE definition_id = ?", (definition_id,)
    ).fetchall()
    return {row["person_id"] for row in rows}


def _rule_text(rule: Mapping[str, Any] | None) -> str | None:
    return None if rule is None else json.dumps(rule, sort_keys=True, ensure_ascii=False)


def _versions(connection: Connection, rows: Iterable[Row]) -> list[DefinitionVersion]:
    rows = list(rows)
    signatures: dict[str, list[Signature]] = {row["id"]: [] for row in rows}
    if rows:
        marks = ", ".join("?" for _ in rows)
        for row in connection.execute(
            f"""
            SELECT definition_id, team, person_id, content_hash, signed_at FROM signature
            WHERE voided_at IS NULL AND definition_id IN ({marks}) ORDER BY signed_at
            """,
            tuple(signatures),
        ):
            signatures[row["definition_id"]].append(
                Signature(Team(row["team"]), row["person_id"], row["content_hash"], row["signed_at"])
            )
    return [
        DefinitionVersion(
            id=row["id"],
            term_key=row["term_key"],
            term_name=row["term_name"],
            version=row["version"],
            text=row["text"],
            rule=json.loads(row["rule"]) if row["rule"] is not None else None,
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
        for row in rows
    ]
