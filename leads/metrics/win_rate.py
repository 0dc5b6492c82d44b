"""Win rate: of what was closed in the period, the share that was won."""

from alignment.lifecycle import Stage
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import Selection, select


def win_rate(population: Population) -> Selection:
    """Won / (won + lost), by the close in the period. Open leads do not count; the cohort's rate is a conversion.

    Where an episode was both lost and won, the later of its first loss and first win holds. Without any recorded loss there is no win rate: it
    would be 100 %.
    """
    table = population.episodes
    won = table.won_at.notnull() & (table.lost_at.isnull() | (table.won_at >= table.lost_at))
    closed = won.ifelse(table.won_at, table.lost_at)
    entered = population.profile.entered
    impossible = None
    if not entered[Stage.LOST]:
        impossible = (
            "No lost leads are recorded, so there is no win rate; see the conversion to won instead."
            if entered[Stage.WON]
            else "Neither wins nor losses are recorded with a date."
        )
    return Selection(
        name="win_rate",
        table=select(population, table, counts=population.in_period(closed), hit=won),
        unit=Unit.SHARE,
        formula="won / (won + lost), of the leads closed in the period",
        to_stage=Stage.WON,
        impossible=impossible,
    )
