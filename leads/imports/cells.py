"""Cells into values: what counts as missing, as a number, as an instant. Engine expressions, never per-row code."""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.datatypes as dt

from leads.imports import amounts
from leads.imports.mapping import LeadMapping
from leads.metrics.question import BLANK

SPACES = " \t\n\r\x0b\x0c"
_DAY_FIRST_YEAR = r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_DAY_LAST_YEAR = r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}"
_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{1,9})?)?(?: ?[AaPp][Mm])?"
_GAP = rf"[T{SPACES}]+"
_OFFSET = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_REST = rf"(?:{_GAP}{_CLOCK}(?: ?{_OFFSET})?)?$"
_CLOCK_FORMATS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_PLAIN = r"^(?:19[7-9][0-9]|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?$"
_DEFUSED = r"^'[ \t\r]*([=+@-])"
_FIRST_YEAR, _LAST_YEAR = 1970, 2100


@ibis.udf.scalar.builtin
def try_strptime(text: str, formats: list[str]) -> dt.timestamp:
    """The engine's own: what the first format that fits gives, or null."""


@ibis.udf.scalar.builtin(name="timezone")
def in_zone(zone: str, wall: dt.timestamp) -> dt.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """The engine's own: the instant at which the wall clock of an IANA zone shows this."""


@ibis.udf.scalar.builtin
def strlen(text: str) -> dt.int64:
    """The engine's own: how many bytes a text has."""


@dataclass(frozen=True)
class ReadInstant:
    """An instant read from a text: `at` in UTC, null where the text is none; the `day` the text tells, in the zone it
    is read in; `day_only` if it has no time of day."""

    at: ibis.Value
    day: ibis.Value
    day_only: ibis.Value


def trimmed(cell: ibis.Value, spaces: str = SPACES) -> ibis.Value:
    """The cell without space around it; null if there is nothing else in it. `spaces` are those that can stand there."""
    # what begins with a space, or is empty, comes before all that begins with a letter: that is soonest told
    spaced = ibis.or_(cell < "!", *(cell.endswith(space) for space in spaces))
    return spaced.ifelse(cell.strip().nullif(""), cell)


def known(cell: ibis.Value, mapping: LeadMapping) -> ibis.Value:
    """The cell without space around it; null if it is empty or one of the mapping's words for missing."""
    return said(trimmed(cell), mapping)


def said(text: ibis.Value, mapping: LeadMapping) -> ibis.Value:
    """The trimmed text; null if it is one of the mapping's words for missing, or what tables of people and of ours write for it."""
    # the apostrophe with which our own tables keep spreadsheets from running a formula is none of the text
    # (asked as a comparison, which is soonest told of them all)
    plain = text.between("'", "(").ifelse(text.re_replace(_DEFUSED, r"\1"), text)
    return text.isin((*mapping.missing, BLANK)).ifelse(_no_text(), plain)


def longer(text: ibis.Value, most: int) -> ibis.Value:
    """Whether a text has more characters than this; not where it is missing."""
    # it has as many bytes at least, and those are not counted one by one
    return (strlen(text) > most).fill_null(False) & (text.length() > most).fill_null(False)


def plain_number(text: ibis.Value, pattern: str = amounts.PLAIN) -> ibis.Value:
    """The number of a text that is written as the engine writes it itself, and fits the pattern; null for any other."""
    return text.re_search(pattern).ifelse(text, _no_text()).try_cast("float64")


def number(text: ibis.Value, decimal: str) -> ibis.Value:
    """The number a text shows with this decimal sign, with or without the other one between thousands; null if it shows none."""
    plain = text.re_search(amounts.POINTED if decimal == amounts.POINT else amounts.WHOLE)
    return plain.ifelse(text.try_cast("float64"), _signed_number(text, decimal))


def _signed_number(text: ibis.Value, decimal: str) -> ibis.Value:
    group = amounts.COMMA if decimal == amounts.POINT else amounts.POINT
    digits = text.replace(group, "").replace(amounts.COMMA, amounts.POINT)
    valid = text.re_search(amounts.VALID[decimal])
    return valid.ifelse(digits, _no_text()).try_cast("float64")


