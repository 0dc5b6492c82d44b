"""Bringing in lead data: imports of files, and the mappings kept for them."""

import contextvars
import os
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from actions import clock
from actions.journal import journal
from actions.permissions import MACHINE_PERSON, authorise
from alignment import instants
from alignment.errors import InvalidInput, NotFound, Refusal, WrongState
from alignment.people import Actor, Person
from alignment.texts import required_text
from db.keys import new_id
from db.queries import imports
from db.queries.imports import PastImport
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    import pyarrow as pa

    from leads.imports.progress import Standing
    from leads.imports.report import ImportReport
    from leads.imports.worker import Child, Work

LARGEST_FILE = 200 * 1024 * 1024
MOST_FILES = 10
MOST_RUNNING = 5
MOST_KEPT = 50
RUNNING, DONE, REFUSED, CANCELLED, FAILED = "running", "done", "refused", "cancelled", "failed"
BROKEN_OFF = "The import broke off and nothing was kept. "
WHY_BROKEN_OFF = {
    "memory": "The files need more memory than an import is allowed. Split them and import the parts.",
    "disk": "The disk is full. Make room on it, then begin the import again.",
    "ended": "It was ended from outside, as a machine does that has no memory left. Begin it again; if it ends again, split the files.",
    "fault": "That is a fault of the portal, not of the files. Tell your administrator this number: {}. The log says more under it.",
}
"""By the causes of `leads.imports.worker.Cause`."""

log = structlog.get_logger("concord")


@dataclass(frozen=True)
class ImportRun:
    """An import that was begun: where it stands, or how it ended.

    `state` is running, done, refused (`problem` says what to change; `report` is there when it is about rows), cancelled or
    failed (`problem` says so). While it runs, `step` says what is being done, `rows` how many rows are known of and `share`,
    from 0 to 1, how much is done.
    """

    id: str
    person_name: str
    files: tuple[str, ...]
    begun_at: str
    dry_run: bool
    state: str = RUNNING
    step: str = "Starting"
    rows: int = 0
    share: float = 0.0
    report: "ImportReport | None" = None
    problem: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.state == RUNNING


_runs: "dict[str, _Run]" = {}
_looking = threading.Lock()
_one_at_a_time = threading.Lock()


def import_leads(
    actor: Actor,
    files: Sequence[tuple[str, Path]],
    mapping: str,
    *,
    dry_run: bool = False,
    keep_good_rows: bool = False,
    sheet: str | None = None,
) -> "ImportReport":
    """Import `files`, as (name people know, path), through a mapping in TOML; returns the report.

    A dry run checks and counts everything and keeps nothing. Rows that cannot be used make the import fail
    (RowsRefused, with the report), unless the person has chosen to `keep_good_rows`. A `sheet` of workbooks comes before the
    one that the mapping names. Raises InvalidInput with place
    and remedy when a file or the mapping cannot be used. Whatever is raised, nothing of any file is kept.
    In a server use `begin_import`, which works in a process of its own.
    """
    person = authorise(actor, "leads:import")
    _check_sizes(files)
    from leads.imports.importing import Signature, SourceFile, import_files
    from leads.imports.mapping import read_mapping, sheet_name

    laid = read_mapping(mapping)
    if sheet is not None:
        laid = replace(laid, sheet=sheet_name(sheet))
    import_id, note = new_id(), _note(person, files)
    report = import_files(
        [SourceFile(path, name) for name, path in files],
        laid,
        dry_run,
        clock.now(),
        whole=not keep_good_rows,
        signature=Signature(import_id, note),
    )
    if not dry_run:
        _list(import_id, {**note, "report": report.to_document()})
    return report


def begin_import(
    actor: Actor,
    files: Sequence[tuple[str, Path]],
    mapping: str,
    *,
    dry_run: bool = False,
    keep_good_rows: bool = False,
) -> str:
    """Begin what `import_leads` does in a process of its own; returns the id under which `read_import` tells of it.

    The files are taken over and need not stay where they are. Raises InvalidInput when they are too many or too large or
    the mapping cannot be used, and WrongState when too many imports wait already; the rest is told by `read_import`.
    """
    person = authorise(actor, "leads:import")
    _check_sizes(files)
    from leads.imports.mapping import read_mapping

    read_mapping(mapping)
    run = _Run(new_id(), person, [name for name, _ in files], dry_run)
    with _looking:
        if sum(other.state == RUNNING for other in _runs.values()) >= MOST_RUNNING:
            raise WrongState(
                f"{MOST_RUNNING} imports are running or waiting. Wait until one is done, then try again."
            )
        _runs[run.id] = run
        while len(_runs) > MOST_KEPT:
            oldest = next((key for key, other in _runs.items() if other.state != RUNNING), None)
            if oldest is None:
                break
            del _runs[oldest]
    try:
        run.begin(files, mapping, keep_good_rows)
    except BaseException:
        with _looking:
            _runs.pop(run.id, None)
        raise
    return run.id


