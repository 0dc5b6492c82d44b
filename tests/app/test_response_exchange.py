"""Answers as files on the screen of those who run questionnaires."""

import csv
import io

import pytest

from actions import answers, clock, responses, surveys
from alignment.people import MACHINE, Actor

RUN = "pages/surveys/questionnaires.py"
TOML = """
title = "Ours"
mode = "{mode}"
min_group = 3
[[questions]]
key = "size"
topic = "t"
type = "number"
text = "How large?"
"""


def acting(person):
    return Actor(person.id, clock.now_text())


def opened(mode):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode)).id)


def submitted(make_person, survey, each):
    for team in ("sales", "marketing"):
        for _ in range(each):
            who = acting(make_person("member", team))
            answers.save_answer(who, survey.id, "size", 7)
            answers.submit_answers(who, survey.id)


def widget(elements, key):
    return next(element for element in elements if element.key == key)


def texts(app):
    return " ".join(
        str(e.value) for e in (*app.caption, *app.markdown, *app.error, *app.warning, *app.success)
    )


def downloads(app):
    return {element.key for element in app.get("download_button")}


@pytest.mark.parametrize(
    ("mode", "said"), [("named", "One row a person"), ("anonymous", "Results of whole teams")]
)
def test_a_closed_questionnaire_offers_what_its_privacy_allows(open_page, make_person, mode, said):
    survey = opened(mode)
    submitted(make_person, survey, 3)
    facilitator = make_person("facilitator", None)
    before = open_page(RUN, facilitator, survey=survey.id, part="answers")
    assert "once it is" in texts(before) and f"responses_download_csv_{survey.id}" not in downloads(before)
    surveys.close_survey(MACHINE, survey.id)
    after = open_page(RUN, facilitator, survey=survey.id, part="answers")
    assert said in texts(after)
    assert {f"responses_download_{form}_{survey.id}" for form in ("csv", "xlsx", "json")} <= downloads(after)


def test_too_few_of_a_team_leave_nothing_to_download_and_that_is_said(open_page, make_person):
    survey = opened("confidential")
    submitted(make_person, survey, 2)
    surveys.close_survey(MACHINE, survey.id)
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="answers")
    assert "Fewer than 3 people of a team" in texts(app)
    assert f"responses_download_csv_{survey.id}" not in downloads(app)


def upload(app, survey, *rows, columns=("person", "team", "size")):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    files = widget(app.get("file_uploader"), f"responses_file_{survey.id}")
    files.set_value(("answers.csv", text.getvalue().encode(), "text/csv"))
    app.run()
    widget(app.button, f"responses_import_{survey.id}").click()
    return app.run()


def test_a_file_of_answers_is_brought_in_and_each_refusal_is_shown(open_page, make_person):
    survey, who = opened("confidential"), make_person("member", "sales")
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="answers")
    app = upload(app, survey, (who.email, "sales", "7"), ("nobody@example.com", "sales", "7"))
    assert "2 rows read: 1 accepted, 1 refused." in texts(app)
    assert app.dataframe[0].value["Row"].tolist() == [3]
    assert f"responses_refusals_{survey.id}" in downloads(app)
    assert answers.my_progress(acting(who), survey.id).answers == {"size": 7.0}
    app = upload(app, survey, ("nobody@example.com", "sales", "7"))
    assert "Nothing was imported. 1 row read" in texts(app)


def test_a_column_that_is_left_out_is_said_and_does_not_make_the_import_look_bad(open_page, make_person):
    survey, who = opened("confidential"), make_person("member", "sales")
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="answers")
    app = upload(app, survey, (who.email, "sales", "7", "x"), columns=("person", "team", "size", "sise"))
    assert "1 row read: 1 accepted, 0 refused." in " ".join(str(one.value) for one in app.success)
    assert "Column ‘sise’" in texts(app) and not app.dataframe


def test_into_an_anonymous_questionnaire_only_outsiders_can_be_brought(open_page, make_person):
    survey = opened("anonymous")
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="answers")
    toggle = widget(app.toggle, f"responses_external_{survey.id}")
    assert toggle.value and toggle.disabled
    app = upload(app, survey, ("Erika", "sales", "7"))
    assert "1 accepted" in texts(app)


def test_people_can_keep_a_copy_of_their_own_answers(open_page, make_person):
    survey, who = opened("anonymous"), make_person("member", "sales")
    answers.save_answer(acting(who), survey.id, "size", 7)
    app = open_page("pages/surveys/answer.py", who, survey=survey.id, at="review")
    assert f"responses_mine_{survey.id}" in downloads(app)


def test_where_answers_from_files_will_not_count_the_screens_say_so_until_after_closing(
    open_page, make_person
):
    survey, who = opened("confidential"), make_person("member", "sales")
    answers.save_answer(acting(who), survey.id, "size", 7)
    answers.submit_answers(acting(who), survey.id)
    facilitator = make_person("facilitator", None)
    rows = "\n".join(f"{team} {n},{team},7" for team in ("sales", "marketing") for n in range(3))
    responses.import_responses(
        MACHINE, survey.id, "a.csv", f"person,team,size\n{rows}".encode(), external=True
    )
    app = open_page(RUN, facilitator, survey=survey.id, part="answers")
    said = "1 person of sales has answered in the portal"
    assert said in " ".join(one.value for one in app.warning)
    app.button(key=f"questionnaires_close_{survey.id}").click().run()
    assert sum(said in one.value for one in app.warning) == 2, "on the screen and in the question"
    assert "Closing is final" in texts(app) and "becomes readable" not in texts(app)
    app.button(key=f"questionnaires_confirm_close_{survey.id}").click().run()
    compared = open_page("pages/surveys/comparison.py", facilitator, survey=survey.id)
    assert "those from files do not" in compared.subheader[0].value
    assert "which do not all count" in texts(compared) and not compared.exception
