"""The operational store: one SQLite file, a reading connection per thread, one writer that commits in groups.

Why a single writer: from eight threads it is four times as fast as an upsert per thread, nobody starves, and a
transaction that reads before it writes never meets a lock (`BEGIN IMMEDIATE`, one at a time). A write returns
after its commit has reached the disk (`synchronous=FULL`), never before.
"""

import atexit
import contextlib
import contextvars
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils
from sqlite_utils.utils import sqlite3

from alignment.errors import Refusal
from db.keys import new_id
from db.migrations import migrations

T = TypeVar("T")
Connection = sqlite3.Connection
Row = sqlite3.Row

FIRST_SOUND_SQLITE = (3, 51, 3)
_BUSY_SECONDS = 15.0
_MOMENT = 0.1
_GROUP = 256
_DISK = ("disk is full", "disk I/O", "readonly database", "unable to open", "locked")
_LOG_TO_EMPTY = "log_to_be_emptied"
_RESTORE = "Restore your last backup: manage.py restore FILE."
UNFINISHED = "restore-unfinished"
"""A file of this name stands in the data folder while a backup is being put in place."""
_REMEDY = "Tell your administrator; what was confirmed before is safe."


class StoreUnsound(Refusal):
    """The store or the library beneath it cannot be trusted with data."""


class StoreUnavailable(Refusal):
    """Nothing was saved: the disk is full, or the file cannot be reached."""


def data_folder() -> Path:
    """Where all data live: `CONCORD_DATA`, or `data/` beside the program."""
    configured = os.environ.get("CONCORD_DATA")
    return Path(configured) if configured else Path(__file__).resolve().parent.parent / "data"


def library_version() -> tuple[int, ...]:
    """The version of the SQLite library in use."""
    return tuple(int(part) for part in sqlite3.sqlite_version.split("."))


class _Waiting:
    """A transaction and the one who waits for it. Lighter than a Future, of which nothing else is needed here."""

    __slots__ = ("_context", "_done", "_error", "_result", "_transaction", "answered")

    def __init__(self, transaction: Callable[[Connection], Any]) -> None:
        self._transaction = transaction
        self._context = contextvars.copy_context()  # a replayed clock holds in the writer's thread, too
        self.answered = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def run(self, connection: Connection) -> Any:
        """Run the transaction as its own thread would."""
        return self._context.run(self._transaction, connection)

    def answer(self, result: Any, error: BaseException | None = None) -> None:
        """Let the one who waits go on, with a result or an error."""
        self._result, self._error, self.answered = result, error, True
        self._done.release()

    def outcome(self) -> Any:
        """Wait, then return the result or raise the error."""
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._result


class _Calling(_Waiting):
    """A transaction whose outcome is told by a call."""

    __slots__ = ("_tell",)

    def __init__(
        self,
        transaction: Callable[[Connection], Any],
        tell: Callable[[Any, BaseException | None], None],
    ) -> None:
        super().__init__(transaction)
        self._tell = tell

    def answer(self, result: Any, error: BaseException | None = None) -> None:
        """Tell the outcome. Who cannot hear it any more keeps nobody else from being told."""
        self.answered = True
        with contextlib.suppress(Exception):
            self._tell(result, error)


