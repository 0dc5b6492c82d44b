"""Every measure against plain loops over made-up histories, and the faults of well-known tools, none of which is here."""

import math
import os
import random
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from alignment.errors import InvalidInput
from alignment.lifecycle import Stage
from alignment.rules import parse
from leads import episodes
from leads.metrics.measuring import leads_behind_figure, measure_all
from leads.metrics.question import MetricQuestion, StartOfClock
from leads.store import warehouse
from tests.db.test_metrics import ALWAYS, AS_OF, BERLIN, by_key
from tests.lead_histories import History, random_history
from tests.slow_measures import SlowMeasures

INTERNAL = parse({"version": 1, "field": "internal", "op": "=", "value": "yes"})
WORK_DAY = 480
CYCLES = ("sales_cycle_median", "sales_cycle_business_median")
CONVERSIONS = ("conversion", "conversion_of_all")
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)


def days(count, start=NOON):
    return start + timedelta(days=count)


def close_to(found, expected, where):
    if expected is None:
        assert found is None, f"{where}: {found} where nothing can be told"
    else:
        assert found is not None, f"{where}: nothing, not {expected}"
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9), f"{where}: {found}, not {expected}"


SPLITS = {
    None: None,
    "source": lambda e: e["of"]["source"] or "(blank)",
    "country": lambda e: e["of"].get("country") or "(blank)",
    "campaign": lambda e: e["of"].get("campaign") or "(blank)",
}


@settings(max_examples=2, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 10_000),
    by=st.sampled_from(list(SPLITS)),
    as_of=st.sampled_from([AS_OF, datetime(2026, 3, 20, 9, 30, tzinfo=UTC)]),
    period=st.sampled_from([(None, None), (date(2026, 2, 1), date(2026, 4, 29)), (None, date(2026, 3, 31))]),
    start=st.sampled_from(list(StartOfClock)),
    window=st.sampled_from([None, 7, 21]),
    exclude=st.sampled_from([None, INTERNAL]),
)
def test_measures_equal_loops_over_hundreds_of_histories(seed, by, as_of, period, start, window, exclude):
    with tempfile.TemporaryDirectory() as folder:
        before, os.environ["CONCORD_DATA"] = os.environ["CONCORD_DATA"], folder
        try:
            history = random_history(seed, leads=400, more=True).load()
            question = MetricQuestion(
                as_of=as_of,
                first_day=period[0],
                last_day=period[1],
                window_days=window,
                by=by,
                hours=BERLIN,
                timezone="Europe/Berlin",
                start=start,
                exclude=exclude,
            )
            compare(history, question)
        finally:
            warehouse().close()
            os.environ["CONCORD_DATA"] = before


def compare(history, question):
    excluded = (lambda lead: lead["internal"] == "yes") if question.exclude else (lambda lead: False)
    slow = SlowMeasures(history, question, excluded, SPLITS[question.by])
    found = by_key(measure_all(question))

    def values(key, expected, value=lambda measure: measure.value):
        for group, wanted in expected.items():
            measure = found.get((key, group) if group else (key,))
            if measure is None:
                assert not wanted or wanted[1:] == (0,), f"{key} {group} is missing"
                continue
            told = value(measure)
            if isinstance(wanted, tuple):
                assert told == wanted, f"{key} {group}"
            else:
                close_to(told, wanted, f"{key} {group}")

    counts = lambda measure: (measure.numerator, measure.denominator)  # noqa: E731
    for start, end in (("mql", "won"), ("lead", "mql"), ("sal", "opportunity")):
        values(f"throughput:{start}:{end}", slow.throughput(start, end), counts)
    for start, end in (("mql", "won"), ("mql", "sal"), ("opportunity", "won")):
        window = found[(f"conversion_of_all:{start}:{end}",)].window_days
        assert question.window_days in (None, window)
        if f"conversion_since_recording:{start}:{end}" not in {key[0] for key in found}:
            values(f"conversion_of_all:{start}:{end}", slow.conversion_of_all(start, end, window))
    values("lead_velocity:mql", slow.velocity(), counts)
    cycle = slow.cycle_start()
    values(f"sales_cycle_median:{cycle}:won", slow.sales_cycle())
    values(f"sales_cycle_business_median:{cycle}:won", slow.sales_cycle_in_business_days(WORK_DAY))
    values(f"sales_cycle_of_all_median:{cycle}:won", slow.sales_cycle_of_all())
    values("win_rate_by_value:won", slow.win_rate_by_value())
    values(f"pipeline_velocity:{cycle}:won", slow.pipeline_velocity())
    clock = {
        StartOfClock.MQL: lambda e: e["mql"],
        StartOfClock.ASSIGNED: lambda e: max(e["assigned"], e["mql"]) if e["assigned"] and e["mql"] else None,
        StartOfClock.CREATED: lambda e: e["of"]["created_at"] if e["number"] == 1 else e["mql"],
    }[question.start]
    for name, answer in (("lead", "attempt"), ("contact", "contact"), ("qualification", "sql")):
        for quantile, q in (("median", 0.5), ("p90", 0.9)):
            values(f"speed_to_{name}_{quantile}:mql", slow.speed(clock, answer, q))
    for name, plain in (
        ("conversion:mql:won", "quality_conversion:mql:won"),
        ("win_rate:won", "quality_win_rate:won"),
    ):
        for (key, *group), measure in found.items():
            if key == plain and (name, *group) in found:
                assert counts(measure) == counts(found[(name, *group)])
                assert (measure.value is None) == (measure.denominator < 10)


