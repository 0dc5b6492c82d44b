"""The leads of a window by the points that a score gives them, and by the traits that scores are made of."""

from collections.abc import Mapping
from datetime import timedelta

import ibis

from alignment.rules import Node, Points, Rule
from alignment.scoring import ScoreCell
from alignment.what_if import Outcomes, Window
from leads.backtest import of_window, outcomes_where
from leads.closed_periods import start_of
from leads.facts import Facts
from leads.rule_expressions import compile_rule, compile_score

MOST_KINDS = 500


def count_scores(
    facts: Facts, points: Points, window: Window, timezone: str
) -> tuple[tuple[ScoreCell, ...], tuple[ScoreCell, ...]]:
    """The leads by points, those of the window's earlier half and those of its later one, in one query.

    A lead has the least points that what is known of it is worth. Leads that came nobody knows when are in the earlier half.
    """
    population = of_window(facts, window, timezone)
    score, _ = compile_score(points, population, population.came_at)
    late: ibis.Value = ibis.literal(False)
    if window.earliest is not None and window.latest is not None:
        middle = window.earliest + timedelta(days=((window.latest - window.earliest).days + 1) // 2)
        late = (population.came_at >= start_of(middle, timezone)).fill_null(False)
    scored = population.select("won", "lost", "worked", score=score, late=late)
    rows = facts.rows(scored.group_by("late", "score").aggregate(**outcomes_where(scored)))
    halves: dict[bool, list[ScoreCell]] = {False: [], True: []}
    for row in sorted(rows, key=lambda row: row["score"]):
        outcomes = Outcomes(row["leads"], row["won"], row["lost"], row["unworked"])
        halves[row["late"]].append(ScoreCell(row["score"] / 100, outcomes))
    return tuple(halves[False]), tuple(halves[True])


def count_kinds(
    facts: Facts, traits: Mapping[str, Node], window: Window, timezone: str
) -> dict[frozenset[str], int]:
    """How many leads have which of the traits, for the 500 most frequent combinations; a trait left open is not there."""
    population = of_window(facts, window, timezone)
    names = list(traits)
    kinds = population.select(
        **{
            f"has_{place}": compile_rule(Rule(traits[name]), population, population.came_at).passes
            for place, name in enumerate(names)
        }
    )
    columns = list(kinds.columns)
    counted = kinds.group_by(columns).aggregate(n=kinds.count())
    rows = facts.rows(counted.order_by(counted.n.desc(), *columns).limit(MOST_KINDS))
    return {
        frozenset(name for place, name in enumerate(names) if row[f"has_{place}"]): row["n"] for row in rows
    }
