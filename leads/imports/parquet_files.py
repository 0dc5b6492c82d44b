"""Parquet files: typed columns, loaded by the engine itself and turned into the texts that every kind of file gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from leads.imports import amounts
from leads.imports.files import (
    AS_THEY_STAND,
    LARGEST_CELL,
    MOST_COLUMNS,
    LeadFile,
    Reading,
    UnreadableFile,
    short,
)

if TYPE_CHECKING:
    import ibis

    from leads.store import Draft

LARGEST_FILE = 200_000_000
LARGEST_UNPACKED = 4_000_000_000
LARGEST_TEXT = 2_000_000_000
"""Characters that the columns which are read may have together; a few MB of Parquet can stand for any number of them."""
MOST_ROWS = 20_000_000


@dataclass
class ParquetFile(LeadFile):
    """A Parquet file. Its rows are numbered from 1, for there is no header among them. `numeric` are the columns of numbers."""

    numeric: frozenset[int] = field(kw_only=True)

    def numbers_in(self, position: int) -> str:
        """See `LeadFile.numbers_in`."""
        return amounts.POINTED if position in self.numeric else ""

    def load(
        self, draft: "Draft", table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> "ibis.Table":
        """See `LeadFile.load`."""
        import duckdb

        from leads.imports.cells import trimmed

        try:
            rows = draft.backend.read_parquet(self.path, file_row_number=True)
            # by place: of names that differ in capitals only, the engine gives all but the first another name
            texts = {
                f"c{place}": _text(rows[rows.columns[position]]) for place, position in enumerate(positions)
            }
            self._refuse_too_much(draft, rows, texts)
            cells = {name: trimmed(text) for name, text in texts.items()}
            laid = read.keep(rows.select(row=rows.file_row_number + 1, **cells))
            table = draft.backend.create_table(table_name, laid, temp=True)
        except duckdb.OutOfMemoryException:
            raise  # not the file's fault alone
        except duckdb.Error as error:
            raise _unreadable(self.name, error) from None
        return table

    def _refuse_too_much(self, draft: "Draft", rows: "ibis.Table", texts: "Mapping[str, ibis.Value]") -> None:
        """Measure what would be loaded, keeping none of it. Raises UnreadableFile where it is too much."""
        lengths = rows.select(**{name: text.length() for name, text in texts.items()})
        measures = {f"longest_{name}": lengths[name].max() for name in texts}
        sums = {f"all_{name}": lengths[name].sum() for name in texts}
        found = draft.old.rows(lengths.aggregate(rows=lengths.count(), **measures, **sums))[0]
        longest = max((found[name] or 0 for name in measures), default=0)
        if longest > LARGEST_CELL:
            raise UnreadableFile(
                f"{self.name} has a cell of {longest:,} characters; at most {LARGEST_CELL:,} are allowed. "
                "Shorten or remove it."
            )
        _refuse_rows(self.name, found["rows"])
        together = sum(found[name] or 0 for name in sums)
        if together > LARGEST_TEXT:
            raise UnreadableFile(
                f"{self.name} would unpack to {together / 1e9:,.1f} GB of text in the columns that are read; at most "
                f"{LARGEST_TEXT / 1e9:,.0f} GB are allowed. Split it into several files, or leave out long texts."
            )

    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """See `LeadFile.first_rows`."""
        import duckdb
        import ibis

        backend = ibis.duckdb.connect(memory_limit="1GB", threads=1, temp_directory="")
        try:
            read = backend.read_parquet(self.path).limit(count)
            texts = read.select(**{f"c{place}": _text(read[name]) for place, name in enumerate(read.columns)})
            rows = backend.to_pyarrow(texts).to_pylist()
        except (duckdb.Error, OSError) as error:
            raise _unreadable(self.name, error) from None
        finally:
            backend.disconnect()
        return [tuple(value or "" for value in row.values()) for row in rows]


def look_through(path: Path, name: str) -> ParquetFile:
    """Read what a Parquet file says about itself.

    Raises UnreadableFile, with a remedy, for a damaged or encrypted file, one without rows, or one that is too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise UnreadableFile(
            f"{name} has {size / 1e6:,.0f} MB; at most {LARGEST_FILE / 1e6:,.0f} MB are allowed. "
            "Split it into several files."
        )
    try:
        about = pq.read_metadata(path)
        schema = about.schema.to_arrow_schema()
        unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    header = tuple(schema.names)
    if not about.num_rows:
        raise UnreadableFile(f"{name} has no rows. Export it again.")
    _refuse_rows(name, about.num_rows)
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile(
            f"{name} has {len(header):,} columns; at most {MOST_COLUMNS:,} are allowed. Leave out what is not needed."
        )
    if unpacked > LARGEST_UNPACKED:
        raise UnreadableFile(
            f"{name} would unpack to {unpacked / 1e9:,.1f} GB; at most {LARGEST_UNPACKED / 1e9:,.0f} GB are allowed. "
            "Split it into several files."
        )
    for column in header:
        if column.lower() == "file_row_number":
            raise UnreadableFile(
                f"{name}: a column cannot be called “{short(column)}”, since the rows are numbered by that name. Rename it."
            )
        if header.count(column) > 1:
            raise UnreadableFile(
                f"{name}: the column “{short(column)}” stands in the file more than once. Rename one."
            )
    numeric = (
        place
        for place, kind in enumerate(schema.types)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
    file = ParquetFile(path, name, header, numeric=frozenset(numeric))
    file.rows = about.num_rows
    return file


def _refuse_rows(name: str, rows: int) -> None:
    if rows > MOST_ROWS:
        raise UnreadableFile(
            f"{name} has {rows:,} rows; at most {MOST_ROWS:,} are allowed. Split it into several files."
        )


def _text(column: "ibis.Column") -> "ibis.Value":
    """A column as the text that a CSV file would have: ISO dates, true and false, whole numbers without a point."""
    import ibis
    import ibis.expr.datatypes as dt

    kind = column.type()
    if kind.is_timestamp():
        assert isinstance(kind, dt.Timestamp)
        form = "%Y-%m-%d %H:%M:%S.%f"
        if kind.timezone is None:
            return column.cast("timestamp(6)").strftime(form)
        return column.cast("timestamp('UTC')").cast("timestamp(6)").strftime(form).concat("Z")
    if kind.is_boolean():
        return column.ifelse("true", ibis.ifelse(column.isnull(), ibis.null().cast("string"), "false"))
    if kind.is_floating():
        from leads.schema import known

        number = known(column.cast("float64"))
        whole = (number % 1 == 0) & (number.abs() < 1e15)
        return whole.ifelse(number.try_cast("int64").cast("string"), number.cast("string"))
    if kind.is_nested():
        return column.cast("json").cast("string")
    return column.cast("string")


def _unreadable(name: str, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        f"{name} cannot be read as a Parquet file ({str(error).splitlines()[0][:200]}). Write it again, without encryption."
    )
