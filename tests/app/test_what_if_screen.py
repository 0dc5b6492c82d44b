"""What if: a rule and a score tried on past leads, a threshold moved, two rules beside each other, and a search between both."""

import json
import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actions import (
    answers,
    backing,
    bridging,
    capacity,
    clock,
    definitions,
    rule_starts,
    score_checks,
    scores,
    surveys,
    what_if,
)
from actions.settings import change_company, company_with_revision
from alignment.bridging import Limits
from alignment.company import BusinessHours
from alignment.people import MACHINE, Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import parse
from components.text import plain
from tests.lead_histories import History

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
PAGE = "pages/definitions/what_if.py"


def condition(field, operator, value):
    return {"field": field, "op": operator, "value": value}


LARGE = {"version": 1, "all": [condition("employees", ">=", 50), condition("demo", "=", True)]}
SMALL = {"version": 1, "all": [condition("employees", ">=", 5), condition("source", "in", ["ads", "fair"])]}
POINTS = {
    "version": 1,
    "points": [
        {"if": condition("employees", ">=", 50), "add": 30},
        {"if": condition("demo", "=", True), "add": 20},
    ],
    "threshold": 30,
}
SIZE = """
title = "How large?"
mode = "confidential"
min_group = 3
[[questions]]
key = "size"
topic = "fit"
type = "number"
field = "employees"
text = "From how many employees on?"
"""
OTHERS = {**POINTS, "points": [{**POINTS["points"][0], "add": 10}, {**POINTS["points"][1], "add": 35}]}


@pytest.fixture(autouse=True)
def now_in_berlin():
    company, revision = company_with_revision(MACHINE)
    change_company(MACHINE, replace(company, hours=BusinessHours(timezone="Europe/Berlin")), revision)
    with clock.at(AS_OF + timedelta(days=1)):
        yield


def load_leads(count=600):
    """Leads of the last quarter, of which large ones and those that had a demo are won more often."""
    draw = random.Random(1)
    history = History()
    for number in range(count):
        lead_id = f"L{number:04d}"
        came = AS_OF - timedelta(days=2 + draw.randrange(85), minutes=draw.randrange(600))
        employees, demo = (
            draw.choice([2.0, 8.0, 30.0, 70.0, 150.0, 900.0, None]),
            draw.choice(["yes", "no", ""]),
        )
        source = draw.choice(["ads", "referral", "fair"])
        history.lead(lead_id, source, employees=employees, created_at=came, demo=demo).enter(
            lead_id, "mql", came
        )
        fate = draw.random()
        if fate < 0.15 + 0.3 * ((employees or 0) >= 50) + 0.2 * (demo == "yes"):
            history.enter(lead_id, "won", came + timedelta(days=1))
        elif fate < 0.85:
            history.enter(lead_id, "lost", came + timedelta(days=1))
    history.load()


def acting(person):
    return Actor(person.id, clock.now_text())


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning, *app.info)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


@pytest.fixture
def lead(make_person):
    return make_person("team_lead", "sales")


@pytest.fixture
def opened(open_page, lead):
    """The screen with leads, a definition in preparation, and what is chosen on it."""

    def with_choices(**chosen):
        load_leads()
        definitions.draft(MACHINE, "mql", "Large companies that asked for a demo.", LARGE)
        definitions.draft(MACHINE, "sql", "Small companies will do.", SMALL)
        app = open_page(PAGE, lead)
        for key, value in chosen.items():
            app.session_state[key] = value
        return app.run()

    return with_choices


def test_without_leads_it_says_where_to_begin(open_page, lead):
    app = open_page(PAGE, lead)
    assert not app.exception
    assert "There are no leads yet." in texts(app)


def test_the_first_sentence_says_who_would_pass_and_whether_these_are_better(opened):
    app = opened(what_if_capacity=3)
    assert not app.exception
    trial = what_if.judge_rule(MACHINE, LARGE)
    passed, everyone = trial.verdicts.passed, trial.verdicts.leads
    said = texts(app)
    assert app.subheader[0].value == plain(trial.verdicts.sentence)
    assert "and they were won more often than the others" in trial.verdicts.sentence
    came = "that came from 1 April to 30 June 2026"
    assert f"**{passed.leads:,} of {everyone.leads:,} leads** {came} would have qualified" in said
    assert f"of all {everyone.won:,} leads that were won, the rule lets {passed.won:,} through" in said
    assert f"in {trial.verdicts.weeks_beyond(3)} of 13 weeks" in said
    assert f"{passed.win_rate:.0%} (" in said
    assert "Nobody worked" in said
    assert "What each condition does" in said
    assert len(app.dataframe) >= 1


def test_what_sales_can_work_is_kept_and_filled_in_for_everybody(opened, open_page, make_person):
    app = opened()
    [typed] = [one for one in app.number_input if one.key == "what_if_capacity"]
    assert typed.value is None
    typed.set_value(25).run()
    [keep] = [one for one in app.button if one.key == "what_if_capacity_keep"]
    keep.click().run()
    assert capacity.read_capacity(MACHINE).a_week == 25
    again = open_page(PAGE, make_person("team_lead", "marketing"))
    [filled_in] = [one for one in again.number_input if one.key == "what_if_capacity"]
    assert filled_in.value == 25
    filled_in.set_value(40).run()
    assert not again.exception
    assert "40 that sales can work" in texts(again)
    assert not [one for one in again.button if one.key == "what_if_capacity_keep"], "marketing may only try"


