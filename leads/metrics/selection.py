"""From a selection of episodes to figures: which count, which of them hit, which were left out and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from alignment import instants
from alignment.lifecycle import Stage
from alignment.statistics import Interval, wilson
from leads.lean import lean
from leads.metrics.population import Population
from leads.metrics.question import BLANK, NO_DEFINITION, Measure, Unit

if TYPE_CHECKING:
    from leads.metrics.counting import Counted

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
class Choice:
    """Episodes of `source` that `counts`, less those `left_out` (the first reason holds); of what is left, those that `hit`.

    `flags` says of each whether it is unusual in some way; `beside` are further values a measure needs. What is unknown of a
    yes or no is no. `source` has `part` (the group) and `definition`.
    """

    source: ibis.Table
    counts: ibis.Value
    hit: ibis.Value
    left_out: tuple[tuple[ibis.Value, str], ...] = ()
    flags: Mapping[str, ibis.Value] = field(default_factory=dict)
    beside: Mapping[str, ibis.Value] = field(default_factory=dict)

    @cached_property
    def table(self) -> ibis.Table:
        """What counts, one by one: `lead_id` and `number` where the source has them, `part`, `definition`, `left_out` (the reason, else
        null), `hit`, a boolean `flag_<name>` for each of the flags, and what is `beside`."""
        none = ibis.null().cast("string")
        flags = {f"flag_{name}": value.fill_null(False) for name, value in self.flags.items()}
        return self.source.filter(self.counts).select(
            *identity_of(self.source),
            "part",
            "definition",
            left_out=ibis.cases(*self.left_out, else_=none) if self.left_out else none,
            hit=self.hit.fill_null(False),
            **flags,
            **self.beside,
        )


@dataclass(frozen=True)
class Selection:
    """The episodes behind a figure, and what is said of it.

    Where the figure is more than hits / counted, `reckon` works it out from the rows that count: dicts with `hit`, `n`,
    the values beside named in `keys`, by which they are grouped, and in `sums`, which are added up. Where it is more than one
    figure for each group, `tell` makes them all from what was counted.
    """

    name: str
    choice: Choice
    unit: Unit
    formula: str
    from_stage: Stage | None = None
    to_stage: Stage | None = None
    window_days: int | None = None
    notes: tuple[str, ...] = ()
    impossible: str | None = None
    """Why there can be no value, for instance because nothing of the kind is recorded."""
    keys: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    reckon: Callable[[Sequence[Row]], Reckoned] | None = None
    tell: "Callable[[Population, Selection, Counted], list[Measure]] | None" = None
    by_part: bool = True
    """Whether it is told for each part that a question splits by."""

    @property
    def table(self) -> ibis.Table:
        """The episodes that count; see `Choice.table`."""
        return self.choice.table


def select(
    population: Population,
    table: ibis.Table,
    *,
    counts: ibis.Value,
    hit: ibis.Value,
    left_out: Sequence[tuple[ibis.Value, str]] = (),
    flags: Mapping[str, ibis.Value] | None = None,
    beside: Mapping[str, ibis.Value] | None = None,
) -> Choice:
    """Episodes of `table` that `counts`, without those that never count for this question and those `left_out`.

    What never counts is left out for that reason, whatever else: who is no MQL by the definition does not wait for a decision.
    """
    reasons = (*population.reasons_to_leave_out(table), *left_out)
    return Choice(table, counts, hit, reasons, flags or {}, beside or {})


def identity_of(table: ibis.Table) -> tuple[str, ...]:
    """The columns that say which episode of which lead a row is; none where only figures are asked for."""
    return ("lead_id", "number") if "lead_id" in table.columns else ()


def measure(population: Population, selection: Selection) -> list[Measure]:
    """The figure in total and, where the question asks for it, by group: one query that comes back as counts."""
    return measure_each(population, [selection])[0]


def measure_each(population: Population, selections: Sequence[Selection]) -> list[list[Measure]]:
    """`measure` of several selections at once: those of the same episodes are counted in one look at them."""
    from leads.metrics.counting import plan

    found = plan(population, selections).run(population.facts)
    return [told(population, *both) for both in zip(selections, found, strict=True)]


def told(population: Population, selection: Selection, counted: "Counted") -> list[Measure]:
    """The figures of a selection from what was counted of it."""
    return (selection.tell or figures_of)(population, selection, counted)


def figures_of(population: Population, selection: Selection, counted: "Counted") -> list[Measure]:
    """One figure in total and, where the question asks for it, one for each group."""
    by = population.question.by if selection.impossible is None else None
    return [figure_of(population, selection, group, told.rows()) for group, told in counted.groups(by)]


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
    flags = {name: sum(row[name] for row in counted) for name in selection.choice.flags}
    versions = [label for label in definitions if label != NO_DEFINITION]
    single = versions[0] if len(versions) == 1 and len(definitions) == 1 else None
    return {
        "definitions": {label: definitions[label] for label in versions},
        "definition_version": single,
        "excluded": dict(sorted(excluded.items())),
        "flags": {name: count for name, count in flags.items() if count},
    }


def figure_of(
    population: Population,
    selection: Selection,
    group: Mapping[str, str],
    rows: Sequence[Row],
) -> Measure:
    """The figure of one group from its rows."""
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
        wanted = wanted & (table.part.coalesce(BLANK) == group)
    ids = (
        lean(table.filter(wanted).select("lead_id"))
        .distinct()
        .order_by("lead_id")
        .limit(limit, offset=offset)
    )
    return [row["lead_id"] for row in population.facts.rows(ids)]
