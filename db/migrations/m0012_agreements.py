"""Definitions, promises and the lead score as agreements of one kind, with their signatures, readers and evidence."""

import json

from sqlite_utils import Database

from db.migrations import migrations


@migrations(name="0012_agreements")
def build(db: Database) -> None:
    """Create the tables, take over definitions and promises under their ids, and drop the tables of each."""
    for statement in (
        # subject is the key of a term or of a promise, or 'lead_score'
        """
        CREATE TABLE agreement (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('definition', 'promise', 'score')),
            subject TEXT NOT NULL,
            version INTEGER NOT NULL,
            content TEXT NOT NULL,
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
            UNIQUE (kind, subject, version)
        )
        """,
        "CREATE UNIQUE INDEX agreement_one_open ON agreement (kind, subject) WHERE state IN ('draft', 'proposed')",
        "CREATE INDEX agreement_proposal ON agreement (proposal_id) WHERE proposal_id IS NOT NULL",
        """
        CREATE TABLE agreement_signature (
            id TEXT PRIMARY KEY,
            agreement_id TEXT NOT NULL REFERENCES agreement (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            team TEXT NOT NULL CHECK (team IN ('sales', 'marketing')),
            content_hash TEXT NOT NULL,
            signed_at TEXT NOT NULL,
            voided_at TEXT
        )
        """,
        "CREATE INDEX agreement_signature_agreement ON agreement_signature (agreement_id)",
        """
        CREATE UNIQUE INDEX agreement_signature_one_per_team ON agreement_signature (agreement_id, team)
        WHERE voided_at IS NULL
        """,
        """
        CREATE UNIQUE INDEX agreement_signature_one_per_person ON agreement_signature (agreement_id, person_id)
        WHERE voided_at IS NULL
        """,
        # what a version said from this revision on, until it was agreed or dropped
        """
        CREATE TABLE agreement_edit (
            agreement_id TEXT NOT NULL REFERENCES agreement (id),
            revision INTEGER NOT NULL,
            content TEXT NOT NULL,
            effective_from TEXT NOT NULL,
            person_id TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (agreement_id, revision)
        )
        """,
        """
        CREATE TABLE agreement_reading (
            agreement_id TEXT NOT NULL REFERENCES agreement (id),
            person_id TEXT NOT NULL REFERENCES person (id),
            at TEXT NOT NULL,
            PRIMARY KEY (agreement_id, person_id)
        )
        """,
        """
        CREATE TABLE agreement_evidence (
            id TEXT PRIMARY KEY,
            agreement_id TEXT NOT NULL REFERENCES agreement (id),
            content_hash TEXT NOT NULL,
            moment TEXT NOT NULL CHECK (moment IN ('proposed', 'signed')),
            facts TEXT NOT NULL,
            document TEXT NOT NULL,
            person_id TEXT NOT NULL,
            at TEXT NOT NULL
        )
        """,
        "CREATE INDEX agreement_evidence_agreement ON agreement_evidence (agreement_id)",
        # the points that each side would give, before there is a score of both
        """
        CREATE TABLE score_side (
            team TEXT PRIMARY KEY CHECK (team IN ('sales', 'marketing')),
            rule TEXT NOT NULL,
            person_id TEXT NOT NULL REFERENCES person (id),
            at TEXT NOT NULL,
            revision INTEGER NOT NULL DEFAULT 1
        )
        """,
    ):
        db.execute(statement)
    _take_over_definitions(db)
    _take_over_promises(db)
    db.execute(
        """
        INSERT INTO agreement_edit (agreement_id, revision, content, effective_from, person_id, at)
        SELECT id, revision, content, effective_from, author_id, created_at FROM agreement
        WHERE state IN ('draft', 'proposed')
        """
    )
    for table in ("acknowledgement", "signature", "definition", "promise_signature", "promise_version"):
        db.execute(f"DROP TABLE {table}")
    _guard(db)


_SAME = (
    "id, version, effective_from, content_hash, state, author_id, created_at, agreed_at, in_force_from, "
    "returned_because, revision"
)


