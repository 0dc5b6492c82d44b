"""Measures at the size companies have, beside the same in hand-written SQL on DuckDB, on SQLite and in pandas.

Each measure of the dashboard by source, alone and all in one go, and a rule of five conditions, as hand-written SQL on the same
facts tells them (`benchmarks/hand_written_sql.py`), with what is left out and what is unusual; the figures have to be the same. Ours tell
definitions and intervals besides. Then four of them, only the shares, as SQLite and pandas work them out. A
question is asked as one that is not the first to a version of the facts: the first looks besides which stages are recorded, and since when.

python -m benchmarks.metrics --leads 1000000
python -m benchmarks.metrics --leads 10000000 --without sqlite --without pandas
"""

import os
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alignment.rules import AllOf, Condition, Operator, Rule
from benchmarks import hand_written_sql as by_sql
from benchmarks.lead_factory import AS_OF, make_facts

if TYPE_CHECKING:
    from leads.backtest import Backtest
    from leads.metrics.question import Measure

DASHBOARD = (
    *("volume:mql", "volume:won", "conversion:mql:won", "acceptance_rate:mql:sal", "win_rate:won"),
    *("silent_rejections:mql", "followed_up_in_time:mql", "speed_to_lead", "rejection_reason"),
)
FOUR = ("volume:mql", "conversion:mql:won", "acceptance_rate:mql:sal", "win_rate:won")
_AT_MOST = 1.3
_STAGES = ("mql", "sal", "sql", "opportunity", "won")
_COLUMNS = ("source", *(f"{stage}_at" for stage in _STAGES), "lost_at", "accepted_at", "rejected_at")

Counts = dict[str, dict[str, tuple[int, int]]]
"""Numerator and denominator by question and source."""

# `reached` fills a skipped stage in from the next one; times are microseconds since 1970
_REACHED = """
SELECT coalesce(source, '(blank)') AS source, coalesce(mql_at, sal_at, sql_at, opportunity_at, won_at) AS mql,
       won_at AS won, lost_at AS lost, accepted_at AS accepted, rejected_at AS rejected,
       coalesce(sal_at, sql_at, opportunity_at, won_at) AS went_on
FROM episode
"""
_QUESTIONS = {
    "volume": f"""
SELECT source, count(*), count(*) FROM ({_REACHED}) reached WHERE mql IS NOT NULL GROUP BY source""",
    "conversion": f"""
SELECT source, sum(CASE WHEN won <= mql + {{window}} THEN 1 ELSE 0 END), count(*) FROM ({_REACHED}) reached
WHERE mql <= {{as_of}} - {{window}} GROUP BY source""",
    "acceptance_rate": f"""
SELECT source, sum(CASE WHEN accepted IS NULL AND rejected IS NULL OR rejected IS NULL OR accepted <= rejected THEN 1 ELSE 0 END),
       count(*)
FROM ({_REACHED}) reached
WHERE mql IS NOT NULL AND (accepted IS NOT NULL OR rejected IS NOT NULL OR went_on IS NOT NULL) GROUP BY source""",
    "win_rate": f"""
SELECT source, sum(CASE WHEN won IS NOT NULL AND (lost IS NULL OR won >= lost) THEN 1 ELSE 0 END), count(*)
FROM ({_REACHED}) reached WHERE won IS NOT NULL OR lost IS NOT NULL GROUP BY source""",
}
_DAY = 86_400_000_000
_WINDOW = 90 * _DAY
_NOW = int(AS_OF.timestamp()) * 1_000_000
_EQUAL = ("volume", "acceptance_rate", "win_rate")
"""Questions of which the counts have to be the same; conversion compares whole days where only days are known."""


def ask_ours(names: Collection[str] | None, by: str | None = "source") -> "list[Measure]":
    """Measures of the portal, by names or keys."""
    from leads.metrics.measuring import measure_all
    from leads.metrics.question import MetricQuestion

    return measure_all(MetricQuestion(as_of=AS_OF, window_days=90, by=by), names)


def counts_of(measures: "Iterable[Measure]") -> Counts:
    """Numerator and denominator by question and source."""
    found: Counts = {}
    for measure in measures:
        if measure.group:
            by_source = found.setdefault(measure.name, {})
            by_source[measure.group["source"]] = measure.numerator, measure.denominator
    return found


