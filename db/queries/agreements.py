"""Versions of agreements of every kind with their signatures, readers and evidence, as the store holds them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from alignment.agreements import (
    AgreementKind,
    AgreementState,
    AgreementVersion,
    Evidence,
    Signature,
    Subject,
)
from alignment.definitions import DefinitionVersion
from alignment.people import Team
from alignment.promises import PromiseVersion
from alignment.scores import SCORE, ScoreVersion
from db.keys import new_id
from db.store import Connection, Row

V = TypeVar("V", bound=AgreementVersion)

_CLASSES: dict[AgreementKind, type[AgreementVersion]] = {
    found.kind: found for found in (DefinitionVersion, PromiseVersion, ScoreVersion)
}
_SELECT = """
    SELECT agreement.*, coalesce(term.name, promise.name) AS name, promise.kind AS detail
    FROM agreement
    LEFT JOIN term ON agreement.kind = 'definition' AND term.key = agreement.subject
    LEFT JOIN promise ON agreement.kind = 'promise' AND promise.key = agreement.subject
"""
_ORDER = "ORDER BY coalesce(term.position, promise.position, 0), name, agreement.version"


@dataclass(frozen=True)
class SidePoints:
    """The points that one side would give. `rule` is a rule document of points."""

    team: Team
    rule: Mapping[str, Any]
    person_id: str
    at: str
    revision: int


def find_subject(connection: Connection, kind: AgreementKind, key: str) -> Subject | None:
    """What an agreement may be about: the term, the promise or the score with this key."""
    if kind is AgreementKind.SCORE:
        return SCORE if key == SCORE.key else None
    if kind is AgreementKind.DEFINITION:
        row = connection.execute("SELECT name, '' AS detail FROM term WHERE key = ?", (key,)).fetchone()
    else:
        row = connection.execute("SELECT name, kind AS detail FROM promise WHERE key = ?", (key,)).fetchone()
    return Subject(kind, key, row["name"], row["detail"]) if row else None


def find(connection: Connection, version_id: str) -> AgreementVersion | None:
    """One version of whatever kind, with its signatures."""
    row = connection.execute(f"{_SELECT} WHERE agreement.id = ?", (version_id,)).fetchone()
    return _versions(connection, [row])[0] if row else None


def versions(connection: Connection, of: type[V], key: str | None = None) -> list[V]:
    """The versions of one subject, or of all of a kind, by subject and number; dropped ones included."""
    where, values = "WHERE agreement.kind = ?", [of.kind.value]
    if key is not None:
        where, values = f"{where} AND agreement.subject = ?", [*values, key]
    rows = connection.execute(f"{_SELECT} {where} {_ORDER}", values).fetchall()
    return [version for version in _versions(connection, rows) if isinstance(version, of)]


def proposed(connection: Connection) -> list[AgreementVersion]:
    """Every version of any kind that waits for signatures."""
    rows = connection.execute(f"{_SELECT} WHERE agreement.state = 'proposed' {_ORDER}").fetchall()
    return _versions(connection, rows)


def open_version(connection: Connection, kind: AgreementKind, key: str) -> AgreementVersion | None:
    """The subject's one draft or proposed version."""
    row = connection.execute(
        f"{_SELECT} WHERE agreement.kind = ? AND agreement.subject = ? AND agreement.state IN ('draft', 'proposed')",
        (kind.value, key),
    ).fetchone()
    return _versions(connection, [row])[0] if row else None


def agreed_since(connection: Connection, kind: AgreementKind, instant: str) -> int:
    """How many versions of a kind were agreed at or after an instant."""
    return connection.execute(
        "SELECT count(*) FROM agreement WHERE kind = ? AND state = 'agreed' AND agreed_at >= ?",
        (kind.value, instant),
    ).fetchone()[0]


def add(
    connection: Connection,
    *,
    kind: AgreementKind,
    key: str,
    content: Mapping[str, Any],
    effective_from: date,
    content_hash: str,
    author_id: str,
    at: str,
    proposal_id: str | None = None,
) -> str:
    """Insert a draft with the subject's next number; returns its id."""
    version_id = new_id()
    connection.execute(
        """
        INSERT INTO agreement
            (id, kind, subject, version, content, effective_from, content_hash, state, author_id, created_at, proposal_id)
        SELECT ?, ?, ?, coalesce(max(version), 0) + 1, ?, ?, ?, 'draft', ?, ?, ?
        FROM agreement WHERE kind = ? AND subject = ?
        """,
        (
            version_id,
            kind.value,
            key,
            _text(content),
            effective_from.isoformat(),
            content_hash,
            author_id,
            at,
            proposal_id,
            kind.value,
            key,
        ),
    )
    _keep_edit(connection, version_id, author_id, at)
    return version_id


