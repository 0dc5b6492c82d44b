"""One-time links by which people choose their password. Only hashes of the links are kept."""

from dataclasses import dataclass

from db.keys import new_id
from db.store import Connection


@dataclass(frozen=True)
class Invitation:
    """An invitation that was made; `used_at` is '' while it was not."""

    id: str
    person_id: str
    expires_at: str
    used_at: str


def add(connection: Connection, person_id: str, token_hash: str, at: str, expires_at: str) -> None:
    """Keep an invitation under the hash of its token."""
    connection.execute(
        "INSERT INTO invitation (id, person_id, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (new_id(), person_id, token_hash, at, expires_at),
    )


def find(connection: Connection, token_hash: str) -> Invitation | None:
    """The invitation with this token's hash, used or not."""
    row = connection.execute(
        "SELECT id, person_id, expires_at, used_at FROM invitation WHERE token_hash = ?", (token_hash,)
    ).fetchone()
    return Invitation(row["id"], row["person_id"], row["expires_at"], row["used_at"] or "") if row else None


def use_up(connection: Connection, person_id: str, at: str) -> None:
    """Mark every open invitation of the person as used."""
    connection.execute(
        "UPDATE invitation SET used_at = ? WHERE person_id = ? AND used_at IS NULL", (at, person_id)
    )
