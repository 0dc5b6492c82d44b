"""Traits of past leads, counted among those won and those lost. All leads are looked at in the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import ibis

from alignment.lead_cards import FieldUse, is_telling
from alignment.rules import AllOf, Condition, FieldType, Operator, Rule, fields_of, sentence
from alignment.texts import number_text
from alignment.traits import LEAST_OF_EACH, LEAST_WITH_TRAIT, CountedTrait
from leads.backtest import words_of_leakage
from leads.cards import Profile, ProfiledField
from leads.closed_periods import EVERYTHING, Period, months_before, within
from leads.model import column_of
from leads.rule_expressions import as_number, compile_rule
from leads.store import Facts

MONTHS = 24
LEAST_CLOSED = 200
MOST_VALUES = 8
MOST_KEPT_CELLS = 10_000_000
"""So many values are kept between two questions; of more leads and fields the events are folded again instead."""
MOST_AT_ONCE = 150
"""So many traits are counted in one query, with four figures of each; of more in several, which keeps each query small."""

_QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class AskedTrait:
    """A trait to be counted: the field it is about, in words, and as a rule."""

    field: str
    words: str
    rule: Rule


@dataclass(frozen=True)
class ClosedLeads:
    """The leads that were won or lost in `period`, by their closing. `table` has the lead's fields, `won` and `came_at`."""

    table: ibis.Table
    won: int
    lost: int
    period: Period


def closed_leads(facts: Facts, fields: Sequence[str], as_of: datetime, timezone: str) -> ClosedLeads:
    """The leads that closed in the 24 months up to `as_of` (aware), with these fields.

    All that closed, dated or not, if fewer than 200 of them did then, or too few won or lost ones to compare.
    """
    population = facts.followed
    closed = population.filter(population.won | population.lost)
    ended_by = ibis.literal(as_of.astimezone(UTC).replace(tzinfo=None)).cast("timestamp(6)")
    closed = closed.filter((closed.closed_at <= ended_by) | closed.closed_at.isnull())
    columns = [name for field in dict.fromkeys(fields) if (name := column_of(field)) in closed.columns]
    closed = closed.select(*dict.fromkeys([*columns, "won", "came_at", "closed_at"]))
    today = as_of.astimezone(ZoneInfo(timezone)).date()
    period = Period(months_before(today, MONTHS) + timedelta(days=1), today)
    recent = within(closed.closed_at, period, timezone)
    [n] = facts.rows(
        closed.aggregate(
            all=closed.count(),
            won=closed.won.sum().coalesce(0),
            recent=recent.sum().coalesce(0),
            recent_won=(recent & closed.won).sum().coalesce(0),
        )
    )
    lost, recent_lost = n["all"] - n["won"], n["recent"] - n["recent_won"]
    if n["recent"] < LEAST_CLOSED or min(n["recent_won"], recent_lost) < LEAST_OF_EACH:
        found = ClosedLeads(closed, n["won"], lost, EVERYTHING)
    else:
        found = ClosedLeads(closed.filter(recent), n["recent_won"], recent_lost, period)
    if (found.won + found.lost) * len(closed.columns) <= MOST_KEPT_CELLS:
        return replace(found, table=facts.keep(found.table))
    return found


def usual_traits(
    facts: Facts, closed: ClosedLeads, known: Profile, fields: Sequence[ProfiledField]
) -> tuple[AskedTrait, ...]:
    """What can be asked of each field: yes for a yes or no, each frequent value of a text, each quarter of the numbers."""
    texts = [field for field in fields if field.kind in (FieldType.TEXT, FieldType.ANY)]
    numbers = [field for field in fields if field.kind is FieldType.NUMBER]
    values = _frequent_values(facts, closed.table, [field.name for field in texts])
    edges = _edges(facts, closed.table, [field.name for field in numbers])
    asked: list[AskedTrait] = []
    for field in fields:
        if field.kind is FieldType.BOOLEAN:
            asked.append(trait_of(Rule(Condition(field.name, Operator.EQUAL, True))))
        elif field.kind is FieldType.NUMBER:
            asked += _classes(field.name, *edges[field.name])
        elif field in texts:
            asked += [
                trait_of(Rule(Condition(field.name, Operator.EQUAL, value)))
                for value in values.get(field.name, ())
                if not is_telling(value, known.names)
            ]
    return tuple(asked)


def trait_of(rule: Rule) -> AskedTrait:
    """A rule about one field as a trait."""
    return AskedTrait(fields_of(rule)[0], sentence(rule), rule)