def bare_number(text: ibis.Value) -> ibis.Value:
    """The number in a text without currency and signs set apart, as `amounts.bare` gives it; null if there is none."""
    before, digits, behind = _parts(text)
    set_apart = digits.re_search(amounts.SET_APART)
    digits = set_apart.ifelse(digits.re_replace(amounts.APART, ""), digits)
    no_cents = behind.re_search(amounts.NO_CENTS)
    cents = no_cents.ifelse(behind.left(1).concat("00"), "")
    found = before.re_search(amounts.MINUS).ifelse("-", "").concat(digits, cents)
    sound = ibis.and_(
        before.re_search(amounts.SOUND_BEFORE),
        behind.re_search(amounts.SOUND_BEHIND),
        found.re_search(amounts.BARE),
    )
    return text.re_search(amounts.BARE).ifelse(text, sound.ifelse(found, _no_text()))


def currency_beside(text: ibis.Value) -> ibis.Value:
    """The currency that stands behind or before an amount: its code, or the sign itself where that means several; null for none."""
    before, _, behind = _parts(text)
    last = behind.re_replace(amounts.NO_CENTS, "").nullif("")
    said = last.coalesce(before.re_replace(amounts.MINUS, "").nullif(""))
    # a CASE would work out what stands there anew for each of them
    codes = ibis.map(list(amounts.CURRENCIES), list(amounts.CURRENCIES.values()))
    return text.re_search(amounts.BARE).ifelse(_no_text(), codes.get(said, said))


def _parts(text: ibis.Value) -> tuple[ibis.Value, ibis.Value, ibis.Value]:
    """What stands before the first digit of a text, the text from there to the last one, and what stands behind; spaces taken out at both ends."""
    before, behind = text.re_extract(amounts.BEFORE, 0), text.re_extract(amounts.BEHIND, 0)
    digits = text.substr(before.length(), text.length() - before.length() - behind.length())
    return before.re_replace(amounts.BETWEEN, ""), digits, behind.re_replace(amounts.BETWEEN, "")


def decimal_of(bare: ibis.Value) -> ibis.Value:
    """The decimal sign of a bare number, as `amounts.decimal_of` tells it; null where it has no sign at all or is none."""
    point, comma = (bare.re_search(amounts.VALID[sign]) for sign in (amounts.POINT, amounts.COMMA))
    return ibis.cases(
        (bare.re_search(amounts.MAY_BE_EITHER), amounts.EITHER),
        (point & ~comma, amounts.POINT),
        (comma & ~point, amounts.COMMA),
        else_=_no_text(),
    )


def has_last_year(text: ibis.Value) -> ibis.Value:
    """Whether a text is a date such as 03/04/2026, of which the order of day and month has to be known."""
    return text.re_search(_DAY_LAST_YEAR + _REST)


def first_part(text: ibis.Value) -> ibis.Value:
    """The 3 of 03/04/2026; null if the text is no such date."""
    return _part(text, r"^([0-9]{1,2})[-/.]")


def second_part(text: ibis.Value) -> ibis.Value:
    """The 4 of 03/04/2026; null if the text is no such date."""
    return _part(text, r"^[0-9]{1,2}[-/.]([0-9]{1,2})[-/.]")


def instant(text: ibis.Value, order: str, zone: str) -> ReadInstant:
    """The instant a text shows.

    Year first is always understood, with or without a time, an offset, AM and PM. `order` (dmy or mdy) reads
    03/04/2026, which is none under ymd. `zone` is that of texts without an offset.
    """
    fast, other = at_wall(plain_wall(text), is_day(text), zone), _any_instant(text, order, zone)

    def either(quick: ibis.Value, slow: ibis.Value) -> ibis.Value:
        return ibis.cases(
            (text.isnull(), ibis.null().cast(quick.type())), (text.re_search(_PLAIN), quick), else_=slow
        )

    return ReadInstant(
        either(fast.at, other.at), either(fast.day, other.day), either(fast.day_only, other.day_only)
    )