def read_import(actor: Actor, import_id: str) -> ImportRun:
    """How far an import that was begun is, or how it ended. Raises NotFound when this server does not know of it (any more)."""
    authorise(actor, "leads:import")
    with _looking:
        run = _runs.get(import_id)
    if run is None:
        raise NotFound(
            "This import is not known any more; the portal may have been restarted. "
            "If it is not in the list of imports, begin it again."
        )
    return run.standing()


def list_running(actor: Actor) -> list[ImportRun]:
    """The imports and dry runs that are running or waiting, the first begun first."""
    authorise(actor, "leads:import")
    with _looking:
        runs = list(_runs.values())
    return [run.standing() for run in runs if run.state == RUNNING]


def cancel_import(actor: Actor, import_id: str) -> None:
    """End an import that was begun. What it had already put in force stays, and is listed; else nothing is kept.

    Raises NotFound as `read_import`, and WrongState when it has ended.
    """
    person = authorise(actor, "leads:import")
    read_import(actor, import_id)
    with _looking:
        run = _runs[import_id]
    if not run.cancel():
        raise WrongState("This import has ended already.")
    store().write(
        lambda connection: journal(connection, person, "leads:cancel_import", "lead_import", import_id)
    )


def compose_mapping(actor: Actor, choices: Mapping[str, object]) -> str:
    """The mapping made on screen as TOML, checked; empty choices are left out. Keys as in `leads.imports.mapping`."""
    authorise(actor, "leads:import")
    import tomli_w

    from leads.imports.mapping import read_mapping

    text = tomli_w.dumps({key: value for key, value in choices.items() if value})
    read_mapping(text)
    return text


def add_history(actor: Actor, leads: "pa.Table", events: "pa.Table") -> None:
    """Bring in leads and events as Arrow tables (columns: `leads.imports.direct`), as one import."""
    person = authorise(actor, "leads:import")
    from leads.imports.direct import load_events

    load_events(leads, events, clock.now())
    counts = {"read": leads.num_rows, "new": leads.num_rows, "changed": 0, "unchanged": 0, "refused": 0}
    note = _note(person, [("lead history", Path())])
    _list(new_id(), {**note, "report": {**counts, "warnings": []}})


def list_imports(actor: Actor) -> list[PastImport]:
    """The last imports, newest first; also those that were killed when their leads had just come into force."""
    authorise(actor, "leads:read")
    _list_landed()
    return imports.latest(store().read())


def save_mapping(actor: Actor, name: str, mapping: str) -> None:
    """Keep a mapping under a name for the next import. Raises InvalidInput when it cannot be used."""
    person = authorise(actor, "leads:import")
    name = required_text(name, "The mapping's name", 80)
    from leads.imports.mapping import read_mapping

    read_mapping(mapping)

    def transaction(connection: Connection) -> None:
        imports.save_mapping(connection, name, mapping, clock.now_text())
        journal(connection, person, "mapping:save", "mapping", name, after={"toml": mapping})

    store().write(transaction)


def list_mappings(actor: Actor) -> dict[str, str]:
    """The kept mappings by name, as TOML."""
    authorise(actor, "leads:import")
    return imports.mappings(store().read())


def delete_mapping(actor: Actor, name: str) -> None:
    """Forget a kept mapping. Raises NotFound when there is none of this name."""
    person = authorise(actor, "leads:import")

    def transaction(connection: Connection) -> None:
        before = imports.mappings(connection).get(name)
        if before is None or not imports.delete_mapping(connection, name):
            raise NotFound("This mapping is not there any more.")
        journal(connection, person, "mapping:delete", "mapping", name, before={"toml": before})

    store().write(transaction)


