"""The measures of the dashboard and a rule, told by hand-written SQL for DuckDB, by SQL for SQLite and by pandas: all the same figures."""

import sqlite3
from contextlib import closing

import duckdb
import pytest

from benchmarks import hand_written_sql, metrics, pandas_figures, sqlite_sql
from benchmarks.lead_factory import make_facts

LEADS = 3_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("other-means")


@pytest.fixture(autouse=True)
def there(folder, monkeypatch):
    monkeypatch.setenv("CONCORD_DATA", str(folder))


@pytest.fixture(scope="module")
def engines(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DATA", str(folder))
        make_facts(LEADS)
        (file,) = (folder / "leads").glob("*.duckdb")
        linked, small = folder / "facts.duckdb", folder / "facts.db"
        linked.hardlink_to(file)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{linked}' AS facts (READ_ONLY)")
            connection.execute("USE facts")
            hand_written_sql.prepare(connection)
            sqlite_sql.load(connection, small)
            with closing(sqlite_sql.connect(small)) as asked, closing(sqlite3.connect(small)) as read:
                yield {
                    "by hand": lambda key: metrics.by_hand(connection, key),
                    "SQLite": lambda key: asked.execute(sqlite_sql.FIGURES[key]).fetchall(),
                    "pandas": lambda key: pandas_figures.FIGURES[key](read),
                    "rule by hand": lambda _: connection.execute(hand_written_sql.BACKTEST).fetchall(),
                    "rule in SQLite": lambda _: asked.execute(sqlite_sql.BACKTEST).fetchall(),
                    "rule in pandas": lambda _: pandas_figures.backtest(read),
                }


@pytest.mark.parametrize("engine", ["by hand", "SQLite", "pandas"])
@pytest.mark.parametrize("key", metrics.DASHBOARD)
def test_a_measure_is_the_same_by_other_means(engines, engine, key):
    rows = engines[engine](key)
    metrics.check(engine, key, rows)
    # and a lead more or less would be seen
    first, *others = rows
    with pytest.raises(SystemExit):
        metrics.check(engine, key, [(*first[:2], (first[2] or 0) + 1, *first[3:]), *others])


@pytest.mark.parametrize("engine", ["rule by hand", "rule in SQLite", "rule in pandas"])
def test_a_rule_says_the_same_by_other_means(engines, engine):
    rows = engines[engine](metrics.RULE)
    metrics.check(engine, metrics.RULE, rows)
    first, *others = rows
    with pytest.raises(SystemExit):
        metrics.check(engine, metrics.RULE, [(*first[:3], first[3] + 1, *first[4:]), *others])
