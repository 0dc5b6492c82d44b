"""Goals that both teams share."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0010_goals")
def build(db: Database) -> None:
    """A goal with what each side puts in, and the yes of each side. Days are ISO dates, instants the store's texts."""
    measures = "('qualified', 'accepted', 'opportunities', 'won', 'revenue')"
    db.execute(
        f"""
        CREATE TABLE goal (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            measure TEXT NOT NULL CHECK (measure IN {measures}),
            target REAL NOT NULL CHECK (target > 0),
            marketing_measure TEXT NOT NULL CHECK (marketing_measure IN {measures}),
            marketing_target REAL NOT NULL CHECK (marketing_target > 0),
            sales_measure TEXT NOT NULL CHECK (sales_measure IN {measures}),
            sales_target REAL NOT NULL CHECK (sales_target > 0),
            first_day TEXT NOT NULL,
            last_day TEXT NOT NULL CHECK (last_day >= first_day),
            author_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            registered_at TEXT,
            definition TEXT NOT NULL DEFAULT '',
            withdrawn_at TEXT,
            withdrawn_because TEXT NOT NULL DEFAULT ''
        )
        """
    )
    db.execute(
        """
        CREATE TABLE goal_agreement (
            goal_id TEXT NOT NULL REFERENCES goal (id),
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            person_id TEXT NOT NULL REFERENCES person (id),
            at TEXT NOT NULL,
            PRIMARY KEY (goal_id, team)
        )
        """
    )
