"""Which column of a file means what: read from TOML, checked, and laid on a file's header.

lead_id    = "mql_id"            # required
source     = "origin"            # any canonical field = column
date_order = "ymd"               # ymd | mdy | dmy, where a file is ambiguous
timezone   = "America/Sao_Paulo" # of times without an offset; default UTC
missing    = ["", "Select"]      # what counts as no value, besides empty
decimal    = ","                 # the decimal sign of numbers, where a file is ambiguous
delimiter  = ";"                 # default: found in the header
sheet      = "Contacts"          # of a workbook; default the first that is filled in
rejection_reason = "why"         # the code that goes with [events] rejected
[stages]                         # the date a lead entered the stage
mql = "first_contact_date"
[events]                         # the date of: assigned, contact_attempted, contacted, accepted, rejected
assigned = "handed_over"
[outcome]                        # for files without dates: a flag
won = { column = "Converted", equals = "1" }
[attributes]                     # custom fields under names of one's own
landing_page = "landing_page_id"

A date that means something only on some rows names the column that says so:

[stages]
won = { column = "Closed Date", where = "Probability", equals = "100" }

A long file has a row for each change of a property. Fields, attributes and dates then name properties, and a stage is
entered when a property takes a value:

[long]
property = "property"
value    = "value"
at       = "timestamp"
[stages]
mql = { property = "lifecyclestage", equals = "marketingqualifiedlead" }
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, Stage
from leads.model import CANONICAL_NAMES, MOST_ATTRIBUTES, is_attribute_name

MOST_CHARACTERS = 200_000
_LONGEST_SHEET_NAME = 200
_OPTIONS = ("date_order", "timezone", "missing", "decimal", "delimiter", "sheet", "rejection_reason")
_TABLES = ("long", "stages", "events", "outcome", "attributes")
_DATED_EVENTS = tuple(kind for kind in EventType if kind is not EventType.ENTERED_STAGE)


class InvalidMapping(InvalidInput):
    """The mapping cannot be used, by itself or with this file."""


@dataclass(frozen=True)
class Flag:
    """A column that says, by one of these values, that a lead reached a stage; no date is known."""

    column: str
    equals: tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """When something happened: the date in `column` on the rows on which `where` says one of `equals` (small letters).

    In a long file `where` is a property, and `column` is where its changes are dated.
    """

    column: str
    where: str
    equals: tuple[str, ...]


@dataclass(frozen=True)
class LongLayout:
    """The columns of a file with a row for each change: which `property` took which `value`, and when (`at`)."""

    property: str
    value: str
    at: str


@dataclass(frozen=True)
class LeadMapping:
    """What each column means. Keys are canonical fields, stages, events or attribute names; values are columns.

    With `long`, values are properties. `moments` stand in `stages` and `events` under names of their own, which are no
    columns of the file: `leads.imports.long_files.laid_out` makes them ones.
    """

    lead_id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[Stage, str] = field(default_factory=dict)
    events: Mapping[EventType, str] = field(default_factory=dict)
    outcomes: Mapping[Stage, Flag] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    rejection_reason: str | None = None
    long: LongLayout | None = None
    moments: Mapping[str, Moment] = field(default_factory=dict)
    date_order: str | None = None
    timezone: str = "UTC"
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    def columns(self) -> tuple[str, ...]:
        """All columns the mapping names, each once, in its order."""
        reason = () if self.rejection_reason is None else (self.rejection_reason,)
        named = (
            self.lead_id,
            *self.fields.values(),
            *self.stages.values(),
            *self.events.values(),
            *(flag.column for flag in self.outcomes.values()),
            *reason,
            *self.attributes.values(),
        )
        return tuple(dict.fromkeys(named))

    def event_columns(self) -> tuple[str, ...]:
        """The columns that tell what happened: stages, events, outcomes."""
        flags = (flag.column for flag in self.outcomes.values())
        return tuple(dict.fromkeys((*self.stages.values(), *self.events.values(), *flags)))


def read_mapping(content: str | bytes) -> LeadMapping:
    """Read a mapping from TOML text. Raises InvalidMapping with place and remedy."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise InvalidMapping("The mapping is no text in UTF-8. Save it as a TOML file.") from None
    if len(text) > MOST_CHARACTERS:
        raise InvalidMapping(
            f"The mapping has {len(text):,} characters; at most {MOST_CHARACTERS:,} are allowed."
        )
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidMapping(f"The mapping is no valid TOML: {error}. Correct it there.") from None
    return _mapping(document)


