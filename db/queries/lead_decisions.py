"""Decisions of sales on leads as the store holds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alignment.lead_decisions import Decision, HandedOver, Verdict
from db.store import Connection, Row

_SELECT = """
    SELECT lead_decision.*, coalesce(person.name, '') AS person_name
    FROM lead_decision LEFT JOIN person ON person.id = lead_decision.person_id
"""
_MOST_MARKS = 500


@dataclass(frozen=True)
class Batch:
    """Decisions that one person made at once: how many still stand, and the one lead where it was one."""

    id: str
    verdict: Verdict
    reason: str
    person_id: str
    person_name: str
    decided_at: str
    count: int
    standing: int
    lead_id: str


def add(connection: Connection, decisions: Iterable[Decision]) -> None:
    """Insert decisions. Raises an integrity error where one stands already: look with `standing` first."""
    connection.executemany(
        """
        INSERT INTO lead_decision (id, batch_id, lead_id, handed_over_at, source, campaign, content, verdict, reason, note,
            person_id, decided_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                one.id,
                one.batch_id,
                one.lead.lead_id,
                one.lead.at,
                one.lead.source,
                one.lead.campaign,
                one.lead.content,
                one.verdict.value,
                one.reason,
                one.note,
                one.person_id,
                one.decided_at,
            )
            for one in decisions
        ],
    )


def standing(connection: Connection, lead_ids: Sequence[str]) -> list[Decision]:
    """The decisions that stand on any hand-over of these leads, the latest last."""
    found: list[Decision] = []
    for start in range(0, len(lead_ids), _MOST_MARKS):
        part = list(lead_ids[start : start + _MOST_MARKS])
        marks = ", ".join("?" for _ in part)
        rows = connection.execute(
            f"{_SELECT} WHERE lead_decision.lead_id IN ({marks}) AND undone_at IS NULL ORDER BY lead_decision.id",
            part,
        )
        found.extend(_decision(row) for row in rows)
    return found


def of_lead(connection: Connection, lead_id: str) -> list[Decision]:
    """Every decision on a lead, the latest first; those that were taken back included."""
    rows = connection.execute(
        f"{_SELECT} WHERE lead_decision.lead_id = ? ORDER BY lead_decision.decided_at DESC, lead_decision.id DESC",
        (lead_id,),
    )
    return [_decision(row) for row in rows]


def decided_since(connection: Connection, instant: str, most: int) -> list[HandedOver]:
    """The hand-overs with a decision that stands and was made at or after an instant, at most so many, the latest."""
    rows = connection.execute(
        """
        SELECT lead_id, handed_over_at FROM lead_decision WHERE decided_at >= ? AND undone_at IS NULL
        ORDER BY decided_at DESC LIMIT ?
        """,
        (instant, most),
    )
    return [HandedOver(row["lead_id"], row["handed_over_at"]) for row in rows]


def undone_since(connection: Connection, instant: str, most: int) -> list[HandedOver]:
    """The hand-overs whose decision was taken back at or after an instant and that have no other, at most so many."""
    rows = connection.execute(
        """
        SELECT lead_id, handed_over_at FROM lead_decision AS gone
        WHERE undone_at >= ? AND NOT EXISTS (
            SELECT 1 FROM lead_decision AS other
            WHERE other.lead_id = gone.lead_id AND other.handed_over_at = gone.handed_over_at
                AND other.undone_at IS NULL
        )
        ORDER BY undone_at DESC LIMIT ?
        """,
        (instant, most),
    )
    return [HandedOver(row["lead_id"], row["handed_over_at"]) for row in rows]


def of_batch(connection: Connection, batch_id: str) -> list[Decision]:
    """The decisions of a batch that stand."""
    rows = connection.execute(
        f"{_SELECT} WHERE lead_decision.batch_id = ? AND undone_at IS NULL ORDER BY lead_decision.id",
        (batch_id,),
    )
    return [_decision(row) for row in rows]


def undo(connection: Connection, batch_id: str, *, person_id: str, at: str) -> None:
    """Take back the decisions of a batch that stand; they stay on record."""
    connection.execute(
        "UPDATE lead_decision SET undone_at = ?, undone_by = ? WHERE batch_id = ? AND undone_at IS NULL",
        (at, person_id, batch_id),
    )


def batches(connection: Connection, *, limit: int, offset: int = 0) -> list[Batch]:
    """What was decided, the latest first; what was decided at once is one entry."""
    rows = connection.execute(
        """
        SELECT batch.*, coalesce(person.name, '') AS person_name
        FROM (
            SELECT batch_id, max(verdict) AS verdict, max(reason) AS reason, max(person_id) AS person_id,
                max(decided_at) AS at, count(*) AS n, sum(undone_at IS NULL) AS standing, max(lead_id) AS lead_id
            FROM lead_decision GROUP BY batch_id ORDER BY at DESC, batch_id DESC LIMIT ? OFFSET ?
        ) AS batch LEFT JOIN person ON person.id = batch.person_id
        ORDER BY batch.at DESC, batch.batch_id DESC
        """,
        (limit, offset),
    )
    return [
        Batch(
            row["batch_id"],
            Verdict(row["verdict"]),
            row["reason"],
            row["person_id"],
            row["person_name"],
            row["at"],
            row["n"],
            row["standing"],
            row["lead_id"] if row["n"] == 1 else "",
        )
        for row in rows
    ]


def count_batches(connection: Connection) -> int:
    """How many entries `batches` has in all."""
    return int(connection.execute("SELECT count(DISTINCT batch_id) FROM lead_decision").fetchone()[0])


def last_change(connection: Connection) -> str:
    """The instant of the last decision or taking back, '' before the first: what live screens poll."""
    row = connection.execute(
        """
        SELECT max(coalesce((SELECT max(decided_at) FROM lead_decision), ''),
                   coalesce((SELECT max(undone_at) FROM lead_decision WHERE undone_at IS NOT NULL), ''))
        """
    ).fetchone()
    return row[0] or ""


def _decision(row: Row) -> Decision:
    return Decision(
        id=row["id"],
        batch_id=row["batch_id"],
        lead=HandedOver(
            row["lead_id"], row["handed_over_at"], row["source"], row["campaign"], row["content"]
        ),
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        note=row["note"],
        person_id=row["person_id"],
        person_name=row["person_name"],
        decided_at=row["decided_at"],
        undone_at=row["undone_at"],
    )
