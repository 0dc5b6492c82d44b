"""Versions of the business hours, promises with their signatures, what was waived, and which alerts went out.

What the settings said about hours and promises becomes the first version of each.
"""

import json
from typing import Any

from sqlite_utils import Database

from db.keys import new_id
from db.migrations import migrations

PROMISES = (
    ("follow_up", "First contact", "response"),
    ("feedback", "Feedback", "response"),
    ("delivery", "Qualified leads", "delivery"),
)
_BEGINNING = "0001-01-01T00:00:00.000000Z"


@migrations(name="0009_promises")
def build(db: Database) -> None:
    """Create the tables and take over what the settings say."""
    for statement in (
        # from_day is '' for the version from the beginning
        """
        CREATE TABLE calendar_version (
            from_day TEXT PRIMARY KEY,
            hours TEXT NOT NULL,
            author_id TEXT NOT NULL,
            changed_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE promise (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('response', 'delivery')),
            position INTEGER NOT NULL,
            alerts INTEGER NOT NULL DEFAULT 0,
            alert_before INTEGER NOT NULL DEFAULT 15,
            alerts_since TEXT
        )
        """,
        """
        CREATE TABLE promise_version (
            id TEXT PRIMARY KEY,
            promise_key TEXT NOT NULL REFERENCES promise (key),
            version INTEGER NOT NULL,
            terms TEXT NOT NULL,
            note TEXT NOT NULL,
            effective_from TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('draft', 'proposed', 'agreed', 'dropped')),
            author_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            agreed_at TEXT,
            in_force_from TEXT,
            returned_because TEXT NOT NULL DEFAULT '',
            revision INTEGER NOT NULL DEFAULT 1,
            UNIQUE (promise_key, version)
        )
        """,
        "CREATE UNIQUE INDEX promise_one_open ON promise_version (promise_key) WHERE state IN ('draft', 'proposed')",
        """
        CREATE TABLE promise_signature (
            id TEXT PRIMARY KEY,
            promise_version_id TEXT NOT NULL REFERENCES promise_version (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            content_hash TEXT NOT NULL,
            signed_at TEXT NOT NULL,
            voided_at TEXT
        )
        """,
        """
        CREATE UNIQUE INDEX promise_signature_one_per_team ON promise_signature (promise_version_id, team)
        WHERE voided_at IS NULL
        """,
        # either one lead, or every clock that started from first_at to before until_at
        """
        CREATE TABLE promise_waiver (
            id TEXT PRIMARY KEY,
            promise_key TEXT NOT NULL REFERENCES promise (key),
            lead_id TEXT,
            first_at TEXT,
            until_at TEXT,
            reason TEXT NOT NULL,
            person_id TEXT NOT NULL,
            at TEXT NOT NULL,
            withdrawn_at TEXT,
            CHECK ((lead_id IS NULL) = (first_at IS NOT NULL AND until_at IS NOT NULL))
        )
        """,
        "CREATE INDEX promise_waiver_promise ON promise_waiver (promise_key) WHERE withdrawn_at IS NULL",
        """
        CREATE TABLE promise_alert (
            promise_key TEXT NOT NULL REFERENCES promise (key),
            lead_id TEXT NOT NULL,
            episode INTEGER NOT NULL,
            moment TEXT NOT NULL CHECK (moment IN ('before', 'breach')),
            at TEXT NOT NULL,
            PRIMARY KEY (promise_key, lead_id, episode, moment)
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
    for position, promise in enumerate(PROMISES):
        db.execute(
            "INSERT INTO promise (key, name, kind, position) VALUES (?, ?, ?, ?)", (*promise, position)
        )
    row = db.execute("SELECT value FROM setting WHERE key = 'company'").fetchone()
    if row is not None:
        _take_over(db, json.loads(row[0]))


def _take_over(db: Database, company: dict[str, Any]) -> None:
    now = db.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'").fetchone()[0]
    hours = {
        "timezone": company["timezone"],
        "shifts": company["shifts"],
        "country": company["country"],
        "closed_days": [],
    }
    db.execute(
        "INSERT INTO calendar_version (from_day, hours, author_id, changed_at) VALUES ('', ?, 'machine', ?)",
        (json.dumps(hours, sort_keys=True), now),
    )
    for key, answer, minutes in (
        ("follow_up", "attempt", company["follow_up_minutes"]),
        ("feedback", "decision", company["feedback_hours"] * 60),
    ):
        terms = {
            "answer": answer,
            "at_least": 1.0,
            "clock": "business",
            "limit_minutes": minutes,
            "start": "mql",
        }
        db.execute(
            """
            INSERT INTO promise_version
                (id, promise_key, version, terms, note, effective_from, content_hash, state, author_id, created_at,
                 agreed_at, in_force_from)
            VALUES (?, ?, 1, ?, '', '0001-01-01', '', 'agreed', 'machine', ?, ?, ?)
            """,
            (new_id(), key, json.dumps(terms, sort_keys=True), now, now, _BEGINNING),
        )
