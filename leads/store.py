"""Where lead facts live: versioned DuckDB files and a pointer to what is in force.

A read-write open of a DuckDB file locks every other process out. So a writer builds a whole new file beside the
one in force and then replaces the pointer in one step; readers, in this process or another, open files read-only and
move on when the pointer has moved. Killed in the middle, a writer leaves the old version in force.

What comes in piece by piece does not rewrite everything: it goes to a small overlay (`leads.live`) with the leads it is
about, whole, which the pointer names beside the base, until both are folded into a new base.
"""

import atexit
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alignment import instants
from leads import pointer as pointers
from leads.facts import BASE, LIVE, Facts, attributes_of, create_empty, session
from leads.pointer import Overlay, Pointer, WarehouseUnavailable
from leads.shared_tables import SharedTables
from leads.stopping import under

if TYPE_CHECKING:
    import duckdb
    from ibis.backends.duckdb import Backend

__all__ = ["Draft", "Facts", "Warehouse", "WarehouseUnavailable", "attributes_of", "warehouse"]

PLACE_FILE = "warehouse.toml"  # names a company's own warehouse to be read in place; see `leads.in_place`
_LOCK = "writer.lock"
_READER: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1GB", "threads": 2}
_WRITER: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "2GB",
    "threads": 2,
    # from this format on texts are packed as dictionaries of parts, which is written and read in half the time
    "storage_compatibility_version": "v1.3.0",
}
_MOST_LAID_ASIDE = 8 * 10**9
"""Bytes that a writer may lay aside on the disk for what does not fit into its memory."""
_LEFT_FREE = 10**9
_LONGEST_RENEWAL = 3_600.0
"""Seconds for which those who ask for leads wait until another has made them anew."""
"""Bytes of the disk that laying aside leaves free."""
_KEPT_VERSIONS = 2
_READ = ("base", "main")


@dataclass
class Draft:
    """A new version in the making. `old` has the tables of what is in force, up to the number `upto` of the inflow."""

    backend: "Backend"
    old: Facts
    upto: int = 0
    published: bool = field(default=False)
    imported_at: str = ""

    def publish(self, imported_at: datetime) -> None:
        """Let the tables written through `backend` come into force when the block ends without an error."""
        self.published = True
        self.imported_at = instants.to_text(imported_at)


@dataclass
class LiveDraft:
    """An overlay in the making: `base` without any, `live`, the overlay in force, where there is one, and both as a `whole`."""

    backend: "Backend"
    base: Facts
    whole: Facts
    live: Facts | None
    pointer: Pointer
    next: Pointer | None = None
    published: bool = False

    def publish(self, *, upto: int, leads: int, items: int, at: datetime) -> None:
        """Let the tables written through `backend` be the overlay when the block ends without an error."""
        assert self.pointer.live is None or items >= self.pointer.live.items
        since = self.pointer.live.since if self.pointer.live else instants.to_text(at)
        imported_at = max(self.pointer.imported_at or "", instants.to_text(at))
        self.next = replace(
            self.pointer, upto=upto, live=Overlay("", leads, items, since), imported_at=imported_at
        )
        self.published = True

    def pass_over(self, *, upto: int) -> None:
        """Note that what came up to a number has changed nothing; what is in force stays."""
        self.next = replace(self.pointer, upto=upto)


@dataclass
class _Opened:
    revision: str
    connection: "duckdb.DuckDBPyConnection"
    has_live: bool = False
    users: int = 0
    stale: bool = False
    shared: SharedTables = field(default_factory=SharedTables)


