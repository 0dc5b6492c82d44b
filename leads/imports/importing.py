"""Files into facts: every row checked first, then one new version, or none in a dry run."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis

from alignment.errors import InvalidInput
from leads.imports import oddities
from leads.imports.files import LeadFile, open_file
from leads.imports.long_files import laid_out
from leads.imports.mapping import InvalidMapping, LeadMapping
from leads.imports.merging import Merged, merge
from leads.imports.notes import carry, sign
from leads.imports.progress import Progress, Step
from leads.imports.report import MOST_LISTED, ImportReport, ImportWarning, RowsRefused
from leads.imports.staging import Staged, Together, stage_file, together
from leads.store import Draft, warehouse

_MEMORY = "640MB"
"""What the engine may hold while it imports; what is more goes to the disk."""


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
    progress.at(Step.READING)
    opened = [open_file(one.path, one.name, mapping.delimiter, mapping.sheet) for one in sources]
    with warehouse().write(wait_seconds, waits=lambda: progress.at(Step.WAITING)) as draft:
        draft.backend.raw_sql(f"SET memory_limit = '{_MEMORY}'")
        progress.watch(draft.backend.con)
        progress.at(Step.READING)
        opened = [laid_out(draft, file, mapping) for file in opened]
        staged = [_matched(file, mapping, opened, draft.old.known_columns) for file in opened]
        for number, one in enumerate(staged):
            stage_file(draft, one, mapping, number, progress)
        # rows have their numbers now; the order in which leads are written says nothing
        draft.backend.raw_sql("SET preserve_insertion_order = false")
        progress.at(Step.JOINING)
        found = together(draft, staged)
        read = sum(one.file.rows for one in staged)
        refused = sum(one.refused for one in staged)
        if read and refused == read:
            first = staged[0].refusals[0]
            raise InvalidInput(
                f"None of the {read:,} rows can be used. The first: {first.file}, row {first.row}, "
                f"column {first.column or '(whole row)'}: {first.reason}"
            )
        columns = {name for one in staged for name in one.file.header}
        merged = merge(draft, found.lead, found.event, columns, progress, wide=found.wide, whole=True)
        progress.at(Step.REPORTING)
        counts = _count_rows(draft, found, merged)
        warnings = [
            *_about_files(staged),
            *oddities.find(draft, merged, mapping, instant, once=found.once),
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
) -> Staged:
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
    return Staged(file, has, tuple(missing), tuple(free))


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


def _count_rows(draft: Draft, found: Together, merged: Merged) -> dict[str, int]:
    """Rows by what they brought. Of a lead that stands on several rows, each different row after the first changes it."""
    if found.once:
        return {
            "new": merged.new_leads,
            "changed": merged.changed_leads,
            "unchanged": merged.leads - merged.new_leads - merged.changed_leads,
        }
    rows = draft.backend.table("staged_row")
    per_lead = rows.group_by("lead_id").aggregate(
        rows_=rows.count(), different=ibis.struct({"f": rows.file, "h": rows.content_hash}).nunique()
    )
    if merged.status is None:
        known = per_lead.mutate(is_new=ibis.literal(True), is_changed=ibis.literal(False))
    else:
        known = per_lead.join(merged.status, "lead_id")
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


def _about_files(staged: Sequence[Staged]) -> Iterator[ImportWarning]:
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
