"""How a numeric field of past leads is spread, counted in the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from alignment.field_spread import Classes, round_classes
from leads.closed_periods import EVERYTHING, Period, within
from leads.model import column_of
from leads.rule_expressions import as_number
from leads.store import Facts


@dataclass(frozen=True)
class CountedSpread:
    """How many leads lie in each class, by what became of them, and of how many the field is not known."""

    classes: Classes
    won: tuple[int, ...]
    lost: tuple[int, ...]
    open: tuple[int, ...]
    unknown: int


def spread_of(
    facts: Facts,
    field: str,
    period: Period = EVERYTHING,
    timezone: str = "UTC",
    marks: Sequence[float] = (),
) -> CountedSpread | None:
    """The leads that came in `period` by classes of a field, in two looks at them; `marks` are values to be seen.

    None where the leads have no such field, or no number in it.
    """
    population = facts.followed
    if column_of(field) not in population.columns:
        return None
    population = population.filter(within(population.came_at, period, timezone))
    value = as_number(population, field)
    table = population.select("won", "lost", value=value)
    value = table.value
    [found] = facts.rows(
        table.aggregate(
            low=value.min(),
            high=value.max(),
            middle=value.quantile(0.5),
            usual_low=value.quantile(0.01),
            usual_high=value.quantile(0.99),
            whole=(value % 1 == 0).all(),
        )
    )
    if found["low"] is None:
        return None
    classes = round_classes(
        found["low"],
        found["high"],
        found["middle"],
        (found["usual_low"], found["usual_high"]),
        found["whole"],
        marks,
    )
    steps = ((value >= edge).cast("int32") for edge in classes.edges[1:-1])
    table = table.mutate(place=sum(steps, ibis.literal(0, "int32"))).mutate(known=value.notnull())
    counted = table.group_by("known", "place").aggregate(
        n=table.count(), won=table.won.sum(), lost=table.lost.sum()
    )
    rows = facts.rows(counted)
    of = {row["place"]: row for row in rows if row["known"]}
    nothing = {"n": 0, "won": 0, "lost": 0}
    cells = [of.get(place, nothing) for place in range(len(classes.labels))]
    return CountedSpread(
        classes,
        won=tuple(cell["won"] for cell in cells),
        lost=tuple(cell["lost"] for cell in cells),
        open=tuple(cell["n"] - cell["won"] - cell["lost"] for cell in cells),
        unknown=sum(row["n"] for row in rows if not row["known"]),
    )
