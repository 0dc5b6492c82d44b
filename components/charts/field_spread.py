"""What each team asks of a lead field, on what past leads really are: classes beneath each other, a line a team."""

from itertools import pairwise
from typing import TYPE_CHECKING

from alignment.disagreement.words import capitalised, join_words
from alignment.people import Team
from alignment.texts import number_text
from components.charts import colours
from components.charts.lettering import TEAMS, escape, lines_of, rounded, wrapped
from components.charts.sheet import LINE_HEIGHT, MARKS, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.field_spread import FieldSpread

_ROW = 26
_OUTCOMES = (("won", "■", colours.GOOD, "solid"), ("lost", "▨", colours.BAD, "hatched"))
_OPEN = ("open", "□", colours.NEUTRAL, "hollow")
_LABEL = 15
_LINES = 3
_LONGEST = 0.86
_EDGE = -0.86
_ASKED = 12
_ENDS = 0.97
"""A threshold beyond all classes stands at the edge of the last, and so does one within an open class."""


def spread_figure(
    spread: "FieldSpread", mode: str | None = None, between: int | None = None
) -> "Figure | None":
    """Past leads by class, won and lost and open, with the line from which on each team calls a lead qualified.

    What lies between the two lines is shaded. `between` is how many leads that are, where it is known better than the classes
    tell it. None where no lead has the field.
    """
    if not spread.leads:
        return None
    counts = [sum(of_class) for of_class in zip(spread.won, spread.lost, spread.open, strict=True)]
    largest = max(counts) / _LONGEST
    sheet = Sheet(mode, _EDGE, 1.98)
    top = _write_head(sheet, spread, leads_between(spread, between)) + 8
    row = _row(spread)
    bottom = top + len(counts) * row
    lines = {team: top + _position(spread, value) * row for team, value in _asked(spread).items()}
    if len(lines) == 2:
        low, high = sorted(lines.values())
        sheet.area((_EDGE, 1.2), (low, high), colours.pale(colours.NEUTRAL.on(mode), 0.22))
    middles = [top + (number + 0.5) * row for number in range(len(counts))]
    for label, middle in zip(spread.labels, middles, strict=True):
        sheet.write(wrapped(label, _LABEL, _LINES), middle, -0.04, at="right", size=12, middle=True)
    starts = [0.0] * len(counts)
    for name, _, colour, fill in (*_OUTCOMES, _OPEN):
        lengths = [count / largest for count in getattr(spread, name)]
        sheet.bars(lengths, middles, 17, colour.on(mode), starts=starts, fill=fill)
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]
    for count, end, middle in zip(counts, starts, middles, strict=True):
        sheet.write(f"{count:,}", middle, end, shift=4, middle=True, size=12)
    _write_thresholds(sheet, spread, lines, top, bottom)
    return sheet.finish(bottom + 14)


def spread_in_words(spread: "FieldSpread", between: int | None = None) -> str:
    """The figure's numbers in words. '' where no lead has the field."""
    if not spread.leads:
        return ""
    asked = {team: f"asks for {_threshold(spread, value)}" for team, value in _asked(spread).items()}
    said = [f"{team.label} {asked.get(team, 'asks for nothing')}" for team in Team]
    if len({asked.get(team) for team in Team}) == 1:
        said = [f"both teams {asked.get(Team.SALES, 'asks for nothing').replace('asks', 'ask', 1)}"]
    classes = [
        f"{label}: {won:,} won, {lost:,} lost, {open_:,} open"
        for label, won, lost, open_ in zip(spread.labels, spread.won, spread.lost, spread.open, strict=True)
    ]
    spans = [
        f"half of {team.label} between {rounded(low)} and {rounded(high)}"
        for team, (low, high) in spread.quartiles.items()
    ]
    told = leads_between(spread, between)
    unknown = f" Of {spread.unknown:,} more it is not known." if spread.unknown else ""
    return (
        f"{_name(spread)} of {spread.leads:,} past leads. "
        f"{capitalised(join_words(said))}{f' ({join_words(spans)})' if spans else ''}.{f' {told}.' if told else ''} "
        f"{'; '.join(classes)}.{unknown}"
    )


def spread_rows(spread: "FieldSpread") -> list[dict[str, str | int]]:
    """The table behind the figure: one row a class of values, and one for the leads of which it is not known."""
    rows: list[dict[str, str | int]] = [
        {"Value": label, "Won": won, "Lost": lost, "Open": open_, "All": won + lost + open_}
        for label, won, lost, open_ in zip(spread.labels, spread.won, spread.lost, spread.open, strict=True)
    ]
    if spread.unknown:
        rows.append({"Value": "not known", "Won": "", "Lost": "", "Open": "", "All": spread.unknown})
    return rows