def test_it_says_how_many_people_asked_for_what_the_rule_asks_for(opened, make_person):
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=SIZE).id)
    for team, sizes in (("sales", (20.0, 60.0, 500.0)), ("marketing", (2.0, 5.0, 70.0))):
        for size in sizes:
            person = acting(make_person("member", team))
            answers.save_answer(person, survey.id, "size", size)
            answers.submit_answers(person, survey.id)
    surveys.close_survey(MACHINE, survey.id)
    app = opened()
    said = texts(app)
    assert "Whose answers it meets" in said
    asked = backing.find_backing(MACHINE, LARGE)
    assert asked.parts
    for part in asked.parts:
        for team in Team:
            assert part.sentence(team) in said
    assert "of 3 who answered" in said
    [slider] = [one for one in app.select_slider if one.label == "Employees is at least"]
    slider.set_value(100).run()
    assert not app.exception
    moved = {**LARGE, "all": [condition("employees", ">=", 100), LARGE["all"][1]]}
    [size] = [one for one in backing.find_backing(MACHINE, moved).parts if one.kind is QuestionType.NUMBER]
    assert texts(app).count(size.sentence(Team.SALES)) == 2, "beside the slider, and in the list"
    assert size.sentence(Team.SALES) not in said


def test_a_threshold_that_is_moved_moves_the_counts(opened):
    app = opened()
    [slider] = [one for one in app.select_slider if one.label == "Employees is at least"]
    steps = [step for step in slider.options if float(step.replace(",", "")) == 100]
    slider.set_value(int(steps[0])).run()
    assert not app.exception
    moved = {**LARGE, "all": [condition("employees", ">=", 100), LARGE["all"][1]]}
    passed = what_if.judge_rule(MACHINE, moved).verdicts.passed
    assert f"**{passed.leads:,} of" in texts(app)
    assert passed.leads != what_if.judge_rule(MACHINE, LARGE).verdicts.passed.leads
    assert "A lead would qualify if employees is at least 100" in texts(app)
    [back] = [button for button in app.button if button.key == "what_if_back"]
    back.click().run()
    assert f"**{what_if.judge_rule(MACHINE, LARGE).verdicts.passed.leads:,} of" in texts(app)


def test_another_rule_beside_it_is_told_in_leads(opened):
    app = opened()
    [other] = [one for one in app.selectbox if one.key == "what_if_against"]
    other.set_value(next(option for option in _keys(other) if option != "nothing")).run()
    assert not app.exception
    change = what_if.compare_rules(MACHINE, LARGE, LARGE)
    assert change.sentence in texts(app)
    other = next(one for one in app.selectbox if one.key == "what_if_against")
    other.set_value(_keys(other)[1]).run()
    change = what_if.compare_rules(MACHINE, SMALL, LARGE)
    assert change.sentence in texts(app)
    assert f"{change.given_up.leads:,} leads that only the other rule wants" in [
        one.label for one in app.expander
    ]


def _keys(selectbox):
    """What a selectbox holds, which shows labels."""
    starts = [start.key for start in rule_starts.list_starts(MACHINE) if not start.is_score]
    assert len(selectbox.options) == len(starts) + 1
    return [*starts, "nothing"]


def test_scores_are_tried_and_both_teams_points_brought_together(opened, lead, make_person):
    other = make_person("team_lead", "marketing")
    scores.propose_points(acting(lead), POINTS)
    scores.propose_points(acting(other), OTHERS)
    app = opened(what_if_view="score", what_if_capacity=5)
    assert not app.exception
    said = texts(app)
    check = score_checks.check_score(MACHINE, POINTS)
    assert f"in **{check.roc.area:.0%} (" in said
    assert f"The {check.lift(5).taken:,} leads with the most points" in said
    assert "Among the leads of the earlier half of this time" in said
    assert "leads stand in different bands" in said
    assert [
        list(frame.value["Points for"])[-1] for frame in app.dataframe if "Points for" in frame.value
    ] == ["Threshold"]


def test_without_a_score_it_says_what_to_do(opened):
    app = opened(what_if_view="score")
    [choice] = [one for one in app.selectbox if one.key == "what_if_score"]
    assert choice.options == [
        "MQL, in preparation, as points",
        "SQL, in preparation, as points",
        "A score of your own",
    ]
    choice.set_value("own").run()
    assert not app.exception
    said = texts(app)
    assert "Give points for traits and actions" in said
    assert app.button(key="what_if_points_own_add"), "points can be given at once"
    assert "Each team proposes its own points first" in said


def test_rules_between_both_are_searched_and_say_what_each_gives_up(opened):
    app = opened(what_if_view="bridge")
    [search] = [button for button in app.button if button.label == "Search"]
    search.click().run()
    assert not app.exception
    found = bridging.find_bridges(MACHINE, {Team.SALES: LARGE, Team.MARKETING: SMALL}, Limits())
    said = texts(app)
    assert f"at least {found.bridges[0].support:.0%} of its leads in common" in said
    assert f"{found.tried:,} rules were tried" in said and f"the other half ({found.told:,})" in said
    assert said.count("in common.**") == 2 * len(found.bridges)
    lost = next(price for one in found.bridges for price in one.prices.values() if price.gives_up.leads > 1)
    leads, won = lost.gives_up.leads, lost.gives_up.won
    assert f"Loses {leads:,} leads ({won:,} won) that its own rule lets through" in said
    assert [parse(json.loads(code.value)) for code in app.code] == [one.rule for one in found.bridges]
    [least] = [one for one in app.number_input if one.key == "what_if_bridge_least"]
    least.set_value(5_000)
    [search] = [button for button in app.button if button.label == "Search"]
    search.click().run()
    assert "No rule keeps to these limits" in texts(app)
