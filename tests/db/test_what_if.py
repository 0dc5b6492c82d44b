"""What a rule would have done with past leads: the same counts as by looking at each lead."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from datetime import date, timedelta

import pytest
from people import make_actor

from actions import backing, bridging, capacity, clock, definitions, rule_starts, score_checks, what_if
from actions.comparison import compare_survey
from actions.held_leads import KeptLeads
from actions.kept_results import KeptResults
from actions.settings import change_company, company_with_revision
from alignment.bridging import Limits
from alignment.company import BusinessHours
from alignment.errors import InvalidInput, NotPermitted
from alignment.people import MACHINE, Team
from alignment.rules import InvalidRule, conditions_of, evaluate, parse, to_document
from alignment.what_if import Outcomes, Window, thresholds_of, with_threshold
from leads import held_leads
from leads.backtest import backtest, count_change, count_verdicts, count_windows, warn_of_fields
from leads.store import warehouse
from tests.closed_leads import (
    AS_OF,
    MARKETING,
    SALES,
    ZONE,
    closed_survey,
    condition,
    in_plain_words,
    made_up_leads,
)

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


# ── on the leads that are held, and by the engine ────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["held", "asked for"])
def somewhere(request, monkeypatch):
    """The leads held by column, or left to the engine as where they live in another one."""
    made_up_leads(1_200)
    if request.param == "asked for":
        monkeypatch.setattr(type(warehouse()), "takes_in", False)
    return request.param


def test_a_rule_is_judged_alike_wherever_the_leads_are(somewhere):
    lead = make_actor("team_lead", "sales")
    windows = what_if.list_windows(lead)
    assert [found.leads for _, found in windows] == sorted(found.leads for _, found in windows)
    for window, everyone in windows:
        for name in ("nested", "points"):
            trial = what_if.judge_rule(lead, {"version": 1, **RULES[name]}, window)
            assert trial.verdicts.leads == everyone
            assert (what_if.read_leads(lead, [{"version": 1, **RULES[name]}]).held is not None) == (
                somewhere == "held"
            )
            with warehouse().read() as facts:
                [counted] = count_verdicts(facts, [rule(name)], window, ZONE)
            assert trial.verdicts == counted


def test_each_condition_is_taken_out_in_turn(somewhere):
    found = what_if.take_out_each(MACHINE, {"version": 1, **RULES["nested"]})
    assert [one.condition.field for one in found] == ["employees", "demo", "source", "visits"]
    assert found[0].words == "employees is at least 50"
    rest = {
        "any": [condition("demo", "=", True), RULES["nested"]["any"][1]],
    }
    assert found[0].verdicts == what_if.judge_rule(MACHINE, {"version": 1, **rest}).verdicts
    [alone] = what_if.take_out_each(MACHINE, {"version": 1, **RULES["large"]})
    assert alone.verdicts is None
    many = {"any": [condition("employees", ">=", size) for size in range(21)]}
    assert what_if.take_out_each(MACHINE, {"version": 1, **many}) == ()


def test_who_changes_side_can_be_listed(somewhere):
    before, after = ({"version": 1, **RULES[name]} for name in ("large", "small too"))
    change = what_if.compare_rules(MACHINE, before, after)
    assert change == what_if.what_if_change(MACHINE, before, after)
    listed = what_if.list_leads_told_apart(MACHINE, after, before, size=100)
    assert listed.total == change.gained.leads
    became = Counter(row.stage.value for row in listed.rows if row.stage)
    assert became["won"] == change.gained.won
    with pytest.raises(InvalidInput):
        what_if.list_leads_told_apart(MACHINE, after, before, page=0)


def test_the_spread_of_a_field_counts_the_leads_of_the_window(somewhere):
    spread = what_if.read_field_spread(MACHINE, "employees", marks=(55.0,))
    everyone = what_if.judge_rule(MACHINE, {"version": 1, **RULES["large"]}).verdicts.leads
    assert spread.label == "Employees"
    assert spread.leads + spread.unknown == everyone.leads
    assert sum(spread.won) <= everyone.won
    assert what_if.read_field_spread(MACHINE, "industry") is None
    with pytest.raises(InvalidInput, match="no such field"):
        what_if.read_field_spread(MACHINE, "shoe_size")


def test_what_cannot_be_tried_is_said():
    large = {"version": 1, **RULES["large"]}
    with pytest.raises(InvalidInput, match="Bring some in"):
        what_if.judge_rule(MACHINE, large)
    made_up_leads(1_200)
    with pytest.raises(InvalidInput, match="windows that are offered"):
        what_if.judge_rule(MACHINE, large, Window(date(2020, 1, 1), date(2020, 2, 1), ""))
    with pytest.raises(NotPermitted):
        what_if.judge_rule(make_actor("member", "sales"), large)


def test_a_threshold_is_moved_where_it_stands():
    nested = parse({"version": 1, **RULES["nested"]})
    assert [(place, one.field) for place, one in thresholds_of(nested).items()] == [
        (0, "employees"),
        (3, "visits"),
    ]
    moved = with_threshold(nested, 3, 8)
    assert [one.value for one in conditions_of(moved)] == [50, True, ("referral",), 8]
    with pytest.raises(KeyError):
        with_threshold(nested, 1, 8)
    points = with_threshold(parse({"version": 1, **RULES["points"]}), 0, 70)
    assert points.root.entries[0].node.value == 70
    assert points.root.entries[1:] == rule("points").root.entries[1:]


# ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_score_is_counted_lead_by_lead():
    leads = of_window(in_plain_words(made_up_leads(1_200)), QUARTER)
    check = score_checks.check_score(MACHINE, {"version": 1, **RULES["points"]})
    counted = {}
    for lead in leads:
        points = 0.0
        for entry, add in (("large", 30), ("demo", 20), (None, -5)):
            tried = rule(entry) if entry else parse({"version": 1, **condition("source", "=", "ads")})
            said = evaluate(tried, lead["fields"], lead["came"])
            points += add if said or (said is None and add < 0) else 0
        counted.setdefault(points, []).append(lead)
    assert {cell.points: cell.outcomes for cell in check.cells} == {
        points: outcomes(of) for points, of in counted.items()
    }
    pairs = [
        (won > lost) + (won == lost) / 2
        for won, of in counted.items()
        for lost, others in counted.items()
        for _ in range(outcomes(of).won * outcomes(others).lost)
    ]
    assert check.roc.area == pytest.approx(sum(pairs) / len(pairs))
    assert check.roc.interval.low < check.roc.area < check.roc.interval.high
    assert check == score_checks.check_score(MACHINE, {"version": 1, **RULES["points"]})
    assert sum((band.outcomes for band in check.bands), Outcomes()) == outcomes(leads)
    earlier, later = check.halves
    assert earlier.won + later.won == check.roc.won
    lift = check.lift(5)
    assert lift.taken == 5 * 13
    assert lift.base == pytest.approx(outcomes(leads).win_rate)
    assert lift.lift > 1


def test_two_scores_are_brought_together_on_real_leads():
    made_up_leads(1_200)
    other = {
        "points": [
            {"if": condition("employees", ">=", 50), "add": 10},
            {"if": condition("demo", "=", True), "add": 30},
        ],
        "threshold": 30,
    }
    found = score_checks.bring_together(MACHINE, {"version": 1, **RULES["points"]}, {"version": 1, **other})
    assert found.proven
    assert found.apart > 0
    assert found.share == 1
    assert found.moved > 0
    plain = {"version": 1, **RULES["large"]}
    with pytest.raises(InvalidInput, match="no points"):
        score_checks.bring_together(MACHINE, plain, plain)
    with pytest.raises(InvalidInput, match="no points"):
        score_checks.check_score(MACHINE, plain)


def test_where_days_begin_elsewhere_everything_is_counted_anew(monkeypatch):
    made_up_leads()
    small, large = ({"version": 1, **RULES[name]} for name in ("small too", "large"))

    def told():
        evidence = what_if.find_evidence(MACHINE, small, large)
        evidence.pop("as_of")
        spread = what_if.read_field_spread(MACHINE, "visits", quarter())
        return evidence, spread, what_if.compare_rules(MACHINE, small, large, quarter())

    def quarter():
        return next(one for one, _ in what_if.list_windows(MACHINE) if one.first_day)

    def move_to(zone):
        company, revision = company_with_revision(MACHINE)
        change_company(MACHINE, replace(company, hours=BusinessHours(timezone=zone)), revision)

    def forget():
        for room, names in (
            (what_if, ("_CHANGES", "_VERDICTS", "_WARNINGS", "_SPREADS")),
            (bridging, ("_FOUND",)),
        ):
            for name in names:
                monkeypatch.setattr(room, name, KeptResults(9))

    def bridged():
        sides = {Team.SALES: small, Team.MARKETING: large}
        return [one.passed for one in bridging.find_bridges(MACHINE, sides, Limits(), quarter()).bridges]

    berlin, bridges = told(), bridged()
    move_to("UTC")
    utc, others = told(), bridged()
    forget()
    assert (utc, others) == (told(), bridged())
    assert all(one != other for one, other in zip(berlin, utc, strict=True))
    assert bridges != others


# ── bridges ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bridges_are_rules_that_pass_what_they_say():
    made_up_leads(1_200)
    sales = {"version": 1, "all": [condition("employees", ">=", 100), condition("demo", "=", True)]}
    marketing = {
        "version": 1,
        "all": [condition("employees", ">=", 5), condition("source", "in", ["ads", "referral"])],
    }
    told = []
    found = bridging.find_bridges(
        MACHINE, {Team.SALES: sales, Team.MARKETING: marketing}, Limits(), progress=told.append
    )
    assert found.complete
    assert told == sorted(told)
    assert told[-1] == 1
    assert found.bridges
    window = what_if.usual_window()
    everyone = found.searched + found.told
    assert everyone == what_if.judge_rule(MACHINE, sales, window).verdicts.leads.leads
    assert abs(found.told / everyone - 0.5) < 0.06
    for bridge in found.bridges:
        document = to_document(bridge.rule)
        all_that_pass = what_if.judge_rule(MACHINE, document, window).verdicts.passed
        assert abs(bridge.passed.leads - all_that_pass.leads / 2) <= 2 * all_that_pass.leads**0.5
        assert bridge.passed.won <= all_that_pass.won
        for team, theirs in ((Team.SALES, sales), (Team.MARKETING, marketing)):
            change = what_if.compare_rules(MACHINE, theirs, document, window)
            price = bridge.prices[team]
            in_common = bridge.passed.leads - price.takes.leads
            assert price.support == pytest.approx(in_common / (bridge.passed.leads + price.gives_up.leads))
            assert in_common <= change.both.leads
            assert price.gives_up.leads <= change.given_up.leads + change.unknown.leads
    whole = next(one for one, _ in what_if.list_windows(MACHINE) if one.days % 7)
    of_whole = bridging.find_bridges(MACHINE, {Team.SALES: sales, Team.MARKETING: marketing}, Limits(), whole)
    for bridge in of_whole.bridges:  # those of the unfinished last week count, and so do its days
        scale = (of_whole.searched + of_whole.told) / of_whole.told
        assert bridge.a_week == pytest.approx(bridge.passed.leads * scale * 7 / whole.days)
    few = Limits(most_a_week=found.bridges[0].a_week / 2, least_win_rate=0.3)
    kept = bridging.find_bridges(MACHINE, {Team.SALES: sales, Team.MARKETING: marketing}, few).bridges
    assert {one.rule for one in kept}.isdisjoint({found.bridges[0].rule})


@pytest.mark.parametrize(
    ("limits", "marketing", "said"),
    [
        (Limits(least_a_week=5, most_a_week=4), "demo", "cannot be more"),
        (Limits(least_a_week=-1), "demo", "0 or more"),
        (Limits(least_win_rate=2), "demo", "between 0 and 100"),
        (Limits(), "points", "built from conditions"),
    ],
)
def test_what_cannot_be_searched_is_said(limits, marketing, said):
    made_up_leads(1_200)
    chosen = {Team.SALES: RULES["large"], Team.MARKETING: RULES[marketing]}
    with pytest.raises(InvalidInput, match=said):
        bridging.find_bridges(
            MACHINE, {team: {"version": 1, **document} for team, document in chosen.items()}, limits
        )


# ── where to begin ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_may_begin_from_what_is_agreed_and_from_what_each_team_asks_for():
    definitions.draft(MACHINE, "mql", "Large companies.", {"version": 1, **RULES["nested"]})
    closed_survey(people=3)
    starts = {start.label: start for start in rule_starts.list_starts(make_actor("team_lead", "sales"))}
    title = "What is a qualified lead?"
    assert list(starts) == [
        "MQL, in preparation",
        "MQL, in preparation, as points",
        f"What sales asks for: {title}",
        f"What marketing asks for: {title}",
    ]
    assert starts[f"What sales asks for: {title}"].document == SALES["rule"]
    assert starts[f"What marketing asks for: {title}"].document == MARKETING["rule"]
    assert [start.team for start in starts.values()] == [None, None, Team.SALES, Team.MARKETING]
    points = starts["MQL, in preparation, as points"]
    assert [start.is_score for start in starts.values()] == [False, True, False, False]
    assert [entry["add"] for entry in points.document["points"]] == [10, 10, 10, 10]
    assert points.document["threshold"] == 20


# ── how many people asked for it, and what sales can work ────────────────────────────────────────────────────────────


def test_people_who_asked_for_a_condition_are_counted_as_the_comparison_shows_them():
    made_up_leads(1_200)
    closed_survey(people=4)
    tried = {
        "version": 1,
        "all": [
            condition("employees", ">=", 50),
            condition("source", "in", ["referral", "fair", "elsewhere"]),
            condition("demo", "=", True),
            {"not": condition("employees", ">=", 5_000)},
        ],
    }
    asked = backing.find_backing(make_actor("team_lead", "sales"), tried)
    assert asked.title == "What is a qualified lead?"
    compared = {
        one.question.key: one.distributions
        for one in compare_survey(MACHINE, asked.survey_id).questions
        if one.distributions
    }
    by_question = {}
    for part in asked.parts:
        by_question.setdefault(part.question, []).append(part)
    [size] = by_question["Smallest company"]
    assert size.condition.value == 50, "what is turned round speaks against a lead"
    for team in Team:
        of = compared["size"][team]
        assert size.answered[team] == of.answered == 4
        assert sum(count for _, count in size.people[team]) == sum(of.counts)
        assert {words for words, _ in size.people[team]} <= {"less", "more", *of.labels}
    [sources] = by_question["Which sources bring buyers?"]
    for team in Team:
        of = compared["sources"][team]
        counts = dict(zip(of.labels, of.counts, strict=True))
        assert dict(sources.people[team]) == {name: counts[name] for name in ("referral", "fair")}
    [rules_given] = [part for part in by_question["Your rule"] if part.condition.field == "employees"]
    assert (
        rules_given.sentence(Team.SALES) == "4 put this into their rule (in the middle 50), of 4 who answered"
    )
    assert (
        rules_given.sentence(Team.MARKETING)
        == "4 put this into their rule (in the middle 10), of 4 who answered"
    )


def test_a_threshold_that_is_moved_tells_only_in_which_class_people_answered():
    made_up_leads(1_200)
    survey = closed_survey({**SALES, "size": 100.0}, {**MARKETING, "size": 7.0}, people=4)
    told = {
        tuple(part.people.items())
        for at in range(1, 200)
        for part in backing.find_backing(MACHINE, {"version": 1, **condition("employees", ">=", at)}).parts
        if part.question == "Smallest company"
    }
    [size] = [one for one in compare_survey(MACHINE, survey.id).questions if one.question.key == "size"]
    assert 1 < len(told) <= len(size.distributions[Team.SALES].labels)


def test_of_a_team_that_is_too_small_nobody_is_counted():
    made_up_leads(1_200)
    closed_survey(people=4, few=2)
    assert backing.find_backing(MACHINE, {"version": 1, **RULES["large"]}) is None


def test_sales_says_what_it_can_work_and_marketing_does_not():
    assert capacity.read_capacity(make_actor("member", "marketing")) is None
    sales = make_actor("team_lead", "sales", name="Sam")
    capacity.change_capacity(sales, 25)
    kept = capacity.read_capacity(make_actor("team_lead", "marketing"))
    assert (kept.a_week, kept.said_by) == (25, "Sam")
    with pytest.raises(NotPermitted, match="Sales says"):
        capacity.change_capacity(make_actor("team_lead", "marketing"), 30)
    for wrong in (0, -1, 1_000_001, 2.5, True, "7"):
        with pytest.raises(InvalidInput):
            capacity.change_capacity(sales, wrong)
    assert capacity.read_capacity(sales).a_week == 25
    capacity.change_capacity(make_actor("facilitator", None), None)
    assert capacity.read_capacity(sales) is None


# ── the leads that are held ──────────────────────────────────────────────────────────────────────────────────────────


def test_all_who_ask_for_leads_share_one_reading_and_what_is_held_is_waited_for_by_nobody(monkeypatch):
    made_up_leads(1_200)
    kept, readings, let_go = KeptLeads(), [], threading.Event()
    hold = held_leads.hold

    def slowly(facts, fields):
        readings.append(tuple(fields))
        assert let_go.wait(20)
        return hold(facts, fields)

    monkeypatch.setattr(held_leads, "hold", slowly)
    with ThreadPoolExecutor(4) as several:
        asked = [several.submit(kept.get, ["employees"]) for _ in range(4)]
        waited = []
        with pytest.raises(ZeroDivisionError):
            kept.get(
                ["employees"], lambda: waited.append(1) or 1 / 0
            )  # one has left: the others go on waiting
        let_go.set()
        found = {id(one.result()) for one in asked}
    assert readings == [("employees",)]
    assert len(found) == 1 and waited
    assert kept.get([]) is kept.get(["employees"])
    more = kept.get(["employees", "source"])
    assert more.knows(["source"]) and readings == [("employees",)], "a column is read, not all events again"


def test_while_leads_keep_coming_those_that_took_long_to_read_are_used_for_a_while(monkeypatch):
    made_up_leads(1_200)
    kept = KeptLeads()
    first = kept.get(["employees"])
    assert kept.revision() == first.revision == warehouse().revision()
    monkeypatch.setattr(kept, "_took", 1_000.0)
    made_up_leads(1_300)
    assert warehouse().revision() != first.revision
    assert kept.revision() == first.revision
    assert kept.get(["employees"]) is first
    monkeypatch.setattr(kept, "_took", 0.0)
    assert kept.get(["employees"]).revision == kept.revision() == warehouse().revision()


def test_yes_and_the_number_one_are_two_conditions_of_a_score():
    both = {"version": 1, "all": [condition("demo", "=", True), condition("demo", "=", 1)]}
    definitions.draft(MACHINE, "mql", "Odd.", both)
    (points,) = (start.document for start in rule_starts.list_starts(MACHINE) if start.is_score)
    assert [entry["if"]["value"] for entry in points["points"]] == [True, 1]
    with pytest.raises(NotPermitted):
        rule_starts.list_starts(make_actor("member", "sales"))
