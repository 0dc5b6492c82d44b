"""What the bytes of a CSV file look like: whether it is text at all, and where its records begin.

Everything here works on blocks of bytes, so that a file of a million rows is looked through in a fraction of a second.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leads.imports.files import LARGEST_CELL, UnreadableFile

LONGEST_LINE = 4 * LARGEST_CELL
_CHUNK = 1 << 19
_BLOCK = 1 << 23
_NEWLINE, _RETURN, _QUOTE = b'\n\r"'
_SPACES = (b" ", b"\t", b"\x0b", b"\x0c")
_ONLY_IN_WINDOWS = frozenset(range(0x80, 0xA0))
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


@dataclass(frozen=True)
class Shape:
    """What was seen in the bytes: `lines` counts the last one also where it does not end, `longest` is in bytes."""

    encoding: str
    """As Python calls it: utf-8-sig, cp1252 (Windows) or latin-1."""
    lines: int
    longest: int
    has_quotes: bool
    returns: int
    """How many lines end in carriage return and newline; -1 if a carriage return stands anywhere else."""
    spaces: str
    """The kinds of space that may stand around the text of a cell."""

    @property
    def one_kind_of_line(self) -> bool:
        """Whether all lines end alike, as far as that can be told without reading quotes."""
        return self.returns == 0 or self.returns >= self.lines - 1


@dataclass(frozen=True)
class Records:
    """Where the records below the header begin, as line numbers: those with as many cells as the header, and the others."""

    lines: "np.ndarray"
    ragged: tuple[tuple[int, int, int], ...]
    """First line, last line and number of cells."""


def look(path: Path, name: str) -> Shape:
    """Read the bytes once. Raises UnreadableFile for what is no text, and for a line that would have to be held in memory."""
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    line, length, longest, pairs, returns = 1, 0, 0, 0, 0
    has_quotes, last, spaces = False, b"", set[bytes]()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if not last:
                _refuse_known_kinds(chunk, name)
            nul = chunk.find(b"\x00")
            if nul >= 0:
                place = line + chunk.count(b"\n", 0, nul)
                raise UnreadableFile(
                    f"{name}, line {place:,}: there is a NUL byte, so this is no text file. Export it as CSV in UTF-8."
                )
            if not last:
                _refuse_binary(chunk, name)
            first = chunk.find(b"\n")
            length += len(chunk) if first < 0 else first
            longest = max(longest, length)
            if length > LONGEST_LINE:
                raise UnreadableFile(
                    f"{name}, line {line}: the line is longer than {LONGEST_LINE:,} bytes. "
                    "Check that rows end with line breaks."
                )
            if first >= 0:
                line += _count(chunk, _NEWLINE)
                length = len(chunk) - chunk.rfind(b"\n") - 1
            has_quotes = has_quotes or b'"' in chunk
            spaces.update(space for space in _SPACES if space not in spaces and space in chunk)
            if b"\r" in chunk or last == b"\r":
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            if decoder is not None:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    decoder = None
            last = chunk[-1:]
    try:
        if decoder is not None:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        decoder = None
    return Shape(
        "utf-8-sig" if decoder is not None else _one_byte_a_letter(path),
        line - (last == b"\n"),
        longest,
        has_quotes,
        pairs if pairs == returns else -1,
        # line breaks stand within cells only where there are quotes
        b"".join(sorted(spaces | ({b"\n", b"\r"} if has_quotes or pairs != returns else set()))).decode(),
    )


def _one_byte_a_letter(path: Path) -> str:
    """Which encoding a text file is in that is not in UTF-8.

    Windows writes '€', '–' and curly quotes as bytes that are control characters in Latin-1, which nobody has in a table.
    """
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            if not _ONLY_IN_WINDOWS.isdisjoint(chunk):
                return "cp1252"
    return "latin-1"


def count_of(path: Path, character: str) -> int:
    """How often an ASCII character stands in the file."""
    with path.open("rb") as stream:
        return sum(_count(chunk, ord(character)) for chunk in iter(lambda: stream.read(_CHUNK), b""))


def _count(chunk: bytes, byte: int) -> int:
    """How often a byte stands among others, which bytes themselves tell more slowly where it stands often."""
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == byte))


def find_records(path: Path, delimiter: str, width: int) -> Records | None:
    """Where each record begins, of a file whose header is its first line.

    None where the quotes do not stand as they should, where lines end in several ways, or where a record may hold a cell over the limit: such a
    file has to be read character by character.
    """
    lines: list[np.ndarray] = []
    ragged: list[tuple[int, int, int]] = []
    line, kinds = 1, set[bool]()
    for block in _whole_records(path):
        if block is None:
            return None
        found = _in_block(block, ord(delimiter), line)
        if found is None:
            return None
        starts, ends, cells, blank, returned = found
        kinds.update(returned)
        if len(kinds) > 1:
            return None
        told = ~blank
        if line == 1:
            told[0] = False
        fits = told & (cells == width)
        lines.append(starts[fits])
        odd = told & (cells != width)
        ragged += zip(starts[odd].tolist(), ends[odd].tolist(), cells[odd].tolist(), strict=True)
        line += _count(block, _NEWLINE)
    return Records(np.concatenate(lines) if lines else np.empty(0, np.int64), tuple(ragged))


def _whole_records(path: Path) -> Iterator[bytes | None]:
    """The bytes in blocks that end with a record; None where a record is too long or its quotes do not close."""
    rest = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_BLOCK):
            block = rest + chunk
            bytes_ = np.frombuffer(block, np.uint8)
            breaks = np.flatnonzero(bytes_ == _NEWLINE)
            quotes = np.flatnonzero(bytes_ == _QUOTE)
            ends = breaks[np.searchsorted(quotes, breaks) % 2 == 0] if quotes.size else breaks
            if not ends.size:
                if len(block) > 2 * _BLOCK:
                    yield None
                    return
                rest = block
                continue
            cut = int(ends[-1]) + 1
            yield block[:cut]
            rest = block[cut:]
    if rest:
        yield rest if rest.count(b'"') % 2 == 0 else None


def _in_block(
    block: bytes, delimiter: int, line: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, set[bool]] | None:
    """Of each record: its first and last line, its number of cells, whether it is blank; and how records end."""
    bytes_ = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero(bytes_ == _NEWLINE)
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    between = np.flatnonzero(bytes_ == delimiter)
    ends = breaks
    if quotes.size:
        if not _regular(bytes_, quotes, delimiter):
            return None
        ends = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
        between = between[np.searchsorted(quotes, between) % 2 == 0]
    closed = ends
    if not ends.size or ends[-1] != len(block) - 1:
        ends = np.append(ends, len(block))
    starts = np.concatenate(([0], ends[:-1] + 1))
    returned = bytes_[np.maximum(closed - 1, 0)] == _RETURN
    lengths = ends - starts
    if lengths.max() >= LARGEST_CELL:
        return None
    all_returned = bool(closed.size and returned.all())
    blank = lengths == int(all_returned)
    blank[len(closed) :] = lengths[len(closed) :] == 0
    cells = np.searchsorted(between, ends) - np.searchsorted(between, starts) + 1
    first = line + np.searchsorted(breaks, starts)
    last = line + np.searchsorted(breaks, ends)
    return first, last, cells, blank, set(np.unique(returned).tolist())


def _regular(bytes_: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether each quote opens a cell at its beginning, closes it at its end, or stands doubled within it."""
    around = np.concatenate(([_NEWLINE], bytes_, [_NEWLINE]))
    before, after = around[quotes], around[quotes + 2]
    opening, closing = before[::2], after[1::2]
    return bool(
        np.isin(opening, (delimiter, _NEWLINE, _QUOTE)).all()
        and np.isin(closing, (delimiter, _NEWLINE, _RETURN, _QUOTE)).all()
    )


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
