"""Numbers in classes beneath each other: sales to the left, marketing to the right, the medians marked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alignment.people import Team
from components.charts import colours
from components.charts.distribution.rows import answer_rows, label_markup
from components.charts.lettering import TEAMS, escape, lines_of, percent, rounded
from components.charts.sheet import LINE_HEIGHT, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.disagreement import QuestionComparison

_LABEL = 13
_SIDES = {Team.SALES: -1, Team.MARKETING: 1}
_AT = {Team.SALES: "right", Team.MARKETING: "left"}
_POINTERS = {Team.SALES: "▶", Team.MARKETING: "◀"}
_NAME = 15


def facing_bars(compared: "QuestionComparison", mode: str | None, own: Mapping[int, str]) -> "Figure":
    """Both teams' shares of each class, back to back around the class's name; ◀ and ▶ point at the class of a median."""
    shown = compared.distributions
    assert shown is not None
    rows = answer_rows(compared, own)
    longest = max([share for row in rows for share in row.shares.values()], default=0.0) or 1.0
    gutter, edge = 0.66, 1.0 + 0.8
    sheet = Sheet(mode, -(gutter + edge), gutter + edge)
    top = 4.0
    deepest = top
    for team, side in _SIDES.items():
        told = [TEAMS[team]]
        median = shown[team].median
        if median is not None:
            unit = f" {compared.question.unit}" if compared.question.unit else ""
            words = f"median {rounded(median)}{unit}"
            told += lines_of(f"{_POINTERS[team]} {words}", _NAME, most=3)
        markup = "<br>".join([f"<b>{told[0]}</b>", *(escape(line) for line in told[1:])])
        sheet.write(markup, top, side * gutter, at=_AT[team], colour=colours.of_team(team, mode), size=14)
        deepest = max(deepest, top + len(told) * (LINE_HEIGHT + 2))
    y = deepest + 8
    middles = []
    for row in rows:
        mark = row.own if len(row.own) <= _LABEL - 1 else row.own.removeprefix("you: ")
        markup, lines = label_markup(row.label, mark, _LABEL, most=3)
        tall = max(lines * LINE_HEIGHT, 22)
        middles.append(y + tall / 2)
        sheet.write(markup, middles[-1], 0, at="center", middle=True, size=12)
        y += tall + 8
    for team, side in _SIDES.items():
        colour = colours.of_team(team, mode)
        lengths = [side * row.shares[team] / longest for row in rows]
        sheet.bars(lengths, middles, 20, colour, starts=side * gutter)
        median_class = _median_class(compared, team)
        for index, (row, length, middle) in enumerate(zip(rows, lengths, middles, strict=True)):
            pointer = _POINTERS[team] if index == median_class else ""
            text = percent(row.shares[team])
            sheet.write(
                f"<b>{f'{text} {pointer}' if side > 0 else f'{pointer} {text}'}</b>".replace("<b> ", "<b>"),
                middle,
                side * gutter + length,
                at=_AT[team],
                shift=side * 4,
                middle=True,
                colour=colour if pointer else "",
            )
    return sheet.finish(y)


def _median_class(compared: "QuestionComparison", team: Team) -> int | None:
    from alignment.disagreement.number_classes import class_of

    assert compared.distributions is not None
    shown = compared.distributions[team]
    return class_of(shown.labels, shown.median) if shown.median is not None and shown.labels else None
