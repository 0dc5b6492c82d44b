"""Cycles, workshops, terms and their definitions."""

from sqlite_utils import Database

from db.migrations import migrations

TERMS = (
    ("lead", "Lead", "A person or company that may one day buy and that we have a way to reach."),
    ("mql", "MQL", "Marketing qualified lead: marketing judges it ready to hand over to sales."),
    ("sal", "SAL", "Sales accepted lead: sales has looked at it and taken it on."),
    ("sql", "SQL", "Sales qualified lead: sales has spoken to it and found a need, a budget and a time."),
    ("opportunity", "Opportunity", "A possible deal with a value and a date, worked by sales."),
    ("disqualified", "Disqualified", "A lead that will not be pursued, with the reason."),
    ("recycled", "Recycled", "A lead handed back to marketing because the time is not right yet."),
)


@migrations(name="0003_agreements")
def build(db: Database) -> None:
    """The rooms in which teams settle something, with the terms every company starts from."""
    for statement in (
        """
        CREATE TABLE cycle (
            id TEXT PRIMARY KEY,
            number INTEGER NOT NULL UNIQUE,
            name TEXT NOT NULL,
            phase TEXT NOT NULL CHECK (phase IN ('identify', 'plan', 'execute', 'recap', 'closed')),
            started_at TEXT NOT NULL,
            plan_at TEXT,
            execute_at TEXT,
            recap_at TEXT,
            closed_at TEXT,
            sales_point_id TEXT REFERENCES person (id),
            marketing_point_id TEXT REFERENCES person (id),
            baseline TEXT,
            recap TEXT,
            growth TEXT NOT NULL DEFAULT '',
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        """
        CREATE TABLE workshop (
            id TEXT PRIMARY KEY,
            cycle_id TEXT REFERENCES cycle (id),
            title TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
            created_at TEXT NOT NULL,
            closed_at TEXT,
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
        """
        CREATE TABLE topic (
            id TEXT PRIMARY KEY,
            workshop_id TEXT NOT NULL REFERENCES workshop (id),
            position INTEGER NOT NULL,
            title TEXT NOT NULL,
            reason TEXT NOT NULL,
            survey_id TEXT,
            question_key TEXT,
            state TEXT NOT NULL CHECK (state IN ('open', 'agreed', 'parked')),
            UNIQUE (workshop_id, survey_id, question_key)
        )
        """,
        """
        CREATE TABLE proposal (
            id TEXT PRIMARY KEY,
            topic_id TEXT NOT NULL REFERENCES topic (id),
            term_key TEXT NOT NULL,
            text TEXT NOT NULL,
            rule TEXT,
            author_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('voting', 'carried', 'not_carried', 'withdrawn')),
            decided_at TEXT
        )
        """,
        "CREATE INDEX proposal_topic ON proposal (topic_id)",
        "CREATE UNIQUE INDEX proposal_one_vote_at_a_time ON proposal (topic_id) WHERE state = 'voting'",
        """
        CREATE TABLE vote (
            proposal_id TEXT NOT NULL REFERENCES proposal (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            choice TEXT NOT NULL CHECK (choice IN ('yes', 'no', 'abstain')),
            at TEXT NOT NULL,
            PRIMARY KEY (proposal_id, person_id)
        )
        """,
        """
        CREATE TABLE term (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            meaning TEXT NOT NULL,
            position INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE definition (
            id TEXT PRIMARY KEY,
            term_key TEXT NOT NULL REFERENCES term (key),
            version INTEGER NOT NULL,
            text TEXT NOT NULL,
            rule TEXT,
            effective_from TEXT NOT NULL,
            content_hash TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('draft', 'proposed', 'agreed', 'dropped')),
            author_id TEXT NOT NULL,
            created_at TEXT NOT NULL,
            agreed_at TEXT,
            in_force_from TEXT,
            returned_because TEXT NOT NULL DEFAULT '',
            proposal_id TEXT REFERENCES proposal (id),
            revision INTEGER NOT NULL DEFAULT 1,
            UNIQUE (term_key, version)
        )
        """,
        "CREATE UNIQUE INDEX definition_one_open ON definition (term_key) WHERE state IN ('draft', 'proposed')",
        """
        CREATE TABLE signature (
            id TEXT PRIMARY KEY,
            definition_id TEXT NOT NULL REFERENCES definition (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            content_hash TEXT NOT NULL,
            signed_at TEXT NOT NULL,
            voided_at TEXT
        )
        """,
        """
        CREATE UNIQUE INDEX signature_one_per_team ON signature (definition_id, team)
        WHERE voided_at IS NULL
        """,
        """
        CREATE TABLE acknowledgement (
            definition_id TEXT NOT NULL REFERENCES definition (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            at TEXT NOT NULL,
            PRIMARY KEY (definition_id, person_id)
        )
        """,
    ):
        db.execute(statement)
    for position, term in enumerate(TERMS):
        db.execute("INSERT INTO term (key, name, meaning, position) VALUES (?, ?, ?, ?)", (*term, position))
