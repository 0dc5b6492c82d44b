"""How many leads came to a stage in the period."""

from alignment.lifecycle import Stage
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import Choice, Selection, select


def volume_of_mqls(population: Population) -> Selection:
    """Leads whose entry to MQL lies in the period and which meet the definition in force at that instant.

    Those that fail it, or leave it open, are excluded and counted. A recycled lead counts once per entry.
    """
    table = population.episodes
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, Stage.MQL),
        hit=table.mql_at.notnull(),
        flags={"imputed": table.mql_imputed},
    )
    return Selection(
        name="volume",
        choice=selected,
        unit=Unit.LEADS,
        formula="leads that entered MQL in the period and meet the definition in force when they did",
        to_stage=Stage.MQL,
    )


def volume_of(population: Population, stage: Stage) -> Selection:
    """Leads whose entry to any other stage lies in the period, whatever the definition of an MQL says of them."""
    table = population.episodes
    at = table[f"{stage}_at"]
    flags = {"imputed": table[f"{stage}_imputed"]} if f"{stage}_imputed" in table.columns else {}
    return Selection(
        name="volume",
        choice=Choice(
            table,
            counts=population.entered_in_period(table, stage),
            hit=at.notnull(),
            left_out=tuple(population.tests_to_leave_out(table)),
            flags=flags,
        ),
        unit=Unit.LEADS,
        formula=f"leads that entered {stage.label} in the period",
        to_stage=stage,
    )
