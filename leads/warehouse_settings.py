"""The settings file by which a company's own warehouse is read in place, checked.

It lies in the data folder and names the warehouse and three relations of it, of which the last can be left out:

    [warehouse]
    path = "/srv/warehouse/crm.duckdb"   # a DuckDB file, or a folder of Parquet files
    # or: kind = "postgres" with address_from = "WAREHOUSE", a variable that holds its address; or kind = "sqlite" with a path
    refresh_minutes = 15                 # how old figures may become where changes cannot be seen

    [lead]
    table = "crm.contacts"               # in a folder of Parquet files: "contacts/*.parquet"
    lead_id = "id"                       # required; any canonical field = column
    source = "utm_source"
    [lead.attributes]                    # fields of one's own
    landing_page = "landing_page"

    [lead_event]
    table = "crm.history"
    lead_id = "contact_id"
    type = "kind"                        # left out: every row enters a stage
    stage = "stage"
    at = "happened_at"                   # optional: reason, owner, automatic, day_only
    [lead_event.types]                   # their word → ours, where they differ
    "moved" = "entered_stage"
    [lead_event.stages]
    "Marketing qualified" = "mql"

    [lead_outcome]
    table = "crm.deals"
    lead_id = "contact_id"
    outcome = "status"
    at = "closed_on"                     # a date stands for its day
    [lead_outcome.outcomes]
    "closed won" = "won"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from alignment.lifecycle import EventType, Stage
from leads.model import CANONICAL_NAMES, is_attribute_name
from leads.pointer import WarehouseUnavailable
from leads.store import PLACE_FILE as SETTINGS

KINDS = ("duckdb", "parquet", "postgres", "sqlite")
SERVERS = ("postgres",)
OUTCOMES = (Stage.WON.value, Stage.LOST.value)
_LARGEST_SETTINGS = 200_000
_EVENT_COLUMNS = ("lead_id", "type", "stage", "at", "reason", "owner", "automatic", "day_only")
_OUTCOME_COLUMNS = ("lead_id", "outcome", "at")


@dataclass(frozen=True)
class Relation:
    """A relation of theirs: its `table`, our column → their column, and what their words mean (ours by theirs)."""

    table: str
    columns: Mapping[str, str]
    attributes: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Place:
    """Where the facts are. `path` is None for a server, whose address the variable `address_from` holds."""

    kind: str
    path: Path | None
    address_from: str
    refresh_minutes: float
    lead: Relation
    event: Relation
    outcome: Relation | None


def read_settings(path: Path) -> Place:
    """The settings file, checked. Raises WarehouseUnavailable with place and remedy."""
    try:
        if path.stat().st_size > _LARGEST_SETTINGS:
            refuse("is too long to be settings", "Look what happened to it")
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        refuse(f"cannot be read: {first_line(error)}", "Correct it there")
    _only(document, ("warehouse", "lead", "lead_event", "lead_outcome"), "the file")
    about = _table(document, "warehouse", required=True)
    _only(about, ("kind", "path", "address_from", "refresh_minutes"), "[warehouse]")
    where = about.get("path")
    file = None
    if where is not None:
        if not isinstance(where, str) or not where.strip():
            refuse("has a path under [warehouse] that is no text", 'Write path = "/srv/crm.duckdb"')
        file = (path.parent / where).resolve()
    kind = about.get("kind") or ("parquet" if file is not None and file.is_dir() else "duckdb")
    if kind not in KINDS:
        refuse(f"has the kind “{shorten(kind)}”, which is not known", f"Use one of: {', '.join(KINDS)}")
    variable = about.get("address_from", "")
    if kind in SERVERS and not (isinstance(variable, str) and variable):
        refuse(
            f"does not say where the {kind} server is", 'Write address_from = "…", the variable that holds it'
        )
    if kind not in SERVERS and file is None:
        refuse("has no path under [warehouse]", 'Write path = "/srv/crm.duckdb"')
    minutes = about.get("refresh_minutes", 15)
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes <= 1440:
        refuse("has refresh_minutes that are no number from 0 to 1440", "Write refresh_minutes = 15")
    return Place(
        kind,
        None if kind in SERVERS else file,
        str(variable),
        float(minutes),
        _relation(document, "lead", ("lead_id", *CANONICAL_NAMES), ("lead_id",), {}, attributes=True),
        _relation(
            document,
            "lead_event",
            _EVENT_COLUMNS,
            ("lead_id", "at"),
            {"types": ("type", tuple(EventType)), "stages": ("stage", tuple(Stage))},
        ),
        _relation(
            document,
            "lead_outcome",
            _OUTCOME_COLUMNS,
            _OUTCOME_COLUMNS,
            {"outcomes": ("outcome", OUTCOMES)},
        )
        if "lead_outcome" in document
        else None,
    )


def _relation(
    document: Mapping[str, Any],
    name: str,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    words: Mapping[str, tuple[str, tuple[str, ...]]],
    *,
    attributes: bool = False,
) -> Relation:
    found = dict(_table(document, name, required=True))
    place = f"[{name}]"
    own = _table(found, "attributes") if attributes else {}
    tables = {key: _table(found, key) for key in words}
    plain = {key: value for key, value in found.items() if key not in (*words, "attributes", "table")}
    _only(found, ("table", *columns, *words, *(("attributes",) if attributes else ())), place)
    for key in ("table", *required):
        if key not in found:
            refuse(f"has no {key} under {place}", f'Write {key} = "…"')
    for key, value in {**plain, "table": found["table"], **own}.items():
        if not isinstance(value, str) or not value.strip() or len(value) > 300:
            refuse(f"has a {shorten(key)} under {place} that is no name", f'Write {shorten(key)} = "…"')
    for key in own:
        if not is_attribute_name(key):
            refuse(
                f"has “{shorten(key)}” under [{name}.attributes], which cannot be a field's name",
                "Use letters, digits and underscores, and no canonical field's name",
            )
    meanings = {}
    for key, (column, known) in words.items():
        for theirs, ours in tables[key].items():
            if ours not in known:
                refuse(
                    f"gives “{shorten(theirs)}” under [{name}.{key}] the meaning “{shorten(ours)}”",
                    f"Use one of: {', '.join(known)}",
                )
        meanings[column] = {theirs.strip().lower(): str(ours) for theirs, ours in tables[key].items()}
    if name == "lead_event" and "stage" not in found and "type" not in found:
        refuse("has neither type nor stage under [lead_event]", 'Write type = "…", stage = "…", or both')
    return Relation(found["table"].strip(), plain, own, meanings)


def _table(document: Mapping[str, Any], name: str, *, required: bool = False) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict) or (required and name not in document):
        refuse(f"has no [{name}]", f"Write [{name}] on a line of its own, and its entries below it")
    return found


def _only(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            refuse(
                f"has “{shorten(name)}” under {place}, which is not known", f"Known are: {', '.join(known)}"
            )


def refuse(problem: str, remedy: str) -> NoReturn:
    """Raise WarehouseUnavailable: what is wrong with the settings, and what to change."""
    raise WarehouseUnavailable(f"{SETTINGS} in the data folder {problem}. {remedy}.")


def shorten(value: object) -> str:
    """A value as part of a sentence: one line, at most 60 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:60] + "…"


def first_line(error: BaseException) -> str:
    """What an error says, shortly, as part of a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300].rstrip(".")
