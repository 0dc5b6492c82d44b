"""Rows of files on their way into the facts: read, checked, and laid out as leads and events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ibis

from alignment.lifecycle import EventType, Stage
from alignment.rules import FieldType
from leads import schema
from leads.imports import amounts, cells
from leads.imports.files import LeadFile, Reading, short
from leads.imports.mapping import InvalidMapping, LeadMapping
from leads.imports.progress import Progress, Step
from leads.imports.report import MOST_LISTED, ImportWarning, RefusedRow
from leads.imports.wide import Rows, Told
from leads.lean import lean
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, column_of
from leads.store import Draft

LONGEST_ID = 200
LONGEST_TEXT = 10_000
_TYPES = {known.name: known.type for known in CANONICAL_FIELDS}
_CURRENCY = "currency"
"""A column of the rows beside those of the file: the currency that stands beside the lead's value."""


@dataclass
class Staged:
    """One file on its way: the mapped columns it has and what was refused, and once it is staged its leads and events.

    `lead` has a row for each sound row, with `row` and the columns of `leads.schema.lead` that the file has; `all_cells` is all its
    mapped cells; `event` has the columns of `leads.schema.EVENT`.
    """

    file: LeadFile
    has: Mapping[str, int]
    missing: tuple[str, ...]
    unmapped: tuple[str, ...]
    refusals: list[RefusedRow] = field(default_factory=list)
    refused: int = 0
    lead: ibis.Table | None = None
    event: ibis.Table | None = None
    wide: Rows | None = None


@dataclass(frozen=True)
class Together:
    """The leads of all files, one row each, and their events; `wide` where each lead stood on one row only."""

    lead: ibis.Table
    event: ibis.Table
    wide: Rows | None = None

    @property
    def once(self) -> bool:
        """Whether each lead stood on one row only."""
        return self.wide is not None


@dataclass(frozen=True)
class _Cells:
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


@dataclass(frozen=True)
class _Check:
    """A cell of a row that must be as it should: rows where `fails` are refused for `reason`."""

    column: str
    fails: ibis.Value
    reason: str


def stage_file(draft: Draft, one: Staged, mapping: LeadMapping, number: int, progress: Progress) -> None:
    """Read a file into the draft, and find the rows that pass every check. Raises what reading the file raises."""
    dated = _dated(one, mapping)
    rows = one.file.load(draft, f"staged_{number}", list(one.has.values()), _reading(one, mapping, dated))
    progress.count(one.file.rows)
    progress.at(Step.CHECKING)
    cell = _cells(rows, one, mapping, dated)
    checks = list(_checks(one, mapping, cell))
    failing, unread = _look_over(
        draft, cell, checks, [*(c for c in cell.instants if c in cell.text), *cell.numbers]
    )
    if unread:
        cell = _cells(_read_on(draft, one, mapping, cell, unread, number), one, mapping, dated)
        checks = list(_checks(one, mapping, cell))
        failing, _ = _look_over(draft, cell, checks, [])
        one.file.remarks.extend(_other_currencies(draft, one, mapping, cell))
    _list_refusals(draft, one, cell, checks, failing)
    _lay_out(one, mapping, cell, ~ibis.or_(*(check.fails for check in checks)) if failing else None)


def _reading(one: Staged, mapping: LeadMapping, dated: Sequence[str]) -> Reading:
    """What is kept of the rows, and which of their columns the file may read as dates by itself."""
    by_the_file = frozenset[int]()
    if not any(
        character.isdigit() for word in mapping.missing for character in word
    ):  # words that are no dates
        wanted = set(dated) - _texts(mapping)
        by_the_file = frozenset(place for place, column in enumerate(one.has) if column in wanted)
    return Reading(lambda rows: _read(one, mapping, dated, rows), by_the_file)


