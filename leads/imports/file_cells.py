"""The mapped cells of a file as values: each read once while the file is loaded, and what that leaves once all of a column are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis

from alignment.rules import FieldType
from leads.imports import amounts, cells
from leads.imports.files import LeadFile, Reading, short
from leads.imports.mapping import InvalidMapping, LeadMapping
from leads.model import CANONICAL_FIELDS
from leads.store import Draft

TYPES = {known.name: known.type for known in CANONICAL_FIELDS}
CURRENCY = "currency"
"""A column of the rows beside those of the file: the currency that stands beside the lead's value."""


@dataclass(frozen=True)
class MappedColumns:
    """The columns of a file that a mapping names: `has` tells where each stands in the file."""

    file: LeadFile
    has: Mapping[str, int]
    mapping: LeadMapping

    @cached_property
    def places(self) -> dict[str, int]:
        """The number of each column among those that are loaded."""
        return {column: place for place, column in enumerate(self.has)}

    @cached_property
    def dated(self) -> list[str]:
        """Those that hold dates."""
        dated = [column for name, column in self.mapping.fields.items() if TYPES[name] is FieldType.DATE]
        dated += [*self.mapping.stages.values(), *self.mapping.events.values()]
        return [column for column in dict.fromkeys(dated) if column in self.has]

    @cached_property
    def numeric(self) -> list[str]:
        """Those that hold numbers."""
        numeric = [column for name, column in self.mapping.fields.items() if TYPES[name] is FieldType.NUMBER]
        return [column for column in dict.fromkeys(numeric) if column in self.has]

    @cached_property
    def telling(self) -> list[str]:
        """Those of which the numbers themselves have to tell what their decimal sign is."""
        if self.mapping.decimal is not None:
            return []
        return [column for column in self.numeric if not self.file.numbers_in(self.has[column])]

    @cached_property
    def texts(self) -> set[str]:
        """Those of which the text itself is wanted."""
        mapping = self.mapping
        texts = {column for name, column in mapping.fields.items() if TYPES[name] is FieldType.TEXT}
        texts |= {mapping.lead_id, *mapping.attributes.values(), mapping.rejection_reason or ""}
        return texts | {flag.column for flag in mapping.outcomes.values()}


@dataclass(frozen=True)
class Cells:
    """The mapped cells of a file as they were read: numbers and instants by column, text where it is wanted or was not read as such.

    Columns that the file read as dates have no text.
    """

    table: ibis.Table
    text: Mapping[str, ibis.Value]
    numbers: Mapping[str, ibis.Value]
    instants: Mapping[str, cells.ReadInstant]

    def content(self) -> ibis.Value:
        """What all cells of a row say, as one text."""
        said = []
        for column in dict.fromkeys((*self.text, *self.instants)):
            whole = [self.text[column]] if column in self.text else []
            if column in self.numbers:
                whole.append(self.numbers[column].cast("string"))
            if column in self.instants:
                found = self.instants[column]
                whole.append(found.at.cast("string").concat(found.day_only.cast("string")))
            said.append(ibis.coalesce(*whole, ""))
        return ibis.array(said).join("\x1f")

    def value(self, column: str) -> ibis.Value:
        """What was read from a column of numbers or of dates."""
        return self.numbers[column] if column in self.numbers else self.instants[column].at

    def of(self, column: str, kind: FieldType) -> ibis.Value:
        """The cell's value as this kind."""
        if kind is FieldType.NUMBER:
            return self.numbers[column]
        return self.instants[column].at if kind is FieldType.DATE else self.text[column]

    def unread(self) -> dict[str, ibis.Value]:
        """Where a cell of a column of numbers or of dates says something that was not read; without columns that the file read itself."""
        read = [column for column in (*self.instants, *self.numbers) if column in self.text]
        return {column: self.text[column].notnull() & self.value(column).isnull() for column in read}


def reading(columns: MappedColumns) -> Reading:
    """What is kept of the rows of a file, and which of their columns it may read as dates by itself."""
    missing = "".join(columns.mapping.missing)
    # a word for missing may be a date
    plain = set() if any(map(str.isdigit, missing)) else {*columns.dated} - {*columns.numeric} - columns.texts
    by_the_file = frozenset(columns.places[column] for column in plain)
    return Reading(lambda rows: _read(columns, rows), by_the_file)


def cells_of(rows: ibis.Table, columns: MappedColumns) -> Cells:
    """The cells of rows that were kept as `reading` tells."""
    places = columns.places
    return Cells(
        rows,
        {column: rows[f"c{place}"] for column, place in places.items() if f"c{place}" in rows.columns},
        {column: rows[f"n{places[column]}"] for column in columns.numeric},
        {column: _instant(rows, places[column]) for column in columns.dated},
    )


