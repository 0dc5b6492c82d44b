"""Surveys, the people who take part in them, and their answers.

Respondents and answers are kept in the order of their keys, not of their arrival (`WITHOUT ROWID`): in an anonymous
survey the order of arrival, held against the sign-ins, would tell who is who.
"""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0002_surveys")
def build(db: Database) -> None:
    """The tables of the questionnaires."""
    for statement in (
        """
        CREATE TABLE survey (
            id TEXT PRIMARY KEY,
            cycle_id TEXT,
            title TEXT NOT NULL,
            template TEXT NOT NULL,
            mode TEXT NOT NULL CHECK (mode IN ('named', 'confidential', 'anonymous')),
            min_group INTEGER NOT NULL CHECK (min_group >= 3),
            content TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('draft', 'open', 'closed')),
            created_at TEXT NOT NULL,
            created_by TEXT NOT NULL,
            opened_at TEXT,
            closed_at TEXT,
            invited TEXT,
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        "CREATE INDEX survey_status ON survey (status)",
        """
        CREATE TABLE survey_secret (
            survey_id TEXT PRIMARY KEY REFERENCES survey (id),
            secret TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE respondent (
            survey_id TEXT NOT NULL REFERENCES survey (id),
            id TEXT NOT NULL,
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            started_at TEXT NOT NULL,
            submitted_at TEXT,
            PRIMARY KEY (survey_id, id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE answer (
            survey_id TEXT NOT NULL,
            respondent TEXT NOT NULL,
            question TEXT NOT NULL,
            value TEXT NOT NULL,
            revision INTEGER NOT NULL DEFAULT 1,
            saved_at TEXT NOT NULL,
            PRIMARY KEY (survey_id, respondent, question),
            FOREIGN KEY (survey_id, respondent) REFERENCES respondent (survey_id, id) ON UPDATE CASCADE
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
