"""Measures at the size companies have, beside the same four questions in hand-written SQL on DuckDB, on SQLite and in pandas.

Volume, conversion within 90 days, acceptance and win rate, each by source, from the same episodes: the counts have to be the
same. Ours tell exclusions, flags, definitions and intervals besides, and look first whether outcomes are recorded late. Then
what every measure takes, pairs of rules tried at once beside one after the other, and the memory all of this took.

python -m benchmarks.metrics --leads 1000000
python -m benchmarks.metrics --leads 10000000 --without sqlite --without pandas
"""

import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from alignment.lifecycle import Stage
from alignment.rules import AllOf, Condition, Operator, Rule
from benchmarks.lead_factory import AS_OF, make_facts

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
# the same questions whole, as one would write them who knows that nothing is later than the as-of time: whole days where only
# days are known, what is left out, and how many are unusual
_DAYS_OF_SKIPPED = ", ".join(
    f"CASE WHEN mql_at IS NOT NULL THEN mql{part} WHEN sal_at IS NOT NULL THEN sal{part} WHEN sql_at IS NOT NULL THEN sql{part} "
    f"WHEN opportunity_at IS NOT NULL THEN opportunity{part} ELSE won{part} END AS mql{part}"
    for part in ("_day", "_day_only")
)
_WHOLE = f"""
SELECT coalesce(source, '(blank)') AS source, coalesce(mql_at, sal_at, sql_at, opportunity_at, won_at) AS mql, mql_at IS NULL AS imputed,
       {_DAYS_OF_SKIPPED}, won_at AS won, won_day, won_day_only, lost_at AS lost, accepted_at AS accepted, rejected_at AS rejected,
       coalesce(sal_at, sql_at, opportunity_at, won_at) AS went_on
FROM episode
"""
_WHOLE_QUESTIONS = {
    "volume": f"""
SELECT source, count(*), count(*), 0, count(*) FILTER (imputed) FROM ({_WHOLE}) WHERE mql IS NOT NULL GROUP BY source""",
    "conversion": f"""
SELECT source, count(*) FILTER (mature AND reached), count(*) FILTER (mature), count(*) FILTER (NOT mature),
       count(*) FILTER (mature AND (imputed OR won < mql))
FROM (SELECT *, coalesce(mql_day_only, false) OR coalesce(won_day_only, false) AS by_day,
             CASE WHEN by_day THEN won_day - mql_day <= 90 ELSE won <= mql + INTERVAL 90 DAY END AS reached,
             CASE WHEN by_day THEN mql_day <= DATE '{AS_OF:%Y-%m-%d}' - 90
                  ELSE mql <= TIMESTAMP '{AS_OF:%Y-%m-%d}' - INTERVAL 90 DAY END AS mature
      FROM ({_WHOLE})) WHERE mql IS NOT NULL GROUP BY source""",
    "acceptance_rate": f"""
SELECT source, count(*) FILTER (decided AND (rejected IS NULL OR accepted <= rejected)), count(*) FILTER (decided),
       count(*) FILTER (NOT decided), count(*) FILTER (accepted IS NULL AND rejected IS NULL AND decided)
FROM (SELECT *, accepted IS NOT NULL OR rejected IS NOT NULL OR went_on IS NOT NULL AS decided FROM ({_WHOLE}))
WHERE mql IS NOT NULL GROUP BY source""",
    "win_rate": f"""
SELECT source, count(*) FILTER (won IS NOT NULL AND (lost IS NULL OR won >= lost)), count(*), 0, 0
FROM ({_WHOLE}) WHERE won IS NOT NULL OR lost IS NOT NULL GROUP BY source""",
}
_DAY = 86_400_000_000
_WINDOW = 90 * _DAY
_NOW = int(AS_OF.timestamp()) * 1_000_000
_EQUAL = ("volume", "acceptance_rate", "win_rate")
"""Questions of which the counts have to be the same; conversion compares whole days where only days are known."""


def ask_ours() -> Counts:
    """The four questions to the portal's own measures."""
    from leads.metrics.acceptance import acceptance_rate
    from leads.metrics.conversion import conversion
    from leads.metrics.population import Population
    from leads.metrics.question import GroupBy, MetricQuestion
    from leads.metrics.selection import measure
    from leads.metrics.volume import volume_of_mqls
    from leads.metrics.win_rate import win_rate
    from leads.store import warehouse

    question = MetricQuestion(as_of=AS_OF, window_days=90, by=GroupBy.SOURCE)
    found: Counts = {}
    with warehouse().read() as facts:
        population = Population(facts, question)
        conversions = conversion(population, Stage.MQL, Stage.WON)
        for selection in (
            volume_of_mqls(population),
            conversions,
            acceptance_rate(population),
            win_rate(population),
        ):
            figures = [figure for figure in measure(population, selection) if figure.group]
            found[selection.name] = {
                figure.group["source"]: (figure.numerator, figure.denominator) for figure in figures
            }
    return found


