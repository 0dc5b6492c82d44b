"""Text from people: trimmed, bounded, without control characters. It is never HTML, SQL, a formula or a path."""

import unicodedata

from alignment.errors import InvalidInput


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
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if len(text) > longest:
        raise InvalidInput(
            f"{what} has {len(text):,} characters; {longest:,} are allowed. Please shorten it."
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
        raise InvalidInput(f"{what} has characters that cannot be shown. Please type it anew.")
    return text


def defuse(cell: object) -> object:
    """A cell for an exported table: text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(cell, str) and cell.lstrip("\t\r\n\0 ").startswith(("=", "+", "-", "@")):
        return "'" + cell
    if isinstance(cell, str) and cell.startswith(("\t", "\r", "\0")):
        return "'" + cell
    return cell
