"""Speed to lead: business minutes until somebody tries to reach a lead. Those who wait count too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis

from alignment.lifecycle import Stage
from alignment.statistics import SurvivalCurve, kaplan_meier_counts
from leads.lean import lean
from leads.metrics.acceptance import start_of_clock
from leads.metrics.business_clock import divided, elapsed_columns, is_inside
from leads.metrics.counting import Counted
from leads.metrics.population import Population
from leads.metrics.question import Measure, Unit
from leads.metrics.selection import Row, Selection, identity_of, measure, passport, select, tally

QUANTILES = {"median": 0.5, "p90": 0.9}
TO_THE_MINUTE = 10_000
"""Business minutes, about four weeks, above which times are told to the hour."""


@dataclass(frozen=True)
class Answer:
    """What a lead waits for: the column of its time, in words, and what is said where nothing of the kind is recorded."""

    column: str
    words: str
    not_yet: str
    missing: str


ANSWERS = {
    "speed_to_lead": Answer(
        "attempted_at", "the first contact attempt", "been called", "No contact attempt is recorded."
    ),
    "speed_to_contact": Answer(
        "contacted_at",
        "the first two-way contact",
        "been spoken to",
        "No contact is recorded in which a lead answered.",
    ),
    "speed_to_qualification": Answer(
        "sql_at",
        "the entry to SQL",
        "been qualified by sales",
        "No entry to SQL is recorded with a date.",
    ),
}
NAMES = tuple(f"{name}_{quantile}" for name in ANSWERS for quantile in QUANTILES)
_KEPT = ("part", "definition", "verdict", "test", "start", "answered", "closed", "early")
_NO_ATTEMPTS = ANSWERS["speed_to_lead"].missing


def waiting(population: Population, answer: Answer = ANSWERS["speed_to_lead"]) -> ibis.Table:
    """Episodes with `start`, `answered`, `closed`, `minutes` (business time to the answer, or waited so far), `early`.

    An answer before the start took 0 minutes and is `early`. Who got none is censored at the as-of time, or
    when sales rejected or lost the lead, or when its next episode began: nobody was going to call any more.
    """
    table = population.episodes
    table = table.mutate(start=start_of_clock(population, table))
    answered_at = table[answer.column]
    closing = (table.rejected_at, table.lost_at, table.until_at)
    table = table.mutate(
        end=ibis.coalesce(answered_at, ibis.least(*closing), population.as_of),
        answered=answered_at.notnull(),
        closed=ibis.or_(*(at.notnull() for at in closing)),
        early=answered_at < table.start,
    )
    table = lean(table.select(*identity_of(table), *_KEPT, "end"))
    table = elapsed_columns(population, table, {"minutes": ("start", "end")}, inside=is_inside(population))
    return table.select(*identity_of(table), *_KEPT, "minutes")


def speed_selection(population: Population, name: str = "speed_to_lead") -> Selection:
    """The episodes whose clock started in the period, with their `minutes`; those that were answered hit.

    `name` is one of `ANSWERS` or `NAMES`.
    """
    asked = next(key for key in ANSWERS if name.startswith(key))
    answer = ANSWERS[asked]
    table = population.once(asked, lambda: waiting(population, answer))
    # so that what comes back grows with the time recorded and not with the number of leads
    hours = divided(table.minutes, 60) * 60
    selected = select(
        population,
        table,
        counts=population.in_period(table.start),
        hit=table.answered,
        beside={"minutes": (table.minutes > TO_THE_MINUTE).ifelse(hours, table.minutes)},
        flags={"early": table.early},
    )
    recorded = {
        "attempted_at": population.profile.attempted,
        "contacted_at": population.profile.contacted,
        "sql_at": population.profile.entered[Stage.SQL],
    }
    return Selection(
        name=name,
        choice=selected,
        unit=Unit.BUSINESS_MINUTES,
        formula=f"business minutes from the start to {answer.words}; leads that still wait count as waiting",
        from_stage=Stage.MQL,
        impossible=None if recorded[answer.column] else answer.missing,
        keys=("minutes",),
        tell=_quantiles,
    )


def speed_to_lead(population: Population, name: str = "speed_to_lead") -> list[Measure]:
    """Kaplan–Meier median and 90th percentile of the business minutes to an answer, and what they rest on.

    `name` is one of `ANSWERS`. The numerator counts the answered, the denominator all leads whose clock started in the period.
    Times are told to the minute up to `TO_THE_MINUTE`, to the hour above.
    """
    return measure(population, speed_selection(population, name))


def _quantiles(population: Population, selection: Selection, counted: Counted) -> list[Measure]:
    name = next(key for key in ANSWERS if selection.name.startswith(key))
    measures = []
    for group, told in counted.groups(population.question.by if selection.impossible is None else None):
        inside = told.reason < 0
        times, n, hit = told.keys["minutes"][inside], told.n[inside], told.hit[inside]
        curve = kaplan_meier_counts(times, n * hit, n * ~hit)
        rows = told.without_keys().rows()
        for quantile, q in QUANTILES.items():
            measures.append(
                _quantile(
                    population,
                    replace(selection, name=f"{name}_{quantile}"),
                    group,
                    rows,
                    curve,
                    q,
                    ANSWERS[name].not_yet,
                )
            )
    return measures


def _quantile(
    population: Population,
    selection: Selection,
    group: Mapping[str, str],
    rows: Sequence[Row],
    curve: SurvivalCurve,
    q: float,
    not_yet: str,
) -> Measure:
    counted = [row for row in rows if row["left_out"] is None]
    answered = sum(row["n"] for row in counted if row["hit"])
    everyone = sum(row["n"] for row in counted)
    value = curve.quantile(q) if everyone and selection.impossible is None else None
    notes = []
    if selection.impossible is not None:
        notes.append(selection.impossible)
    elif not everyone:
        notes.append("There are no leads to compute this from.")
    elif value is None:
        notes.append(f"Fewer than {q:.0%} of the leads have {not_yet}, so this cannot be told yet.")
    if answered < everyone and answered:
        notes.append(f"{everyone - answered:,} leads have not {not_yet}; they count as still waiting.")
    return Measure(
        **passport(population, selection, group),
        **tally(rows, selection),
        value=value,
        numerator=answered,
        denominator=everyone,
        interval=curve.quantile_interval(q) if value is not None else None,
        notes=tuple(notes),
    )


def followed_up_in_time(population: Population) -> Selection:
    """Met / (met + breached) of the promise to try a lead within the agreed business minutes.

    Breached: tried after that, or not tried and the time has passed. Not yet due, and closed before it was due, do
    not count.
    """
    limit = population.question.follow_up_minutes
    table = population.once("speed_to_lead", lambda: waiting(population))
    not_due = ~table.answered & (table.minutes <= limit)
    selected = select(
        population,
        table,
        counts=population.in_period(table.start),
        hit=table.answered & (table.minutes <= limit),
        left_out=[
            (not_due & table.closed, "closed_before_due"),
            (not_due, "not_due"),
        ],
        flags={"early": table.early},
    )
    return Selection(
        name="followed_up_in_time",
        choice=selected,
        unit=Unit.SHARE,
        formula=f"tried within {limit} business minutes / (tried within or after, or not tried and the time has passed)",
        from_stage=Stage.MQL,
        impossible=None if population.profile.attempted else _NO_ATTEMPTS,
    )
