"""A list of people as a file: CSV with an e-mail in each row, and perhaps a name and a team. Every row is checked."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from alignment.errors import InvalidInput
from alignment.people import Person, Team

LARGEST_FILE = 1_000_000  # bytes
MOST_ROWS = 10_000
LONGEST_CELL = 10_000
_SAVE_ANEW = "Save the list as CSV in UTF-8, with a column ‘email’, and choose that file."
_NOBODY = f"There is nobody in the file. {_SAVE_ANEW}"
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be used: its line in the file, what is in it, why, and what to do."""

    line: int
    value: str
    reason: str


@dataclass(frozen=True)
class PeopleFile:
    """What a file holds: the people found, each once, in the order of the file, and the rows that cannot be used."""

    people: tuple[Person, ...]
    refused: tuple[RefusedRow, ...]


def read_people(content: object, known: Iterable[Person]) -> PeopleFile:
    """Find the people of a CSV file (bytes) among those `known`. `email[,name[,team]]`, with or without a heading.

    Separated by commas, semicolons or tabs. Raises InvalidInput when the file as a whole cannot be read.
    """
    rows = _rows(_text(content))
    if not rows:
        raise InvalidInput(_NOBODY)
    by_email = {person.email: person for person in known}
    columns, first = _columns(rows)
    found: dict[str, Person] = {}
    refused: list[RefusedRow] = []
    for line, row in rows[first:]:
        email = _cell(row, columns["email"]).lower()
        reason = _fault(by_email.get(email), email, _cell(row, columns.get("team")))
        if reason:
            refused.append(RefusedRow(line, (email or ", ".join(row))[:_LONGEST_SHOWN], reason))
        else:
            found.setdefault(email, by_email[email])
    if not found and not refused:
        raise InvalidInput(_NOBODY)
    return PeopleFile(tuple(found.values()), tuple(refused))


def _text(content: object) -> str:
    if not isinstance(content, bytes):
        raise InvalidInput(f"This is no file. {_SAVE_ANEW}")
    if len(content) > LARGEST_FILE:
        raise InvalidInput(
            f"The file has {len(content) / 1_000_000:.1f} MB; a list of people has at most {LARGEST_FILE // 1_000_000} MB."
        )
    if b"\0" in content:
        raise InvalidInput(f"The file is no list in plain text. {_SAVE_ANEW}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The file is not in UTF-8 (byte {error.start + 1:,}). {_SAVE_ANEW}") from error


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of the rows that have something in them."""
    heading = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    if not heading:
        raise InvalidInput(f"The file is empty. {_SAVE_ANEW}")
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = []
    try:
        for row in reader:
            if any(len(cell) > LONGEST_CELL for cell in row):
                raise InvalidInput(
                    f"Line {reader.line_num} cannot be read as CSV: a quotation mark is not closed. {_SAVE_ANEW}"
                )
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
            if len(rows) > MOST_ROWS + 1:
                raise InvalidInput(f"The list has more than {MOST_ROWS:,} rows. Split it.")
    except csv.Error as error:
        raise InvalidInput(f"Line {reader.line_num} cannot be read as CSV ({error}). {_SAVE_ANEW}") from error
    return rows


def _columns(rows: list[tuple[int, list[str]]]) -> tuple[dict[str, int], int]:
    """Which column is which, and the place of the first row with a person: without a heading, email, name, team."""
    heading = [cell.lower().replace("-", "") for cell in rows[0][1]]
    if "email" in heading:
        return {name: heading.index(name) for name in ("email", "name", "team") if name in heading}, 1
    if not any("@" in cell for cell in heading):
        raise InvalidInput(f"Line {rows[0][0]} names no column ‘email’. {_SAVE_ANEW}")
    return {"email": 0, "name": 1, "team": 2}, 0


def _cell(row: list[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _fault(person: Person | None, email: str, team: str) -> str:
    """Why a row cannot be used and what to do, or ''."""
    if not email:
        return "There is no e-mail in this row. Fill it in."
    if "@" not in email:
        return "This is no e-mail address. It should look like name@company.com."
    if person is None:
        return "Nobody has this e-mail. Check its spelling, or have an administrator add the person under People."
    if not person.active:
        return (
            f"{person.name} has no access any more. Leave the row out, or have an administrator give it back."
        )
    if person.team is None:
        return f"{person.name} belongs to neither team. Have an administrator choose one under People."
    if team and team.lower() not in tuple(Team):
        return f"‘{team[:_LONGEST_SHOWN]}’ is no team. Write sales or marketing, or leave it empty."
    if team and team.lower() != person.team:
        return f"{person.name} is in {person.team.label} here. Correct the row, or the team under People."
    return ""
