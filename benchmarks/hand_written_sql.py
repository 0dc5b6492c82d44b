"""The figures of the dashboard, each whole, as hand-written SQL for DuckDB over the lead facts.

Each query comes back with source, numerator, denominator, how many are left out and how many unusual, or as its comment says. It is
written by somebody who knows the data: that nothing is later than the as-of time, that every stage is recorded, and since when.
"""

from datetime import date, timedelta
from typing import Any

from benchmarks.lead_factory import AS_OF, DAYS

_NOW = f"TIMESTAMP '{AS_OF:%Y-%m-%d}'"
_TODAY = f"DATE '{AS_OF:%Y-%m-%d}'"
_SKIPPED = ("mql", "sal", "sql", "opportunity")
# a skipped stage is filled in from the next one
_DAYS_OF_SKIPPED = ", ".join(
    "CASE "
    + " ".join(f"WHEN {stage}_at IS NOT NULL THEN {stage}{part}" for stage in _SKIPPED)
    + f" ELSE won{part} END AS mql{part}"
    for part in ("_day", "_day_only")
)
_REACHED = f"""
SELECT coalesce(source, '(blank)') AS source, coalesce(mql_at, sal_at, sql_at, opportunity_at, won_at) AS mql, mql_at IS NULL AS imputed,
       {_DAYS_OF_SKIPPED}, won_at AS won, won_day, won_day_only, lost_at AS lost, accepted_at AS accepted, rejected_at AS rejected,
       coalesce(sal_at, sql_at, opportunity_at, won_at) AS went_on, least(sal_at, sql_at, opportunity_at, won_at) AS first_later,
       accepted_at IS NOT NULL OR rejected_at IS NOT NULL OR went_on IS NOT NULL AS decided,
       accepted_at IS NULL AND rejected_at IS NULL AND went_on IS NOT NULL AS implied, attempted_at AS attempted, until_at, reason
FROM episode
"""


def _passed(start: str, end: str | None) -> str:
    """Open minutes between two instants of a row that is joined with the calendar of both; None is now."""

    def until(name: str) -> str:
        minute = f"(epoch_us({name}) // 60000000 % 1440)"
        return f"day_of_{name}.before + CASE WHEN day_of_{name}.is_open THEN greatest(0, least(480, {minute} - 540)) ELSE 0 END"

    last = until(end) if end else "(SELECT before FROM calendar WHERE day = " + _TODAY + ")"
    return f"greatest(0, {last} - ({until(start)}))"


_WAITED = f"""
SELECT *, {_passed("mql", None)} AS waited, {_passed("mql", "decided_at")} AS took
FROM (SELECT *, CASE WHEN implied THEN first_later ELSE least(accepted, rejected) END AS decided_at FROM ({_REACHED}))
LEFT JOIN calendar day_of_mql ON day_of_mql.day = mql::DATE
LEFT JOIN calendar day_of_decided_at ON day_of_decided_at.day = decided_at::DATE
WHERE mql IS NOT NULL"""
_CALLED = f"""
SELECT *, {_passed("mql", "ended")} AS minutes
FROM (SELECT *, attempted IS NOT NULL AS answered, least(rejected, lost, until_at) AS closed, attempted < mql AS early,
             coalesce(attempted, closed, {_NOW}) AS ended FROM ({_REACHED}))
LEFT JOIN calendar day_of_mql ON day_of_mql.day = mql::DATE
LEFT JOIN calendar day_of_ended ON day_of_ended.day = ended::DATE
WHERE mql IS NOT NULL"""
_DECIDED = "accepted IS NOT NULL AND (rejected IS NULL OR accepted <= rejected) OR implied"

FIGURES = {
    "volume:mql": f"""
SELECT source, count(*), count(*), 0, count(*) FILTER (imputed) FROM ({_REACHED}) WHERE mql IS NOT NULL GROUP BY source""",
    "volume:won": "SELECT coalesce(source, '(blank)'), count(*), count(*), 0, 0 FROM episode WHERE won_at IS NOT NULL GROUP BY 1",
    "conversion:mql:won": f"""
SELECT source, count(*) FILTER (mature AND reached), count(*) FILTER (mature), count(*) FILTER (NOT mature),
       count(*) FILTER (mature AND (imputed OR won < mql))
FROM (SELECT *, coalesce(mql_day_only, false) OR coalesce(won_day_only, false) AS by_day,
             CASE WHEN by_day THEN won_day - mql_day <= 90 ELSE won <= mql + INTERVAL 90 DAY END AS reached,
             CASE WHEN by_day THEN mql_day <= {_TODAY} - 90 ELSE mql <= {_NOW} - INTERVAL 90 DAY END AS mature
      FROM ({_REACHED})) WHERE mql IS NOT NULL GROUP BY source""",
    "acceptance_rate:mql:sal": f"""
SELECT source, count(*) FILTER (decided AND ({_DECIDED})), count(*) FILTER (decided), count(*) FILTER (NOT decided),
       count(*) FILTER (implied)
FROM ({_REACHED}) WHERE mql IS NOT NULL GROUP BY source""",
    "win_rate:won": f"""
SELECT source, count(*) FILTER (won IS NOT NULL AND (lost IS NULL OR won >= lost)), count(*), 0, 0
FROM ({_REACHED}) WHERE won IS NOT NULL OR lost IS NOT NULL GROUP BY source""",
    "silent_rejections:mql": f"""
SELECT source, count(*) FILTER (due AND NOT decided), count(*) FILTER (due), count(*) FILTER (NOT due),
       count(*) FILTER (due AND (implied OR took > 2880))
FROM (SELECT *, waited >= 2880 AS due FROM ({_WAITED})) GROUP BY source""",
    "followed_up_in_time:mql": f"""
SELECT source, count(*) FILTER (answered AND minutes <= 60), count(*) FILTER (NOT waits), count(*) FILTER (waits),
       count(*) FILTER (NOT waits AND early)
FROM (SELECT *, NOT answered AND minutes <= 60 AS waits FROM ({_CALLED})) GROUP BY source""",
}
"""By the key of the measure."""

