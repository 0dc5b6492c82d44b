"""The frame of a figure: as high as asked, nothing behind it, and nothing that a finger moves by accident."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Plotly is slow to load, and only drawing needs it
    from plotly.graph_objects import Figure


def frame(
    figure: "Figure",
    height: float,
    *,
    left: int = 8,
    right: int = 8,
    top: int = 8,
    legend: bool = False,
    **more: Any,
) -> "Figure":
    """The figure, `height` pixels high with these margins; `more` is what else its layout has."""
    return figure.update_layout(
        height=height,
        margin={"l": left, "r": right, "t": top, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        dragmode=False,
        **more,
    )
