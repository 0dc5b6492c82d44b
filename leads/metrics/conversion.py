"""Cohort conversion: of the leads that reached one stage long enough ago, the share that reached another in time."""

import math
from collections.abc import Collection, Sequence
from datetime import timedelta

import ibis

from alignment.lifecycle import Stage
from leads.episodes import microseconds
from leads.lean import lean
from leads.metrics.population import Population, days_between
from leads.metrics.question import Unit
from leads.metrics.selection import Selection, select
from leads.truncation import Truncation, first_recorded, first_recorded_of_each

DEFAULT_WINDOW_DAYS = 90
FEWEST_FOR_A_WINDOW = 10
_DAY = 86_400_000_000


def conversion(population: Population, start: Stage, end: Stage) -> Selection:
    """The share of leads with T_start ≤ A − W that reached `end` within W days.

    Where a source knows only the day of either, whole calendar days are compared. Leads that are not old enough are
    excluded as `immature`. A lead that reached `end` before `start` counts as having reached it and is flagged as
    `reversed`; one that skipped `start` is flagged as `imputed`. Where outcomes are recorded only from some day on,
    earlier leads are flagged as `left_truncated`.
    """
    truncation = truncation_between(population, start, end)
    return _selection(population, start, end, truncation, only_since_recording=False)


def conversion_since_recording(population: Population, start: Stage, end: Stage) -> Selection | None:
    """`conversion` of the leads that came since `end` is recorded; None where the record does not start late."""
    truncation = truncation_between(population, start, end)
    if truncation is None:
        return None
    return _selection(population, start, end, truncation, only_since_recording=True)


def window(population: Population, start: Stage, end: Stage) -> tuple[int, str | None]:
    """The window in days, and a note where it was assumed: as asked, else the 90th percentile of the time taken."""
    if population.question.window_days is not None:
        return population.question.window_days, None
    key = (start, end)
    if key not in population.windows:
        _find_windows(population, [key])
    days = population.windows[key]
    if days is None:
        return DEFAULT_WINDOW_DAYS, (
            f"Fewer than {FEWEST_FOR_A_WINDOW} leads have converted, so a window of {DEFAULT_WINDOW_DAYS} days is assumed."
        )
    return days, f"The window of {days} days is the time nine in ten conversions have taken so far."


def look_ahead(population: Population, pairs: Collection[tuple[Stage, Stage]]) -> None:
    """Find out in one go what `window` and `truncation_between` tell of several pairs of stages."""
    possible = [pair for pair in pairs if impossible_between(population, *pair) is None]
    unknown = [pair for pair in possible if pair not in population.truncations]
    if unknown:
        population.truncations |= first_recorded_of_each(population.facts, population.genuine, unknown)
    unknown = [pair for pair in possible if pair not in population.windows]
    if unknown and population.question.window_days is None:
        _find_windows(population, unknown)


def _find_windows(population: Population, pairs: Sequence[tuple[Stage, Stage]]) -> None:
    table = population.genuine
    values: dict[str, ibis.Value] = {}
    for number, pair in enumerate(pairs):
        lag = _lag_in_days(table, *pair)
        values |= {
            f"n_{number}": (lag >= 0).sum().coalesce(0),
            f"p90_{number}": lag.quantile(0.9, where=lag >= 0),
        }
    row = population.facts.rows(lean(table.aggregate(**values)))[0]
    for number, pair in enumerate(pairs):
        enough = row[f"n_{number}"] >= FEWEST_FOR_A_WINDOW
        population.windows[pair] = max(1, math.ceil(row[f"p90_{number}"])) if enough else None