# merged leads ------------------------------------------------------------------------------------------------------


def twins():
    """One prospect under three names, each handed over; and two that were merged in a circle."""
    history = History()
    history.lead("a", "ads", created_at=days(3), merged_into=None, value=None, owner="Tom")
    history.lead("b", None, created_at=days(0), merged_into="a", value=700.0, owner="Ann")
    history.lead("c", "fair", created_at=days(1), merged_into="b", value=900.0, owner=None)
    history.lead("d", "ads", created_at=days(0), merged_into="e", value=None, owner=None)
    history.lead("e", "ads", created_at=days(0), merged_into="d", value=None, owner=None)
    history.enter("a", "mql", days(4)).enter("b", "mql", days(2)).enter("c", "mql", days(9))
    history.enter("a", "mql", days(60)).enter("c", "won", days(20)).enter("d", "mql", days(1))
    return history.load()


def test_merged_leads_are_one_prospect_with_the_earliest_times_and_all_events():
    twins()
    with warehouse().read() as facts:
        rows = facts.rows(facts.episode.filter(facts.episode.lead_id == "a").order_by("number"))
        ids = {row["lead_id"] for row in facts.rows(facts.episode.select("lead_id"))}
        into = {row["lead_id"]: row["survivor"] for row in facts.rows(episodes.survivors(facts.lead))}
    assert ids == {"a", "d", "e"}
    assert [(row["number"], row["mql_at"].day) for row in rows] == [(1, days(2).day), (2, days(60).day)]
    assert rows[0]["won_at"] is not None and rows[1]["won_at"] is None
    assert (rows[0]["source"], rows[0]["value"], rows[0]["owner"]) == ("fair", 700.0, "Tom")
    assert rows[0]["created_at"].date() == days(0).date()
    assert into == {"b": "a", "c": "a"}
    assert by_key(measure_all(ALWAYS, ["volume"]))[("volume:mql",)].value == 3


@pytest.mark.parametrize("merged", [False, True])
def test_many_events_are_folded_in_parts_and_come_to_the_same(merged, monkeypatch):
    history = random_history(5, leads=150, more=merged)
    if merged:
        for lead, into in (
            ("a", "b"),
            ("b", "c"),
            ("c", "d"),
            ("e", "f"),
            ("f", "g"),
            ("g", "f"),
            ("h", "gone"),
        ):
            history.lead(lead, merged_into=into).enter(lead, "mql", days(ord(lead) % 7))
        history.lead("d").enter("d", "mql", days(3))
    history.load()
    with warehouse().read() as facts:
        whole = facts.rows(episodes.build(facts.lead, facts.event))
        assert (episodes.survivors(facts.lead) is not None) is merged
        monkeypatch.setattr(episodes, "EVENTS_AT_ONCE", 40)
        parts = episodes.build_all(facts.lead, facts.event, facts.value(facts.event.count()))
        found = [facts.rows(part) for part in parts]
    assert len(found) > 10 and all(len(rows) < len(whole) / 2 for rows in found)
    folded = [row for rows in found for row in rows]
    key = itemgetter("lead_id", "number")
    for one, other in zip(sorted(whole, key=key), sorted(folded, key=key), strict=True):
        assert one == other


