"""Files laid beside what a lead is: what each column is taken to mean, and the mapping that comes of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, Stage
from alignment.rules import FieldType
from leads.imports import amounts, presets
from leads.imports.files import short
from leads.imports.looking import (
    YEAR_FIRST,
    YEAR_LAST,
    ColumnSeen,
    FileSeen,
    cells_by_column,
    cells_by_property,
    columns,
)
from leads.imports.mapping import LeadMapping
from leads.imports.presets import ATTRIBUTE, CREATED, LEAD_ID, LEFT_OUT, MERGED, MERGED_INTO, REASON, Preset
from leads.model import CANONICAL_FIELDS, CANONICAL_NAMES, is_attribute_name

_TYPES = {known.name: known.type for known in CANONICAL_FIELDS}


@dataclass(frozen=True)
class ConditionalDate:
    """A date that means `meaning` on the rows on which `where` says one of `equals`. In a long file `where` is a property."""

    meaning: str
    column: str
    where: str
    equals: tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    """What each column is taken to mean, in the words of `leads.imports.presets`. `long` are the columns of property, value and time.

    `words` are what flags say, by column; `names` what custom fields are called, by column.
    """

    preset: str
    meanings: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    conditionals: tuple[ConditionalDate, ...] = ()
    long: tuple[str, str, str] | None = None
    date_order: str = ""
    timezone: str = "UTC"
    decimal: str = ""
    delimiter: str = ""
    sheet: str = ""
    missing: tuple[str, ...] = ()

    def dated(self) -> tuple[str, ...]:
        """The columns that are read as dates."""
        plain = [name for name, meaning in self.meanings.items() if is_date(meaning)]
        at = [self.long[2]] if self.long else [one.column for one in self.conditionals]
        return tuple(dict.fromkeys((*plain, *at)))


@dataclass(frozen=True)
class Meaning:
    """Something that a column can mean: its key, what it is called, and the group it stands in."""

    key: str
    label: str
    group: str


@dataclass(frozen=True)
class DateQuestion:
    """Dates of which nothing in the first rows tells whether day or month comes first."""

    column: str
    example: str


@dataclass(frozen=True)
class DecimalQuestion:
    """Numbers of which nothing in the first rows tells which sign is the decimal one: one that may be read in two ways, or two
    that contradict each other."""

    column: str
    examples: tuple[str, ...]


def meanings() -> tuple[Meaning, ...]:
    """Everything a column can mean, in the order in which people look for it."""
    stages = {
        Stage.LEAD: "Became a lead",
        Stage.MQL: "Became an MQL",
        Stage.SAL: "Accepted by sales (SAL)",
        Stage.SQL: "Sales qualified (SQL)",
        Stage.OPPORTUNITY: "Became an opportunity",
        Stage.WON: "Won",
        Stage.LOST: "Lost",
    }
    events = {
        EventType.ASSIGNED: "Assigned to sales",
        EventType.CONTACT_ATTEMPTED: "First attempt to reach them",
        EventType.CONTACTED: "First contact",
        EventType.ACCEPTED: "Accepted",
        EventType.REJECTED: "Rejected",
    }
    flags = (Stage.WON, Stage.LOST, Stage.OPPORTUNITY, Stage.SQL, Stage.SAL, Stage.MQL)
    return (
        Meaning(LEFT_OUT, "Left out", ""),
        Meaning(LEAD_ID, "The lead's id", "Lead"),
        Meaning(MERGED, "The lead it was merged into, by its id", "Lead"),
        Meaning(CREATED, "Created, and so became a lead", "Date"),
        *(Meaning(presets.of_stage(stage), label, "Date") for stage, label in stages.items()),
        *(Meaning(presets.of_event(kind), label, "Date") for kind, label in events.items()),
        Meaning(REASON, "Reason of the rejection", "Field"),
        *(Meaning(presets.of_field(known.name), known.label, "Field") for known in CANONICAL_FIELDS),
        Meaning(ATTRIBUTE, "Kept under its own name", "Field"),
        *(Meaning(presets.of_flag(stage), f"{stages[stage]}, by certain words", "Flag") for stage in flags),
    )


def is_date(meaning: str) -> bool:
    """Whether a column with this meaning holds dates."""
    kind, _, name = meaning.partition(":")
    return meaning == CREATED or kind in ("stage", "event") or _TYPES.get(name) is FieldType.DATE


def recognised(files: Sequence[FileSeen]) -> Preset:
    """The kind of export that the files are: of the first that is of a known kind."""
    found = [presets.recognised(file.header) for file in files]
    return next((one for one in found if one is not presets.WIDE), presets.WIDE)


def propose(files: Sequence[FileSeen], preset: Preset | None = None, timezone: str = "UTC") -> Matching:
    """What the columns mean by the names that `preset`, or else the one that is recognised, gives them.

    A column whose values are not of the kind its meaning needs is left out.
    """
    chosen = preset or recognised(files)
    header = list(dict.fromkeys(name for file in files for name in file.header))
    long = _long(header, chosen)
    seen = {column.name: column for column in columns(files, long)}
    meant: dict[str, str] = {}
    words: dict[str, tuple[str, ...]] = {}
    lead_id = presets.column_for(header, (*chosen.called[LEAD_ID], *presets.WIDE.called[LEAD_ID]))
    if lead_id is not None and lead_id not in (long or ()):
        meant[lead_id] = LEAD_ID
    taken = {LEAD_ID}
    for called in _layers(chosen):
        for meaning, names in called.items():
            if meaning in taken or (called is not chosen.called and _only_its_own(meaning)):
                continue
            free = [name for name in seen if name not in meant]
            if meaning == ATTRIBUTE:
                kept = {presets.bare(name) for name in names}
                meant |= {name: ATTRIBUTE for name in free if presets.bare(name) in kept}
                continue
            column = presets.column_for(free, names)
            if column is None:
                continue
            fitting = _fitting(meaning, seen[column])
            if fitting is None or fitting in taken:
                continue
            meant[column] = fitting
            taken.add(fitting)
            if fitting.startswith("flag:"):
                words[column] = chosen.words.get(meaning, ())
    if presets.of_event(EventType.REJECTED) not in taken:  # a reason goes with the date of a rejection
        meant = {name: meaning for name, meaning in meant.items() if meaning != REASON}
    if presets.of_stage(Stage.LEAD) in taken:
        meant = {
            name: presets.of_field("created_at") if meaning == CREATED else meaning
            for name, meaning in meant.items()
        }
    conditionals = tuple(_said(seen) if long else _conditionals(chosen, header, meant))
    dated = {one.column for one in conditionals}
    return Matching(
        preset=chosen.name,
        meanings={name: meaning for name, meaning in meant.items() if name not in dated},
        words=words,
        conditionals=conditionals,
        long=long,
        timezone=timezone,
        missing=chosen.missing,
    )


def date_order(files: Sequence[FileSeen], matching: Matching) -> str | DateQuestion:
    """The order of day and month in the columns read as dates: ymd, dmy, mdy, '' if they show no dates, or the question."""
    seen: dict[str, list[str]] = {}
    for file in files:
        for name, cells in cells_by_column(file):
            if name in matching.dated():
                seen.setdefault(name, []).extend(cells)
    if matching.long:
        for file in files:
            for name, cells in cells_by_property(file, matching.long):
                if is_date(matching.meanings.get(name, "")):
                    seen.setdefault(name, []).extend(cells)
    last = [
        (name, found) for name, cells in seen.items() for cell in cells if (found := YEAR_LAST.match(cell))
    ]
    if not last:
        return "ymd" if any(YEAR_FIRST.match(cell) for cells in seen.values() for cell in cells) else ""
    day_first = any(int(found[1]) > 12 for _, found in last)
    month_first = any(int(found[2]) > 12 for _, found in last)
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    telling = next((entry for entry in last if entry[1][1] != entry[1][2]), last[0])
    return DateQuestion(telling[0], telling[1][0])


def decimal_sign(files: Sequence[FileSeen], matching: Matching) -> DecimalQuestion | None:
    """The question which sign is the decimal one, where the numbers in the first rows do not tell; None where they do."""
    for file in files:
        numeric: dict[str, list[str]] = {}
        for name, cells, by_the_file in _cells_of(file, matching):
            if _TYPES.get(matching.meanings.get(name, "").partition(":")[2]) is FieldType.NUMBER:
                of_people = (cell for cell in cells if not (by_the_file and re.match(by_the_file, cell)))
                numeric.setdefault(name, []).extend(one for one in of_people if one not in matching.missing)
        try:
            amounts.decimals({name: amounts.signs(cells) for name, cells in numeric.items()})
        except amounts.UnclearDecimals as unclear:
            return DecimalQuestion(unclear.column, unclear.examples)
    return None


def _cells_of(file: FileSeen, matching: Matching) -> Iterator[tuple[str, list[str], str]]:
    """The columns of a file, or the properties of a long one, with their cells and what numbers of the file itself look like there."""
    patterns = dict(zip(file.header, file.numbers, strict=False))
    if matching.long is None:
        yield from ((name, cells, patterns.get(name, "")) for name, cells in cells_by_column(file))
    else:
        pattern = patterns.get(matching.long[1], "")
        yield from ((name, cells, pattern) for name, cells in cells_by_property(file, matching.long))


def to_document(matching: Matching) -> dict[str, Any]:
    """The mapping as a document for TOML; see `leads.imports.mapping`.

    Raises InvalidInput where no column is the lead's id, two columns mean the same, or a flag has no words.
    """
    by_meaning: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for column, meaning in sorted(matching.meanings.items(), key=lambda entry: entry[1] != MERGED):
        if meaning == ATTRIBUTE:
            name = matching.names.get(column) or attribute_name(column, attributes)
            attributes[name] = column
        elif meaning and meaning in by_meaning:
            label = next(one.label for one in meanings() if one.key == meaning)
            raise InvalidInput(
                f"The columns “{short(by_meaning[meaning])}” and “{short(column)}” both mean “{label}”. Leave one of them out."
            )
        elif meaning:
            by_meaning[meaning] = column
            if meaning == MERGED:
                attributes[MERGED_INTO] = column
    if LEAD_ID not in by_meaning:
        raise InvalidInput("No column is the lead's id. Choose the one that is different for every lead.")
    document: dict[str, Any] = {"lead_id": by_meaning[LEAD_ID]}
    tables: dict[str, dict[str, Any]] = {"stages": {}, "events": {}, "outcome": {}}
    for meaning, column in by_meaning.items():
        kind, _, name = meaning.partition(":")
        if kind == "field":
            document[name] = column
        elif meaning == CREATED:
            document["created_at"] = column
            tables["stages"].setdefault(Stage.LEAD.value, column)
        elif meaning == REASON:
            document["rejection_reason"] = column
        elif kind in ("stage", "event"):
            tables[f"{kind}s"][name] = column
        elif kind == "flag":
            equals = list(matching.words.get(column, ()))
            if not equals:
                raise InvalidInput(
                    f"Say which words of “{short(column)}” mean that a lead is {Stage(name).label}."
                )
            tables["outcome"][name] = {"column": column, "equals": equals}
    for one in matching.conditionals:
        kind, _, name = one.meaning.partition(":")
        if name in tables[f"{kind}s"]:
            label = next(known.label for known in meanings() if known.key == one.meaning)
            raise InvalidInput(f"“{label}” is said twice. Leave one of them out.")
        if not one.equals:
            raise InvalidInput(f"Say which words of “{short(one.where)}” count.")
        entry: dict[str, Any] = {"where": one.where, "column": one.column, "equals": list(one.equals)}
        if matching.long:
            entry = {"property": one.where, "equals": list(one.equals)}
        tables[f"{kind}s"][name] = entry
    options = {
        "date_order": matching.date_order,
        "timezone": matching.timezone.strip(),
        "decimal": matching.decimal,
        "delimiter": matching.delimiter,
        "sheet": matching.sheet,
        "missing": list(matching.missing),
    }
    document |= {name: value for name, value in options.items() if value}
    if matching.long:
        document["long"] = dict(zip(("property", "value", "at"), matching.long, strict=True))
    document |= {name: table for name, table in tables.items() if table}
    if attributes:
        document["attributes"] = attributes
    return document


def from_mapping(mapping: LeadMapping, files: Sequence[FileSeen]) -> Matching | None:
    """A mapping as a matching, to be changed on screen; None for one that gives a column two meanings."""
    spelled = {name.casefold(): name for file in files for name in reversed(file.header)}
    if mapping.long:
        layout = (mapping.long.property, mapping.long.value, mapping.long.at)
        spelled |= {column.name.casefold(): column.name for column in columns(files, layout)}

    def here(column: str) -> str:
        return spelled.get(column.strip().casefold(), column)

    meant: dict[str, str] = {}

    def mean(column: str, meaning: str) -> bool:
        return meant.setdefault(here(column), meaning) == meaning

    sound = mean(mapping.lead_id, LEAD_ID)
    fields, stages = dict(mapping.fields), dict(mapping.stages)
    if "created_at" in fields and stages.get(Stage.LEAD) == fields["created_at"]:
        sound &= mean(fields.pop("created_at"), CREATED)
        del stages[Stage.LEAD]
    for name, column in fields.items():
        sound &= mean(column, presets.of_field(name))
    conditionals = []
    dates = [(presets.of_stage(stage), column) for stage, column in stages.items()]
    dates += [(presets.of_event(kind), column) for kind, column in mapping.events.items()]
    for meaning, column in dates:
        moment = mapping.moments.get(column)
        if moment is None:
            sound &= mean(column, meaning)
        else:
            conditionals.append(
                ConditionalDate(meaning, here(moment.column), here(moment.where), moment.equals)
            )
    words = {}
    for stage, flag in mapping.outcomes.items():
        sound &= mean(flag.column, presets.of_flag(stage))
        words[here(flag.column)] = flag.equals
    if mapping.rejection_reason:
        sound &= mean(mapping.rejection_reason, REASON)
    for name, column in mapping.attributes.items():
        sound &= mean(column, MERGED if name.lower() == MERGED_INTO else ATTRIBUTE)
    if not sound:
        return None
    return Matching(
        preset="",
        meanings=meant,
        words=words,
        names={here(column): name for name, column in mapping.attributes.items()},
        conditionals=tuple(conditionals),
        long=(mapping.long.property, mapping.long.value, mapping.long.at) if mapping.long else None,
        date_order=mapping.date_order or "",
        timezone=mapping.timezone,
        decimal=mapping.decimal or "",
        delimiter=mapping.delimiter or "",
        sheet=mapping.sheet or "",
        missing=mapping.missing,
    )


def attribute_name(column: str, taken: Mapping[str, str]) -> str:
    """A name for a custom field that is made of a column's, and none of those taken."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in column)
    name = re.sub(r"_+", "_", plain).strip("_").lower()[:50]
    name = name if name and name[0].isalpha() else f"field_{name}".strip("_")
    if name in (*CANONICAL_NAMES, LEAD_ID) or not is_attribute_name(name):
        name = f"{name}_column"
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _layers(preset: Preset) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """What columns are called: as the preset has it, then as tables in general have it, then as the CRMs have it.

    Companies rename and mix columns, and a long file's properties are called as the CRMs call their columns.
    """
    crms = (
        (presets.HUBSPOT, presets.SALESFORCE) if preset in (presets.LONG, presets.SALESFORCE_HISTORY) else ()
    )
    fallbacks = (presets.WIDE,) if preset is not presets.WIDE else (presets.HUBSPOT,)
    return tuple(one.called for one in (preset, *crms, *fallbacks))


