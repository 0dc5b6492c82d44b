"""Answers as rows of a table, and back: `person,team,<key>,…`, one row a person.

How an answer stands in its cell: a choice as its option; several choices joined by `|`; a ranking by `>`; yes or no as
`yes` and `no`; points and numbers in a form that reads back to the same number; a rule and judged lead cards as JSON;
'can't say' as `can't say`; an empty cell was not answered. What would be taken for something else (an option that is
called `can't say`, text that begins with a backslash, or with the apostrophe that defuses formulas) gets a backslash
in front, which is taken off again. Guesses and the importance of topics have columns of their own (`guess:<key>`,
`importance:<topic>`).
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignment import rules
from alignment.answers import check_answer
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaires import Question, Questionnaire, QuestionType, Response
from alignment.tables import Cell, ReadTable, Table, is_armed_when_bare

CANT_SAY = "can't say"
PERSON, TEAM = "person", "team"
_ESCAPE = "\\"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+", re.ASCII)
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_LONGEST_SHOWN = 100


@dataclass(frozen=True)
class RowRefusal:
    """Why a row, a column, or one cell cannot be used. `row` is its number in a spreadsheet; 1 is the header."""

    row: int
    column: str
    value: str
    reason: str

    def to_document(self) -> dict[str, Any]:
        """The refusal in the shape of `manage.py import-responses --json`."""
        return {"row": self.row, "column": self.column, "value": self.value, "reason": self.reason}


@dataclass(frozen=True)
class ReadRow:
    """One person's row: who, as the file has it; the team, '' where the file has none; and what was answered."""

    row: int
    person: str
    team: str
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class ReadResponses:
    """What a file of answers holds: rows that can be used, and what cannot. `read` counts the rows of the file.

    `warnings` are about columns that are left out; no row is refused for them.
    """

    read: int
    rows: tuple[ReadRow, ...]
    refusals: tuple[RowRefusal, ...]
    warnings: tuple[RowRefusal, ...] = ()
    note: str = ""


def columns_of(questionnaire: Questionnaire) -> tuple[str, ...]:
    """The columns of the answers to a questionnaire."""
    return (PERSON, TEAM, *(question.key for question in questionnaire.everything))


def to_table(questionnaire: Questionnaire, responses: Iterable[Response]) -> Table:
    """One row a person, whose label is `respondent`."""
    return Table(
        columns_of(questionnaire),
        tuple(
            (
                write_label(response.respondent),
                response.team.value,
                *(
                    write_cell(question, response.answers[question.key])
                    if question.key in response.answers
                    else ""
                    for question in questionnaire.everything
                ),
            )
            for response in responses
        ),
    )


def write_cell(question: Question, value: Any) -> Cell:
    """An answer, in the form it is stored in, as a cell; None is 'can't say'."""
    if value is None:
        return CANT_SAY
    match question.type:
        case QuestionType.YES_NO:
            return "yes" if value else "no"
        case QuestionType.SCALE:
            return int(value)
        case QuestionType.NUMBER:
            return int(value) if value == int(value) and str(value) != "-0.0" else float(value)
        case QuestionType.CHOICES:
            return write_label("|".join(value))
        case QuestionType.RANKING:
            return write_label(">".join(value))
        case QuestionType.RULE | QuestionType.LEAD_CARDS:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return write_label(str(value))


def write_label(text: str) -> str:
    """A text as a cell that `read_cell` takes for this text and for nothing else."""
    if _is_cant_say(text) or text.startswith(_ESCAPE) or is_armed_when_bare(text):
        return _ESCAPE + text
    return text


def read_label(cell: str) -> str:
    """The text that `write_label` made a cell of."""
    return cell[1:] if cell.startswith(_ESCAPE) else cell


def read_cell(question: Question, cell: str, *, decimal_comma: bool = False) -> Any:
    """The answer in a cell that is not empty, in the form it is stored in; None is 'can't say'.

    Raises InvalidInput for what the question does not offer.
    """
    if _is_cant_say(cell):
        return None
    text = read_label(cell)
    match question.type:
        case QuestionType.YES_NO:
            return check_answer(question, _YES_NO.get(text.lower(), text))
        case QuestionType.SCALE:
            number = _number(question, text, decimal_comma)
            return check_answer(question, int(number) if number == int(number) else number)
        case QuestionType.NUMBER:
            return check_answer(question, _number(question, text, decimal_comma))
        case QuestionType.CHOICES:
            return check_answer(question, [part.strip() for part in text.split("|")])
        case QuestionType.RANKING:
            return check_answer(question, [part.strip() for part in text.split(">")])
        case QuestionType.RULE:
            return rules.to_document(rules.parse_json(text))
        case QuestionType.LEAD_CARDS:
            return check_answer(question, _json(question, text))
    return check_answer(question, text)


