"""Tables as files: CSV and Excel workbooks written so that nothing in them runs, CSV read whatever program wrote it.

Text that a spreadsheet would take for a formula gets an apostrophe in front (see `texts.defuse`); `read_csv` takes it
away again. Text that already looks like that is kept apart by whoever knows what the text means (see `response_files`).
"""

import csv
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

from alignment.errors import InvalidInput
from alignment.texts import defuse

LARGEST_FILE = 20_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 1_000
LONGEST_CELL = 600_000
LONGEST_IN_EXCEL = 32_767
_SEPARATORS = (",", ";", "\t")
_KINDS_OF_FILE = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}
_SAVE_AS = "Save it as CSV (in Excel: Save as, CSV UTF-8) and choose that file."

Cell = str | int | float
"""What stands in a cell of a table that is written. '' is an empty cell."""


@dataclass(frozen=True)
class Table:
    """Column names and rows of as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class ReadTable:
    """A CSV file that was read: texts, trimmed, without the apostrophes that defuse formulas.

    `rows` are (number, cells): the number is the one a spreadsheet shows, the header's being 1 where nothing stands
    before it. Empty rows are left out; a row may have fewer or more cells than there are columns. `decimal_comma` says
    that the file separates by semicolons, as spreadsheets do where numbers have a comma. `note` says what was odd.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    decimal_comma: bool = False
    note: str = ""


def write_csv(table: Table) -> bytes:
    """The table as CSV in UTF-8 (with the mark by which Excel knows it), formulas defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(defuse(name) for name in table.columns)
    writer.writerows([defuse(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(table: Table, sheet: str) -> bytes:
    """The table as an Excel workbook of one sheet: each cell is a number or a text, never a formula or a link."""
    import xlsxwriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(str(path), options) as workbook:
            page = workbook.add_worksheet(sheet)
            bold = workbook.add_format({"bold": True})
            page.freeze_panes(1, 0)
            for column, name in enumerate(table.columns):
                page.write_string(0, column, str(defuse(name)), bold)
            for number, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    if not isinstance(cell, str):
                        page.write_number(number, column, cell)
                    elif cell:
                        page.write_string(number, column, _for_excel(str(defuse(cell))))
        return path.read_bytes()


def read_csv(data: bytes) -> ReadTable:
    """The table in a CSV file, separated by commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Raises InvalidInput, with a remedy, for what is no such file or too large.
    """
    if not isinstance(data, bytes):
        raise InvalidInput("There is no file. Choose one.")
    if len(data) > LARGEST_FILE:
        raise InvalidInput(
            f"The file has {len(data) / 1e6:,.0f} MB; {LARGEST_FILE // 1_000_000} MB are allowed. Split it up."
        )
    text, note = _text(data)
    separator, text, before = _separator(text)
    if any(line.count(separator) > 50 * MOST_COLUMNS for line in text.splitlines()):
        raise InvalidInput(f"A row has far more than {MOST_COLUMNS:,} columns. {_SAVE_AS}")
    records = _records(text, separator)
    columns = tuple(_armed(name.strip()) for name in records[0]) if records else ()
    while columns and not columns[-1]:
        columns = columns[:-1]
    if not columns:
        raise InvalidInput("The file is empty. Its first row has to name the columns.")
    if len(columns) > MOST_COLUMNS:
        raise InvalidInput(f"The file has {len(columns):,} columns; {MOST_COLUMNS:,} are allowed.")
    rows = tuple(
        (number, cells)
        for number, record in enumerate(records[1:], start=before + 2)
        if any(cells := tuple(_armed(cell.strip()) for cell in record))
    )
    if len(rows) > MOST_ROWS:
        raise InvalidInput(f"The file has {len(rows):,} rows; {MOST_ROWS:,} are allowed. Split it up.")
    return ReadTable(columns, rows, separator == ";", note)


def is_armed_when_bare(text: str) -> bool:
    """Whether `read_csv` would take the first character of this text for the apostrophe that defuses a formula."""
    return text.startswith("'") and defuse(text[1:]) != text[1:]


def _armed(cell: str) -> str:
    """The cell as it was before its formula was defused."""
    return cell[1:] if is_armed_when_bare(cell) else cell


def _for_excel(text: str) -> str:
    if len(text) <= LONGEST_IN_EXCEL:
        return text
    return "(too long for a spreadsheet; export CSV or JSON to have it)"


def _text(data: bytes) -> tuple[str, str]:
    """(text, what was odd) of a file."""
    for magic, kind in _KINDS_OF_FILE.items():
        if data.startswith(magic):
            raise InvalidInput(f"This is {kind}, no CSV file. {_SAVE_AS}")
    note = ""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            raise InvalidInput(f"The file is no text that can be read. {_SAVE_AS}") from None
        note = "The file is not in UTF-8 and was read as Windows text. Look at letters with accents."
    odd = text.translate(_HARMLESS)
    if odd:
        raise InvalidInput(
            f"The file has characters that no text has (the first is number {ord(odd[0])}), so it is no CSV file. "
            f"{_SAVE_AS}"
        )
    return text, note


class _Harmless(dict[int, int | None]):
    """A table for `str.translate` that drops every character but control characters other than tab and line break."""

    def __missing__(self, code: int) -> int | None:
        found = code if (code < 32 and code not in (9, 10, 13)) or code == 127 else None
        self[code] = found
        return found


_HARMLESS = _Harmless()


def _separator(text: str) -> tuple[str, str, int]:
    """(separator, text from the header on, how many rows stand before it)."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5 and first.strip()[4] in ",;":
        return first.strip()[4], rest, 1
    counts = {separator: first.count(separator) for separator in _SEPARATORS}
    return max(_SEPARATORS, key=lambda separator: counts[separator]), text, 0


def _records(text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records = []
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    try:
        for record in reader:
            records.append(record)
            if len(records) > 20 * MOST_ROWS:
                raise InvalidInput(f"The file has too many rows; {MOST_ROWS:,} are allowed. Split it up.")
    except csv.Error as error:
        raise InvalidInput(
            f"Line {reader.line_num} of the file cannot be read ({error}). Check the quotation marks there: a "
            "cell with a quotation mark stands in quotation marks, and each one inside is doubled."
        ) from error
    return records
