"""What was taken of leads piece by piece and could not be brought into the facts."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0011_set_aside")
def build(db: Database) -> None:
    """The items as they were taken, with what the engine said of them."""
    db.execute(
        """
        CREATE TABLE lead_inflow_set_aside (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            origin TEXT NOT NULL,
            content TEXT NOT NULL,
            taken_at TEXT NOT NULL,
            reason TEXT NOT NULL,
            set_aside_at TEXT NOT NULL
        )
        """
    )
