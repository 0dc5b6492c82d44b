"""The sales cycle: how long it takes from the agreed start to won, of what was won and of what is still open."""

import math
from collections.abc import Sequence

import ibis

from alignment.lifecycle import Stage
from alignment.survival import cumulative_incidence
from leads.metrics import conversion as cohorts
from leads.metrics.business_clock import elapsed_columns
from leads.metrics.incidence import CONVERTED, curve_of, followed
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import Reckoned, Row, Selection, select

_STARTS = (Stage.OPPORTUNITY, Stage.SQL, Stage.SAL, Stage.MQL, Stage.LEAD)
_TENTHS = 10


def start_of_cycle(population: Population) -> Stage:
    """The stage at which the cycle begins: as asked, else the latest before won that is recorded."""
    if population.question.cycle_start is not None:
        return population.question.cycle_start
    entered = population.profile.entered
    return next((stage for stage in _STARTS if entered[stage]), Stage.OPPORTUNITY)


def sales_cycle(population: Population) -> Selection:
    """Median calendar days from the start to won, of the leads won in the period; tenths of days, whole ones where only days are known."""
    start = start_of_cycle(population)
    table = population.episodes
    taken = cohorts.days_taken(table, start, Stage.WON)
    tenths = cohorts.not_negative((taken * _TENTHS).floor().cast("int64"))
    return _of_won(
        population,
        table.mutate(tenths=tenths),
        start,
        "sales_cycle_median",
        f"median calendar days from {start.label} to won, of the leads won in the period",
        _TENTHS,
    )


def sales_cycle_in_business_days(population: Population) -> Selection:
    """`sales_cycle` in business days: open minutes between the two, in days of the length that an open day has."""
    start = start_of_cycle(population)
    table = elapsed_columns(population, population.episodes, {"minutes": (f"{start}_at", "won_at")})
    day = _length_of_a_business_day(population)
    return _of_won(
        population,
        table.mutate(tenths=table.minutes),
        start,
        "sales_cycle_business_median",
        (
            f"median business time from {start.label} to won, of the leads won in the period, in days of "
            f"{day / 60:.3g} open hours"
        ),
        day,
    )


def sales_cycle_of_all(population: Population) -> Selection:
    """Median days to won of the leads that entered the start in the period, those still open taken into account.

    The time by which half of those who win at all, as far as they were followed, have won: from the curve of Aalen and Johansen. Slow
    wins that have not come yet would be missing from the median of those won.
    """
    start = start_of_cycle(population)
    table = followed(population, start, Stage.WON)
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, start),
        hit=table.fate == CONVERTED,
        beside={"days": table.days, "fate": table.fate},
    )
    return Selection(
        name="sales_cycle_of_all_median",
        choice=selected,
        unit=Unit.DAYS,
        formula=(
            f"days after {start.label} by which half of those have won who will, open and lost leads taken into account "
            "(Aalen–Johansen)"
        ),
        from_stage=start,
        to_stage=Stage.WON,
        impossible=cohorts.impossible_between(population, start, Stage.WON),
        keys=("days", "fate"),
        reckon=_median_of_curve,
    )


def median_of_wins(counts: Sequence[tuple[float, int]]) -> Reckoned:
    """The median of times with how often each occurs, and the interval in which it lies."""
    n = sum(count for _, count in counts)
    if not n:
        return Reckoned(None, 0, 0, notes=("Nothing was won in the period.",))
    zeros = [0] * len(counts)
    curve = cumulative_incidence([time for time, _ in counts], [count for _, count in counts], zeros, zeros)
    return Reckoned(curve.time_of(0.5), n, n, curve.time_interval(0.5))


def _of_won(
    population: Population, table: ibis.Table, start: Stage, name: str, formula: str, per_day: float
) -> Selection:
    begun = table[f"{start}_at"]
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, Stage.WON),
        hit=ibis.literal(True),
        left_out=[(begun.isnull(), "no_start")],
        flags={"imputed": table[f"{start}_imputed"], "reversed": table.won_at < begun},
        beside={"tenths": table.tenths},
    )

    def reckon(rows: Sequence[Row]) -> Reckoned:
        return median_of_wins([(row["tenths"] / per_day, row["n"]) for row in rows])

    return Selection(
        name=name,
        choice=selected,
        unit=Unit.DAYS,
        formula=formula,
        from_stage=start,
        to_stage=Stage.WON,
        impossible=cohorts.impossible_between(population, start, Stage.WON),
        keys=("tenths",),
        reckon=reckon,
    )


def _median_of_curve(rows: Sequence[Row]) -> Reckoned:
    everyone = sum(row["n"] for row in rows)
    curve = curve_of(rows)
    won = int(curve.events.sum())
    if not won:
        return Reckoned(None, 0, everyone, notes=("None of these leads has been won yet.",))
    interval = curve.time_interval(0.5)
    notes: tuple[str, ...] = ()
    if interval is not None and math.isinf(interval.high):
        notes = ("Too few have been won to bound this from above.",)
    waiting = everyone - sum(row["n"] for row in rows if row["fate"] != "waiting")
    return Reckoned(curve.time_of(0.5), won, everyone, interval, notes, {"open": waiting})


def _length_of_a_business_day(population: Population) -> float:
    """Open minutes of a day on which there is any opening, on average over the week."""
    days = [sum(end - begin for begin, end in day) for day in population.question.hours.shifts if day]
    return sum(days) / len(days) if days else 1_440.0
