"""What sales says of the leads it was handed, as the store holds it: one entry per hand-over, and its codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignment.errors import StaleVersion
from alignment.lead_decisions import Aspect, ContentVerdict, Feedback, HandedOver, Objection
from db.keys import new_id
from db.store import Connection, Row

BLANK = "(blank)"
# what feedback can be put together by → the column that has it
GROUPS = {"source": "source", "campaign": "campaign", "content": "lead_content"}
_KINDS = {"worked": Aspect, "failed": Aspect, "objection": Objection}


@dataclass(frozen=True)
class Given:
    """Feedback with whom it is from, when, about which hand-over, and the revision that a change has to name."""

    id: str
    lead: HandedOver
    feedback: Feedback
    person_name: str
    given_at: str
    revision: int


def find(connection: Connection, lead_id: str, handed_over_at: str) -> Given | None:
    """The feedback on a hand-over."""
    row = connection.execute(
        f"{_SELECT} WHERE lead_feedback.lead_id = ? AND lead_feedback.handed_over_at = ?",
        (lead_id, handed_over_at),
    ).fetchone()
    return _given(connection, [row])[0] if row else None


def put(
    connection: Connection, lead: HandedOver, feedback: Feedback, *, person_id: str, at: str, revision: int
) -> str:
    """Keep feedback on a hand-over in place of what was seen at `revision`, 0 for none; returns its id.

    Raises StaleVersion when somebody else has given or changed it since.
    """
    known = find(connection, lead.lead_id, lead.at)
    if (known.revision if known else 0) != revision:
        raise StaleVersion(
            "Not saved: somebody else has said something about this lead since you opened it. Read that first."
        )
    feedback_id = known.id if known else new_id()
    connection.execute(
        """
        INSERT INTO lead_feedback (id, lead_id, handed_over_at, source, campaign, lead_content, content, content_verdict,
            note, person_id, given_at, revision)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET content = excluded.content, content_verdict = excluded.content_verdict,
            note = excluded.note, person_id = excluded.person_id, given_at = excluded.given_at,
            revision = excluded.revision
        """,
        (
            feedback_id,
            lead.lead_id,
            lead.at,
            lead.source,
            lead.campaign,
            lead.content,
            feedback.content,
            feedback.content_verdict.value if feedback.content_verdict else None,
            feedback.note,
            person_id,
            at,
            revision + 1,
        ),
    )
    connection.execute("DELETE FROM lead_feedback_code WHERE feedback_id = ?", (feedback_id,))
    connection.executemany(
        "INSERT INTO lead_feedback_code (feedback_id, kind, code) VALUES (?, ?, ?)",
        [
            (feedback_id, kind, code.value)
            for kind, codes in (
                ("worked", feedback.worked),
                ("failed", feedback.failed),
                ("objection", feedback.objections),
            )
            for code in codes
        ],
    )
    return feedback_id


def latest(
    connection: Connection,
    *,
    since: str,
    until: str,
    group: str | None = None,
    value: str | None = None,
    with_note: bool = False,
    limit: int = 20,
    offset: int = 0,
) -> list[Given]:
    """Feedback on hand-overs from `since` up to `until`, the latest first.

    `group` (a key of `GROUPS`) and `value` keep to leads that came that way, `(blank)` for those of which it is not known.
    """
    where, values = _about(since, until, group, value)
    note = "AND lead_feedback.note <> ''" if with_note else ""
    rows = connection.execute(
        f"{_SELECT} WHERE {where} {note} ORDER BY given_at DESC, lead_feedback.id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return _given(connection, rows)


def count(
    connection: Connection,
    *,
    since: str,
    until: str,
    group: str | None = None,
    value: str | None = None,
    with_note: bool = False,
) -> int:
    """How many entries `latest` has in all."""
    where, values = _about(since, until, group, value)
    note = "AND lead_feedback.note <> ''" if with_note else ""
    found = connection.execute(f"SELECT count(*) FROM lead_feedback WHERE {where} {note}", values).fetchone()
    return int(found[0])


def code_counts(
    connection: Connection, *, since: str, until: str, group: str | None = None, value: str | None = None
) -> dict[str, dict[str, int]]:
    """How often each code was given: kind (`worked`, `failed`, `objection`) → code → hand-overs."""
    where, values = _about(since, until, group, value)
    rows = connection.execute(
        f"""
        SELECT kind, code, count(*) AS n FROM lead_feedback_code
        JOIN lead_feedback ON lead_feedback.id = lead_feedback_code.feedback_id
        WHERE {where} GROUP BY kind, code
        """,
        values,
    )
    counts: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}
    for row in rows:
        counts[row["kind"]][row["code"]] = row["n"]
    return counts


def content_counts(
    connection: Connection, *, since: str, until: str, group: str | None = None, value: str | None = None
) -> dict[str, dict[str, int]]:
    """What sales says of each content it used: content → verdict → hand-overs."""
    where, values = _about(since, until, group, value)
    rows = connection.execute(
        f"""
        SELECT content, content_verdict, count(*) AS n FROM lead_feedback
        WHERE {where} AND content_verdict IS NOT NULL GROUP BY content, content_verdict
        """,
        values,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["content"], {})[row["content_verdict"]] = row["n"]
    return counts


def counts_by(connection: Connection, group: str, *, since: str, until: str) -> dict[str, int]:
    """On how many hand-overs sales said something, by a key of `GROUPS`."""
    column = GROUPS[group]
    rows = connection.execute(
        f"""
        SELECT coalesce({column}, ?) AS value, count(*) AS n FROM lead_feedback
        WHERE handed_over_at >= ? AND handed_over_at < ? GROUP BY coalesce({column}, ?)
        """,
        (BLANK, since, until, BLANK),
    )
    return {row["value"]: row["n"] for row in rows}


def contents_named(connection: Connection, most: int = 200) -> list[str]:
    """The contents that feedback has named, the most frequent first."""
    rows = connection.execute(
        """
        SELECT content FROM lead_feedback WHERE content <> '' GROUP BY content ORDER BY count(*) DESC, content LIMIT ?
        """,
        (most,),
    )
    return [row["content"] for row in rows]


def last_change(connection: Connection) -> str:
    """The instant of the last feedback, '' before the first."""
    return connection.execute("SELECT max(given_at) FROM lead_feedback").fetchone()[0] or ""


_SELECT = """
    SELECT lead_feedback.*, coalesce(person.name, '') AS person_name
    FROM lead_feedback LEFT JOIN person ON person.id = lead_feedback.person_id
