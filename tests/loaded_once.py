"""Lead facts that many tests begin with are made once; the others get a copy of the files."""

import hashlib
import secrets
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from alignment import instants
from leads import pointer as pointers
from leads.imports.direct import load_events
from leads.store import warehouse

_kept = tempfile.TemporaryDirectory(prefix="facts-")
_known: dict[bytes, Path] = {}


def load_once(leads: pa.Table, events: pa.Table, now: datetime | None = None) -> None:
    """`load_events` into a folder without facts; where facts are in force already it is called as usual."""
    folder = warehouse().folder
    if (folder / pointers.NAME).exists():
        load_events(leads, events, now)
        return
    content = _digest(leads, events)
    if content in _known:
        _put_in_force(_known[content], folder, now or datetime.now(UTC))
        return
    load_events(leads, events, now)
    base = pointers.read(folder).file
    if base is not None:
        _known[content] = Path(shutil.copy(folder / base, Path(_kept.name) / content.hex()))


def _put_in_force(base: Path, folder: Path, now: datetime) -> None:
    revision = f"{1:09d}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(base, folder / f"{revision}.duckdb")
    pointers.write(
        folder,
        replace(
            pointers.Pointer(),
            revision=revision,
            file=f"{revision}.duckdb",
            imported_at=instants.to_text(now),
        ),
    )


def _digest(*tables: pa.Table) -> bytes:
    digest = hashlib.sha256()
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.digest()