def _read(one: Staged, mapping: LeadMapping, dated: Sequence[str], rows: ibis.Table) -> ibis.Table:
    """The rows as they are kept: each number and each plain date read once, and text only where it is of use."""
    places = {column: place for place, column in enumerate(one.has)}
    read = [column for column in (*dated, *_numeric(one, mapping)) if column not in _texts(mapping)]
    texts = {
        column: rows[f"c{place}"] for column, place in places.items() if rows[f"c{place}"].type().is_string()
    }
    said = {column: cells.said(text, mapping) for column, text in texts.items()}
    # apart, so that the engine does it once and not wherever it is spoken of
    rows = rows.select(
        *(name for name in rows.columns if name == "row" or not rows[name].type().is_string()),
        **{f"c{places[column]}": text for column, text in said.items()},
        **{f"wall{places[column]}": cells.plain_wall(said[column]) for column in dated if column in said},
        **{f"n{places[column]}": value for column, value in _numbers(one, mapping, said).items()},
        **{f"point{places[column]}": said[column].contains(".") for column in _telling(one, mapping)},
    ).view()
    kept = {name: rows[name] for name in rows.columns if not name.startswith("wall")}
    for column in dated:
        kept |= _kept_instant(rows, places[column], mapping.timezone)
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


def _cells(rows: ibis.Table, one: Staged, mapping: LeadMapping, dated: Sequence[str]) -> _Cells:
    places = {column: place for place, column in enumerate(one.has)}
    return _Cells(
        rows,
        {column: rows[f"c{place}"] for column, place in places.items() if f"c{place}" in rows.columns},
        {column: rows[f"n{places[column]}"] for column in _numeric(one, mapping)},
        {column: _instant(rows, places[column]) for column in dated},
    )


def _texts(mapping: LeadMapping) -> set[str]:
    """The columns of which the text itself is wanted."""
    texts = {column for name, column in mapping.fields.items() if _TYPES[name] is FieldType.TEXT}
    texts |= {mapping.lead_id, *mapping.attributes.values(), mapping.rejection_reason or ""}
    return texts | {flag.column for flag in mapping.outcomes.values()}


def _lay_out(one: Staged, mapping: LeadMapping, cell: _Cells, sound: ibis.Value | None) -> None:
    rows = cell.table
    lead = {"lead_id": cell.text[mapping.lead_id], "row": rows["row"]}
    for name, column in mapping.fields.items():
        if column in one.has:
            lead[column_of(name)] = cell.of(column, _TYPES[name])
    if _CURRENCY in rows.columns and _CURRENCY not in lead:
        lead[_CURRENCY] = rows[_CURRENCY]
    for name, column in mapping.attributes.items():
        if column in one.has:
            lead[column_of(name)] = cell.text[column]
    lead["all_cells"] = cell.content()
    events, undated = list(_events(cell, mapping)), list(_outcomes(cell, mapping))
    one.lead = (rows if sound is None else rows.filter(sound)).select(**lead)
    told = [
        # each with what it needs itself: what several share in whole, the engine would lay aside
        lean(rows.filter(where if sound is None else where & sound).select(**columns))
        for where, columns in ((found.where, found.columns) for found in [*events, *undated])
    ]
    one.event = (ibis.union(*told) if len(told) > 1 else told[0]) if told else schema.few([], schema.EVENT)
    one.wide = Rows(rows, lead, events, undated, sound)


