"""Everything the dashboard shows of the leads, from one version of the facts, built on one table of episodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis

from alignment.lifecycle import Stage
from leads.goals import Amounts, count_in
from leads.metrics.acceptance import acceptance_rate, rejection_reasons, silent_rejections
from leads.metrics.conversion import conversion
from leads.metrics.population import Population
from leads.metrics.question import Measure, MetricQuestion
from leads.metrics.selection import measure
from leads.metrics.speed_to_lead import followed_up_in_time, speed_to_lead
from leads.metrics.volume import volume_of, volume_of_mqls
from leads.metrics.win_rate import win_rate
from leads.store import Facts

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
) -> DashboardFigures:
    """All figures of the dashboard. `spans` are the periods of goals, by key (see `leads.goals`)."""
    population = Population(facts, question, imported_at)
    selections = [
        volume_of_mqls(population),
        volume_of(population, Stage.WON),
        acceptance_rate(population),
        silent_rejections(population),
        followed_up_in_time(population),
        conversion(population, Stage.MQL, Stage.WON),
        win_rate(population),
    ]
    figures = [figure for selection in selections for figure in measure(population, selection)]
    figures += speed_to_lead(population)
    figures += rejection_reasons(population)
    return DashboardFigures(
        revision=facts.revision,
        measures=tuple(figures),
        weeks=_weeks(population),
        standing=_standing(population),
        goals=count_in(population, spans) if spans else {},
    )


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
