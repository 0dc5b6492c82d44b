"""Running questionnaires, and what may be seen of them: team results only, after closing, from the minimum group on."""

import json
import re
from dataclasses import replace

import pytest
from people import make_actor
from sqlite_utils.utils import sqlite3
from test_answers import answer_all, first_answer

from actions import answers, comparison, cycles, questionnaires, surveys
from alignment.disagreement import Verdict
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import MACHINE, Team
from alignment.questionnaire_files import InvalidQuestionnaire
from alignment.questionnaires import Mode
from alignment.surveys import ResponseRate, SurveyStatus
from alignment.templates import template_text
from db.store import StoreUnavailable, store


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def opened(facilitator, template="qualified_lead", **choices):
    return surveys.open_survey(
        facilitator, surveys.prepare_survey(facilitator, template=template, **choices).id
    )


def answered_by(survey, sales, marketing, **different):
    """So many people of each team submit; returns those of sales and those of marketing."""
    groups = (
        [make_actor(team="sales") for _ in range(sales)],
        [make_actor(team="marketing") for _ in range(marketing)],
    )
    for who in (*groups[0], *groups[1]):
        answer_all(who, survey)
        for key, value in different.items():
            answers.save_answer(who, survey.id, key, value)
        answers.submit_answers(who, survey.id)
    return groups


# ── preparing, opening, closing ──────────────────────────────────────────────────────────────────────────────────────


def test_a_questionnaire_is_prepared_opened_and_closed_for_good(facilitator):
    survey = surveys.prepare_survey(facilitator, template="qualified_lead")
    assert survey.status is SurveyStatus.DRAFT
    survey = surveys.open_survey(facilitator, survey.id, revision=survey.revision)
    assert survey.status is SurveyStatus.OPEN and survey.opened_at
    survey = surveys.close_survey(facilitator, survey.id)
    assert survey.status is SurveyStatus.CLOSED and survey.closed_at
    for again in (surveys.open_survey, surveys.close_survey, surveys.discard_survey):
        with pytest.raises(WrongState):
            again(facilitator, survey.id)


def test_what_was_prepared_is_what_is_read(facilitator):
    prepared = surveys.prepare_survey(
        facilitator, toml=template_text("pulse"), title="Our pulse", min_group=6
    )
    read = surveys.read_survey(facilitator, prepared.id)
    assert read == prepared and read.title == "Our pulse" and read.min_group == 6
    again = surveys.prepare_survey(facilitator, toml=surveys.survey_toml(facilitator, read.id))
    assert again.questionnaire == read.questionnaire


def test_a_file_with_mistakes_is_refused_and_nothing_is_kept(facilitator):
    with pytest.raises(InvalidQuestionnaire, match="Line 2, key ‘mode’"):
        surveys.prepare_survey(facilitator, toml='title = "x"\nmode = "secret"\n')
    for choice in ({}, {"template": "pulse", "toml": "title = 1"}):
        with pytest.raises(InvalidInput, match="either"):
            surveys.prepare_survey(facilitator, **choice)
    with pytest.raises(NotFound):
        surveys.prepare_survey(facilitator, template="pulse", cycle_id="01NOCYCLE")
    assert surveys.list_surveys(facilitator) == []


