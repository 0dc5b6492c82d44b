"""Measures on made-up leads, beside the same four questions answered in pandas, and pairs of rules tried at once beside
one after the other: times and ratios on this machine.

python -m benchmarks.metrics --leads 200000
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa

from alignment.rules import AllOf, Condition, Operator, Rule

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
_DAY = 86_400_000_000


def make_leads(count: int, seed: int = 1) -> tuple[pa.Table, pa.Table]:
    """Leads over two years and about five events each, as tables for `leads.imports.direct.load_events`."""
    draw = np.random.default_rng(seed)
    ids = np.char.add("lead-", np.arange(count).astype(str))
    created = draw.integers(0, 700, count) * _DAY + int(AS_OF.timestamp() * 1e6) - 730 * _DAY
    sources = draw.choice(["ads", "referral", "organic", "partner"], count)
    leads = pa.table(
        {
            "lead_id": ids,
            "source": sources,
            "employees": draw.integers(1, 500, count).astype(float),
            "created_at": pa.array(created, pa.timestamp("us", "UTC")),
        }
    )
    parts = []

    def happen(kind: str, stage: str | None, share: float, mean_days: float) -> None:
        chosen = draw.random(count) < share
        at = created[chosen] + (draw.exponential(mean_days, int(chosen.sum())) * _DAY).astype(np.int64)
        parts.append(
            pa.table(
                {
                    "lead_id": ids[chosen],
                    "type": [kind] * int(chosen.sum()),
                    "stage": pa.array([stage] * int(chosen.sum()), pa.string()),
                    "at": pa.array(at, pa.timestamp("us", "UTC")),
                }
            )
        )

    happen("entered_stage", "lead", 1.0, 0.0001)
    happen("entered_stage", "mql", 0.8, 0.5)
    happen("contact_attempted", None, 0.7, 2)
    happen("accepted", None, 0.5, 5)
    happen("rejected", None, 0.2, 5)
    happen("entered_stage", "won", 0.1, 40)
    happen("entered_stage", "lost", 0.2, 60)
    return leads, pa.concat_tables(parts)


def answer_in_pandas(leads: pa.Table, events: pa.Table) -> dict[str, Any]:
    """Volume, conversion within 90 days, acceptance and median time to contact, from frames in memory."""
    frame, log = leads.to_pandas(), events.to_pandas()
    entered = log[log.type == "entered_stage"]
    first = entered.groupby(["lead_id", "stage"])["at"].min().unstack()
    first["attempted"] = log[log.type == "contact_attempted"].groupby("lead_id")["at"].min()
    first["accepted"] = log[log.type == "accepted"].groupby("lead_id")["at"].min()
    first["rejected"] = log[log.type == "rejected"].groupby("lead_id")["at"].min()
    joined = frame.set_index("lead_id").join(first)
    joined = joined[joined.mql.notna()]
    mature = joined[joined.mql <= AS_OF - np.timedelta64(90, "D")]
    won = (mature.won - mature.mql).dt.days <= 90
    return {
        "volume": joined.groupby("source").size(),
        "conversion": won.groupby(mature.source).mean(),
        "acceptance": joined.accepted.notna().sum()
        / (joined.accepted.notna() | joined.rejected.notna()).sum(),
        "speed": (joined.attempted - joined.mql).median(),
    }


def _rule(employees: int, days: int) -> Rule:
    """A rule that about half of the made-up leads pass."""
    large = Condition("employees", Operator.AT_LEAST, employees)
    return Rule(AllOf((large, Condition("created_at", Operator.WITHIN_DAYS, days + 1))))


def timed(work: Callable[[], Any]) -> float:
    """Seconds that `work` takes: the median of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[1]


@click.command()
@click.option("--leads", "count", default=200_000, show_default=True, help="How many leads to make up.")
def main(count: int) -> None:
    """Load leads, measure them, and say how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONCORD_DATA"] = str(Path(folder) / "data")
        from leads.backtest import backtest, compare_rules
        from leads.imports.direct import load_events
        from leads.metrics.measuring import measure_all
        from leads.metrics.question import GroupBy, MetricQuestion
        from leads.store import warehouse

        def compare_at_once(pairs: list[tuple[Rule, Rule]]) -> None:
            with warehouse().read() as facts:
                compare_rules(facts, pairs)

        leads, events = make_leads(count)
        start = time.perf_counter()
        load_events(leads, events, AS_OF)
        loading = time.perf_counter() - start
        question = MetricQuestion(as_of=AS_OF, window_days=90, by=GroupBy.SOURCE)
        four = ("volume", "conversion", "acceptance_rate", "speed_to_lead_median")
        engine = timed(lambda: measure_all(question, four))
        everything = timed(lambda: measure_all(question))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pandas = timed(lambda: answer_in_pandas(leads, events))
        pairs = [(_rule(50 + 9 * number, 20), _rule(10, 5 * number)) for number in range(10)]
        at_once = timed(lambda: compare_at_once(pairs))
        in_turn = timed(lambda: [backtest(*pair) for pair in pairs])
        polls = timed(lambda: [warehouse().revision() for _ in range(1_000)])
        click.echo(f"{count:,} leads, {events.num_rows:,} events")
        click.echo(f"  load in one version            {loading:8.2f} s")
        click.echo(f"  four measures, engine          {engine:8.2f} s   1.0")
        click.echo(f"  four measures, pandas in memory{pandas:8.2f} s   {pandas / engine:.1f}")
        click.echo(f"  every measure, engine          {everything:8.2f} s   {everything / engine:.1f}")
        click.echo(f"  ten pairs of rules at once     {at_once:8.2f} s   1.0")
        click.echo(f"  ten pairs of rules in turn     {in_turn:8.2f} s   {in_turn / at_once:.1f}")
        click.echo(f"  asking for the revision        {polls * 1000:8.1f} µs")
        click.echo(f"  peak memory before pandas      {peak:8.0f} MB")


if __name__ == "__main__":
    main()
