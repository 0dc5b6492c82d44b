"""How far the teams agreed, questionnaire by questionnaire: the share of topics with its interval, oldest first."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from components.charts import colours
from components.charts.lettering import percent, wrapped
from components.charts.sheet import Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.disagreement.change import AlignmentThen

MOST_POINTS = 5
"""So many of the newest questionnaires stand beside each other on a phone; the table behind has all."""

_TOP, _HEIGHT = 26.0, 150.0


def alignment_figure(points: "Sequence[AlignmentThen]", mode: str | None = None) -> "Figure | None":
    """A dot with its 95 % interval (Wilson) a questionnaire, joined where they asked the same. None where there is none."""
    shown = [one for one in points if one.measure.topics][-MOST_POINTS:]
    if not shown:
        return None
    left = 0.16 * max(len(shown), 2)
    sheet = Sheet(mode, -0.5 - left, len(shown) - 0.5)
    quiet, colour = colours.NEUTRAL.on(mode), colours.GOOD.on(mode)
    for share in (0.0, 0.5, 1.0):
        sheet.line((-0.5, len(shown) - 0.5), (_y(share),) * 2, colours.GRID.on(mode))
        sheet.write(percent(share), _y(share), colour=quiet, size=11, middle=True)
    for group in {one.group for one in shown}:
        same = [(x, _y(_share(one))) for x, one in enumerate(shown) if one.group == group]
        for (x0, y0), (x1, y1) in pairwise(same):
            sheet.line((x0, x1), (y0, y1), colour, 2)
    for x, one in enumerate(shown):
        interval = one.measure.agreed_interval
        highest = _share(one)
        if interval is not None:
            sheet.line((x, x), (_y(interval.low), _y(interval.high)), quiet, 3)
            highest = interval.high
        sheet.write(f"<b>{percent(_share(one))}</b>", _y(highest) - 18, x, at="center")
        sheet.write(
            f"{one.measure.agreed} of {one.measure.topics}<br>{_when(one)}",
            _y(0) + 8,
            x,
            at="center",
            size=11,
        )
    sheet.dots(range(len(shown)), [_y(_share(one)) for one in shown], colour, "circle", 11)
    return sheet.finish(_y(0) + 62)


def alignment_in_words(points: "Sequence[AlignmentThen]") -> str:
    """The figure's numbers in words. '' where there are none."""
    shown = [one for one in points if one.measure.topics]
    if not shown:
        return ""
    told = [
        f"{one.title} ({one.closed_on:%-d %B %Y}) {one.measure.agreed} of {one.measure.topics}, "
        f"{percent(_share(one))}{_interval(one)}"
        for one in shown
    ]
    alike = len({one.group for one in shown}) == 1
    return f"Share of topics on which the teams agree: {'; '.join(told)}." + (
        "" if alike else " Those that are not joined asked different questions."
    )


def alignment_rows(points: "Sequence[AlignmentThen]") -> list[dict[str, str]]:
    """The table behind the figure, oldest first."""
    return [
        {
            "Questionnaire": one.title,
            "Cycle": "" if one.cycle is None else str(one.cycle),
            "Closed": f"{one.closed_on:%-d %B %Y}",
            "Agreed": f"{one.measure.agreed} of {one.measure.topics}",
            "Share": f"{percent(_share(one))}{_interval(one)}" if one.measure.topics else "",
        }
        for one in points
    ]


def _share(one: "AlignmentThen") -> float:
    return one.measure.agreed / one.measure.topics


def _y(share: float) -> float:
    return _TOP + (1 - share) * _HEIGHT


def _interval(one: "AlignmentThen") -> str:
    interval = one.measure.agreed_interval
    return "" if interval is None else f" (95% interval {percent(interval.low)} to {percent(interval.high)})"


def _when(one: "AlignmentThen") -> str:
    named = wrapped(one.title, 9, 1) if one.cycle is None else f"Cycle {one.cycle}"
    return f"{named}<br>{one.closed_on:%b %Y}"