def take_over(
    connection: Connection,
    kind: AgreementKind,
    key: str,
    content: Mapping[str, Any],
    *,
    author_id: str,
    at: str,
    in_force_from: str,
) -> None:
    """Keep what the settings say as the first version, in force from an instant on and signed by nobody."""
    connection.execute(
        """
        INSERT INTO agreement
            (id, kind, subject, version, content, effective_from, content_hash, state, author_id, created_at,
             agreed_at, in_force_from)
        VALUES (?, ?, ?, 1, ?, '0001-01-01', '', 'agreed', ?, ?, ?, ?)
        ON CONFLICT (kind, subject, version) DO UPDATE
        SET content = excluded.content, author_id = excluded.author_id, revision = agreement.revision + 1
        """,
        (new_id(), kind.value, key, _text(content), author_id, at, at, in_force_from),
    )


def rewrite(
    connection: Connection,
    version_id: str,
    *,
    content: Mapping[str, Any],
    effective_from: date,
    content_hash: str,
    person_id: str,
    at: str,
) -> None:
    """Give an open version new content: it is a draft again and its signatures are void. What it said before is kept."""
    connection.execute(
        """
        UPDATE agreement SET content = ?, effective_from = ?, content_hash = ?, state = 'draft',
            returned_because = '', revision = revision + 1
        WHERE id = ?
        """,
        (_text(content), effective_from.isoformat(), content_hash, version_id),
    )
    _keep_edit(connection, version_id, person_id, at)
    void_signatures(connection, version_id, at)


def as_it_was(connection: Connection, version: V, revision: int) -> V:
    """An open version with the content that it had at a revision; as it is where that is not known."""
    row = connection.execute(
        """
        SELECT content, effective_from FROM agreement_edit WHERE agreement_id = ? AND revision <= ?
        ORDER BY revision DESC LIMIT 1
        """,
        (version.id, revision),
    ).fetchone()
    if row is None:
        return version
    return version.with_content(json.loads(row["content"]), date.fromisoformat(row["effective_from"]))


def last_editor(connection: Connection, version_id: str) -> str | None:
    """The id of the person who gave a version the content it has."""
    row = connection.execute(
        "SELECT person_id FROM agreement_edit WHERE agreement_id = ? ORDER BY revision DESC LIMIT 1",
        (version_id,),
    ).fetchone()
    return row["person_id"] if row else None


def set_state(
    connection: Connection, version_id: str, state: AgreementState, *, returned_because: str = ""
) -> None:
    """Move a version to another state."""
    connection.execute(
        "UPDATE agreement SET state = ?, returned_because = ?, revision = revision + 1 WHERE id = ?",
        (state.value, returned_because, version_id),
    )


def agree(connection: Connection, version_id: str, *, agreed_at: str, in_force_from: str) -> None:
    """Make a version agreed: from here on it never changes."""
    connection.execute(
        """
        UPDATE agreement SET state = 'agreed', agreed_at = ?, in_force_from = ?, revision = revision + 1
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
        INSERT INTO agreement_signature (id, agreement_id, person_id, team, content_hash, signed_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (new_id(), version_id, person_id, team.value, content_hash, at),
    )
    connection.execute("UPDATE agreement SET revision = revision + 1 WHERE id = ?", (version_id,))


def void_signatures(connection: Connection, version_id: str, at: str) -> None:
    """Void every signature of a version; they stay on record."""
    connection.execute(
        "UPDATE agreement_signature SET voided_at = ? WHERE agreement_id = ? AND voided_at IS NULL",
        (at, version_id),
    )


def acknowledge(connection: Connection, version_id: str, person_id: str, at: str) -> None:
    """Note that a person has read a version; once is enough."""
    connection.execute(
        """
        INSERT INTO agreement_reading (agreement_id, person_id, at) VALUES (?, ?, ?)
        ON CONFLICT (agreement_id, person_id) DO NOTHING
        """,
        (version_id, person_id, at),
    )


def acknowledged_by(connection: Connection, version_id: str) -> set[str]:
    """The ids of the people who have acknowledged a version."""
    return set(readings(connection, version_id))


def readings(connection: Connection, version_id: str) -> dict[str, str]:
    """Who has acknowledged a version, and when: person id → instant, the earliest first."""
    rows = connection.execute(
        "SELECT person_id, at FROM agreement_reading WHERE agreement_id = ? ORDER BY at, person_id",
        (version_id,),
    ).fetchall()
    return {row["person_id"]: row["at"] for row in rows}


def read_by(connection: Connection, person_id: str) -> set[str]:
    """The ids of the versions that a person has acknowledged."""
    rows = connection.execute(
        "SELECT agreement_id FROM agreement_reading WHERE person_id = ?", (person_id,)
    ).fetchall()
    return {row["agreement_id"] for row in rows}


def add_evidence(connection: Connection, evidence: Evidence) -> None:
    """Keep what past leads said of a content; it never changes."""
    connection.execute(
        """
        INSERT INTO agreement_evidence (id, agreement_id, content_hash, moment, facts, document, person_id, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            new_id(),
            evidence.version_id,
            evidence.content_hash,
            evidence.moment,
            evidence.facts,
            _text(evidence.document),
            evidence.person_id,
            evidence.at,
        ),
    )