def by_hand(connection: Any, key: str) -> list[tuple[Any, ...]]:
    """One measure as hand-written SQL, whole."""
    text = {"rejection_reason": by_sql.REASONS, "speed_to_lead": by_sql.SPEED, **by_sql.FIGURES}[key]
    return connection.execute(text).fetchall()


def check_whole(connection: Any, key: str) -> None:
    """Raise where hand-written SQL tells something else than we do."""
    rows = by_hand(connection, key)
    measures = ask_ours([key])
    if key == "rejection_reason":
        decided = sum(row[1] for row in rows)
        expected: Any = {why: (count, decided) for why, count, _ in rows if why}
        ours: Any = {one.group["reason"]: (one.numerator, one.denominator) for one in measures}
    elif key == "speed_to_lead":
        ours = {
            (one.name[14:], one.group.get("source")): (one.value, one.numerator, one.denominator)
            for one in measures
        }
        expected = {}
        for source, median, p90, answered, n, _ in rows:
            expected |= {("median", source): (median, answered, n), ("p90", source): (p90, answered, n)}
    else:
        expected = {row[0]: tuple(row[1:]) for row in rows}
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
        raise SystemExit(f"By hand, {key} is {expected}, not {ours}.")


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


def check_rule(connection: Any) -> None:
    """Raise where hand-written SQL counts the leads of the rule otherwise."""
    cells = connection.execute(by_sql.BACKTEST).fetchall()
    found = ask_rule()
    expected = [sum(cell[3] for cell in cells if cell[0] is verdict) for verdict in (True, False, None)]
    expected += [
        sum(cell[3] for cell in cells if cell[0] is True and cell[1]),
        sum(cell[4] for cell in cells),
    ]
    if expected != [found.passed, found.failed, found.unknown, found.won_passed, found.unworked]:
        raise SystemExit(f"By hand, the rule tells {expected}, not {found}.")


def ask_in_sql(execute: Callable[[str], Any]) -> Counts:
    """The four questions as hand-written SQL over a table `episode` with times in microseconds."""
    return {
        name: {
            source: (int(numerator), int(denominator))
            for source, numerator, denominator in execute(text.format(window=_WINDOW, as_of=_NOW)).fetchall()
        }
        for name, text in _QUESTIONS.items()
    }


def ask_pandas(frame: Any) -> Counts:
    """The four questions to a frame with the columns of `episode`."""
    source = frame["source"].fillna("(blank)")
    mql = frame["mql_at"]
    went_on = frame["sal_at"]
    for stage in ("sql", "opportunity", "won"):
        went_on = went_on.fillna(frame[f"{stage}_at"])
    mql = mql.fillna(went_on)
    accepted, rejected, won, lost = (
        frame[name] for name in ("accepted_at", "rejected_at", "won_at", "lost_at")
    )
    decided = mql.notna() & (accepted.notna() | rejected.notna() | went_on.notna())
    taken = rejected.isna() | (accepted <= rejected)
    is_won = won.notna() & (lost.isna() | (won >= lost))

    def counted(hit: Any, counts: Any) -> dict[str, tuple[int, int]]:
        counts = counts.fillna(False).astype(bool)
        groups = hit[counts].fillna(False).astype(bool).groupby(source[counts])
        table = groups.agg(["sum", "count"])
        return {name: (int(row["sum"]), int(row["count"])) for name, row in table.iterrows()}

    return {
        "volume": counted(mql.notna(), mql.notna()),
        "conversion": counted(won <= mql + _WINDOW, mql <= _NOW - _WINDOW),
        "acceptance_rate": counted(taken, decided),
        "win_rate": counted(is_won, won.notna() | lost.notna()),
    }


def check(ours: Counts, theirs: Counts, engine: str) -> None:
    """Raise when another engine counts otherwise."""
    for name, groups in ours.items():
        for source, (numerator, denominator) in groups.items():
            other = theirs[name][source]
            same = (numerator, denominator) == other
            near = (
                abs(numerator - other[0]) <= 0.02 * denominator
                and abs(denominator - other[1]) <= 0.02 * denominator
            )
            if not (same if name in _EQUAL else near):
                raise SystemExit(
                    f"{engine} counts {name} of {source} as {other}, not {numerator, denominator}."
                )


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


