"""Figures that are counted together, from what was found out and put into words for an earlier question."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ibis
import ibis.expr.operations as ops
import pytest

from alignment.lifecycle import Stage
from alignment.rules import parse
from leads.lean import lean
from leads.metrics import history, measuring
from leads.metrics.counting import plan
from leads.metrics.history import whole_population
from leads.metrics.measuring import measure_all
from leads.metrics.question import DefinitionInForce, MetricQuestion
from leads.metrics.selection import select
from leads.metrics.volume import volume_of_mqls
from leads.store import warehouse
from tests.db.test_metrics import BERLIN
from tests.lead_histories import random_history

MORNING = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
LARGE = parse({"version": 1, "field": "country", "op": "is_known"})
QUESTION = MetricQuestion(as_of=MORNING, by="source", hours=BERLIN, timezone="Europe/Berlin")


@pytest.fixture
def facts(tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path))
    return random_history(7, leads=80, more=True).load()


FEW = ("volume", "acceptance_rate", "silent_rejections", "speed_to_lead_median", "sales_cycle_median")


def anew(question, names=FEW):
    history.forget()
    measuring.forget()
    return measure_all(question, names)


def counts_of(figures):
    """What does not hang on the order in which numbers are added up."""
    return {
        (figure.key, str(figure.group)): (
            *(figure.numerator, figure.denominator, figure.excluded, figure.flags, figure.notes),
            None if figure.value is None else pytest.approx(figure.value),
        )
        for figure in figures
    }


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        replace(QUESTION, definitions=(DefinitionInForce("v1", LARGE, "2026-01-01T00:00:00.000000Z"),)),
    ],
    ids=["bare", "with a definition"],
)
def test_kept_queries_tell_of_the_instant_that_is_asked_for(facts, question):
    names = [
        "silent_rejections",
        "followed_up_in_time",
        "speed_to_lead_median",
        "conversion",
        "conversion_of_all",
    ]
    first = anew(question, names)
    for hours in (1, 9):
        later = replace(question, as_of=MORNING + timedelta(hours=hours))
        kept = measure_all(later, names)
        assert kept == anew(later, names)
        assert kept != first  # those who wait have waited longer


def test_what_is_known_of_one_version_is_not_told_of_the_next(facts):
    measure_all(QUESTION, FEW)
    random_history(8, leads=40, more=True).load()
    assert measure_all(QUESTION, FEW) == anew(QUESTION)


def test_an_instant_in_the_past_is_not_answered_from_the_present(facts):
    measure_all(QUESTION, FEW)
    past = replace(QUESTION, as_of=datetime(2026, 3, 20, 9, 30, tzinfo=UTC))
    assert measure_all(past, FEW) == anew(past)
    assert measure_all(QUESTION, FEW) == anew(QUESTION)


def test_figures_are_the_same_alone_together_and_in_several_looks(facts, monkeypatch):
    keys = (
        "volume:mql",
        "conversion:mql:won",
        "win_rate_by_value:won",
        "acceptance_rate:mql:sal",
        "rejection_reason",
    )
    together = counts_of(anew(QUESTION, keys))
    alone = {}
    for key in keys:
        alone |= counts_of(anew(QUESTION, [key]))
    assert alone == together
    monkeypatch.setattr("leads.metrics.counting._MOST_BITS", 12)
    assert counts_of(anew(QUESTION, keys)) == together


def test_a_lean_query_has_the_same_rows_and_fewer_columns_on_the_way():
    backend = ibis.duckdb.connect()
    backend.con.execute(
        "CREATE TABLE seen AS FROM (VALUES (1, 4, 'x'), (2, 5, 'y'), (3, 6, 'z')) seen(a, b, c)"
    )
    table = backend.table("seen")
    query = table.mutate(d=table.a + 1, e=table.b * 2).filter(table.c != "y").select("d")
    found = lean(query)
    assert backend.to_pyarrow(found).to_pylist() == [{"d": 2}, {"d": 4}]
    assert on_the_way(query) >= {"a", "b", "e"}
    assert on_the_way(found) == {"c", "d"}


def on_the_way(query):
    return {name for step in query.op().find(ops.Project) for name in step.values}


def test_what_is_always_so_takes_no_step_of_a_query(facts):

    with warehouse().read() as session:
        population = whole_population(session, QUESTION, None)
        whole = volume_of_mqls(population)
        table = population.episodes
        flags = {"always": ibis.literal(True), "never": ibis.literal(False), "unknown": ibis.null("boolean")}
        counts = population.entered_in_period(table, Stage.MQL)
        bare = select(population, table, counts=counts, hit=counts, flags=flags)
        one = plan(population, [replace(whole, choice=bare)])
        (query,) = one.queries
        assert len(query.values) == 1  # what is unknown is no, but the engine has to say so
        (found,) = one.run(session)
        (before,) = plan(population, [whole]).run(session)
        rows = found.rows()
        assert {row["part"]: row["n"] for row in rows} == summed(before.rows())
        assert all(row["hit"] and row["always"] == row["n"] and not row["never"] for row in rows)
        assert not any(row["unknown"] for row in rows)


def summed(rows):
    found = {}
    for row in rows:
        found[row["part"]] = found.get(row["part"], 0) + row["n"]
    return found
