"""What was imported, when and by whom."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0004_leads")
def build(db: Database) -> None:
    """One row per import that was carried out, and the mappings kept for the next one."""
    db.execute(
        """
        CREATE TABLE lead_import (
            id TEXT PRIMARY KEY,
            at TEXT NOT NULL,
            person_id TEXT NOT NULL,
            files TEXT NOT NULL,
            report TEXT NOT NULL,
            revision TEXT NOT NULL
        )
        """
    )
    db.execute(
        """
        CREATE TABLE lead_mapping (
            name TEXT PRIMARY KEY,
            toml TEXT NOT NULL,
            saved_at TEXT NOT NULL
        )
        """
    )
