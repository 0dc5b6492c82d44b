"""Where lead facts live: versioned DuckDB files and a pointer to the one in force.

A read-write open of a DuckDB file locks every other process out. So a writer builds a whole new file beside the
one in force and then replaces the pointer in one step; readers, in this process or another, open files read-only and
move on when the pointer has moved. Killed in the middle, a writer leaves the old version in force.
"""

import atexit
import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment import instants
from alignment.errors import Refusal
from alignment.rules import FieldType
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, LeadField

if TYPE_CHECKING:
    import duckdb
    import ibis
    from ibis.backends.duckdb import Backend

_POINTER = "current.json"
_LOCK = "writer.lock"
_READER: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1GB", "threads": 2}
_WRITER: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "2GB", "threads": 2}
_KEPT_VERSIONS = 2
_FORMAT = 1


class WarehouseUnavailable(Refusal):
    """The lead facts cannot be read or written now."""


class Facts:
    """The lead facts of one version, for one run of one thread. Only expressions leave results here."""

    def __init__(self, backend: "Backend", revision: str) -> None:
        """Wrap a session of the engine."""
        self._backend = backend
        self._kept = 0
        self.revision = revision

    @property
    def lead(self) -> "ibis.Table":
        """One row per lead: `lead_id`, the canonical fields, and `attribute_…` for custom ones."""
        return self._backend.table("lead")

    @property
    def event(self) -> "ibis.Table":
        """The event log; columns as in `leads.schema.EVENT`."""
        return self._backend.table("lead_event")

    @property
    def episode(self) -> "ibis.Table":
        """One row per lead episode with the first time of each stage; see `leads.episodes`."""
        return self._backend.table("episode")

    @property
    def known_columns(self) -> frozenset[str]:
        """The names of all columns that imported files have had."""
        return frozenset(row["name"] for row in self.rows(self._backend.table("known_column")))

    def fields(self) -> tuple[LeadField, ...]:
        """The fields a lead can have here, canonical ones first, custom ones by name."""
        custom = sorted(
            (
                LeadField(row["name"], FieldType(row["type"]), row["name"].replace("_", " "), True)
                for row in self.rows(self._backend.table("custom_field"))
            ),
            key=lambda found: found.name,
        )
        return (*CANONICAL_FIELDS, *custom)

    def rule_fields(self) -> dict[str, FieldType]:
        """What a rule may speak of here: custom fields take any kind of value, for new ones may change what they hold."""
        return {found.name: FieldType.ANY if found.custom else found.type for found in self.fields()}

    def keep(self, expression: "ibis.Table") -> "ibis.Table":
        """The rows of an expression as a table of this run, for expressions that several questions build on."""
        self._kept += 1
        return self._backend.create_table(f"kept_{self._kept}", expression, temp=True)

    def rows(self, expression: "ibis.Table") -> list[dict[str, Any]]:
        """The rows of a small result as dicts. Aggregate first: nothing lead-sized belongs in Python."""
        return self._backend.to_pyarrow(expression).to_pylist()

    def value(self, expression: "ibis.Scalar") -> Any:
        """One value."""
        return self._backend.to_pyarrow(expression).as_py()

    def interrupt(self) -> None:
        """End, from another thread, the query that this run is waiting for: there it raises an error of the engine."""
        self._backend.con.interrupt()


@dataclass
class Draft:
    """A new version in the making. `old` has the tables of the version in force."""

    backend: "Backend"
    old: Facts
    published: bool = field(default=False)
    imported_at: str = ""

    def publish(self, imported_at: datetime) -> None:
        """Let the tables written through `backend` come into force when the block ends without an error."""
        self.published = True
        self.imported_at = instants.to_text(imported_at)


@dataclass
class _Opened:
    revision: str
    connection: "duckdb.DuckDBPyConnection"
    users: int = 0
    stale: bool = False