class Warehouse:
    """The lead facts of one data folder. Make it with `warehouse()`, which keeps one per folder and process."""

    takes_in = True  # False where facts are read in a place that is not ours to write in

    def __init__(self, folder: Path) -> None:
        """Facts under `folder`, which need not exist yet."""
        self.folder = folder
        self._guard = threading.Lock()
        self._opened: _Opened | None = None

    def revision(self) -> str:
        """A text that changes with everything that comes in; '' while there are no facts. Costs one small file read."""
        return self.pointer().revision

    def imported_at(self) -> str | None:
        """The instant when something last came in, in the store's form; None before the first."""
        return self.pointer().imported_at

    def pointer(self) -> Pointer:
        """What is in force. Raises WarehouseUnavailable when that cannot be known."""
        return pointers.read(self.folder)

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
        self._renew_old()
        opened = self._acquire()
        cursor = opened.connection.cursor()
        cursor.execute(f"USE {_READ[0]}")
        live = LIVE if opened.has_live else None
        facts = Facts(session(cursor), opened.revision, live=live, shared=opened.shared)
        try:
            yield facts
        finally:
            facts.end()
            cursor.close()
            self._release(opened)

    @contextmanager
    def write(self, wait_seconds: float = 60.0, waits: Callable[[], None] = lambda: None) -> Iterator[Draft]:
        """Build the next base alone; it comes into force if `publish` was called and the block ends well.

        What comes in piece by piece meanwhile is kept and laid over the new base. While another import holds the lock, `waits`
        is called again and again. Raises WarehouseUnavailable when it holds it for longer than `wait_seconds`, or when disk or
        memory do not suffice.
        """
        self._renew_old()
        with self._writing(wait_seconds, waits) as draft:
            yield draft

    def _renew_old(self) -> None:
        """Facts that an earlier version of the program wrote get the tables of this one, once, before anything else."""
        pointer = self.pointer()
        if pointer.file is None or pointer.format == pointers.FORMAT:
            return
        from leads import live

        with under(None), self._writing(_LONGEST_RENEWAL) as draft:
            pointer = self.pointer()
            if pointer.format != pointers.FORMAT:
                live.renew(draft, pointer.imported_at or instants.to_text(datetime.now(UTC)))

    @contextmanager
    def _writing(self, wait_seconds: float, waits: Callable[[], None] = lambda: None) -> Iterator[Draft]:
        import duckdb

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        busy = "Another import is running. Wait until it is done, then try again."
        with pointers.locked(self.folder / _LOCK, wait_seconds, busy, waits):
            with pointers.changing(self.folder) as pointer:
                self._sweep(pointer)
                revision = _revision_after(pointer)
                path = self.folder / f"{revision}.building"
                draft = self._draft(path, pointer)
            try:
                try:
                    yield draft
                finally:
                    draft.backend.disconnect()
                if draft.published:
                    self._put_in_force(path, draft)
            except duckdb.OutOfMemoryException as error:
                raise WarehouseUnavailable(
                    f"Nothing was imported: it takes more than the memory and the {self._most_laid_aside() / 1e9:.1f} GB of disk that an "
                    f"import may use ({str(error).splitlines()[0]}). Bring the leads in by smaller files, or make sure that there is "
                    "room on the disk."
                ) from error
            except (OSError, duckdb.IOException) as error:
                raise WarehouseUnavailable(
                    f"Nothing was imported: {error}. Make sure that there is room on the disk, then try again."
                ) from error
            finally:
                _remove(path)
                with pointers.changing(self.folder) as pointer:
                    self._sweep(pointer)

    @contextmanager
    def write_live(self) -> Iterator[LiveDraft]:
        """Build the next overlay while nothing else can change what is in force; take no longer than a moment.

        It comes into force if `publish` was called and the block ends well. Raises WarehouseUnavailable when disk or
        memory do not suffice.
        """
        import duckdb

        self._renew_old()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with pointers.changing(self.folder) as pointer:
            self._sweep_overlays(pointer)
            revision = _revision_after(pointer)
            path = self.folder / f"{revision}.laying"
            try:
                draft = self._live_draft(path, pointer)
                try:
                    yield draft
                finally:
                    draft.backend.disconnect()
                if draft.next is not None:
                    self._lay(path, revision, draft)
            except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
                raise WarehouseUnavailable(
                    f"What came in waits: {error}. Make sure that there is room on the disk."
                ) from error
            finally:
                _remove(path)

    @contextmanager
    def held(self) -> Iterator[list[Path]]:
        """The files of what is in force, the pointer among them; nothing else comes into force within the block.

        No files where there are no facts. Keep the block short: what comes in piece by piece waits for its end.
        """
        if not self.folder.exists():
            yield []
            return
        with pointers.changing(self.folder) as pointer:
            names = (pointers.NAME, pointer.file, pointer.live.file if pointer.live else None)
            yield [self.folder / name for name in names if name] if pointer.revision else []

    def totals(self) -> dict[str, int]:
        """How many leads and events are in force. Raises WarehouseUnavailable when they cannot be read."""
        with self.read() as facts:
            return {"lead": facts.value(facts.lead.count()), "lead_event": facts.value(facts.event.count())}

    def close(self) -> None:
        """Close the version that is open for reading, once its last reader has left."""
        with self._guard:
            if self._opened is not None:
                self._retire(self._opened)
                self._opened = None

    def _acquire(self) -> _Opened:
        with self._guard:
            for attempt in range(5):
                pointer = self.pointer()
                if self._opened is not None and self._opened.revision == pointer.revision:
                    break
                try:
                    opened = _Opened(
                        pointer.revision, _open_reader(self.folder, pointer), pointer.live is not None
                    )
                except Exception as error:
                    # the version may have been swept away between reading the pointer and opening the file
                    if attempt == 4:
                        raise WarehouseUnavailable(
                            "The lead facts cannot be read. Restore your last backup, or import the files again."
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

    def _draft(self, path: Path, pointer: Pointer) -> Draft:
        backend = self._beside_base(path, pointer.file)
        if pointer.live is not None:
            backend.attach(self.folder / pointer.live.file, name=LIVE[0], read_only=True)
        old = Facts(backend, pointer.revision, base=BASE, live=LIVE if pointer.live else None)
        return Draft(backend, old, pointer.upto)

    def _live_draft(self, path: Path, pointer: Pointer) -> LiveDraft:
        made = self._draft(path, pointer)
        live = Facts(made.backend, pointer.revision, base=LIVE) if pointer.live else None
        base = Facts(made.backend, pointer.revision, base=BASE)
        return LiveDraft(made.backend, base, made.old, live, pointer)

    def _beside_base(self, path: Path, base: str | None) -> "Backend":
        import ibis

        backend = ibis.duckdb.connect(path, **_WRITER, temp_directory=str(_spill_of(path)))
        # as an option of opening, it is not heeded
        backend.con.execute(f"SET max_temp_directory_size = '{self._most_laid_aside()}B'")
        os.chmod(path, 0o600)
        if base is not None:
            backend.attach(self.folder / base, name=BASE[0], read_only=True)
        else:
            backend.attach(":memory:", name=BASE[0])
            create_empty(backend, BASE)
        return backend

    def _most_laid_aside(self) -> int:
        """Bytes that a writer may lay aside now."""
        return max(0, min(_MOST_LAID_ASIDE, shutil.disk_usage(self.folder).free - _LEFT_FREE))

    def _put_in_force(self, path: Path, draft: Draft) -> None:
        """Make what was built the base. What came in since it was begun is laid over it before anybody sees it."""
        with pointers.changing(self.folder) as before:
            revision = _revision_after(before)
            final = self.folder / f"{revision}.duckdb"
            pointers.flush(path)
            os.replace(path, final)
            later = self._later_items(before, draft.upto)
            # an import can have been begun long before it ends, and more have come in meanwhile
            imported_at = max(draft.imported_at, before.imported_at or "")
            fresh = Pointer(revision, final.name, imported_at, draft.upto, before.upto)
            if later:
                overlay = self.folder / f"{revision}.laying"
                try:
                    fresh = self._with_overlay(overlay, fresh, later)
                finally:
                    _remove(overlay)
            pointers.write(self.folder, fresh)

    def _later_items(self, before: Pointer, upto: int) -> "list[tuple[int, str, str]]":
        """What the overlay in force holds beyond a number."""
        if before.live is None or before.upto <= upto:
            return []
        from leads import live

        with live.opened(self.folder / before.live.file) as backend:
            return live.items_after(backend, upto)

    def _with_overlay(self, path: Path, pointer: Pointer, items: "list[tuple[int, str, str]]") -> Pointer:
        from leads import live

        bare = replace(pointer, upto=pointer.base_upto)
        draft = self._live_draft(path, bare)
        try:
            live.lay(draft, items, instants.from_text(pointer.imported_at or ""))
        finally:
            draft.backend.disconnect()
        assert draft.next is not None
        laid = replace(draft.next, upto=pointer.upto)
        if not draft.published or laid.live is None:
            return laid
        final = self.folder / f"{pointer.revision}.live"
        pointers.flush(path)
        os.replace(path, final)
        return replace(laid, live=replace(laid.live, file=final.name))

    def _lay(self, path: Path, revision: str, draft: LiveDraft) -> None:
        fresh = draft.next
        assert fresh is not None
        if draft.published and fresh.live is not None:
            final = self.folder / f"{revision}.live"
            pointers.flush(path)
            os.replace(path, final)
            fresh = replace(fresh, revision=revision, live=replace(fresh.live, file=final.name))
        pointers.write(self.folder, fresh)

    def _sweep(self, pointer: Pointer) -> None:
        """Remove what earlier writers left: half-built versions, what they laid aside, and versions before the last two.

        Called under both locks. A reader that still has an old file open keeps it until it closes it.
        """
        self._sweep_older("*.duckdb", pointer.file)
        left = (path for path in self.folder.glob("reading-*.spill") if _left_by_the_dead(path))
        for path in (*self.folder.glob("*.building*"), self.folder / "spill", *left):
            _delete(path)

    def _sweep_overlays(self, pointer: Pointer) -> None:
        """The same for overlays. Called under the folder's lock."""
        self._sweep_older("*.live", pointer.live.file if pointer.live else f"{pointer.revision}.live")
        for path in self.folder.glob("*.laying*"):
            _delete(path)

    def _sweep_older(self, pattern: str, current: str | None) -> None:
        versions = sorted(self.folder.glob(pattern), reverse=True)
        newest = [path for path in versions if current is None or path.name <= current][:_KEPT_VERSIONS]
        for path in versions:
            if path.name != current and path not in newest:
                with suppress(FileNotFoundError):
                    path.unlink()


def _revision_after(pointer: Pointer) -> str:
    return f"{pointer.number + 1:09d}-{secrets.token_hex(4)}"


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + ".wal"), _spill_of(path)):
        _delete(leftover)


