"""The systems that leads are pulled from, as the store holds them, and the pulls."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.keys import new_id
from db.store import Connection, Row

_KEPT_RUNS = 50


@dataclass(frozen=True)
class ConnectorRow:
    """A system. `sealed` are its encrypted keys; `claim` is the run that holds it until `claimed_until`, or ''."""

    id: str
    name: str
    kind: str
    address: str
    sealed: str
    plan: Mapping[str, Any]
    description: Mapping[str, Any]
    every_minutes: int
    enabled: bool
    cursor: Mapping[str, Any]
    next_run_at: str | None
    claim: str
    claimed_until: str
    failures: int
    revision: int


@dataclass(frozen=True)
class Run:
    """A pull. `state` is running, done, later (it is tried again), failed, stopped (by a person) or cut_off (the portal ended).

    `read` counts the system's records, `leads` those taken, anew or once more, `events` those that were not known, `refused` what
    could not be used; `sentence` says what went wrong; `surprises` are documents of `leads.connectors.source.Surprise`.
    """

    id: str
    connector_id: str
    started_at: str
    ended_at: str | None
    state: str
    pages: int
    read: int
    leads: int
    events: int
    refused: int
    sentence: str
    surprises: tuple[Mapping[str, Any], ...]


def everyone(connection: Connection) -> list[ConnectorRow]:
    """All systems by name."""
    return [_connector(row) for row in connection.execute("SELECT * FROM connector ORDER BY name").fetchall()]


def find(connection: Connection, connector_id: str) -> ConnectorRow | None:
    """The system with this id."""
    row = connection.execute("SELECT * FROM connector WHERE id = ?", (connector_id,)).fetchone()
    return _connector(row) if row else None


def add(
    connection: Connection,
    *,
    name: str,
    kind: str,
    address: str,
    sealed: str,
    plan: Mapping[str, Any],
    description: Mapping[str, Any],
    every_minutes: int,
    at: str,
) -> str:
    """Keep a new system, which is not pulled from yet; returns its id."""
    connector_id = new_id()
    connection.execute(
        "INSERT INTO connector (id, name, kind, address, sealed, plan, description, every_minutes, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            connector_id,
            name,
            kind,
            address,
            sealed,
            json.dumps(dict(plan)),
            json.dumps(dict(description)),
            every_minutes,
            at,
        ),
    )
    return connector_id


def change(
    connection: Connection,
    connector_id: str,
    *,
    name: str,
    address: str,
    sealed: str,
    plan: Mapping[str, Any],
    description: Mapping[str, Any],
    every_minutes: int,
) -> None:
    """Write what a person can change of a system."""
    connection.execute(
        "UPDATE connector SET name = ?, address = ?, sealed = ?, plan = ?, description = ?, every_minutes = ?,"
        " revision = revision + 1 WHERE id = ?",
        (
            name,
            address,
            sealed,
            json.dumps(dict(plan)),
            json.dumps(dict(description)),
            every_minutes,
            connector_id,
        ),
    )


def set_schedule(
    connection: Connection, connector_id: str, *, enabled: bool, next_run_at: str | None
) -> None:
    """Whether it is pulled from by itself, and when next."""
    connection.execute(
        "UPDATE connector SET enabled = ?, next_run_at = ? WHERE id = ?",
        (int(enabled), next_run_at, connector_id),
    )


def set_next_run(connection: Connection, connector_id: str, next_run_at: str | None) -> None:
    """When the next pull is to begin."""
    connection.execute("UPDATE connector SET next_run_at = ? WHERE id = ?", (next_run_at, connector_id))


def set_cursor(connection: Connection, connector_id: str, cursor: Mapping[str, Any]) -> None:
    """How far the system has been read."""
    connection.execute(
        "UPDATE connector SET cursor = ? WHERE id = ?", (json.dumps(dict(cursor)), connector_id)
    )


def remove(connection: Connection, connector_id: str) -> None:
    """Forget a system, its keys and its runs."""
    connection.execute("DELETE FROM connector_run WHERE connector_id = ?", (connector_id,))
    connection.execute("DELETE FROM connector WHERE id = ?", (connector_id,))


def due(connection: Connection, now: str) -> list[str]:
    """Ids of the systems to be pulled from now, those that wait longest first."""
    rows = connection.execute(
        "SELECT id FROM connector WHERE next_run_at <= ? AND claimed_until <= ? ORDER BY next_run_at, id",
        (now, now),
    ).fetchall()
    return [row["id"] for row in rows]


def claim(connection: Connection, connector_id: str, now: str, until: str) -> str | None:
    """Begin a run and hold the system until an instant; the run's id, None when another run holds it."""
    run_id = new_id()
    held = connection.execute(
        "UPDATE connector SET claim = ?, claimed_until = ? WHERE id = ? AND claimed_until <= ?",
        (run_id, until, connector_id, now),
    ).rowcount
    if not held:
        return None
    connection.execute(
        "UPDATE connector_run SET state = 'cut_off', ended_at = coalesce(ended_at, ?) WHERE connector_id = ? AND state = 'running'",
        (now, connector_id),
    )
    connection.execute(
        "INSERT INTO connector_run (id, connector_id, started_at, state) VALUES (?, ?, ?, 'running')",
        (run_id, connector_id, now),
    )
    connection.execute(
        """
        DELETE FROM connector_run WHERE connector_id = ? AND id NOT IN
            (SELECT id FROM connector_run WHERE connector_id = ? ORDER BY id DESC LIMIT ?)
        """,
        (connector_id, connector_id, _KEPT_RUNS),
    )
    return run_id