def count_traits(facts: Facts, closed: ClosedLeads, asked: Sequence[AskedTrait]) -> tuple[CountedTrait, ...]:
    """How often each trait occurs among the won and among the lost leads, in one look at them; of very many, in several."""
    if len(asked) > MOST_AT_ONCE:
        return (
            *count_traits(facts, closed, asked[:MOST_AT_ONCE]),
            *count_traits(facts, closed, asked[MOST_AT_ONCE:]),
        )
    if not asked:
        return ()
    table = closed.table
    fields = list(dict.fromkeys(one.field for one in asked))
    judged = table.select(
        "won",
        **{f"has_{n}": compile_rule(one.rule, table, table.came_at).outcome for n, one in enumerate(asked)},
        **{f"known_{n}": _is_known(table, field) for n, field in enumerate(fields)},
    )
    measured: dict[str, ibis.Value] = {}
    for column in judged.columns:
        if column == "won":
            continue
        measured[f"won_{column}"] = (judged.won & judged[column]).sum()
        measured[f"lost_{column}"] = (~judged.won & judged[column]).sum()
        if column.startswith("has_"):
            told = judged[column].notnull()
            measured[f"won_told_{column}"] = (judged.won & told).sum()
            measured[f"lost_told_{column}"] = (~judged.won & told).sum()
    n = {name: count or 0 for name, count in facts.rows(judged.aggregate(**measured))[0].items()}
    suspected = {
        field: words_of_leakage(field, closed.won, n[f"won_known_{i}"], closed.lost, n[f"lost_known_{i}"])
        for i, field in enumerate(fields)
    }
    return tuple(
        CountedTrait(
            one.field,
            one.words,
            one.rule,
            won=n[f"won_has_{i}"],
            of_won=n[f"won_told_has_{i}"],
            lost=n[f"lost_has_{i}"],
            of_lost=n[f"lost_told_has_{i}"],
            suspected=suspected[one.field],
        )
        for i, one in enumerate(asked)
    )


def usable(field: ProfiledField) -> bool:
    """Whether leads may be told apart by a field: what no card may show, free text and days are left out."""
    return field.use is FieldUse.AVAILABLE and field.kind is not FieldType.DATE


def _is_known(table: ibis.Table, field: str) -> ibis.Value:
    return compile_rule(Rule(Condition(field, Operator.IS_KNOWN)), table).outcome


def _frequent_values(facts: Facts, table: ibis.Table, fields: Sequence[str]) -> dict[str, list[str]]:
    """The most frequent values of each field, in one look, those first that most leads have."""
    parts = [
        table.select(field=ibis.literal(field), value=table[column_of(field)])
        for field in fields
        if column_of(field) in table.columns
    ]
    if not parts:
        return {}
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    every = every.filter(every.value.notnull())
    counted = every.group_by("field", "value").aggregate(n=every.count())
    counted = counted.filter(counted.n >= LEAST_WITH_TRAIT)
    order = ibis.window(group_by="field", order_by=[counted.n.desc(), counted.value])
    ranked = counted.mutate(place=ibis.row_number().over(order))
    found: dict[str, list[str]] = {}
    for row in facts.rows(ranked.filter(ranked.place < MOST_VALUES).order_by("field", "place")):
        found.setdefault(row["field"], []).append(row["value"])
    return found


def _edges(
    facts: Facts, table: ibis.Table, fields: Sequence[str]
) -> dict[str, tuple[tuple[float, ...], bool]]:
    """Where each field is cut into classes of about as many leads each, and whether its numbers are whole."""
    if not fields:
        return {}
    numbers = table.select(**{f"of_{n}": as_number(table, field) for n, field in enumerate(fields)})
    measured: dict[str, ibis.Value] = {}
    for n in range(len(fields)):
        value = numbers[f"of_{n}"]
        measured[f"low_{n}"] = value.min()
        measured[f"whole_{n}"] = (value % 1 == 0).all()
        for share in (*_QUARTILES, 0.9):
            measured[f"at_{share}_{n}"] = value.quantile(share)
    [row] = facts.rows(numbers.aggregate(**measured))
    found = {}
    for n, field in enumerate(fields):
        cuts = _cuts(row, n, _QUARTILES) or _cuts(row, n, (0.9,))
        found[field] = (tuple(cuts), bool(row[f"whole_{n}"]))
    return found


def _cuts(row: dict[str, Any], n: int, shares: Sequence[float]) -> list[float]:
    if row[f"low_{n}"] is None:
        return []
    cuts = {float(f"{row[f'at_{share}_{n}']:.2g}") for share in shares}
    if row[f"whole_{n}"]:
        cuts = {float(round(cut)) for cut in cuts}
    return sorted(cut for cut in cuts if cut > row[f"low_{n}"])


def _classes(field: str, cuts: Sequence[float], whole: bool) -> list[AskedTrait]:
    if len(cuts) < 2:  # the other side of a single cut would say the same once more
        return [trait_of(Rule(_at_least(field, cut))) for cut in cuts]
    name = field.replace("_", " ")
    found = [trait_of(Rule(Condition(field, Operator.LESS, _number(cuts[0]))))]
    for low, high in pairwise(cuts):
        words = f"{name} is {number_text(low)}"
        if not whole:
            words += f" to under {number_text(high)}"
        elif high - low > 1:
            words += f" to {number_text(high - 1)}"
        below = Condition(field, Operator.LESS, _number(high))
        found.append(AskedTrait(field, words, Rule(AllOf((_at_least(field, low), below)))))
    return [*found, trait_of(Rule(_at_least(field, cuts[-1])))]


def _at_least(field: str, value: float) -> Condition:
    return Condition(field, Operator.AT_LEAST, _number(value))


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value
