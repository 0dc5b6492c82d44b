"""The sample company's people, answers and leads, before anything is stored."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.answers import check_answer, missing_questions
from alignment.disagreement import Seen, Verdict, compare
from alignment.lifecycle import EventType, RejectionReason, Stage
from alignment.people import Role, Team
from alignment.questionnaires import QuestionType, Response
from alignment.rules import evaluate, parse
from alignment.templates import template
from leads.model import CANONICAL_NAMES, is_attribute_name
from sample.agreement import MQL_RULE
from sample.answers import answer_sheets
from sample.arrivals import arrivals, profiles
from sample.feedback import working_time_after
from sample.handoffs import meets_rule
from sample.lead_history import LeadHistory, lead_history, to_arrow
from sample.leanings import FIRST, SECOND
from sample.staff import DOMAIN, STAFF

TODAY = date(2026, 3, 3)
AGREED = TODAY - timedelta(days=335)
SELLERS = [f"Seller {number}" for number in range(10)]
QUESTIONNAIRE = template("qualified_lead")
TEAMS = {team: [c.email for c in STAFF if c.team is team] for team in Team}


@cache
def history(seed: int = 1, today: date = TODAY, count: int = 20_000) -> LeadHistory:
    return lead_history(today, today - timedelta(days=335), SELLERS, seed=seed, count=count)


def test_there_are_24_people_with_addresses_that_cannot_exist():
    assert len(STAFF) == 24
    assert len({colleague.email for colleague in STAFF}) == 24
    for colleague in STAFF:
        local, _, domain = colleague.email.partition("@")
        assert domain == DOMAIN
        assert local.isascii()
        assert set(local) <= set("abcdefghijklmnopqrstuvwxyz.")


def test_each_side_has_ten_members_and_a_team_lead():
    for team in Team:
        roles = [colleague.role for colleague in STAFF if colleague.team is team]
        assert roles.count(Role.MEMBER) == 10
        assert roles.count(Role.TEAM_LEAD) == 1
    others = [colleague.role for colleague in STAFF if colleague.team is None]
    assert sorted(others) == [Role.ADMIN, Role.FACILITATOR]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_every_answer_is_one_that_the_questionnaire_offers(seed):
    for leanings in (FIRST, SECOND):
        for sheet in answer_sheets(QUESTIONNAIRE, leanings, TEAMS, seed).values():
            assert not missing_questions(QUESTIONNAIRE, sheet)
            for key, value in sheet.items():
                assert check_answer(QUESTIONNAIRE.question(key), value) == value


def test_the_same_seed_gives_the_same_answers_and_another_one_others():
    first = answer_sheets(QUESTIONNAIRE, FIRST, TEAMS, 1)
    assert first == answer_sheets(QUESTIONNAIRE, FIRST, TEAMS, 1)
    assert first != answer_sheets(QUESTIONNAIRE, FIRST, TEAMS, 2)


def test_nobody_repeats_another_ones_words():
    sheets = answer_sheets(QUESTIONNAIRE, FIRST, TEAMS, 1).values()
    for question in QUESTIONNAIRE.questions:
        if question.type is QuestionType.TEXT:
            said = [sheet[question.key] for sheet in sheets if question.key in sheet]
            assert len(said) >= 10
            assert len(set(said)) == len(said)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("leanings", [FIRST, SECOND], ids=["first cycle", "second cycle"])
def test_the_teams_differ_in_every_way_that_the_comparison_can_tell(leanings, seed):
    sheets = answer_sheets(QUESTIONNAIRE, leanings, TEAMS, seed)
    responses = [Response(label, team, sheets[label]) for team in Team for label in TEAMS[team]]
    verdicts = [entry.verdict for entry in compare(QUESTIONNAIRE, responses).questions]
    assert 5 <= verdicts.count(Verdict.SPLIT_BETWEEN) <= 10
    assert 2 <= verdicts.count(Verdict.SPLIT_WITHIN) <= 4
    assert 1 <= verdicts.count(Verdict.UNSURE) <= 2
    assert verdicts.count(Verdict.ALIGNED) >= 9


def test_what_the_first_cycle_settled_is_no_longer_disputed_in_the_second():
    def disputed(leanings):
        sheets = answer_sheets(QUESTIONNAIRE, leanings, TEAMS, 1)
        responses = [Response(label, team, sheets[label]) for team in Team for label in TEAMS[team]]
        compared = compare(QUESTIONNAIRE, responses).questions
        return {entry.question.key for entry in compared if entry.verdict is Verdict.SPLIT_BETWEEN}

    settled = {"min_employees", "response_hours", "qualified_when"}
    assert settled <= disputed(FIRST)
    assert not settled & disputed(SECOND)


def test_the_teams_guess_each_other_right_and_wrong_and_find_topics_of_different_weight():
    seen, weights = set(), set()
    for leanings in (FIRST, SECOND):
        sheets = answer_sheets(QUESTIONNAIRE, leanings, TEAMS, 1)
        responses = [Response(label, team, sheets[label]) for team in Team for label in TEAMS[team]]
        for entry in compare(QUESTIONNAIRE, responses).questions:
            seen |= {perspective.seen for perspective in entry.perspectives}
            weights.add(entry.importance)
    assert seen >= {
        Seen.AGREEMENT,
        Seen.DISAGREEMENT,
        Seen.IMAGINED_AGREEMENT,
        Seen.IMAGINED_DISAGREEMENT,
    }
    assert max(weight for weight in weights if weight) - min(weight for weight in weights if weight) > 1


def test_each_teams_rule_follows_its_leaning():
    sheets = answer_sheets(QUESTIONNAIRE, FIRST, TEAMS, 1)
    responses = [Response(label, team, sheets[label]) for team in Team for label in TEAMS[team]]
    found = compare(QUESTIONNAIRE, responses).question("own_rule")
    assert found.verdict is Verdict.SPLIT_BETWEEN
    assert all(found.typical_rules.values())
    sizes = [found.distributions[team].labels.index("employees at least …") for team in Team]
    assert found.distributions[Team.SALES].thresholds[sizes[0]] >= 50
    assert found.distributions[Team.MARKETING].thresholds[sizes[1]] <= 20


@given(seed=st.integers(0, 2**32), day=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
@settings(max_examples=8, deadline=None)
def test_the_same_seed_on_the_same_day_gives_the_same_leads(seed, day):
    once, again = (
        lead_history(day, day - timedelta(days=335), SELLERS, seed=seed, count=300) for _ in range(2)
    )
    assert to_arrow(once.leads).equals(to_arrow(again.leads))
    assert to_arrow(once.events).equals(to_arrow(again.events))


def test_another_day_or_seed_gives_other_leads():
    here = to_arrow(history(count=300).leads)
    assert not here.equals(to_arrow(history(seed=2, count=300).leads))
    assert not here.equals(to_arrow(history(today=TODAY + timedelta(days=1), count=300).leads))


def test_the_columns_are_those_of_the_lead_model():
    found = history()
    for name in found.leads:
        assert name == "lead_id" or name in CANONICAL_NAMES or is_attribute_name(name)
    assert set(found.events["type"]) == {
        kind.value for kind in EventType if kind is not EventType.DECISION_WITHDRAWN
    }
    assert set(found.events["stage"]) == {None, *(stage.value for stage in Stage)}
    reasons = set(found.events["reason"])
    assert reasons <= {None, *(reason.value for reason in RejectionReason)}
    assert len(reasons) >= 8
    entered = found.events["type"] == EventType.ENTERED_STAGE.value
    assert ((found.events["stage"] != None) == entered).all()  # noqa: E711
    rejected = found.events["type"] == EventType.REJECTED.value
    assert ((found.events["reason"] != None) == rejected).all()  # noqa: E711


def test_there_are_20000_leads_of_18_months_and_nothing_from_the_future():
    found = history()
    ids = set(found.leads["lead_id"])
    assert len(ids) == 20_000
    assert set(found.events["lead_id"]) == ids
    first, last = found.leads["created_at"].min(), found.leads["created_at"].max()
    assert np.timedelta64(540, "D") < last - first < np.timedelta64(549, "D")
    assert found.events["at"].max() < np.datetime64(TODAY, "us")
    assert (np.diff(found.events["at"]) >= np.timedelta64(0)).all()


def test_blank_and_unknown_both_occur_and_differ():
    found = history()
    for name in ("source", "industry"):
        texts = list(found.leads[name])
        assert texts.count(None) > 100
        assert texts.count("unknown") > 100
    assert 0.05 < np.isnan(found.leads["employees"]).mean() < 0.2


def test_weekends_are_quiet_and_calls_come_in_working_hours_with_exceptions():
    found = history()
    weekday = (found.leads["created_at"].astype("datetime64[D]").astype(np.int64) + 3) % 7
    assert (weekday == 6).mean() < (weekday == 1).mean() / 2
    calls = found.events["at"][np.isin(found.events["type"], ["contact_attempted", "contacted"])]
    hour = (calls.astype("datetime64[h]") - calls.astype("datetime64[D]")).astype(int)
    outside = ((hour < 7) | (hour >= 17)).mean()
    assert 0 < outside < 0.05


def test_real_files_have_oddities_and_so_has_this_one():
    found = history()
    at = first_times(found)
    both = set(at["won"]) & set(at["sal"])
    assert set(at["won"]) - both, "somebody won without a stage in between"
    assert any(at["call"].get(lead, at["won"][lead]) > at["won"][lead] for lead in at["won"]), (
        "somebody was called after the deal only"
    )
    assert any(at["sql"][lead] < at["mql"][lead] for lead in at["sql"]), "somebody's dates are swapped"


def test_some_leads_were_never_decided_on_and_some_came_back():
    found = history()
    entered = found.events["lead_id"][found.events["stage"] == "mql"]
    assert len(entered) > len(set(entered)), "recycled leads are handed over again"
    decided = found.events["lead_id"][np.isin(found.events["type"], ["accepted", "rejected"])]
    undecided = len(set(entered) - set(decided)) / len(set(entered))
    assert 0.04 < undecided < 0.2


@pytest.mark.parametrize("seed", [1, 7])
def test_after_the_agreement_sales_is_faster_and_takes_on_more_of_fewer_leads(seed):
    found = history(seed)
    at = first_times(found)
    agreed = np.datetime64(AGREED, "us")
    before = {lead for lead, moment in at["mql"].items() if moment < agreed}
    after = set(at["mql"]) - before

    def accepted(leads):
        yes, no = len(leads & set(at["accepted"])), len(leads & set(at["rejected"]))
        return yes / (yes + no)

    assert accepted(before) == pytest.approx(0.58, abs=0.04)
    assert accepted(after) == pytest.approx(0.71, abs=0.04)
    days = (TODAY - AGREED).days
    assert 0.75 < (len(after) / days) / (len(before) / (548 - days)) < 1.0
    old_enough = np.datetime64(TODAY - timedelta(days=100), "us")
    mature = {lead for lead in after if at["mql"][lead] < old_enough}
    won = set(at["won"])
    entered = list(found.events["lead_id"][found.events["stage"] == "mql"])
    once = set(entered) - {lead for lead, following in pairwise(sorted(entered)) if lead == following}
    assert len(mature & won) / len(mature) > len(before & won) / len(before)
    lags = [
        (at["won"][lead] - at["mql"][lead]) / np.timedelta64(1, "D")
        for lead in won & once
        if at["won"][lead] > at["mql"][lead]
    ]
    assert np.median(lags) == pytest.approx(30, abs=6)
    assert np.quantile(lags, 0.9) == pytest.approx(85, abs=20)


def test_size_and_prices_tell_who_buys_a_webinar_does_not_and_referrals_are_best():
    found = history()
    won = found.leads["lead_id"][np.isin(found.leads["lead_id"], list(first_times(found)["won"]))]
    handed = np.isin(found.leads["lead_id"], list(first_times(found)["mql"]))
    is_won = np.isin(found.leads["lead_id"], won)
    by_source = {
        source: is_won[handed & (found.leads["source"] == source)].mean()
        for source in ("Referral", "Organic search", "Social media", "Display ads")
    }
    assert max(by_source, key=by_source.__getitem__) == "Referral"
    assert by_source["Referral"] > 2 * by_source["Display ads"]

    def lift(trait):
        return is_won[handed & trait].mean() / is_won[handed & ~trait].mean()

    assert lift(found.leads["employees"] >= 50) > 1.3
    assert lift(found.leads["pricing_page_views"] >= 3) > 1.5
    assert 0.7 < lift(found.leads["webinar"]) < 1.25


def test_the_generator_reads_the_agreed_rule_as_the_rule_engine_does():
    rng = np.random.default_rng(3)
    leads = profiles(rng, arrivals(rng, 400, TODAY - timedelta(days=548), 548, "Europe/Berlin"), 0.0)
    rule = parse(MQL_RULE)
    words = {1: True, 0: None, -1: False}
    for number, verdict in enumerate(meets_rule(leads)):
        lead = {
            "employees": float(leads.employees[number]),
            "demo_requested": bool(leads.demo_requested[number]),
            "webinar": bool(leads.webinar[number]),
            "pricing_page_views": int(leads.pricing_page_views[number]),
        }
        assert evaluate(rule, lead) is words[int(verdict)]


@cache
def first_times(found: LeadHistory) -> dict[str, dict[str, np.datetime64]]:
    """When each lead first met each stage, decision or call: name → lead → instant."""
    times: dict[str, dict[str, np.datetime64]] = {}
    columns = (found.events[name].tolist() for name in ("lead_id", "type", "stage"))
    for lead, kind, stage, at in zip(*columns, found.events["at"], strict=True):
        name = stage or ("call" if kind in ("contact_attempted", "contacted") else kind)
        times.setdefault(name, {}).setdefault(lead, at)
    return times


@pytest.mark.parametrize("day", range(25, 32))  # a week in which clocks are put forward
def test_sales_speaks_of_a_lead_in_the_working_hours_of_the_next_day(day):
    zone = ZoneInfo("Europe/Berlin")
    for hour in range(24):
        instant = datetime(2027, 3, day, hour, 30, tzinfo=UTC)
        spoken = working_time_after(instant, zone, Random(hour))
        assert 9 <= spoken.hour < 16 and spoken.weekday() < 5 and spoken.tzinfo is zone
        days = (spoken.date() - instant.astimezone(zone).date()).days
        assert days == 1 or (days <= 3 and spoken.weekday() == 0)
