"""Promises to answer in time: equal to plain Python on random histories, lead by lead, and right on cases worked out by hand."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from alignment import instants
from alignment.business_hours import business_minutes, open_intervals, to_minutes
from alignment.calendars import HoursFrom, calendar_of
from alignment.company import BusinessHours, ClosedDays
from alignment.promises import Answer, Clock, ResponseTerms, Start
from alignment.rules import parse
from leads.imports.direct import load_events
from leads.metrics.promises import (
    LetOff,
    TermsInForce,
    count_due,
    list_broken,
    list_due,
    list_waiting,
    measure_promise,
    try_terms,
)
from leads.metrics.question import DefinitionInForce, MetricQuestion
from tests.lead_histories import History, episodes, product_limit, random_history

SPLIT = (((540, 720), (780, 1080)),) * 5 + ((), ())
LATE = (((600, 1200),),) * 5 + (((600, 840),), ())
BERLIN = BusinessHours(
    "Europe/Berlin", SPLIT, "DE", (ClosedDays(date(2026, 2, 16), date(2026, 2, 17), "Carnival"),)
)
MOVED = calendar_of(
    (
        HoursFrom(None, BERLIN),
        HoursFrom(date(2026, 3, 9), BusinessHours("America/New_York", LATE, "US")),
        HoursFrom(date(2026, 4, 20), BusinessHours("Asia/Kolkata", SPLIT)),
    ),
    date(2026, 6, 15),
)
ALWAYS = MetricQuestion(as_of=datetime(2026, 6, 15, 12, tzinfo=UTC), hours=BERLIN, timezone="Europe/Berlin")
EARLIER = replace(
    ALWAYS,
    as_of=datetime(2026, 3, 20, 9, 30, tzinfo=UTC),
    first_day=date(2026, 1, 20),
    last_day=date(2026, 3, 20),
    hours=MOVED,
)
HOUR = ResponseTerms(60)
VERSIONS = (
    TermsInForce("v1", HOUR, "0001-01-01T00:00:00.000000Z", "2026-02-10T09:00:00.000000Z"),
    TermsInForce(
        "v2",
        ResponseTerms(600, Answer.CONTACT, Start.ASSIGNED),
        "2026-02-10T09:00:00.000000Z",
        "2026-03-05T23:00:00.000000Z",
    ),
    TermsInForce(
        "v3", ResponseTerms(5000, Answer.ATTEMPT, clock=Clock.ROUND_THE_CLOCK), "2026-03-05T23:00:00.000000Z"
    ),
)
DECISIONS = (
    TermsInForce(
        "d1",
        ResponseTerms(960, Answer.DECISION),
        "0001-01-01T00:00:00.000000Z",
        "2026-03-01T00:00:00.000000Z",
    ),
    TermsInForce("d2", ResponseTerms(90, Answer.QUALIFICATION, Start.CREATED), "2026-03-01T00:00:00.000000Z"),
)
OF_SOME = (
    TermsInForce(
        "s1",
        ResponseTerms(600, only=("source", "referral")),
        "0001-01-01T00:00:00.000000Z",
        "2026-02-01T00:00:00.000000Z",
    ),
    TermsInForce(
        "s2",
        ResponseTerms(600, Answer.DECISION, only=("source", "(blank)")),
        "2026-02-01T00:00:00.000000Z",
        "2026-03-01T00:00:00.000000Z",
    ),
    TermsInForce("s3", ResponseTerms(2000, only=("country", "DE")), "2026-03-01T00:00:00.000000Z"),
)
OF_CAMPAIGN = (
    TermsInForce("c1", ResponseTerms(2000, only=("campaign", "spring")), "0001-01-01T00:00:00.000000Z"),
)
LET_OFF = LetOff(
    ("lead-0003", "lead-0100"), (("2026-02-01T00:00:00.000000Z", "2026-02-03T12:00:00.000000Z"),)
)


def start_of(episode, terms):
    match terms.start:
        case Start.ASSIGNED:
            both = episode["assigned"] and episode["mql"]
            return max(episode["assigned"], episode["mql"]) if both else None
        case Start.CREATED if episode["number"] == 1:  # who comes again was created long ago
            return episode["of"]["created_at"] or episode["lead"] or episode["mql"]
    return episode["mql"]


def contacted(history, episode, entries, as_of):
    """The first two-way contact by a person within the episode."""
    begins = entries[episode["number"] - 1] if episode["number"] > 1 else None
    times = [
        event["at"]
        for event in history.events
        if event["lead_id"] == episode["of"]["lead_id"]
        and event["type"] == "contacted"
        and not event["automatic"]
        and event["at"] <= as_of
        and (begins is None or event["at"] >= begins)
        and (episode["until"] is None or event["at"] < episode["until"])
    ]
    return min(times, default=None)


def is_among(lead, only):
    if only is None:
        return True
    field, value = only
    return (lead[field] or "(blank)") == value


def judged(history, question, versions, let_off):
    """Every episode whose clock started in the period: (episode, version, minutes, 'met', 'broken' or why it does not count)."""
    zone = ZoneInfo(question.timezone)
    entries = defaultdict(set)
    for event in history.events:
        if event["stage"] == "mql" and event["at"] <= question.as_of:
            entries[event["lead_id"]].add(event["at"])
    for episode in episodes(history, question.as_of):
        for version in versions:
            terms = version.terms
            start = start_of(episode, terms)
            if start is None or not is_among(episode["of"], terms.only):
                continue
            text = instants.to_text(start)
            if not version.from_instant <= text < (version.until_instant or "9"):
                continue
            day = start.astimezone(zone).date()
            if (question.first_day and day < question.first_day) or (
                question.last_day and day > question.last_day
            ):
                continue
            answer = {
                Answer.ATTEMPT: episode["attempt"],
                Answer.DECISION: episode["decided_at"],
                Answer.QUALIFICATION: episode["sql"],
            }.get(terms.answer) or None
            if terms.answer is Answer.CONTACT:
                answer = contacted(
                    history, episode, sorted(entries[episode["of"]["lead_id"]]), question.as_of
                )
            closing = [episode["lost"], episode["until"]]
            if terms.answer is not Answer.DECISION:
                closing.append(episode["rejected_at"])
            closed = min((at for at in closing if at), default=None)
            end = answer or closed or question.as_of
            if terms.clock is Clock.ROUND_THE_CLOCK:
                minutes = max(0, to_minutes(end) - to_minutes(start))
            else:
                minutes = max(0, int(business_minutes(question.hours, to_minutes(start), to_minutes(end))))
            in_time = minutes <= terms.limit_minutes
            if episode["of"]["lead_id"] in let_off.lead_ids or any(
                a <= text < b for a, b in let_off.intervals
            ):
                outcome = "waived"
            elif (
                terms.start is not Start.CREATED
                and episode["day_only"]["mql"]
                and terms.limit_minutes < longest(question)
            ):
                outcome = "only_the_day_is_known"
            elif answer:
                outcome = "met" if in_time else "broken"
            elif in_time:
                outcome = "closed_before_due" if closed else "not_due"
            else:
                outcome = "broken"
            yield episode, version, minutes, outcome


def longest(question):
    versions = getattr(question.hours, "versions", None) or (HoursFrom(None, question.hours),)
    return max(sum(b - a for a, b in day) for version in versions for day in version.hours.shifts)


@pytest.mark.parametrize("seed", [4])
def test_promises_equal_plain_python_on_random_histories(seed):
    history = random_history(seed, leads=150).load()
    for question, versions, let_off, by in (
        (ALWAYS, VERSIONS, LET_OFF, "version"),
        (EARLIER, VERSIONS, LetOff(), "source"),
        (EARLIER, DECISIONS, LET_OFF, "week"),
    ):
        assert_equal_to_plain_python(history, question, versions, let_off, by)


def test_promises_for_some_leads_equal_plain_python_also_where_records_were_merged():
    history = random_history(7, leads=150, more=True).load()
    assert_equal_to_plain_python(history, ALWAYS, OF_SOME, LetOff(), "version")
    assert_equal_to_plain_python(history, EARLIER, OF_SOME, LET_OFF, "source")
    assert_equal_to_plain_python(history, EARLIER, OF_CAMPAIGN, LetOff(), "week")


def assert_equal_to_plain_python(history, question, versions, let_off, by):
    found = list(judged(history, question, versions, let_off))
    assert found

    def group(episode, version):
        if by == "week":
            day = start_of(episode, version.terms).astimezone(ZoneInfo(question.timezone)).date()
            return (day - timedelta(days=day.weekday())).isoformat()
        return {"version": version.label, "source": episode["of"]["source"] or "(blank)"}.get(by)

    counts = Counter()
    for episode, version, _, outcome in found:
        counts["", outcome] += 1
        counts[group(episode, version), outcome] += 1
    measures = measure_promise(question, versions, let_off, by)
    assert {figure.group.get(by, "") for figure in measures} == (
        {name for name, _ in counts} - {None} if by else {""}
    )
    for figure in measures:
        name = figure.group.get(by, "")
        met, broken = counts[name, "met"], counts[name, "broken"]
        assert (figure.numerator, figure.denominator) == (met, met + broken)
        others = {what: n for (of, what), n in counts.items() if of == name and what not in ("met", "broken")}
        assert dict(figure.excluded) == others
    rows, total = list_broken(question, versions, let_off, limit=500)
    assert total == counts["", "broken"] == len(rows)
    wanted = {
        (episode["of"]["lead_id"], episode["number"], version.label): minutes
        for episode, version, minutes, outcome in found
        if outcome == "broken"
    }
    assert {(row.lead_id, row.episode, row.version): row.minutes for row in rows} == wanted
    for row in rows:
        assert row.due_at <= question.as_of.replace(second=0, microsecond=0)
        if row.version != "v3":
            passed = business_minutes(question.hours, to_minutes(row.start_at), to_minutes(row.due_at))
            assert passed == row.limit_minutes
            just_before = business_minutes(
                question.hours, to_minutes(row.start_at), to_minutes(row.due_at) - 1
            )
            assert just_before == row.limit_minutes - 1
        else:
            assert to_minutes(row.due_at) - to_minutes(row.start_at) == row.limit_minutes


@pytest.mark.parametrize("seed", [6])
def test_what_is_due_comes_first_things_first(seed):
    history = random_history(seed).load()
    question = replace(EARLIER, first_day=None, last_day=None)
    versions = (TermsInForce("v1", ResponseTerms(3000), "0001-01-01T00:00:00.000000Z"),)
    rows, total = list_due(question, versions, limit=500)
    waiting = [
        (3000 - minutes, episode["of"]["lead_id"])
        for episode, _, minutes, outcome in judged(history, question, versions, LetOff())
        if outcome == "not_due"
    ]
    assert total == len(waiting) > 3
    assert [row.limit_minutes - row.minutes for row in rows] == sorted(left for left, _ in waiting)
    span = open_intervals(question.hours, date(2026, 1, 1), date(2027, 1, 1))
    for row in rows:
        assert to_minutes(row.due_at) == span.due(to_minutes(row.start_at), 3000)
        assert row.due_at >= question.as_of.replace(second=0) and row.answered_at is None
    soon, count = list_due(question, versions, within_minutes=rows[2].limit_minutes - rows[2].minutes)
    assert count == len(soon) >= 3 and soon == rows[:count]


def test_a_lead_that_the_definition_rules_out_is_never_due():
    history = random_history(6).load()
    question = replace(EARLIER, first_day=None, last_day=None)
    versions = (TermsInForce("v1", ResponseTerms(3000), "0001-01-01T00:00:00.000000Z"),)
    everyone, _ = list_due(question, versions, limit=500)
    source = {lead["lead_id"]: lead["source"] for lead in history.leads}
    agreed = next(source[row.lead_id] for row in everyone if source[row.lead_id])
    rule = parse({"version": 1, "field": "source", "op": "=", "value": agreed})
    definition = DefinitionInForce("MQL v1", rule, "0001-01-01T00:00:00.000000Z")
    judging = replace(question, definitions=(definition,))
    counting = [row for row in everyone if source[row.lead_id] == agreed]
    assert 0 < len(counting) < len(everyone)
    assert list_due(judging, versions, limit=500) == (counting, len(counting))
    assert count_due(judging, [(versions, LetOff())]) == [len(counting)]
    assert measure_promise(judging, versions)[0].excluded["not_due"] == len(counting)
    waiting = list_waiting(judging, versions, LetOff(), due_from=question.as_of, limit=500)
    assert {row.lead_id for row in waiting} == {row.lead_id for row in counting}, (
        "nobody is alerted of others"
    )


def test_terms_tried_on_the_past_say_what_limit_it_would_take():
    history = random_history(7).load()
    terms = ResponseTerms(60, at_least=0.6)
    tried = try_terms(EARLIER, terms)
    always = (TermsInForce("as proposed", terms, ""),)
    found = list(judged(history, EARLIER, always, LetOff()))
    counts = Counter(outcome for *_, outcome in found)
    assert (tried.figure.numerator, tried.figure.denominator) == (
        counts["met"],
        counts["met"] + counts["broken"],
    )
    assert sum(figure.denominator for figure in tried.by_week) == tried.figure.denominator
    waits = [
        (None, minutes, episode["attempt"] is not None, None)
        for episode, _, minutes, outcome in found
        if outcome not in ("waived", "only_the_day_is_known")
    ]
    assert tried.reachable_minutes == product_limit(waits, 0.6)
    # at the limit that it says, the share is kept, as far as it can be judged
    better = try_terms(EARLIER, replace(terms, limit_minutes=tried.reachable_minutes))
    assert better.figure.value > tried.figure.value


def test_a_breach_is_that_of_whoever_had_the_lead_when_it_was_due():
    draw = random.Random(3)
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)  # nine o'clock in Berlin
    leads, events, wanted = [], [], {}
    for number in range(60):
        lead_id, came_with = f"l{number:02}", draw.choice([None, "Ada", "Ben"])
        leads.append({"lead_id": lead_id, "source": "ads", "owner": came_with})
        events.append((lead_id, "entered_stage", "mql", monday, None))
        handed = [
            (monday + timedelta(minutes=draw.randrange(-60, 600)), draw.choice(["Cem", "Dora", None]))
            for _ in range(draw.randrange(3))
        ]
        events += [(lead_id, "assigned", None, at, owner) for at, owner in handed]
        due = monday + timedelta(minutes=60)
        named = sorted((at, owner) for at, owner in handed if owner)
        before = [owner for at, owner in named if at <= due]
        wanted[lead_id] = before[-1] if before else ("" if named else came_with or "")
    leads.append({"lead_id": "called", "source": "ads", "owner": "Ada"})
    events.append(("called", "entered_stage", "mql", monday, None))
    events.append(("called", "contact_attempted", None, monday + timedelta(minutes=10), None))
    load_events(
        pa.table(
            {
                name: pa.array([lead[name] for lead in leads], pa.string())
                for name in ("lead_id", "source", "owner")
            }
        ),
        pa.table(
            {
                "lead_id": [event[0] for event in events],
                "type": [event[1] for event in events],
                "stage": pa.array([event[2] for event in events], pa.string()),
                "at": pa.array([event[3] for event in events], pa.timestamp("us", "UTC")),
                "owner": pa.array([event[4] for event in events], pa.string()),
            }
        ),
        datetime(2026, 7, 1, tzinfo=UTC),
    )
    always = (TermsInForce("v1", HOUR, "0001-01-01T00:00:00.000000Z"),)
    rows, total = list_broken(ALWAYS, always, limit=100)
    assert total == 60 and {row.lead_id: row.owner for row in rows} == wanted
    by_owner = {
        figure.group["owner"]: figure.denominator - figure.numerator
        for figure in measure_promise(ALWAYS, always, by="owner")[1:]
    }
    assert by_owner == Counter(owner or "(blank)" for owner in wanted.values())


def test_a_promise_holds_for_the_clocks_that_start_while_it_is_in_force():
    change = datetime(2026, 3, 4, 10, tzinfo=UTC)
    history = History()
    for number, start in enumerate((change - timedelta(microseconds=1), change)):
        history.lead(f"l{number}").enter(f"l{number}", "mql", start)
        history.event(f"l{number}", "contacted", start + timedelta(minutes=30))
    history.load()
    versions = (
        TermsInForce("v1", ResponseTerms(60), "0001-01-01T00:00:00.000000Z", instants.to_text(change)),
        TermsInForce("v2", ResponseTerms(20), instants.to_text(change)),
    )
    by_version = {f.group["version"]: f for f in measure_promise(ALWAYS, versions, by="version")[1:]}
    assert (by_version["v1"].numerator, by_version["v1"].denominator) == (1, 1)
    assert (by_version["v2"].numerator, by_version["v2"].denominator) == (0, 1)


def test_without_any_leads_there_is_no_share_and_a_reason():
    History().lead("l1").load()
    (figure,) = measure_promise(ALWAYS, (TermsInForce("v1", HOUR, ""),))
    assert figure.value is None and figure.denominator == 0 and figure.notes
    assert list_broken(ALWAYS, (TermsInForce("v1", HOUR, ""),)) == ([], 0)
    assert list_due(ALWAYS, (TermsInForce("v1", HOUR, ""),)) == ([], 0)
    assert try_terms(ALWAYS, HOUR).reachable_minutes is None
