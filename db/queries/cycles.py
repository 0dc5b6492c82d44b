"""Cycles as the store holds them."""

import json
from collections.abc import Mapping
from typing import Any

from alignment.cycles import Cycle, Phase
from db.keys import new_id
from db.store import Connection, Row

_ENTERED = {
    Phase.PLAN: "plan_at",
    Phase.EXECUTE: "execute_at",
    Phase.RECAP: "recap_at",
    Phase.CLOSED: "closed_at",
}


def add(connection: Connection, *, name: str, at: str) -> str:
    """Start a cycle with the next number; returns its id."""
    cycle_id = new_id()
    connection.execute(
        """
        INSERT INTO cycle (id, number, name, phase, started_at)
        SELECT ?, coalesce(max(number), 0) + 1, ?, 'identify', ? FROM cycle
        """,
        (cycle_id, name, at),
    )
    return cycle_id


def everything(connection: Connection) -> list[Cycle]:
    """All cycles, newest first."""
    return [_cycle(row) for row in connection.execute("SELECT * FROM cycle ORDER BY number DESC").fetchall()]


def find(connection: Connection, cycle_id: str) -> Cycle | None:
    """One cycle."""
    row = connection.execute("SELECT * FROM cycle WHERE id = ?", (cycle_id,)).fetchone()
    return _cycle(row) if row else None


def current(connection: Connection) -> Cycle | None:
    """The cycle that is not closed."""
    row = connection.execute(
        "SELECT * FROM cycle WHERE phase <> 'closed' ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return _cycle(row) if row else None


def enter(
    connection: Connection,
    cycle_id: str,
    phase: Phase,
    at: str,
    *,
    baseline: Mapping[str, Any] | None = None,
) -> None:
    """Move a cycle into a later phase, freezing the baseline where one is given."""
    connection.execute(
        f"""
        UPDATE cycle SET phase = ?, {_ENTERED[phase]} = ?, baseline = coalesce(?, baseline), revision = revision + 1
        WHERE id = ?
        """,
        (phase.value, at, _text(baseline), cycle_id),
    )


def name_points(connection: Connection, cycle_id: str, *, sales: str | None, marketing: str | None) -> None:
    """Set the point person of each side."""
    connection.execute(
        "UPDATE cycle SET sales_point_id = ?, marketing_point_id = ?, revision = revision + 1 WHERE id = ?",
        (sales, marketing, cycle_id),
    )


def write_recap(connection: Connection, cycle_id: str, *, recap: Mapping[str, Any], growth: str) -> None:
    """Keep the recap's figures and the growth areas."""
    connection.execute(
        "UPDATE cycle SET recap = ?, growth = ?, revision = revision + 1 WHERE id = ?",
        (_text(recap), growth, cycle_id),
    )


def _text(document: Mapping[str, Any] | None) -> str | None:
    return None if document is None else json.dumps(document, sort_keys=True, ensure_ascii=False)


def _cycle(row: Row) -> Cycle:
    return Cycle(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        phase=Phase(row["phase"]),
        started_at=row["started_at"],
        plan_at=row["plan_at"],
        execute_at=row["execute_at"],
        recap_at=row["recap_at"],
        closed_at=row["closed_at"],
        sales_point_id=row["sales_point_id"],
        marketing_point_id=row["marketing_point_id"],
        baseline=json.loads(row["baseline"]) if row["baseline"] else None,
        recap=json.loads(row["recap"]) if row["recap"] else None,
        growth=row["growth"],
        revision=row["revision"],
    )