def _selection(
    population: Population,
    start: Stage,
    end: Stage,
    truncation: Truncation | None,
    only_since_recording: bool,
) -> Selection:
    impossible = impossible_between(population, start, end)
    days, note = (
        window(population, start, end) if impossible is None else (population.question.window_days, None)
    )
    table = population.episodes
    begun, ended = table[f"{start}_at"], table[f"{end}_at"]
    notes = [note] if note else []
    flags = {"imputed": table[f"{start}_imputed"], "reversed": ended < begun}
    left_out = []
    if truncation is not None:
        before = begun < instant_of(truncation)
        since = f"{truncation.first:%Y-%m-%d}"
        if only_since_recording:
            left_out.append((before, "left_truncated"))
            notes.append(f"Only leads since {since}, when {end.label} was first recorded.")
        else:
            flags["left_truncated"] = before
            notes.append(
                f"{end.label.capitalize()} is recorded only from {since} on: earlier leads look as if they had not "
                "converted, so this is too low."
            )
    span = "a window of days" if days is None else f"{days} days"
    mature, reached = ibis.literal(True), ibis.literal(False)
    if days is not None:
        mature, reached = (
            _mature(population, table, start, end, days),
            _reached(table, start, end, days),
        )
    left_out.append((~mature, "immature"))
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, start),
        hit=reached,
        left_out=left_out,
        flags=flags,
    )
    return Selection(
        name="conversion_since_recording" if only_since_recording else "conversion",
        choice=selected,
        unit=Unit.SHARE,
        formula=(
            f"of the leads that entered {start.label} at least {span} before the as-of time, "
            f"the share that entered {end.label} within {span}"
        ),
        from_stage=start,
        to_stage=end,
        window_days=days,
        notes=tuple(notes),
        impossible=impossible,
    )


def instant_of(truncation: Truncation) -> ibis.Value:
    """The first recorded outcome, as the engine's instant."""
    return ibis.literal(truncation.first).cast("timestamp(6)")


def impossible_between(population: Population, start: Stage, end: Stage) -> str | None:
    """Why there can be no conversion between two stages; None where there can."""
    entered = population.profile.entered
    for stage in (start, end):
        if not entered[stage]:
            undated = population.profile.undated_outcomes
            dates = (
                f" ({undated:,} outcomes have no date)"
                if undated and stage in (Stage.WON, Stage.LOST)
                else ""
            )
            return f"No entry to {stage.label} is recorded with a date{dates}."
    return None


def truncation_between(population: Population, start: Stage, end: Stage) -> Truncation | None:
    """From when on `end` is recorded, where that is later than `start`; else None."""
    if impossible_between(population, start, end):
        return None
    key = (start, end)
    if key not in population.truncations:
        population.truncations[key] = first_recorded(population.facts, population.genuine, start, end)
    return population.truncations[key]


def _day_only(table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    first, second = table[f"{start}_day_only"], table[f"{end}_day_only"]
    return first.fill_null(False) | second.fill_null(False)


def _lag_in_days(table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    begun, ended = table[f"{start}_at"], table[f"{end}_at"]
    exact = (ended.epoch_seconds() - begun.epoch_seconds()) / 86_400.0
    return _day_only(table, start, end).ifelse(_whole_days(table, start, end).cast("float64"), exact)


def days_taken(table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    """Days from one stage to another, to the microsecond; whole calendar days where the source has only the day of either."""
    exact = _microseconds_between(table, start, end) / float(_DAY)
    return _day_only(table, start, end).ifelse(_whole_days(table, start, end).cast("float64"), exact)


def not_negative(number: ibis.Value) -> ibis.Value:
    """A number, 0 where it is below; null stays null, which `greatest` of the engine would pass over."""
    return (number < 0).ifelse(0, number)


def days_followed(population: Population, table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    """Whole days from a stage to the as-of time, counted as `days_taken` counts them."""
    as_of = microseconds(population.as_of)
    exact = ((as_of - microseconds(table[f"{start}_at"])) / float(_DAY)).floor()
    whole = days_between(table[f"{start}_day"], population.today)
    return _day_only(table, start, end).ifelse(whole.cast("float64"), exact).cast("int64")


def _microseconds_between(table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    return microseconds(table[f"{end}_at"]) - microseconds(table[f"{start}_at"])


def _whole_days(table: ibis.Table, start: Stage, end: Stage) -> ibis.Value:
    return days_between(table[f"{start}_day"], table[f"{end}_day"])


def _reached(table: ibis.Table, start: Stage, end: Stage, days: int) -> ibis.Value:
    exact = _microseconds_between(table, start, end) <= days * _DAY
    whole = _whole_days(table, start, end) <= days
    return _day_only(table, start, end).ifelse(whole, exact).fill_null(False)


def _mature(population: Population, table: ibis.Table, start: Stage, end: Stage, days: int) -> ibis.Value:
    exact = table[f"{start}_at"] <= population.days_ago(days)
    whole = table[f"{start}_day"] <= population.today - timedelta(days=days)
    return _day_only(table, start, end).ifelse(whole, exact)