def leads_between(spread: "FieldSpread", between: int | None = None) -> str:
    """How many leads lie between what the two teams ask for: `312 leads lie between the two`.

    `between` where it is known; else counted from the classes, which is exact where both thresholds begin a class. '' where
    it cannot be told, or both ask for the same.
    """
    asked = _asked(spread)
    if len(asked) < 2 or len(set(asked.values())) < 2:
        return ""
    if between is None:
        low, high = sorted(asked.values())
        inner = spread.edges[1:-1]
        if low not in inner or high not in inner:
            return ""
        between = sum(
            won + lost + open_
            for (start, end), won, lost, open_ in zip(
                pairwise(spread.edges), spread.won, spread.lost, spread.open, strict=True
            )
            if start >= low and end <= high
        )
    return "1 lead lies between the two" if between == 1 else f"{between:,} leads lie between the two"


def _asked(spread: "FieldSpread") -> dict[Team, float]:
    return {team: value for team in Team if (value := spread.thresholds.get(team)) is not None}


def _name(spread: "FieldSpread") -> str:
    """The field with its unit, where the one is not the other's name already."""
    known = not spread.unit or spread.unit.lower() in spread.label.lower()
    return spread.label if known else f"{spread.label} in {spread.unit}"


def _threshold(spread: "FieldSpread", value: float) -> str:
    return f"at {'most' if spread.downwards else 'least'} {number_text(value)}"


def _row(spread: "FieldSpread") -> int:
    """How high the row of a class is, so that the longest name of one has its place."""
    most = max(len(lines_of(label, _LABEL, _LINES)) for label in spread.labels)
    return max(_ROW, 6 + most * (LINE_HEIGHT - 2))


def _asked_lines(spread: "FieldSpread", value: float) -> list[str]:
    """What a team asks for, beside its line: large numbers on a line of their own."""
    asked = _threshold(spread, value)
    return [asked] if len(asked) <= _ASKED else asked.rsplit(" ", 1)


def _position(spread: "FieldSpread", value: float) -> float:
    """Where a value lies among the classes, counted in classes from the first one's beginning."""
    classes = list(pairwise(spread.edges))
    for index, (start, end) in enumerate(classes):
        if value < end:
            return index + min(max((value - start) / (end - start), 0.0), _ENDS)
    return len(classes) - 1 + _ENDS


def _write_head(sheet: Sheet, spread: "FieldSpread", between: str) -> float:
    """What is drawn, and what the marks mean; gives the y beneath."""
    key = "   ".join(
        f'<span style="color:{colour.on(sheet.mode)}"><b>{mark}</b></span> {name}'
        for name, mark, colour, _ in (*_OUTCOMES, _OPEN)
    )
    title = lines_of(f"{_name(spread)}, {spread.leads:,} past leads")
    lines = [*((escape(line), 13) for line in title), (key, 12)]
    if between:
        lines.append((f"<b>{between}</b>", 13))
    if any(team in spread.quartiles for team in _asked(spread)):
        lines.append(("┃ where the middle half of a team lies", 12))
    for number, (line, size) in enumerate(lines):
        sheet.write(line, 4 + number * (LINE_HEIGHT + 2), size=size)
    return 4.0 + len(lines) * (LINE_HEIGHT + 2)


def _write_thresholds(
    sheet: Sheet, spread: "FieldSpread", lines: dict[Team, float], top: float, bottom: float
) -> None:
    """Each team's line, and behind it what it asks for; labels that would meet are moved apart."""
    written = {
        team: [f"<b>{MARKS[team]} {TEAMS[team]}</b>", *_asked_lines(spread, value)]
        for team, value in _asked(spread).items()
    }
    least = max(map(len, written.values()), default=2) * (LINE_HEIGHT - 1) + 2
    order = sorted(lines, key=lambda team: lines[team])
    at = {team: min(max(lines[team], top + least / 2), bottom - least / 2 + 8) for team in order}
    if len(order) == 2 and at[order[1]] - at[order[0]] < least:
        middle = min(max(sum(at.values()) / 2, top + least), bottom - least + 8)
        at = {order[0]: middle - least / 2, order[1]: middle + least / 2}
    for place, team in enumerate(order):
        colour = colours.of_team(team, sheet.mode)
        y = lines[team]
        sheet.line((_EDGE, 1.2), (y, y), colour, 2, "solid" if team is Team.SALES else "dash", above=True)
        sheet.line((1.2, 1.26), (y, at[team]), colour, 2, above=True)
        if team in spread.quartiles:
            ends = tuple(top + _position(spread, value) * _row(spread) for value in spread.quartiles[team])
            sheet.line((1.13 + 0.04 * place,) * 2, (ends[0], ends[1]), colour, 3, above=True)
        sheet.write(
            "<br>".join(written[team]),
            at[team],
            1.26,
            shift=3,
            colour=colour,
            size=12,
            middle=True,
        )