class _Run:
    """An import in a process of its own, followed by a thread of this one."""

    def __init__(self, import_id: str, person: Person, names: Sequence[str], dry_run: bool) -> None:
        self.id = import_id
        self.state = RUNNING
        self._person = person
        self._now = clock.now()
        self._told = ImportRun(import_id, person.name, tuple(names), instants.to_text(self._now), dry_run)
        self._guard = threading.Lock()
        self._child: Child | None = None

    def begin(self, files: Sequence[tuple[str, Path]], mapping: str, keep_good_rows: bool) -> None:
        """Take the files over and start."""
        from leads.imports.worker import Work
        from leads.store import warehouse

        data = warehouse().folder.parent
        folder = _work_folder(warehouse().folder, self.id)
        try:
            taken = [(name, _taken(path, folder / f"{n}.upload")) for n, (name, path) in enumerate(files)]
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise InvalidInput(
                f"The files cannot be kept for the import ({error.strerror}). Make room on the disk, then try again."
            ) from error
        note = _note(self._person, files)
        work = Work(self.id, taken, mapping, self._told.dry_run, not keep_good_rows, self._now, note)
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._follow, folder, work, data), name="import", daemon=True
        ).start()

    def standing(self) -> ImportRun:
        """What people are told."""
        with self._guard:
            return self._told

    def cancel(self) -> bool:
        """End it; whether it was still running."""
        with self._guard:
            if self.state != RUNNING:
                return False
            self.state = CANCELLED
            if self._child is not None:
                self._child.end()
            return True

    def _follow(self, folder: Path, work: "Work", data: Path) -> None:
        from leads.imports.report import RowsRefused
        from leads.imports.worker import ChildDied

        report: ImportReport | None = None
        state, problem = DONE, ""
        try:
            report = self._work(folder, work, data)
        except RowsRefused as refusal:
            state, problem, report = REFUSED, str(refusal), refusal.report
        except Refusal as refusal:
            state, problem = REFUSED, str(refusal)
        except ChildDied as death:
            state, problem = FAILED, BROKEN_OFF + WHY_BROKEN_OFF[death.cause].format(self.id)
            if self.state == RUNNING:
                log.error("an import ended without a result", lead_import=self.id, said=str(death))
        except Exception:
            state, problem = FAILED, BROKEN_OFF + WHY_BROKEN_OFF["fault"].format(self.id)
            log.exception("an import could not be followed", lead_import=self.id)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        in_force = self._put_in_journal(report if state == DONE else None, work)
        with self._guard:
            if in_force and state != DONE:
                state, problem = DONE, ""
            elif self.state == CANCELLED and state != DONE:
                state, problem = CANCELLED, ""
            self.state = state
            self._told = replace(self._told, state=state, step="", share=1.0, report=report, problem=problem)

    def _work(self, folder: Path, work: "Work", data: Path) -> "ImportReport":
        from leads.imports.progress import Standing, Step
        from leads.imports.worker import Child, ChildDied

        if not _one_at_a_time.acquire(blocking=False):
            self._tell(Standing(Step.WAITING))
            _one_at_a_time.acquire()
        try:
            with self._guard:
                if self.state != RUNNING:
                    raise ChildDied("cancelled before it began")
                self._child = child = Child(folder, work, data)
            return child.follow(self._tell)
        finally:
            _one_at_a_time.release()

    def _tell(self, standing: "Standing") -> None:
        with self._guard:
            self._told = replace(
                self._told, step=standing.step.label, rows=standing.rows, share=standing.share
            )

    def _put_in_journal(self, report: "ImportReport | None", work: "Work") -> bool:
        """List the import if it is in force; whether it is, for one that ended without telling."""
        if work.dry_run:
            return False
        try:
            if report is not None:
                _list(self.id, {**work.note, "report": report.to_document()})
                return True
            return self.id in _list_landed()
        except Exception:  # the note stays, and the import is listed by whoever looks next
            log.exception("an import could not be listed", lead_import=self.id)
            return False


def _check_sizes(files: Sequence[tuple[str, Path]]) -> None:
    if not files:
        raise InvalidInput("There is no file to import. Choose at least one.")
    if len(files) > MOST_FILES:
        raise InvalidInput(f"{len(files)} files at once are too many; import at most {MOST_FILES}.")
    for name, path in files:
        if path.exists() and path.stat().st_size > LARGEST_FILE:
            raise InvalidInput(
                f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it and import the parts."
            )


def _work_folder(facts: Path, import_id: str) -> Path:
    """A fresh folder for an import; those of imports that ended with their server are removed."""
    above = facts / "work"
    folder = above / import_id
    folder.mkdir(parents=True, mode=0o700)
    with _looking:
        known = set(_runs)
    for other in above.iterdir():
        with suppress(OSError):
            if other.name not in known and other.stat().st_mtime < time.time() - 3600:
                shutil.rmtree(other, ignore_errors=True)
    return folder


def _taken(path: Path, to: Path) -> Path:
    """The file under another name, without a copy where the disk is the same."""
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)
    return to


def _note(person: Person, files: Sequence[tuple[str, Path]]) -> dict[str, Any]:
    return {"at": clock.now_text(), "person_id": person.id, "files": [name for name, _ in files]}


def _list_landed() -> set[str]:
    """Put into the journal what came into force without getting there; the ids of those."""
    from leads.imports import notes

    listed = set()
    for import_id, note in notes.landed():
        _list(import_id, note)
        listed.add(import_id)
    return listed


def _list(import_id: str, note: Mapping[str, Any]) -> None:
    """Put an import into the list and the journal, once; its note is not needed then."""
    from leads.imports import notes
    from leads.store import warehouse

    kept = {key: value for key, value in note["report"].items() if key != "refusals"}
    files = list(note["files"])

    def transaction(connection: Connection) -> None:
        if imports.add(
            connection,
            import_id=import_id,
            at=note["at"],
            person_id=note["person_id"],
            files=files,
            report=kept,
            revision=warehouse().revision(),
        ):
            person = replace(MACHINE_PERSON, id=note["person_id"])
            after = {"files": files, **kept}
            journal(connection, person, "leads:import", "lead_import", import_id, after=after)

    store().write(transaction)
    notes.drop(import_id)