class Store:
    """One store file. Make it with `store()`, which keeps one per file and process."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path` and bring it up to date.

        Raises StoreUnsound when the SQLite library has the WAL-reset bug, when the file was written by a newer
        version of the program, or while a backup is being put in its place.
        """
        if library_version() < FIRST_SOUND_SQLITE:
            raise StoreUnsound(
                f"The SQLite library is {sqlite3.sqlite_version}, which can corrupt a store. "
                "Install the pinned pysqlite3: pip install -r requirements.txt"
            )
        if (path.parent / UNFINISHED).exists():
            raise StoreUnsound(
                "Putting a backup in place was broken off, so part of the data is still elsewhere. "
                "Run it again: manage.py restore FILE."
            )
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._local = threading.local()
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._migrate()
        self._writer = threading.Thread(target=self._write_forever, name="store-writer", daemon=True)
        self._writer.start()

    def read(self) -> Connection:
        """This thread's own reading connection; rows come as `sqlite3.Row`. It refuses to write."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self.connect()
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
        return connection

    def write(self, transaction: Callable[[Connection], T]) -> T:
        """Run `transaction(connection)` alone in a write transaction and return its result once it is on disk.

        What it raises is raised here, and then nothing of it is kept. Raises StoreUnavailable when the commit
        itself fails.
        """
        if threading.current_thread() is self._writer:
            raise RuntimeError("a transaction cannot start another; pass the connection on")
        waiting = _Waiting(transaction)
        with (
            self._closing
        ):  # nothing may come to stand behind the end of the queue, where nobody would answer it
            if self._closed:
                raise StoreUnavailable("Not saved: the portal is shutting down. Try again in a minute.")
            self._waiting.put(waiting)
        return waiting.outcome()

    def write_soon(
        self, transaction: Callable[[Connection], T], done: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """Like `write`, for those who must not wait: `done(result, error)` is called in the writer's thread.

        It is called once the result is on disk, or with what was raised; it has to return at once. Raises StoreUnavailable
        when the store is closed.
        """
        waiting = _Calling(transaction, done)
        with self._closing:
            if self._closed:
                raise StoreUnavailable("Not saved: the portal is shutting down. Try again in a minute.")
            self._waiting.put(waiting)

    def forget_deleted(self, patience: float = 1.0) -> bool:
        """Empty the log beside the file where `mark_to_be_forgotten` asked for it, trying for `patience` seconds.

        Whether nothing is left to be emptied. False when somebody who reads kept it from being emptied: the mark stays
        in the store, and it is tried again after each write, at each start, and in each round of the timed work.
        """
        if not _mark(self.read()):
            return True
        until = time.monotonic() + patience
        connection = self.connect()
        try:
            while not _forget(connection, _MOMENT):
                if time.monotonic() >= until:
                    return False
                time.sleep(_MOMENT)
        finally:
            connection.close()
        return True

    def close(self) -> None:
        """Finish the writes that wait, then stop the writer."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._writer.join(timeout=30)

    def fault(self) -> str | None:
        """None when the file passes SQLite's own check and its references hold, else a sentence."""
        connection = self.connect()
        try:
            found = fault_in(connection)
        finally:
            connection.close()
        return None if found is None else f"{found} {_RESTORE}"

    def connect(self) -> Connection:
        """A connection of its own, which may write; the caller closes it."""
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=True
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _migrate(self) -> None:
        try:
            connection = self.connect()
        except sqlite3.DatabaseError as error:
            raise _damaged(error) from error
        try:
            connection.execute("BEGIN IMMEDIATE")
            database = sqlite_utils.Database(connection)
            known = {migration.name for migration in migrations.pending(database)}
            applied = {migration.name for migration in migrations.applied(database)}
            unknown = applied - {migration.name for migration in migrations._migrations}
            if unknown:
                connection.execute("ROLLBACK")
                raise StoreUnsound(
                    "This store was written by a newer version of Concord "
                    f"({', '.join(sorted(unknown))}). Start that version, or restore an older backup."
                )
            if known:
                migrations.apply(database)
            connection.execute("COMMIT")
            _forget(connection, _MOMENT)  # a process that was killed may have left it to this one
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                raise _damaged(error) from error
            raise
        finally:
            connection.close()
        os.chmod(self.path, 0o600)

    def _write_forever(self) -> None:
        connection: Connection | None = None
        stop = False
        while not stop:
            item = self._waiting.get()
            if item is None:
                break
            group = [item]
            while len(group) < _GROUP:
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    stop = True
                    break
                group.append(item)
            try:
                connection = connection or self.connect()
                self._commit(connection, group)
                _forget(connection, 0)
            except (
                BaseException
            ) as error:  # the connection is of no use any more; the next group gets another
                _fail(group, error)
                if connection is not None:
                    with contextlib.suppress(sqlite3.Error):
                        connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _commit(self, connection: Connection, group: list[_Waiting]) -> None:
        outcomes: list[tuple[_Waiting, Any, BaseException | None]] = []
        several = len(group) > 1
        try:
            connection.execute("BEGIN IMMEDIATE")
            for waiting in group:
                if several:
                    connection.execute("SAVEPOINT one")
                try:
                    result = waiting.run(connection)
                except BaseException as error:
                    if not connection.in_transaction:
                        raise
                    connection.execute("ROLLBACK TO one" if several else "ROLLBACK")
                    outcomes.append((waiting, None, _told(error)))
                else:
                    outcomes.append((waiting, result, None))
                if several:
                    connection.execute("RELEASE one")
            if connection.in_transaction:
                connection.execute("COMMIT")
        except BaseException as error:
            _fail(group, error)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return
        for waiting, result, failed in outcomes:
            waiting.answer(result, failed)


