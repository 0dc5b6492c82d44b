"""Notes of imports that come into force before they stand in the journal.

Facts and journal are two stores, so an import can be killed between them. Before a version is put in force, a note of the import
is on disk and its id stands in the version itself. So it can always be told whether the import of a note is in force: it
has to be listed then, and otherwise never was.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leads.pointer import flush
from leads.store import warehouse

if TYPE_CHECKING:
    from leads.store import Draft

_MOST_CARRIED = 1_000


def carry(draft: "Draft") -> None:
    """Let the version in the making say which imports it comes from, as the one in force does."""
    _carry(draft, draft.old.import_ids)


def sign(draft: "Draft", import_id: str, note: Mapping[str, Any]) -> None:
    """Let the version in the making carry the id of its import, and keep a note until the import stands in the journal.

    Called under the writer's lock, so nobody else is between a note and its version: notes of imports that are not in
    force are of such as were ended, and are dropped.
    """
    before = draft.old.import_ids
    _carry(draft, before | {import_id})
    folder = _folder()
    for path in folder.glob("*.json"):
        if path.stem not in before:
            path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f"{import_id}.new"
    fresh.write_text(json.dumps(dict(note)), encoding="utf-8")
    os.chmod(fresh, 0o600)
    flush(fresh)
    os.replace(fresh, folder / f"{import_id}.json")
    flush(folder)


def landed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and note of each import that is in force and whose note has not been dropped."""
    paths = sorted(_folder().glob("*.json"))
    if not paths:
        return
    with warehouse().read() as facts:
        in_force = facts.import_ids
    for path in paths:
        if path.stem in in_force:
            try:
                yield path.stem, json.loads(path.read_bytes())
            except FileNotFoundError:
                continue


def drop(import_id: str) -> None:
    """The import stands in the journal: its note is needed no more."""
    (_folder() / f"{import_id}.json").unlink(missing_ok=True)


def _folder() -> Path:
    return warehouse().folder / "notes"


def _carry(draft: "Draft", ids: frozenset[str]) -> None:
    import ibis

    from leads import schema

    # ids begin with the time they were made at
    kept = [{"id": one} for one in sorted(ids)[-_MOST_CARRIED:]]
    draft.backend.create_table("import_id", schema.few(kept, ibis.schema({"id": "string"})))
