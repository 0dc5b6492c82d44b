"""What has come in about leads piece by piece, in the order it was taken."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.store import Connection


@dataclass(frozen=True)
class InflowItem:
    """A lead or an event as it was taken. `kind` is lead or event, `content` is JSON."""

    number: int
    kind: str
    content: str


@dataclass(frozen=True)
class OriginCount:
    """How much of the inflow that is still kept came from where, and when the last of it was taken.

    `waiting` is how many of these are not in the figures yet, and `waiting_since` when the first of them came.
    """

    origin: str
    items: int
    last_at: str
    waiting: int
    waiting_since: str | None


def remember_event(connection: Connection, key: bytes, content: bytes) -> bytes | None:
    """Remember that an event has come; None if it is new, else the content hash it came with before."""
    done = connection.execute(
        "INSERT INTO lead_inflow_event (key, content) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
        (key, content),
    )
    if done.rowcount:
        return None
    row = connection.execute("SELECT content FROM lead_inflow_event WHERE key = ?", (key,)).fetchone()
    return bytes(row["content"])


def last_number(connection: Connection) -> int:
    """The number of the latest item; 0 before the first."""
    return connection.execute("SELECT coalesce(max(number), 0) AS number FROM lead_inflow").fetchone()[
        "number"
    ]


def add(
    connection: Connection,
    items: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    origin: str,
    at: str,
    least: int,
) -> None:
    """Append (kind, content) items; each gets the next number, which is at least `least`."""
    connection.executemany(
        "INSERT INTO lead_inflow (number, kind, origin, content, taken_at) VALUES"
        " (max(coalesce((SELECT max(number) FROM lead_inflow), 0) + 1, ?), ?, ?, ?, ?)",
        [
            (
                least,
                kind,
                origin,
                json.dumps(content, ensure_ascii=False, separators=(",", ":")),
                at,
            )
            for kind, content in items
        ],
    )


def after(connection: Connection, number: int, limit: int) -> list[InflowItem]:
    """The items that were taken after `number`, oldest first."""
    rows = connection.execute(
        "SELECT number, kind, content FROM lead_inflow WHERE number > ? ORDER BY number LIMIT ?",
        (number, limit),
    )
    return [InflowItem(row["number"], row["kind"], row["content"]) for row in rows]


def waiting(connection: Connection, number: int) -> tuple[int, str | None]:
    """How many items were taken after `number`, and when the oldest of them was."""
    row = connection.execute(
        "SELECT count(*) AS items, min(taken_at) AS oldest FROM lead_inflow WHERE number > ?", (number,)
    ).fetchone()
    return row["items"], row["oldest"]


def by_origin(connection: Connection, number: int) -> list[OriginCount]:
    """What is still kept of the inflow, by origin; what was taken after `number` waits."""
    rows = connection.execute(
        """
        SELECT origin, count(*) AS items, max(taken_at) AS last_at, coalesce(sum(number > :upto), 0) AS waiting,
               min(CASE WHEN number > :upto THEN taken_at END) AS waiting_since
        FROM lead_inflow GROUP BY origin ORDER BY origin
        """,
        {"upto": number},
    )
    return [
        OriginCount(row["origin"], row["items"], row["last_at"], row["waiting"], row["waiting_since"])
        for row in rows
    ]


def forget(connection: Connection, number: int, before: str, limit: int) -> int:
    """Delete at most `limit` items up to `number` that were taken before an instant; how many. The latest item stays."""
    return connection.execute(
        """
        DELETE FROM lead_inflow WHERE number IN (
            SELECT number FROM lead_inflow
            WHERE number <= ? AND taken_at < ? AND number < (SELECT max(number) FROM lead_inflow)
            ORDER BY number LIMIT ?
        )
        """,
        (number, before, limit),
    ).rowcount


def set_aside(connection: Connection, number: int, reason: str, at: str) -> None:
    """Keep an item for good, and why it is not in the facts; one that is kept already stays as it is."""
    connection.execute(
        """
        INSERT INTO lead_inflow_set_aside (number, kind, origin, content, taken_at, reason, set_aside_at)
        SELECT number, kind, origin, content, taken_at, ?, ? FROM lead_inflow WHERE number = ?
        ON CONFLICT (number) DO NOTHING
        """,
        (reason, at, number),
    )


def put_back(connection: Connection, number: int) -> None:
    """Keep an item aside no longer."""
    connection.execute("DELETE FROM lead_inflow_set_aside WHERE number = ?", (number,))


def count_set_aside(connection: Connection) -> int:
    """How many items could not be brought into the facts."""
    return connection.execute("SELECT count(*) AS items FROM lead_inflow_set_aside").fetchone()["items"]


def attributes(connection: Connection) -> set[str]:
    """The names of custom fields that the inflow has had."""
    return {row["name"] for row in connection.execute("SELECT name FROM lead_inflow_attribute")}


def remember_attributes(connection: Connection, names: Iterable[str]) -> None:
    """Remember names of custom fields."""
    connection.executemany(
        "INSERT INTO lead_inflow_attribute (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
        [(name,) for name in names],
    )