def _take_over_definitions(db: Database) -> None:
    for key, text, rule, proposal, *same in db.execute(
        f"SELECT term_key, text, rule, proposal_id, {_SAME} FROM definition"
    ).fetchall():
        content = {"text": text, "rule": json.loads(rule) if rule is not None else None}
        _keep(db, "definition", key, content, proposal, same)
    db.execute(
        """
        INSERT INTO agreement_signature (id, agreement_id, person_id, team, content_hash, signed_at, voided_at)
        SELECT id, definition_id, person_id, team, content_hash, signed_at, voided_at FROM signature
        """
    )
    db.execute(
        """
        INSERT INTO agreement_reading (agreement_id, person_id, at)
        SELECT definition_id, person_id, at FROM acknowledgement
        """
    )


def _take_over_promises(db: Database) -> None:
    for key, terms, note, *same in db.execute(
        f"SELECT promise_key, terms, note, {_SAME} FROM promise_version"
    ).fetchall():
        _keep(db, "promise", key, {"terms": json.loads(terms), "note": note}, None, same)
    db.execute(
        """
        INSERT INTO agreement_signature (id, agreement_id, person_id, team, content_hash, signed_at, voided_at)
        SELECT id, promise_version_id, person_id, team, content_hash, signed_at, voided_at FROM promise_signature
        """
    )


def _keep(
    db: Database, kind: str, key: str, content: dict[str, object], proposal: str | None, same: list[object]
) -> None:
    db.execute(
        f"""
        INSERT INTO agreement (kind, subject, content, proposal_id, {_SAME})
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (kind, key, json.dumps(content, sort_keys=True, ensure_ascii=False), proposal, *same),
    )


def _guard(db: Database) -> None:
    """What must never happen, whoever writes: the store itself refuses it."""
    for statement in (
        # a version without a hash was taken over from the settings, signed by nobody, and may still be corrected
        """
        CREATE TRIGGER agreement_never_changes BEFORE UPDATE ON agreement
        WHEN old.state = 'agreed' AND old.content_hash <> ''
        BEGIN SELECT RAISE(ABORT, 'a version that is agreed never changes'); END
        """,
        """
        CREATE TRIGGER agreement_never_disappears BEFORE DELETE ON agreement
        BEGIN SELECT RAISE(ABORT, 'versions of agreements stay on record'); END
        """,
        """
        CREATE TRIGGER agreement_begins_open BEFORE INSERT ON agreement
        WHEN new.state = 'agreed' AND new.content_hash <> ''
        BEGIN SELECT RAISE(ABORT, 'a version is agreed by one person of each team'); END
        """,
        """
        CREATE TRIGGER agreement_takes_two BEFORE UPDATE ON agreement
        WHEN new.state = 'agreed' AND (old.state <> 'agreed' OR new.content_hash <> old.content_hash) AND (
            SELECT count(DISTINCT team) + count(DISTINCT person_id) FROM agreement_signature
            WHERE agreement_id = new.id AND voided_at IS NULL AND content_hash = new.content_hash
        ) < 4
        BEGIN SELECT RAISE(ABORT, 'a version is agreed by one person of each team'); END
        """,
        # who signed stays on record; a signature only becomes void, and only while the version is not agreed
        """
        CREATE TRIGGER agreement_signature_never_changes BEFORE UPDATE ON agreement_signature
        WHEN old.voided_at IS NOT NULL OR new.voided_at IS NULL
            OR (new.id, new.agreement_id, new.person_id, new.team, new.content_hash, new.signed_at)
                IS NOT (old.id, old.agreement_id, old.person_id, old.team, old.content_hash, old.signed_at)
            OR (SELECT state FROM agreement WHERE id = old.agreement_id) = 'agreed'
        BEGIN SELECT RAISE(ABORT, 'a signature stays as it was given'); END
        """,
        """
        CREATE TRIGGER agreement_signature_never_disappears BEFORE DELETE ON agreement_signature
        BEGIN SELECT RAISE(ABORT, 'signatures stay on record'); END
        """,
        """
        CREATE TRIGGER agreement_evidence_never_changes BEFORE UPDATE ON agreement_evidence
        BEGIN SELECT RAISE(ABORT, 'evidence is kept as it was'); END
        """,
        """
        CREATE TRIGGER agreement_evidence_never_disappears BEFORE DELETE ON agreement_evidence
        BEGIN SELECT RAISE(ABORT, 'evidence is kept as it was'); END
        """,
    ):
        db.execute(statement)
