"""Everything the dashboard shows of the leads, from one version of the facts.

It is built on one table of the episodes in which anything happened since the first day of the period (see
`leads.recent_leads`). Figures are the same as those of `leads.metrics.measuring`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import ibis

from alignment.errors import InvalidInput, NotFound
from alignment.goals import GoalMeasure
from alignment.lifecycle import Stage
from leads.goals import Amounts, count_in, hits_in
from leads.metrics.acceptance import acceptance_rate, reasons_of_rejection, rejected_for, silent_rejections
from leads.metrics.conversion import conversion
from leads.metrics.population import Population
from leads.metrics.question import Measure, MetricQuestion
from leads.metrics.selection import PARTS_OF_A_FIGURE, Selection, measure_each
from leads.metrics.selection import leads_behind as ids_of
from leads.metrics.speed_to_lead import followed_up_in_time, speed_selection
from leads.metrics.volume import volume_of, volume_of_mqls
from leads.metrics.win_rate import win_rate
from leads.recent_leads import note_conversions, recent_population
from leads.store import Facts, warehouse

SPEEDS = ("speed_to_lead_median", "speed_to_lead_p90")
PLACES = ("delivered", "sal", "sql", "opportunity", "won", "turned_down", "lost", "open")
"""Where the qualified leads of a period stand: all of them, those that came to a stage, and those at an end or at none."""
_STAGES = (Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON)
_NO_LEADS = "There is no figure “{}” with leads behind it."


@dataclass(frozen=True)
class WeekOfLeads:
    """The leads that became an MQL in one week: by definition that applied, those that meet it and the others."""

    monday: date
    definition: str
    qualified: int
    others: int


@dataclass(frozen=True)
class WhereTheyStand:
    """What has become so far of the qualified leads of a period: how many came at least to each stage.

    A stage that is recorded of no lead at all is not in `reached`. `turned_down` were rejected by sales and did not go on,
    `lost` were lost and not won after it; the others are `open`.
    """

    leads: int
    reached: Mapping[Stage, int]
    turned_down: int
    lost: int

    @property
    def open(self) -> int:
        """Neither won nor lost nor turned down yet."""
        return self.leads - self.reached.get(Stage.WON, 0) - self.turned_down - self.lost


@dataclass(frozen=True)
class DashboardFigures:
    """The figures of a question in total and by part, the weeks, where the leads stand, and what there is of each goal.

    `revision` is the version of the facts all of it was computed from.
    """

    revision: str
    measures: tuple[Measure, ...]
    weeks: tuple[WeekOfLeads, ...]
    standing: WhereTheyStand
    goals: Mapping[str, Amounts]


def compute(
    question: MetricQuestion,
    spans: Mapping[str, tuple[date, date]],
    held: Callable[[], None] = lambda: None,
) -> DashboardFigures:
    """All figures of the dashboard, from the version in force. `spans` are the periods of goals, by key (see `leads.goals`).

    `held` is called as soon as others who ask about leads of the period find what they need in the engine's memory.
    """
    imported_at = warehouse().imported_at()
    with warehouse().read() as facts:
        population = _population(facts, question, imported_at, [first for first, _ in spans.values()])
        _ = population.episodes
        held()
        note_conversions(population)
        selections = [make() for make in _makers(population).values()]
        selections += [speed_selection(population), reasons_of_rejection(population)]
        measured = measure_each(population, selections)
        weeks, standing = _weeks_and_standing(population)
        return DashboardFigures(
            revision=facts.revision,
            measures=tuple(figure for figures in measured for figure in figures),
            weeks=weeks,
            standing=standing,
            goals=count_in(population, spans) if spans else {},
        )


def leads_behind(
    question: MetricQuestion,
    key: str,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    size: int = 50,
) -> list[str]:
    """Ids of the leads behind a figure of the dashboard, page by page: `key` as in `Measure.key`.

    `part` is counted, hit or excluded, `group` the value of the group or a reason of rejection, None for the total. What is
    no measure has keys of its own: `standing` with the place where leads stand as group (of `PLACES`), `week` with its Monday,
    of which those that meet the definition hit and the others are excluded, and `goal` with what is counted in the period.
    Raises NotFound for a key or group that has none, InvalidInput for a part that is none.
    """
    if part not in PARTS_OF_A_FIGURE:
        raise InvalidInput(f"“{part}” is no part of a figure. Use one of: {', '.join(PARTS_OF_A_FIGURE)}.")
    page, size = max(1, page), min(max(1, size), 500)
    with warehouse().read() as facts:
        population = _population(facts, question, warehouse().imported_at(), ())
        if key in _LISTS:
            ids = _LISTS[key](population, str(group), part).select("lead_id").distinct().order_by("lead_id")
            return [row["lead_id"] for row in facts.rows(ids.limit(size, offset=(page - 1) * size))]
        if key.startswith("conversion"):
            note_conversions(population)
        makers = _makers(population)
        makers |= {f"{name}:mql": partial(speed_selection, population, name) for name in SPEEDS}
        if key.startswith("rejection_reason") and group is not None:
            makers[key], group = partial(_rejected_for, population, group), None
        if key not in makers:
            raise NotFound(_NO_LEADS.format(key[:80]))
        return ids_of(population, makers[key](), part, group, (page - 1) * size, size)


def _makers(population: Population) -> dict[str, Callable[[], Selection]]:
    return {
        "volume:mql": lambda: volume_of_mqls(population),
        "volume:won": lambda: volume_of(population, Stage.WON),
        "acceptance_rate:mql:sal": lambda: acceptance_rate(population),
        "silent_rejections:mql": lambda: silent_rejections(population),
        "followed_up_in_time:mql": lambda: followed_up_in_time(population),
        "conversion:mql:won": lambda: conversion(population, Stage.MQL, Stage.WON),
        "win_rate:won": lambda: win_rate(population),
    }


def _rejected_for(population: Population, reason: str) -> Selection:
    """The leads that were decided on, of which those hit that were rejected for this reason; `(none)` is none given."""
    return rejected_for(population, reason)


def _population(
    facts: Facts, question: MetricQuestion, imported_at: str | None, others: Sequence[date]
) -> Population:
    """The episodes in which anything happened since the first day of the period, or one of the `others`."""
    since = None if question.first_day is None else min([question.first_day, *others])
    return recent_population(facts, question, imported_at, since)


def _weeks_and_standing(population: Population) -> tuple[tuple[WeekOfLeads, ...], WhereTheyStand]:
    """Both in one look: the leads of the period by week, and by where those that are qualified stand."""
    table = _by_week(population)
    places = {name: (table.qualified & place).sum().coalesce(0) for name, place in _places(table).items()}
    counted = table.group_by("week", "definition").aggregate(
        qualified=table.qualified.sum(), others=(~table.qualified).sum(), **places
    )
    rows = population.facts.rows(counted.order_by("week", "definition"))
    weeks = tuple(
        WeekOfLeads(row["week"], row["definition"], row["qualified"] or 0, row["others"] or 0) for row in rows
    )
    at = {name: sum(row[name] for row in rows) for name in PLACES}
    entered = population.profile.entered
    known = [
        stage for stage in _STAGES if entered[stage] or (stage is Stage.SAL and population.profile.decided)
    ]
    reached = {stage: at[stage.value] for stage in known}
    return weeks, WhereTheyStand(at["delivered"], reached, at["turned_down"], at["lost"])


def _by_week(population: Population) -> ibis.Table:
    """The episodes of the period, with the Monday of the `week` in which each became an MQL, and whether it is `qualified`."""
    table = _entered(population)
    by_zone = population.local_day(table.mql_at)
    day = table.mql_day_only.fill_null(False).ifelse(table.mql_day, by_zone)
    return table.mutate(week=day.truncate("W"), qualified=_qualified(table))


def _leads_of_week(population: Population, monday: str, part: str) -> ibis.Table:
    try:
        day = date.fromisoformat(monday)
    except ValueError as error:
        raise NotFound(_NO_LEADS.format(monday[:80])) from error
    table = _by_week(population)
    table = table.filter(table.week == day)
    match part:
        case "hit":
            return table.filter(table.qualified)
        case "excluded":
            return table.filter(~table.qualified)
    return table


def _places(table: ibis.Table) -> dict[str, ibis.Value]:
    """Whether an episode counts under each of `PLACES`."""
    lost = table.lost_at.notnull() & (table.won_at.isnull() | (table.lost_at > table.won_at))
    won = table.won_at.notnull() & ~lost
    accepted = ibis.least(table.accepted_at, *(table[f"{stage}_at"] for stage in _STAGES))
    turned_down = table.rejected_at.notnull() & accepted.isnull() & ~lost
    return {
        "delivered": table.mql_at.notnull(),
        "sal": accepted.notnull(),
        "sql": table.sql_at.notnull(),
        "opportunity": table.opportunity_at.notnull(),
        "won": won,
        "turned_down": turned_down,
        "lost": lost,
        "open": ~won & ~turned_down & ~lost,
    }


def _leads_at(population: Population, place: str, part: str) -> ibis.Table:
    table = _delivered(population)
    places = _places(table)
    if place not in places:
        raise NotFound(_NO_LEADS.format(place[:80]))
    return table.filter(places[place])


def _delivered(population: Population) -> ibis.Table:
    """The qualified episodes of the period."""
    table = _entered(population)
    return table.filter(_qualified(table))


def _leads_of_goal(population: Population, measure: str, part: str) -> ibis.Table:
    question = population.question
    if measure not in set(GoalMeasure) or question.first_day is None or question.last_day is None:
        raise NotFound(_NO_LEADS.format(measure[:80]))
    table = population.genuine
    return table.filter(
        hits_in(population, table, (question.first_day, question.last_day))[GoalMeasure(measure)]
    )


def _entered(population: Population) -> ibis.Table:
    table = population.genuine
    return table.filter(population.entered_in_period(table, Stage.MQL))


def _qualified(table: ibis.Table) -> ibis.Value:
    """Whether an episode meets the definition that applies to it; every one does where there is none."""
    return table.verdict.fill_null(False)


_LISTS: dict[str, Callable[[Population, str, str], ibis.Table]] = {
    "standing": _leads_at,
    "week": _leads_of_week,
    "goal": _leads_of_goal,
}
"""The leads of what is no measure, by key: made from the population, the group and the part."""