class Warehouse:
    """The lead facts of one data folder. Make it with `warehouse()`, which keeps one per folder and process."""

    def __init__(self, folder: Path) -> None:
        """Facts under `folder`, which need not exist yet."""
        self.folder = folder
        self._guard = threading.Lock()
        self._opened: _Opened | None = None

    def revision(self) -> str:
        """A text that changes with every import; '' while there are no facts. Costs one small file read."""
        return self._pointer().get("revision", "")

    def imported_at(self) -> str | None:
        """The instant of the last import that changed something, in the store's form; None before the first."""
        return self._pointer().get("imported_at")

    def answers(self) -> bool:
        """Whether the engine can read the facts."""
        try:
            with self.read() as facts:
                facts.value(facts.lead.count())
        except Exception:
            return False
        return True

    @contextmanager
    def read(self) -> Iterator[Facts]:
        """The version in force, on a cursor of its own. It sees one version throughout.

        Raises WarehouseUnavailable when the file is gone or damaged.
        """
        opened = self._acquire()
        cursor = opened.connection.cursor()
        try:
            yield Facts(_session(cursor), opened.revision)
        finally:
            cursor.close()
            self._release(opened)

    @contextmanager
    def write(self, wait_seconds: float = 60.0) -> Iterator[Draft]:
        """Build the next version alone; it comes into force if `publish` was called and the block ends well.

        Raises WarehouseUnavailable when another import holds the lock for longer than `wait_seconds`, or when disk or
        memory do not suffice.
        """
        import duckdb

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone(wait_seconds):
            self._sweep()
            pointer = self._pointer()
            revision = (
                f"{int(pointer.get('revision', '0').split('-')[0] or 0) + 1:09d}-{secrets.token_hex(4)}"
            )
            path = self.folder / f"{revision}.building"
            draft = self._draft(path, pointer)
            try:
                try:
                    yield draft
                finally:
                    draft.backend.disconnect()
                if draft.published:
                    self._put_in_force(path, revision, draft.imported_at)
            except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
                raise WarehouseUnavailable(
                    f"Nothing was imported: {error}. Make sure that there is room on the disk, then try again."
                ) from error
            finally:
                for leftover in (path, path.with_name(path.name + ".wal")):
                    leftover.unlink(missing_ok=True)
                self._sweep()

    def close(self) -> None:
        """Close the version that is open for reading, once its last reader has left."""
        with self._guard:
            if self._opened is not None:
                self._retire(self._opened)
                self._opened = None

    def _pointer(self) -> Mapping[str, Any]:
        try:
            pointer: Mapping[str, Any] = json.loads((self.folder / _POINTER).read_bytes())
        except FileNotFoundError:
            return {}
        except (ValueError, OSError) as error:
            raise WarehouseUnavailable(
                f"The lead facts cannot be found ({error}). Restore your last copy of the data folder, or import the files again."
            ) from error
        if pointer.get("format", _FORMAT) > _FORMAT:
            raise WarehouseUnavailable(
                "The lead facts were written by a newer version of Concord. Start that version."
            )
        return pointer

    def _acquire(self) -> _Opened:
        with self._guard:
            for attempt in range(5):
                pointer = self._pointer()
                revision = pointer.get("revision", "")
                if self._opened is not None and self._opened.revision == revision:
                    break
                try:
                    opened = _Opened(revision, _open_reader(self.folder, pointer.get("file")))
                except Exception as error:
                    # the version may have been swept away between reading the pointer and opening the file
                    if attempt == 4:
                        raise WarehouseUnavailable(
                            "The lead facts cannot be read. Restore your last copy of the data folder, or import the files again."
                        ) from error
                    time.sleep(0.02)
                    continue
                if self._opened is not None:
                    self._retire(self._opened)
                self._opened = opened
                break
            assert self._opened is not None
            self._opened.users += 1
            return self._opened

    def _release(self, opened: _Opened) -> None:
        with self._guard:
            opened.users -= 1
            if opened.stale and opened.users == 0:
                opened.connection.close()

    def _retire(self, opened: _Opened) -> None:
        opened.stale = True
        if opened.users == 0:
            opened.connection.close()

    @contextmanager
    def _alone(self, wait_seconds: float) -> Iterator[None]:
        descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            until = time.monotonic() + wait_seconds
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise WarehouseUnavailable(
                            "Another import is running. Wait until it is done, then try again."
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)

    def _draft(self, path: Path, pointer: Mapping[str, Any]) -> Draft:
        import ibis

        backend = ibis.duckdb.connect(path, **_WRITER, temp_directory=str(self.folder / "spill"))
        os.chmod(path, 0o600)
        if "file" in pointer:
            backend.attach(self.folder / pointer["file"], name="old", read_only=True)
        else:
            backend.attach(":memory:", name="old")
            _create_empty(backend, ("old", "main"))
        return Draft(backend, _AttachedFacts(backend, pointer.get("revision", "")))

    def _put_in_force(self, path: Path, revision: str, imported_at: str) -> None:
        final = self.folder / f"{revision}.duckdb"
        _flush(path)
        os.replace(path, final)
        fresh = self.folder / (_POINTER + ".new")
        fresh.write_text(
            json.dumps(
                {"file": final.name, "revision": revision, "imported_at": imported_at, "format": _FORMAT}
            ),
            encoding="utf-8",
        )
        os.chmod(fresh, 0o600)
        _flush(fresh)
        os.replace(fresh, self.folder / _POINTER)
        _flush(self.folder)

    def _sweep(self) -> None:
        """Remove what earlier writers left: half-built versions, and versions before the last two.

        Called under the lock. A reader that still has an old file open keeps it until it closes it.
        """
        current = self._pointer().get("file")
        versions = sorted(self.folder.glob("*.duckdb"), reverse=True)
        newest = [path for path in versions if current is None or path.name <= current][:_KEPT_VERSIONS]
        for path in (*versions, *self.folder.glob("*.building*")):
            if path.name != current and path not in newest:
                with suppress(FileNotFoundError):
                    path.unlink()