def hold(connection: Connection, connector_id: str, run_id: str, until: str) -> bool:
    """Go on holding the system; False when the run holds it no more."""
    return bool(
        connection.execute(
            "UPDATE connector SET claimed_until = ? WHERE id = ? AND claim = ?",
            (until, connector_id, run_id),
        ).rowcount
    )


def let_go(connection: Connection, connector_id: str, run_id: str | None = None) -> bool:
    """Let go of the system, whoever holds it or only if this run does; whether anybody did."""
    return bool(
        connection.execute(
            "UPDATE connector SET claim = '', claimed_until = '' WHERE id = ? AND claim <> '' AND claim = coalesce(?, claim)",
            (connector_id, run_id),
        ).rowcount
    )


def set_failures(connection: Connection, connector_id: str, failures: int) -> None:
    """How many pulls in a row have not come to their end."""
    connection.execute("UPDATE connector SET failures = ? WHERE id = ?", (failures, connector_id))


def put_run(connection: Connection, run: Run) -> None:
    """Write what a run has done so far."""
    connection.execute(
        "UPDATE connector_run SET ended_at = ?, state = ?, pages = ?, read = ?, leads = ?, events = ?, refused = ?,"
        " sentence = ?, surprises = ? WHERE id = ?",
        (
            run.ended_at,
            run.state,
            run.pages,
            run.read,
            run.leads,
            run.events,
            run.refused,
            run.sentence,
            json.dumps([dict(one) for one in run.surprises], ensure_ascii=False),
            run.id,
        ),
    )


def find_run(connection: Connection, run_id: str) -> Run | None:
    """The run with this id."""
    row = connection.execute("SELECT * FROM connector_run WHERE id = ?", (run_id,)).fetchone()
    return _run(row) if row else None


def runs(connection: Connection, connector_id: str, limit: int) -> list[Run]:
    """The latest runs, the newest first."""
    rows = connection.execute(
        "SELECT * FROM connector_run WHERE connector_id = ? ORDER BY id DESC LIMIT ?", (connector_id, limit)
    ).fetchall()
    return [_run(row) for row in rows]


def latest_runs(connection: Connection) -> dict[str, Run]:
    """The latest run of each system that has one, by the system's id."""
    rows: Sequence[Row] = connection.execute(
        "SELECT * FROM connector_run WHERE id IN (SELECT max(id) FROM connector_run GROUP BY connector_id)"
    ).fetchall()
    return {row["connector_id"]: _run(row) for row in rows}


def _connector(row: Row) -> ConnectorRow:
    return ConnectorRow(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        address=row["address"],
        sealed=row["sealed"],
        plan=json.loads(row["plan"]),
        description=json.loads(row["description"]),
        every_minutes=row["every_minutes"],
        enabled=bool(row["enabled"]),
        cursor=json.loads(row["cursor"]),
        next_run_at=row["next_run_at"],
        claim=row["claim"],
        claimed_until=row["claimed_until"],
        failures=row["failures"],
        revision=row["revision"],
    )


def _run(row: Row) -> Run:
    return Run(
        id=row["id"],
        connector_id=row["connector_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        state=row["state"],
        pages=row["pages"],
        read=row["read"],
        leads=row["leads"],
        events=row["events"],
        refused=row["refused"],
        sentence=row["sentence"],
        surprises=tuple(json.loads(row["surprises"])),
    )
