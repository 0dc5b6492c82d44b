"""Shares of drift by week, beside their limit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alignment.drift import DriftKind, DriftWeek, share_of
from components.charts import colours
from components.charts.frame import frame
from components.charts.lettering import percent

if TYPE_CHECKING:  # Plotly is slow to load, and only drawing needs it
    from plotly.graph_objects import Figure


def drift_figure(
    kind: DriftKind,
    weeks: Sequence[DriftWeek],
    judged: Sequence[DriftWeek],
    limit: float,
    mode: str | None = None,
) -> "Figure":
    """A dot for each week, the judged ones full and the others hollow, and the limit as a line across."""
    from plotly import graph_objects as go

    told = [(week, share) for week in weeks if (share := share_of(kind, [week])).n]
    full = {week.monday for week in judged}
    colour, quiet = colours.GOOD.on(mode), colours.NEUTRAL.on(mode)
    shares = [share.hits / share.n for _, share in told]
    figure = go.Figure(
        go.Scatter(
            x=[week.monday for week, _ in told],
            y=shares,
            mode="lines+markers",
            line={"color": colours.pale(colour, 0.5), "width": 2},
            marker={
                "size": 9,
                "color": [colour if week.monday in full else colours.BACKGROUND.on(mode) for week, _ in told],
                "line": {"color": colour, "width": 2},
            },
            text=[f"{share.hits:,} of {share.n:,}" for _, share in told],
            hovertemplate="Week of %{x|%-d %b %Y}<br>%{y:.0%} (%{text})<extra></extra>",
        )
    )
    top = min(1.0, max([limit, *shares], default=limit) * 1.25)
    figure.add_hline(y=limit, line_width=1.5, line_dash="dash", line_color=colours.BAD.on(mode))
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        y=limit,
        text=f" limit<br> {percent(limit)}",
        align="left",
        showarrow=False,
        font={"color": colours.BAD.on(mode), "size": 12},
    )
    figure.update_xaxes(showgrid=False, fixedrange=True, tickformat="%-d %b", nticks=5, color=quiet)
    figure.update_yaxes(
        range=[-0.02 * top, top],
        tickformat=".0%",
        nticks=4,
        gridcolor=colours.GRID.on(mode),
        zeroline=False,
        fixedrange=True,
        color=quiet,
    )
    return frame(figure, 220, right=44, top=12)


def drift_rows(weeks: Sequence[DriftWeek]) -> list[dict[str, str]]:
    """The table behind the figures, oldest first; '' where a week has no lead to tell of."""
    return [
        {
            "Week of": f"{week.monday:%Y-%m-%d}",
            "Handed over": f"{week.passed + week.failed + week.unknown:,}",
            "Meet the rule": f"{week.passed:,}",
            "Break it": f"{week.failed:,}",
            "Unknown": f"{week.unknown:,}",
            "Decided, meeting it": f"{week.decided:,}",
            "Rejected of these": f"{sum(week.rejected.values()):,}",
            "Judged by": ", ".join(week.labels),
        }
        for week in weeks
    ]


def drift_figure_in_words(kind: DriftKind, weeks: Sequence[DriftWeek], limit: float) -> str:
    """The figure's numbers in words."""
    told = [
        f"week of {week.monday:%-d %B %Y} {percent(share.hits / share.n)} ({share.hits} of {share.n})"
        for week in weeks
        if (share := share_of(kind, [week])).n
    ]
    what = (
        "Share that breaks the rule"
        if kind is DriftKind.BREAKS
        else "Share rejected though they meet the rule"
    )
    return f"{what}, limit {percent(limit)}: {'; '.join(told)}."
