"""A figure drawn from the top down like a page: heights are pixels, so that nothing overlaps however narrow it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from alignment.people import Team
from components.charts import colours
from components.charts.lettering import TEAMS

if TYPE_CHECKING:  # drawing is the only thing that needs Plotly, and it is slow to load
    from plotly.graph_objects import Figure

LINE_HEIGHT = 17
"""Pixels from one line of text to the next."""

SYMBOLS = {Team.SALES: "circle", Team.MARKETING: "diamond"}
MARKS = {Team.SALES: "●", Team.MARKETING: "◆"}
OWN = "★"
"""Each team and the reader have a sign of their own, which also tells them apart in grey."""


class Sheet:
    """A figure under construction. Across, x runs from `low` to `high`; down, y counts pixels from the top."""

    def __init__(self, mode: str | None, low: float = 0.0, high: float = 1.0):
        # Gathered, and checked by Plotly once at the end: adding one by one takes seconds for a hundred texts.
        self._texts: list[dict[str, Any]] = []
        self._shapes: list[dict[str, Any]] = []
        self._marks: list[dict[str, Any]] = []
        self.mode = mode
        self.ink = colours.TEXT.on(mode)
        self.range = (low, high)

    def write(
        self,
        markup: str,
        y: float,
        x: float | None = None,
        *,
        at: str = "left",
        colour: str = "",
        size: int = 13,
        shift: float = 0,
        middle: bool = False,
    ) -> None:
        """Write escaped text whose top is at `y` (its middle with `middle`). `at` says which side of the text is at `x`,
        or without `x` at which edge of the figure it stands; `shift` moves it by pixels to the right."""
        edge = {"left": 0.0, "center": 0.5, "right": 1.0}[at]
        self._texts.append(
            {
                "x": edge if x is None else x,
                "xref": "paper" if x is None else "x",
                "y": y,
                "yanchor": "middle" if middle else "top",
                "xanchor": at,
                "align": at,
                "text": markup,
                "showarrow": False,
                "xshift": shift,
                "borderpad": 0,
                "font": {"color": colour or self.ink, "size": size},
            }
        )

    def bars(
        self,
        lengths: Sequence[float],
        middles: Sequence[float],
        height: float,
        colour: str,
        *,
        starts: Sequence[float] | float = 0.0,
        fill: str = "solid",
    ) -> None:
        """Bars across: from `starts`, so long, their middles so far down. `fill` is solid, hatched, hollow or track."""
        marker: dict[str, Any] = {"color": colour, "line": {"width": 0}}
        if fill == "hatched":
            marker["pattern"] = {
                "shape": "/",
                "fillmode": "replace",
                "fgcolor": colour,
                "bgcolor": colours.BACKGROUND.on(self.mode),
                "size": 6,
                "solidity": 0.45,
            }
            marker["line"] = {"color": colour, "width": 1}
        elif fill == "hollow":
            marker["color"] = colours.pale(colour, 0.12)
            marker["line"] = {"color": colour, "width": 1}
        self._marks.append(
            {
                "type": "bar",
                "x": list(lengths),
                "y": list(middles),
                "base": starts if isinstance(starts, float | int) else list(starts),
                "orientation": "h",
                "width": height,
                "marker": marker,
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )

    def dots(
        self,
        x: Sequence[float],
        y: Sequence[float],
        colour: str,
        symbol: str,
        size: float = 13,
        *,
        hollow: bool = False,
    ) -> None:
        """Marks of one kind."""
        self._marks.append(
            {
                "type": "scatter",
                "x": list(x),
                "y": list(y),
                "mode": "markers",
                "marker": {
                    "color": colours.BACKGROUND.on(self.mode) if hollow else colour,
                    "symbol": symbol,
                    "size": size,
                    "line": {"color": colour, "width": 2 if hollow else 0},
                    "opacity": 1,
                },
                "cliponaxis": False,
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )

    def line(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        colour: str,
        width: float = 1,
        dash: str = "solid",
        *,
        above: bool = False,
    ) -> None:
        """A straight line, beneath the marks or above them."""
        self._shapes.append(
            {
                "type": "line",
                "x0": x[0],
                "x1": x[1],
                "y0": y[0],
                "y1": y[1],
                "layer": "above" if above else "below",
                "line": {"color": colour, "width": width, "dash": dash},
            }
        )

    def seam(self, x: float, y: tuple[float, float]) -> None:
        """A thin gap between two pieces of a bar."""
        self._shapes.append(
            {
                "type": "line",
                "x0": x,
                "x1": x,
                "y0": y[0],
                "y1": y[1],
                "line": {"color": colours.BACKGROUND.on(self.mode), "width": 2},
            }
        )

    def area(self, x: tuple[float, float], y: tuple[float, float], colour: str) -> None:
        """A rectangle behind everything."""
        self._shapes.append(
            {
                "type": "rect",
                "x0": x[0],
                "x1": x[1],
                "y0": y[0],
                "y1": y[1],
                "layer": "below",
                "fillcolor": colour,
                "line": {"width": 0},
            }
        )

    def finish(self, height: float) -> "Figure":
        """The figure, so many pixels high; nothing on it can be moved by a finger that scrolls the page."""
        from plotly import graph_objects as go

        axis = {"visible": False, "showgrid": False, "zeroline": False, "fixedrange": True}
        return go.Figure(
            data=self._marks,
            layout={
                "annotations": self._texts,
                "shapes": self._shapes,
                "xaxis": {"range": list(self.range), **axis},
                "yaxis": {"range": [height, 0], **axis},
                "height": round(height),
                "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
                "barmode": "overlay",
                "showlegend": False,
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "dragmode": False,
            },
        )


def key_of_teams(mode: str | None) -> str:
    """Both teams' names with their signs in their colours, for a line above a figure."""
    return "   ".join(
        f'<span style="color:{colours.of_team(team, mode)}"><b>{MARKS[team]} {TEAMS[team]}</b></span>'
        for team in Team
    )