def evidence(connection: Connection, version_id: str) -> list[Evidence]:
    """Everything that was kept as evidence for a version, the earliest first."""
    rows = connection.execute(
        "SELECT * FROM agreement_evidence WHERE agreement_id = ? ORDER BY at, id", (version_id,)
    ).fetchall()
    return [
        Evidence(
            row["agreement_id"],
            row["content_hash"],
            row["moment"],
            row["facts"],
            json.loads(row["document"]),
            row["person_id"],
            row["at"],
        )
        for row in rows
    ]


def side_points(connection: Connection) -> dict[Team, SidePoints]:
    """The points that each side would give, where it has said so."""
    return {
        Team(row["team"]): SidePoints(
            Team(row["team"]), json.loads(row["rule"]), row["person_id"], row["at"], row["revision"]
        )
        for row in connection.execute("SELECT * FROM score_side").fetchall()
    }


def put_side_points(
    connection: Connection, team: Team, rule: Mapping[str, Any], person_id: str, at: str
) -> None:
    """Keep the points that a side would give, in the place of those before."""
    connection.execute(
        """
        INSERT INTO score_side (team, rule, person_id, at) VALUES (?, ?, ?, ?)
        ON CONFLICT (team) DO UPDATE SET rule = excluded.rule, person_id = excluded.person_id, at = excluded.at,
            revision = score_side.revision + 1
        """,
        (team.value, _text(rule), person_id, at),
    )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def _keep_edit(connection: Connection, version_id: str, person_id: str, at: str) -> None:
    connection.execute(
        """
        INSERT INTO agreement_edit (agreement_id, revision, content, effective_from, person_id, at)
        SELECT id, revision, content, effective_from, ?, ? FROM agreement WHERE id = ?
        """,
        (person_id, at, version_id),
    )


def _versions(connection: Connection, rows: Iterable[Row]) -> list[AgreementVersion]:
    rows = list(rows)
    signatures: dict[str, list[Signature]] = {row["id"]: [] for row in rows}
    if rows:
        marks = ", ".join("?" for _ in rows)
        for row in connection.execute(
            f"""
            SELECT agreement_id, team, person_id, content_hash, signed_at, voided_at FROM agreement_signature
            WHERE agreement_id IN ({marks}) ORDER BY signed_at
            """,
            tuple(signatures),
        ):
            signatures[row["agreement_id"]].append(
                Signature(
                    Team(row["team"]),
                    row["person_id"],
                    row["content_hash"],
                    row["signed_at"],
                    row["voided_at"],
                )
            )
    return [_version(row, signatures[row["id"]]) for row in rows]


def _version(row: Row, signatures: list[Signature]) -> AgreementVersion:
    kind = AgreementKind(row["kind"])
    subject = (
        SCORE
        if kind is AgreementKind.SCORE
        else Subject(kind, row["subject"], row["name"], row["detail"] or "")
    )
    return _CLASSES[kind].of(
        subject,
        json.loads(row["content"]),
        id=row["id"],
        version=row["version"],
        effective_from=date.fromisoformat(row["effective_from"]),
        content_hash=row["content_hash"],
        state=AgreementState(row["state"]),
        author_id=row["author_id"],
        created_at=row["created_at"],
        agreed_at=row["agreed_at"],
        in_force_from=row["in_force_from"],
        returned_because=row["returned_because"],
        revision=row["revision"],
        signatures=tuple(one for one in signatures if one.voided_at is None),
        voided=tuple(one for one in signatures if one.voided_at is not None),
    )
