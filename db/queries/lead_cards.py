"""Lead cards as the store holds them. Which lead a card is never leaves this module together with its facts."""

import json
from collections.abc import Mapping, Sequence

from alignment.lead_cards import LeadCard
from db.store import Connection


def cards(connection: Connection, survey_id: str, question: str) -> tuple[LeadCard, ...]:
    """The cards of a question by number; empty while none are drawn."""
    rows = connection.execute(
        "SELECT number, facts FROM lead_card WHERE survey_id = ? AND question = ? ORDER BY number",
        (survey_id, question),
    ).fetchall()
    return tuple(LeadCard(row["number"], tuple(json.loads(row["facts"]).items())) for row in rows)


def lead_ids(connection: Connection, survey_id: str, question: str) -> dict[int, str]:
    """Card number → id of its lead."""
    rows = connection.execute(
        "SELECT number, lead_id FROM lead_card WHERE survey_id = ? AND question = ? ORDER BY number",
        (survey_id, question),
    ).fetchall()
    return {row["number"]: row["lead_id"] for row in rows}


def drawn_questions(connection: Connection, survey_id: str) -> dict[str, int]:
    """Question key → how many cards it has, for the questions that have some."""
    rows = connection.execute(
        "SELECT question, count(*) AS cards FROM lead_card WHERE survey_id = ? GROUP BY question",
        (survey_id,),
    ).fetchall()
    return {row["question"]: row["cards"] for row in rows}


def replace_all(
    connection: Connection,
    survey_id: str,
    question: str,
    drawn: Sequence[tuple[str, Mapping[str, str]]],
) -> None:
    """Put these (lead id, label → text) in the place of the question's cards, numbered from 1 in this order."""
    remove(connection, survey_id, question)
    connection.executemany(
        "INSERT INTO lead_card (survey_id, question, number, lead_id, facts) VALUES (?, ?, ?, ?, ?)",
        [
            (survey_id, question, number, lead_id, json.dumps(dict(facts), ensure_ascii=False))
            for number, (lead_id, facts) in enumerate(drawn, 1)
        ],
    )


def remove(connection: Connection, survey_id: str, question: str) -> None:
    """Take the cards of a question away."""
    connection.execute("DELETE FROM lead_card WHERE survey_id = ? AND question = ?", (survey_id, question))
