"""Imports of lead data and the mappings kept for them, as the store holds them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.store import Connection


@dataclass(frozen=True)
class PastImport:
    """An import that was carried out. `report` is its document without the list of refusals."""

    id: str
    at: str
    person_name: str
    files: tuple[str, ...]
    report: Mapping[str, Any]


def add(
    connection: Connection,
    *,
    import_id: str,
    at: str,
    person_id: str,
    files: Sequence[str],
    report: Mapping[str, Any],
    revision: str,
) -> bool:
    """Note an import, unless it stands there already; whether it did not. Values of refused cells are not kept."""
    added = connection.execute(
        "INSERT INTO lead_import (id, at, person_id, files, report, revision) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO NOTHING",
        (import_id, at, person_id, json.dumps(list(files)), json.dumps(dict(report)), revision),
    )
    return bool(added.rowcount)


def latest(connection: Connection, limit: int = 20) -> list[PastImport]:
    """The last imports, newest first."""
    rows = connection.execute(
        """
        SELECT lead_import.*, coalesce(person.name, 'Administrator of the machine') AS person_name
        FROM lead_import LEFT JOIN person ON person.id = lead_import.person_id
        ORDER BY lead_import.at DESC, lead_import.id DESC LIMIT ?
        """,
        (limit,),
    ).fetchall()
    return [
        PastImport(
            row["id"],
            row["at"],
            row["person_name"],
            tuple(json.loads(row["files"])),
            json.loads(row["report"]),
        )
        for row in rows
    ]


def save_mapping(connection: Connection, name: str, toml: str, at: str) -> None:
    """Keep a mapping under a name; the same name again replaces it."""
    connection.execute(
        """
        INSERT INTO lead_mapping (name, toml, saved_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET toml = excluded.toml, saved_at = excluded.saved_at
        """,
        (name, toml, at),
    )


def mappings(connection: Connection) -> dict[str, str]:
    """All kept mappings by name, as TOML."""
    rows = connection.execute("SELECT name, toml FROM lead_mapping ORDER BY name").fetchall()
    return {row["name"]: row["toml"] for row in rows}


def delete_mapping(connection: Connection, name: str) -> bool:
    """Forget a kept mapping; whether there was one."""
    return bool(connection.execute("DELETE FROM lead_mapping WHERE name = ?", (name,)).rowcount)