# splits and filters ------------------------------------------------------------------------------------------------


def test_figures_split_by_any_field_and_by_who_had_the_lead_first():
    history = History()
    for number in range(60):
        lead_id = f"lead-{number:02d}"
        history.lead(lead_id, owner="Late", campaign=f"c{number:02d}", region="north" if number % 3 else None)
        history.enter(lead_id, "mql", days(number % 5))
    history.event("lead-00", "assigned", days(1)).events[-1]["owner"] = "Early"
    history.event("lead-00", "assigned", days(2)).events[-1]["owner"] = "Late"
    _with_owners(history)

    def split(by):
        found = measure_all(replace(ALWAYS, by=by), ["volume"])
        return {m.group[by]: m.numerator for m in found if m.key == "volume:mql" and m.group}

    assert split("region") == {"north": 40, "(blank)": 20}
    assert split("owner") == {"Early": 1, "Late": 59}
    by_campaign = split("campaign")
    assert len(by_campaign) == 51 and by_campaign["(others)"] == 10
    assert split("month") == {"2026-03-01": 60}
    assert split("week") == {"2026-03-02": 60}
    with pytest.raises(InvalidInput, match="no field “shoe_size”"):
        split("shoe_size")


def _with_owners(history):
    """Load with the owners of events, which `History.load` leaves out."""
    import pyarrow as pa

    from leads.imports.direct import load_events

    leads = pa.Table.from_pylist(history.leads)
    names = ("lead_id", "type", "stage", "at", "owner")
    rows = [{name: event.get(name) for name in names} for event in history.events]
    kinds = [pa.string(), pa.string(), pa.string(), pa.timestamp("us", "UTC"), pa.string()]
    load_events(leads, pa.Table.from_pylist(rows, pa.schema(list(zip(names, kinds, strict=True)))), AS_OF)


def test_test_leads_are_left_out_of_every_figure_and_counted():
    random_history(11, leads=120, more=True).load()
    names = ("volume", "win_rate_by_value", "speed_to_lead_median")
    everything = by_key(measure_all(replace(ALWAYS, window_days=9), names))
    genuine = by_key(measure_all(replace(ALWAYS, window_days=9, exclude=INTERNAL), names))
    internal = by_key(measure_all(replace(ALWAYS, window_days=9, only=INTERNAL), names))
    assert set(everything) == set(genuine)
    for key, measure in genuine.items():
        left_out = measure.excluded.get("test_or_internal", 0)
        assert left_out or measure.from_stage != "mql"
        if key != ("win_rate_by_value:won",):
            assert measure.denominator == everything[key].denominator - left_out
            assert left_out == internal[key].denominator
            assert measure.numerator + internal[key].numerator == everything[key].numerator
    behind = leads_behind_figure(replace(ALWAYS, exclude=INTERNAL), "volume:mql", "excluded", size=500)
    with warehouse().read() as facts:
        assert {
            row["attribute_internal"]
            for row in facts.rows(facts.lead.filter(facts.lead.lead_id.isin(behind)))
        } == {"yes"}


# faults of well-known tools, not to be repeated --------------------------------------------------------------------


def test_what_is_lost_now_stays_in_the_funnel():
    history = History()
    for number in range(10):
        history.lead(f"l{number}").enter(f"l{number}", "mql", days(0)).enter(
            f"l{number}", "opportunity", days(5)
        )
        history.enter(f"l{number}", "lost" if number < 7 else "won", days(9))
    history.load()
    found = by_key(measure_all(replace(ALWAYS, window_days=30), ("throughput", "conversion", "volume")))
    assert found[("throughput:mql:won",)].value == 0.3
    assert (found[("conversion:mql:won",)].numerator, found[("conversion:mql:won",)].denominator) == (3, 10)
    assert found[("volume:opportunity",)].value == 10


