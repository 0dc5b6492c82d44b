"""Numbers as people write them: which sign is the decimal one, signs between thousands, a currency beside an amount.

`1.200,50` can only have a decimal comma, `12.5` only a decimal point; `1.200` may have either, and what it is has to be told by the
other numbers of its column or its file, or by a person. The patterns are read alike by Python, for the first rows, and by the
engine, for all of them (`leads.imports.cells`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

POINT, COMMA = ".", ","
EITHER = "?"

_SPACES = " \u00a0\u2009\u202f"
_MINUS = "-\u2212"
_DASHES = "-\u2013\u2014"
_APART = f"{_SPACES}'\u2019"
"""What stands between thousands, besides points and commas."""

CURRENCIES: Mapping[str, str] = {
    **dict.fromkeys(("€", "Euro", "euro", "EURO", "eur"), "EUR"),
    **dict.fromkeys(("US$", "usd"), "USD"),
    **dict.fromkeys(("CA$", "C$"), "CAD"),
    **dict.fromkeys(("AU$", "A$"), "AUD"),
    **dict.fromkeys(("SFr.", "Fr."), "CHF"),
    **{"£": "GBP", "R$": "BRL", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "NT$": "TWD", "MX$": "MXN"},
    **{"CN¥": "CNY", "JP¥": "JPY", "₹": "INR", "₺": "TRY", "₪": "ILS", "₩": "KRW", "₴": "UAH", "₽": "RUB"},
    **{"₫": "VND", "₱": "PHP", "₦": "NGN", "₸": "KZT", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"},
}
"""Signs that mean one currency. `$`, `¥`, `kr` and the like stand for several, and are kept as they are."""
_CODES = (  # ISO 4217, without funds, metals and codes for testing
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES "
    "VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
_CURRENCY = "|".join(
    [*map(re.escape, CURRENCIES), *_CODES.split(), r"kr\.?", "[$¥\u20a0-\u20c0]"],
)

WHOLE = "^-?[0-9]{1,15}$"
PLAIN = "^-?(?:[0-9]{1,15}|[0-9]{1,15}[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]{0,14}|[0-9]{4,15})[.][0-9]{3})$"
"""A whole number, or one whose point can only be a decimal one."""
POINTED = "^-?[0-9]{1,15}(?:[.][0-9]+)?$"
SHORTEST = "^-?(?:0|[1-9][0-9]{0,14})(?:[.][0-9]*[1-9])?$"
"""As a number that a machine holds is written: with a point, and nothing that says no more."""
BARE = "^-?[0-9][0-9.,]*$"
"""Nothing but digits, points and commas."""
BEFORE = r"^[^0-9]*"
BEHIND = r"[^0-9]*$"
SOUND_BEFORE = rf"^(?:[{_MINUS}]?(?:{_CURRENCY})?|(?:{_CURRENCY})[{_MINUS}])$"
SOUND_BEHIND = rf"^(?:[.,][{_DASHES}]{{1,2}})?(?:{_CURRENCY})?$"
"""What may stand before the first digit and behind the last one, without spaces."""
NO_CENTS = rf"^[.,][{_DASHES}]+"
"""Dashes that stand for no cents: 1.200,–"""
BETWEEN = f"[{_SPACES}]"
MINUS = f"[{_MINUS}]"
APART = f"[{_APART}]"
SET_APART = rf"^[0-9]{{1,3}}(?:{APART}[0-9]{{3}})+(?:[.,][0-9]+)?$"
MAY_BE_EITHER = "^-?[1-9][0-9]{0,2}[.,][0-9]{3}$"


def _valid(decimal: str, group: str) -> str:
    thousands = f"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[1-9][0-9]?(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
    return f"^-?(?:[0-9]{{1,15}}|{thousands})(?:{decimal}[0-9]+)?$"


VALID = {POINT: _valid("[.]", ","), COMMA: _valid(",", "[.]")}
"""The numbers with this decimal sign, with or without the other one between thousands, or between lakhs."""


@dataclass(frozen=True)
class Signs:
    """What the numbers of a column tell of their decimal sign: an example with a point, with a comma, and of those that may have either; None where there is none."""

    point: str | None = None
    comma: str | None = None
    either: str | None = None


class UnclearDecimals(Exception):
    """Nothing tells which sign is the decimal one in `column`, or both are: `examples` show it."""

    def __init__(self, column: str, examples: tuple[str, ...]) -> None:
        """One example that may be either, or two that contradict each other."""
        one, *other = examples
        super().__init__(
            f"{one} has a decimal point and {other[0]} a decimal comma."
            if other
            else f"in numbers such as {one} the sign may stand before decimals or between thousands."
        )
        self.column, self.examples = column, examples


def decimals(columns: Mapping[str, Signs]) -> dict[str, str]:
    """The decimal sign of each column: as its own numbers tell it, else as all others of the file do that tell anything.

    Raises UnclearDecimals for a column with both signs, or with numbers that may have either where nothing else tells.
    """
    told = {}
    for column, signs in columns.items():
        if signs.point is not None and signs.comma is not None:
            raise UnclearDecimals(column, (signs.point, signs.comma))
        if signs.point is not None or signs.comma is not None:
            told[column] = COMMA if signs.point is None else POINT
    others = set(told.values())
    for column, signs in columns.items():
        if signs.either is not None and column not in told and len(others) != 1:
            raise UnclearDecimals(column, (signs.either,))
    usual = others.pop() if len(others) == 1 else POINT
    return {column: told.get(column, usual) for column in columns}


def signs(texts: Iterable[str]) -> Signs:
    """What the texts of a column tell; such as are no numbers tell nothing."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(decimal_of(bare(text)), text)
    return Signs(found.get(POINT), found.get(COMMA), found.get(EITHER))


