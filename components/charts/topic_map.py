"""The map of topics: how far the teams are apart on each, and how many past leads that costs.

Where something stands across is a share of the width, where it stands down is in pixels. What does not overlap on a
figure of 300 pixels therefore does not on a wider one either; so everything is placed for that width.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.charts import colours
from components.charts.lettering import escape, lines_of
from components.charts.sheet import LINE_HEIGHT, Sheet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from alignment.disagreement import QuestionComparison

MOST_NAMES = 5
"""So many topics have their name on the map, the first on the agenda; all have their number, as far as there is room."""

_SHAPES = {
    "split_between": ("square", "■"),
    "split_within": ("diamond", "◆"),
    "unsure": ("circle-open", "○"),
    "aligned": ("circle", "●"),
}
_WIDTH, _LEFT, _RIGHT = 300, 62, 18
_ACROSS = _WIDTH - _LEFT - _RIGHT
_DOWN = 250
_MARK, _SMALL = 21, 8
_LEVELS = 10
_MOVES = tuple((0.0, down * _MARK / 2) for down in (0, -1, 1, -2, 2))
_SMALL_MOVES = tuple(
    (across * 5.0, down * 5.0) for down in (0, -1, 1, -2, 2, -3, 3, -4, 4) for across in (0, -1, 1, -2, 2)
)
_NAME = 24
_LETTER = 6.6


@dataclass(frozen=True)
class _Box:
    """A rectangle that is taken, in pixels of the narrow figure."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True)
class _Spot:
    """Where a topic stands: `numbered` where there is room for its number, else a small mark."""

    place: int
    compared: "QuestionComparison"
    x: float
    y: float
    numbered: bool

    @property
    def box(self) -> _Box:
        return _box(self.x, self.y, _MARK if self.numbered else _SMALL)


def topic_map(
    questions: "Sequence[QuestionComparison]",
    mode: str | None = None,
    places: Mapping[str, int] | None = None,
) -> "Figure | None":
    """A mark a question, numbered by its place on the agenda: the order of `questions`, or `places` by key.

    To the right the teams are further apart, upwards more past leads are treated differently; questions of which that cannot
    be told lie in a band of their own beneath. What is hidden or has too few answers is not drawn; None where that is all.
    """
    known, unknown = _sorted_out(questions, places)
    if not known and not unknown:
        return None
    sheet = Sheet(mode, -_LEFT / _ACROSS, 1 + _RIGHT / _ACROSS)
    y = _write_key(sheet, {one.verdict.value for _, one in known + unknown})
    spots: list[_Spot] = []
    regions: list[_Box] = []
    if known:
        top = y + 2 * LINE_HEIGHT + 22
        regions.append(_Box(_LEFT - _MARK, top - 14, _WIDTH, top + _DOWN + 13))
        highest = _ceiling(max(_leads(one) for _, one in known))
        _draw_costs(sheet, top, highest)
        spots += _placed(known, top, highest)
        y = top + _DOWN + 2 * LINE_HEIGHT + 24
    if unknown:
        y, in_band, overflow = _draw_band(sheet, y, unknown, titled=bool(known))
        regions.append(overflow)
        spots += in_band
    _write_axis(sheet, y)
    _draw_spots(sheet, spots)
    _write_names(sheet, spots, regions)
    return sheet.finish(y + 2 * LINE_HEIGHT + 6)


def topic_map_in_words(
    questions: "Sequence[QuestionComparison]", places: Mapping[str, int] | None = None
) -> str:
    """The map in words, a sentence a question, in the order of the agenda. '' where there is nothing on it."""
    known, unknown = _sorted_out(questions, places)
    told = [
        f"{place}. {one.question.name}: {one.verdict.label}, apart {one.strength:.2f}, {_cost(one)}."
        for place, one in sorted(known + unknown, key=lambda item: item[0])
    ]
    if not told:
        return ""
    left_out = len(questions) - len(told)
    return (
        "Topics by how far the teams are apart, from 0 to 1, and by how many past leads they would treat differently. "
        f"{' '.join(told)}" + (f" Not on the map for too few answers: {left_out}." if left_out else "")
    )


def topic_map_rows(
    questions: "Sequence[QuestionComparison]", places: Mapping[str, int] | None = None
) -> list[dict[str, str | int]]:
    """The table behind the map, in the order of the agenda."""
    known, unknown = _sorted_out(questions, places)
    return [
        {
            "Place": place,
            "Topic": one.question.name,
            "Verdict": one.verdict.label,
            "Apart (0 to 1)": f"{one.strength:.2f}",
            "Leads treated differently": "not known" if one.cost is None else f"{one.cost.differently:,}",
        }
        for place, one in sorted(known + unknown, key=lambda item: item[0])
    ]


_Placed = list[tuple[int, "QuestionComparison"]]


