"""The leads that marketing delivers: how many, and how many of them sales accepts; and which leads a promise is about."""

from dataclasses import replace
from datetime import date
from typing import Any

import ibis

from alignment.promises import WITHOUT_VALUE
from leads.metrics.acceptance import acceptance_of_due
from leads.metrics.population import Population
from leads.metrics.question import GroupBy, Measure, MetricQuestion
from leads.metrics.selection import measure_each
from leads.metrics.volume import volume_of_mqls
from leads.model import column_of
from leads.recent_leads import recent_population
from leads.store import warehouse

Span = tuple[date | None, date | None, tuple[str, str] | None]
"""Days of a promise to deliver, first and last, and of which leads: a field and its value, or None for all."""


def measure_delivery(
    question: MetricQuestion, only: tuple[str, str] | None = None
) -> tuple[Measure, Measure]:
    """The qualified leads of the period, and which share of those sales accepted whose decision is due.

    `only` is a field of the leads and the value they have to have in it.
    """
    with warehouse().read() as facts:
        population = population_of(facts, question, None, question.first_day)
        return delivered_in(population, (question.first_day, question.last_day, only))


def delivered_in(population: Population, span: Span) -> tuple[Measure, Measure]:
    """`measure_delivery` of days within the period of a population, from its episodes."""
    first_day, last_day, only = span
    asked = replace(
        population,
        question=replace(population.question, first_day=first_day, last_day=last_day),
        tables={} if only else population.tables,
    )
    asked.profile, asked.episodes = population.profile, kept_to(population, population.episodes, only)
    selections = [volume_of_mqls(asked), acceptance_of_due(asked)]
    if unknown := no_such_field(asked, only):
        selections = [replace(one, impossible=unknown) for one in selections]
    delivered, accepted = measure_each(asked, selections)
    return delivered[0], accepted[0]


def population_of(facts: Any, question: MetricQuestion, by: str | None, since: date | None) -> Population:
    """The episodes in which anything happened since a day; all where it is None."""
    # the split of the question itself needs a field of the leads; that of a promise is put in its place
    asked = replace(question, by=GroupBy.DEFINITION if by else None)
    return recent_population(facts, asked, warehouse().imported_at(), since)


def no_such_field(population: Population, only: tuple[str, str] | None) -> str | None:
    """Why no lead can be of a kind: leads have no such field; None where they have it, and for all leads."""
    if only is None or _holder(population, column_of(only[0])) is not None:
        return None
    return f"Leads have no field “{only[0]}” any more."


def kept_to(population: Population, table: ibis.Table, only: tuple[str, str] | None) -> ibis.Table:
    """The episodes of leads with a value in a field; of none where leads have no such field."""
    if only is None:
        return table
    field, value = only
    column = column_of(field)
    holder = _holder(population, column)
    if holder is None:
        return table.filter(ibis.literal(False))
    has = holder[column].isnull() if value == WITHOUT_VALUE else holder[column].cast("string") == value
    return table.semi_join(holder.filter(has).select("lead_id").distinct(), "lead_id")


def _holder(population: Population, column: str) -> ibis.Table | None:
    """Where a field of the leads stands: with their episodes, which know what merged records tell, or with the leads."""
    tables = (population.facts.episode, population.facts.lead)
    return next((table for table in tables if column in table.columns), None)
