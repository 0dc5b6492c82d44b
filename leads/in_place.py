"""Lead facts read in a company's own warehouse: nothing is brought in, nothing is ever written there.

The settings (`leads.warehouse_settings`) name the warehouse and three relations of it. The engine looks at the events through
a view. The leads with what became of them and the episodes, which are worked out from the events once per change, are held, in
the engine's memory and, what does not fit, laid aside beside the facts. A DuckDB file is opened for reading only, which keeps others from writing into
it meanwhile: replace it as a whole.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment import instants
from alignment.lifecycle import EventType, Stage
from alignment.rules import FieldType
from leads.facts import Facts, session
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, CANONICAL_NAMES
from leads.pointer import Pointer, WarehouseUnavailable
from leads.shared_tables import SharedTables
from leads.store import Draft, Warehouse, reading_spill
from leads.warehouse_settings import (
    OUTCOMES,
    SETTINGS,
    Place,
    Relation,
    first_line,
    read_settings,
    refuse,
    shorten,
)

if TYPE_CHECKING:
    import duckdb
    import ibis
    from ibis.backends.duckdb import Backend

_THEIRS = "theirs"
_LOOKED_FOR = 2.0  # seconds between two looks at their files
_ENGINE: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1GB", "threads": 2}


@dataclass
class _Opened:
    """An engine with the views of one revision, and how many read with it."""

    revision: str
    connection: "duckdb.DuckDBPyConnection"
    users: int = 0
    stale: bool = False
    shared: SharedTables = field(default_factory=SharedTables)


class InPlace(Warehouse):
    """The facts of a company's warehouse, for reading. What the portal itself takes in waits beside it, unseen."""

    takes_in = False

    def __init__(self, folder: Path, settings: Path) -> None:
        """`folder` is that of the portal's own facts, `settings` the file."""
        super().__init__(folder)
        self._settings = settings
        self._using = threading.Lock()
        self._looking = threading.Lock()
        self._seen: tuple[float, Pointer] | None = None
        self._engine: _Opened | None = None

    @property
    def place(self) -> Place:
        """Where the facts are, by the settings file as it is now. Raises WarehouseUnavailable with place and remedy."""
        return read_settings(self._settings)

    def pointer(self) -> Pointer:
        """Their facts as of the last change that can be seen. Raises WarehouseUnavailable when the settings are wrong."""
        own = super().pointer()
        with self._looking:
            now = time.monotonic()
            if self._seen is None or now - self._seen[0] > _LOOKED_FOR:
                self._seen = (now, self._look())
            found = self._seen[1]
        return replace(found, base_upto=own.base_upto, upto=own.upto)

    @contextmanager
    def read(self) -> Iterator[Facts]:
        """Their facts as they are now, on a cursor of its own. Raises WarehouseUnavailable with what to change."""
        with self._using:
            revision = self.pointer().revision
            if self._engine is None or self._engine.revision != revision:
                fresh = _Opened(revision, self._open())
                self._retire_engine()
                self._engine = fresh
            opened = self._engine
            opened.users += 1
        cursor = opened.connection.cursor()
        facts = Facts(session(cursor), opened.revision, shared=opened.shared)
        try:
            yield facts
        finally:
            facts.end()
            cursor.close()
            with self._using:
                opened.users -= 1
                if opened.stale and opened.users == 0:
                    opened.connection.close()

    @contextmanager
    def write(self, wait_seconds: float = 60.0, waits: Callable[[], None] = lambda: None) -> Iterator[Draft]:
        """Raises WarehouseUnavailable: nothing is brought in beside a warehouse that is read in place."""
        raise WarehouseUnavailable(
            f"The leads are read in your own warehouse ({SETTINGS} in the data folder), so nothing is brought in here. Bring it "
            "into the warehouse, or take that file away."
        )
        yield

    def close(self) -> None:
        """Let go of the warehouse, once its last reader has left."""
        with self._using:
            self._retire_engine()
        super().close()

    def _retire_engine(self) -> None:
        if self._engine is not None:
            self._engine.stale = True
            if self._engine.users == 0:
                self._engine.connection.close()
            self._engine = None

    def _look(self) -> Pointer:
        place = self.place
        settled = self._settings.stat().st_mtime_ns
        if place.path is None:
            span = max(1, int(place.refresh_minutes * 60))
            changed = float(int(time.time()) // span * span)
            mark = f"{changed:.0f}"
        else:
            known = [file.stat() for file in _files(place)]
            changed = max(one.st_mtime for one in known)
            mark = f"{max(one.st_mtime_ns for one in known)}-{sum(one.st_size for one in known)}-{len(known)}"
        at = instants.to_text(datetime.fromtimestamp(changed, UTC))
        return Pointer(revision=f"0-place-{settled}-{mark}", imported_at=at)

    def _open(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        place = self.place
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = {
            **_ENGINE,
            "temp_directory": str(reading_spill(self.folder)),
            "python_enable_replacements": False,
        }
        connection = duckdb.connect(":memory:", config=config)
        try:
            backend = session(connection)
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            _attach(connection, backend, place)
            _define(backend, place)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        except WarehouseUnavailable:
            connection.close()
            raise
        except Exception as error:
            connection.close()
            raise WarehouseUnavailable(
                f"The warehouse cannot be read by {SETTINGS}: {first_line(error)}. Correct it there, or in the warehouse."
            ) from error
        return connection


_places: dict[Path, InPlace] = {}
_making = threading.Lock()


def in_place(folder: Path, settings: Path) -> InPlace:
    """The warehouse by a settings file; one per folder and process."""
    with _making:
        if folder not in _places:
            _places[folder] = InPlace(folder, settings)
        return _places[folder]


def close_all() -> None:
    """Close every open warehouse."""
    with _making:
        for found in _places.values():
            found.close()
        _places.clear()


# ── the views ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(place: Place) -> list[Path]:
    """The files that hold the facts."""
    assert place.path is not None
    if place.kind != "parquet":
        if not place.path.is_file():
            refuse(f"names {place.path}, where there is no file", "Correct the path")
        return [place.path]
    relations = [place.lead, place.event, *([place.outcome] if place.outcome else [])]
    found = [file for relation in relations for file in _parquet_files(place.path, relation)]
    return found


def _parquet_files(folder: Path, relation: Relation) -> list[Path]:
    if ".." in Path(relation.table).parts or Path(relation.table).is_absolute():
        refuse(f"names “{shorten(relation.table)}”, which leads out of the folder", "Name what lies in it")
    files = sorted(file for file in folder.glob(relation.table) if file.is_file())
    if not files:
        refuse(f"names “{shorten(relation.table)}”, of which {folder} has no file", "Correct the name")
    return files


def _attach(connection: "duckdb.DuckDBPyConnection", backend: "Backend", place: Place) -> None:
    """Make their relations reachable, for reading only."""
    if place.kind == "duckdb":
        _files(place)
        backend.attach(place.path, name=_THEIRS, read_only=True)
        return
    if place.kind == "parquet":
        connection.execute("SET allowed_directories = ?", [[str(place.path)]])
        return
    address = str(place.path) if place.path is not None else os.environ.get(place.address_from, "")
    if not address:
        refuse(
            f"takes the address from the variable {place.address_from}, which is empty",
            "Set it for the portal",
        )
    try:
        connection.load_extension(place.kind)
    except Exception as error:
        raise WarehouseUnavailable(
            f"The engine cannot read {place.kind} yet, for its extension is not installed. On this machine run: "
            f"python -c \"import duckdb; duckdb.connect().install_extension('{place.kind}')\""
        ) from error
    quoted = address.replace("'", "''")
    try:
        connection.execute(f"ATTACH '{quoted}' AS {_THEIRS} (TYPE {place.kind}, READ_ONLY)")
    except Exception as error:
        # what the engine says of an address, it says with the address, and that holds a password
        raise WarehouseUnavailable(
            f"The {place.kind} warehouse cannot be reached ({type(error).__name__}). Check its address in {place.address_from}."
        ) from None


def _define(backend: "Backend", place: Place) -> None:
    """Views and tables as `leads.facts` wants them."""
    from leads import episodes, outcomes, schema

    raw = _theirs(backend, place, place.lead, "lead")
    lead = _leads(raw, place.lead)
    events = _events(_theirs(backend, place, place.event, "lead_event"), place.event)
    if place.outcome is not None:
        ends = _outcomes(_theirs(backend, place, place.outcome, "lead_outcome"), place.outcome)
        events = _with_outcomes(events, ends)
    backend.create_view("lead_event", events.select(*schema.EVENT.names))
    backend.create_table("lead", outcomes.build(lead, backend.table("lead_event")))
    kinds = [
        {"name": name, "type": _type_of(raw[column]).value} for name, column in place.lead.attributes.items()
    ]
    backend.create_table("custom_field", schema.few(kinds, schema.CUSTOM_FIELD))
    columns = [{"name": name} for name in sorted(raw.columns)]
    backend.create_table("known_column", schema.few(columns, schema.KNOWN_COLUMN))
    built = episodes.build(backend.table("lead"), backend.table("lead_event"))
    backend.create_table("episode", built)


def _theirs(backend: "Backend", place: Place, relation: Relation, name: str) -> "ibis.Table":
    """A relation of theirs, after a look at whether it has the columns that the settings name."""
    if place.kind == "parquet":
        assert place.path is not None
        files = [str(file) for file in _parquet_files(place.path, relation)]
        # a view that every cursor sees, which Ibis's own would not be
        backend.con.read_parquet(files, union_by_name=True).create_view(f"{_THEIRS}_{name}")
        table = backend.table(f"{_THEIRS}_{name}")
    else:
        *path, table_name = relation.table.split(".")
        table = backend.table(table_name, database=(_THEIRS, path[0] if path else _default_schema(place)))
    for column in (*relation.columns.values(), *relation.attributes.values()):
        if column not in table.columns:
            refuse(
                f"names the column “{shorten(column)}” under [{name}], which {relation.table} has not got",
                f"It has: {', '.join(sorted(table.columns)[:40])}",
            )
    return table


def _default_schema(place: Place) -> str:
    return "public" if place.kind == "postgres" else "main"


def _leads(raw: "ibis.Table", relation: Relation) -> "ibis.Table":
    """One row per lead: where theirs stands twice, any of the rows that has a value."""
    import ibis

    from leads import schema

    types = {field.name: field.type for field in CANONICAL_FIELDS}
    columns: dict[str, Any] = {"lead_id": raw[relation.columns["lead_id"]].cast("string")}
    for name in CANONICAL_NAMES:
        theirs = relation.columns.get(name)
        if theirs is None:
            value = ibis.null()
        elif types[name] is FieldType.DATE:
            value = _instant(raw[theirs])
        elif types[name] is FieldType.NUMBER:
            value = schema.known(raw[theirs].try_cast("float64"))
        else:
            value = _text(raw[theirs])
        kind = {FieldType.DATE: "timestamp(6)", FieldType.NUMBER: "float64"}.get(types[name], "string")
        columns[name] = value.cast(kind)
    for name, theirs in sorted(relation.attributes.items()):
        columns[ATTRIBUTE_PREFIX + name] = _text(raw[theirs])
    known = raw.select(**columns)
    known = known.filter(known.lead_id.notnull())
    rest = {name: known[name].first() for name in columns if name != "lead_id"}
    return known.group_by("lead_id").aggregate(**rest).select(*columns)


def _events(raw: "ibis.Table", relation: Relation) -> "ibis.Table":
    import ibis

    given = relation.columns

    def told(name: str) -> "ibis.Value":
        if name not in given:
            return ibis.null().cast("string")
        value = raw[given[name]].cast("string").strip().nullif("")
        words = relation.words.get(name, {})
        return value.lower().cases(*words.items(), else_=value.lower()) if words else value

    kind = told("type").lower() if "type" in given else ibis.literal(EventType.ENTERED_STAGE.value)
    stage = told("stage").lower()
    enters = kind == EventType.ENTERED_STAGE.value
    at = raw[given["at"]]
    columns = {
        "lead_id": raw[given["lead_id"]].cast("string"),
        "type": kind,
        "stage": enters.ifelse(stage, ibis.null().cast("string")),
        "at": _instant(at),
        "day": _instant(at).date(),
        "day_only": _flag(raw, given.get("day_only"), at.type().is_date()),
        "reason": told("reason").lower(),
        "owner": told("owner"),
        "automatic": _flag(raw, given.get("automatic"), False),
    }
    found = raw.select(**columns)
    known = found.type.isin([one.value for one in EventType]) & (
        (found.type != EventType.ENTERED_STAGE.value) | found.stage.isin([one.value for one in Stage])
    )
    return found.filter(found.lead_id.notnull(), found["at"].notnull(), known.fill_null(False))


def _outcomes(raw: "ibis.Table", relation: Relation) -> "ibis.Table":
    import ibis

    given = relation.columns
    theirs = raw[given["outcome"]].cast("string").strip().lower()
    words = relation.words.get("outcome", {})
    at = raw[given["at"]]
    text = ibis.null().cast("string")
    found = raw.select(
        lead_id=raw[given["lead_id"]].cast("string"),
        type=ibis.literal(EventType.ENTERED_STAGE.value),
        stage=theirs.cases(*words.items(), else_=theirs) if words else theirs,
        at=_instant(at),
        day=_instant(at).date(),
        day_only=at.notnull() & at.type().is_date(),
        reason=text,
        owner=text,
        automatic=ibis.literal(False),
    )
    return found.filter(found.lead_id.notnull(), found.stage.isin(OUTCOMES).fill_null(False))


def _with_outcomes(events: "ibis.Table", ends: "ibis.Table") -> "ibis.Table":
    """The events and the outcomes; of those without a date, which say no more than that, each that is told nowhere with one."""
    dated = ends.filter(ends["at"].notnull())
    known = events.union(dated)
    undated = ends.filter(ends["at"].isnull()).distinct().anti_join(known, ["lead_id", "type", "stage"])
    return known.union(undated)


def _instant(column: "ibis.Value") -> "ibis.Value":
    """UTC without a zone; what has none is taken to be UTC."""
    if column.type().is_string():
        column = column.try_cast("timestamp('UTC')")
    return column.cast("timestamp('UTC')").cast("timestamp(6)")


def _text(column: "ibis.Value") -> "ibis.Value":
    kind = column.type()
    if kind.is_timestamp():
        return _instant(column).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind.is_floating():
        return (column == column.floor()).ifelse(
            column.try_cast("int64").cast("string"), column.cast("string")
        )
    return column.cast("string").strip().nullif("")


def _flag(raw: "ibis.Table", column: str | None, otherwise: bool) -> "ibis.Value":
    import ibis

    if column is None:
        return ibis.literal(otherwise)
    return raw[column].try_cast("boolean").fill_null(False)


def _type_of(column: "ibis.Value") -> FieldType:
    kind = column.type()
    if kind.is_boolean():
        return FieldType.BOOLEAN
    if kind.is_numeric():
        return FieldType.NUMBER
    return FieldType.DATE if kind.is_temporal() else FieldType.TEXT
