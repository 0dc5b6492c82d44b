"""The lead facts in SQLite, and the figures of the dashboard, each whole, as hand-written SQL for it.

The tables are those of the facts as they are, every row and column; instants are whole microseconds and days whole days since 1970.
There is an index for what is looked up: leads by their id, episodes by the time at which they were handed over and won, and events
by lead, which has all that a rule's past asks of them. The queries come back as those of `benchmarks/hand_written_sql.py` do, and
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
    "CREATE INDEX episode_by_mql ON episode (mql_at)",
    "CREATE INDEX episode_by_won ON episode (won_at)",
    "CREATE INDEX event_by_lead ON lead_event (lead_id, type, stage)",
)


def load(engine: Any, path: Path) -> None:
    """Make an SQLite file of the facts that an engine has in use: the tables `lead`, `lead_event` and `episode`, and `calendar`."""
    small = sqlite3.connect(path)
    small.execute("PRAGMA journal_mode = OFF")
    small.execute("PRAGMA synchronous = OFF")
    for table in ("lead", "lead_event", "episode"):
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
    if kind in ("BIGINT", "INTEGER"):
        return f"{quoted} INTEGER", quoted
    return (f"{quoted} REAL", quoted) if kind == "DOUBLE" else (f"{quoted} TEXT", quoted)


_SOURCE = "coalesce(source, '(blank)') AS source"
_MQL = "coalesce(mql_at, sal_at, sql_at, opportunity_at, won_at)"
_WENT_ON = "coalesce(sal_at, sql_at, opportunity_at, won_at) IS NOT NULL"
_DECIDED = f"(accepted_at IS NOT NULL OR rejected_at IS NOT NULL OR {_WENT_ON})"
_IMPLIED = f"(accepted_at IS NULL AND rejected_at IS NULL AND {_WENT_ON})"
_ACCEPTED = f"(accepted_at IS NOT NULL AND (rejected_at IS NULL OR accepted_at <= rejected_at) OR {_IMPLIED})"
_SKIPPED = ("mql", "sal", "sql", "opportunity")


def _of_skipped(part: str) -> str:
    whens = " ".join(f"WHEN {stage}_at IS NOT NULL THEN {stage}{part}" for stage in _SKIPPED)
    return f"CASE {whens} ELSE won{part} END"


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
SELECT source, decided, implied, max(0, {_BEFORE_NOW} - started) AS waited, max(0, {_until("decided_at", "day_of_end")} - started) AS took
FROM (
    SELECT source, decided, implied, decided_at, {_until("mql", "day_of_mql")} AS started
    FROM (
        SELECT {_SOURCE}, {_MQL} AS mql, {_DECIDED} AS decided, {_IMPLIED} AS implied,
               CASE WHEN {_IMPLIED} THEN {_least("sal_at", "sql_at", "opportunity_at", "won_at")}
                    ELSE {_least("accepted_at", "rejected_at")} END AS decided_at
        FROM episode WHERE {_MQL} IS NOT NULL LIMIT {_BOUND}
    ) CROSS JOIN calendar day_of_mql ON day_of_mql.day = mql / {DAY} LIMIT {_BOUND}
) LEFT JOIN calendar day_of_end ON day_of_end.day = decided_at / {DAY} LIMIT {_BOUND}"""
_CALLED = f"""
SELECT source, answered, early, max(0, {_until("ended", "day_of_end")} - {_until("mql", "day_of_mql")}) AS minutes
FROM (
    SELECT {_SOURCE}, {_MQL} AS mql, attempted_at IS NOT NULL AS answered, ifnull(attempted_at < {_MQL}, 0) AS early,
           coalesce(attempted_at, {_least("rejected_at", "lost_at", "until_at")}, {NOW}) AS ended
    FROM episode WHERE {_MQL} IS NOT NULL LIMIT {_BOUND}
) CROSS JOIN calendar day_of_mql ON day_of_mql.day = mql / {DAY} CROSS JOIN calendar day_of_end ON day_of_end.day = ended / {DAY} LIMIT {_BOUND}"""

