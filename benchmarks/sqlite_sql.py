"""The lead facts in SQLite, and the figures of the dashboard, each whole, as hand-written SQL for it.

The tables are those of the facts as they are, every row and column; instants are whole microseconds and days whole days since 1970.
There is an index for what is looked up: leads by their id, episodes by the time at which they were handed over and won. No
question reads the events. The queries come back as those of `benchmarks/hand_written_sql.py` do, and
are written for what SQLite does well: nothing is worked out that is not asked for, and groups are told from narrow rows.
"""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.hand_written_sql import calendar
from benchmarks.lead_factory import AS_OF

DAY = 86_400_000_000
NOW = int(AS_OF.timestamp()) * 1_000_000
_TODAY = NOW // DAY
_MINUTE = 60_000_000
_ROWS = 50_000

_INDEXES = (
    "CREATE UNIQUE INDEX lead_by_id ON lead (lead_id)",
    "CREATE INDEX episode_by_lead ON episode (lead_id, number)",
    "CREATE INDEX episode_by_hand_over ON episode (handed_at)",
    "CREATE INDEX episode_by_won ON episode (won_at)",
)


def load(engine: Any, path: Path) -> None:
    """Make an SQLite file of the facts that an engine has in use: the tables `lead` and `episode`, and `calendar`."""
    small = sqlite3.connect(path)
    small.execute("PRAGMA journal_mode = OFF")
    small.execute("PRAGMA synchronous = OFF")
    for table in ("lead", "episode"):
        columns = engine.execute(f"DESCRIBE {table}").fetchall()
        kinds, values = zip(*(_told(name, kind) for name, kind, *_ in columns), strict=True)
        small.execute(f"CREATE TABLE {table} ({', '.join(kinds)}) STRICT")
        places = ", ".join("?" * len(columns))
        reader = engine.execute(f"SELECT {', '.join(values)} FROM {table}").to_arrow_reader(_ROWS)
        for batch in reader:
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            small.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
    small.execute("CREATE TABLE calendar (day INTEGER PRIMARY KEY, is_open INTEGER, before INTEGER) STRICT")
    first = AS_OF.date() - timedelta(days=int(_TODAY))
    days = [((day - first).days, is_open, before) for day, is_open, before in calendar()]
    small.executemany("INSERT INTO calendar VALUES (?, ?, ?)", days)
    small.commit()
    for index in _INDEXES:
        small.execute(index)
    small.execute("ANALYZE")
    small.commit()
    small.close()


