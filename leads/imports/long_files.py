"""Files whose rows say what they mean: a row for each change of a property, or a date that counts on some rows only.

Either becomes a file with a column for each thing that the mapping names, so that the import need not know. A row stays a
row, under its own number: where it says nothing about a column, its cell there is empty.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis

from alignment.rules import FieldType
from leads.imports import cells
from leads.imports.files import AS_THEY_STAND, LeadFile, Reading, UnreadableFile, short
from leads.imports.mapping import InvalidMapping, LeadMapping, LongLayout, Moment
from leads.imports.report import ImportWarning
from leads.model import CANONICAL_FIELDS

if TYPE_CHECKING:
    from leads.store import Draft

MOST_PROPERTIES = 2_000
FIRST_STAYS = "source"
_DATES = tuple(known.name for known in CANONICAL_FIELDS if known.type is FieldType.DATE)
_EPOCH_MS = r"^1[0-9]{12}$"
_SORTABLE = re.compile(r"0000-00-00[ T]00:00:00(\.0+)?(Z|(?P<offset>[+-]00:?00))?")
_OFFSET_LENGTH = 5  # of +0000, and of +00:00 but for its sign, which is in the shape


def laid_out(draft: "Draft", file: LeadFile, mapping: LeadMapping) -> LeadFile:
    """`file` with a column for each thing that the mapping names; itself where it has them already.

    Of a long file the rows are loaded here, for its properties stand in them. Raises UnreadableFile or InvalidMapping, with place and
    remedy, where the columns are missing or the properties are none.
    """
    if mapping.long is not None:
        return _unfolded(draft, file, mapping, mapping.long)
    return _Conditional.over(file, mapping) if mapping.moments else file


@dataclass
class _Conditional(LeadFile):
    """A file with a further column for each moment: the date, on the rows on which the other column says so."""

    inner: LeadFile = field(kw_only=True)
    moments: Mapping[str, Moment] = field(kw_only=True)

    @classmethod
    def over(cls, file: LeadFile, mapping: LeadMapping) -> "_Conditional":
        """The file with the moments of which it has both columns; without the columns that serve nothing else."""
        there = {
            name: moment
            for name, moment in mapping.moments.items()
            if file.position(moment.column) is not None and file.position(moment.where) is not None
        }
        serving = {file.position(column) for one in there.values() for column in (one.column, one.where)}
        named = {file.position(column) for column in mapping.columns()}
        kept = [name for place, name in enumerate(file.header) if place in named or place not in serving]
        laid = cls(file.path, file.name, (*kept, *there), inner=file, moments=there)
        laid.remarks.extend(file.remarks)
        return laid

    def numbers_in(self, position: int) -> str:
        """See `LeadFile.numbers_in`; moments hold dates."""
        place = self.inner.position(self.header[position])
        return "" if place is None else self.inner.numbers_in(place)

    def load(
        self, draft: "Draft", table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> ibis.Table:
        """See `LeadFile.load`."""
        wanted = [self.header[position] for position in positions]
        needed: list[str] = []
        for name in wanted:
            moment = self.moments.get(name)
            needed += [name] if moment is None else [moment.column, moment.where]
        needed = list(dict.fromkeys(needed))
        places = [_place(self.inner, name) for name in needed]
        raw = self.inner.load(draft, f"{table_name}_rows", places)
        self.rows = self.inner.rows
        self.ragged[:] = self.inner.ragged
        self.remarks[:] = self.inner.remarks
        column = {name: raw[f"c{number}"] for number, name in enumerate(needed)}

        def cell(name: str) -> ibis.Value:
            moment = self.moments.get(name)
            if moment is None:
                return column[name]
            return _says(column[moment.where], moment).ifelse(column[moment.column], _nothing())

        laid = raw.select("row", **{f"c{number}": cell(name) for number, name in enumerate(wanted)})
        table = draft.backend.create_table(table_name, read.keep(laid), temp=True)
        draft.backend.drop_table(f"{table_name}_rows")
        return table

    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """See `LeadFile.first_rows`; moments are left empty."""
        places = [self.inner.position(name) for name in self.header]
        return [
            tuple("" if place is None else row[place] for place in places)
            for row in self.inner.first_rows(count)
        ]


@dataclass
class _Unfolded(LeadFile):
    """A long file that has been loaded as the table `raw`: `row`, `lead_id`, `property`, `value`, `at`, `is_last`, `is_first`."""

    raw: str = field(kw_only=True)
    inner: LeadFile = field(kw_only=True)
    mapping: LeadMapping = field(kw_only=True)

    def numbers_in(self, _position: int) -> str:
        """See `LeadFile.numbers_in`: all properties stand in one column."""
        assert self.mapping.long is not None
        return self.inner.numbers_in(_place(self.inner, self.mapping.long.value))

    def load(
        self, draft: "Draft", table_name: str, positions: Sequence[int], read: Reading = AS_THEY_STAND
    ) -> ibis.Table:
        """See `LeadFile.load`."""
        raw = draft.backend.table(self.raw)
        laid = raw.select(
            "row",
            **{
                f"c{number}": self._cell(raw, self.header[position])
                for number, position in enumerate(positions)
            },
        )
        table = draft.backend.create_table(table_name, read.keep(laid), temp=True)
        draft.backend.drop_table(self.raw)
        return table

    def first_rows(self, count: int) -> list[tuple[str, ...]]:
        """See `LeadFile.first_rows`: the rows as they stand in the file, for what is in them is known only once loaded."""
        return self.inner.first_rows(count)

    def _cell(self, raw: ibis.Table, name: str) -> ibis.Value:
        if name == self.header[0]:
            return raw.lead_id
        moment = self.mapping.moments.get(name)
        if moment is not None:
            here = (raw.property == _folded(moment.where)) & _says(raw.value, moment)
            return here.ifelse(raw["at"], _nothing())
        name = _folded(name)  # the file may spell a property in several ways
        fields = {field: _folded(column) for field, column in self.mapping.fields.items()}
        dates = {_folded(one) for one in (*self.mapping.stages.values(), *self.mapping.events.values())}
        dates |= {fields[one] for one in _DATES if one in fields}
        named = raw.property == name
        if name in dates:
            # a stage's date may change when a lead comes round again, and each of them was a date
            counts = named & raw.is_last if name in fields.values() else named
            return counts.ifelse(_dated(raw.value), _nothing())
        counts = raw.is_first if fields.get(FIRST_STAYS) == name else raw.is_last
        return (named & counts).ifelse(raw.value, _nothing())


def _unfolded(draft: "Draft", file: LeadFile, mapping: LeadMapping, long: LongLayout) -> LeadFile:
    columns = (mapping.lead_id, long.property, long.value, long.at)
    places = [_place(file, column) for column in columns]
    name = f"long_{abs(hash((file.path, file.name)))}"
    read = file.load(draft, f"{name}_rows", places)
    text = read.select(
        "row",
        lead_id=read.c0.strip(),
        property=_folded_column(read.c1),
        shown=read.c1.strip(),
        value=cells.known(read.c2, mapping),
        at=_dated(read.c3.strip()),
    )
    text = draft.backend.create_table(f"{name}_text", text, temp=True)
    raw = draft.backend.create_table(
        name, _ranked(text, _when(draft, file.name, text, mapping), mapping), temp=True
    )
    properties = draft.old.rows(
        text.filter(text.property.notnull(), text.property != "")
        .group_by("property")
        .aggregate(shown=text.shown.first())
        .order_by("property")
        .limit(MOST_PROPERTIES + 1)
    )
    draft.backend.drop_table(f"{name}_rows")
    if len(properties) > MOST_PROPERTIES:
        raise InvalidMapping(
            f"{file.name}, column “{short(long.property)}”: it holds over {MOST_PROPERTIES:,} different values, so these are no "
            "properties. Name the column of the properties under [long]."
        )
    there = {entry["property"] for entry in properties}
    moments = [name for name, moment in mapping.moments.items() if _folded(moment.where) in there]
    named = {_folded(column) for column in mapping.columns()}
    serving = {_folded(mapping.moments[moment].where) for moment in moments} - named
    shown = [entry["shown"] for entry in properties if entry["property"] not in serving]
    header = (mapping.lead_id, *shown, *moments)
    laid = _Unfolded(file.path, file.name, header, raw=name, inner=file, mapping=mapping)
    laid.rows = file.rows
    laid.ragged.extend(file.ragged)
    laid.remarks.extend([*file.remarks, *_never_said(draft, file.name, raw, mapping, moments)])
    draft.backend.drop_table(f"{name}_text")
    return laid


def _when(draft: "Draft", name: str, text: ibis.Table, mapping: LeadMapping) -> ibis.Value:
    """What the rows are put in order of time by: their times as they stand where all are written alike, year first."""
    at = text["at"].coalesce("")
    shape = at.translate("0123456789", "0000000000")
    found = draft.old.rows(
        text.filter(at != "").aggregate(
            shapes=shape.nunique(), shape=shape.max(), ends=at.right(_OFFSET_LENGTH).nunique()
        )
    )[0]
    alike = found["shapes"] == 1 and _SORTABLE.fullmatch(found["shape"])
    if alike and (not alike["offset"] or found["ends"] == 1):
        return at
    assert mapping.long is not None
    order = mapping.date_order or _order(draft, name, mapping.long.at, text["at"])
    return cells.instant(text["at"], order, mapping.timezone).at.coalesce(ibis.timestamp("1970-01-01"))


def _ranked(text: ibis.Table, when: ibis.Value, mapping: LeadMapping) -> ibis.Table:
    """The rows with whether each has the first and the last value of its property, by when it was set."""
    dated = text.mutate(when=when)
    # exports list the newest change first or last; of two in one instant the later row counts
    place = ibis.struct({"when": dated.when, "row": dated["row"]})
    values = {_folded(name) for name in (*mapping.fields.values(), *mapping.attributes.values())}
    counts = dated.value.notnull() & dated.property.isin(sorted(values))
    ends = dated.filter(counts).group_by("lead_id", "property").aggregate(first=place.min(), last=place.max())
    ends = ends.select("lead_id", "property", first=ends["first"]["row"], last=ends["last"]["row"])
    both = text.left_join(ends, ["lead_id", "property"])
    return both.select(
        "row",
        "lead_id",
        "property",
        "value",
        "at",
        is_first=(both["row"] == both["first"]).fill_null(False),
        is_last=(both["row"] == both["last"]).fill_null(False),
    )


def _order(draft: "Draft", name: str, column: str, at: ibis.Value) -> str:
    """The order of day and month in which the changes are dated. Raises InvalidMapping where both fit."""
    found = draft.old.rows(
        at.as_table().aggregate(
            some=cells.has_last_year(at).any(),
            first=cells.first_part(at).max(),
            second=cells.second_part(at).max(),
            example=at.first(where=cells.has_last_year(at)),
        )
    )[0]
    if not found["some"]:
        return "ymd"
    day_first, month_first = (found["first"] or 0) > 12, (found["second"] or 0) > 12
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    why = "both day and month come first" if day_first else "it may be day or month that comes first"
    raise InvalidMapping(
        f"{name}, column “{short(column)}”: in dates such as {found['example']}, {why}. "
        'Add date_order = "dmy" or date_order = "mdy" to the mapping.'
    )


def _never_said(
    draft: "Draft", name: str, raw: ibis.Table, mapping: LeadMapping, moments: Sequence[str]
) -> Iterator[ImportWarning]:
    """What the mapping waits for and no row says: a slip of the pen, or something that did not happen."""
    if not moments:
        return
    said = draft.old.rows(
        raw.aggregate(
            **{
                f"said_{number}": (
                    (raw.property == _folded(mapping.moments[moment].where))
                    & _says(raw.value, mapping.moments[moment])
                ).any()
                for number, moment in enumerate(moments)
            }
        )
    )[0]
    silent = [moment for number, moment in enumerate(moments) if not said[f"said_{number}"]]
    if silent:
        yield ImportWarning(
            "values_not_found",
            len(silent),
            f"{name}: no row says that {'; '.join(silent)}. Check the values if it should have happened.",
        )


def _says(value: ibis.Value, moment: Moment) -> ibis.Value:
    return value.strip().lower().isin(moment.equals).fill_null(False)


def _dated(text: ibis.Value) -> ibis.Value:
    """A date as it stands, and milliseconds since 1970, as the interfaces of CRMs write them, as an ISO instant."""
    is_epoch = text.re_search(_EPOCH_MS)
    moment = is_epoch.ifelse(text, _nothing()).try_cast("int64").as_timestamp("ms")
    return is_epoch.ifelse(moment.strftime("%Y-%m-%d %H:%M:%S.%f").concat("Z"), text)


def _folded(name: str) -> str:
    # each letter by itself, and by one, as the engine does it to what stands in the file
    return "".join(letter.lower()[:1] for letter in name.strip())


def _folded_column(column: ibis.Value) -> ibis.Value:
    return column.strip().lower()


def _place(file: LeadFile, column: str) -> int:
    place = file.position(column)
    if place is None:
        shown = ", ".join(short(name) for name in file.header[:15])
        raise UnreadableFile(
            f"{file.name} has no column “{short(column)}”, which the mapping names. The file has: {shown}. "
            "Correct the mapping or the header."
        )
    return place


def _nothing() -> ibis.Value:
    return ibis.null().cast("string")
