"""What rules and scores would have done with past leads, drawn: leads by what became of them, with the win rate beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from alignment.scoring import Roc
from alignment.what_if import DAYS_OF_A_WEEK, Outcomes
from components.charts import colours
from components.charts.frame import frame
from components.charts.lettering import escape, lines_of, percent, wrapped
from components.charts.sheet import LINE_HEIGHT, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_EDGE, _END = -0.86, 1.98
_LONGEST = 0.8
_RATES = (1.22, 1.62)
_LABEL = 15
_KINDS = (
    ("won", "■", colours.GOOD, "solid"),
    ("lost", "▨", colours.BAD, "hatched"),
    ("open", "□", colours.NEUTRAL, "hollow"),
    ("unworked", "▪", colours.NEUTRAL, "solid"),
)
_NAMES = {"won": "won", "lost": "lost", "open": "open", "unworked": "nobody worked them"}


@dataclass(frozen=True)
class OutcomeRow:
    """Some leads on a figure, and what they are called there."""

    label: str
    outcomes: Outcomes


@dataclass(frozen=True)
class Line:
    """A line across the rows of a figure: `at` counts rows from the top, `label` says above them what it means."""

    at: float
    label: str


def outcomes_figure(
    title: str, rows: Sequence[OutcomeRow], mode: str | None = None, line: Line | None = None
) -> "Figure":
    """A bar a row, by what became of the leads, and to the right the win rate of those that ended, with its interval."""
    sheet = Sheet(mode, _EDGE, _END)
    kinds = [kind for kind in _KINDS if any(getattr(row.outcomes, kind[0]) for row in rows)]
    top = _write_head(sheet, title, kinds, line)
    largest = max((row.outcomes.leads for row in rows), default=0) or 1
    most = max((row.outcomes.interval.high for row in rows if row.outcomes.interval), default=1.0) or 1.0
    height = max(30, 8 + LINE_HEIGHT * max((len(lines_of(row.label, _LABEL, 3)) for row in rows), default=1))
    middles = [top + (number + 0.5) * height for number in range(len(rows))]
    starts = [0.0] * len(rows)
    for name, _, colour, fill in kinds:
        lengths = [getattr(row.outcomes, name) / largest * _LONGEST for row in rows]
        shade = colours.pale(colour.on(mode), 0.55) if name == "unworked" else colour.on(mode)
        sheet.bars(lengths, middles, 17, shade, starts=starts, fill=fill)
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]
    for row, middle, end in zip(rows, middles, starts, strict=True):
        sheet.write(wrapped(row.label, _LABEL, 3), middle, -0.04, at="right", size=12, middle=True)
        sheet.write(f"{row.outcomes.leads:,}", middle, end, shift=4, middle=True, size=12)
        _draw_rate(sheet, row.outcomes, middle, most)
    if line is not None:
        y = top + line.at * height
        sheet.line((_EDGE, _END), (y, y), sheet.ink, 2, "dash", above=True)
    return sheet.finish(top + len(rows) * height + 8)


def outcomes_in_words(title: str, rows: Sequence[OutcomeRow], line: Line | None = None) -> str:
    """The figure's numbers in words."""
    said = "; ".join(f"{row.label}: {_told(row.outcomes)}" for row in rows)
    return f"{title}. {said}.{f' {line.label}.' if line is not None else ''}"


def outcome_rows(rows: Sequence[OutcomeRow]) -> list[dict[str, str | int | float | None]]:
    """The table behind the figure."""
    return [
        {
            "Leads": row.label,
            "All": row.outcomes.leads,
            "Won": row.outcomes.won,
            "Lost": row.outcomes.lost,
            "Open": row.outcomes.open,
            "Not worked": row.outcomes.unworked,
            "Win rate": in_percent(row.outcomes.win_rate),
            "From": in_percent(row.outcomes.interval.low if row.outcomes.interval else None),
            "To": in_percent(row.outcomes.interval.high if row.outcomes.interval else None),
        }
        for row in rows
    ]


def in_percent(share: float | None) -> float | None:
    """A share as a table shows it with the format `%.0f%%`."""
    return None if share is None else share * 100


