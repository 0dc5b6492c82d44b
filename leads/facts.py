"""The lead facts of one version as expressions: the base, and over it the leads that have changed since it was made."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alignment.rules import FieldType
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, LeadField
from leads.shared_tables import SharedTables
from leads.stopping import interruptible

if TYPE_CHECKING:
    import duckdb
    import ibis
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

BASE = ("old", "main")
LIVE = ("live", "main")
_MEMORY = ("memory", "main")
# attributes that the sources write by themselves, so in this spelling, and beside those that people choose
OWN_ATTRIBUTES = ("merged_into", "deleted_in_source")


@dataclass(frozen=True)
class Prepared:
    """A query in the engine's words, and the small tables that it looks things up in, by name."""

    words: str
    beside: "Mapping[str, pa.Table]"


class Facts:
    """The lead facts of one version, for one run of one thread. Only expressions leave results here."""

    def __init__(
        self,
        backend: "Backend",
        revision: str,
        *,
        base: tuple[str, str] | None = None,
        live: tuple[str, str] | None = None,
        shared: SharedTables | None = None,
    ) -> None:
        """Wrap a session of the engine. `base` and `live` say where its tables are (the session's own; no overlay).

        `shared` are the tables that its runs share; none without.
        """
        self._backend = backend
        self._base = base
        self._live = live
        self._shared = shared
        self._taken: list[str] = []
        self._tables: dict[str, ibis.Table] = {}
        self._kept = 0
        self.revision = revision

    @property
    def lead(self) -> "ibis.Table":
        """One row per lead: `lead_id`, the canonical fields, and `attribute_…` for custom ones."""
        from leads import schema

        whole = self._whole("lead")
        return whole.drop(*(name for name in schema.OUTCOME if name in whole.columns))

    @property
    def followed(self) -> "ibis.Table":
        """The leads, and what became of them: `came_at`, `closed_at`, `won`, `lost` and `worked`; see `leads.outcomes`."""
        return self._whole("lead")

    @property
    def followed_rows(self) -> "ibis.Table":
        """`followed` with `row`, for those who read more of their columns later: where each stands in this version, from 0 on in
        the base, and from -1 down in what is laid over it."""
        base = self._backend.table("lead", database=self._base)
        numbered = base.mutate(row=base.rowid())
        columns = {**self.followed.schema(), "row": numbered.row.type()}
        if self._live is None:
            return aligned(numbered, columns)
        replaced = self._backend.table(replaced_rows("lead"), database=self._live)
        live = self._backend.table("lead", database=self._live)
        live = live.mutate(row=-1 - live.rowid())
        kept = numbered.anti_join(replaced, numbered.row == replaced.base_row)
        return aligned(kept, columns).union(aligned(live, columns))

    @property
    def event(self) -> "ibis.Table":
        """The event log; columns as in `leads.schema.EVENT`."""
        return self._whole("lead_event")

    @property
    def episode(self) -> "ibis.Table":
        """One row per lead episode with the first time of each stage; see `leads.episodes`."""
        return self._whole("episode")

    @property
    def known_columns(self) -> frozenset[str]:
        """The names of all columns that imported files have had."""
        known = self._backend.table("known_column", database=self._base)
        return frozenset(row["name"] for row in self.rows(known))

    @property
    def import_ids(self) -> frozenset[str]:
        """The ids of the last imports that these facts come from; see `leads.imports.notes`."""
        if "import_id" not in self._backend.list_tables(database=self._base):
            return frozenset()
        return frozenset(
            row["id"] for row in self.rows(self._backend.table("import_id", database=self._base))
        )

    def fields(self) -> tuple[LeadField, ...]:
        """The fields a lead can have here, canonical ones first, custom ones by name."""
        kinds: dict[str, FieldType] = {}
        for place in (self._base, self._live) if self._live else (self._base,):
            for row in self.rows(self._backend.table("custom_field", database=place)):
                kind = FieldType(row["type"])
                kinds[row["name"]] = kind if kinds.get(row["name"], kind) is kind else FieldType.TEXT
        custom = [LeadField(name, kind, name.replace("_", " "), True) for name, kind in sorted(kinds.items())]
        return (*CANONICAL_FIELDS, *custom)

    def rule_fields(self) -> dict[str, FieldType]:
        """What a rule may speak of here: custom fields take any kind of value, for new ones may change what they hold."""
        return {found.name: FieldType.ANY if found.custom else found.type for found in self.fields()}

    def keep(self, expression: "ibis.Table") -> "ibis.Table":
        """The rows of an expression as a table of this run, for expressions that several questions build on."""
        self._kept += 1
        with interruptible(self.interrupt):
            return self._backend.create_table(f"kept_{self._kept}", expression, temp=True)

    def share(self, kind: Hashable, since: Any, make: "Callable[[], ibis.Table]") -> "ibis.Table":
        """The rows of what `make` returns as a table that all runs over this version share.

        One of the same `kind` that reaches back to `since` or farther will do: then nothing is made.
        """
        if self._shared is None:
            return self.keep(make())
        backend = self._backend

        def create(name: str) -> int:
            rows = make()
            with interruptible(self.interrupt):
                table = backend.create_table(name, rows, database=_MEMORY)
            return int(self.value(table.count()))

        def drop(name: str) -> None:
            backend.drop_table(name, database=_MEMORY)

        name = self._shared.take(kind, since, create, drop)
        self._taken.append(name)
        return backend.table(name, database=_MEMORY)

    def end(self) -> None:
        """The run is over: what it shared may be given up."""
        while self._taken and self._shared is not None:
            self._shared.give_back(self._taken.pop())

    def columns(self, expression: "ibis.Table") -> "pa.Table":
        """The columns of a small result, for arithmetic on them."""
        return self._answer(expression)

    def prepare(self, expression: "ibis.Table") -> "Prepared":
        """A query in the engine's words, which any run over this version can ask again without working them out."""
        import ibis.expr.operations as ops

        beside = expression.op().find(ops.InMemoryTable)
        tables = {table.name: table.data.to_pyarrow(table.schema) for table in beside}
        return Prepared(self._backend.compile(expression), tables)

    def ask(self, query: "Prepared", told: "Mapping[str, datetime | int]") -> "pa.Table":
        """The columns of a prepared query, a small result. `told` are the values of its variables, instants as naive UTC."""
        connection = self._backend.con
        for name, value in told.items():
            connection.execute(f"SET VARIABLE {name} = $1", [value])
        for name, table in query.beside.items():
            connection.register(name, table)
        with interruptible(self.interrupt):
            return connection.execute(query.words).to_arrow_table()

    def rows(self, expression: "ibis.Table") -> list[dict[str, Any]]:
        """The rows of a small result as dicts. Aggregate first: nothing lead-sized belongs in Python."""
        return self._answer(expression).to_pylist()

    def batches(self, expression: "ibis.Table", rows: int) -> "Iterator[pa.RecordBatch]":
        """The rows of a result by columns, so many at a time, for those who hold them in arrays of bounded size."""
        # Ibis 12 asks in a way that DuckDB 1.5 warns of
        words = self._backend.compile(expression)
        with interruptible(self.interrupt):
            yield from self._backend.con.execute(words).to_arrow_reader(rows)

    def value(self, expression: "ibis.Scalar") -> Any:
        """One value."""
        return self._answer(expression.as_table()).column(0)[0].as_py()

    def interrupt(self) -> None:
        """End, from another thread, the query that this run is waiting for: there it raises an error of the engine."""
        self._backend.con.interrupt()

    def _answer(self, expression: "ibis.Table") -> "pa.Table":
        """The rows of an expression by columns, of the types that it says they have.

        Ibis' own way to the same loads pandas, which takes longer than most questions.
        """
        import pyarrow as pa

        found = self.ask(self.prepare(expression), {})
        types = expression.schema().to_pyarrow()
        columns = [
            # the engine gives a null without a type as a number, which Arrow cannot make one of no type
            pa.nulls(len(found))
            if pa.types.is_null(wanted.type)
            else column
            if column.type == wanted.type
            else column.cast(wanted.type)
            for wanted, column in zip(types, found.columns, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=types)

    def _whole(self, name: str) -> "ibis.Table":
        found = self._tables.get(name)
        if found is None:
            from leads import schema

            found = (
                schema.whole(self._backend, name, self._base) if self._live is None else self._laid_over(name)
            )
            self._tables[name] = found
        return found

    def _laid_over(self, name: str) -> "ibis.Table":
        """The rows of the base but those of leads in the overlay, and the rows of the overlay."""
        from leads import schema

        base = self._backend.table(name, database=self._base)
        replaced = self._backend.table(replaced_rows(name), database=self._live)
        live = self._backend.table(name, database=self._live)
        kept = base.mutate(base_row=base.rowid()).anti_join(replaced, "base_row")
        columns = {**schema.always(name), **live.schema(), **base.schema()}
        return aligned(kept, columns).union(aligned(live, columns))


def replaced_rows(name: str) -> str:
    """The table of an overlay that says which rows of a table of the base it replaces."""
    return f"replaced_{name}"


def aligned(table: "ibis.Table", columns: "dict[str, Any]") -> "ibis.Table":
    """The table with exactly these columns of these types, empty where it has none."""
    import ibis

    return table.select(
        **{
            name: (table[name] if name in table.columns else ibis.null()).cast(kind)
            for name, kind in columns.items()
        }
    )


def attributes_of(table: "ibis.Table") -> tuple[str, ...]:
    """The names of the custom fields that a lead table has."""
    return tuple(
        column.removeprefix(ATTRIBUTE_PREFIX)
        for column in table.columns
        if column.startswith(ATTRIBUTE_PREFIX)
    )


class Spellings:
    """The one spelling of each attribute: the engine tells no names apart that differ in nothing but small and capital letters."""

    def __init__(self, names: "Iterable[str]" = ()) -> None:
        """With the names that are known. Of two spellings the first stays."""
        self._known: dict[str, str] = {}
        for name in (*names, *OWN_ATTRIBUTES):
            self.of(name)

    def __len__(self) -> int:
        """How many attributes there are, but for those that sources write by themselves."""
        return len(self._known) - len(OWN_ATTRIBUTES)

    def __contains__(self, name: str) -> bool:
        """Whether the attribute is known, in any spelling."""
        return name.lower() in self._known

    def of(self, name: str) -> str:
        """The spelling of an attribute, which is this one where none is known yet."""
        return self._known.setdefault(name.lower(), name)


def load_engine() -> None:
    """Ask the engine something, so that all that takes is loaded, and the first who asks about leads need not wait for it."""
    import duckdb
    import ibis
    import pyarrow.dataset  # noqa: F401 (which the engine looks for where it is handed a small table)

    with duckdb.connect() as connection:
        Facts(session(connection), "").value(ibis.literal(1))


def session(connection: "duckdb.DuckDBPyConnection") -> "Backend":
    """A backend on a connection of which it leaves the settings alone."""
    import ibis
    from ibis.backends.duckdb import Backend

    # the engine puts nested queries together by itself; doing it beforehand, for people to read, is half of the work of writing one
    ibis.options.sql.fuse_selects = False

    class Session(Backend):
        """A backend that leaves the settings alone, which are made and locked when the file is opened."""

        def _post_connect(self, extensions: Any = None) -> None:
            self._record_batch_readers_consumed: dict[str, bool] = {}

    return Session.from_connection(connection)


def create_empty(backend: "Backend", place: tuple[str, str] | None) -> None:
    """Make the tables of facts that hold nothing."""
    from leads import schema

    for name in ("lead", "lead_event", "episode"):
        schema.declare(backend, name, schema.always(name), place)
    schema.declare(backend, "custom_field", schema.CUSTOM_FIELD, place)
    schema.declare(backend, "known_column", schema.KNOWN_COLUMN, place)
