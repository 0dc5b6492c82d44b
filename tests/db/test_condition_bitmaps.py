"""Rules tried on bitmaps say what they say lead by lead, and count what the engine counts."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from rule_strategies import rules

from actions import lead_feed
from alignment.people import MACHINE
from alignment.rules import Condition, Operator, Points, Rule, conditions_of, evaluate, parse
from alignment.what_if import Outcomes, Window
from db.store import store
from leads import condition_bitmaps, held_leads
from leads.backtest import count_change, count_verdicts, count_windows, of_window, warn_of_fields
from leads.closed_periods import Period
from leads.field_spread import spread_of
from leads.held_leads import fits, hold, take
from leads.score_lift import count_kinds, count_scores
from leads.store import warehouse
from tests.lead_histories import History

FIELDS = ("employees", "source", "flag", "created_at", "nobody_has_it")
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 31), "", date(2026, 1, 1), date(2026, 1, 31))
EVERYTHING = Window(None, None, "")
ZONE = "Europe/Berlin"
AS_OF = datetime(2026, 2, 3, tzinfo=UTC)


def history(count=400):
    draw = random.Random(3)
    made = History()
    for number in range(count):
        lead_id = f"L{number:04d}"
        created = datetime(2025, 12, 28, tzinfo=UTC) + timedelta(minutes=draw.randrange(40 * 24 * 60))
        made.lead(
            lead_id,
            draw.choice(["a", "b", "yes", "50", "2026-01-05", None]),
            employees=draw.choice([None, 0.0, 1.5, 7.0, 50.0, 60.0, float("inf")]),
            created_at=created,
            flag=draw.choice(["", "true", "no", "1", "50", "2026-01-05", "es", "2026-01-05T10:00"]),
        )
        if draw.random() < 0.8:
            made.enter(lead_id, "mql", created + timedelta(hours=draw.randrange(90)))
        fate = draw.random()
        if fate < 0.5:
            made.enter(lead_id, "won" if fate < 0.3 else "lost", created + timedelta(days=20))
    return made


@pytest.fixture(scope="module")
def held_by_window(tmp_path_factory):
    """The held leads and the same in plain words, of both windows; the facts are gone after that."""
    patch = pytest.MonkeyPatch()
    patch.setenv("CONCORD_DATA", str(tmp_path_factory.mktemp("bitmaps")))
    made = history()
    made.load()
    found = {}
    with warehouse().read() as facts:
        for window in (WINDOW, EVERYTHING):
            held = hold(facts, FIELDS).window(window, ZONE)
            plain = facts.rows(of_window(facts, window, ZONE))
            found[window] = held, [in_plain_words(row) for row in plain]
    warehouse().close()
    patch.undo()
    return found


def in_plain_words(row):
    lead = {name: row[name] for name in ("employees", "source", "created_at")} | {
        "flag": row["attribute_flag"]
    }
    return lead, row["came_at"].replace(tzinfo=UTC), Outcomes(1, row["won"], row["lost"], not row["worked"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=rules)
def test_a_rule_on_bitmaps_says_what_it_says_lead_by_lead(held_by_window, rule):
    for held, leads in held_by_window.values():
        told = all(
            one.operator is not Operator.WITHIN_DAYS or one.field == "created_at"
            for one in conditions_of(rule)
        )
        faded = isinstance(rule.root, Points) and any(entry.decay for entry in rule.root.entries)
        assert held.judges(rule) == (told and not faded)
        if not held.judges(rule):
            return
        counted = {True: Outcomes(), False: Outcomes(), None: Outcomes()}
        for lead, came, outcome in leads:
            counted[evaluate(rule, lead, came)] += outcome
        verdicts = held.verdicts(rule)
        assert (verdicts.passed, verdicts.failed, verdicts.unknown) == tuple(counted.values())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=rules, after=rules)
def test_who_changes_side_is_found_lead_by_lead(held_by_window, before, after):
    held, leads = held_by_window[WINDOW]
    if not (held.judges(before) and held.judges(after)):
        return
    counted = {}
    for lead, came, outcome in leads:
        said = evaluate(before, lead, came), evaluate(after, lead, came)
        key = "open" if None in said else said
        counted[key] = counted.get(key, Outcomes()) + outcome
    change = held.change(before, after)
    told = {(True, True): change.both, (False, True): change.gained, (True, False): change.given_up}
    told |= {(False, False): change.neither, "open": change.unknown}
    assert {key: found for key, found in told.items() if found.leads} == counted


def test_to_be_true_and_to_be_one_are_two_things(held_by_window):
    held, leads = held_by_window[EVERYTHING]
    for value in (True, 1, 1.0, False, 0):
        tried = Rule(Condition("flag", Operator.EQUAL, value))
        passed = sum((of for lead, came, of in leads if evaluate(tried, lead, came)), Outcomes())
        assert held.verdicts(tried).passed == passed
    yes, one = (Rule(Condition("flag", Operator.EQUAL, value)) for value in (True, 1))
    assert held.verdicts(yes).passed != held.verdicts(one).passed


RULES = (
    {"field": "employees", "op": ">=", "value": 50},
    {"field": "created_at", "op": "within_days", "value": 2},
    {
        "all": [
            {"field": "source", "op": "in", "value": ["a", "yes"]},
            {"not": {"field": "flag", "op": "=", "value": True}},
        ]
    },
    {
        "points": [
            {"if": {"field": "employees", "op": ">", "value": 1}, "add": 20},
            {"if": {"field": "flag", "op": "is_known"}, "add": -5},
        ],
        "threshold": 15,
    },
)


@pytest.mark.parametrize("window", [WINDOW, EVERYTHING], ids=["a month", "all"])
def test_bitmaps_count_what_the_engine_counts_week_by_week(window):
    made = history()
    made.load()
    tried = [parse({"version": 1, **rule}) for rule in RULES]
    with warehouse().read() as facts:
        held = hold(facts, FIELDS).window(window, ZONE)
        assert tuple(held.verdicts(rule) for rule in tried) == count_verdicts(facts, tried, window, ZONE)
        for before, after in pairwise(tried):
            assert held.change(before, after) == count_change(facts, before, after, window, ZONE)


@pytest.mark.parametrize("zone", [ZONE, "Asia/Kathmandu", "America/New_York"])
def test_windows_and_all_that_is_asked_of_them_are_those_of_the_engine(zone):
    made = history()
    made.lead("nobody knows when", "a", employees=7.0, flag="yes")
    made.load()
    tried = [parse({"version": 1, **rule}) for rule in RULES]
    with warehouse().read() as facts:
        held = hold(facts, ("employees",))
        assert take(held, facts, FIELDS)  # what is asked for later finds the leads it belongs to
        windows = held.windows(AS_OF, zone)
        assert windows == count_windows(facts, AS_OF, zone)
        assert len(windows) == 3
        for window, everyone in windows:
            of = held.window(window, zone)
            period = Period(window.first_day, window.last_day)
            assert tuple(of.verdicts(rule) for rule in tried) == count_verdicts(facts, tried, window, zone)
            assert of.everyone == everyone
            for rule in tried:
                assert of.warnings(rule) == warn_of_fields(facts, [rule], window, zone)
            for field in ("employees", "flag", "source", "nobody_has_it"):
                assert of.spread(field, (33.0,)) == spread_of(facts, field, period, zone, (33.0,))
            points = tried[-1].root
            assert of.scores(points) == count_scores(facts, points, window, zone)
            traits = {str(place): rule.root for place, rule in enumerate(tried[:3])}
            assert list(of.kinds(traits).items()) == list(count_kinds(facts, traits, window, zone).items())


def test_leads_laid_over_the_base_are_held_with_it():
    made = history()
    made.load()
    leads = [
        {"lead_id": lead_id, "employees": 999.0, "source": "live", "created_at": "2026-01-09T10:00:00+00:00"}
        for lead_id in ("L0003", "new")
    ]
    won = {
        "id": "e",
        "lead_id": "new",
        "type": "entered_stage",
        "stage": "won",
        "at": "2026-01-20T10:00:00+00:00",
    }
    store().write(lambda connection: lead_feed.take(connection, "test", leads, [won]))
    assert lead_feed.apply_waiting(MACHINE)
    with warehouse().read() as facts:
        held = hold(facts, ())
        assert take(held, facts, FIELDS)
        of = held.window(EVERYTHING, ZONE)
        tried = [parse({"version": 1, **rule}) for rule in RULES]
        assert tuple(of.verdicts(rule) for rule in tried) == count_verdicts(facts, tried, EVERYTHING, ZONE)
        came_live = of.verdicts(Rule(Condition("employees", Operator.EQUAL, 999))).passed
        assert (came_live.leads, came_live.won) == (
            2,
            1 + any(one["stage"] == "won" for one in made.events if one["lead_id"] == "L0003"),
        )


def test_what_takes_too_much_is_not_held(monkeypatch):
    made = history()
    made.load()
    with warehouse().read() as facts:
        assert fits(facts, FIELDS)
        monkeypatch.setattr(held_leads, "MOST_BYTES", 400 * 10)
        assert not fits(facts, FIELDS)
        monkeypatch.setattr(held_leads, "MOST_VALUES", 3)
        held = hold(facts, FIELDS)
        assert held.bytes < 448 * 40
        assert not held.judges(Rule(Condition("source", Operator.EQUAL, "a")))
        assert held.knows(["source"])
        assert held.judges(Rule(Condition("created_at", Operator.IS_KNOWN)))
        assert not held.judges(Rule(Condition("industry", Operator.IS_KNOWN)))  # was not asked for


def test_instants_that_are_asked_for_later_need_the_time_at_which_leads_came(monkeypatch):
    history().load()
    monkeypatch.setattr(held_leads, "_FEW", 0)
    with warehouse().read() as facts:
        held = hold(facts, ("employees",))
        assert not take(held, facts, ["created_at"])
        assert not held.knows(["created_at"])
        assert take(hold(facts, ("created_at",)), facts, FIELDS)


def test_bitmaps_that_nobody_asked_for_longest_give_way(monkeypatch):
    made = history()
    made.load()
    monkeypatch.setattr(condition_bitmaps, "MOST_BYTES_OF_BITMAPS", 0)
    with warehouse().read() as facts:
        held = hold(facts, FIELDS).window(EVERYTHING, ZONE)
        tried = [Rule(Condition("employees", Operator.AT_LEAST, size)) for size in range(60)]
        first = [held.verdicts(rule) for rule in tried]
        assert [held.verdicts(rule) for rule in tried] == first
        assert first == list(count_verdicts(facts, tried, EVERYTHING, ZONE))
    assert len(held.held._bitmaps) == 4


def test_of_no_leads_nothing_is_counted():
    history(1).load()
    past = Window(date(2020, 1, 1), date(2020, 1, 31), "", date(2020, 1, 1), date(2020, 1, 31))
    with warehouse().read() as facts:
        found = hold(facts, FIELDS).window(past, ZONE)
        found = found.verdicts(Rule(Condition("employees", Operator.IS_UNKNOWN)))
    assert found.leads == Outcomes()
    assert found.weeks == (0, 0, 0, 0)