def bare(text: str) -> str:
    """The number in a text without currency and signs set apart: digits, points and commas, a minus before them; '' if it is none."""
    if _BARE.match(text):
        return text
    found = _NUMBER.match(text)
    if found is None:
        return ""
    before, digits, behind = found.groups()
    before, behind = _BETWEEN.sub("", before), _BETWEEN.sub("", behind)
    if max(len(before), len(behind)) > _LONGEST_BESIDE:  # soonest told of what is no number
        return ""
    if _SET_APART.match(digits):
        digits = _APART_SIGN.sub("", digits)
    cents = f"{behind[0]}00" if _NO_CENTS.match(behind) else ""
    number = ("-" if _MINUS_SIGN.search(before) else "") + digits + cents
    sound = _SOUND_BEFORE.match(before) and _SOUND_BEHIND.match(behind) and _BARE.match(number)
    return number if sound else ""


def decimal_of(number: str) -> str:
    """The decimal sign of a bare number: POINT, COMMA, EITHER, or '' where it has no sign at all or is none."""
    if _MAY_BE_EITHER.match(number):
        return EITHER
    with_point, with_comma = (_VALID[sign].match(number) is not None for sign in (POINT, COMMA))
    return "" if with_point == with_comma else POINT if with_point else COMMA


_BARE, _SET_APART, _APART_SIGN, _MINUS_SIGN = map(re.compile, (BARE, SET_APART, APART, MINUS))
_NUMBER = re.compile(rf"^([^0-9]*)([0-9](?:[0-9.,{_APART}]*[0-9])?)([^0-9]*)$")
_BETWEEN, _NO_CENTS = map(re.compile, (BETWEEN, NO_CENTS))
_LONGEST_BESIDE = 8
_SOUND_BEFORE, _SOUND_BEHIND = map(re.compile, (SOUND_BEFORE, SOUND_BEHIND))
_MAY_BE_EITHER = re.compile(MAY_BE_EITHER)
_VALID = {sign: re.compile(pattern) for sign, pattern in VALID.items()}