def test_a_young_cohort_does_not_look_worse_than_an_old_one():
    """Half of the leads are won on their tenth day; each is followed from 0 to 59 days."""
    history = History()
    for number in range(120):
        began = AS_OF - timedelta(days=number % 60, hours=1)
        history.lead(f"l{number}").enter(f"l{number}", "mql", began)
        if number < 60 and number % 60 >= 10:
            history.enter(f"l{number}", "won", began + timedelta(days=9, hours=20))
    history.load()
    question = replace(ALWAYS, window_days=30)
    found = by_key(measure_all(question, CONVERSIONS))
    whole, mature = found[("conversion_of_all:mql:won",)], found[("conversion:mql:won",)]
    assert math.isclose(whole.value, 0.5) and math.isclose(mature.value, 0.5)
    assert (whole.denominator, mature.denominator) == (120, 60)
    assert whole.interval.high - whole.interval.low < mature.interval.high - mature.interval.low
    young = replace(question, first_day=(AS_OF - timedelta(days=20)).date())
    found = by_key(measure_all(young, CONVERSIONS))
    assert found[("conversion:mql:won",)].value is None
    assert found[("conversion_of_all:mql:won",)].value is None
    assert "followed for 30 days" in found[("conversion_of_all:mql:won",)].notes[0]


def test_rejected_leads_are_gone_and_not_still_waiting():
    """1 − Kaplan–Meier, which takes them for waiting, would say that all of the others are won."""
    history = History()
    for number in range(40):
        history.lead(f"l{number}").enter(f"l{number}", "mql", days(0))
        if number < 30:
            history.event(f"l{number}", "rejected", days(1), reason="no_need")
        else:
            history.enter(f"l{number}", "won", days(5))
    history.load()
    found = by_key(measure_all(replace(ALWAYS, window_days=30), CONVERSIONS))[("conversion_of_all:mql:won",)]
    assert (found.value, found.numerator, found.denominator) == (0.25, 10, 40)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 4, 1), date(2026, 6, 30), (date(2026, 1, 1), date(2026, 3, 31))),
        (date(2026, 1, 1), date(2026, 12, 31), (date(2025, 1, 1), date(2025, 12, 31))),
        (date(2026, 3, 10), date(2026, 3, 16), (date(2026, 3, 3), date(2026, 3, 9))),
        (date(2026, 3, 5), date(2026, 3, 5), (date(2026, 3, 4), date(2026, 3, 4))),
        (date(2024, 2, 1), date(2024, 2, 29), (date(2024, 1, 1), date(2024, 1, 31))),
    ],
)
def test_the_previous_period_is_no_day_short_and_overlaps_nothing(first, last, expected):
    from leads.metrics.periods import previous

    assert previous(first, last) == expected
    assert expected[1] == first - timedelta(days=1)


def test_a_promise_breaks_by_the_clock_and_not_when_somebody_saves():
    history = History().lead("a").enter("a", "mql", NOON).lead("b").enter("b", "mql", NOON)
    history.event("b", "contact_attempted", NOON + timedelta(minutes=30)).load()

    def kept(minutes):
        question = replace(ALWAYS, as_of=NOON + timedelta(minutes=minutes))
        measure = by_key(measure_all(question, ["followed_up_in_time"]))[("followed_up_in_time:mql",)]
        return measure.numerator, measure.denominator, dict(measure.excluded)

    assert kept(45) == (1, 1, {"not_due": 1})
    assert kept(200) == (1, 2, {})


def test_open_leads_are_no_part_of_the_win_rate():
    history = History()
    for number, end in enumerate(["won", "won", "lost", None, None, None]):
        history.lead(f"l{number}", value=100.0, currency="EUR").enter(f"l{number}", "opportunity", days(0))
        if end:
            history.enter(f"l{number}", end, days(10))
    history.load()
    names = ("win_rate", "win_rate_cohort", "win_rate_by_value", "pipeline_velocity")
    found = by_key(measure_all(replace(ALWAYS, window_days=30), names))
    assert math.isclose(found[("win_rate:won",)].value, 2 / 3)
    assert math.isclose(found[("win_rate_cohort:opportunity:won",)].value, 2 / 6)
    assert math.isclose(found[("win_rate_by_value:won",)].value, 2 / 3)
    velocity = found[("pipeline_velocity:opportunity:won",)]
    assert math.isclose(velocity.value, 3 * (2 / 3) * 100 / 10)
    assert velocity.currency == "EUR" and velocity.parts["open"] == 3