def fault_in(connection: Connection) -> str | None:
    """What is wrong with an open file of the store, as a sentence; None when it passes SQLite's own checks and its references hold."""
    try:
        verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
        if verdict != "ok":
            return f"The store is damaged ({verdict})."
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            return "The store has records that point nowhere."
    except sqlite3.DatabaseError as error:
        return f"The store cannot be read ({error})."
    return None


def mark_to_be_forgotten(connection: Connection) -> None:
    """Keep, in the transaction that deletes something, that the log beside the file has to be emptied after it.

    The log still holds what the file held before. The mark outlives this process; only an emptied log takes it away.
    """
    connection.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = setting.revision + 1",
        (_LOG_TO_EMPTY, f'"{new_id()}"'),
    )


def _mark(connection: Connection) -> str | None:
    """The mark of the last deletion whose traces may still be in the log."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (_LOG_TO_EMPTY,)).fetchone()
    return row["value"] if row else None


def _forget(connection: Connection, wait: float) -> bool:
    """Empty the log where that is asked for, waiting so many seconds for those who hold it; whether nothing is left to do.

    A deletion that is marked meanwhile has another mark, which stays.
    """
    mark = _mark(connection)
    if mark is None:
        return True
    connection.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
    try:
        if not _empty_log(connection):
            return False
        connection.execute("DELETE FROM setting WHERE key = ? AND value = ?", (_LOG_TO_EMPTY, mark))
    except sqlite3.OperationalError:  # somebody else writes, or the disk is full: the mark stays
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")
    return True


def _empty_log(connection: Connection) -> bool:
    """Write the log beside the file into the file and cut it off; False when somebody who reads still needs it."""
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def _damaged(error: BaseException) -> StoreUnsound:
    return StoreUnsound(f"The store cannot be read ({error}). {_RESTORE}")


def _fail(group: list[_Waiting], error: BaseException) -> None:
    """Tell everyone who still waits that nothing was saved: a write that nobody answers would wait for ever."""
    failure = StoreUnavailable(f"Not saved: the store could not be written ({error}). {_REMEDY}")
    failure.__cause__ = error
    for waiting in group:
        if not waiting.answered:
            waiting.answer(None, failure)


def _told(error: BaseException) -> BaseException:
    """The error of a transaction, as a Refusal where the disk is at fault and not the program."""
    if isinstance(error, sqlite3.OperationalError) and any(word in str(error) for word in _DISK):
        told = StoreUnavailable(f"Not saved: the store could not be written ({error}). {_REMEDY}")
        told.__cause__ = error
        return told
    return error


_stores: dict[Path, Store] = {}
_by_setting: dict[str | None, Store] = {}
_opening = threading.Lock()


def store() -> Store:
    """The store of the current data folder; opened and migrated on first use, one per process."""
    setting = os.environ.get("CONCORD_DATA")
    found = _by_setting.get(setting)
    if found is None:
        path = (data_folder() / "concord.db").resolve()
        with _opening:
            found = _stores.get(path)
            if found is None:
                found = _stores[path] = Store(path)
            _by_setting[setting] = found
    return found


@atexit.register
def close_all() -> None:
    """Close every open store; called at exit, and by tests between two data folders."""
    for opened in list(_stores.values()):
        opened.close()
    _stores.clear()
    _by_setting.clear()
