"""What worked with leads and what did not, as bars to both sides of one line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from components.charts import colours
from components.charts.frame import frame
from components.charts.lettering import escape

if TYPE_CHECKING:  # Plotly is slow to load, and only drawing needs it
    from plotly.graph_objects import Figure

Said = tuple[str, int, int]  # label, how often it worked, how often it did not


def said_figure(said: Sequence[Said], mode: str | None = None) -> "Figure":
    """To the right how often each thing worked, to the left how often it did not, with the numbers at the ends."""
    from plotly import graph_objects as go

    labels = [escape(label) for label, _, _ in said]
    most = max((max(good, bad) for _, good, bad in said), default=1) or 1
    figure = go.Figure()
    for values, colour, side in (
        ([-bad for _, _, bad in said], colours.BAD, "middle left"),
        ([good for _, good, _ in said], colours.GOOD, "middle right"),
    ):
        figure.add_bar(
            x=values,
            y=labels,
            orientation="h",
            marker={"color": colour.on(mode)},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=values,
            y=labels,
            mode="text",
            text=[f" {abs(value):,} " if value else "" for value in values],
            textposition=side,
            textfont={"color": colours.TEXT.on(mode), "size": 12},
            cliponaxis=False,
            hoverinfo="skip",
        )
    for x, text, colour, anchor in (
        (-0.02, "did not work", colours.BAD, "right"),
        (0.02, "worked", colours.GOOD, "left"),
    ):
        figure.add_annotation(
            x=x * most,
            y=1,
            yref="paper",
            yshift=12,
            text=f"<b>{text}</b>",
            showarrow=False,
            xanchor=anchor,
            font={"color": colour.on(mode), "size": 12},
        )
    figure.update_xaxes(
        range=[-1.25 * most, 1.25 * most],
        showticklabels=False,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.add_vline(x=0, line_width=1, line_color=colours.NEUTRAL.on(mode))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", fixedrange=True, automargin=True)
    return frame(figure, 54 + 32 * max(1, len(said)), top=28, barmode="relative", bargap=0.45)


def said_in_words(said: Sequence[Said]) -> str:
    """The same as text."""
    return "; ".join(f"{label}: worked {good:,}, did not {bad:,}" for label, good, bad in said) + "."