def _read_on(
    draft: Draft, one: Staged, mapping: LeadMapping, cell: _Cells, unread: Sequence[str], number: int
) -> ibis.Table:
    """The rows with what takes long to read or needs to be known of the whole column: the dates and numbers in these columns."""
    place = {column: number for number, column in enumerate(one.has)}
    left = {
        column: cell.value(column).isnull().ifelse(cell.text[column], ibis.null().cast("string"))
        for column in unread
    }
    read = {name: cell.table[name] for name in cell.table.columns}
    dates = {column: text for column, text in left.items() if column in cell.instants}
    order = mapping.date_order or (_order_in_the_data(draft, one, cell.table, dates) if dates else "ymd")
    for column, text in dates.items():
        before, found = cell.instants[column], cells.instant(text, order, mapping.timezone)
        for what in ("at", "day", "day_only"):
            read[f"{what}{place[column]}"] = getattr(before, what).coalesce(getattr(found, what))
    numbers = {column: text for column, text in left.items() if column in cell.numbers}
    bare = {column: cells.bare_number(text) for column, text in numbers.items()}
    if mapping.decimal is None:
        telling = {column: cell.table[f"point{place[column]}"] for column in _telling(one, mapping)}
        decimals = _decimals_in_the_data(draft, one, cell, bare, telling)
    else:
        decimals = dict.fromkeys(bare, mapping.decimal)
    if (value := mapping.fields.get("value")) in numbers:
        read[_CURRENCY] = cells.currency_beside(numbers[value])
    rows = cell.table.select(**read, **{f"bare{place[column]}": text for column, text in bare.items()}).view()
    read = {name: rows[name] for name in read if not name.startswith("point")}
    for column, decimal in decimals.items():
        found = cells.number(rows[f"bare{place[column]}"], decimal)
        read[f"n{place[column]}"] = rows[f"n{place[column]}"].coalesce(found)
    table = draft.backend.create_table(f"read_{number}", rows.select(**read), temp=True)
    draft.backend.drop_table(f"staged_{number}")
    return table


def together(draft: Draft, staged: Sequence[Staged]) -> Together:
    """One row per lead from all files, and their events.

    Where an id stands several times, the last value wins, but the first source. Then the table `staged_row` of the draft keeps
    what is needed to report on them: `lead_id`, `file`, `content_hash`.
    """
    leads = [one.lead for one in staged if one.lead is not None]
    events = [one.event for one in staged if one.event is not None]
    if len(leads) == 1 and _each_once(draft, leads[0]):
        return Together(lean(leads[0].drop("row", "all_cells")), events[0], staged[0].wide)
    names = list(dict.fromkeys(name for table in leads for name in table.columns))
    fields = [name for name in names if name not in ("lead_id", "row", "all_cells")]
    attributes = [name.removeprefix(ATTRIBUTE_PREFIX) for name in fields if name.startswith(ATTRIBUTE_PREFIX)]
    types = schema.lead(attributes)
    aligned = [
        table.select(
            "lead_id",
            "row",
            file=ibis.literal(number),
            content_hash=table.all_cells.hash(),
            **{
                name: (table[name] if name in table.columns else ibis.null()).cast(types[name])
                for name in fields
            },
        )
        for number, table in enumerate(leads)
    ]
    rows = ibis.union(*aligned) if len(aligned) > 1 else aligned[0]
    rows = draft.backend.create_table("staged_row", rows, temp=True)
    place = rows.file.cast("int64") * 1_000_000_000 + rows["row"]
    values = {
        name: (rows[name].argmin if name == "source" else rows[name].argmax)(
            place, where=rows[name].notnull()
        )
        for name in fields
    }
    lead = draft.backend.create_table("staged_lead", rows.group_by("lead_id").aggregate(**values), temp=True)
    log = ibis.union(*events) if len(events) > 1 else events[0]
    event = draft.backend.create_table("staged_event", log.distinct(), schema=schema.EVENT, temp=True)
    return Together(lead, event)


def _each_once(draft: Draft, lead: ibis.Table) -> bool:
    ids = lean(lead.select("lead_id"))
    counted = draft.old.rows(ids.aggregate(rows_=ids.count(), ids=ids.lead_id.nunique()))[0]
    return bool(counted["rows_"] == counted["ids"])


def _dated(one: Staged, mapping: LeadMapping) -> list[str]:
    """The columns of a file that hold dates."""
    dated = [column for name, column in mapping.fields.items() if _TYPES[name] is FieldType.DATE]
    dated += [*mapping.stages.values(), *mapping.events.values()]
    return [column for column in dict.fromkeys(dated) if column in one.has]