def _sorted_out(
    questions: "Sequence[QuestionComparison]", places: Mapping[str, int] | None
) -> tuple[_Placed, _Placed]:
    """What is drawn, with its place on the agenda: questions whose cost is known, and the others."""
    numbered = [
        ((places or {}).get(one.question.key, index), one) for index, one in enumerate(questions, start=1)
    ]
    shown = [(place, one) for place, one in numbered if not one.hidden and one.verdict.value in _SHAPES]
    return [item for item in shown if item[1].cost is not None], [
        item for item in shown if item[1].cost is None
    ]


def _leads(compared: "QuestionComparison") -> int:
    return 0 if compared.cost is None else compared.cost.differently


def _cost(compared: "QuestionComparison") -> str:
    if compared.cost is None:
        return "cost in leads not known"
    count = compared.cost.differently
    return "1 lead" if count == 1 else f"{count:,} leads"


def _ceiling(most: int) -> int:
    """A round number of leads at the top of the axis, and even, so that its half is whole."""
    if most <= 4:
        return 4
    power = 10 ** int(math.log10(most))
    return int(next(power * factor for factor in (1, 2, 4, 6, 8, 10) if power * factor >= most))


def _across(strength: float) -> float:
    return _LEFT + _ACROSS * min(max(strength, 0.0), 1.0)


def _box(x: float, y: float, size: float) -> _Box:
    return _Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def _placed(items: _Placed, top: float, highest: int) -> list[_Spot]:
    """Each topic where it belongs, moved up or down by a mark at most where another stands; else a small mark nearby."""
    spots: list[_Spot] = []
    for place, one in sorted(items, key=lambda item: item[0]):
        x = _across(one.strength)
        y = top + _DOWN * (1 - _leads(one) / highest)
        spots.append(
            _freed(place, one, x, y, spots, top, _MARK, _MOVES)
            or _freed(place, one, x, y, spots, top, _SMALL, _SMALL_MOVES)
            or _Spot(place, one, x, y, numbered=False)
        )
    return spots


def _freed(
    place: int,
    one: "QuestionComparison",
    x: float,
    y: float,
    spots: Sequence[_Spot],
    top: float,
    size: int,
    moves: Sequence[tuple[float, float]],
) -> _Spot | None:
    """The topic at the first place, moved by one of `moves`, where a mark of this size meets no other."""
    for across, down in moves:
        found = _Spot(place, one, x + across, y + down, size == _MARK)
        inside = top - 2 <= found.y <= top + _DOWN + 2 and _LEFT - 4 <= found.x <= _WIDTH - _RIGHT + 4
        if inside and not any(found.box.meets(spot.box) for spot in spots):
            return found
    return None


def _write_key(sheet: Sheet, verdicts: set[str]) -> float:
    """What the marks mean, two beside each other; gives the y beneath."""
    words = {
        "split_between": "split between teams",
        "split_within": "divided within one",
        "unsure": "everyone unsure",
        "aligned": "aligned",
    }
    shown = [verdict for verdict in _SHAPES if verdict in verdicts]
    for index, verdict in enumerate(shown):
        colour = colours.of_verdict(verdict, sheet.mode)
        low, high = sheet.range
        sheet.write(
            f'<span style="color:{colour}"><b>{_SHAPES[verdict][1]}</b></span> {words[verdict]}',
            4 + index // 2 * (LINE_HEIGHT + 1),
            low + index % 2 * (high - low) / 2,
            size=12,
        )
    return 4 + (len(shown) + 1) // 2 * (LINE_HEIGHT + 1) + 6.0


def _draw_costs(sheet: Sheet, top: float, highest: int) -> None:
    """The field of known costs: lines at round numbers of leads, and what each corner means."""
    quiet, grid = colours.NEUTRAL.on(sheet.mode), colours.GRID.on(sheet.mode)
    bottom = top + _DOWN
    edges = (-_MARK / 2 / _ACROSS, 1 + _RIGHT / _ACROSS)
    sheet.line((0.5, 0.5), (top - 12, bottom + 12), grid, 1, "dash")
    for share in (0.0, 0.5, 1.0):
        y = top + _DOWN * (1 - share)
        sheet.line(edges, (y, y), grid, 1, "dash" if share == 0.5 else "solid")
        count = f"{round(highest * share):,}"
        sheet.write(
            f"{count}<br>leads" if share == 1 else count,
            y,
            -(_MARK / 2 + 4) / _ACROSS,
            at="right",
            size=11,
            colour=quiet,
            middle=True,
        )
    for at, above, below in (
        ("left", "close, yet costly:<br>easily settled", "close and cheap:<br>leave it"),
        ("right", "far apart and costly:<br>talk first", "far apart, few leads:<br>talk if time is left"),
    ):
        x = edges[0] if at == "left" else edges[1]
        sheet.write(f"<i>{above}</i>", top - 2 * LINE_HEIGHT - 14, x, at=at, size=12, colour=quiet)
        sheet.write(f"<i>{below}</i>", bottom + 14, x, at=at, size=12, colour=quiet)


