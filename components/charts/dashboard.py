"""The dashboard's own figures: how goals go against an even pace, and where the qualified leads of a period stand.

Each has a function beside it that says its numbers in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.goals import Pace, Verdict, amount_in_words
from alignment.lifecycle import Stage
from alignment.people import Team
from components.charts import colours
from components.charts.lettering import LINE, escape, lines_of, percent
from components.charts.sheet import LINE_HEIGHT, MARKS, Sheet

if TYPE_CHECKING:  # Plotly is slow to load, and only drawing needs it
    from plotly.graph_objects import Figure

_BAR = 16
_STAGES = {
    Stage.SAL: "accepted by sales",
    Stage.SQL: "qualified by sales (SQL)",
    Stage.OPPORTUNITY: "opportunity",
    Stage.WON: "won so far",
}


@dataclass(frozen=True)
class GoalBar:
    """One line of a goal: whose it is (None: the outcome that both share), and its pace."""

    team: Team | None
    pace: Pace


def pace_figure(bars: Sequence[GoalBar], mode: str | None = None) -> "Figure":
    """A bar a line, as long as its share of the target; a mark where an even pace would be, a thin line for chance."""
    longest = max((bar.pace.actual / bar.pace.target.amount for bar in bars), default=1.0)
    end = min(max(1.0, longest), 1.5)
    sheet = Sheet(mode, 0.0, end)
    quiet = colours.NEUTRAL.on(mode)
    y = 2.0
    for bar in bars:
        found, goal = bar.pace, bar.pace.target.amount
        colour = colours.of_team(bar.team, mode) if bar.team else colours.DIVIDED.on(mode)
        who = f"{MARKS[bar.team]} {bar.team.label.capitalize()}" if bar.team else "Together"
        sheet.write(
            f'<span style="color:{colour}"><b>{who}</b></span>  '
            f"<b>{found.actual:,.0f} of {escape(amount_in_words(found.target))}</b>",
            y,
        )
        y += LINE_HEIGHT + 4
        middle = y + _BAR / 2
        sheet.area((0, 1.0), (y, y + _BAR), colours.GRID.on(mode))
        sheet.bars([min(found.actual / goal, end)], [middle], _BAR, colour)
        low, high = (min(bound / goal, end) for bound in (found.interval.low, found.interval.high))
        if found.verdict in (Verdict.AHEAD, Verdict.ON_COURSE, Verdict.BEHIND):
            sheet.line((low, high), (middle, middle), sheet.ink, 1.5, above=True)
            at = min(found.expected / goal, end)
            sheet.line((at, at), (y - 4, y + _BAR + 4), sheet.ink, 3, above=True)
        y += _BAR + 5
        for line in lines_of(_judgement(found), LINE + 6):
            sheet.write(escape(line), y, size=12, colour=quiet)
            y += LINE_HEIGHT - 1
        y += 10
    return sheet.finish(y)


def pace_in_words(bars: Sequence[GoalBar]) -> str:
    """The figure's numbers in words."""
    return " ".join(
        f"{bar.team.label.capitalize() if bar.team else 'Together'}: {bar.pace.actual:,.0f} of "
        f"{amount_in_words(bar.pace.target)}, {_judgement(bar.pace)}."
        for bar in bars
    )


def _judgement(found: Pace) -> str:
    days = f"{found.elapsed.left:.0f} business days left"
    even = f"an even pace ({found.expected:,.0f} by now)"
    more = round(found.actual) - round(found.expected)
    apart = f"{abs(more):,} {'ahead of' if more > 0 else 'behind'} {even}"
    match found.verdict:
        case Verdict.REACHED:
            return "reached"
        case Verdict.MISSED:
            return f"missed by {found.missing:,.0f}"
        case Verdict.NOT_BEGUN:
            return f"begins later, {days}"
        case Verdict.TOO_EARLY:
            return f"too early to tell, {days}"
        case Verdict.ON_COURSE:
            return f"{apart}, which chance can explain; {days}" if more else f"at {even}; {days}"
        case Verdict.AHEAD | Verdict.BEHIND:
            return f"{apart}, more than chance explains; {days}"


def standing_figure(
    leads: int, reached: Mapping[Stage, int], ends: Mapping[str, int], mode: str | None = None
) -> "Figure":
    """A bar for all qualified leads and one for each stage they have come to, with the share; beneath, those at an end.

    `ends` are words and numbers of leads that do not go on, or have not yet.
    """
    sheet = Sheet(mode, 0.0, 1.0)
    quiet = colours.NEUTRAL.on(mode)
    rows = [("qualified leads delivered", leads, colours.MARKETING.on(mode))]
    rows += [(_STAGES[stage], count, colours.SALES.on(mode)) for stage, count in reached.items()]
    y = 2.0
    for words, count, colour in rows:
        share = count / leads if leads else 0.0
        of_all = "" if words == rows[0][0] else f"  {_percent(share)}"
        sheet.write(f"<b>{count:,}</b> {escape(words)}", y)
        sheet.write(of_all.strip(), y, at="right", colour=quiet, size=12)
        y += LINE_HEIGHT + 3
        sheet.area((0, 1), (y, y + _BAR), colours.GRID.on(mode))
        sheet.bars([share], [y + _BAR / 2], _BAR, colour)
        y += _BAR + 9
    for line in lines_of(ends_in_words(ends), LINE + 6, 3):
        sheet.write(escape(line), y, size=12, colour=quiet)
        y += LINE_HEIGHT - 1
    return sheet.finish(y + 6)


def standing_in_words(leads: int, reached: Mapping[Stage, int], ends: Mapping[str, int]) -> str:
    """The figure's numbers in words."""
    parts = [
        f"{count:,} {_STAGES[stage]} ({_percent(count / leads)})" for stage, count in reached.items() if leads
    ]
    return f"Of {leads:,} qualified leads so far: {'; '.join(parts) or 'none has gone on'}. {ends_in_words(ends)}"


def standing_rows(
    leads: int, reached: Mapping[Stage, int], ends: Mapping[str, int]
) -> list[dict[str, str | int]]:
    """The table behind the figure."""
    rows = [
        ("qualified leads delivered", leads),
        *((_STAGES[stage], count) for stage, count in reached.items()),
    ]
    rows += list(ends.items())
    return [
        {"Where": words, "Leads": count, "Share": _percent(count / leads) if leads else ""}
        for words, count in rows
    ]


def ends_in_words(ends: Mapping[str, int]) -> str:
    """`12 turned down by sales, 3 lost, 20 still open.`"""
    return ", ".join(f"{count:,} {words}" for words, count in ends.items()) + "." if ends else ""


def _percent(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.1 else percent(share)
