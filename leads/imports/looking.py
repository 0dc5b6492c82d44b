"""The beginnings of files: what stands in each column, in the first rows only, so that it is quick whatever the size."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.imports import amounts, presets
from leads.imports.files import LeadFile

MOST_VALUES = 50
_EXAMPLES = 3
_FEW_ROWS, _MANY_ROWS = 20, 1_000
_MANY_CHARACTERS = 400_000
_LONGEST_VALUE = 120
YEAR_FIRST = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?$")
YEAR_LAST = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}([ T].*)?$")
_EPOCH = re.compile(r"^1\d{12}$")


@dataclass(frozen=True)
class FileSeen:
    """A file as it begins: its column names and some first rows; `rows` is None where only reading it all would tell.

    Of a workbook, `sheets` are those that can be read, and `sheet` is the one that is. `numbers` are by column the patterns of
    `LeadFile.numbers_in`; none where all is text.
    """

    name: str
    header: tuple[str, ...]
    first_rows: tuple[tuple[str, ...], ...]
    rows: int | None
    remarks: tuple[str, ...] = ()
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnSeen:
    """A column, or a property of a long file: some of its values, the most frequent ones, and what they look like.

    `looks` is date, number, text or nothing. `files` are the files that have it; none where only a mapping names it.
    """

    name: str
    examples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    looks: str = "nothing"
    personal: bool = False
    files: tuple[str, ...] = ()


def look(files: Sequence[LeadFile]) -> tuple[FileSeen, ...]:
    """The beginnings of files: enough rows for examples, fewer where cells are long."""
    seen = []
    for file in files:
        rows = file.first_rows(_FEW_ROWS)
        if sum(len(cell) for row in rows for cell in row) < _MANY_CHARACTERS * _FEW_ROWS // _MANY_ROWS:
            rows = file.first_rows(_MANY_ROWS)
        clipped = tuple(tuple(cell[:_LONGEST_VALUE] for cell in row) for row in rows)
        remarks = tuple(remark.text for remark in file.remarks)
        rows_known = file.rows or None
        numbers = tuple(file.numbers_in(place) for place in range(len(file.header)))
        seen.append(
            FileSeen(file.name, file.header, clipped, rows_known, remarks, file.sheet, file.sheets, numbers)
        )
    return tuple(seen)


def columns(files: Sequence[FileSeen], long: tuple[str, str, str] | None = None) -> tuple[ColumnSeen, ...]:
    """What stands in each column of the files; of a long file, in each property."""
    values: dict[str, list[str]] = {}
    owners: dict[str, list[str]] = {}
    for file in files:
        for name, cells in cells_by_property(file, long) if long else cells_by_column(file):
            same = next((known for known in values if known.casefold() == name.casefold()), name)
            values.setdefault(same, []).extend(cells)
            if file.name not in owners.setdefault(same, []):
                owners[same].append(file.name)
    return tuple(_seen(name, cells, tuple(owners[name])) for name, cells in values.items())


def cells_by_column(file: FileSeen) -> Iterator[tuple[str, list[str]]]:
    """The columns of a file, each with its cells in the first rows."""
    for place, name in enumerate(file.header):
        yield name, [row[place].strip() for row in file.first_rows]


def cells_by_property(file: FileSeen, long: tuple[str, str, str]) -> Iterator[tuple[str, list[str]]]:
    """The properties of a long file, each with the values it took; nothing of a file without these columns."""
    places = {name.casefold(): place for place, name in reversed(list(enumerate(file.header)))}
    found = [places.get(name.casefold()) for name in long[:2]]
    if None in found:
        return
    by_property: dict[str, list[str]] = {}
    for row in file.first_rows:
        name, value = (row[place].strip() for place in found if place is not None)
        if name:
            by_property.setdefault(name, []).append(value)
    yield from by_property.items()


def _seen(name: str, cells: Sequence[str], files: tuple[str, ...]) -> ColumnSeen:
    filled = [cell for cell in cells if cell]
    frequent = [value for value, _ in Counter(filled).most_common(MOST_VALUES)]
    examples = tuple(dict.fromkeys(filled))[:_EXAMPLES]
    return ColumnSeen(name, examples, tuple(frequent), _looks(filled), presets.is_personal(name), files)


def _looks(filled: Sequence[str]) -> str:
    if not filled:
        return "nothing"
    dates = sum(bool(YEAR_FIRST.match(c) or YEAR_LAST.match(c) or _EPOCH.match(c)) for c in filled)
    if dates > 0.6 * len(filled):
        return "date"
    return "number" if sum(bool(amounts.bare(c)) for c in filled) > 0.6 * len(filled) else "text"
