"""What came out of a stage against what went in, and whether more comes than the month before."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from alignment import instants
from alignment.lifecycle import Stage
from alignment.statistics import Interval, wilson
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import NO_LEADS, Reckoned, Row, Selection, select

FEWEST_FOR_GROWTH = 5


def throughput(population: Population, start: Stage, end: Stage) -> Selection:
    """Entries to `end` in the period / entries to `start` in the period: not the same leads, so it may exceed 1."""
    table = population.episodes
    went_in, came_out = (
        population.entered_in_period(table, start),
        population.entered_in_period(table, end),
    )
    selected = select(
        population,
        table,
        counts=went_in | came_out,
        hit=came_out,
        beside={"went_in": went_in},
    )
    impossible = None
    for stage in (start, end):
        if not population.profile.entered[stage]:
            impossible = impossible or f"No entry to {stage.label} is recorded with a date."
    return Selection(
        name="throughput",
        choice=selected,
        unit=Unit.RATIO,
        formula=(
            f"entries to {end.label} in the period / entries to {start.label} in the period; these are not the same "
            "leads, so it may exceed 100 %"
        ),
        from_stage=start,
        to_stage=end,
        impossible=impossible,
        keys=("went_in",),
        reckon=_ratio,
    )


def lead_velocity(population: Population) -> Selection:
    """Growth of the MQLs of the last complete month over the month before it.

    The month is the last that is over at the as-of time, and by the last day of the period where there is one. None
    where the earlier month had no MQL or the record begins within it.
    """
    earlier, later, following = months(population)
    table = population.episodes
    came = partial(population.came_since, table, Stage.MQL)
    selected = select(population, table, counts=came(earlier) & ~came(following), hit=came(later))
    begins = population.profile.earliest
    impossible = None
    if begins is not None:
        midnight = instants.from_text(instants.day_start(earlier, population.question.timezone))
        if begins.replace(tzinfo=midnight.tzinfo) >= midnight + timedelta(days=1):
            impossible = f"The record begins on {begins:%Y-%m-%d}, so {earlier:%B %Y} is not complete."
    return Selection(
        name="lead_velocity",
        choice=selected,
        unit=Unit.GROWTH,
        formula=f"MQLs of {later:%B %Y} / MQLs of {earlier:%B %Y} − 1; complete months only",
        to_stage=Stage.MQL,
        impossible=impossible,
        reckon=partial(_growth, f"{earlier:%B %Y}"),
    )


def months(population: Population) -> tuple[date, date, date]:
    """First days of the last two complete months, the earlier one first, and of the month after them."""
    question = population.question
    today = question.as_of.astimezone(ZoneInfo(question.timezone)).date()
    if question.last_day is not None:
        today = min(today, question.last_day + timedelta(days=1))
    following = today.replace(day=1)
    later = (following - timedelta(days=1)).replace(day=1)
    return (later - timedelta(days=1)).replace(day=1), later, following


def _ratio(rows: Sequence[Row]) -> Reckoned:
    came_out = sum(row["n"] for row in rows if row["hit"])
    went_in = sum(row["n"] for row in rows if row["went_in"])
    if not went_in:
        return Reckoned(None, came_out, 0, notes=(NO_LEADS,))
    return Reckoned(came_out / went_in, came_out, went_in)


def _growth(earlier: str, rows: Sequence[Row]) -> Reckoned:
    now = sum(row["n"] for row in rows if row["hit"])
    before = sum(row["n"] for row in rows if not row["hit"])
    if not before:
        return Reckoned(
            None, now, 0, notes=(f"There were no MQLs in {earlier}, so there is no growth to tell.",)
        )
    notes: tuple[str, ...] = ()
    if min(now, before) < FEWEST_FOR_GROWTH:
        notes = ("So few leads grow or shrink by chance alone.",)
    return Reckoned(now / before - 1, now, before, _interval_of_growth(now, before), notes)


def _interval_of_growth(now: int, before: int) -> Interval | None:
    """Two Poisson counts: given their sum the later one is binomial (Przyborowski & Wilenski 1940), Wilson's interval of it."""
    share = wilson(now, now + before)
    if share is None:
        return None
    low, high = (bound / (1 - bound) - 1 if bound < 1 else math.inf for bound in (share.low, share.high))
    return Interval(low, high)