def read_on(
    draft: Draft, columns: MappedColumns, cell: Cells, unread: Sequence[str], number: int
) -> ibis.Table:
    """The rows with what takes long to read or needs to be known of the whole column: the dates and numbers in these columns."""
    place = columns.places
    left = {
        column: cell.value(column).isnull().ifelse(cell.text[column], ibis.null().cast("string"))
        for column in unread
    }
    read = {name: cell.table[name] for name in cell.table.columns}
    dates = {column: text for column, text in left.items() if column in cell.instants}
    order = columns.mapping.date_order or (
        _order_in_the_data(draft, columns.file, cell.table, dates) if dates else "ymd"
    )
    for column, text in dates.items():
        before, found = cell.instants[column], cells.instant(text, order, columns.mapping.timezone)
        for what in ("at", "day", "day_only"):
            read[f"{what}{place[column]}"] = getattr(before, what).coalesce(getattr(found, what))
    numbers = {column: text for column, text in left.items() if column in cell.numbers}
    bare = {column: cells.bare_number(text) for column, text in numbers.items()}
    if columns.mapping.decimal is None:
        telling = {column: cell.table[f"point{place[column]}"] for column in columns.telling}
        decimals = _decimals_in_the_data(draft, columns.file, cell, bare, telling)
    else:
        decimals = dict.fromkeys(bare, columns.mapping.decimal)
    if (value := columns.mapping.fields.get("value")) in numbers:
        read[CURRENCY] = cells.currency_beside(numbers[value])
    rows = cell.table.select(**read, **{f"bare{place[column]}": text for column, text in bare.items()}).view()
    read = {name: rows[name] for name in read if not name.startswith("point")}
    for column, decimal in decimals.items():
        found = cells.number(rows[f"bare{place[column]}"], decimal)
        read[f"n{place[column]}"] = rows[f"n{place[column]}"].coalesce(found)
    table = draft.backend.create_table(f"read_{number}", rows.select(**read), temp=True)
    draft.backend.drop_table(f"staged_{number}")
    return table


def _read(columns: MappedColumns, rows: ibis.Table) -> ibis.Table:
    """The rows as they are kept: each number and each plain date read once, and text only where it is of use."""
    places = columns.places
    read = [column for column in (*columns.dated, *columns.numeric) if column not in columns.texts]
    texts = {
        column: rows[f"c{place}"] for column, place in places.items() if rows[f"c{place}"].type().is_string()
    }
    said = {column: cells.said(text, columns.mapping) for column, text in texts.items()}
    # apart, so that the engine does it once and not wherever it is spoken of
    rows = rows.select(
        *(name for name in rows.columns if name == "row" or not rows[name].type().is_string()),
        **{f"c{places[column]}": text for column, text in said.items()},
        **{
            f"wall{places[column]}": cells.plain_wall(said[column])
            for column in columns.dated
            if column in said
        },
        **{f"n{places[column]}": value for column, value in _numbers(columns, said).items()},
        **{f"point{places[column]}": said[column].contains(".") for column in columns.telling},
    ).view()
    kept = {name: rows[name] for name in rows.columns if not name.startswith("wall")}
    for column in columns.dated:
        kept |= _kept_instant(rows, places[column], columns.mapping.timezone)
    for column in read:
        place = places[column]
        if column not in said:
            del kept[f"c{place}"]
            continue
        unread = ibis.or_(
            *(rows[name].isnull() for name in (f"wall{place}", f"n{place}") if name in rows.columns)
        )
        kept[f"c{place}"] = unread.ifelse(rows[f"c{place}"], ibis.null().cast("string"))
    return rows.select(**kept)


def _kept_instant(rows: ibis.Table, place: int, zone: str) -> dict[str, ibis.Value]:
    """What is kept of a date: `at`, and of its day and of whether it has a time of day what `at` itself does not tell in `_instant`."""
    cell = rows[f"c{place}"]
    if not cell.type().is_string():
        if zone == "UTC":
            return {f"at{place}": cell}
        found = cells.at_wall(cell.cast("timestamp"), ibis.literal(cell.type().is_date()), zone)
    else:
        found = cells.at_wall(rows[f"wall{place}"], cells.is_day(cell), zone)
    kept = {f"at{place}": found.at, f"day_only{place}": found.day_only}
    return kept if zone == "UTC" else {**kept, f"day{place}": found.day}


