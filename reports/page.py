"""What every page that people take away is made with: one file that loads and runs nothing, whatever texts stand in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment.texts import DIRECTION_SIGNS

if TYPE_CHECKING:  # slow to load, and needed only when something is taken away
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
# A sign that turns the direction of writing could turn the rest of a sentence or of a line round.
_TURNS = dict.fromkeys(map(ord, DIRECTION_SIGNS))


def page_environment(filters: Mapping[str, Any], values: Mapping[str, Any]) -> "Environment":
    """What a template may use: every text in it is escaped, `css_string` and `day` are there, and what is given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_straight,
    )
    environment.filters |= {"css_string": css_string, "day": lambda day: f"{day:%-d %B %Y}", **filters}
    environment.globals |= values
    return environment


def css_string(text: str) -> Any:
    """The text as a string for a style sheet, quotation marks included: every sign but plain letters and digits by number.

    So no text can end the string, the rule or the style element that it stands in.
    """
    from markupsafe import Markup

    written = (
        sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):06x} "
        for sign in text.translate(_TURNS)
        if sign != "\0"
    )
    return Markup(f'"{"".join(written)}"')  # letters, digits, backslashes and spaces only


def _straight(value: Any) -> Any:
    """What a text is before it is escaped: without signs that turn the direction of writing, or that no text has."""
    return straight(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def straight(text: str) -> str:
    """A text without signs that turn the direction of writing, or that no text has."""
    return text.translate(_TURNS).replace("\0", "")
