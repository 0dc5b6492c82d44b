"""Made-up leads at any size, made in the engine and put in force as a version of the facts: ten million in a minute or two.

The same count and seed always make the same leads. They skip stages, are recycled, rejected with and without a reason, merged,
handed to somebody else, answered by machines, closed before they were opened, and known by the day only.

python -m benchmarks.lead_factory --data /tmp/company --leads 1000000
python -m benchmarks.lead_factory --leads 1000000 --csv /tmp/leads.csv
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 730

_SOURCES = "['ads', 'referral', 'organic', 'partner', 'fair', 'webinar', 'unknown', NULL]"
_REASONS = "['not_a_fit', 'no_budget', 'bad_timing', 'unreachable', 'no_need', 'other', NULL]"


@dataclass(frozen=True)
class Made:
    """How many leads and events there are now."""

    leads: int
    events: int


def make_facts(count: int, *, until: datetime = AS_OF, days: int = DAYS, seed: int = 1) -> Made:
    """Put `count` leads of the `days` days before `until` (aware) in force in the current data folder (`CONCORD_DATA`).

    They take the place of what was there. Nothing that happened later than `until` is recorded.
    """
    import ibis

    from leads import episodes, outcomes, schema
    from leads.store import warehouse

    with warehouse().write() as draft:
        backend = draft.backend
        connection = backend.con
        attributes = tuple(_TYPES)
        lead = backend.create_table("lead", schema=schema.followed(attributes))
        event = backend.create_table("lead_event", schema=schema.EVENT)
        for first in range(0, count, _AT_ONCE):
            end = min(first + _AT_ONCE, count)
            _plan(connection, first, end, until, days, seed)
            fresh = backend.create_table("fresh_lead", schema=schema.lead(attributes), temp=True)
            connection.execute(f"INSERT INTO fresh_lead BY NAME {_LEADS}")
            connection.execute(f"INSERT INTO lead_event BY NAME {_events()}")
            connection.execute("DROP TABLE plan")
            happened = event.filter(event.lead_id.between(_lead_id(first), _lead_id(end - 1)))
            backend.insert("lead", outcomes.build(fresh, happened))
            built = episodes.build(fresh, happened)
            if first:
                backend.insert("episode", built)
            else:
                backend.create_table("episode", built)
            backend.drop_table("fresh_lead")
        types = [{"name": name, "type": kind} for name, kind in _TYPES.items()]
        backend.create_table("custom_field", ibis.memtable(types, schema=schema.CUSTOM_FIELD))
        backend.create_table("known_column", schema=schema.KNOWN_COLUMN)
        made = Made(draft.old.value(lead.count()), draft.old.value(event.count()))
        draft.publish(until)
    return made


def write_csv(path: Path, count: int, *, until: datetime = AS_OF, days: int = DAYS, seed: int = 1) -> None:
    """The leads of `make_facts` as a wide CSV file: one row a lead, a column for the first date of each stage."""
    import duckdb

    with duckdb.connect() as connection:
        _plan(connection, 0, count, until, days, seed)
        stages = ", ".join(
            f"CASE WHEN plan.{stage}_at <= plan.known_until THEN strftime(plan.{stage}_at, '%Y-%m-%d %H:%M:%S') END "
            f"AS {stage}_date"
            for stage in _STAGES
        )
        connection.execute(
            f"COPY (SELECT made.* REPLACE (strftime(made.created_at, '%Y-%m-%d %H:%M:%S') AS created_at), {stages} "
            f"FROM ({_LEADS}) made JOIN plan ON plan.lead_id = made.lead_id AND plan.run = 1 ORDER BY made.lead_id) "
            "TO $path (HEADER)",
            {"path": str(path)},
        )


_STAGES = ("mql", "sal", "sql", "opportunity", "won", "lost")
_TYPES = {"score": "number", "demo": "boolean", "internal": "boolean", "merged_into": "text"}
_AT_ONCE = 1_000_000
"""Leads that are made at once, so that ten million fit into the memory that a writer has; none is merged into one of other rows."""

_LEADS = """
SELECT lead_id, source, source || '-' || (1 + pick['campaign'] % 6) AS campaign, 'piece-' || (pick['content'] % 40) AS content,
       'Company ' || (pick['company'] % 50000) AS company,
       CASE WHEN employees < 50 THEN 'small' WHEN employees < 250 THEN 'middle'
            WHEN employees IS NOT NULL THEN 'large' END AS company_size,
       employees, ['machines', 'software', 'retail', 'health', 'finance', NULL][1 + pick['industry'] % 6] AS industry,
       ['DE', 'FR', 'US', 'GB', NULL][1 + pick['country'] % 5] AS country,
       ['Buyer', 'Head of sales', 'Engineer'][1 + pick['job'] % 3] AS job_title,
       ['c-level', 'vp', 'manager', 'staff', NULL][1 + pick['level'] % 5] AS job_level,
       'Rep ' || (1 + pick['owner'] % 25) AS owner,
       CASE WHEN pick['value'] % 10 > 0 THEN 1000.0 + pick['value'] % 50000 END AS "value",
       CASE WHEN pick['currency'] % 12 = 0 THEN 'USD' ELSE 'EUR' END AS currency, created_at,
       CASE WHEN pick['demo'] % 4 = 0 THEN 'true' WHEN pick['demo'] % 4 < 3 THEN 'false' END AS attribute_demo,
       (pick['score'] % 101)::VARCHAR AS attribute_score,
       CASE WHEN pick['internal'] % 50 = 0 THEN 'true' ELSE 'false' END AS attribute_internal,
       CASE WHEN number % 1000 > 0 AND pick['merged'] % 100 = 0
            THEN 'L' || lpad((number - 1 - pick['merged_with'] % (number % 1000))::VARCHAR, 9, '0') END AS attribute_merged_into
