"""Rules tried on bitmaps say what they say lead by lead, and count what the engine counts."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from rule_strategies import rules

from alignment.rules import Condition, Operator, Points, Rule, conditions_of, evaluate, parse
from alignment.what_if import Outcomes, Window
from leads import condition_bitmaps
from leads.backtest import count_change, count_verdicts
from leads.condition_bitmaps import hold
from leads.store import warehouse
from tests.lead_histories import History

FIELDS = ("employees", "source", "flag", "created_at", "nobody_has_it")
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 31), "", date(2026, 1, 1), date(2026, 1, 31))
EVERYTHING = Window(None, None, "")
ZONE = "Europe/Berlin"


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
            held = hold(facts, window, ZONE, FIELDS, len(made.leads))
            plain = facts.rows(condition_bitmaps.of_window(facts, window, ZONE))
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
        held = hold(facts, window, ZONE, FIELDS, len(made.leads))
        assert tuple(held.verdicts(rule) for rule in tried) == count_verdicts(facts, tried, window, ZONE)
        for before, after in pairwise(tried):
            assert held.change(before, after) == count_change(facts, before, after, window, ZONE)


def test_what_takes_too_much_is_not_held(monkeypatch):
    made = history()
    made.load()
    everyone = replace(EVERYTHING)
    with warehouse().read() as facts:
        assert hold(facts, everyone, ZONE, FIELDS, 400, most_bytes=400 * 10) is None
        monkeypatch.setattr(condition_bitmaps, "MOST_VALUES", 3)
        held = hold(facts, everyone, ZONE, FIELDS, 400)
        assert held.bytes < 400 * 40
        assert not held.judges(Rule(Condition("source", Operator.EQUAL, "a")))
        assert held.judges(Rule(Condition("created_at", Operator.IS_KNOWN)))
        assert not held.judges(Rule(Condition("industry", Operator.IS_KNOWN)))  # was not asked for


def test_bitmaps_that_nobody_asked_for_longest_give_way(monkeypatch):
    made = history()
    made.load()
    monkeypatch.setattr(condition_bitmaps, "MOST_BYTES_OF_BITMAPS", 0)
    with warehouse().read() as facts:
        held = hold(facts, EVERYTHING, ZONE, FIELDS, 400)
        tried = [Rule(Condition("employees", Operator.AT_LEAST, size)) for size in range(60)]
        first = [held.verdicts(rule) for rule in tried]
        assert [held.verdicts(rule) for rule in tried] == first
        assert first == list(count_verdicts(facts, tried, EVERYTHING, ZONE))
    assert len(held._bitmaps) == 4


def test_of_no_leads_nothing_is_counted():
    history(1).load()
    past = Window(date(2020, 1, 1), date(2020, 1, 31), "", date(2020, 1, 1), date(2020, 1, 31))
    with warehouse().read() as facts:
        held = hold(facts, past, ZONE, FIELDS, 0)
        found = held.verdicts(Rule(Condition("employees", Operator.IS_UNKNOWN)))
    assert found.leads == Outcomes()
    assert found.weeks == (0, 0, 0, 0)
