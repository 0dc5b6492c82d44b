"""Settings: one JSON value per key, with a revision."""

import json
from typing import Any

from alignment.errors import StaleVersion
from db.store import Connection


def get(connection: Connection, key: str) -> tuple[Any, int]:
    """The value under `key` and its revision; (None, 0) when it was never set."""
    row = connection.execute("SELECT value, revision FROM setting WHERE key = ?", (key,)).fetchone()
    return (json.loads(row["value"]), row["revision"]) if row else (None, 0)


def put(connection: Connection, key: str, value: Any, seen: int | None = None) -> int:
    """Keep `value` under `key` and return the new revision.

    Raises StaleVersion when `seen` is given and is not the revision in the store.
    """
    _, current = get(connection, key)
    if seen is not None and seen != current:
        raise StaleVersion(
            "Not saved: someone else has changed this since you opened it. Look at what it is now first."
        )
    connection.execute(
        """
        INSERT INTO setting (key, value, revision) VALUES (?, ?, 1)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = setting.revision + 1
        """,
        (key, json.dumps(value, ensure_ascii=False, sort_keys=True)),
    )
    return current + 1


def delete(connection: Connection, key: str) -> None:
    """Forget what is under `key`."""
    connection.execute("DELETE FROM setting WHERE key = ?", (key,))
