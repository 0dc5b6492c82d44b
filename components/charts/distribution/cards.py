"""Judged lead cards as a matrix: a row a card, a column a team, and one for the reader's own judgement."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alignment.people import Team
from components.charts import colours
from components.charts.lettering import TEAMS, escape, percent
from components.charts.sheet import OWN, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.disagreement import QuestionComparison

_ROW = 32
_STARTS = {Team.SALES: 0.0, Team.MARKETING: 1.12}
_SHORT = {"qualified": "yes", "not qualified": "no", "can't tell": "?"}


def card_matrix(compared: "QuestionComparison", mode: str | None, own: Mapping[int, str]) -> "Figure":
    """Who calls each lead qualified; the cards judged most apart are on top."""
    shown = compared.distributions
    assert shown is not None
    sales, marketing = (shown[team].shares for team in Team)
    order = sorted(range(len(sales)), key=lambda index: (-abs(sales[index] - marketing[index]), index))
    sheet = Sheet(mode, -0.62, 2.75 if own else 2.2)
    middles = [44.0 + row * _ROW + _ROW / 2 for row in range(len(order))]
    sheet.write("Share that calls the lead qualified", 2, size=12, colour=colours.NEUTRAL.on(mode))
    for team, start in _STARTS.items():
        colour = colours.of_team(team, mode)
        sheet.write(f"<b>{TEAMS[team]}</b>", 22, start, colour=colour, size=14)
        shares = [shown[team].shares[index] for index in order]
        sheet.bars([1.0] * len(order), middles, 24, colours.GRID.on(mode), starts=start)
        sheet.bars(shares, middles, 24, colour, starts=start)
        for share, middle in zip(shares, middles, strict=True):
            inside = share >= 0.45
            sheet.write(
                f"<b>{percent(share)}</b>",
                middle,
                start + share,
                at="right" if inside else "left",
                shift=-4 if inside else 4,
                middle=True,
                colour=colours.BACKGROUND.on(mode) if inside else "",
            )
    for index, middle in zip(order, middles, strict=True):
        sheet.write(escape(shown[Team.SALES].labels[index]), middle, middle=True)
        if index in own:
            words = own[index].removeprefix("you: ")
            sheet.write(f"<b>{_SHORT.get(words, escape(words))}</b>", middle, 2.22, middle=True)
    if own:
        sheet.write(f"<b>{OWN} you</b>", 22, 2.22, size=14)
    return sheet.finish(48 + len(order) * _ROW)
