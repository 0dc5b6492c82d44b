"""One file that holds everything, made while the portal runs; looking whether it is sound; and putting it back.

A backup is a zip archive with the store, the lead facts in force, the keys that what is sealed in the store needs, and a list of
these with their sizes, checksums and numbers of rows. The key that signs sign-ins is not in it: whoever restores a backup
ends all sessions, also those that were ended after it was made.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, NotFound, Refusal, WrongState
from alignment.people import Actor, Person
from db import copies
from db import store as stores
from db.queries import audit
from leads import pointer

FORMAT = 1
_LIST = "concord.json"
_STORE = "concord.db"
_LEADS = "leads"
_MATTERS = (_STORE, f"{_LEADS}/{pointer.NAME}")
_EVERYTHING = "everything"
_BESIDE = ("mail.key", "connectors.key", "warehouse.toml")
_REPLACED = (_STORE, f"{_STORE}-wal", f"{_STORE}-shm", _LEADS, "sign-in.key", *_BESIDE)
_NAMES = re.compile(
    r"concord\.db|mail\.key|connectors\.key|warehouse\.toml|leads/current\.json|leads/[0-9]{9,}-[0-9a-f]{8}\.(duckdb|live)"
)
_LONGEST_LIST = 1_000_000
_CHUNK = 1 << 20


class BackupFailed(Refusal):
    """A backup could not be written or put back; what there was is as it was."""


@dataclass(frozen=True)
class Part:
    """A file in a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """What a backup says of itself: when it was made, its files, and the rows of each table of the store and of the lead facts."""

    made_at: str
    parts: tuple[Part, ...]
    rows: Mapping[str, int]
    leads: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """The size of all files once unpacked."""
        return sum(part.bytes for part in self.parts)


@dataclass(frozen=True)
class Restored:
    """The backup that is in place now, and the folder with what was there before; None where nothing was."""

    backup: Backup
    kept: Path | None


def make_backup(actor: Actor, path: Path) -> Backup:
    """Write everything to one file, while others work on; a backup of that name is replaced once the new one is known to be sound.

    Raises NotFound where there is no store, InvalidInput where the name is taken by something else, and BackupFailed where it
    cannot be written.
    """
    person = authorise(actor, "backup:make")
    data = stores.data_folder()
    if not (data / _STORE).exists():
        raise NotFound(f"There is no store in {data}. Name the folder with --data.")
    if path.exists() and not _is_backup(path):
        raise InvalidInput(f"{path} is there already and is no backup. Choose another name.")
    store = stores.store()
    made_at = clock.now_text()
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _telling("The backup was not written"), _alone(data), _folder_in(data, "backing-up-") as work:
        _freeze(store, data, work / "frozen")
        found = _describe(work / "frozen", made_at)
        try:
            _write(draft, work / "frozen", found)
            _unpack(draft, work / "looked-at")
            os.replace(draft, path)
            pointer.flush(path.absolute().parent)
        finally:
            draft.unlink(missing_ok=True)
    _journal(store, person, "make", {"file": path.name[:200]})
    return found


def inspect_backup(actor: Actor, path: Path) -> Backup:
    """Unpack a backup where the machine keeps what passes, and look at all of it: checksums, the store's own checks, rows, the facts.

    Raises NotFound where there is no such file, InvalidInput with what is wrong with it, BackupFailed where there is no room.
    """
    authorise(actor, "backup:make")
    with (
        _telling("The backup was not looked at"),
        _folder_in(Path(tempfile.gettempdir()), "concord-") as work,
    ):
        return _unpack(path, work / "looked-at")


def restore_backup(actor: Actor, path: Path, *, replace: bool = False) -> Restored:
    """Put a backup in place of what is in the data folder, which is kept beside it in a folder of its own.

    Everybody has to sign in again. Raises InvalidInput where the file is no sound backup, WrongState where the portal is running,
    or where something is there and `replace` does not say that it may go, BackupFailed where there is no room.
    Killed in the middle it leaves a store that refuses to open until it is run again.
    """
    person = authorise(actor, "backup:restore")
    data = stores.data_folder()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _telling("Nothing was put back"), _alone(data), _folder_in(data, "restoring-") as work:
        there = any((data / name).exists() for name in _MATTERS)
        if there and not (replace or (data / stores.UNFINISHED).exists()):
            raise WrongState(
                f"There are data in {data} already. To put the backup in their place, add --replace: they are kept beside it."
            )
        found = _unpack(path, work / "fresh")
        if copies.is_in_use(data / _STORE):
            raise WrongState("The portal is running. Stop it first, then restore.")
        fresh = stores.Store(work / "fresh" / _STORE)
        _journal(fresh, person, "restore", {"made_at": found.made_at})
        fresh.close()
        return Restored(found, _put_in_place(data, work / "fresh"))


def last_backup(actor: Actor) -> str | None:
    """The instant of the last backup that was made, in the store's form; None before the first."""
    authorise(actor, "backup:make")
    return audit.latest(stores.store().read(), "make", "backup", _EVERYTHING) or None


def _journal(store: stores.Store, person: Person, action: str, told: Mapping[str, str]) -> None:
    store.write(lambda connection: journal(connection, person, action, "backup", _EVERYTHING, after=told))


