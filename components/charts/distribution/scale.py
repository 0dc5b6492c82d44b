"""A scale as diverging bars: what a team says below the middle goes to the left, what it says above to the right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.disagreement.positions import bands as thirds
from alignment.people import Team
from alignment.questionnaires import Question
from components.charts import colours
from components.charts.lettering import TEAMS, escape, lines_of, percent, rounded, wrapped
from components.charts.sheet import LINE_HEIGHT, OWN, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.disagreement import Distribution, QuestionComparison

_BAR = 28
_END = 19
_LINES = 3


@dataclass(frozen=True)
class Band:
    """Neighbouring points of a scale, counted from 0: `low`, `middle` or `high`."""

    name: str
    points: range

    @property
    def label(self) -> str:
        """The points as they stand on the scale: `1–2`."""
        first, last = self.points.start + 1, self.points.stop
        return str(first) if first == last else f"{first}–{last}"

    def share(self, shown: "Distribution") -> float:
        """The share of a team that answered with one of these points."""
        return sum(shown.counts[point] for point in self.points) / max(shown.answered, 1)

    def count(self, shown: "Distribution") -> int:
        """How many of a team answered with one of these points."""
        return sum(shown.counts[point] for point in self.points)


def bands_of(question: Question) -> tuple[Band, ...]:
    """Low, middle and high: the lower and the upper third of the points, as in the rule for agreement, and the rest.

    A scale of two points has no middle.
    """
    top, bottom = thirds(question.points)
    found = (
        Band("low", range(bottom.start or 0, bottom.stop)),
        Band("middle", range(bottom.stop, top.start)),
        Band("high", range(top.start, top.stop)),
    )
    return tuple(band for band in found if len(band.points))


def diverging_bars(compared: "QuestionComparison", mode: str | None, own: Mapping[int, str]) -> "Figure":
    """One bar a team around the middle of the scale, a piece a point: low hatched, the middle pale, high full."""
    assert compared.distributions is not None
    question, bands = compared.question, bands_of(compared.question)
    low, high = bands[0], bands[-1]
    middle = bands[1] if len(bands) == 3 else None
    spans = {
        team: (_starts(shown.shares, low, middle), shown) for team, shown in compared.distributions.items()
    }
    reach = max(0.1, *(max(-starts[0], starts[-1] + shown.shares[-1]) for starts, shown in spans.values()))
    sheet = Sheet(mode, -1.36 * reach, 1.36 * reach)  # the middle stands in the middle, on every question
    y = _write_ends(sheet, question, low, middle, high)
    for team, (starts, shown) in spans.items():
        y = _draw_team(sheet, y, team, shown, starts, (low, middle, high), own, question)
    for words in own.values():
        sheet.write(f"<b>{OWN} {escape(words)}</b>", y - 8, size=12)
        y += LINE_HEIGHT
    return sheet.finish(y)


def _starts(shares: tuple[float, ...], low: Band, middle: Band | None) -> list[float]:
    """Where each point's piece begins, so that the middle of the bar's middle band, or the seam, lies at 0."""
    before = sum(shares[point] for point in low.points)
    half = sum(shares[point] for point in middle.points) / 2 if middle else 0.0
    found, x = [], -(before + half)
    for share in shares:
        found.append(x)
        x += share
    return found


def _write_ends(sheet: Sheet, question: Question, low: Band, middle: Band | None, high: Band) -> float:
    """What left and right mean, in the words of the scale's ends."""
    quiet = colours.NEUTRAL.on(sheet.mode)
    for band, end, at in ((low, question.ends[0], "left"), (high, question.ends[1], "right")):
        arrow = f"← <b>{band.label}</b>" if at == "left" else f"<b>{band.label}</b> →"
        sheet.write(f"{arrow}<br>{wrapped(end, _END, _LINES)}", 4, at=at, size=12)
    if middle:
        sheet.write(f"<b>{middle.label}</b>", 4, at="center", size=12, colour=quiet)
    most = max(len(lines_of(end, _END, _LINES)) for end in question.ends)
    return 4 + (1 + most) * LINE_HEIGHT + 8.0


def _draw_team(
    sheet: Sheet,
    y: float,
    team: Team,
    shown: "Distribution",
    starts: list[float],
    bands: tuple[Band, Band | None, Band],
    own: Mapping[int, str],
    question: Question,
) -> float:
    low, middle, high = bands
    colour = colours.of_team(team, sheet.mode)
    median = f", median {rounded(shown.median)}" if shown.median is not None else ""
    cannot = f", {percent(shown.cant_say_share)} can't say" if shown.cant_say else ""
    sheet.write(f"<b>{TEAMS[team]}</b>{escape(median + cannot)}", y, colour=colour, size=14)
    centre = y + LINE_HEIGHT + (20 if own else 8) + _BAR / 2
    if sum(shown.counts):
        sheet.line((0, 0), (centre - _BAR / 2 - 5, centre + _BAR / 2 + 3), colours.NEUTRAL.on(sheet.mode), 1)
        for band, fill in ((low, "hatched"), (middle, "hollow"), (high, "solid")):
            drawn = [point for point in band.points if shown.counts[point]] if band else []
            if drawn:
                sheet.bars(
                    [shown.shares[point] for point in drawn],
                    [centre] * len(drawn),
                    _BAR,
                    colour,
                    starts=[starts[point] for point in drawn],
                    fill=fill,
                )
        for point in high.points[1:]:
            if shown.counts[point] and starts[point] > starts[high.points.start]:
                sheet.seam(starts[point], (centre - _BAR / 2, centre + _BAR / 2))
        for x, band, at, shift in (
            (starts[0], low, "right", -5),
            (starts[-1] + shown.shares[-1], high, "left", 5),
        ):
            sheet.write(
                f"<b>{percent(band.share(shown))}</b>",
                centre,
                x,
                at=at,
                shift=shift,
                colour=colour,
                middle=True,
            )
        if middle and middle.share(shown):
            sheet.write(percent(middle.share(shown)), centre + _BAR / 2 + 4, 0, at="center", size=12)
        for point in own:
            x = starts[point] + shown.shares[point] / 2
            sheet.write(f"<b>{OWN}</b>", centre - _BAR / 2 - 14, x, at="center", size=12)
    return centre + _BAR / 2 + 28
