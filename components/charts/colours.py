"""The colours that mean something, the same on every chart: one per team, and for good, bad and neither.

Amber and teal stay apart for people with any of the usual colour deficiencies, and both have at least 4.5:1 against
the background of their mode, so that they also carry text. `light` and `dark` name the mode of the screen.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    """One meaning in both modes, as hexadecimal RGB."""

    light: str
    dark: str

    def on(self, mode: str | None) -> str:
        """The colour for a mode of the screen, `"light"`, `"dark"` or None (then light)."""
        return self.dark if mode == "dark" else self.light


SALES = Colour(light="#B45309", dark="#F2A541")
MARKETING = Colour(light="#0F766E", dark="#4FC4B7")
NEUTRAL = Colour(light="#64707D", dark="#9AA7B4")
GOOD = Colour(light="#2F6FB7", dark="#7DB4F0")
BAD = Colour(light="#A8325E", dark="#F08CB0")

BACKGROUND = Colour(light="#FCFBF8", dark="#14191D")
TEXT = Colour(light="#101C26", dark="#E6EBEE")
GRID = Colour(light="#E4E1D9", dark="#2C353C")


def of_team(team: str, mode: str | None = None) -> str:
    """The colour of `sales` or `marketing` (a Team will do)."""
    return {"sales": SALES, "marketing": MARKETING}.get(str(team), NEUTRAL).on(mode)
