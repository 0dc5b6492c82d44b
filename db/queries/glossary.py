"""Details of terms, their examples, and people's last quiz as the store holds them."""

import json
from collections.abc import Iterable, Mapping

from alignment.glossary import Example, TeamWords, TermDetails
from alignment.people import Team
from db.keys import new_id
from db.store import Connection, Row


def details(connection: Connection, term_key: str | None = None) -> dict[str, TermDetails]:
    """What is known of each term beside its versions, by key; terms of which nothing is known are left out."""
    where = "" if term_key is None else "WHERE term_key = ?"
    given = () if term_key is None else (term_key,)
    rows = {row["term_key"]: row for row in connection.execute(f"SELECT * FROM term_detail {where}", given)}
    related: dict[str, list[str]] = {}
    for row in connection.execute(
        """
        SELECT relation.term_key, relation.other FROM (
            SELECT first_key AS term_key, second_key AS other FROM term_relation
            UNION ALL SELECT second_key, first_key FROM term_relation
        ) AS relation JOIN term ON term.key = relation.other ORDER BY term.position, term.name
        """
    ):
        related.setdefault(row["term_key"], []).append(row["other"])
    examples: dict[str, list[Example]] = {}
    for row in connection.execute(
        f"SELECT * FROM term_example {where} ORDER BY qualifies DESC, added_at, id", given
    ):
        examples.setdefault(row["term_key"], []).append(_example(row))
    keys = {*rows, *related, *examples} if term_key is None else {term_key}
    return {key: _details(key, rows.get(key), related.get(key, ()), examples.get(key, ())) for key in keys}


def put_details(
    connection: Connection,
    term_key: str,
    *,
    owners: Mapping[Team, str],
    words: Mapping[Team, TeamWords],
) -> None:
    """Replace who answers for a term and what the teams said; moves its revision."""
    connection.execute(
        """
        INSERT INTO term_detail (term_key, sales_owner_id, marketing_owner_id, sales_called, marketing_called,
            sales_meant, marketing_meant)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (term_key) DO UPDATE SET
            sales_owner_id = excluded.sales_owner_id, marketing_owner_id = excluded.marketing_owner_id,
            sales_called = excluded.sales_called, marketing_called = excluded.marketing_called,
            sales_meant = excluded.sales_meant, marketing_meant = excluded.marketing_meant,
            revision = term_detail.revision + 1
        """,
        (
            term_key,
            owners.get(Team.SALES),
            owners.get(Team.MARKETING),
            *(
                json.dumps(_said(words, team).called, ensure_ascii=False)
                for team in (Team.SALES, Team.MARKETING)
            ),
            *(_said(words, team).meant for team in (Team.SALES, Team.MARKETING)),
        ),
    )


def put_related(connection: Connection, term_key: str, related: Iterable[str]) -> None:
    """Make these the terms that belong to a term, and it to them."""
    connection.execute(
        "DELETE FROM term_relation WHERE first_key = ? OR second_key = ?", (term_key, term_key)
    )
    connection.executemany(
        "INSERT INTO term_relation (first_key, second_key) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [tuple(sorted((term_key, other))) for other in related],
    )


def add_example(connection: Connection, example: Example) -> str:
    """Keep an example under a new id, which is returned; one of the same lead is replaced."""
    example_id = new_id()
    connection.execute(
        """
        INSERT INTO term_example (id, term_key, lead_id, qualifies, note, facts, added_by, added_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (term_key, lead_id) DO UPDATE SET id = excluded.id, qualifies = excluded.qualifies,
            note = excluded.note, facts = excluded.facts, added_by = excluded.added_by, added_at = excluded.added_at
        """,
        (
            example_id,
            example.term_key,
            example.lead_id,
            int(example.qualifies),
            example.note,
            json.dumps(example.facts, ensure_ascii=False),
            example.added_by,
            example.added_at,
        ),
    )
    return example_id


def find_example(connection: Connection, example_id: str) -> Example | None:
    """One example."""
    row = connection.execute("SELECT * FROM term_example WHERE id = ?", (example_id,)).fetchone()
    return _example(row) if row else None


def remove_example(connection: Connection, example_id: str) -> None:
    """Take an example out."""
    connection.execute("DELETE FROM term_example WHERE id = ?", (example_id,))


def origins(connection: Connection) -> dict[str, tuple[str, str]]:
    """Term → (survey, key of the question) that its latest carried proposal settled, where it came from a questionnaire."""
    rows = connection.execute(
        """
        SELECT proposal.term_key, topic.survey_id, topic.question_key
        FROM proposal JOIN topic ON topic.id = proposal.topic_id
        WHERE proposal.state = 'carried' AND topic.survey_id IS NOT NULL AND topic.question_key IS NOT NULL
        ORDER BY proposal.decided_at, proposal.id
        """
    )
    return {row["term_key"]: (row["survey_id"], row["question_key"]) for row in rows}


def put_quiz_result(connection: Connection, person_id: str, *, at: str, correct: int, asked: int) -> None:
    """Keep how a person did in a quiz, in the place of the one before."""
    connection.execute(
        """
        INSERT INTO quiz_result (person_id, taken_at, correct, asked) VALUES (?, ?, ?, ?)
        ON CONFLICT (person_id) DO UPDATE SET
            taken_at = excluded.taken_at, correct = excluded.correct, asked = excluded.asked
        """,
        (person_id, at, correct, asked),
    )


def quiz_result(connection: Connection, person_id: str) -> tuple[str, int, int] | None:
    """(instant, right answers, questions) of a person's last quiz."""
    row = connection.execute(
        "SELECT taken_at, correct, asked FROM quiz_result WHERE person_id = ?", (person_id,)
    ).fetchone()
    return (row["taken_at"], row["correct"], row["asked"]) if row else None


def _said(words: Mapping[Team, TeamWords], team: Team) -> TeamWords:
    return words.get(team, TeamWords())


def _details(key: str, row: Row | None, related: Iterable[str], examples: Iterable[Example]) -> TermDetails:
    owners, words = {}, {}
    if row is not None:
        for team in Team:
            if row[f"{team.value}_owner_id"]:
                owners[team] = row[f"{team.value}_owner_id"]
            said = TeamWords(tuple(json.loads(row[f"{team.value}_called"])), row[f"{team.value}_meant"])
            if said.told:
                words[team] = said
    return TermDetails(
        key, owners, words, tuple(related), tuple(examples), row["revision"] if row is not None else 0
    )


def _example(row: Row) -> Example:
    return Example(
        id=row["id"],
        term_key=row["term_key"],
        lead_id=row["lead_id"],
        qualifies=bool(row["qualifies"]),
        note=row["note"],
        facts=tuple((label, text) for label, text in json.loads(row["facts"])),
        added_by=row["added_by"],
        added_at=row["added_at"],
    )
