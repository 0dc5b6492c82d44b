"""What sales decided on the leads it was handed, and what it says of them.

Where a lead came from is kept with the decision as it was then, so that it is judged by the campaign that brought it.
"""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0008_lead_decisions")
def build(db: Database) -> None:
    """Decisions, of which one can stand per hand-over, and feedback, of which there is one per hand-over."""
    for statement in (
        """
        CREATE TABLE lead_decision (
            id TEXT PRIMARY KEY,
            batch_id TEXT NOT NULL,
            lead_id TEXT NOT NULL,
            handed_over_at TEXT NOT NULL,
            source TEXT,
            campaign TEXT,
            content TEXT,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'rejected')),
            reason TEXT NOT NULL,
            note TEXT NOT NULL,
            person_id TEXT NOT NULL REFERENCES person (id),
            decided_at TEXT NOT NULL,
            undone_at TEXT,
            undone_by TEXT
        ) WITHOUT ROWID
        """,
        """
        CREATE UNIQUE INDEX lead_decision_standing ON lead_decision (lead_id, handed_over_at)
        WHERE undone_at IS NULL
        """,
        "CREATE INDEX lead_decision_batch ON lead_decision (batch_id)",
        "CREATE INDEX lead_decision_at ON lead_decision (decided_at)",
        "CREATE INDEX lead_decision_undone ON lead_decision (undone_at) WHERE undone_at IS NOT NULL",
        """
        CREATE TABLE lead_feedback (
            id TEXT PRIMARY KEY,
            lead_id TEXT NOT NULL,
            handed_over_at TEXT NOT NULL,
            source TEXT,
            campaign TEXT,
            lead_content TEXT,
            content TEXT NOT NULL,
            content_verdict TEXT CHECK (content_verdict IN ('helped', 'no_difference', 'hindered')),
            note TEXT NOT NULL,
            person_id TEXT NOT NULL REFERENCES person (id),
            given_at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            UNIQUE (lead_id, handed_over_at)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX lead_feedback_at ON lead_feedback (given_at)",
        """
        CREATE TABLE lead_feedback_code (
            feedback_id TEXT NOT NULL REFERENCES lead_feedback (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('worked', 'failed', 'objection')),
            code TEXT NOT NULL,
            PRIMARY KEY (feedback_id, kind, code)
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