def _spill_of(path: Path) -> Path:
    """The folder in which the engine lays aside what does not fit into memory while it builds the file `path`."""
    return path.with_name(path.name + ".spill")


def reading_spill(folder: Path) -> Path:
    """Where one reading engine of this process lays aside what does not fit into its memory. It is made and removed by the engine.

    Without a place of its own it would be `.tmp` where the program was started, with the same files for every process.
    """
    return folder / f"reading-{os.getpid()}-{secrets.token_hex(4)}.spill"


def _left_by_the_dead(path: Path) -> bool:
    """Whether the process that laid something aside there, by its number in the name, has ended."""
    try:
        os.kill(int(path.name.split("-")[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def _delete(path: Path) -> None:
    """Remove a file, or a folder with what is in it; nothing where there is none."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _open_reader(folder: Path, pointer: Pointer) -> "duckdb.DuckDBPyConnection":
    """An engine of its own with base and overlay attached.

    One that opened the base by its path would be shared by all who do, and with the files locked away it could take in no
    later overlay.
    """
    import duckdb

    aside: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(reading_spill(folder))}
    connection = duckdb.connect(":memory:", config={**_READER, **aside, "python_enable_replacements": False})
    try:
        if pointer.file is None:
            session(connection).attach(":memory:", name=_READ[0])
            create_empty(session(connection), _READ)
        else:
            _attach(connection, folder / pointer.file, _READ[0])
        if pointer.live is not None:
            _attach(connection, folder / pointer.live.file, LIVE[0])
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def _attach(connection: "duckdb.DuckDBPyConnection", path: Path, name: str) -> None:
    if not path.exists():
        raise FileNotFoundError(path)
    session(connection).attach(path, name=name, read_only=True)


_warehouses: dict[Path, Warehouse] = {}
_making = threading.Lock()


def warehouse() -> Warehouse:
    """The lead facts of the current data folder (`CONCORD_DATA`, or `data/` beside the program)."""
    configured = os.environ.get("CONCORD_DATA")
    data = Path(configured) if configured else Path(__file__).resolve().parent.parent / "data"
    folder = (data / "leads").resolve()
    settings = data / PLACE_FILE
    if settings.exists():
        from leads.in_place import in_place

        return in_place(folder, settings.resolve())
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
