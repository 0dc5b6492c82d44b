"""Excel and OpenDocument workbooks, read in a process of their own with bounded memory.

A workbook is a ZIP archive that can claim any size, and its reader holds a whole sheet. So it is opened by a child
process that may use so much memory and no more: what is hostile ends there, and the portal goes on. The child writes
the cells of one sheet as text into a Parquet file, from which they are loaded.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from leads.imports import amounts
from leads.imports.files import (
    AS_THEY_STAND,
    LARGEST_CELL,
    MOST_COLUMNS,
    LeadFile,
    Ragged,
    Reading,
    UnreadableFile,
    short,
)
from leads.imports.report import ImportWarning

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    from python_calamine import CalamineSheet

    from leads.store import Draft

LARGEST_WORKBOOK = 100_000_000
LARGEST_UNPACKED = 2_000_000_000
MOST_MEMORY = 2 << 30
LONGEST_SECONDS = 300
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
_ROOT = Path(__file__).resolve().parents[2]
_SEARCHED_ROWS = 20
_BATCH = 20_000
_MOST_RAGGED = 10_000
_MOST_TITLES = 20
_AS_CSV = "Save the sheet as CSV (in Excel: Save as, CSV UTF-8) and bring in that file."
_ERRORS = frozenset({"#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#GETTING_DATA"})


@dataclass
class ExcelFile(LeadFile):
    """A sheet of a workbook, unpacked beside it for as long as this object lives."""

    cells: Path = field(default_factory=Path)
    folder: "TemporaryDirectory[str] | None" = field(default=None, repr=False)

    def load(
        self, draft: "Draft", table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> "ibis.Table":
        """See `LeadFile.load`."""
        cells = draft.backend.read_parquet(self.cells)
        texts = {f"c{place}": cells[f"c{position}"] for place, position in enumerate(positions)}
        return draft.backend.create_table(table_name, read.keep(cells.select("row", **texts)), temp=True)

    def numbers_in(self, _position: int) -> str:
        """See `LeadFile.numbers_in`: in any column numbers and texts may stand below each other."""
        return amounts.SHORTEST

    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """See `LeadFile.first_rows`."""
        import pyarrow.parquet as pq

        names = [f"c{position}" for position in range(len(self.header))]
        with pq.ParquetFile(self.cells) as file:
            rows = next(file.iter_batches(count, columns=names), None)
        return [] if rows is None else [tuple(row[name] or "" for name in names) for row in rows.to_pylist()]


def look_through(path: Path, name: str, sheet: str | None = None) -> ExcelFile:
    """Unpack a sheet of a workbook; its header is the first row that is as wide as a table.

    That is the sheet of this name, capitals aside, or the first that has rows. A workbook with only one that has rows is read
    whatever that is called, with a remark, so that a name may be meant for another file beside it. Raises UnreadableFile, with a remedy, for what is no workbook, protected, empty, or larger than it may be, whatever the
    file itself claims.
    """
    _check_size(path, name)
    folder = TemporaryDirectory(prefix="concord-workbook-")
    cells = Path(folder.name) / "cells.parquet"
    # nothing of the portal's own environment is of use to a process that reads a stranger's file
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "leads.imports.excel_files", str(path.resolve()), str(cells), sheet or ""],
            capture_output=True,
            timeout=LONGEST_SECONDS,
            cwd=folder.name,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile(f"{name} takes too long to read as a workbook. {_AS_CSV}") from None
    if done.returncode > 0 and not re.search(rb"MemoryError|allocat|capacity overflow", done.stderr):
        raise UnreadableFile(f"{name} holds something that its reader stumbles over. {_AS_CSV}")
    if done.returncode:
        raise UnreadableFile(
            f"{name} needs more memory or time than a workbook may take: it claims a far larger sheet than it has, "
            f"or is too large. {_AS_CSV}"
        )
    found = json.loads(done.stdout)
    if "error" in found:
        raise UnreadableFile(f"{name} {found['error']}")
    file = ExcelFile(path, name, tuple(found["header"]), cells=cells, folder=folder)
    file.sheet, file.sheets = found["sheet"], tuple(found["sheets"])
    file.rows = found["rows"] + len(found["ragged"])
    file.ragged.extend(Ragged(*entry) for entry in found["ragged"])
    file.remarks.extend(_remarks(name, found, sheet))
    return file


def _check_size(path: Path, name: str) -> None:
    """Refuse what is too large before anything is unpacked; a file that lies about it is met by the child's limits."""
    size = path.stat().st_size
    if size > LARGEST_WORKBOOK:
        raise UnreadableFile(
            f"{name} has {size / 1e6:,.0f} MB; a workbook may have {LARGEST_WORKBOOK / 1e6:,.0f} MB. {_AS_CSV}"
        )
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(f"{name} is a damaged ZIP archive ({error}). Export it again.") from None
    if unpacked > LARGEST_UNPACKED:
        raise UnreadableFile(
            f"{name} would unpack to {unpacked / 1e9:,.1f} GB; at most {LARGEST_UNPACKED / 1e9:,.0f} GB are allowed. "
            f"{_AS_CSV}"
        )
    if not any(member.startswith("xl/") or member == "content.xml" for member in members):
        raise UnreadableFile(
            f"{name} is a ZIP archive, not a workbook. Unpack it and bring in the files that are in it."
        )


