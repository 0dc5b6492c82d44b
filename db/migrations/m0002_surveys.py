"""Placeholder."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0002_surveys")
def build(db: Database) -> None:
    """To be written."""
