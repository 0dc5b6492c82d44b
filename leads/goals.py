"""How much of each measure of a goal there is in its period: all goals in one look at the leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis

from alignment.goals import GoalMeasure
from alignment.lifecycle import Stage
from leads.closed_periods import Period, within
from leads.metrics.population import Population
from leads.metrics.question import NO_DEFINITION, MetricQuestion
from leads.store import warehouse

_STAGES = {
    GoalMeasure.QUALIFIED: Stage.MQL,
    GoalMeasure.OPPORTUNITIES: Stage.OPPORTUNITY,
    GoalMeasure.WON: Stage.WON,
}


@dataclass(frozen=True)
class Amounts:
    """What there is in one period: leads by measure (of revenue, the won ones that have a value), the value of the won ones
    with the sum of its squares.

    `currencies` are those of the won leads' values, which are added as they stand. `definitions` are the labels by which the qualified leads were judged, in alphabetical order.
    """

    counts: Mapping[GoalMeasure, int]
    value: float
    value_squares: float
    currencies: tuple[str, ...]
    definitions: tuple[str, ...]


def count_amounts(question: MetricQuestion, spans: Mapping[str, tuple[date, date]]) -> Mapping[str, Amounts]:
    """The amounts of each span of days (both ends included), under the key it was asked for.

    Each lead counts by the day on which it came to the stage; qualified leads are those that meet the definition in force
    then. A stage that was skipped counts on the day of the next one.
    """
    facts = warehouse()
    with facts.read() as session:
        return count_in(Population(session, question, facts.imported_at()), spans)


def count_in(population: Population, spans: Mapping[str, tuple[date, date]]) -> Mapping[str, Amounts]:
    """`count_amounts` within a run that has its population already."""
    session, table = population.facts, population.genuine
    numbered = list(enumerate(spans.values()))
    counted = {
        f"{name}_{n}": of for n, span in numbered for name, of in _counts(population, table, span).items()
    }
    counted |= {
        f"{name}_{n}": of for n, span in numbered for name, of in _values(population, table, span).items()
    }
    row = session.rows(table.aggregate(**counted))[0]
    return {
        key: Amounts(
            counts={measure: row[f"{measure.value}_{n}"] or 0 for measure in GoalMeasure},
            value=float(row[f"value_{n}"] or 0.0),
            value_squares=float(row[f"squares_{n}"] or 0.0),
            currencies=tuple(sorted(row[f"currencies_{n}"] or ())),
            definitions=tuple(sorted(row[f"definitions_{n}"] or ())),
        )
        for n, key in enumerate(spans)
    }


def hits_in(
    population: Population, table: ibis.Table, span: tuple[date, date]
) -> dict[GoalMeasure, ibis.Value]:
    """Whether an episode of `table` counts for each measure in a span of days (both ends included)."""
    entered = {measure: _entered(population, table, stage, span) for measure, stage in _STAGES.items()}
    accepted = ibis.least(table.accepted_at, table.sal_at)
    turned_down = (table.rejected_at < accepted).fill_null(False)
    in_span = within(accepted, Period(*span), population.question.timezone).fill_null(False)
    return {
        **entered,
        GoalMeasure.QUALIFIED: entered[GoalMeasure.QUALIFIED] & table.verdict.fill_null(False),
        GoalMeasure.ACCEPTED: accepted.notnull() & in_span & ~turned_down,
        GoalMeasure.REVENUE: entered[GoalMeasure.WON] & table["value"].notnull(),
    }


def _counts(population: Population, table: ibis.Table, span: tuple[date, date]) -> dict[str, ibis.Value]:
    hits = hits_in(population, table, span)
    labels = table.definition.nullif(NO_DEFINITION)
    return {
        **{measure.value: hit.sum() for measure, hit in hits.items()},
        "definitions": labels.collect(where=hits[GoalMeasure.QUALIFIED], distinct=True),
    }


def _values(population: Population, table: ibis.Table, span: tuple[date, date]) -> dict[str, ibis.Value]:
    inside = _entered(population, table, Stage.WON, span)
    return {
        "value": table["value"].sum(where=inside),
        "squares": (table["value"] * table["value"]).sum(where=inside),
        "currencies": table.currency.collect(where=inside & table["value"].notnull(), distinct=True),
    }


def _entered(population: Population, table: ibis.Table, stage: Stage, span: tuple[date, date]) -> ibis.Value:
    """Whether a stage was entered in a span of days; where the source tells only the day, by the day it tells."""
    day, (first, last) = table[f"{stage}_day"], span
    by_instant = within(table[f"{stage}_at"], Period(first, last), population.question.timezone)
    by_day = (day >= first) & (day <= last)
    inside = table[f"{stage}_day_only"].fill_null(False).ifelse(by_day, by_instant)
    return (table[f"{stage}_at"].notnull() & inside).fill_null(False)
