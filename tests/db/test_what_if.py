"""What a rule would have done with past leads: the same counts as by looking at each lead."""

import json
from collections import Counter
from dataclasses import astuple, replace
from datetime import date, timedelta

import pytest
from people import make_actor

from actions import clock, what_if
from actions.settings import change_company, company_with_revision
from alignment.company import BusinessHours
from alignment.errors import NotPermitted
from alignment.people import MACHINE
from alignment.rules import InvalidRule, evaluate, parse
from alignment.what_if import Outcomes, Window
from leads.backtest import backtest, count_change, count_verdicts, count_windows, warn_of_fields
from leads.store import warehouse
from tests.closed_leads import AS_OF, ZONE, condition, in_plain_words, made_up_leads

QUARTER = Window(date(2026, 4, 1), date(2026, 6, 30), "", date(2026, 4, 1), date(2026, 6, 30))
EVERYTHING = Window(None, None, "")
RULES = {
    "large": condition("employees", ">=", 50),
    "small too": condition("employees", ">=", 10),
    "demo": condition("demo", "=", True),
    "not ads": {"not": condition("source", "contains", "a")},
    "fresh": condition("created_at", "within_days", 1),
    "often": condition("visits", ">", 6),
    "nested": {
        "any": [
            {"all": [condition("employees", ">=", 50), condition("demo", "=", True)]},
            {"all": [condition("source", "in", ["referral"]), condition("visits", ">", 3)]},
        ]
    },
    "points": {
        "points": [
            {"if": condition("employees", ">=", 50), "add": 30},
            {"if": condition("demo", "=", True), "add": 20},
            {"if": condition("source", "=", "ads"), "add": -5},
        ],
        "threshold": 30,
    },
}


@pytest.fixture(autouse=True)
def now_in_berlin():
    company, revision = company_with_revision(MACHINE)
    change_company(MACHINE, replace(company, hours=BusinessHours(timezone=ZONE)), revision)
    with clock.at(AS_OF + timedelta(days=1)):
        yield


def rule(name):
    return parse({"version": 1, **RULES[name]})


def outcomes(leads):
    return Outcomes(
        len(leads),
        sum(lead["won"] for lead in leads),
        sum(lead["lost"] for lead in leads),
        sum(not lead["won"] and not lead["lost"] for lead in leads),  # nothing else ever happened to these
    )


def of_window(leads, window):
    return [
        lead
        for lead in leads
        if window.first_day is None or window.first_day <= lead["day"] <= window.last_day
    ]


