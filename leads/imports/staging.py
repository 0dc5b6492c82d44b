"""Rows of files on their way into the facts: read, checked, and laid out as leads and events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ibis

from alignment.lifecycle import EventType, Stage
from leads import schema
from leads.imports import cells
from leads.imports.file_cells import CURRENCY, TYPES, Cells, MappedColumns, cells_of, read_on, reading
from leads.imports.files import LeadFile, short
from leads.imports.mapping import LeadMapping
from leads.imports.progress import Progress, Step
from leads.imports.report import MOST_LISTED, ImportWarning, RefusedRow
from leads.imports.wide import Rows, Told
from leads.lean import lean
from leads.model import ATTRIBUTE_PREFIX, column_of
from leads.store import Draft

LONGEST_ID = 200
LONGEST_TEXT = 10_000


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
class _Check:
    """A cell of a row that must be as it should: rows where `fails` are refused for `reason`."""

    column: str
    fails: ibis.Value
    reason: str


def stage_file(draft: Draft, one: Staged, mapping: LeadMapping, number: int, progress: Progress) -> None:
    """Read a file into the draft, and find the rows that pass every check. Raises what reading the file raises."""
    columns = MappedColumns(one.file, one.has, mapping)
    rows = one.file.load(draft, f"staged_{number}", list(one.has.values()), reading(columns))
    progress.count(one.file.rows)
    progress.at(Step.CHECKING)
    cell = cells_of(rows, columns)
    checks = list(_checks(one, mapping, cell))
    failing, unread = _look_over(draft, cell, checks)
    if unread:
        cell = cells_of(read_on(draft, columns, cell, unread, number), columns)
        checks = list(_checks(one, mapping, cell))
        failing, _ = _look_over(draft, cell, checks)
        one.file.remarks.extend(_other_currencies(draft, one, mapping, cell))
    _list_refusals(draft, one, cell, checks, failing)
    _lay_out(one, mapping, cell, ~ibis.or_(*(check.fails for check in checks)) if failing else None)


def _lay_out(one: Staged, mapping: LeadMapping, cell: Cells, sound: ibis.Value | None) -> None:
    rows = cell.table
    lead = {"lead_id": cell.text[mapping.lead_id], "row": rows["row"]}
    for name, column in mapping.fields.items():
        if column in one.has:
            lead[column_of(name)] = cell.of(column, TYPES[name])
    if CURRENCY in rows.columns and CURRENCY not in lead:
        lead[CURRENCY] = rows[CURRENCY]
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


def _look_over(draft: Draft, cell: Cells, checks: Sequence[_Check]) -> tuple[int, list[str]]:
    """How many rows fail a check, and which of the columns hold numbers or dates that were not read."""
    fails = ibis.or_(*(check.fails for check in checks))
    unread = cell.unread()
    measured = {f"c{number}": where.any() for number, where in enumerate(unread.values())}
    found = draft.old.rows(cell.table.aggregate(failing=cell.table.count(where=fails), **measured))[0]
    return found["failing"], [column for number, column in enumerate(unread) if found[f"c{number}"]]


def _other_currencies(
    draft: Draft, one: Staged, mapping: LeadMapping, cell: Cells
) -> Iterator[ImportWarning]:
    """Amounts beside which another currency stands than their row says."""
    said = cell.text.get(mapping.fields.get(CURRENCY, ""))
    if said is None or CURRENCY not in cell.table.columns:
        return
    beside = cell.table[CURRENCY]
    codes = beside.length() == said.length()  # `$` is not another one than USD or CAD
    count = draft.old.value(cell.table.count(where=codes & (beside.upper() != said.upper())))
    if count:
        those = "1 amount stands" if count == 1 else f"{count:,} amounts stand"
        column = short(mapping.fields[CURRENCY])
        text = f"{one.file.name}: {those} beside another currency than “{column}” says, which was kept."
        yield ImportWarning("other_currency", count, text)


def _checks(one: Staged, mapping: LeadMapping, cell: Cells) -> Iterator[_Check]:
    lead_id = cell.text[mapping.lead_id]
    yield _Check(mapping.lead_id, lead_id.isnull(), "The lead has no id.")
    if one.file.longest > LONGEST_ID:
        too_long = cells.longer(lead_id, LONGEST_ID)
        yield _Check(mapping.lead_id, too_long, f"The id is over {LONGEST_ID} characters.")
    for column, found in cell.instants.items():
        if column in cell.text:
            fails = cell.text[column].notnull() & found.at.isnull()
            yield _Check(
                column, fails, "This is no date that exists. Write it as 2026-01-31, or set date_order."
            )
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


def _list_refusals(draft: Draft, one: Staged, cell: Cells, checks: Sequence[_Check], counted: int) -> None:
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


def _events(cell: Cells, mapping: LeadMapping) -> Iterator[Told]:
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


def _outcomes(cell: Cells, mapping: LeadMapping) -> Iterator[Told]:
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
    cell: Cells,
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
