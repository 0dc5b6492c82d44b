"""The figures of the dashboard, each whole, as hand-written SQL for DuckDB over the lead facts.

Each query comes back with source, numerator, denominator, how many are left out and how many unusual, or as its comment says. It is
written by somebody who knows the data: that nothing is later than the as-of time, that every stage is recorded, and since when.
"""

from datetime import date, timedelta
from typing import Any

from benchmarks.lead_factory import AS_OF, DAYS

_NOW = f"TIMESTAMP '{AS_OF:%Y-%m-%d}'"
_TODAY = f"DATE '{AS_OF:%Y-%m-%d}'"


def _passed(start: str, end: str | None) -> str:
    """Open minutes between two instants of a row that is joined with the calendar of both; None is now."""

    def until(name: str) -> str:
        minute = f"(epoch_us({name}) // 60000000 % 1440)"
        return f"day_of_{name}.before + CASE WHEN day_of_{name}.is_open THEN greatest(0, least(480, {minute} - 540)) ELSE 0 END"

    last = until(end) if end else "(SELECT before FROM calendar WHERE day = " + _TODAY + ")"
    return f"greatest(0, {last} - ({until(start)}))"


_WAITED = f"""
SELECT source, decision, {_passed("handed_at", None)} AS waited, {_passed("handed_at", "decided_at")} AS took
FROM episode
LEFT JOIN calendar day_of_handed_at ON day_of_handed_at.day = handed_at::DATE
LEFT JOIN calendar day_of_decided_at ON day_of_decided_at.day = decided_at::DATE
WHERE handed_at IS NOT NULL"""
_CALLED = f"""
SELECT source, answered, early, {_passed("handed_at", "ended")} AS minutes
FROM (SELECT source, handed_at, attempted_at IS NOT NULL AS answered, attempted_at < handed_at AS early,
             coalesce(attempted_at, least(rejected_at, lost_at, until_at), {_NOW}) AS ended FROM episode)
LEFT JOIN calendar day_of_handed_at ON day_of_handed_at.day = handed_at::DATE
LEFT JOIN calendar day_of_ended ON day_of_ended.day = ended::DATE
WHERE handed_at IS NOT NULL"""
_ACCEPTED, _REJECTED, _IMPLIED = 1, 2, 3

FIGURES = {
    "volume:mql": """
SELECT source, count(*), count(*), 0, count(*) FILTER (mql_at IS NULL) FROM episode WHERE handed_at IS NOT NULL GROUP BY source""",
    "volume:won": "SELECT source, count(*), count(*), 0, 0 FROM episode WHERE won_at IS NOT NULL GROUP BY source",
    "conversion:mql:won": f"""
SELECT source, count(*) FILTER (mature AND reached), count(*) FILTER (mature), count(*) FILTER (NOT mature),
       count(*) FILTER (mature AND (mql_at IS NULL OR won_at < handed_at))
FROM (SELECT *, coalesce(handed_day_only, false) OR coalesce(won_day_only, false) AS by_day,
             CASE WHEN by_day THEN won_day - handed_day <= 90 ELSE won_at <= handed_at + INTERVAL 90 DAY END AS reached,
             CASE WHEN by_day THEN handed_day <= {_TODAY} - 90 ELSE handed_at <= {_NOW} - INTERVAL 90 DAY END AS mature
      FROM episode) WHERE handed_at IS NOT NULL GROUP BY source""",
    "acceptance_rate:mql:sal": f"""
SELECT source, count(*) FILTER (decision IN ({_ACCEPTED}, {_IMPLIED})), count(*) FILTER (decision <> 0), count(*) FILTER (decision = 0),
       count(*) FILTER (decision = {_IMPLIED})
FROM episode WHERE handed_at IS NOT NULL GROUP BY source""",
    "win_rate:won": """
SELECT source, count(*) FILTER (won_at IS NOT NULL AND (lost_at IS NULL OR won_at >= lost_at)), count(*), 0, 0
FROM episode WHERE won_at IS NOT NULL OR lost_at IS NOT NULL GROUP BY source""",
    "silent_rejections:mql": f"""
SELECT source, count(*) FILTER (due AND decision = 0), count(*) FILTER (due), count(*) FILTER (NOT due),
       count(*) FILTER (due AND (decision = {_IMPLIED} OR took > 2880))
FROM (SELECT *, waited >= 2880 AS due FROM ({_WAITED})) GROUP BY source""",
    "followed_up_in_time:mql": f"""
SELECT source, count(*) FILTER (answered AND minutes <= 60), count(*) FILTER (NOT waits), count(*) FILTER (waits),
       count(*) FILTER (NOT waits AND early)
FROM (SELECT *, NOT answered AND minutes <= 60 AS waits FROM ({_CALLED})) GROUP BY source""",
}
"""By the key of the measure. A missing source is null."""

REASONS = f"""
SELECT CASE WHEN decision = {_REJECTED} THEN coalesce(reason, '(none)') ELSE '' END AS why, coalesce(sum(n) FILTER (decision <> 0), 0),
       coalesce(sum(n) FILTER (decision = 0), 0)
FROM (SELECT reason, decision, count(*) AS n FROM episode WHERE handed_at IS NOT NULL GROUP BY ALL) GROUP BY why"""
"""Decided and undecided leads by reason of rejection."""

SPEED = f"""
WITH counted AS (
    SELECT coalesce(source, '(blank)') AS source, CASE WHEN minutes > 10000 THEN minutes // 60 * 60 ELSE minutes END AS minutes, count(*) AS n,
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
SELECT passes, won, lost, count(*), count(*) FILTER (NOT worked), count(employees), count(country), count(job_level), count(industry),
       count(company_size)
FROM (
    SELECT *, employees >= 50 AND country IN ('DE', 'FR', 'US') AND job_level IN ('c-level', 'vp', 'manager') AND industry <> 'retail'
                  AND company_size <> 'small' AS passes
    FROM lead
) GROUP BY ALL"""
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
