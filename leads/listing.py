"""Leads one page at a time, for people who want to see them: where each stands, and whether it meets a definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis

from alignment.lifecycle import ORDERED_STAGES, Stage
from alignment.rules import Rule
from leads.closed_periods import EVERYTHING, Period, within
from leads.metrics.question import BLANK
from leads.rule_expressions import compile_rule
from leads.store import Facts

LARGEST_PAGE = 200


@dataclass(frozen=True)
class LeadRow:
    """A lead in a list. `stage` is where its latest episode stands, None if no stage is recorded, and `since` when it
    got there (naive UTC, None where no date is known). `meets` is None where a missing field leaves it open, or where
    there is no rule."""

    lead_id: str
    source: str
    company: str | None
    employees: float | None
    industry: str | None
    country: str | None
    job_level: str | None
    owner: str | None
    stage: Stage | None
    since: datetime | None
    meets: bool | None


@dataclass(frozen=True)
class LeadPage:
    """One page of leads, the latest first, and how many there are in all."""

    rows: Sequence[LeadRow]
    total: int
    page: int
    size: int


def find_leads(
    facts: Facts,
    *,
    stage: Stage | None = None,
    source: str | None = None,
    meets: str | None = None,
    rule: Rule | None = None,
    ids: Sequence[str] | None = None,
    text: str = "",
    page: int = 1,
    size: int = 50,
) -> LeadPage:
    """Leads that stand at `stage`, came from `source` (`(blank)` for none), and by `rule` are `yes`, `no` or `unknown`.

    `ids` keeps to these leads, `text` to those with it in their id or company, whatever its case. A page beyond the last is empty.
    """
    size = min(max(1, size), LARGEST_PAGE)
    page = max(1, page)
    table = _standing(facts)
    outcome = (
        compile_rule(rule, table, table.mql_at.coalesce(table.created_at)).outcome
        if rule is not None
        else ibis.null().cast("boolean")
    )
    table = table.mutate(meets=outcome, source=table.source.coalesce(BLANK))
    if stage is not None:
        table = table.filter(table.stage == stage.value)
    if source is not None:
        table = table.filter(table.source == source)
    if meets is not None:
        table = table.filter(
            {"yes": table.meets, "no": ~table.meets, "unknown": table.meets.cast("int8").isnull()}[meets]
        )
    if ids is not None:
        table = table.filter(table.lead_id.isin(list(ids)))
    if text:
        wanted = ibis.literal(text.lower())
        table = table.filter(
            table.lead_id.lower().contains(wanted) | table.company.coalesce("").lower().contains(wanted)
        )
    return _page_of(facts, table, table.since, page, size)


def leads_told_apart(
    facts: Facts,
    passing: Rule,
    failing: Rule,
    period: Period = EVERYTHING,
    timezone: str = "UTC",
    *,
    page: int = 1,
    size: int = 50,
) -> LeadPage:
    """Leads that came in `period`, pass one rule and fail the other: won ones, then lost ones, each that came last first.

    They are those that `leads.backtest` counts, with what became of them by its count: `stage` is won for all that ever were
    won, else lost for those that ever were lost. `meets` is None.
    """
    size = min(max(1, size), LARGEST_PAGE)
    page = max(1, page)
    population = facts.followed
    population = population.filter(within(population.came_at, period, timezone))
    one, other = (compile_rule(rule, population, population.came_at) for rule in (passing, failing))
    apart = population.filter(one.passes & other.fails).select("lead_id", "came_at", "won", "lost")
    table = _standing(facts).inner_join(apart, "lead_id")
    ends = ibis.cases((table.won, Stage.WON.value), (table.lost, Stage.LOST.value), else_=table.stage)
    table = table.mutate(stage=ends, source=table.source.coalesce(BLANK), meets=ibis.null().cast("boolean"))
    became = ibis.cases((table.won, 0), (table.lost, 1), else_=2)
    return _page_of(facts, table.mutate(became=became), table.came_at, page, size, ("became",))


def _page_of(
    facts: Facts, table: ibis.Table, latest: ibis.Value, page: int, size: int, first: Sequence[str] = ()
) -> LeadPage:
    """A page in the order of the columns `first`, and then of the `latest`."""
    total = facts.value(table.count())
    names = list(LeadRow.__dataclass_fields__)
    chosen = table.order_by(*first, latest.desc(nulls_first=False), "lead_id").select(*names)
    rows = facts.rows(chosen.limit(size, offset=(page - 1) * size))
    return LeadPage(
        tuple(LeadRow(**{**row, "stage": Stage(row["stage"]) if row["stage"] else None}) for row in rows),
        total,
        page,
        size,
    )


def _standing(facts: Facts) -> ibis.Table:
    """Leads with the `stage` their latest episode stands at, and `since` when."""
    episode = facts.episode
    latest = episode.filter(episode["last"])
    lost = latest.lost_at.notnull() & (latest.won_at.isnull() | (latest.lost_at > latest.won_at))
    furthest = [
        (latest[f"{stage}_at"].notnull(), stage.value, latest[f"{stage}_at"])
        for stage in reversed(ORDERED_STAGES)
    ]
    stages = [(lost, Stage.LOST.value), *((reached, name) for reached, name, _ in furthest)]
    times = [(lost, latest.lost_at), *((reached, at) for reached, _, at in furthest)]
    standing = latest.select("lead_id", "mql_at", stage=ibis.cases(*stages), since=ibis.cases(*times))
    return facts.lead.left_join(standing, "lead_id").drop("lead_id_right")
