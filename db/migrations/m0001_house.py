"""People, sign-in, settings and the audit log."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0001_house")
def build(db: Database) -> None:
    """The tables every other room leans on."""
    for statement in (
        """
        CREATE TABLE person (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            email TEXT NOT NULL UNIQUE,
            team TEXT CHECK (team IN ('sales', 'marketing')),
            role TEXT NOT NULL CHECK (role IN ('member', 'facilitator', 'team_lead', 'admin')),
            active INTEGER NOT NULL DEFAULT 1,
            password_hash TEXT,
            sessions_valid_from TEXT NOT NULL,
            created_at TEXT NOT NULL,
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        """
        CREATE TABLE sign_in_failure (
            email TEXT PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_at TEXT NOT NULL,
            locked_until TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE invitation (
            id TEXT PRIMARY KEY,
            person_id TEXT NOT NULL REFERENCES person (id),
            token_hash TEXT NOT NULL UNIQUE,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            used_at TEXT
        )
        """,
        "CREATE INDEX invitation_person ON invitation (person_id)",
        """
        CREATE TABLE setting (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        """
        CREATE TABLE audit (
            id TEXT PRIMARY KEY,
            at TEXT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            noun TEXT NOT NULL,
            noun_id TEXT NOT NULL,
            before TEXT,
            after TEXT
        )
        """,
        "CREATE INDEX audit_noun ON audit (noun, noun_id)",
        """
        CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
        """,
        """
        CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
        """,
    ):
        db.execute(statement)
