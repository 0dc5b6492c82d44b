"""Answering: what was confirmed is kept, only one's own, only while the questionnaire is open."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_cards import put_cards
from people import make_actor
from questionnaire_strategies import answers_to, questionnaires

from actions import answers, clock, people, responses, surveys
from alignment.answers import check_answer, is_complete
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.people import MACHINE, Team
from alignment.questionnaire_files import write_toml
from alignment.questionnaires import Question, QuestionType
from db.queries import surveys as queries
from db.store import store

ROOT = Path(__file__).resolve().parents[2]


def first_answer(question: Question):
    """Some answer that the question offers."""
    match question.type:
        case QuestionType.CHOICE:
            return question.options[0]
        case QuestionType.CHOICES:
            return list(question.options[:2])
        case QuestionType.YES_NO:
            return True
        case QuestionType.SCALE:
            return 3
        case QuestionType.NUMBER:
            return 5.0
        case QuestionType.RANKING:
            return list(question.options[: question.top])
        case QuestionType.RULE:
            return {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
        case QuestionType.LEAD_CARDS:
            return {str(number): {"verdict": "qualified"} for number in range(1, question.count + 1)}
        case _:
            return "Something of mine"


def answer_all(actor, survey):
    for question in survey.questionnaire.questions:
        answers.save_answer(actor, survey.id, question.key, first_answer(question))


@pytest.fixture
def survey():
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="qualified_lead").id)


@pytest.fixture
def pulse():
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="pulse").id)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(questionnaires(), st.data())
def test_any_answer_that_is_offered_comes_back_as_it_was_given(data_folder, asked, data):
    who = make_actor("member", data.draw(st.sampled_from(["sales", "marketing"])))
    survey = put_cards(surveys.prepare_survey(MACHINE, toml=write_toml(asked)))
    surveys.open_survey(MACHINE, survey.id)
    given_answers = {q.key: data.draw(answers_to(q)) for q in asked.questions}
    for key, value in given_answers.items():
        kept = answers.save_answer(who, survey.id, key, value)
        assert kept == check_answer(asked.question(key), value)
    found = answers.my_progress(who, survey.id)
    assert found.answers == {key: check_answer(asked.question(key), v) for key, v in given_answers.items()}
    unfinished = [q for q in found.asked if not is_complete(q, found.answers)]
    assert {q.key for q in unfinished} <= {
        q.key for q in found.asked if q.type is QuestionType.LEAD_CARDS or q.key not in given_answers
    }
    assert found.answered == found.total - len(unfinished)


def test_the_last_of_several_answers_counts(survey):
    who = make_actor()
    for hours in (4, 8, 2):
        answers.save_answer(who, survey.id, "response_hours", hours)
    assert answers.my_progress(who, survey.id).answers == {"response_hours": 2.0}


def test_each_team_sees_its_own_wording_and_each_person_only_their_own_answers(survey):
    sales, marketing, colleague = (
        make_actor(team="sales"),
        make_actor(team="marketing"),
        make_actor(team="sales"),
    )
    answers.save_answer(sales, survey.id, "budget", 5)
    assert answers.my_progress(sales, survey.id).team is Team.SALES
    assert answers.my_progress(marketing, survey.id).team is Team.MARKETING
    assert answers.my_progress(colleague, survey.id).answers == {}
    assert answers.my_progress(marketing, survey.id).answers == {}


@pytest.mark.parametrize("value", [6, "5", True, [5], {"$gt": ""}])
def test_what_the_browser_should_have_kept_out_is_refused_and_nothing_is_kept(survey, value):
    who = make_actor()
    with pytest.raises(InvalidInput):
        answers.save_answer(who, survey.id, "budget", value)
    assert answers.my_progress(who, survey.id).answers == {}
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES].started == 0


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead", "admin"])
def test_whoever_has_a_team_answers_whatever_the_role(survey, role):
    assert answers.save_answer(make_actor(role, "marketing"), survey.id, "budget", 3) == 3


@pytest.mark.parametrize("role", ["facilitator", "admin"])
def test_whoever_has_no_team_does_not_answer(survey, role):
    outsider = make_actor(role, None)
    assert answers.my_surveys(outsider) == []
    for attempt in (
        lambda: answers.save_answer(outsider, survey.id, "budget", 3),
        lambda: answers.clear_answer(outsider, survey.id, "budget"),
        lambda: answers.submit_answers(outsider, survey.id),
        lambda: answers.my_progress(outsider, survey.id),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_drafts_do_not_exist_for_those_who_answer():
    draft = surveys.prepare_survey(MACHINE, template="pulse")
    who = make_actor()
    assert answers.my_surveys(who) == []
    for survey_id in (draft.id, "01UNKNOWN", None, 7):
        with pytest.raises(NotFound):
            answers.save_answer(who, survey_id, "heard", 3)
    with pytest.raises(NotFound):
        answers.my_progress(who, draft.id)


@pytest.mark.parametrize("key", ["nothing", "", None, 3])
def test_a_question_of_another_questionnaire_is_refused(survey, key):
    with pytest.raises(NotFound):
        answers.save_answer(make_actor(), survey.id, key, 3)


def test_whoever_loses_access_can_neither_read_nor_write_any_more(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", 3)
    people.end_access(MACHINE, who.person_id)
    for attempt in (
        lambda: answers.save_answer(who, survey.id, "budget", 4),
        lambda: answers.my_progress(who, survey.id),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_submitting_names_what_is_missing_and_keeps_what_is_there(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", 3)
    with pytest.raises(InvalidInput, match=r"‘When a lead counts as qualified’.*and \d+ more"):
        answers.submit_answers(who, survey.id)
    found = answers.my_progress(who, survey.id)
    assert found.answers == {"budget": 3} and not found.submitted


def test_optional_questions_may_stay_empty_and_cannot_say_is_enough_for_the_others(survey):
    who = make_actor()
    for question in survey.questionnaire.questions:
        if question.required:
            answers.save_answer(who, survey.id, question.key, None)
    assert answers.submit_answers(who, survey.id).submitted


def test_submitted_answers_can_be_changed_but_required_ones_not_taken_back(survey):
    who = make_actor()
    answer_all(who, survey)
    answers.submit_answers(who, survey.id)
    answers.save_answer(who, survey.id, "budget", 1)
    answers.clear_answer(who, survey.id, "wish")
    with pytest.raises(InvalidInput, match="can't say"):
        answers.clear_answer(who, survey.id, "budget")
    found = answers.my_progress(who, survey.id)
    assert found.submitted and found.answers["budget"] == 1 and "wish" not in found.answers


def test_an_answer_taken_back_is_no_answer(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", None)
    assert answers.my_progress(who, survey.id).answers == {"budget": None}
    answers.clear_answer(who, survey.id, "budget")
    assert answers.my_progress(who, survey.id).answers == {}


# ── two windows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def revision_of(who, survey, key):
    return answers.my_progress(who, survey.id).revisions.get(key, 0)


def test_a_window_that_is_behind_does_not_take_back_what_another_one_saved(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", 1, seen=0)
    answers.save_answer(who, survey.id, "budget", 5, seen=1)
    with pytest.raises(answers.AnswerConflict) as conflict:
        answers.clear_answer(who, survey.id, "budget", seen=1)
    assert (conflict.value.kept, conflict.value.revision) == (5, 2)
    assert answers.my_progress(who, survey.id).answers == {"budget": 5}
    answers.clear_answer(who, survey.id, "budget", seen=2)
    answers.clear_answer(who, survey.id, "budget", seen=2)
    assert answers.my_progress(who, survey.id).answers == {}


@pytest.mark.parametrize("submitted", [False, True])
def test_an_answer_that_was_taken_back_and_given_anew_is_not_taken_for_the_one_before(survey, submitted):
    who = make_actor()
    if submitted:
        answer_all(who, survey)
        answers.submit_answers(who, survey.id)
    answers.save_answer(who, survey.id, "wish", "first")
    stale = revision_of(who, survey, "wish")
    seen = {stale}
    for again in ("second", "third"):
        answers.clear_answer(who, survey.id, "wish")
        seen.add(revision_of(who, survey, "wish"))
        answers.save_answer(who, survey.id, "wish", again, seen=revision_of(who, survey, "wish"))
        seen.add(revision_of(who, survey, "wish"))
        with pytest.raises(answers.AnswerConflict):
            answers.save_answer(who, survey.id, "wish", "from the other window", seen=stale)
    assert len(seen) == 5 and min(seen) == stale
    assert answers.my_progress(who, survey.id).answers["wish"] == "third"


def test_nothing_but_its_revision_is_left_of_an_answer_that_was_taken_back(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "wish", "Please call them sooner")
    answers.clear_answer(who, survey.id, "wish")
    connection = store().read()
    assert connection.execute("SELECT count(*) FROM answer").fetchone()[0] == 0
    left = [dict(row) for row in connection.execute("SELECT * FROM answer_taken_back")]
    assert left == [{"survey_id": survey.id, "respondent": who.person_id, "question": "wish", "revision": 2}]
    found = answers.my_progress(who, survey.id)
    assert found.answered == 0 and found.answers == {} and found.stopped_at == found.asked[0]


def test_whoever_keeps_theirs_replaces_the_answer_that_the_conflict_showed_and_no_later_one(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", 1)
    with pytest.raises(answers.AnswerConflict) as shown:
        answers.save_answer(who, survey.id, "budget", 2, seen=0)
    answers.save_answer(who, survey.id, "budget", 5, seen=1)
    with pytest.raises(answers.AnswerConflict) as later:
        answers.save_answer(who, survey.id, "budget", 2, seen=shown.value.revision)
    assert later.value.kept == 5
    assert answers.save_answer(who, survey.id, "budget", 2, seen=later.value.revision) == 2


def test_a_file_that_is_brought_in_again_is_another_answer_to_a_window_that_saw_the_first():
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="qualified_lead").id)
    who = make_actor()
    (email,) = [e.person.email for e in people.list_people(MACHINE) if e.person.id == who.person_id]
    for answer in ("budget,wish\n{},1,x", "wish\n{},y", "budget\n{},5"):
        data = f"person,{answer.format(email)}\n".encode()
        responses.import_responses(MACHINE, survey.id, "answers.csv", data)
    with pytest.raises(answers.AnswerConflict):
        answers.save_answer(who, survey.id, "budget", 2, seen=1)


# ── rules that are too large ─────────────────────────────────────────────────────────────────────────────────────────


def rule_of(conditions, values, text="value"):
    listed = [f"{text} {number}" for number in range(values)]
    parts = [{"field": f"field {number}", "op": "in", "value": listed} for number in range(conditions)]
    return {"version": 1, "all": parts}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (rule_of(1, 201), "201 values"),
        (rule_of(201, 1), "201 values or conditions"),
        ({"version": 1, "any": [rule_of(101, 1), rule_of(101, 1)]}, "more than 200 conditions"),
        (rule_of(180, 180), "longer than about 100,000 characters"),
        (rule_of(5, 100, "x" * 400), "longer than about 100,000 characters"),
    ],
)
def test_a_rule_larger_than_anybody_writes_is_refused_with_what_to_change(survey, rule, why):
    with pytest.raises(InvalidInput, match=why):
        answers.save_answer(make_actor(), survey.id, "own_rule", rule)


def test_a_rule_at_the_bounds_is_kept(survey):
    who = make_actor()
    for rule in (rule_of(200, 10), rule_of(20, 200)):
        assert answers.save_answer(who, survey.id, "own_rule", rule) == rule


def test_an_answer_is_looked_at_before_its_turn_to_be_written_comes(survey):
    who, refused = make_actor(), []

    def answer():
        with pytest.raises(InvalidInput) as error:
            answers.save_answer(who, survey.id, "budget", 99)
        refused.append(error.value)

    def while_another_one_writes(connection):
        checking = threading.Thread(target=answer)
        checking.start()
        checking.join(timeout=20)
        return len(refused)

    assert store().write(while_another_one_writes) == 1


def test_nothing_changes_after_closing(survey):
    who = make_actor()
    answer_all(who, survey)
    answers.submit_answers(who, survey.id)
    surveys.close_survey(MACHINE, survey.id)
    assert answers.my_surveys(who) == []
    for attempt in (
        lambda: answers.save_answer(who, survey.id, "budget", 1),
        lambda: answers.clear_answer(who, survey.id, "wish"),
        lambda: answers.submit_answers(who, survey.id),
        lambda: answers.my_progress(who, survey.id),
    ):
        with pytest.raises(WrongState, match="closed"):
            attempt()


def test_whoever_changes_team_stays_with_the_team_of_the_first_answer(survey):
    who = make_actor(team="sales")
    answers.save_answer(who, survey.id, "budget", 3)
    person = next(entry.person for entry in people.list_people(MACHINE) if entry.person.id == who.person_id)
    moved_to_marketing(person)
    moved = answers.my_progress(_signed_in_again(who), survey.id)
    assert moved.team is Team.SALES and moved.answers == {"budget": 3}


def moved_to_marketing(person):
    store().write(
        lambda connection: connection.execute(
            "UPDATE person SET team = 'marketing' WHERE id = ?", (person.id,)
        )
    )


def _signed_in_again(actor):
    return type(actor)(actor.person_id, clock.now_text())


def test_eight_threads_lose_no_answer_of_different_people_or_of_one(survey):
    eight = [make_actor(team="sales" if number % 2 else "marketing") for number in range(8)]
    shared = make_actor()
    faults = []

    def work(who):
        try:
            for hours in range(20):
                answers.save_answer(shared, survey.id, "response_hours", hours)
                answers.save_answer(who, survey.id, "response_hours", hours)
            answer_all(who, survey)
            answers.submit_answers(who, survey.id)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(who,)) for who in eight]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for who in eight:
        found = answers.my_progress(who, survey.id)
        assert found.submitted
        assert found.answers == {q.key: first_answer(q) for q in survey.questionnaire.questions}
    revisions = (
        store()
        .read()
        .execute(
            "SELECT revision FROM answer WHERE respondent = ? AND question = 'response_hours'",
            (shared.person_id,),
        )
    )
    assert revisions.fetchone()["revision"] == 8 * 20
    assert answers.my_progress(shared, survey.id).answers == {"response_hours": 19.0}


def test_an_answer_that_was_on_its_way_when_the_questionnaire_closed_is_refused(survey):
    who = make_actor()
    outcome = []

    def answer():
        try:
            outcome.append(answers.save_answer(who, survey.id, "budget", 5))
        except WrongState as refused:
            outcome.append(str(refused))

    late = threading.Thread(target=answer)

    def close_while_the_answer_waits(connection):
        late.start()
        while store()._waiting.empty():
            os.sched_yield()
        queries.set_closed(connection, survey.id, clock.now_text(), {})

    store().write(close_while_the_answer_waits)
    late.join()
    assert "Not saved" in outcome[0]
    assert store().read().execute("SELECT count(*) FROM answer").fetchone()[0] == 0


CHILD = """
import sys
from actions import answers, clock
from alignment.people import Actor
survey, person = sys.argv[1:]
for number in range(100000):
    answers.save_answer(Actor(person, clock.now_text()), survey, "attempts", 1 + number % 30)
    answers.save_answer(Actor(person, clock.now_text()), survey, "wish", f"wish {number}")
    print(number, flush=True)
