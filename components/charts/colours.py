"""The colours that mean something, the same on every chart: one per team, one per verdict, and for good, bad and neither.

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

DIVIDED = Colour(light="#6B5CA5", dark="#B3A5EC")

BACKGROUND = Colour(light="#FCFBF8", dark="#14191D")
TEXT = Colour(light="#101C26", dark="#E6EBEE")
GRID = Colour(light="#E4E1D9", dark="#2C353C")


def of_team(team: str, mode: str | None = None) -> str:
    """The colour of `sales` or `marketing` (a Team will do)."""
    return {"sales": SALES, "marketing": MARKETING}.get(str(team), NEUTRAL).on(mode)


def of_verdict(verdict: str, mode: str | None = None) -> str:
    """The colour of a verdict on a question (a Verdict will do), none of them a team's."""
    return {"aligned": GOOD, "split_between": BAD, "split_within": DIVIDED}.get(str(verdict), NEUTRAL).on(
        mode
    )


def pale(colour: str, share: float) -> str:
    """The colour let through to `share` (0 to 1), for areas behind marks that carry no meaning of their own."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
