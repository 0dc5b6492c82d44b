"""By week of the hand-over: which leads broke the rule in force when they came, and which met it and were rejected."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from alignment.drift import NO_REASON, DriftWeek
from leads.metrics.population import Population
from leads.metrics.question import GroupBy, MetricQuestion
from leads.store import warehouse


def count_drift(question: MetricQuestion) -> list[DriftWeek]:
    """The weeks of the question's period in which leads were handed over while a definition with a rule was in force.

    Oldest first. Tests and internal leads are left out; `restate` judges all leads by one version.
    """
    ruled = [found.label for found in question.definitions if found.rule is not None]
    if not ruled:
        return []
    with warehouse().read() as facts:
        population = Population(facts, replace(question, by=GroupBy.WEEK))
        table = population.genuine
        table = table.filter(
            table.mql_at.notnull() & population.in_period(table.mql_at) & table.definition.isin(ruled)
        )
        rejected = table.rejected_at.notnull() & (
            table.accepted_at.isnull() | (table.rejected_at < table.accepted_at)
        )
        decided = rejected | table.accepted_at.notnull() | table.sal_at.notnull()
        rows = facts.rows(
            table.group_by(
                "part",
                "definition",
                "verdict",
                decided=decided,
                reason=rejected.ifelse(table.reason.coalesce(NO_REASON), ""),
            ).aggregate(n=table.count())
        )
    weeks: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        weeks.setdefault(row["part"], []).append(row)
    return [_week(date.fromisoformat(monday), found) for monday, found in sorted(weeks.items())]


def _week(monday: date, rows: Sequence[dict[str, Any]]) -> DriftWeek:
    def count(verdict: bool | None) -> int:
        return sum(row["n"] for row in rows if row["verdict"] is verdict)

    passed = [row for row in rows if row["verdict"] is True and row["decided"]]
    reasons: dict[str, int] = {}
    for row in passed:
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["n"]
    return DriftWeek(
        monday=monday,
        passed=count(True),
        failed=count(False),
        unknown=count(None),
        decided=sum(row["n"] for row in passed),
        rejected=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        labels=tuple(sorted({row["definition"] for row in rows})),
    )