def _remarks(name: str, found: dict[str, Any], wanted: str | None) -> Iterator[ImportWarning]:
    others = [title for title in found["sheets"] if title != found["sheet"]]
    if others and not wanted:
        yield ImportWarning(
            "other_sheets",
            len(others),
            f"{name}: the sheet “{found['sheet']}” was read; others that are filled in were not: "
            f"{_titles(others)}. Choose the sheet to read if it is another one.",
        )
    if wanted and not _same(wanted, found["sheet"]):
        yield ImportWarning(
            "only_sheet",
            1,
            f"{name} has no sheet “{short(wanted)}”; the only one that is filled in, “{found['sheet']}”, was read.",
        )
    if found["above"]:
        yield ImportWarning(
            "rows_above_header",
            found["above"],
            f"{name}: the column names stand in row {found['header_row']}; what is above them was left out.",
        )
    if found["errors"]:
        yield ImportWarning(
            "error_cells",
            found["errors"],
            f"{name}: {found['errors']:,} cells show an error such as #N/A; they count as empty.",
        )


# What follows runs in the child.


def _convert(source: Path, target: Path, wanted: str) -> dict[str, Any]:
    """Write the cells of the workbook's sheet to `target`; what was found, or a sentence on why it cannot be read.

    `wanted` is the name of the sheet, '' for the first.
    """
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        book = CalamineWorkbook.from_path(source)
        tables = [one for one in book.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
        visible = [one.name for one in tables if one.visible == SheetVisibleEnum.Visible]
        filled: dict[str, CalamineSheet | None] = {}
        for title in visible:
            candidate = book.get_sheet_by_name(title)
            if candidate.height and (not filled or _same(wanted, title)):
                filled[title] = candidate
            elif candidate.height:
                filled[title] = None  # only its name is of use
    except PasswordError:
        return {"error": "is protected by a password. Save it without one."}
    except (CalamineError, OSError, ValueError) as error:
        return {"error": f"cannot be read as an Excel workbook ({str(error)[:200]}). {_AS_CSV}"}
    if not filled:
        return {"error": "has no sheet that is filled in. Export it again, with a header row."}
    titles = list(filled)
    chosen = next((title for title in titles if _same(wanted, title)), titles[0])
    if wanted and not _same(wanted, chosen) and len(titles) > 1:
        return {
            "error": f"has no sheet “{short(wanted)}” that is filled in. It has: {_titles(titles)}. Name one of them."
        }
    sheet = filled[chosen]
    assert sheet is not None
    return _written(sheet, target) | {"sheet": chosen, "sheets": titles}


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _titles(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - _MOST_TITLES:,} more" if len(titles) > _MOST_TITLES else ""
    return ", ".join(f"“{short(title)}”" for title in titles[:_MOST_TITLES]) + more


def _written(sheet: "CalamineSheet", target: Path) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    place, width = _header(sheet)
    rows = enumerate(sheet.iter_rows(), start=1)
    header = next([_text(cell)[0] for cell in row[:width]] for number, row in rows if number == place)
    if width > MOST_COLUMNS:
        return {
            "error": f"has {width:,} columns; at most {MOST_COLUMNS:,} are allowed. Leave out what is not needed."
        }
    schema = pa.schema([("row", pa.int64()), *((f"c{index}", pa.string()) for index in range(width))])
    read, errors, ragged = 0, 0, []
    above = sum(1 for row in islice(sheet.iter_rows(), place - 1) if any(cell != "" for cell in row))
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            numbers: list[int] = []
            kept: list[list[str]] = []
            for number, row in batch:
                texts = []
                for cell in row:
                    text, is_error = _text(cell)
                    errors += is_error
                    if len(text) > LARGEST_CELL:
                        return {
                            "error": f"has over {LARGEST_CELL:,} characters in a cell of row {number:,}. Correct or remove it."
                        }
                    texts.append(text)
                filled = max((index for index, text in enumerate(texts, start=1) if text), default=0)
                if filled > width:
                    reason = f"The row has {filled:,} cells, the header has {width:,}."
                    ragged.append((number, filled, reason))
                elif filled:
                    numbers.append(number)
                    kept.append(texts[:width])
            read += len(kept)
            writer.write_batch(_batch(schema, numbers, kept))
    return {
        "header": header,
        "header_row": place,
        "above": above,
        "rows": read,
        "ragged": ragged,
        "errors": errors,
    }


def _batch(schema: "pa.Schema", numbers: list[int], kept: list[list[str]]) -> "pa.RecordBatch":
    import pyarrow as pa

    columns = zip(*kept, strict=True) if kept else ((),) * (len(schema) - 1)
    texts = (pa.array([text or None for text in column], pa.string()) for column in columns)
    arrays = [pa.array(numbers, pa.int64()), *texts]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _header(sheet: "CalamineSheet") -> tuple[int, int]:
    """The row of the column names, and how many there are.

    Reports put a title above their table: the header is the first of the leading rows that is at least half as full as
    the fullest of them.
    """
    leading = [[_text(cell)[0] for cell in row] for row in islice(sheet.iter_rows(), 1_000)]
    first = next((number for number, row in enumerate(leading) if any(row)), 0)
    leading = leading[first : first + _SEARCHED_ROWS]
    filled = [sum(map(bool, row)) for row in leading]
    fullest = max(filled, default=0)
    place = next((number for number, count in enumerate(filled) if count * 2 >= fullest), 0)
    width = max((index for index, text in enumerate(leading[place], start=1) if text), default=1)
    return first + place + 1, width


def _text(cell: object) -> tuple[str, bool]:
    """The text of a cell, and whether it is one of the errors that a formula shows."""
    if isinstance(cell, str):
        text = cell.strip()
        return ("", True) if text in _ERRORS else (text, False)
    if isinstance(cell, bool):
        return ("true" if cell else "false"), False
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell)), False
        return format(Decimal(repr(cell)), "f"), False
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "microseconds" if cell.microsecond else "seconds"), False
    if isinstance(cell, date):
        return cell.isoformat(), False
    if isinstance(cell, timedelta):
        return str(cell), False
    return str(cell), False


def _main(source: str, target: str, sheet: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_SECONDS, LONGEST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    with contextlib.suppress(AttributeError, OSError):  # Linux ends it with the one who started it
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    json.dump(_convert(Path(source), Path(target), sheet), sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:4])
