"""The pointer to the lead facts in force: one small file, replaced in one step.

It names the base (a DuckDB file with everything up to a number of the inflow) and, where more has come in since, the overlay
that is laid over it. Who changes it holds the folder's lock; who reads it needs none.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from alignment.errors import Refusal

NAME = "current.json"
FORMAT = 4
_LOCK_SECONDS = 60.0
_RESTORE = "Restore your last backup, or import the files again."


class WarehouseUnavailable(Refusal):
    """The lead facts cannot be read or written now."""


@dataclass(frozen=True)
class Overlay:
    """Leads that changed since the base was made: `file` holds them whole, `leads` and `items` say how much, `since` since when."""

    file: str
    leads: int
    items: int
    since: str


@dataclass(frozen=True)
class Pointer:
    """What is in force. `base_upto` and `upto` are numbers of the inflow: what the base holds, and what base and overlay hold.

    `format` is that of the tables: facts of an earlier one have to be made anew (`leads.live.renew`).
    """

    revision: str = ""
    file: str | None = None
    imported_at: str | None = None
    base_upto: int = 0
    upto: int = 0
    live: Overlay | None = None
    format: int = FORMAT

    @property
    def number(self) -> int:
        """How many versions there have been."""
        return int(self.revision.split("-")[0] or 0)


def read(folder: Path) -> Pointer:
    """The pointer of a folder; an empty one before the first facts. Raises WarehouseUnavailable when it cannot be used."""
    try:
        found = json.loads((folder / NAME).read_bytes())
        if found.get("format", 1) > FORMAT:
            raise WarehouseUnavailable(
                "The lead facts were written by a newer version of Concord. Start that version."
            )
        live = found.get("live")
        return Pointer(
            found.get("revision", ""),
            found.get("file"),
            found.get("imported_at"),
            found.get("base_upto", 0),
            found.get("upto", 0),
            Overlay(**live) if live else None,
            found.get("format", 1),
        )
    except FileNotFoundError:
        return Pointer()
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise WarehouseUnavailable(f"The lead facts cannot be found ({error}). {_RESTORE}") from error


def write(folder: Path, pointer: Pointer) -> None:
    """Put a pointer in force; on disk when this returns. The caller holds the folder's lock and has flushed what it names."""
    fresh = folder / (NAME + ".new")
    fresh.write_text(json.dumps(asdict(pointer)), encoding="utf-8")
    os.chmod(fresh, 0o600)
    flush(fresh)
    os.replace(fresh, folder / NAME)
    flush(folder)


def flush(path: Path) -> None:
    """Let a file or folder reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(
    path: Path, wait_seconds: float, otherwise: str, waits: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold a file or folder against other processes and threads. Raises WarehouseUnavailable with `otherwise` after waiting.

    Where another holds it, `waits` is called again and again meanwhile.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags, 0o600)
    try:
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > until:
                    raise WarehouseUnavailable(otherwise) from None
                waits()
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def changing(folder: Path) -> Iterator[Pointer]:
    """The pointer in force, held so that nobody else changes it within the block. Keep the block short."""
    with locked(folder, _LOCK_SECONDS, "The lead facts are being changed for too long. Try again."):
        yield read(folder)
