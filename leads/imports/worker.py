"""An import in a process of its own, with bounded memory: the server stays up and quick, whatever is in the files.

The child reads its work from a folder, tells its standing on standard output, a JSON object a line, and leaves its result in the
folder. It ends when whoever started it does. Ended at any moment it leaves no half import.
"""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from alignment.errors import InvalidInput, Refusal
from leads.imports.progress import Progress, Standing, Step
from leads.imports.report import ImportReport, RowsRefused
from leads.pointer import WarehouseUnavailable

MOST_MEMORY = 3 * 2**30
"""Bytes of memory that a child may ask for, address space of libraries not counted; the engine itself keeps to much less."""

_WORK, _RESULT = "work.json", "result.json"
_ROOT = Path(__file__).resolve().parent.parent.parent
_TICK = 0.2
_WAIT_SECONDS = 3_600.0
_MOST_COMPLAINT = 4_000


@dataclass(frozen=True)
class Work:
    """What a child has to do; `files` as (name, path), `mapping` in TOML, `note` as in `leads.imports.notes`."""

    import_id: str
    files: Sequence[tuple[str, Path]]
    mapping: str
    dry_run: bool
    whole: bool
    now: datetime
    note: dict[str, Any]


class Cause(StrEnum):
    """Why a child ended without a result."""

    MEMORY = "memory"
    DISK = "disk"
    ENDED = "ended"
    """Somebody or something ended it from outside, as a machine does that runs out of memory."""
    FAULT = "fault"


class ChildDied(Exception):
    """The child ended without a result. The message is what it said last, for the log."""

    def __init__(self, complaint: str, cause: Cause = Cause.ENDED) -> None:
        """What it said last, and why it ended."""
        super().__init__(complaint)
        self.cause = cause


class Child:
    """A child process at work."""

    def __init__(self, folder: Path, work: Work, data: Path) -> None:
        """Start it. `folder` is its own, and stays; `data` is the data folder."""
        self._folder = folder
        document = {
            **vars(work),
            "files": [(name, str(path)) for name, path in work.files],
            "now": work.now.isoformat(),
        }
        (folder / _WORK).write_text(json.dumps(document), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "leads.imports.worker", str(folder)],
            cwd=_ROOT,
            # what it lays aside goes with its folder, even when it is ended in the middle
            env={**os.environ, "CONCORD_DATA": str(data), "TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def end(self) -> None:
        """End it at once, wherever it is."""
        self._process.kill()

    def follow(self, told: Callable[[Standing], None]) -> ImportReport:
        """Wait for the end, telling each standing; the report.

        Raises what the import raised (RowsRefused, InvalidInput, WarehouseUnavailable), or ChildDied.
        """
        process, complaint = self._process, [""]
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        errors = process.stderr

        def listen() -> None:
            for line in errors:
                complaint[0] = (complaint[0] + line)[-_MOST_COMPLAINT:]

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            for line in process.stdout:
                try:
                    step, rows, share = json.loads(line)
                    told(Standing(Step[step], rows, share))
                except (ValueError, KeyError):
                    continue  # cut off in the middle of a line
            process.wait()
        finally:
            process.kill()
            process.wait()
            listener.join(timeout=5)
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()
        return self._result(process.returncode, f"exit code {process.returncode}\n{complaint[0]}")

    def _result(self, code: int, complaint: str) -> ImportReport:
        try:
            result = json.loads((self._folder / _RESULT).read_bytes())
        except FileNotFoundError:
            # libraries that get no memory end the process themselves, or it does not even begin
            cause = Cause.ENDED if code == -signal.SIGKILL else _said_by(complaint)
            raise ChildDied(complaint, cause) from None
        if "cause" in result:
            raise ChildDied(complaint, Cause(result["cause"]))
        report = ImportReport.from_document(result["report"], result["files"]) if "report" in result else None
        if "refused" in result:
            if report is not None:
                raise RowsRefused(report)
            kind = WarehouseUnavailable if result["unavailable"] else InvalidInput
            raise kind(result["refused"])
        assert report is not None
        return report


def work(folder: Path) -> None:
    """In the child: do the work that lies in `folder`."""
    progress = Progress()
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(progress, done), daemon=True)
    teller.start()
    try:
        result = _import(json.loads((folder / _WORK).read_bytes()), progress)
    except Exception as error:
        traceback.print_exc()  # for the log of the one who started it
        result = {"cause": _cause(error)}
    finally:
        done.set()
        teller.join()
    fresh = folder / (_RESULT + ".new")
    fresh.write_text(json.dumps(result), encoding="utf-8")
    os.replace(fresh, folder / _RESULT)


def _import(document: dict[str, Any], progress: Progress) -> dict[str, Any]:
    from leads.imports.importing import Signature, SourceFile, import_files
    from leads.imports.mapping import read_mapping

    try:
        report = import_files(
            [SourceFile(Path(path), name) for name, path in document["files"]],
            read_mapping(document["mapping"]),
            document["dry_run"],
            datetime.fromisoformat(document["now"]),
            whole=document["whole"],
            signature=Signature(document["import_id"], document["note"]),
            progress=progress,
            wait_seconds=_WAIT_SECONDS,
        )
    except RowsRefused as refusal:
        report = refusal.report
        return {"refused": str(refusal), "report": report.to_document(), "files": dict(report.files)}
    except Refusal as refusal:
        return {"refused": str(refusal), "unavailable": isinstance(refusal, WarehouseUnavailable)}
    return {"report": report.to_document(), "files": dict(report.files)}


def _cause(error: BaseException) -> Cause:
    """Why an import broke off, by the error that nobody has foreseen."""
    import duckdb

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Cause.DISK
    if isinstance(error, duckdb.Error) and "no space left" in str(error).lower():
        return Cause.DISK
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return Cause.MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.EAGAIN):
        return Cause.MEMORY
    return _said_by(str(error))


def _said_by(complaint: str) -> Cause:
    """Whether what was said last is about memory."""
    lacks = ("memoryerror", "bad_alloc", "allocat", "cannot map", "failed to map", "can't start new thread")
    return Cause.MEMORY if any(words in complaint.lower() for words in lacks) else Cause.FAULT


def _tell(progress: Progress, done: threading.Event) -> None:
    before = None
    while True:
        ended = done.wait(_TICK)
        now = progress.standing()
        if now != before:
            sys.stdout.write(json.dumps([now.step.name, now.rows, round(now.share, 3)]) + "\n")
            sys.stdout.flush()
            before = now
        if ended:
            return


def _end_with_the_one_who_started_it() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _main() -> None:
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_the_one_who_started_it, daemon=True).start()
    work(Path(sys.argv[1]))


if __name__ == "__main__":
    _main()