REASONS = f"""
SELECT CASE WHEN decided AND NOT ({_DECIDED}) THEN coalesce(reason, '(none)') ELSE '' END AS why, count(*) FILTER (decided),
       count(*) FILTER (NOT decided)
FROM ({_REACHED}) WHERE mql IS NOT NULL GROUP BY why"""
"""Decided and undecided leads by reason of rejection."""

SPEED = f"""
WITH counted AS (
    SELECT source, CASE WHEN minutes > 10000 THEN minutes // 60 * 60 ELSE minutes END AS minutes, count(*) AS n,
           count(*) FILTER (answered) AS answered, count(*) FILTER (early) AS early
    FROM ({_CALLED}) GROUP BY ALL
), each AS (
    SELECT source, minutes, sum(n) AS n, sum(answered) AS answered, sum(early) AS early
    FROM counted GROUP BY GROUPING SETS ((source, minutes), (minutes))
), risk AS (
    SELECT *, sum(n) OVER (PARTITION BY source ORDER BY minutes DESC) AS at_risk FROM each
), curve AS (
    SELECT *, CASE WHEN at_risk = answered THEN 0
                   ELSE exp(sum(ln(1 - answered / nullif(at_risk, answered))) OVER (PARTITION BY source ORDER BY minutes)) END AS waiting
    FROM risk
)
SELECT source, min(minutes) FILTER (waiting <= 0.5 + 1e-12), min(minutes) FILTER (waiting <= 0.1 + 1e-12), sum(answered), sum(n), sum(early)
FROM curve GROUP BY source"""
"""Median and 90th percentile of the minutes to the first attempt (Kaplan–Meier), in total (source null) and by source."""

BACKTEST = """
WITH happened AS (
    SELECT lead_id, min("at") FILTER (type = 'entered_stage' AND stage = 'mql') AS qualified_at,
           bool_or(type = 'entered_stage' AND stage = 'won') AS won, bool_or(type = 'entered_stage' AND stage = 'lost') AS lost,
           bool_or(type = 'entered_stage' AND stage IN ('sal', 'sql', 'opportunity', 'won', 'lost')
                   OR type NOT IN ('entered_stage', 'assigned')) AS worked
    FROM lead_event GROUP BY lead_id
), judged AS (
    SELECT coalesce(won, false) AS won, coalesce(lost, false) AND NOT coalesce(won, false) AS lost, coalesce(worked, false) AS worked,
           employees, country, job_level, industry, company_size,
           employees >= 50 AND country IN ('DE', 'FR', 'US') AND job_level IN ('c-level', 'vp', 'manager') AND industry <> 'retail'
               AND company_size <> 'small' AS passes
    FROM lead LEFT JOIN happened USING (lead_id)
)
SELECT passes, won, lost, count(*), count(*) FILTER (NOT worked), count(employees), count(country), count(job_level), count(industry),
       count(company_size)
FROM judged GROUP BY ALL"""
"""What a rule of five conditions says, what became of the leads, who was worked, and how often each field is known."""


def calendar() -> list[tuple[date, bool, int]]:
    """The days of the calendar (Monday to Friday, nine to five): whether one is open, and the open minutes before it."""
    first = AS_OF.date() - timedelta(days=DAYS + 7)
    rows: list[tuple[date, bool, int]] = []
    before = 0
    for number in range(DAYS + 14):
        day = first + timedelta(days=number)
        is_open = day.weekday() < 5
        rows.append((day, is_open, before))
        before += 480 if is_open else 0
    return rows


def prepare(connection: Any) -> None:
    """Make what the queries look up: the days of the calendar."""
    connection.execute("CREATE TEMP TABLE calendar (day DATE, is_open BOOLEAN, before BIGINT)")
    connection.executemany("INSERT INTO calendar VALUES (?, ?, ?)", calendar())
