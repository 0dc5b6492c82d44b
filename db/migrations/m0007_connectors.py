"""The systems that leads are pulled from, and what each pull brought."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0007_connectors")
def build(db: Database) -> None:
    """A row per system, with its sealed keys and how far it has been read; a row per pull."""
    for statement in (
        # a pull holds `claim` until `claimed_until`; `next_run_at` is empty while none is planned
        """
        CREATE TABLE connector (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE,
            kind TEXT NOT NULL,
            address TEXT NOT NULL,
            sealed TEXT NOT NULL,
            plan TEXT NOT NULL,
            description TEXT NOT NULL,
            every_minutes INTEGER NOT NULL,
            enabled INTEGER NOT NULL DEFAULT 0,
            cursor TEXT NOT NULL DEFAULT '{}',
            next_run_at TEXT,
            claim TEXT NOT NULL DEFAULT '',
            claimed_until TEXT NOT NULL DEFAULT '',
            failures INTEGER NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL DEFAULT 1,
            created_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE connector_run (
            id TEXT PRIMARY KEY,
            connector_id TEXT NOT NULL REFERENCES connector (id) ON DELETE CASCADE,
            started_at TEXT NOT NULL,
            ended_at TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'done', 'later', 'failed', 'stopped', 'cut_off')),
            pages INTEGER NOT NULL DEFAULT 0,
            read INTEGER NOT NULL DEFAULT 0,
            leads INTEGER NOT NULL DEFAULT 0,
            events INTEGER NOT NULL DEFAULT 0,
            refused INTEGER NOT NULL DEFAULT 0,
            sentence TEXT NOT NULL DEFAULT '',
            surprises TEXT NOT NULL DEFAULT '[]'
        ) WITHOUT ROWID
        """,
        "CREATE INDEX connector_run_of ON connector_run (connector_id, id)",
    ):
        db.execute(statement)
