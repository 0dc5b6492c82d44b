"""What every kind of lead file is to the import, whatever it was written with.

A file is looked through when it is opened, so that what cannot be read gets a sentence before anything is staged. Then
its cells are loaded as text into a temporary table of the engine, with the row that people see beside them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alignment.errors import InvalidInput
from leads.imports.report import ImportWarning

if TYPE_CHECKING:
    import ibis

    from leads.store import Draft

LARGEST_CELL = 1_000_000
MOST_COLUMNS = 2_000


class UnreadableFile(InvalidInput):
    """The file is none that can be read."""


@dataclass(frozen=True)
class Reading:
    """What is to be kept of rows: from the columns `c0`, `c1`, … with texts, which have no space around them and are null where empty.

    Of the columns in `dates`, by number, the text is not wanted where the engine reads their dates by itself while it reads the file:
    a file may give them as dates or timestamps as clocks on the wall show them, from 1970 to 2100, where each cell is one.
    """

    keep: Callable[["ibis.Table"], "ibis.Table"]
    dates: frozenset[int] = frozenset()


AS_THEY_STAND = Reading(lambda rows: rows)
"""All of the rows, as texts."""


@dataclass(frozen=True)
class Ragged:
    """A row that cannot be laid on the header."""

    row: int
    cells: int
    reason: str


@dataclass
class LeadFile(ABC):
    """A file that has been looked through.

    `rows` and `ragged` are known once it is loaded: `rows` counts every row below the header that is not blank, the ragged ones too.
    `remarks` are what is odd about the file itself.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    ragged: list[Ragged] = field(default_factory=list, init=False)
    remarks: list[ImportWarning] = field(default_factory=list, init=False)
    rows: int = field(default=0, init=False)
    sheet: str = field(default="", init=False)
    """The sheet of a workbook that is read."""
    sheets: tuple[str, ...] = field(default=(), init=False)
    """The sheets of a workbook that can be read, in its order."""

    @property
    def longest(self) -> int:
        """No cell has more characters than this."""
        return LARGEST_CELL

    def position(self, column: str) -> int | None:
        """Where the column stands, by its exact name or else without regard to capitals and space; None if nowhere.

        Raises UnreadableFile when the name stands in the header more than once.
        """
        for same in (lambda name: name == column, lambda name: name.casefold() == column.strip().casefold()):
            found = [index for index, name in enumerate(self.header) if same(name)]
            if len(found) > 1:
                raise UnreadableFile(
                    f"{self.name}: the column “{short(column)}” stands in the header {len(found)} times. "
                    "Rename or remove one."
                )
            if found:
                return found[0]
        return None

    def numbers_in(self, _position: int) -> str:
        """The pattern of the texts in a column that are numbers in the file itself, so that a point in them is the decimal
        sign whatever people write elsewhere; '' where all is text."""
        return ""

    @abstractmethod
    def load(
        self, draft: "Draft", table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> "ibis.Table":
        """The cells of the columns at `positions` as a temporary table of the draft, named `table_name`.

        Columns are `row` (int64: the line or row that people see, the header's being 1 where it stands first) and what
        `read` keeps of the cells, in the order of `positions`. Rows that have more or fewer cells
        than the header are left out and listed in `ragged`. Raises UnreadableFile, with the place, for what cannot be read.
        """

    @abstractmethod
    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """The cells of up to `count` first rows that fit the header, as text, '' where empty: for examples on screen."""


def open_file(
    path: Path, name: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> LeadFile:
    """Look a file through as what its content says it is; `name` is what people call it.

    `delimiter` is for CSV, `sheet` for workbooks, of which the first that is filled in is read without one.

    Raises UnreadableFile, naming place and remedy, for a file that is missing, empty, too large, or of no known kind.
    """
    shown = name or path.name
    try:
        if not path.is_file():
            if path.exists():
                raise UnreadableFile(f"{shown} is no file. Name a file with leads.")
            raise UnreadableFile(f"{shown} cannot be read (No such file). Check its name.")
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        raise UnreadableFile(
            f"{shown} cannot be read ({error.strerror or error}). Check its name and its permissions."
        ) from None
    for signature, opener in _KINDS:
        if start.startswith(signature):
            return opener(path, shown, sheet)
    from leads.imports.csv_files import look_through

    return look_through(path, shown, delimiter)


def short(text: str) -> str:
    """A name from a file, short enough for a sentence."""
    return text if len(text) <= 60 else text[:60] + "…"


def _workbook(path: Path, name: str, sheet: str | None) -> LeadFile:
    from leads.imports.excel_files import look_through

    return look_through(path, name, sheet)


def _parquet(path: Path, name: str, _sheet: str | None) -> LeadFile:
    from leads.imports.parquet_files import look_through

    return look_through(path, name)


# first bytes of a kind of file, and what opens it; whatever is not listed is read as CSV
_KINDS: tuple[tuple[bytes, Callable[[Path, str, str | None], LeadFile]], ...] = (
    (b"PK\x03\x04", _workbook),
    (b"\xd0\xcf\x11\xe0", _workbook),
    (b"PAR1", _parquet),
)
