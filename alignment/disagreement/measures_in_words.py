"""Measures as people read them: effects with their intervals, and what a disagreement costs in leads.

The units of questions come from people; whoever shows a sentence has to escape it.
"""

from datetime import timedelta

from alignment.disagreement.costs import LeadsApart
from alignment.disagreement.results import Effect
from alignment.questionnaires import Question
from alignment.statistics import Interval
from alignment.texts import number_text

EFFECTS = {
    "total_variation": "Share of one team that would have to answer differently",
    "largest_difference": "Largest difference on one answer",
    "mean_difference": "Mean difference over the answers",
    "difference_cant_say": "Difference in who can't say",
    "cliffs_delta": "Cliff's δ (−1 marketing higher, 1 sales higher)",
    "bergsma_v": "Bergsma's V (0 to 1)",
    "difference_of_medians": "Difference of the medians",
    "kendall_tau": "Kendall's τ between the orders (1 alike, −1 opposite)",
    "largest_place_difference": "Largest difference of mean places",
    "kendall_w_sales": "Kendall's W in sales (1 all agree)",
    "kendall_w_marketing": "Kendall's W in marketing (1 all agree)",
    "cohens_kappa": "Cohen's κ between the majorities (1 alike)",
    "krippendorff_alpha_sales": "Krippendorff's α in sales (1 all agree)",
    "krippendorff_alpha_marketing": "Krippendorff's α in marketing (1 all agree)",
}
"""What each effect (see `results.Effect`) is called."""

_DIFFERENCES = ("largest_difference", "mean_difference", "difference_cant_say")


def effect_in_words(effect: Effect, question: Question) -> str:
    """The effect with its name, its unit and its interval."""
    text = f"{EFFECTS.get(effect.name, effect.name)}: {effect_value(effect, question)}"
    if effect.interval is None:
        return text
    return f"{text}, 95% interval {effect_interval(effect, effect.interval, question)}"


def effect_value(effect: Effect, question: Question) -> str:
    """The effect alone, in its unit."""
    return _number(effect, effect.value, question)


def effect_interval(effect: Effect, interval: Interval, question: Question) -> str:
    """An interval of the effect, in its unit."""
    unit = _unit(effect, question)
    low = _number(effect, interval.low, question).removesuffix(unit)
    return f"{low} to {_number(effect, interval.high, question)}"


def leads_of(apart: LeadsApart) -> str:
    """Which leads were looked at: 'leads of July to September 2026', or 'past leads' where all of them were."""
    first, last = apart.first_day, apart.last_day
    if first is None or last is None:
        return "past leads"
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        start, end = f"{first:%B}", f"{last:%B %Y}"
        if (first.year, first.month) == (last.year, last.month):
            return f"leads of {end}"
    else:
        start, end = f"{first.day} {first:%B}", f"{last.day} {last:%B %Y}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"leads of {start}{year} to {end}"


def untold_in_words(apart: LeadsApart) -> str:
    """Why leads do not say what a disagreement costs: both rules can tell of too few."""
    return (
        f"What the difference costs is not told: too few past leads have what both typical rules ask for. Of the "
        f"{apart.judged + apart.untold:,} {leads_of(apart)} both can tell of {apart.judged:,}."
    )


def leads_in_words(apart: LeadsApart) -> str:
    """What the two typical rules would do with past leads, of which time, and what became of those they treat differently."""
    untold = f" Of {apart.untold:,} more it cannot be told." if apart.untold else ""
    if not apart.differently:
        return f"The two typical rules treat all of {apart.judged:,} {leads_of(apart)} alike.{untold}"
    sides = [
        f"{'all of these' if count == apart.differently else f'{count:,}'} only {team.label} would call qualified "
        f"({apart.won[team]:,} of them won)"
        for team, count in apart.only.items()
        if count
    ]
    return (
        f"The two typical rules treat {apart.differently:,} of {apart.judged:,} {leads_of(apart)} differently: "
        f"{', and '.join(sides)}.{untold}"
    )


def _unit(effect: Effect, question: Question) -> str:
    """What follows a number: a difference of shares is in points, as it is no share of anything."""
    if effect.name in _DIFFERENCES:
        return " points"
    return f" {question.unit}" if question.unit and effect.name == "difference_of_medians" else ""


def _number(effect: Effect, value: float, question: Question) -> str:
    if effect.name in _DIFFERENCES:
        text = f"{round(value * 100)}"
    elif effect.name == "total_variation":
        text = f"{round(value * 100)}%"
    else:
        text = number_text(value) if effect.name == "difference_of_medians" else f"{value:.2f}"
    return text.replace("-", "−") + _unit(effect, question)
