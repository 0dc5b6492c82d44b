"""What comes in about leads piece by piece, and the tokens of those who send it."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0006_lead_feed")
def build(db: Database) -> None:
    """The inflow in the order it was taken, what is known of it, and who may send."""
    for statement in (
        # content is one item as JSON; numbers only grow, and the facts say up to which one they hold
        """
        CREATE TABLE lead_inflow (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('lead', 'event')),
            origin TEXT NOT NULL,
            content TEXT NOT NULL,
            taken_at TEXT NOT NULL
        )
        """,
        # which event ids of which origin have come, as hashes, and of what content
        """
        CREATE TABLE lead_inflow_event (
            key BLOB PRIMARY KEY,
            content BLOB NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE TABLE lead_inflow_attribute (name TEXT PRIMARY KEY) WITHOUT ROWID",
        """
        CREATE TABLE api_token (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            token_hash TEXT NOT NULL UNIQUE,
            scopes TEXT NOT NULL,
            created_at TEXT NOT NULL,
            created_by TEXT NOT NULL,
            revoked_at TEXT,
            last_used_at TEXT
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