def connect(path: Path) -> Any:
    """A connection set up for large questions: much memory, and sorting with a thread beside. Of a new SQLite, which asks faster."""
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(str(path))
    for setting in ("cache_size = -1000000", "mmap_size = 20000000000", "temp_store = MEMORY", "threads = 2"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _told(name: str, kind: str) -> tuple[str, str]:
    """A column of a table for SQLite, and what the engine tells it as."""
    quoted = f'"{name}"'
    if kind.startswith("TIMESTAMP"):
        return f"{quoted} INTEGER", f"epoch_us({quoted})"
    if kind == "DATE":
        return f"{quoted} INTEGER", f"{quoted} - DATE '1970-01-01'"
    if kind == "BOOLEAN":
        return f"{quoted} INTEGER", f"{quoted}::UTINYINT"
    if kind in ("BIGINT", "INTEGER", "TINYINT"):
        return f"{quoted} INTEGER", quoted
    return (f"{quoted} REAL", quoted) if kind == "DOUBLE" else (f"{quoted} TEXT", quoted)


_SOURCE = "coalesce(source, '(blank)') AS source"
_ACCEPTED, _REJECTED, _IMPLIED = 1, 2, 3


def _least(*names: str) -> str:
    """The earliest of some instants, of which any may be missing; `min` of SQLite is null where one is."""
    never = 9_223_372_036_854_775_807
    return f"nullif(min({', '.join(f'ifnull({name}, {never})' for name in names)}), {never})"


def _until(at: str, day: str) -> str:
    """Open minutes before an instant, with the row of its day in the calendar."""
    minute = f"({at} / {_MINUTE} % 1440 - 540)"
    return f"({day}.before + CASE WHEN {day}.is_open THEN max(0, min(480, {minute})) ELSE 0 END)"


_BEFORE_NOW = f"(SELECT before FROM calendar WHERE day = {_TODAY})"
_BOUND = "-1"  # keeps a subquery from being taken apart, so that what it works out is worked out once
_WAITED = f"""
SELECT source, decision, max(0, {_BEFORE_NOW} - started) AS waited, max(0, {_until("decided_at", "day_of_end")} - started) AS took
FROM (
    SELECT source, decision, decided_at, {_until("handed_at", "day_of_start")} AS started
    FROM (
        SELECT {_SOURCE}, handed_at, decision, decided_at FROM episode WHERE handed_at IS NOT NULL LIMIT {_BOUND}
    ) CROSS JOIN calendar day_of_start ON day_of_start.day = handed_at / {DAY} LIMIT {_BOUND}
) LEFT JOIN calendar day_of_end ON day_of_end.day = decided_at / {DAY} LIMIT {_BOUND}"""
_CALLED = f"""
SELECT source, answered, early, max(0, {_until("ended", "day_of_end")} - {_until("handed_at", "day_of_start")}) AS minutes
FROM (
    SELECT {_SOURCE}, handed_at, attempted_at IS NOT NULL AS answered, ifnull(attempted_at < handed_at, 0) AS early,
           coalesce(attempted_at, {_least("rejected_at", "lost_at", "until_at")}, {NOW}) AS ended
    FROM episode WHERE handed_at IS NOT NULL LIMIT {_BOUND}
) CROSS JOIN calendar day_of_start ON day_of_start.day = handed_at / {DAY} CROSS JOIN calendar day_of_end ON day_of_end.day = ended / {DAY}
LIMIT {_BOUND}"""

FIGURES = {
    "volume:mql": f"""
SELECT {_SOURCE}, count(*), count(*), 0, count(*) - count(mql_at) FROM episode WHERE handed_at IS NOT NULL GROUP BY 1""",
    "volume:won": f"SELECT {_SOURCE}, count(*), count(*), 0, 0 FROM episode WHERE won_at IS NOT NULL GROUP BY 1",
    "conversion:mql:won": f"""
SELECT source, sum(mature AND reached), sum(mature), sum(NOT mature), sum(mature AND (imputed OR reversed))
FROM (SELECT {_SOURCE}, mql_at IS NULL AS imputed, ifnull(won_at < handed_at, 0) AS reversed,
             CASE WHEN handed_day_only OR won_day_only THEN ifnull(won_day - handed_day <= 90, 0)
                  ELSE ifnull(won_at <= handed_at + {90 * DAY}, 0) END AS reached,
             CASE WHEN handed_day_only OR won_day_only THEN handed_day <= {_TODAY - 90} ELSE handed_at <= {NOW - 90 * DAY} END AS mature
      FROM episode WHERE handed_at IS NOT NULL LIMIT {_BOUND}) GROUP BY source""",
    "acceptance_rate:mql:sal": f"""
SELECT {_SOURCE}, sum(decision IN ({_ACCEPTED}, {_IMPLIED})), sum(decision <> 0), sum(decision = 0), sum(decision = {_IMPLIED})
FROM episode WHERE handed_at IS NOT NULL GROUP BY 1""",
    "win_rate:won": f"""
SELECT {_SOURCE}, count(*) FILTER (WHERE won_at IS NOT NULL AND (lost_at IS NULL OR won_at >= lost_at)), count(*), 0, 0
FROM episode WHERE won_at IS NOT NULL OR lost_at IS NOT NULL GROUP BY 1""",
    "silent_rejections:mql": f"""
SELECT source, sum(waited >= 2880 AND decision = 0), sum(waited >= 2880), sum(waited < 2880),
       sum(waited >= 2880 AND (decision = {_IMPLIED} OR ifnull(took > 2880, 0)))
FROM ({_WAITED}) GROUP BY source""",
    "followed_up_in_time:mql": f"""
SELECT source, sum(answered AND minutes <= 60), sum(answered OR minutes > 60), sum(NOT answered AND minutes <= 60),
       sum((answered OR minutes > 60) AND early)
FROM ({_CALLED}) GROUP BY source""",
    "rejection_reason": f"""
SELECT CASE WHEN decision = {_REJECTED} THEN coalesce(reason, '(none)') ELSE '' END AS why, sum(decision <> 0), sum(decision = 0)
FROM episode WHERE handed_at IS NOT NULL GROUP BY why""",
    "speed_to_lead": f"""
WITH counted AS MATERIALIZED (
    SELECT source, CASE WHEN minutes > 10000 THEN minutes / 60 * 60 ELSE minutes END AS minutes, count(*) AS n,
           sum(answered) AS answered, sum(early) AS early
    FROM ({_CALLED}) GROUP BY 1, 2
), each_source AS (
    SELECT * FROM counted
    UNION ALL SELECT NULL, minutes, sum(n), sum(answered), sum(early) FROM counted GROUP BY minutes
), risk AS (
    SELECT *, sum(n) OVER (PARTITION BY source ORDER BY minutes DESC) AS at_risk FROM each_source
), curve AS (
    SELECT *, CASE WHEN at_risk = answered THEN 0
                   ELSE exp(sum(ln(1 - answered * 1.0 / nullif(at_risk, answered))) OVER (PARTITION BY source ORDER BY minutes)) END AS waiting
    FROM risk
)
SELECT source, min(minutes) FILTER (WHERE waiting <= 0.5 + 1e-12), min(minutes) FILTER (WHERE waiting <= 0.1 + 1e-12), sum(answered), sum(n), sum(early)
FROM curve GROUP BY source""",
}
"""By the key of the measure."""

BACKTEST = """
SELECT passes, won, lost, count(*), sum(NOT worked), count(employees), count(country), count(job_level), count(industry),
       count(company_size)
FROM (
    SELECT *, employees >= 50 AND country IN ('DE', 'FR', 'US') AND job_level IN ('c-level', 'vp', 'manager') AND industry <> 'retail'
                  AND company_size <> 'small' AS passes
    FROM lead LIMIT -1
) GROUP BY 1, 2, 3"""
"""What a rule of five conditions says, as `hand_written_sql.BACKTEST` tells it."""
