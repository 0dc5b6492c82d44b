"""CSV files as people really send them: any delimiter, a byte-order mark, Latin-1, quoted line breaks.

A file is looked through once before it is read, so that what is no CSV gets a sentence and no half import. Rows are
then streamed in batches with the line each of them starts on.
"""

import codecs
import csv
import io
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import pyarrow as pa

from alignment.errors import InvalidInput
from leads.imports.files import LARGEST_CELL, MOST_COLUMNS, LeadFile, Ragged, UnreadableFile
from leads.imports.report import ImportWarning
from leads.store import Draft

LARGEST_FILE = 200_000_000
_BATCH = 20_000
_CHUNK = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_KINDS_OF_FILE = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}


@dataclass
class CsvFile(LeadFile):
    """A text file with delimiters that has been looked through."""

    encoding: str
    delimiter: str
    header_row: int

    def load(self, draft: Draft, table_name: str, positions: Sequence[int]) -> ibis.Table:
        """See `LeadFile.load`; also raises UnreadableFile for a cell over 1 MB."""
        types = pa.schema([("row", pa.int64()), *((f"c{i}", pa.string()) for i in range(len(positions)))])
        return streamed(draft, table_name, types, self.batches(positions))

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
        return open(self.path, encoding=self.encoding, newline="")


def streamed(draft: Draft, name: str, types: pa.Schema, batches: Iterator[pa.RecordBatch]) -> ibis.Table:
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
    table = draft.backend.create_table(name, draft.backend.table("stream"), temp=True)
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
        encoding = _encoding(path, shown)
    except OSError as error:
        raise UnreadableFile(
            f"{shown} cannot be read ({error.strerror or error}). Check its name and its permissions."
        ) from None
    return _with_header(path, shown, encoding, delimiter)


def _encoding(path: Path, name: str) -> str:
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    line, length = 1, 0
    with path.open("rb") as stream:
        first = True
        while chunk := stream.read(_CHUNK):
            if first:
                _refuse_known_kinds(chunk, name)
            nul = chunk.find(b"\x00")
            if nul >= 0:
                place = line + chunk.count(b"\n", 0, nul)
                raise UnreadableFile(
                    f"{name}, line {place:,}: there is a NUL byte, so this is no text file. Export it as CSV in UTF-8."
                )
            if first:
                _refuse_binary(chunk, name)
                first = False
            line, length = _longest(chunk, line, length, name)
            if decoder is not None:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    decoder = None
    try:
        if decoder is not None:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        decoder = None
    return "utf-8-sig" if decoder is not None else "latin-1"


def _longest(chunk: bytes, line: int, length: int, name: str) -> tuple[int, int]:
    """Count lines, and refuse one that is longer than any sound row: it would have to be held in memory."""
    for part in chunk.splitlines(keepends=True):
        length += len(part)
        if length > 4 * LARGEST_CELL:
            raise UnreadableFile(
                f"{name}, line {line}: the line is longer than {4 * LARGEST_CELL:,} bytes. "
                "Check that rows end with line breaks."
            )
        if part.endswith((b"\n", b"\r")):
            line, length = line + 1, 0
    return line, length


def _refuse_known_kinds(start: bytes, name: str) -> None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile(f"{name} is written in UTF-16. Save it as CSV in UTF-8.")
    for signature, kind in _KINDS_OF_FILE.items():
        if start.startswith(signature):
            raise UnreadableFile(f"{name} is {kind}, not a CSV file. Export the leads as CSV.")


def _refuse_binary(start: bytes, name: str) -> None:
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in start[:4096])
    if odd > max(2, len(start[:4096]) // 50):
        raise UnreadableFile(f"{name} is a binary file, not a CSV file. Export the leads as CSV.")


def _with_header(path: Path, name: str, encoding: str, delimiter: str | None) -> CsvFile:
    with open(path, encoding=encoding, newline="") as stream:
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
    file = CsvFile(path, name, tuple(cell.strip() for cell in header), encoding, delimiter, header_row)
    if encoding == "latin-1":
        text = f"{name} is not in UTF-8 and was read as Latin-1. Check letters with accents."
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
