"""Conversion with the leads that are still young: what share gets there in time, where rejected ones never will."""

from collections.abc import Sequence
from functools import partial

import ibis

from alignment.lifecycle import Stage
from alignment.survival import IncidenceCurve, cumulative_incidence
from leads.episodes import microseconds
from leads.metrics import conversion as cohorts
from leads.metrics.population import Population
from leads.metrics.question import Unit
from leads.metrics.selection import NO_LEADS, Reckoned, Row, Selection, select

CONVERTED, GONE, WAITING = "converted", "gone", "waiting"
FEW_FOLLOWED = 10


def conversion_of_all(population: Population, start: Stage, end: Stage) -> Selection:
    """The share of all leads of the period, young ones too, that reach `end` within W days of `start`.

    By Aalen and Johansen: each lead counts for as many whole days as it has been followed. Rejected and lost ones, and
    those of which the next episode has begun, will not get there; the curve takes them for gone rather than for
    waiting. One that got there all the same is converted. Of leads that are all old enough this is `conversion`.
    Leads from before outcomes were recorded are left out.
    """
    impossible = cohorts.impossible_between(population, start, end)
    window, note = None, None
    if impossible is None:
        window, note = cohorts.window(population, start, end)
    truncation = cohorts.truncation_between(population, start, end)
    table = followed(population, start, end)
    begun = table[f"{start}_at"]
    left_out, notes = [], [note] if note else []
    if truncation is not None:
        left_out.append((begun < cohorts.instant_of(truncation), "left_truncated"))
        notes.append(f"Only leads since {truncation.first:%Y-%m-%d}, when {end.label} was first recorded.")
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, start),
        hit=table.fate == CONVERTED,
        left_out=left_out,
        flags={"imputed": table[f"{start}_imputed"], "reversed": table[f"{end}_at"] < begun},
        beside={"days": table.days, "fate": table.fate},
    )
    return Selection(
        name="conversion_of_all",
        choice=selected,
        unit=Unit.SHARE,
        formula=(
            f"estimated share of all leads that entered {start.label}, however young, that enter {end.label} within "
            f"{window or 'a number of'} days; rejected and lost leads count as gone (Aalen–Johansen)"
        ),
        from_stage=start,
        to_stage=end,
        window_days=window,
        notes=tuple(notes),
        impossible=impossible,
        keys=("days", "fate"),
        reckon=None if window is None else partial(_share_by, window),
    )


def followed(population: Population, start: Stage, end: Stage) -> ibis.Table:
    """Episodes with `days`, for how many whole days each was followed from `start`, and its `fate` then.

    `converted`, `gone` (rejected, lost, or its next episode began) or `waiting`. Something that happened on a day of which the
    end is not yet known is not yet told: else a lead that converted this morning would stand beside none that did not.
    """

    table = population.episodes
    closed = ibis.least(table.rejected_at, table.until_at, *([] if end == Stage.LOST else [table.lost_at]))
    converted = cohorts.days_taken(table, start, end).ceil().cast("int64")
    exact = (microseconds(closed) - microseconds(table[f"{start}_at"])) / 86_400_000_000.0
    table = table.mutate(
        converted_on=cohorts.not_negative(converted),
        gone_on=cohorts.not_negative(exact.ceil().cast("int64")),
        seen=cohorts.not_negative(cohorts.days_followed(population, table, start, end)),
    )
    is_converted = (table.converted_on <= table.seen).fill_null(False)
    is_gone = table.converted_on.isnull() & (table.gone_on <= table.seen).fill_null(False)
    return table.mutate(
        days=ibis.cases((is_converted, table.converted_on), (is_gone, table.gone_on), else_=table.seen),
        fate=ibis.cases((is_converted, CONVERTED), (is_gone, GONE), else_=WAITING),
    )


def curve_of(rows: Sequence[Row]) -> IncidenceCurve:
    """The curve of grouped rows with `days`, `fate` and `n`."""
    return cumulative_incidence(
        [row["days"] for row in rows],
        *([row["n"] if row["fate"] == fate else 0 for row in rows] for fate in (CONVERTED, GONE, WAITING)),
    )


def _share_by(window: int, rows: Sequence[Row]) -> Reckoned:
    everyone = sum(row["n"] for row in rows)
    converted = sum(row["n"] for row in rows if row["fate"] == CONVERTED and row["days"] <= window)
    if not everyone:
        return Reckoned(None, 0, 0, notes=(NO_LEADS,))
    curve = curve_of(rows)
    share = curve.at(window)
    whole = sum(row["n"] for row in rows if row["fate"] != WAITING or row["days"] >= window)
    notes: tuple[str, ...] = ()
    if share is None:
        notes = (f"No lead has been followed for {window} days yet, so this cannot be told.",)
    else:
        waited = sum(row["n"] for row in rows if row["days"] >= window)
        if waited < FEW_FOLLOWED and whole < everyone:
            notes = (f"Only {waited:,} of the leads that wait have been followed for all {window} days.",)
    return Reckoned(
        share,
        converted,
        everyone,
        curve.interval_at(window),
        notes,
        {"settled": whole, "young": everyone - whole},
    )
