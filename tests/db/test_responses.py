"""Answers as files: out as far as the privacy allows, in row by row, and the same after both."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_cards import put_cards
from people import make_actor
from questionnaire_strategies import answers_to, questionnaires
from test_answers import first_answer

from actions import answers, comparison, messages, people, responses, surveys
from actions.responses import Form, NothingUsable
from alignment.answers import check_answer, counted_answers
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.messages import MailState, MessageKind
from alignment.people import MACHINE, Team
from alignment.questionnaire_files import write_toml
from alignment.surveys import ResponseRate
from db.store import store
from manage import manage

TOML = """
title = "Ours"
mode = "{mode}"
min_group = 3
[[questions]]
key = "size"
topic = "t"
type = "number"
minimum = 0
maximum = 100
text = "How large?"
[[questions]]
key = "signs"
topic = "t"
type = "choices"
options = ["demo", "=pricing", "can't say"]
text = "Which?"
required = false
[[questions]]
key = "words"
topic = "t"
type = "text"
text = "Anything else?"
required = false
"""


def opened(mode="named", **more):
    return surveys.open_survey(
        MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode), **more).id
    )


def email_of(actor):
    return next(
        entry.person.email for entry in people.list_people(MACHINE) if entry.person.id == actor.person_id
    )


def file_of(*rows, columns=("person", "team", "size")):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode()


def bring(survey, *rows, columns=("person", "team", "size"), **more):
    return responses.import_responses(
        MACHINE, survey.id, "answers.csv", file_of(*rows, columns=columns), **more
    )


def submit(who, survey, **given):
    for key, value in given.items():
        answers.save_answer(who, survey.id, key, value)
    answers.submit_answers(who, survey.id)


def rows_of(export):
    return list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"), newline="")))


def both_teams(survey, count=3, **given):
    groups = {team: [make_actor(team=team.value) for _ in range(count)] for team in Team}
    for who in (*groups[Team.SALES], *groups[Team.MARKETING]):
        submit(who, survey, **given)
    return groups


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_answers_of_known_people_come_in_submitted_and_can_be_read_and_changed_by_them():
    survey, who = opened(), make_actor(team="marketing")
    report = bring(survey, (email_of(who).upper(), "", "7"))
    assert report.to_document() == {
        "read": 1,
        "accepted": 1,
        "refused": 0,
        "refusals": [],
        "replaced": 0,
        "replacements": [],
        "warnings": [],
        "note": "",
        "standing": "",
    }
    found = answers.my_progress(who, survey.id)
    assert found.submitted and found.team is Team.MARKETING and found.answers == {"size": 7.0}
    answers.save_answer(who, survey.id, "size", 8)
    assert answers.my_progress(who, survey.id).answers == {"size": 8.0}


def test_a_bad_row_is_refused_with_its_place_and_the_good_ones_are_kept():
    survey = opened()
    sol, mia, fay = make_actor(team="sales"), make_actor(team="marketing"), make_actor("facilitator", None)
    gone, begun = make_actor(team="sales"), make_actor(team="sales")
    people.end_access(MACHINE, gone.person_id)
    answers.save_answer(begun, survey.id, "size", 1)
    report = bring(
        survey,
        (email_of(sol), "sales", "7", "demo|=pricing"),
        ("nobody@example.com", "sales", "7", ""),
        (email_of(mia), "sales", "7", ""),
        (email_of(fay), "sales", "7", ""),
        (email_of(gone), "sales", "7", ""),
        (email_of(begun), "sales", "7", ""),
        (email_of(mia), "marketing", "700", "webinar"),
        (email_of(mia), "marketing", "70", "can't say"),
        columns=("person", "team", "size", "signs"),
    )
    assert (report.read, report.accepted, report.refused, report.replaced) == (8, 2, 6, 0)
    assert [(one.row, one.column) for one in report.refusals] == [
        (3, "person"),
        (4, "team"),
        (5, "person"),
        (6, "person"),
        (7, "person"),
        (8, "size"),
        (8, "signs"),
    ]
    told = " ".join(one.reason for one in report.refusals)
    for word in (
        "knows nobody",
        "belongs to marketing",
        "neither team",
        "not among",
        "answered in the portal",
    ):
        assert word in told
    assert answers.my_progress(sol, survey.id).answers == {"size": 7.0, "signs": ["demo", "=pricing"]}
    assert answers.my_progress(mia, survey.id).answers == {"size": 70.0, "signs": None}
    assert answers.my_progress(begun, survey.id).answers == {"size": 1.0}
    assert responses.ResponsesReport.refusals_csv(report).startswith(b"\xef\xbb\xbfrow,column,value,reason")


def test_a_second_row_or_file_replaces_the_first_and_says_so():
    survey, who = opened(), make_actor()
    email = email_of(who)
    report = bring(survey, (email, "", "1"), (email, "", "2"))
    assert (report.read, report.accepted, report.refused, report.replaced) == (2, 2, 0, 1)
    assert report.replacements[0].reason == "Replaces row 2 of this file."
    again = bring(survey, (email, "", "can't say"))
    assert again.replaced == 1 and "earlier file" in again.replacements[0].reason
    assert answers.my_progress(who, survey.id).answers == {"size": None}


def test_whoever_answers_in_the_portal_after_a_file_keeps_that():
    survey, who = opened(), make_actor()
    bring(survey, (email_of(who), "", "1"))
    answers.save_answer(who, survey.id, "size", 2)
    with pytest.raises(NothingUsable, match="answered in the portal"):
        bring(survey, (email_of(who), "", "3"))
    assert answers.my_progress(who, survey.id).answers == {"size": 2.0}


def test_a_label_of_somebody_outside_is_never_a_persons_id_and_counts_for_this_survey_only():
    survey, other, who = opened(), opened(), make_actor()
    bring(survey, (who.person_id, "sales", "5"), ("'=1", "Marketing", "6"), external=True)
    assert answers.my_progress(who, survey.id).answers == {}
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES] == ResponseRate(2, 1, 1)
    assert surveys.response_rates(MACHINE, other.id)[Team.SALES] == ResponseRate(1, 0, 0)
    again = bring(survey, (who.person_id, "sales", "7"), external=True)
    assert again.replaced == 1
    surveys.close_survey(MACHINE, survey.id)
    rows = rows_of(responses.export_responses(MACHINE, survey.id, "csv"))
    assert {(row["person"], row["size"]) for row in rows} == {(who.person_id, "7"), ("'=1", "6")}


def test_people_who_were_counted_as_asked_are_not_counted_twice_when_a_file_brings_their_answers():
    survey, who = opened(), make_actor()
    make_actor()
    bring(survey, (email_of(who), "", "1"))
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES] == ResponseRate(2, 1, 1)


@pytest.mark.parametrize("team", ["", "support"])
def test_somebody_outside_needs_a_team(team):
    with pytest.raises(NothingUsable, match="sales or marketing"):
        bring(opened(), ("a", team, "5"), external=True)


def test_only_those_who_were_chosen_can_be_brought_in():
    survey, chosen, other = opened(), make_actor(), make_actor()
    store().write(lambda c: c.execute("UPDATE survey SET audience = 'people', revision = 9").rowcount)
    store().write(
        lambda c: (
            c.execute(
                "INSERT INTO invitee (survey_id, person_id, invited_at) VALUES (?, ?, '')",
                (survey.id, chosen.person_id),
            ).rowcount
        )
    )
    report = bring(survey, (email_of(chosen), "", "5"), (email_of(other), "", "5"))
    assert report.accepted == 1 and "not among" in report.refusals[0].reason


def test_nothing_is_kept_when_no_row_can_be_used():
    survey = opened()
    with pytest.raises(NothingUsable) as refused:
        bring(survey, ("nobody@example.com", "", "5"))
    assert refused.value.report.refused == 1
    with pytest.raises(NothingUsable, match="no row beneath"):
        bring(survey)
    assert store().read().execute("SELECT count(*) FROM respondent").fetchone()[0] == 0


def test_answers_come_only_into_an_open_survey():
    draft = surveys.prepare_survey(MACHINE, toml=TOML.format(mode="named"))
    closed = opened()
    surveys.close_survey(MACHINE, closed.id)
    for survey, state in ((draft, "not open yet"), (closed, "closed")):
        with pytest.raises(WrongState, match=state):
            bring(survey, ("a", "sales", "5"), external=True)
    with pytest.raises(NotFound):
        responses.import_responses(MACHINE, "01NOWHERE", "x.csv", b"person,size\n")


def imports_in_the_log():
    rows = (
        store()
        .read()
        .execute("SELECT after FROM audit WHERE action = 'survey:import' ORDER BY id")
        .fetchall()
    )
    return [json.loads(row["after"]) for row in rows]


@pytest.mark.parametrize("mode", ["named", "confidential"])
def test_asking_by_an_import_who_has_begun_leaves_its_trace_in_the_log(mode):
    survey, begun, other = opened(mode), make_actor(), make_actor()
    answers.save_answer(begun, survey.id, "size", 1)
    with pytest.raises(NothingUsable, match="answered in the portal"):
        bring(survey, (email_of(begun), "", "3"))
    bring(survey, (email_of(begun), "", "3"), (email_of(other), "", "3"))
    counts = [(one["accepted"], one["refused"]) for one in imports_in_the_log()]
    assert counts == [(0, 1), (1, 1)]
    assert email_of(begun) not in json.dumps(imports_in_the_log())
    assert answers.my_progress(begun, survey.id).answers == {"size": 1.0}


@pytest.mark.parametrize("mode", ["named", "confidential", "anonymous"])
def test_labels_of_outsiders_are_compared_without_case(mode):
    survey = opened(mode)
    report = bring(
        survey, ("P1", "sales", "5"), ("p1", "sales", "6"), ("STRASSE", "sales", "7"), external=True
    )
    assert (report.accepted, report.replaced) == (3, 1)
    again = bring(survey, ("p1 ", "sales", "8"), ("Straße", "sales", "9"), external=True)
    assert again.replaced == 2
    assert store().read().execute("SELECT count(*) FROM respondent").fetchone()[0] == 2
    if mode == "named":
        surveys.close_survey(MACHINE, survey.id)
        rows = rows_of(responses.export_responses(MACHINE, survey.id, "csv"))
        assert {(row["person"], row["size"]) for row in rows} == {("P1", "8"), ("STRASSE", "9")}


@pytest.mark.parametrize("mode", ["named", "confidential", "anonymous"])
def test_nobody_known_here_is_brought_in_as_an_outsider_too(mode):
    survey, who = opened(mode), make_actor()
    report = bring(survey, (email_of(who).upper(), "sales", "5"), ("x", "sales", "6"), external=True)
    assert (report.accepted, report.refused) == (1, 1)
    assert (report.refusals[0].row, report.refusals[0].column) == (2, "person")
    assert "whom the portal knows" in report.refusals[0].reason


@pytest.mark.parametrize("mode", ["named", "confidential"])
def test_whose_answers_are_brought_in_is_told_so_and_by_whom(mode):
    survey, sol, mia = opened(mode), make_actor(), make_actor(team="marketing")
    fay = make_actor("facilitator", "sales", name="Fay Runs")
    rows = file_of((email_of(sol), "", "5"), (email_of(mia), "", "700"), (email_of(fay), "", "5"))
    for _ in range(2):
        responses.import_responses(fay, survey.id, "x.csv", rows)
    [told] = [one for one in messages.my_messages(sol) if one.kind is MessageKind.IMPORT]
    assert "Fay Runs" in told.body and "Ours" in told.subject and told.survey_id == survey.id
    assert told.mail is MailState.NONE
    for not_told in (mia, fay):  # a refused row changes nothing; whoever did it knows
        assert not [one for one in messages.my_messages(not_told) if one.kind is MessageKind.IMPORT]


def test_a_column_no_question_has_is_a_warning_and_refuses_nothing(tmp_path):
    survey, who = opened(), make_actor()
    report = bring(
        survey,
        (email_of(who), "7", "x"),
        ("nobody@example.com", "7", "x"),
        columns=("person", "size", "sise"),
    )
    assert (report.accepted, report.refused, len(report.refusals)) == (1, 1, 1)
    [warning] = report.warnings
    assert (warning.row, warning.column) == (1, "sise") and "‘size’" in warning.reason
    path = tmp_path / "answers.csv"
    path.write_bytes(file_of((email_of(who), "7", "x"), columns=("person", "size", "sise")))
    document = json.loads(run("import-responses", survey.id, path, "--json").stdout)
    assert document["refusals"] == [] and [one["column"] for one in document["warnings"]] == ["sise"]
    assert "Note: column sise: There is no question" in run("import-responses", survey.id, path).stdout


def test_the_log_says_who_brought_a_file_and_not_what_was_in_it():
    survey = opened("confidential")
    bring(survey, ("Erika", "sales", "97"), external=True)
    [row] = store().read().execute("SELECT * FROM audit WHERE action = 'survey:import'").fetchall()
    assert json.loads(row["after"]) == {
        "file": "answers.csv",
        "external": True,
        "accepted": 1,
        "refused": 0,
        "replaced": 0,
    }
    everything = json.dumps([dict(r) for r in store().read().execute("SELECT * FROM audit")])
    assert "Erika" not in everything and "97" not in row["after"]


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["member", "team_lead"])
def test_members_and_team_leads_neither_bring_in_nor_take_out(role):
    survey, who = opened(), make_actor(role, "sales")
    with pytest.raises(NotPermitted):
        responses.import_responses(who, survey.id, "x.csv", file_of(("a", "sales", "5")), external=True)
    surveys.close_survey(MACHINE, survey.id)
    for attempt in (responses.export_outlook, lambda a, i: responses.export_responses(a, i, "csv")):
        with pytest.raises(NotPermitted):
            attempt(who, survey.id)


@pytest.mark.parametrize("mode", ["named", "confidential", "anonymous"])
@pytest.mark.parametrize("form", list(Form))
def test_nothing_is_exported_before_closing(mode, form):
    survey = opened(mode)
    both_teams(survey, 5, size=7)
    with pytest.raises(WrongState, match="not closed"):
        responses.export_responses(MACHINE, survey.id, form)
    assert "not closed" in responses.export_outlook(MACHINE, survey.id).reason


def test_a_named_survey_is_exported_with_names_and_only_what_was_submitted():
    survey = opened()
    groups = both_teams(survey, 2, size=7.5, words="=1+1")
    answers.save_answer(make_actor(), survey.id, "size", 99)
    surveys.close_survey(MACHINE, survey.id)
    rows = rows_of(responses.export_responses(MACHINE, survey.id, "csv"))
    assert (
        len(rows) == 4
        and {row["size"] for row in rows} == {"7.5"}
        and {row["words"] for row in rows} == {"'=1+1"}
    )
    assert {row["person"] for row in rows if row["team"] == "sales"} == {
        email_of(who) for who in groups[Team.SALES]
    }
    document = json.loads(responses.export_responses(MACHINE, survey.id, "json").content)
    assert document["responses"][0]["answers"] == {"size": 7.5, "words": "=1+1"}
    assert responses.export_responses(MACHINE, survey.id, "xlsx").content.startswith(b"PK")


def test_an_export_of_a_named_survey_can_be_brought_into_a_copy_and_exported_again_unchanged():
    survey = opened()
    groups = both_teams(survey, 3, size=7.5, words="'=1+1", signs=["=pricing", "can't say"])
    answers.save_answer(groups[Team.SALES][0], survey.id, "signs", None)
    surveys.close_survey(MACHINE, survey.id)
    first = responses.export_responses(MACHINE, survey.id, "csv").content
    copy = opened()
    report = responses.import_responses(MACHINE, copy.id, "first.csv", first)
    assert (report.accepted, report.refused) == (6, 0)
    surveys.close_survey(MACHINE, copy.id)
    assert responses.export_responses(MACHINE, copy.id, "csv").content == first


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(questionnaires(), st.data())
def test_any_valid_response_is_the_same_after_export_and_import(data_folder, asked, data):
    toml = write_toml(asked).replace(f'mode = "{asked.mode}"', 'mode = "named"')
    survey = surveys.open_survey(MACHINE, put_cards(surveys.prepare_survey(MACHINE, toml=toml)).id)
    given_answers = {}
    for who in [make_actor(team=team.value) for team in Team]:
        drawn = {
            q.key: check_answer(q, data.draw(answers_to(q)))
            for q in survey.questionnaire.everything
            if q.required or data.draw(st.booleans())
        }
        for q in survey.questionnaire.everything:
            if q.key in drawn:
                answers.save_answer(who, survey.id, q.key, drawn[q.key])
        try:
            answers.submit_answers(who, survey.id)
        except InvalidInput:  # lead cards that were not all judged
            continue
        given_answers[who] = counted_answers(survey.questionnaire, drawn)
    surveys.close_survey(MACHINE, survey.id)
    export = responses.export_responses(MACHINE, survey.id, "csv").content
    copy = surveys.open_survey(MACHINE, put_cards(surveys.prepare_survey(MACHINE, toml=toml)).id)
    if any(given_answers.values()):
        responses.import_responses(MACHINE, copy.id, "export.csv", export)
    for who, expected in given_answers.items():
        assert answers.my_progress(who, copy.id).answers == expected


@pytest.mark.parametrize("mode", ["confidential", "anonymous"])
def test_team_results_are_what_the_comparison_shows(mode):
    survey = opened(mode)
    groups = both_teams(survey, 5, size=7, signs=["demo"], words="Call them sooner")
    for who in groups[Team.SALES][:2]:
        answers.save_answer(who, survey.id, "signs", None)
    surveys.close_survey(MACHINE, survey.id)
    found = rows_of(responses.export_responses(MACHINE, survey.id, "csv"))
    signs = {
        (r["team"], r["answer"]): (r["people"], r["share"], r["answered"])
        for r in found
        if r["question"] == "signs"
    }
    assert signs["sales", "demo"] == ("3", "0.6", "5") and signs["sales", "can't say"] == ("2", "0.4", "5")
    assert signs["marketing", "'=pricing"][0] == "0"
    assert [r["answer"] for r in found if r["question"] == "words" and r["team"] == "sales"] == [
        "Call them sooner"
    ] * 5
    document = json.loads(responses.export_responses(MACHINE, survey.id, "json").content)
    shown = comparison.compare_survey(MACHINE, survey.id).question("size").distributions
    told = next(one for one in document["results"] if one["question"] == "size")["teams"]
    assert [one["people"] for one in told["sales"]["answers"]] == list(shown[Team.SALES].counts)


def test_ones_own_answers_can_be_taken_away_while_the_survey_is_open_in_ones_own_wording():
    survey, who, other = opened("anonymous"), make_actor(), make_actor()
    submit(who, survey, size=7, words="-mine")
    submit(other, survey, size=8)
    rows = rows_of(responses.export_my_answers(who, survey.id))
    assert [(row["key"], row["question"], row["answer"]) for row in rows] == [
        ("size", "How large?", "7"),
        ("words", "Anything else?", "'-mine"),
    ]
    surveys.close_survey(MACHINE, survey.id)
    with pytest.raises(WrongState):
        responses.export_my_answers(who, survey.id)


def test_an_unknown_form_is_named():
    survey = opened()
    with pytest.raises(InvalidInput, match="csv, xlsx or json"):
        responses.export_responses(MACHINE, survey.id, "exe")


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


def run(*arguments):
    done = CliRunner().invoke(manage, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_the_command_keeps_its_contract(tmp_path):
    survey, who = opened(), make_actor()
    path = tmp_path / "answers.csv"
    path.write_bytes(file_of((email_of(who), "sales", "7"), ("nobody@example.com", "sales", "7")))
    done = run("import-responses", survey.id, path, "--json")
    report = json.loads(done.stdout)
    assert done.exit_code == 0 and (report["read"], report["accepted"], report["refused"]) == (2, 1, 1)
    assert set(report["refusals"][0]) == {"row", "column", "value", "reason"} and report["replaced"] == 0
    words = run("import-responses", survey.id, path).stdout
    assert "2 rows read: 1 accepted (1 in the place of an earlier one), 1 refused." in words
    path.write_bytes(file_of(("x", "support", "7")))
    none = run("import-responses", survey.id, path, "--external", "--json")
    assert none.exit_code == 1 and json.loads(none.stdout)["refusals"][0]["column"] == "team"
    assert "Nothing was imported" in none.stderr
    for wrong in (tmp_path / "missing.csv", tmp_path):
        assert run("import-responses", survey.id, wrong).exit_code == 1
    surveys.close_survey(MACHINE, survey.id)
    out = tmp_path / "out.json"
    assert run("export-responses", survey.id, out).exit_code == 0
    assert len(json.loads(out.read_text())["responses"]) == 1
    assert run("export-responses", survey.id, tmp_path / "out.exe").exit_code == 1
    assert run("export-responses", survey.id, tmp_path / "no" / "out.csv").exit_code == 1


# ── answers from files that do not count ─────────────────────────────────────────────────────────────────────────────


def of_outsiders(team, count):
    return [(f"{team} {number}", team, "7") for number in range(count)]


def test_why_answers_from_files_do_not_count_is_said_from_the_import_to_the_export():
    survey = opened("confidential")
    assert bring(survey, *of_outsiders("marketing", 4), external=True).standing == ""
    assert responses.why_files_will_not_count(MACHINE, survey.id) is None
    submit(make_actor(team="sales"), survey, size=7)
    said = bring(survey, *of_outsiders("sales", 3), external=True).standing
    assert "will not count" in said and "1 person of sales has answered in the portal" in said
    found = responses.why_files_will_not_count(MACHINE, survey.id)
    assert (dict(found.few), found.least, found.sentence) == ({Team.SALES: 1}, 3, said)
    surveys.close_survey(MACHINE, survey.id)
    compared = comparison.compare_survey(MACHINE, survey.id)
    assert compared.sentence.startswith("Too few answers count to compare: those from files do not")
    one = compared.question("size")
    assert one.hidden and "files do not count" in one.sentence and "in the portal" in one.reason
    assert not comparison.is_readable(store().read(), surveys.read_survey(MACHINE, survey.id))
    assert "Answers from files do not count" in responses.export_outlook(MACHINE, survey.id).reason
    with pytest.raises(WrongState, match="Answers from files do not count"):
        responses.export_responses(MACHINE, survey.id, "csv")


@pytest.mark.parametrize(("mode", "in_portal"), [("confidential", 0), ("confidential", 3), ("named", 1)])
def test_nothing_is_said_of_files_whose_answers_count(mode, in_portal):
    survey = opened(mode)
    for _ in range(in_portal):
        submit(make_actor(team="sales"), survey, size=7)
    rows = of_outsiders("sales", 3) + of_outsiders("marketing", 3)
    assert bring(survey, *rows, external=True).standing == ""
    surveys.close_survey(MACHINE, survey.id)
    assert "files" not in comparison.compare_survey(MACHINE, survey.id).sentence
    assert comparison.is_readable(store().read(), surveys.read_survey(MACHINE, survey.id))
    assert responses.export_outlook(MACHINE, survey.id).reason == ""


# ── every type of question ───────────────────────────────────────────────────────────────────────────────────────────


def test_team_results_have_every_question_and_say_of_each_answer_out_of_how_many_it_is():
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template="qualified_lead").id)
    for who in [make_actor(team=team.value) for team in Team for _ in range(5)]:
        for question in survey.questionnaire.everything:
            answers.save_answer(who, survey.id, question.key, first_answer(question))
        answers.submit_answers(who, survey.id)
    surveys.close_survey(MACHINE, survey.id)
    document = json.loads(responses.export_responses(MACHINE, survey.id, "json").content)
    keys = [question.key for question in survey.questionnaire.everything]
    assert [one["question"] for one in document["results"]] == keys
    told = {one["question"]: one for one in document["results"]}
    for question in survey.questionnaire.questions:
        one = told[question.key]
        if question.ask_if is not None:
            continue
        assert not one["withheld"] and set(one["teams"]) == {"sales", "marketing"}, question.key
        for answer in one["teams"]["sales"].get("answers", []):
            assert answer["share"] == answer["people"] / answer["answered"]
    assert told["guess:qualified_when"]["withheld"] and told["qualified_when"]["perspectives"]
    rows = rows_of(responses.export_responses(MACHINE, survey.id, "csv"))
    assert {row["question"] for row in rows} == set(keys)
    assert responses.export_responses(MACHINE, survey.id, "xlsx").content.startswith(b"PK")