FROM plan WHERE run = 1
"""


def _lead_id(number: int) -> str:
    return f"L{number:09}"


def _plan(connection: Any, first: int, end: int, until: datetime, days: int, seed: int) -> None:
    """One row per run through the stages of leads with these numbers, with the times at which things happen, null if they don't."""
    drawn: tuple[str, ...] = (
        "campaign",
        "content",
        "company",
        "industry",
        "country",
        "job",
        "level",
        "owner",
        "value",
    )
    drawn += ("currency", "demo", "score", "internal", "merged", "merged_with")
    picks = ", ".join(f"{name} := die(number, 0, '{name}', seed)" for name in drawn)
    connection.execute(
        f"""
CREATE OR REPLACE TEMP MACRO chance(number, run, what, seed) AS (hash(number, run, what, seed) >> 11)::DOUBLE / 9007199254740992;
CREATE OR REPLACE TEMP MACRO die(number, run, what, seed) AS (hash(number, run, what, seed) >> 1)::BIGINT;
CREATE OR REPLACE TEMP MACRO later(moment, share, mean_days) AS moment + to_microseconds((-ln(1 - share) * mean_days * 86400000000)::BIGINT);
CREATE TEMP TABLE plan AS
WITH numbers AS (
    SELECT number, {int(seed)}::BIGINT AS seed FROM range({int(first)}, {int(end)}) made(number)
), leads AS (
    SELECT number, seed, 'L' || lpad(number::VARCHAR, 9, '0') AS lead_id,
           {_SOURCES}[1 + die(number, 0, 'source', seed) % 8] AS source,
           CASE WHEN die(number, 0, 'known', seed) % 20 > 0
                THEN floor(exp(1 + 6 * chance(number, 0, 'employees', seed))) END AS employees,
           struct_pack({picks}) AS pick,
           $until::TIMESTAMP - to_microseconds((chance(number, 0, 'created', seed) * {int(days)} * 86400000000)::BIGINT)
               AS created_at
    FROM numbers
), runs AS (
    SELECT *, 1 AS run, later(created_at, chance(number, 1, 'base', seed), 0.5) AS base FROM leads
    UNION ALL
    SELECT *, 2 AS run, later(created_at + INTERVAL 60 DAY, chance(number, 2, 'base', seed), 60) AS base
    FROM leads WHERE die(number, 0, 'recycled', seed) % 16 = 0
), begun AS (
    SELECT *, CASE WHEN run = 2 OR die(number, 0, 'qualified', seed) % 5 > 0 THEN base END AS handed_at,
           die(number, run, 'days', seed) % 10 = 0 AS days_only,
           chance(number, run, 'decision', seed) AS decision, 0.15 * coalesce(source = 'referral', false)::INT + 0.1 * coalesce(employees > 100, false)::INT
               AS luck
    FROM runs
), handed AS (
    SELECT *, CASE WHEN die(number, run, 'skips mql', seed) % 33 > 0 THEN handed_at END AS mql_at,
           CASE WHEN decision < 0.85 THEN later(handed_at, chance(number, run, 'assigned', seed), 0.1) END AS assigned_at,
           CASE WHEN die(number, run, 'machine', seed) % 5 = 0 THEN handed_at + INTERVAL 1 MINUTE END AS machine_at,
           CASE WHEN decision < 0.7 THEN later(handed_at, chance(number, run, 'decided', seed), 2) END AS decided_at,
           CASE WHEN chance(number, run, 'tries', seed) < 0.8
                THEN later(handed_at - INTERVAL 20 MINUTE, chance(number, run, 'attempt', seed), 0.7) END AS attempted_at
    FROM begun
), worked AS (
    SELECT *, CASE WHEN die(number, run, 'other hands', seed) % 10 = 0 THEN assigned_at + INTERVAL 2 DAY END AS reassigned_at,
           CASE WHEN chance(number, run, 'reached', seed) < 0.6
                THEN later(attempted_at, chance(number, run, 'contact', seed), 1) END AS contacted_at,
           CASE WHEN decision < 0.45 THEN decided_at END AS accepted_at,
           CASE WHEN decision >= 0.45 THEN decided_at END AS rejected_at,
           CASE WHEN decision < 0.45 AND chance(number, run, 'sql', seed) < 0.6 + luck
                THEN later(decided_at, chance(number, run, 'to sql', seed), 5) END AS reaches_sql_at
    FROM handed
), opened AS (
    SELECT *, CASE WHEN die(number, run, 'skips sal', seed) % 10 > 0 THEN accepted_at END AS sal_at,
           CASE WHEN die(number, run, 'skips sql', seed) % 10 > 0 THEN reaches_sql_at END AS sql_at,
           CASE WHEN chance(number, run, 'opens', seed) < 0.6 + luck
                THEN later(reaches_sql_at - CASE WHEN die(number, run, 'early', seed) % 90 = 0 THEN INTERVAL 1 HOUR
                                                ELSE INTERVAL 0 HOUR END,
                           chance(number, run, 'to open', seed), 7) END AS opportunity_at
    FROM worked
), closed AS (
    SELECT *, later(opportunity_at, chance(number, run, 'close', seed), 30) AS closed_at,
           chance(number, run, 'fate', seed) AS fate
    FROM opened
)
SELECT lead_id, number, run, source, employees, created_at, pick, days_only, mql_at, assigned_at, reassigned_at, machine_at,
       attempted_at, contacted_at, accepted_at, rejected_at, sal_at, sql_at, opportunity_at,
       CASE WHEN fate < 0.3 + luck THEN closed_at END AS won_at,
       CASE WHEN fate >= 0.3 + luck AND fate < 0.85 THEN closed_at
            WHEN opportunity_at IS NULL AND fate < 0.15
            THEN later(coalesce(decided_at, handed_at), chance(number, run, 'gone', seed), 30) END AS lost_at,
       {_REASONS}[1 + die(number, run, 'reason', seed) % 7] AS reason, $until::TIMESTAMP AS known_until
FROM closed
""",
        {"until": until.astimezone(UTC).replace(tzinfo=None)},
    )