"""


def _about(since: str, until: str, group: str | None, value: str | None) -> tuple[str, tuple[Any, ...]]:
    where, values = "handed_over_at >= ? AND handed_over_at < ?", (since, until)
    if group is None or value is None:
        return where, values
    return f"{where} AND coalesce(lead_feedback.{GROUPS[group]}, '{BLANK}') = ?", (*values, value)


def _given(connection: Connection, rows: Sequence[Row]) -> list[Given]:
    codes: Mapping[str, dict[str, list[str]]] = {row["id"]: {kind: [] for kind in _KINDS} for row in rows}
    if rows:
        marks = ", ".join("?" for _ in rows)
        for row in connection.execute(
            f"SELECT feedback_id, kind, code FROM lead_feedback_code WHERE feedback_id IN ({marks})",
            tuple(codes),
        ):
            codes[row["feedback_id"]][row["kind"]].append(row["code"])
    return [
        Given(
            row["id"],
            HandedOver(
                row["lead_id"], row["handed_over_at"], row["source"], row["campaign"], row["lead_content"]
            ),
            Feedback(
                worked=tuple(code for code in Aspect if code in codes[row["id"]]["worked"]),
                failed=tuple(code for code in Aspect if code in codes[row["id"]]["failed"]),
                objections=tuple(code for code in Objection if code in codes[row["id"]]["objection"]),
                content=row["content"],
                content_verdict=ContentVerdict(row["content_verdict"]) if row["content_verdict"] else None,
                note=row["note"],
            ),
            row["person_name"],
            row["given_at"],
            row["revision"],
        )
        for row in rows
    ]
