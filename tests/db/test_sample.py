"""The sample company, loaded once into an empty folder."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from actions import (
    answers,
    clock,
    comparison,
    comparison_history,
    cycles,
    definitions,
    goals,
    lead_cards,
    lead_duties,
    lead_feedback,
    people,
    promises,
    recap,
    settings,
    sign_in,
    surveys,
    today,
    workshops,
)
from actions.people import Newcomer
from alignment import instants
from alignment.cycles import Phase
from alignment.disagreement import Evidence, Verdict
from alignment.disagreement.change import Direction
from alignment.errors import WrongState
from alignment.goals import GoalState
from alignment.lifecycle import EventType
from alignment.people import MACHINE, Actor, Role, Team
from alignment.promises import DeliveryTerms
from alignment.recap import Outcome
from alignment.surveys import SurveyStatus
from alignment.workshops import ProposalState, TopicState
from db import store as stores
from leads import store as warehouses
from manage import manage
from sample.company import SampleCompany, load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def loaded(folder) -> SampleCompany:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONCORD_DATA", str(folder))
        told = []
        company = load(MACHINE, lambda share, text: told.append((share, text)))
        assert [share for share, _ in told] == sorted(share for share, _ in told)
        assert told[-1][0] == 1.0
        stores.close_all()
        warehouses.close_all()
    return company


@pytest.fixture
def company(loaded, folder, monkeypatch, data_folder) -> SampleCompany:
    monkeypatch.setenv("CONCORD_DATA", str(folder))
    return loaded


@pytest.fixture
def facilitator(company) -> Actor:
    return acting(company, Role.FACILITATOR)


def acting(company: SampleCompany, role: Role, team: Team | None = None) -> Actor:
    entry = next(entry for entry in company.sign_ins if entry.role is role and entry.team is team)
    person = next(found.person for found in people.list_people(MACHINE) if found.person.email == entry.email)
    return Actor(person.id, clock.now_text())


def test_everybody_can_sign_in_with_the_one_password(company):
    def signed_in(entry):
        return sign_in.check(entry.email, company.password)

    with ThreadPoolExecutor(2) as pool:
        sessions = list(pool.map(signed_in, company.sign_ins))
    assert len({session.person_id for session in sessions}) == 24


def test_the_people_are_those_of_the_sign_ins(company):
    found = [entry.person for entry in people.list_people(MACHINE)]
    shown = {(entry.name, entry.email, entry.role, entry.team) for entry in company.sign_ins}
    assert {(person.name, person.email, person.role, person.team) for person in found} == shown
    assert all(person.active for person in found)


def test_the_company_says_that_it_is_a_sample(company):
    assert settings.read_company(MACHINE).sample
    assert settings.read_company(MACHINE).hours.timezone == "Europe/Berlin"


def test_one_cycle_is_finished_and_one_has_begun(facilitator):
    second, first = cycles.list_cycles(facilitator)
    assert first.phase is Phase.CLOSED
    assert second.phase is Phase.IDENTIFY
    moments = [first.entered(phase) for phase in Phase]
    assert moments == sorted(moments)
    assert timedelta(days=450) < clock.now() - instants.from_text(first.started_at) < timedelta(days=465)
    assert first.closed_at < second.started_at < instants.to_text(clock.now())
    assert first.baseline
    assert first.growth


def test_everybody_answered_the_first_questionnaire_and_the_teams_differ(facilitator):
    running, second, first, _ = surveys.list_surveys(facilitator)
    assert running.status is SurveyStatus.OPEN
    for survey in (first, second):
        assert survey.status is SurveyStatus.CLOSED and survey.template == "qualified_lead"
        rates = surveys.response_rates(facilitator, survey.id)
        assert {team: (rate.invited, rate.submitted) for team, rate in rates.items()} == dict.fromkeys(
            Team, (11, 11)
        )
        compared = comparison.compare_survey(facilitator, survey.id).questions
        clear = [entry for entry in compared if entry.evidence is Evidence.CLEAR]
        assert {entry.verdict for entry in clear} == {Verdict.SPLIT_BETWEEN}
        assert len(clear) >= 5


def test_the_second_time_the_teams_are_closer_on_what_was_settled_and_not_on_the_rest(facilitator):
    _, second, first, _ = surveys.list_surveys(facilitator)
    found = comparison_history.changes_since_last(facilitator, second.id)
    assert found.survey_id == first.id
    went = {key: change.direction for key, change in found.changes.items()}
    settled = ("min_employees", "response_hours", "qualified_when", "own_rule")
    assert {went[key] for key in settled} == {Direction.CLOSER}
    assert went["months_to_buy"] is Direction.FURTHER
    assert went["sources"] is went["signals"] is Direction.NONE
    history = [
        one for one in comparison_history.alignment_over_time(facilitator) if one.title == second.title
    ]
    assert [one.cycle for one in history] == [1, 2]
    assert history[0].measure.topics == history[1].measure.topics == 24
    assert history[0].measure.agreed < history[1].measure.agreed


def test_a_difference_has_a_cost_in_leads_and_comments_have_words_that_tell_the_teams_apart(facilitator):
    first = surveys.list_surveys(facilitator)[2]
    compared = comparison.compare_survey(facilitator, first.id)
    for key in ("min_employees", "sources", "own_rule"):
        assert compared.question(key).cost.differently > 500
    terms = comparison.read_terms(facilitator, first.id)["own_words"].terms
    assert {term.text: term.said_more_by for term in terms} == {
        "budget": Team.SALES,
        "interest": Team.MARKETING,
    }


def test_both_teams_judged_the_same_twelve_leads_and_differ(facilitator):
    survey = surveys.list_surveys(facilitator)[3]
    assert survey.status is SurveyStatus.CLOSED and survey.cycle_id is None
    cards = lead_cards.cards_to_judge(facilitator, survey.id, "cards")
    assert [card.number for card in cards] == list(range(1, 13))
    found = comparison.compare_survey(facilitator, survey.id).question("cards")
    assert found.verdict is Verdict.SPLIT_BETWEEN and found.evidence is Evidence.CLEAR
    assert found.n == dict.fromkeys(Team, 11)


def test_all_but_three_have_submitted_what_is_open_and_one_is_half_way(facilitator):
    survey = surveys.list_surveys(facilitator)[0]
    rates = surveys.response_rates(facilitator, survey.id)
    assert sum(rate.submitted for rate in rates.values()) == 19
    assert sum(rate.started for rate in rates.values()) == 20
    answered = []
    for entry in people.list_people(MACHINE):
        if entry.person.team:
            [mine] = answers.my_surveys(Actor(entry.person.id, clock.now_text()))
            if not mine.submitted:
                answered.append(len(mine.answers))
    assert sorted(answered)[:2] == [0, 0]
    assert sorted(answered)[2] == len(survey.questionnaire.questions) // 2


def test_a_newcomer_can_go_on_from_here_answer_close_and_compare(facilitator, folder, tmp_path, monkeypatch):
    """On a copy, since the tests share what was loaded."""
    import shutil

    stores.close_all()
    shutil.copytree(folder, tmp_path / "copy")
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "copy"))
    survey = surveys.list_surveys(facilitator)[0]
    cycle = cycles.read_current(facilitator)
    surveys.close_survey(facilitator, survey.id)
    verdicts = [entry.verdict for entry in comparison.compare_survey(facilitator, survey.id).questions]
    assert verdicts.count(Verdict.SPLIT_BETWEEN) >= 2 and verdicts.count(Verdict.ALIGNED) >= 4
    assert comparison_history.changes_since_last(facilitator, survey.id) is None
    assert all(item.met for item in cycles.read_current(facilitator).gate)
    assert cycles.advance(facilitator, cycle.cycle.id, cycle.cycle.revision) is Phase.PLAN
    warehouses.close_all()


def test_the_workshop_carried_parked_and_refused(facilitator):
    [listed] = workshops.list_workshops(facilitator)
    workshop = workshops.read_workshop(facilitator, listed.id)
    assert not workshop.open
    states = {topic.question_key: topic.state for topic in workshop.topics}
    assert states == {
        "min_employees": TopicState.AGREED,
        "response_hours": TopicState.AGREED,
        "guide_only": TopicState.OPEN,
        "not_now": TopicState.PARKED,
    }
    refused = next(topic for topic in workshop.topics if topic.question_key == "guide_only").proposals[0]
    assert refused.state is ProposalState.NOT_CARRIED
    assert refused.tallies[Team.MARKETING].carries
    assert all(topic.reason for topic in workshop.topics)


def test_three_definitions_are_in_force_signed_by_both_team_leads_and_read_by_most(facilitator):
    entries = {entry.term.key: entry for entry in definitions.read_glossary(facilitator) if entry.in_force}
    assert set(entries) == {"mql", "sal", "disqualified"}
    assert entries["mql"].in_force.label == "MQL v1"
    assert entries["mql"].in_force.rule is not None
    for key in ("sal", "disqualified"):
        assert entries[key].in_force.rule is None
    for entry in entries.values():
        assert entry.in_force.fully_signed
        assert entry.members / 2 < entry.acknowledged_count < entry.members
        age = clock.now() - instants.from_text(entry.in_force.in_force_from)
        assert timedelta(days=330) < age < timedelta(days=340)


def test_both_sides_promised_each_other_something_and_share_a_goal(company):
    kept = {entry.promise.key: entry for entry in promises.read_promises(MACHINE)}
    assert {entry.promise.side for entry in kept.values()} == set(Team)
    assert all(entry.in_force is not None and entry.in_force.fully_signed for entry in kept.values())
    assert isinstance(kept["delivery"].in_force.terms, DeliveryTerms)
    assert kept["referred_leads"].in_force.terms.only == ("source", "Referral")
    standing = {found.promise.key: found for found in promises.read_compliance(MACHINE)}
    asked, all_ = (standing[key].figures[0].denominator for key in ("referred_leads", "follow_up"))
    assert 100 < asked < all_ / 2
    [found] = goals.list_goals(MACHINE)
    assert (
        found.state is GoalState.RUNNING
        and found.outcome is not None
        and set(found.contributions) == set(Team)
    )


def test_sales_speaks_of_leads_in_its_working_hours_and_the_start_page_tells_what_waits(company):
    said = lead_feedback.read_feedback(MACHINE)
    assert said.worked and said.failed and said.objections and said.contents and said.note_count > 10
    zone = ZoneInfo(settings.read_company(MACHINE).hours.timezone)
    hours = {instants.from_text(given.given_at).astimezone(zone).hour for given in said.notes}
    assert hours <= set(range(9, 17))
    for team, pages in ((Team.SALES, ["leads", "promises"]), (Team.MARKETING, ["promises"])):
        lead = acting(company, Role.TEAM_LEAD, team)
        lead_duties.count_duties(lead)
        tasks = [task.page for task in today.read_today(lead).tasks if task.page in ("leads", "promises")]
        assert tasks == pages


def test_the_leads_are_there(company):
    with warehouses.warehouse().read() as facts:
        assert facts.value(facts.lead.count()) == 20_000
        kinds = {row["type"] for row in facts.rows(facts.event.select("type").distinct())}
        assert kinds == {kind.value for kind in EventType if kind is not EventType.DECISION_WITHDRAWN}
        assert facts.value(facts.episode.count()) > 20_000
        names = {field.name: field.type for field in facts.fields()}
    assert {"demo_requested", "webinar", "pricing_page_views"} <= set(names)


def test_the_recap_found_that_the_agreement_helped(facilitator):
    cycle = cycles.list_cycles(facilitator)[1]
    _, found = recap.read_recap(facilitator, cycle.id)
    outcomes = {verdict.measure: verdict.outcome for verdict in found.verdicts}
    assert outcomes["speed"] is Outcome.IMPROVED
    assert outcomes["acceptance"] is Outcome.IMPROVED
    assert outcomes["conversion"] in (Outcome.IMPROVED, Outcome.NO_DETECTABLE_CHANGE)
    assert found.restated_under == "MQL v1"
    assert found.medians[0] > found.medians[1]


def test_a_portal_with_people_stays_as_it_is(data_folder):
    people.add_with_password(
        MACHINE, [Newcomer("Ada Admin", "ada@company.test", None, Role.ADMIN)], "a long password"
    )
    with pytest.raises(WrongState, match="people in this portal already"):
        load(MACHINE)
    assert len(people.list_people(MACHINE)) == 1
    assert not settings.read_company(MACHINE).sample
    assert warehouses.warehouse().revision() == ""


def test_it_does_not_load_twice(company):
    with pytest.raises(WrongState):
        load(MACHINE)


def test_the_command_line_refuses_in_a_sentence_what_it_cannot_fill(company):
    refused = CliRunner().invoke(manage, ["sample", "--json"])
    assert refused.exit_code == 1
    assert "people in this portal already" in json.loads(refused.stdout)["error"]
