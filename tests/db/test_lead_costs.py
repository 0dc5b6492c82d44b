"""What a disagreement costs in leads: the same counts as by looking at each lead, of one closed period for all questions."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, comparison, lead_costs
from actions.settings import change_company, company_with_revision
from alignment.company import BusinessHours
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.lifecycle import Stage
from alignment.people import MACHINE, Team
from alignment.rules import evaluate, parse, sentence
from leads.backtest import backtest, compare_rules
from leads.closed_periods import (
    EVERYTHING,
    Period,
    closed_periods,
    last_quarter,
    last_twelve_months,
    months_before,
)
from leads.store import warehouse
from tests.closed_leads import (
    AS_OF,
    MARKETING,
    SALES,
    TOML,
    ZONE,
    closed_survey,
    condition,
    in_plain_words,
    made_up_leads,
)
from tests.lead_histories import History

QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30))


@pytest.fixture(autouse=True)
def now_in_berlin():
    company, revision = company_with_revision(MACHINE)
    change_company(MACHINE, replace(company, hours=BusinessHours(timezone=ZONE)), revision)
    with clock.at(AS_OF + timedelta(days=1)):
        yield


def rule(field, operator, value):
    return parse({"version": 1, **condition(field, operator, value)})


def by_hand(leads, first, second, period):
    """The counts of `RuleComparison`, and the ids of those that only either rule wants."""
    counts, only = Counter(), {"first": [], "second": []}
    for lead in leads:
        if period.first_day and not period.first_day <= lead["day"] <= period.last_day:
            continue
        one, other = (evaluate(each, lead["fields"], lead["came"]) for each in (first, second))
        if one is None or other is None:
            counts["either_unknown"] += 1
        elif one and other:
            counts["both"] += 1
        elif not one and not other:
            counts["neither"] += 1
        else:
            name = "first" if one else "second"
            counts[f"only_{name}"] += 1
            counts[f"won_only_{name}"] += lead["won"]
            counts[f"lost_only_{name}"] += lead["lost"]
            only[name].append(lead)
    return counts, only


# ── many pairs of rules at once ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("period", [EVERYTHING, QUARTER])
def test_many_pairs_in_one_look_count_what_each_counts_alone_and_lead_by_lead(period):
    leads = in_plain_words(made_up_leads(1_200))
    rules = [
        rule("employees", ">=", 50),
        rule("employees", ">=", 10),
        rule("demo", "=", True),
        rule("visits", "=", True),
        rule("visits", "=", 1),
        rule("source", "in", ["ads", "fair"]),
        rule("created_at", "within_days", 1),
        parse({"version": 1, "not": condition("source", "contains", "a")}),
    ]
    pairs = [(one, other) for one in rules for other in rules if one != other]
    with warehouse().read() as facts:
        found = compare_rules(facts, pairs, period, ZONE)
    for (one, other), tried in zip(pairs, found, strict=True):
        counts, _ = by_hand(leads, one, other, period)
        assert {name: n for name, n in vars(tried).items() if n} == {n: c for n, c in counts.items() if c}
    alone = backtest(*pairs[3], period.first_day, period.last_day, ZONE).against
    assert found[3] == alone


def test_no_pairs_take_no_look():
    with warehouse().read() as facts:
        assert compare_rules(facts, []) == ()


# ── which leads ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_quarters_and_twelve_months_end_where_the_calendar_says():
    assert last_quarter(date(2026, 5, 9)) == QUARTER
    assert last_quarter(date(2025, 12, 31)) == Period(date(2025, 10, 1), date(2025, 12, 31))
    assert last_twelve_months(date(2026, 5, 9)) == Period(date(2025, 6, 1), date(2026, 5, 31))
    assert last_twelve_months(date(2025, 12, 1)) == Period(date(2025, 1, 1), date(2025, 12, 31))
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 2, 28), 24) == date(2024, 2, 28)


def test_the_quarter_is_the_last_one_that_is_over_and_in_which_leads_came_by_the_clocks_of_the_company():
    history = History()
    # already July in Berlin, still June in UTC; the quarter before has nothing
    for number, came in enumerate(
        [datetime(2026, 6, 30, 22, 30, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)]
    ):
        history.lead(f"L{number}", created_at=came).enter(f"L{number}", "mql", came)
    history.load()
    with warehouse().read() as facts:

        def periods(as_of):
            return closed_periods(facts, facts.followed, as_of, ZONE)

        year = Period(date(2025, 2, 1), date(2026, 1, 31))
        first = Period(date(2026, 1, 1), date(2026, 3, 31))
        assert periods(AS_OF) == (first, year, EVERYTHING)
        later = datetime(2026, 9, 30, 21, 0, tzinfo=UTC)
        assert periods(later) == (first, last_twelve_months(date(2026, 7, 1)), EVERYTHING)
        assert periods(later + timedelta(hours=2))[0] == Period(date(2026, 7, 1), date(2026, 9, 30))
        assert periods(datetime(2025, 1, 1, tzinfo=UTC)) == (EVERYTHING,)


@pytest.mark.parametrize(
    ("count", "days", "period"),
    [
        (1_200, 700, QUARTER),
        (300, 700, Period(date(2025, 7, 1), date(2026, 6, 30))),
        (60, 700, EVERYTHING),
    ],
)
def test_a_period_with_too_few_leads_gives_way_to_a_longer_one(count, days, period):
    leads = in_plain_words(made_up_leads(count, days=days))
    survey = closed_survey()
    cost = lead_costs.leads_told_apart(make_actor(), survey.id, "size")
    assert Period(cost.first_day, cost.last_day) == period
    counts, _ = by_hand(leads, rule("employees", ">=", 100), rule("employees", ">=", 10), period)
    assert cost.untold == counts["either_unknown"]
    assert cost.only == {Team.SALES: counts["only_first"], Team.MARKETING: counts["only_second"]}
    assert cost.won[Team.MARKETING] == counts["won_only_second"]
    assert cost.lost[Team.MARKETING] == counts["lost_only_second"]
    assert cost.judged == counts["both"] + counts["neither"] + counts["only_first"] + counts["only_second"]


# ── the comparison of a survey ───────────────────────────────────────────────────────────────────────────────────────


def test_the_comparison_has_what_each_question_costs_and_stands_in_that_order():
    leads = in_plain_words(made_up_leads(1_200))
    survey = closed_survey()
    found = comparison.compare_survey(make_actor(), survey.id)
    costs = {one.question.key: one.cost for one in found.questions}
    assert {key for key, cost in costs.items() if cost} == {"size", "sources", "rule"}
    assert len({(cost.first_day, cost.last_day) for cost in costs.values() if cost}) == 1
    expected = {
        "size": (rule("employees", ">=", 100), rule("employees", ">=", 10)),
        "sources": (rule("source", "=", "referral"), rule("source", "in", ["ads", "referral", "fair"])),
        "rule": (parse(SALES["rule"]), parse(MARKETING["rule"])),
    }
    for key, (sales, marketing) in expected.items():
        counts, _ = by_hand(leads, sales, marketing, QUARTER)
        assert costs[key].differently == counts["only_first"] + counts["only_second"], key
    order = [one.question.key for one in found.questions if one.cost]
    assert order == sorted(order, key=lambda key: -costs[key].differently)
    assert [one.question.key for one in found.questions][:3] == order


def test_the_rules_of_questions_about_a_field_say_what_most_of_a_team_said():
    made_up_leads(300)
    survey = closed_survey()
    found = comparison.compare_survey(make_actor(), survey.id)
    told = {
        one.question.key: [rule and sentence(rule) for rule in one.typical_rules.values()]
        for one in found.questions
    }
    assert told["size"] == ["employees is at least 100", "employees is at least 10"]
    assert told["sources"] == ["source is “referral”", "source is “ads”, “referral” or “fair”"]
    assert told["demo"] == ["demo is yes", None], "who does not ask for a demo asks for nothing"
    assert told["score"] == told["mood"] == []


def test_fields_that_are_missing_or_hold_something_else_cost_nothing_and_break_nothing():
    made_up_leads(300)
    survey = closed_survey()
    for key in ("gone", "odd", "demo", "score", "mood"):
        assert lead_costs.leads_told_apart(make_actor(), survey.id, key) is None
        for team in Team:
            listed = lead_costs.list_leads_told_apart(make_actor(), survey.id, key, team)
            assert (listed.rows, listed.total) == ((), 0)
    assert lead_costs.read_field_spread(make_actor(), survey.id, "gone") is None
    assert lead_costs.read_field_spread(make_actor(), survey.id, "odd") is None


def test_options_that_no_lead_has_are_not_called_agreement():
    made_up_leads(300)
    survey = closed_survey(SALES | {"sources": ["radio"]}, MARKETING | {"sources": ["radio"]})
    found = comparison.compare_survey(make_actor(), survey.id).question("sources")
    assert all(found.typical_rules.values()) and found.cost is None


def test_without_leads_the_comparison_is_as_it_was_and_with_leads_it_has_costs_at_once():
    survey = closed_survey()
    actor = make_actor()
    before = comparison.compare_survey(actor, survey.id)
    assert not any(one.cost for one in before.questions)
    assert lead_costs.read_field_spread(actor, survey.id, "size") is None
    assert lead_costs.list_leads_told_apart(actor, survey.id, "size", Team.SALES).total == 0
    made_up_leads(300)
    after = comparison.compare_survey(actor, survey.id)
    assert after.question("size").cost is not None
    made_up_leads(400, seed=2)
    assert comparison.compare_survey(actor, survey.id).question("size").cost != after.question("size").cost


def test_leads_that_cannot_be_read_leave_the_answers_readable(data_folder):
    made_up_leads(300)
    survey = closed_survey()
    warehouse().close()
    for path in (data_folder / "leads").glob("*.duckdb"):
        path.write_bytes(b"broken")
    found = comparison.compare_survey(make_actor(), survey.id)
    assert found.questions and not any(one.cost for one in found.questions)


def test_a_team_below_the_minimum_shows_no_rule_no_cost_and_no_lead():
    made_up_leads(300)
    survey = closed_survey(few=2)
    actor = make_actor()
    for one in comparison.compare_survey(actor, survey.id).questions:
        assert one.hidden and not one.typical_rules and one.cost is None
        for team in Team:
            assert lead_costs.list_leads_told_apart(actor, survey.id, one.question.key, team).total == 0
        assert lead_costs.read_field_spread(actor, survey.id, one.question.key) is None


def test_an_open_survey_tells_no_cost():
    made_up_leads(300)
    from actions import surveys

    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
    for look in (
        lambda: lead_costs.leads_told_apart(MACHINE, survey.id, "size"),
        lambda: lead_costs.list_leads_told_apart(MACHINE, survey.id, "size", Team.SALES),
        lambda: lead_costs.read_field_spread(MACHINE, survey.id, "size"),
    ):
        with pytest.raises(WrongState, match="still open"):
            look()


# ── the leads behind it ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_leads_behind_the_cost_are_those_counted_won_first_page_by_page_with_what_became_of_them():
    leads = in_plain_words(made_up_leads(1_200))
    survey = closed_survey()
    actor = make_actor()
    cost = lead_costs.leads_told_apart(actor, survey.id, "rule")
    _, only = by_hand(leads, parse(SALES["rule"]), parse(MARKETING["rule"]), QUARTER)
    for team, name in ((Team.SALES, "first"), (Team.MARKETING, "second")):
        expected = sorted(
            only[name],
            key=lambda lead: (not lead["won"], not lead["lost"], -lead["came"].timestamp(), lead["id"]),
        )
        pages = [
            lead_costs.list_leads_told_apart(actor, survey.id, "rule", team, page=number, size=20)
            for number in range(1, len(expected) // 20 + 2)
        ]
        rows = [row for page in pages for row in page.rows]
        assert [row.lead_id for row in rows] == [lead["id"] for lead in expected]
        assert {page.total for page in pages} == {len(expected)} == {cost.only[team]}
        assert sum(row.stage is Stage.WON for row in rows) == cost.won[team]
        assert sum(row.stage is Stage.LOST for row in rows) == cost.lost[team]
    assert only["second"], "otherwise nothing was tested"


def test_what_is_no_page_no_team_and_no_question_is_refused():
    survey = closed_survey()
    for wrong in ({"page": 0}, {"page": "1"}, {"size": -1}, {"page": True}):
        with pytest.raises(InvalidInput):
            lead_costs.list_leads_told_apart(MACHINE, survey.id, "size", Team.SALES, **wrong)
    with pytest.raises(InvalidInput):
        lead_costs.list_leads_told_apart(MACHINE, survey.id, "size", "nobody")
    for look in (lead_costs.leads_told_apart, lead_costs.read_field_spread):
        with pytest.raises(NotFound):
            look(MACHINE, survey.id, "nothing")


# ── thresholds on the field ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_spread_of_a_field_counts_each_lead_once_by_what_became_of_it():
    leads = [lead for lead in in_plain_words(made_up_leads(1_200)) if QUARTER.first_day <= lead["day"]]
    survey = closed_survey()
    found = lead_costs.read_field_spread(make_actor(), survey.id, "size")
    assert (found.field, found.label, found.unit) == ("employees", "Employees", "employees")
    assert found.thresholds == {Team.SALES: 100.0, Team.MARKETING: 10.0}
    assert found.quartiles == {}, "six people are too few"
    assert (found.first_day, found.last_day) == (QUARTER.first_day, QUARTER.last_day)
    leads = [lead for lead in leads if lead["day"] <= QUARTER.last_day]
    known = [lead for lead in leads if lead["fields"]["employees"] is not None]
    assert found.unknown == len(leads) - len(known)
    expected = {"won": Counter(), "lost": Counter(), "open": Counter()}
    for lead in known:
        place = sum(lead["fields"]["employees"] >= edge for edge in found.edges[1:-1])
        expected["won" if lead["won"] else "lost" if lead["lost"] else "open"][place] += 1
    for name, counts in expected.items():
        assert getattr(found, name) == tuple(counts[place] for place in range(len(found.labels)))
    assert found.leads == len(known)


def test_a_rule_question_has_a_spread_for_each_number_that_it_asks_for():
    made_up_leads(300)
    large = {"version": 1, "all": [condition("employees", ">=", 50), condition("visits", "<=", 6)]}
    survey = closed_survey(SALES | {"rule": large})
    first = lead_costs.read_field_spread(make_actor(), survey.id, "rule")
    assert (first.field, first.thresholds) == ("employees", {Team.SALES: 50.0, Team.MARKETING: 10.0})
    visits = lead_costs.read_field_spread(make_actor(), survey.id, "rule", "visits")
    assert visits.thresholds == {Team.SALES: 6.0, Team.MARKETING: None} and visits.downwards
    assert lead_costs.read_field_spread(make_actor(), survey.id, "rule", "owner") is None
    assert lead_costs.read_field_spread(make_actor(), survey.id, "mood") is None


def test_quartiles_are_shown_of_teams_that_are_large_enough():
    made_up_leads(300)
    survey = closed_survey(people=8)
    found = lead_costs.read_field_spread(make_actor(), survey.id, "size")
    assert found.quartiles == {Team.SALES: (100.0, 100.0), Team.MARKETING: (10.0, 10.0)}


def test_a_field_is_spread_over_the_leads_of_the_zone_and_the_version_that_are_there_now():
    made_up_leads(1_200)
    survey = closed_survey()
    seen = []
    for zone in ("Europe/Berlin", "America/New_York"):
        company, revision = company_with_revision(MACHINE)
        change_company(MACHINE, replace(company, hours=BusinessHours(timezone=zone)), revision)
        seen += [lead_costs.read_field_spread(make_actor(), survey.id, "size") for _ in range(2)]
        assert seen[-1] == seen[-2]
    assert seen[0] != seen[2], "some leads came in the hours in which it is another quarter"
    made_up_leads(900, seed=2)
    assert lead_costs.read_field_spread(make_actor(), survey.id, "size") != seen[-1]