def read_responses(questionnaire: Questionnaire, table: ReadTable) -> ReadResponses:
    """The rows of a file that can be used, and a refusal for each cell that cannot: the rest of its row goes with it.

    A column that no question has is told and left out. Raises InvalidInput when the file has no column `person`, one
    column twice, or no question at all.
    """
    questions = {question.key: question for question in questionnaire.everything}
    named = {name: index for index, name in enumerate(table.columns)}
    _check_columns(questionnaire, table.columns)
    warnings = [_unknown(name, questions) for name in table.columns if name not in (PERSON, TEAM, *questions)]
    refusals: list[RowRefusal] = []
    rows: list[ReadRow] = []
    for number, cells in table.rows:
        faults: list[RowRefusal] = []
        if len(cells) > len(table.columns) and any(cells[len(table.columns) :]):
            beyond = f"The row has {len(cells)} cells, the first row {len(table.columns)}. Check commas and quotation marks."
            faults.append(RowRefusal(number, "", "", beyond))
        filled = {
            name: cells[index] for name, index in named.items() if index < len(cells) and cells[index] != ""
        }
        answers: dict[str, Any] = {}
        for key, question in questions.items():
            if key not in filled or (faults and not faults[0].column):
                continue
            try:
                answers[key] = read_cell(question, filled[key], decimal_comma=table.decimal_comma)
            except InvalidInput as error:
                faults.append(RowRefusal(number, key, shown(filled[key]), str(error)))
        if PERSON not in filled and not faults:
            faults.append(RowRefusal(number, PERSON, "", "The row does not say whose answers these are."))
        elif not answers and not faults:
            faults.append(RowRefusal(number, "", "", "The row has no answer."))
        if faults:
            refusals += faults
        else:
            rows.append(ReadRow(number, read_label(filled[PERSON]), filled.get(TEAM, "").lower(), answers))
    return ReadResponses(len(table.rows), tuple(rows), tuple(refusals), tuple(warnings), table.note)


def to_document(questionnaire: Questionnaire, responses: Sequence[Response]) -> list[dict[str, Any]]:
    """The responses as plain tables and lists, with the answers as they are stored; None is 'can't say'."""
    return [
        {
            PERSON: response.respondent,
            TEAM: response.team.value,
            "answers": {
                question.key: response.answers[question.key]
                for question in questionnaire.everything
                if question.key in response.answers
            },
        }
        for response in responses
    ]


def team_of(text: str) -> Team | None:
    """The team that a cell names; None where it names none."""
    return Team(text) if text in list(Team) else None


def shown(text: str) -> str:
    """A value of the file, shortened for a report."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _check_columns(questionnaire: Questionnaire, columns: tuple[str, ...]) -> None:
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput(f"The first row names ‘{shown(twice)}’ twice. Remove one of the two columns.")
    if PERSON not in columns:
        raise InvalidInput(
            "The first row has no column ‘person’. It has to read: person,team, and then the keys of the questions."
        )
    keys = [question.key for question in questionnaire.everything]
    if not set(keys) & set(columns):
        listed = ", ".join(keys[:5]) + (" …" if len(keys) > 5 else "")
        raise InvalidInput(f"No column has the key of a question of ‘{questionnaire.title}’: {listed}")


def _unknown(name: str, questions: Mapping[str, Question]) -> RowRefusal:
    close = difflib.get_close_matches(name, tuple(questions), n=1)
    hint = f" Perhaps ‘{close[0]}’ was meant." if close else ""
    reason = f"There is no question with this key, so the column is left out.{hint}"
    return RowRefusal(1, shown(name), "", reason)


def _is_cant_say(text: str) -> bool:
    return text.replace("’", "'").lower() == CANT_SAY


def _number(question: Question, text: str, decimal_comma: bool) -> float:
    found = _DECIMAL_COMMA.fullmatch(text) if decimal_comma else None
    plain = f"{found[1]}.{found[2]}" if found else text
    if decimal_comma and _THOUSANDS.fullmatch(text):
        raise InvalidInput(
            f"‘{question.name}’: where semicolons separate the cells, {text} can be read in two ways. Please write "
            f"{text.replace('.', '')} if the point separates thousands, or {text.replace('.', ',')} if it is the decimal sign."
            if text.count(".") == 1
            else f"‘{question.name}’: please give {text} without separators of thousands: {text.replace('.', '')}."
        )
    if not _NUMBER.fullmatch(plain) or len(plain) > 400:
        raise InvalidInput(
            f"‘{question.name}’: please give a number such as 12 or 0.5, without a unit and without separators of thousands."
        )
    number = float(plain)
    if number in (float("inf"), float("-inf")):
        raise InvalidInput(f"‘{question.name}’: please give a number of ordinary size.")
    return number


def _json(question: Question, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(
            f"‘{question.name}’: please give judged cards as JSON, for example "
            '{"1": {"verdict": "qualified"}, "2": {"verdict": "not_qualified", "reason": "…"}}'
        ) from None