def _copy_of_episodes(file: Path) -> Any:
    """A DuckDB in memory with the columns of the episodes that the questions need, times as microseconds."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "2GB", "threads": 2})
    connection.execute(f"ATTACH '{file}' AS facts (READ_ONLY)")
    columns = ", ".join(name if name == "source" else f"epoch_us({name}) AS {name}" for name in _COLUMNS)
    connection.execute(f"CREATE TABLE episode AS SELECT {columns} FROM facts.episode")
    connection.execute("DETACH facts")
    return connection


def _copy_to_sqlite(connection: Any, path: Path) -> sqlite3.Connection:
    small = sqlite3.connect(path)
    small.execute(f"CREATE TABLE episode ({', '.join(_COLUMNS)})")
    rows = connection.execute("SELECT * FROM episode")
    while batch := rows.fetchmany(100_000):
        small.executemany(f"INSERT INTO episode VALUES ({', '.join('?' * len(_COLUMNS))})", batch)
    small.commit()
    return small


def _cold() -> None:
    """Forget what earlier questions to this version found out, and their queries."""
    from leads.metrics import history, measuring

    history.forget()
    measuring.forget()


def compare_by_hand(connection: Any) -> None:
    """A line for each measure of the dashboard, alone, for all of them in one go, and for the rule: ours, by hand, and the ratio."""

    def line(what: str, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
        mine, other = side_by_side(ours, theirs)
        verdict = "" if mine <= _AT_MOST * other else f"   above {_AT_MOST}"
        click.echo(f"  {what:<42}{mine:9.3f} s {other:9.3f} s {mine / other:7.2f}{verdict}")

    click.echo(f"  {'':<42}{'ours':>11} {'by hand':>11}   ratio")
    for key in DASHBOARD:
        check_whole(connection, key)
        line(key, partial(ask_ours, [key]), partial(by_hand, connection, key))

    def all_by_hand() -> None:
        for key in DASHBOARD:
            by_hand(connection, key)

    line("all of these in one go", lambda: ask_ours(DASHBOARD), all_by_hand)

    def first() -> None:
        _cold()
        ask_ours(DASHBOARD)

    line("all of these, first question to a version", first, all_by_hand)
    check_rule(connection)
    line("a rule of five conditions", ask_rule, lambda: connection.execute(by_sql.BACKTEST).fetchall())


def compare_engines(file: Path, folder: Path, without: Collection[str], runs: int) -> None:
    """Four questions to us, to SQLite in SQL, and to pandas with a frame read from SQLite: how many times as long those take."""
    ours = timed(lambda: ask_ours(FOUR), runs)
    expected = counts_of(ask_ours(FOUR))
    click.echo(f"  {'four questions, ours':<42}{ours:9.3f} s")
    copy = _copy_of_episodes(file)
    check(expected, ask_in_sql(copy.execute), "DuckDB")
    if {"sqlite", "pandas"} <= set(without):
        return
    path = folder / "small.db"
    small = _copy_to_sqlite(copy, path)
    copy.close()
    if "sqlite" not in without:
        found: list[Counts] = []
        taken = timed(lambda: found.append(ask_in_sql(small.execute)), runs)
        check(expected, found[0], "SQLite")
        click.echo(f"  {'the same, SQL on SQLite':<42}{taken:9.3f} s {taken / ours:9.1f} times")
    if "pandas" not in without:
        import pandas

        def read_and_ask() -> Counts:
            return ask_pandas(pandas.read_sql_query("SELECT * FROM episode", small))

        frames: list[Counts] = []
        taken = timed(lambda: frames.append(read_and_ask()), runs)
        check(expected, frames[0], "pandas")
        click.echo(f"  {'the same, pandas read from SQLite':<42}{taken:9.3f} s {taken / ours:9.1f} times")
    small.close()
    path.unlink()


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
        ask_ours(FOUR)
        click.echo(
            f"  {'four questions on a cold engine':<42}{time.perf_counter() - start:9.3f} s, imports and all"
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
        if "hand" not in without:
            with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
                # attached by another path, for an engine does not open a file twice in a process
                other = folder / "facts.duckdb"
                os.link(file, other) if file.stat().st_dev == folder.stat().st_dev else shutil.copy(
                    file, other
                )
                connection.execute(f"ATTACH '{other}' AS facts (READ_ONLY)")
                connection.execute("USE facts")
                by_sql.prepare(connection)
                compare_by_hand(connection)
            other.unlink()
        compare_engines(file, folder, without, 3 if count <= 1_000_000 else 1)


if __name__ == "__main__":
    main()
