"""Placeholder."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0003_agreements")
def build(db: Database) -> None:
    """To be written."""
