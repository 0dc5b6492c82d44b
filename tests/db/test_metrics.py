"""The measures: equal to plain Python on random histories, and right on cases worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alignment.company import BusinessHours
from alignment.errors import InvalidInput, NotFound
from alignment.lifecycle import Stage
from alignment.rules import evaluate, parse
from leads.metrics import measuring
from leads.metrics.measuring import leads_behind_figure, weekly_volume
from leads.metrics.question import DefinitionInForce, GroupBy, MetricQuestion, StartOfClock, end_of
from tests.lead_histories import History, Reference, product_limit, random_history

BERLIN = BusinessHours("Europe/Berlin", (((540, 720), (780, 1080)),) * 5 + ((), ()), "DE")
AS_OF = datetime(2026, 6, 15, 12, tzinfo=UTC)
ALWAYS = MetricQuestion(as_of=AS_OF, hours=BERLIN, timezone="Europe/Berlin")
SPRING = replace(ALWAYS, first_day=date(2026, 2, 1), last_day=date(2026, 3, 29), by=GroupBy.SOURCE)
EARLIER = replace(ALWAYS, as_of=datetime(2026, 3, 20, 9, 30, tzinfo=UTC), window_days=14, by=GroupBy.SOURCE)

QUESTIONS = {
    1: (SPRING, EARLIER),
    2: (EARLIER, replace(SPRING, window_days=7, start=StartOfClock.ASSIGNED)),
    3: (ALWAYS, replace(EARLIER, by=None, start=StartOfClock.ASSIGNED)),
}


LOOKED_AT = (
    "volume",
    "conversion",
    "conversion_since_recording",
    "win_rate",
    "acceptance_rate",
    "acceptance_of_due",
    "rejection_reason",
    "silent_rejections",
    "feedback_coverage",
    "followed_up_in_time",
    "speed_to_lead_median",
)


def measure_all(question, names=LOOKED_AT):
    """The measures of these tests; the others have theirs in `test_measures`."""
    return measuring.measure_all(question, names)


def by_key(measures):
    return {(measure.key, *measure.group.values()): measure for measure in measures}


def assert_counts(measures, key, expected):
    for group, (numerator, denominator, excluded) in expected.items():
        measure = measures.get((key, group) if group else (key,))
        if measure is None:
            assert denominator == 0 and not excluded, f"{key} {group} is missing"
            continue
        found = (measure.numerator, measure.denominator, dict(measure.excluded))
        assert found == (numerator, denominator, excluded), f"{key} {group or 'total'}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measures_equal_plain_python_on_random_histories(seed):
    history = random_history(seed).load()
    for question in QUESTIONS[seed]:
        compare(history, question)


def compare(history, question, passes=None):
    reference = Reference(history, question, passes)
    measures = by_key(measure_all(question))
    if question.by is None:
        reference.group = lambda episode: ""
    assert_counts(measures, "volume:mql", reference.counted(lambda e: e["mql"], lambda e: True))
    for start, end in (("mql", "won"), ("mql", "sal"), ("opportunity", "won")):
        measure = measures[(f"conversion:{start}:{end}",)]
        assert question.window_days in (None, measure.window_days)
        assert_counts(
            measures, f"conversion:{start}:{end}", reference.conversion(start, end, measure.window_days)
        )
        flagged = [
            episode
            for episode in reference.episodes
            if reference.in_period(episode[start]) and not reference.qualified(episode)
        ]
        if not measure.excluded:
            reversed_ = sum(e[end] is not None and e[end] < e[start] for e in flagged)
            assert measure.flags.get("reversed", 0) == reversed_
            assert measure.flags.get("imputed", 0) == sum(start in e["imputed"] for e in flagged)
    undecided = lambda e: None if e["decided_at"] else "undecided"  # noqa: E731
    assert_counts(
        measures,
        "acceptance_rate:mql:sal",
        reference.counted(lambda e: e["mql"], lambda e: e["accepted"], undecided),
    )
    for reason in ("no_budget", "other", "(none)"):
        numerator, denominator, _ = reference.counted(
            lambda e: e["mql"],
            lambda e, reason=reason: e["decided_at"] and not e["accepted"] and e["reason"] == reason,
            undecided,
        )[""]
        measure = measures.get(("rejection_reason:mql", reason))
        assert (numerator, denominator) == (
            (measure.numerator, measure.denominator) if measure else (0, denominator)
        )
    won = lambda e: e["won"] and (not e["lost"] or e["won"] >= e["lost"])  # noqa: E731
    assert_counts(
        measures, "win_rate:won", reference.counted(lambda e: e["won"] if won(e) else e["lost"], won)
    )
    start = (
        (lambda e: max(e["assigned"], e["mql"]) if e["assigned"] and e["mql"] else None)
        if question.start is StartOfClock.ASSIGNED
        else (lambda e: e["mql"])
    )
    limit = question.feedback_hours * 60
    not_due = lambda e: None if reference.minutes(start(e), question.as_of) >= limit else "not_due"  # noqa: E731
    assert_counts(
        measures, "silent_rejections:mql", reference.counted(start, lambda e: not e["decided_at"], not_due)
    )
    assert_counts(
        measures, "feedback_coverage:mql", reference.counted(start, lambda e: e["decided_at"], not_due)
    )
    waits = list(reference.waits(start))
    for name, q in (("median", 0.5), ("p90", 0.9)):
        measure = measures[(f"speed_to_lead_{name}:mql",)]
        assert measure.value == product_limit(waits, q)
        assert measure.numerator == sum(answered for _, _, answered, _ in waits)
        assert measure.denominator == len(waits)
        assert measure.flags.get("early", 0) == sum(
            answered and episode["attempt"] < start(episode) for episode, _, answered, _ in waits
        )
    promise = question.follow_up_minutes
    met = sum(answered and minutes <= promise for _, minutes, answered, _ in waits)
    breached = sum(minutes > promise for _, minutes, _, _ in waits)
    measure = measures[("followed_up_in_time:mql",)]
    assert (measure.numerator, measure.denominator) == (met, met + breached)
    assert sum(measure.excluded.values()) == len(waits) - met - breached + _disqualified(reference, start)


def _disqualified(reference, start):
    return sum(
        reference.in_period(start(episode)) and reference.qualified(episode) is not None
        for episode in reference.episodes
    )


FIRST = DefinitionInForce(
    "MQL v1",
    parse({"version": 1, "field": "employees", "op": ">=", "value": 10}),
    "2026-02-01T00:00:00.000000Z",
    "2026-03-15T00:00:00.000000Z",
)
SECOND = DefinitionInForce(
    "MQL v2",
    parse(
        {
            "version": 1,
            "all": [
                {"field": "employees", "op": ">=", "value": 50},
                {"field": "country", "op": "=", "value": "DE"},
            ],
        }
    ),
    "2026-03-15T00:00:00.000000Z",
)


def judged_by(*versions, restate=None):
    def passes(episode):
        entered = episode["mql"]
        for version in versions:
            begun = datetime.fromisoformat(version.from_instant)
            ended = datetime.fromisoformat(version.until_instant) if version.until_instant else None
            if restate == version.label or (
                restate is None and entered and begun <= entered and (ended is None or entered < ended)
            ):
                return version.label, evaluate(version.rule, episode["of"], entered) if entered else True
        return "(none)", True

    return passes


def test_each_lead_is_judged_by_the_definition_in_force_when_it_qualified():
    history = random_history(4).load()
    question = replace(ALWAYS, definitions=(FIRST, SECOND), by=GroupBy.SOURCE)
    compare(history, question, judged_by(FIRST, SECOND))
    found = by_key(measure_all(replace(question, by=None)))
    delivered, decided = found[("volume:mql",)], found[("acceptance_rate:mql:sal",)]
    waiting = decided.excluded["undecided"]
    assert 0 < waiting == delivered.numerator - decided.denominator, "only leads that count wait"


def test_history_can_be_restated_under_another_definition():
    history = random_history(5).load()
    question = replace(ALWAYS, definitions=(FIRST, SECOND), restate="MQL v2")
    compare(history, question, judged_by(FIRST, SECOND, restate="MQL v2"))
    restated = by_key(measure_all(question))[("volume:mql",)]
    as_it_was = by_key(measure_all(replace(question, restate=None)))[("volume:mql",)]
    assert restated.definition_version == "MQL v2"
    assert as_it_was.definition_version is None
    assert set(as_it_was.definitions) == {"MQL v1", "MQL v2"}
    assert restated.value < as_it_was.value
    with pytest.raises(InvalidInput, match="MQL v1"):
        measure_all(replace(question, restate="MQL v9"))


def test_weekly_volume_marks_each_week_with_its_definition():
    history = random_history(4).load()
    question = replace(ALWAYS, definitions=(FIRST, SECOND))
    reference = Reference(history, question, judged_by(FIRST, SECOND))
    expected = {}
    for episode in reference.episodes:
        if episode["mql"] is not None:
            day = episode["mql"].astimezone(reference.zone).date()
            key = (str(day - timedelta(days=day.weekday())), reference.passes(episode)[0])
            expected.setdefault(key, [0, 0])[reference.passes(episode)[1] is not True] += 1
    found = {
        (m.group["week"], m.group["definition"]): [m.numerator, sum(m.excluded.values())]
        for m in weekly_volume(question)
    }
    assert found == expected


def test_a_definition_in_words_only_counts_every_lead_and_is_named():
    random_history(6, leads=20).load()
    words_only = replace(FIRST, rule=None, from_instant="2020-01-01T00:00:00.000000Z", until_instant=None)
    volume = by_key(measure_all(replace(ALWAYS, definitions=(words_only,))))[("volume:mql",)]
    assert volume.definition_version == "MQL v1"
    assert volume.numerator == volume.denominator and not volume.excluded


# by hand --------------------------------------------------------------------------------------------------------------

MONDAY = datetime(2026, 6, 1, 8, tzinfo=UTC)  # ten o'clock in Berlin


def measured(question=ALWAYS, *names):
    return by_key(measure_all(question, names or None))


def test_the_window_closes_to_the_second_and_maturity_with_it():
    history = History()
    for lead_id in ("in time", "a second late", "open"):
        history.lead(lead_id).enter(lead_id, "mql", MONDAY)
    history.enter("in time", "won", MONDAY + timedelta(days=10))
    history.enter("a second late", "won", MONDAY + timedelta(days=10, seconds=1))
    history.load()
    at_the_edge = replace(ALWAYS, window_days=10, as_of=MONDAY + timedelta(days=10))
    found = measured(at_the_edge, "conversion")[("conversion:mql:won",)]
    assert (found.numerator, found.denominator, dict(found.excluded)) == (1, 3, {})
    history.lead("of old").enter("of old", "mql", MONDAY - timedelta(days=90))
    history.enter("of old", "won", MONDAY - timedelta(days=89)).load()
    a_second_before = replace(at_the_edge, as_of=MONDAY + timedelta(days=10) - timedelta(seconds=1))
    found = measured(a_second_before, "conversion")[("conversion:mql:won",)]
    assert (found.numerator, found.denominator, dict(found.excluded)) == (1, 1, {"immature": 3})


def test_where_only_days_are_known_whole_days_are_compared():
    midnight = datetime(2026, 4, 30, 22, tzinfo=UTC)
    history = History().lead("a").enter("a", "mql", midnight, day_only=True)
    history.enter("a", "won", midnight + timedelta(days=10, hours=20)).load()
    ten = replace(ALWAYS, window_days=10, as_of=end_of(date(2026, 5, 11), "Europe/Berlin"))
    assert measured(ten, "conversion")[("conversion:mql:won",)].numerator == 1
    nine = replace(ten, window_days=9)
    assert measured(nine, "conversion")[("conversion:mql:won",)].numerator == 0
    too_early = replace(ten, as_of=end_of(date(2026, 5, 10), "Europe/Berlin"), window_days=11)
    history.lead("b").enter("b", "mql", midnight - timedelta(days=30), day_only=True)
    history.enter("b", "won", midnight - timedelta(days=29)).load()
    assert measured(too_early, "conversion")[("conversion:mql:won",)].excluded == {"immature": 1}


def test_a_recycled_lead_is_two_episodes_and_the_first_stays_lost():
    history = History().lead("a")
    history.enter("a", "mql", MONDAY - timedelta(days=60)).enter("a", "lost", MONDAY - timedelta(days=50))
    history.enter("a", "mql", MONDAY - timedelta(days=20)).enter(
        "a", "won", MONDAY - timedelta(days=15)
    ).load()
    found = measured(replace(ALWAYS, window_days=10), "conversion", "volume", "win_rate")
    assert (found[("conversion:mql:won",)].numerator, found[("conversion:mql:won",)].denominator) == (1, 2)
    assert (found[("win_rate:won",)].numerator, found[("win_rate:won",)].denominator) == (1, 2)
    assert found[("volume:mql",)].value == 2


def test_blank_is_not_unknown():
    history = History()
    for number, source in enumerate((None, "unknown", None)):
        history.lead(str(number), source).enter(str(number), "mql", MONDAY)
    history.load()
    found = measured(replace(ALWAYS, by=GroupBy.SOURCE), "volume")
    assert found[("volume:mql", "(blank)")].value == 2
    assert found[("volume:mql", "unknown")].value == 1


def test_a_skipped_stage_is_filled_in_and_a_reversed_one_is_flagged():
    history = (
        History()
        .lead("skipped")
        .enter("skipped", "lead", MONDAY)
        .enter("skipped", "won", MONDAY + timedelta(days=1))
    )
    history.lead("reversed").enter("reversed", "mql", MONDAY + timedelta(days=2)).enter(
        "reversed", "won", MONDAY
    )
    history.load()
    found = measured(replace(ALWAYS, window_days=5), "conversion")[("conversion:mql:won",)]
    assert (found.numerator, found.denominator) == (2, 2)
    assert found.flags == {"imputed": 1, "reversed": 1}


def test_a_stage_that_is_recorded_nowhere_is_not_made_up():
    history = (
        History().lead("a").enter("a", "mql", MONDAY).enter("a", "won", MONDAY + timedelta(days=1)).load()
    )
    found = measured(ALWAYS, "acceptance_rate", "conversion", "speed_to_lead_median", "win_rate")
    assert found[("conversion:mql:sal",)].value is None
    assert "SAL" in found[("conversion:mql:sal",)].notes[0]
    assert found[("win_rate:won",)].value is None
    assert "lost" in found[("win_rate:won",)].notes[0]
    assert found[("acceptance_rate:mql:sal",)].value is None
    assert found[("speed_to_lead_median:mql",)].value is None
    assert "None" not in found[("conversion:mql:sal",)].formula
    assert len(history.events) == 2


def test_a_lead_nobody_calls_counts_as_still_waiting():
    history = History()
    for number, minutes in enumerate((10, 30, None, None)):
        lead_id = str(number)
        history.lead(lead_id).enter(lead_id, "mql", MONDAY)
        if minutes:
            history.event(lead_id, "contact_attempted", MONDAY + timedelta(minutes=minutes))
    history.event("2", "contact_attempted", MONDAY + timedelta(minutes=5), automatic=True)
    history.load()
    found = measured(ALWAYS, "followed_up_in_time", "speed_to_lead_median", "speed_to_lead_p90")
    assert found[("speed_to_lead_median:mql",)].value == 30, "the mean of those who were called would be 20"
    assert found[("speed_to_lead_p90:mql",)].value is None
    assert found[("followed_up_in_time:mql",)].value == 0.5


def test_time_runs_in_business_hours_only():
    friday = datetime(2026, 6, 5, 15, 30, tzinfo=UTC)  # half past five in Berlin, half an hour before closing
    history = History().lead("a").enter("a", "mql", friday)
    history.event("a", "contacted", datetime(2026, 6, 8, 7, 15, tzinfo=UTC)).load()
    assert measured(ALWAYS, "speed_to_lead_median")[("speed_to_lead_median:mql",)].value == 30 + 15


def test_what_is_not_yet_due_is_neither_kept_nor_broken():
    now = MONDAY + timedelta(minutes=59)
    history = (
        History().lead("a").enter("a", "mql", MONDAY).lead("b").enter("b", "mql", MONDAY - timedelta(days=7))
    )
    history.event("b", "contacted", MONDAY - timedelta(days=7)).load()
    found = measured(replace(ALWAYS, as_of=now), "followed_up_in_time")[("followed_up_in_time:mql",)]
    assert (found.numerator, found.denominator, found.excluded["not_due"]) == (1, 1, 1)


def test_silence_is_a_rejection_only_after_the_feedback_limit():
    history = History()
    for lead_id, age in (("new", 1), ("old", 30), ("decided", 30)):
        history.lead(lead_id).enter(lead_id, "mql", MONDAY - timedelta(days=age))
    history.event("decided", "rejected", MONDAY, reason="no_budget").load()
    found = measured(replace(ALWAYS, as_of=MONDAY), "feedback_coverage", "silent_rejections")
    silent, coverage = found[("silent_rejections:mql",)], found[("feedback_coverage:mql",)]
    assert (silent.numerator, silent.denominator, silent.excluded["not_due"]) == (1, 2, 1)
    assert (coverage.numerator, coverage.flags["late"]) == (1, 1)


def test_many_rejections_for_other_reasons_are_a_finding():
    history = History()
    for number in range(10):
        history.lead(str(number)).enter(str(number), "mql", MONDAY)
        reason = "other" if number < 3 else "no_budget"
        history.event(str(number), "rejected", MONDAY + timedelta(hours=1), reason=reason)
    history.load()
    found = measured(ALWAYS, "rejection_reason")
    assert "another code" in found[("rejection_reason:mql", "other")].notes[0]
    assert found[("rejection_reason:mql", "no_budget")].value == 0.7


def test_wins_that_are_recorded_late_are_said_and_measured_apart():
    history = History()
    for number in range(200):
        lead_id, at = f"{number:03d}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=12 * number)
        history.lead(lead_id).enter(lead_id, "mql", at)
        if number >= 100 and number % 4 == 0:
            history.enter(lead_id, "won", at + timedelta(days=2))
    history.load()
    found = measured(replace(ALWAYS, window_days=10), "conversion", "conversion_since_recording")
    whole, since = found[("conversion:mql:won",)], found[("conversion_since_recording:mql:won",)]
    assert whole.denominator == 200 and whole.flags["left_truncated"] == 104
    assert since.denominator == 96 and since.excluded == {"left_truncated": 104}
    assert since.value > whole.value
    assert any("too low" in note for note in whole.notes)


def test_the_default_window_is_what_nine_in_ten_conversions_took():
    history = History()
    for number in range(1, 21):
        history.lead(str(number)).enter(str(number), "mql", MONDAY - timedelta(days=60))
        history.enter(str(number), "won", MONDAY - timedelta(days=60) + timedelta(days=number))
    history.load()
    found = measured(ALWAYS, "conversion")[("conversion:mql:won",)]
    assert found.window_days == 19
    assert any("nine in ten" in note for note in found.notes)


def test_without_leads_every_measure_is_there_and_says_so():
    for measure in measuring.measure_all(ALWAYS):
        assert measure.value in (None, 0)
        assert measure.denominator == 0
        assert measure.data_from is None
    assert weekly_volume(ALWAYS) == []


def test_each_figure_carries_its_passport():
    random_history(7, leads=60).load()
    for measure in measuring.measure_all(replace(ALWAYS, by=GroupBy.SOURCE)):
        assert measure.formula and measure.as_of and measure.data_from
        if measure.value is not None and measure.unit == "share":
            assert measure.interval.low <= measure.value <= measure.interval.high
            if not measure.parts:
                assert measure.value == measure.numerator / measure.denominator
        document = measure.to_document()
        assert {"name", "from_stage", "to_stage", "group", "value", "numerator", "denominator"} <= set(
            document
        )
        assert {"interval", "excluded", "definition_version"} <= set(document)


def test_the_leads_behind_a_figure_are_those_it_counts():
    random_history(8, leads=120).load()
    question = replace(ALWAYS, window_days=20, by=GroupBy.SOURCE, definitions=(FIRST, SECOND))
    for measure in measure_all(question, ("volume", "acceptance_rate")):
        if measure.group.get("source") == "ads" or measure.to_stage == "won":
            continue
        group = measure.group.get("source")
        hit = leads_behind_figure(question, measure.key, "hit", group, size=500)
        counted = leads_behind_figure(question, measure.key, "counted", group, size=500)
        assert set(hit) <= set(counted)
        assert len(hit) <= measure.numerator and (measure.numerator == 0) == (not hit)
        assert len(counted) <= measure.denominator
    first = leads_behind_figure(question, "volume:mql", page=1, size=10)
    second = leads_behind_figure(question, "volume:mql", page=2, size=10)
    assert len(first) == 10 and not set(first) & set(second)
    with pytest.raises(NotFound):
        leads_behind_figure(question, "volume:'; DROP TABLE lead")
    speed = next(found for found in measure_all(question, ("speed_to_lead_median",)) if not found.group)
    assert 0 < len(leads_behind_figure(question, speed.key, size=500)) <= speed.denominator
    with pytest.raises(InvalidInput):
        leads_behind_figure(question, "volume:mql", "everything")


@pytest.mark.parametrize("window", [0, -5, 1_000_000])
def test_an_impossible_window_is_refused(window):
    with pytest.raises(InvalidInput):
        measure_all(replace(ALWAYS, window_days=window))


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(InvalidInput, match="Swap"):
        measure_all(replace(ALWAYS, first_day=date(2026, 2, 2), last_day=date(2026, 2, 1)))


def test_volumes_of_other_stages_ignore_the_definition():
    history = (
        History().lead("small", employees=1.0).enter("small", "mql", MONDAY).enter("small", "won", MONDAY)
    )
    history.load()
    everywhere = replace(SECOND, from_instant="2020-01-01T00:00:00.000000Z")
    found = measured(replace(ALWAYS, definitions=(everywhere,)), "volume")
    assert found[("volume:mql",)].value == 0
    assert found[("volume:mql",)].excluded == {"fails_definition": 1}
    assert found[("volume:won",)].value == 1
    assert Stage.WON.value == found[("volume:won",)].to_stage
