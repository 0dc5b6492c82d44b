"""CSV files as people really send them: any delimiter, a byte-order mark, Latin-1, quoted line breaks.

A file is looked through once before it is read, so that what is no CSV gets a sentence and no half import. The engine reads what
it surely reads as Python's csv module does, and the places of its rows are told from the bytes; anything else is
streamed through the csv module in batches.
"""

import csv
import io
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa

from alignment.errors import InvalidInput
from leads.imports.cells import of_our_time, trimmed
from leads.imports.csv_shape import Records, Shape, count_of, find_records, look
from leads.imports.files import (
    AS_THEY_STAND,
    LARGEST_CELL,
    MOST_COLUMNS,
    LeadFile,
    Ragged,
    Reading,
    UnreadableFile,
)
from leads.imports.plain_dates import DAY, WrittenAlike, written_alike
from leads.imports.report import ImportWarning
from leads.store import Draft

LARGEST_FILE = 200_000_000
_BATCH = 20_000
_READ_AT_ONCE = 64_000_000
"""Bytes of a file that the engine reads ahead. A thread takes a quarter: with less, what it makes of it fills no group of rows, and
keeping the rows in their order means to copy them once more."""
_LOOKED_AT = 100
"""First rows that tell how the dates of a column are written."""
_DELIMITERS = (",", ";", "\t", "|")
_WILD = "*?[]{}"


