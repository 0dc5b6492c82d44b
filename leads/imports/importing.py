"""Files into facts: every row checked first, then one new version, or none in a dry run."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis

from alignment.errors import InvalidInput
from alignment.lifecycle import EventType
from alignment.rules import FieldType
from leads import schema
from leads.imports import cells, oddities
from leads.imports.files import LeadFile, open_file
from leads.imports.long_files import laid_out
from leads.imports.mapping import InvalidMapping, LeadMapping
from leads.imports.merging import merge
from leads.imports.notes import carry, sign
from leads.imports.progress import Progress, Step
from leads.imports.report import MOST_LISTED, ImportReport, ImportWarning, RefusedRow, RowsRefused
from leads.model import ATTRIBUTE_PREFIX, CANONICAL_FIELDS, column_of
from leads.store import Draft, warehouse

LONGEST_ID = 200
LONGEST_TEXT = 10_000
_MEMORY = "640MB"
"""What the engine may hold while it imports; what is more goes to the disk."""

_TYPES = {known.name: known.type for known in CANONICAL_FIELDS}


@dataclass(frozen=True)
class SourceFile:
    """A file to import: where it is, and the name people know it by."""

    path: Path
    name: str


@dataclass(frozen=True)
class Signature:
    """What an import leaves behind until it stands in the journal: its id, and a note that its report is added to."""

    import_id: str
    note: Mapping[str, Any]


@dataclass
class _Staged:
    """One file on its way: the mapped columns it has, and the checked rows."""

    file: LeadFile
    has: Mapping[str, int]
    missing: tuple[str, ...]
    unmapped: tuple[str, ...]
    refusals: list[RefusedRow] = field(default_factory=list)
    refused: int = 0


@dataclass(frozen=True)
class _Cells:
    """The mapped cells of a file as they were read: text by column, numbers and instants beside it."""

    table: ibis.Table
    text: Mapping[str, ibis.Value]
    numbers: Mapping[str, ibis.Value]
    instants: Mapping[str, cells.ReadInstant]

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


def import_files(
    files: Sequence[SourceFile | Path],
    mapping: LeadMapping,
    dry_run: bool = False,
    now: datetime | None = None,
    *,
    whole: bool = False,
    signature: Signature | None = None,
    progress: Progress | None = None,
    wait_seconds: float = 60.0,
) -> ImportReport:
    """Add what the files say to the lead facts, in one new version that comes into force at once.

    Rows with a fault are left out and listed; the others are kept, unless the import has to be `whole`: then a single
    one makes it fail with RowsRefused. The same files again change nothing. In a dry run everything is checked and
    counted, and nothing kept. With a `signature`, what comes into force leaves a note (`leads.imports.notes`). Raises
    InvalidInput when a file or the mapping cannot be used, and WarehouseUnavailable when others write for longer than
    `wait_seconds`; then nothing of any file is kept.
    """
    progress = progress or Progress()
    sources = [item if isinstance(item, SourceFile) else SourceFile(item, item.name) for item in files]
    if not sources:
        raise InvalidInput("There is no file to import. Name at least one.")
    instant = now or datetime.now(UTC)
    opened = [open_file(source.path, source.name, mapping.delimiter) for source in sources]
    with warehouse().write(wait_seconds) as draft:
        draft.backend.raw_sql(f"SET memory_limit = '{_MEMORY}'")
        progress.watch(draft.backend.con)
        progress.at(Step.READING)
        opened = [laid_out(draft, file, mapping) for file in opened]
        staged = [_matched(file, mapping, opened, draft.old.known_columns) for file in opened]
        for number, one in enumerate(staged):
            _stage(draft, one, mapping, number, progress)
        progress.at(Step.JOINING)
        leads, events = _together(draft, len(staged))
        read = sum(one.file.rows for one in staged)
        refused = sum(one.refused for one in staged)
        if read and refused == read:
            first = staged[0].refusals[0]
            raise InvalidInput(
                f"None of the {read:,} rows can be used. The first: {first.file}, row {first.row}, "
                f"column {first.column or '(whole row)'}: {first.reason}"
            )
        columns = {name for one in staged for name in one.file.header}
        merged = merge(draft, leads, events, columns, progress)
        progress.at(Step.REPORTING)
        counts = _count_rows(draft, merged.status)
        warnings = [
            *_about_files(staged),
            *oddities.find(draft, merged, mapping, instant),
        ]
        report = ImportReport(
            read=read,
            new=counts["new"],
            changed=counts["changed"],
            unchanged=counts["unchanged"],
            refused=refused,
            refusals=tuple(refusal for one in staged for refusal in one.refusals)[:MOST_LISTED],
            warnings=tuple(warnings),
            dry_run=dry_run,
            files={one.file.name: one.file.rows for one in staged},
        )
        if whole and refused and not dry_run:
            raise RowsRefused(report)
        if merged.changed_anything and not dry_run:
            if signature is not None:
                kept = {name: value for name, value in report.to_document().items() if name != "refusals"}
                sign(draft, signature.import_id, {**signature.note, "report": kept})
            else:
                carry(draft)
            draft.publish(instant)
            progress.watch(None)
            progress.at(Step.WRITING)
        return report


def _matched(
    file: LeadFile, mapping: LeadMapping, files: Sequence[LeadFile], seen_before: frozenset[str]
) -> _Staged:
    """Lay the mapping on a header.

    One mapping may serve several files about the same leads. So a column that this file lacks is let pass if another
    file of this import has it; if it is the date or flag of a stage and the file has at least one other; or if an
    earlier file had it and this one, without some stage as well, is plainly another of the set. Anything else, and
    whatever looks like a slip of the pen, is a mistake in the mapping.
    """
    has: dict[str, int] = {}
    missing = []
    for column in mapping.columns():
        position = file.position(column)
        if position is None:
            missing.append(column)
        else:
            has[column] = position
    if not has:
        raise InvalidMapping(
            f"{file.name} has no header row, or the mapping is for another file: its first line is "
            f"“{_header_shown(file)}”, and none of the mapped columns ({_listed(mapping.columns())}) is in it. "
            "Put the column names in the first line, or correct the mapping."
        )
    if mapping.lead_id in missing:
        _refuse_column(file, mapping.lead_id, "lead_id")
    of_stages = set(mapping.event_columns())
    tells_something = bool(of_stages & set(has))
    another_of_the_set = tells_something and bool(of_stages & set(missing))
    taken = set(has.values())
    free = [name for position, name in enumerate(file.header) if position not in taken]
    for column in missing:
        of_another_file = any(other.position(column) is not None for other in files)
        of_a_stage = column in of_stages and tells_something
        known_elsewhere = column in seen_before and another_of_the_set
        misspelt = bool(difflib.get_close_matches(column, free, n=1, cutoff=0.8))
        if misspelt or not (of_another_file or of_a_stage or known_elsewhere):
            _refuse_column(file, column, _meaning(mapping, column))
    return _Staged(file, has, tuple(missing), tuple(free))


def _refuse_column(file: LeadFile, column: str, meaning: str) -> None:
    close = difflib.get_close_matches(column, file.header, n=1)
    hint = f"Did you mean “{close[0]}”?" if close else f"The file has: {_header_shown(file)}."
    raise InvalidMapping(
        f"{file.name} has no column “{_short(column)}”, which the mapping names for {meaning}. {hint} "
        "Correct the mapping or the header."
    )


def _meaning(mapping: LeadMapping, column: str) -> str:
    for name, value in {
        **mapping.fields,
        **{f"[stages] {stage}": value for stage, value in mapping.stages.items()},
        **{f"[events] {kind}": value for kind, value in mapping.events.items()},
        **{f"[outcome] {stage}": flag.column for stage, flag in mapping.outcomes.items()},
        **{f"[attributes] {name}": value for name, value in mapping.attributes.items()},
        "rejection_reason": mapping.rejection_reason,
    }.items():
        if value == column:
            return name
    return "lead_id"


def _stage(draft: Draft, one: _Staged, mapping: LeadMapping, number: int, progress: Progress) -> None:
    """Read a file into tables `lead_<number>` and `event_<number>` of the rows that pass every check."""
    columns = list(one.has)
    raw = one.file.load(draft, f"raw_{number}", list(one.has.values()))
    progress.count(one.file.rows)
    progress.at(Step.CHECKING)
    text = {column: cells.known(raw[f"c{place}"], mapping) for place, column in enumerate(columns)}
    instants = _instants(draft, one, mapping, raw, text)
    numbers = {
        mapping.fields[name]: cells.number(text[mapping.fields[name]], mapping.decimal)
        for name in mapping.fields
        if _TYPES[name] is FieldType.NUMBER and mapping.fields[name] in text
    }
    # read once, then checked and sorted into tables
    read = {f"t{place}": text[column] for place, column in enumerate(columns)}
    read |= {f"n{columns.index(column)}": value for column, value in numbers.items()}
    for column, found in instants.items():
        place = columns.index(column)
        read |= {f"at{place}": found.at, f"day{place}": found.day, f"day_only{place}": found.day_only}
    table = draft.backend.create_table(f"read_{number}", raw.select("row", **read), temp=True)
    cell = _Cells(
        table,
        {column: table[f"t{place}"] for place, column in enumerate(columns)},
        {column: table[f"n{columns.index(column)}"] for column in numbers},
        {
            column: cells.ReadInstant(
                *(table[f"{what}{columns.index(column)}"] for what in ("at", "day", "day_only"))
            )
            for column in instants
        },
    )
    checks = list(_checks(mapping, cell))
    _list_refusals(draft, one, cell, checks)
    sound = ~ibis.or_(*(check.fails for check in checks))
    lead = {"lead_id": cell.text[mapping.lead_id], "row": table["row"], "file": ibis.literal(number)}
    for name, column in mapping.fields.items():
        if column in one.has:
            lead[column_of(name)] = cell.of(column, _TYPES[name])
    for name, column in mapping.attributes.items():
        if column in one.has:
            lead[column_of(name)] = cell.text[column]
    content = ibis.array([value.coalesce("") for value in cell.text.values()]).join("\x1f")
    lead["content_hash"] = content.hash()
    draft.backend.create_table(f"lead_{number}", table.filter(sound).select(**lead), temp=True)
    events = [rows.filter(sound).select(**told) for rows, told in _events(cell, mapping)]
    empty = ibis.memtable([], schema=schema.EVENT)
    draft.backend.create_table(
        f"event_{number}", ibis.union(empty, *events) if events else empty, schema=schema.EVENT, temp=True
    )
    draft.backend.drop_table(f"raw_{number}")


def _instants(
    draft: Draft, one: _Staged, mapping: LeadMapping, raw: ibis.Table, text: Mapping[str, ibis.Value]
) -> dict[str, cells.ReadInstant]:
    dated = [column for name, column in mapping.fields.items() if _TYPES[name] is FieldType.DATE]
    dated += [*mapping.stages.values(), *mapping.events.values()]
    dated = [column for column in dict.fromkeys(dated) if column in one.has]
    if not dated:
        return {}
    order = mapping.date_order or _order_in_the_data(
        draft, one, raw, {column: text[column] for column in dated}
    )
    return {column: cells.instant(text[column], order, mapping.timezone) for column in dated}


def _order_in_the_data(draft: Draft, one: _Staged, raw: ibis.Table, dated: Mapping[str, ibis.Value]) -> str:
    """The only order that fits the dates such as 03/04/2026 of a file. Refuses where both fit, or neither."""
    measured: dict[str, ibis.Value] = {}
    for number, text in enumerate(dated.values()):
        measured[f"some_{number}"] = cells.has_last_year(text).any()
        measured[f"first_{number}"] = cells.first_part(text).max()
        measured[f"second_{number}"] = cells.second_part(text).max()
        measured[f"example_{number}"] = text.arbitrary(where=cells.has_last_year(text))
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
        f"{one.file.name}, column “{_short(column)}”: in dates such as {example}, {why}. "
        'Add date_order = "dmy" or date_order = "mdy" to the mapping.'
    )


def _checks(mapping: LeadMapping, cell: _Cells) -> Iterator[_Check]:
    lead_id = cell.text[mapping.lead_id]
    yield _Check(mapping.lead_id, lead_id.isnull(), "The lead has no id.")
    too_long = (lead_id.length() > LONGEST_ID).fill_null(False)
    yield _Check(mapping.lead_id, too_long, f"The id is over {LONGEST_ID} characters.")
    for column, found in cell.instants.items():
        fails = cell.text[column].notnull() & found.at.isnull()
        yield _Check(column, fails, "This is no date that exists. Write it as 2026-01-31, or set date_order.")
    for column, value in cell.numbers.items():
        fails = cell.text[column].notnull() & value.isnull()
        yield _Check(column, fails, "This is no number. Write it as 1200.50, or set decimal.")
    for column, value in cell.text.items():
        if column not in (*cell.instants, *cell.numbers, mapping.lead_id):
            too_long = (value.length() > LONGEST_TEXT).fill_null(False)
            yield _Check(column, too_long, f"The text is over {LONGEST_TEXT:,} characters.")


def _list_refusals(draft: Draft, one: _Staged, cell: _Cells, checks: Sequence[_Check]) -> None:
    failing = cell.table.filter(ibis.or_(*(check.fails for check in checks)))
    counted = draft.old.value(failing.count())
    if counted:
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


def _events(cell: _Cells, mapping: LeadMapping) -> Iterator[tuple[ibis.Table, dict[str, ibis.Value]]]:
    """For each column that tells of an event: its rows, and the columns of the event log over them."""
    nothing = ibis.null().cast("string")

    def told(where: ibis.Value, kind: EventType, **given: Any) -> tuple[ibis.Table, dict[str, ibis.Value]]:
        columns = {
            "lead_id": cell.text[mapping.lead_id],
            "type": ibis.literal(kind.value),
            "stage": nothing,
            "at": ibis.null(),
            "day": ibis.null(),
            "day_only": ibis.literal(False),
            "reason": nothing,
            "owner": nothing,
            "automatic": ibis.literal(False),
            **given,
        }
        return cell.table.filter(where), {
            name: columns[name].cast(type_) for name, type_ in schema.EVENT.items()
        }

    for stage, column in mapping.stages.items():
        if column in cell.instants:
            read = cell.instants[column]
            yield told(
                read.at.notnull(),
                EventType.ENTERED_STAGE,
                stage=ibis.literal(stage.value),
                at=read.at,
                day=read.day,
                day_only=read.day_only,
            )
    owner = cell.text.get(mapping.fields.get("owner", ""), nothing)
    reason = cell.text.get(mapping.rejection_reason or "", nothing).lower()
    for kind, column in mapping.events.items():
        if column in cell.instants:
            read = cell.instants[column]
            given = {"reason": reason} if kind is EventType.REJECTED else {}
            yield told(
                read.at.notnull(),
                kind,
                at=read.at,
                day=read.day,
                day_only=read.day_only,
                owner=owner,
                **given,
            )
    for stage, flag in mapping.outcomes.items():
        if flag.column in cell.text:
            is_set = cell.text[flag.column].lower().isin(flag.equals).fill_null(False)
            dated = mapping.stages.get(stage)
            if dated is not None and dated in cell.instants:
                is_set = is_set & cell.instants[dated].at.isnull()
            yield told(is_set, EventType.ENTERED_STAGE, stage=ibis.literal(stage.value))


def _together(draft: Draft, count: int) -> tuple[ibis.Table, ibis.Table]:
    """One row per lead from all files, and their events.

    Where an id stands several times, the last value wins, but the first source; `row_count` keeps what is needed
    to report on them.
    """
    tables = [draft.backend.table(f"lead_{number}") for number in range(count)]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    fields = [name for name in names if name not in ("lead_id", "row", "file", "content_hash")]
    attributes = [name.removeprefix(ATTRIBUTE_PREFIX) for name in fields if name.startswith(ATTRIBUTE_PREFIX)]
    types = schema.lead(attributes)
    aligned = [
        table.select(
            "lead_id",
            "row",
            "file",
            "content_hash",
            **{
                name: (table[name] if name in table.columns else ibis.null()).cast(types[name])
                for name in fields
            },
        )
        for table in tables
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
    leads = draft.backend.create_table("staged_lead", rows.group_by("lead_id").aggregate(**values), temp=True)
    events = [draft.backend.table(f"event_{number}") for number in range(count)]
    log = ibis.union(*events) if len(events) > 1 else events[0]
    return leads, draft.backend.create_table("staged_event", log.distinct(), schema=schema.EVENT, temp=True)


def _count_rows(draft: Draft, status: ibis.Table) -> dict[str, int]:
    """Rows by what they brought. Of a lead that stands on several rows, each different row after the first changes it."""
    rows = draft.backend.table("staged_row")
    per_lead = rows.group_by("lead_id").aggregate(
        rows_=rows.count(), different=ibis.struct({"f": rows.file, "h": rows.content_hash}).nunique()
    )
    known = per_lead.join(status, "lead_id")
    touched = known.is_new | known.is_changed
    counts = draft.old.rows(
        known.aggregate(
            new=known.is_new.sum().coalesce(0),
            changed=touched.ifelse(known.different - known.is_new.cast("int64"), 0).sum().coalesce(0),
            rows_=known.rows_.sum().coalesce(0),
        )
    )[0]
    return {
        "new": counts["new"],
        "changed": counts["changed"],
        "unchanged": counts["rows_"] - counts["new"] - counts["changed"],
    }


def _about_files(staged: Sequence[_Staged]) -> Iterator[ImportWarning]:
    for one in staged:
        if one.unmapped:
            yield ImportWarning(
                "unmapped_columns",
                len(one.unmapped),
                f"{one.file.name}: columns that the mapping does not name were left out: {_listed(one.unmapped)}.",
            )
        if one.missing:
            yield ImportWarning(
                "missing_columns",
                len(one.missing),
                f"{one.file.name} does not have all mapped columns; without: {_listed(one.missing)}.",
            )
        yield from one.file.remarks


def _header_shown(file: LeadFile) -> str:
    return _listed(file.header)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_short(name) or "(no name)" for name in names[:15])
    return shown + (f" and {len(names) - 15:,} more" if len(names) > 15 else "")


def _short(text: str) -> str:
    clean = "".join(character if character.isprintable() else "·" for character in text)
    return clean if len(clean) <= 60 else clean[:60] + "…"