"""


def test_a_confirmed_answer_is_there_after_the_process_is_killed(survey):
    who = make_actor()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, survey.id, who.person_id],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    confirmed = -1
    for line in child.stdout:
        confirmed = int(line)
        if confirmed == 40:
            child.send_signal(signal.SIGKILL)
    child.wait()
    kept = answers.my_progress(who, survey.id).answers
    assert confirmed >= 40
    assert int(kept["wish"].split()[1]) in (confirmed, confirmed + 1)
    assert store().fault() is None


# ── what is kept about those who answer ──────────────────────────────────────────────────────────────────────────────


def test_the_audit_log_says_that_someone_answered_and_never_what(survey):
    who = make_actor()
    answers.save_answer(who, survey.id, "wish", "Please call them sooner")
    answers.save_answer(who, survey.id, "response_hours", 73)
    rows = store().read().execute("SELECT * FROM audit WHERE action = 'survey:answer'").fetchall()
    assert {row["actor"] for row in rows} == {who.person_id}
    everything = json.dumps([dict(row) for row in store().read().execute("SELECT * FROM audit")])
    assert "sooner" not in everything and "73" not in json.dumps([row["after"] for row in rows])


def test_anonymous_answers_carry_no_person_no_hour_and_no_audit_row(pulse):
    who = make_actor()
    with clock.at(datetime(2026, 3, 4, 15, 16, 17, tzinfo=UTC)):
        answers.save_answer(who, pulse.id, "heard", 2)
    connection = store().read()
    respondent = connection.execute("SELECT * FROM respondent").fetchone()
    answer = connection.execute("SELECT * FROM answer").fetchone()
    assert who.person_id not in json.dumps([dict(respondent), dict(answer)])
    assert respondent["started_at"] == answer["saved_at"] == "2026-03-04T00:00:00.000000Z"
    assert (
        connection.execute("SELECT count(*) FROM audit WHERE actor = ?", (who.person_id,)).fetchone()[0] == 0
    )
    assert answers.my_progress(who, pulse.id).answers == {"heard": 2}
