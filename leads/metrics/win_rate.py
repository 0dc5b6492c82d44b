"""Win rate: of what was closed in the period, the share that was won."""

from dataclasses import replace

import ibis

from alignment.lifecycle import Stage
from leads.metrics.conversion import conversion
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import Selection, select


def win_rate(population: Population) -> Selection:
    """Won / (won + lost), by the close in the period. Open leads do not count; the cohort's rate is a conversion.

    Where an episode was both lost and won, the later of its first loss and first win holds. Without any recorded loss there is no win rate: it
    would be 100 %.
    """
    table = population.episodes
    return Selection(
        name="win_rate",
        choice=select(population, table, counts=_closed_in_period(population, table), hit=is_won(table)),
        unit=Unit.SHARE,
        formula="won / (won + lost), of the leads closed in the period",
        to_stage=Stage.WON,
        impossible=why_no_win_rate(population),
    )


def win_rate_of_cohort(population: Population) -> Selection:
    """Won within W days of opening / opened at least W days ago: the conversion from opportunity to won, under its other name."""
    return replace(conversion(population, Stage.OPPORTUNITY, Stage.WON), name="win_rate_cohort")


def is_won(table: ibis.Table) -> ibis.Value:
    """Whether an episode was won, and not lost after that."""
    return table.won_at.notnull() & (table.lost_at.isnull() | (table.won_at >= table.lost_at))


def closed_at(table: ibis.Table) -> ibis.Value:
    """When an episode was won or lost; null while it is open."""
    return is_won(table).ifelse(table.won_at, table.lost_at)


def _closed_in_period(population: Population, table: ibis.Table) -> ibis.Value:
    if population.question.first_day is None and population.question.last_day is None:
        return table.won_at.notnull() | table.lost_at.notnull()  # sparing the engine to work out when
    return population.in_period(closed_at(table))


def why_no_win_rate(population: Population) -> str | None:
    """Why there can be no win rate; None where there can."""
    entered = population.profile.entered
    if entered[Stage.LOST]:
        return None
    if entered[Stage.WON]:
        return "No lost leads are recorded, so there is no win rate; see the conversion to won instead."
    return "Neither wins nor losses are recorded with a date."
