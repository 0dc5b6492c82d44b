"""Reading the leads of a version into columns of little memory, for `leads.condition_bitmaps`.

What became of the leads is read once for a version. Where each lead stands is kept, so that a field that is asked for later costs
no more than reading that column.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from leads.condition_bitmaps import QUARTER_HOUR, HeldLeads, Places
from leads.facts import Facts
from leads.held_columns import INSTANT, MOST_VALUES, NEVER, NUMBER, TEXT, Codes, packed
from leads.model import column_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 200_000_000
"""So much what is held may take, but for the bitmaps of conditions: ten million leads with seven fields."""

_FEW = 3_000_000
"""Of so many leads it is held when they came, whether that is asked for or not."""

_BATCH = 250_000
_UNDATED = np.iinfo(np.int32).max
_BITS = {"leads": 1, "won": 2, "lost": 4, "unworked": 8}


def fits(facts: Facts, fields: Iterable[str]) -> bool:
    """Whether all leads of a version can be held with these fields."""
    kinds = [_kind_of(facts.lead, name) for name in fields]
    # where each stands, four bits of what became of it, and when it came, where fields are compared with that
    a_lead = 4.5 + sum(map(_bytes_of, kinds)) + 8 * (INSTANT in kinds)
    return bool(facts.value(facts.lead.count()) * a_lead <= MOST_BYTES)


def hold(facts: Facts, fields: Iterable[str] = ()) -> HeldLeads:
    """Look at all leads of a version, and hold what became of each and these fields of theirs."""
    wanted = tuple(fields)
    count = facts.value(facts.lead.count())
    with_time = count <= _FEW or INSTANT in {_kind_of(facts.lead, name) for name in wanted}
    lead = facts.followed_rows
    quarter = (lead.came_at.truncate("s").epoch_seconds() // QUARTER_HOUR).cast("int64")
    expression = lead.select("row", "won", "lost", "worked", quarter=quarter, came="came_at")
    if not with_time:
        expression = expression.drop("came")
    rows = np.empty(count, np.int32)
    quarters = np.empty(count, np.int32)
    flags = np.empty(count, np.uint8)
    came = np.empty(count, np.int64) if with_time else None
    at = 0
    for batch in facts.batches(expression, _BATCH):
        part = slice(at, at + len(batch))
        at = part.stop
        rows[part] = batch.column("row").to_numpy(zero_copy_only=False)
        found = batch.column("quarter").fill_null(_UNDATED).to_numpy(zero_copy_only=False)
        quarters[part] = np.clip(found, -_UNDATED, _UNDATED)
        won, lost, worked = (
            batch.column(name).to_numpy(zero_copy_only=False).astype(np.uint8)
            for name in ("won", "lost", "worked")
        )
        flags[part] = _BITS["leads"] + 2 * won + 4 * lost + 8 * (1 - worked)
        if came is not None:
            came[part] = _microseconds(batch.column("came"))
    order = np.argsort(quarters, kind="stable").astype(np.int32)
    words = -(-count // 64)
    became = _filled_up(flags[order], words, 0)
    held = HeldLeads(
        facts.revision,
        count,
        quarters[order][: int(np.count_nonzero(quarters != _UNDATED))],
        {name: packed(became & bit != 0) for name, bit in _BITS.items()},
        None if came is None else _filled_up(came[order], words, NEVER),
        _places(rows[order]),
    )
    take(held, facts, wanted)
    return held


def take(held: HeldLeads, facts: Facts, fields: Iterable[str]) -> bool:
    """Hold more fields of the leads. The facts are of the version that is held.

    A field that the leads do not have is missing of all of them; one of too many different texts is not held, which is
    remembered. Returns False, and holds nothing more, where a field is to be compared with when leads came, and that is not
    held.
    """
    lead = facts.followed_rows
    kinds = {name: _kind_of(lead, name) for name in dict.fromkeys(fields) if name not in held.columns}
    wanted = {name: kind for name, kind in kinds.items() if kind is not None}
    if INSTANT in wanted.values() and held.came_at is None:
        return False
    read = _Reading(wanted, held.words * 64)
    if wanted:
        columns = {f"field_{place}": lead[column_of(name)] for place, name in enumerate(wanted)}
        for batch in facts.batches(lead.select("row", **columns), _BATCH):
            read.take(batch, held.places.of(batch.column("row").to_numpy(zero_copy_only=False)))
    missing = {name: Codes(TEXT, np.zeros(held.words * 64, np.uint16), ()) for name in kinds.keys() - wanted}
    held.columns = {**held.columns, **read.finish(), **missing}
    return True


class _Reading:
    """Fields of leads as they are read, each value put where its lead stands."""

    def __init__(self, kinds: Mapping[str, str], size: int) -> None:
        self._columns: dict[str, _Gathered | NDArray[np.int64]] = {
            name: np.full(size, NEVER, np.int64) if kind == INSTANT else _Gathered(kind, size)
            for name, kind in kinds.items()
        }

    def take(self, batch: Any, places: Any) -> None:
        for number, column in enumerate(self._columns.values()):
            found = batch.column(f"field_{number}")
            if isinstance(column, _Gathered):
                column.take(found, places)
            else:
                column[places] = _microseconds(found)

    def finish(self) -> "dict[str, Codes | NDArray[np.int64] | None]":
        return {
            name: column.finish() if isinstance(column, _Gathered) else column
            for name, column in self._columns.items()
        }


class _Gathered:
    """A field as it is read: codes in the order in which its values first occur."""

    def __init__(self, kind: str, size: int) -> None:
        self._kind = kind
        self._codes: NDArray[np.uint16] | None = np.zeros(size, np.uint16)
        self._known: dict[Any, int] = {}

    def take(self, found: Any, places: Any) -> None:
        if self._codes is None:
            return
        encoded = found.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        table = np.zeros(len(values) + 1, np.uint16)
        for place, value in enumerate(values):
            if len(self._known) >= MOST_VALUES and value not in self._known:
                self._codes, self._known = None, {}  # too many
                return
            table[place] = self._known.setdefault(value, len(self._known) + 1)
        codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        self._codes[places] = table[codes]

    def finish(self) -> Codes | None:
        """The column, its values in order, so that a range of values is a range of codes; NaN comes last."""
        if self._codes is None:
            return None
        values = sorted(self._known, key=lambda value: (value != value, value))
        table = np.zeros(len(values) + 1, np.uint16)
        for place, value in enumerate(values):
            table[self._known[value]] = place + 1
        return Codes(self._kind, table[self._codes], values)


def _places(rows: Any) -> Places:
    """Where each row stands, from the rows in the order in which their leads came."""
    here = np.arange(len(rows), dtype=np.int32)
    base = rows >= 0
    found = Places(
        np.full(int(rows.max(initial=-1)) + 1, -1, np.int32),
        np.full(max(0, -int(rows.min(initial=0))), -1, np.int32),
    )
    found.base[rows[base]] = here[base]
    found.laid[-1 - rows[~base]] = here[~base]
    return found


def _filled_up(column: Any, words: int, fill: int) -> Any:
    return np.concatenate([column, np.full(words * 64 - len(column), fill, column.dtype)])


def _kind_of(lead: ibis.Table, field: str) -> str | None:
    column = column_of(field)
    if column not in lead.columns:
        return None
    kind = lead[column].type()
    return INSTANT if kind.is_timestamp() else NUMBER if kind.is_numeric() else TEXT


def _bytes_of(kind: str | None) -> int:
    return 8 if kind == INSTANT else 2


def _microseconds(column: Any) -> Any:
    import pyarrow

    whole = column.cast(pyarrow.timestamp("us")).cast(pyarrow.int64())
    return whole.fill_null(NEVER).to_numpy(zero_copy_only=False)