def test_it_belongs_to_the_running_cycle(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    assert surveys.prepare_survey(facilitator, template="pulse").cycle_id == cycle_id


@pytest.mark.parametrize("role", ["member", "team_lead"])
def test_members_and_team_leads_neither_prepare_nor_run(facilitator, role):
    draft, running = surveys.prepare_survey(facilitator, template="pulse"), opened(facilitator)
    who = make_actor(role, "sales")
    for attempt in (
        lambda: surveys.prepare_survey(who, template="pulse"),
        lambda: surveys.open_survey(who, draft.id),
        lambda: surveys.close_survey(who, running.id),
        lambda: surveys.discard_survey(who, draft.id),
        lambda: surveys.tighten_survey(who, draft.id, min_group=9, revision=1),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    assert [survey.id for survey in surveys.list_surveys(who)] == [running.id]
    for hidden in (surveys.read_survey, surveys.survey_toml, surveys.response_rates):
        with pytest.raises(NotFound):
            hidden(who, draft.id)


def test_whoever_saw_an_older_state_is_told(facilitator):
    survey = surveys.prepare_survey(facilitator, template="pulse")
    surveys.tighten_survey(facilitator, survey.id, min_group=7, revision=survey.revision)
    with pytest.raises(StaleVersion):
        surveys.open_survey(facilitator, survey.id, revision=survey.revision)


def test_response_rates_count_people_by_team_and_stay_as_they_were_at_closing(facilitator):
    survey = opened(facilitator)
    answered_by(survey, 2, 1)
    underway = make_actor(team="marketing")
    answers.save_answer(underway, survey.id, "budget", 3)
    expected = {Team.SALES: ResponseRate(2, 2, 2), Team.MARKETING: ResponseRate(2, 2, 1)}
    assert surveys.response_rates(facilitator, survey.id) == expected
    surveys.close_survey(facilitator, survey.id)
    make_actor(team="sales")
    assert surveys.response_rates(facilitator, survey.id) == expected


# ── privacy may only become stricter ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "choices", [{"mode": "named"}, {"min_group": 2}, {"min_group": 1001}, {"mode": "public"}]
)
def test_a_looser_privacy_than_the_questionnaires_is_refused(facilitator, choices):
    with pytest.raises(InvalidInput):
        surveys.prepare_survey(facilitator, template="qualified_lead", **choices)


def test_privacy_becomes_stricter_but_not_looser_and_not_after_the_first_answer(facilitator):
    survey = opened(facilitator)
    survey = surveys.tighten_survey(
        facilitator, survey.id, mode=Mode.ANONYMOUS, min_group=5, revision=survey.revision
    )
    assert (survey.mode, survey.min_group) == (Mode.ANONYMOUS, 5)
    for looser in ({"mode": Mode.CONFIDENTIAL}, {"min_group": 4}):
        with pytest.raises(InvalidInput):
            surveys.tighten_survey(facilitator, survey.id, **looser, revision=survey.revision)
    who = make_actor()
    answers.save_answer(who, survey.id, "budget", 4)
    assert answers.my_progress(who, survey.id).answers == {"budget": 4}
    with pytest.raises(WrongState, match="already answered"):
        surveys.tighten_survey(facilitator, survey.id, min_group=9, revision=survey.revision)


# ── what may be seen ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead", "admin"])
def test_nobody_reads_results_while_the_questionnaire_is_open(facilitator, role):
    survey = opened(facilitator)
    answered_by(survey, 6, 6)
    draft = surveys.prepare_survey(facilitator, template="pulse")
    for who in (make_actor(role, "sales"), MACHINE):
        for look in (comparison.compare_survey, comparison.read_comments):
            with pytest.raises(WrongState, match="still open"):
                look(who, survey.id)
            prepares = who is MACHINE or role in ("facilitator", "admin")
            with pytest.raises(
                WrongState if prepares else NotFound, match="draft" if prepares else "no such"
            ):
                look(who, draft.id)
            for unknown in ("01UNKNOWN", None):
                with pytest.raises(NotFound):
                    look(who, unknown)


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead", "admin"])
def test_everybody_reads_the_comparison_of_a_closed_one(facilitator, role):
    survey = opened(facilitator)
    sales, marketing = answered_by(survey, 6, 6)
    for who, hours in [(who, 24) for who in sales] + [(who, 1) for who in marketing]:
        answers.save_answer(who, survey.id, "response_hours", hours)
    surveys.close_survey(facilitator, survey.id)
    found = comparison.compare_survey(make_actor(role, "marketing"), survey.id)
    split = found.question("response_hours")
    assert split.verdict is Verdict.SPLIT_BETWEEN and found.questions[0].question.key == "response_hours"
    assert split.n == {Team.SALES: 6, Team.MARKETING: 6}
    assert found.question("budget").verdict is Verdict.ALIGNED


def test_only_submitted_answers_count(facilitator):
    survey = opened(facilitator)
    answered_by(survey, 4, 4)
    answer_all(make_actor(team="sales"), survey)
    surveys.close_survey(facilitator, survey.id)
    assert comparison.compare_survey(MACHINE, survey.id).question("budget").n[Team.SALES] == 4


@pytest.mark.parametrize(("sales", "marketing"), [(2, 8), (8, 2), (0, 8), (2, 2)])
def test_a_team_below_the_minimum_group_hides_everything_of_both(facilitator, sales, marketing):
    survey = opened(facilitator)
    answered_by(survey, sales, marketing)
    surveys.close_survey(facilitator, survey.id)
    found = comparison.compare_survey(MACHINE, survey.id)
    for compared in found.questions:
        assert compared.hidden and compared.verdict is Verdict.TOO_FEW
        assert compared.distributions is None and compared.effect is None and compared.differences == ()
        assert compared.p is None and compared.between_share is None
        assert set(compared.n.values()) == {None}
    told = json.dumps(found.as_dict(survey.id), ensure_ascii=False)
    for question in survey.questionnaire.questions:
        for option in question.options:
            assert option not in told


def test_a_question_that_too_few_of_a_team_answered_is_hidden_alone(facilitator):
    toml = template_text("pulse").replace('title = "Being heard"', 'title = "Being heard"\nrequired = false')
    survey = surveys.open_survey(facilitator, surveys.prepare_survey(facilitator, toml=toml).id)
    sales, _ = answered_by(survey, 5, 5)
    answers.clear_answer(sales[0], survey.id, "heard")
    surveys.close_survey(facilitator, survey.id)
    found = comparison.compare_survey(MACHINE, survey.id)
    assert found.question("heard").hidden and set(found.question("heard").n.values()) == {None}
    assert not found.question("promises_kept").hidden


@pytest.mark.parametrize(("sales", "marketing", "shown"), [(4, 9, False), (9, 4, False), (5, 5, True)])
def test_comments_show_only_when_five_of_both_teams_have_submitted(facilitator, sales, marketing, shown):
    survey = opened(facilitator)
    answered_by(survey, sales, marketing, wish="Call them sooner")
    surveys.close_survey(facilitator, survey.id)
    found = comparison.read_comments(MACHINE, survey.id)["wish"]
    assert bool(found.by_team) is shown
    assert bool(found.reason) is not shown


def test_comments_show_only_where_each_team_that_wrote_did_so_with_enough_people(facilitator):
    survey = opened(facilitator)
    _, marketing = answered_by(survey, 6, 6)
    for who in marketing[2:]:
        answers.clear_answer(who, survey.id, "wish")
    for who in marketing:
        answers.clear_answer(who, survey.id, "own_words")
    surveys.close_survey(facilitator, survey.id)
    found = comparison.read_comments(MACHINE, survey.id)
    assert found["wish"].by_team == {} and "Fewer than 5" in found["wish"].reason
    assert (
        list(found["own_words"].by_team) == [Team.SALES] and len(found["own_words"].by_team[Team.SALES]) == 6
    )


def test_the_place_of_a_comment_says_nothing_about_who_wrote_it(facilitator):
    survey = opened(facilitator)
    groups = answered_by(survey, 8, 8)
    for number, who in enumerate(groups[0] + groups[1]):
        answers.save_answer(who, survey.id, "wish", f"wish {number:02}")
        answers.save_answer(who, survey.id, "own_words", f"words {number:02}")
    surveys.close_survey(facilitator, survey.id)
    found = comparison.read_comments(MACHINE, survey.id)
    wishes = [text[-2:] for text in found["wish"].by_team[Team.SALES]]
    words = [text[-2:] for text in found["own_words"].by_team[Team.SALES]]
    assert sorted(wishes) == sorted(words) and wishes != sorted(wishes) and wishes != words
    assert found == comparison.read_comments(MACHINE, survey.id)


# ── what is left in the files ────────────────────────────────────────────────────────────────────────────────────────


def files_of_the_store():
    folder = store().path.parent
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_anonymous_questionnaire_leaves_nothing_that_links_people_to_answers(facilitator):
    survey = opened(facilitator, "pulse")
    groups = answered_by(survey, 5, 5)
    connection = store().read()
    secret = connection.execute("SELECT secret FROM survey_secret").fetchone()["secret"]
    tokens = [row["id"] for row in connection.execute("SELECT id FROM respondent")]
    assert any(secret.encode() in content for content in files_of_the_store().values())
    surveys.close_survey(facilitator, survey.id)
    assert connection.execute("SELECT count(*) FROM survey_secret").fetchone()[0] == 0
    for name, content in files_of_the_store().items():
        assert secret.encode() not in content and bytes.fromhex(secret) not in content, name
        for token in tokens:
            assert token.encode() not in content, name
    kept = json.dumps(
        [
            dict(row)
            for table in ("respondent", "answer")
            for row in connection.execute(f"SELECT * FROM {table}")
        ]
    )
    for who in groups[0] + groups[1]:
        assert who.person_id not in kept
        assert (
            connection.execute("SELECT count(*) FROM audit WHERE actor = ?", (who.person_id,)).fetchone()[0]
            == 0
        )
    assert re.fullmatch(
        r"(\d{4}-\d\d-\d\dT00:00:00\.000000Z)+", "".join(re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z", kept))
    )
    assert len(comparison.compare_survey(MACHINE, survey.id).questions) == 8
    assert store().fault() is None


def test_respondents_of_an_anonymous_questionnaire_are_not_kept_in_the_order_in_which_they_came(facilitator):
    survey = opened(facilitator, "pulse")
    came = []
    for _ in range(12):
        who = make_actor()
        before = {row["id"] for row in store().read().execute("SELECT id FROM respondent")}
        answers.save_answer(who, survey.id, "heard", 3)
        came += [
            row["id"]
            for row in store().read().execute("SELECT id FROM respondent")
            if row["id"] not in before
        ]
    kept = [row["id"] for row in store().read().execute("SELECT id FROM respondent")]
    assert sorted(came) == kept and came != kept


def test_the_audit_log_has_the_counts_of_a_closed_questionnaire_and_no_answer(facilitator):
    survey = opened(facilitator)
    answered_by(survey, 3, 3, wish="A very particular wish", response_hours=217)
    surveys.close_survey(facilitator, survey.id)
    rows = [dict(row) for row in store().read().execute("SELECT * FROM audit")]
    text = json.dumps(rows)
    assert "particular" not in text and "217" not in json.dumps([row["after"] for row in rows])
    for question in survey.questionnaire.questions:
        assert json.dumps(first_answer(question)) not in [row["after"] for row in rows]
    closing = next(row for row in rows if row["action"] == "survey:close")
    assert json.loads(closing["after"])["sales"] == {"invited": 3, "submitted": 3}


def test_a_questionnaire_whose_commit_failed_is_never_shown(facilitator, monkeypatch):
    survey = surveys.prepare_survey(facilitator, template="pulse")
    never, saved = (
        replace(survey.questionnaire, title=title) for title in ("Never saved", "Saved by somebody else")
    )
    opened_store = store()
    commit = opened_store._commit

    class FullDisk:
        """The writer's connection on a disk that is full when it comes to the commit."""

        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, name):
            return getattr(self._connection, name)

        def execute(self, statement, *values):
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self._connection.execute(statement, *values)

    with monkeypatch.context() as patch:
        patch.setattr(opened_store, "_commit", lambda c, group: commit(FullDisk(c), group))
        with pytest.raises(StoreUnavailable, match="Not saved"):
            questionnaires.change_questionnaire(facilitator, survey.id, never, revision=survey.revision)
    questionnaires.change_questionnaire(MACHINE, survey.id, saved, revision=survey.revision)
    assert surveys.read_survey(facilitator, survey.id).title == "Saved by somebody else"
