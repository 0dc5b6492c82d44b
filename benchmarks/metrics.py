"""Measures at the size companies have, beside the same in hand-written SQL on DuckDB, on SQLite and in pandas.

Each measure of the dashboard by source, alone and all in one go, and a rule of five conditions: the same whole question, with what is
left out and what is unusual, to us and to SQL by hand on the same facts (`benchmarks/hand_written_sql.py`), to SQLite over the same tables
(`benchmarks/sqlite_sql.py`), and to pandas, which reads from that SQLite (`benchmarks/pandas_figures.py`). The figures have to be the same.
Ours tell definitions and intervals besides. Loading SQLite is not counted. A
question is asked as one that is not the first to a version of the facts: the first looks besides which stages are recorded, and since when.

What ours take is told for each lead too: where that is the same for ten times as many leads, it grows as they do.

python -m benchmarks.metrics --leads 1000000
python -m benchmarks.metrics --leads 10000000 --without every --without rules
"""

import os
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alignment.rules import AllOf, Condition, Operator, Rule
from benchmarks import hand_written_sql as by_sql
from benchmarks import sqlite_sql
from benchmarks.lead_factory import AS_OF, make_facts

if TYPE_CHECKING:
    from leads.backtest import Backtest
    from leads.metrics.question import Measure

DASHBOARD = (
    *("volume:mql", "volume:won", "conversion:mql:won", "acceptance_rate:mql:sal", "win_rate:won"),
    *("silent_rejections:mql", "followed_up_in_time:mql", "speed_to_lead", "rejection_reason"),
)
RULE = "a rule of five conditions"
_AT_MOST = 1.3
_AT_LEAST = 20
_LARGE = 2_000_000
"""Leads beyond which what takes long is timed fewer times."""

Rows = list[tuple[Any, ...]]


def ask_ours(names: Collection[str] | None, by: str | None = "source") -> "list[Measure]":
    """Measures of the portal, by names or keys."""
    from leads.metrics.measuring import measure_all
    from leads.metrics.question import MetricQuestion

    return measure_all(MetricQuestion(as_of=AS_OF, window_days=90, by=by), names)


def by_hand(connection: Any, key: str) -> Rows:
    """One measure as hand-written SQL, whole."""
    text = {"rejection_reason": by_sql.REASONS, "speed_to_lead": by_sql.SPEED, **by_sql.FIGURES}[key]
    return connection.execute(text).fetchall()


def check(engine: str, key: str, rows: Rows) -> None:
    """Raise where an engine tells something else of a measure, or of the rule, than we do."""
    if key == RULE:
        _check_rule(engine, rows)
        return
    measures = ask_ours([key])
    if key == "rejection_reason":
        decided, undecided = (sum(row[place] for row in rows) for place in (1, 2))
        expected: Any = {why: (count, decided, undecided) for why, count, _ in rows if why}
        ours: Any = {
            one.group["reason"]: (one.numerator, one.denominator, sum(one.excluded.values()))
            for one in measures
        }
    elif key == "speed_to_lead":
        ours = {
            (one.name[14:], one.group.get("source")): (one.value, one.numerator, one.denominator)
            for one in measures
        }
        expected = {}
        for source, median, p90, answered, n, _ in rows:
            expected |= {("median", source): (median, answered, n), ("p90", source): (p90, answered, n)}
    else:
        expected = {row[0] or "(blank)": tuple(row[1:]) for row in rows}
        ours = {
            one.group["source"]: (
                *(one.numerator, one.denominator),
                sum(one.excluded.values()),
                sum(one.flags.values()),
            )
            for one in measures
            if one.group
        }
        if key.startswith(("conversion", "silent")):  # of several flags, a lead can have two
            expected, ours = ({name: row[:3] for name, row in found.items()} for found in (expected, ours))
    if ours != expected:
        raise SystemExit(f"{engine}: {key} is {expected}, not {ours}.")


def ask_rule() -> "Backtest":
    """A rule of five conditions on all leads."""
    from leads.backtest import backtest

    conditions = (
        Condition("employees", Operator.AT_LEAST, 50),
        Condition("country", Operator.IN, ("DE", "FR", "US")),
        Condition("job_level", Operator.IN, ("c-level", "vp", "manager")),
        Condition("industry", Operator.NOT_EQUAL, "retail"),
        Condition("company_size", Operator.NOT_EQUAL, "small"),
    )
    return backtest(Rule(AllOf(conditions)))