def _mapping(document: dict[str, Any]) -> LeadMapping:
    known = ("lead_id", *CANONICAL_NAMES, *_OPTIONS, *_TABLES)
    _only(document, known, "the mapping")
    if "lead_id" not in document:
        _refuse(
            "lead_id is missing from the mapping",
            'Name the column that identifies a lead: lead_id = "…".',
        )
    names = {
        name: _column(document[name], name) for name in ("lead_id", *CANONICAL_NAMES) if name in document
    }
    attributes = _table(document, "attributes")
    for name in attributes:
        if not is_attribute_name(name):
            _refuse(
                f"“{_short(name)}” under [attributes] cannot be a field name",
                "Use letters, digits and underscores, and no canonical field's name.",
            )
    spelt: dict[str, str] = {}
    for name in attributes:
        other = spelt.setdefault(name.lower(), name)
        if other != name:
            _refuse(
                f"“{other}” and “{name}” under [attributes] are one field, for small and capital letters do not tell names apart",
                "Give one of them another name.",
            )
    if len(attributes) > MOST_ATTRIBUTES:
        _refuse(f"[attributes] has {len(attributes)} fields", f"At most {MOST_ATTRIBUTES} are allowed.")
    stages, events = _table(document, "stages"), _table(document, "events")
    _only(stages, Stage, "[stages]")
    _only(events, _DATED_EVENTS, "[events]")
    long = _long(document)
    moments: dict[str, Moment] = {}
    return LeadMapping(
        lead_id=names.pop("lead_id"),
        fields=names,
        stages={
            Stage(name): _dated(value, f"[stages] {name}", long, moments) for name, value in stages.items()
        },
        events={
            EventType(name): _dated(value, f"[events] {name}", long, moments)
            for name, value in events.items()
        },
        long=long,
        moments=moments,
        outcomes=_outcomes(_table(document, "outcome")),
        attributes={name: _column(value, f"[attributes] {name}") for name, value in attributes.items()},
        **_options(document),
    )


