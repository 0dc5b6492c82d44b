"""Bringing in lead data: imports of files, and the mappings kept for them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment.errors import InvalidInput
from alignment.people import Actor, Person
from alignment.texts import required_text
from db.queries import imports
from db.queries.imports import PastImport
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    import pyarrow as pa

    from leads.imports.report import ImportReport

LARGEST_FILE = 200 * 1024 * 1024
MOST_FILES = 10


def import_leads(
    actor: Actor,
    files: Sequence[tuple[str, Path]],
    mapping: str,
    *,
    dry_run: bool = False,
    keep_good_rows: bool = False,
) -> "ImportReport":
    """Import `files`, as (name people know, path), through a mapping in TOML; returns the report.

    A dry run checks and counts everything and keeps nothing. Rows that cannot be used make the import fail
    (RowsRefused, with the report), unless the person has chosen to `keep_good_rows`. Raises InvalidInput with place
    and remedy when a file or the mapping cannot be used. Whatever is raised, nothing of any file is kept.
    """
    person = authorise(actor, "leads:import")
    if not files:
        raise InvalidInput("There is no file to import. Choose at least one.")
    if len(files) > MOST_FILES:
        raise InvalidInput(f"{len(files)} files at once are too many; import at most {MOST_FILES}.")
    for name, path in files:
        if path.exists() and path.stat().st_size > LARGEST_FILE:
            raise InvalidInput(
                f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it and import the parts."
            )
    from leads.imports.importing import SourceFile, import_files
    from leads.imports.mapping import read_mapping

    report = import_files(
        [SourceFile(path, name) for name, path in files],
        read_mapping(mapping),
        dry_run,
        clock.now(),
        whole=not keep_good_rows,
    )
    if not dry_run:
        _note(person, [name for name, _ in files], report.to_document())
    return report


def read_header(actor: Actor, name: str, path: Path) -> tuple[str, ...]:
    """The column names of a file. Raises InvalidInput when it cannot be read."""
    authorise(actor, "leads:import")
    from leads.imports.files import open_file

    return tuple(open_file(path, name).header)


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
    _note(person, ["lead history"], {**counts, "warnings": []})


def list_imports(actor: Actor) -> list[PastImport]:
    """The last imports, newest first."""
    authorise(actor, "leads:read")
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


def _note(person: Person, names: Sequence[str], report: "dict[str, object]") -> None:
    from leads.store import warehouse

    kept = {key: value for key, value in report.items() if key != "refusals"}

    def transaction(connection: Connection) -> None:
        import_id = imports.add(
            connection,
            at=clock.now_text(),
            person_id=person.id,
            files=names,
            report=kept,
            revision=warehouse().revision(),
        )
        journal(
            connection, person, "leads:import", "lead_import", import_id, after={"files": list(names), **kept}
        )

    store().write(transaction)