def _only_its_own(meaning: str) -> bool:
    """Whether a name has this meaning in the preset alone: a status means different things elsewhere."""
    return meaning in (ATTRIBUTE, MERGED) or meaning.startswith("flag:")


def _fitting(meaning: str, column: ColumnSeen) -> str | None:
    """The meaning, if the column's values are of its kind; company size for employees in words; else None."""
    if is_date(meaning):
        return meaning if column.looks in ("date", "nothing") else None
    if _TYPES.get(meaning.partition(":")[2]) is FieldType.NUMBER:
        if column.looks in ("number", "nothing"):
            return meaning
        return presets.of_field("company_size") if meaning == presets.of_field("employees") else None
    return meaning


def _long(header: Sequence[str], preset: Preset) -> tuple[str, str, str] | None:
    if preset.long is None:
        return None
    found: list[str] = []
    for names in preset.long:
        column = presets.column_for([name for name in header if name not in found], names)
        if column is None:
            return None
        found.append(column)
    return (found[0], found[1], found[2])


def _conditionals(
    preset: Preset, header: Sequence[str], meant: Mapping[str, str]
) -> Iterator[ConditionalDate]:
    for one in preset.conditionals:
        column = presets.column_for(header, one.columns)
        where = presets.column_for(header, one.where)
        if column is not None and where is not None and one.meaning not in meant.values():
            yield ConditionalDate(one.meaning, column, where, one.equals)


def _said(seen: Mapping[str, ColumnSeen]) -> Iterator[ConditionalDate]:
    """What changes of the properties that say where a lead stands mean, by the words that occur in the first rows."""
    told = set()
    for name in presets.STATUS_NAMES:
        for column in seen.values():
            if presets.bare(column.name) != name:
                continue
            for meaning, words in presets.SAID.items():
                known = {presets.bare(word) for word in words}
                equals = tuple(
                    dict.fromkeys(value.lower() for value in column.values if presets.bare(value) in known)
                )
                if equals and meaning not in told:
                    told.add(meaning)
                    yield ConditionalDate(meaning, "", column.name, equals)
