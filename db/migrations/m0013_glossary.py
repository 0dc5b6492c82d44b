"""What the glossary holds of a term beside its definitions, and how each person did in the last quiz."""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0013_glossary")
def build(db: Database) -> None:
    """Owners, the teams' former words, related terms, leads as examples; a person's own last result."""
    for statement in (
        """
        CREATE TABLE term_detail (
            term_key TEXT PRIMARY KEY REFERENCES term (key),
            sales_owner_id TEXT REFERENCES person (id),
            marketing_owner_id TEXT REFERENCES person (id),
            sales_called TEXT NOT NULL DEFAULT '[]',
            marketing_called TEXT NOT NULL DEFAULT '[]',
            sales_meant TEXT NOT NULL DEFAULT '',
            marketing_meant TEXT NOT NULL DEFAULT '',
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        """
        CREATE TABLE term_relation (
            first_key TEXT NOT NULL REFERENCES term (key),
            second_key TEXT NOT NULL REFERENCES term (key),
            PRIMARY KEY (first_key, second_key),
            CHECK (first_key < second_key)
        )
        """,
        """
        CREATE TABLE term_example (
            id TEXT PRIMARY KEY,
            term_key TEXT NOT NULL REFERENCES term (key),
            lead_id TEXT NOT NULL,
            qualifies INTEGER NOT NULL CHECK (qualifies IN (0, 1)),
            note TEXT NOT NULL DEFAULT '',
            facts TEXT NOT NULL,
            added_by TEXT NOT NULL,
            added_at TEXT NOT NULL,
            UNIQUE (term_key, lead_id)
        )
        """,
        """
        CREATE TABLE quiz_result (
            person_id TEXT PRIMARY KEY REFERENCES person (id),
            taken_at TEXT NOT NULL,
            correct INTEGER NOT NULL,
            asked INTEGER NOT NULL CHECK (correct BETWEEN 0 AND asked)
        )
        """,
    ):
        db.execute(statement)