def _check_rule(engine: str, cells: Rows) -> None:
    found = ask_rule()
    expected = [sum(cell[3] for cell in cells if cell[0] == verdict) for verdict in (True, False, None)]
    expected += [
        sum(cell[3] for cell in cells if cell[0] and cell[1]),
        sum(cell[4] for cell in cells),
    ]
    if expected != [found.passed, found.failed, found.unknown, found.won_passed, found.unworked]:
        raise SystemExit(f"{engine}: the rule tells {expected}, not {found}.")


def timed(work: Callable[[], Any], runs: int = 3) -> float:
    """Seconds that `work` takes: the median of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[runs // 2]


def side_by_side(ours: Callable[[], Any], theirs: Callable[[], Any], runs: int = 5) -> tuple[float, float]:
    """Seconds of both, the median of runs that take turns, so that what else the machine does meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for work, taken in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return sorted(times[0])[runs // 2], sorted(times[1])[runs // 2]


def _rule(employees: int, days: int) -> Rule:
    """A rule that about half of the made-up leads pass."""
    large = Condition("employees", Operator.AT_LEAST, employees)
    return Rule(AllOf((large, Condition("created_at", Operator.WITHIN_DAYS, days + 1))))


def _compare_rules(pairs: list[tuple[Rule, Rule]]) -> None:
    from leads.backtest import compare_rules
    from leads.store import warehouse

    with warehouse().read() as facts:
        compare_rules(facts, pairs)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cold() -> None:
    """Forget what earlier questions to this version found out, and their queries."""
    from leads import backtest
    from leads.metrics import history, measuring

    history.forget()
    measuring.forget()
    backtest.forget()


def compare_by_hand(connection: Any, leads: int) -> None:
    """A line for each measure of the dashboard, alone, for all of them in one go, and for the rule: ours, by hand, and the ratio."""
    runs = 5 if leads < _LARGE else 3

    def line(what: str, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
        mine, other = side_by_side(ours, theirs, runs)
        verdict = "" if mine <= _AT_MOST * other else f"   above {_AT_MOST}"
        click.echo(
            f"  {what:<42}{mine:9.3f} s {other:9.3f} s {mine / other:7.2f}{mine / leads * 1e9:10.0f}{verdict}"
        )

    click.echo(f"  {'':<42}{'ours':>11} {'by hand':>11}   ratio ns a lead")
    for key in DASHBOARD:
        check("by hand", key, by_hand(connection, key))
        line(key, partial(ask_ours, [key]), partial(by_hand, connection, key))

    def all_by_hand() -> None:
        for key in DASHBOARD:
            by_hand(connection, key)

    line("all of these in one go", lambda: ask_ours(DASHBOARD), all_by_hand)

    def first() -> None:
        _cold()
        ask_ours(DASHBOARD)

    line("all of these, first question to a version", first, all_by_hand)
    backtest = partial(_fetch, connection, by_sql.BACKTEST)
    check("by hand", RULE, backtest())
    line(RULE, ask_rule, backtest)

    def rule_first() -> None:
        _cold()
        ask_rule()

    line(RULE + ", first question to a version", rule_first, backtest)


def _fetch(connection: Any, text: str) -> Rows:
    return connection.execute(text).fetchall()


def compare_engines(path: Path, without: Collection[str], leads: int) -> None:
    """The same questions to SQLite and to pandas, which reads from it: a line for each, for all measures together, and for the rule.

    Beside the sum of ours alone, all of ours in one go.
    """
    from benchmarks import pandas_figures

    engines: dict[str, Callable[[str], Rows]] = {}
    with closing(sqlite_sql.connect(path)) as small, closing(sqlite3.connect(path)) as read:
        if "sqlite" not in without:
            texts = {**sqlite_sql.FIGURES, RULE: sqlite_sql.BACKTEST}
            engines["SQLite"] = lambda key: _fetch(small, texts[key])
        if "pandas" not in without:
            makers = {**pandas_figures.FIGURES, RULE: pandas_figures.backtest}
            engines["pandas"] = lambda key: makers[key](read)
        click.echo(f"  {'':<42}{'ours':>11} " + "".join(f"{name:>11}   times" for name in engines))
        sums = dict.fromkeys(["ours", *engines], 0.0)
        for key in (*DASHBOARD, RULE):
            ours = timed(ask_rule if key == RULE else partial(ask_ours, [key]))
            taken = {
                name: _asked(name, ask, key, 1 if leads > _LARGE else 2) for name, ask in engines.items()
            }
            if key == RULE:
                _tell("sum of the measures", sums["ours"], sums)
                _tell("all measures, ours in one go", timed(lambda: ask_ours(DASHBOARD)), sums)
            _tell(key, ours, taken)
            for name, seconds in {"ours": ours, **taken}.items():
                sums[name] += seconds
        _tell("sum with the rule", sums["ours"], sums)


def _asked(name: str, ask: Callable[[str], Rows], key: str, runs: int) -> float:
    """Seconds that an engine takes for a question, the shorter of some runs, whose figures are held against ours."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        rows = ask(key)
        seconds.append(time.perf_counter() - start)
        check(name, key, rows)
    return min(seconds)


def _tell(what: str, ours: float, theirs: dict[str, float]) -> None:
    others = [seconds for name, seconds in theirs.items() if name != "ours"]
    click.echo(
        f"  {what:<42}{ours:9.3f} s "
        + "".join(f"{seconds:9.2f} s {seconds / ours:7.1f}" for seconds in others)
    )


@click.command()
@click.option("--leads", "count", default=200_000, show_default=True, help="How many leads to make up.")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["sqlite", "pandas", "rules", "every", "hand"]),
    help="Leave this part out; may be given several times.",
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Measure the made-up leads of this data folder instead."
)
def main(count: int, without: tuple[str, ...], data: Path | None) -> None:
    """Make up leads, measure them, and say how long it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CONCORD_DATA"] = str(data or folder / "data")
        import duckdb

        from leads.store import warehouse

        start = time.perf_counter()
        if data is None:
            made = make_facts(count)
            click.echo(
                f"{made.leads:,} leads, {made.events:,} events, made in {time.perf_counter() - start:.1f} s"
            )
        start = time.perf_counter()
        ask_ours(DASHBOARD)
        click.echo(
            f"  {'dashboard on a cold engine':<42}{time.perf_counter() - start:9.3f} s, imports and all"
        )
        for _ in range(3):
            ask_ours(DASHBOARD)
        click.echo(f"  {'peak memory, dashboard':<42}{_peak():9.0f} MB")
        if "every" not in without:
            click.echo(f"  {'every measure by source':<42}{timed(lambda: ask_ours(None)):9.3f} s")
            click.echo(f"  {'every measure in total':<42}{timed(lambda: ask_ours(None, by=None)):9.3f} s")
            click.echo(f"  {'peak memory, every measure':<42}{_peak():9.0f} MB")
        if "rules" not in without:
            pairs = [(_rule(50 + 9 * number, 20), _rule(10, 5 * number)) for number in range(10)]
            click.echo(f"  {'ten pairs of rules at once':<42}{timed(lambda: _compare_rules(pairs)):9.3f} s")
        polls = timed(lambda: [warehouse().revision() for _ in range(1_000)])
        click.echo(f"  {'asking for the revision':<42}{polls * 1000:9.1f} µs")
        file = next((Path(os.environ["CONCORD_DATA"]) / "leads").glob("*.duckdb"))
        with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
            # attached by another path, for an engine does not open a file twice in a process
            other = folder / "facts.duckdb"
            os.link(file, other) if file.stat().st_dev == folder.stat().st_dev else shutil.copy(file, other)
            connection.execute(f"ATTACH '{other}' AS facts (READ_ONLY)")
            connection.execute("USE facts")
            (leads,) = connection.execute("SELECT count(*) FROM lead").fetchone() or (0,)
            if "hand" not in without:
                by_sql.prepare(connection)
                compare_by_hand(connection, leads)
            if {"sqlite", "pandas"} <= set(without):
                return
            start = time.perf_counter()
            path = folder / "facts.db"
            sqlite_sql.load(connection, path)
            told = f"{time.perf_counter() - start:9.1f} s, {path.stat().st_size / 1e9:.1f} GB"
            click.echo(f"  {'loading SQLite (not counted below)':<42}{told}")
        compare_engines(path, without, leads)
        click.echo(f"  {'peak memory, pandas and all':<42}{_peak():9.0f} MB")


if __name__ == "__main__":
    main()
