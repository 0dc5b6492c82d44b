"""Objections with the claim that decides them, and which alerts of drift went out."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0014_objections")
def build(db: Database) -> None:
    """Days are ISO dates, instants the store's texts, `evidence` JSON once an objection is decided."""
    for statement in (
        """
        CREATE TABLE objection (
            id TEXT PRIMARY KEY,
            term_key TEXT NOT NULL REFERENCES term (key),
            version TEXT NOT NULL,
            topic_id TEXT REFERENCES topic (id),
            reason TEXT NOT NULL,
            measure TEXT NOT NULL,
            comparison TEXT NOT NULL CHECK (comparison IN ('below', 'above')),
            value REAL NOT NULL,
            first_day TEXT NOT NULL,
            last_day TEXT NOT NULL CHECK (last_day >= first_day),
            field TEXT NOT NULL DEFAULT '',
            field_value TEXT NOT NULL DEFAULT '',
            author_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'not_confirmed', 'undecided', 'withdrawn')),
            decided_at TEXT,
            evidence TEXT,
            reopened_topic_id TEXT REFERENCES topic (id),
            withdrawn_because TEXT NOT NULL DEFAULT '',
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        "CREATE INDEX objection_waiting ON objection (last_day) WHERE state = 'waiting'",
        "CREATE INDEX objection_term ON objection (term_key, created_at)",
        # `week` is the Monday of the last week that was looked at
        """
        CREATE TABLE drift_alert (
            kind TEXT NOT NULL CHECK (kind IN ('breaks', 'uncovered')),
            week TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (kind, week)
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
