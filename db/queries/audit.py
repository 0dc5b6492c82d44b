"""The audit log: who did what, when, on what, with what before and after. It only grows."""

import json
from typing import Any

from db.keys import new_id
from db.store import Connection


def record(
    connection: Connection,
    *,
    at: str,
    actor: str,
    action: str,
    noun: str,
    noun_id: str,
    before: Any = None,
    after: Any = None,
) -> None:
    """Append one row; call it in the transaction of the change itself. Confidential answers never go in."""
    connection.execute(
        "INSERT INTO audit (id, at, actor, action, noun, noun_id, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (new_id(), at, actor, action, noun, noun_id, _text(before), _text(after)),
    )


def latest(connection: Connection, action: str, noun: str, noun_id: str, until: str = "") -> str:
    """When `action` was last done on a thing (instant), or ''; with `until`, no later than at that instant."""
    row = connection.execute(
        "SELECT max(at) AS at FROM audit WHERE noun = ? AND noun_id = ? AND action = ? AND (? = '' OR at <= ?)",
        (noun, noun_id, action, until, until),
    ).fetchone()
    return row["at"] or ""


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