def weeks_figure(
    weeks: Sequence[int], first_day: date, capacity: int | None = None, mode: str | None = None
) -> "Figure":
    """How many leads pass in each week, and how many sales can work."""
    from plotly import graph_objects as go

    starts = [first_day + timedelta(days=DAYS_OF_A_WEEK * number) for number in range(len(weeks))]
    beyond = [capacity is not None and week > capacity for week in weeks]
    figure = go.Figure(
        go.Bar(
            x=starts,
            y=list(weeks),
            marker={"color": [(colours.BAD if over else colours.GOOD).on(mode) for over in beyond]},
            hovertemplate="Week from %{x|%-d %B %Y}: %{y:,}<extra></extra>",
        )
    )
    if capacity is not None:
        figure.add_hline(
            y=capacity,
            line={"color": colours.TEXT.on(mode), "width": 2, "dash": "dash"},
        )
        figure.add_annotation(
            text=f"╍ sales can work {capacity:,}",
            font={"color": colours.TEXT.on(mode), "size": 12},
            x=1,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
        )
    top = max([*weeks, capacity or 0, 1]) * 1.18
    axis = {"fixedrange": True, "zeroline": False, "color": colours.NEUTRAL.on(mode)}
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=5, tickangle=0, **axis)
    figure.update_yaxes(range=[0, top], gridcolor=colours.GRID.on(mode), nticks=5, **axis)
    return frame(figure, 200, top=22, bargap=0.2)


def weeks_in_words(weeks: Sequence[int], capacity: int | None = None) -> str:
    """The weeks' numbers in words."""
    said = f"Leads that pass in each of {len(weeks)} weeks: {', '.join(f'{week:,}' for week in weeks)}."
    return said if capacity is None else f"{said} Sales can work {capacity:,} a week."


def roc_figure(named: Sequence[tuple[str, Roc]], mode: str | None = None) -> "Figure":
    """The share of won leads that reach a score against that of lost ones; the first in colour, others behind it."""
    from plotly import graph_objects as go

    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": colours.NEUTRAL.on(mode), "dash": "dot", "width": 1},
            hoverinfo="skip",
        )
    )
    shades = (colours.GOOD, colours.SALES, colours.MARKETING)
    dashes = ("solid", "dash", "dot")
    for (name, roc), shade, dash in zip(named, shades, dashes, strict=False):
        figure.add_scatter(
            x=[x for x, _ in roc.curve],
            y=[y for _, y in roc.curve],
            mode="lines",
            line={"color": shade.on(mode), "width": 2, "dash": dash},
            name=escape(name),
            hovertemplate="%{y:.0%} of won, %{x:.0%} of lost leads reach it<extra></extra>",
        )
    axis = {
        "range": [0, 1.02],
        "tickvals": [0, 0.5, 1],
        "tickformat": ".0%",
        "fixedrange": True,
        "zeroline": False,
        "gridcolor": colours.GRID.on(mode),
        "color": colours.NEUTRAL.on(mode),
    }
    figure.update_xaxes(title={"text": "of the lost leads", "font": {"size": 12}}, **axis)
    figure.update_yaxes(title={"text": "of the won leads", "font": {"size": 12}}, **axis)
    return frame(figure, 280)


def _write_head(
    sheet: Sheet, title: str, kinds: Sequence[tuple[str, str, colours.Colour, str]], line: Line | None
) -> float:
    """What is drawn and what the marks mean, over as many lines as a phone needs; gives the y beneath."""
    key = [
        f'<span style="color:{colour.on(sheet.mode)}"><b>{mark}</b></span> {_NAMES[name]}'
        for name, mark, colour, _ in kinds
    ]
    lines = [(escape(text), 13) for text in lines_of(title)]
    if line is not None:
        lines.append((f"<b>╍ {escape(line.label)}</b>", 13))
    if len(key) > 3:
        lines.append(("   ".join(key[3:]), 12))
    lines.append(("   ".join(key[:3]), 12))
    for number, (text, size) in enumerate(lines):
        sheet.write(text, 2 + number * (LINE_HEIGHT + 2), size=size)
    sheet.write("● win rate", 2 + (len(lines) - 1) * (LINE_HEIGHT + 2), at="right", size=12)
    return 12.0 + len(lines) * (LINE_HEIGHT + 2)


def _draw_rate(sheet: Sheet, outcomes: Outcomes, middle: float, most: float) -> None:
    rate, interval = outcomes.win_rate, outcomes.interval
    if rate is None or interval is None:
        sheet.write("–", middle, _END, at="right", size=12, middle=True)
        return
    start, end = _RATES

    def place(share: float) -> float:
        return start + (end - start) * share / most

    sheet.line((place(interval.low), place(interval.high)), (middle, middle), sheet.ink, 2, above=True)
    sheet.dots([place(rate)], [middle], sheet.ink, "circle", 9)
    sheet.write(percent(rate), middle, _END, at="right", size=12, middle=True)


def _told(outcomes: Outcomes) -> str:
    said = f"{outcomes.leads:,} leads, {outcomes.won:,} won, {outcomes.lost:,} lost, {outcomes.open:,} open"
    if outcomes.unworked:
        said += f", {outcomes.unworked:,} that nobody worked"
    if outcomes.win_rate is not None and outcomes.interval is not None:
        said += f", win rate {percent(outcomes.win_rate)} ({percent(outcomes.interval.low)} to {percent(outcomes.interval.high)})"
    return said
