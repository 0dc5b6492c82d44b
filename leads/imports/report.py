"""What an import did, or would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
