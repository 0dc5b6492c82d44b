"""Rules on past leads at the size companies have, beside hand-written SQL on DuckDB that answers the same whole question.

First a back-test of five conditions, on the facts as they are kept. Then what a threshold costs that is moved again and again: on
the leads that are held, beside the same rule run again by hand over a table in which everything it needs is laid ready. Then
the search for a rule between two teams. All counts have to be the same.

python -m benchmarks.what_if --leads 1000000
python -m benchmarks.what_if --data /tmp/company
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from alignment.bridging import Limits, Search, search, slots_of
from alignment.people import Team
from alignment.rules import Rule, parse
from alignment.what_if import Outcomes, Window
from benchmarks.lead_factory import make_facts

_FIELDS = ("employees", "source", "job_level", "demo", "country")
_LEADS = "SELECT employees, source, job_level, attribute_demo, country, came_at, won, lost, worked FROM lead"
_SAYS = """employees >= {employees} AND source IN ('referral', 'organic', 'partner', 'webinar')
       AND (job_level = 'vp' OR job_level = 'c-level' OR attribute_demo IN ('true', 'yes', '1'))
       AND NOT (country = 'US')"""
_BY_HAND = f"""
SELECT says, won, lost, count(*) AS n, count(*) FILTER (NOT worked) AS unworked, count(employees), count(source),
       count(job_level), count(attribute_demo), count(country)
