"""By week: which leads were handed over against the rule in force when they came, and which that met it were turned down."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from alignment.drift import NO_REASON, DriftWeek
from alignment.lifecycle import Stage
from leads.metrics.acceptance import is_accepted, is_decided
from leads.metrics.population import Population
from leads.metrics.question import GroupBy, MetricQuestion
from leads.store import warehouse


def count_drift(question: MetricQuestion) -> list[DriftWeek]:
    """The weeks of the question's period in which leads came while a definition with a rule was in force, or were decided on.

    Oldest first. Tests and internal leads are left out; `restate` judges all leads by one version.
    """
    ruled = [found.label for found in question.definitions if found.rule is not None]
    if not ruled:
        return []
    with warehouse().read() as facts:
        population = Population(facts, replace(question, by=GroupBy.WEEK))
        table = population.episodes
        if question.exclude is not None:
            table = table.filter(~table.test)
        table = table.filter(table.mql_at.notnull() & table.definition.isin(ruled))
        came = table.filter(population.entered_in_period(table, Stage.MQL))
        met = table.filter(table.verdict & is_decided(table) & population.in_period(table.decided_at))
        handed = facts.rows(came.group_by("part", "definition", "verdict").aggregate(n=came.count()))
        decided = facts.rows(
            met.group_by(
                "definition",
                part=population.local_day(met.decided_at).truncate("W").strftime("%Y-%m-%d"),
                reason=is_accepted(met).ifelse("", met.reason.coalesce(NO_REASON)),
            ).aggregate(n=met.count())
        )
    return [
        _week(
            date.fromisoformat(monday),
            [row for row in handed if row["part"] == monday],
            [row for row in decided if row["part"] == monday],
        )
        for monday in sorted({row["part"] for row in (*handed, *decided)})
    ]


def _week(monday: date, handed: Sequence[dict[str, Any]], decided: Sequence[dict[str, Any]]) -> DriftWeek:
    def count(verdict: bool | None) -> int:
        return sum(row["n"] for row in handed if row["verdict"] is verdict)

    reasons: dict[str, int] = {}
    for row in decided:
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["n"]
    return DriftWeek(
        monday=monday,
        passed=count(True),
        failed=count(False),
        unknown=count(None),
        decided=sum(row["n"] for row in decided),
        rejected=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        labels=tuple(sorted({row["definition"] for row in (*handed, *decided)})),
    )
