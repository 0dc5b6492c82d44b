"""How long answers took, added up by type of question. Nothing tells whose they were, or in which survey."""

from alignment.pace import Measured
from alignment.questionnaires import QuestionType
from db.store import Connection


def add(connection: Connection, type_: QuestionType, answers: int, seconds: float) -> None:
    """Add answers of this type and the seconds they took."""
    connection.execute(
        "INSERT INTO answering_pace (type, answers, seconds) VALUES (?, ?, ?)"
        " ON CONFLICT (type) DO UPDATE SET answers = answering_pace.answers + excluded.answers,"
        " seconds = answering_pace.seconds + excluded.seconds",
        (type_.value, answers, seconds),
    )


def measured(connection: Connection) -> dict[QuestionType, Measured]:
    """What was measured so far, by type."""
    rows = connection.execute("SELECT type, answers, seconds FROM answering_pace").fetchall()
    return {QuestionType(row["type"]): Measured(row["answers"], row["seconds"]) for row in rows}
