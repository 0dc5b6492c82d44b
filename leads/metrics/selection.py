"""From a selection of episodes to figures: which count, which of them hit, which were left out and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis

from alignment import instants
from alignment.lifecycle import Stage
from alignment.statistics import Interval, wilson
from leads.metrics.population import Population
from leads.metrics.question import NO_DEFINITION, Measure, Unit

PARTS_OF_A_FIGURE = ("counted", "hit", "excluded")
NO_LEADS = "There are no leads to compute this from."

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reckoned:
    """What a figure comes to, where it is not simply the hits among those that count."""

    value: float | None
    numerator: int
    denominator: int
    interval: Interval | None = None
    notes: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    currency: str | None = None


@dataclass(frozen=True)
class Selection:
    """The episodes behind a figure.

    `table` has `lead_id` and `number` (unless only figures are asked for), `part` (the group), `definition`; `left_out`, the reason why an episode does not
    count, else null; `hit`, whether it is in the numerator; and a boolean `flag_<name>` for each of `flags`.

    Where the figure is more than hits / counted, `reckon` works it out from the rows that count: dicts with `hit`, `n`,
    the columns of `keys`, by which they are grouped, and of `sums`, which are added up.
    """

    name: str
    table: ibis.Table
    unit: Unit
    formula: str
    from_stage: Stage | None = None
    to_stage: Stage | None = None
    flags: tuple[str, ...] = ()
    window_days: int | None = None
    notes: tuple[str, ...] = ()
    group: Mapping[str, str] = field(default_factory=dict)
    impossible: str | None = None
    """Why there can be no value, for instance because nothing of the kind is recorded."""
    keys: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    reckon: Callable[[Sequence[Row]], Reckoned] | None = None


def select(
    population: Population,
    table: ibis.Table,
    *,
    counts: ibis.Value,
    hit: ibis.Value,
    left_out: Sequence[tuple[ibis.Value, str]] = (),
    flags: Mapping[str, ibis.Value] | None = None,
    beside: Mapping[str, ibis.Value] | None = None,
) -> ibis.Table:
    """The table of a `Selection`: episodes of `table` that `counts`, less those `left_out` (the first reason holds).

    `beside` are further columns a measure needs.
    """
    reasons = [*left_out, *population.reasons_to_leave_out(table)]
    why = ibis.cases(*reasons, else_=_no_text()) if reasons else _no_text()
    columns: dict[str, Any] = {
        f"flag_{name}": value.fill_null(False) for name, value in (flags or {}).items()
    }
    return table.filter(counts).select(
        *identity_of(table),
        "part",
        "definition",
        left_out=why,
        hit=hit.fill_null(False),
        **columns,
        **(beside or {}),
    )


def identity_of(table: ibis.Table) -> tuple[str, ...]:
    """The columns that say which episode of which lead a row is; none where only figures are asked for."""
    return ("lead_id", "number") if "lead_id" in table.columns else ()


def measure(population: Population, selection: Selection) -> list[Measure]:
    """The figure in total and, where the question asks for it, by group: one query that comes back as counts."""
    table = selection.table
    flags = {name: table[f"flag_{name}"].sum().coalesce(0) for name in selection.flags}
    sums = {name: table[name].sum().coalesce(0) for name in selection.sums}
    rows = population.facts.rows(
        table.group_by("part", "definition", "left_out", "hit", *selection.keys).aggregate(
            n=table.count(), **flags, **sums
        )
    )
    by = population.question.by
    groups: list[tuple[dict[str, str], list[dict[str, Any]]]] = [(dict(selection.group), rows)]
    if by is not None and selection.impossible is None:
        for part in sorted({row["part"] for row in rows}, key=str):
            group = {str(by): part, **selection.group}
            groups.append((group, [row for row in rows if row["part"] == part]))
    return [_figure(population, selection, group, found) for group, found in groups]


def passport(population: Population, selection: Selection, group: Mapping[str, str]) -> dict[str, Any]:
    """What every measure of a selection says of itself, as arguments for `Measure`."""
    return {
        "name": selection.name,
        "unit": selection.unit,
        "formula": selection.formula,
        "as_of": instants.to_text(population.question.as_of),
        "from_stage": selection.from_stage.value if selection.from_stage else None,
        "to_stage": selection.to_stage.value if selection.to_stage else None,
        "group": group,
        "window_days": selection.window_days,
        "data_from": population.imported_at,
    }


def tally(rows: Sequence[Mapping[str, Any]], selection: Selection) -> dict[str, Any]:
    """Counts by definition, exclusions and flags of grouped rows, as arguments for `Measure`."""
    counted = [row for row in rows if row["left_out"] is None]
    definitions: dict[str, int] = {}
    excluded: dict[str, int] = {}
    for row in rows:
        if row["left_out"] is None:
            definitions[row["definition"]] = definitions.get(row["definition"], 0) + row["n"]
        else:
            excluded[row["left_out"]] = excluded.get(row["left_out"], 0) + row["n"]
    flags = {name: sum(row[name] for row in counted) for name in selection.flags}
    versions = [label for label in definitions if label != NO_DEFINITION]
    single = versions[0] if len(versions) == 1 and len(definitions) == 1 else None
    return {
        "definitions": {label: definitions[label] for label in versions},
        "definition_version": single,
        "excluded": dict(sorted(excluded.items())),
        "flags": {name: count for name, count in flags.items() if count},
    }


def _figure(
    population: Population,
    selection: Selection,
    group: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> Measure:
    counted = [row for row in rows if row["left_out"] is None]
    notes = list(selection.notes)
    found = _plain(selection, counted) if selection.reckon is None else selection.reckon(counted)
    if selection.impossible is not None:
        found = Reckoned(None, found.numerator, found.denominator)
        notes.insert(0, selection.impossible)
    return Measure(
        **passport(population, selection, group),
        **tally(rows, selection),
        value=found.value,
        numerator=found.numerator,
        denominator=found.denominator,
        interval=found.interval,
        notes=(*notes, *found.notes),
        parts=found.parts,
        currency=found.currency,
    )


def _plain(selection: Selection, counted: Sequence[Row]) -> Reckoned:
    numerator, denominator = _hits(counted)
    if selection.unit is not Unit.SHARE:
        return Reckoned(float(numerator), numerator, denominator)
    if not denominator:
        return Reckoned(None, 0, 0, notes=(NO_LEADS,))
    return Reckoned(numerator / denominator, numerator, denominator, wilson(numerator, denominator))


def _hits(counted: Sequence[Row]) -> tuple[int, int]:
    return sum(row["n"] for row in counted if row["hit"]), sum(row["n"] for row in counted)


def _no_text() -> ibis.Value:
    return ibis.null().cast("string")


def leads_behind(
    population: Population, selection: Selection, part: str, group: str | None, offset: int, limit: int
) -> list[str]:
    """Ids of the leads behind a figure, by id: those that `counted`, that `hit`, or that were `excluded`."""
    table = selection.table
    wanted = {
        "counted": table.left_out.isnull(),
        "hit": table.left_out.isnull() & table.hit,
        "excluded": table.left_out.notnull(),
    }[part]
    if group is not None:
        wanted = wanted & (table.part == group)
    ids = table.filter(wanted).select("lead_id").distinct().order_by("lead_id").limit(limit, offset=offset)
    return [row["lead_id"] for row in population.facts.rows(ids)]