def _numeric(one: Staged, mapping: LeadMapping) -> list[str]:
    """The columns of a file that hold numbers."""
    numeric = [column for name, column in mapping.fields.items() if _TYPES[name] is FieldType.NUMBER]
    return [column for column in dict.fromkeys(numeric) if column in one.has]


def _telling(one: Staged, mapping: LeadMapping) -> list[str]:
    """The columns of which the numbers themselves have to tell what their decimal sign is."""
    if mapping.decimal is not None:
        return []
    return [column for column in _numeric(one, mapping) if not one.file.numbers_in(one.has[column])]


def _numbers(one: Staged, mapping: LeadMapping, text: Mapping[str, ibis.Value]) -> dict[str, ibis.Value]:
    """The numbers that can be read by themselves; the others are left until all of them are known."""
    read = {}
    for column in _numeric(one, mapping):
        of_the_file = one.file.numbers_in(one.has[column])
        value = cells.plain_number(text[column], of_the_file or amounts.PLAIN)
        if mapping.decimal is not None:
            people = cells.number(text[column], mapping.decimal)
            value = value.coalesce(people) if of_the_file else people
        read[column] = value
    return read


def _look_over(
    draft: Draft, cell: _Cells, checks: Sequence[_Check], columns: Sequence[str]
) -> tuple[int, list[str]]:
    """How many rows fail a check, and which of the columns hold numbers or dates that were not read."""
    fails = ibis.or_(*(check.fails for check in checks))
    measured = {
        f"c{number}": (cell.text[column].notnull() & cell.value(column).isnull()).any()
        for number, column in enumerate(columns)
    }
    found = draft.old.rows(cell.table.aggregate(failing=cell.table.count(where=fails), **measured))[0]
    return found["failing"], [column for number, column in enumerate(columns) if found[f"c{number}"]]


def _order_in_the_data(draft: Draft, one: Staged, raw: ibis.Table, dated: Mapping[str, ibis.Value]) -> str:
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
        f"{one.file.name}, column “{short(column)}”: in dates such as {example}, {why}. "
        'Add date_order = "dmy" or date_order = "mdy" to the mapping.'
    )


def _decimals_in_the_data(
    draft: Draft,
    one: Staged,
    cell: _Cells,
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
            f"{one.file.name}, column “{short(unclear.column)}”: {unclear} Say how numbers are written: add "
            'decimal = "." or decimal = "," to the mapping.'
        ) from None


def _other_currencies(
    draft: Draft, one: Staged, mapping: LeadMapping, cell: _Cells
) -> Iterator[ImportWarning]:
    """Amounts beside which another currency stands than their row says."""
    said = cell.text.get(mapping.fields.get(_CURRENCY, ""))
    if said is None or _CURRENCY not in cell.table.columns:
        return
    beside = cell.table[_CURRENCY]
    codes = beside.length() == said.length()  # `$` is not another one than USD or CAD
    count = draft.old.value(cell.table.count(where=codes & (beside.upper() != said.upper())))
    if count:
        those = "1 amount stands" if count == 1 else f"{count:,} amounts stand"
        column = short(mapping.fields[_CURRENCY])
        text = f"{one.file.name}: {those} beside another currency than “{column}” says, which was kept."
        yield ImportWarning("other_currency", count, text)


def _checks(one: Staged, mapping: LeadMapping, cell: _Cells) -> Iterator[_Check]:
    lead_id = cell.text[mapping.lead_id]
    yield _Check(mapping.lead_id, lead_id.isnull(), "The lead has no id.")
    if one.file.longest > LONGEST_ID:
        too_long = cells.longer(lead_id, LONGEST_ID)
        yield _Check(mapping.lead_id, too_long, f"The id is over {LONGEST_ID} characters.")
    for column, found in cell.instants.items():
        if column not in cell.text:
            continue
        fails = cell.text[column].notnull() & found.at.isnull()
        yield _Check(column, fails, "This is no date that exists. Write it as 2026-01-31, or set date_order.")
    for column, value in cell.numbers.items():
        fails = cell.text[column].notnull() & value.isnull()
        yield _Check(
            column, fails, "This is no number. Write it in digits, with the decimal sign of the other rows."
        )
    if one.file.longest <= LONGEST_TEXT:
        return
    for column, value in cell.text.items():
        if column not in (*cell.instants, *cell.numbers, mapping.lead_id):
            too_long = cells.longer(value, LONGEST_TEXT)
            yield _Check(column, too_long, f"The text is over {LONGEST_TEXT:,} characters.")


