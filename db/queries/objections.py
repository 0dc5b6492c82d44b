"""Objections and their claims as the store holds them."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from alignment.objections import Claim, Comparison, Evidence, Objection, ObjectionState
from alignment.statistics import Interval
from db.keys import new_id
from db.store import Connection, Row

_SELECT = """
SELECT objection.*, coalesce(term.name, objection.term_key) AS term_name
FROM objection LEFT JOIN term ON term.key = objection.term_key
"""


def add(
    connection: Connection,
    *,
    term_key: str,
    version: str,
    topic_id: str | None,
    reason: str,
    claim: Claim,
    author_id: str,
    at: str,
) -> str:
    """Keep an objection that waits for its day; returns its id."""
    objection_id = new_id()
    connection.execute(
        """
        INSERT INTO objection (id, term_key, version, topic_id, reason, measure, comparison, value, first_day, last_day,
                               field, field_value, author_id, created_at, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')
        """,
        (
            objection_id,
            term_key,
            version,
            topic_id,
            reason,
            claim.measure,
            claim.comparison.value,
            claim.value,
            claim.first_day.isoformat(),
            claim.last_day.isoformat(),
            claim.field,
            claim.field_value,
            author_id,
            at,
        ),
    )
    return objection_id


def find(connection: Connection, objection_id: str) -> Objection | None:
    """One objection."""
    row = connection.execute(f"{_SELECT} WHERE objection.id = ?", (objection_id,)).fetchone()
    return _objection(row) if row else None


def everything(connection: Connection, term_key: str | None = None) -> list[Objection]:
    """All objections, or those to one term, the newest first."""
    rows = connection.execute(
        f"{_SELECT} WHERE ? IS NULL OR objection.term_key = ? ORDER BY objection.created_at DESC, objection.id DESC",
        (term_key, term_key),
    ).fetchall()
    return [_objection(row) for row in rows]


def due(connection: Connection, today: date) -> list[Objection]:
    """The objections whose last day is over on `today`, the longest due first."""
    rows = connection.execute(
        f"{_SELECT} WHERE objection.state = 'waiting' AND objection.last_day < ? ORDER BY objection.last_day, objection.id",
        (today.isoformat(),),
    ).fetchall()
    return [_objection(row) for row in rows]


def decide(
    connection: Connection,
    objection_id: str,
    state: ObjectionState,
    evidence: Evidence,
    at: str,
    reopened_topic_id: str | None,
) -> None:
    """Close an objection that waits, with the figure that decided it."""
    connection.execute(
        """
        UPDATE objection SET state = ?, evidence = ?, decided_at = ?, reopened_topic_id = ?, revision = revision + 1
        WHERE id = ? AND state = 'waiting'
        """,
        (
            state.value,
            json.dumps(asdict(evidence), sort_keys=True, ensure_ascii=False),
            at,
            reopened_topic_id,
            objection_id,
        ),
    )


def withdraw(connection: Connection, objection_id: str, because: str, at: str) -> None:
    """Take back an objection that waits."""
    connection.execute(
        """
        UPDATE objection SET state = 'withdrawn', withdrawn_because = ?, decided_at = ?, revision = revision + 1
        WHERE id = ? AND state = 'waiting'
        """,
        (because, at, objection_id),
    )


def revision(connection: Connection) -> str:
    """A text that changes whenever an objection does."""
    row = connection.execute(
        "SELECT count(*) AS n, coalesce(sum(revision), 0) AS moved FROM objection"
    ).fetchone()
    return f"{row['n']}.{row['moved']}"


def last_drift_alert(connection: Connection, kind: str) -> str | None:
    """The Monday of the last week of which this kind of drift was told (ISO date)."""
    row = connection.execute("SELECT max(week) AS week FROM drift_alert WHERE kind = ?", (kind,)).fetchone()
    return row["week"]


def claim_drift_alert(connection: Connection, kind: str, week: date, at: str) -> bool:
    """Note that this kind of drift is told of for a week; whether nobody else has."""
    return (
        connection.execute(
            "INSERT INTO drift_alert (kind, week, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (kind, week.isoformat(), at),
        ).rowcount
        == 1
    )


def _objection(row: Row) -> Objection:
    return Objection(
        id=row["id"],
        term_key=row["term_key"],
        term_name=row["term_name"],
        version=row["version"],
        reason=row["reason"],
        claim=Claim(
            measure=row["measure"],
            comparison=Comparison(row["comparison"]),
            value=row["value"],
            first_day=date.fromisoformat(row["first_day"]),
            last_day=date.fromisoformat(row["last_day"]),
            field=row["field"],
            field_value=row["field_value"],
        ),
        author_id=row["author_id"],
        created_at=row["created_at"],
        state=ObjectionState(row["state"]),
        topic_id=row["topic_id"],
        reopened_topic_id=row["reopened_topic_id"],
        decided_at=row["decided_at"],
        evidence=_evidence(json.loads(row["evidence"])) if row["evidence"] else None,
        withdrawn_because=row["withdrawn_because"],
        revision=row["revision"],
    )


def _evidence(document: dict[str, Any]) -> Evidence:
    interval = document.pop("interval")
    return Evidence(**document, interval=Interval(**interval) if interval else None)