FROM (SELECT {_SAYS} AS says, * FROM ({{leads}})) GROUP BY ALL
"""


def rule_from(employees: int) -> Rule:
    """A rule of five conditions with groups; the same as in the SQL."""
    return parse(
        {
            "version": 1,
            "all": [
                {"field": "employees", "op": ">=", "value": employees},
                {"field": "source", "op": "in", "value": ["referral", "organic", "partner", "webinar"]},
                {
                    "any": [
                        {"field": "job_level", "op": "in", "value": ["vp", "c-level"]},
                        {"field": "demo", "op": "=", "value": True},
                    ]
                },
                {"not": {"field": "country", "op": "=", "value": "US"}},
            ],
        }
    )


def ask_by_hand(execute: Callable[[str], Any], employees: int, leads: str) -> dict[bool | None, Outcomes]:
    """What the rule says, by hand-written SQL over `leads`."""
    found: dict[bool | None, Outcomes] = {True: Outcomes(), False: Outcomes(), None: Outcomes()}
    text = _BY_HAND.format(employees=employees, leads=leads)
    for says, won, lost, n, unworked, *_ in execute(text).fetchall():
        found[says] += Outcomes(n, n * won, n * lost, unworked)
    return found


def search_between(held: Any, weeks: float) -> Search:
    """Rules between one of sales and one of marketing, of four conditions each."""
    wanted = {
        Team.SALES: rule_from(100),
        Team.MARKETING: parse(
            {
                "version": 1,
                "all": [
                    {"field": "employees", "op": ">=", "value": 20},
                    {"field": "source", "op": "in", "value": ["ads", "referral", "fair"]},
                    {"field": "job_level", "op": "in", "value": ["vp", "c-level", "manager"]},
                    {"field": "demo", "op": "is_known"},
                ],
            }
        ),
    }
    slots = slots_of(wanted, lambda field, low, high: held.values_between(field, low, high, 5))
    return search(slots, wanted, held.passing, held.count, weeks, Limits(least_win_rate=0.2))


def timed(work: Callable[[], Any], runs: int = 3) -> tuple[float, float]:
    """Seconds by the clock, and of processor, that `work` takes: the medians of some runs."""
    clocks, processors = [], []
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        work()
        clocks.append(time.perf_counter() - start)
        processors.append(time.process_time() - used)
    return sorted(clocks)[runs // 2], sorted(processors)[runs // 2]


def _say(what: str, taken: tuple[float, float], base: tuple[float, float]) -> None:
    click.echo(
        f"  {what:<52}{taken[0] * 1000:10.1f} ms{taken[0] / base[0]:8.3f}"
        f"{taken[1] * 1000:12.1f} ms of processor{taken[1] / base[1]:8.3f}"
    )


def _check(ours: tuple[Outcomes, ...], theirs: dict[bool | None, Outcomes]) -> None:
    if ours != tuple(theirs.values()):
        raise SystemExit(f"Counted otherwise: {ours} here, {theirs} by hand.")


@click.command()
@click.option("--leads", "count", default=200_000, show_default=True, help="How many leads to make up.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Try rules on the leads of this data folder instead."
)
def main(count: int, data: Path | None) -> None:
    """Make up leads, try rules on them, and say how long it took."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = data or Path(scratch) / "data"
        os.environ["CONCORD_DATA"] = str(folder)
        import duckdb

        from leads.backtest import backtest
        from leads.held_leads import MOST_BYTES, fits, hold
        from leads.store import warehouse

        if data is None:
            start = time.perf_counter()
            made = make_facts(count)
            click.echo(
                f"{made.leads:,} leads, {made.events:,} events, made in {time.perf_counter() - start:.1f} s"
            )
        backtest(rule_from(50))
        ours = timed(lambda: backtest(rule_from(50)))
        found = backtest(rule_from(50))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        everything = Window(None, None, "")
        with warehouse().read() as facts:
            if not fits(facts, _FIELDS):
                raise SystemExit(f"The leads take more than {MOST_BYTES:,} bytes.")
            start = time.perf_counter()
            leads = hold(facts, _FIELDS)
            held = leads.window(everything, "UTC")
            loading = time.perf_counter() - start
            thresholds = iter(range(20, 1000))
            held.verdicts(rule_from(10))
            moved = timed(lambda: held.verdicts(rule_from(next(thresholds))), 15)
            joined = timed(lambda: held.verdicts(rule_from(10)), 15)
            searched = timed(lambda: search_between(held, 104), 1)
            found_between = search_between(held, 104)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        warehouse().close()
        file = next((folder / "leads").glob("*.duckdb"))
        with duckdb.connect(file, read_only=True, config={"memory_limit": "1GB", "threads": 2}) as facts:
            ask_by_hand(facts.execute, 50, _LEADS)
            by_hand = timed(lambda: ask_by_hand(facts.execute, 50, _LEADS))
            theirs = ask_by_hand(facts.execute, 50, _LEADS)
            counts = (
                (found.passed, found.won_passed),
                (found.failed, found.won_failed),
                (found.unknown, found.won_unknown),
            )
            if counts != tuple((of.leads, of.won) for of in theirs.values()):
                raise SystemExit(f"Counted otherwise: {counts} here, {theirs} by hand.")
        with duckdb.connect(config={"memory_limit": "4GB", "threads": 2}) as ready:
            ready.execute(f"ATTACH '{file}' AS facts (READ_ONLY)")
            ready.execute("USE facts")
            ready.execute(f"CREATE TABLE memory.laid AS {_LEADS}")
            ready.execute("USE memory")
            again = timed(lambda: ask_by_hand(ready.execute, 50, "FROM laid"), 5)
            for employees in (50, 51, 333):
                verdicts = held.verdicts(rule_from(employees))
                said = (verdicts.passed, verdicts.failed, verdicts.unknown)
                _check(said, ask_by_hand(ready.execute, employees, "FROM laid"))
        click.echo("a back-test of five conditions")
        _say("by hand in DuckDB SQL", by_hand, by_hand)
        _say("ours", ours, by_hand)
        click.echo("a threshold that is moved")
        _say("by hand in DuckDB SQL, everything laid ready", again, again)
        _say("ours, on the leads that are held", moved, again)
        _say("ours, conditions known and joined anew", joined, again)
        _say("a search between two rules", searched, again)
        click.echo(
            f"  {found_between.tried:,} of {found_between.possible:,} rules were tried, {len(found_between.bridges)} are told"
        )
        click.echo(f"  {again[0] / moved[0]:.0f} times as fast; the leads were read in {loading:.2f} s")
        click.echo(
            f"  held: {leads.bytes / 1e6:.0f} MB; peak memory {before:.0f} MB before, {after:.0f} MB after"
        )


if __name__ == "__main__":
    main()