def plain_wall(text: ibis.Value) -> ibis.Value:
    """What a clock on the wall shows in a text such as 2026-01-31, or 2026-01-31 09:30:00; null for any other.

    The engine reads these at once, many times faster than `instant` reads them all.
    """
    return text.re_search(_PLAIN).ifelse(text, _no_text()).try_cast("timestamp")


def at_wall(wall: ibis.Value, day_only: ibis.Value, zone: str) -> ReadInstant:
    """The instant at which the clocks of a zone show this; `day_only` says whether they show no time of day."""
    days = wall.isnull().ifelse(ibis.null().cast("boolean"), day_only)
    return ReadInstant(_in_utc(wall, zone), wall.date(), days)


def is_day(text: ibis.Value) -> ibis.Value:
    """Whether a text that `plain_wall` reads has no time of day."""
    return text.length() == len("2026-01-31")


def of_our_time(read: ibis.Value) -> ibis.Value:
    """Whether a date or timestamp is one of the years that are read, or null."""
    first, behind = (
        ibis.literal(date(year, 1, 1)).cast(read.type()) for year in (_FIRST_YEAR, _LAST_YEAR + 1)
    )
    return read.isnull() | ((read >= first) & (read < behind))


def _any_instant(text: ibis.Value, order: str, zone: str) -> ReadInstant:
    day = text.re_extract(r"^[0-9]+[-/.][0-9]+[-/.][0-9]+", 0).replace("/", "-").replace(".", "-")
    clock = text.re_extract(_GAP + r"([0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{1,6})?)?)", 1)
    half = text.re_extract(r"[0-9] ?([AaPp][Mm])", 1).upper()
    shown = day.concat(
        (clock == "").ifelse("", clock.cast("string")).re_replace("^(.)", r" \1"),
        half.re_replace("^(.)", r" \1"),
    )
    year_first = text.re_search(_DAY_FIRST_YEAR + _REST)
    wall = try_strptime(year_first.ifelse(shown, _no_text()), _formats("%Y-%m-%d"))
    if order != "ymd":
        local = try_strptime(
            has_last_year(text).ifelse(shown, _no_text()),
            _formats("%m-%d-%Y" if order == "mdy" else "%d-%m-%Y"),
        )
        wall = wall.coalesce(local)
    wall = _of_our_time(wall)
    offset = text.re_search(rf":[0-9]{{1,2}}(\.[0-9]+)?( ?[AaPp][Mm])? ?{_OFFSET}$")
    at = offset.ifelse(wall - _offset_minutes(text).as_interval("m"), _in_utc(wall, zone))
    return ReadInstant(at.cast("timestamp(6)"), wall.date(), clock == "")


def _of_our_time(wall: ibis.Value) -> ibis.Value:
    return wall.year().between(_FIRST_YEAR, _LAST_YEAR).ifelse(wall, ibis.null().cast("timestamp"))


def _in_utc(wall: ibis.Value, zone: str) -> ibis.Value:
    there = wall if zone == "UTC" else in_zone(zone, wall)
    return there.cast("timestamp(6)")


def _formats(day: str) -> list[str]:
    return [day + clock for clock in _CLOCK_FORMATS]


def _offset_minutes(text: ibis.Value) -> ibis.Value:
    parts = r"([+-])([0-9]{2}):?([0-9]{2})?$"
    hours = text.re_extract(parts, 2).nullif("").try_cast("int64").coalesce(0)
    minutes = text.re_extract(parts, 3).nullif("").try_cast("int64").coalesce(0)
    sign = (text.re_extract(parts, 1) == "-").ifelse(-1, 1)
    return sign * (hours * 60 + minutes)


def _part(text: ibis.Value, pattern: str) -> ibis.Value:
    return has_last_year(text).ifelse(text.re_extract(pattern, 1), _no_text()).try_cast("int64")


def _no_text() -> ibis.Value:
    return ibis.null().cast("string")