def _list_refusals(draft: Draft, one: Staged, cell: _Cells, checks: Sequence[_Check], counted: int) -> None:
    if counted:
        failing = cell.table.filter(ibis.or_(*(check.fails for check in checks)))
        which = ibis.cases(*((check.fails, number) for number, check in enumerate(checks)))
        shown = ibis.cases(*((check.fails, cell.text[check.column].substr(0, 200)) for check in checks))
        listed = failing.select("row", which=which, value=shown).order_by("row").limit(MOST_LISTED)
        for entry in draft.old.rows(listed):
            check = checks[entry["which"]]
            one.refusals.append(
                RefusedRow(one.file.name, entry["row"], check.column, entry["value"] or "", check.reason)
            )
    one.refusals.extend(
        RefusedRow(one.file.name, ragged.row, "", "", ragged.reason) for ragged in one.file.ragged
    )
    one.refusals.sort(key=lambda refusal: refusal.row)
    one.refused = counted + len(one.file.ragged)


def _events(cell: _Cells, mapping: LeadMapping) -> Iterator[Told]:
    """What the columns with dates tell of."""
    for stage, column in mapping.stages.items():
        if column in cell.instants:
            given = _when(cell.instants[column])
            yield _told(cell, mapping, given["at"].notnull(), EventType.ENTERED_STAGE, stage, **given)
    nothing = ibis.null().cast("string")
    owner = cell.text.get(mapping.fields.get("owner", ""), nothing)
    reason = cell.text.get(mapping.rejection_reason or "", nothing).lower()
    for kind, column in mapping.events.items():
        if column in cell.instants:
            given = {**_when(cell.instants[column]), "owner": owner}
            if kind is EventType.REJECTED:
                given["reason"] = reason
            yield _told(cell, mapping, given["at"].notnull(), kind, None, **given)


def _outcomes(cell: _Cells, mapping: LeadMapping) -> Iterator[Told]:
    """What the columns with flags tell of, where no column with dates does."""
    for stage, flag in mapping.outcomes.items():
        if flag.column in cell.text:
            is_set = cell.text[flag.column].lower().isin(flag.equals).fill_null(False)
            dated = mapping.stages.get(stage)
            if dated is not None and dated in cell.instants:
                is_set = is_set & cell.instants[dated].at.isnull()
            yield _told(cell, mapping, is_set, EventType.ENTERED_STAGE, stage)


def _when(read: cells.ReadInstant) -> dict[str, ibis.Value]:
    return {"at": read.at, "day": read.day, "day_only": read.day_only}


def _told(
    cell: _Cells,
    mapping: LeadMapping,
    where: ibis.Value,
    kind: EventType,
    stage: Stage | None,
    **given: ibis.Value,
) -> Told:
    nothing = ibis.null().cast("string")
    columns = {
        "lead_id": cell.text[mapping.lead_id],
        "type": ibis.literal(kind.value),
        "stage": nothing if stage is None else ibis.literal(stage.value),
        "at": ibis.null(),
        "day": ibis.null(),
        "day_only": ibis.literal(False),
        "reason": nothing,
        "owner": nothing,
        "automatic": ibis.literal(False),
        **given,
    }
    laid = {name: columns[name].cast(type_) for name, type_ in schema.EVENT.items()}
    return Told(kind, stage, where, laid)