def _options(document: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "date_order" in document:
        order = document["date_order"]
        if order not in ("ymd", "mdy", "dmy"):
            _refuse(f"date_order is {_shown(order)}", "Use ymd, mdy or dmy.")
        options["date_order"] = order
    if "timezone" in document:
        try:
            options["timezone"] = str(ZoneInfo(document["timezone"]))
        except (ZoneInfoNotFoundError, ValueError, TypeError, AttributeError, OSError):
            _refuse(
                f"the timezone {_shown(document['timezone'])} is not known",
                "Use an IANA name such as America/Sao_Paulo.",
            )
    if "missing" in document:
        words = document["missing"]
        if (
            not isinstance(words, list)
            or not all(isinstance(word, str) for word in words)
            or len(words) > 100
        ):
            _refuse("missing is no list of texts", 'Write missing = ["", "Select"].')
        options["missing"] = tuple(word.strip() for word in words if word.strip())
    if "decimal" in document:
        if document["decimal"] not in (".", ","):
            _refuse(f"decimal is {_shown(document['decimal'])}", 'Use "." or ",".')
        options["decimal"] = document["decimal"]
    if "delimiter" in document:
        delimiter = document["delimiter"]
        if (
            not isinstance(delimiter, str)
            or len(delimiter) != 1
            or delimiter in '"\n\r'
            or ord(delimiter) > 127
        ):
            _refuse(f"delimiter is {_shown(delimiter)}", 'Use one character, such as ";" or "\\t".')
        options["delimiter"] = delimiter
    if "sheet" in document:
        options["sheet"] = sheet_name(document["sheet"])
    if "rejection_reason" in document:
        options["rejection_reason"] = _column(document["rejection_reason"], "rejection_reason")
    return options


def sheet_name(value: object) -> str:
    """The name of a sheet of a workbook, without space around it. Raises InvalidMapping for what cannot be one."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_SHEET_NAME:
        _refuse(f"sheet is {_shown(value)}", 'Write the name of a sheet in quotes, such as "Contacts".')
    return value.strip()


def _long(document: dict[str, Any]) -> LongLayout | None:
    if "long" not in document:
        return None
    table = _table(document, "long")
    names = ("property", "value", "at")
    _only(table, names, "[long]")
    for name in names:
        if name not in table:
            _refuse(f"[long] does not say which column is the {name}", f'Write {name} = "…" below it.')
    return LongLayout(**{name: _column(table[name], f"[long] {name}") for name in names})


def _dated(value: object, place: str, long: LongLayout | None, moments: dict[str, Moment]) -> str:
    """The column of a date. For a date that counts on some rows only, the name under which it was put into `moments`."""
    if not isinstance(value, dict):
        return _column(value, place)
    known = ("property", "equals") if long else ("column", "where", "equals")
    _only(value, known, place)
    for name in known:
        if name not in value:
            example = ", ".join(f'{part} = "…"' for part in known)
            _refuse(f"{place} lacks {name}", f"Write {{ {example} }}.")
    equals = _words(value["equals"], place)
    where = _column(value["property" if long else "where"], place)
    said = f"{where} is {' or '.join(equals)}"
    if long:
        moment, name = Moment(long.at, where, equals), said
    else:
        column = _column(value["column"], place)
        moment, name = Moment(column, where, equals), f"{column} where {said}"
    moments[name] = moment
    return name


def _words(value: object, place: str) -> tuple[str, ...]:
    words = value if isinstance(value, list) else [value]
    if not words or len(words) > 100 or not all(isinstance(word, str | int | float) for word in words):
        _refuse(f"{place} equals is no value", 'Write a text such as "1", or a list of texts.')
    return tuple(str(word).strip().lower() for word in words)


def _outcomes(table: dict[str, Any]) -> dict[Stage, Flag]:
    _only(table, Stage, "[outcome]")
    outcomes = {}
    for name, entry in table.items():
        place = f"[outcome] {name}"
        if not isinstance(entry, dict):
            _refuse(f"{place} is no table", f'Write {name} = {{ column = "Converted", equals = "1" }}.')
        _only(entry, ("column", "equals"), place)
        if "column" not in entry or "equals" not in entry:
            _refuse(f"{place} lacks column or equals", f'Write {name} = {{ column = "…", equals = "…" }}.')
        outcomes[Stage(name)] = Flag(_column(entry["column"], place), _words(entry["equals"], place))
    return outcomes


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        _refuse(f"{name} is no table", f"Write [{name}] on a line of its own, and its entries below it.")
    return found


def _column(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        _refuse(f"{place} does not name a column", 'Write the column\'s name in quotes, such as "origin".')
    return value.strip()


def _only(table: dict[str, Any], known: Iterable[str], place: str) -> None:
    names = [str(name) for name in known]
    for name in table:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean “{close[0]}”? " if close else ""
            custom = " A field of your own goes under [attributes]." if place == "the mapping" else ""
            _refuse(f"“{_short(name)}” is not known in {place}", f"{hint}Known: {', '.join(names)}.{custom}")


def _refuse(problem: str, remedy: str) -> NoReturn:
    raise InvalidMapping(f"{problem[0].upper()}{problem[1:]}. {remedy}")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _shown(value: object) -> str:
    return f"“{_short(str(value))}”"
