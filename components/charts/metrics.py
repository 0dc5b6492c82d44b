"""Lead metrics as figures and in words: volume over weeks, shares with their intervals, before against after.

Only aggregates come in. Each figure has a function beside it that says its numbers in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from alignment.statistics import Interval
from components.charts import colours
from components.charts.frame import frame
from components.charts.lettering import escape

if TYPE_CHECKING:  # Plotly is slow to load, and only drawing needs it
    from plotly.graph_objects import Figure

MOST_TICKS = 6
"""Dates beneath the weekly bars that still stand apart on a phone."""


@dataclass(frozen=True)
class Week:
    """One week's count: leads that met the definition in force, and those handed over all the same."""

    start: date
    qualified: int
    others: int = 0


@dataclass(frozen=True)
class Estimate:
    """One share with its interval: `value` from 0 to 1, of `n` leads."""

    label: str
    value: float
    interval: Interval | None
    n: int


def volume_figure(
    weeks: Sequence[Week], changes: Sequence[tuple[date, str]], mode: str | None = None
) -> "Figure":
    """Weekly bars, with a line where another definition came into force. `changes` are (day, label)."""
    from plotly import graph_objects as go

    figure = go.Figure()
    days = [week.start for week in weeks]
    figure.add_bar(
        x=days,
        y=[week.qualified for week in weeks],
        marker={"color": colours.MARKETING.on(mode)},
        name="meet the definition",
        hovertemplate="week of %{x|%-d %b %Y}: %{y} meet the definition<extra></extra>",
    )
    if any(week.others for week in weeks):
        figure.add_bar(
            x=days,
            y=[week.others for week in weeks],
            marker={"color": colours.NEUTRAL.on(mode), "opacity": 0.45},
            name="do not, or it cannot be told",
            hovertemplate="week of %{x|%-d %b %Y}: %{y} do not, or it cannot be told<extra></extra>",
        )
    for day, label in changes:
        figure.add_vline(
            x=day.isoformat(), line={"color": colours.TEXT.on(mode), "dash": "dot", "width": 1.5}
        )
        figure.add_annotation(
            x=day.isoformat(),
            y=1.0,
            yref="paper",
            yanchor="bottom",
            text=escape(label),
            showarrow=False,
            font={"color": colours.TEXT.on(mode), "size": 12},
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.15,
        legend={"orientation": "h", "y": -0.18, "x": 0, "traceorder": "normal"},
    )
    figure.update_yaxes(gridcolor=colours.GRID.on(mode), rangemode="tozero", fixedrange=True)
    figure.update_xaxes(fixedrange=True)
    if days:
        step = timedelta(weeks=max(1, -(-((days[-1] - days[0]).days // 7 + 1) // MOST_TICKS)))
        figure.update_xaxes(
            tick0=days[0], dtick=step / timedelta(milliseconds=1), tickformat="%-d %b\n%Y", tickangle=0
        )
    return _finish(figure, 300, legend=True)


def volume_in_words(weeks: Sequence[Week], changes: Sequence[tuple[date, str]]) -> str:
    """The weekly volume as text."""
    if not weeks:
        return "No leads in this period."
    counts = [week.qualified for week in weeks]
    words = (
        f"MQLs per week from {weeks[0].start:%d.%m.%Y}, {len(weeks)} weeks: "
        f"between {min(counts)} and {max(counts)}, {sum(counts)} in total."
    )
    for day, label in changes:
        words += f" {label} in force from {day:%d.%m.%Y}."
    return words


def shares_figure(estimates: Sequence[Estimate], mode: str | None = None) -> "Figure":
    """A dot and its interval for each share, in the order given, with the share written beside it."""
    from plotly import graph_objects as go

    figure = go.Figure()
    rows = list(range(len(estimates)))
    highest = max((e.interval.high if e.interval else e.value for e in estimates), default=0.1)
    figure.add_scatter(
        x=[e.value for e in estimates],
        y=rows,
        mode="markers",
        marker={"color": colours.MARKETING.on(mode), "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [e.interval.high - e.value if e.interval else 0 for e in estimates],
            "arrayminus": [e.value - e.interval.low if e.interval else 0 for e in estimates],
            "color": colours.NEUTRAL.on(mode),
            "thickness": 2,
            "width": 4,
        },
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.add_scatter(  # written behind the interval, where nothing else stands
        x=[e.interval.high if e.interval else e.value for e in estimates],
        y=rows,
        mode="text",
        text=[f"  {_percent(e.value)} of {e.n:,}" for e in estimates],
        textposition="middle right",
        textfont={"color": colours.TEXT.on(mode), "size": 12},
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(
        tickvals=rows,
        ticktext=[escape(e.label) for e in estimates],
        range=[len(estimates) - 0.4, -0.6],
        showgrid=False,
        ticks="",
        zeroline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, highest * 1.45],
        tickvals=[0, 0.25, 0.5, 0.75, 1] if highest > 0.35 else None,
        tickangle=0,
        tickformat=".0%" if highest > 0.1 else ".1%",
        gridcolor=colours.GRID.on(mode),
        zeroline=False,
        fixedrange=True,
    )
    return _finish(figure, 60 + 34 * max(1, len(estimates)))


def shares_in_words(what: str, estimates: Sequence[Estimate]) -> str:
    """The shares as text."""
    parts = []
    for e in estimates:
        interval = (
            f" (95% interval {_percent(e.interval.low)} to {_percent(e.interval.high)})" if e.interval else ""
        )
        parts.append(f"{e.label} {_percent(e.value)}{interval} of {e.n:,}")
    return f"{what}: " + ("; ".join(parts) if parts else "nothing to show") + "."


def change_figure(before: Estimate, after: Estimate, outcome: str, mode: str | None = None) -> "Figure":
    """Before and after of one measure beneath each other, after in the colour of its outcome.

    `outcome` is `improved`, `worse`, or anything else for neither.
    """
    from plotly import graph_objects as go

    colour = {"improved": colours.GOOD, "worse": colours.BAD}.get(outcome, colours.NEUTRAL).on(mode)
    figure = go.Figure()
    highest = max(e.interval.high if e.interval else e.value for e in (before, after))
    for row, (estimate, shade) in enumerate(((before, colours.NEUTRAL.on(mode)), (after, colour))):
        low, high = (
            (estimate.interval.low, estimate.interval.high) if estimate.interval else (estimate.value,) * 2
        )
        figure.add_scatter(
            x=[low, high],
            y=[row, row],
            mode="lines",
            line={"color": shade, "width": 3},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[estimate.value],
            y=[row],
            mode="markers+text",
            marker={"color": shade, "size": 13},
            text=[_percent(estimate.value)],
            textposition="top center",
            textfont={"color": colours.TEXT.on(mode), "size": 13},
            cliponaxis=False,
            hoverinfo="skip",
        )
    figure.update_yaxes(
        tickvals=[0, 1],
        ticktext=[escape(before.label), escape(after.label)],
        range=[1.5, -0.8],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        range=[0, min(1.02, highest * 1.2)],
        tickformat=".0%" if highest > 0.1 else ".1%",
        gridcolor=colours.GRID.on(mode),
        zeroline=False,
        fixedrange=True,
    )
    return _finish(figure, 170)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _finish(figure: "Figure", height: int, *, legend: bool = False) -> "Figure":
    return frame(figure, height, right=16, top=20, legend=legend)