class _AttachedFacts(Facts):
    """The version in force as a writer sees it, beside the version it builds."""

    @property
    def lead(self) -> "ibis.Table":
        return self._backend.table("lead", database=("old", "main"))

    @property
    def event(self) -> "ibis.Table":
        return self._backend.table("lead_event", database=("old", "main"))

    @property
    def episode(self) -> "ibis.Table":
        return self._backend.table("episode", database=("old", "main"))

    @property
    def known_columns(self) -> frozenset[str]:
        table = self._backend.table("known_column", database=("old", "main"))
        return frozenset(row["name"] for row in self.rows(table))


def _session(connection: "duckdb.DuckDBPyConnection") -> "Backend":
    from ibis.backends.duckdb import Backend

    class Session(Backend):
        """A backend that leaves the settings alone, which are made and locked when the file is opened."""

        def _post_connect(self, extensions: Any = None) -> None:
            self._record_batch_readers_consumed: dict[str, bool] = {}

    return Session.from_connection(connection)


def _open_reader(folder: Path, file: str | None) -> "duckdb.DuckDBPyConnection":
    import duckdb

    config = {**_READER, "enable_external_access": False, "python_enable_replacements": False}
    if file is None:
        connection = duckdb.connect(":memory:", config=config)
        _create_empty(_session(connection), None)
    else:
        path = folder / file
        if not path.exists():
            raise FileNotFoundError(path)
        connection = duckdb.connect(str(path), read_only=True, config=config)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


def _create_empty(backend: "Backend", place: tuple[str, str] | None) -> None:
    from leads import episodes, schema

    lead = backend.create_table("lead", schema=schema.lead(()), database=place)
    event = backend.create_table("lead_event", schema=schema.EVENT, database=place)
    backend.create_table("custom_field", schema=schema.CUSTOM_FIELD, database=place)
    backend.create_table("known_column", schema=schema.KNOWN_COLUMN, database=place)
    backend.create_table("episode", schema=episodes.build(lead, event).schema(), database=place)


def attributes_of(table: "ibis.Table") -> tuple[str, ...]:
    """The names of the custom fields that a lead table has."""
    return tuple(
        column.removeprefix(ATTRIBUTE_PREFIX)
        for column in table.columns
        if column.startswith(ATTRIBUTE_PREFIX)
    )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_warehouses: dict[Path, Warehouse] = {}
_making = threading.Lock()


def warehouse() -> Warehouse:
    """The lead facts of the current data folder (`CONCORD_DATA`, or `data/` beside the program)."""
    configured = os.environ.get("CONCORD_DATA")
    data = Path(configured) if configured else Path(__file__).resolve().parent.parent / "data"
    folder = (data / "leads").resolve()
    with _making:
        found = _warehouses.get(folder)
        if found is None:
            found = _warehouses[folder] = Warehouse(folder)
        return found


@atexit.register
def close_all() -> None:
    """Close every open warehouse."""
    for opened in list(_warehouses.values()):
        opened.close()
    _warehouses.clear()
