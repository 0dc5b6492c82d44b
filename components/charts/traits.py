"""Traits of past leads: how often each occurs among the won and among the lost, and what of that could be chance."""

from typing import TYPE_CHECKING

from components.charts import colours
from components.charts.lettering import LINE, escape, lines_of, percent, wrapped
from components.charts.sheet import LINE_HEIGHT, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.traits import Trait, Traits

MOST_TRAITS = 12
"""A figure shows so many traits, those that tell most; the table behind has all."""

_ENDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


def traits_figure(traits: "Traits", mode: str | None = None) -> "Figure | None":
    """A dot for the won and a square for the lost on a line a trait; the bar beneath is where chance lets the won lie.

    It is the 95 % interval of the difference, laid on from the lost leads' dot: where it covers that dot, the trait does not
    tell, and is grey. None where there are no traits.
    """
    shown = traits.traits[:MOST_TRAITS]
    if not shown:
        return None
    highest = max(max(one.share_of_won, one.share_of_lost) for one in shown)
    end = next(end for end in _ENDS if end >= min(highest, 1.0) - 1e-9)
    sheet = Sheet(mode, -0.18 * end, 1.18 * end)
    quiet = colours.NEUTRAL.on(mode)
    won, lost = colours.GOOD.on(mode), colours.BAD.on(mode)
    sheet.write(
        f'<span style="color:{won}"><b>● won</b></span>   <span style="color:{lost}"><b>□ lost</b></span>'
        f'   <span style="color:{quiet}">grey: could be chance</span>',
        4,
    )
    sheet.write(
        f'<span style="color:{won}">▬</span> difference to the lost, 95% interval',
        4 + LINE_HEIGHT + 2,
        size=12,
        colour=quiet,
    )
    for x in (0.0, end):
        sheet.write(percent(x), 4 + 2 * LINE_HEIGHT + 4, x, at="center", colour=quiet, size=12)
    y = 4.0 + 3 * LINE_HEIGHT + 8
    lines = []
    for trait in shown:
        lines.append(y + len(lines_of(trait.words, LINE)) * LINE_HEIGHT + 12)
        y = _draw(sheet, y, trait, end)
    for tells in (True, False):
        drawn = [(one, line) for one, line in zip(shown, lines, strict=True) if one.tells is tells]
        if drawn:
            at = [line for _, line in drawn]
            squares, circles = (lost, won) if tells else (quiet, quiet)
            sheet.dots([one.share_of_lost for one, _ in drawn], at, squares, "square", 12, hollow=True)
            sheet.dots([one.share_of_won for one, _ in drawn], at, circles, "circle", 12)
    return sheet.finish(y)


def traits_in_words(traits: "Traits") -> str:
    """The figure's numbers in words; the reason where there are no traits."""
    if not traits.traits:
        return traits.reason
    shown = traits.traits[:MOST_TRAITS]
    more = len(traits.traits) - len(shown)
    told = [
        f"{one.words}: {percent(one.share_of_won)} of {one.of_won:,} won and {percent(one.share_of_lost)} of "
        f"{one.of_lost:,} lost, {_difference(one)}{'' if one.tells else ', could be chance'}"
        f"{f', {one.suspected}' if one.suspected else ''}"
        for one in shown
    ]
    return f"How often traits occur among won and lost leads. {'; '.join(told)}." + (
        f" {more} more in the table." if more else ""
    )


def traits_rows(traits: "Traits") -> list[dict[str, str]]:
    """The table behind the figure: one row a trait, those that tell most first."""
    return [
        {
            "Trait": one.words,
            "Among won": f"{percent(one.share_of_won)} ({one.won:,} of {one.of_won:,})",
            "Among lost": f"{percent(one.share_of_lost)} ({one.lost:,} of {one.of_lost:,})",
            "Difference": _difference(one),
            "Tells": ("more often won" if one.difference > 0 else "more often lost")
            if one.tells
            else "could be chance",
            "Note": one.suspected,
        }
        for one in traits.traits
    ]


def _draw(sheet: Sheet, y: float, trait: "Trait", end: float) -> float:
    """All of one trait but its dots, from `y` down; gives the y beneath it."""
    quiet = colours.NEUTRAL.on(sheet.mode)
    won, lost = (colours.GOOD.on(sheet.mode), colours.BAD.on(sheet.mode)) if trait.tells else (quiet, quiet)
    lines = lines_of(trait.words, LINE)
    words = "<br>".join(escape(line) for line in lines)
    sheet.write(f"<b>{words}</b>" if trait.tells else words, y)
    y += len(lines) * LINE_HEIGHT + 12
    sheet.line((0, end), (y, y), colours.GRID.on(sheet.mode), 2)
    low, high = (
        min(max(trait.share_of_lost + bound, 0.0), end) for bound in (trait.interval.low, trait.interval.high)
    )
    sheet.area((low, high), (y + 9, y + 13), won)
    won_is_higher = trait.share_of_won >= trait.share_of_lost
    for share, colour, at_right in (
        (trait.share_of_won, won, won_is_higher),
        (trait.share_of_lost, lost, not won_is_higher),
    ):
        sheet.write(
            f"<b>{percent(share)}</b>",
            y,
            share,
            at="left" if at_right else "right",
            shift=10 if at_right else -10,
            colour=colour,
            middle=True,
        )
    y += 17
    notes = [
        f"{trait.won:,} of {trait.of_won:,} won, {trait.lost:,} of {trait.of_lost:,} lost",
        _difference(trait),
    ]
    for note in notes:
        sheet.write(escape(note), y, size=12, colour=quiet)
        y += LINE_HEIGHT - 1
    if trait.suspected:
        sheet.write(f"⚠ {wrapped(trait.suspected, LINE, 3)}", y, size=12)
        y += len(lines_of(trait.suspected, LINE, 3)) * LINE_HEIGHT
    return y + 12


def _difference(trait: "Trait") -> str:
    """The difference with its interval, in points: `+20 points (+12 to +28)`."""
    low, high = trait.interval.low, trait.interval.high
    return f"{_signed(trait.difference)} points ({_signed(low)} to {_signed(high)})"


def _signed(share: float) -> str:
    points = round(share * 100)
    return f"{points:+d}".replace("-", "−") if points else "0"
