"""What an import did, or would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alignment.errors import InvalidInput

MOST_LISTED = 10_000


@dataclass(frozen=True)
class RefusedRow:
    """A row that was left out. `row` is its line in the file, the header being line 1."""

    file: str
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class ImportWarning:
    """Something odd in the data that was kept as it is."""

    code: str
    count: int
    text: str


@dataclass(frozen=True)
class ImportReport:
    """Rows read = new + changed + unchanged + refused. Only the first 10,000 refusals are listed."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: tuple[RefusedRow, ...] = ()
    warnings: tuple[ImportWarning, ...] = ()
    dry_run: bool = False
    files: Mapping[str, int] = field(default_factory=dict)
    """Rows read per file."""

    def to_document(self) -> dict[str, Any]:
        """The report as plain dicts and lists, in the shape of the command line's contract."""
        return {
            "read": self.read,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "refusals": [vars(refusal) for refusal in self.refusals],
            "warnings": [vars(warning) for warning in self.warnings],
            "dry_run": self.dry_run,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], files: Mapping[str, int]) -> "ImportReport":
        """The report that `to_document` gave, with the rows read per file."""
        return cls(
            **{
                name: document[name] for name in ("read", "new", "changed", "unchanged", "refused", "dry_run")
            },
            refusals=tuple(RefusedRow(**entry) for entry in document["refusals"]),
            warnings=tuple(ImportWarning(**entry) for entry in document["warnings"]),
            files=dict(files),
        )


class RowsRefused(InvalidInput):
    """Some rows cannot be used, and so nothing was imported. `report` says which, and what the others would do."""

    def __init__(self, report: ImportReport) -> None:
        """Say how many, name the first, and what to do."""
        first = report.refusals[0]
        super().__init__(
            f"Nothing was imported: {report.refused:,} of {report.read:,} rows cannot be used. The first: "
            f"{first.file}, row {first.row}, column {first.column or '(whole row)'}: {first.reason} "
            "Correct the file, or choose to keep the good rows."
        )
        self.report = report