FIGURES = {
    "volume:mql": f"""
SELECT {_SOURCE}, count(*), count(*), 0, count(*) - count(mql_at) FROM episode WHERE {_MQL} IS NOT NULL GROUP BY 1""",
    "volume:won": f"SELECT {_SOURCE}, count(*), count(*), 0, 0 FROM episode WHERE won_at IS NOT NULL GROUP BY 1",
    "conversion:mql:won": f"""
SELECT source, sum(mature AND reached), sum(mature), sum(NOT mature), sum(mature AND (imputed OR reversed))
FROM (SELECT source, imputed, ifnull(won < mql, 0) AS reversed,
             CASE WHEN by_day THEN ifnull(won_day - mql_day <= 90, 0) ELSE ifnull(won <= mql + {90 * DAY}, 0) END AS reached,
             CASE WHEN by_day THEN mql_day <= {_TODAY - 90} ELSE mql <= {NOW - 90 * DAY} END AS mature
      FROM (SELECT {_SOURCE}, mql_at IS NULL AS imputed, {_MQL} AS mql, {_of_skipped("_day")} AS mql_day, won_at AS won, won_day,
                   ifnull({_of_skipped("_day_only")}, 0) OR ifnull(won_day_only, 0) AS by_day
            FROM episode WHERE {_MQL} IS NOT NULL LIMIT {_BOUND}) LIMIT {_BOUND}) GROUP BY source""",
    "acceptance_rate:mql:sal": f"""
SELECT source, sum(accepted), sum(decided), sum(NOT decided), sum(implied)
FROM (SELECT {_SOURCE}, {_DECIDED} AS decided, {_IMPLIED} AS implied, {_ACCEPTED} AS accepted
      FROM episode WHERE {_MQL} IS NOT NULL LIMIT {_BOUND}) GROUP BY source""",
    "win_rate:won": f"""
SELECT {_SOURCE}, count(*) FILTER (WHERE won_at IS NOT NULL AND (lost_at IS NULL OR won_at >= lost_at)), count(*), 0, 0
FROM episode WHERE won_at IS NOT NULL OR lost_at IS NOT NULL GROUP BY 1""",
    "silent_rejections:mql": f"""
SELECT source, sum(waited >= 2880 AND NOT decided), sum(waited >= 2880), sum(waited < 2880),
       sum(waited >= 2880 AND (implied OR ifnull(took > 2880, 0)))
FROM ({_WAITED}) GROUP BY source""",
    "followed_up_in_time:mql": f"""
SELECT source, sum(answered AND minutes <= 60), sum(answered OR minutes > 60), sum(NOT answered AND minutes <= 60),
       sum((answered OR minutes > 60) AND early)
FROM ({_CALLED}) GROUP BY source""",
    "rejection_reason": f"""
SELECT CASE WHEN decided AND NOT accepted THEN coalesce(reason, '(none)') ELSE '' END AS why, sum(decided), sum(NOT decided)
FROM (SELECT reason, {_DECIDED} AS decided, {_ACCEPTED} AS accepted FROM episode WHERE {_MQL} IS NOT NULL LIMIT {_BOUND}) GROUP BY why""",
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
SELECT passes, won, lost AND NOT won, count(*), sum(NOT worked), count(employees), count(country), count(job_level), count(industry),
       count(company_size)
FROM (
    SELECT employees, country, job_level, industry, company_size,
           employees >= 50 AND country IN ('DE', 'FR', 'US') AND job_level IN ('c-level', 'vp', 'manager') AND industry <> 'retail'
               AND company_size <> 'small' AS passes,
           ifnull(max(type = 'entered_stage' AND stage = 'won'), 0) AS won,
           ifnull(max(type = 'entered_stage' AND stage = 'lost'), 0) AS lost,
           ifnull(max(CASE type WHEN 'entered_stage' THEN stage IN ('sal', 'sql', 'opportunity', 'won', 'lost')
                                WHEN 'assigned' THEN 0 ELSE 1 END), 0) AS worked
    FROM lead LEFT JOIN lead_event USING (lead_id) GROUP BY lead.rowid
) GROUP BY 1, 2, 3"""
"""What a rule of five conditions says, as `hand_written_sql.BACKTEST` tells it."""