def test_handing_a_lead_to_somebody_else_does_not_restart_the_clock():
    history = History().lead("a").enter("a", "mql", NOON).event("a", "assigned", NOON)
    history.event("a", "assigned", NOON + timedelta(minutes=90))
    history.event("a", "contact_attempted", NOON + timedelta(minutes=120), automatic=True)
    history.event("a", "contact_attempted", NOON + timedelta(minutes=180)).load()
    names = ("speed_to_lead_median", "followed_up_in_time")
    found = by_key(measure_all(replace(ALWAYS, start=StartOfClock.ASSIGNED), names))
    assert found[("speed_to_lead_median:mql",)].value == 120  # an hour of the three is the lunch break
    assert found[("followed_up_in_time:mql",)].numerator == 0


def test_growth_compares_whole_months_and_tells_nothing_of_half_a_record():
    history = History()
    for number in range(40):
        month, day = (2, 1 + number % 28) if number < 10 else (3, 1 + number % 28)
        history.lead(f"l{number}").enter(f"l{number}", "mql", datetime(2026, month, day, 12, tzinfo=UTC))
    history.lead("late").enter("late", "mql", datetime(2026, 4, 3, 12, tzinfo=UTC)).load()
    april = replace(ALWAYS, as_of=datetime(2026, 4, 20, tzinfo=UTC))
    measure = by_key(measure_all(april, ["lead_velocity"]))[("lead_velocity:mql",)]
    assert (measure.value, measure.numerator, measure.denominator) == (2.0, 30, 10)
    assert measure.interval.low < 2.0 < measure.interval.high
    in_march = replace(ALWAYS, as_of=datetime(2026, 3, 20, tzinfo=UTC))
    measure = by_key(measure_all(in_march, ["lead_velocity"]))[("lead_velocity:mql",)]
    assert measure.value is None and "January 2026" in measure.notes[0]


def test_few_leads_do_not_make_the_best_source():
    history, draw = History(), random.Random(3)
    for source, leads, share in (("tiny", 11, 0.55), ("ads", 400, 0.3), ("fair", 300, 0.25), ("two", 2, 1.0)):
        for number in range(leads):
            lead_id = f"{source}-{number}"
            history.lead(lead_id, source).enter(lead_id, "mql", days(draw.randrange(10)))
            if number < share * leads:
                history.enter(lead_id, "won", days(15))
    history.load()
    found = by_key(
        measure_all(replace(ALWAYS, by="source", window_days=20), ("conversion", "quality_conversion"))
    )
    plain = {group: found[("conversion:mql:won", group)].value for group in ("tiny", "ads", "fair")}
    shrunk = {group: found[("quality_conversion:mql:won", group)] for group in ("tiny", "ads", "fair", "two")}
    assert shrunk["two"].value is None and "too few" in shrunk["two"].notes[-1]
    assert 0.25 < shrunk["tiny"].value < plain["tiny"] - 0.05
    assert abs(shrunk["ads"].value - plain["ads"]) < 0.01
    assert shrunk["tiny"].interval.high - shrunk["tiny"].interval.low > 0.2
    assert shrunk["tiny"].parts["raw"] == plain["tiny"]
    assert (
        len(
            leads_behind_figure(
                replace(ALWAYS, by="source", window_days=20), "quality_conversion:mql:won", group="tiny"
            )
        )
        == 11
    )


def test_the_cycle_begins_where_it_was_agreed():
    history = History().lead("a").enter("a", "mql", days(0)).enter("a", "sql", days(4))
    history.enter("a", "opportunity", days(6)).enter("a", "won", days(16)).load()
    found = by_key(measure_all(ALWAYS, CYCLES))
    assert found[("sales_cycle_median:opportunity:won",)].value == 10
    business = found[("sales_cycle_business_median:opportunity:won",)]
    assert business.value == 7.375 and "8 open hours" in business.formula
    agreed = by_key(measure_all(replace(ALWAYS, cycle_start=Stage.MQL), CYCLES))
    assert agreed[("sales_cycle_median:mql:won",)].value == 16
