"""Copies of the store as a backup holds them: making one beside those who write, looking whether one is sound, and in whose way it is."""

import os
from pathlib import Path
from urllib.parse import quote

from sqlite_utils.utils import sqlite3

from db.store import Connection, Store, fault_in

_MOMENT = 0.5


def copy_store(store: Store, path: Path) -> None:
    """Write the store as it is at one instant to a new file, while others go on writing. On disk when this returns.

    Raises OSError or an error of SQLite when it cannot be written.
    """
    connection = store.connect()
    try:
        connection.execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()
    os.chmod(path, 0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fault_of(path: Path) -> str | None:
    """What is wrong with a file of the store that nobody writes to, as a sentence; None when it passes SQLite's own checks."""
    try:
        connection = _open(path)
    except sqlite3.DatabaseError as error:
        return f"Its store cannot be read ({error})."
    try:
        return fault_in(connection)
    finally:
        connection.close()


def count_rows(path: Path) -> dict[str, int]:
    """The rows of each table in a file of the store that nobody writes to. Raises an error of SQLite when it cannot be read."""
    connection = _open(path)
    try:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            )
        ]
        # names of tables come from the file, so they are quoted
        quoted = {name: name.replace('"', '""') for name in names}
        return {
            name: connection.execute(f'SELECT count(*) FROM "{quoted[name]}"').fetchone()[0] for name in names
        }
    finally:
        connection.close()


def is_in_use(path: Path) -> bool:
    """Whether somebody else has the file of the store open: each connection holds on to it as long as it lives."""
    if not path.exists():
        return False
    connection = sqlite3.connect(path, timeout=_MOMENT, isolation_level=None)
    try:
        # only who is alone with the file may leave the mode in which the store is used; opening it goes back there
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:  # damaged: nobody can work with it
        return False
    finally:
        connection.close()
    return False


def _open(path: Path) -> Connection:
    """For reading only; rows come as tuples."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