def ask_in_sql(execute: Callable[[str], Any]) -> Counts:
    """The four questions as hand-written SQL over a table `episode` with times in microseconds."""
    return {
        name: {
            source: (int(numerator), int(denominator))
            for source, numerator, denominator in execute(text.format(window=_WINDOW, as_of=_NOW)).fetchall()
        }
        for name, text in _QUESTIONS.items()
    }


def ask_whole(execute: Callable[[str], Any]) -> Counts:
    """The four questions as hand-written SQL over the episodes of the facts themselves, with what is left out and unusual."""
    return {
        name: {
            source: (numerator, denominator)
            for source, numerator, denominator, _, _ in execute(text).fetchall()
        }
        for name, text in _WHOLE_QUESTIONS.items()
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


def timed(work: Callable[[], Any]) -> float:
    """Seconds that `work` takes: the median of three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[1]


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


@click.command()
@click.option("--leads", "count", default=200_000, show_default=True, help="How many leads to make up.")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(["sqlite", "pandas", "rules", "every"]),
    help="Leave this part out; may be given several times.",
)
def main(count: int, without: tuple[str, ...]) -> None:
    """Make up leads, measure them, and say how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONCORD_DATA"] = str(Path(folder) / "data")
        import duckdb

        from leads.backtest import backtest
        from leads.metrics.measuring import measure_all
        from leads.metrics.question import GroupBy, MetricQuestion
        from leads.store import warehouse

        def say(what: str, seconds: float, base: float) -> None:
            click.echo(f"  {what:<42}{seconds:9.2f} s {seconds / base:7.1f}")

        start = time.perf_counter()
        made = make_facts(count)
        click.echo(
            f"{made.leads:,} leads, {made.events:,} events, made in {time.perf_counter() - start:.1f} s"
        )
        first = time.perf_counter()
        ask_ours()
        first = time.perf_counter() - first
        ours = timed(ask_ours)
        peak = _peak()
        say("four questions, ours", ours, ours)
        say("the same on a cold engine, imports and all", first, ours)
        if "every" not in without:
            question = MetricQuestion(as_of=AS_OF, window_days=90, by=GroupBy.SOURCE)
            say("every measure by source", timed(lambda: measure_all(question)), ours)
            say("every measure in total", timed(lambda: measure_all(replace(question, by=None))), ours)
        peak_of_all = _peak()
        if "rules" not in without:
            pairs = [(_rule(50 + 9 * number, 20), _rule(10, 5 * number)) for number in range(10)]
            say("ten pairs of rules at once", timed(lambda: _compare_rules(pairs)), ours)
            say("ten pairs of rules in turn", timed(lambda: [backtest(*pair) for pair in pairs]), ours)
        polls = timed(lambda: [warehouse().revision() for _ in range(1_000)])
        expected = ask_ours()
        warehouse().close()
        file = next((Path(folder) / "data" / "leads").glob("*.duckdb"))
        with duckdb.connect(file, read_only=True, config={"memory_limit": "1GB", "threads": 2}) as facts:
            say("the same asked in DuckDB SQL by hand", timed(lambda: ask_whole(facts.execute)), ours)
            if ask_whole(facts.execute) != expected:
                raise SystemExit("DuckDB counts otherwise.")
        copy = _copy_of_episodes(file)
        say("only shares, columns copied before", timed(lambda: ask_in_sql(copy.execute)), ours)
        check(expected, ask_in_sql(copy.execute), "DuckDB")
        if "sqlite" not in without:
            small = _copy_to_sqlite(copy, Path(folder) / "small.db")
            say("four questions, SQL on SQLite", timed(lambda: ask_in_sql(small.execute)), ours)
            check(expected, ask_in_sql(small.execute), "SQLite")
            small.close()
        if "pandas" not in without:
            frame = copy.execute("SELECT * FROM episode").df()
            say("four questions, pandas, loading not counted", timed(lambda: ask_pandas(frame)), ours)
            check(expected, ask_pandas(frame), "pandas")
        click.echo(f"  asking for the revision                   {polls * 1000:9.1f} µs")
        click.echo(f"  peak memory, four questions               {peak:9.0f} MB")
        click.echo(f"  peak memory, every measure                {peak_of_all:9.0f} MB")


if __name__ == "__main__":
    main()