@dataclass
class CsvFile(LeadFile):
    """A text file with delimiters that has been looked through."""

    shape: Shape
    delimiter: str
    header_row: int

    @property
    def encoding(self) -> str:
        """How its letters are written."""
        return self.shape.encoding

    @property
    def longest(self) -> int:
        """See `LeadFile.longest`."""
        return super().longest if self.shape.has_quotes else self.shape.longest

    def load(
        self, draft: Draft, table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> ibis.Table:
        """See `LeadFile.load`; also raises UnreadableFile for a cell over 1 MB."""
        if self._is_plain():
            found = self._load_by_engine(draft, table_name, positions, read)
            if found is not None:
                return found
        types = pa.schema([("row", pa.int64()), *((f"c{i}", pa.string()) for i in range(len(positions)))])
        return streamed(draft, table_name, types, self.batches(positions), read)

    def _is_plain(self) -> bool:
        """Whether the engine may be tried: nothing in which it would read a file otherwise than `csv` does."""
        return (
            self.header_row == 1
            and len(self.header) > 1
            and self.shape.lines > 1
            and self.shape.longest < LARGEST_CELL
            and self.shape.returns >= 0
            and (self.shape.has_quotes or self.shape.one_kind_of_line)
            and not set(_WILD) & set(str(self.path))
            and self.encoding != "cp1252"
        )

    def _load_by_engine(
        self, draft: Draft, table_name: str, positions: Sequence[int], read: Reading
    ) -> ibis.Table | None:
        """The table as the engine reads it, many times faster; None if it cannot be told which line each row stands on."""
        records = None
        if self.shape.has_quotes:
            records = find_records(self.path, self.delimiter, len(self.header))
            if records is None:
                return None
        dates = {positions[number] for number in read.dates}
        alike = written_alike(self.first_rows(_LOOKED_AT), dates) if dates else WrittenAlike()
        table = self._by_engine(draft, table_name, positions, read, alike)
        count = draft.old.value(table.count())
        # the engine lets an empty cell too many pass, so that delimiters are counted, too
        all_there = count_of(self.path, self.delimiter) == self.shape.lines * (len(self.header) - 1)
        if records is not None or count != self.shape.lines - 1 or not all_there:
            records = records or find_records(self.path, self.delimiter, len(self.header))
            expected = -1 if records is None else len(records.lines)
            # one row let pass and another left out would make the right number
            if alike.types and records is not None and (count != expected or records.ragged):
                draft.backend.drop_table(table_name)
                table = self._by_engine(draft, table_name, positions, read, WrittenAlike())
                count = draft.old.value(table.count())
            if records is None or count != expected:
                draft.backend.drop_table(table_name)
                return None
            self.ragged.extend(_ragged(*one, len(self.header)) for one in records.ragged)
        self.rows = count + len(self.ragged)
        if records is None or np.array_equal(records.lines, np.arange(2, count + 2)):
            return table.mutate(row=table.rowid() + 2)
        return _with_lines(draft, table, table_name, records)

    def _by_engine(
        self, draft: Draft, table_name: str, positions: Sequence[int], read: Reading, alike: WrittenAlike
    ) -> ibis.Table:
        """What is kept of the rows that the engine can lay on the header, without those whose dates are not written alike."""
        backend = draft.backend
        view = backend.read_csv(
            str(self.path),
            table_name=f"{table_name}_file",
            columns={f"h{place}": alike.types.get(place, "VARCHAR") for place in range(len(self.header))},
            dateformat=DAY,
            timestampformat=alike.moment,
            auto_detect=False,
            header=False,
            skip=1,
            delim=self.delimiter,
            quote='"',
            escape='"',
            encoding="utf-8" if self.encoding == "utf-8-sig" else "latin-1",
            new_line="\\r\\n" if self.shape.returns > 0 else "\\n",
            ignore_errors=True,
            null_padding=False,
            buffer_size=_READ_AT_ONCE,
        )
        rows = view.filter(of_our_time(view[f"h{place}"]) for place in alike.types) if alike.types else view
        cells = {
            f"c{number}": rows[f"h{place}"]
            if place in alike.types
            else trimmed(rows[f"h{place}"], self.shape.spaces)
            for number, place in enumerate(positions)
        }
        table = backend.create_table(table_name, read.keep(rows.select(**cells)), temp=True)
        backend.drop_view(f"{table_name}_file")
        return table

    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """See `LeadFile.first_rows`."""
        csv.field_size_limit(LARGEST_CELL)
        found: list[tuple[str, ...]] = []
        with self._open() as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            try:
                for record in reader:
                    if reader.line_num > self.header_row and len(record) == len(self.header):
                        found.append(tuple(record))
                        if len(found) == count:
                            break
            except csv.Error:
                pass  # what is wrong is said, with its place, when the file is loaded
        return found

    def batches(self, positions: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """The cells of the columns at `positions`, as text, with the line of each row.

        Columns are `row` and `c0`, `c1`, … in the order of `positions`. Rows that have more or fewer cells than the
        header are left out and listed in `ragged`. Raises UnreadableFile for a cell over 1 MB.
        """
        csv.field_size_limit(LARGEST_CELL)
        width = len(self.header)
        pick: Callable[[list[str]], Sequence[str]] = (
            operator.itemgetter(*positions) if len(positions) > 1 else lambda record: (record[positions[0]],)
        )
        with self._open() as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            lines: list[int] = []
            picked: list[Sequence[str]] = []
            before = 0
            try:
                for record in reader:
                    line, before = before + 1, reader.line_num
                    if line <= self.header_row or not record:
                        continue
                    self.rows += 1
                    if len(record) != width:
                        self.ragged.append(_ragged(line, reader.line_num, len(record), width))
                        continue
                    lines.append(line)
                    picked.append(pick(record))
                    if len(lines) == _BATCH:
                        yield _batch(lines, picked, len(positions))
                        lines, picked = [], []
            except csv.Error as error:
                raise UnreadableFile(
                    f"{self.name}, line {before + 1}: a cell is too long or its quotes do not close ({error}). "
                    f"At most {LARGEST_CELL:,} characters are allowed in a cell; correct or remove the row."
                ) from None
            yield _batch(lines, picked, len(positions))

    def _open(self) -> io.TextIOBase:
        return open(self.path, encoding=self.encoding, errors="replace", newline="")


def streamed(
    draft: Draft, name: str, types: pa.Schema, batches: Iterator[pa.RecordBatch], read: Reading
) -> ibis.Table:
    """A temporary table of the batches, which are never all in memory. Raises what reading them raises."""
    faults: list[InvalidInput] = []

    def watched() -> Iterator[pa.RecordBatch]:
        # the engine would turn an error in here into one of its own
        try:
            yield from batches
        except InvalidInput as fault:
            faults.append(fault)

    connection = draft.backend.con
    connection.register("stream", pa.RecordBatchReader.from_batches(types, watched()))
    stream = draft.backend.table("stream")
    cells = {column: trimmed(stream[column]) for column in stream.columns if column != "row"}
    table = draft.backend.create_table(name, read.keep(stream.select("row", **cells)), temp=True)
    connection.unregister("stream")
    if faults:
        raise faults[0]
    return table


def look_through(path: Path, name: str | None = None, delimiter: str | None = None) -> CsvFile:
    """Check that a file is text with a header row and find its encoding and delimiter.

    Raises UnreadableFile, naming place and remedy, for a file that is missing, empty, over 200 MB, binary, in UTF-16,
    holds NUL bytes or a line over the limit, or has more than 2,000 columns.
    """
    shown = name or path.name
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise UnreadableFile(f"{shown} is no file. Name a CSV file.")
        if size == 0:
            raise UnreadableFile(f"{shown} is empty. Export it again, with a header row.")
        if size > LARGEST_FILE:
            raise UnreadableFile(
                f"{shown} has {size / 1e6:,.0f} MB; at most {LARGEST_FILE / 1e6:,.0f} MB are allowed. "
                "Split it into several files."
            )
        shape = look(path, shown)
    except OSError as error:
        raise UnreadableFile(
            f"{shown} cannot be read ({error.strerror or error}). Check its name and its permissions."
        ) from None
    return _with_header(path, shown, shape, delimiter)


def _with_lines(draft: Draft, table: ibis.Table, table_name: str, records: Records) -> ibis.Table:
    """The rows of a table, which are those of the records in their order, with the line of each."""
    backend = draft.backend
    backend.raw_sql(f'ALTER TABLE "{table_name}" RENAME TO "{table_name}_bare"')
    bare = backend.table(f"{table_name}_bare")
    lines = ibis.memtable(pa.table({"place": np.arange(len(records.lines)), "row": records.lines}))
    placed = bare.mutate(place=bare.rowid())
    laid = placed.join(lines, "place").select("row", *bare.columns)
    found = backend.create_table(table_name, laid, temp=True)
    backend.drop_table(f"{table_name}_bare")
    return found


def _with_header(path: Path, name: str, shape: Shape, delimiter: str | None) -> CsvFile:
    with open(path, encoding=shape.encoding, errors="replace", newline="") as stream:
        first = next((text for text in stream if text.strip()), "")
        if not first:
            raise UnreadableFile(f"{name} is empty. Export it again, with a header row.")
        stream.seek(0)
        delimiter = delimiter or _delimiter(first)
        csv.field_size_limit(LARGEST_CELL)
        reader = csv.reader(stream, delimiter=delimiter)
        try:
            header = next(record for record in reader if record and any(cell.strip() for cell in record))
        except csv.Error as error:
            raise UnreadableFile(
                f"{name}, line 1: the header cannot be read ({error}). Correct it."
            ) from None
        header_row = reader.line_num
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile(
            f"{name} has {len(header):,} columns; at most {MOST_COLUMNS:,} are allowed. Leave out what is not needed."
        )
    file = CsvFile(path, name, tuple(cell.strip() for cell in header), shape, delimiter, header_row)
    if shape.encoding != "utf-8-sig":
        kind = "Windows-1252" if shape.encoding == "cp1252" else "Latin-1"
        text = f"{name} is not in UTF-8 and was read as {kind}. Check letters with accents."
        file.remarks.append(ImportWarning("encoding", 1, text))
    return file


def _delimiter(line: str) -> str:
    """The delimiter that splits the header into most cells, quotes respected; a comma if none does."""
    try:
        widths = {candidate: len(next(csv.reader([line], delimiter=candidate))) for candidate in _DELIMITERS}
    except csv.Error:
        return ","
    return max(_DELIMITERS, key=lambda candidate: widths[candidate])


def _ragged(first: int, last: int, cells: int, width: int) -> Ragged:
    reason = f"The row has {cells:,} cells, the header has {width:,}."
    if last > first:
        reason += f" It runs on to line {last:,}: a quotation mark may not be closed."
    return Ragged(first, cells, reason)


def _batch(lines: list[int], picked: list[Sequence[str]], width: int) -> pa.RecordBatch:
    columns = list(zip(*picked, strict=True)) if picked else [()] * width
    arrays = [pa.array(lines, pa.int64()), *(pa.array(column, pa.string()) for column in columns)]
    return pa.RecordBatch.from_arrays(arrays, names=["row", *(f"c{index}" for index in range(width))])
