"""Text from people: trimmed, bounded, without control characters. It is never HTML, SQL, a formula or a path."""

import re
import unicodedata

from alignment.errors import InvalidInput

_EXPONENT_FROM = 1e15

_STRAIGHT_QUOTES = dict.fromkeys(map(ord, "“”„‟"), '"')

DIRECTION_SIGNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Signs that nobody sees, and that turn the rest of a sentence round. Source: Unicode Standard Annex 9, section 2."""


def required_text(value: object, what: str, longest: int = 200) -> str:
    """`value` trimmed; raises InvalidInput, naming `what`, when it is no text, empty, or over `longest` characters."""
    text = optional_text(value, what, longest)
    if not text:
        raise InvalidInput(f"{what} is empty. Please fill it in.")
    return text


def optional_text(value: object, what: str, longest: int = 2000) -> str:
    """Like `required_text`, but None and empty text give `''`. Line breaks and tabs are kept."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(f"{what} has to be text.")
    # a word joiner has no width and comes along when an address is copied from a screen
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\u2060", "")).strip()
    if len(text) > longest:
        raise InvalidInput(
            f"{what} has {len(text):,} characters; {longest:,} are allowed. Please shorten it."
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
        raise InvalidInput(f"{what} has characters that cannot be shown. Please type it anew.")
    return text


def quoted(text: str) -> str:
    """A text within a sentence, in quotation marks that it cannot end by itself and go on as though it were the sentence."""
    return f"“{text.translate(_STRAIGHT_QUOTES)}”"


def is_one_line(text: str) -> bool:
    """Whether a text shows as it is within a line: no control characters, halves of characters, line breaks of any kind, or
    signs that turn the direction of writing."""
    return not any(
        character in DIRECTION_SIGNS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        for character in text
    )


def file_slug(text: str, otherwise: str) -> str:
    """`text` as part of a file's name: small letters, digits and hyphens, at most 60; `otherwise` where none are left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or otherwise


def number_text(value: float) -> str:
    """A number as people write it, kept as it is: thousands separated, up to six decimals, an exponent from 1e15 only.

    What six decimals cannot show of a number under 1 is shown in six digits: 1.5e-06.
    """
    if not abs(value) < _EXPONENT_FROM:  # nan too
        return f"{value:g}"
    if abs(value) < 1 and abs(round(value, 6) - value) > abs(value) * 1e-9:
        return f"{value:.6g}"
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def defuse(cell: object) -> object:
    """A cell for an exported table: text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(cell, str) and cell.lstrip("\t\r\n\0 ").startswith(("=", "+", "-", "@")):
        return "'" + cell
    if isinstance(cell, str) and cell.startswith(("\t", "\r", "\0")):
        return "'" + cell
    return cell
