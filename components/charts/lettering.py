"""What is written on charts: text from people kept from being markup, wrapped for a phone, and numbers in words."""

import textwrap
import unicodedata

from alignment.people import Team
from alignment.texts import number_text

TEAMS = {Team.SALES: "Sales", Team.MARKETING: "Marketing"}
"""The teams as they stand on charts and above columns."""

LINE = 42
"""So many characters stand beside each other on a figure of 300 pixels."""


def escape(text: str) -> str:
    """Plotly reads a few HTML tags in text; what people wrote is shown as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def lines_of(text: str, width: int = LINE, most: int = 2) -> list[str]:
    """`text` in at most `most` lines of `width` characters, its end cut off with … where it is longer; not escaped.

    Signs of double width (Chinese, Japanese, Korean) count double. At least one line, though it be empty.
    """
    if any(unicodedata.east_asian_width(sign) in "WF" for sign in text):
        width = max(4, width // 2)
    if len(text) > width and " " not in text:
        text = text.replace("–", "– ")  # a class of large numbers may be broken at its dash
    return textwrap.wrap(text, width, max_lines=most, placeholder=" …") or [""]


def wrapped(text: str, width: int = LINE, most: int = 2) -> str:
    """`lines_of` as Plotly takes them: escaped, with line breaks between."""
    return "<br>".join(escape(line) for line in lines_of(text, width, most))


def percent(share: float) -> str:
    """A share as whole per cent, written as everywhere else on the screens."""
    return f"{share * 100:.0f}%"


def rounded(value: float) -> str:
    """A measured number in four significant digits: nobody reads more from a figure."""
    return number_text(float(f"{value:.4g}"))