@pytest.mark.parametrize("window", [QUARTER, EVERYTHING], ids=["quarter", "all"])
def test_verdicts_are_those_of_each_lead(window):
    leads = of_window(in_plain_words(made_up_leads(1_200)), window)
    with warehouse().read() as facts:
        found = count_verdicts(facts, [rule(name) for name in RULES], window, ZONE)
    for name, verdicts in zip(RULES, found, strict=True):
        said = {True: [], False: [], None: []}
        weeks = Counter()
        for lead in leads:
            outcome = evaluate(rule(name), lead["fields"], lead["came"])
            said[outcome].append(lead)
            if outcome and window.earliest:
                weeks[(lead["day"] - window.earliest).days // 7] += 1
        assert verdicts.passed == outcomes(said[True])
        assert verdicts.failed == outcomes(said[False])
        assert verdicts.unknown == outcomes(said[None])
        assert verdicts.leads.leads == len(leads)
        assert len(verdicts.weeks) == window.weeks
        if window.weeks:  # thirteen weeks are the quarter but for its last day
            assert verdicts.weeks == tuple(weeks[week] for week in range(13))


def test_the_one_who_takes_no_rule_takes_no_look():
    with warehouse().read() as facts:
        assert count_verdicts(facts, [], QUARTER, ZONE) == ()
        assert warn_of_fields(facts, [], QUARTER, ZONE) == ()


def test_change_is_who_passes_one_rule_only():
    leads = of_window(in_plain_words(made_up_leads(1_200)), QUARTER)
    with warehouse().read() as facts:
        change = count_change(facts, rule("large"), rule("nested"), QUARTER, ZONE)
    cells = {}
    for lead in leads:
        said = tuple(evaluate(rule(name), lead["fields"], lead["came"]) for name in ("large", "nested"))
        cells.setdefault("open" if None in said else said, []).append(lead)
    assert change.both == outcomes(cells[True, True])
    assert change.gained == outcomes(cells[False, True])
    assert change.given_up == outcomes(cells[True, False])
    assert change.neither == outcomes(cells[False, False])
    assert change.unknown == outcomes(cells["open"])
    alone = backtest(rule("large"), rule("nested"), QUARTER.first_day, QUARTER.last_day, ZONE)
    assert change.kappa == pytest.approx(alone.against.kappa)
    assert change.jaccard == pytest.approx(alone.against.jaccard)


def test_a_back_test_counts_fields_and_undated_leads_in_its_one_look():
    history = made_up_leads(1_200)
    leads = of_window(in_plain_words(history), QUARTER)
    found = backtest(rule("demo"), None, QUARTER.first_day, QUARTER.last_day, ZONE)
    assert found.leads == len(leads)
    assert found.undated == 0
    assert found.won_passed == sum(
        lead["won"] for lead in leads if evaluate(rule("demo"), lead["fields"], lead["came"])
    )
    never = parse({"version": 1, **condition("invoice_sum", ">", 3)})
    [warning] = backtest(never, None, QUARTER.first_day, QUARTER.last_day, ZONE).warnings
    assert warning.code == "never_known"
    with warehouse().read() as facts:
        assert warn_of_fields(facts, [never], QUARTER, ZONE) == (warning,)


def test_the_windows_are_counted_and_the_usual_one_tells_something():
    leads = in_plain_words(made_up_leads(1_200))
    with warehouse().read() as facts:
        counted = count_windows(facts, AS_OF, ZONE)
    assert [(window.first_day, window.last_day) for window, _ in counted] == [
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2025, 7, 1), date(2026, 6, 30)),
        (None, None),
    ]
    for window, found in counted:
        assert found == outcomes(of_window(leads, window))
    days = [lead["day"] for lead in leads]
    assert (counted[2][0].earliest, counted[2][0].latest) == (min(days), max(days))
    assert what_if.usual_window().first_day == date(2026, 4, 1)
    assert what_if.usual_window().revision == warehouse().revision()


def test_anybody_may_ask_what_a_change_costs_and_is_told_in_words():
    made_up_leads(1_200)
    before, after = ({"version": 1, **RULES[name]} for name in ("large", "demo"))
    change = what_if.what_if_change(make_actor("member", "sales"), before, json.dumps(after))
    with warehouse().read() as facts:
        again = count_change(facts, rule("large"), rule("demo"), QUARTER, ZONE)
    assert astuple(change)[1:] == astuple(again)[1:]
    assert change.sentence == (
        f"{change.changed:,} leads of {change.judged:,} from 1 April to 30 June 2026 would change side; "
        f"{change.won_changed:,} of them were won."
    )
    assert json.loads(json.dumps(change.to_document()))["changed"] == change.changed
    same = what_if.what_if_change(MACHINE, before, before)
    assert same.sentence.startswith("None of the ")
    assert what_if.what_if_change(MACHINE, None, after) is None
    with pytest.raises(InvalidRule):
        what_if.what_if_change(MACHINE, before, {"version": 1, **condition("shoe_size", ">", 3)})
    with pytest.raises(NotPermitted):
        what_if.what_if_change(None, before, after)


def test_evidence_says_from_what_data_and_when():
    made_up_leads(1_200)
    large, demo = ({"version": 1, **RULES[name]} for name in ("large", "demo"))
    evidence = json.loads(json.dumps(what_if.find_evidence(MACHINE, large, demo)))
    assert evidence["window"] == {
        "first_day": "2026-04-01",
        "last_day": "2026-06-30",
        "data": warehouse().revision(),
    }
    assert evidence["as_of"].startswith("2026-07-02")
    with warehouse().read() as facts:
        [verdicts] = count_verdicts(facts, [rule("large")], QUARTER, ZONE)
    assert evidence["verdicts"]["passed"]["won"] == verdicts.passed.won
    assert evidence["verdicts"]["precision"] == verdicts.precision
    assert evidence["change"] == json.loads(
        json.dumps(what_if.what_if_change(MACHINE, demo, large).to_document())
    )
    assert what_if.find_evidence(MACHINE, large)["change"] is None


def test_without_leads_there_is_nothing_to_tell():
    large = {"version": 1, **RULES["large"]}
    assert what_if.list_windows(MACHINE) == ()
    assert what_if.find_evidence(MACHINE, large) is None
    assert what_if.what_if_change(MACHINE, large, large) is None
