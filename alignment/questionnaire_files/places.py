"""On which line of a TOML text something stands. TOML readers forget lines, so the text is walked once more."""

import re
import tomllib
from collections.abc import Iterator

from alignment.questionnaire_files.problems import Problem


class Places:
    """Where the keys of a text stand."""

    def __init__(self, text: str) -> None:
        """Walk the text."""
        self._lines: dict[tuple[int | None, str], int] = {}
        question: int | None = None
        count = 0
        table = ""
        for number, line in _outside_strings(text):
            if re.match(r"\s*\[\[\s*questions\s*\]\]", line):
                question, count, table = count, count + 1, "questions"
                self._lines[(question, "")] = number
            elif header := re.match(r"\s*\[+\s*([\w.\"-]+)\s*\]+", line):
                table = header.group(1).strip('"')
                inside, name = self._inside(table, "", question)
                self._lines.setdefault((inside, name), number)
            elif key := re.match(r"\s*\"?([\w-]+)\"?\s*[.=]", line):
                self._lines.setdefault(self._inside(table, key.group(1), question), number)

    @staticmethod
    def _inside(table: str, key: str, question: int | None) -> tuple[int | None, str]:
        """(question's index, the key with the tables around it) of a key in a table."""
        parts = [part for part in (*table.split("."), key) if part]
        if parts[:1] == ["questions"]:
            return question, ".".join(parts[1:])
        return None, ".".join(parts)

    def line(self, question: int | None, key: str) -> int | None:
        """The line of `key` in the question with this index (None: in the head), else of what it stands in."""
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            found = self._lines.get((question, ".".join(parts[:length])))
            if found:
                return found
        return self._lines.get((question, "")) or self._lines.get((None, parts[0]))


def syntax_problem(error: tomllib.TOMLDecodeError | RecursionError) -> Problem:
    """What the TOML reader stumbled over, with its line."""
    found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
    if found:
        what, line, column = found.groups()
        return Problem(
            int(line),
            "",
            f"This is not TOML at column {column} ({what}). Check quotation marks and brackets.",
        )
    return Problem(None, "", f"This is not TOML ({error}). Check quotation marks and brackets.")


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of the lines that do not begin inside a string of several lines."""
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
        for mark in re.findall(r'"""|\'\'\'', line):
            inside = "" if inside == mark else (inside or mark)
