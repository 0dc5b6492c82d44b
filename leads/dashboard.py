"""Everything the dashboard shows of the leads, from one version of the facts.

It is built on one table of the episodes in which anything happened since the first day of the period (see
`leads.recent_leads`). Figures are the same as those of `leads.metrics.measuring`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import ibis

from alignment.errors import InvalidInput, NotFound
from alignment.lifecycle import Stage
from leads.goals import Amounts, count_in
from leads.metrics.acceptance import acceptance_rate, rejection_reasons, silent_rejections
from leads.metrics.conversion import conversion
from leads.metrics.population import Population
from leads.metrics.question import Measure, MetricQuestion
from leads.metrics.selection import PARTS_OF_A_FIGURE, Selection, measure
from leads.metrics.selection import leads_behind as ids_of
from leads.metrics.speed_to_lead import followed_up_in_time, speed_selection, speed_to_lead
from leads.metrics.volume import volume_of, volume_of_mqls
from leads.metrics.win_rate import win_rate
from leads.recent_leads import note_conversions, recent_population
from leads.store import Facts, warehouse

SPEEDS = ("speed_to_lead_median", "speed_to_lead_p90")
_STAGES = (Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON)


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
    facts: Facts,
    question: MetricQuestion,
    imported_at: str | None,
    spans: Mapping[str, tuple[date, date]],
    held: Callable[[], None] = lambda: None,
) -> DashboardFigures:
    """All figures of the dashboard. `spans` are the periods of goals, by key (see `leads.goals`).

    `held` is called as soon as others who ask about leads of the period find what they need in the engine's memory.
    """
    population = _population(facts, question, imported_at, [first for first, _ in spans.values()])
    _ = population.episodes
    held()
    note_conversions(population)
    figures = [figure for make in _makers(population).values() for figure in measure(population, make())]
    figures += [figure for figure in speed_to_lead(population) if figure.name in SPEEDS]
    figures += rejection_reasons(population)
    return DashboardFigures(
        revision=facts.revision,
        measures=tuple(figures),
        weeks=_weeks(population),
        standing=_standing(population),
        goals=count_in(population, spans) if spans else {},
    )


def leads_behind(
    facts: Facts,
    question: MetricQuestion,
    key: str,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    size: int = 50,
) -> list[str]:
    """Ids of the leads behind a figure of the dashboard, page by page: `key` as in `Measure.key`.

    `part` is counted, hit or excluded, `group` the value of the group or a reason of rejection, None for the total. Raises
    NotFound for a key that has none, InvalidInput for a part that is none.
    """
    if part not in PARTS_OF_A_FIGURE:
        raise InvalidInput(f"“{part}” is no part of a figure. Use one of: {', '.join(PARTS_OF_A_FIGURE)}.")
    population = _population(facts, question, warehouse().imported_at(), ())
    if key.startswith("conversion"):
        note_conversions(population)
    makers = _makers(population)
    makers |= {f"{name}:mql": partial(speed_selection, population, name) for name in SPEEDS}
    if key.startswith("rejection_reason") and group is not None:
        makers[key], group = partial(_rejected_for, population, group), None
    if key not in makers:
        raise NotFound(f"There is no figure “{key[:80]}” with leads behind it.")
    page, size = max(1, page), min(max(1, size), 500)
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
    decided = acceptance_rate(population)
    table = decided.table
    given = population.episodes.select("lead_id", "number", given="reason")
    table = table.left_join(given, ["lead_id", "number"])
    hit = ~table.hit & (table.given.coalesce("(none)") == reason)
    return replace(decided, name="rejection_reason", table=table.mutate(hit=hit))


def _population(
    facts: Facts, question: MetricQuestion, imported_at: str | None, others: Sequence[date]
) -> Population:
    """The episodes in which anything happened since the first day of the period, or one of the `others`."""
    since = None if question.first_day is None else min([question.first_day, *others])
    return recent_population(facts, question, imported_at, since)


def _weeks(population: Population) -> tuple[WeekOfLeads, ...]:
    table = _entered(population)
    by_zone = population.local_day(table.mql_at)
    day = table.mql_day_only.fill_null(False).ifelse(table.mql_day, by_zone)
    table = table.mutate(week=day.truncate("W"), qualified=_qualified(table))
    counted = table.group_by("week", "definition").aggregate(
        qualified=table.qualified.sum(), others=(~table.qualified).sum()
    )
    return tuple(
        WeekOfLeads(row["week"], row["definition"], row["qualified"] or 0, row["others"] or 0)
        for row in population.facts.rows(counted.order_by("week", "definition"))
    )


def _standing(population: Population) -> WhereTheyStand:
    table = _entered(population)
    table = table.filter(_qualified(table))
    won = table.won_at.notnull()
    lost = table.lost_at.notnull() & (table.won_at.isnull() | (table.lost_at > table.won_at))
    accepted = ibis.least(table.accepted_at, *(table[f"{stage}_at"] for stage in _STAGES))
    turned_down = table.rejected_at.notnull() & accepted.isnull() & ~lost
    entered = population.profile.entered
    counts: dict[str, Any] = {stage.value: table[f"{stage}_at"].count() for stage in _STAGES}
    counts["sal"] = accepted.count()
    counts["won"] = (won & ~lost).sum()
    row = population.facts.rows(
        table.aggregate(n=table.count(), lost=lost.sum(), turned_down=turned_down.sum(), **counts)
    )[0]
    known = [
        stage for stage in _STAGES if entered[stage] or (stage is Stage.SAL and population.profile.decided)
    ]
    return WhereTheyStand(
        leads=row["n"],
        reached={stage: row[stage.value] or 0 for stage in known},
        turned_down=row["turned_down"] or 0,
        lost=row["lost"] or 0,
    )


def _entered(population: Population) -> ibis.Table:
    table = population.genuine
    return table.filter(population.entered_in_period(table, Stage.MQL))


def _qualified(table: ibis.Table) -> ibis.Value:
    """Whether an episode meets the definition that applies to it; every one does where there is none."""
    return table.verdict.fill_null(False)