def _freeze(store: stores.Store, data: Path, work: Path) -> None:
    """Lay store, facts and keys of one instant into the folder `work`.

    While the store is copied nothing comes into force in the facts, so everything that was taken in is in the facts or still waits
    in the store.
    """
    from leads.store import Warehouse

    (work / _LEADS).mkdir(parents=True, mode=0o700)
    with Warehouse((data / _LEADS).resolve()).held() as files:
        for file in files:
            _link(file, work / _LEADS / file.name)
        copies.copy_store(store, work / _STORE)
    for name in _BESIDE:
        with suppress(FileNotFoundError):
            shutil.copyfile(data / name, work / name)


def _link(source: Path, target: Path) -> None:
    """The same file under another name, for versions are never changed; a copy where the disk knows no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _describe(folder: Path, made_at: str) -> Backup:
    from leads.store import Warehouse

    facts = Warehouse(folder / _LEADS)
    try:
        leads = facts.totals()
    finally:
        facts.close()
    names = sorted(
        str(PurePosixPath(file.relative_to(folder))) for file in folder.rglob("*") if file.is_file()
    )
    parts = tuple(
        Part(name, (folder / name).stat().st_size, _checksum(folder / name))
        for name in names
        if _NAMES.fullmatch(name)
    )
    return Backup(made_at, parts, copies.count_rows(folder / _STORE), leads)


def _write(path: Path, folder: Path, found: Backup) -> None:
    with (
        os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        archive.writestr(_LIST, json.dumps({"format": FORMAT, **asdict(found)}, indent=1))
        for part in found.parts:
            archive.write(folder / part.name, part.name)
        archive.close()
        file.flush()
        os.fsync(file.fileno())


def _unpack(path: Path, folder: Path) -> Backup:
    """Unpack a backup into a folder and check it whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _read_list(archive)
            (folder / _LEADS).mkdir(parents=True, mode=0o700)
            for part in found.parts:
                _unpack_part(archive, part, folder / part.name)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}. Check its name.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"{path.name} is no sound backup ({error}). Use another one.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # its own list points to before its beginning, which zipfile looks for all the same
        raise InvalidInput(f"{path.name} is no sound backup. Use another one.") from error
    _check(path.name, folder, found)
    return found


def _read_list(archive: zipfile.ZipFile) -> Backup:
    try:
        listed = archive.getinfo(_LIST)
        if listed.file_size > _LONGEST_LIST:
            raise ValueError("its list is too long")
        with archive.open(listed) as file:
            document = json.loads(file.read(_LONGEST_LIST))
        if document["format"] > FORMAT:
            raise ValueError("it was made by a newer version of Concord")
        parts = tuple(
            Part(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in document["parts"]
        )
        rows, leads = ({str(key): int(n) for key, n in document[name].items()} for name in ("rows", "leads"))
        made_at = instants.to_text(instants.from_text(document["made_at"]))
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("it has no list of what is in it") from error
    names = [part.name for part in parts]
    strange = [name for name in names if not _NAMES.fullmatch(name)]
    if (
        strange
        or len(set(names)) < len(names)
        or _STORE not in names
        or any(part.bytes < 0 for part in parts)
    ):
        raise ValueError("its list names other files than a backup has")
    return Backup(made_at, parts, rows, leads)


def _unpack_part(archive: zipfile.ZipFile, part: Part, target: Path) -> None:
    """Write a file of the archive, and no more than its list says it holds."""
    try:
        source: IO[bytes] = archive.open(part.name)
    except KeyError as error:
        raise ValueError(f"{part.name} is missing") from error
    digest, written = hashlib.sha256(), 0
    with source, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > part.bytes:
                break
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if written != part.bytes or digest.hexdigest() != part.sha256:
        raise ValueError(f"{part.name} is not what it was when the backup was made")


def _check(name: str, folder: Path, found: Backup) -> None:
    """Raise InvalidInput unless the store and the facts in a folder are sound and hold what was counted."""
    fault = copies.fault_of(folder / _STORE)
    if fault is None:
        fresh = _describe(folder, found.made_at)
        if (dict(fresh.rows), dict(fresh.leads)) != (dict(found.rows), dict(found.leads)):
            fault = "Its tables hold other numbers of rows than it says."
    if fault is not None:
        raise InvalidInput(f"{name} is no sound backup. {fault}")
    stores.Store(folder / _STORE).close()  # raises where a newer version of the program made it


def _put_in_place(data: Path, fresh: Path) -> Path | None:
    """Move what is in the data folder into one of its own, which is returned, and the fresh files to where it was."""
    unfinished = data / stores.UNFINISHED
    there = [name for name in _REPLACED if (data / name).exists()]
    kept = data / f"replaced-{clock.now_text().replace(':', '-')}" if there else None
    unfinished.touch(mode=0o600)
    pointer.flush(data)
    if kept is not None:
        kept.mkdir(mode=0o700)
        for name in there:
            os.replace(data / name, kept / name)
    for name in _REPLACED:
        if (fresh / name).exists():
            os.replace(fresh / name, data / name)
    pointer.flush(data)
    unfinished.unlink()
    pointer.flush(data)
    return kept


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Let nobody else make or restore a backup of this folder meanwhile, and clear away what one who was killed has left."""
    with pointer.locked(
        data / "backup.lock", 0.0, "Another backup is being made or restored. Try again after it."
    ):
        for pattern in ("backing-up-*", "looking-at-*", "restoring-*"):
            for left in data.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def _folder_in(place: Path, prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        where = f" in {error.filename}" if error.filename else ""
        raise BackupFailed(
            f"{what} ({error.strerror or error}{where}). Make sure that there is room and that it may be written to."
        ) from error
    except stores.sqlite3.OperationalError as error:
        raise BackupFailed(f"{what} ({error}). Make sure that there is room on the disk.") from error


def _is_backup(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _LIST in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