def _events() -> str:
    """The event log of the plan, as one query."""
    parts = [
        _happening("entered_stage", "created_at", stage="lead", only="run = 1"),
        _happening("assigned", "assigned_at", owner="'Rep ' || (1 + pick['owner'] % 25)"),
        _happening("assigned", "reassigned_at", owner="'Rep ' || (1 + (pick['owner'] + 1) % 25)"),
        _happening("contact_attempted", "machine_at", automatic=True),
        _happening("contact_attempted", "attempted_at", owner="'Rep ' || (1 + pick['owner'] % 25)"),
        _happening("contacted", "contacted_at", owner="'Rep ' || (1 + pick['owner'] % 25)"),
        _happening("accepted", "accepted_at"),
        _happening("rejected", "rejected_at", reason="reason"),
        *(_happening("entered_stage", f"{stage}_at", stage=stage) for stage in _STAGES),
    ]
    return " UNION ALL ".join(parts)


def _happening(
    kind: str,
    at: str,
    *,
    stage: str | None = None,
    only: str = "true",
    owner: str = "NULL",
    reason: str = "NULL",
    automatic: bool = False,
) -> str:
    days_only = "days_only" if stage not in (None, "lead") else "false"
    return f"""
SELECT lead_id, '{kind}' AS type, {f"'{stage}'" if stage else "NULL::VARCHAR"} AS stage,
       CASE WHEN {days_only} THEN date_trunc('day', {at}) ELSE {at} END AS "at", {at}::DATE AS "day", {days_only} AS day_only,
       {reason}::VARCHAR AS reason, {owner}::VARCHAR AS owner, {automatic} AS automatic
FROM plan WHERE {at} <= known_until AND {only}"""


@click.command()
@click.option("--leads", "count", default=1_000_000, show_default=True, help="How many leads to make up.")
@click.option(
    "--data", "folder", type=click.Path(path_type=Path), help="Put them in force in this data folder."
)
@click.option("--csv", "file", type=click.Path(path_type=Path), help="Write them to this file instead.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other leads.")
def main(count: int, folder: Path | None, file: Path | None, seed: int) -> None:
    """Make up leads, and say how long it took."""
    start = time.perf_counter()
    if file is not None:
        write_csv(file, count, seed=seed)
        click.echo(
            f"{count:,} leads, {file.stat().st_size / 1e6:,.0f} MB: {time.perf_counter() - start:.1f} s"
        )
        return
    if folder is None:
        raise click.UsageError("Say with --data or --csv where the leads are to go.")
    os.environ["CONCORD_DATA"] = str(folder)
    made = make_facts(count, seed=seed)
    click.echo(f"{made.leads:,} leads, {made.events:,} events: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
