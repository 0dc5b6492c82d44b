"""Tokens of programs that send leads and events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from db.keys import new_id
from db.store import Connection

_COLUMNS = "id, name, scopes, created_at, created_by, revoked_at, last_used_at"


@dataclass(frozen=True)
class ApiToken:
    """A token without its secret. Instants are in the store's form."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    created_by: str
    revoked_at: str | None
    last_used_at: str | None


def insert(
    connection: Connection, *, name: str, token_hash: str, scopes: Sequence[str], at: str, person_id: str
) -> str:
    """Keep a token by its hash; returns its id."""
    token_id = new_id()
    connection.execute(
        "INSERT INTO api_token (id, name, token_hash, scopes, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?)",
        (token_id, name, token_hash, json.dumps(list(scopes)), at, person_id),
    )
    return token_id


def by_hash(connection: Connection, token_hash: str) -> ApiToken | None:
    """The token with this hash, if it is not revoked."""
    return _first(
        connection,
        f"SELECT {_COLUMNS} FROM api_token WHERE token_hash = ? AND revoked_at IS NULL",
        token_hash,
    )


def find(connection: Connection, token_id: str) -> ApiToken | None:
    """The token with this id, revoked or not."""
    return _first(connection, f"SELECT {_COLUMNS} FROM api_token WHERE id = ?", token_id)


def all_of_them(connection: Connection) -> list[ApiToken]:
    """All tokens, newest first; `created_by` is the person's name."""
    rows = connection.execute(
        """
        SELECT api_token.id, api_token.name, scopes, api_token.created_at, revoked_at, last_used_at,
            coalesce(person.name, 'Administrator of the machine') AS created_by
        FROM api_token LEFT JOIN person ON person.id = api_token.created_by ORDER BY api_token.id DESC
        """
    )
    return [_token(row) for row in rows]


def revoke(connection: Connection, token_id: str, at: str) -> None:
    """Let a token be good for nothing from now on."""
    connection.execute("UPDATE api_token SET revoked_at = ? WHERE id = ?", (at, token_id))


def note_use(connection: Connection, token_id: str, at: str) -> None:
    """Note when a token was last used."""
    connection.execute("UPDATE api_token SET last_used_at = ? WHERE id = ?", (at, token_id))


def _first(connection: Connection, query: str, value: str) -> ApiToken | None:
    row = connection.execute(query, (value,)).fetchone()
    return _token(row) if row else None


def _token(row: object) -> ApiToken:
    found = dict(row)  # type: ignore[call-overload]
    return ApiToken(**{**found, "scopes": tuple(json.loads(found["scopes"]))})
