"""What running a questionnaire takes: who is asked, when, by which link, what was sent, and what was corrected.

`message` is both the inbox in the portal and the queue of the mail. Reminders and what they tell (who had not finished
when) are deleted when an anonymous survey closes, so they stand in a table of their own order, without arrival.
"""

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0005_running_surveys")
def build(db: Database) -> None:
    """Columns and tables for invitations, schedules, lead cards, corrections and messages."""
    for statement in (
        "ALTER TABLE survey ADD COLUMN opens_at TEXT",
        "ALTER TABLE survey ADD COLUMN closes_at TEXT",
        "ALTER TABLE survey ADD COLUMN audience TEXT NOT NULL DEFAULT 'teams' CHECK (audience IN ('teams', 'people'))",
        "ALTER TABLE survey ADD COLUMN remind_days INTEGER",
        "ALTER TABLE respondent ADD COLUMN origin TEXT NOT NULL DEFAULT 'portal' CHECK (origin IN ('portal', 'file'))",
        "ALTER TABLE answer ADD COLUMN origin TEXT NOT NULL DEFAULT 'portal'"
        " CHECK (origin IN ('portal', 'file', 'both'))",
        # where an answer was taken back, the revision that the next one goes on from
        """
        CREATE TABLE answer_taken_back (
            survey_id TEXT NOT NULL,
            respondent TEXT NOT NULL,
            question TEXT NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY (survey_id, respondent, question),
            FOREIGN KEY (survey_id, respondent) REFERENCES respondent (survey_id, id) ON UPDATE CASCADE
        ) WITHOUT ROWID
        """,
        "ALTER TABLE person ADD COLUMN reminders INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE person ADD COLUMN copied_session INTEGER NOT NULL DEFAULT 0",
        """
        CREATE TABLE invitee (
            survey_id TEXT NOT NULL REFERENCES survey (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            invited_at TEXT NOT NULL,
            PRIMARY KEY (survey_id, person_id)
        ) WITHOUT ROWID
        """,
        # surveys that are open by now were told to everybody in other ways: nobody is to be invited to them once more
        """
        CREATE TABLE asked_before (
            survey_id TEXT NOT NULL REFERENCES survey (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            PRIMARY KEY (survey_id, person_id)
        ) WITHOUT ROWID
        """,
        """
        INSERT INTO asked_before (survey_id, person_id)
        SELECT survey.id, person.id FROM survey, person WHERE survey.status = 'open' AND person.team IS NOT NULL
        """,
        """
        CREATE TABLE survey_link (
            token_hash TEXT PRIMARY KEY,
            survey_id TEXT NOT NULL REFERENCES survey (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX survey_link_survey ON survey_link (survey_id, person_id)",
        """
        CREATE TABLE message (
            id TEXT PRIMARY KEY,
            person_id TEXT NOT NULL REFERENCES person (id),
            survey_id TEXT REFERENCES survey (id),
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            body TEXT NOT NULL,
            page TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            read_at TEXT,
            mail TEXT NOT NULL CHECK (mail IN ('none', 'waiting', 'sent', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at TEXT,
            mail_error TEXT NOT NULL DEFAULT ''
        ) WITHOUT ROWID
        """,
        "CREATE INDEX message_person ON message (person_id, id)",
        "CREATE INDEX message_waiting ON message (next_try_at) WHERE mail = 'waiting'",
        "CREATE INDEX message_survey ON message (survey_id, kind, person_id)",
        """
        CREATE TABLE correction (
            id TEXT PRIMARY KEY,
            survey_id TEXT NOT NULL REFERENCES survey (id),
            at TEXT NOT NULL,
            person_id TEXT NOT NULL,
            note TEXT NOT NULL,
            before TEXT NOT NULL,
            after TEXT NOT NULL
        )
        """,
        "CREATE INDEX correction_survey ON correction (survey_id)",
        """
        CREATE TABLE lead_card (
            survey_id TEXT NOT NULL REFERENCES survey (id),
            question TEXT NOT NULL,
            number INTEGER NOT NULL,
            lead_id TEXT NOT NULL,
            facts TEXT NOT NULL,
            PRIMARY KEY (survey_id, question, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE answering_pace (
            type TEXT PRIMARY KEY,
            answers INTEGER NOT NULL,
            seconds REAL NOT NULL
        ) WITHOUT ROWID
        """,
    ):
        db.execute(statement)