def _draw_band(sheet: Sheet, y: float, items: _Placed, *, titled: bool) -> tuple[float, list[_Spot], _Box]:
    """The band of those whose cost cannot be told; marks that would meet stand beneath each other, too many are counted."""
    sheet.write(
        "Cost in leads not known:" if titled else "Cost in leads not known, so by effect only:",
        y,
        size=12,
        colour=colours.NEUTRAL.on(sheet.mode),
    )
    top = y + LINE_HEIGHT + 6
    spots: list[_Spot] = []
    more: dict[float, int] = {}
    for place, one in sorted(items, key=lambda item: item[0]):
        x = _across(one.strength)
        levels = [top + _MARK * (level + 0.7) for level in range(_LEVELS)]
        free = next(
            (at for at in levels if not any(_box(x, at, _MARK - 1).meets(spot.box) for spot in spots)), None
        )
        if free is not None:
            spots.append(_Spot(place, one, x, free, True))
            continue
        column = min((spot.x for spot in spots if spot.y == levels[-1]), key=lambda at: abs(at - x))
        more[column] = more.get(column, 0) + 1
    deepest = max(spot.y for spot in spots) + _MARK * 0.7
    for x, count in more.items():
        sheet.write(f"+{count}", deepest, (x - _LEFT) / _ACROSS, at="center", size=11)
    bottom = deepest + (LINE_HEIGHT if more else 0)
    sheet.area(
        (-_MARK / 2 / _ACROSS, 1 + _RIGHT / _ACROSS),
        (top, bottom),
        colours.pale(colours.NEUTRAL.on(sheet.mode), 0.12),
    )
    return bottom, spots, _Box(_LEFT - _MARK, top, _WIDTH, deepest + 2)


def _write_axis(sheet: Sheet, y: float) -> None:
    quiet = colours.NEUTRAL.on(sheet.mode)
    sheet.write("0<br>answers alike", y + 4, -_MARK / 2 / _ACROSS, size=11, colour=quiet)
    sheet.write("1<br>wholly apart", y + 4, 1 + _RIGHT / _ACROSS, at="right", size=11, colour=quiet)
    sheet.write("0.5", y + 4, 0.5, at="center", size=11, colour=quiet)


def _draw_spots(sheet: Sheet, spots: Sequence[_Spot]) -> None:
    """Small marks first, so that numbers stay readable above them."""
    for numbered in (False, True):
        for verdict, (shape, _) in _SHAPES.items():
            drawn = [
                spot for spot in spots if spot.compared.verdict.value == verdict and spot.numbered is numbered
            ]
            if drawn:
                colour = colours.of_verdict(verdict, sheet.mode)
                sheet.dots(
                    [(spot.x - _LEFT) / _ACROSS for spot in drawn],
                    [spot.y for spot in drawn],
                    colour,
                    shape.removesuffix("-open"),
                    _MARK - 2 if numbered else _SMALL,
                    hollow=shape.endswith("-open"),
                )
    for spot in spots:
        if spot.numbered:
            verdict = spot.compared.verdict.value
            inside = sheet.ink if verdict == "unsure" else colours.BACKGROUND.on(sheet.mode)
            sheet.write(
                f"<b>{spot.place}</b>",
                spot.y,
                (spot.x - _LEFT) / _ACROSS,
                at="center",
                size=11 if spot.place < 10 else 10,
                colour=inside,
                middle=True,
            )


def _write_names(sheet: Sheet, spots: Sequence[_Spot], regions: Sequence[_Box]) -> None:
    """The names of the first few topics beside their marks, where they meet nothing."""
    taken = [spot.box for spot in spots]
    first = sorted(spots, key=lambda spot: spot.place)[:MOST_NAMES]
    for spot in first:
        if not spot.numbered or spot.compared.verdict.value == "aligned":
            continue
        region = next(one for one in regions if one.top <= spot.y <= one.bottom)
        for most in (_NAME, 14):
            name = lines_of(spot.compared.question.name, most, 1)[0]
            wide = len(name) * _LETTER
            far = _MARK / 2 + 2
            sides = {
                "left": _Box(spot.x + far, spot.y - 8, spot.x + far + wide, spot.y + 8),
                "right": _Box(spot.x - far - wide, spot.y - 8, spot.x - far, spot.y + 8),
            }
            for shift in (-far - 7, far + 7):
                y = spot.y + shift
                sides[f"left {shift}"] = _Box(spot.x - far, y - 8, spot.x - far + wide, y + 8)
                sides[f"right {shift}"] = _Box(spot.x + far - wide, y - 8, spot.x + far, y + 8)
            found = next(
                (
                    (side, box)
                    for side, box in sides.items()
                    if box.left >= region.left
                    and box.right <= region.right
                    and box.top >= region.top
                    and box.bottom <= region.bottom
                    and not any(box.meets(other) for other in taken)
                ),
                None,
            )
            if found is not None:
                side, box = found
                at = side.split()[0]
                sheet.write(
                    escape(name),
                    (box.top + box.bottom) / 2,
                    (spot.x - _LEFT) / _ACROSS,
                    at=at,
                    shift=(box.left if at == "left" else box.right) - spot.x,
                    size=12,
                    middle=True,
                )
                taken.append(box)
                break
