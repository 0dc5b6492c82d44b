"""Answers that can be chosen, and conditions that can be asked for: two bars an answer, or two dots where there are many."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from alignment.people import Team
from components.charts import colours
from components.charts.distribution.rows import Row, write_label
from components.charts.lettering import TEAMS, escape, percent
from components.charts.sheet import LINE_HEIGHT, SYMBOLS, Sheet, key_of_teams

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_BARS = 8
"""With more answers than this a figure has dots: half as high, and the gaps stand beneath each other."""

_BAR = 17


def bars(rows: Sequence[Row], mode: str | None, more: int = 0) -> "Figure":
    """One bar a team beneath each answer, each with its team's name and share behind it; `more` stand in the table only."""
    sheet = Sheet(mode, 0, 1.55)  # behind the longest bar there is room for its words, on a phone too
    y = 4.0
    middles: dict[Team, list[float]] = {team: [] for team in Team}
    for row in rows:
        y = write_label(sheet, y, row.label, row.own) + 3
        for team in Team:
            middles[team].append(y + _BAR / 2)
            share = row.shares[team]
            sheet.write(
                f"{TEAMS[team]} <b>{percent(share)}</b>", middles[team][-1], share, shift=5, middle=True
            )
            y += _BAR + 2
        y = _note(sheet, y, row.note) + 12
    if more:
        y = _note(sheet, y, f"{more} more in the table")
    for team in Team:
        sheet.bars([row.shares[team] for row in rows], middles[team], _BAR, colours.of_team(team, mode))
    return sheet.finish(y)


def dumbbells(
    rows: Sequence[Row],
    mode: str | None,
    written: Callable[[float], str] = percent,
    ends: tuple[float, float] = (0.0, 1.0),
    names: tuple[str, str] = ("0%", "100%"),
    own_places: Mapping[int, float] | None = None,
) -> "Figure":
    """A dot a team on one line an answer, from `ends[0]` to `ends[1]`, which are called `names`; `written` says a value.

    `own_places` is where the reader stands on the line of the row with that index.
    """
    span = (ends[1] - ends[0]) or 1.0
    sheet = Sheet(mode, ends[0] - 0.2 * span, ends[1] + 0.2 * span)
    quiet = colours.NEUTRAL.on(mode)
    sheet.write(key_of_teams(mode), 4)
    for name, x in zip(names, ends, strict=True):
        sheet.write(escape(name), 4 + LINE_HEIGHT + 4, x, at="center", colour=quiet, size=12)
    y = 4.0 + 2 * LINE_HEIGHT + 10
    lines = []
    for row in rows:
        y = write_label(sheet, y, row.label, row.own) + 11
        lines.append(y)
        _place_dots(sheet, row.shares, y, written, ends)
        y = _note(sheet, y + 12, row.note) + (12 if own_places else 6)
    for team, size in ((Team.SALES, 15), (Team.MARKETING, 12)):  # where both stand, both are seen
        sheet.dots(
            [row.shares[team] for row in rows], lines, colours.of_team(team, mode), SYMBOLS[team], size
        )
    if own_places:
        sheet.dots(
            list(own_places.values()), [lines[index] + 13 for index in own_places], sheet.ink, "star", 9
        )
    return sheet.finish(y)


def _place_dots(
    sheet: Sheet,
    shares: Mapping[Team, float],
    y: float,
    written: Callable[[float], str],
    ends: tuple[float, float],
) -> None:
    """The line of an answer, the gap between the teams on it, and both values outside of the gap."""
    sheet.line(ends, (y, y), colours.GRID.on(sheet.mode), 2)
    first, second = sorted(Team, key=lambda team: shares[team])
    sheet.line((shares[first], shares[second]), (y, y), colours.NEUTRAL.on(sheet.mode), 4)
    for team, at, shift in ((first, "right", -10), (second, "left", 10)):
        sheet.write(
            f"<b>{escape(written(shares[team]))}</b>",
            y,
            shares[team],
            at=at,
            shift=shift,
            colour=colours.of_team(team, sheet.mode),
            middle=True,
        )


def _note(sheet: Sheet, y: float, note: str) -> float:
    if not note:
        return y
    sheet.write(escape(note), y, colour=colours.NEUTRAL.on(sheet.mode), size=12)
    return y + LINE_HEIGHT