def _instant(rows: ibis.Table, place: int) -> cells.ReadInstant:
    at = rows[f"at{place}"]
    instant = at.cast("timestamp(6)")
    day = rows[f"day{place}"] if f"day{place}" in rows.columns else at.cast("date")
    if f"day_only{place}" in rows.columns:
        return cells.ReadInstant(instant, day, rows[f"day_only{place}"])
    return cells.ReadInstant(
        instant, day, at.isnull().ifelse(ibis.null().cast("boolean"), at.type().is_date())
    )


def _numbers(columns: MappedColumns, text: Mapping[str, ibis.Value]) -> dict[str, ibis.Value]:
    """The numbers that can be read by themselves; the others are left until all of them are known."""
    read = {}
    for column in columns.numeric:
        of_the_file = columns.file.numbers_in(columns.has[column])
        value = cells.plain_number(text[column], of_the_file or amounts.PLAIN)
        if columns.mapping.decimal is not None:
            people = cells.number(text[column], columns.mapping.decimal)
            value = value.coalesce(people) if of_the_file else people
        read[column] = value
    return read


def _order_in_the_data(draft: Draft, file: LeadFile, raw: ibis.Table, dated: Mapping[str, ibis.Value]) -> str:
    """The only order that fits the dates such as 03/04/2026 of a file. Refuses where both fit, or neither."""
    measured: dict[str, ibis.Value] = {}
    for number, text in enumerate(dated.values()):
        measured[f"some_{number}"] = cells.has_last_year(text).any()
        measured[f"first_{number}"] = cells.first_part(text).max()
        measured[f"second_{number}"] = cells.second_part(text).max()
        measured[f"example_{number}"] = text.first(where=cells.has_last_year(text))
    found = draft.old.rows(raw.aggregate(**measured))[0]
    affected = [number for number in range(len(dated)) if found[f"some_{number}"]]
    if not affected:
        return "ymd"
    day_first = any((found[f"first_{number}"] or 0) > 12 for number in affected)
    month_first = any((found[f"second_{number}"] or 0) > 12 for number in affected)
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    column, example = list(dated)[affected[0]], found[f"example_{affected[0]}"]
    why = "both day and month come first" if day_first else "it may be day or month that comes first"
    raise InvalidMapping(
        f"{file.name}, column “{short(column)}”: in dates such as {example}, {why}. "
        'Add date_order = "dmy" or date_order = "mdy" to the mapping.'
    )


def _decimals_in_the_data(
    draft: Draft,
    file: LeadFile,
    cell: Cells,
    bare: Mapping[str, ibis.Value],
    pointed: Mapping[str, ibis.Value],
) -> dict[str, str]:
    """The decimal sign of each of the columns of `bare` numbers, which are those not read yet. Refuses where nothing tells it, or both are.

    `pointed` are the columns whose numbers tell it, with the rows on which a point stands.
    """
    if not bare:
        return {}
    columns = list(dict.fromkeys((*bare, *pointed)))
    apart = {f"bare{columns.index(column)}": text for column, text in bare.items()}
    signs = {f"sign{columns.index(column)}": cells.decimal_of(text) for column, text in bare.items()}
    read = {f"read{columns.index(column)}": cell.numbers[column].cast("string") for column in pointed}
    points = {f"point{columns.index(column)}": has_point for column, has_point in pointed.items()}
    rows = cell.table.select(**apart, **signs, **read, **points).view()
    measured: dict[str, ibis.Value] = {}
    for number, column in enumerate(columns):
        if column in bare:
            text, sign = rows[f"bare{number}"], rows[f"sign{number}"]
            for kind in (amounts.POINT, amounts.COMMA, amounts.EITHER):
                measured[f"{kind}{number}"] = text.first(where=sign == kind)
        if column in pointed:
            text = rows[f"read{number}"]
            measured[f"read{number}"] = text.first(where=rows[f"point{number}"] & text.notnull())
    found = draft.old.rows(rows.aggregate(**measured))[0]
    told = {
        column: amounts.Signs(
            found.get(f"{amounts.POINT}{number}") or found.get(f"read{number}"),
            found.get(f"{amounts.COMMA}{number}"),
            found.get(f"{amounts.EITHER}{number}"),
        )
        for number, column in enumerate(columns)
    }
    try:
        return {column: sign for column, sign in amounts.decimals(told).items() if column in bare}
    except amounts.UnclearDecimals as unclear:
        raise InvalidMapping(
            f"{file.name}, column “{short(unclear.column)}”: {unclear} Say how numbers are written: add "
            'decimal = "." or decimal = "," to the mapping.'
        ) from None
