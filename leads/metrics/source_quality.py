"""How good each source is, with as much doubt as its number of leads leaves: rates pulled towards those of the rest."""

from dataclasses import replace

from alignment.lifecycle import Stage
from alignment.shrinkage import shrink
from leads.metrics.conversion import conversion, conversion_since_recording
from leads.metrics.counting import Counted
from leads.metrics.population import Population
from leads.metrics.question import OTHERS, GroupBy, Measure
from leads.metrics.selection import Selection, figures_of
from leads.metrics.win_rate import win_rate

FEWEST = 10
NAMES = ("quality_conversion", "quality_win_rate")
_NO_SOURCES = (GroupBy.WEEK, GroupBy.MONTH, GroupBy.DEFINITION)


def quality_of_sources(population: Population, name: str) -> Selection | None:
    """One of `NAMES`: the rate of each group as it is to be believed; None where the question splits by no sources or fields.

    Numerator and denominator are what was counted; `parts` has that rate as `raw`, and what such groups have on the
    whole as `overall`. Groups below `FEWEST` leads have no value. What is gathered as others is left out.
    """
    if population.question.by is None or population.question.by in _NO_SOURCES:
        return None
    return replace(selection_of(population, name), tell=_shrunk)


def selection_of(population: Population, name: str) -> Selection:
    """The leads that one of `NAMES` rests on."""
    if name == "quality_win_rate":
        found = win_rate(population)
    else:
        recorded = conversion_since_recording(population, Stage.MQL, Stage.WON)
        found = recorded or conversion(population, Stage.MQL, Stage.WON)
    formula = f"{found.formula}; pulled towards the rate of the other groups as far as few leads leave it open (beta-binomial)"
    return replace(found, name=name, formula=formula)


def _shrunk(population: Population, selection: Selection, counted: Counted) -> list[Measure]:
    if selection.impossible is not None:
        return []
    figures = [figure for figure in figures_of(population, selection, counted) if figure.group]
    groups = [figure for figure in figures if figure.denominator and OTHERS not in figure.group.values()]
    if not groups:
        return []
    rates = shrink([group.numerator for group in groups], [group.denominator for group in groups])
    found = []
    for figure, rate in zip(groups, rates.rates, strict=True):
        parts = {"raw": figure.numerator / figure.denominator, "overall": rates.overall}
        if figure.denominator < FEWEST:
            note = f"Fewer than {FEWEST} leads: too few to judge."
            figure = replace(figure, value=None, interval=None, notes=(*figure.notes, note), parts=parts)
        else:
            figure = replace(figure, value=rate.mean, interval=rate.interval, parts=parts)
        found.append(figure)
    return found
